/* draft.h: legs while messages are dealt out to them; private to this folder. */
#ifndef SIPWEAVE_LINK_DRAFT_H
#define SIPWEAVE_LINK_DRAFT_H

#include "link/weave.h"

/* What is known of a leg while messages are dealt out. */
struct draft {
    u32 call_id, a, b; /* devices, a <= b */
    u32 n;             /* messages */
    u32 before;        /* the one before it of its Call-ID: row + 1 */
};

/* Legs by Call-ID and devices. A Call-ID has few of them, in a chain; past CHAIN, and where the Call-ID does not tell, a map
 * knows them. */
struct drafts {
    struct draft *rows;
    isize n, cap;
    u32 *last; /* by Call-ID: row + 1 */
    struct map far;
};

/* Each message gets its leg; legs are numbered by their first messages. */
void drafts_deal(struct drafts *all, struct weave *w);

#endif
