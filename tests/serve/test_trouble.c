/* test_trouble.c: the disk is full. A limit on the size of files stands in for it: what would grow past it is refused,
 * and when the limit goes, the disk has room again. */
#include "serve/run.h"

#include <sys/resource.h>

enum { ROOM = 600 * 1024 };

/* A signal would end who writes past the limit; ignored, the write fails as it does on a full disk. */
static void limited_start(struct run *r, const char *folder, const char *db) {
    signal(SIGXFSZ, SIG_IGN);
    run_start(r, folder,
              (const char *const[]){"serve", "--db", db, "--listen", "127.0.0.1:0",
                                    "--syslog", "127.0.0.1:0", "--keep", "0", NULL});
    run_until(r, "Ctrl-C stops it.");
}

static void limit(struct run *r, rlim_t bytes) {
    struct rlimit l = {bytes, RLIM_INFINITY};
    assert_int_equal(prlimit(r->pid, RLIMIT_FSIZE, &l, NULL), 0);
}

/* Each message of the big log as a record, ended by LF. */
static void send_many(u16 port) {
    struct out big = {0}, o = {0};
    big_log(&big);
    int s = client_socket(SOCK_STREAM, port);
    for (str rest = out_str(&big); rest.n;) {
        isize end = str_find_str(rest, S("\n\n"));
        str one = str_sub(rest, 0, end + 1), text = str_from(one, 33);
        out_printf(&o, "<134>1 2014-07-26T09:%.2s:%.2sZ 203.0.113.72 voip - - - ",
                   (const char *)one.p + 15, (const char *)one.p + 18);
        out_bytes(&o, text);
        rest = str_from(rest, end + 2);
    }
    assert_true(s >= 0 && client_send(s, out_str(&o)));
    close(s);
    out_drop(&big);
    out_drop(&o);
}

/* Asks for the status until there is trouble, or until there is none and so many messages. */
static bool wait_for(u16 port, bool trouble, i64 messages) {
    i64 end = now_ms() + 2 * PATIENCE_MS;
    for (bool there = false; now_ms() < end; nap(100)) {
        json_t *j = get_json(port, "/api/v1/status");
        bool is = !json_is_null(json_object_get(j, "trouble"));
        there = is == trouble && number_of(j, "sightings") >= messages;
        json_decref(j);
        if (there) return true;
    }
    return false;
}

static int times_said(const struct run *r, const char *what) {
    int n = 0;
    for (str rest = out_str(&r->said);; n++) {
        isize at = str_find_str(rest, str_z(what));
        if (at < 0) return n;
        rest = str_from(rest, at + 1);
    }
}

static void test_disk_full(void **state) {
    (void)state;
    char folder[64], db[100];
    struct run r;
    folder_make(folder);
    snprintf(db, sizeof db, "%s/t.db", folder);
    limited_start(&r, folder, db);
    u16 port = port_after(&r, "http://127.0.0.1:"),
        syslog = port_after(&r, "Syslog is heard at  127.0.0.1:");
    limit(&r, ROOM);
    send_many(syslog);
    assert_true(wait_for(port, true, 0));
    /* it still answers, and an import says what is wrong */
    json_decref(get_json(port, "/api/v1/calls?kind=any"));
    str log = file_read("examples/junk-call/boxless.log");
    struct reply reply = client_import(port, "boxless.log", log);
    assert_true(reply.status >= 422);
    json_t *j = json_of(reply.body);
    assert_true(strlen(text_of(j, "error")) > 10);
    json_decref(j);
    reply_drop(&reply);
    limit(&r, RLIM_INFINITY);
    assert_true(wait_for(port, false, MANY));
    reply = client_import(port, "boxless.log", log);
    assert_int_equal(reply.status, 200);
    reply_drop(&reply);
    file_drop(log);
    kill(r.pid, SIGTERM);
    assert_int_equal(run_end(&r), 0);
    assert_int_equal(times_said(&r, "messages cannot be written"), 1);
    assert_int_equal(times_said(&r, "the database works again"), 1);
    out_drop(&r.said);
    folder_drop(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_disk_full)};
    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
