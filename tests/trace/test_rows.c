/* A set of rows against a dull model: pairs that are looked for one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/trace.h"

enum { ROWS = 3000, FLAG = 64 };

static u64 next_random(u64 *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static u64 by_content(const struct trace *t, u32 row) {
    return (u64)t->call_ids[row] << 32 | t->contents[row];
}

static u64 all_alike(const struct trace *t, u32 row) {
    (void)t, (void)row;
    return 7;
}

static bool same(const struct trace *t, u32 a, u32 b) {
    return t->call_ids[a] == t->call_ids[b] && t->contents[a] == t->contents[b];
}

/* `ids` Call-IDs with `contents` different messages each; `rest`: at rest after so many rows, 0: never. */
static void against_a_model(const struct row_way *way, u32 ids, u32 contents, u32 rest) {
    struct seen *rows = base_new(ROWS, (isize)sizeof *rows);
    u32 *call_ids = base_new(ROWS, (isize)sizeof *call_ids),
        *texts = base_new(ROWS, (isize)sizeof *texts);
    struct trace t = {.seen = rows, .call_ids = call_ids, .contents = texts};
    struct row_set set = {0};
    u64 seed = ids;
    isize n = 0;
    for (u32 i = 0; i < ROWS; i++) {
        call_ids[i] = (u32)(next_random(&seed) % ids) + i / 1000;
        texts[i] = (u32)(next_random(&seed) % contents);
        bool known = false;
        for (u32 k = 0; k < i && !known; k++) known = same(&t, k, i);
        if (rest && i % rest == 0) row_set_rest(&set);
        assert_int_equal(row_set_add(&set, way, &t, i), !known);
        assert_int_equal((rows[i].flags & FLAG) != 0, !known);
        n += !known;
        assert_int_equal(set.n, n);
        assert_true(set.nfar * 4 <= set.cap_far * 3 + 4 && set.nfar <= set.n);
    }
    row_set_drop(&set);
    row_set_drop(&set);
    base_free(rows);
    base_free(call_ids);
    base_free(texts);
}

static const struct row_way usual = {by_content, same, FLAG, 4};
static const struct row_way colliding = {all_alike, same, FLAG, 1};

static void sets_and_models_agree(void **state) {
    (void)state;
    against_a_model(&usual, 400, 6, 0);
    against_a_model(&usual, 1000000, 2, 0);
    against_a_model(&colliding, 400, 6, 0);
}

static void one_call_id_has_it_all(void **state) {
    (void)state;
    against_a_model(&usual, 1, 100000, 0);
    against_a_model(&usual, 2, 100000, 0);
}

static void a_set_at_rest_is_the_same_set(void **state) {
    (void)state;
    against_a_model(&usual, 400, 6, 97);
    against_a_model(&usual, 1, 100000, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_models_agree),
        cmocka_unit_test(one_call_id_has_it_all),
        cmocka_unit_test(a_set_at_rest_is_the_same_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
