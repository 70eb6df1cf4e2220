/* measure.c: how wide a text will be, without a font. Widths are those of DejaVu Sans, the widest
 * of the families that the style sheet asks for, so what fits here fits in all of them. */
#include "draw/layout.h"

/* Thousandths of the size, from blank to tilde. */
static const u16 REGULAR[95] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    999, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};
static const u16 BOLD[95] = {
    348, 456, 521, 838, 696, 999, 872, 306,  457, 457, 523, 838, 380, 415,  380, 365,
    696, 696, 696, 696, 696, 696, 696, 696,  696, 696, 400, 400, 838, 838,  838, 580,
    999, 774, 762, 734, 830, 683, 683, 821,  837, 372, 372, 775, 637, 995,  837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457,  838, 500,
    500, 675, 716, 593, 716, 678, 435, 716,  712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924,  645, 652, 582, 712, 365, 712,  838};

enum { OTHER = 880, WIDE = 1160 }; /* other alphabets; CJK, emoji and U+FFFD */

static isize step(str s) {
    isize n = utf8_len(s);
    return n ? n : 1;
}

static int glyph(str s, bool bold) {
    u8 c = s.p[0];
    if (c >= ' ' && c <= '~') return bold ? BOLD[c - ' '] : REGULAR[c - ' '];
    if (c == '\t' || c == '\n' || c == '\r') return REGULAR[0];
    if (utf8_len(s) == 2) return bold ? WIDE : OTHER;
    return WIDE;
}

static i64 thousandths(str s, bool bold) {
    i64 sum = 0;
    for (; s.n; s = str_from(s, step(s))) sum += glyph(s, bold);
    return sum;
}

int text_width(str s, int size, bool bold) {
    i64 px = (thousandths(s, bold) * size + 9999) / 10000;
    return (int)i64_min(px, 1 << 20);
}

/* Line ends and other control characters have no place in one line of type. */
static str one_line(arena *a, str s) {
    bool clean = true;
    for (isize i = 0; i < s.n; i++) clean = clean && s.p[i] >= ' ' && s.p[i] != 0x7f;
    if (clean) return s;
    u8 *p = arena_new(a, u8, s.n);
    for (isize i = 0; i < s.n; i++) p[i] = s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i];
    return (str){p, s.n};
}

static isize bytes_within(str s, bool bold, i64 room) {
    isize at = 0;
    while (at < s.n) {
        str rest = str_from(s, at);
        room -= glyph(rest, bold);
        if (room < 0) break;
        at += step(rest);
    }
    return at;
}

/* Where the longest tail of s that fits begins. */
static isize tail_from(str s, bool bold, i64 room) {
    i64 rest = thousandths(s, bold);
    isize at = 0;
    while (at < s.n && rest > room) {
        str here = str_from(s, at);
        rest -= glyph(here, bold);
        at += step(here);
    }
    return at;
}

static str join(arena *a, str head, str tail) {
    isize n = head.n + 3 + tail.n;
    u8 *p = arena_new(a, u8, n);
    isize at = 0;
    for (isize i = 0; i < head.n; i++) p[at++] = head.p[i];
    p[at++] = 0xe2; /* … */
    p[at++] = 0x80;
    p[at++] = 0xa6;
    for (isize i = 0; i < tail.n; i++) p[at++] = tail.p[i];
    return (str){p, n};
}

str text_fit(arena *a, str s, int size, bool bold, int max) {
    if (s.n > 512) s = str_sub(s, 0, 512); /* nobody reads on */
    s = one_line(a, s);
    if (text_width(s, size, bold) <= max) return s;
    i64 room = (i64)max * 10000 / size - WIDE; /* … */
    str head = str_sub(s, 0, bytes_within(s, bold, room));
    return join(a, str_trim(head), (str){0});
}

str text_fit_middle(arena *a, str s, int size, bool bold, int max) {
    if (s.n > 512) s = str_sub(s, 0, 512);
    s = one_line(a, s);
    if (text_width(s, size, bold) <= max) return s;
    i64 room = (i64)max * 10000 / size - WIDE; /* … */
    str head = str_sub(s, 0, bytes_within(s, bold, room / 2));
    return join(a, head, str_from(s, tail_from(s, bold, room / 2)));
}
