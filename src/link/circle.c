/* circle.c: finds what goes in circles: strongly connected components (Tarjan 1972), without recursion since a
 * trace may have a chain of any length.
 *
 *     visit     number each node when it is met; low: the lowest number that can be reached from it
 *     return    a node whose low is its own number closes a component: all above it on the stack */
#include "link/graph.h"

struct frame {
    u32 node, edge; /* the edge to follow next, + 1 */
};

struct walk {
    struct graph *g;
    u8 without;                    /* edges of this kind are not followed */
    u32 *number, *low, *component; /* by node; 0: not met, not closed */
    u32 *stack;
    struct frame *frames;
    isize nstack, nframes;
    u32 met, closed;
};

static void enter(struct walk *k, u32 node) {
    k->number[node] = k->low[node] = ++k->met;
    k->stack[k->nstack++] = node;
    k->frames[k->nframes++] = (struct frame){node, k->g->nodes[node].edges};
}

static void leave(struct walk *k, u32 node) {
    if (k->low[node] == k->number[node]) {
        k->closed++;
        u32 top;
        do {
            top = k->stack[--k->nstack];
            k->component[top] = k->closed;
        } while (top != node);
    }
    k->nframes--;
    if (k->nframes) {
        u32 up = k->frames[k->nframes - 1].node;
        if (k->low[node] < k->low[up]) k->low[up] = k->low[node];
    }
}

static void visit(struct walk *k, u32 start) {
    enter(k, start);
    while (k->nframes) {
        struct frame *f = &k->frames[k->nframes - 1];
        if (!f->edge) {
            leave(k, f->node);
            continue;
        }
        const struct edge *e = &k->g->edges[f->edge - 1];
        f->edge = e->next;
        if (e->kind == EDGE_DROPPED || e->kind == k->without) continue;
        if (!k->number[e->to]) {
            enter(k, e->to);
        } else if (!k->component[e->to] && k->number[e->to] < k->low[f->node]) {
            k->low[f->node] = k->number[e->to];
        }
    }
}

void circle_drop(struct graph *g, enum edge_kind kind, arena scratch) {
    struct walk k = {.g = g, .without = kind == EDGE_LINE ? EDGE_PARENT : EDGE_DROPPED};
    k.number = arena_new(&scratch, u32, g->n);
    k.low = arena_new(&scratch, u32, g->n);
    k.component = arena_new(&scratch, u32, g->n);
    k.stack = arena_new(&scratch, u32, g->n);
    k.frames = arena_new(&scratch, struct frame, g->n);
    for (u32 i = 0; (isize)i < g->n; i++) {
        if (!k.number[i]) visit(&k, i);
    }
    for (u32 i = 0; (isize)i < g->n; i++) {
        for (u32 e = g->nodes[i].edges; e; e = g->edges[e - 1].next) {
            struct edge *edge = &g->edges[e - 1];
            if (edge->kind != kind || k.component[i] != k.component[edge->to]) continue;
            edge->kind = EDGE_DROPPED;
            g->nodes[edge->to].waits--;
        }
    }
}
