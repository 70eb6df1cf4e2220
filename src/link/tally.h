/* tally.h: how common something is among the legs at a device: which of them has which is noted once, then asked. Private to this
 * folder. */
#ifndef SIPWEAVE_LINK_TALLY_H
#define SIPWEAVE_LINK_TALLY_H

#include "link/weave.h"

struct tally {
    struct map at; /* device and value -> row of counts + 1 */
    u32 *counts;   /* how many legs have it there */
    isize n, cap;
    u32 *row_of; /* by leg: its row + 1; 0: it has none */
    u32 *noted;  /* by device: how many legs have any */
};

static inline void tally_open(struct tally *t, const struct weave *w) {
    *t = (struct tally){0};
    t->row_of = base_new(w->nsums + 1, (isize)sizeof *t->row_of);
    t->noted = base_new(w->ndevs + 1, (isize)sizeof *t->noted);
}

static inline void tally_close(struct tally *t) {
    map_drop(&t->at);
    base_free(t->counts);
    base_free(t->row_of);
    base_free(t->noted);
}

/* The leg has this value at that device. */
static inline void tally_note(struct tally *t, isize leg, u32 dev, u32 value) {
    u32 *row = map_put(&t->at, (u64)dev << 32 | value);
    if (!*row) {
        t->counts = base_grow(t->counts, &t->cap, t->n + 1, (isize)sizeof *t->counts);
        t->counts[t->n] = 0;
        *row = (u32)++t->n;
    }
    t->row_of[leg] = *row;
    t->counts[*row - 1]++;
    t->noted[dev]++;
}

/* Of the legs at its device that have any, the share that has the same. */
static inline float tally_share(const struct tally *t, isize leg, u32 dev) {
    double n = t->counts[t->row_of[leg] - 1], all = t->noted[dev];
    return (float)((n + 1) / (all + 2));
}

#endif
