/* fit_alike.h: how often two tries of one parent show the same caller, in the same manner; part of fit.c. */
#ifndef SIPWEAVE_TESTS_FIT_ALIKE_H
#define SIPWEAVE_TESTS_FIT_ALIKE_H

#include "link/pair.h"

struct tries_alike {
    double same, of;
};

/* Every try beside the one before it, by the parents as they are; each comparison with this weight. */
void fit_alike(struct tries_alike *all, const struct index *x, double weight);

#endif
