/* Hard traffic: twenty calls a second through shared boxes that change every number they pass on; a third of the callers withheld,
 * a few numbers that everybody calls, forks, hunting, second attempts, recorders. How many calls come out exactly
 * right, and how many are joined wrongly. */
#include "link/result.h"

enum { CALLS = 600, LEGS = 8 * CALLS };

struct stage {
    struct scene s;
    struct talk legs[LEGS];
    int call_of[LEGS];
    int n;
    int trunk, sbc, pbx, gw, rec, phones[40];
    u64 seed;
};

static double upto(struct stage *t, double most) {
    return (double)(scene_random(&t->seed) % 1000000) / 1000000 * most;
}
static bool chance(struct stage *t, int percent) {
    return scene_random(&t->seed) % 100 < (u64)percent;
}

static struct talk *leg(struct stage *t, int call, int from, int to, const char *caller,
                        const char *called) {
    must(t->n < LEGS);
    t->call_of[t->n] = call;
    struct talk *a = &t->legs[t->n];
    *a = talk(from, to, arena_z(&t->s.text, arena_printf(&t->s.text, "leg%d", t->n)),
              caller, called);
    t->n++;
    return a;
}

static const char *number(struct stage *t, const char *head, u64 n) {
    return arena_z(&t->s.text,
                   arena_printf(&t->s.text, "%s%06llu", head, (unsigned long long)n));
}

/* One route after the other, until one answers. */
static struct talk *hunt(struct stage *t, int call, const char *caller, double *at) {
    for (int i = 0; i < 3; i++) {
        struct talk *l =
            leg(t, call, t->pbx,
                chance(t, 50) ? t->gw : t->phones[scene_random(&t->seed) % 40], caller,
                "route");
        ask(&t->s, l, *at, "INVITE");
        tell(&t->s, l, *at + 20, "100 Trying");
        if (i == 2 || chance(t, 60)) return l;
        *at += 80 + upto(t, 900);
        fail_with(&t->s, l, *at, "503 Service Unavailable");
        *at += 2 + upto(t, 8);
    }
    return NULL;
}

static void one_call(struct stage *t, int call, double at) {
    u64 who = scene_random(&t->seed) % 1000000,
        whom = chance(t, 60) ? scene_random(&t->seed) % 8 : who / 3;
    bool withheld = chance(t, 33);
    const char *caller = withheld ? "anonymous" : number(t, "+441632", who);
    const char *inside = withheld ? "anonymous" : number(t, "01632", who);
    struct talk *a = leg(t, call, t->trunk, t->sbc, caller, number(t, "+442079", whom)),
                *b = leg(t, call, t->sbc, t->pbx, inside, number(t, "02079", whom)),
                *forks[3] = {0};
    int nforks = 1 + (int)(scene_random(&t->seed) % 3);
    bool hunts = chance(t, 25);
    ask(&t->s, a, at, "INVITE");
    tell(&t->s, a, at + 2, "100 Trying");
    ask(&t->s, b, at += 3 + upto(t, 12), "INVITE");
    tell(&t->s, b, at + 2, "100 Trying");
    at += 3 + upto(t, 30);
    if (hunts) forks[0] = hunt(t, call, inside, &at);
    for (int i = 0; i < nforks && !hunts; i++) {
        forks[i] = leg(t, call, t->pbx, t->phones[scene_random(&t->seed) % 40], inside,
                       number(t, "", scene_random(&t->seed) % 1000));
        ask(&t->s, forks[i], at + i, "INVITE");
    }
    if (hunts) nforks = 1;
    double ring = at + 100 + upto(t, 1500), up = ring + 500 + upto(t, 15000),
           end = up + 1000 + upto(t, 30000);
    for (int i = 0; i < nforks; i++) tell(&t->s, forks[i], ring + 40 * i, "180 Ringing");
    tell(&t->s, b, ring + 1 + upto(t, 4), "180 Ringing");
    tell(&t->s, a, ring + 6 + upto(t, 4), "180 Ringing");
    if (chance(t, 20)) { /* the caller gives up */
        cancel(&t->s, a, up);
        cancel(&t->s, b, up + 2 + upto(t, 4));
        for (int i = 0; i < nforks; i++) cancel(&t->s, forks[i], up + 8 + upto(t, 4));
        return;
    }
    answer(&t->s, forks[0], up);
    for (int i = 1; i < nforks; i++) cancel(&t->s, forks[i], up + 1 + upto(t, 3));
    answer(&t->s, b, up + 2 + upto(t, 3));
    answer(&t->s, a, up + 6 + upto(t, 3));
    if (chance(t, 30)) {
        struct talk *r = leg(t, call, t->pbx, t->rec, inside, number(t, "02079", whom));
        r->headers = "X-Record: true\r\n";
        ask(&t->s, r, up + 4 + upto(t, 3), "INVITE");
        answer(&t->s, r, up + 20);
        hang_up(&t->s, r, end + 7, false);
    }
    hang_up(&t->s, a, end, false);
    hang_up(&t->s, b, end + 2, false);
    hang_up(&t->s, forks[0], end + 5, false);
}

static void stage_open(struct stage *t, u64 seed) {
    scene_open(&t->s);
    t->n = 0;
    t->seed = seed * 0x9e3779b97f4a7c15u;
    t->trunk = box(&t->s, "trunk", "198.51.100.10");
    t->sbc = box(&t->s, "sbc", "192.0.2.2");
    t->pbx = box(&t->s, "pbx", "203.0.113.72");
    t->gw = box(&t->s, "gw", "198.51.100.33");
    t->rec = box(&t->s, "rec", "192.0.2.21");
    for (int i = 0; i < 40; i++)
        t->phones[i] =
            box(&t->s, "phone",
                arena_z(&t->s.text, arena_printf(&t->s.text, "203.0.113.%d", 100 + i)));
}

struct score {
    int right, wrong; /* calls that are exactly right; calls with legs of others */
};

static struct score judge(struct stage *t) {
    struct weave *w = play(&t->s, 0);
    struct map number = {0};
    struct score score = {0};
    int legs[CALLS] = {0};
    for (int i = 0; i < t->n; i++) {
        *map_put(&number, hash_bytes(str_z(call_id_of(&t->s, &t->legs[i])), 0)) =
            (u32)t->call_of[i] + 1;
        legs[t->call_of[i]]++;
    }
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, false, &view);
        u32 first = map_get(&number, hash_bytes(c->legs[0].call_id, 0));
        bool foreign = false;
        for (isize k = 0; k < c->nlegs; k++)
            foreign |= map_get(&number, hash_bytes(c->legs[k].call_id, 0)) != first;
        score.wrong += foreign;
        score.right += !foreign && c->nlegs == legs[first - 1];
        arena_close(&view);
    }
    map_drop(&number);
    weave_close(w);
    return score;
}

struct hard_row {
    const char *name;
    bool logs;
    u32 precision_us;
    i64 ahead_us;
    double per_second;
    int right, wrong; /* of a thousand: at least, at most */
};
static const struct hard_row rows[] = {
    {"one tap, exact", false, 1, 0, 20, 990, 2},
    {"one tap, 60 calls a second", false, 1, 0, 60, 980, 4},
    {"logs of both boxes, exact", true, 1, 300000, 20, 990, 2},
    {"logs of both boxes, milliseconds", true, 1000, -700000, 20, 990, 2},
    {"logs of both boxes, whole seconds, 2 calls a second", true, 1000000, 1000000, 2,
     975, 4},
    {"logs of both boxes, whole seconds, 20 calls a second", true, 1000000, 1000000, 20,
     970, 10},
};

static void hard_traffic(void **state) {
    (void)state;
    struct stage *t = base_new(1, (isize)sizeof *t);
    for (isize i = 0; i < countof(rows); i++) {
        const struct hard_row *row = &rows[i];
        stage_open(t, 5);
        if (row->logs) {
            log_of(&t->s, t->sbc, row->precision_us, 0);
            log_of(&t->s, t->pbx, row->precision_us, row->ahead_us);
        } else {
            tap(&t->s, "wire.pcap");
        }
        double at = 0;
        for (int c = 0; c < CALLS; c++) {
            at += upto(t, 2000 / row->per_second);
            one_call(t, c, at);
        }
        struct score score = judge(t);
        print_message("%s: %d of %d exactly right, %d joined wrongly\n", row->name,
                      score.right, CALLS, score.wrong);
        assert_true(score.right * 1000 >= row->right * CALLS);
        assert_true(score.wrong * 1000 <= row->wrong * CALLS);
        scene_close(&t->s);
    }
    base_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hard_traffic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
