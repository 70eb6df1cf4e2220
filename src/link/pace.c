/* pace.c: how long each device takes for what it does, learned from the links found so far: one sends a call on within a
 * millisecond, another after fifteen. Until a device has shown its pace, and a little also then, weights.h is what is expected.
 * The proofs tell: rounds prove what sends a leg (pair_prove_habits), so echoes are learned only from links that stood before. */
#include "link/pair.h"

static const double USUAL = 30, /* so many cases are taken to be as weights.h has them */
    SURE = 0.999;               /* a link that teaches */

enum { FEW = 10, TOO_LATE_US = 3000000 };

struct pace {
    double n[EVIDENCE_COUNT];
    float row[EVIDENCE_COUNT][EVIDENCE_EDGES]; /* while counting: cases in each step */
};

static void count(struct pace *pace, const struct proof *p) {
    enum evidence_kind kind = (enum evidence_kind)p->kind;
    i64 apart = p->delta_us < 0 ? -p->delta_us : p->delta_us;
    bool trigger = evidence_is_trigger(kind),
         echo = evidence_is_echo(kind) && apart <= TOO_LATE_US;
    if ((!trigger && !echo) || proof_hides_delay(p)) return;
    pace->row[kind][evidence_step(apart)]++;
    pace->n[kind]++;
}

/* Counts become shares of what is shorter. */
static void settle(struct pace *pace) {
    for (enum evidence_kind k = 0; k < EVIDENCE_COUNT; k++) {
        if (pace->n[k] < FEW) continue;
        const float *usual = evidence_row(k);
        double sum = 0;
        for (int i = 0; i < EVIDENCE_EDGES; i++) {
            sum += (double)pace->row[k][i];
            pace->row[k][i] =
                (float)((sum + USUAL * (double)usual[i]) / (pace->n[k] + USUAL));
        }
    }
}

static bool teaches(const struct weave *w, const struct sum *s) {
    return s->kind == KIND_CALL && s->parent && s->share > SURE && !leg_is_hop(w, s);
}

void paces_learn(struct index *x) {
    const struct weave *w = x->w;
    if (w->coarse || w->climate) return; /* milliseconds are not known */
    u32 *cases = base_new(w->ndevs + 1, (isize)sizeof *cases);
    for (isize i = 0; i < w->nsums; i++)
        cases[w->sums[i].from_dev] += teaches(w, &w->sums[i]);
    paces_drop(x);
    x->pace_of = base_new(w->ndevs + 1, (isize)sizeof *x->pace_of);
    isize n = 0;
    for (isize i = 0; i < w->ndevs; i++)
        if (cases[i] >= FEW) x->pace_of[i] = (u32)++n;
    base_free(cases);
    x->paces = base_new(n + 1, (isize)sizeof *x->paces);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        u32 row = x->pace_of[s->from_dev];
        if (!row || !teaches(w, s)) continue;
        for (u32 k = 0; k < s->nproofs; k++)
            count(&x->paces[row - 1], &w->proofs[s->proofs_at + k]);
    }
    for (isize i = 0; i < n; i++) settle(&x->paces[i]);
}

void paces_drop(struct index *x) {
    base_free(x->paces);
    base_free(x->pace_of);
    x->paces = NULL;
    x->pace_of = NULL;
}

const float *pace_of(const struct index *x, u32 dev, enum evidence_kind kind) {
    u32 row = x->pace_of ? x->pace_of[dev] : 0;
    bool known = row && x->paces[row - 1].n[kind] >= FEW;
    return known ? x->paces[row - 1].row[kind] : evidence_row(kind);
}
