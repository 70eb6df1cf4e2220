#include "base/map.h"

#include <string.h>

static isize map_place(const struct map *m, u64 key) {
    u64 mask = (u64)m->cap - 1;
    u64 mixed =
        key *
        0x9e3779b97f4a7c15u; /* keys that count upwards, or differ above only, lie apart */
    u64 at = (mixed ^ (mixed >> 32)) & mask;
    while (m->slots[at].value && m->slots[at].key != key) at = (at + 1) & mask;
    return (isize)at;
}

u32 map_get(const struct map *m, u64 key) {
    if (m->cap == 0) return 0;
    return m->slots[map_place(m, key)].value;
}

static void map_widen(struct map *m) {
    struct map wider = {.n = m->n};
    isize cap = 0, need = m->cap ? m->cap * 2 : 16;
    wider.slots = base_grow(NULL, &cap, need, (isize)sizeof *wider.slots);
    wider.cap = need;
    must(cap == need);
    for (isize i = 0; i < m->cap; i++) {
        if (m->slots[i].value)
            wider.slots[map_place(&wider, m->slots[i].key)] = m->slots[i];
    }
    base_free(m->slots);
    *m = wider;
}

u32 *map_put(struct map *m, u64 key) {
    if (m->n * 4 >= m->cap * 3) map_widen(m);
    struct map_slot *slot = &m->slots[map_place(m, key)];
    if (!slot->value) {
        slot->key = key;
        m->n++;
    }
    return &slot->value;
}

void map_clear(struct map *m) {
    if (m->cap) memset(m->slots, 0, (size_t)m->cap * sizeof *m->slots);
    m->n = 0;
}

void map_drop(struct map *m) {
    base_free(m->slots);
    *m = (struct map){0};
}

static u32 str_hash(str s) {
    u64 h = hash_bytes(s, 0);
    return (u32)(h ^ h >> 32);
}

/* The place of the string, or the free one where it would stand. */
static struct str_slot *str_place(const struct str_table *t, str s, u32 hash) {
    isize mask = t->cap_slots - 1, at = (isize)hash & mask;
    for (;; at = (at + 1) & mask) {
        struct str_slot *slot = &t->slots[at];
        if (!slot->id || (slot->hash == hash && str_eq(str_table_get(t, slot->id), s)))
            return slot;
    }
}

static void str_table_widen(struct str_table *t) {
    isize cap = t->cap_slots ? t->cap_slots * 2 : 16, mask = cap - 1;
    struct str_slot *slots = base_new(cap, (isize)sizeof *slots);
    for (isize i = 0; i < t->cap_slots; i++) {
        if (!t->slots[i].id) continue;
        isize at = (isize)t->slots[i].hash & mask;
        while (slots[at].id) at = (at + 1) & mask;
        slots[at] = t->slots[i];
    }
    base_free(t->slots);
    t->slots = slots;
    t->cap_slots = cap;
}

u32 str_table_find(const struct str_table *t, str s) {
    must(t->cap_slots >= 0);
    if (s.n == 0 || t->n == 0) return 0;
    return str_place(t, s, str_hash(s))->id;
}

struct str_key str_key_of(str s) {
    if (s.n == 0) return (struct str_key){0};
    return (struct str_key){s, str_hash(s)};
}

void str_table_near(const struct str_table *t, struct str_key key) {
    if (t->cap_slots > 0) __builtin_prefetch(&t->slots[key.hash & (t->cap_slots - 1)]);
}

u32 str_table_add_key(struct str_table *t, struct str_key key) {
    str s = key.s;
    if (s.n == 0) return 0;
    must(t->cap_slots >= 0);
    if (t->n * 4 >= t->cap_slots * 3) str_table_widen(t);
    struct str_slot *slot = str_place(t, s, key.hash);
    if (slot->id) return slot->id;
    must(t->nbytes + s.n < UINT32_MAX && t->n < UINT32_MAX - 1);
    t->bytes = base_grow(t->bytes, &t->cap_bytes, t->nbytes + s.n, 1);
    t->ends = base_grow(t->ends, &t->cap_ends, t->n + 2, (isize)sizeof *t->ends);
    memcpy(t->bytes + t->nbytes, s.p, (size_t)s.n);
    t->nbytes += s.n;
    t->n++;
    t->ends[t->n] = (u32)t->nbytes;
    *slot = (struct str_slot){key.hash, (u32)t->n};
    return (u32)t->n;
}

u32 str_table_add(struct str_table *t, str s) {
    return str_table_add_key(t, str_key_of(s));
}

str str_table_get(const struct str_table *t, u32 id) {
    if (id == 0) return (str){0};
    must((isize)id <= t->n);
    return (str){t->bytes + t->ends[id - 1], (isize)(t->ends[id] - t->ends[id - 1])};
}

void str_table_seal(struct str_table *t) {
    base_free(t->slots);
    t->slots = NULL;
    t->cap_slots = -1;
}

void str_table_drop(struct str_table *t) {
    base_free(t->slots);
    base_free(t->bytes);
    base_free(t->ends);
    *t = (struct str_table){0};
}
