#include "store/sqlite/sweep.h"

#include "store/sqlite/db.h"

#include <signal.h>

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages) {
    struct sweep *w = ctx;
    (void)db, (void)name;
    w->pages = pages;
    return SQLITE_OK;
}

static void checkpoint(sqlite3 *db) {
    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void sweep_begin(struct store *s) {
    struct sweep *w = &s->sweep;
    w->from = w->from ? w->from : SWEEP_FROM;
    w->whole = w->whole ? w->whole : SWEEP_WHOLE;
    w->next = w->whole;
    sqlite3_wal_hook(s->db, on_wal, w);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void *sweeping(void *ctx) {
    struct sweep *w = ctx;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->wanted) {
            pthread_cond_wait(&w->change, &w->lock);
            continue;
        }
        w->wanted = false;
        w->running = true;
        pthread_mutex_unlock(&w->lock);
        checkpoint(w->db);
        pthread_mutex_lock(&w->lock);
        w->running = false;
        pthread_cond_broadcast(&w->change);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* A connection of its own: while it writes the file, the other one goes on. */
static bool connection_open(struct store *s) {
    struct sweep *w = &s->sweep;
    int rc = sqlite3_open_v2((const char *)s->path.p, &w->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(w->db,
                          "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                          "PRAGMA cache_size=-64; SELECT one FROM total",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK) scrub_begin(&w->scrub, w->db, s->scrub.page);
    return rc == SQLITE_OK;
}

static void connection_close(struct sweep *w) {
    sqlite3_close(w->db);
    scrub_drop(&w->scrub);
    w->db = NULL;
}

/* Signals are for the threads that expect them. */
static bool thread_start(struct sweep *w) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->change, NULL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->thread, NULL, sweeping, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

/* ---- the writer ---------------------------------------------------------------------------------------- */

void sweep_commit(struct store *s) {
    struct sweep *w = &s->sweep;
    if (w->pages < w->done) { /* the WAL has begun anew */
        w->done = 0;
        w->next = w->whole;
    }
    if (w->pages - w->done < w->from) return;
    if (!w->made) {
        w->made = connection_open(s) && thread_start(w);
        if (!w->made) connection_close(w);
    }
    if (!w->made) return;
    w->done = w->pages;
    pthread_mutex_lock(&w->lock);
    w->wanted = true;
    pthread_cond_broadcast(&w->change);
    pthread_mutex_unlock(&w->lock);
}

void sweep_rest(struct store *s) {
    struct sweep *w = &s->sweep;
    if (!w->made) return;
    pthread_mutex_lock(&w->lock);
    while (w->wanted || w->running) pthread_cond_wait(&w->change, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

void sweep_whole(struct store *s) {
    struct sweep *w = &s->sweep;
    if (w->pages < w->next) return;
    sweep_rest(s);
    checkpoint(s->db);
    /* where a reader was in the way: tried again soon, so that the WAL grows by what comes while it reads, and no more */
    w->next = w->pages + w->whole / SWEEP_SOON;
}

void sweep_end(struct store *s) {
    struct sweep *w = &s->sweep;
    if (!w->made) return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->change);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    connection_close(w);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->change);
    *w = (struct sweep){0};
}
