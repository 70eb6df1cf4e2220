/* merge.c: sightings to messages. Two sightings are one message when everything that names it is equal
 * (RFC 3261 §17) and its text is, whatever the addresses (a NAT lies between some capture points).
 *
 * A message may be sent again with the same bytes. Within one identity, each capture point saw a
 * row of them; where all points saw equally many, the k-th of one is the k-th of the other,
 * and no clock is needed. Else their times decide. */
#include "link/weave.h"

#include <stdlib.h>

enum {
    SAME_PACKET_US =
        20000, /* one interface that sees a packet twice sees it this close together */
    FAR_POINT_US =
        400000, /* less than T1 (RFC 3261 §17.1.1.2): past that it may be sent again */
};

static int by_key(const void *a, const void *b) {
    const struct sort_row *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

void sort_rows(struct sort_row *rows, isize n) {
    if (n) qsort(rows, (size_t)n, sizeof *rows, by_key);
}

static u64 header_identity(const struct seen *r) {
    u64 h =
        hash_mix((u64)r->call_id << 32 | r->cseq,
                 (u64)r->method << 32 | (u64)r->status << 8 | (r->flags & SEEN_REQUEST));
    return hash_mix(h, hash_mix((u64)r->branch << 32 | r->from_tag, r->to_tag));
}

u64 seen_identity(const struct seen *r) {
    /* a message cut short has another text: its headers have to do */
    return hash_mix(header_identity(r), r->flags & SEEN_CUT ? 1 : r->content);
}

static u32 msg_add(struct weave *w, u32 seen) {
    const struct seen *r = &w->trace.seen[seen];
    w->msgs = base_grow(w->msgs, &w->cap_msgs, w->nmsgs + 1, (isize)sizeof *w->msgs);
    w->msgs[w->nmsgs] = (struct msg){
        .time_us = common_time(w, r), .precision_us = r->precision_us, .seen = seen};
    return (u32)w->nmsgs++;
}

static bool speaks_better(const struct seen *a, const struct seen *b) {
    if (((a->flags ^ b->flags) & SEEN_CUT)) return !(a->flags & SEEN_CUT);
    if (a->precision_us != b->precision_us) return a->precision_us < b->precision_us;
    return a->vantage == VANTAGE_SENDER && b->vantage != VANTAGE_SENDER;
}

static void msg_join(struct weave *w, u32 msg, u32 seen) {
    struct msg *m = &w->msgs[msg];
    const struct seen *r = &w->trace.seen[seen];
    u32 other = seen;
    if (speaks_better(r, msg_seen(w, m))) {
        other = m->seen;
        m->seen = seen;
        m->time_us = common_time(w, r);
        m->precision_us = r->precision_us;
    }
    w->more[other] = m->more;
    m->more = other + 1;
}

static bool same_point(const struct seen *a, const struct seen *b) {
    return a->source == b->source && a->vantage == b->vantage;
}

static bool seen_at_point(const struct weave *w, const struct msg *m,
                          const struct seen *r) {
    if (same_point(msg_seen(w, m), r)) return true;
    for (u32 next = m->more; next; next = w->more[next - 1]) {
        if (same_point(&w->trace.seen[next - 1], r)) return true;
    }
    return false;
}

/* May r be one more sighting of m? */
static bool fits(const struct weave *w, const struct msg *m, const struct seen *r) {
    const struct seen *was = &w->trace.seen[m->seen];
    i64 apart = common_time(w, r) - m->time_us;
    if (apart < 0) apart = -apart;
    if (seen_at_point(w, m, r)) {
        return r->vantage == VANTAGE_WIRE && r->precision_us < 1000000 &&
               apart <= SAME_PACKET_US && r->src == was->src && r->dst == was->dst;
    }
    if (r->attempt && was->attempt && r->attempt != was->attempt) return false;
    i64 slack = i64_max(r->precision_us, m->precision_us);
    return apart <= FAR_POINT_US + (slack > 1000 ? slack : 0);
}

/* How many of these rows came from each point: equal for all points? Gives that number, or 0. */
static isize equal_rows(const struct weave *w, const struct sort_row *rows, isize n) {
    u32 points[8] = {0};
    isize counts[8] = {0}, npoints = 0;
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[rows[i].value];
        u32 point = ((u32)r->source << 8 | r->vantage) + 1;
        isize p = 0;
        while (p < npoints && points[p] != point) p++;
        if (p == countof(points)) return 0;
        if (p == npoints) points[npoints++] = point;
        counts[p]++;
    }
    for (isize p = 1; p < npoints; p++) {
        if (counts[p] != counts[0]) return 0;
    }
    return npoints > 1 ? counts[0] : 0;
}

/* Equal numbers at each point: the k-th is the k-th. `rows` are in order of arrival within a point. */
static void merge_by_rank(struct weave *w, const struct sort_row *rows, isize n,
                          isize each) {
    isize npoints = n / each, first = w->nmsgs;
    u32 points[8] = {0};
    isize rank[8] = {0}, known = 0;
    must(npoints <= countof(points));
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[rows[i].value];
        u32 point = ((u32)r->source << 8 | r->vantage) + 1;
        isize p = 0;
        while (p < known && points[p] != point) p++;
        if (p == known) points[known++] = point;
        isize k = rank[p]++;
        if (first + k == w->nmsgs) {
            msg_add(w, (u32)rows[i].value);
        } else {
            msg_join(w, (u32)(first + k), (u32)rows[i].value);
        }
    }
}

static void merge_by_time(struct weave *w, struct sort_row *rows, isize n) {
    isize first = w->nmsgs;
    for (isize i = 0; i < n; i++) { /* order by common time, then arrival */
        rows[i].key = (u64)common_time(w, &w->trace.seen[rows[i].value]) ^ ((u64)1 << 63);
    }
    sort_rows(rows, n);
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[rows[i].value];
        isize m = first;
        while (m < w->nmsgs && !fits(w, &w->msgs[m], r)) m++;
        if (m == w->nmsgs) {
            msg_add(w, (u32)rows[i].value);
        } else {
            msg_join(w, (u32)m, (u32)rows[i].value);
        }
        while (w->nmsgs - first > 64)
            first++; /* a flood of equal messages: only the last ones can match */
    }
}

/* A sighting cut short takes the content of a whole one with the same headers, if there is one. */
static void adopt_content(struct weave *w, struct sort_row *rows, isize n,
                          struct map *whole) {
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[i];
        if (!(r->flags & SEEN_CUT)) *map_put(whole, header_identity(r)) = r->content;
    }
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[i];
        u64 header = header_identity(r);
        u32 content = r->flags & SEEN_CUT ? map_get(whole, header) : r->content;
        rows[i] = (struct sort_row){hash_mix(header, content), (u64)i};
    }
}

/* Repeats: the same identity on the same hop, later (RFC 3261 §17.1.1.2); repeated provisional
 * responses are news each time. */
static void mark_repeats(struct weave *w, isize from) {
    for (isize i = from + 1; i < w->nmsgs; i++) {
        const struct seen *r = msg_seen(w, &w->msgs[i]);
        if (r->status >= 100 && r->status < 200) continue;
        for (isize j = from; j < i;
             j++) { /* made in order of time: the first is the original */
            const struct seen *o = msg_seen(w, &w->msgs[j]);
            if (o->src != r->src || o->dst != r->dst) continue;
            w->msgs[i].first = (u32)j + 1;
            break;
        }
    }
}

void merge_sightings(struct weave *w) {
    isize n = w->trace.nseen, cap = 0;
    w->nmsgs = 0;
    w->more = base_grow(w->more, &w->cap_more, n + 1, (isize)sizeof *w->more);
    for (isize i = 0; i < n; i++) w->more[i] = 0;
    struct sort_row *rows = base_grow(NULL, &cap, n + 1, (isize)sizeof *rows);
    struct map whole = {0};
    adopt_content(w, rows, n, &whole);
    sort_rows(rows, n);
    for (isize i = 0, j; i < n; i = j) {
        isize from = w->nmsgs;
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        isize each = j - i > 1 ? equal_rows(w, rows + i, j - i) : 0;
        if (j - i == 1) {
            msg_add(w, (u32)rows[i].value);
        } else if (each) {
            merge_by_rank(w, rows + i, j - i, each);
        } else {
            merge_by_time(w, rows + i, j - i);
        }
        mark_repeats(w, from);
    }
    base_free(rows);
    map_drop(&whole);
}
