/* Many calls: where a search goes over from cursors to a list, and from a list to a test on each call; and where the
 * budget of a search for text ends. */
#include "world.h"

enum { CALLS = 9000 };

static struct world w;

/* Call i: from 0 2000 000000 + i, one leg; three calls begin in each second; every tenth failed. */
static void put_many(void) {
    world_begin(&w);
    for (int i = 0; i < CALLS; i++) {
        char id[16];
        snprintf(id, sizeof id, "call%09d", i);
        struct call c = call_of(&w.view, id, T0 + i / 3 * US_PER_SECOND, (int[]){i}, 1);
        c.from = arena_printf(&w.view, "02000%06d", i);
        c.to = arena_printf(&w.view, "0800%04d", i % 7);
        c.duration_ms = 1000 + i % 4 * 100;
        c.state = i % 10 ? STATE_ANSWERED : STATE_FAILED;
        c.legs[0].from_display = arena_printf(&w.view, "Desk %d", i);
        add(&w, i, i, c.start_us);
        put(&w, &c);
        if (i % 500 == 0) arena_reset(&w.view);
    }
    world_commit(&w);
}

static int setup(void **state) {
    (void)state;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    put_many();
    world_close(&w);
    world_open(&w, STORE_READ);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    world_close(&w);
    check_invariants(w.path);
    world_drop(&w);
    return 0;
}

/* Rows are numbered calls in falling order of (second, number), each of which fits. */
struct seen_rows {
    isize n;
    int last;
    bool (*fits)(int i);
};

static int number_of(str id) {
    return (int)str_u64(str_from(id, 4), CALLS).value;
}

static bool row_check(void *ctx, str id, i64 start_us, str json) {
    struct seen_rows *s = ctx;
    int i = number_of(id);
    (void)json;
    assert_int_equal(start_us, T0 + i / 3 * US_PER_SECOND);
    assert_true(s->n == 0 || i < s->last);
    assert_true(s->fits(i));
    s->last = i;
    s->n++;
    return true;
}

static void expect_all(struct search *q, bool (*fits)(int i)) {
    struct seen_rows s = {.fits = fits};
    isize want = 0;
    u64 n = 0;
    for (int i = 0; i < CALLS; i++) want += fits(i);
    q->limit = CALLS;
    fine(w.s, store_search(w.s, q, row_check, &s));
    assert_int_equal(s.n, want);
    fine(w.s, store_count(w.s, q, &n));
    assert_int_equal(n, want);
    q->limit = 7; /* and the first page of it */
    s = (struct seen_rows){.fits = fits};
    fine(w.s, store_search(w.s, q, row_check, &s));
    assert_int_equal(s.n, want < 7 ? want : 7);
}

static bool all(int i) {
    return i >= 0;
}
static bool failed(int i) {
    return i % 10 == 0;
}
static bool ten(int i) {
    return i / 10 == 123;
}
static bool hundred(int i) {
    return i / 100 == 12;
}
static bool thousand(int i) {
    return i / 1000 == 3;
}
static bool thousand_failed(int i) {
    return thousand(i) && failed(i);
}

static void prefixes_of_every_width(void **state) {
    (void)state;
    struct search q = search_any();
    q.number = S("02000 00123*"); /* 10 words: cursors */
    expect_all(&q, ten);
    q.number = S("02000 0012*"); /* 100: a list */
    expect_all(&q, hundred);
    q.number = S("02000 003*"); /* 1,000 */
    expect_all(&q, thousand);
    q.number = S("02000*"); /* 9,000 words: a test */
    expect_all(&q, all);
    q.state = STATE_FAILED;
    expect_all(&q, failed);
    q.number = S("02000003*");
    expect_all(&q, thousand_failed);
    q = search_any();
    q.from = S("2*");
    q.to = S("0800*");
    q.text = S("boxless");
    expect_all(&q, all);
    q.state = STATE_FAILED;
    expect_all(&q, failed);
}

/* ---- counted by when they start ------------------------------------------------------------------------ */

enum { BARS = 10, BAR_S = CALLS / 3 / BARS };

/* Two more bars, before and after; each bar is what fits of its calls, or near it. */
static void expect_bars(struct search *q, bool (*fits)(int i), bool estimate) {
    struct store_bar bars[BARS + 2];
    bool estimated;
    fine(w.s, store_bars(w.s, q, T0 - BAR_S * US_PER_SECOND, BAR_S * US_PER_SECOND, bars,
                         BARS + 2, &estimated));
    assert_int_equal(estimated, estimate);
    for (int b = 0; b < BARS + 2; b++) {
        i64 n = 0, nfailed = 0, margin = estimate ? 3 * BAR_S / 5 : 0;
        for (int i = 0; i < CALLS; i++) {
            if (i / 3 / BAR_S != b - 1 || b == 0 || !fits(i)) continue;
            n++;
            nfailed += failed(i);
        }
        if (q->state == STATE_FAILED) assert_int_equal(bars[b].failed, bars[b].n);
        if (n == 0) margin = 0;
        assert_in_range(bars[b].n, i64_max(0, n - margin), n + margin);
        assert_in_range(bars[b].failed, i64_max(0, nfailed - margin / 3),
                        nfailed + margin / 3);
    }
}

static bool second_half(int i) {
    return i / 3 >= CALLS / 6;
}
static bool long_ones(int i) {
    return i % 4 >= 2;
}
static bool long_failed(int i) {
    return long_ones(i) && failed(i);
}
static bool long_of_a_bar(int i) {
    return long_ones(i) && i / 3 / BAR_S == 4;
}

static void bars_of_every_width(void **state) {
    (void)state;
    struct search q = search_any();
    expect_bars(&q, all, false);
    q.after_us = T0 + CALLS / 6 * US_PER_SECOND;
    expect_bars(&q, second_half, false);
    q.after_us = 0;
    q.number = S("02000003*");
    expect_bars(&q, thousand, false);
    q.state = STATE_FAILED;
    expect_bars(&q, thousand_failed, false);
    q = search_any();
    q.number = S("02000*"); /* a test: of the failed ones all are looked at */
    q.state = STATE_FAILED;
    expect_bars(&q, failed, false);
    q = search_any();
    q.min_duration_ms = 1200; /* the words know powers of two */
    expect_bars(&q, long_ones, true);
    q.state = STATE_FAILED;
    expect_bars(&q, long_failed, false);
    q.state = STATE_COUNT; /* few again: exact */
    q.after_us = T0 + 4 * BAR_S * US_PER_SECOND;
    q.before_us = T0 + 5 * BAR_S * US_PER_SECOND;
    q.number = S("02000*");
    struct store_bar bar;
    bool estimated;
    u64 n;
    fine(w.s, store_count(w.s, &q, &n));
    fine(w.s, store_bars(w.s, &q, q.after_us, 1, &bar, 1, &estimated));
    assert_true(bar.n <= 3 && !estimated);
    assert_int_equal(n, 3 * BAR_S / 2);
    expect_bars(&q, long_of_a_bar, false);
}

static void bars_that_cannot_be(void **state) {
    (void)state;
    struct store_bar bar;
    bool estimated;
    struct search q = search_any();
    assert_int_equal(store_bars(w.s, &q, T0, 0, &bar, 1, &estimated), ERR_USAGE);
    assert_int_equal(store_bars(w.s, &q, T0, 1, &bar, 0, &estimated), ERR_USAGE);
    q.text = S("boxless");
    assert_int_equal(store_bars(w.s, &q, T0, 1, &bar, 1, &estimated), ERR_USAGE);
}

static void call_ids_of_every_width(void **state) {
    (void)state;
    struct search q = search_any();
    q.call_id = S("call-*"); /* 9,000: a test */
    expect_all(&q, all);
    q.state = STATE_FAILED;
    expect_all(&q, failed);
    q = search_any();
    q.call_id = S("call-123*"); /* 123, and 1230 to 1239 */
    u64 n;
    fine(w.s, store_count(w.s, &q, &n));
    assert_int_equal(n, 11);
}

static bool third_of_last(int i) {
    return i >= 8000 && i % 4 == 1; /* a 180 */
}

/* The text is in messages only: what was not read is said. */
static void the_budget_of_a_text(void **state) {
    (void)state;
    struct search_reach reach = {0};
    struct search q = search_any();
    q.reach = &reach;
    q.text = S("180 ringing");
    q.after_us = T0 + 8000 / 3 * US_PER_SECOND + US_PER_SECOND;
    q.limit = CALLS;
    struct seen_rows s = {.fits = third_of_last};
    fine(w.s, store_search(w.s, &q, row_check, &s));
    assert_false(reach.cut);
    assert_in_range(s.n, 248, 251);
    w.s->scan_bytes = 20000;
    q.after_us = 0;
    s = (struct seen_rows){.fits = third_of_last};
    fine(w.s, store_search(w.s, &q, row_check, &s));
    assert_true(reach.cut);
    assert_in_range(s.n, 20, 100);
    assert_true(reach.until_us > T0 + 2800 * US_PER_SECOND &&
                reach.until_us <= T0 + 3000 * US_PER_SECOND);
    q.page_us = T0 + s.last / 3 * US_PER_SECOND; /* the next page reads on from there */
    char id[16];
    snprintf(id, sizeof id, "call%09d", s.last);
    q.page_id = str_z(id);
    int before = s.last;
    s = (struct seen_rows){.fits = third_of_last};
    fine(w.s, store_search(w.s, &q, row_check, &s));
    assert_true(reach.cut && s.n > 20 && s.last < before);
    w.s->scan_bytes = SCAN_BYTES;
}

static bool desk(int i) {
    return i == 77;
}

/* What the index knows is found however old it is. */
static void words_are_found_beyond_the_budget(void **state) {
    (void)state;
    struct search_reach reach = {0};
    struct search q = search_any();
    q.reach = &reach;
    q.text = S("desk 77");
    w.s->scan_bytes = 20000;
    struct seen_rows s = {.fits = desk};
    q.before_us = T0 + 77 / 3 * US_PER_SECOND + US_PER_SECOND;
    fine(w.s, store_search(w.s, &q, row_check, &s));
    assert_int_equal(s.n, 1);
    assert_false(reach.cut);
    q.before_us = 0;
    q.text = S("call-77@"); /* one Call-ID, far beyond what is read */
    s = (struct seen_rows){.fits = desk};
    fine(w.s, store_search(w.s, &q, row_check, &s));
    assert_int_equal(s.n, 1);
    assert_true(reach.cut);
    w.s->scan_bytes = SCAN_BYTES;
}

static void pages_through_everything(void **state) {
    (void)state;
    struct search q = search_any();
    struct seen_rows s = {.fits = all};
    isize before = -1;
    q.limit = 1000;
    while (s.n != before) {
        char id[16];
        before = s.n;
        fine(w.s, store_search(w.s, &q, row_check, &s));
        snprintf(id, sizeof id, "call%09d", s.last);
        q.page_id = str_z(id);
        q.page_us = T0 + s.last / 3 * US_PER_SECOND;
    }
    assert_int_equal(s.n, CALLS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_of_every_width),
        cmocka_unit_test(bars_of_every_width),
        cmocka_unit_test(bars_that_cannot_be),
        cmocka_unit_test(call_ids_of_every_width),
        cmocka_unit_test(the_budget_of_a_text),
        cmocka_unit_test(words_are_found_beyond_the_budget),
        cmocka_unit_test(pages_through_everything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
