/* svg.h: what svg.c, svg_row.c and html.c share. */
#ifndef SIPWEAVE_DRAW_SVG_H
#define SIPWEAVE_DRAW_SVG_H

#include "draw/layout.h"

/* draw_svg; without ids its rows carry none, for a second picture of the same call in one page. */
void svg_write(struct out *o, const struct call *c, const struct draw_options *d,
               bool ids);

/* What of a layout is drawn: rows [from, to), and what reaches into them. */
struct svg_part {
    const struct call *c;
    const struct layout *l;
    isize from, to;
    bool ids;
};
void svg_part(struct out *o, const struct svg_part *p, const struct draw_options *d,
              const char *attributes); /* attributes: of the svg itself, blank first */
void svg_row(struct out *o, const struct call *c, const struct layout *l,
             const struct row *r, bool ids);

void svg_number(struct out *o, const char *name,
                i64 value);                       /* an attribute, blank first */
i64 svg_device(const struct call *c, int device); /* its number, -1: unknown */
str svg_device_name(const struct call *c, int device);

#endif
