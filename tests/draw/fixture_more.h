/* fixture_more.h: the calls that strain a drawing: failures, folds, many legs, many devices, thousands of messages,
 * and one sent by somebody who wants out of the markup. */
#ifndef SIPWEAVE_TESTS_DRAW_FIXTURE_MORE_H
#define SIPWEAVE_TESTS_DRAW_FIXTURE_MORE_H

#include "draw/fixture.h"

/* Retransmissions, a busy answer, a loop inside one box, an unknown device, stamps of whole seconds. */
static inline void fx_failed(struct fixture *f) {
    fx_open(f, 3, 3, 32);
    int a = fx_device(f, S("192.0.2.10:5060"), S("192.0.2.10:5060"), S("")),
        p = fx_device(f, S("sbc-01.london.carrier.example.net"), S("192.0.2.1:5060"),
                      S("SBC")),
        b = fx_device(f, S("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:5060"),
                      S("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:5060"), S("Carrier"));
    int one = fx_leg(f, a, p, ROLE_INCOMING, STATE_FAILED, 503),
        two = fx_leg(f, p, b, ROLE_HOP, STATE_FAILED, 486),
        three = fx_leg(f, p, -1, ROLE_FORK, STATE_FAILED, 480);
    int first = fx_say(f, one, a, p, 0, INV, 0, 0, FX_SDP);
    fx_say(f, one, a, p, 500, INV, 0, 0, FX_SDP);
    fx_say(f, one, a, p, 1500, INV, 0, 0, FX_SDP);
    f->call.messages[1].retransmission_of = f->call.messages[2].retransmission_of = first;
    fx_say(f, one, p, a, 1520, INV, 100, 0, 0);
    fx_say(f, one, p, p, 1522, S("INFO"), 0, 0, 0);
    fx_say(f, one, p, p, 1523, S("INFO"), 503, 0, 0);
    int second = fx_say(f, two, p, b, 1530, INV, 0, first, FX_SDP);
    fx_say(f, two, b, p, 1600, INV, 183, 0, FX_SDP);
    fx_say(f, two, b, p, 1700, INV, 183, 0, FX_SDP);
    fx_say(f, two, b, p, 61800, INV, 486, second, 0);
    fx_say(f, two, p, b, 61802, S("ACK"), 0, 10, 0);
    fx_say(f, three, p, -1, 61810, INV, 0, 10, FX_SDP);
    fx_say(f, three, -1, p, 62900, INV, 480, 0, 0);
    fx_say(f, three, p, -1, 62901, S("ACK"), 0, 13, 0);
    fx_say(f, one, p, a, 3662905, INV, 503, 13, 0);
    fx_say(f, one, a, p, 3662950, S("ACK"), 0, 0, 0);
    for (isize i = 11; i < f->call.nmessages; i++)
        f->call.messages[i].precision_us = 1000000;
    f->call.messages[14].summary = S("503 Service Unavailable: no route to destination, "
                                     "try again later");
    f->call.problems = arena_new(&f->view, struct problem, 2);
    f->call.nproblems = 2;
    f->call.problems[0] = (struct problem){S("busy"), S("info"), S("busy"), S(""), 2, 10};
    f->call.problems[1] =
        (struct problem){S("no-route"), S("error"), S("no route"), S(""), 1, 15};
    f->call.state = STATE_FAILED;
    f->call.status = 503;
}

/* One box that rings `legs` phones at once, and cancels all but one of them. */
static inline void fx_fork(struct fixture *f, int legs) {
    fx_open(f, legs + 1, legs, (isize)legs * 8);
    int box = fx_device(f, S("callserver"), S("192.0.2.1:5060"), S("FireBrick/1.31.004"));
    for (int i = 0; i < legs; i++) {
        str address = arena_printf(&f->view, "198.51.100.%d:5060", i + 1);
        int phone = fx_device(f, arena_printf(&f->view, "phone-%d", i + 1), address,
                              S("Yealink SIP-T46S 66.85.0.5"));
        fx_leg(f, i ? box : phone, i ? phone : box, i ? ROLE_FORK : ROLE_INCOMING,
               STATE_CANCELLED, 487);
    }
    fx_say(f, 1, 1, box, 0, INV, 0, 0, FX_SDP);
    fx_say(f, 1, box, 1, 1, INV, 100, 0, 0);
    for (int i = 2; i <= legs; i++) fx_say(f, i, box, i, i * 3, INV, 0, 1, FX_SDP);
    for (int i = 2; i <= legs; i++) fx_say(f, i, i, box, 100 + i * 7, INV, 180, 0, 0);
    int answer = fx_say(f, legs, legs, box, 5000, INV, 200, 0, FX_SDP);
    for (int i = 2; i < legs; i++)
        fx_say(f, i, box, i, 5000 + i, S("CANCEL"), 0, answer, 0);
    for (int i = 2; i < legs; i++) fx_say(f, i, i, box, 5100 + i, INV, 487, 0, 0);
    f->call.state = STATE_ANSWERED;
}

/* A chain of boxes that passes everything on; n messages. */
static inline void fx_chain(struct fixture *f, int devices, int n) {
    fx_open(f, devices, devices - 1, n);
    for (int i = 0; i < devices; i++) {
        str address = arena_printf(&f->view, "192.0.2.%d:5060", i % 250 + 1);
        fx_device(f, arena_printf(&f->view, "proxy-%d", i + 1), address, S("OpenSIPS"));
    }
    for (int i = 0; i + 1 < devices; i++)
        fx_leg(f, i, i + 1, i ? ROLE_HOP : ROLE_INCOMING, STATE_ANSWERED, 200);
    static const int answers[] = {100, 180, 200};
    i64 ms = 0;
    for (int round = 0; f->call.nmessages < n; round++) {
        bool request = round % 4 == 0;
        int status = request ? 0 : answers[round % 4 - 1], by = 0;
        ms += round % 40 == 39 ? 30000 : 5;
        for (int i = 0; i + 1 < devices && f->call.nmessages < n; i++) {
            int leg = request ? i + 1 : devices - 1 - i;
            int from = request ? leg - 1 : leg, to = request ? leg : leg - 1;
            by = fx_say(f, leg, from, to, ms++, INV, status, by, FX_SDP);
        }
    }
    f->call.state = STATE_IN_CALL;
}

/* Bytes that must not become markup, script or terminal commands. */
#define FX_EVIL                                                                          \
    "</script><script>alert(1)</script>\"'&<![CDATA[\x1b]0;x\x07\0\xff\xc3(]]>-->\r\n"

static inline void fx_hostile(struct fixture *f) {
    fx_plain(f);
    struct call *c = &f->call;
    str evil = S(FX_EVIL);
    c->id = c->from = c->to = evil;
    for (isize i = 0; i < c->ndevices; i++) {
        c->devices[i].name = c->devices[i].software = evil;
        c->devices[i].addresses[0] = evil;
    }
    for (isize i = 0; i < c->nlegs; i++) {
        struct leg *l = &c->legs[i];
        l->id = l->call_id = l->src = l->dst = l->from = l->to = evil;
        l->from_display = l->reason = evil;
        l->evidence = arena_new(&f->view, struct evidence, 1);
        l->evidence[0] = (struct evidence){evil, evil, 1e308 * 10};
        l->nevidence = 1;
    }
    for (isize i = 0; i < c->nmessages; i++) {
        struct message *m = &c->messages[i];
        m->summary = m->raw = m->src = m->dst = evil;
        m->method = evil;
        m->seen[0].source = evil;
        m->notes = arena_new(&f->view, struct message_note, 1);
        m->notes[0] = (struct message_note){evil, evil, 0, 1};
        m->nnotes = 1;
    }
    c->messages[3].leg = -7;
    c->messages[4].leg = 99;
    c->messages[5].prompted_by = 4000;
    c->messages[6].retransmission_of = 7;
    c->messages[7].time_us = INT64_MIN / 2;
    c->messages[8].from_device = -1;
    c->messages[9].to_device = 1 << 30;
    c->problems = arena_new(&f->view, struct problem, 1);
    c->problems[0] = (struct problem){evil, evil, evil, evil, 99, 3};
    c->nproblems = 1;
}

#endif
