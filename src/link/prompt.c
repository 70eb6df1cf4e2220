/* prompt.c: which message caused which inside a device: one that arrived on another leg of the call shortly before,
 * and that a back-to-back user agent or proxy answers in kind:
 *
 *     arrives                         leaves
 *     INVITE on the parent            INVITE on the child
 *     1xx, 2xx, failure on a child    the same class on the parent
 *     2xx on a child                  CANCEL on its siblings, INVITE of a recorder
 *     failure on a child              INVITE of the next try
 *     CANCEL, BYE, INFO, REFER …      the same request on the other leg
 */
#include "link/weave.h"

enum { SOON_US = 5000000, SCAN = 400 };

static bool is_invite_answer(const struct seen *r, int class) {
    return r->method == SIP_METHOD_INVITE && r->status / 100 == class && r->status != 100;
}

static bool is_failure(const struct seen *r) {
    return r->method == SIP_METHOD_INVITE && r->status >= 300 && r->status != 401 &&
           r->status != 407;
}

static bool is_request(const struct seen *r, enum sip_method method) {
    return (r->flags & SEEN_REQUEST) && r->method == method;
}

/* Did `cause`, which arrived on leg `on`, make the first INVITE of `leg` leave? */
static bool makes_invite(const struct weave *w, const struct sum *leg, u32 on,
                         const struct seen *cause) {
    u8 why = leg->nproofs ? w->proofs[leg->proofs_at].kind : EVIDENCE_TIMING;
    bool parent = leg->parent == on + 1;
    bool sibling = leg->parent && w->sums[on].parent == leg->parent;
    if (why == EVIDENCE_AFTER_ANSWER) return is_invite_answer(cause, 2);
    if (why == EVIDENCE_AFTER_FAILURE) return sibling && is_failure(cause);
    if (why == EVIDENCE_AFTER_REFER) return is_request(cause, SIP_METHOD_REFER);
    return parent && is_request(cause, SIP_METHOD_INVITE);
}

static bool makes(const struct weave *w, const struct msg *effect,
                  const struct msg *cause) {
    const struct seen *e = msg_seen(w, effect), *c = msg_seen(w, cause);
    const struct sum *leg = &w->sums[effect->leg], *on = &w->sums[cause->leg];
    bool request = (e->flags & SEEN_REQUEST) != 0;
    bool below = on->parent == effect->leg + 1; /* the cause came from a child */
    if (request && e->method == SIP_METHOD_ACK) return false;
    if (request && e->method == SIP_METHOD_CANCEL) {
        return is_request(c, SIP_METHOD_CANCEL) || is_invite_answer(c, 2);
    }
    if (request && w->by_leg[leg->at] == (u32)(effect - w->msgs)) {
        return makes_invite(w, leg, cause->leg, c);
    }
    if (request && e->method == SIP_METHOD_INVITE && leg->retry_us == effect->time_us) {
        return false; /* the same request again, with credentials: its own leg's 401 made it */
    }
    if (request) return is_request(c, (enum sip_method)e->method);
    if (c->flags & SEEN_REQUEST || c->method != e->method) return false;
    if (e->method == SIP_METHOD_INVITE) {
        if (!below || e->status == 100) return false;
        return e->status >= 300 ? is_failure(c) && leg->cancel_us == NEVER
                                : is_invite_answer(c, e->status / 100);
    }
    /* CANCEL and BYE are answered by each device itself, RFC 3261 §9.2 and §15.1.2 */
    bool own = e->method == SIP_METHOD_CANCEL || e->method == SIP_METHOD_BYE;
    return !own && below && c->status / 100 == e->status / 100;
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
