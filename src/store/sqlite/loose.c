#include "store/sqlite/loose.h"

#include "store/sqlite/db.h"

#include <string.h>

void loose_forget(struct loose *l) {
    map_clear(&l->index);
    l->n = 0;
}

void loose_drop(struct loose *l) {
    map_drop(&l->index);
    base_free(l->rows);
    *l = (struct loose){0};
}

void loose_committed(struct loose *l) {
    if (l->n > LOOSE_KEPT) loose_forget(l);
}

/* As it stands in the table; all 0 where there is none. */
static enum err row_read(struct store *s, struct loose_row *r) {
    sqlite3_stmt *st = db_stmt(s, SQL_LOOSE_GET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, r->at);
    enum err e = db_step(s, st, &r->there);
    if (e || !r->there) return e;
    str bits = db_str(st, 0);
    bool good = bits.n == LOOSE_BYTES;
    if (good) memcpy(r->bits, bits.p, LOOSE_BYTES);
    sqlite3_reset(st);
    return good ? ERR_OK : db_damaged(s, "the Call-IDs that are in no call");
}

static enum err row_of(struct store *s, i64 at, struct loose_row **row) {
    struct loose *l = &s->loose;
    u32 place = map_get(&l->index, (u64)at);
    if (!place) {
        l->rows = base_grow(l->rows, &l->cap, l->n + 1, (isize)sizeof *l->rows);
        l->rows[l->n] = (struct loose_row){.at = at};
        enum err e = row_read(s, &l->rows[l->n]);
        if (e) return e;
        place = (u32)++l->n;
        *map_put(&l->index, (u64)at) = place;
    }
    *row = &l->rows[place - 1];
    return ERR_OK;
}

static isize byte_of(i64 ref) {
    return (ref & ((1 << LOOSE_BITS) - 1)) >> 3;
}

static u8 bit_of(i64 ref) {
    return (u8)(1 << (ref & 7));
}

enum err loose_set(struct store *s, i64 ref, bool loose) {
    struct loose_row *r = NULL;
    enum err e = row_of(s, ref >> LOOSE_BITS, &r);
    if (e) return e;
    u8 *byte = &r->bits[byte_of(ref)];
    bool was = *byte & bit_of(ref);
    if (was == loose) return ERR_OK;
    *byte ^= bit_of(ref);
    r->changed = true;
    return ERR_OK;
}

enum err loose_is(struct store *s, i64 ref, bool *loose) {
    struct loose_row *r = NULL;
    enum err e = row_of(s, ref >> LOOSE_BITS, &r);
    *loose = !e && r->bits[byte_of(ref)] & bit_of(ref);
    return e;
}

static enum err row_write(struct store *s, struct loose_row *r) {
    bool any = false;
    for (isize i = 0; i < LOOSE_BYTES; i++) any |= r->bits[i] != 0;
    if (!any && !r->there) return ERR_OK;
    sqlite3_stmt *st = db_stmt(s, any ? SQL_LOOSE_SET : SQL_LOOSE_DELETE);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, r->at);
    if (any) db_bind_blob(st, 2, (str){r->bits, LOOSE_BYTES});
    enum err e = db_run(s, st);
    if (!e) r->there = any;
    return e;
}

enum err loose_write(struct store *s) {
    struct loose *l = &s->loose;
    enum err e = ERR_OK;
    for (isize i = 0; i < l->n && !e; i++) {
        if (l->rows[i].changed) e = row_write(s, &l->rows[i]);
        if (!e) l->rows[i].changed = false;
    }
    return e;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static enum err ref_times(struct store *s, i64 ref, i64 *first_us, i64 *last_us) {
    sqlite3_stmt *st = db_stmt(s, SQL_LOOSE_TIMES);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    if (sqlite3_column_type(st, 0) != SQLITE_NULL) {
        i64 first = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);
        bool none = *last_us < *first_us;
        *first_us = none ? first : i64_min(*first_us, first);
        *last_us = none ? last : i64_max(*last_us, last);
    }
    sqlite3_reset(st);
    return ERR_OK;
}

static enum err bits_times(struct store *s, i64 at, str bits, i64 *first_us,
                           i64 *last_us) {
    enum err e = ERR_OK;
    for (i64 i = 0; i < bits.n * 8 && !e; i++) {
        if (bits.p[i >> 3] & bit_of(i))
            e = ref_times(s, (at << LOOSE_BITS) + i, first_us, last_us);
    }
    return e;
}

enum err loose_times(struct store *s, i64 *first_us, i64 *last_us) {
    *first_us = 0;
    *last_us = -1;
    sqlite3_stmt *st = db_stmt(s, SQL_LOOSE_ALL);
    if (!st) return ERR_IO;
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        e = bits_times(s, sqlite3_column_int64(st, 0), db_str(st, 1), first_us, last_us);
        if (e) sqlite3_reset(st);
        if (e) return e;
    }
}
