#include "store/sqlite/keep.h"

#include "store/sqlite/db.h"

#include <string.h>

static u64 piece_key(i64 ref, i64 bucket) {
    return hash_mix((u64)ref, (u64)bucket);
}

static u64 twins_key(u64 hash, u32 piece) {
    return hash_mix(hash, piece);
}

/* Where two things have one key, the second goes to the next. */
static u64 next_key(u64 key) {
    return key * 0x9e3779b97f4a7c15u + 1;
}

/* Where the number of a piece stands, or is to be put: 0 there means that there is none. */
static u32 *piece_place(struct keep *k, i64 ref, i64 bucket) {
    for (u64 key = piece_key(ref, bucket);; key = next_key(key)) {
        u32 *at = map_put(&k->piece_index, key);
        if (!*at) return at;
        if (k->pieces[*at - 1].ref == ref && k->pieces[*at - 1].bucket == bucket)
            return at;
    }
}

static u32 *twins_place(struct keep *k, u64 hash, u32 piece) {
    for (u64 key = twins_key(hash, piece);; key = next_key(key)) {
        u32 *at = map_put(&k->twin_index, key);
        if (!*at) return at;
        if (k->twins[*at - 1].hash == hash && k->twins[*at - 1].piece == piece) return at;
    }
}

/* The number of the entry for sightings equal to this one; made when new. */
static u32 twins_of(struct keep *k, u64 hash, u32 piece) {
    u32 *place = twins_place(k, hash, piece);
    if (!*place) {
        k->twins =
            base_grow(k->twins, &k->cap_twins, k->ntwins + 1, (isize)sizeof *k->twins);
        k->twins[k->ntwins] = (struct twins){.hash = hash, .piece = piece};
        *place = (u32)++k->ntwins;
    }
    return *place - 1;
}

static void piece_empty(struct piece *p) {
    p->chunk = 0;
    p->n = 0;
    p->nbytes = 0;
    p->first_us = p->last_us = p->before_us = 0;
    p->earlier = false;
}

/* ---- letting go ------------------------------------------------------------------------------ */

/* Lets go of what was not touched for long; the rest gets new numbers. */
static void keep_trim(struct keep *k) {
    u32 *renamed = NULL;
    isize cap = 0, n = 0;
    renamed = base_grow(renamed, &cap, k->npieces + 1, (isize)sizeof *renamed);
    map_clear(&k->piece_index);
    for (isize i = 0; i < k->npieces; i++) {
        if (k->clock - k->pieces[i].touched > EQUAL_WITHIN) {
            base_free(k->pieces[i].bytes);
            continue;
        }
        renamed[i] = (u32)++n;
        k->pieces[n - 1] = k->pieces[i];
        *piece_place(k, k->pieces[i].ref, k->pieces[i].bucket) = (u32)n;
    }
    k->npieces = n;
    map_clear(&k->twin_index);
    n = 0;
    for (isize i = 0; i < k->ntwins; i++) {
        struct twins e = k->twins[i];
        if (!renamed[e.piece]) continue;
        e.piece = renamed[e.piece] - 1;
        k->twins[n++] = e;
        *twins_place(k, e.hash, e.piece) = (u32)n;
    }
    k->ntwins = n;
    base_free(renamed);
}

void keep_drop(struct keep *k) {
    for (isize i = 0; i < k->npieces; i++) base_free(k->pieces[i].bytes);
    map_drop(&k->piece_index);
    map_drop(&k->twin_index);
    base_free(k->pieces);
    base_free(k->twins);
    base_free(k->dirty);
    base_free(k->undo);
    *k = (struct keep){0};
}

void keep_committed(struct keep *k) {
    must(k->ndirty == 0);
    k->nundo = 0;
    if (k->clock - k->trimmed > EQUAL_WITHIN) {
        keep_trim(k);
        k->trimmed = k->clock;
    }
}

void keep_unload(struct keep *k) {
    for (isize i = 0; i < k->npieces; i++) {
        k->pieces[i].loaded = k->pieces[i].dirty = false;
        piece_empty(&k->pieces[i]);
    }
    for (isize i = 0; i < k->ntwins; i++) k->twins[i].stored = 0;
    k->ndirty = 0;
}

void keep_rolled_back(struct keep *k) {
    while (k->nundo) {
        struct undo u = k->undo[--k->nundo];
        k->twins[u.twins].came = u.came;
        k->twins[u.twins].last = u.last;
    }
    keep_unload(k);
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Counts what a chunk holds, and makes it the piece's open one. */
static enum err piece_load_chunk(struct store *s, u32 at, sqlite3_stmt *st) {
    struct keep *k = &s->keep;
    struct piece *p = &k->pieces[at];
    piece_empty(p);
    p->chunk = sqlite3_column_int64(st, 0);
    p->first_us = sqlite3_column_int64(st, 1);
    p->last_us = sqlite3_column_int64(st, 2);
    p->n = sqlite3_column_int64(st, 3);
    enum err e = squeeze_unpack(&s->squeeze, db_str(st, 5), sqlite3_column_int64(st, 4),
                                &p->bytes, &p->nbytes, &p->cap_bytes);
    if (e) return db_damaged(s, "a chunk cannot be unpacked");
    struct rd in = {.in = {p->bytes, p->nbytes}};
    struct record r = {0};
    while (record_next(&in, p->before_us, &r)) {
        p->before_us = r.time_us;
        u32 twins = twins_of(k, record_hash(&r), at); /* may move k->twins */
        k->twins[twins].stored++;
    }
    if (in.failed) return db_damaged(s, "a chunk holds something that is no sighting");
    return ERR_OK;
}

static enum err piece_load(struct store *s, u32 at) {
    struct piece *p = &s->keep.pieces[at];
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_OF_PIECE);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, p->ref);
    sqlite3_bind_int64(st, 2, p->bucket);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (!e && row) e = piece_load_chunk(s, at, st);
        if (e) sqlite3_reset(st);
        if (e || !row) return e;
    }
}

static enum err piece_for(struct store *s, i64 ref, i64 bucket, bool made, u32 *number) {
    struct keep *k = &s->keep;
    u32 *place = piece_place(k, ref, bucket);
    if (!*place) {
        k->pieces = base_grow(k->pieces, &k->cap_pieces, k->npieces + 1,
                              (isize)sizeof *k->pieces);
        k->pieces[k->npieces] = (struct piece){.ref = ref, .bucket = bucket};
        k->pieces[k->npieces].loaded = made;
        *place = (u32)++k->npieces;
    }
    *number = *place - 1;
    struct piece *p = &k->pieces[*number];
    p->touched = k->clock;
    if (p->loaded) return ERR_OK;
    enum err e = piece_load(s, *number);
    if (!e) p->loaded = true;
    return e;
}

/* ---- writing --------------------------------------------------------------------------------- */

static enum err piece_add_row(struct store *s, struct piece *p, str data, int format) {
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_ADD);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, p->ref);
    sqlite3_bind_int64(st, 2, p->bucket);
    sqlite3_bind_int64(st, 3, p->first_us);
    sqlite3_bind_int64(st, 4, p->last_us);
    sqlite3_bind_int64(st, 5, p->n);
    sqlite3_bind_int(st, 6, format);
    db_bind_blob(st, 7, data);
    sqlite3_bind_int64(st, 8, s->clock_us);
    enum err e = db_run(s, st);
    if (!e) p->chunk = sqlite3_last_insert_rowid(s->db);
    return e;
}

/* first_us has an index, and seldom changes: it is not set for nothing. */
static enum err piece_set_row(struct store *s, struct piece *p, str data, int format) {
    sqlite3_stmt *st = db_stmt(s, p->earlier ? SQL_CHUNK_SET_ALL : SQL_CHUNK_SET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, p->chunk);
    sqlite3_bind_int64(st, 2, p->last_us);
    sqlite3_bind_int64(st, 3, p->n);
    sqlite3_bind_int(st, 4, format);
    db_bind_blob(st, 5, data);
    if (p->earlier) sqlite3_bind_int64(st, 6, p->first_us);
    return db_run(s, st);
}

static enum err piece_write(struct store *s, struct piece *p) {
    int format = 0;
    str data = squeeze_pack(&s->squeeze, (str){p->bytes, p->nbytes}, FORMAT_SIP, &format);
    enum err e =
        p->chunk ? piece_set_row(s, p, data, format) : piece_add_row(s, p, data, format);
    if (!e) p->dirty = p->earlier = false;
    return e;
}

enum err keep_write(struct store *s) {
    struct keep *k = &s->keep;
    for (isize i = 0; i < k->ndirty; i++) {
        struct piece *p = &k->pieces[k->dirty[i]];
        enum err e = p->dirty ? piece_write(s, p) : ERR_OK;
        if (e) return e;
    }
    k->ndirty = 0;
    return ERR_OK;
}

/* May this record still go into the open chunk? */
static bool piece_has_room(const struct piece *p, const struct record *r) {
    return p->n == 0 || p->nbytes + r->bytes.n <= CHUNK_FULL;
}

static enum err piece_add(struct store *s, u32 number, const struct record *r) {
    struct keep *k = &s->keep;
    struct piece *p = &k->pieces[number];
    if (!piece_has_room(p, r)) {
        enum err e = p->dirty ? piece_write(s, p) : ERR_OK;
        if (e) return e;
        piece_empty(p);
    }
    record_put(r, p->before_us, &p->bytes, &p->nbytes, &p->cap_bytes);
    p->before_us = r->time_us;
    p->earlier |= p->n && r->time_us < p->first_us;
    p->first_us = p->n ? i64_min(p->first_us, r->time_us) : r->time_us;
    p->last_us = p->n ? i64_max(p->last_us, r->time_us) : r->time_us;
    p->n++;
    if (!p->dirty) {
        k->dirty =
            base_grow(k->dirty, &k->cap_dirty, k->ndirty + 1, (isize)sizeof *k->dirty);
        k->dirty[k->ndirty++] = number;
        p->dirty = true;
    }
    return ERR_OK;
}

enum err keep_sighting(struct store *s, i64 ref, bool made, const struct record *r,
                       bool *fresh) {
    struct keep *k = &s->keep;
    u32 number = 0;
    k->clock++;
    enum err e = piece_for(s, ref, r->time_us >> BUCKET_BITS, made, &number);
    if (e) return e;
    u32 at = twins_of(k, record_hash(r), number);
    struct twins *t = &k->twins[at];
    k->undo = base_grow(k->undo, &k->cap_undo, k->nundo + 1, (isize)sizeof *k->undo);
    k->undo[k->nundo++] = (struct undo){at, t->came, t->last};
    if (t->last <= k->session || k->clock - t->last > EQUAL_WITHIN) t->came = 0;
    t->came++;
    t->last = k->clock;
    *fresh = t->came > t->stored;
    if (!*fresh) return ERR_OK;
    t->stored++;
    return piece_add(s, number, r);
}
