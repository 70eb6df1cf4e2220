/* parent.c: who is whose parent. Each leg chooses among all that could have sent it, and "none of them":
 *
 *     P(parent = p) = intensity(p) / (background + sum of intensities)
 *
 * which is the confidence that people see. Legs choose in the order of their starts: which tries of a parent had failed
 * before is then known, so that the next try has its cause. Then a parent that cannot have two answered children at
 * once keeps the better one. A leg joins when its best parent is this likely: joining strangers is worse
 * than leaving a leg out.
 *
 * Not all that could have sent it are looked at, or the busiest device would cost the square of its legs: those that
 * share a number or a rare value, and those to which something happened shortly before, until one of them
 * stands out. */
#include "link/pair.h"

#include <stdlib.h>

static const double JOIN = 0.90, CLEAR = 0.995, RIVAL = 0.999, NOTHING = 1e-7;

enum {
    WINDOW_US =
        180 * 1000000, /* a queue or an IVR holds a call this long before it dials on */
    LEGS_A_NUMBER = 32,
    LEGS_A_TOKEN = 16,
    EVENTS_CLEAR = 6, /* after so many, stop when one stands out */
    EVENTS = 256,
    RIVALS = 32,
    BEST = 3,
};

struct candidate {
    u32 parent; /* row */
    double intensity;
};

struct choice {
    struct candidate best[BEST]; /* by intensity */
    isize n;
    double total, background;
    u32 stamp; /* of this choice, to consider each candidate once */
};

static bool better(const struct weave *w, const struct candidate *a,
                   const struct candidate *b) {
    if (a->intensity != b->intensity) return a->intensity > b->intensity;
    return w->sums[a->parent].id < w->sums[b->parent].id;
}

static bool consider(const struct index *x, u32 c, u32 p, struct choice *choice) {
    if (x->mark[p] == choice->stamp) return false;
    x->mark[p] = choice->stamp;
    double floor = choice->n ? choice->best[0].intensity * NOTHING : 0;
    struct candidate one = {p, pair_intensity(x, c, p, floor, NULL)};
    if (one.intensity <= 0) return true;
    choice->total += one.intensity;
    isize at = choice->n < BEST ? choice->n++ : BEST;
    while (at > 0 && better(x->w, &one, &choice->best[at - 1])) {
        if (at < BEST) choice->best[at] = choice->best[at - 1];
        at--;
    }
    if (at < BEST) choice->best[at] = one;
    return true;
}

static bool stands_out(const struct choice *choice) {
    return choice->n &&
           choice->best[0].intensity >= CLEAR * (choice->background + choice->total);
}

/* The latest of these that came before the child left. `few`: look no further once one stands out. Of what
 * failed, the parent is meant. */
static void consider_clues(const struct index *x, u32 c, const struct clues *clues,
                           u64 key, isize few, isize most, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    struct clue_run run = clues_find(clues, key);
    bool failed = clues == &x->ends;
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = clues_until(run, s->start_us + slack), tried = 0;
    while (n-- > 0 && tried < most) {
        i64 ago = s->start_us - run.rows[n].at_us;
        if (ago > WINDOW_US + slack) return;
        if (tried >= few && ago > slack && stands_out(choice)) return;
        u32 leg = run.rows[n].leg, parent = x->w->sums[leg].parent;
        if (failed && !parent) continue;
        tried += consider(x, c, failed ? parent - 1 : leg, choice);
    }
}

static void consider_numbers(const struct index *x, u32 c, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &x->w->leg_facts[s->facts_at + k];
        u64 key = index_number_key(s->from_dev, f->kind, f->hash);
        consider_clues(x, c, &x->numbers, key, LEGS_A_NUMBER, LEGS_A_NUMBER, choice);
    }
}

static void consider_tokens(const struct index *x, u32 c, struct choice *choice) {
    const struct weave *w = x->w;
    const struct sum *s = &w->sums[c];
    for (u32 k = 0; k < s->ntokens; k++) {
        const struct token *t = &w->tokens[w->leg_tokens[s->tokens_at + k].token];
        for (u32 i = 0; t->n <= LEGS_A_TOKEN && i < t->n; i++)
            consider(x, c, w->token_legs[t->at + i], choice);
    }
}

static void choose(const struct index *x, u32 c, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    choice->n = 0;
    choice->total = 0;
    choice->background = index_background(x, s->from_dev);
    choice->stamp++;
    consider_tokens(x, c, choice);
    if (s->state == STATE_PARTIAL) return;
    consider_numbers(x, c, choice);
    consider_clues(x, c, &x->events, s->from_dev, EVENTS_CLEAR, EVENTS, choice);
    consider_clues(x, c, &x->ends, s->from_dev, EVENTS_CLEAR, EVENTS, choice);
}

static void keep_proofs(struct weave *w, const struct index *x, u32 c, u32 parent) {
    struct proofs proofs = {0};
    struct sum *s = &w->sums[c];
    (void)pair_intensity(x, c, parent, 0, &proofs);
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + proofs.n + 1,
                          (isize)sizeof *w->proofs);
    s->proofs_at = (u32)w->nproofs;
    s->nproofs = (u32)proofs.n;
    for (isize i = 0; i < proofs.n; i++) w->proofs[w->nproofs++] = proofs.rows[i];
}

/* Takes the best parent that is not `refused` (row + 1), if it is likely enough. */
static void decide(struct weave *w, const struct index *x, u32 c,
                   const struct choice *choice, u32 refused) {
    struct sum *s = &w->sums[c];
    double total = choice->total;
    const struct candidate *best = NULL;
    s->parent = 0;
    s->confidence = 0;
    s->nproofs = 0;
    for (isize i = 0; i < choice->n; i++) {
        if (choice->best[i].parent + 1 == refused) {
            total -= choice->best[i].intensity;
        } else if (!best) {
            best = &choice->best[i];
        }
    }
    if (!best) return;
    if (total < best->intensity) total = best->intensity;
    s->confidence = best->intensity / (choice->background + total);
    if (s->confidence < JOIN) return;
    s->parent = best->parent + 1;
    keep_proofs(w, x, c, best->parent);
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
    double confidence;
    u64 id;
};

static int by_parent(const void *a, const void *b) {
    const struct rival *x = a, *y = b;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    if (x->confidence != y->confidence) return x->confidence > y->confidence ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->leg > y->leg) - (x->leg < y->leg);
}

/* Of two answered children of one parent at one time, the less certain one looks again elsewhere. */
static void part_rivals(struct weave *w, const struct index *x, struct choice *choice) {
    isize n = 0;
    struct rival *rows = base_grow(NULL, &(isize){0}, w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->parent && talks(s) && s->kind == KIND_CALL && !leg_is_hop(w, s))
            rows[n++] = (struct rival){s->parent, (u32)i, s->confidence, s->id};
    }
    if (n) qsort(rows, (size_t)n, sizeof *rows, by_parent);
    for (isize i = 0, first = 0; i < n; i++) {
        if (rows[i].parent != rows[first].parent) first = i;
        const struct sum *s = &w->sums[rows[i].leg];
        /* the same device twice at once happens (a second recorder, a bridge): only a clear loser goes */
        if (s->confidence > RIVAL) continue;
        bool beaten = false;
        for (isize k = first; k < i && k < first + RIVALS && !beaten; k++) {
            const struct sum *o = &w->sums[rows[k].leg];
            beaten = o->parent == s->parent && overlap(s, o);
        }
        if (!beaten) continue;
        choose(x, rows[i].leg, choice);
        decide(w, x, rows[i].leg, choice, s->parent);
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
    u32 *walk = base_grow(NULL, &(isize){0}, w->nsums + 1, (isize)sizeof *walk);
    for (u32 i = 0; (isize)i < w->nsums;
         i++) { /* walk[leg]: the walk that came by, + 1 */
        u32 at = i;
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

/* Legs by start, since a try's failure makes the next one. */
static struct sort_row *by_start(const struct weave *w) {
    struct sort_row *rows =
        base_grow(NULL, &(isize){0}, w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++)
        rows[i] = (struct sort_row){sort_time(w->sums[i].start_us), (u64)i};
    sort_rows(rows, w->nsums);
    return rows;
}

void score_parents(struct weave *w) {
    struct index x;
    struct choice choice = {0};
    index_open(&x, w);
    struct sort_row *rows = by_start(w);
    /* twice, since stamps of a second may have a try before the one whose failure made it */
    for (int round = 0; round < 2; round++) {
        for (isize i = 0; i < w->nsums; i++) {
            u32 c = (u32)rows[i].value;
            const struct sum *s = &w->sums[c];
            bool hop = leg_is_hop(w, s);
            if (round == 0 && hop) index_fail(&x, c);
            if (hop || s->kind != KIND_CALL || (round == 1 && s->parent)) continue;
            choose(&x, c, &choice);
            decide(w, &x, c, &choice, 0);
            index_fail(&x, c);
        }
    }
    part_rivals(w, &x, &choice);
    cut_circles(w);
    base_free(rows);
    index_close(&x);
}
