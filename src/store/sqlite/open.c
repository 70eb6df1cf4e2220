/* open.c: from a path to a store, and back.
 *
 * The writer's lock is a file of its own, PATH-lock, held with flock: the kernel lets go of it when the process dies,
 * however it dies, so there is never a stale one. Locking the database itself would not do: closing any
 * descriptor of that file would drop the locks which SQLite holds on it (POSIX locks belong to the process), and SQLite's own
 * locks last for one transaction only. The file is removed by whoever holds its lock; who gets a lock on a
 * file that is no longer there under its name tries again. */
#include "base/out.h"
#include "store/sqlite/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err lock_take(struct store *s) {
    const char *path = s->lock_path;
    for (;;) {
        s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (s->lock < 0)
            return db_fail(s, ERR_IO, "%s cannot be written: %s: %s",
                           (const char *)s->path.p, path, strerror(errno));
        if (flock(s->lock, LOCK_EX | LOCK_NB)) {
            enum err e = errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
            close(s->lock);
            s->lock = -1;
            if (e == ERR_IO) return db_fail(s, e, "%s cannot be locked", path);
            return db_fail(s, e, "%s is being written by another sipweave",
                           (const char *)s->path.p);
        }
        struct stat held, named;
        if (fstat(s->lock, &held) == 0 && stat(path, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev)
            return ERR_OK;
        close(s->lock);
    }
}

static void lock_release(struct store *s) {
    if (s->lock < 0) return;
    unlink(s->lock_path);
    close(s->lock);
    s->lock = -1;
}

/* What the name stands for, before SQLite is asked: its own sentences do not say. */
static enum err path_check(struct store *s, enum store_mode mode) {
    const char *path = (const char *)s->path.p;
    struct stat st;
    if (stat(path, &st)) {
        if (errno == ENOENT && mode == STORE_WRITE) return ERR_OK;
        if (errno == ENOENT || errno == ENOTDIR)
            return db_fail(s, ERR_NOT_FOUND, "there is no database %s", path);
        return db_fail(s, ERR_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode))
        return db_fail(s, ERR_IO, "%s is a folder, not a database", path);
    if (!S_ISREG(st.st_mode))
        return db_fail(s, ERR_FORMAT, "%s is no ordinary file", path);
    int want = mode == STORE_WRITE ? R_OK | W_OK : R_OK;
    if (access(path, want))
        return db_fail(s, ERR_IO, "%s may not be %s", path,
                       want & W_OK ? "written" : "read");
    return ERR_OK;
}

static enum err number_of(struct store *s, const char *sql, i64 *value) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    enum err e = rc == SQLITE_OK ? db_int(s, st, 0, value) : db_refused(s, rc);
    sqlite3_finalize(st);
    return e;
}

/* All or nothing: killed half-way, the file is empty still and is made again. */
static enum err schema_make(struct store *s) {
    char numbers[128];
    snprintf(numbers, sizeof numbers, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             STORE_APPLICATION_ID, STORE_VERSION);
    enum err e = db_pragma(s, "BEGIN IMMEDIATE");
    if (!e) e = db_pragma(s, store_schema);
    if (!e) e = db_pragma(s, sieve_schema);
    if (!e) e = db_pragma(s, numbers);
    if (!e) e = db_pragma(s, "COMMIT");
    s->sieve.there = !e;
    return e;
}

/* What wrote it before would not know that sieves have to go with what they are made of: so the number changes. */
static enum err schema_renew(struct store *s) {
    char number[64];
    snprintf(number, sizeof number, "PRAGMA user_version=%d;", STORE_VERSION);
    enum err e = db_pragma(s, "BEGIN IMMEDIATE");
    if (!e) e = db_pragma(s, sieve_schema);
    if (!e) e = db_pragma(s, number);
    if (!e) e = db_pragma(s, "COMMIT");
    return e;
}

static enum err schema_check(struct store *s) {
    const char *path = (const char *)s->path.p;
    i64 application = 0, version = 0, tables = 0;
    enum err e = number_of(s, "PRAGMA application_id", &application);
    if (!e) e = number_of(s, "PRAGMA user_version", &version);
    if (!e) e = number_of(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (e) return e;
    if (application == 0 && tables == 0) {
        if (s->writer) return schema_make(s);
        return db_fail(s, ERR_FORMAT, "%s is empty: nothing was ever stored in it", path);
    }
    if (application != STORE_APPLICATION_ID)
        return db_fail(s, ERR_FORMAT, "%s is a database, but not one of sipweave", path);
    if (version > STORE_VERSION)
        return db_fail(
            s, ERR_VERSION,
            "%s was written by a newer sipweave (its format is %lld, this one knows %d)",
            path, (long long)version, STORE_VERSION);
    s->sieve.there = version > STORE_PLAIN || s->writer;
    if (version == 1)
        return db_fail(
            s, ERR_VERSION,
            "%s was written by an older sipweave, whose format is not read any "
            "longer; give it another name, and import its captures and logs again",
            path);
    if (version < 1) return db_fail(s, ERR_FORMAT, "%s has no format number", path);
    return version == STORE_PLAIN && s->writer ? schema_renew(s) : ERR_OK;
}

/* The file may come from a stranger: nothing that it holds is run. */
static enum err settings(struct store *s) {
    sqlite3_busy_timeout(s->db, BUSY_WAIT_MS);
    sqlite3_extended_result_codes(s->db, 0);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (!s->writer)
        return db_pragma(s, "PRAGMA cell_size_check=ON; PRAGMA cache_size=-65536;"
                            "PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;");
    char page[64];
    snprintf(page, sizeof page, "PRAGMA page_size=%d;", STORE_PAGE);
    enum err e = db_pragma(s, page);
    if (!e)
        e = db_pragma(
            s, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
               "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
               "PRAGMA cell_size_check=ON; PRAGMA cache_size=-262144;"
               "PRAGMA temp_store=MEMORY;");
    return e;
}

/* A new database is its owner's alone: it holds what people said and how they signed in. (O_EXCL: closing
 * a file that SQLite has open as well would let go of its locks.) */
static void make_private(const char *name) {
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
}

static enum err connect(struct store *s, const char *name, int flags) {
    if (flags & SQLITE_OPEN_CREATE) make_private(name);
    int rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) return db_refused(s, rc);
    enum err e = settings(s);
    if (!e) e = schema_check(s);
    if (!e && s->writer) e = db_pragma(s, decide_schema);
    i64 page = 0;
    if (!e && s->writer) e = number_of(s, "PRAGMA page_size", &page);
    if (!e && s->writer) {
        scrub_begin(&s->scrub, s->db, page);
        sweep_begin(s);
    }
    return e;
}

static void disconnect(struct store *s) {
    sweep_end(s);
    press_end(s);
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(s->stmts[i]);
        s->stmts[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
    scrub_drop(&s->scrub);
}

/* A database in WAL mode, closed properly, in a folder that we may not write: SQLite cannot make the shared memory that
 * it wants. Nobody who could write there has it open (there is no -wal), so it is read as a file that does not change. */
static enum err connect_read(struct store *s, arena scratch) {
    const char *path = (const char *)s->path.p;
    enum err e = connect(s, path, SQLITE_OPEN_READONLY);
    int why = sqlite3_errcode(s->db) & 255;
    if (e != ERR_IO || (why != SQLITE_CANTOPEN && why != SQLITE_READONLY)) return e;
    if (access((const char *)arena_printf(&scratch, "%s-wal", path).p, F_OK) == 0)
        return e;
    disconnect(s);
    struct out uri = {0};
    out_z(&uri, "file:");
    for (isize i = 0; i < s->path.n; i++) out_printf(&uri, "%%%02x", s->path.p[i]);
    out_z(&uri, "?immutable=1");
    out_byte(&uri, 0);
    e = connect(s, (const char *)uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    out_drop(&uri);
    return e;
}

void store_cache(struct store *s, int mib) {
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA cache_size=%d;", -mib * 1024);
    enum err e = db_pragma(s, sql);
    (void)e; /* no harm where it is refused: it is the speed alone */
}

void store_close(struct store *s) {
    if (!s) return;
    if (s->in_txn) store_rollback(s);
    disconnect(s);
    keep_drop(&s->keep);
    known_drop(&s->known);
    loose_drop(&s->loose);
    marks_drop(&s->marks);
    postings_drop(&s->postings);
    learn_drop(&s->learn);
    sieve_drop_memory(&s->sieve);
    detail_drop(&s->detail);
    names_drop(&s->names);
    squeeze_drop(&s->squeeze);
    map_drop(&s->put.joined);
    words_drop(&s->words);
    base_free(s->gone);
    lock_release(s);
}

enum err store_open(struct store **to, const char *path, enum store_mode mode,
                    arena *boot, str *sentence) {
    struct store *s = arena_new(boot, struct store, 1);
    s->clock_us = INT64_MIN;
    s->learn.newest = -1;
    s->path = str_sub(arena_copy(boot, (str){(const u8 *)path, str_z(path).n + 1}), 0,
                      str_z(path).n);
    s->lock_path = (const char *)arena_printf(boot, "%s-lock", path).p;
    s->lock = -1;
    s->writer = mode == STORE_WRITE;
    s->scan_bytes = SCAN_BYTES;
    *to = NULL;
    enum err e = path_check(s, mode);
    if (!e && s->writer) e = lock_take(s);
    if (!e && s->writer) e = connect(s, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (!e && !s->writer) e = connect_read(s, *boot);
    if (!e) {
        *to = s;
        return ERR_OK;
    }
    *sentence = arena_copy(boot, store_error(s));
    store_close(s);
    return e;
}
