/* What people decide by hand: joins and splits, against all evidence, and never a circle. */
#include "link/stage.h"

static struct decision decision_of(i64 n, enum decision_kind kind, const struct leg *leg,
                                   const struct leg *other) {
    return (struct decision){n,         kind,     leg->id,
                             other->id, S("Kay"), (i64)1795342320 * 1000000 + 7};
}

/* The leg of a talk as the weave has it, in the arena of the scene. */
static const struct leg *leg_in(struct stage *t, struct weave *w, const struct talk *talk,
                                const struct call **call) {
    isize i = weave_find(w, str_z(call_id_of(&t->s, talk)));
    assert_true(i >= 0);
    const struct call *c = weave_call(w, i, true, &t->s.text);
    if (call) *call = c;
    for (isize k = 0; k < c->nlegs; k++) {
        if (str_eq(c->legs[k].call_id, str_z(call_id_of(&t->s, talk))))
            return &c->legs[k];
    }
    fail_msg("the leg is not in its call");
    return NULL;
}

static void tell_weave(struct weave *w, const struct decision *d) {
    weave_decide(w, d);
    weave_link(w);
}

/* Two calls through one box, A to B and C to D to E, with nothing in common. */
struct two {
    struct stage t;
    struct talk a, b, c, d;
    struct weave *w;
    struct cast cast;
    const struct talk *all[4];
};

static void two_open(struct two *x) {
    stage_open(&x->t);
    x->a = talk(x->t.p1, x->t.pbx, "A", "201", "202");
    x->b = talk(x->t.pbx, x->t.p2, "B", "201", "202");
    x->c = talk(x->t.p3, x->t.pbx, "C", "307", "408");
    x->d = talk(x->t.pbx, x->t.gw, "D", "307", "408");
    pass_on(&x->t.s, &x->a, &x->b, 0, 500, 2000, 60000);
    pass_on(&x->t.s, &x->c, &x->d, 20000, 500, 3000, 42000);
    const struct talk *const all[] = {&x->a, &x->b, &x->c, &x->d};
    memcpy(x->all, all, sizeof all);
    x->w = play(&x->t.s, 0);
    weave_link(x->w);
    x->cast = (struct cast){&x->t.s, x->all, 4};
    assert_string_equal(calls_text(x->w, &x->cast), "A B|C D");
}

static void two_close(struct two *x) {
    weave_close(x->w);
    scene_close(&x->t.s);
}

static void a_leg_is_taken_out_and_comes_back(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct call *call;
    const struct leg *a = leg_in(&x.t, x.w, &x.a, NULL),
                     *b = leg_in(&x.t, x.w, &x.b, NULL);
    struct decision d = decision_of(1, DECISION_SPLIT, b, a);
    u64 before = weave_call_signature(x.w, 0);
    tell_weave(x.w, &d);
    assert_string_equal(calls_text(x.w, &x.cast), "A|B|C D");
    b = leg_in(&x.t, x.w, &x.b, &call);
    assert_int_equal(b->parent, 0);
    assert_int_equal(b->nevidence, 0);
    assert_int_equal(call->ndecisions, 1);
    assert_int_equal(call->decisions[0].kind, DECISION_SPLIT);
    (void)leg_in(&x.t, x.w, &x.a, &call);
    assert_int_equal(call->ndecisions, 1);
    (void)leg_in(&x.t, x.w, &x.c, &call);
    assert_int_equal(call->ndecisions, 0);
    weave_link(x.w); /* once more is the same */
    assert_string_equal(calls_text(x.w, &x.cast), "A|B|C D");
    weave_decide_anew(x.w);
    weave_link(x.w);
    assert_string_equal(calls_text(x.w, &x.cast), "A B|C D");
    assert_true(weave_call_signature(x.w, 0) == before);
    two_close(&x);
}

static void a_call_is_joined_below_a_leg(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct call *call;
    struct decision d = decision_of(4, DECISION_JOIN, leg_in(&x.t, x.w, &x.c, NULL),
                                    leg_in(&x.t, x.w, &x.b, NULL));
    tell_weave(x.w, &d);
    assert_string_equal(calls_text(x.w, &x.cast), "A B C D");
    const struct leg *c = leg_in(&x.t, x.w, &x.c, &call);
    assert_int_equal(c->parent, leg_in(&x.t, x.w, &x.b, NULL)->n);
    assert_true(c->confidence > 0.999);
    assert_int_equal(c->nevidence, 1);
    assert_true(str_eq(c->evidence[0].kind, S("by-hand")));
    assert_true(
        str_eq(c->evidence[0].text, S("joined by hand by Kay, 22 Nov 2026 10:12 UTC")));
    assert_int_equal(call->ndecisions, 1);
    assert_int_equal(call->decisions[0].n, 4);
    two_close(&x);
}

/* What is found anyway stays beside what is decided. */
static void a_join_that_is_there_already_keeps_its_evidence(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct leg *b = leg_in(&x.t, x.w, &x.b, NULL);
    isize had = b->nevidence;
    assert_true(had > 1);
    struct decision d = decision_of(1, DECISION_JOIN, b, leg_in(&x.t, x.w, &x.a, NULL));
    tell_weave(x.w, &d);
    b = leg_in(&x.t, x.w, &x.b, NULL);
    assert_int_equal(b->nevidence, had + 1);
    assert_true(str_eq(b->evidence[0].kind, S("by-hand")));
    two_close(&x);
}

static void the_later_decision_about_a_leg_counts(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct leg *a = leg_in(&x.t, x.w, &x.a, NULL),
                     *b = leg_in(&x.t, x.w, &x.b, NULL),
                     *c = leg_in(&x.t, x.w, &x.c, NULL);
    struct decision split = decision_of(1, DECISION_SPLIT, b, a),
                    join = decision_of(2, DECISION_JOIN, b, c),
                    again = decision_of(3, DECISION_SPLIT, b, c);
    tell_weave(x.w, &split);
    tell_weave(x.w, &join);
    assert_string_equal(calls_text(x.w, &x.cast), "A|B C D");
    tell_weave(x.w,
               &again); /* not with C; and nobody says any longer that it is not with A */
    assert_string_equal(calls_text(x.w, &x.cast), "A B|C D");
    two_close(&x);
}

static void no_leg_becomes_its_own_ancestor(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct leg *a = leg_in(&x.t, x.w, &x.a, NULL),
                     *b = leg_in(&x.t, x.w, &x.b, NULL),
                     *c = leg_in(&x.t, x.w, &x.c, NULL),
                     *d = leg_in(&x.t, x.w, &x.d, NULL);
    struct decision down = decision_of(1, DECISION_JOIN, a, b),
                    itself = decision_of(2, DECISION_JOIN, a, a);
    tell_weave(x.w, &down);
    assert_string_equal(calls_text(x.w, &x.cast), "A B|C D");
    tell_weave(x.w, &itself);
    assert_string_equal(calls_text(x.w, &x.cast), "A B|C D");
    weave_decide_anew(x.w);
    struct decision one = decision_of(3, DECISION_JOIN, a, d),
                    two = decision_of(4, DECISION_JOIN, c, b);
    tell_weave(x.w, &one);
    tell_weave(x.w,
               &two); /* the later one has its way, the other would close the circle */
    assert_string_equal(calls_text(x.w, &x.cast), "A B C D");
    assert_int_equal(leg_in(&x.t, x.w, &x.a, NULL)->parent, 0);
    assert_int_equal(leg_in(&x.t, x.w, &x.c, NULL)->parent,
                     leg_in(&x.t, x.w, &x.b, NULL)->n);
    two_close(&x);
}

/* The first leg of a call is parted from one below it: that one goes. */
static void a_split_works_both_ways(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    struct decision d = decision_of(1, DECISION_SPLIT, leg_in(&x.t, x.w, &x.a, NULL),
                                    leg_in(&x.t, x.w, &x.b, NULL));
    tell_weave(x.w, &d);
    assert_string_equal(calls_text(x.w, &x.cast), "A|B|C D");
    two_close(&x);
}

static void strange_decisions_do_no_harm(void **state) {
    (void)state;
    struct two x;
    two_open(&x);
    const struct leg *a = leg_in(&x.t, x.w, &x.a, NULL);
    struct leg nobody = {.id = S("0000000000001")}, odd = {.id = S("no id at all")},
               none = {0};
    const struct leg *others[] = {&nobody, &odd, &none};
    for (int i = 0; i < 3; i++) {
        struct decision one = decision_of(i, DECISION_JOIN, a, others[i]),
                        two = decision_of(i, DECISION_SPLIT, others[i], a);
        weave_decide(x.w, &one);
        weave_decide(x.w, &two);
    }
    weave_link(x.w);
    assert_string_equal(calls_text(x.w, &x.cast), "A B|C D");
    two_close(&x);
}

/* With a proxy one Call-ID crosses two hops: a decision about the second is about the first. */
static void one_call_id_is_never_taken_apart(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.p2, "B", "201", "202"),
                c = talk(t.p3, t.gw, "C", "307", "408");
    b.call_id = call_id_of(&t.s, &a);
    pass_on(&t.s, &a, &b, 0, 500, 2000, 60000);
    ask(&t.s, &c, 20000, "INVITE");
    answer(&t.s, &c, 21000);
    struct weave *w = play(&t.s, 0);
    weave_link(w);
    assert_int_equal(weave_ncalls(w), 2);
    isize i = weave_find(w, str_z(call_id_of(&t.s, &a)));
    const struct call *call = weave_call(w, i, false, &t.s.text);
    assert_int_equal(call->nlegs, 2);
    const struct leg *first = &call->legs[0], *second = &call->legs[1];
    assert_int_equal(second->parent, first->n);
    struct decision split = decision_of(1, DECISION_SPLIT, second, first),
                    join = decision_of(2, DECISION_JOIN, second, leg_in(&t, w, &c, NULL));
    tell_weave(w, &split);
    assert_int_equal(weave_ncalls(w), 2);
    tell_weave(w, &join);
    assert_int_equal(weave_ncalls(w), 1);
    call = weave_call(w, 0, false, &t.s.text);
    int hops = 0;
    for (isize k = 0; k < call->nlegs; k++) {
        const struct leg *l = &call->legs[k];
        if (l->nevidence && str_eq(l->evidence[0].kind, S("same-call-id"))) hops++;
    }
    assert_int_equal(hops, 1);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leg_is_taken_out_and_comes_back),
        cmocka_unit_test(a_call_is_joined_below_a_leg),
        cmocka_unit_test(a_join_that_is_there_already_keeps_its_evidence),
        cmocka_unit_test(the_later_decision_about_a_leg_counts),
        cmocka_unit_test(no_leg_becomes_its_own_ancestor),
        cmocka_unit_test(a_split_works_both_ways),
        cmocka_unit_test(strange_decisions_do_no_harm),
        cmocka_unit_test(one_call_id_is_never_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
