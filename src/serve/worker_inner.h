/* worker_inner.h: the worker from inside: worker.c (the thread and the live side) and filing.c (files). */
#ifndef SIPWEAVE_SERVE_WORKER_INNER_H
#define SIPWEAVE_SERVE_WORKER_INNER_H

#include "serve/inbox.h"
#include "serve/loom.h"
#include "serve/worker.h"

enum {
    WAITING_COMMIT = 10000
}; /* messages; as many as a bulk loom gathers before it writes */

enum trouble { TROUBLE_NONE, TROUBLE_OPEN, TROUBLE_WRITE, TROUBLE_RETAIN };

struct worker {
    struct worker_options o;
    struct store *store;
    struct tally tally;
    /* of its own thread */
    pthread_t thread;
    struct loom *loom; /* NULL after it could not be opened */
    struct tap tap;
    struct syslog *syslog;
    struct inbox taken; /* what it is working on, */
    isize taken_at;     /* from here on */
    isize waiting_bytes;
    i64 committed_ms, commit_took_ms, retry_ms, retain_ms, retain_before_us;
    bool retaining;
    enum trouble kind;
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct inbox inbox;
    struct import *jobs, **last_job;
    struct deed *deeds, **last_deed;
    char trouble[600];
    bool stopping;
};

/* ---- worker.c, for its own thread ------------------------------------------------------------------ */

/* Takes in what has come from the network; commits when it is time, or at once. */
void worker_live(struct worker *w, bool at_once);
/* Opens the live loom again: what it held of the database is no longer all that is there. */
void worker_live_again(struct worker *w);
bool worker_stopping(struct worker *w);
/* A loom_changed: pages are told. */
void worker_changed(void *ctx, str id, i64 start_us, str json);

/* ---- deciding.c --------------------------------------------------------------------------------------- */

/* Carries one change by hand out, on the worker's thread. */
void deciding_run(struct worker *w, struct deed *job);
void deed_fail(struct deed *job, enum err e, str why);

/* ---- filing.c ---------------------------------------------------------------------------------------- */

/* Reads one file in, on the worker's thread. */
void filing_run(struct worker *w, struct import *job);
void import_fail(struct import *job, enum err e, str why);

#endif
