/* put.h: what retention and reading need of put.c. */
#ifndef SIPWEAVE_STORE_PUT_H
#define SIPWEAVE_STORE_PUT_H

#include "store/store.h"

/* How a leg's id stands in its table. */
i64 put_leg_key(str leg_id);
/* Takes a call, its legs and its words out. Its Call-IDs and their sightings stay. */
must_use enum err put_remove(struct store *s, i64 call);

/* The Call-ID goes when no leg and no block has it. */
must_use enum err put_ref_orphan(struct store *s, i64 ref, str call_id);

#endif
