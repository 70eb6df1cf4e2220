/* press.h: squeezing beside the writer. What it hands over is squeezed by a second thread, and written when it is taken back,
 * in the order in which it came:
 *
 *     press_next, press_send ──> jobs, a ring ──> squeezed, by the thread or by the writer ──> written: press_flush
 *                                                 whoever is free takes the next
 *
 * Rows that are on their way are in no table yet: before a statement looks for them, and before a commit, comes press_flush.
 * There is a thread once there is enough to do for one; when it cannot run, the writer squeezes all by itself. */
#ifndef SIPWEAVE_STORE_PRESS_H
#define SIPWEAVE_STORE_PRESS_H

#include "store/sqlite/block.h"
#include "store/sqlite/squeeze.h"

#include <pthread.h>

enum {
    PRESS_JOBS = 64,
    PRESS_WAKE = 8, /* jobs that are worth waking the thread for */
};

struct press_job;
/* Into its table: `data` is squeezed as `format` says. */
typedef enum err press_write(struct store *s, const struct press_job *j, str data,
                             i64 format);

struct press_call { /* what a row of call has besides its data */
    bool anew;
    i64 no, start_us, end_us, digest, duration_ms;
    int kind, state, status;
    isize nid, nblocks; /* in rest: the id, then the blocks of marks */
};

struct press_job {
    press_write *write;
    i64 format; /* as it is to be squeezed */
    const void *dictionary;
    u8 *plain, *packed, *rest;
    isize n, npacked, cap, cap_packed, cap_rest;
    bool done;
    union {
        struct block block; /* without its bytes */
        struct press_call call;
        i64 mark; /* of a row of marks */
    } row;
};

struct press {
    struct press_job jobs[PRESS_JOBS];
    u64 made, begun, taken;          /* jobs so far; made and begun under the lock */
    bool there, idle, running, stop; /* there: the writer's; the rest under the lock */
    bool failed;                     /* no thread can be had */
    void *compressor;                /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more, finished;
};

struct store;
/* Room for the next one, which may need the oldest to be written first; its bytes are to be put into j->plain. */
must_use enum err press_next(struct store *s, i64 format, struct press_job **j);
void press_plain(struct press_job *j, str plain);
void press_send(struct store *s);
must_use enum err press_flush(struct store *s);
void press_forget(
    struct store *s); /* after a rollback: what is on its way is not written */
void press_end(struct store *s);

#endif
