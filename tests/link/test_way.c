/* Which end of a leg is the caller, whoever asks for something later, and where the beginning was not captured. */
#include "link/result.h"

struct stage {
    struct scene s;
    int phone, pbx, gateway;
};

static const struct how theirs = {.back = true, .again = true, .more = 5};

static void stage_open(struct stage *t) {
    scene_open(&t->s);
    t->phone = box(&t->s, "phone", "198.51.100.7");
    t->pbx = box(&t->s, "pbx", "192.0.2.1");
    t->gateway = box(&t->s, "gateway", "203.0.113.9");
    tap(&t->s, "wire.pcap");
}

static void assert_text(str s, const char *want) {
    if (!str_eq(s, str_z(want))) fail_msg("\"%.*s\", not \"%s\"", STR(s), want);
}

/* The call of this talk: from whom to whom, and between which addresses. */
static const struct call *assert_way(struct stage *t, const struct talk *a,
                                     const char *from, const char *to, const char *src) {
    assert_scene(&t->s, a->name, a);
    const struct call *c = call_with(&t->s, a);
    assert_text(c->from, from);
    assert_text(c->to, to);
    assert_text(c->legs[0].src, src);
    return c;
}

static void reinvite(struct stage *t, const struct talk *a, double ms,
                     const char *status) {
    ask_how(&t->s, a, ms, "INVITE", theirs);
    tell_how(&t->s, a, ms + 3, "100 Trying", "INVITE", theirs);
    tell_how(&t->s, a, ms + 10, status, "INVITE", theirs);
    ask_how(&t->s, a, ms + 12, "ACK", theirs);
}

/* ---- captured from the beginning ------------------------------------------------------------------------ */

static void the_called_one_holds(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 2000);
    for (int i = 0; i < 3; i++) reinvite(&t, &a, 5000 + 1000 * i, "200 OK");
    hang_up(&t.s, &a, 9000, true);
    const struct call *c = assert_way(&t, &a, "201", "202", "198.51.100.7:5060");
    assert_int_equal(c->legs[0].ended_by, SIDE_CALLEE);
    scene_close(&t.s);
}

/* Who withholds everything has no number in From: what the other side asks for later does not become the caller's. */
static void a_caller_without_a_number(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "", "02079460202");
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 2000);
    reinvite(&t, &a, 5000, "200 OK");
    hang_up(&t.s, &a, 9000, false);
    assert_way(&t, &a, "", "02079460202", "198.51.100.7:5060");
    scene_close(&t.s);
}

/* ---- captured from later on ------------------------------------------------------------------------------- */

static void the_call_id_names_its_maker(void **state) {
    (void)state;
    static const char *const ends[] = {"200 OK", "488 Not Acceptable Here"};
    for (isize i = 0; i < countof(ends); i++) {
        struct stage t;
        stage_open(&t);
        struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
        reinvite(&t, &a, 5000, ends[i]);
        hang_up(&t.s, &a, 9000, true);
        const struct call *c = assert_way(&t, &a, "201", "202", "198.51.100.7:5060");
        assert_int_equal(c->state, STATE_PARTIAL); /* it was neither begun nor refused */
        assert_int_equal(c->status, 0);
        assert_int_equal(c->legs[0].ended_by, SIDE_CALLEE);
        scene_close(&t.s);
    }
}

static void so_do_answers_alone(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    tell_how(&t.s, &a, 5010, "200 OK", "INVITE", theirs);
    const struct call *c = assert_way(&t, &a, "201", "202", "198.51.100.7:5060");
    assert_int_equal(c->state, STATE_PARTIAL);
    scene_close(&t.s);
    stage_open(&t);
    a = talk(t.phone, t.pbx, "A", "201", "202");
    tell(&t.s, &a, 5010, "200 OK"); /* may as well be the first answer */
    c = assert_way(&t, &a, "201", "202", "198.51.100.7:5060");
    assert_int_equal(c->state, STATE_IN_CALL);
    scene_close(&t.s);
}

/* A proxy keeps tags and Call-ID: what one hop has shown of the beginning holds for the other. */
static void another_hop_has_the_beginning(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    const char *id = "0f66ad1b67ef8e61@pbx.example.com";
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    struct talk b = talk(t.pbx, t.gateway, "A", "201", "202");
    a.call_id = b.call_id = id;
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 2000);
    reinvite(&t, &b, 5000, "200 OK");
    reinvite(&t, &a, 5001, "200 OK");
    hang_up(&t.s, &a, 9000, false);
    hang_up(&t.s, &b, 9001, false);
    const struct call *c = call_with(&t.s, &a);
    assert_int_equal(c->nlegs, 2);
    for (int i = 0; i < 2; i++) {
        assert_text(c->legs[i].from, "201");
        assert_text(c->legs[i].to, "202");
        assert_int_equal(c->legs[i].ended_by, SIDE_CALLER);
    }
    const struct leg *late = &c->legs[c->legs[0].state == STATE_PARTIAL ? 0 : 1];
    assert_int_equal(late->state, STATE_PARTIAL);
    assert_text(late->src, "192.0.2.1:5060");
    scene_close(&t.s);
}

/* Nothing tells: the first that was seen to ask is shown as the caller, and the call as seen in part. */
static void nothing_tells(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    a.call_id = "0f66ad1b67ef8e61@pbx.example.com";
    reinvite(&t, &a, 5000, "200 OK");
    const struct call *c = assert_way(&t, &a, "202", "201", "192.0.2.1:5060");
    assert_int_equal(c->state, STATE_PARTIAL);
    scene_close(&t.s);
}

/* A request without a tag in To begins a dialog, whatever host the Call-ID names: a gateway may keep another's. */
static void the_first_invite_decides(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.phone, t.pbx, "A", "201", "202");
    a.call_id = "0f66ad1b67ef8e61@192.0.2.1";
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 2000);
    reinvite(&t, &a, 5000, "200 OK");
    const struct call *c = assert_way(&t, &a, "201", "202", "198.51.100.7:5060");
    assert_int_equal(c->state, STATE_IN_CALL);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_called_one_holds),
        cmocka_unit_test(a_caller_without_a_number),
        cmocka_unit_test(the_call_id_names_its_maker),
        cmocka_unit_test(so_do_answers_alone),
        cmocka_unit_test(another_hop_has_the_beginning),
        cmocka_unit_test(nothing_tells),
        cmocka_unit_test(the_first_invite_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
