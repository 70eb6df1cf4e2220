/* text.h: what stands above and below a ladder of text. */
#ifndef SIPWEAVE_DRAW_TEXT_H
#define SIPWEAVE_DRAW_TEXT_H

#include "draw/draw.h"

void text_title(struct out *o, const struct call *c, const struct draw_text_options *d,
                arena scratch);
void text_legs(struct out *o, const struct call *c, const struct draw_text_options *d,
               arena scratch);
void text_problems(struct out *o, const struct call *c, const struct draw_text_options *d,
                   arena scratch);

#endif
