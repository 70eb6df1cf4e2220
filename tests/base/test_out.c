/* Output: what is written as JSON is read back by a library that is not ours, whatever the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/out.h"
#include "lib/edge.h"

#define json_null jansson_null /* out.h has one as well */
#include <jansson.h>
#undef json_null
#include <string.h>

static void assert_text(const struct out *o, const char *want) {
    str have = out_str(o);
    assert_int_equal(have.n, strlen(want));
    assert_memory_equal(have.p, want, (size_t)have.n);
}

static void numbers(void **state) {
    (void)state;
    struct out o = {0};
    out_u64(&o, 0);
    out_byte(&o, ' ');
    out_u64(&o, UINT64_MAX);
    out_byte(&o, ' ');
    out_i64(&o, INT64_MIN);
    out_byte(&o, ' ');
    out_i64(&o, -1);
    out_printf(&o, " %05d", 42);
    assert_text(&o, "0 18446744073709551615 -9223372036854775808 -1 00042");
    out_drop(&o);
}

static void long_formats(void **state) {
    (void)state;
    struct out o = {0};
    out_z(&o, "x");
    for (int n = 510; n < 515; n++) { /* around the room on the stack */
        isize was = o.n;
        out_printf(&o, "%*d", n, 7);
        assert_int_equal(o.n - was, n);
        assert_int_equal(o.p[o.n - 1], '7');
    }
    out_bytes(&o, (str){0});
    assert_int_equal(o.p[0], 'x');
    out_drop(&o);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

/* Each invalid sequence becomes U+FFFD, once for each byte that starts nothing. */
struct text_row {
    str in;
    const char *out;
};
#define BAD "\xef\xbf\xbd"
static const struct text_row texts[] = {
    {{(const u8 *)"", 0}, ""},
    {{(const u8 *)"plain", 5}, "plain"},
    {{(const u8 *)"\"\\/\b\f\n\r\t\x7f\x01", 10}, "\"\\/\b\f\n\r\t\x7f\x01"},
    {{(const u8 *)"\xc3\xa9", 2}, "\xc3\xa9"},
    {{(const u8 *)"\xe2\x82\xac", 3}, "\xe2\x82\xac"},
    {{(const u8 *)"\xf0\x9f\x98\x80", 4}, "\xf0\x9f\x98\x80"},
    {{(const u8 *)"\xf4\x8f\xbf\xbf", 4}, "\xf4\x8f\xbf\xbf"},
    {{(const u8 *)"\xe9t\xe9", 3}, BAD "t" BAD},            /* Latin-1 */
    {{(const u8 *)"\xc0\xaf", 2}, BAD BAD},                 /* overlong */
    {{(const u8 *)"\xe0\x80\xaf", 3}, BAD BAD BAD},         /* overlong */
    {{(const u8 *)"\xf0\x80\x80\xaf", 4}, BAD BAD BAD BAD}, /* overlong */
    {{(const u8 *)"\xed\xa0\x80", 3}, BAD BAD BAD},         /* a surrogate */
    {{(const u8 *)"\xf4\x90\x80\x80", 4}, BAD BAD BAD BAD}, /* past U+10FFFF */
    {{(const u8 *)"\xf8\x88\x80\x80\x80", 5}, BAD BAD BAD BAD BAD},
    {{(const u8 *)"\x80", 1}, BAD},
    {{(const u8 *)"a\xe2\x82", 3}, "a" BAD BAD}, /* cut short */
    {{(const u8 *)"\xe2\x82", 2}, BAD BAD},
    {{(const u8 *)"\xc3", 1}, BAD},
    {{(const u8 *)"\xff\xfe", 2}, BAD BAD},
};

static json_t *parse(const struct out *o) {
    json_error_t e;
    str s = out_str(o);
    json_t *j =
        json_loadb((const char *)s.p, (size_t)s.n, JSON_ALLOW_NUL | JSON_DECODE_ANY, &e);
    if (!j) print_error("%s: %.*s\n", e.text, (int)s.n, (const char *)s.p);
    assert_non_null(j);
    return j;
}

static void strings_come_back(void **state) {
    (void)state;
    for (isize i = 0; i < countof(texts); i++) {
        struct out o = {0};
        str in = edge_copy(texts[i].in);
        json_str(&o, NULL, in);
        json_t *j = parse(&o);
        assert_int_equal(json_string_length(j), strlen(texts[i].out));
        assert_memory_equal(json_string_value(j), texts[i].out, strlen(texts[i].out));
        json_decref(j);
        edge_drop(in);
        out_drop(&o);
    }
}

/* Every byte alone, and after a lead that wants more: always JSON, always one replacement or the byte. */
static void every_pair_of_bytes_is_json(void **state) {
    (void)state;
    for (int a = 0; a < 256; a++) {
        struct out o = {0};
        json_begin_array(&o, NULL);
        for (int b = 0; b < 256; b++) {
            u8 pair[2] = {(u8)a, (u8)b};
            json_str(&o, NULL, (str){pair, 2});
        }
        json_end_array(&o);
        json_t *j = parse(&o);
        assert_int_equal(json_array_size(j), 256);
        json_decref(j);
        out_drop(&o);
    }
}

static void trees(void **state) {
    (void)state;
    struct out o = {0};
    json_begin_object(&o, NULL);
    json_z(&o, "name", "x\"y");
    json_z(&o, "nothing", NULL);
    json_i64(&o, "least", INT64_MIN);
    json_i64_or_null(&o, "known", 0);
    json_i64_or_null(&o, "unknown", -1);
    json_fixed(&o, "bits", 12.345, 1);
    json_bool(&o, "yes", true);
    json_begin_array(&o, "list");
    json_begin_object(&o, NULL);
    json_end_object(&o);
    json_begin_array(&o, NULL);
    json_end_array(&o);
    json_null(&o, NULL);
    json_end_array(&o);
    json_bool(&o, "no", false);
    json_end_object(&o);
    assert_text(&o,
                "{\"name\":\"x\\\"y\",\"nothing\":null,\"least\":-9223372036854775808,"
                "\"known\":0,\"unknown\":null,\"bits\":12.3,\"yes\":true,"
                "\"list\":[{},[],null],\"no\":false}");
    json_t *j = parse(&o);
    assert_true(json_integer_value(json_object_get(j, "least")) == INT64_MIN);
    json_decref(j);
    out_drop(&o);
}

/* ---- XML ---------------------------------------------------------------------------------------- */

static void xml(void **state) {
    (void)state;
    struct out o = {0};
    out_xml(&o, S("<sip:a@b>;x=\"1\"&'\t\n\x01\xc3\xa9\xe9\xef\xbf\xbe\x7f"));
    assert_text(&o, "&lt;sip:a@b&gt;;x=&quot;1&quot;&amp;&#39;\t\n" BAD
                    "\xc3\xa9" BAD BAD BAD BAD "\x7f");
    out_drop(&o);
}

/* ---- sinks -------------------------------------------------------------------------------------- */

struct pipe {
    isize bytes, blocks, breaks_after;
};

static bool into_pipe(void *ctx, str block) {
    struct pipe *p = ctx;
    p->bytes += block.n;
    return ++p->blocks != p->breaks_after;
}

static void sinks_get_everything_once(void **state) {
    (void)state;
    struct pipe p = {0};
    struct out o = {.sink = into_pipe, .ctx = &p};
    for (int i = 0; i < 100000; i++) out_z(&o, "0123456789");
    assert_true(o.cap <= 1 << 18); /* bounded memory */
    assert_true(out_flush(&o));
    assert_true(out_flush(&o));
    assert_int_equal(p.bytes, 1000000);
    out_drop(&o);
}

static void a_closed_pipe_stops_the_output(void **state) {
    (void)state;
    struct pipe p = {.breaks_after = 2};
    struct out o = {.sink = into_pipe, .ctx = &p};
    for (int i = 0; i < 100000; i++) out_z(&o, "0123456789");
    assert_false(out_flush(&o));
    assert_true(o.stopped);
    assert_int_equal(p.blocks, 2);
    out_drop(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(long_formats),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(every_pair_of_bytes_is_json),
        cmocka_unit_test(trees),
        cmocka_unit_test(xml),
        cmocka_unit_test(sinks_get_everything_once),
        cmocka_unit_test(a_closed_pipe_stops_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
