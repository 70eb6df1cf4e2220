#include "world/fit_alike.h"

static bool is_try(const struct weave *w, u32 leg) {
    const struct sum *s = &w->sums[leg];
    return s->kind == KIND_CALL && !(s->flags & (SUM_RECORDING | SUM_TRANSFER)) &&
           !leg_is_hop(w, s) && s->state != STATE_PARTIAL;
}

static void compare(struct tries_alike *all, bool known, bool same, double weight) {
    if (!known) return;
    all->of += weight;
    all->same += same ? weight : 0;
}

void fit_alike(struct tries_alike *all, const struct index *x, double weight) {
    const struct weave *w = x->w;
    for (u32 p = 0; (isize)p < w->nsums; p++) {
        struct clue_run kids = clues_find(&x->kids, p + (u64)1);
        for (isize i = 1; i < kids.n; i++) {
            u32 a = kids.rows[i - 1].leg, b = kids.rows[i].leg;
            if (!is_try(w, a) || !is_try(w, b)) continue;
            const struct sum *s = &w->sums[a], *t = &w->sums[b];
            u64 mine, theirs;
            bool both = pair_caller(w, s, &mine) && pair_caller(w, t, &theirs);
            compare(all, both, both && mine == theirs, weight);
            for (int k = 0; k < MANNERS; k++)
                compare(all, s->manner[k] && t->manner[k], s->manner[k] == t->manner[k],
                        weight);
        }
    }
}
