/* known.h: is this Call-ID, or this id of a call, stored already? The writer asks that of each, most are new, and the indexes are
 * in stretches (schema.h): a look into each would cost more than all the rest. So it remembers what there is, a few bits of each:
 *
 *     hash ──> a line of 512 bits in each layer      all 7 bits are there: maybe (one in a thousand is not)
 *              7 bits of it                          one is not: it is new
 *
 * Layers have 24 bits for each key and double in size, each begun when the one before is full. Keys that go (retention, a rollback)
 * stay in it, which does no harm; when most of them have gone it is made anew. It is filled at the first question, by reading
 * all names there are: a second for some million. */
#ifndef SIPWEAVE_STORE_KNOWN_H
#define SIPWEAVE_STORE_KNOWN_H

#include "base/base.h"
#include "base/err.h"

enum {
    KNOWN_FIRST_BITS = 11, /* lines of the first layer, as a power of two */
    KNOWN_WORDS = 8,       /* in a line: 64 bytes, which memory gives as one */
    KNOWN_PER_LINE = 21,   /* keys */
    KNOWN_LAYERS = 24,
};

struct store;

struct known {
    bool filled;
    i64 n, gone; /* keys; rows that have gone since */
    int nlayers;
    struct known_layer {
        u64 *words;
        i64 n;
    } layers[KNOWN_LAYERS];
};

static inline u64 known_call_id(str text) {
    return hash_bytes(text, 3);
}
static inline u64 known_call(str id) {
    return hash_bytes(id, 4);
}

void known_drop(struct known *k);
void known_add(struct known *k, u64 key);
bool known_has(const struct known *k, u64 key);
/* *maybe is false: it is not stored. Reads what there is at first. */
must_use enum err known_ask(struct store *s, u64 key, bool *maybe);

#endif
