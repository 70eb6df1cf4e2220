/* fixture.h: calls built by hand, so that what is drawn depends on nothing but draw. */
#ifndef SIPWEAVE_TESTS_DRAW_FIXTURE_H
#define SIPWEAVE_TESTS_DRAW_FIXTURE_H

#include "draw/draw.h"

enum { FX_SDP = 1, FX_AGAIN = 2 };

/* 2014-07-26 08:54:02 in Britain */
#define FX_START 1406361242000000

struct fixture {
    arena view;
    struct call call;
};

static inline void fx_open(struct fixture *f, isize devices, isize legs, isize messages) {
    *f = (struct fixture){.view = arena_open_view()};
    struct call *c = &f->call;
    c->id = S("0a1b2c3d4e5f6");
    c->from = S("01632 960123");
    c->to = S("020 7946 0452");
    c->start_us = FX_START;
    c->setup_ms = c->ring_ms = c->duration_ms = -1;
    c->devices = arena_new(&f->view, struct device, devices);
    c->legs = arena_new(&f->view, struct leg, legs);
    c->messages = arena_new(&f->view, struct message, messages);
}

static inline void fx_close(struct fixture *f) {
    arena_close(&f->view);
}

static inline int fx_device(struct fixture *f, str name, str address, str software) {
    struct device *d = &f->call.devices[f->call.ndevices];
    d->name = name;
    d->named = !str_eq(name, address);
    d->software = software;
    d->addresses = arena_new(&f->view, str, 2);
    d->addresses[d->naddresses++] = address;
    d->nips = 1;
    return (int)f->call.ndevices++;
}

static inline int fx_leg(struct fixture *f, int from, int to, enum leg_role role,
                         enum call_state state, int status) {
    struct leg *l = &f->call.legs[f->call.nlegs];
    l->n = (int)++f->call.nlegs;
    l->id = arena_printf(&f->view, "leg%010d", l->n);
    l->call_id = arena_printf(&f->view, "CD7FCD99B1766D%02X@192.0.2.2", l->n & 0xff);
    l->from_device = from;
    l->to_device = to;
    l->transport = TRANSPORT_UDP;
    l->from = f->call.from;
    l->to = f->call.to;
    l->role = role;
    l->state = state;
    l->status = status;
    l->parent = l->n > 1;
    l->confidence = 0.998;
    l->start_us = l->ring_us = l->answer_us = l->end_us = -1;
    return l->n;
}

/* Words of a status: "180 Ringing". */
static inline str fx_summary(int status) {
    switch (status) {
    case 100: return S("100 Trying");
    case 180: return S("180 Ringing");
    case 183: return S("183 Session Progress");
    case 200: return S("200 OK");
    case 401: return S("401 Unauthorized");
    case 404: return S("404 Not Found");
    case 480: return S("480 Temporarily Unavailable");
    case 486: return S("486 Busy Here");
    case 487: return S("487 Request Terminated");
    case 503: return S("503 Service Unavailable");
    default: return S("699 Something Else");
    }
}

/* status 0: a request. Gives the message's number. Its times are filled into the leg. */
static inline int fx_say(struct fixture *f, int leg, int from, int to, i64 ms, str method,
                         int status, int prompted_by, int flags) {
    struct call *c = &f->call;
    struct message *m = &c->messages[c->nmessages];
    m->n = (int)++c->nmessages;
    m->time_us = FX_START + ms * 1000;
    m->precision_us = 1;
    m->leg = leg;
    m->from_device = from;
    m->to_device = to;
    m->src = from < c->ndevices && from >= 0 ? c->devices[from].addresses[0] : S("?");
    m->dst = to < c->ndevices && to >= 0 ? c->devices[to].addresses[0] : S("?");
    m->transport = TRANSPORT_UDP;
    m->method = method;
    m->is_request = status == 0;
    m->status = status;
    m->summary = status ? fx_summary(status) : method;
    m->cseq = 1;
    m->prompted_by = prompted_by;
    m->has_sdp = flags & FX_SDP;
    m->seen = arena_new(&f->view, struct seen_by, 1);
    m->seen[0] =
        (struct seen_by){S("boxless.log"), m->time_us, 1, VANTAGE_SENDER, (u64)m->n};
    m->nseen = 1;
    m->raw = arena_printf(&f->view, "%.*s sip:0452@example.com SIP/2.0\r\n\r\n",
                          (int)method.n, (const char *)method.p);
    struct leg *l = &c->legs[leg - 1];
    if (l->messages++ == 0) {
        l->start_us = m->time_us;
        l->src = m->src;
        l->dst = m->dst;
    }
    if (status == 180 && l->ring_us < 0) l->ring_us = m->time_us;
    if (status == 200 && str_eq(method, S("INVITE"))) l->answer_us = m->time_us;
    if (status >= 300 || str_eq(method, S("BYE"))) l->end_us = m->time_us;
    return m->n;
}

#define INV S("INVITE")

/* Two legs, one box between: plain as can be. */
static inline void fx_plain(struct fixture *f) {
    fx_open(f, 3, 2, 16);
    int a = fx_device(f, S("alice"), S("192.0.2.10:5060"), S("Snom/8.7")),
        p = fx_device(f, S("pbx"), S("192.0.2.1:5060"), S("Example PBX 3")),
        b = fx_device(f, S("bob"), S("192.0.2.11:5060"), S("Yealink T46"));
    int one = fx_leg(f, a, p, ROLE_INCOMING, STATE_ANSWERED, 200),
        two = fx_leg(f, p, b, ROLE_HOP, STATE_ANSWERED, 200);
    fx_say(f, one, a, p, 0, INV, 0, 0, FX_SDP);
    fx_say(f, one, p, a, 2, INV, 100, 0, 0);
    fx_say(f, two, p, b, 5, INV, 0, 1, FX_SDP);
    fx_say(f, two, b, p, 90, INV, 180, 0, 0);
    fx_say(f, one, p, a, 92, INV, 180, 4, 0);
    fx_say(f, two, b, p, 4200, INV, 200, 0, FX_SDP);
    fx_say(f, one, p, a, 4202, INV, 200, 6, FX_SDP);
    fx_say(f, one, a, p, 4230, S("ACK"), 0, 0, 0);
    fx_say(f, two, p, b, 4232, S("ACK"), 0, 8, 0);
    fx_say(f, one, a, p, 64230, S("BYE"), 0, 0, 0);
    fx_say(f, one, p, a, 64231, S("BYE"), 200, 0, 0);
    fx_say(f, two, p, b, 64232, S("BYE"), 0, 10, 0);
    fx_say(f, two, b, p, 64250, S("BYE"), 200, 0, 0);
    f->call.state = STATE_ANSWERED;
    f->call.status = 200;
    f->call.setup_ms = 4202;
    f->call.ring_ms = 4110;
    f->call.duration_ms = 60028;
}

/* The call that everything grew from: 8 legs over 8 devices. */
static inline void fx_junk_start(struct fixture *f) {
    enum { PSTN, BV, BOX, OFFICE, HOME, AV, GATEWAY, NOISE };
    fx_say(f, 1, PSTN, BV, 0, INV, 0, 0, FX_SDP);
    fx_say(f, 1, BV, PSTN, 16, INV, 100, 0, 0);
    fx_say(f, 2, BV, BOX, 20, INV, 0, 1, FX_SDP);
    fx_say(f, 7, BV, NOISE, 22, INV, 0, 1, FX_SDP);
    fx_say(f, 2, BOX, BV, 32, INV, 401, 0, 0);
    fx_say(f, 7, NOISE, BV, 36, INV, 100, 0, 0);
    fx_say(f, 2, BV, BOX, 44, S("ACK"), 0, 0, 0);
    fx_say(f, 2, BV, BOX, 45, INV, 0, 5, FX_SDP);
    fx_say(f, 7, NOISE, BV, 56, INV, 200, 0, FX_SDP);
    fx_say(f, 2, BOX, BV, 67, INV, 100, 0, 0);
    fx_say(f, 3, BOX, OFFICE, 70, INV, 0, 8, FX_SDP);
    fx_say(f, 4, BOX, HOME, 71, INV, 0, 8, FX_SDP);
    fx_say(f, 5, BOX, AV, 72, INV, 0, 8, FX_SDP);
    fx_say(f, 4, HOME, BOX, 82, INV, 100, 0, 0);
    fx_say(f, 7, BV, NOISE, 83, S("ACK"), 0, 9, 0);
    fx_say(f, 3, OFFICE, BOX, 87, INV, 100, 0, 0);
    fx_say(f, 5, AV, BOX, 100, INV, 100, 0, 0);
    fx_say(f, 6, AV, GATEWAY, 104, INV, 0, 13, FX_SDP);
    fx_say(f, 6, GATEWAY, AV, 129, INV, 100, 0, 0);
    fx_say(f, 3, OFFICE, BOX, 237, INV, 180, 0, 0);
    fx_say(f, 4, HOME, BOX, 282, INV, 180, 0, 0);
    fx_say(f, 2, BOX, BV, 292, INV, 180, 20, 0);
    fx_say(f, 1, BV, PSTN, 302, INV, 180, 22, 0);
    fx_say(f, 3, OFFICE, BOX, 1240, INV, 180, 0, 0);
    fx_say(f, 3, OFFICE, BOX, 2241, INV, 180, 0, 0);
    int answer = fx_say(f, 4, HOME, BOX, 3482, INV, 200, 0, FX_SDP);
    fx_say(f, 3, BOX, OFFICE, 3486, S("CANCEL"), 0, answer, 0);
    int cancel = fx_say(f, 5, BOX, AV, 3487, S("CANCEL"), 0, answer, 0);
    int through = fx_say(f, 2, BOX, BV, 3489, INV, 200, answer, FX_SDP);
    fx_say(f, 6, AV, GATEWAY, 3491, S("CANCEL"), 0, cancel, 0);
    fx_say(f, 1, BV, PSTN, 3492, INV, 200, through, FX_SDP);
}

static inline void fx_junk_end(struct fixture *f) {
    enum { PSTN, BV, BOX, OFFICE, HOME, AV, GATEWAY, NOISE };
    fx_say(f, 5, AV, BOX, 3495, S("CANCEL"), 200, 0, 0);
    fx_say(f, 5, AV, BOX, 3497, INV, 487, 0, 0);
    fx_say(f, 3, OFFICE, BOX, 3498, S("CANCEL"), 200, 0, 0);
    fx_say(f, 4, BOX, HOME, 3500, S("ACK"), 0, 26, 0);
    fx_say(f, 5, BOX, AV, 3501, S("ACK"), 0, 33, 0);
    int ack = fx_say(f, 1, PSTN, BV, 3504, S("ACK"), 0, 0, 0);
    fx_say(f, 2, BV, BOX, 3506, S("ACK"), 0, ack, 0);
    fx_say(f, 8, BOX, NOISE, 3507, INV, 0, 38, FX_SDP);
    fx_say(f, 6, GATEWAY, AV, 3510, S("CANCEL"), 200, 0, 0);
    fx_say(f, 6, GATEWAY, AV, 3519, INV, 487, 0, 0);
    fx_say(f, 8, NOISE, BOX, 3540, INV, 100, 0, 0);
    fx_say(f, 3, OFFICE, BOX, 3542, INV, 487, 0, 0);
    fx_say(f, 3, BOX, OFFICE, 3543, S("ACK"), 0, 43, 0);
    fx_say(f, 6, AV, GATEWAY, 3544, S("ACK"), 0, 41, 0);
    fx_say(f, 8, NOISE, BOX, 3560, INV, 200, 0, FX_SDP);
    fx_say(f, 8, BOX, NOISE, 3561, S("ACK"), 0, 46, 0);
    int bye = fx_say(f, 4, HOME, BOX, 14710, S("BYE"), 0, 0, 0);
    fx_say(f, 4, BOX, HOME, 14713, S("BYE"), 200, 0, 0);
    int back = fx_say(f, 2, BOX, BV, 14716, S("BYE"), 0, bye, 0);
    fx_say(f, 8, BOX, NOISE, 14717, S("BYE"), 0, bye, 0);
    fx_say(f, 2, BV, BOX, 14721, S("BYE"), 200, 0, 0);
    fx_say(f, 1, BV, PSTN, 14724, S("BYE"), 0, back, 0);
    fx_say(f, 7, BV, NOISE, 14726, S("BYE"), 0, back, 0);
    fx_say(f, 8, NOISE, BOX, 14730, S("BYE"), 200, 0, 0);
    fx_say(f, 7, NOISE, BV, 14735, S("BYE"), 200, 0, 0);
    fx_say(f, 1, PSTN, BV, 14744, S("BYE"), 200, 0, 0);
}

static inline void fx_junk(struct fixture *f) {
    fx_open(f, 8, 8, 64);
    struct call *c = &f->call;
    str fb = S("FireBrick/1.31.004"), snom = S("snom360/8.7.3.25");
    fx_device(f, S("pstn"), S("192.0.2.80:5060"), S(""));
    fx_device(f, S("b.voiceless"), S("192.0.2.2:5060"), fb);
    fx_device(f, S("boxless"), S("203.0.113.72:5060"), fb);
    fx_device(f, S("snom-office"), S("198.51.100.21:5060"), snom);
    fx_device(f, S("snom-home"), S("198.51.100.81:2048"), snom);
    fx_device(f, S("a.voiceless"), S("192.0.2.1:5060"), fb);
    fx_device(f, S("gateway"), S("192.0.2.90:5060"), S(""));
    int noise = fx_device(f, S("noiseless"), S("192.0.2.50:5060"), fb);
    c->devices[noise].addresses[c->devices[noise].naddresses++] = S("192.0.2.51:5060");
    c->devices[noise].nips = 2;
    fx_leg(f, 0, 1, ROLE_INCOMING, STATE_ANSWERED, 200);
    fx_leg(f, 1, 2, ROLE_HOP, STATE_ANSWERED, 200);
    fx_leg(f, 2, 3, ROLE_FORK, STATE_CANCELLED, 487);
    fx_leg(f, 2, 4, ROLE_FORK, STATE_ANSWERED, 200);
    fx_leg(f, 2, 5, ROLE_FORK, STATE_CANCELLED, 487);
    fx_leg(f, 5, 6, ROLE_GATEWAY, STATE_CANCELLED, 487);
    fx_leg(f, 1, 7, ROLE_RECORDING, STATE_ANSWERED, 200);
    fx_leg(f, 2, 7, ROLE_RECORDING, STATE_ANSWERED, 200);
    static const int parents[] = {0, 1, 2, 2, 2, 5, 1, 2};
    for (int i = 0; i < 8; i++) {
        struct leg *l = &c->legs[i];
        l->parent = parents[i];
        if (!l->parent) continue;
        l->evidence = arena_new(&f->view, struct evidence, 2);
        l->evidence[l->nevidence++] = (struct evidence){
            S("called-number"),
            arena_printf(&f->view, "same called number %d ms after it arrived at %s",
                         4 + i, (const char *)c->devices[l->from_device].name.p),
            12.4};
        l->evidence[l->nevidence++] = (struct evidence){
            S("echo"), S("the answer on one leg was followed by the answer on the other"),
            6.1};
    }
    fx_junk_start(f);
    fx_junk_end(f);
    for (isize i = 0; i < c->nmessages; i++) {
        struct message *m = &c->messages[i];
        if (m->leg == 2 && m->time_us >= FX_START + 45000) m->cseq = 2;
    }
    c->legs[3].ended_by = SIDE_CALLEE;
    c->state = STATE_ANSWERED;
    c->status = 200;
    c->setup_ms = 3492;
    c->ring_ms = 3190;
    c->duration_ms = 11232;
    c->problems = arena_new(&f->view, struct problem, 1);
    c->nproblems = 1;
    c->problems[0] = (struct problem){
        S("cancel-slow"),
        S("warning"),
        S("The office phone took 44 ms to end the call after its CANCEL."),
        S("Update the phone, or look for loss on its link."),
        3,
        43};
}

#endif
