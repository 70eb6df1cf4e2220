/* Arenas: aligned, zeroed even after a reset, gone when passed by value; full is the end of the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void items_are_aligned_and_zero(void **state) {
    (void)state;
    arena a = arena_open(1 << 16);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++) {
            u8 *odd = arena_new(&a, u8, 1 + i % 3);
            u64 *wide = arena_new(&a, u64, 3);
            assert_int_equal((uintptr_t)wide % _Alignof(u64), 0);
            assert_true(odd[0] == 0 && wide[0] == 0 && wide[2] == 0);
            memset(odd, 0xaa, 1);
            memset(wide, 0xaa, 3 * sizeof *wide);
        }
        arena_reset(&a);
    }
    assert_non_null(arena_new(&a, u64, 0));
    arena_close(&a);
    assert_null(a.beg);
    arena_close(&a); /* twice is fine */
}

static isize scratch(arena a) {
    (void)arena_new(&a, u8, 4096);
    return a.at - a.beg;
}

static void by_value_is_scratch(void **state) {
    (void)state;
    arena a = arena_open(1 << 16);
    (void)arena_copy(&a, S("kept"));
    u8 *at = a.at;
    assert_true(scratch(a) >= 4096);
    assert_ptr_equal(a.at, at);
    arena_close(&a);
}

static void copies_and_texts(void **state) {
    (void)state;
    arena a = arena_open(1 << 16);
    str s = arena_copy(&a, S("sip"));
    assert_true(str_eq(s, S("sip")));
    assert_int_equal(arena_copy(&a, (str){0}).n, 0);
    assert_string_equal(arena_z(&a, S("ab")), "ab");
    assert_string_equal(arena_z(&a, (str){0}), "");
    str text = arena_printf(&a, "%s:%d", "host", 5060);
    assert_true(str_eq(text, S("host:5060")));
    assert_true(str_eq(s, S("sip")));
    assert_int_equal(arena_printf(&a, "%s", "").n, 0);
    arena_close(&a);
}

static void numbers_are_printed_as_printf_does(void **state) {
    (void)state;
    static const long long numbers[] = {0,  7,   -7,   10,        99,       -10,
                                        60, 123, -123, INT32_MAX, INT32_MIN};
    arena a = arena_open(1 << 16);
    char want[200];
    for (isize i = 0; i < countof(numbers); i++) {
        long long n = numbers[i], wide = n * 1000000007;
        int narrow = (int)n;
        const char *word = i % 2 ? "" : "word";
#define EACH(f)         f("%d|%02d|%04d|%lld|%02lld|%s%%", narrow, narrow, narrow, wide, n, word)
#define MORE(f)         f("%s %.*s %.*s %5d %.3s %u", word, 2, word, 9, word, narrow, word, 7U)
#define INTO_ARENA(...) str got = arena_printf(&a, __VA_ARGS__)
#define INTO_WANT(...)  (void)snprintf(want, sizeof want, __VA_ARGS__)
        {
            EACH(INTO_ARENA);
            EACH(INTO_WANT);
            assert_string_equal((const char *)got.p, want);
            assert_int_equal(got.n, strlen(want));
        }
        {
            MORE(INTO_ARENA);
            MORE(INTO_WANT);
            assert_string_equal((const char *)got.p, want);
        }
    }
    str least = arena_printf(&a, "%lld", (long long)INT64_MIN);
    assert_true(str_eq(least, S("-9223372036854775808")));
    arena_close(&a);
}

/* Large reservations cost nothing until touched; a reset gives back what was touched past a MiB. */
static void large_and_reset(void **state) {
    (void)state;
    arena a = arena_open_view();
    assert_true(a.end - a.beg >= (isize)1 << 30);
    u8 *p = arena_new(&a, u8, 8 << 20);
    p[(8 << 20) - 1] = 7;
    arena_reset(&a);
    p = arena_new(&a, u8, 8 << 20);
    assert_int_equal(p[(8 << 20) - 1], 0);
    arena_close(&a);
}

/* The program stops: no caller has to ask whether there was room. */
static void stops(void (*body)(arena *a)) {
    pid_t child = fork();
    if (child == 0) {
        arena a = arena_open(4096);
        signal(SIGILL, SIG_DFL); /* cmocka would go on with the next test */
        signal(SIGTRAP, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr)) _exit(3);
        body(&a);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void one_too_many(arena *a) {
    (void)arena_new(a, u8, 4096);
    (void)arena_new(a, u8, 1);
}
static void count_wraps(arena *a) {
    (void)arena_new(a, u64, PTRDIFF_MAX / 4);
}
static void count_is_negative(arena *a) {
    (void)arena_new(a, u8, -1);
}
static void text_too_long(arena *a) {
    (void)arena_printf(a, "%5000d", 1);
}

static void full_stops_the_program(void **state) {
    (void)state;
    stops(one_too_many);
    stops(count_wraps);
    stops(count_is_negative);
    stops(text_too_long);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_aligned_and_zero),
        cmocka_unit_test(by_value_is_scratch),
        cmocka_unit_test(copies_and_texts),
        cmocka_unit_test(numbers_are_printed_as_printf_does),
        cmocka_unit_test(large_and_reset),
        cmocka_unit_test(full_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
