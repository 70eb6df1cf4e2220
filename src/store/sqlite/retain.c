/* retain.c: what is old goes for good, a portion at a time.
 *
 *     calls that ended ──> Call-IDs of no call, and what is ──> pages back to the ──> WAL emptied
 *     (oldest first)       old of things that never end          file system
 *
 * Registrations and subscriptions keep one Call-ID for weeks. They do not end, but their old chunks go. A
 * call that is still going on keeps all of its messages.
 *
 * secure_delete overwrites what is deleted with zeroes; the pages that hold it leave the WAL at the checkpoint. */
#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <stdlib.h>

enum {
    CALLS_AT_A_TIME = 256,
    CHUNKS_AT_A_TIME = 2048,
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

struct numbers {
    i64 *list;
    isize n, cap;
};

struct retiring {
    struct store *s;
    struct tally sources, endpoints;
    i64 sightings;
    u8 *plain;
    isize nplain, cap_plain;
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

static void numbers_add(struct numbers *l, i64 number) {
    l->list = base_grow(l->list, &l->cap, l->n + 1, (isize)sizeof *l->list);
    l->list[l->n++] = number;
}

/* The first column of all rows of a statement that is bound. */
static enum err numbers_read(struct store *s, sqlite3_stmt *st, struct numbers *l) {
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (!e && row) numbers_add(l, sqlite3_column_int64(st, 0));
    }
    return e;
}

static enum err numbers_of(struct store *s, enum sql q, i64 key, struct numbers *l) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, key);
    return numbers_read(s, st, l);
}

/* ---- chunks --------------------------------------------------------------------------------------- */

static enum err chunk_count(struct retiring *x, sqlite3_stmt *st) {
    struct store *s = x->s;
    x->nplain = 0;
    enum err e = squeeze_unpack(&s->squeeze, db_str(st, 1), sqlite3_column_int64(st, 0),
                                &x->plain, &x->nplain, &x->cap_plain);
    if (e) return db_damaged(s, "a chunk cannot be unpacked");
    struct rd in = {.in = {x->plain, x->nplain}};
    struct record r = {0};
    while (record_next(&in, 0, &r)) {
        tally_add(&x->sources, r.source);
        tally_add(&x->endpoints, r.src);
        tally_add(&x->endpoints, r.dst);
        x->sightings++;
    }
    return in.failed ? db_damaged(s, "a chunk holds something that is no sighting")
                     : ERR_OK;
}

static enum err chunk_retire(struct retiring *x, i64 chunk) {
    sqlite3_stmt *st = db_stmt(x->s, SQL_CHUNK_DATA);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, chunk);
    bool row = false;
    enum err e = db_step(x->s, st, &row);
    if (e || !row) return e;
    e = chunk_count(x, st);
    sqlite3_reset(st);
    if (!e) e = db_run_ints(x->s, SQL_CHUNK_DELETE, 1, chunk, 0, 0);
    return e;
}

/* A Call-ID's chunks, and the Call-ID itself when no call has it any longer. */
static enum err ref_retire(struct retiring *x, i64 ref) {
    struct numbers chunks = {0};
    enum err e = numbers_of(x->s, SQL_CHUNK_OF_REF, ref, &chunks);
    for (isize i = 0; i < chunks.n && !e; i++) e = chunk_retire(x, chunks.list[i]);
    if (!e) e = db_run_ints(x->s, SQL_REF_ORPHAN, 1, ref, 0, 0);
    base_free(chunks.list);
    return e;
}

static enum err ref_last(struct store *s, i64 ref, i64 *last_us) {
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_LAST);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    return db_int(s, st, INT64_MIN, last_us);
}

/* ---- calls ---------------------------------------------------------------------------------------- */

static enum err call_ended(struct store *s, i64 call, const struct numbers *refs,
                           bool *ended) {
    i64 end_us = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_END);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    enum err e = db_int(s, st, INT64_MIN, &end_us);
    for (isize i = 0; i < refs->n && !e; i++) {
        i64 last_us = 0;
        e = ref_last(s, refs->list[i], &last_us);
        end_us = i64_max(end_us, last_us);
    }
    *ended = end_us < s->retain.before_us;
    return e;
}

static enum err call_retire(struct retiring *x, i64 call) {
    struct numbers refs = {0};
    bool ended = false;
    enum err e = numbers_of(x->s, SQL_LEG_REFS, call, &refs);
    if (!e) e = call_ended(x->s, call, &refs, &ended);
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

/* Does this chunk outlive its time only because its Call-ID is used on and on? Calls are spared. */
static enum err chunk_spared(struct store *s, i64 ref, bool *spared) {
    sqlite3_stmt *st = db_stmt(s, SQL_LEG_IN_CALL);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, ref);
    sqlite3_bind_int(st, 2, KIND_CALL);
    i64 found = 0;
    enum err e = db_int(s, st, 0, &found);
    *spared = found != 0;
    return e;
}

static enum err chunks_retire(struct retiring *x, bool *done) {
    struct store *s = x->s;
    struct numbers chunks = {0}, refs = {0};
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_OLD);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, s->retain.first_us);
    sqlite3_bind_int64(st, 2, s->retain.chunk);
    sqlite3_bind_int64(st, 3, s->retain.before_us);
    sqlite3_bind_int64(st, 4, CHUNKS_AT_A_TIME);
    isize n = 0;
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        n++;
        s->retain.chunk = sqlite3_column_int64(st, 0);
        s->retain.first_us = sqlite3_column_int64(st, 2);
        if (sqlite3_column_int64(st, 3) >= s->retain.before_us) continue;
        numbers_add(&chunks, s->retain.chunk);
        numbers_add(&refs, sqlite3_column_int64(st, 1));
    }
    for (isize i = 0; i < chunks.n && !e; i++) {
        bool spared = false;
        e = chunk_spared(s, refs.list[i], &spared);
        if (!e && !spared) e = chunk_retire(x, chunks.list[i]);
        if (!e && !spared) e = db_run_ints(s, SQL_REF_ORPHAN, 1, refs.list[i], 0, 0);
    }
    *done = n < CHUNKS_AT_A_TIME;
    base_free(chunks.list);
    base_free(refs.list);
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
    if (!e) e = names_write_uses(s);
    if (!e && !s->retain.calls_done)
        e = calls_retire(x);
    else if (!e)
        e = chunks_retire(x, done);
    if (!e) e = uses_lower(x);
    if (!e && *done) e = names_unused_sources(s);
    if (!e && *done) e = decide_retire(s);
    if (!e && *done) e = marks_write(s);
    if (!e && *done) e = db_simple(s, SQL_LORE_OLD);
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
    base_free(x.plain);
    return e;
}

/* The WAL into the file, and cut to nothing. Readers of old snapshots are in the way of that: *emptied is then false. */
static enum err wal_empty(struct store *s, bool *emptied) {
    sqlite3_stmt *st = NULL;
    i64 busy = 1;
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
