/* deciding.c: a change by hand, on the worker's thread: into the database, then the calls that it is about are linked
 * again. */
#include "serve/worker_inner.h"

static void ids_add(struct deed_ids *l, str id, arena *view) {
    for (isize i = 0; i < l->n; i++) {
        if (str_eq(l->ids[i], id)) return;
    }
    if (l->n < (isize)countof(l->ids)) l->ids[l->n++] = arena_copy(view, id);
}

struct deciding {
    struct worker *w;
    struct deed *job;
};

static void on_changed(void *ctx, str id, i64 start_us, str json) {
    struct deciding *x = ctx;
    worker_changed(x->w, id, start_us, json);
    if (json.n == 0) ids_add(&x->job->gone, id, x->job->view);
}

/* The calls that the two legs are in now. */
static void name_calls(struct worker *w, struct deed *job) {
    const str legs[] = {job->d.leg, job->d.other};
    for (isize i = 0; i < countof(legs); i++) {
        str call, call_id;
        if (store_leg(w->store, legs[i], job->view, &call, &call_id) == ERR_OK)
            ids_add(&job->calls, call, job->view);
    }
}

void deed_fail(struct deed *job, enum err e, str why) {
    job->err = e;
    job->why = arena_copy(job->view, why.n ? why : str_z(err_text(e)));
}

void deciding_run(struct worker *w, struct deed *job) {
    struct deciding x = {w, job};
    worker_live(w, true);
    if (!w->loom || !worker_flush(w) || w->failed) {
        deed_fail(job, ERR_BUSY, store_error(w->store));
        return;
    }
    enum err e = loom_decide(w->store, w->o.hosts, &job->d, job->undo, on_changed, &x);
    if (e != ERR_OK)
        deed_fail(job, e, store_error(w->store));
    else
        name_calls(w, job);
    worker_live_again(w); /* it is to know of it, too */
}
