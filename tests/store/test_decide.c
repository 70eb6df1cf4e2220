/* Decisions by hand: kept with who and when, undone but not forgotten, gone with the call. */
#include "world.h"

static int setup(void **state) {
    static struct world w;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    world_close(w);
    check_invariants(w->path);
    world_drop(w);
    return 0;
}

static str leg_id(struct world *w, int i) {
    return arena_printf(&w->view, "leg%010d", i);
}

/* Legs 1 and 2 are a call, leg 3 is another. */
static void calls_put(struct world *w) {
    world_begin(w);
    for (int i = 1; i <= 3; i++) add(w, i, 0, T0 + i * US_PER_SECOND);
    put_ids(w, "a", T0, (int[]){1, 2}, 2);
    put_ids(w, "b", T0 + 3 * US_PER_SECOND, (int[]){3}, 1);
    world_commit(w);
}

static i64 decide(struct world *w, enum decision_kind kind, int leg, int other,
                  const char *who) {
    struct decision d = {.kind = kind, .who = str_z(who), .at_us = T0 + leg};
    d.leg = leg_id(w, leg);
    d.other = leg_id(w, other);
    fine(w->s, store_begin(w->s));
    fine(w->s, store_decide(w->s, &d));
    fine(w->s, store_commit(w->s));
    return d.n;
}

static isize in_force(struct world *w) {
    struct store_decisions l;
    fine(w->s, store_decisions_in_force(w->s, &w->view, &l));
    return l.n;
}

static isize of_call(struct world *w, const char *id) {
    struct store_decisions l;
    fine(w->s, store_decisions_of(w->s, str_z(id), &w->view, &l));
    return l.n;
}

static void a_decision_comes_back_as_it_was(void **state) {
    struct world *w = *state;
    calls_put(w);
    i64 n = decide(w, DECISION_JOIN, 3, 1, "Kay \u00e9");
    world_close(w);
    world_open(w, STORE_READ);
    struct store_decisions l;
    fine(w->s, store_decisions_in_force(w->s, &w->view, &l));
    assert_int_equal(l.n, 1);
    const struct decision *d = &l.list[0].d;
    assert_int_equal(d->n, n);
    assert_int_equal(d->kind, DECISION_JOIN);
    assert_true(str_eq(d->leg, leg_id(w, 3)) && str_eq(d->other, leg_id(w, 1)));
    assert_true(str_eq(d->who, S("Kay \u00e9")));
    assert_int_equal(d->at_us, T0 + 3);
    assert_false(l.list[0].undone);
    assert_int_equal(of_call(w, "a"), 1);
    assert_int_equal(of_call(w, "b"), 1);
    assert_int_equal(of_call(w, "no such call"), 0);
    assert_int_equal(of_call(w, ""), 0);
}

static void what_is_undone_is_not_forgotten(void **state) {
    struct world *w = *state;
    calls_put(w);
    i64 one = decide(w, DECISION_SPLIT, 2, 1, "Kay"),
        two = decide(w, DECISION_JOIN, 3, 2, "Kim");
    assert_true(two > one);
    fine(w->s, store_begin(w->s));
    fine(w->s, store_undo(w->s, one, S("Lee"), T0 + 77));
    fine(w->s, store_commit(w->s));
    assert_int_equal(in_force(w), 1);
    struct store_decisions l;
    fine(w->s, store_decisions_newest(w->s, 10, &w->view, &l));
    assert_int_equal(l.n, 2);
    assert_int_equal(l.list[0].d.n, two);
    assert_true(l.list[1].undone && str_eq(l.list[1].undone_by, S("Lee")));
    assert_int_equal(l.list[1].undone_us, T0 + 77);
    fine(w->s, store_decisions_newest(w->s, 1, &w->view, &l));
    assert_int_equal(l.n, 1);
    struct store_decision d;
    fine(w->s, store_decision(w->s, one, &w->view, &d));
    assert_true(d.undone);
    fine(w->s, store_begin(w->s));
    assert_int_equal(store_undo(w->s, one, S("Lee"), T0), ERR_NOT_FOUND);
    assert_int_equal(store_undo(w->s, 99, S("Lee"), T0), ERR_NOT_FOUND);
    store_rollback(w->s);
    assert_int_equal(store_decision(w->s, 99, &w->view, &d), ERR_NOT_FOUND);
}

static void texts_are_bounded(void **state) {
    struct world *w = *state;
    struct out name = {0}, id = {0};
    calls_put(w);
    for (int i = 0; i < 99; i++) out_byte(&name, 'x');
    out_z(&name, "\u00e9 and more"); /* byte 100 is in the middle of a character */
    for (int i = 0; i < 41; i++) out_byte(&id, '0');
    struct decision d = {.leg = leg_id(w, 1), .other = leg_id(w, 2)};
    d.who = out_str(&name);
    fine(w->s, store_begin(w->s));
    fine(w->s, store_decide(w->s, &d));
    assert_int_equal(d.who.n, 99);
    d.other = out_str(&id);
    assert_int_equal(store_decide(w->s, &d), ERR_USAGE);
    store_rollback(w->s);
    fine(w->s, store_begin(w->s));
    d.other = (str){0};
    assert_int_equal(store_decide(w->s, &d), ERR_USAGE);
    store_rollback(w->s);
    assert_int_equal(in_force(w), 0);
    out_drop(&name);
    out_drop(&id);
}

static void a_number_is_never_used_again(void **state) {
    struct world *w = *state;
    bool left = true;
    calls_put(w);
    i64 n = decide(w, DECISION_SPLIT, 3, 1, "Kay");
    for (int i = 0; i < 100 && left; i++)
        fine(w->s, store_retain(w->s, T0 + 3600 * US_PER_SECOND, &left));
    assert_int_equal(in_force(w), 0); /* with the call that its leg was in */
    calls_put(w);
    assert_true(decide(w, DECISION_SPLIT, 3, 1, "Kay") > n);
}

static void a_decision_stays_as_long_as_its_leg(void **state) {
    struct world *w = *state;
    bool left = true;
    world_begin(w);
    add(w, 1, 0, T0);
    add(w, 2, 0, T0 + 7200 * US_PER_SECOND);
    put_ids(w, "a", T0, (int[]){1}, 1);
    put_ids(w, "b", T0 + 7200 * US_PER_SECOND, (int[]){2}, 1);
    world_commit(w);
    (void)decide(w, DECISION_SPLIT, 1, 2, "Kay");
    i64 stays = decide(w, DECISION_SPLIT, 2, 1, "Kim");
    for (int i = 0; i < 100 && left; i++)
        fine(w->s, store_retain(w->s, T0 + 3600 * US_PER_SECOND, &left));
    struct store_decisions l;
    fine(w->s, store_decisions_newest(w->s, 10, &w->view, &l));
    assert_int_equal(l.n, 1);
    assert_int_equal(l.list[0].d.n, stays);
}

/* A database of before has no such table: a reader finds nothing in it, a writer makes it. */
static void an_older_database_gets_the_table(void **state) {
    struct world *w = *state;
    calls_put(w);
    world_close(w);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE decision", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    world_open(w, STORE_READ);
    struct store_decision d;
    assert_int_equal(in_force(w), 0);
    assert_int_equal(of_call(w, "a"), 0);
    assert_int_equal(store_decision(w->s, 1, &w->view, &d), ERR_NOT_FOUND);
    world_close(w);
    world_open(w, STORE_WRITE);
    (void)decide(w, DECISION_SPLIT, 2, 1, "Kay");
    assert_int_equal(in_force(w), 1);
}

static void a_leg_is_found_with_its_call(void **state) {
    struct world *w = *state;
    str call, call_id;
    calls_put(w);
    fine(w->s, store_leg(w->s, leg_id(w, 2), &w->view, &call, &call_id));
    assert_true(str_eq(call, S("a")));
    assert_true(str_eq(call_id, call_id_of(&w->view, 2)));
    assert_int_equal(store_leg(w->s, S("nobody"), &w->view, &call, &call_id),
                     ERR_NOT_FOUND);
    assert_int_equal(store_leg(w->s, (str){0}, &w->view, &call, &call_id), ERR_NOT_FOUND);
}

static void a_call_that_is_left_without_legs_is_told(void **state) {
    struct world *w = *state;
    calls_put(w);
    assert_int_equal(store_ngone(w->s), 0);
    world_begin(w);
    put_ids(w, "a", T0, (int[]){1, 2, 3}, 3);
    world_commit(w);
    assert_int_equal(store_ngone(w->s), 1);
    assert_true(str_eq(store_gone(w->s, 0), S("b")));
    world_begin(w);
    world_commit(w);
    assert_int_equal(store_ngone(w->s), 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_decision_comes_back_as_it_was),
        TEST(what_is_undone_is_not_forgotten),
        TEST(texts_are_bounded),
        TEST(a_number_is_never_used_again),
        TEST(a_decision_stays_as_long_as_its_leg),
        TEST(an_older_database_gets_the_table),
        TEST(a_leg_is_found_with_its_call),
        TEST(a_call_that_is_left_without_legs_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
