/* parent.c: who is whose parent. Each leg chooses among the calls with legs that could have sent it, and "none of them":
 *
 *     P(it belongs to the call) = sum of intensities of that call's legs / (background + sum of all intensities)
 *
 * which is the confidence that people see. It joins the likeliest call, if it is this likely, as the child of the
 * likeliest of its legs: joining strangers is worse than leaving a leg out.
 *
 *     round 0     all legs, by start: which tries of a parent had failed before is known by then
 *     round 1 …   those that are not sure, from the last to the first and back again: how often a device sends legs of
 *                 its own, what a sibling already explains and which try came after one's failure is known now
 *     at the end  of two children that talk at the same time the less certain one looks elsewhere; circles are cut
 *
 * Not all that could have sent it are looked at, or the busiest device would cost the square of its legs: those that
 * share a number or a rare value, and those to which something happened shortly before, until one call stands out. */
#include "link/pair.h"

#include <stdlib.h>

static const double JOIN = 0.90, CLEAR = 0.995, RIVAL = 0.999, SURE = 0.99,
                    NOTHING = 1e-7;

enum {
    /* a queue or an IVR holds a call this long before it dials on */
    WINDOW_US = 180 * 1000000,
    LEGS_A_NUMBER = 32,
    LEGS_A_TOKEN = 32,
    EVENTS_CLEAR = 6, /* after so many, stop when one stands out */
    EVENTS = 256,
    RIVALS = 32,
    CALLS = 8,
    ROUNDS = 8,
};

/* A call that the leg may belong to: by the first leg of those found so far. */
struct candidate {
    u32 root, parent;      /* rows; the parent is the likeliest of its legs */
    double intensity, sum; /* of that leg, of all of them */
};

struct choice {
    struct candidate calls[CALLS];
    isize n;
    double total, background, best;
    u32 refused; /* row + 1 of a parent that is out of the question */
    u32 stamp;   /* of this choice, to consider each leg once */
};

static u32 root_of(const struct index *x, u32 leg) {
    while (x->up[leg] != leg) {
        x->up[leg] = x->up[x->up[leg]];
        leg = x->up[leg];
    }
    return leg;
}

static bool better(const struct weave *w, u32 leg, double intensity,
                   const struct candidate *than) {
    if (intensity != than->intensity) return intensity > than->intensity;
    return w->sums[leg].id < w->sums[than->parent].id;
}

/* The place of a call among those in question; of a new one that of the least, where there is no room. */
static struct candidate *candidate_of(struct choice *choice, u32 root) {
    struct candidate *least = &choice->calls[0];
    for (isize i = 0; i < choice->n; i++) {
        struct candidate *one = &choice->calls[i];
        if (one->root == root) return one;
        if (one->sum < least->sum) least = one;
    }
    if (choice->n < CALLS) least = &choice->calls[choice->n++];
    *least = (struct candidate){.root = root};
    return least;
}

/* Is p the leg's own offspring, as far as one looks up? */
static bool is_below(const struct weave *w, u32 p, u32 c) {
    enum { DEEP = 64 };
    for (int i = 0; i < DEEP && p != c && w->sums[p].parent; i++)
        p = w->sums[p].parent - 1;
    return p == c;
}

static bool consider(const struct index *x, u32 c, u32 p, struct choice *choice) {
    if (x->mark[p] == choice->stamp || p + 1 == choice->refused) return false;
    x->mark[p] = choice->stamp;
    double intensity = pair_intensity(x, c, p, choice->best * NOTHING, NULL);
    if (intensity <= 0 || is_below(x->w, p, c)) return true;
    u32 root = root_of(x, p);
    struct candidate *one = candidate_of(choice, root);
    choice->total += intensity;
    choice->best = choice->best > intensity ? choice->best : intensity;
    if (one->sum <= 0 || better(x->w, p, intensity, one)) {
        one->parent = p;
        one->intensity = intensity;
    }
    one->sum += intensity;
    return true;
}

static const struct candidate *best_call(const struct weave *w,
                                         const struct choice *choice) {
    const struct candidate *best = NULL;
    for (isize i = 0; i < choice->n; i++) {
        const struct candidate *one = &choice->calls[i];
        bool equal = best && one->sum >= best->sum && one->sum <= best->sum;
        if (!best || one->sum > best->sum ||
            (equal && w->sums[one->parent].id < w->sums[best->parent].id)) {
            best = one;
        }
    }
    return best;
}

static bool stands_out(const struct weave *w, const struct choice *choice) {
    const struct candidate *best = best_call(w, choice);
    return best && best->sum >= CLEAR * (choice->background + choice->total);
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
    isize last = n - 2 * most; /* a leg has several clues */
    while (n-- > 0 && n >= last && tried < most) {
        i64 ago = s->start_us - run.rows[n].at_us;
        if (ago > WINDOW_US + slack) return;
        if (tried >= few && ago > slack && stands_out(x->w, choice)) return;
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

/* Weighs the calls that c may belong to, without the parent `refused` (row + 1). */
static void choose(const struct index *x, u32 c, u32 refused, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    *choice = (struct choice){.stamp = choice->stamp + 1, .refused = refused};
    choice->background = index_background(x, s->from_dev);
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

/* Joins the likeliest call, if it is likely enough. */
static void decide(struct weave *w, struct index *x, u32 c, const struct choice *choice) {
    struct sum *s = &w->sums[c];
    const struct candidate *best = best_call(w, choice);
    s->parent = 0;
    s->confidence = 0;
    s->nproofs = 0;
    index_note(x, c, choice->background / (choice->background + choice->total));
    if (!best) return;
    s->confidence = best->sum / (choice->background + choice->total);
    if (s->confidence < JOIN) return;
    if (root_of(x, c) != best->root) {
        if (x->size[best->root] + x->size[c] > LEGS_A_CALL) return;
        x->size[best->root] += x->size[c];
        x->up[c] = best->root;
    }
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
static void part_rivals(struct weave *w, struct index *x, struct choice *choice) {
    isize n = 0;
    struct rival *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
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
        bool hop = leg_is_hop(w, s);
        if (round == 0 && hop) index_child(x, c);
        if (hop || s->kind != KIND_CALL || (round > 0 && s->confidence > SURE)) continue;
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
    for (u32 i = 0; (isize)i < w->nsums; i++)
        x.up[i] = w->sums[i].parent ? w->sums[i].parent - 1 : i;
    for (u32 i = 0; (isize)i < w->nsums; i++) x.size[root_of(&x, i)]++;
    for (int round = 0; round < ROUNDS; round++) {
        isize changed = choose_all(w, &x, rows, &choice, round);
        if (changed == 0 && round > 1) break;
        index_learn(&x, rows);
    }
    part_rivals(w, &x, &choice);
    cut_circles(w);
    base_free(rows);
    index_close(&x);
}
