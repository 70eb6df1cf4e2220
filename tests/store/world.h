/* world.h: a database in a folder of its own, small sightings and calls to put into it, and the
 * invariants of schema.h as a check that any test can make at any time. */
#ifndef SIPWEAVE_TESTS_STORE_WORLD_H
#define SIPWEAVE_TESTS_STORE_WORLD_H

#include "base/out.h"
#include "refs.h"
#include "store/sqlite/db.h"
#include "store/sqlite/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define T0            ((i64)1700000000 * US_PER_SECOND)
#define US_PER_SECOND ((i64)1000000)

struct world {
    char dir[64], path[96];
    arena boot, view;
    struct store *s;
    u32 source;
};

/* ---- the folder ----------------------------------------------------------------------------------- */

static inline void world_init(struct world *w) {
    *w = (struct world){.boot = arena_open(1 << 24), .view = arena_open(1 << 28)};
    /* in memory where there is such a folder: the tests sync thousands of times */
    const char *in = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(w->dir, sizeof w->dir, "%s/sipweave-store-XXXXXX", in);
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/calls.db", w->dir);
}

static inline void world_remove_files(const struct world *w) {
    static const char *const ends[] = {"", "-wal", "-shm", "-lock", "-journal"};
    for (isize i = 0; i < countof(ends); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", w->path, ends[i]);
        unlink(path);
    }
}

static inline void world_close(struct world *w) {
    store_close(w->s);
    w->s = NULL;
    arena_reset(&w->boot);
}

static inline void world_drop(struct world *w) {
    world_close(w);
    world_remove_files(w);
    rmdir(w->dir);
    arena_close(&w->boot);
    arena_close(&w->view);
}

/* ---- doing what has to work ----------------------------------------------------------------------- */

static inline void fine(const struct store *s, enum err e) {
    if (e == ERR_OK) return;
    str why = s ? store_error(s) : S("");
    fail_msg("%s: %.*s", err_text(e), (int)why.n, why.n ? (const char *)why.p : "");
}

static inline void world_open(struct world *w, enum store_mode mode) {
    str why = {0};
    enum err e = store_open(&w->s, w->path, mode, &w->boot, &why);
    if (e) fail_msg("%s: %.*s", err_text(e), (int)why.n, (const char *)why.p);
}

static inline void world_begin(struct world *w) {
    fine(w->s, store_begin(w->s));
    struct source source = {.name = S("boxless.log"), .device = S("boxless")};
    source.kind = SOURCE_DEVICE_LOG;
    fine(w->s, store_source(w->s, &source, &w->source));
}

static inline void world_commit(struct world *w) {
    fine(w->s, store_commit(w->s));
}

/* 192.0.2.i:5060 */
static inline struct endpoint host(int i) {
    return (struct endpoint){.ip = {192, 0, 2, (u8)i}, .port = 5060, .family = 4};
}

static inline str call_id_of(arena *a, int i) {
    return arena_printf(a, "call-%d@192.0.2.1", i);
}

/* Message number k of Call-ID number i, at an instant. */
static inline struct sighting sighting_of(arena *a, u32 source, int i, int k,
                                          i64 time_us) {
    static const char *const starts[] = {"INVITE sip:x@192.0.2.9 SIP/2.0",
                                         "SIP/2.0 180 Ringing", "SIP/2.0 200 OK",
                                         "BYE sip:x@192.0.2.9 SIP/2.0"};
    str id = call_id_of(a, i);
    return (struct sighting){
        .time_us = time_us,
        .precision_us = 1000000,
        .source = source,
        .at = 77,
        .line = (u64)k * 10 + 1,
        .src = host(1 + i % 5),
        .dst = host(6 + k % 3),
        .transport = TRANSPORT_UDP,
        .vantage = VANTAGE_RECEIVER,
        .bytes = arena_printf(a, "%s\r\nCall-ID: %.*s\r\nX-Number: %d\r\n\r\n",
                              starts[k % 4], (int)id.n, (const char *)id.p, k),
    };
}

static inline bool add(struct world *w, int i, int k, i64 time_us) {
    bool fresh = false;
    struct sighting g = sighting_of(&w->view, w->source, i, k, time_us);
    struct store_facts f = {.call_id = call_id_of(&w->view, i)};
    fine(w->s, store_sighting(w->s, &g, &f, &fresh));
    return fresh;
}

/* Each leg starts, with two keys, and ends half a minute later. */
static inline void marks_of(arena *a, struct call *c, const int *call_ids) {
    c->marks = arena_new(a, struct mark, 2 * c->nlegs);
    for (isize i = 0; i < c->nlegs; i++) {
        u32 *keys = arena_new(a, u32, 2);
        keys[0] = (u32)call_ids[i] * 2654435761u;
        keys[1] = (u32)call_ids[i] % 7;
        c->marks[c->nmarks++] = (struct mark){.at_us = c->start_us + i * 1000,
                                              .from = (u16)(1 + call_ids[i] % 5),
                                              .to = 6,
                                              .what = MARK_FREE,
                                              .keys = keys,
                                              .nkeys = 2};
        c->marks[c->nmarks++] =
            (struct mark){.at_us = c->start_us + 30000000, .from = 6, .what = MARK_END};
    }
}

/* A call of these Call-IDs, each with one leg. */
static inline struct call call_of(arena *a, const char *id, i64 start_us,
                                  const int *call_ids, isize n) {
    struct call c = {.id = arena_copy(a, str_z(id)), .start_us = start_us, .nlegs = n};
    c.from = S("01632960123");
    c.to = S("+442079460452");
    c.state = STATE_ANSWERED;
    c.status = 200;
    c.setup_ms = c.ring_ms = -1;
    c.duration_ms = 11000;
    c.legs = arena_new(a, struct leg, n);
    c.devices = arena_new(a, struct device, n + 1);
    c.ndevices = n + 1;
    for (isize i = 0; i < n; i++) {
        struct endpoint src = host(1 + call_ids[i] % 5), dst = host(6);
        c.legs[i] = (struct leg){.n = (int)i + 1, .status = 200, .reason = S("OK")};
        c.legs[i].id = arena_printf(a, "leg%010d", call_ids[i]);
        c.legs[i].call_id = call_id_of(a, call_ids[i]);
        c.legs[i].src = endpoint_text(a, &src);
        c.legs[i].dst = endpoint_text(a, &dst);
        c.legs[i].start_us = start_us;
        c.legs[i].ring_us = c.legs[i].answer_us = c.legs[i].end_us = -1;
        c.devices[i].name = arena_printf(a, "Phone-%d", call_ids[i] % 5);
        c.devices[i].software = S("Snom D385/10.1");
    }
    c.devices[n].name = S("boxless");
    marks_of(a, &c, call_ids);
    return c;
}

static inline void put(struct world *w, const struct call *c) {
    str json = arena_printf(&w->view, "{\"id\":\"%.*s\",\"legs\":%d}", (int)c->id.n,
                            (const char *)c->id.p, (int)c->nlegs);
    fine(w->s, store_put_call(w->s, c, json));
}

static inline void put_ids(struct world *w, const char *id, i64 start_us, const int *ids,
                           isize n) {
    struct call c = call_of(&w->view, id, start_us, ids, n);
    put(w, &c);
}

/* ---- what comes back -------------------------------------------------------------------------------- */

/* Rows of a search: "id id id". */
static inline bool row_note(void *ctx, str id, i64 start_us, str json) {
    struct out *o = ctx;
    (void)start_us;
    (void)json;
    if (o->n) out_byte(o, ' ');
    out_bytes(o, id);
    return true;
}

static inline void expect_found(struct world *w, const struct search *q,
                                const char *want) {
    struct out o = {0};
    fine(w->s, store_search(w->s, q, row_note, &o));
    out_byte(&o, 0);
    assert_string_equal((const char *)o.p, want);
    u64 n = 0, words = want[0] != 0;
    for (const char *p = want; *p; p++) words += *p == ' ';
    fine(w->s, store_count(w->s, q, &n));
    assert_int_equal(n, words);
    out_drop(&o);
}

/* What a replay gives, in its order. */
struct heard {
    arena a;
    struct sighting list[4096];
    isize n, nsources;
    char sources[8][64];
};

static inline u32 heard_source(void *ctx, const struct source *s) {
    struct heard *h = ctx;
    assert_in_range(h->nsources, 0, 7);
    snprintf(h->sources[h->nsources], sizeof h->sources[0], "%.*s/%.*s/%d",
             (int)s->name.n, (const char *)s->name.p, (int)s->device.n,
             (const char *)s->device.p, (int)s->kind);
    return (u32)(100 + h->nsources++);
}
static inline void heard_sighting(void *ctx, const struct sighting *s) {
    struct heard *h = ctx;
    assert_in_range(h->n, 0, countof(h->list) - 1);
    h->list[h->n] = *s;
    h->list[h->n++].bytes = arena_copy(&h->a, s->bytes);
}
static inline void heard_skipped(void *ctx, enum skip_reason r, u64 place, u64 bytes) {
    (void)ctx, (void)r, (void)place, (void)bytes;
    fail();
}
static inline void heard_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
    fail();
}
static inline struct input_sink heard_sink(struct heard *h) {
    h->n = h->nsources = 0;
    if (!h->a.beg) h->a = arena_open_view();
    arena_reset(&h->a);
    return (struct input_sink){h, heard_source, heard_sighting, heard_skipped,
                               heard_damage};
}

/* ---- the invariants of schema.h ------------------------------------------------------------------------ */

static inline i64 ask(sqlite3 *db, const char *sql) {
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    i64 n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* (1), (2), (4), (7), (8) and the mentions' sum of (3) */
static inline void check_tables(sqlite3 *db) {
    static const char *const none[] = {
        "SELECT count(*) FROM part WHERE ref NOT IN (SELECT ref FROM call_id)",
        "SELECT count(*) FROM part WHERE block NOT IN (SELECT id FROM block)",
        "SELECT count(*) FROM block WHERE id NOT IN (SELECT block FROM part)",
        "SELECT count(*) FROM leg WHERE ref NOT IN (SELECT ref FROM call_id)",
        "SELECT count(*) FROM leg WHERE call NOT IN (SELECT no FROM call)",
        "SELECT count(*) FROM call WHERE no NOT IN (SELECT call FROM leg)",
        "SELECT (SELECT sightings FROM total)-(SELECT ifnull(sum(n),0) FROM block)",
        "SELECT (SELECT calls FROM total)-(SELECT count(*) FROM call)",
        "SELECT count(*) FROM total,block WHERE block.last_us>total.last_us",
        "SELECT count(*) FROM block WHERE id>>24<>first_us>>30 OR id>>24<>last_us>>30",
        "SELECT (SELECT sightings FROM total)-(SELECT ifnull(sum(uses),0) FROM source)",
        "SELECT 2*(SELECT sightings FROM total)-(SELECT ifnull(sum(uses),0) FROM "
        "endpoint)",
        "SELECT count(*) FROM endpoint WHERE uses<=0",
        "SELECT count(*) FROM source WHERE uses<0",
        "SELECT count(*) FROM dictionary WHERE uses<>(SELECT count(*) FROM call WHERE"
        " format=16+dictionary.id)",
        "SELECT count(*) FROM word WHERE kind NOT BETWEEN 5 AND 9 AND stretch<>0",
        REFS_CHECKS,
        "SELECT count(*) FROM volume WHERE n<=0",
        "SELECT count(*) FROM volume AS v WHERE n<>(SELECT count(*) FROM call WHERE"
        " start_us/60000000=at AND call.kind=v.kind AND call.state=v.state)",
        "SELECT (SELECT ifnull(sum(n),0) FROM volume)-(SELECT count(*) FROM call)",
    };
    for (isize i = 0; i < countof(none); i++) {
        i64 n = ask(db, none[i]);
        if (n) fail_msg("%lld: %s", (long long)n, none[i]);
    }
}

static inline u64 part_key(i64 ref, i64 block) {
    return hash_mix((u64)ref, (u64)block);
}

/* The runs of one block name Call-IDs as they are in call_id, and are its parts; the records are as many as the row says. */
static inline void check_block(sqlite3 *db, str plain, i64 id, const i64 row[3],
                               struct map *parts) {
    i64 records = 0, low = INT64_MAX, high = INT64_MIN;
    sqlite3_stmt *st = NULL;
    struct block_reader in = {.in = {.in = plain}};
    struct record r = {0};
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT ref FROM call_id WHERE text=?1", -1, &st, NULL),
        SQLITE_OK);
    while (block_next(&in, &r)) {
        records++;
        low = i64_min(low, r.time_us);
        high = i64_max(high, r.time_us);
        if (!in.first) continue;
        db_bind_str(st, 1, in.call_id);
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(st, 0), in.ref);
        sqlite3_reset(st);
        *map_put(parts, part_key(in.ref, id)) = 1;
    }
    assert_false(in.in.failed);
    sqlite3_finalize(st);
    assert_int_equal(records, row[0]);
    assert_int_equal(low, row[1]);
    assert_int_equal(high, row[2]);
}

static inline void check_blocks(sqlite3 *db, struct squeeze *q) {
    sqlite3_stmt *st = NULL;
    struct map parts = {0};
    u8 *plain = NULL;
    isize cap = 0;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT n,format,data,first_us,last_us,id FROM block", -1,
                           &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        isize n = 0;
        i64 row[3] = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 3),
                      sqlite3_column_int64(st, 4)};
        assert_int_equal(squeeze_unpack(q, db_str(st, 2), sqlite3_column_int64(st, 1),
                                        &plain, &n, &cap),
                         ERR_OK);
        check_block(db, (str){plain, n}, sqlite3_column_int64(st, 5), row, &parts);
    }
    sqlite3_finalize(st);
    assert_int_equal(ask(db, "SELECT count(*) FROM part"), parts.n);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT ref,block FROM part", -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        assert_int_equal(map_get(&parts, part_key(sqlite3_column_int64(st, 0),
                                                  sqlite3_column_int64(st, 1))),
                         1);
    sqlite3_finalize(st);
    map_drop(&parts);
    base_free(plain);
}

static inline u64 word_at(int kind, str text, i64 start_us, i64 call) {
    return hash_mix(hash_bytes(text, (u64)kind), hash_mix((u64)start_us, (u64)call));
}

/* A call's data, as detail.h says; the Call-IDs of its legs are among its names. */
static inline void call_detail(sqlite3_stmt *st, int format, struct squeeze *q,
                               struct detail *d) {
    struct store s = {.squeeze = *q}; /* nothing else of it is used */
    s.path = S("");
    assert_int_equal(
        detail_unpack(&s, sqlite3_column_int64(st, format), db_str(st, format + 1), d),
        ERR_OK);
    *q = s.squeeze;
}

/* (5) */
static inline void check_words(sqlite3 *db, struct squeeze *q) {
    sqlite3_stmt *st = NULL;
    struct map listed = {0};
    struct pos_list row = {0};
    struct detail d = {0};
    isize there = 0;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT start_us,no,format,data FROM call", -1, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        enum word_kind kind;
        str text;
        call_detail(st, 2, q, &d);
        struct rd in = {.in = d.words};
        while (words_next(&in, &kind, &text))
            *map_put(&listed, word_at((int)kind, text, sqlite3_column_int64(st, 0),
                                      sqlite3_column_int64(st, 1))) = 1;
        assert_false(in.failed);
    }
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT kind,text,slice,data,stretch FROM word",
                                        -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        row.n = 0;
        assert_true(postings_unpack(db_str(st, 3), sqlite3_column_int64(st, 2), &row));
        assert_true(row.n > 0);
        there += row.n;
        for (isize i = 0; i < row.n; i++) {
            assert_true(i == 0 || pos_less(row.list[i - 1], row.list[i]));
            assert_int_equal(
                sqlite3_column_int64(st, 4),
                posting_stretch((u8)sqlite3_column_int(st, 0), row.list[i].call));
            assert_int_equal(
                map_get(&listed, word_at(sqlite3_column_int(st, 0), db_str(st, 1),
                                         row.list[i].start_us, row.list[i].call)),
                1);
        }
    }
    sqlite3_finalize(st);
    assert_int_equal(there, listed.n);
    map_drop(&listed);
    base_free(row.list);
    detail_drop(&d);
}

/* (6) */
static inline void check_marks(sqlite3 *db, struct squeeze *q) {
    sqlite3_stmt *st = NULL;
    isize listed = 0, there = 0, cap = 0;
    u8 *plain = NULL;
    struct map pairs = {0}; /* of block and call */
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT blocks,no FROM call", -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct rd in = {.in = db_str(st, 0)};
        for (i64 at = -1; rd_left(&in); listed++) {
            at += (i64)varint_next(&in);
            *map_put(&pairs, hash_mix((u64)at, (u64)sqlite3_column_int64(st, 1))) = 1;
        }
        assert_false(in.failed);
    }
    sqlite3_finalize(st);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT at,format,data FROM mark", -1, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        isize nplain = 0;
        assert_int_equal(squeeze_unpack(q, db_str(st, 2), sqlite3_column_int64(st, 1),
                                        &plain, &nplain, &cap),
                         ERR_OK);
        str data = {plain, nplain};
        u32 n, nkeys;
        assert_true(data.n >= 8);
        memcpy(&n, data.p, 4);
        memcpy(&nkeys, data.p + 4, 4);
        assert_true(n > 0);
        assert_int_equal(data.n, 8 + (isize)n * 11 + (isize)nkeys * 6);
        for (u32 i = 0; i < n; i++) {
            u32 call;
            memcpy(&call, data.p + 8 + 4 * i, 4);
            u32 *pair = map_put(&pairs, hash_mix((u64)sqlite3_column_int64(st, 0), call));
            assert_int_not_equal(*pair, 0);
            there += *pair == 1;
            *pair = 2;
        }
    }
    sqlite3_finalize(st);
    map_drop(&pairs);
    base_free(plain);
    assert_int_equal(there, listed);
}

static inline void know_dictionaries(sqlite3 *db, struct squeeze *q) {
    sqlite3_stmt *st = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT id,data FROM dictionary", -1, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        squeeze_learn(q, FORMAT_LEARNED + sqlite3_column_int64(st, 0), db_str(st, 1));
    sqlite3_finalize(st);
}

/* Of the last commit; the store may be open. */
static inline void check_invariants(const char *path) {
    sqlite3 *db = NULL;
    struct squeeze q = {0};
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    check_tables(db);
    know_dictionaries(db, &q);
    check_blocks(db, &q);
    check_words(db, &q);
    check_marks(db, &q);
    squeeze_drop(&q);
    sqlite3_close(db);
}

#endif
