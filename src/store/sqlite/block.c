#include "store/sqlite/block.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists of numbers --------------------------------------------------------------------------------- */

void numbers_add(struct numbers *l, i64 number) {
    l->list = base_grow(l->list, &l->cap, l->n + 1, (isize)sizeof *l->list);
    l->list[l->n++] = number;
}

static int by_number(const void *a, const void *b) {
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

void numbers_sort(struct numbers *l) {
    isize n = 0;
    if (l->n) qsort(l->list, (size_t)l->n, sizeof *l->list, by_number);
    for (isize i = 0; i < l->n; i++) {
        if (n == 0 || l->list[i] != l->list[n - 1]) l->list[n++] = l->list[i];
    }
    l->n = n;
}

bool numbers_have(const struct numbers *sorted, i64 number) {
    if (sorted->n == 0) return false;
    return bsearch(&number, sorted->list, (size_t)sorted->n, sizeof number, by_number) !=
           NULL;
}

static enum err numbers_bound(struct store *s, sqlite3_stmt *st, i64 key,
                              struct numbers *l) {
    sqlite3_bind_int64(st, 1, key);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        numbers_add(l, sqlite3_column_int64(st, 0));
    }
}

enum err numbers_of(struct store *s, int sql, i64 key, struct numbers *l) {
    sqlite3_stmt *st = db_stmt(s, (enum sql)sql);
    return st ? numbers_bound(s, st, key, l) : s->failed ? s->failed : ERR_IO;
}

/* ---- filling ------------------------------------------------------------------------------------------ */

void block_empty(struct block *b) {
    u8 *bytes = b->bytes;
    isize cap = b->cap;
    *b = (struct block){.bytes = bytes, .cap = cap};
}

void block_run(struct block *b, i64 ref, str call_id, isize n) {
    varint_put(zigzag((i64)((u64)ref - (u64)b->ref)), &b->bytes, &b->nbytes, &b->cap);
    varint_put((u64)n, &b->bytes, &b->nbytes, &b->cap);
    varint_put((u64)call_id.n, &b->bytes, &b->nbytes, &b->cap);
    b->bytes = base_grow(b->bytes, &b->cap, b->nbytes + call_id.n, 1);
    if (call_id.n) memcpy(b->bytes + b->nbytes, call_id.p, (size_t)call_id.n);
    b->nbytes += call_id.n;
    b->ref = ref;
}

void block_add(struct block *b, const struct record *r) {
    record_put(r, b->time_us, b->line, &b->bytes, &b->nbytes, &b->cap);
    b->time_us = r->time_us;
    b->line = r->line;
    b->first_us = b->n ? i64_min(b->first_us, r->time_us) : r->time_us;
    b->last_us = b->n ? i64_max(b->last_us, r->time_us) : r->time_us;
    b->n++;
}

static enum err row_write(struct store *s, const struct block *b, str data, i64 format) {
    sqlite3_stmt *st = db_stmt(s, b->there ? SQL_BLOCK_SET : SQL_BLOCK_ADD);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, b->id);
    sqlite3_bind_int64(st, 2, b->first_us);
    sqlite3_bind_int64(st, 3, b->last_us);
    sqlite3_bind_int64(st, 4, b->n);
    sqlite3_bind_int64(st, 5, b->kept_us);
    sqlite3_bind_int64(st, 6, format);
    db_bind_blob(st, 7, data);
    return db_run(s, st);
}

enum err block_write(struct store *s, struct block *b) {
    i64 format = 0;
    str data = squeeze_pack(&s->squeeze, (str){b->bytes, b->nbytes}, FORMAT_SIP, &format);
    enum err e = row_write(s, b, data, format);
    if (!e) b->there = true;
    return e;
}

static enum err sent_write(struct store *s, const struct press_job *j, str data,
                           i64 format) {
    return row_write(s, &j->row.block, data, format);
}

enum err block_send(struct store *s, struct block *b) {
    struct press_job *j = NULL;
    enum err e = press_next(s, FORMAT_SIP, &j);
    if (e) return e;
    j->write = sent_write;
    j->row.block = *b;
    press_plain(j, (str){b->bytes, b->nbytes});
    press_send(s);
    b->there = true;
    return ERR_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

bool block_next(struct block_reader *b, struct record *r) {
    b->first = b->left == 0;
    if (b->left == 0) {
        if (rd_left(&b->in) == 0) return false;
        b->ref = (i64)((u64)b->ref + (u64)unzigzag(varint_next(&b->in)));
        b->left = varint_next(&b->in);
        u64 n = varint_next(&b->in);
        b->call_id = rd_take(&b->in, (isize)(n & PTRDIFF_MAX));
        if (b->left == 0 || n > PTRDIFF_MAX) b->in.failed = true;
    }
    if (b->in.failed) return false;
    b->left--;
    if (record_next(&b->in, r->time_us, r)) return true;
    b->in.failed = true; /* fewer than the run says */
    return false;
}

enum err block_read(struct store *s, i64 id, struct block *b) {
    sqlite3_stmt *st = db_stmt(s, SQL_BLOCK_GET);
    block_empty(b);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, id);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e ? e : ERR_NOT_FOUND;
    b->id = id;
    b->bucket = id >> BLOCK_BITS;
    b->first_us = sqlite3_column_int64(st, 0);
    b->last_us = sqlite3_column_int64(st, 1);
    b->n = sqlite3_column_int64(st, 2);
    b->kept_us = sqlite3_column_int64(st, 3);
    b->there = true;
    e = squeeze_unpack(&s->squeeze, db_str(st, 5), sqlite3_column_int64(st, 4), &b->bytes,
                       &b->nbytes, &b->cap);
    sqlite3_reset(st);
    return e ? db_damaged(s, "a block of messages cannot be unpacked") : ERR_OK;
}

/* A block spans less than a bucket: older ones cannot reach into the range. */
static i64 earliest_block(i64 after_us) {
    i64 bucket = (i64)1 << BUCKET_BITS;
    return after_us < INT64_MIN + bucket ? INT64_MIN : after_us - bucket;
}

enum err blocks_within(struct store *s, i64 after_us, i64 before_us, struct numbers *l) {
    sqlite3_stmt *st = db_stmt(s, SQL_BLOCK_RANGE);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 2, before_us);
    sqlite3_bind_int64(st, 3, after_us);
    return numbers_bound(s, st, earliest_block(after_us), l);
}
