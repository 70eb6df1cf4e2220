/* What is near and alike, and not one call: a second attempt, a call-back, a second line, a conference. */
#include "link/stage.h"

/* ---- what is not one call -------------------------------------------------------------------------------------- */

static void a_second_attempt(void **state) {
    (void)state;
    static const double gaps[] = {300, 1500, 4000, 30000};
    for (isize i = 0; i < countof(gaps); i++) {
        struct stage t;
        stage_open(&t);
        struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "02079460452"),
                    b1 = talk(t.pbx, t.gw, "B1", "201", "02079460452"),
                    a2 = talk(t.p1, t.pbx, "A2", "201", "02079460452"),
                    b2 = talk(t.pbx, t.gw, "B2", "201", "02079460452");
        const struct talk *ins[] = {&a1, &a2}, *outs[] = {&b1, &b2};
        a1.headers = a2.headers = "X-Device: 0015651a2b3c4d5e\r\n"; /* the phone's own */
        for (int k = 0; k < 2; k++) {
            double at = k * (900 + gaps[i]);
            ask(&t.s, ins[k], at, "INVITE");
            ask(&t.s, outs[k], at + 9, "INVITE");
            fail_with(&t.s, outs[k], at + 890, "486 Busy Here");
            fail_with(&t.s, ins[k], at + 893, "486 Busy Here");
        }
        assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
        scene_close(&t.s);
    }
}

static void a_call_back(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "202"),
                b1 = talk(t.pbx, t.p2, "B1", "201", "202"),
                a2 = talk(t.p2, t.pbx, "A2", "202", "201"),
                b2 = talk(t.pbx, t.p1, "B2", "202", "201");
    ask(&t.s, &a1, 0, "INVITE");
    ask(&t.s, &b1, 9, "INVITE");
    tell(&t.s, &b1, 300, "180 Ringing");
    tell(&t.s, &a1, 303, "180 Ringing");
    cancel(&t.s, &a1, 9000);
    cancel(&t.s, &b1, 9003);
    pass_on(&t.s, &a2, &b2, 12000, 500, 2000, 9000);
    assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
    scene_close(&t.s);
}

/* Callers meet in a conference, leave word at a voicemail: adjacent to each other, and strangers. */
static void many_callers_of_one_focus(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    enum { CALLERS = 12 };
    struct talk a[CALLERS], b[CALLERS];
    const struct talk *all[2 * CALLERS];
    const int phones[] = {t.p1, t.p2, t.p3};
    struct out want = {0};
    for (int i = 0; i < CALLERS; i++) {
        const char *an = arena_z(&t.s.text, arena_printf(&t.s.text, "A%02d", i));
        const char *bn = arena_z(&t.s.text, arena_printf(&t.s.text, "B%02d", i));
        const char *who = arena_z(&t.s.text, arena_printf(&t.s.text, "2%02d", i));
        a[i] = talk(phones[i % 3], t.pbx, an, who, "*86");
        b[i] = talk(t.pbx, t.gw, bn, who, "voicemail");
        pass_on(&t.s, &a[i], &b[i], 700 * i, 20, 40, 60000 - 300 * i);
        all[2 * i] = &a[i];
        all[2 * i + 1] = &b[i];
        out_printf(&want, "%s%s %s", i ? "|" : "", an, bn);
    }
    out_byte(&want, 0);
    assert_calls(&t.s, all, 2 * CALLERS, (const char *)want.p);
    out_drop(&want);
    scene_close(&t.s);
}

/* A phone on a call makes another one: it was reached, and it calls, and the two have nothing to do with each other. */
static void a_second_line(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "202"),
                b1 = talk(t.pbx, t.p2, "B1", "201", "202"),
                a2 = talk(t.p2, t.pbx, "A2", "202", "0987654321"),
                b2 = talk(t.pbx, t.gw, "B2", "202", "0987654321");
    pass_on(&t.s, &a1, &b1, 0, 500, 2000, 60000);
    pass_on(&t.s, &a2, &b2, 25000, 500, 2000, 50000);
    assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_attempt),
        cmocka_unit_test(a_call_back),
        cmocka_unit_test(many_callers_of_one_focus),
        cmocka_unit_test(a_second_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
