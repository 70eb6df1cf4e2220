/* keep.h: sightings on their way into chunks, and the memory of what is there already.
 *
 * A piece is what one Call-ID has in one bucket of time. It holds the plain bytes of its open (last) chunk and, for each
 * different sighting, how many equal ones are stored and how many came by in this session:
 *
 *     came > stored   fresh: it is kept, stored grows
 *     came <= stored  it was there already
 *
 * So two identical lines of one log in one second stay two, and the log read again adds none. The count of what came
 * begins anew with a session (store_session), and where EQUAL_WITHIN sightings lie between two equal ones.
 *
 *     store_sighting ──> piece (made, or loaded from its chunks) ──keep_write──> row of chunk
 *                          ▲                                       at commit, when full, before a read
 *                          └── keep_trim lets go of what was not touched for EQUAL_WITHIN sightings */
#ifndef SIPWEAVE_STORE_KEEP_H
#define SIPWEAVE_STORE_KEEP_H

#include "base/map.h"
#include "base/err.h"
#include "store/sqlite/record.h"

enum {
    BUCKET_BITS = 30,       /* a bucket is 2^30 us; a chunk spans no more */
    CHUNK_FULL = 1 << 16,   /* plain bytes; only a single message may be longer */
    EQUAL_WITHIN = 1 << 16, /* sightings */
};

struct store;

struct twins { /* sightings of one piece that are equal */
    u64 hash;
    u32 piece;
    u32 stored, came;
    u64 last; /* when the last one came, as a number of keep.clock */
};

struct piece {
    i64 ref, bucket;
    i64 chunk; /* row of the open chunk, 0: none yet */
    i64 first_us, last_us, before_us;
    i64 n; /* sightings in the open chunk */
    u8 *bytes;
    isize nbytes, cap_bytes;
    u64 touched; /* keep.clock */
    bool loaded, dirty;
    bool earlier; /* first_us is not what the row says */
};

struct undo { /* what `came` and `last` were */
    u32 twins, came;
    u64 last;
};

struct keep {
    u64 clock, session; /* sightings so far; where the session began */
    u64 trimmed;
    struct map piece_index, twin_index; /* to number + 1 */
    struct piece *pieces;
    struct twins *twins;
    u32 *dirty;        /* numbers of pieces with unwritten sightings */
    struct undo *undo; /* of this transaction */
    isize npieces, ntwins, ndirty, nundo;
    isize cap_pieces, cap_twins, cap_dirty, cap_undo;
};

void keep_drop(struct keep *k);
/* One sighting of Call-ID `ref`; `made`: the Call-ID is new, nothing of it is stored. */
must_use enum err keep_sighting(struct store *s, i64 ref, bool made,
                                const struct record *r, bool *fresh);
must_use enum err keep_write(struct store *s); /* pieces with news to their rows */
void keep_committed(struct keep *k);           /* and trims */
void keep_rolled_back(struct keep *k);
/* Rows have gone: what is stored has to be looked up again. */
void keep_unload(struct keep *k);

#endif
