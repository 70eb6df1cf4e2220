/* record.h: sightings in a row of bytes, as a block holds them before it is squeezed.
 *
 *     time    precision  source  src     dst     flags   [attempt]  line    n       bytes
 *     varint  varint     varint  varint  varint  byte    varint     varint  varint  n
 *
 * time and line are the distance to the record before (the first: to 0), zigzag, since logs may run backwards; source, src and
 * dst are row numbers; flags: bit 0-2 transport, 3-4 vantage, 5 cut, 6 has an attempt. A varint has seven bits a
 * byte, lowest first, the top bit where more follow. */
#ifndef SIPWEAVE_STORE_RECORD_H
#define SIPWEAVE_STORE_RECORD_H

#include "base/rd.h"
#include "trace/sighting.h"

enum { VARINT_MAX = 10 }; /* bytes */

struct record {
    i64 time_us;
    u32 precision_us;
    i64 source, src, dst;
    enum transport transport;
    enum vantage vantage;
    u16 attempt;
    bool cut;
    u64 line;
    str bytes;
};

/* Two sightings are the same one when this is equal; the place in the file and the attempt do not count. */
u64 record_hash(const struct record *r);
/* Appends; `before_us` and `before_line` are of the record before, 0 for the first. */
void record_put(const struct record *r, i64 before_us, u64 before_line, u8 **to, isize *n,
                isize *cap);
/* Takes the next record off; *r is what it gave last, {0} at first. False at the end, or (in->failed) where it is damaged.
 * Borrows. */
bool record_next(struct rd *in, i64 before_us, struct record *r);

static inline u64 zigzag(i64 n) {
    return (u64)n << 1 ^ (n < 0 ? UINT64_MAX : 0);
}
static inline i64 unzigzag(u64 n) {
    return (i64)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}
void varint_put(u64 value, u8 **to, isize *n, isize *cap);
u64 varint_next(struct rd *in);

#endif
