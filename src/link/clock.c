/* clock.c: several boxes, several clocks. A message sent and received has two sightings: the receiver's
 * clock minus the sender's is the difference of their clocks plus the time on the way, which is never
 * negative and mostly short. So every such message bounds the difference from one side:
 *
 *     sent at A, seen at B:    b - a  in  (tB - tA - precision - way,  tB - tA + precision)
 *
 * The bounds of all pairs together leave an interval; zero is taken when it lies inside (clocks
 * that agree are left alone), else its middle. From the busiest source the differences spread to all. */
#include "link/weave.h"

#include <stdlib.h>

enum { WAY_US = 200000 };

struct bound {
    u16 a, b;      /* a < b */
    i64 low, high; /* of b's clock minus a's */
    isize n;
};

struct bounds {
    struct bound *rows;
    isize n, cap;
    struct map index;
};

static struct bound *bound_of(struct bounds *all, u16 a, u16 b) {
    u32 *place = map_put(&all->index, (u64)a << 16 | b | (u64)1 << 40);
    if (*place == 0) {
        all->rows = base_grow(all->rows, &all->cap, all->n + 1, (isize)sizeof *all->rows);
        all->rows[all->n++] = (struct bound){a, b, INT64_MIN, INT64_MAX, 0};
        *place = (u32)all->n;
    }
    return &all->rows[*place - 1];
}

/* x came before y on the way of one message, where the vantage says so. */
static int way(const struct seen *x, const struct seen *y) {
    if (x->vantage == y->vantage) return 0;
    if (x->vantage == VANTAGE_SENDER || y->vantage == VANTAGE_RECEIVER) return 1;
    return -1;
}

static void bound_by(struct bounds *all, const struct seen *x, const struct seen *y) {
    if (x->source > y->source) {
        const struct seen *swap = x;
        x = y;
        y = swap;
    }
    struct bound *b = bound_of(all, x->source, y->source);
    i64 difference = y->time_us - x->time_us;
    /* stamps are cut, not rounded: the ends themselves are out */
    i64 low = difference - x->precision_us + 1, high = difference + y->precision_us - 1;
    int direction = way(x, y);
    if (direction >= 0) low -= WAY_US;
    if (direction <= 0) high += WAY_US;
    b->low = i64_max(b->low, low);
    b->high = i64_min(b->high, high);
    b->n++;
}

static int more_pairs(const void *a, const void *b) {
    const struct bound *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

/* The simplest difference within the bounds: none, whole seconds, tenths … else their middle. */
static i64 choose(const struct bound *b) {
    i64 low = b->low, high = b->high;
    if (low > high)
        return (low + high) / 2; /* a clock that was set meanwhile: the best compromise */
    if (low <= 0 && high >= 0) return 0;
    i64 middle = low + (high - low) / 2;
    for (i64 step = 1000000; step >= 1000; step /= 10) {
        i64 near = (middle + (middle < 0 ? -step : step) / 2) / step * step;
        if (near >= low && near <= high) return near;
    }
    return middle;
}

/* Only identities that each source saw once tie clocks: which repeat is which is not known yet. */
static void collect(const struct weave *w, struct bounds *all,
                    const struct sort_row *rows, isize n) {
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        if (j - i < 2 || j - i > 8) continue;
        bool once = true;
        for (isize k = i; k + 1 < j && once; k++) {
            for (isize l = k + 1; l < j; l++) {
                once = once && w->trace.seen[rows[k].value].source !=
                                   w->trace.seen[rows[l].value].source;
            }
        }
        for (isize k = i; once && k + 1 < j; k++) {
            bound_by(all, &w->trace.seen[rows[k].value],
                     &w->trace.seen[rows[k + 1].value]);
        }
    }
}

/* The source with the most sightings among those not yet set and tied to another; -1: none. */
static isize busiest(const struct bounds *all, const bool *set, const isize *counts) {
    isize best = -1;
    for (isize i = 0; i < all->n; i++) {
        const u16 ends[] = {all->rows[i].a, all->rows[i].b};
        for (isize k = 0; k < 2; k++) {
            u16 s = ends[k];
            if (set[s] || (best >= 0 && counts[s] <= counts[best])) continue;
            best = s;
        }
    }
    return best;
}

/* Spreads from source to source along the best-supported pairs. The busiest source's clock is the
 * common one. */
static void spread(struct weave *w, const struct bounds *all) {
    isize nsources = w->trace.nsources, root;
    bool *set = base_grow(NULL, &(isize){0}, nsources + 1, 1);
    isize *counts = base_grow(NULL, &(isize){0}, nsources + 1, (isize)sizeof *counts);
    for (isize i = 0; i < w->trace.nseen; i++) counts[w->trace.seen[i].source]++;
    while ((root = busiest(all, set, counts)) >= 0) {
        set[root] = true;
        for (bool grown = true; grown;) {
            grown = false;
            for (isize i = 0; i < all->n && !grown; i++) {
                const struct bound *b = &all->rows[i];
                if (set[b->a] == set[b->b]) continue;
                i64 difference = choose(b);
                if (set[b->a]) w->offsets[b->b] = w->offsets[b->a] + difference;
                if (set[b->b]) w->offsets[b->a] = w->offsets[b->b] - difference;
                set[b->a] = set[b->b] = grown = true;
            }
        }
    }
    base_free(set);
    base_free(counts);
}

void clock_estimate(struct weave *w) {
    isize n = w->trace.nseen, nsources = w->trace.nsources;
    w->offsets =
        base_grow(w->offsets, &w->cap_offsets, nsources + 1, (isize)sizeof *w->offsets);
    for (isize i = 0; i < nsources; i++) w->offsets[i] = 0;
    w->noffsets = nsources;
    if (nsources < 2 || n == 0) return;
    isize cap = 0;
    struct sort_row *rows = base_grow(NULL, &cap, n, (isize)sizeof *rows);
    for (isize i = 0; i < n; i++) {
        rows[i] = (struct sort_row){seen_identity(&w->trace.seen[i]), (u64)i};
    }
    sort_rows(rows, n);
    struct bounds all = {0};
    collect(w, &all, rows, n);
    if (all.n) qsort(all.rows, (size_t)all.n, sizeof *all.rows, more_pairs);
    spread(w, &all);
    base_free(rows);
    base_free(all.rows);
    map_drop(&all.index);
}
