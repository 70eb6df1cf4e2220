/* clue.h: what happened when, under a key: looked up by "the latest before". Filled once, then settled, then read; n log n
 * where it comes in disorder. */
#ifndef SIPWEAVE_LINK_CLUE_H
#define SIPWEAVE_LINK_CLUE_H

#include "link/weave.h"

/* A leg that may be the parent of another, because of what happened at some time. */
struct clue {
    i64 at_us;
    u32 leg;
};

struct clue_bucket {
    u32 at, n;
};

/* Clues by key, within it by time. Zeroed: empty. */
struct clues {
    struct clue *rows;
    struct map places; /* key -> row of buckets + 1 */
    struct clue_bucket *buckets;
    isize nbuckets, cap_buckets;
    u32 *bucket_of; /* while filling: by row, as added */
    isize nrows, cap_rows, cap_bucket_of;
};

/* An event that was not seen (NEVER) adds nothing. */
void clues_add(struct clues *c, u64 key, i64 at_us, u32 leg);
void clues_settle(struct clues *c); /* after the last one */
void clues_drop(struct clues *c);

struct clue_run {
    const struct clue *rows;
    isize n;
};
struct clue_run clues_find(const struct clues *c, u64 key);
/* How many of them are not later than at_us: the one before that is the last one. */
isize clues_until(struct clue_run run, i64 at_us);

#endif
