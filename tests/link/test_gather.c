/* What is read off a message: Call-IDs and their stems as tokens, and how random a token looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "link/fact.h"

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
        cmocka_unit_test(stems_of_call_ids),
        cmocka_unit_test(randomness_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
