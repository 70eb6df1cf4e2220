/* merge.c: alike sightings to messages. A message may be sent again with the same bytes, so several alike sightings
 * of one capture point are several messages. Within one group of alike ones:
 *
 *     hop, point       what each capture point saw on each hop, in its own order    A: ● ●   ●     B: ● ●
 *     same hop         the nearest in time, in order, the point that saw most first. Where stamps or clocks are too coarse for
 *                      that and two points saw equally many: the k-th is the k-th
 *     several hops     a NAT lies between points that did not see each other's hop: joined in the same way;
 *                      a point that saw both hops shows that they are two
 *
 * Every sighting ends in exactly one message. n log n, whatever comes. */
#include "link/weave.h"

enum {
    SAME_PACKET_US =
        1000, /* one interface that sees a packet twice sees it this close together */
    FAR_POINT_US =
        400000, /* less than T1 (RFC 3261 §17.1.1.2): past that it may be sent again */
    COARSE_US = 1000000,
    BLUR_US = 50000,
    SOURCES_A_HOP = 8,
    HOPS_TRIED = 8,
};

/* What one capture point saw on one hop. */
struct run {
    u32 hop, n, first, last; /* chain of items, + 1 */
    u32 source, vantage;
};

/* A message while its sightings are being found. */
struct merged {
    struct msg m;
    u32 more; /* the chain of the other sightings: row + 1 */
};

struct item {
    struct merged m;
    u32 next; /* + 1 */
};

/* The messages on one hop, by time. */
struct pile {
    isize at, n; /* in merger.msgs */
    u32 sources[SOURCES_A_HOP];
    isize nsources; /* past SOURCES_A_HOP: too many to tell */
};

struct merger {
    struct weave *w;
    struct map runs_by, hops_by;
    struct run *runs;
    struct item *items;
    struct merged *msgs, *aligned;
    struct pile *piles;
    isize nruns, nitems, nmsgs, npiles;
    isize cap_runs, cap_items, cap_msgs, cap_aligned, cap_piles;
};

static struct msg msg_of(const struct weave *w, u32 row) {
    return (struct msg){.time_us = common_time(w, row), .seen = row};
}

static bool speaks_better(const struct seen *a, const struct seen *b) {
    int known_a = (a->src != 0) + (a->dst != 0), known_b = (b->src != 0) + (b->dst != 0);
    if (known_a != known_b) return known_a > known_b;
    if (((a->flags ^ b->flags) & SEEN_CUT)) return !(a->flags & SEEN_CUT);
    if (a->precision_us != b->precision_us) return a->precision_us < b->precision_us;
    return a->vantage == VANTAGE_SENDER && b->vantage != VANTAGE_SENDER;
}

static struct merged merged_of(const struct weave *w, u32 row) {
    return (struct merged){.m = msg_of(w, row)};
}

/* b's sightings become m's. */
static void unite(const struct weave *w, struct merged *m, struct merged b) {
    if (speaks_better(msg_seen(w, &b.m), msg_seen(w, &m->m))) {
        struct merged swap = *m;
        *m = b;
        b = swap;
    }
    u32 tail = b.more;
    while (tail && w->more[tail - 1]) tail = w->more[tail - 1];
    if (tail) w->more[tail - 1] = m->more;
    w->more[b.m.seen] = tail ? b.more : m->more;
    m->more = b.m.seen + 1;
}

/* ---- what each point saw ----------------------------------------------------------------------- */

static struct run *run_of(struct merger *g, const struct seen *r) {
    u64 hop_key = (u64)r->src << 32 | r->dst;
    u32 *hop = map_put(&g->hops_by, hash_mix(hop_key, 1));
    if (!*hop) *hop = (u32)g->hops_by.n;
    u64 point = (u64)r->source << 8 | r->vantage;
    u32 *run = map_put(&g->runs_by, hash_mix(point, *hop));
    if (!*run) {
        g->runs = base_grow(g->runs, &g->cap_runs, g->nruns + 1, (isize)sizeof *g->runs);
        g->runs[g->nruns++] =
            (struct run){.hop = *hop, .source = r->source, .vantage = r->vantage};
        *run = (u32)g->nruns;
    }
    return &g->runs[*run - 1];
}

static bool is_news(const struct seen *r) {
    return r->status >= 100 && r->status < 200;
}

bool same_packet(const struct weave *w, const struct seen *first,
                 const struct seen *then) {
    /* provisional responses may be sent again at any time, by a box that rings several phones, say: only as far apart
     * as this source has other packets twice */
    i64 apart = is_news(then) ? w->mirror_us[then->source] : SAME_PACKET_US;
    /* some devices write captures whose stamps are whole milliseconds */
    i64 first_us = seen_time_us(&w->trace, first),
        then_us = seen_time_us(&w->trace, then);
    bool cut = first_us % 1000 == 0 && then_us % 1000 == 0;
    i64 slack = i64_max(then->precision_us, cut ? 1000 : 1);
    i64 later = then_us - first_us; /* before it: the clock was set back */
    return then->vantage == VANTAGE_WIRE && then->precision_us < COARSE_US &&
           later >= 0 && (apart > 0 && later < apart + slack);
}

void mirror_measure(struct weave *w) {
    enum { WIDER = 3 };
    isize n = w->trace.nsources;
    w->mirror_us = base_grow(w->mirror_us, &w->cap_mirror_us, n + 1, (isize)sizeof(i64));
    i64 *sums = base_new(n + 1, (isize)sizeof *sums),
        *counts = base_new(n + 1, (isize)sizeof *counts);
    for (isize i = 0; i < w->nalikes; i++) {
        u32 row = w->alikes[i].first;
        const struct seen *last = &w->trace.seen[row];
        if (is_news(last)) continue;
        for (u32 next = w->next_alike[row]; next; next = w->next_alike[next - 1]) {
            const struct seen *r = &w->trace.seen[next - 1];
            bool hop =
                r->source == last->source && r->src == last->src && r->dst == last->dst;
            if (hop && same_packet(w, last, r)) {
                sums[r->source] +=
                    seen_time_us(&w->trace, r) - seen_time_us(&w->trace, last);
                counts[r->source]++;
            }
            last = r;
        }
    }
    for (isize i = 0; i < n; i++)
        w->mirror_us[i] =
            counts[i] ? i64_min(SAME_PACKET_US, WIDER * sums[i] / counts[i] + 1) : 0;
    base_free(sums);
    base_free(counts);
}

static void lay_out(struct merger *g, const struct alike *a) {
    map_drop(&g->runs_by);
    map_drop(&g->hops_by);
    g->nruns = g->nitems = g->nmsgs = g->npiles = 0;
    g->items = base_grow(g->items, &g->cap_items, a->n, (isize)sizeof *g->items);
    for (u32 next = a->first + 1; next; next = g->w->next_alike[next - 1]) {
        struct run *run = run_of(g, &g->w->trace.seen[next - 1]);
        struct item *last = run->last ? &g->items[run->last - 1] : NULL;
        if (last &&
            same_packet(g->w, msg_seen(g->w, &last->m.m), &g->w->trace.seen[next - 1])) {
            unite(g->w, &last->m, merged_of(g->w, next - 1));
            continue;
        }
        g->items[g->nitems++] = (struct item){.m = merged_of(g->w, next - 1)};
        if (last) last->next = (u32)g->nitems;
        if (!last) run->first = (u32)g->nitems;
        run->last = (u32)g->nitems;
        run->n++;
    }
}

/* ---- one row of messages onto another ------------------------------------------------------------ */

static i64 apart(const struct weave *w, const struct merged *a, const struct merged *b) {
    i64 us = msg_probable_us(w, &a->m) - msg_probable_us(w, &b->m);
    return us < 0 ? -us : us;
}

/* How far off its probable time may be. */
static u32 blur(const struct weave *w, const struct msg *m) {
    u32 precision = msg_precision_us(w, m);
    return w->coarse && precision >= COARSE_US ? w->spread_by[m->seen] : precision;
}

/* Its clock is followed, to less than what lies between copies. */
static bool followed(const struct weave *w, const struct seen *r) {
    return w->blur_us[r->source] >= 0 && w->blur_us[r->source] <= FAR_POINT_US / 4;
}

/* Over UDP a message may be sent again, and both points have clocks good enough to tell one copy from the next. */
static bool timed(const struct weave *w, const struct merged *x, const struct merged *y) {
    const struct seen *a = msg_seen(w, &x->m), *b = msg_seen(w, &y->m);
    return a->transport == TRANSPORT_UDP && b->transport == TRANSPORT_UDP &&
           blur(w, &x->m) <= BLUR_US && blur(w, &y->m) <= BLUR_US &&
           w->islands[a->source] == w->islands[b->source] && followed(w, a) &&
           followed(w, b);
}

static bool near_enough(const struct weave *w, const struct merged *a,
                        const struct merged *b) {
    i64 slack = i64_max(msg_precision_us(w, &a->m), msg_precision_us(w, &b->m));
    return apart(w, a, b) <= FAR_POINT_US + (slack > 1000 ? slack : 0);
}

static bool all_near(const struct weave *w, const struct merged *a,
                     const struct merged *b, isize n) {
    for (isize i = 0; i < n; i++) {
        if (!near_enough(w, &a[i], &b[i])) return false;
    }
    return true;
}

/* The messages more[0 .. nmore) join those of the pile that they are the same as; the others go between them, by
 * time. The pile is the last one in g->msgs. */
static void align(struct merger *g, struct pile *p, const struct merged *more,
                  isize nmore) {
    const struct weave *w = g->w;
    struct merged *mine = g->msgs + p->at;
    const struct seen *a = msg_seen(w, &mine[0].m), *b = msg_seen(w, &more[0].m);
    bool by_rank = timed(w, &mine[0], &more[0])
                       ? p->n == nmore && all_near(w, mine, more, nmore)
                       : p->n == nmore || w->islands[a->source] != w->islands[b->source];
    isize n = 0, i = 0;
    g->aligned =
        base_grow(g->aligned, &g->cap_aligned, p->n + nmore, (isize)sizeof *g->aligned);
    for (isize k = 0; k < nmore; k++) {
        while (!by_rank && i + 1 < p->n &&
               apart(w, &mine[i + 1], &more[k]) < apart(w, &mine[i], &more[k])) {
            g->aligned[n++] = mine[i++];
        }
        if (i < p->n && (by_rank || near_enough(w, &mine[i], &more[k]))) {
            unite(w, &mine[i], more[k]);
            g->aligned[n++] = mine[i++];
        } else {
            while (i < p->n && mine[i].m.time_us <= more[k].m.time_us)
                g->aligned[n++] = mine[i++];
            g->aligned[n++] = more[k];
        }
    }
    while (i < p->n) g->aligned[n++] = mine[i++];
    g->msgs = base_grow(g->msgs, &g->cap_msgs, p->at + n, (isize)sizeof *g->msgs);
    for (isize k = 0; k < n; k++) g->msgs[p->at + k] = g->aligned[k];
    p->n = n;
    g->nmsgs = p->at + n;
}

static void pile_add_source(struct pile *p, u32 source) {
    for (isize i = 0; i < i64_min(p->nsources, SOURCES_A_HOP); i++) {
        if (p->sources[i] == source) return;
    }
    if (p->nsources < SOURCES_A_HOP) p->sources[p->nsources] = source;
    p->nsources++;
}

/* One point's messages on a hop go onto what the others saw of it. */
static void run_onto(struct merger *g, struct pile *p, const struct run *run) {
    isize at = g->nmsgs;
    g->msgs = base_grow(g->msgs, &g->cap_msgs, at + run->n, (isize)sizeof *g->msgs);
    for (u32 next = run->first; next; next = g->items[next - 1].next) {
        g->msgs[g->nmsgs++] = g->items[next - 1].m;
    }
    pile_add_source(p, run->source);
    if (at == p->at) {
        p->n = g->nmsgs - at;
        return;
    }
    struct merged *more = base_new(run->n, (isize)sizeof *more);
    for (isize i = 0; i < run->n; i++) more[i] = g->msgs[at + i];
    align(g, p, more, run->n);
    base_free(more);
}

/* Runs by hop, those that saw most first; else in canonical order. */
static void make_piles(struct merger *g) {
    struct sort_row *rows = base_new(g->nruns, (isize)sizeof *rows);
    for (isize i = 0; i < g->nruns; i++) {
        rows[i] = (struct sort_row){
            (u64)g->runs[i].hop << 32 | (UINT32_MAX - g->runs[i].n), (u64)i};
    }
    sort_rows(rows, g->nruns);
    for (isize i = 0; i < g->nruns; i++) {
        const struct run *run = &g->runs[rows[i].value];
        if (i == 0 || rows[i].key >> 32 != rows[i - 1].key >> 32) {
            g->piles = base_grow(g->piles, &g->cap_piles, g->npiles + 1,
                                 (isize)sizeof *g->piles);
            g->piles[g->npiles++] = (struct pile){.at = g->nmsgs};
        }
        run_onto(g, &g->piles[g->npiles - 1], run);
    }
    base_free(rows);
}

static bool apart_from(const struct pile *a, const struct pile *b) {
    if (a->nsources > SOURCES_A_HOP || b->nsources > SOURCES_A_HOP) return false;
    for (isize i = 0; i < a->nsources; i++) {
        for (isize k = 0; k < b->nsources; k++) {
            if (a->sources[i] == b->sources[k]) return false;
        }
    }
    return true;
}

/* Gives its row. */
static u32 write_out(struct weave *w, const struct merged *m) {
    if (m->more) w->more[m->m.seen] = m->more;
    w->msgs[w->nmsgs] = m->m;
    return (u32)w->nmsgs++;
}

static void note_repeat(struct weave *w, u32 row, isize first) {
    if (!w->repeats) w->repeats = base_new(w->trace.nseen + 1, (isize)sizeof *w->repeats);
    w->repeats[row] = (u32)first + 1;
}

/* Writes the piles out; each that another's points have not seen goes onto that one. */
static void finish(struct merger *g) {
    struct weave *w = g->w;
    isize out = g->npiles, kept = 0;
    for (isize i = 0; i < out; i++) {
        struct pile mine = g->piles[i];
        isize k = 0;
        while (k < kept && k < HOPS_TRIED && !apart_from(&g->piles[k], &mine)) k++;
        if (k == kept || k == HOPS_TRIED) {
            g->piles[kept++] = mine;
            continue;
        }
        /* both move to the end, where there is room to grow */
        struct pile *to = &g->piles[k];
        isize at = g->nmsgs;
        g->msgs =
            base_grow(g->msgs, &g->cap_msgs, at + to->n + mine.n, (isize)sizeof *g->msgs);
        for (isize j = 0; j < to->n; j++) g->msgs[at + j] = g->msgs[to->at + j];
        to->at = at;
        for (isize j = 0; j < mine.nsources; j++) pile_add_source(to, mine.sources[j]);
        align(g, to, g->msgs + mine.at, mine.n);
    }
    for (isize i = 0; i < kept; i++) {
        const struct pile *p = &g->piles[i];
        isize original = w->nmsgs;
        for (isize j = 0; j < p->n; j++) {
            u32 row = write_out(w, &g->msgs[p->at + j]);
            /* sent again (RFC 3261 §17.1.1.2); repeated provisional responses are news each time */
            if (j > 0 && !is_news(msg_seen(w, &w->msgs[row])))
                note_repeat(w, row, original);
        }
    }
}

/* Mostly: a sender's and a receiver's. */
static bool merge_simply(struct weave *w, const struct alike *a) {
    const struct seen *x = &w->trace.seen[a->first], *y = &w->trace.seen[a->last];
    if (a->n != 2 || x->source == y->source) return false;
    struct merged m = merged_of(w, a->first), o = merged_of(w, a->last);
    if (timed(w, &m, &o) && !near_enough(w, &m, &o)) return false;
    unite(w, &m, o);
    (void)write_out(w, &m);
    return true;
}

static void merge_alike(struct merger *g, const struct alike *a) {
    if (merge_simply(g->w, a)) return;
    lay_out(g, a);
    make_piles(g);
    finish(g);
}

/* Where one source saw each message once, by one clock, the messages have its times. */
static void forget_times(struct weave *w) {
    bool same = w->trace.nsources == 1 && !w->coarse && !w->more && !w->common_us;
    if (same && w->finished) trace_forget(&w->trace, TRACE_TIMES);
    if (w->unshown && w->finished) trace_forget(&w->trace, TRACE_PLACES);
}

/* In the canonical order of their first sightings. Most are seen once, and nothing is like them. */
void merge_sightings(struct weave *w) {
    struct merger g = {.w = w};
    isize n = w->trace.nseen;
    w->nmsgs = 0;
    w->msgs = base_room(w->msgs, &w->cap_msgs, n + 1, (isize)sizeof *w->msgs);
    base_free(w->repeats);
    w->repeats = NULL;
    base_free(w->more);
    w->more = w->nalikes ? base_new(n + 1, (isize)sizeof *w->more) : NULL;
    for (isize i = 0; i < n; i++) {
        u32 row = w->canon[i], alike = w->nalikes ? w->alike_of[row] : 0;
        if (!alike) {
            w->msgs[w->nmsgs++] = msg_of(w, row);
        } else if (w->alikes[alike - 1].first == row) {
            merge_alike(&g, &w->alikes[alike - 1]);
        }
    }
    map_drop(&g.runs_by);
    map_drop(&g.hops_by);
    forget_times(w);
    void *const tables[] = {g.runs,  g.items,  g.msgs,      g.aligned,
                            g.piles, w->canon, w->common_us};
    for (isize i = 0; i < countof(tables); i++) base_free(tables[i]);
    w->canon = NULL;
    w->common_us = NULL;
    w->cap_canon = 0;
}
