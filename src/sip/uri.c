/* uri.c: sip:, sips: and tel: URIs (RFC 3261 §19.1, RFC 3966); others are kept whole.
 *
 *     sip:user:password@host:port;params?headers
 *
 * The user part may hold ; and ?, so the @ is looked for first. */
#include "sip/inner.h"

#include <string.h>

/* "[2001:db8::1]": gives the offset past the bracket. */
static isize read_ipv6(str s, isize at, str *host, struct fail *f) {
    isize end = at + 1;
    while (end < s.n && (hex_digit(s.p[end]) >= 0 || s.p[end] == ':' || s.p[end] == '.'))
        end++;
    *host = str_sub(s, at + 1, end - at - 1);
    if (end < s.n && s.p[end] == ']' && host->n) return end + 1;
    sip_fail(f, end, "an IPv6 address is malformed");
    isize close = str_find(str_from(s, end), ']');
    return close < 0 ? end : end + close + 1;
}

/* An IPv6 address that somebody forgot to put in brackets; its colons are no port's. */
static isize read_bare_ipv6(str s, isize at, struct sip_hostport *h, struct fail *f) {
    isize end = at;
    while (end < s.n && (hex_digit(s.p[end]) >= 0 || s.p[end] == ':' || s.p[end] == '.'))
        end++;
    h->host = str_sub(s, at, end - at);
    sip_fail(f, at, "an IPv6 address stands without [ and ]");
    return end;
}

isize sip_host_read(str s, isize at, bool lws, struct sip_hostport *h, struct fail *f) {
    isize start = at;
    *h = (struct sip_hostport){0};
    if (at < s.n && s.p[at] == '[') {
        at = read_ipv6(s, at, &h->host, f);
    } else {
        at = sip_span(s, at, SIP_CH_HOST);
        h->host = str_sub(s, start, at - start);
        if (h->host.n == 0) sip_fail(f, at, "there is no host");
    }
    isize colon = lws ? sip_span(s, at, SIP_CH_LWS) : at;
    if (colon >= s.n || s.p[colon] != ':') return at;
    isize from = lws ? sip_span(s, colon + 1, SIP_CH_LWS) : colon + 1, end = from;
    while (end < s.n && is_digit(s.p[end])) end++;
    struct str_number port = sip_number(str_sub(s, from, end - from), 65535);
    if (port.ok) h->port = (u16)port.value;
    bool more = end < s.n && (s.p[end] == ':' || hex_digit(s.p[end]) >= 0);
    if (more && s.p[start] != '[' && hex_digit(s.p[start]) >= 0) {
        h->port = 0;
        return read_bare_ipv6(s, start, h, f);
    }
    if (!port.ok) sip_fail(f, from, "the port is not a number up to 65535");
    return end;
}

/* Two hex digits follow the % at `at`. */
static bool is_escape(str v, isize at, isize end) {
    return end - at >= 3 && hex_digit(v.p[at + 1]) >= 0 && hex_digit(v.p[at + 2]) >= 0;
}

/* One part of a URI: `n` bytes at `at`, all of the class or escapes. */
static void check_part(str v, isize at, isize n, u8 class, const char *why,
                       struct fail *f) {
    isize end = at + n;
    for (;; at += 3) {
        while (at < end && sip_is(v.p[at], class)) at++;
        if (at == end) return;
        if (v.p[at] != '%' || !is_escape(v, at, end)) break;
    }
    sip_fail(f, at, v.p[at] == '%' ? "two hex digits do not follow a %" : why);
}

/* The offset of the @ that ends the user part, or -1. */
static isize find_at_sign(str v, isize from, struct fail *f) {
    isize sign = str_find(str_from(v, from), '@');
    if (sign < 0) return -1;
    sign += from;
    for (isize i = sign + 1; i < v.n && v.p[i] != ';' && v.p[i] != '?'; i++) {
        if (v.p[i] != '@') continue;
        sip_fail(f, sign, "an @ in the user part is not escaped");
        sign = i;
    }
    return sign;
}

static void read_user(struct sip_uri *u, str v, isize at, isize sign, struct fail *f) {
    struct str_pair parts = str_cut(str_sub(v, at, sign - at), ':');
    u->user = u->number = parts.head;
    u->password = parts.tail;
    if (u->user.n == 0) sip_fail(f, at, "there is no user before the @");
    const char *why = "the user part has a byte that it cannot have";
    check_part(v, at, u->user.n, SIP_CH_USER, why, f);
    if (parts.ok) check_part(v, at + u->user.n + 1, u->password.n, SIP_CH_USER, why, f);
}

static void read_sip(struct sip_uri *u, str v, isize at, struct fail *f) {
    isize sign = find_at_sign(v, at, f);
    if (sign >= 0) {
        read_user(u, v, at, sign, f);
        at = sign + 1;
    }
    struct sip_hostport h;
    at = sip_host_read(v, at, false, &h, f);
    u->host = h.host;
    u->port = h.port;
    if (at < v.n && v.p[at] != ';' && v.p[at] != '?') {
        sip_fail(f, at, "the host has a byte that it cannot have");
        while (at < v.n && v.p[at] != ';' && v.p[at] != '?') at++;
    }
    struct str_pair parts = str_cut(str_from(v, at), '?');
    u->params = parts.head;
    u->headers = parts.tail;
    check_part(v, at, u->params.n, SIP_CH_PARAM,
               "a URI parameter has a byte that it cannot have", f);
    if (!parts.ok) return;
    at += u->params.n + 1;
    check_part(v, at, u->headers.n, SIP_CH_HEADER,
               "a URI header has a byte that it cannot have", f);
}

static void read_tel(struct sip_uri *u, str v, isize at, struct fail *f) {
    isize end = at;
    while (end < v.n && v.p[end] != ';') {
        u8 c = v.p[end];
        bool fits = hex_digit(c) >= 0 || c == '*' || c == '#' || c == '-' || c == '.' ||
                    c == '(' || c == ')' || (c == '+' && end == at);
        if (!fits) sip_fail(f, end, "a telephone number has a byte that it cannot have");
        end++;
    }
    u->number = str_sub(v, at, end - at);
    if (u->number.n == 0) sip_fail(f, at, "there is no telephone number");
    u->params = str_from(v, end);
    check_part(v, end, u->params.n, SIP_CH_PARAM,
               "a URI parameter has a byte that it cannot have", f);
}

static void check_opaque(str v, isize at, struct fail *f) {
    if (at >= v.n) sip_fail(f, at, "there is nothing after the scheme");
    for (; at < v.n; at++) {
        u8 c = v.p[at];
        if (c <= ' ' || c == 127 || c == '<' || c == '>' || c == '"') {
            sip_fail(f, at, "a URI has a byte that it cannot have");
            return;
        }
    }
}

/* The length of "scheme" before its colon; 0 where there is none. */
static isize scheme_length(str v) {
    if (v.n > 3 && v.p[3] == ':' && str_eq_nocase(str_sub(v, 0, 3), S("sip"))) return 3;
    isize n = 0;
    while (n < v.n &&
           (is_alnum(v.p[n]) || v.p[n] == '+' || v.p[n] == '-' || v.p[n] == '.'))
        n++;
    if (n == v.n || v.p[n] != ':' || !is_alpha(v.p[0])) return 0;
    return n;
}

/* sip:user@host or sip:user@host:port, and nothing else in it. False: look closer. */
static bool read_usual(struct sip_uri *u, str v) {
    enum { SCHEME = 4, PORT_LONGEST = 4 };
    if (v.n <= SCHEME || memcmp(v.p, "sip:", SCHEME) != 0) return false;
    isize sign = sip_span(v, SCHEME, SIP_CH_USER);
    if (sign == SCHEME || sign >= v.n || v.p[sign] != '@') return false;
    isize end = sip_span(v, sign + 1, SIP_CH_HOST), at = end + 1;
    u32 port = 0;
    if (end == sign + 1) return false;
    if (end < v.n) {
        if (v.p[end] != ':' || at == v.n || v.n - at > PORT_LONGEST) return false;
        for (; at < v.n && is_digit(v.p[at]); at++) port = port * 10 + v.p[at] - '0';
        if (at < v.n) return false;
    }
    *u = (struct sip_uri){.scheme = {v.p, SCHEME - 1},
                          .user = {v.p + SCHEME, sign - SCHEME},
                          .number = {v.p + SCHEME, sign - SCHEME},
                          .host = {v.p + sign + 1, end - sign - 1},
                          .port = (u16)port,
                          .params = {v.p + v.n, 0}};
    return true;
}

enum err sip_uri_parse(struct sip_uri *u, str value, struct fail *f) {
    *f = (struct fail){0};
    if (read_usual(u, value)) return ERR_OK;
    return sip_uri_parse_closely(u, value, f);
}

enum err sip_uri_parse_closely(struct sip_uri *u, str value, struct fail *f) {
    *u = (struct sip_uri){0};
    *f = (struct fail){0};
    isize colon = scheme_length(value);
    if (colon == 0) {
        sip_fail(f, 0, "a URI has to start with a scheme and a colon");
        return f->err;
    }
    u->scheme = str_sub(value, 0, colon);
    if (str_eq_nocase(u->scheme, S("sip")) || str_eq_nocase(u->scheme, S("sips"))) {
        read_sip(u, value, colon + 1, f);
    } else if (str_eq_nocase(u->scheme, S("tel"))) {
        read_tel(u, value, colon + 1, f);
    } else {
        check_opaque(value, colon + 1, f);
    }
    return f->err;
}

str sip_unescape(arena *a, str s) {
    if (str_find(s, '%') < 0) return s;
    u8 *p = arena_new(a, u8, s.n);
    isize n = 0;
    for (isize i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '%' && is_escape(s, i, s.n);
        p[n++] =
            escape ? (u8)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])) : s.p[i];
        if (escape) i += 2;
    }
    return (str){p, n};
}
