#include "store/sqlite/find.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

static const char sql_word[] =
    "SELECT slice,data FROM word WHERE stretch=?6 AND kind=?4 AND text=?5 AND slice<=?1"
    " AND slice>=?3 ORDER BY slice DESC";
static const char sql_calls[] =
    "SELECT start_us,no FROM call WHERE (start_us,no)<=(?1,?2)"
    " AND start_us>=?3 ORDER BY start_us DESC,no DESC";

/* ---- cursors ------------------------------------------------------------------------------------ */

static void cursor_close(struct cursor *c) {
    sqlite3_finalize(c->st);
    base_free(c->row.list);
    *c = (struct cursor){.done = true};
}

/* The next row into the list; a word's rows are never empty. */
static enum err cursor_row(struct store *s, struct cursor *c) {
    bool row = false;
    enum err e = db_step(s, c->st, &row);
    c->done = e || !row;
    c->row.n = 0;
    if (c->done) return e;
    if (!c->is_word) {
        pos_add(&c->row, (struct pos){sqlite3_column_int64(c->st, 0),
                                      sqlite3_column_int64(c->st, 1)});
        return ERR_OK;
    }
    if (postings_unpack(db_str(c->st, 1), sqlite3_column_int64(c->st, 0), &c->row) &&
        c->row.n)
        return ERR_OK;
    c->done = true;
    return db_damaged(s, "the calls of a word");
}

static enum err cursor_step(struct store *s, struct cursor *c) {
    enum err e = c->row.n ? ERR_OK : cursor_row(s, c);
    if (e || c->done) return e;
    c->at = c->row.list[--c->row.n];
    c->done = c->at.start_us < c->low_us;
    return ERR_OK;
}

static void cursor_from(struct cursor *c, struct pos to) {
    sqlite3_reset(c->st);
    sqlite3_bind_int64(c->st, 1, c->is_word ? to.start_us >> SLICE_BITS : to.start_us);
    if (!c->is_word) sqlite3_bind_int64(c->st, 2, to.call);
    c->row.n = 0;
}

/* To the greatest position that is not above `to`: a few steps, then by way of the index. */
static enum err cursor_seek(struct store *s, struct cursor *c, struct pos to) {
    for (int rows = 0; !c->done && pos_less(to, c->at);) {
        rows += c->row.n == 0;
        if (rows == 4) {
            cursor_from(c, to);
            rows++;
        }
        enum err e = cursor_step(s, c);
        if (e) return e;
    }
    return ERR_OK;
}

/* `text` borrows until the cursor is closed; w is NULL: all calls. One that was open for another word goes on with its statement. */
static enum err cursor_open(struct store *s, struct cursor *c, const struct found_word *w,
                            str text, struct range r) {
    struct pos top = {r.high_us, INT64_MAX};
    int rc = SQLITE_OK;
    if (!c->st)
        rc = sqlite3_prepare_v2(s->db, w ? sql_word : sql_calls, -1, &c->st, NULL);
    if (rc != SQLITE_OK) return db_refused(s, rc);
    c->is_word = w != NULL;
    c->low_us = r.low_us;
    c->done = false;
    cursor_from(c, top);
    sqlite3_bind_int64(c->st, 3, w ? r.low_us >> SLICE_BITS : r.low_us);
    if (w) sqlite3_bind_int(c->st, 4, (int)w->kind);
    if (w) db_bind_str(c->st, 5, text);
    if (w) sqlite3_bind_int64(c->st, 6, w->stretch);
    enum err e = cursor_step(s, c);
    if (!e) e = cursor_seek(s, c, top);
    return e;
}

static str text_of(const struct criterion *c, const struct found_word *w) {
    return (str){c->texts + w->at, w->n};
}

/* ---- criteria ----------------------------------------------------------------------------------- */

void criterion_drop(struct criterion *c) {
    for (isize i = 0; i < c->ncursors; i++) cursor_close(&c->cursors[i]);
    base_free(c->cursors);
    base_free(c->words);
    base_free(c->texts);
    base_free(c->list);
    base_free(c->stretches.list);
    *c = (struct criterion){0};
}

static bool word_push(struct criterion *c, enum word_kind kind, i64 stretch, str text) {
    if (c->nwords >= WORDS_MAX) c->test = true;
    if (c->test) return false;
    c->words = base_grow(c->words, &c->cap_words, c->nwords + 1, (isize)sizeof *c->words);
    c->texts = base_grow(c->texts, &c->cap_texts, c->ntexts + text.n + 1, 1);
    c->words[c->nwords++] = (struct found_word){kind, stretch, c->ntexts, text.n};
    if (text.n) memcpy(c->texts + c->ntexts, text.p, (size_t)text.n);
    c->ntexts += text.n;
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

/* The next text: the same and a zero byte. */
static str after_text(str text, u8 *to) {
    if (text.n) memcpy(to, text.p, (size_t)text.n);
    to[text.n] = 0;
    return (str){to, text.n + 1};
}

/* The first word of a kind from a text on, or the first after it; nothing where it is not below `end`. */
static enum err word_find(struct store *s, enum sql q, struct found_word at, str from,
                          str end, u8 *to, str *found) {
    sqlite3_stmt *st = db_stmt(s, q);
    *found = (str){0};
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, at.stretch);
    sqlite3_bind_int(st, 2, (int)at.kind);
    db_bind_str(st, 3, from);
    db_bind_end(st, 4, end);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (e || !row) return e;
    str text = str_sub(db_str(st, 0), 0, WORD_MAX);
    if (text.n) memcpy(to, text.p, (size_t)text.n);
    *found = (str){to, text.n};
    sqlite3_reset(st);
    return ERR_OK;
}

/* A word has a row for each slice of time: the walk goes from text to text. */
static enum err want_walk(struct store *s, struct criterion *c, const struct want *w,
                          i64 stretch) {
    u8 end[WORD_MAX + 1], room[WORD_MAX];
    bool exact = w->how == WANT_EXACT;
    str from = {w->text, exact || w->how == WANT_PREFIX ? w->n : 0}, text;
    str until = exact ? after_text(from, end) : after_prefix(from, end);
    struct found_word at = {.kind = w->kind, .stretch = stretch};
    enum err e = word_find(s, SQL_WORD_FROM, at, from, until, room, &text);
    while (!e && text.p) {
        if (want_holds(w, w->kind, text) && !word_push(c, w->kind, stretch, text)) break;
        if (exact) break;
        e = word_find(s, SQL_WORD_AFTER, at, text, until, room, &text);
    }
    return e;
}

/* Any part of a number: all numbers are read, one after the other. Each has a row or few in a stretch, so that reading on is
 * cheaper than looking for the next. */
static enum err want_scan(struct store *s, struct criterion *c, const struct want *w,
                          i64 stretch) {
    u8 room[WORD_MAX];
    str last = {room, 0};
    sqlite3_stmt *st = db_stmt(s, SQL_WORD_KEYS);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, stretch);
    sqlite3_bind_int(st, 2, (int)w->kind);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        str text = str_sub(db_str(st, 0), 0, WORD_MAX);
        if (!want_holds(w, w->kind, text) || str_eq(text, last)) continue;
        if (!word_push(c, w->kind, stretch, text)) break;
        if (text.n) memcpy(room, text.p, (size_t)text.n);
        last.n = text.n;
    }
    sqlite3_reset(st);
    return ERR_OK;
}

/* What of a want a sieve knows: the last digits of a number. */
static bool want_key(const struct want *w, u64 *key) {
    u8 forwards[WORD_MAX];
    bool back = w->kind == WORD_FROM_BACK || w->kind == WORD_TO_BACK;
    bool exact = w->how == WANT_EXACT;
    if (w->kind == WORD_FROM || w->kind == WORD_TO) {
        if (exact) *key = sieve_number((str){w->text, w->n});
        return exact;
    }
    if (!back || !(exact || (w->how == WANT_PREFIX && w->n >= SIEVE_DIGITS)))
        return false;
    *key = sieve_number(word_reversed((str){w->text, w->n}, forwards));
    return true;
}

/* Numbers, in the stretches that may have them; wants of one number mostly have one key. */
static enum err number_resolve(struct store *s, struct criterion *c,
                               const struct want *w) {
    u64 key = 0;
    bool known = want_key(w, &key);
    enum err e = ERR_OK;
    if (!c->asked || c->has_key != known || c->key != key)
        e = sieve_ask(s, SIEVE_CALLS, known ? &key : NULL, &c->stretches);
    c->asked = true;
    c->has_key = known;
    c->key = key;
    bool part = w->how == WANT_PART || w->how == WANT_SUFFIX;
    for (isize i = 0; i < c->stretches.n && !e && !c->test; i++)
        e = (part ? want_scan : want_walk)(s, c, w, c->stretches.list[i]);
    return e;
}

static enum err want_resolve(struct store *s, struct criterion *c, const struct want *w,
                             const i64 calls[2]) {
    if (w->kind >= WORD_FROM && w->kind <= WORD_TO_BACK) return number_resolve(s, c, w);
    i64 first = posting_stretch((u8)w->kind, calls[0]);
    enum err e = ERR_OK;
    for (i64 i = posting_stretch((u8)w->kind, calls[1]); i >= first && !e && !c->test;
         i--)
        e = want_walk(s, c, w, i);
    return e;
}

/* The numbers of the first call and the last one. */
static enum err calls_look(struct store *s, i64 calls[2]) {
    sqlite3_stmt *first = db_stmt(s, SQL_CALL_FIRST), *last = db_stmt(s, SQL_CALL_LAST);
    if (!first || !last) return ERR_IO;
    enum err e = db_int(s, first, 0, &calls[0]);
    return e ? e : db_int(s, last, 0, &calls[1]);
}

static int by_word(const void *a, const void *b, void *criterion) {
    const struct criterion *c = criterion;
    const struct found_word *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->stretch != y->stretch) return x->stretch < y->stretch ? -1 : 1;
    return str_cmp(text_of(c, x), text_of(c, y));
}

static int by_newest(const void *a, const void *b) {
    struct pos x = *(const struct pos *)a, y = *(const struct pos *)b;
    return pos_same(x, y) ? 0 : pos_less(x, y) ? 1 : -1;
}

static enum err call_ids_walk(struct store *s, struct criterion *c, struct range r,
                              sqlite3_stmt *st, i64 stretch) {
    bool row = true;
    enum err e = ERR_OK;
    sqlite3_bind_int64(st, 3, stretch);
    while (!e && row) {
        e = db_step(s, st, &row);
        if (e || !row) break;
        struct pos p = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        if (p.start_us < r.low_us || p.start_us > r.high_us) continue;
        if (!list_push(c, p, CALL_IDS_MAX)) break;
    }
    sqlite3_reset(st);
    return e;
}

/* The calls that have a Call-ID which is, or begins so. CROSS JOIN: in this order, whatever statistics say. */
static enum err call_id_resolve(struct store *s, struct criterion *c, struct range r) {
    static const char sql[] =
        "SELECT call.start_us,call.no FROM call_id"
        " CROSS JOIN leg ON leg.ref=call_id.ref CROSS JOIN call ON call.no=leg.call"
        " WHERE stretch=?3 AND text>=?1 AND text<?2";
    u8 *room = base_new(c->call_id.n + 1, 1);
    str end =
        c->call_id_exact ? after_text(c->call_id, room) : after_prefix(c->call_id, room);
    u64 key = known_call_id(c->call_id);
    struct numbers in = {0};
    sqlite3_stmt *st = NULL;
    enum err e = sieve_ask(s, SIEVE_REFS, c->call_id_exact ? &key : NULL, &in);
    int rc = e ? SQLITE_OK : sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK) e = db_refused(s, rc);
    if (!e) {
        db_bind_str(st, 1, c->call_id);
        db_bind_end(st, 2, end);
    }
    for (isize i = 0; i < in.n && !e && !c->test; i++)
        e = call_ids_walk(s, c, r, st, in.list[i]);
    sqlite3_finalize(st);
    base_free(in.list);
    base_free(room);
    return e;
}

/* The postings of many words as one list. */
static enum err list_fill(struct store *s, struct criterion *c, struct range r) {
    struct cursor one = {0};
    enum err e = ERR_OK;
    for (isize i = 0; i < c->nwords && !c->test && !e; i++) {
        e = cursor_open(s, &one, &c->words[i], text_of(c, &c->words[i]), r);
        while (!e && !one.done && list_push(c, one.at, LIST_MAX))
            e = cursor_step(s, &one);
    }
    cursor_close(&one);
    return e;
}

static enum err cursors_open(struct store *s, struct criterion *c, struct range r) {
    c->cursors =
        base_grow(c->cursors, &c->cap_cursors, c->nwords + 1, (isize)sizeof *c->cursors);
    for (isize i = 0; i < c->nwords; i++) {
        str text = text_of(c, &c->words[i]);
        struct cursor *one = &c->cursors[c->ncursors++];
        *one = (struct cursor){0};
        enum err e = cursor_open(s, one, &c->words[i], text, r);
        if (e) return e;
    }
    return ERR_OK;
}

enum err criterion_resolve(struct store *s, struct criterion *c, struct range r) {
    i64 calls[2];
    enum err e = calls_look(s, calls);
    for (isize i = 0; i < c->nwants && !e && !c->test; i++)
        e = want_resolve(s, c, &c->wants[i], calls);
    if (!e && !c->test && c->call_id.p) e = call_id_resolve(s, c, r);
    if (!e && !c->test && c->nwords) {
        qsort_r(c->words, (size_t)c->nwords, sizeof *c->words, by_word, c);
        isize n = 1;
        for (isize i = 1; i < c->nwords; i++) {
            if (by_word(&c->words[i], &c->words[n - 1], c)) c->words[n++] = c->words[i];
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

static bool word_fits(const struct criterion *c, enum word_kind kind, str text) {
    for (isize i = 0; i < c->nwants; i++) {
        if (want_holds(&c->wants[i], kind, text)) return true;
    }
    return false;
}

static enum err call_id_test(struct store *s, const struct criterion *c, i64 call,
                             const struct detail *d, bool *fits) {
    struct numbers refs = {0};
    struct rd in = {.in = d->names};
    struct detail_name name = {0};
    enum err e = detail_refs(s, d->names, call, &refs);
    while (!e && !*fits && detail_next(&in, &name)) {
        if (!numbers_have(&refs, name.ref)) continue;
        *fits = c->call_id_exact ? str_eq(name.text, c->call_id)
                                 : str_starts(name.text, c->call_id);
    }
    base_free(refs.list);
    return e;
}

enum err criterion_test(struct store *s, const struct criterion *c, i64 call,
                        const struct detail *d, bool *fits) {
    struct rd in = {.in = d->words};
    enum word_kind kind;
    str text;
    *fits = false;
    while (!*fits && words_next(&in, &kind, &text)) *fits = word_fits(c, kind, text);
    if (in.failed) return db_damaged(s, "the words of a call");
    return *fits || !c->call_id.p ? ERR_OK : call_id_test(s, c, call, d, fits);
}

/* ---- join --------------------------------------------------------------------------------------- */

void join_drop(struct join *j) {
    cursor_close(&j->all);
}

static enum err join_all(struct join *j, struct pos *at, bool *found) {
    enum err e = ERR_OK;
    if (!j->all.st) e = cursor_open(j->s, &j->all, NULL, (str){0}, j->range);
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
