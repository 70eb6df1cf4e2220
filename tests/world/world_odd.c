/* world_odd.c: what happens in the middle of a call: re-INVITE, hold, UPDATE, INFO, PRACK, glare. */
#include <string.h>

#include "world_own.h"

static struct ua *other_side(const struct ua *ua) {
    const struct box *b = ua->box;
    if (!b || b->over || !b->winner || !b->in) return NULL;
    struct ua *other = ua == b->in ? b->winner : ua == b->winner ? b->in : NULL;
    return other && other->state == UA_UP ? other : NULL;
}

/* ---- what an end does of itself ------------------------------------------------------------------------------------- */

void odd_reinvite(struct sim *s, struct ua *ua, const char *direction, int prompted) {
    if (ua->state != UA_UP || ua->renegotiating || ua->call->over ||
        (!ua->uac && !ua->ack_row))
        return;
    struct sip *m = ua_request(s, ua, INVITE, prompted);
    m->body = sdp_body(s, ua, direction);
    ua->renegotiating = true;
    ua_send(s, ua, m);
}

static void reinvite(struct sim *s, const struct event *e) {
    odd_reinvite(s, e->a, e->b, 0);
}

static void asks(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (ua->state != UA_UP || ua->call->over) return;
    struct sip *m = ua_request(s, ua, (enum method)e->n, 0);
    if (e->n == UPDATE) {
        m->body = sdp_body(s, ua, "sendrecv");
    } else {
        m->type = "application/dtmf-relay";
        m->body = arena_say(&ua->call->arena, "Signal=%s\r\nDuration=160\r\n",
                            ua->digits == 1 ? "#" : id_hex(s, &ua->call->arena, 1));
        if (ua->digits) ua->digits--;
    }
    ua_send(s, ua, m);
}

static char SENDRECV[] = "sendrecv", SENDONLY[] = "sendonly";

void odd_connected(struct sim *s, struct call *c, struct ua *person) {
    int64_t t = c->talk_us / 4;
    struct ua *who =
        dice_chance(&s->dice, 0.5) && c->root_ua->state == UA_UP ? c->root_ua : person;
    switch (c->odd) {
    case ODD_REINVITE: later(s, c, t, reinvite, who, SENDRECV, 0); break;
    case ODD_HOLD:
        later(s, c, t, reinvite, who, SENDONLY, 0);
        later(s, c, 3 * t, reinvite, who, SENDRECV, 0);
        break;
    case ODD_UPDATE: later(s, c, t, asks, who, NULL, UPDATE); break;
    case ODD_INFO:
        for (int i = 0; i < 4; i++) later(s, c, t + i * 700000, asks, who, NULL, INFO);
        break;
    case ODD_GLARE:
        if (!person->peer || person->uac) break;
        later(s, c, t, reinvite, person, SENDRECV, 0);
        later(s, c, t + dice_below(&s->dice, 300), reinvite, person->peer, SENDRECV, 0);
        break;
    default: break;
    }
}

/* The caller presses keys while the machine listens. */
static void press_keys(struct sim *s, struct ua *ua, const struct node *n) {
    while (n && n->nkids && !n->answers_first) n = n->kids[0];
    if (!n || !n->dtmf) return;
    ua->digits = dice_between(&s->dice, 1, 4);
    int64_t at = dice_us(&s->dice, 1.0, (double)n->listen_us / 2e6 + 1.0);
    for (int i = 0; i < ua->digits; i++)
        later(s, ua->call, at += dice_us(&s->dice, 0.3, 0.9), asks, ua, NULL, INFO);
}

/* ---- what it is asked ------------------------------------------------------------------------------------------------ */

static bool is_hold(const struct sip *m) {
    return m->body && (strstr(m->body, "a=sendonly") || strstr(m->body, "a=inactive"));
}

static bool pass_over(struct sim *s, struct ua *ua, struct sip *m) {
    struct ua *other = other_side(ua);
    if (!other || (!s->gear[ua->node->device].relays_mid &&
                   (m->method == INVITE || m->method == UPDATE)))
        return false;
    if (m->method == INVITE && other->renegotiating) return false;
    struct sip *on = ua_request(s, other, m->method, m->got);
    on->type = m->type;
    on->body = m->body;
    on->more = m->method == INVITE ? NULL : m->more;
    if (m->body && (m->method == INVITE || m->method == UPDATE) && !ua->call->media_kept)
        on->body = sdp_body(s, other, is_hold(m) ? "sendonly" : "sendrecv");
    struct passed *p = NEW(ua->call, struct passed);
    *p = (struct passed){.back = ua, .asked = m};
    on->passed = p;
    if (m->method == INVITE) other->renegotiating = true;
    ua_send(s, other, on);
    return true;
}

static void agree(struct sim *s, struct ua *ua, struct sip *m, int prompted,
                  const char *kept) {
    struct sip *r = ua_answer(s, ua, m, 200, prompted);
    if (m->body && (m->method == INVITE || m->method == UPDATE))
        r->body = kept ? kept : sdp_body(s, ua, is_hold(m) ? "recvonly" : "sendrecv");
    ua_reply(s, ua, r);
}

/* The box plays music to the one who waits, from a server of its own. */
static void play_music(struct sim *s, struct box *b, struct sip *m) {
    if (is_hold(m)) {
        if (!b->music)
            box_dial(s, b, b->node->music, -1, ROLE_HOLD_MUSIC, m->got,
                     dice_us(&s->dice, 0.0005, 0.01), m->hop->leg);
    } else if (b->music) {
        if (b->music->state == UA_UP)
            ua_bye(s, b->music, m->got);
        else
            ua_cancel(s, b->music, m->got);
        b->music = NULL;
    }
}

void odd_reinvited(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    if (ua->state != UA_UP) {
        ua_respond(s, ua, m, 481, 0);
    } else if (ua->renegotiating) {
        ua_respond(s, ua, m, 491, 0);
    } else if (b && b->node->music && ua == b->winner) {
        agree(s, ua, m, 0, NULL);
        play_music(s, b, m);
    } else if (!pass_over(s, ua, m)) {
        agree(s, ua, m, 0, NULL);
    }
}

static bool passes(const struct ua *ua, const struct sip *m) {
    if (!ua->box) return false;
    bool far =
        ua->call->shift == SHIFT_FAR && (m->method == REFER || m->method == NOTIFY);
    return m->method == UPDATE || m->method == INFO || far;
}

void odd_request(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    if (m->hop->kind == WORLD_OTHER) {
        background_request(s, ua, m);
        return;
    }
    if (m->method == PRACK && ua->sure_1xx) ua->sure_1xx->settled = true;
    if (m->method == REFER && shift_refer(s, ua, m)) return;
    if (m->method == INFO && b && ua == b->in && b->node->dtmf && b->group < 0) {
        agree(s, ua, m, 0, NULL);
        b->digits_row = m->got;
        if (strstr(m->body, "=#")) box_digits(s, b, m->got);
        return;
    }
    if (passes(ua, m) && pass_over(s, ua, m)) return;
    agree(s, ua, m, 0, NULL);
    if (m->method == NOTIFY) shift_notified(s, ua, m);
}

/* ---- what it is told --------------------------------------------------------------------------------------------------- */

static void again_after_glare(struct sim *s, struct ua *ua) {
    int64_t wait = ua->uac ? dice_us(&s->dice, 2.1, 4.0) : dice_us(&s->dice, 0.05, 2.0);
    later(s, ua->call, wait, reinvite, ua, SENDRECV, 0);
}

void odd_answered(struct sim *s, struct ua *ua, struct sip *m) {
    struct sip *asked = m->asked;
    if (asked->hop && asked->hop->kind == WORLD_OTHER) {
        background_answered(s, ua, m);
        return;
    }
    if (m->method == INVITE) {
        ua->renegotiating = false;
        if (m->status < 300) ua_ack(s, ua, m, 0);
        if (m->status == 491 && !asked->passed) again_after_glare(s, ua);
    }
    struct passed *p = asked->passed;
    if (!p || p->back->state != UA_UP) return;
    if (m->status == 200)
        agree(s, p->back, p->asked, m->got, ua->call->media_kept ? m->body : NULL);
    else
        ua_respond(s, p->back, p->asked, m->status, m->got);
}

void odd_prack(struct sim *s, struct ua *ua, struct sip *m) {
    if (ua->state != UA_EARLY || !ua->remote_tag) return;
    struct sip *p = ua_request(s, ua, PRACK, 0);
    p->rseq = m->rseq;
    p->asked = m->asked;
    p->after = m->got;
    m->reply = p;
    ua_send(s, ua, p);
}

/* The IVR has answered long ago: now the caller's media are connected anew. */
void odd_bridged_late(struct sim *s, struct box *b, struct sip *m) {
    if (b->in->state == UA_UP && dice_chance(&s->dice, 0.4))
        odd_reinvite(s, b->in, "sendrecv", m->got);
}

void odd_caller_up(struct sim *s, struct ua *ua) {
    if (ua == ua->call->root_ua) press_keys(s, ua, ua->call->root);
}

/* Rung instead of somebody else. */
void odd_diverted(struct sim *s, struct box *b, struct ua *ua) {
    struct call *c = ua->call;
    struct arena *a = &c->arena;
    const char *host = s->host[b->node->addr[1]];
    const char *from = number_as(s, c, c->called, FORM_PLUS), *to = ua->target_node->user;
    if (b->node->device % 2 || dice_chance(&s->dice, 0.3))
        ua->invite_headers = header_before(
            c, "Diversion",
            arena_say(a, "<sip:%s@%s>;reason=no-answer;counter=1;privacy=off", from,
                      host),
            ua->invite_headers);
    else
        ua->invite_headers =
            header_before(c, "History-Info",
                          arena_say(a,
                                    "<sip:%s@%s?Reason=SIP%%3Bcause%%3D408>;index=1,<sip:"
                                    "%s@%s>;index=1.1;rc=1",
                                    from, host, to ? to : from, host),
                          ua->invite_headers);
}
