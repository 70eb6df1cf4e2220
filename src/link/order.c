/* order.c: messages in the order of cause, with clocks that cannot be trusted.
 *
 *     what must come first          how strong
 *     the request of a response,    CAUSE  always holds
 *     the final response of an ACK
 *     the line before in one log    LINE   holds, but for logs that contradict each other (packets overtake)
 *     the INVITE that made a device PARENT holds, where logs do not show that the parent is wrong
 *     send this INVITE
 *     what was passed on (180, 200, ECHO   where no log says otherwise
 *     CANCEL, BYE)
 *
 * These make a graph; among the messages that nothing holds back, the earliest stamp goes next (Kahn's algorithm with a
 * heap). Where they make a circle, the weakest edges in it are dropped (circle.c) and it is done again.
 *
 * One source that saw everything is in order by itself, which is the common case and needs none of this. */
#include "link/graph.h"

enum { EDGES_A_LEG = 8 };

static void add_edge(struct graph *g, u32 from, u32 to, enum edge_kind kind) {
    if (from == to || g->nedges == g->cap_edges) return;
    g->edges[g->nedges] = (struct edge){to, g->nodes[from].edges, (u8)kind};
    g->nodes[from].edges = (u32)++g->nedges;
    g->nodes[to].waits++;
}

/* ---- what must come first ------------------------------------------------------------------------ */

/* The lines of one log, the frames of one capture: canonical order has them so. */
static void edges_of_sources(struct graph *g, struct sort_row *rows, isize cap) {
    const struct weave *w = g->w;
    isize n = 0;
    for (u32 i = 0; (isize)i < g->n; i++) {
        const struct msg *m = &w->msgs[g->nodes[i].msg];
        for (u32 row = m->seen + 1; row; row = more_of(w, row - 1)) {
            const struct seen *r = &w->trace.seen[row - 1];
            must(n < cap);
            rows[n++] = (struct sort_row){rank_of(w, row - 1), (u64)r->source << 32 | i};
        }
    }
    sort_rows(rows, n);
    for (isize i = 1; i < n; i++) {
        if (rows[i - 1].value >> 32 != rows[i].value >> 32) continue;
        add_edge(g, (u32)rows[i - 1].value, (u32)rows[i].value, EDGE_LINE);
    }
}

static u64 transaction_key(const struct weave *w, const struct msg *m, u8 method,
                           bool final) {
    return hash_mix((u64)msg_leg(w, m) << 32 | msg_step(w, m)->cseq,
                    (u64)method << 1 | final);
}

static void edges_of_transactions(struct graph *g) {
    const struct weave *w = g->w;
    struct map asked = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (u32 i = 0; (isize)i < g->n; i++) {
            const struct msg *m = &w->msgs[g->nodes[i].msg];
            const struct seen *r = msg_seen(w, m);
            bool request = (r->flags & SEEN_REQUEST) != 0;
            bool ack = request && r->method == SIP_METHOD_ACK;
            u8 method = ack ? SIP_METHOD_INVITE : r->method;
            bool again = repeat_of(w, m) != 0;
            bool asks = request && !ack && !again;
            bool ends = !request && r->status >= 200 && !again;
            u32 *place = NULL;
            if (pass == 0 && (asks || ends))
                place = map_put(&asked, transaction_key(w, m, method, ends));
            if (place && !*place) *place = i + 1;
            if (pass == 0 || (request && !ack)) continue;
            u32 before = map_get(&asked, transaction_key(w, m, method, ack));
            if (before) add_edge(g, before - 1, i, EDGE_CAUSE);
        }
    }
    map_drop(&asked);
}

static void edge_between(struct graph *g, u32 from_msg, u32 to_msg, enum edge_kind kind) {
    u32 from = map_get(&g->node_of, from_msg + (u64)1);
    u32 to = map_get(&g->node_of, to_msg + (u64)1);
    if (from && to) add_edge(g, from - 1, to - 1, kind);
}

/* A little later at most, as far as the clocks tell. Rows of msgs + 1; 0: not seen. */
static bool may_follow(const struct graph *g, u32 cause, u32 effect) {
    if (!cause || !effect) return false;
    const struct msg *a = &g->w->msgs[cause - 1], *b = &g->w->msgs[effect - 1];
    i64 slack = 20000 + i64_max(msg_precision_us(g->w, a), msg_precision_us(g->w, b));
    return b->time_us >= a->time_us - slack && b->time_us <= a->time_us + 2000000 + slack;
}

static void echo_edge(struct graph *g, u32 cause, u32 effect) {
    if (may_follow(g, cause, effect)) edge_between(g, cause - 1, effect - 1, EDGE_ECHO);
}

/* What one leg passed on to its parent, or the other way round. */
static void edges_of_pair(struct graph *g, const struct sum *s, const struct sum *p) {
    echo_edge(g, s->answer_msg, p->answer_msg);
    if (s->cancel_us == NEVER) echo_edge(g, s->fail_msg, p->fail_msg);
    echo_edge(g, p->cancel_msg, s->cancel_msg);
    if (p->ended_by == SIDE_CALLER) echo_edge(g, p->bye_msg, s->bye_msg);
    if (s->ended_by == SIDE_CALLEE && p->ended_by == SIDE_CALLEE)
        echo_edge(g, s->bye_msg, p->bye_msg);
}

/* Which child of a parent did something first: parent row + 1 -> row + 1. */
static void note_first(const struct weave *w, struct map *firsts, u32 row, bool ring) {
    const struct sum *s = &w->sums[row];
    u32 *first = map_put(firsts, s->parent);
    const struct sum *was = *first ? &w->sums[*first - 1] : NULL;
    if (!was || (ring ? s->ring_us < was->ring_us : s->answer_us < was->answer_us))
        *first = row + 1;
}

/* The request that began the leg was seen. */
static bool begins(const struct weave *w, const struct sum *s) {
    const struct seen *r = msg_seen(w, &w->msgs[s->at]);
    return (r->flags & SEEN_REQUEST) != 0;
}

/* Among the legs of a call: the INVITEs, what was passed on, what the first to answer did to the others. */
static void edges_of_parents(struct graph *g, const struct conversation *c) {
    const struct weave *w = g->w;
    struct map rang = {0}, answered = {0};
    for (u32 i = 0; (isize)i < g->n; i++)
        *map_put(&g->node_of, g->nodes[i].msg + (u64)1) = i + 1;
    for (u32 i = 0; i < c->n; i++) {
        u32 row = w->by_group[c->at + i];
        const struct sum *s = &w->sums[row];
        if (!s->parent) continue;
        const struct sum *p = &w->sums[s->parent - 1];
        bool both = begins(w, p) && begins(w, s);
        if (both) edge_between(g, p->at, s->at, EDGE_PARENT);
        if (s->flags & SUM_RECORDING) continue;
        edges_of_pair(g, s, p);
        if (s->ring_msg) note_first(w, &rang, row, true);
        if (s->answer_msg) note_first(w, &answered, row, false);
    }
    for (u32 i = 0; i < c->n; i++) {
        u32 row = w->by_group[c->at + i];
        const struct sum *s = &w->sums[row];
        u32 ring = map_get(&rang, row + (u64)1);
        if (ring) echo_edge(g, w->sums[ring - 1].ring_msg, s->ring_msg);
        u32 winner = s->parent ? map_get(&answered, s->parent) : 0;
        if (!winner || winner == row + 1) continue;
        u32 answer = w->sums[winner - 1].answer_msg;
        bool given_up = w->sums[s->parent - 1].cancel_us != NEVER;
        if (!given_up) echo_edge(g, answer, s->cancel_msg);
        if (leg_cause(w, s) == EVIDENCE_AFTER_ANSWER) echo_edge(g, answer, s->at + 1);
    }
    map_drop(&rang);
    map_drop(&answered);
}

/* ---- what is free goes by time -------------------------------------------------------------------- */

static bool earlier(const struct graph *g, u32 a, u32 b) {
    const struct node *x = &g->nodes[a], *y = &g->nodes[b];
    if (x->time_us != y->time_us) return x->time_us < y->time_us;
    u32 first = rank_of(g->w, g->w->msgs[x->msg].seen);
    return first < rank_of(g->w, g->w->msgs[y->msg].seen);
}

static void heap_push(struct graph *g, u32 node) {
    isize at = g->nheap++;
    while (at > 0 && earlier(g, node, g->heap[(at - 1) / 2])) {
        g->heap[at] = g->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    g->heap[at] = node;
}

static u32 heap_pop(struct graph *g) {
    u32 top = g->heap[0], last = g->heap[--g->nheap];
    isize at = 0;
    for (isize child; (child = 2 * at + 1) < g->nheap; at = child) {
        if (child + 1 < g->nheap && earlier(g, g->heap[child + 1], g->heap[child]))
            child++;
        if (!earlier(g, g->heap[child], last)) break;
        g->heap[at] = g->heap[child];
    }
    g->heap[at] = last;
    return top;
}

/* How many could be put in order: all of them, but for a circle. */
static isize run(struct graph *g, u32 *order) {
    isize done = 0;
    g->nheap = 0;
    for (u32 i = 0; (isize)i < g->n; i++) {
        struct node *x = &g->nodes[i];
        x->time_us = msg_probable_us(g->w, &g->w->msgs[x->msg]);
        x->left = x->waits;
        if (!x->left) heap_push(g, i);
    }
    while (g->nheap) {
        const struct node *next = &g->nodes[heap_pop(g)];
        order[done++] = next->msg;
        for (u32 e = next->edges; e; e = g->edges[e - 1].next) {
            if (g->edges[e - 1].kind == EDGE_DROPPED) continue;
            struct node *after = &g->nodes[g->edges[e - 1].to];
            after->time_us = i64_max(after->time_us, next->time_us);
            if (--after->left == 0) heap_push(g, g->edges[e - 1].to);
        }
    }
    return done;
}

static void by_graph(const struct weave *w, const struct conversation *c, u32 *rows,
                     isize n, isize sightings, arena scratch) {
    struct graph g = {.w = w, .n = n, .cap_edges = sightings + n};
    if (c) g.cap_edges += EDGES_A_LEG * (isize)c->n;
    g.nodes = arena_new(&scratch, struct node, n);
    g.heap = arena_new(&scratch, u32, n);
    g.edges = arena_new(&scratch, struct edge, g.cap_edges);
    for (isize i = 0; i < n; i++) g.nodes[i].msg = rows[i];
    edges_of_sources(&g, arena_new(&scratch, struct sort_row, sightings), sightings);
    edges_of_transactions(&g);
    if (c) edges_of_parents(&g, c);
    static const enum edge_kind weak[] = {EDGE_ECHO, EDGE_LINE, EDGE_PARENT};
    for (isize i = 0; run(&g, rows) < n; i++) {
        must(i < countof(weak));
        circle_drop(&g, weak[i], scratch);
    }
    map_drop(&g.node_of);
}

/* ---- one source needs no graph ------------------------------------------------------------------------ */

static void by_time(const struct weave *w, u32 *rows, isize n, bool one_source,
                    arena scratch) {
    struct sort_row *sorted = arena_new(&scratch, struct sort_row, n);
    for (isize i = 0; i < n; i++) {
        const struct msg *m = &w->msgs[rows[i]];
        u64 key = one_source ? 0 : sort_time(m->time_us);
        sorted[i] = (struct sort_row){key, (u64)rank_of(w, m->seen) << 32 | rows[i]};
    }
    sort_rows(sorted, n);
    for (isize i = 0; i < n; i++) rows[i] = (u32)sorted[i].value;
}

/* Do frames of one capture have an answer before its question? They are never far apart. */
static bool overtaken(const struct weave *w, const u32 *rows, isize n) {
    enum { NEAR = 4 };
    for (isize i = 1; i < n; i++) {
        const struct msg *m = &w->msgs[rows[i]];
        const struct seen *r = msg_seen(w, m);
        if (!(r->flags & SEEN_REQUEST) || repeat_of(w, m)) continue;
        for (isize k = i; k-- > 0 && k + NEAR >= i;) {
            const struct msg *o = &w->msgs[rows[k]];
            const struct seen *q = msg_seen(w, o);
            if (!(q->flags & SEEN_REQUEST) && q->method == r->method &&
                msg_step(w, o)->cseq == msg_step(w, m)->cseq &&
                msg_leg(w, o) == msg_leg(w, m)) {
                return true;
            }
        }
    }
    return false;
}

/* How many sightings these messages have; and are all of them by one source? */
static isize count_sightings(const struct weave *w, const u32 *rows, isize n,
                             bool *one_source) {
    isize sightings = n;
    u16 source = msg_seen(w, &w->msgs[rows[0]])->source;
    *one_source = true;
    if (w->trace.nsources == 1 && !w->more) return n;
    for (isize i = 0; i < n; i++) {
        const struct msg *m = &w->msgs[rows[i]];
        *one_source &= msg_seen(w, m)->source == source;
        for (u32 next = more_of(w, m->seen); next; next = more_of(w, next - 1)) {
            *one_source &= w->trace.seen[next - 1].source == source;
            sightings++;
        }
    }
    return sightings;
}

bool order_rows(const struct weave *w, const struct conversation *c, u32 *rows, isize n,
                arena scratch) {
    bool one_source;
    if (n < 2) return false;
    isize sightings = count_sightings(w, rows, n, &one_source);
    /* one leg of what was seen once is as it came */
    bool in_order = one_source && !c && !w->more;
    if (in_order && !overtaken(w, rows, n)) return false;
    isize need = n * (isize)(sizeof(struct node) + 8 * sizeof(u32)) +
                 (sightings + n + (c ? EDGES_A_LEG * (isize)c->n : 0)) *
                     (isize)(sizeof(struct edge) + sizeof(struct sort_row)) +
                 4096;
    if (need > scratch.end - scratch.at) { /* a flood: time has to do */
        if (n * (isize)sizeof(struct sort_row) + 64 <= scratch.end - scratch.at)
            by_time(w, rows, n, one_source, scratch);
        return true;
    }
    if (one_source) by_time(w, rows, n, true, scratch);
    if (one_source && !overtaken(w, rows, n)) return false;
    by_graph(w, c, rows, n, sightings, scratch);
    return true;
}
