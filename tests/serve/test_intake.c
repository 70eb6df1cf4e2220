/* Between the network, the database and linking: who is let in first (gate.h), what waits in memory and what is owed (intake.h). */
#include "serve/fixture.h"

#include "base/time.h"
#include "serve/gate.h"
#include "serve/intake.h"
#include "serve/worker_inner.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- the gate ----------------------------------------------------------------------------------------------- */

struct visit {
    struct gate *gate;
    atomic_int *order; /* who came in: counted */
    int came;
    bool first;
};

static void *visit(void *arg) {
    struct visit *v = arg;
    if (v->first)
        gate_enter_first(v->gate);
    else
        gate_enter(v->gate);
    v->came = ++*v->order;
    gate_leave(v->gate);
    return NULL;
}

static void wait_for_first(struct gate *g) {
    for (bool waits = false; !waits; nap(1)) {
        pthread_mutex_lock(&g->lock);
        waits = g->first > 0;
        pthread_mutex_unlock(&g->lock);
    }
}

/* Who came later, but is to go before others, does. */
static void first_goes_before(void **state) {
    (void)state;
    struct gate g;
    atomic_int order = 0;
    struct visit worker = {.gate = &g, .order = &order};
    struct visit intake = {.gate = &g, .order = &order, .first = true};
    pthread_t a, b;
    gate_open(&g);
    gate_enter(&g);
    assert_int_equal(pthread_create(&a, NULL, visit, &worker), 0);
    nap(20);
    assert_int_equal(pthread_create(&b, NULL, visit, &intake), 0);
    wait_for_first(&g);
    assert_int_equal(order, 0);
    gate_leave(&g);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert_int_equal(intake.came, 1);
    assert_int_equal(worker.came, 2);
    gate_close(&g);
}

/* Who breathes stays within when nobody waits, and is back afterwards when somebody did. */
static void breathing(void **state) {
    (void)state;
    struct gate g;
    atomic_int order = 0;
    struct visit intake = {.gate = &g, .order = &order, .first = true};
    pthread_t a;
    gate_open(&g);
    gate_enter(&g);
    gate_breathe(&g);
    assert_true(g.taken);
    assert_int_equal(pthread_create(&a, NULL, visit, &intake), 0);
    wait_for_first(&g);
    assert_int_equal(order, 0);
    gate_breathe(&g);
    assert_int_equal(order, 1);
    assert_true(g.taken);
    gate_leave(&g);
    pthread_join(a, NULL);
    gate_close(&g);
}

struct crowd {
    struct gate gate;
    int within, most, rounds; /* not atomic: the gate is what keeps them */
    bool first;
};

static void *crowd_one(void *arg) {
    struct crowd *c = arg;
    for (int i = 0; i < 2000; i++) {
        if (i % 3)
            gate_enter(&c->gate);
        else
            gate_enter_first(&c->gate);
        if (++c->within > c->most) c->most = c->within;
        c->rounds++;
        c->within--;
        gate_leave(&c->gate);
    }
    return NULL;
}

static void one_at_a_time(void **state) {
    (void)state;
    struct crowd c = {0};
    pthread_t all[4];
    gate_open(&c.gate);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&all[i], NULL, crowd_one, &c), 0);
    for (int i = 0; i < 4; i++) pthread_join(all[i], NULL);
    assert_int_equal(c.most, 1);
    assert_int_equal(c.rounds, 8000);
    gate_close(&c.gate);
}

/* ---- the intake ---------------------------------------------------------------------------------------------- */

enum { SHELF = 10 };

static const i64 noon_us = 1406376000000000; /* 2014-07-26 12:00 UTC */
static const i64 second_us = 1000000;

struct place {
    char folder[64], db[96];
    arena boot;
    struct store *store;
    struct gate gate;
    struct tally tally;
    struct intake *intake;
    int troubles;
};

static void on_trouble(void *ctx, str why) {
    struct place *p = ctx;
    p->troubles += why.n > 0;
}

static void on_ready(void *ctx) {
    (void)ctx;
}

static void place_begin(struct place *p) {
    str sentence = {0};
    *p = (struct place){.boot = arena_open((isize)64 << 20)};
    folder_make(p->folder);
    snprintf(p->db, sizeof p->db, "%s/a.db", p->folder);
    assert_int_equal(store_open(&p->store, p->db, STORE_WRITE, &p->boot, &sentence),
                     ERR_OK);
    gate_open(&p->gate);
    tally_init(&p->tally);
    struct intake_options o = {.store = p->store,
                               .gate = &p->gate,
                               .tally = &p->tally,
                               .shelf = SHELF,
                               .trouble = on_trouble,
                               .ready = on_ready,
                               .ctx = p};
    p->intake = intake_open(&o, &p->boot);
}

static void place_end(struct place *p) {
    assert_int_equal(intake_stop(p->intake), 0);
    assert_int_equal(p->troubles, 0);
    intake_close(p->intake);
    store_close(p->store);
    tally_drop(&p->tally);
    gate_close(&p->gate);
    arena_close(&p->boot);
    assert_false(folder_drop(p->folder));
}

/* Messages number from, from + 1, … up to `to`, one a second from noon on. */
static void arrive(struct place *p, int from, int to) {
    struct endpoint nobody = {0};
    for (int i = from; i < to; i++) {
        struct out o = {0};
        out_printf(&o,
                   "<134>1 2014-07-26T12:%02d:%02d.000000Z box voip - - - VoIP Rx 17 "
                   "192.0.2.1:5060->192.0.2.2:5060\n",
                   i / 60, i % 60);
        out_printf(&o,
                   "OPTIONS sip:a@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch="
                   "z9hG4bK%d\nFrom: <sip:b@192.0.2.1>;tag=1\nTo: <sip:a@192.0.2.2>\n"
                   "Call-ID: %d@test\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n",
                   i, i);
        struct record r = {out_str(&o), nobody};
        assert_int_equal(intake_records(p->intake, &r, 1, noon_us + i * second_us), 1);
        out_drop(&o);
    }
}

/* They are stored when this returns. */
static void bring(struct place *p, int from, int to) {
    arrive(p, from, to);
    assert_true(intake_flush(p->intake));
}

static i64 at(int second) {
    return noon_us + second * second_us;
}

static u64 stored(struct place *p) {
    struct store_totals t = {0};
    gate_enter(&p->gate);
    assert_int_equal(store_totals(p->store, &t), ERR_OK);
    gate_leave(&p->gate);
    return t.sightings;
}

static void expect_debt(struct place *p, bool any, int low, int high, u64 messages) {
    struct debt d = intake_debt(p->intake);
    assert_int_equal(d.any, any);
    if (!any) return;
    assert_int_equal(d.low_us, at(low));
    assert_int_equal(d.high_us, at(high));
    assert_int_equal(d.messages, messages);
}

/* How many messages the shelf gives; they count as linked. */
static u64 take_all(struct place *p) {
    u64 n = 0;
    for (struct batch *b; (b = intake_take(p->intake));) {
        n += (u64)b->n;
        intake_give_back(p->intake, b);
    }
    intake_linked(p->intake, n);
    return n;
}

/* What does not fit on the shelf is in the database, and owed, and so is all that comes until the debt is paid. */
static void shelf_overflow(void **state) {
    (void)state;
    struct place p;
    place_begin(&p);
    bring(&p, 0, SHELF); /* full, in however many batches they came */
    expect_debt(&p, false, 0, 0, 0);
    bring(&p, 10, 16);
    assert_int_equal(take_all(&p), SHELF); /* there would be room again … */
    expect_debt(&p, true, 10, 15, 6);
    bring(&p, 16, 18); /* … and yet it is owed: order is kept */
    assert_int_equal(take_all(&p), 0);
    expect_debt(&p, true, 10, 17, 8);
    assert_int_equal(intake_behind(p.intake).messages, 8);
    struct debt d = intake_pay(p.intake);
    assert_int_equal(d.messages, 8);
    intake_linked(p.intake, d.messages);
    assert_int_equal(intake_behind(p.intake).messages, 0);
    bring(&p, 18, 20);
    expect_debt(&p, false, 0, 0, 0);
    assert_int_equal(take_all(&p), 2);
    assert_int_equal(stored(&p), 20);
    place_end(&p);
}

/* A part of the debt is paid; what came meanwhile with older stamps is owed still. */
static void settling(void **state) {
    (void)state;
    struct place p;
    place_begin(&p);
    bring(&p, 0, SHELF); /* whatever comes now is owed, in however many batches */
    bring(&p, 100, 120);
    assert_int_equal(take_all(&p), SHELF);
    expect_debt(&p, true, 100, 119, 20);
    intake_settle(p.intake, at(105), 5);
    expect_debt(&p, true, 105, 119, 15);
    assert_int_equal(intake_behind(p.intake).messages, 15);
    bring(&p, 50, 51); /* late, between asking and settling */
    intake_settle(p.intake, at(110), 5);
    expect_debt(&p, true, 50, 119, 11);
    intake_settle(p.intake, at(110), 1000); /* more than was counted: no less than none */
    expect_debt(&p, true, 110, 119, 0);
    assert_int_equal(intake_behind(p.intake).messages, 0);
    assert_true(intake_pay(p.intake).any);
    expect_debt(&p, false, 0, 0, 0);
    intake_owe(p.intake, at(3), at(4), 2); /* what could not be linked after all */
    expect_debt(&p, true, 3, 4, 2);
    place_end(&p);
}

/* The same record again is stored once, and nothing is left to be linked. */
static void twice(void **state) {
    (void)state;
    struct place p;
    place_begin(&p);
    bring(&p, 0, 3);
    assert_int_equal(take_all(&p), 3);
    store_session(p.store);
    bring(&p, 0, 3);
    assert_int_equal(take_all(&p), 0);
    assert_int_equal(stored(&p), 3);
    assert_int_equal(intake_behind(p.intake).messages, 0);
    place_end(&p);
}

/* While the database is busy, what comes waits, and more than half a full inbox is told; none of it is lost. */
static void pressed(void **state) {
    (void)state;
    enum { LONG = 60000 };
    struct place p;
    struct endpoint nobody = {0};
    struct out noise = {0};
    for (int i = 0; i < LONG; i++) out_byte(&noise, 'x');
    place_begin(&p);
    gate_enter(&p.gate);
    arrive(&p, 0, 1);
    wait_for_first(&p.gate);
    assert_false(intake_pressed(p.intake));
    arrive(&p, 1, 3);
    struct record r = {out_str(&noise), nobody};
    for (isize n = 0; n < (64 << 20); n += LONG)
        assert_int_equal(intake_records(p.intake, &r, 1, noon_us), 1);
    arrive(&p, 3, 5);
    assert_true(intake_pressed(p.intake));
    assert_true(intake_has_room(p.intake));
    gate_leave(&p.gate);
    assert_true(intake_flush(p.intake));
    assert_false(intake_pressed(p.intake));
    assert_int_equal(stored(&p), 5);
    out_drop(&noise);
    place_end(&p);
}

/* Linking that is behind is told at a minute, at each doubling, and when it has caught up; not in between. */
static void told_when_behind(void **state) {
    (void)state;
    static const struct {
        i64 ms;
        const char *says; /* NULL: nothing */
    } steps[] = {
        {59999, NULL},  {60000, "1 min behind"},  {61000, NULL},
        {119999, NULL}, {120500, "2 min behind"}, {240999, NULL},
        {50000, NULL},  {241000, "4 min behind"}, {9999, "caught up"},
        {500, NULL},    {70000, "1 min behind"},
    };
    i64 told = 0;
    for (isize i = 0; i < countof(steps); i++) {
        char text[200] = "";
        struct behind b = {1234, steps[i].ms};
        bool says = behind_news(&told, b, text, sizeof text);
        assert_int_equal(says, steps[i].says != NULL);
        if (says) assert_non_null(strstr(text, steps[i].says));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_goes_before), cmocka_unit_test(breathing),
        cmocka_unit_test(one_at_a_time),     cmocka_unit_test(shelf_overflow),
        cmocka_unit_test(settling),          cmocka_unit_test(twice),
        cmocka_unit_test(pressed),           cmocka_unit_test(told_when_behind),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
