/* clock.h: seconds, by a clock of the system's. */
#ifndef SIPWEAVE_BENCH_CLOCK_H
#define SIPWEAVE_BENCH_CLOCK_H

#include <time.h>

static inline double clock_s(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
/* On the wall. */
static inline double wall_s(void) {
    return clock_s(CLOCK_MONOTONIC);
}
/* What this program, all its threads, has computed for. */
static inline double cpu_s(void) {
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
