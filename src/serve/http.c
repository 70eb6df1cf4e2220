/* http.c: from a connection to a handler. libmicrohttpd gives every connection a thread, so a slow search holds up nobody
 * else, and a stream of events may simply wait.
 *
 *     log_target ──> on_request: first call ──refused──> answered, before any body is read
 *                         │ again, with each part of a body ──> upload_take
 *                         └ last call ──> respond ──> the route's handler ──> answer_send
 *                                                                      on_completed ──> released */
#include "serve/inner.h"

#include <string.h>
#include <unistd.h>

enum { CONNECTIONS = 250, IDLE_S = 60, REQUEST_MEMORY = 64 << 10 };

/* "*" stands for any one segment. */
static const struct route {
    const char *method;
    const char *pattern[5];
    isize n;
    handler *answer;
} routes[] = {
    {"GET", {0}, 0, serve_index},
    {"GET", {"call", "*"}, 2, serve_index},
    {"GET", {"api", "v1", "status"}, 3, serve_status},
    {"GET", {"api", "v1", "events"}, 3, serve_events},
    {"POST", {"api", "v1", "import"}, 3, serve_import},
    {"GET", {"api", "v1", "calls"}, 3, serve_calls},
    {"GET", {"api", "v1", "spread"}, 3, serve_spread},
    {"GET", {"api", "v1", "volume"}, 3, serve_volume},
    {"GET", {"api", "v1", "calls", "*"}, 4, serve_call},
    {"GET", {"api", "v1", "calls", "*", "messages"}, 5, serve_messages},
    {"GET", {"api", "v1", "calls", "*", "ladder.svg"}, 5, serve_ladder_svg},
    {"GET", {"api", "v1", "calls", "*", "ladder.json"}, 5, serve_ladder_json},
    {"GET", {"api", "v1", "calls", "*", "ladder.txt"}, 5, serve_ladder_txt},
    {"GET", {"api", "v1", "calls", "*", "export.html"}, 5, serve_export},
    {"POST", {"api", "v1", "calls", "*", "split"}, 5, serve_split},
    {"POST", {"api", "v1", "calls", "*", "join"}, 5, serve_join},
    {"GET", {"api", "v1", "decisions"}, 3, serve_decisions},
    {"POST", {"api", "v1", "decisions", "*", "undo"}, 5, serve_undo},
    {"GET", {"*"}, 1, serve_file},
};

/* ---- which route? ------------------------------------------------------------------------------- */

static bool fits(const struct route *route, const struct url *u) {
    if (route->n != u->nsegments) return false;
    for (isize i = 0; i < route->n; i++) {
        const char *want = route->pattern[i];
        if (want[0] == '*' ? u->segments[i].n == 0 : !str_eq(str_z(want), u->segments[i]))
            return false;
    }
    return true;
}

static bool find_route(struct request *r, const char *method, struct answer *a) {
    const char *allow = NULL;
    str asked = str_z(method);
    if (str_eq(asked, S("HEAD"))) asked = S("GET");
    for (isize i = 0; i < countof(routes) && !r->route; i++) {
        if (!fits(&routes[i], &r->url)) continue;
        if (str_eq(str_z(routes[i].method), asked)) r->route = &routes[i];
        if (!allow) allow = routes[i].method;
    }
    if (r->route) return true;
    if (allow) {
        answer_error(a, MHD_HTTP_METHOD_NOT_ALLOWED, "this address takes %s, not %.40s",
                     allow, method);
        a->allow = allow;
    } else {
        str path = str_cut(r->target, '?').head;
        answer_error(a, MHD_HTTP_NOT_FOUND, "there is no page %.*s",
                     (int)i64_min(path.n, 200), (const char *)path.p);
    }
    return false;
}

/* ---- may it be asked? ------------------------------------------------------------------------- */

/* A web site may have its own name resolve to 127.0.0.1 and then read what is served there; but its name stands in the
 * Host header. */
static bool host_is_ours(struct request *r) {
    str host = str_trim(
        str_z(MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Host")));
    if (str_starts(host, S("["))) {
        host = str_sub(host, 0, str_find(host, ']') + 1);
    } else {
        host = str_cut(host, ':').head;
    }
    return str_eq_nocase(host, S("localhost")) || str_eq(host, S("127.0.0.1")) ||
           str_eq(host, S("[::1]")) || str_eq(host, r->server->listen_ip);
}

static bool may_ask(struct request *r, const char *method, struct answer *a) {
    if (!r->server->o.insecure && !host_is_ours(r)) {
        answer_error(
            a, MHD_HTTP_FORBIDDEN,
            "this server answers to localhost and its own address only; the request was "
            "for another host");
        return false;
    }
    const char *ours =
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "X-Sipweave");
    if (str_eq(str_z(method), S("POST")) && !str_eq(str_z(ours), S("1"))) {
        answer_error(a, MHD_HTTP_FORBIDDEN,
                     "a POST must carry the header \"X-Sipweave: 1\"");
        return false;
    }
    return true;
}

/* ---- one request --------------------------------------------------------------------------------- */

static void *log_target(void *cls, const char *target,
                        struct MHD_Connection *connection) {
    (void)connection;
    struct request *r = heap_new(struct request);
    str s = str_z(target);
    r->server = cls;
    r->bytes = heap_block(s.n + 1);
    if (s.n) memcpy(r->bytes, s.p, (size_t)s.n);
    r->target = (str){r->bytes, s.n};
    return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **mine,
                         enum MHD_RequestTerminationCode code) {
    (void)cls, (void)connection, (void)code;
    struct request *r = *mine;
    if (!r) return;
    upload_end(r);
    out_drop(&r->body);
    base_free(r->bytes);
    base_free(r);
    *mine = NULL;
}

/* Can it be answered at all? Then r->route is set. */
static bool understood(struct request *r, const char *method, struct answer *a) {
    const char *why = "";
    if (!url_read(&r->url, r->target, r->view, &why)) {
        answer_error(a, MHD_HTTP_BAD_REQUEST, "%s", why);
        return false;
    }
    return may_ask(r, method, a) && find_route(r, method, a);
}

/* The decoded address lives as long as one call of on_request: it is read again for the answer. */
static enum MHD_Result begin(struct request *r, const char *method) {
    struct answer a = {.status = MHD_HTTP_OK};
    r->begun = true;
    bool go_on = understood(r, method, &a);
    if (go_on && r->route->answer == serve_import) go_on = upload_begin(r, &a);
    return go_on ? MHD_YES : answer_send(r, &a);
}

static enum MHD_Result respond(struct request *r, const char *method) {
    struct answer a = {.status = MHD_HTTP_OK};
    if (understood(r, method, &a)) r->route->answer(r, &a);
    /* an answer may take longer than a connection may be idle: only now the clock starts again */
    MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              (unsigned)IDLE_S);
    return answer_send(r, &a);
}

static enum MHD_Result with_reader(struct request *r, const char *method,
                                   enum MHD_Result (*step)(struct request *,
                                                           const char *)) {
    r->reader = reader_take(r->server);
    r->view = &r->reader->view;
    enum MHD_Result result = step(r, method);
    reader_give(r->server, r->reader);
    r->reader = NULL;
    r->view = NULL;
    return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *data, size_t *size,
                                  void **mine) {
    (void)cls, (void)url, (void)version;
    struct request *r = *mine;
    r->connection = connection;
    if (!r->begun) return with_reader(r, method, begin);
    if (*size) {
        str part = {(const u8 *)data, (isize)*size};
        *size = 0;
        bool go_on = r->upload ? upload_take(r, part) : body_takes(r, part);
        return go_on ? MHD_YES : MHD_NO;
    }
    if (r->answered) return MHD_YES;
    return with_reader(r, method, respond);
}

struct MHD_Daemon *http_open(struct server *s, int socket) {
    return MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_URI_LOG_CALLBACK, log_target, s, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY, MHD_OPTION_END);
}
