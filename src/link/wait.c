/* wait.c: which devices wait for whom, learned from all calls. The order of two messages alone does not tell: clocks are off
 * by milliseconds, messages are missing. But one device does the same thing every time.
 *
 *     before it acknowledges an answer       some wait until their own answer is acknowledged
 *     before a call that is given up ends    some wait until what they have cancelled has ended
 */
#include "link/weave.h"

/* What was seen of a device. */
struct habit {
    u32 ack_after,
        ack_before; /* its ACK left after the ACK of the other side, or before that */
    u32 end_after, end_before;
};

/* Row + 1 of the ACK of the answer that began the call. */
static u32 ack_of(const struct weave *w, const struct sum *s) {
    if (!s->answer_msg || !s->ack_msg) return 0;
    u32 cseq = msg_step(w, &w->msgs[s->answer_msg - 1])->cseq;
    for (u32 row = s->ack_msg - 1; row < s->at + s->n; row++) {
        const struct seen *r = msg_seen(w, &w->msgs[row]);
        bool ack = (r->flags & SEEN_REQUEST) && r->method == SIP_METHOD_ACK;
        if (ack && msg_step(w, &w->msgs[row])->cseq == cseq) return row + 1;
    }
    return 0;
}

/* Of two messages by their rows + 1, the first to last. */
static bool before(const struct weave *w, u32 a, u32 b) {
    return msg_gap(w, a - 1, b - 1).us > 0;
}

static void see_ack(const struct weave *w, const struct sum *s, const struct sum *p,
                    struct habit *h) {
    if (!s->answer_msg || !p->answer_msg || before(w, p->answer_msg, s->answer_msg))
        return;
    u32 mine = ack_of(w, s), theirs = ack_of(w, p);
    if (!mine || !theirs) return;
    if (before(w, theirs, mine))
        h->ack_after++;
    else
        h->ack_before++;
}

static void see_end(const struct weave *w, const struct sum *s, const struct sum *p,
                    struct habit *h) {
    if (!p->cancel_msg || !p->fail_msg || !s->cancel_msg || !s->fail_msg) return;
    if (before(w, s->cancel_msg, p->cancel_msg)) return;
    if (before(w, s->fail_msg, p->fail_msg))
        h->end_after++;
    else
        h->end_before++;
}

void wait_learn(struct weave *w) {
    if (only_lines(w)) return; /* the order of messages is not shown */
    struct habit *habits = base_new(w->ndevs + 1, (isize)sizeof *habits);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (!s->parent || s->flags & SUM_RECORDING) continue;
        const struct sum *p = &w->sums[s->parent - 1];
        if (p->to_dev != s->from_dev) continue;
        struct habit *h = &habits[s->from_dev];
        if (!leg_is_hop(w, s)) see_ack(w, s, p, h);
        see_end(w, s, p, h);
    }
    for (isize i = 0; i < w->ndevs; i++) {
        const struct habit *h = &habits[i];
        struct dev *d = &w->devs[i];
        d->waits_ack = h->ack_after > h->ack_before;
        d->waits_end = h->end_after > h->end_before;
    }
    base_free(habits);
}
