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

/* ---- what could have made the device send it --------------------------------------------------- */

struct trigger {
    enum evidence_kind kind;
    u32 msg;        /* row + 1; 0: there was none */
    struct gap gap; /* to the child's first request */
    double density;
};

static void pull(const struct index *x, u32 c, struct trigger *t) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c];
    if (!t->msg) return;
    t->gap = msg_gap(w, t->msg - 1, child->start_msg - 1);
    if (t->gap.us < -t->gap.slack_us) return;
    t->density = (double)lane_of(x, c)->causes[t->kind] *
                 evidence_density(t->kind, t->gap.us, t->gap.slack_us);
}

/* The last failure among the other tries of p, before the child left. */
static u32 failure_before(const struct index *x, u32 c, u32 p, i64 slack) {
    enum { TRIES = 32 };
    const struct weave *w = x->w;
    i64 latest = NEVER, until = w->sums[c].start_us + slack;
    u32 row = x->failures[p], best = 0;
    for (int i = 0; row && i < TRIES; i++, row = x->next_failure[row - 1]) {
        const struct sum *s = &w->sums[row - 1];
        i64 end = failed_us(s);
        if (row - 1 == c || s->parent != p + 1) continue;
        if (end > until || (best && end <= latest)) continue;
        latest = end;
        best = s->cancel_msg ? s->cancel_msg : s->fail_msg;
    }
    return best;
}

/* The last other child of p to start before c did: phones are rung together, an agent's second line right after his first. */
static u32 sibling_before(const struct index *x, u32 c, u32 p, i64 slack) {
    enum { TRIES = 8 };
    const struct weave *w = x->w;
    i64 until = w->sums[c].start_us + slack;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, until);
    for (int i = 0; n-- > 0 && i < TRIES; i++) {
        u32 leg = kids.rows[n].leg;
        bool before =
            leg != c && w->sums[leg].parent == p + 1 &&
            msg_order(w, w->sums[leg].start_msg - 1, w->sums[c].start_msg - 1) < 0;
        if (before) return w->sums[leg].start_msg;
    }
    u32 latest = x->latest[p];
    if (!latest || latest == c + 1 || w->sums[latest - 1].start_us > until) return 0;
    return w->sums[latest - 1].start_msg;
}

/* The answer as p's device heard of it: on another child of p, else as p had it. */
static u32 answer_heard(const struct index *x, u32 c, u32 p) {
    u32 child = x->answered[p];
    bool still = child && child != c + 1 && x->w->sums[child - 1].parent == p + 1;
    if (still) return x->w->sums[child - 1].answer_msg;
    return x->w->sums[p].answer_msg;
}

/* The last time that p was put on hold before the child left one of its ends. */
static u32 hold_before(const struct index *x, const struct sum *child, u32 p, i64 slack) {
    const struct sum *parent = &x->w->sums[p];
    bool here = child->from_dev == parent->from_dev || child->from_dev == parent->to_dev;
    if (!here || !(parent->flags & SUM_HOLD)) return 0;
    struct clue_run run = clues_find(&x->holds, p);
    isize n = clues_until(run, child->start_us + slack);
    return n > 0 ? run.rows[n - 1].leg + 1 : 0;
}

/* Once another child has answered, nothing is tried any more. What answers by itself, a queue say, tries on. */
static bool talks_before(const struct index *x, u32 c, u32 p) {
    u32 child = x->answered[p];
    const struct sum *s = &x->w->sums[child ? child - 1 : 0];
    return child && child != c + 1 && s->parent == p + 1 &&
           s->answer_us < x->w->sums[c].start_us &&
           (s->bye_us == NEVER || s->bye_us >= x->w->sums[c].start_us);
}

/* A queue or an IVR answers, or rings, and dials on when it has an agent, or an answer to its questions. */
static u32 waited_since(const struct index *x, u32 c, u32 p) {
    enum { WAIT_US = 300000 };
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    bool answered = parent->answer_us != NEVER && parent->answer_us <= child->start_us;
    i64 since = answered ? parent->answer_us : parent->start_us;
    if (child->start_us - since < WAIT_US) return 0;
    return answered ? parent->answer_msg : parent->start_msg;
}

/* The densest trigger, with its proof; 0: nothing on p could have made its device send c. `heard`: the child repeats
 * what its device was told on p, so that it may be music on hold; a second line is not. */
static double triggers(const struct index *x, u32 c, u32 p, bool heard,
                       struct proofs *to) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    bool reached = parent->to_dev == child->from_dev && parent->state != STATE_PARTIAL;
    bool referred[2];
    for (int i = 0; i < 2; i++) {
        referred[i] = parent->refer_msg[i] && parent->refer_dev[i] == child->from_dev;
    }
    heard = heard && parent->flags & SUM_HOLD;
    if (!reached && !referred[0] && !referred[1] && !heard) return 0;
    u32 first_c = w->by_leg[child->at], first_p = w->by_leg[parent->at];
    if (msg_order(w, first_p, first_c) > 0) return 0;
    i64 slack = msg_slack(w, first_c, first_p);
    if (!leg_alive(parent, child->start_us, slack)) return 0;
    bool tries = reached && !(child->flags & SUM_RECORDING) && !talks_before(x, c, p);
    u32 sibling = tries ? sibling_before(x, c, p, slack) : 0;
    /* one arrival sends one leg by itself; whatever follows has another cause as well */
    double again = 1;
    if (sibling) again = 1 - 0.98 * w->sums[w->msgs[sibling - 1].leg].confidence;
    bool asked_again = parent->retry_msg && parent->retry_us <= child->start_us + slack;
    struct trigger all[] = {
        {.kind = EVIDENCE_TIMING, .msg = reached && !asked_again ? parent->start_msg : 0},
        {.kind = EVIDENCE_TIMING, .msg = reached && asked_again ? parent->retry_msg : 0},
        {.kind = EVIDENCE_AFTER_ANSWER, .msg = reached ? answer_heard(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_WAIT, .msg = tries ? waited_since(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_SIBLING, .msg = sibling},
        {.kind = EVIDENCE_AFTER_FAILURE,
         .msg = tries ? failure_before(x, c, p, slack) : 0},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[0] ? parent->refer_msg[0] : 0},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[1] ? parent->refer_msg[1] : 0},
        {.kind = EVIDENCE_AFTER_HOLD, .msg = heard ? hold_before(x, child, p, slack) : 0},
    };
    double sum = 0;
    const struct trigger *best = &all[0];
    for (isize i = 0; i < countof(all); i++) {
        pull(x, c, &all[i]);
        if (all[i].kind == EVIDENCE_TIMING) all[i].density *= again;
        sum += all[i].density;
        if (all[i].density > best->density) best = &all[i];
    }
    if (sum > 0 && to)
        pair_prove(to, best->kind, sum / lane_of(x, c)->background, 0, best->gap.us);
    return sum;
}

/* When a try was over: given up, which comes before the 487 that confirms it, or refused. */
static u32 over_msg(const struct sum *s) {
    return s->cancel_msg ? s->cancel_msg : s->fail_msg;
}

u32 pair_next_try(const struct index *x, u32 c, u32 p) {
    enum { BEFORE_US = 5000 }; /* the next one may leave just before the CANCEL does */
    const struct sum *s = &x->w->sums[c];
    if (failed_us(s) == NEVER || x->w->sums[p].to_dev != s->from_dev) return 0;
    i64 over_us = x->w->msgs[over_msg(s) - 1].time_us;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, i64_max(over_us - BEFORE_US, s->start_us));
    while (n < kids.n && kids.rows[n].leg == c) n++;
    return n == kids.n ? 0 : kids.rows[n].leg + 1;
}

/* c failed, and p sent another try right after: had c been no try of p, that would need another cause. */
static double next_try(const struct index *x, u32 c, u32 p) {
    static const double SLOW = 1e-3; /* there always is one */
    u32 next = pair_next_try(x, c, p);
    if (!next) return 1;
    struct gap gap =
        msg_gap(x->w, over_msg(&x->w->sums[c]) - 1, x->w->sums[next - 1].start_msg - 1);
    if (gap.us < 0) gap.us = -gap.us;
    double made = (double)lane_of(x, next - 1)->causes[EVIDENCE_AFTER_FAILURE] *
                  evidence_density(EVIDENCE_AFTER_FAILURE, gap.us, gap.slack_us);
    double rest = SLOW + triggers(x, next - 1, p, false, NULL);
    return (rest + made) / rest;
}

/* Right after c another child of p started: phones are rung together. */
static double next_sibling(const struct index *x, u32 c, u32 p) {
    static const double SLOW = 1e-3;
    enum { TOGETHER_US = 20000 };
    const struct sum *s = &x->w->sums[c];
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, s->start_us - 1);
    while (n < kids.n && kids.rows[n].leg == c) n++;
    if (n >= kids.n || kids.rows[n].at_us > s->start_us + TOGETHER_US) return 1;
    u32 next = kids.rows[n].leg;
    if (x->w->sums[p].to_dev != s->from_dev) return 1;
    struct gap gap = msg_gap(x->w, s->start_msg - 1, x->w->sums[next].start_msg - 1);
    double made = (double)lane_of(x, next)->causes[EVIDENCE_AFTER_SIBLING] *
                  evidence_density(EVIDENCE_AFTER_SIBLING, gap.us, gap.slack_us);
    double rest = SLOW + triggers(x, next, p, false, NULL);
    return (rest + made) / rest;
}

/* ---- what they have in common --------------------------------------------------------------------- */

/* How many legs reach that device like this one: by a number, or by withholding it; of all that do. */
static double chance_of(const struct index *x, u32 dev, isize n) {
    return ((double)n - 1 + 0.5) / ((double)x->reaching[dev] - 1 + 20);
}

/* The rarest number of this kind that the two share. */
struct shared {
    bool some_c, some_p, any;
    double rarest;
    u32 label;
};

static struct shared share_numbers(const struct index *x, const struct sum *c,
                                   const struct sum *p, enum fact_kind kind) {
    const struct fact *facts = x->w->leg_facts;
    struct shared out = {.rarest = 1};
    for (u32 j = 0; j < p->nnumbers; j++)
        out.some_p |= facts[p->facts_at + j].kind == kind;
    for (u32 i = 0; i < c->nnumbers; i++) {
        const struct fact *mine = &facts[c->facts_at + i];
        if (mine->kind != kind) continue;
        out.some_c = true;
        for (u32 j = 0; j < p->nnumbers; j++) {
            const struct fact *theirs = &facts[p->facts_at + j];
            if (theirs->kind != kind || theirs->hash != mine->hash) continue;
            isize n = climate_number(x, p->to_dev, (u8)kind, mine->hash);
            double u = chance_of(x, p->to_dev, n);
            if (out.any && u >= out.rarest) continue;
            out.rarest = u;
            out.label = mine->label;
            out.any = true;
        }
    }
    return out;
}

/* The same number, none in common, or withheld on both: a box that hides who calls from the next does so always. */
static double numbers(const struct index *x, u32 c, u32 p, enum fact_kind kind,
                      struct proofs *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    bool caller = kind == FACT_CALLER;
    enum evidence_kind evidence =
        caller ? EVIDENCE_CALLER_NUMBER : EVIDENCE_CALLED_NUMBER;
    double m = (double)lane_of(x, c)->numbers[caller];
    struct shared s = share_numbers(x, child, parent, kind);
    bool hidden_c = caller && child->flags & SUM_WITHHELD,
         hidden_p = caller && parent->flags & SUM_WITHHELD,
         both = !s.any && hidden_c && hidden_p;
    if ((!s.some_c && !hidden_c) || (!s.some_p && !hidden_p)) return 1;
    double u = s.any  ? s.rarest
               : both ? chance_of(x, parent->to_dev, x->withheld[parent->to_dev])
                      : 0.05;
    double odds = evidence_odds(m, u, s.any || both);
    pair_prove(to, evidence, odds, s.label, 0);
    return odds;
}

static bool is_stem(u8 kind) {
    return kind == FACT_STEM || kind == FACT_COUNTER;
}

static double token_bits(const struct index *x, const struct leg_token *mine,
                         const struct leg_token *theirs, bool heard,
                         enum evidence_kind *kind) {
    enum { TOO_COMMON = 48, DIALOG_BITS = 24 };
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
    if (*kind != EVIDENCE_TOKEN || t->roots <= 1 || t->ids == 2 || heard) return own;
    double rarity = log2((x->legs + 2) / (double)t->ids);
    return rarity < own ? rarity : own;
}

/* What values in common tell. */
struct common {
    double bits, best;
    bool named; /* one of them names the other leg, and is no mere value that both have */
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
    for (const struct leg_token *i = a; i < a_end; i++) {
        for (const struct leg_token *k = b; k < b_end; k++) {
            enum evidence_kind kind;
            double bits = token_bits(x, i, k, heard, &kind);
            bool mine = i->kind == FACT_TOKEN || k->kind != FACT_TOKEN;
            if (bits < 1) continue;
            if (to) pair_prove(to, kind, exp2(bits), mine ? i->label : k->label, 0);
            all->named |= kind != EVIDENCE_TOKEN;
            all->heard |= heard;
            all->bits += bits / 4;
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
    return child->from_dev != parent->from_dev && child->to_dev != parent->to_dev &&
           leg_alive(parent, child->start_us, 1000000);
}

double pair_intensity(const struct index *x, u32 c, u32 p, double floor,
                      struct proofs *to) {
    static const double echoes_most = /* ringing, answer, failure or CANCEL, BYE */
        EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST * EVIDENCE_ECHO_MOST;
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    bool one_call_id = child->call_id == parent->call_id && child->call_id != 0 &&
                       !(child->flags & SUM_LAX);
    if (c == p || one_call_id) return 0; /* those are joined already */
    /* what was in the middle of a call when the trace began is known by name only */
    bool partial = child->state == STATE_PARTIAL;
    struct common all = {0};
    if (child->ntokens && parent->ntokens) all = tokens(x, child, parent, NULL);
    double density = partial ? 0 : triggers(x, c, p, all.heard, to); /* the first proof */
    if (to && all.bits > 0) (void)tokens(x, child, parent, to);
    if (density <= 0) {
        if (!far_enough(child, parent, &all)) return 0;
        density = lane_of(x, c)->background * exp2(-FAR);
    }
    double odds = all.bits > 0 ? exp2(all.bits) : 1;
    odds *= numbers(x, c, p, FACT_CALLED, to);
    odds *= numbers(x, c, p, FACT_CALLER, to);
    odds *= next_try(x, c, p) * next_sibling(x, c, p);
    if (density * odds * echoes_most < floor) return 0;
    return density * odds * pair_echoes(x, c, p, to);
}
