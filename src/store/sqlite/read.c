/* read.c: one call, and the totals. */
#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <string.h>

/* ---- which call ---------------------------------------------------------------------------------- */

static enum err int_by_str(struct store *s, enum sql q, str key, i64 *value) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    db_bind_str(st, 1, key);
    return db_int(s, st, 0, value);
}

static enum err int_by_int(struct store *s, enum sql q, i64 key, i64 *value) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, key);
    return db_int(s, st, 0, value);
}

/* A call's id, a leg's id, or a Call-ID; of several calls with one Call-ID the newest. */
static enum err call_named(struct store *s, str x, i64 *call) {
    i64 ref = 0;
    enum err e = int_by_str(s, SQL_CALL_GET, x, call);
    if (!e && !*call) e = int_by_int(s, SQL_LEG_BY_ID, put_leg_key(x), call);
    if (!e && !*call) e = names_find_ref(s, x, &ref);
    if (!e && ref) e = int_by_int(s, SQL_LEG_NEWEST, ref, call);
    if (!e && !*call)
        return db_fail(s, ERR_NOT_FOUND, "there is no call %.*s", (int)i64_min(x.n, 100),
                       x.n ? (const char *)x.p : "");
    return e;
}

static enum err call_id_text_of(struct store *s, i64 call, arena *view, str *id) {
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(s, call, &st);
    if (e) return e;
    *id = arena_copy(view, db_str(st, 0));
    sqlite3_reset(st);
    return ERR_OK;
}

static enum err call_ids_of(struct store *s, i64 call, arena *view, str **call_ids,
                            isize *n) {
    str *list = NULL;
    isize cap = 0;
    *n = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_IDS);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        list = base_grow(list, &cap, *n + 1, (isize)sizeof *list);
        list[(*n)++] = arena_copy(view, db_str(st, 0));
    }
    *call_ids = arena_new(view, str, *n);
    if (*n) memcpy(*call_ids, list, (size_t)*n * sizeof *list);
    base_free(list);
    return e;
}

enum err store_call_ids(struct store *s, str x, arena *view, str *id, str **call_ids,
                        isize *n) {
    *id = (str){0};
    *call_ids = NULL;
    *n = 0;
    enum err e = db_read_begin(s);
    if (e) return e;
    i64 call = 0;
    e = call_named(s, x, &call);
    if (!e) e = call_id_text_of(s, call, view, id);
    if (!e) e = call_ids_of(s, call, view, call_ids, n);
    db_read_end(s);
    return e;
}

enum err store_call_numbered(struct store *s, u32 call, arena *view, str *id,
                             str **call_ids, isize *n) {
    *id = (str){0};
    *call_ids = NULL;
    *n = 0;
    enum err e = db_read_begin(s);
    if (e) return e;
    e = call_ids_of(s, call, view, call_ids, n);
    if (!e && *n == 0) e = db_fail(s, ERR_NOT_FOUND, "this call has gone");
    if (!e) e = call_id_text_of(s, call, view, id);
    db_read_end(s);
    return e;
}

enum err store_straddling(struct store *s, i64 after_us, i64 before_us, arena *view,
                          str **ids, isize *n) {
    str *list = NULL;
    isize cap = 0;
    *n = 0;
    enum err e = db_read_begin(s);
    if (e) return e;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_STRADDLES);
    if (!st) e = ERR_IO;
    if (st)
        sqlite3_bind_int64(st, 1,
                           i64_max(after_us, INT64_MIN / 2) - ((i64)1 << BUCKET_BITS));
    if (st) sqlite3_bind_int64(st, 2, before_us);
    if (st) sqlite3_bind_int64(st, 3, after_us);
    if (st) sqlite3_bind_int(st, 4, KIND_CALL);
    bool row = st != NULL;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        list = base_grow(list, &cap, *n + 1, (isize)sizeof *list);
        list[(*n)++] = arena_copy(view, db_str(st, 0));
    }
    *ids = arena_new(view, str, *n);
    if (*n) memcpy(*ids, list, (size_t)*n * sizeof *list);
    base_free(list);
    db_read_end(s);
    return e;
}

/* ---- its summary --------------------------------------------------------------------------------- */

static enum err summary_of(struct store *s, i64 call, arena *view, str *json) {
    u8 *plain = NULL;
    isize n = 0, cap = 0;
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(s, call, &st);
    if (e) return e;
    e = squeeze_unpack(&s->squeeze, db_str(st, 6), sqlite3_column_int64(st, 5), &plain,
                       &n, &cap);
    sqlite3_reset(st);
    if (!e) *json = arena_copy(view, (str){plain, n});
    base_free(plain);
    return e ? db_damaged(s, "a call's summary cannot be unpacked") : ERR_OK;
}

enum err store_summary(struct store *s, str id, arena *view, str *json) {
    *json = (str){0};
    enum err e = db_read_begin(s);
    if (e) return e;
    i64 call = 0;
    e = call_named(s, id, &call);
    if (!e) e = summary_of(s, call, view, json);
    db_read_end(s);
    return e;
}

/* ---- totals -------------------------------------------------------------------------------------- */

static enum err totals_read(struct store *s, struct store_totals *t) {
    sqlite3_stmt *st = db_stmt(s, SQL_TOTAL_GET);
    if (!st) return ERR_IO;
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (!e && !row) e = db_damaged(s, "the totals are gone");
    if (e) return e;
    t->sightings =
        (u64)(sqlite3_column_int64(st, 0) + (s->in_txn ? s->new_sightings : 0));
    t->calls = (u64)(sqlite3_column_int64(st, 1) + (s->in_txn ? s->new_calls : 0));
    t->last_us = sqlite3_column_int64(st, 2);
    if (s->in_txn) t->last_us = i64_max(t->last_us, s->new_last_us);
    sqlite3_reset(st);
    i64 pages = 0, page = 0;
    st = db_stmt(s, SQL_CHUNK_FIRST);
    if (!st) return ERR_IO;
    e = db_int(s, st, 0, &t->first_us);
    if (!e && (st = db_stmt(s, SQL_PAGE_COUNT))) e = db_int(s, st, 0, &pages);
    if (!e && (st = db_stmt(s, SQL_PAGE_SIZE))) e = db_int(s, st, 0, &page);
    t->bytes = (u64)(pages * page);
    if (t->sightings == 0) t->first_us = t->last_us = 0;
    return e;
}

enum err store_totals(struct store *s, struct store_totals *t) {
    *t = (struct store_totals){0};
    enum err e = db_read_begin(s);
    if (e) return e;
    e = totals_read(s, t);
    db_read_end(s);
    return e;
}

enum err store_unlinked(struct store *s, i64 *first_us, i64 *last_us) {
    *first_us = 0;
    *last_us = -1;
    enum err e = db_read_begin(s);
    if (e) return e;
    bool row = false;
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_UNLINKED);
    e = st ? db_step(s, st, &row) : ERR_IO;
    if (!e && row && sqlite3_column_type(st, 0) != SQLITE_NULL) {
        *first_us = sqlite3_column_int64(st, 0);
        *last_us = sqlite3_column_int64(st, 1);
    }
    if (st) sqlite3_reset(st);
    db_read_end(s);
    return e;
}
