/* teach.c: what the claims say of the ways through devices: how often each trigger makes a device send a leg that way. A leg that is
 * sure of its parent teaches what its proofs say; any other teaches what each of its claims says, each for its share. If only
 * what is sure taught, what is dense and dark would be taken for rare, and would stay dark. Of a busy device's legs about which
 * there never was a doubt, some thousands teach for all. */
#include "link/claim.h"

enum { TEACHERS = 4096 }; /* of one device, about so many, taken by their ids */

/* A leg has this parent, with this probability: it gave its device another chance to go on trying. */
static void add_chances(struct index *x, u32 c, u32 p, double share) {
    double *again = x->chances + x->in_lane_of[p] * CAUSES;
    again[EVIDENCE_AFTER_SIBLING] += share;
    again[EVIDENCE_AFTER_FAILURE] += try_is_over(&x->w->sums[c]) ? share : 0;
}

static void teach_numbers(const struct weave *w, const struct sum *s, double much,
                          struct taught *t) {
    for (u32 i = 0; i < s->nproofs; i++) {
        const struct proof *p = &w->proofs[s->proofs_at + i];
        if (p->kind == EVIDENCE_CALLED_NUMBER) {
            t->of[NUMBER_CALLED] += much;
            if (p->delta_us) t->holds[NUMBER_CALLED] += much;
        }
        bool manner = p->kind == EVIDENCE_CALLER_NAME || p->kind == EVIDENCE_MEDIA;
        int kept = NUMBER_MANNER + (p->kind == EVIDENCE_MEDIA);
        if (manner) t->of[kept] += much;
        if (manner && p->delta_us) t->holds[kept] += much;
        bool crossed = p->kind == EVIDENCE_COMPANY_NUMBER;
        if (p->kind != EVIDENCE_CALLER_NUMBER && !crossed) continue;
        t->of[NUMBER_CALLER] += much;
        t->of[NUMBER_CROSSED] += much;
        if (crossed) t->holds[NUMBER_CROSSED] += much;
        if (!crossed && p->delta_us) t->holds[NUMBER_CALLER] += much;
    }
}

static void teach_bye(const struct weave *w, const struct sum *s, double much,
                      struct taught *t) {
    enum { TOGETHER_US = 3000000 };
    const struct sum *p = &w->sums[s->parent - 1];
    if (!pair_talks(s, p)) return;
    i64 apart = s->bye_us - p->bye_us;
    t->of[NUMBER_BYE] += much;
    if (apart <= TOGETHER_US && -apart <= TOGETHER_US) t->holds[NUMBER_BYE] += much;
}

static struct taught *way_of(const struct index *x, u32 c, u32 p, struct taught *all) {
    u32 row = turn_row(x, c, p);
    return row ? &all[row - 1] : NULL;
}

/* What each of its causes has of what this claim weighs. */
static void teach_claim(const struct claims *k, u32 c, const struct claim *a,
                        double share, struct taught *t) {
    double parts[CAUSES] = {0}, once = a->bond.once, more = a->bond.more;
    pair_causes(k->x, c, a->parent, parts);
    /* what is left of its arrival: as the claim has it */
    double told = (double)(a->told[FOLLOW_START] + a->told[FOLLOW_FAILURE]);
    double left = once > 0 ? (a->sent - more - told) / once : 1, own = 0;
    for (int i = 0; i < CAUSES; i++) own += parts[i];
    double scale = own > 0 ? (once + more) / own : 0; /* who calls is in these two */
    for (int i = 0; i < CAUSES; i++) parts[i] *= scale;
    parts[EVIDENCE_TIMING] *= left;
    parts[EVIDENCE_AFTER_WAIT] *= left;
    parts[EVIDENCE_AFTER_SIBLING] = (double)a->told[FOLLOW_START];
    parts[EVIDENCE_AFTER_FAILURE] = (double)a->told[FOLLOW_FAILURE];
    double sum = 0;
    for (int i = 0; i < CAUSES; i++) sum += parts[i];
    for (int i = 0; i < CAUSES && sum > 0; i++) t->causes[i] += share * parts[i] / sum;
}

static void teach_softly(const struct claims *k, u32 c, struct taught *all) {
    static const double LEAST = 0.005; /* shares that are not worth the while */
    const struct claimed *leg = &k->legs[c];
    for (u32 i = 0; i < leg->n && leg->all > 0; i++) {
        const struct claim *a = &k->rows[leg->at + i];
        double share = a->weight / leg->all;
        if (share < LEAST) continue;
        struct taught *t = way_of(k->x, c, a->parent, all);
        if (t) teach_claim(k, c, a, share, t);
        add_chances(k->x, c, a->parent, share);
    }
}

/* For how many of its device's legs one that teaches stands. */
static double teachers_each(const struct index *x, const struct sum *s) {
    double legs = x->leaving[s->from_dev];
    return legs > TEACHERS ? legs / TEACHERS : 1;
}

bool index_is_teacher(const struct index *x, u32 c) {
    const struct sum *s = &x->w->sums[c];
    u64 legs = x->leaving[s->from_dev];
    return legs <= TEACHERS ||
           (s->id * 0x9e3779b97f4a7c15u >> 32) * legs >> 32 < TEACHERS;
}

struct taught *index_teach(struct index *x, const struct claims *k) {
    struct taught *all = base_new(x->nturns + 1, (isize)sizeof *all);
    lanes_count(x);
    for (u32 c = 0; (isize)c < x->w->nsums; c++) {
        const struct sum *s = &x->w->sums[c];
        bool sure = !k || !k->legs[c].open || k->legs[c].sure;
        if (s->kind != KIND_CALL) continue;
        enum evidence_kind cause = leg_cause(x->w, s);
        bool caused = cause != EVIDENCE_COUNT && cause != EVIDENCE_SAME_CALL_ID;
        struct taught *t = caused ? way_of(x, c, s->parent - 1, all) : NULL;
        double much = s->confidence;
        if (k && k->legs[c].early) much *= teachers_each(x, s);
        if (t) teach_numbers(x->w, s, much, t);
        if (t) teach_bye(x->w, s, much, t);
        if (!sure) {
            teach_softly(k, c, all);
            continue;
        }
        if (t) t->causes[cause] += much;
        if (s->parent) add_chances(x, c, s->parent - 1, 1);
    }
    return all;
}
