/* store_names.h: the same messages and calls again, with other numbers, Call-IDs, tags and branches in each round. */
#ifndef SIPWEAVE_BENCH_STORE_NAMES_H
#define SIPWEAVE_BENCH_STORE_NAMES_H

#include "trace/call.h"

#include <ctype.h>

static inline u64 name_hash(str token, u64 round) {
    return hash_bytes(token, round * 0x9e3779b97f4a7c15u + 1);
}

/* Another token of the same kind: digits stay digits, and hex stays hex. */
static inline void token_change(u8 *p, isize n, u64 round) {
    u64 h = name_hash((str){p, n}, round);
    bool hex = true, digits = true;
    for (isize i = 0; i < n; i++) {
        digits &= isdigit(p[i]) != 0;
        hex &= isxdigit(p[i]) != 0;
    }
    for (isize i = digits ? 2 : 0; i < n; i++) {
        if (i % 12 == 11) h = hash_mix(h, 3);
        u8 by = (u8)(h >> (i % 12 * 5) & 31);
        if (isdigit(p[i]))
            p[i] = (u8)('0' + (p[i] - '0' + by) % 10);
        else
            p[i] = (u8)('a' + (p[i] - 'a' + by) % (hex ? 6 : 26));
    }
}

/* Every run of six or more small letters and digits, with a digit in it. */
static inline void text_change(u8 *p, isize n, u64 round) {
    for (isize i = 0; i < n;) {
        isize from = i;
        bool digit = false, other = false;
        for (; i < n && isalnum(p[i]); i++) {
            digit |= isdigit(p[i]) != 0;
            other |= isupper(p[i]) != 0;
        }
        if (digit && !other && i - from >= 6) token_change(p + from, i - from, round);
        i += i == from;
    }
}

static inline str changed(arena *a, str s, u64 round) {
    str copy = arena_copy(a, s);
    if (round && s.n) text_change((u8 *)(uintptr_t)copy.p, copy.n, round);
    return copy;
}

static inline str id_changed(arena *a, str s, u64 round) {
    str copy = arena_copy(a, s);
    if (round && s.n) token_change((u8 *)(uintptr_t)copy.p, copy.n, round);
    return copy;
}

static inline u32 key_changed(u32 key, u64 round) {
    if (key == KEY_WITHHELD) return key;
    return (key & KEY_TOKEN) | ((key ^ (u32)(round * 2654435761u)) & ~KEY_TOKEN);
}

static inline struct call call_changed(arena *a, const struct call *c, u64 round,
                                       i64 by_us) {
    struct call to = *c;
    to.id = id_changed(a, c->id, round);
    to.start_us += by_us;
    to.from = changed(a, c->from, round);
    to.to = changed(a, c->to, round);
    to.legs = arena_new(a, struct leg, c->nlegs);
    for (isize i = 0; i < c->nlegs; i++) {
        struct leg *l = &to.legs[i];
        *l = c->legs[i];
        l->id = id_changed(a, l->id, round);
        l->call_id = changed(a, l->call_id, round);
        l->from = changed(a, l->from, round);
        l->to = changed(a, l->to, round);
        l->start_us += by_us;
        l->end_us += l->end_us < 0 ? 0 : by_us;
        l->answer_us += l->answer_us < 0 ? 0 : by_us;
    }
    if (name_hash(to.id, 1) % 20 == 0) to.state = STATE_FAILED, to.status = 486;
    to.marks = arena_new(a, struct mark, c->nmarks);
    for (isize i = 0; i < c->nmarks; i++) {
        struct mark *m = &to.marks[i];
        *m = c->marks[i];
        m->at_us += by_us;
        m->keys = arena_new(a, u32, m->nkeys);
        for (isize k = 0; k < m->nkeys; k++)
            m->keys[k] = key_changed(c->marks[i].keys[k], round);
    }
    return to;
}

#endif
