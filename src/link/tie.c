/* tie.c: the parents that claim both ends of a follow, and who hears along it. A leg may follow dozens of strangers' tries, and
 * most of that tells nobody anything: a pair of claims counts only where both weigh something, and the follow beside what else
 * sends the leg. While beliefs are told the others are left out; they are sought anew each time. */
#include "link/claim.h"

#include <math.h>

static const double NOTHING = 1e-6, /* what a pair changes at either end, at most */
    STRONG = 1e-4,                  /* a share that is looked at first */
    SENT = 0.01; /* the odds of what has used up an arrival, to matter */

/* A leg's claims that are not tiny. */
struct strong {
    u32 parent;
    u8 place;
    double share;
};
struct strong_run {
    u32 at;
    u8 n;
    bool known;
};

/* Of the leg that hears: the most that a claim of it could be told back, by enum follow_kind, and who it is + 1. */
struct hearer {
    u32 leg;
    double most[2];
};

struct tying {
    struct claims *k;
    struct strong_run *of; /* by leg */
    struct strong *strong;
    isize nstrong, cap_strong;
    struct hearer hearer;
};

/* Where one of them has few claims: its parents, sought among the other's. */
static isize few_in_common(const struct claims *k, u32 before, u32 after,
                           struct claim_pair to[CLAIMS_A_LEG]) {
    const struct claimed *from = &k->legs[before], *on = &k->legs[after];
    bool turned = from->n > on->n;
    const struct claimed *few = turned ? on : from, *many = turned ? from : on;
    isize n = 0;
    for (u32 i = 0; i < few->n; i++) {
        u32 parent = k->rows[few->at + i].parent, m = claim_place(k, many, parent);
        if (m == many->n || k->rows[many->at + m].parent != parent) continue;
        to[n++] = turned ? (struct claim_pair){(u8)m, (u8)i}
                         : (struct claim_pair){(u8)i, (u8)m};
    }
    return n;
}

isize claims_in_common(const struct claims *k, u32 before, u32 after,
                       struct claim_pair to[CLAIMS_A_LEG]) {
    enum { TIMES = 8 }; /* what finding a place costs beside walking on */
    const struct claimed *from = &k->legs[before], *on = &k->legs[after];
    if (from->n * TIMES < on->n || on->n * TIMES < from->n)
        return few_in_common(k, before, after, to);
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

static double rest_of(const struct claims *k, const struct follow *f) {
    static const double LEAST = 1e-12;
    const struct claimed *to = &k->legs[f->after];
    return fmax(to->all - f->given, LEAST * to->all);
}

double tie_told_back(const struct claims *k, const struct follow *f,
                     const struct claim *b) {
    if (b->forbidden || !b->bond.reached) return 0;
    double rest = rest_of(k, f);
    return rest > 0 ? claim_backward(b) * (double)(b->causes[f->kind] * f->density) / rest
                    : 0;
}

/* ---- what is left out -------------------------------------------------------------------------------------------- */

static struct strong_run strong_of(struct tying *t, u32 c) {
    struct strong_run *run = &t->of[c];
    const struct claimed *leg = &t->k->legs[c];
    if (run->known) return *run;
    *run = (struct strong_run){.at = (u32)t->nstrong, .known = true};
    t->strong = base_grow(t->strong, &t->cap_strong, t->nstrong + CLAIMS_A_LEG,
                          (isize)sizeof *t->strong);
    for (u32 i = 0; i < leg->n && leg->all > 0; i++) {
        const struct claim *a = &t->k->rows[leg->at + i];
        double share = a->weight / leg->all;
        if (share < STRONG) continue;
        t->strong[t->nstrong++] = (struct strong){a->parent, (u8)i, share};
        run->n++;
    }
    return *run;
}

static const struct hearer *hearer_of(struct tying *t, u32 c) {
    struct hearer *h = &t->hearer;
    const struct claimed *leg = &t->k->legs[c];
    if (h->leg == c + 1) return h;
    *h = (struct hearer){.leg = c + 1};
    for (u32 i = 0; i < leg->n; i++) {
        const struct claim *b = &t->k->rows[leg->at + i];
        double back = b->forbidden || !b->bond.reached ? 0 : claim_backward(b);
        for (int kind = 0; kind < 2; kind++)
            h->most[kind] = fmax(h->most[kind], back * (double)b->causes[kind]);
    }
    return h;
}

/* The two change each other, or tell what has used up their parent's arrival. */
static bool matters(const struct claims *k, const struct follow *f, double share,
                    const struct claim *a, const struct claim *b) {
    if (share * tie_told_back(k, f, b) >= NOTHING) return true;
    if (f->kind != FOLLOW_FAILURE || (a->once < SENT && b->once < SENT)) return false;
    return share >= STRONG && b->weight >= STRONG * k->legs[f->after].all;
}

static isize pairs_among(struct tying *t, const struct follow *f,
                         struct claim_pair to[CLAIMS_A_LEG]) {
    struct claims *k = t->k;
    const struct claimed *from = &k->legs[f->before], *on = &k->legs[f->after];
    const struct claim *rows = k->rows;
    isize n = 0;
    double most = hearer_of(t, f->after)->most[f->kind] * (double)f->density;
    bool many = most * STRONG >= NOTHING * rest_of(k, f);
    if (many) {
        struct claim_pair all[CLAIMS_A_LEG];
        isize nall = claims_in_common(k, f->before, f->after, all);
        for (isize i = 0; i < nall && from->all > 0; i++) {
            const struct claim *a = &rows[from->at + all[i].before],
                               *b = &rows[on->at + all[i].after];
            if (matters(k, f, a->weight / from->all, a, b)) to[n++] = all[i];
        }
        return n;
    }
    struct strong_run run = strong_of(t, f->before);
    for (u32 i = 0; i < run.n; i++) {
        const struct strong *s = &t->strong[run.at + i];
        const struct claim *b = claim_find(k, f->after, s->parent);
        if (b && matters(k, f, s->share, &rows[from->at + s->place], b))
            to[n++] = (struct claim_pair){s->place, (u8)(b - rows - on->at)};
    }
    return n;
}

/* ---- who hears --------------------------------------------------------------------------------------------------- */

static void put_tie(struct claims *k, u32 follow, const struct claim_pair *pairs,
                    isize n) {
    struct ties *to = &k->ties;
    to->rows = base_grow(to->rows, &to->cap, to->n + 1, (isize)sizeof *to->rows);
    to->pairs =
        base_grow(to->pairs, &to->cap_pairs, to->npairs + n, (isize)sizeof *to->pairs);
    to->rows[to->n++] = (struct tie){follow, (u32)to->npairs, (u8)n};
    for (isize i = 0; i < n; i++) to->pairs[to->npairs++] = pairs[i];
}

/* By leg: its ties, those that lead to it and those that lead on from it. */
static void find_ends(struct claims *k) {
    struct ties *all = &k->ties;
    for (isize i = 0; i < all->n; i++) {
        const struct follow *f = &k->follows[all->rows[i].follow];
        struct tie_ends *to = &all->of[f->after];
        if (!to->nbefore++) to->before = (u32)i;
        all->of[f->before].nnext++;
    }
    u32 at = 0;
    all->next = base_new(all->n + 1, (isize)sizeof *all->next);
    for (isize i = 0; i < all->n; i++) {
        struct tie_ends *from = &all->of[k->follows[all->rows[i].follow].before];
        if (from->placed == 0) {
            from->next = at;
            at += from->nnext;
        }
        all->next[from->next + from->placed++] = (u32)i;
    }
}

void ties_open(struct claims *k) {
    struct tying t = {.k = k};
    struct claim_pair pairs[CLAIMS_A_LEG];
    ties_close(k);
    if (!k->nunsure) return;
    t.of = base_new(k->w->nsums + 1, (isize)sizeof *t.of);
    for (isize i = 0; i < k->nfollows; i++) {
        struct follow *f = &k->follows[i];
        bool heard = !k->legs[f->before].sure || !k->legs[f->after].sure;
        if (!heard && f->kind == FOLLOW_START) continue;
        isize n = pairs_among(&t, f, pairs);
        if (n)
            put_tie(k, (u32)i, pairs, n);
        else if (!k->legs[f->after].sure)
            f->given = 0;
    }
    base_free(t.of);
    base_free(t.strong);
    k->ties.of = base_new(k->w->nsums + 1, (isize)sizeof *k->ties.of);
    find_ends(k);
}

void ties_close(struct claims *k) {
    struct ties *all = &k->ties;
    base_free(all->rows);
    base_free(all->pairs);
    base_free(all->of);
    base_free(all->next);
    *all = (struct ties){0};
}

u32 ties_of(const struct claims *k, u32 c, bool next) {
    const struct ties *all = &k->ties;
    if (!all->of) return next ? k->legs[c].nnext : k->legs[c].nbefore;
    return next ? all->of[c].nnext : all->of[c].nbefore;
}

struct pair_run tie_at(const struct claims *k, u32 c, bool next, u32 i,
                       struct claim_pair room[CLAIMS_A_LEG]) {
    const struct ties *all = &k->ties;
    const struct claimed *leg = &k->legs[c];
    if (!all->of) {
        struct follow *f = &k->follows[next ? k->next[leg->next + i] : leg->before + i];
        return (struct pair_run){f, room, claims_in_common(k, f->before, f->after, room)};
    }
    const struct tie_ends *ends = &all->of[c];
    const struct tie *t = &all->rows[next ? all->next[ends->next + i] : ends->before + i];
    return (struct pair_run){&k->follows[t->follow], all->pairs + t->at, t->n};
}
