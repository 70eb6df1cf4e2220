/* start.c: the start line (RFC 3261 §7.1, §7.2), and what may stand before it.
 *
 *     INVITE sip:ann@example.org SIP/2.0        request
 *     SIP/2.0 180 Ringing                       response
 *
 * Before it: line ends (keep-alives, §7.5, no fault), other white space, NUL, and on the same line up
 * to LEAD_MAX bytes that no start line can begin with. A request cut before its version is one when
 * its method is known and a sip:, sips: or tel: follows. */
#include "sip/inner.h"

enum { LEAD_MAX = 64, START_LINE_MAX = 65536 };

static bool is_filler(u8 c) {
    return sip_is(c, SIP_CH_LWS) || c == 0;
}

static isize skip_filler(str bytes) {
    isize at = 0;
    while (at < bytes.n && is_filler(bytes.p[at])) at++;
    return at;
}

/* "SIP/" and a digit: the beginning of a version. */
static bool is_version(str s) {
    return s.n >= 5 && (s.p[0] | 32) == 's' && (s.p[1] | 32) == 'i' &&
           (s.p[2] | 32) == 'p' && s.p[3] == '/' && is_digit(s.p[4]);
}

static isize word_end(str s, isize at) {
    while (at < s.n && !is_blank(s.p[at])) at++;
    return at;
}

/* The offset where the last word starts; blanks at the end are no word. */
static isize last_word(str s, isize *end) {
    while (s.n && is_blank(s.p[s.n - 1])) s.n--;
    *end = s.n;
    while (s.n && !is_blank(s.p[s.n - 1])) s.n--;
    return s.n;
}

static bool has_known_scheme(str s) {
    return str_starts_nocase(s, S("sip:")) || str_starts_nocase(s, S("sips:")) ||
           str_starts_nocase(s, S("tel:"));
}

static bool is_request_line(str line) {
    isize method = word_end(line, 0), end;
    if (method == 0 || method >= line.n) return false;
    isize last = last_word(line, &end);
    if (last > method && is_version(str_sub(line, last, end - last))) return true;
    enum sip_method known = sip_method_from_name(str_sub(line, 0, method));
    return known != SIP_METHOD_OTHER &&
           has_known_scheme(str_from(line, sip_span(line, method, SIP_CH_LWS)));
}

/* ---- as nearly all are ------------------------------------------------------------------------------ */

static bool is_sip_2(const u8 *p) {
    return memcmp(p, "SIP/2.0", 7) == 0;
}

bool sip_start_usual(str bytes, struct sip_start *s) {
    enum { VERSION = 7, SHORTEST = 12, METHOD_LONGEST = 9 };
    if (bytes.n < SHORTEST) return false;
    const u8 *p = bytes.p, *lf = memchr(p, '\n', (size_t)bytes.n);
    if (!lf) return false;
    isize end = lf - p, blank = 0;
    *s = (struct sip_start){.next = end + 1, .ended = true};
    if (end && p[end - 1] == '\r') end--;
    s->line = (str){p, end};
    s->response = is_sip_2(p) && p[VERSION] == ' ';
    if (s->response) return true;
    while (blank <= METHOD_LONGEST && p[blank] != ' ') blank++;
    if (blank == 0 || end <= blank + VERSION || !is_sip_2(p + end - VERSION))
        return false;
    return p[end - VERSION - 1] == ' ' &&
           sip_method_from_name((str){p, blank}) != SIP_METHOD_OTHER;
}

static bool take_status_line(struct sip_msg *m, str line) {
    enum { DIGITS = 8, REASON = 11 };
    const u8 *d = line.p + DIGITS;
    if (line.n < REASON || !is_digit(d[0]) || !is_digit(d[1]) || !is_digit(d[2]))
        return false;
    int status = (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
    if (status < 100 || status > 699 || (line.n > REASON && !is_blank(line.p[REASON])))
        return false;
    m->version = str_sub(line, 0, DIGITS - 1);
    m->status = (u16)status;
    m->reason = str_trim(str_from(line, REASON));
    return true;
}

static bool take_request_line(struct sip_msg *m, str line) {
    enum { VERSION = 7 };
    isize blank = str_find(line, ' '), version = line.n - VERSION;
    str uri = str_trim(str_sub(line, blank + 1, version - blank - 2));
    if (uri.n == 0) return false;
    m->is_request = true;
    m->method_name = str_sub(line, 0, blank);
    m->method = sip_method_from_name(m->method_name);
    m->uri = uri;
    m->version = str_from(line, version);
    return true;
}

bool sip_start_take(struct sip_msg *m, const struct sip_start *s) {
    return s->response ? take_status_line(m, s->line) : take_request_line(m, s->line);
}

/* ---- looked at closely ------------------------------------------------------------------------------ */

bool sip_start_find(str bytes, struct sip_start *s) {
    isize at = skip_filler(bytes);
    isize lf = str_find(str_from(bytes, at), '\n');
    s->ended = lf >= 0;
    s->next = s->ended ? at + lf + 1 : bytes.n;
    isize end = s->ended ? at + lf : bytes.n;
    if (end > at && bytes.p[end - 1] == '\r') end--;
    isize lead = at;
    while (lead < end && lead - at < LEAD_MAX &&
           !sip_is(bytes.p[lead], SIP_CH_TOKEN | SIP_CH_LWS)) {
        lead++;
    }
    if (lead < end && !sip_is(bytes.p[lead], SIP_CH_TOKEN)) lead = at;
    s->at = lead;
    s->line = str_sub(bytes, lead, end - lead);
    s->response = is_version(s->line);
    if (s->response || is_request_line(s->line)) return true;
    /* a method that is no token at all: nothing can be told from it, the version can */
    s->at = at;
    s->line = str_sub(bytes, at, end - at);
    return is_request_line(s->line);
}

bool sip_start_possible(str bytes) {
    str s = str_from(bytes, skip_filler(bytes));
    if (s.n > START_LINE_MAX) return false;
    isize method = sip_span(s, 0, SIP_CH_TOKEN);
    if (method < s.n && !is_blank(s.p[method]) && s.p[method] != '/') return false;
    for (isize i = method; i < s.n; i++) {
        if (s.p[i] < ' ' && !sip_is(s.p[i], SIP_CH_LWS)) return false;
    }
    return true;
}

/* "SIP/2.0 " or "INVITE sip:": whatever follows, this is one. */
static bool begins_as_usual(str bytes) {
    enum { VERSION = 7, LONGEST = 9, SCHEME = 4 };
    const u8 *p = bytes.p;
    isize blank = 0;
    if (bytes.n < LONGEST + 1 + SCHEME) return false;
    if (is_sip_2(p)) return p[VERSION] == ' ';
    while (blank < LONGEST && p[blank] > ' ') blank++;
    return blank && p[blank] == ' ' && memcmp(p + blank + 1, "sip:", SCHEME) == 0 &&
           sip_method_from_name((str){p, blank}) != SIP_METHOD_OTHER;
}

bool sip_looks_like_start(str bytes) {
    struct sip_start s;
    return begins_as_usual(bytes) || sip_start_find(bytes, &s);
}

static void read_version(struct sip_msg *m, str version) {
    m->version = version;
    if (!str_eq_nocase(version, S("SIP/2.0")))
        sip_note_part(m, SIP_NOTE_VERSION, version);
}

/* SIP/2.0 180 Ringing */
static void read_status_line(struct sip_msg *m, str line) {
    isize end = word_end(line, 0);
    read_version(m, str_sub(line, 0, end));
    isize at = sip_span(line, end, SIP_CH_LWS);
    if (at - end > 1)
        sip_note_part(m, SIP_NOTE_START_LINE, str_sub(line, end + 1, at - end - 1));
    end = word_end(line, at);
    str digits = str_sub(line, at, end - at);
    struct str_number status = sip_number(digits, 699);
    if (digits.n == 3 && status.ok && status.value >= 100) {
        m->status = (u16)status.value;
    } else {
        sip_note_part(m, SIP_NOTE_STATUS, digits.n ? digits : line);
    }
    /* the blank after the status has to be there, the phrase does not (RFC 4475 §3.1.1.13) */
    if (end >= line.n && digits.n) sip_note_part(m, SIP_NOTE_START_LINE, digits);
    m->reason = str_trim(str_from(line, end));
}

static void read_request_uri(struct sip_msg *m) {
    struct sip_uri u;
    struct fail f;
    if (sip_uri_parse(&u, m->uri, &f) != ERR_OK) {
        sip_note_part(m, SIP_NOTE_REQUEST_URI, str_from(m->uri, f.at));
    } else if (u.headers.p) {
        sip_note_part(m, SIP_NOTE_REQUEST_URI, u.headers);
    } else if (!has_known_scheme(m->uri) && !str_eq_nocase(u.scheme, S("urn")) &&
               !str_eq_nocase(u.scheme, S("im")) && !str_eq_nocase(u.scheme, S("pres"))) {
        sip_note_part(m, SIP_NOTE_EXTENSION_REQUIRED, u.scheme);
    }
}

/* INVITE sip:ann@example.org SIP/2.0 */
static void read_request_line(struct sip_msg *m, str line) {
    isize end = word_end(line, 0);
    m->method_name = str_sub(line, 0, end);
    m->method = sip_method_from_name(m->method_name);
    if (sip_span(m->method_name, 0, SIP_CH_TOKEN) < end) {
        sip_note_part(m, SIP_NOTE_METHOD, m->method_name);
    }
    isize from = sip_span(line, end, SIP_CH_LWS), to, last = last_word(line, &to);
    str version = str_sub(line, last, to - last);
    bool complete = last >= from && is_version(version);
    isize uri_end = complete ? last : line.n;
    m->uri = str_trim(str_sub(line, from, uri_end - from));
    isize after = from + m->uri.n;
    if (from - end > 1) {
        sip_note_part(m, SIP_NOTE_START_LINE, str_sub(line, end + 1, from - end - 1));
    }
    if (!complete) {
        sip_note_part(m, SIP_NOTE_START_LINE, str_from(line, after));
    } else if (last - after > 1) {
        sip_note_part(m, SIP_NOTE_START_LINE, str_sub(line, after + 1, last - after - 1));
    } else if (to < line.n) {
        sip_note_part(m, SIP_NOTE_START_LINE, str_from(line, to));
    }
    if (complete) read_version(m, version);
    read_request_uri(m);
}

void sip_start_read(struct sip_msg *m, const struct sip_start *s) {
    isize junk = 0;
    while (junk < s->at && (m->bytes.p[junk] == '\r' || m->bytes.p[junk] == '\n')) junk++;
    if (junk < s->at) sip_note_add(m, SIP_NOTE_LEADING_JUNK, junk, s->at - junk);
    m->is_request = !s->response;
    if (s->response) {
        read_status_line(m, s->line);
    } else {
        read_request_line(m, s->line);
    }
}
