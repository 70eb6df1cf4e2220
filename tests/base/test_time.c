/* Civil time: every day of four centuries there and back, the C library as oracle, and stamps as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "lib/edge.h"

#include <string.h>
#include <time.h>

static void every_day_there_and_back(void **state) {
    (void)state;
    i64 first = -719162; /* 0001-01-01 */
    struct civil was = time_to_civil((first - 1) * US_PER_DAY);
    assert_int_equal(was.year, 0);
    for (i64 day = first; day<2932897; day += day> - 1000 && day < 150000 ? 1 : 31) {
        struct civil c = time_to_civil(day * US_PER_DAY + 86399999999);
        assert_true(civil_valid(&c));
        assert_true(time_from_civil(&c) == day * US_PER_DAY + 86399999999);
        assert_int_equal(c.us, 999999);
    }
    struct civil last = time_to_civil((i64)2932896 * US_PER_DAY);
    assert_true(last.year == 9999 && last.month == 12 && last.day == 31);
}

static void the_c_library_agrees(void **state) {
    (void)state;
    for (i64 s = -5000000000; s < 15000000000; s += 86399 * 37) {
        time_t t = (time_t)s;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        struct civil c = time_to_civil(s * US_PER_S);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, tm.tm_hour);
        assert_int_equal(c.minute, tm.tm_min);
        assert_int_equal(c.second, tm.tm_sec);
    }
}

static void before_1970(void **state) {
    (void)state;
    struct civil c = time_to_civil(-1);
    assert_true(c.year == 1969 && c.month == 12 && c.day == 31 && c.hour == 23);
    assert_true(c.second == 59 && c.us == 999999);
    arena a = arena_open(4096);
    assert_string_equal(arena_z(&a, time_iso(&a, -1)), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(arena_z(&a, time_iso(&a, 1406364842000000)),
                        "2014-07-26T08:54:02.000000Z");
    arena_close(&a);
}

static void validity(void **state) {
    (void)state;
    const struct civil good[] = {{2000, 2, 29, 23, 59, 60, 999999},
                                 {1, 1, 1, 0, 0, 0, 0}};
    const struct civil bad[] = {
        {1900, 2, 29, 0, 0, 0, 0},      {2014, 0, 1, 0, 0, 0, 0},
        {2014, 13, 1, 0, 0, 0, 0},      {2014, 4, 31, 0, 0, 0, 0},
        {2014, 4, 0, 0, 0, 0, 0},       {2014, 4, 1, 24, 0, 0, 0},
        {2014, 4, 1, 0, 60, 0, 0},      {2014, 4, 1, 0, 0, 61, 0},
        {2014, 4, 1, 0, 0, 0, 1000000}, {10000, 1, 1, 0, 0, 0, 0},
        {0, 1, 1, 0, 0, 0, 0},          {2014, 4, 1, -1, 0, 0, 0},
    };
    for (isize i = 0; i < countof(good); i++) assert_true(civil_valid(&good[i]));
    for (isize i = 0; i < countof(bad); i++) assert_false(civil_valid(&bad[i]));
}

static void month_names(void **state) {
    (void)state;
    assert_int_equal(month_from_name(S("Jan")), 1);
    assert_int_equal(month_from_name(S("DEC")), 12);
    assert_int_equal(month_from_name(S("sep")), 9);
    assert_int_equal(month_from_name(S("anf")), 0);
    assert_int_equal(month_from_name(S("Sept")), 0);
    assert_int_equal(month_from_name(S("")), 0);
}

struct iso_row {
    const char *text;
    i64 us;
    u32 precision_us;
    isize n;
};
#define NOON 1406376000000000 /* 2014-07-26T12:00:00Z */
static const struct iso_row good[] = {
    {"2014-07-26T12:00:00Z", NOON, 1000000, 20},
    {"2014-07-26 12:00:00Z", NOON, 1000000, 20},
    {"2014-07-26t12:00:00z rest", NOON, 1000000, 20},
    {"2014-07-26T12:00:00", NOON - 3600000000, 1000000, 19}, /* the zone given: +1 h */
    {"2014-07-26T12:00:00.5Z", NOON + 500000, 100000, 22},
    {"2014-07-26T12:00:00.000001Z", NOON + 1, 1, 27},
    {"2014-07-26T12:00:00.0000019Z", NOON + 1, 1, 28}, /* finer than we keep */
    {"2014-07-26T12:00:00.Z", NOON, 1000000, 21},
    {"2014-07-26T13:30:00+01:30", NOON, 1000000, 25},
    {"2014-07-26T07:00:00.123-05:00", NOON + 123000, 1000, 29},
    {"2014-07-26T12:00:00-00:00", NOON, 1000000, 25},
    {"2014-07-26T12:00:00,5", NOON - 3600000000, 1000000, 19},
    {"2014-07-26T11:59:60Z", NOON, 1000000, 20}, /* a leap second reads as the next one */
};
static const char *const bad[] = {
    "",
    "2014-07-26",
    "2014-07-26T12:00",
    "2014-07-26X12:00:00Z",
    "2014-13-26T12:00:00Z",
    "2014-02-30T12:00:00Z",
    "2014-07-26T25:00:00Z",
    "2014-07-26T12:00:61Z",
    "2014/07/26T12:00:00Z",
    "14-07-26T12:00:00Z",
    "2014-07-26T12:0a:00Z",
    "2014-07-26T12:00:00+24:00",
    "2014-07-26T12:00:00+01:60",
    "+014-07-26T12:00:00Z",
};

static void iso_stamps(void **state) {
    (void)state;
    for (isize i = 0; i < countof(good); i++) {
        str text = edge_copy(str_z(good[i].text));
        struct time_read r = time_read_iso(text, 3600);
        assert_true(r.ok);
        assert_true(r.us == good[i].us);
        assert_int_equal(r.precision_us, good[i].precision_us);
        assert_int_equal(r.n, good[i].n);
        edge_drop(text);
    }
    for (isize i = 0; i < countof(bad); i++) {
        str text = edge_copy(str_z(bad[i]));
        assert_false(time_read_iso(text, 0).ok);
        edge_drop(text);
    }
}

static void no_prefix_reads_on(void *ctx, str prefix) {
    (void)ctx;
    struct time_read r = time_read_iso(prefix, 0);
    assert_true(!r.ok || r.n <= prefix.n);
}

static void every_prefix(void **state) {
    (void)state;
    edge_every_prefix(S("2014-07-26T07:00:00.123456-05:00"), no_prefix_reads_on, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_there_and_back),
        cmocka_unit_test(the_c_library_agrees),
        cmocka_unit_test(before_1970),
        cmocka_unit_test(validity),
        cmocka_unit_test(month_names),
        cmocka_unit_test(iso_stamps),
        cmocka_unit_test(every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
