#include "store/sqlite/sieve.h"

#include "store/sqlite/db.h"
#include "store/sqlite/put.h"

#include <stdlib.h>

enum { OF_BITS = 48, PART_BITS = 40 };

void sieve_drop_memory(struct sieve *v) {
    base_free(v->keys);
    v->keys = NULL;
    v->n = v->cap = 0;
}

void sieve_forget(struct sieve *v) {
    for (int of = 0; of < SIEVE_COUNT; of++) v->seen[of] = v->none[of] = 0;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

u64 sieve_leg(i64 leg_key) {
    return hash_mix((u64)leg_key, 5);
}

u64 sieve_number(str text) {
    return hash_bytes(str_from(text, i64_max(0, text.n - SIEVE_DIGITS)), 6);
}

static isize part_of(u64 key) {
    return (isize)(key >> 56);
}

static i64 row_id(enum sieve_of of, isize part, i64 stretch) {
    return (i64)of << OF_BITS | (i64)part << PART_BITS | stretch;
}

/* The i-th bit of a key among n. */
static u64 bit_of(u64 key, u64 i, u64 n) {
    u64 a = key & UINT32_MAX, b = (key >> 24 & UINT32_MAX) | 1;
    return (a + i * b) % n;
}

static bool bits_have(str bits, u64 key) {
    u64 n = (u64)bits.n * 8;
    if (n == 0) return true;
    for (u64 i = 0; i < SIEVE_HASHES; i++) {
        u64 bit = bit_of(key, i, n);
        if (!(bits.p[bit >> 3] >> (bit & 7) & 1)) return false;
    }
    return true;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

/* The first stretch and the last one that the index can have; *last < *first: none. */
static enum err stretches(struct store *s, enum sieve_of of, i64 *first, i64 *last) {
    bool calls = of == SIEVE_CALLS;
    sqlite3_stmt *low = db_stmt(s, calls ? SQL_CALL_FIRST : SQL_REF_FIRST),
                 *high = db_stmt(s, calls ? SQL_CALL_LAST : SQL_REF_LAST);
    if (!low || !high) return s->failed ? s->failed : ERR_IO;
    enum err e = db_int(s, low, 0, first);
    if (!e) e = db_int(s, high, -1, last);
    if (calls) *first >>= CALL_STRETCH_BITS;
    if (calls) *last >>= CALL_STRETCH_BITS;
    return e;
}

/* From the newest down to where its row stands; all in between have none. */
static void add_down(struct numbers *to, i64 *at, i64 above) {
    for (; *at > above; --*at) numbers_add(to, *at);
}

static enum err sift(struct store *s, enum sieve_of of, u64 key, i64 first, i64 at,
                     struct numbers *to) {
    sqlite3_stmt *st = db_stmt(s, SQL_SIEVE_GET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, row_id(of, part_of(key), i64_max(first, 0)));
    sqlite3_bind_int64(st, 2, row_id(of, part_of(key), i64_max(at, 0)));
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e) return e;
        if (!row) break;
        i64 stretch = sqlite3_column_int64(st, 0) & (((i64)1 << PART_BITS) - 1);
        add_down(to, &at, stretch);
        if (bits_have(db_str(st, 1), key)) numbers_add(to, at);
        at--;
    }
    add_down(to, &at, first - 1);
    return ERR_OK;
}

enum err sieve_ask(struct store *s, enum sieve_of of, const u64 *key,
                   struct numbers *to) {
    i64 first = 0, last = -1;
    to->n = 0;
    enum err e = stretches(s, of, &first, &last);
    if (e) return e;
    if (key && s->sieve.there) return sift(s, of, *key, first, last, to);
    add_down(to, &last, first - 1);
    return ERR_OK;
}

/* ---- making one ---------------------------------------------------------------------------------------- */

static void key_add(struct sieve *v, u64 key) {
    if (v->n && v->keys[v->n - 1] == key) return;
    v->keys = base_grow(v->keys, &v->cap, v->n + 1, (isize)sizeof *v->keys);
    v->keys[v->n++] = key;
}

static u64 key_of_leg(sqlite3_stmt *st) {
    return sieve_leg(sqlite3_column_int64(st, 0));
}
static u64 key_of_call(sqlite3_stmt *st) {
    return known_call(db_str(st, 0));
}
static u64 key_of_number(sqlite3_stmt *st) {
    return sieve_number(db_str(st, 0));
}
static u64 key_of_call_id(sqlite3_stmt *st) {
    return known_call_id(db_str(st, 0));
}

static enum err keys_of(struct store *s, enum sql q, i64 stretch, int kind,
                        u64 (*key)(sqlite3_stmt *)) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, stretch);
    if (kind) sqlite3_bind_int(st, 2, kind);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        key_add(&s->sieve, key(st));
    }
}

static enum err keys_gather(struct store *s, enum sieve_of of, i64 stretch) {
    s->sieve.n = 0;
    if (of == SIEVE_REFS) return keys_of(s, SQL_REF_KEYS, stretch, 0, key_of_call_id);
    enum err e = keys_of(s, SQL_CALL_KEYS, stretch, 0, key_of_call);
    if (!e) e = keys_of(s, SQL_LEG_KEYS, stretch, 0, key_of_leg);
    if (!e) e = keys_of(s, SQL_WORD_KEYS, stretch, WORD_FROM, key_of_number);
    if (!e) e = keys_of(s, SQL_WORD_KEYS, stretch, WORD_TO, key_of_number);
    return e;
}

static int by_key(const void *a, const void *b) {
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return (x > y) - (x < y);
}

static isize once(u64 *keys, isize n) {
    isize to = 0;
    if (n) qsort(keys, (size_t)n, sizeof *keys, by_key);
    for (isize i = 0; i < n; i++) {
        if (to == 0 || keys[i] != keys[to - 1]) keys[to++] = keys[i];
    }
    return to;
}

static enum err part_write(struct store *s, i64 id, const u64 *keys, isize n) {
    isize bytes = n * SIEVE_KEY_BITS / 8 + 1;
    u8 *bits = base_new(bytes, 1);
    for (isize k = 0; k < n; k++) {
        for (u64 i = 0; i < SIEVE_HASHES; i++) {
            u64 bit = bit_of(keys[k], i, (u64)bytes * 8);
            bits[bit >> 3] |= (u8)(1 << (bit & 7));
        }
    }
    sqlite3_stmt *st = db_stmt(s, SQL_SIEVE_SET);
    enum err e = st ? ERR_OK : s->failed ? s->failed : ERR_IO;
    if (!e) sqlite3_bind_int64(st, 1, id);
    if (!e) db_bind_blob(st, 2, (str){bits, bytes});
    if (!e) e = db_run(s, st);
    base_free(bits);
    return e;
}

static enum err make(struct store *s, enum sieve_of of, i64 stretch) {
    struct sieve *v = &s->sieve;
    enum err e = keys_gather(s, of, stretch);
    v->n = once(v->keys, v->n);
    v->none[of] = 0;
    for (isize part = 0, at = 0; part < SIEVE_PARTS && !e; part++) {
        isize from = at;
        while (at < v->n && part_of(v->keys[at]) == part) at++;
        e = part_write(s, row_id(of, part, stretch), v->keys + from, at - from);
    }
    return e;
}

/* The newest that has none, at or below *at and not below `first`; first - 1: all have one. */
static enum err newest_without(struct store *s, enum sieve_of of, i64 first, i64 *at) {
    sqlite3_stmt *st = db_stmt(s, SQL_SIEVE_GET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, row_id(of, 0, i64_max(first, 0)));
    sqlite3_bind_int64(st, 2, row_id(of, 0, i64_max(*at, 0)));
    for (bool row = true; row && *at >= first;) {
        enum err e = db_step(s, st, &row);
        if (e) return e;
        if (row && sqlite3_column_int64(st, 0) != row_id(of, 0, *at)) break;
        if (row) --*at;
    }
    sqlite3_reset(st);
    return ERR_OK;
}

/* Two at a time: the one that is full now, and one of those that have lost theirs. */
static enum err catch_up(struct store *s, enum sieve_of of, i64 full) {
    i64 first = 0, last = -1, at = full;
    enum err e = stretches(s, of, &first, &last);
    for (int i = 0; i < 2 && !e && at >= first; i++) {
        e = newest_without(s, of, first, &at);
        if (!e && at >= first) e = make(s, of, at);
    }
    return e;
}

/* `newest`: the last number given; 0: none yet. */
static enum err keep_up(struct store *s, enum sieve_of of, i64 newest, int bits) {
    i64 full = newest > 0 ? (newest >> bits) - 1 : -1;
    if (full < 0 || s->sieve.seen[of] == full + 1) return ERR_OK;
    s->sieve.seen[of] = full + 1;
    return catch_up(s, of, full);
}

enum err sieve_write(struct store *s) {
    enum err e = keep_up(s, SIEVE_CALLS, s->put.next - 1 - SIEVE_LATE, CALL_STRETCH_BITS);
    return e ? e : keep_up(s, SIEVE_REFS, s->names.next_ref - 1, REF_STRETCH_BITS);
}

/* ---- and letting it go ----------------------------------------------------------------------------------- */

static enum err is_made(struct store *s, enum sieve_of of, i64 stretch, bool *made) {
    sqlite3_stmt *st = db_stmt(s, SQL_SIEVE_GET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, row_id(of, 0, stretch));
    sqlite3_bind_int64(st, 2, row_id(of, 0, stretch));
    enum err e = db_step(s, st, made);
    if (*made) sqlite3_reset(st);
    return e;
}

enum err sieve_void(struct store *s, enum sieve_of of, i64 stretch) {
    bool made = false;
    if (s->sieve.none[of] == stretch + 1) return ERR_OK;
    enum err e = is_made(s, of, stretch, &made);
    for (isize part = 0; part < SIEVE_PARTS && !e && made; part++)
        e = db_run_ints(s, SQL_SIEVE_DELETE, 1, row_id(of, part, stretch), 0, 0);
    if (!e) s->sieve.none[of] = stretch + 1;
    return e;
}
