/* Tries of many callers at one device, which say nothing of whose they are: each is found through the tries before and after it, and
 * through how they end. And what stands for messages that were not captured. */
#include "link/result.h"

enum { CALLERS = 12, LEGS = 3 * CALLERS };

struct queue {
    struct scene s;
    struct talk legs[LEGS];
    const struct talk *all[LEGS];
    int trunk, pbx, phones[2 * CALLERS];
};

static struct talk *leg(struct queue *q, int i, const char *name, int from, int to) {
    const char *called = arena_z(&q->s.text, arena_printf(&q->s.text, "%d", 200 + to));
    q->legs[i] =
        talk(from, to, name, "anonymous", from == q->trunk ? "02079460452" : called);
    q->all[i] = &q->legs[i];
    return &q->legs[i];
}

static const char *name(struct queue *q, char letter, int n) {
    return arena_z(&q->s.text, arena_printf(&q->s.text, "%c%02d", letter, n));
}

/* A phone that is switched off: it is asked again and again, and nothing tells when it is given up. Gives when the next one is tried. */
static double try_in_vain(struct queue *q, struct talk *b, double at) {
    const double again[] = {0, 500, 1500};
    for (int i = 0; i < 3; i++) ask(&q->s, b, at + again[i], "INVITE");
    return at + 2400;
}

static double try_a_busy_one(struct queue *q, struct talk *b, double at, int n) {
    ask(&q->s, b, at, "INVITE");
    fail_with(&q->s, b, at + 90 + n, "486 Busy Here");
    return at + 98 + n;
}

static bool is_dead(int n) {
    return n % 3 == 1;
}

/* Withheld callers wait in a queue; one phone is busy, or dead, the next one answers. */
static void wait_and_talk(struct queue *q, int n, bool spread) {
    bool dead = spread && is_dead(n);
    double at = n * (spread ? 8000.0 : 700.0),
           dialled = at + 9000 + n % 5 * 1700 + n * 37;
    struct talk *a = leg(q, 3 * n, name(q, 'A', n), q->trunk, q->pbx);
    struct talk *b = leg(q, 3 * n + 1, name(q, 'B', n), q->pbx, q->phones[2 * n]);
    struct talk *c = leg(q, 3 * n + 2, name(q, 'C', n), q->pbx, q->phones[2 * n + 1]);
    ask(&q->s, a, at, "INVITE");
    answer(&q->s, a, at + 5);
    double next = dead ? try_in_vain(q, b, dialled) : try_a_busy_one(q, b, dialled, n);
    ask(&q->s, c, next, "INVITE");
    dialled = next - 98 - n;
    tell(&q->s, c, dialled + 160, "180 Ringing");
    answer(&q->s, c, dialled + 2300 + n * 11);
    double over = dialled + 9000 + n % 7 * 900 + n * 53;
    hang_up(&q->s, a, over, false);
    hang_up(&q->s, c, over + 3, false);
}

/* One phone rings, a moment later another one; the other one answers, and the first is cancelled. */
static void ring_and_cancel(struct queue *q, int n) {
    double at = n * 700.0, dialled = at + 9000 + n % 5 * 1700 + n * 37;
    struct talk *a = leg(q, 3 * n, name(q, 'A', n), q->trunk, q->pbx);
    struct talk *b = leg(q, 3 * n + 1, name(q, 'B', n), q->pbx, q->phones[2 * n]);
    struct talk *c = leg(q, 3 * n + 2, name(q, 'C', n), q->pbx, q->phones[2 * n + 1]);
    ask(&q->s, a, at, "INVITE");
    answer(&q->s, a, at + 5);
    ask(&q->s, b, dialled, "INVITE");
    tell(&q->s, b, dialled + 100, "180 Ringing");
    ask(&q->s, c, dialled + 20, "INVITE");
    tell(&q->s, c, dialled + 640, "180 Ringing");
    double answered = dialled + 2300 + n * 11,
           over = dialled + 9000 + n % 7 * 900 + n * 53;
    answer(&q->s, c, answered);
    cancel(&q->s, b, answered + 3);
    hang_up(&q->s, a, over, false);
    hang_up(&q->s, c, over + 3, false);
}

static struct queue *stage_queue(void) {
    struct queue *q = base_new(1, (isize)sizeof *q);
    scene_open(&q->s);
    tap(&q->s, "wire.pcap");
    q->trunk = box(&q->s, "trunk", "198.51.100.10");
    q->pbx = box(&q->s, "pbx", "203.0.113.72");
    for (int i = 0; i < 2 * CALLERS; i++)
        q->phones[i] =
            box(&q->s, "phone",
                arena_z(&q->s.text, arena_printf(&q->s.text, "203.0.113.%d", 100 + i)));
    return q;
}

static struct queue *open_queue(bool spread) {
    struct queue *q = stage_queue();
    for (int n = 0; n < CALLERS; n++) wait_and_talk(q, n, spread);
    return q;
}

static void close_queue(struct queue *q) {
    scene_close(&q->s);
    base_free(q);
}

static void a_queue_is_taken_apart_from_its_ends(void **state) {
    (void)state;
    struct queue *q = open_queue(false);
    struct out want = {0};
    for (int n = 0; n < CALLERS; n++)
        out_printf(&want, "%sA%02d B%02d C%02d", n ? "|" : "", n, n, n);
    out_byte(&want, 0);
    assert_calls(&q->s, q->all, LEGS, (const char *)want.p);
    out_drop(&want);
    close_queue(q);
}

/* Nothing but that says whose it is. */
static void who_is_cancelled_belongs_to_who_is_answered(void **state) {
    (void)state;
    struct queue *q = stage_queue();
    for (int n = 0; n < CALLERS; n++) ring_and_cancel(q, n);
    int found = 0;
    for (int n = 0; n < CALLERS; n++) {
        const struct talk *b = &q->legs[3 * n + 1], *c = &q->legs[3 * n + 2];
        const struct call *call = call_with(&q->s, b);
        bool with = leg_with(&q->s, call, c) != NULL;
        assert_true(call->nlegs == 1 || with);
        found += with;
    }
    assert_int_equal(found, CALLERS);
    close_queue(q);
}

/* That the next one came before the dead phone would have been asked again says something, not all: some are left out, none is with
 * somebody else's. */
static void a_try_that_nobody_answers_makes_the_next_one(void **state) {
    (void)state;
    struct queue *q = open_queue(true);
    int dead = 0, found = 0;
    for (int n = 0; n < CALLERS; n++) {
        const struct talk *caller = &q->legs[3 * n], *b = &q->legs[3 * n + 1];
        const struct call *c = call_with(&q->s, b);
        assert_true(c->nlegs == 1 || leg_with(&q->s, c, caller) != NULL);
        assert_true(c->nlegs <= 3);
        dead += is_dead(n);
        found += is_dead(n) && c->nlegs == 3;
    }
    assert_true(dead == CALLERS / 3 && found * 2 >= dead);
    close_queue(q);
}

/* A few calls of one company through two borders: a value that all of them carry joins none of them. */
static void what_a_company_always_says(void **state) {
    (void)state;
    struct scene s;
    scene_open(&s);
    tap(&s, "wire.pcap");
    int trunk[] = {box(&s, "t1", "198.51.100.10"), box(&s, "t2", "198.51.100.20")},
        sbc[] = {box(&s, "s1", "192.0.2.2"), box(&s, "s2", "192.0.2.3")},
        pbx = box(&s, "pbx", "203.0.113.72");
    struct talk legs[8];
    const struct talk *all[8];
    for (int i = 0; i < 4; i++) {
        const char *caller =
            arena_z(&s.text, arena_printf(&s.text, "0163296%04d", 1234 + 577 * i));
        struct talk *a = &legs[2 * i], *b = &legs[2 * i + 1];
        *a = talk(trunk[i % 2], sbc[i % 2],
                  arena_z(&s.text, arena_printf(&s.text, "A%d", i)), caller,
                  "02079460452");
        *b = talk(sbc[i % 2], pbx, arena_z(&s.text, arena_printf(&s.text, "B%d", i)),
                  caller, "02079460452");
        all[2 * i] = a;
        all[2 * i + 1] = b;
        a->headers = b->headers = "X-Account-Token: 9f86d081884c7d659a2feaa0c55ad015\r\n"
                                  "X-Tenant: 60303ae22b998861bce3b28f33eec1be\r\n";
        double at = i * 1500;
        ask(&s, a, at, "INVITE");
        ask(&s, b, at + 6, "INVITE");
        answer(&s, b, at + 3000);
        answer(&s, a, at + 3004);
        hang_up(&s, a, at + 60000, false);
        hang_up(&s, b, at + 60003, false);
    }
    assert_calls(&s, all, 8, "A0 B0|A1 B1|A2 B2|A3 B3");
    scene_close(&s);
}

/* The failure was not captured: its ACK was. The BYE was not: its answer was. */
static void what_stands_for_what_is_missing(void **state) {
    (void)state;
    for (int bye = 0; bye < 2; bye++) {
        struct scene s;
        scene_open(&s);
        int wire = tap(&s, "wire.pcap");
        int phone = box(&s, "phone", "203.0.113.101"),
            pbx = box(&s, "pbx", "203.0.113.72");
        struct talk a = talk(phone, pbx, "A", "201", "01632960123");
        ask(&s, &a, 0, "INVITE");
        tell(&s, &a, 20, "100 Trying");
        if (bye) answer(&s, &a, 900);
        isize before = s.nshots;
        if (bye)
            hang_up(&s, &a, 5000, false);
        else
            fail_with(&s, &a, 900, "404 Not Found");
        assert_true(s.nshots - before == 2);
        s.shots[before] = s.shots[before + 1]; /* the first of the two is not there */
        s.nshots--;
        (void)wire;
        struct weave *w = play(&s, 0);
        arena view = arena_open_view();
        const struct call *c = weave_call(w, 0, false, &view);
        assert_int_equal(c->nlegs, 1);
        assert_int_equal(c->state, bye ? STATE_ANSWERED : STATE_FAILED);
        assert_int_equal(c->legs[0].messages, bye ? 5 : 3);
        arena_close(&view);
        weave_close(w);
        scene_close(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_is_taken_apart_from_its_ends),
        cmocka_unit_test(who_is_cancelled_belongs_to_who_is_answered),
        cmocka_unit_test(a_try_that_nobody_answers_makes_the_next_one),
        cmocka_unit_test(what_a_company_always_says),
        cmocka_unit_test(what_stands_for_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
