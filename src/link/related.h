/* related.h: calls that have to do with each other and are not one; private to this folder.
 *
 *     related.c    the same caller again, a call back, what one call says of another; who is kept
 *     together.c   at one place at one time: conferences and queues
 *
 * Each finds pairs with a reason; the pairs that are kept stand in weave.relations, from both sides. */
#ifndef SIPWEAVE_LINK_RELATED_H
#define SIPWEAVE_LINK_RELATED_H

#include "link/weave.h"

enum {
    RELATED_A_CALL = 8,
    STEPS_BACK = 16, /* how many neighbours with the same key are looked at */
};

/* X(id, kind that people see): the surest first; of two reasons for one pair the first counts. */
#define WHY_LIST(X)                                                                      \
    X(REPLY, CALL_BACK)      /* In-Reply-To (RFC 3261 §20.21) */                        \
    X(JOIN, CONFERENCE)      /* Join (RFC 3911) */                                       \
    X(NAMED, NAMED)          /* Replaces, Target-Dialog, a Call-ID in any header */      \
    X(FOCUS, CONFERENCE)     /* isfocus in the Contact of both (RFC 4579 §5.1) */       \
    X(AGAIN, SECOND_ATTEMPT) /* same caller, same called number */                       \
    X(PHONE, SECOND_ATTEMPT) /* withheld, from one phone, same called number */          \
    X(BACK, CALL_BACK)       /* caller and called number are swapped */                  \
    X(QUEUE, QUEUE)          /* both waited where agents are dialled */                  \
    X(BRIDGE, CONFERENCE) /* answered at once where nothing is dialled, three or more */

enum related_why {
#define X(id, kind) WHY_##id,
    WHY_LIST(X)
#undef X
        WHY_COUNT
};
enum related_kind related_why_kind(enum related_why why);

/* One call as another one's, seen from that other one. */
struct relation {
    u32 other; /* row of groups */
    u8 why;    /* enum related_why */
    bool says; /* of what one call says of the other: this one says it */
    u32 label; /* string number: the header, or the number that both reached */
    u32 dev;   /* where both were, or the phone of both; of FOCUS, BRIDGE, QUEUE, PHONE */
    i64 us;    /* how long after, or together; -1: not known, it goes on */
};

/* Two calls, before it is known which pairs are kept. */
struct related_pair {
    u32 a, b;           /* rows of groups; a < b */
    struct relation is; /* as a sees it: `other` is not set */
};
struct related_pairs {
    struct related_pair *rows;
    isize n, cap;
};
/* `is` as group `from` sees `to`; of a group with itself nothing is added. */
void related_add(struct related_pairs *to, u32 from, u32 other, struct relation is);

/* The leg that the call came in on: what its id, caller and called number are taken from. */
u32 related_first(const struct weave *w, u32 group);
/* When it was over, and may be no more: hung up, given up, failed; NEVER: nobody knows. */
i64 related_end(const struct sum *s);
/* The nth called number (from 0) of a leg's first message; NULL: it has no such. */
const struct fact *related_called(const struct weave *w, const struct sum *s, u32 nth);

/* Finds weave.relations; after group_legs. n log n. */
void related_find(struct weave *w);
/* … of which these pairs. */
void together_find(const struct weave *w, struct related_pairs *to);

/* Mixes what is shown of a call's relations into a hash. */
u64 related_signature(const struct weave *w, isize group, u64 hash);

#endif
