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

/* Blocks of the Call-IDs that are loose, as far as they may be the first or the last of all: those of the lowest bucket and of the
 * highest. */
struct loose_end {
    i64 bucket;
    struct numbers blocks;
    isize once; /* so many stand once */
};
struct loose_ends {
    bool any;
    struct loose_end low, high;
};

static void end_add(struct loose_end *x, i64 bucket, i64 block) {
    enum { FEW = 4096 };
    if (bucket != x->bucket) x->blocks.n = x->once = 0;
    x->bucket = bucket;
    if (x->blocks.n && x->blocks.list[x->blocks.n - 1] == block) return;
    numbers_add(&x->blocks, block);
    if (x->blocks.n < 2 * x->once + FEW) return;
    numbers_sort(&x->blocks);
    x->once = x->blocks.n;
}

static void ends_add(struct loose_ends *x, i64 block) {
    i64 bucket = block >> BLOCK_BITS;
    if (!x->any || bucket <= x->low.bucket) end_add(&x->low, bucket, block);
    if (!x->any || bucket >= x->high.bucket) end_add(&x->high, bucket, block);
    x->any = true;
}

/* Of those with their bits set: the parts of `from` up to `to`. */
static enum err parts_walk(struct store *s, i64 from, i64 to, str bits,
                           struct loose_ends *x) {
    sqlite3_stmt *st = db_stmt(s, SQL_PART_RANGE);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, from);
    sqlite3_bind_int64(st, 2, to);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        i64 ref = sqlite3_column_int64(st, 0);
        if (bits.p[byte_of(ref)] & bit_of(ref)) ends_add(x, sqlite3_column_int64(st, 1));
    }
}

/* Few are looked for one by one; where there are many, for linking was far behind, all of a row are read. */
static enum err row_blocks(struct store *s, i64 at, str bits, struct loose_ends *x) {
    enum { FEW = 128 };
    i64 low = at << LOOSE_BITS;
    isize n = 0;
    enum err e = ERR_OK;
    for (isize i = 0; i < bits.n; i++) n += __builtin_popcount(bits.p[i]);
    if (n > FEW) return parts_walk(s, low, low + (1 << LOOSE_BITS), bits, x);
    for (i64 i = 0; i < bits.n * 8 && !e; i++) {
        if (bits.p[i >> 3] & bit_of(i)) e = parts_walk(s, low + i, low + i + 1, bits, x);
    }
    return e;
}

static enum err blocks_times(struct store *s, const struct numbers *blocks, i64 *first_us,
                             i64 *last_us) {
    enum err e = ERR_OK;
    for (isize i = 0; i < blocks->n && !e; i++) {
        sqlite3_stmt *st = db_stmt(s, SQL_BLOCK_TIMES);
        if (!st) return s->failed ? s->failed : ERR_IO;
        sqlite3_bind_int64(st, 1, blocks->list[i]);
        bool row = false;
        e = db_step(s, st, &row);
        if (e || !row) continue;
        i64 first = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);
        bool none = *last_us < *first_us;
        *first_us = none ? first : i64_min(*first_us, first);
        *last_us = none ? last : i64_max(*last_us, last);
        sqlite3_reset(st);
    }
    return e;
}

static enum err rows_blocks(struct store *s, struct loose_ends *x) {
    sqlite3_stmt *st = db_stmt(s, SQL_LOOSE_ALL);
    if (!st) return s->failed ? s->failed : ERR_IO;
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        str bits = db_str(st, 1);
        if (bits.n == LOOSE_BYTES)
            e = row_blocks(s, sqlite3_column_int64(st, 0), bits, x);
        else
            e = db_damaged(s, "the Call-IDs that are in no call");
        if (e) sqlite3_reset(st);
        if (e) return e;
    }
}

enum err loose_times(struct store *s, i64 *first_us, i64 *last_us) {
    struct loose_ends x = {0};
    *first_us = 0;
    *last_us = -1;
    enum err e = rows_blocks(s, &x);
    if (!e) e = blocks_times(s, &x.low.blocks, first_us, last_us);
    if (!e) e = blocks_times(s, &x.high.blocks, first_us, last_us);
    base_free(x.low.blocks.list);
    base_free(x.high.blocks.list);
    return e;
}
