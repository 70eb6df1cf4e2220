/* test_events.c: the ring of events with a web server of the test's own: many changes, and a page that does not read. */
#include "serve/events.h"

#include "serve/fixture.h"

struct hub {
    arena boot;
    struct events *events;
    struct MHD_Daemon *http;
    u16 port;
};

static void no_status(void *ctx, struct out *o) {
    (void)ctx;
    out_z(o, "{\"lines\":\n1}");
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version,
                                  const char *data, size_t *size, void **mine) {
    (void)url, (void)method, (void)version, (void)data, (void)size;
    struct hub *h = cls;
    if (!*mine) {
        *mine = h;
        return MHD_YES;
    }
    struct MHD_Response *m = events_stream(h->events);
    if (!m) return MHD_NO;
    enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, m);
    MHD_destroy_response(m);
    return result;
}

static void hub_open(struct hub *h) {
    *h = (struct hub){.boot = arena_open(1 << 20)};
    h->events = events_open(&h->boot, no_status, NULL);
    h->http =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                             MHD_USE_POLL | MHD_USE_ITC,
                         0, NULL, NULL, on_request, h, MHD_OPTION_END);
    assert_non_null(h->http);
    h->port = MHD_get_daemon_info(h->http, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void hub_close(struct hub *h) {
    events_stop(h->events);
    MHD_stop_daemon(h->http);
    events_close(h->events);
    arena_close(&h->boot);
}

static int page_open(struct hub *h) {
    int s = client_socket(SOCK_STREAM, h->port);
    assert_true(s >= 0 && client_send(s, S("GET / HTTP/1.0\r\n\r\n")));
    return s;
}

/* Reads until the text is there; false at the end of the stream. */
static bool read_until(int s, struct out *text, const char *want) {
    for (isize from = 0; str_find_str(str_from(out_str(text), from), str_z(want)) < 0;) {
        from = i64_max(0, text->n - str_z(want).n);
        if (!client_more(s, text)) return false;
    }
    return true;
}

static void change(struct hub *h, int call, isize size) {
    char id[16];
    struct out json = {0};
    snprintf(id, sizeof id, "call%d", call);
    out_printf(&json, "{\"id\":\"%s\",\"fill\":\"", id);
    for (isize i = 0; i < size; i++) out_byte(&json, 'x');
    out_z(&json, "\"}");
    events_call(h->events, str_z(id), out_str(&json));
    out_drop(&json);
}

/* One event holds each call once, as it is last, and no more than 200. */
static void test_together(void **state) {
    (void)state;
    struct hub h;
    struct out text = {0};
    hub_open(&h);
    int s = page_open(&h);
    assert_true(read_until(s, &text, "retry: 2000\n\n"));
    change(&h, 0, 0); /* goes at once; what follows has to wait for its half second */
    assert_true(read_until(s, &text, "call0\",\"fill\":\"\"}]}\n\n"));
    for (int i = 0; i < 300; i++) change(&h, i % 250, 1 + i / 250);
    isize before = text.n;
    assert_true(read_until(s, &text, "\"more\":true}\n\n"));
    str event = str_from(out_str(&text), before);
    assert_true(str_starts(event, S("event: calls\ndata: {\"calls\":[")));
    json_t *j =
        json_of(str_sub(str_from(event, 19), 0, str_find_str(event, S("\n\n")) - 19));
    assert_int_equal(count_of(j, "calls"), 200);
    json_t *first = json_array_get(json_object_get(j, "calls"), 0);
    assert_string_equal(text_of(first, "id"), "call0");
    assert_string_equal(text_of(first, "fill"), "xx");
    json_decref(j);
    close(s);
    out_drop(&text);
    hub_close(&h);
}

/* A call that is gone stands apart; gone and back again, or the other way round, it is told as it is last. */
static void test_gone(void **state) {
    (void)state;
    struct hub h;
    struct out text = {0};
    hub_open(&h);
    int s = page_open(&h);
    assert_true(read_until(s, &text, "retry: 2000\n\n"));
    events_gone(h.events, S("first"));
    assert_true(read_until(s, &text, "data: {\"calls\":[],\"gone\":[\"first\"]}\n\n"));
    change(&h, 1, 0);
    events_gone(h.events, S("call1"));
    events_gone(h.events, S("call2"));
    change(&h, 2, 0);
    change(&h, 3, 0);
    events_gone(h.events, S("\"x\ny"));
    assert_true(
        read_until(s, &text,
                   "data: {\"calls\":[{\"id\":\"call2\",\"fill\":\"\"},{\"id\":\"call3\","
                   "\"fill\":\"\"}],\"gone\":[\"call1\",\"\\\"x\\ny\"]}\n\n"));
    close(s);
    out_drop(&text);
    hub_close(&h);
}

/* A page that was loading a moment ago hears what changed meanwhile; line breaks do not end an event. */
static void test_late_and_lines(void **state) {
    (void)state;
    struct hub h;
    struct out text = {0};
    hub_open(&h);
    events_call(h.events, S("a"), S("{\"id\":\n\"a\"}"));
    int first = page_open(&h);
    assert_true(read_until(first, &text, "{\"id\": \"a\"}"));
    int second = page_open(&h);
    text.n = 0;
    assert_true(read_until(second, &text, "{\"id\": \"a\"}"));
    assert_true(read_until(second, &text, "event: status\ndata: {\"lines\": 1}\n\n"));
    close(first);
    close(second);
    out_drop(&text);
    hub_close(&h);
}

/* One that does not read is hung up on when its place leaves the ring; one that reads loses nothing. */
static void test_slow(void **state) {
    (void)state;
    struct hub h;
    struct out fast_text = {0}, slow_text = {0};
    char last[16] = "";
    hub_open(&h);
    int slow = page_open(&h), fast = page_open(&h);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 100; k++) change(&h, 1000 * (i + 1) + k, 100000);
        snprintf(last, sizeof last, "call%d", 1000 * (i + 1) + 99);
        assert_true(read_until(fast, &fast_text, last));
        fast_text.n = 0;
    }
    assert_false(read_until(slow, &slow_text, last));
    close(slow);
    slow = page_open(&h); /* it comes back */
    slow_text.n = 0;
    change(&h, 7, 1);
    assert_true(read_until(slow, &slow_text, "\"call7\""));
    close(slow);
    close(fast);
    out_drop(&fast_text);
    out_drop(&slow_text);
    hub_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_late_and_lines),
        cmocka_unit_test(test_slow),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
