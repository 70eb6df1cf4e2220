/* rows.c: one row a message, top to bottom in causal order. Repeats fold into the row of their first:
 *
 *     INVITE            INVITE ×3          a retransmission folds into what it repeats, wherever that is;
 *     INVITE    again                      a provisional response into the same one just before it in its
 *     180           ->  180 Ringing ×2     leg. A silence far longer than usual becomes a row of its own,
 *     INVITE    again   ┊  3.2 s  ┊        so that the eye sees where the caller waited.
 *     180
 */
#include "base/time.h"
#include "draw/layout.h"

#include <stdlib.h>

enum { USUAL_FACTOR = 8 };

/* The message of a number, or -1: numbers of a call may come from a database. */
static isize index_of(const struct call *c, int n) {
    if (n < 1 || n > c->nmessages || c->messages[n - 1].n != n) return -1;
    return n - 1;
}

static bool same_hop(const struct message *a, const struct message *b) {
    return a->leg == b->leg && a->from_device == b->from_device &&
           a->to_device == b->to_device;
}

static bool provisional(const struct message *m) {
    return !m->is_request && m->status >= 100 && m->status < 200;
}

/* The first message of the fold that message i belongs to: i itself where it repeats nothing. */
static isize fold_of(const struct call *c, isize i, const isize *head, isize before) {
    const struct message *m = &c->messages[i];
    isize first = index_of(c, m->retransmission_of);
    if (first >= 0 && first < i && same_hop(m, &c->messages[first])) return head[first];
    if (before < 0 || !provisional(m)) return i;
    const struct message *b = &c->messages[before];
    bool same = !b->is_request && b->status == m->status && b->cseq == m->cseq &&
                b->has_sdp == m->has_sdp && same_hop(m, b);
    return same ? head[before] : i;
}

static isize *fold_heads(const struct call *c, isize n, arena *a) {
    isize *head = arena_new(a, isize, n);
    isize nlegs = c->nlegs + 1;
    isize *last =
        arena_new(a, isize, nlegs); /* of each leg, plus 1; no retransmissions */
    for (isize i = 0; i < n; i++) {
        const struct message *m = &c->messages[i];
        bool known = m->leg > 0 && m->leg < nlegs;
        head[i] = fold_of(c, i, head, known ? last[m->leg] - 1 : -1);
        if (known && m->retransmission_of == 0) last[m->leg] = i + 1;
    }
    return head;
}

/* By first message: is its fold open? */
static bool *open_folds(const struct call *c, isize n, const isize *head,
                        const struct draw_options *d, arena *a) {
    bool *open = arena_new(a, bool, n);
    for (isize i = 0; i < n; i++) open[i] = d->unfold;
    for (isize i = 0; n && i < d->nunfolded; i++) {
        isize at = index_of(c, d->unfolded[i]);
        if (at >= 0) open[head[at]] = true;
    }
    return open;
}

static int severity(const struct problem *p) {
    if (str_eq(p->severity, S("error"))) return 3;
    if (str_eq(p->severity, S("warning"))) return 2;
    return 1;
}

/* A final response that ends in failure. A challenge is half of a sign-in and 487 is what a CANCEL asks for. */
static bool is_bad(const struct message *m) {
    return !m->is_request && m->status >= 400 && m->status != 401 && m->status != 407 &&
           m->status != 487;
}

static void fill_row(struct row *r, const struct message *m, isize i, isize head) {
    r->kind = ROW_MESSAGE;
    r->m = m;
    r->index = i;
    r->count = 1;
    r->fold_head = head;
    r->fold_last = i;
    r->bad = is_bad(m);
    r->again = m->retransmission_of > 0;
}

/* ---- silences ---------------------------------------------------------------------------- */

static int compare_i64(const void *a, const void *b) {
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* What passes between two rows as a rule: the median. */
static i64 usual_step(const struct layout *l, arena scratch) {
    i64 *steps = arena_new(&scratch, i64, l->nrows), latest = -1;
    isize n = 0;
    for (isize i = 0; i < l->nrows; i++) {
        i64 now = l->rows[i].m->time_us;
        if (now < 0) continue;
        if (latest >= 0) steps[n++] = i64_max(0, now - latest);
        latest = now;
    }
    if (n == 0) return 0;
    qsort(steps, (size_t)n, sizeof *steps, compare_i64);
    return steps[n / 2];
}

/* How long nothing happened before this row, 0 where that is nothing to speak of. With stamps of whole
 * seconds, two that differ by one may be a millisecond apart. */
static i64 silence(i64 now_us, i64 before_us, u32 precision_us, i64 usual_us) {
    i64 us = now_us - before_us;
    i64 least = i64_max(US_PER_S, USUAL_FACTOR * i64_min(usual_us, US_PER_DAY));
    if (precision_us >= US_PER_S) least = i64_max(least, 2 * (i64)precision_us);
    return us >= least ? us : 0;
}

static u32 coarser(u32 a, u32 b) {
    return a > b ? a : b;
}

/* Times of the gutter, and gap rows between the others. A message without a time (below 0) gets none. */
static void add_times(struct layout *l, isize messages, arena *a) {
    if (l->nrows == 0) return;
    i64 usual = usual_step(l, *a), start = -1, latest = -1;
    u32 latest_precision = 0;
    struct row *rows = arena_new(a, struct row, 2 * l->nrows);
    isize n = 0, *moved = arena_new(a, isize, l->nrows);
    str before = {0};
    for (isize i = 0; i < l->nrows; i++) {
        struct row *r = &l->rows[i];
        i64 now = r->m->time_us, quiet = 0;
        u32 precision = coarser(r->m->precision_us, latest_precision);
        if (now >= 0) {
            if (start < 0) start = latest = now;
            quiet = silence(now, latest, precision, usual);
            r->time = time_relative(a, now - start, r->m->precision_us);
            r->same_time = str_eq(r->time, before);
            before = r->time;
        }
        if (quiet) {
            rows[n].kind = ROW_GAP;
            rows[n++].time = time_span(a, quiet, precision);
        }
        if (now >= latest && now >= 0) {
            latest = now;
            latest_precision = r->m->precision_us;
        }
        moved[i] = n;
        rows[n++] = *r;
    }
    for (isize i = 0; i < messages; i++) l->row_of[i] = moved[l->row_of[i]];
    l->rows = rows;
    l->nrows = n;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void mark_problems(struct layout *l, const struct call *c) {
    for (isize i = 0; i < c->nproblems; i++) {
        const struct problem *p = &c->problems[i];
        isize at = c->messages ? index_of(c, p->message) : -1;
        if (at < 0) continue;
        struct row *r = &l->rows[l->row_of[at]];
        if (!r->problem || severity(p) > severity(r->problem)) r->problem = p;
    }
}

static void mark_first_of_legs(struct layout *l, const struct call *c, arena scratch) {
    bool *begun = arena_new(&scratch, bool, c->nlegs + 1);
    for (isize i = 0; i < l->nrows; i++) {
        struct row *r = &l->rows[i];
        if (r->kind == ROW_GAP || r->m->leg < 1 || r->m->leg > c->nlegs) continue;
        r->first_of_leg = !begun[r->m->leg];
        begun[r->m->leg] = true;
    }
}

void rows_build(struct layout *l, const struct call *c, const struct draw_options *d,
                arena *a) {
    isize n = c->messages ? c->nmessages : 0;
    l->rows = arena_new(a, struct row, n);
    l->row_of = arena_new(a, isize, n);
    l->next_in_fold = arena_new(a, isize, n);
    isize *head = fold_heads(c, n, a), *tail = arena_new(a, isize, n),
          *size = arena_new(a, isize, n);
    bool *open = open_folds(c, n, head, d, a);
    for (isize i = 0; i < n; i++) {
        isize h = head[i];
        l->next_in_fold[i] = -1;
        if (h != i) l->next_in_fold[tail[h]] = i;
        tail[h] = i;
        size[h]++;
        if (h == i || open[h]) {
            l->row_of[i] = l->nrows;
            fill_row(&l->rows[l->nrows++], &c->messages[i], i, h);
            l->rows[l->nrows - 1].part = size[h];
        } else {
            struct row *r = &l->rows[l->row_of[h]];
            l->row_of[i] = l->row_of[h];
            r->count++;
            r->fold_last = i;
        }
    }
    for (isize i = 0; i < l->nrows; i++) {
        isize h = l->rows[i].fold_head;
        if (open[h] && size[h] > 1) l->rows[i].parts = size[h];
    }
    add_times(l, n, a);
    mark_first_of_legs(l, c, *a);
    mark_problems(l, c);
}
