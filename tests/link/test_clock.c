/* Clocks that are wrong, drift and are set, over traffic whose truth is known: every message is recovered from its
 * sightings, none lost, none doubled, and comes after what caused it.
 *
 *     phones ──tap 0──tap 1── sbc ──tap 2── pbx ──tap 3──tap 4── gateway
 *                          └─ and its other side, as tap 3 sees both sides of the pbx
 *
 * Messages take 0.5 to 4 ms; over UDP some are lost and sent again half a second later. */
#include "link/result.h"

enum { PHONES = 200, SIGHTINGS_MOST = 400000, MESSAGES_MOST = 200000 };

struct plan {
    double missed, doubled, lost;
    bool logs;  /* of the three boxes; else five taps */
    int bursts; /* so often a burst of calls … */
    double burst_s, every_s, calls_a_second;
};

struct truth {
    i64 sent_us;
    int cause, call; /* cause: number + 1 */
    bool seen;
};

struct theatre {
    struct scene s;
    struct plan plan;
    int phones[PHONES], sbc, pbx, gateway;
    u64 seed;
    struct truth *msgs;
    int nmsgs, call;
    int *msg_of; /* by number of the shot */
    /* of the message that was sent last */
    i64 arrived_us;
    int sent;
};

static double chance(struct theatre *t) {
    return (double)(scene_random(&t->seed) >> 11) / 9007199254740992.0;
}

static double between(struct theatre *t, double low, double high) {
    return low + chance(t) * (high - low);
}

static void see(struct theatre *t, int point, i64 us, enum vantage v, int src, int dst,
                str text, int msg) {
    if (chance(t) < t->plan.missed) return;
    int times = v == VANTAGE_WIRE && chance(t) < t->plan.doubled ? 2 : 1;
    for (int i = 0; i < times; i++) {
        shoot(&t->s, point, us + (i64)(i * between(t, 10, 900)), v, src, dst, text);
        must(t->s.nshots < SIGHTINGS_MOST);
        t->msg_of[t->s.nshots] = msg;
        t->msgs[msg].seen = true;
    }
}

/* Where taps sit: on the hop of these two, as a share of the way from the first to the second. */
struct seat {
    int tap, left, right;
    double at;
};

static void one_packet(struct theatre *t, i64 us, int src, int dst, str text, bool lost) {
    enum { PHONE, SBC, PBX, GATEWAY };
    static const struct seat seats[] = {{0, PHONE, SBC, 0.3},  {1, PHONE, SBC, 0.95},
                                        {1, SBC, PBX, 0.05},   {2, SBC, PBX, 0.5},
                                        {3, SBC, PBX, 0.9},    {3, PBX, GATEWAY, 0.05},
                                        {4, PBX, GATEWAY, 0.6}};
    int msg = t->nmsgs++, left, right;
    must(t->nmsgs < MESSAGES_MOST);
    t->msgs[msg] = (struct truth){.sent_us = us, .call = t->call};
    i64 way = (i64)between(t, 500, 4000);
    t->arrived_us = us + way;
    t->sent = msg;
    int from = src == t->sbc       ? SBC
               : src == t->pbx     ? PBX
               : src == t->gateway ? GATEWAY
                                   : 0;
    int to = dst == t->sbc ? SBC : dst == t->pbx ? PBX : dst == t->gateway ? GATEWAY : 0;
    left = from < to ? from : to;
    right = from < to ? to : from;
    for (isize i = 0; i < countof(seats) && !t->plan.logs; i++) {
        const struct seat *x = &seats[i];
        double at = from < to ? x->at : 1 - x->at;
        if (x->left != left || x->right != right || (lost && at > 0.5)) continue;
        see(t, x->tap, us + (i64)(at * (double)way), VANTAGE_WIRE, src, dst, text, msg);
    }
    for (int i = 0; i < t->s.npoints && t->plan.logs; i++) {
        int box = t->s.points[i].box;
        if (box == src) see(t, i, us, VANTAGE_SENDER, src, dst, text, msg);
        if (box == dst && !lost)
            see(t, i, us + way, VANTAGE_RECEIVER, src, dst, text, msg);
    }
}

/* Until it arrives. */
static void carry_here(struct scene *s, i64 us, int src, int dst, str text) {
    struct theatre *t = s->ctx;
    int first = t->nmsgs;
    bool again = !str_starts(text, S("SIP/2.0 1")) && !str_starts(text, S("ACK"));
    for (i64 wait = 500000; again && chance(t) < t->plan.lost; wait *= 2) {
        one_packet(t, us, src, dst, text, true);
        us += wait;
    }
    one_packet(t, us, src, dst, text, false);
    for (int i = first + 1; i < t->nmsgs; i++) t->msgs[i].cause = first + 1;
    t->sent = first;
}

/* What was sent last was caused by that. Gives itself. */
static int by(struct theatre *t, int cause) {
    t->msgs[t->sent].cause = cause + 1;
    return t->sent;
}

static double soon(struct theatre *t) {
    return (double)t->arrived_us / 1000 + between(t, 0.4, 6);
}

/* BYE along all hops, from either end. */
static void end_call(struct theatre *t, struct talk *hops[3], double at, bool callee) {
    struct how how = {.back = callee};
    int cause = -1;
    for (int i = 0; i < 3; i++) {
        struct talk *a = hops[callee ? 2 - i : i];
        ask_how(&t->s, a, at, "BYE", how);
        if (cause >= 0) by(t, cause);
        int bye = t->sent;
        at = soon(t);
        tell_how(&t->s, a, at - 0.2, "200 OK", "BYE", how);
        by(t, bye);
        cause = bye;
    }
}

static void one_call(struct theatre *t, double at, int number) {
    char names[3][24];
    struct talk talks[3], *hops[3];
    const int ends[] = {t->phones[number % PHONES], t->sbc, t->pbx, t->gateway};
    int cause = -1, back = -1;
    t->call = number;
    for (int i = 0; i < 3; i++) {
        snprintf(names[i], sizeof names[i], "%c%d", 'A' + i, number);
        talks[i] = talk(ends[i], ends[i + 1], names[i], "2079460452", "1632960123");
        talks[i].caller = arena_z(&t->s.text, arena_printf(&t->s.text, "44%08d", number));
        hops[i] = &talks[i];
        ask(&t->s, hops[i], at, "INVITE");
        if (cause >= 0) by(t, cause);
        cause = t->sent;
        at = soon(t);
        tell(&t->s, hops[i], at - 0.3, "100 Trying");
        by(t, cause);
    }
    double ring = at + between(t, 50, 1500);
    static const char *const answers[] = {"180 Ringing", "200 OK"};
    for (int k = 0; k < 2; k++) {
        for (int i = 2; i >= 0; i--) {
            tell(&t->s, hops[i], ring, answers[k]);
            if (i < 2 || k) by(t, back);
            back = t->sent;
            ring = soon(t);
            if (k == 0) continue;
            i64 arrived = t->arrived_us;
            ask(&t->s, hops[i], ring - 0.1, "ACK");
            by(t, back);
            t->arrived_us = arrived;
        }
        ring += between(t, 500, 8000);
    }
    end_call(t, hops, ring + between(t, 1000, 20000), chance(t) < 0.5);
}

static void theatre_open(struct theatre *t, struct plan plan, u64 seed) {
    *t = (struct theatre){.plan = plan, .seed = seed * 0x9e3779b97f4a7c15u};
    scene_open(&t->s);
    t->s.carrier = carry_here;
    t->s.ctx = t;
    t->msgs = base_new(MESSAGES_MOST, (isize)sizeof *t->msgs);
    t->msg_of = base_new(SIGHTINGS_MOST + 1, (isize)sizeof *t->msg_of);
    for (int i = 0; i < PHONES; i++) {
        const char *ip =
            arena_z(&t->s.text, arena_printf(&t->s.text, "198.51.100.%d", i + 1));
        t->phones[i] = box(&t->s, "phone", ip);
    }
    t->sbc = box(&t->s, "sbc", "192.0.2.9");
    t->pbx = box(&t->s, "pbx", "192.0.2.1");
    t->gateway = box(&t->s, "gateway", "203.0.113.1");
}

static void theatre_close(struct theatre *t) {
    base_free(t->msgs);
    base_free(t->msg_of);
    scene_close(&t->s);
}

static void perform(struct theatre *t) {
    const struct plan *p = &t->plan;
    int number = 0;
    for (int b = 0; b < p->bursts; b++) {
        for (double at = 0; at < p->burst_s; at += 1 / p->calls_a_second)
            one_call(t, 1000 * (b * p->every_s + at + between(t, 0, 0.1)), number++);
    }
}

/* ---- the judge -------------------------------------------------------------------------------------------- */

struct verdict {
    int truth, whole, doubled,
        mixed;         /* messages; those with all their sightings and no others … */
    int caused, right; /* with a cause that was seen as well; after it */
    int calls, split;
    i64 worst_us; /* by which time runs back against the truth, within a call */
};

static u64 place_of(const char *name, isize n, u64 line) {
    return hash_mix(hash_bytes((str){(const u8 *)name, n}, 3), line);
}

static struct verdict judge(struct theatre *t, struct weave *w) {
    struct verdict v = {0};
    struct map msg_at = {0};
    int *sightings = base_new(t->nmsgs, (isize)sizeof *sightings);
    int *out_of = base_new(t->nmsgs, (isize)sizeof *out_of); /* in how many messages */
    bool *mixed = base_new(t->nmsgs, (isize)sizeof *mixed);
    u64 *place = base_new(t->nmsgs, (isize)sizeof *place); /* call << 32 | position */
    for (isize i = 0; i < t->s.nshots; i++) {
        const struct shot *shot = &t->s.shots[i];
        const char *name = t->s.points[shot->point].name;
        *map_put(&msg_at, place_of(name, (isize)strlen(name), shot->s.line)) =
            (u32)t->msg_of[shot->nth] + 1;
        sightings[t->msg_of[shot->nth]]++;
    }
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, true, &view);
        i64 latest = 0;
        v.calls++;
        v.split += c->nlegs < 3;
        for (isize k = 0; k < c->nmessages; k++) {
            const struct message *m = &c->messages[k];
            u32 first = 0;
            for (isize j = 0; j < m->nseen; j++) {
                str name = m->seen[j].source;
                u32 msg = map_get(
                    &msg_at, place_of((const char *)name.p, name.n, m->seen[j].line));
                must(msg);
                if (!first) out_of[msg - 1]++;
                if (first && first != msg) mixed[msg - 1] = mixed[first - 1] = true;
                if (!first) place[msg - 1] = (u64)(i + 1) << 32 | (u64)(k + 1);
                first = first ? first : msg;
            }
            i64 sent = t->msgs[first - 1].sent_us;
            if (latest - sent > v.worst_us) v.worst_us = latest - sent;
            latest = i64_max(latest, sent);
        }
        arena_close(&view);
    }
    for (int i = 0; i < t->nmsgs; i++) {
        const struct truth *m = &t->msgs[i];
        if (!m->seen) continue;
        v.truth++;
        v.doubled += out_of[i] > 1;
        v.mixed += mixed[i] || out_of[i] == 0;
        v.whole += out_of[i] == 1 && !mixed[i];
        if (!m->cause || !t->msgs[m->cause - 1].seen) continue;
        v.caused++;
        v.right += place[m->cause - 1] < place[i];
    }
    map_drop(&msg_at);
    base_free(sightings);
    base_free(out_of);
    base_free(mixed);
    base_free(place);
    return v;
}

static struct verdict verdict_of(struct theatre *t, const char *what) {
    perform(t);
    struct weave *w = play(&t->s, 0);
    struct verdict v = judge(t, w);
    printf("# %s: %td sightings of %d messages, %d recovered, %d doubled, %d mixed; %d "
           "of %d after their cause; %d "
           "calls, %d of them not whole; %lld us back at most\n",
           what, t->s.nshots, v.truth, v.whole, v.doubled, v.mixed, v.right, v.caused,
           v.calls, v.split, (long long)v.worst_us);
    weave_close(w);
    return v;
}

static void five_taps(struct theatre *t, const i64 ahead[5], const double ppm[5]) {
    static const char *const names[] = {"access.pcap", "sbc.pcap", "core.pcap",
                                        "pbx.pcap", "trunk.pcap"};
    for (int i = 0; i < 5; i++)
        point_add(&t->s, (struct point){.name = names[i],
                                        .box = -1,
                                        .only = -1,
                                        .precision_us = 1,
                                        .ahead_us = ahead[i],
                                        .ppm = ppm[i]});
}

static void assert_good(struct verdict v) {
    assert_int_equal(v.whole, v.truth);
    assert_int_equal(v.doubled + v.mixed, 0);
    assert_true(v.right >= v.caused - v.caused / 1000);
}

static const i64 aheads[5] = {-2900000, 1234567, 0, 2718281, -700001};
static const double ppms[5] = {50, -50, 12, -31, 44};

static void five_points_that_drift(void **state) {
    (void)state;
    struct theatre t;
    theatre_open(&t, (struct plan){0.02, 0.05, 0.01, false, 4, 8, 1200, 20}, 1);
    five_taps(&t, aheads, ppms);
    assert_good(verdict_of(&t, "an hour, five taps, 50 ppm"));
    theatre_close(&t);
}

static void one_minute_of_five_points(void **state) {
    (void)state;
    struct theatre t;
    theatre_open(&t, (struct plan){0.02, 0.05, 0.01, false, 1, 30, 0, 20}, 2);
    five_taps(&t, aheads, ppms);
    assert_good(verdict_of(&t, "a minute, five taps, 50 ppm"));
    theatre_close(&t);
}

static void logs_that_drift(void **state) {
    (void)state;
    static const u32 precisions[] = {1, 1000, 1000000};
    for (isize i = 0; i < countof(precisions); i++) {
        struct theatre t;
        theatre_open(&t, (struct plan){0.02, 0, 0.01, true, 3, 5, 1800, 20}, 3);
        log_of(&t.s, t.sbc, precisions[i], 1300000);
        log_of(&t.s, t.pbx, precisions[i], -2200000);
        log_of(&t.s, t.gateway, precisions[i], 150000);
        for (int k = 0; k < 3; k++) t.s.points[k].ppm = ppms[k];
        char what[60];
        snprintf(what, sizeof what, "an hour, logs of %u us, 50 ppm", precisions[i]);
        struct verdict v = verdict_of(&t, what);
        if (precisions[i] < 1000000) assert_good(v);
        assert_true(v.whole >= v.truth - v.truth / 500); /* copies within one second */
        assert_true(v.right >= v.caused - v.caused / 1000);
        theatre_close(&t);
    }
}

/* One clock is set in the middle, forward or back: by its log alone, or a tap's. */
static void a_clock_is_set(void **state) {
    (void)state;
    static const i64 by_us[] = {2000000, -2000000, 700000,
                                -700000, 90000000, -3600000000};
    for (isize i = 0; i < 2 * countof(by_us); i++) {
        struct theatre t;
        bool logs = i >= countof(by_us);
        theatre_open(&t, (struct plan){0.02, 0.05, 0.01, logs, 1, 10, 0, 20}, 4 + (u64)i);
        if (logs) {
            log_of(&t.s, t.sbc, 1000, 1300000);
            log_of(&t.s, t.pbx, 1000, -2200000);
            log_of(&t.s, t.gateway, 1000, 150000);
        } else {
            five_taps(&t, aheads, ppms);
        }
        struct point *set = &t.s.points[i % 2 ? 1 : 2];
        set->set_at_us = 12345678;
        set->set_by_us = by_us[i % countof(by_us)];
        char what[60];
        snprintf(what, sizeof what, "%s set by %lld s", set->name,
                 (long long)set->set_by_us / 1000000);
        assert_good(verdict_of(&t, what));
        theatre_close(&t);
    }
}

/* Mirrors that copy both directions: every packet twice. */
static void every_packet_twice(void **state) {
    (void)state;
    struct theatre t;
    theatre_open(&t, (struct plan){0.02, 1, 0.01, false, 2, 5, 1200, 20}, 20);
    five_taps(&t, aheads, ppms);
    assert_good(verdict_of(&t, "every packet twice"));
    theatre_close(&t);
}

/* Summer time ends: one log, nobody else to ask. */
static void the_hour_comes_twice(void **state) {
    (void)state;
    struct theatre t;
    theatre_open(&t, (struct plan){0, 0, 0, true, 2, 60, 5400, 1}, 21);
    log_of(&t.s, t.pbx, 1000, 0);
    t.s.points[0].set_at_us = (i64)5430 * 1000000;
    t.s.points[0].set_by_us = (i64)-3600 * 1000000;
    struct verdict v = verdict_of(&t, "a log, set back by an hour");
    assert_good(v);
    assert_int_equal(v.calls, 120);
    theatre_close(&t);
}

/* Whatever comes first: the same result, to the letter. */
static void any_order_of_arrival(void **state) {
    (void)state;
    for (int set = 0; set < 2; set++) {
        struct theatre t;
        theatre_open(&t, (struct plan){0.02, 0.05, 0.01, false, 2, 1, 600, 20}, 22);
        five_taps(&t, aheads, ppms);
        t.s.points[1].precision_us = 1000000;
        if (set) t.s.points[3].set_by_us = -1500000;
        t.s.points[3].set_at_us = 600500000;
        perform(&t);
        struct weave *w = play(&t.s, 0);
        struct out first = result_text(w);
        weave_close(w);
        for (u64 seed = 1; seed <= 4; seed++) {
            w = play(&t.s, seed);
            struct out again = result_text(w);
            assert_true(str_eq(out_str(&first), out_str(&again)));
            out_drop(&again);
            weave_close(w);
        }
        out_drop(&first);
        theatre_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_points_that_drift),
        cmocka_unit_test(one_minute_of_five_points),
        cmocka_unit_test(logs_that_drift),
        cmocka_unit_test(a_clock_is_set),
        cmocka_unit_test(every_packet_twice),
        cmocka_unit_test(the_hour_comes_twice),
        cmocka_unit_test(any_order_of_arrival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
