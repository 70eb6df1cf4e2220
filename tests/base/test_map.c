/* The map and the table of strings against dull models that tell the truth, and with keys made to collide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

#include <stdio.h>
#include <string.h>

static u64 next_random(u64 *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void empty_map(void **state) {
    (void)state;
    struct map m = {0};
    assert_int_equal(map_get(&m, 0), 0);
    *map_put(&m, 0) = 7; /* the key 0 is a key like any other */
    assert_int_equal(map_get(&m, 0), 7);
    assert_int_equal(m.n, 1);
    map_clear(&m);
    assert_int_equal(map_get(&m, 0), 0);
    assert_int_equal(m.n, 0);
    map_drop(&m);
    map_drop(&m);
}

/* `stride` decides how the keys lie: side by side, or all in one slot of the table. */
static void against_a_model(u64 stride) {
    enum { KEYS = 700 };
    struct map m = {0};
    u32 model[KEYS] = {0}, n = 0;
    u64 seed = stride;
    for (int step = 0; step < 5000; step++) {
        u64 which = next_random(&seed) % KEYS;
        u32 *value = map_put(&m, which * stride);
        assert_int_equal(*value, model[which]);
        n += model[which] == 0;
        *value = model[which] = (u32)step + 1;
        assert_int_equal(m.n, n);
        u64 other = next_random(&seed) % KEYS;
        assert_int_equal(map_get(&m, other * stride), model[other]);
    }
    assert_true(m.n * 4 <= m.cap * 3);
    for (u64 k = 0; k < KEYS; k++) assert_int_equal(map_get(&m, k * stride), model[k]);
    map_drop(&m);
}

static void maps_and_models_agree(void **state) {
    (void)state;
    against_a_model(1);
    against_a_model((u64)1 << 40);
    against_a_model((u64)1 << 29 | 1); /* what place-finding folds together */
    against_a_model(0x9e3779b97f4a7c15u);
}

static void each_string_once(void **state) {
    (void)state;
    struct str_table t = {0};
    char text[16];
    assert_int_equal(str_table_find(&t, S("a")), 0);
    assert_int_equal(str_table_add(&t, (str){0}), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 1; i <= 3000; i++) {
            int n = snprintf(text, sizeof text, "call-%d", i);
            str s = {(const u8 *)text, n};
            assert_int_equal(str_table_add(&t, s), i);
            assert_int_equal(str_table_find(&t, s), i);
            assert_true(str_eq(str_table_get(&t, (u32)i), s));
        }
    }
    assert_int_equal(t.n, 3000);
    assert_int_equal(str_table_get(&t, 0).n, 0);
    assert_int_equal(str_table_find(&t, S("call-")), 0);
    assert_int_equal(str_table_add(&t, S("call-1\0")), 3001); /* a NUL is a byte */
    str_table_drop(&t);
}

/* ---- strings with one hash -------------------------------------------------------------------
 *
 * XXH3 of 4 to 8 bytes is a bijection of the bytes for each length, so each string of seven has a
 * partner of eight with the same hash; this runs the steps backwards to find it. */

static u64 rotate(u64 x, int by) {
    return x << by | x >> (64 - by);
}

static u64 inverse_of_odd(u64 x) {
    u64 y = x;
    for (int i = 0; i < 6; i++) y *= 2 - x * y;
    return y;
}

enum { SEVEN = 7, EIGHT = 8 };

static void partner_of(const u8 seven[7], u8 eight[8]) {
    const u64 flip = 0x1cad21f72c81017cu ^ 0xdb979083e96dd4deu;
    const u64 prime = 0x9fb21c651e98df25u;
    u32 first, last;
    memcpy(&first, seven, 4);
    memcpy(&last, seven + 3, 4);
    u64 x = (last + ((u64)first << 32)) ^ flip;
    x ^= rotate(x, 49) ^ rotate(x, 24);
    x *= prime;
    x ^= (x >> 35) + SEVEN;
    x ^= (x >> 35) + EIGHT; /* back, as if it had been eight */
    x *= inverse_of_odd(prime);
    for (int i = 0; i < 63; i++)
        x ^= rotate(x, 49) ^ rotate(x, 24); /* its 64th power is one */
    x ^= flip;
    first = (u32)(x >> 32);
    last = (u32)x;
    memcpy(eight, &first, 4);
    memcpy(eight + 4, &last, 4);
}

static void equal_hashes_are_not_equal_strings(void **state) {
    (void)state;
    struct str_table t = {0};
    u8 seven[7] = "call-00", eight[8];
    for (u32 i = 0; i < 50; i++) {
        seven[6] = (u8)('0' + i);
        partner_of(seven, eight);
        str a = {seven, 7}, b = {eight, 8};
        assert_true(hash_bytes(a, 0) == hash_bytes(b, 0));
        assert_int_equal(str_table_add(&t, a), 2 * i + 1);
        assert_int_equal(str_table_find(&t, b), 0);
        assert_int_equal(str_table_add(&t, b), 2 * i + 2);
        assert_int_equal(str_table_find(&t, a), 2 * i + 1);
        assert_int_equal(str_table_find(&t, b), 2 * i + 2);
        assert_true(str_eq(str_table_get(&t, 2 * i + 2), b));
    }
    str_table_drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map),
        cmocka_unit_test(maps_and_models_agree),
        cmocka_unit_test(each_string_once),
        cmocka_unit_test(equal_hashes_are_not_equal_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
