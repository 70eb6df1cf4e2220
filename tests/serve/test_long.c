/* test_long.c: what the page asks for when a call, or the list, is too long to be sent at once. */
#include "serve/shared.h"

#include <pthread.h>

enum { ROUNDS = 300, LONG_MESSAGES = 3 + 2 * ROUNDS, CALLS = 500 };

static const char *const CALL = "/api/v1/calls/long-1%40192.0.2.66";

/* ---- a log of it ----------------------------------------------------------------------------------- */

static void write_stamp(struct out *o, int s, bool in) {
    out_printf(o, "26 Jul 2014 %02d:%02d:%02d voip-udp-rx VoIP %s 17 ", 10 + s / 3600,
               s / 60 % 60, s % 60, in ? "Rx" : "Tx");
    out_z(o, in ? "192.0.2.66:5060->203.0.113.72:5060\n"
                : "203.0.113.72:5060->192.0.2.66:5060 Try 0 400\n");
}

static void write_message(struct out *o, int s, bool in, const char *first,
                          const char *method, int cseq, const char *call_id) {
    write_stamp(o, s, in);
    out_printf(o,
               "%s\nVia: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK%s%d\n"
               "From: <sip:01632960100@192.0.2.66>;tag=f%s\n"
               "To: <sip:02079460100@203.0.113.72>%s%s\nCall-ID: %s@192.0.2.66\n"
               "CSeq: %d %s\nMax-Forwards: 70\n"
               "Contact: <sip:a@%s>\nContent-Length: 0\n\n\n",
               first, call_id, cseq, call_id, cseq > 1 || !in ? ";tag=t" : "",
               cseq > 1 || !in ? call_id : "", call_id, cseq, method,
               in ? "192.0.2.66:5060" : "203.0.113.72:5060");
}

static void write_round(struct out *o, int i) {
    write_message(o, 3 + i, true, "INFO sip:02079460100@203.0.113.72 SIP/2.0", "INFO",
                  i + 2, "long-1");
    write_message(o, 3 + i, false, "SIP/2.0 200 OK", "INFO", i + 2, "long-1");
}

static void write_long(struct out *o) {
    write_message(o, 0, true, "INVITE sip:02079460100@203.0.113.72 SIP/2.0", "INVITE", 1,
                  "long-1");
    write_message(o, 1, false, "SIP/2.0 200 OK", "INVITE", 1, "long-1");
    write_message(o, 1, true, "ACK sip:02079460100@203.0.113.72 SIP/2.0", "ACK", 1,
                  "long-1");
    for (int i = 0; i < ROUNDS; i++) write_round(o, i);
}

/* Calls a second apart, the last 20 of them within one. */
static void write_calls(struct out *o) {
    for (int i = 0; i < CALLS; i++) {
        char id[32];
        snprintf(id, sizeof id, "short-%d", i);
        int s = 7200 + (i < CALLS - 20 ? i : CALLS - 20);
        write_message(o, s, true, "INVITE sip:02079460100@203.0.113.72 SIP/2.0", "INVITE",
                      1, id);
        write_message(o, s, false, "SIP/2.0 486 Busy Here", "INVITE", 1, id);
    }
}

static void import(const struct out *o) {
    struct reply r = client_import(shared.port, "boxless.log", out_str(o));
    assert_int_equal(r.status, 200);
    reply_drop(&r);
}

static int setup(void **state) {
    (void)state;
    struct out o = {0};
    fixture_open(&shared);
    write_long(&o);
    write_calls(&o);
    import(&o);
    out_drop(&o);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_close(&shared);
    return 0;
}

/* ---- a long call --------------------------------------------------------------------------------- */

static struct reply get_ok(const char *rest) {
    char target[300];
    snprintf(target, sizeof target, "%s%s", CALL, rest);
    struct reply r = client_get(shared.port, target);
    if (r.status != 200) fail_msg("%s: %d", rest, r.status);
    return r;
}

static isize rows_in(str svg) {
    isize n = 0;
    for (isize at; (at = str_find_str(svg, S("<g class=\"m "))) >= 0; n++)
        svg = str_from(svg, at + 1);
    return n;
}

static str rows_of(str svg) {
    isize from = str_find_str(svg, S("<g class=\"rows\">\n"));
    isize to = str_find_str(svg, S("</g>\n<g class=\"heads\">"));
    assert_true(from >= 0 && to > from);
    return str_sub(svg, from + 17, to - from - 17);
}

static i64 attribute(str svg, const char *name) {
    char want[40];
    snprintf(want, sizeof want, " %s=\"", name);
    isize at = str_find_str(svg, str_z(want));
    if (at < 0) return -1;
    str rest = str_from(svg, at + str_z(want).n);
    return (i64)str_u64(str_cut(rest, '"').head, INT64_MAX).value;
}

static void a_long_ladder_comes_in_pieces(void **state) {
    (void)state;
    struct reply whole = get_ok("/ladder.svg"), near = get_ok("/ladder.svg?near=0");
    struct out rows = {0};
    assert_int_equal(rows_in(whole.body), LONG_MESSAGES);
    assert_int_equal(rows_in(near.body), 128);
    assert_int_equal(attribute(near.body, "data-rows"), LONG_MESSAGES);
    assert_int_equal(attribute(near.body, "data-first"), 0);
    assert_int_equal(attribute(near.body, "height"), attribute(whole.body, "height"));
    reply_drop(&near);
    near = get_ok("/ladder.svg?near=500");
    assert_int_equal(attribute(near.body, "data-first"), 384);
    assert_true(str_find_str(near.body, S("id=\"m500\"")) >= 0);
    reply_drop(&near);
    for (int first = 0; first < LONG_MESSAGES; first += 100) {
        char rest[80];
        snprintf(rest, sizeof rest, "/ladder.svg?first=%d&count=100", first);
        struct reply r = get_ok(rest);
        out_bytes(&rows, rows_of(r.body));
        reply_drop(&r);
    }
    assert_true(str_eq(out_str(&rows), rows_of(whole.body)));
    out_drop(&rows);
    reply_drop(&whole);
}

static void a_short_ladder_comes_whole(void **state) {
    (void)state;
    static const char target[] = "/api/v1/calls/short-1%40192.0.2.66/ladder.svg";
    char near[100];
    snprintf(near, sizeof near, "%s?near=2", target);
    struct reply a = client_get(shared.port, target), b = client_get(shared.port, near);
    assert_int_equal(a.status, 200);
    assert_true(str_eq(a.body, b.body));
    reply_drop(&a);
    reply_drop(&b);
}

static void its_index_says_where_rows_stand(void **state) {
    (void)state;
    struct reply r = get_ok("/ladder.json"), svg = get_ok("/ladder.svg?near=0");
    json_t *j = json_of(r.body);
    static const char *const columns[] = {"n", "y", "leg", "from", "to"};
    for (isize i = 0; i < countof(columns); i++)
        assert_int_equal(count_of(j, columns[i]), LONG_MESSAGES);
    assert_true(str_find_str(svg.body, str_z(text_of(j, "version"))) >= 0);
    json_decref(j);
    reply_drop(&r);
    reply_drop(&svg);
}

static void its_texts_come_when_asked_for(void **state) {
    (void)state;
    struct reply whole = get_ok(""), lean = get_ok("?lean=1"),
                 some = get_ok("/messages?first=600&count=10");
    json_t *a = json_of(whole.body), *b = json_of(lean.body), *c = json_of(some.body);
    assert_int_equal(count_of(a, "messages"), LONG_MESSAGES);
    assert_int_equal(count_of(b, "messages"), LONG_MESSAGES);
    assert_int_equal(count_of(c, "messages"), 4);
    json_t *all = json_object_get(a, "messages"), *bare = json_object_get(b, "messages"),
           *part = json_object_get(c, "messages");
    for (size_t i = 0; i < 4; i++)
        assert_true(json_equal(json_array_get(part, i), json_array_get(all, 599 + i)));
    for (size_t i = 0; i < LONG_MESSAGES; i++) {
        json_t *m = json_array_get(all, i);
        json_object_del(m, "raw");
        assert_true(json_equal(m, json_array_get(bare, i)));
    }
    assert_true(lean.body.n < whole.body.n * 3 / 4);
    json_decref(a);
    json_decref(b);
    json_decref(c);
    reply_drop(&whole);
    reply_drop(&lean);
    reply_drop(&some);
}

static void a_short_call_has_its_texts(void **state) {
    (void)state;
    json_t *j = get_json(shared.port, "/api/v1/calls/short-1%40192.0.2.66?lean=1");
    assert_non_null(
        json_object_get(json_array_get(json_object_get(j, "messages"), 0), "raw"));
    json_decref(j);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *rest;
        int status;
        const char *says;
    } cases[] = {
        {"/ladder.svg?near=x", 400, "near wants a number"},
        {"/ladder.svg?first=-1", 400, "first wants a number"},
        {"/ladder.svg?first=1&count=1e9", 400, "count wants a number"},
        {"/messages?first=one", 400, "first wants a number"},
        {"/ladder.json?unfold=x", 400, "unfold wants"},
    };
    for (isize i = 0; i < countof(cases); i++) {
        char target[300];
        snprintf(target, sizeof target, "%s%s", CALL, cases[i].rest);
        struct reply r = client_get(shared.port, target);
        assert_error(&r, cases[i].status, cases[i].says);
    }
    static const char *const nowhere[] = {"ladder.svg?near=0", "ladder.json", "messages"};
    for (isize i = 0; i < countof(nowhere); i++) {
        char target[300];
        snprintf(target, sizeof target, "/api/v1/calls/none/%s", nowhere[i]);
        struct reply r = client_get(shared.port, target);
        assert_error(&r, 404, "there is no call");
    }
    struct reply r = get_ok("/ladder.svg?first=2000000000&count=2000000000");
    assert_int_equal(rows_in(r.body), 0);
    reply_drop(&r);
    r = get_ok("/messages?first=2000000000");
    assert_true(str_eq(r.body, S("{\"messages\":[]}")));
    reply_drop(&r);
}

/* ---- many at once ---------------------------------------------------------------------------------- */

struct asker {
    pthread_t thread;
    int k, wrong;
};

static void *ask(void *arg) {
    struct asker *a = arg;
    for (int i = 0; i < 12; i++) {
        char target[300];
        int first = (a->k * 37 + i * 101) % LONG_MESSAGES;
        snprintf(target, sizeof target, "%s/ladder.svg?first=%d&count=1%s", CALL, first,
                 (a->k + i) % 3 ? "" : "&unfold=all");
        struct reply r = client_get(shared.port, target);
        a->wrong += r.status != 200 || attribute(r.body, "data-m") != first + 1;
        reply_drop(&r);
    }
    return NULL;
}

static void many_ask_at_once(void **state) {
    (void)state;
    struct asker askers[8] = {0};
    for (int i = 0; i < countof(askers); i++) {
        askers[i].k = i;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < countof(askers); i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].wrong, 0);
    }
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static i64 found_between(const char *more, const char *after, const char *before) {
    char target[300];
    int n = snprintf(target, sizeof target, "/api/v1/calls?limit=1000%s", more);
    if (after) n += snprintf(target + n, sizeof target - (size_t)n, "&after=%s", after);
    snprintf(target + n, sizeof target - (size_t)n, "&before=%s", before);
    json_t *j = get_json(shared.port, target);
    i64 found = (i64)count_of(j, "calls");
    json_decref(j);
    return found;
}

/* Every part has as many calls as it says, and together they are all. */
static void assert_spread(const char *more, i64 total) {
    char target[300], end[40] = "";
    snprintf(target, sizeof target, "/api/v1/spread?limit=20%s", more);
    json_t *j = get_json(shared.port, target), *parts = json_object_get(j, "parts");
    assert_int_equal(number_of(j, "total"), total);
    i64 sum = 0;
    for (size_t i = 0; i < json_array_size(parts); i++) {
        json_t *p = json_array_get(parts, i);
        const char *after = json_string_value(json_object_get(p, "after"));
        assert_true(number_of(p, "count") > 0);
        assert_true(i == 0 || strcmp(text_of(p, "before"), end) <= 0);
        snprintf(end, sizeof end, "%s", after ? after : "");
        assert_int_equal(found_between(more, after, text_of(p, "before")),
                         number_of(p, "count"));
        sum += number_of(p, "count");
    }
    assert_int_equal(sum, total);
    json_decref(j);
}

static void a_spread_tells_how_many_and_when(void **state) {
    (void)state;
    assert_spread("", CALLS + 1);
    assert_spread("&state=failed", CALLS);
    assert_spread("&state=failed&before=2014-07-26T12:00:10Z", 10);
    assert_spread("&after=2014-07-26T12:00:10Z&before=2014-07-26T12:01:00Z", 50);
    assert_spread("&after=2014-07-26T12:08:00Z", 20);
    assert_spread("&number=02079460100", CALLS + 1);
    assert_spread("&number=123456789", 0);
}

static void what_cannot_be_counted_in_advance(void **state) {
    (void)state;
    static const char *const searches[] = {"text=Busy", "q=boxless+busy",
                                           "number=01632960100&number=02079460100"};
    for (isize i = 0; i < countof(searches); i++) {
        char target[200];
        snprintf(target, sizeof target, "/api/v1/spread?%s", searches[i]);
        json_t *j = get_json(shared.port, target);
        assert_true(json_is_null(json_object_get(j, "total")));
        assert_int_equal(count_of(j, "parts"), 0);
        json_decref(j);
    }
    struct reply r = client_get(shared.port, "/api/v1/spread?state=none");
    assert_error(&r, 400, "state wants");
}

/* ---- it goes on ------------------------------------------------------------------------------------------ */

static void a_long_call_that_goes_on_is_read_again(void **state) {
    (void)state;
    struct reply before = get_ok("/ladder.svg?near=0");
    struct out o = {0};
    write_long(&o);
    write_round(&o, ROUNDS);
    import(&o);
    out_drop(&o);
    struct reply after = get_ok("/ladder.svg?near=0");
    assert_int_equal(attribute(before.body, "data-rows"), LONG_MESSAGES);
    assert_int_equal(attribute(after.body, "data-rows"), LONG_MESSAGES + 2);
    reply_drop(&before);
    reply_drop(&after);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_ladder_comes_in_pieces),
        cmocka_unit_test(a_short_ladder_comes_whole),
        cmocka_unit_test(its_index_says_where_rows_stand),
        cmocka_unit_test(its_texts_come_when_asked_for),
        cmocka_unit_test(a_short_call_has_its_texts),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(many_ask_at_once),
        cmocka_unit_test(a_spread_tells_how_many_and_when),
        cmocka_unit_test(what_cannot_be_counted_in_advance),
        cmocka_unit_test(a_long_call_that_goes_on_is_read_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
