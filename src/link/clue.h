/* clue.h: what happened when, under a key: looked up by "the latest before". Filled once, then settled, then read; cheapest
 * where it comes in the order of time. */
#ifndef SIPWEAVE_LINK_CLUE_H
#define SIPWEAVE_LINK_CLUE_H

#include "link/weave.h"

/* A leg that may be the parent of another, because of what happened at some time. */
struct __attribute__((packed, aligned(4))) clue {
    i64 at_us;
    u32 leg;
};

struct clue_bucket {
    u32 at, n;
};

/* Clues by key, within it by time. Zeroed: empty, keys are hashes. */
struct clues {
    struct clue *rows;
    struct map places; /* key -> row of buckets + 1 */
    struct clue_bucket *buckets;
    isize nbuckets, cap_buckets;
    isize nkeys; /* keys are numbers below this one, and rows of buckets; 0: hashes */
    struct sort_row *adding; /* while filling: time; leg << 32 | bucket */
    isize nrows, cap_adding;
};

/* For keys below n. */
void clues_open(struct clues *c, isize n);
/* An event that was not seen (NEVER) adds nothing. Gives the row + 1 of the key's bucket; 0 then. */
u32 clues_add(struct clues *c, u64 key, i64 at_us, u32 leg);
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
