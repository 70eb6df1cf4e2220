/* A stretch cut out of dense traffic: a thousand calls a second through shared boxes that change the called number, of which a
 * quarter of a second was captured. Calls begin in it, are answered, are hung up; most of each lies outside. Most of those that
 * begin within the stretch are found whole, and nobody is joined with a stranger. */
#include "link/result.h"

enum { CALLS = 1500, LEGS_EACH = 4, FROM_MS = 1100, TO_MS = 1350, BEGUN_MS = 20 };

struct trunk_call {
    struct talk legs[LEGS_EACH];
    double at; /* ms */
};

static void carry_within(struct scene *s, i64 us, int src, int dst, str text) {
    if (us < (i64)FROM_MS * 1000 || us >= (i64)TO_MS * 1000) return;
    s->carrier = NULL;
    carry(s, us, src, dst, text);
    s->carrier = carry_within;
}

static double upto(u64 *seed, double most) {
    return (double)(scene_random(seed) % 1000000) / 1000000 * most;
}

static void play_call(struct scene *s, const struct trunk_call *c, u64 *seed) {
    double ring = c->at + 60 + upto(seed, 60), up = ring + 60 + upto(seed, 300),
           end = up + 100 + upto(seed, 600);
    for (int i = 0; i < LEGS_EACH; i++) {
        double at = c->at + 4 * i + upto(seed, 2);
        ask(s, &c->legs[i], at, "INVITE");
        tell(s, &c->legs[i], at + 1.5, "100 Trying");
        tell(s, &c->legs[i], ring + (i < 2 ? 4 - 2 * i : 0.3 * i), "180 Ringing");
    }
    answer(s, &c->legs[3], up);
    cancel(s, &c->legs[2], up + 2);
    answer(s, &c->legs[1], up + 3);
    answer(s, &c->legs[0], up + 5);
    hang_up(s, &c->legs[3], end, true);
    hang_up(s, &c->legs[1], end + 3, true);
    hang_up(s, &c->legs[0], end + 5, true);
}

static void name_legs(struct scene *s, struct trunk_call *c, int n, const int boxes[3],
                      const int *phones, u64 *seed) {
    arena *a = &s->text;
    const char *caller =
        arena_z(a, arena_printf(a, "01632%06llu",
                                (unsigned long long)(scene_random(seed) % 1000000)));
    for (int i = 0; i < LEGS_EACH; i++) {
        int to = i < 2 ? boxes[i + 1] : phones[scene_random(seed) % 60];
        u64 extension = 200 + scene_random(seed) % 800;
        str called = i < 2 ? arena_printf(a, "02079%06d", n)
                           : arena_printf(a, "%llu", (unsigned long long)extension);
        c->legs[i] =
            talk(boxes[i < 2 ? i : 2], to, arena_z(a, arena_printf(a, "c%dl%d", n, i)),
                 caller, arena_z(a, called));
    }
}

static void stage_dense(struct scene *s, struct trunk_call *calls) {
    u64 seed = 0x9e3779b97f4a7c15u;
    const int boxes[3] = {box(s, "trunk", "198.51.100.10"), box(s, "sbc", "192.0.2.2"),
                          box(s, "pbx", "203.0.113.72")};
    int phones[60];
    for (int i = 0; i < countof(phones); i++)
        phones[i] = box(s, "phone",
                        arena_z(&s->text, arena_printf(&s->text, "192.0.2.%d", 100 + i)));
    tap(s, "wire");
    s->way_us = 0;
    s->carrier = carry_within;
    double at = 0;
    for (int i = 0; i < CALLS; i++) {
        calls[i].at = at += upto(&seed, 2);
        name_legs(s, &calls[i], i, boxes, phones, &seed);
        play_call(s, &calls[i], &seed);
    }
}

/* By Call-ID, which call it is of, + 1. */
static struct map number_calls(struct scene *s, const struct trunk_call *calls) {
    struct map of = {0};
    for (u32 i = 0; i < CALLS; i++) {
        for (int k = 0; k < LEGS_EACH; k++)
            *map_put(&of, hash_bytes(str_z(call_id_of(s, &calls[i].legs[k])), 0)) = i + 1;
    }
    return of;
}

static void a_stretch_of_dense_traffic(void **state) {
    (void)state;
    struct scene s;
    struct trunk_call *calls = base_new(CALLS, (isize)sizeof *calls);
    scene_open(&s);
    stage_dense(&s, calls);
    struct map of = number_calls(&s, calls);
    struct weave *w = play(&s, 0);
    int whole = 0, begun = 0, foreign = 0;
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, false, &view);
        u32 first = map_get(&of, hash_bytes(c->legs[0].call_id, 0));
        assert_true(first > 0);
        for (isize k = 0; k < c->nlegs; k++)
            foreign += map_get(&of, hash_bytes(c->legs[k].call_id, 0)) != first;
        double at = calls[first - 1].at;
        whole += at >= FROM_MS && at < TO_MS - BEGUN_MS && c->nlegs == LEGS_EACH;
        arena_close(&view);
    }
    for (int i = 0; i < CALLS; i++)
        begun += calls[i].at >= FROM_MS && calls[i].at < TO_MS - BEGUN_MS;
    assert_true(begun > 100);
    assert_true(whole * 4 >= begun * 3); /* the others are offered, at 90 % or so */
    assert_int_equal(foreign, 0);
    weave_close(w);
    map_drop(&of);
    base_free(calls);
    scene_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stretch_of_dense_traffic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
