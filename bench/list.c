/* list.c: a database of very many calls, without messages, to see how the list scrolls. Usage: list DATABASE CALLS.
 * The same number gives the same calls: about 12 a second by day and 1 by night. */
#include "base/out.h"
#include "draw/draw.h"
#include "store/store.h"
#include "../tests/lib/chance.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"trunk",     "sbc",      "pbx",
                                    "reception", "recorder", "gateway"};

static void make_devices(struct call *c, isize n, arena *view) {
    c->devices = arena_new(view, struct device, n);
    c->ndevices = n;
    for (isize i = 0; i < n; i++) {
        struct device *d = &c->devices[i];
        d->name = str_z(names[i]);
        d->named = true;
        d->addresses = arena_new(view, str, 1);
        d->addresses[0] = arena_printf(view, "192.0.2.%d:5060", (int)i + 10);
        d->naddresses = d->nips = 1;
    }
}

static void make_leg(struct leg *l, const struct call *c, int n, u64 no, arena *view) {
    l->n = n;
    l->id = call_id_text(view, hash_mix(no, (u64)n));
    l->call_id = arena_printf(view, "%016llx-%d@192.0.2.%d",
                              (unsigned long long)hash_mix(no, 99), n, n + 9);
    l->from_device = n - 1;
    l->to_device = n;
    l->transport = TRANSPORT_UDP;
    l->from = c->from;
    l->to = c->to;
    l->role = n == 1 ? ROLE_INCOMING : ROLE_HOP;
    l->state = c->state;
    l->status = c->status;
    l->messages = 7;
    l->parent = n - 1;
    l->confidence = 0.998;
    l->start_us = l->ring_us = l->answer_us = l->end_us = c->start_us;
}

static void make_call(struct call *c, u64 no, i64 start_us, arena *view) {
    static const struct {
        enum call_state state;
        int status;
    } ends[] = {{STATE_ANSWERED, 200},  {STATE_ANSWERED, 200}, {STATE_ANSWERED, 200},
                {STATE_CANCELLED, 487}, {STATE_FAILED, 486},   {STATE_FAILED, 404}};
    isize end = (isize)chance(countof(ends)), legs = 2 + (isize)chance(4);
    *c = (struct call){.kind = KIND_CALL, .start_us = start_us, .precision_us = 1};
    c->state = ends[end].state;
    c->status = ends[end].status;
    c->from = arena_printf(view, "01632%06d", (int)chance(500000));
    c->to = arena_printf(view, "0207946%04d", (int)chance(10000));
    c->setup_ms = c->ring_ms = 2000 + (i64)chance(9000);
    c->duration_ms = c->state == STATE_ANSWERED ? 1000 + (i64)chance(600000) : -1;
    make_devices(c, legs + 1, view);
    c->legs = arena_new(view, struct leg, legs);
    for (; c->nlegs < legs; c->nlegs++)
        make_leg(&c->legs[c->nlegs], c, (int)c->nlegs + 1, no, view);
    c->id = c->legs[0].id;
    c->nmessages = 7 * legs;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: list DATABASE CALLS\n");
        return 2;
    }
    u64 calls = strtoull(argv[2], NULL, 10);
    arena boot = arena_open(64 << 20), view = arena_open_view();
    struct store *s;
    str sentence = {0};
    if (store_open(&s, argv[1], STORE_WRITE, &boot, &sentence) != ERR_OK) {
        fprintf(stderr, "list: %.*s\n", (int)sentence.n, (const char *)sentence.p);
        return 1;
    }
    i64 at_us = 1785056400000000;
    enum err e = ERR_OK;
    for (u64 i = 0; i < calls && e == ERR_OK; i++) {
        struct call c;
        struct out json = {0};
        arena_reset(&view);
        bool day = (at_us / 3600000000) % 24 >= 7 && (at_us / 3600000000) % 24 < 19;
        at_us += (i64)chance(day ? 166000 : 2000000);
        make_call(&c, i + 1, at_us, &view);
        draw_json(&json, &c, false);
        if (i % 5000 == 0) e = store_begin(s);
        if (e == ERR_OK) e = store_put_call(s, &c, out_str(&json));
        if (e == ERR_OK && (i % 5000 == 4999 || i + 1 == calls)) e = store_commit(s);
        out_drop(&json);
    }
    if (e != ERR_OK) {
        str why = store_error(s);
        fprintf(stderr, "list: %.*s\n", (int)why.n, (const char *)why.p);
    }
    store_close(s);
    return e != ERR_OK;
}
