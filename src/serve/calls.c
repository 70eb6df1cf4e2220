/* calls.c: the list of calls, and one call as JSON, picture, text or file.
 *
 *     X ──store──> Call-IDs ──replay──> a weave of these alone ──link──> struct call ──draw──> answer
 *
 * The database knows which Call-IDs are one call: it was decided with everything around it in sight. So the small weave
 * does not decide again; it only puts the messages in order. */
#include "serve/inner.h"

#include "base/time.h"
#include "draw/draw.h"
#include "link/link.h"
#include "serve/hand.h"
#include "serve/kept.h"
#include "serve/query.h"
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

struct replay {
    struct weave *weave;
    isize n, bytes;
    bool too_much;
};

static u32 on_source(void *ctx, const struct source *s) {
    struct replay *p = ctx;
    return weave_source(p->weave, s);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct replay *p = ctx;
    p->too_much = p->too_much || p->n >= SIGHTINGS_MAX || p->bytes > BYTES_MAX;
    if (p->too_much) return;
    p->n++;
    p->bytes += s->bytes.n;
    (void)weave_add(p->weave, s);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

/* The call of the weave that holds this id, or one of these Call-IDs. */
static isize find(struct weave *w, str id, const str *call_ids, isize n) {
    isize at = weave_find(w, id);
    for (isize i = 0; i < n && at < 0; i++) at = weave_find(w, call_ids[i]);
    return at;
}

static struct call *call_weave(struct request *r, struct weave *w, str id,
                               const str *call_ids, isize n, struct answer *a) {
    struct replay p = {.weave = w};
    struct input_sink sink = {&p, on_source, on_sighting, on_skipped, on_damage};
    struct fail f;
    (void)weave_hosts(w, r->server->o.hosts, &f); /* a bad line was told at the start */
    enum err e = store_replay_call_ids(r->reader->store, call_ids, n, &sink);
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return NULL;
    }
    if (p.too_much) {
        answer_error(a, MHD_HTTP_CONTENT_TOO_LARGE,
                     "this call has more than %d messages, too many for one picture",
                     SIGHTINGS_MAX);
        return NULL;
    }
    e = hand_tell_of(r->reader->store, id, w, r->view);
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return NULL;
    }
    weave_join_all(w);
    weave_link(w);
    isize at = find(w, id, call_ids, n);
    if (at < 0) {
        answer_error(a, MHD_HTTP_NOT_FOUND,
                     "the messages of this call are no longer kept");
        return NULL;
    }
    struct call *c = weave_call(w, at, true, r->view);
    str summary;
    c->id = id;
    if (store_summary(r->reader->store, id, r->view, &summary) == ERR_OK)
        kept_fill(c, summary, r->view);
    return c;
}

struct store *request_store(struct request *r, struct answer *a) {
    str sentence = {0};
    struct store *store = reader_store(r->server, r->reader, &sentence);
    if (!store)
        answer_error(a, MHD_HTTP_SERVICE_UNAVAILABLE, "%.*s", (int)sentence.n,
                     (const char *)sentence.p);
    return store;
}

struct call *call_load(struct request *r, str x, struct weave **w, struct answer *a) {
    str id, *call_ids;
    isize n = 0;
    *w = NULL;
    struct store *store = request_store(r, a);
    if (!store) return NULL;
    enum err e = store_call_ids(store, x, r->view, &id, &call_ids, &n);
    if (e == ERR_NOT_FOUND) {
        answer_error(a, MHD_HTTP_NOT_FOUND,
                     "there is no call with the id or Call-ID %.*s",
                     (int)i64_min(x.n, 200), (const char *)x.p);
        return NULL;
    }
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return NULL;
    }
    *w = weave_open();
    return call_weave(r, *w, id, call_ids, n, a);
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
    struct weave *w;
    struct call *c = call_load(r, r->url.segments[3], &w, a);
    if (c) {
        a->type = "application/json";
        draw_json(&a->body, c, true);
    }
    weave_close(w);
}

void serve_ladder_svg(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct weave *w;
    struct call *c = call_load(r, r->url.segments[3], &w, a);
    if (c) {
        a->type = "image/svg+xml";
        if (d.standalone) a->download = download_name(r, c, "svg");
        draw_svg(&a->body, c, &d);
    }
    weave_close(w);
}

void serve_ladder_txt(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct weave *w;
    struct call *c = call_load(r, r->url.segments[3], &w, a);
    if (c) {
        struct draw_text_options t = {.unfold = d.unfold, .zone_s = d.zone_s};
        a->type = "text/plain; charset=utf-8";
        draw_text(&a->body, c, &t);
    }
    weave_close(w);
}

void serve_export(struct request *r, struct answer *a) {
    struct draw_options d = {0};
    if (!picture_options(r, &d, a)) return;
    struct weave *w;
    struct call *c = call_load(r, r->url.segments[3], &w, a);
    if (c) {
        const struct served *css = page_file(r->server->page, S("export.css"));
        const struct served *js = page_file(r->server->page, S("export.js"));
        d.standalone = true;
        a->type = "text/html; charset=utf-8";
        a->download = download_name(r, c, "html");
        draw_html(&a->body, c, &d, css ? css->bytes : (str){0},
                  js ? js->bytes : (str){0});
    }
    weave_close(w);
}
