/* graph.h: what order.c and circle.c share: messages, and what has to come before what. Private to them. */
#ifndef SIPWEAVE_LINK_GRAPH_H
#define SIPWEAVE_LINK_GRAPH_H

#include "link/weave.h"

enum edge_kind {
    EDGE_DROPPED,
    EDGE_CAUSE,
    EDGE_PARENT,
    EDGE_LINE,
    EDGE_ECHO
}; /* by strength */

struct node {
    u32 msg;
    i64 time_us; /* its stamp, raised to what it waited for */
    u32 waits,
        left;  /* how many have to come first; how many of those are still to come */
    u32 edges; /* first of them, + 1 */
};

struct edge {
    u32 to, next; /* next + 1 */
    u8 kind;
};

struct graph {
    const struct weave *w;
    struct node *nodes;
    struct edge *edges;
    u32 *heap;
    struct map node_of; /* row of msgs + 1 -> node + 1 */
    isize n, nedges, cap_edges, nheap;
};

/* Drops the edges of this kind that lie on a circle; of lines, those on circles without a parent: what logs agree on
 * shows that a parent is wrong. */
void circle_drop(struct graph *g, enum edge_kind kind, arena scratch);

#endif
