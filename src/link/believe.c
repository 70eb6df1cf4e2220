/* believe.c: what is known of one leg is told to those before and after it, again and again, until all agree (belief
 * propagation). A try that another one follows has the parent of that one; an arrival sends one leg, a failure makes one try
 * follow: what is surely there because of it leaves little for others. */
#include "link/claim.h"

#include <math.h>

static const double ANYWAY = 0.02; /* of what has sent a leg sends another all the same */

/* With other odds of what followed. */
static double weight_if(const struct claim *a, enum follow_kind kind, double after) {
    double start = a->after[FOLLOW_START], failure = a->after[FOLLOW_FAILURE];
    *(kind == FOLLOW_START ? &start : &failure) = after > 1 ? after : 1;
    return a->forbidden ? 0 : claim_backward_if(a, start, failure) * a->sent;
}

/* ---- what one leg tells another ---------------------------------------------------------------------------------- */

static void sum_up(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    leg->all = leg->background + leg->rest;
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        a->weight = claim_weight(a);
        leg->all += a->weight;
    }
}

/* A leg that was certain at first look has no claim to tell of, and no doubt. */
static void hear_early(struct claims *k, u32 c, struct follow *f) {
    struct claim *b = claim_find(k, c, k->x->w->sums[f->before].parent - 1);
    f->given = 0;
    if (!b || !b->bond.reached) return;
    double more = (double)(b->causes[f->kind] * f->density);
    b->sent += more;
    b->told[f->kind] += (float)more;
    f->given = b->forbidden ? 0 : claim_backward(b) * more;
}

/* What the leg before tells c: that it is this parent's, and nothing else has followed it. Over the parents that claim both. */
static void hear(struct claims *k, u32 c, const struct pair_run *tie) {
    struct follow *f = tie->f;
    const struct claimed *from = &k->legs[f->before], *to = &k->legs[c];
    enum follow_kind kind = (enum follow_kind)f->kind;
    if (from->early) {
        hear_early(k, c, f);
        return;
    }
    double weights[CLAIMS_A_LEG];
    double all = from->all;
    for (isize i = 0; i < tie->n; i++) {
        const struct claim *a = &k->rows[from->at + tie->rows[i].before];
        const struct claim *b = &k->rows[to->at + tie->rows[i].after];
        double others = weight_if(a, kind, a->after[kind] - tie_told_back(k, f, b));
        all -= a->weight - others;
        weights[i] = (1 - ANYWAY) * weight_if(a, kind, 1) + ANYWAY * others;
    }
    f->given = 0;
    for (isize i = 0; i < tie->n && all > 0; i++) {
        struct claim *b = &k->rows[to->at + tie->rows[i].after];
        if (!b->bond.reached) continue;
        double more = (double)(b->causes[f->kind] * f->density) * weights[i] / all;
        b->sent += more;
        b->told[kind] += (float)more;
        f->given += b->forbidden ? 0 : claim_backward(b) * more;
    }
}

/* How much of what p's arrival could send is left where the odds that it sent others are these. */
static double left_beside(const struct claims *k, u32 p, double others) {
    double keep = k->keep[k->x->in_lane_of[p]];
    return ANYWAY + (1 - ANYWAY) / (keep + fmax(others, 0));
}

/* The odds that arrivals sent others than a leg: of each of its claims. */
struct others {
    double odds[CLAIMS_A_LEG];
    bool any[CLAIMS_A_LEG];
};

/* What comes right before or after the leg has its own cause in it: that is no rival. */
static void spare_one(const struct claims *k, const struct pair_run *run, bool next,
                      struct others *to) {
    const struct claim *theirs =
        k->rows + k->legs[next ? run->f->after : run->f->before].at;
    for (isize i = 0; i < run->n; i++) {
        u8 mine = next ? run->rows[i].before : run->rows[i].after;
        u8 other = next ? run->rows[i].after : run->rows[i].before;
        if (to->any[mine]) to->odds[mine] -= theirs[other].once;
    }
}

/* The same where nothing was sought. */
static void spare_by(struct claims *k, u32 c, u32 other, struct others *to) {
    const struct claimed *leg = &k->legs[c];
    for (u32 i = 0; i < leg->n; i++) {
        if (!to->any[i]) continue;
        const struct claim *a = claim_find(k, other, k->rows[leg->at + i].parent);
        if (a) to->odds[i] -= a->once;
    }
}

static void spare_all(struct claims *k, u32 c, struct others *to) {
    const struct claimed *leg = &k->legs[c];
    for (u32 i = 0; i < leg->nbefore; i++) {
        const struct follow *f = &k->follows[leg->before + i];
        if (f->kind == FOLLOW_FAILURE) spare_by(k, c, f->before, to);
    }
    for (u32 i = 0; i < leg->nnext; i++) {
        const struct follow *f = &k->follows[k->next[leg->next + i]];
        if (f->kind == FOLLOW_FAILURE) spare_by(k, c, f->after, to);
    }
}

static void spare_tied(const struct claims *k, u32 c, struct others *to) {
    for (int next = 0; next < 2; next++) {
        u32 n = ties_of(k, c, next);
        for (u32 i = 0; i < n; i++) {
            struct pair_run run = tie_at(k, c, next, i, NULL);
            if (run.f->kind == FOLLOW_FAILURE) spare_one(k, &run, next, to);
        }
    }
}

/* How much is left for each claim of the leg. What weighs nothing even if its arrival has sent no other is not looked at closely. */
static void left_for(struct claims *k, u32 c, double left[CLAIMS_A_LEG]) {
    static const double FEW = 0.01, NOTHING = 1e-5;
    const struct claimed *leg = &k->legs[c];
    const struct claim *rows = k->rows + leg->at;
    struct others others = {0};
    bool any = false;
    for (u32 i = 0; i < leg->n; i++) {
        others.odds[i] = k->once[rows[i].parent] - rows[i].once;
        others.any[i] = others.odds[i] > FEW &&
                        claim_backward(&rows[i]) * rows[i].bond.once > NOTHING * leg->all;
        any |= others.any[i];
    }
    if (any && k->ties.of) spare_tied(k, c, &others);
    if (any && !k->ties.of) spare_all(k, c, &others);
    for (u32 i = 0; i < leg->n; i++)
        left[i] = left_beside(k, rows[i].parent, others.odds[i]);
}

double claims_left(const struct claims *k, u32 p) {
    return left_beside(k, p, k->once[p]);
}

/* `left`: for each of its claims. */
static void forward(struct claims *k, u32 c, const double *left) {
    struct claimed *leg = &k->legs[c];
    bool recording = k->x->w->sums[c].flags & SUM_RECORDING;
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        a->told[0] = a->told[1] = 0;
        a->sent = a->bond.more + a->bond.once * (recording ? 1 : left[i]);
    }
    struct claim_pair room[CLAIMS_A_LEG];
    u32 n = ties_of(k, c, false);
    for (u32 i = 0; i < n; i++) {
        struct pair_run tie = tie_at(k, c, false, i, room);
        hear(k, c, &tie);
    }
    sum_up(k, c);
}

void claims_forward(struct claims *k, u32 c) {
    double left[CLAIMS_A_LEG];
    left_for(k, c, left);
    forward(k, c, left);
}

void claims_backward(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    struct claim_pair room[CLAIMS_A_LEG];
    for (u32 i = 0; i < leg->n; i++)
        k->rows[leg->at + i].after[0] = k->rows[leg->at + i].after[1] = 1;
    u32 n = ties_of(k, c, true);
    for (u32 e = 0; e < n; e++) {
        struct pair_run run = tie_at(k, c, true, e, room);
        const struct follow *f = run.f;
        const struct claim *to = k->rows + k->legs[f->after].at;
        for (isize i = 0; i < run.n; i++) {
            k->rows[leg->at + run.rows[i].before].after[f->kind] +=
                tie_told_back(k, f, &to[run.rows[i].after]);
        }
    }
    claims_forward(k, c); /* what it was given is another share of it now */
}

/* ---- what has been used up ----------------------------------------------------------------------------------- */

static double odds_of(double part, double all) {
    enum { MOST = 1000000 };
    double rest = all - part;
    if (part <= 0) return 0;
    return rest > part / MOST ? part / rest : MOST;
}

/* Half of what it was before stays: two that take turns would never settle. */
static double damped(double before, double now) {
    return (before + now) / 2;
}

static void count_once(struct claims *k, u32 c, const double *left, bool first) {
    const struct claimed *leg = &k->legs[c];
    if (k->x->w->sums[c].flags & SUM_RECORDING) return;
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        double part = a->forbidden ? 0 : a->bond.once * left[i] * claim_backward(a);
        double odds = odds_of(part, leg->all) / left[i];
        a->once_next = first ? odds : damped(a->once, odds);
    }
}

double claim_once(const struct claims *k, u32 c, const struct claim *a) {
    double left = claims_left(k, a->parent);
    if (k->x->w->sums[c].flags & SUM_RECORDING) return 0;
    return odds_of(a->bond.once * left * claim_backward(a), k->legs[c].all) / left;
}

/* They use up what they are there because of. */
static void use_up(struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        a->once = a->once_next;
        k->once[a->parent] += a->once;
    }
}

void claims_note(struct claims *k, u32 c, bool weigh) {
    double left[CLAIMS_A_LEG];
    left_for(k, c, left);
    if (weigh) forward(k, c, left);
    count_once(k, c, left, true);
    use_up(k, c);
}

/* Who is told in a sweep: in the first one all that are not sure; then those that have moved, or a neighbour of theirs has. */
struct told {
    u32 *legs;
    isize n;
    bool *moved; /* by leg */
};

static struct told told_open(const struct claims *k) {
    struct told t = {.legs = base_new(k->nunsure + 1, (isize)sizeof *t.legs),
                     .moved = base_new(k->w->nsums + 1, 1)};
    for (isize i = 0; i < k->nunsure; i++) t.legs[t.n++] = k->unsure[i];
    return t;
}

static void told_close(struct told *t) {
    base_free(t->legs);
    base_free(t->moved);
}

static bool neighbour_moved(const struct claims *k, const struct told *t, u32 c) {
    for (int next = 0; next < 2; next++) {
        u32 n = ties_of(k, c, next);
        for (u32 i = 0; i < n; i++) {
            const struct follow *f = tie_at(k, c, next, i, NULL).f;
            if (t->moved[next ? f->after : f->before]) return true;
        }
    }
    return false;
}

/* For the next sweep. */
static void told_again(const struct claims *k, struct told *t) {
    t->n = 0;
    for (isize i = 0; i < k->ndefeats; i++) {
        if (t->moved[k->defeats[i].winner]) t->moved[k->defeats[i].loser] = true;
    }
    for (isize i = 0; i < k->nunsure; i++) {
        u32 c = k->unsure[i];
        if (t->moved[c] || neighbour_moved(k, t, c)) t->legs[t->n++] = c;
    }
}

/* Row i of those, then of the legs beside them. */
static u32 counted_leg(const struct claims *k, const struct told *t, isize i) {
    return i < t->n ? t->legs[i] : k->beside[i - t->n];
}

/* What is there because of what: counted anew. */
static void count_odds(struct claims *k, const struct told *t) {
    isize n = t->n + k->nbeside;
    for (isize i = 0; i < n; i++) {
        u32 c = counted_leg(k, t, i);
        double left[CLAIMS_A_LEG];
        left_for(k, c, left);
        count_once(k, c, left, false);
    }
    for (isize i = 0; i < n; i++) {
        const struct claimed *leg = &k->legs[counted_leg(k, t, i)];
        for (u32 m = 0; m < leg->n; m++) {
            const struct claim *a = &k->rows[leg->at + m];
            k->once[a->parent] -= a->once;
        }
    }
    for (isize i = 0; i < n; i++) use_up(k, counted_leg(k, t, i));
}

static double top_share(const struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    return leg->all > 0 ? claims_most(k, leg) / leg->all : 0;
}

/* From the last to the first; gives by how much most of them have moved. */
static double tell_backward(struct claims *k, struct told *t) {
    static const double STILL = 1e-4;
    double most = 0;
    for (isize i = t->n; i-- > 0;) {
        u32 c = t->legs[i];
        double before = top_share(k, c);
        claims_backward(k, c);
        double by = fabs(top_share(k, c) - before);
        t->moved[c] = by > STILL;
        most = fmax(most, by);
    }
    return most;
}

void claims_believe(struct claims *k, int sweeps) {
    static const double SETTLED = 0.002;
    double change = 1;
    ties_open(k);
    defeats_tell(k, true);
    struct told t = told_open(k);
    for (int sweep = 0; sweep < sweeps && change > SETTLED && !weave_stops(k->x->w);
         sweep++) {
        if (sweep) told_again(k, &t);
        for (isize i = 0; i < t.n; i++) claims_forward(k, t.legs[i]);
        count_odds(k, &t);
        change = tell_backward(k, &t);
        count_odds(k, &t);
        claims_part(k);
        defeats_tell(k, false);
    }
    told_close(&t);
    ties_close(k);
}
