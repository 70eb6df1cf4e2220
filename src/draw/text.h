/* text.h: what stands above and below a ladder of text. */
#ifndef SIPWEAVE_DRAW_TEXT_H
#define SIPWEAVE_DRAW_TEXT_H

#include "draw/cells.h"
#include "draw/draw.h"

void text_title(struct out *o, const struct call *c, const struct draw_text_options *d,
                arena scratch);
void text_legs(struct out *o, const struct call *c, const struct draw_text_options *d,
               arena scratch);
/* What almost belongs, what is related, what was changed by hand. */
void text_links(struct out *o, const struct call *c, const struct draw_text_options *d,
                arena scratch);
/* Each piece on a line of its own, with its weight. */
void text_evidence(struct out *o, const struct evidence *list, isize n,
                   const struct draw_text_options *d, arena scratch);
void text_problems(struct out *o, const struct call *c, const struct draw_text_options *d,
                   arena scratch);

struct cells text_safe(arena *a, str s, const struct draw_text_options *d);
int text_columns(const struct draw_text_options *d);
/* Words one after the other, broken where the line ends. */
void text_wrapped(struct out *o, struct cells text, int indent, int width);

#endif
