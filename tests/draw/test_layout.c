/* Where things stand: nothing collides, nothing is lost, nothing leaves the picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "draw/fixture_more.h"
#include "draw/layout.h"

static arena view;

static const struct draw_options folded = {0}, unfolded = {.unfold = true};

static struct layout lay(const struct call *c, const struct draw_options *d) {
    struct layout l;
    arena_reset(&view);
    layout_build(&l, c, d, &view);
    return l;
}

/* ---- invariants, for every fixture ----------------------------------------------------------- */

struct box {
    int left, right, top, bottom;
};

static struct box label_box(const struct row *r) {
    if (layout_is_loop(r))
        return (struct box){r->label_x, r->label_x + r->label_w, r->y - 9, r->y + 3};
    int half = (r->label_w + 1) / 2;
    return (struct box){r->label_x - half, r->label_x + half, r->y - 14, r->y - 2};
}

static bool overlap(struct box a, struct box b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static void check_columns(const struct layout *l, const struct call *c) {
    for (isize d = 0; d < c->ndevices; d++) {
        assert_in_range(l->column_of[d], 0, l->ncolumns - 1);
        assert_int_equal(l->columns[l->column_of[d]].device, d);
    }
    int unknown = 0;
    for (int i = 0; i < l->ncolumns; i++) {
        const struct column *col = &l->columns[i];
        unknown += col->device < 0;
        int half = (text_width(col->name, NAME_PX, true) + 1) / 2;
        int sub = (text_width(col->sub, SUB_PX, false) + 1) / 2;
        assert_true(col->x - half >= GUTTER - 10 && col->x + half <= l->width);
        assert_true(col->x - sub >= GUTTER - 10 && col->x + sub <= l->width);
        if (i == 0) continue;
        const struct column *before = &l->columns[i - 1];
        assert_true(col->x - before->x >= COL_MIN);
        int other = (text_width(before->name, NAME_PX, true) + 1) / 2;
        assert_true(before->x + other + 6 <= col->x - half);
        other = (text_width(before->sub, SUB_PX, false) + 1) / 2;
        assert_true(before->x + other + 4 <= col->x - sub);
    }
    assert_int_equal(l->ncolumns, c->ndevices + unknown);
    assert_true(unknown <= 1);
}

static void check_every_message_is_in_one_row(const struct layout *l,
                                              const struct call *c) {
    isize found = 0;
    for (isize i = 0; i < l->nrows; i++) {
        const struct row *r = &l->rows[i];
        if (r->kind == ROW_GAP) continue;
        isize k = r->index;
        for (isize n = 0; n < r->count; n++) {
            assert_true(k >= 0);
            assert_int_equal(l->row_of[k], i);
            assert_int_equal(c->messages[k].leg, r->m->leg);
            found++;
            k = l->next_in_fold[k];
        }
    }
    assert_int_equal(found, c->nmessages);
}

static void check_row(const struct layout *l, const struct row *r) {
    struct box b = label_box(r);
    assert_true(b.left >= GUTTER && b.right <= l->width);
    assert_true(b.top >= HEAD_H && b.bottom <= l->height);
    if (layout_is_loop(r)) return;
    int from = l->columns[r->from].x, to = l->columns[r->to].x;
    int low = from < to ? from : to, high = from < to ? to : from;
    assert_true(b.left >= low + 8 && b.right <= high - 8);
    if (r->mark_x) assert_true(r->mark_x >= low && r->mark_x <= high);
    if (r->warn_x) assert_true(r->warn_x >= low && r->warn_x <= high);
    if (r->wave_x) assert_true(r->wave_x > low && r->wave_x < high);
    /* what stands on the line beside the column stays clear of the words */
    if (r->warn_x && r->warn_x != from)
        assert_true(r->warn_x + 7 <= b.left || r->warn_x - 7 >= b.right);
    if (r->mark_x && r->mark_x != from)
        assert_true(r->mark_x + MARK_R <= b.left || r->mark_x - MARK_R >= b.right);
}

static void check_rows(const struct layout *l) {
    int y = HEAD_H;
    const struct row *before = NULL;
    for (isize i = 0; i < l->nrows; i++) {
        const struct row *r = &l->rows[i];
        assert_true(r->y > y && r->y < l->height);
        y = r->y;
        assert_true(text_width(r->time, TIME_PX, true) <= GUTTER - 8);
        if (r->kind == ROW_MESSAGE) {
            check_row(l, r);
            if (before) assert_false(overlap(label_box(before), label_box(r)));
        }
        before = r->kind == ROW_MESSAGE ? r : NULL;
    }
}

/* Curves of one column that share a row keep apart, and none bows beyond its neighbours. */
static void check_curves(const struct layout *l) {
    for (isize i = 0; i < l->ncurves; i++) {
        const struct curve *v = &l->curves[i];
        assert_true(v->from_row < v->to_row);
        assert_int_equal(l->rows[v->from_row].to, v->column);
        assert_int_equal(l->rows[v->to_row].from, v->column);
        int reach = l->columns[v->column].x + v->side * v->off;
        assert_true(reach > GUTTER - 10 && reach < l->width);
        for (isize k = i + 1; k < l->ncurves && l->curves[k].column == v->column; k++) {
            const struct curve *w = &l->curves[k];
            bool share = w->from_row <= v->to_row && v->from_row <= w->to_row;
            bool last = v->off == w->off && v->off > 30; /* no lane was left */
            assert_true(!share || last || w->side != v->side || w->off != v->off);
        }
    }
}

static void check(const struct call *c) {
    const struct draw_options *both[] = {&folded, &unfolded};
    for (int i = 0; i < 2; i++) {
        struct layout l = lay(c, both[i]);
        check_columns(&l, c);
        check_every_message_is_in_one_row(&l, c);
        check_rows(&l);
        check_curves(&l);
    }
}

static void nothing_collides(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    check(&f.call);
    fx_close(&f);
    fx_junk(&f);
    check(&f.call);
    fx_close(&f);
    fx_failed(&f);
    check(&f.call);
    fx_close(&f);
    fx_hostile(&f);
    check(&f.call);
    fx_close(&f);
}

static void nothing_collides_in_large_calls(void **state) {
    (void)state;
    struct fixture f;
    fx_fork(&f, 26);
    check(&f.call);
    fx_close(&f);
    fx_chain(&f, 20, 400);
    check(&f.call);
    fx_close(&f);
    fx_chain(&f, 8, 2000);
    check(&f.call);
    fx_close(&f);
}

static void twenty_thousand_messages_work(void **state) {
    (void)state;
    struct fixture f;
    fx_chain(&f, 8, 20000);
    struct layout l = lay(&f.call, &folded);
    check_every_message_is_in_one_row(&l, &f.call);
    check_rows(&l);
    fx_close(&f);
}

static void an_empty_call_is_no_problem(void **state) {
    (void)state;
    struct fixture f;
    fx_open(&f, 0, 0, 0);
    struct layout l = lay(&f.call, &folded);
    assert_int_equal(l.nrows, 0);
    assert_true(l.width > 0 && l.height >= HEAD_H);
    f.call.messages = NULL;
    f.call.nmessages = 57; /* a summary */
    l = lay(&f.call, &folded);
    assert_int_equal(l.nrows, 0);
    fx_close(&f);
}

/* ---- folds --------------------------------------------------------------------------------------- */

static isize message_rows(const struct layout *l) {
    isize n = 0;
    for (isize i = 0; i < l->nrows; i++) n += l->rows[i].kind == ROW_MESSAGE;
    return n;
}

static void repeats_fold_and_unfold(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    struct layout l = lay(&f.call, &folded);
    assert_int_equal(message_rows(&l), 55);
    const struct row *ringing = &l.rows[l.row_of[19]];
    assert_int_equal(ringing->count, 3);
    assert_ptr_equal(ringing, &l.rows[l.row_of[24]]);
    l = lay(&f.call, &unfolded);
    assert_int_equal(message_rows(&l), 57);
    assert_int_equal(l.rows[l.row_of[19]].parts, 3);
    assert_int_equal(l.rows[l.row_of[24]].part, 3);
    const int any_of_it[] = {24, -3, 9999};
    struct draw_options some = {.unfolded = any_of_it, .nunfolded = 3};
    l = lay(&f.call, &some);
    assert_int_equal(message_rows(&l), 57);
    const int another[] = {1};
    some = (struct draw_options){.unfolded = another, .nunfolded = 1};
    l = lay(&f.call, &some);
    assert_int_equal(message_rows(&l), 55);
    fx_close(&f);
}

static void retransmissions_fold_into_their_first(void **state) {
    (void)state;
    struct fixture f;
    fx_failed(&f);
    struct layout l = lay(&f.call, &folded);
    assert_int_equal(l.rows[0].count, 3);
    assert_int_equal(l.rows[0].fold_last, 2);
    assert_int_equal(l.rows[l.row_of[7]].count, 2); /* 183, 183 */
    l = lay(&f.call, &unfolded);
    assert_false(l.rows[l.row_of[0]].again);
    assert_true(l.rows[l.row_of[1]].again);
    f.call.messages[1].to_device = 2; /* says it repeats what went elsewhere */
    l = lay(&f.call, &folded);
    assert_int_equal(l.rows[0].count, 2);
    fx_close(&f);
}

static void what_differs_does_not_fold(void **state) {
    (void)state;
    struct fixture f;
    fx_open(&f, 2, 1, 8);
    fx_device(&f, S("a"), S("192.0.2.1"), S(""));
    fx_device(&f, S("b"), S("192.0.2.2"), S(""));
    fx_leg(&f, 0, 1, ROLE_INCOMING, STATE_RINGING, 0);
    fx_say(&f, 1, 0, 1, 0, INV, 0, 0, 0);
    fx_say(&f, 1, 1, 0, 1, INV, 180, 0, 0);
    fx_say(&f, 1, 1, 0, 2, INV, 183, 0, 0);
    fx_say(&f, 1, 1, 0, 3, INV, 180, 0, 0);
    fx_say(&f, 1, 1, 0, 4, INV, 180, 0, FX_SDP);
    fx_say(&f, 1, 1, 0, 5, INV, 200, 0, FX_SDP);
    fx_say(&f, 1, 1, 0, 6, INV, 200, 0, FX_SDP); /* not known as a repeat: stays */
    struct layout l = lay(&f.call, &folded);
    assert_int_equal(message_rows(&l), 7);
    fx_close(&f);
}

/* ---- silences and times ----------------------------------------------------------------------------- */

static const struct row *nth_gap(const struct layout *l, int n) {
    for (isize i = 0; i < l->nrows; i++) {
        if (l->rows[i].kind == ROW_GAP && n-- == 0) return &l->rows[i];
    }
    return NULL;
}

static void long_silences_are_cut(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    struct layout l = lay(&f.call, &folded);
    assert_true(str_eq(nth_gap(&l, 0)->time, S("3.2 s")));
    assert_true(str_eq(nth_gap(&l, 1)->time, S("11.1 s")));
    assert_null(nth_gap(&l, 2));
    fx_close(&f);
}

static void a_slow_call_is_no_silence(void **state) {
    (void)state;
    struct fixture f;
    fx_open(&f, 2, 1, 16);
    fx_device(&f, S("a"), S("192.0.2.1"), S(""));
    fx_device(&f, S("b"), S("192.0.2.2"), S(""));
    fx_leg(&f, 0, 1, ROLE_INCOMING, STATE_RINGING, 0);
    for (int i = 0; i < 10; i++) fx_say(&f, 1, 0, 1, i * 4000, S("INFO"), 0, 0, 0);
    struct layout l = lay(&f.call, &folded);
    assert_null(nth_gap(&l, 0)); /* 4 s is the usual pace here */
    fx_say(&f, 1, 0, 1, 100000, S("INFO"), 0, 0, 0);
    l = lay(&f.call, &folded);
    assert_true(str_eq(nth_gap(&l, 0)->time, S("1 min 4 s")));
    fx_close(&f);
}

static void stamps_of_whole_seconds_stay_honest(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    for (isize i = 0; i < f.call.nmessages; i++) {
        struct message *m = &f.call.messages[i];
        m->precision_us = 1000000;
        m->time_us -= m->time_us % US_PER_S;
    }
    struct layout l = lay(&f.call, &folded);
    assert_true(str_eq(l.rows[0].time, S("+00 s")));
    assert_true(l.rows[1].same_time);
    assert_true(str_eq(nth_gap(&l, 0)->time, S("\u2248 4 s")));
    assert_true(str_eq(nth_gap(&l, 1)->time, S("1 min")));
    assert_true(str_eq(l.rows[l.nrows - 1].time, S("+1:04")));
    for (isize i = 0; i < f.call.nmessages;
         i++) /* one second apart may be a millisecond */
        f.call.messages[i].time_us = FX_START + (i > 4) * US_PER_S;
    l = lay(&f.call, &folded);
    assert_null(nth_gap(&l, 0));
    fx_close(&f);
}

static void a_message_without_a_time_has_none(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    f.call.messages[0].time_us = -1;
    f.call.messages[3].time_us = INT64_MIN;
    f.call.messages[12].time_us = INT64_MAX;
    struct layout l = lay(&f.call, &folded);
    assert_int_equal(l.rows[0].time.n, 0);
    assert_true(str_eq(l.rows[1].time, S("00.000")));
    assert_int_equal(l.rows[3].time.n, 0);
    check(&f.call);
    fx_close(&f);
}

int main(void) {
    view = arena_open_view();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_collides),
        cmocka_unit_test(nothing_collides_in_large_calls),
        cmocka_unit_test(twenty_thousand_messages_work),
        cmocka_unit_test(an_empty_call_is_no_problem),
        cmocka_unit_test(repeats_fold_and_unfold),
        cmocka_unit_test(retransmissions_fold_into_their_first),
        cmocka_unit_test(what_differs_does_not_fold),
        cmocka_unit_test(long_silences_are_cut),
        cmocka_unit_test(a_slow_call_is_no_silence),
        cmocka_unit_test(stamps_of_whole_seconds_stay_honest),
        cmocka_unit_test(a_message_without_a_time_has_none),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&view);
    return failed;
}
