/* calls.c: the list of calls, and one call as JSON, picture, text or file.
 *
 *     X ──store──> the call, its links as they were decided ──near──> a small weave ──> struct call ──draw──> answer
 *
 * It was decided with everything around it in sight. So the small weave does not decide again: it puts the messages in order, and
 * for the JSON it weighs what almost belongs, among the calls near this one. What is related is as it was seen then. */
#include "serve/inner.h"

#include "base/time.h"
#include "draw/draw.h"
#include "serve/near.h"
#include "serve/query.h"
#include "serve/summary.h"
#include "serve/value.h"

#include <string.h>

/* What one picture may take: more would be neither drawn nor read in reasonable time. */
enum { SIGHTINGS_MAX = 200000 };
static const isize BYTES_MAX = (isize)256 << 20;

/* ---- the list -------------------------------------------------------------------------------------- */

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

/* ---- one call --------------------------------------------------------------------------------------- */

struct store *request_store(struct request *r, struct answer *a) {
    str sentence = {0};
    struct store *store = reader_store(r->server, r->reader, &sentence);
    if (!store)
        answer_error(a, MHD_HTTP_SERVICE_UNAVAILABLE, "%.*s", (int)sentence.n,
                     (const char *)sentence.p);
    return store;
}

struct call *call_load(struct request *r, str x, struct near *n, bool alone,
                       struct answer *a) {
    *n = (struct near){0};
    struct store *store = request_store(r, a);
    if (!store) return NULL;
    struct near_options o = {.hosts = r->server->o.hosts,
                             .decided = true,
                             .alone = alone,
                             .most = SIGHTINGS_MAX,
                             .most_bytes = BYTES_MAX};
    enum err e = near_open(n, store, x, &o, r->view);
    if (e == ERR_NOT_FOUND && n->id.n == 0) {
        answer_error(a, MHD_HTTP_NOT_FOUND,
                     "there is no call with the id or Call-ID %.*s",
                     (int)i64_min(x.n, 200), (const char *)x.p);
    } else if (e == ERR_NOT_FOUND) {
        answer_error(a, MHD_HTTP_NOT_FOUND,
                     "the messages of this call are no longer kept");
    } else if (e == ERR_FULL) {
        answer_error(a, MHD_HTTP_CONTENT_TOO_LARGE,
                     "this call has more than %d messages, too many for one picture",
                     SIGHTINGS_MAX);
    } else if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
    }
    if (e != ERR_OK) return NULL;
    struct call *c = weave_call(n->weave, n->call, true, r->view);
    c->id = n->id;
    str summary;
    if (store_summary(store, n->id, r->view, &summary) == ERR_OK)
        summary_fill(c, summary, SUMMARY_RELATED | (alone ? SUMMARY_MAYBES : 0), r->view);
    return c;
}

/* ?unfold=, ?zone= and ?standalone= of the pictures. False: the answer says what is wrong. */
static bool picture_options(struct request *r, struct draw_options *d, struct answer *a) {
    struct unfold f;
    str zone = url_param(&r->url, "zone"), alone = url_param(&r->url, "standalone");
    d->zone_s = r->server->o.zone_s;
    if (zone.n && !zone_text_read(zone, &d->zone_s)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST,
                     "zone wants UTC or an offset such as +01:00");
        return false;
    }
    if (!unfold_read(&f, url_param(&r->url, "unfold"), r->view)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST,
                     "unfold wants all, or numbers of messages such as 12,31");
        return false;
    }
    d->standalone = str_eq(alone, S("1"));
    d->unfold = f.all;
    d->unfolded = f.numbers;
    d->nunfolded = f.n;
    return true;
}

static str download_name(struct request *r, const struct call *c, const char *ending) {
    return arena_printf(r->view, "call-%.*s.%s", (int)c->id.n, (const char *)c->id.p,
                        ending);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

void serve_calls(struct request *r, struct answer *a) {
    struct query q = {0};
    str sentence = {0};
    struct search_reach reach = {0};
    if (!query_read(&q, &r->url, clock_now_us(), r->server->o.zone_s, r->view,
                    &sentence)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST, "%.*s", (int)sentence.n,
                     (const char *)sentence.p);
        return;
    }
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

void serve_call(struct request *r, struct answer *a) {
    struct near n;
    struct call *c = call_load(r, r->url.segments[3], &n, false, a);
    if (c) {
        a->type = "application/json";
        draw_json(&a->body, c, true);
    }
    near_close(&n);
}

void serve_ladder_svg(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct near n;
    struct call *c = call_load(r, r->url.segments[3], &n, true, a);
    if (c) {
        a->type = "image/svg+xml";
        if (d.standalone) a->download = download_name(r, c, "svg");
        draw_svg(&a->body, c, &d);
    }
    near_close(&n);
}

void serve_ladder_txt(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct near n;
    struct call *c = call_load(r, r->url.segments[3], &n, true, a);
    if (c) {
        struct draw_text_options t = {.unfold = d.unfold, .zone_s = d.zone_s};
        a->type = "text/plain; charset=utf-8";
        draw_text(&a->body, c, &t);
    }
    near_close(&n);
}

void serve_export(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct near n;
    struct call *c = call_load(r, r->url.segments[3], &n, true, a);
    if (c) {
        const struct served *css = page_file(r->server->page, S("export.css"));
        const struct served *js = page_file(r->server->page, S("export.js"));
        d.standalone = true;
        a->type = "text/html; charset=utf-8";
        a->download = download_name(r, c, "html");
        draw_html(&a->body, c, &d, css ? css->bytes : (str){0},
                  js ? js->bytes : (str){0});
    }
    near_close(&n);
}
