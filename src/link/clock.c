/* clock.c: several boxes, several clocks. A message that two sources saw ties their clocks: the difference of its stamps is
 * the difference of the clocks, plus the time on the way from the one that saw it first (drift.c).
 *
 *     which saw it first   a device's log: the sender. Two taps: where messages from X to Y have the larger differences,
 *                          and the answers from Y to X the smaller ones, X is on the side of the first
 *
 * The pairs of sources with the most messages tie the clocks together to trees; the busiest source of each has the
 * common clock, and each other one is followed against the one that lies between, over time. */
#include "link/drift.h"
#include "link/weave.h"

#include <stdlib.h>

enum { POINTS_A_MESSAGE = 16, EITHER_WAY_US = 5000, SHORT_WAY_US = 1000 };

/* One message, seen in two stints. */
struct shared {
    u64 pair;  /* stint of x << 32 | stint of y, the smaller first */
    i64 at_us; /* y's stamp */
    u32 x, y;  /* places in the canonical order */
};

struct tie {
    u32 a, b; /* stints */
    isize at, n;
};

/* The sightings of one source, or of one part of it (stint.c). */
struct stint {
    u32 root;    /* while ties are chosen: union-find */
    u32 up;      /* whose clock it is measured against; itself: it has the common clock */
    isize seen;  /* how many sightings */
    isize at, n; /* how far it is ahead of `up`: stretches */
    isize ties;  /* chain of those chosen: edge + 1 */
    i64 blur_us; /* … give or take, all the way to the common clock; -1: a guess */
};

/* A chosen tie, as one end sees it. */
struct end {
    u32 to;
    isize tie, next; /* next + 1 */
};

struct clocks {
    struct weave *w;
    struct shared *shared;
    struct tie *ties;
    struct stint *stints;
    struct end *ends;
    struct tick *ticks;
    struct stretches stretches;
    isize nshared, cap_shared, nties, nstints, nends;
};

static const struct seen *placed(const struct weave *w, u32 place) {
    return &w->trace.seen[w->canon[place]];
}

/* ---- what two sources saw ----------------------------------------------------------------------------- */

/* Only what each source saw once ties clocks: which repeat is which is not known yet. A packet that an interface
 * shows twice is one. Canonical order has the sources of a group in rising rank. */
static int rows_by_source(const struct weave *w, const struct alike *a, u32 *rows) {
    int n = 0;
    for (u32 next = a->first + 1; next; next = w->next_alike[next - 1]) {
        const struct seen *r = &w->trace.seen[next - 1];
        const struct seen *last = n ? &w->trace.seen[rows[n - 1]] : NULL;
        if (last && last->source == r->source) {
            if (!same_packet(w, last, r)) return 0;
            continue;
        }
        rows[n++] = next - 1;
    }
    return n;
}

static void collect(struct clocks *c) {
    const struct weave *w = c->w;
    u32 rows[POINTS_A_MESSAGE];
    for (isize i = 0; i < w->nalikes; i++) {
        const struct alike *a = &w->alikes[i];
        if (a->n < 2 || a->n > POINTS_A_MESSAGE) continue;
        int n = rows_by_source(w, a, rows);
        c->shared = base_grow(c->shared, &c->cap_shared, c->nshared + POINTS_A_MESSAGE,
                              (isize)sizeof *c->shared);
        for (int k = 1; k < n; k++) {
            u64 pair = (u64)stint_of(w, rows[k - 1]) << 32 | stint_of(w, rows[k]);
            c->shared[c->nshared++] =
                (struct shared){pair, w->trace.times[rows[k]], rank_of(w, rows[k - 1]),
                                rank_of(w, rows[k])};
        }
    }
}

static int by_pair(const void *a, const void *b) {
    const struct shared *x = a, *y = b;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    return (x->x > y->x) - (x->x < y->x);
}

static int more_messages(const void *a, const void *b) {
    const struct tie *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static void find_ties(struct clocks *c) {
    if (c->nshared) qsort(c->shared, (size_t)c->nshared, sizeof *c->shared, by_pair);
    c->ties = base_new(c->nshared + c->nstints, (isize)sizeof *c->ties);
    for (isize i = 0, k; i < c->nshared; i = k) {
        u64 pair = c->shared[i].pair;
        for (k = i + 1; k < c->nshared && c->shared[k].pair == pair;) k++;
        c->ties[c->nties++] = (struct tie){(u32)(pair >> 32), (u32)pair, i, k - i};
    }
    if (c->nties) qsort(c->ties, (size_t)c->nties, sizeof *c->ties, more_messages);
}

/* ---- which way messages went ------------------------------------------------------------------------------ */

/* x came before y on the way of one message, where the vantage says so. */
static int way(const struct seen *x, const struct seen *y) {
    if (x->vantage == y->vantage) return 0;
    if (x->vantage == VANTAGE_SENDER || y->vantage == VANTAGE_RECEIVER) return 1;
    return -1;
}

/* Between two addresses: the last difference each way, and whether one way has the larger ones. */
struct hop {
    i64 at_us[2], difference[2];
    bool met[2];
    i32 votes, voted; /* for: the second way has the larger differences; and in all */
};

struct hops {
    struct map index;
    struct hop *rows;
    isize n, cap;
};

static struct hop *hop_of(struct hops *h, const struct seen *r) {
    u64 low = r->src < r->dst ? r->src : r->dst, high = r->src < r->dst ? r->dst : r->src;
    u32 *number = map_put(&h->index, hash_mix(low, high));
    if (!*number) {
        h->rows = base_grow(h->rows, &h->cap, h->n + 1, (isize)sizeof *h->rows);
        h->rows[h->n] = (struct hop){.votes = 0};
        *number = (u32)++h->n;
    }
    return &h->rows[*number - 1];
}

static void vote(const struct trace *t, struct hops *h, const struct seen *x,
                 const struct seen *y) {
    enum { SOON_US = 10000000, RATE_PARTS = 10000 };
    struct hop *hop = hop_of(h, x);
    bool second = x->src > x->dst;
    i64 at_us = seen_time_us(t, y), difference = at_us - seen_time_us(t, x);
    i64 since = at_us - hop->at_us[!second];
    if (hop->met[!second] && since >= 0 && since < SOON_US) {
        i64 larger = difference - hop->difference[!second];
        i64 blur = since / RATE_PARTS + x->precision_us + y->precision_us;
        hop->voted += larger > blur || larger < -blur;
        if (larger > blur) hop->votes += second ? 1 : -1;
        if (larger < -blur) hop->votes += second ? -1 : 1;
    }
    hop->met[second] = true;
    hop->at_us[second] = at_us;
    hop->difference[second] = difference;
}

/* x saw it first: 1, y did: -1, nobody knows: 0. */
struct direction {
    int way;
    u8 known;
};

/* Where many agree it is certain: on a way that passes both taps in the same order there and back, votes are chance. */
static struct direction direction_of(struct hops *h, const struct seen *x,
                                     const struct seen *y) {
    enum { VOTES_CERTAIN = 8 };
    struct direction d = {way(x, y), 2};
    if (d.way || x->vantage != VANTAGE_WIRE || !h->n) return d;
    const struct hop *hop = hop_of(h, x);
    if (hop->votes == 0) return (struct direction){0, 0};
    i32 margin = hop->votes < 0 ? -hop->votes : hop->votes;
    bool certain = hop->voted >= VOTES_CERTAIN && margin >= hop->voted - hop->voted / 8;
    d.way = (hop->votes > 0) == (x->src > x->dst) ? 1 : -1;
    d.known = certain ? 2 : 1;
    return d;
}

/* What a message says of the clock of y, or if `of_x` of that of x. */
static struct tick tick_of(const struct weave *w, struct hops *h,
                           const struct shared *rows, bool of_x) {
    const struct seen *x = placed(w, rows->x), *y = placed(w, rows->y);
    struct direction d = direction_of(h, x, y);
    const struct seen *own = of_x ? x : y, *other = of_x ? y : x;
    i64 at_us = seen_time_us(&w->trace, own);
    i64 ahead = at_us - seen_time_us(&w->trace, other);
    /* stamps are cut, not rounded: the ends themselves are out */
    struct tick t = {.at_us = at_us,
                     .low_us = ahead - other->precision_us + 1,
                     .high_us = ahead + own->precision_us - 1,
                     .known = d.known};
    t.probable_us = ahead - (of_x ? -d.way : d.way) * SHORT_WAY_US;
    if (w->coarse) {
        u32 mine = of_x ? rows->x : rows->y, others = of_x ? rows->y : rows->x;
        t.probable_us +=
            (i64)w->spread_at[w->canon[mine]] - (i64)w->spread_at[w->canon[others]];
        t.give_us =
            (i64)w->spread_by[w->canon[mine]] + (i64)w->spread_by[w->canon[others]];
    }
    if (d.way == 0) {
        t.known = 0;
        t.low_us -= EITHER_WAY_US;
        t.high_us += EITHER_WAY_US;
        t.sides = TICK_LOW | TICK_HIGH;
    } else if ((d.way > 0) != of_x) {
        t.low_us -= WAY_US;
        t.sides = TICK_HIGH;
    } else {
        t.high_us += WAY_US;
        t.sides = TICK_LOW;
    }
    return t;
}

/* Two parts of a source, the second set back: its first line came a moment after the last of the first. Summer time ends by
 * half an hour or more, exactly. */
static void fit_step(struct clocks *c, u32 stint, const struct tie *t) {
    enum { HALF_HOUR_US = 1800000000, MOMENT_US = 60000000 };
    const struct weave *w = c->w;
    u32 first = w->stints[t->b];
    i64 step = seen_time_us(&w->trace, placed(w, first)) -
               seen_time_us(&w->trace, placed(w, first - 1));
    i64 halves = (step - HALF_HOUR_US / 2) / HALF_HOUR_US * HALF_HOUR_US;
    if (halves && step >= halves && step - halves <= MOMENT_US) step = halves;
    drift_known(&c->stretches, stint == t->b ? step : -step);
    c->stints[stint].n = 1;
    c->stints[stint].blur_us = -1;
}

static void fit(struct clocks *c, u32 stint, const struct tie *t) {
    const struct shared *rows = c->shared + t->at;
    struct hops hops = {.n = 0};
    c->stints[stint].at = c->stretches.n;
    if (t->n == 0) {
        fit_step(c, stint, t);
        return;
    }
    for (isize i = 0; i < t->n; i++) {
        const struct seen *x = placed(c->w, rows[i].x), *y = placed(c->w, rows[i].y);
        if (x->vantage == VANTAGE_WIRE && y->vantage == VANTAGE_WIRE)
            vote(&c->w->trace, &hops, x, y);
    }
    for (isize i = 0; i < t->n; i++) {
        c->ticks[i] = tick_of(c->w, &hops, &rows[i], stint == t->a);
    }
    struct stint *l = &c->stints[stint];
    i64 blur = drift_fit(&c->stretches, c->ticks, t->n), above = c->stints[l->up].blur_us;
    l->blur_us = blur < 0 || above < 0 ? -1 : blur + above;
    l->n = c->stretches.n - l->at;
    map_drop(&hops.index);
    base_free(hops.rows);
}

/* ---- trees: the ties with the most messages; from the busiest stint outwards --------------------------------- */

static u32 root_of(struct stint *stints, u32 i) {
    while (stints[i].root != i) i = stints[i].root = stints[stints[i].root].root;
    return i;
}

static void add_end(struct clocks *c, u32 from, u32 to, isize tie) {
    c->ends[c->nends] = (struct end){to, tie, c->stints[from].ties};
    c->stints[from].ties = ++c->nends;
}

/* Is this stint what came after the one before it, in one source? */
static bool set_back(const struct weave *w, isize stint) {
    const struct seen *before = placed(w, w->stints[stint] - 1);
    const struct seen *first = placed(w, w->stints[stint]);
    return before->source == first->source &&
           seen_place(&w->trace, before)->line < seen_place(&w->trace, first)->line;
}

/* Two trees become one; its busiest stint is the root. */
static void bind(struct clocks *c, u32 root_a, u32 root_b, isize tie) {
    isize a = c->stints[root_a].seen, b = c->stints[root_b].seen;
    bool keep_a = a != b ? a > b : root_a < root_b;
    c->stints[keep_a ? root_b : root_a].root = keep_a ? root_a : root_b;
    add_end(c, c->ties[tie].a, c->ties[tie].b, tie);
    add_end(c, c->ties[tie].b, c->ties[tie].a, tie);
}

/* By shared messages; parts of a source without any by the step between them. */
static void choose_ties(struct clocks *c) {
    c->ends = base_new(2 * c->nstints, (isize)sizeof *c->ends);
    for (isize i = 0; i < c->nties; i++) {
        u32 a = root_of(c->stints, c->ties[i].a), b = root_of(c->stints, c->ties[i].b);
        if (a == b) continue;
        bind(c, a, b, i);
    }
    for (isize i = 1; i < c->nstints; i++) {
        if (!c->stints[i].seen || !c->stints[i - 1].seen) continue;
        if (!set_back(c->w, i)) continue;
        u32 a = root_of(c->stints, (u32)i - 1), b = root_of(c->stints, (u32)i);
        if (a == b) continue;
        c->ties[c->nties] = (struct tie){(u32)i - 1, (u32)i, 0, 0};
        bind(c, a, b, c->nties++);
    }
}

static void follow(struct clocks *c, u32 root) {
    u32 *queue = base_new(c->nstints, (isize)sizeof *queue);
    isize n = 0, at = 0;
    queue[n++] = root;
    while (at < n) {
        u32 here = queue[at++];
        for (isize e = c->stints[here].ties; e; e = c->ends[e - 1].next) {
            u32 to = c->ends[e - 1].to;
            if (to == c->stints[here].up) continue;
            c->stints[to].up = here;
            fit(c, to, &c->ties[c->ends[e - 1].tie]);
            queue[n++] = to;
        }
    }
    base_free(queue);
}

static i64 on_common(const struct clocks *c, u32 stint, i64 us) {
    for (; c->stints[stint].up != stint; stint = c->stints[stint].up) {
        const struct stint *l = &c->stints[stint];
        us -= drift_ahead(c->stretches.rows + l->at, l->n, us);
    }
    return us;
}

static void estimate(struct clocks *c) {
    struct weave *w = c->w;
    isize most = 0;
    for (isize i = 0; i < c->nstints; i++) {
        c->stints[i].root = c->stints[i].up = (u32)i;
    }
    for (isize i = 0; i < c->nstints; i++) {
        isize end = i + 1 < c->nstints ? (isize)w->stints[i + 1] : w->trace.nseen;
        c->stints[i].seen = end - (isize)w->stints[i];
    }
    if (c->nstints < 2) return;
    collect(c);
    find_ties(c);
    choose_ties(c);
    for (isize i = 0; i < c->nties; i++) most = i64_max(most, c->ties[i].n);
    c->ticks = base_new(most + 1, (isize)sizeof *c->ticks);
    for (isize i = 0; i < c->nstints; i++) {
        if (c->stints[i].root == (u32)i) follow(c, (u32)i);
    }
}

/* What holds of a source as a whole is what holds of its first stint. */
static void tell_of_sources(struct clocks *c) {
    struct weave *w = c->w;
    for (isize i = 0; i < w->trace.nsources; i++) {
        w->islands[i] = (u32)(c->nstints + i);
        w->blur_us[i] = 0;
    }
    for (isize i = c->nstints - 1; i >= 0; i--) {
        if (!c->stints[i].seen) continue;
        u16 source = placed(w, w->stints[i])->source;
        w->islands[source] = root_of(c->stints, (u32)i);
        i64 blur = c->stints[i].blur_us;
        w->blur_us[source] =
            blur < 0 || w->blur_us[source] < 0 ? -1 : i64_max(w->blur_us[source], blur);
    }
}

void clock_estimate(struct weave *w) {
    isize n = w->trace.nseen, nsources = w->trace.nsources;
    struct clocks c = {.w = w, .nstints = w->nstints};
    w->islands = base_grow(w->islands, &w->cap_islands, nsources + 1, (isize)sizeof(u32));
    w->blur_us = base_grow(w->blur_us, &w->cap_blur_us, nsources + 1, (isize)sizeof(i64));
    c.stints = base_new(c.nstints + 1, (isize)sizeof *c.stints);
    mirror_measure(w);
    estimate(&c);
    base_free(w->common_us);
    w->common_us = c.nstints > 1 ? base_new(n + 1, (isize)sizeof(i64)) : NULL;
    for (isize i = 0; w->common_us && i < n; i++)
        w->common_us[i] = on_common(&c, stint_of(w, (u32)i), w->trace.times[i]);
    tell_of_sources(&c);
    stint_arrange(w);
    void *const tables[] = {c.shared, c.ties,  c.stints,
                            c.ends,   c.ticks, c.stretches.rows};
    for (isize i = 0; i < countof(tables); i++) base_free(tables[i]);
}
