#include "store/sqlite/db.h"
#include "store/sqlite/find.h"

#include <string.h>

void scan_drop(struct scan *x) {
    base_free(x->plain);
    *x = (struct scan){0};
}

/* Looks for the first byte in both its cases, then compares: most of a text is passed over by memchr. */
static bool holds_nocase(str s, str needle) {
    u8 low = needle.p[0], high = low;
    if (low >= 'a' && low <= 'z') high = (u8)(low - 32);
    for (int i = 0; i < (low == high ? 1 : 2); i++) {
        str rest = s;
        while (rest.n >= needle.n) {
            isize at = str_find(str_sub(rest, 0, rest.n - needle.n + 1), i ? high : low);
            if (at < 0) break;
            if (str_eq_nocase(str_sub(rest, at, needle.n), needle)) return true;
            rest = str_from(rest, at + 1);
        }
    }
    return false;
}

static enum err scan_chunk(struct store *s, struct scan *x, sqlite3_stmt *st,
                           bool *holds) {
    x->n = 0;
    enum err e = squeeze_unpack(&s->squeeze, db_str(st, 1), sqlite3_column_int64(st, 0),
                                &x->plain, &x->n, &x->cap);
    if (e) return db_damaged(s, "a chunk cannot be unpacked");
    x->left -= x->n;
    struct rd in = {.in = {x->plain, x->n}};
    struct record r = {0};
    while (!*holds && record_next(&in, 0, &r)) *holds = holds_nocase(r.bytes, x->needle);
    if (in.failed) return db_damaged(s, "a chunk holds something that is no sighting");
    return ERR_OK;
}

enum err scan_call(struct store *s, struct scan *x, i64 call, bool *holds) {
    *holds = false;
    sqlite3_stmt *st = db_stmt(s, SQL_CHUNK_OF_CALL);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    bool row = true;
    enum err e = ERR_OK;
    while (!e && row && !*holds) {
        e = db_step(s, st, &row);
        if (!e && row) e = scan_chunk(s, x, st, holds);
    }
    sqlite3_reset(st);
    return e;
}
