#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

str str_z(const char *z) {
    return (str){(const u8 *)z, z ? (isize)strlen(z) : 0};
}

bool str_eq_nocase(str a, str b) {
    if (a.n != b.n) return false;
    for (isize i = 0; i < a.n; i++) {
        if (to_lower(a.p[i]) != to_lower(b.p[i])) return false;
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

isize str_find_nocase(str s, str needle) {
    for (isize i = 0; i + needle.n <= s.n; i++) {
        if (str_eq_nocase(str_sub(s, i, needle.n), needle)) return i;
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

struct str_number str_u64(str s, u64 max) {
    u64 value = 0;
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
        for (isize i = 0; i < n; i++) folded[i] = to_lower(s.p[i]);
        hash = hash_bytes((str){folded, n}, hash);
        s = str_from(s, n);
    } while (s.n);
    return hash;
}

u64 hash_mix(u64 a, u64 b) {
    u64 pair[2] = {a, b};
    return hash_bytes((str){(const u8 *)pair, (isize)sizeof pair}, 0);
}

void *base_grow(void *items, isize *cap, isize need, isize size) {
    if (need <= *cap) return items;
    isize wider = *cap ? *cap : 16;
    while (wider < need) {
        must(wider <= PTRDIFF_MAX / 2 / size);
        wider *= 2;
    }
    u8 *moved = realloc(items, (size_t)(wider * size));
    must(moved);
    memset(moved + *cap * size, 0, (size_t)((wider - *cap) * size));
    *cap = wider;
    return moved;
}

void *base_new(isize count, isize size) {
    isize cap = 0;
    return base_grow(NULL, &cap, count ? count : 1, size);
}

void *base_room(void *items, isize *cap, isize need, isize size) {
    if (need <= *cap) return items;
    base_free(items);
    *cap = need;
    return base_new(need, size);
}

void base_free(void *items) {
    free(items);
}
