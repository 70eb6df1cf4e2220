/* believe.c: what is known of one leg is told to those before and after it, again and again, until all agree (belief
 * propagation). A try that another one follows has the parent of that one; an arrival sends one leg, a failure makes one try
 * follow: what is surely there because of it leaves little for others. */
#include "link/claim.h"

#include <math.h>

static const double ANYWAY = 0.02; /* of what has sent a leg sends another all the same */

/* What comes of `f` for the claim of the leg before: the odds that this is what followed, if it is that parent's. b: the same
 * parent's claim on the leg after. */
static double told_back(const struct claims *k, const struct follow *f,
                        const struct claim *b) {
    static const double LEAST = 1e-12;
    const struct claimed *to = &k->legs[f->after];
    if (b->forbidden || !b->bond.reached) return 0;
    double rest = to->all - f->given;
    if (rest < LEAST * to->all) rest = LEAST * to->all;
    return rest > 0 ? claim_backward(b) * (double)(b->causes[f->kind] * f->density) / rest
                    : 0;
}

/* With other odds of what followed. */
static double weight_if(const struct claim *a, enum follow_kind kind, double after) {
    double start = a->after[FOLLOW_START], failure = a->after[FOLLOW_FAILURE];
    *(kind == FOLLOW_START ? &start : &failure) = after > 1 ? after : 1;
    return a->forbidden ? 0 : claim_backward_if(a, start, failure) * a->sent;
}

/* ---- the parents that claim both ends of a follow ---------------------------------------------------------------- */

/* While beliefs are told hardly anybody gets or loses a claim: what was found once is right but for those. */
struct pair_run {
    const struct claim_pair *rows;
    isize n;
};

isize claims_in_common(const struct claims *k, u32 before, u32 after,
                       struct claim_pair to[CLAIMS_A_LEG]) {
    const struct claimed *from = &k->legs[before], *on = &k->legs[after];
    const struct claim *a = k->rows + from->at, *b = k->rows + on->at;
    isize n = 0;
    for (u32 i = 0, j = 0; i < from->n && j < on->n;) {
        u32 left = a[i].parent, right = b[j].parent;
        if (left == right) to[n++] = (struct claim_pair){(u8)i, (u8)j};
        i += left <= right;
        j += right <= left;
    }
    return n;
}

static isize find_pairs(const struct claims *k, const struct follow *f,
                        struct claim_pair to[CLAIMS_A_LEG]) {
    return claims_in_common(k, f->before, f->after, to);
}

/* `room`: for where nothing is kept. */
static struct pair_run pairs_of(const struct claims *k, const struct follow *f,
                                struct claim_pair room[CLAIMS_A_LEG]) {
    bool moved = k->legs[f->before].moved || k->legs[f->after].moved;
    if (!k->pairs_at || moved) return (struct pair_run){room, find_pairs(k, f, room)};
    const u32 *at = &k->pairs_at[f - k->follows];
    return (struct pair_run){k->pairs + at[0], at[1] - at[0]};
}

void claims_told(struct claims *k) {
    base_free(k->pairs);
    base_free(k->pairs_at);
    k->pairs = NULL;
    k->pairs_at = NULL;
}

static void keep_pairs(struct claims *k) {
    isize n = 0, cap = 0;
    claims_told(k);
    u32 *at = base_new(k->nfollows + 1, (isize)sizeof *at);
    for (isize i = 0; i < k->nfollows; i++) {
        k->pairs = base_grow(k->pairs, &cap, n + CLAIMS_A_LEG, (isize)sizeof *k->pairs);
        n += find_pairs(k, &k->follows[i], k->pairs + n);
        at[i + 1] = (u32)n;
        k->legs[k->follows[i].before].moved = k->legs[k->follows[i].after].moved = false;
    }
    k->pairs_at = at;
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

/* What the leg before tells c: that it is this parent's, and nothing else has followed it. Over the parents that claim both. */
static void hear(struct claims *k, u32 c, struct follow *f) {
    const struct claimed *from = &k->legs[f->before], *to = &k->legs[c];
    enum follow_kind kind = (enum follow_kind)f->kind;
    double weights[CLAIMS_A_LEG] = {0};
    struct claim_pair room[CLAIMS_A_LEG];
    struct pair_run run = pairs_of(k, f, room);
    double all = from->all;
    for (isize i = 0; i < run.n; i++) {
        const struct claim *a = &k->rows[from->at + run.rows[i].before];
        const struct claim *b = &k->rows[to->at + run.rows[i].after];
        double others = weight_if(a, kind, a->after[kind] - told_back(k, f, b));
        all -= a->weight - others;
        weights[i] = (1 - ANYWAY) * weight_if(a, kind, 1) + ANYWAY * others;
    }
    f->given = 0;
    for (isize i = 0; i < run.n && all > 0; i++) {
        struct claim *b = &k->rows[to->at + run.rows[i].after];
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
static void spare(const struct claims *k, const struct follow *f, bool after,
                  struct others *to) {
    struct claim_pair room[CLAIMS_A_LEG];
    struct pair_run run = pairs_of(k, f, room);
    const struct claim *theirs = k->rows + k->legs[after ? f->before : f->after].at;
    for (isize i = 0; i < run.n; i++) {
        u8 mine = after ? run.rows[i].after : run.rows[i].before;
        u8 other = after ? run.rows[i].before : run.rows[i].after;
        if (to->any[mine]) to->odds[mine] -= theirs[other].once;
    }
}

/* How much is left for each claim of the leg. */
static void left_for(const struct claims *k, const struct claimed *leg,
                     double left[CLAIMS_A_LEG]) {
    static const double FEW = 0.01;
    const struct claim *rows = k->rows + leg->at;
    struct others others = {0};
    bool any = false;
    for (u32 i = 0; i < leg->n; i++) {
        others.odds[i] = k->once[rows[i].parent] - rows[i].once;
        others.any[i] = others.odds[i] > FEW;
        any |= others.any[i];
    }
    for (u32 i = 0; any && i < leg->nbefore; i++) {
        const struct follow *f = &k->follows[leg->before + i];
        if (f->kind == FOLLOW_FAILURE) spare(k, f, true, &others);
    }
    for (u32 i = 0; any && i < leg->nnext; i++) {
        const struct follow *f = &k->follows[k->next[leg->next + i]];
        if (f->kind == FOLLOW_FAILURE) spare(k, f, false, &others);
    }
    for (u32 i = 0; i < leg->n; i++)
        left[i] = left_beside(k, rows[i].parent, others.odds[i]);
}

double claims_left(const struct claims *k, u32 p) {
    return left_beside(k, p, k->once[p]);
}

void claims_forward(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    bool recording = k->x->w->sums[c].flags & SUM_RECORDING;
    double left[CLAIMS_A_LEG];
    left_for(k, leg, left);
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        a->told[0] = a->told[1] = 0;
        a->sent = a->bond.more + a->bond.once * (recording ? 1 : left[i]);
    }
    for (u32 i = 0; i < leg->nbefore; i++) hear(k, c, &k->follows[leg->before + i]);
    sum_up(k, c);
}

void claims_backward(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    struct claim_pair room[CLAIMS_A_LEG];
    for (u32 i = 0; i < leg->n; i++)
        k->rows[leg->at + i].after[0] = k->rows[leg->at + i].after[1] = 1;
    for (u32 e = 0; e < leg->nnext; e++) {
        const struct follow *f = &k->follows[k->next[leg->next + e]];
        const struct claim *to = k->rows + k->legs[f->after].at;
        struct pair_run run = pairs_of(k, f, room);
        for (isize i = 0; i < run.n; i++) {
            k->rows[leg->at + run.rows[i].before].after[f->kind] +=
                told_back(k, f, &to[run.rows[i].after]);
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

static void count_once(struct claims *k, u32 c, bool first) {
    const struct claimed *leg = &k->legs[c];
    double left[CLAIMS_A_LEG];
    if (k->x->w->sums[c].flags & SUM_RECORDING) return;
    left_for(k, leg, left);
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

void claims_note(struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    count_once(k, c, true);
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        a->once = a->once_next;
        k->once[a->parent] += a->once;
    }
}

/* What is there because of what: counted anew. */
static void count_odds(struct claims *k) {
    isize n = k->nunsure + k->nbeside;
    for (isize i = 0; i < n; i++) count_once(k, claims_doubtful(k, i), false);
    for (isize i = 0; i < n; i++) {
        const struct claimed *leg = &k->legs[claims_doubtful(k, i)];
        for (u32 m = 0; m < leg->n; m++) k->once[k->rows[leg->at + m].parent] = 0;
    }
    for (isize i = 0; i < n; i++) {
        const struct claimed *leg = &k->legs[claims_doubtful(k, i)];
        for (u32 m = 0; m < leg->n; m++) {
            struct claim *a = &k->rows[leg->at + m];
            a->once = a->once_next;
            k->once[a->parent] += a->once;
        }
    }
}

static double top_share(const struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    return leg->all > 0 ? claims_most(k, leg) / leg->all : 0;
}

void claims_believe(struct claims *k, int sweeps) {
    static const double SETTLED = 0.002;
    double change = 1;
    keep_pairs(k);
    defeats_tell(k, true);
    for (int sweep = 0; sweep < sweeps && change > SETTLED && !weave_stops(k->x->w);
         sweep++) {
        change = 0;
        for (isize i = 0; i < k->nunsure; i++) claims_forward(k, k->unsure[i]);
        count_odds(k);
        for (isize i = k->nunsure; i-- > 0;) {
            double before = top_share(k, k->unsure[i]);
            claims_backward(k, k->unsure[i]);
            double by = fabs(top_share(k, k->unsure[i]) - before);
            change = change > by ? change : by;
        }
        count_odds(k);
        claims_part(k);
        defeats_tell(k, false);
    }
}
