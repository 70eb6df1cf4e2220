/* loose.h: the Call-IDs that have messages and are in no call (yet). Most come and go within a minute, so they are bits, those of
 * 4,096 numbers in one row of `loose`, which goes when all are 0:
 *
 *     ref >> 12      which row
 *     ref & 4095     which bit of its 512 bytes, the lowest first
 *
 * After a crash they say what has to be linked, without a walk through all there is; and a leg of a Call-ID that is loose has no
 * other call to be taken from. A bit is set only where there is no leg. */
#ifndef SIPWEAVE_STORE_LOOSE_H
#define SIPWEAVE_STORE_LOOSE_H

#include "base/err.h"
#include "base/map.h"

enum { LOOSE_BITS = 12, LOOSE_BYTES = 1 << (LOOSE_BITS - 3), LOOSE_KEPT = 1024 };

struct store;

struct loose {
    struct map index; /* row -> place in rows + 1 */
    struct loose_row {
        i64 at;
        bool there, changed; /* there: in the table */
        u8 bits[LOOSE_BYTES];
    } * rows;
    isize n, cap;
};

void loose_drop(struct loose *l);
void loose_forget(struct loose *l); /* after a rollback */
must_use enum err loose_set(struct store *s, i64 ref, bool loose);
must_use enum err loose_is(struct store *s, i64 ref, bool *loose);
must_use enum err loose_write(struct store *s);
void loose_committed(struct loose *l);
/* From when to when their messages are; *last_us < *first_us: there are none. */
must_use enum err loose_times(struct store *s, i64 *first_us, i64 *last_us);

#endif
