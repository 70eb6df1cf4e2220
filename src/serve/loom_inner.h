/* loom_inner.h: the loom from inside: loom.c, loom_decide.c. */
#ifndef SIPWEAVE_SERVE_LOOM_INNER_H
#define SIPWEAVE_SERVE_LOOM_INNER_H

#include "base/map.h"
#include "base/out.h"
#include "link/link.h"
#include "serve/loom.h"

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
    bool bulk, stuck;
    isize try_at; /* of a file: how many wait before they are made durable */
    struct feed *feeds;
    isize nfeeds, cap_feeds;
    struct sighting *waiting; /* their bytes are in `batch` */
    isize nwaiting, cap_waiting;
    struct map have;       /* key of a sighting -> how many equal ones are in the weave */
    struct map pass;       /* the same, within one replay */
    struct map call_ids;   /* those whose whole call is in the weave */
    struct map signatures; /* of calls as they are in the database */
    struct map only;       /* of Call-IDs: other calls are not stored; empty: all are */
    i64 low_us,
        high_us; /* all that the database has between is in the weave; low > high: nothing */
    i64 newest_us;
    struct loom_totals totals;
    struct out damage, told;
};

/* Without anything in its weave. */
struct loom *loom_new(struct store *store, const struct loom_options *o);
/* All of the call that has this leg or Call-ID, wherever in time it is. */
must_use enum err loom_fetch_whole(struct loom *l, str x);
must_use enum err loom_fetch_range(struct loom *l, i64 after_us, i64 before_us);
/* What people have decided is about two legs: where the weave has one of them, it gets the call of the other as well. */
must_use enum err loom_complete(struct loom *l);
/* What the weave has linked goes into the database, as far as it has changed. */
must_use enum err loom_store_calls(struct loom *l, loom_changed *changed, void *ctx);

#endif
