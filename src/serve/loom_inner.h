/* loom_inner.h: the loom from inside: loom.c, loom_memory.c, loom_decide.c. */
#ifndef SIPWEAVE_SERVE_LOOM_INNER_H
#define SIPWEAVE_SERVE_LOOM_INNER_H

#include "base/map.h"
#include "base/out.h"
#include "link/link.h"
#include "serve/loom.h"

enum {
    MARGIN_US = 180 * 1000000, /* legs this far apart may be parent and child */
    NEAR_US =
        MARGIN_US + 20 * 1000000, /* how far around a batch neighbours are fetched */
    STRETCHES = 16,
};

struct feed {
    struct source source; /* strings in boot */
    u32 in_store, in_weave;
};

/* Its bytes, and what the facts borrow, are in `batch`. */
struct waiting {
    struct sighting sighting;
    struct store_facts facts;
};

struct loom {
    struct store *store;
    struct weave *weave;
    str hosts;
    arena boot, view, batch;
    i64 window_us;
    isize many;
    bool bulk, stuck;
    bool
        opening; /* nothing was committed yet: what an earlier run left may be new as well */
    isize try_at; /* of a file: how many wait before they are made durable */
    struct feed *feeds;
    isize nfeeds, cap_feeds;
    struct waiting *waiting;
    isize nwaiting, cap_waiting;
    struct map have;       /* key of a sighting -> how many equal ones are in the weave */
    struct map pass;       /* the same, within one replay */
    struct map call_ids;   /* those whose whole call is in the weave */
    struct map fed;        /* those of what came in since memory_new */
    struct map signatures; /* of calls as they are in the database */
    struct map only;       /* of Call-IDs: other calls are not stored; empty: all are */
    /* all that the database has within these is in the weave, and the rest of the calls that reach beyond; apart, by time */
    struct sight covered[STRETCHES];
    isize ncovered;
    i64 newest_us, learned_us;
    struct loom_totals totals;
    struct out damage, told;
};

/* Equal sightings have equal keys. */
u64 loom_key(const struct sighting *s, str source);
void loom_damaged(void *ctx, str sentence);
/* Nothing in memory yet. */
must_use enum err loom_new(struct loom **out, struct store *store,
                           const struct loom_options *o);
/* What the weave has linked goes into the database, as far as it has changed. */
must_use enum err loom_store_calls(struct loom *l, loom_changed *changed, void *ctx);
/* What people have decided is about two legs: where the weave has one of them, it gets the call of the other as well. */
must_use enum err loom_complete(struct loom *l);
/* An empty weave, which knows what people have decided. */
must_use enum err memory_new(struct loom *l);
/* All that the database has from low_us to high_us. */
must_use enum err memory_cover(struct loom *l, i64 low_us, i64 high_us);
/* The rest of a call that began before what is covered: its BYE may come an hour later. */
must_use enum err memory_call(struct loom *l, str call_id);
/* All of the call that has this leg or Call-ID, wherever in time it is, with its links. */
must_use enum err memory_whole(struct loom *l, str x);
/* What is older than the window leaves the memory. */
must_use enum err memory_trim(struct loom *l);
/* Tells the weave what is in sight, and links. */
void memory_link(struct loom *l);

#endif
