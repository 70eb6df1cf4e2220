#include "serve/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

bool address_read(struct endpoint *e, const char *text) {
    str s = str_trim(str_z(text)), name = S("localhost");
    struct str_number port = str_u64(s, 65535);
    if (!port.ok && str_starts_nocase(s, name)) {
        str rest = str_from(s, name.n);
        if (!str_starts(rest, S(":"))) return false;
        port = str_u64(str_from(rest, 1), 65535);
        if (!port.ok) return false;
    }
    if (port.ok) {
        *e =
            (struct endpoint){.ip = {127, 0, 0, 1}, .port = (u16)port.value, .family = 4};
        return true;
    }
    return endpoint_read(e, s) && (e->port != 0 || str_ends(s, S(":0")));
}

bool address_is_loopback(const struct endpoint *e) {
    static const u8 one[16] = {[15] = 1};
    static const u8 mapped[13] = {[10] = 255, [11] = 255, [12] = 127};
    if (e->family == 4) return e->ip[0] == 127;
    return memcmp(e->ip, one, 16) == 0 || memcmp(e->ip, mapped, 13) == 0;
}

bool address_is_any(const struct endpoint *e) {
    static const u8 zero[16];
    return memcmp(e->ip, zero, e->family == 4 ? 4 : 16) == 0;
}

struct endpoint endpoint_from_socket(const struct sockaddr_storage *a) {
    static const u8 mapped[12] = {[10] = 255, [11] = 255};
    struct endpoint e = {0};
    if (a->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, a, sizeof v4);
        memcpy(e.ip, &v4.sin_addr, 4);
        e.port = ntohs(v4.sin_port);
        e.family = 4;
    } else if (a->ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, a, sizeof v6);
        bool is_v4 = memcmp(&v6.sin6_addr, mapped, 12) == 0;
        memcpy(e.ip, (const u8 *)&v6.sin6_addr + (is_v4 ? 12 : 0), is_v4 ? 4 : 16);
        e.port = ntohs(v6.sin6_port);
        e.family = is_v4 ? 4 : 6;
    }
    return e;
}

struct endpoint endpoint_of_socket(int socket) {
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    if (getsockname(socket, (struct sockaddr *)&a, &n) != 0) return (struct endpoint){0};
    return endpoint_from_socket(&a);
}

static socklen_t to_socket(struct sockaddr_storage *a, const struct endpoint *e) {
    memset(a, 0, sizeof *a);
    if (e->family == 4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
        memcpy(&v4.sin_addr, e->ip, 4);
        memcpy(a, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};
    memcpy(&v6.sin6_addr, e->ip, 16);
    memcpy(a, &v6, sizeof v6);
    return sizeof v6;
}

static str why_not(const struct endpoint *e, int error, const char *option, arena *boot) {
    str where = endpoint_text(boot, e);
    struct endpoint next = *e;
    next.port = (u16)(e->port < 65535 ? e->port + 1 : 1024);
    str other = endpoint_text(boot, &next);
    const char *w = (const char *)where.p, *x = (const char *)other.p;
    int wn = (int)where.n, xn = (int)other.n;
    switch (error) {
    case EADDRINUSE:
        return arena_printf(
            boot, "%.*s is in use by another program; %s %.*s takes another port", wn, w,
            option, xn, x);
    case EACCES:
        return arena_printf(
            boot,
            "%.*s may not be used: ports below 1024 are for root; %s chooses another", wn,
            w, option);
    case EADDRNOTAVAIL:
        return arena_printf(boot,
                            "%.*s is no address of this machine; %s chooses another", wn,
                            w, option);
    default:
        return arena_printf(boot, "%.*s cannot be listened on: %s; %s chooses another",
                            wn, w, strerror(error), option);
    }
}

int address_bind(const struct endpoint *e, int type, const char *option, arena *boot,
                 str *sentence) {
    struct sockaddr_storage a;
    socklen_t n = to_socket(&a, e);
    int on = 1, off = 0;
    int s = socket(a.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* a restart must not wait for old connections; two servers on one UDP port must not share it */
    if (s >= 0 && type == SOCK_STREAM)
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (s >= 0 && e->family == 6 && address_is_any(e)) {
        setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (s >= 0 && bind(s, (struct sockaddr *)&a, n) == 0 &&
        (type != SOCK_STREAM || listen(s, 128) == 0)) {
        return s;
    }
    *sentence = why_not(e, errno, option, boot);
    if (s >= 0) close(s);
    return -1;
}
