/* list.c: the list of calls by pages, and how many there are when, so that a page can show any place of a long list. */
#include "serve/inner.h"

#include "base/time.h"
#include "serve/query.h"
#include "serve/value.h"

/* ---- a page ----------------------------------------------------------------------------------------- */

struct listing {
    struct request *r;
    const struct query *q;
    struct out *body;
    isize left;
    i64 last_us;
    str last_id;
    bool more;
    enum err err;
};

/* Does this call also fit the searches that did not find it? */
static bool fits_all(struct listing *l, str id, i64 start_us) {
    struct store *store = l->r->reader->store;
    str call, *call_ids;
    isize n = 0;
    if (l->q->n == 1) return true;
    arena scratch = *l->r->view;
    l->err = store_call_ids(store, id, &scratch, &call, &call_ids, &n);
    for (isize i = 1; i < l->q->n && l->err == ERR_OK && n > 0; i++) {
        struct search s = l->q->all[i];
        u64 found = 0;
        if (s.call_id.n) {
            bool has = false;
            for (isize k = 0; k < n; k++) has = has || str_eq(call_ids[k], s.call_id);
            if (!has) return false;
        }
        s.call_id = call_ids[0];
        s.after_us = start_us;
        s.before_us = start_us + 1;
        l->err = store_count(store, &s, &found);
        if (l->err != ERR_OK || found == 0) return false;
    }
    return l->err == ERR_OK && n > 0;
}

static bool list_row(void *ctx, str id, i64 start_us, str json) {
    struct listing *l = ctx;
    if (!fits_all(l, id, start_us)) return l->err == ERR_OK;
    if (l->left == 0) {
        l->more = true;
        return false;
    }
    l->left--;
    if (l->body->comma) out_byte(l->body, ',');
    out_bytes(l->body, json);
    l->body->comma = true;
    l->last_us = start_us;
    l->last_id = arena_copy(l->r->view, id);
    return true;
}

static bool read_query(struct request *r, struct query *q, struct answer *a) {
    str sentence = {0};
    if (query_read(q, &r->url, clock_now_us(), r->server->o.zone_s, r->view, &sentence))
        return true;
    answer_error(a, MHD_HTTP_BAD_REQUEST, "%.*s", (int)sentence.n,
                 (const char *)sentence.p);
    return false;
}

void serve_calls(struct request *r, struct answer *a) {
    struct query q = {0};
    struct search_reach reach = {0};
    if (!read_query(r, &q, a)) return;
    struct store *store = request_store(r, a);
    if (!store) return;
    struct listing l = {.r = r, .q = &q, .body = &a->body, .left = q.all[0].limit};
    q.all[0].limit = q.n > 1 ? INT32_MAX : l.left + 1;
    q.all[0].reach = &reach;
    json_begin_object(&a->body, NULL);
    json_begin_array(&a->body, "calls");
    enum err e = store_search(store, &q.all[0], list_row, &l);
    if (e == ERR_OK) e = l.err;
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return;
    }
    json_end_array(&a->body);
    if (l.more) {
        json_str(&a->body, "next", cursor_text(r->view, l.last_us, l.last_id));
    } else {
        json_null(&a->body, "next");
    }
    if (reach.cut) json_str(&a->body, "texts_since", time_iso(r->view, reach.until_us));
    json_end_object(&a->body);
    a->type = "application/json";
}

/* ---- how many, and when ------------------------------------------------------------------------------ */

/* Parts of a list by time, newest first. Where both ends are known they are equally long; else the next is twice as long as
 * the one before when that had few calls, and half as long when it had many, so that the oldest call is reached in few
 * steps wherever it is, and no part has much more than its share:
 *
 *     before ──┤1 s├─ 2 s ─┤── 4 s ──┤──── 8 s ────┤──── 8 s ────┤── 4 s ──┤ … ── until all are counted */
struct spread {
    struct store *store;
    struct search s;
    struct out *body;
    u64 total, counted;
};

static enum err count_between(struct spread *p, i64 after_us, i64 before_us, u64 *n) {
    struct search s = p->s;
    s.after_us = after_us;
    s.before_us = before_us;
    *n = 0;
    return store_count(p->store, &s, n);
}

static void write_part(struct spread *p, arena *view, i64 after_us, i64 before_us,
                       u64 n) {
    p->counted += n;
    if (n == 0) return;
    json_begin_object(p->body, NULL);
    if (after_us)
        json_str(p->body, "after", time_iso(view, after_us));
    else
        json_null(p->body, "after");
    json_str(p->body, "before", time_iso(view, before_us));
    json_i64(p->body, "count", (i64)n);
    json_end_object(p->body);
}

static enum err equal_parts(struct spread *p, isize parts, arena *view) {
    i64 low = p->s.after_us, high = p->s.before_us;
    i64 step = i64_max(1, (high - low + parts - 1) / parts);
    enum err e = ERR_OK;
    while (high > low && e == ERR_OK && p->counted < p->total) {
        i64 from = i64_max(low, high - step);
        u64 n;
        e = count_between(p, from, high, &n);
        write_part(p, view, from, high, n);
        high = from;
    }
    return e;
}

static enum err fitting_parts(struct spread *p, isize parts, arena *view) {
    i64 high = p->s.before_us, step = US_PER_S;
    u64 share = p->total / (u64)parts + 1;
    enum err e = ERR_OK;
    while (p->counted < p->total && e == ERR_OK) {
        i64 from = high - step;
        u64 n = p->total - p->counted;
        bool last = from <= 0 || step > 1000 * US_PER_DAY; /* also calls without a time */
        if (!last) e = count_between(p, from, high, &n);
        write_part(p, view, last ? 0 : from, high, n);
        high = from;
        if (2 * n < share) step *= 2;
        if (n > 2 * share) step = i64_max(step / 2, 1);
    }
    return e;
}

/* The start of the newest call that fits. */
static bool newest(void *ctx, str id, i64 start_us, str json) {
    i64 *to = ctx;
    (void)id, (void)json;
    *to = start_us;
    return false;
}

void serve_spread(struct request *r, struct answer *a) {
    struct query q = {0};
    if (!read_query(r, &q, a)) return;
    struct store *store = request_store(r, a);
    if (!store) return;
    struct spread p = {.store = store, .s = q.all[0], .body = &a->body};
    isize parts = p.s.limit ? p.s.limit : 100;
    enum err e = ERR_OK;
    /* a text in the messages is not counted before it is found; neither are the several of one kind */
    bool known = q.n == 1 && p.s.text.n == 0;
    i64 high = 0;
    p.s.limit = 1;
    if (known) e = store_search(store, &p.s, newest, &high);
    if (known && e == ERR_OK) e = store_count(store, &p.s, &p.total);
    p.s.before_us = p.total ? high + 1 : 0;
    a->type = "application/json";
    json_begin_object(&a->body, NULL);
    if (known)
        json_i64(&a->body, "total", (i64)p.total);
    else
        json_null(&a->body, "total");
    json_begin_array(&a->body, "parts");
    if (e == ERR_OK && p.total)
        e = p.s.after_us ? equal_parts(&p, parts, r->view)
                         : fitting_parts(&p, parts, r->view);
    json_end_array(&a->body);
    json_end_object(&a->body);
    if (e != ERR_OK) answer_store_error(a, r->reader, e);
}
