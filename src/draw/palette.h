/* palette.h: the colours of legs, and of what they stand on. Chosen by a search over CIE Lab distances, also as
 * people without green or red cones see them; tests/draw/test_palette.c holds them to:
 *   (1) a line reaches 3:1 against the ground (WCAG 1.4.11), its badge's number 4.5:1 against the line;
 *   (2) neighbours in leg order differ by 25 or more, in each of the three kinds of sight;
 *   (3) 1 to 12 are drawn solid and 13 to 24 dashed, and within each dozen all differ by 10 or more. */
#ifndef SIPWEAVE_DRAW_PALETTE_H
#define SIPWEAVE_DRAW_PALETTE_H

#include "base/base.h"

enum { PALETTE_N = 24, PALETTE_SOLID = 12 };

struct leg_colour {
    u32 line, text; /* 0xrrggbb; text: of the number on a badge */
};

struct theme {
    struct leg_colour leg[PALETTE_N]; /* leg 1 is leg[0] */
    u32 ground, ink, dim, life, band;
    u32 hover; /* laid thinly over a row: the lines behind it stay in sight */
    u32 bad, warn, info, sign; /* marks, and what is drawn on them */
};

extern const struct theme theme_light, theme_dark;

/* 1 to 24: the class c1 … c24 of a leg number. */
static inline int palette_class(int leg) {
    return leg > 0 ? (leg - 1) % PALETTE_N + 1 : PALETTE_N;
}

#endif
