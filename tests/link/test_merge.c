/* Clocks and merging: many sightings of one message are one message, repeats stay repeats, nothing is lost or doubled. */
#include "link/result.h"

/* Phone, PBX and gateway in a row; A on the first hop, B on the second. */
struct stage {
    struct scene s;
    int phone, pbx, gateway;
    struct talk a, b;
};

static void stage_open(struct stage *t) {
    scene_open(&t->s);
    t->phone = box(&t->s, "phone", "198.51.100.7");
    t->pbx = box(&t->s, "pbx", "192.0.2.1");
    t->gateway = box(&t->s, "gateway", "203.0.113.9");
    t->a = talk(t->phone, t->pbx, "A", "201", "02079460452");
    t->b = talk(t->pbx, t->gateway, "B", "01632960123", "+442079460452");
}

static const struct call *only_call(struct stage *t) {
    struct weave *w = play(&t->s, 0);
    assert_nothing_lost(w);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &t->s.text);
    weave_close(w);
    return c;
}

static isize sightings(const struct call *c) {
    isize n = 0;
    for (isize i = 0; i < c->nmessages; i++) n += c->messages[i].nseen;
    return n;
}

static isize repeats(const struct call *c) {
    isize n = 0;
    for (isize i = 0; i < c->nmessages; i++) n += c->messages[i].retransmission_of != 0;
    return n;
}

/* ---- several points --------------------------------------------------------------------------------- */

struct point_row {
    u32 pbx_us, gateway_us;
    i64 gateway_ahead_us;
};
static const struct point_row points[] = {
    {1, 1, 0},
    {1000000, 1000000, 0},
    {1000000, 1, 0},
    {1, 1000, 40000},
    {1000000, 1000000, -1000000},
    {1000000, 1000000, 7000000},
    {1, 1, 3000000},
    {1, 1, -3600000000},
    {1000, 1000000, 61000000},
    {1, 1000000, -86400000000},
};

static void sent_and_received_is_one(void **state) {
    (void)state;
    for (isize i = 0; i < countof(points); i++) {
        struct stage t;
        stage_open(&t);
        log_of(&t.s, t.pbx, points[i].pbx_us, 0);
        log_of(&t.s, t.gateway, points[i].gateway_us, points[i].gateway_ahead_us);
        pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
        assert_scene(&t.s, "A B", &t.a, &t.b);
        const struct call *c = only_call(&t);
        assert_int_equal(c->nmessages, 14);
        assert_int_equal(sightings(c), 21); /* B twice: sent and received */
        assert_int_equal(repeats(c), 0);
        assert_int_equal(c->legs[1].parent, 1);
        scene_close(&t.s);
    }
}

/* The clock of the busiest source is the common one; the other's is followed to the second. */
static void clocks_seconds_apart(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    log_of(&t.s, t.gateway, 1, 5300000);
    pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
    /* seen by the gateway alone: its own words to somebody else, no INVITE of which anybody knows */
    struct talk other = talk(t.gateway, t.phone, "C", "1", "2");
    ask(&t.s, &other, 10000, "OPTIONS");
    struct weave *w = play(&t.s, 0);
    isize i = weave_find(w, str_z(call_id_of(&t.s, &other)));
    const struct call *c = weave_call(w, i, true, &t.s.text);
    i64 off = c->messages[0].time_us - (SCENE_START + 10000000);
    assert_true(off > -300000 && off < 300000);
    assert_true(c->messages[0].seen[0].time_us ==
                SCENE_START + 15300000); /* as it stands in the log */
    weave_close(w);
    scene_close(&t.s);
}

/* A message held up on the way, and a clock set back in the middle, are outvoted. */
static void one_odd_message_moves_no_clock(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    log_of(&t.s, t.gateway, 1, 5000000);
    pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
    t.s.way_us = 9000000;
    ask_how(&t.s, &t.b, 6000, "INFO", (struct how){0});
    struct weave *w = play(&t.s, 0);
    isize i = weave_find(w, str_z(call_id_of(&t.s, &t.b)));
    const struct call *c = weave_call(w, i, true, &t.s.text);
    assert_int_equal(c->nlegs, 2);
    for (isize k = 0; k + 1 < c->nmessages; k++)
        assert_true(c->messages[k].time_us < c->messages[k + 1].time_us);
    weave_close(w);
    scene_close(&t.s);
}

static void seen_at_five_points(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1000000, 0);
    log_of(&t.s, t.gateway, 1000000, 2000000);
    tap(&t.s, "one.pcap");
    tap(&t.s, "two.pcap");
    point_add(&t.s, (struct point){.name = "three.pcap",
                                   .box = -1,
                                   .only = t.gateway,
                                   .precision_us = 1,
                                   .ahead_us = -4000000});
    pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
    assert_scene(&t.s, "A B", &t.a, &t.b);
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 14);
    assert_int_equal(sightings(c), 7 * 3 + 7 * 5);
    for (isize i = 0; i < c->nmessages; i++)
        assert_int_equal(c->messages[i].nseen, c->messages[i].leg == 1 ? 3 : 5);
    scene_close(&t.s);
}

/* ---- repeats ------------------------------------------------------------------------------------------ */

/* An INVITE sent at 0, 500, 1500, 3500 ms; `lost` says which do not arrive. */
static void send_invites(struct stage *t, unsigned lost) {
    static const double times[] = {0, 500, 1500, 3500};
    for (unsigned i = 0; i < 4; i++) {
        t->s.lost = lost >> i & 1;
        ask(&t->s, &t->b, times[i], "INVITE");
    }
    tell(&t->s, &t->b, 3510, "100 Trying");
    fail_with(&t->s, &t->b, 3600, "486 Busy Here");
}

static void the_kth_is_the_kth(void **state) {
    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        struct stage t;
        stage_open(&t);
        log_of(&t.s, t.pbx, coarse ? 1000000 : 1, 0);
        log_of(&t.s, t.gateway, coarse ? 1000000 : 1, 9000000);
        send_invites(&t, 0);
        assert_scene(&t.s, "B", &t.b);
        const struct call *c = only_call(&t);
        assert_int_equal(c->nmessages, 7);
        assert_int_equal(repeats(c), 3);
        for (isize i = 0; i < c->nmessages; i++)
            assert_int_equal(c->messages[i].nseen, 2);
        for (int i = 2; i <= 4; i++)
            assert_int_equal(c->messages[i - 1].retransmission_of, 1);
        scene_close(&t.s);
    }
}

static void some_are_lost_on_the_way(void **state) {
    (void)state;
    for (unsigned lost = 0; lost < 15; lost++) {
        struct stage t;
        stage_open(&t);
        log_of(&t.s, t.pbx, 1, 0);
        log_of(&t.s, t.gateway, 1, 30000);
        send_invites(&t, lost);
        assert_scene(&t.s, "B", &t.b);
        const struct call *c = only_call(&t);
        assert_int_equal(c->nmessages, 7);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(c->messages[i].nseen, lost >> i & 1 ? 1 : 2);
        scene_close(&t.s);
    }
}

/* The receiver's log begins late, the sender's ends early: neither has all of them. */
static void neither_log_is_whole(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    log_of(&t.s, t.gateway, 1, 0);
    tap(&t.s, "wire.pcap");
    send_invites(&t, 1);
    for (isize i = 0; i < t.s.nshots;
         i++) { /* the sender forgets what it sent after 1 s */
        struct shot *shot = &t.s.shots[i];
        if (shot->point != 0 || shot->s.time_us < SCENE_START + 1000000) continue;
        *shot = t.s.shots[--t.s.nshots];
        i--;
    }
    assert_scene(&t.s, "B", &t.b);
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 7);
    static const isize seen[] = {2, 3, 2, 2, 2, 2, 2};
    for (isize i = 0; i < 7; i++) assert_int_equal(c->messages[i].nseen, seen[i]);
    assert_int_equal(repeats(c), 3);
    scene_close(&t.s);
}

static void repeated_ringing_is_news(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1000000, 0);
    ask(&t.s, &t.b, 0, "INVITE");
    for (int i = 1; i <= 4; i++) tell(&t.s, &t.b, 1000 * i, "180 Ringing");
    fail_with(&t.s, &t.b, 5000, "480 Temporarily Unavailable");
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 7);
    assert_int_equal(repeats(c), 0);
    scene_close(&t.s);
}

static void ten_thousand_repeats(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    log_of(&t.s, t.gateway, 1, 0);
    for (int i = 0; i < 10000; i++) {
        t.s.lost = i % 3 == 0;
        ask(&t.s, &t.b, 500 * i, "INVITE");
    }
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 10000);
    assert_int_equal(repeats(c), 9999);
    scene_close(&t.s);
}

/* ---- one packet twice, and NAT ------------------------------------------------------------------------- */

/* An interface that shows what comes in and goes out: each packet twice, a moment apart. */
static void twice_on_one_interface(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    tap(&t.s, "any.pcap");
    log_of(&t.s, t.pbx, 1000000, 0);
    ask(&t.s, &t.a, 0, "INVITE");
    ask(&t.s, &t.a, 500, "INVITE");
    tell(&t.s, &t.a, 510, "100 Trying");
    fail_with(&t.s, &t.a, 600, "404 Not Found");
    isize n = t.s.nshots;
    for (isize i = 0; i < n; i++) {
        struct shot *shot = &t.s.shots[i];
        if (shot->point != 0) continue;
        shoot(&t.s, 0, shot->s.time_us - SCENE_START + 40, VANTAGE_WIRE, 0, 0,
              shot->s.bytes);
        t.s.shots[t.s.nshots - 1].s.src = t.s.shots[i].s.src;
        t.s.shots[t.s.nshots - 1].s.dst = t.s.shots[i].s.dst;
    }
    assert_scene(&t.s, "A", &t.a);
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 5);
    assert_int_equal(repeats(c), 1);
    for (isize i = 0; i < 5; i++) assert_int_equal(c->messages[i].nseen, 3);
    scene_close(&t.s);
}

/* The phone has another address at its own tap than the PBX sees: one message all the same. */
static void nat_between_two_points(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    int inside = box(&t.s, "inside", "10.0.0.17");
    tap(&t.s, "home.pcap");
    tap(&t.s, "core.pcap");
    t.s.points[1].ahead_us = 2000000;
    pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
    for (isize i = 0; i < t.s.nshots;
         i++) { /* at home nothing of B, and the phone by its inner address */
        struct shot *shot = &t.s.shots[i];
        struct endpoint phone = box_end(&t.s, t.phone), in = box_end(&t.s, inside);
        if (shot->point != 0) continue;
        bool from = endpoint_eq(&shot->s.src, &phone),
             to = endpoint_eq(&shot->s.dst, &phone);
        if (from) shot->s.src = in;
        if (to) shot->s.dst = in;
        if (from || to) continue;
        *shot = t.s.shots[--t.s.nshots];
        i--;
    }
    assert_scene(&t.s, "A B", &t.a, &t.b);
    const struct call *c = only_call(&t);
    assert_int_equal(c->nlegs, 2);
    assert_int_equal(c->nmessages, 14);
    assert_int_equal(c->ndevices, 3);
    scene_close(&t.s);
}

/* A router that shows both sides of its NAT: two hops, two legs with one Call-ID. */
static void nat_seen_from_both_sides(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    int inside = box(&t.s, "inside", "10.0.0.17");
    tap(&t.s, "router.pcap");
    ask(&t.s, &t.a, 0, "INVITE");
    fail_with(&t.s, &t.a, 100, "404 Not Found");
    isize n = t.s.nshots;
    for (isize i = 0; i < n; i++) {
        struct shot one = t.s.shots[i];
        struct endpoint phone = box_end(&t.s, t.phone);
        bool from = endpoint_eq(&one.s.src, &phone);
        shoot(&t.s, 0, one.s.time_us - SCENE_START + (from ? -300 : 300), VANTAGE_WIRE,
              from ? inside : t.pbx, from ? t.pbx : inside, one.s.bytes);
    }
    struct weave *w = play(&t.s, 0);
    assert_nothing_lost(w);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &t.s.text);
    assert_int_equal(c->nlegs, 2);
    assert_int_equal(c->nmessages, 6);
    assert_int_equal(repeats(c), 0);
    weave_close(w);
    scene_close(&t.s);
}

/* ---- cut ones ------------------------------------------------------------------------------------------ */

static void a_cut_message_joins_the_whole_one(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1000000, 0);
    log_of(&t.s, t.gateway, 1, 0);
    t.s.cut = 480; /* past the headers that name it, inside the SDP */
    ask(&t.s, &t.b, 0, "INVITE");
    tell(&t.s, &t.b, 10, "100 Trying");
    fail_with(&t.s, &t.b, 600, "486 Busy Here");
    assert_scene(&t.s, "B", &t.b);
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 4);
    assert_int_equal(c->messages[0].nseen, 2);
    assert_false(c->messages[0].cut); /* the whole one speaks for it */
    scene_close(&t.s);
}

static void two_cut_ones_are_one(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    log_of(&t.s, t.gateway, 1, 0);
    t.s.cut = 470;
    ask(&t.s, &t.b, 0, "INVITE");
    for (isize i = 0; i < t.s.nshots; i++) {
        if (t.s.shots[i].s.cut) continue;
        t.s.shots[i].s.cut = true;
        t.s.shots[i].s.bytes.n = 440;
    }
    const struct call *c = only_call(&t);
    assert_int_equal(c->nmessages, 1);
    assert_int_equal(c->messages[0].nseen, 2);
    assert_true(c->messages[0].cut);
    scene_close(&t.s);
}

/* ---- devices ------------------------------------------------------------------------------------------- */

static void logs_name_their_devices_and_hosts_name_pools(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.pbx, 1, 0);
    pass_on(&t.s, &t.a, &t.b, 0, 700, 4000, 20000);
    number_lines(&t.s);
    struct weave *w = weave_open();
    struct fail f;
    assert_int_equal(
        weave_hosts(w, S("198.51.100.7 phones # all of them\n\n203.0.113.9 GW gw2\n"),
                    &f),
        ERR_OK);
    assert_int_equal(weave_hosts(w, S("203.0.113.10 gw\nnonsense\n198.51.100.7\n"), &f),
                     ERR_SYNTAX);
    assert_int_equal(f.at, 2);
    for (isize i = 0; i < t.s.nshots; i++) {
        struct sighting one = t.s.shots[i].s;
        struct endpoint gateway = box_end(&t.s, t.gateway);
        if (i % 2 && endpoint_eq(&one.dst, &gateway))
            one.dst.ip[3] = 10; /* the other one of the pool */
        one.source = source_of(w, &t.s, 0);
        assert_true(weave_add(w, &one));
    }
    weave_link(w);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &t.s.text);
    assert_int_equal(c->ndevices, 3);
    assert_true(str_eq(c->devices[0].name, S("phones")) && c->devices[0].named);
    assert_true(str_eq(c->devices[1].name, S("pbx")) && c->devices[1].named);
    assert_true(str_eq_nocase(c->devices[2].name, S("gw")));
    assert_int_equal(c->devices[2].nips, 2);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent_and_received_is_one),
        cmocka_unit_test(clocks_seconds_apart),
        cmocka_unit_test(one_odd_message_moves_no_clock),
        cmocka_unit_test(seen_at_five_points),
        cmocka_unit_test(the_kth_is_the_kth),
        cmocka_unit_test(some_are_lost_on_the_way),
        cmocka_unit_test(neither_log_is_whole),
        cmocka_unit_test(repeated_ringing_is_news),
        cmocka_unit_test(ten_thousand_repeats),
        cmocka_unit_test(twice_on_one_interface),
        cmocka_unit_test(nat_between_two_points),
        cmocka_unit_test(nat_seen_from_both_sides),
        cmocka_unit_test(a_cut_message_joins_the_whole_one),
        cmocka_unit_test(two_cut_ones_are_one),
        cmocka_unit_test(logs_name_their_devices_and_hosts_name_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
