/* block.h: sightings in blocks, and out of them. A block holds sightings of many Call-IDs that came at about one time, those
 * of one Call-ID beside each other, for messages of a leg repeat one another and legs repeat one another too:
 *
 *     run │ run │ run …          run:  ref      n       Call-ID       n records (record.h)
 *                                      varint   varint  varint bytes
 *
 * ref is the distance to the one of the run before, zigzag; the time of a record is the distance to the record before, over the ends of
 * runs. All of one block are of one bucket of time (2^30 us, 18 minutes), so a range of time is found by the blocks'
 * numbers: bucket << 24 and what is counted within it. */
#ifndef SIPWEAVE_STORE_BLOCK_H
#define SIPWEAVE_STORE_BLOCK_H

#include "base/err.h"
#include "store/sqlite/record.h"

enum {
    BUCKET_BITS = 30,
    BLOCK_BITS = 24,
    BLOCK_FULL = 1 << 18, /* plain bytes; only a single message may be longer */
};

struct store;

/* One that is being filled, or that was read. */
struct block {
    i64 id; /* 0: none yet */
    i64 bucket, first_us, last_us, kept_us, n;
    u8 *bytes;
    isize nbytes, cap;
    i64 ref, time_us; /* of the last record … */
    u64 line;         /* … */
    bool there;       /* it has a row */
};

/* The first number that a block of this bucket can have. */
static inline i64 block_low(i64 bucket) {
    return bucket * ((i64)1 << BLOCK_BITS);
}

void block_empty(struct block *b);
/* A run of n records and the Call-ID that they have; the records follow by block_add. */
void block_run(struct block *b, i64 ref, str call_id, isize n);
void block_add(struct block *b, const struct record *r);
/* Its row, new or in place of the old one. */
must_use enum err block_write(struct store *s, struct block *b);
/* The same by way of press.h: in the table after press_flush. */
must_use enum err block_send(struct store *s, struct block *b);
/* From its row; ERR_NOT_FOUND. */
must_use enum err block_read(struct store *s, i64 id, struct block *b);

/* ---- record by record ------------------------------------------------------------------------------- */

struct block_reader {
    struct rd in;
    u64 left; /* of the run */
    i64 ref;
    str call_id; /* borrows */
    bool first;  /* the record is the first of its run */
};
static inline struct block_reader block_reader_of(const struct block *b) {
    struct block_reader r = {0};
    r.in.in.p = b->bytes;
    r.in.in.n = b->nbytes;
    return r;
}
/* False at the end, or (in.failed) where it is damaged. *r is {0} for the first one and then left as it is. */
bool block_next(struct block_reader *b, struct record *r);

/* The blocks that have something of some Call-IDs, each once, ascending. Frees nothing: base_free(list). */
struct numbers {
    i64 *list;
    isize n, cap;
};
void numbers_add(struct numbers *l, i64 number);
void numbers_sort(struct numbers *l); /* ascending, each once */
bool numbers_have(const struct numbers *sorted, i64 number);
/* The first column of all rows of a statement, whose first parameter is `key`. */
must_use enum err numbers_of(struct store *s, int sql, i64 key, struct numbers *l);

/* The blocks that may have sightings in [after_us, before_us), by their first. */
must_use enum err blocks_within(struct store *s, i64 after_us, i64 before_us,
                                struct numbers *l);

#endif
