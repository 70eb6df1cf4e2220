/* test_command.c: `sipweave serve` and `sipweave FILE...` as a user runs them: what they say, how they refuse, how they
 * end, and what is left when they are killed. The program is $SIPWEAVE. */
#include "cli/version.h"
#include "serve/run.h"

/* ---- serve --------------------------------------------------------------------------------------------- */

static void test_serve(void **state) {
    (void)state;
    struct place p;
    struct run r;
    place_open(&p);
    serve_start(&r, &p, "127.0.0.1:0");
    assert_said(&r, "The page is at      http://127.0.0.1:");
    assert_said(&r, p.db);
    assert_said(&r, "Syslog is heard at  127.0.0.1:");
    assert_said(&r, "Next: ");
    u16 port = port_after(&r, "http://127.0.0.1:");
    json_t *j = get_json(port, "/api/v1/status");
    assert_string_equal(text_of(j, "version"), SIPWEAVE_VERSION);
    json_decref(j);
    run_stop(&r, SIGTERM);
    serve_start(&r, &p, "off");
    assert_said(&r, "Syslog is not heard");
    run_stop(&r, SIGINT);
    place_close(&p);
}

static void test_refusals(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct sockaddr_in a = {.sin_family = AF_INET};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof a;
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(taken, 1), 0);
    getsockname(taken, (struct sockaddr *)&a, &n);
    char where[40], in_use[80];
    snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(a.sin_port));
    snprintf(in_use, sizeof in_use, "%s is in use by another program; --listen ", where);
    const struct {
        const char *args[8];
        const char *part;
    } cases[] = {
        {{"serve", "--db", p.db, "--listen", where}, in_use},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:0", "--syslog", where},
         "--syslog 127.0.0.1:"},
        {{"serve", "--db", p.db, "--listen", "0.0.0.0:0"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "[::]:0"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "192.0.2.1:80"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "192.0.2.1:80", "--insecure"},
         "is no address of this machine"},
        {{"serve", "--db", p.db, "--listen", "example.org"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:99999"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:0", "--syslog", "x"},
         "--syslog wants"},
        {{"serve", "--db", p.folder, "--listen", "127.0.0.1:0", "--syslog", "off"},
         "is a folder"},
        {{"serve", "--db", "/nowhere/x.db", "--listen", "127.0.0.1:0", "--syslog", "off"},
         "/nowhere/x.db"},
        {{"serve", "--db", p.db, "--hosts", "/nowhere/hosts"}, "/nowhere/hosts"},
        {{"serve", "examples/junk-call/boxless.log"}, "serve takes no files"},
    };
    for (isize i = 0; i < countof(cases); i++)
        assert_refused(p.folder, cases[i].args, cases[i].part);
    close(taken);
    place_close(&p);
}

static void test_one_writer(void **state) {
    (void)state;
    struct place p;
    struct run r;
    place_open(&p);
    serve_start(&r, &p, "off");
    assert_refused(p.folder,
                   (const char *const[]){"serve", "--db", p.db, "--listen", "127.0.0.1:0",
                                         "--syslog", "off", NULL},
                   "is being written by another sipweave");
    run_stop(&r, SIGTERM);
    place_close(&p);
}

/* Beyond this machine any Host will do: who serves there has a name for it. */
static void test_insecure(void **state) {
    (void)state;
    struct place p;
    struct run r;
    place_open(&p);
    run_start(&r, p.folder,
              (const char *const[]){"serve", "--db", p.db, "--listen", "0.0.0.0:0",
                                    "--syslog", "off", "--insecure", NULL});
    run_until(&r, "Ctrl-C stops it.");
    assert_said(&r, "there is no sign-in yet");
    u16 port = port_after(&r, "http://127.0.0.1:");
    struct reply reply = client_ask(port, "GET", "/", "Host: sip.example\r\n", (str){0});
    assert_int_equal(reply.status, 200);
    reply_drop(&reply);
    run_stop(&r, SIGTERM);
    place_close(&p);
}

/* ---- killed -------------------------------------------------------------------------------------------------- */

static void assert_call_there(u16 port) {
    json_t *j = get_json(port, "/api/v1/calls");
    assert_int_equal(count_of(j, "calls"), 1);
    json_decref(j);
    j = get_json(port, "/api/v1/calls/CD7FCD99B1766DA5%40192.0.2.2");
    assert_true(count_of(j, "messages") > 10);
    json_decref(j);
}

/* Sends the file, and kills the server `wait_for` messages later, or when it has answered. */
static i64 kill_in_import(struct run *r, u16 port, str file, i64 wait_for) {
    struct out o = {0};
    int s = client_socket(SOCK_STREAM, port);
    out_printf(&o,
               "POST /api/v1/import?name=big.log HTTP/1.1\r\nHost: "
               "localhost\r\nX-Sipweave: 1\r\n"
               "Content-Length: %lld\r\n\r\n",
               (long long)file.n);
    out_bytes(&o, file);
    assert_true(s >= 0 && client_send(s, out_str(&o)));
    i64 seen = sightings(port), end = now_ms() + PATIENCE_MS;
    struct pollfd p = {.fd = s, .events = POLLIN};
    while (seen < wait_for && now_ms() < end && poll(&p, 1, 5) == 0)
        seen = sightings(port);
    kill(r->pid, SIGKILL);
    assert_int_equal(run_end(r), 1000 + SIGKILL);
    close(s);
    out_drop(&o);
    out_drop(&r->said);
    return seen;
}

static void test_killed(void **state) {
    (void)state;
    struct place p;
    struct run r;
    struct out big = {0};
    place_open(&p);
    big_log(&big);
    serve_start(&r, &p, "off");
    u16 port = port_after(&r, "http://127.0.0.1:");
    str log = example_read("b.voiceless.log");
    struct reply reply = client_import(port, "b.voiceless.log", log);
    assert_int_equal(reply.status, 200);
    reply_drop(&reply);
    i64 had = sightings(port);
    assert_int_equal(had, 23);
    static const i64 waits[] = {0, 24};
    for (isize i = 0; i < countof(waits); i++) {
        i64 seen = kill_in_import(&r, port, out_str(&big), waits[i]);
        serve_start(&r, &p, "off");
        port = port_after(&r, "http://127.0.0.1:");
        assert_true(sightings(port) >= seen && seen >= had);
        assert_call_there(port);
    }
    reply = client_import(port, "big.log", out_str(&big));
    json_t *j = json_of(reply.body);
    assert_int_equal(reply.status, 200);
    assert_int_equal(number_of(j, "sightings"), MANY);
    json_decref(j);
    reply_drop(&reply);
    assert_int_equal(sightings(port), had + MANY);
    assert_call_there(port);
    run_stop(&r, SIGTERM);
    out_drop(&big);
    file_drop(log);
    folder_drop(p.folder); /* what was uploaded when it was killed is still there */
}

/* ---- open ---------------------------------------------------------------------------------------------------- */

static void test_open(void **state) {
    (void)state;
    struct place p;
    struct run r;
    place_open(&p);
    run_start(&r, p.folder,
              (const char *const[]){"examples/junk-call/b.voiceless.log",
                                    "examples/junk-call/boxless.log",
                                    "examples/junk-call/a.voiceless.log", "--hosts",
                                    "examples/junk-call/hosts", NULL});
    run_until(&r, "Ctrl-C ends it");
    assert_said(&r, "72 SIP messages, 1 call\n");
    u16 port = port_after(&r, "http://127.0.0.1:");
    isize at = str_find_str(out_str(&r.said), S("/call/"));
    assert_true(at > 0);
    char target[100];
    snprintf(target, sizeof target, "/api/v1/calls/%.13s",
             (const char *)r.said.p + at + 6);
    json_t *j = get_json(port, target);
    assert_int_equal(count_of(j, "legs"), EXAMPLE_LEGS);
    json_decref(j);
    run_stop(&r, SIGINT);
    place_close(&p);
}

static void test_open_nothing(void **state) {
    (void)state;
    struct place p;
    struct run r;
    place_open(&p);
    run_start(&r, p.folder,
              (const char *const[]){"--quiet", "examples/junk-call/hosts", NULL});
    int status = run_end(&r);
    assert_true(status == 1 || status == 2);
    assert_said(&r, "examples/junk-call/hosts");
    out_drop(&r.said);
    assert_refused(p.folder, (const char *const[]){"/nowhere/x.pcap", NULL},
                   "/nowhere/x.pcap");
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serve),        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_one_writer),   cmocka_unit_test(test_insecure),
        cmocka_unit_test(test_killed),       cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_nothing),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
