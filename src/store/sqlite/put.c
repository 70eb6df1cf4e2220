/* put.c: a call, its legs and its words into their tables; and out again. */
#include "store/sqlite/put.h"

#include "store/sqlite/db.h"
#include "store/sqlite/word.h"

#include <stdlib.h>
#include <string.h>

i64 put_leg_key(str leg_id) {
    return (i64)hash_bytes(leg_id, 0);
}

/* ---- words -------------------------------------------------------------------------------------- */

static enum err posting_add(struct store *s, i64 word, i64 start_us, i64 call) {
    return db_run_ints(s, SQL_POSTING_ADD, 3, word, start_us, call);
}

/* A word that no call has any longer goes; what the cache says of it goes, too. */
static enum err posting_delete(struct store *s, i64 word, i64 start_us, i64 call) {
    enum err e = db_run_ints(s, SQL_POSTING_DELETE, 3, word, start_us, call);
    if (!e) e = db_run_ints(s, SQL_WORD_ORPHAN, 1, word, 0, 0);
    if (!e && sqlite3_changes(s->db)) names_forget_words(&s->names);
    return e;
}

/* From the old list to the new one; both ascend. With another start, all of the old go. */
static enum err postings_change(struct store *s, i64 call, str old, i64 old_us, str new,
                                i64 new_us) {
    struct rd was = {.in = old}, is = {.in = new};
    i64 a = 0, b = 0;
    bool have_a = words_next(&was, 0, &a), have_b = words_next(&is, 0, &b);
    enum err e = ERR_OK;
    while (!e && (have_a || have_b)) {
        bool same = have_a && have_b && a == b;
        bool take_a = have_a && (!have_b || a <= b),
             take_b = have_b && (!have_a || b <= a);
        if (take_b && !(same && old_us == new_us)) e = posting_add(s, b, new_us, call);
        if (!e && take_a && !(same && old_us == new_us))
            e = posting_delete(s, a, old_us, call);
        if (take_a) have_a = words_next(&was, a, &a);
        if (take_b) have_b = words_next(&is, b, &b);
    }
    if (!e && (was.failed || is.failed)) return db_damaged(s, "the words of a call");
    return e;
}

/* ---- legs --------------------------------------------------------------------------------------- */

struct leg_rows {
    struct leg_row {
        i64 ref, id;
    } * rows;
    isize n, cap;
};

static enum err leg_rows_read(struct store *s, i64 call, struct leg_rows *l) {
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_OF_CALL);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        l->rows = base_grow(l->rows, &l->cap, l->n + 1, (isize)sizeof *l->rows);
        l->rows[l->n++] =
            (struct leg_row){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
    }
}

/* Call-IDs that are in no leg and no chunk any longer. Sightings may wait to be written: they count. */
static enum err refs_orphaned(struct store *s, const struct leg_rows *l) {
    enum err e = l->n ? keep_write(s) : ERR_OK;
    for (isize i = 0; !e && i < l->n; i++) {
        e = db_run_ints(s, SQL_REF_ORPHAN, 1, l->rows[i].ref, 0, 0);
        if (!e && sqlite3_changes(s->db)) names_forget_refs(&s->names);
    }
    return e;
}

static enum err legs_any(struct store *s, i64 call, bool *any) {
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_ANY);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    i64 found = 0;
    enum err e = db_int(s, st, 0, &found);
    *any = found != 0;
    return e;
}

enum err put_remove(struct store *s, i64 call) {
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(s, call, &st);
    if (e) return e;
    i64 start_us = sqlite3_column_int64(st, 1);
    gone_add(s, db_str(st, 0));
    str words = db_str(st, 4), blocks = db_str(st, 7);
    u8 *copy = NULL;
    isize cap = 0;
    copy = base_grow(copy, &cap, words.n + blocks.n + 1, 1);
    if (words.n) memcpy(copy, words.p, (size_t)words.n);
    if (blocks.n) memcpy(copy + words.n, blocks.p, (size_t)blocks.n);
    sqlite3_reset(st);
    e = postings_change(s, call, (str){copy, words.n}, start_us, (str){0}, 0);
    if (!e) e = marks_remove(s, call, (str){copy + words.n, blocks.n});
    if (!e) e = db_run_ints(s, SQL_LEG_CLEAR, 1, call, 0, 0);
    if (!e) e = db_run_ints(s, SQL_CALL_DELETE, 1, call, 0, 0);
    if (!e) s->new_calls--;
    base_free(copy);
    return e;
}

static u64 joined_key(i64 ref, i64 call) {
    return hash_mix((u64)ref, (u64)call);
}

/* Takes a leg, or all legs of its Call-ID, out of another call. */
static enum err leg_take(struct store *s, i64 other, const struct leg_row *leg,
                         bool all) {
    enum err e = ERR_OK;
    bool any = false;
    if (all)
        e = db_run_ints(s, SQL_LEG_LEAVE, 2, other, leg->ref, 0);
    else
        e = db_run_ints(s, SQL_LEG_LEAVE_ONE, 3, other, leg->ref, leg->id);
    if (!e) e = legs_any(s, other, &any);
    if (!e && !any) e = put_remove(s, other);
    return e;
}

static enum err leg_take_by_id(struct store *s, i64 call, const struct leg_row *leg) {
    for (;;) {
        i64 other = 0;
        sqlite3_stmt *st = db_stmt(s, SQL_LEG_OTHER);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, leg->id);
        sqlite3_bind_int64(st, 2, call);
        sqlite3_bind_int64(st, 3, leg->ref);
        enum err e = db_int(s, st, 0, &other);
        if (!e && other) e = leg_take(s, other, leg, false);
        if (e || !other) return e;
    }
}

/* A Call-ID is in one call, the last that was put with it. But a web page may have masked the Call-IDs of several calls
 * into one. Calls that were put in one transaction are meant to stand side by side, and so from then on
 * are the calls which share it already; between these, only a leg of the same id moves. */
static enum err leg_take_from_others(struct store *s, i64 call, const struct leg_row *leg,
                                     bool held) {
    i64 others[2] = {0};
    int n = 0;
    bool row = true;
    enum err e = ERR_OK;
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_CALLS);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, leg->ref);
    sqlite3_bind_int64(st, 2, call);
    while (!e && row && n < 2) {
        e = db_step(s, st, &row);
        if (!e && row) others[n++] = sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    if (e || n == 0) return e;
    bool shared =
        n == 2 || held || map_get(&s->put.joined, joined_key(leg->ref, others[0]));
    return shared ? leg_take_by_id(s, call, leg) : leg_take(s, others[0], leg, true);
}

static int by_row(const void *a, const void *b) {
    const struct leg_row *x = a, *y = b;
    if (x->ref != y->ref) return x->ref < y->ref ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static enum err leg_rows_of(struct store *s, const struct call *c, struct leg_rows *l) {
    l->rows = base_grow(l->rows, &l->cap, c->nlegs + 1, (isize)sizeof *l->rows);
    for (isize i = 0; i < c->nlegs; i++) {
        bool made = false;
        struct leg_row *r = &l->rows[l->n++];
        enum err e = names_ref(s, c->legs[i].call_id, &r->ref, &made);
        if (e) return e;
        r->id = put_leg_key(c->legs[i].id);
    }
    if (l->n) qsort(l->rows, (size_t)l->n, sizeof *l->rows, by_row);
    return ERR_OK;
}

static enum err legs_put(struct store *s, i64 call, bool anew,
                         const struct leg_rows *new) {
    struct leg_rows old = {0};
    enum err e = anew ? ERR_OK : leg_rows_read(s, call, &old);
    bool same = old.n == new->n;
    for (isize i = 0; same && i < old.n; i++)
        same = by_row(&old.rows[i], &new->rows[i]) == 0;
    if (!e && !same && old.n) e = db_run_ints(s, SQL_LEG_CLEAR, 1, call, 0, 0);
    for (isize i = 0; !e && i < new->n; i++) {
        *map_put(&s->put.joined, joined_key(new->rows[i].ref, call)) = 1;
        if (!same)
            e = db_run_ints(s, SQL_LEG_ADD, 3, call, new->rows[i].ref, new->rows[i].id);
        bool held = false;
        for (isize j = 0; j < old.n && !held; j++)
            held = old.rows[j].ref == new->rows[i].ref;
        if (!e) e = leg_take_from_others(s, call, &new->rows[i], held);
    }
    if (!e && !same) e = refs_orphaned(s, &old);
    base_free(old.rows);
    return e;
}

/* ---- calls -------------------------------------------------------------------------------------- */

struct call_row {
    i64 no, start_us, digest;
    u8 *words; /* and blocks, after them */
    isize nwords, nblocks, cap_words;
};

static enum err call_row_read(struct store *s, str id, struct call_row *r) {
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_GET);
    if (!st) return ERR_IO;
    db_bind_str(st, 1, id);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    r->no = sqlite3_column_int64(st, 0);
    r->start_us = sqlite3_column_int64(st, 1);
    r->digest = sqlite3_column_int64(st, 2);
    str words = db_str(st, 3), blocks = db_str(st, 4);
    r->nwords = words.n;
    r->nblocks = blocks.n;
    r->words = base_grow(r->words, &r->cap_words, words.n + blocks.n + 1, 1);
    if (words.n) memcpy(r->words, words.p, (size_t)words.n);
    if (blocks.n) memcpy(r->words + words.n, blocks.p, (size_t)blocks.n);
    sqlite3_reset(st);
    return ERR_OK;
}

static i64 call_end(const struct call *c) {
    i64 end = c->start_us;
    for (isize i = 0; i < c->nlegs; i++) {
        end = i64_max(end, c->legs[i].end_us);
        end = i64_max(end, c->legs[i].answer_us);
        end = i64_max(end, c->legs[i].start_us);
    }
    for (isize i = 0; c->messages && i < c->nmessages; i++)
        end = i64_max(end, c->messages[i].time_us);
    return end;
}

static enum err call_row_write(struct store *s, const struct call *c, str words,
                               i64 digest, str json, i64 *no) {
    bool anew = *no == 0;
    sqlite3_stmt *st = db_stmt(s, anew ? SQL_CALL_ADD : SQL_CALL_SET);
    if (!st) return ERR_IO;
    int format = 0;
    str packed = squeeze_pack(&s->squeeze, json, FORMAT_SUMMARY, &format);
    if (anew)
        db_bind_str(st, 1, c->id);
    else
        sqlite3_bind_int64(st, 1, *no);
    sqlite3_bind_int64(st, 2, c->start_us);
    sqlite3_bind_int64(st, 3, call_end(c));
    sqlite3_bind_int(st, 4, (int)c->kind);
    sqlite3_bind_int(st, 5, c->status);
    sqlite3_bind_int64(st, 6, c->duration_ms);
    sqlite3_bind_int64(st, 7, digest);
    db_bind_blob(st, 8, words);
    sqlite3_bind_int(st, 9, format);
    db_bind_blob(st, 10, packed);
    db_bind_blob(st, 11, marks_blocks(s, c));
    enum err e = db_run(s, st);
    if (e || !anew) return e;
    *no = sqlite3_last_insert_rowid(s->db);
    s->new_calls++;
    return ERR_OK;
}

/* Equal when nothing has to be written. */
static u64 digest_of(const struct call *c, str json) {
    u64 hash = hash_bytes(json, 0);
    for (isize i = 0; i < c->nmarks; i++) {
        const struct mark *m = &c->marks[i];
        u64 ends = (u64)m->from << 32 | (u64)m->to << 16 | m->what;
        str keys = {(const u8 *)m->keys, m->nkeys * (isize)sizeof *m->keys};
        hash = hash_mix(hash, hash_mix((u64)m->at_us, hash_bytes(keys, ends)));
    }
    return hash;
}

static enum err put(struct store *s, const struct call *c, str json, struct call_row *old,
                    struct leg_rows *legs) {
    enum err e = call_row_read(s, c->id, old);
    if (!e) e = leg_rows_of(s, c, legs);
    if (e) return e;
    i64 digest = (i64)digest_of(c, json);
    if (old->no && old->digest == digest && old->start_us == c->start_us)
        return legs_put(s, old->no, false, legs);
    i64 no = old->no;
    str words = {0};
    e = words_of_call(s, c, &words);
    if (!e) e = call_row_write(s, c, words, digest, json, &no);
    if (!e)
        e = postings_change(s, no, (str){old->words, old->nwords}, old->start_us, words,
                            c->start_us);
    if (!e && old->no)
        e = marks_remove(s, no, (str){old->words + old->nwords, old->nblocks});
    if (!e) e = marks_put(s, (u32)no, c);
    if (!e) e = legs_put(s, no, old->no == 0, legs);
    return e;
}

enum err store_put_call(struct store *s, const struct call *c, str json) {
    enum err e = db_may_write(s);
    if (e) return e;
    if (c->nlegs == 0 || c->id.n == 0)
        return db_fail(s, ERR_USAGE, "a call without legs or id cannot be kept");
    struct call_row old = {0};
    struct leg_rows legs = {0};
    e = put(s, c, json, &old, &legs);
    base_free(old.words);
    base_free(legs.rows);
    return e;
}
