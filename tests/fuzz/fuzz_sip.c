/* Properties of the SIP parser, for any bytes at all:
 *   - every slice and note lies inside the input;
 *   - a message cut out of its datagram reads the same as inside it;
 *   - a frame found in a stream is one message, and more bytes behind it change nothing;
 *   - with notes or without, it reads the same; line ends are found alike in every way;
 *   - every value parser takes every header, and its failures point into the value. */
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "sip/inner.h"
#include "sip/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fail(enum err e, const struct fail *f, str value) {
    must(e == f->err);
    if (e == ERR_OK) return;
    must(e == ERR_SYNTAX && f->at >= 0 && f->at <= value.n && f->why);
}

static void check_params(str params) {
    str rest = params;
    struct sip_param p;
    while (sip_param_next(&rest, &p)) {
        must(str_inside(p.name, params) && str_inside(p.value, params));
        must(p.has_value || p.value.n == 0);
    }
    must(str_inside(sip_param_get(params, S("tag"), NULL), params));
}

/* The short cuts for what is usual lead where the long ways do. */
static void check_shortcut(str value, const struct sip_addr *a, const struct fail *f) {
    struct sip_addr b;
    struct fail g;
    must(sip_addr_parse_closely(&b, value, &g) == f->err && f->at == g.at);
    must(same_place(a->display, b.display) && same_place(a->uri, b.uri));
    must(same_place(a->params, b.params) && same_place(a->tag, b.tag));
    must(a->star == b.star);
}

static void check_uri_shortcut(str value, const struct sip_uri *u, const struct fail *f) {
    struct sip_uri v;
    struct fail g;
    must(sip_uri_parse_closely(&v, value, &g) == f->err && f->at == g.at);
    must(same_place(u->scheme, v.scheme) && same_place(u->user, v.user));
    must(same_place(u->password, v.password) && same_place(u->host, v.host));
    must(same_place(u->number, v.number) && same_place(u->params, v.params));
    must(same_place(u->headers, v.headers) && u->port == v.port);
    must((u->headers.p == NULL) == (v.headers.p == NULL));
}

static void check_addr(str value) {
    struct sip_addr a;
    struct sip_uri u;
    struct fail f;
    check_fail(sip_addr_parse(&a, value, &f), &f, value);
    check_shortcut(value, &a, &f);
    must(str_inside(a.display, value) && str_inside(a.uri, value));
    must(str_inside(a.params, value) && str_inside(a.tag, value));
    check_params(a.params);
    check_fail(sip_uri_parse(&u, a.uri, &f), &f, a.uri);
    check_uri_shortcut(a.uri, &u, &f);
    str parts[] = {u.scheme, u.user, u.password, u.host, u.number, u.params, u.headers};
    for (isize i = 0; i < countof(parts); i++) must(str_inside(parts[i], a.uri));
}

static void check_value(str value) {
    struct sip_via via;
    struct sip_cseq cseq;
    struct sip_dialog_ref ref;
    struct fail f;
    check_fail(sip_via_parse(&via, value, &f), &f, value);
    str parts[] = {via.transport, via.host,     via.params,
                   via.branch,    via.received, via.rport};
    for (isize i = 0; i < countof(parts); i++) must(str_inside(parts[i], value));
    check_fail(sip_cseq_parse(&cseq, value, &f), &f, value);
    must(str_inside(cseq.method_name, value));
    check_fail(sip_dialog_ref_parse(&ref, value, &f), &f, value);
    must(str_inside(ref.call_id, value) && str_inside(ref.to_tag, value));
    must(str_inside(ref.from_tag, value));
    check_addr(value);
    check_params(value);
    str rest = value, item;
    isize before = -1;
    while (sip_list_next(&rest, &item)) {
        must(item.n && str_inside(item, value));
        must(item.p - value.p > before);
        before = item.p - value.p;
        check_addr(item);
    }
}

static void check_inside(const struct sip_msg *m) {
    str parts[] = {m->method_name, m->uri,    m->reason,          m->version,
                   m->head,        m->body,   m->call_id,         m->from_tag,
                   m->to_tag,      m->branch, m->cseq.method_name};
    for (isize i = 0; i < countof(parts); i++) must(str_inside(parts[i], m->bytes));
    must(m->nnotes >= 0 && m->nnotes <= SIP_MAX_NOTES);
    for (isize i = 0; i < m->nnotes; i++) {
        must(m->notes[i].code > SIP_NOTE_NONE && m->notes[i].code < SIP_NOTE_COUNT);
        must(m->notes[i].at <= m->bytes.n &&
             m->notes[i].n <= m->bytes.n - m->notes[i].at);
    }
    must(m->nheaders >= 0 && m->nheaders <= SIP_MAX_HEADERS);
    for (isize i = 0; i < m->nheaders; i++) {
        const struct sip_header *h = &m->headers[i];
        must(h->name.n > 0 && str_inside(h->name, m->head) &&
             str_inside(h->value, m->head));
        must(h->id == sip_header_from_name(h->name));
        if (h->id) must(sip_header_first(m, (enum sip_header_id)h->id) <= h);
        check_value(h->value);
    }
}

static bool same(const struct sip_msg *a, const struct sip_msg *b) {
    return a->is_request == b->is_request && a->method == b->method &&
           a->status == b->status && a->nheaders == b->nheaders &&
           str_eq(a->call_id, b->call_id) && str_eq(a->from_tag, b->from_tag) &&
           str_eq(a->to_tag, b->to_tag) && str_eq(a->branch, b->branch) &&
           a->cseq.number == b->cseq.number && a->cseq.method == b->cseq.method &&
           str_eq(a->uri, b->uri) && str_eq(a->reason, b->reason) &&
           str_eq(a->body, b->body);
}

/* A copy in a block of exactly its size, so that one byte too far is seen. */
static str own(str s) {
    u8 *p = malloc(s.n ? (size_t)s.n : 1);
    must(p);
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    return (str){p, s.n};
}

static void check_alone(const struct sip_msg *m, enum err e) {
    static struct sip_msg alone;
    struct fail f;
    isize from = m->head.p - m->bytes.p;
    str copy = own(str_sub(m->bytes, from, m->head.n + m->body.n));
    must(message_read(&alone, copy, &f) == e);
    must(same(m, &alone));
    free((void *)(uintptr_t)copy.p);
}

static void check_scan(str in) {
    struct scan s = scan_open(in, 0, '\n');
    for (isize from = 0, next; from <= in.n; from = next + 1) {
        isize left = str_find(str_from(in, from), '\n');
        next = scan_next(&s);
        must(next == (left < 0 ? -1 : from + left));
        if (next < 0) break;
    }
    for (isize at = 0; at + SCAN_BLOCK <= in.n; at += SCAN_BLOCK) {
        u64 plain = scan_plain(in.p + at, '\n');
        must(scan_words(in.p + at, '\n') == plain);
        must(scan_block(in.p + at, '\n') == plain);
    }
}

static void check_frames(str stream) {
    static struct sip_msg m;
    struct fail f;
    isize n, again;
    enum err e = sip_frame_length(stream, &n);
    must(e == ERR_OK || e == ERR_MORE || e == ERR_SYNTAX);
    if (e != ERR_OK) {
        must(n == 0);
        return;
    }
    must(n > 0 && n <= stream.n);
    str frame = own(str_sub(stream, 0, n));
    must(sip_frame_length(frame, &again) == ERR_OK && again == n);
    if (n > 1) must(sip_frame_length(str_sub(frame, 0, n - 1), &again) != ERR_OK);
    must(sip_msg_parse(&m, frame, &f) == ERR_OK);
    must(!m.cut);
    must(m.body.n == 0 || m.body.p + m.body.n == frame.p + frame.n);
    free((void *)(uintptr_t)frame.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct sip_msg m;
    struct fail f;
    str in = own((str){data, (isize)size});
    enum err e = message_read(&m, in, &f);
    check_scan(in);
    must(e == f.err);
    must((e != ERR_SYNTAX) == sip_looks_like_start(in));
    if (e == ERR_SYNTAX) {
        must(f.at >= 0 && f.at <= in.n && f.why && m.nheaders == 0 && m.nnotes == 0);
        must(sip_frame_length(in, &(isize){0}) != ERR_OK);
    } else {
        check_inside(&m);
        check_alone(&m, e);
    }
    check_frames(in);
    must(sip_wire_length(in) >= in.n);
    check_value(in);
    free((void *)(uintptr_t)in.p);
    return 0;
}
