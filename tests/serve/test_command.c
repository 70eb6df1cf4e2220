/* test_command.c: `sipweave serve` and `sipweave FILE...` as a user runs them: what they say, how they refuse, how they
 * end, and what is left when they are killed. The program is $SIPWEAVE. */
#include "serve/fixture.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

struct run {
    pid_t pid;
    int out;         /* its standard output and error */
    struct out said; /* so far */
};

static const char *program(void) {
    const char *p = getenv("SIPWEAVE");
    return p ? p : "build/debug/sipweave";
}

/* Arguments up to the first NULL. TMPDIR is `temp`, and there is no display. */
static void run_start(struct run *r, const char *temp, const char *const *args) {
    char home[200], leaks[] = "ASAN_OPTIONS=detect_leaks=1", *argv[20] = {0}, *env[] = {home, leaks, NULL};
    char room[20][200];
    int ends[2], n = 0;
    posix_spawn_file_actions_t actions;
    *r = (struct run){0};
    snprintf(home, sizeof home, "TMPDIR=%s", temp);
    snprintf(room[0], sizeof room[0], "%s", program());
    for (argv[n] = room[n], n++; args[n - 1]; n++) {
        snprintf(room[n], sizeof room[n], "%s", args[n - 1]);
        argv[n] = room[n];
    }
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    assert_int_equal(posix_spawn(&r->pid, argv[0], &actions, NULL, argv, env), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    r->out = ends[0];
}

/* False at the end, or when it says nothing for too long. */
static bool run_hear(struct run *r) {
    u8 block[4096];
    struct pollfd p = {.fd = r->out, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0) return false;
    ssize_t n = read(r->out, block, sizeof block);
    if (n > 0) out_bytes(&r->said, (str){block, n});
    return n > 0;
}

static bool run_said(const struct run *r, const char *what) {
    return str_find_str(out_str(&r->said), str_z(what)) >= 0;
}

static void assert_said(const struct run *r, const char *what) {
    if (!run_said(r, what)) {
        fail_msg("it does not say \"%s\" but: %.*s", what, (int)r->said.n, (const char *)r->said.p);
    }
}

static void run_until(struct run *r, const char *what) {
    while (!run_said(r, what) && run_hear(r)) continue;
    assert_said(r, what);
}

/* Its exit status; 1000 + the signal that ended it. */
static int run_end(struct run *r) {
    int status = 0;
    while (run_hear(r)) continue;
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    close(r->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void run_stop(struct run *r, int signal) {
    kill(r->pid, signal);
    int status = run_end(r);
    if (status != 0) fail_msg("it ends with %d: %.*s", status, (int)r->said.n, (const char *)r->said.p);
    out_drop(&r->said);
}

static u16 port_after(const struct run *r, const char *what) {
    isize at = str_find_str(out_str(&r->said), str_z(what));
    str rest = str_from(out_str(&r->said), at + str_z(what).n), digits = rest;
    for (digits.n = 0; digits.n < rest.n && is_digit(rest.p[digits.n]);) digits.n++;
    return (u16)str_u64(digits, 65535).value;
}

/* It refuses with exit status 2 and one sentence that holds this. */
static void assert_refused(const char *temp, const char *const *args, const char *part) {
    struct run r;
    run_start(&r, temp, args);
    int status = run_end(&r);
    if (status != 2) fail_msg("it ends with %d: %.*s", status, (int)r.said.n, (const char *)r.said.p);
    assert_said(&r, part);
    str said = out_str(&r.said);
    assert_true(str_starts(said, S("sipweave: ")));
    assert_int_equal(str_find(said, '\n'), said.n - 1);
    out_drop(&r.said);
}

/* A folder for one test; what it leaves in there counts as litter. */
struct place {
    char folder[64], db[96];
};

static void place_open(struct place *p) {
    folder_make(p->folder);
    snprintf(p->db, sizeof p->db, "%s/t.db", p->folder);
}

static void place_close(struct place *p) {
    unlink(p->db);
    if (rmdir(p->folder) != 0) {
        folder_drop(p->folder);
        fail_msg("something was left in %s", p->folder);
    }
}

static void serve_start(struct run *r, const struct place *p, const char *syslog) {
    run_start(r, p->folder,
              (const char *const[]){"serve", "--db", p->db, "--listen", "127.0.0.1:0", "--syslog", syslog, "--hosts",
                                    "examples/junk-call/hosts", "--keep", "0", NULL});
    run_until(r, "Ctrl-C stops it.");
}

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
    assert_string_equal(text_of(j, "version"), "0.1.0");
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
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:0", "--syslog", where}, "--syslog 127.0.0.1:"},
        {{"serve", "--db", p.db, "--listen", "0.0.0.0:0"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "[::]:0"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "192.0.2.1:80"}, "--insecure"},
        {{"serve", "--db", p.db, "--listen", "192.0.2.1:80", "--insecure"}, "is no address of this machine"},
        {{"serve", "--db", p.db, "--listen", "example.org"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:99999"}, "--listen wants"},
        {{"serve", "--db", p.db, "--listen", "127.0.0.1:0", "--syslog", "x"}, "--syslog wants"},
        {{"serve", "--db", p.folder, "--listen", "127.0.0.1:0", "--syslog", "off"}, "is a folder"},
        {{"serve", "--db", "/nowhere/x.db", "--listen", "127.0.0.1:0", "--syslog", "off"}, "/nowhere/x.db"},
        {{"serve", "--db", p.db, "--hosts", "/nowhere/hosts"}, "/nowhere/hosts"},
        {{"serve", "examples/junk-call/boxless.log"}, "serve takes no files"},
    };
    for (isize i = 0; i < countof(cases); i++) assert_refused(p.folder, cases[i].args, cases[i].part);
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
                   (const char *const[]){"serve", "--db", p.db, "--listen", "127.0.0.1:0", "--syslog", "off", NULL},
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
              (const char *const[]){"serve", "--db", p.db, "--listen", "0.0.0.0:0", "--syslog", "off", "--insecure",
                                    NULL});
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

enum { MANY = 12000 }; /* more than goes into one transaction */

static void big_log(struct out *o) {
    for (int i = 0; i < MANY; i++) {
        out_printf(o,
                   "26 Jul 2014 09:%02d:%02d voip-udp-rx VoIP Rx 17 192.0.2.9:5060->203.0.113.72:5060\n"
                   "OPTIONS sip:x@203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK%08d\n"
                   "CSeq: 1 OPTIONS\nCall-ID: options-%08d@192.0.2.9\nFrom: <sip:a@192.0.2.9>;tag=%d\n"
                   "To: <sip:x@203.0.113.72>\nMax-Forwards: 70\nContent-Length: 0\n\n",
                   i / 200 / 60, i / 200 % 60, i, i, i);
    }
}

static i64 sightings(u16 port) {
    json_t *j = get_json(port, "/api/v1/status");
    i64 n = number_of(j, "sightings");
    json_decref(j);
    return n;
}

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
    out_printf(&o, "POST /api/v1/import?name=big.log HTTP/1.1\r\nHost: localhost\r\nX-Sipweave: 1\r\n"
                   "Content-Length: %lld\r\n\r\n",
               (long long)file.n);
    out_bytes(&o, file);
    assert_true(s >= 0 && client_send(s, out_str(&o)));
    i64 seen = sightings(port), end = now_ms() + PATIENCE_MS;
    struct pollfd p = {.fd = s, .events = POLLIN};
    while (seen < wait_for && now_ms() < end && poll(&p, 1, 5) == 0) seen = sightings(port);
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
              (const char *const[]){"examples/junk-call/b.voiceless.log", "examples/junk-call/boxless.log",
                                    "examples/junk-call/a.voiceless.log", "--hosts", "examples/junk-call/hosts", NULL});
    run_until(&r, "Ctrl-C ends it");
    assert_said(&r, "72 SIP messages, 1 call\n");
    u16 port = port_after(&r, "http://127.0.0.1:");
    isize at = str_find_str(out_str(&r.said), S("/call/"));
    assert_true(at > 0);
    char target[100];
    snprintf(target, sizeof target, "/api/v1/calls/%.13s", (const char *)r.said.p + at + 6);
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
    run_start(&r, p.folder, (const char *const[]){"--quiet", "examples/junk-call/hosts", NULL});
    int status = run_end(&r);
    assert_true(status == 1 || status == 2);
    assert_said(&r, "examples/junk-call/hosts");
    out_drop(&r.said);
    assert_refused(p.folder, (const char *const[]){"/nowhere/x.pcap", NULL}, "/nowhere/x.pcap");
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serve),      cmocka_unit_test(test_refusals), cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_insecure),   cmocka_unit_test(test_killed),   cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_nothing),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
