/* bars.c: the calls that fit, counted by when they start, from the newest interval to the oldest:
 *
 *     criteria that are lists ──join──> positions ──> counted in their interval
 *                                          └── some of each interval are kept ──> looked at, for criteria that are tests
 *
 * A criterion is a test when too many words fit it (find.h): then each call would have to be looked at, 10 us for each. Of few calls all
 * are; of many so many of each interval that an answer takes some tens of milliseconds, however many there are. Where the lists are
 * no more than kind and state, the positions need not be counted either: volume.h has counted them, and those to be looked at are sought
 * at points of time. */
#include "store/sqlite/db.h"
#include "store/sqlite/find.h"

#include <string.h>

enum {
    LOOKS = 900,        /* calls that are looked at */
    LOOKS_FAILED = 200, /* and of those that failed */
};

struct interval {
    u64 n;          /* positions of the lists */
    isize kept, at; /* of those: how many, and where in `kept` */
    bool whole;     /* n is known from volume.h */
};

struct counting {
    struct store *s;
    struct search q;
    struct asked a;
    i64 first_us, step_us;
    bool tests;
    bool test[CRITERIA_MAX]; /* criteria that were tests before */
    struct interval *intervals;
    isize nintervals;
    isize looks, room; /* room: positions kept of each interval */
    struct pos *kept;
    struct detail detail;
    arena view;
};

static bool asks_duration(const struct search *q) {
    return q->min_duration_ms >= 0 || q->max_duration_ms >= 0;
}

static enum err looks_so(struct counting *c, i64 call, bool *fits) {
    sqlite3_stmt *st = NULL;
    enum err e = db_call_row(c->s, call, &st);
    if (e) return e;
    *fits = asked_duration(&c->q, sqlite3_column_int64(st, ROW_DURATION));
    bool unpack = false;
    for (isize i = 0; i < c->a.n; i++) unpack |= c->a.criteria[i].test;
    if (unpack && *fits)
        e = detail_unpack(c->s, sqlite3_column_int64(st, ROW_FORMAT),
                          db_str(st, ROW_DATA), &c->detail);
    for (isize i = 0; i < c->a.n && *fits && !e; i++) {
        if (c->a.criteria[i].test)
            e = criterion_test(c->s, &c->a.criteria[i], call, &c->detail, fits);
    }
    sqlite3_reset(st);
    return e;
}

/* ---- from position to position --------------------------------------------------------------------------- */

/* Of n so far each is kept with the same likelihood; which ones depends on their numbers alone. */
static void keep_some(struct counting *c, struct interval *x, struct pos p) {
    isize to = x->kept;
    if (to == c->room) to = (isize)(hash_mix((u64)p.call, 9) % x->n);
    if (to >= c->room) return;
    c->kept[x->at + to] = p;
    if (to == x->kept) x->kept++;
}

static enum err interval_walk(struct counting *c, struct join *j, struct interval *x,
                              struct range r) {
    struct pos at = {r.high_us, INT64_MAX};
    bool found = true;
    x->n = 0;
    enum err e = join_next(j, &at, &found);
    while (!e && found && at.start_us >= r.low_us) {
        x->n++;
        if (c->tests) keep_some(c, x, at);
        at.call--;
        e = join_next(j, &at, &found);
    }
    return e;
}

static enum err interval_look(struct counting *c, struct interval *x, isize most,
                              bool *estimated) {
    isize n = i64_min(x->kept, most), fit = 0;
    enum err e = ERR_OK;
    for (isize k = 0; k < n && !e; k++) {
        bool fits = false;
        e = looks_so(c, c->kept[x->at + k * x->kept / n].call, &fits);
        fit += fits;
    }
    if ((u64)n < x->n) *estimated = true;
    if (n) x->n = (x->n * (u64)fit + (u64)n / 2) / (u64)n;
    return e;
}

/* ---- from point to point ----------------------------------------------------------------------------------- */

/* The newest call at each of some points of time. */
static enum err interval_seek(struct counting *c, struct join *j, struct interval *x,
                              struct range r, isize points) {
    isize n = 0, fit = 0;
    enum err e = ERR_OK;
    for (isize k = 0; k < points && !e; k++) {
        double back = (double)(r.high_us - r.low_us) * (double)(2 * k + 1);
        struct pos at = {r.high_us - (i64)(back / (double)(2 * points)), INT64_MAX};
        bool found = false, fits = false;
        e = join_next(j, &at, &found);
        if (e || !found || at.start_us < r.low_us) break;
        e = looks_so(c, at.call, &fits);
        n++;
        fit += fits;
    }
    if (n) x->n = (x->n * (u64)fit + (u64)n / 2) / (u64)n;
    x->kept = 0;
    return e;
}

/* Has volume.h counted what the lists would give? */
static bool is_counted(const struct counting *c) {
    const struct search *q = &c->q;
    const i64 minute_us = (i64)60 * 1000000;
    struct search plain = search_any();
    for (isize i = 0; i < c->a.n; i++) {
        const struct criterion *x = &c->a.criteria[i];
        bool counts = x->nwants == 1 && !x->call_id.p &&
                      (x->wants[0].kind == WORD_KIND || x->wants[0].kind == WORD_STATE);
        if (!x->test && !counts) return false;
    }
    return c->tests && q->min_duration_ms == plain.min_duration_ms &&
           q->max_duration_ms == plain.max_duration_ms && c->step_us % minute_us == 0 &&
           c->first_us % minute_us == 0;
}

/* Of the intervals that lie within the range. */
static enum err volumes_read(struct counting *c) {
    struct store_volume *list = NULL;
    isize n = 0;
    if (!is_counted(c)) return ERR_OK;
    c->view = arena_open_view();
    enum err e =
        store_volumes(c->s, c->first_us, c->first_us + c->nintervals * c->step_us,
                      (i64)60 * 1000000, &c->view, &list, &n);
    for (isize i = 0; i < c->nintervals; i++) {
        i64 low_us = c->first_us + i * c->step_us;
        c->intervals[i].whole =
            low_us >= c->a.range.low_us && low_us + c->step_us - 1 <= c->a.range.high_us;
    }
    for (isize i = 0; i < n && !e; i++) {
        bool kind = c->q.kind == KIND_COUNT || c->q.kind == list[i].kind;
        bool state = c->q.state == STATE_COUNT || c->q.state == list[i].state;
        isize at = (isize)((list[i].at_us - c->first_us) / c->step_us);
        if (kind && state) c->intervals[at].n += list[i].n;
    }
    arena_close(&c->view);
    return e;
}

/* ---- all intervals ------------------------------------------------------------------------------------------- */

/* How many points are sought in an interval; 0: there are few in all, and none has to be left out. */
static isize points(const struct counting *c) {
    u64 sum = 0;
    isize some = 1;
    for (isize i = 0; i < c->nintervals; i++) {
        sum += c->intervals[i].n;
        some += c->intervals[i].n > 0;
    }
    return sum <= (u64)c->looks ? 0 : i64_max(1, c->looks / some);
}

static enum err walk(struct counting *c, bool *estimated) {
    struct join j = {.s = c->s, .range = c->a.range};
    enum err e = volumes_read(c);
    isize some = points(c);
    for (isize i = 0; i < c->a.n; i++) j.list[j.n++] = &c->a.criteria[i];
    for (isize i = c->nintervals; i-- > 0 && !e;) {
        struct interval *x = &c->intervals[i];
        i64 low_us = c->first_us + i * c->step_us;
        struct range r = {i64_max(low_us, c->a.range.low_us),
                          i64_min(low_us + c->step_us - 1, c->a.range.high_us)};
        if (r.low_us > r.high_us) continue;
        if (x->whole && some && x->n > (u64)some) {
            *estimated = true;
            e = interval_seek(c, &j, x, r, some);
        } else if (!x->whole || x->n) {
            x->whole = false;
            e = interval_walk(c, &j, x, r);
        }
    }
    join_drop(&j);
    return e;
}

/* How many of an interval are looked at: where there are too many in all, an equal share. */
static isize share(const struct counting *c) {
    isize sum = 0, some = 0;
    for (isize i = 0; i < c->nintervals; i++) {
        sum += c->intervals[i].kept;
        some += c->intervals[i].kept > 0;
    }
    return sum <= c->looks ? c->looks : i64_max(1, c->looks / some);
}

static enum err look(struct counting *c, bool *estimated) {
    isize most = share(c);
    enum err e = ERR_OK;
    for (isize i = 0; i < c->nintervals && !e; i++) {
        if (!c->intervals[i].whole)
            e = interval_look(c, &c->intervals[i], most, estimated);
    }
    return e;
}

static void room_make(struct counting *c) {
    c->room = i64_min(c->looks, i64_max(1, 64 * c->looks / c->nintervals));
    c->kept = base_new(c->room * c->nintervals, (isize)sizeof *c->kept);
    memset(c->intervals, 0, (size_t)c->nintervals * sizeof *c->intervals);
    for (isize i = 0; i < c->nintervals; i++) c->intervals[i].at = i * c->room;
}

/* What was found to be a test is one again: its words need not be walked to learn that. Those are names and numbers, which come
 * before kind and state. */
static enum err resolve(struct counting *c) {
    for (isize i = 0; i < c->a.n; i++) c->a.criteria[i].test = c->test[i];
    enum err e = asked_resolve(c->s, &c->a);
    c->tests = asks_duration(&c->q);
    for (isize i = 0; i < c->a.n; i++) {
        c->test[i] = c->a.criteria[i].test;
        c->tests |= c->test[i];
    }
    return e;
}

static enum err count(struct counting *c, isize looks, bool *estimated) {
    i64 end_us = c->first_us + c->nintervals * c->step_us;
    c->looks = looks;
    asked_read(&c->a, &c->q);
    c->a.range.low_us = i64_max(c->a.range.low_us, c->first_us);
    c->a.range.high_us = i64_min(c->a.range.high_us, end_us - 1);
    room_make(c);
    enum err e = resolve(c);
    if (!e) e = walk(c, estimated);
    if (!e && c->tests) e = look(c, estimated);
    asked_drop(&c->a);
    base_free(c->kept);
    return e;
}

static enum err count_both(struct counting *c, const struct search *q,
                           struct store_bar *bars, bool *estimated) {
    enum err e = count(c, LOOKS, estimated);
    bool any = false;
    for (isize i = 0; i < c->nintervals && !e; i++) {
        any |= c->intervals[i].n > 0;
        bars[i].n = c->intervals[i].n;
        bars[i].failed = q->state == STATE_FAILED ? bars[i].n : 0;
    }
    if (e || !any || q->state != STATE_COUNT) return e;
    c->q.state = STATE_FAILED;
    e = count(c, LOOKS_FAILED, estimated);
    for (isize i = 0; i < c->nintervals && !e; i++)
        bars[i].failed = c->intervals[i].n < bars[i].n ? c->intervals[i].n : bars[i].n;
    return e;
}

enum err store_bars(struct store *s, const struct search *q, i64 first_us, i64 step_us,
                    struct store_bar *bars, isize n, bool *estimated) {
    *estimated = false;
    if (q->text.n || step_us <= 0 || n <= 0)
        return db_fail(s, ERR_USAGE, "calls are counted by intervals, and not by a text");
    struct counting c = {
        .s = s, .q = *q, .first_us = first_us, .step_us = step_us, .nintervals = n};
    enum err e = db_read_begin(s);
    if (e) return e;
    c.intervals = base_new(n, (isize)sizeof *c.intervals);
    e = count_both(&c, q, bars, estimated);
    base_free(c.intervals);
    detail_drop(&c.detail);
    db_read_end(s);
    return e;
}
