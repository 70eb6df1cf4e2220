/* test_loom.c: what goes through the loom comes out linked: all at once, in pieces, late, in another order, an hour after; in
 * bounded memory. */
#include "serve/woven.h"

static void any_way(void **state) {
    (void)state;
    struct traffic t = some_traffic(600, SECOND / 2);
    struct place once, pieces, late, back;
    place_begin(&once, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&once, &t.lines[i], "a.pcap");
    commit(&once);
    struct shapes want = shapes_of(&once), got;
    assert_int_equal(want.calls, 600);
    place_end(&once);

    place_begin(&pieces,
                (struct loom_options){0}); /* as it comes, and a new start now and then */
    for (isize i = 0; i < t.n; i++) {
        feed(&pieces, &t.lines[i], "a.pcap");
        if (i % 97 == 0) commit(&pieces);
        if (i % 2500 == 2499) place_again(&pieces);
    }
    commit(&pieces);
    got = shapes_of(&pieces);
    expect_same("in pieces", &got, &want);
    place_end(&pieces);

    /* the log of one side a day later: first what the gateway's side has, then the phones' */
    place_begin(&late, (struct loom_options){.bulk = true});
    for (int side = 0; side < 2; side++) {
        for (isize i = 0; i < t.n; i++) {
            const struct sighting *s = &t.lines[i].s;
            bool outside = s->src.ip[3] == GATEWAY || s->dst.ip[3] == GATEWAY;
            if (s->src.ip[2] || s->dst.ip[2]) outside = false;
            if (outside == (side == 0)) feed(&late, &t.lines[i], "a.pcap");
        }
        commit(&late);
        place_again(&late);
    }
    got = shapes_of(&late);
    expect_same("one side late", &got, &want);
    place_end(&late);

    place_begin(&back, (struct loom_options){.bulk = true}); /* the last minute first */
    for (isize high = t.n; high > 0;) {
        isize low = high > 700 ? high - 700 : 0;
        for (isize i = low; i < high; i++) feed(&back, &t.lines[i], "a.pcap");
        commit(&back);
        if (low % 2 == 0) place_again(&back);
        high = low;
    }
    got = shapes_of(&back);
    expect_same("from the end", &got, &want);
    place_end(&back);
    traffic_drop(&t);
}

/* What is in the database and was never linked comes out as when all is linked at once, however long the stretches are; and
 * in bounded memory, where a stretch goes as far as there is room for. */
static void stretch_by_stretch(void **state) {
    (void)state;
    struct traffic t = some_traffic(600, SECOND / 2);
    static const i64 lengths[] = {600 * SECOND, 37 * SECOND, 5 * SECOND, 0};
    struct shapes want = {0};
    for (int k = 0; k < (int)countof(lengths); k++) {
        struct place p;
        place_begin(&p, (struct loom_options){.owing = true, .many = k == 3 ? 1000 : 0});
        store_all(&p, &t);
        u64 linked = 0, n;
        isize most = 0;
        i64 at = t.lines[0].s.time_us, last = t.lines[t.n - 1].s.time_us;
        while (at <= last) {
            i64 end = at + (lengths[k] ? lengths[k] : 600 * SECOND);
            assert_int_equal(loom_link_stretch(p.loom, at, &end, &n, NULL, NULL), ERR_OK);
            most = i64_max(most, loom_held(p.loom));
            linked += n;
            assert_true(end > at);
            at = end;
        }
        struct shapes got = shapes_of(&p);
        if (k == 0) want = got;
        assert_int_equal(want.calls, 600);
        assert_int_equal(linked, t.n);
        if (lengths[k]) {
            expect_same("in stretches", &got, &want);
        } else { /* so little is in sight that some legs stay alone */
            print_message("# at most %td of %td in memory: %td calls, %td legs\n", most,
                          t.n, got.calls, got.legs);
            assert_true(most < 6000 && got.legs == want.legs);
        }
        place_end(&p);
    }
    traffic_drop(&t);
}

/* Hours of traffic through a small window: what is held does not grow, and no call suffers. */
static void bounded(void **state) {
    (void)state;
    enum { CALLS = 3000, MANY = 1500 };
    struct traffic t = some_traffic(CALLS, 4 * SECOND); /* 3 h 20 */
    struct place p;
    isize most = 0;
    place_begin(&p, (struct loom_options){.window_us = 240 * SECOND, .many = MANY});
    for (isize i = 0; i < t.n; i++) {
        feed(&p, &t.lines[i], "live");
        if (i % 200 != 199) continue;
        commit(&p);
        most = i64_max(most, loom_held(p.loom));
    }
    commit(&p);
    struct shapes s = shapes_of(&p);
    print_message("# at most %td of %td sightings in memory\n", most, t.n);
    assert_true(most < 8 * MANY + 400 && most < t.n / 4);
    assert_int_equal(s.calls, CALLS);
    isize legs = 0;
    for (int i = 0; i < CALLS; i++) legs += 2 + (i % 3 == 0) + (i % 4 == 0);
    assert_int_equal(s.legs, legs);
    /* a log from the first hour, now: it does not bring the hours between with it */
    struct traffic old = traffic_new();
    call(&old, 90001, START + 600 * SECOND, 20 * SECOND);
    traffic_sort(&old);
    for (isize i = 0; i < old.n; i++) feed(&p, &old.lines[i], "late.pcap");
    commit(&p);
    assert_true(loom_held(p.loom) < 8 * MANY + 400);
    s = shapes_of(&p);
    assert_int_equal(s.calls, CALLS + 1);
    place_end(&p);
    traffic_drop(&old);
    traffic_drop(&t);
}

/* A call of an hour: its BYE comes when everything around its beginning has left the memory. */
static void bye_after_an_hour(void **state) {
    (void)state;
    struct traffic t = some_traffic(1200, 4 * SECOND);
    call(&t, 12000, START + 300 * SECOND,
         3600 * SECOND); /* with a busy phone and a recorder */
    traffic_sort(&t);
    char id[40];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)hash_mix(12000, 102));
    struct place p;
    place_begin(&p, (struct loom_options){.window_us = 240 * SECOND, .many = 1000});
    json_t *before = NULL;
    for (isize i = 0; i < t.n; i++) {
        feed(&p, &t.lines[i], "live");
        if (i % 100 == 99) commit(&p);
        bool later = t.lines[i].s.time_us > START + 3000 * SECOND;
        if (later && !before) before = summary(&p, id);
    }
    commit(&p);
    json_t *after = summary(&p, id);
    assert_int_equal(json_array_size(json_object_get(before, "legs")), 4);
    assert_int_equal(json_array_size(json_object_get(after, "legs")), 4);
    assert_string_equal(json_string_value(json_object_get(before, "state")), "in-call");
    assert_string_equal(json_string_value(json_object_get(after, "state")), "answered");
    for (size_t i = 0; i < 4; i++) { /* and why it is one call is what it was */
        json_t *x = json_array_get(json_object_get(before, "legs"), i);
        json_t *y = json_array_get(json_object_get(after, "legs"), i);
        assert_true(
            json_equal(json_object_get(x, "evidence"), json_object_get(y, "evidence")));
        assert_true(
            json_equal(json_object_get(x, "parent"), json_object_get(y, "parent")));
    }
    json_decref(before);
    json_decref(after);
    place_end(&p);
    traffic_drop(&t);
}

/* What is no SIP is counted with its place when it is fed, not when it is stored. */
static void not_sip(void **state) {
    (void)state;
    struct place p;
    struct traffic t = some_traffic(1, SECOND);
    place_begin(&p, (struct loom_options){0});
    struct line bad = t.lines[0];
    bad.s.bytes = S("GET / HTTP/1.1\r\n\r\n");
    bad.s.line = 77;
    feed(&p, &bad, "a.pcap");
    assert_int_equal(loom_waiting(p.loom), 0);
    assert_int_equal(loom_totals(p.loom).skips.n[SKIP_NOT_SIP], 1);
    assert_int_equal(loom_totals(p.loom).skips.first[SKIP_NOT_SIP], 77);
    feed(&p, &t.lines[0], "a.pcap");
    assert_int_equal(loom_waiting(p.loom), 1);
    commit(&p);
    assert_int_equal(loom_totals(p.loom).sightings, 1);
    place_end(&p);
    traffic_drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_way), cmocka_unit_test(stretch_by_stretch),
        cmocka_unit_test(bounded), cmocka_unit_test(bye_after_an_hour),
        cmocka_unit_test(not_sip),
    };
    return cmocka_run_group_tests_name("loom", tests, NULL, NULL);
}
