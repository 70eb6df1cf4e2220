/* test_volume.c: the bars of the chart, beside a plain count over the whole list. */
#include "base/time.h"
#include "serve/shared.h"

enum { CALLS = 400 };

/* ---- a log of it ----------------------------------------------------------------------------------- */

static const char *const MONTHS[] = {"May", "Jun", "Jul"};

/* When call i begins: most on two days, some in one minute, one weeks before. */
static struct civil begins(u32 i) {
    if (i == 0) return (struct civil){2014, 5, 3, 9, 0, 0, 0};
    u32 r = (i * 2654435761u) >> 8;
    if (i < 40) return (struct civil){2014, 7, 26, 12, 34, (int)(r % 60), 0};
    return (struct civil){
        .year = 2014,
        .month = 7,
        .day = 25 + (int)(r % 2),
        .hour = (int)(r / 2 % 24),
        .minute = (int)(r / 50 % 60),
        .second = (int)(r / 3000 % 60),
    };
}

static void write_message(struct out *o, u32 i, bool in, const char *first, int second) {
    struct civil t = begins(i);
    out_printf(o, "%02d %s %d %02d:%02d:%02d voip-udp-rx VoIP %s 17 ", t.day,
               MONTHS[t.month - 5], t.year, t.hour, t.minute, second, in ? "Rx" : "Tx");
    out_z(o, in ? "192.0.2.66:5060->203.0.113.72:5060\n"
                : "203.0.113.72:5060->192.0.2.66:5060 Try 0 400\n");
    out_printf(o,
               "%s\nVia: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK%u\n"
               "From: <sip:0163296%04u@192.0.2.66>;tag=f%u\n"
               "To: <sip:02079460100@203.0.113.72>%s\nCall-ID: v%u@192.0.2.66\n"
               "CSeq: 1 INVITE\nMax-Forwards: 70\nContent-Length: 0\n\n\n",
               first, i, i % 7, i, in ? "" : ";tag=t", i);
}

static int by_start(const void *a, const void *b) {
    struct civil x = begins(*(const u32 *)a), y = begins(*(const u32 *)b);
    i64 p = time_from_civil(&x), q = time_from_civil(&y);
    return (p > q) - (p < q);
}

static int setup(void **state) {
    (void)state;
    struct out o = {0};
    u32 order[CALLS];
    for (u32 i = 0; i < CALLS; i++) order[i] = i;
    qsort(order, CALLS, sizeof *order, by_start);
    fixture_open(&shared);
    for (u32 k = 0; k < CALLS; k++) {
        u32 i = order[k];
        write_message(&o, i, true, "INVITE sip:02079460100@203.0.113.72 SIP/2.0",
                      begins(i).second);
        if (i % 3) write_message(&o, i, false, "SIP/2.0 486 Busy Here", begins(i).second);
    }
    struct reply r = client_import(shared.port, "boxless.log", out_str(&o));
    assert_int_equal(r.status, 200);
    reply_drop(&r);
    out_drop(&o);
    return 0;
}

/* ---- the same, counted from the list ----------------------------------------------------------------- */

static i64 instant(const char *iso) {
    struct time_read t = time_read_iso(str_z(iso), 0);
    assert_true(t.ok);
    return t.us;
}

static json_t *volume(const char *params) {
    char target[300];
    snprintf(target, sizeof target, "/api/v1/volume?%s", params);
    return get_json(shared.port, target);
}

/* The calls of the list that begin within a bar; of those, the failed ones. */
static void count_list(json_t *calls, i64 from, i64 to, i64 *n, i64 *failed) {
    *n = *failed = 0;
    for (size_t i = 0; i < json_array_size(calls); i++) {
        json_t *c = json_array_get(calls, i);
        i64 at = instant(text_of(c, "start"));
        if (at < from || at >= to) continue;
        ++*n;
        *failed += strcmp(text_of(c, "state"), "failed") == 0;
    }
}

/* Every bar holds what the list has in its time, and together they hold all of it. */
static void assert_bars(const char *params, i64 zone_s, const char *zone, i64 most) {
    char target[300];
    snprintf(target, sizeof target, "/api/v1/calls?limit=1000&%s", params);
    json_t *list = get_json(shared.port, target), *calls = json_object_get(list, "calls");
    snprintf(target, sizeof target, "%s&zone=%s&limit=%lld", params, zone,
             (long long)most);
    json_t *v = volume(target), *bars = json_object_get(v, "bars");
    i64 step = number_of(v, "step") * US_PER_S, total = 0, failed = 0, last = INT64_MIN;
    i64 after = instant(text_of(v, "after")), before = instant(text_of(v, "before"));
    assert_true(step > 0 && after < before);
    assert_true((before - after) / step <= most);
    for (size_t i = 0; i < json_array_size(bars); i++) {
        json_t *b = json_array_get(bars, i);
        i64 at = instant(text_of(b, "at")), n, bad;
        assert_true(at > last && at < before && at + step > after);
        assert_int_equal((at + zone_s * US_PER_S) % step, 0);
        count_list(calls, at, at + step, &n, &bad);
        assert_true(n > 0);
        if (number_of(b, "count") != n || number_of(b, "failed") != bad)
            fail_msg("%s: %s has %lld, %lld", target, text_of(b, "at"), (long long)n,
                     (long long)bad);
        total += n;
        failed += bad;
        last = at;
    }
    assert_int_equal(total, json_array_size(calls));
    assert_int_equal(number_of(v, "total"), total);
    assert_int_equal(number_of(v, "failed"), failed);
    json_decref(v);
    json_decref(list);
}

static void bars_hold_what_the_list_shows(void **state) {
    (void)state;
    static const char *const params[] = {
        "",
        "kind=any",
        "state=failed",
        "state=partial",
        "status=486",
        "from=01632960005",
        "number=02079460100",
        "address=192.0.2.66&state=failed",
        "after=2014-07-25T00:00:00Z",
        "before=2014-07-26T12:34:30Z",
        "after=2014-07-25T07:31:12Z&before=2014-07-26T12:34:30Z",
        "after=2014-07-25T07:31:12Z&before=2014-07-26T12:34:30Z&state=failed",
        "after=2014-07-26T12:34:10.5Z&before=2014-07-26T12:34:30Z",
        "after=2014-07-26T12:00:00Z&before=2014-07-26T13:00:00Z",
        "after=2014-01-01&before=2015-01-01",
        "after=0001-01-01&before=9999-01-01",
    };
    static const struct {
        i64 s;
        const char *text;
    } zones[] = {{0, "UTC"},
                 {3600, "%2B01:00"},
                 {-12600, "-03:30"},
                 {420, "%2B00:07"},
                 {-45900, "-12:45"}};
    static const i64 most[] = {2, 7, 100, 1000};
    for (isize i = 0; i < countof(params); i++) {
        for (isize k = 0; k < countof(zones); k++)
            for (isize m = 0; m < (k ? 1 : countof(most)); m++)
                assert_bars(params[i], zones[k].s, zones[k].text, k ? 100 : most[m]);
    }
}

/* ---- where it begins and ends -------------------------------------------------------------------------- */

static void open_ends_are_where_the_calls_are(void **state) {
    (void)state;
    json_t *v = volume("after=2014-07-26T12:34:00Z&status=486");
    assert_string_equal(text_of(v, "after"), "2014-07-26T12:34:00.000000Z");
    assert_true(strcmp(text_of(v, "before"), "2014-07-27T00:00:00.000000Z") <= 0);
    json_decref(v);
    v = volume("from=01632960001");
    assert_int_equal(number_of(v, "total"), 57);
    assert_true(strcmp(text_of(v, "after"), "2014-07-25") >= 0);
    json_decref(v);
}

/* A quiet hour is shown as one: the ends that were asked for stay. */
static void ends_that_were_asked_for_stay(void **state) {
    (void)state;
    json_t *v = volume("after=2014-07-20T00:00:30Z&before=2014-07-20T01:00:00Z");
    assert_int_equal(number_of(v, "total"), 0);
    assert_string_equal(text_of(v, "after"), "2014-07-20T00:00:30.000000Z");
    assert_string_equal(text_of(v, "before"), "2014-07-20T01:00:00.000000Z");
    assert_int_equal(number_of(v, "step"), 60);
    assert_int_equal(count_of(v, "bars"), 0);
    json_decref(v);
}

static void nothing_there(void **state) {
    (void)state;
    static const char *const params[] = {"before=2014-01-01", "after=2030-01-01",
                                         "after=2014-07-26&before=2014-07-25"};
    for (isize i = 0; i < countof(params); i++) {
        json_t *v = volume(params[i]);
        assert_int_equal(number_of(v, "total"), 0);
        assert_int_equal(count_of(v, "bars"), 0);
        assert_null(json_object_get(v, "after"));
        json_decref(v);
    }
    json_t *v = volume("kind=registration");
    assert_int_equal(number_of(v, "total"), 0);
    assert_int_equal(count_of(v, "bars"), 0);
    json_decref(v);
}

static void what_cannot_be_counted_in_advance(void **state) {
    (void)state;
    static const char *const params[] = {"text=Busy", "q=boxless+busy",
                                         "number=01632960001&number=02079460100"};
    for (isize i = 0; i < countof(params); i++) {
        json_t *v = volume(params[i]);
        assert_true(json_is_null(json_object_get(v, "total")));
        assert_int_equal(count_of(v, "bars"), 0);
        json_decref(v);
    }
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    struct reply r = client_get(shared.port, "/api/v1/volume?zone=here");
    assert_error(&r, 400, "zone wants UTC or an offset");
    r = client_get(shared.port, "/api/v1/volume?limit=0");
    assert_error(&r, 400, "limit wants");
    r = client_get(shared.port, "/api/v1/volume?bars=3");
    assert_error(&r, 400, "there is no parameter \"bars\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_hold_what_the_list_shows),
        cmocka_unit_test(open_ends_are_where_the_calls_are),
        cmocka_unit_test(ends_that_were_asked_for_stay),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(what_cannot_be_counted_in_advance),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("volume", tests, setup, close_shared);
}
