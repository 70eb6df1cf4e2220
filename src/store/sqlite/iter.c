#include "store/sqlite/find.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

static const char sql_postings[] =
    "SELECT start_us,call FROM posting WHERE word=?1 AND (start_us,call)<=(?2,?3)"
    " AND start_us>=?4 ORDER BY start_us DESC,call DESC";
static const char sql_calls[] =
    "SELECT start_us,no FROM call WHERE (start_us,no)<=(?2,?3)"
    " AND start_us>=?4 ORDER BY start_us DESC,no DESC";

/* ---- cursors ------------------------------------------------------------------------------------ */

static enum err cursor_step(struct store *s, struct cursor *c) {
    bool row = false;
    enum err e = db_step(s, c->st, &row);
    c->done = e || !row;
    if (c->done) return e;
    c->at = (struct pos){sqlite3_column_int64(c->st, 0), sqlite3_column_int64(c->st, 1)};
    return ERR_OK;
}

static enum err cursor_open(struct store *s, struct cursor *c, const char *sql, i64 word,
                            struct range r) {
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &c->st, NULL);
    if (rc != SQLITE_OK) return db_refused(s, rc);
    if (word) sqlite3_bind_int64(c->st, 1, word);
    sqlite3_bind_int64(c->st, 2, r.high_us);
    sqlite3_bind_int64(c->st, 3, INT64_MAX);
    sqlite3_bind_int64(c->st, 4, r.low_us);
    return cursor_step(s, c);
}

/* To the greatest position that is not above `to`: a few steps, then by way of the index. */
static enum err cursor_seek(struct store *s, struct cursor *c, struct pos to) {
    for (int steps = 0; !c->done && pos_less(to, c->at); steps++) {
        if (steps == 4) {
            sqlite3_reset(c->st);
            sqlite3_bind_int64(c->st, 2, to.start_us);
            sqlite3_bind_int64(c->st, 3, to.call);
        }
        enum err e = cursor_step(s, c);
        if (e) return e;
    }
    return ERR_OK;
}

/* ---- criteria ----------------------------------------------------------------------------------- */

void criterion_drop(struct criterion *c) {
    for (isize i = 0; i < c->ncursors; i++) sqlite3_finalize(c->cursors[i].st);
    base_free(c->cursors);
    base_free(c->words);
    base_free(c->list);
    map_drop(&c->known);
    *c = (struct criterion){0};
}

static bool word_push(struct criterion *c, i64 id) {
    if (c->nwords >= WORDS_MAX) c->test = true;
    if (c->test) return false;
    c->words = base_grow(c->words, &c->cap_words, c->nwords + 1, (isize)sizeof *c->words);
    c->words[c->nwords++] = id;
    return true;
}

static bool list_push(struct criterion *c, struct pos p, isize most) {
    if (c->nlist >= most) c->test = true;
    if (c->test) return false;
    c->list = base_grow(c->list, &c->cap_list, c->nlist + 1, (isize)sizeof *c->list);
    c->list[c->nlist++] = p;
    return true;
}

/* The least text that begins otherwise; empty where there is none. */
static str after_prefix(str prefix, u8 *to) {
    isize n = prefix.n;
    while (n && prefix.p[n - 1] == 255) n--;
    for (isize i = 0; i < n; i++) to[i] = prefix.p[i];
    if (n) to[n - 1]++;
    return (str){to, n};
}

static enum err want_resolve(struct store *s, struct criterion *c, const struct want *w) {
    u8 end[WORD_MAX];
    str from = {w->text, w->n};
    if (w->how == WANT_EXACT) {
        i64 id = 0;
        enum err e = names_find_word(s, (int)w->kind, from, &id);
        if (!e && id) (void)word_push(c, id);
        return e;
    }
    if (w->how != WANT_PREFIX) from.n = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_WORD_RANGE);
    if (!st) return ERR_IO;
    sqlite3_bind_int(st, 1, (int)w->kind);
    db_bind_str(st, 2, from);
    db_bind_end(st, 3, after_prefix(from, end));
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        if (!want_holds(w, w->kind, db_str(st, 1))) continue;
        if (word_push(c, sqlite3_column_int64(st, 0))) continue;
        sqlite3_reset(st);
        return ERR_OK;
    }
}

static int by_id(const void *a, const void *b) {
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static int by_newest(const void *a, const void *b) {
    struct pos x = *(const struct pos *)a, y = *(const struct pos *)b;
    return pos_same(x, y) ? 0 : pos_less(x, y) ? 1 : -1;
}

/* The calls that have a Call-ID which is, or begins so. CROSS JOIN: in this order, whatever statistics say. */
static enum err call_id_resolve(struct store *s, struct criterion *c, struct range r) {
    static const char sql[] =
        "SELECT call.start_us,call.no FROM call_id CROSS JOIN leg ON leg.ref=call_id.ref"
        " CROSS JOIN call ON call.no=leg.call WHERE call_id.text>=?1 AND call_id.text<?2";
    u8 *room = NULL;
    isize cap = 0;
    room = base_grow(room, &cap, c->call_id.n + 1, 1);
    str end = after_prefix(c->call_id, room);
    if (c->call_id_exact) { /* the next text: the same and a zero byte */
        if (c->call_id.n) memcpy(room, c->call_id.p, (size_t)c->call_id.n);
        room[c->call_id.n] = 0;
        end = (str){room, c->call_id.n + 1};
    }
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    enum err e = rc == SQLITE_OK ? ERR_OK : db_refused(s, rc);
    if (!e) {
        db_bind_str(st, 1, c->call_id);
        db_bind_end(st, 2, end);
    }
    bool row = true;
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        struct pos p = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        if (p.start_us < r.low_us || p.start_us > r.high_us) continue;
        if (!list_push(c, p, CALL_IDS_MAX)) break;
    }
    sqlite3_finalize(st);
    base_free(room);
    return e;
}

/* The postings of many words as one list. */
static enum err list_fill(struct store *s, struct criterion *c, struct range r) {
    for (isize i = 0; i < c->nwords && !c->test; i++) {
        struct cursor one = {0};
        enum err e = cursor_open(s, &one, sql_postings, c->words[i], r);
        while (!e && !one.done && list_push(c, one.at, LIST_MAX))
            e = cursor_step(s, &one);
        sqlite3_finalize(one.st);
        if (e) return e;
    }
    return ERR_OK;
}

static enum err cursors_open(struct store *s, struct criterion *c, struct range r) {
    c->cursors =
        base_grow(c->cursors, &c->cap_cursors, c->nwords + 1, (isize)sizeof *c->cursors);
    for (isize i = 0; i < c->nwords; i++) {
        enum err e =
            cursor_open(s, &c->cursors[c->ncursors++], sql_postings, c->words[i], r);
        if (e) return e;
    }
    return ERR_OK;
}

enum err criterion_resolve(struct store *s, struct criterion *c, struct range r) {
    enum err e = ERR_OK;
    for (isize i = 0; i < c->nwants && !e && !c->test; i++)
        e = want_resolve(s, c, &c->wants[i]);
    if (!e && !c->test && c->call_id.p) e = call_id_resolve(s, c, r);
    if (!e && !c->test && c->nwords) {
        qsort(c->words, (size_t)c->nwords, sizeof *c->words, by_id);
        isize n = 1;
        for (isize i = 1; i < c->nwords; i++) {
            if (c->words[i] != c->words[n - 1]) c->words[n++] = c->words[i];
        }
        c->nwords = n;
        e = n > CURSORS_MAX ? list_fill(s, c, r) : cursors_open(s, c, r);
    }
    if (!e && !c->test && c->nlist)
        qsort(c->list, (size_t)c->nlist, sizeof *c->list, by_newest);
    return e;
}

static enum err criterion_seek(struct store *s, struct criterion *c, struct pos to,
                               struct pos *at, bool *found) {
    *found = false;
    for (isize i = 0; i < c->ncursors; i++) {
        enum err e = cursor_seek(s, &c->cursors[i], to);
        if (e) return e;
        if (c->cursors[i].done) continue;
        if (!*found || pos_less(*at, c->cursors[i].at)) *at = c->cursors[i].at;
        *found = true;
    }
    isize low = c->at,
          high = c->nlist; /* positions below c->at are above `to` for good */
    while (low < high) {
        isize middle = low + (high - low) / 2;
        if (pos_less(to, c->list[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    c->at = low;
    if (low == c->nlist) return ERR_OK;
    if (!*found || pos_less(*at, c->list[low])) *at = c->list[low];
    *found = true;
    return ERR_OK;
}

/* ---- tests -------------------------------------------------------------------------------------- */

static enum err word_test(struct store *s, struct criterion *c, i64 id, bool *fits) {
    u32 known = map_get(&c->known, (u64)id);
    if (!known) {
        sqlite3_stmt *st = db_stmt(s, SQL_WORD_BY_ID);
        if (!st) return ERR_IO;
        sqlite3_bind_int64(st, 1, id);
        bool row = false, holds = false;
        enum err e = db_step(s, st, &row);
        if (e) return e;
        if (!row) return db_damaged(s, "a call names a word that is not there");
        enum word_kind kind = (enum word_kind)sqlite3_column_int(st, 0);
        for (isize i = 0; i < c->nwants && !holds; i++)
            holds = want_holds(&c->wants[i], kind, db_str(st, 1));
        sqlite3_reset(st);
        known = holds ? 2 : 1;
        *map_put(&c->known, (u64)id) = known;
    }
    *fits = known == 2;
    return ERR_OK;
}

static enum err call_id_test(struct store *s, const struct criterion *c, i64 call,
                             bool *fits) {
    static const char sql[] =
        "SELECT call_id.text FROM leg JOIN call_id ON call_id.ref=leg.ref"
        " WHERE leg.call=?1";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK) return db_refused(s, rc);
    sqlite3_bind_int64(st, 1, call);
    enum err e = ERR_OK;
    bool row = true;
    while (!e && row && !*fits) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        str text = db_str(st, 0);
        *fits =
            c->call_id_exact ? str_eq(text, c->call_id) : str_starts(text, c->call_id);
    }
    sqlite3_finalize(st);
    return e;
}

enum err criterion_test(struct store *s, struct criterion *c, i64 call, str words,
                        bool *fits) {
    struct rd in = {.in = words};
    enum err e = ERR_OK;
    i64 id = 0;
    *fits = false;
    while (!e && !*fits && words_next(&in, id, &id)) e = word_test(s, c, id, fits);
    if (!e && in.failed) return db_damaged(s, "the words of a call");
    if (!e && !*fits && c->call_id.p) e = call_id_test(s, c, call, fits);
    return e;
}

/* ---- join --------------------------------------------------------------------------------------- */

void join_drop(struct join *j) {
    sqlite3_finalize(j->all.st);
    j->all.st = NULL;
}

static enum err join_all(struct join *j, struct pos *at, bool *found) {
    enum err e = ERR_OK;
    if (!j->all.st) e = cursor_open(j->s, &j->all, sql_calls, 0, j->range);
    if (!e) e = cursor_seek(j->s, &j->all, *at);
    *found = !e && !j->all.done;
    if (*found) *at = j->all.at;
    return e;
}

enum err join_next(struct join *j, struct pos *at, bool *found) {
    isize agreed = 0, real = 0;
    for (isize i = 0; i < j->n; i++) real += !j->list[i]->test;
    if (real == 0) return join_all(j, at, found);
    for (isize i = 0; agreed < real; i = (i + 1) % j->n) {
        struct pos here = {0};
        if (j->list[i]->test) continue;
        enum err e = criterion_seek(j->s, j->list[i], *at, &here, found);
        if (e || !*found) return e;
        agreed = pos_same(here, *at) ? agreed + 1 : 1;
        *at = here;
    }
    *found = true;
    return ERR_OK;
}
