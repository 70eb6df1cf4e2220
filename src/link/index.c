/* index.c: what scoring looks up (pair.h): who reaches which device when, and how rare a value is there. */
#include "link/pair.h"

#include <stdlib.h>

u64 index_event_key(u32 dev) {
    return hash_mix(dev, 1);
}

u64 index_number_key(u32 dev, u8 kind, u64 hash) {
    return hash_mix(hash, (u64)dev << 8 | kind);
}

void index_add(struct index *x, u64 key, i64 at_us, u32 leg) {
    if (at_us == NEVER) return;
    x->clues = base_grow(x->clues, &x->cap_clues, x->nclues + 1, (isize)sizeof *x->clues);
    x->clues[x->nclues++] = (struct clue){key, at_us, leg};
}

static int by_key_and_time(const void *a, const void *b) {
    const struct clue *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    return (x->leg > y->leg) - (x->leg < y->leg);
}

void index_sort(struct index *x) {
    if (x->nclues) qsort(x->clues, (size_t)x->nclues, sizeof *x->clues, by_key_and_time);
}

isize index_last(const struct index *x, u64 key, i64 at_us) {
    isize low = 0, high = x->nclues;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        const struct clue *c = &x->clues[mid];
        if (c->key < key || (c->key == key && c->at_us <= at_us)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* What makes a device send legs of its own: a call that reaches it, is tried again, is answered; a REFER. */
static void add_events(struct index *x) {
    const struct weave *w = x->w;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL) continue;
        x->leaving[s->from_dev]++;
        x->reaching[s->to_dev]++;
        u64 key = index_event_key(s->to_dev);
        index_add(x, key, s->start_us, (u32)i);
        index_add(x, key, s->retry_us, (u32)i);
        index_add(x, key, s->answer_us, (u32)i);
        index_add(x, index_event_key(s->refer_dev), s->refer_us, (u32)i);
    }
}

static bool is_token(u8 kind) {
    return kind == FACT_TOKEN || kind == FACT_CALL_ID || kind == FACT_STEM ||
           kind == FACT_DIALOG;
}

static void count_facts(struct index *x) {
    const struct weave *w = x->w;
    isize cap = 0, n = 0;
    x->postings = base_grow(NULL, &cap, w->nleg_facts + 1, (isize)sizeof *x->postings);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL) continue;
        for (u32 k = 0; k < s->nfacts; k++) {
            const struct fact *f = &w->leg_facts[s->facts_at + k];
            bool number = f->kind == FACT_CALLER || f->kind == FACT_CALLED;
            if (is_token(f->kind)) x->postings[n++] = (struct sort_row){f->hash, (u64)i};
            if (!number) continue;
            u64 key = index_number_key(s->to_dev, f->kind, f->hash);
            ++*map_put(&x->rarity, key);
            index_add(x, key, s->start_us, (u32)i);
        }
    }
    sort_rows(x->postings, n);
    isize kept = 0;
    for (isize i = 0; i < n; i++) { /* a leg may say a token twice */
        const struct sort_row *last = kept ? &x->postings[kept - 1] : NULL;
        if (last && last->key == x->postings[i].key &&
            last->value == x->postings[i].value)
            continue;
        x->postings[kept++] = x->postings[i];
    }
    x->npostings = kept;
}

void index_open(struct index *x, const struct weave *w) {
    *x = (struct index){.w = w};
    isize u = (isize)sizeof(u32);
    x->mark = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    x->reaching = base_grow(NULL, &(isize){0}, w->ndevs + 1, u);
    x->leaving = base_grow(NULL, &(isize){0}, w->ndevs + 1, u);
    x->failures = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    x->next_failure = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    i64 first = INT64_MAX, last = INT64_MIN;
    for (isize i = 0; i < w->nsums; i++) {
        first = i64_min(first, w->sums[i].start_us);
        last = i64_max(last, w->sums[i].last_us);
    }
    x->span_s = w->nsums ? (double)(last - first) / 1e6 : 0;
    add_events(x);
    count_facts(x);
    index_sort(x);
}

void index_close(struct index *x) {
    base_free(x->clues);
    base_free(x->mark);
    base_free(x->reaching);
    base_free(x->leaving);
    base_free(x->failures);
    base_free(x->next_failure);
    base_free(x->postings);
    map_drop(&x->rarity);
}

isize index_find(const struct index *x, u64 hash, isize *n) {
    isize low = 0, high = x->npostings;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (x->postings[mid].key < hash) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *n = 0;
    while (low + *n < x->npostings && x->postings[low + *n].key == hash) ++*n;
    return low;
}

double index_background(const struct index *x, u32 dev) {
    /* one leg in fifty has its cause outside the trace, and one an hour whatever the trace */
    return 0.02 * (double)x->leaving[dev] / (x->span_s + 10) + 1.0 / 3600;
}
