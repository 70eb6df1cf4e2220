/* What prompted what, where it has to be told from several: who waits for whom, tries one after the other, keys, phones that
 * ring together, calls that end before they begin. */
#include "link/stage.h"

/* Legs of one call share a value, so that only prompts are in question. */
static struct talk leg_in(int from, int to, const char *name, const char *mark) {
    struct talk t = talk(from, to, name, "01632960123", "02079460452");
    t.headers = mark;
    return t;
}

static void assert_by(struct stage *t, const struct talk *on, const char *what, int nth,
                      const struct talk *by_on, const char *by) {
    const struct call *c = call_with(&t->s, on);
    const struct message *m = find_message(c, leg_with(&t->s, c, on)->n, what, nth);
    assert_non_null(m);
    const struct message *p = m->prompted_by ? &c->messages[m->prompted_by - 1] : NULL;
    if (!p != !by)
        print_error("%s %s by %.*s\n", on->name, what, STR(p ? p->summary : S("none")));
    if (!by) {
        assert_null(p);
        return;
    }
    assert_non_null(p);
    assert_true(str_eq(p->summary, str_z(by)));
    assert_int_equal(p->leg, leg_with(&t->s, c, by_on)->n);
}

/* A call through `box` at `ms` that is answered; when the box acknowledges this itself. */
static void answered_call(struct stage *t, const struct talk *in, const struct talk *out,
                          double ms, double ack_ms) {
    struct scene *s = &t->s;
    ask(s, in, ms, "INVITE");
    ask(s, out, ms + 5, "INVITE");
    tell(s, out, ms + 1000, "200 OK");
    tell(s, in, ms + 1005, "200 OK");
    ask(s, in, ms + 1020, "ACK");
    ask(s, out, ms + ack_ms, "ACK");
    hang_up(s, in, ms + 9000, false);
    hang_up(s, out, ms + 9005, false);
}

static void an_ack_that_waits(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = leg_in(t.gw, t.pbx, "A", "X-Mark: 4d1f0a77c2\r\n"),
                b = leg_in(t.pbx, t.p1, "B", "X-Mark: 4d1f0a77c2\r\n");
    struct talk c = leg_in(t.gw, t.sbc, "C", "X-Mark: 99e0b3175a\r\n"),
                d = leg_in(t.sbc, t.p2, "D", "X-Mark: 99e0b3175a\r\n");
    answered_call(&t, &a, &b, 0, 1026);
    answered_call(&t, &c, &d, 20000, 1002);
    assert_scene(&t.s, "A B|C D", &a, &b, &c, &d);
    assert_by(&t, &b, "ACK", 0, &a, "ACK");
    assert_by(&t, &d, "ACK", 0, NULL, NULL);
    scene_close(&t.s);
}

/* Thrice it did not wait. That once its ACK was late does not make it one that waits. */
static void one_late_ack(void **state) {
    (void)state;
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    static const char *const marks[] = {
        "X-Mark: 4d1f0a77c2\r\n", "X-Mark: 99e0b3175a\r\n", "X-Mark: 1b07ce42f8\r\n",
        "X-Mark: 7ac3350d91\r\n"};
    struct stage t;
    struct talk l[8];
    stage_open(&t);
    for (int i = 0; i < 4; i++) {
        l[2 * i] = leg_in(t.gw, t.pbx, names[2 * i], marks[i]);
        l[2 * i + 1] = leg_in(t.pbx, t.p1, names[2 * i + 1], marks[i]);
        answered_call(&t, &l[2 * i], &l[2 * i + 1], 20000 * i, i == 3 ? 1022 : 1002);
    }
    assert_scene(&t.s, "A B|C D|E F|G H", &l[0], &l[1], &l[2], &l[3], &l[4], &l[5], &l[6],
                 &l[7]);
    for (int i = 0; i < 4; i++) assert_by(&t, &l[2 * i + 1], "ACK", 0, NULL, NULL);
    scene_close(&t.s);
}

static void given_up(struct stage *t, const struct talk *in, const struct talk *out,
                     double ms, bool waits) {
    struct scene *s = &t->s;
    ask(s, in, ms, "INVITE");
    ask(s, out, ms + 5, "INVITE");
    tell(s, out, ms + 100, "180 Ringing");
    tell(s, in, ms + 105, "180 Ringing");
    ask(s, in, ms + 4000, "CANCEL");
    tell_how(s, in, ms + 4001.5, "200 OK", "CANCEL", (struct how){0});
    if (!waits) fail_with(s, in, ms + 4002, "487 Request Terminated");
    ask(s, out, ms + 4005, "CANCEL");
    tell_how(s, out, ms + 4007, "200 OK", "CANCEL", (struct how){0});
    fail_with(s, out, ms + 4010, "487 Request Terminated");
    if (waits) fail_with(s, in, ms + 4015, "487 Request Terminated");
}

static void an_end_that_waits(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = leg_in(t.gw, t.pbx, "A", "X-Mark: 4d1f0a77c2\r\n"),
                b = leg_in(t.pbx, t.p1, "B", "X-Mark: 4d1f0a77c2\r\n");
    struct talk c = leg_in(t.gw, t.sbc, "C", "X-Mark: 99e0b3175a\r\n"),
                d = leg_in(t.sbc, t.p2, "D", "X-Mark: 99e0b3175a\r\n");
    given_up(&t, &a, &b, 0, true);
    given_up(&t, &c, &d, 20000, false);
    assert_scene(&t.s, "A B|C D", &a, &b, &c, &d);
    assert_by(&t, &b, "CANCEL", 0, &a, "CANCEL");
    assert_by(&t, &a, "487 Request Terminated", 0, &b, "487 Request Terminated");
    assert_by(&t, &c, "487 Request Terminated", 0, NULL, NULL);
    scene_close(&t.s);
}

/* The first is busy, the second does not answer in time, the third does. */
static void one_after_the_other(void **state) {
    (void)state;
    static const char mark[] = "X-Mark: 4d1f0a77c2\r\n";
    struct stage t;
    stage_open(&t);
    struct scene *s = &t.s;
    struct talk a = leg_in(t.gw, t.pbx, "A", mark), b = leg_in(t.pbx, t.p1, "B", mark),
                c = leg_in(t.pbx, t.p2, "C", mark), d = leg_in(t.pbx, t.p3, "D", mark);
    ask(s, &a, 0, "INVITE");
    ask(s, &b, 5, "INVITE");
    fail_with(s, &b, 50, "486 Busy Here");
    ask(s, &c, 60, "INVITE");
    tell(s, &c, 160, "180 Ringing");
    tell(s, &a, 165, "180 Ringing");
    ask(s, &c, 15000, "CANCEL");
    tell_how(s, &c, 15002, "200 OK", "CANCEL", (struct how){0});
    fail_with(s, &c, 15004, "487 Request Terminated");
    ask(s, &d, 15010, "INVITE");
    answer(s, &d, 18000);
    tell(s, &a, 18005, "200 OK");
    ask(s, &a, 18010, "ACK");
    assert_scene(s, "A B C D", &a, &b, &c, &d);
    assert_by(&t, &b, "INVITE", 0, &a, "INVITE");
    assert_by(&t, &c, "INVITE", 0, &b, "486 Busy Here");
    assert_by(&t, &c, "CANCEL", 0, NULL, NULL); /* time was up */
    assert_by(&t, &d, "INVITE", 0, &a, "INVITE");
    assert_by(&t, &a, "200 OK", 0, &d, "200 OK");
    scene_close(&t.s);
}

/* A machine answers and asks; then two phones ring together, and the caller leaves. */
static void keys_are_pressed(void **state) {
    (void)state;
    static const char mark[] = "X-Mark: 4d1f0a77c2\r\n";
    for (int keys = 0; keys <= 2; keys++) {
        struct stage t;
        stage_open(&t);
        struct scene *s = &t.s;
        struct talk a = leg_in(t.gw, t.pbx, "A", mark),
                    b = leg_in(t.pbx, t.p1, "B", mark),
                    c = leg_in(t.pbx, t.p2, "C", mark);
        ask(s, &a, 0, "INVITE");
        answer(s, &a, 10);
        for (int k = 0; k < keys; k++) {
            ask_how(s, &a, 3000 + 700 * k, "INFO", (struct how){.more = k});
        }
        ask(s, &b, 8000, "INVITE");
        ask(s, &c, 8000.2, "INVITE");
        tell(s, &b, 8100, "180 Ringing");
        tell(s, &c, 8101, "180 Ringing");
        ask(s, &a, 12000, "BYE");
        ask(s, &b, 12005, "CANCEL");
        ask(s, &c, 12006, "CANCEL");
        assert_scene(s, "A B C", &a, &b, &c);
        assert_by(&t, &a, "200 OK", 0, NULL, NULL);
        assert_by(&t, &b, "INVITE", 0, &a, keys ? "INFO" : "INVITE");
        assert_by(&t, &c, "INVITE", 0, &a, keys ? "INFO" : "INVITE");
        if (keys) { /* the last one */
            const struct call *call = call_with(s, &b);
            int last = find_message(call, leg_with(s, call, &a)->n, "INFO", keys - 1)->n;
            int leg = leg_with(s, call, &b)->n;
            assert_int_equal(find_message(call, leg, "INVITE", 0)->prompted_by, last);
        }
        assert_by(&t, &b, "CANCEL", 0, &a, "BYE");
        assert_by(&t, &c, "CANCEL", 0, &a, "BYE");
        scene_close(&t.s);
    }
}

/* Two phones ring nearly together: the first 180 is passed on, and a box that passes on all does so in their order. */
static void the_first_rings(void **state) {
    (void)state;
    static const char mark[] = "X-Mark: 4d1f0a77c2\r\n";
    for (int times = 1; times <= 2; times++) {
        struct stage t;
        stage_open(&t);
        struct scene *s = &t.s;
        struct talk a = leg_in(t.gw, t.pbx, "A", mark),
                    b = leg_in(t.pbx, t.p1, "B", mark),
                    c = leg_in(t.pbx, t.p2, "C", mark);
        ask(s, &a, 0, "INVITE");
        ask(s, &b, 5, "INVITE");
        ask(s, &c, 5.2, "INVITE");
        tell(s, &b, 100, "180 Ringing");
        tell(s, &c, 103, "180 Ringing");
        for (int i = 0; i < times; i++) tell(s, &a, 108 + 3 * i, "180 Ringing");
        assert_scene(s, "A B C", &a, &b, &c);
        assert_by(&t, &a, "180 Ringing", 0, &b, "180 Ringing");
        scene_close(&t.s);
    }
}

/* The recorder began with the call, and ends with it, however that ends. */
static void a_recorder_ends(void **state) {
    (void)state;
    static const char mark[] = "X-Mark: 4d1f0a77c2\r\n";
    static const char recording[] = "X-Mark: 4d1f0a77c2\r\nX-Record: true\r\n";
    for (int busy = 0; busy <= 1; busy++) {
        struct stage t;
        stage_open(&t);
        struct scene *s = &t.s;
        struct talk a = leg_in(t.gw, t.pbx, "A", mark),
                    b = leg_in(t.pbx, t.p1, "B", mark),
                    r = leg_in(t.pbx, t.rec, "R", recording);
        ask(s, &a, 0, "INVITE");
        ask(s, &b, 5, "INVITE");
        ask(s, &r, 8, "INVITE");
        answer(s, &r, 20);
        tell(s, &b, 100, "180 Ringing");
        tell(s, &a, 105, "180 Ringing");
        if (busy) {
            fail_with(s, &b, 4000, "486 Busy Here");
            fail_with(s, &a, 4005, "486 Busy Here");
        } else {
            ask(s, &a, 4000, "CANCEL");
            ask(s, &b, 4004, "CANCEL");
        }
        ask(s, &r, 4006, "BYE");
        assert_scene(s, "A B R", &a, &b, &r);
        assert_by(&t, &r, "INVITE", 0, &a, "INVITE");
        if (busy)
            assert_by(&t, &r, "BYE", 0, &b, "486 Busy Here");
        else
            assert_by(&t, &r, "BYE", 0, &a, "CANCEL");
        scene_close(&t.s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ack_that_waits), cmocka_unit_test(one_late_ack),
        cmocka_unit_test(an_end_that_waits), cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(keys_are_pressed),  cmocka_unit_test(the_first_rings),
        cmocka_unit_test(a_recorder_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
