/* habit.c: what goes together in this trace, counted from the links found so far: which phones calls to a number ring. A dialled number and an extension have no digit in common; that the one leads
 * to the other shows when it has done so a few times. */
#include "link/pair.h"

static const double FEW = 4; /* so many links say nothing yet */

static float *count_at(struct habits *h, u64 key) {
    u32 *row = map_put(&h->at, key);
    if (!*row) {
        h->counts = base_grow(h->counts, &h->cap, h->n + 1, (isize)sizeof *h->counts);
        h->counts[h->n] = 0;
        *row = (u32)++h->n;
    }
    return &h->counts[*row - 1];
}

static double count_of(const struct habits *h, u64 key) {
    u32 row = map_get(&h->at, key);
    return row ? (double)h->counts[row - 1] : 0;
}

static u64 number_of_kind(const struct weave *w, const struct sum *s,
                          enum fact_kind kind) {
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->kind == kind) return f->hash;
    }
    return 0;
}

/* Both sides of a habit: the number that was called, and where the child goes. 0: no number was called. */
struct habit_keys {
    u64 called, to, both, all;
};

static struct habit_keys keys_of(const struct weave *w, const struct sum *c,
                                 const struct sum *p) {
    struct habit_keys k = {0};
    u64 called = number_of_kind(w, p, FACT_CALLED),
        here = hash_mix(c->from_dev + (u64)1, 0);
    if (!called) return k;
    k.called = hash_mix(here, called);
    k.to = hash_mix(here + 1, c->to_dev);
    k.both = hash_mix(k.called, c->to_dev + (u64)1);
    k.all = here;
    return k;
}

void habits_learn(struct index *x) {
    const struct weave *w = x->w;
    map_clear(&x->habits.at);
    x->habits.n = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL || !s->parent || leg_is_hop(w, s)) continue;
        struct habit_keys k = keys_of(w, s, &w->sums[s->parent - 1]);
        if (!k.called) continue;
        float much = (float)s->confidence;
        *count_at(&x->habits, k.called) += much;
        *count_at(&x->habits, k.to) += much;
        *count_at(&x->habits, k.both) += much;
        *count_at(&x->habits, k.all) += much;
    }
}

void habits_close(struct index *x) {
    map_drop(&x->habits.at);
    base_free(x->habits.counts);
}

/* How often calls to the parent's number go where the child goes, beside how often any call does. What c itself has taught is
 * taken off. */
double habits_odds(const struct index *x, u32 c, u32 p, struct proofs *to) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c];
    if (x->habits.n == 0) return 1;
    struct habit_keys k = keys_of(w, child, &w->sums[p]);
    if (!k.called) return 1;
    double called = count_of(&x->habits, k.called), there = count_of(&x->habits, k.to),
           both = count_of(&x->habits, k.both), all = count_of(&x->habits, k.all);
    if (child->parent) {
        struct habit_keys mine = keys_of(w, child, &w->sums[child->parent - 1]);
        there -= mine.called ? child->confidence : 0;
        all -= mine.called ? child->confidence : 0;
        called -= mine.called == k.called ? child->confidence : 0;
        both -= mine.both == k.both ? child->confidence : 0;
    }
    if (there < FEW / 2 || called < FEW / 2 || all < 2 * FEW) return 1;
    double odds = (both * all / there + FEW) / (called + FEW);
    pair_prove(to, EVIDENCE_ROUTE, odds, 0, 0);
    return odds;
}
