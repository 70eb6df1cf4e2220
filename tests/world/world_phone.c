/* world_phone.c: the ends: phones, trunks of carriers, voicemail, recorders, conference bridges. */
#include <string.h>

#include "world_own.h"

/* ---- while they talk ---------------------------------------------------------------------------------------------- */

static void hang_up(struct sim *s, const struct event *e) {
    ua_bye(s, e->a, 0);
}

static void talk_ends(struct sim *s, const struct event *e) {
    struct call *c = e->call;
    if (c->over) return;
    if (c->root_ua->state < UA_UP) { /* the answer was lost on the way and comes again */
        later(s, c, 200000, talk_ends, NULL, NULL, 0);
        return;
    }
    c->over = true;
    int64_t apart = c->hangs_up == 2 ? dice_us(&s->dice, 0, 0.004) : 0;
    if (c->person && c->person->state != UA_UP) c->hangs_up = 0;
    if (c->hangs_up != 1) later(s, c, 0, hang_up, c->root_ua, NULL, 0);
    if (c->hangs_up != 0 && c->person) later(s, c, apart, hang_up, c->person, NULL, 0);
}

void call_connected(struct sim *s, struct call *c, struct ua *person) {
    if (c->connected) return;
    c->connected = true;
    c->person = person;
    person->winner = true;
    if (person->node->leave_us && person->node->leave_us < c->talk_us) {
        c->talk_us = person->node->leave_us;
        c->hangs_up = 1;
    }
    later(s, c, c->talk_us, talk_ends, NULL, NULL, 0);
    odd_connected(s, c, person);
    shift_connected(s, c, person);
}

/* ---- who is called ---------------------------------------------------------------------------------------------- */

static bool open_still(const struct ua *ua) {
    return ua->state == UA_NEW || ua->state == UA_EARLY;
}

static void rings(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (!open_still(ua)) return;
    ua->state = UA_EARLY;
    struct sip *m = ua_answer(s, ua, ua->invite, ua->node->early_media ? 183 : 180, 0);
    if (ua->node->early_media) m->body = sdp_body(s, ua, "sendrecv");
    if (ua->node->reliable_1xx) {
        m->more = header_before(ua->call, "Require", "100rel", m->more);
        m->rseq = 1 + (uint32_t)dice_below(&s->dice, 100000);
        m->reliable = true;
        ua->sure_1xx = m;
    }
    ua_reply(s, ua, m);
    shift_rings(s, ua);
}

static void fails(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (!open_still(ua)) return;
    struct sip *m = ua_answer(s, ua, ua->invite, (int)e->n, 0);
    if (e->n == 302) m->contact = arena_say(&ua->call->arena, "<%s>", ua->node->redirect);
    ua_reply(s, ua, m);
}

static void answers(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (!open_still(ua) || ua->was_cancelled) return;
    if (ua->sure_1xx) ua->sure_1xx->settled = true;
    if (ua->dialog->proxied && ua->node->up->kind == NODE_PROXY && ua->node->up->won)
        return;
    if (ua->node->up) ua->node->up->won = true;
    struct sip *m = ua_answer(s, ua, ua->invite, 200, 0);
    const char *direction =
        ua->node->role == ROLE_RECORDER || ua->node->role == ROLE_SIPREC ? "recvonly"
                                                                         : "sendrecv";
    m->body = sdp_body(s, ua, direction);
    ua_reply(s, ua, m);
}

static void terminated(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (open_still(ua)) ua_respond(s, ua, ua->invite, 487, 0);
}

static int failure_of(enum outcome o) {
    switch (o) {
    case IS_BUSY: return 486;
    case DECLINES: return 603;
    case NOT_THERE: return 480;
    case REDIRECTS: return 302;
    case BREAKS: return 503;
    default: return 404;
    }
}

static void is_rung(struct sim *s, struct ua *ua) {
    const struct node *n = ua->node;
    struct call *c = ua->call;
    switch (n->outcome) {
    case ANSWERS_AT_ONCE: later(s, c, n->progress_us, answers, ua, NULL, 0); break;
    case ANSWERS:
        later(s, c, n->progress_us, rings, ua, NULL, 0);
        later(s, c, n->progress_us + n->answer_us, answers, ua, NULL, 0);
        break;
    case RINGS_ON:
        later(s, c, n->progress_us, rings, ua, NULL, 0);
        later(s, c, n->progress_us + 90000000, fails, ua, NULL, 480);
        break;
    case DECLINES:
        later(s, c, n->progress_us, rings, ua, NULL, 0);
        later(s, c, n->progress_us + n->answer_us, fails, ua, NULL, 603);
        break;
    default: later(s, c, n->progress_us, fails, ua, NULL, failure_of(n->outcome)); break;
    }
}

void phone_request(struct sim *s, struct ua *ua, struct sip *m) {
    switch (m->method) {
    case INVITE:
        if (m->to_tag)
            odd_reinvited(s, ua, m);
        else
            is_rung(s, ua);
        break;
    case ACK:
        if (!ua->node->is_person || ua->state != UA_UP || ua->talking) break;
        ua->talking = true;
        if (ua->node->role == ROLE_TRANSFER)
            ua->call->person = ua;
        else
            call_connected(s, ua->call, ua);
        break;
    case CANCEL:
        ua->was_cancelled = true;
        ua_respond(s, ua, m, 200, 0);
        if (open_still(ua))
            later(s, ua->call, dice_between(&s->dice, 20, 900), terminated, ua, NULL, 0);
        break;
    case BYE:
        ua->state = UA_OVER;
        ua_respond(s, ua, m, 200, 0);
        break;
    default: odd_request(s, ua, m); break;
    }
}

/* ---- who calls ---------------------------------------------------------------------------------------------------- */

static void again_with_credentials(struct sim *s, struct ua *ua, const struct sip *m) {
    if (ua->answered_auth || ua->cancel_wanted) return;
    ua->answered_auth = true;
    const char *name = m->status == 401 ? "Authorization" : "Proxy-Authorization";
    const char *value =
        arena_say(&ua->call->arena,
                  "Digest "
                  "username=\"%s\",realm=\"%s\",nonce=\"%s\",uri=\"%s\",response=\"%s\","
                  "algorithm=MD5",
                  s->gear[ua->node->device].ext ? s->gear[ua->node->device].ext : "trunk",
                  s->tenants[ua->call->tenant].domain, m->nonce, ua->target,
                  id_hex(s, &ua->call->arena, 32));
    ua->invite_headers = header_before(ua->call, name, value, ua->invite_headers);
    ua_invite(s, ua, 0, m->got);
}

void phone_response(struct sim *s, struct ua *ua, struct sip *m) {
    if (m->method != INVITE) {
        odd_answered(s, ua, m);
        return;
    }
    if (m->asked->to_tag) {
        if (m->status >= 200 && m->status < 300) ua_ack(s, ua, m, 0);
        if (m->status >= 200) odd_answered(s, ua, m);
        return;
    }
    if (m->status == 401 || m->status == 407) {
        again_with_credentials(s, ua, m);
    } else if (m->status < 200) {
        if (m->rseq) odd_prack(s, ua, m);
    } else if (m->status < 300) {
        ua_ack(s, ua, m, 0);
        if (ua->cancel_wanted)
            ua_bye(s, ua, 0);
        else
            shift_up(s, ua);
    } else {
        shift_failed(s, ua);
    }
}

static void patience_ends(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (e->call->connected) return;
    e->call->over = true;
    if (ua->state == UA_UP)
        ua_bye(s, ua, 0);
    else
        ua_cancel(s, ua, 0);
}

void phone_begin(struct sim *s, struct call *c) {
    struct node *to = c->root->kids[0];
    struct ua *ua = ua_call(s, c, c->root, to, NULL, 0);
    who_is_who(s, ua, NULL, 0);
    c->root_ua = ua;
    ua_invite(s, ua, 0, 0);
    if (c->give_up_us) later(s, c, c->give_up_us, patience_ends, ua, NULL, 0);
}
