/* worker.h: what writes the database, in two threads.
 *
 *     worker_records ──inbox──> intake ──> database ──shelf──> loom (live) ──┐
 *     worker_import ───jobs───> file ────tap─────────────────> loom (bulk) ──┴──> database, then events
 *
 * The intake (intake.h) puts what comes from the network into the database, and nothing else. The worker does the rest: it links what was
 * stored, reads files, carries changes by hand out, deletes what is old. One of them is at the database at a time, the intake
 * first (gate.h). A round of the worker: link what has come when 200 ms have passed, or twice as long as linking took; what did
 * not fit into memory meanwhile, stretch by stretch from the database; one file if one waits; one step of retention. */
#ifndef SIPWEAVE_SERVE_WORKER_H
#define SIPWEAVE_SERVE_WORKER_H

#include "base/out.h"
#include "serve/events.h"
#include "serve/intake.h"
#include "serve/tally.h"
#include "store/store.h"

struct worker;

struct worker_options {
    str hosts; /* keeps, like all of these */
    i32 zone_s;
    int keep_days;
    struct events *events;
    void (*say)(const char *sentence);
};

/* Keeps the store, opened for writing. */
struct worker *worker_open(struct store *store, const struct worker_options *o,
                           arena *boot);
/* Takes in what has arrived, commits, ends. Files that wait are refused; one that is being read ends early. */
void worker_stop(struct worker *w);
/* After worker_stop, when nobody asks any more. */
void worker_close(struct worker *w);

/* Syslog records from the network; borrows. How many there was room for; the caller counts the others as dropped. Any thread. */
isize worker_records(struct worker *w, const struct record *list, isize n, i64 now_us);
bool worker_has_room(struct worker *w);
/* A loss that the listener learned of. */
void worker_lost(struct worker *w, u64 records);

/* A file to be read in. Fill the first group; the rest is the answer. */
struct import {
    const char *path;

    enum err err; /* with the sentence in `why` */
    struct out why;
    u64 sightings, fresh, calls;
    struct skips skips;
    struct out damage; /* a line each */
    char first[32];    /* id of the first call of the file; empty: none */
    bool done;         /* private, as is the next one */
    struct import *next;
};
/* Reads it in; returns when all of it is on disk, or refused. Any thread but the worker's. */
void worker_import(struct worker *w, struct import *job);
void import_drop(struct import *job);

/* A change by hand. Fill the first group (arena included); the rest is the answer. */
struct deed_ids {
    str ids[16];
    isize n;
};
struct deed {
    bool undo; /* of the decision d->n, by d->who */
    struct decision d;
    arena *view; /* of the caller, who waits */

    enum err err;
    str why;
    struct deed_ids calls, gone; /* in which the legs are now; that are there no longer */
    bool done;                   /* private, as is the next one */
    struct deed *next;
};
/* Returns when it is on disk and the calls are linked anew, or it was refused. While a file is read in, it waits. Any thread but
 * the worker's. */
void worker_decide(struct worker *w, struct deed *job);

/* How far linking is behind what is in the database. Any thread. */
struct behind worker_behind(struct worker *w);
struct tally *worker_tally(struct worker *w);
/* What is wrong at the moment, one sentence in the arena; empty when nothing is. */
str worker_trouble(struct worker *w, arena *view);

#endif
