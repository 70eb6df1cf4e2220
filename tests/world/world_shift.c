/* world_shift.c: a call goes to somebody else: REFER, attended transfer, park, pickup by Replaces; hold music. */
#include <string.h>

#include "world_own.h"

static bool is_desk_phone(const struct sim *s, const struct ua *ua) {
    return s->gear[ua->node->device].ext && ua->peer && ua->peer->box &&
           ua->peer->box->in;
}

/* ---- REFER --------------------------------------------------------------------------------------------------------- */

static const char *escaped(struct call *c, const char *text) {
    char *out = take(c, 3 * strlen(text) + 1), *at = out;
    for (; *text; text++) {
        if (strchr("@;=", *text)) {
            memcpy(at, *text == '@' ? "%40" : *text == ';' ? "%3B" : "%3D", 3);
            at += 3;
        } else {
            *at++ = *text;
        }
    }
    return out;
}

static void refer_to(struct sim *s, struct ua *ua, const char *uri) {
    struct call *c = ua->call;
    if (ua->state != UA_UP || c->over) return;
    struct sip *m = ua_request(s, ua, REFER, 0);
    const char *by = arena_say(&c->arena, "<sip:%s@%s>", s->gear[ua->node->device].ext,
                               s->tenants[c->tenant].domain);
    m->more =
        header_before(c, "Refer-To", uri, header_before(c, "Referred-By", by, NULL));
    ua_send(s, ua, m);
}

static void refers(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    struct call *c = e->call;
    refer_to(
        s, ua,
        arena_say(&c->arena, "<sip:%s@%s>", c->shift_to->user, s->host[ua->peer->addr]));
}

static void tell_progress(struct sim *s, struct ua *ua, int status, int prompted,
                          bool last) {
    struct call *c = ua->call;
    if (ua->state != UA_UP) return;
    struct sip *m = ua_request(s, ua, NOTIFY, prompted);
    m->more = header_before(
        c, "Event", "refer",
        header_before(c, "Subscription-State",
                      last ? "terminated;reason=noresource" : "active;expires=60", NULL));
    if (ua->refer_row) m->after = ua->refer_row;
    m->type = "message/sipfrag;version=2.0";
    m->body = arena_say(&c->arena, "SIP/2.0 %d %s\r\n", status, reason_of(status));
    ua_send(s, ua, m);
}

static void tell_trying(struct sim *s, const struct event *e) {
    tell_progress(s, e->a, 100, 0, false);
}

static void side_add(struct box *b, struct ua *ua) {
    ua->box = b;
    ua->kid = -1;
    if (b->nouts < (int)(sizeof b->outs / sizeof *b->outs)) b->outs[b->nouts++] = ua;
}

/* Two calls of one phone become one without it. */
static void merge(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    struct sip *refer = e->b;
    struct box *b = ua->box;
    struct ua *consult = ua->call->consult;
    struct box *other = consult->peer ? consult->peer->box : NULL;
    if (b->over || !other || other->over || !other->winner || ua->state != UA_UP) return;
    struct ua *third = other->winner;
    other->over = true;
    b->referrer = ua;
    b->winner = third;
    side_add(b, third);
    ua->call->person = third->peer;
    tell_progress(s, ua, 200, 0, true);
    odd_reinvite(s, b->in, "sendrecv", refer->got);
    odd_reinvite(s, third, "sendrecv", refer->got);
    ua_bye(s, other->in, refer->got);
}

/* At the far end: the phone of the caller is told to call somebody else. */
static bool referred_far(struct sim *s, struct ua *ua, struct sip *m) {
    struct call *c = ua->call;
    if (!c->shift_box || ua->state != UA_UP) return false;
    ua_respond(s, ua, m, 202, 0);
    struct ua *out = ua_call(s, c, c->shift_from, c->shift_box, NULL, m->hop->leg);
    out->hop->transfer = true;
    out->consults = ua;
    who_is_who(s, out, NULL, 0);
    ua_invite(s, out, m->got, 0);
    return true;
}

bool shift_refer(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    struct call *c = ua->call;
    ua->refer_row = m->got;
    if (!b) return referred_far(s, ua, m);
    if (!c->shift_to || ua != b->winner || b->over || ua->state != UA_UP) return false;
    if (c->shift == SHIFT_FAR) return false;
    ua_respond(s, ua, m, 202, 0);
    later(s, c, dice_us(&s->dice, 0.001, 0.01), tell_trying, ua, NULL, 0);
    if (c->shift == SHIFT_ATTENDED) {
        later(s, c, dice_us(&s->dice, 0.011, 0.05), merge, ua, m, 0);
        return true;
    }
    b->referrer = ua;
    box_dial(s, b, c->shift_to, -1, ROLE_TRANSFER, m->got, dice_us(&s->dice, 0.002, 0.03),
             m->hop->leg);
    return true;
}

/* The transferor hears how it went, and leaves. */
void shift_notified(struct sim *s, struct ua *ua, struct sip *m) {
    if (ua->box || !m->body) return;
    if (strncmp(m->body, "SIP/2.0 200", 11) == 0)
        ua_bye(s, ua, 0);
    else if (ua->call->shift == SHIFT_BLIND && ua->call->row % 4 == 0 &&
             strncmp(m->body, "SIP/2.0 100", 11) == 0)
        ua_bye(s, ua, 0);
}

/* True: the one who leaves has handed the call on, it lives. */
bool shift_bye(struct sim *s, struct box *b, struct ua *ua) {
    (void)s;
    if (ua != b->referrer)
        return b->over && ua == b->in && ua->call->consult &&
               ua->call->consult->peer == ua;
    if (b->winner != ua) return true;
    if (!b->referred || b->referred->state == UA_OVER) return false;
    b->winner = NULL;
    return true;
}

void shift_side_rings(struct sim *s, struct box *b, struct ua *ua, struct sip *m) {
    if (ua == b->referred && b->referrer && m->status > 100)
        tell_progress(s, b->referrer, m->status, m->got, false);
}

static void picks_up(struct sim *s, const struct event *e);

void shift_side_up(struct sim *s, struct box *b, struct ua *ua, struct sip *m) {
    if (ua != b->referred) return;
    b->winner = ua;
    if (b->referrer) tell_progress(s, b->referrer, 200, m->got, true);
    if (dice_chance(&s->dice, 0.5)) odd_reinvite(s, b->in, "sendrecv", m->got);
    if (ua->call->shift == SHIFT_PARK)
        later(s, ua->call, dice_us(&s->dice, 2, 9), picks_up, ua, NULL, 0);
}

void shift_side_failed(struct sim *s, struct box *b, struct ua *ua, struct sip *m) {
    if (ua != b->referred || b->over) return;
    b->referred = NULL;
    if (!b->winner) {
        box_stop(s, b, NULL, m->got);
        return;
    }
    if (b->referrer) tell_progress(s, b->referrer, m->status, m->got, true);
    b->referrer = NULL;
}

/* ---- attended ----------------------------------------------------------------------------------------------------------- */

static void consults(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    struct call *c = e->call;
    if (ua->state != UA_UP || c->over) return;
    struct ua *out = ua_call(s, c, c->shift_from, c->shift_box, NULL, ua->hop->leg);
    out->hop->transfer = true;
    out->consults = ua;
    c->consult = out;
    who_is_who(s, out, NULL, 0);
    ua_invite(s, out, 0, 0);
}

static void holds(struct sim *s, const struct event *e) {
    odd_reinvite(s, e->a, "sendonly", 0);
}
static void resumes(struct sim *s, const struct event *e) {
    odd_reinvite(s, e->a, "sendrecv", 0);
}

static void hands_over(struct sim *s, const struct event *e) {
    struct ua *out = e->a;
    struct call *c = e->call;
    if (out->state != UA_UP || !out->peer->box || !out->peer->box->winner) return;
    const char *replaces =
        arena_say(&c->arena, "%s;to-tag=%s;from-tag=%s", out->dialog->call_id,
                  out->remote_tag, out->local_tag);
    refer_to(s, out->consults,
             arena_say(&c->arena, "<sip:%s@%s?Replaces=%s>", c->shift_to->user,
                       s->host[out->peer->addr], escaped(c, replaces)));
}

/* ---- pickup --------------------------------------------------------------------------------------------------------------- */

static void picks_up(struct sim *s, const struct event *e) {
    struct ua *target = e->a;
    struct call *c = e->call;
    struct box *b = target->box;
    bool rings = target->state == UA_EARLY && !b->bridged,
         parked = target->state == UA_UP && b->winner == target;
    if (b->over || c->over || !target->remote_tag || (!rings && !parked) || c->consult)
        return;
    struct ua *ua = ua_call(s, c, c->shift_by, b->node, NULL, target->hop->leg);
    ua->hop->transfer = true;
    ua->replaces = target;
    c->consult = ua;
    who_is_who(s, ua, NULL, 0);
    const char *value =
        arena_say(&c->arena, "%s;to-tag=%s;from-tag=%s%s", target->dialog->call_id,
                  target->local_tag, target->remote_tag, rings ? ";early-only" : "");
    ua->invite_headers = header_before(c, "Replaces", value, ua->invite_headers);
    ua_invite(s, ua, 0, 0);
}

static void drop_replaced(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (ua->state == UA_UP)
        ua_bye(s, ua, (int)e->n);
    else
        ua_cancel(s, ua, (int)e->n);
}

bool shift_replaces(struct sim *s, struct ua *ua, struct sip *m) {
    struct ua *target = m->origin->replaces;
    if (!target || m->hop->ua[0] != m->origin) return false;
    struct box *b = target->box;
    if (b->over || target->state == UA_OVER || (b->bridged && b->winner != target)) {
        ua_respond(s, ua, m, 481, 0);
        return true;
    }
    side_add(b, ua);
    struct sip *r = ua_answer(s, ua, m, 200, 0);
    r->body = ua->call->media_kept ? b->in->last_body : sdp_body(s, ua, "sendrecv");
    ua_reply(s, ua, r);
    bool first = !b->bridged;
    b->winner = ua;
    b->bridged = true;
    for (int i = 0; i < b->nouts; i++) {
        struct ua *loser = b->outs[i];
        bool rings = first && loser->uac &&
                     (loser->state == UA_CALLING || loser->state == UA_EARLY);
        if (loser != target && !rings) continue;
        loser->failed = true;
        later(s, ua->call, 100 + dice_below(&s->dice, 900), drop_replaced, loser, NULL,
              m->got);
    }
    if (first) box_answer(s, b, m);
    return true;
}

/* ---- what begins it --------------------------------------------------------------------------------------------------------- */

void shift_rings(struct sim *s, struct ua *ua) {
    struct call *c = ua->call;
    if (c->shift != SHIFT_PICKUP || !c->shift_by || !is_desk_phone(s, ua) || c->connected)
        return;
    later(s, c, dice_us(&s->dice, 0.8, 5), picks_up, ua->peer, NULL, 0);
}

void shift_connected(struct sim *s, struct call *c, struct ua *person) {
    if (!c->shift || person->uac || !is_desk_phone(s, person)) return;
    int64_t t = dice_us(&s->dice, 0.7, 4);
    switch (c->shift) {
    case SHIFT_MUSIC:
        later(s, c, t, holds, person, NULL, 0);
        later(s, c, t + dice_us(&s->dice, 1, 12), resumes, person, NULL, 0);
        break;
    case SHIFT_FAR:
    case SHIFT_PARK:
    case SHIFT_BLIND: later(s, c, t, refers, person, NULL, 0); break;
    case SHIFT_ATTENDED:
        later(s, c, t, holds, person, NULL, 0);
        later(s, c, t + dice_us(&s->dice, 0.3, 2), consults, person, NULL, 0);
        break;
    default: break;
    }
}

void shift_up(struct sim *s, struct ua *ua) {
    struct call *c = ua->call;
    if (ua->replaces) {
        if (c->connected)
            c->person = ua;
        else
            call_connected(s, c, ua);
    } else if (ua->consults && c->shift == SHIFT_FAR) {
        c->root_ua = ua;
        tell_progress(s, ua->consults, 200, ua->final_row, true);
    } else if (ua->consults) {
        later(s, c, dice_us(&s->dice, 0.8, 5), hands_over, ua, NULL, 0);
    } else {
        odd_caller_up(s, ua);
    }
}

void shift_failed(struct sim *s, struct ua *ua) {
    if (ua->consults) odd_reinvite(s, ua->consults, "sendrecv", 0);
}
