/* What is fast because most traces are plain is right for those that are not: sorting, long Call-IDs, linking for good. */
#include "link/clue.h"
#include "link/result.h"
#include "link/twice.h"
#include "link/weave.h"

/* ---- sorting ------------------------------------------------------------------------------------- */

static int by_row(const void *a, const void *b) {
    const struct sort_row *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

enum pattern { ANY, FEW_KEYS, TIMES, RISING, FALLING, PATTERNS };

static struct sort_row row_of(enum pattern p, isize i, isize n, u64 *seed) {
    u64 chance = scene_random(seed);
    struct sort_row row = {chance * 0x9e3779b97f4a7c15u, scene_random(seed)};
    if (p == FEW_KEYS) row = (struct sort_row){chance % 3, scene_random(seed) % 100};
    if (p == TIMES)
        row = (struct sort_row){sort_time((i64)(chance % 1000) - 500), (u64)i};
    if (p == RISING) row.key = (u64)i / 2;
    if (p == FALLING) row = (struct sort_row){(u64)(n - i) << 40, (u64)i};
    return row;
}

static void sorted_as_by_comparing(void **state) {
    (void)state;
    u64 seed = 5;
    static struct sort_row rows[3000], want[3000];
    static const isize sizes[] = {0, 1, 2, 24, 25, 255, 256, 257, 3000};
    for (int p = 0; p < PATTERNS; p++) {
        for (isize k = 0; k < countof(sizes); k++) {
            isize n = sizes[k];
            for (isize i = 0; i < n; i++)
                want[i] = rows[i] = row_of((enum pattern)p, i, n, &seed);
            if (n) qsort(want, (size_t)n, sizeof *want, by_row);
            sort_rows(rows, n);
            for (isize i = 0; i < n; i++) {
                assert_true(rows[i].key == want[i].key);
                assert_true(rows[i].value == want[i].value);
            }
        }
    }
}

/* ---- what happened when -------------------------------------------------------------------------------- */

static void same_run(struct clue_run a, struct clue_run b) {
    assert_true(a.n == b.n);
    for (isize i = 0; i < a.n; i++) {
        assert_true(a.rows[i].at_us == b.rows[i].at_us && a.rows[i].leg == b.rows[i].leg);
        assert_true(i == 0 || a.rows[i - 1].at_us <= a.rows[i].at_us);
    }
}

static void found_by_number_as_by_hash(void **state) {
    (void)state;
    enum { KEYS = 7, CLUES = 900 };
    struct clues by_number, by_hash = {0};
    u64 seed = 3;
    isize found = 0, added = 0;
    clues_open(&by_number, KEYS);
    for (u32 i = 0; i < CLUES; i++) {
        u64 key = scene_random(&seed) % (KEYS - 1);
        i64 at_us = i % 10 == 0 ? NEVER : (i64)(scene_random(&seed) % 500);
        clues_add(&by_number, key, at_us, i);
        clues_add(&by_hash, key, at_us, i);
        added += at_us != NEVER;
    }
    clues_settle(&by_number);
    clues_settle(&by_hash);
    for (u64 key = 0; key < KEYS; key++) {
        struct clue_run run = clues_find(&by_number, key);
        same_run(run, clues_find(&by_hash, key));
        isize until = clues_until(run, 250);
        assert_true(until == 0 || run.rows[until - 1].at_us <= 250);
        assert_true(until == run.n || run.rows[until].at_us > 250);
        found += run.n;
    }
    assert_true(found == added);
    clues_drop(&by_number);
    clues_drop(&by_hash);
}

static void what_was_met_twice_is_known(void **state) {
    (void)state;
    enum { VALUES = 2000 };
    struct twice met;
    isize mistaken = 0;
    twice_open(&met, VALUES);
    for (u64 i = 0; i < VALUES; i++) {
        twice_note(&met, hash_mix(i, 1));
        if (i % 4 == 0) twice_note(&met, hash_mix(i, 1));
    }
    for (u64 i = 0; i < VALUES; i++) {
        if (i % 4 == 0) assert_true(twice_has(&met, hash_mix(i, 1)));
        if (i % 4 != 0) mistaken += twice_has(&met, hash_mix(i, 1));
    }
    assert_true(mistaken < VALUES / 4);
    twice_close(&met);
}

/* ---- Call-IDs that are long in one way or another ---------------------------------------------------- */

struct wire_tap {
    struct weave *w;
    u32 source;
    arena text;
    u64 line;
};

static struct wire_tap tap_open(void) {
    struct wire_tap b = {.w = weave_open(), .text = arena_open_view()};
    b.source = weave_source(b.w, &(struct source){.name = S("wire.pcap")});
    return b;
}

static void tap_close(struct wire_tap *b) {
    weave_close(b->w);
    arena_close(&b->text);
}

/* A request of one Call-ID from host to host of 10.0.0.0/8. */
static void add(struct wire_tap *b, i64 us, int from, int to, const char *method,
                int cseq) {
    struct sighting s = {.time_us = 1700000000000000 + us,
                         .precision_us = 1,
                         .source = b->source,
                         .at = SIGHTING_NOWHERE,
                         .line = ++b->line,
                         .transport = TRANSPORT_UDP,
                         .vantage = VANTAGE_WIRE};
    assert_true(endpoint_read(
        &s.src, arena_printf(&b->text, "10.0.%d.%d:5060", from >> 8, from & 255)));
    assert_true(endpoint_read(
        &s.dst, arena_printf(&b->text, "10.0.%d.%d:5060", to >> 8, to & 255)));
    s.bytes =
        arena_printf(&b->text,
                     "%s sip:x@example.com SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK%d-%d\r\n"
                     "From: <sip:a@example.com>;tag=1\r\nTo: <sip:x@example.com>\r\n"
                     "Call-ID: one@example.com\r\nCSeq: %d %s\r\n"
                     "Content-Length: 0\r\n\r\n",
                     method, from, cseq, cseq, method);
    assert_true(weave_add(b->w, &s));
}

/* Each is seen twice by an interface that shows what comes in and what goes out. */
static void hundreds_of_requests_seen_twice(void **state) {
    (void)state;
    enum { REQUESTS = 300 };
    struct wire_tap b = tap_open();
    for (int i = 0; i < REQUESTS; i++) {
        add(&b, i * 1000000, 1, 2, "OPTIONS", i + 1);
        add(&b, i * 1000000 + 40, 1, 2, "OPTIONS", i + 1);
    }
    weave_link(b.w);
    assert_nothing_lost(b.w);
    assert_int_equal(weave_ncalls(b.w), 1);
    const struct call *c = weave_call(b.w, 0, true, &b.text);
    assert_int_equal(c->nmessages, REQUESTS);
    for (isize i = 0; i < c->nmessages; i++) {
        assert_int_equal(c->messages[i].cseq, i + 1);
        assert_int_equal(c->messages[i].nseen, 2);
        assert_int_equal(c->messages[i].retransmission_of, 0);
    }
    tap_close(&b);
}

/* A Call-ID that crosses many hops has a leg on each, whichever was seen last. */
static void one_call_id_on_a_hundred_hops(void **state) {
    (void)state;
    enum { HOPS = 100 };
    struct wire_tap b = tap_open();
    for (int cseq = 1; cseq <= 3; cseq++) {
        for (int i = 0; i < HOPS; i++)
            add(&b, cseq * 1000000 + i * 1000, 10 + i, 11 + i, "OPTIONS", cseq);
    }
    weave_link(b.w);
    assert_nothing_lost(b.w);
    isize legs = 0;
    for (isize i = 0; i < weave_ncalls(b.w); i++) {
        const struct call *c = weave_call(b.w, i, true, &b.text);
        legs += c->nlegs;
        for (isize k = 0; k < c->nlegs; k++) assert_int_equal(c->legs[k].messages, 3);
    }
    assert_int_equal(legs, HOPS);
    tap_close(&b);
}

/* ---- for good ---------------------------------------------------------------------------------------- */

/* Who has seen it. */
enum { BY_TAP = 1, BY_LOG = 2 };

/* One call after the other, each of two legs. */
static void play_calls_before(struct scene *s, int n, int witnesses) {
    scene_open(s);
    int phone = box(s, "phone", "198.51.100.7"), pbx = box(s, "pbx", "192.0.2.1"),
        gateway = box(s, "gateway", "203.0.113.9");
    if (witnesses & BY_TAP) tap(s, "wire.pcap");
    if (witnesses & BY_LOG) log_of(s, pbx, 1000000, 0);
    for (int i = 0; i < n; i++) {
        struct talk *a = arena_new(&s->text, struct talk, 2), *c = a + 1;
        char *names = arena_new(&s->text, char, 32), *second = names + 16;
        snprintf(names, 16, "A%d", i);
        snprintf(second, 16, "B%d", i);
        *a = talk(phone, pbx, names, "201", "02079460452");
        *c = talk(pbx, gateway, second, "01632960123", "+442079460452");
        ask(s, a, 9000 * i, "INVITE");
        ask(s, c, 9000 * i + 8, "INVITE");
        answer(s, c, 9000 * i + 700);
        answer(s, a, 9000 * i + 704);
        hang_up(s, a, 9000 * i + 5000, 0);
        hang_up(s, c, 9000 * i + 5006, 0);
    }
}

static void play_calls(struct scene *s, int n) {
    play_calls_before(s, n, BY_TAP | BY_LOG);
}

/* All sightings of the scene once more, in a weave that nothing has linked yet. */
static struct weave *again_in(struct scene *s, struct weave *w) {
    for (isize i = 0; i < s->nshots; i++) {
        struct sighting one = s->shots[i].s;
        one.source = source_of(w, s, s->shots[i].point);
        assert_true(weave_add(w, &one));
    }
    return w;
}

static struct weave *again(struct scene *s) {
    return again_in(s, weave_open());
}

static void assert_same_links(const struct call *want, const struct call *have) {
    assert_true(str_eq(want->id, have->id));
    assert_int_equal(want->nlegs, have->nlegs);
    assert_int_equal(want->nmessages, have->nmessages);
    for (isize i = 0; i < want->nlegs; i++) {
        const struct leg *a = &want->legs[i], *b = &have->legs[i];
        assert_true(str_eq(a->id, b->id));
        assert_int_equal(a->parent, b->parent);
        assert_int_equal(a->role, b->role);
        assert_true(a->confidence >= b->confidence && a->confidence <= b->confidence);
        assert_true(b->nevidence <= 1 && b->nevidence <= a->nevidence);
    }
    for (isize i = 0; want->messages && i < want->nmessages; i++) {
        const struct message *a = &want->messages[i], *b = &have->messages[i];
        assert_int_equal(a->time_us, b->time_us);
        assert_int_equal(a->leg, b->leg);
        assert_int_equal(a->prompted_by, b->prompted_by);
    }
}

static void links_are_the_same_without_evidence(void **state) {
    (void)state;
    struct scene s;
    play_calls(&s, 3);
    struct weave *w = play(&s, 0), *unasked = again(&s);
    isize proved = 0;
    weave_without_evidence(unasked);
    weave_finish(unasked);
    assert_int_equal(weave_ncalls(w), weave_ncalls(unasked));
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *want = weave_call(w, i, true, &view);
        for (isize k = 0; k < want->nlegs; k++) proved += want->legs[k].nevidence;
        assert_same_links(want, weave_call(unasked, i, true, &view));
        arena_close(&view);
    }
    assert_true(proved > 3);
    assert_nothing_lost(unasked);
    weave_close(w);
    weave_close(unasked);
    scene_close(&s);
}

static void links_are_the_same_without_messages(void **state) {
    (void)state;
    struct scene s;
    play_calls(&s, 3);
    struct weave *w = play(&s, 0), *unshown = again(&s);
    weave_without_evidence(unshown);
    weave_without_messages(unshown);
    weave_finish(unshown);
    assert_true(weave_ncalls(w) > 0);
    assert_int_equal(weave_ncalls(w), weave_ncalls(unshown));
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *want = weave_call(w, i, false, &view),
                          *have = weave_call(unshown, i, false, &view);
        assert_same_links(want, have);
        assert_int_equal(want->nmessages, have->nmessages);
        assert_null(
            weave_call(unshown, i, true, &view)->messages); /* asked all the same */
        arena_close(&view);
    }
    weave_close(w);
    weave_close(unshown);
    scene_close(&s);
}

static void check_lines(struct scene *s) {
    struct weave *w = play(s, 0), *lines = weave_open();
    weave_for_lines(lines);
    weave_finish(again_in(s, lines));
    assert_true(weave_ncalls(w) > 0);
    assert_int_equal(weave_ncalls(w), weave_ncalls(lines));
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        assert_line(lines, i, weave_call(w, i, false, &view), &view);
        arena_close(&view);
    }
    weave_close(w);
    weave_close(lines);
    scene_close(s);
}

static void lines_are_the_same_without_all_else(void **state) {
    (void)state;
    static const int witnesses[] = {BY_TAP, BY_LOG, BY_TAP | BY_LOG};
    struct scene s;
    for (isize i = 0; i < countof(witnesses); i++) {
        play_calls_before(&s, 3, witnesses[i]);
        check_lines(&s);
    }
    play_calls_before(&s, 3, BY_TAP);
    struct talk late = talk(0, 1, "late", "203", "02079460452");
    answer(&s, &late, 59999); /* captured before what it answers */
    ask(&s, &late, 60000, "INVITE");
    hang_up(&s, &late, 65000, 0);
    check_lines(&s);
}

static void linked_for_good_is_linked(void **state) {
    (void)state;
    struct scene s;
    play_calls(&s, 3);
    struct weave *w = play(&s, 0), *last = again(&s);
    weave_finish(last);
    struct out want = result_text(w), have = result_text(last);
    assert_true(want.n > 0 && str_eq(out_str(&want), out_str(&have)));
    assert_nothing_lost(last);
    assert_found_from_any_leg(last);
    out_drop(&want);
    out_drop(&have);
    weave_close(w);
    weave_close(last);
    scene_close(&s);
}

/* Enough legs for two threads to be used. */
static void two_threads_link_as_one_does(void **state) {
    (void)state;
    enum { CALLS = 1200 };
    struct scene s;
    play_calls(&s, CALLS);
    struct weave *one = again(&s), *two = again(&s);
    weave_threads(two, 2);
    assert_int_equal(weave_may_use(two, 2 * (isize)CALLS), 2);
    assert_int_equal(weave_may_use(one, 2 * (isize)CALLS) < 2, 1);
    weave_finish(one);
    weave_finish(two);
    struct out want = result_text(one), have = result_text(two);
    assert_true(want.n > 0 && str_eq(out_str(&want), out_str(&have)));
    assert_int_equal(weave_ncalls(two), CALLS);
    assert_nothing_lost(two);
    out_drop(&want);
    out_drop(&have);
    weave_close(one);
    weave_close(two);
    scene_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_as_by_comparing),
        cmocka_unit_test(found_by_number_as_by_hash),
        cmocka_unit_test(what_was_met_twice_is_known),
        cmocka_unit_test(hundreds_of_requests_seen_twice),
        cmocka_unit_test(one_call_id_on_a_hundred_hops),
        cmocka_unit_test(links_are_the_same_without_evidence),
        cmocka_unit_test(links_are_the_same_without_messages),
        cmocka_unit_test(lines_are_the_same_without_all_else),
        cmocka_unit_test(linked_for_good_is_linked),
        cmocka_unit_test(two_threads_link_as_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
