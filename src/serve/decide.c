/* decide.c: splits and joins by hand.
 *
 *     POST /calls/X/split {"leg"}            the leg and what hangs on it leave the call
 *     POST /calls/X/join {"leg","other"}     the leg becomes a child of the other one, maybe of another call
 *     POST /decisions/N/undo                 what N said counts no longer
 *
 * Whether a change makes sense is seen here, in the call as people see it; it is carried out by the worker, which
 * writes. */
#include "serve/inner.h"

#include "base/time.h"
#include "draw/draw.h"
#include "serve/address.h"
#include "serve/body.h"
#include "serve/near.h"
#include "serve/worker.h"

#include <netinet/in.h>
#include <string.h>

enum { LISTED = 1000 };

/* ---- the body ------------------------------------------------------------------------------------- */

bool body_takes(struct request *r, str part) {
    if (r->body.n <= BODY_MAX) out_bytes(&r->body, part);
    return true;
}

/* Who it was: as they call themselves, else where the request came from. */
static str who(struct request *r, str named) {
    u8 *p = arena_new(r->view, u8, named.n);
    str name = {p, 0};
    for (isize i = 0; i < named.n; i++) {
        u8 c = named.p[i];
        p[name.n++] = c < ' ' || c == 127 ? ' ' : c;
    }
    name = str_trim(name);
    if (name.n) return name;
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage address = {0};
    if (!from || !from->client_addr) return S("somebody");
    bool six = from->client_addr->sa_family == AF_INET6;
    memcpy(&address, from->client_addr,
           six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    struct endpoint e = endpoint_from_socket(&address);
    return endpoint_ip_text(r->view, &e);
}

static bool read_body(struct request *r, struct body *b, struct answer *a) {
    const char *why = "";
    if (r->body.n > BODY_MAX) {
        answer_error(a, MHD_HTTP_CONTENT_TOO_LARGE, "the body is longer than %d bytes",
                     BODY_MAX);
        return false;
    }
    if (!body_read(b, out_str(&r->body), r->view, &why)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST, "%s", why);
        return false;
    }
    return true;
}

/* ---- does it make sense? ------------------------------------------------------------------------------ */

static const struct leg *leg_with(const struct call *c, str id) {
    for (isize i = 0; i < c->nlegs; i++) {
        if (id.n && str_eq(c->legs[i].id, id)) return &c->legs[i];
    }
    return NULL;
}

static const struct leg *parent_of(const struct call *c, const struct leg *l) {
    return l->parent > 0 && l->parent <= c->nlegs ? &c->legs[l->parent - 1] : NULL;
}

static void say_no_leg(struct answer *a, str id) {
    answer_error(a, MHD_HTTP_NOT_FOUND, "there is no leg %.*s in this call",
                 (int)i64_min(id.n, 100), id.n ? (const char *)id.p : "");
}

static void say_one_call_id(struct answer *a) {
    answer_error(a, MHD_HTTP_UNPROCESSABLE_CONTENT,
                 "these two legs have one Call-ID: they are one call");
}

/* Fills d->other: the leg that it is taken away from. */
static bool may_split(const struct call *c, struct decision *d, struct answer *a) {
    const struct leg *l = leg_with(c, d->leg), *parent = l ? parent_of(c, l) : NULL;
    if (!l) {
        say_no_leg(a, d->leg);
    } else if (!parent) {
        answer_error(a, MHD_HTTP_CONFLICT,
                     "leg %d does not hang on another one: there is nothing to take it "
                     "out of",
                     l->n);
    } else if (str_eq(l->call_id, parent->call_id)) {
        say_one_call_id(a);
    } else {
        d->other = parent->id;
        return true;
    }
    return false;
}

static bool hangs_on(const struct call *c, const struct leg *l, const struct leg *on) {
    for (isize i = 0; l && i <= c->nlegs; i++, l = parent_of(c, l)) {
        if (l == on) return true;
    }
    return false;
}

/* In the call of the leg that is to get a parent; `other` may be in another one. */
static bool may_join(const struct call *c, const struct decision *d, struct answer *a) {
    const struct leg *l = leg_with(c, d->leg), *other = leg_with(c, d->other);
    const struct leg *parent = l ? parent_of(c, l) : NULL;
    if (!l) {
        say_no_leg(a, d->leg);
    } else if (other && str_eq(l->call_id, other->call_id)) {
        say_one_call_id(a);
    } else if (other && parent == other) {
        answer_error(a, MHD_HTTP_CONFLICT, "leg %d hangs on leg %d already", l->n,
                     other->n);
    } else if (other && hangs_on(c, other, l)) {
        answer_error(a, MHD_HTTP_UNPROCESSABLE_CONTENT,
                     "leg %d hangs on leg %d: a leg cannot hang on what hangs on itself",
                     other->n, l->n);
    } else if (parent && str_eq(l->call_id, parent->call_id)) {
        answer_error(a, MHD_HTTP_UNPROCESSABLE_CONTENT,
                     "legs %d and %d have one Call-ID: they are one call, and its first "
                     "leg is the one to join",
                     l->n, parent->n);
    } else {
        return true;
    }
    return false;
}

static bool is_call(const struct call *c, struct answer *a) {
    if (c->kind == KIND_CALL) return true;
    answer_error(a, MHD_HTTP_UNPROCESSABLE_CONTENT,
                 "only calls are joined and split; this is a %s",
                 call_kind_text(c->kind));
    return false;
}

/* The call that X names, as people see it, when `check` has nothing against the decision in it. */
static bool check_in(struct request *r, str x, struct decision *d,
                     bool (*check)(const struct call *, struct decision *,
                                   struct answer *),
                     struct answer *a) {
    struct near n;
    const struct call *c = call_load(r, x, &n, true, a);
    bool ok = c && is_call(c, a) && check(c, d, a);
    if (ok) { /* the call borrows from it */
        d->leg = arena_copy(r->view, d->leg);
        d->other = arena_copy(r->view, d->other);
    }
    near_close(&n);
    return ok;
}

static bool check_join(const struct call *c, struct decision *d, struct answer *a) {
    return may_join(c, d, a);
}

static bool check_nothing(const struct call *c, struct decision *d, struct answer *a) {
    (void)c, (void)d, (void)a;
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------ */

static void write_ids(struct out *o, const char *key, const struct deed_ids *l) {
    json_begin_array(o, key);
    for (isize i = 0; i < l->n; i++) json_str(o, NULL, l->ids[i]);
    json_end_array(o);
}

static void refuse(struct answer *a, const struct deed *job) {
    unsigned status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    if (job->err == ERR_DISK_FULL) status = MHD_HTTP_INSUFFICIENT_STORAGE;
    if (job->err == ERR_BUSY) status = MHD_HTTP_SERVICE_UNAVAILABLE;
    if (job->err == ERR_NOT_FOUND || job->err == ERR_FULL) status = MHD_HTTP_CONFLICT;
    answer_error(a, status, "%.*s", (int)i64_min(job->why.n, 600),
                 (const char *)job->why.p);
}

static void carry_out(struct request *r, struct deed *job, struct answer *a) {
    job->view = r->view;
    job->d.at_us = clock_now_us();
    worker_decide(r->server->worker, job);
    if (job->err != ERR_OK) {
        refuse(a, job);
        return;
    }
    a->type = "application/json";
    json_begin_object(&a->body, NULL);
    json_i64(&a->body, job->undo ? "undone" : "decision", job->d.n);
    write_ids(&a->body, "calls", &job->calls);
    write_ids(&a->body, "gone", &job->gone);
    json_end_object(&a->body);
}

void serve_split(struct request *r, struct answer *a) {
    struct body b;
    if (!read_body(r, &b, a)) return;
    struct deed job = {.d = {.kind = DECISION_SPLIT, .leg = b.leg}};
    if (!check_in(r, r->url.segments[3], &job.d, may_split, a)) return;
    job.d.who = who(r, b.who);
    carry_out(r, &job, a);
}

/* The call that a leg is in, by the database. */
static bool call_of(struct request *r, str leg, str *call, struct answer *a) {
    str call_id;
    enum err e = store_leg(r->reader->store, leg, r->view, call, &call_id);
    if (e == ERR_NOT_FOUND)
        answer_error(a, MHD_HTTP_NOT_FOUND, "there is no leg with the id %.*s",
                     (int)i64_min(leg.n, 100), leg.n ? (const char *)leg.p : "");
    else if (e != ERR_OK)
        answer_store_error(a, r->reader, e);
    return e == ERR_OK;
}

void serve_join(struct request *r, struct answer *a) {
    struct body b;
    str call, other, here, *ids;
    isize n;
    if (!read_body(r, &b, a) || !request_store(r, a)) return;
    if (str_eq(b.leg, b.other) && b.leg.n) {
        answer_error(a, MHD_HTTP_UNPROCESSABLE_CONTENT,
                     "a leg cannot be joined with itself");
        return;
    }
    if (!call_of(r, b.leg, &call, a) || !call_of(r, b.other, &other, a)) return;
    enum err e =
        store_call_ids(r->reader->store, r->url.segments[3], r->view, &here, &ids, &n);
    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        answer_store_error(a, r->reader, e);
        return;
    }
    if (!str_eq(here, call) && !str_eq(here, other)) {
        answer_error(a, MHD_HTTP_NOT_FOUND, "neither of the two legs is in this call");
        return;
    }
    struct deed job = {.d = {.kind = DECISION_JOIN, .leg = b.leg, .other = b.other}};
    if (!check_in(r, call, &job.d, check_join, a)) return;
    if (!str_eq(call, other) && !check_in(r, other, &job.d, check_nothing, a)) return;
    job.d.who = who(r, b.who);
    carry_out(r, &job, a);
}

void serve_undo(struct request *r, struct answer *a) {
    struct body b;
    struct store_decision was;
    struct str_number n = str_u64(r->url.segments[3], INT64_MAX);
    if (!read_body(r, &b, a) || !request_store(r, a)) return;
    enum err e = n.ok ? store_decision(r->reader->store, (i64)n.value, r->view, &was)
                      : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) {
        answer_error(a, MHD_HTTP_NOT_FOUND, "there is no change by hand number %.*s",
                     (int)i64_min(r->url.segments[3].n, 30),
                     (const char *)r->url.segments[3].p);
    } else if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
    } else if (was.undone) {
        answer_error(a, MHD_HTTP_CONFLICT, "this change was undone already, by %.*s",
                     (int)was.undone_by.n, (const char *)was.undone_by.p);
    } else {
        struct deed job = {.undo = true, .d = was.d};
        job.d.who = who(r, b.who);
        carry_out(r, &job, a);
    }
}

static void write_decision(struct request *r, const struct store_decision *d,
                           struct out *o) {
    str call = {0}, call_id;
    arena scratch = *r->view;
    json_begin_object(o, NULL);
    draw_json_decision(o, &d->d);
    enum err e = store_leg(r->reader->store, d->d.leg, &scratch, &call, &call_id);
    if (e == ERR_OK)
        json_str(o, "call", call);
    else
        json_null(o, "call");
    if (d->undone) {
        json_str(o, "undone_by", d->undone_by);
        json_str(o, "undone_at", time_iso(&scratch, d->undone_us));
    }
    json_end_object(o);
}

void serve_decisions(struct request *r, struct answer *a) {
    struct store_decisions l;
    if (!request_store(r, a)) return;
    enum err e = store_decisions_newest(r->reader->store, LISTED, r->view, &l);
    if (e != ERR_OK) {
        answer_store_error(a, r->reader, e);
        return;
    }
    a->type = "application/json";
    json_begin_object(&a->body, NULL);
    json_begin_array(&a->body, "decisions");
    for (isize i = 0; i < l.n; i++) write_decision(r, &l.list[i], &a->body);
    json_end_array(&a->body);
    json_end_object(&a->body);
}
