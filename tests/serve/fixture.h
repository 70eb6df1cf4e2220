/* fixture.h: a server in this process, on ports of its own, with a database in a folder of its own. */
#ifndef SIPWEAVE_TESTS_SERVE_FIXTURE_H
#define SIPWEAVE_TESTS_SERVE_FIXTURE_H

#include "lib/edge.h"
#include "serve/client.h"
#include "serve/server.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#define json_null jansson_null /* base/out.h has one of its own */
#include <jansson.h>
#undef json_null

struct fixture {
    char folder[64], db[96];
    str hosts;
    arena boot;
    struct server *server;
    int keep_days;
    u16 port, syslog; /* of the page; of the listeners */
};

static inline i64 now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void nap(int ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static inline u16 port_of(const char *address) {
    const char *colon = address ? strrchr(address, ':') : NULL;
    return colon ? (u16)str_u64(str_z(colon + 1), 65535).value : 0;
}

static inline void folder_make(char folder[64]) {
    snprintf(folder, 64, "/tmp/sipweave-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline int remove_one(const char *path, const struct stat *st, int type,
                             struct FTW *at) {
    (void)st, (void)type;
    return at->level ? remove(path) : 0;
}

/* All that is in it, then the folder. False when it was not empty. */
static inline bool folder_drop(const char *folder) {
    bool empty = rmdir(folder) == 0;
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    rmdir(folder);
    return empty;
}

static inline void fixture_start(struct fixture *f, const char *listen, bool insecure) {
    str sentence = {0};
    struct server_options o = {
        .db = f->db,
        .version = "test",
        .listen = listen,
        .syslog = "127.0.0.1:0",
        .hosts = f->hosts,
        .insecure = insecure,
    };
    if (f->keep_days) o.keep_days = f->keep_days;
    if (server_open(&f->server, &o, &f->boot, &sentence) != ERR_OK) {
        fail_msg("the server does not start: %.*s", (int)sentence.n,
                 (const char *)sentence.p);
    }
    f->port = port_of(server_url(f->server));
    f->syslog = port_of(server_syslog(f->server));
}

static inline void fixture_open(struct fixture *f) {
    *f = (struct fixture){.boot = arena_open(1 << 20)};
    f->hosts = file_read("examples/junk-call/hosts");
    assert_true(f->hosts.n > 0);
    folder_make(f->folder);
    snprintf(f->db, sizeof f->db, "%s/t.db", f->folder);
    fixture_start(f, "127.0.0.1:0", false);
}

static inline void fixture_close(struct fixture *f) {
    server_close(f->server);
    folder_drop(f->folder);
    file_drop(f->hosts);
    arena_close(&f->boot);
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static inline json_t *json_of(str text) {
    json_error_t e;
    json_t *j = json_loadb(text.p ? (const char *)text.p : "", (size_t)text.n, 0, &e);
    if (!j)
        fail_msg("no JSON (%s): %.*s", e.text, (int)i64_min(text.n, 300),
                 (const char *)text.p);
    return j;
}

/* What this address answers, which has to be 200. The caller decrefs. */
static inline json_t *get_json(u16 port, const char *target) {
    struct reply r = client_get(port, target);
    if (r.status != 200) {
        fail_msg("%s: %d %.*s", target, r.status, (int)i64_min(r.body.n, 300),
                 (const char *)r.body.p);
    }
    json_t *j = json_of(r.body);
    reply_drop(&r);
    return j;
}

static inline isize count_of(json_t *j, const char *key) {
    json_t *a = json_object_get(j, key);
    assert_true(json_is_array(a));
    return (isize)json_array_size(a);
}

static inline const char *text_of(json_t *j, const char *key) {
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : "";
}

static inline i64 number_of(json_t *j, const char *key) {
    return json_integer_value(json_object_get(j, key));
}

/* ---- the example ------------------------------------------------------------------------------------- */

static const char *const example_logs[] = {"b.voiceless.log", "boxless.log",
                                           "a.voiceless.log"};
enum { EXAMPLE_LEGS = 8, EXAMPLE_MESSAGES = 56 };

/* Asks for the list until it shows the one call of the example, whole. */
static inline bool wait_for_call(u16 port) {
    i64 end = now_ms() + PATIENCE_MS;
    for (bool there = false; now_ms() < end; nap(50)) {
        json_t *j = get_json(port, "/api/v1/calls");
        json_t *call = json_array_get(json_object_get(j, "calls"), 0);
        there = count_of(j, "calls") == 1 && count_of(call, "legs") == EXAMPLE_LEGS &&
                number_of(call, "messages") == EXAMPLE_MESSAGES;
        json_decref(j);
        if (there) return true;
    }
    return false;
}

static inline str example_read(const char *name) {
    char path[200];
    snprintf(path, sizeof path, "examples/junk-call/%s", name);
    str s = file_read(path);
    assert_true(s.n > 0);
    return s;
}

static inline void example_import(struct fixture *f) {
    for (int i = 0; i < 3; i++) {
        str log = example_read(example_logs[i]);
        struct reply r = client_import(f->port, example_logs[i], log);
        assert_int_equal(r.status, 200);
        reply_drop(&r);
        file_drop(log);
    }
}

#endif
