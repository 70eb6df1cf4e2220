/* remark.c: one careful pass over a message, which notes what is wrong with it. It is also the plain way of reading one, that
 * message.c has to agree with.
 *
 *     start line ─ header line ─ header line ─ … ─ blank line ─ body
 *     sip_start_read   sip_header_split, sip_header_check      sip_body_read
 *
 * The struct is large (headers and notes stand in it), so nothing is zeroed beyond the counts. */
#include "sip/inner.h"

void sip_note_add(struct sip_msg *m, enum sip_note_code code, isize at, isize n) {
    if (m->nnotes == SIP_MAX_NOTES) {
        struct sip_note *last = &m->notes[SIP_MAX_NOTES - 1];
        if (m->notes_skipped == 0)
            m->notes_skipped = 1; /* the one that made room for this remark */
        m->notes_skipped++;
        last->code = SIP_NOTE_NOTES_MANY;
        return;
    }
    m->notes[m->nnotes++] = (struct sip_note){.code = code,
                                              .at = (u32)i64_min(at, UINT32_MAX),
                                              .n = (u32)i64_min(n, UINT32_MAX)};
}

void sip_note_part(struct sip_msg *m, enum sip_note_code code, str part) {
    sip_note_add(m, code, part.p ? part.p - m->bytes.p : 0, part.n);
}

void sip_msg_init(struct sip_msg *m, str bytes) {
    m->bytes = bytes;
    m->is_request = m->cut = m->crlf = false;
    m->present = m->again = 0;
    m->method = SIP_METHOD_NONE;
    m->status = 0;
    m->method_name = m->uri = m->reason = m->version = m->head = m->body = (str){0};
    m->nheaders = m->nnotes = m->headers_skipped = m->notes_skipped = 0;
    m->call_id = m->from_tag = m->to_tag = m->branch = (str){0};
    m->cseq = (struct sip_cseq){0};
}

bool sip_header_keep(struct sip_msg *m, str text, struct sip_header *h) {
    isize odd;
    if (!sip_header_split(text, h, &odd)) {
        sip_note_part(m, SIP_NOTE_HEADER_COLON, text);
        return false;
    }
    if (h->name.n == 0) {
        sip_note_part(m, SIP_NOTE_HEADER_NAME, text);
        return false;
    }
    if (odd >= 0) sip_note_part(m, SIP_NOTE_HEADER_BYTE, str_sub(text, odd, 1));
    if (m->nheaders < SIP_MAX_HEADERS) {
        m->headers[m->nheaders++] = *h;
        sip_header_count(m, (enum sip_header_id)h->id);
    } else if (m->headers_skipped++ == 0) {
        sip_note_part(m, SIP_NOTE_HEADERS_MANY, text);
    }
    return true;
}

/* Reads header lines up to the blank one. False where the bytes end before it. */
static bool read_headers(struct sip_msg *m, isize *at, struct sip_pass *pass) {
    for (;;) {
        struct sip_line line;
        enum sip_line_kind kind = sip_line_next(m->bytes, at, &line);
        if (line.bare_lf >= 0 && !pass->bare_lf) {
            pass->bare_lf = true;
            sip_note_add(m, SIP_NOTE_BARE_LF, line.bare_lf, 1);
        }
        if (kind == SIP_LINE_BLANK) return true;
        struct sip_header h;
        if (kind == SIP_LINE_HEADER) {
            if (sip_header_keep(m, line.text, &h)) sip_header_check(m, &h, pass);
            continue;
        }
        /* a header cut short is shown and not decoded: half a tag would be another tag */
        if (str_find(line.text, ':') >= 0) (void)sip_header_keep(m, line.text, &h);
        return false;
    }
}

/* The headers that a message must have (§8.1.1; a response needs no Max-Forwards). */
static void check_missing(struct sip_msg *m, u64 seen, str start_line) {
    static const struct {
        enum sip_header_id id;
        enum sip_note_code code;
    } needed[] = {
        {SIP_HDR_VIA, SIP_NOTE_NO_VIA},
        {SIP_HDR_FROM, SIP_NOTE_NO_FROM},
        {SIP_HDR_TO, SIP_NOTE_NO_TO},
        {SIP_HDR_CALL_ID, SIP_NOTE_NO_CALL_ID},
        {SIP_HDR_CSEQ, SIP_NOTE_NO_CSEQ},
        {SIP_HDR_MAX_FORWARDS, SIP_NOTE_NO_MAX_FORWARDS},
    };
    for (isize i = 0; i < countof(needed); i++) {
        if (needed[i].id == SIP_HDR_MAX_FORWARDS && !m->is_request) continue;
        if (!(seen >> needed[i].id & 1)) sip_note_part(m, needed[i].code, start_line);
    }
}

enum err sip_msg_check(struct sip_msg *m, str bytes, struct fail *f) {
    struct sip_start start;
    sip_msg_init(m, bytes);
    if (!sip_start_find(bytes, &start)) {
        *f = (struct fail){ERR_SYNTAX, start.at, sip_why_no_start};
        return ERR_SYNTAX;
    }
    *f = (struct fail){0};
    struct sip_pass pass = {.content_length = -1};
    sip_start_read(m, &start);
    isize at = start.next;
    if (start.ended && (at < 2 || bytes.p[at - 2] != '\r')) {
        pass.bare_lf = true;
        sip_note_add(m, SIP_NOTE_BARE_LF, at - 1, 1);
    }
    bool whole = read_headers(m, &at, &pass);
    m->head = str_sub(bytes, start.at, at - start.at);
    m->crlf = !pass.bare_lf;
    sip_bytes_check(m);
    if (!whole) {
        m->cut = true;
        sip_note_add(m, SIP_NOTE_HEADERS_CUT, bytes.n, 0);
        *f = (struct fail){ERR_MORE, bytes.n, sip_note_text(SIP_NOTE_HEADERS_CUT)};
        return ERR_MORE;
    }
    check_missing(m, pass.seen, start.line);
    sip_body_read(m, at, &pass);
    return ERR_OK;
}
