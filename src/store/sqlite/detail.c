#include "store/sqlite/detail.h"

#include "store/sqlite/db.h"

#include <string.h>

static void put_bytes(struct detail *d, str bytes) {
    d->plain = base_grow(d->plain, &d->cap, d->n + bytes.n, 1);
    if (bytes.n) memcpy(d->plain + d->n, bytes.p, (size_t)bytes.n);
    d->n += bytes.n;
}

static void put_sized(struct detail *d, str bytes) {
    varint_put((u64)bytes.n, &d->plain, &d->n, &d->cap);
    put_bytes(d, bytes);
}

void detail_pack(struct detail *d, str words, const struct detail_name *names, isize n,
                 str json) {
    struct detail list = {0};
    for (isize i = 0; i < n; i++) {
        i64 before = i ? names[i - 1].ref : 0;
        if (i && names[i].ref == before) continue;
        varint_put((u64)(names[i].ref - before), &list.plain, &list.n, &list.cap);
        put_sized(&list, names[i].text);
    }
    d->n = 0;
    put_sized(d, words);
    put_sized(d, (str){list.plain, list.n});
    put_bytes(d, json);
    base_free(list.plain);
}

static str sized_next(struct rd *in) {
    u64 n = varint_next(in);
    if (n > PTRDIFF_MAX) in->failed = true;
    return rd_take(in, (isize)(n & PTRDIFF_MAX));
}

enum err detail_unpack(struct store *s, i64 format, str packed, struct detail *d) {
    d->n = 0;
    enum err e = learn_know(s, format);
    if (e) return e;
    e = squeeze_unpack(&s->squeeze, packed, format, &d->plain, &d->n, &d->cap);
    if (e) return db_damaged(s, "a call's summary cannot be unpacked");
    struct rd in = {.in = {d->plain, d->n}};
    d->words = sized_next(&in);
    d->names = sized_next(&in);
    if (in.failed) return db_damaged(s, "a call's summary is cut");
    d->json = rd_take(&in, rd_left(&in));
    return ERR_OK;
}

void detail_drop(struct detail *d) {
    base_free(d->plain);
    *d = (struct detail){0};
}

bool detail_next(struct rd *in, struct detail_name *name) {
    if (rd_left(in) == 0) return false;
    name->ref = (i64)((u64)name->ref + varint_next(in));
    name->text = sized_next(in);
    return !in->failed;
}

bool detail_find(const struct detail *d, i64 ref, str *text) {
    struct rd in = {.in = d->names};
    struct detail_name name = {0};
    while (detail_next(&in, &name)) {
        *text = name.text;
        if (name.ref == ref) return true;
    }
    return false;
}

enum err detail_refs(struct store *s, str names, i64 call, struct numbers *refs) {
    struct rd in = {.in = names};
    struct detail_name name = {0};
    enum err e = ERR_OK;
    refs->n = 0;
    while (!e && detail_next(&in, &name)) {
        bool row = false;
        sqlite3_stmt *st = db_stmt(s, SQL_LEG_IDS);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, name.ref);
        sqlite3_bind_int64(st, 2, call);
        e = db_step(s, st, &row);
        if (row) numbers_add(refs, name.ref);
        sqlite3_reset(st);
    }
    return !e && in.failed ? db_damaged(s, "a call's Call-IDs") : e;
}
