/* Legs: what is one, what it is for, and how it went. */
#include "link/result.h"

struct stage {
    struct scene s;
    int phone, pbx, gateway, other;
};

static void stage_open(struct stage *t) {
    scene_open(&t->s);
    t->phone = box(&t->s, "phone", "198.51.100.7");
    t->pbx = box(&t->s, "pbx", "192.0.2.1");
    t->gateway = box(&t->s, "gateway", "203.0.113.9");
    t->other = box(&t->s, "other", "198.51.100.8");
    tap(&t->s, "wire.pcap");
}

static const struct call *one_leg(struct stage *t, const struct talk *a) {
    assert_scene(&t->s, a->name, a);
    const struct call *c = call_with(&t->s, a);
    assert_int_equal(c->nlegs, 1);
    return c;
}

/* ---- how it went --------------------------------------------------------------------------------------- */

static void a_password_is_asked_for(void **state) {
    (void)state;
    for (int proxy = 0; proxy < 2; proxy++) {
        struct stage t;
        stage_open(&t);
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
        ask(&t.s, &a, 0, "INVITE");
        fail_with(&t.s, &a, 5,
                  proxy ? "407 Proxy Authentication Required" : "401 Unauthorized");
        a.cseq = 2;
        ask(&t.s, &a, 10, "INVITE");
        tell(&t.s, &a, 12, "100 Trying");
        tell(&t.s, &a, 600, "180 Ringing");
        answer(&t.s, &a, 2000);
        hang_up(&t.s, &a, 9000, true);
        const struct call *c = one_leg(&t, &a);
        assert_int_equal(c->state, STATE_ANSWERED);
        assert_int_equal(c->status, 200);
        assert_int_equal(c->nmessages, 10);
        assert_int_equal(c->legs[0].ended_by, SIDE_CALLEE);
        assert_int_equal(c->setup_ms, 2000);
        assert_int_equal(c->ring_ms, 1400);
        assert_int_equal(c->duration_ms, 7000);
        scene_close(&t.s);
    }
}

static void the_password_was_wrong(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    fail_with(&t.s, &a, 5, "401 Unauthorized");
    a.cseq = 2;
    ask(&t.s, &a, 10, "INVITE");
    fail_with(&t.s, &a, 15, "403 Forbidden");
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_FAILED);
    assert_int_equal(c->status, 403);
    scene_close(&t.s);
}

static void a_reinvite_is_no_new_call(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    tell(&t.s, &a, 500, "180 Ringing");
    answer(&t.s, &a, 2000);
    const struct how hold = {.back = true, .again = true, .more = 5};
    ask_how(&t.s, &a, 5000, "INVITE", hold);
    tell_how(&t.s, &a, 5010, "488 Not Acceptable Here", "INVITE", hold);
    ask_how(&t.s, &a, 5012, "ACK", hold);
    hang_up(&t.s, &a, 9000, false);
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_ANSWERED);
    assert_int_equal(c->status, 200); /* of the first INVITE */
    assert_int_equal(c->setup_ms, 2000);
    assert_int_equal(c->legs[0].ended_by, SIDE_CALLER);
    scene_close(&t.s);
}

static void hung_up_before_the_answer(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    tell(&t.s, &a, 500, "180 Ringing");
    hang_up(&t.s, &a, 3000, false); /* an early BYE, RFC 3261 §15 */
    fail_with(&t.s, &a, 3003, "487 Request Terminated");
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_CANCELLED);
    assert_int_equal(c->status, 487);
    scene_close(&t.s);
}

static void states_along_the_way(void **state) {
    (void)state;
    static const struct {
        int steps;
        enum call_state want;
    } rows[] = {
        {1, STATE_RINGING}, {2, STATE_RINGING}, {3, STATE_IN_CALL}, {4, STATE_ANSWERED}};
    for (isize i = 0; i < countof(rows); i++) {
        struct stage t;
        stage_open(&t);
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
        ask(&t.s, &a, 0, "INVITE");
        if (rows[i].steps > 1) tell(&t.s, &a, 500, "180 Ringing");
        if (rows[i].steps > 2) answer(&t.s, &a, 2000);
        if (rows[i].steps > 3) hang_up(&t.s, &a, 9000, false);
        assert_int_equal(one_leg(&t, &a)->state, rows[i].want);
        scene_close(&t.s);
    }
}

static void cancelled(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    tell(&t.s, &a, 500, "180 Ringing");
    cancel(&t.s, &a, 4500);
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_CANCELLED);
    assert_int_equal(c->ring_ms, 4000);
    assert_int_equal(c->duration_ms, -1);
    scene_close(&t.s);
}

/* The trace begins, or ends, in the middle. */
static void only_the_middle_was_seen(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    const struct how again = {.again = true, .more = 5};
    ask_how(&t.s, &a, 0, "INVITE", again);
    tell_how(&t.s, &a, 10, "200 OK", "INVITE", again);
    ask_how(&t.s, &a, 12, "ACK", again);
    hang_up(&t.s, &a, 5000, true);
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_PARTIAL);
    assert_int_equal(c->kind, KIND_CALL);
    assert_int_equal(c->setup_ms, -1);
    scene_close(&t.s);
    stage_open(&t);
    hang_up(&t.s, &a, 0, true);
    c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_PARTIAL);
    assert_int_equal(c->kind, KIND_CALL);
    scene_close(&t.s);
}

/* A large INVITE was lost to the capture, its answers were not: the leg still goes the right way. */
static void the_invite_was_not_seen(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    tell(&t.s, &a, 2, "100 Trying");
    tell(&t.s, &a, 500, "180 Ringing");
    answer(&t.s, &a, 2000);
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->state, STATE_IN_CALL);
    assert_true(str_eq(c->devices[c->legs[0].from_device].name, S("198.51.100.7")));
    scene_close(&t.s);
}

/* ---- kinds ------------------------------------------------------------------------------------------------ */

static void kinds(void **state) {
    (void)state;
    static const struct {
        const char *method, *answer;
        enum call_kind kind;
        enum call_state want;
    } rows[] = {
        {"REGISTER", "200 OK", KIND_REGISTRATION, STATE_ANSWERED},
        {"REGISTER", "403 Forbidden", KIND_REGISTRATION, STATE_FAILED},
        {"SUBSCRIBE", "202 Accepted", KIND_SUBSCRIPTION, STATE_ANSWERED},
        {"NOTIFY", "200 OK", KIND_SUBSCRIPTION, STATE_ANSWERED},
        {"PUBLISH", "489 Bad Event", KIND_SUBSCRIPTION, STATE_FAILED},
        {"MESSAGE", "202 Accepted", KIND_MESSAGE, STATE_ANSWERED},
        {"OPTIONS", "200 OK", KIND_OPTIONS, STATE_ANSWERED},
        {"WHATEVER", "501 Not Implemented", KIND_OPTIONS, STATE_FAILED},
        {"INVITE", "200 OK", KIND_CALL, STATE_IN_CALL},
        {"INFO", "481 No Such Call", KIND_CALL, STATE_PARTIAL},
    };
    for (isize i = 0; i < countof(rows); i++) {
        struct stage t;
        stage_open(&t);
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
        ask(&t.s, &a, 0, rows[i].method);
        tell_how(&t.s, &a, 5, rows[i].answer, rows[i].method, (struct how){0});
        const struct call *c = one_leg(&t, &a);
        assert_int_equal(c->kind, rows[i].kind);
        assert_int_equal(c->state, rows[i].want);
        scene_close(&t.s);
    }
}

static void what_a_call_contains_is_the_calls(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    static const char *const methods[] = {"OPTIONS", "SUBSCRIBE", "MESSAGE", "INVITE",
                                          "NOTIFY"};
    for (int i = 0; i < 5; i++) {
        ask_how(&t.s, &a, 10 * i, methods[i], (struct how){.again = i != 3});
        tell_how(&t.s, &a, 10 * i + 5, "200 OK", methods[i], (struct how){0});
    }
    const struct call *c = one_leg(&t, &a);
    assert_int_equal(c->kind, KIND_CALL);
    assert_int_equal(c->nmessages, 10);
    scene_close(&t.s);
}

/* The same phone registers while it calls, through the same boxes, milliseconds apart: never one call. */
static void registrations_join_nothing(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.other, "B", "201", "202"),
                r = talk(t.phone, t.pbx, "R", "201", "201"),
                p = talk(t.pbx, t.gateway, "P", "201", "201");
    a.headers = r.headers = p.headers = "X-Session: 7f3e9a0b5c2d4e6f\r\n";
    ask(&t.s, &r, 0, "REGISTER");
    ask(&t.s, &p, 1, "REGISTER");
    tell_how(&t.s, &p, 3, "200 OK", "REGISTER", (struct how){0});
    tell_how(&t.s, &r, 4, "200 OK", "REGISTER", (struct how){0});
    pass_on(&t.s, &a, &b, 2, 300, 900, 4000);
    assert_scene(&t.s, "A B|P|R", &a, &b, &r, &p);
    scene_close(&t.s);
}

/* ---- one Call-ID over several hops --------------------------------------------------------------------- */

static void hop_of(struct scene *s, struct talk *to, const struct talk *from, int next,
                   const char *name, const struct talk *id) {
    *to = *from;
    to->from = from->to;
    to->to = next;
    to->name = name;
    to->call_id = call_id_of(s, id);
    to->from_tag = hex_of(s, id->name, "from-tag", 0);
    to->tag = hex_of(s, id->name, "to-tag", 0);
}

static void through_proxies(void **state) {
    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        struct stage t;
        stage_open(&t);
        if (coarse) t.s.points[0].precision_us = 1000000;
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202"), b, c;
        hop_of(&t.s, &b, &a, t.gateway, "B", &a);
        hop_of(&t.s, &c, &b, t.other, "C", &a);
        const struct talk *hops[] = {&a, &b, &c};
        for (int i = 0; i < 3; i++) ask(&t.s, hops[i], 3 * i, "INVITE");
        for (int i = 2; i >= 0; i--)
            tell(&t.s, hops[i], 400 + 3 * (2 - i), "180 Ringing");
        for (int i = 2; i >= 0; i--) tell(&t.s, hops[i], 900 + 3 * (2 - i), "200 OK");
        for (int i = 0; i < 3; i++) ask(&t.s, hops[i], 910 + 3 * i, "ACK");
        struct how callee = {.back = true};
        for (int i = 2; i >= 0; i--)
            ask_how(&t.s, hops[i], 5000 + 3 * (2 - i), "BYE", callee);
        for (int i = 0; i < 3; i++)
            tell_how(&t.s, hops[i], 5010 + 3 * i, "200 OK", "BYE", callee);
        struct weave *w = play(&t.s, 0);
        assert_int_equal(weave_ncalls(w), 1);
        const struct call *call = weave_call(w, 0, true, &t.s.text);
        assert_int_equal(call->nlegs, 3);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(call->legs[i].parent, i);
            assert_int_equal(call->legs[i].messages, 6);
            assert_int_equal(call->legs[i].role, i ? ROLE_HOP : ROLE_INCOMING);
            if (i) assert_true(has_evidence(&call->legs[i], "same-call-id"));
        }
        /* a proxy passes everything on: each message but the first is there because of the one before */
        for (isize i = 0; i < call->nmessages; i++)
            assert_int_equal(call->messages[i].prompted_by, i % 3 ? i : 0);
        weave_close(w);
        scene_close(&t.s);
    }
}

static void forks_of_a_proxy(void **state) {
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        struct stage t;
        stage_open(&t);
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202"), b, c;
        hop_of(&t.s, &b, &a, t.other, "B", &a);
        hop_of(&t.s, &c, &a, t.gateway, "C", &a);
        double second = serial ? 2000 : 4;
        ask(&t.s, &a, 0, "INVITE");
        ask(&t.s, &b, 3, "INVITE");
        if (serial) fail_with(&t.s, &b, 1990, "486 Busy Here");
        ask(&t.s, &c, second, "INVITE");
        answer(&t.s, &c, 5000);
        if (!serial) cancel(&t.s, &b, 5002);
        answer(&t.s, &a, 5001);
        struct weave *w = play(&t.s, 0);
        assert_int_equal(weave_ncalls(w), 1);
        const struct call *call = weave_call(w, 0, true, &t.s.text);
        assert_int_equal(call->nlegs, 3);
        assert_int_equal(call->legs[1].parent, 1);
        assert_int_equal(call->legs[2].parent, 1);
        assert_int_equal(call->legs[1].role, ROLE_FORK);
        assert_int_equal(call->legs[1].state, serial ? STATE_FAILED : STATE_CANCELLED);
        assert_int_equal(call->legs[2].state, STATE_IN_CALL);
        weave_close(w);
        scene_close(&t.s);
    }
}

/* Two programs on one host talk through the loopback: two devices, and legs with ids of their own. */
static void two_programs_on_one_host(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    int proxy = box_at(&t.s, "proxy", "192.0.2.77", 5060),
        bridge = box_at(&t.s, "bridge", "192.0.2.77", 5080);
    struct talk a = talk(t.phone, proxy, "A", "201", "202"), b, c;
    hop_of(&t.s, &b, &a, bridge, "B", &a);
    c = talk(bridge, t.gateway, "C", "201", "202");
    pass_on(&t.s, &b, &c, 3, 300, 900, 4000);
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 906);
    struct weave *w = play(&t.s, 0);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *call = weave_call(w, 0, false, &t.s.text);
    assert_int_equal(call->nlegs, 3);
    assert_int_equal(call->ndevices, 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call->legs[i].parent, i);
        for (int k = 0; k < i; k++)
            assert_false(str_eq(call->legs[i].id, call->legs[k].id));
    }
    weave_close(w);
    scene_close(&t.s);
}

/* ---- Call-IDs that say nothing ---------------------------------------------------------------------------- */

static void masked_call_ids_join_nothing(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202"),
                b = talk(t.phone, t.pbx, "B", "203", "204"),
                c = talk(t.gateway, t.other, "C", "205", "206");
    a.call_id = b.call_id = c.call_id = "[email protected]";
    const struct talk *all[] = {&a, &b, &c};
    for (int i = 0; i < 3; i++) {
        ask(&t.s, all[i], 1000 * i, "INVITE");
        answer(&t.s, all[i], 1000 * i + 500);
        hang_up(&t.s, all[i], 9000 + 10 * i,
                i == 1); /* the callee's tags are the other way round */
    }
    struct weave *w = play(&t.s, 0);
    assert_nothing_lost(w);
    assert_int_equal(weave_ncalls(w), 3);
    str ids[3];
    for (int i = 0; i < 3; i++) {
        const struct call *call = weave_call(w, i, false, &t.s.text);
        assert_int_equal(call->nlegs, 1);
        assert_int_equal(call->nmessages, 5);
        assert_int_equal(call->state, STATE_ANSWERED);
        ids[i] = call->id;
        for (int k = 0; k < i; k++) assert_false(str_eq(ids[i], ids[k]));
        assert_int_equal(weave_find(w, ids[i]), i);
    }
    weave_close(w);
    scene_close(&t.s);
}

static void no_call_id_at_all(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    static const char *const texts[] = {
        "INVITE sip:202@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
        "198.51.100.7;branch=z9hG4bKa\r\n"
        "From: <sip:201@x>;tag=1\r\nTo: <sip:202@x>\r\nCSeq: 1 INVITE\r\n\r\n",
        "SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKa\r\n"
        "From: <sip:201@x>;tag=1\r\nTo: <sip:202@x>;tag=2\r\nCSeq: 1 INVITE\r\n\r\n",
        "INVITE sip:202@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
        "198.51.100.7;branch=z9hG4bKb\r\n"
        "From: <sip:201@x>;tag=1\r\nTo: <sip:202@x>\r\nCSeq: 1 INVITE\r\n\r\n",
        "INVITE sip:202@192.0.2.1 SIP/2.0\r\n\r\n",
    };
    for (int i = 0; i < 4; i++) {
        bool back = i == 1;
        carry(&t.s, i * 100000, back ? t.pbx : t.phone, back ? t.phone : t.pbx,
              str_z(texts[i]));
    }
    struct weave *w = play(&t.s, 0);
    assert_nothing_lost(w);
    assert_int_equal(weave_ncalls(w), 3);
    assert_int_equal(weave_call(w, 0, false, &t.s.text)->nmessages, 2);
    assert_int_equal(weave_find(w, S("")), -1);
    weave_close(w);
    scene_close(&t.s);
}

static void finding_calls(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "+441632960123", "02079460452"),
                b = talk(t.pbx, t.gateway, "B", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 700000, "INVITE");
    struct weave *w = play(&t.s, 0);
    assert_int_equal(weave_ncalls(w), 2);
    assert_int_equal(weave_find(w, S("01632 960123")), 0);
    assert_int_equal(weave_find(w, S("+442079460452")), 0);
    assert_int_equal(weave_find(w, S("202")), 1);
    assert_int_equal(weave_find(w, S("20")), -1);
    assert_int_equal(weave_find(w, S("203")), -1);
    assert_int_equal(weave_find(w, S("anonymous")), -1);
    assert_int_equal(weave_find(w, str_z(call_id_of(&t.s, &b))), 1);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_is_asked_for),
        cmocka_unit_test(the_password_was_wrong),
        cmocka_unit_test(a_reinvite_is_no_new_call),
        cmocka_unit_test(hung_up_before_the_answer),
        cmocka_unit_test(states_along_the_way),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(only_the_middle_was_seen),
        cmocka_unit_test(the_invite_was_not_seen),
        cmocka_unit_test(kinds),
        cmocka_unit_test(what_a_call_contains_is_the_calls),
        cmocka_unit_test(registrations_join_nothing),
        cmocka_unit_test(through_proxies),
        cmocka_unit_test(forks_of_a_proxy),
        cmocka_unit_test(two_programs_on_one_host),
        cmocka_unit_test(masked_call_ids_join_nothing),
        cmocka_unit_test(no_call_id_at_all),
        cmocka_unit_test(finding_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
