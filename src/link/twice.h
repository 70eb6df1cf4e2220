/* twice.h: most values are met once and say nothing then. Two bits for each, by its hash, tell which may have been met again; only
 * those are worth a row in a table. Private to this folder. */
#ifndef SIPWEAVE_LINK_TWICE_H
#define SIPWEAVE_LINK_TWICE_H

#include "base/base.h"

struct twice {
    u64 *bits;
    u64 mask; /* of places */
};

/* For so many values. */
static inline void twice_open(struct twice *t, isize values) {
    enum { PLACES_A_VALUE = 8 };
    isize places = 64;
    while (places < PLACES_A_VALUE * values) places *= 2;
    t->bits = base_new(places / 32, (isize)sizeof *t->bits);
    t->mask = (u64)places - 1;
}

static inline void twice_close(struct twice *t) {
    base_free(t->bits);
    *t = (struct twice){0};
}

static inline u64 twice_place(const struct twice *t, u64 hash) {
    return hash * 0x9e3779b97f4a7c15u >> 20 & t->mask;
}

static inline void twice_note(struct twice *t, u64 hash) {
    u64 place = twice_place(t, hash), once = (u64)1 << place % 32 * 2;
    u64 *word = &t->bits[place / 32];
    *word |= *word & once ? once << 1 : once;
}

/* What was noted in either, of one size. */
static inline void twice_join(struct twice *t, const struct twice *other) {
    const u64 once = 0x5555555555555555u;
    for (u64 i = 0; i <= t->mask / 32; i++) {
        u64 a = t->bits[i], b = other->bits[i];
        t->bits[i] = a | b | (a & b & once) << 1;
    }
}

/* True of all values that were noted twice, and of few others. */
static inline bool twice_has(const struct twice *t, u64 hash) {
    u64 place = twice_place(t, hash);
    return (t->bits[place / 32] >> place % 32 * 2 & 2) != 0;
}

#endif
