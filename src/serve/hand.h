/* hand.h: what people decide by hand, between the database that keeps it and a weave that follows it. */
#ifndef SIPWEAVE_SERVE_HAND_H
#define SIPWEAVE_SERVE_HAND_H

#include "link/link.h"
#include "store/store.h"

/* Tells the weave all decisions that are in force, and nothing else. */
must_use enum err hand_tell(struct store *s, struct weave *w, arena *view);
/* Tells it those about the legs of one call. */
must_use enum err hand_tell_of(struct store *s, str call, struct weave *w, arena *view);
/* Keeps a decision (d->n is then its number), or marks the one of that number as undone by d->who. On disk when this
 * returns ERR_OK. */
must_use enum err hand_keep(struct store *s, struct decision *d, bool undo);

#endif
