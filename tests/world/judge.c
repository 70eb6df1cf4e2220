/* judge.c: sipweave's tables against the truth.
 *
 *     lines ──> message = true message ──> leg = true leg (by most messages) ──> call holds true calls
 *
 * Everything is counted by sorting pairs: n log n for a million messages. */
#include "world/judge.h"

#include <stdlib.h>

const double judge_bins[CONFIDENCES] = {0.1, 0.2, 0.3,  0.4,  0.5,  0.6,   0.7,
                                        0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.01};

double share_of(struct share s) {
    return s.of ? (double)s.right / (double)s.of : 1;
}

static void share_add(struct share *s, bool right) {
    s->of++;
    s->right += right;
}

static int first_sending(const struct world *w, int msg) {
    while (w->msgs[msg].again) msg = w->msgs[msg].again - 1;
    return msg;
}

/* ---- messages -------------------------------------------------------------------------------------- */

static void messages_match(const struct world *w, const struct view *v,
                           const struct found *f, struct verdict *d) {
    for (int i = 0; i < v->nlines; i++) {
        int found = f->of_line[i], real = v->lines[i].msg + 1;
        if (!found) continue;
        int *mine = &d->found_msg[real - 1], *theirs = &d->true_msg[found - 1];
        if (*mine && *mine != found) d->msg_split[real - 1] = true;
        if (*theirs && *theirs != real) d->mixed[found - 1] = true;
        if (!*mine) *mine = found;
        if (!*theirs) *theirs = real;
    }
    for (int m = 0; m < w->nmsgs; m++) {
        int first = d->family[m] = first_sending(w, m);
        if (d->found_msg[m] && !d->family_found[first])
            d->family_found[first] = d->found_msg[m];
        if (v->seen[m]) d->leg_seen[w->msgs[m].leg] = true;
    }
    for (int l = 0; l < w->nlegs; l++) {
        if (d->leg_seen[l] && w->legs[l].kind == WORLD_CALL)
            d->call_seen[w->legs[l].call] = true;
    }
}

static void messages_score(const struct world *w, const struct view *v,
                           struct verdict *d) {
    struct score *s = &d->score;
    for (int m = 0; m < w->nmsgs; m++) {
        if (!v->seen[m]) continue;
        int found = d->found_msg[m];
        bool mixed = found && d->mixed[found - 1];
        s->lost += !found;
        s->doubled += d->msg_split[m];
        s->merged += mixed;
        s->messages++;
        share_add(&s->recovered, found && !d->msg_split[m] && !mixed);
    }
}

/* ---- legs -------------------------------------------------------------------------------------------- */

/* So many messages are of this and of that. */
struct pair {
    int a, b, n;
};

static int by_pair(const void *x, const void *y) {
    const struct pair *p = x, *q = y;
    if (p->a != q->a) return p->a < q->a ? -1 : 1;
    return (p->b > q->b) - (p->b < q->b);
}

/* Equal ones become one; gives how many are left. */
static int pairs_gather(struct pair *p, int n) {
    int kept = 0;
    if (n) qsort(p, (size_t)n, sizeof *p, by_pair);
    for (int i = 0; i < n; i++) {
        if (kept && p[kept - 1].a == p[i].a && p[kept - 1].b == p[i].b)
            p[kept - 1].n += p[i].n;
        else
            p[kept++] = p[i];
    }
    return kept;
}

/* most[a] becomes the b + 1 that it has most of; several[a]: there is more than one. */
static void pairs_choose(const struct pair *p, int n, int *most, bool *several) {
    for (int i = 0, best = 0; i < n; i++) {
        bool first = i == 0 || p[i - 1].a != p[i].a;
        if (!first && several) several[p[i].a] = true;
        if (!first && p[i].n <= best) continue;
        best = p[i].n;
        most[p[i].a] = p[i].b + 1;
    }
}

enum side_of { OF_FOUND_LEG, OF_TRUE_LEG, OF_TRUE_LEG_CALL };

static int pairs_of(const struct world *w, const struct found *f, const struct verdict *d,
                    enum side_of side, struct pair *p) {
    int n = 0;
    for (int m = 0; m < f->nmsgs; m++) {
        if (!d->true_msg[m]) continue;
        int found = f->msgs[m].leg, real = w->msgs[d->true_msg[m] - 1].leg;
        switch (side) {
        case OF_FOUND_LEG: p[n++] = (struct pair){found, real, 1}; break;
        case OF_TRUE_LEG: p[n++] = (struct pair){real, found, 1}; break;
        case OF_TRUE_LEG_CALL:
            p[n++] = (struct pair){real, f->legs[found].call, 1};
            break;
        }
    }
    return pairs_gather(p, n);
}

/* Which calls of sipweave hold more than one true call. */
static void joined_find(const struct world *w, const struct pair *legs, int n, int ncalls,
                        bool *joined) {
    int *holds = base_new(ncalls, (isize)sizeof *holds);
    for (int i = 0; i < n; i++) {
        int call = w->legs[legs[i].a].call + 1, *held = &holds[legs[i].b];
        if (*held && *held != call) joined[legs[i].b] = true;
        *held = call;
    }
    base_free(holds);
}

static void legs_match(const struct world *w, const struct found *f, struct verdict *d) {
    struct pair *p = base_new(f->nmsgs, (isize)sizeof *p);
    int n = pairs_of(w, f, d, OF_FOUND_LEG, p);
    pairs_choose(p, n, d->true_leg, NULL);
    n = pairs_of(w, f, d, OF_TRUE_LEG, p);
    pairs_choose(p, n, d->found_leg, NULL);
    n = pairs_of(w, f, d, OF_TRUE_LEG_CALL, p);
    pairs_choose(p, n, d->found_call, d->scattered);
    joined_find(w, p, n, f->ncalls, d->joined);
    base_free(p);
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static int64_t pairs_in(int64_t n) {
    return n * (n - 1) / 2;
}

/* Over the groups of equal `a`: pairs within them. */
static int64_t pairs_within(const struct pair *p, int n) {
    int64_t sum = 0, group = 0;
    for (int i = 0; i < n; i++) {
        if (i && p[i].a != p[i - 1].a) {
            sum += pairs_in(group);
            group = 0;
        }
        group += p[i].n;
    }
    return sum + pairs_in(group);
}

static bool counts(const struct world *w, const struct verdict *d, int leg) {
    return w->legs[leg].kind == WORLD_CALL && d->leg_seen[leg];
}

static void pairs_score(const struct world *w, struct verdict *d) {
    struct pair *p = base_new(w->nlegs, (isize)sizeof *p);
    int n = 0, loners = 0;
    for (int l = 0; l < w->nlegs; l++) {
        if (!counts(w, d, l)) continue;
        /* a leg that was not found is with nobody */
        int call = d->found_call[l] ? d->found_call[l] : -++loners;
        p[n++] = (struct pair){call, w->legs[l].call, 1};
    }
    int64_t both = 0;
    int groups = pairs_gather(p, n);
    d->score.legs = n;
    for (int i = 0; i < groups; i++) both += pairs_in(p[i].n);
    d->score.precision = (struct share){both, pairs_within(p, groups)};
    for (int i = 0; i < groups; i++) p[i] = (struct pair){p[i].b, p[i].a, p[i].n};
    groups = pairs_gather(p, groups);
    d->score.recall = (struct share){both, pairs_within(p, groups)};
    base_free(p);
}

static void exact_score(const struct world *w, const struct found *f, struct verdict *d) {
    int *place = base_new(w->ncalls, (isize)sizeof *place);
    for (int c = 0; c < w->ncalls; c++) d->exact[c] = d->call_seen[c];
    for (int l = 0; l < w->nlegs; l++) {
        int c = w->legs[l].call, call = d->found_call[l];
        if (!counts(w, d, l)) continue;
        if (!place[c]) place[c] = call;
        if (!call || place[c] != call || d->scattered[l] || d->joined[call - 1])
            d->exact[c] = false;
    }
    for (int c = 0; c < w->ncalls; c++) {
        if (d->call_seen[c]) share_add(&d->score.exact, d->exact[c]);
    }
    for (int c = 0; c < f->ncalls; c++) d->score.joined += d->joined[c];
    base_free(place);
}

/* ---- one by one ---------------------------------------------------------------------------------------- */

int judge_parent(const struct world *w, const struct found *f, const struct verdict *d,
                 int leg) {
    int found = d->found_leg[leg];
    if (!counts(w, d, leg)) return -1;
    if (!found) return 0;
    int parent = f->legs[found - 1].parent, real = parent ? d->true_leg[parent - 1] : 0;
    int wanted = w->legs[leg].parent;
    if (wanted &&
        !d->leg_seen[wanted - 1]) /* cannot be told; but no stranger may be it */
        return !parent || (real && w->legs[real - 1].call == w->legs[leg].call);
    return real == wanted && !parent == !wanted;
}

int judge_prompt(const struct world *w, const struct found *f, const struct verdict *d,
                 int msg) {
    int mine = d->family_found[msg];
    if (w->msgs[msg].again || !mine) return -1;
    int wanted = w->msgs[msg].prompted;
    if (wanted && !d->family_found[d->family[wanted - 1]]) return -1;
    int found = f->msgs[mine - 1].prompted;
    if (!wanted || !found) return !wanted == !found;
    int real = d->true_msg[found - 1];
    return real && d->family[real - 1] == d->family[wanted - 1];
}

/* -1: they cannot be compared */
static int stands_before(const struct found *f, const struct verdict *d, int cause,
                         int effect) {
    if (!cause || !d->found_msg[cause - 1] || !d->found_msg[effect]) return -1;
    const struct found_msg *c = &f->msgs[d->found_msg[cause - 1] - 1],
                           *e = &f->msgs[d->found_msg[effect] - 1];
    if (c == e || f->legs[c->leg].call != f->legs[e->leg].call) return -1;
    return c->n < e->n;
}

int judge_order(const struct world *w, const struct found *f, const struct verdict *d,
                int msg) {
    int prompt = stands_before(f, d, w->msgs[msg].prompted, msg);
    int after = stands_before(f, d, w->msgs[msg].after, msg);
    if (prompt < 0 && after < 0) return -1;
    return prompt != 0 && after != 0;
}

static void each_score(const struct world *w, const struct view *v, const struct found *f,
                       struct verdict *d) {
    struct score *s = &d->score;
    for (int l = 0; l < w->nlegs; l++) {
        int right = judge_parent(w, f, d, l);
        if (right >= 0) share_add(&s->parents, right);
    }
    for (int m = 0; m < w->nmsgs; m++) {
        int prompt = judge_prompt(w, f, d, m);
        int order = v->seen[m] ? judge_order(w, f, d, m) : -1;
        if (prompt >= 0) share_add(&s->prompts, prompt);
        if (order >= 0) share_add(&s->order, order);
    }
}

/* ---- calibration ---------------------------------------------------------------------------------------- */

static void calibrate(struct calibration *c, double confidence, bool right) {
    int bin = 0;
    while (bin + 1 < CONFIDENCES && confidence >= judge_bins[bin]) bin++;
    c->stated[bin]++;
    c->right[bin] += right;
    c->sum[bin] += confidence;
}

void calibration_add(struct calibration *to, const struct calibration *c) {
    for (int i = 0; i < CONFIDENCES; i++) {
        to->stated[i] += c->stated[i];
        to->right[i] += c->right[i];
        to->sum[i] += c->sum[i];
    }
}

static bool one_call(const struct world *w, const struct verdict *d, int a, int b) {
    int x = d->true_leg[a], y = d->true_leg[b];
    return x && y && w->legs[x - 1].call == w->legs[y - 1].call;
}

static void calibration_score(const struct world *w, const struct found *f,
                              struct verdict *d) {
    for (int l = 0; l < f->nlegs; l++) {
        const struct found_leg *x = &f->legs[l];
        if (x->parent)
            calibrate(&d->score.links, x->confidence, one_call(w, d, l, x->parent - 1));
    }
    for (int i = 0; i < f->nmaybes; i++) {
        const struct found_maybe *x = &f->maybes[i];
        calibrate(&d->score.maybes, x->confidence, one_call(w, d, x->leg, x->other));
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static struct verdict *verdict_new(const struct world *w, const struct found *f) {
    struct verdict *d = base_new(1, (isize)sizeof *d);
    isize i = (isize)sizeof(int), b = (isize)sizeof(bool);
    d->found_msg = base_new(w->nmsgs, i);
    d->family = base_new(w->nmsgs, i);
    d->family_found = base_new(w->nmsgs, i);
    d->msg_split = base_new(w->nmsgs, b);
    d->found_leg = base_new(w->nlegs, i);
    d->found_call = base_new(w->nlegs, i);
    d->leg_seen = base_new(w->nlegs, b);
    d->scattered = base_new(w->nlegs, b);
    d->exact = base_new(w->ncalls, b);
    d->call_seen = base_new(w->ncalls, b);
    d->true_msg = base_new(f->nmsgs, i);
    d->mixed = base_new(f->nmsgs, b);
    d->true_leg = base_new(f->nlegs, i);
    d->joined = base_new(f->ncalls, b);
    return d;
}

void verdict_free(struct verdict *d) {
    void *const tables[] = {d->found_msg, d->family,     d->family_found, d->msg_split,
                            d->found_leg, d->found_call, d->leg_seen,     d->scattered,
                            d->exact,     d->call_seen,  d->true_msg,     d->mixed,
                            d->true_leg,  d->joined};
    for (isize i = 0; i < countof(tables); i++) base_free(tables[i]);
    base_free(d);
}

struct verdict *judge_score(const struct world *w, const struct view *v,
                            const struct found *f) {
    struct verdict *d = verdict_new(w, f);
    messages_match(w, v, f, d);
    messages_score(w, v, d);
    legs_match(w, f, d);
    pairs_score(w, d);
    exact_score(w, f, d);
    each_score(w, v, f, d);
    calibration_score(w, f, d);
    d->score.read_s = f->read_s;
    d->score.link_s = f->link_s;
    d->score.view_s = f->view_s;
    return d;
}
