/* A window is a slice of the whole picture, and the index says where everything in it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "draw/fixture_more.h"
#include "draw/markup.h"

/* What stands in a group of the picture, which the next one ends. */
static str group(str svg, const char *name, const char *next) {
    isize from = str_find_str(svg, str_z(name)), to = str_find_str(svg, str_z(next));
    assert_true(from >= 0 && to > from);
    str inside = str_sub(svg, from + str_z(name).n, to - from - str_z(name).n);
    assert_true(str_ends(inside, S("</g>\n")));
    return str_sub(inside, 0, inside.n - 5);
}

static str rows_of(str svg) {
    return group(svg, "<g class=\"rows\">\n", "<g class=\"heads\">");
}
static str gaps_of(str svg) {
    return group(svg, "<g class=\"gaps\">\n", "<g class=\"prompts\">");
}
static str prompts_of(str svg) {
    return group(svg, "<g class=\"prompts\">\n", "<g class=\"rows\">");
}

/* Lines of `some` that stand in `all`; each has to. */
static isize lines_within(str some, str all) {
    isize n = 0;
    while (some.n) {
        struct str_pair cut = str_cut(some, '\n');
        if (str_find_str(all, cut.head) < 0)
            fail_msg("%.*s", (int)cut.head.n, (const char *)cut.head.p);
        some = cut.tail;
        n++;
    }
    return n;
}

static isize count_of(str text, const char *what) {
    isize n = 0;
    for (isize at; (at = str_find_str(text, str_z(what))) >= 0; n++)
        text = str_from(text, at + 1);
    return n;
}

static void assert_sliced(const struct call *c, const struct draw_options *d,
                          isize size) {
    arena view = arena_open_view();
    struct out whole = {0}, rows = {0}, gaps = {0}, prompts = {0};
    struct ladder *l = draw_ladder(c, d, &view);
    isize n = draw_ladder_rows(l);
    draw_svg(&whole, c, d);
    str all = out_str(&whole);
    assert_int_equal(count_of(all, "<g class=\"m "), n);
    for (isize first = 0; first < n; first += size) {
        struct out o = {0};
        str at;
        draw_window(&o, l, first, size);
        str part = out_str(&o);
        const char *wrong = markup_read(part, NULL, NULL, &at);
        if (wrong) fail_msg("%s", wrong);
        out_bytes(&rows, rows_of(part));
        out_bytes(&gaps, gaps_of(part));
        out_bytes(&prompts, prompts_of(part));
        lines_within(prompts_of(part), all);
        isize left = n - first < size ? n - first : size;
        assert_int_equal(count_of(part, "<g class=\"m "), left);
        out_drop(&o);
    }
    assert_true(str_eq(out_str(&rows), rows_of(all)));
    assert_true(str_eq(out_str(&gaps), gaps_of(all)));
    lines_within(prompts_of(all), out_str(&prompts));
    out_drop(&whole);
    out_drop(&rows);
    out_drop(&gaps);
    out_drop(&prompts);
    arena_close(&view);
}

static void windows_put_together_are_the_whole(void **state) {
    (void)state;
    static const struct draw_options folded = {.zone_s = 3600}, open = {.unfold = true};
    struct fixture f;
    fx_plain(&f);
    assert_sliced(&f.call, &folded, 5);
    fx_close(&f);
    fx_failed(&f);
    for (isize size = 1; size < 8; size++) {
        assert_sliced(&f.call, &folded, size);
        assert_sliced(&f.call, &open, size);
    }
    fx_close(&f);
    fx_chain(&f, 12, 3000);
    assert_sliced(&f.call, &folded, 128);
    assert_sliced(&f.call, &open, 77);
    fx_close(&f);
    fx_hostile(&f);
    assert_sliced(&f.call, &folded, 4);
    fx_close(&f);
}

static void a_window_has_what_reaches_into_it(void **state) {
    (void)state;
    static const struct draw_options d = {0};
    struct fixture f;
    fx_plain(&f);
    arena view = arena_open_view();
    struct out o = {0};
    struct ladder *l = draw_ladder(&f.call, &d, &view);
    /* the 180 of leg 2 is message 4; it prompts message 5 */
    draw_window(&o, l, 4, 1);
    assert_true(
        str_find_str(prompts_of(out_str(&o)), S("data-from=\"4\" data-to=\"5\"")) >= 0);
    assert_int_equal(count_of(prompts_of(out_str(&o)), "<path"), 1);
    out_drop(&o);
    draw_window(&o, l, 0, 0);
    assert_int_equal(rows_of(out_str(&o)).n, 0);
    out_drop(&o);
    draw_window(&o, l, 1000, 1000);
    assert_int_equal(rows_of(out_str(&o)).n, 0);
    out_drop(&o);
    draw_window(&o, l, -7, INT32_MAX);
    assert_int_equal(count_of(out_str(&o), "<g class=\"m "), draw_ladder_rows(l));
    out_drop(&o);
    arena_close(&view);
    fx_close(&f);
}

static void a_message_is_found_in_its_row(void **state) {
    (void)state;
    static const struct draw_options d = {0};
    struct fixture f;
    fx_failed(&f);
    arena view = arena_open_view();
    struct ladder *l = draw_ladder(&f.call, &d, &view);
    for (int m = 1; m <= f.call.nmessages; m++) {
        struct out o = {0};
        char fold[16], own[16];
        draw_window(&o, l, draw_ladder_row_of(l, m), 1);
        snprintf(fold, sizeof fold, "%d", m);
        snprintf(own, sizeof own, " data-m=\"%d\"", m);
        str text = out_str(&o);
        isize at = str_find_str(text, S("data-fold=\""));
        bool folded = at >= 0 && str_find_str(str_cut(str_from(text, at + 11), '"').head,
                                              str_z(fold)) >= 0;
        if (!folded && str_find_str(text, str_z(own)) < 0) fail_msg("message %d", m);
        out_drop(&o);
    }
    assert_int_equal(draw_ladder_row_of(l, 0), 0);
    assert_int_equal(draw_ladder_row_of(l, 9999), 0);
    arena_close(&view);
    fx_close(&f);
}

/* ---- the index ------------------------------------------------------------------------------------- */

static str column(str json, const char *key) {
    char want[24];
    snprintf(want, sizeof want, "\"%s\":[", key);
    isize at = str_find_str(json, str_z(want));
    assert_true(at >= 0);
    return str_from(json, at + str_z(want).n);
}

/* The next number of a column. */
static i64 next(str *column) {
    char *end;
    i64 n = strtoll((const char *)column->p, &end, 10);
    *column = str_from(*column, end - (const char *)column->p + 1);
    return n;
}

struct columns {
    str n, y, leg, from, to;
    isize rows;
};

static void compare_row(void *ctx, const struct markup_tag *t) {
    struct columns *c = ctx;
    if (markup_has_class(t, "m")) {
        assert_int_equal((i64)markup_number(t, "data-m"), next(&c->n));
        assert_int_equal((i64)markup_number(t, "data-leg"), next(&c->leg));
        assert_int_equal((i64)markup_number(t, "data-from"), next(&c->from));
        assert_int_equal((i64)markup_number(t, "data-to"), next(&c->to));
        c->rows++;
    }
    if (markup_has_class(t, "hit"))
        assert_int_equal((i64)markup_number(t, "y"), next(&c->y));
}

static void assert_indexed(const struct call *c, const struct draw_options *d) {
    arena view = arena_open_view();
    struct out svg = {0}, index = {0};
    struct ladder *l = draw_ladder(c, d, &view);
    str at;
    draw_svg(&svg, c, d);
    draw_ladder_index(&index, l);
    out_byte(&index, 0);
    str json = out_str(&index);
    struct columns cols = {column(json, "n"),    column(json, "y"),  column(json, "leg"),
                           column(json, "from"), column(json, "to"), 0};
    assert_null(markup_read(out_str(&svg), compare_row, &cols, &at));
    assert_int_equal(cols.rows, draw_ladder_rows(l));
    out_drop(&svg);
    out_drop(&index);
    arena_close(&view);
}

static void the_index_is_true(void **state) {
    (void)state;
    static const int some[] = {1};
    static const struct draw_options folded = {0}, open = {.unfold = true},
                                     one = {.unfolded = some, .nunfolded = 1};
    struct fixture f;
    fx_failed(&f);
    assert_indexed(&f.call, &folded);
    assert_indexed(&f.call, &open);
    assert_indexed(&f.call, &one);
    fx_close(&f);
    fx_chain(&f, 9, 2000);
    assert_indexed(&f.call, &folded);
    fx_close(&f);
}

static void folds_are_in_the_index(void **state) {
    (void)state;
    static const int some[] = {1};
    static const struct {
        struct draw_options d;
        const char *folds;
    } cases[] = {
        {{0}, "\"folds\":[[1,2,3],[8,9]],\"open\":[]"},
        {{.unfold = true}, "\"folds\":[],\"open\":[[1,2,3],[8,9]]"},
        {{.unfolded = some, .nunfolded = 1}, "\"folds\":[[8,9]],\"open\":[[1,2,3]]"},
    };
    struct fixture f;
    fx_failed(&f);
    for (isize i = 0; i < countof(cases); i++) {
        arena view = arena_open_view();
        struct out o = {0};
        draw_ladder_index(&o, draw_ladder(&f.call, &cases[i].d, &view));
        if (str_find_str(out_str(&o), str_z(cases[i].folds)) < 0)
            fail_msg("%.*s", (int)o.n, (const char *)o.p);
        out_drop(&o);
        arena_close(&view);
    }
    fx_close(&f);
}

static str version_of(const struct call *c, const struct draw_options *d, arena *view,
                      struct out *o) {
    draw_window(o, draw_ladder(c, d, view), 0, 1);
    isize at = str_find_str(out_str(o), S("data-version=\""));
    assert_true(at >= 0);
    return str_sub(out_str(o), at + 14, 16);
}

static void another_layout_has_another_version(void **state) {
    (void)state;
    static const struct draw_options d = {0}, open = {.unfold = true};
    struct fixture f;
    struct out o[4] = {0};
    fx_failed(&f);
    str a = version_of(&f.call, &d, &f.view, &o[0]);
    str b = version_of(&f.call, &d, &f.view, &o[1]);
    assert_true(str_eq(a, b));
    assert_false(str_eq(a, version_of(&f.call, &open, &f.view, &o[2])));
    f.call.nmessages--;
    assert_false(str_eq(a, version_of(&f.call, &d, &f.view, &o[3])));
    for (isize i = 0; i < countof(o); i++) out_drop(&o[i]);
    fx_close(&f);
}

/* ---- messages without their bytes ------------------------------------------------------------------ */

static void bytes_come_when_asked_for(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    struct out whole = {0}, lean = {0}, some = {0};
    draw_json(&whole, &f.call, true);
    draw_json_lean(&lean, &f.call);
    assert_int_equal(count_of(out_str(&whole), "\"raw\":"), f.call.nmessages);
    assert_int_equal(count_of(out_str(&lean), "\"raw\":"), 0);
    assert_int_equal(count_of(out_str(&lean), "\"prompted_by\":"), f.call.nmessages);
    draw_json_messages(&some, NULL, &f.call, 3, 4);
    str text = out_str(&some);
    assert_int_equal(count_of(text, "\"raw\":"), 4);
    assert_true(str_starts(text, S("[{\"n\":3,")));
    assert_true(str_find_str(out_str(&whole), str_sub(text, 1, text.n - 2)) >= 0);
    out_drop(&some);
    draw_json_messages(&some, NULL, &f.call, 14, 1000);
    assert_true(str_eq(out_str(&some), S("[]")));
    out_drop(&some);
    out_drop(&whole);
    out_drop(&lean);
    fx_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_put_together_are_the_whole),
        cmocka_unit_test(a_window_has_what_reaches_into_it),
        cmocka_unit_test(a_message_is_found_in_its_row),
        cmocka_unit_test(the_index_is_true),
        cmocka_unit_test(folds_are_in_the_index),
        cmocka_unit_test(another_layout_has_another_version),
        cmocka_unit_test(bytes_come_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
