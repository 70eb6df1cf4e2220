#include "store/sqlite/marks.h"

#include "store/sqlite/db.h"
#include "store/sqlite/word.h"

#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error                                                                                   \
    "columns of marks are read as they stand: a machine of the other byte order has to turn them round"
#endif

enum { HEAD = 8, A_ROW = 4 + 3 * 2 + 1, A_KEY = 4 + 2, BLOCKS_KEPT = 64 };

/* ---- rows as they stand in the file ------------------------------------------------------------------ */

static bool columns_read(struct store_marks *m, str data) {
    u32 head[2];
    if (data.n < HEAD) return false;
    memcpy(head, data.p, sizeof head);
    *m = (struct store_marks){.n = (isize)head[0], .nkeys = (isize)head[1]};
    if (data.n != HEAD + m->n * A_ROW + m->nkeys * A_KEY || m->n > MARK_ROWS)
        return false;
    m->calls = (const void *)(data.p + HEAD); /* data is aligned, and so is each column */
    m->keys = m->calls + m->n;
    m->at = (const void *)(m->keys + m->nkeys);
    m->from = m->at + m->n;
    m->to = m->from + m->n;
    m->rows = m->to + m->n;
    m->what = (const void *)(m->rows + m->nkeys);
    for (isize i = 0; i < m->nkeys; i++) {
        if (m->rows[i] >= m->n) return false;
    }
    return true;
}

static int by_time(const void *a, const void *b) {
    const struct mark_row *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->call != y->call) return x->call < y->call ? -1 : 1;
    return (x->was > y->was) - (x->was < y->was);
}

static void block_sort(struct mark_block *b) {
    u16 *place = base_new(b->nrows + 1, (isize)sizeof *place);
    for (isize i = 0; i < b->nrows; i++) b->rows[i].was = (u16)i;
    if (b->nrows) qsort(b->rows, (size_t)b->nrows, sizeof *b->rows, by_time);
    for (isize i = 0; i < b->nrows; i++) place[b->rows[i].was] = (u16)i;
    for (isize i = 0; i < b->nkeys; i++) b->keys[i].row = place[b->keys[i].row];
    base_free(place);
}

static void put_u32(u8 **to, u32 value) {
    memcpy(*to, &value, sizeof value);
    *to += sizeof value;
}

static void put_u16(u8 **to, u16 value) {
    memcpy(*to, &value, sizeof value);
    *to += sizeof value;
}

static str block_pack(struct marks *m, const struct mark_block *b) {
    isize n = HEAD + b->nrows * A_ROW + b->nkeys * A_KEY;
    m->buf = base_grow(m->buf, &m->cap_buf, n, 1);
    u8 *to = m->buf;
    put_u32(&to, (u32)b->nrows);
    put_u32(&to, (u32)b->nkeys);
    for (isize i = 0; i < b->nrows; i++) put_u32(&to, b->rows[i].call);
    for (isize i = 0; i < b->nkeys; i++) put_u32(&to, b->keys[i].key);
    for (isize i = 0; i < b->nrows; i++) put_u16(&to, b->rows[i].at);
    for (isize i = 0; i < b->nrows; i++) put_u16(&to, b->rows[i].from);
    for (isize i = 0; i < b->nrows; i++) put_u16(&to, b->rows[i].to);
    for (isize i = 0; i < b->nkeys; i++) put_u16(&to, b->keys[i].row);
    for (isize i = 0; i < b->nrows; i++) *to++ = b->rows[i].what;
    return (str){m->buf, n};
}

static enum err sent_write(struct store *s, const struct press_job *j, str data,
                           i64 format) {
    sqlite3_stmt *st = db_stmt(s, SQL_MARK_SET);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, j->row.mark);
    sqlite3_bind_int64(st, 2, format);
    db_bind_blob(st, 3, data);
    return db_run(s, st);
}

static enum err mark_block_write(struct store *s, struct mark_block *b) {
    struct press_job *j = NULL;
    b->dirty = false;
    if (b->nrows == 0) return db_run_ints(s, SQL_MARK_DELETE, 1, b->at, 0, 0);
    enum err e = press_next(s, FORMAT_ZSTD, &j);
    if (e) return e;
    block_sort(b);
    j->write = sent_write;
    j->row.mark = b->at;
    press_plain(j, block_pack(&s->marks, b));
    press_send(s);
    return ERR_OK;
}

enum err marks_write(struct store *s) {
    enum err e = ERR_OK;
    for (isize i = 0; i < s->marks.n && !e; i++) {
        if (s->marks.blocks[i].dirty) e = mark_block_write(s, &s->marks.blocks[i]);
    }
    return e;
}

/* ---- rows in memory --------------------------------------------------------------------------------- */

/* The columns of a row of SQL_MARK_GET, in s->marks.plain. */
static enum err block_unpack(struct store *s, sqlite3_stmt *st, struct store_marks *to) {
    struct marks *m = &s->marks;
    isize n = 0;
    enum err e = squeeze_unpack(&s->squeeze, db_str(st, 2), sqlite3_column_int64(st, 1),
                                &m->plain, &n, &m->cap_plain);
    if (!e && columns_read(to, (str){m->plain, n})) return ERR_OK;
    return db_damaged(s, "marks of calls");
}

static enum err block_load(struct store *s, struct mark_block *b) {
    sqlite3_stmt *st = db_stmt(s, SQL_MARK_GET);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, b->at);
    sqlite3_bind_int64(st, 2, b->at);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    struct store_marks m;
    e = block_unpack(s, st, &m);
    sqlite3_reset(st);
    bool good = e == ERR_OK;
    if (good) {
        b->rows = base_grow(b->rows, &b->cap_rows, m.n + 1, (isize)sizeof *b->rows);
        b->keys = base_grow(b->keys, &b->cap_keys, m.nkeys + 1, (isize)sizeof *b->keys);
        for (; b->nrows < m.n; b->nrows++) {
            isize i = b->nrows;
            b->rows[i] =
                (struct mark_row){m.calls[i], m.at[i], m.from[i], m.to[i], m.what[i], 0};
        }
        for (; b->nkeys < m.nkeys; b->nkeys++)
            b->keys[b->nkeys] = (struct mark_key){m.keys[b->nkeys], m.rows[b->nkeys]};
    }
    return e;
}

static enum err block_of(struct store *s, i64 at, struct mark_block **b) {
    struct marks *m = &s->marks;
    u32 place = map_get(&m->index, hash_mix((u64)at, 1));
    if (!place) {
        m->blocks = base_grow(m->blocks, &m->cap, m->n + 1, (isize)sizeof *m->blocks);
        m->blocks[m->n] = (struct mark_block){.at = at};
        enum err e = block_load(s, &m->blocks[m->n]);
        if (e) {
            base_free(m->blocks[m->n].rows);
            base_free(m->blocks[m->n].keys);
            return e;
        }
        place = (u32)++m->n;
        *map_put(&m->index, hash_mix((u64)at, 1)) = place;
    }
    *b = &m->blocks[place - 1];
    return ERR_OK;
}

void marks_forget(struct marks *m) {
    for (isize i = 0; i < m->n; i++) {
        base_free(m->blocks[i].rows);
        base_free(m->blocks[i].keys);
    }
    m->n = 0;
    map_clear(&m->index);
}

void marks_committed(struct marks *m) {
    if (m->n > BLOCKS_KEPT) marks_forget(m);
}

void marks_drop(struct marks *m) {
    marks_forget(m);
    map_drop(&m->index);
    base_free(m->blocks);
    base_free(m->buf);
    base_free(m->plain);
    base_free(m->list);
    *m = (struct marks){0};
}

/* ---- a call's marks ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b) {
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Negative times would not sort: link makes none. */
static i64 block_at(const struct mark *m) {
    return i64_max(m->at_us, 0) >> MARK_BITS;
}

str marks_blocks(struct store *s, const struct call *c) {
    struct marks *m = &s->marks;
    isize n = 0;
    i64 *all = base_new(c->nmarks + 1, (isize)sizeof *all), before = -1;
    for (isize i = 0; i < c->nmarks; i++) all[i] = block_at(&c->marks[i]);
    if (c->nmarks) qsort(all, (size_t)c->nmarks, sizeof *all, by_number);
    for (isize i = 0; i < c->nmarks; i++) {
        if (all[i] == before) continue;
        varint_put((u64)(all[i] - before), &m->list, &n, &m->cap_list);
        before = all[i];
    }
    base_free(all);
    return (str){m->list, n};
}

enum err marks_put(struct store *s, u32 no, const struct call *c) {
    for (isize i = 0; i < c->nmarks; i++) {
        const struct mark *mark = &c->marks[i];
        struct mark_block *b = NULL;
        enum err e = block_of(s, block_at(mark), &b);
        if (e) return e;
        if (b->nrows == MARK_ROWS) continue;
        u16 row = (u16)b->nrows;
        u64 within = (u64)i64_max(mark->at_us, 0) & ((1 << MARK_BITS) - 1);
        b->rows = base_grow(b->rows, &b->cap_rows, b->nrows + 1, (isize)sizeof *b->rows);
        b->rows[b->nrows++] = (struct mark_row){
            no, (u16)(within / MARK_UNIT_US), mark->from, mark->to, mark->what, 0};
        b->keys = base_grow(b->keys, &b->cap_keys, b->nkeys + mark->nkeys + 1,
                            (isize)sizeof *b->keys);
        for (isize k = 0; k < mark->nkeys; k++)
            b->keys[b->nkeys++] = (struct mark_key){mark->keys[k], row};
        b->dirty = true;
    }
    return ERR_OK;
}

static void block_remove(struct mark_block *b, u32 no) {
    u16 *place = base_new(b->nrows + 1, (isize)sizeof *place); /* + 1; 0: it goes */
    isize n = 0, nkeys = 0;
    for (isize i = 0; i < b->nrows; i++) {
        if (b->rows[i].call == no) continue;
        b->rows[n++] = b->rows[i];
        place[i] = (u16)n;
    }
    for (isize i = 0; i < b->nkeys; i++) {
        u16 to = place[b->keys[i].row];
        if (to) b->keys[nkeys++] = (struct mark_key){b->keys[i].key, (u16)(to - 1)};
    }
    b->dirty |= n != b->nrows;
    b->nrows = n;
    b->nkeys = nkeys;
    base_free(place);
}

enum err marks_remove(struct store *s, i64 no, str blocks) {
    struct rd in = {.in = blocks};
    i64 at = -1;
    while (rd_left(&in)) {
        struct mark_block *b = NULL;
        at += (i64)varint_next(&in);
        if (in.failed) break;
        enum err e = block_of(s, at, &b);
        if (e) return e;
        block_remove(b, (u32)no);
    }
    return in.failed ? db_damaged(s, "the marks of a call") : ERR_OK;
}

/* ---- looking up -------------------------------------------------------------------------------------- */

static enum err block_take(struct store *s, sqlite3_stmt *st, arena *view,
                           struct store_marks *to) {
    enum err e = block_unpack(s, st, to);
    if (e) return e;
    isize n = HEAD + to->n * A_ROW + to->nkeys * A_KEY;
    u32 *aligned = arena_new(view, u32, n / 4 + 1);
    memcpy(aligned, s->marks.plain, (size_t)n);
    bool good = columns_read(to, (str){(const u8 *)aligned, n});
    must(good);
    to->base_us = sqlite3_column_int64(st, 0) << MARK_BITS;
    return ERR_OK;
}

enum err store_marks(struct store *s, i64 after_us, i64 before_us, arena *view,
                     struct store_marks **blocks, isize *n) {
    struct store_marks *list = NULL;
    isize cap = 0;
    *n = 0;
    *blocks = NULL;
    enum err e = db_read_begin(s);
    if (e) return e;
    sqlite3_stmt *st = db_stmt(s, SQL_MARK_GET);
    bool row = st != NULL;
    if (!st) e = ERR_IO;
    if (st) sqlite3_bind_int64(st, 1, after_us >> MARK_BITS);
    if (st) sqlite3_bind_int64(st, 2, (before_us - 1) >> MARK_BITS);
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        list = base_grow(list, &cap, *n + 1, (isize)sizeof *list);
        e = block_take(s, st, view, &list[*n]);
        *n += !e;
    }
    if (e && st) sqlite3_reset(st);
    *blocks = arena_new(view, struct store_marks, *n);
    if (*n) memcpy(*blocks, list, (size_t)*n * sizeof *list);
    base_free(list);
    db_read_end(s);
    return e;
}

/* ---- lore -------------------------------------------------------------------------------------------- */

enum err store_put_lore(struct store *s, i64 at_us, str lore) {
    enum err e = db_may_write(s);
    if (e) return e;
    sqlite3_stmt *st = db_stmt(s, SQL_LORE_SET);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, at_us >> BUCKET_BITS);
    db_bind_blob(st, 2, lore);
    return db_run(s, st);
}

enum err store_lore(struct store *s, i64 at_us, arena *view, str *lore) {
    enum err e = db_read_begin(s);
    bool row = false;
    *lore = (str){0};
    for (int after = 0; after < 2 && !e && !row; after++) {
        sqlite3_stmt *st = db_stmt(s, after ? SQL_LORE_AFTER : SQL_LORE_BEFORE);
        if (!st) e = ERR_IO;
        if (st) sqlite3_bind_int64(st, 1, at_us >> BUCKET_BITS);
        if (st) e = db_step(s, st, &row);
        if (row) *lore = arena_copy(view, db_str(st, 0));
        if (row) sqlite3_reset(st);
    }
    db_read_end(s);
    if (!e && !row) return ERR_NOT_FOUND;
    return e;
}
