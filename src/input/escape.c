/* escape.c: a message of many lines written into one by a syslog daemon.
 *
 *     VoIP Rx 17 a->b#015#012INVITE sip:…#015#012          rsyslog: "#" and three octal digits
 *     VoIP Rx 17 a->b\015\012INVITE sip:…                  others
 *     VoIP Rx 17 a->b\r\nINVITE sip:…                      others again */
#include "input/parts.h"

static const char lead[] = {0, '#', '\\', '\\'};

/* The byte that the escape at the start of s stands for; -1 where there is none. */
static int octal_value(str s) {
    int value = 0;
    if (s.n < 4) return -1;
    for (int i = 1; i < 4; i++) {
        if (s.p[i] < '0' || s.p[i] > '7') return -1;
        value = value * 8 + (s.p[i] - '0');
    }
    return value < 32 || value == 127 ? value : -1;
}

static int letter_value(str s) {
    if (s.n < 2) return -1;
    switch (s.p[1]) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
    }
}

static bool is_line_end(int value) {
    return value == '\n' || value == '\r';
}

enum escape escape_detect(str text) {
    if (str_find(str_trim(text), '\n') >= 0) return ESCAPE_NONE;
    for (isize i = 0; i < text.n; i++) {
        str rest = str_from(text, i);
        if (text.p[i] == '#' && is_line_end(octal_value(rest))) return ESCAPE_HASH;
        if (text.p[i] != '\\') continue;
        if (is_line_end(octal_value(rest))) return ESCAPE_OCTAL;
        if (is_line_end(letter_value(rest))) return ESCAPE_LETTER;
    }
    return ESCAPE_NONE;
}

/* Between escapes whole runs are copied. */
isize escape_undo(enum escape kind, str text, u8 *to) {
    isize n = 0, length = kind == ESCAPE_LETTER ? 2 : 4;
    while (text.n) {
        isize run = kind == ESCAPE_NONE ? -1 : str_find(text, (u8)lead[kind]);
        if (run < 0) run = text.n;
        memcpy(to + n, text.p, (size_t)run);
        n += run;
        text = str_from(text, run);
        if (text.n == 0) break;
        int value = kind == ESCAPE_LETTER ? letter_value(text) : octal_value(text);
        to[n++] = value < 0 ? text.p[0] : (u8)value;
        text = str_from(text, value < 0 ? 1 : length);
    }
    return n;
}
