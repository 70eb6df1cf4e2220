/* choice.h: which call a leg belongs to, weighed; private to this folder. */
#ifndef SIPWEAVE_LINK_CHOICE_H
#define SIPWEAVE_LINK_CHOICE_H

#include "link/pair.h"

enum { CALLS_A_CHOICE = 8 };

/* A call that the leg may belong to: by the first leg of those found so far. */
struct candidate {
    u32 root, parent;      /* rows; the parent is the likeliest of its legs */
    double intensity, sum; /* of that leg, of all of them */
    double forward, back;  /* sums as struct intensity has them */
};

struct choice {
    struct candidate calls[CALLS_A_CHOICE];
    isize n;
    double total, forward, back, background, best;
    u32 refused; /* row + 1 of a parent that is out of the question */
    u32 stamp;   /* of this choice, to consider each leg once */
};

/* Weighs the calls that c may belong to, without the parent `refused` (row + 1; 0: none). choice->stamp is kept from one choice
 * to the next. */
void choose(const struct index *x, u32 c, u32 refused, struct choice *choice);
/* The likeliest of them; NULL: there is none. */
const struct candidate *choice_best(const struct weave *w, const struct choice *choice);
/* The share of one of them, beside all others and no call at all; NULL: of no call. */
double choice_share(const struct choice *choice, const struct candidate *one);
double choice_forward(const struct choice *choice, const struct candidate *one);
double choice_back(const struct choice *choice, const struct candidate *one);

#endif
