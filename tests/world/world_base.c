/* world_base.c: see world_base.h */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_base.h"

/* ---- random numbers -------------------------------------------------------------------------------------------- */

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void dice_seed(struct dice *d, uint64_t seed) {
    for (int i = 0; i < 4; i++) d->s[i] = splitmix(&seed);
}

static uint64_t turn(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

uint64_t dice_u64(struct dice *d) {
    uint64_t *s = d->s, out = turn(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turn(s[3], 45);
    return out;
}

double dice_unit(struct dice *d) {
    return (double)(dice_u64(d) >> 11) * 0x1.0p-53;
}

bool dice_chance(struct dice *d, double share) {
    return dice_unit(d) < share;
}

int dice_below(struct dice *d, int n) {
    return n <= 1 ? 0 : (int)(dice_u64(d) % (uint64_t)n);
}

int dice_between(struct dice *d, int lo, int hi) {
    return (int)(lo + (int64_t)(dice_u64(d) % (uint64_t)((int64_t)hi - lo + 1)));
}

double dice_normal(struct dice *d) {
    double u = 1.0 - dice_unit(d), v = dice_unit(d);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

double dice_exp(struct dice *d, double mean) {
    return -mean * log(1.0 - dice_unit(d));
}

int64_t dice_lognormal_us(struct dice *d, double median_ms, double sigma) {
    return (int64_t)(median_ms * 1000.0 * exp(sigma * dice_normal(d)));
}

int64_t dice_us(struct dice *d, double lo_s, double hi_s) {
    return (int64_t)((lo_s + (hi_s - lo_s) * dice_unit(d)) * 1e6);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

enum { BLOCK_BYTES = 16384 };
struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

static void *must(void *p) {
    if (!p) {
        fputs("world: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

static struct block *block_get(struct pool *pool, size_t n) {
    struct block *b = NULL;
    if (n <= BLOCK_BYTES && pool->free) {
        b = pool->free;
        pool->free = b->next;
    } else {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        b = must(malloc(sizeof *b + size));
        b->size = size;
    }
    b->used = 0;
    return b;
}

void *arena_take(struct arena *a, size_t n) {
    n = (n + 15) & ~(size_t)15;
    if (!a->head || a->head->size - a->head->used < n) {
        struct block *b = block_get(a->pool, n);
        b->next = a->head;
        a->head = b;
    }
    void *p = a->head->bytes + a->head->used;
    a->head->used += n;
    return memset(p, 0, n);
}

char *arena_copy(struct arena *a, const char *s) {
    size_t n = strlen(s) + 1;
    return memcpy(arena_take(a, n), s, n);
}

char *arena_say(struct arena *a, const char *format, ...) {
    char line[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line) n = (int)strlen(line);
    return memcpy(arena_take(a, (size_t)n + 1), line, (size_t)n + 1);
}

void arena_drop(struct arena *a) {
    while (a->head) {
        struct block *b = a->head;
        a->head = b->next;
        if (b->size != BLOCK_BYTES) {
            free(b);
            continue;
        }
        b->next = a->pool->free;
        a->pool->free = b;
    }
}

void pool_drop(struct pool *p) {
    while (p->free) {
        struct block *b = p->free;
        p->free = b->next;
        free(b);
    }
}

/* ---- text and rows --------------------------------------------------------------------------------------------- */

void text_put(struct text *t, const char *s, size_t n) {
    if (t->room - t->n < n) {
        t->room = t->room ? t->room * 2 : 1 << 16;
        while (t->room - t->n < n) t->room *= 2;
        t->at = must(realloc(t->at, t->room));
    }
    memcpy(t->at + t->n, s, n);
    t->n += n;
}

void text_str(struct text *t, const char *s) {
    text_put(t, s, strlen(s));
}

void text_num(struct text *t, uint64_t v) {
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + v % 10);
    while (v /= 10);
    text_put(t, digits + at, sizeof digits - at);
}

void *rows_add(void **rows, int *n, int *room, size_t size) {
    if (*n == *room) {
        *room = *room ? *room * 2 : 64;
        *rows = must(realloc(*rows, (size_t)*room * size));
    }
    char *row = (char *)*rows + (size_t)*n * size;
    (*n)++;
    return memset(row, 0, size);
}

/* ---- the queue: a heap; four below each instead of two was no faster */

enum { BELOW = 2 };

static bool sooner(const struct event *a, const struct event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void queue_add(struct queue *q, struct event e) {
    void *heap = q->heap;
    rows_add(&heap, &q->n, &q->room, sizeof e);
    q->heap = heap;
    e.order = q->order++;
    int i = q->n - 1;
    while (i > 0 && sooner(&e, &q->heap[(i - 1) / BELOW])) {
        q->heap[i] = q->heap[(i - 1) / BELOW];
        i = (i - 1) / BELOW;
    }
    q->heap[i] = e;
}

static int soonest_below(const struct queue *q, int i) {
    int best = BELOW * i + 1, end = best + BELOW < q->n ? best + BELOW : q->n;
    for (int kid = best + 1; kid < end; kid++)
        if (sooner(&q->heap[kid], &q->heap[best])) best = kid;
    return best;
}

bool queue_take(struct queue *q, struct event *e) {
    if (!q->n) return false;
    *e = q->heap[0];
    struct event last = q->heap[--q->n];
    int i = 0;
    while (BELOW * i + 1 < q->n) {
        int kid = soonest_below(q, i);
        if (!sooner(&q->heap[kid], &last)) break;
        q->heap[i] = q->heap[kid];
        i = kid;
    }
    if (q->n) q->heap[i] = last;
    return true;
}
