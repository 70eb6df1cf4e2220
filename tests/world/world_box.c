/* world_box.c: back-to-back user agents: SBC, PBX, IVR, queue, gateway. One dialog comes in; others go out, one group after the
 * other, until one answers; what happens on one side is told to the other. */
#include <string.h>

#include "world_own.h"

static int64_t soon_us(struct sim *s) {
    return 25 + (int64_t)dice_exp(&s->dice, 120.0);
}

static struct box *box_new(struct ua *in) {
    struct box *b = NEW(in->call, struct box);
    b->node = in->node;
    b->call = in->call;
    b->in = in;
    b->group = -1;
    in->box = b;
    return b;
}

/* ---- to the side that came in ------------------------------------------------------------------------------------ */

static bool in_is_open(const struct box *b) {
    return !b->answered && !b->over && b->in->state != UA_OVER;
}

static void keep_tag(struct box *b, const struct ua *out) {
    if (b->node->hides && out && out->remote_tag) b->in->local_tag = out->remote_tag;
}

static void answer_in(struct sim *s, const struct event *e) {
    struct box *b = e->a;
    struct sip *because = e->b;
    struct ua *out = because ? b->winner : NULL;
    if (!in_is_open(b)) return;
    b->answered = true;
    keep_tag(b, out);
    if (out && out->sid) b->in->sid = out->sid_peer;
    struct sip *m = ua_answer(s, b->in, b->in->invite, 200, because ? because->got : 0);
    bool keeps = b->call->media_kept && out && out->last_body;
    m->body = keeps ? out->last_body : sdp_body(s, b->in, "sendrecv");
    ua_reply(s, b->in, m);
}

void box_answer(struct sim *s, struct box *b, struct sip *because) {
    later(s, b->call, soon_us(s), answer_in, b, because, 0);
}

static void ring_in(struct sim *s, struct box *b, const struct ua *out,
                    struct sip *because) {
    if (!in_is_open(b) || (b->in->state == UA_EARLY && !b->node->relays_all)) return;
    b->in->state = UA_EARLY;
    keep_tag(b, out);
    if (out->sid) b->in->sid = out->sid_peer;
    struct sip *m = ua_answer(s, b->in, b->in->invite, because->status, because->got);
    if (because->body)
        m->body = b->call->media_kept ? because->body : sdp_body(s, b->in, "sendrecv");
    ua_reply(s, b->in, m);
}

static int told_as(int status) {
    switch (status) {
    case 404:
    case 403:
    case 486:
    case 488:
    case 503:
    case 603: return status;
    default: return 480;
    }
}

static void fail_in(struct sim *s, struct box *b, int status, int prompted) {
    if (b->answered) {
        b->over = true;
        ua_bye(s, b->in, prompted);
        box_stop(s, b, NULL, prompted);
        return;
    }
    if (!in_is_open(b)) return;
    b->over = true;
    ua_respond(s, b->in, b->in->invite, status, prompted);
    box_stop(s, b, NULL, prompted);
}

/* ---- to the sides that go out ------------------------------------------------------------------------------------- */

struct dial {
    struct node *to;
    int kid, because, after, parent;
    enum role role;
};

static void dial(struct sim *s, const struct event *e) {
    struct box *b = e->a;
    const struct dial *d = e->b;
    if (b->over || b->nouts == (int)(sizeof b->outs / sizeof *b->outs)) return;
    if (d->role == ROLE_CALLEE && (b->bridged || b->group != b->node->group[d->kid]))
        return;
    struct ua *ua = ua_call(s, b->call, b->node, d->to, b, d->parent);
    ua->kid = d->kid;
    b->outs[b->nouts++] = ua;
    who_is_who(s, ua, b->in, b->nth++);
    ua->hop->recording = d->role == ROLE_RECORDER || d->role == ROLE_SIPREC;
    ua->hop->transfer =
        d->role == ROLE_HOLD_MUSIC || d->role == ROLE_TRANSFER || b->in->hop->transfer;
    if (ua->hop->recording) b->rec = ua;
    if (d->role == ROLE_HOLD_MUSIC) b->music = ua;
    if (d->role == ROLE_TRANSFER) b->referred = ua;
    if (d->role == ROLE_RECORDER)
        ua->invite_headers =
            header_before(b->call, "X-Record",
                          arena_say(&b->call->arena, "\"Calls\" <calls@%s>",
                                    s->tenants[b->call->tenant].domain),
                          ua->invite_headers);
    if (d->role == ROLE_SIPREC) {
        ua->invite_headers =
            header_before(b->call, "Require", "siprec", ua->invite_headers);
        ua->body = siprec_body(s, ua, b->in, &ua->type);
    } else if (b->call->media_kept && d->role == ROLE_CALLEE && b->in) {
        ua->body = b->in->last_body;
    }
    if (b->node->diverts && d->role == ROLE_CALLEE && b->node->group[d->kid] > 0)
        odd_diverted(s, b, ua);
    ua_invite(s, ua, d->because, d->after);
}

void box_dial(struct sim *s, struct box *b, struct node *to, int kid, enum role role,
              int because, int64_t after_us, int parent) {
    struct dial *d = NEW(b->call, struct dial);
    *d = (struct dial){
        .to = to, .kid = kid, .because = because, .role = role, .parent = parent};
    later(s, b->call, after_us, dial, b, d, 0);
}

static bool next_group(struct sim *s, struct box *b, int because, int64_t after_us);

static bool is_callee(const struct ua *ua) {
    return ua->kid >= 0;
}

static bool is_trying(const struct ua *ua) {
    return is_callee(ua) && !ua->failed &&
           (ua->state == UA_CALLING || ua->state == UA_EARLY);
}

static void nobody_answers(struct sim *s, const struct event *e) {
    struct box *b = e->a;
    if (!b->bridged && !b->over) fail_in(s, b, 480, 0);
}

static void group_ends(struct sim *s, const struct event *e) {
    struct box *b = e->a;
    if (b->over || b->bridged || b->group != (int)e->n) return;
    for (int i = 0; i < b->nouts; i++) {
        if (!is_trying(b->outs[i])) continue;
        b->outs[i]->failed = true;
        ua_cancel(s, b->outs[i], 0);
    }
    if (!next_group(s, b, b->in->invite->got, dice_us(&s->dice, 0.0003, 0.03)))
        later(s, b->call, soon_us(s), nobody_answers, b, NULL, 0);
}

static bool next_group(struct sim *s, struct box *b, int because, int64_t after_us) {
    struct node *n = b->node;
    if (++b->group >= n->ngroups) return false;
    int64_t wait = after_us;
    for (int i = 0; i < n->nkids; i++) {
        if (n->group[i] != b->group) continue;
        box_dial(s, b, n->kids[i], i, ROLE_CALLEE, because, wait + n->kid_delay_us[i],
                 b->in->hop->leg);
        wait += soon_us(s);
    }
    if (n->group_us[b->group])
        later(s, b->call, after_us + n->group_us[b->group], group_ends, b, NULL,
              b->group);
    return true;
}

void box_record(struct sim *s, struct box *b, int because) {
    struct node *to = b->node->recorder;
    if (to && !b->rec)
        box_dial(s, b, to, -1, to->role, because, dice_us(&s->dice, 0.0005, 0.02),
                 b->in->hop->leg);
}

static void dial_first(struct sim *s, const struct event *e) {
    struct box *b = e->a;
    if (!b->over && b->group < 0)
        next_group(s, b, b->digits_row ? b->digits_row : b->in->invite->got, 0);
}

void box_digits(struct sim *s, struct box *b, int row) {
    b->digits_row = row;
    later(s, b->call, dice_us(&s->dice, 0.001, 0.4), dial_first, b, NULL, 0);
}

void box_begin(struct sim *s, struct box *b) {
    struct node *n = b->node;
    if (n->record_at_start) box_record(s, b, b->in->invite->got);
    if (!n->answers_first) {
        next_group(s, b, b->in->invite->got, 0);
        return;
    }
    later(s, b->call, n->early_first ? dice_us(&s->dice, 0.2, 2.0) : 0, answer_in, b,
          NULL, 0);
    later(s, b->call, n->listen_us, dial_first, b, NULL, 0);
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

static void stop_side(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    if (ua->state == UA_UP)
        ua_bye(s, ua, (int)e->n);
    else if (ua->uac)
        ua_cancel(s, ua, (int)e->n);
}

/* Everything but one side ends, because of a message on that side. */
void box_stop(struct sim *s, struct box *b, const struct ua *but, int prompted) {
    int64_t wait = 0;
    b->over = true;
    if (b->winner && b->answer && !b->answer->reply) ua_ack(s, b->winner, b->answer, 0);
    for (int i = 0; i < b->nouts; i++) {
        if (b->outs[i] == but) continue;
        if (b->outs[i]->state == UA_OVER || b->outs[i]->cancel_wanted) continue;
        later(s, b->call, wait += soon_us(s), stop_side, b->outs[i], NULL, prompted);
    }
    if (b->in && b->in != but && b->in->state == UA_UP)
        later(s, b->call, wait + soon_us(s), stop_side, b->in, NULL, prompted);
}

static void terminated(struct sim *s, const struct event *e) {
    struct ua *in = e->a;
    if (in->state != UA_OVER && in->state != UA_UP) ua_respond(s, in, in->invite, 487, 0);
}

static void cancelled(struct sim *s, struct box *b, struct sip *m) {
    ua_respond(s, b->in, m, 200, 0);
    if (!in_is_open(b)) return;
    bool wait = false;
    for (int i = 0; i < b->nouts; i++)
        wait |= b->outs[i]->state == UA_EARLY && is_trying(b->outs[i]);
    box_stop(s, b, b->in, m->got);
    b->cancelled = true;
    b->owes_487 = wait && s->gear[b->node->device].late487;
    if (!b->owes_487) later(s, b->call, soon_us(s), terminated, b->in, NULL, 0);
}

static void pay_487(struct sim *s, struct box *b, const struct sip *m) {
    if (!b->owes_487) return;
    for (int i = 0; i < b->nouts; i++)
        if (is_callee(b->outs[i]) && b->outs[i]->state != UA_OVER &&
            b->outs[i]->state != UA_UP)
            return;
    b->owes_487 = false;
    ua_respond(s, b->in, b->in->invite, 487, m->got);
}

/* ---- what comes in ------------------------------------------------------------------------------------------------ */

static void challenge(struct sim *s, struct ua *ua, struct sip *m) {
    bool proxyish = s->gear[ua->node->device].style->order % 2;
    struct sip *no = ua_answer(s, ua, m, proxyish ? 407 : 401, 0);
    no->nonce = id_hex(s, &ua->call->arena, 24);
    no->more = header_before(
        ua->call, proxyish ? "Proxy-Authenticate" : "WWW-Authenticate",
        arena_say(&ua->call->arena, "Digest realm=\"%s\",nonce=\"%s\",algorithm=MD5",
                  s->tenants[ua->call->tenant].domain, no->nonce),
        NULL);
    ua->answered_auth = true;
    ua_reply(s, ua, no);
}

static void invited(struct sim *s, struct ua *ua, struct sip *m) {
    if (ua->node->challenges && !ua->answered_auth) {
        challenge(s, ua, m);
        return;
    }
    if (ua->state == UA_OVER || ua->box) return;
    if (shift_replaces(s, ua, m)) return;
    box_begin(s, box_new(ua));
}

static void acknowledged(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    if (b && ua == b->in && b->winner && b->answer && !b->answer->reply)
        ua_ack(s, b->winner, b->answer, m->got);
}

static void said_bye(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    ua->state = UA_OVER;
    ua_respond(s, ua, m, 200, 0);
    if (!b || ua == b->rec || ua == b->music || shift_bye(s, b, ua)) return;
    if (ua != b->in && ua != b->winner) return;
    box_stop(s, b, ua, m->got);
}

void box_request(struct sim *s, struct ua *ua, struct sip *m) {
    switch (m->method) {
    case INVITE:
        if (m->to_tag)
            odd_reinvited(s, ua, m);
        else
            invited(s, ua, m);
        break;
    case ACK: acknowledged(s, ua, m); break;
    case BYE: said_bye(s, ua, m); break;
    case CANCEL:
        if (ua->box) {
            cancelled(s, ua->box, m);
        } else {
            ua_respond(s, ua, m, 200, 0);
            later(s, ua->call, soon_us(s), terminated, ua, NULL, 0);
        }
        break;
    default: odd_request(s, ua, m); break;
    }
}

/* ---- what comes back ------------------------------------------------------------------------------------------------ */

static void cancel_loser(struct sim *s, const struct event *e) {
    ua_cancel(s, e->a, (int)e->n);
}

static void bridge(struct sim *s, struct box *b, struct ua *ua, struct sip *m) {
    int64_t wait = soon_us(s);
    bool waits = s->gear[b->node->device].waits_ack && !b->answered;
    b->winner = ua;
    b->bridged = true;
    b->answer = m;
    if (!waits) ua_ack(s, ua, m, 0);
    if (!b->answered) later(s, b->call, wait, answer_in, b, m, 0);
    for (int i = 0; i < b->nouts; i++)
        if (b->outs[i] != ua && is_trying(b->outs[i])) {
            b->outs[i]->failed = true;
            later(s, b->call, wait += soon_us(s), cancel_loser, b->outs[i], NULL, m->got);
        }
    if (!b->node->record_at_start) box_record(s, b, m->got);
    if (b->answered) odd_bridged_late(s, b, m);
}

static void answered(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    if (!is_callee(ua)) {
        ua_ack(s, ua, m, 0);
        if (b->over)
            ua_bye(s, ua, 0);
        else
            shift_side_up(s, b, ua, m);
        return;
    }
    if (b->over || b->bridged || ua->failed) { /* too late: another was quicker */
        ua_ack(s, ua, m, 0);
        ua_bye(s, ua, 0);
        return;
    }
    bridge(s, b, ua, m);
}

static bool group_is_over(const struct box *b) {
    int tried = 0, kids = 0;
    for (int i = 0; i < b->node->nkids; i++) kids += b->node->group[i] == b->group;
    for (int i = 0; i < b->nouts; i++) {
        const struct ua *ua = b->outs[i];
        if (!is_callee(ua) || b->node->group[ua->kid] != b->group) continue;
        tried++;
        if (!ua->failed) return false;
    }
    return tried == kids;
}

static void failed(struct sim *s, struct ua *ua, struct sip *m) {
    struct box *b = ua->box;
    if (!is_callee(ua)) {
        shift_side_failed(s, b, ua, m);
        return;
    }
    pay_487(s, b, m);
    if (ua->failed || b->over || b->bridged) return;
    ua->failed = true;
    if (b->node->group[ua->kid] != b->group || !group_is_over(b)) return;
    if (!next_group(s, b, m->got, dice_us(&s->dice, 0.0003, 0.02)))
        fail_in(s, b, told_as(m->status), m->got);
}

void box_response(struct sim *s, struct ua *ua, struct sip *m) {
    if (m->method != INVITE) {
        odd_answered(s, ua, m);
    } else if (m->asked->to_tag) {
        if (m->status >= 200) odd_answered(s, ua, m);
    } else if (m->status < 200) {
        if (m->rseq) odd_prack(s, ua, m);
        if (is_callee(ua) && !ua->failed && !ua->box->bridged) ring_in(s, ua->box, ua, m);
        if (!is_callee(ua)) shift_side_rings(s, ua->box, ua, m);
    } else if (m->status < 300) {
        answered(s, ua, m);
    } else {
        failed(s, ua, m);
    }
}
