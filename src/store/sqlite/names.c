#include "store/sqlite/names.h"

#include "store/sqlite/db.h"

#include <string.h>

enum {
    CACHE_NAMES = 1 << 18,
    CACHE_BYTES = 1 << 25,
    ENDPOINT_KEY = 19, /* family, ip, port */
};

static void cache_forget(struct name_cache *c) {
    str_table_drop(&c->keys);
    base_free(c->ids);
    base_free(c->uses);
    *c = (struct name_cache){0};
}

static void cache_trim(struct name_cache *c) {
    if (c->keys.n > CACHE_NAMES || c->keys.nbytes > CACHE_BYTES) cache_forget(c);
}

static u32 cache_add(struct name_cache *c, str key, i64 id) {
    if (key.n == 0) return 0; /* str_table has no place for it: looked up each time */
    isize at = (isize)str_table_add(&c->keys, key);
    c->ids = base_grow(c->ids, &c->cap_ids, at + 1, (isize)sizeof *c->ids);
    c->uses = base_grow(c->uses, &c->cap_uses, at + 1, (isize)sizeof *c->uses);
    c->ids[at] = id;
    return (u32)at;
}

static i64 cache_find(const struct name_cache *c, str key) {
    u32 at = str_table_find(&c->keys, key);
    return at ? c->ids[at] : 0;
}

void names_forget_refs(struct names *n) {
    cache_forget(&n->refs);
}

void names_forget(struct names *n) {
    cache_forget(&n->sources);
    cache_forget(&n->endpoints);
    cache_forget(&n->refs);
    n->next_ref = 0;
    for (isize i = 0; i < n->nsource_uses; i++) n->source_uses[i].uses = 0;
}

void names_drop(struct names *n) {
    names_forget(n);
    base_free(n->source_uses);
    map_drop(&n->source_index);
    *n = (struct names){0};
}

void names_trim(struct names *n) {
    cache_trim(&n->sources);
    cache_trim(&n->endpoints);
    cache_trim(&n->refs);
}

/* Runs a look-up that is bound already, then, where it finds nothing, the insertion. */
static enum err get_or_add(struct store *s, sqlite3_stmt *get, sqlite3_stmt *add, i64 *id,
                           bool *made) {
    enum err e = db_int(s, get, 0, id);
    *made = false;
    if (e || *id) return e;
    e = db_run(s, add);
    if (e) return e;
    *id = sqlite3_last_insert_rowid(s->db);
    *made = true;
    return ERR_OK;
}

static void source_name(struct names *n, u32 id) {
    u32 *at = map_put(&n->source_index, id);
    if (*at) return;
    n->source_uses = base_grow(n->source_uses, &n->cap_source_uses, n->nsource_uses + 1,
                               (isize)sizeof *n->source_uses);
    n->source_uses[n->nsource_uses] = (struct source_use){.id = id};
    *at = (u32)++n->nsource_uses;
}

static void source_bind(sqlite3_stmt *st, const struct source *source) {
    db_bind_str(st, 1, source->name);
    db_bind_str(st, 2, source->device);
    sqlite3_bind_int(st, 3, (int)source->kind);
}

enum err names_source(struct store *s, const struct source *source, u32 *id) {
    sqlite3_stmt *get = db_stmt(s, SQL_SOURCE_GET), *add = db_stmt(s, SQL_SOURCE_ADD);
    if (!get || !add) return s->failed ? s->failed : ERR_IO;
    source_bind(get, source);
    source_bind(add, source);
    i64 wide = 0;
    bool made = false;
    enum err e = get_or_add(s, get, add, &wide, &made);
    if (e) return e;
    if (wide <= 0 || wide > UINT32_MAX)
        return db_fail(s, ERR_FULL, "there are too many sources in one database");
    *id = (u32)wide;
    source_name(&s->names, *id);
    return ERR_OK;
}

static str endpoint_key(u8 key[ENDPOINT_KEY], const struct endpoint *e) {
    isize n = e->family == 6 ? 16 : e->family == 4 ? 4 : 0;
    key[0] = e->family;
    key[1] = (u8)(e->port >> 8);
    key[2] = (u8)e->port;
    if (n) memcpy(key + 3, e->ip, (size_t)n);
    return (str){key, 3 + n};
}

static void endpoint_bind(sqlite3_stmt *st, str key) {
    sqlite3_bind_int(st, 1, key.p[0]);
    db_bind_blob(st, 2, str_from(key, 3));
    sqlite3_bind_int(st, 3, key.p[1] << 8 | key.p[2]);
}

enum err names_endpoint(struct store *s, const struct endpoint *e, i64 *id, u32 *at) {
    u8 bytes[ENDPOINT_KEY];
    str key = endpoint_key(bytes, e);
    *at = str_table_find(&s->names.endpoints.keys, key);
    *id = *at ? s->names.endpoints.ids[*at] : 0;
    if (*id) return ERR_OK;
    sqlite3_stmt *get = db_stmt(s, SQL_ENDPOINT_GET), *add = db_stmt(s, SQL_ENDPOINT_ADD);
    if (!get || !add) return s->failed ? s->failed : ERR_IO;
    endpoint_bind(get, key);
    endpoint_bind(add, key);
    bool made = false;
    enum err err = get_or_add(s, get, add, id, &made);
    if (!err) *at = cache_add(&s->names.endpoints, key, *id);
    return err;
}

/* Numbers go up, so that what comes at one time stands together. */
static enum err ref_next(struct store *s, i64 *ref) {
    sqlite3_stmt *st = s->names.next_ref ? NULL : db_stmt(s, SQL_REF_NEXT);
    if (!s->names.next_ref && !st) return s->failed ? s->failed : ERR_IO;
    enum err e = st ? db_int(s, st, 1, &s->names.next_ref) : ERR_OK;
    *ref = s->names.next_ref;
    return e;
}

static enum err ref_add(struct store *s, str call_id, i64 *ref) {
    enum err e = ref_next(s, ref);
    sqlite3_stmt *st = e ? NULL : db_stmt(s, SQL_REF_ADD);
    if (!st) return e ? e : s->failed ? s->failed : ERR_IO;
    db_bind_str(st, 1, call_id);
    sqlite3_bind_int64(st, 2, *ref);
    e = db_run(s, st);
    if (e) return e;
    s->names.next_ref++;
    known_add(&s->known, known_call_id(call_id));
    return ERR_OK;
}

enum err names_ref(struct store *s, str call_id, i64 *ref, bool *made) {
    *made = false;
    *ref = cache_find(&s->names.refs, call_id);
    if (*ref) return ERR_OK;
    bool maybe = false;
    enum err e = known_ask(s, known_call_id(call_id), &maybe);
    if (!e && maybe) e = names_find_ref(s, call_id, ref);
    *made = !e && !*ref;
    if (*made) e = ref_add(s, call_id, ref);
    if (!e) cache_add(&s->names.refs, call_id, *ref);
    return e;
}

enum err names_find_ref(struct store *s, str call_id, i64 *ref) {
    sqlite3_stmt *st = NULL;
    *ref = 0;
    enum err e = db_stretches(s, SQL_REF_GET, SIEVE_REFS, known_call_id(call_id),
                              db_bind_key, &call_id, &st);
    if (st) *ref = sqlite3_column_int64(st, 0);
    if (st) sqlite3_reset(st);
    return e;
}

bool names_knows_source(const struct names *n, u32 id) {
    return map_get(&n->source_index, id) != 0;
}

void names_use_source(struct names *n, u32 id) {
    n->source_uses[map_get(&n->source_index, id) - 1].uses++;
}

void names_use_endpoint(struct names *n, u32 at) {
    n->endpoints.uses[at]++;
}

static enum err write_use(struct store *s, enum sql q, i64 id, i64 *uses) {
    i64 more = *uses;
    *uses = 0;
    if (more == 0) return ERR_OK;
    return db_run_ints(s, q, 2, id, more, 0);
}

enum err names_write_uses(struct store *s) {
    struct names *n = &s->names;
    for (isize i = 0; i < n->nsource_uses; i++) {
        enum err e =
            write_use(s, SQL_SOURCE_USE, n->source_uses[i].id, &n->source_uses[i].uses);
        if (e) return e;
    }
    for (isize i = 1; i <= n->endpoints.keys.n; i++) {
        enum err e =
            write_use(s, SQL_ENDPOINT_USE, n->endpoints.ids[i], &n->endpoints.uses[i]);
        if (e) return e;
    }
    return ERR_OK;
}

enum err names_unused_sources(struct store *s) {
    struct names *n = &s->names;
    i64 ids[64];
    isize count = 0;
    bool row = true;
    enum err e = ERR_OK;
    sqlite3_stmt *st = db_stmt(s, SQL_SOURCE_UNUSED);
    if (!st) return ERR_IO;
    while (!e && row && count < countof(ids)) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        i64 id = sqlite3_column_int64(st, 0);
        if (!names_knows_source(n, (u32)id)) ids[count++] = id;
    }
    sqlite3_reset(st);
    for (isize i = 0; i < count && !e; i++)
        e = db_run_ints(s, SQL_SOURCE_DELETE, 1, ids[i], 0, 0);
    return e;
}
