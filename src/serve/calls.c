/* calls.c: one call as JSON, picture, text or file; pieces of a long one.
 *
 *     X ──store──> the call, its links as they were decided ──near──> a small weave ──> struct call ──draw──> answer
 *
 * It was decided with everything around it in sight. So the small weave does not decide again: it puts the messages in order, and
 * for the JSON it weighs what almost belongs, among the calls near this one. What is related is as it was seen then. */
#include "serve/inner.h"

#include "draw/draw.h"
#include "serve/near.h"
#include "serve/shelf.h"
#include "serve/summary.h"
#include "serve/value.h"

#include <string.h>

/* What one picture may take: more would be neither drawn nor read in reasonable time. */
enum { SIGHTINGS_MAX = 200000, PIECE_ROWS = 128 };
static const isize BYTES_MAX = (isize)256 << 20;

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

void serve_call(struct request *r, struct answer *a) {
    struct near n;
    struct call *c = call_load(r, r->url.segments[3], &n, false, a);
    if (c) {
        a->type = "application/json";
        if (c->nmessages > LONG_ROWS && str_eq(url_param(&r->url, "lean"), S("1")))
            draw_json_lean(&a->body, c);
        else
            draw_json(&a->body, c, true);
    }
    near_close(&n);
}

/* A number of a parameter that may be absent. False: the answer says what is wrong. */
static bool number_param(struct request *r, const char *name, isize *to,
                         struct answer *a) {
    str text = url_param(&r->url, name);
    struct str_number n = str_u64(text, INT32_MAX);
    if (text.n && !n.ok) {
        answer_error(a, MHD_HTTP_BAD_REQUEST, "%s wants a number", name);
        return false;
    }
    if (text.n) *to = (isize)n.value;
    return true;
}

void serve_messages(struct request *r, struct answer *a) {
    isize first = 1, count = PIECE_ROWS;
    if (!number_param(r, "first", &first, a) || !number_param(r, "count", &count, a))
        return;
    struct held *h = shelf_take(r, r->url.segments[3], a);
    if (h) {
        a->type = "application/json";
        json_begin_object(&a->body, NULL);
        draw_json_messages(&a->body, "messages", held_call(h), first, count);
        json_end_object(&a->body);
    }
    shelf_give(r, h);
}

void serve_ladder_json(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct held *h = shelf_take(r, r->url.segments[3], a);
    if (h) {
        a->type = "application/json";
        draw_ladder_index(&a->body, held_ladder(h, &d, url_param(&r->url, "unfold")));
    }
    shelf_give(r, h);
}

/* Some rows of a ladder. near=N: those around message N, where there are too many to be shown at once. */
static void serve_window(struct request *r, const struct draw_options *d,
                         struct answer *a) {
    isize near = -1, first = 0, count = PIECE_ROWS;
    if (!number_param(r, "near", &near, a) || !number_param(r, "first", &first, a) ||
        !number_param(r, "count", &count, a))
        return;
    struct held *h = shelf_take(r, r->url.segments[3], a);
    if (h) {
        const struct ladder *l = held_ladder(h, d, url_param(&r->url, "unfold"));
        a->type = "image/svg+xml";
        if (near >= 0 && draw_ladder_rows(l) <= LONG_ROWS) {
            draw_svg(&a->body, held_call(h), d);
        } else {
            if (near >= 0)
                first = draw_ladder_row_of(l, (int)near) / PIECE_ROWS * PIECE_ROWS;
            draw_window(&a->body, l, first, count);
        }
    }
    shelf_give(r, h);
}

void serve_ladder_svg(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    if (url_param(&r->url, "near").n || url_param(&r->url, "first").n) {
        serve_window(r, &d, a);
        return;
    }
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
