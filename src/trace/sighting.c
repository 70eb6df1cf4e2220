#include "trace/sighting.h"

#include <string.h>

const char *transport_text(enum transport t) {
    static const char *const texts[] = {
#define X(id, text) text,
        TRANSPORT_LIST(X)
#undef X
    };
    if ((isize)t >= countof(texts)) return texts[TRANSPORT_UNKNOWN];
    return texts[t];
}

/* ---- addresses: text to bytes ----------------------------------------------------------- */

/* Dotted quad, four decimal numbers without leading zeroes. */
static bool ipv4_read(u8 ip[4], str s) {
    for (int i = 0; i < 4; i++) {
        struct str_pair part = str_cut(s, '.');
        if (part.ok != (i < 3) || part.head.n > 3) return false;
        if (part.head.n > 1 && part.head.p[0] == '0') return false;
        struct str_number n = str_u64(part.head, 255);
        if (!n.ok) return false;
        ip[i] = (u8)n.value;
        s = part.tail;
    }
    return true;
}

/* One group of an IPv6 address: one to four hexadecimal digits. */
static bool ipv6_group_read(u8 *two, str s) {
    u32 value = 0;
    if (s.n < 1 || s.n > 4) return false;
    for (isize i = 0; i < s.n; i++) {
        int digit = hex_digit(s.p[i]);
        if (digit < 0) return false;
        value = value << 4 | (u32)digit;
    }
    two[0] = (u8)(value >> 8);
    two[1] = (u8)value;
    return true;
}

/* Groups with ":" between them, a dotted quad allowed as the last. Their bytes, or -1. */
static int ipv6_run_read(u8 ip[16], str s) {
    int n = 0;
    if (s.n == 0) return 0;
    for (;;) {
        struct str_pair part = str_cut(s, ':');
        if (!part.ok && str_find(part.head, '.') >= 0) {
            if (n > 12 || !ipv4_read(ip + n, part.head)) return -1;
            return n + 4;
        }
        if (n > 14 || !ipv6_group_read(ip + n, part.head)) return -1;
        n += 2;
        if (!part.ok) return n;
        s = part.tail;
    }
}

/* RFC 4291 §2.2. A zone ("%eth0") is allowed and forgotten. */
static bool ipv6_read(u8 ip[16], str s) {
    u8 head[16] = {0}, tail[16] = {0};
    s = str_cut(s, '%').head;
    isize gap = str_find_str(s, S("::"));
    memset(ip, 0, 16);
    if (gap < 0) return ipv6_run_read(ip, s) == 16;
    int nhead = ipv6_run_read(head, str_sub(s, 0, gap));
    int ntail = ipv6_run_read(tail, str_from(s, gap + 2));
    if (nhead < 0 || ntail < 0 || nhead + ntail > 14) return false;
    if (str_find(str_sub(s, 0, gap), '.') >= 0) return false;
    memcpy(ip, head, (size_t)nhead);
    memcpy(ip + 16 - ntail, tail, (size_t)ntail);
    return true;
}

static bool port_read(u16 *port, str s) {
    struct str_number n = str_u64(s, 65535);
    if (!n.ok || s.n > 5) return false;
    *port = (u16)n.value;
    return true;
}

/* "[v6]" or "[v6]:port" */
static bool bracketed_read(struct endpoint *e, str text) {
    struct str_pair part = str_cut(str_from(text, 1), ']');
    e->family = 6;
    if (!part.ok || !ipv6_read(e->ip, part.head)) return false;
    if (part.tail.n == 0) return true;
    return part.tail.p[0] == ':' && port_read(&e->port, str_from(part.tail, 1));
}

/* Without brackets "2001:db8::1:5060" can be read two ways. A last group of four digits or
 * more that is a number from 1024 on is taken as the port; "2001:db8::1" is an address alone,
 * and so is "2001:db8::5060", because nothing valid would be left of it. */
static bool bare_ipv6_read(struct endpoint *e, str text) {
    isize colon = text.n;
    u16 port = 0;
    e->family = 6;
    while (colon > 0 && text.p[colon - 1] != ':') colon--;
    str last = str_from(text, colon), rest = str_sub(text, 0, colon - 1);
    if (port_read(&port, last) && (port >= 1024 || !ipv6_read(e->ip, text)) &&
        ipv6_read(e->ip, rest)) {
        e->port = port;
        return true;
    }
    return ipv6_read(e->ip, text);
}

static bool address_read(struct endpoint *e, str text) {
    if (text.n == 0) return false;
    if (text.p[0] == '[') return bracketed_read(e, text);
    struct str_pair part = str_cut(text, ':');
    if (part.ok && str_find(part.tail, ':') >= 0) return bare_ipv6_read(e, text);
    e->family = 4;
    if (!ipv4_read(e->ip, part.head)) return false;
    return !part.ok || port_read(&e->port, part.tail);
}

bool endpoint_read(struct endpoint *e, str text) {
    struct endpoint read = {0};
    bool ok = address_read(&read, text);
    *e = ok ? read : (struct endpoint){0};
    return ok;
}

/* ---- addresses: bytes to text ----------------------------------------------------------- */

enum { IP_TEXT_MAX = 48 };

static isize decimal_put(char *to, u32 n) {
    char digits[10];
    isize count = 0;
    do digits[count++] = (char)('0' + n % 10);
    while (n /= 10);
    for (isize i = 0; i < count; i++) to[i] = digits[count - 1 - i];
    return count;
}

static isize ipv4_put(char *to, const u8 *ip) {
    isize n = 0;
    for (int i = 0; i < 4; i++) {
        if (i) to[n++] = '.';
        n += decimal_put(to + n, ip[i]);
    }
    return n;
}

static isize hex_put(char *to, u32 group) {
    isize n = 0;
    for (int shift = 12; shift >= 0; shift -= 4) {
        u32 digit = group >> shift & 15;
        if (digit || n || !shift) to[n++] = "0123456789abcdef"[digit];
    }
    return n;
}

/* The first of the longest runs of two or more zero groups; at -1 where there is none. */
struct zero_run {
    int at, n;
};
static struct zero_run longest_zero_run(const u8 ip[16]) {
    struct zero_run best = {-1, 1}, run = {0, 0};
    for (int i = 0; i < 8; i++) {
        if (ip[2 * i] || ip[2 * i + 1]) {
            run = (struct zero_run){i + 1, 0};
        } else if (++run.n > best.n) {
            best = run;
        }
    }
    return best;
}

/* RFC 5952 §4 and §5: IPv4-mapped addresses end in a dotted quad. */
static isize ipv6_put(char *to, const u8 ip[16]) {
    static const u8 mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    struct zero_run gap = longest_zero_run(ip);
    isize n = 0;
    if (memcmp(ip, mapped, 12) == 0) {
        memcpy(to, "::ffff:", 7);
        return 7 + ipv4_put(to + 7, ip + 12);
    }
    for (int i = 0; i < 8; i++) {
        if (i == gap.at) {
            to[n++] = ':';
            to[n++] = ':';
            i += gap.n - 1;
            continue;
        }
        if (n && to[n - 1] != ':') to[n++] = ':';
        n += hex_put(to + n, (u32)ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    return n;
}

static isize ip_put(char *to, const struct endpoint *e) {
    if (e->family == 4) return ipv4_put(to, e->ip);
    if (e->family == 6) return ipv6_put(to, e->ip);
    to[0] = '?';
    return 1;
}

str endpoint_ip_text(arena *a, const struct endpoint *e) {
    char text[IP_TEXT_MAX];
    isize n = ip_put(text, e);
    return arena_copy(a, (str){(const u8 *)text, n});
}

str endpoint_text(arena *a, const struct endpoint *e) {
    char text[IP_TEXT_MAX + 8];
    isize n = 0;
    if (e->family == 6) text[n++] = '[';
    n += ip_put(text + n, e);
    if (e->family == 6) text[n++] = ']';
    if (e->family == 4 || e->family == 6) {
        text[n++] = ':';
        n += decimal_put(text + n, e->port);
    }
    return arena_copy(a, (str){(const u8 *)text, n});
}

bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b) {
    if (a->family != b->family || memcmp(a->ip, b->ip, 4) != 0) return false;
    return a->family == 4 || memcmp(a->ip + 4, b->ip + 4, 12) == 0;
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && endpoint_same_ip(a, b);
}

/* ---- what was passed over ----------------------------------------------------------------- */

const char *skip_text(enum skip_reason r) {
    static const char *const texts[] = {
#define X(id, text) text,
        SKIP_LIST(X)
#undef X
    };
    must(r < SKIP_COUNT);
    return texts[r];
}

const char *skip_name(enum skip_reason r) {
    static const char *const names[] = {
        [SKIP_NOT_SIP] = "not-sip",       [SKIP_OTHER_LINE] = "other-line",
        [SKIP_NOT_IP] = "not-ip",         [SKIP_NOT_UDP] = "not-udp",
        [SKIP_FRAGMENT] = "fragment",     [SKIP_LINK_TYPE] = "link-type",
        [SKIP_TRUNCATED] = "truncated",   [SKIP_DAMAGED] = "damaged",
        [SKIP_KEEP_ALIVE] = "keep-alive", [SKIP_BINARY] = "binary",
        [SKIP_NO_MESSAGE] = "no-message", [SKIP_SYSLOG] = "syslog",
        [SKIP_OVERFLOW] = "overflow",
    };
    _Static_assert(countof(names) == SKIP_COUNT, "a reason has no name");
    must(r < SKIP_COUNT);
    return names[r];
}

void skips_add(struct skips *to, const struct skips *from) {
    for (int r = 0; r < SKIP_COUNT; r++) {
        if (to->n[r] == 0) to->first[r] = from->first[r];
        to->n[r] += from->n[r];
        to->bytes[r] += from->bytes[r];
    }
}

u64 skips_total(const struct skips *s) {
    u64 total = 0;
    for (int r = 0; r < SKIP_COUNT; r++) total += s->n[r];
    return total;
}
