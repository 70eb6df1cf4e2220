#include "serve/inner.h"

#include "serve/address.h"
#include "serve/events.h"
#include "serve/listen.h"
#include "serve/shelf.h"
#include "serve/worker.h"

#include "link/link.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { CACHE_MIB = 32 };

void *heap_block(isize size) {
    isize cap = 0;
    return base_grow(NULL, &cap, size, 1);
}

/* ---- events ------------------------------------------------------------------------------------- */

static void on_status(void *ctx, struct out *o) {
    struct server *s = ctx;
    struct reader *r = reader_take(s);
    status_write(s, r, false, o);
    reader_give(s, r);
    shelf_tidy(s->shelf);
}

void serve_events(struct request *r, struct answer *a) {
    a->type = "text/event-stream";
    a->stream = events_stream(r->server->events);
    if (!a->stream) {
        answer_error(a, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages listen already");
    }
}

/* ---- opening ------------------------------------------------------------------------------------ */

static const char *keep_z(struct server *s, const char *z) {
    return z ? arena_z(&s->boot, str_z(z)) : NULL;
}

static void keep_options(struct server *s, const struct server_options *o) {
    s->o = *o;
    s->o.db = keep_z(s, o->db);
    s->o.hosts = arena_copy(&s->boot, o->hosts);
    s->o.listen = keep_z(s, o->listen);
    s->o.version = keep_z(s, o->version);
    bool off = !o->syslog || str_eq(str_z(o->syslog), S("off"));
    s->o.syslog = off ? NULL : keep_z(s, o->syslog);
}

/* A socket where the page is to be served, -1 with a sentence. */
static int open_socket(struct server *s, arena *boot, str *sentence, enum err *e) {
    struct endpoint where;
    *e = ERR_USAGE;
    if (!address_read(&where, s->o.listen)) {
        *sentence = arena_printf(
            boot, "--listen wants an address and port such as 127.0.0.1:8270, not \"%s\"",
            s->o.listen);
        return -1;
    }
    if (!s->o.insecure && !address_is_loopback(&where)) {
        *sentence = arena_printf(
            boot,
            "%s can be reached from other machines, and there is no sign-in yet; "
            "--insecure serves there all the same",
            s->o.listen);
        return -1;
    }
    int socket = address_bind(&where, SOCK_STREAM, "--listen", boot, sentence);
    if (socket < 0) return -1;
    where = endpoint_of_socket(socket);
    str ip = endpoint_ip_text(&s->boot, &where);
    s->listen_ip = where.family == 6
                       ? arena_printf(&s->boot, "[%.*s]", (int)ip.n, (const char *)ip.p)
                       : ip;
    str all = endpoint_text(&s->boot, &where);
    if (address_is_any(&where)) all = arena_printf(&s->boot, "127.0.0.1:%u", where.port);
    s->url = arena_z(
        &s->boot, arena_printf(&s->boot, "http://%.*s", (int)all.n, (const char *)all.p));
    return socket;
}

static void check_hosts(struct server *s) {
    struct weave *w = weave_open();
    struct fail f;
    if (weave_hosts(w, s->o.hosts, &f) != ERR_OK && s->o.say) {
        u8 room[512];
        arena scratch = {room, room, room + sizeof room};
        s->o.say((const char *)arena_printf(&scratch, "line %lld of --hosts: %s",
                                            (long long)f.at, f.why)
                     .p);
    }
    weave_close(w);
}

static enum err start(struct server *s, int socket, arena *boot, str *sentence) {
    s->page = page_open(s);
    s->shelf = shelf_open();
    s->events = events_open(&s->boot, on_status, s);
    struct worker_options w = {s->o.hosts, s->o.zone_s, s->o.keep_days, s->events,
                               s->o.say};
    enum err e = ERR_OK;
    s->worker = worker_open(s->store, &w, &s->boot);
    if (s->o.syslog) {
        e = listeners_open(&s->listeners, s->o.syslog, s->worker, &s->boot, sentence);
        s->syslog = listeners_address(s->listeners);
    }
    if (e == ERR_OK) {
        s->http = http_open(s, socket);
        if (!s->http) {
            *sentence = S("the web server cannot be started");
            e = ERR_IO;
        }
    }
    if (e != ERR_OK)
        *sentence = arena_copy(boot, *sentence); /* the server's memory goes */
    return e;
}

enum err server_open(struct server **to, const struct server_options *o, arena *boot,
                     str *sentence) {
    arena mine = arena_open((isize)256 << 20);
    struct server *s = arena_new(&mine, struct server, 1);
    enum err e;
    s->boot = mine;
    s->started_us = clock_now_us();
    pthread_mutex_init(&s->lock, NULL);
    keep_options(s, o);
    *to = NULL;
    int socket = open_socket(s, boot, sentence, &e);
    if (socket < 0) {
        server_close(s);
        return e;
    }
    check_hosts(s);
    e = store_open(&s->store, s->o.db, STORE_WRITE, &s->boot, sentence);
    if (e == ERR_OK) {
        store_cache(s->store, CACHE_MIB);
        e = start(s, socket, boot, sentence);
    } else {
        *sentence = arena_copy(boot, *sentence);
    }
    if (e != ERR_OK) {
        if (!s->http) close(socket);
        server_close(s);
        return e;
    }
    *to = s;
    return ERR_OK;
}

const char *server_url(const struct server *s) {
    return s->url;
}
const char *server_syslog(const struct server *s) {
    return s->syslog;
}

void server_run(struct server *s) {
    (void)s;
    sigset_t stop;
    int signal;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    while (sigwait(&stop, &signal) != 0) continue;
}

/* ---- closing -------------------------------------------------------------------------------------- */

/* From the outside in: nothing new comes, what came is written, then those who read go. */
void server_close(struct server *s) {
    if (!s) return;
    listeners_close(s->listeners);
    if (s->worker) worker_stop(s->worker);
    if (s->events) events_stop(s->events);
    if (s->http) MHD_stop_daemon(s->http);
    if (s->events) events_close(s->events);
    if (s->worker) worker_close(s->worker);
    shelf_close(s->shelf);
    readers_close(s);
    if (s->store) store_close(s->store);
    pthread_mutex_destroy(&s->lock);
    arena mine = s->boot;
    arena_close(&mine);
}
