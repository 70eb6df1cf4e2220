/* kept.h: what only the summary of a call knows: what almost belongs and what is related was seen with all other calls in
 * sight, and one call alone does not show it. */
#ifndef SIPWEAVE_SERVE_KEPT_H
#define SIPWEAVE_SERVE_KEPT_H

#include "trace/call.h"

/* Fills c->maybes and c->related from the summary that was kept (docs/api.md: CALL). Legs are found by their ids. What it
 * cannot read it leaves out. Texts are copied into the arena. */
void kept_fill(struct call *c, str summary, arena *view);

#endif
