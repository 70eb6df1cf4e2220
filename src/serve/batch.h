/* batch.h: messages on their way into the database and from there to linking. */
#ifndef SIPWEAVE_SERVE_BATCH_H
#define SIPWEAVE_SERVE_BATCH_H

#include "base/arena.h"
#include "store/store.h"

/* A sighting that was parsed once, as far as the database needs it; its bytes are kept by whoever holds it. */
struct waiting {
    struct sighting sighting; /* its source is numbered by who made it */
    struct store_facts facts; /* borrow from the bytes */
};

struct batch {
    struct waiting *list;
    isize n, cap;
    arena bytes;
    /* of those in the database: */
    i64 low_us, high_us; /* their stamps */
    i64 stored_ms;       /* when they got there (a clock that is never set) */
    struct batch *next;
};

struct batch *batch_new(void);
void batch_clear(struct batch *b);
void batch_drop(struct batch *b); /* NULL is fine */

/* What a message says that the database asks for. */
struct sip_msg;
struct store_facts batch_facts(const struct sip_msg *m);

#endif
