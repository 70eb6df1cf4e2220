/* test_decide.c: splits and joins by hand over HTTP: what they do, what they refuse, who is told, what lasts. */
#include "serve/fixture.h"

static int place_open(void **state) {
    static struct fixture f;
    fixture_open(&f);
    example_import(&f);
    *state = &f;
    return 0;
}

static int place_close(void **state) {
    fixture_close(*state);
    return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------ */

/* POST under /api/v1; the caller decrefs. */
static json_t *post(struct fixture *f, int status, const char *target, const char *body) {
    char path[200];
    snprintf(path, sizeof path, "/api/v1/%s", target);
    struct reply r = client_ask(f->port, "POST", path, "X-Sipweave: 1\r\n", str_z(body));
    if (r.status != status)
        fail_msg("%s %s: %d %.*s", path, body, r.status, (int)r.body.n,
                 (const char *)r.body.p);
    json_t *j = json_of(r.body);
    reply_drop(&r);
    return j;
}

static void refused(struct fixture *f, int status, const char *target, const char *body,
                    const char *part) {
    json_t *j = post(f, status, target, body);
    if (!strstr(text_of(j, "error"), part))
        fail_msg("\"%s\" does not say \"%s\"", text_of(j, "error"), part);
    json_decref(j);
}

static json_t *call_get(struct fixture *f, const char *id) {
    char path[100];
    snprintf(path, sizeof path, "/api/v1/calls/%s", id);
    return get_json(f->port, path);
}

static isize count_calls(struct fixture *f) {
    json_t *j = get_json(f->port, "/api/v1/calls?kind=any");
    isize n = count_of(j, "calls");
    json_decref(j);
    return n;
}

struct id {
    char z[32];
};

static struct id item(json_t *j, const char *list, size_t i) {
    struct id id = {0};
    const char *s = json_string_value(json_array_get(json_object_get(j, list), i));
    if (s) snprintf(id.z, sizeof id.z, "%s", s);
    return id;
}

/* The id of leg n (from 1) of a call. */
static struct id leg_of(json_t *call, int n) {
    struct id id = {0};
    json_t *leg = json_array_get(json_object_get(call, "legs"), (size_t)n - 1);
    snprintf(id.z, sizeof id.z, "%s", text_of(leg, "id"));
    return id;
}

/* A leg with a parent and with a child of its own; the example has one. */
static int middle_leg(json_t *call) {
    json_t *legs = json_object_get(call, "legs");
    for (size_t i = json_array_size(legs); i-- > 1;) {
        i64 parent = number_of(json_array_get(legs, i), "parent");
        if (parent > 1 &&
            number_of(json_array_get(legs, (size_t)parent - 1), "parent") > 1)
            return (int)parent;
    }
    fail_msg("no leg hangs that deep");
    return 0;
}

struct junk {
    struct id id, leg;
    int n; /* the leg's number */
};

static struct junk junk_get(struct fixture *f) {
    struct junk x = {0};
    json_t *list = get_json(f->port, "/api/v1/calls");
    json_t *call = json_array_get(json_object_get(list, "calls"), 0);
    snprintf(x.id.z, sizeof x.id.z, "%s", text_of(call, "id"));
    x.n = middle_leg(call);
    x.leg = leg_of(call, x.n);
    json_decref(list);
    return x;
}

static json_t *split(struct fixture *f, const struct junk *x, const char *name) {
    char target[100], body[1000];
    snprintf(target, sizeof target, "calls/%s/split", x->id.z);
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"who\":\"%s\"}", x->leg.z, name);
    return post(f, 200, target, body);
}

/* The call of a file of its own, with two legs and nothing in common with the example. */
static struct id other_call(struct fixture *f) {
    struct id id = {0};
    str pcap = file_read("examples/plain-call.pcap");
    struct reply r = client_import(f->port, "plain-call.pcap", pcap);
    assert_int_equal(r.status, 200);
    json_t *j = json_of(r.body);
    snprintf(id.z, sizeof id.z, "%s", text_of(j, "first"));
    json_decref(j);
    reply_drop(&r);
    file_drop(pcap);
    return id;
}

static void restart(struct fixture *f) {
    server_close(f->server);
    fixture_start(f, "127.0.0.1:0", false);
}

/* ---- what they do ---------------------------------------------------------------------------------------- */

static void test_split_and_undo(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    json_t *j = split(f, &x, "Kay");
    i64 n = number_of(j, "decision");
    assert_true(n > 0);
    assert_int_equal(count_of(j, "calls"), 2);
    assert_int_equal(count_of(j, "gone"), 0);
    json_decref(j);
    assert_int_equal(count_calls(f), 2);
    j = call_get(f, x.leg.z); /* it went with what hangs on it */
    assert_string_equal(text_of(j, "id"), x.leg.z);
    isize went = count_of(j, "legs");
    assert_true(went >= 2);
    assert_int_equal(count_of(j, "decisions"), 1);
    json_decref(j);
    j = call_get(f, x.id.z);
    assert_int_equal(count_of(j, "legs"), EXAMPLE_LEGS - went);
    json_t *d = json_array_get(json_object_get(j, "decisions"), 0);
    assert_string_equal(text_of(d, "kind"), "split");
    assert_string_equal(text_of(d, "who"), "Kay");
    assert_string_equal(text_of(d, "leg"), x.leg.z);
    assert_int_equal(number_of(d, "n"), n);
    assert_int_equal(strlen(text_of(d, "at")), 27);
    json_decref(j);
    char target[64];
    snprintf(target, sizeof target, "decisions/%lld/undo", (long long)n);
    j = post(f, 200, target, "{\"who\":\"Kim\"}");
    assert_int_equal(count_of(j, "calls"), 1);
    assert_string_equal(item(j, "calls", 0).z, x.id.z);
    assert_int_equal(count_of(j, "gone"), 1);
    assert_string_equal(item(j, "gone", 0).z, x.leg.z);
    json_decref(j);
    assert_int_equal(count_calls(f), 1);
    j = call_get(f, x.leg.z);
    assert_int_equal(count_of(j, "legs"), EXAMPLE_LEGS);
    assert_int_equal(count_of(j, "decisions"), 0);
    json_decref(j);
    refused(f, 409, target, "{}", "undone already, by Kim");
    j = get_json(f->port, "/api/v1/decisions");
    d = json_array_get(json_object_get(j, "decisions"), 0);
    assert_string_equal(text_of(d, "undone_by"), "Kim");
    assert_string_equal(text_of(d, "who"), "Kay");
    assert_string_equal(text_of(d, "call"), x.id.z);
    json_decref(j);
}

static void test_join_and_undo(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    struct id other = other_call(f);
    char target[100], body[200];
    assert_int_equal(count_calls(f), 2);
    snprintf(target, sizeof target, "calls/%s/join", x.id.z);
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", other.z, x.leg.z);
    json_t *j = post(f, 200, target, body);
    i64 n = number_of(j, "decision");
    assert_int_equal(count_of(j, "calls"), 1);
    assert_int_equal(count_of(j, "gone"), 1);
    struct id id = item(j, "calls", 0);
    json_decref(j);
    assert_int_equal(count_calls(f), 1);
    restart(
        f); /* ten years lie between the two: only the later one is in sight at the start */
    assert_int_equal(count_calls(f), 1);
    j = call_get(f, id.z);
    assert_true(count_of(j, "legs") > EXAMPLE_LEGS);
    json_t *legs = json_object_get(j, "legs"), *leg = NULL;
    for (size_t i = 0; i < json_array_size(legs); i++) {
        if (!strcmp(text_of(json_array_get(legs, i), "id"), other.z))
            leg = json_array_get(legs, i);
    }
    assert_non_null(leg);
    json_t *parent = json_array_get(legs, (size_t)number_of(leg, "parent") - 1);
    assert_string_equal(text_of(parent, "id"), x.leg.z);
    json_t *why = json_array_get(json_object_get(leg, "evidence"), 0);
    assert_string_equal(text_of(why, "kind"), "by-hand");
    assert_true(json_is_null(json_object_get(why, "bits")));
    assert_true(str_starts(str_z(text_of(why, "text")),
                           S("joined by hand by 127.0.0.1, "))); /* no name was given */
    json_decref(j);
    snprintf(target, sizeof target, "decisions/%lld/undo", (long long)n);
    json_decref(post(f, 200, target, ""));
    assert_int_equal(count_calls(f), 2);
    j = call_get(f, other.z);
    assert_string_equal(text_of(j, "id"), other.z);
    json_decref(j);
}

/* Two withheld callers reach a box in one second, and it sends two legs: nobody knows which is whose. */
static void ambiguous_log(struct out *o) {
    static const char *const legs[][4] = {
        {"00", "Rx 17 192.0.2.10:5060->203.0.113.72:5060", "600", "qa1"},
        {"00", "Rx 17 192.0.2.11:5060->203.0.113.72:5060", "600", "qa2"},
        {"00", "Tx 17 203.0.113.72:5060->192.0.2.20:5060 Try 0 400", "201", "zb1"},
        {"01", "Tx 17 203.0.113.72:5060->192.0.2.21:5060 Try 0 400", "202", "zb2"}};
    for (isize i = 0; i < countof(legs); i++) {
        out_printf(o,
                   "26 Jul 2014 12:00:%s voip-udp-rx VoIP %s\n"
                   "INVITE sip:%s@203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP "
                   "192.0.2.9:5060;branch=z9hG4bK%s\nCSeq: 1 INVITE\nCall-ID: %s\n"
                   "From: <sip:anonymous@anonymous.invalid>;tag=%s\n"
                   "To: <sip:%s@203.0.113.72>\nMax-Forwards: 70\n"
                   "Content-Length: 0\n\n\n",
                   legs[i][0], legs[i][1], legs[i][2], legs[i][3], legs[i][3], legs[i][3],
                   legs[i][2]);
    }
}

/* The id of the leg that this one hangs on; empty where it hangs on none. */
static struct id parent_of(struct fixture *f, const char *leg) {
    struct id parent = {0};
    json_t *call = call_get(f, leg), *legs = json_object_get(call, "legs");
    for (size_t i = 0; i < json_array_size(legs); i++) {
        json_t *l = json_array_get(legs, i);
        i64 n = number_of(l, "parent");
        if (!strcmp(text_of(l, "id"), leg) && n) parent = leg_of(call, (int)n);
    }
    json_decref(call);
    return parent;
}

/* What almost belongs is added as it was proposed; after the undo all is weighed again with the others in sight, though they are
 * long out of the window. */
static void test_what_almost_belongs(void **state) {
    struct fixture *f = *state;
    struct out log = {0};
    char body[200], target[64];
    ambiguous_log(&log);
    struct reply r = client_import(f->port, "ambiguous.log", out_str(&log));
    assert_int_equal(r.status, 200);
    reply_drop(&r);
    out_drop(&log);
    (void)other_call(f);
    json_t *call = call_get(f, "qa1");
    isize before = count_of(call, "may_belong");
    assert_true(before > 0);
    isize legs = count_of(call, "legs");
    json_t *maybe = json_array_get(json_object_get(call, "may_belong"), 0);
    struct id mine = leg_of(call, (int)number_of(maybe, "leg")), other = {0};
    bool below = json_is_true(json_object_get(maybe, "below"));
    snprintf(other.z, sizeof other.z, "%s", text_of(maybe, "other"));
    assert_true(count_of(maybe, "evidence") > 0);
    assert_true(strlen(text_of(maybe, "why_not")) > 0);
    json_decref(call);
    struct id child = below ? other : mine, parent = below ? mine : other;
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", child.z, parent.z);
    json_t *j = post(f, 200, "calls/qa1/join", body);
    assert_string_equal(parent_of(f, child.z).z, parent.z);
    snprintf(target, sizeof target, "decisions/%lld/undo",
             (long long)number_of(j, "decision"));
    json_decref(j);
    json_decref(post(f, 200, target, ""));
    call = call_get(f, "qa1");
    assert_int_equal(count_of(call, "legs"), legs);
    assert_int_equal(count_of(call, "may_belong"), before);
    assert_string_not_equal(parent_of(f, child.z).z, parent.z);
    json_decref(call);
}

/* ---- what lasts --------------------------------------------------------------------------------------------- */

/* Through a restart, and when more comes in and all is linked again. */
static void test_it_lasts(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    json_decref(split(f, &x, "Kay"));
    restart(f);
    assert_int_equal(count_calls(f), 2);
    example_import(f); /* nothing new, but read by a loom of its own */
    assert_int_equal(count_calls(f), 2);
    (void)other_call(f);
    assert_int_equal(count_calls(f), 3);
    json_t *j = get_json(f->port, "/api/v1/decisions");
    char target[64];
    snprintf(
        target, sizeof target, "decisions/%lld/undo",
        (long long)number_of(json_array_get(json_object_get(j, "decisions"), 0), "n"));
    json_decref(j);
    json_decref(post(f, 200, target, ""));
    assert_int_equal(count_calls(f), 2);
    restart(f);
    assert_int_equal(count_calls(f), 2);
}

/* Both calls are told to the pages; what is gone is told, too. */
static void test_pages_are_told(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    struct out text = {0};
    char want[100], target[64];
    nap(3500); /* what changed at the import is no news any longer */
    int s = client_socket(SOCK_STREAM, f->port);
    assert_true(s >= 0);
    out_printf(&text, "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
               f->port);
    assert_true(client_send(s, out_str(&text)));
    text.n = 0;
    while (str_find_str(out_str(&text), S("retry:")) < 0)
        assert_true(client_more(s, &text));
    json_t *j = split(f, &x, "Kay");
    snprintf(want, sizeof want, "{\"id\":\"%s\"", x.leg.z);
    while (str_find_str(out_str(&text), str_z(want)) < 0)
        assert_true(client_more(s, &text));
    snprintf(want, sizeof want, "{\"id\":\"%s\"", x.id.z);
    while (str_find_str(out_str(&text), str_z(want)) < 0)
        assert_true(client_more(s, &text));
    assert_true(str_find_str(out_str(&text), S("\"gone\"")) < 0);
    snprintf(target, sizeof target, "decisions/%lld/undo",
             (long long)number_of(j, "decision"));
    json_decref(j);
    json_decref(post(f, 200, target, ""));
    snprintf(want, sizeof want, "],\"gone\":[\"%s\"]}\n\n", x.leg.z);
    while (str_find_str(out_str(&text), str_z(want)) < 0)
        assert_true(client_more(s, &text));
    close(s);
    out_drop(&text);
}

/* ---- what they refuse ------------------------------------------------------------------------------------------ */

static void test_refused(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    char here[100], join[100], body[20000];
    json_t *call = call_get(f, x.id.z);
    struct id first = leg_of(call, 1);
    json_t *legs = json_object_get(call, "legs");
    struct id child = {0}, parent = {0};
    for (size_t i = 0; i < json_array_size(legs); i++) {
        if (number_of(json_array_get(legs, i), "parent") == x.n)
            child = leg_of(call, (int)i + 1);
    }
    i64 up = number_of(json_array_get(legs, (size_t)x.n - 1), "parent");
    parent = leg_of(call, (int)up);
    json_decref(call);
    snprintf(here, sizeof here, "calls/%s/split", x.id.z);
    snprintf(join, sizeof join, "calls/%s/join", x.id.z);
    refused(f, 404, here, "{\"leg\":\"nobody\"}", "no leg nobody");
    refused(f, 404, here, "{}", "no leg");
    refused(f, 404, here, "", "no leg");
    refused(f, 404, "calls/nobody/split", "{\"leg\":\"nobody\"}", "no call");
    snprintf(body, sizeof body, "{\"leg\":\"%s\"}", first.z);
    refused(f, 409, here, body, "nothing to take it out of");
    refused(f, 400, here, "[1]", "JSON object");
    refused(f, 400, here, "{\"leg\":", "JSON object");
    refused(f, 400, here, "{\"leg\":7}", "\"leg\"");
    refused(f, 400, join, "{\"other\":[]}", "\"other\"");
    refused(f, 400, here, "{\"leg\":\"x\",\"who\":{}}", "\"who\"");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", x.leg.z, x.leg.z);
    refused(f, 422, join, body, "with itself");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", x.leg.z, child.z);
    refused(f, 422, join, body, "hangs on itself");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", x.leg.z, parent.z);
    refused(f, 409, join, body, "already");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"nobody\"}", x.leg.z);
    refused(f, 404, join, body, "no leg with the id nobody");
    refused(f, 404, join, "{}", "no leg with the id");
    struct id other = other_call(f);
    snprintf(join, sizeof join, "calls/%s/join", other.z);
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", x.leg.z, first.z);
    refused(f, 404, join, body, "neither");
    refused(f, 404, "decisions/1/undo", "", "number 1");
    refused(f, 404, "decisions/x/undo", "", "number x");
    refused(f, 404, "decisions/99999999999999999999/undo", "", "number");
    memset(body, ' ', sizeof body - 1);
    body[sizeof body - 1] = 0;
    refused(f, 413, here, body, "longer than");
    struct reply r = client_ask(f->port, "POST", "/api/v1/decisions/1/undo", "", S("{}"));
    assert_int_equal(r.status, 403); /* any web page could send this */
    reply_drop(&r);
    json_t *j = get_json(f->port, "/api/v1/decisions");
    assert_int_equal(count_of(j, "decisions"), 0);
    json_decref(j);
}

/* A proxy passes a call on with its Call-ID, and a phone registers. */
static void proxy_log(struct out *o) {
    static const char *const ways[] = {"Rx 17 192.0.2.9:5060->203.0.113.72:5060",
                                       "Tx 17 203.0.113.72:5060->192.0.2.19:5060 Try 0 "
                                       "400"};
    for (int i = 0; i < 2; i++) {
        out_printf(o,
                   "26 Jul 2014 12:00:00 voip-udp-rx VoIP %s\n"
                   "INVITE sip:x@203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP "
                   "192.0.2.9:5060;branch=z9hG4bK1\nCSeq: 1 INVITE\n"
                   "Call-ID: proxied@192.0.2.9\nFrom: <sip:777001@192.0.2.9>;tag=1\n"
                   "To: <sip:777002@203.0.113.72>\nMax-Forwards: %d\n"
                   "Content-Length: 0\n\n\n",
                   ways[i], 70 - i);
    }
    out_printf(o,
               "26 Jul 2014 12:00:01 voip-udp-rx VoIP %s\n"
               "REGISTER sip:203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP "
               "192.0.2.9:5060;branch=z9hG4bK2\nCSeq: 1 REGISTER\n"
               "Call-ID: registers@192.0.2.9\nFrom: <sip:777001@192.0.2.9>;tag=1\n"
               "To: <sip:777001@203.0.113.72>\nMax-Forwards: 70\n"
               "Content-Length: 0\n\n\n",
               ways[0]);
}

static void test_one_call_id_and_other_kinds(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    struct out log = {0};
    char target[100], body[200];
    proxy_log(&log);
    struct reply r = client_import(f->port, "proxy.log", out_str(&log));
    assert_int_equal(r.status, 200);
    reply_drop(&r);
    out_drop(&log);
    json_t *call = get_json(f->port, "/api/v1/calls/proxied%40192.0.2.9");
    assert_int_equal(count_of(call, "legs"), 2);
    struct id first = leg_of(call, 1), second = leg_of(call, 2);
    json_decref(call);
    call = get_json(f->port, "/api/v1/calls/registers%40192.0.2.9");
    struct id registration = leg_of(call, 1);
    json_decref(call);
    snprintf(target, sizeof target, "calls/%s/split", first.z);
    snprintf(body, sizeof body, "{\"leg\":\"%s\"}", second.z);
    refused(f, 422, target, body, "these two legs have one Call-ID: they are one call");
    snprintf(target, sizeof target, "calls/%s/join", first.z);
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", second.z, first.z);
    refused(f, 422, target, body, "one Call-ID");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", second.z, x.leg.z);
    refused(f, 422, target, body, "one Call-ID");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", registration.z,
             x.leg.z);
    snprintf(target, sizeof target, "calls/%s/join", x.id.z);
    refused(f, 422, target, body, "this is a registration");
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", x.leg.z,
             registration.z);
    refused(f, 422, target, body, "this is a registration");
    /* the first hop takes the second along */
    snprintf(body, sizeof body, "{\"leg\":\"%s\",\"other\":\"%s\"}", first.z, x.leg.z);
    json_t *j = post(f, 200, target, body);
    call = call_get(f, item(j, "calls", 0).z);
    assert_int_equal(count_of(call, "legs"), EXAMPLE_LEGS + 2);
    json_decref(call);
    json_decref(j);
}

/* A name is kept as it is, but for what is no text, and not beyond its bound. */
static void test_names(void **state) {
    struct fixture *f = *state;
    struct junk x = junk_get(f);
    char name[600] = "  Kay\\n<script>\\u0007 \\u00e9 ";
    for (int i = 0; i < 200; i++) strcat(name, "x");
    json_decref(split(f, &x, name));
    json_t *j = get_json(f->port, "/api/v1/decisions");
    const char *who = text_of(json_array_get(json_object_get(j, "decisions"), 0), "who");
    assert_true(str_starts(str_z(who), S("Kay <script>  \u00e9 xxx")));
    assert_int_equal(strlen(who), 100);
    json_decref(j);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(test_split_and_undo),
        TEST(test_join_and_undo),
        TEST(test_what_almost_belongs),
        TEST(test_it_lasts),
        TEST(test_pages_are_told),
        TEST(test_refused),
        TEST(test_one_call_id_and_other_kinds),
        TEST(test_names),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
