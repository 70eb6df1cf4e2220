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
    u32 row = spoken.a, next_a = w->msgs[a].more;
    for (int i = 0; i < CHAIN; i++, row = next_a, next_a = w->more[row - 1]) {
        u32 other = spoken.b, next_b = w->msgs[b].more;
        for (int k = 0; k < CHAIN; k++, other = next_b, next_b = w->more[other - 1]) {
            if (w->trace.seen[row - 1].source == w->trace.seen[other - 1].source)
                return (struct both){row, other, true};
            if (!next_b) break;
        }
        if (!next_a) break;
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
                            i64_max(x->precision_us, y->precision_us)};
    }
    struct both at = seen_by_one(w, cause, effect);
    const struct seen *x = &w->trace.seen[at.a - 1], *y = &w->trace.seen[at.b - 1];
    if (!at.one_source) {
        i64 us = w->msgs[effect].time_us - w->msgs[cause].time_us;
        return (struct gap){us, msg_slack(w, cause, effect)};
    }
    struct gap gap = {y->time_us - x->time_us, i64_max(x->precision_us, y->precision_us)};
    if (!w->coarse) return gap;
    gap.us += (i64)w->spread_at[at.b - 1] - (i64)w->spread_at[at.a - 1];
    i64 half = (gap.us < 0 ? -gap.us : gap.us) / 2;
    i64 blur = (i64)w->spread_by[at.a - 1] + w->spread_by[at.b - 1] + half;
    if (blur < gap.slack_us) gap.slack_us = blur;
    return gap;
}

i64 msg_slack(const struct weave *w, u32 a, u32 b) {
    enum { NEAR_CLOCKS_US = 20000, ANY_CLOCKS_US = 2000000 };
    i64 coarse = i64_max(w->msgs[a].precision_us, w->msgs[b].precision_us);
    if (w->trace.nsources == 1) return coarse;
    u16 x = msg_seen(w, &w->msgs[a])->source, y = msg_seen(w, &w->msgs[b])->source;
    if (x == y) return coarse;
    /* clocks that no common message ties together are set by people */
    return coarse + (w->islands[x] == w->islands[y] ? NEAR_CLOCKS_US : ANY_CLOCKS_US);
}

int msg_order(const struct weave *w, u32 a, u32 b) {
    if (a == b) return 0;
    if (plain(w) && w->msgs[a].time_us != w->msgs[b].time_us)
        return w->msgs[a].time_us < w->msgs[b].time_us ? -1 : 1;
    struct both at = seen_by_one(w, a, b);
    if (at.one_source) return w->rank[at.a - 1] < w->rank[at.b - 1] ? -1 : 1;
    i64 difference = w->msgs[a].time_us - w->msgs[b].time_us, slack = msg_slack(w, a, b);
    if (difference > slack) return 1;
    return difference < -slack ? -1 : 0;
}

/* Rows of msgs + 1; 0: was not seen. */
static double echo(const struct weave *w, struct proofs *to, enum evidence_kind kind,
                   u32 cause, u32 effect, bool both_ways) {
    if (!cause || !effect) return 1;
    struct gap gap = msg_gap(w, cause - 1, effect - 1);
    double odds = evidence_echo_odds(kind, gap.us, gap.slack_us, both_ways);
    pair_prove(to, kind, odds, 0, gap.us);
    return odds;
}

double pair_echoes(const struct weave *w, const struct sum *c, const struct sum *p,
                   struct proofs *to) {
    double odds = 1;
    if (!(c->flags & SUM_RECORDING)) {
        odds *= echo(w, to, EVIDENCE_RING_ECHO, c->ring_msg, p->ring_msg, false);
        if (c->answer_us >= p->start_us)
            odds *=
                echo(w, to, EVIDENCE_ANSWER_ECHO, c->answer_msg, p->answer_msg, false);
        if (c->fail_us != NEVER && c->cancel_us == NEVER && p->fail_us != NEVER) {
            odds *= echo(w, to, EVIDENCE_FAILURE_ECHO, c->fail_msg, p->fail_msg, false);
            if (c->status == p->status) odds *= 2;
        }
        /* answered there, but failed here for good: hardly */
        if (c->answer_us != NEVER && p->answer_us == NEVER && p->fail_us != NEVER)
            odds *= evidence_odds(EVIDENCE_ANSWER_ECHO, 0.1, false);
    }
    if (c->cancel_us != NEVER) {
        u32 why = p->cancel_us != NEVER ? p->cancel_msg : p->answer_msg;
        odds *= echo(w, to, EVIDENCE_CANCEL_ECHO, why, c->cancel_msg, true);
    }
    return odds * echo(w, to, EVIDENCE_BYE_ECHO, c->bye_msg, p->bye_msg, true);
}
