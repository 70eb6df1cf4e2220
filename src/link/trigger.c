/* trigger.c: what could have made a device send a leg, and what that leg made it send in turn. The tries of one parent are a
 * chain: each is there because of the one before. What is known of one runs along the chain forwards (this try is the
 * parent's, so the next one is) and backwards, and never comes back to where it came from. */
#include "link/pair.h"

/* ---- what could have made the device send it --------------------------------------------------- */

enum { JUST_BEFORE_US = 5000 }; /* the next try may leave just before the CANCEL does */

static const double ONCE =
    0.98; /* of the arrivals that have sent a leg send no other by themselves */

struct trigger {
    enum evidence_kind kind;
    u32 msg;        /* row + 1; 0: there was none */
    u32 on;         /* the other child that it happened on, row + 1 */
    struct gap gap; /* to the child's first request */
    double density;
};

static void pull(const struct index *x, u32 c, const struct turn *turn,
                 struct trigger *t) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c];
    if (!t->msg) return;
    t->gap = msg_gap(w, t->msg - 1, child->start_msg - 1);
    if (t->kind == EVIDENCE_AFTER_FAILURE && t->gap.us < 0 &&
        t->gap.us >= -JUST_BEFORE_US)
        t->gap.us = -t->gap.us;
    if (t->gap.us < -t->gap.slack_us) return;
    t->density = (double)turn->causes[t->kind] *
                 evidence_density(t->kind, t->gap.us, t->gap.slack_us);
}

static u32 leg_of_msg(const struct weave *w, u32 msg) {
    return msg ? w->msgs[msg - 1].leg + 1 : 0;
}

/* When a try was over: given up, which comes before the 487 that confirms it, or refused. */
u32 over_msg(const struct sum *s) {
    return s->cancel_msg ? s->cancel_msg : s->fail_msg;
}

/* The last failure among the other tries of p, before the child left. */
static u32 failure_before(const struct index *x, u32 c, u32 p, u32 without, i64 slack) {
    enum { TRIES = 32 };
    const struct weave *w = x->w;
    i64 latest = NEVER, until = w->sums[c].start_us + slack + JUST_BEFORE_US;
    u32 row = x->failures[p], best = 0;
    for (int i = 0; row && i < TRIES; i++, row = x->next_failure[row - 1]) {
        const struct sum *s = &w->sums[row - 1];
        i64 end = failed_us(s);
        if (row - 1 == c || row == without || s->parent != p + 1) continue;
        if (end > until || (best && end <= latest)) continue;
        latest = end;
        best = over_msg(s);
    }
    return best;
}

/* The last other child of p to start before c did: phones are rung together, an agent's second line right after his first. */
static u32 sibling_before(const struct index *x, u32 c, u32 p, u32 without, i64 slack) {
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
    if (!latest || latest == c + 1 || latest == without ||
        w->sums[latest - 1].start_us > until)
        return 0;
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

struct density pair_density(const struct index *x, u32 c, u32 p, u32 without, bool heard,
                            struct proofs *to) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    struct density out = {0};
    bool reached = parent->to_dev == child->from_dev && parent->state != STATE_PARTIAL;
    bool referred[2];
    for (int i = 0; i < 2; i++) {
        referred[i] = parent->refer_msg[i] && parent->refer_dev[i] == child->from_dev;
    }
    heard = heard && parent->flags & SUM_HOLD;
    if (!reached && !referred[0] && !referred[1] && !heard) return out;
    u32 first_c = w->by_leg[child->at], first_p = w->by_leg[parent->at];
    if (msg_order(w, first_p, first_c) > 0) return out;
    i64 slack = msg_slack(w, first_c, first_p);
    if (!leg_alive(parent, child->start_us, slack)) return out;
    bool tries = reached && !(child->flags & SUM_RECORDING) && !talks_before(x, c, p);
    u32 sibling = tries ? sibling_before(x, c, p, without, slack) : 0;
    u32 failure = tries ? failure_before(x, c, p, without, slack) : 0;
    bool asked_again = parent->retry_msg && parent->retry_us <= child->start_us + slack;
    struct trigger all[] = {
        {.kind = EVIDENCE_TIMING, .msg = reached && !asked_again ? parent->start_msg : 0},
        {.kind = EVIDENCE_TIMING, .msg = reached && asked_again ? parent->retry_msg : 0},
        {.kind = EVIDENCE_AFTER_ANSWER, .msg = reached ? answer_heard(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_WAIT, .msg = tries ? waited_since(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_SIBLING, .msg = sibling, .on = leg_of_msg(w, sibling)},
        {.kind = EVIDENCE_AFTER_FAILURE, .msg = failure, .on = leg_of_msg(w, failure)},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[0] ? parent->refer_msg[0] : 0},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[1] ? parent->refer_msg[1] : 0},
        {.kind = EVIDENCE_AFTER_HOLD, .msg = heard ? hold_before(x, child, p, slack) : 0},
    };
    /* one arrival sends one leg by itself; whatever follows has another cause as well */
    double again =
        sibling ? 1 - ONCE * w->sums[leg_of_msg(w, sibling) - 1].confidence : 1;
    const struct turn *turn = turn_of(x, c, p);
    const struct trigger *best = &all[0];
    for (isize i = 0; i < countof(all); i++) {
        struct trigger *t = &all[i];
        pull(x, c, turn, t);
        if (t->kind == EVIDENCE_TIMING) t->density *= again;
        double sure = t->on ? w->sums[t->on - 1].forward : 1;
        if (t->on) {
            out.lean += t->density * sure;
            out.elsewhere += t->density * (1 - sure);
        } else {
            out.own += t->density;
            out.timing += t->kind == EVIDENCE_TIMING ? t->density : 0;
        }
        if (t->density > best->density) best = t;
    }
    double sum = out.own + out.lean;
    if (sum > 0 && to)
        pair_prove(to, best->kind, sum / lane_of(x, c)->background, 0, best->gap.us);
    return out;
}

struct bond pair_sends(const struct index *x, u32 c, u32 p, bool heard) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    struct bond out = {0};
    bool reached = parent->to_dev == child->from_dev && parent->state != STATE_PARTIAL;
    bool referred[2];
    for (int i = 0; i < 2; i++) {
        referred[i] = parent->refer_msg[i] && parent->refer_dev[i] == child->from_dev;
    }
    heard = heard && parent->flags & SUM_HOLD;
    if (!reached && !referred[0] && !referred[1] && !heard) return out;
    u32 first_c = w->by_leg[child->at], first_p = w->by_leg[parent->at];
    if (msg_order(w, first_p, first_c) > 0) return out;
    i64 slack = msg_slack(w, first_c, first_p);
    if (!leg_alive(parent, child->start_us, slack)) return out;
    bool tries = reached && !(child->flags & SUM_RECORDING);
    bool asked_again = parent->retry_msg && parent->retry_us <= child->start_us + slack;
    struct trigger all[] = {
        {.kind = EVIDENCE_TIMING, .msg = reached && !asked_again ? parent->start_msg : 0},
        {.kind = EVIDENCE_TIMING, .msg = reached && asked_again ? parent->retry_msg : 0},
        {.kind = EVIDENCE_AFTER_WAIT, .msg = tries ? waited_since(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_ANSWER, .msg = reached ? answer_heard(x, c, p) : 0},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[0] ? parent->refer_msg[0] : 0},
        {.kind = EVIDENCE_AFTER_REFER, .msg = referred[1] ? parent->refer_msg[1] : 0},
        {.kind = EVIDENCE_AFTER_HOLD, .msg = heard ? hold_before(x, child, p, slack) : 0},
    };
    const struct turn *turn = turn_of(x, c, p);
    for (isize i = 0; i < countof(all); i++) {
        pull(x, c, turn, &all[i]);
        *(tries && i < 3 ? &out.once : &out.more) += all[i].density;
    }
    out.reached = tries;
    return out;
}

u32 pair_next_try(const struct index *x, u32 c, u32 p) {
    const struct sum *s = &x->w->sums[c];
    if (failed_us(s) == NEVER || x->w->sums[p].to_dev != s->from_dev) return 0;
    i64 over_us = x->w->msgs[over_msg(s) - 1].time_us;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, i64_max(over_us - JUST_BEFORE_US, s->start_us));
    while (n < kids.n && kids.rows[n].leg == c) n++;
    return n == kids.n ? 0 : kids.rows[n].leg + 1;
}

/* What comes right after c on p has its cause in c. Had c been no child of p, that would have needed another: so the surer it is
 * that the next one is p's, for reasons other than c, the surer c is. */
static double needed_by(const struct index *x, u32 c, u32 p, u32 next,
                        enum evidence_kind kind, struct gap gap) {
    static const double SLOW = 1e-3; /* there always is some other cause */
    if (gap.us < 0) gap.us = -gap.us;
    double made = (double)turn_of(x, next, p)->causes[kind] *
                  evidence_density(kind, gap.us, gap.slack_us);
    struct density d = pair_density(x, next, p, c + 1, false, NULL);
    double rest = SLOW + d.own + d.lean;
    /* one arrival sends one leg: if that was c, the next one needs another cause */
    if (kind == EVIDENCE_AFTER_SIBLING) made -= ONCE * d.timing;
    return 1 + x->w->sums[next].back * made / rest;
}

static double next_try(const struct index *x, u32 c, u32 p) {
    u32 next = pair_next_try(x, c, p);
    if (!next) return 1;
    struct gap gap =
        msg_gap(x->w, over_msg(&x->w->sums[c]) - 1, x->w->sums[next - 1].start_msg - 1);
    return needed_by(x, c, p, next - 1, EVIDENCE_AFTER_FAILURE, gap);
}

/* Right after c another child of p started: phones are rung together. */
static double next_sibling(const struct index *x, u32 c, u32 p) {
    const struct sum *s = &x->w->sums[c];
    if (x->w->sums[p].to_dev != s->from_dev) return 1;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, s->start_us - 1);
    while (n < kids.n && kids.rows[n].leg == c) n++;
    if (n >= kids.n || s->flags & SUM_RECORDING) return 1;
    u32 next = kids.rows[n].leg;
    struct gap gap = msg_gap(x->w, s->start_msg - 1, x->w->sums[next].start_msg - 1);
    return needed_by(x, c, p, next, EVIDENCE_AFTER_SIBLING, gap);
}

double pair_needed(const struct index *x, u32 c, u32 p) {
    return next_try(x, c, p) * next_sibling(x, c, p);
}
