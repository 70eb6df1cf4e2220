#include "store/sqlite/press.h"

#include "store/sqlite/db.h"

#include <signal.h>
#include <string.h>

/* ---- jobs: under the lock ------------------------------------------------------------------------------ */

static struct press_job *job_at(struct press *p, u64 number) {
    return &p->jobs[number % PRESS_JOBS];
}

static struct press_job *job_begin(struct press *p) {
    return p->begun < p->made ? job_at(p, p->begun++) : NULL;
}

/* Outside of the lock: whoever has begun a job has it for itself. */
static void job_do(struct press_job *j, void **compressor) {
    isize room = squeeze_bound(j->n);
    j->packed = base_room(j->packed, &j->cap_packed, room, 1);
    j->npacked = squeeze_with(compressor, j->format, j->dictionary, (str){j->plain, j->n},
                              j->packed, room);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void *pressing(void *ctx) {
    struct press *p = ctx;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct press_job *j = job_begin(p);
        if (!j) {
            p->idle = true;
            pthread_cond_wait(&p->more, &p->lock);
            p->idle = false;
            continue;
        }
        p->running = true;
        pthread_mutex_unlock(&p->lock);
        job_do(j, &p->compressor);
        pthread_mutex_lock(&p->lock);
        p->running = false;
        j->done = true;
        pthread_cond_signal(&p->finished);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the threads that expect them. */
static void thread_start(struct press *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    pthread_cond_init(&p->finished, NULL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    p->there = pthread_create(&p->thread, NULL, pressing, p) == 0;
    p->failed = !p->there;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void lock(struct press *p) {
    if (p->there) pthread_mutex_lock(&p->lock);
}

static void unlock(struct press *p) {
    if (p->there) pthread_mutex_unlock(&p->lock);
}

/* ---- the writer ---------------------------------------------------------------------------------------- */

/* The oldest job, squeezed: by the thread, or here, where it has not come to it. */
static struct press_job *oldest_done(struct store *s) {
    struct press *p = &s->press;
    struct press_job *j = job_at(p, p->taken);
    lock(p);
    while (!j->done) {
        struct press_job *mine = job_begin(p);
        if (!mine) {
            pthread_cond_wait(&p->finished, &p->lock);
            continue;
        }
        unlock(p);
        job_do(mine, &s->squeeze.compressor);
        lock(p);
        mine->done = true;
    }
    unlock(p);
    return j;
}

static enum err oldest_write(struct store *s) {
    struct press_job *j = oldest_done(s);
    bool shorter = j->npacked > 0;
    s->press.taken++;
    j->done = false;
    str data = {shorter ? j->packed : j->plain, shorter ? j->npacked : j->n};
    return j->write(s, j, data, shorter ? j->format : FORMAT_RAW);
}

enum err press_next(struct store *s, i64 format, struct press_job **j) {
    struct press *p = &s->press;
    *j = NULL;
    enum err e = p->made - p->taken == PRESS_JOBS ? oldest_write(s) : ERR_OK;
    if (e) return e;
    *j = job_at(p, p->made);
    (*j)->format = format;
    (*j)->dictionary = squeeze_dictionary(&s->squeeze, format);
    (*j)->done = false;
    return ERR_OK;
}

void press_plain(struct press_job *j, str plain) {
    j->plain = base_room(j->plain, &j->cap, plain.n + 1, 1);
    if (plain.n) memcpy(j->plain, plain.p, (size_t)plain.n);
    j->n = plain.n;
}

void press_send(struct store *s) {
    struct press *p = &s->press;
    lock(p);
    p->made++;
    bool enough = p->made - p->begun >= PRESS_WAKE, wake = p->idle && enough;
    unlock(p);
    if (enough && !p->there && !p->failed) thread_start(p);
    if (wake) pthread_cond_signal(&p->more);
}

enum err press_flush(struct store *s) {
    struct press *p = &s->press;
    enum err e = ERR_OK;
    while (!e && p->taken < p->made) e = oldest_write(s);
    return e;
}

void press_forget(struct store *s) {
    struct press *p = &s->press;
    lock(p);
    p->begun = p->made;
    while (p->running) pthread_cond_wait(&p->finished, &p->lock);
    unlock(p);
    p->taken = p->made;
}

void press_end(struct store *s) {
    struct press *p = &s->press;
    press_forget(s);
    if (p->there) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_signal(&p->more);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
        pthread_mutex_destroy(&p->lock);
        pthread_cond_destroy(&p->more);
        pthread_cond_destroy(&p->finished);
    }
    squeeze_free(p->compressor);
    for (isize i = 0; i < PRESS_JOBS; i++) {
        base_free(p->jobs[i].plain);
        base_free(p->jobs[i].packed);
        base_free(p->jobs[i].rest);
    }
    *p = (struct press){0};
}
