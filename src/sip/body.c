/* body.c: where the body ends (RFC 3261 §18.3, §20.14).
 *
 * Device logs store LF for CRLF, so that a body of N bytes on the wire is shorter in the log by one
 * byte a line. Both counts are tried: as it stands, and as the wire had it. */
#include "sip/inner.h"

isize sip_wire_length(str text) {
    isize n = text.n;
    for (isize at = 0; at < text.n; at++) {
        isize lf = str_find(str_from(text, at), '\n');
        if (lf < 0) break;
        at += lf;
        if (at == 0 || text.p[at - 1] != '\r') n++;
    }
    return n;
}

/* How many bytes of the text made n bytes on the wire; -1 where no line ends fit that. */
static isize text_length(str text, i64 n) {
    i64 wire = 0;
    for (isize at = 0; at < text.n && wire < n; at++) {
        wire += 1 + (text.p[at] == '\n' && (at == 0 || text.p[at - 1] != '\r'));
        if (wire == n) return at + 1;
    }
    return n == 0 ? 0 : -1;
}

isize sip_body_length(str rest, i64 n, bool bare_lf) {
    if (bare_lf) {
        /* only an end of line is believed: a body may truly have LF alone */
        isize text = text_length(rest, n);
        if (text > 0 && rest.p[text - 1] == '\n') return text;
    }
    if (n <= rest.n) return (isize)n;
    return -1;
}

static bool only_line_ends(str s) {
    for (isize i = 0; i < s.n; i++) {
        if (s.p[i] != '\r' && s.p[i] != '\n') return false;
    }
    return true;
}

void sip_body_read(struct sip_msg *m, isize at, const struct sip_pass *pass) {
    str rest = str_from(m->bytes, at);
    i64 n = pass->content_length;
    m->body = rest;
    if (n >= 0 && n != rest.n && n != sip_wire_length(rest)) {
        isize length = sip_body_length(rest, n, pass->bare_lf);
        /* a text that lost its last line end, as logs trim it */
        i64 lost = n - sip_wire_length(rest);
        bool trimmed = pass->bare_lf && (lost == 1 || lost == 2);
        if (length >= 0) {
            m->body = str_sub(rest, 0, length);
            str tail = str_from(rest, length);
            bool blank = pass->bare_lf && only_line_ends(tail);
            if (!blank) sip_note_part(m, SIP_NOTE_BODY_LONG, tail);
        } else if (!trimmed) {
            sip_note_add(m, SIP_NOTE_BODY_SHORT, m->bytes.n, 0);
            m->cut = true;
        }
    }
    bool typed = (pass->seen >> SIP_HDR_CONTENT_TYPE & 1) != 0;
    if (m->body.n && !typed) sip_note_part(m, SIP_NOTE_NO_CONTENT_TYPE, m->body);
}
