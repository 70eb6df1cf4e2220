/* frame.c: where a message ends in a stream (RFC 3261 §18.3): its headers and Content-Length bytes.
 * Without a Content-Length that can be read there is no body: in a stream, nothing else is sure. */
#include "sip/inner.h"

static i64 read_length(str value) {
    struct str_number n = str_u64(value, INT32_MAX);
    if (!n.ok) return -1;
    return (i64)n.value;
}

enum err sip_frame_length(str stream, isize *n) {
    struct sip_start start;
    *n = 0;
    bool found = sip_start_find(stream, &start);
    if (!found && (start.ended || !sip_start_possible(stream))) {
        return start.line.n ? ERR_SYNTAX : ERR_MORE;
    }
    if (!found || !start.ended) return ERR_MORE;
    isize at = start.next;
    i64 length = -1;
    bool bare_lf = stream.p[at - 1] == '\n' && (at < 2 || stream.p[at - 2] != '\r');
    for (;;) {
        struct sip_line line;
        struct sip_header h;
        isize odd;
        enum sip_line_kind kind = sip_line_next(stream, &at, &line);
        if (kind == SIP_LINE_CUT) return ERR_MORE;
        if (line.bare_lf >= 0) bare_lf = true;
        if (kind == SIP_LINE_BLANK) break;
        /* the last byte so far may be a line end that the next one continues */
        if (at == stream.n) return ERR_MORE;
        u8 letter = to_lower(line.text.p[0]);
        if (is_alpha(letter) && letter != 'c' && letter != 'l') continue;
        if (length >= 0 || !sip_header_split(line.text, &h, &odd)) continue;
        if (h.id == SIP_HDR_CONTENT_LENGTH) length = read_length(h.value);
    }
    if (length < 0) length = 0;
    isize body = sip_body_length(str_from(stream, at), length, bare_lf);
    if (body < 0) return ERR_MORE;
    *n = at + body;
    return ERR_OK;
}
