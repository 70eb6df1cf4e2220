/* How many calls start in each interval; and dictionaries: what they hold, and that all comes back that was packed with them. */
#include "world.h"

static const i64 MINUTE = 60 * US_PER_SECOND, HOUR = 3600 * US_PER_SECOND;

/* ---- volume ----------------------------------------------------------------------------------------------- */

static void put_as(struct world *w, int i, i64 start_us, enum call_kind kind,
                   enum call_state state) {
    char id[16];
    snprintf(id, sizeof id, "call%d", i);
    struct call c = call_of(&w->view, id, start_us, (int[]){i}, 1);
    c.kind = kind;
    c.state = state;
    put(w, &c);
}

/* "at:kind/state=n …", at in steps from T0's minute. */
static void expect_volume(struct world *w, i64 after_us, i64 before_us, i64 step_us,
                          const char *want) {
    struct store_volume *list;
    struct out o = {0};
    isize n;
    fine(w->s, store_volumes(w->s, after_us, before_us, step_us, &w->view, &list, &n));
    for (isize i = 0; i < n; i++)
        out_printf(&o, "%s%lld:%s/%s=%d", i ? " " : "",
                   (long long)((list[i].at_us - T0 / HOUR * HOUR) / step_us),
                   call_kind_text(list[i].kind), call_state_text(list[i].state),
                   (int)list[i].n);
    out_byte(&o, 0);
    assert_string_equal((const char *)o.p, want);
    out_drop(&o);
}

static void volume_is_counted_as_calls_are_kept(void **state) {
    struct world w;
    const i64 hour = T0 / HOUR * HOUR;
    bool left = true;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    expect_volume(&w, hour, hour + HOUR, MINUTE, "");
    world_begin(&w);
    put_as(&w, 1, hour, KIND_CALL, STATE_RINGING);
    put_as(&w, 2, hour + MINUTE - 1, KIND_CALL, STATE_FAILED);
    put_as(&w, 3, hour + MINUTE, KIND_REGISTRATION, STATE_ANSWERED);
    put_as(&w, 4, hour + 61 * MINUTE, KIND_CALL, STATE_FAILED);
    world_commit(&w);
    expect_volume(&w, hour, hour + 2 * HOUR, MINUTE,
                  "0:call/ringing=1 0:call/failed=1 1:registration/answered=1 "
                  "61:call/failed=1");
    expect_volume(&w, hour, hour + 2 * HOUR, HOUR,
                  "0:call/ringing=1 0:call/failed=1 0:registration/answered=1 "
                  "1:call/failed=1");
    expect_volume(&w, hour, hour + MINUTE, MINUTE, "0:call/ringing=1 0:call/failed=1");
    expect_volume(&w, hour + HOUR, hour, MINUTE, "");
    world_begin(&w); /* it is answered, and it turns out to have begun later; undone */
    put_as(&w, 1, hour + MINUTE, KIND_CALL, STATE_ANSWERED);
    store_rollback(w.s);
    expect_volume(&w, hour, hour + MINUTE, MINUTE, "0:call/ringing=1 0:call/failed=1");
    world_begin(&w);
    put_as(&w, 1, hour, KIND_CALL, STATE_ANSWERED);
    world_commit(&w);
    expect_volume(&w, hour, hour + MINUTE, MINUTE, "0:call/answered=1 0:call/failed=1");
    while (left) fine(w.s, store_retain(w.s, hour + HOUR, &left));
    expect_volume(&w, 0, INT64_MAX, HOUR, "1:call/failed=1");
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

static void volume_is_counted_by_whole_minutes(void **state) {
    struct world w;
    struct store_volume *list;
    isize n;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    assert_int_equal(store_volumes(w.s, 0, HOUR, MINUTE / 2, &w.view, &list, &n),
                     ERR_USAGE);
    assert_int_equal(store_volumes(w.s, 0, HOUR, 0, &w.view, &list, &n), ERR_USAGE);
    world_drop(&w);
}

/* ---- dictionaries -------------------------------------------------------------------------------------------- */

static str summary_of(arena *a, int i) {
    u64 rare = hash_mix((u64)i, 77);
    return arena_printf(a,
                        "{\"id\":\"call%d\",\"from\":\"%llu\",\"devices\":[{\"name\":"
                        "\"boxless\",\"software\":\"Snom D385/10.1\"}],\"secret\":"
                        "\"%016llx\"}",
                        i, (unsigned long long)rare, (unsigned long long)rare);
}

static void put_many(struct world *w, int from, int to) {
    world_begin(w);
    for (int i = from; i < to; i++) {
        char id[16];
        snprintf(id, sizeof id, "call%d", i);
        struct call c = call_of(&w->view, id, T0 + i * 1000, (int[]){i}, 1);
        fine(w->s, store_put_call(w->s, &c, summary_of(&w->view, i)));
    }
    world_commit(w);
}

static void expect_summaries(struct world *w, struct store *s, int from, int to) {
    for (int i = from; i < to; i++) {
        str json, want = summary_of(&w->view, i);
        char id[16];
        snprintf(id, sizeof id, "call%d", i);
        fine(s, store_summary(s, str_z(id), &w->view, &json));
        assert_true(str_eq(json, want));
    }
}

static i64 ask_file(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    i64 n = ask(db, sql);
    sqlite3_close(db);
    return n;
}

static void summaries_come_back_whatever_the_dictionary(void **state) {
    struct world w, reader;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    put_many(&w, 0, 200);
    reader = w;
    reader.boot = arena_open(1 << 24);
    world_open(&reader, STORE_READ);
    expect_summaries(&w, reader.s, 0, 200);
    world_begin(&w); /* one is made, and is not, and is made again */
    for (int i = 200; i < 300; i++) {
        struct call c = call_of(&w.view, "x", T0, (int[]){i}, 1);
        fine(w.s, store_put_call(w.s, &c, summary_of(&w.view, i)));
    }
    store_rollback(w.s);
    put_many(&w, 200, 500);
    assert_int_equal(ask_file(w.path, "SELECT count(*) FROM dictionary"), 1);
    assert_true(ask_file(w.path, "SELECT max(uses) FROM dictionary") > 20);
    expect_summaries(&w, reader.s, 0, 500);
    expect_summaries(&w, w.s, 0, 500);
    world_close(&w);
    check_invariants(w.path);
    world_open(&w, STORE_WRITE);
    put_many(&w, 490, 600); /* some again, as they are */
    expect_summaries(&w, reader.s, 0, 600);
    assert_int_equal(ask_file(w.path, "SELECT count(*) FROM dictionary"), 1);
    bool left = true;
    while (left) fine(w.s, store_retain(w.s, T0 + HOUR, &left));
    assert_int_equal(ask_file(w.path, "SELECT count(*) FROM dictionary"), 0);
    put_many(&w, 600, 610);
    expect_summaries(&w, reader.s, 600, 610);
    world_close(&reader);
    arena_close(&reader.boot);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

static void a_dictionary_holds_what_many_say(void **state) {
    u8 *samples = NULL, *text = NULL;
    isize n = 0, cap = 0, ntext = 0, cap_text = 0;
    size_t sizes[LEARN_FROM];
    arena a = arena_open(1 << 20);
    (void)state;
    for (int i = 0; i < LEARN_FROM; i++) {
        str s = summary_of(&a, i);
        samples = base_grow(samples, &cap, n + s.n, 1);
        memcpy(samples + n, s.p, (size_t)s.n);
        n += s.n;
        sizes[i] = (size_t)s.n;
    }
    learn_text(samples, sizes, LEARN_FROM, &text, &ntext, &cap_text);
    str all = {text, ntext};
    assert_true(str_find_str(all, S("\"software\":\"Snom D385/10.1\"")) >= 0);
    for (int i = 0; i < LEARN_FROM; i++) {
        str rare = arena_printf(&a, "%016llx", (unsigned long long)hash_mix((u64)i, 77));
        assert_true(str_find_str(all, str_sub(rare, 0, 8)) < 0);
    }
    assert_in_range(ntext, 1, LEARN_BYTES);
    base_free(samples);
    base_free(text);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(volume_is_counted_as_calls_are_kept),
        cmocka_unit_test(volume_is_counted_by_whole_minutes),
        cmocka_unit_test(summaries_come_back_whatever_the_dictionary),
        cmocka_unit_test(a_dictionary_holds_what_many_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
