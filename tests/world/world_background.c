/* world_background.c: what is no call: phones register and subscribe, boxes ask whether the other is alive, messages. */
#include "world_own.h"

struct chat {
    int from, to;
    enum method method;
};

static struct node *end_at(struct sim *s, struct call *c, int device) {
    struct node *n = NEW(c, struct node);
    n->kind = NODE_END;
    n->device = device;
    n->addr[0] = n->addr[1] = s->gear[device].addr2;
    return n;
}

static const struct header *extras(struct call *c, enum method method) {
    switch (method) {
    case REGISTER: return header_before(c, "Expires", "300", NULL);
    case SUBSCRIBE:
        return header_before(c, "Event", "dialog",
                             header_before(c, "Expires", "600", NULL));
    case OPTIONS: return header_before(c, "Accept", "application/sdp", NULL);
    default: return NULL;
    }
}

static void ask(struct sim *s, struct ua *ua, enum method method, int after) {
    struct sip *m = ua_request(s, ua, method, 0);
    m->to_tag = ua->remote_tag;
    m->after = after;
    m->more = ua->invite_headers;
    if (method == REGISTER || method == SUBSCRIBE) m->contact = ua->contact;
    if (method == MESSAGE) m->type = "text/plain", m->body = "Call me back";
    ua->hop->call_id = m->call_id;
    ua_send(s, ua, m);
}

static void begin(struct sim *s, int from, int to, enum method method) {
    static const char *const FLOWS[METHODS] = {[REGISTER] = "registration",
                                               [SUBSCRIBE] = "subscription",
                                               [OPTIONS] = "alive?",
                                               [MESSAGE] = "message"};
    struct call *c = call_new(s, FLOWS[method]);
    c->tenant = s->gear[from].tenant;
    struct ua *ua = ua_call(s, c, end_at(s, c, from), end_at(s, c, to), NULL, 0);
    const char *user = s->gear[from].ext ? s->gear[from].ext : "ping";
    const char *domain = s->tenants[c->tenant].domain;
    ua->local = arena_say(&c->arena, "<sip:%s@%s>", user, domain);
    ua->remote = method == REGISTER
                     ? ua->local
                     : arena_say(&c->arena, "<sip:%s@%s>",
                                 method == OPTIONS ? "ping" : "202", domain);
    ua->target = arena_say(&c->arena, "sip:%s",
                           method == REGISTER ? domain : s->host[s->gear[to].addr2]);
    ua->dialog->call_id = id_call(s, from, ua->addr);
    ua->invite_headers = extras(c, method);
    ua->hop->kind = WORLD_OTHER;
    ask(s, ua, method, 0);
}

static void next(struct sim *s, const struct event *e) {
    (void)e;
    const struct tenant *t = &s->tenants[dice_below(&s->dice, s->ntenants)];
    int phone = t->phones[dice_below(&s->dice, t->nphones)], u = dice_below(&s->dice, 10);
    if (u < 5)
        begin(s, phone, t->pbx, REGISTER);
    else if (u < 7)
        begin(s, s->sbcs[dice_below(&s->dice, s->nsbcs)], t->pbx, OPTIONS);
    else if (u < 9)
        begin(s, phone, t->pbx, SUBSCRIBE);
    else
        begin(s, phone, t->pbx, MESSAGE);
    if (s->begun < s->plan->calls)
        later(s, s->idle,
              (int64_t)(1e6 * dice_exp(&s->dice, 2 / s->plan->calls_per_second)), next,
              NULL, NULL, 0);
}

void background_begin(struct sim *s) {
    later(s, s->idle, 1000, next, NULL, NULL, 0);
}

static void notifies(struct sim *s, const struct event *e) {
    struct ua *ua = e->a;
    struct sip *m = ua_request(s, ua, NOTIFY, 0);
    m->more = header_before(
        ua->call, "Event", "dialog",
        header_before(ua->call, "Subscription-State", "active;expires=600", NULL));
    m->type = "application/dialog-info+xml";
    m->body = "<?xml version=\"1.0\"?>\r\n<dialog-info "
              "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" "
              "entity=\"sip:202@example.net\"/>\r\n";
    m->after = ((const struct sip *)e->b)->row;
    ua_send(s, ua, m);
}

void background_request(struct sim *s, struct ua *ua, struct sip *m) {
    if (m->method == REGISTER && !ua->answered_auth) {
        struct sip *no = ua_answer(s, ua, m, 401, 0);
        ua->answered_auth = true;
        no->nonce = id_hex(s, &ua->call->arena, 24);
        no->more = header_before(
            ua->call, "WWW-Authenticate",
            arena_say(&ua->call->arena, "Digest realm=\"%s\",nonce=\"%s\",algorithm=MD5",
                      s->tenants[ua->call->tenant].domain, no->nonce),
            NULL);
        ua_reply(s, ua, no);
        return;
    }
    struct sip *yes = ua_answer(s, ua, m, m->method == MESSAGE ? 202 : 200, 0);
    if (m->method == REGISTER)
        yes->contact = arena_say(&ua->call->arena, "%s;expires=300", m->contact);
    if (m->method == SUBSCRIBE)
        yes->more = header_before(ua->call, "Expires", "600", NULL);
    ua_reply(s, ua, yes);
    if (m->method == SUBSCRIBE)
        later(s, ua->call, dice_us(&s->dice, 0.001, 0.02), notifies, ua, yes, 0);
}

void background_answered(struct sim *s, struct ua *ua, struct sip *m) {
    ua->remote_tag = m->method == SUBSCRIBE ? m->to_tag : NULL;
    if (m->status != 401 || ua->answered_auth) return;
    ua->answered_auth = true;
    struct call *c = ua->call;
    ua->invite_headers = header_before(
        c, "Authorization",
        arena_say(&c->arena,
                  "Digest "
                  "username=\"%s\",realm=\"%s\",nonce=\"%s\",uri=\"%s\",response=\"%s\","
                  "algorithm=MD5",
                  s->gear[ua->node->device].ext, s->tenants[c->tenant].domain, m->nonce,
                  ua->target, id_hex(s, &c->arena, 32)),
        ua->invite_headers);
    ask(s, ua, REGISTER, m->got);
}
