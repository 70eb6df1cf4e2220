/* echo.c: what happened on the child happened on the parent a moment later, or the other way round: ringing, the
 * answer, the failure, CANCEL, BYE. And which of two messages came first, as far as anybody can tell. */
#include "link/pair.h"

enum {
    CHAIN = 16
}; /* sightings looked at; a message has few, but from a hostile trace */

/* Both as one source has them; 0 where no source has both. */
static int order_in_source(const struct weave *w, u32 a, u32 b) {
    u32 row = w->msgs[a].seen + 1, next_a = w->msgs[a].more;
    for (int i = 0; i < CHAIN; i++, row = next_a, next_a = w->more[row - 1]) {
        u32 other = w->msgs[b].seen + 1, next_b = w->msgs[b].more;
        for (int k = 0; k < CHAIN; k++, other = next_b, next_b = w->more[other - 1]) {
            if (w->trace.seen[row - 1].source == w->trace.seen[other - 1].source)
                return w->rank[row - 1] < w->rank[other - 1] ? -1 : 1;
            if (!next_b) break;
        }
        if (!next_a) return 0;
    }
    return 0;
}

i64 msg_slack(const struct weave *w, u32 a, u32 b) {
    enum { NEAR_CLOCKS_US = 20000, ANY_CLOCKS_US = 2000000 };
    i64 coarse = i64_max(w->msgs[a].precision_us, w->msgs[b].precision_us);
    u16 x = msg_seen(w, &w->msgs[a])->source, y = msg_seen(w, &w->msgs[b])->source;
    if (x == y) return coarse;
    /* clocks that no common message ties together are set by people */
    return coarse + (w->islands[x] == w->islands[y] ? NEAR_CLOCKS_US : ANY_CLOCKS_US);
}

int msg_order(const struct weave *w, u32 a, u32 b) {
    if (a == b) return 0;
    int known = order_in_source(w, a, b);
    if (known) return known;
    i64 difference = w->msgs[a].time_us - w->msgs[b].time_us, slack = msg_slack(w, a, b);
    if (difference > slack) return 1;
    return difference < -slack ? -1 : 0;
}

static double echo(struct proofs *to, enum evidence_kind kind, i64 cause, i64 effect,
                   i64 slack, bool both_ways) {
    if (cause == NEVER || effect == NEVER) return 1;
    double odds = evidence_echo_odds(kind, effect - cause, slack, both_ways);
    pair_prove(to, kind, odds, 0, effect - cause);
    return odds;
}

double pair_echoes(const struct weave *w, const struct sum *c, const struct sum *p,
                   struct proofs *to) {
    i64 slack = msg_slack(w, w->by_leg[c->at], w->by_leg[p->at]);
    double odds = 1;
    if (!(c->flags & SUM_RECORDING)) {
        odds *= echo(to, EVIDENCE_RING_ECHO, c->ring_us, p->ring_us, slack, false);
        if (c->answer_us >= p->start_us)
            odds *=
                echo(to, EVIDENCE_ANSWER_ECHO, c->answer_us, p->answer_us, slack, false);
        if (c->fail_us != NEVER && c->cancel_us == NEVER && p->fail_us != NEVER) {
            odds *= echo(to, EVIDENCE_FAILURE_ECHO, c->fail_us, p->fail_us, slack, false);
            if (c->status == p->status) odds *= 2;
        }
        /* answered there, but failed here for good: hardly */
        if (c->answer_us != NEVER && p->answer_us == NEVER && p->fail_us != NEVER)
            odds *= evidence_odds(EVIDENCE_ANSWER_ECHO, 0.1, false);
    }
    if (c->cancel_us != NEVER) {
        i64 why = p->cancel_us != NEVER ? p->cancel_us : p->answer_us;
        odds *= echo(to, EVIDENCE_CANCEL_ECHO, why, c->cancel_us, slack, true);
    }
    return odds * echo(to, EVIDENCE_BYE_ECHO, c->bye_us, p->bye_us, slack, true);
}
