/* put.c: a call, its legs and its words into their tables; and out again. */
#include "store/sqlite/put.h"

#include "store/sqlite/db.h"
#include "store/sqlite/volume.h"
#include "store/sqlite/word.h"

#include <stdlib.h>
#include <string.h>

i64 put_leg_key(str leg_id) {
    return (i64)(hash_bytes(leg_id, 0) >> 17); /* six bytes in the file */
}

/* ---- words -------------------------------------------------------------------------------------- */

struct word_reader {
    struct rd in;
    enum word_kind kind;
    str text;
    bool there;
};

static void word_step(struct word_reader *w) {
    w->there = words_next(&w->in, &w->kind, &w->text);
}

static int by_word(const struct word_reader *a, const struct word_reader *b) {
    if (!a->there || !b->there) return a->there ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return str_cmp(a->text, b->text);
}

/* From the old list to the new one; both ascend. With another start, all of the old go. */
static bool words_change(struct postings *p, str old, struct pos was, str new,
                         struct pos is) {
    struct word_reader a = {.in = {.in = old}}, b = {.in = {.in = new}};
    bool stays = pos_same(was, is);
    word_step(&a);
    word_step(&b);
    while (a.there || b.there) {
        int order = by_word(&a, &b);
        if (order <= 0 && (order || !stays))
            postings_change(p, (u8)a.kind, a.text, was, false);
        if (order >= 0 && (order || !stays))
            postings_change(p, (u8)b.kind, b.text, is, true);
        if (order <= 0) word_step(&a);
        if (order >= 0) word_step(&b);
    }
    return !a.in.failed && !b.in.failed;
}

/* ---- legs --------------------------------------------------------------------------------------- */

struct leg_rows {
    struct leg_row {
        i64 ref, id;
    } * rows;
    isize n, cap;
    struct detail_name *names; /* of a call that is put: as many, by ref; texts borrow */
};

/* The legs that a call has of these Call-IDs. */
static enum err leg_rows_read(struct store *s, i64 call, str names, struct leg_rows *l) {
    struct rd in = {.in = names};
    struct detail_name name = {0};
    enum err e = ERR_OK;
    while (!e && detail_next(&in, &name)) {
        sqlite3_stmt *st = db_stmt(s, SQL_LEG_IDS);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, name.ref);
        sqlite3_bind_int64(st, 2, call);
        for (bool row = true; !e && row;) {
            e = db_step(s, st, &row);
            if (e || !row) break;
            l->rows = base_grow(l->rows, &l->cap, l->n + 1, (isize)sizeof *l->rows);
            l->rows[l->n++] = (struct leg_row){name.ref, sqlite3_column_int64(st, 0)};
        }
    }
    return e;
}

static enum err legs_clear(struct store *s, i64 call, str names) {
    struct rd in = {.in = names};
    struct detail_name name = {0};
    enum err e = ERR_OK;
    while (!e && detail_next(&in, &name))
        e = db_run_ints(s, SQL_LEG_LEAVE, 2, name.ref, call, 0);
    return e;
}

static enum err leg_any(struct store *s, i64 ref, bool *any) {
    i64 one = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_ANY);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    enum err e = db_int(s, st, 0, &one);
    *any = one != 0;
    return e;
}

enum err put_ref_orphan(struct store *s, i64 ref, str call_id) {
    sqlite3_stmt *st = db_stmt(s, SQL_REF_ORPHAN);
    if (!st) return ERR_IO;
    db_bind_str(st, 1, call_id);
    sqlite3_bind_int64(st, 2, ref);
    enum err e = db_run(s, st);
    bool gone = !e && sqlite3_changes(s->db), any = false;
    if (gone) {
        names_forget_refs(&s->names);
        s->known.gone++;
    }
    if (gone) e = sieve_void(s, SIEVE_REFS, ref >> REF_STRETCH_BITS);
    if (!e && !gone) e = leg_any(s, ref, &any);
    return e ? e : loose_set(s, ref, !gone && !any);
}

/* Call-IDs that are in no leg and no block any longer. Sightings may wait to be written: they count. */
static enum err refs_orphaned(struct store *s, str names) {
    struct rd in = {.in = names};
    struct detail_name name = {0};
    enum err e = names.n ? keep_write(s) : ERR_OK;
    while (!e && detail_next(&in, &name)) e = put_ref_orphan(s, name.ref, name.text);
    return e;
}

static enum err legs_any(struct store *s, i64 call, bool *any) {
    struct detail d = {0};
    struct numbers refs = {0};
    enum err e = db_call_detail(s, call, &d);
    if (!e) e = detail_refs(s, d.names, call, &refs);
    *any = refs.n != 0;
    base_free(refs.list);
    detail_drop(&d);
    return e;
}

/* ---- a row ---------------------------------------------------------------------------------------- */

struct call_row {
    i64 no, start_us, digest;
    i64 format;
    int kind, state;
    u8 *blocks;
    isize nblocks, cap_blocks;
    struct detail d;
};

static void call_row_drop(struct call_row *r) {
    base_free(r->blocks);
    detail_drop(&r->d);
}

static void blocks_copy(struct call_row *r, str blocks) {
    r->blocks = base_grow(r->blocks, &r->cap_blocks, blocks.n + 1, 1);
    if (blocks.n) memcpy(r->blocks, blocks.p, (size_t)blocks.n);
    r->nblocks = blocks.n;
}

static enum err call_row_read(struct store *s, str id, struct call_row *r) {
    bool maybe = false;
    enum err e = known_ask(s, known_call(id), &maybe);
    if (e || !maybe) return e;
    e = press_flush(s);
    sqlite3_stmt *st = NULL;
    if (!e)
        e = db_stretches(s, SQL_CALL_GET, SIEVE_CALLS, known_call(id), db_bind_key, &id,
                         &st);
    if (e || !st) return e;
    r->no = sqlite3_column_int64(st, 0);
    r->start_us = sqlite3_column_int64(st, 1);
    r->digest = sqlite3_column_int64(st, 2);
    r->kind = sqlite3_column_int(st, 3);
    r->state = sqlite3_column_int(st, 4);
    blocks_copy(r, db_str(st, 7));
    r->format = sqlite3_column_int64(st, 5);
    e = detail_unpack(s, r->format, db_str(st, 6), &r->d);
    sqlite3_reset(st);
    return e;
}

static enum err remove_row(struct store *s, struct call_row *r) {
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(s, r->no, &st);
    if (e) return e;
    r->start_us = sqlite3_column_int64(st, ROW_START);
    r->kind = sqlite3_column_int(st, ROW_KIND);
    r->state = sqlite3_column_int(st, ROW_STATE);
    gone_add(s, db_str(st, ROW_ID));
    blocks_copy(r, db_str(st, ROW_BLOCKS));
    r->format = sqlite3_column_int64(st, ROW_FORMAT);
    e = detail_unpack(s, r->format, db_str(st, ROW_DATA), &r->d);
    sqlite3_reset(st);
    if (!e && !words_change(&s->postings, r->d.words, (struct pos){r->start_us, r->no},
                            (str){0}, (struct pos){0}))
        e = db_damaged(s, "the words of a call");
    if (!e) e = marks_remove(s, r->no, (str){r->blocks, r->nblocks});
    if (!e) e = volume_change(s, r->start_us, r->kind, r->state, -1);
    if (!e) e = learn_use(s, r->format, -1);
    if (!e) e = legs_clear(s, r->no, r->d.names);
    if (!e) e = db_run_ints(s, SQL_CALL_DELETE, 1, r->no, 0, 0);
    if (!e) e = sieve_void(s, SIEVE_CALLS, r->no >> CALL_STRETCH_BITS);
    if (!e) s->new_calls--, s->known.gone++;
    return e;
}

enum err put_remove(struct store *s, i64 call) {
    struct call_row r = {.no = call};
    enum err e = remove_row(s, &r);
    call_row_drop(&r);
    return e;
}

/* ---- legs of other calls ------------------------------------------------------------------------------ */

static u64 joined_key(i64 ref, i64 call) {
    return hash_mix((u64)ref, (u64)call);
}

/* Takes a leg, or all legs of its Call-ID, out of another call. */
static enum err leg_take(struct store *s, i64 other, const struct leg_row *leg,
                         bool all) {
    enum err e = ERR_OK;
    bool any = false;
    if (all)
        e = db_run_ints(s, SQL_LEG_LEAVE, 2, leg->ref, other, 0);
    else
        e = db_run_ints(s, SQL_LEG_LEAVE_ONE, 3, leg->ref, other, leg->id);
    if (!e) e = legs_any(s, other, &any);
    if (!e && !any) e = put_remove(s, other);
    return e;
}

static enum err leg_take_by_id(struct store *s, i64 call, const struct leg_row *leg) {
    for (;;) {
        i64 other = 0;
        sqlite3_stmt *st = db_stmt(s, SQL_LEG_OTHER);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, leg->ref);
        sqlite3_bind_int64(st, 2, call);
        sqlite3_bind_int64(st, 3, leg->id);
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

static int by_ref(const void *a, const void *b) {
    const struct detail_name *x = a, *y = b;
    return (x->ref > y->ref) - (x->ref < y->ref);
}

static int by_row(const void *a, const void *b) {
    const struct leg_row *x = a, *y = b;
    if (x->ref != y->ref) return x->ref < y->ref ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static enum err leg_rows_of(struct store *s, const struct call *c, struct leg_rows *l) {
    l->rows = base_grow(l->rows, &l->cap, c->nlegs + 1, (isize)sizeof *l->rows);
    l->names = base_new(c->nlegs + 1, (isize)sizeof *l->names);
    for (isize i = 0; i < c->nlegs; i++) {
        bool made = false;
        struct leg_row *r = &l->rows[l->n++];
        enum err e = names_ref(s, c->legs[i].call_id, &r->ref, &made);
        if (e) return e;
        r->id = put_leg_key(c->legs[i].id);
        l->names[i] = (struct detail_name){r->ref, c->legs[i].call_id};
    }
    qsort(l->rows, (size_t)l->n, sizeof *l->rows, by_row);
    qsort(l->names, (size_t)l->n, sizeof *l->names, by_ref);
    return ERR_OK;
}

/* `names`: the Call-IDs that it had. */
static enum err legs_put(struct store *s, i64 call, bool anew, str names,
                         const struct leg_rows *new) {
    struct leg_rows old = {0};
    enum err e = anew ? ERR_OK : leg_rows_read(s, call, names, &old);
    bool same = old.n == new->n;
    for (isize i = 0; same && i < old.n; i++)
        same = by_row(&old.rows[i], &new->rows[i]) == 0;
    if (!e && !same && old.n) e = legs_clear(s, call, names);
    if (!e && !same && !anew) e = sieve_void(s, SIEVE_CALLS, call >> CALL_STRETCH_BITS);
    for (isize i = 0; !e && i < new->n; i++) {
        *map_put(&s->put.joined, joined_key(new->rows[i].ref, call)) = 1;
        if (!same)
            e = db_run_ints(s, SQL_LEG_ADD, 3, new->rows[i].ref, call, new->rows[i].id);
        bool held = false, loose = false;
        if (!e) e = loose_is(s, new->rows[i].ref, &loose);
        if (!e && loose) e = loose_set(s, new->rows[i].ref, false);
        for (isize j = 0; j < old.n && !held; j++)
            held = old.rows[j].ref == new->rows[i].ref;
        if (!e && !loose) e = leg_take_from_others(s, call, &new->rows[i], held);
    }
    if (!e && !same) e = refs_orphaned(s, names);
    base_free(old.rows);
    return e;
}

/* ---- calls -------------------------------------------------------------------------------------- */

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

/* A row whose data is squeezed by now. */
static enum err sent_write(struct store *s, const struct press_job *j, str data,
                           i64 format) {
    const struct press_call *c = &j->row.call;
    sqlite3_stmt *st = db_stmt(s, c->anew ? SQL_CALL_ADD : SQL_CALL_SET);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, c->no);
    sqlite3_bind_int64(st, 2, c->start_us);
    sqlite3_bind_int64(st, 3, c->end_us);
    sqlite3_bind_int(st, 4, c->kind);
    sqlite3_bind_int(st, 5, c->state);
    sqlite3_bind_int(st, 6, c->status);
    sqlite3_bind_int64(st, 7, c->duration_ms);
    sqlite3_bind_int64(st, 8, c->digest);
    sqlite3_bind_int64(st, 9, format);
    db_bind_blob(st, 10, data);
    db_bind_blob(st, 11, (str){j->rest + c->nid, c->nblocks});
    if (c->anew) db_bind_str(st, 12, (str){j->rest, c->nid});
    enum err e = db_run(s, st);
    return e ? e : learn_use(s, format, 1);
}

static void rest_put(struct press_job *j, str id, str blocks) {
    j->rest = base_room(j->rest, &j->cap_rest, id.n + blocks.n + 1, 1);
    if (id.n) memcpy(j->rest, id.p, (size_t)id.n);
    if (blocks.n) memcpy(j->rest + id.n, blocks.p, (size_t)blocks.n);
    j->row.call.nid = id.n;
    j->row.call.nblocks = blocks.n;
}

static enum err call_number(struct store *s, i64 *no) {
    sqlite3_stmt *st = s->put.next ? NULL : db_stmt(s, SQL_CALL_LAST);
    if (!s->put.next && !st) return ERR_IO;
    enum err e = st ? db_int(s, st, 0, &s->put.next) : ERR_OK;
    if (st && !e) s->put.next++;
    if (!e) *no = s->put.next++;
    return e;
}

static enum err call_row_write(struct store *s, const struct call *c,
                               const struct detail *d, i64 digest, i64 *no) {
    struct press_job *j = NULL;
    bool anew = *no == 0;
    i64 format = 0;
    str plain = {d->plain, d->n};
    enum err e = learn_format(s, plain, &format);
    if (!e) e = press_next(s, format, &j);
    if (!e && anew) e = call_number(s, no);
    if (e) return e;
    j->write = sent_write;
    j->row.call = (struct press_call){
        .anew = anew,
        .no = *no,
        .start_us = c->start_us,
        .end_us = call_end(c),
        .digest = digest,
        .duration_ms = c->duration_ms,
        .kind = (int)c->kind,
        .state = (int)c->state,
        .status = c->status,
    };
    rest_put(j, anew ? c->id : (str){0}, marks_blocks(s, c));
    press_plain(j, plain);
    press_send(s);
    if (!anew) return ERR_OK;
    s->new_calls++;
    known_add(&s->known, known_call(c->id));
    return ERR_OK;
}

/* Equal when nothing has to be written. */
static u64 digest_of(const struct call *c, str json) {
    u64 hash = hash_bytes(json, (u64)c->kind << 8 | (u64)c->state);
    for (isize i = 0; i < c->nlegs; i++)
        hash = hash_bytes(c->legs[i].call_id, hash_bytes(c->legs[i].id, hash));
    for (isize i = 0; i < c->nmarks; i++) {
        const struct mark *m = &c->marks[i];
        u64 ends = (u64)m->from << 32 | (u64)m->to << 16 | m->what;
        str keys = {(const u8 *)m->keys, m->nkeys * (isize)sizeof *m->keys};
        hash = hash_mix(hash, hash_mix((u64)m->at_us, hash_bytes(keys, ends)));
    }
    return hash;
}

static enum err volume_move(struct store *s, const struct call_row *old,
                            const struct call *c) {
    enum err e = ERR_OK;
    if (old->no) e = volume_change(s, old->start_us, old->kind, old->state, -1);
    if (!e) e = volume_change(s, c->start_us, (int)c->kind, (int)c->state, 1);
    return e;
}

static enum err put(struct store *s, const struct call *c, str json, struct call_row *old,
                    struct leg_rows *legs) {
    enum err e = call_row_read(s, c->id, old);
    if (!e) e = leg_rows_of(s, c, legs);
    if (e) return e;
    i64 digest = (i64)digest_of(c, json);
    if (old->no && old->digest == digest && old->start_us == c->start_us)
        return legs_put(s, old->no, false, old->d.names, legs);
    i64 no = old->no;
    str words = words_of_call(&s->words, c);
    detail_pack(&s->detail, words, legs->names, legs->n, json);
    e = learn_use(s, old->format, -1);
    if (!e) e = call_row_write(s, c, &s->detail, digest, &no);
    if (!e && !words_change(&s->postings, old->d.words, (struct pos){old->start_us, no},
                            words, (struct pos){c->start_us, no}))
        e = db_damaged(s, "the words of a call");
    if (!e && old->no) e = marks_remove(s, no, (str){old->blocks, old->nblocks});
    if (!e) e = marks_put(s, (u32)no, c);
    if (!e) e = volume_move(s, old, c);
    if (!e) e = legs_put(s, no, old->no == 0, old->d.names, legs);
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
    call_row_drop(&old);
    base_free(legs.rows);
    base_free(legs.names);
    return e;
}
