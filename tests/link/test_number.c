/* Numbers: all forms of one subscriber have one key, and no two subscribers share it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "link/fact.h"
#include "link/number.h"

static struct number read(const char *text) {
    str user = edge_copy(str_z(text));
    struct number n = number_read(user);
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
        "011442079460452",
        "+442079460452;npdi",
        "+442079460452;npdi;rn=+445511000",
        "02079460452;phone-context=+44",
        " +442079460452 ",
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
        "bob",           "alice2",        "112", "999", "user1002", "1002"};
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
    assert_int_equal(read(text).ndigits, NUMBER_DIGITS);
    assert_true(read("+").key != 0); /* a name, if a strange one */
    assert_int_equal(read("+").ndigits, 0);
    assert_true(read("\xff\xfe").key != 0);
    assert_int_equal(read("----").ndigits, 0);
}

/* ---- Call-IDs as tokens ---------------------------------------------------------------------------- */

struct stem_row {
    const char *call_id, *stem;
};
static const struct stem_row stems[] = {
    {"a84b4c76e66710@192.0.2.1_b2b-1", "a84b4c76e66710@192.0.2.1"},
    {"NGCP%x%///1-42789@192.0.2.2_pbx-1", "NGCP%x%///1-42789@192.0.2.2"},
    {"a84b4c76e66710@192.0.2.1_pbx-1_b2b-1", "a84b4c76e66710@192.0.2.1"},
    {"LAX01@192.0.2.13.0", "LAX01@192.0.2.13"},
    {"LAX01@192.0.2.13.2.1", "LAX01@192.0.2.13"},
    {"LAX01@192.0.2.13.1.2.0", "LAX01@192.0.2.13"},
    {"7f3e9a0b5c2d-0", "7f3e9a0b5c2d"},
    /* nothing to take away */
    {"a84b4c76e66710@192.0.2.1", "a84b4c76e66710@192.0.2.1"},
    {"a84b4c76e66710@pc33.example.com", "a84b4c76e66710@pc33.example.com"},
    {"a84b4c76-e667-10aa@192.0.2.1", "a84b4c76-e667-10aa@192.0.2.1"},
    {"call-1", "call-1"}, /* a counter */
    {"1-12345@192.0.2.1", "1-12345@192.0.2.1"},
    {"12.3", "12.3"},
    {"192.0.2.1", "192.0.2.1"},
    {"x@10.0", "x@10.0"},
    {"", ""},
    {"-", "-"},
    {".0", ".0"},
};

static void stems_of_call_ids(void **state) {
    (void)state;
    for (isize i = 0; i < countof(stems); i++) {
        str id = edge_copy(str_z(stems[i].call_id));
        str stem = fact_call_id_stem(id);
        if (!str_eq(stem, str_z(stems[i].stem))) print_error("%s\n", stems[i].call_id);
        assert_true(str_eq(stem, str_z(stems[i].stem)));
        edge_drop(id);
    }
}

static void randomness_of_tokens(void **state) {
    (void)state;
    assert_true(fact_token_bits(S("a84b4c76e66710")) >= 15);
    assert_true(fact_token_bits(S("7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d")) > 20);
    assert_true(fact_token_bits(S("7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d")) <= 24);
    assert_true(fact_token_bits(S("remote")) < 2);
    assert_true(fact_token_bits(S("yes")) < 1);
    assert_true(fact_token_bits(S("true, false")) < 4);
    assert_true(fact_token_bits(S("00000000000000000000000000000000")) <= 0);
    assert_true(fact_token_bits(S("00000000-0000-0000-0000-000000000000")) <= 0);
    assert_true(fact_token_bits((str){0}) <= 0);
    assert_true(fact_call_id_hash(S("AbC@x")) == fact_call_id_hash(S("aBc@X")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_subscriber_in_all_forms),
        cmocka_unit_test(subscribers_differ),
        cmocka_unit_test(names_fold_case),
        cmocka_unit_test(withheld_says_nothing),
        cmocka_unit_test(absurd_ones_end),
        cmocka_unit_test(stems_of_call_ids),
        cmocka_unit_test(randomness_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
