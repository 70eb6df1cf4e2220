/* pair.c: the evidence for one pair of legs. A leg that reaches a device makes it send others: the intensity
 * of that, at the moment the child left, is the sum over what could have made it (the INVITE that
 * arrived, an answer, a failure of another try, a REFER), each with its density of delays. Everything else
 * that the two have in common multiplies it. */
#include "link/pair.h"

#include <math.h>

enum { FAR = 9 }; /* bits that it takes when nothing was seen to pass the call on */

void pair_prove(struct proofs *to, enum evidence_kind kind, double odds, u32 label,
                i64 delta_us) {
    if (!to || to->n == PROOFS_A_PAIR) return;
    to->rows[to->n++] = (struct proof){(u8)kind, (float)log2(odds), label, delta_us};
}

/* ---- what they have in common --------------------------------------------------------------------- */

/* How many legs reach that device like this one: by a number, or by withholding it; of all that do. */
static double chance_of(const struct index *x, u32 dev, isize n) {
    return ((double)n - 1 + 0.5) / ((double)x->reaching[dev] - 1 + 20);
}

/* The rarest number of some kind on the child that the parent has too, as one of another kind, or of the same. */
struct shared {
    bool any;
    double rarest;
    u32 number; /* of numbers.h */
    u32 label;
};

static struct shared share_numbers(const struct index *x, const struct sum *c,
                                   const struct sum *p, enum fact_kind mine_is,
                                   enum fact_kind theirs_is) {
    const struct fact *facts = x->w->leg_facts;
    struct shared out = {.rarest = 1};
    for (u32 i = 0; i < c->nnumbers; i++) {
        const struct fact *mine = &facts[c->facts_at + i];
        if (mine->kind != mine_is) continue;
        for (u32 j = 0; j < p->nnumbers; j++) {
            const struct fact *theirs = &facts[p->facts_at + j];
            if (theirs->kind != theirs_is || theirs->hash != mine->hash) continue;
            isize n = index_number(x, p->to_dev, p->facts_at + j);
            double u = chance_of(x, p->to_dev, n);
            if (out.any && u >= out.rarest) continue;
            out.rarest = u;
            out.label = mine->label;
            out.number = numbers_of(&x->numbers, c->facts_at + i);
            out.any = true;
        }
    }
    return out;
}

/* Which kinds of numbers they have, and whether one is the same at all. */
struct meeting {
    bool called_c, caller_c, called_p, caller_p, any;
};

static struct meeting meet(const struct index *x, const struct sum *c,
                           const struct sum *p) {
    const struct fact *mine = x->w->leg_facts + c->facts_at,
                      *theirs = x->w->leg_facts + p->facts_at;
    struct meeting m = {0};
    for (u32 i = 0; i < c->nnumbers; i++) {
        m.called_c |= mine[i].kind == FACT_CALLED;
        m.caller_c |= mine[i].kind == FACT_CALLER;
    }
    for (u32 j = 0; j < p->nnumbers; j++) {
        m.called_p |= theirs[j].kind == FACT_CALLED;
        m.caller_p |= theirs[j].kind == FACT_CALLER;
        for (u32 i = 0; i < c->nnumbers; i++) m.any |= mine[i].hash == theirs[j].hash;
    }
    return m;
}

static const double CHANCE =
    0.05; /* that two calls which share no number had shared one */

static double called_number(const struct index *x, u32 c, u32 p, const struct turn *turn,
                            const struct meeting *met, struct proofs *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    if (!met->called_c || !met->called_p) return 1;
    struct shared s = {0};
    if (met->any) s = share_numbers(x, child, parent, FACT_CALLED, FACT_CALLED);
    double m = (double)turn->numbers[NUMBER_CALLED];
    double odds = evidence_odds(m, s.any ? s.rarest : CHANCE, s.any);
    pair_prove(to, EVIDENCE_CALLED_NUMBER, odds, s.label, s.any);
    return odds;
}

/* How many of the legs that leave c's device show that caller (0: withhold it). Where not all of them are in the
 * trace: `u`. */
static double shown_by(const struct index *x, const struct sum *c, u32 number, double u) {
    if (x->w->climate) return u;
    isize n =
        number ? index_sent(x, c->from_dev, number) : (isize)x->withholding[c->from_dev];
    return ((double)n - 1 + 0.5) / ((double)x->leaving[c->from_dev] - 1 + 20);
}

/* The same caller; withheld on both, since a box that hides who calls does so always; the number that was called in the caller's
 * place, as companies show it to the outside; or none of these. */
static double caller_number(const struct index *x, u32 c, u32 p, const struct turn *turn,
                            const struct meeting *met, struct proofs *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    const float *m = turn->numbers;
    bool hidden_c = child->flags & SUM_WITHHELD, hidden_p = parent->flags & SUM_WITHHELD;
    if ((!met->caller_c && !hidden_c) || (!met->caller_p && !hidden_p)) return 1;
    struct shared s = {0}, crossed = {0};
    if (met->any) s = share_numbers(x, child, parent, FACT_CALLER, FACT_CALLER);
    bool both = !s.any && hidden_c && hidden_p;
    double same = (double)m[NUMBER_CALLER], other = (double)m[NUMBER_CROSSED];
    if (s.any || both) {
        double u =
            s.any ? s.rarest : chance_of(x, parent->to_dev, x->withheld[parent->to_dev]);
        double odds =
            evidence_odds(same, shown_by(x, child, s.any ? s.number : 0, u), true);
        pair_prove(to, EVIDENCE_CALLER_NUMBER, odds, s.label, true);
        return odds;
    }
    double odds = evidence_odds(same + other, CHANCE, false),
           company = habits_company(x, c, p);
    if (met->any) crossed = share_numbers(x, child, parent, FACT_CALLER, FACT_CALLED);
    if (crossed.any) {
        double u = shown_by(x, child, crossed.number, crossed.rarest);
        double shown = evidence_odds(other, u, true);
        company = company > shown ? company : shown;
    }
    bool as_company = company > odds;
    if (as_company) odds = company;
    pair_prove(to, as_company ? EVIDENCE_COMPANY_NUMBER : EVIDENCE_CALLER_NUMBER, odds,
               as_company ? crossed.label : s.label, 0);
    return odds;
}

static bool is_stem(u8 kind) {
    return kind == FACT_STEM || kind == FACT_COUNTER;
}

static double token_bits(const struct index *x, const struct leg_token *mine,
                         const struct leg_token *theirs, bool heard,
                         enum evidence_kind *kind) {
    enum { TOO_COMMON = 48, DIALOG_BITS = 40, NAMED_BITS = 16, NAMED_LEAST = 10 };
    const struct token *t = &x->w->tokens[mine->token];
    *kind = EVIDENCE_TOKEN;
    if (mine->kind == FACT_DIALOG || theirs->kind == FACT_DIALOG)
        *kind = EVIDENCE_DIALOG_REFERENCE;
    else if (is_stem(mine->kind) || is_stem(theirs->kind))
        *kind = EVIDENCE_CALL_ID_STEM;
    else if (mine->kind == FACT_CALL_ID || theirs->kind == FACT_CALL_ID)
        *kind = EVIDENCE_CALL_ID_REFERENCE;
    if (t->ids > TOO_COMMON) return 0;
    if (mine->kind == FACT_COUNTER && theirs->kind == FACT_COUNTER) return 0;
    if (*kind == EVIDENCE_DIALOG_REFERENCE) {
        /* two that name the same third one say less than one that names the other */
        bool names = mine->kind == FACT_CALL_ID || theirs->kind == FACT_CALL_ID;
        return names ? DIALOG_BITS : DIALOG_BITS / 2;
    }
    bool mine_less = mine->bits < theirs->bits || !theirs->bits;
    double own = mine_less ? mine->bits : theirs->bits;
    /* nobody writes another leg's random Call-ID by chance */
    if (*kind != EVIDENCE_TOKEN && own >= NAMED_LEAST) own += NAMED_BITS;
    if (*kind != EVIDENCE_TOKEN || t->roots <= 1 || t->ids == 2 || heard) return own;
    double rarity = log2((x->legs + 2) / (double)t->ids);
    return rarity < own ? rarity : own;
}

/* What values in common tell. */
struct common {
    double bits, best;
    bool named; /* one of them names the other leg, and is no mere value that both have */
    bool rare;  /* one of them begins in two places at most: it is no tenant's */
    u32 n[2];   /* of the last two values: how many legs have them */
    bool
        heard; /* the device that sends the child was told one of them on the parent, and had not said it itself */
};

/* One token that both legs have: [a, a_end) on the child, [b, b_end) on the parent. Several tokens of one message are
 * not independent: the best counts, the others a quarter of themselves. */
static void token(const struct index *x, const struct sum *c, const struct sum *p,
                  const struct leg_token *a, const struct leg_token *a_end,
                  const struct leg_token *b, const struct leg_token *b_end,
                  struct common *all, struct proofs *to) {
    bool says = false, told = false, said = false;
    for (const struct leg_token *i = a; i < a_end; i++) says |= i->dev == c->from_dev;
    for (const struct leg_token *k = b; k < b_end; k++) {
        told |= k->dev != c->from_dev;
        said |= k->dev == c->from_dev;
    }
    bool heard = says && told && !said && p->flags & SUM_HOLD;
    /* what the same legs have as well is the same thing said again */
    const struct token *t = &x->w->tokens[a->token];
    bool again = t->n > 2 && (t->n == all->n[0] || t->n == all->n[1]);
    all->n[1] = all->n[0];
    all->n[0] = t->n;
    all->rare |= t->roots <= 2;
    for (const struct leg_token *i = a; i < a_end; i++) {
        for (const struct leg_token *k = b; k < b_end; k++) {
            enum evidence_kind kind;
            double bits = token_bits(x, i, k, heard, &kind);
            bool mine = i->kind == FACT_TOKEN || k->kind != FACT_TOKEN;
            if (bits < 1) continue;
            if (to) pair_prove(to, kind, exp2(bits), mine ? i->label : k->label, 0);
            all->named |= kind != EVIDENCE_TOKEN;
            all->heard |= heard;
            if (!again) all->bits += bits / 4;
            if (bits > all->best) all->best = bits;
        }
    }
}

static struct common tokens(const struct index *x, const struct sum *c,
                            const struct sum *p, struct proofs *to) {
    const struct leg_token *a = x->w->leg_tokens + c->tokens_at, *a_end = a + c->ntokens;
    const struct leg_token *b = x->w->leg_tokens + p->tokens_at, *b_end = b + p->ntokens;
    struct common all = {0};
    while (a < a_end && b < b_end) {
        const struct leg_token *a_next = a, *b_next = b;
        while (a_next < a_end && a_next->token == a->token) a_next++;
        while (b_next < b_end && b_next->token == b->token) b_next++;
        if (a->token == b->token) token(x, c, p, a, a_next, b, b_next, &all, to);
        u32 here = a->token;
        if (here <= b->token) a = a_next;
        if (b->token <= here) b = b_next;
    }
    all.bits += all.best * 3 / 4;
    return all;
}

/* No device between the two was seen to pass the call on: only values in common can tell. One device that
 * calls again uses its own values again, and so do two that reach the same one, or a tenant's: those are other
 * calls, unless one names the other outright. */
static bool far_enough(const struct sum *child, const struct sum *parent,
                       const struct common *all) {
    bool later = parent->start_us < child->start_us ||
                 (parent->start_us == child->start_us && parent->id < child->id);
    if (all->bits <= FAR || !later) return false;
    if (all->named) return true;
    if (!all->rare) return false;
    return child->from_dev != parent->from_dev && child->to_dev != parent->to_dev &&
           leg_alive(parent, child->start_us, 1000000);
}

/* Joined already, whatever the evidence. */
static bool is_same(const struct sum *child, const struct sum *parent) {
    return child == parent || (child->call_id == parent->call_id && child->call_id != 0 &&
                               !(child->flags & SUM_LAX));
}

/* What is equal never speaks against the two, however common it is; nor does what differs speak for them. */
static double alike_odds(double m, double u, bool same) {
    double odds = evidence_odds(m, u, same);
    return same ? fmax(odds, 1) : fmin(odds, 1);
}

/* How a caller withholds the number, what media are offered: most boxes pass that on. */
static double manner(const struct index *x, u32 c, u32 p, const struct turn *turn,
                     enum manner which, struct proofs *to) {
    u32 mine = x->w->sums[c].manner[which], theirs = x->w->sums[p].manner[which];
    if (!mine || !theirs) return 1;
    double m = (double)turn->numbers[NUMBER_MANNER + which];
    double odds = alike_odds(m, (double)x->manners[p].reached[which], mine == theirs);
    pair_prove(to, which == MANNER_NAME ? EVIDENCE_CALLER_NAME : EVIDENCE_MEDIA, odds, 0,
               mine == theirs);
    return odds;
}

/* Who calls, with what, and to which place: all tries of a parent's say the same. */
static double who(const struct index *x, u32 c, u32 p, const struct turn *turn,
                  const struct meeting *met, double place, struct proofs *to) {
    return caller_number(x, c, p, turn, met, to) *
           manner(x, c, p, turn, MANNER_NAME, to) *
           manner(x, c, p, turn, MANNER_MEDIA, to) * place;
}

/* Where in that place: each try says that anew. */
static double where(const struct index *x, u32 c, u32 p, const struct turn *turn,
                    const struct meeting *met, double place, struct proofs *to) {
    double route = habits_route(x, c, p, place);
    if (route > 1 || route < 1) pair_prove(to, EVIDENCE_ROUTE, route, 0, 0);
    return called_number(x, c, p, turn, met, to) * route / place;
}

bool pair_caller(const struct weave *w, const struct sum *s, u64 *caller) {
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->kind != FACT_CALLER) continue;
        *caller = f->hash;
        return true;
    }
    *caller = 0;
    return (s->flags & SUM_WITHHELD) != 0;
}

double pair_alike(const struct index *x, u32 a, u32 b) {
    const struct sum *s = &x->w->sums[a], *t = &x->w->sums[b];
    u64 mine, theirs;
    double odds = 1;
    if (pair_caller(x->w, s, &mine) && pair_caller(x->w, t, &theirs)) {
        double u = CHANCE;
        if (mine == theirs) u = shown_by(x, t, numbers_row(&x->numbers, theirs), CHANCE);
        odds = alike_odds(evidence_alike(), u, mine == theirs);
    }
    for (int k = 0; k < MANNERS; k++) {
        if (!s->manner[k] || !t->manner[k]) continue;
        odds *= alike_odds(evidence_alike(), (double)x->manners[b].sent[k],
                           s->manner[k] == t->manner[k]);
    }
    return odds * sites_alike(x, a, b);
}

struct bond pair_bond(const struct index *x, u32 c, u32 p, const struct turn *turn,
                      double lean, double floor) {
    static const double echoes_most = /* ringing, answer, failure or CANCEL, BYE */
        EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST;
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    struct bond none = {0}, b = {0};
    struct common all = {0};
    if (is_same(child, parent)) return none;
    if (child->ntokens && parent->ntokens) all = tokens(x, child, parent, NULL);
    /* what was in the middle of a call when the trace began is known by name only */
    if (child->state != STATE_PARTIAL) b = pair_sends(x, c, p, turn, all.heard);
    if (b.once + b.more <= 0 && !b.reached) {
        if (!far_enough(child, parent, &all)) return none;
        b.more = lane_of(x, c)->background * exp2(-FAR);
    }
    const struct meeting met = meet(x, child, parent);
    double place = habits_place(x, c, p), whose = who(x, c, p, turn, &met, place, NULL);
    b.once *= whose;
    b.more *= whose;
    b.fit = where(x, c, p, turn, &met, place, NULL);
    if (all.bits > 0) b.fit *= exp2(all.bits);
    if ((b.once + b.more + lean) * b.fit * echoes_most < floor) return none;
    b.fit *= pair_life(x, c, p, turn, NULL);
    b.end = pair_end(x, c, p, NULL);
    return b;
}

enum depth { CAUSE_ALONE, WITH_HABITS, ALL };

static void prove(const struct index *x, u32 c, u32 p, enum depth depth,
                  struct proofs *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    const struct turn *turn = turn_of(x, c, p);
    struct common all = {0};
    to->n = 0;
    if (is_same(child, parent)) return;
    bool asked = depth > CAUSE_ALONE || parent->flags & SUM_HOLD;
    if (asked && child->ntokens && parent->ntokens) all = tokens(x, child, parent, NULL);
    bool caused =
        child->state != STATE_PARTIAL && pair_prove_cause(x, c, p, turn, all.heard, to);
    if (depth == CAUSE_ALONE || (!caused && !far_enough(child, parent, &all))) return;
    if (all.bits > 0 && depth == ALL) (void)tokens(x, child, parent, to);
    const struct meeting met = meet(x, child, parent);
    double place = habits_place(x, c, p);
    (void)where(x, c, p, turn, &met, place, to);
    (void)who(x, c, p, turn, &met, place, to);
    if (depth < ALL) return;
    (void)pair_life(x, c, p, turn, to);
    (void)pair_end(x, c, p, to);
}

void pair_prove_all(const struct index *x, u32 c, u32 p, struct proofs *to) {
    prove(x, c, p, ALL, to);
}

void pair_prove_habits(const struct index *x, u32 c, u32 p, struct proofs *to) {
    prove(x, c, p, WITH_HABITS, to);
}

void pair_prove_cause_alone(const struct index *x, u32 c, u32 p, struct proofs *to) {
    prove(x, c, p, CAUSE_ALONE, to);
}
