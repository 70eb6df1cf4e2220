/* order.c: the messages of one call in the order of cause, with clocks that cannot be trusted.
 *
 *     what must come first:  the line before in the same log; the request of a response; the final
 *                            response of an ACK; the INVITE that made a device send this INVITE
 *
 * These make a graph; among the messages that nothing holds back, the earliest stamp goes next (Kahn's
 * algorithm with a heap). Where damaged input makes a circle, the earliest of those left breaks it. */
#include "link/weave.h"

struct node {
    u32 msg;
    i64 time_us; /* its stamp, raised to what it waited for */
    u32 waits;   /* how many have to come first */
    u32 edges;   /* first of them, + 1 */
    bool done;
};

struct edge {
    u32 to, next; /* next + 1 */
};

struct graph {
    const struct weave *w;
    struct node *nodes;
    struct edge *edges;
    u32 *heap;
    isize n, nedges, cap_edges, nheap;
};

static void add_edge(struct graph *g, u32 from, u32 to) {
    if (from == to || g->nedges == g->cap_edges) return;
    g->edges[g->nedges] = (struct edge){to, g->nodes[from].edges};
    g->nodes[from].edges = (u32)++g->nedges;
    g->nodes[to].waits++;
}

/* ---- what must come first ------------------------------------------------------------------------ */

/* The lines of one log, the frames of one capture: by stamp, then as they stand in it. */
static void edges_of_sources(struct graph *g, struct sort_row *rows, isize cap) {
    const struct weave *w = g->w;
    for (u32 source = 0; (isize)source < w->trace.nsources; source++) {
        isize n = 0;
        for (u32 i = 0; (isize)i < g->n; i++) {
            const struct msg *m = &w->msgs[g->nodes[i].msg];
            u32 row = m->seen + 1;
            for (u32 next = m->more;; row = next, next = w->more[row - 1]) {
                const struct seen *r = &w->trace.seen[row - 1];
                if (r->source == source && n < cap) {
                    rows[n++] =
                        (struct sort_row){(u64)r->time_us ^ (u64)1 << 63,
                                          (u64)(r->line ? r->line : row) << 32 | i};
                }
                if (!next) break;
            }
        }
        sort_rows(rows, n);
        for (isize i = 1; i < n; i++) {
            add_edge(g, (u32)rows[i - 1].value, (u32)rows[i].value);
        }
    }
}

static u64 transaction_key(const struct msg *m, const struct seen *r, u8 method,
                           bool final) {
    return hash_mix((u64)m->leg << 32 | r->cseq, (u64)method << 1 | final);
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
            if (pass == 0 && request && !ack && !m->first) {
                *map_put(&asked, transaction_key(m, r, method, false)) = i + 1;
            } else if (pass == 0 && r->status >= 200 && !m->first) {
                *map_put(&asked, transaction_key(m, r, method, true)) = i + 1;
            } else if (pass == 1 && (!request || ack)) {
                u32 before = map_get(&asked, transaction_key(m, r, method, ack));
                if (before) add_edge(g, before - 1, i);
            }
        }
    }
    map_drop(&asked);
}

static void edges_of_parents(struct graph *g) {
    const struct weave *w = g->w;
    struct map node_of = {0};
    for (u32 i = 0; (isize)i < g->n; i++)
        *map_put(&node_of, g->nodes[i].msg + (u64)1) = i + 1;
    for (u32 i = 0; (isize)i < g->n; i++) {
        const struct sum *s = &w->sums[w->msgs[g->nodes[i].msg].leg];
        if (!s->parent || w->by_leg[s->at] != g->nodes[i].msg) continue;
        u32 first = w->by_leg[w->sums[s->parent - 1].at];
        u32 node = map_get(&node_of, first + (u64)1);
        if (node) add_edge(g, node - 1, i);
    }
    map_drop(&node_of);
}

/* ---- what is free goes by time -------------------------------------------------------------------- */

static bool earlier(const struct graph *g, u32 a, u32 b) {
    const struct node *x = &g->nodes[a], *y = &g->nodes[b];
    if (x->time_us != y->time_us) return x->time_us < y->time_us;
    const struct seen *r = msg_seen(g->w, &g->w->msgs[x->msg]);
    const struct seen *s = msg_seen(g->w, &g->w->msgs[y->msg]);
    if (r->source != s->source) return r->source < s->source;
    return g->w->msgs[x->msg].seen < g->w->msgs[y->msg].seen;
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

/* A circle: let the earliest of those left go. */
static u32 break_circle(struct graph *g) {
    u32 best = 0;
    bool some = false;
    for (u32 i = 0; (isize)i < g->n; i++) {
        if (g->nodes[i].done || (some && !earlier(g, i, best))) continue;
        best = i;
        some = true;
    }
    must(some);
    return best;
}

void order_messages(const struct weave *w, const struct conversation *c, u32 *order,
                    isize n, arena scratch) {
    isize sightings = 0;
    struct graph g = {.w = w, .n = n};
    g.nodes = arena_new(&scratch, struct node, n);
    g.heap = arena_new(&scratch, u32, n);
    isize at = 0;
    for (u32 i = 0; i < c->n; i++) {
        const struct sum *s = &w->sums[w->by_group[c->at + i]];
        for (u32 k = 0; k < s->n; k++) {
            const struct msg *m = &w->msgs[w->by_leg[s->at + k]];
            g.nodes[at++] =
                (struct node){.msg = w->by_leg[s->at + k], .time_us = m->time_us};
            sightings++;
            for (u32 next = m->more; next; next = w->more[next - 1]) sightings++;
        }
    }
    must(at == n);
    g.cap_edges = sightings + 2 * n;
    g.edges = arena_new(&scratch, struct edge, g.cap_edges);
    edges_of_sources(&g, arena_new(&scratch, struct sort_row, sightings), sightings);
    edges_of_transactions(&g);
    edges_of_parents(&g);
    for (u32 i = 0; (isize)i < n; i++) {
        if (!g.nodes[i].waits) heap_push(&g, i);
    }
    for (isize done = 0; done < n; done++) {
        u32 node = g.nheap ? heap_pop(&g) : break_circle(&g);
        struct node *next = &g.nodes[node];
        next->done = true;
        order[done] = next->msg;
        for (u32 e = next->edges; e; e = g.edges[e - 1].next) {
            struct node *after = &g.nodes[g.edges[e - 1].to];
            if (after->done) continue;
            after->time_us = i64_max(after->time_us, next->time_us);
            if (--after->waits == 0) heap_push(&g, g.edges[e - 1].to);
        }
    }
}
