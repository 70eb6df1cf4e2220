/* loom_inner.h: the loom from inside: loom.c, loom_memory.c. */
#ifndef SIPWEAVE_SERVE_LOOM_INNER_H
#define SIPWEAVE_SERVE_LOOM_INNER_H

#include "base/map.h"
#include "base/out.h"
#include "link/link.h"
#include "serve/loom.h"

enum {
    MARGIN_US = 180 * 1000000, /* legs this far apart may be parent and child */
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
    /* all that the database has within these is in the weave, and the rest of the calls that reach beyond; apart, by time */
    struct stretch covered[STRETCHES];
    isize ncovered;
    i64 newest_us, learned_us;
    struct loom_totals totals;
    struct out damage, told;
};

/* Equal sightings have equal keys. */
u64 loom_key(const struct sighting *s, str source);
void loom_damaged(void *ctx, str sentence);
/* An empty weave. */
void memory_new(struct loom *l);
/* All that the database has from low_us to high_us. */
must_use enum err memory_cover(struct loom *l, i64 low_us, i64 high_us);
/* The rest of a call that began before what is covered: its BYE may come an hour later. */
must_use enum err memory_call(struct loom *l, str call_id);
/* What is older than the window leaves the memory. */
must_use enum err memory_trim(struct loom *l);
/* Tells the weave what is in sight, and links. */
void memory_link(struct loom *l);

#endif
