/* Real traces of other people (SIPWEAVE_CORPUS): the Call-IDs that are known to be one call have to come out as one
 * call, with nothing foreign in it. All sixteen do. */
#include "link/result.h"

#include "lib/edge.h"
#include "link/corpus.h"

#define json_null jansson_null /* out.h has one as well */
#include <jansson.h>
#undef json_null

static const char *folder;
static json_t *groups;

static bool is_one_of(const json_t *ids, str call_id) {
    for (size_t i = 0; i < json_array_size(ids); i++) {
        if (str_eq(call_id, str_z(json_string_value(json_array_get(ids, i)))))
            return true;
    }
    return false;
}

static void show(const struct call *c) {
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *l = &c->legs[i];
        print_message("  leg %d %.*s>%.*s %.*s parent %d %.4f %s %s\n", l->n, STR(l->src),
                      STR(l->dst), STR(l->call_id), l->parent, l->confidence,
                      leg_role_text(l->role), call_state_text(l->state));
    }
}

static void is_one_call(const json_t *group) {
    const json_t *files = json_object_get(group, "files"),
                 *ids = json_object_get(group, "call_ids");
    struct weave *w = weave_open();
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    for (size_t i = 0; i < json_array_size(files); i++)
        assert_true(
            corpus_read(w, folder, json_string_value(json_array_get(files, i)), &boot));
    weave_link(w);
    assert_nothing_lost(w);
    assert_found_from_any_leg(w);
    isize first = weave_find(w, str_z(json_string_value(json_array_get(ids, 0))));
    assert_true(first >= 0);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        isize mine = weave_find(w, str_z(id));
        if (mine == first) continue;
        print_error("%s: %s is in another call\n",
                    json_string_value(json_object_get(group, "id")), id);
        show(weave_call(w, first, false, &view));
        if (mine >= 0) show(weave_call(w, mine, false, &view));
        assert_int_equal(mine, first);
    }
    const struct call *c = weave_call(w, first, true, &view);
    for (isize i = 0; i < c->nlegs; i++) {
        if (!is_one_of(ids, c->legs[i].call_id)) show(c);
        assert_true(is_one_of(ids, c->legs[i].call_id));
    }
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

static void one_group(void **state) {
    is_one_call(*state);
}

int main(void) {
    folder = getenv("SIPWEAVE_CORPUS");
    if (!folder) {
        printf("1..1\nok 1 - real traces # SKIP SIPWEAVE_CORPUS does not say where they "
               "are\n");
        return 0;
    }
    char path[4096];
    json_error_t e;
    snprintf(path, sizeof path, "%s/ground_truth.json", folder);
    groups = json_load_file(path, 0, &e);
    if (!groups) {
        printf("1..1\nnot ok 1 - %s: %s\n", path, e.text);
        return 1;
    }
    struct CMUnitTest tests[64];
    size_t n = json_array_size(groups);
    if (n > 64) n = 64;
    for (size_t i = 0; i < n; i++) {
        json_t *group = json_array_get(groups, i);
        tests[i] = (struct CMUnitTest){json_string_value(json_object_get(group, "id")),
                                       one_group, NULL, NULL, group};
    }
    int failed = _cmocka_run_group_tests("real traces", tests, n, NULL, NULL);
    json_decref(groups);
    return failed;
}
