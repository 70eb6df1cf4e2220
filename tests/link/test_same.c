/* The result does not depend on which file was read first, nor on when a sighting came in; nor on the rest of the trace where
 * that has nothing to do with it; and linking again after more has come is as good as linking once. */
#include "link/result.h"

enum { CALLS = 24, TALKS = 4 * CALLS };

struct stage {
    struct scene s;
    struct talk talks[TALKS];
    isize ntalks;
    const char *want; /* the calls, as calls_text gives them */
};

static const char *text_of(struct stage *t, const char *format, int n) {
    str s = arena_printf(&t->s.text, "%s%02d", format, n);
    return arena_z(&t->s.text, s);
}

static struct talk *cast(struct stage *t, int from, int to, const char *name, int n,
                         const char *caller, const char *called) {
    must(t->ntalks < TALKS);
    struct talk *a = &t->talks[t->ntalks++];
    *a = talk(from, to, text_of(t, name, n), caller, called);
    return a;
}

/* Busy boxes with logs of their own: calls overlap, numbers recur, some are withheld, some fail and are tried again. */
static void busy(struct stage *t, u32 precision_us, i64 ahead_us) {
    scene_open(&t->s);
    t->ntalks = 0;
    int carrier = box(&t->s, "carrier", "198.51.100.10"),
        sbc = box(&t->s, "sbc", "192.0.2.2"), pbx = box(&t->s, "pbx", "203.0.113.72"),
        p1 = box(&t->s, "p1", "203.0.113.81"), p2 = box(&t->s, "p2", "203.0.113.82");
    log_of(&t->s, sbc, precision_us, 0);
    log_of(&t->s, pbx, precision_us, ahead_us);
    log_of(&t->s, p1, 1, 20000);
    tap(&t->s, "wire.pcap");
    t->s.points[3].only = carrier;
    u64 seed = 7;
    str want = {0};
    for (int i = 0; i < CALLS; i++) {
        const char *caller = i % 3 ? text_of(t, "016329601", i % 7) : "anonymous";
        const char *called = text_of(t, "020794604", i % 5);
        struct talk *a = cast(t, carrier, sbc, "A", i, caller, called),
                    *b = cast(t, sbc, pbx, "B", i, caller, called),
                    *c = cast(t, pbx, p1, "C", i, caller, "201"),
                    *d = cast(t, pbx, p2, "D", i, caller, "202");
        double at = 400 * i + (double)(scene_random(&seed) % 300),
               ring = at + 300 + (double)(scene_random(&seed) % 400),
               up = ring + 400 + (double)(scene_random(&seed) % 3000),
               end = up + 900 + (double)(scene_random(&seed) % 9000);
        t->s.lost = i % 5 == 0;
        ask(&t->s, a, at, "INVITE");
        if (i % 5 == 0) ask(&t->s, a, at + 500, "INVITE");
        at += i % 5 == 0 ? 500 : 0;
        ask(&t->s, b, at + 6, "INVITE");
        ask(&t->s, c, at + 14, "INVITE");
        if (i % 4 == 1) {
            fail_with(&t->s, c, ring + 500, "486 Busy Here");
            fail_with(&t->s, b, ring + 503, "486 Busy Here");
            fail_with(&t->s, a, ring + 506, "486 Busy Here");
            t->ntalks--;
            want = arena_printf(&t->s.text, "%.*s%s%s %s %s", STR(want), i ? "|" : "",
                                a->name, b->name, c->name);
            continue;
        }
        want = arena_printf(&t->s.text, "%.*s%s%s %s %s %s", STR(want), i ? "|" : "",
                            a->name, b->name, c->name, d->name);
        ask(&t->s, d, at + 15, "INVITE");
        tell(&t->s, c, ring + 500, "180 Ringing");
        tell(&t->s, b, ring + 503, "180 Ringing");
        tell(&t->s, a, ring + 506, "180 Ringing");
        answer(&t->s, d, up + 500);
        cancel(&t->s, c, up + 502);
        answer(&t->s, b, up + 503);
        answer(&t->s, a, up + 506);
        hang_up(&t->s, a, end + 1000, false);
        hang_up(&t->s, b, end + 1003, false);
        hang_up(&t->s, d, end + 1006, false);
    }
    t->want = arena_z(&t->s.text, want);
}

static void assert_same(const struct out *first, struct weave *w) {
    struct out mine = result_text(w);
    if (!str_eq(out_str(first), out_str(&mine))) {
        str a = out_str(first), b = out_str(&mine);
        while (a.n && b.n) { /* the first line that differs */
            struct str_pair x = str_cut(a, '\n'), y = str_cut(b, '\n');
            if (!str_eq(x.head, y.head))
                print_error("%.*s\n%.*s\n", STR(x.head), STR(y.head));
            if (!str_eq(x.head, y.head)) break;
            a = x.tail;
            b = y.tail;
        }
    }
    assert_true(str_eq(out_str(first), out_str(&mine)));
    out_drop(&mine);
}

static const struct {
    u32 precision_us;
    i64 ahead_us;
} clocks[] = {{1, 0}, {1000000, 0}, {1000, -700000}, {1000000, 5000000}};

static void right_and_whole(void **state) {
    (void)state;
    for (isize i = 0; i < countof(clocks); i++) {
        struct stage t;
        busy(&t, clocks[i].precision_us, clocks[i].ahead_us);
        struct weave *w = play(&t.s, 0);
        assert_nothing_lost(w);
        assert_found_from_any_leg(w);
        const struct talk *all[TALKS];
        for (isize k = 0; k < t.ntalks; k++) all[k] = &t.talks[k];
        const struct cast names = {&t.s, all, t.ntalks};
        assert_string_equal(calls_text(w, &names), t.want);
        weave_close(w);
        scene_close(&t.s);
    }
}

/* Every order of four files. */
static void every_permutation_of_files(void **state) {
    (void)state;
    for (isize i = 0; i < countof(clocks); i++) {
        struct stage t;
        busy(&t, clocks[i].precision_us, clocks[i].ahead_us);
        struct weave *w = play(&t.s, 0);
        struct out first = result_text(w);
        weave_close(w);
        u32 *order = base_grow(NULL, &(isize){0}, t.s.nshots, (isize)sizeof *order);
        for (int p = 0; p < 256; p++) {
            int files[4] = {p & 3, p >> 2 & 3, p >> 4 & 3, p >> 6 & 3};
            if ((1 << files[0] | 1 << files[1] | 1 << files[2] | 1 << files[3]) != 15)
                continue;
            isize n = 0;
            for (int f = 0; f < 4; f++) {
                for (isize k = 0; k < t.s.nshots; k++) {
                    if (t.s.shots[k].point == files[f]) order[n++] = (u32)k;
                }
            }
            assert_int_equal(n, t.s.nshots);
            w = play_in(&t.s, order);
            assert_same(&first, w);
            weave_close(w);
        }
        base_free(order);
        out_drop(&first);
        scene_close(&t.s);
    }
}

static void every_order_of_arrival(void **state) {
    (void)state;
    for (isize i = 0; i < countof(clocks); i++) {
        struct stage t;
        busy(&t, clocks[i].precision_us, clocks[i].ahead_us);
        struct weave *w = play(&t.s, 0);
        struct out first = result_text(w);
        weave_close(w);
        for (u64 seed = 1; seed <= 12; seed++) {
            w = play(&t.s, seed);
            assert_same(&first, w);
            weave_close(w);
        }
        out_drop(&first);
        scene_close(&t.s);
    }
}

/* Linked again and again while sightings come in: at the end it is what it would have been at once. */
static void linking_again_is_linking(void **state) {
    (void)state;
    struct stage t;
    busy(&t, 1000000, 1000000);
    struct weave *w = play(&t.s, 0);
    struct out first = result_text(w);
    weave_close(w);
    w = weave_open();
    weave_link(w); /* of nothing */
    assert_int_equal(weave_ncalls(w), 0);
    for (isize i = 0; i < t.s.nshots; i++) {
        struct sighting one = t.s.shots[i].s;
        one.source = source_of(w, &t.s, t.s.shots[i].point);
        assert_true(weave_add(w, &one));
        if (i % 50 == 0) {
            weave_link(w);
            assert_nothing_lost(w);
        }
    }
    weave_link(w);
    assert_same(&first, w);
    u64 before = weave_call_signature(w, 3);
    weave_link(w);
    assert_true(weave_call_signature(w, 3) == before);
    assert_same(&first, w);
    weave_close(w);
    out_drop(&first);
    scene_close(&t.s);
}

/* The same where what has nothing to do with what is new is left standing: in order of time, in any order (most of it late), and
 * when another weave goes on with what one had decided. */
static void what_stands_is_the_same(void **state) {
    (void)state;
    for (u64 seed = 0; seed < 6; seed++) {
        struct stage t;
        busy(&t, 1, 0);
        struct weave *w = play(&t.s, 0);
        struct talk const *all[TALKS];
        for (isize k = 0; k < t.ntalks; k++) all[k] = &t.talks[k];
        const struct cast names = {&t.s, all, t.ntalks};
        weave_close(w);
        w = weave_open();
        weave_keep(w);
        u32 *order = base_grow(NULL, &(isize){0}, t.s.nshots, (isize)sizeof *order);
        for (isize i = 0; i < t.s.nshots; i++) order[i] = (u32)i;
        u64 chance = seed + 1;
        for (isize i = t.s.nshots; seed && i-- > 1;) {
            isize k = (isize)(scene_random(&chance) % (u64)(i + 1));
            u32 swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
        for (isize i = 0; i < t.s.nshots; i++) {
            struct sighting one = t.s.shots[order[i]].s;
            one.source = source_of(w, &t.s, t.s.shots[order[i]].point);
            assert_true(weave_add(w, &one));
            if (i % 20 == 0) weave_link(w);
        }
        weave_link(w);
        assert_nothing_lost(w);
        assert_string_equal(calls_text(w, &names), t.want);
        struct weave *next = weave_open();
        for (isize i = 0; i < t.s.nshots; i++) {
            struct sighting one = t.s.shots[i].s;
            one.source = source_of(next, &t.s, t.s.shots[i].point);
            assert_true(weave_add(next, &one));
        }
        weave_keep_from(next, w);
        weave_close(w);
        weave_link(next);
        assert_nothing_lost(next);
        assert_string_equal(calls_text(next, &names), t.want);
        weave_close(next);
        base_free(order);
        scene_close(&t.s);
    }
}

/* Every call of `w` that stays is in `next` as it was, and no other is. */
static void assert_carried(struct weave *w, struct weave *next, const struct carry *c) {
    arena view = arena_open((isize)256 << 20);
    isize stays = 0;
    for (isize i = 0; i < weave_ncalls(w); i++) {
        if (!c->calls[i]) continue;
        struct call *was = weave_call(w, i, true, &view);
        isize at = weave_find(next, was->id);
        assert_true(at >= 0);
        struct call *is = weave_call(next, at, true, &view);
        assert_int_equal(is->nlegs, was->nlegs);
        assert_int_equal(is->nmessages, was->nmessages);
        for (isize k = 0; k < is->nlegs; k++) {
            assert_true(str_eq(is->legs[k].id, was->legs[k].id));
            assert_int_equal(is->legs[k].parent, was->legs[k].parent);
        }
        stays++;
    }
    assert_int_equal(weave_ncalls(next), stays);
    assert_true(stays > 0);
    arena_close(&view);
}

/* What happened from some time on goes into another weave: whole calls, with the links that they had. */
static void carried_over(void **state) {
    (void)state;
    struct stage t;
    busy(&t, 1, 0);
    for (isize most = t.s.nshots; most > 10; most /= 2) {
        struct weave *w = play(&t.s, 0), *next = weave_open();
        arena view = arena_open((isize)256 << 20);
        struct carry c = weave_carry(w, INT64_MIN, most);
        isize n = 0, late = 0;
        weave_sights(next, &(struct sight){INT64_MAX, INT64_MAX}, 1);
        for (isize i = 0; i < weave_nseen(w); i++) {
            struct sighting one = weave_sighting(w, i);
            late += one.time_us >= c.from_us;
            if (!c.seen[i]) continue;
            one.source = weave_source(next, &weave_trace(w)->sources[one.source]);
            assert_true(weave_add(next, &one));
            n++;
        }
        assert_int_equal(n, c.nseen);
        assert_true(late <= most + 8 && late <= n); /* eight: of one moment */
        weave_given_on(next, w, &c, INT64_MAX, &view);
        weave_link(next);
        assert_carried(w, next, &c);
        carry_drop(&c);
        arena_close(&view);
        weave_close(next);
        weave_close(w);
    }
    scene_close(&t.s);
}

static bool is_true(const void *ctx) {
    return *(const bool *)ctx;
}

/* Ended early there are no calls, and nothing is lost but the time. */
static void ended_early(void **state) {
    (void)state;
    struct stage t;
    bool stop = true;
    busy(&t, 1, 0);
    struct weave *w = play(&t.s, 0);
    assert_false(weave_stopped(w));
    weave_heed(w, is_true, &stop);
    weave_link(w);
    assert_true(weave_stopped(w));
    assert_int_equal(weave_ncalls(w), 0);
    weave_close(w);
    scene_close(&t.s);
}

/* A leg's id is the same whichever part of it is known: an answer alone, or all of it. */
static void ids_stay(void **state) {
    (void)state;
    struct scene s;
    scene_open(&s);
    int a = box(&s, "a", "192.0.2.1"), b = box(&s, "b", "192.0.2.2");
    tap(&s, "wire.pcap");
    struct talk t = talk(a, b, "T", "201", "202");
    ask(&s, &t, 0, "INVITE");
    answer(&s, &t, 500);
    hang_up(&s, &t, 9000, true);
    number_lines(&s);
    str id = {0};
    for (isize from = 0; from < s.nshots; from++) {
        struct weave *w = weave_open();
        for (isize i = from; i < s.nshots; i++) {
            struct sighting one = s.shots[i].s;
            one.source = source_of(w, &s, 0);
            assert_true(weave_add(w, &one));
        }
        weave_link(w);
        str mine = weave_call(w, 0, false, &s.text)->id;
        if (from == 0) id = mine;
        assert_true(str_eq(mine, id));
        weave_close(w);
    }
    scene_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_and_whole),
        cmocka_unit_test(every_permutation_of_files),
        cmocka_unit_test(every_order_of_arrival),
        cmocka_unit_test(linking_again_is_linking),
        cmocka_unit_test(what_stands_is_the_same),
        cmocka_unit_test(carried_over),
        cmocka_unit_test(ended_early),
        cmocka_unit_test(ids_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
