/* claim.c: the claims of all legs in one table, each leg's beside each other, by parent. */
#include "link/claim.h"

#include <math.h>

u32 claim_place(const struct claims *k, const struct claimed *leg, u32 parent) {
    u32 low = 0, high = leg->n;
    while (low < high) {
        u32 mid = (low + high) / 2;
        if (k->rows[leg->at + mid].parent < parent)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct claim *claim_find(struct claims *k, u32 c, u32 parent) {
    struct claimed *leg = &k->legs[c];
    u32 i = claim_place(k, leg, parent);
    bool here = i < leg->n && k->rows[leg->at + i].parent == parent;
    return here ? &k->rows[leg->at + i] : NULL;
}

/* Is p the leg's own offspring, as far as one looks up? */
static bool is_below(const struct weave *w, u32 p, u32 c) {
    enum { DEEP = 64 };
    for (int i = 0; i < DEEP && p != c && w->sums[p].parent; i++)
        p = w->sums[p].parent - 1;
    return p == c;
}

bool claim_allowed(const struct claims *k, u32 c, u32 p) {
    const struct weave *w = k->x->w;
    return !is_below(w, p, c) && !decide_forbids(w, c, index_root(k->x, p));
}

static void take_out(struct claims *k, struct claimed *leg, u32 i) {
    struct claim *rows = k->rows + leg->at;
    leg->rest += rows[i].weight;
    leg->n--;
    for (; i < leg->n; i++) rows[i] = rows[i + 1];
}

static u32 least_of(const struct claims *k, const struct claimed *leg) {
    const struct claim *rows = k->rows + leg->at;
    u32 least = 0;
    for (u32 i = 1; i < leg->n; i++) {
        if (rows[i].weight < rows[least].weight) least = i;
    }
    return least;
}

double claims_most(const struct claims *k, const struct claimed *leg) {
    double most = 0;
    for (u32 i = 0; i < leg->n; i++) most = fmax(most, k->rows[leg->at + i].weight);
    return most;
}

static bool is_sure(const struct claims *k, const struct claimed *leg) {
    /* what is sure by less than that before its neighbours have spoken is wrong too often */
    static const double SURE = 1 - 1e-12;
    double none = leg->background + leg->rest, most = fmax(none, claims_most(k, leg));
    return !leg->open || leg->n == 0 || most >= SURE * leg->all;
}

/* What weighs nothing beside the others is not weighed again. */
static void drop_hopeless(struct claims *k, struct claimed *leg) {
    static const double HOPELESS = 1e-10;
    for (u32 i = leg->n; i-- > 0;) {
        if (k->rows[leg->at + i].weight < HOPELESS * leg->all) take_out(k, leg, i);
    }
}

/* Room for one more: where the leg's rows are, or behind all others. The last ones have all the room they need. */
static void make_room(struct claims *k, struct claimed *leg) {
    if (leg->n < leg->cap) return;
    bool last = leg->cap && leg->at + leg->cap == (u32)k->nrows;
    u8 cap = (u8)(leg->cap + 2);
    u32 at = last ? leg->at : (u32)k->nrows;
    isize end = (isize)at + cap;
    k->rows = base_grow(k->rows, &k->cap_rows, end, (isize)sizeof *k->rows);
    for (u32 i = 0; i < leg->n && !last; i++) k->rows[at + i] = k->rows[leg->at + i];
    k->nrows = end;
    leg->at = at;
    leg->cap = cap;
}

void claims_trim(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    if (is_sure(k, leg)) drop_hopeless(k, leg);
    if (leg->at + leg->cap != (u32)k->nrows) return;
    k->nrows = (isize)leg->at + leg->n;
    leg->cap = leg->n;
}

/* Puts it in its place; where there are too many, the least one goes and counts as background. */
void claim_put(struct claims *k, u32 c, const struct claim *new) {
    struct claimed *leg = &k->legs[c];
    if (leg->n == CLAIMS_A_LEG) {
        u32 least = least_of(k, leg);
        if (k->rows[leg->at + least].weight >= new->weight) {
            leg->rest += new->weight;
            return;
        }
        take_out(k, leg, least);
    }
    make_room(k, leg);
    u32 i = claim_place(k, leg, new->parent);
    struct claim *rows = k->rows + leg->at;
    for (u32 m = leg->n; m > i; m--) rows[m] = rows[m - 1];
    rows[i] = *new;
    leg->n++;
}

double claims_share_of(struct claims *k, u32 c, u32 parent) {
    const struct claimed *leg = &k->legs[c];
    if (leg->early) return k->x->w->sums[c].parent == parent + 1;
    const struct claim *a = claim_find(k, c, parent);
    return a && leg->all > 0 ? a->weight / leg->all : 0;
}

bool claims_show(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    struct claim a;
    if (!leg->early) return false;
    leg->early = false;
    leg->rest = 0;
    (void)claim_make(k, c, k->x->w->sums[c].parent - 1, 0, &a);
    a.once = (double)leg->once;
    claim_put(k, c, &a);
    claims_forward(k, c);
    return true;
}

/* ---- what the tries before a leg have to do with its parents ------------------------------------------------------ */

static void push_lean(struct claims *k, u32 parent, const struct follow *f,
                      double share) {
    k->leans = base_grow(k->leans, &k->cap_leans, k->nleans + 1, (isize)sizeof *k->leans);
    k->leans[k->nleans++] =
        (struct lean){parent, k->lean_at[parent], f->density, f->kind, share};
    k->lean_at[parent] = (u32)k->nleans;
}

void leans_open(struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    if (!leg->nbefore) return;
    if (!k->lean_at) k->lean_at = base_new(k->w->nsums + 1, (isize)sizeof *k->lean_at);
    k->leaning = c + 1;
    for (u32 i = leg->nbefore; i-- > 0;) { /* each goes before those of the same parent */
        const struct follow *f = &k->follows[leg->before + i];
        const struct claimed *from = &k->legs[f->before];
        if (from->early) push_lean(k, k->w->sums[f->before].parent - 1, f, 1);
        for (u32 m = 0; !from->early && from->all > 0 && m < from->n; m++) {
            const struct claim *a = &k->rows[from->at + m];
            push_lean(k, a->parent, f, a->weight / from->all);
        }
    }
}

void leans_close(struct claims *k) {
    for (isize i = 0; i < k->nleans; i++) k->lean_at[k->leans[i].parent] = 0;
    k->nleans = 0;
    k->leaning = 0;
}

/* How densely the tries before c would send it, if they are this parent's. */
static double lean_of(struct claims *k, u32 c, u32 parent, const float causes[2]) {
    const struct claimed *leg = &k->legs[c];
    double lean = 0;
    if (k->leaning == c + 1) {
        for (u32 row = k->lean_at[parent]; row; row = k->leans[row - 1].next) {
            const struct lean *one = &k->leans[row - 1];
            lean += (double)(causes[one->kind] * one->density) * one->share;
        }
        return lean;
    }
    for (u32 i = 0; i < leg->nbefore; i++) {
        const struct follow *f = &k->follows[leg->before + i];
        lean += (double)(causes[f->kind] * f->density) *
                claims_share_of(k, f->before, parent);
    }
    return lean;
}

/* ---- one claim ------------------------------------------------------------------------------------------------------- */

/* How often a try of this parent's is followed by another one here, as far as that is known. */
static void take_causes(const struct turn *turn, struct claim *a) {
    a->causes[FOLLOW_START] = turn->causes[EVIDENCE_AFTER_SIBLING];
    a->causes[FOLLOW_FAILURE] = turn->causes[EVIDENCE_AFTER_FAILURE];
}

bool claim_make(struct claims *k, u32 c, u32 p, double floor, struct claim *a) {
    *a = (struct claim){.parent = p, .alone = 1, .after = {1, 1}};
    const struct turn *turn = turn_of(k->x, c, p);
    take_causes(turn, a);
    double lean = lean_of(k, c, p, a->causes);
    a->bond = pair_bond(k->x, c, p, turn, lean, floor);
    if (!a->bond.reached) lean = 0;
    double left = 1;
    if (!(k->x->w->sums[c].flags & SUM_RECORDING)) left = claims_left(k, p);
    a->sent = a->bond.once * left + a->bond.more + lean;
    a->weight = a->sent * claim_backward(a);
    return a->weight > 0;
}

/* What is decided already: one claim, and no other. */
void claims_settle(struct claims *k, u32 c) {
    const struct sum *s = &k->x->w->sums[c];
    struct claimed *leg = &k->legs[c];
    leg->n = 0;
    leg->rest = 0;
    leg->background = leg->all = s->parent ? 0 : 1;
    if (!s->parent) return;
    struct claim a;
    if (s->kept) {
        a = stand_claim(k, c);
        leg->all = a.weight;
        claim_put(k, c, &a);
        k->once[a.parent] += a.once;
        return;
    }
    (void)claim_make(k, c, s->parent - 1, 0, &a);
    if (a.bond.once + a.bond.more <= 0) a.bond.more = 1;
    if (a.bond.fit <= 0) a.bond.fit = 1;
    if (a.bond.end <= 0) a.bond.end = 1;
    claim_put(k, c, &a);
    claims_note(k, c, true);
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

/* How probably what reaches a device on a lane makes it send nothing: the rest of what makes it send something, but recorders. */
static void count_keep(struct claims *k) {
    static const double LEAST = 0.1;
    const struct index *x = k->x;
    for (isize i = 0; i < x->nlanes; i++) k->keep[i] = 1;
    for (isize i = x->nlanes; i < x->nturns; i++) {
        const struct turn *t = &x->turns[i];
        if (k->records[t->out]) continue;
        k->keep[t->in] -=
            (double)(t->causes[EVIDENCE_TIMING] + t->causes[EVIDENCE_AFTER_WAIT]);
    }
    for (isize i = 0; i < x->nlanes; i++)
        if (k->keep[i] < LEAST) k->keep[i] = LEAST;
}

/* Marks the parents that a leg claims, or tells whether one of them is marked. */
static bool mark_parents(struct claims *k, u32 c, bool set) {
    const struct claimed *leg = &k->legs[c];
    bool any = false;
    for (u32 i = 0; i < leg->n; i++) {
        u32 *mark = &k->mark[k->rows[leg->at + i].parent];
        if (set) *mark = k->stamp;
        any |= *mark == k->stamp;
    }
    return any;
}

static void put_leg(u32 **legs, isize *cap, isize *n, u32 c) {
    *legs = base_grow(*legs, cap, *n + 1, (isize)sizeof **legs);
    (*legs)[(*n)++] = c;
}

/* The tries that it follows, and those that follow it, hear from it. */
static void mark_neighbours(struct claims *k, const struct claimed *leg) {
    for (u32 i = 0; i < leg->nbefore; i++)
        k->legs[k->follows[leg->before + i].before].apart = false;
    for (u32 i = 0; i < leg->nnext; i++)
        k->legs[k->follows[k->next[leg->next + i]].after].apart = false;
}

void claims_part_early(struct claims *k) {
    const struct weave *w = k->x->w;
    k->nlate = k->nearlies = 0;
    for (isize i = 0; i < w->nsums; i++) {
        u32 c = k->x->by_start[i];
        if (k->legs[c].early) {
            k->earlies = base_grow(k->earlies, &k->cap_earlies, k->nearlies + 1,
                                   (isize)sizeof *k->earlies);
            k->earlies[k->nearlies++] = (struct early){c, w->sums[c].parent - 1};
        } else if (w->sums[c].kind == KIND_CALL) {
            put_leg(&k->late, &k->cap_late, &k->nlate, c);
        }
    }
}

/* What has used up the arrival of its parent shows only beside what it may follow. */
static void note_again(struct claims *k, u32 c) {
    struct claim *a = &k->rows[k->legs[c].at];
    k->once[a->parent] -= a->once;
    a->once = 0;
    claims_note(k, c, true);
}

/* Those that others hear from, or that claim what others do, get their claims. */
static void show_all(struct claims *k) {
    bool any = false;
    for (isize i = 0; i < k->nbeside; i++) any |= claims_show(k, k->beside[i]);
    for (isize i = 0; i < k->nfollows; i++) {
        any |= claims_show(k, k->follows[i].before);
        any |= claims_show(k, k->follows[i].after);
    }
    for (isize i = 0; i < k->ndefeats; i++) {
        any |= claims_show(k, k->defeats[i].loser);
        any |= claims_show(k, k->defeats[i].winner);
    }
    follows_turn(k);
    for (isize i = 0; i < k->nearlies; i++) {
        u32 c = k->earlies[i].leg;
        if (!k->legs[c].early) note_again(k, c);
    }
    if (any) claims_part_early(k);
}

static void put_beside(struct claims *k, u32 c) {
    put_leg(&k->beside, &k->cap_beside, &k->nbeside, c);
    k->legs[c].apart = false;
}

void claims_doubt(struct claims *k) {
    k->nunsure = k->nbeside = 0;
    k->stamp++;
    for (isize i = 0; i < k->nlate; i++) {
        u32 c = k->late[i];
        struct claimed *leg = &k->legs[c];
        leg->sure = is_sure(k, leg);
        leg->apart = leg->sure && leg->certain;
        if (leg->sure) {
            drop_hopeless(k, leg);
            continue;
        }
        put_leg(&k->unsure, &k->cap_unsure, &k->nunsure, c);
        (void)mark_parents(k, c, true);
    }
    for (isize i = 0; i < k->nunsure; i++) {
        follows_find(k, k->unsure[i]);
        follows_find_next(k, k->unsure[i]);
    }
    defeats_find(k);
    follows_turn(k);
    for (isize i = 0; i < k->nunsure; i++) mark_neighbours(k, &k->legs[k->unsure[i]]);
    for (isize i = 0; k->nunsure && i < k->nlate; i++) {
        if (k->legs[k->late[i]].sure && mark_parents(k, k->late[i], false))
            put_beside(k, k->late[i]);
    }
    for (isize i = 0; k->nunsure && i < k->nearlies; i++) {
        if (k->mark[k->earlies[i].parent] == k->stamp) put_beside(k, k->earlies[i].leg);
    }
    for (isize i = 0; i < k->nbeside; i++) follows_find(k, k->beside[i]);
    show_all(k);
}

void claims_weigh(struct claims *k, u32 c) {
    struct claimed *leg = &k->legs[c];
    for (u32 i = 0; i < leg->n; i++) {
        struct claim *a = &k->rows[leg->at + i];
        const struct turn *turn = turn_of(k->x, c, a->parent);
        take_causes(turn, a);
        a->bond = pair_bond(k->x, c, a->parent, turn, 1, 0);
    }
    leg->background = lane_of(k->x, c)->background;
    claims_forward(k, c);
}

void claims_refresh(struct claims *k) {
    count_keep(k);
    for (isize i = 0; i < k->nlate && !weave_stops(k->x->w); i++) {
        u32 c = k->late[i];
        if (k->legs[c].open && !k->legs[c].apart) claims_weigh(k, c);
    }
}

void claims_open(struct claims *k, struct index *x) {
    const struct weave *w = x->w;
    *k = (struct claims){.x = x};
    k->legs = base_new(w->nsums + 1, (isize)sizeof *k->legs);
    k->once = base_new(w->nsums + 1, (isize)sizeof *k->once);
    k->keep = base_new(x->nlanes + 1, (isize)sizeof *k->keep);
    k->records = base_new(x->nlanes + 1, 1);
    k->mark = base_new(w->nsums + 1, (isize)sizeof *k->mark);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        k->legs[i].open = s->kind == KIND_CALL && !leg_is_settled(w, s);
        k->blur_us = i64_max(k->blur_us, s->precision_us);
        if (s->kind == KIND_CALL && s->flags & SUM_RECORDING)
            k->records[x->lane_of[i]] = true;
    }
    count_keep(k);
}

void claims_close(struct claims *k) {
    base_free(k->legs);
    base_free(k->rows);
    base_free(k->follows);
    base_free(k->next);
    base_free(k->once);
    base_free(k->keep);
    base_free(k->records);
    base_free(k->mark);
    base_free(k->leans);
    base_free(k->lean_at);
    base_free(k->late);
    base_free(k->earlies);
    base_free(k->unsure);
    base_free(k->beside);
    base_free(k->defeats);
    base_free(k->defeat_pairs);
}
