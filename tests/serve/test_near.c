/* test_near.c: one call is found again from what is near it, as it was linked with everything in sight. */
#include "serve/woven.h"
#include "serve/near.h"

struct all_calls {
    struct place *p;
    isize tried, same, calls;
};

static bool near_row(void *ctx, str call, i64 start_us, str json) {
    struct all_calls *a = ctx;
    struct near_options o = {0};
    str id, *ids;
    isize nids;
    (void)start_us, (void)json;
    arena view = a->p->view;
    assert_int_equal(store_call_ids(a->p->store, call, &view, &id, &ids, &nids), ERR_OK);
    a->calls++;
    for (isize i = 0; i < nids; i++) {
        struct near n;
        assert_int_equal(near_open(&n, a->p->store, ids[i], &o, &view), ERR_OK);
        struct call *c = weave_call(n.weave, n.call, false, &view);
        bool same = c->nlegs == nids && str_eq(c->id, call);
        for (isize k = 0; k < c->nlegs && same; k++) {
            bool known = false;
            for (isize m = 0; m < nids; m++) known |= str_eq(ids[m], c->legs[k].call_id);
            same = known;
        }
        a->tried++;
        a->same += same;
        near_close(&n);
    }
    return true;
}

static void near_is_as(bool two_addresses) {
    struct traffic t = some_traffic_of(1200, SECOND / 15, two_addresses);
    struct place p;
    place_begin(&p, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&p, &t.lines[i], "a.pcap");
    commit(&p);
    struct all_calls a = {.p = &p};
    struct search q = search_any();
    q.limit = 150;
    assert_int_equal(store_search(p.store, &q, near_row, &a), ERR_OK);
    print_message("# %td of %td legs found their call as it was\n", a.same, a.tried);
    assert_int_equal(a.calls, 150);
    assert_true(a.tried > 300 && (double)a.same >= 0.995 * (double)a.tried);
    place_end(&p);
    traffic_drop(&t);
}

/* From any leg of it, by its marks alone, a call comes out as it was linked with everything in sight. */
static void near_is_the_same(void **state) {
    (void)state;
    near_is_as(false);
}

/* The same where calls reach one address of a box and leave another: that the two are one device only much traffic tells. */
static void near_with_two_addresses(void **state) {
    (void)state;
    near_is_as(true);
}

/* What is shown of a call is what was decided, to the letter. */
static void shown_as_decided(void **state) {
    (void)state;
    struct traffic t = some_traffic(300, SECOND / 10);
    struct place p;
    char id[40];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)hash_mix(120, 102));
    place_begin(&p, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&p, &t.lines[i], "a.pcap");
    commit(&p);
    json_t *want = summary(&p, id);
    for (int alone = 0; alone < 2; alone++) {
        struct near n;
        struct near_options o = {.decided = true, .alone = alone == 1};
        assert_int_equal(near_open(&n, p.store, str_z(id), &o, &p.view), ERR_OK);
        const struct call *c = weave_call(n.weave, n.call, true, &p.view);
        json_t *legs = json_object_get(want, "legs");
        assert_int_equal(c->nlegs, json_array_size(legs));
        for (isize i = 0; i < c->nlegs; i++) {
            json_t *l = json_array_get(legs, (size_t)i),
                   *rows = json_object_get(l, "evidence");
            assert_int_equal(c->legs[i].parent,
                             json_integer_value(json_object_get(l, "parent")));
            double stated = json_number_value(json_object_get(l, "confidence"));
            assert_true(c->legs[i].confidence - stated < 1e-6 &&
                        stated - c->legs[i].confidence < 1e-6);
            assert_int_equal(c->legs[i].nevidence, json_array_size(rows));
            for (isize k = 0; k < c->legs[i].nevidence; k++) {
                json_t *e = json_array_get(rows, (size_t)k);
                str text = c->legs[i].evidence[k].text;
                assert_int_equal(text.n, json_string_length(json_object_get(e, "text")));
                assert_memory_equal(text.p, json_string_value(json_object_get(e, "text")),
                                    (size_t)text.n);
            }
        }
        near_close(&n);
    }
    json_decref(want);
    place_end(&p);
    traffic_drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_is_the_same),
        cmocka_unit_test(near_with_two_addresses),
        cmocka_unit_test(shown_as_decided),
    };
    return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
