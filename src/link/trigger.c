/* trigger.c: what could have made a device send a leg: its parent's arrival, answer, waiting, a REFER, a hold; another try of that
 * parent's that started or failed just before. */
#include "link/pair.h"

enum { TRIGGERS = 9 }; /* of a pair, at most */

struct trigger {
    enum evidence_kind kind;
    u32 msg;        /* row + 1; 0: there was none */
    bool missed;    /* the message itself was not captured: this one came later */
    struct gap gap; /* to the child's first request */
    double density;
};

double cause_density(const struct index *x, u32 dev, enum evidence_kind kind, u32 cause,
                     u32 effect, struct gap *gap) {
    *gap = msg_gap(x->w, cause, effect);
    if (kind == EVIDENCE_AFTER_FAILURE && gap->us < 0 && gap->us >= -JUST_BEFORE_US)
        gap->us = -gap->us;
    return gap->us < -gap->slack_us
               ? 0
               : evidence_density(pace_of(x, dev, kind), gap->us, gap->slack_us);
}

/* The INVITE that reached the device was not captured, only what came back: it had been there before that, nobody knows how long, so
 * each doubling of that time is as likely as any other. */
static double missed_density(i64 before_us) {
    static const double DOUBLINGS = 15; /* from a millisecond to half a minute */
    double s = (double)i64_max(before_us, 1000) / 1e6;
    return 1 / (s * DOUBLINGS * 0.69314718056);
}

static void pull(const struct index *x, u32 c, const struct turn *turn,
                 struct trigger *t) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c];
    double density = cause_density(x, child->from_dev, t->kind, t->msg - 1,
                                   child->start_msg - 1, &t->gap);
    if (t->missed) density = missed_density(-t->gap.us);
    t->density = (double)turn->causes[t->kind] * density;
}

/* What a pair was sent by, as far as messages show it. */
struct triggers {
    struct trigger rows[TRIGGERS];
    isize n;
};

static void add_trigger(struct triggers *to, const struct index *x, u32 c,
                        const struct turn *turn, enum evidence_kind kind, u32 msg,
                        bool missed) {
    if (!msg) return;
    struct trigger *t = &to->rows[to->n++];
    t->kind = kind;
    t->msg = msg;
    t->missed = missed;
    pull(x, c, turn, t);
}

/* When a try was over: given up, which comes before the 487 that confirms it, or refused. */
u32 over_msg(const struct sum *s) {
    return s->cancel_msg ? s->cancel_msg : s->fail_msg;
}

bool try_is_silent(const struct sum *s) {
    return s->kind == KIND_CALL && s->state == STATE_RINGING &&
           !(s->flags & SUM_RECORDING);
}

bool try_is_over(const struct sum *s) {
    return failed_us(s) != NEVER || try_is_silent(s);
}

/* A request that nothing answers is sent again after T1, and each time after twice as long (RFC 3261 17.1.1.2): while that goes on the
 * device has not given up, and where it should have gone on and did not, it has. What rings is given up at any time. */
double silent_density(const struct sum *s, i64 start_us) {
    enum { T1_US = 500000 };
    static const double DOUBLINGS = 10;
    i64 quiet_us = start_us - s->last_us, next_us = s->last_us - s->start_us + T1_US,
        slack = s->precision_us;
    if (quiet_us < -slack) return 0;
    if (s->ring_us != NEVER)
        return 1 / ((double)i64_max(quiet_us, 10000) / 1e6 * DOUBLINGS);
    return quiet_us <= next_us + slack ? 1e6 / (double)next_us : 0;
}

/* Another try of p's that nobody has answered, and that was given up before c left. */
static void add_silent(struct triggers *to, const struct index *x, u32 c, u32 p,
                       const struct turn *turn) {
    enum { TRIES = 32 };
    const struct weave *w = x->w;
    i64 start_us = w->sums[c].start_us;
    struct trigger best = {.kind = EVIDENCE_AFTER_FAILURE};
    u32 row = x->failures[p];
    for (int i = 0; row && i < TRIES; i++, row = x->next_failure[row - 1]) {
        const struct sum *s = &w->sums[row - 1];
        if (row - 1 == c || s->parent != p + 1 || !try_is_silent(s)) continue;
        double density = (double)turn->causes[best.kind] * silent_density(s, start_us);
        if (density <= best.density) continue;
        best.density = density;
        best.gap.us =
            -i64_max(start_us - s->last_us, 1); /* below zero: nothing shows when */
    }
    if (best.density > 0) to->rows[to->n++] = best;
}

/* The last failure among the other tries of p, before the child left. */
static u32 failure_before(const struct index *x, u32 c, u32 p, i64 slack) {
    enum { TRIES = 32 };
    const struct weave *w = x->w;
    i64 latest = NEVER, until = w->sums[c].start_us + slack + JUST_BEFORE_US;
    u32 row = x->failures[p], best = 0;
    for (int i = 0; row && i < TRIES; i++, row = x->next_failure[row - 1]) {
        const struct sum *s = &w->sums[row - 1];
        i64 end = failed_us(s);
        if (row - 1 == c || s->parent != p + 1 || end == NEVER) continue;
        if (end > until || (best && end <= latest)) continue;
        latest = end;
        best = over_msg(s);
    }
    return best;
}

bool pair_followed(const struct index *x, u32 c, u32 p) {
    enum { SOON_US = 500000 };
    i64 over_us = x->w->msgs[over_msg(&x->w->sums[c]) - 1].time_us;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    return clues_until(kids, over_us + SOON_US) >
           clues_until(kids, over_us - JUST_BEFORE_US);
}

/* The last other child of p to start before c did: phones are rung together, an agent's second line right after his first. */
static u32 sibling_before(const struct index *x, u32 c, u32 p, i64 slack) {
    enum { TRIES = 8 };
    const struct weave *w = x->w;
    struct clue_run kids = clues_find(&x->kids, p + (u64)1);
    isize n = clues_until(kids, w->sums[c].start_us + slack);
    for (int i = 0; n-- > 0 && i < TRIES; i++) {
        u32 leg = kids.rows[n].leg;
        bool before =
            leg != c && w->sums[leg].parent == p + 1 &&
            msg_order(w, w->sums[leg].start_msg - 1, w->sums[c].start_msg - 1) < 0;
        if (before) return w->sums[leg].start_msg;
    }
    return 0;
}

/* The answer as p's device heard of it: on another child of p, else as p had it. */
static u32 answer_heard(const struct index *x, u32 c, u32 p) {
    u32 child = x->answered[p];
    bool still = child && child != c + 1 && x->w->sums[child - 1].parent == p + 1;
    u32 own = x->w->sums[p].answer_msg,
        heard = still ? x->w->sums[child - 1].answer_msg : own;
    /* what shows the child's answer may be its ACK, sent when c was there already */
    bool late =
        still && own && msg_order(x->w, heard - 1, x->w->sums[c].start_msg - 1) > 0;
    return late ? own : heard;
}

/* The last time that p was put on hold before the child left one of its ends. Unless a value tells the two, only who was asked to
 * hold sends for music, and at once. */
static u32 hold_before(const struct index *x, const struct sum *child, u32 p, i64 slack,
                       bool heard) {
    enum { AT_ONCE_US = 100000 };
    const struct weave *w = x->w;
    const struct sum *parent = &w->sums[p];
    bool here = child->from_dev == parent->from_dev || child->from_dev == parent->to_dev;
    if (!here || !(parent->flags & SUM_HOLD)) return 0;
    struct clue_run run = clues_find(&x->holds, p);
    isize n = clues_until(run, child->start_us + slack);
    if (n == 0) return 0;
    u32 msg = run.rows[n - 1].leg;
    bool asked = w->dev_of[msg_seen(w, &w->msgs[msg])->dst] == child->from_dev;
    bool at_once = child->start_us - run.rows[n - 1].at_us <= AT_ONCE_US + slack;
    return heard || (asked && at_once) ? msg + 1 : 0;
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

/* Whatever p could have to do with c leaving the device. */
struct reach {
    bool any, reached, referred[2], held, heard;
    bool missed; /* p's INVITE was not captured, and c left before what was */
    i64 slack;
};

/* Nobody is rung for a call that its device knows to be over. */
static bool is_too_late(const struct weave *w, const struct sum *child,
                        const struct sum *parent) {
    u32 over = parent->bye_msg      ? parent->bye_msg
               : parent->cancel_msg ? parent->cancel_msg
                                    : parent->fail_msg;
    if (!over || w->msgs[over - 1].time_us > child->start_us) return false;
    struct gap gap = msg_gap(w, over - 1, child->start_msg - 1);
    return gap.us > gap.slack_us + JUST_BEFORE_US;
}

static struct reach reach_of(const struct index *x, u32 c, u32 p, bool heard) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    struct reach r = {.reached = parent->to_dev == child->from_dev &&
                                 parent->state != STATE_PARTIAL,
                      .held = (parent->flags & SUM_HOLD) != 0,
                      .heard = heard && parent->flags & SUM_HOLD};
    for (int i = 0; i < 2; i++)
        r.referred[i] =
            parent->refer_msg[i] && refer_dev(w, parent->refer_msg[i]) == child->from_dev;
    if (!r.reached && !r.referred[0] && !r.referred[1] && !r.held) return r;
    u32 first_c = child->at, first_p = parent->at;
    if (msg_order(w, first_p, first_c) > 0) {
        if (!r.reached || !leg_may_be_older(w, parent, child->start_us)) return r;
        r.missed = true;
    }
    r.slack = msg_slack(w, first_c, first_p);
    if (is_too_late(w, child, parent)) r.reached = false;
    r.any = leg_alive(parent, child->start_us, r.slack);
    return r;
}

static bool tries(const struct reach *r, const struct sum *child) {
    return r->reached && !(child->flags & SUM_RECORDING);
}

/* The parent's own triggers, pulled. */
static void own_triggers(const struct index *x, u32 c, u32 p, const struct turn *turn,
                         const struct reach *r, struct triggers *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    to->n = 0;
    if (r->reached) {
        bool asked_again = parent->retry_msg &&
                           msg_us(x->w, parent->retry_msg) <= child->start_us + r->slack;
        u32 arrival = asked_again ? parent->retry_msg : parent->start_msg;
        add_trigger(to, x, c, turn, EVIDENCE_TIMING, arrival, r->missed);
        if (tries(r, child))
            add_trigger(to, x, c, turn, EVIDENCE_AFTER_WAIT, waited_since(x, c, p),
                        false);
        add_trigger(to, x, c, turn, EVIDENCE_AFTER_ANSWER, answer_heard(x, c, p), false);
    }
    for (int i = 0; i < 2; i++)
        if (r->referred[i])
            add_trigger(to, x, c, turn, EVIDENCE_AFTER_REFER, parent->refer_msg[i],
                        false);
    if (r->held) {
        u32 hold = hold_before(x, child, p, r->slack, r->heard);
        add_trigger(to, x, c, turn, EVIDENCE_AFTER_HOLD, hold, false);
    }
}

static bool is_arrival(enum evidence_kind kind) {
    return kind == EVIDENCE_TIMING || kind == EVIDENCE_AFTER_WAIT;
}

struct bond pair_sends(const struct index *x, u32 c, u32 p, const struct turn *turn,
                       bool heard) {
    struct bond out = {0};
    struct triggers all;
    struct reach r = reach_of(x, c, p, heard);
    if (!r.any) return out;
    out.reached = tries(&r, &x->w->sums[c]);
    own_triggers(x, c, p, turn, &r, &all);
    for (isize i = 0; i < all.n; i++) {
        bool once = out.reached && is_arrival(all.rows[i].kind);
        *(once ? &out.once : &out.more) += all.rows[i].density;
    }
    return out;
}

void pair_causes(const struct index *x, u32 c, u32 p, double to[CAUSES]) {
    struct triggers all;
    struct reach r = reach_of(x, c, p, false);
    if (!r.any) return;
    own_triggers(x, c, p, turn_of(x, c, p), &r, &all);
    for (isize i = 0; i < all.n; i++) to[all.rows[i].kind] += all.rows[i].density;
}

bool pair_prove_cause(const struct index *x, u32 c, u32 p, const struct turn *turn,
                      bool heard, struct proofs *to) {
    struct triggers all;
    struct reach r = reach_of(x, c, p, heard);
    if (!r.any) return false;
    own_triggers(x, c, p, turn, &r, &all);
    if (tries(&r, &x->w->sums[c])) {
        u32 sibling = sibling_before(x, c, p, r.slack),
            failure = failure_before(x, c, p, r.slack);
        add_trigger(&all, x, c, turn, EVIDENCE_AFTER_SIBLING, sibling, false);
        add_trigger(&all, x, c, turn, EVIDENCE_AFTER_FAILURE, failure, false);
        add_silent(&all, x, c, p, turn);
    }
    const struct trigger *best = NULL;
    double sum = 0;
    for (isize i = 0; i < all.n; i++) {
        sum += all.rows[i].density;
        if (!best || all.rows[i].density > best->density) best = &all.rows[i];
    }
    if (sum <= 0) return false;
    pair_prove(to, best->kind, sum / lane_of(x, c)->background, 0, best->gap.us);
    return true;
}
