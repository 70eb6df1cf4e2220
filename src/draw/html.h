/* html.h: parts of the exported file. */
#ifndef SIPWEAVE_DRAW_HTML_H
#define SIPWEAVE_DRAW_HTML_H

#include "draw/draw.h"

/* Reasons with their weights, behind a line to be opened; nothing where there are none. */
void html_evidence(struct out *o, const char *summary, const struct evidence *list,
                   isize n, arena scratch);
/* What almost belongs, what is related, what was changed by hand: a section each, where there is any. */
void html_links(struct out *o, const struct call *c, i32 zone_s, arena scratch);

#endif
