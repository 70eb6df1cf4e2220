/* look.c: the first look. Most legs share so much with one call that no stranger could: they join it at once. What a leg has in
 * common with each candidate depends on nothing that a first look decides, so it is worked out for some thousands of legs at a
 * time, by two threads where there are two; then these choose one after the other, by start, since what a parent's arrival sends
 * is used up by those before. */
#include "base/both.h"
#include "link/claim.h"

static const double HOPELESS = 1e-5; /* as a rival */

enum { BLOCK = 2048 };

struct block {
    struct claims *k;
    u32 legs[BLOCK];
    isize n, ends[BLOCK]; /* by leg: where its rows end */
    struct look parts[2]; /* of each thread */
};

static void look_at(void *ctx, int half, isize from, isize to) {
    struct block *b = ctx;
    struct look *look = &b->parts[half];
    look->n = 0;
    for (isize i = from; i < to; i++) {
        if (!weave_stops(b->k->w)) claims_list(b->k, b->legs[i], look);
        b->ends[i] = look->n;
    }
}

/* The heaviest claim, and the weight of the next one. */
struct heaviest {
    struct claim claim;
    double second;
};

static void weigh(struct claims *k, u32 c, const struct likely *with,
                  struct heaviest *h) {
    bool recording = k->w->sums[c].flags & SUM_RECORDING;
    struct claim a = {
        .parent = with->parent, .alone = 1, .after = {1, 1}, .bond = with->bond};
    double left = recording ? 1 : claims_left(k, a.parent);
    a.sent = a.bond.once * left + a.bond.more;
    a.weight = a.sent * claim_backward(&a);
    if (a.weight <= 0 || a.weight < h->claim.weight * CLAIM_NOTHING) return;
    if (!claim_allowed(k, c, a.parent)) return;
    k->legs[c].all += a.weight;
    if (a.weight <= h->claim.weight) {
        h->second = h->second > a.weight ? h->second : a.weight;
        return;
    }
    h->second = h->claim.weight;
    h->claim = a;
}

/* Where one call is beyond doubt, c is its child at once. False: there is no such call. */
static bool choose(struct claims *k, u32 c, const struct likely *rows, isize n) {
    struct heaviest h = {0};
    struct claimed *leg = &k->legs[c];
    leg->background = leg->all = lane_of(k->x, c)->background;
    for (isize i = 0; i < n; i++) weigh(k, c, &rows[i], &h);
    if (!claim_beyond_doubt(leg, h.claim.weight) || h.second > HOPELESS * leg->all)
        return false;
    if (!claims_join(k, c, h.claim.parent, h.claim.weight / leg->all)) return false;
    leg->sure = leg->certain = leg->apart = leg->early = true;
    leg->once = (float)claim_once(k, c, &h.claim);
    k->once[h.claim.parent] += (double)leg->once;
    return true;
}

static void look_block(struct block *b, bool *asked) {
    const struct weave *w = b->k->w;
    isize middle = base_both(look_at, b, b->n, weave_may_use(w, b->n));
    for (isize i = 0; i < b->n && !weave_stops(w); i++) {
        isize from = i == 0 || i == middle ? 0 : b->ends[i - 1];
        u32 c = b->legs[i];
        const struct look *look = &b->parts[i >= middle];
        if (!choose(b->k, c, look->rows + from, b->ends[i] - from))
            asked[w->sums[c].from_dev] = true;
    }
    b->n = 0;
}

void claims_look(struct claims *k, bool *asked) {
    const struct weave *w = k->w;
    struct block *b = base_new(1, (isize)sizeof *b);
    b->k = k;
    for (isize i = 0; i < w->nsums && !weave_stops(w); i++) {
        u32 c = k->x->by_start[i];
        const struct sum *s = &w->sums[c];
        const struct claimed *leg = &k->legs[c];
        if (s->kind != KIND_CALL) continue;
        if (leg->open && !leg->sure && s->state != STATE_PARTIAL)
            b->legs[b->n++] = c;
        else
            asked[s->from_dev] = true;
        if (b->n == BLOCK) look_block(b, asked);
    }
    look_block(b, asked);
    for (int half = 0; half < 2; half++) {
        base_free(b->parts[half].mark);
        base_free(b->parts[half].rows);
    }
    base_free(b);
}
