/* Work that goes on beside its caller's, and in two halves: all is done once, with one thread or two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/both.h"

enum { ITEMS = 1000 };

struct tally {
    u8 done[ITEMS];
    int halves[2];
    isize from[2], to[2];
};

static void count(void *ctx, int half, isize from, isize to) {
    struct tally *t = ctx;
    for (isize i = from; i < to; i++) t->done[i]++;
    t->halves[half]++;
    t->from[half] = from;
    t->to[half] = to;
}

static void each_item_once(void **state) {
    (void)state;
    static const isize sizes[] = {0, 1, 2, 3, ITEMS};
    for (int threads = 0; threads <= 3; threads++) {
        for (isize k = 0; k < countof(sizes); k++) {
            isize n = sizes[k];
            struct tally t = {0};
            isize second = base_both(count, &t, n, threads);
            for (isize i = 0; i < ITEMS; i++) assert_int_equal(t.done[i], i < n);
            assert_int_equal(t.halves[0], 1);
            assert_int_equal(t.from[0], 0);
            assert_int_equal(t.to[0], second);
            assert_int_equal(t.halves[1], second < n);
            if (second < n) assert_true(t.from[1] == second && t.to[1] == n);
            if (threads < 2) assert_int_equal(second, n);
        }
    }
}

static void set(void *ctx) {
    *(int *)ctx += 1;
}

static void done_when_ended(void **state) {
    (void)state;
    for (int threads = 0; threads <= 2; threads++) {
        struct beside b;
        int done = 0;
        beside_start(&b, threads, set, &done);
        beside_end(&b);
        beside_end(&b); /* once more does no harm */
        assert_int_equal(done, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_once),
        cmocka_unit_test(done_when_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
