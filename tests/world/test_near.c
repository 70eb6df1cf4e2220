/* test_near.c: calls of a small world in a database, and each found again from one leg by what is near it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "serve/loom.h"
#include "serve/near.h"
#include "world/worlds.h"

struct place {
    char dir[64], db[96];
    arena boot, view;
    struct store *store;
    struct world *world;
    struct view *files;
};

static const struct world_row *row_named(const char *name) {
    for (int i = 0; i < nworlds; i++) {
        if (strcmp(worlds[i].name, name) == 0) return &worlds[i];
    }
    fail_msg("no such row: %s", name);
    return NULL;
}

/* Everything in one go: with all of it in sight. */
static void import(struct place *p) {
    struct loom *l;
    struct loom_options o = {.bulk = true};
    assert_int_equal(loom_open(&l, p->store, &o), ERR_OK);
    struct input_sink sink = loom_sink(l);
    for (int i = 0; i < p->files->nsources; i++) {
        struct input_options how = {0};
        str sentence;
        if (p->files->sources[i].log && !p->files->sources[i].lines) continue;
        loom_session(l);
        assert_int_equal(
            input_file_read(p->files->sources[i].path, &how, &sink, &p->boot, &sentence),
            ERR_OK);
    }
    assert_int_equal(loom_commit(l, NULL, NULL), ERR_OK);
    loom_close(l);
}

static void place_open(struct place *p, const char *name, int calls) {
    struct world_row row = worlds_take(row_named(name), SEEDS_UNSEEN, 91, 1);
    str why = {0};
    *p = (struct place){.dir = "/tmp/near-XXXXXX",
                        .boot = arena_open((isize)1 << 30),
                        .view = arena_open_view()};
    row.plan.calls = calls;
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->db, sizeof p->db, "%s/calls.db", p->dir);
    p->world = world_make(&row.plan);
    p->files = view_write(p->world, &row.view, p->dir);
    assert_int_equal(store_open(&p->store, p->db, STORE_WRITE, &p->boot, &why), ERR_OK);
    import(p);
}

static void place_close(struct place *p) {
    char path[128];
    store_close(p->store);
    for (int i = 0; i < p->files->nsources; i++) unlink(p->files->sources[i].path);
    unlink(p->files->hosts_path);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", p->db, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(p->dir), 0);
    view_free(p->files);
    world_free(p->world);
    arena_close(&p->boot);
    arena_close(&p->view);
}

struct sampling {
    struct place *p;
    isize every, nth, most, tried, same;
};

static bool has(const str *ids, isize n, str id) {
    for (isize i = 0; i < n; i++) {
        if (str_eq(ids[i], id)) return true;
    }
    return false;
}

/* From one of its Call-IDs alone: the same legs as the database has? */
static bool found_again(struct sampling *s, str x, const str *ids, isize nids,
                        arena view) {
    struct near n;
    struct near_options o = {0};
    assert_int_equal(near_open(&n, s->p->store, x, &o, &view), ERR_OK);
    const struct call *c = weave_call(n.weave, n.call, false, &view);
    str *legs = arena_new(&view, str, c->nlegs);
    isize nlegs = 0;
    bool same = true;
    for (isize i = 0; i < c->nlegs; i++) {
        same = same && has(ids, nids, c->legs[i].call_id);
        if (!has(legs, nlegs, c->legs[i].call_id)) legs[nlegs++] = c->legs[i].call_id;
    }
    same = same && nlegs == nids;
    near_close(&n);
    return same;
}

static bool on_call(void *ctx, str call, i64 start_us, str json) {
    struct sampling *s = ctx;
    arena view = s->p->view;
    str id, *ids;
    isize n;
    (void)start_us, (void)json;
    if (s->nth++ % s->every || s->tried == s->most) return true;
    assert_int_equal(store_call_ids(s->p->store, call, &view, &id, &ids, &n), ERR_OK);
    s->same += found_again(s, ids[s->tried % n], ids, n, view);
    s->tried++;
    return true;
}

static void as_it_was_linked(void **state) {
    enum { CALLS = 600, SAMPLES = 150 };
    struct place p;
    (void)state;
    place_open(&p, "no hints, 20/s", CALLS);
    struct sampling s = {.p = &p, .every = CALLS / SAMPLES, .most = SAMPLES};
    struct search q = search_any();
    q.kind = KIND_CALL;
    q.limit = INT32_MAX;
    assert_int_equal(store_search(p.store, &q, on_call, &s), ERR_OK);
    print_message("# from one leg %td of %td calls came out as they were linked\n",
                  s.same, s.tried);
    assert_int_equal(s.tried, SAMPLES);
    assert_true((double)s.same >= 0.97 * (double)s.tried);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_was_linked),
    };
    return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
