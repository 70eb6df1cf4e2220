/* The order of cause, and what prompted what: with one exact tap, with logs of whole seconds and clocks of their own, with the
 * logs of neighbours only, and with logs that contradict each other. */
#include "link/result.h"

/* A call with everything: hops, forks, recorders, one who answers, two who are cancelled. */
struct stage {
    struct scene s;
    int carrier, sbc, pbx, p1, p2, gw, rec;
    struct talk a, b, c, d, e, r, q;
};

static void stage_open(struct stage *t) {
    struct scene *s = &t->s;
    scene_open(s);
    t->carrier = box(s, "carrier", "198.51.100.10");
    t->sbc = box(s, "sbc", "192.0.2.2");
    t->pbx = box(s, "pbx", "203.0.113.72");
    t->p1 = box(s, "p1", "203.0.113.81");
    t->p2 = box(s, "p2", "198.51.100.157");
    t->gw = box(s, "gw", "198.51.100.33");
    t->rec = box(s, "rec", "192.0.2.21");
    t->a = talk(t->carrier, t->sbc, "A", "+441632960123", "+442079460452");
    t->b = talk(t->sbc, t->pbx, "B", "01632960123", "02079460452");
    t->c = talk(t->pbx, t->p1, "C", "01632960123", "201");
    t->d = talk(t->pbx, t->p2, "D", "01632960123", "202");
    t->e = talk(t->pbx, t->gw, "E", "01632960123", "07700900356");
    t->r = talk(t->sbc, t->rec, "R", "01632960123", "02079460452");
    t->q = talk(t->pbx, t->rec, "Q", "01632960123", "02079460452");
    t->r.headers = t->q.headers = "X-Record: true\r\n";
}

static void perform(struct stage *t) {
    struct scene *s = &t->s;
    ask(s, &t->a, 0, "INVITE");
    tell(s, &t->a, 2, "100 Trying");
    ask(s, &t->b, 10, "INVITE");
    ask(s, &t->r, 11, "INVITE");
    fail_with(s, &t->b, 13, "401 Unauthorized");
    answer(s, &t->r, 16);
    t->b.cseq = 2;
    ask(s, &t->b, 20, "INVITE");
    tell(s, &t->b, 22, "100 Trying");
    ask(s, &t->c, 30, "INVITE");
    ask(s, &t->d, 31, "INVITE");
    ask(s, &t->e, 32, "INVITE");
    tell(s, &t->c, 400, "180 Ringing");
    tell(s, &t->b, 403, "180 Ringing");
    tell(s, &t->a, 406, "180 Ringing");
    tell(s, &t->d, 700, "180 Ringing");
    tell(s, &t->e, 1800, "183 Session Progress");
    answer(s, &t->d, 3500);
    ask(s, &t->c, 3504, "CANCEL");
    ask(s, &t->e, 3505, "CANCEL");
    tell(s, &t->b, 3506, "200 OK");
    ask(s, &t->q, 3507, "INVITE");
    tell_how(s, &t->c, 3510, "200 OK", "CANCEL", (struct how){0});
    tell_how(s, &t->e, 3511, "200 OK", "CANCEL", (struct how){0});
    fail_with(s, &t->c, 3512, "487 Request Terminated");
    fail_with(s, &t->e, 3513, "487 Request Terminated");
    tell(s, &t->a, 3520, "200 OK");
    ask(s, &t->b, 3521, "ACK");
    ask(s, &t->a, 3525, "ACK");
    answer(s, &t->q, 3530);
    hang_up(s, &t->d, 15000, true);
    hang_up(s, &t->b, 15003, true);
    hang_up(s, &t->q, 15004, false);
    hang_up(s, &t->a, 15006, true);
    hang_up(s, &t->r, 15007, false);
    t->b.cseq = 0;
}

struct prompt_row {
    char leg;
    const char *what;
    int nth;
    char by_leg; /* 0: nothing of another leg */
    const char *by;
};
static const struct prompt_row prompts[] = {
    {'A', "INVITE", 0, 0, NULL},
    {'B', "INVITE", 0, 'A', "INVITE"},
    {'R', "INVITE", 0, 'A', "INVITE"},
    {'B', "401 Unauthorized", 0, 0, NULL},
    {'B', "INVITE", 1, 0, NULL}, /* the same again, with credentials */
    {'C', "INVITE", 0, 'B', "INVITE"},
    {'D', "INVITE", 0, 'B', "INVITE"},
    {'E', "INVITE", 0, 'B', "INVITE"},
    {'B', "180 Ringing", 0, 'C', "180 Ringing"},
    {'A', "180 Ringing", 0, 'B', "180 Ringing"},
    {'D', "180 Ringing", 0, 0, NULL},
    {'C', "CANCEL", 0, 'D', "200 OK"},
    {'E', "CANCEL", 0, 'D', "200 OK"},
    {'B', "200 OK", 0, 'D', "200 OK"},
    {'A', "200 OK", 0, 'B', "200 OK"},
    {'Q', "INVITE", 0, 'D', "200 OK"},
    {'C', "487 Request Terminated", 0, 0, NULL},
    {'D', "BYE", 0, 0, NULL},
    {'B', "BYE", 0, 'D', "BYE"},
    {'A', "BYE", 0, 'B', "BYE"},
    {'Q', "BYE", 0, 'D', "BYE"},
    {'R', "BYE", 0, 'B', "BYE"},
};

static int leg_number(struct stage *t, const struct call *c, char name) {
    const struct talk *const all[] = {&t->a, &t->b, &t->c, &t->d, &t->e, &t->r, &t->q};
    for (isize i = 0; i < countof(all); i++) {
        if (all[i]->name[0] == name) return leg_with(&t->s, c, all[i])->n;
    }
    return 0;
}

/* Each answer after its question, each ACK after what it ends, each effect after its cause. */
static void assert_causal(const struct call *c) {
    for (isize i = 0; i < c->nmessages; i++) {
        const struct message *m = &c->messages[i];
        bool ack = m->is_request && str_eq(m->method, S("ACK"));
        assert_int_equal(m->n, i + 1);
        assert_true(m->prompted_by < m->n && m->retransmission_of < m->n);
        bool found = m->is_request && !ack;
        for (isize k = 0; k < i && !found; k++) {
            const struct message *q = &c->messages[k];
            if (q->leg != m->leg || q->cseq != m->cseq) continue;
            found =
                ack ? q->status >= 200 : q->is_request && str_eq(q->method, m->method);
        }
        if (!found) print_error("%d %.*s\n", m->n, STR(m->summary));
        assert_true(found);
    }
}

static void assert_prompts(struct stage *t, const struct call *c) {
    for (isize i = 0; i < countof(prompts); i++) {
        const struct prompt_row *p = &prompts[i];
        const struct message *m =
            find_message(c, leg_number(t, c, p->leg), p->what, p->nth);
        assert_non_null(m);
        const struct message *by =
            m->prompted_by ? &c->messages[m->prompted_by - 1] : NULL;
        if (!p->by) {
            if (by)
                print_error("%c %s prompted by %d %.*s\n", p->leg, p->what, by->leg,
                            STR(by->summary));
            assert_null(by);
            continue;
        }
        if (!by) print_error("%c %s\n", p->leg, p->what);
        assert_non_null(by);
        if (by->leg != leg_number(t, c, p->by_leg))
            print_error("%c %s by leg %d %.*s\n", p->leg, p->what, by->leg,
                        STR(by->summary));
        assert_int_equal(by->leg, leg_number(t, c, p->by_leg));
        assert_true(str_eq(by->summary, str_z(p->by)));
    }
}

static const struct call *result(struct stage *t) {
    assert_scene(&t->s, "A B C D E Q R", &t->a, &t->b, &t->c, &t->d, &t->e, &t->r, &t->q);
    const struct call *c = call_with(&t->s, &t->a);
    assert_int_equal(c->nlegs, 7);
    assert_int_equal(leg_number(t, c, 'A'), 1);
    assert_int_equal(leg_number(t, c, 'R'), 6); /* recordings last */
    assert_int_equal(leg_number(t, c, 'Q'), 7);
    assert_causal(c);
    return c;
}

static void one_tap(void **state) {
    (void)state;
    for (u32 precision = 1; precision <= 1000000; precision *= 1000) {
        struct stage t;
        stage_open(&t);
        tap(&t.s, "wire.pcap");
        t.s.points[0].precision_us = precision;
        perform(&t);
        const struct call *c = result(&t);
        assert_prompts(&t, c);
        for (isize i = 0; precision == 1 && i + 1 < c->nmessages; i++)
            assert_true(c->messages[i].time_us < c->messages[i + 1].time_us);
        scene_close(&t.s);
    }
}

static void logs_of_the_boxes(void **state) {
    (void)state;
    static const u32 precisions[] = {1, 1000, 1000000};
    static const i64 ahead[] = {0, 900000, -3000000, 3600000000};
    for (isize i = 0; i < countof(precisions); i++) {
        for (isize k = 0; k < countof(ahead); k++) {
            struct stage t;
            stage_open(&t);
            log_of(&t.s, t.sbc, precisions[i], 0);
            log_of(&t.s, t.pbx, precisions[i], ahead[k]);
            perform(&t);
            assert_prompts(&t, result(&t));
            scene_close(&t.s);
        }
    }
}

/* The boxes that passed things on wrote nothing; their neighbours did, in whole seconds. Where no log knows, what
 * a box passes on comes after what it got. */
static void logs_of_the_neighbours(void **state) {
    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        struct stage t;
        stage_open(&t);
        const int boxes[] = {t.carrier, t.p1, t.p2, t.gw, t.rec, t.sbc};
        for (isize i = 0; i < countof(boxes); i++)
            log_of(&t.s, boxes[i], coarse ? 1000000 : 1, 0);
        perform(&t);
        const struct call *c = result(&t);
        static const char *const passed_on[][2] = {{"B", "180 Ringing"}, {"B", "200 OK"},
                                                   {"C", "CANCEL"},      {"B", "BYE"},
                                                   {"C", "INVITE"},      {"E", "INVITE"}};
        for (isize i = 0; i < countof(passed_on); i++) {
            const struct message *m = find_message(
                c, leg_number(&t, c, passed_on[i][0][0]), passed_on[i][1], 0);
            if (!m->prompted_by) print_error("%s %s\n", passed_on[i][0], passed_on[i][1]);
            assert_true(m->prompted_by > 0);
        }
        scene_close(&t.s);
    }
}

/* Two messages overtake each other on the way: the logs of the two ends are both right, and contradict. */
static void packets_overtake(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.sbc, 1, 0);
    log_of(&t.s, t.pbx, 1, 0);
    perform(&t);
    for (int i = 0; i < 20; i++) {
        t.s.way_us = 9000;
        ask_how(&t.s, &t.b, 5000 + 100 * i, "INFO", (struct how){.more = 10 + 2 * i});
        t.s.way_us = 1000;
        ask_how(&t.s, &t.b, 5001 + 100 * i, "INFO", (struct how){.more = 11 + 2 * i});
    }
    const struct call *c = result(&t);
    assert_prompts(&t, c);
    i64 latest = 0; /* nothing else is thrown about because of it */
    for (isize i = 0; i < c->nmessages; i++) {
        assert_true(c->messages[i].time_us > latest - 10000);
        latest = i64_max(latest, c->messages[i].time_us);
    }
    scene_close(&t.s);
}

/* A capture has frames in disorder: the answer before its question. */
static void an_answer_before_its_question(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    tap(&t.s, "wire.pcap");
    perform(&t);
    struct shot *first = &t.s.shots[0], *then = &t.s.shots[1];
    i64 swap = first->s.time_us;
    first->s.time_us = then->s.time_us;
    then->s.time_us = swap;
    const struct call *c = result(&t);
    assert_true(str_eq(c->messages[0].summary, S("INVITE")));
    assert_true(str_eq(c->legs[0].from, S("+441632960123")));
    scene_close(&t.s);
}

/* One call of 20,000 messages, from two logs. */
static void a_huge_call(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    log_of(&t.s, t.sbc, 1000000, 0);
    log_of(&t.s, t.pbx, 1000000, 1000000);
    ask(&t.s, &t.a, 0, "INVITE");
    ask(&t.s, &t.b, 5, "INVITE");
    answer(&t.s, &t.b, 100);
    answer(&t.s, &t.a, 103);
    for (int i = 0; i < 5000; i++) {
        struct how how = {.more = i + 1};
        ask_how(&t.s, &t.a, 200 + 20 * i, "INFO", how);
        ask_how(&t.s, &t.b, 203 + 20 * i, "INFO", how);
        tell_how(&t.s, &t.b, 206 + 20 * i, "200 OK", "INFO", how);
        tell_how(&t.s, &t.a, 209 + 20 * i, "200 OK", "INFO", how);
    }
    struct weave *w = play(&t.s, 0);
    assert_int_equal(weave_ncalls(w), 1);
    arena view = arena_open_view();
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->nmessages, 20006);
    isize prompted = 0;
    for (isize i = 0; i < c->nmessages; i++) {
        const struct message *m = &c->messages[i];
        prompted += m->prompted_by > 0;
        if (i) assert_true(m->time_us >= c->messages[i - 1].time_us);
    }
    assert_int_equal(prompted, 10002);
    weave_close(w);
    arena_close(&view);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tap),
        cmocka_unit_test(logs_of_the_boxes),
        cmocka_unit_test(logs_of_the_neighbours),
        cmocka_unit_test(packets_overtake),
        cmocka_unit_test(an_answer_before_its_question),
        cmocka_unit_test(a_huge_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
