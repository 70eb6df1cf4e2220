/* window.c: a long ladder by windows of its rows, and where all of its rows stand:
 *
 *     rows of the layout    m  m  ┊  m  m  ┊  m       ┊ a silence: it goes with the row after it
 *     rows of the ladder    0  1  └─ 2  3  └─ 4       at[]: where each begins in the layout
 *     window (1, 3)            └───────┘ */
#include "draw/draw.h"
#include "draw/layout.h"
#include "draw/svg.h"

#include <stdio.h>

struct ladder {
    const struct call *c;
    const struct draw_options *d;
    struct layout l;
    isize *at, n; /* at[n]: the end of the layout */
    u64 version;  /* of where the rows stand */
};

struct ladder *draw_ladder(const struct call *c, const struct draw_options *d, arena *a) {
    struct ladder *l = arena_new(a, struct ladder, 1);
    l->c = c;
    l->d = d;
    layout_build(&l->l, c, d, a);
    l->at = arena_new(a, isize, l->l.nrows + 1);
    l->version = hash_mix((u64)l->l.width, (u64)l->l.height);
    for (isize i = 0, from = 0; i < l->l.nrows; i++) {
        const struct row *r = &l->l.rows[i];
        if (r->kind == ROW_GAP) continue;
        l->at[l->n++] = from;
        from = i + 1;
        l->at[l->n] = from;
        l->version = hash_mix(l->version, (u64)r->y << 32 | (u64)(u32)r->m->n);
        l->version = hash_mix(l->version, (u64)r->count << 32 | (u64)(u32)r->m->leg);
    }
    return l;
}

isize draw_ladder_rows(const struct ladder *l) {
    return l->n;
}

isize draw_ladder_row_of(const struct ladder *l, int message) {
    if (message < 1 || message > l->c->nmessages || l->n == 0) return 0;
    isize row = l->l.row_of[message - 1], low = 0, high = l->n - 1;
    while (low < high) { /* the last that does not begin after it */
        isize mid = (low + high + 1) / 2;
        if (l->at[mid] <= row)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

void draw_window(struct out *o, const struct ladder *l, isize first, isize count) {
    char attributes[128];
    first = i64_max(0, i64_min(first, l->n));
    count = i64_max(0, i64_min(count, l->n - first));
    snprintf(attributes, sizeof attributes,
             " data-version=\"%016llx\" data-rows=\"%lld\" data-first=\"%lld\"",
             (unsigned long long)l->version, (long long)l->n, (long long)first);
    struct svg_part part = {l->c, &l->l, l->at[first], l->at[first + count], true};
    svg_part(o, &part, l->d, attributes);
}

/* ---- the index -------------------------------------------------------------------------------- */

static const struct row *row_at(const struct ladder *l, isize i) {
    return &l->l.rows[l->at[i + 1] - 1];
}

static void write_fold(struct out *o, const struct ladder *l, const struct row *r) {
    json_begin_array(o, NULL);
    for (isize k = r->index; k >= 0; k = l->l.next_in_fold[k])
        json_i64(o, NULL, l->c->messages[k].n);
    json_end_array(o);
}

void draw_ladder_index(struct out *o, const struct ladder *l) {
    char version[24];
    snprintf(version, sizeof version, "%016llx", (unsigned long long)l->version);
    json_begin_object(o, NULL);
    json_z(o, "version", version);
    json_i64(o, "rows", l->n);
    json_i64(o, "row_height", ROW_H);
    json_begin_array(o, "n");
    for (isize i = 0; i < l->n; i++) json_i64(o, NULL, row_at(l, i)->m->n);
    json_end_array(o);
    json_begin_array(o, "y"); /* upper edges */
    for (isize i = 0; i < l->n; i++) json_i64(o, NULL, row_at(l, i)->y - ROW_UP);
    json_end_array(o);
    json_begin_array(o, "leg");
    for (isize i = 0; i < l->n; i++) json_i64(o, NULL, row_at(l, i)->m->leg);
    json_end_array(o);
    json_begin_array(o, "from");
    for (isize i = 0; i < l->n; i++)
        json_i64(o, NULL, svg_device(l->c, row_at(l, i)->m->from_device));
    json_end_array(o);
    json_begin_array(o, "to");
    for (isize i = 0; i < l->n; i++)
        json_i64(o, NULL, svg_device(l->c, row_at(l, i)->m->to_device));
    json_end_array(o);
    for (int open = 0; open < 2; open++) {
        json_begin_array(o, open ? "open" : "folds");
        for (isize i = 0; i < l->n; i++) {
            const struct row *r = row_at(l, i);
            bool is_open = r->parts && r->part == 1;
            if (open ? is_open : r->count > 1) write_fold(o, l, r);
        }
        json_end_array(o);
    }
    json_end_object(o);
}
