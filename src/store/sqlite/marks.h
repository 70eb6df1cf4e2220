/* marks.h: marks on their way into their rows and out again. A row of the table holds all that happened within
 * 2^24 us (16.8 s), in columns, numbers with their lowest byte first:
 *
 *     n  nkeys │ calls[n] keys[nkeys] │ at[n] from[n] to[n] rows[nkeys] │ what[n]
 *     u32      │ u32                  │ u16                             │ u8
 *
 * at is in units of 256 us, ascending; keys[i] belongs to row rows[i]. Squeezed, a row takes half of that (keys are hashes,
 * which do not shrink). Of more marks in one row than a u16 counts,
 * which only a flood makes, the rest is left out. */
#ifndef SIPWEAVE_STORE_MARKS_H
#define SIPWEAVE_STORE_MARKS_H

#include "base/err.h"
#include "base/map.h"
#include "trace/call.h"

struct store;

enum { MARK_BITS = 24, MARK_ROWS = UINT16_MAX };

struct mark_row {
    u32 call;
    u16 at, from, to;
    u8 what;
    u16 was; /* its place before sorting */
};
struct mark_key {
    u32 key;
    u16 row;
};

struct mark_block {
    i64 at;
    bool dirty;
    struct mark_row *rows;
    struct mark_key *keys;
    isize nrows, nkeys, cap_rows, cap_keys;
};

/* Blocks that this transaction, and some before it, have changed. */
struct marks {
    struct map index; /* hash of at -> place + 1 */
    struct mark_block *blocks;
    isize n, cap;
    u8 *buf, *plain, *list;
    isize cap_buf, cap_plain, cap_list;
};

void marks_drop(struct marks *m);
void marks_forget(struct marks *m);             /* after a rollback */
void marks_committed(struct marks *m);          /* and lets go of what is too much */
must_use enum err marks_write(struct store *s); /* in the table after press_flush */
/* The rows that a call's marks go to, as call.blocks has them. Borrows until the next call. */
str marks_blocks(struct store *s, const struct call *c);
must_use enum err marks_put(struct store *s, u32 no, const struct call *c);
/* Out of the rows of this list. */
must_use enum err marks_remove(struct store *s, i64 no, str blocks);

#endif
