/* rows.h: a set of rows of trace.seen[] of which no two are the same in some way: which messages have said their things. Six
 * bytes a place, and only the two of the tag are looked at as a rule: where tags are equal the rows themselves are compared. Rows are
 * flagged, so that a wider set can be made from them. */
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
    isize cap, n;
};

/* False: the same as another row, which was there before. */
bool row_set_add(struct row_set *set, const struct row_way *way, struct seen *rows,
                 u32 row);
void row_set_drop(struct row_set *set);

#endif
