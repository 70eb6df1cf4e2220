/* pair.h: how much speaks for one leg being the parent of another; private to this folder. */
#ifndef SIPWEAVE_PAIR_H
#define SIPWEAVE_PAIR_H

#include "link/weave.h"

enum { PROOFS_A_PAIR = 16 };

/* What scoring looks up: rarity of values, and which legs reach and leave each device. */
struct index {
    const struct weave *w;
    u32 *incoming;     /* legs by to_dev, within it by start */
    u32 *incoming_at;  /* by device; one more at the end */
    u32 *leaving;      /* how many legs leave each device */
    struct map rarity; /* hash of (device, fact) -> legs reaching that device with it */
    struct sort_row *postings; /* token hash -> legs, each once */
    isize npostings;
    u32 *referred; /* legs on which a REFER was seen */
    isize nreferred;
    u32 *failures;     /* by leg: row + 1 of the first of its failed children … */
    u32 *next_failure; /* … and of the next; filled after the first round */
    double span_s;
};

void index_open(struct index *x, const struct weave *w);
void index_close(struct index *x);
/* The rows of postings with this hash. */
isize index_find(const struct index *x, u64 hash, isize *n);

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
