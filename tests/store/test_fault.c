/* Every write may be the one that fails: for each N the same work is done with the Nth operation on the disk (or the Nth
 * allocation of SQLite) failing, and what was acknowledged must be there afterwards, whole, once. */
#include "shim.h"
#include "world.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { BATCHES = 5, IN_BATCH = 6 };

struct work {
    struct world w;
    bool acked[BATCHES], retained, retiring;
    enum err last;
};

/* ---- the work ------------------------------------------------------------------------------------------ */

static enum err put_quietly(struct world *w, const char *id, i64 start_us, int call_id) {
    struct call c = call_of(&w->view, id, start_us, &call_id, 1);
    return store_put_call(w->s, &c, arena_printf(&w->view, "{\"id\":\"%s\"}", id));
}

/* Batch b: six sightings of Call-ID b, in two chunks (an hour apart), and their call. */
static enum err batch(struct world *w, int b) {
    struct source source = {.name = S("x.log")};
    u32 id = 0;
    enum err e = store_begin(w->s);
    if (!e) e = store_source(w->s, &source, &id);
    for (int k = 0; k < IN_BATCH && !e; k++) {
        bool fresh = false;
        i64 time_us = T0 + b * 86400 * US_PER_SECOND + k / 3 * 3600 * US_PER_SECOND + k;
        struct sighting g = sighting_of(&w->view, id, b, k, time_us);
        struct store_facts f = {.call_id = call_id_of(&w->view, b)};
        e = store_sighting(w->s, &g, &f, &fresh);
        if (!e) assert_true(fresh);
    }
    char name[16];
    snprintf(name, sizeof name, "call%d", b);
    if (!e) e = put_quietly(w, name, T0 + b * 86400 * US_PER_SECOND, b);
    if (!e)
        e = store_commit(w->s);
    else
        store_rollback(w->s);
    return e;
}

static enum err retain_first(struct world *w) {
    bool left = true;
    enum err e = ERR_OK;
    while (left && !e) e = store_retain(w->s, T0 + 86400 * US_PER_SECOND, &left);
    return e;
}

/* From nothing to a closed database; a failed step is tried `tries` times in all. */
static void work(struct work *k, int tries) {
    str why;
    enum err e = ERR_IO;
    for (int i = 0; i < tries && e; i++) {
        arena_reset(&k->w.boot);
        k->w.s = NULL;
        e = store_open(&k->w.s, k->w.path, STORE_WRITE, &k->w.boot, &why);
        if (e) k->last = e;
    }
    if (e) return;
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < tries && !k->acked[b]; i++) {
            store_session(k->w.s);
            e = batch(&k->w, b);
            k->acked[b] = e == ERR_OK;
            if (e) k->last = e;
        }
        k->retiring |= b == 2;
        for (int i = 0; b == 2 && i < tries && !k->retained; i++) {
            e = retain_first(&k->w);
            k->retained = e == ERR_OK;
            if (e) k->last = e;
        }
    }
    world_close(&k->w);
}

/* ---- what has to be there ------------------------------------------------------------------------------- */

static isize stored_of(struct world *w, int b) {
    static struct heard h;
    struct input_sink sink = heard_sink(&h);
    str call_id = call_id_of(&w->view, b);
    fine(w->s, store_replay_call_ids(w->s, &call_id, 1, &sink));
    return h.n;
}

static void check_work(struct work *k, i64 n) {
    if (access(k->w.path, F_OK)) {
        assert_false(k->acked[0]); /* it failed before there was a file */
        return;
    }
    bool opened = k->acked[0] || k->acked[1] || k->acked[2] || k->acked[3] || k->acked[4];
    str why;
    arena_reset(&k->w.boot);
    enum err e = store_open(&k->w.s, k->w.path, STORE_WRITE, &k->w.boot, &why);
    if (e) fail_msg("after %lld: %.*s", (long long)n, (int)why.n, (const char *)why.p);
    for (int b = 0; b < BATCHES; b++) {
        isize there = stored_of(&k->w, b);
        bool may_be_gone = b == 0 && k->retiring, must_be_gone = b == 0 && k->retained;
        bool whole = there == IN_BATCH, none = there == 0;
        char name[16];
        str id, *ids;
        isize nids;
        snprintf(name, sizeof name, "call%d", b);
        e = store_call_ids(k->w.s, str_z(name), &k->w.view, &id, &ids, &nids);
        if (!whole && !none)
            fail_msg("after %lld: batch %d has %d", (long long)n, b, (int)there);
        if (k->acked[b] && none && !may_be_gone)
            fail_msg("after %lld: batch %d was acknowledged and is gone", (long long)n,
                     b);
        if (must_be_gone && !none)
            fail_msg("after %lld: batch %d is still there", (long long)n, b);
        assert_int_equal(e, whole ? ERR_OK : ERR_NOT_FOUND);
    }
    (void)opened;
    world_close(&k->w);
    check_invariants(k->w.path);
}

static void work_init(struct work *k) {
    *k = (struct work){0};
    world_init(&k->w);
}

static void every_operation(enum shim_mode mode, int tries) {
    bool failed = true;
    i64 n = 0;
    for (; failed; n++) {
        struct work k;
        work_init(&k);
        shim_install();
        shim_reset(mode, n);
        work(&k, tries);
        failed = shim.failed;
        if (mode == SHIM_DEAD) shim_power_cut((u64)n);
        shim_remove();
        if (tries > 1) {
            for (int b = 0; b < BATCHES; b++) assert_true(k.acked[b]);
            assert_true(k.retained);
        }
        check_work(&k, n);
        world_drop(&k.w);
        shim_reset(SHIM_OFF, 0);
    }
    print_message("# %lld operations\n", (long long)n);
    assert_true(n > 50);
}

static void one_failed_operation(void **state) {
    (void)state;
    every_operation(SHIM_ONCE, 1);
}
static void one_failed_operation_and_another_try(void **state) {
    (void)state;
    every_operation(SHIM_ONCE, 3);
}
static void a_power_cut_at_every_operation(void **state) {
    (void)state;
    every_operation(SHIM_DEAD, 1);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static sqlite3_mem_methods memory;
static i64 allocations, fail_allocation;
static bool allocation_failed;

static bool memory_fails(void) {
    bool fails = allocations++ == fail_allocation;
    allocation_failed |= fails;
    return fails;
}
static void *poor_malloc(int n) {
    return memory_fails() ? NULL : memory.xMalloc(n);
}
static void *poor_realloc(void *p, int n) {
    return memory_fails() ? NULL : memory.xRealloc(p, n);
}

static void every_allocation_of_sqlite(void **state) {
    (void)state;
    sqlite3_mem_methods poor;
    assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
    poor = memory;
    poor.xMalloc = poor_malloc;
    poor.xRealloc = poor_realloc;
    fail_allocation = -1;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &poor), SQLITE_OK);
    i64 step = 1;
    allocation_failed = true;
    for (i64 n = 0; allocation_failed; n += step) {
        struct work k;
        work_init(&k);
        allocation_failed = false;
        allocations = 0;
        fail_allocation = n;
        work(&k, 1);
        fail_allocation = -1;
        check_work(&k, n);
        world_drop(&k.w);
        step = n < 200 ? 1 : 13; /* the later ones are much alike */
    }
    assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
}

/* ---- a full disk ------------------------------------------------------------------------------------------ */

static void expect_full(struct world *w, enum err e) {
    assert_int_equal(e, ERR_DISK_FULL);
    char want[256];
    snprintf(want, sizeof want,
             "%s cannot grow: the disk is full; what was committed before is safe",
             w->path);
    assert_string_equal((const char *)store_error(w->s).p, want);
}

/* Twenty messages that cannot be squeezed. */
static enum err noisy_batch(struct world *w, int n) {
    struct source source = {.name = S("x.log")};
    u32 id = 0;
    enum err e = store_begin(w->s);
    if (e) return e;
    e = store_source(w->s, &source, &id);
    for (int i = 0; i < 20 && !e; i++) {
        bool fresh;
        u8 noise[400];
        for (isize b = 0; b < countof(noise); b++)
            noise[b] = (u8)hash_mix((u64)b, (u64)(n * 20 + i));
        struct sighting g = sighting_of(&w->view, id, n, 0, T0 + n * 100 + i);
        struct store_facts f = {.call_id = call_id_of(&w->view, n)};
        g.bytes = (str){noise, countof(noise)};
        e = store_sighting(w->s, &g, &f, &fresh);
    }
    enum err committed = store_commit(w->s);
    if (e) assert_int_equal(committed, e); /* the first failure */
    return committed;
}

/* Batches until one fails; the number of those that did not. */
static int fill(struct world *w, enum err *e) {
    int n = 0;
    while ((*e = noisy_batch(w, n)) == ERR_OK && n < 2000) {
        arena_reset(&w->view);
        n++;
    }
    return n;
}

static void expect_batches(struct world *w, int n) {
    struct store_totals t;
    fine(w->s, store_totals(w->s, &t));
    assert_int_equal(t.sightings, n * 20);
}

static void a_full_disk(void **state) {
    (void)state;
    struct world w;
    enum err e;
    world_init(&w);
    shim_install();
    shim_reset(SHIM_QUOTA, 0);
    shim.quota = 2000000;
    world_open(&w, STORE_WRITE);
    int n = fill(&w, &e);
    expect_full(&w, e);
    assert_in_range(n, 10, 1999);
    expect_batches(&w, n);
    store_session(w.s);
    int again = fill(
        &w, &e); /* what is there needs no room; still full; nothing is lost by trying */
    expect_full(&w, e);
    assert_int_equal(again, n);
    expect_batches(&w, n);
    shim.quota = 4000000; /* somebody made room */
    store_session(w.s);
    assert_true(fill(&w, &e) > n);
    expect_full(&w, e);
    world_close(&w);
    shim_remove();
    check_invariants(w.path);
    shim_reset(SHIM_OFF, 0);
    world_drop(&w);
}

static void the_limit_of_a_database(void **state) {
    (void)state;
    struct world w;
    enum err e;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    assert_int_equal(sqlite3_exec(w.s->db, "PRAGMA max_page_count=60", NULL, NULL, NULL),
                     SQLITE_OK);
    int n = fill(&w, &e);
    expect_full(&w, e);
    expect_batches(&w, n);
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

/* ulimit -f: the kernel says EFBIG, which SQLite does not take for a full disk. */
static void the_limit_of_a_file(void **state) {
    (void)state;
    struct world w;
    world_init(&w);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        enum err e;
        struct rlimit limit = {3000000, 3000000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        world_open(&w, STORE_WRITE);
        int n = fill(&w, &e);
        print_message("# %d: %s\n", n, (const char *)store_error(w.s).p);
        fflush(NULL);
        _exit(e == ERR_DISK_FULL && n > 10 ? n : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 0);
    world_open(&w, STORE_WRITE);
    expect_batches(&w, WEXITSTATUS(status));
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_failed_operation),
        cmocka_unit_test(one_failed_operation_and_another_try),
        cmocka_unit_test(a_power_cut_at_every_operation),
        cmocka_unit_test(every_allocation_of_sqlite),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(the_limit_of_a_database),
        cmocka_unit_test(the_limit_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
