/* The palette, as WCAG measures contrast and as people see colours, also those without red or green cones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "draw/draw.h"
#include "draw/palette.h"

#include <math.h>

struct rgb {
    double v[3]; /* linear */
};
struct lab {
    double l, a, b;
};

static struct rgb linear(u32 colour) {
    struct rgb c;
    for (int i = 0; i < 3; i++) {
        double s = (colour >> (16 - 8 * i) & 255) / 255.0;
        c.v[i] = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
    }
    return c;
}

static double luminance(u32 colour) {
    struct rgb c = linear(colour);
    return 0.2126 * c.v[0] + 0.7152 * c.v[1] + 0.0722 * c.v[2];
}

static double contrast(u32 a, u32 b) {
    double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

/* One colour laid over another, so many per cent thick. */
static u32 over(u32 top, u32 ground, u32 percent) {
    u32 c = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        u32 t = top >> shift & 255, g = ground >> shift & 255;
        c |= (t * percent + g * (100 - percent)) / 100 << shift;
    }
    return c;
}

/* Machado, Oliveira and Fernandes 2009, severity 1. */
enum sight { NORMAL, DEUTERANOPIA, PROTANOPIA, SIGHTS };
static const double MATRIX[SIGHTS][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940,
     0.968881},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116,
     1.051998},
};

static double root(double t) {
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static struct lab seen_as(u32 colour, enum sight s) {
    struct rgb c = linear(colour), d;
    for (int i = 0; i < 3; i++) {
        const double *m = MATRIX[s] + 3 * i;
        d.v[i] = fmin(1, fmax(0, m[0] * c.v[0] + m[1] * c.v[1] + m[2] * c.v[2]));
    }
    double x = 0.4124564 * d.v[0] + 0.3575761 * d.v[1] + 0.1804375 * d.v[2];
    double y = 0.2126729 * d.v[0] + 0.7151522 * d.v[1] + 0.0721750 * d.v[2];
    double z = 0.0193339 * d.v[0] + 0.1191920 * d.v[1] + 0.9503041 * d.v[2];
    double fx = root(x / 0.95047), fy = root(y), fz = root(z / 1.08883);
    return (struct lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

static double distance(u32 one, u32 two, enum sight s) {
    struct lab p = seen_as(one, s), q = seen_as(two, s);
    return sqrt(pow(p.l - q.l, 2) + pow(p.a - q.a, 2) + pow(p.b - q.b, 2));
}

static const struct theme *const themes[] = {&theme_light, &theme_dark};

static void lines_and_numbers_have_contrast(void **state) {
    (void)state;
    for (int t = 0; t < 2; t++) {
        const struct theme *th = themes[t];
        for (int i = 0; i < PALETTE_N; i++) {
            if (contrast(th->leg[i].line, th->ground) < 3)
                fail_msg("line of leg %d", i + 1);
            if (contrast(th->leg[i].line, th->leg[i].text) < 4.5)
                fail_msg("number of leg %d", i + 1);
        }
        assert_true(contrast(th->ink, th->ground) >= 7);
        assert_true(contrast(th->ink, over(th->hover, th->ground, 18)) >= 7);
        assert_true(contrast(th->ink, th->band) >= 7);
        assert_true(contrast(th->dim, th->ground) >= 4.5);
        assert_true(contrast(th->dim, over(th->hover, th->ground, 12)) >= 4.5);
        const u32 marks[] = {th->bad, th->warn, th->info};
        for (isize i = 0; i < countof(marks); i++) {
            assert_true(contrast(marks[i], th->ground) >= 3);
            assert_true(contrast(marks[i], th->sign) >= 4.5);
        }
    }
}

static void neighbours_differ_for_everybody(void **state) {
    (void)state;
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < PALETTE_N; i++) {
            u32 one = themes[t]->leg[i].line,
                two = themes[t]->leg[(i + 1) % PALETTE_N].line;
            for (enum sight s = NORMAL; s < SIGHTS; s++) {
                double d = distance(one, two, s);
                if (d < 25)
                    fail_msg("theme %d, legs %d and %d, sight %d: %.1f", t, i + 1, i + 2,
                             s, d);
            }
        }
    }
}

static void each_dozen_differs_throughout(void **state) {
    (void)state;
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < PALETTE_N; i++) {
            int end = i < PALETTE_SOLID ? PALETTE_SOLID : PALETTE_N;
            for (int k = i + 1; k < end; k++) {
                u32 one = themes[t]->leg[i].line, two = themes[t]->leg[k].line;
                for (enum sight s = NORMAL; s < SIGHTS; s++) {
                    double d = distance(one, two, s);
                    if (d < (s == NORMAL ? 25 : 10))
                        fail_msg("theme %d, legs %d and %d, sight %d: %.1f", t, i + 1,
                                 k + 1, s, d);
                }
            }
        }
    }
}

static void no_two_are_the_same(void **state) {
    (void)state;
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < PALETTE_N; i++) {
            for (int k = i + 1; k < PALETTE_N; k++) {
                double d =
                    distance(themes[t]->leg[i].line, themes[t]->leg[k].line, NORMAL);
                if (d < 12)
                    fail_msg("theme %d, legs %d and %d: %.1f", t, i + 1, k + 1, d);
            }
        }
    }
}

/* The order of the picture that people know: red, black, yellow, green, blue, orange, grey, purple. */
static void the_first_eight_are_the_known_ones(void **state) {
    (void)state;
    for (int t = 0; t < 2; t++) {
        struct lab c[8];
        for (int i = 0; i < 8; i++) c[i] = seen_as(themes[t]->leg[i].line, NORMAL);
        assert_true(c[0].a > 40 && c[0].b > 0);             /* red */
        assert_true(fabs(c[1].a) < 8);                      /* ink: no colour */
        assert_true(c[2].b > 50 && c[2].a < 30);            /* ochre */
        assert_true(c[3].a < -25);                          /* green */
        assert_true(c[4].b < -40);                          /* blue */
        assert_true(c[5].a > 25 && c[5].b > 40);            /* orange */
        assert_true(fabs(c[6].a) < 8 && fabs(c[6].b) < 10); /* grey */
        assert_true(c[7].a > 25 && c[7].b < -35);           /* purple */
    }
}

static void classes_go_round(void **state) {
    (void)state;
    assert_int_equal(palette_class(1), 1);
    assert_int_equal(palette_class(24), 24);
    assert_int_equal(palette_class(25), 1);
    assert_int_equal(palette_class(0), 24);
    assert_int_equal(palette_class(-5), 24);
}

static void the_style_sheet_has_them_all(void **state) {
    (void)state;
    struct out o = {0};
    draw_css(&o);
    str css = out_str(&o);
    isize open = 0, close = 0;
    for (isize i = 0; i < css.n; i++) {
        open += css.p[i] == '{';
        close += css.p[i] == '}';
    }
    assert_int_equal(open, close);
    isize dark = str_find_str(css, S("@media (prefers-color-scheme:dark)"));
    assert_true(dark > 0);
    arena a = arena_open_view();
    for (int i = 1; i <= PALETTE_N; i++) {
        str rule = arena_printf(&a, "\n.c%d{--c:", i);
        isize at = str_find_str(css, rule);
        assert_true(at > 0 && at < dark);
        assert_true(str_find_str(str_from(css, dark), rule) > 0);
    }
    assert_true(str_find_str(css, S("</")) < 0);
    assert_true(str_find_str(css, S("url(")) < 0);
    arena_close(&a);
    out_drop(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_numbers_have_contrast),
        cmocka_unit_test(neighbours_differ_for_everybody),
        cmocka_unit_test(each_dozen_differs_throughout),
        cmocka_unit_test(no_two_are_the_same),
        cmocka_unit_test(the_first_eight_are_the_known_ones),
        cmocka_unit_test(classes_go_round),
        cmocka_unit_test(the_style_sheet_has_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
