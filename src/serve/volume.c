/* volume.c: how many calls began when, and how many of them failed: the bars of a chart over the list.
 *
 *        after                                      before
 *     ┌────┼───┬────────┬────────┬────────┬────────┬──┼─────┐
 *     │ at │   │        │        │        │        │  │     │  bars of one length, whole in the asked zone
 *     └────┼───┴────────┴────────┴────────┴────────┴──┼─────┘
 *          counted      read: the store keeps the       counted
 *                       counts of whole minutes
 *
 * Where more than kind and state is asked for, or bars are shorter than a minute, all of them are counted, or, where each call would
 * have to be looked at, estimated (store_bars). An end that
 * nobody has named is where the first or last call of these is. */
#include "serve/inner.h"

#include "base/time.h"
#include "serve/query.h"
#include "serve/value.h"

#include <string.h>

enum { BARS_MAX = QUERY_LIMIT_MAX };

static const i64 minute_us = 60 * US_PER_S;

struct chart {
    struct store *store;
    arena *view;
    struct search s;
    bool open_low, open_high; /* ends that nobody has named */
    i64 low_us, high_us;
    i64 zone_us;
    isize most; /* bars */
    i64 step_us,
        first_us; /* of the bars: their length; where the first begins, at low_us or before */
    struct store_bar *bars;
    isize n;
    bool estimated;
};

/* ---- how long a bar is ------------------------------------------------------------------------------ */

static i64 floor_to(i64 us, i64 step) {
    i64 rest = us % step;
    return us - (rest < 0 ? rest + step : rest);
}

/* Where the bar begins that holds this time: at a whole hour, or midnight, of the zone. */
static i64 bar_start(const struct chart *c, i64 us) {
    return floor_to(us + c->zone_us, c->step_us) - c->zone_us;
}

static bool step_fits(struct chart *c, i64 step_us) {
    c->step_us = step_us;
    c->first_us = bar_start(c, c->low_us);
    c->n = (isize)((bar_start(c, c->high_us - 1) - c->first_us) / step_us) + 1;
    return c->n <= c->most;
}

/* The shortest length that people count in and that needs no more bars than are wanted. */
static void choose_step(struct chart *c) {
    static const int seconds[] = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                  600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
    static const int days[] = {1, 2, 7, 14, 28};
    for (isize i = 0; i < countof(seconds); i++)
        if (step_fits(c, seconds[i] * US_PER_S)) return;
    for (isize i = 0; i < countof(days); i++)
        if (step_fits(c, days[i] * US_PER_DAY)) return;
    for (i64 step = 91 * US_PER_DAY; !step_fits(c, step); step *= 2) continue;
}

/* ---- how high it is --------------------------------------------------------------------------------- */

/* Bars from number `from` up to `to`, as far as they are within the ends. */
static enum err count_bars(struct chart *c, isize from, isize to) {
    struct search s = c->s;
    bool estimated = false;
    if (from >= to) return ERR_OK;
    s.after_us = c->low_us;
    s.before_us = c->high_us;
    enum err e = store_bars(c->store, &s, c->first_us + from * c->step_us, c->step_us,
                            c->bars + from, to - from, &estimated);
    c->estimated = c->estimated || estimated;
    return e;
}

/* Is nothing asked for but what the store counts by? */
static bool by_kind_and_state(const struct search *s) {
    return !s->number.n && !s->from.n && !s->to.n && !s->call_id.n && !s->address.n &&
           !s->device.n && !s->user_agent.n && !s->method.n && !s->status_low &&
           !s->status_high && s->min_duration_ms < 0 && s->max_duration_ms < 0;
}

/* Bars from number `from` up to `to`, both at whole minutes. */
static enum err read_bars(struct chart *c, isize from, isize to) {
    struct store_volume *list;
    isize n;
    i64 quarter = 15 * minute_us; /* by which zones differ: fewer rows than by minutes */
    i64 unit = c->step_us % quarter || c->zone_us % quarter ? minute_us : quarter;
    enum err e = store_volumes(c->store, c->first_us + from * c->step_us,
                               c->first_us + to * c->step_us, unit, c->view, &list, &n);
    for (isize i = 0; i < n && !e; i++) {
        const struct store_volume *v = &list[i];
        if (c->s.kind != KIND_COUNT && v->kind != c->s.kind) continue;
        if (c->s.state != STATE_COUNT && v->state != c->s.state) continue;
        struct store_bar *b = &c->bars[(v->at_us - c->first_us) / c->step_us];
        b->n += v->n;
        if (v->state == STATE_FAILED) b->failed += v->n;
    }
    return e;
}

static enum err fill(struct chart *c) {
    arena keep = *c->view;
    enum err e = ERR_OK;
    isize from = 0, to = 0; /* those that can be read */
    memset(c->bars, 0, (size_t)c->n * sizeof *c->bars);
    c->estimated = false;
    if (by_kind_and_state(&c->s) && c->step_us % minute_us == 0 &&
        c->zone_us % minute_us == 0) {
        from = c->first_us < c->low_us;
        to = c->n - (c->first_us + c->n * c->step_us > c->high_us);
        if (from < to) e = read_bars(c, from, to);
    }
    if (from >= to) from = to = c->n;
    if (!e) e = count_bars(c, 0, from);
    if (!e) e = count_bars(c, to, c->n);
    *c->view = keep;
    return e;
}

/* ---- from when to when ------------------------------------------------------------------------------ */

/* An end that nobody has named is at the end of a bar: no call is beyond it. */
static void round_ends(struct chart *c) {
    if (c->open_low) c->low_us = c->first_us;
    if (c->open_high) c->high_us = c->first_us + c->n * c->step_us;
}

/* Open ends move to the first and last bar with a call. True: bars can be shorter now, and are to be filled anew. */
static bool narrow(struct chart *c) {
    isize first = 0, last = c->n;
    i64 step = c->step_us, start = c->first_us;
    while (first < last && c->bars[first].n == 0) first++;
    while (last > first && c->bars[last - 1].n == 0) last--;
    if (first == last) return false;
    if (!c->open_low) first = 0;
    if (!c->open_high) last = c->n;
    if (c->open_low) c->low_us = start + first * step;
    if (c->open_high) c->high_us = start + last * step;
    choose_step(c);
    if (c->step_us < step) return true;
    c->step_us = step;
    c->first_us = start + first * step;
    c->n = last - first;
    memmove(c->bars, c->bars + first, (size_t)c->n * sizeof *c->bars);
    return false;
}

static enum err draw(struct chart *c) {
    struct store_totals t;
    enum err e = store_totals(c->store, &t);
    if (e) return e;
    c->low_us = c->open_low ? t.first_us : c->s.after_us;
    c->high_us = c->open_high ? t.last_us + 1 : c->s.before_us;
    if (c->low_us >= c->high_us || (c->open_low && c->open_high && !t.last_us)) {
        c->high_us = c->low_us = 0;
        return ERR_OK;
    }
    choose_step(c);
    do { /* each time with shorter bars */
        round_ends(c);
        e = fill(c);
    } while (!e && !c->estimated && (c->open_low || c->open_high) && narrow(c));
    return e;
}

/* ---- the answer --------------------------------------------------------------------------------------- */

static void write_time(struct out *o, const char *key, i64 us) {
    u8 room[64];
    arena scratch = {room, room, room + sizeof room};
    json_str(o, key, time_iso(&scratch, us));
}

static void write_chart(const struct chart *c, struct out *o) {
    u64 total = 0, failed = 0;
    for (isize i = 0; i < c->n; i++) {
        total += c->bars[i].n;
        failed += c->bars[i].failed;
    }
    json_i64(o, "total", (i64)total);
    json_i64(o, "failed", (i64)failed);
    if (c->estimated) json_bool(o, "estimated", true);
    if (c->n) {
        write_time(o, "after", c->low_us);
        write_time(o, "before", c->high_us);
        json_i64(o, "step", c->step_us / US_PER_S);
    }
    json_begin_array(o, "bars");
    for (isize i = 0; i < c->n; i++) {
        if (c->bars[i].n == 0) continue;
        json_begin_object(o, NULL);
        write_time(o, "at", c->first_us + i * c->step_us);
        json_i64(o, "count", (i64)c->bars[i].n);
        json_i64(o, "failed", (i64)c->bars[i].failed);
        json_end_object(o);
    }
    json_end_array(o);
}

/* The parameters of a list, and ?zone=, which says where days begin. False: the answer says what is wrong. */
static bool volume_read(struct request *r, struct query *q, i32 *zone_s,
                        struct answer *a) {
    struct url u = r->url;
    str zone = url_param(&u, "zone"), sentence = {0};
    *zone_s = 0;
    if (zone.n && !zone_text_read(zone, zone_s)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST,
                     "zone wants UTC or an offset such as +01:00");
        return false;
    }
    u.nparams = 0;
    for (isize i = 0; i < r->url.nparams; i++)
        if (!str_eq(r->url.params[i].name, S("zone")))
            u.params[u.nparams++] = r->url.params[i];
    if (query_read(q, &u, clock_now_us(), r->server->o.zone_s, r->view, &sentence))
        return true;
    answer_error(a, MHD_HTTP_BAD_REQUEST, "%.*s", (int)sentence.n,
                 (const char *)sentence.p);
    return false;
}

void serve_volume(struct request *r, struct answer *a) {
    struct query q = {0};
    i32 zone_s;
    if (!volume_read(r, &q, &zone_s, a)) return;
    struct store *store = request_store(r, a);
    if (!store) return;
    struct chart c = {.store = store, .view = r->view, .s = q.all[0]};
    c.open_low = c.s.after_us == 0;
    c.open_high = c.s.before_us == 0;
    c.zone_us = zone_s * US_PER_S;
    c.most = i64_max(2, c.s.limit);
    c.bars = arena_new(r->view, struct store_bar, BARS_MAX);
    /* as in a spread: such as these are not counted before they are found */
    bool known = q.n == 1 && c.s.text.n == 0;
    enum err e = known ? draw(&c) : ERR_OK;
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return;
    }
    a->type = "application/json";
    json_begin_object(&a->body, NULL);
    if (known) {
        write_chart(&c, &a->body);
    } else {
        json_null(&a->body, "total");
        json_begin_array(&a->body, "bars");
        json_end_array(&a->body);
    }
    json_end_object(&a->body);
}
