/* Linking: which legs are one call, without anything configured. Each scene is played once as it came and three times
 * shuffled; the result has to be the same to the letter. */
#include "link/stage.h"

/* ---- nothing shared ------------------------------------------------------------------------------------ */

static void nothing_in_common_but_time(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    pass_on(&t.s, &a, &b, 0, 700, 4000, 20000);
    assert_scene(&t.s, "A B", &a, &b);
    assert_int_equal(leg_of(&t, &b)->parent, 1);
    assert_true(has_evidence(leg_of(&t, &b), "timing"));
    assert_true(has_evidence(leg_of(&t, &b), "answer-echo"));
    scene_close(&t.s);
}

/* Two at once, callers withheld, to one number, milliseconds apart: what happens later tells them apart. */
static void echoes_decide(void **state) {
    (void)state;
    for (int crossed = 0; crossed < 2; crossed++) {
        struct stage t;
        stage_open(&t);
        struct talk a1 = talk(t.p1, t.pbx, "A1", "anonymous", "02079460452"),
                    a2 = talk(t.p2, t.pbx, "A2", "anonymous", "02079460452"),
                    b1 = talk(t.pbx, t.gw, "B1", "anonymous", "+442079460452"),
                    b2 = talk(t.pbx, t.gw, "B2", "anonymous", "+442079460452");
        double late = crossed ? 12 : 0; /* the first to come in is the last to go out */
        ask(&t.s, &a1, 0, "INVITE");
        ask(&t.s, &a2, 3, "INVITE");
        ask(&t.s, &b1, 10 + late, "INVITE");
        ask(&t.s, &b2, 13, "INVITE");
        tell(&t.s, &b1, 700, "180 Ringing");
        tell(&t.s, &a1, 703, "180 Ringing");
        tell(&t.s, &b2, 1100, "180 Ringing");
        tell(&t.s, &a2, 1103, "180 Ringing");
        answer(&t.s, &b1, 4000);
        answer(&t.s, &a1, 4003);
        answer(&t.s, &b2, 5200);
        answer(&t.s, &a2, 5203);
        hang_up(&t.s, &b2, 15000, true);
        hang_up(&t.s, &a2, 15002, true);
        hang_up(&t.s, &a1, 19000, false);
        hang_up(&t.s, &b1, 19002, false);
        assert_scene(&t.s, "A1 B1|A2 B2", &a1, &a2, &b1, &b2);
        scene_close(&t.s);
    }
}

/* Fifty at once to one number, withheld: as above, and nobody may lose. */
static void fifty_at_once(void **state) {
    (void)state;
    enum { CALLS = 50 };
    struct stage t;
    stage_open(&t);
    struct talk a[CALLS], b[CALLS];
    const struct talk *all[2 * CALLS];
    struct out want = {0};
    u64 seed = 42;
    for (int i = 0; i < CALLS; i++) {
        const char *an = arena_z(&t.s.text, arena_printf(&t.s.text, "A%02d", i));
        const char *bn = arena_z(&t.s.text, arena_printf(&t.s.text, "B%02d", i));
        a[i] = talk(i % 2 ? t.p1 : t.p2, t.pbx, an, "anonymous", "02079460452");
        b[i] = talk(t.pbx, t.gw, bn, "anonymous", "02079460452");
        double start = (double)(scene_random(&seed) % 2000),
               ring = 300 + (double)(scene_random(&seed) % 900);
        double answered = ring + 500 + (double)(scene_random(&seed) % 9000);
        pass_on(&t.s, &a[i], &b[i], start, ring, answered,
                answered + 1000 + (double)(scene_random(&seed) % 30000));
        all[2 * i] = &a[i];
        all[2 * i + 1] = &b[i];
        out_printf(&want, "%s%s %s", i ? "|" : "", an, bn);
    }
    out_byte(&want, 0);
    assert_calls(&t.s, all, 2 * CALLS, (const char *)want.p);
    out_drop(&want);
    scene_close(&t.s);
}

/* The child may start so late that only the numbers hold on to it: a queue, an announcement. */
static void after_a_minute_in_a_queue(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201");
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 20); /* music plays */
    ask(&t.s, &b, 60000, "INVITE");
    tell(&t.s, &b, 60500, "180 Ringing");
    answer(&t.s, &b, 64000);
    hang_up(&t.s, &a, 90000, false);
    hang_up(&t.s, &b, 90003, false);
    assert_scene(&t.s, "A B", &a, &b);
    scene_close(&t.s);
}

/* ---- hunting ------------------------------------------------------------------------------------------------------ */

static void hunt(const char *first_fate, bool numbers_kept) {
    struct stage t;
    stage_open(&t);
    const char *called = numbers_kept ? "02079460452" : "201";
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.gw, "B", "01632960123", called),
                c = talk(t.pbx, t.gw2, "C", "01632960123", called);
    double next = 0;
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    if (strcmp(first_fate, "no answer") == 0) { /* rings for 20 s, is cancelled */
        tell(&t.s, &b, 400, "180 Ringing");
        tell(&t.s, &a, 403, "180 Ringing");
        cancel(&t.s, &b, 20000);
        next = 20006;
    } else if (strcmp(first_fate, "dead") ==
               0) { /* not a word: sent seven times in 32 s, RFC 3261 §17.1.1.2 */
        static const double again[] = {500, 1500, 3500, 7500, 15500, 31500};
        for (isize i = 0; i < countof(again); i++) ask(&t.s, &b, 8 + again[i], "INVITE");
        next = 32010;
    } else {
        fail_with(&t.s, &b, 150, first_fate);
        next = 156;
    }
    ask(&t.s, &c, next, "INVITE");
    tell(&t.s, &c, next + 500, "180 Ringing");
    tell(&t.s, &a, next + 503, "180 Ringing");
    answer(&t.s, &c, next + 4000);
    answer(&t.s, &a, next + 4003);
    hang_up(&t.s, &a, next + 9000, false);
    hang_up(&t.s, &c, next + 9003, false);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    const struct call *call = call_with(&t.s, &a);
    assert_int_equal(leg_with(&t.s, call, &b)->parent, 1);
    assert_int_equal(leg_with(&t.s, call, &c)->parent, 1);
    assert_int_equal(leg_with(&t.s, call, &c)->role, ROLE_FORK);
    scene_close(&t.s);
}

static void serial_hunting(void **state) {
    (void)state;
    static const char *const fates[] = {
        "503 Service Unavailable", "486 Busy Here", "480 Temporarily Unavailable",
        "302 Moved Temporarily",   "no answer",     "dead"};
    for (isize i = 0; i < countof(fates); i++) {
        hunt(fates[i], true);
        hunt(fates[i], false);
    }
}

/* The first route's failure makes the next try, ten times in a row. */
static void a_long_hunt(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    enum { TRIES = 10 };
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"), b[TRIES];
    const struct talk *all[TRIES + 1] = {&a};
    ask(&t.s, &a, 0, "INVITE");
    for (int i = 0; i < TRIES; i++) {
        b[i] = talk(t.pbx, i % 2 ? t.gw : t.gw2,
                    arena_z(&t.s.text, arena_printf(&t.s.text, "B%d", i)), "01632960123",
                    "route");
        ask(&t.s, &b[i], 10 + 5000 * i, "INVITE");
        tell(&t.s, &b[i], 500 + 5000 * i, "180 Ringing");
        fail_with(&t.s, &b[i], 5000 + 5000 * i, "480 Temporarily Unavailable");
        all[i + 1] = &b[i];
    }
    fail_with(&t.s, &a, 5003 + 5000 * (TRIES - 1), "480 Temporarily Unavailable");
    assert_calls(&t.s, all, TRIES + 1, "A B0 B1 B2 B3 B4 B5 B6 B7 B8 B9");
    scene_close(&t.s);
}

/* ---- through three boxes ------------------------------------------------------------------------------------------- */

static void a_chain_of_boxes(void **state) {
    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        struct stage t;
        stage_open(&t);
        t.s.points[0].precision_us = coarse ? 1000000 : 1;
        struct talk a = talk(t.gw, t.sbc, "A", "+441632960123", "+442079460452"),
                    b = talk(t.sbc, t.pbx, "B", "01632960123", "02079460452"),
                    c = talk(t.pbx, t.p1, "C", "01632960123", "201"),
                    d = talk(t.pbx, t.p2, "D", "01632960123", "202"),
                    e = talk(t.pbx, t.gw2, "E", "02079460452", "07700900356");
        const struct talk *all[] = {&a, &b, &c, &d, &e};
        for (int i = 0; i < 5; i++) ask(&t.s, all[i], 9 * i, "INVITE");
        for (int i = 4; i >= 0; i--) tell(&t.s, all[i], 700 + 3 * (4 - i), "180 Ringing");
        answer(&t.s, &d, 5000);
        cancel(&t.s, &c, 5002);
        cancel(&t.s, &e, 5003);
        answer(&t.s, &b, 5004);
        answer(&t.s, &a, 5008);
        hang_up(&t.s, &d, 15000, true);
        hang_up(&t.s, &b, 15003, true);
        hang_up(&t.s, &a, 15006, true);
        assert_scene(&t.s, "A B C D E", &a, &b, &c, &d, &e);
        const struct call *call = call_with(&t.s, &a);
        static const int parents[] = {0, 1, 2, 2, 2};
        for (int i = 0; i < 5; i++)
            assert_int_equal(leg_with(&t.s, call, all[i])->parent, parents[i]);
        scene_close(&t.s);
    }
}

/* A database says that all of it is one conversation. */
static void joined_from_outside(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.sbc, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 50000, "INVITE");
    struct weave *w = weave_open();
    weave_join_all(w);
    number_lines(&t.s);
    for (isize i = 0; i < t.s.nshots; i++) {
        struct sighting one = t.s.shots[i].s;
        one.source = source_of(w, &t.s, t.s.shots[i].point);
        assert_true(weave_add(w, &one));
    }
    weave_link(w);
    assert_int_equal(weave_ncalls(w), 1);
    assert_nothing_lost(w);
    assert_found_from_any_leg(w);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_common_but_time),
        cmocka_unit_test(echoes_decide),
        cmocka_unit_test(fifty_at_once),
        cmocka_unit_test(after_a_minute_in_a_queue),
        cmocka_unit_test(serial_hunting),
        cmocka_unit_test(a_long_hunt),
        cmocka_unit_test(a_chain_of_boxes),
        cmocka_unit_test(joined_from_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
