#include "link/clue.h"

void clues_open(struct clues *c, isize n) {
    *c = (struct clues){.nkeys = n + 1, .nbuckets = n + 1, .cap_buckets = n + 1};
    c->buckets = base_new(n + 1, (isize)sizeof *c->buckets);
}

/* Row + 1; of a new key a new one. */
static u32 bucket_of(struct clues *c, u64 key) {
    if (c->nkeys) return (u32)key + 1;
    u32 *place = map_put(&c->places, key);
    if (!*place) {
        c->buckets = base_grow(c->buckets, &c->cap_buckets, c->nbuckets + 1,
                               (isize)sizeof *c->buckets);
        c->buckets[c->nbuckets++] = (struct clue_bucket){0};
        *place = (u32)c->nbuckets;
    }
    return *place;
}

u32 clues_add(struct clues *c, u64 key, i64 at_us, u32 leg) {
    if (at_us == NEVER) return 0;
    u32 bucket = bucket_of(c, key) - 1;
    c->buckets[bucket].n++;
    c->adding =
        base_grow(c->adding, &c->cap_adding, c->nrows + 1, (isize)sizeof *c->adding);
    c->adding[c->nrows++] = (struct sort_row){sort_time(at_us), (u64)leg << 32 | bucket};
    return bucket + 1;
}

void clues_settle(struct clues *c) {
    u32 at = 0;
    sort_rows(c->adding, c->nrows);
    c->rows = base_new(c->nrows + 1, (isize)sizeof *c->rows);
    for (isize i = 0; i < c->nbuckets; i++) {
        c->buckets[i].at = at;
        at += c->buckets[i].n;
        c->buckets[i].n = 0;
    }
    for (isize i = 0; i < c->nrows; i++) {
        struct clue_bucket *b = &c->buckets[(u32)c->adding[i].value];
        c->rows[b->at + b->n++] = (struct clue){(i64)sort_time((i64)c->adding[i].key),
                                                (u32)(c->adding[i].value >> 32)};
    }
    base_free(c->adding);
    c->adding = NULL;
    c->cap_adding = 0;
}

void clues_drop(struct clues *c) {
    map_drop(&c->places);
    base_free(c->rows);
    base_free(c->buckets);
    base_free(c->adding);
    *c = (struct clues){0};
}

struct clue_run clues_find(const struct clues *c, u64 key) {
    u32 place = c->nkeys ? (u32)key + 1 : map_get(&c->places, key);
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
