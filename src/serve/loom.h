/* loom.h: what comes in goes into the database and is linked with what is there. Used by `import` and `serve`.
 *
 *     sighting ──> store (a transaction) and weave (the last minutes, in memory)         a file
 *     loom_commit: on disk; then link; the calls that are new or changed go into the store as well
 *
 *     batch ──> weave; loom_commit                                          live: the intake has stored it
 *     a stretch of the database ──> weave, linked                           live: more than could be linked at once
 *
 * The memory is bounded by the window, not by the uptime: what is older is fetched again from the store when a
 * late message needs it, with what is around it (loom_memory.c). Live, where so much comes that the window does not fit, less
 * around what is new is looked at. What a crash left unlinked is linked when the loom opens for a file; live, the intake owes it. */
#ifndef SIPWEAVE_LOOM_H
#define SIPWEAVE_LOOM_H

#include "input/input.h"
#include "store/store.h"

#include <stdatomic.h>

struct loom;

struct loom_options {
    i64 window_us; /* how long a message waits for legs that belong to it; 0: ten minutes */
    isize
        many; /* how many sightings may be in memory before old ones are let go; 0: 200,000 */
    str hosts; /* text in /etc/hosts syntax; borrowed until loom_open returns */
    bool
        bulk; /* a file is read in: window by the time stamps of the file, not by the clock */
    bool
        owing; /* live: what a crash left unlinked is owed by the intake; do not link it at once */
    const atomic_bool
        *stop; /* set by another thread: a link that runs ends early. NULL: never */
    /* Told (true) when the loom leaves the database alone for a while, and (false) when it comes back to it. NULL: nobody
     * else wants it. */
    void (*aside)(void *ctx, bool away);
    void *aside_ctx;
};

struct intake;
struct batch;

/* Told after each commit, once for every call that is new or has changed; without `json` when it is there no longer: its
 * legs are in other calls. Borrows. */
typedef void loom_changed(void *ctx, str id, i64 start_us, str json);

/* Keeps `store` (opened for writing). */
must_use enum err loom_open(struct loom **l, struct store *store,
                            const struct loom_options *o);
void loom_close(struct loom *l); /* what was not committed is not kept */

/* A sink to feed an input into; valid while the loom lives. Skips and damage are counted here. */
struct input_sink loom_sink(struct loom *l);
/* A new file or session begins: equal sightings are counted from here (see store.h). */
void loom_session(struct loom *l);

/* Was a link ended early? What was to be linked is in the database and will be owed after the next start; the loom can only be
 * closed. */
bool loom_stopped(const struct loom *l);
/* Makes everything fed so far durable, links, and tells the changes. The error is the store's; its sentence is
 * store_error. What was fed stays in memory and is tried again at the next commit. */
must_use enum err loom_commit(struct loom *l, loom_changed *changed, void *ctx);
/* Takes a batch of the intake, which is in the database, to be linked at the next commit. Borrows. */
must_use enum err loom_take(struct loom *l, struct intake *in, const struct batch *b);
/* Links what the database has from at_us on, whatever is in memory: up to *end_us, or as far as there is room for; then *end_us is
 * less. *messages is how many there were. */
must_use enum err loom_link_stretch(struct loom *l, i64 at_us, i64 *end_us, u64 *messages,
                                    loom_changed *changed, void *ctx);
/* Is as much in memory as may be before the next commit? */
bool loom_full(const struct loom *l);
/* A decision by hand (d->n is then its number), or the end of one: kept, then the calls of its legs are linked again, in a loom of
 * their own. Other looms on this store are to be opened again. */
must_use enum err loom_decide(struct store *store, str hosts, struct decision *d,
                              bool undo, loom_changed *changed, void *ctx);
/* The database refused the last batch that a file made durable on the way: what is fed now only waits. */
bool loom_stuck(const struct loom *l);
/* Sightings in memory to be linked: bounded by the window, and by eight times `many`. */
isize loom_held(const struct loom *l);
/* Sightings fed since the last commit. */
isize loom_waiting(const struct loom *l);

struct loom_totals {
    u64 sightings; /* fed and SIP */
    u64 fresh;     /* not in the database before */
    u64 calls;     /* new or changed */
    struct skips skips;
};
struct loom_totals loom_totals(const struct loom *l);
/* Sentences of damage since the last time, a line each; borrows until the next call of any function here. */
str loom_damage(struct loom *l);

#endif
