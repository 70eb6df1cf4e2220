/* world_ua.c: the ends of dialogs: requests, answers, ACK, CANCEL, what comes twice. What a phone or a box makes of them is
 * its own affair (world_phone.c, world_box.c). */
#include <string.h>

#include "world_own.h"

const char *reason_of(int status) {
    switch (status) {
    case 100: return "Trying";
    case 180: return "Ringing";
    case 181: return "Call Is Being Forwarded";
    case 182: return "Queued";
    case 183: return "Session Progress";
    case 200: return "OK";
    case 202: return "Accepted";
    case 302: return "Moved Temporarily";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 480: return "Temporarily Unavailable";
    case 481: return "Call/Transaction Does Not Exist";
    case 486: return "Busy Here";
    case 487: return "Request Terminated";
    case 488: return "Not Acceptable Here";
    case 491: return "Request Pending";
    case 500: return "Server Internal Error";
    case 503: return "Service Unavailable";
    case 603: return "Decline";
    default: return "Unknown";
    }
}

const struct header *header_before(struct call *c, const char *name, const char *value,
                                   const struct header *rest) {
    struct header *h = NEW(c, struct header);
    *h = (struct header){.next = rest, .name = name, .value = value};
    return h;
}

static const char *own_host(const struct sim *s, const struct ua *ua) {
    const char *hidden = s->gear[ua->node->device].private_host;
    return hidden ? hidden : s->host[ua->addr];
}

struct ua *ua_new(struct sim *s, struct call *c, struct node *at, int addr) {
    struct ua *ua = NEW(c, struct ua);
    ua->call = c;
    ua->node = at;
    ua->addr = addr;
    ua->local_tag = id_tag(s, at->device);
    ua->cseq = dice_chance(&s->dice, 0.5)
                   ? (uint32_t)dice_between(&s->dice, 1, 102)
                   : (uint32_t)dice_between(&s->dice, 1000, 900000000);
    ua->contact = arena_say(&c->arena, "<sip:%s@%s>",
                            s->gear[at->device].ext ? s->gear[at->device].ext : "call",
                            own_host(s, ua));
    return ua;
}

struct ua *ua_call(struct sim *s, struct call *c, struct node *from, struct node *to,
                   struct box *box, int parent) {
    struct ua *ua = ua_new(s, c, from, from->addr[1]);
    ua->uac = true;
    ua->box = box;
    ua->target_node = to;
    ua->dialog = NEW(c, struct dialog);
    ua->dialog->record_route = to->record_route;
    ua->dialog->proxied = to->kind == NODE_PROXY;
    ua->hop = hop_new(c, from->addr[1], to->addr[0], parent, NULL);
    ua->hop->ua[0] = ua;
    ua->hop->to = to;
    ua->hop->dead = to->outcome == IS_DEAD;
    ua->dialog->first = ua->hop;
    return ua;
}

/* Where a request of this end goes: along the proxies that asked to stay, or straight to the other end. */
static struct hop *way_of(struct ua *ua, const struct sip *m, int *dir) {
    struct dialog *d = ua->dialog;
    *dir = ua->uac ? 0 : 1;
    if (!m->to_tag || !d->proxied || d->record_route || !ua->peer) return ua->hop;
    if (!d->direct) {
        struct ua *uac = ua->uac ? ua : ua->peer, *uas = ua->uac ? ua->peer : ua;
        d->direct = hop_new(ua->call, uac->addr, uas->addr, d->first->leg, d->call_id);
        d->direct->ua[0] = uac;
        d->direct->ua[1] = uas;
        d->direct->recording = d->first->recording;
        d->direct->transfer = d->first->transfer;
    }
    return d->direct;
}

static const struct via *via_new(struct sim *s, struct ua *ua, const char *branch,
                                 int to_addr) {
    const struct gear *g = &s->gear[ua->node->device];
    struct via *v = NEW(ua->call, struct via);
    v->host = own_host(s, ua);
    v->branch = branch ? branch : id_branch(s, ua->call, ua->node->device);
    v->rport = g->style->rport;
    v->tcp = speak_tcp(s, ua->addr, to_addr);
    return v;
}

static struct sip *sip_new(struct sim *s, struct ua *ua) {
    struct sip *m = NEW(ua->call, struct sip);
    m->origin = ua;
    m->style = s->gear[ua->node->device].style;
    m->max_forwards = 70;
    m->sid = ua->sid;
    m->sid_remote = ua->sid_peer;
    return m;
}

struct sip *ua_request(struct sim *s, struct ua *ua, enum method method, int prompted) {
    struct sip *m = sip_new(s, ua);
    m->method = method;
    m->cseq = ++ua->cseq;
    m->call_id = ua->dialog->call_id;
    m->from = ua->local;
    m->from_tag = ua->local_tag;
    m->to = ua->remote;
    m->to_tag = ua->remote_tag;
    m->ruri = ua->target;
    m->routes = ua->routes;
    m->vias = via_new(s, ua, NULL, ua->hop->addr[ua->uac]);
    m->prompted = prompted;
    m->after = LAST_OF_DIALOG;
    m->reliable = true;
    if (method == INVITE || method == UPDATE || method == REFER || method == NOTIFY ||
        method == SUBSCRIBE)
        m->contact = ua->contact;
    return m;
}

void ua_send(struct sim *s, struct ua *ua, struct sip *m) {
    int dir;
    struct hop *hop = way_of(ua, m, &dir);
    if (!m->status && m->method != ACK && m->method != CANCEL) ua->pending = m;
    net_send(s, hop, dir, m);
}

void ua_invite(struct sim *s, struct ua *ua, int prompted, int after) {
    struct sip *m = ua_request(s, ua, INVITE, prompted);
    m->to_tag = NULL;
    m->after = after;
    m->more = ua->invite_headers;
    m->type = ua->type;
    m->body = ua->body ? ua->body : sdp_body(s, ua, "sendrecv");
    ua->state = UA_CALLING;
    ua->invite = m;
    ua->hop->call_id = m->call_id;
    ua_send(s, ua, m);
    ua->pending = NULL;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static const struct via *seen_from(const struct sim *s, struct call *c,
                                   const struct sip *asked, const struct via *v) {
    const char *source = s->host[asked->hop->addr[asked->dir]];
    if (!v || (strcmp(v->host, source) == 0 && !v->rport)) return v;
    struct via *seen = NEW(c, struct via);
    *seen = *v;
    seen->received = source;
    return seen;
}

struct sip *ua_answer(struct sim *s, struct ua *ua, struct sip *asked, int status,
                      int prompted) {
    struct sip *m = sip_new(s, ua);
    m->status = status;
    m->reason = reason_of(status);
    m->method = asked->method;
    m->cseq = asked->cseq;
    m->call_id = asked->call_id;
    m->from = asked->from;
    m->from_tag = asked->from_tag;
    m->to = asked->to;
    m->to_tag = asked->to_tag ? asked->to_tag : status > 100 ? ua->local_tag : NULL;
    m->vias = seen_from(s, ua->call, asked, asked->vias);
    m->prompted = prompted;
    m->after = asked->got;
    m->asked = asked;
    if (asked->method == INVITE && status > 100 && status < 400) {
        if (status < 300) m->record_routes = asked->record_routes;
        m->contact = ua->contact;
    }
    if (asked->method == UPDATE || asked->method == SUBSCRIBE) m->contact = ua->contact;
    m->reliable = asked->method == INVITE && status >= 200;
    return m;
}

void ua_reply(struct sim *s, struct ua *ua, struct sip *m) {
    struct sip *asked = m->asked;
    asked->reply = m;
    if (asked->method == INVITE && m->status >= 200) {
        ua->final = m;
        if (m->status < 300)
            ua->state = UA_UP;
        else if (!asked->to_tag && m->status != 401 && m->status != 407)
            ua->state = UA_OVER;
    }
    if (m->reliable && m->status >= 200) m->row_to = &ua->final_row;
    net_send(s, asked->hop, 1 - asked->dir, m);
}

void ua_respond(struct sim *s, struct ua *ua, struct sip *asked, int status,
                int prompted) {
    ua_reply(s, ua, ua_answer(s, ua, asked, status, prompted));
}

/* ---- ACK, CANCEL, BYE ------------------------------------------------------------------------------------------ */

void ua_ack(struct sim *s, struct ua *ua, struct sip *answer, int prompted) {
    struct sip *asked = answer->asked;
    bool good = answer->status < 300;
    if (answer->reply) return;
    ua->cseq--;
    struct sip *m = ua_request(s, ua, ACK, prompted);
    m->cseq = asked->cseq;
    m->to_tag = answer->to_tag;
    m->reliable = false;
    m->after = answer->got;
    answer->reply = m;
    m->row_to = &ua->ack_row;
    m->acks = asked;
    if (!good) {
        m->vias = via_new(s, ua, asked->vias->branch, asked->hop->addr[1 - asked->dir]);
        m->ruri = asked->ruri;
        m->routes = asked->routes;
        m->to = asked->to;
        net_send(s, asked->hop, asked->dir, m);
    } else {
        ua_send(s, ua, m);
    }
}

static void cancel_now(struct sim *s, struct ua *ua) {
    struct sip *invite = ua->invite;
    struct sip *m = ua_request(s, ua, CANCEL, ua->cancel_prompt);
    ua->cseq--;
    m->cseq = invite->cseq;
    m->ruri = invite->ruri;
    m->to_tag = NULL;
    m->routes = invite->routes;
    m->vias = via_new(s, ua, invite->vias->branch, invite->hop->addr[1 - invite->dir]);
    m->after = ua->last_1xx_row ? ua->last_1xx_row : invite->row;
    ua->cancelled = true;
    net_send(s, invite->hop, invite->dir, m);
}

/* A CANCEL has to wait for a first answer (RFC 3261 §9.1); where none ever comes the attempt is given up in silence. */
void ua_cancel(struct sim *s, struct ua *ua, int prompted) {
    if (ua->cancelled || ua->cancel_wanted ||
        (ua->state != UA_CALLING && ua->state != UA_EARLY))
        return;
    ua->cancel_wanted = true;
    ua->cancel_prompt = prompted;
    if (ua->state == UA_EARLY)
        cancel_now(s, ua);
    else if (ua->hop->dead) {
        ua->invite->settled = true;
        ua->state = UA_OVER;
    }
}

static void bye_later(struct sim *s, const struct event *e) {
    ua_bye(s, e->a, (int)e->n);
}

void ua_bye(struct sim *s, struct ua *ua, int prompted) {
    if (ua->state != UA_UP || ua->bye_sent) return;
    if (!ua->uac && !ua->ack_row && ua->rseq < 64) {
        ua->rseq++; /* the ACK has to be there first */
        later(s, ua->call, 60000, bye_later, ua, NULL, prompted);
        return;
    }
    ua->bye_sent = true;
    ua->state = UA_OVER;
    struct sip *m = ua_request(s, ua, BYE, prompted);
    ua_send(s, ua, m);
}

/* ---- what comes in --------------------------------------------------------------------------------------------- */

static const char *uri_in(struct call *c, const char *contact) {
    const char *at = strchr(contact, '<') + 1;
    return arena_say(&c->arena, "%.*s", (int)strcspn(at, ">"), at);
}

static struct ua *ua_incoming(struct sim *s, struct hop *hop, struct sip *m) {
    struct call *c = m->origin->call;
    struct ua *ua = ua_new(s, c, hop->to, hop->addr[1]);
    ua->dialog = m->origin->dialog;
    ua->hop = hop;
    ua->local = m->to;
    ua->remote = m->from;
    ua->remote_tag = m->from_tag;
    ua->peer = m->origin;
    if (m->contact) ua->target = uri_in(c, m->contact);
    ua->routes = m->record_routes;
    hop->ua[1] = ua;
    return ua;
}

static void to_app(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    struct sip *m = e->b;
    bool box = ua->node->kind == NODE_BOX;
    if (m->status)
        (box ? box_response : phone_response)(s, ua, m);
    else
        (box ? box_request : phone_request)(s, ua, m);
}

static void trying(struct sim *s, const struct event *e) {
    struct sip *m = e->b;
    if (!m->reply) ua_respond(s, e->a, m, 100, 0);
}

static void ack_failure(struct sim *s, const struct event *e) {
    ua_ack(s, e->a, e->b, 0);
}

/* One thing after the other, in a dialog. */
static void react(struct sim *s, struct ua *ua, struct sip *m) {
    int64_t at = s->now + think_us(s, ua->node->device);
    if (at <= ua->busy_until) at = ua->busy_until + 1;
    ua->busy_until = at;
    later(s, ua->call, at - s->now, to_app, ua, m, 0);
}

static int64_t quick_us(struct sim *s) {
    return 80 + (int64_t)dice_exp(&s->dice, 250.0);
}

static void take_request(struct sim *s, struct ua *ua, struct sip *m) {
    if (m->method == ACK) {
        if (ua->final && ua->final->cseq == m->cseq) ua->final->settled = true;
        ua->ack_row = m->got;
        if (ua->final && ua->final->status >= 300) return;
    } else if (m->method == INVITE) {
        if (!m->to_tag) ua->invite = m;
        if (ua->node->trying || ua->node->kind == NODE_BOX)
            later(s, ua->call, quick_us(s), trying, ua, m, 0);
    }
    if (m->sid) ua->sid_peer = m->sid;
    if (m->body && m->method == INVITE) ua->last_body = m->body;
    react(s, ua, m);
}

static const struct route *reversed(struct call *c, const struct route *r) {
    const struct route *out = NULL;
    for (; r; r = r->next) {
        struct route *copy = NEW(c, struct route);
        *copy = (struct route){.next = out, .uri = r->uri};
        out = copy;
    }
    return out;
}

static void dialog_is_up(struct ua *ua, struct sip *m) {
    if (ua->state == UA_UP || !m->contact) return;
    ua->remote_tag = m->to_tag;
    ua->target = uri_in(ua->call, m->contact);
    ua->peer = m->origin;
    if (!ua->routes) ua->routes = reversed(ua->call, m->record_routes);
}

static void take_invite_response(struct sim *s, struct ua *ua, struct sip *m) {
    bool first = !m->asked->to_tag;
    if (m->sid) ua->sid_peer = m->sid;
    if (m->body) ua->last_body = m->body;
    if (m->status < 200) {
        ua->last_1xx_row = m->got;
        if (!first || ua->state == UA_OVER) return;
        ua->state = UA_EARLY;
        if (m->status > 100) dialog_is_up(ua, m);
        if (ua->cancel_wanted && !ua->cancelled) cancel_now(s, ua);
        if (m->status == 100) return;
    } else if (m->status < 300) {
        if (first) {
            dialog_is_up(ua, m);
            ua->state = UA_UP;
            ua->final_row = m->got;
        }
    } else {
        later(s, ua->call, quick_us(s), ack_failure, ua, m, 0);
        if (first && m->status != 401 && m->status != 407) ua->state = UA_OVER;
    }
    react(s, ua, m);
}

static void take_response(struct sim *s, struct ua *ua, struct sip *m) {
    struct sip *asked = m->asked;
    if (asked->method == INVITE) {
        asked->settled = true;
        take_invite_response(s, ua, m);
        return;
    }
    if (m->status < 200) return;
    asked->settled = true;
    if (m->sid) ua->sid_peer = m->sid;
    if (asked->method != CANCEL) react(s, ua, m);
}

void ua_receive(struct sim *s, struct hop *hop, int dir, struct sip *m, int row) {
    struct ua *ua = hop->ua[1 - dir];
    if (!ua && dir == 0 && !m->status &&
        (m->method == INVITE || hop->kind == WORLD_OTHER))
        ua = ua_incoming(s, hop, m);
    if (!ua) return;
    if (m->seen) {
        if (m->reply && m->reply->row) net_again(s, m->reply);
        return;
    }
    m->seen = true;
    m->got = row;
    if (m->status)
        take_response(s, ua, m);
    else
        take_request(s, ua, m);
}
