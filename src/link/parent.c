/* parent.c: who is whose parent. Each leg chooses among the calls with legs that could have sent it, and "none of them":
 *
 *     P(it belongs to the call) = sum of the weights of that call's claims / (background + sum of all weights)
 *
 * which evidence_confidence turns into what people see. It joins the likeliest call, if this is JOIN or more, as the child of the
 * likeliest of its legs: joining strangers is worse than leaving a leg out.
 *
 *     gather      by start: who lays claim to each leg (choice.c)
 *     believe     what each knows is told along the tries that follow each other (believe.c)
 *     decide, learn    how often a device sends legs of its own, what becomes of numbers there (lane.c, habit.c); then again
 *     at the end  of two children that talk at the same time the less certain one looks elsewhere; circles are cut
 */
#include "base/both.h"
#include "link/claim.h"

#include <stdlib.h>

static const double JOIN = 0.98, RIVAL = 0.999, SURE = 0.995, NONE = 0.9,
                    UNLIKELY = 0.02, /* not worth a word */
    MUCH = 0.5;                      /* of what a try is there because of */

enum { RIVALS = 32, ROUNDS = 4, SWEEPS = 5 };

typedef void prove_pair(const struct index *x, u32 c, u32 p, struct proofs *to);

/* Proofs of one half of the legs. */
struct proof_table {
    struct proof *rows;
    isize n, cap;
};

/* Why c may belong to this parent, from *at on; gives how many there are. */
static u32 put_proofs(struct proof_table *to, const struct index *x, prove_pair *prove,
                      u32 c, u32 parent, u32 *at) {
    struct proofs proofs;
    prove(x, c, parent, &proofs);
    to->rows =
        base_grow(to->rows, &to->cap, to->n + proofs.n + 1, (isize)sizeof *to->rows);
    *at = (u32)to->n;
    for (isize i = 0; i < proofs.n; i++) to->rows[to->n++] = proofs.rows[i];
    return (u32)proofs.n;
}

/* The same in w->proofs. */
static u32 keep_proofs(struct weave *w, const struct index *x, prove_pair *prove, u32 c,
                       u32 parent, u32 *at) {
    struct proof_table all = {w->proofs, w->nproofs, w->cap_proofs};
    u32 n = put_proofs(&all, x, prove, c, parent, at);
    w->proofs = all.rows;
    w->nproofs = all.n;
    w->cap_proofs = all.cap;
    return n;
}

double parent_joins_from(void) {
    return evidence_confidence(JOIN);
}

/* ---- the likeliest call ------------------------------------------------------------------------------------------ */

struct best {
    u32 root, parent;
    double share; /* of the call */
    bool any;
};

static double root_weight(const struct claims *k, const struct claimed *leg, u32 root) {
    double sum = 0;
    for (u32 i = 0; i < leg->n; i++) {
        const struct claim *a = &k->rows[leg->at + i];
        if (index_root(k->x, a->parent) == root) sum += a->weight;
    }
    return sum;
}

/* The likeliest call whose first leg is none of `said`. */
static struct best best_of(const struct claims *k, u32 c, const u32 *said, isize nsaid) {
    const struct weave *w = k->x->w;
    const struct claimed *leg = &k->legs[c];
    struct best best = {0};
    double most = 0, call = 0;
    for (u32 i = 0; i < leg->n; i++) {
        const struct claim *a = &k->rows[leg->at + i];
        u32 root = index_root(k->x, a->parent);
        bool out = a->weight <= 0 || !claim_allowed(k, c, a->parent);
        for (isize m = 0; m < nsaid; m++) out |= said[m] == root;
        if (out) continue;
        double sum = root_weight(k, leg, root);
        bool equal = sum >= call && sum <= call;
        bool likelier =
            a->weight > most || (a->weight >= most && best.any &&
                                 w->sums[a->parent].id < w->sums[best.parent].id);
        if (best.any && !(sum > call || (equal && likelier))) continue;
        if (best.any && root == best.root && !likelier) continue;
        call = sum;
        most = a->weight;
        best = (struct best){root, a->parent, leg->all > 0 ? sum / leg->all : 0, true};
    }
    return best;
}

/* How probably a try that has decided already belongs to the call, as far as that limits what follows it. */
static double share_in(const struct claims *k, u32 b, u32 root) {
    const struct sum *s = &k->x->w->sums[b];
    const struct claimed *leg = &k->legs[b];
    bool agrees = !s->likeliest || index_root(k->x, s->likeliest - 1) == root;
    if (agrees) return leg->torn ? s->share : 1;
    return leg->all > 0 ? root_weight(k, leg, root) / leg->all : 0;
}

/* What is there because of another try belongs where that does: it cannot be surer of a call than that one is. What is told around in circles
 * would make it so. */
static double no_surer(const struct claims *k, u32 c, u32 root, double share) {
    const struct claimed *leg = &k->legs[c];
    for (u32 e = 0; e < leg->nbefore; e++) {
        const struct follow *f = &k->follows[leg->before + e];
        double because = leg->all > 0 ? f->given / leg->all : 0;
        if (because <= MUCH) continue;
        double most = 1 - because * (1 - share_in(k, f->before, root));
        share = share < most ? share : most;
    }
    return share;
}

/* Where a call takes one more leg, with all that hangs on it, that is done. */
static bool has_room(struct index *x, u32 c, u32 root) {
    if (index_root(x, c) == root) return true;
    if (x->size[root] + x->size[c] > LEGS_A_CALL) return false;
    x->size[root] += x->size[c];
    x->up[c] = root;
    return true;
}

/* Joins the likeliest call, if it is likely enough. */
static void decide(struct weave *w, struct claims *k, u32 c) {
    struct index *x = k->x;
    struct sum *s = &w->sums[c];
    const struct claimed *leg = &k->legs[c];
    u32 was = s->parent, nproofs = s->nproofs;
    s->parent = s->likeliest = 0;
    struct best best = best_of(k, c, NULL, 0);
    s->confidence = s->share = 0;
    s->nproofs = 0;
    /* what is merely unclear is no proof that there is no cause: it would grow by itself */
    double none = leg->all > 0 ? leg->background / leg->all : 1;
    index_note(x, c, none > NONE ? none : 0);
    if (!best.any) return;
    s->share = no_surer(k, c, best.root, best.share);
    k->legs[c].torn = s->share < best.share;
    s->confidence = evidence_confidence(s->share);
    s->likeliest = best.parent + 1;
    if (s->share < JOIN || !has_room(x, c, best.root)) return;
    s->parent = best.parent + 1;
    if (s->parent == was) s->nproofs = nproofs;
}

bool claims_join(struct claims *k, u32 c, u32 parent, double share) {
    struct sum *s = &k->w->sums[c];
    if (!has_room(k->x, c, index_root(k->x, parent))) return false;
    s->share = share;
    s->confidence = evidence_confidence(share);
    s->parent = s->likeliest = parent + 1;
    return true;
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

static bool may_be_rival(const struct weave *w, const struct sum *s) {
    return s->parent && talks(s) && s->kind == KIND_CALL && !leg_is_settled(w, s);
}

/* Of two answered children of one parent at one time, the less certain one looks again elsewhere. */
static bool part_rivals(struct weave *w, struct claims *k) {
    isize n = 0;
    bool any = false;
    struct rival *rows;
    u8 *disputed = base_new(w->nsums + 1, 1); /* by parent: a child may have to go */
    for (isize i = 0; i < w->nsums; i++) {
        if (!may_be_rival(w, &w->sums[i])) continue;
        disputed[w->sums[i].parent] |= w->sums[i].share <= RIVAL;
        n++;
    }
    rows = base_new(n + 1, (isize)sizeof *rows);
    n = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (may_be_rival(w, s) && disputed[s->parent])
            rows[n++] = (struct rival){s->parent, (u32)i, s->share, s->id};
    }
    base_free(disputed);
    if (n) qsort(rows, (size_t)n, sizeof *rows, by_parent);
    for (isize i = 0, first = 0; i < n; i++) {
        if (rows[i].parent != rows[first].parent) first = i;
        const struct sum *s = &w->sums[rows[i].leg];
        /* the same device twice at once happens (a second recorder, a bridge): only a clear loser goes */
        if (s->share > RIVAL) continue;
        bool beaten = false;
        for (isize m = first; m < i && m < first + RIVALS && !beaten; m++) {
            const struct sum *o = &w->sums[rows[m].leg];
            beaten = o->parent == s->parent && overlap(s, o);
        }
        if (!beaten) continue;
        struct claim *refused = claim_find(k, rows[i].leg, s->parent - 1);
        if (!refused) continue;
        refused->forbidden = true;
        w->sums[rows[i].leg].parent = 0;
        claims_forward(k, rows[i].leg);
        decide(w, k, rows[i].leg);
        any = true;
    }
    base_free(rows);
    return any;
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

static bool cut_circles(struct weave *w) {
    bool any = false;
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
        any = true;
    }
    base_free(walk);
    return any;
}

/* ---- what almost belongs ------------------------------------------------------------------------------- */

/* Of a leg that is not sure, the calls that it is not in, or the one that it would be in. */
static void note_maybes(struct weave *w, struct claims *k, u32 c) {
    enum { MAYBES_A_LEG = 4 };
    struct index *x = k->x;
    const struct sum *s = &w->sums[c];
    u32 said[MAYBES_A_LEG];
    for (isize i = 0; i < MAYBES_A_LEG; i++) {
        struct best best = best_of(k, c, said, i);
        if (!best.any || evidence_confidence(best.share) < UNLIKELY) return;
        double share = evidence_confidence(no_surer(k, c, best.root, best.share));
        said[i] = best.root;
        if (share < UNLIKELY) continue;
        if (best.root == index_root(x, c) && s->parent) continue;
        w->maybes = base_grow(w->maybes, &w->cap_maybes, w->nmaybes + 1,
                              (isize)sizeof *w->maybes);
        struct link_maybe *m = &w->maybes[w->nmaybes++];
        *m = (struct link_maybe){.leg = c, .parent = best.parent, .confidence = share};
        m->nproofs = keep_proofs(w, x, pair_prove_all, c, best.parent, &m->proofs_at);
    }
}

/* For every leg that is not sure; by leg, and by the parent that it would have. */
static void note_all_maybes(struct weave *w, struct claims *k) {
    w->nmaybes = 0;
    for (isize i = 0; i < w->nsums && !weave_stops(w); i++) {
        const struct sum *s = &w->sums[i];
        if (s->kept) {
            stand_maybes(w, (u32)i);
            continue;
        }
        bool open = s->share < SURE && s->share > UNLIKELY;
        if (!open || s->kind != KIND_CALL || leg_is_hop(w, s)) continue;
        if (!k->legs[i].open) claims_gather(k, (u32)i); /* was told, not weighed */
        note_maybes(w, k, (u32)i);
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

/* Most legs are sure at first look; what happened at devices is needed for the others only. */
static void look_all(struct claims *k) {
    bool *asked = base_new(k->w->ndevs + 1, 1);
    claims_look(k, asked);
    claims_part_early(k);
    index_events(k->x, asked);
}

/* Who could have sent each leg, and what each try tells the next. */
static void gather_all(struct claims *k) {
    const struct weave *w = k->x->w;
    for (isize i = 0; i < w->nsums; i++) k->once[i] = 0;
    for (isize i = 0; i < w->nsums && !weave_stops(w); i++) {
        u32 c = k->x->by_start[i];
        struct claimed *leg = &k->legs[c];
        if (leg->early) {
            k->once[w->sums[c].parent - 1] += (double)leg->once;
        } else if (leg->open && leg->sure) {
            if (!leg->apart) claims_weigh(k, c);
            claims_note(k, c, false);
        } else if (leg->open) {
            claims_gather(k, c);
        } else if (w->sums[c].kind == KIND_CALL) {
            claims_settle(k, c);
        }
    }
}

/* How many claims c gets from the tries that follow it, or from those that it follows. */
static isize share_along(struct claims *k, u32 c, bool next) {
    const struct claimed *leg = &k->legs[c];
    u32 n = next ? leg->nnext : leg->nbefore;
    isize new = 0;
    claims_share_begin(k, c);
    for (u32 e = 0; e < n; e++) {
        u32 row = next ? k->next[leg->next + e] : leg->before + e;
        new += claims_share(k, c, &k->follows[row]);
    }
    return new;
}

/* A try may have the parent of the next one, or of the one before. */
static void share_all(struct claims *k) {
    for (isize i = k->nunsure; i-- > 0 && !weave_stops(k->x->w);) {
        u32 c = k->unsure[i];
        if (share_along(k, c, true)) claims_backward(k, c);
    }
    for (isize i = 0; i < k->nunsure && !weave_stops(k->x->w); i++) {
        u32 c = k->unsure[i];
        if (share_along(k, c, false)) claims_forward(k, c);
    }
}

/* Everybody decides, but who has done so for good; then what has been found is noted, with its proofs, for the next round to learn from. */
static isize decide_all(struct weave *w, struct claims *k, bool first) {
    isize changed = 0;
    index_calls(k->x);
    for (isize i = 0; i < k->nlate; i++) {
        u32 c = k->late[i];
        u32 was = w->sums[c].parent;
        const struct claimed *leg = &k->legs[c];
        if (!leg->open || (leg->apart && !first)) continue;
        decide(w, k, c);
        changed += w->sums[c].parent != was;
    }
    return changed;
}

/* Legs whose proofs are looked for, by two threads if there are two. */
struct proving {
    struct claims *k;
    prove_pair *prove;
    const u32 *legs; /* NULL: all */
    struct proof_table parts[2];
};

static u32 proving_leg(const struct proving *g, isize i) {
    return g->legs ? g->legs[i] : (u32)i;
}

static bool is_proved(const struct claims *k, isize c) {
    return k->legs[c].open && k->w->sums[c].parent;
}

static void prove_half(void *proving, int half, isize from, isize to) {
    struct proving *g = proving;
    struct weave *w = g->k->w;
    for (isize i = from; i < to && !weave_stops(w); i++) {
        u32 c = proving_leg(g, i);
        struct sum *s = &w->sums[c];
        if (is_proved(g->k, c))
            s->nproofs = put_proofs(&g->parts[half], g->k->x, g->prove, c, s->parent - 1,
                                    &s->proofs_at);
    }
}

/* The proofs of n legs: all, or those. */
static void prove_legs(struct weave *w, struct claims *k, prove_pair *prove,
                       const u32 *legs, isize n) {
    struct proving g = {k, prove, legs, {{w->proofs, w->nproofs, w->cap_proofs}}};
    struct proof_table *all = &g.parts[0], *more = &g.parts[1];
    isize second = base_both(prove_half, &g, n, weave_may_use(w, n));
    for (isize i = second; i < n; i++) {
        u32 c = proving_leg(&g, i);
        if (is_proved(k, c)) w->sums[c].proofs_at += (u32)all->n;
    }
    all->rows =
        base_grow(all->rows, &all->cap, all->n + more->n + 1, (isize)sizeof *all->rows);
    for (isize i = 0; i < more->n; i++) all->rows[all->n++] = more->rows[i];
    base_free(more->rows);
    w->proofs = all->rows;
    w->nproofs = all->n;
    w->cap_proofs = all->cap;
}

/* What is learned from, of those that have found another parent. */
static void prove_new(struct weave *w, struct claims *k) {
    u32 *legs = base_new(k->nearlies + k->nlate + 1, (isize)sizeof *legs);
    isize n = 0;
    for (isize i = 0; i < k->nearlies; i++) {
        u32 c = k->earlies[i].leg;
        if (!w->sums[c].nproofs && index_is_teacher(k->x, c)) legs[n++] = c;
    }
    for (isize i = 0; i < k->nlate; i++)
        if (!w->sums[k->late[i]].nproofs) legs[n++] = k->late[i];
    prove_legs(w, k, pair_prove_habits, legs, n);
    base_free(legs);
}

/* All there is to say, with what is known at the end; or as much as others go by. */
static void prove_all(struct weave *w, struct claims *k) {
    prove_legs(w, k, w->unasked ? pair_prove_cause_alone : pair_prove_all, NULL,
               w->nsums);
}

void score_parents(struct weave *w) {
    struct index x;
    struct claims k;
    isize nproofs = w->nproofs; /* of hops, and what was told */
    index_open(&x, w);
    index_calls(&x);
    claims_open(&k, &x);
    k.w = w;
    stand_tell(&x);
    stand_again(&k);
    look_all(&k);
    for (int round = 0; round < ROUNDS && !weave_stops(w); round++) {
        if (round % 2 == 0)
            gather_all(&k);
        else
            claims_refresh(&k);
        claims_doubt(&k);
        for (int i = 0; i < 2; i++) {
            claims_believe(&k, SWEEPS);
            share_all(&k);
        }
        claims_believe(&k, SWEEPS);
        isize changed = decide_all(w, &k, round == 0);
        if (changed || round == 0) index_note_children(&x);
        prove_new(w, &k);
        if (changed == 0 && round > 1) break;
        index_learn(&x, &k, changed || round == 0);
        follows_weigh(&k);
    }
    bool parted = part_rivals(w, &k), cut = cut_circles(w);
    if (!only_lines(w)) { /* that is for people */
        index_calls(&x);
        if (parted || cut) index_note_children(&x);
        w->nproofs = nproofs;
        prove_all(w, &k);
        note_all_maybes(w, &k);
    }
    lore_keep(&x, w);
    stand_note(&k, w);
    claims_close(&k);
    index_close(&x);
    numbers_forget(w);
}
