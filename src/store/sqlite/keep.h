/* keep.h: sightings on their way into blocks, and the memory of what is there already.
 *
 * A piece is what one Call-ID has in one bucket of time. It knows for each different sighting how many equal ones are
 * stored and how many came by in this session:
 *
 *     came > stored   fresh: it is kept, stored grows
 *     came <= stored  it was there already
 *
 * So two identical lines of one log in one second stay two, and the log read again adds none. The count of what came
 * begins anew with a session (store_session), and where EQUAL_WITHIN sightings lie between two equal ones.
 *
 *     store_sighting ──> piece ──> pending ──keep_write──> blocks, one open for each bucket in use
 *                          ▲                    at commit, before a read
 *                          └── keep_trim lets go of what was not touched for EQUAL_WITHIN sightings
 *
 * A piece that comes back into memory is seldom loaded: what is later than all that is stored of it has no equal there. */
#ifndef SIPWEAVE_STORE_KEEP_H
#define SIPWEAVE_STORE_KEEP_H

#include "base/map.h"
#include "store/sqlite/block.h"

enum {
    EQUAL_WITHIN = 1 << 16, /* sightings */
    BLOCKS_OPEN = 8,
    PENDING_MAX = 1 << 26, /* bytes, of one transaction */
};

struct store;

struct twins { /* sightings of one piece that are equal */
    u64 hash;
    u32 piece, next; /* next: another one of the piece, + 1 */
    u32 stored, came;
    u64 last; /* when the last one came, as a number of keep.clock */
};

enum piece_state {
    PIECE_UNKNOWN, /* what is stored was not looked at */
    PIECE_AFTER, /* nothing is stored that is later than after_us, but for what the twins know */
    PIECE_LOADED, /* the twins know all that is stored */
};

struct piece {
    i64 ref, bucket, after_us;
    enum piece_state state;
    u32 twins;   /* the first, + 1 */
    u64 touched; /* keep.clock */
};

struct pending { /* not in a block yet */
    i64 bucket, ref;
    struct record r; /* r.bytes.p is not set: */
    isize at;        /* in keep.plain, the Call-ID before them */
    isize ncall_id;
};

struct open_block {
    struct block b;
    bool used, dirty;
    i64 next; /* number of the next new one */
    u64 touched;
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
    struct pending *pending;
    u32 *order; /* of what is pending: by bucket and Call-ID */
    u8 *plain;
    struct undo *undo; /* of this transaction */
    isize npieces, ntwins, npending, nplain, nundo;
    isize cap_pieces, cap_twins, cap_pending, cap_order, cap_plain, cap_undo;
    struct open_block open[BLOCKS_OPEN];
    struct block scratch;
};

void keep_drop(struct keep *k);
/* One sighting of Call-ID `ref`; `made`: the Call-ID is new, nothing of it is stored. */
must_use enum err keep_sighting(struct store *s, i64 ref, str call_id, bool made,
                                const struct record *r, bool *fresh);
must_use enum err
keep_write(struct store *s); /* what is pending into its blocks: after press_flush */
void keep_committed(struct keep *k); /* and trims */
void keep_rolled_back(struct keep *k);
/* Rows have gone: what is stored has to be looked up again. */
void keep_unload(struct keep *k);

#endif
