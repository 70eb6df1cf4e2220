/* rows.h: a set of rows of trace.seen[] of which no two are the same in some way: which messages have said their things.
 *
 *     near    a few places for each Call-ID, by its number: messages that are near in time are near in memory, and a set that grows
 *             moves nothing
 *     far     a row that finds its places full goes where its hash says, and from there to the next free place
 *
 * Six bytes a place, and only the two of the tag are looked at as a rule: where tags are equal the rows themselves are compared. Rows are
 * flagged, so that a set can be made from them again. */
#ifndef SIPWEAVE_ROWS_H
#define SIPWEAVE_ROWS_H

#include "base/base.h"

struct trace;

/* In what way: rows that are the same have one hash, and one Call-ID. `flag` is of seen.flags, and of this set alone; `places`:
 * for each Call-ID, as many as most have rows in the set. */
struct row_way {
    u64 (*hash)(const struct trace *t, u32 row);
    bool (*same)(const struct trace *t, u32 a, u32 b);
    u8 flag, places;
};

/* Places beside each other, in two tables. */
struct row_places {
    u16 *tags; /* of the hash; 0: free */
    u32 *rows;
    isize cap_tags, cap_rows;
};

struct row_set {
    struct row_places near, far;
    isize n, nfar, cap_far; /* cap_far: 0 or a power of two */
    bool rests;
};

/* False: the same as another row, which was there before. Rows come in their order. */
bool row_set_add(struct row_set *set, const struct row_way *way, struct trace *t,
                 u32 row);
/* Gives its memory back. It is the same set still: it is made again when something is added. */
void row_set_rest(struct row_set *set);
void row_set_drop(struct row_set *set);

#endif
