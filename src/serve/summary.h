/* summary.h: the summary that the database has of a call (draw_json; docs/api.md: CALL), read back: its links were made, and
 * what almost belongs and what is related was seen, with all other calls in sight. What it cannot read it leaves out. */
#ifndef SIPWEAVE_SERVE_SUMMARY_H
#define SIPWEAVE_SERVE_SUMMARY_H

#include "link/link.h"

/* Tells a weave the links of its legs. False: it is no such text. */
bool summary_give(struct weave *w, str json);

enum summary_part { SUMMARY_MAYBES = 1, SUMMARY_RELATED = 2 };
/* Fills c->maybes, c->related or both from it; legs are found by their ids. Texts are copied into the arena. */
void summary_fill(struct call *c, str json, unsigned parts, arena *view);
/* Adds what is related and started outside of all these times: in *c is only what these have. */
void summary_keep_related(struct call *c, str json, const struct sight *sights, isize n,
                          arena *view);

#endif
