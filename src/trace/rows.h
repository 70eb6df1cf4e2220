/* rows.h: a set of rows of trace.seen[] of which no two are the same in some way: which messages have said their things.
 *
 *     eight places for a Call-ID, next to those of the Call-IDs that came just before and after it: messages that are near in
 *     time are near in memory. What finds its eight full goes where its hash says, and from there to the next free place.
 *
 * Six bytes a place, and only the two of the tag are looked at as a rule: where tags are equal the rows themselves are compared. Rows are
 * flagged, so that a set can be made from them again. */
#ifndef SIPWEAVE_ROWS_H
#define SIPWEAVE_ROWS_H

#include "base/base.h"

struct seen;

/* In what way: rows that are the same have one hash. `flag` is of seen.flags, and of this set alone. */
struct row_way {
    u64 (*hash)(const struct seen *r);
    bool (*same)(const struct seen *a, const struct seen *b);
    u8 flag;
};

struct row_set {
    u16 *tags; /* of the hash; 0: free */
    u32 *rows;
    isize cap, n; /* cap 0, n not: at rest */
};

/* False: the same as another row, which was there before. Rows come in their order. */
bool row_set_add(struct row_set *set, const struct row_way *way, struct seen *rows,
                 u32 row);
/* Gives its memory back. It is the same set still: it is made again when something is added. */
void row_set_rest(struct row_set *set);
void row_set_drop(struct row_set *set);

#endif
