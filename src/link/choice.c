/* choice.c: who lays claim to a leg. Not all legs that could have sent it are looked at, or the busiest device would cost the
 * square of its legs: those that share a number or a rare value, those to which something happened shortly before, until one
 * stands out, and those that claim a try before it. */
#include "link/claim.h"

static const double SHARED = 0.02;

enum {
    /* a queue or an IVR holds a call this long before it dials on */
    WINDOW_US = 180 * 1000000,
    LEGS_A_NUMBER = 32,
    LEGS_A_COMPANY = 8,
    LEGS_A_TOKEN = 32,
    EVENTS_CLEAR = 8, /* after so many, stop when one stands out */
    EVENTS = 1024,
    AROUND = 48,
};

/* Of what is being gathered for one leg. */
struct gathering {
    struct claims *k;
    u32 c;
    double best;       /* weight */
    struct look *look; /* NULL: claims go into the table */
};

static bool is_new(u32 *mark, u32 stamp) {
    bool new = *mark != stamp;
    *mark = stamp;
    return new;
}

/* At first look it is only put down what there is. */
static bool list(struct look *to, const struct index *x, u32 c, u32 p) {
    if (!is_new(&to->mark[p], to->stamp)) return false;
    struct bond bond = pair_bond(x, c, p, turn_of(x, c, p), 0, 0);
    if (bond.once + bond.more <= 0) return true;
    to->rows = base_grow(to->rows, &to->cap, to->n + 1, (isize)sizeof *to->rows);
    to->rows[to->n++] = (struct likely){p, bond};
    return true;
}

static bool consider(struct gathering *g, u32 p) {
    struct claims *k = g->k;
    if (g->look) return list(g->look, k->x, g->c, p);
    if (!is_new(&k->mark[p], k->stamp)) return false;
    struct claim a;
    if (!claim_make(k, g->c, p, g->best * CLAIM_NOTHING, &a)) return true;
    if (!claim_allowed(k, g->c, p)) return true;
    if (a.weight < g->best * CLAIM_NOTHING) return true;
    k->legs[g->c].all += a.weight;
    g->best = g->best > a.weight ? g->best : a.weight;
    claim_put(k, g->c, &a);
    return true;
}

static bool stands_out(const struct gathering *g) {
    return claim_stands_out(&g->k->legs[g->c], g->best);
}

static bool beyond_doubt(const struct gathering *g) {
    return claim_beyond_doubt(&g->k->legs[g->c], g->best);
}

/* How many of them started no later than that. */
static isize legs_until(const struct weave *w, struct leg_run run, i64 at_us) {
    isize low = 0, high = run.n;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (w->sums[run.legs[mid]].start_us <= at_us)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The latest of these that came before the child left. `few`: look no further once one stands out. */
static void consider_clues(struct gathering *g, const struct clues *clues, u64 key,
                           isize few, isize most) {
    const struct index *x = g->k->x;
    const struct sum *s = &x->w->sums[g->c];
    struct clue_run run = clues_find(clues, key);
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = clues_until(run, s->start_us + slack), tried = 0;
    isize last = n - 2 * most; /* a leg has several clues */
    while (n-- > 0 && n >= last && tried < most) {
        i64 ago = s->start_us - run.rows[n].at_us;
        if (ago > WINDOW_US + slack) return;
        if (tried >= few && ago > slack && stands_out(g)) return;
        tried += consider(g, run.rows[n].leg);
    }
}

/* The same of legs that share a number. */
static void consider_reached(struct gathering *g, struct leg_run run, isize most) {
    const struct weave *w = g->k->x->w;
    const struct sum *s = &w->sums[g->c];
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = legs_until(w, run, s->start_us + slack), tried = 0;
    while (n-- > 0 && tried < most) {
        i64 ago = s->start_us - w->sums[run.legs[n]].start_us;
        if (ago > WINDOW_US + slack) return;
        tried += consider(g, run.legs[n]);
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
        u32 number = numbers_of(&x->numbers, s->facts_at + k);
        consider_reached(g, index_reached(x, number, s->from_dev, f->kind),
                         LEGS_A_NUMBER);
        if (f->kind != FACT_CALLER) continue; /* else it may be a company's number */
        consider_reached(g, index_reached(x, number, s->from_dev, FACT_CALLED),
                         LEGS_A_COMPANY);
    }
    const struct company *company = habits_companies(x, g->c);
    for (u32 i = 0; company && i < company->n && i < NUMBERS_A_COMPANY; i++) {
        consider_reached(g,
                         index_reached(x, company->called[i], s->from_dev, FACT_CALLED),
                         LEGS_A_COMPANY);
    }
}

/* May p have made c's device send it? Else only a value that no stranger has can tell: see far_enough. */
static bool touches(const struct sum *p, const struct sum *c) {
    if (p->to_dev != c->from_dev && !(p->flags & SUM_HOLD) && !p->refer_msg[0])
        return false;
    return leg_was_there(p, c);
}

static void consider_tokens(struct gathering *g) {
    enum { STRANGERS = 3 };
    const struct weave *w = g->k->x->w;
    const struct sum *s = &w->sums[g->c];
    for (u32 k = 0; k < s->ntokens; k++) {
        const struct token *t = &w->tokens[w->leg_tokens[s->tokens_at + k].token];
        bool common = t->roots >= STRANGERS && !t->names;
        for (u32 i = 0; t->n <= LEGS_A_TOKEN && i < t->n; i++) {
            u32 p = w->token_legs[t->at + i];
            if (!t->names && !leg_was_there(&w->sums[p], s)) continue;
            if (common && !touches(&w->sums[p], s)) continue;
            consider(g, p);
        }
    }
}

/* Who claims a try before it, may claim this one. */
static void consider_before(struct gathering *g) {
    const struct claims *k = g->k;
    const struct claimed *leg = &k->legs[g->c];
    for (u32 i = 0; i < leg->nbefore; i++) {
        u32 before = k->follows[leg->before + i].before;
        if (k->legs[before].early) {
            (void)consider(g, k->x->w->sums[before].parent - 1);
            continue;
        }
        for (u32 m = 0; m < k->legs[before].n; m++) {
            const struct claimed *from = &k->legs[before];
            const struct claim *b = &k->rows[from->at + m];
            if (b->weight >= SHARED * from->all && b->parent != g->c)
                (void)consider(g, b->parent);
        }
    }
}

static bool has_claim(struct claims *k, u32 c, u32 p) {
    bool had = k->mark[p] == k->stamp;
    /* of a leg that is full some have gone again */
    return had && (k->legs[c].n < CLAIMS_A_LEG || claim_find(k, c, p));
}

void claims_share_begin(struct claims *k, u32 c) {
    const struct claimed *leg = &k->legs[c];
    k->stamp++;
    for (u32 i = 0; i < leg->n; i++) k->mark[k->rows[leg->at + i].parent] = k->stamp;
}

/* How densely c's heaviest claim sends it. */
static double sent_most(const struct claims *k, const struct claimed *leg) {
    const struct claim *best = NULL;
    for (u32 i = 0; i < leg->n; i++) {
        const struct claim *a = &k->rows[leg->at + i];
        if (!best || a->weight > best->weight) best = a;
    }
    return best ? best->sent : 0;
}

/* Who claims a try next to c, claims c: where that try would tell something, and the claim then weighs something. Gives how many do. */
isize claims_share(struct claims *k, u32 c, const struct follow *f) {
    static const double LITTLE = 1e-3;
    bool next = f->before == c;
    u32 neighbour = next ? f->after : f->before;
    const struct claimed *from = &k->legs[neighbour];
    double least = next ? LITTLE : LITTLE * sent_most(k, &k->legs[c]);
    isize n = 0;
    for (u32 i = 0; i < from->n; i++) {
        const struct claim *b = &k->rows[from->at + i];
        u32 p = b->parent;
        if (b->weight < SHARED * from->all || p == c || has_claim(k, c, p)) continue;
        double told =
            next ? tie_told_back(k, f, b) : (double)(b->causes[f->kind] * f->density);
        if (told < least) continue;
        struct claim a;
        double floor = k->legs[c].all * CLAIM_NOTHING / (next ? 1 + told : 1);
        if (!claim_make(k, c, p, floor, &a) || !claim_allowed(k, c, p)) continue;
        if (a.weight < floor) continue;
        k->legs[c].all += a.weight;
        claim_put(k, c, &a);
        k->mark[p] = k->stamp;
        n++;
    }
    return n;
}

/* Has anything come in there that could make it send a leg? */
static bool is_reached(const struct index *x, u32 dev) {
    return clues_find(&x->events, dev).n > 0;
}

void claims_list(struct claims *k, u32 c, struct look *to) {
    struct gathering g = {.k = k, .c = c, .look = to};
    if (!to->mark) to->mark = base_new(k->w->nsums + 1, (isize)sizeof *to->mark);
    to->stamp++;
    consider_tokens(&g);
    if (k->x->reaching[k->w->sums[c].from_dev]) consider_numbers(&g);
}

void claims_gather(struct claims *k, u32 c) {
    const struct sum *s = &k->x->w->sums[c];
    struct gathering g = {.k = k, .c = c};
    struct claimed *leg = &k->legs[c];
    if (is_reached(k->x, s->from_dev)) follows_find(k, c);
    leg->n = 0;
    leg->rest = 0;
    leg->certain = false;
    leg->background = leg->all = lane_of(k->x, c)->background;
    k->stamp++;
    leans_open(k, c);
    consider_tokens(&g);
    if (s->state == STATE_PARTIAL) {
        leans_close(k);
        claims_forward(k, c);
        return;
    }
    consider_numbers(&g);
    if (!beyond_doubt(&g)) {
        consider_before(&g);
        consider_clues(&g, &k->x->events, s->from_dev, EVENTS_CLEAR, EVENTS);
        consider_clues(&g, &k->x->lost, s->from_dev, EVENTS_CLEAR, EVENTS);
        consider_ends(&g);
        consider_around(&g, &k->x->missed, s->from_dev, s->start_us, LEG_UNSEEN_US,
                        false);
    }
    leans_close(k);
    claims_note(k, c, true);
    claims_trim(k, c);
    leg->certain = leg->n == 1 && beyond_doubt(&g);
}
