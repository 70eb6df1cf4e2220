/* defeat.c: where several phones are rung, the answer of one is why the others are cancelled. So whoever was cancelled right after
 * an answer at that device has, most probably, the parent of the one that was answered, whoever that is: that one tells it what it
 * knows. Not the other way round: those that are rung together know it from each other (follow.c), and would say it once each. */
#include "link/claim.h"

static const double LEAST = 10; /* odds: a delay less likely than that tells nothing */

enum { LOOKED_AT = 32, REACH_US = 300000 };

static void add(struct claims *k, u32 loser, u32 winner) {
    const struct weave *w = k->x->w;
    const struct sum *l = &w->sums[loser], *v = &w->sums[winner];
    if (loser == winner || v->start_us > l->cancel_us || l->start_us > v->answer_us)
        return;
    double odds = defeat_odds(k->x, l, v);
    if (odds <= LEAST) return;
    k->defeats = base_grow(k->defeats, &k->cap_defeats, k->ndefeats + 1,
                           (isize)sizeof *k->defeats);
    k->defeats[k->ndefeats++] =
        (struct defeat){.loser = loser, .winner = winner, .odds = (float)odds};
}

static void find_winners(struct claims *k, u32 c) {
    const struct sum *s = &k->x->w->sums[c];
    i64 slack = (i64)s->precision_us + JUST_BEFORE_US;
    struct clue_run run = clues_find(&k->x->wins, s->from_dev);
    isize n = clues_until(run, s->cancel_us + slack);
    for (int i = 0; n-- > 0 && i < LOOKED_AT; i++) {
        if (s->cancel_us - run.rows[n].at_us > REACH_US + slack) return;
        add(k, c, run.rows[n].leg);
    }
}

void defeats_find(struct claims *k) {
    k->ndefeats = 0;
    for (isize i = 0; i < k->nunsure; i++) {
        u32 c = k->unsure[i];
        const struct sum *s = &k->x->w->sums[c];
        bool other = s->flags & SUM_RECORDING || s->state == STATE_PARTIAL;
        if (!other && s->cancel_us != NEVER) find_winners(k, c);
    }
}

/* ---- what they are told -------------------------------------------------------------------------------------- */

static void find_pairs(struct claims *k) {
    struct claim_pair common[CLAIMS_A_LEG];
    k->ndefeat_pairs = 0;
    for (isize i = 0; i < k->ndefeats; i++) {
        struct defeat *d = &k->defeats[i];
        isize n = claims_in_common(k, d->loser, d->winner, common);
        k->defeat_pairs =
            base_grow(k->defeat_pairs, &k->cap_defeat_pairs, k->ndefeat_pairs + n + 1,
                      (isize)sizeof *k->defeat_pairs);
        d->at = (u32)k->ndefeat_pairs;
        d->n = (u32)n;
        for (isize m = 0; m < n; m++)
            k->defeat_pairs[k->ndefeat_pairs++] = (struct defeat_pair){
                .loser = common[m].before, .winner = common[m].after};
    }
}

/* Half of what was told before stays: as with what has been used up (believe.c). */
static void tell(struct claims *k, const struct defeat *d, bool first) {
    const struct claimed *loser = &k->legs[d->loser], *winner = &k->legs[d->winner];
    double all = winner->background + winner->rest;
    for (u32 i = 0; i < winner->n; i++) all += claim_weight(&k->rows[winner->at + i]);
    for (u32 i = 0; i < d->n; i++) {
        struct defeat_pair *p = &k->defeat_pairs[d->at + i];
        double share = all > 0 ? claim_weight(&k->rows[winner->at + p->winner]) / all : 0;
        float now = (float)(share * (double)d->odds);
        p->beaten = first ? now : (p->beaten + now) / 2;
        k->rows[loser->at + p->loser].beaten += p->beaten;
    }
}

void defeats_tell(struct claims *k, bool anew) {
    if (anew) find_pairs(k);
    for (isize i = 0; i < k->ndefeats; i++) {
        const struct claimed *leg = &k->legs[k->defeats[i].loser];
        for (u32 m = 0; m < leg->n; m++) k->rows[leg->at + m].beaten = 0;
    }
    for (isize i = 0; i < k->ndefeats; i++) tell(k, &k->defeats[i], anew);
}
