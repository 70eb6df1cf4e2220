/* header.c: header lines (RFC 3261 §7.3.1) and finding headers by kind or name. */
#include "sip/inner.h"

#include <string.h>

enum sip_line_kind sip_line_next(str bytes, isize *at, struct sip_line *line) {
    const u8 *p = bytes.p;
    isize from = *at, end = from;
    line->bare_lf = -1;
    for (;;) {
        const u8 *lf =
            end < bytes.n ? memchr(p + end, '\n', (size_t)(bytes.n - end)) : NULL;
        if (!lf) {
            line->text = str_from(bytes, from);
            *at = bytes.n;
            return SIP_LINE_CUT;
        }
        isize next = lf - p + 1;
        isize text_end = next - 1;
        if (text_end > from && p[text_end - 1] == '\r') {
            text_end--;
        } else if (line->bare_lf < 0) {
            line->bare_lf = text_end;
        }
        /* a line that starts with a blank continues the one before; a blank line continues nothing */
        if (text_end > from && next < bytes.n && is_blank(p[next])) {
            end = next;
            continue;
        }
        line->text = (str){p + from, text_end - from};
        *at = next;
        return text_end == from ? SIP_LINE_BLANK : SIP_LINE_HEADER;
    }
}

bool sip_header_split(str text, struct sip_header *h, isize *odd) {
    isize end = sip_span(text, 0, SIP_CH_TOKEN), colon = end;
    *odd = -1;
    while (colon < text.n && is_blank(text.p[colon])) colon++;
    if (colon >= text.n || text.p[colon] != ':') {
        colon = str_find(text, ':');
        if (colon < 0) return false;
        *odd = end;
        end = colon;
    }
    h->name = str_trim(str_sub(text, 0, end));
    h->value = str_trim(str_from(text, colon + 1));
    h->id = (u16)sip_header_from_name(h->name);
    return true;
}

static const struct sip_header *find_from(const struct sip_msg *m, isize i,
                                          enum sip_header_id id) {
    for (; i < m->nheaders; i++) {
        if (m->headers[i].id == (u16)id) return &m->headers[i];
    }
    return NULL;
}

const struct sip_header *sip_header_first(const struct sip_msg *m,
                                          enum sip_header_id id) {
    if (!(m->present >> id & 1)) return NULL;
    return find_from(m, 0, id);
}

const struct sip_header *sip_header_next(const struct sip_msg *m,
                                         const struct sip_header *h) {
    if (!(m->again >> h->id & 1)) return NULL;
    return find_from(m, h - m->headers + 1, (enum sip_header_id)h->id);
}

const struct sip_header *sip_header_named(const struct sip_msg *m, str name) {
    enum sip_header_id id = sip_header_from_name(name);
    if (id != SIP_HDR_OTHER) return sip_header_first(m, id);
    for (isize i = 0; i < m->nheaders; i++) {
        const struct sip_header *h = &m->headers[i];
        if (h->id == SIP_HDR_OTHER && str_eq_nocase(h->name, name)) return h;
    }
    return NULL;
}
