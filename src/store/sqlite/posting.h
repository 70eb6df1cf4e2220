/* posting.h: which calls have a word, as the rows of `word` have it: a list of (start, number), ascending, each once.
 *
 *     start     call      start     call …
 *     varint    varint    varint    varint
 *
 * start is the distance to the start before, the first to the beginning of the slice; call is the distance to the number
 * before, zigzag. What a transaction adds and removes is gathered, then sorted, so that each row is read and written once. */
#ifndef SIPWEAVE_STORE_POSTING_H
#define SIPWEAVE_STORE_POSTING_H

#include "base/err.h"
#include "base/rd.h"
#include "store/sqlite/word.h"

enum { SLICE_BITS = 22 };

/* Numbers are mostly new ones, and each address has a new slice of time now and then: an index in their order would be written all
 * over its pages. Those of some thousand calls, one after the other, have a stretch of their own, and who looks for one looks into
 * each. All other words are in stretch 0. */
static inline i64 posting_stretch(u8 kind, i64 call) {
    return call >> word_stretch_bits((enum word_kind)kind);
}

struct store;

struct pos { /* of a call in the order of answers; the newer, the greater */
    i64 start_us, call;
};
static inline bool pos_less(struct pos a, struct pos b) {
    return a.start_us != b.start_us ? a.start_us < b.start_us : a.call < b.call;
}
static inline bool pos_same(struct pos a, struct pos b) {
    return a.start_us == b.start_us && a.call == b.call;
}

struct pos_list {
    struct pos *list;
    isize n, cap;
};
void pos_add(struct pos_list *l, struct pos p);
/* Appends what a row has; false where it is damaged. */
bool postings_unpack(str data, i64 slice, struct pos_list *to);

struct posting_change {
    isize text_at, ntext;
    struct pos pos;
    i64 stretch;
    u8 kind;
    bool there;
};
struct postings {
    struct posting_change *changes;
    u32 *order;
    u8 *texts, *packed;
    isize nchanges, ntexts, npacked, cap_changes, cap_order, cap_texts, cap_packed;
    struct pos_list was, is; /* of one row, while it is changed */
};

void postings_drop(struct postings *p);
void postings_forget(struct postings *p); /* after a rollback */
/* The call has this word, or no longer. */
void postings_change(struct postings *p, u8 kind, str text, struct pos pos, bool there);
must_use enum err postings_write(struct store *s);

#endif
