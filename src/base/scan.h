/* scan.h: where a byte stands in a block of 64, as a mask: bit i for byte i. Three ways, one answer: SSE2 where the compiler has
 * it, eight bytes at a time in a word, and one by one, which is what the other two are tested against. */
#ifndef SIPWEAVE_BASE_SCAN_H
#define SIPWEAVE_BASE_SCAN_H

#include "base/base.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SCAN_BLOCK = 64 };

static inline u64 scan_plain(const u8 *p, u8 byte) {
    u64 mask = 0;
    for (int i = 0; i < SCAN_BLOCK; i++) mask |= (u64)(p[i] == byte) << i;
    return mask;
}

#define SCAN_EACH(byte) (0x0101010101010101u * (u64)(byte)) /* eight in a word */

/* A byte that is 0 in `x` has its top bit set in `zero`, no other; a multiplication gathers the top bits. */
static inline u64 scan_words(const u8 *p, u8 byte) {
    const u64 low = 0x7f7f7f7f7f7f7f7fu, gather = 0x0102040810204080u;
    u64 mask = 0;
    for (int i = 0; i < SCAN_BLOCK / 8; i++) {
        u64 x;
        memcpy(&x, p + 8 * i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = __builtin_bswap64(x);
#endif
        x ^= SCAN_EACH(byte);
        u64 zero = ~(((x & low) + low) | x | low);
        mask |= (zero >> 7) * gather >> 56 << (8 * i);
    }
    return mask;
}

#ifdef __SSE2__
static inline u64 scan_16(const u8 *p, __m128i wanted) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    return (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(x, wanted));
}

static inline u64 scan_sse2(const u8 *p, u8 byte) {
    const __m128i wanted = _mm_set1_epi8((char)byte);
    return scan_16(p, wanted) | scan_16(p + 16, wanted) << 16 |
           scan_16(p + 32, wanted) << 32 | scan_16(p + 48, wanted) << 48;
}
#define scan_block scan_sse2
#else
#define scan_block scan_words
#endif

/* ---- eight bytes in a word ------------------------------------------------------------------ */

/* The top bit of each byte that lies from `low` to `high`, both ASCII. */
static inline u64 scan_between(u64 x, u8 low, u8 high) {
    u64 seven = x & SCAN_EACH(0x7f);
    u64 reaches = seven + SCAN_EACH(0x80 - low), past = seven + SCAN_EACH(0x7f - high);
    return (reaches & ~past & ~x) & SCAN_EACH(0x80);
}

/* ASCII capitals made small. */
static inline u64 scan_lower(u64 x) {
    return x | scan_between(x, 'A', 'Z') >> 2;
}

/* How many bytes have their top bit set, of which alone there are any. */
static inline int scan_count(u64 tops) {
    return (int)((tops >> 7) * SCAN_EACH(1) >> 56);
}

/* Every place of one byte in a run of bytes, front to back. */
struct scan {
    const u8 *p;
    isize n, base; /* base: of the block that `left` is about */
    u64 left;      /* places that were not given yet */
    u8 byte;
};

/* The mask of the block at s->base; bytes past the end are none. */
static inline u64 scan_at(const struct scan *s) {
    isize here = s->n - s->base;
    if (here >= SCAN_BLOCK) return scan_block(s->p + s->base, s->byte);
    if (here <= 0) return 0;
    if (s->n >= SCAN_BLOCK)
        return scan_block(s->p + s->n - SCAN_BLOCK, s->byte) >> (SCAN_BLOCK - here);
    u64 mask = 0;
    for (isize i = 0; i < here; i++) mask |= (u64)(s->p[s->base + i] == s->byte) << i;
    return mask;
}

/* Starts at `from`. */
static inline struct scan scan_open(str bytes, isize from, u8 byte) {
    struct scan s = {.p = bytes.p, .n = bytes.n, .base = from, .byte = byte};
    s.left = scan_at(&s);
    return s;
}

/* The next place, or -1. */
static inline isize scan_next(struct scan *s) {
    while (s->left == 0) {
        s->base += SCAN_BLOCK;
        if (s->base >= s->n) return -1;
        s->left = scan_at(s);
    }
    isize at = s->base + __builtin_ctzll(s->left);
    s->left &= s->left - 1;
    return at;
}

/* The offset of the first such byte in s, s.n where there is none: for what is near. `room` bytes are readable, s.n or more. */
static inline isize scan_near(str s, isize room, u8 byte) {
    isize at = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8((char)byte);
    for (; at < s.n && at + 16 <= room; at += 16) {
        u64 hits = scan_16(s.p + at, wanted);
        if (hits) return i64_min(at + __builtin_ctzll(hits), s.n);
    }
    if (at < s.n && s.n >= 16) { /* the last 16 again, but for what was looked at */
        u64 hits = scan_16(s.p + s.n - 16, wanted) >> (at - (s.n - 16));
        return hits ? at + __builtin_ctzll(hits) : s.n;
    }
#endif
    (void)room;
    while (at < s.n && s.p[at] != byte) at++;
    return i64_min(at, s.n);
}

/* The same for a blank or tab. */
static inline isize scan_blank(str s, isize room) {
    isize at = 0;
#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t');
    for (; at < s.n && at + 16 <= room; at += 16) {
        u64 hits = scan_16(s.p + at, blank) | scan_16(s.p + at, tab);
        if (hits) return i64_min(at + __builtin_ctzll(hits), s.n);
    }
#endif
    (void)room;
    while (at < s.n && !is_blank(s.p[at])) at++;
    return i64_min(at, s.n);
}

#endif
