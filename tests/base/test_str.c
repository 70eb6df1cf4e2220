/* Slices: the empty one, the one with p == NULL, and offsets that lie outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/rd.h"
#include "lib/edge.h"

#include <string.h>

static const str none = {0};

static void equality(void **state) {
    (void)state;
    assert_true(str_eq(none, S("")));
    assert_true(str_eq(S("INVITE"), S("INVITE")));
    assert_false(str_eq(S("INVITE"), S("INVITe")));
    assert_false(str_eq(S("INVITE"), S("INVIT")));
    assert_true(str_eq_nocase(S("Call-ID"), S("CALL-id")));
    assert_false(str_eq_nocase(S("Call-ID"), S("Call_ID")));
    assert_false(
        str_eq_nocase(S("@"), S("`"))); /* 0x40 and 0x60 differ in the case bit alone */
    assert_true(str_eq_nocase(none, none));
}

static void order(void **state) {
    (void)state;
    assert_true(str_cmp(S("a"), S("b")) < 0);
    assert_true(str_cmp(S("a"), S("ab")) < 0);
    assert_true(str_cmp(S("\xff"), S("a")) > 0);
    assert_int_equal(str_cmp(none, S("")), 0);
    assert_true(str_cmp(none, S("a")) < 0);
}

static void ends(void **state) {
    (void)state;
    assert_true(str_starts(S("SIP/2.0 200"), S("SIP/")));
    assert_true(str_starts(S("x"), none) && str_ends(S("x"), none));
    assert_false(str_starts(S("SI"), S("SIP")));
    assert_true(str_starts_nocase(S("sip/2.0"), S("SIP/")));
    assert_true(str_ends(S("x.pcap"), S(".pcap")));
    assert_false(str_ends(S("cap"), S(".pcap")));
}

static void search(void **state) {
    (void)state;
    assert_int_equal(str_find(S("a:b:c"), ':'), 1);
    assert_int_equal(str_find(none, ':'), -1);
    assert_int_equal(str_find_str(S("abcbcd"), S("bcd")), 3);
    assert_int_equal(str_find_str(S("abc"), none), 0);
    assert_int_equal(str_find_str(none, S("a")), -1);
    assert_int_equal(str_find_nocase(S("x: LR;Q"), S("lr")), 3);
    assert_int_equal(str_find_nocase(S("l"), S("lr")), -1);
}

static void cuts(void **state) {
    (void)state;
    struct str_pair p = str_cut(S("a;b;c"), ';');
    assert_true(p.ok && str_eq(p.head, S("a")) && str_eq(p.tail, S("b;c")));
    p = str_cut(S("abc"), ';');
    assert_true(!p.ok && str_eq(p.head, S("abc")) && p.tail.n == 0);
    p = str_cut(S(";"), ';');
    assert_true(p.ok && p.head.n == 0 && p.tail.n == 0);
    p = str_cut(none, ';');
    assert_true(!p.ok && p.head.n == 0);
    assert_true(str_eq(str_trim(S(" \t\r\n a b \r\n")), S("a b")));
    assert_int_equal(str_trim(S(" \t\r\n")).n, 0);
}

static void parts_stay_inside(void **state) {
    (void)state;
    str s = edge_copy(S("0123456789"));
    const isize ats[] = {PTRDIFF_MIN, -1, 0, 5, 10, 11, PTRDIFF_MAX};
    for (isize i = 0; i < countof(ats); i++) {
        for (isize k = 0; k < countof(ats); k++) {
            str part = str_sub(s, ats[i], ats[k]);
            assert_true(part.n >= 0 && str_inside(part, s));
        }
        assert_true(str_inside(str_from(s, ats[i]), s));
    }
    assert_true(str_eq(str_sub(s, 8, 5), S("89")));
    assert_true(str_eq(str_from(s, 9), S("9")));
    assert_null(str_sub(none, 0, 1).p);
    assert_false(str_inside(S("x"), s));
    assert_false(str_inside((str){s.p + 5, 6}, s));
    edge_drop(s);
}

struct number_row {
    const char *text;
    u64 max, value;
    bool ok;
};
static const struct number_row numbers[] = {
    {"0", 0, 0, true},
    {"7", 6, 6, false},
    {"65535", 65535, 65535, true},
    {"65536", 65535, 65535, false},
    {"000000000000000000000065535", 65535, 65535, true},
    {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
    {"18446744073709551616", UINT64_MAX, UINT64_MAX, false},
    {"99999999999999999999999", UINT64_MAX, UINT64_MAX, false},
    {"", 9, 0, false},
    {"1x", 99, 0, false},
    {"+1", 99, 0, false},
    {" 1", 99, 0, false},
};

static void decimal_numbers(void **state) {
    (void)state;
    for (isize i = 0; i < countof(numbers); i++) {
        str text = edge_copy(str_z(numbers[i].text));
        struct str_number n = str_u64(text, numbers[i].max);
        assert_int_equal(n.ok, numbers[i].ok);
        assert_true(n.value == numbers[i].value);
        edge_drop(text);
    }
    for (int c = 0; c < 256; c++) {
        const char *place = c ? strchr("0123456789abcdef", to_lower((u8)c)) : NULL;
        int want = place ? (int)(place - "0123456789abcdef") : -1;
        assert_int_equal(hex_digit((u8)c), want);
    }
}

static void hashes(void **state) {
    (void)state;
    u8 upper[200], lower[200];
    for (int i = 0; i < 200; i++) {
        upper[i] = (u8)('A' + i % 26);
        lower[i] = (u8)('a' + i % 26);
    }
    for (isize n = 0; n <= 200; n++) { /* across the blocks of 64 */
        str a = {upper, n}, b = {lower, n};
        assert_true(hash_nocase(a, 9) == hash_nocase(b, 9));
        if (n) assert_true(hash_nocase(a, 9) != hash_nocase((str){upper, n - 1}, 9));
    }
    assert_true(hash_bytes(none, 1) == hash_bytes(S(""), 1));
    assert_true(hash_bytes(none, 1) != hash_bytes(none, 2));
    assert_true(hash_mix(1, 2) != hash_mix(2, 1));
    /* kept in databases: they may never change */
    assert_true(hash_bytes(S("a84b4c76e66710"), 0) == 0x1480d65b0d719204);
    assert_true(hash_mix(1, 2) == 0x07ee86c281446bef);
}

/* From a small block on the heap to pages of its own, and to more of them, which are given out in steps. */
static void growing_far_keeps_and_zeroes(void **state) {
    (void)state;
    isize cap = 0, had = 0;
    u64 *items = NULL, *before = NULL;
    for (isize need = 10; need < 3000000; need = cap + 1) {
        items = base_grow(items, &cap, need, (isize)sizeof *items);
        assert_true(cap >= need);
        for (isize i = 0; items != before && i < had; i++)
            assert_int_equal(items[i], i + 1);
        before = items;
        for (isize i = had; i < cap; i++) {
            assert_int_equal(items[i], 0);
            items[i] = (u64)i + 1;
        }
        had = cap;
    }
    for (isize i = 0; i < had; i++) assert_int_equal(items[i], i + 1);
    items = base_grow(items, &cap, 10 * had + 7, (isize)sizeof *items); /* at one go */
    assert_true(cap >= 10 * had + 7);
    for (isize i = 0; i < cap; i++) assert_int_equal(items[i], i < had ? i + 1 : 0);
    base_free(items);
    cap = 0; /* what is asked for at once is there at once: maps rely on it */
    base_free(base_grow(NULL, &cap, 1 << 20, 4));
    assert_int_equal(cap, 1 << 20);
    cap = 0;
    u8 *room = base_room(NULL, &cap, 300001, 1);
    assert_int_equal(cap, 300001);
    for (isize i = 0; i < cap; i++) assert_int_equal(room[i], 0);
    room = base_grow(room, &cap, 300002, 1);
    room[300001] = 1;
    base_free(room);
    u8 *at_once = base_new(5000001, 1);
    for (isize i = 0; i < 5000001; i++) assert_int_equal(at_once[i], 0);
    base_free(at_once);
    base_free(NULL);
}

/* Against looking at every place. */
static void finding_without_case(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "a",
                                        "Aa-/aA",
                                        "application/RS-metadata+xml",
                                        "xx/x-/-//Rs-Meta",
                                        "[EMAIL protected]",
                                        "[[email"};
    static const char *const needles[] = {
        "",       "a",   "A",  "-", "/", "aa", "rs-metadata", "application/rs",
        "[email", "l p", "//R"};
    for (isize i = 0; i < countof(texts); i++) {
        for (isize k = 0; k < countof(needles); k++) {
            str s = str_z(texts[i]), needle = str_z(needles[k]);
            isize wanted = -1;
            for (isize at = 0; wanted < 0 && at + needle.n <= s.n; at++) {
                if (str_eq_nocase(str_sub(s, at, needle.n), needle)) wanted = at;
            }
            assert_int_equal(str_find_nocase(s, needle), wanted);
        }
    }
}

static void growing_keeps_and_zeroes(void **state) {
    (void)state;
    isize cap = 0;
    u32 *items = base_grow(NULL, &cap, 1, (isize)sizeof *items);
    assert_true(cap >= 1);
    isize was = cap;
    for (isize i = 0; i < was; i++) {
        assert_int_equal(items[i], 0);
        items[i] = (u32)i + 1;
    }
    items = base_grow(items, &cap, was * 5 + 1, (isize)sizeof *items);
    for (isize i = 0; i < cap; i++) assert_int_equal(items[i], i < was ? i + 1 : 0);
    assert_ptr_equal(base_grow(items, &cap, cap, (isize)sizeof *items), items);
    base_free(items);
    base_free(NULL);
    u64 *made = base_new(1000, (isize)sizeof *made);
    for (int i = 0; i < 1000; i++) assert_true(made[i] == 0);
    base_free(made);
    u8 *none_asked = base_new(0, 1); /* one at least */
    none_asked[0] = 1;
    base_free(none_asked);
}

/* Read all, check once: past the end everything is zero and the position stands still. */
static void cursor_is_sticky(void **state) {
    (void)state;
    struct rd r = {.in = S("\x01\x02\x03\x04\x05\x06\x07")};
    assert_int_equal(rd_u8(&r), 1);
    assert_int_equal(rd_be16(&r), 0x0203);
    assert_int_equal(rd_left(&r), 4);
    assert_int_equal(rd_be32(&r), 0x04050607);
    assert_int_equal(rd_rest(&r).n, 0);
    assert_false(r.failed);
    assert_int_equal(rd_u8(&r), 0);
    assert_true(r.failed);
    assert_int_equal(rd_left(&r), 0);
    r = (struct rd){.in = S("\x01\x02\x03")};
    assert_int_equal(rd_be32(&r), 0);
    assert_int_equal(rd_u8(&r), 0); /* though a byte is there */
    assert_int_equal(r.at, 0);
    r = (struct rd){.in = S("\x01")};
    rd_skip(&r, -1);
    assert_true(r.failed);
}

static void errors_have_sentences(void **state) {
    (void)state;
    for (int e = 0; e <= ERR_REFUSED; e++) {
        str text = str_z(err_text((enum err)e));
        assert_true(text.n > 0 && text.p[text.n - 1] != '.');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(order),
        cmocka_unit_test(ends),
        cmocka_unit_test(search),
        cmocka_unit_test(cuts),
        cmocka_unit_test(parts_stay_inside),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(hashes),
        cmocka_unit_test(growing_far_keeps_and_zeroes),
        cmocka_unit_test(finding_without_case),
        cmocka_unit_test(growing_keeps_and_zeroes),
        cmocka_unit_test(cursor_is_sticky),
        cmocka_unit_test(errors_have_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
