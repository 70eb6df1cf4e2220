/* test_server.c: the API as docs/api.md says it, over HTTP. */
#include "serve/fixture.h"

#include <zlib.h>

static const char *const CALL_ID = "CD7FCD99B1766DA5%40192.0.2.2"; /* of the black leg */

static struct fixture shared; /* the example is in it */

static int open_shared(void **state) {
    (void)state;
    fixture_open(&shared);
    example_import(&shared);
    return 0;
}

static int close_shared(void **state) {
    (void)state;
    fixture_close(&shared);
    return 0;
}

static void assert_error(struct reply *r, int status, const char *part) {
    assert_int_equal(r->status, status);
    json_t *j = json_of(r->body);
    if (!strstr(text_of(j, "error"), part)) {
        fail_msg("\"%s\" does not say \"%s\"", text_of(j, "error"), part);
    }
    json_decref(j);
    reply_drop(r);
}

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
        if (count_of(j, "calls") != cases[i].found) fail_msg("%s finds %td", target, count_of(j, "calls"));
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
        snprintf(target, sizeof target, "/api/v1/calls/%s", text_of(json_array_get(legs, i), "id"));
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
    assert_true(str_find_str(r.body, S("id=\"m1\"")) >= 0 && str_find_str(r.body, S("<style>")) < 0);
    isize folded = r.body.n;
    reply_drop(&r);
    snprintf(target, sizeof target, "/api/v1/calls/%s/ladder.svg?unfold=all&standalone=1&zone=%%2B01:00", CALL_ID);
    r = client_get(shared.port, target);
    assert_type(&r, "image/svg+xml");
    assert_true(r.body.n > folded && str_find_str(r.body, S("<style>")) >= 0);
    assert_true(str_starts(reply_header(&r, "Content-Disposition"), S("attachment; filename=\"call-")));
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
    assert_true(str_starts(reply_header(&r, "Content-Disposition"), S("attachment; filename=\"call-")));
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
        if (str_find_nocase(r.body, str_z(files[i].part)) < 0) fail_msg("%s", files[i].target);
        reply_drop(&r);
    }
}

/* ---- how it is sent ------------------------------------------------------------------------------ */

static void test_headers(void **state) {
    (void)state;
    static const char *const targets[] = {"/", "/app.js", "/api/v1/status", "/nowhere"};
    for (isize i = 0; i < countof(targets); i++) {
        struct reply r = client_get(shared.port, targets[i]);
        assert_true(str_eq(reply_header(&r, "Content-Security-Policy"),
                           S("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                             "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")));
        assert_true(str_eq(reply_header(&r, "X-Content-Type-Options"), S("nosniff")));
        assert_true(str_eq(reply_header(&r, "Referrer-Policy"), S("no-referrer")));
        assert_true(str_eq(reply_header(&r, "Cache-Control"), S("no-cache")));
        assert_true(reply_header(&r, "ETag").n > 2);
        reply_drop(&r);
    }
}

static void test_unchanged(void **state) {
    (void)state;
    static const char *const targets[] = {"/app.js", "/api/v1/calls"};
    static const char *const forms[] = {"%.*s", "W/%.*s", "\"other\", %.*s", "*"};
    for (isize i = 0; i < countof(targets); i++) {
        for (isize k = 0; k < countof(forms) * 2; k++) {
            const char *packed = k % 2 ? "Accept-Encoding: gzip\r\n" : "";
            struct reply r = client_ask(shared.port, "GET", targets[i], packed, (str){0});
            str etag = reply_header(&r, "ETag");
            char header[200], list[120];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(list, sizeof list, forms[k / 2], (int)etag.n, (const char *)etag.p);
#pragma GCC diagnostic pop
            snprintf(header, sizeof header, "%sIf-None-Match: %s\r\n", packed, list);
            reply_drop(&r);
            r = client_ask(shared.port, "GET", targets[i], header, (str){0});
            assert_int_equal(r.status, 304);
            assert_int_equal(r.body.n, 0);
            reply_drop(&r);
        }
        struct reply r = client_ask(shared.port, "GET", targets[i], "If-None-Match: \"x\"\r\n", (str){0});
        assert_int_equal(r.status, 200);
        reply_drop(&r);
    }
}

static void gunzip(struct out *to, str from) {
    u8 copy[1 << 18], block[1 << 16];
    z_stream z = {0};
    assert_true(from.n < (isize)sizeof copy);
    memcpy(copy, from.p, (size_t)from.n);
    z.next_in = copy;
    z.avail_in = (uInt)from.n;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    int rc = Z_OK;
    while (rc == Z_OK) {
        z.next_out = block;
        z.avail_out = sizeof block;
        rc = inflate(&z, Z_NO_FLUSH);
        out_bytes(to, (str){block, (isize)(sizeof block - z.avail_out)});
    }
    assert_int_equal(rc, Z_STREAM_END);
    inflateEnd(&z);
}

static void test_gzip(void **state) {
    (void)state;
    static const char *const targets[] = {"/app.js", "/api/v1/calls"};
    for (isize i = 0; i < countof(targets); i++) {
        struct reply plain = client_get(shared.port, targets[i]);
        struct reply r = client_ask(shared.port, "GET", targets[i], "Accept-Encoding: br, gzip;q=0.8\r\n", (str){0});
        struct out unpacked = {0};
        assert_true(str_eq(reply_header(&r, "Content-Encoding"), S("gzip")));
        assert_true(r.body.n < plain.body.n);
        assert_false(str_eq(reply_header(&r, "ETag"), reply_header(&plain, "ETag")));
        gunzip(&unpacked, r.body);
        assert_true(str_eq(out_str(&unpacked), plain.body));
        out_drop(&unpacked);
        reply_drop(&r);
        r = client_ask(shared.port, "GET", targets[i], "Accept-Encoding: gzip;q=0, br\r\n", (str){0});
        assert_int_equal(reply_header(&r, "Content-Encoding").n, 0);
        reply_drop(&r);
        reply_drop(&plain);
    }
    /* not worth it */
    struct reply r = client_ask(shared.port, "GET", "/api/v1/calls?q=nobody", "Accept-Encoding: gzip\r\n", (str){0});
    assert_int_equal(reply_header(&r, "Content-Encoding").n, 0);
    reply_drop(&r);
}

static void test_head(void **state) {
    (void)state;
    struct reply r = client_ask(shared.port, "HEAD", "/app.js", "", (str){0});
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.n, 0);
    assert_true(str_u64(reply_header(&r, "Content-Length"), 1 << 30).value > 1000);
    reply_drop(&r);
}

/* ---- what is refused ------------------------------------------------------------------------------ */

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *method, *target, *headers;
        int status;
        const char *part;
    } cases[] = {
        {"GET", "/nowhere", "", 404, "there is no page /nowhere"},
        {"GET", "/api/v1", "", 404, "there is no page"},
        {"GET", "/api/v2/status", "", 404, "there is no page"},
        {"GET", "/api/v1/calls/nobody", "", 404, "there is no call with the id or Call-ID nobody"},
        {"GET", "/api/v1/calls/nobody/ladder.svg", "", 404, "there is no call"},
        {"GET", "/api/v1/calls/x/ladder.png", "", 404, "there is no page"},
        {"GET", "/../etc/passwd", "", 404, "there is no page"},
        {"GET", "/%2e%2e%2fetc%2fpasswd", "", 404, "there is no page"},
        {"GET", "/a/b/c/d/e/f/g/h/i/j", "", 404, "there is no page"},
        {"GET", "/api/v1/calls/%zz", "", 400, "hexadecimal"},
        {"GET", "/api/v1/calls?q=%1", "", 400, "hexadecimal"},
        {"GET", "/api/v1/calls?colour=red", "", 400, "there is no parameter \"colour\""},
        {"GET", "/api/v1/calls?limit=0", "", 400, "limit wants"},
        {"PUT", "/", "", 405, "takes GET, not PUT"},
        {"DELETE", "/api/v1/calls/x", "", 405, "takes GET, not DELETE"},
        {"OPTIONS", "/api/v1/import", "", 405, "takes POST, not OPTIONS"},
        {"GET", "/api/v1/import", "", 405, "takes POST, not GET"},
        {"POST", "/api/v1/status", "X-Sipweave: 1\r\n", 405, "takes GET, not POST"},
        {"POST", "/api/v1/import?name=x", "", 403, "X-Sipweave"},
        {"POST", "/api/v1/import?name=x", "X-Sipweave: yes\r\n", 403, "X-Sipweave"},
        {"POST", "/api/v1/import?name=x", "X-Sipweave: 1\r\nContent-Length: 9999999999\r\n", 413, "2 GiB"},
        {"GET", "/", "Host: evil.example\r\n", 403, "another host"},
        {"GET", "/", "Host: evil.example:8270\r\n", 403, "another host"},
        {"GET", "/", "Host: 127.0.0.1.evil.example\r\n", 403, "another host"},
        {"GET", "/", "Host: [::2]:8270\r\n", 403, "another host"},
        {"GET", "/", "Host:\r\n", 403, "another host"},
        {"POST", "/api/v1/import?name=x", "Host: evil.example\r\nX-Sipweave: 1\r\n", 403, "another host"},
    };
    for (isize i = 0; i < countof(cases); i++) {
        struct reply r = client_ask(shared.port, cases[i].method, cases[i].target, cases[i].headers, (str){0});
        if (r.status != cases[i].status) fail_msg("%s %s: %d", cases[i].method, cases[i].target, r.status);
        if (r.status == 405) assert_true(reply_header(&r, "Allow").n > 0);
        assert_error(&r, cases[i].status, cases[i].part);
    }
    static const char *const ours[] = {"Host: localhost\r\n", "Host: LOCALHOST:1\r\n", "Host: [::1]:8270\r\n",
                                       "Host: 127.0.0.1\r\n"};
    for (isize i = 0; i < countof(ours); i++) {
        struct reply r = client_ask(shared.port, "GET", "/", ours[i], (str){0});
        assert_int_equal(r.status, 200);
        reply_drop(&r);
    }
}

/* Bytes that are no request: any answer but a crash will do, and the next request is answered. */
static void test_noise(void **state) {
    (void)state;
    static const char *const noise[] = {
        "",
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /\x01\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/v1/calls?q=%00%ff%c3%28 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nX-Sipweave: 1\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\nzz\r\n",
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nX-Sipweave: 1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \xff\xff\r\n\tfold\r\nConnection: close\r\n\r\n",
    };
    for (isize i = 0; i < countof(noise); i++) {
        int s = client_socket(SOCK_STREAM, shared.port);
        struct out o = {0};
        assert_true(s >= 0 && client_send(s, str_z(noise[i])));
        shutdown(s, SHUT_WR);
        while (client_more(s, &o)) continue;
        close(s);
        out_drop(&o);
    }
    struct out o = {0};
    out_z(&o, "GET /");
    for (int i = 0; i < 200000; i++) out_byte(&o, 'a');
    out_z(&o, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    struct reply r = client_raw(shared.port, out_str(&o));
    assert_true(r.status == 0 || r.status >= 400);
    reply_drop(&r);
    out_drop(&o);
    json_decref(get_json(shared.port, "/api/v1/status"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),   cmocka_unit_test(test_list),      cmocka_unit_test(test_search),
        cmocka_unit_test(test_call),     cmocka_unit_test(test_pictures),  cmocka_unit_test(test_page),
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_unchanged), cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_head),     cmocka_unit_test(test_refused),   cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests_name("server", tests, open_shared, close_shared);
}
