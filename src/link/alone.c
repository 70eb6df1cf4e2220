/* alone.c: a device that tries one phone after the other begins no try while another one is going on, or somebody talks: what
 * starts in the midst of it is another caller's. What is rung together starts together. */
#include "link/claim.h"

static const double OVERLAPS = 0.05, /* it does so all the same */
    SEEN = 0.02;                     /* who claims less is not looked at */

enum { TOGETHER_US = 300000, CLAIMANTS = 48 };

/* A leg that is probably this parent's. */
struct claimant {
    u32 leg;
    struct claim *claim;
    double share;
};

static i64 over_us(const struct sum *s) {
    if (s->answer_us != NEVER) return s->bye_us != NEVER ? s->bye_us : s->last_us;
    i64 failed = failed_us(s);
    return failed != NEVER ? failed : s->last_us;
}

/* Does b start in the midst of a? */
static bool interrupts(const struct weave *w, u32 a, u32 b) {
    enum { ABOUT_OVER_US = 20000 };
    const struct sum *s = &w->sums[a], *t = &w->sums[b];
    i64 slack = (i64)s->precision_us + t->precision_us;
    return t->start_us > s->start_us + TOGETHER_US + slack &&
           t->start_us + ABOUT_OVER_US + slack < over_us(s);
}

/* Without what the other one has told it. */
static double share_without(const struct claimant *a, const struct claimant *told_by) {
    double odds = a->share < 1 - 1e-9 ? a->share / (1 - a->share) : 1e9;
    odds /= 1 - (1 - OVERLAPS) * told_by->share;
    return odds / (1 + odds);
}

static void part(const struct weave *w, struct claimant *rows, isize n) {
    for (isize i = 0; i < n; i++) {
        double alone = 1;
        for (isize m = 0; m < n; m++) {
            u32 a = rows[i].leg, b = rows[m].leg;
            if (m == i || (!interrupts(w, a, b) && !interrupts(w, b, a))) continue;
            alone *= 1 - (1 - OVERLAPS) * share_without(&rows[m], &rows[i]);
        }
        rows[i].claim->alone = (rows[i].claim->alone + alone) / 2;
    }
}

static bool is_try(const struct claims *k, u32 c, const struct claim *a) {
    const struct sum *s = &k->x->w->sums[c];
    return s->kind == KIND_CALL && !(s->flags & (SUM_RECORDING | SUM_TRANSFER)) &&
           a->bond.reached && a->bond.more < a->sent / 2;
}

static isize claimants_of(const struct claims *k, u32 c, struct claimant *to) {
    const struct claimed *leg = &k->legs[c];
    isize n = 0;
    for (u32 i = 0; i < leg->n && leg->all > 0; i++) {
        struct claim *a = &k->rows[leg->at + i];
        if (a->weight < SEEN * leg->all || !is_try(k, c, a)) continue;
        to[n++] = (struct claimant){c, a, a->weight / leg->all};
    }
    return n;
}

void claims_part(struct claims *k) {
    isize legs = k->nunsure + k->nbeside, n = 0;
    for (isize i = 0; i < legs; i++) n += (isize)k->legs[claims_doubtful(k, i)].n;
    struct claimant *all = base_new(n + 1, (isize)sizeof *all);
    n = 0;
    for (isize i = 0; i < legs; i++) n += claimants_of(k, claims_doubtful(k, i), all + n);
    struct sort_row *rows = base_new(n + 1, (isize)sizeof *rows);
    struct claimant *of_parent = base_new(n + 1, (isize)sizeof *of_parent);
    for (isize i = 0; i < n; i++)
        rows[i] = (struct sort_row){all[i].claim->parent, (u64)i};
    sort_rows(rows, n);
    for (isize i = 0; i < n; i++) of_parent[i] = all[rows[i].value];
    for (isize i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && rows[end].key == rows[i].key;) end++;
        part(k->x->w, of_parent + i, end - i < CLAIMANTS ? end - i : CLAIMANTS);
    }
    base_free(all);
    base_free(rows);
    base_free(of_parent);
}
