/* Masks of bytes: every way of making them gives what the plain one gives, at every length and place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/chance.h"
#include "lib/edge.h"
#include "base/scan.h"

/* Bytes near the one that is looked for, in all the ways that arithmetic may take one for the other. */
static void fill(u8 *p, isize n) {
    static const u8 near[] = {10, 10, 10, 9, 11, 0, 1, 138, 128, 127, 255, 26, 42, 74};
    for (isize i = 0; i < n; i++) p[i] = near[chance((u64)countof(near))];
}

static void all_ways_agree(void **state) {
    (void)state;
    u8 block[SCAN_BLOCK];
    for (int round = 0; round < 20000; round++) {
        fill(block, SCAN_BLOCK);
        u8 byte = round % 3 ? 10 : block[0];
        u64 plain = scan_plain(block, byte);
        assert_true(scan_words(block, byte) == plain);
        assert_true(scan_block(block, byte) == plain);
    }
}

static void every_byte_is_itself_alone(void **state) {
    (void)state;
    u8 block[SCAN_BLOCK] = {0};
    for (int wanted = 0; wanted < 256; wanted++) {
        for (int c = 0; c < 256; c++) {
            block[c % SCAN_BLOCK] = (u8)c;
            u64 plain = scan_plain(block, (u8)wanted);
            assert_true(scan_words(block, (u8)wanted) == plain);
            assert_true(scan_block(block, (u8)wanted) == plain);
        }
    }
}

/* The copy ends at an unreadable page. */
static void nothing_is_missed_and_nothing_is_read_past_the_end(void **state) {
    (void)state;
    u8 bytes[300];
    for (isize n = 0; n < countof(bytes); n++) {
        fill(bytes, n);
        str s = edge_copy((str){bytes, n});
        for (isize from = 0; from <= n; from += 7) {
            struct scan scan = scan_open(s, from, 10);
            for (isize i = from; i < n; i++) {
                if (s.p[i] == 10) assert_int_equal(scan_next(&scan), i);
            }
            assert_int_equal(scan_next(&scan), -1);
            assert_int_equal(scan_next(&scan), -1);
        }
        edge_drop(s);
    }
}

static void the_near_one_is_found(void **state) {
    (void)state;
    u8 bytes[80];
    for (isize n = 0; n < countof(bytes); n++) {
        fill(bytes, n);
        str s = edge_copy((str){bytes, n});
        for (isize from = 0; from <= n; from += 3) {
            for (isize to = from; to <= n; to += 5) {
                str part = str_sub(s, from, to - from);
                isize at = str_find(part, 10);
                assert_int_equal(scan_near(part, n - from, 10), at < 0 ? part.n : at);
            }
        }
        edge_drop(s);
    }
}

/* Each byte at each place of a word, beside bytes that are one off. */
static void words_are_folded_and_counted(void **state) {
    (void)state;
    for (int place = 0; place < 8; place++) {
        for (int c = 0; c < 256; c++) {
            u8 bytes[8], folded[8];
            u64 word;
            for (int i = 0; i < 8; i++) bytes[i] = (u8)(c + 1 + i % 2 * 254);
            bytes[place] = (u8)c;
            int digits = 0, letters = 0;
            for (int i = 0; i < 8; i++) {
                digits += is_digit(bytes[i]);
                letters += is_alpha(bytes[i]);
            }
            memcpy(&word, bytes, 8);
            assert_int_equal(scan_count(scan_between(word, '0', '9')), digits);
            word = scan_lower(word);
            assert_int_equal(scan_count(scan_between(word, 'a', 'z')), letters);
            memcpy(folded, &word, 8);
            for (int i = 0; i < 8; i++) assert_int_equal(folded[i], to_lower(bytes[i]));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded_and_counted),
        cmocka_unit_test(all_ways_agree),
        cmocka_unit_test(every_byte_is_itself_alone),
        cmocka_unit_test(the_near_one_is_found),
        cmocka_unit_test(nothing_is_missed_and_nothing_is_read_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
