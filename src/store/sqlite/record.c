#include "store/sqlite/record.h"

#include <string.h>

enum { FLAG_VANTAGE = 3, FLAG_CUT = 1 << 5, FLAG_ATTEMPT = 1 << 6 };

static isize varint_write(u8 *to, u64 value) {
    isize n = 0;
    while (value > 127) {
        to[n++] = (u8)(value | 128);
        value >>= 7;
    }
    to[n++] = (u8)value;
    return n;
}

void varint_put(u64 value, u8 **to, isize *n, isize *cap) {
    *to = base_grow(*to, cap, *n + VARINT_MAX, 1);
    *n += varint_write(*to + *n, value);
}

u64 varint_next(struct rd *in) {
    u64 value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        u8 b = rd_u8(in);
        value |= (u64)(b & 127) << shift;
        if (b < 128) return value;
    }
    in->failed = true;
    return 0;
}

u64 record_hash(const struct record *r) {
    u64 who[5] = {(u64)r->time_us, (u64)r->source, (u64)r->src, (u64)r->dst,
                  (u64)r->transport << 8 | (u64)r->vantage};
    return hash_bytes(r->bytes, hash_bytes((str){(const u8 *)who, (isize)sizeof who}, 0));
}

void record_put(const struct record *r, i64 before_us, u64 before_line, u8 **to, isize *n,
                isize *cap) {
    *to = base_grow(*to, cap, *n + 9 * VARINT_MAX + 1 + r->bytes.n, 1);
    u8 *at = *to + *n;
    at += varint_write(at, zigzag((i64)((u64)r->time_us - (u64)before_us)));
    at += varint_write(at, r->precision_us);
    at += varint_write(at, (u64)r->source);
    at += varint_write(at, (u64)r->src);
    at += varint_write(at, (u64)r->dst);
    u8 flags = (u8)((u8)r->transport | (u8)r->vantage << FLAG_VANTAGE);
    if (r->cut) flags |= FLAG_CUT;
    if (r->attempt) flags |= FLAG_ATTEMPT;
    *at++ = flags;
    if (r->attempt) at += varint_write(at, r->attempt);
    at += varint_write(at, zigzag((i64)(r->line - before_line)));
    at += varint_write(at, (u64)r->bytes.n);
    if (r->bytes.n) memcpy(at, r->bytes.p, (size_t)r->bytes.n);
    *n = at + r->bytes.n - *to;
}

bool record_next(struct rd *in, i64 before_us, struct record *r) {
    if (rd_left(in) == 0) return false;
    r->time_us = (i64)((u64)before_us + (u64)unzigzag(varint_next(in)));
    r->precision_us = (u32)varint_next(in);
    r->source = (i64)varint_next(in);
    r->src = (i64)varint_next(in);
    r->dst = (i64)varint_next(in);
    u8 flags = rd_u8(in);
    if ((flags & 7) > TRANSPORT_WSS || (flags >> FLAG_VANTAGE & 3) > VANTAGE_SENDER)
        in->failed = true;
    r->transport = (enum transport)(flags & 7);
    r->vantage = (enum vantage)(flags >> FLAG_VANTAGE & 3);
    r->cut = (flags & FLAG_CUT) != 0;
    r->attempt = 0;
    if (flags & FLAG_ATTEMPT) r->attempt = (u16)varint_next(in);
    r->line += (u64)unzigzag(varint_next(in));
    u64 n = varint_next(in);
    if (n > PTRDIFF_MAX) in->failed = true;
    r->bytes = rd_take(in, (isize)(n & PTRDIFF_MAX));
    return !in->failed;
}
