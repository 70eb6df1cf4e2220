/* message.c: one pass over a message, as fast as its bytes can be read. Line ends come as masks (scan.h), names and the few values
 * that everything needs in the form that nearly all have; whatever looks otherwise is given to the careful reader of
 * that part. What is wrong with a message is not noted here: sip_msg_check (remark.c) does that, and reads the same.
 *
 *     start line ─ header line ─ header line ─ … ─ blank line ─ body
 *     sip_start_take   take_header, take_value                sip_body_read
 */
#include "sip/inner.h"
#include "base/scan.h"

#include <string.h>

struct reading {
    struct sip_msg *m;
    u64 seen; /* a bit for every enum sip_header_id */
    struct sip_pass pass;
};

/* ---- values -------------------------------------------------------------------------------------------- */

static bool is_word(const u8 *p, const char *word, isize n) {
    for (isize i = 0; i < n; i++) {
        if ((p[i] | 32) != (u8)word[i]) return false;
    }
    return true;
}

static str take_tag(str value) {
    struct sip_addr a;
    struct fail f;
    if (!sip_addr_usual(&a, value)) (void)!sip_addr_parse(&a, value, &f);
    return a.tag;
}

/* "102 INVITE" */
static void take_cseq(struct sip_msg *m, str value) {
    enum { SURE_DIGITS = 9 };
    isize at = 0;
    u32 number = 0;
    for (; at < value.n && is_digit(value.p[at]) && at < SURE_DIGITS; at++)
        number = number * 10 + (u32)(value.p[at] - '0');
    if (at > 0 && at + 1 < value.n && value.p[at] == ' ') {
        str name = str_from(value, at + 1);
        enum sip_method method = sip_method_from_name(name);
        if (method != SIP_METHOD_OTHER) {
            m->cseq = (struct sip_cseq){number, method, name};
            return;
        }
    }
    struct fail f;
    (void)!sip_cseq_parse(&m->cseq, value, &f);
}

/* The parameter "branch" of a Via that starts "SIP/2.0/UDP host…"; p NULL where it has another form. */
static str usual_branch(str via) {
    enum { PROTOCOL = 8, BRANCH = 8 };
    if (via.n < PROTOCOL || memcmp(via.p, "SIP/2.0/", PROTOCOL) != 0) return (str){0};
    isize at = sip_span(via, PROTOCOL, SIP_CH_TOKEN);
    /* an address in brackets that is malformed may hide a ";" */
    if (at == PROTOCOL || at + 1 >= via.n || via.p[at] != ' ' || via.p[at + 1] == '[')
        return (str){0};
    if (sip_is(via.p[at + 1], SIP_CH_LWS)) return (str){0};
    for (isize semicolon = at;;) {
        str after = str_from(via, semicolon + 1);
        semicolon += scan_near(after, after.n, ';') + 1;
        str param = str_from(via, semicolon);
        if (param.n == 0) return (str){0};
        if (param.n > BRANCH && is_word(param.p + 1, "branch", BRANCH - 2) &&
            param.p[BRANCH - 1] == '=') {
            isize end = sip_span(param, BRANCH, SIP_CH_VALUE);
            bool ends = end == param.n || param.p[end] == ';';
            return ends && end > BRANCH ? str_sub(param, BRANCH, end - BRANCH) : (str){0};
        }
        /* rport, received=192.0.2.1: no quotes, which may hide a ";" too */
        isize end = sip_span(param, 1, SIP_CH_TOKEN);
        if (end == 1) return (str){0};
        if (end < param.n && param.p[end] == '=') {
            isize value = end + 1;
            end = sip_span(param, value, SIP_CH_VALUE);
            if (end == value) return (str){0};
        }
        if (end >= param.n || param.p[end] != ';') return (str){0};
    }
}

/* Of the topmost Via; an item that is empty is none. */
static void take_via(struct sip_msg *m, str value) {
    str item = value;
    struct sip_via via;
    struct fail f;
    if (str_find(value, ',') >= 0 && (!sip_list_item(&value, &item) || item.n == 0))
        return;
    if (item.n == 0) return;
    m->branch = usual_branch(item);
    if (m->branch.p) return;
    (void)!sip_via_parse(&via, item, &f);
    m->branch = via.branch.n ? via.branch : str_sub(item, 0, 0);
}

#define BIT(id) ((u64)1 << SIP_HDR_##id)
/* Those that everything needs. */
static const u64 decoded =
    BIT(VIA) | BIT(FROM) | BIT(TO) | BIT(CALL_ID) | BIT(CSEQ) | BIT(CONTENT_LENGTH);

static void take_value(struct reading *r, const struct sip_header *h) {
    struct sip_msg *m = r->m;
    u64 bit = (u64)1 << h->id;
    bool again = (r->seen & bit) != 0;
    r->seen |= bit;
    if (h->id == SIP_HDR_VIA && m->branch.p == NULL) take_via(m, h->value);
    if (again) return;
    switch (h->id) {
    case SIP_HDR_FROM: m->from_tag = take_tag(h->value); break;
    case SIP_HDR_TO: m->to_tag = take_tag(h->value); break;
    case SIP_HDR_CALL_ID: m->call_id = h->value; break;
    case SIP_HDR_CSEQ: take_cseq(m, h->value); break;
    case SIP_HDR_CONTENT_LENGTH: {
        struct str_number n = sip_number(h->value, INT32_MAX);
        r->pass.content_length = n.ok ? (i64)n.value : -1;
        break;
    }
    default: break;
    }
}

/* ---- header lines ---------------------------------------------------------------------------------------- */

static inline str trim(str s) {
    if (s.n > 1 && s.p[0] == ' ' && s.p[1] > ' ' && s.p[s.n - 1] > ' ')
        return (str){s.p + 1, s.n - 1}; /* nearly always */
    while (s.n && sip_is(s.p[0], SIP_CH_LWS)) s.p++, s.n--;
    while (s.n && sip_is(s.p[s.n - 1], SIP_CH_LWS)) s.n--;
    return s;
}

/* Keeps one whole header line; `room` bytes from its start on are readable. */
static void take_header(struct reading *r, str line, isize room) {
    struct sip_msg *m = r->m;
    isize colon;
    enum sip_header_id id = sip_header_begins(line, room, &colon);
    struct sip_header odd, *h = &odd;
    if (id && m->nheaders < SIP_MAX_HEADERS) {
        h = &m->headers[m->nheaders++];
        h->id = (u16)id;
        sip_header_count(m, id);
        h->name = (str){line.p, colon};
        h->value = trim((str){line.p + colon + 1, line.n - colon - 1});
    } else if (!sip_header_keep(m, line, h)) {
        return;
    }
    if (decoded >> h->id & 1) take_value(r, h);
}

/* Reads header lines from *at up to the blank one. False where the bytes end before it. */
static bool take_headers(struct reading *r, isize *at) {
    str bytes = r->m->bytes;
    const u8 *p = bytes.p;
    struct scan lines = scan_open(bytes, *at, '\n');
    for (isize from = *at;;) {
        isize lf = scan_next(&lines);
        if (lf < 0) {
            /* a header cut short is shown and not decoded: half a tag would be another tag */
            struct sip_header h;
            str rest = str_from(bytes, from);
            if (str_find(rest, ':') >= 0) (void)sip_header_keep(r->m, rest, &h);
            *at = bytes.n;
            return false;
        }
        isize end = lf;
        if (end > from && p[end - 1] == '\r')
            end--;
        else
            r->pass.bare_lf = true;
        /* a line that starts with a blank continues the one before; a blank line continues nothing */
        if (end > from && lf + 1 < bytes.n && is_blank(p[lf + 1])) continue;
        if (end == from) {
            *at = lf + 1;
            return true;
        }
        take_header(r, (str){p + from, end - from}, bytes.n - from);
        from = lf + 1;
    }
}

/* ---- the message ----------------------------------------------------------------------------------------- */

static bool take_start(struct sip_msg *m, struct sip_start *s) {
    if (sip_start_usual(m->bytes, s) && sip_start_take(m, s)) return true;
    if (!sip_start_find(m->bytes, s)) return false;
    sip_start_read(m, s);
    return true;
}

static void forget_remarks(struct sip_msg *m) {
    m->nnotes = m->notes_skipped = 0;
}

enum err sip_msg_parse(struct sip_msg *m, str bytes, struct fail *f) {
    struct sip_start start;
    struct reading r = {.m = m, .pass = {.content_length = -1}};
    sip_msg_init(m, bytes);
    if (!take_start(m, &start)) {
        *f = (struct fail){ERR_SYNTAX, start.at, sip_why_no_start};
        return ERR_SYNTAX;
    }
    *f = (struct fail){0};
    isize at = start.next;
    r.pass.bare_lf = start.ended && (at < 2 || bytes.p[at - 2] != '\r');
    bool whole = take_headers(&r, &at);
    m->head = str_sub(bytes, start.at, at - start.at);
    m->crlf = !r.pass.bare_lf;
    if (!whole) {
        m->cut = true;
        *f = (struct fail){ERR_MORE, bytes.n, sip_note_text(SIP_NOTE_HEADERS_CUT)};
    } else if (r.pass.content_length == bytes.n - at) {
        m->body = str_from(bytes, at);
    } else {
        sip_body_read(m, at, &r.pass);
    }
    forget_remarks(m);
    return f->err;
}
