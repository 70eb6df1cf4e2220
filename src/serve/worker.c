#include "serve/worker_inner.h"

#include "base/time.h"
#include "input/input.h"
#include "serve/inner.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    WAITING_MAX = 200000, /* messages that a refusing database leaves in memory, */
    WAITING_BYTES =
        512 << 20, /* and bytes: past that the inbox fills, then records are dropped */
    COMMIT_MS = 200,
    RETRY_MS = 2000, /* after a refusal */
    RETAIN_MS = 60000,
};

static i64 now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- trouble ----------------------------------------------------------------------------------- */

static void trouble_begins(struct worker *w, enum trouble kind, str why) {
    static const char *const doings[] = {"", "the database cannot be read",
                                         "messages cannot be written",
                                         "old messages cannot be deleted"};
    const char *doing = doings[kind];
    char text[600];
    if (why.n == 0) why = S("the database refuses");
    snprintf(text, sizeof text, "%s: %.*s; it is tried again", doing,
             (int)i64_min(why.n, 400), (const char *)why.p);
    pthread_mutex_lock(&w->lock);
    bool news = strcmp(w->trouble, text) != 0;
    memcpy(w->trouble, text, sizeof text);
    w->kind = kind;
    pthread_mutex_unlock(&w->lock);
    if (news && w->o.say) w->o.say(text);
    w->retry_ms = now_ms() + RETRY_MS;
}

static void trouble_ends(struct worker *w, enum trouble kind) {
    if (w->kind != kind) return;
    pthread_mutex_lock(&w->lock);
    w->trouble[0] = 0;
    w->kind = TROUBLE_NONE;
    pthread_mutex_unlock(&w->lock);
    if (w->o.say) w->o.say("the database works again");
    w->retry_ms = 0;
}

str worker_trouble(struct worker *w, arena *view) {
    pthread_mutex_lock(&w->lock);
    str s = arena_copy(view, str_z(w->trouble));
    pthread_mutex_unlock(&w->lock);
    return s;
}

struct tally *worker_tally(struct worker *w) {
    return &w->tally;
}

/* ---- the live side --------------------------------------------------------------------------------- */

void worker_changed(void *ctx, str id, i64 start_us, str json) {
    struct worker *w = ctx;
    (void)start_us;
    if (json.n == 0)
        events_gone(w->o.events, id);
    else
        events_call(w->o.events, id, json);
}

/* Its first commit links what a crash may have left unlinked, and so learns which calls are there. */
static bool loom_start(struct worker *w) {
    struct loom_options o = {.hosts = w->o.hosts};
    enum err e = loom_open(&w->loom, w->store, &o);
    if (e == ERR_OK) e = loom_commit(w->loom, NULL, NULL);
    if (e != ERR_OK) {
        loom_close(w->loom);
        w->loom = NULL;
        trouble_begins(w, TROUBLE_OPEN, store_error(w->store));
        return false;
    }
    tap_turn(&w->tap, loom_sink(w->loom));
    trouble_ends(w, TROUBLE_OPEN);
    return true;
}

static void live_commit(struct worker *w) {
    i64 began = now_ms();
    if (loom_commit(w->loom, worker_changed, w) == ERR_OK) {
        trouble_ends(w, TROUBLE_WRITE);
    } else {
        trouble_begins(w, TROUBLE_WRITE, store_error(w->store));
    }
    if (loom_waiting(w->loom) == 0) w->waiting_bytes = 0;
    tally_damage(&w->tally, loom_damage(w->loom));
    w->committed_ms = now_ms();
    w->commit_took_ms = w->committed_ms - began;
}

static bool live_has_room(const struct worker *w) {
    return loom_waiting(w->loom) < WAITING_MAX && w->waiting_bytes < WAITING_BYTES;
}

static bool before_live(void *ctx, const struct sighting *s) {
    struct worker *w = ctx;
    w->waiting_bytes += s->bytes.n;
    return true;
}

/* Feeds what was taken from the inbox, as far as there is room. */
static void feed(struct worker *w) {
    struct inbox_head head;
    str record, rest = str_from(out_str(&w->taken.records), w->taken_at);
    while (live_has_room(w) && inbox_next(&rest, &head, &record)) {
        syslog_feed(w->syslog, record, &head.from, head.now_us);
        if (loom_waiting(w->loom) >= WAITING_COMMIT && !w->retry_ms) live_commit(w);
    }
    w->taken_at = w->taken.records.n - rest.n;
}

/* With nothing left of the last time, takes all that is there. */
static void take(struct worker *w) {
    if (w->taken_at < w->taken.records.n) return;
    w->taken_at = 0;
    w->taken.records.n = 0;
    w->taken.n = 0;
    pthread_mutex_lock(&w->lock);
    struct inbox swap = w->inbox;
    w->inbox = w->taken;
    w->taken = swap;
    pthread_mutex_unlock(&w->lock);
}

void worker_live(struct worker *w, bool at_once) {
    if (w->retry_ms && now_ms() < w->retry_ms && !at_once) return;
    if (!w->loom && !loom_start(w)) return;
    take(w);
    feed(w);
    if (live_has_room(w)) syslog_tick(w->syslog, clock_now_us());
    isize waiting = loom_waiting(w->loom);
    /* when linking takes long there are fewer commits: the thread is not to be always linking */
    i64 due = w->committed_ms + i64_max(COMMIT_MS, 2 * w->commit_took_ms);
    bool now = at_once || waiting >= WAITING_COMMIT || now_ms() >= due;
    /* what was refused may be written and yet not linked: then nothing waits, and still it is tried again */
    if ((waiting && now) || w->kind == TROUBLE_WRITE) live_commit(w);
}

void worker_live_again(struct worker *w) {
    worker_live(w, true);
    if (!w->loom || loom_waiting(w->loom))
        return; /* it still holds what is nowhere else */
    tap_turn(&w->tap, (struct input_sink){0});
    loom_close(w->loom);
    w->loom = NULL;
    (void)loom_start(w);
}

bool worker_stopping(struct worker *w) {
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return stopping;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static struct import *take_job(struct worker *w) {
    pthread_mutex_lock(&w->lock);
    struct import *job = w->jobs;
    if (job) w->jobs = job->next;
    if (!w->jobs) w->last_job = &w->jobs;
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void finish_job(struct worker *w, struct import *job) {
    pthread_mutex_lock(&w->lock);
    job->done = true;
    pthread_cond_broadcast(&w->done);
    pthread_mutex_unlock(&w->lock);
}

void worker_import(struct worker *w, struct import *job) {
    pthread_mutex_lock(&w->lock);
    job->next = NULL;
    job->done = false;
    if (w->stopping) {
        import_fail(job, ERR_BUSY, S("the server is stopping"));
        job->done = true;
    } else {
        *w->last_job = job;
        w->last_job = &job->next;
        pthread_cond_signal(&w->work);
    }
    while (!job->done) pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* ---- changes by hand -------------------------------------------------------------------------------------- */

static struct deed *take_deed(struct worker *w) {
    pthread_mutex_lock(&w->lock);
    struct deed *job = w->deeds;
    if (job) w->deeds = job->next;
    if (!w->deeds) w->last_deed = &w->deeds;
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void finish_deed(struct worker *w, struct deed *job) {
    pthread_mutex_lock(&w->lock);
    job->done = true;
    pthread_cond_broadcast(&w->done);
    pthread_mutex_unlock(&w->lock);
}

void worker_decide(struct worker *w, struct deed *job) {
    pthread_mutex_lock(&w->lock);
    job->next = NULL;
    job->done = w->stopping;
    if (w->stopping) {
        deed_fail(job, ERR_BUSY, S("the server is stopping"));
    } else {
        *w->last_deed = job;
        w->last_deed = &job->next;
        pthread_cond_signal(&w->work);
    }
    while (!job->done) pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

void import_drop(struct import *job) {
    out_drop(&job->why);
    out_drop(&job->damage);
}

/* ---- retention ------------------------------------------------------------------------------------------ */

static void retain_step(struct worker *w) {
    bool left = false;
    if (w->o.keep_days <= 0 || (w->loom && loom_waiting(w->loom))) return;
    if (!w->retaining) {
        if (now_ms() < w->retain_ms) return;
        w->retain_before_us = clock_now_us() - w->o.keep_days * US_PER_DAY;
    }
    if (store_retain(w->store, w->retain_before_us, &left) != ERR_OK) {
        trouble_begins(w, TROUBLE_RETAIN, store_error(w->store));
        left = false;
    } else {
        trouble_ends(w, TROUBLE_RETAIN);
    }
    w->retaining = left;
    if (!left) w->retain_ms = now_ms() + RETAIN_MS;
}

/* ---- the thread -------------------------------------------------------------------------------------------- */

/* Until there is something to do, or a tick has passed. False: the end has come. */
static bool wait_for_work(struct worker *w) {
    struct timespec t;
    i64 tick_ms = w->retaining ? 1 : COMMIT_MS / 2;
    pthread_mutex_lock(&w->lock);
    if (!w->stopping && !w->jobs && !w->deeds) {
        i64 ms = now_ms() + tick_ms;
        t = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
        pthread_cond_timedwait(&w->work, &w->lock, &t);
    }
    bool go_on = !w->stopping;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *run(void *arg) {
    struct worker *w = arg;
    struct import *job;
    struct deed *deed;
    while (wait_for_work(w)) {
        worker_live(w, false);
        while ((deed = take_deed(w))) {
            deciding_run(w, deed);
            finish_deed(w, deed);
        }
        if ((job = take_job(w))) {
            filing_run(w, job);
            finish_job(w, job);
        }
        retain_step(w);
    }
    while ((job = take_job(w))) {
        import_fail(job, ERR_BUSY, S("the server is stopping"));
        finish_job(w, job);
    }
    while ((deed = take_deed(w))) {
        deed_fail(deed, ERR_BUSY, S("the server is stopping"));
        finish_deed(w, deed);
    }
    worker_live(w, true);
    return NULL;
}

bool worker_record(struct worker *w, str record, const struct endpoint *from,
                   i64 now_us) {
    pthread_mutex_lock(&w->lock);
    bool ok = inbox_put(&w->inbox, record, from, now_us);
    if (w->inbox.n == 1) pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    return ok;
}

bool worker_has_room(struct worker *w) {
    pthread_mutex_lock(&w->lock);
    bool ok = inbox_has_room(&w->inbox);
    pthread_mutex_unlock(&w->lock);
    return ok;
}

void worker_lost(struct worker *w, u64 records) {
    pthread_mutex_lock(&w->tally.lock);
    w->tally.skips.n[SKIP_OVERFLOW] += records;
    pthread_mutex_unlock(&w->tally.lock);
}

/* ---- beginning and end -------------------------------------------------------------------------------------- */

struct worker *worker_open(struct store *store, const struct worker_options *o,
                           arena *boot) {
    struct worker *w = arena_new(boot, struct worker, 1);
    pthread_condattr_t attr;
    *w = (struct worker){.o = *o, .store = store};
    tally_init(&w->tally);
    tap_open(&w->tap, &w->tally);
    w->tap.before = before_live;
    w->tap.ctx = w;
    struct input_sink sink = tap_sink(&w->tap);
    w->syslog = syslog_open(&sink, o->zone_s);
    w->last_job = &w->jobs;
    w->last_deed = &w->deeds;
    w->retain_ms = now_ms() + RETAIN_MS / 12;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, &attr);
    pthread_cond_init(&w->done, &attr);
    pthread_condattr_destroy(&attr);
    must(pthread_create(&w->thread, NULL, run, w) == 0);
    return w;
}

static void say_lost(struct worker *w, isize n) {
    char text[200];
    if (n == 0 || !w->o.say) return;
    snprintf(text, sizeof text, "%lld messages could not be written and are lost",
             (long long)n);
    w->o.say(text);
}

void worker_stop(struct worker *w) {
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    syslog_close(w->syslog);
    if (w->loom) {
        if (loom_waiting(w->loom)) live_commit(w);
        say_lost(w, loom_waiting(w->loom));
        tap_turn(&w->tap, (struct input_sink){0});
        loom_close(w->loom);
        w->loom = NULL;
    }
}

void worker_close(struct worker *w) {
    out_drop(&w->inbox.records);
    out_drop(&w->taken.records);
    tap_drop(&w->tap);
    tally_drop(&w->tally);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->done);
}
