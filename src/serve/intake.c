#include "serve/intake.h"

#include "input/input.h"
#include "serve/clock.h"
#include "serve/inbox.h"
#include "sip/sip.h"

enum {
    BATCH = 30000,             /* messages in a transaction, */
    BATCH_BYTES = 64 << 20,    /* and bytes */
    SHELF = 200000,            /* messages that wait for linking in memory */
    WAITING_MAX = 200000,      /* that a refusing database leaves in memory, */
    WAITING_BYTES = 512 << 20, /* and bytes */
    COMMIT_MS = 200,
    TICK_MS = 100,
    RETRY_MS = 2000, /* after a refusal */
};

/* Never moves, never changes but for in_store, which the intake alone uses. */
struct feed {
    struct source source;
    u32 in_store; /* UINT32_MAX: asked for in the transaction that first needs it */
};

struct intake {
    struct intake_options o;
    pthread_t thread;
    /* of its own thread */
    struct inbox taken; /* what it is working on, */
    isize taken_at;     /* from here on */
    struct syslog *syslog;
    struct tap tap;
    arena names;
    struct batch *batch;
    bool *fresh;
    isize cap_fresh;
    i64 stored_ms, retry_ms;
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t work, quiet;
    struct inbox inbox;
    struct feed **feeds;
    isize nfeeds, cap_feeds;
    struct batch *shelf, **last, *spare;
    isize nspare;
    isize shelved; /* messages */
    struct debt debt;
    i64 since_us; /* lowest stamp that came to the debt since it was asked for */
    i64 owed_ms;  /* when the first of it came */
    u64 unlinked;
    i64 oldest_ms; /* of what the worker has in hand; 0: nothing */
    u64 flushes, flushed;
    bool refused, stopping;
};

/* ---- batches ---------------------------------------------------------------------------------------- */

/* With the lock held. */
static struct batch *spare_take(struct intake *in) {
    struct batch *b = in->spare;
    if (b) in->spare = b->next, in->nspare--;
    if (b) b->next = NULL;
    return b;
}

static void spare_put(struct intake *in, struct batch *b) {
    enum { SPARE = 2 }; /* what a long shelf took is given back */
    if (in->nspare == SPARE) {
        batch_drop(b);
        return;
    }
    batch_clear(b);
    b->next = in->spare;
    in->spare = b;
    in->nspare++;
}

/* ---- messages in ---------------------------------------------------------------------------------------- */

static u32 on_source(void *ctx, const struct source *s) {
    struct intake *in = ctx;
    for (isize i = 0; i < in->nfeeds; i++) {
        const struct source *have = &in->feeds[i]->source;
        if (have->kind == s->kind && str_eq(have->name, s->name) &&
            str_eq(have->device, s->device)) {
            return (u32)i;
        }
    }
    struct feed *f = arena_new(&in->names, struct feed, 1);
    f->source = (struct source){arena_copy(&in->names, s->name),
                                arena_copy(&in->names, s->device), s->kind, NULL, NULL};
    f->in_store = UINT32_MAX;
    pthread_mutex_lock(&in->lock);
    in->feeds =
        base_grow(in->feeds, &in->cap_feeds, in->nfeeds + 1, (isize)sizeof *in->feeds);
    in->feeds[in->nfeeds++] = f;
    pthread_mutex_unlock(&in->lock);
    return (u32)in->nfeeds - 1;
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes; /* the tap has counted it */
}

static void on_damage(void *ctx, str sentence) {
    struct intake *in = ctx;
    tally_damage(in->o.tally, sentence);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct intake *in = ctx;
    struct batch *b = in->batch;
    struct sip_msg m;
    struct fail f;
    arena before = b->bytes;
    str bytes = arena_copy(&b->bytes, s->bytes);
    enum err parsed = sip_msg_parse(&m, bytes, &f);
    if (parsed != ERR_OK && parsed != ERR_MORE) {
        b->bytes.at = before.at;
        tally_skip(in->o.tally, SKIP_NOT_SIP, s->line, (u64)s->bytes.n);
        return;
    }
    b->list = base_grow(b->list, &b->cap, b->n + 1, (isize)sizeof *b->list);
    struct waiting *mine = &b->list[b->n++];
    *mine = (struct waiting){*s, batch_facts(&m)};
    mine->sighting.bytes = bytes;
    mine->sighting.at = SIGHTING_NOWHERE;
}

/* ---- into the database ----------------------------------------------------------------------------------- */

static enum err put_one(struct intake *in, const struct waiting *w, bool *fresh) {
    struct feed *f = in->feeds[w->sighting.source];
    struct sighting mine = w->sighting;
    if (f->in_store == UINT32_MAX) {
        enum err e = store_source(in->o.store, &f->source, &f->in_store);
        if (e != ERR_OK) return e;
    }
    mine.source = f->in_store;
    return store_sighting(in->o.store, &mine, &w->facts, fresh);
}

/* One transaction. `fresh` is told for each. */
static enum err put_all(struct intake *in) {
    struct batch *b = in->batch;
    in->fresh = base_grow(in->fresh, &in->cap_fresh, b->n, 1);
    store_clock(in->o.store, clock_now_us());
    enum err e = store_begin(in->o.store);
    for (isize i = 0; i < b->n && e == ERR_OK; i++)
        e = put_one(in, &b->list[i], &in->fresh[i]);
    if (e == ERR_OK) e = store_commit(in->o.store);
    if (e == ERR_OK) return e;
    store_rollback(in->o.store);
    for (isize i = 0; i < in->nfeeds; i++) in->feeds[i]->in_store = UINT32_MAX;
    return e;
}

/* What was in the database before needs no linking. */
static void keep_fresh(struct intake *in, struct batch *b) {
    isize n = 0;
    b->low_us = INT64_MAX;
    b->high_us = INT64_MIN;
    for (isize i = 0; i < b->n; i++) {
        i64 us = b->list[i].sighting.time_us;
        if (!in->fresh[i]) continue;
        b->low_us = i64_min(b->low_us, us);
        b->high_us = i64_max(b->high_us, us);
        b->list[n++] = b->list[i];
    }
    b->n = n;
}

/* With the lock held. */
static void owe(struct intake *in, i64 low_us, i64 high_us, u64 messages, i64 when_ms) {
    struct debt *d = &in->debt;
    if (!d->any) {
        *d = (struct debt){true, low_us, high_us, 0};
        in->owed_ms = when_ms;
        in->since_us = INT64_MAX;
    }
    d->low_us = i64_min(d->low_us, low_us);
    d->high_us = i64_max(d->high_us, high_us);
    d->messages += messages;
    in->since_us = i64_min(in->since_us, low_us);
}

/* Onto the shelf, or owed. */
static void hand_over(struct intake *in, struct batch *b) {
    pthread_mutex_lock(&in->lock);
    in->unlinked += (u64)b->n;
    if (in->debt.any || in->shelved + b->n > in->o.shelf) {
        if (b->n) owe(in, b->low_us, b->high_us, (u64)b->n, b->stored_ms);
        spare_put(in, b);
    } else {
        in->shelved += b->n;
        *in->last = b;
        in->last = &b->next;
    }
    in->batch = spare_take(in);
    pthread_mutex_unlock(&in->lock);
    if (!in->batch) in->batch = batch_new();
    in->o.ready(in->o.ctx);
}

static void set_refused(struct intake *in, bool refused) {
    pthread_mutex_lock(&in->lock);
    in->refused = refused;
    pthread_mutex_unlock(&in->lock);
}

static void store_batch(struct intake *in) {
    struct batch *b = in->batch;
    gate_enter_first(in->o.gate);
    enum err e = put_all(in);
    if (e != ERR_OK) in->o.trouble(in->o.ctx, store_error(in->o.store));
    gate_leave(in->o.gate);
    in->stored_ms = clock_steady_ms();
    if (e != ERR_OK) {
        in->retry_ms = in->stored_ms + RETRY_MS;
        set_refused(in, true);
        return;
    }
    if (in->retry_ms) in->o.trouble(in->o.ctx, (str){0});
    in->retry_ms = 0;
    set_refused(in, false);
    keep_fresh(in, b);
    b->stored_ms = in->stored_ms;
    hand_over(in, b);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static bool is_full(const struct batch *b) {
    return b->n >= BATCH || b->bytes.at - b->bytes.beg >= BATCH_BYTES;
}

static bool has_room(const struct batch *b) {
    return b->n < WAITING_MAX && b->bytes.at - b->bytes.beg < WAITING_BYTES;
}

/* Works through what was taken from the inbox, as far as there is room. */
static void feed(struct intake *in) {
    struct inbox_head head;
    str record, rest = str_from(out_str(&in->taken.records), in->taken_at);
    while (has_room(in->batch) && inbox_next(&rest, &head, &record)) {
        syslog_feed(in->syslog, record, &head.from, head.now_us);
        if (is_full(in->batch) && !in->retry_ms) store_batch(in);
    }
    in->taken_at = in->taken.records.n - rest.n;
}

/* With the lock held; when nothing is left of the last time, takes all that is there. */
static void take(struct intake *in) {
    enum { KEEP = 16 << 20 }; /* a burst is to leave no large buffers behind */
    if (in->taken_at < in->taken.records.n) return;
    in->taken_at = 0;
    in->taken.n = in->taken.records.n = 0;
    if (in->taken.records.cap > KEEP && in->inbox.records.n < KEEP)
        out_drop(&in->taken.records);
    struct inbox swap = in->inbox;
    in->inbox = in->taken;
    in->taken = swap;
}

/* Until something has come, somebody wants it stored, or a tick has passed. *flush is what was asked for by then. */
static bool wait_for_records(struct intake *in, u64 *flush) {
    pthread_mutex_lock(&in->lock);
    bool stuck = in->taken_at < in->taken.records.n;
    if (!in->stopping && in->flushes == in->flushed && (stuck || in->inbox.n == 0)) {
        struct timespec t = clock_steady_after_ms(TICK_MS);
        pthread_cond_timedwait(&in->work, &in->lock, &t);
    }
    take(in);
    *flush = in->flushes;
    bool go_on = !in->stopping;
    pthread_mutex_unlock(&in->lock);
    return go_on;
}

static void tell_flushed(struct intake *in, u64 flush) {
    pthread_mutex_lock(&in->lock);
    if (in->flushed < flush) {
        in->flushed = flush;
        pthread_cond_broadcast(&in->quiet);
    }
    pthread_mutex_unlock(&in->lock);
}

static void *run(void *arg) {
    struct intake *in = arg;
    for (bool go_on = true; go_on;) {
        u64 flush;
        go_on = wait_for_records(in, &flush);
        feed(in);
        if (has_room(in->batch)) syslog_tick(in->syslog, clock_now_us());
        i64 now = clock_steady_ms();
        bool due = now >= in->stored_ms + COMMIT_MS || is_full(in->batch);
        bool asked = !go_on || flush != in->flushed;
        if (in->batch->n && (asked || (due && now >= in->retry_ms))) store_batch(in);
        if (!in->retry_ms) feed(in); /* there may be room again */
        tell_flushed(in, flush);
    }
    return NULL;
}

/* ---- from other threads ---------------------------------------------------------------------------------- */

isize intake_records(struct intake *in, const struct record *list, isize n, i64 now_us) {
    isize done = 0;
    pthread_mutex_lock(&in->lock);
    bool first = in->inbox.n == 0;
    while (done < n && inbox_put(&in->inbox, list[done].text, &list[done].from, now_us))
        done++;
    if (first && done) pthread_cond_signal(&in->work);
    pthread_mutex_unlock(&in->lock);
    return done;
}

bool intake_has_room(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    bool ok = inbox_has_room(&in->inbox);
    pthread_mutex_unlock(&in->lock);
    return ok;
}

bool intake_pressed(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    bool pressed = in->inbox.records.n > INBOX_BYTES / 2;
    pthread_mutex_unlock(&in->lock);
    return pressed;
}

bool intake_flush(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    u64 mine = ++in->flushes;
    pthread_cond_signal(&in->work);
    while (in->flushed < mine) pthread_cond_wait(&in->quiet, &in->lock);
    bool ok = !in->refused;
    pthread_mutex_unlock(&in->lock);
    return ok;
}

struct batch *intake_take(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    struct batch *b = in->shelf;
    if (b) {
        in->shelf = b->next;
        if (!in->shelf) in->last = &in->shelf;
        in->shelved -= b->n;
        b->next = NULL;
        if (!in->oldest_ms) in->oldest_ms = b->stored_ms;
    }
    pthread_mutex_unlock(&in->lock);
    return b;
}

void intake_give_back(struct intake *in, struct batch *b) {
    pthread_mutex_lock(&in->lock);
    spare_put(in, b);
    pthread_mutex_unlock(&in->lock);
}

void intake_linked(struct intake *in, u64 messages) {
    pthread_mutex_lock(&in->lock);
    in->unlinked -= messages < in->unlinked ? messages : in->unlinked;
    in->oldest_ms = 0;
    pthread_mutex_unlock(&in->lock);
}

void intake_owe(struct intake *in, i64 low_us, i64 high_us, u64 messages) {
    pthread_mutex_lock(&in->lock);
    owe(in, low_us, high_us, messages, clock_steady_ms());
    pthread_mutex_unlock(&in->lock);
}

struct debt intake_debt(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    struct debt d = in->debt;
    in->since_us = INT64_MAX;
    pthread_mutex_unlock(&in->lock);
    return d;
}

void intake_settle(struct intake *in, i64 at_us, u64 messages) {
    pthread_mutex_lock(&in->lock);
    struct debt *d = &in->debt;
    i64 past = at_us - d->low_us, all = d->high_us - d->low_us;
    d->low_us = i64_min(at_us, in->since_us);
    if (messages > d->messages) messages = d->messages;
    d->messages -= messages;
    in->unlinked -= messages < in->unlinked ? messages : in->unlinked;
    /* stamps stand for when it came: the same part of the time since is paid */
    i64 now = clock_steady_ms();
    if (all > 0 && past > 0)
        in->owed_ms += (i64)((double)(now - in->owed_ms) * (double)past / (double)all);
    pthread_mutex_unlock(&in->lock);
}

struct debt intake_pay(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    struct debt d = in->debt;
    in->debt = (struct debt){0};
    if (d.any && !in->oldest_ms) in->oldest_ms = in->owed_ms;
    pthread_mutex_unlock(&in->lock);
    return d;
}

struct behind intake_behind(struct intake *in) {
    i64 now = clock_steady_ms();
    pthread_mutex_lock(&in->lock);
    i64 oldest = in->oldest_ms ? in->oldest_ms : now;
    if (in->shelf) oldest = i64_min(oldest, in->shelf->stored_ms);
    if (in->debt.any) oldest = i64_min(oldest, in->owed_ms);
    struct behind b = {in->unlinked, in->unlinked ? now - oldest : 0};
    pthread_mutex_unlock(&in->lock);
    return b;
}

const struct source *intake_source(struct intake *in, u32 number) {
    pthread_mutex_lock(&in->lock);
    must((isize)number < in->nfeeds);
    const struct source *s = &in->feeds[number]->source;
    pthread_mutex_unlock(&in->lock);
    return s;
}

/* ---- beginning and end ------------------------------------------------------------------------------------ */

struct intake *intake_open(const struct intake_options *o, arena *boot) {
    struct intake *in = arena_new(boot, struct intake, 1);
    pthread_condattr_t attr;
    *in = (struct intake){.o = *o, .names = arena_open((isize)256 << 20)};
    if (!in->o.shelf) in->o.shelf = SHELF;
    in->batch = batch_new();
    in->last = &in->shelf;
    tap_open(&in->tap, o->tally);
    tap_turn(&in->tap,
             (struct input_sink){in, on_source, on_sighting, on_skipped, on_damage});
    struct input_sink sink = tap_sink(&in->tap);
    in->syslog = syslog_open(&sink, o->zone_s);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->work, &attr);
    pthread_cond_init(&in->quiet, &attr);
    pthread_condattr_destroy(&attr);
    must(pthread_create(&in->thread, NULL, run, in) == 0);
    (void)pthread_setname_np(in->thread, "intake");
    return in;
}

isize intake_stop(struct intake *in) {
    pthread_mutex_lock(&in->lock);
    in->stopping = true;
    pthread_cond_signal(&in->work);
    pthread_mutex_unlock(&in->lock);
    pthread_join(in->thread, NULL);
    syslog_close(in->syslog); /* gives what is left */
    if (in->batch->n) store_batch(in);
    return in->batch->n;
}

void intake_close(struct intake *in) {
    batch_drop(in->batch);
    for (struct batch *b; (b = intake_take(in));) batch_drop(b);
    for (struct batch *b; (b = spare_take(in));) batch_drop(b);
    out_drop(&in->inbox.records);
    out_drop(&in->taken.records);
    base_free(in->feeds);
    base_free(in->fresh);
    tap_drop(&in->tap);
    arena_close(&in->names);
    pthread_mutex_destroy(&in->lock);
    pthread_cond_destroy(&in->work);
    pthread_cond_destroy(&in->quiet);
}
