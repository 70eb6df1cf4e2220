/* parsed.h: one message for the tests of whole messages, and the headers that each of them needs. */
#ifndef SIPWEAVE_TESTS_SIP_PARSED_H
#define SIPWEAVE_TESTS_SIP_PARSED_H

#include "lib/edge.h"
#include "sip/notes.h"

#define VIA     "Via: SIP/2.0/UDP pc.example.com;branch=z9hG4bK1\r\n"
#define FROM    "From: <sip:a@example.com>;tag=f\r\n"
#define TO      "To: <sip:b@example.org>\r\n"
#define ID      "Call-ID: c@example.com\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
#define INVITE  "INVITE sip:b@example.org SIP/2.0\r\n"
#define NEEDED  VIA FROM TO ID
#define OK_LINE "SIP/2.0 200 OK\r\n"

static struct sip_msg msg; /* large: not for the stack of a sanitized test */

/* Parses a copy that ends at an unreadable page; the copy stays until the next call. */
static inline enum err parse(str text) {
    static str last;
    struct fail f;
    if (last.p) edge_drop(last);
    last = edge_copy(text);
    enum err e = message_read(&msg, last, &f);
    assert_true(message_is_inside(&msg));
    assert_int_equal(f.err, e);
    if (e != ERR_OK) assert_true(f.at >= 0 && f.at <= text.n && f.why);
    return e;
}

static inline void assert_notes(const char *wanted) {
    char line[NOTES_LINE];
    notes_line(&msg, line);
    assert_string_equal(line, wanted);
}

#endif
