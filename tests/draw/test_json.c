/* The call as JSON, read back by another's parser; and the page that carries it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#define json_null jansson_null /* base/out.h has one of its own */
#include <jansson.h>
#undef json_null

#include "draw/fixture_more.h"

static json_t *parse(str s) {
    json_error_t e;
    json_t *root = json_loadb((const char *)s.p, (size_t)s.n, JSON_ALLOW_NUL, &e);
    if (!root) fail_msg("%s at %d", e.text, e.position);
    return root;
}

static json_t *read_call(const struct call *c, bool messages) {
    struct out o = {0};
    draw_json(&o, c, messages);
    json_t *root = parse(out_str(&o));
    out_drop(&o);
    return root;
}

static void has_keys(json_t *o, const char *const *keys, size_t n) {
    size_t at = 0;
    const char *key;
    json_t *value;
    assert_int_equal(json_object_size(o), n);
    json_object_foreach(o, key, value) {
        assert_string_equal(key, keys[at++]);
    }
}

static const char *text(json_t *o, const char *key) {
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "(none)";
}
static long long number(json_t *o, const char *key) {
    json_t *v = json_object_get(o, key);
    assert_true(json_is_integer(v));
    return json_integer_value(v);
}

static void names_and_their_order(void **state) {
    (void)state;
    static const char *const call[] = {
        "id",     "kind",       "start",   "from",        "to",           "state",
        "status", "setup_ms",   "ring_ms", "duration_ms", "precision_us", "devices",
        "legs",   "may_belong", "related", "decisions",   "problems",     "messages"};
    static const char *const full[] = {
        "id",           "kind",     "start",         "from",       "to",
        "state",        "status",   "setup_ms",      "ring_ms",    "duration_ms",
        "precision_us", "devices",  "legs",          "may_belong", "related",
        "decisions",    "problems", "message_count", "messages",   "story"};
    static const char *const device[] = {"name", "addresses", "named", "software",
                                         "pool"};
    static const char *const leg[] = {
        "n",        "id",        "call_id", "from_device",  "to_device", "src",
        "dst",      "transport", "from",    "from_display", "to",        "role",
        "state",    "status",    "reason",  "start",        "ring_ms",   "duration_ms",
        "ended_by", "messages",  "parent",  "confidence",   "evidence"};
    static const char *const message[] = {"n",
                                          "time",
                                          "precision_us",
                                          "leg",
                                          "from_device",
                                          "to_device",
                                          "src",
                                          "dst",
                                          "transport",
                                          "summary",
                                          "status",
                                          "method",
                                          "cseq",
                                          "retransmission_of",
                                          "prompted_by",
                                          "sdp",
                                          "cut",
                                          "seen",
                                          "notes",
                                          "raw"};
    static const char *const seen[] = {"source", "time", "precision_us", "line",
                                       "vantage"};
    static const char *const problem[] = {"id",      "severity", "leg",
                                          "message", "text",     "cure"};
    static const char *const evidence[] = {"kind", "bits", "text"};
    struct fixture f;
    fx_junk(&f);
    json_t *root = read_call(&f.call, false);
    has_keys(root, call, countof(call));
    assert_int_equal(number(root, "messages"), 57);
    json_decref(root);
    root = read_call(&f.call, true);
    has_keys(root, full, countof(full));
    assert_int_equal(number(root, "message_count"), 57);
    assert_int_equal(json_array_size(json_object_get(root, "messages")), 57);
    has_keys(json_array_get(json_object_get(root, "devices"), 0), device,
             countof(device));
    json_t *l = json_array_get(json_object_get(root, "legs"), 1);
    has_keys(l, leg, countof(leg));
    has_keys(json_array_get(json_object_get(l, "evidence"), 0), evidence,
             countof(evidence));
    json_t *m = json_array_get(json_object_get(root, "messages"), 0);
    has_keys(m, message, countof(message));
    has_keys(json_array_get(json_object_get(m, "seen"), 0), seen, countof(seen));
    has_keys(json_array_get(json_object_get(root, "problems"), 0), problem,
             countof(problem));
    assert_int_equal(json_array_size(json_object_get(root, "story")), 0);
    json_decref(root);
    fx_close(&f);
}

static void values_of_the_junk_call(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    json_t *root = read_call(&f.call, true);
    assert_string_equal(text(root, "kind"), "call");
    assert_string_equal(text(root, "state"), "answered");
    assert_string_equal(text(root, "start"), "2014-07-26T07:54:02.000000Z");
    assert_int_equal(number(root, "setup_ms"), 3492);
    json_t *legs = json_object_get(root, "legs"), *one = json_array_get(legs, 0),
           *four = json_array_get(legs, 3), *three = json_array_get(legs, 2);
    assert_true(json_is_null(json_object_get(one, "parent")));
    assert_int_equal(number(four, "parent"), 2);
    assert_string_equal(text(four, "role"), "fork");
    assert_string_equal(text(four, "ended_by"), "callee");
    assert_true(json_is_null(json_object_get(one, "ended_by")));
    assert_int_equal(number(four, "ring_ms"), 3200);
    assert_int_equal(number(four, "duration_ms"), 14713 - 3482);
    assert_int_equal(number(three, "status"), 487);
    assert_true(json_is_null(json_object_get(three, "duration_ms")));
    json_t *messages = json_object_get(root, "messages");
    json_t *invite = json_array_get(messages, 0), *cancel = json_array_get(messages, 26);
    assert_true(json_is_null(json_object_get(invite, "status")));
    assert_true(json_is_null(json_object_get(invite, "retransmission_of")));
    assert_true(json_is_true(json_object_get(invite, "sdp")));
    assert_string_equal(text(cancel, "summary"), "CANCEL");
    assert_int_equal(number(cancel, "prompted_by"), 26);
    assert_string_equal(text(cancel, "from_device"), "boxless");
    assert_string_equal(text(cancel, "transport"), "udp");
    json_t *devices = json_object_get(root, "devices");
    assert_true(json_is_true(json_object_get(json_array_get(devices, 7), "pool")));
    assert_true(json_is_false(json_object_get(json_array_get(devices, 0), "pool")));
    json_decref(root);
    fx_close(&f);
}

static void what_is_not_known_is_null(void **state) {
    (void)state;
    struct fixture f;
    fx_open(&f, 1, 1, 1);
    fx_leg(&f, -1, 99, ROLE_INCOMING, STATE_PARTIAL, 0);
    f.call.start_us = -1;
    f.call.legs[0].confidence = 0.0 / (f.call.legs[0].status + 0.0);
    json_t *root = read_call(&f.call, false), *leg;
    static const char *const calls[] = {"start", "status", "setup_ms", "ring_ms",
                                        "duration_ms"};
    for (isize i = 0; i < countof(calls); i++)
        assert_true(json_is_null(json_object_get(root, calls[i])));
    leg = json_array_get(json_object_get(root, "legs"), 0);
    static const char *const legs[] = {"from_device", "to_device", "status",
                                       "start",       "ring_ms",   "duration_ms",
                                       "ended_by",    "parent",    "confidence"};
    for (isize i = 0; i < countof(legs); i++)
        assert_true(json_is_null(json_object_get(leg, legs[i])));
    json_decref(root);
    fx_close(&f);
}

static void a_list_of_calls_gets_its_commas(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    struct out o = {0};
    json_begin_object(&o, NULL);
    json_begin_array(&o, "calls");
    draw_json(&o, &f.call, false);
    draw_json(&o, &f.call, true);
    json_end_array(&o);
    json_null(&o, "next");
    json_end_object(&o);
    json_t *root = parse(out_str(&o));
    assert_int_equal(json_array_size(json_object_get(root, "calls")), 2);
    json_decref(root);
    out_drop(&o);
    fx_close(&f);
}

static void hostile_text_is_data(void **state) {
    (void)state;
    struct fixture f;
    fx_hostile(&f);
    json_t *root = read_call(&f.call, true);
    json_t *id = json_object_get(root, "id");
    str evil = S(FX_EVIL);
    assert_true(json_string_length(id) > 60);
    assert_memory_equal(json_string_value(id), evil.p, 40);
    json_decref(root);
    fx_close(&f);
}

/* ---- the page ---------------------------------------------------------------------------------- */

static isize times(str s, str what) {
    isize n = 0;
    for (isize at; (at = str_find_nocase(s, what)) >= 0; n++)
        s = str_from(s, at + what.n);
    return n;
}

static str between(str s, str from, str to) {
    isize at = str_find_str(s, from);
    assert_true(at >= 0);
    s = str_from(s, at + from.n);
    at = str_find_str(s, to);
    assert_true(at >= 0);
    return str_sub(s, 0, at);
}

static void the_page_carries_everything(void **state) {
    (void)state;
    struct fixture f;
    fx_junk(&f);
    struct out o = {0};
    struct draw_options d = {.zone_s = 3600, .standalone = true};
    draw_html(&o, &f.call, &d, S("/*css*/"), S("/*js*/"));
    str page = out_str(&o);
    assert_true(
        str_starts(page, S("<!DOCTYPE html>\n<html lang=\"en\" data-zone=\"60\">")));
    assert_int_equal(times(page, S("<svg ")), 2);
    assert_int_equal(times(page, S("<tr data-leg=")), 8);
    assert_int_equal(times(page, S("id=\"m1\"")), 1);
    assert_int_equal(times(page, S("<div class=\"unfolded\" hidden>")), 1);
    assert_int_equal(times(page, S("<style>")), 2);
    assert_true(times(page, S("/*css*/")) == 1 && times(page, S("/*js*/")) == 1);
    assert_int_equal(times(page, S("26 Jul 2014 08:54:02 +01:00")), 2);
    assert_int_equal(times(page, S("http://")), 2); /* the name of SVG, and no address */
    json_t *root = parse(between(
        page, S("<script type=\"application/json\" id=\"call\">"), S("</script>")));
    assert_int_equal(json_array_size(json_object_get(root, "messages")), 57);
    json_decref(root);
    out_drop(&o);
    fx_close(&f);
}

static void nothing_breaks_out_of_the_page(void **state) {
    (void)state;
    struct fixture f;
    fx_hostile(&f);
    struct out o = {0};
    struct draw_options d = {0};
    draw_html(&o, &f.call, &d, S(""), S(""));
    str page = out_str(&o);
    assert_int_equal(times(page, S("<script")), 2);
    assert_int_equal(times(page, S("</script")), 2);
    assert_int_equal(times(page, S("<![CDATA[")), 0);
    assert_int_equal(times(page, S("<!--")), 0);
    assert_int_equal(times(page, S("<svg ")), 1); /* nothing folds in it */
    str json = between(page, S("<script type=\"application/json\" id=\"call\">"),
                       S("</script>"));
    assert_true(str_find(json, '<') < 0);
    json_t *root = parse(json);
    assert_memory_equal(json_string_value(json_object_get(root, "id")), FX_EVIL, 40);
    json_decref(root);
    out_drop(&o);
    fx_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_their_order),
        cmocka_unit_test(values_of_the_junk_call),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(a_list_of_calls_gets_its_commas),
        cmocka_unit_test(hostile_text_is_data),
        cmocka_unit_test(the_page_carries_everything),
        cmocka_unit_test(nothing_breaks_out_of_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
