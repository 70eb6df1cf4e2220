/* worlds.h: the worlds that sipweave's linking is measured on, and what it has to reach on each. */
#ifndef SIPWEAVE_TESTS_WORLDS_H
#define SIPWEAVE_TESTS_WORLDS_H

#include "world/world.h"

/* Shares that may not be missed, 0: there is no such bar. */
struct world_bars {
    double precision, recall, exact, recovered, order;
    bool no_joins; /* no call may hold legs of two */
};

struct world_row {
    const char *name;
    struct world_plan plan; /* its seed, and the view's, are set by worlds_seed */
    struct view_plan view;
    struct world_bars bars;
    bool hosts; /* the reader is given the names of the boxes */
};

extern const struct world_row worlds[];
extern const int nworlds;

/* The weights are fitted on worlds of the training seeds only; what is told of sipweave comes from the unseen ones. */
enum world_seeds { SEEDS_TRAINING, SEEDS_UNSEEN };
enum { TRAINING_BIT = 0, UNSEEN_BIT = 1 }; /* the lowest bit of each seed */

/* The n-th world of a row, from 0, with `scale` times its number of calls. */
struct world_row worlds_take(const struct world_row *row, enum world_seeds set, int n,
                             double scale);

#endif
