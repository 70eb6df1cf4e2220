/* The words for kinds, states and roles, and the ids that people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/call.h"

static void words_lead_back(void **state) {
    (void)state;
    for (int k = 0; k < KIND_COUNT; k++)
        assert_int_equal(call_kind_from_text(str_z(call_kind_text((enum call_kind)k))),
                         k);
    for (int s = 0; s < STATE_COUNT; s++)
        assert_int_equal(call_state_from_text(str_z(call_state_text((enum call_state)s))),
                         s);
    for (int r = 0; r < ROLE_COUNT; r++) {
        assert_true(str_z(leg_role_text((enum leg_role)r)).n > 2);
        for (int q = 0; q < r; q++)
            assert_string_not_equal(leg_role_text((enum leg_role)r),
                                    leg_role_text((enum leg_role)q));
    }
    assert_int_equal(call_kind_from_text(S("Call")), KIND_COUNT);
    assert_int_equal(call_kind_from_text(S("")), KIND_COUNT);
    assert_int_equal(call_state_from_text(S("gone")), STATE_COUNT);
    assert_string_equal(call_kind_text(KIND_COUNT), "?");
    assert_string_equal(call_state_text(STATE_COUNT), "?");
    assert_string_equal(leg_role_text(ROLE_COUNT), "?");
}

static void ids(void **state) {
    (void)state;
    arena a = arena_open(1 << 20);
    assert_true(str_eq(call_id_text(&a, 0), S("0000000000000")));
    assert_true(str_eq(call_id_text(&a, 31), S("000000000000z")));
    assert_true(str_eq(call_id_text(&a, UINT64_MAX), S("fzzzzzzzzzzzz")));
    str last = {0};
    for (u64 i = 0; i < 10000;
         i++) { /* in order, different, without the letters that are misread */
        str id = call_id_text(&a, i * 0x123456789abcd);
        assert_int_equal(id.n, 13);
        assert_true(i == 0 || str_cmp(last, id) < 0);
        for (isize k = 0; k < id.n; k++)
            assert_true(is_alnum(id.p[k]) && str_find(S("ilou"), id.p[k]) < 0 &&
                        to_lower(id.p[k]) == id.p[k]);
        last = id;
    }
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_lead_back),
        cmocka_unit_test(ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
