/* index.c: what scoring looks up (pair.h): who reaches which device when, and how rare a value is there. */
#include "link/pair.h"

static void by_device(struct index *x) {
    const struct weave *w = x->w;
    isize cap = 0, n = 0;
    struct sort_row *rows = base_grow(NULL, &cap, w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++) {
        if (w->sums[i].kind != KIND_CALL) continue;
        rows[n++] = (struct sort_row){(u64)w->sums[i].start_us ^ (u64)1 << 63, (u64)i};
        x->leaving[w->sums[i].from_dev]++;
        x->incoming_at[w->sums[i].to_dev + 1]++;
    }
    sort_rows(rows, n);
    for (isize d = 0; d < w->ndevs; d++) x->incoming_at[d + 1] += x->incoming_at[d];
    u32 *fill = base_grow(NULL, &(isize){0}, w->ndevs + 1, (isize)sizeof *fill);
    for (isize i = 0; i < n; i++) {
        u32 leg = (u32)rows[i].value, dev = w->sums[leg].to_dev;
        x->incoming[x->incoming_at[dev] + fill[dev]++] = leg;
    }
    base_free(fill);
    base_free(rows);
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
            if (number)
                ++*map_put(&x->rarity, hash_mix(f->hash, (u64)s->to_dev << 8 | f->kind));
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
    x->incoming = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    x->incoming_at = base_grow(NULL, &(isize){0}, w->ndevs + 2, u);
    x->leaving = base_grow(NULL, &(isize){0}, w->ndevs + 1, u);
    x->referred = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    x->failures = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    x->next_failure = base_grow(NULL, &(isize){0}, w->nsums + 1, u);
    i64 first = INT64_MAX, last = INT64_MIN;
    for (isize i = 0; i < w->nsums; i++) {
        first = i64_min(first, w->sums[i].start_us);
        last = i64_max(last, w->sums[i].last_us);
        if (w->sums[i].refer_us != NEVER) x->referred[x->nreferred++] = (u32)i;
    }
    x->span_s = w->nsums ? (double)(last - first) / 1e6 : 0;
    by_device(x);
    count_facts(x);
}

void index_close(struct index *x) {
    base_free(x->incoming);
    base_free(x->incoming_at);
    base_free(x->leaving);
    base_free(x->referred);
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
