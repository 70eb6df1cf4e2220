/* test_server.c: the API as docs/api.md says it, over HTTP. */
#include "serve/shared.h"

static const char *const CALL_ID = "CD7FCD99B1766DA5%40192.0.2.2"; /* of the black leg */

/* ---- what is there ------------------------------------------------------------------------------- */

static void test_status(void **state) {
    (void)state;
    json_t *j = get_json(shared.port, "/api/v1/status");
    assert_string_equal(text_of(j, "database"), shared.db);
    assert_int_equal(number_of(j, "sightings"), 72);
    assert_int_equal(number_of(j, "calls"), 1);
    assert_true(number_of(j, "bytes") > 0);
    assert_string_equal(text_of(j, "first"), "2014-07-26T08:54:01.000000Z");
    assert_int_equal(count_of(j, "sources"), 3);
    assert_int_equal(count_of(j, "listeners"), 2);
    assert_int_equal(count_of(j, "skipped"), 1);
    assert_int_equal(count_of(j, "damage"), 0);
    assert_int_equal(number_of(j, "retention_days"), 0);
    assert_true(json_is_null(json_object_get(j, "trouble")));
    json_t *source = json_array_get(json_object_get(j, "sources"), 1);
    assert_string_equal(text_of(source, "name"), "boxless.log");
    assert_string_equal(text_of(source, "device"), "boxless");
    assert_string_equal(text_of(source, "kind"), "log");
    assert_int_equal(number_of(source, "messages"), 39);
    json_decref(j);
}

static void test_list(void **state) {
    (void)state;
    json_t *j = get_json(shared.port, "/api/v1/calls");
    assert_int_equal(count_of(j, "calls"), 1);
    assert_true(json_is_null(json_object_get(j, "next")));
    json_t *call = json_array_get(json_object_get(j, "calls"), 0);
    assert_string_equal(text_of(call, "state"), "answered");
    assert_int_equal(count_of(call, "legs"), EXAMPLE_LEGS);
    assert_int_equal(count_of(call, "devices"), 8);
    json_decref(j);
}

static void test_search(void **state) {
    (void)state;
    static const struct {
        const char *params;
        isize found;
    } cases[] = {
        {"q=01632960123", 1},
        {"q=01632+960123", 1},
        {"q=%2B441632960123", 1},
        {"q=01632960124", 0},
        {"q=boxless", 1},
        {"q=device:boxless+ua:snom", 1},
        {"q=ip:203.0.113.81", 1},
        {"q=ip:203.0.113.82", 0},
        {"call_id=CD7FCD99B1766DA5%40192.0.2.2", 1},
        {"q=call-id:CD7FCD99*", 1},
        {"q=after:2014-07-26T08:54:00Z+before:2014-07-26T08:55:00Z", 1},
        {"q=after:-1h", 0},
        {"q=state:failed", 0},
        {"q=min:10+max:15", 1},
        {"q=max:5", 0},
        {"kind=registration", 0},
        {"kind=any", 1},
        {"q=method:INVITE", 1},
        {"q=method:REFER", 0},
        /* more than one search: all of it has to fit */
        {"q=01632960123+07700900356", 1},
        {"q=01632960123+07700900357", 0},
        {"q=192.0.2.1+192.0.2.2+203.0.113.72", 1},
        {"q=192.0.2.1+192.0.2.99", 0},
        {"q=boxless+snom-home", 1},
        {"q=boxless+nobody", 0},
        {"q=call-id:CD7FCD99B1766DA5@192.0.2.2+call-id:462000F67FE59466@203.0.113.72", 1},
        {"q=call-id:CD7FCD99B1766DA5@192.0.2.2+call-id:462000F67FE59467@203.0.113.72", 0},
    };
    for (isize i = 0; i < countof(cases); i++) {
        char target[300];
        snprintf(target, sizeof target, "/api/v1/calls?%s", cases[i].params);
        json_t *j = get_json(shared.port, target);
        if (count_of(j, "calls") != cases[i].found)
            fail_msg("%s finds %td", target, count_of(j, "calls"));
        json_decref(j);
    }
}

static void test_call(void **state) {
    (void)state;
    char target[200], id[32];
    snprintf(target, sizeof target, "/api/v1/calls/%s", CALL_ID);
    json_t *j = get_json(shared.port, target);
    assert_int_equal(count_of(j, "legs"), EXAMPLE_LEGS);
    assert_int_equal(count_of(j, "messages"), EXAMPLE_MESSAGES);
    snprintf(id, sizeof id, "%s", text_of(j, "id"));
    /* the call's own id and any leg's give the same */
    json_t *legs = json_object_get(j, "legs");
    for (size_t i = 0; i < json_array_size(legs); i++) {
        snprintf(target, sizeof target, "/api/v1/calls/%s",
                 text_of(json_array_get(legs, i), "id"));
        json_t *same = get_json(shared.port, target);
        assert_string_equal(text_of(same, "id"), id);
        assert_true(json_equal(same, j));
        json_decref(same);
    }
    json_decref(j);
}

static void assert_type(struct reply *r, const char *type) {
    assert_int_equal(r->status, 200);
    assert_true(str_eq(reply_header(r, "Content-Type"), str_z(type)));
}

static void test_pictures(void **state) {
    (void)state;
    char target[200];
    snprintf(target, sizeof target, "/api/v1/calls/%s/ladder.svg", CALL_ID);
    struct reply r = client_get(shared.port, target);
    assert_type(&r, "image/svg+xml");
    assert_true(str_starts(r.body, S("<svg ")));
    assert_true(str_find_str(r.body, S("id=\"m1\"")) >= 0 &&
                str_find_str(r.body, S("<style>")) < 0);
    isize folded = r.body.n;
    reply_drop(&r);
    snprintf(target, sizeof target,
             "/api/v1/calls/%s/ladder.svg?unfold=all&standalone=1&zone=%%2B01:00",
             CALL_ID);
    r = client_get(shared.port, target);
    assert_type(&r, "image/svg+xml");
    assert_true(r.body.n > folded && str_find_str(r.body, S("<style>")) >= 0);
    assert_true(str_starts(reply_header(&r, "Content-Disposition"),
                           S("attachment; filename=\"call-")));
    reply_drop(&r);
    snprintf(target, sizeof target, "/api/v1/calls/%s/ladder.txt", CALL_ID);
    r = client_get(shared.port, target);
    assert_type(&r, "text/plain; charset=utf-8");
    assert_true(str_find_str(r.body, S("INVITE")) >= 0);
    reply_drop(&r);
    snprintf(target, sizeof target, "/api/v1/calls/%s/export.html", CALL_ID);
    r = client_get(shared.port, target);
    assert_type(&r, "text/html; charset=utf-8");
    assert_true(str_find_str(r.body, S("<svg ")) >= 0);
    assert_true(str_starts(reply_header(&r, "Content-Disposition"),
                           S("attachment; filename=\"call-")));
    reply_drop(&r);
    snprintf(target, sizeof target, "/api/v1/calls/%s/ladder.svg?unfold=x", CALL_ID);
    r = client_get(shared.port, target);
    assert_error(&r, 400, "unfold wants");
    snprintf(target, sizeof target, "/api/v1/calls/%s/ladder.svg?zone=x", CALL_ID);
    r = client_get(shared.port, target);
    assert_error(&r, 400, "zone wants");
}

static void test_page(void **state) {
    (void)state;
    static const struct {
        const char *target, *type, *part;
    } files[] = {
        {"/", "text/html; charset=utf-8", "<!doctype html>"},
        {"/call/c53nj23rha0vp", "text/html; charset=utf-8", "<!doctype html>"},
        {"/call/a%2Fb%40c", "text/html; charset=utf-8", "<!doctype html>"},
        {"/?kind=any&q=x", "text/html; charset=utf-8", "<!doctype html>"},
        {"/app.js", "text/javascript; charset=utf-8", "api/v1"},
        {"/app.css", "text/css; charset=utf-8", "{"},
        {"/ladder.css", "text/css; charset=utf-8", ".c24"},
        {"/favicon.svg", "image/svg+xml", "<svg"},
    };
    for (isize i = 0; i < countof(files); i++) {
        struct reply r = client_get(shared.port, files[i].target);
        assert_type(&r, files[i].type);
        if (str_find_nocase(r.body, str_z(files[i].part)) < 0)
            fail_msg("%s", files[i].target);
        reply_drop(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),   cmocka_unit_test(test_list),
        cmocka_unit_test(test_search),   cmocka_unit_test(test_call),
        cmocka_unit_test(test_pictures), cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests_name("server", tests, open_shared, close_shared);
}
