/* Words and widths: times as people read them, text cut where it has to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "draw/facts.h"
#include "draw/fixture.h"
#include "draw/layout.h"

static arena view;

static void times_read_well(void **state) {
    (void)state;
    static const struct {
        i64 us;
        u32 precision;
        const char *text;
    } relative[] = {
        {0, 1, "00.000"},
        {16000, 1, "00.016"},
        {16999, 1, "00.016"},
        {3482123, 1000, "03.482"},
        {3482123, 10000, "03.48"},
        {3482123, 100000, "03.4"},
        {3482123, 1000000, "+03 s"},
        {62345000, 1, "1:02.345"},
        {62345000, 1000000, "+1:02"},
        {3662345000, 1, "1:01:02.345"},
        {36062345000, 1, "10:01:02"},
        {360062345000000, 1, "4167 d"},
        {INT64_MAX, 1, "9999 d"},
        {-1500000, 1, "-01.500"},
        {INT64_MIN, 1000000, "-9999 d"},
    };
    for (isize i = 0; i < countof(relative); i++) {
        str s = time_relative(&view, relative[i].us, relative[i].precision);
        if (!str_eq(s, str_z(relative[i].text)))
            fail_msg("%.*s, not %s", (int)s.n, (const char *)s.p, relative[i].text);
    }
    static const struct {
        i64 us;
        const char *text;
    } spans[] = {{-5, "0 ms"},
                 {999, "0 ms"},
                 {44000, "44 ms"},
                 {1000000, "1.0 s"},
                 {3180000, "3.2 s"},
                 {11149000, "11.1 s"},
                 {59960000, "1 min"},
                 {64000000, "1 min 4 s"},
                 {3600000000, "1 h"},
                 {3599700000, "1 h"},
                 {3780000000, "1 h 3 min"},
                 {754000000, "12 min"},
                 {86400000000, "24 h"},
                 {INT64_MAX, "9999 d"}};
    for (isize i = 0; i < countof(spans); i++) {
        str s = time_span(&view, spans[i].us, 1);
        if (!str_eq(s, str_z(spans[i].text)))
            fail_msg("%.*s, not %s", (int)s.n, (const char *)s.p, spans[i].text);
    }
    assert_true(str_eq(time_clock(&view, FX_START, 3600), S("08:54:02")));
    assert_true(str_eq(time_date(&view, FX_START, 3600), S("26 Jul 2014")));
    static const i64 longest[] = {599000000, 35940000000, 59000000, 8640000000000};
    for (isize i = 0; i < countof(longest); i++) {
        assert_true(text_width(time_span(&view, longest[i], 1), TIME_PX, true) <=
                    GUTTER - 10);
        str s = time_span(&view, longest[i], 1000000);
        assert_true(text_width(s, TIME_PX, true) <= GUTTER - 10);
    }
    time_clock(&view, INT64_MAX, 50400); /* no overflow */
    time_date(&view, INT64_MIN, -50400);
}

/* ---- type --------------------------------------------------------------------------------------------- */

static void text_is_shortened_at_characters(void **state) {
    (void)state;
    str s = S("503 Service Unavailable");
    assert_ptr_equal(text_fit(&view, s, 120, false, 400).p, s.p);
    for (int max = 0; max < 200; max++) {
        str t = text_fit(&view, S("Z\u00fcrich \u6771\u4eac \U0001f4de \xff\xc3 end"),
                         120, true, max);
        for (str rest = t; rest.n;
             rest = str_from(rest, utf8_len(rest) ? utf8_len(rest) : 1))
            assert_true(utf8_len(rest) || rest.p[0] == 0xff || rest.p[0] == 0xc3);
        if (max >= 17) assert_true(text_width(t, 120, true) <= max);
        t = text_fit_middle(&view, S("[2001:db8:aaaa:bbbb::ffff]:5060"), 130, true, max);
        if (max >= 17) assert_true(text_width(t, 130, true) <= max);
    }
    assert_true(str_eq(text_fit(&view, S("a\r\nb\x01"), 120, false, 400), S("a  b ")));
}

static void spans_of_a_call_are_as_fine_as_its_stamps(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    assert_int_equal(fact_precision(&f.call), 1);
    assert_true(str_eq(fact_span_ms(&view, 4110, 1), S("4.1 s")));
    f.call.messages[5].precision_us = 1000000;
    assert_int_equal(fact_precision(&f.call), 1000000);
    assert_true(str_eq(fact_span_ms(&view, 4110, 1000000), S("\u2248 4 s")));
    f.call.messages = NULL; /* a summary says it itself */
    assert_int_equal(fact_precision(&f.call), 1);
    f.call.precision_us = 1000000;
    assert_int_equal(fact_precision(&f.call), 1000000);
    assert_int_equal(fact_span_ms(&view, -1, 1).n, 0);
    fx_close(&f);
}

static void why_a_leg_is_here(void **state) {
    (void)state;
    struct leg l = {.n = 1};
    assert_true(str_eq(fact_why(&view, &l), S("where it begins")));
    struct evidence e = {S("k"), S("same number"), 3};
    l = (struct leg){.n = 2, .parent = 1, .confidence = 0.5};
    assert_true(str_eq(fact_why(&view, &l), S("leg 1, 50.0 %")));
    l.evidence = &e;
    l.nevidence = 1;
    l.confidence = 1; /* nothing is ever certain */
    assert_true(str_eq(fact_why(&view, &l), S("leg 1, 99.99 %: same number")));
}

int main(void) {
    view = arena_open_view();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_read_well),
        cmocka_unit_test(text_is_shortened_at_characters),
        cmocka_unit_test(spans_of_a_call_are_as_fine_as_its_stamps),
        cmocka_unit_test(why_a_leg_is_here),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&view);
    return failed;
}
