/* view.c: what capture points and device logs see of a world.
 *
 *     message ──who is on its way?──> sights ──missed, doubled, cut──> sorted by source ──> files
 *
 * A tap is between all devices: it sees what was sent. A box logs what it sends and what reaches it. Of several
 * points each watches some devices: a packet passes those that watch its sender, then those that watch its
 * receiver. What gets lost on the way is seen on the sender's side only. */
#include "world/view_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- chance, memory, files --------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t view_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

double view_share(uint64_t *state) {
    return (double)(view_random(state) >> 11) / 9007199254740992.0;
}

static void stop(const char *what, const char *why) {
    fprintf(stderr, "view: %s: %s\n", what, why);
    exit(2);
}

void *view_new(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size);
    if (!p) stop("memory", "there is not enough");
    return p;
}

FILE *view_open(const char *path) {
    FILE *f = fopen(path, "wb");
    if (!f) stop(path, "cannot be written");
    return f;
}

void view_close(FILE *f, const char *path) {
    if (ferror(f) | fclose(f)) stop(path, "could not be written to its end");
}

void view_line_add(struct view_job *j, int source, uint64_t line, int msg) {
    struct view *v = j->view;
    if (v->nlines == j->cap_lines) {
        j->cap_lines = j->cap_lines ? 2 * j->cap_lines : 1024;
        v->lines = realloc(v->lines, (size_t)j->cap_lines * sizeof *v->lines);
        if (!v->lines) stop("memory", "there is not enough");
    }
    v->lines[v->nlines++] = (struct view_line){line, source, msg};
    v->sources[source].lines++;
    v->seen[msg] = true;
}

/* ---- sources ------------------------------------------------------------------------------------- */

struct clock {
    double offset_us, drift;
    int64_t origin_us;
};

struct looking {
    struct view_job job;
    const char *dir;
    struct clock *clocks;
    int *source_of;  /* by device: its log, + 1 */
    int *near, *far; /* by device: the points that watch it, -1: none */
    struct view_sight *sights;
    size_t nsights, cap_sights;
    uint64_t chance;
    int64_t from_us, to_us;
};

static void source_add(struct looking *k, const char *name, bool log, int device) {
    struct view *v = k->job.view;
    struct view_source *s = &v->sources[v->nsources++];
    *s = (struct view_source){.log = log, .device = device};
    snprintf(s->name, sizeof s->name, "%s.%s", name, log ? "log" : "pcap");
    int n = snprintf(s->path, sizeof s->path, "%s/%s", k->dir, s->name);
    if (n < 0 || (size_t)n >= sizeof s->path) stop(k->dir, "the path is too long");
}

static void logs_choose(struct looking *k) {
    const struct world *w = k->job.w;
    bool some = k->job.plan->kind == VIEW_SOME_LOGS;
    for (int d = 0, boxes = 0; d < w->ndevices; d++) {
        if (!w->devices[d].box || (boxes++ % 2 && some)) continue;
        source_add(k, w->devices[d].name, true, d);
        k->source_of[d] = k->job.view->nsources;
    }
}

/* Each part of the network (a site, inside or out) begins at another point; the boxes of one part take turns, and are also
 * watched by the next point, so that what passes between two boxes is seen by two to four. */
static void points_choose(struct looking *k, int points) {
    const struct world *w = k->job.w;
    int *boxes = view_new((size_t)points, sizeof *boxes);
    char name[24];
    for (int p = 0; p < points; p++) {
        snprintf(name, sizeof name, "point%d", p + 1);
        source_add(k, name, false, -1);
    }
    for (int d = 0; d < w->ndevices; d++) {
        const struct world_device *x = &w->devices[d];
        int part = (int)((unsigned)(2 * x->site + !x->inside) % (unsigned)points);
        k->near[d] = (part + (x->box ? boxes[part]++ : 0)) % points;
        k->far[d] = x->box && points > 1 ? (k->near[d] + 1) % points : -1;
    }
    free(boxes);
}

static void sources_choose(struct looking *k) {
    const struct view_plan *plan = k->job.plan;
    size_t n = (size_t)k->job.w->ndevices;
    int points = plan->points > 0 ? plan->points : 1;
    k->source_of = view_new(n, sizeof *k->source_of);
    k->near = view_new(n, sizeof *k->near);
    k->far = view_new(n, sizeof *k->far);
    k->job.view->sources = view_new(n + (size_t)points + 1, sizeof *k->job.view->sources);
    switch (plan->kind) {
    case VIEW_TAP: source_add(k, "tap", false, -1); break;
    case VIEW_LOGS:
    case VIEW_SOME_LOGS: logs_choose(k); break;
    case VIEW_POINTS: points_choose(k, points); break;
    }
}

static void clocks_set(struct looking *k) {
    const struct view_plan *plan = k->job.plan;
    int n = k->job.view->nsources;
    uint64_t state = plan->seed ^ 0x636c6f636b;
    k->clocks = view_new((size_t)n, sizeof *k->clocks);
    for (int i = 0; i < n; i++) {
        double offset = (2 * view_share(&state) - 1) * plan->clock_s * 1e6;
        double drift = (2 * view_share(&state) - 1) * plan->drift_ppm * 1e-6;
        k->clocks[i] = (struct clock){offset, drift,
                                      k->job.w->nmsgs ? k->job.w->msgs[0].sent_us : 0};
    }
}

static int64_t stamp_of(const struct looking *k, int source, int64_t us) {
    const struct clock *c = &k->clocks[source];
    int64_t local = us + (int64_t)(c->offset_us + c->drift * (double)(us - c->origin_us));
    int64_t cut = k->job.plan->precision_us > 1 ? k->job.plan->precision_us : 1;
    if (local < 0) local = 0;
    return local - local % cut;
}

/* ---- sights ---------------------------------------------------------------------------------------- */

static void sight_put(struct looking *k, struct view_sight s) {
    if (k->nsights == k->cap_sights) {
        k->cap_sights = k->cap_sights ? 2 * k->cap_sights : 4096;
        k->sights = realloc(k->sights, k->cap_sights * sizeof *k->sights);
        if (!k->sights) stop("memory", "there is not enough");
    }
    k->sights[k->nsights++] = s;
}

/* One source could see one message at this (true) time. */
static void sight_add(struct looking *k, int source, int msg, int64_t us, bool received) {
    enum { APART_US = 40, DISORDER_US = 4000 };
    const struct view_plan *plan = k->job.plan;
    bool log = k->job.view->sources[source].log;
    /* drawn whether used or not, so that one wish of the plan does not change another's outcome */
    double missed = view_share(&k->chance), doubled = view_share(&k->chance),
           shift = view_share(&k->chance), shift2 = view_share(&k->chance);
    if (us < k->from_us || us > k->to_us) return;
    if (missed < plan->missed) return;
    bool disorder = plan->disorder && !log;
    struct view_sight s = {.order_us =
                               us + (disorder ? (int64_t)(shift * DISORDER_US) : 0),
                           .stamp_us = stamp_of(k, source, us),
                           .source = source,
                           .msg = msg,
                           .received = received};
    sight_put(k, s);
    if (log || doubled >= plan->doubled) return;
    int64_t again = us + 1 + (int64_t)(shift2 * APART_US);
    s.order_us += again - us;
    s.stamp_us = stamp_of(k, source, again);
    s.copy = 1;
    sight_put(k, s);
}

/* The points on the way, in order; each once. */
static void points_pass(struct looking *k, int msg, int from, int to) {
    const struct world_msg *m = &k->job.w->msgs[msg];
    const int way[4] = {k->near[from], k->far[from], k->far[to], k->near[to]};
    int64_t took = m->received_us - m->sent_us;
    for (int i = 0; i < 4; i++) {
        bool known = way[i] < 0;
        for (int b = 0; b < i; b++) known |= way[b] == way[i];
        if (known) continue;
        if (m->received_us < 0 && i >= 2) return; /* lost in the middle */
        int64_t at =
            m->sent_us + (m->received_us < 0 ? 10 * (i + 1) : took * (i + 1) / 5);
        sight_add(k, way[i], msg, at, false);
    }
}

static void message_look(struct looking *k, int msg) {
    const struct world *w = k->job.w;
    const struct world_msg *m = &w->msgs[msg];
    int from = w->addresses[m->from].device, to = w->addresses[m->to].device;
    switch (k->job.plan->kind) {
    case VIEW_TAP: sight_add(k, 0, msg, m->sent_us, false); return;
    case VIEW_POINTS: points_pass(k, msg, from, to); return;
    case VIEW_LOGS:
    case VIEW_SOME_LOGS: break;
    }
    if (k->source_of[from]) sight_add(k, k->source_of[from] - 1, msg, m->sent_us, false);
    if (k->source_of[to] && m->received_us >= 0)
        sight_add(k, k->source_of[to] - 1, msg, m->received_us, true);
}

static int by_source_and_time(const void *a, const void *b) {
    const struct view_sight *x = a, *y = b;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    if (x->order_us != y->order_us) return x->order_us < y->order_us ? -1 : 1;
    if (x->received != y->received) return x->received ? -1 : 1;
    if (x->msg != y->msg) return x->msg < y->msg ? -1 : 1;
    return (int)x->copy - (int)y->copy;
}

static void window_set(struct looking *k) {
    const struct world *w = k->job.w;
    const struct view_plan *plan = k->job.plan;
    k->from_us = INT64_MIN;
    k->to_us = INT64_MAX;
    if (plan->to <= plan->from || w->nmsgs == 0) return;
    int64_t first = w->msgs[0].sent_us, span = w->msgs[w->nmsgs - 1].sent_us - first;
    if (plan->from > 0) k->from_us = first + (int64_t)((double)span * plan->from);
    if (plan->to < 1) k->to_us = first + (int64_t)((double)span * plan->to);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static void attempts_count(struct view_job *j) {
    j->attempt = view_new((size_t)j->w->nmsgs, sizeof *j->attempt);
    for (int i = 0; i < j->w->nmsgs; i++) {
        int before = j->w->msgs[i].again;
        if (before) j->attempt[i] = (uint16_t)(j->attempt[before - 1] + 1);
    }
}

static void files_write(struct looking *k) {
    size_t at = 0;
    for (int s = 0; s < k->job.view->nsources; s++) {
        size_t from = at;
        while (at < k->nsights && k->sights[at].source == s) at++;
        int n = (int)(at - from);
        const struct view_sight *mine = k->sights ? k->sights + from : NULL;
        if (k->job.view->sources[s].log)
            view_log_write(&k->job, s, mine, n);
        else
            view_capture_write(&k->job, s, mine, n);
    }
}

static void hosts_write(const struct world *w, struct view *v, const char *dir) {
    snprintf(v->hosts_path, sizeof v->hosts_path, "%s/hosts", dir);
    FILE *f = view_open(v->hosts_path);
    for (int i = 0; i < w->naddresses; i++) {
        const struct world_address *a = &w->addresses[i];
        if (!w->devices[a->device].box) continue;
        bool known = false; /* another port of one before it */
        for (int b = i - 1; b >= 0 && !known && i - b < 64; b--)
            known = w->addresses[b].ip == a->ip;
        if (known) continue;
        fprintf(f, "%u.%u.%u.%u %s\n", a->ip >> 24, a->ip >> 16 & 255, a->ip >> 8 & 255,
                a->ip & 255, w->devices[a->device].name);
    }
    view_close(f, v->hosts_path);
    v->hosts = true;
}

struct view *view_write(const struct world *w, const struct view_plan *plan,
                        const char *dir) {
    struct view *v = view_new(1, sizeof *v);
    struct looking k = {.job = {.w = w, .plan = plan, .view = v},
                        .dir = dir,
                        .chance = plan->seed ^ 0x7369676874};
    v->seen = view_new((size_t)w->nmsgs, sizeof *v->seen);
    sources_choose(&k);
    clocks_set(&k);
    window_set(&k);
    attempts_count(&k.job);
    if (!plan->all_udp) k.job.tcp = view_tcp_number(w);
    for (int i = 0; i < w->nmsgs; i++) message_look(&k, i);
    if (k.nsights) qsort(k.sights, k.nsights, sizeof *k.sights, by_source_and_time);
    files_write(&k);
    hosts_write(w, v, dir);
    free(k.sights);
    free(k.clocks);
    free(k.source_of);
    free(k.near);
    free(k.far);
    free(k.job.attempt);
    free(k.job.tcp.seq);
    free(k.job.tcp.ack);
    return v;
}

void view_free(struct view *v) {
    if (!v) return;
    free(v->sources);
    free(v->lines);
    free(v->seen);
    free(v);
}
