/* Numbers: all forms of one subscriber have one key, and no two subscribers share it; what is kept and searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/out.h"
#include "lib/edge.h"
#include "trace/number.h"

#include <stdio.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------------- */

static struct number read(const char *text) {
    str user = edge_copy(str_z(text));
    struct number n = number_read(user);
    struct number_key k = number_key_of(user);
    assert_true(k.key == n.key && k.withheld == n.withheld);
    edge_drop(user);
    return n;
}

static void one_subscriber_in_all_forms(void **state) {
    (void)state;
    static const char *const forms[] = {
        "+442079460452",
        "00442079460452",
        "442079460452",
        "02079460452",
        "020 7946 0452",
        "+44 (0)20-7946.0452",
        "9*02079460452",
        "1234#02079460452",
        "1234#00442079460452",
        "1234%2302079460452",
        "*6702079460452",
        "*67 020 7946 0452",
        "*31#+442079460452",
        "*21*02079460452#",
        "1234#+442079460452",
        "gw1#02079460452",
        "02079460452#",
        "011442079460452",
        "+442079460452;npdi",
        "+442079460452;npdi;rn=+445511000",
        "02079460452;phone-context=+44",
        " +442079460452 ",
        "tel:+44-20-7946-0452;phone-context=+44",
        "sip:02079460452;npdi;rn=+445511@192.0.2.1:5060;user=phone",
    };
    u64 key = read(forms[0]).key;
    assert_true(key != 0);
    for (isize i = 0; i < countof(forms); i++) {
        if (read(forms[i]).key != key) print_error("%s\n", forms[i]);
        assert_true(read(forms[i]).key == key);
        assert_false(read(forms[i]).withheld);
    }
}

static void subscribers_differ(void **state) {
    (void)state;
    static const char *const all[] = {
        "+442079460452", "+442079460453", "201", "202", "0201",     "alice",
        "bob",           "alice2",        "112", "999", "user1002", "1002",
        "*67",           "*100",          "100", "#"};
    for (isize i = 0; i < countof(all); i++) {
        assert_true(read(all[i]).key != 0);
        for (isize k = 0; k < i; k++) assert_true(read(all[i]).key != read(all[k]).key);
    }
}

static void names_fold_case(void **state) {
    (void)state;
    assert_true(read("Alice").key == read("aLICE").key);
    assert_int_equal(read("Alice").ndigits, 0);
    assert_int_equal(read("201").ndigits, 3);
    assert_int_equal(read("+44 1632 960123").ndigits, 12);
}

static void withheld_says_nothing(void **state) {
    (void)state;
    static const char *const words[] = {
        "anonymous",  "Anonymous", "ANONYMOUS", "unavailable", "restricted", "Unknown",
        "private",    "withheld",  "",          "  ",          "null",       ";x=1",
        "anonymous;x"};
    for (isize i = 0; i < countof(words); i++) {
        struct number n = read(words[i]);
        assert_true(n.withheld);
        assert_true(n.key == 0);
    }
    assert_false(read("anon").withheld);
}

static void absurd_ones_end(void **state) {
    (void)state;
    char text[400];
    for (int i = 0; i < 399; i++) text[i] = (char)('0' + i % 10);
    text[399] = 0;
    assert_int_equal(read(text).ndigits, NUMBER_MAX);
    assert_true(read("+").key != 0); /* a name, if a strange one */
    assert_int_equal(read("+").ndigits, 0);
    assert_true(read("\xff\xfe").key != 0);
    assert_int_equal(read("----").ndigits, 0);
}

/* ---- what is kept ------------------------------------------------------------------------------------ */

static void numbers_in_all_forms(void **state) {
    (void)state;
    static const struct {
        const char *text, *raw, *plain;
        bool digits;
    } rows[] = {
        {"+44 1632 960123", "+441632960123", "441632960123", true},
        {"+44 (0)1632 960123", "+441632960123", "441632960123", true},
        {"00441632960123", "00441632960123", "441632960123", true},
        {"01632960123", "01632960123", "1632960123", true},
        {"1632960123", "1632960123", "1632960123", true},
        {"(01632) 960-123", "01632960123", "1632960123", true},
        {"01632.960/123", "01632960123", "1632960123", true},
        {"01632960123;npdi;rn=+448081570000", "01632960123", "1632960123", true},
        {"1234#01632960123", "1234#01632960123", "1632960123", true},
        {"1234%2301632960123", "1234#01632960123", "1632960123", true},
        {"sip:+441632960123@192.0.2.1:5060;user=phone", "+441632960123", "441632960123",
         true},
        {"tel:+1-201-555-0123;ext=5", "+12015550123", "12015550123", true},
        {"201", "201", "201", true},
        {"0201", "0201", "0201", true}, /* too short for a trunk prefix */
        {"00112", "00112", "00112", true},
        {"1234#+441632960123", "1234#+441632960123", "441632960123", true},
        {"*6701632960123", "*6701632960123", "1632960123", true},
        {"*67 (01632) 960123", "*6701632960123", "1632960123", true},
        {"*31#01632960123", "*31#01632960123", "1632960123", true},
        {"*01632960123", "*01632960123", "1632960123", true},
        {"9*01632960123", "9*01632960123", "1632960123", true},
        {"01632960123*44", "01632960123*44", "163296012344", true},
        {"01632960123;phone-context=+44", "01632960123", "1632960123", true},
        {"*67", "*67", "67", true},
        {"anonymous", "anonymous", "anonymous", false},
        {"Gw1#01632-960123", "gw1#01632960123", "1632960123", true},
        {"a#12", "a#12", "a#12", false},
        {"*", "*", "", true},
        {"0", "0", "0", true},
        {"+", "+", "", true},
        {"", "", "", false},
        {"  ", "", "", false},
        {"Alice", "alice", "alice", false},
        {"alice@example.com", "alice", "alice", false},
        {"bob-2", "bob-2", "bob-2", false},
        {"1+2", "1+2", "1+2", false},
        {"%zz%4", "%zz%4", "%zz%4", false},
        {"%", "%", "%", false},
        {"\xff\x00", "\xff", "\xff", false},
    };
    for (isize i = 0; i < countof(rows); i++) {
        str text = edge_copy(str_z(rows[i].text));
        struct number n = number_read(text);
        edge_drop(text);
        struct out o = {0};
        out_bytes(&o, number_raw(&n));
        out_byte(&o, '|');
        out_bytes(&o, number_plain(&n));
        out_byte(&o, 0);
        char want[200];
        snprintf(want, sizeof want, "%s|%s", rows[i].raw, rows[i].plain);
        assert_string_equal((const char *)o.p, want);
        assert_int_equal(n.digits, rows[i].digits);
        out_drop(&o);
    }
}

static void the_beginning_of_a_number(void **state) {
    (void)state;
    static const char *const rows[][2] = {{"+44", "44"}, {"0044", "44"}, {"0163", "163"},
                                          {"0", ""},     {"00", ""},     {"ali", "ali"}};
    for (isize i = 0; i < countof(rows); i++) {
        struct number n = number_read_start(str_z(rows[i][0]));
        assert_true(str_eq(number_plain(&n), str_z(rows[i][1])));
    }
}

static void a_number_of_any_length(void **state) {
    (void)state;
    u8 text[300];
    for (isize n = 0; n < countof(text); n++) {
        memset(text, '7', sizeof text);
        struct number p = number_read((str){text, n});
        assert_int_equal(p.nraw, n < NUMBER_MAX ? n : NUMBER_MAX);
        assert_int_equal(p.nplain, p.nraw);
        memset(text, 'x', sizeof text);
        p = number_read((str){text, n});
        assert_int_equal(p.nraw, n < NUMBER_MAX ? n : NUMBER_MAX);
        memset(text, ' ', sizeof text);
        p = number_read((str){text, n});
        assert_int_equal(p.nraw, 0);
    }
}

static void digits_that_are_written(void **state) {
    (void)state;
    assert_int_equal(number_written_digits(S("+44 (0)1632-960.123/")), 13);
    assert_int_equal(number_written_digits(S("*67")), 2);
    assert_int_equal(number_written_digits(S("+-./()")), 0);
    assert_int_equal(number_written_digits(S("192.0.2.1")), 6);
    assert_int_equal(number_written_digits(S("01632x")), 0);
    assert_int_equal(number_written_digits(S("\x00")), 0);
    assert_int_equal(number_written_digits((str){0}), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_subscriber_in_all_forms),
        cmocka_unit_test(subscribers_differ),
        cmocka_unit_test(names_fold_case),
        cmocka_unit_test(withheld_says_nothing),
        cmocka_unit_test(absurd_ones_end),
        cmocka_unit_test(numbers_in_all_forms),
        cmocka_unit_test(the_beginning_of_a_number),
        cmocka_unit_test(a_number_of_any_length),
        cmocka_unit_test(digits_that_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
