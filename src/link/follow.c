/* follow.c: which try may be there because of which other one: rung beside it, or after it failed. Both left one device, a
 * moment apart; whose they are does not matter yet. */
#include "link/claim.h"

static const double LEAST =
    0.05; /* a second: a delay less likely than that is no reason */

enum {
    LOOKED_AT = 128,
    KEPT = 16,
    REACH_START_US = 100000,
    REACH_FAILURE_US = 400000,
    REACH_SILENT_US = 16000000
};

_Static_assert(3 * KEPT <= UINT8_MAX, "a leg follows more than it counts");

static bool is_try(const struct sum *s) {
    return s->kind == KIND_CALL && !(s->flags & SUM_RECORDING) &&
           s->state != STATE_PARTIAL;
}

/* Where nobody knows, by the clock as it is: each pair is looked at one way round. */
static bool is_before(const struct weave *w, const struct sum *a, const struct sum *b) {
    int order = msg_order(w, a->start_msg - 1, b->start_msg - 1);
    if (order != 0) return order < 0;
    if (a->start_us != b->start_us) return a->start_us < b->start_us;
    return a->id < b->id;
}

/* Of the delay from what started b, as messages show it. */
static double seen_density(const struct index *x, const struct sum *a,
                           const struct sum *b, enum follow_kind kind) {
    bool failed = kind == FOLLOW_FAILURE;
    u32 cause = failed ? over_msg(a) : a->start_msg;
    struct gap gap;
    return cause_density(x, b->from_dev,
                         failed ? EVIDENCE_AFTER_FAILURE : EVIDENCE_AFTER_SIBLING,
                         cause - 1, b->start_msg - 1, &gap);
}

static struct follow follow_of(const struct index *x, u32 before, u32 after,
                               enum follow_kind kind) {
    const struct weave *w = x->w;
    const struct sum *a = &w->sums[before], *b = &w->sums[after];
    bool over = kind == FOLLOW_FAILURE;
    struct follow f = {.before = before, .after = after, .kind = (u8)kind};
    if (!over && !is_before(w, a, b)) return f;
    double density = over && try_is_silent(a) ? silent_density(a, b->start_us)
                                              : seen_density(x, a, b, kind);
    if (density > LEAST) f.density = (float)(density * pair_alike(x, before, after));
    return f;
}

static isize keep_best(struct follow *best, isize n, const struct follow *new) {
    if (n < KEPT) {
        best[n] = *new;
        return n + 1;
    }
    isize least = 0;
    for (isize i = 1; i < n; i++)
        if (best[i].density < best[least].density) least = i;
    if (best[least].density < new->density) best[least] = *new;
    return n;
}

static void find(struct claims *k, u32 c, const struct clues *clues,
                 enum follow_kind kind, i64 reach_us) {
    const struct weave *w = k->x->w;
    const struct sum *s = &w->sums[c];
    i64 slack = (i64)s->precision_us + JUST_BEFORE_US;
    struct clue_run run = clues_find(clues, s->from_dev);
    isize n = clues_until(run, s->start_us + slack), kept = 0;
    struct follow best[KEPT];
    for (int i = 0; n-- > 0 && i < LOOKED_AT; i++) {
        u32 before = run.rows[n].leg;
        if (s->start_us - run.rows[n].at_us > reach_us + slack) break;
        if (before == c || !is_try(&w->sums[before])) continue;
        if (s->kept && w->sums[before].kept) continue; /* nobody needs to be told */
        if (w->sums[before].start_us > s->start_us + slack) continue;
        struct follow f = follow_of(k->x, before, c, kind);
        if (f.density > 0) kept = keep_best(best, kept, &f);
    }
    k->follows = base_grow(k->follows, &k->cap_follows, k->nfollows + kept + 1,
                           (isize)sizeof *k->follows);
    for (isize i = 0; i < kept; i++) k->follows[k->nfollows++] = best[i];
}

void follows_find(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    if (leg->followed) return;
    leg->followed = true;
    leg->before = (u32)k->nfollows;
    if (!is_try(&k->x->w->sums[c])) return;
    find(k, c, &k->x->leaves, FOLLOW_START, REACH_START_US);
    find(k, c, &k->x->ends, FOLLOW_FAILURE, REACH_FAILURE_US);
    find(k, c, &k->x->silent, FOLLOW_FAILURE, REACH_SILENT_US);
    leg->nbefore = (u8)((u32)k->nfollows - leg->before);
}

/* Of the tries that start between these times. */
static void find_between(struct claims *k, u32 dev, i64 from_us, i64 to_us) {
    enum { MOST = 2 * LOOKED_AT };
    struct clue_run run = clues_find(&k->x->leaves, dev);
    isize i = clues_until(run, from_us - 1);
    for (int n = 0; i < run.n && n < MOST && run.rows[i].at_us <= to_us; i++, n++)
        follows_find(k, run.rows[i].leg);
}

void follows_find_next(struct claims *k, u32 c) {
    const struct sum *s = &k->x->w->sums[c];
    i64 slack = k->blur_us + JUST_BEFORE_US, failed = failed_us(s);
    if (!is_try(s)) return;
    find_between(k, s->from_dev, s->start_us - slack,
                 s->start_us + slack + REACH_START_US);
    if (failed == NEVER) return;
    find_between(k, s->from_dev, failed - slack, failed + slack + REACH_FAILURE_US);
}

void follows_turn(struct claims *k) {
    const struct weave *w = k->x->w;
    if (k->next && k->nturned == k->nfollows) return;
    for (u32 c = 0; (isize)c < w->nsums; c++) k->legs[c].nnext = 0;
    for (isize i = 0; i < k->nfollows; i++) k->legs[k->follows[i].before].nnext++;
    u32 at = 0;
    for (u32 c = 0; (isize)c < w->nsums; c++) {
        k->legs[c].next = at;
        at += k->legs[c].nnext;
        k->legs[c].nnext = 0;
    }
    base_free(k->next);
    k->next = base_new(k->nfollows + 1, (isize)sizeof *k->next);
    k->nturned = k->nfollows;
    for (isize i = 0; i < k->nfollows; i++) {
        struct claimed *leg = &k->legs[k->follows[i].before];
        k->next[leg->next + leg->nnext++] = (u32)i;
    }
}

/* Devices have shown their pace. */
void follows_weigh(struct claims *k) {
    for (isize i = 0; i < k->nfollows; i++) {
        struct follow *f = &k->follows[i];
        f->density =
            follow_of(k->x, f->before, f->after, (enum follow_kind)f->kind).density;
    }
}
