/* test_http.c: how answers are sent, and what is refused. */
#include "serve/shared.h"

#include <zlib.h>

/* ---- how it is sent ------------------------------------------------------------------------------ */

static void test_headers(void **state) {
    (void)state;
    static const char *const targets[] = {"/", "/app.js", "/api/v1/status", "/nowhere"};
    for (isize i = 0; i < countof(targets); i++) {
        struct reply r = client_get(shared.port, targets[i]);
        assert_true(str_eq(reply_header(&r, "Content-Security-Policy"),
                           S("default-src 'none'; script-src 'self'; style-src 'self'; "
                             "img-src 'self' data:; "
                             "connect-src 'self'; base-uri 'none'; form-action 'self'; "
                             "frame-ancestors 'none'")));
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
        struct reply r = client_ask(shared.port, "GET", targets[i],
                                    "If-None-Match: \"x\"\r\n", (str){0});
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
        struct reply r = client_ask(shared.port, "GET", targets[i],
                                    "Accept-Encoding: br, gzip;q=0.8\r\n", (str){0});
        struct out unpacked = {0};
        assert_true(str_eq(reply_header(&r, "Content-Encoding"), S("gzip")));
        assert_true(r.body.n < plain.body.n);
        assert_false(str_eq(reply_header(&r, "ETag"), reply_header(&plain, "ETag")));
        gunzip(&unpacked, r.body);
        assert_true(str_eq(out_str(&unpacked), plain.body));
        out_drop(&unpacked);
        reply_drop(&r);
        r = client_ask(shared.port, "GET", targets[i],
                       "Accept-Encoding: gzip;q=0, br\r\n", (str){0});
        assert_int_equal(reply_header(&r, "Content-Encoding").n, 0);
        reply_drop(&r);
        reply_drop(&plain);
    }
    /* not worth it */
    struct reply r = client_ask(shared.port, "GET", "/api/v1/calls?q=nobody",
                                "Accept-Encoding: gzip\r\n", (str){0});
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
        {"GET", "/api/v1/calls/nobody", "", 404,
         "there is no call with the id or Call-ID nobody"},
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
        {"POST", "/api/v1/import?name=x",
         "X-Sipweave: 1\r\nContent-Length: 9999999999\r\n", 413, "2 GiB"},
        {"GET", "/", "Host: evil.example\r\n", 403, "another host"},
        {"GET", "/", "Host: evil.example:8270\r\n", 403, "another host"},
        {"GET", "/", "Host: 127.0.0.1.evil.example\r\n", 403, "another host"},
        {"GET", "/", "Host: [::2]:8270\r\n", 403, "another host"},
        {"GET", "/", "Host:\r\n", 403, "another host"},
        {"POST", "/api/v1/import?name=x", "Host: evil.example\r\nX-Sipweave: 1\r\n", 403,
         "another host"},
    };
    for (isize i = 0; i < countof(cases); i++) {
        struct reply r = client_ask(shared.port, cases[i].method, cases[i].target,
                                    cases[i].headers, (str){0});
        if (r.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].method, cases[i].target, r.status);
        if (r.status == 405) assert_true(reply_header(&r, "Allow").n > 0);
        assert_error(&r, cases[i].status, cases[i].part);
    }
    static const char *const ours[] = {"Host: localhost\r\n", "Host: LOCALHOST:1\r\n",
                                       "Host: [::1]:8270\r\n", "Host: 127.0.0.1\r\n"};
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
        "GET /api/v1/calls?q=%00%ff%c3%28 HTTP/1.1\r\nHost: localhost\r\nConnection: "
        "close\r\n\r\n",
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nX-Sipweave: "
        "1\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\nzz\r\n",
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nX-Sipweave: "
        "1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \xff\xff\r\n\tfold\r\nConnection: "
        "close\r\n\r\n",
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
        cmocka_unit_test(test_headers), cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_gzip),    cmocka_unit_test(test_head),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests_name("http", tests, open_shared, close_shared);
}
