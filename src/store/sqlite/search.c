/* search.c: store_search and store_count.
 *
 * Answers come in groups of calls that start in the same microsecond (or second: such are the stamps of logs). Within a group the
 * id decides, so that a page can go on after (start, id) whatever happened to the call of that id since.
 *
 * Free text is looked for in two passes over the same order:
 *
 *     newest ──1: words and messages──> the scan's budget is spent ──2: words only──> oldest
 *
 * and search.reach says where the first pass had to end. */
#include "store/sqlite/db.h"
#include "store/sqlite/find.h"

#include <stdlib.h>
#include <string.h>

struct hit {
    i64 call;
    isize id_at, nid; /* in search.ids */
};

struct finding {
    struct store *s;
    const struct search *q;
    struct asked a;
    struct scan scan;
    bool scanning, spent;
    isize left;  /* rows still wanted */
    i64 last_us; /* start of the last group */
    store_row *row;
    void *ctx;
    u64 counted;
    bool stopped;
    struct hit *hits; /* of one group */
    u8 *ids;
    isize nhits, nids, cap_hits, cap_ids;
    struct detail tested, given;
};

struct search search_any(void) {
    return (struct search){
        .kind = KIND_COUNT,
        .state = STATE_COUNT,
        .min_duration_ms = -1,
        .max_duration_ms = -1,
        .limit = 100,
    };
}

/* ---- what is asked ------------------------------------------------------------------------------ */

static struct criterion *criterion_new(struct asked *a) {
    must(a->n < CRITERIA_MAX);
    return &a->criteria[a->n++];
}

static void ask_call_id(struct criterion *c, str text) {
    text = str_trim(text);
    bool star = text.n && (text.p[text.n - 1] == '*' || text.p[text.n - 1] == '%');
    c->call_id = star ? str_sub(text, 0, text.n - 1) : text;
    if (!c->call_id.p) c->call_id = S("");
    c->call_id_exact = !star;
}

static void ask_names(struct asked *a, const struct search *q) {
    u8 folded[WORD_MAX];
    if (q->number.n) want_number(criterion_new(a), q->number, true, true);
    if (q->from.n) want_number(criterion_new(a), q->from, true, false);
    if (q->to.n) want_number(criterion_new(a), q->to, false, true);
    if (q->call_id.n) ask_call_id(criterion_new(a), q->call_id);
    if (q->address.n) want_address(criterion_new(a), q->address);
    if (q->device.n) want_device(criterion_new(a), q->device);
    if (q->user_agent.n)
        want_add(criterion_new(a), WORD_AGENT, WANT_PART,
                 word_fold(str_trim(q->user_agent), folded));
    if (q->method.n)
        want_add(criterion_new(a), WORD_METHOD, WANT_EXACT,
                 word_fold(str_trim(q->method), folded));
    if (q->text.n) {
        a->text = criterion_new(a);
        want_text(a->text, q->text);
        ask_call_id(a->text, q->text);
        a->text->call_id_exact = false;
    }
}

static void ask_facts(struct asked *a, const struct search *q) {
    if (q->kind < KIND_COUNT)
        want_add(criterion_new(a), WORD_KIND, WANT_EXACT, str_z(call_kind_text(q->kind)));
    if (q->state < STATE_COUNT)
        want_add(criterion_new(a), WORD_STATE, WANT_EXACT,
                 str_z(call_state_text(q->state)));
    if (q->status_low > 0 || q->status_high > 0)
        want_range(criterion_new(a), WORD_STATUS, q->status_low,
                   q->status_high ? q->status_high : INT32_MAX);
    i64 low = q->min_duration_ms, high = q->max_duration_ms;
    if (low >= 0 || high >= 0)
        want_range(criterion_new(a), WORD_DURATION, word_duration(low),
                   high >= 0 ? word_duration(high) : INT32_MAX);
}

void asked_read(struct asked *a, const struct search *q) {
    isize cap = 0;
    *a = (struct asked){0};
    a->criteria = base_grow(NULL, &cap, CRITERIA_MAX, (isize)sizeof *a->criteria);
    a->range.low_us = q->after_us ? q->after_us : INT64_MIN;
    a->range.high_us = q->before_us ? q->before_us - 1 : INT64_MAX;
    ask_names(a, q);
    ask_facts(a, q);
}

enum err asked_resolve(struct store *s, struct asked *a) {
    enum err e = ERR_OK;
    for (isize i = 0; i < a->n && !e; i++)
        e = criterion_resolve(s, &a->criteria[i], a->range);
    return e;
}

void asked_drop(struct asked *a) {
    for (isize i = 0; i < a->n; i++) criterion_drop(&a->criteria[i]);
    base_free(a->criteria);
    *a = (struct asked){0};
}

bool asked_duration(const struct search *q, i64 duration_ms) {
    if (q->min_duration_ms < 0 && q->max_duration_ms < 0) return true;
    if (duration_ms < 0 || duration_ms < q->min_duration_ms) return false;
    return q->max_duration_ms < 0 || duration_ms <= q->max_duration_ms;
}

/* ---- one call ----------------------------------------------------------------------------------- */

static enum err fits_text(struct finding *f, i64 call, bool *fits) {
    if (*fits || !f->scanning) return ERR_OK;
    if (f->scan.left <= 0) {
        f->spent = true;
        return ERR_OK;
    }
    return scan_call(f->s, &f->scan, call, &f->tested, fits);
}

static void hit_add(struct finding *f, i64 call, str id) {
    f->hits = base_grow(f->hits, &f->cap_hits, f->nhits + 1, (isize)sizeof *f->hits);
    f->hits[f->nhits++] = (struct hit){call, f->nids, id.n};
    f->ids = base_grow(f->ids, &f->cap_ids, f->nids + id.n, 1);
    if (id.n) memcpy(f->ids + f->nids, id.p, (size_t)id.n);
    f->nids += id.n;
}

static bool tests(const struct finding *f, const struct criterion *c) {
    return c->test || (c == f->a.text && f->scanning);
}

/* The tests that no list has made; *fits is true where they hold. Keeps the call's id. */
static enum err call_fits(struct finding *f, i64 call, bool *fits) {
    struct store *s = f->s;
    sqlite3_stmt *st = db_stmt(s, SQL_CALL_ROW);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, call);
    bool row = false, unpack = false;
    enum err e = db_step(s, st, &row);
    if (!e && !row) e = db_damaged(s, "the index names a call that is not there");
    if (e) return e;
    *fits = asked_duration(f->q, sqlite3_column_int64(st, ROW_DURATION));
    for (isize i = 0; i < f->a.n; i++) unpack |= tests(f, &f->a.criteria[i]);
    if (unpack && *fits)
        e = detail_unpack(s, sqlite3_column_int64(st, ROW_FORMAT), db_str(st, ROW_DATA),
                          &f->tested);
    for (isize i = 0; i < f->a.n && *fits && !e; i++) {
        if (!tests(f, &f->a.criteria[i])) continue;
        e = criterion_test(s, &f->a.criteria[i], call, &f->tested, fits);
        if (!e && &f->a.criteria[i] == f->a.text) e = fits_text(f, call, fits);
    }
    if (!e && *fits) hit_add(f, call, db_str(st, ROW_ID));
    sqlite3_reset(st);
    return e;
}

/* Hands a call over. The summary is copied first: the caller may read from the store. */
static enum err call_give(struct finding *f, const struct hit *h, i64 start_us) {
    enum err e = db_call_detail(f->s, h->call, &f->given);
    if (e) return e;
    f->left--;
    str id = {f->ids + h->id_at, h->nid};
    f->stopped = !f->row(f->ctx, id, start_us, f->given.json);
    return ERR_OK;
}

/* ---- groups ------------------------------------------------------------------------------------- */

static int by_id_down(const void *a, const void *b, void *ids) {
    const struct hit *x = a, *y = b;
    const u8 *p = ids;
    return str_cmp((str){p + y->id_at, y->nid}, (str){p + x->id_at, x->nid});
}

static enum err group_give(struct finding *f, i64 start_us) {
    enum err e = ERR_OK;
    if (!f->row) {
        f->counted += (u64)f->nhits;
        return ERR_OK;
    }
    if (f->nhits) qsort_r(f->hits, (size_t)f->nhits, sizeof *f->hits, by_id_down, f->ids);
    for (isize i = 0; i < f->nhits && !e && f->left > 0 && !f->stopped; i++) {
        str id = {f->ids + f->hits[i].id_at, f->hits[i].nid};
        bool before = f->q->page_id.n && start_us == f->q->page_us;
        if (before && str_cmp(id, f->q->page_id) >= 0) continue;
        e = call_give(f, &f->hits[i], start_us);
    }
    return e;
}

/* Is a look at the row needed, or does the list say it all? */
static bool rows_needed(const struct finding *f) {
    if (f->row || f->scanning) return true;
    if (f->q->min_duration_ms >= 0 || f->q->max_duration_ms >= 0) return true;
    for (isize i = 0; i < f->a.n; i++) {
        if (f->a.criteria[i].test) return true;
    }
    return false;
}

/* All groups from *at down, until enough is found or the scan's budget is spent. */
static enum err groups(struct finding *f, struct join *j, struct pos *at, bool *end) {
    bool found = true, look = rows_needed(f);
    enum err e = join_next(j, at, &found);
    while (!e && found && f->left > 0 && !f->stopped && !f->spent) {
        i64 start_us = f->last_us = at->start_us;
        f->nhits = f->nids = 0;
        while (!e && found && at->start_us == start_us) {
            bool fits = true;
            if (look)
                e = call_fits(f, at->call, &fits);
            else
                f->counted++;
            at->call--;
            if (!e) e = join_next(j, at, &found);
        }
        if (!e && look) e = group_give(f, start_us);
    }
    *end = !found;
    return e;
}

static enum err pass(struct finding *f, struct pos *at, bool with_text, bool *end) {
    struct join j = {.s = f->s, .range = f->a.range};
    for (isize i = 0; i < f->a.n; i++) {
        if (with_text || &f->a.criteria[i] != f->a.text)
            j.list[j.n++] = &f->a.criteria[i];
    }
    enum err e = groups(f, &j, at, end);
    join_drop(&j);
    return e;
}

static enum err passes(struct finding *f) {
    struct pos at = {f->a.range.high_us, INT64_MAX};
    bool end = false;
    u8 folded[WORD_MAX];
    if (!f->a.text) return pass(f, &at, true, &end);
    f->scanning = true;
    f->scan.needle = word_fold(want_text_core(f->q->text), folded);
    f->scan.left = f->s->scan_bytes;
    enum err e = f->scan.needle.n ? pass(f, &at, false, &end) : ERR_OK;
    f->scanning = false;
    if (f->q->reach) {
        f->q->reach->cut = f->spent;
        f->q->reach->until_us = f->spent ? f->last_us : 0;
    }
    if (e || end || !f->spent || f->stopped || f->left <= 0) return e;
    f->spent = false;
    return pass(f, &at, true, &end);
}

static void finding_drop(struct finding *f) {
    asked_drop(&f->a);
    scan_drop(&f->scan);
    base_free(f->hits);
    base_free(f->ids);
    detail_drop(&f->tested);
    detail_drop(&f->given);
}

static enum err find(struct finding *f) {
    const struct search *q = f->q;
    asked_read(&f->a, q);
    if (f->row && q->page_id.n)
        f->a.range.high_us = i64_min(f->a.range.high_us, q->page_us);
    if (q->reach) *q->reach = (struct search_reach){0};
    enum err e = db_read_begin(f->s);
    if (e) return e;
    e = asked_resolve(f->s, &f->a);
    if (!e) e = passes(f);
    db_read_end(f->s);
    return e;
}

enum err store_search(struct store *s, const struct search *q, store_row *row,
                      void *ctx) {
    struct finding f = {.s = s, .q = q, .row = row, .ctx = ctx};
    f.left = q->limit > 0 ? q->limit : 100;
    enum err e = find(&f);
    finding_drop(&f);
    return e;
}

enum err store_count(struct store *s, const struct search *q, u64 *n) {
    struct finding f = {.s = s, .q = q, .left = PTRDIFF_MAX};
    enum err e = find(&f);
    *n = f.counted;
    finding_drop(&f);
    return e;
}
