/* The picture as markup: well-formed, within its view, true to docs/ladder.md, and deaf to what messages say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "draw/fixture_more.h"
#include "draw/markup.h"

static const struct draw_options alone = {.standalone = true, .zone_s = 3600}, part = {0},
                                 open_all = {.unfold = true};

/* What a drawing holds, counted while it is read. */
struct census {
    double width, height, head;
    isize rows, folds, open, badges, dots, prompts, lifes, heads, gaps, waves, crosses,
        problems, styles, ids;
    isize outside; /* coordinates that leave the picture */
    double last_y;
    isize climbing; /* rows that are not below the one before */
};

static void count_outside(struct census *c, const struct markup_tag *t) {
    static const char *const across[] = {"x", "x1", "x2", "cx"}, *const down[] = {
                                                                     "y", "y1", "y2",
                                                                     "cy"};
    for (isize i = 0; i < countof(across); i++) {
        double x = markup_number(t, across[i]), y = markup_number(t, down[i]);
        c->outside += x < 0 || x > c->width || y < 0 || y > c->height;
    }
    if (str_eq(t->name, S("rect"))) {
        c->outside += markup_number(t, "x") + markup_number(t, "width") > c->width;
        c->outside += markup_number(t, "y") + markup_number(t, "height") > c->height;
    }
    str d = markup_get(t, "d");
    if (d.n < 2 || d.p[0] != 'M' || markup_has_class(t, "cut")) return;
    char z[64] = "", *end;
    memcpy(z, d.p + 1, (size_t)(d.n - 1 < 63 ? d.n - 1 : 63));
    double x = strtod(z, &end), y = strtod(end, NULL);
    if (markup_get(t, "class").n && !markup_has_class(t, "bang"))
        c->outside += x < 0 || x > c->width || y < 0 || y > c->height;
}

static void count(void *ctx, const struct markup_tag *t) {
    struct census *c = ctx;
    if (str_eq(t->name, S("svg"))) {
        c->width = markup_number(t, "width");
        c->height = markup_number(t, "height");
        c->head = markup_number(t, "data-head");
    }
    count_outside(c, t);
    c->styles += str_eq(t->name, S("style"));
    c->ids += markup_get(t, "id").n > 0;
    c->badges += markup_has_class(t, "badge");
    c->dots += markup_has_class(t, "dot");
    c->prompts += markup_has_class(t, "prompt");
    c->lifes += markup_has_class(t, "life");
    c->heads += markup_has_class(t, "head");
    c->gaps += markup_has_class(t, "gap");
    c->waves += markup_has_class(t, "wave");
    c->crosses += markup_has_class(t, "cross");
    c->problems += markup_has_class(t, "problem-mark");
    if (markup_has_class(t, "m")) {
        c->rows++;
        c->folds += markup_has_class(t, "fold");
        c->open += markup_has_class(t, "open");
        if (markup_get(t, "data-m").n == 0 || markup_get(t, "data-leg").n == 0 ||
            markup_get(t, "data-from").n == 0 || markup_get(t, "data-to").n == 0 ||
            !str_eq(markup_get(t, "role"), S("button")) ||
            !str_eq(markup_get(t, "tabindex"), S("-1")))
            c->outside += 1000;
    }
    if (markup_has_class(t, "hit")) {
        c->climbing += markup_number(t, "y") <= c->last_y;
        c->last_y = markup_number(t, "y");
    }
}

static struct census read_svg(const struct call *call, const struct draw_options *d) {
    struct out o = {0};
    draw_svg(&o, call, d);
    struct census c = {0};
    str at = {0};
    const char *why = markup_read(out_str(&o), count, &c, &at);
    if (why) fail_msg("%s: %.*s", why, (int)(at.n < 80 ? at.n : 80), (const char *)at.p);
    out_drop(&o);
    assert_int_equal(c.outside, 0);
    assert_int_equal(c.climbing, 0);
    assert_int_equal(c.head, 56);
    return c;
}

static void the_junk_call(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    struct census c = read_svg(&f.call, &alone);
    assert_int_equal(c.rows, 55);
    assert_int_equal(c.ids, 55);
    assert_int_equal(c.folds, 1);
    assert_int_equal(c.open, 0);
    assert_int_equal(c.badges, 8);
    assert_int_equal(c.lifes, 8);
    assert_int_equal(c.heads, 8);
    assert_int_equal(c.gaps, 2);
    assert_int_equal(c.crosses, 0); /* 401 and 487 are no failures */
    assert_int_equal(c.problems, 1);
    assert_int_equal(c.styles, 1);
    assert_int_equal(c.prompts, 26);
    assert_true(c.width < 1100 && c.height < 1300); /* all of it on one screen, nearly */
    c = read_svg(&f.call, &part);
    assert_int_equal(c.styles, 0);
    c = read_svg(&f.call, &open_all);
    assert_int_equal(c.rows, 57);
    assert_int_equal(c.folds, 1); /* the first of three can close it again */
    assert_int_equal(c.open, 1);
    fx_close(&f);
}

static void failures_are_marked_with_more_than_colour(void **state) {
    (void)state;
    struct fixture f;
    fx_failed(&f);
    struct census c = read_svg(&f.call, &alone);
    assert_int_equal(c.crosses, 4); /* 503, 486, 480, 503 */
    assert_int_equal(c.problems, 2);
    assert_int_equal(c.heads, 4); /* one of them unknown */
    assert_int_equal(c.folds, 2);
    fx_close(&f);
}

static void large_calls(void **state) {
    (void)state;
    struct fixture f;
    fx_fork(&f, 26);
    struct census c = read_svg(&f.call, &part);
    assert_int_equal(c.badges, 26);
    assert_int_equal(c.heads, 27);
    fx_close(&f);
    fx_chain(&f, 20, 300);
    read_svg(&f.call, &part);
    fx_close(&f);
    fx_chain(&f, 8, 2000);
    c = read_svg(&f.call, &part);
    assert_true(c.rows == 2000);
    fx_close(&f);
}

static void an_empty_call(void **state) {
    (void)state;
    struct fixture f;
    fx_open(&f, 0, 0, 0);
    read_svg(&f.call, &alone);
    fx_close(&f);
}

static void hostile_text_stays_text(void **state) {
    (void)state;
    struct fixture f;
    fx_hostile(&f);
    struct census c = read_svg(&f.call, &alone);
    assert_int_equal(c.rows, 13);
    struct out o = {0};
    draw_svg(&o, &f.call, &alone);
    assert_true(str_find_nocase(out_str(&o), S("<script")) < 0);
    assert_true(str_find_nocase(out_str(&o), S("<![CDATA")) < 0);
    out_drop(&o);
    fx_close(&f);
}

/* No attribute of style, no handler, no link: a page's content policy has nothing to forbid. */
static void forbidden(void *ctx, const struct markup_tag *t) {
    isize *n = ctx;
    for (int i = 0; i < t->nattrs; i++) {
        str name = t->attr[i].name;
        *n += str_eq(name, S("style")) || str_starts(name, S("on")) ||
              str_ends(name, S("href"));
    }
    *n += str_eq(t->name, S("script")) || str_eq(t->name, S("foreignObject"));
}

static void nothing_for_a_content_policy_to_forbid(void **state) {
    (void)state;
    struct fixture f;
    fx_hostile(&f);
    struct out o = {0};
    draw_svg(&o, &f.call, &part);
    isize n = 0;
    str at;
    assert_null(markup_read(out_str(&o), forbidden, &n, &at));
    assert_int_equal(n, 0);
    out_drop(&o);
    fx_close(&f);
}

static void rows_say_what_they_are(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    struct out o = {0};
    draw_svg(&o, &f.call, &part);
    static const char *const has[] = {
        "<title>Call from 01632 960123 to 020 7946 0452, answered</title>",
        "<title>20. 180 Ringing, snom-office to boxless, leg 3, 3 times</title>",
        "data-fold=\"20 24 25\"",
        "<title>26. 200 OK, snom-home to boxless, leg 4, with SDP</title>",
        "<title>32. 200 OK to CANCEL, a.voiceless to boxless, leg 5</title>",
        "id=\"m27\" data-m=\"27\" data-leg=\"3\" data-from=\"2\" data-to=\"3\"",
        "data-from=\"2\" data-to=\"3\" data-prompt=\"26\"",
        "<tspan class=\"count\">\u00d73</tspan>",
        "pool of 2",
        "Problem: The office phone took 44 ms",
    };
    for (isize i = 0; i < countof(has); i++) {
        if (str_find_str(out_str(&o), str_z(has[i])) < 0) fail_msg("no %s", has[i]);
    }
    out_drop(&o);
    fx_close(&f);
}

/* The checker itself: it would be no use if it took everything. */
static void the_checker_refuses_what_is_wrong(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "<a>",
        "<a></b>",
        "<a b=c/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>&nbsp;</a>",
        "<a b=\"<\"/>",
        "<a>\x01</a>",
        "<a>\xff</a>",
        "<a/><b/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a>1 < 2</a>",
        "<a b=\"1\"",
        "</a>",
    };
    str at;
    for (isize i = 0; i < countof(bad); i++) {
        if (!markup_read(str_z(bad[i]), NULL, NULL, &at)) fail_msg("took %s", bad[i]);
    }
    assert_null(markup_read(S("<a b=\"1\">x &lt;<c/>\u00d7</a>\n"), NULL, NULL, &at));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_junk_call),
        cmocka_unit_test(failures_are_marked_with_more_than_colour),
        cmocka_unit_test(large_calls),
        cmocka_unit_test(an_empty_call),
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(nothing_for_a_content_policy_to_forbid),
        cmocka_unit_test(rows_say_what_they_are),
        cmocka_unit_test(the_checker_refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
