/* worker.h: the one thread that writes.
 *
 *     worker_record ──inbox──> syslog ──tap──> loom (live) ──┐
 *     worker_import ──jobs──> file ────tap──> loom (bulk) ───┴──> database, then events
 *
 * A round: take what has come, commit when 10,000 messages wait or 200 ms have passed, one file if one waits, one
 * step of retention. While a file is read the live side goes on between its messages. When the database refuses (the disk
 * is full), what came stays in memory, up to a limit, and is tried again; worker_trouble says so. */
#ifndef SIPWEAVE_SERVE_WORKER_H
#define SIPWEAVE_SERVE_WORKER_H

#include "base/out.h"
#include "serve/events.h"
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

/* One syslog record from the network; borrows. False: there is no room, the caller counts it as dropped. Any thread. */
bool worker_record(struct worker *w, str record, const struct endpoint *from, i64 now_us);
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

struct tally *worker_tally(struct worker *w);
/* What is wrong at the moment, one sentence in the arena; empty when nothing is. */
str worker_trouble(struct worker *w, arena *view);

#endif
