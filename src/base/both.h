/* both.h: two pieces of work at once, where each writes to places of its own and reads what neither writes. What comes of
 * it is the same with one thread. */
#ifndef SIPWEAVE_BOTH_H
#define SIPWEAVE_BOTH_H

#include "base/base.h"

#include <pthread.h>

/* Work that goes on beside its caller's. */
struct beside {
    void (*work)(void *ctx);
    void *ctx;
    pthread_t thread;
    bool runs;
};

/* Begins it in a thread of its own; without a second thread (`threads` below 2, or the system gives none) it is done at once.
 * `b` and *ctx stay where they are until beside_end. */
void beside_start(struct beside *b, int threads, void (*work)(void *ctx), void *ctx);
/* Waits until it is done. */
void beside_end(struct beside *b);

/* Items [from, to) of n, in two halves (0 and 1), or as one (0). Gives where the second half begins: n where there is none. */
typedef void both_work(void *ctx, int half, isize from, isize to);
isize base_both(both_work *work, void *ctx, isize n, int threads);

#endif
