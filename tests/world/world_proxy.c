/* world_proxy.c: proxies: they keep the Call-ID, add themselves to Via, fork at once or one after the other, and step out of
 * the way once the call is up unless they record-routed. */
#include <string.h>

#include "world_own.h"

struct proxy {
    struct node *node;
    struct call *call;
    struct hop *up, *down[KIDS];
    struct sip *asked, *sent[KIDS]; /* the INVITE */
    struct sip *best, *answer;
    int status[KIDS], ndown, group, win;
    bool won, cancelled, answered;
    int cancel_row;
    int64_t busy_until;
};

static struct sip *copy_of(struct proxy *p, struct sip *m) {
    struct sip *c = NEW(p->call, struct sip);
    *c = *m;
    c->hop = NULL;
    c->row = c->got = c->tries = 0;
    c->row_to = NULL;
    c->settled = c->seen = c->reliable = false;
    c->reply = c->fwd = NULL;
    c->orig = m;
    c->prompted = m->got;
    c->after = 0;
    m->fwd = c;
    return c;
}

static const struct via *own_via(struct sim *s, struct proxy *p, int addr,
                                 const char *branch, const struct via *next,
                                 int to_addr) {
    struct via *v = NEW(p->call, struct via);
    v->next = next;
    v->host = s->host[addr];
    v->branch = branch ? branch : id_branch(s, p->call, p->node->device);
    v->tcp = speak_tcp(s, addr, to_addr);
    return v;
}

static const struct via *with_source(struct sim *s, struct proxy *p,
                                     const struct sip *m) {
    const char *source = s->host[m->hop->addr[m->dir]];
    if (!m->vias->rport && strcmp(source, m->vias->host) == 0) return m->vias;
    struct via *v = NEW(p->call, struct via);
    *v = *m->vias;
    v->received = source;
    return v;
}

static const struct route *own_route(struct sim *s, struct proxy *p,
                                     const struct route *rest) {
    struct route *r = NEW(p->call, struct route);
    r->uri = arena_say(&p->call->arena, "<sip:%s;lr>", s->host[p->node->addr[0]]);
    r->next = rest;
    return r;
}

/* An answer of the proxy itself. */
static void say(struct sim *s, struct proxy *p, struct sip *asked, int status) {
    if (asked->reply && status == 100) return;
    struct sip *m = NEW(p->call, struct sip);
    *m = *asked;
    m->status = status;
    m->reason = reason_of(status);
    m->routes = m->record_routes = NULL;
    m->contact = m->body = m->sid = NULL;
    m->more = NULL;
    m->rseq = 0;
    m->vias = with_source(s, p, asked);
    m->row = m->got = m->tries = 0;
    m->row_to = NULL;
    m->seen = m->settled = m->reliable = false;
    m->reply = m->fwd = m->orig = NULL;
    m->asked = asked;
    m->after = asked->got;
    m->prompted = 0;
    m->style = s->gear[p->node->device].style;
    if (status > 100 && !m->to_tag) m->to_tag = id_tag(s, p->node->device);
    m->reliable = asked->method == INVITE && status >= 200;
    asked->reply = m;
    net_send(s, asked->hop, 1 - asked->dir, m);
}

static void trying(struct sim *s, const struct event *e) {
    say(s, e->a, e->b, 100);
}

/* ---- INVITE ---------------------------------------------------------------------------------------------------- */

static struct hop *hop_to(struct proxy *p, int kid) {
    if (p->down[kid]) return p->down[kid];
    struct node *to = p->node->kids[kid];
    struct hop *h =
        hop_new(p->call, p->node->addr[1], to->addr[0], p->up->leg, p->up->call_id);
    h->proxy[0] = p;
    h->to = to;
    h->dead = to->outcome == IS_DEAD;
    h->recording = p->up->recording;
    h->transfer = p->up->transfer;
    return p->down[kid] = h;
}

static void group_done(struct sim *s, struct proxy *p, struct sip *m);

/* Nothing at all is heard of a phone that is not there: the proxy gives up (RFC 3261 §16.7, timer C or sooner). */
static void kid_silent(struct sim *s, const struct event *e) {
    struct proxy *p = e->a;
    int kid = (int)e->n;
    if (p->status[kid] >= 200) return;
    p->status[kid] = 408;
    p->sent[kid]->settled = true;
    if (p->node->group[kid] == p->group) group_done(s, p, NULL);
}

static void invite_kid(struct sim *s, const struct event *e) {
    struct proxy *p = e->a;
    int kid = (int)e->n;
    struct node *to = p->node->kids[kid];
    if (p->won || p->cancelled || p->answered) return;
    struct sip *m = copy_of(p, p->asked);
    struct sip *because = e->b;
    m->prompted = because->got;
    m->reliable = true;
    m->max_forwards--;
    m->vias =
        own_via(s, p, p->node->addr[1], NULL, with_source(s, p, p->asked), to->addr[0]);
    if (p->node->record_route) m->record_routes = own_route(s, p, m->record_routes);
    if (to->user)
        m->ruri = arena_say(&p->call->arena, "sip:%s@%s", to->user, s->host[to->addr[0]]);
    p->sent[kid] = m;
    p->status[kid] = 1;
    net_send(s, hop_to(p, kid), 0, m);
    if (to->outcome == IS_DEAD)
        later(s, p->call, dice_us(&s->dice, 3, 12), kid_silent, p, NULL, kid);
}

static void cancel_kid(struct sim *s, struct proxy *p, int kid, int prompted) {
    struct sip *invite = p->sent[kid];
    if (!invite) return;
    if (invite->hop->dead && p->status[kid] < 200) {
        p->status[kid] = 408;
        invite->settled = true;
    }
    if (p->status[kid] != 180) return;
    struct sip *m = copy_of(p, invite);
    invite->fwd = NULL;
    m->method = CANCEL;
    m->contact = m->body = NULL;
    m->more = NULL;
    m->record_routes = NULL;
    m->reliable = true;
    m->prompted = prompted;
    m->after = invite->row;
    m->vias =
        own_via(s, p, p->node->addr[1], invite->vias->branch, NULL, invite->hop->addr[1]);
    m->style = s->gear[p->node->device].style;
    p->status[kid] = 199;
    net_send(s, invite->hop, 0, m);
}

static void cancel_all(struct sim *s, struct proxy *p, int but, int prompted) {
    for (int i = 0; i < p->node->nkids; i++)
        if (i != but) cancel_kid(s, p, i, prompted);
}

struct timeout {
    struct proxy *p;
    int group;
};

static void group_begin(struct sim *s, struct proxy *p, struct sip *because);

static bool group_over(const struct proxy *p) {
    for (int i = 0; i < p->node->nkids; i++)
        if (p->node->group[i] == p->group &&
            (p->sent[i] ? p->status[i] < 200 : !p->cancelled))
            return false;
    return true;
}

static void fail_upwards(struct sim *s, struct proxy *p, struct sip *m) {
    if (p->answered) return;
    struct sip *best = p->best ? p->best : m;
    if (!best) return;
    p->answered = true;
    struct sip *up = copy_of(p, best);
    up->vias = best->vias->next;
    up->asked = p->asked;
    up->after = p->asked->got;
    up->prompted = m ? m->got : best->got;
    up->reliable = true;
    p->answer = up;
    p->asked->reply = up;
    net_send(s, p->up, 1, up);
}

/* Nobody below had anything to say. */
static void give_up(struct sim *s, struct proxy *p, int status) {
    if (p->answered || p->won) return;
    say(s, p, p->asked, status);
    p->answered = true;
    p->answer = p->asked->reply;
}

/* Phones that are not there never answer: the proxy does in their stead. */
static void group_timeout(struct sim *s, const struct event *e) {
    struct proxy *p = e->a;
    if (p->won || p->answered || p->group != (int)e->n) return;
    for (int i = 0; i < p->node->nkids; i++) {
        if (p->node->group[i] != p->group || !p->sent[i]) continue;
        cancel_kid(s, p, i, 0);
        p->sent[i]->settled = true;
        if (p->status[i] < 200) p->status[i] = 408;
    }
    if (++p->group < p->node->ngroups && !p->cancelled) {
        group_begin(s, p, p->asked);
        return;
    }
    if (p->best)
        fail_upwards(s, p, NULL);
    else
        give_up(s, p, 408);
}

static void group_begin(struct sim *s, struct proxy *p, struct sip *because) {
    int64_t wait = 0;
    for (int i = 0; i < p->node->nkids; i++) {
        if (p->node->group[i] != p->group) continue;
        later(s, p->call, wait, invite_kid, p, because, i);
        wait += dice_between(&s->dice, 30, 400);
    }
    int64_t limit = p->node->group_us[p->group];
    if (limit) later(s, p->call, limit, group_timeout, p, NULL, p->group);
}

/* Once all of a group have failed, the next one, or the failure goes back. */
static void group_done(struct sim *s, struct proxy *p, struct sip *m) {
    if (p->won || p->answered || !group_over(p)) return;
    bool asked = m && (m->status == 401 || m->status == 407);
    if (!p->cancelled && !asked && p->group + 1 < p->node->ngroups) {
        p->group++;
        group_begin(s, p, m ? m : p->asked);
    } else if (p->best) {
        fail_upwards(s, p, m);
    } else {
        give_up(s, p, p->cancelled ? 487 : 408);
    }
}

static struct proxy *proxy_of(struct hop *hop, struct sip *m) {
    if (hop->proxy[1]) return hop->proxy[1];
    struct call *c = m->origin->call;
    struct proxy *p = NEW(c, struct proxy);
    p->node = hop->to;
    p->call = c;
    p->up = hop;
    hop->proxy[1] = p;
    return p;
}

static void take_invite(struct sim *s, struct proxy *p, struct sip *m) {
    p->asked = m;
    p->best = p->answer = NULL;
    p->group = 0;
    p->won = p->answered = p->cancelled = false;
    group_begin(s, p, m);
}

/* ---- what passes through ------------------------------------------------------------------------------------------ */

static void pass_on(struct sim *s, struct proxy *p, struct sip *m) {
    struct hop *out = m->dir == 0 ? p->down[p->win] : p->up;
    if (!out) return;
    struct sip *c = copy_of(p, m);
    const char *branch =
        m->acks && m->acks->fwd && m->vias->branch == m->acks->vias->branch
            ? m->acks->fwd->vias->branch
            : NULL;
    c->max_forwards--;
    c->vias = own_via(s, p, out->addr[m->dir], branch, with_source(s, p, m),
                      out->addr[1 - m->dir]);
    if (m->routes) c->routes = m->routes->next;
    if (m->method == INVITE && p->node->record_route)
        c->record_routes = own_route(s, p, m->record_routes);
    net_send(s, out, m->dir, c);
}

static void take_request(struct sim *s, struct proxy *p, struct sip *m) {
    if (m->method == INVITE && !m->to_tag) {
        take_invite(s, p, m);
    } else if (m->method == CANCEL) {
        say(s, p, m, 200);
        p->cancelled = true;
        cancel_all(s, p, -1, m->got);
        if (group_over(p)) give_up(s, p, 487);
    } else if (m->method == ACK && p->answer && m->cseq == p->answer->cseq) {
        p->answer->settled = true;
    } else {
        pass_on(s, p, m);
    }
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void pass_back(struct sim *s, struct proxy *p, struct sip *m) {
    struct sip *asked = m->asked->orig;
    struct sip *c = copy_of(p, m);
    c->vias = m->vias->next;
    c->asked = asked;
    c->after = asked->got;
    asked->reply = c;
    net_send(s, asked->hop, 1 - asked->dir, c);
}

static void ack_down(struct sim *s, struct proxy *p, struct sip *invite,
                     struct sip *failure) {
    struct sip *m = copy_of(p, invite);
    invite->fwd = NULL;
    m->method = ACK;
    m->to_tag = failure->to_tag;
    m->contact = m->body = NULL;
    m->more = NULL;
    m->record_routes = NULL;
    m->prompted = 0;
    m->after = failure->got;
    m->vias =
        own_via(s, p, p->node->addr[1], invite->vias->branch, NULL, invite->hop->addr[1]);
    m->style = s->gear[p->node->device].style;
    failure->reply = m;
    net_send(s, invite->hop, 0, m);
}

static void kid_failed(struct sim *s, struct proxy *p, int kid, struct sip *m) {
    p->status[kid] = m->status;
    ack_down(s, p, p->sent[kid], m);
    if (p->won || p->answered) return;
    if (!p->best || m->status < p->best->status || m->status == 401 || m->status == 407)
        p->best = m;
    group_done(s, p, m);
}

static int kid_of(const struct proxy *p, const struct sip *m) {
    for (int i = 0; i < p->node->nkids; i++)
        if (p->sent[i] && p->sent[i] == m->asked) return i;
    return -1;
}

static void take_response(struct sim *s, struct proxy *p, struct sip *m) {
    int kid = kid_of(p, m);
    if (m->method == CANCEL) return;
    if (kid < 0) {
        if (m->status > 100) pass_back(s, p, m);
        return;
    }
    if (m->status >= 300) {
        kid_failed(s, p, kid, m);
    } else if (m->status >= 200) {
        p->status[kid] = m->status;
        p->won = true;
        p->win = kid;
        pass_back(s, p, m);
        cancel_all(s, p, kid, m->got);
    } else {
        if (p->status[kid] < 200) p->status[kid] = 180;
        if (p->cancelled) cancel_kid(s, p, kid, p->cancel_row);
        if (m->status > 100 && !p->won && !p->answered) {
            p->win = kid;
            pass_back(s, p, m);
        }
    }
}

static void deal(struct sim *s, const struct event *e) {
    struct sip *m = e->b;
    if (m->status)
        take_response(s, e->a, m);
    else
        take_request(s, e->a, m);
}

static bool comes_again(struct sim *s, struct sip *m) {
    if (!m->seen) return false;
    struct sip *what = m->fwd && m->method != INVITE ? m->fwd
                       : m->reply                    ? m->reply
                                                     : m->fwd;
    if (m->status && m->status < 300) what = m->fwd;
    if (what && what->row) net_again(s, what);
    return true;
}

void proxy_receive(struct sim *s, struct hop *hop, int dir, struct sip *m, int row) {
    struct proxy *p = dir == 0 ? proxy_of(hop, m) : hop->proxy[0];
    if (comes_again(s, m)) return;
    m->seen = true;
    m->got = row;
    if (m->status) m->asked->settled = true;
    if (m->method == INVITE && !m->status)
        later(s, p->call, dice_between(&s->dice, 80, 400), trying, p, m, 0);
    if (m->method == CANCEL && !m->status) p->cancel_row = row;
    int64_t at = s->now + think_us(s, p->node->device);
    if (at <= p->busy_until) at = p->busy_until + 1;
    p->busy_until = at;
    later(s, p->call, at - s->now, deal, p, m, 0);
}
