/* A sieve says which stretches may have a key, too much but never too little: what is found with it is what is found without. Numbers
 * of calls and Call-IDs jump ahead, so that a stretch is full with a few. */
#include "world.h"

enum {
    CALLS = 40,
    CALL_STRETCH = 1 << CALL_STRETCH_BITS,
    REF_STRETCH = 1 << REF_STRETCH_BITS
};

static i64 start_of(int i) {
    return T0 + i * US_PER_SECOND;
}

static struct call numbered(struct world *w, int i) {
    struct call c = call_of(&w->view, (const char *)arena_printf(&w->view, "call%d", i).p,
                            start_of(i), (int[]){i}, 1);
    c.id = arena_printf(&w->view, "call%d", i);
    c.from = arena_printf(&w->view, "0163296%04d", i);
    c.to = i % 3 ? arena_printf(&w->view, "+4420794%05d", i)
                 : arena_printf(&w->view, "%d", 200 + i);
    c.legs[0].from = c.from;
    c.legs[0].to = c.to;
    return c;
}

static void put_numbered(struct world *w, int i) {
    struct call c = numbered(w, i);
    add(w, i, 0, start_of(i));
    put(w, &c);
}

/* Whole stretches of calls and Call-IDs go by without any. */
static void jump(struct world *w, int i) {
    struct store *s = w->s;
    world_begin(w);
    put_numbered(w, i);
    s->put.next =
        ((s->put.next >> CALL_STRETCH_BITS) + 1) * CALL_STRETCH + SIEVE_LATE + 2;
    s->names.next_ref = ((s->names.next_ref >> REF_STRETCH_BITS) + 1) * REF_STRETCH + 1;
    put_numbered(w, i + 1);
    world_commit(w);
    s->sieve.seen[SIEVE_CALLS] = s->sieve.seen[SIEVE_REFS] = 0; /* look at each commit */
}

static i64 sieves(struct world *w, enum sieve_of of, i64 stretch) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM sieve WHERE id>>48=%d AND id&1099511627775=%lld", of,
             (long long)stretch);
    return ask(w->s->db, sql);
}

/* Calls in stretches 0 and 1, both full, and in the one after. */
static void fill(struct world *w) {
    world_init(w);
    world_open(w, STORE_WRITE);
    world_begin(w);
    for (int i = 0; i < CALLS; i++) put_numbered(w, i);
    world_commit(w);
    jump(w, CALLS);
    jump(w, CALLS + 2);
    assert_int_equal(sieves(w, SIEVE_CALLS, 0), SIEVE_PARTS);
    assert_int_equal(sieves(w, SIEVE_CALLS, 1), SIEVE_PARTS);
    assert_int_equal(sieves(w, SIEVE_CALLS, 2), 0);
    assert_int_equal(sieves(w, SIEVE_REFS, 0), SIEVE_PARTS);
    assert_int_equal(sieves(w, SIEVE_REFS, 1), SIEVE_PARTS);
}

static struct out found(struct world *w, str number, str call_id) {
    struct out o = {0};
    struct search q = search_any();
    q.number = number;
    q.call_id = call_id;
    fine(w->s, store_search(w->s, &q, row_note, &o));
    out_byte(&o, 0);
    return o;
}

static void same(struct world *w, str number, str call_id) {
    struct out with = found(w, number, call_id);
    w->s->sieve.there = false;
    struct out without = found(w, number, call_id);
    w->s->sieve.there = true;
    assert_string_equal((const char *)with.p, (const char *)without.p);
    out_drop(&with);
    out_drop(&without);
}

static void all_forms_same(struct world *w, int i) {
    struct call c = numbered(w, i);
    str forms[] = {c.from,
                   c.to,
                   str_from(c.from, 1),
                   str_from(c.from, 4),
                   str_from(c.from, 6),
                   arena_printf(&w->view, "+44163296%04d", i),
                   arena_printf(&w->view, "0044163296%04d", i),
                   arena_printf(&w->view, "00163296%04d", i),
                   arena_printf(&w->view, "020794%05d", i),
                   arena_printf(&w->view, "*%04d", i),
                   arena_printf(&w->view, "*3296%04d", i),
                   arena_printf(&w->view, "0163296%02d*", i),
                   arena_printf(&w->view, "*79%d*", i)};
    for (isize k = 0; k < countof(forms); k++) same(w, forms[k], (str){0});
    same(w, (str){0}, c.legs[0].call_id);
    same(w, (str){0}, arena_printf(&w->view, "call-%d*", i));
}

static void expect_call(struct world *w, str x, str want) {
    str id, *call_ids;
    isize n = 0;
    fine(w->s, store_call_ids(w->s, x, &w->view, &id, &call_ids, &n));
    assert_true(str_eq(id, want));
}

static void what_is_found_without_is_found_with_it(void **state) {
    struct world w, reader;
    (void)state;
    fill(&w);
    reader = w;
    reader.s = NULL;
    reader.boot = arena_open(1 << 24);
    world_open(&reader, STORE_READ);
    for (int i = 0; i < CALLS + 4; i++) {
        struct call c = numbered(&reader, i);
        struct out o = found(&reader, c.from, (str){0});
        assert_true(str_eq(str_z((const char *)o.p), c.id));
        out_drop(&o);
        all_forms_same(&reader, i);
        expect_call(&reader, c.id, c.id);
        expect_call(&reader, c.legs[0].id, c.id);
        expect_call(&reader, c.legs[0].call_id, c.id);
    }
    same(&reader, S("01632999999"), (str){0});
    same(&reader, (str){0}, S("call-9999@192.0.2.1"));
    world_close(&reader);
    arena_close(&reader.boot);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* A call of a full stretch gets another number and a leg: found at once, and again when there is a new sieve. */
static void what_comes_late_is_found(void **state) {
    struct world w;
    (void)state;
    fill(&w);
    struct call c = numbered(&w, 3);
    struct call two = call_of(&w.view, "call3", start_of(3), (int[]){3, 900}, 2);
    two.from = c.from;
    two.to = S("07700900123");
    w.s->sieve.seen[SIEVE_CALLS] = 2; /* no new one before the next full stretch */
    world_begin(&w);
    put(&w, &two);
    world_commit(&w);
    for (int again = 0; again < 2; again++) {
        struct out o = found(&w, S("07700900123"), (str){0});
        assert_string_equal((const char *)o.p, "call3");
        out_drop(&o);
        expect_call(&w, S("leg0000000900"), S("call3"));
        assert_int_equal(sieves(&w, SIEVE_CALLS, 0), again ? SIEVE_PARTS : 0);
        w.s->sieve.seen[SIEVE_CALLS] = 0;
        world_begin(&w);
        put_numbered(&w, 800 + again);
        world_commit(&w);
    }
    world_begin(&w); /* a sieve that is made and rolled back is none */
    put(&w, &c);
    store_rollback(w.s);
    for (int i = 0; i < CALLS; i++) all_forms_same(&w, i);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

static void what_is_deleted_is_in_no_sieve(void **state) {
    struct world w;
    bool left = true;
    (void)state;
    fill(&w);
    while (left) fine(w.s, store_retain(w.s, start_of(5), &left));
    assert_int_equal(sieves(&w, SIEVE_REFS, 0), 0);
    i64 first = ask(w.s->db, "SELECT min(no) FROM call");
    assert_true(first > 1 && first < CALLS);
    struct out o = found(&w, S("01632960000"), (str){0});
    assert_string_equal((const char *)o.p, "");
    out_drop(&o);
    for (int i = 0; i < CALLS; i++) all_forms_same(&w, i);
    left = true;
    while (left) fine(w.s, store_retain(w.s, start_of(CALLS + 100), &left));
    assert_int_equal(ask(w.s->db, "SELECT count(*) FROM call"), 0);
    assert_int_equal(ask(w.s->db, "SELECT count(*) FROM sieve"), 0);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

static void run(struct world *w, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A file of format 2 has no sieves: it is read as it is, and a writer makes it one of format 3. */
static void format_2_is_read_and_renewed(void **state) {
    struct world w;
    (void)state;
    fill(&w);
    world_close(&w);
    run(&w, "DROP TABLE sieve; PRAGMA user_version=2;");
    world_open(&w, STORE_READ);
    struct out o = found(&w, S("01632960007"), (str){0});
    assert_string_equal((const char *)o.p, "call7");
    out_drop(&o);
    assert_false(w.s->sieve.there);
    world_close(&w);
    world_open(&w, STORE_WRITE);
    assert_int_equal(ask(w.s->db, "PRAGMA user_version"), STORE_VERSION);
    jump(&w, 700);
    assert_int_equal(sieves(&w, SIEVE_CALLS, 2), SIEVE_PARTS);
    for (int i = 0; i < CALLS; i++) all_forms_same(&w, i);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_without_is_found_with_it),
        cmocka_unit_test(what_comes_late_is_found),
        cmocka_unit_test(what_is_deleted_is_in_no_sieve),
        cmocka_unit_test(format_2_is_read_and_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
