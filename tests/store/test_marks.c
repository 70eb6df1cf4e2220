/* What legs are found by from other legs: marks by time, as they were last put. */
#include "world.h"

static isize count_marks(struct world *w, i64 after_us, i64 before_us, isize *nkeys) {
    struct store_marks *blocks;
    isize n = 0, sum = 0;
    *nkeys = 0;
    fine(w->s, store_marks(w->s, after_us, before_us, &w->view, &blocks, &n));
    for (isize i = 0; i < n; i++) {
        sum += blocks[i].n;
        *nkeys += blocks[i].nkeys;
        for (isize k = 1; k < blocks[i].n; k++)
            assert_true(blocks[i].at[k - 1] <= blocks[i].at[k]);
        if (i) assert_true(blocks[i].base_us > blocks[i - 1].base_us);
    }
    return sum;
}

static void by_time(void **state) {
    struct world w;
    isize nkeys;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    for (int i = 0; i < 50; i++) {
        struct call c = call_of(&w.view, "", T0 + i * 100 * US_PER_SECOND, &i, 1);
        c.id = arena_printf(&w.view, "call%09d", i);
        put(&w, &c);
    }
    /* in the middle of a transaction, too */
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 100);
    world_commit(&w);
    assert_int_equal(nkeys, 100);
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 100);
    assert_int_equal(
        count_marks(&w, T0 - 100 * US_PER_SECOND, T0 - 20 * US_PER_SECOND, &nkeys), 0);
    /* a start and an end of the first call, within a block's length */
    assert_int_equal(count_marks(&w, T0, T0 + 31 * US_PER_SECOND, &nkeys), 2);
    struct store_marks *blocks;
    isize n = 0;
    fine(w.s, store_marks(w.s, T0, T0 + 1, &w.view, &blocks, &n));
    assert_int_equal(n, 1);
    i64 off_us = blocks[0].base_us + (i64)blocks[0].at[0] * MARK_UNIT_US - T0;
    assert_true(off_us <= 0 && off_us > -MARK_UNIT_US);
    assert_int_equal(blocks[0].from[0], 1);
    assert_int_equal(blocks[0].to[0], 6);
    assert_int_equal(blocks[0].what[0], MARK_FREE);
    str id, *call_ids;
    isize nids = 0;
    fine(w.s,
         store_call_numbered(w.s, blocks[0].calls[0], &w.view, &id, &call_ids, &nids));
    assert_memory_equal(id.p, "call000000000", (size_t)id.n);
    assert_int_equal(nids, 1);
    assert_int_equal(store_call_numbered(w.s, 4711, &w.view, &id, &call_ids, &nids),
                     ERR_NOT_FOUND);
    world_drop(&w);
}

static void as_last_put(void **state) {
    struct world w;
    isize nkeys;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    const int ids[] = {1, 2, 3}, other[] = {3};
    struct call c = call_of(&w.view, "leg0000000001", T0, ids, 3);
    put(&w, &c);
    world_commit(&w);
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 6);
    world_begin(&w); /* the same legs, later; then one of them goes */
    c.start_us = T0 + 500 * US_PER_SECOND;
    c.nmarks = 0;
    marks_of(&w.view, &c, ids);
    put(&w, &c);
    world_commit(&w);
    assert_int_equal(count_marks(&w, 0, T0 + 300 * US_PER_SECOND, &nkeys), 0);
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 6);
    world_begin(&w);
    c.nmarks = 2;
    put(&w, &c);
    struct call d = call_of(&w.view, "leg0000000003", T0, other, 1);
    put(&w, &d);
    store_rollback(w.s);
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 6);
    check_invariants(w.path);
    bool left = true;
    while (left) fine(w.s, store_retain(w.s, T0 + 9999 * US_PER_SECOND, &left));
    assert_int_equal(count_marks(&w, 0, INT64_MAX / 2, &nkeys), 0);
    check_invariants(w.path);
    world_drop(&w);
}

static void straddling(void **state) {
    struct world w;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    for (int i = 0; i < 3; i++) {
        i64 at = T0 + i * 1000 * US_PER_SECOND;
        assert_true(add(&w, i, 0, at));
        assert_true(add(&w, i, 3, at + 900 * US_PER_SECOND));
        struct call c = call_of(&w.view, "", at, &i, 1);
        c.id = arena_printf(&w.view, "call%09d", i);
        c.legs[0].end_us = at + 900 * US_PER_SECOND;
        put(&w, &c);
    }
    world_commit(&w);
    str *ids;
    isize n = 0;
    i64 low = T0 + 890 * US_PER_SECOND, high = T0 + 1100 * US_PER_SECOND;
    fine(w.s, store_straddling(w.s, low, high, &w.view, &ids, &n));
    assert_int_equal(n, 2); /* the end of one, the start of the next */
    fine(w.s,
         store_straddling(w.s, T0 - 1, T0 + 4000 * US_PER_SECOND, &w.view, &ids, &n));
    assert_int_equal(n, 0);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_time),
        cmocka_unit_test(as_last_put),
        cmocka_unit_test(straddling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
