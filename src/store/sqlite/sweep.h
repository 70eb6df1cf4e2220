/* sweep.h: what was committed, from the WAL into the database file, beside the writer.
 *
 *     store_commit ──> WAL ──sweep, a thread with a connection of its own──> database file
 *                       ▲
 *                       └─ begins anew when all of it is in the file and nobody reads from it
 *
 * A commit is on the disk when its WAL is; the file can follow later. It does so whenever SWEEP_FROM pages have come, and no commit
 * waits for it. While commits go on, the last of them is never in the file yet, and the WAL would grow for ever: past SWEEP_WHOLE
 * pages store_begin takes over the little that the thread has left. When the thread cannot run, it takes over all. Who has begun to
 * read before that keeps the WAL from beginning anew; store_begin looks again whenever a sixteenth of SWEEP_WHOLE has come.
 * What fails here is tried again; nothing is lost, for it stays in the WAL. */
#ifndef SIPWEAVE_STORE_SWEEP_H
#define SIPWEAVE_STORE_SWEEP_H

#include "store/sqlite/scrub.h"

#include <pthread.h>

enum {
    SWEEP_FROM = 2000,   /* pages since the last time */
    SWEEP_WHOLE = 16000, /* pages in the WAL */
    SWEEP_SOON = 16,     /* a part of that, until it is tried again */
};

struct sweep {
    int from, whole;                  /* a test sets less; 0: as above */
    int pages;                        /* in the WAL after the last commit */
    int done;                         /* the same when the thread was sent last */
    int next;                         /* with so many sweep_whole has something to do */
    bool made, running, wanted, stop; /* the last three under the lock */
    sqlite3 *db;
    struct scrub scrub;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
};

struct store;
void sweep_begin(
    struct store *s); /* once the connection is made: SQLite sweeps no longer */
void sweep_commit(struct store *s); /* after a commit: sends the thread */
void sweep_whole(struct store *s);  /* outside a transaction */
void sweep_rest(struct store *s);   /* waits until the thread does nothing */
void sweep_end(struct store *s);    /* before the connection is closed */

#endif
