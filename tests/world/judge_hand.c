#include "world/judge_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAY_US = 1500 };

static void room(int n, int most) {
    if (n < most) return;
    fputs("hand: the world is full\n", stderr);
    exit(2);
}

int hand_device(struct hand *h, const char *name, bool box) {
    struct world *w = &h->w;
    room(w->ndevices, 16);
    int d = w->ndevices++;
    h->devices[d] = (struct world_device){.box = box, .inside = d % 2, .site = d};
    snprintf(h->devices[d].name, sizeof h->devices[d].name, "%s", name);
    h->addresses[d] = (struct world_address){
        .ip = 0xc0000201u + (uint32_t)d, .port = 5060, .device = d};
    w->naddresses = w->ndevices;
    return d;
}

int hand_call(struct hand *h, const char *flow) {
    room(h->w.ncalls, HAND_LEGS);
    h->calls[h->w.ncalls] = (struct world_call){.flow = flow, .first_leg = h->w.nlegs};
    return h->w.ncalls++;
}

int hand_leg(struct hand *h, int call, int parent, int from, int to, const char *call_id,
             const char *caller, const char *called) {
    int l = h->w.nlegs;
    room(l, HAND_LEGS);
    h->legs[l] = (struct world_leg){.call = call,
                                    .parent = parent,
                                    .from_device = from,
                                    .to_device = to,
                                    .call_id = call_id};
    h->caller[l] = caller;
    h->called[l] = called;
    return h->w.nlegs++;
}

static int say(struct hand *h, int leg, int ms, bool request, const char *what,
               const char *method, int prompted) {
    struct world *w = &h->w;
    const struct world_leg *l = &h->legs[leg];
    const char *caller = h->caller[leg], *called = h->called[leg];
    room(w->nmsgs, HAND_MSGS);
    struct world_msg *m = &h->msgs[w->nmsgs++];
    int cseq = strcmp(method, "BYE") == 0 ? 2 : 1;
    bool tagged = !request || strcmp(method, "BYE") == 0;
    m->sent_us = 1400000000000000 + (int64_t)ms * 1000;
    m->received_us = m->sent_us + WAY_US;
    m->leg = leg;
    m->from = request ? l->from_device : l->to_device;
    m->to = request ? l->to_device : l->from_device;
    m->prompted = prompted;
    m->after = h->last[leg];
    m->at = (uint32_t)w->ntext;
    char start[64];
    if (request)
        snprintf(start, sizeof start, "%s sip:%s@host SIP/2.0", method, called);
    else
        snprintf(start, sizeof start, "SIP/2.0 %s", what);
    int n = snprintf(h->text + w->ntext, 512,
                     "%s\r\nVia: SIP/2.0/UDP host:5060;branch=z9hG4bK%d.%d\r\n"
                     "From: <sip:%s@host>;tag=f%d\r\nTo: <sip:%s@host>%s%.0d\r\n"
                     "Call-ID: %s\r\nCSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
                     start, leg, cseq, caller, leg, called, tagged ? ";tag=t" : "",
                     tagged ? leg + 1 : 0, l->call_id, cseq, method);
    m->n = (uint32_t)n;
    w->ntext += (size_t)n;
    return h->last[leg] = w->nmsgs;
}

int hand_ask(struct hand *h, int leg, int ms, const char *method, int prompted) {
    return say(h, leg, ms, true, method, method, prompted);
}

int hand_tell(struct hand *h, int leg, int ms, const char *status, int prompted) {
    const struct world_msg *before = &h->msgs[h->last[leg] - 1];
    bool bye = h->last[leg] && memcmp(h->text + before->at, "BYE", 3) == 0;
    return say(h, leg, ms, false, status, bye ? "BYE" : "INVITE", prompted);
}

/* ---- in order of time ------------------------------------------------------------------------------ */

static const struct hand *sorted; /* for qsort */

static int by_time(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    int64_t s = sorted->msgs[x].sent_us, t = sorted->msgs[y].sent_us;
    if (s != t) return s < t ? -1 : 1;
    return (x > y) - (x < y);
}

struct world *hand_finish(struct hand *h) {
    static struct world_msg old[HAND_MSGS];
    static int order[HAND_MSGS], place[HAND_MSGS + 1];
    struct world *w = &h->w;
    for (int i = 0; i < w->nmsgs; i++) order[i] = i;
    sorted = h;
    qsort(order, (size_t)w->nmsgs, sizeof *order, by_time);
    memcpy(old, h->msgs, sizeof old);
    for (int i = 0; i < w->nmsgs; i++) place[order[i] + 1] = i + 1;
    for (int i = 0; i < w->nmsgs; i++) {
        h->msgs[i] = old[order[i]];
        h->msgs[i].prompted = place[h->msgs[i].prompted];
        h->msgs[i].after = place[h->msgs[i].after];
    }
    w->devices = h->devices;
    w->addresses = h->addresses;
    w->legs = h->legs;
    w->calls = h->calls;
    w->msgs = h->msgs;
    w->text = h->text;
    return w;
}
