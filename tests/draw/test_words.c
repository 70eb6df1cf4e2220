/* The words of call.h: every one is there, distinct, and reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/call.h"

#include <string.h>

static void kinds_states_and_roles(void **state) {
    (void)state;
    for (int k = 0; k < KIND_COUNT; k++)
        assert_int_equal(call_kind_from_text(str_z(call_kind_text((enum call_kind)k))),
                         k);
    for (int s = 0; s < STATE_COUNT; s++)
        assert_int_equal(call_state_from_text(str_z(call_state_text((enum call_state)s))),
                         s);
    for (int r = 0; r < ROLE_COUNT; r++) {
        for (int q = 0; q < r; q++)
            assert_string_not_equal(leg_role_text((enum leg_role)r),
                                    leg_role_text((enum leg_role)q));
    }
    assert_string_equal(call_state_text(STATE_IN_CALL), "in-call");
    assert_string_equal(leg_role_text(ROLE_GATEWAY), "gateway");
    assert_string_equal(call_kind_text(KIND_COUNT), "?");
    static const char *const none[] = {"", "Call", "calls", "cal", "answered ", "any"};
    for (isize i = 0; i < countof(none); i++) {
        assert_int_equal(call_kind_from_text(str_z(none[i])), KIND_COUNT);
        assert_int_equal(call_state_from_text(str_z(none[i])), STATE_COUNT);
    }
}

static void ids_are_thirteen_and_distinct(void **state) {
    (void)state;
    static const u64 hashes[] = {0, 1, 31, 32, UINT64_MAX, UINT64_MAX - 1, (u64)1 << 63};
    arena a = arena_open_view();
    for (isize i = 0; i < countof(hashes); i++) {
        str id = call_id_text(&a, hashes[i]);
        assert_int_equal(id.n, 13);
        for (isize k = 0; k < id.n; k++)
            assert_true(is_digit(id.p[k]) || (id.p[k] >= 'a' && id.p[k] <= 'z'));
        for (isize k = 0; k < i; k++)
            assert_false(str_eq(id, call_id_text(&a, hashes[k])));
    }
    assert_true(str_eq(call_id_text(&a, 0), S("0000000000000")));
    assert_true(str_eq(call_id_text(&a, UINT64_MAX), S("fzzzzzzzzzzzz")));
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_states_and_roles),
        cmocka_unit_test(ids_are_thirteen_and_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
