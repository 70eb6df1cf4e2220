#include "draw/cells.h"

struct cells cells_new(arena *a, int n) {
    struct cells line = {arena_new(a, u32, n > 0 ? n : 0), n > 0 ? n : 0};
    cells_clear(&line);
    return line;
}

void cells_clear(struct cells *line) {
    for (int i = 0; i < line->n; i++) line->c[i] = ' ';
}

static u32 decode(str s, isize n) {
    static const u8 lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    u32 c = s.p[0] & lead[n];
    for (isize i = 1; i < n; i++) c = c << 6 | (s.p[i] & 0x3f);
    return c;
}

/* Turns the writing around, or hides: what a name could lie with. */
static bool treacherous(u32 c) {
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x061c ||
           (c >= 0xfff0 && c <= 0xffff) || c >= 0xe0000;
}

static bool combining(u32 c) {
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) ||
           (c >= 0x591 && c <= 0x5bd) || (c >= 0x64b && c <= 0x65f) ||
           (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
           (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
           (c >= 0xfe20 && c <= 0xfe2f);
}

static bool wide(u32 c) {
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

/* What of ours has a plain form. */
static u32 plain(u32 c) {
    switch (c) {
    case 0x2248: return '~'; /* about */
    case 0xd7: return 'x';   /* times */
    case 0x2026: return '.';
    default: return '?';
    }
}

struct cells cells_text(arena *a, str s, bool ascii) {
    if (s.n > 4096) s = str_sub(s, 0, 4096);
    struct cells t = {arena_new(a, u32, 2 * s.n), 0};
    while (s.n) {
        isize n = utf8_len(s);
        u32 c = n ? decode(s, n) : 0xfffd;
        s = str_from(s, n ? n : 1);
        if (c == '\t' || c == '\r' || c == '\n') c = ' ';
        if (c < ' ' || (c >= 0x7f && c < 0xa0) || treacherous(c)) c = 0xfffd;
        if (combining(c)) continue;
        if (ascii && c > '~') c = plain(c);
        t.c[t.n++] = c;
        if (wide(c)) t.c[t.n++] = CELL_NONE;
    }
    return t;
}

void cells_set(struct cells *line, int at, u32 c) {
    if (at >= 0 && at < line->n) line->c[at] = c;
}

void cells_put(struct cells *line, int at, struct cells text) {
    for (int i = 0; i < text.n; i++) cells_set(line, at + i, text.c[i]);
}

struct cells cells_fit(arena *a, struct cells text, int max, bool ascii) {
    if (max < 0) max = 0;
    if (text.n <= max) return text;
    struct cells cut = cells_new(a, max);
    for (int i = 0; i < max; i++) cut.c[i] = text.c[i];
    if (max > 0) cut.c[max - 1] = ascii ? '.' : 0x2026;
    if (max > 1 && text.c[max - 1] == CELL_NONE) cut.c[max - 2] = ' ';
    return cut;
}

static void write_character(struct out *o, u32 c) {
    if (c == CELL_NONE) return;
    if (c < 0x80) {
        out_byte(o, (u8)c);
        return;
    }
    int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const u8 lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out_byte(o, (u8)(lead[n] | c >> (6 * (n - 1))));
    for (int i = n - 2; i >= 0; i--) out_byte(o, (u8)(0x80 | (c >> (6 * i) & 0x3f)));
}

void cells_write(struct out *o, struct cells line) {
    while (line.n && line.c[line.n - 1] == ' ') line.n--;
    for (int i = 0; i < line.n; i++) write_character(o, line.c[i]);
}

void cells_write_padded(struct out *o, struct cells text, int width) {
    for (int i = 0; i < text.n; i++) write_character(o, text.c[i]);
    for (int i = text.n; i < width; i++) out_byte(o, ' ');
}
