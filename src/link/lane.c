/* lane.c: habits, learned from the trace: from what makes a device send legs that way, how often it does so by itself, and how
 * often numbers stay what they were. weights.h is what is taken to be so at first; each round of choices teaches what is so
 * here (expectation, maximisation): a gateway sends legs of its own, a back-to-back user agent hardly ever; a queue dials
 * after it has answered, a hunt after a failure; recorders are rung when the call is answered; phones are rung by their extension. */
#include "link/pair.h"

static const double USUAL =
    30; /* so many of each are taken to be as weights.h has them */
static const double UNCAUSED =
    0.02; /* at first: one leg in fifty has its cause outside the trace */
static const double BUSY =
    0.02; /* the share of a device's legs from which on a way is a lane of its own */

/* One an hour whatever the trace; and `legs` of those that go that way. */
static double background_of(const struct index *x, double legs) {
    return legs / (x->span_s + 10) + 1.0 / 3600;
}

static u32 lane_number(struct index *x, struct map *places, u32 from_dev, u32 to) {
    u32 *place = map_put(places, hash_mix(from_dev + (u64)1, to));
    if (!*place) {
        x->lanes =
            base_grow(x->lanes, &x->cap_lanes, x->nlanes + 1, (isize)sizeof *x->lanes);
        x->lanes[x->nlanes++] = (struct lane){.from_dev = from_dev, .to = to};
        *place = (u32)x->nlanes;
    }
    return *place - 1;
}

void lanes_open(struct index *x) {
    const struct weave *w = x->w;
    struct map places = {0}, ways = {0};
    x->lane_of = base_new(w->nsums + 1, (isize)sizeof *x->lane_of);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind == KIND_CALL)
            ++*map_put(&ways, hash_mix(s->from_dev + (u64)1, s->to_dev));
    }
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        u32 legs = map_get(&ways, hash_mix(s->from_dev + (u64)1, s->to_dev));
        bool busy = legs > BUSY * x->leaving[s->from_dev] && legs > 4;
        busy = habits_split(w, s->from_dev, s->to_dev, busy);
        x->lane_of[i] = lane_number(x, &places, s->from_dev, busy ? s->to_dev + 1 : 0);
        x->lanes[x->lane_of[i]].legs += s->kind == KIND_CALL;
    }
    map_drop(&places);
    map_drop(&ways);
    for (isize i = 0; i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        double share = l->legs / ((double)x->leaving[l->from_dev] + 1);
        l->background = background_of(x, UNCAUSED * l->legs);
        for (int k = 0; k < CAUSES; k++)
            l->causes[k] = (float)(evidence_m((enum evidence_kind)k) * share);
        l->numbers[0] = (float)evidence_m(EVIDENCE_CALLED_NUMBER);
        l->numbers[1] = (float)evidence_m(EVIDENCE_CALLER_NUMBER);
    }
    habits_apply(x);
}

void lanes_close(struct index *x) {
    base_free(x->lanes);
    base_free(x->lane_of);
}

void index_note(struct index *x, u32 c, double none) {
    x->lanes[x->lane_of[c]].none += none - x->none_of[c];
    x->none_of[c] = none;
}

/* What the links found so far say, each as much as it is certain. */
struct taught {
    double causes[CAUSES], holds[2], of[2];
};

static void teach(const struct weave *w, const struct sum *s, struct taught *t) {
    enum evidence_kind cause = leg_cause(w, s);
    if (cause == EVIDENCE_COUNT || cause == EVIDENCE_SAME_CALL_ID) return;
    t->causes[cause] += s->confidence;
    for (u32 i = 0; i < s->nproofs; i++) {
        const struct proof *p = &w->proofs[s->proofs_at + i];
        if (p->kind != EVIDENCE_CALLED_NUMBER && p->kind != EVIDENCE_CALLER_NUMBER)
            continue;
        int which = p->kind == EVIDENCE_CALLER_NUMBER;
        t->of[which] += s->confidence;
        if (p->bits > 0) t->holds[which] += s->confidence;
    }
}

void lanes_learn(struct index *x) {
    const struct weave *w = x->w;
    struct taught *all = base_new(x->nlanes + 1, (isize)sizeof *all);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind == KIND_CALL && s->parent) teach(w, s, &all[x->lane_of[i]]);
    }
    for (isize i = 0; i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        const struct taught *t = &all[i];
        double share = l->legs / ((double)x->leaving[l->from_dev] + 1);
        l->background = background_of(x, UNCAUSED / 4 * l->legs + l->none);
        for (int k = 0; k < CAUSES; k++) {
            double usual = USUAL * evidence_m((enum evidence_kind)k) * share;
            l->causes[k] = (float)((t->causes[k] + usual) /
                                   (x->chances[l->from_dev * CAUSES + (u32)k] + USUAL));
        }
        for (int k = 0; k < 2; k++) {
            double usual =
                USUAL * evidence_m(k ? EVIDENCE_CALLER_NUMBER : EVIDENCE_CALLED_NUMBER);
            l->numbers[k] = (float)((t->holds[k] + usual) / (t->of[k] + USUAL));
        }
    }
    base_free(all);
    habits_apply(x);
}
