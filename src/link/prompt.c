/* prompt.c: which message caused which inside a device: one that arrived on another leg of the call shortly before,
 * and that a back-to-back user agent or proxy answers in kind:
 *
 *     leaves                               the last of these to arrive
 *     the INVITE that begins a leg         see prompt_first.c
 *     1xx, 2xx on the parent               the first 1xx, 2xx on a child that was not passed on yet
 *     a failure on the parent              a failure on a child
 *     CANCEL on a child                    CANCEL or BYE on the parent, 2xx on another child, INVITE with Replaces
 *     BYE                                  BYE or REFER on any leg, CANCEL on the parent, a failure, INVITE with Replaces
 *     re-INVITE                            re-INVITE or REFER on any leg, 2xx on a child where the parent had its own before
 *     INFO, UPDATE, NOTIFY …               the same; NOTIFY: an answer to the leg that a REFER made
 *     an answer to any of those            the answer to what was passed on
 *     ACK                                  the ACK of a 2xx that its own 2xx had prompted: the device had waited for it
 */
#include "link/prompt.h"

enum { STEPS = 400 }; /* so many arrivals are looked at */

/* ---- what is remembered -------------------------------------------------------------------------- */

static u64 memory_key(u32 leg, enum memory what) {
    return hash_mix(leg + (u64)1, (u64)what + 1);
}

u32 course_recall(const struct course *c, u32 leg, enum memory what) {
    return map_get(&c->memory, memory_key(leg, what));
}

static void note(struct course *c, u32 leg, enum memory what, isize place) {
    *map_put(&c->memory, memory_key(leg, what)) = (u32)place + 1;
}

bool course_soon(const struct course *c, isize cause, isize effect, i64 limit_us) {
    u32 copy = map_get(&c->copies, (u64)cause + 1);
    const struct msg *a = course_msg(c, copy ? (isize)copy - 1 : cause);
    const struct msg *b = course_msg(c, effect);
    i64 slack = i64_max(msg_precision_us(c->w, a), msg_precision_us(c->w, b));
    return b->time_us - a->time_us <= limit_us + slack;
}

/* Who asked, on which leg, and what: an answer and an ACK have the key of their request. */
static u64 transaction_of(const struct course *c, isize place) {
    const struct msg *m = course_msg(c, place);
    const struct seen *r = msg_seen(c->w, m);
    bool request = (r->flags & SEEN_REQUEST) != 0;
    u32 asker = c->w->dev_of[request ? r->src : r->dst];
    u8 method = r->method == SIP_METHOD_ACK ? SIP_METHOD_INVITE : r->method;
    return hash_mix((u64)msg_leg(c->w, m) << 32 | msg_step(c->w, m)->cseq,
                    (u64)asker << 8 | method);
}

/* The INVITE that began a leg; where the beginning was not seen, none did. */
static bool begins(const struct course *c, isize place) {
    const struct msg *m = course_msg(c, place);
    const struct seen *r = msg_seen(c->w, m);
    return is_request(r, SIP_METHOD_INVITE) && !(r->flags & SEEN_WITHIN) &&
           c->w->sums[msg_leg(c->w, m)].at == c->order[place];
}

static void remember_request(struct course *c, isize place) {
    const struct msg *m = course_msg(c, place);
    const struct seen *r = msg_seen(c->w, m);
    u32 leg = msg_leg(c->w, m);
    const struct sum *s = &c->w->sums[leg];
    bool within = (r->flags & SEEN_WITHIN) != 0;
    bool forth = c->w->dev_of[r->src] == s->from_dev;
    bool tries = begins(c, place) && s->parent && !(s->flags & SUM_RECORDING);
    switch ((enum sip_method)r->method) {
    case SIP_METHOD_INVITE:
        if (!within) note(c, leg, HAD_INVITE, place);
        if (within && !forth) note(c, leg, HAD_REINVITE, place);
        if (tries) note(c, s->parent - 1, CHILD_TRIED, place);
        break;
    case SIP_METHOD_INFO:
        if (forth) note(c, leg, HAD_INFO, place);
        break;
    case SIP_METHOD_REFER: note(c, leg, forth ? HAD_REFER : HAD_REFER_BACK, place); break;
    case SIP_METHOD_CANCEL:
        note(c, leg, HAD_CANCEL, place);
        if (s->parent) note(c, s->parent - 1, CHILD_GIVEN_UP, place);
        break;
    default: break;
    }
    if (r->method != SIP_METHOD_ACK)
        *map_put(&c->asked, transaction_of(c, place)) = (u32)place + 1;
}

static void remember_response(struct course *c, isize place) {
    const struct msg *m = course_msg(c, place);
    const struct seen *r = msg_seen(c->w, m);
    u32 leg = msg_leg(c->w, m);
    const struct sum *s = &c->w->sums[leg];
    if (is_invite_answer(r, 2)) {
        *map_put(&c->agreed, transaction_of(c, place)) = (u32)place + 1;
        if (!course_recall(c, leg, HAD_ANSWER)) note(c, leg, HAD_ANSWER, place);
    }
    if (r->method == SIP_METHOD_INVITE && r->status >= 300)
        *map_put(&c->refused, transaction_of(c, place)) = (u32)place + 1;
    if (is_failure(r)) note(c, leg, HAD_FAILURE, place);
    if (is_failure(r) && r->status != 487 && s->parent && !(s->flags & SUM_RECORDING) &&
        !course_recall(c, leg, HAD_CANCEL))
        note(c, s->parent - 1, CHILD_FAILED, place);
}

static void remember(struct course *c, isize place) {
    const struct seen *r = msg_seen(c->w, course_msg(c, place));
    if (r->flags & SEEN_REQUEST)
        remember_request(c, place);
    else
        remember_response(c, place);
    u32 *last = map_put(&c->last, c->w->dev_of[r->dst] + (u64)1);
    c->arrived[place] = *last;
    *last = (u32)place + 1;
    *map_put(&c->place, c->order[place] + (u64)1) = (u32)place + 1;
}

/* The first copy may have been lost on the way. */
static void remember_copy(struct course *c, isize place) {
    u32 first = map_get(&c->place, repeat_of(c->w, course_msg(c, place)));
    if (first) *map_put(&c->copies, first) = (u32)place + 1;
}

/* ---- legs of one device --------------------------------------------------------------------------- */

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

static bool is_soon(const struct course *c, const struct deed *d) {
    return course_soon(c, d->by, d->at, THEN_US);
}

/* An INVITE that takes the place of a dialog this device has: of this leg, or of one beside or below it. */
static bool replaces(const struct deed *d) {
    const struct sum *on = d->on;
    if (!is_request(d->c, SIP_METHOD_INVITE) || d->c->flags & SEEN_WITHIN || !on->parent)
        return false;
    bool names = false;
    for (u32 i = 0; i < on->nfacts && !names; i++)
        names = d->w->leg_facts[on->facts_at + i].kind == FACT_DIALOG;
    if (!names) return false;
    u32 above = d->w->sums[on->parent - 1].parent;
    return from_below(d) ||
           (above && (above == d->leg->parent || above == d->leg_row + 1));
}

/* ---- what is passed on ------------------------------------------------------------------------------ */

static bool makes_cancel(const struct course *c, const struct deed *d) {
    if (is_request(d->c, SIP_METHOD_CANCEL)) return from_above(d);
    if (!is_soon(c, d)) return false;
    if (is_request(d->c, SIP_METHOD_BYE)) return from_above(d);
    if (replaces(d)) return true;
    return from_beside(d) && is_invite_answer(d->c, 2) && !(d->on->flags & SUM_RECORDING);
}

/* Whoever has handed a call on leaves it. */
static bool handed_on(const struct course *c, const struct deed *d) {
    for (int i = 0; i < 2; i++) {
        u32 refer = course_recall(c, d->leg_row, i ? HAD_REFER_BACK : HAD_REFER);
        if (refer &&
            d->w->dev_of[msg_seen(d->w, course_msg(c, refer - 1))->src] == d->device)
            return true;
    }
    return false;
}

static bool makes_bye(const struct course *c, const struct deed *d) {
    if (handed_on(c, d)) return false;
    if (is_request(d->c, SIP_METHOD_BYE)) return !(d->on->flags & SUM_RECORDING);
    if (!is_soon(c, d)) return false;
    if (is_request(d->c, SIP_METHOD_CANCEL)) return from_above(d);
    if (is_request(d->c, SIP_METHOD_REFER)) return true;
    if (is_failure(d->c))
        return !(d->on->flags & SUM_RECORDING) &&
               (from_below(d) || (from_beside(d) && d->leg->flags & SUM_RECORDING));
    return replaces(d);
}

static bool makes_reinvite(const struct course *c, const struct deed *d) {
    if (is_request(d->c, SIP_METHOD_INVITE)) return (d->c->flags & SEEN_WITHIN) != 0;
    if (!is_soon(c, d)) return false;
    if (is_request(d->c, SIP_METHOD_REFER)) return true;
    /* it had answered by itself */
    u32 answer = course_recall(c, d->leg_row, HAD_ANSWER);
    return is_invite_answer(d->c, 2) && !(d->on->flags & SUM_RECORDING) &&
           course_recall(c, d->on_row, HAD_ANSWER) == (u32)d->by + 1 &&
           !(answer && c->prompts[answer - 1] == (u32)d->by + 1);
}

static bool makes_notify(const struct course *c, const struct deed *d) {
    if (is_request(d->c, SIP_METHOD_NOTIFY)) return true;
    return !(d->c->flags & SEEN_REQUEST) && d->c->method == SIP_METHOD_INVITE &&
           d->c->status > 100 && is_soon(c, d) &&
           (from_below(d) || d->on->flags & SUM_TRANSFER);
}

/* A device at both ends of a call, a carrier's, passes nothing on from its last leg to the first. */
static bool comes_round(const struct deed *d) {
    enum { LEGS = 32 };
    bool back = d->leg->to_dev == d->device; /* the effect is on the leg that came in */
    const struct sum *in = back ? d->leg : d->on;
    u32 out = back ? d->on_row : d->leg_row;
    if (in->to_dev != d->device || d->w->sums[out].from_dev != d->device) return false;
    for (int i = 0; in->parent && i < LEGS; i++, in = &d->w->sums[in->parent - 1]) {
        if (in->parent == out + 1) return true;
    }
    return false;
}

static bool makes_request(const struct course *c, const struct deed *d) {
    switch ((enum sip_method)d->e->method) {
    case SIP_METHOD_CANCEL: return makes_cancel(c, d);
    case SIP_METHOD_BYE: return makes_bye(c, d);
    case SIP_METHOD_NOTIFY: return makes_notify(c, d);
    case SIP_METHOD_INVITE:
        if (d->e->flags & SEEN_WITHIN) return makes_reinvite(c, d);
        return same_call_id(d) && is_request(d->c, SIP_METHOD_INVITE) &&
               !(d->c->flags & SEEN_WITHIN);
    default: return is_request(d->c, (enum sip_method)d->e->method) && !comes_round(d);
    }
}

/* What it answers had made the device ask, and this is the answer to that. */
static bool answers_what_was_asked(const struct course *c, const struct deed *d) {
    u32 question = map_get(&c->asked, transaction_of(c, d->at));
    u32 passed = map_get(&c->asked, transaction_of(c, d->by));
    if (question && passed) return c->prompts[passed - 1] == question;
    return (from_above(d) || from_below(d)) && is_soon(c, d); /* not all of it was seen */
}

/* What was given up ends of itself, unless the device waits for what it has given up in turn. */
static bool ends_cancelled(const struct deed *d, u32 cancel) {
    return (d->w->devs[d->device].waits_end || same_call_id(d)) &&
           (u32)d->by + 1 > cancel;
}

/* Of the INVITE that begins a leg: it travels on from child to parent. */
static bool makes_first_answer(const struct course *c, const struct deed *d) {
    if (!from_below(d) || d->on->flags & SUM_RECORDING) return false;
    u32 cancel = course_recall(c, d->leg_row, HAD_CANCEL);
    if (d->e->status >= 300)
        return is_failure(d->c) && (!cancel || ends_cancelled(d, cancel));
    return is_invite_answer(d->c, d->e->status / 100);
}

static bool begins_dialog(const struct course *c, const struct deed *d) {
    u32 question = map_get(&c->asked, transaction_of(c, d->at));
    if (question)
        return !(msg_seen(c->w, course_msg(c, (isize)question - 1))->flags & SEEN_WITHIN);
    return d->leg->state != STATE_PARTIAL && !course_recall(c, d->leg_row, HAD_ANSWER);
}

static bool makes_response(const struct course *c, const struct deed *d) {
    if (d->e->status == 100) return false;
    if (d->e->method == SIP_METHOD_INVITE && begins_dialog(c, d)) {
        if (d->e->status / 100 == 2 && is_soon(c, d) && replaces(d)) return true;
        return makes_first_answer(c, d);
    }
    if (d->c->flags & SEEN_REQUEST || d->c->method != d->e->method) return false;
    /* CANCEL and BYE are answered by each device itself, RFC 3261 §9.2 and §15.1.2; a proxy passes a BYE's on */
    if (d->e->method == SIP_METHOD_CANCEL) return false;
    if (d->e->method == SIP_METHOD_BYE && !same_call_id(d)) return false;
    return d->c->status / 100 == d->e->status / 100 && d->c->status != 100 &&
           answers_what_was_asked(c, d);
}

/* ---- who is first, who is last ------------------------------------------------------------------------ */

static struct deed deed_of(const struct course *c, isize effect) {
    const struct msg *m = course_msg(c, effect);
    const struct seen *r = msg_seen(c->w, m);
    u32 leg = msg_leg(c->w, m);
    return (struct deed){.w = c->w,
                         .at = effect,
                         .device = c->w->dev_of[r->src],
                         .effect = m,
                         .e = r,
                         .leg = &c->w->sums[leg],
                         .leg_row = leg};
}

static void deed_by(const struct course *c, struct deed *d, isize cause) {
    d->by = cause;
    d->cause = course_msg(c, cause);
    d->c = msg_seen(c->w, d->cause);
    d->on_row = msg_leg(c->w, d->cause);
    d->on = &c->w->sums[d->on_row];
}

static u64 use_key(const struct deed *d) {
    return hash_mix(d->leg_row + (u64)1, (u64)d->by + 1);
}

/* Of two answers, which is more like the one that left? A proxy keeps the callee's tag, and so do some others. */
static int likeness(const struct deed *d) {
    u32 arrived = msg_step(d->w, d->cause)->to_tag,
        left = msg_step(d->w, d->effect)->to_tag;
    bool tag = arrived && arrived == left;
    return 2 * tag + (d->c->status == d->e->status);
}

/* The last one to arrive; of the answers that make a phone ring or a call begin, the first that was not passed on yet. */
static u32 look_back(struct course *c, isize effect) {
    struct deed d = deed_of(c, effect);
    bool answer = !(d.e->flags & SEEN_REQUEST);
    bool in_turn = answer && d.e->method == SIP_METHOD_INVITE && d.e->status < 300;
    u32 place = map_get(&c->last, d.device + (u64)1), found = 0, alike = 0;
    int most = 0;
    for (int i = 0; place && i < STEPS; i++, place = c->arrived[place - 1]) {
        deed_by(c, &d, (isize)place - 1);
        if (!course_soon(c, d.by, effect, SOON_US)) break;
        if (d.on_row == d.leg_row) continue;
        if (!(answer ? makes_response(c, &d) : makes_request(c, &d))) continue;
        if (in_turn && map_get(&c->used, use_key(&d))) break;
        found = place;
        if (!in_turn) break;
        int common = likeness(&d);
        if (common >= most) alike = place;
        most = common > most ? common : most;
    }
    if (in_turn && found) found = alike;
    if (!in_turn || !found) return found;
    deed_by(c, &d, (isize)found - 1);
    *map_put(&c->used, use_key(&d)) = 1;
    return found;
}

/* A proxy passes on the ACK of an answer. Some other devices acknowledge what
 * they were answered only once their own answer has been acknowledged. Places + 1 of the two answers; 0: not seen. */
static bool makes_ack(const struct course *c, const struct deed *d, u32 agreed,
                      u32 passed) {
    if (!is_request(d->c, SIP_METHOD_ACK)) return false;
    if (!same_call_id(d) && !d->w->devs[d->device].waits_ack) return false;
    if (agreed && passed) return c->prompts[passed - 1] == agreed;
    if (!from_above(d) && !from_below(d)) return false;
    if (same_call_id(d))
        return msg_step(d->w, d->cause)->cseq == msg_step(d->w, d->effect)->cseq;
    return (agreed || passed) && is_soon(c, d);
}

static u32 waited_for(const struct course *c, isize effect) {
    struct deed d = deed_of(c, effect);
    /* a failure is acknowledged by each device itself, RFC 3261 §17.1.1.3 */
    if (map_get(&c->refused, transaction_of(c, effect))) return 0;
    u32 agreed = map_get(&c->agreed, transaction_of(c, effect));
    u32 place = map_get(&c->last, d.device + (u64)1);
    for (int i = 0; place > agreed && i < STEPS; i++, place = c->arrived[place - 1]) {
        deed_by(c, &d, (isize)place - 1);
        if (!course_soon(c, d.by, effect, SOON_US)) break;
        if (d.on_row == d.leg_row) continue;
        u32 passed = map_get(&c->agreed, transaction_of(c, d.by));
        if (makes_ack(c, &d, agreed, passed)) return place;
    }
    return 0;
}

static u32 prompt_of(struct course *c, isize effect) {
    if (begins(c, effect)) return prompt_of_first(c, effect);
    const struct seen *r = msg_seen(c->w, course_msg(c, effect));
    if (is_request(r, SIP_METHOD_ACK)) return waited_for(c, effect);
    return look_back(c, effect);
}

void prompt_find(const struct weave *w, const u32 *order, isize n, u32 *prompts) {
    struct course c = {.w = w, .order = order, .n = n, .prompts = prompts};
    c.arrived = base_new(n + 1, (isize)sizeof *c.arrived);
    for (isize i = 0; i < n; i++) {
        prompts[i] = 0;
        if (repeat_of(w, course_msg(&c, i))) {
            remember_copy(&c, i);
            continue;
        }
        prompts[i] = prompt_of(&c, i);
        remember(&c, i);
    }
    map_drop(&c.last);
    map_drop(&c.asked);
    map_drop(&c.agreed);
    map_drop(&c.refused);
    map_drop(&c.memory);
    map_drop(&c.used);
    map_drop(&c.place);
    map_drop(&c.copies);
    base_free(c.arrived);
}
