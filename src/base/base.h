/* base.h: the words every other file uses: sized integers, slices, checks.
 *
 *     str  "INVITE sip:…"      {p, n}: a borrowed run of bytes, never NUL-terminated
 *
 * Invariants:
 *   (1) a str with n == 0 may have p == NULL; nothing here hands NULL to memcpy.
 *   (2) sizes and counts are signed (isize); n is never negative.
 * There is no protocol here, and nothing that reads a file or a clock. */
#ifndef SIPWEAVE_BASE_H
#define SIPWEAVE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;
typedef ptrdiff_t isize;

typedef struct str {
    const u8 *p;
    isize n;
} str;

#define S(literal)     ((str){(const u8 *)("" literal), (isize)sizeof(literal) - 1})
#define countof(array) ((isize)(sizeof(array) / sizeof((array)[0])))
#define must_use       __attribute__((warn_unused_result))

/* must: guards memory. Stays in release builds and stops the program at once: going on
 * after a broken invariant would be worse than stopping. Never used on input. */
#define must(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) __builtin_trap();                                              \
    } while (0)

#ifdef SIPWEAVE_DEBUG
#define debug_must(condition) must(condition)
#else
#define debug_must(condition) ((void)0)
#endif

static inline i64 i64_min(i64 a, i64 b) {
    return a < b ? a : b;
}
static inline i64 i64_max(i64 a, i64 b) {
    return a > b ? a : b;
}

/* ---- slices ---------------------------------------------------------------------- */

/* What str_cut returns: the parts before and after the first separator. Without one,
 * ok is false, head is the whole input and tail is empty. */
struct str_pair {
    str head, tail;
    bool ok;
};

str str_z(const char *z); /* borrows a C string; NULL gives an empty slice */
bool str_fold_eq(const u8 *a, const u8 *b, isize n); /* str_eq_nocase of n bytes */
int str_cmp(str a, str b); /* bytewise, for sorting; shorter first */
bool str_starts(str s, str prefix);
bool str_starts_nocase(str s, str prefix);
bool str_ends(str s, str suffix);
isize str_find_str(str s, str needle);    /* offset, or -1; an empty needle is at 0 */
isize str_find_nocase(str s, str needle); /* the same, ASCII case folded */
struct str_pair str_cut(str s, u8 separator);
bool str_inside(str part, str whole); /* does part lie within whole's bytes? */

/* The decimal number that is the whole of s. ok is false when s is empty, has another byte, or
 * the value is over max (value is then max): the caller decides what that means. */
struct str_number {
    u64 value;
    bool ok;
};
struct str_number str_u64(str s, u64 max);

/* ---- bytes ------------------------------------------------------------------------ */

static inline bool is_digit(u8 c) {
    return c >= '0' && c <= '9';
}
static inline bool is_alpha(u8 c) {
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}
static inline bool is_alnum(u8 c) {
    return is_digit(c) || is_alpha(c);
}
static inline bool is_blank(u8 c) {
    return c == ' ' || c == '\t';
}
static inline u8 to_lower(u8 c) {
    if (c >= 'A' && c <= 'Z') return (u8)(c | 32);
    return c;
}
int hex_digit(u8 c); /* 0 to 15, or -1 */

/* The small ones stand here so that parsing compiles to straight code. */
/* At most n bytes from an offset, clamped to s. */
static inline str str_sub(str s, isize at, isize n) {
    if (at < 0) at = 0;
    if (at > s.n) at = s.n;
    if (n > s.n - at) n = s.n - at;
    if (n < 0) n = 0;
    if (!s.p) return (str){0};
    return (str){s.p + at, n};
}

/* The rest from an offset, clamped to s. */
static inline str str_from(str s, isize from) {
    return str_sub(s, from, s.n);
}

static inline bool str_eq(str a, str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, (size_t)a.n) == 0);
}

/* ASCII only, as RFC 3261 §7.3.1 asks. */
static inline bool str_eq_nocase(str a, str b) {
    return a.n == b.n && str_fold_eq(a.p, b.p, a.n);
}

/* The offset of the first such byte, or -1. */
static inline isize str_find(str s, u8 byte) {
    const u8 *hit = s.n ? memchr(s.p, byte, (size_t)s.n) : NULL;
    return hit ? hit - s.p : -1;
}

/* Without SP, HTAB, CR and LF at both ends. */
static inline str str_trim(str s) {
    while (s.n && (is_blank(s.p[0]) || s.p[0] == '\r' || s.p[0] == '\n')) {
        s.p++;
        s.n--;
    }
    while (s.n &&
           (is_blank(s.p[s.n - 1]) || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n')) {
        s.n--;
    }
    return s;
}

/* ---- hashes ----------------------------------------------------------------------- */

/* XXH3, seeded: equal bytes give equal hashes on every machine and in every run, so hashes may
 * be kept in a database. Not for secrets. */
u64 hash_bytes(str s, u64 seed);
u64 hash_nocase(str s, u64 seed); /* ASCII case folded */
u64 hash_mix(u64 a, u64 b);       /* order matters */

/* ---- growing arrays --------------------------------------------------------------- */

/* Makes room for at least `need` items of `size` bytes: the block is kept or moved (doubling),
 * *cap is updated, new bytes are zero. Where memory is short a large block stands in a file (spill.h); where that ends,
 * so does the program. Release with base_free. The only place outside arenas that takes memory from the heap. A large block is
 * had in steps as it is used (*cap grows by less than half), and moved without being copied. */
void *base_widen(void *items, isize *cap, isize need, isize size);
static inline void *base_grow(void *items, isize *cap, isize need, isize size) {
    return need <= *cap ? items : base_widen(items, cap, need, size);
}
/* `count` zeroed items (one at least), for good. Released by base_free as well. */
void *base_new(isize count, isize size);
/* Room for `need` items whose number will not change: what was there is forgotten, not kept. Only a new block is zeroed. */
void *base_room(void *items, isize *cap, isize need, isize size);
void base_free(void *items);

#endif
