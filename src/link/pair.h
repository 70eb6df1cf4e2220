/* pair.h: how much speaks for one leg being the parent of another; private to this folder. */
#ifndef SIPWEAVE_PAIR_H
#define SIPWEAVE_PAIR_H

#include "link/weave.h"

enum { PROOFS_A_PAIR = 16 };

/* A leg that may be the parent of what leaves a device about then: something happened there (see
 * index_event_key), or it has a number that another leg may share. */
struct clue {
    u64 key;
    i64 at_us;
    u32 leg;
};

/* What scoring looks up: rarity of values, and what happened at each device. */
struct index {
    const struct weave *w;
    u32 *reaching, *leaving; /* how many legs reach and leave each device */
    struct clue *clues;      /* by key, then time */
    isize nclues, cap_clues;
    u32 *mark;         /* by leg: the last choice that considered it */
    struct map rarity; /* hash of (device, fact) -> legs reaching that device with it */
    struct sort_row *postings; /* token hash -> legs, each once */
    isize npostings;
    u32 *failures;     /* by leg: row + 1 of the first of its failed children … */
    u32 *next_failure; /* … and of the next; filled after the first round */
    double span_s;
};

void index_open(struct index *x, const struct weave *w);
void index_close(struct index *x);
/* The rows of postings with this hash. */
isize index_find(const struct index *x, u64 hash, isize *n);

/* Keys of clues: what happened at a device, and which numbers reached it. */
u64 index_event_key(u32 dev);
u64 index_number_key(u32 dev, u8 kind, u64 hash);
void index_add(struct index *x, u64 key, i64 at_us, u32 leg);
void index_sort(struct index *x); /* after adding */
/* The row after the last clue with this key that is not later than at_us; go back from there while the key fits. */
isize index_last(const struct index *x, u64 key, i64 at_us);

/* How many legs start at a device by themselves, per second: what a parent has to beat. */
double index_background(const struct index *x, u32 dev);

struct pair {
    u32 parent; /* row */
    double
        intensity; /* legs per second that this parent would send at that moment, times the odds of the rest */
    struct proof proofs[PROOFS_A_PAIR];
    isize nproofs;
};

/* False: p cannot be the parent of c at all. */
bool pair_score(const struct index *x, u32 c, u32 p, struct pair *out);

/* -1: a comes before b for certain, 1 after, 0 not known: one log has both, or the times differ clearly. */
int msg_order(const struct weave *w, u32 a, u32 b);
/* How far off the difference of the two times may be. */
i64 msg_slack(const struct weave *w, u32 a, u32 b);

#endif
