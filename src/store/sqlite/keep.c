#include "store/sqlite/keep.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
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
        k->twins[k->ntwins] =
            (struct twins){.hash = hash, .piece = piece, .next = k->pieces[piece].twins};
        *place = k->pieces[piece].twins = (u32)++k->ntwins;
    }
    return *place - 1;
}

/* ---- letting go ------------------------------------------------------------------------------ */

/* Lets go of what was not touched for long; the rest gets new numbers. */
static void keep_trim(struct keep *k) {
    u32 *renamed = NULL;
    isize cap = 0, n = 0;
    renamed = base_grow(renamed, &cap, k->npieces + 1, (isize)sizeof *renamed);
    map_clear(&k->piece_index);
    for (isize i = 0; i < k->npieces; i++) {
        if (k->clock - k->pieces[i].touched > EQUAL_WITHIN) continue;
        renamed[i] = (u32)++n;
        k->pieces[n - 1] = k->pieces[i];
        k->pieces[n - 1].twins = 0;
        *piece_place(k, k->pieces[i].ref, k->pieces[i].bucket) = (u32)n;
    }
    k->npieces = n;
    map_clear(&k->twin_index);
    n = 0;
    for (isize i = 0; i < k->ntwins; i++) {
        struct twins e = k->twins[i];
        if (!renamed[e.piece]) continue;
        e.piece = renamed[e.piece] - 1;
        e.next = k->pieces[e.piece].twins;
        k->twins[n++] = e;
        k->pieces[e.piece].twins = (u32)n;
        *twins_place(k, e.hash, e.piece) = (u32)n;
    }
    k->ntwins = n;
    base_free(renamed);
}

static void blocks_close(struct keep *k) {
    for (isize i = 0; i < BLOCKS_OPEN; i++) k->open[i].used = k->open[i].dirty = false;
}

void keep_drop(struct keep *k) {
    for (isize i = 0; i < BLOCKS_OPEN; i++) base_free(k->open[i].b.bytes);
    base_free(k->scratch.bytes);
    map_drop(&k->piece_index);
    map_drop(&k->twin_index);
    base_free(k->pieces);
    base_free(k->twins);
    base_free(k->pending);
    base_free(k->order);
    base_free(k->plain);
    base_free(k->undo);
    *k = (struct keep){0};
}

void keep_committed(struct keep *k) {
    must(k->npending == 0);
    k->nundo = 0;
    if (k->clock - k->trimmed > EQUAL_WITHIN) {
        keep_trim(k);
        k->trimmed = k->clock;
    }
}

void keep_unload(struct keep *k) {
    for (isize i = 0; i < k->npieces; i++) k->pieces[i].state = PIECE_UNKNOWN;
    for (isize i = 0; i < k->ntwins; i++) k->twins[i].stored = 0;
    k->npending = k->nplain = 0;
    blocks_close(k);
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

/* Counts what a block holds of the piece. */
static enum err piece_load_block(struct store *s, u32 at, i64 block) {
    struct keep *k = &s->keep;
    enum err e = block_read(s, block, &k->scratch);
    if (e == ERR_NOT_FOUND) return db_damaged(s, "a block of messages is not there");
    if (e) return e;
    struct block_reader in = block_reader_of(&k->scratch);
    struct record r = {0};
    while (block_next(&in, &r)) {
        if (in.ref != k->pieces[at].ref) continue;
        u32 twins = twins_of(k, record_hash(&r), at); /* may move k->twins */
        k->twins[twins].stored++;
    }
    return in.in.failed ? db_damaged(s, "a block holds something that is no sighting")
                        : ERR_OK;
}

static enum err piece_load(struct store *s, u32 at) {
    struct keep *k = &s->keep;
    struct numbers blocks = {0};
    enum err e = keep_write(s);
    if (!e) e = press_flush(s);
    for (u32 t = k->pieces[at].twins; t; t = k->twins[t - 1].next)
        k->twins[t - 1].stored = 0;
    if (!e) e = numbers_of(s, SQL_PART_BLOCKS, k->pieces[at].ref, &blocks);
    for (isize i = 0; i < blocks.n && !e; i++) {
        if (blocks.list[i] >> BLOCK_BITS == k->pieces[at].bucket)
            e = piece_load_block(s, at, blocks.list[i]);
    }
    base_free(blocks.list);
    if (!e) k->pieces[at].state = PIECE_LOADED;
    return e;
}

/* Until when there is something stored of it. */
static enum err piece_look(struct store *s, struct piece *p) {
    sqlite3_stmt *st = db_stmt(s, SQL_PART_LAST);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, p->ref);
    sqlite3_bind_int64(st, 2, block_low(p->bucket));
    sqlite3_bind_int64(st, 3, block_low(p->bucket + 1));
    enum err e = db_int(s, st, INT64_MIN, &p->after_us);
    if (!e) p->state = PIECE_AFTER;
    return e;
}

static enum err piece_for(struct store *s, i64 ref, bool made, i64 time_us, u32 *number) {
    struct keep *k = &s->keep;
    i64 bucket = time_us >> BUCKET_BITS;
    u32 *place = piece_place(k, ref, bucket);
    if (!*place) {
        k->pieces = base_grow(k->pieces, &k->cap_pieces, k->npieces + 1,
                              (isize)sizeof *k->pieces);
        k->pieces[k->npieces] = (struct piece){.ref = ref, .bucket = bucket};
        if (made) k->pieces[k->npieces].state = PIECE_LOADED;
        *place = (u32)++k->npieces;
    }
    *number = *place - 1;
    struct piece *p = &k->pieces[*number];
    p->touched = k->clock;
    enum err e = p->state == PIECE_UNKNOWN ? piece_look(s, p) : ERR_OK;
    if (!e && p->state == PIECE_AFTER && time_us <= p->after_us)
        e = piece_load(s, *number);
    return e;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* To the end of a block that was read, so that more can follow. */
static enum err block_go_on(struct store *s, struct block *b) {
    struct block_reader in = block_reader_of(b);
    struct record r = {0};
    while (block_next(&in, &r)) {
        b->ref = in.ref;
        b->time_us = r.time_us;
        b->line = r.line;
    }
    return in.in.failed ? db_damaged(s, "a block holds something that is no sighting")
                        : ERR_OK;
}

/* Retention looks at when the first of a block was kept: what comes much later begins another one. */
static bool kept_together(const struct store *s, const struct block *b) {
    if (b->kept_us == INT64_MIN || s->clock_us == INT64_MIN)
        return b->kept_us == s->clock_us;
    return s->clock_us >= b->kept_us && s->clock_us - b->kept_us <= (i64)1 << BUCKET_BITS;
}

static bool block_is_full(const struct block *b) {
    return b->nbytes >= BLOCK_FULL - BLOCK_FULL / 8;
}

/* The last block of the bucket, if it has room. */
static enum err open_again(struct store *s, struct open_block *o, i64 bucket) {
    i64 last = 0;
    enum err e = press_flush(s);
    sqlite3_stmt *st = e ? NULL : db_stmt(s, SQL_BLOCK_LAST);
    if (!st) return e ? e : s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, block_low(bucket));
    sqlite3_bind_int64(st, 2, block_low(bucket + 1));
    e = db_int(s, st, block_low(bucket), &last);
    o->next = last + 1;
    block_empty(&o->b);
    if (e || last == block_low(bucket)) return e;
    e = block_read(s, last, &o->b);
    if (!e) e = block_go_on(s, &o->b);
    if (!e && (block_is_full(&o->b) || !kept_together(s, &o->b))) block_empty(&o->b);
    return e;
}

static enum err open_close(struct store *s, struct open_block *o) {
    enum err e = o->used && o->dirty ? block_send(s, &o->b) : ERR_OK;
    if (!e) o->dirty = false;
    return e;
}

/* The open block of a bucket; the one that was not used for longest makes room. */
static enum err open_for(struct store *s, i64 bucket, struct open_block **to) {
    struct keep *k = &s->keep;
    struct open_block *o = &k->open[0];
    for (isize i = 0; i < BLOCKS_OPEN; i++) {
        struct open_block *x = &k->open[i];
        if (x->used && x->b.bucket == bucket) {
            o = x;
            break;
        }
        if (!x->used || (o->used && x->touched < o->touched)) o = x;
    }
    enum err e = ERR_OK;
    if (!o->used || o->b.bucket != bucket) {
        e = open_close(s, o);
        o->used = false;
        if (!e) e = open_again(s, o, bucket);
        o->used = !e;
    }
    if (!e && o->b.n && !kept_together(s, &o->b)) {
        e = open_close(s, o);
        block_empty(&o->b);
    }
    o->b.bucket = bucket;
    o->touched = k->clock;
    *to = o;
    return e;
}

static enum err part_add(struct store *s, i64 ref, i64 block) {
    return db_run_ints(s, SQL_PART_ADD, 2, ref, block, 0);
}

static const struct pending *in_order(const struct keep *k, isize i) {
    return &k->pending[k->order[i]];
}

/* How many from here on are of one Call-ID and bucket, and fit; one always does into an empty block. */
static isize run_length(const struct keep *k, isize from, const struct block *b) {
    const struct pending *first = in_order(k, from);
    isize n = 0, bytes = b->nbytes + first->ncall_id;
    for (isize i = from; i < k->npending; i++) {
        const struct pending *p = in_order(k, i);
        if (p->ref != first->ref || p->bucket != first->bucket) break;
        bytes += p->r.bytes.n;
        if (bytes > BLOCK_FULL && (n || b->n)) break;
        n++;
    }
    return n;
}

/* One run, as long as there is room; *at goes on behind it. */
static enum err run_write(struct store *s, isize *at) {
    struct keep *k = &s->keep;
    const struct pending *first = in_order(k, *at);
    struct open_block *o = NULL;
    enum err e = open_for(s, first->bucket, &o);
    isize n = e ? 0 : run_length(k, *at, &o->b);
    if (!e && n == 0) {
        e = open_close(s, o);
        block_empty(&o->b);
        o->b.bucket = first->bucket;
        return e;
    }
    if (!e && !o->b.id) {
        o->b.id = o->next++;
        o->b.kept_us = s->clock_us;
    }
    if (!e) e = part_add(s, first->ref, o->b.id);
    if (e) return e;
    o->dirty = true;
    block_run(&o->b, first->ref, (str){k->plain + first->at, first->ncall_id}, n);
    for (isize i = 0; i < n; i++) {
        const struct pending *p = in_order(k, *at + i);
        struct record r = p->r;
        r.bytes.p = k->plain + p->at + p->ncall_id;
        block_add(&o->b, &r);
    }
    *at += n;
    return ERR_OK;
}

static int by_leg(const void *a, const void *b, void *pending) {
    const struct pending *list = pending;
    const struct pending *x = &list[*(const u32 *)a], *y = &list[*(const u32 *)b];
    if (x->bucket != y->bucket) return x->bucket < y->bucket ? -1 : 1;
    if (x->ref != y->ref) return x->ref < y->ref ? -1 : 1;
    return (x > y) - (x < y);
}

enum err keep_write(struct store *s) {
    struct keep *k = &s->keep;
    enum err e = ERR_OK;
    if (k->npending == 0) return ERR_OK;
    k->order = base_grow(k->order, &k->cap_order, k->npending, (isize)sizeof *k->order);
    for (isize i = 0; i < k->npending; i++) k->order[i] = (u32)i;
    qsort_r(k->order, (size_t)k->npending, sizeof *k->order, by_leg, k->pending);
    for (isize at = 0; at < k->npending && !e;) e = run_write(s, &at);
    for (isize i = 0; i < BLOCKS_OPEN && !e; i++) e = open_close(s, &k->open[i]);
    if (e) return e;
    k->npending = k->nplain = 0;
    return ERR_OK;
}

static void pending_add(struct keep *k, i64 ref, str call_id, const struct record *r) {
    isize more = call_id.n + r->bytes.n;
    k->pending = base_grow(k->pending, &k->cap_pending, k->npending + 1,
                           (isize)sizeof *k->pending);
    k->plain = base_grow(k->plain, &k->cap_plain, k->nplain + more + 1, 1);
    struct pending *p = &k->pending[k->npending++];
    *p = (struct pending){r->time_us >> BUCKET_BITS, ref, *r, k->nplain, call_id.n};
    if (call_id.n) memcpy(k->plain + p->at, call_id.p, (size_t)call_id.n);
    if (r->bytes.n) memcpy(k->plain + p->at + call_id.n, r->bytes.p, (size_t)r->bytes.n);
    k->nplain += more;
}

enum err keep_sighting(struct store *s, i64 ref, str call_id, bool made,
                       const struct record *r, bool *fresh) {
    struct keep *k = &s->keep;
    u32 number = 0;
    k->clock++;
    enum err e = piece_for(s, ref, made, r->time_us, &number);
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
    pending_add(k, ref, call_id, r);
    return k->nplain > PENDING_MAX ? keep_write(s) : ERR_OK;
}
