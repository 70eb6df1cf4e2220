/* test_summary.c: what a summary says of a call's neighbours comes back into the call; bodies of small requests. */
#include "draw/draw.h"
#include "serve/body.h"
#include "serve/fixture.h"
#include "serve/summary.h"

#include <math.h>

static struct call call_with_neighbours(arena *a) {
    struct call c = {.id = S("call000000001"), .start_us = 1000000};
    c.legs = arena_new(a, struct leg, 2);
    c.nlegs = 2;
    c.legs[0] = (struct leg){.n = 1, .id = S("leg1")};
    c.legs[1] = (struct leg){.n = 2, .id = S("leg2")};
    c.maybes = arena_new(a, struct maybe, 2);
    c.nmaybes = 2;
    c.maybes[0] = (struct maybe){.leg = 2,
                                 .below = true,
                                 .other = S("o"),
                                 .call = S("c"),
                                 .call_id = S("id\"<&>\u00e9"),
                                 .from = S("1"),
                                 .to = S("2"),
                                 .start_us = 1406361242123456,
                                 .confidence = 0.7125,
                                 .why_not = S("because")};
    c.maybes[0].evidence = arena_new(a, struct evidence, 1);
    c.maybes[0].nevidence = 1;
    c.maybes[0].evidence[0] = (struct evidence){S("timing"), S("8 ms"), -2.5};
    c.maybes[1] = (struct maybe){.leg = 1, .start_us = -1};
    c.related = arena_new(a, struct related, 1);
    c.nrelated = 1;
    c.related[0] = (struct related){S("other"), RELATED_QUEUE, S("same queue 600"),
                                    S("3"),     S("4"),        1406361242000000};
    return c;
}

static str summary_of(arena *a, const struct call *c) {
    struct out o = {0};
    draw_json(&o, c, false);
    str s = arena_copy(a, out_str(&o));
    out_drop(&o);
    return s;
}

static void test_comes_back(void **state) {
    (void)state;
    arena a = arena_open_view();
    struct call c = call_with_neighbours(&a);
    str summary = summary_of(&a, &c);
    /* the same legs, numbered the other way round */
    struct call again = {.nlegs = 2, .legs = arena_new(&a, struct leg, 2)};
    again.legs[0] = (struct leg){.n = 1, .id = S("leg2")};
    again.legs[1] = (struct leg){.n = 2, .id = S("leg1")};
    summary_fill(&again, summary, SUMMARY_MAYBES | SUMMARY_RELATED, &a);
    assert_int_equal(again.nmaybes, 2);
    const struct maybe *m = &again.maybes[0];
    assert_int_equal(m->leg, 1);
    assert_int_equal(again.maybes[1].leg, 2);
    assert_true(m->below);
    assert_true(str_eq(m->call_id, c.maybes[0].call_id));
    assert_true(m->start_us == c.maybes[0].start_us);
    assert_int_equal(again.maybes[1].start_us, -1);
    assert_true(fabs(m->confidence - 0.7125) < 1e-9);
    assert_int_equal(m->nevidence, 1);
    assert_true(str_eq(m->evidence[0].text, S("8 ms")));
    assert_true(fabs(m->evidence[0].bits + 2.5) < 1e-9);
    assert_int_equal(again.nrelated, 1);
    assert_int_equal(again.related[0].kind, RELATED_QUEUE);
    assert_true(str_eq(again.related[0].text, S("same queue 600")));
    again.legs[0].id = S("gone"); /* a leg that is no longer there takes its part along */
    summary_fill(&again, summary, SUMMARY_MAYBES | SUMMARY_RELATED, &a);
    assert_int_equal(again.nmaybes, 1);
    arena_close(&a);
}

/* What is related and began before what is in memory stays with a call that is put again; what began in it was looked at anew. */
static void test_related_stays(void **state) {
    (void)state;
    arena a = arena_open_view();
    struct call c = call_with_neighbours(&a);
    str summary = summary_of(&a, &c);
    i64 us = c.related[0].start_us;
    struct related newer = {
        .call = S("newer"), .kind = RELATED_NAMED, .start_us = us + 2};
    struct call again = {
        .nlegs = c.nlegs, .legs = c.legs, .related = &newer, .nrelated = 1};
    struct sight later = {us + 1, us + 100}, there = {us, us + 100};
    summary_keep_related(&again, summary, &there, 1, &a);
    assert_int_equal(again.nrelated, 1);
    summary_keep_related(&again, summary, &later, 1, &a);
    assert_int_equal(again.nrelated, 2); /* by start */
    assert_true(str_eq(again.related[0].call, S("other")));
    assert_true(str_eq(again.related[1].call, S("newer")));
    summary_keep_related(&again, summary, &later, 1, &a); /* once */
    assert_int_equal(again.nrelated, 2);
    summary_keep_related(&again, S("{\"related\":[{"), &later, 1, &a);
    assert_int_equal(again.nrelated, 2);
    arena_close(&a);
}

/* Each beginning of a summary, and things that are none: nothing breaks, nothing is made up. */
static void test_damaged(void **state) {
    (void)state;
    arena a = arena_open_view();
    struct call c = call_with_neighbours(&a);
    str summary = summary_of(&a, &c);
    struct call again = {.nlegs = c.nlegs, .legs = c.legs};
    for (isize n = 0; n < summary.n; n++) {
        str part = edge_copy(str_sub(summary, 0, n));
        summary_fill(&again, part, SUMMARY_MAYBES | SUMMARY_RELATED, &a);
        assert_int_equal(again.nmaybes + again.nrelated, 0);
        edge_drop(part);
    }
    static const char *const odd[] = {
        "[]",
        "7",
        "{}",
        "{\"legs\":7,\"may_belong\":7,\"related\":{}}",
        "{\"legs\":[7],\"may_belong\":[{\"leg\":1},{\"leg\":-1},{\"leg\":9e99},null]}",
        "{\"related\":[7,{\"kind\":\"no-such-kind\"},{\"kind\":7}]}"};
    for (isize i = 0; i < countof(odd); i++) {
        summary_fill(&again, str_z(odd[i]), SUMMARY_MAYBES | SUMMARY_RELATED, &a);
        assert_int_equal(again.nmaybes + again.nrelated, 0);
    }
    arena_close(&a);
}

static void no_crash(void *ctx, str prefix) {
    struct body b;
    const char *why = NULL;
    if (!body_read(&b, prefix, ctx, &why)) assert_non_null(why);
}

static void test_body(void **state) {
    (void)state;
    arena a = arena_open_view();
    struct body b;
    const char *why = "";
    str all = S("{\"leg\":\"a\",\"other\":\"b\\u00e9c\",\"who\":\"Kay\",\"more\":[1]}");
    assert_true(body_read(&b, all, &a, &why));
    assert_true(str_eq(b.leg, S("a")) && str_eq(b.who, S("Kay")));
    assert_true(str_eq(b.other, S("b\u00e9c")));
    assert_false(body_read(&b, S("{\"leg\":\"a\\u0000\"}"), &a, &why));
    assert_true(body_read(&b, S(" \r\n"), &a, &why));
    assert_int_equal(b.leg.n + b.other.n + b.who.n, 0);
    edge_every_prefix(all, no_crash, &a);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_related_stays),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_body),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
