#include "base/both.h"

static void *run(void *ctx) {
    struct beside *b = ctx;
    b->work(b->ctx);
    return NULL;
}

void beside_start(struct beside *b, int threads, void (*work)(void *ctx), void *ctx) {
    *b = (struct beside){.work = work, .ctx = ctx};
    b->runs = threads > 1 && pthread_create(&b->thread, NULL, run, b) == 0;
    if (!b->runs) work(ctx);
}

void beside_end(struct beside *b) {
    if (b->runs) pthread_join(b->thread, NULL);
    b->runs = false;
}

struct second {
    both_work *work;
    void *ctx;
    isize from, to;
};

static void run_second(void *ctx) {
    struct second *s = ctx;
    s->work(s->ctx, 1, s->from, s->to);
}

isize base_both(both_work *work, void *ctx, isize n, int threads) {
    struct second second = {work, ctx, n / 2, n};
    struct beside beside;
    if (threads < 2 || n < 2) {
        work(ctx, 0, 0, n);
        return n;
    }
    beside_start(&beside, threads, run_second, &second);
    work(ctx, 0, 0, second.from);
    beside_end(&beside);
    return second.from;
}
