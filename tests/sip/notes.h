/* notes.h: what the SIP tests share: the notes of a message as one line, and comparing slices. */
#ifndef SIPWEAVE_TESTS_SIP_NOTES_H
#define SIPWEAVE_TESTS_SIP_NOTES_H

#include "sip/sip.h"

#include <stdio.h>
#include <string.h>

enum { NOTES_LINE = 512 };

/* The names of the notes, each once, in order of appearance: "start-line no-via". */
static inline void notes_line(const struct sip_msg *m, char line[NOTES_LINE]) {
    size_t n = 0;
    line[0] = 0;
    for (isize i = 0; i < m->nnotes; i++) {
        bool seen = false;
        for (isize k = 0; k < i; k++) seen = seen || m->notes[k].code == m->notes[i].code;
        if (seen) continue;
        n += (size_t)snprintf(line + n, NOTES_LINE - n, "%s%s", n ? " " : "",
                              sip_note_name(m->notes[i].code));
    }
}

static inline bool same_place(str a, str b) {
    return a.n == b.n && (a.n == 0 || a.p == b.p);
}

/* Do both say the same of the same bytes, slice by slice? Notes aside. */
static inline bool message_reads_same(const struct sip_msg *a, const struct sip_msg *b) {
    const str *const x[] = {
        &a->method_name, &a->uri,    &a->reason,          &a->version,
        &a->head,        &a->body,   &a->call_id,         &a->from_tag,
        &a->to_tag,      &a->branch, &a->cseq.method_name};
    const str *const y[] = {
        &b->method_name, &b->uri,    &b->reason,          &b->version,
        &b->head,        &b->body,   &b->call_id,         &b->from_tag,
        &b->to_tag,      &b->branch, &b->cseq.method_name};
    bool ok = a->is_request == b->is_request && a->cut == b->cut && a->crlf == b->crlf &&
              a->present == b->present && a->method == b->method &&
              a->status == b->status && a->nheaders == b->nheaders &&
              a->headers_skipped == b->headers_skipped &&
              a->cseq.number == b->cseq.number && a->cseq.method == b->cseq.method;
    for (isize i = 0; i < countof(x); i++) ok = ok && same_place(*x[i], *y[i]);
    for (isize i = 0; ok && i < a->nheaders; i++) {
        const struct sip_header *g = &a->headers[i], *h = &b->headers[i];
        ok = g->id == h->id && same_place(g->name, h->name) &&
             same_place(g->value, h->value);
    }
    return ok;
}

/* Reads a message with its notes, and again without them: what both read has to be the same. */
static inline enum err message_read(struct sip_msg *m, str bytes, struct fail *f) {
    static struct sip_msg fast;
    struct fail other;
    enum err e = sip_msg_check(m, bytes, f), again = sip_msg_parse(&fast, bytes, &other);
    must(e == again && f->err == other.err && f->at == other.at && f->why == other.why);
    must(fast.nnotes == 0 && fast.notes_skipped == 0);
    must(e == ERR_SYNTAX || message_reads_same(m, &fast));
    return e;
}

/* Invariant (1) of sip.h: every slice and every note lies inside the bytes. */
static inline bool message_is_inside(const struct sip_msg *m) {
    str parts[] = {m->method_name, m->uri,    m->reason,          m->version,
                   m->head,        m->body,   m->call_id,         m->from_tag,
                   m->to_tag,      m->branch, m->cseq.method_name};
    bool ok = m->nheaders <= SIP_MAX_HEADERS && m->nnotes <= SIP_MAX_NOTES;
    for (isize i = 0; i < countof(parts); i++) ok = ok && str_inside(parts[i], m->bytes);
    for (isize i = 0; ok && i < m->nheaders; i++) {
        const struct sip_header *h = &m->headers[i];
        ok = str_inside(h->name, m->bytes) && str_inside(h->value, m->bytes) &&
             h->id < SIP_HDR_COUNT;
    }
    for (isize i = 0; ok && i < m->nnotes; i++) {
        isize at = m->notes[i].at, n = m->notes[i].n;
        ok = m->notes[i].code > SIP_NOTE_NONE && m->notes[i].code < SIP_NOTE_COUNT &&
             at <= m->bytes.n && n <= m->bytes.n - at;
    }
    return ok;
}

#define assert_str(got, wanted)                                                          \
    do {                                                                                 \
        str assert_got = (got), assert_wanted = (wanted);                                \
        if (!str_eq(assert_got, assert_wanted)) {                                        \
            print_error("got \"%.*s\", wanted \"%.*s\"\n", (int)assert_got.n,            \
                        assert_got.n ? (const char *)assert_got.p : "",                  \
                        (int)assert_wanted.n,                                            \
                        assert_wanted.n ? (const char *)assert_wanted.p : "");           \
            fail();                                                                      \
        }                                                                                \
    } while (0)

#endif
