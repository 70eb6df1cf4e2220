/* Calls at one place at one time: conferences, and what looks like one; queues. */
#include "link/relations.h"

static void a_conference_says_so(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    int bridge = box(&t.s, "bridge", "192.0.2.80");
    struct talk a = talk(t.p1, bridge, "A", "201", "8000"),
                b = talk(t.p2, bridge, "B", "202", "8000"),
                c = talk(t.p3, bridge, "C", "203", "8001");
    a.contact = b.contact = "<sip:8000@192.0.2.80:5060>;isfocus;methods=\"INVITE\"";
    c.contact = "<sip:8001@192.0.2.80>;isfocus";
    converse(&t.s, &a, 0, 100, 220000);
    converse(&t.s, &b, 20000, 100, 240000);
    converse(&t.s, &c, 30000, 100, 250000);
    assert_related(
        &t.s, &a, &b,
        "same-conference: also in the conference 8000 at 192.0.2.80, 3 min 20 s "
        "together",
        "same-conference: also in the conference 8000 at 192.0.2.80, 3 min 20 s "
        "together");
    assert_strangers(&t.s, &a, &c);
    scene_close(&t.s);
}

static void a_conference_that_looks_like_one(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    int bridge = box(&t.s, "bridge", "192.0.2.80");
    struct talk a = talk(t.p1, bridge, "A", "201", "8000"),
                b = talk(t.p2, bridge, "B", "202", "8000"),
                c = talk(t.p3, bridge, "C", "203", "8000"),
                d = talk(t.gw, bridge, "D", "204", "8000");
    converse(&t.s, &a, 0, 50, 200000);
    converse(&t.s, &b, 10000, 50, 210000);
    assert_strangers(&t.s, &a, &b); /* two at a mailbox */
    converse(&t.s, &c, 20000, 50, 220000);
    converse(&t.s, &d, 215000, 50, 300000);
    t.s.lines_set = false;
    assert_one_side(
        &t.s, &a, &b,
        "same-conference: also at 8000 on 192.0.2.80, 3 min 10 s together: "
        "answered at once, three calls or more for a minute, as in a conference");
    assert_strangers(&t.s, &c, &d); /* too short a time */
    scene_close(&t.s);
    /* telephones are lifted later than that */
    stage_open(&t);
    bridge = box(&t.s, "bridge", "192.0.2.80");
    converse(&t.s, &a, 0, 4000, 200000);
    converse(&t.s, &b, 10000, 4000, 210000);
    converse(&t.s, &c, 20000, 4000, 220000);
    assert_strangers(&t.s, &a, &b);
    scene_close(&t.s);
}

/* A caller is answered by the box at `t0`, an agent is dialled later. */
static void wait_for(struct scene *s, const struct talk *a, const struct talk *agent,
                     double t0, double dialled, double end) {
    ask(s, a, t0, "INVITE");
    tell(s, a, t0 + 2, "100 Trying");
    answer(s, a, t0 + 20);
    if (agent) {
        ask(s, agent, t0 + dialled, "INVITE");
        tell(s, agent, t0 + dialled + 90, "180 Ringing");
        answer(s, agent, t0 + dialled + 3000);
        hang_up(s, a, end, false);
        hang_up(s, agent, end + 3, false);
    } else {
        hang_up(s, a, end, false);
    }
}

static void a_queue(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.gw, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.gw, t.pbx, "B", "01632960124", "02079460452"),
                c = talk(t.gw, t.pbx, "C", "01632960125", "02079460452");
    struct talk a1 = talk(t.pbx, t.p1, "A1", "01632960123", "301"),
                b1 = talk(t.pbx, t.p1, "B1", "01632960124", "301");
    wait_for(&t.s, &a, &a1, 0, 30, 40000);
    wait_for(&t.s, &b, &b1, 5000, 38000, 90000); /* dialled at 43 s */
    wait_for(&t.s, &c, NULL, 16000, 0, 36000);   /* has given up */
    assert_scene(&t.s, "A A1|B B1|C", &a, &a1, &b, &b1, &c);
    assert_related(&t.s, &b, &c,
                   "same-queue: also waiting at 02079460452 on 192.0.2.1, 20 s together",
                   "same-queue: also waiting at 02079460452 on 192.0.2.1, 20 s together");
    assert_strangers(&t.s, &a, &b); /* the first was talking by then */
    assert_strangers(&t.s, &a, &c);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conference_says_so),
        cmocka_unit_test(a_conference_that_looks_like_one),
        cmocka_unit_test(a_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
