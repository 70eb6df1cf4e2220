/* read.c: one call, and the totals. */
#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <string.h>

/* ---- which call ---------------------------------------------------------------------------------- */

/* Of a call or a leg by its id; 0: there is none. */
static enum err number_by(struct store *s, enum sql q, u64 key,
                          void (*bind)(sqlite3_stmt *, const void *), const void *x,
                          i64 *call) {
    sqlite3_stmt *st = NULL;
    enum err e = db_stretches(s, q, SIEVE_CALLS, key, bind, x, &st);
    *call = st ? sqlite3_column_int64(st, 0) : 0;
    if (st) sqlite3_reset(st);
    return e;
}

static enum err int_by_int(struct store *s, enum sql q, i64 key, i64 *value) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, key);
    return db_int(s, st, 0, value);
}

/* A call's id, a leg's id, or a Call-ID; of several calls with one Call-ID the newest. */
static enum err call_named(struct store *s, str x, i64 *call) {
    i64 ref = 0, leg = put_leg_key(x);
    enum err e = number_by(s, SQL_CALL_GET, known_call(x), db_bind_key, &x, call);
    if (!e && !*call)
        e = number_by(s, SQL_LEG_FIND, sieve_leg(leg), db_bind_leg, &leg, call);
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

/* Those of its legs: what the row names may be in another call by now. */
static enum err call_ids_of(struct store *s, i64 call, arena *view, str **call_ids,
                            isize *n) {
    struct numbers refs = {0};
    struct detail d = {0};
    struct detail_name name = {0};
    *n = 0;
    enum err e = db_call_detail(s, call, &d);
    if (!e) e = detail_refs(s, d.names, call, &refs);
    *call_ids = arena_new(view, str, refs.n);
    struct rd in = {.in = d.names};
    while (!e && *n < refs.n && detail_next(&in, &name)) {
        if (numbers_have(&refs, name.ref))
            (*call_ids)[(*n)++] = arena_copy(view, name.text);
    }
    base_free(refs.list);
    detail_drop(&d);
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

static enum err call_is_there(struct store *s, i64 call) {
    bool there = false;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_END);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    enum err e = db_step(s, st, &there);
    if (!e && !there) return db_fail(s, ERR_NOT_FOUND, "this call has gone");
    sqlite3_reset(st);
    return e;
}

enum err store_call_numbered(struct store *s, u32 call, arena *view, str *id,
                             str **call_ids, isize *n) {
    *id = (str){0};
    *call_ids = NULL;
    *n = 0;
    enum err e = db_read_begin(s);
    if (e) return e;
    e = call_is_there(s, call);
    if (!e) e = call_ids_of(s, call, view, call_ids, n);
    if (!e) e = call_id_text_of(s, call, view, id);
    db_read_end(s);
    return e;
}

/* ---- calls over the edge of a range ------------------------------------------------------------------ */

/* The Call-IDs that have sightings within. */
static enum err refs_within(struct store *s, i64 after_us, i64 before_us,
                            struct numbers *refs) {
    struct numbers blocks = {0};
    struct block b = {0};
    enum err e = blocks_within(s, after_us, before_us, &blocks);
    for (isize i = 0; i < blocks.n && !e; i++) {
        struct record r = {0};
        e = block_read(s, blocks.list[i], &b);
        struct block_reader in = block_reader_of(&b);
        while (!e && block_next(&in, &r)) {
            bool within = r.time_us >= after_us && r.time_us < before_us;
            if (within && (!refs->n || refs->list[refs->n - 1] != in.ref))
                numbers_add(refs, in.ref);
        }
        if (!e && in.in.failed)
            e = db_damaged(s, "a block holds something that is no sighting");
    }
    numbers_sort(refs);
    base_free(blocks.list);
    base_free(b.bytes);
    return e;
}

struct straddling {
    struct map seen; /* calls */
    str *ids;
    isize n, cap;
};

static enum err ref_straddles(struct store *s, i64 ref, i64 after_us, i64 before_us,
                              arena *view, struct straddling *x) {
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_STRADDLES);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    sqlite3_bind_int(st, 2, KIND_CALL);
    sqlite3_bind_int64(st, 3, after_us);
    sqlite3_bind_int64(st, 4, before_us);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        u32 *seen = map_put(&x->seen, (u64)sqlite3_column_int64(st, 0));
        if (*seen) continue;
        *seen = 1;
        x->ids = base_grow(x->ids, &x->cap, x->n + 1, (isize)sizeof *x->ids);
        x->ids[x->n++] = arena_copy(view, db_str(st, 1));
    }
}

enum err store_straddling(struct store *s, i64 after_us, i64 before_us, arena *view,
                          str **ids, isize *n) {
    struct straddling x = {0};
    struct numbers refs = {0};
    *n = 0;
    enum err e = db_read_begin(s);
    if (e) return e;
    e = refs_within(s, after_us, before_us, &refs);
    for (isize i = 0; i < refs.n && !e; i++)
        e = ref_straddles(s, refs.list[i], after_us, before_us, view, &x);
    *ids = arena_new(view, str, x.n);
    if (x.n) memcpy(*ids, x.ids, (size_t)x.n * sizeof *x.ids);
    *n = x.n;
    base_free(x.ids);
    map_drop(&x.seen);
    base_free(refs.list);
    db_read_end(s);
    return e;
}

/* ---- its summary --------------------------------------------------------------------------------- */

static enum err summary_of(struct store *s, i64 call, arena *view, str *json) {
    struct detail d = {0};
    enum err e = db_call_detail(s, call, &d);
    if (!e) *json = arena_copy(view, d.json);
    detail_drop(&d);
    return e;
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
    st = db_stmt(s, SQL_BLOCK_FIRST);
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
    e = loose_times(s, first_us, last_us);
    db_read_end(s);
    return e;
}
