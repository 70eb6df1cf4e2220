/* Calls that have to do with each other and are not one: the same caller again, calls back, and what one says of another; what must
 * stay unrelated; from both sides, whatever comes in first. */
#include "link/relations.h"

/* ---- the same caller again ------------------------------------------------------------------------ */

static void a_second_attempt(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452");
    struct talk b = talk(t.gw, t.pbx, "B", "+441632960123", "+442079460452");
    refuse(&t.s, &a, 0, "486 Busy Here");
    converse(&t.s, &b, 12500, 900, 60000);
    assert_related(
        &t.s, &a, &b,
        "second-attempt: the same caller tried again 12 s after this call had "
        "failed (486 Busy Here)",
        "second-attempt: the same caller had called the same number: this call "
        "came 12 s after that one had failed (486 Busy Here)");
    scene_close(&t.s);
}

static void after_what_and_how_soon(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    /* given up, called again, cut off, called again, and once more when it is something new */
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452"), b = a, c = a,
                d = a;
    b.name = "B", c.name = "C", d.name = "D";
    give_up(&t.s, &a, 0, 8000);
    converse(&t.s, &b, 60000, 2000, 90000);
    converse(&t.s, &c, 95000, 2000, 130000);
    converse(&t.s, &d, 130000 + 121000, 2000, 300000);
    assert_one_side(
        &t.s, &a, &b,
        "second-attempt: the same caller tried again 52 s after this call had "
        "been cancelled");
    assert_one_side(&t.s, &b, &c,
                    "second-attempt: the same caller tried again 5 s after this call had "
                    "ended");
    assert_strangers(&t.s, &c, &d);
    /* what had failed is remembered for five minutes */
    assert_one_side(
        &t.s, &a, &d,
        "second-attempt: the same caller tried again 4 min 3 s after this call "
        "had been cancelled");
    scene_close(&t.s);
    stage_open(&t);
    refuse(&t.s, &a, 0, "480 Temporarily Unavailable");
    refuse(&t.s, &b, 302000, "480 Temporarily Unavailable");
    assert_strangers(&t.s, &a, &b);
    scene_close(&t.s);
}

static void strangers_to_one_number(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452");
    struct talk b = talk(t.gw, t.pbx, "B", "01632960124", "02079460452");
    struct talk c = talk(t.gw, t.pbx, "C", "01632960123", "02079460453");
    refuse(&t.s, &a, 0, "486 Busy Here");
    refuse(&t.s, &b, 5000, "486 Busy Here");
    refuse(&t.s, &c, 9000, "486 Busy Here");
    assert_strangers(&t.s, &a, &b);
    assert_strangers(&t.s, &a, &c);
    scene_close(&t.s);
}

/* Extension 201 of two customers. */
static void extensions_are_somebody_elses(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202");
    struct talk b = talk(t.p2, t.pbx, "B", "201", "202");
    struct talk c = talk(t.p1, t.pbx, "C", "201", "202");
    refuse(&t.s, &a, 0, "486 Busy Here");
    refuse(&t.s, &b, 5000, "486 Busy Here");
    refuse(&t.s, &c, 9000, "486 Busy Here");
    assert_strangers(&t.s, &a, &b);
    assert_strangers(&t.s, &c, &b);
    assert_one_side(&t.s, &a, &c,
                    "second-attempt: the same caller tried again 9 s after this call had "
                    "failed (486 Busy Here)");
    scene_close(&t.s);
}

static void withheld_callers(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    /* one phone */
    struct talk a = talk(t.p1, t.pbx, "A", "anonymous", "02079460452"), b = a;
    b.name = "B";
    refuse(&t.s, &a, 0, "486 Busy Here");
    refuse(&t.s, &b, 5000, "486 Busy Here");
    /* another phone, and a trunk where others call from as well */
    struct talk c = talk(t.p2, t.pbx, "C", "anonymous", "02079460452");
    struct talk d = talk(t.gw, t.pbx, "D", "anonymous", "02079460452"), e = d;
    struct talk f = talk(t.gw, t.pbx, "F", "01632960123", "02079460499"),
                g = talk(t.gw, t.pbx, "G", "01632960124", "02079460498");
    e.name = "E";
    refuse(&t.s, &c, 7000, "486 Busy Here");
    refuse(&t.s, &d, 9000, "486 Busy Here");
    refuse(&t.s, &e, 12000, "486 Busy Here");
    refuse(&t.s, &f, 20000, "404 Not Found");
    refuse(&t.s, &g, 22000, "404 Not Found");
    assert_one_side(
        &t.s, &a, &b,
        "second-attempt: a caller without a number, at 198.51.100.1 too, tried "
        "again 5 s after this call had failed (486 Busy Here)");
    assert_strangers(&t.s, &b, &c);
    assert_strangers(&t.s, &c, &d);
    assert_strangers(&t.s, &d, &e);
    scene_close(&t.s);
    /* two withheld calls at a time: no phone either */
    stage_open(&t);
    give_up(&t.s, &d, 0, 9000);
    refuse(&t.s, &e, 5000, "486 Busy Here");
    f = d, f.name = "F";
    refuse(&t.s, &f, 20000, "486 Busy Here");
    assert_strangers(&t.s, &d, &f);
    assert_strangers(&t.s, &e, &f);
    scene_close(&t.s);
}

/* A hunt through phones is one call; another of its tries is no second attempt. */
static void tries_within_a_call(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452");
    struct talk b = talk(t.pbx, t.p1, "B", "01632960123", "02079460452");
    struct talk c = talk(t.pbx, t.p2, "C", "01632960123", "02079460452");
    ask(&t.s, &a, 0, "INVITE");
    tell(&t.s, &a, 2, "100 Trying");
    ask(&t.s, &b, 8, "INVITE");
    fail_with(&t.s, &b, 900, "486 Busy Here");
    ask(&t.s, &c, 906, "INVITE");
    tell(&t.s, &c, 1000, "180 Ringing");
    tell(&t.s, &a, 1003, "180 Ringing");
    answer(&t.s, &c, 5000);
    answer(&t.s, &a, 5003);
    hang_up(&t.s, &a, 20000, false);
    hang_up(&t.s, &c, 20003, false);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    assert_int_equal(count_related(&t.s, &a), 0);
    scene_close(&t.s);
}

/* A machine that keeps calling while its calls go on tries nothing again. */
static void traffic_of_one_caller(void **state) {
    (void)state;
    struct stage t;
    struct talk calls[30];
    stage_open(&t);
    for (int i = 0; i < countof(calls); i++) {
        const char *name = arena_z(&t.s.text, arena_printf(&t.s.text, "call%d", i));
        calls[i] = talk(t.gw, t.pbx, name, "01632960123", "02079460452");
        converse(&t.s, &calls[i], i * 400.0, 90, i * 400.0 + 5000);
    }
    for (int i = 0; i < countof(calls); i++)
        assert_int_equal(count_related(&t.s, &calls[i]), 0);
    scene_close(&t.s);
}

static void registrations(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "201"), b = a;
    b.name = "B";
    ask(&t.s, &a, 0, "REGISTER");
    tell_how(&t.s, &a, 3, "403 Forbidden", "REGISTER", (struct how){0});
    ask(&t.s, &b, 4000, "REGISTER");
    tell_how(&t.s, &b, 4003, "403 Forbidden", "REGISTER", (struct how){0});
    assert_strangers(&t.s, &a, &b);
    scene_close(&t.s);
}

/* At most eight, the nearest in time, and who is listed lists as well. */
static void bounded_and_from_both_sides(void **state) {
    (void)state;
    struct stage t;
    struct talk calls[24];
    stage_open(&t);
    for (int i = 0; i < countof(calls); i++) {
        const char *name = arena_z(&t.s.text, arena_printf(&t.s.text, "call%d", i));
        calls[i] = talk(t.gw, t.pbx, name, "01632960123", "02079460452");
        refuse(&t.s, &calls[i], i * 5000.0, "486 Busy Here");
    }
    for (int i = 0; i < countof(calls); i++) {
        const struct call *c = call_with(&t.s, &calls[i]);
        assert_true(c->nrelated >= 4 && c->nrelated <= 8);
        for (isize k = 1; k < c->nrelated; k++)
            assert_true(c->related[k - 1].start_us < c->related[k].start_us);
        if (i) assert_non_null(related_to(&t.s, &calls[i], &calls[i - 1]));
        for (int k = 0; k < i; k++) {
            bool here = related_to(&t.s, &calls[i], &calls[k]) != NULL;
            assert_int_equal(here, related_to(&t.s, &calls[k], &calls[i]) != NULL);
        }
    }
    scene_close(&t.s);
}

/* ---- back ----------------------------------------------------------------------------------------------- */

static void a_call_back(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452");
    struct talk b = talk(t.pbx, t.gw2, "B", "+442079460452", "+441632960123");
    give_up(&t.s, &a, 0, 20000);
    converse(&t.s, &b, 60000, 3000, 100000);
    assert_related(
        &t.s, &a, &b,
        "call-back: 01632960123 was called back 40 s after this call had been "
        "cancelled",
        "call-back: 01632960123 had called: this call goes back 40 s after that "
        "one had been cancelled");
    scene_close(&t.s);
    stage_open(&t);
    give_up(&t.s, &a, 0, 20000);
    converse(&t.s, &b, 20000 + 1802000, 3000, 1900000);
    assert_strangers(&t.s, &a, &b);
    scene_close(&t.s);
}

static void extensions_call_back(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    /* the phones were in both calls … */
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                a2 = talk(t.pbx, t.p2, "A2", "201", "202");
    struct talk b = talk(t.p2, t.pbx, "B", "202", "201"),
                b2 = talk(t.pbx, t.p1, "B2", "202", "201");
    pass_on(&t.s, &a, &a2, 0, 90, 3000, 9000);
    pass_on(&t.s, &b, &b2, 30000, 90, 3000, 9000);
    assert_scene(&t.s, "A A2|B B2", &a, &a2, &b, &b2);
    assert_non_null(related_to(&t.s, &a, &b));
    assert_int_equal(related_to(&t.s, &a, &b)->kind, RELATED_CALL_BACK);
    scene_close(&t.s);
    /* … or these are four people */
    stage_open(&t);
    b.from = t.p3, b2.to = t.gw;
    pass_on(&t.s, &a, &a2, 0, 90, 3000, 9000);
    pass_on(&t.s, &b, &b2, 30000, 90, 3000, 9000);
    assert_strangers(&t.s, &a, &b);
    scene_close(&t.s);
}

static void in_reply_to(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "alice", "bob");
    struct talk b = talk(t.p3, t.sbc, "B", "robert", "alice.home");
    b.headers = arena_z(&t.s.text,
                        arena_printf(&t.s.text, "In-Reply-To: nobody@192.0.2.77, %s\r\n",
                                     call_id_of(&t.s, &a)));
    give_up(&t.s, &a, 0, 20000);
    converse(&t.s, &b, 86400000, 900, 86450000);
    assert_scene(&t.s, "A|B", &a, &b);
    assert_related(&t.s, &a, &b,
                   "call-back: that call names this one as the one that it answers "
                   "(In-Reply-To)",
                   "call-back: this call names that one as the one that it answers "
                   "(In-Reply-To)");
    scene_close(&t.s);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void one_names_another(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    /* a leg that fits where it is, and carries the Call-ID of a call elsewhere */
    struct talk a = talk(t.p1, t.sbc, "A", "201", "202");
    struct talk b = talk(t.gw, t.pbx, "B", "01632960123", "02079460452");
    struct talk c = talk(t.pbx, t.p2, "C", "01632960123", "02079460452");
    c.headers = arena_z(&t.s.text,
                        arena_printf(&t.s.text, "X-Was: %s\r\n", call_id_of(&t.s, &a)));
    converse(&t.s, &a, 0, 3000, 20000);
    pass_on(&t.s, &b, &c, 500000, 90, 3000, 9000);
    assert_scene(&t.s, "A|B C", &a, &b, &c);
    assert_related(&t.s, &a, &b, "named: that call names this one (X-Was)",
                   "named: this call names that one (X-Was)");
    scene_close(&t.s);
}

/* ---- all of it at once ------------------------------------------------------------------------------------ */

static struct out relations_text(struct weave *w) {
    struct out o = {0};
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, false, &view);
        out_printf(&o, "%.*s %llx\n", STR(c->id),
                   (unsigned long long)weave_call_signature(w, i));
        for (isize k = 0; k < c->nrelated; k++)
            out_printf(&o, " %.*s %s %.*s\n", STR(c->related[k].call),
                       related_kind_text(c->related[k].kind), STR(c->related[k].text));
        arena_close(&view);
    }
    return o;
}

/* Whatever a call lists is the id of another call, which lists it as well. */
static void assert_both_sides(struct weave *w) {
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, false, &view);
        assert_true(c->nrelated <= 8);
        for (isize k = 0; k < c->nrelated; k++) {
            isize at = weave_find(w, c->related[k].call), same = 0;
            assert_true(at >= 0 && at != i);
            const struct call *o = weave_call(w, at, false, &view);
            assert_true(str_eq(o->id, c->related[k].call));
            for (isize n = 0; n < o->nrelated; n++)
                same += str_eq(o->related[n].call, c->id);
            assert_int_equal(same, 1);
        }
        arena_close(&view);
    }
}

static void arrival_changes_nothing(void **state) {
    (void)state;
    struct stage t;
    struct talk calls[40];
    stage_open(&t);
    log_of(&t.s, t.pbx, 1000000, 3000000);
    u64 seed = 7;
    for (int i = 0; i < countof(calls); i++) {
        const char *name = arena_z(&t.s.text, arena_printf(&t.s.text, "call%d", i));
        static const char *const numbers[] = {"01632960123", "02079460452", "201",
                                              "anonymous", "07700900356"};
        u64 r = scene_random(&seed);
        calls[i] = talk(r & 1 ? t.gw : t.p1, t.pbx, name, numbers[r / 2 % 5],
                        numbers[r / 10 % 3]);
        double at = (double)(r / 100 % 300) * 1000;
        if (r / 30 % 3 == 0) refuse(&t.s, &calls[i], at, "486 Busy Here");
        if (r / 30 % 3 == 1) give_up(&t.s, &calls[i], at, 3000);
        if (r / 30 % 3 == 2) converse(&t.s, &calls[i], at, 50, at + 70000);
        if (i % 3) continue;
        struct talk on = calls[i];
        on.name = arena_z(&t.s.text, arena_printf(&t.s.text, "on%d", i));
        on.from = t.pbx, on.to = i % 2 ? t.p2 : t.p3;
        refuse(&t.s, &on, at + 8, "486 Busy Here");
    }
    struct weave *w = play(&t.s, 0);
    struct out first = relations_text(w);
    assert_both_sides(w);
    weave_link(w); /* again: the same */
    struct out twice = relations_text(w);
    assert_true(str_eq(out_str(&first), out_str(&twice)));
    assert_true(str_find_str(out_str(&first), S("second-attempt")) > 0);
    assert_true(str_find_str(out_str(&first), S("call-back")) > 0);
    weave_close(w);
    for (u64 k = 1; k <= 5; k++) {
        w = play(&t.s, k);
        struct out again = relations_text(w);
        assert_true(str_eq(out_str(&first), out_str(&again)));
        out_drop(&again);
        weave_close(w);
    }
    out_drop(&first);
    out_drop(&twice);
    scene_close(&t.s);
}

/* A summary that is kept has to be written again when another call turns up. */
static void signatures_know(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452"), b = a;
    b.name = "B";
    refuse(&t.s, &a, 0, "486 Busy Here");
    struct weave *w = play(&t.s, 0);
    u64 alone = weave_call_signature(w, 0);
    weave_close(w);
    refuse(&t.s, &b, 5000, "486 Busy Here");
    t.s.lines_set = false;
    w = play(&t.s, 0);
    assert_int_equal(weave_find(w, str_z(call_id_of(&t.s, &a))), 0);
    assert_true(weave_call_signature(w, 0) != alone);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_attempt),
        cmocka_unit_test(after_what_and_how_soon),
        cmocka_unit_test(strangers_to_one_number),
        cmocka_unit_test(extensions_are_somebody_elses),
        cmocka_unit_test(withheld_callers),
        cmocka_unit_test(tries_within_a_call),
        cmocka_unit_test(traffic_of_one_caller),
        cmocka_unit_test(registrations),
        cmocka_unit_test(bounded_and_from_both_sides),
        cmocka_unit_test(a_call_back),
        cmocka_unit_test(extensions_call_back),
        cmocka_unit_test(in_reply_to),
        cmocka_unit_test(one_names_another),
        cmocka_unit_test(arrival_changes_nothing),
        cmocka_unit_test(signatures_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
