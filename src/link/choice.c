/* choice.c: who lays claim to a leg. Not all legs that could have sent it are looked at, or the busiest device would cost the
 * square of its legs: those that share a number or a rare value, those to which something happened shortly before, until one
 * stands out, and those that claim a try before it. */
#include "link/claim.h"

static const double CLEAR = 0.995, NOTHING = 1e-7, SHARED = 0.02;

enum {
    /* a queue or an IVR holds a call this long before it dials on */
    WINDOW_US = 180 * 1000000,
    LEGS_A_NUMBER = 32,
    LEGS_A_COMPANY = 8,
    LEGS_A_TOKEN = 32,
    EVENTS_CLEAR = 24, /* after so many, stop when one stands out */
    EVENTS = 256,
    AROUND = 48,
};

/* ---- claims ------------------------------------------------------------------------------------------------- */

static u32 place_of(const struct claims *k, const struct claimed *leg, u32 parent) {
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
    u32 i = place_of(k, leg, parent);
    bool here = i < leg->n && k->rows[leg->at + i].parent == parent;
    return here ? &k->rows[leg->at + i] : NULL;
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

/* Room for one more: where the leg's rows are, or behind all others. */
static void make_room(struct claims *k, struct claimed *leg) {
    enum { FIRST = 4 };
    if (leg->n < leg->cap) return;
    u32 cap = leg->cap ? 2 * leg->cap : FIRST, at = (u32)k->nrows;
    k->rows = base_grow(k->rows, &k->cap_rows, k->nrows + cap, (isize)sizeof *k->rows);
    for (u32 i = 0; i < leg->n; i++) k->rows[at + i] = k->rows[leg->at + i];
    k->nrows += cap;
    leg->at = at;
    leg->cap = cap;
}

/* Puts it in its place; where there are too many, the least one goes and counts as background. */
struct claim *claim_put(struct claims *k, u32 c, const struct claim *new) {
    struct claimed *leg = &k->legs[c];
    if (leg->n == CLAIMS_A_LEG) {
        u32 least = least_of(k, leg);
        if (k->rows[leg->at + least].weight >= new->weight) {
            leg->rest += new->weight;
            return NULL;
        }
        take_out(k, leg, least);
    }
    make_room(k, leg);
    u32 i = place_of(k, leg, new->parent);
    struct claim *rows = k->rows + leg->at;
    for (u32 m = leg->n; m > i; m--) rows[m] = rows[m - 1];
    rows[i] = *new;
    leg->n++;
    return &rows[i];
}

/* How densely the tries before c would send it, if they are this parent's. */
static double lean_of(struct claims *k, u32 c, u32 parent, const float causes[2]) {
    const struct claimed *leg = &k->legs[c];
    double lean = 0;
    for (u32 i = 0; i < leg->nbefore; i++) {
        const struct follow *f = &k->follows[leg->before + i];
        const struct claim *a = claim_find(k, f->before, parent);
        double all = k->legs[f->before].all;
        if (a && all > 0) lean += (double)(causes[f->kind] * f->density) * a->weight / all;
    }
    return lean;
}

static bool claim_make(struct claims *k, u32 c, u32 p, double floor, struct claim *a) {
    const struct turn *turn = turn_of(k->x, c, p);
    *a = (struct claim){.parent = p, .alone = 1, .after = {1, 1}};
    a->causes[FOLLOW_START] = turn->causes[EVIDENCE_AFTER_SIBLING];
    a->causes[FOLLOW_FAILURE] = turn->causes[EVIDENCE_AFTER_FAILURE];
    double lean = lean_of(k, c, p, a->causes);
    a->bond = pair_bond(k->x, c, p, lean, floor);
    if (!a->bond.reached) lean = 0;
    double left = 1;
    if (!(k->x->w->sums[c].flags & SUM_RECORDING))
        left = claims_left(k, p);
    a->sent = a->bond.once * left + a->bond.more + lean;
    a->weight = a->sent * claim_backward(a);
    return a->weight > 0;
}

/* ---- where to look ----------------------------------------------------------------------------------------------- */

/* Is p the leg's own offspring, as far as one looks up? */
static bool is_below(const struct weave *w, u32 p, u32 c) {
    enum { DEEP = 64 };
    for (int i = 0; i < DEEP && p != c && w->sums[p].parent; i++)
        p = w->sums[p].parent - 1;
    return p == c;
}

/* Of what is being gathered for one leg. */
struct gathering {
    struct claims *k;
    u32 c;
    double best; /* weight */
};

static bool consider(struct gathering *g, u32 p) {
    struct claims *k = g->k;
    const struct index *x = k->x;
    if (k->mark[p] == k->stamp) return false;
    k->mark[p] = k->stamp;
    struct claim a;
    if (!claim_make(k, g->c, p, g->best * NOTHING, &a) || is_below(x->w, p, g->c)) return true;
    if (decide_forbids(x->w, g->c, index_root(x, p))) return true;
    if (a.weight < g->best * NOTHING) return true;
    g->best = g->best > a.weight ? g->best : a.weight;
    k->legs[g->c].all += a.weight;
    claim_put(k, g->c, &a);
    return true;
}

static bool stands_out(const struct gathering *g) {
    return g->best >= CLEAR * g->k->legs[g->c].all;
}
/* The latest of these that came before the child left. `few`: look no further once one stands out. Of what
 * failed, the parent is meant. */
static void consider_clues(struct gathering *g, const struct clues *clues, u64 key,
                           isize few, isize most) {
    const struct index *x = g->k->x;
    const struct sum *s = &x->w->sums[g->c];
    struct clue_run run = clues_find(clues, key);
    bool failed = clues == &x->ends;
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = clues_until(run, s->start_us + slack), tried = 0;
    isize last = n - 2 * most; /* a leg has several clues */
    while (n-- > 0 && n >= last && tried < most) {
        i64 ago = s->start_us - run.rows[n].at_us;
        if (ago > WINDOW_US + slack) return;
        if (tried >= few && ago > slack && stands_out(g)) return;
        u32 leg = run.rows[n].leg, parent = x->w->sums[leg].parent;
        if (failed && !parent) continue;
        tried += consider(g, failed ? parent - 1 : leg);
    }
}

/* Those nearest to a moment, before or after it, within `reach`: legs themselves, or the parents of legs. */
static void consider_around(struct gathering *g, const struct clues *clues, u64 key,
                            i64 at_us, i64 reach_us, bool parents) {
    const struct index *x = g->k->x;
    if (at_us == NEVER) return;
    struct clue_run run = clues_find(clues, key);
    isize after = clues_until(run, at_us), before = after - 1;
    for (int i = 0; i < AROUND; i++) {
        i64 back = before >= 0 ? at_us - run.rows[before].at_us : INT64_MAX;
        i64 ahead = after < run.n ? run.rows[after].at_us - at_us : INT64_MAX;
        if (i64_min(back, ahead) > reach_us) return;
        u32 leg = run.rows[back <= ahead ? before-- : after++].leg;
        u32 parent = x->w->sums[leg].parent;
        if (leg == g->c || (parents && !parent)) continue;
        consider(g, parents ? parent - 1 : leg);
    }
}

/* What waited in a queue for minutes shows at its end only: who hung up when this was hung up, who tries again when this
 * had failed, who rang another phone when this one rang. */
static void consider_ends(struct gathering *g) {
    const struct index *x = g->k->x;
    const struct sum *s = &x->w->sums[g->c];
    i64 blur = (i64)s->precision_us;
    consider_around(g, &x->over, s->from_dev, s->bye_us, 1000000 + blur, false);
    consider_around(g, &x->over, s->from_dev, s->cancel_us, 300000 + blur, false);
    consider_around(g, &x->leaves, s->from_dev, failed_us(s), 100000 + blur, true);
    consider_around(g, &x->leaves, s->from_dev, s->start_us, 30000 + blur, true);
}

static void consider_numbers(struct gathering *g) {
    const struct index *x = g->k->x;
    const struct sum *s = &x->w->sums[g->c];
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &x->w->leg_facts[s->facts_at + k];
        u64 key = index_number_key(s->from_dev, f->kind, f->hash);
        consider_clues(g, &x->numbers, key, LEGS_A_NUMBER, LEGS_A_NUMBER);
        if (f->kind != FACT_CALLER) continue;
        key =
            index_number_key(s->from_dev, FACT_CALLED, f->hash); /* a company's number */
        consider_clues(g, &x->numbers, key, LEGS_A_COMPANY, LEGS_A_COMPANY);
    }
    const struct company *company = habits_companies(x, g->c);
    for (u32 i = 0; company && i < company->n && i < NUMBERS_A_COMPANY; i++) {
        u64 key = index_number_key(s->from_dev, FACT_CALLED, company->called[i]);
        consider_clues(g, &x->numbers, key, LEGS_A_COMPANY, LEGS_A_COMPANY);
    }
}

static void consider_tokens(struct gathering *g) {
    const struct weave *w = g->k->x->w;
    const struct sum *s = &w->sums[g->c];
    for (u32 k = 0; k < s->ntokens; k++) {
        const struct token *t = &w->tokens[w->leg_tokens[s->tokens_at + k].token];
        for (u32 i = 0; t->n <= LEGS_A_TOKEN && i < t->n; i++)
            consider(g, w->token_legs[t->at + i]);
    }
}

/* Who claims a try next to it, claims this one. */
void claims_share(struct claims *k, u32 c, u32 neighbour) {
    const struct claimed *from = &k->legs[neighbour];
    for (u32 i = 0; i < from->n; i++) {
        const struct claim *b = &k->rows[from->at + i];
        u32 p = b->parent;
        if (b->weight < SHARED * from->all || p == c || claim_find(k, c, p)) continue;
        struct claim a;
        if (!claim_make(k, c, p, 0, &a) || is_below(k->x->w, p, c)) continue;
        if (decide_forbids(k->x->w, c, index_root(k->x, p))) continue;
        k->legs[c].all += a.weight;
        claim_put(k, c, &a);
    }
}

void claims_gather(struct claims *k, u32 c) {
    const struct sum *s = &k->x->w->sums[c];
    struct gathering g = {.k = k, .c = c};
    struct claimed *leg = &k->legs[c];
    leg->n = 0;
    leg->rest = 0;
    leg->background = leg->all = lane_of(k->x, c)->background;
    k->stamp++;
    consider_tokens(&g);
    if (s->state == STATE_PARTIAL) {
        claims_forward(k, c);
        return;
    }
    for (u32 i = 0; i < leg->nbefore; i++) {
        const struct claimed *from = &k->legs[k->follows[leg->before + i].before];
        for (u32 m = 0; m < from->n; m++) {
            const struct claim *b = &k->rows[from->at + m];
            if (b->weight >= SHARED * from->all && b->parent != c) consider(&g, b->parent);
        }
    }
    consider_numbers(&g);
    consider_clues(&g, &k->x->events, s->from_dev, EVENTS_CLEAR, EVENTS);
    consider_clues(&g, &k->x->ends, s->from_dev, EVENTS_CLEAR, EVENTS);
    if (!stands_out(&g)) consider_ends(&g);
    claims_forward(k, c);
    claims_note(k, c);
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
    (void)claim_make(k, c, s->parent - 1, 0, &a);
    if (a.bond.once + a.bond.more <= 0) a.bond.more = 1;
    if (a.bond.fit <= 0) a.bond.fit = 1;
    if (a.bond.end <= 0) a.bond.end = 1;
    claim_put(k, c, &a);
    claims_forward(k, c);
    claims_note(k, c);
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static void count_keep(struct claims *k);

void claims_refresh(struct claims *k) {
    const struct weave *w = k->x->w;
    count_keep(k);
    for (u32 c = 0; (isize)c < w->nsums; c++) {
        struct claimed *leg = &k->legs[c];
        if (!leg->open) continue;
        for (u32 i = 0; i < leg->n; i++) {
            struct claim *a = &k->rows[leg->at + i];
            const struct turn *turn = turn_of(k->x, c, a->parent);
            a->causes[FOLLOW_START] = turn->causes[EVIDENCE_AFTER_SIBLING];
            a->causes[FOLLOW_FAILURE] = turn->causes[EVIDENCE_AFTER_FAILURE];
            a->bond = pair_bond(k->x, c, a->parent, 1, 0);
        }
        leg->background = lane_of(k->x, c)->background;
    }
}

/* How probably what reaches a device on a lane makes it send nothing: the rest of what makes it send something, but recorders. */
static void count_keep(struct claims *k) {
    static const double LEAST = 0.1;
    const struct index *x = k->x;
    for (isize i = 0; i < x->nlanes; i++) k->keep[i] = 1;
    for (isize i = x->nlanes; i < x->nturns; i++) {
        const struct turn *t = &x->turns[i];
        if (k->records[t->out]) continue;
        k->keep[t->in] -= (double)(t->causes[EVIDENCE_TIMING] + t->causes[EVIDENCE_AFTER_WAIT]);
    }
    for (isize i = 0; i < x->nlanes; i++)
        if (k->keep[i] < LEAST) k->keep[i] = LEAST;
}

void claims_open(struct claims *k, struct index *x, const struct sort_row *by_start) {
    const struct weave *w = x->w;
    *k = (struct claims){.x = x, .by_start = by_start};
    k->legs = base_new(w->nsums + 1, (isize)sizeof *k->legs);
    k->once = base_new(w->nsums + 1, (isize)sizeof *k->once);
    k->keep = base_new(x->nlanes + 1, (isize)sizeof *k->keep);
    k->records = base_new(x->nlanes + 1, 1);
    k->mark = base_new(w->nsums + 1, (isize)sizeof *k->mark);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        k->legs[i].open = s->kind == KIND_CALL && !leg_is_settled(w, s);
        if (s->kind == KIND_CALL && s->flags & SUM_RECORDING) k->records[x->lane_of[i]] = true;
    }
    follows_find(k);
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
}
