#include "base/base.h"
#include "base/scan.h"

#include <string.h>

#define XXH_INLINE_ALL /* most of what is hashed is short: a call costs as much as the hash */
#include <xxhash.h>

str str_z(const char *z) {
    return (str){(const u8 *)z, z ? (isize)strlen(z) : 0};
}

bool str_fold_eq(const u8 *a, const u8 *b, isize n) {
    for (isize i = 0; i < n; i++) {
        if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

int str_cmp(str a, str b) {
    isize n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, (size_t)n) : 0;
    if (order) return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix) {
    return str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_starts_nocase(str s, str prefix) {
    return str_eq_nocase(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(str s, str suffix) {
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

isize str_find_str(str s, str needle) {
    if (needle.n == 0) return 0;
    if (s.n < needle.n) return -1;
    const u8 *hit = memmem(s.p, (size_t)s.n, needle.p, (size_t)needle.n);
    return hit ? hit - s.p : -1;
}

/* The byte of a needle to look for first: one without case, if there is one. */
static isize pivot_of(str needle) {
    for (isize i = 0; i < needle.n; i++) {
        if (!is_alpha(needle.p[i])) return i;
    }
    return 0;
}

isize str_find_nocase(str s, str needle) {
    if (needle.n == 0) return 0;
    isize pivot = pivot_of(needle), last = s.n - needle.n;
    u8 c = to_lower(needle.p[pivot]);
    for (isize i = 0; i <= last; i++) {
        if (!is_alpha(c)) {
            isize next = str_find(str_sub(s, i + pivot, last + 1 - i), c);
            if (next < 0) return -1;
            i += next;
        } else if (to_lower(s.p[i]) != c) {
            continue;
        }
        if (str_fold_eq(s.p + i, needle.p, needle.n)) return i;
    }
    return -1;
}

struct str_pair str_cut(str s, u8 separator) {
    isize at = str_find(s, separator);
    if (at < 0) return (struct str_pair){.head = s};
    return (struct str_pair){str_sub(s, 0, at), str_from(s, at + 1), true};
}

bool str_inside(str part, str whole) {
    if (part.n == 0) return true;
    uintptr_t p = (uintptr_t)part.p, w = (uintptr_t)whole.p;
    return p >= w && part.n <= whole.n && p - w <= (uintptr_t)(whole.n - part.n);
}

/* So few digits that nothing overflows. False: look closer. */
static bool u64_usual(str s, u64 *value) {
    enum { SURE_DIGITS = 19 };
    if (s.n == 0 || s.n > SURE_DIGITS) return false;
    for (isize i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) return false;
        *value = *value * 10 + (u64)(s.p[i] - '0');
    }
    return true;
}

struct str_number str_u64(str s, u64 max) {
    u64 value = 0;
    if (u64_usual(s, &value)) {
        if (value > max) return (struct str_number){.value = max};
        return (struct str_number){value, true};
    }
    value = 0;
    if (s.n == 0) return (struct str_number){0};
    for (isize i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) return (struct str_number){0};
        u64 digit = (u64)(s.p[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return (struct str_number){.value = max};
        value = value * 10 + digit;
    }
    return (struct str_number){value, true};
}

int hex_digit(u8 c) {
    if (is_digit(c)) return c - '0';
    c = to_lower(c);
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

u64 hash_bytes(str s, u64 seed) {
    return XXH3_64bits_withSeed(s.n ? s.p : (const u8 *)"", (size_t)s.n, seed);
}

u64 hash_nocase(str s, u64 seed) {
    u8 folded[64];
    u64 hash = seed;
    do {
        isize n = s.n < countof(folded) ? s.n : countof(folded);
        for (isize at = 0; at < n; at += 8) {
            u64 word = 0;
            memcpy(&word, s.p + at, (size_t)(n - at < 8 ? n - at : 8));
            word = scan_lower(word);
            memcpy(folded + at, &word, 8);
        }
        hash = hash_bytes((str){folded, n}, hash);
        s = str_from(s, n);
    } while (s.n);
    return hash;
}

u64 hash_mix(u64 a, u64 b) {
    u64 pair[2] = {a, b};
    return hash_bytes((str){(const u8 *)pair, (isize)sizeof pair}, 0);
}
