/* syslog_record.c: what stands before the text of a syslog record.
 *
 *     RFC 5424   <134>1 2014-07-27T08:02:21.123456+01:00 boxless voip-udp-rx - - - TEXT
 *     RFC 3164   <134>Jul 27 08:02:21 boxless voip-udp-rx[12]: TEXT
 *     relayed    <134>Jul 27 08:02:21 10.0.0.1 1 2014-07-27T08:02:21.123456+01:00 boxless voip-udp-rx - - - TEXT
 *     saved      2014-07-27T08:02:21.123456+01:00 boxless voip-udp-rx: TEXT          (no <134>)
 *
 * Of two headers the inner one is the device's own. */
#include "input/parts.h"

#include "base/time.h"

enum { HIGHEST_PRIORITY = 191, HEADERS_DEEP = 3 };

static const str byte_order_mark = {(const u8 *)"\xef\xbb\xbf", 3};

static str after(str s, str prefix) {
    return str_starts(s, prefix) ? str_from(s, prefix.n) : s;
}

/* Takes the next word and one blank after it off *s. */
static str word_take(str *s) {
    isize n = 0;
    while (n < s->n && !is_blank(s->p[n]) && s->p[n] != '\n' && s->p[n] != '\r') n++;
    str word = str_sub(*s, 0, n);
    *s = str_from(*s, n);
    if (s->n && is_blank(s->p[0])) *s = str_from(*s, 1);
    return word;
}

static str no_nil(str word) {
    if (str_eq(word, S("-"))) return (str){0};
    return word;
}

/* "<134>"; the rest in *s. -1 where it is none. */
static int priority_take(str *s) {
    isize end = str_find(str_sub(*s, 0, 5), '>');
    if (end < 2 || s->p[0] != '<') return -1;
    struct str_number n = str_u64(str_sub(*s, 1, end - 1), HIGHEST_PRIORITY);
    if (!n.ok) return -1;
    *s = str_from(*s, end + 1);
    return (int)n.value;
}

/* RFC 5424 §6.3: "-", or [id name="value" …]…, where \" \] \\ are escapes. False where it is neither. */
static bool structured_data_take(str *s) {
    str rest = *s;
    if (str_starts(rest, S("-"))) {
        rest = str_from(rest, 1);
        if (rest.n && !is_blank(rest.p[0])) return false;
        *s = str_from(rest, 1);
        return true;
    }
    if (!str_starts(rest, S("["))) return false;
    while (str_starts(rest, S("["))) {
        bool quoted = false;
        isize i = 1;
        for (; i < rest.n && (quoted || rest.p[i] != ']'); i++) {
            if (rest.p[i] == '"') quoted = !quoted;
            if (rest.p[i] == '\\') i++;
        }
        if (i >= rest.n) return false;
        rest = str_from(rest, i + 1);
    }
    *s = rest.n && is_blank(rest.p[0]) ? str_from(rest, 1) : rest;
    return true;
}

/* Version, time, host, program, process, message id, structured data. What FireBricks write for the
 * last three was never seen: where the structured data is none, the text starts after the program. */
static bool rfc5424_read(str s, struct syslog_record *r) {
    str version = word_take(&s);
    struct stamp at = stamp_iso(s, 0);
    if (version.n < 1 || version.n > 2 || !str_u64(version, 99).value) return false;
    if (at.n) {
        r->time_us = at.us;
        r->precision_us = at.precision_us;
        s = str_from(s, at.n);
    } else if (!str_eq(word_take(&s), S("-"))) {
        return false;
    }
    r->host = no_nil(word_take(&s));
    r->program = no_nil(word_take(&s));
    r->text = r->tagged = s;
    (void)word_take(&s);
    (void)word_take(&s);
    if (structured_data_take(&s)) r->text = r->tagged = after(s, byte_order_mark);
    return true;
}

/* "voip-udp-rx[12]: text" or, without a colon, "voip-udp-rx VoIP Rx …" */
static void tag_take(str s, struct syslog_record *r) {
    str rest = s;
    str word = word_take(&rest);
    r->text = r->tagged = s;
    if (str_ends(word, S(":"))) {
        word.n--;
        struct str_pair name = str_cut(word, '[');
        r->program = name.head;
        r->text = rest;
    } else if (str_starts(rest, S("VoIP Rx ")) || str_starts(rest, S("VoIP Tx "))) {
        r->program = word;
        r->text = rest;
    }
}

/* RFC 3164, and the same with an ISO stamp. */
static bool rfc3164_read(str s, i64 now_us, i32 zone_s, struct syslog_record *r) {
    struct stamp at = stamp_bsd(s, now_us, zone_s);
    if (at.n == 0) at = stamp_iso(s, zone_s);
    if (at.n == 0) return false;
    r->time_us = at.us;
    r->precision_us = at.precision_us;
    str rest = str_from(s, at.n), after_host = rest;
    str host = word_take(&after_host);
    bool is_host = !str_ends(host, S(":")) && !str_eq(host, S("VoIP"));
    if (is_host) r->host = host;
    tag_take(is_host ? after_host : rest, r);
    return true;
}

struct syslog_record syslog_record_read(str datagram, i64 now_us, i32 zone_s) {
    struct syslog_record r = {.priority = -1};
    struct firebrick_head head;
    str s = after(datagram, byte_order_mark);
    r.text = r.tagged = s;
    for (int deep = 0; deep < HEADERS_DEEP; deep++) {
        struct syslog_record inner = {.priority = r.priority};
        int priority = priority_take(&s);
        if (priority >= 0) inner.priority = priority;
        inner.text = inner.tagged = s;
        /* a FireBrick's own stamp is a part of its text */
        bool own = deep && firebrick_head_line(s, zone_s, &head);
        bool found =
            !own && (rfc5424_read(s, &inner) || rfc3164_read(s, now_us, zone_s, &inner));
        if (found || (priority >= 0 && deep == 0)) r = inner;
        if (!found) break;
        s = r.tagged;
    }
    return r;
}

bool syslog_line_starts(str line) {
    static const i64 far = 4102444800 * US_PER_S; /* any year will do */
    if (line.n == 0) return false;
    if (line.p[0] == '<') return priority_take(&line) >= 0;
    if (is_digit(line.p[0])) return stamp_iso(line, 0).n > 0;
    return is_alpha(line.p[0]) && stamp_bsd(line, far, 0).n > 0;
}
