/* The order of columns against a model that tries them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "draw/fixture_more.h"
#include "draw/layout.h"

static arena boot;

static u32 next(u64 *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (u32)(*seed >> 33);
}

static void random_graph(u32 *w, int n, u64 *seed) {
    for (int i = 0; i < n; i++) {
        w[i * n + i] = 0;
        for (int k = 0; k < i; k++) {
            u32 weight = next(seed) % 3 == 0 ? next(seed) % 20 : 0;
            w[i * n + k] = w[k * n + i] = weight;
        }
    }
}

/* The least cost over all orders, and with the caller as far left as that allows. */
struct model {
    u64 cost;
    int caller_at;
};

static void try_all(const struct graph *g, int *order, int placed, u32 used,
                    struct model *m) {
    if (placed == g->n) {
        u64 cost = order_cost(g, order);
        int at = 0;
        while (order[at] != g->caller) at++;
        if (cost < m->cost) *m = (struct model){cost, at};
        if (cost == m->cost && at < m->caller_at) m->caller_at = at;
        return;
    }
    for (int v = 0; v < g->n; v++) {
        if (used & 1u << v) continue;
        order[placed] = v;
        try_all(g, order, placed + 1, used | 1u << v, m);
    }
}

static void assert_permutation(const int *order, int n) {
    bool seen[64] = {0};
    for (int i = 0; i < n; i++) {
        assert_in_range(order[i], 0, n - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
}

static int place_of(const int *order, int v) {
    int at = 0;
    while (order[at] != v) at++;
    return at;
}

static void exact_is_the_best_of_all(void **state) {
    (void)state;
    u64 seed = 1;
    for (int round = 0; round < 60; round++) {
        int n = 1 + round % 7, order[7], tried[7];
        u32 w[49], ahead[7];
        random_graph(w, n, &seed);
        for (int i = 0; i < n; i++) ahead[i] = next(&seed) % (1u << n);
        struct graph g = {n, w, (int)next(&seed) % n, ahead};
        struct model m = {UINT64_MAX, n};
        try_all(&g, tried, 0, 0, &m);
        order_exact(&g, order, boot);
        assert_permutation(order, n);
        assert_int_equal(order_cost(&g, order), m.cost);
        assert_int_equal(place_of(order, g.caller), m.caller_at);
    }
}

static void exact_prefers_requests_to_the_right_and_low_numbers(void **state) {
    (void)state;
    u32 none[16] = {0}, ahead[4] = {0, 0, 1u << 1, 0};
    struct graph g = {4, none, -1, NULL};
    int order[4];
    order_exact(&g, order, boot);
    for (int i = 0; i < 4; i++) assert_int_equal(order[i], i);
    g.ahead =
        ahead; /* 2 calls 1: it stands on its left, though that breaks the numbers */
    order_exact(&g, order, boot);
    assert_true(place_of(order, 2) < place_of(order, 1));
    g.caller = 3;
    order_exact(&g, order, boot);
    assert_int_equal(order[0], 3);
}

static void sixteen_devices_are_exact(void **state) {
    (void)state;
    u32 w[16 * 16] = {0};
    int shuffled[16], order[16];
    for (int i = 0; i < 16; i++) shuffled[i] = i * 7 % 16; /* a chain in disguise */
    for (int i = 0; i + 1 < 16; i++) {
        int a = shuffled[i], b = shuffled[i + 1];
        w[a * 16 + b] = w[b * 16 + a] = 3;
    }
    struct graph g = {16, w, shuffled[0], NULL};
    order_exact(&g, order, boot);
    assert_int_equal(order_cost(&g, order), 15 * 3);
    for (int i = 0; i < 16; i++) assert_int_equal(order[i], shuffled[i]);
}

static void sifting_comes_close(void **state) {
    (void)state;
    u64 seed = 7, sum_best = 0, sum_sifted = 0;
    for (int round = 0; round < 60; round++) {
        int n = 2 + round % 11, best[12], sifted[12];
        u32 w[144];
        random_graph(w, n, &seed);
        struct graph g = {n, w, 0, NULL};
        order_exact(&g, best, boot);
        order_sift(&g, sifted, boot);
        assert_permutation(sifted, n);
        u64 least = order_cost(&g, best), cost = order_cost(&g, sifted);
        assert_true(cost >= least);
        assert_true(cost * 10 <= least * 12);
        assert_true(2 * place_of(sifted, 0) <= n);
        sum_best += least;
        sum_sifted += cost;
    }
    assert_true(sum_sifted * 100 <= sum_best * 103);
}

static void sifting_finds_a_long_chain(void **state) {
    (void)state;
    enum { N = 40 };
    static u32 w[N * N];
    int order[N];
    for (int i = 0; i + 1 < N; i++) {
        int a = i * 7 % N, b = (i + 1) * 7 % N;
        w[a * N + b] = w[b * N + a] = 5;
    }
    struct graph g = {N, w, 0, NULL};
    order_sift(&g, order, boot);
    assert_permutation(order, N);
    assert_int_equal(order_cost(&g, order), 5 * (N - 1));
    assert_int_equal(order[0], 0);
}

static void the_junk_call_is_drawn_from_the_caller_on(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    int order[8];
    order_columns(&f.call, 8, order, boot);
    static const char *const want[] = {"pstn",        "b.voiceless", "noiseless",
                                       "boxless",     "snom-office", "snom-home",
                                       "a.voiceless", "gateway"};
    for (int i = 0; i < 8; i++)
        assert_true(str_eq(f.call.devices[order[i]].name, str_z(want[i])));
    f.call.messages = NULL; /* a summary: legs alone decide */
    order_columns(&f.call, 8, order, boot);
    assert_permutation(order, 8);
    assert_int_equal(order[0], 0);
    fx_close(&f);
}

int main(void) {
    boot = arena_open_view();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_the_best_of_all),
        cmocka_unit_test(exact_prefers_requests_to_the_right_and_low_numbers),
        cmocka_unit_test(sixteen_devices_are_exact),
        cmocka_unit_test(sifting_comes_close),
        cmocka_unit_test(sifting_finds_a_long_chain),
        cmocka_unit_test(the_junk_call_is_drawn_from_the_caller_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&boot);
    return failed;
}
