/* world.c: see world.h. Calls begin at random; all that follows is played from one queue, in order of time. */
#include <stdlib.h>
#include <string.h>

#include "world_own.h"

static void begin_next(struct sim *s, const struct event *e);

/* The queue holds one beginning at a time; it belongs to no call that ends. */
static void plan_next(struct sim *s) {
    if (s->begun >= s->plan->calls) return;
    double gap = dice_exp(&s->dice, 1.0 / s->plan->calls_per_second);
    later(s, s->idle, (int64_t)(gap * 1e6), begin_next, NULL, NULL, 0);
}

static void begin_next(struct sim *s, const struct event *e) {
    (void)e;
    s->begun++;
    plan_call(s);
    plan_next(s);
}

static void call_over(struct sim *s, struct call *c) {
    struct arena a = c->arena;
    plan_after(s, c);
    arena_drop(&a);
}

static void play(struct sim *s) {
    struct event e;
    while (queue_take(&s->queue, &e)) {
        s->now = e.at_us;
        e.what(s, &e);
        if (--e.call->waiting == 0 && e.call != s->idle) call_over(s, e.call);
    }
}

struct world *world_make(const struct world_plan *plan) {
    struct sim *s = calloc(1, sizeof *s);
    struct world *w = calloc(1, sizeof *w);
    struct world_plan mine = *plan;
    if (!s || !w) exit(2);
    if (mine.calls_per_second <= 0) mine.calls_per_second = 1;
    s->w = w;
    s->plan = &mine;
    s->keep.pool = &s->pool;
    dice_seed(&s->dice, plan->seed);
    s->now = s->start =
        1700000000000000 + (int64_t)(plan->seed % 1000) * 86400000000 + 32400000000;
    place_make(s);
    plan_begin(s);
    struct arena a = {.pool = &s->pool};
    s->idle = arena_take(&a, sizeof *s->idle);
    s->idle->arena = a;
    plan_next(s);
    if (mine.background) background_begin(s);
    play(s);
    a = s->idle->arena;
    arena_drop(&a);
    w->text = s->text.at;
    w->ntext = s->text.n;
    s->plan = NULL;
    free(s->queue.heap);
    free(s->gear);
    free((void *)s->host);
    w->own = s;
    return w;
}

void world_free(struct world *w) {
    if (!w) return;
    struct sim *s = w->own;
    arena_drop(&s->keep);
    pool_drop(&s->pool);
    free(s);
    free(w->devices);
    free(w->addresses);
    free(w->legs);
    free(w->calls);
    free(w->msgs);
    free(w->text);
    free(w);
}
