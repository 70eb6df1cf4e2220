/* Opening: what is no database, what is another's, what is in use. Each refusal is one sentence that names the file. */
#include "lib/edge.h"
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static int setup(void **state) {
    static struct world w;
    world_init(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    world_drop(*state);
    return 0;
}

static void refused(struct world *w, enum store_mode mode, enum err want,
                    const char *ending) {
    struct store *s = NULL;
    str why = {0};
    assert_int_equal(store_open(&s, w->path, mode, &w->boot, &why), want);
    assert_null(s);
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%.*s", (int)why.n, (const char *)why.p);
    assert_non_null(strstr(sentence, w->path));
    if (!strstr(sentence, ending)) fail_msg("\"%s\" has no \"%s\"", sentence, ending);
}

static void write_file(const char *path, str bytes) {
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, (size_t)bytes.n), bytes.n);
    close(fd);
}

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void make_one(struct world *w) {
    world_open(w, STORE_WRITE);
    world_begin(w);
    add(w, 1, 0, T0);
    put_ids(w, "one", T0, (int[]){1}, 1);
    world_commit(w);
}

static void nothing_there(void **state) {
    refused(*state, STORE_READ, ERR_NOT_FOUND, "there is no database");
}

static void no_such_folder(void **state) {
    struct world *w = *state;
    char kept[sizeof w->path];
    memcpy(kept, w->path, sizeof kept);
    snprintf(w->path, sizeof w->path, "%s/none/calls.db", w->dir);
    refused(w, STORE_READ, ERR_NOT_FOUND, "there is no database");
    refused(w, STORE_WRITE, ERR_IO, "No such file");
    memcpy(w->path, kept, sizeof kept);
}

static void a_folder(void **state) {
    struct world *w = *state;
    assert_int_equal(mkdir(w->path, 0755), 0);
    refused(w, STORE_READ, ERR_IO, "is a folder");
    refused(w, STORE_WRITE, ERR_IO, "is a folder");
    rmdir(w->path);
}

static void another_kind_of_file(void **state) {
    struct world *w = *state;
    write_file(w->path, S("INVITE sip:x@example.com SIP/2.0\r\n\r\n"));
    refused(w, STORE_READ, ERR_FORMAT, "not a database");
    refused(w, STORE_WRITE, ERR_FORMAT, "not a database");
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_size, 36);
}

static void an_empty_file(void **state) {
    struct world *w = *state;
    write_file(w->path, S(""));
    refused(w, STORE_READ, ERR_FORMAT, "is empty");
    world_open(w, STORE_WRITE); /* touch calls.db: made into one */
    world_close(w);
    world_open(w, STORE_READ);
}

static void a_database_of_somebody_else(void **state) {
    struct world *w = *state;
    run_sql(w->path, "CREATE TABLE recipe(a); INSERT INTO recipe VALUES(1);");
    refused(w, STORE_READ, ERR_FORMAT, "not one of sipweave");
    refused(w, STORE_WRITE, ERR_FORMAT, "not one of sipweave");
    run_sql(w->path, "PRAGMA application_id=1; PRAGMA user_version=1;");
    refused(w, STORE_WRITE, ERR_FORMAT, "not one of sipweave");
}

static void a_newer_version(void **state) {
    struct world *w = *state;
    make_one(w);
    world_close(w);
    run_sql(w->path, "PRAGMA user_version=4");
    refused(w, STORE_READ, ERR_VERSION, "newer sipweave");
    refused(w, STORE_WRITE, ERR_VERSION, "newer sipweave");
    run_sql(w->path, "PRAGMA user_version=0");
    refused(w, STORE_READ, ERR_FORMAT, "format number");
}

static void an_older_version(void **state) {
    struct world *w = *state;
    make_one(w);
    world_close(w);
    run_sql(w->path, "PRAGMA user_version=1");
    refused(w, STORE_READ, ERR_VERSION, "older sipweave");
    refused(w, STORE_WRITE, ERR_VERSION, "import its captures and logs again");
}

static void one_writer_many_readers(void **state) {
    struct world *w = *state;
    make_one(w);
    refused(w, STORE_WRITE, ERR_BUSY, "is being written by another sipweave");
    struct world readers[3];
    struct search q = search_any();
    for (int i = 0; i < 3; i++) {
        readers[i] =
            (struct world){.boot = arena_open(1 << 24), .view = arena_open(1 << 24)};
        memcpy(readers[i].path, w->path, sizeof w->path);
        world_open(&readers[i], STORE_READ);
        expect_found(&readers[i], &q, "one");
        assert_int_equal(store_begin(readers[i].s), ERR_USAGE);
    }
    world_begin(w);
    put_ids(w, "two", T0 + 1, (int[]){2}, 1);
    expect_found(&readers[0], &q, "one"); /* the last commit */
    expect_found(w, &q, "two one");
    world_commit(w);
    for (int i = 0; i < 3; i++) {
        expect_found(&readers[i], &q, "two one");
        store_close(readers[i].s);
        arena_close(&readers[i].boot);
        arena_close(&readers[i].view);
    }
    world_close(w);
    world_open(w, STORE_WRITE); /* free again */
}

static void a_killed_writer_leaves_no_lock(void **state) {
    struct world *w = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        make_one(w);
        _exit(write(ready[1], "x", 1) == 1 && pause() ? 0 : 1);
    }
    char x;
    assert_int_equal(read(ready[0], &x, 1), 1);
    refused(w, STORE_WRITE, ERR_BUSY, "is being written");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    world_open(w, STORE_WRITE);
    struct search q = search_any();
    expect_found(w, &q, "one");
    close(ready[0]);
    close(ready[1]);
}

/* Runs `body` as a user who is not root: for root nothing is read-only. 0, or the line that went wrong. */
static void as_nobody(struct world *w, int (*body)(struct world *w)) {
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setegid(65534) || seteuid(65534))) _exit(99);
        _exit(body(w));
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int try_open(struct world *w, enum store_mode mode, enum err want) {
    str why = {0};
    enum err e = store_open(&w->s, w->path, mode, &w->boot, &why);
    if (e != want) {
        print_message("# %s %.*s\n", err_text(e), (int)why.n,
                      why.n ? (const char *)why.p : "");
        return 1;
    }
    struct store_totals t;
    if (e == ERR_OK && (store_totals(w->s, &t) || t.sightings != 1)) return 2;
    if (e == ERR_OK) world_close(w);
    return 0;
}

static int read_only_body(struct world *w) {
    int a = try_open(w, STORE_READ, ERR_OK);
    return a ? a : try_open(w, STORE_WRITE, ERR_IO) * 10;
}

static int unreadable_body(struct world *w) {
    int a = try_open(w, STORE_READ, ERR_IO);
    return a ? a : try_open(w, STORE_WRITE, ERR_IO) * 10;
}

static void a_file_that_may_not_be_written(void **state) {
    struct world *w = *state;
    make_one(w);
    world_close(w);
    chmod(w->path, 0444);
    chmod(w->dir, 0755);
    as_nobody(w, read_only_body); /* in a folder that may not be written either */
    chmod(w->path, 0);
    as_nobody(w, unreadable_body);
    chmod(w->path, 0600);
    chmod(w->dir, 0700);
}

static void a_damaged_file_is_said_to_be_damaged(void **state) {
    struct world *w = *state;
    make_one(w);
    for (int i = 2; i < 60; i++) {
        world_begin(w);
        add(w, i, 0, T0 + i);
        world_commit(w);
    }
    world_close(w);
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    int fd = open(w->path, O_RDWR);
    u8 noise[STORE_PAGE];
    memset(noise, 0xa5, sizeof noise);
    for (off_t at = STORE_PAGE * 2; at < st.st_size; at += STORE_PAGE)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), (ssize_t)sizeof noise);
    close(fd);
    world_open(w, STORE_READ);
    static struct heard h;
    struct input_sink sink = heard_sink(&h);
    assert_int_equal(store_replay_range(w->s, INT64_MIN, INT64_MAX, &sink), ERR_IO);
    assert_non_null(strstr((const char *)store_error(w->s).p, "is damaged"));
    struct search q = search_any();
    struct out o = {0};
    assert_int_equal(store_search(w->s, &q, row_note, &o), ERR_IO);
    out_drop(&o);
}

static void count_sighting(void *ctx, const struct sighting *s) {
    *(isize *)ctx += s->bytes.n;
}
static u32 any_source(void *ctx, const struct source *s) {
    (void)ctx;
    return (u32)s->name.n;
}

/* Reads and writes whatever can be; only a crash or an endless loop would be wrong. */
static void use_it(struct world *w, enum store_mode mode) {
    str why, id, *ids, json;
    isize n = 0;
    bool left = true, fresh;
    struct store_totals t;
    struct out rows = {0};
    struct search q = search_any();
    struct input_sink sink = {&n, any_source, count_sighting, heard_skipped,
                              heard_damage};
    arena_reset(&w->boot);
    if (store_open(&w->s, w->path, mode, &w->boot, &why)) return;
    enum err e = store_totals(w->s, &t);
    q.number = S("60123");
    e = store_search(w->s, &q, row_note, &rows);
    q.text = S("ringing");
    e = store_search(w->s, &q, row_note, &rows);
    e = store_call_ids(w->s, S("one"), &w->view, &id, &ids, &n);
    e = store_summary(w->s, S("one"), &w->view, &json);
    e = store_replay_range(w->s, INT64_MIN, INT64_MAX, &sink);
    if (mode == STORE_WRITE && store_begin(w->s) == ERR_OK) {
        u32 source = 0;
        struct sighting g = sighting_of(&w->view, 0, 1, 1, T0);
        struct call c = call_of(&w->view, "one", T0, (int[]){1, 2}, 2);
        e = store_source(w->s, &(struct source){.name = S("boxless.log")}, &source);
        g.source = source;
        if (!e)
            e = store_sighting(w->s, &g, &(struct store_facts){.call_id = S("x")},
                               &fresh);
        if (!e) e = store_put_call(w->s, &c, S("{}"));
        e = store_commit(w->s);
        for (int i = 0; i < 50 && left && !e; i++)
            e = store_retain(w->s, T0 + i % 2, &left);
    }
    out_drop(&rows);
    world_close(w);
}

static void no_damage_makes_it_crash(void **state) {
    struct world *w = *state;
    u64 seed = 9;
    make_one(w);
    world_begin(w);
    for (int i = 2; i < 30; i++) {
        add(w, i, i, T0 + i);
        put_ids(w, arena_z(&w->view, arena_printf(&w->view, "call%d", i)), T0 + i, &i, 1);
    }
    world_commit(w);
    world_close(w);
    str good = file_read(w->path);
    for (int round = 0; round < 300; round++) {
        str copy = arena_copy(&w->view, good);
        u8 *p = w->view.at - copy.n;
        for (int i = 0; i <= round % 8; i++) {
            seed = hash_mix(seed, (u64)i);
            p[seed % (u64)copy.n] = (u8)(seed >> 50);
        }
        write_file(w->path, copy);
        use_it(w, round % 2 ? STORE_READ : STORE_WRITE);
        arena_reset(&w->view);
    }
    file_drop(good);
}

static void other_peoples_triggers_do_not_run(void **state) {
    struct world *w = *state;
    make_one(w);
    world_close(w);
    run_sql(w->path,
            "CREATE TRIGGER t AFTER INSERT ON block BEGIN DELETE FROM call; END;");
    world_open(w, STORE_WRITE);
    world_begin(w);
    add(w, 2, 0, T0);
    world_commit(w);
    struct search q = search_any();
    expect_found(w, &q, "one");
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_there),
        T(no_such_folder),
        T(a_folder),
        T(another_kind_of_file),
        T(an_empty_file),
        T(a_database_of_somebody_else),
        T(a_newer_version),
        T(an_older_version),
        T(one_writer_many_readers),
        T(a_killed_writer_leaves_no_lock),
        T(a_file_that_may_not_be_written),
        T(a_damaged_file_is_said_to_be_damaged),
        T(no_damage_makes_it_crash),
        T(other_peoples_triggers_do_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
