/* decide.c: what people have decided by hand about legs: kept, undone, listed. Undoing marks; only retention deletes, when
 * the leg is in no call any longer. */
#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <string.h>

enum {
    ID_MAX = 40,    /* bytes of a leg's id */
    WHO_MAX = 100,  /* of a name */
    MOST = 100000,  /* in force at one time */
    LISTED = 10000, /* in one answer, but for those in force */
};

/* Made when a database is opened for writing: older ones do not have it. leg_key and other_key: leg.id of these legs. */
const char decide_schema[] =
    "CREATE TABLE IF NOT EXISTS decision(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind INTEGER NOT NULL, leg TEXT NOT NULL, other TEXT NOT NULL,"
    " leg_key INTEGER NOT NULL, other_key INTEGER NOT NULL,"
    " who TEXT NOT NULL, at_us INTEGER NOT NULL,"
    " undone_by TEXT, undone_us INTEGER) STRICT;"
    "CREATE INDEX IF NOT EXISTS decision_leg ON decision(leg_key);"
    "CREATE INDEX IF NOT EXISTS decision_other ON decision(other_key);";

/* A database that no newer program has written yet has no such table, and no decisions. */
static enum err table_is_there(struct store *s, bool *there) {
    i64 n = 0;
    *there = s->has_decisions;
    if (s->has_decisions) return ERR_OK;
    sqlite3_stmt *st = db_stmt(s, SQL_DECISION_TABLE);
    if (!st) return ERR_IO;
    enum err e = db_int(s, st, 0, &n);
    *there = s->has_decisions = n > 0;
    return e;
}

/* The first bytes of a name, whole characters. */
static str cut(str text, isize most) {
    if (text.n <= most) return text;
    while (most > 0 && (text.p[most] & 0xc0) == 0x80) most--;
    return str_sub(text, 0, most);
}

static enum err too_many(struct store *s) {
    i64 n = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_DECISION_COUNT);
    if (!st) return ERR_IO;
    enum err e = db_int(s, st, 0, &n);
    if (e || n < MOST) return e;
    return db_fail(s, ERR_FULL, "%d changes by hand are in force, and no more are kept",
                   MOST);
}

enum err store_decide(struct store *s, struct decision *d) {
    enum err e = db_may_write(s);
    if (e) return e;
    if (d->leg.n == 0 || d->leg.n > ID_MAX || d->other.n == 0 || d->other.n > ID_MAX)
        return db_fail(s, ERR_USAGE, "a change by hand is about two legs");
    e = too_many(s);
    sqlite3_stmt *st = e ? NULL : db_stmt(s, SQL_DECISION_ADD);
    if (!st) return e ? e : ERR_IO;
    d->who = cut(d->who, WHO_MAX);
    sqlite3_bind_int(st, 1, (int)d->kind);
    db_bind_str(st, 2, d->leg);
    db_bind_str(st, 3, d->other);
    sqlite3_bind_int64(st, 4, put_leg_key(d->leg));
    sqlite3_bind_int64(st, 5, put_leg_key(d->other));
    db_bind_str(st, 6, d->who);
    sqlite3_bind_int64(st, 7, d->at_us);
    e = db_run(s, st);
    if (!e) d->n = sqlite3_last_insert_rowid(s->db);
    return e;
}

enum err store_undo(struct store *s, i64 n, str who, i64 at_us) {
    enum err e = db_may_write(s);
    sqlite3_stmt *st = e ? NULL : db_stmt(s, SQL_DECISION_UNDO);
    if (!st) return e ? e : ERR_IO;
    sqlite3_bind_int64(st, 1, n);
    db_bind_str(st, 2, cut(who, WHO_MAX));
    sqlite3_bind_int64(st, 3, at_us);
    e = db_run(s, st);
    if (!e && sqlite3_changes(s->db) == 0)
        return db_fail(s, ERR_NOT_FOUND, "there is no change number %lld in force",
                       (long long)n);
    return e;
}

/* ---- lists ------------------------------------------------------------------------------------------- */

static void row_read(sqlite3_stmt *st, arena *view, struct store_decision *d) {
    bool join = sqlite3_column_int(st, 1) == DECISION_JOIN;
    *d = (struct store_decision){
        .d = {.n = sqlite3_column_int64(st, 0),
              .kind = join ? DECISION_JOIN : DECISION_SPLIT,
              .leg = arena_copy(view, db_str(st, 2)),
              .other = arena_copy(view, db_str(st, 3)),
              .who = arena_copy(view, db_str(st, 4)),
              .at_us = sqlite3_column_int64(st, 5)},
        .undone = sqlite3_column_type(st, 7) != SQLITE_NULL,
        .undone_by = arena_copy(view, db_str(st, 6)),
        .undone_us = sqlite3_column_int64(st, 7),
    };
}

static enum err rows_read(struct store *s, sqlite3_stmt *st, arena *view,
                          struct store_decisions *to) {
    struct store_decision *list = NULL;
    isize cap = 0;
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        list = base_grow(list, &cap, to->n + 1, (isize)sizeof *list);
        row_read(st, view, &list[to->n++]);
    }
    to->list = arena_new(view, struct store_decision, to->n);
    if (to->n) memcpy(to->list, list, (size_t)to->n * sizeof *list);
    base_free(list);
    return e;
}

static enum err list(struct store *s, enum sql q, str key, i64 number, arena *view,
                     struct store_decisions *to) {
    bool there = false;
    *to = (struct store_decisions){0};
    enum err e = db_read_begin(s);
    if (e) return e;
    e = table_is_there(s, &there);
    sqlite3_stmt *st = !e && there ? db_stmt(s, q) : NULL;
    if (!e && there && !st) e = ERR_IO;
    if (st && key.p) db_bind_str(st, 1, key);
    if (st && !key.p) sqlite3_bind_int64(st, 1, number);
    if (st) e = rows_read(s, st, view, to);
    db_read_end(s);
    return e;
}

enum err store_decisions_in_force(struct store *s, arena *view,
                                  struct store_decisions *to) {
    return list(s, SQL_DECISION_IN_FORCE, (str){0}, MOST, view, to);
}

enum err store_decisions_newest(struct store *s, isize most, arena *view,
                                struct store_decisions *to) {
    return list(s, SQL_DECISION_NEWEST, (str){0}, i64_min(most, LISTED), view, to);
}

enum err store_decisions_of(struct store *s, str call, arena *view,
                            struct store_decisions *to) {
    return list(s, SQL_DECISION_OF_CALL, call.p ? call : S(""), 0, view, to);
}

enum err store_decision(struct store *s, i64 n, arena *view, struct store_decision *d) {
    struct store_decisions found;
    enum err e = list(s, SQL_DECISION_GET, (str){0}, n, view, &found);
    if (!e && !found.n)
        e = db_fail(s, ERR_NOT_FOUND, "there is no change number %lld", (long long)n);
    if (!e) *d = found.list[0];
    return e;
}

enum err decide_retire(struct store *s) {
    return db_simple(s, SQL_DECISION_RETIRE);
}

/* ---- the leg that one is about --------------------------------------------------------------------------- */

static enum err leg_find(struct store *s, str id, i64 *call, i64 *ref) {
    sqlite3_stmt *st = NULL;
    i64 key = put_leg_key(id);
    enum err e = db_stretches(s, SQL_LEG_FIND, SIEVE_CALLS, sieve_leg(key), db_bind_leg,
                              &key, &st);
    if (e) return e;
    if (!st)
        return db_fail(s, ERR_NOT_FOUND, "there is no leg %.*s", (int)i64_min(id.n, 100),
                       id.n ? (const char *)id.p : "");
    *call = sqlite3_column_int64(st, 0);
    *ref = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return ERR_OK;
}

enum err store_leg(struct store *s, str id, arena *view, str *call, str *call_id) {
    struct detail d = {0};
    sqlite3_stmt *st = NULL;
    i64 no = 0, ref = 0;
    str text = {0};
    *call = *call_id = (str){0};
    enum err e = db_read_begin(s);
    if (e) return e;
    e = leg_find(s, id, &no, &ref);
    if (!e) e = db_call_row(s, no, &st);
    if (!e) *call = arena_copy(view, db_str(st, ROW_ID));
    if (!e) e = db_call_detail(s, no, &d);
    if (!e && !detail_find(&d, ref, &text))
        e = db_damaged(s, "a call does not name its legs");
    if (!e) *call_id = arena_copy(view, text);
    detail_drop(&d);
    db_read_end(s);
    return e;
}
