#include "serve/worker_inner.h"

#include "base/time.h"
#include "input/input.h"
#include "serve/inner.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LIVE_MANY = 50000, /* sightings in memory: four times as many at most */
    IN_HAND = 100000,  /* messages linked at once: until then nobody sees them */
    SHELVES = 4,       /* of as many: more than a shelf holds */
    COMMIT_MS = 200,
    RETRY_MS = 2000, /* after a refusal */
    RETAIN_MS = 60000,
    LINKED_AT_END = 5000,   /* messages: the end is not to take long, */
    LINKED_AT_END_MS = 400, /* and only if linking took no longer before */
};

/* ---- trouble ----------------------------------------------------------------------------------- */

static void trouble_begins(struct worker *w, enum trouble kind, str why) {
    static const char *const doings[TROUBLES] = {
        "the database cannot be read", "messages cannot be written",
        "calls cannot be written", "old messages cannot be deleted"};
    char text[600];
    if (why.n == 0) why = S("the database refuses");
    snprintf(text, sizeof text, "%s: %.*s; it is tried again", doings[kind],
             (int)i64_min(why.n, 400), (const char *)why.p);
    pthread_mutex_lock(&w->lock);
    bool news = strcmp(w->troubles[kind], text) != 0;
    memcpy(w->troubles[kind], text, sizeof text);
    pthread_mutex_unlock(&w->lock);
    if (news && w->o.say) w->o.say(text);
}

/* All is well again once nothing is wrong any more. */
static void trouble_ends(struct worker *w, enum trouble kind) {
    bool others = false;
    pthread_mutex_lock(&w->lock);
    bool was = w->troubles[kind][0] != 0;
    w->troubles[kind][0] = 0;
    for (int i = 0; i < TROUBLES; i++) others = others || w->troubles[i][0];
    pthread_mutex_unlock(&w->lock);
    if (was && !others && w->o.say) w->o.say("the database works again");
}

str worker_trouble(struct worker *w, arena *view) {
    const char *first = "";
    pthread_mutex_lock(&w->lock);
    for (int i = TROUBLES; i-- > 0;) {
        if (w->troubles[i][0]) first = w->troubles[i];
    }
    str s = arena_copy(view, str_z(first));
    pthread_mutex_unlock(&w->lock);
    return s;
}

struct tally *worker_tally(struct worker *w) {
    return &w->tally;
}

/* ---- the intake ------------------------------------------------------------------------------------ */

static void intake_trouble(void *ctx, str why) {
    struct worker *w = ctx;
    if (why.n)
        trouble_begins(w, TROUBLE_WRITE, why);
    else
        trouble_ends(w, TROUBLE_WRITE);
}

/* From either thread: a link may take longer than people are to wait for this, and the intake may have nothing more to say. */
static void say_behind(struct worker *w) {
    char text[200];
    struct behind b = worker_behind(w);
    pthread_mutex_lock(&w->lock);
    bool news = behind_news(&w->behind_told_ms, b, text, sizeof text);
    pthread_mutex_unlock(&w->lock);
    if (news && w->o.say) w->o.say(text);
}

static void intake_ready(void *ctx) {
    struct worker *w = ctx;
    say_behind(w);
    pthread_mutex_lock(&w->lock);
    w->ready = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

void worker_aside(void *ctx, bool away) {
    struct worker *w = ctx;
    if (away)
        gate_leave(&w->gate);
    else
        gate_enter(&w->gate);
}

bool worker_flush(struct worker *w) {
    gate_leave(&w->gate);
    bool ok = intake_flush(w->intake);
    gate_enter(&w->gate);
    return ok;
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

static void link_failed(struct worker *w, enum trouble kind) {
    trouble_begins(w, kind, store_error(w->store));
    w->retry_ms = clock_steady_ms() + RETRY_MS;
}

/* Its first commit makes known which calls are there; the intake may have stored some already. What a crash may have left
 * unlinked is owed. */
static bool loom_start(struct worker *w) {
    struct loom_options o = {.hosts = w->o.hosts,
                             .many = LIVE_MANY,
                             .owing = true,
                             .stop = &w->stop,
                             .aside = worker_aside,
                             .aside_ctx = w};
    i64 first, last;
    enum err e = loom_open(&w->loom, w->store, &o);
    if (e == ERR_OK) e = loom_commit(w->loom, worker_changed, w);
    if (e == ERR_OK) e = store_unlinked(w->store, &first, &last);
    if (e != ERR_OK) {
        loom_close(w->loom);
        w->loom = NULL;
        link_failed(w, TROUBLE_OPEN);
        return false;
    }
    if (first <= last) intake_owe(w->intake, first, last, 0);
    trouble_ends(w, TROUBLE_OPEN);
    return true;
}

/* How it went: what is in hand is linked, or is tried again. */
static void live_done(struct worker *w, enum err e, i64 began) {
    if (e == ERR_OK) {
        trouble_ends(w, TROUBLE_LINK);
        if (w->in_hand) intake_linked(w->intake, w->in_hand);
        w->in_hand = 0;
    } else if (!loom_stopped(w->loom)) {
        link_failed(w, TROUBLE_LINK);
    }
    w->failed = e != ERR_OK;
    tally_damage(&w->tally, loom_damage(w->loom));
    w->committed_ms = clock_steady_ms();
    w->commit_took_ms = w->committed_ms - began;
}

static void live_commit(struct worker *w) {
    i64 began = clock_steady_ms();
    live_done(w, loom_commit(w->loom, worker_changed, w), began);
}

/* What is on the shelf, as far as there is room in memory; one batch in any case. */
static void take_shelf(struct worker *w) {
    struct batch *b;
    while (w->in_hand < IN_HAND && (!loom_full(w->loom) || !w->in_hand) &&
           (b = intake_take(w->intake))) {
        u64 n = (u64)b->n;
        if (loom_take(w->loom, w->intake, b) == ERR_OK) {
            w->in_hand += n;
        } else {
            link_failed(w, TROUBLE_LINK);
            if (n) intake_owe(w->intake, b->low_us, b->high_us, n);
        }
        intake_give_back(w->intake, b);
        gate_breathe(&w->gate);
    }
}

/* One stretch of what is owed. */
static void pay(struct worker *w) {
    enum { STRETCH_US = 600 * 1000000 };
    struct debt d = intake_debt(w->intake);
    i64 began = clock_steady_ms(), end_us = d.low_us + STRETCH_US;
    u64 messages = 0;
    bool all = d.messages <= IN_HAND && end_us > d.high_us;
    if (all) {
        d = intake_pay(w->intake);
        end_us = d.high_us + 1;
    }
    enum err e =
        loom_link_stretch(w->loom, d.low_us, &end_us, &messages, worker_changed, w);
    if (e != ERR_OK) end_us = d.low_us;
    if (!all) {
        intake_settle(w->intake, end_us, messages);
    } else if (end_us <= d.high_us) {
        messages = messages < d.messages ? messages : d.messages;
        intake_owe(w->intake, end_us, d.high_us, d.messages - messages);
    } else {
        messages = d.messages;
    }
    live_done(w, e, began);
    if (all) intake_linked(w->intake, messages);
}

void worker_live(struct worker *w, bool at_once) {
    if (at_once) (void)worker_flush(w);
    if (w->retry_ms && clock_steady_ms() < w->retry_ms && !at_once) return;
    if (!at_once && intake_pressed(w->intake)) return; /* a later link loses nothing */
    w->retry_ms = 0;
    if (!w->loom && !loom_start(w)) return;
    take_shelf(w);
    /* where linking takes long it is done less often, as each time all in memory is linked; but what is owed does not wait */
    i64 due = w->committed_ms + i64_max(COMMIT_MS, w->commit_took_ms);
    bool owed = intake_debt(w->intake).any;
    bool full = loom_full(w->loom) || w->in_hand >= IN_HAND;
    bool now = at_once || owed || full || clock_steady_ms() >= due;
    /* what was refused may be written and yet not linked: then nothing is in hand, and still it is tried again */
    if ((w->in_hand && now) || w->failed) live_commit(w);
    for (isize most = at_once ? SHELVES : 0; most > 0 && !w->failed; most--) {
        take_shelf(w);
        if (!w->in_hand) break;
        live_commit(w);
    }
    if (owed && !w->failed) pay(w);
}

void worker_live_again(struct worker *w) {
    worker_live(w, true);
    if (!w->loom || w->in_hand) return; /* it still holds what is nowhere else */
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
    if (w->o.keep_days <= 0) return;
    if (!w->retaining) {
        if (clock_steady_ms() < w->retain_ms) return;
        w->retain_before_us = clock_now_us() - w->o.keep_days * US_PER_DAY;
    }
    if (store_retain(w->store, w->retain_before_us, &left) != ERR_OK) {
        trouble_begins(w, TROUBLE_RETAIN, store_error(w->store));
        left = false;
    } else {
        trouble_ends(w, TROUBLE_RETAIN);
    }
    w->retaining = left;
    if (!left) w->retain_ms = clock_steady_ms() + RETAIN_MS;
}

/* ---- the thread -------------------------------------------------------------------------------------------- */

/* Until there is something to do, or a tick has passed. False: the end has come. */
static bool wait_for_work(struct worker *w) {
    bool owed = !w->retry_ms && intake_debt(w->intake).any && !intake_pressed(w->intake);
    pthread_mutex_lock(&w->lock);
    if (!w->stopping && !w->jobs && !w->deeds && !w->ready && !owed) {
        struct timespec t = clock_steady_after_ms(w->retaining ? 1 : COMMIT_MS / 2);
        pthread_cond_timedwait(&w->work, &w->lock, &t);
    }
    w->ready = false;
    bool go_on = !w->stopping;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void round_of_work(struct worker *w) {
    struct import *job;
    struct deed *deed;
    worker_live(w, false);
    say_behind(w);
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

enum { LINKING_NICE = 5 };

static void *run(void *arg) {
    /* what comes in is lost if nobody takes it; linking can wait (of one thread: Linux) */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LINKING_NICE);
    enum { NICE = 5 };
    struct worker *w = arg;
    struct import *job;
    struct deed *deed;
    /* where there are fewer processors than work, those who listen and store go first; this thread alone is meant */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    while (wait_for_work(w)) {
        gate_enter(&w->gate);
        round_of_work(w);
        gate_leave(&w->gate);
    }
    while ((job = take_job(w))) {
        import_fail(job, ERR_BUSY, S("the server is stopping"));
        finish_job(w, job);
    }
    while ((deed = take_deed(w))) {
        deed_fail(deed, ERR_BUSY, S("the server is stopping"));
        finish_deed(w, deed);
    }
    return NULL;
}

isize worker_records(struct worker *w, const struct record *list, isize n, i64 now_us) {
    return intake_records(w->intake, list, n, now_us);
}

bool worker_has_room(struct worker *w) {
    return intake_has_room(w->intake);
}

void worker_lost(struct worker *w, u64 records) {
    pthread_mutex_lock(&w->tally.lock);
    w->tally.skips.n[SKIP_OVERFLOW] += records;
    pthread_mutex_unlock(&w->tally.lock);
}

struct behind worker_behind(struct worker *w) {
    return intake_behind(w->intake);
}

/* ---- beginning and end -------------------------------------------------------------------------------------- */

struct worker *worker_open(struct store *store, const struct worker_options *o,
                           arena *boot) {
    struct worker *w = arena_new(boot, struct worker, 1);
    pthread_condattr_t attr;
    *w = (struct worker){.o = *o, .store = store};
    tally_init(&w->tally);
    gate_open(&w->gate);
    w->last_job = &w->jobs;
    w->last_deed = &w->deeds;
    w->retain_ms = clock_steady_ms() + RETAIN_MS / 12;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, &attr);
    pthread_cond_init(&w->done, &attr);
    pthread_condattr_destroy(&attr);
    struct intake_options in = {.store = store,
                                .gate = &w->gate,
                                .tally = &w->tally,
                                .zone_s = o->zone_s,
                                .trouble = intake_trouble,
                                .ready = intake_ready,
                                .ctx = w};
    w->intake = intake_open(&in, boot);
    must(pthread_create(&w->thread, NULL, run, w) == 0);
    (void)pthread_setname_np(w->thread, "linking");
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
    atomic_store(&w->stop, true);
    pthread_join(w->thread, NULL);
    atomic_store(&w->stop, false);
    say_lost(w, intake_stop(w->intake));
    /* what is too much to be linked now, or owed, is linked after the next start */
    gate_enter(&w->gate);
    if (w->loom) {
        bool soon = w->commit_took_ms <= LINKED_AT_END_MS && !loom_stopped(w->loom);
        if (soon && worker_behind(w).messages <= LINKED_AT_END) take_shelf(w);
        if (soon && w->in_hand && w->in_hand <= LINKED_AT_END) live_commit(w);
        loom_close(w->loom);
        w->loom = NULL;
    }
    gate_leave(&w->gate);
}

void worker_close(struct worker *w) {
    intake_close(w->intake);
    gate_close(&w->gate);
    tally_drop(&w->tally);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->done);
}
