/* scrub.h: no old bytes in the gaps of pages.
 *
 * secure_delete zeroes what is deleted. But when SQLite balances a tree it moves rows to a neighbour page, and the old copy
 * stays behind in the gap of the page that they left, where nobody looks and nobody overwrites it:
 *
 *     header | pointers to rows | gap ............... | rows
 *                                 ^ copies of rows that are somewhere else now, or deleted since
 *
 * So every page of a tree goes to the database file with its gap zeroed. Only the file: the WAL's pages carry checksums,
 * and the WAL is emptied after a deletion (retain.c). What is no page of a tree passes as it is: pages of pointer maps by
 * their number; overflow and free pages begin with the number of another page, whose first byte is 0 or 1 as long as the
 * file is below SCRUB_PAGES, where the scrubbing ends. */
#ifndef SIPWEAVE_STORE_SCRUB_H
#define SIPWEAVE_STORE_SCRUB_H

#include "base/base.h"

#include <sqlite3.h>

enum { SCRUB_PAGES = 1 << 24 };

struct scrub {
    sqlite3_io_methods methods; /* first: what the file's pMethods points at */
    const sqlite3_io_methods *real;
    i64 page; /* its size */
    u8 *copy;
    isize cap;
};

/* From here on the connection's main file is written through *x, which must stay where it is until the connection is closed. */
void scrub_begin(struct scrub *x, sqlite3 *db, i64 page);
void scrub_drop(struct scrub *x);
/* Zeroes the gap of a tree's page; false where it is none (or damaged), and is left as it is. */
bool scrub_page(u8 *p, i64 size, i64 number);

#endif
