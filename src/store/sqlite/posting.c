#include "store/sqlite/posting.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

void pos_add(struct pos_list *l, struct pos p) {
    l->list = base_grow(l->list, &l->cap, l->n + 1, (isize)sizeof *l->list);
    l->list[l->n++] = p;
}

/* ---- a row --------------------------------------------------------------------------------------------- */

static i64 slice_start(i64 slice) {
    return slice * ((i64)1 << SLICE_BITS);
}

bool postings_unpack(str data, i64 slice, struct pos_list *to) {
    struct rd in = {.in = data};
    struct pos p = {slice_start(slice), 0};
    while (rd_left(&in)) {
        p.start_us = (i64)((u64)p.start_us + varint_next(&in));
        p.call = (i64)((u64)p.call + (u64)unzigzag(varint_next(&in)));
        if (in.failed || p.start_us >> SLICE_BITS != slice) return false;
        pos_add(to, p);
    }
    return true;
}

static str postings_pack(struct postings *x, i64 slice) {
    struct pos before = {slice_start(slice), 0};
    x->npacked = 0;
    for (isize i = 0; i < x->is.n; i++) {
        struct pos p = x->is.list[i];
        varint_put((u64)(p.start_us - before.start_us), &x->packed, &x->npacked,
                   &x->cap_packed);
        varint_put(zigzag(p.call - before.call), &x->packed, &x->npacked, &x->cap_packed);
        before = p;
    }
    return (str){x->packed, x->npacked};
}

/* ---- changes ------------------------------------------------------------------------------------------- */

void postings_drop(struct postings *p) {
    base_free(p->changes);
    base_free(p->order);
    base_free(p->texts);
    base_free(p->packed);
    base_free(p->was.list);
    base_free(p->is.list);
    *p = (struct postings){0};
}

void postings_forget(struct postings *p) {
    p->nchanges = p->ntexts = 0;
}

void postings_change(struct postings *p, u8 kind, str text, struct pos pos, bool there) {
    p->changes = base_grow(p->changes, &p->cap_changes, p->nchanges + 1,
                           (isize)sizeof *p->changes);
    p->texts = base_grow(p->texts, &p->cap_texts, p->ntexts + text.n + 1, 1);
    p->changes[p->nchanges++] = (struct posting_change){
        p->ntexts, text.n, pos, posting_stretch(kind, pos.call), kind, there};
    if (text.n) memcpy(p->texts + p->ntexts, text.p, (size_t)text.n);
    p->ntexts += text.n;
}

static str text_of(const struct postings *p, const struct posting_change *c) {
    return (str){p->texts + c->text_at, c->ntext};
}

static int by_row(const struct postings *p, const struct posting_change *a,
                  const struct posting_change *b) {
    if (a->stretch != b->stretch) return a->stretch < b->stretch ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    int text = str_cmp(text_of(p, a), text_of(p, b));
    if (text) return text;
    i64 x = a->pos.start_us >> SLICE_BITS, y = b->pos.start_us >> SLICE_BITS;
    return (x > y) - (x < y);
}

/* Of one row and position the later change comes last, and counts. */
static int by_place(const void *a, const void *b, void *postings) {
    const struct postings *p = postings;
    const struct posting_change *x = &p->changes[*(const u32 *)a],
                                *y = &p->changes[*(const u32 *)b];
    int row = by_row(p, x, y);
    if (row) return row;
    if (pos_same(x->pos, y->pos)) return (x > y) - (x < y);
    return pos_less(x->pos, y->pos) ? -1 : 1;
}

static const struct posting_change *in_order(const struct postings *p, isize i) {
    return &p->changes[p->order[i]];
}

/* What the row had, and the changes [from, to) of it, into x->is. */
static void row_merge(struct postings *x, isize from, isize to) {
    isize old = 0;
    x->is.n = 0;
    while (from < to) {
        const struct posting_change *c = in_order(x, from);
        while (old < x->was.n && pos_less(x->was.list[old], c->pos))
            pos_add(&x->is, x->was.list[old++]);
        if (old < x->was.n && pos_same(x->was.list[old], c->pos)) old++;
        while (from + 1 < to && pos_same(in_order(x, from + 1)->pos, c->pos))
            c = in_order(x, ++from);
        if (c->there) pos_add(&x->is, c->pos);
        from++;
    }
    while (old < x->was.n) pos_add(&x->is, x->was.list[old++]);
}

static void row_bind(sqlite3_stmt *st, const struct postings *x,
                     const struct posting_change *c) {
    sqlite3_bind_int64(st, 1, c->stretch);
    sqlite3_bind_int(st, 2, c->kind);
    db_bind_str(st, 3, text_of(x, c));
    sqlite3_bind_int64(st, 4, c->pos.start_us >> SLICE_BITS);
}

static enum err row_read(struct store *s, const struct posting_change *c) {
    struct postings *x = &s->postings;
    sqlite3_stmt *st = db_stmt(s, SQL_WORD_GET);
    x->was.n = 0;
    if (!st) return ERR_IO;
    row_bind(st, x, c);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    bool good = postings_unpack(db_str(st, 0), c->pos.start_us >> SLICE_BITS, &x->was);
    sqlite3_reset(st);
    return good ? ERR_OK : db_damaged(s, "the calls of a word");
}

static enum err row_write(struct store *s, enum sql q, const struct posting_change *c) {
    struct postings *x = &s->postings;
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    row_bind(st, x, c);
    if (q != SQL_WORD_DELETE)
        db_bind_blob(st, 5, postings_pack(x, c->pos.start_us >> SLICE_BITS));
    return db_run(s, st);
}

/* A number that comes into a stretch behind the last: its sieve does not know it. */
static enum err number_late(struct store *s, const struct posting_change *c) {
    i64 newest = (s->put.next - 1) >> CALL_STRETCH_BITS;
    if (c->kind != WORD_FROM && c->kind != WORD_TO) return ERR_OK;
    return c->stretch == newest ? ERR_OK : sieve_void(s, SIEVE_CALLS, c->stretch);
}

static enum err row_change(struct store *s, isize from, isize to) {
    struct postings *x = &s->postings;
    const struct posting_change *c = in_order(x, from);
    enum err late = number_late(s, c);
    if (late) return late;
    if (to - from == 1 && c->there) { /* mostly a number, and a new one */
        x->is.n = 0;
        pos_add(&x->is, c->pos);
        enum err e = row_write(s, SQL_WORD_ADD, c);
        if (e || sqlite3_changes(s->db) == 1) return e;
    }
    enum err e = row_read(s, c);
    if (e) return e;
    row_merge(x, from, to);
    if (x->is.n) return row_write(s, SQL_WORD_SET, c);
    return x->was.n ? row_write(s, SQL_WORD_DELETE, c) : ERR_OK;
}

enum err postings_write(struct store *s) {
    struct postings *x = &s->postings;
    isize n = x->nchanges;
    enum err e = ERR_OK;
    x->order = base_grow(x->order, &x->cap_order, n + 1, (isize)sizeof *x->order);
    for (isize i = 0; i < n; i++) x->order[i] = (u32)i;
    if (n) qsort_r(x->order, (size_t)n, sizeof *x->order, by_place, x);
    for (isize from = 0, to; from < n && !e; from = to) {
        to = from + 1;
        while (to < n && by_row(x, in_order(x, from), in_order(x, to)) == 0) to++;
        e = row_change(s, from, to);
    }
    if (!e) postings_forget(x);
    return e;
}
