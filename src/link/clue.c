#include "link/clue.h"

#include <stdlib.h>

void clues_add(struct clues *c, u64 key, i64 at_us, u32 leg) {
    if (at_us == NEVER) return;
    u32 *place = map_put(&c->places, key);
    if (!*place) {
        c->buckets = base_grow(c->buckets, &c->cap_buckets, c->nbuckets + 1,
                               (isize)sizeof *c->buckets);
        c->buckets[c->nbuckets++] = (struct clue_bucket){0};
        *place = (u32)c->nbuckets;
    }
    c->buckets[*place - 1].n++;
    c->rows = base_grow(c->rows, &c->cap_rows, c->nrows + 1, (isize)sizeof *c->rows);
    c->bucket_of = base_grow(c->bucket_of, &c->cap_bucket_of, c->nrows + 1,
                             (isize)sizeof *c->bucket_of);
    c->bucket_of[c->nrows] = *place - 1;
    c->rows[c->nrows++] = (struct clue){at_us, leg};
}

static int by_time(const void *a, const void *b) {
    const struct clue *x = a, *y = b;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    return (x->leg > y->leg) - (x->leg < y->leg);
}

void clues_settle(struct clues *c) {
    struct clue *sorted = base_new(c->nrows + 1, (isize)sizeof *sorted);
    u32 at = 0;
    for (isize i = 0; i < c->nbuckets; i++) {
        c->buckets[i].at = at;
        at += c->buckets[i].n;
        c->buckets[i].n = 0;
    }
    for (isize i = 0; i < c->nrows; i++) {
        struct clue_bucket *b = &c->buckets[c->bucket_of[i]];
        sorted[b->at + b->n++] = c->rows[i];
    }
    for (isize i = 0; i < c->nbuckets; i++) {
        struct clue *rows = sorted + c->buckets[i].at;
        isize n = c->buckets[i].n, k = 1;
        while (k < n && by_time(&rows[k - 1], &rows[k]) <= 0) k++;
        if (k < n) qsort(rows, (size_t)n, sizeof *rows, by_time);
    }
    base_free(c->rows);
    base_free(c->bucket_of);
    c->rows = sorted;
    c->bucket_of = NULL;
    c->cap_rows = c->nrows + 1;
    c->cap_bucket_of = 0;
}

void clues_drop(struct clues *c) {
    map_drop(&c->places);
    base_free(c->rows);
    base_free(c->buckets);
    base_free(c->bucket_of);
    *c = (struct clues){0};
}

struct clue_run clues_find(const struct clues *c, u64 key) {
    u32 place = map_get(&c->places, key);
    if (!place) return (struct clue_run){0};
    const struct clue_bucket *b = &c->buckets[place - 1];
    return (struct clue_run){c->rows + b->at, (isize)b->n};
}

isize clues_until(struct clue_run run, i64 at_us) {
    isize low = 0, high = run.n;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (run.rows[mid].at_us <= at_us) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}
