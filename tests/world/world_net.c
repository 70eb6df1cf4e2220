/* world_net.c: the wire. A message that is sent becomes a row at once; it arrives later, or never; what needs an answer
 * goes again after 0.5 s, 1 s, 2 s … (RFC 3261 §17). */
#include <string.h>

#include "world_own.h"

enum { T1_US = 500000, T2_US = 4000000, TRIES = 7 };

void *take(struct call *c, size_t n) {
    return arena_take(&c->arena, n);
}

void later(struct sim *s, struct call *c, int64_t after_us,
           void (*what)(struct sim *, const struct event *), void *a, void *b,
           int64_t n) {
    c->waiting++;
    queue_add(
        &s->queue,
        (struct event){
            .at_us = s->now + after_us, .what = what, .call = c, .a = a, .b = b, .n = n});
}

/* Most messages are dealt with in milliseconds; now and then a box has something else to do. */
int64_t think_us(struct sim *s, int device) {
    const struct gear *g = &s->gear[device];
    int64_t us = dice_lognormal_us(&s->dice, g->median_ms, g->sigma);
    if (dice_chance(&s->dice, 0.01)) us += dice_us(&s->dice, 0.05, 0.3);
    return us + 60;
}

struct call *call_new(struct sim *s, const char *flow) {
    struct arena a = {.pool = &s->pool};
    struct call *c = arena_take(&a, sizeof *c);
    c->arena = a;
    void *rows = s->w->calls;
    struct world_call *row = rows_add(&rows, &s->w->ncalls, &s->room[3], sizeof *row);
    s->w->calls = rows;
    row->flow = flow;
    row->first_leg = -1;
    c->row = s->w->ncalls - 1;
    return c;
}

struct hop *hop_new(struct call *c, int from_addr, int to_addr, int parent,
                    const char *call_id) {
    struct hop *h = NEW(c, struct hop);
    h->addr[0] = from_addr;
    h->addr[1] = to_addr;
    h->parent = parent;
    h->call_id = call_id;
    return h;
}

static void leg_begin(struct sim *s, struct call *c, struct hop *h) {
    struct world *w = s->w;
    void *rows = w->legs;
    struct world_leg *leg = rows_add(&rows, &w->nlegs, &s->room[2], sizeof *leg);
    w->legs = rows;
    h->leg = w->nlegs;
    *leg = (struct world_leg){.call = c->row,
                              .parent = h->parent,
                              .kind = h->kind,
                              .from_device = w->addresses[h->addr[0]].device,
                              .to_device = w->addresses[h->addr[1]].device,
                              .call_id = h->call_id,
                              .recording = h->recording,
                              .transfer = h->transfer};
    if (w->calls[c->row].first_leg < 0) w->calls[c->row].first_leg = h->leg - 1;
}

static int64_t way_us(struct sim *s, int from, int to) {
    const struct gear *a = &s->gear[from], *b = &s->gear[to];
    double ms = a->far_ms + b->far_ms, jitter = a->jitter_ms + b->jitter_ms;
    return (int64_t)(1000.0 * (ms + dice_exp(&s->dice, 0.05 + jitter)));
}

static void handle(struct sim *s, const struct event *e) {
    struct sip *m = e->a;
    struct hop *h = m->hop;
    bool to_proxy = m->dir == 0 && h->to && h->to->kind == NODE_PROXY;
    if (to_proxy || h->proxy[1 - m->dir])
        proxy_receive(s, h, m->dir, m, (int)e->n);
    else
        ua_receive(s, h, m->dir, m, (int)e->n);
}

static void go_again(struct sim *s, const struct event *e) {
    struct sip *m = e->a;
    if (!m->settled) net_again(s, m);
}

/* Row r is on its way: it arrives, unless it is lost. */
static void carry(struct sim *s, struct sip *m, int r) {
    struct world_msg *msg = &s->w->msgs[r];
    struct call *c = m->origin->call;
    struct hop *h = m->hop;
    int from = s->w->addresses[msg->from].device, to = s->w->addresses[msg->to].device;
    bool lost = (h->dead && m->dir == 0) ||
                (!msg->transport && dice_chance(&s->dice, s->plan->network_loss));
    int64_t arrives = s->now + way_us(s, from, to);
    if (arrives <= h->last_us[m->dir]) arrives = h->last_us[m->dir] + 1;
    if (lost) {
        msg->received_us = -1;
    } else {
        h->last_us[m->dir] = arrives;
        msg->received_us = arrives;
        later(s, c, arrives - s->now + 1, handle, m, NULL, r + 1);
    }
    if (m->reliable && !msg->transport && m->tries < TRIES) {
        bool short_of_t2 = m->status == 0 && m->method == INVITE;
        later(s, c, m->wait_us, go_again, m, NULL, 0);
        m->wait_us *= 2;
        if (!short_of_t2 && m->wait_us > T2_US) m->wait_us = T2_US;
        m->tries++;
    }
}

static int msg_add(struct sim *s, struct hop *h, int dir) {
    struct world *w = s->w;
    void *rows = w->msgs;
    struct world_msg *msg = rows_add(&rows, &w->nmsgs, &s->room[4], sizeof *msg);
    w->msgs = rows;
    msg->sent_us = s->now;
    msg->leg = h->leg - 1;
    msg->from = h->addr[dir];
    msg->to = h->addr[1 - dir];
    return w->nmsgs - 1;
}

/* A cause on the same leg is no prompt, an answer to something on another leg follows nothing. */
static int on_other_leg(const struct sim *s, int row, int leg) {
    return row && s->w->msgs[row - 1].leg != leg ? row : 0;
}
static int on_this_leg(const struct sim *s, int row, int leg) {
    return row && s->w->msgs[row - 1].leg == leg ? row : 0;
}

bool speak_tcp(const struct sim *s, int from_addr, int to_addr) {
    const struct world_address *a = s->w->addresses;
    return s->gear[a[from_addr].device].tcp && s->gear[a[to_addr].device].tcp;
}

static int last_of_dialog(const struct ua *ua) {
    return ua->ack_row ? ua->ack_row : ua->final_row;
}

static void send_now(struct sim *s, struct sip *m) {
    struct hop *h = m->hop;
    if (!h->leg) leg_begin(s, m->origin->call, h);
    if (m->after == LAST_OF_DIALOG) m->after = last_of_dialog(m->origin);
    int r = msg_add(s, h, m->dir);
    struct world_msg *msg = &s->w->msgs[r];
    msg->prompted = on_other_leg(s, m->prompted, h->leg - 1);
    msg->after = on_this_leg(s, m->after, h->leg - 1);
    msg->transport = speak_tcp(s, msg->from, msg->to);
    msg->at = (uint32_t)s->text.n;
    write_sip(s, m);
    msg = &s->w->msgs[r];
    msg->n = (uint32_t)s->text.n - msg->at;
    m->row = r + 1;
    if (m->row_to) *m->row_to = m->row;
    carry(s, m, r);
}

static void send_planned(struct sim *s, const struct event *e) {
    send_now(s, e->a);
}

/* One message after the other leaves a device, however many it has to send at once. True: this one has to wait. */
static bool has_to_wait(struct sim *s, int device, int64_t *wait_us) {
    struct gear *g = &s->gear[device];
    if (g->last_sent_us < s->now) {
        g->last_sent_us = s->now;
        return false;
    }
    g->last_sent_us += dice_between(&s->dice, 4, 40);
    *wait_us = g->last_sent_us - s->now;
    return true;
}

void net_send(struct sim *s, struct hop *h, int dir, struct sip *m) {
    int64_t wait;
    m->hop = h;
    m->dir = dir;
    m->wait_us = T1_US;
    if (has_to_wait(s, s->w->addresses[h->addr[dir]].device, &wait))
        later(s, m->origin->call, wait, send_planned, m, NULL, 0);
    else
        send_now(s, m);
}

void net_again(struct sim *s, struct sip *m) {
    int r = msg_add(s, m->hop, m->dir);
    struct world_msg *msg = &s->w->msgs[r], *first = &s->w->msgs[m->row - 1];
    msg->prompted = first->prompted;
    msg->after = first->after;
    msg->again = m->row;
    msg->transport = first->transport;
    msg->at = first->at;
    msg->n = first->n;
    carry(s, m, r);
}
