/* map.h: from a 64-bit key to a 32-bit value; open addressing, linear probing, at most 3/4 full.
 * Keys are hashes made by the caller: where two things must never be confused, the caller compares
 * the bytes of what the value names (see str_table). The value 0 means "absent", so that a zeroed
 * map is an empty one. */
#ifndef SIPWEAVE_MAP_H
#define SIPWEAVE_MAP_H

#include "base/base.h"

struct __attribute__((packed, aligned(4))) map_slot {
    u64 key;
    u32 value; /* 0: free */
};

struct map {
    struct map_slot *slots;
    isize cap, n; /* cap is 0 or a power of two */
};

u32 map_get(const struct map *m, u64 key); /* 0 where absent */
u32 *map_put(struct map *m, u64 key); /* the value's place; set it to non-zero at once */
void map_clear(struct map *m);        /* empties it, keeps its memory */
void map_drop(struct map *m);

/* Each distinct string once, numbered from 1 in order of arrival; 0 is the empty string. */
struct str_slot {
    u32 hash, id; /* id 0: free */
};

struct str_table {
    struct str_slot *slots; /* as in a map; the bytes decide */
    isize cap_slots;        /* -1: sealed */
    u8 *bytes;
    isize nbytes, cap_bytes;
    u32 *ends; /* ends[i]: where string i ends in bytes */
    isize n, cap_ends;
};

u32 str_table_add(struct str_table *t, str s);
/* The same in steps: the hash needs no table, and then there may be time for its place to come from memory. */
struct str_key {
    str s;
    u32 hash;
};
struct str_key str_key_of(str s);
void str_table_near(const struct str_table *t, struct str_key key);
u32 str_table_add_key(struct str_table *t, struct str_key key);
u32 str_table_find(const struct str_table *t, str s); /* 0 where absent, or empty */
str str_table_get(const struct str_table *t, u32 id); /* borrows: until the next add */
/* From here on strings are only got by their numbers: gives back what finds them. */
void str_table_seal(struct str_table *t);
void str_table_drop(struct str_table *t);

#endif
