/* client.h: a small HTTP client and the other ends of the listeners, for tests. Everything is bounded: a server that
 * does not answer fails the test after a while. */
#ifndef SIPWEAVE_TESTS_CLIENT_H
#define SIPWEAVE_TESTS_CLIENT_H

#include "base/out.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Only what fails waits that long: a loaded machine takes its time with a sanitized server. */
enum { PATIENCE_MS = 120000 };

struct reply {
    int status; /* 0: no answer came */
    struct out text;
    str head, body; /* in text; the body without its chunks */
};

static inline void reply_drop(struct reply *r) {
    out_drop(&r->text);
}

static inline int client_socket(int type, u16 port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (s >= 0 && connect(s, (struct sockaddr *)&a, sizeof a) != 0) {
        close(s);
        s = -1;
    }
    return s;
}

static inline bool client_send(int s, str text) {
    while (text.n) {
        ssize_t n = send(s, text.p, (size_t)text.n, MSG_NOSIGNAL);
        if (n <= 0) return false;
        text = str_from(text, n);
    }
    return true;
}

/* Reads what comes next; false at the end, and when nothing comes for too long. */
static inline bool client_more(int s, struct out *text) {
    u8 block[16384];
    struct pollfd p = {.fd = s, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0) return false;
    ssize_t n = recv(s, block, sizeof block, 0);
    if (n > 0) out_bytes(text, (str){block, n});
    return n > 0;
}

/* A header's value; empty where it is absent. */
static inline str reply_header(const struct reply *r, const char *name) {
    str rest = r->head;
    while (rest.n) {
        struct str_pair line = str_cut(rest, '\n'), cut = str_cut(line.head, ':');
        rest = line.tail;
        if (cut.ok && str_eq_nocase(cut.head, str_z(name))) return str_trim(cut.tail);
    }
    return (str){0};
}

/* Takes the framing out, in place. */
static inline str client_unchunk(str body) {
    union {
        const u8 *in;
        u8 *out;
    } p = {body.p};
    isize n = 0;
    while (body.n) {
        struct str_pair line = str_cut(body, '\n');
        isize size = 0;
        for (isize i = 0; i < line.head.n && hex_digit(line.head.p[i]) >= 0; i++) {
            size = size * 16 + hex_digit(line.head.p[i]);
        }
        str chunk = str_sub(line.tail, 0, size);
        memmove(p.out + n, chunk.p, (size_t)chunk.n);
        n += chunk.n;
        body = str_from(line.tail, size + 2);
    }
    return (str){p.in, n};
}

/* Sends what is given, as it is, and reads until the server hangs up. */
static inline struct reply client_raw(u16 port, str request) {
    struct reply r = {0};
    int s = client_socket(SOCK_STREAM, port);
    if (s < 0) return r;
    (void)client_send(s, request); /* refused early: the answer is still read */
    while (client_more(s, &r.text)) continue;
    close(s);
    str text = out_str(&r.text);
    isize end = str_find_str(text, S("\r\n\r\n"));
    if (end < 0 || !str_starts(text, S("HTTP/1.1 "))) return r;
    r.head = str_sub(text, 0, end + 2);
    r.body = str_from(text, end + 4);
    r.status = (int)str_u64(str_sub(text, 9, 3), 999).value;
    if (str_eq(reply_header(&r, "Transfer-Encoding"), S("chunked")))
        r.body = client_unchunk(r.body);
    return r;
}

/* `headers`: whole lines; "Host" is added unless they bring one. */
static inline struct reply client_ask(u16 port, const char *method, const char *target,
                                      const char *headers, str body) {
    struct out o = {0};
    out_printf(&o, "%s %s HTTP/1.1\r\nConnection: close\r\n", method, target);
    if (str_find_nocase(str_z(headers), S("Host:")) < 0)
        out_printf(&o, "Host: 127.0.0.1:%u\r\n", port);
    if (body.p) out_printf(&o, "Content-Length: %lld\r\n", (long long)body.n);
    out_z(&o, headers);
    out_z(&o, "\r\n");
    out_bytes(&o, body);
    struct reply r = client_raw(port, out_str(&o));
    out_drop(&o);
    return r;
}

static inline struct reply client_get(u16 port, const char *target) {
    return client_ask(port, "GET", target, "", (str){0});
}

static inline struct reply client_import(u16 port, const char *name, str file) {
    struct out target = {0};
    out_printf(&target, "/api/v1/import?name=%s", name);
    out_byte(&target, 0);
    struct reply r =
        client_ask(port, "POST", (const char *)target.p, "X-Sipweave: 1\r\n", file);
    out_drop(&target);
    return r;
}

#endif
