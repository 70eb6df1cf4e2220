/* lanes.c: the thin curves beside a column that tie a message to the one that caused it. Curves of one column
 * that share a row keep to lanes of their own, shorter ones inside:
 *
 *        ▶│        INVITE in
 *        ╭│─▶      INVITE out, prompted: lane 0, left
 *       ╭┤│─▶      another: lane 1, left
 *       ││╰
 *
 * Each curve takes the side where it crosses fewer arrows. Work is bounded: a curve longer than
 * CURVE_ROWS_MAX rows takes the outermost lane unasked. */
#include "draw/layout.h"

#include <stdlib.h>

static const int OFFSET[LANES] = {8, 13, 18, 22, 26, 29, 32, 35};

static int compare(const void *a, const void *b) {
    const struct curve *x = a, *y = b;
    if (x->column != y->column) return x->column < y->column ? -1 : 1;
    isize nx = x->to_row - x->from_row, ny = y->to_row - y->from_row;
    if (nx != ny) return nx < ny ? -1 : 1;
    if (x->from_row != y->from_row) return x->from_row < y->from_row ? -1 : 1;
    return (x->to_row > y->to_row) - (x->to_row < y->to_row);
}

static void collect(struct layout *l, const struct call *c, arena *a) {
    isize n = c->messages ? c->nmessages : 0;
    l->curves = arena_new(a, struct curve, n);
    for (isize i = 0; i < n; i++) {
        int by = c->messages[i].prompted_by;
        if (by < 1 || by > n || c->messages[by - 1].n != by) continue;
        const struct row *from = &l->rows[l->row_of[by - 1]],
                         *to = &l->rows[l->row_of[i]];
        if (to->m != &c->messages[i] || from >= to || from->to != to->from) continue;
        l->curves[l->ncurves++] = (struct curve){.from = from->m,
                                                 .to = to->m,
                                                 .from_row = from - l->rows,
                                                 .to_row = to - l->rows,
                                                 .column = to->from};
    }
    if (l->ncurves) qsort(l->curves, (size_t)l->ncurves, sizeof *l->curves, compare);
}

/* Does the arrow of a row stand on that side of the column, beside it? */
static bool in_the_way(const struct row *r, int column, int side) {
    if (r->kind == ROW_GAP) return false;
    int low = r->from < r->to ? r->from : r->to, high = r->from < r->to ? r->to : r->from;
    if (low == high) return side > 0 && low == column;
    if (side > 0) return low <= column && column < high;
    return low < column && column <= high;
}

static int crossings(const struct layout *l, const struct curve *v, int side) {
    int n = 0;
    for (isize i = v->from_row; i <= v->to_row; i++) {
        bool end = i == v->from_row || i == v->to_row;
        if (in_the_way(&l->rows[i], v->column, side)) n += end ? 1 : 2;
    }
    return n;
}

/* used[row]: lanes that are taken there, those on the left in the high byte. */
static void place(struct layout *l, struct curve *v, u16 *used) {
    v->side = 1;
    v->off = OFFSET[LANES - 1];
    if (v->to_row - v->from_row > CURVE_ROWS_MAX) return;
    u16 taken = 0;
    for (isize i = v->from_row; i <= v->to_row; i++) taken |= used[i];
    int best = -1, best_lane = LANES - 1;
    for (int side = 1; side >= -1; side -= 2) {
        u32 lanes = side > 0 ? taken & 0xffu : taken >> 8;
        int lane = __builtin_ctz(~lanes);
        if (lane >= LANES) continue;
        int score = crossings(l, v, side) + 3 * lane;
        if (best >= 0 && score >= best) continue;
        best = score;
        best_lane = lane;
        v->side = side;
    }
    v->off = OFFSET[best_lane];
    if (best < 0) return;
    u16 bit = (u16)(1u << (best_lane + (v->side > 0 ? 0 : 8)));
    for (isize i = v->from_row; i <= v->to_row; i++) used[i] |= bit;
}

void lanes_build(struct layout *l, const struct call *c, arena *a) {
    collect(l, c, a);
    arena scratch = *a;
    u16 *used = arena_new(&scratch, u16, l->nrows);
    for (isize i = 0; i < l->ncurves;) {
        isize end = i;
        for (; end < l->ncurves && l->curves[end].column == l->curves[i].column; end++) {
            struct curve *v = &l->curves[end];
            place(l, v, used);
            struct column *col = &l->columns[v->column];
            int *pad = v->side > 0 ? &col->pad_right : &col->pad_left;
            if (v->off + 5 > *pad) *pad = v->off + 5;
        }
        for (; i < end; i++) {
            const struct curve *v = &l->curves[i];
            if (v->to_row - v->from_row > CURVE_ROWS_MAX) continue;
            for (isize r = v->from_row; r <= v->to_row; r++) used[r] = 0;
        }
    }
}
