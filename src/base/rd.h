/* rd.h: a cursor for binary formats with a sticky error: read everything, check once.
 * After the first read past the end, all reads give zeroes and the position stands still. */
#ifndef SIPWEAVE_RD_H
#define SIPWEAVE_RD_H

#include "base/base.h"

struct rd {
    str in;
    isize at;
    bool failed;
};

static inline str rd_take(struct rd *r, isize n) {
    if (r->failed || n < 0 || n > r->in.n - r->at) {
        r->failed = true;
        return (str){0};
    }
    str part = str_sub(r->in, r->at, n);
    r->at += n;
    return part;
}

static inline void rd_skip(struct rd *r, isize n) {
    (void)rd_take(r, n);
}
static inline str rd_rest(struct rd *r) {
    return rd_take(r, r->in.n - r->at);
}
static inline isize rd_left(const struct rd *r) {
    return r->failed ? 0 : r->in.n - r->at;
}

static inline u8 rd_u8(struct rd *r) {
    str b = rd_take(r, 1);
    if (b.n == 0) return 0;
    return b.p[0];
}

static inline u16 rd_be16(struct rd *r) {
    str b = rd_take(r, 2);
    if (b.n == 0) return 0;
    return (u16)((u32)b.p[0] << 8 | b.p[1]);
}

static inline u32 rd_be32(struct rd *r) {
    str b = rd_take(r, 4);
    if (b.n == 0) return 0;
    return (u32)b.p[0] << 24 | (u32)b.p[1] << 16 | (u32)b.p[2] << 8 | b.p[3];
}

#endif
