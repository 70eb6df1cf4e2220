/* near_inner.h: the search for what is near, from inside: near.c, near_marks.c, near_climate.c. */
#ifndef SIPWEAVE_SERVE_NEAR_INNER_H
#define SIPWEAVE_SERVE_NEAR_INNER_H

#include "base/map.h"
#include "serve/near.h"

enum {
    WINDOW_US = 180 * 1000000, /* how long a device may hold a call, as in link */
    SOON_US = 5 * 1000000,     /* what follows at once, most of the time */
    SLACK_US = 20000,          /* how far clocks may be apart that are said to agree */
    FEW = 4,
    SAME = 12,    /* legs looked at on either side: with an equal key … */
    SOON = 10,    /* … and just before or after */
    A_ROUND = 28, /* calls fetched at a time … */
    MOST = 96,    /* … and in all */
    ROUNDS = 8,
    AROUND = 30000, /* sightings of other calls */
    MARKS = 96,     /* of one call that are followed */
};

/* A call that may have a leg near one of ours. */
struct candidate {
    u32 call;
    bool same; /* an equal key; else only its time speaks for it */
};

struct near_search {
    struct near *n;
    struct store *store;
    const struct near_options *o;
    arena *view; /* of the caller */
    arena boot;  /* marks */
    struct map call_ids, calls, followed, buckets;
    struct store_marks *blocks; /* by time */
    isize nblocks, cap_blocks;
    struct candidate *found;
    isize nfound, cap_found;
    i64 slack_us;
    i64 first_us;        /* of all sightings */
    i64 low_us, high_us; /* the minutes that are counted */
    u32 *keys;           /* of our legs, to be counted */
    isize nkeys, cap_keys;
    struct climate climate;
    isize first_counted, end_counted; /* blocks */
    bool counted, full;
    isize most, most_bytes, bytes; /* sightings, and how long they are */
};

static inline i64 mark_us(const struct store_marks *b, isize i) {
    return b->base_us + (i64)b->at[i] * MARK_UNIT_US;
}
static inline bool mark_is_start(u8 what) {
    return what == MARK_MADE || what == MARK_FREE;
}

/* Fetches the marks of these minutes, each block once. */
must_use enum err marks_want(struct near_search *g, i64 low_us, i64 high_us);
/* The first block that reaches to this time, or past it. */
isize marks_at(const struct near_search *g, i64 us);
/* Finds the calls with legs where the relatives of the leg with this mark would be, and their rivals. */
void marks_follow(struct near_search *g, const struct mark *m);

/* Tells the weave how rare things are in the minutes around. */
void climate_tell(struct near_search *g);
/* What was learned of devices at the time of the call with everything in sight. */
must_use enum err climate_lore(struct near_search *g);

#endif
