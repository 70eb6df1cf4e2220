/* Transfers, pickup, hold and recorders: legs that a call gets later. */
#include "link/stage.h"

/* ---- transfers --------------------------------------------------------------------------------------------- */

static void refer_to(struct stage *t, const struct talk *on, double ms, bool back,
                     const char *to) {
    str headers = arena_printf(
        &t->s.text, "Refer-To: <sip:%s>\r\nReferred-By: <sip:201@192.0.2.1>\r\n", to);
    struct how how = {.back = back, .headers = arena_z(&t->s.text, headers)};
    ask_how(&t->s, on, ms, "REFER", how);
    tell_how(&t->s, on, ms + 2, "202 Accepted", "REFER", (struct how){.back = back});
}

static void blind_transfer(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.p2, "B", "201", "202"),
                c = talk(t.pbx, t.p3, "C", "201", "203");
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    answer(&t.s, &b, 3000);
    answer(&t.s, &a, 3003);
    refer_to(&t, &b, 12000, true, "203@192.0.2.1");
    hang_up(&t.s, &b, 12010, true);
    ask(&t.s, &c, 12012, "INVITE");
    answer(&t.s, &c, 15000);
    hang_up(&t.s, &a, 30000, false);
    hang_up(&t.s, &c, 30003, false);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    const struct leg *l = leg_of(&t, &c);
    assert_true(has_evidence(l, "after-refer"));
    assert_int_equal(l->role, ROLE_TRANSFER);
    scene_close(&t.s);
}

static void attended_transfer(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.p2, "B", "201", "202"),
                d = talk(t.p2, t.pbx, "D", "202", "203"),
                e = talk(t.pbx, t.p3, "E", "202", "203");
    d.call_id = "5f0e1d2c3b4a5968@198.51.100.2";
    pass_on(&t.s, &a, &b, 0, 500, 2000, 60000);
    pass_on(&t.s, &d, &e, 20000, 500, 3000, 42000); /* phone 2 asks phone 3 first */
    str to = arena_printf(&t.s.text,
                          "203@192.0.2.1?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s",
                          call_id_of(&t.s, &d), hex_of(&t.s, "D", "to-tag", 0),
                          hex_of(&t.s, "D", "from-tag", 0));
    refer_to(&t, &b, 40000, true, arena_z(&t.s.text, to));
    assert_scene(&t.s, "A B D E", &a, &b, &d, &e);
    assert_true(has_evidence(leg_of(&t, &d), "dialog-reference"));
    scene_close(&t.s);
}

/* Replaces in an INVITE (a pickup), Target-Dialog in a REFER outside the dialog. */
static void other_dialogs_by_name(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "201"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201"),
                c = talk(t.p3, t.pbx, "C", "203", "*8");
    str replaces =
        arena_printf(&t.s.text, "Replaces: %s;to-tag=%s;from-tag=%s;early-only\r\n",
                     call_id_of(&t.s, &a), hex_of(&t.s, "A", "to-tag", 0),
                     hex_of(&t.s, "A", "from-tag", 0));
    c.headers = arena_z(&t.s.text, replaces);
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    tell(&t.s, &b, 500, "180 Ringing");
    tell(&t.s, &a, 503, "180 Ringing");
    ask(&t.s, &c, 9000, "INVITE");
    answer(&t.s, &c, 9010);
    answer(&t.s, &a, 9012);
    cancel(&t.s, &b, 9015);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    assert_int_equal(leg_of(&t, &c)->role, ROLE_TRANSFER);
    scene_close(&t.s);

    stage_open(&t);
    struct talk x = talk(t.p3, t.p1, "X", "203", "201");
    pass_on(&t.s, &a, &b, 0, 500, 2000, 60000);
    str target = arena_printf(&t.s.text,
                              "Refer-To: <sip:500@192.0.2.1>\r\nTarget-Dialog: "
                              "%s;local-tag=%s;remote-tag=%s\r\n",
                              call_id_of(&t.s, &a), hex_of(&t.s, "A", "from-tag", 0),
                              hex_of(&t.s, "A", "to-tag", 0));
    str request = arena_printf(&t.s.text,
                               "REFER sip:201@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
                               "198.51.100.3;branch=z9hG4bKx\r\n"
                               "From: <sip:203@x>;tag=77\r\nTo: <sip:201@x>\r\nCall-ID: "
                               "%s\r\nCSeq: 1 REFER\r\n%.*s\r\n",
                               call_id_of(&t.s, &x), STR(target));
    carry(&t.s, 20000000, t.p3, t.p1, request);
    assert_scene(&t.s, "A B X", &a, &b, &x);
    scene_close(&t.s);
}

/* ---- hold ----------------------------------------------------------------------------------------------- */

/* A phone puts its caller on hold, and at once calls: a music server with the caller's media (RFC 7088), or somebody else
 * on another line. */
static void on_hold(void **state) {
    (void)state;
    for (int music = 0; music < 2; music++) {
        for (int callee = 0; callee < 2; callee++) {
            struct stage t;
            stage_open(&t);
            struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                        b = talk(t.pbx, t.p2, "B", "201", "202");
            int holder = callee ? t.p2 : t.p1;
            const struct talk *on = callee ? &b : &a;
            struct talk m =
                talk(holder, t.pbx, "M", callee ? "202" : "201", music ? "music" : "203");
            /* what the other side of the held leg said in its SDP */
            str other = sdp_of(&t.s, on, t.pbx, !callee);
            if (music) m.body = arena_z(&t.s.text, other);
            pass_on(&t.s, &a, &b, 0, 500, 2000, 30000);
            ask_how(&t.s, on, 9000, "INVITE",
                    (struct how){.again = true, .back = callee, .more = 3, .held = true});
            tell_how(&t.s, on, 9010, "200 OK", "INVITE",
                     (struct how){.back = callee, .more = 3});
            ask(&t.s, &m, 9030, "INVITE");
            answer(&t.s, &m, 9060);
            hang_up(&t.s, &m, 20000, false);
            if (music) {
                assert_scene(&t.s, "A B M", &a, &b, &m);
                assert_true(has_evidence(leg_of(&t, &m), "after-hold"));
            } else {
                assert_scene(&t.s, "A B|M", &a, &b, &m);
            }
            scene_close(&t.s);
        }
    }
}

/* The phone holds, and the box that it asks plays music from a server of its own: nothing but the caller's number is the same, and that
 * it is sent for at once. What it sends later, or what another box sends then, is something else. */
static bool music_of_the_box(int from_other, double after_ms) {
    struct stage t;
    stage_open(&t);
    bool joined = true;
    struct talk a[6], b[6], m[6];
    for (int i = 0; i < 6; i++) {
        const char *caller = arena_z(&t.s.text, arena_printf(&t.s.text, "20%d", i)),
                   *called = arena_z(&t.s.text, arena_printf(&t.s.text, "30%d", i)),
                   *name = arena_z(&t.s.text, arena_printf(&t.s.text, "%d", i));
        a[i] = talk(t.p1, t.pbx, arena_z(&t.s.text, arena_printf(&t.s.text, "A%s", name)),
                    caller, called);
        b[i] = talk(t.pbx, t.p2, arena_z(&t.s.text, arena_printf(&t.s.text, "B%s", name)),
                    caller, called);
        m[i] = talk(from_other ? t.sbc : t.pbx, t.rec,
                    arena_z(&t.s.text, arena_printf(&t.s.text, "M%s", name)), caller,
                    "music");
        double at = 60000 * i;
        pass_on(&t.s, &a[i], &b[i], at, 500, 2000, 30000);
        struct how hold = {.again = true, .back = true, .more = 3, .held = true};
        ask_how(&t.s, &b[i], at + 9000, "INVITE", hold);
        tell_how(&t.s, &b[i], at + 9001.5, "200 OK", "INVITE", hold);
        ask(&t.s, &m[i], at + 9000 + after_ms, "INVITE");
        answer(&t.s, &m[i], at + 9010 + after_ms);
        hang_up(&t.s, &m[i], at + 20000, false);
    }
    for (int i = 0; i < 6; i++) {
        const struct call *c = call_with(&t.s, &b[i]);
        joined &= leg_with(&t.s, c, &m[i]) != NULL;
    }
    scene_close(&t.s);
    return joined;
}

static void the_box_plays_music(void **state) {
    (void)state;
    assert_true(music_of_the_box(false, 3));
    assert_true(music_of_the_box(false, 20));
    assert_false(music_of_the_box(true, 3));
}

/* ---- recorders ---------------------------------------------------------------------------------------------- */

static void recorders(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201"),
                r = talk(t.pbx, t.rec, "R", "01632960123", "02079460452"),
                q = talk(t.pbx, t.rec, "Q", "record", "srs");
    r.headers = "X-Record: true\r\n";
    q.headers = "Require: siprec\r\n";
    q.body = "--x\r\nContent-Type: "
             "application/rs-metadata+xml\r\n\r\n<recording/>\r\n--x--\r\n";
    q.type = "multipart/mixed;boundary=x";
    pass_on(&t.s, &a, &b, 0, 700, 4000, 20000);
    ask(&t.s, &r, 9, "INVITE"); /* from the start */
    answer(&t.s, &r, 20);
    ask(&t.s, &q, 4004, "INVITE"); /* what is said */
    answer(&t.s, &q, 4010);
    hang_up(&t.s, &r, 20004, false);
    hang_up(&t.s, &q, 20005, false);
    assert_scene(&t.s, "A B Q R", &a, &b, &r, &q);
    const struct call *c = call_with(&t.s, &a);
    assert_int_equal(leg_with(&t.s, c, &r)->role, ROLE_RECORDING);
    assert_int_equal(leg_with(&t.s, c, &q)->role, ROLE_RECORDING);
    assert_int_equal(leg_with(&t.s, c, &b)->n, 2); /* recordings come last */
    assert_int_equal(leg_with(&t.s, c, &r)->parent, 1);
    assert_int_equal(leg_with(&t.s, c, &q)->parent, 1);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blind_transfer),        cmocka_unit_test(attended_transfer),
        cmocka_unit_test(other_dialogs_by_name), cmocka_unit_test(on_hold),
        cmocka_unit_test(the_box_plays_music),   cmocka_unit_test(recorders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
