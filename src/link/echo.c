/* echo.c: what happened on the child happened on the parent a moment later, or the other way round: ringing, the
 * answer, the failure, CANCEL, BYE. And which of two messages came first, as far as anybody can tell. */
#include "link/pair.h"

enum {
    CHAIN = 16
}; /* sightings looked at; a message has few, but from a hostile trace */

/* Sightings of both by one source (rows + 1); else those that speak for them. */
struct both {
    u32 a, b;
    bool one_source;
};

static struct both seen_by_one(const struct weave *w, u32 a, u32 b) {
    const struct both spoken = {w->msgs[a].seen + 1, w->msgs[b].seen + 1, false};
    u32 row = spoken.a;
    for (int i = 0; i < CHAIN && row; i++, row = more_of(w, row - 1)) {
        u32 other = spoken.b;
        for (int k = 0; k < CHAIN && other; k++, other = more_of(w, other - 1)) {
            if (w->trace.seen[row - 1].source == w->trace.seen[other - 1].source)
                return (struct both){row, other, true};
        }
    }
    return spoken;
}

/* One capture alone, and its stamps are fine: nothing else has to be looked up. */
static bool plain(const struct weave *w) {
    return w->trace.nsources == 1 && !w->coarse;
}

struct gap msg_gap(const struct weave *w, u32 cause, u32 effect) {
    if (plain(w)) {
        const struct msg *x = &w->msgs[cause], *y = &w->msgs[effect];
        return (struct gap){y->time_us - x->time_us,
                            i64_max(msg_precision_us(w, x), msg_precision_us(w, y))};
    }
    struct both at = seen_by_one(w, cause, effect);
    const struct seen *x = &w->trace.seen[at.a - 1], *y = &w->trace.seen[at.b - 1];
    if (!at.one_source) {
        i64 us = w->msgs[effect].time_us - w->msgs[cause].time_us;
        return (struct gap){us, msg_slack(w, cause, effect)};
    }
    struct gap gap = {seen_time_us(&w->trace, y) - seen_time_us(&w->trace, x),
                      i64_max(x->precision_us, y->precision_us)};
    if (!w->coarse) return gap;
    gap.us += (i64)w->spread_at[at.b - 1] - (i64)w->spread_at[at.a - 1];
    i64 half = (gap.us < 0 ? -gap.us : gap.us) / 2;
    i64 blur = (i64)w->spread_by[at.a - 1] + w->spread_by[at.b - 1] + half;
    if (blur < gap.slack_us) gap.slack_us = blur;
    return gap;
}

i64 msg_slack(const struct weave *w, u32 a, u32 b) {
    enum { NEAR_CLOCKS_US = 20000, ANY_CLOCKS_US = 2000000 };
    i64 coarse =
        i64_max(msg_precision_us(w, &w->msgs[a]), msg_precision_us(w, &w->msgs[b]));
    if (w->trace.nsources == 1) return coarse;
    u16 x = msg_seen(w, &w->msgs[a])->source, y = msg_seen(w, &w->msgs[b])->source;
    if (x == y) return coarse;
    /* clocks that no common message ties together are set by people */
    if (w->islands[x] != w->islands[y]) return coarse + ANY_CLOCKS_US;
    bool followed = w->blur_us[x] >= 0 && w->blur_us[y] >= 0;
    i64 blur = followed ? w->blur_us[x] + w->blur_us[y] : NEAR_CLOCKS_US;
    return coarse + i64_min(blur, NEAR_CLOCKS_US);
}

int msg_order(const struct weave *w, u32 a, u32 b) {
    if (a == b) return 0;
    if (plain(w) && w->msgs[a].time_us != w->msgs[b].time_us)
        return w->msgs[a].time_us < w->msgs[b].time_us ? -1 : 1;
    struct both at = seen_by_one(w, a, b);
    if (at.one_source) return rank_of(w, at.a - 1) < rank_of(w, at.b - 1) ? -1 : 1;
    i64 difference = w->msgs[a].time_us - w->msgs[b].time_us, slack = msg_slack(w, a, b);
    if (difference > slack) return 1;
    return difference < -slack ? -1 : 0;
}

/* Rows of msgs + 1; 0: was not seen. m: how often the effect comes with the cause there. */
static double echo_of(const struct index *x, u32 dev, enum evidence_kind kind, double m,
                      u32 cause, u32 effect, i64 *gap_us) {
    *gap_us = 0;
    if (!cause || !effect) return 1;
    struct gap gap = msg_gap(x->w, cause - 1, effect - 1);
    *gap_us = gap.us;
    return evidence_echo_odds(kind, m, pace_of(x, dev, kind), gap.us, gap.slack_us);
}

static double echo(const struct index *x, u32 dev, enum evidence_kind kind, u32 cause,
                   u32 effect, i64 *gap_us) {
    return echo_of(x, dev, kind, evidence_m(kind), cause, effect, gap_us);
}

enum { LATER_US = 1000000 };

static const enum evidence_kind evidence_of[] = {[ECHO_RING] = EVIDENCE_RING_ECHO,
                                                 [ECHO_ANSWER] = EVIDENCE_ANSWER_ECHO,
                                                 [ECHO_FAILURE] = EVIDENCE_FAILURE_ECHO};

double pair_echo(const struct index *x, const struct sum *c, const struct sum *p,
                 enum echo_kind kind, i64 *gap_us) {
    enum evidence_kind evidence = evidence_of[kind];
    *gap_us = 0;
    if (c->flags & SUM_RECORDING) return 1;
    /* what had happened on the parent before the child was there was no echo of it: a queue answers by itself */
    bool own_ring = p->ring_us != NEVER && p->ring_us < c->start_us,
         own_answer = p->answer_us != NEVER && p->answer_us < c->start_us;
    if (kind == ECHO_RING)
        return own_ring || own_answer
                   ? 1
                   : echo(x, c->from_dev, evidence, c->ring_msg, p->ring_msg, gap_us);
    if (kind == ECHO_ANSWER && (own_answer || c->answer_us < p->start_us)) return 1;
    if (kind == ECHO_ANSWER)
        return echo(x, c->from_dev, evidence, c->answer_msg, p->answer_msg, gap_us);
    u32 told = own_answer ? p->bye_msg : p->fail_msg; /* a queue hangs up */
    if (c->cancel_us != NEVER || !c->fail_msg || !told) return 1;
    double odds = echo(x, c->from_dev, evidence, c->fail_msg, told, gap_us);
    if (*gap_us > LATER_US && odds < 1) return 1; /* it was not the last try */
    return c->status == p->status ? 2 * odds : odds;
}

/* What another child explains already tells little of this one: either may have been the reason. */
static double shared_echo(const struct index *x, u32 c, u32 p, enum echo_kind kind,
                          struct proofs *to) {
    static const struct explained nothing = {0};
    u32 row = x->explained_of[p];
    const struct explained *e = row ? &x->explained[row - 1] : &nothing;
    i64 gap_us;
    double odds = pair_echo(x, &x->w->sums[c], &x->w->sums[p], kind, &gap_us);
    double other = e->leg[kind] == c + 1 ? e->second[kind] : e->best[kind];
    if (odds > 1 || odds < 1) {
        odds = (odds + other) / (1 + other);
        pair_prove(to, evidence_of[kind], odds, 0, gap_us);
    }
    return odds;
}

/* The end of the parent that ends the child as well: a recorder's leg ends with the call, however that ends. */
static u32 end_of(const struct sum *parent) {
    if (parent->bye_msg || parent->answer_us != NEVER) return parent->bye_msg;
    return parent->cancel_msg ? parent->cancel_msg : parent->fail_msg;
}

static bool was_passed_on(const struct sum *s) {
    return s->refer_msg[0] || s->flags & (SUM_TRANSFER | SUM_HOLD | SUM_RECORDING);
}

bool pair_talks(const struct sum *child, const struct sum *parent) {
    return child->answer_us != NEVER && parent->answer_us != NEVER && child->bye_msg &&
           parent->bye_msg && !was_passed_on(child) && !was_passed_on(parent);
}

double pair_life(const struct index *x, u32 c, u32 p, const struct turn *turn,
                 struct proofs *to) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    double odds =
        shared_echo(x, c, p, ECHO_RING, to) * shared_echo(x, c, p, ECHO_ANSWER, to);
    /* answered there, but failed here for good: hardly */
    if (!(child->flags & SUM_RECORDING) && child->answer_us != NEVER &&
        parent->answer_us == NEVER && parent->fail_us != NEVER) {
        odds *= evidence_odds(evidence_m(EVIDENCE_ANSWER_ECHO), 0.1, false);
    }
    i64 gap_us;
    u32 end = end_of(parent);
    double m = pair_talks(child, parent) ? (double)turn->numbers[NUMBER_BYE]
                                         : evidence_m(EVIDENCE_BYE_ECHO);
    double bye =
        echo_of(x, child->from_dev, EVIDENCE_BYE_ECHO, m, child->bye_msg, end, &gap_us);
    if (child->bye_msg && end) pair_prove(to, EVIDENCE_BYE_ECHO, bye, 0, gap_us);
    return odds * bye;
}

double defeat_odds(const struct index *x, const struct sum *loser,
                   const struct sum *winner) {
    i64 gap_us;
    return echo(x, loser->from_dev, EVIDENCE_CANCEL_ECHO, winner->answer_msg,
                loser->cancel_msg, &gap_us);
}

/* The answer of another child that the round before found. */
static u32 winner_of(const struct index *x, u32 c, u32 p) {
    u32 winner = x->answered[p];
    bool other = winner && winner != c + 1 && x->w->sums[winner - 1].parent == p + 1;
    return other ? x->w->sums[winner - 1].answer_msg : 0;
}

/* A try is cancelled because the caller gives up (CANCEL, or BYE in a queue that had answered), because another try was
 * answered, or because it rang for too long: then the next one leaves, which is another matter (follow.c). */
static double cancel_echo(const struct index *x, u32 c, u32 p, struct proofs *to) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    u32 winner = to ? winner_of(x, c, p) : 0; /* else defeat.c knows better */
    const u32 causes[] = {parent->cancel_msg, parent->answer_msg, parent->bye_msg,
                          parent->fail_msg, winner};
    double best = 0;
    i64 best_gap_us = 0;
    bool any = false;
    for (isize i = 0; i < countof(causes); i++) {
        i64 gap_us;
        if (!causes[i]) continue;
        double one = echo(x, child->from_dev, EVIDENCE_CANCEL_ECHO, causes[i],
                          child->cancel_msg, &gap_us);
        if (!any || one > best) best_gap_us = gap_us;
        best = best > one ? best : one;
        any = true;
    }
    if (to && any && (best > 1 || !pair_followed(x, c, p)))
        pair_prove(to, EVIDENCE_CANCEL_ECHO, best, 0, best_gap_us);
    return any ? best : 1;
}

double pair_end(const struct index *x, u32 c, u32 p, struct proofs *to) {
    if (x->w->sums[c].cancel_msg) return cancel_echo(x, c, p, to);
    return shared_echo(x, c, p, ECHO_FAILURE, to);
}
