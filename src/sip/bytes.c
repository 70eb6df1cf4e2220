/* bytes.c: bytes that have no place in a head: control bytes, NUL, what is not UTF-8 (§7.3, §25.1).
 * Almost every head is plain, so blocks are sifted first and only odd ones are looked at. */
#include "sip/inner.h"

enum { BLOCK = 64 };

/* No control byte but HTAB, LF and the CR of a CRLF, and no byte past 126? Reads p[0] to p[BLOCK]. */
static bool block_is_plain(const u8 *p) {
    u8 odd = 0;
    for (int i = 0; i < BLOCK; i++) {
        u8 c = p[i], next = p[i + 1];
        u8 outside = (u8)((u8)(c - 32) > 94), end = (u8)((c == '\n') | (c == '\t'));
        u8 paired = (u8)((c == '\r') & (next == '\n'));
        odd = (u8)(odd | (outside & (end ^ 1) & (paired ^ 1)));
    }
    return odd == 0;
}

static bool is_plain(str s) {
    isize at = 0;
    for (; s.n - at > BLOCK; at += BLOCK) {
        if (!block_is_plain(s.p + at)) return false;
    }
    /* the last block again, from further back; a short or odd end is looked at byte by byte */
    if (s.n > BLOCK) return block_is_plain(s.p + s.n - BLOCK - 1) && s.p[s.n - 1] == '\n';
    return false;
}

static void look(struct sip_msg *m, str s, isize base) {
    bool control = false, nul = false, utf8 = false;
    for (isize i = 0; i < s.n; i++) {
        u8 c = s.p[i];
        if (c >= 32 && c < 127) continue;
        if (c == '\t' || c == '\n') continue;
        if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') continue;
        if (c >= 128) {
            isize n = utf8_len(str_from(s, i));
            if (n == 0 && !utf8) sip_note_add(m, SIP_NOTE_NOT_UTF8, base + i, 1);
            if (n == 0) utf8 = true;
            if (n > 1) i += n - 1;
            continue;
        }
        /* any of these may stand after a backslash in a quoted string */
        if (i > 0 && s.p[i - 1] == '\\' && c != '\r') continue;
        bool *seen = c == 0 ? &nul : &control;
        if (!*seen)
            sip_note_add(m, c == 0 ? SIP_NOTE_NUL : SIP_NOTE_HEADER_BYTE, base + i, 1);
        *seen = true;
    }
}

void sip_bytes_check(struct sip_msg *m) {
    if (!is_plain(m->head)) look(m, m->head, m->head.p - m->bytes.p);
}
