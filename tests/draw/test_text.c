/* The ladder in a terminal: as wide as asked, safe to print, and golden for the plainest call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "draw/cells.h"
#include "draw/fixture_more.h"

static str drawn(struct out *o, const struct call *c, struct draw_text_options d) {
    o->n = 0;
    d.zone_s = 3600;
    draw_text(o, c, &d);
    return out_str(o);
}

static const char golden[] =
    // clang-format off
    "01632 960123 → 020 7946 0452\n"
    "26 Jul 2014 08:54:02 +01:00 · answered · rang 4.1 s · talked 1 min · 2 legs · 3 devices · 13\n"
    "messages · id 0a1b2c3d4e5f6\n"
    "\n"
    "              alice             pbx              bob\n"
    "   00.000  1    ├─── INVITE ────▶│                │\n"
    "   00.002  1    │◀─ 100 Trying ──┤                │\n"
    "   00.005  2    │                ├─── INVITE ────▶│\n"
    "   00.090  2    │                │◀─ 180 Ringing ─┤\n"
    "   00.092  1    │◀─ 180 Ringing ─┤                │\n"
    "    4.1 s       ┊                ┊                ┊\n"
    "   04.200  2    │                │◀─── 200 OK ────┤\n"
    "   04.202  1    │◀─── 200 OK ────┤                │\n"
    "   04.230  1    ├───── ACK ─────▶│                │\n"
    "   04.232  2    │                ├───── ACK ─────▶│\n"
    "    1 min       ┊                ┊                ┊\n"
    " 1:04.230  1    ├───── BYE ─────▶│                │\n"
    " 1:04.231  1    │◀─ 200 OK BYE ──┤                │\n"
    " 1:04.232  2    │                ├───── BYE ─────▶│\n"
    " 1:04.250  2    │                │◀─ 200 OK BYE ──┤\n"
    "\n"
    "leg  from → to    result    rang   talked\n"
    "  1  alice → pbx  answered  4.1 s  1 min\n"
    "     where it begins\n"
    "  2  pbx → bob    answered  4.1 s  1 min\n"
    "     hop of leg 1, 99.8 %\n"
    // clang-format on
    ;

static isize cells_of(str line) {
    isize n = 0;
    for (; line.n; line = str_from(line, utf8_len(line) ? utf8_len(line) : 1)) n++;
    return n;
}

static isize widest_line(str s) {
    isize widest = 0;
    while (s.n) {
        struct str_pair cut = str_cut(s, '\n');
        isize n = cells_of(cut.head);
        if (n > widest) widest = n;
        s = cut.tail;
    }
    return widest;
}

static isize times(str s, str what) {
    isize n = 0;
    for (isize at; (at = str_find_str(s, what)) >= 0; n++) s = str_from(s, at + what.n);
    return n;
}

static void the_plain_call(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_plain(&f);
    str s = drawn(&o, &f.call, (struct draw_text_options){.width = 100});
    if (!str_eq(s, str_z(golden))) fail_msg("%.*s", (int)s.n, (const char *)s.p);
    out_drop(&o);
    fx_close(&f);
}

static void it_is_as_narrow_as_asked(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_junk(&f);
    for (int width = 80; width <= 180; width += 4) {
        str s = drawn(&o, &f.call, (struct draw_text_options){.width = width});
        if (widest_line(s) > width) fail_msg("%d is %d wide", width, (int)widest_line(s));
        s = drawn(&o, &f.call, (struct draw_text_options){.width = width, .ascii = true});
        if (widest_line(s) > width) fail_msg("%d is %d wide", width, (int)widest_line(s));
    }
    out_drop(&o);
    fx_close(&f);
}

static void narrow_ladders_keep_the_codes(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_junk(&f);
    str s = drawn(&o, &f.call, (struct draw_text_options){.width = 80});
    assert_true(str_find_str(s, S("│◀─ 487 ─┤")) > 0);
    assert_true(str_find_str(s, S("├CANCEL─▶│")) > 0);
    assert_true(str_find_str(s, S("180 ×3")) > 0);
    assert_true(str_find_str(s, S("boxless")) > 0 &&
                str_find_str(s, S("a.voiceless")) > 0);
    s = drawn(&o, &f.call, (struct draw_text_options){0});
    assert_true(str_find_str(s, S("487 Request Terminated")) > 0);
    assert_true(str_find_str(s, S("200 OK CANCEL")) > 0);
    assert_int_equal(times(s, S("…")), 0);
    out_drop(&o);
    fx_close(&f);
}

static void every_row_is_there(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_junk(&f);
    str s = drawn(&o, &f.call, (struct draw_text_options){.width = 140});
    assert_int_equal(times(s, S("▶")) + times(s, S("◀")), 55);
    assert_int_equal(times(s, S("┊")), 2 * 8);
    assert_true(str_find_str(s, S(" 03.542  3 ! ")) > 0);
    assert_true(str_find_str(s, S("! warning, leg 3, message 43: The office phone")) > 0);
    assert_true(str_find_str(s, S("fork of leg 2, 99.8 %: same called number")) > 0);
    s = drawn(&o, &f.call, (struct draw_text_options){.width = 140, .unfold = true});
    assert_int_equal(times(s, S("▶")) + times(s, S("◀")), 57);
    assert_true(str_find_str(s, S("180 Ringing 2/3")) > 0);
    out_drop(&o);
    fx_close(&f);
}

static void ascii_is_ascii(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    void (*const fixtures[])(struct fixture *) = {fx_plain, fx_junk, fx_failed,
                                                  fx_hostile};
    for (isize i = 0; i < countof(fixtures); i++) {
        fixtures[i](&f);
        f.call.from = S("J\u00fcrgen");
        str s =
            drawn(&o, &f.call, (struct draw_text_options){.width = 90, .ascii = true});
        for (isize k = 0; k < s.n; k++)
            assert_true(s.p[k] == '\n' || (s.p[k] >= ' ' && s.p[k] <= '~'));
        assert_true(str_starts(s, S("J?rgen -> ")));
        fx_close(&f);
    }
    out_drop(&o);
}

static void nothing_commands_the_terminal(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_hostile(&f);
    f.call.devices[0].name = S("\x1b[2J\xc2\x9b"
                               "31m\u202edlrow\u2066\u200b\u0301");
    str s = drawn(&o, &f.call, (struct draw_text_options){.width = 120});
    draw_call_line(&o, &f.call, 0);
    s = out_str(&o);
    for (str rest = s; rest.n;) {
        isize n = utf8_len(rest);
        assert_true(n > 0);
        assert_true(rest.p[0] >= ' ' || rest.p[0] == '\n');
        assert_false(n == 2 && rest.p[0] == 0xc2 && rest.p[1] < 0xa0);
        rest = str_from(rest, n);
    }
    assert_true(str_find_str(s, S("\u202e")) < 0 && str_find_str(s, S("\u200b")) < 0);
    assert_true(str_find_str(s, S("\u0301")) < 0);
    out_drop(&o);
    fx_close(&f);
}

static void odd_calls_are_drawn_too(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_failed(&f);
    str s = drawn(&o, &f.call, (struct draw_text_options){.width = 100});
    assert_true(str_find_str(s, S("│↻ ✗ 503 Service Unavailable INFO")) > 0);
    assert_true(str_find_str(s, S("INVITE ×3")) > 0);
    assert_true(str_find_str(s, S("✗ 486 Busy Here")) > 0);
    assert_true(str_find_str(s, S("unknown")) > 0);
    fx_close(&f);
    fx_open(&f, 0, 0, 0);
    drawn(&o, &f.call, (struct draw_text_options){.width = 80});
    drawn(&o, &f.call, (struct draw_text_options){.width = 1});
    fx_close(&f);
    fx_fork(&f, 26);
    drawn(&o, &f.call, (struct draw_text_options){.width = 80});
    drawn(&o, &f.call, (struct draw_text_options){.width = 1});
    fx_close(&f);
    out_drop(&o);
}

static void wide_characters_take_two_cells(void **state) {
    (void)state;
    arena a = arena_open_view();
    struct cells t = cells_text(&a, S("a\u6771b"), false);
    assert_int_equal(t.n, 4);
    struct out o = {0};
    cells_write(&o, cells_fit(&a, t, 3, false));
    assert_true(str_eq(out_str(&o), S("a …")));
    o.n = 0;
    cells_write_padded(&o, t, 6);
    assert_true(str_eq(out_str(&o), S("a\u6771b  ")));
    out_drop(&o);
    arena_close(&a);
}

static void one_line_a_call(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_junk(&f);
    draw_call_line(&o, &f.call, 3600);
    assert_true(
        str_eq(out_str(&o),
               S("2014-07-26 08:54:02  01632 960123       → 020 7946 0452       "
                 "answered          rang 3.2 s    talked 11.2 s   8 legs  8 devices   "
                 "0a1b2c3d4e5f6\n")));
    o.n = 0;
    f.call.kind = KIND_REGISTRATION;
    f.call.status = 403;
    f.call.start_us = f.call.ring_ms = f.call.duration_ms = -1;
    f.call.to = S("");
    f.call.nlegs = 1;
    draw_call_line(&o, &f.call, 0);
    assert_true(
        str_eq(out_str(&o),
               S("-                    01632 960123       → unknown             "
                 "registration 403                                1 leg   8 devices   "
                 "0a1b2c3d4e5f6\n")));
    out_drop(&o);
    fx_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_call),
        cmocka_unit_test(it_is_as_narrow_as_asked),
        cmocka_unit_test(narrow_ladders_keep_the_codes),
        cmocka_unit_test(every_row_is_there),
        cmocka_unit_test(ascii_is_ascii),
        cmocka_unit_test(nothing_commands_the_terminal),
        cmocka_unit_test(odd_calls_are_drawn_too),
        cmocka_unit_test(wide_characters_take_two_cells),
        cmocka_unit_test(one_line_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
