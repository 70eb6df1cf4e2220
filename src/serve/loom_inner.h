/* loom_inner.h: the loom from inside: loom.c, loom_memory.c, loom_decide.c. */
#ifndef SIPWEAVE_SERVE_LOOM_INNER_H
#define SIPWEAVE_SERVE_LOOM_INNER_H

#include "base/map.h"
#include "base/out.h"
#include "link/link.h"
#include "serve/batch.h"
#include "serve/loom.h"

enum {
    MARGIN_US = 180 * 1000000, /* legs this far apart may be parent and child */
    NEAR_US =
        MARGIN_US + 20 * 1000000, /* how far around a batch neighbours are fetched */
    STRETCHES = 16,
    SLICE = 256, /* calls in one transaction */
};

struct feed {
    struct source source; /* strings in boot */
    u32 in_store, in_weave;
};

struct loom {
    struct store *store;
    struct weave *weave;
    str hosts;
    arena boot, view, batch;
    i64 window_us;
    isize many,
        most; /* sightings in memory: from `many` on the old ones may go, at `most` they must */
    i64 reach_us; /* how far around what is new the database is looked at */
    bool bulk, stuck;
    const atomic_bool *stop;
    void (*aside)(void *ctx, bool away);
    void *aside_ctx;
    bool
        opening; /* nothing was committed yet: what an earlier run left may be new as well */
    isize try_at; /* of a file: how many wait before they are made durable */
    struct feed *feeds;
    isize nfeeds, cap_feeds;
    struct waiting *waiting; /* bytes, and what the facts borrow, are in `batch` */
    isize nwaiting, cap_waiting;
    u32 *feed_of; /* by the intake's number of a source: number of a feed + 1 */
    isize cap_feed_of;
    struct map came; /* key of a sighting -> how many equal ones have come in batches */
    i64 paid_from_us, paid_to_us; /* of the stretch that is being linked */
    u64 paid;                     /* its messages, */
    struct out paid_ids;          /* and their Call-IDs, a line each, once */
    struct map have;       /* key of a sighting -> how many equal ones are in the weave */
    struct map pass;       /* the same, within one replay */
    struct map call_ids;   /* 1: those whose whole call is in the weave; 2: in paid_ids */
    struct map whole;      /* ids of calls of which all was fetched */
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
/* The same, from high_us back and in pieces; live, no farther than `most` messages go: then the reach is shorter from now on. */
must_use enum err memory_back(struct loom *l, i64 low_us, i64 high_us, isize most);
/* An empty weave with just that, in place of the one there is; live, what that one had decided stands. */
must_use enum err memory_again(struct loom *l, i64 low_us, i64 high_us, isize most);
/* What the database has from low_us to high_us and within reach of it. */
must_use enum err memory_near(struct loom *l, i64 low_us, i64 high_us);
/* The part of a stretch at its beginning where parents from before may be missing. */
i64 memory_margin_us(const struct loom *l);
/* Looks farther around what is new where there is little in memory; */
void memory_widen(struct loom *l);
/* … and less far where there is much. */
void memory_adapt(struct loom *l);
/* A source by the loom's own number. */
u32 loom_source(void *ctx, const struct source *s);
/* What the database has around these. */
must_use enum err loom_fetch_neighbours(struct loom *l, const struct waiting *list,
                                        isize count);
/* What was learned, now and then. */
must_use enum err loom_store_learned(struct loom *l);
/* Leaves the database to others for a while, and comes back; lets them at it for as long as they want it now. */
void loom_aside(struct loom *l, bool away);
void loom_breathe(struct loom *l);
/* Tells the weave what is in sight, and links. ERR_BUSY: it was ended early. */
must_use enum err memory_link(struct loom *l);

#endif
