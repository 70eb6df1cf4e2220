/* What was not captured, and what cannot have been: the INVITE that came before the child's, a try for a call that is over; and a
 * number that everybody calls speaks neither for nor against. */
#include "link/result.h"

enum { OTHERS = 40, LEGS = 2 * OTHERS + 4 };

struct street {
    struct scene s;
    struct talk legs[LEGS];
    const struct talk *all[LEGS];
    isize n;
    struct out want;
    int trunk, pbx, phone, other;
};

static void close_street(struct street *t) {
    out_drop(&t->want);
    scene_close(&t->s);
    base_free(t);
}

static struct talk *leg(struct street *t, int from, int to, const char *caller,
                        const char *called) {
    must(t->n < LEGS);
    const char *name = arena_z(&t->s.text, arena_printf(&t->s.text, "L%02d", (int)t->n));
    t->legs[t->n] = talk(from, to, name, caller, called);
    t->all[t->n] = &t->legs[t->n];
    return &t->legs[t->n++];
}

static void want(struct street *t, const char *calls) {
    out_printf(&t->want, "%s%s", t->want.n ? "|" : "", calls);
}

static void assert_street(struct street *t) {
    out_byte(&t->want, 0);
    assert_calls(&t->s, t->all, t->n, (const char *)t->want.p);
}

/* Calls of two legs, one after the other, so that the boxes are known. */
static void others(struct street *t) {
    for (int i = 0; i < OTHERS; i++) {
        const char *caller =
            arena_z(&t->s.text, arena_printf(&t->s.text, "0163296%04d", i));
        struct talk *a = leg(t, t->trunk, t->pbx, caller, "02079460452"),
                    *b = leg(t, t->pbx, t->phone, caller, "02079460452");
        pass_on(&t->s, a, b, 3000.0 * i, 300, 1400, 2400);
        want(t, arena_z(&t->s.text, arena_printf(&t->s.text, "%s %s", a->name, b->name)));
    }
}

/* With other calls in it. */
static struct street *open_street(void) {
    struct street *t = base_new(1, (isize)sizeof *t);
    scene_open(&t->s);
    tap(&t->s, "wire.pcap");
    t->trunk = box(&t->s, "trunk", "198.51.100.10");
    t->pbx = box(&t->s, "pbx", "192.0.2.2");
    t->phone = box(&t->s, "phone", "10.0.1.20");
    t->other = box(&t->s, "other", "10.0.2.20");
    others(t);
    return t;
}

/* The tap has missed the INVITE to the PBX, and sees that leg from its 180 on: the PBX had sent its own INVITE before. */
static void a_child_that_shows_before_its_parent(void **state) {
    (void)state;
    struct street *t = open_street();
    struct talk *a = leg(t, t->trunk, t->pbx, "01632969999", "02079460452"),
                *b = leg(t, t->pbx, t->phone, "01632969999", "02079460452");
    double at = 3000.0 * OTHERS;
    ask(&t->s, b, at + 5, "INVITE");
    tell(&t->s, b, at + 800, "180 Ringing");
    tell(&t->s, a, at + 803, "180 Ringing");
    answer(&t->s, b, at + 1400);
    answer(&t->s, a, at + 1403);
    hang_up(&t->s, a, at + 2400, false);
    hang_up(&t->s, b, at + 2403, false);
    want(t, "L80 L81");
    assert_street(t);
    const struct call *c = call_with(&t->s, a);
    assert_int_equal(leg_with(&t->s, c, b)->parent, leg_with(&t->s, c, a)->n);
    close_street(t);
}

/* Two callers without a number, so far alike. One has given up 40 ms before the phone is rung: it is rung for the other. */
static void nobody_is_rung_for_a_call_that_is_over(void **state) {
    (void)state;
    struct street *t = open_street();
    struct talk *gone = leg(t, t->trunk, t->pbx, "anonymous", "02079460452"),
                *stays = leg(t, t->trunk, t->pbx, "anonymous", "02079460452"),
                *rung = leg(t, t->pbx, t->other, "anonymous", "02079460452");
    double at = 3000.0 * OTHERS;
    ask(&t->s, stays, at, "INVITE");
    ask(&t->s, gone, at + 2, "INVITE");
    answer(&t->s, stays, at + 4);
    answer(&t->s, gone, at + 6);
    hang_up(&t->s, gone, at + 8000, false);
    ask(&t->s, rung, at + 8040, "INVITE");
    tell(&t->s, rung, at + 8300, "180 Ringing");
    want(t, "L80|L81 L82");
    assert_street(t);
    close_street(t);
}

/* Everybody calls one number, and every child shows it: no link is doubted for that. */
static void a_number_that_all_call_speaks_against_nobody(void **state) {
    (void)state;
    struct street *t = open_street();
    const struct call *c = call_with(&t->s, t->all[0]);
    const struct leg *l = leg_with(&t->s, c, t->all[1]);
    for (isize i = 0; i < l->nevidence; i++) {
        if (str_eq(l->evidence[i].kind, S("called-number")))
            assert_true(l->evidence[i].bits > -0.5);
    }
    close_street(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_shows_before_its_parent),
        cmocka_unit_test(nobody_is_rung_for_a_call_that_is_over),
        cmocka_unit_test(a_number_that_all_call_speaks_against_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
