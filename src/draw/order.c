/* order.c: which device stands beside which. A ladder is easiest to read when its arrows are short:
 * of all orders of the columns the one with the least sum of (messages × columns crossed) is drawn. In
 * graph theory: minimum linear arrangement.
 *
 * Exact up to 16 devices. Put columns down from left to right; S is the set that stands already. Each
 * step stretches every arrow between S and the rest by one column, so
 *
 *     cost(S + v) = cost(S) + cut(S + v),    cut(S) = messages between S and all others
 *
 * and the best order of a set does not depend on what follows: 2^16 sets × 16 last columns. Ties: the caller
 * leftmost, then most first requests to the right. They ride in the low bits of the same sum. */
#include "draw/layout.h"

enum { TIE_BITS = 24, CALLER_BITS = 12, SIFT_MAX = 1024, ROUNDS = 12 };

u64 order_cost(const struct graph *g, const int *order) {
    u64 sum = 0;
    for (int i = 0; i < g->n; i++) {
        const u32 *w = g->w + (isize)order[i] * g->n;
        for (int k = i + 1; k < g->n; k++) sum += (u64)(k - i) * w[order[k]];
    }
    return sum;
}

/* cut[S] = cut[S - v] + degree(v) - 2 × weight(v, S - v), v being the lowest member. */
static u64 *cuts(const struct graph *g, arena *a) {
    u32 sets = 1u << g->n;
    u64 *cut = arena_new(a, u64, sets);
    u64 degree[ORDER_EXACT_MAX] = {0};
    for (int v = 0; v < g->n; v++) {
        for (int u = 0; u < g->n; u++) degree[v] += g->w[v * g->n + u];
    }
    for (u32 set = 1; set < sets; set++) {
        int v = __builtin_ctz(set);
        u64 inside = 0;
        for (u32 rest = set & (set - 1); rest; rest &= rest - 1) {
            inside += g->w[v * g->n + __builtin_ctz(rest)];
        }
        cut[set] = cut[set & (set - 1)] + degree[v] - 2 * inside;
    }
    return cut;
}

/* What v costs in ties when `before` stands on its left. */
static u64 tie(const struct graph *g, int v, u32 before) {
    u64 cost = 0;
    if (g->ahead) cost += (u64)__builtin_popcount(g->ahead[v] & before);
    if (v == g->caller) cost += (u64)__builtin_popcount(before) << CALLER_BITS;
    return cost;
}

void order_exact(const struct graph *g, int *order, arena scratch) {
    must(g->n >= 0 && g->n <= ORDER_EXACT_MAX);
    u32 sets = 1u << g->n;
    u64 *cut = cuts(g, &scratch);
    u64 *cost = arena_new(&scratch, u64, sets);
    u8 *last = arena_new(&scratch, u8, sets);
    for (u32 set = 1; set < sets; set++) {
        cost[set] = UINT64_MAX;
        for (u32 rest = set; rest; rest &= rest - 1) {
            int v = __builtin_ctz(rest);
            u32 before = set & ~(1u << v);
            u64 sum = cost[before] + (cut[set] << TIE_BITS) + tie(g, v, before);
            if (sum > cost[set]) continue;
            cost[set] = sum; /* the last of equals: lower numbers stay on the left */
            last[set] = (u8)v;
        }
    }
    u32 set = sets - 1;
    for (int i = g->n - 1; i >= 0; i--) {
        order[i] = last[set];
        set &= ~(1u << last[set]);
    }
}

/* ---- more than 16: sifting ----------------------------------------------------------------- */

/* Takes v out and puts it where it costs least. Moving it to the right over u lengthens v's arrows to the left,
 * shortens those to the right, and does the opposite for u. True when it moved. */
static bool sift_one(const struct graph *g, int *order, int v, i64 *left, i64 *right) {
    const u32 *w = g->w + (isize)v * g->n;
    int from = 0, best = -1, slot = 0;
    while (order[from] != v) from++;
    i64 vl = 0, vr = 0, sum = 0, least = 0, stay = 0;
    for (int i = 0; i < g->n; i++) vr += w[i];
    for (int i = 0; i < g->n; i++) {
        int u = order[i];
        if (u == v) {
            stay = sum;
            continue;
        }
        if (sum < least || best < 0) {
            least = sum;
            best = slot;
        }
        bool was_left = from < i; /* v counts in u's sums: take it out */
        i64 ul = left[u] - (was_left ? w[u] : 0), ur = right[u] - (was_left ? 0 : w[u]);
        sum += vl - (vr - w[u]) - ul + ur;
        vl += w[u];
        vr -= w[u];
        slot++;
    }
    if (sum < least) {
        least = sum;
        best = slot;
    }
    if (least >= stay) return false;
    int to = best; /* slots are counted without v */
    for (int i = from; i < to; i++) {
        int u = order[i] = order[i + 1];
        left[u] -= w[u];
        right[u] += w[u];
        left[v] += w[u];
        right[v] -= w[u];
    }
    for (int i = from; i > to; i--) {
        int u = order[i] = order[i - 1];
        left[u] += w[u];
        right[u] -= w[u];
        left[v] -= w[u];
        right[v] += w[u];
    }
    order[to] = v;
    return true;
}

static void sift(const struct graph *g, int *order, arena scratch) {
    i64 *left = arena_new(&scratch, i64, g->n), *right = arena_new(&scratch, i64, g->n);
    for (int i = 0; i < g->n; i++) {
        for (int k = 0; k < g->n; k++) {
            i64 w = g->w[(isize)order[i] * g->n + order[k]];
            *(k < i ? &left[order[i]] : &right[order[i]]) += w;
        }
    }
    bool moved = true;
    for (int round = 0; moved && round < ROUNDS; round++) {
        moved = false;
        for (int v = 0; v < g->n; v++)
            moved = sift_one(g, order, v, left, right) || moved;
    }
}

/* Next to the right always the one that leaves the fewest arrows open; the caller first. */
static void grow(const struct graph *g, int *order, arena scratch) {
    i64 *open = arena_new(&scratch, i64, g->n); /* degree - 2 × weight to what stands */
    bool *stands = arena_new(&scratch, bool, g->n);
    for (int v = 0; v < g->n; v++) {
        for (int u = 0; u < g->n; u++) open[v] += g->w[(isize)v * g->n + u];
    }
    for (int i = 0; i < g->n; i++) {
        int next = i == 0 ? g->caller : -1;
        for (int v = 0; v < g->n && !(i == 0 && g->caller >= 0); v++) {
            if (!stands[v] && (next < 0 || open[v] < open[next])) next = v;
        }
        order[i] = next;
        stands[next] = true;
        for (int v = 0; v < g->n; v++) open[v] -= 2 * (i64)g->w[(isize)next * g->n + v];
    }
}

void order_sift(const struct graph *g, int *order, arena scratch) {
    int *other = arena_new(&scratch, int, g->n);
    for (int i = 0; i < g->n; i++) order[i] = i;
    sift(g, order, scratch);
    grow(g, other, scratch);
    sift(g, other, scratch);
    if (order_cost(g, other) < order_cost(g, order)) {
        for (int i = 0; i < g->n; i++) order[i] = other[i];
    }
    int at = 0;
    while (at < g->n && order[at] != g->caller) at++;
    if (at == g->n || at <= (g->n - 1) / 2) return;
    for (int i = 0, k = g->n - 1; i < k; i++, k--) {
        int swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
}

/* ---- of a call ------------------------------------------------------------------------------- */

static int node(const struct call *c, int device) {
    if (device < 0 || device >= c->ndevices) return (int)c->ndevices;
    return device;
}

static void connect(u32 *w, int n, int from, int to, u32 by) {
    if (from == to || from >= n || to >= n) return;
    w[(isize)from * n + to] += by;
    w[(isize)to * n + from] += by;
}

void order_columns(const struct call *c, int n, int *order, arena scratch) {
    struct graph g = {.n = n, .caller = -1};
    for (int i = 0; i < n; i++) order[i] = i;
    if (n <= SIFT_MAX) {
        u32 *w = arena_new(&scratch, u32, (isize)n * n);
        u32 *ahead = arena_new(&scratch, u32, n);
        isize messages = c->messages ? c->nmessages : 0;
        for (isize i = 0; i < messages; i++) {
            const struct message *m = &c->messages[i];
            connect(w, n, node(c, m->from_device), node(c, m->to_device), 1);
        }
        for (isize i = 0; i < c->nlegs; i++) {
            int from = node(c, c->legs[i].from_device),
                to = node(c, c->legs[i].to_device);
            if (messages == 0) connect(w, n, from, to, 1);
            if (from < n && to < 32) ahead[from] |= 1u << to;
            if (i == 0 && from < n) g.caller = from;
        }
        g.w = w;
        g.ahead = ahead;
        if (n <= ORDER_EXACT_MAX) {
            order_exact(&g, order, scratch);
        } else {
            order_sift(&g, order, scratch);
        }
    }
    for (int i = 0; i < n; i++) {
        if (order[i] >= c->ndevices) order[i] = -1;
    }
}
