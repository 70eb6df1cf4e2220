/* clock.c: several boxes, several clocks. A message sent and received has two sightings: the receiver's
 * clock minus the sender's is the difference of their clocks plus the time on the way, which is never
 * negative and mostly short. So every such message bounds the difference from one side:
 *
 *     sent at A, seen at B:    b - a  in  (tB - tA - precision - way,  tB - tA + precision)
 *
 * The difference is taken from where the most of these intervals overlap (a message held up, or a clock set
 * meanwhile, is outvoted): none at all where zero lies inside, else the roundest. The pairs of sources with the
 * most messages tie the clocks together, the busiest source of each island being right.
 *
 * One difference for the whole trace: a clock that drifts by more than the way is followed only on average. */
#include "link/weave.h"

#include <stdlib.h>

enum { WAY_US = 200000, POINTS_A_MESSAGE = 8 };

/* What one message says of two sources (by rank, a < b): b's clock minus a's. */
struct bound {
    u64 pair; /* a << 32 | b */
    i64 low, high;
};

struct tie {
    u32 a, b; /* ranks of sources */
    i64 difference;
    isize n;
};

/* x came before y on the way of one message, where the vantage says so. */
static int way(const struct seen *x, const struct seen *y) {
    if (x->vantage == y->vantage) return 0;
    if (x->vantage == VANTAGE_SENDER || y->vantage == VANTAGE_RECEIVER) return 1;
    return -1;
}

static struct bound bound_by(const struct weave *w, const struct seen *x,
                             const struct seen *y) {
    i64 difference = y->time_us - x->time_us;
    /* stamps are cut, not rounded: the ends themselves are out */
    i64 low = difference - x->precision_us + 1, high = difference + y->precision_us - 1;
    int direction = way(x, y);
    if (direction >= 0) low -= WAY_US;
    if (direction <= 0) high += WAY_US;
    u64 pair = (u64)w->source_rank[x->source] << 32 | w->source_rank[y->source];
    return (struct bound){pair, low, high};
}

/* Only what each source saw once ties clocks: which repeat is which is not known yet. Canonical order has the
 * sources of a group in rising rank. */
static isize collect(const struct weave *w, struct bound **bounds) {
    isize n = 0, cap = 0;
    for (isize i = 0; i < w->nalikes; i++) {
        const struct alike *a = &w->alikes[i];
        if (a->n < 2 || a->n > POINTS_A_MESSAGE) continue;
        bool once = true;
        u32 row = a->first;
        for (u32 next = w->next_alike[row]; next && once; next = w->next_alike[row]) {
            once = w->trace.seen[row].source != w->trace.seen[next - 1].source;
            row = next - 1;
        }
        if (!once) continue;
        *bounds = base_grow(*bounds, &cap, n + a->n, (isize)sizeof **bounds);
        row = a->first;
        for (u32 next = w->next_alike[row]; next; next = w->next_alike[row]) {
            (*bounds)[n++] = bound_by(w, &w->trace.seen[row], &w->trace.seen[next - 1]);
            row = next - 1;
        }
    }
    return n;
}

static int by_pair(const void *a, const void *b) {
    const struct bound *x = a, *y = b;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return (x->high > y->high) - (x->high < y->high);
}

/* The roundest difference within an interval: none, whole seconds, tenths … else its middle. */
static i64 roundest(i64 low, i64 high) {
    if (low <= 0 && high >= 0) return 0;
    i64 middle = low + (high - low) / 2;
    for (i64 step = 1000000; step >= 1000; step /= 10) {
        i64 near = (middle + (middle < 0 ? -step : step) / 2) / step * step;
        if (near >= low && near <= high) return near;
    }
    return middle;
}

static int by_value(const void *a, const void *b) {
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Where the most of n intervals overlap (they are in order of `low`); of equals the one nearest to zero. */
static i64 densest(const struct bound *rows, isize n) {
    i64 *ends = base_new(n, (isize)sizeof *ends);
    for (isize i = 0; i < n; i++) ends[i] = rows[i].high;
    qsort(ends, (size_t)n, sizeof *ends, by_value);
    isize open = 0, best = 0, end = 0;
    i64 answer = 0;
    for (isize i = 0; i < n; i++) {
        for (; end < n && ends[end] < rows[i].low; end++) open--;
        open++;
        i64 here = roundest(rows[i].low, end < n ? ends[end] : rows[i].low);
        bool nearer = (here < 0 ? -here : here) < (answer < 0 ? -answer : answer);
        if (open > best || (open == best && nearer)) {
            best = open;
            answer = here;
        }
    }
    base_free(ends);
    return answer;
}

static int more_messages(const void *a, const void *b) {
    const struct tie *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static isize tie_pairs(struct bound *bounds, isize n, struct tie *ties) {
    isize nties = 0;
    qsort(bounds, (size_t)n, sizeof *bounds, by_pair);
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && bounds[j].pair == bounds[i].pair;) j++;
        ties[nties++] = (struct tie){(u32)(bounds[i].pair >> 32), (u32)bounds[i].pair,
                                     densest(bounds + i, j - i), j - i};
    }
    qsort(ties, (size_t)nties, sizeof *ties, more_messages);
    return nties;
}

/* ---- islands: union-find, each source with its clock's difference from its root's ------------------- */

struct island {
    u32 up;
    i64 ahead; /* of the clock of `up` */
    isize n;   /* sightings of this source */
};

static u32 island_root(struct island *all, u32 s) {
    i64 ahead = 0;
    u32 root = s;
    for (; all[root].up != root; root = all[root].up) ahead += all[root].ahead;
    while (all[s].up != s) { /* make the way short */
        u32 up = all[s].up;
        i64 mine = all[s].ahead;
        all[s].up = root;
        all[s].ahead = ahead;
        ahead -= mine;
        s = up;
    }
    return root;
}

/* b's clock is ahead of a's by `difference`. The busier root stays the root. */
static void island_join(struct island *all, const struct tie *t) {
    u32 a = island_root(all, t->a), b = island_root(all, t->b);
    if (a == b) return;
    i64 ahead = t->difference + (all[t->a].up == t->a ? 0 : all[t->a].ahead) -
                (all[t->b].up == t->b ? 0 : all[t->b].ahead);
    bool keep_a = all[a].n != all[b].n ? all[a].n > all[b].n : a < b;
    if (keep_a) {
        all[b].up = a;
        all[b].ahead = ahead;
    } else {
        all[a].up = b;
        all[a].ahead = -ahead;
    }
}

static void spread(struct weave *w, const struct tie *ties, isize nties) {
    isize n = w->trace.nsources;
    struct island *all = base_new(n + 1, (isize)sizeof *all);
    for (isize i = 0; i < n; i++) all[i].up = (u32)i;
    for (isize i = 0; i < w->trace.nseen; i++) {
        all[w->source_rank[w->trace.seen[i].source]].n++;
    }
    for (isize i = 0; i < nties; i++) island_join(all, &ties[i]);
    for (isize i = 0; i < n; i++) {
        u32 rank = w->source_rank[i], root = island_root(all, rank);
        w->islands[i] = root;
        w->offsets[i] = root == rank ? 0 : all[rank].ahead;
    }
    base_free(all);
}

void clock_estimate(struct weave *w) {
    isize n = w->trace.nsources, nties = 0;
    struct bound *bounds = NULL;
    struct tie *ties = NULL;
    w->offsets = base_grow(w->offsets, &w->cap_offsets, n + 1, (isize)sizeof *w->offsets);
    w->islands = base_grow(w->islands, &w->cap_islands, n + 1, (isize)sizeof *w->islands);
    isize nbounds = n > 1 ? collect(w, &bounds) : 0;
    if (nbounds) {
        ties = base_new(nbounds, (isize)sizeof *ties);
        nties = tie_pairs(bounds, nbounds, ties);
    }
    spread(w, ties, nties);
    base_free(bounds);
    base_free(ties);
}
