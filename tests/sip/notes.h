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
