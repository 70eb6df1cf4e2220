/* The WAL goes into the file beside the writer: it stays bounded, whoever reads meanwhile, and nothing is lost. */
#include "world.h"

enum { COMMITS = 400, FROM = 2, WHOLE = 64 };

static i64 wal_pages(const struct world *w) {
    char name[512];
    struct stat st;
    snprintf(name, sizeof name, "%s-wal", w->path);
    return stat(name, &st) ? 0 : (i64)st.st_size / (STORE_PAGE + 24);
}

static void commit_one(struct world *w, int i) {
    char id[16];
    world_begin(w);
    add(w, i, 0, T0 + i * US_PER_SECOND);
    add(w, i, 1, T0 + i * US_PER_SECOND + 1);
    snprintf(id, sizeof id, "call%d", i);
    put_ids(w, id, T0 + i * US_PER_SECOND, &i, 1);
    world_commit(w);
    arena_reset(&w->view);
}

static void sweeps_soon(struct world *w) {
    world_open(w, STORE_WRITE);
    w->s->sweep.from = FROM;
    w->s->sweep.next = w->s->sweep.whole = WHOLE;
}

static void all_is_there(struct world *w, u64 calls) {
    struct store_totals t;
    world_open(w, STORE_READ);
    fine(w->s, store_totals(w->s, &t));
    assert_int_equal(t.calls, calls);
    assert_int_equal(t.sightings, 2 * calls);
    world_close(w);
    check_invariants(w->path);
}

static void the_wal_stays_small(void **state) {
    struct world w;
    i64 most = 0;
    (void)state;
    world_init(&w);
    sweeps_soon(&w);
    for (int i = 0; i < COMMITS; i++) {
        commit_one(&w, i);
        most = i64_max(most, wal_pages(&w));
    }
    assert_true(w.s->sweep.made);
    assert_true(most < 2 * WHOLE + 64); /* without: some thousand */
    world_close(&w);
    all_is_there(&w, COMMITS);
    world_drop(&w);
}

/* Commits, then some more from within a reader's search. */
static void search_beside(struct world *w, store_row *each) {
    struct store *reader = NULL;
    struct search q = search_any();
    str why;
    world_init(w);
    sweeps_soon(w);
    for (int i = 0; i < COMMITS; i++) commit_one(w, i);
    assert_int_equal(store_open(&reader, w->path, STORE_READ, &w->boot, &why), ERR_OK);
    fine(reader, store_search(reader, &q, each, w));
    store_close(reader);
}

static bool waits(void *ctx, str id, i64 start_us, str json) {
    (void)id, (void)start_us, (void)json;
    struct world *w = ctx;
    for (int i = 0; wal_pages(w) <= WHOLE + WHOLE / 4; i++) commit_one(w, COMMITS + i);
    return false;
}

/* … and when it has gone, the WAL begins anew at once, not when as much again has come. */
static void the_reader_has_gone(void **state) {
    struct world w;
    (void)state;
    search_beside(&w, waits);
    i64 most = wal_pages(&w);
    for (int i = 0; i < COMMITS; i++) commit_one(&w, 2 * COMMITS + i);
    assert_true(wal_pages(&w) < most + WHOLE / 2);
    world_close(&w);
    world_drop(&w);
}

static bool stops(void *ctx, str id, i64 start_us, str json) {
    (void)id, (void)start_us, (void)json;
    commit_one(ctx, COMMITS);
    for (int i = COMMITS + 1; i < COMMITS + 100; i++) commit_one(ctx, i);
    return false;
}

/* Who is in the middle of a search keeps the WAL from beginning anew: it grows, and shrinks no commit's promise. */
static void a_reader_is_in_the_way(void **state) {
    struct world w;
    (void)state;
    search_beside(&w, stops);
    for (int i = 100; i < 200; i++) commit_one(&w, COMMITS + i);
    world_close(&w);
    all_is_there(&w, COMMITS + 200);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wal_stays_small),
        cmocka_unit_test(the_reader_has_gone),
        cmocka_unit_test(a_reader_is_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
