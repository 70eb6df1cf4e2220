/* saying.h: which leg says which value; private to this folder. */
#ifndef SIPWEAVE_LINK_SAYING_H
#define SIPWEAVE_LINK_SAYING_H

#include "link/weave.h"

/* One leg says one value: a token of one of its messages, or a part of its Call-ID. */
struct saying {
    u64 hash;
    u32 leg, label, src; /* src: endpoint that said it */
    u8 kind, bits;
};

/* In the order of legs and their messages, a leg's Call-ID first. */
struct sayings {
    struct saying *rows;
    isize n, cap;
};

static inline void say(struct sayings *g, struct saying s) {
    g->rows = base_grow(g->rows, &g->cap, g->n + 1, (isize)sizeof *g->rows);
    g->rows[g->n++] = s;
}

/* saying.c: what two legs or more say, while they were both there, by value. It asks for no devices. */
void sayings_sort(const struct weave *w, struct sayings *all);
/* That becomes tokens; takes the rows. */
void sayings_tell(struct weave *w, struct sayings *all);

#endif
