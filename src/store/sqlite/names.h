/* names.h: what is kept once and then called by a number: capture points, addresses, Call-IDs.
 * Numbers that were looked up stay in memory, a bounded number of them. */
#ifndef SIPWEAVE_STORE_NAMES_H
#define SIPWEAVE_STORE_NAMES_H

#include "base/map.h"
#include "trace/sighting.h"

struct store;

struct name_cache {
    struct str_table keys;
    i64 *ids, *uses; /* by number in keys; uses: since the transaction began */
    isize cap_ids, cap_uses;
};

struct names {
    struct name_cache sources, endpoints, refs;
    i64 next_ref; /* 0: not known */
    struct map
        source_index; /* id of a source that names_source gave -> place in source_uses + 1 */
    struct source_use {
        i64 id, uses; /* uses: since the transaction began */
    } * source_uses;
    isize nsource_uses, cap_source_uses;
};

void names_drop(struct names *n);
/* Forgets all numbers: after a rollback and after a deletion they may mean something else. */
void names_forget(struct names *n);
void names_forget_refs(struct names *n);
/* Between transactions: keeps the memory within its bound. */
void names_trim(struct names *n);

must_use enum err names_source(struct store *s, const struct source *source, u32 *id);
/* `at` is for names_use_endpoint, in this transaction. */
must_use enum err names_endpoint(struct store *s, const struct endpoint *e, i64 *id,
                                 u32 *at);
/* *made: it was not known before. */
must_use enum err names_ref(struct store *s, str call_id, i64 *ref, bool *made);
/* The same without making one: 0 where there is none. For readers; nothing is cached. */
must_use enum err names_find_ref(struct store *s, str call_id, i64 *ref);

/* Has names_source given this number? */
bool names_knows_source(const struct names *n, u32 id);
/* A sighting mentions them once more. */
void names_use_source(struct names *n, u32 id);
void names_use_endpoint(struct names *n, u32 at);
/* Writes how often they were used. */
must_use enum err names_write_uses(struct store *s);
/* Deletes the sources without sightings, but for those that store_source has named since the store was opened: their
 * numbers may be used again. */
must_use enum err names_unused_sources(struct store *s);

#endif
