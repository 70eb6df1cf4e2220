#include "store/sqlite/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const sql_text[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = text,
    SQL_LIST(X)
#undef X
};

/* ---- failures ---------------------------------------------------------------------------------- */

enum err db_fail(struct store *s, enum err e, const char *format, ...) {
    if (s->failed) return s->failed; /* the first failure is the one to report */
    va_list args;
    va_start(args, format);
    vsnprintf(s->sentence, sizeof s->sentence, format, args);
    va_end(args);
    if (s->in_txn && e != ERR_NOT_FOUND) s->failed = e;
    return e;
}

static bool file_is_full(sqlite3_file *f) {
    int why = 0;
    if (!f || !f->pMethods || f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &why))
        return false;
    return why == ENOSPC || why == EDQUOT || why == EFBIG;
}

/* SQLite takes only ENOSPC for a full disk; a quota and a limit on the size of files mean the same to people. What the
 * system said is known to the file alone: errno has changed since. */
static bool is_full(struct store *s, int rc) {
    sqlite3_file *main_file = NULL, *wal = NULL;
    if ((rc & 255) == SQLITE_FULL) return true;
    if ((rc & 255) != SQLITE_IOERR) return false;
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &main_file);
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    return file_is_full(main_file) || file_is_full(wal);
}

enum err db_refused(struct store *s, int rc) {
    const char *path = (const char *)s->path.p;
    int extended = sqlite3_extended_errcode(s->db);
    if (is_full(s, extended))
        return db_fail(
            s, ERR_DISK_FULL,
            "%s cannot grow: the disk is full; what was committed before is safe", path);
    switch (rc & 255) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return db_fail(s, ERR_BUSY, "%s is in use by another program", path);
    case SQLITE_NOTADB:
        return db_fail(s, ERR_FORMAT, "%s is not a database of sipweave", path);
    case SQLITE_READONLY:
    case SQLITE_PERM: return db_fail(s, ERR_IO, "%s may not be written", path);
    case SQLITE_CANTOPEN: return db_fail(s, ERR_IO, "%s cannot be opened", path);
    case SQLITE_CORRUPT: return db_fail(s, ERR_IO, "%s is damaged", path);
    default:
        return db_fail(s, ERR_IO, "%s cannot be read or written: %s", path,
                       sqlite3_errmsg(s->db));
    }
}

enum err db_damaged(struct store *s, const char *what) {
    return db_fail(s, ERR_IO, "%s is damaged: %s", (const char *)s->path.p, what);
}

str store_error(const struct store *s) {
    return str_z(s->sentence);
}

/* ---- statements ---------------------------------------------------------------------------------- */

sqlite3_stmt *db_stmt(struct store *s, enum sql q) {
    if (s->stmts[q]) {
        sqlite3_reset(s->stmts[q]);
        return s->stmts[q];
    }
    int rc = sqlite3_prepare_v3(s->db, sql_text[q], -1, SQLITE_PREPARE_PERSISTENT,
                                &s->stmts[q], NULL);
    if (rc != SQLITE_OK) {
        (void)db_refused(s, rc);
        return NULL;
    }
    return s->stmts[q];
}

void db_bind_str(sqlite3_stmt *st, int at, str text) {
    const char *p = text.n ? (const char *)text.p : "";
    sqlite3_bind_text64(st, at, p, (sqlite3_uint64)text.n, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *st, int at, str blob) {
    sqlite3_bind_blob64(st, at, blob.n ? (const void *)blob.p : "",
                        (sqlite3_uint64)blob.n, SQLITE_STATIC);
}

void db_bind_end(sqlite3_stmt *st, int at, str text) {
    if (text.n)
        db_bind_str(st, at, text);
    else
        db_bind_blob(st, at, text); /* SQLite sorts every blob above every text */
}

str db_str(sqlite3_stmt *st, int column) {
    const u8 *p = sqlite3_column_blob(st, column);
    return (str){p, sqlite3_column_bytes(st, column)};
}

enum err db_step(struct store *s, sqlite3_stmt *st, bool *row) {
    int rc = sqlite3_step(st);
    *row = rc == SQLITE_ROW;
    if (*row) return ERR_OK;
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? ERR_OK : db_refused(s, rc);
}

enum err db_run(struct store *s, sqlite3_stmt *st) {
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) e = db_step(s, st, &row);
    return e;
}

enum err db_simple(struct store *s, enum sql q) {
    sqlite3_stmt *st = db_stmt(s, q);
    return st ? db_run(s, st) : ERR_IO;
}

enum err db_pragma(struct store *s, const char *sql) {
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : db_refused(s, rc);
}

enum err db_run_ints(struct store *s, enum sql q, int n, i64 a, i64 b, i64 c) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, a);
    if (n > 1) sqlite3_bind_int64(st, 2, b);
    if (n > 2) sqlite3_bind_int64(st, 3, c);
    return db_run(s, st);
}

enum err db_int(struct store *s, sqlite3_stmt *st, i64 none, i64 *value) {
    bool row = false;
    *value = none;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    if (sqlite3_column_type(st, 0) != SQLITE_NULL) *value = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return ERR_OK;
}

void db_bind_key(sqlite3_stmt *st, const void *text) {
    db_bind_str(st, 2, *(const str *)text);
}

void db_bind_leg(sqlite3_stmt *st, const void *key) {
    sqlite3_bind_int64(st, 2, *(const i64 *)key);
}

enum err db_stretches(struct store *s, enum sql q, enum sieve_of of, u64 key,
                      void (*bind)(sqlite3_stmt *, const void *), const void *x,
                      sqlite3_stmt **st) {
    struct numbers in = {0};
    bool row = false;
    enum err e = sieve_ask(s, of, &key, &in);
    *st = NULL;
    for (isize i = 0; i < in.n && !e && !row; i++) {
        *st = db_stmt(s, q);
        if (!*st) e = s->failed ? s->failed : ERR_IO;
        if (!e) sqlite3_bind_int64(*st, 1, in.list[i]);
        if (!e) bind(*st, x);
        if (!e) e = db_step(s, *st, &row);
    }
    if (!row) *st = NULL;
    base_free(in.list);
    return e;
}

enum err db_call_row(struct store *s, i64 call, sqlite3_stmt **st) {
    enum err e = press_flush(s);
    *st = e ? NULL : db_stmt(s, SQL_CALL_ROW);
    if (!*st) return e ? e : ERR_IO;
    sqlite3_bind_int64(*st, 1, call);
    bool row = false;
    e = db_step(s, *st, &row);
    return !e && !row ? db_damaged(s, "a leg belongs to no call") : e;
}

enum err db_call_detail(struct store *s, i64 call, struct detail *d) {
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(s, call, &st);
    if (e) return e;
    e = detail_unpack(s, sqlite3_column_int64(st, ROW_FORMAT), db_str(st, ROW_DATA), d);
    sqlite3_reset(st);
    return e;
}

/* ---- transactions -------------------------------------------------------------------------------- */

enum err db_may_write(struct store *s) {
    if (s->failed) return s->failed;
    if (s->in_txn) return ERR_OK;
    return db_fail(s, ERR_USAGE, "nothing can be kept outside a transaction");
}

enum err db_read_begin(struct store *s) {
    if (s->failed) return s->failed;
    if (s->in_txn) {
        enum err e = keep_write(s);
        if (!e) e = marks_write(s);
        if (!e) e = postings_write(s);
        if (!e) e = loose_write(s);
        return e ? e : press_flush(s);
    }
    if (s->reading++) return ERR_OK;
    enum err e = db_simple(s, SQL_BEGIN_READ);
    if (e) s->reading = 0;
    return e;
}

void db_read_end(struct store *s) {
    if (s->in_txn || --s->reading) return;
    if (sqlite3_get_autocommit(s->db)) return;
    enum err ignored = db_simple(s, SQL_COMMIT); /* nothing was written */
    (void)ignored;
}
