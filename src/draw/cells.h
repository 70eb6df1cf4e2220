/* cells.h: one line of a terminal as an array of characters, one a cell. Text from messages is made safe on
 * its way in: control characters (a terminal would obey them), marks that change the direction of
 * writing, and bytes that are no UTF-8 become U+FFFD; with ascii everything past ~ becomes '?'. */
#ifndef SIPWEAVE_DRAW_CELLS_H
#define SIPWEAVE_DRAW_CELLS_H

#include "base/out.h"

enum { CELL_NONE = 0 }; /* the second half of a wide character */

struct cells {
    u32 *c;
    int n;
};

struct cells cells_new(arena *a, int n);              /* n blanks */
struct cells cells_text(arena *a, str s, bool ascii); /* a text as cells */
void cells_clear(struct cells *line);                 /* blanks */
void cells_set(struct cells *line, int at, u32 c);    /* nothing outside the line */
void cells_put(struct cells *line, int at, struct cells text); /* cut off at the edges */
/* The first `max` cells; where that is not all of it the last one is an ellipsis ('.' with ascii). */
struct cells cells_fit(arena *a, struct cells text, int max, bool ascii);
void cells_write(struct out *o, struct cells line); /* without blanks at the end */
void cells_write_padded(struct out *o, struct cells text, int width);

#endif
