/* replay.c: stored sightings given back in the order of their time.
 *
 * Each block is unpacked and its sightings sorted; a heap holds the blocks that have begun and not ended, the one with the
 * earliest next sighting on top. Blocks are opened in the order of their first time, none before it is needed, so that a
 * long range takes no more memory than the blocks that overlap at one time. */
#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

struct opened {
    u8 *plain;
    struct record *records; /* by time; equal times in the order in which they came */
    isize n, at;
    i64 row; /* breaks ties */
};

struct replay {
    struct store *s;
    const struct input_sink *sink;
    i64 after_us, before_us;
    const struct numbers *refs; /* NULL: all */
    struct opened **heap;
    isize n, cap;
    struct map sources; /* our number -> the sink's + 1 */
    struct map endpoint_index;
    struct endpoint *endpoints;
    isize nendpoints, cap_endpoints;
};

/* ---- blocks -------------------------------------------------------------------------------------- */

static void opened_close(struct opened *o) {
    base_free(o->plain);
    base_free(o->records);
    base_free(o);
}

/* Merge sort would keep the order by itself; qsort needs the place to decide. Records are in the order of the block. */
static int by_time(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    if (x->time_us != y->time_us) return x->time_us < y->time_us ? -1 : 1;
    return (x->bytes.p > y->bytes.p) - (x->bytes.p < y->bytes.p);
}

static enum err opened_read(const struct replay *r, struct opened *o,
                            const struct block *b) {
    struct block_reader in = block_reader_of(b);
    struct record k = {0};
    isize cap = 0;
    while (block_next(&in, &k)) {
        if (k.time_us < r->after_us || k.time_us >= r->before_us) continue;
        if (r->refs && !numbers_have(r->refs, in.ref)) continue;
        o->records = base_grow(o->records, &cap, o->n + 1, (isize)sizeof *o->records);
        o->records[o->n++] = k;
    }
    if (in.in.failed)
        return db_damaged(r->s, "a block holds something that is no sighting");
    if (o->n) qsort(o->records, (size_t)o->n, sizeof *o->records, by_time);
    return ERR_OK;
}

/* ---- the heap ------------------------------------------------------------------------------------- */

static bool earlier(const struct opened *a, const struct opened *b) {
    i64 x = a->records[a->at].time_us, y = b->records[b->at].time_us;
    return x != y ? x < y : a->row < b->row;
}

static void heap_down(struct replay *r, isize at) {
    for (;;) {
        isize least = at, left = 2 * at + 1;
        if (left < r->n && earlier(r->heap[left], r->heap[least])) least = left;
        if (left + 1 < r->n && earlier(r->heap[left + 1], r->heap[least]))
            least = left + 1;
        if (least == at) return;
        struct opened *o = r->heap[at];
        r->heap[at] = r->heap[least];
        r->heap[least] = o;
        at = least;
    }
}

static void heap_add(struct replay *r, struct opened *o) {
    r->heap = base_grow(r->heap, &r->cap, r->n + 1, (isize)sizeof *r->heap);
    isize at = r->n++;
    r->heap[at] = o;
    while (at && earlier(r->heap[at], r->heap[(at - 1) / 2])) {
        r->heap[at] = r->heap[(at - 1) / 2];
        at = (at - 1) / 2;
        r->heap[at] = o;
    }
}

/* Takes the bytes of the block. */
static enum err heap_open(struct replay *r, struct block *b) {
    isize cap = 0;
    struct opened *o = base_grow(NULL, &cap, 1, (isize)sizeof *o);
    o->row = b->id;
    enum err e = opened_read(r, o, b);
    o->plain = b->bytes;
    *b = (struct block){0};
    if (e || o->n == 0)
        opened_close(o);
    else
        heap_add(r, o);
    return e;
}

/* ---- sources and addresses ------------------------------------------------------------------------ */

/* Every source before the first sighting: there are few, and who replays all wants to know all. */
static enum err sources_announce(struct replay *r) {
    struct store *s = r->s;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(
        s->db, "SELECT id,name,device,kind FROM source ORDER BY id", -1, &st, NULL);
    enum err e = rc == SQLITE_OK ? ERR_OK : db_refused(s, rc);
    bool row = true;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        struct source source = {.name = db_str(st, 1), .device = db_str(st, 2)};
        int kind = sqlite3_column_int(st, 3);
        source.kind =
            kind >= 0 && kind <= SOURCE_STORE ? (enum source_kind)kind : SOURCE_STORE;
        *map_put(&r->sources, (u64)sqlite3_column_int64(st, 0)) =
            r->sink->source(r->sink->ctx, &source) + 1;
    }
    sqlite3_finalize(st);
    return e;
}

static enum err endpoint_of(struct replay *r, i64 id, struct endpoint *e) {
    struct store *s = r->s;
    u32 at = map_get(&r->endpoint_index, (u64)id);
    if (!at) {
        sqlite3_stmt *st = db_stmt(s, SQL_ENDPOINT_BY_ID);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, id);
        bool row = false;
        enum err err = db_step(s, st, &row);
        if (err) return err;
        if (!row) return db_damaged(s, "a sighting names an address that is not there");
        struct endpoint made = {.family = (u8)sqlite3_column_int(st, 0),
                                .port = (u16)sqlite3_column_int(st, 2)};
        str ip = str_sub(db_str(st, 1), 0, (isize)sizeof made.ip);
        if (ip.n) memcpy(made.ip, ip.p, (size_t)ip.n);
        sqlite3_reset(st);
        r->endpoints = base_grow(r->endpoints, &r->cap_endpoints, r->nendpoints + 1,
                                 (isize)sizeof *r->endpoints);
        r->endpoints[r->nendpoints++] = made;
        at = (u32)r->nendpoints;
        *map_put(&r->endpoint_index, (u64)id) = at;
    }
    *e = r->endpoints[at - 1];
    return ERR_OK;
}

static enum err give(struct replay *r, const struct record *k) {
    u32 source = map_get(&r->sources, (u64)k->source);
    if (!source) return db_damaged(r->s, "a sighting names a source that is not there");
    struct sighting g = {
        .time_us = k->time_us,
        .precision_us = k->precision_us,
        .source = source - 1,
        .at = SIGHTING_NOWHERE,
        .line = k->line,
        .transport = k->transport,
        .vantage = k->vantage,
        .attempt = k->attempt,
        .cut = k->cut,
        .bytes = k->bytes,
    };
    enum err e = endpoint_of(r, k->src, &g.src);
    if (!e) e = endpoint_of(r, k->dst, &g.dst);
    if (!e) r->sink->sighting(r->sink->ctx, &g);
    return e;
}

/* Gives what is earlier than `until_us`. */
static enum err give_until(struct replay *r, i64 until_us) {
    while (r->n) {
        struct opened *o = r->heap[0];
        if (o->records[o->at].time_us >= until_us) return ERR_OK;
        enum err e = give(r, &o->records[o->at]);
        if (++o->at == o->n) {
            r->heap[0] = r->heap[--r->n];
            opened_close(o);
        }
        heap_down(r, 0);
        if (e) return e;
    }
    return ERR_OK;
}

static void replay_drop(struct replay *r) {
    for (isize i = 0; i < r->n; i++) opened_close(r->heap[i]);
    base_free(r->heap);
    map_drop(&r->sources);
    base_free(r->endpoints);
    map_drop(&r->endpoint_index);
    db_read_end(r->s);
}

/* ---- what is replayed ------------------------------------------------------------------------------ */

/* Blocks in the order of their first time. */
static enum err replay_blocks(struct replay *r, const struct numbers *blocks) {
    struct block b = {0};
    enum err e = sources_announce(r);
    for (isize i = 0; i < blocks->n && !e; i++) {
        e = block_read(r->s, blocks->list[i], &b);
        if (e == ERR_NOT_FOUND) e = db_damaged(r->s, "a block of messages is not there");
        if (!e && !r->refs) e = give_until(r, b.first_us);
        if (!e) e = heap_open(r, &b);
    }
    base_free(b.bytes);
    return e ? e : give_until(r, INT64_MAX);
}

static enum err blocks_of_call_id(struct store *s, str call_id, struct numbers *refs,
                                  struct numbers *blocks) {
    i64 ref = 0;
    enum err e = names_find_ref(s, call_id, &ref);
    if (e || !ref) return e;
    numbers_add(refs, ref);
    return numbers_of(s, SQL_PART_BLOCKS, ref, blocks);
}

enum err store_replay_call_ids(struct store *s, const str *call_ids, isize n,
                               const struct input_sink *sink) {
    struct numbers refs = {0}, blocks = {0};
    struct replay r = {.s = s,
                       .sink = sink,
                       .after_us = INT64_MIN,
                       .before_us = INT64_MAX,
                       .refs = &refs};
    enum err e = db_read_begin(s);
    if (e) return e;
    for (isize i = 0; i < n && !e; i++)
        e = blocks_of_call_id(s, call_ids[i], &refs, &blocks);
    numbers_sort(&refs);
    numbers_sort(&blocks);
    if (!e) e = replay_blocks(&r, &blocks);
    replay_drop(&r);
    base_free(refs.list);
    base_free(blocks.list);
    return e;
}

enum err store_replay_range(struct store *s, i64 after_us, i64 before_us,
                            const struct input_sink *sink) {
    struct numbers blocks = {0};
    struct replay r = {
        .s = s, .sink = sink, .after_us = after_us, .before_us = before_us};
    enum err e = db_read_begin(s);
    if (e) return e;
    e = blocks_within(s, after_us, before_us, &blocks);
    if (!e) e = replay_blocks(&r, &blocks);
    replay_drop(&r);
    base_free(blocks.list);
    return e;
}
