/* What store.h promises, one promise a test. */
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

static struct store_totals totals(struct world *w) {
    struct store_totals t;
    fine(w->s, store_totals(w->s, &t));
    return t;
}

/* ---- sightings ------------------------------------------------------------------------------------ */

static void an_empty_store_is_empty(void **state) {
    struct world *w = *state;
    struct store_totals t = totals(w);
    assert_int_equal(t.sightings + t.calls, 0);
    assert_int_equal(t.first_us, 0);
    assert_int_equal(t.last_us, 0);
    assert_true(t.bytes > 0);
    struct search q = search_any();
    expect_found(w, &q, "");
    str id, *ids, json;
    isize n;
    assert_int_equal(store_call_ids(w->s, S("nobody"), &w->view, &id, &ids, &n),
                     ERR_NOT_FOUND);
    assert_string_equal(store_error(w->s).p, "there is no call nobody");
    assert_int_equal(store_summary(w->s, S(""), &w->view, &json), ERR_NOT_FOUND);
}

static void a_sighting_comes_back_as_it_was(void **state) {
    struct world *w = *state;
    static struct heard h;
    struct sighting in = sighting_of(&w->view, 0, 3, 2, T0 + 123456);
    in.src = (struct endpoint){
        .ip = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .port = 5061, .family = 6};
    in.dst = (struct endpoint){0};
    in.transport = TRANSPORT_TLS;
    in.vantage = VANTAGE_SENDER;
    in.attempt = 65535;
    in.cut = true;
    in.line = UINT64_MAX;
    in.precision_us = UINT32_MAX;
    world_begin(w);
    in.source = w->source;
    bool fresh = false;
    struct store_facts f = {.call_id = S("a@b")};
    fine(w->s, store_sighting(w->s, &in, &f, &fresh));
    assert_true(fresh);
    world_commit(w);
    struct input_sink sink = heard_sink(&h);
    fine(w->s, store_replay_call_ids(w->s, &f.call_id, 1, &sink));
    assert_int_equal(h.n, 1);
    assert_int_equal(h.nsources, 1);
    assert_string_equal(h.sources[0], "boxless.log/boxless/1");
    struct sighting *out = &h.list[0];
    assert_int_equal(out->time_us, in.time_us);
    assert_int_equal(out->precision_us, in.precision_us);
    assert_int_equal(out->source, 100);
    assert_true(out->at == SIGHTING_NOWHERE);
    assert_true(out->line == in.line);
    assert_true(endpoint_eq(&out->src, &in.src));
    assert_true(endpoint_eq(&out->dst, &in.dst));
    assert_int_equal(out->transport, in.transport);
    assert_int_equal(out->vantage, in.vantage);
    assert_int_equal(out->attempt, in.attempt);
    assert_true(out->cut);
    assert_true(str_eq(out->bytes, in.bytes));
}

static void the_same_trace_twice_is_stored_once(void **state) {
    struct world *w = *state;
    for (int round = 0; round < 3; round++) {
        store_session(w->s);
        for (int k = 0; k < 40; k++) {
            world_begin(w);
            assert_int_equal(add(w, k % 7, k, T0 + k), round == 0);
            if (k % 3)
                world_commit(w);
            else
                store_rollback(w->s), world_begin(w), add(w, k % 7, k, T0 + k),
                    world_commit(w);
        }
        assert_int_equal(totals(w).sightings, 40);
        world_close(w);
        world_open(w, STORE_WRITE);
    }
    assert_int_equal(totals(w).first_us, T0);
    assert_int_equal(totals(w).last_us, T0 + 39);
}

/* A log with whole seconds holds the same 180 three times; a batch may end between them. */
static void equal_lines_keep_their_count(void **state) {
    struct world *w = *state;
    for (int round = 0; round < 2; round++) {
        store_session(w->s);
        world_begin(w);
        assert_int_equal(add(w, 1, 1, T0), round == 0);
        assert_int_equal(add(w, 1, 1, T0), round == 0);
        world_commit(w);
        world_begin(w);
        assert_int_equal(add(w, 1, 1, T0), round == 0);
        world_commit(w);
        assert_int_equal(totals(w).sightings, 3);
    }
    store_session(w->s); /* a longer copy of the same log */
    world_begin(w);
    for (int i = 0; i < 4; i++) assert_int_equal(add(w, 1, 1, T0), i == 3);
    world_commit(w);
}

static void a_rollback_takes_everything_back(void **state) {
    struct world *w = *state;
    world_begin(w);
    assert_true(add(w, 1, 1, T0));
    world_commit(w);
    world_begin(w);
    assert_true(add(w, 1, 1, T0)); /* the second of two equal ones */
    assert_true(add(w, 2, 0, T0));
    put_ids(w, "one", T0, (int[]){2}, 1);
    store_rollback(w->s);
    assert_int_equal(totals(w).sightings, 1);
    assert_int_equal(totals(w).calls, 0);
    world_begin(w);
    assert_true(add(w, 1, 1, T0));
    assert_true(add(w, 3, 0, T0)); /* takes the row number that 2 had */
    assert_true(add(w, 2, 0, T0));
    world_commit(w);
    assert_int_equal(totals(w).sightings, 4);
}

/* What came in a transaction that was rolled back has not come. */
static void a_rollback_is_no_second_time(void **state) {
    struct world *w = *state;
    world_begin(w);
    for (int i = 0; i < 3; i++) assert_true(add(w, 1, 1, T0));
    world_commit(w);
    store_session(w->s);
    world_begin(w);
    assert_false(add(w, 1, 1, T0));
    world_commit(w);
    for (int i = 0; i < 5; i++) {
        world_begin(w);
        assert_false(add(w, 1, 1, T0));
        store_rollback(w->s);
    }
    world_begin(w);
    assert_false(add(w, 1, 1, T0));
    assert_false(add(w, 1, 1, T0));
    assert_true(add(w, 1, 1, T0));
    world_commit(w);
}

/* Equal lines belong together only when they are near: a file may be the same log twice over. */
static void equal_lines_far_apart_are_one(void **state) {
    struct world *w = *state;
    world_begin(w);
    assert_true(add(w, 1, 1, T0));
    for (int i = 0; i < EQUAL_WITHIN; i++) {
        assert_true(add(w, 2 + i % 50, i, T0 + i));
        if (i % 1000 == 0) arena_reset(&w->view);
    }
    assert_false(add(w, 1, 1, T0));
    assert_true(add(w, 1, 1, T0));
    world_commit(w);
}

/* A log that runs backwards, a batch a line. */
static void what_is_earlier_may_come_later(void **state) {
    struct world *w = *state;
    static struct heard h;
    for (int k = 9; k >= 0; k--) {
        world_begin(w);
        assert_true(add(w, 1, k, T0 + k * 30 * US_PER_SECOND));
        world_commit(w);
    }
    for (int k = 0; k < 10; k++) {
        struct input_sink sink = heard_sink(&h);
        i64 from = T0 + k * 30 * US_PER_SECOND;
        fine(w->s, store_replay_range(w->s, from, from + 1, &sink));
        assert_int_equal(h.n, 1);
        assert_int_equal(h.list[0].time_us, from);
    }
    assert_int_equal(totals(w).first_us, T0);
}

static void every_part_of_a_sighting_makes_a_difference(void **state) {
    struct world *w = *state;
    struct store_facts f = {.call_id = S("x")};
    world_begin(w);
    u32 other = 0;
    fine(w->s, store_source(w->s, &(struct source){.name = S("other.log")}, &other));
    for (int part = 0; part < 8; part++) {
        struct sighting g = sighting_of(&w->view, w->source, 0, 0, T0);
        if (part == 1) g.time_us++;
        if (part == 2) g.source = other;
        if (part == 3) g.src.port++;
        if (part == 4) g.dst.ip[0]++;
        if (part == 5) g.transport = TRANSPORT_TCP;
        if (part == 6) g.vantage = VANTAGE_WIRE;
        if (part == 7) g.bytes = str_sub(g.bytes, 0, g.bytes.n - 1);
        bool fresh = false;
        store_session(w->s);
        fine(w->s, store_sighting(w->s, &g, &f, &fresh));
        assert_true(fresh);
        g.attempt++, g.line++, g.at++; /* these do not */
        store_session(w->s);
        fine(w->s, store_sighting(w->s, &g, &f, &fresh));
        assert_false(fresh);
    }
    world_commit(w);
}

/* Nothing, one byte, more than a chunk holds, and a thousand messages of one Call-ID. */
static void sizes_from_nothing_to_too_much(void **state) {
    struct world *w = *state;
    static struct heard h;
    isize sizes[] = {0, 1, BLOCK_FULL - 1, BLOCK_FULL, BLOCK_FULL + 1, 3000000};
    u8 *big = arena_new(&w->view, u8, 3000000);
    for (isize i = 0; i < 3000000; i++) big[i] = (u8)(i * i >> 7);
    struct store_facts f = {.call_id = S("")};
    world_begin(w);
    for (int i = 0; i < countof(sizes); i++) {
        struct sighting g = sighting_of(&w->view, w->source, 0, 0, T0 + i);
        g.bytes = (str){big, sizes[i]};
        bool fresh = false;
        fine(w->s, store_sighting(w->s, &g, &f, &fresh));
        assert_true(fresh);
    }
    for (int k = 0; k < 1000; k++) assert_true(add(w, 1, k, T0 + (k * 7919) % 1000));
    world_commit(w);
    struct input_sink sink = heard_sink(&h);
    fine(w->s, store_replay_call_ids(w->s, &f.call_id, 1, &sink));
    assert_int_equal(h.n, countof(sizes));
    for (int i = 0; i < countof(sizes); i++) {
        assert_int_equal(h.list[i].bytes.n, sizes[i]);
        assert_true(str_eq(h.list[i].bytes, (str){big, sizes[i]}));
    }
    sink = heard_sink(&h);
    fine(w->s, store_replay_range(w->s, INT64_MIN, INT64_MAX, &sink));
    assert_int_equal(h.n, countof(sizes) + 1000);
    for (isize i = 1; i < h.n; i++)
        assert_true(h.list[i - 1].time_us <= h.list[i].time_us);
}

/* A phone that registers with one Call-ID for a month, and stamps from before 1970 and after 9999. */
static void one_call_id_over_a_long_time(void **state) {
    struct world *w = *state;
    static struct heard h;
    world_begin(w);
    for (int k = 0; k < 720; k++)
        assert_true(add(w, 1, k, T0 + k * 3600 * US_PER_SECOND));
    assert_true(add(w, 1, 1, -5));
    assert_true(add(w, 1, 1, INT64_MIN));
    assert_true(add(w, 1, 1, INT64_MAX));
    world_commit(w);
    struct input_sink sink = heard_sink(&h);
    i64 from = T0 + 100 * 3600 * US_PER_SECOND;
    fine(w->s, store_replay_range(w->s, from, from + 3600 * US_PER_SECOND, &sink));
    assert_int_equal(h.n, 1);
    assert_int_equal(h.list[0].time_us, from);
    sink = heard_sink(&h);
    fine(w->s, store_replay_range(w->s, INT64_MIN, 0, &sink));
    assert_int_equal(h.n, 2);
    world_close(w);
    world_open(w, STORE_WRITE);
    world_begin(w);
    for (int k = 0; k < 720; k++)
        assert_false(add(w, 1, k, T0 + k * 3600 * US_PER_SECOND));
    world_commit(w);
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void expect_call_ids(struct world *w, const char *x, const char *id,
                            const char *want) {
    str got, *ids;
    isize n;
    struct out o = {0};
    fine(w->s, store_call_ids(w->s, str_z(x), &w->view, &got, &ids, &n));
    assert_true(str_eq(got, str_z(id)));
    for (isize i = 0; i < n; i++)
        out_printf(&o, "%.*s ", (int)ids[i].n, (const char *)ids[i].p);
    out_byte(&o, 0);
    assert_string_equal((const char *)o.p, want);
    out_drop(&o);
}

static void a_call_is_found_by_its_id_its_legs_and_its_call_ids(void **state) {
    struct world *w = *state;
    world_begin(w);
    put_ids(w, "one", T0, (int[]){1, 2}, 2);
    world_commit(w);
    static const char *const names[] = {"one", "leg0000000001", "leg0000000002",
                                        "call-1@192.0.2.1", "call-2@192.0.2.1"};
    for (isize i = 0; i < countof(names); i++)
        expect_call_ids(w, names[i], "one", "call-1@192.0.2.1 call-2@192.0.2.1 ");
    str json;
    fine(w->s, store_summary(w->s, S("one"), &w->view, &json));
    assert_true(str_eq(json, S("{\"id\":\"one\",\"legs\":2}")));
}

static void a_transaction_may_look_for_what_is_not_there(void **state) {
    struct world *w = *state;
    str id, *ids;
    isize n;
    world_begin(w);
    add(w, 1, 0, T0);
    assert_int_equal(store_call_ids(w->s, S("x"), &w->view, &id, &ids, &n),
                     ERR_NOT_FOUND);
    put_ids(w, "one", T0, (int[]){1}, 1);
    world_commit(w);
    expect_call_ids(w, "one", "one", "call-1@192.0.2.1 ");
}

static void legs_move_to_the_call_that_was_put_last(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    world_begin(w);
    put_ids(w, "one", T0, (int[]){1}, 1);
    put_ids(w, "two", T0 + 1, (int[]){2}, 1);
    world_commit(w);
    expect_found(w, &q, "two one");
    world_begin(w);
    put_ids(w, "one", T0, (int[]){1, 2}, 2);
    expect_found(w, &q, "one"); /* within the transaction, too */
    world_commit(w);
    expect_found(w, &q, "one");
    expect_call_ids(w, "call-2@192.0.2.1", "one", "call-1@192.0.2.1 call-2@192.0.2.1 ");
    world_begin(w);
    put_ids(w, "two", T0 + 1, (int[]){2}, 1); /* and apart again */
    world_commit(w);
    expect_found(w, &q, "two one");
    expect_call_ids(w, "one", "one", "call-1@192.0.2.1 ");
    world_begin(
        w); /* the same summary as before, whose leg was taken: it takes it back */
    put_ids(w, "one", T0, (int[]){1, 2}, 2);
    world_commit(w);
    expect_found(w, &q, "one");
}

/* Late evidence gives the only leg of a call another id, and so the call: the old one is no second call. */
static void no_ghosts(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    world_begin(w);
    put_ids(w, "one", T0, (int[]){1}, 1);
    world_commit(w);
    world_begin(w);
    struct call c = call_of(&w->view, "new", T0, (int[]){1}, 1);
    c.legs[0].id = S("leg-new");
    put(w, &c);
    world_commit(w);
    expect_found(w, &q, "new");
}

/* Two calls of one trace whose Call-IDs a web page has masked into one. */
static void calls_put_together_may_share_a_call_id(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    world_begin(w);
    struct call a = call_of(&w->view, "aaa", T0, (int[]){1}, 1);
    struct call b = call_of(&w->view, "bbb", T0 + 1, (int[]){2}, 1);
    b.legs[0].call_id = a.legs[0].call_id;
    put(w, &a);
    put(w, &b);
    world_commit(w);
    expect_found(w, &q, "bbb aaa");
    expect_call_ids(w, "aaa", "aaa", "call-1@192.0.2.1 ");
    expect_call_ids(w, "leg0000000002", "bbb", "call-1@192.0.2.1 ");
    world_begin(w); /* unchanged: both stay */
    put(w, &a);
    put(w, &b);
    world_commit(w);
    expect_found(w, &q, "bbb aaa");
    world_begin(w); /* one of them changes: both stay */
    a.legs[0].id = S("another");
    fine(w->s, store_put_call(w->s, &a, S("{}")));
    world_commit(w);
    expect_found(w, &q, "bbb aaa");
    world_begin(w); /* a third one comes */
    struct call d = call_of(&w->view, "ddd", T0 + 9, (int[]){9}, 1);
    d.legs[0].call_id = a.legs[0].call_id;
    put(w, &d);
    world_commit(w);
    expect_found(w, &q, "ddd bbb aaa");
    world_begin(w); /* a leg moves: its call goes, the other stays */
    struct call c = call_of(&w->view, "ccc", T0 + 2, (int[]){1}, 1);
    c.legs[0].id = S("another");
    put(w, &c);
    world_commit(w);
    expect_found(w, &q, "ddd ccc bbb");
}

static void an_unchanged_call_costs_nothing(void **state) {
    struct world *w = *state;
    world_begin(w);
    put_ids(w, "one", T0, (int[]){1, 2, 3}, 3);
    world_commit(w);
    world_begin(w);
    int before = sqlite3_total_changes(w->s->db);
    put_ids(w, "one", T0, (int[]){1, 2, 3}, 3);
    assert_int_equal(sqlite3_total_changes(w->s->db), before);
    world_commit(w);
}

static void a_changed_call_is_found_by_what_it_is_now(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    for (int step = 0; step < 3; step++) {
        struct call c = call_of(&w->view, "one", T0 - step, (int[]){1}, 1);
        c.state = step == 0 ? STATE_RINGING : step == 1 ? STATE_IN_CALL : STATE_FAILED;
        c.from = step == 2 ? S("0800 1111") : c.from;
        world_begin(w);
        fine(w->s,
             store_put_call(w->s, &c, arena_printf(&w->view, "{\"step\":%d}", step)));
        world_commit(w);
        q.state = c.state;
        expect_found(w, &q, "one");
        q.state = STATE_RINGING;
        if (step) expect_found(w, &q, "");
        q = search_any();
        q.before_us = T0 - step + 1;
        expect_found(w, &q, "one");
        q.after_us = q.before_us;
        q.before_us = 0;
        expect_found(w, &q, "");
        q = search_any();
    }
    q.number = S("01632 960123");
    expect_found(w, &q, "");
    q.number = S("0800-1111");
    expect_found(w, &q, "one");
}

static void a_call_without_legs_is_refused(void **state) {
    struct world *w = *state;
    struct call c = {.id = S("x")};
    world_begin(w);
    assert_int_equal(store_put_call(w->s, &c, S("{}")), ERR_USAGE);
    assert_int_equal(store_commit(w->s), ERR_USAGE);
    assert_int_equal(store_put_call(w->s, &c, S("{}")), ERR_USAGE); /* no transaction */
    assert_int_equal(store_begin(w->s), ERR_OK);
    assert_int_equal(store_begin(w->s), ERR_USAGE);
    store_rollback(w->s);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_empty_store_is_empty),
        T(a_sighting_comes_back_as_it_was),
        T(the_same_trace_twice_is_stored_once),
        T(equal_lines_keep_their_count),
        T(a_rollback_takes_everything_back),
        T(a_rollback_is_no_second_time),
        T(equal_lines_far_apart_are_one),
        T(what_is_earlier_may_come_later),
        T(every_part_of_a_sighting_makes_a_difference),
        T(sizes_from_nothing_to_too_much),
        T(one_call_id_over_a_long_time),
        T(a_call_is_found_by_its_id_its_legs_and_its_call_ids),
        T(a_transaction_may_look_for_what_is_not_there),
        T(legs_move_to_the_call_that_was_put_last),
        T(no_ghosts),
        T(calls_put_together_may_share_a_call_id),
        T(an_unchanged_call_costs_nothing),
        T(a_changed_call_is_found_by_what_it_is_now),
        T(a_call_without_legs_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
