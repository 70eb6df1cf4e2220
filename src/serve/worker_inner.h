/* worker_inner.h: the worker from inside: worker.c (the thread and the live side), filing.c (files), deciding.c (changes by
 * hand). */
#ifndef SIPWEAVE_SERVE_WORKER_INNER_H
#define SIPWEAVE_SERVE_WORKER_INNER_H

#include "serve/gate.h"
#include "serve/intake.h"
#include "serve/loom.h"
#include "serve/worker.h"

enum trouble { TROUBLE_OPEN, TROUBLE_WRITE, TROUBLE_LINK, TROUBLE_RETAIN, TROUBLES };

struct worker {
    struct worker_options o;
    struct store *store; /* within the gate */
    struct gate gate;
    struct intake *intake;
    struct tally tally;
    /* of its own thread, which is within the gate unless it waits or says otherwise */
    pthread_t thread;
    struct loom *loom; /* NULL after it could not be opened */
    u64 in_hand;       /* messages in the loom that are not linked yet */
    i64 committed_ms, commit_took_ms, retry_ms, retain_ms, retain_before_us;
    atomic_bool stop;       /* the end has come: a link that runs ends early */
    bool retaining, failed; /* failed: what was linked could not be written */
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct import *jobs, **last_job;
    struct deed *deeds, **last_deed;
    char troubles[TROUBLES][600]; /* a sentence, while there is one */
    i64 behind_told_ms; /* of what was said last about linking that is behind; 0: nothing */
    bool stopping, ready;
};

/* ---- worker.c, for its own thread ------------------------------------------------------------------ */

/* Links what the intake has stored when it is time; at once: all that has arrived. */
void worker_live(struct worker *w, bool at_once);
/* Stores all that has arrived. False: the database refuses. */
bool worker_flush(struct worker *w);
/* For a loom of this thread: others may use the database while it is away. */
void worker_aside(void *ctx, bool away);
/* Opens the live loom again: what it held of the database is no longer all that is there. */
void worker_live_again(struct worker *w);
bool worker_stopping(struct worker *w);
/* A loom_changed: pages are told. */
void worker_changed(void *ctx, str id, i64 start_us, str json);

/* ---- behind.c ----------------------------------------------------------------------------------------- */

/* Is there something to be said about how far linking is behind? Then it is in `text`. *told_ms is what was said last. */
bool behind_news(i64 *told_ms, struct behind b, char *text, size_t room);

/* ---- deciding.c --------------------------------------------------------------------------------------- */

/* Carries one change by hand out, on the worker's thread. */
void deciding_run(struct worker *w, struct deed *job);
void deed_fail(struct deed *job, enum err e, str why);

/* ---- filing.c ---------------------------------------------------------------------------------------- */

/* Reads one file in, on the worker's thread. */
void filing_run(struct worker *w, struct import *job);
void import_fail(struct import *job, enum err e, str why);

#endif
