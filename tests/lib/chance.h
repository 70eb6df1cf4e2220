/* chance.h: numbers that look random and are the same in every run. Needs nothing of src/: bench/traffic.c stands alone. */
#ifndef SIPWEAVE_TESTS_CHANCE_H
#define SIPWEAVE_TESTS_CHANCE_H

#include <stdint.h>

static uint64_t chance_seed = 88172645463325252u;

/* From 0 to below - 1. */
static inline uint64_t chance(uint64_t below) {
    chance_seed ^= chance_seed << 13;
    chance_seed ^= chance_seed >> 7;
    chance_seed ^= chance_seed << 17;
    return chance_seed % below;
}

#endif
