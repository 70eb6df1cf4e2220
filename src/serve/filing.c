/* filing.c: a file into the database, through a loom of its own that takes its time from the file's stamps. Between
 * its messages the live side goes on. */
#include "input/input.h"
#include "serve/worker_inner.h"
#include "sip/sip.h"

#include <stdio.h>

enum {
    FIRST_AMONG = 1000, /* messages: which is the first call of the file? */
    LIVE_EVERY = 256,   /* messages between two looks at the inbox */
};

struct reading_file {
    struct worker *w;
    struct import *job;
    struct loom *loom;
    u64 seen;
    bool refused, stopped;
    struct out
        call_id; /* of the first INVITE; of the first message where none came early */
    bool has_invite;
};

static void look_for_first(struct reading_file *f, str bytes) {
    struct sip_msg m;
    struct fail fail;
    enum err e = sip_msg_parse(&m, bytes, &fail);
    if ((e != ERR_OK && e != ERR_MORE) || m.call_id.n == 0) return;
    f->has_invite = m.is_request && m.method == SIP_METHOD_INVITE;
    if (!f->has_invite && f->call_id.n) return;
    f->call_id.n = 0;
    out_bytes(&f->call_id, m.call_id);
}

static bool before_sighting(void *ctx, const struct sighting *s) {
    struct reading_file *f = ctx;
    if (f->refused || f->stopped) return false;
    if (!f->has_invite && f->seen < FIRST_AMONG) look_for_first(f, s->bytes);
    /* the bulk loom writes as it goes: what waits is a batch that the database did not take */
    f->refused = loom_stuck(f->loom);
    if (++f->seen % LIVE_EVERY == 0) {
        f->stopped = worker_stopping(f->w);
        gate_breathe(&f->w->gate);
        worker_live(f->w, false);
    }
    return !f->refused && !f->stopped;
}

static void name_first(struct reading_file *f, arena view) {
    str id, *call_ids;
    isize n;
    if (f->call_id.n == 0) return;
    enum err e =
        store_call_ids(f->w->store, out_str(&f->call_id), &view, &id, &call_ids, &n);
    if (e == ERR_OK) {
        snprintf(f->job->first, sizeof f->job->first, "%.*s", (int)id.n,
                 (const char *)id.p);
    }
}

void import_fail(struct import *job, enum err e, str why) {
    job->err = e;
    job->why.n = 0;
    out_bytes(&job->why, why.n ? why : str_z(err_text(e)));
}

/* Reads the file into a loom of its own, which takes its time from the file's stamps. */
static void read_file(struct worker *w, struct import *job, struct loom *loom) {
    struct reading_file f = {.w = w, .job = job, .loom = loom};
    struct tap tap;
    tap_open(&tap, &w->tally);
    tap.before = before_sighting;
    tap.ctx = &f;
    tap_turn(&tap, loom_sink(loom));
    struct input_sink sink = tap_sink(&tap);
    struct input_options how = {.zone_s = w->o.zone_s};
    arena boot = arena_open((isize)64 << 20);
    str sentence = {0};
    loom_session(loom);
    enum err e = input_file_read(job->path, &how, &sink, &boot, &sentence);
    enum err kept = loom_commit(loom, worker_changed, w);
    struct loom_totals t = loom_totals(loom);
    job->sightings = t.sightings;
    job->fresh = t.fresh;
    job->calls = t.calls;
    job->skips = t.skips;
    out_bytes(&job->damage, loom_damage(loom));
    f.stopped = f.stopped || loom_stopped(loom);
    if (kept != ERR_OK && !loom_stopped(loom)) {
        import_fail(job, kept, store_error(w->store));
    } else if (f.stopped) {
        import_fail(job, ERR_BUSY,
                    S("the server is stopping; a part of the file was kept"));
    } else if (e != ERR_OK && t.sightings == 0) {
        import_fail(job, e, sentence);
    }
    if (kept == ERR_OK) name_first(&f, boot);
    out_drop(&f.call_id);
    tap_drop(&tap);
    arena_close(&boot);
}

void filing_run(struct worker *w, struct import *job) {
    struct loom_options o = {.hosts = w->o.hosts,
                             .bulk = true,
                             .stop = &w->stop,
                             .aside = worker_aside,
                             .aside_ctx = w};
    struct loom *loom = NULL;
    worker_live(w, true);
    if (!worker_flush(w) || w->failed) {
        import_fail(job, ERR_IO, store_error(w->store));
        return;
    }
    enum err e = loom_open(&loom, w->store, &o);
    if (e != ERR_OK) {
        import_fail(job, e, store_error(w->store));
        return;
    }
    read_file(w, job, loom);
    loom_close(loom);
    input_files_close();
    if (job->fresh) worker_live_again(w);
}
