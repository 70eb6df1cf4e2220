/* detail.h: what call.data holds, squeezed as one piece, since the summary names most of it:
 *
 *     n       words (word.h)   n       Call-IDs         summary
 *     varint  n bytes          varint  n bytes          the rest
 *
 * A Call-ID: ref (varint, distance to the one before), length (varint) and bytes; ascending by ref, each once. */
#ifndef SIPWEAVE_STORE_DETAIL_H
#define SIPWEAVE_STORE_DETAIL_H

#include "base/err.h"
#include "base/rd.h"
#include "store/sqlite/block.h"

struct store;

struct detail {
    str words, names, json; /* borrow from plain */
    u8 *plain;
    isize n, cap;
};
struct detail_name {
    i64 ref;
    str text;
};

/* Into d->plain. */
void detail_pack(struct detail *d, str words, const struct detail_name *names, isize n,
                 str json);
/* From the bytes of a row; keeps d's memory. */
must_use enum err detail_unpack(struct store *s, i64 format, str packed,
                                struct detail *d);
void detail_drop(struct detail *d);
/* *name is {0} for the first one. */
bool detail_next(struct rd *in, struct detail_name *name);
/* The text of a ref; false: it is not among them. */
bool detail_find(const struct detail *d, i64 ref, str *text);

/* The refs among these names that have a leg in this call: the others are in another one by now. Ascending. */
must_use enum err detail_refs(struct store *s, str names, i64 call, struct numbers *refs);

#endif
