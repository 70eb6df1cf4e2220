/* sieve.h: in which stretches may a key be? Indexes are in stretches (schema.h), and who looks for a key would look into each, some
 * pages of every one. So a stretch that is full gets a sieve: ten bits for each key that it has, in 256 parts by the key's high end.
 * A part's rows stand together, and a look-up reads that part of all stretches, a few pages:
 *
 *     row of sieve:  which index (8 bits)  part (8 bits)  stretch (40 bits)  ──>  bits
 *
 *     key ──> part ──> stretches without the row, and those that have all 6 bits of the key: these are looked into
 *                      (one in a hundred for nothing)
 *
 * Keys are Call-IDs (by stretches of Call-IDs); ids of calls and legs, and the last digits of numbers (by stretches of calls).
 * A sieve says too much, never too little. When something is deleted from a stretch, or a call of it gets another number or leg, its
 * sieve goes, and with it what it says of deleted things; with the next full stretch it is made again. */
#ifndef SIPWEAVE_STORE_SIEVE_H
#define SIPWEAVE_STORE_SIEVE_H

#include "store/sqlite/block.h"
#include "store/sqlite/word.h"

enum sieve_of { SIEVE_CALLS, SIEVE_REFS, SIEVE_COUNT };
enum {
    CALL_STRETCH_BITS = 14,
    REF_STRETCH_BITS = 16,
    SIEVE_PARTS = 256,
    SIEVE_KEY_BITS = 10, /* for each key */
    SIEVE_HASHES = 6,
    SIEVE_LATE = 1 << 10, /* calls after which those before mostly stay as they are */
    SIEVE_DIGITS = 7,     /* of a number: NUMBER_WHOLE */
};

struct store;

struct sieve {
    bool there;            /* the table: not in files of format 2 that are only read */
    i64 seen[SIEVE_COUNT]; /* the newest stretch at the last look, + 1 */
    i64 none[SIEVE_COUNT]; /* a stretch that is known to have no sieve, + 1 */
    u64 *keys;             /* scratch */
    isize n, cap;
};

void sieve_drop_memory(struct sieve *v);
void sieve_forget(struct sieve *v); /* after a rollback */

u64 sieve_leg(i64 leg_key);
/* The end of a number; of fewer digits than SIEVE_DIGITS all. */
u64 sieve_number(str text);
/* The stretches that may have the key, the newest first; `key` is NULL: all. */
must_use enum err sieve_ask(struct store *s, enum sieve_of of, const u64 *key,
                            struct numbers *stretches);
/* Something of this stretch goes, or comes late. */
must_use enum err sieve_void(struct store *s, enum sieve_of of, i64 stretch);
/* Before a commit: sieves for stretches that are full. */
must_use enum err sieve_write(struct store *s);

#endif
