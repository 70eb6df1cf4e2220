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
        cmocka_unit_test(call_ids_of_every_width),
        cmocka_unit_test(the_budget_of_a_text),
        cmocka_unit_test(words_are_found_beyond_the_budget),
        cmocka_unit_test(pages_through_everything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
