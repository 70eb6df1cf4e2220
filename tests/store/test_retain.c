/* What is old goes, and no byte of it stays in the file or its WAL; what is not old stays. */
#include "lib/edge.h"
#include "world.h"

enum { CALLS = 1200, PIECE = 16 };

static const i64 HOUR = 3600 * US_PER_SECOND;

/* ---- needles: pieces of what must go, found in one walk over a file ---------------------------------------- */

struct needles {
    struct map index; /* first eight bytes -> number + 1 */
    struct needle {
        u8 bytes[PIECE];
        const char *what;
    } * list;
    isize n, cap;
};

static u64 eight(const u8 *p) {
    u64 n;
    memcpy(&n, p, sizeof n);
    return n;
}

/* From the middle of a blob: there is its noise. Beginning and end look much the same in all of them. */
static void needle_add(struct needles *s, str blob, const char *what) {
    isize at = blob.n / 2 - PIECE / 2;
    if (at < 0) return;
    s->list = base_grow(s->list, &s->cap, s->n + 1, (isize)sizeof *s->list);
    memcpy(s->list[s->n].bytes, blob.p + at, PIECE);
    s->list[s->n].what = what;
    *map_put(&s->index, eight(blob.p + at)) = (u32)++s->n;
}

static isize needles_in(const struct needles *s, const char *path, const char **what) {
    str file = file_read(path);
    isize hits = 0;
    for (isize at = 0; at + PIECE <= file.n; at++) {
        u32 number = map_get(&s->index, eight(file.p + at));
        if (!number || memcmp(s->list[number - 1].bytes, file.p + at, PIECE) != 0)
            continue;
        *what = s->list[number - 1].what;
        hits++;
    }
    if (file.p) file_drop(file);
    return hits;
}

static void needles_drop(struct needles *s) {
    map_drop(&s->index);
    base_free(s->list);
}

static void needles_collect(sqlite3 *db, const char *sql, i64 split_us,
                            struct needles *old, struct needles *young) {
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        needle_add(sqlite3_column_int64(st, 1) < split_us ? old : young, db_str(st, 0),
                   sql);
    sqlite3_finalize(st);
}

/* ---- a full database, old and new on every page ----------------------------------------------------------- */

static u64 seed;
static u64 dice(u64 sides) {
    seed = hash_mix(seed, 7);
    return seed % sides;
}

static void noisy_call(struct world *w, int i, i64 start_us) {
    struct call c = call_of(&w->view, "", start_us, (int[]){i}, 1);
    str secret =
        arena_printf(&w->view, "secret-%016llx-%016llx", (unsigned long long)dice(~0ull),
                     (unsigned long long)dice(~0ull));
    c.id = arena_printf(&w->view, "call%09d", i);
    c.legs[0].call_id = secret;
    c.legs[0].from_display =
        arena_printf(&w->view, "display-%016llx", (unsigned long long)seed);
    c.from = arena_printf(&w->view, "%020llu", (unsigned long long)dice(~0ull));
    c.devices[0].software =
        arena_printf(&w->view, "agent-%016llx%016llx", (unsigned long long)dice(~0ull),
                     (unsigned long long)seed);
    struct out json = {0};
    /* long enough that no two are alike in their middle */
    out_printf(&json, "{\"id\":\"%.*s\",\"noise\":\"", (int)c.id.n, (const char *)c.id.p);
    for (u64 n = 20 + dice(40); n; n--)
        out_printf(&json, "%016llx", (unsigned long long)dice(~0ull));
    out_z(&json, "\"}");
    for (int k = 0; k < 1 + (int)dice(4); k++) {
        struct sighting g = sighting_of(&w->view, w->source, i, k, start_us + k * 1000);
        struct store_facts f = {.call_id = secret};
        struct out raw = {0};
        out_printf(&raw, "INVITE sip:%.*s\r\n", (int)secret.n, (const char *)secret.p);
        for (u64 n = dice(60); n; n--) out_u64(&raw, dice(~0ull));
        g.bytes = out_str(&raw);
        g.src.ip[1] = (u8)i, g.src.ip[2] = (u8)(i >> 8);
        bool fresh;
        fine(w->s, store_sighting(w->s, &g, &f, &fresh));
        out_drop(&raw);
    }
    fine(w->s, store_put_call(w->s, &c, out_str(&json)));
    out_drop(&json);
}

static void fill(struct world *w) {
    world_open(w, STORE_WRITE);
    for (int i = 0; i < CALLS;) {
        world_begin(w);
        for (int n = 0; n < 40; n++, i++) noisy_call(w, i, T0 + (i64)dice(48) * HOUR);
        world_commit(w);
        arena_reset(&w->view);
    }
}

static i64 count_at(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    i64 n = ask(db, sql);
    sqlite3_close(db);
    return n;
}

static void no_byte_stays(void **state) {
    static const char *const blobs[] = {
        "SELECT data,last_us FROM block",
        "SELECT data,start_us FROM call",
        "SELECT data,(at+1)<<24 FROM mark",
        "SELECT text,(SELECT min(first_us) FROM part JOIN block ON id=block WHERE"
        " part.ref=call_id.ref) FROM call_id",
        "SELECT text,(max(slice)+1)<<22 FROM word WHERE kind IN (5,11,12) GROUP BY "
        "kind,text",
    };
    struct world w;
    struct needles old = {0}, young = {0};
    sqlite3 *db = NULL;
    char wal[128];
    const char *what = "";
    const i64 split_us = T0 + 24 * HOUR;
    (void)state;
    seed = 5;
    world_init(&w);
    fill(&w);
    snprintf(wal, sizeof wal, "%s-wal", w.path);
    assert_int_equal(sqlite3_open_v2(w.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (isize i = 0; i < countof(blobs); i++)
        needles_collect(db, blobs[i], split_us, &old, &young);
    i64 kept = ask(db, "SELECT count(*) FROM call WHERE start_us>=1700086400000000");
    sqlite3_close(db);
    assert_true(old.n > 1000 && young.n > 1000 && kept > 300);
    assert_true(needles_in(&old, w.path, &what) + needles_in(&old, wal, &what) >= old.n);
    bool left = true;
    int portions = 0;
    for (; left; portions++) fine(w.s, store_retain(w.s, split_us, &left));
    assert_true(portions > 3); /* a bounded number at a time */
    isize stayed = needles_in(&old, w.path, &what);
    if (stayed) fail_msg("%lld pieces of %s", (long long)stayed, what);
    assert_int_equal(needles_in(&old, wal, &what), 0);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM call"), kept);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM endpoint"),
                     count_at(w.path, "SELECT count(DISTINCT ref) FROM part") + 3);
    assert_true(needles_in(&young, w.path, &what) >= young.n);
    world_close(&w);
    check_invariants(w.path);
    needles_drop(&old);
    needles_drop(&young);
    world_drop(&w);
}

static void the_file_shrinks(void **state) {
    struct world w;
    struct stat before, after;
    bool left = true;
    (void)state;
    world_init(&w);
    fill(&w);
    world_close(&w);
    assert_int_equal(stat(w.path, &before), 0);
    world_open(&w, STORE_WRITE);
    while (left) fine(w.s, store_retain(w.s, INT64_MAX, &left));
    assert_int_equal(stat(w.path, &after), 0);
    assert_true(after.st_size * 4 < before.st_size);
    struct store_totals t;
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.sightings + t.calls, 0);
    assert_int_equal(t.first_us, 0);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM word"), 0);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM call_id"), 0);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM endpoint"), 0);
    assert_int_equal(count_at(w.path, "SELECT count(*) FROM source"), 0);
    world_begin(&w);
    add(&w, 1, 1, T0 - HOUR); /* older than all that was there */
    world_commit(&w);
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.last_us, T0 - HOUR);
    world_drop(&w);
}

static void a_call_that_goes_on_stays_whole(void **state) {
    struct world w;
    bool left = true;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    add(&w, 1, 0, T0);
    add(&w, 1, 3, T0 + 10 * HOUR); /* its BYE */
    put_ids(&w, "long", T0, (int[]){1}, 1);
    add(&w, 2, 0, T0 + HOUR);
    put_ids(&w, "short", T0 + HOUR, (int[]){2}, 1);
    add(&w, 3, 0, T0);
    add(&w, 3, 1, T0 + 10 * HOUR);
    struct call c =
        call_of(&w.view, "phone", T0, (int[]){3}, 1); /* a registration goes on and on */
    c.kind = KIND_REGISTRATION;
    put(&w, &c);
    add(&w, 4, 0, T0 + HOUR); /* of no call */
    add(&w, 5, 0, T0 + 9 * HOUR);
    world_commit(&w);
    while (left) fine(w.s, store_retain(w.s, T0 + 5 * HOUR, &left));
    struct search q = search_any();
    expect_found(&w, &q, "phone long");
    static struct heard h;
    struct input_sink sink = heard_sink(&h);
    fine(w.s, store_replay_range(w.s, INT64_MIN, INT64_MAX, &sink));
    assert_int_equal(h.n, 4); /* both of 1, the late ones of 3 and 5 */
    left = true;
    while (left) fine(w.s, store_retain(w.s, T0 + 10 * HOUR + 1, &left));
    expect_found(&w, &q, "");
    fine(w.s, store_replay_range(w.s, INT64_MIN, INT64_MAX, &sink));
    assert_int_equal(h.n, 4); /* no more came */
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* Two calls with one masked Call-ID: what the younger one needs stays. */
static void a_shared_call_id_stays(void **state) {
    struct world w;
    bool left = true;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    add(&w, 1, 0, T0);
    struct call a = call_of(&w.view, "aaa", T0, (int[]){1}, 1);
    struct call b = call_of(&w.view, "bbb", T0 + HOUR, (int[]){1}, 1);
    b.legs[0].id = S("another");
    b.legs[0].end_us = T0 + 10 * HOUR;
    put(&w, &a);
    put(&w, &b);
    world_commit(&w);
    while (left) fine(w.s, store_retain(w.s, T0 + 5 * HOUR, &left));
    struct search q = search_any();
    expect_found(&w, &q, "bbb");
    struct store_totals t;
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.sightings, 1);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* A source that a listener holds: its messages go, it stays good; and the same messages may come again. */
static void what_was_deleted_may_come_again(void **state) {
    struct world w;
    bool left = true, fresh = false;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    assert_true(add(&w, 1, 0, T0));
    world_commit(&w);
    while (left) fine(w.s, store_retain(w.s, T0 + HOUR, &left));
    fine(w.s, store_begin(w.s));
    store_session(w.s);
    struct sighting g = sighting_of(&w.view, w.source, 1, 0, T0);
    struct store_facts f = {.call_id = call_id_of(&w.view, 1)};
    fine(w.s, store_sighting(w.s, &g, &f, &fresh));
    assert_true(fresh);
    world_commit(&w);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* An old trace that is read in today stays as long as one of today. */
static void age_counts_from_when_it_was_kept(void **state) {
    struct world w;
    bool left = true;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    store_clock(w.s, T0 + 100 * HOUR);
    world_begin(&w);
    add(&w, 1, 0, T0);
    put_ids(&w, "old", T0, (int[]){1}, 1);
    add(&w, 2, 0, T0); /* of no call */
    world_commit(&w);
    while (left) fine(w.s, store_retain(w.s, T0 + 99 * HOUR, &left));
    struct search q = search_any();
    expect_found(&w, &q, "old");
    struct store_totals t;
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.sightings, 2);
    i64 first, last;
    fine(w.s, store_unlinked(w.s, &first, &last));
    assert_true(first <= T0 && last >= T0 && last < T0 + HOUR);
    left = true;
    while (left) fine(w.s, store_retain(w.s, T0 + 101 * HOUR, &left));
    expect_found(&w, &q, "");
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.sightings, 0);
    fine(w.s, store_unlinked(w.s, &first, &last));
    assert_true(last < first);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* Few Call-IDs without a call are looked up one by one, many row by row: from the first of them to the last, all others aside. */
static void what_is_in_no_call(void **state) {
    enum { MANY = 300 };
    (void)state;
    for (int loose = 0; loose <= MANY; loose += loose < 2 ? 1 : MANY - 2) {
        struct world w;
        i64 first, last;
        world_init(&w);
        world_open(&w, STORE_WRITE);
        world_begin(&w);
        for (int i = 0; i < loose; i++) add(&w, i, 0, T0 + (i * 7 % loose + 1) * HOUR);
        for (int i = MANY; i < MANY + 3; i++) {
            char id[16];
            snprintf(id, sizeof id, "call%d", i);
            add(&w, i, 0, T0 + (i - MANY) * MANY * HOUR);
            put_ids(&w, id, T0, &i, 1);
        }
        world_commit(&w);
        fine(w.s, store_unlinked(w.s, &first, &last));
        assert_int_equal(first, loose ? T0 + HOUR : 0);
        assert_int_equal(last, loose ? T0 + loose * HOUR : -1);
        world_close(&w);
        world_drop(&w);
    }
}

static void retention_has_its_own_transaction(void **state) {
    struct world w;
    bool left = false;
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    assert_int_equal(store_retain(w.s, T0, &left), ERR_USAGE);
    world_close(&w);
    world_open(&w, STORE_READ);
    assert_int_equal(store_retain(w.s, T0, &left), ERR_USAGE);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_stays),
        cmocka_unit_test(the_file_shrinks),
        cmocka_unit_test(a_call_that_goes_on_stays_whole),
        cmocka_unit_test(a_shared_call_id_stays),
        cmocka_unit_test(what_was_deleted_may_come_again),
        cmocka_unit_test(age_counts_from_when_it_was_kept),
        cmocka_unit_test(what_is_in_no_call),
        cmocka_unit_test(retention_has_its_own_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
