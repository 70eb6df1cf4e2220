/* retain.c: what is old goes for good, a portion at a time.
 *
 *     calls that ended ──> Call-IDs of no call, and what is ──> pages back to the ──> WAL emptied
 *     (oldest first)       old of things that never end          file system
 *
 * Registrations and subscriptions keep one Call-ID for weeks. They do not end, but what is old of them goes. A
 * call that is still going on keeps all of its messages.
 *
 * secure_delete overwrites what is deleted with zeroes; the pages that hold it leave the WAL at the checkpoint. */
#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <stdlib.h>
#include <string.h>

enum {
    CALLS_AT_A_TIME = 256,
    BLOCKS_AT_A_TIME = 64,
    PAGES_AT_A_TIME = 2000,
    CHECKPOINT_WAIT_MS = 100,
    CHECKPOINT_TRIES = 50,
};

/* How often the deleted sightings mention what. */
struct tally {
    struct map index;
    struct count {
        i64 id, n;
    } * counts;
    isize n, cap;
};

/* What goes in this portion: what blocks have of some Call-IDs. */
struct doomed {
    i64 block, ref;
};

struct retiring {
    struct store *s;
    struct tally sources, endpoints;
    i64 sightings;
    struct doomed *doomed;
    struct detail names; /* Call-IDs that may go, as detail_next reads them */
    struct block from, to, look;
    isize ndoomed, cap_doomed;
};

static void tally_add(struct tally *t, i64 id) {
    u32 *at = map_put(&t->index, (u64)id);
    if (!*at) {
        t->counts = base_grow(t->counts, &t->cap, t->n + 1, (isize)sizeof *t->counts);
        t->counts[t->n] = (struct count){.id = id};
        *at = (u32)++t->n;
    }
    t->counts[*at - 1].n++;
}

/* ---- blocks --------------------------------------------------------------------------------------- */

static enum err no_sighting(struct store *s) {
    return db_damaged(s, "a block holds something that is no sighting");
}

static void doom(struct retiring *x, i64 block, i64 ref) {
    x->doomed =
        base_grow(x->doomed, &x->cap_doomed, x->ndoomed + 1, (isize)sizeof *x->doomed);
    x->doomed[x->ndoomed++] = (struct doomed){block, ref};
}

/* A Call-ID that is to go when nothing has it any longer. */
static void name_add(struct retiring *x, i64 ref, str text) {
    varint_put((u64)ref, &x->names.plain, &x->names.n, &x->names.cap);
    varint_put((u64)text.n, &x->names.plain, &x->names.n, &x->names.cap);
    x->names.plain = base_grow(x->names.plain, &x->names.cap, x->names.n + text.n + 1, 1);
    if (text.n) memcpy(x->names.plain + x->names.n, text.p, (size_t)text.n);
    x->names.n += text.n;
}

static enum err names_orphaned(struct retiring *x) {
    struct rd in = {.in = {x->names.plain, x->names.n}};
    struct detail_name name = {0};
    enum err e = ERR_OK;
    while (!e && detail_next(&in, &name)) {
        e = put_ref_orphan(x->s, name.ref, name.text);
        name.ref = 0; /* no distances here */
    }
    return e;
}

static int by_block(const void *a, const void *b) {
    const struct doomed *x = a, *y = b;
    if (x->block != y->block) return x->block < y->block ? -1 : 1;
    return (x->ref > y->ref) - (x->ref < y->ref);
}

static void count_record(struct retiring *x, const struct record *r) {
    tally_add(&x->sources, r->source);
    tally_add(&x->endpoints, r->src);
    tally_add(&x->endpoints, r->dst);
    x->sightings++;
}

/* What stays of x->from into x->to; runs keep their order. */
static enum err block_filter(struct retiring *x, const struct numbers *refs) {
    struct block_reader in = block_reader_of(&x->from);
    struct record r = {0};
    block_empty(&x->to);
    x->to.id = x->from.id;
    x->to.bucket = x->from.bucket;
    x->to.kept_us = x->from.kept_us;
    x->to.there = true;
    bool goes = false;
    while (block_next(&in, &r)) {
        if (in.first) goes = numbers_have(refs, in.ref);
        if (goes) {
            count_record(x, &r);
            continue;
        }
        if (in.first) block_run(&x->to, in.ref, in.call_id, (isize)in.left + 1);
        block_add(&x->to, &r);
    }
    return in.in.failed ? no_sighting(x->s) : ERR_OK;
}

static enum err block_retire(struct retiring *x, i64 block, const struct numbers *refs) {
    struct store *s = x->s;
    enum err e = block_read(s, block, &x->from);
    if (e == ERR_NOT_FOUND) e = db_damaged(s, "a block of messages is not there");
    if (!e) e = block_filter(x, refs);
    if (!e && x->to.n == 0) e = db_run_ints(s, SQL_BLOCK_DELETE, 1, block, 0, 0);
    if (!e && x->to.n) e = block_write(s, &x->to);
    for (isize i = 0; i < refs->n && !e; i++)
        e = db_run_ints(s, SQL_PART_DELETE, 2, refs->list[i], block, 0);
    return e;
}

/* Each block is written once, whatever of it goes. */
static enum err doomed_retire(struct retiring *x) {
    struct numbers refs = {0};
    enum err e = ERR_OK;
    if (x->ndoomed) qsort(x->doomed, (size_t)x->ndoomed, sizeof *x->doomed, by_block);
    for (isize i = 0; i < x->ndoomed && !e;) {
        i64 block = x->doomed[i].block;
        refs.n = 0;
        for (; i < x->ndoomed && x->doomed[i].block == block; i++)
            numbers_add(&refs, x->doomed[i].ref);
        numbers_sort(&refs);
        e = block_retire(x, block, &refs);
    }
    base_free(refs.list);
    return e ? e : names_orphaned(x);
}

/* A Call-ID's messages, wherever they are. */
static enum err ref_retire(struct retiring *x, i64 ref) {
    struct numbers blocks = {0};
    enum err e = numbers_of(x->s, SQL_PART_BLOCKS, ref, &blocks);
    for (isize i = 0; i < blocks.n && !e; i++) doom(x, blocks.list[i], ref);
    base_free(blocks.list);
    return e;
}

/* When the last of a Call-ID in one bucket came or was kept. What is surely before the limit is not looked at closely. */
static enum err piece_last(struct retiring *x, i64 ref, i64 bucket, i64 *last_us) {
    struct numbers blocks = {0};
    i64 before_us = x->s->retain.before_us;
    enum err e = numbers_of(x->s, SQL_PART_BLOCKS, ref, &blocks);
    *last_us = INT64_MIN;
    for (isize i = 0; i < blocks.n && !e; i++) {
        if (blocks.list[i] >> BLOCK_BITS != bucket) continue;
        if (x->look.id != blocks.list[i]) e = block_read(x->s, blocks.list[i], &x->look);
        if (e) break;
        struct block_reader in = block_reader_of(&x->look);
        struct record r = {0};
        *last_us = i64_max(*last_us, x->look.kept_us);
        if (x->look.last_us < before_us) {
            *last_us = i64_max(*last_us, x->look.first_us);
            continue;
        }
        while (block_next(&in, &r))
            if (in.ref == ref) *last_us = i64_max(*last_us, r.time_us);
        if (in.in.failed) e = no_sighting(x->s);
    }
    base_free(blocks.list);
    return e;
}

static enum err ref_last(struct retiring *x, i64 ref, i64 *last_us) {
    i64 block = 0;
    sqlite3_stmt *st = db_stmt(x->s, SQL_PART_LAST_BLOCK);
    *last_us = INT64_MIN;
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    enum err e = db_int(x->s, st, INT64_MIN, &block);
    if (e || block == INT64_MIN) return e;
    return piece_last(x, ref, block >> BLOCK_BITS, last_us);
}

/* ---- calls ---------------------------------------------------------------------------------------- */

static enum err call_ended(struct retiring *x, i64 call, const struct numbers *refs,
                           bool *ended) {
    struct store *s = x->s;
    i64 end_us = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_END);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    enum err e = db_int(s, st, INT64_MIN, &end_us);
    for (isize i = 0; i < refs->n && !e; i++) {
        i64 last_us = 0;
        e = ref_last(x, refs->list[i], &last_us);
        end_us = i64_max(end_us, last_us);
    }
    *ended = end_us < s->retain.before_us;
    return e;
}

/* What is needed of a call when it has gone. */
static void call_names(struct retiring *x, const struct detail *d) {
    struct detail_name name = {0};
    struct rd in = {.in = d->names};
    while (detail_next(&in, &name)) name_add(x, name.ref, name.text);
}

static enum err call_retire(struct retiring *x, i64 call) {
    struct numbers refs = {0};
    struct detail *d = &x->s->detail;
    bool ended = false;
    enum err e = db_call_detail(x->s, call, d);
    if (!e) e = detail_refs(x->s, d->names, call, &refs);
    if (!e) e = call_ended(x, call, &refs, &ended);
    if (!e && ended) call_names(x, d);
    if (!e && ended) e = put_remove(x->s, call);
    for (isize i = 0; i < refs.n && !e && ended; i++) {
        i64 other = 0; /* a Call-ID that a web page has masked may be in several calls */
        sqlite3_stmt *st = db_stmt(x->s, SQL_LEG_NEWEST);
        if (!st) e = ERR_IO;
        if (!e) sqlite3_bind_int64(st, 1, refs.list[i]);
        if (!e) e = db_int(x->s, st, 0, &other);
        if (!e && !other) e = ref_retire(x, refs.list[i]);
    }
    base_free(refs.list);
    return e;
}

static enum err calls_retire(struct retiring *x) {
    struct store *s = x->s;
    struct numbers calls = {0};
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_OLD);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, s->retain.start_us);
    sqlite3_bind_int64(st, 2, s->retain.no);
    sqlite3_bind_int64(st, 3, s->retain.before_us);
    sqlite3_bind_int64(st, 4, CALLS_AT_A_TIME);
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        s->retain.no = sqlite3_column_int64(st, 0);
        s->retain.start_us = sqlite3_column_int64(st, 1);
        numbers_add(&calls, s->retain.no);
    }
    for (isize i = 0; i < calls.n && !e; i++) e = call_retire(x, calls.list[i]);
    s->retain.calls_done = calls.n < CALLS_AT_A_TIME;
    base_free(calls.list);
    return e;
}

/* ---- Call-IDs without a call, and what never ends ----------------------------------------------------- */

/* Does what this block has of a Call-ID outlive its time? Calls are spared, and so is what goes on within the bucket. */
static enum err piece_spared(struct retiring *x, i64 ref, i64 bucket, bool *spared) {
    struct store *s = x->s;
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_IN_CALL);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    sqlite3_bind_int(st, 2, KIND_CALL);
    i64 found = 0, last_us = 0;
    enum err e = db_int(s, st, 0, &found);
    *spared = found != 0;
    if (e || *spared) return e;
    e = piece_last(x, ref, bucket, &last_us);
    *spared = last_us >= s->retain.before_us;
    return e;
}

static enum err block_look(struct retiring *x, i64 block) {
    struct numbers refs = {0};
    enum err e = block_read(x->s, block, &x->from);
    struct block_reader in = block_reader_of(&x->from);
    struct record r = {0};
    while (!e && block_next(&in, &r)) {
        if (!in.first) continue;
        bool spared = true, again = false;
        for (isize i = 0; i < refs.n && !again; i++) again = refs.list[i] == in.ref;
        if (again) continue;
        numbers_add(&refs, in.ref);
        e = piece_spared(x, in.ref, x->from.bucket, &spared);
        if (!spared) doom(x, block, in.ref);
        if (!spared) name_add(x, in.ref, in.call_id);
    }
    if (!e && in.in.failed) e = no_sighting(x->s);
    base_free(refs.list);
    return e;
}

static enum err blocks_retire(struct retiring *x, bool *done) {
    struct store *s = x->s;
    struct numbers blocks = {0};
    sqlite3_stmt *st = db_stmt(s, SQL_BLOCK_OLD);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, s->retain.first_us);
    sqlite3_bind_int64(st, 2, s->retain.block);
    sqlite3_bind_int64(st, 3, s->retain.before_us);
    sqlite3_bind_int64(st, 4, BLOCKS_AT_A_TIME);
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        s->retain.block = sqlite3_column_int64(st, 0);
        s->retain.first_us = sqlite3_column_int64(st, 1);
        numbers_add(&blocks, s->retain.block);
    }
    for (isize i = 0; i < blocks.n && !e; i++) e = block_look(x, blocks.list[i]);
    *done = blocks.n < BLOCKS_AT_A_TIME;
    base_free(blocks.list);
    return e;
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static enum err uses_lower(struct retiring *x) {
    enum err e = ERR_OK;
    for (isize i = 0; i < x->sources.n && !e; i++)
        e = db_run_ints(x->s, SQL_SOURCE_USE, 2, x->sources.counts[i].id,
                        -x->sources.counts[i].n, 0);
    for (isize i = 0; i < x->endpoints.n && !e; i++) {
        i64 id = x->endpoints.counts[i].id;
        e = db_run_ints(x->s, SQL_ENDPOINT_USE, 2, id, -x->endpoints.counts[i].n, 0);
        if (!e) e = db_run_ints(x->s, SQL_ENDPOINT_UNUSED, 1, id, 0, 0);
    }
    return e;
}

static enum err portion(struct retiring *x, bool *done) {
    struct store *s = x->s;
    enum err e = keep_write(s);
    if (!e) e = press_flush(s);
    if (!e) e = names_write_uses(s);
    if (!e && !s->retain.calls_done)
        e = calls_retire(x);
    else if (!e)
        e = blocks_retire(x, done);
    if (!e) e = doomed_retire(x);
    if (!e) e = uses_lower(x);
    if (!e && *done) e = names_unused_sources(s);
    if (!e && *done) e = decide_retire(s);
    if (!e && *done) e = marks_write(s);
    if (!e && *done) e = press_flush(s);
    if (!e && *done) e = db_simple(s, SQL_LORE_OLD);
    if (!e && *done) e = learn_retire(s);
    /* what is newer cannot have gone */
    if (!e && *done) e = db_run_ints(s, SQL_TOTAL_LAST, 1, s->retain.before_us, 0, 0);
    s->new_sightings -= x->sightings;
    keep_unload(&s->keep);
    names_forget(&s->names);
    return e;
}

static enum err in_transaction(struct store *s, bool *done) {
    struct retiring x = {.s = s};
    enum err e = portion(&x, done);
    map_drop(&x.sources.index);
    map_drop(&x.endpoints.index);
    base_free(x.sources.counts);
    base_free(x.endpoints.counts);
    base_free(x.doomed);
    base_free(x.from.bytes);
    base_free(x.to.bytes);
    base_free(x.look.bytes);
    base_free(x.names.plain);
    return e;
}

/* The WAL into the file, and cut to nothing. Readers of old snapshots are in the way of that: *emptied is then false. */
static enum err wal_empty(struct store *s, bool *emptied) {
    sqlite3_stmt *st = NULL;
    i64 busy = 1;
    sweep_rest(s);
    sqlite3_busy_timeout(s->db, CHECKPOINT_WAIT_MS);
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &st, NULL);
    enum err e = rc == SQLITE_OK ? db_int(s, st, 1, &busy) : db_refused(s, rc);
    sqlite3_finalize(st);
    sqlite3_busy_timeout(s->db, BUSY_WAIT_MS);
    *emptied = busy == 0;
    return e;
}

/* Pages that hold nothing any longer, back to the file system. */
static enum err shrink(struct store *s, bool *done) {
    i64 free_pages = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_FREE_PAGES);
    if (!st) return ERR_IO;
    enum err e = db_int(s, st, 0, &free_pages);
    if (!e && free_pages) e = db_pragma(s, "PRAGMA incremental_vacuum(2000)");
    if (e || free_pages > PAGES_AT_A_TIME) return e;
    e = wal_empty(s, done);
    /* a reader that never ends does not stop the world: the next retention tries again */
    if (!e && ++s->retain.tries >= CHECKPOINT_TRIES) *done = true;
    return e;
}

enum err store_retain(struct store *s, i64 before_us, bool *left) {
    *left = true;
    if (!s->writer) return db_fail(s, ERR_USAGE, "the database was opened for reading");
    if (s->in_txn) return db_fail(s, ERR_USAGE, "a transaction is under way");
    if (s->retain.phase == RETAIN_NONE || s->retain.before_us != before_us) {
        s->retain = (struct retain){.before_us = before_us, .phase = RETAIN_ROWS};
        s->retain.start_us = s->retain.first_us = INT64_MIN;
    }
    bool done = false;
    if (s->retain.phase == RETAIN_PAGES) {
        enum err e = shrink(s, &done);
        if (!e && done) s->retain.phase = RETAIN_NONE;
        *left = !done;
        return e;
    }
    enum err e = store_begin(s);
    if (!e) e = in_transaction(s, &done);
    if (!e) e = store_commit(s);
    if (e) {
        store_rollback(s);
        s->retain.phase = RETAIN_NONE;
        return e;
    }
    if (done) s->retain.phase = RETAIN_PAGES;
    return ERR_OK;
}
