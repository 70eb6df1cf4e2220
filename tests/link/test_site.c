/* One PBX for several companies, each with its phones in a network of its own: whose tries are whose shows in where they go. */
#include "link/result.h"

enum { COMPANIES = 8, PHONES = 4, BEFORE = 160, LEGS = 3 * BEFORE + 6 };

struct town {
    struct scene s;
    struct talk legs[LEGS];
    const struct talk *all[LEGS];
    isize n;
    struct out want;
    int trunk, pbx, phones[COMPANIES][PHONES];
};

static struct talk *leg(struct town *t, int from, int to, const char *caller,
                        const char *called) {
    must(t->n < LEGS);
    const char *name = arena_z(&t->s.text, arena_printf(&t->s.text, "L%03d", (int)t->n));
    t->legs[t->n] = talk(from, to, name, caller, called);
    t->all[t->n] = &t->legs[t->n];
    return &t->legs[t->n++];
}

static void want(struct town *t, const struct talk *a, const struct talk *b,
                 const struct talk *c) {
    out_printf(&t->want, "%s%s %s %s", t->want.n ? "|" : "", a->name, b->name, c->name);
}

/* A call rings one phone of its company's, which is busy, then another one. */
static void ordinary(struct town *t, int nth, double at) {
    int company = nth % COMPANIES, first = nth / COMPANIES % PHONES;
    const char *caller =
        arena_z(&t->s.text, arena_printf(&t->s.text, "0163296%04d", nth));
    const char *called =
        arena_z(&t->s.text, arena_printf(&t->s.text, "0207946%04d", company));
    struct talk *a = leg(t, t->trunk, t->pbx, caller, called),
                *b = leg(t, t->pbx, t->phones[company][first], caller, "201"),
                *c = leg(t, t->pbx, t->phones[company][(first + 1) % PHONES], caller,
                         "202");
    ask(&t->s, a, at, "INVITE");
    ask(&t->s, b, at + 5, "INVITE");
    fail_with(&t->s, b, at + 60, "486 Busy Here");
    ask(&t->s, c, at + 68, "INVITE");
    answer(&t->s, c, at + 400);
    answer(&t->s, a, at + 404);
    hang_up(&t->s, a, at + 900, false);
    hang_up(&t->s, c, at + 903, false);
    want(t, a, b, c);
}

/* Two callers without a number, to numbers that nobody called before: their first tries fail at one moment, and the second ones leave
 * crosswise. */
static void crossed(struct town *t, double at) {
    struct talk *call[2], *first[2], *second[2];
    for (int i = 0; i < 2; i++) {
        call[i] = leg(t, t->trunk, t->pbx, "anonymous", "02079469999");
        first[i] = leg(t, t->pbx, t->phones[i][1], "anonymous", "201");
        second[i] = leg(t, t->pbx, t->phones[i][2], "anonymous", "202");
        ask(&t->s, call[i], at + 300 * i, "INVITE");
        ask(&t->s, first[i], at + 300 * i + 5, "INVITE");
    }
    for (int i = 0; i < 2; i++)
        fail_with(&t->s, first[i], at + 1000 + 0.2 * i, "486 Busy Here");
    for (int i = 0; i < 2; i++) {
        ask(&t->s, second[i], at + 1008 - 0.2 * i, "INVITE");
        /* neither answers, both callers wait on: nothing else tells them apart */
        tell(&t->s, second[i], at + 1400 + 50 * i, "180 Ringing");
        want(t, call[i], first[i], second[i]);
    }
}

static void tries_stay_in_one_network(void **state) {
    (void)state;
    struct town *t = base_new(1, (isize)sizeof *t);
    scene_open(&t->s);
    tap(&t->s, "wire.pcap");
    t->trunk = box(&t->s, "trunk", "198.51.100.10");
    t->pbx = box(&t->s, "pbx", "192.0.2.2");
    for (int company = 0; company < COMPANIES; company++) {
        for (int i = 0; i < PHONES; i++) {
            str ip = arena_printf(&t->s.text, "10.0.%d.%d", company + 1, 20 + i);
            const char *z = arena_z(&t->s.text, ip);
            t->phones[company][i] = box(&t->s, z, z);
        }
    }
    for (int i = 0; i < BEFORE; i++) ordinary(t, i, 2000.0 * i);
    crossed(t, 2000.0 * BEFORE);
    out_byte(&t->want, 0);
    assert_calls(&t->s, t->all, t->n, (const char *)t->want.p);
    out_drop(&t->want);
    scene_close(&t->s);
    base_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_stay_in_one_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
