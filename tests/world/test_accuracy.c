/* Small worlds, whole way round: simulated, written, read, linked, judged. The bounds are wide; `make accuracy` has the
 * real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "world/judge.h"
#include "world/worlds.h"

static const struct world_row *row_named(const char *name) {
    for (int i = 0; i < nworlds; i++) {
        if (strcmp(worlds[i].name, name) == 0) return &worlds[i];
    }
    fail_msg("no such row: %s", name);
    return NULL;
}

static struct score play(const char *name, int calls) {
    struct world_row row = worlds_take(row_named(name), SEEDS_UNSEEN, 90, 1);
    struct reading_of r;
    char dir[64] = "/tmp/accuracy-XXXXXX";
    row.plan.calls = calls;
    assert_non_null(mkdtemp(dir));
    struct world *w = world_make(&row.plan);
    struct view *v = view_write(w, &row.view, dir);
    judge_read(&r, v, row.hosts);
    struct verdict *d = judge_score(w, v, &r.found);
    struct score s = d->score;
    assert_int_equal(r.found.strangers, 0);
    for (int i = 0; i < v->nsources; i++) unlink(v->sources[i].path);
    unlink(v->hosts_path);
    assert_int_equal(rmdir(dir), 0);
    verdict_free(d);
    judge_drop(&r);
    view_free(v);
    world_free(w);
    return s;
}

static void at_least(const char *what, struct share s, double share) {
    if (share_of(s) >= share) return;
    fail_msg("%s: %lld of %lld, less than %g", what, (long long)s.right, (long long)s.of,
             share);
}

static void plain_traffic(void **state) {
    (void)state;
    struct score s = play("no hints, 20/s", 300);
    at_least("precision", s.precision, 0.995);
    at_least("recall", s.recall, 0.99);
    at_least("exact", s.exact, 0.97);
    at_least("recovered", s.recovered, 1);
    at_least("order", s.order, 0.99);
}

static void coarse_logs(void **state) {
    (void)state;
    struct score s = play("logs, one-second stamps, 20/s", 200);
    at_least("precision", s.precision, 0.95);
    at_least("recall", s.recall, 0.9);
    at_least("exact", s.exact, 0.85);
    at_least("recovered", s.recovered, 0.99);
}

static void wrong_clocks(void **state) {
    (void)state;
    struct score s = play("five points, clocks 3 s, 50 ppm, 20/s", 200);
    at_least("precision", s.precision, 0.95);
    at_least("exact", s.exact, 0.85);
    at_least("recovered", s.recovered, 0.99);
    at_least("order", s.order, 0.98);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_traffic),
        cmocka_unit_test(coarse_logs),
        cmocka_unit_test(wrong_clocks),
    };
    return cmocka_run_group_tests_name("accuracy", tests, NULL, NULL);
}
