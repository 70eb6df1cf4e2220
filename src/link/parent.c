/* parent.c: who is whose parent. Each leg chooses among the calls with legs that could have sent it, and "none of them":
 *
 *     P(it belongs to the call) = sum of intensities of that call's legs / (background + sum of all intensities)
 *
 * which evidence_confidence turns into what people see. It joins the likeliest call, if this is JOIN or more, as the child of the
 * likeliest of its legs: joining strangers is worse than leaving a leg out.
 *
 *     round 0     all legs, by start: which tries of a parent had failed before is known by then
 *     round 1 …   those that are not sure, from the last to the first and back again: how often a device sends legs of
 *                 its own, what a sibling already explains and which try came after one's failure is known now
 *     at the end  of two children that talk at the same time the less certain one looks elsewhere; circles are cut
 */
#include "link/choice.h"

#include <stdlib.h>

static const double JOIN = 0.82, RIVAL = 0.999, SURE = 0.995,
                    ALONE = 0.95, /* it has no parent */
    UNLIKELY = 0.02;              /* not worth a word */

enum { RIVALS = 32, ROUNDS = 10 };

/* Why c may belong to this parent, in w->proofs from *at on; gives how many there are. */
static u32 keep_proofs(struct weave *w, const struct index *x, u32 c, u32 parent,
                       u32 *at) {
    struct proofs proofs = {0};
    (void)pair_intensity(x, c, parent, 0, &proofs);
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + proofs.n + 1,
                          (isize)sizeof *w->proofs);
    *at = (u32)w->nproofs;
    for (isize i = 0; i < proofs.n; i++) w->proofs[w->nproofs++] = proofs.rows[i];
    return (u32)proofs.n;
}

double parent_joins_from(void) {
    return evidence_confidence(JOIN);
}

/* Joins the likeliest call, if it is likely enough. */
static void decide(struct weave *w, struct index *x, u32 c, const struct choice *choice) {
    struct sum *s = &w->sums[c];
    const struct candidate *best = choice_best(w, choice);
    s->parent = s->likeliest = 0;
    s->confidence = s->share = 0;
    s->nproofs = 0;
    index_note(x, c, choice_share(choice, NULL));
    if (!best) return;
    s->share = choice_share(choice, best);
    s->forward = choice_forward(choice, best);
    s->back = choice_back(choice, best);
    s->confidence = evidence_confidence(s->share);
    s->likeliest = best->parent + 1;
    if (s->share < JOIN) return;
    if (index_root(x, c) != best->root) {
        if (x->size[best->root] + x->size[c] > LEGS_A_CALL) return;
        x->size[best->root] += x->size[c];
        x->up[c] = best->root;
    }
    s->parent = best->parent + 1;
    s->nproofs = keep_proofs(w, x, c, best->parent, &s->proofs_at);
}

/* ---- who cannot both be right -------------------------------------------------------------------------- */

static bool overlap(const struct sum *a, const struct sum *b) {
    return a->answer_us != NEVER && b->answer_us != NEVER && a->answer_us < b->last_us &&
           b->answer_us < a->last_us;
}

static bool talks(const struct sum *s) {
    return s->answer_us != NEVER && !(s->flags & (SUM_RECORDING | SUM_TRANSFER));
}

struct rival {
    u32 parent, leg;
    double share;
    u64 id;
};

static int by_parent(const void *a, const void *b) {
    const struct rival *x = a, *y = b;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    if (x->share != y->share) return x->share > y->share ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->leg > y->leg) - (x->leg < y->leg);
}

/* Of two answered children of one parent at one time, the less certain one looks again elsewhere. */
static void part_rivals(struct weave *w, struct index *x, struct choice *choice) {
    isize n = 0;
    struct rival *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->parent && talks(s) && s->kind == KIND_CALL && !leg_is_settled(w, s))
            rows[n++] = (struct rival){s->parent, (u32)i, s->share, s->id};
    }
    if (n) qsort(rows, (size_t)n, sizeof *rows, by_parent);
    for (isize i = 0, first = 0; i < n; i++) {
        if (rows[i].parent != rows[first].parent) first = i;
        const struct sum *s = &w->sums[rows[i].leg];
        /* the same device twice at once happens (a second recorder, a bridge): only a clear loser goes */
        if (s->share > RIVAL) continue;
        bool beaten = false;
        for (isize k = first; k < i && k < first + RIVALS && !beaten; k++) {
            const struct sum *o = &w->sums[rows[k].leg];
            beaten = o->parent == s->parent && overlap(s, o);
        }
        if (!beaten) continue;
        u32 refused = s->parent;
        w->sums[rows[i].leg].parent = 0;
        choose(x, rows[i].leg, refused, choice);
        decide(w, x, rows[i].leg, choice);
    }
    base_free(rows);
}

/* ---- no leg is its own ancestor ---------------------------------------------------------------------- */

/* Of the legs on a circle through `at`, the one whose parent is the least certain. */
static u32 weakest(const struct weave *w, u32 at) {
    u32 worst = at;
    for (u32 leg = w->sums[at].parent - 1; leg != at; leg = w->sums[leg].parent - 1) {
        const struct sum *s = &w->sums[leg], *o = &w->sums[worst];
        bool hop = leg_is_hop(w, s), worst_hop = leg_is_hop(w, o);
        if (hop != worst_hop ? worst_hop
                             : s->confidence < o->confidence ||
                                   (s->confidence <= o->confidence && s->id < o->id)) {
            worst = leg;
        }
    }
    return worst;
}

static void cut_circles(struct weave *w) {
    u32 *walk = base_new(w->nsums + 1, (isize)sizeof *walk);
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        u32 at = i; /* walk[leg]: the walk that came by, + 1 */
        while (!walk[at]) {
            walk[at] = i + 1;
            if (!w->sums[at].parent) break;
            at = w->sums[at].parent - 1;
        }
        if (walk[at] != i + 1 || !w->sums[at].parent) continue;
        w->sums[weakest(w, at)].parent = 0;
    }
    base_free(walk);
}

/* ---- what almost belongs ------------------------------------------------------------------------------- */

/* Of a leg that is not sure, the calls that it is not in, or the one that it would be in. */
static void note_maybes(struct weave *w, struct index *x, u32 c, struct choice *choice) {
    enum { MAYBES_A_LEG = 4 };
    const struct sum *s = &w->sums[c];
    choose(x, c, 0, choice);
    for (isize k = 0; k < MAYBES_A_LEG; k++) {
        const struct candidate *best = choice_best(w, choice);
        double share = best ? evidence_confidence(choice_share(choice, best)) : 0;
        if (share < UNLIKELY) return;
        if (best->root != index_root(x, c) || !s->parent) {
            w->maybes = base_grow(w->maybes, &w->cap_maybes, w->nmaybes + 1,
                                  (isize)sizeof *w->maybes);
            struct link_maybe *m = &w->maybes[w->nmaybes++];
            *m = (struct link_maybe){
                .leg = c, .parent = best->parent, .confidence = share};
            m->nproofs = keep_proofs(w, x, c, best->parent, &m->proofs_at);
        }
        choice->calls[best - choice->calls].sum = 0;
    }
}

/* For every leg that is not sure; by leg, and by the parent that it would have. */
static void note_all_maybes(struct weave *w, struct index *x, struct choice *choice) {
    w->nmaybes = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        bool open = s->share < SURE && s->share > UNLIKELY;
        if (open && s->kind == KIND_CALL && !leg_is_hop(w, s))
            note_maybes(w, x, (u32)i, choice);
    }
    struct sort_row *rows = base_new(w->nmaybes + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nmaybes; i++)
        rows[i] = (struct sort_row){w->maybes[i].parent, (u64)i};
    sort_rows(rows, w->nmaybes);
    w->maybes_below = base_grow(w->maybes_below, &w->cap_maybes_below, w->nmaybes + 1,
                                (isize)sizeof *w->maybes_below);
    for (isize i = 0; i < w->nmaybes; i++) w->maybes_below[i] = (u32)rows[i].value;
    base_free(rows);
}

/* Legs by start, since a try's failure makes the next one. */
static struct sort_row *by_start(const struct weave *w) {
    struct sort_row *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++)
        rows[i] = (struct sort_row){sort_time(w->sums[i].start_us), (u64)i};
    sort_rows(rows, w->nsums);
    return rows;
}

/* Legs choose: in the first round all of them, then those that are not sure. Gives how many changed their mind. */
static isize choose_all(struct weave *w, struct index *x, const struct sort_row *rows,
                        struct choice *choice, int round) {
    isize changed = 0;
    for (isize i = 0; i < w->nsums; i++) {
        bool back = round % 2 == 1;
        u32 c = (u32)rows[back ? w->nsums - 1 - i : i].value;
        const struct sum *s = &w->sums[c];
        bool settled = leg_is_settled(w, s);
        if (round == 0 && settled) index_child(x, c);
        bool sure = s->share > SURE || x->none_of[c] > ALONE;
        if (settled || s->kind != KIND_CALL || (round > 1 && sure)) continue;
        if (round == 1 && s->share > SURE) continue;
        u32 was = s->parent;
        choose(x, c, 0, choice);
        decide(w, x, c, choice);
        changed += s->parent != was;
        if (!was) index_child(x, c);
    }
    return changed;
}

void score_parents(struct weave *w) {
    struct index x;
    struct choice choice = {0};
    index_open(&x, w);
    struct sort_row *rows = by_start(w);
    for (int round = 0; round < ROUNDS; round++) {
        index_calls(&x);
        isize changed = choose_all(w, &x, rows, &choice, round);
        if (changed == 0 && round > 1) break;
        index_learn(&x, rows);
    }
    part_rivals(w, &x, &choice);
    cut_circles(w);
    index_calls(&x);
    note_all_maybes(w, &x, &choice);
    lore_keep(&x, w);
    base_free(rows);
    index_close(&x);
}
