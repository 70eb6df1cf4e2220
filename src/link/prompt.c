/* prompt.c: which message caused which inside a device: one that arrived on another leg of the call shortly before,
 * and that a back-to-back user agent or proxy answers in kind:
 *
 *     arrives                                leaves
 *     INVITE on the parent                   INVITE on the child
 *     1xx, 2xx, failure on a child           the same class on the parent
 *     2xx on a sibling                       CANCEL, INVITE of a recorder
 *     failure on a sibling                   INVITE of the next try
 *     CANCEL on the parent                   CANCEL
 *     BYE, INFO, REFER, re-INVITE …          the same request on the other leg
 *     an answer to one of those, or an ACK   the same, where a proxy only passes it on
 */
#include "link/weave.h"

enum { SOON_US = 5000000, SCAN = 400 };

/* Who did what: the message that left, and the one that may have made it leave. */
struct deed {
    const struct weave *w;
    const struct msg *effect, *cause;
    const struct seen *e, *c;
    const struct sum *leg, *on; /* of the effect, of the cause */
    u32 leg_row, on_row;
};

static bool is_request(const struct seen *r, enum sip_method method) {
    return (r->flags & SEEN_REQUEST) && r->method == method;
}

static bool is_invite_answer(const struct seen *r, int class) {
    return r->method == SIP_METHOD_INVITE && r->status / 100 == class && r->status != 100;
}

static bool is_failure(const struct seen *r) {
    return r->method == SIP_METHOD_INVITE && r->status >= 300 && r->status != 401 &&
           r->status != 407;
}

/* It came from a child of the leg, from its parent, from another child of that. */
static bool from_below(const struct deed *d) {
    return d->on->parent == d->leg_row + 1;
}
static bool from_above(const struct deed *d) {
    return d->leg->parent == d->on_row + 1;
}
static bool from_beside(const struct deed *d) {
    return d->leg->parent && d->on->parent == d->leg->parent;
}

static bool same_call_id(const struct deed *d) {
    return d->leg->call_id == d->on->call_id && d->leg->call_id != 0;
}

static bool makes_first_request(const struct deed *d) {
    enum evidence_kind why = leg_cause(d->w, d->leg);
    if (why == EVIDENCE_AFTER_ANSWER) return is_invite_answer(d->c, 2);
    if (why == EVIDENCE_AFTER_FAILURE) return from_beside(d) && is_failure(d->c);
    if (why == EVIDENCE_AFTER_REFER) return is_request(d->c, SIP_METHOD_REFER);
    if (why == EVIDENCE_AFTER_HOLD)
        return d->c->method == SIP_METHOD_INVITE && d->c->to_tag != 0 &&
               d->c->status != 100;
    return from_above(d) && is_request(d->c, (enum sip_method)d->e->method) &&
           d->c->to_tag == 0;
}

static bool makes_request(const struct deed *d) {
    bool first = d->w->by_leg[d->leg->at] == (u32)(d->effect - d->w->msgs);
    switch ((enum sip_method)d->e->method) {
    case SIP_METHOD_ACK:
        return same_call_id(d) && is_request(d->c, SIP_METHOD_ACK) &&
               d->c->cseq == d->e->cseq;
    case SIP_METHOD_CANCEL:
        if (is_request(d->c, SIP_METHOD_CANCEL)) return from_above(d);
        return from_beside(d) && is_invite_answer(d->c, 2) &&
               !(d->on->flags & SUM_RECORDING);
    case SIP_METHOD_INVITE:
        if (first) return makes_first_request(d);
        /* the same request again, with credentials: its own leg's 401 made it */
        if (d->leg->retry_us == d->effect->time_us && !same_call_id(d)) return false;
        return is_request(d->c, SIP_METHOD_INVITE) &&
               (d->c->to_tag != 0) == (d->e->to_tag != 0);
    default: break;
    }
    return is_request(d->c, (enum sip_method)d->e->method);
}

static bool makes_response(const struct deed *d) {
    u8 method = d->e->method;
    if (d->c->flags & SEEN_REQUEST || d->c->method != method) return false;
    /* it travels on, against the request: from the callee's side, or the caller's where the callee had asked */
    bool to_caller = d->w->dev_of[d->e->dst] == d->leg->from_dev;
    if (to_caller ? !from_below(d) : !from_above(d)) return false;
    /* CANCEL and BYE are answered by each device itself, RFC 3261 §9.2 and §15.1.2; a proxy passes a BYE's on */
    if (method == SIP_METHOD_CANCEL) return false;
    if (method == SIP_METHOD_BYE && !same_call_id(d)) return false;
    if (d->e->status == 100) return false;
    if (method == SIP_METHOD_INVITE && d->e->status >= 300)
        return is_failure(d->c) && (d->leg->cancel_us == NEVER || same_call_id(d));
    return d->c->status / 100 == d->e->status / 100 && d->c->status != 100;
}

static bool makes(const struct weave *w, const struct msg *effect,
                  const struct msg *cause) {
    const struct deed d = {w,
                           effect,
                           cause,
                           msg_seen(w, effect),
                           msg_seen(w, cause),
                           &w->sums[effect->leg],
                           &w->sums[cause->leg],
                           effect->leg,
                           cause->leg};
    return d.e->flags & SEEN_REQUEST ? makes_request(&d) : makes_response(&d);
}

void prompt_find(const struct weave *w, const u32 *order, isize n, u32 *prompts) {
    for (isize i = 0; i < n; i++) {
        const struct msg *effect = &w->msgs[order[i]];
        u32 device = w->dev_of[msg_seen(w, effect)->src];
        prompts[i] = 0;
        if (effect->first) continue;
        isize floor = i > SCAN ? i - SCAN : 0;
        for (isize j = i - 1; j >= floor && !prompts[i]; j--) {
            const struct msg *cause = &w->msgs[order[j]];
            if (cause->leg == effect->leg || cause->first) continue;
            if (w->dev_of[msg_seen(w, cause)->dst] != device) continue;
            i64 slack = i64_max(effect->precision_us, cause->precision_us);
            if (effect->time_us - cause->time_us > SOON_US + slack) break;
            if (makes(w, effect, cause)) prompts[i] = (u32)j + 1;
        }
    }
}
