/* test_listen.c: the example's three logs arrive as syslog, and the page hears of the call. */
#include "serve/fixture.h"

#include "base/time.h"

/* ---- a log as the syslog records that its device would have sent ------------------------------------- */

/* "26 Jul 2014 08:54:02 voip-udp-rx text": its time, then the rest from the program on. */
static bool stamp_read(str line, struct civil *c, str *rest) {
    if (line.n < 22 || !is_digit(line.p[0]) || line.p[2] != ' ' || line.p[14] != ':')
        return false;
    c->day = (int)str_u64(str_sub(line, 0, 2), 31).value;
    c->month = month_from_name(str_sub(line, 3, 3));
    c->year = (int)str_u64(str_sub(line, 7, 4), 9999).value;
    c->hour = (int)str_u64(str_sub(line, 12, 2), 23).value;
    c->minute = (int)str_u64(str_sub(line, 15, 2), 59).value;
    c->second = (int)str_u64(str_sub(line, 18, 2), 60).value;
    *rest = str_from(line, 21);
    return c->month > 0;
}

typedef void on_record(void *ctx, str record);

/* RFC 5424, one record a log line with all the lines of SIP that follow it. */
static void each_record(const char *name, on_record *give, void *ctx) {
    str log = example_read(name), rest = log,
        host = str_sub(str_z(name), 0, str_z(name).n - 4);
    struct out record = {0};
    while (rest.n) {
        struct str_pair cut = str_cut(rest, '\n');
        struct civil c = {0};
        str text;
        if (stamp_read(cut.head, &c, &text)) {
            if (record.n) give(ctx, out_str(&record));
            record.n = 0;
            struct str_pair program = str_cut(text, ' ');
            out_printf(&record, "<134>1 %04d-%02d-%02dT%02d:%02d:%02dZ %.*s %.*s - - - ",
                       c.year, c.month, c.day, c.hour, c.minute, c.second, (int)host.n,
                       (const char *)host.p, (int)program.head.n,
                       (const char *)program.head.p);
            text = program.tail;
        } else {
            text = cut.head;
        }
        out_bytes(&record, text);
        out_byte(&record, '\n');
        rest = cut.tail;
    }
    if (record.n) give(ctx, out_str(&record));
    out_drop(&record);
    file_drop(log);
}

/* ---- ways to send it -------------------------------------------------------------------------------------- */

struct way {
    int socket;
    struct out stream;
    int records;
};

static void send_datagram(void *ctx, str record) {
    struct way *w = ctx;
    assert_int_equal(send(w->socket, record.p, (size_t)record.n, 0), record.n);
    w->records++;
}

static void add_counted(void *ctx, str record) {
    struct way *w = ctx;
    out_printf(&w->stream, "%lld ", (long long)record.n);
    out_bytes(&w->stream, record);
    w->records++;
}

static void add_line(void *ctx, str record) {
    struct way *w = ctx;
    out_bytes(&w->stream, record);
    w->records++;
}

static int send_udp(u16 port) {
    struct way w = {.socket = client_socket(SOCK_DGRAM, port)};
    for (int i = 0; i < 3; i++) each_record(example_logs[i], send_datagram, &w);
    close(w.socket);
    return w.records;
}

/* In pieces that end anywhere. */
static int send_tcp(u16 port, on_record *add) {
    int records = 0;
    for (int i = 0; i < 3; i++) {
        struct way w = {.socket = client_socket(SOCK_STREAM, port)};
        each_record(example_logs[i], add, &w);
        str rest = out_str(&w.stream);
        for (isize piece = 1; rest.n; piece = piece % 997 + 61) {
            assert_true(client_send(w.socket, str_sub(rest, 0, piece)));
            rest = str_from(rest, piece);
        }
        close(w.socket);
        out_drop(&w.stream);
        records += w.records;
    }
    return records;
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

/* HTTP/1.0: then the stream comes without chunks. */
static int events_listen(u16 port) {
    int s = client_socket(SOCK_STREAM, port);
    assert_true(
        s >= 0 &&
        client_send(s, S("GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n")));
    return s;
}

/* Reads events of this name until check says yes to one; false after a while. */
static bool events_until(int s, const char *name, bool (*check)(json_t *data)) {
    struct out text = {0}, want = {0};
    bool found = false;
    isize at = 0;
    i64 end = now_ms() + PATIENCE_MS;
    out_printf(&want, "event: %s\ndata: ", name);
    while (!found && now_ms() < end && client_more(s, &text)) {
        for (;;) {
            str rest = str_from(out_str(&text), at);
            isize stop = str_find_str(rest, S("\n\n"));
            if (stop < 0) break;
            str event = str_sub(rest, 0, stop);
            at += stop + 2;
            if (!str_starts(event, out_str(&want))) continue;
            json_t *data = json_of(str_from(event, want.n));
            found = found || check(data);
            json_decref(data);
        }
    }
    out_drop(&text);
    out_drop(&want);
    return found;
}

static bool is_whole_call(json_t *data) {
    json_t *call = json_array_get(json_object_get(data, "calls"), 0);
    return count_of(call, "legs") == EXAMPLE_LEGS &&
           number_of(call, "messages") == EXAMPLE_MESSAGES;
}

static bool is_status(json_t *data) {
    assert_null(json_object_get(data, "sources"));
    return count_of(data, "listeners") == 2;
}

static i64 heard(u16 port, size_t listener) {
    json_t *j = get_json(port, "/api/v1/status");
    json_t *l = json_array_get(json_object_get(j, "listeners"), listener);
    i64 n = number_of(l, "messages");
    assert_int_equal(number_of(l, "dropped"), 0);
    json_decref(j);
    return n;
}

static void test_udp_and_events(void **state) {
    (void)state;
    struct fixture f;
    fixture_open(&f);
    int events = events_listen(f.port);
    int records = send_udp(f.syslog);
    assert_true(events_until(events, "calls", is_whole_call));
    assert_true(wait_for_call(f.port));
    assert_int_equal(heard(f.port, 0), records);
    assert_true(events_until(events, "status", is_status));
    close(events);
    /* who comes late hears what has just changed, or finds it in the list */
    json_t *j = get_json(f.port, "/api/v1/status");
    json_t *source = json_array_get(json_object_get(j, "sources"), 0);
    assert_string_equal(text_of(source, "kind"), "syslog");
    json_decref(j);
    fixture_close(&f);
}

static void over_tcp(on_record *add) {
    struct fixture f;
    fixture_open(&f);
    int records = send_tcp(f.syslog, add);
    assert_true(wait_for_call(f.port));
    assert_int_equal(heard(f.port, 1), records);
    json_t *j = get_json(f.port, "/api/v1/calls/CD7FCD99B1766DA5%40192.0.2.2");
    assert_int_equal(count_of(j, "messages"), EXAMPLE_MESSAGES);
    json_decref(j);
    fixture_close(&f);
}

static void test_tcp_counted(void **state) {
    (void)state;
    over_tcp(add_counted);
}

static void test_tcp_lines(void **state) {
    (void)state;
    over_tcp(add_line);
}

/* What was sent before the end is kept, though no commit was due yet; pages that listen do not hold up the end. */
static void test_stop(void **state) {
    (void)state;
    struct fixture f;
    fixture_open(&f);
    int events = events_listen(f.port), silent = client_socket(SOCK_STREAM, f.port);
    int records = send_udp(f.syslog);
    i64 began = now_ms();
    server_close(f.server);
    assert_true(now_ms() - began <
                30000); /* a connection that says nothing is given a minute */
    struct out rest = {0};
    while (client_more(events, &rest)) continue;
    close(events);
    close(silent);
    out_drop(&rest);
    fixture_start(&f, "127.0.0.1:0", false);
    assert_true(records > 0 && wait_for_call(f.port));
    fixture_close(&f);
}

/* Datagrams that are no syslog, and streams that never end a record. */
static void test_noise(void **state) {
    (void)state;
    struct fixture f;
    fixture_open(&f);
    int udp = client_socket(SOCK_DGRAM, f.syslog),
        tcp = client_socket(SOCK_STREAM, f.syslog);
    static u8 zeroes[60000];
    send(udp, "", 0, 0);
    send(udp, "<", 1, 0);
    send(udp, zeroes, sizeof zeroes, 0);
    struct out o = {0};
    out_z(&o, "<134>1 ");
    for (int i = 0; i < 400000; i++) out_byte(&o, 'x');
    assert_true(client_send(tcp, out_str(&o)));
    close(tcp);
    tcp = client_socket(SOCK_STREAM, f.syslog);
    assert_true(client_send(tcp, S("99999999999999999999 <134>1 - - - - - -")));
    close(tcp);
    out_drop(&o);
    int records = send_udp(f.syslog);
    assert_true(wait_for_call(f.port));
    assert_true(heard(f.port, 0) >= records);
    close(udp);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_and_events), cmocka_unit_test(test_tcp_counted),
        cmocka_unit_test(test_tcp_lines),      cmocka_unit_test(test_stop),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
