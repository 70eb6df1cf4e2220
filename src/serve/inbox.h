/* inbox.h: records between the thread that listens and the intake. Bounded; the reader takes all that is
 * there at once, so the lock is held for a copy at most. */
#ifndef SIPWEAVE_SERVE_INBOX_H
#define SIPWEAVE_SERVE_INBOX_H

#include "base/out.h"
#include "trace/sighting.h"

/* more than two seconds of 100,000 messages each, for as long as the intake waits; only what waits takes memory */
enum { INBOX_BYTES = 128 << 20 };

struct inbox {
    struct out records;
    isize n;
};

/* One record as it lies in the bytes, before its text. */
struct inbox_head {
    struct endpoint from;
    i64 now_us;
    isize n;
};

static inline bool inbox_has_room(const struct inbox *b) {
    return b->records.n < INBOX_BYTES;
}

static inline bool inbox_put(struct inbox *b, str record, const struct endpoint *from,
                             i64 now_us) {
    struct inbox_head head = {*from, now_us, record.n};
    if (!inbox_has_room(b)) return false;
    out_bytes(&b->records, (str){(const u8 *)&head, (isize)sizeof head});
    out_bytes(&b->records, record);
    b->n++;
    return true;
}

/* The next record of `rest`; false at the end. */
static inline bool inbox_next(str *rest, struct inbox_head *head, str *record) {
    if (rest->n == 0) return false;
    must(rest->n >= (isize)sizeof *head);
    __builtin_memcpy(head, rest->p, sizeof *head);
    *record = str_sub(*rest, (isize)sizeof *head, head->n);
    *rest = str_from(*rest, (isize)sizeof *head + head->n);
    return true;
}

#endif
