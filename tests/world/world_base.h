/* world_base.h: what the simulator stands on: random numbers, memory by the call, text, the queue of what happens next. */
#ifndef SIPWEAVE_TESTS_WORLD_BASE_H
#define SIPWEAVE_TESTS_WORLD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- random numbers (xoshiro256**, seeded by splitmix64) ------------------------------------------------------- */

struct dice {
    uint64_t s[4];
};
void dice_seed(struct dice *d, uint64_t seed);
uint64_t dice_u64(struct dice *d);
double dice_unit(struct dice *d); /* [0, 1) */
bool dice_chance(struct dice *d, double share);
int dice_below(struct dice *d, int n);            /* [0, n) */
int dice_between(struct dice *d, int lo, int hi); /* both included */
double dice_normal(struct dice *d);
double dice_exp(struct dice *d, double mean);
/* Log-normal, in microseconds: half of the values are below the median. */
int64_t dice_lognormal_us(struct dice *d, double median_ms, double sigma);
int64_t dice_us(struct dice *d, double lo_s, double hi_s);

/* ---- memory of one call, given back when nothing of it is to happen any more ------------------------------------- */

struct block;
struct pool { /* blocks that are free */
    struct block *free;
};
struct arena {
    struct pool *pool;
    struct block *head;
};
void *arena_take(struct arena *a, size_t n); /* zeroed, aligned to 16 */
#define arena_copy sim_arena_copy /* src/base has one, and the judge links both */
char *arena_copy(struct arena *a, const char *s);
char *arena_say(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_drop(struct arena *a);
void pool_drop(struct pool *p);

/* ---- text that grows ------------------------------------------------------------------------------------------- */

struct text {
    char *at;
    size_t n, room;
};
void text_put(struct text *t, const char *s, size_t n);
void text_str(struct text *t, const char *s);
void text_num(struct text *t, uint64_t v);

/* An array that doubles; returns the row that was added, zeroed. */
void *rows_add(void **rows, int *n, int *room, size_t size);

/* ---- the queue of events ------------------------------------------------------------------------------------------- */

struct sim;
struct call;
struct event {
    int64_t at_us;
    uint64_t order; /* of two at the same time, the one that was planned first */
    void (*what)(struct sim *s, const struct event *e);
    struct call *call;
    void *a, *b;
    int64_t n;
};
struct queue {
    struct event *heap;
    int n, room;
    uint64_t order;
};
void queue_add(struct queue *q, struct event e);
bool queue_take(struct queue *q, struct event *e);

#endif
