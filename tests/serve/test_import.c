/* test_import.c: files that come over HTTP. */
#include "base/time.h"
#include "serve/fixture.h"
#include "store/store.h"

#include <pthread.h>

struct import_place {
    struct fixture f;
    char temp[64]; /* where the server puts what is sent */
};

static int place_open(void **state) {
    static struct import_place p;
    folder_make(p.temp);
    setenv("TMPDIR", p.temp, 1);
    fixture_open(&p.f);
    *state = &p;
    return 0;
}

static int place_close(void **state) {
    struct import_place *p = *state;
    fixture_close(&p->f);
    unsetenv("TMPDIR");
    return folder_drop(p->temp) ? 0 : -1; /* nothing may be left */
}

static json_t *import(struct fixture *f, const char *name, str file) {
    struct reply r = client_import(f->port, name, file);
    if (r.status != 200)
        fail_msg("%s: %d %.*s", name, r.status, (int)r.body.n, (const char *)r.body.p);
    json_t *j = json_of(r.body);
    reply_drop(&r);
    return j;
}

static void test_log(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    str log = example_read("boxless.log");
    char first[32] = "";
    for (int again = 0; again < 2; again++) {
        json_t *j = import(f, "boxless.log", log);
        assert_string_equal(text_of(j, "name"), "boxless.log");
        assert_int_equal(number_of(j, "sightings"), 39);
        assert_int_equal(number_of(j, "new"), again ? 0 : 39);
        if (!again) assert_int_equal(number_of(j, "calls"), 1);
        assert_int_equal(count_of(j, "damage"), 0);
        assert_int_equal(count_of(j, "skipped"), 1);
        if (again) assert_string_equal(text_of(j, "first"), first);
        snprintf(first, sizeof first, "%s", text_of(j, "first"));
        json_decref(j);
    }
    char target[100];
    snprintf(target, sizeof target, "/api/v1/calls/%s", first);
    json_decref(get_json(f->port, target));
    file_drop(log);
}

static void test_capture(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    str capture = file_read("examples/plain-call.pcap");
    assert_true(capture.n > 0);
    json_t *j = import(f, "plain-call.pcap", capture);
    assert_true(number_of(j, "new") > 5);
    assert_true(number_of(j, "calls") >= 1);
    json_decref(j);
    file_drop(capture);
}

/* A name is only a name. */
static void test_names(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    static const char *const names[][2] = {
        {"..%2F..%2Fetc%2Fa.voiceless.log", "a.voiceless.log"},
        {"C%3A%5Clogs%5Ca.voiceless.log", "a.voiceless.log"},
        {"..", "upload"},
        {".", "upload"},
        {"", "upload"},
        {"%2F", "upload"},
        {"a%0Ab%01.log", "a_b_.log"},
        {"na%C3%AFve+log", "na\xc3\xafve log"},
    };
    str log = example_read("a.voiceless.log");
    for (isize i = 0; i < countof(names); i++) {
        json_t *j = import(f, names[i][0], log);
        assert_string_equal(text_of(j, "name"), names[i][1]);
        json_decref(j);
    }
    char name[1000] = "", longest[1000];
    memset(name, 'n', 900);
    json_t *j = import(f, name, log);
    snprintf(longest, sizeof longest, "%.120s", name);
    assert_string_equal(text_of(j, "name"), longest);
    json_decref(j);
    file_drop(log);
}

/* What holds no SIP is refused, or read to its end with an account; the sentence names the file, not our folder. */
static void test_no_sip(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    static u8 noise[100000];
    for (isize i = 0; i < countof(noise); i++) noise[i] = (u8)(i * 7919 >> 3);
    const str files[] = {
        {noise, 0}, S("hello\n"), {noise, countof(noise)}, S("\xd4\xc3\xb2\xa1")};
    for (isize i = 0; i < countof(files); i++) {
        struct reply r = client_import(f->port, "thing.bin", files[i]);
        json_t *j = json_of(r.body);
        assert_true(r.status == 200 || r.status == 422);
        if (r.status == 422) assert_non_null(strstr(text_of(j, "error"), "thing.bin"));
        assert_true(str_find_str(r.body, S("sipweave-")) < 0);
        if (r.status == 200) assert_int_equal(number_of(j, "new"), 0);
        json_decref(j);
        reply_drop(&r);
    }
}

static void test_chunked(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    str log = example_read("b.voiceless.log"), rest = log;
    struct out o = {0};
    out_z(&o, "POST /api/v1/import?name=b.voiceless.log HTTP/1.1\r\nHost: "
              "localhost\r\nX-Sipweave: 1\r\n"
              "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    while (rest.n) {
        str part = str_sub(rest, 0, 777);
        out_printf(&o, "%llx\r\n", (unsigned long long)part.n);
        out_bytes(&o, part);
        out_z(&o, "\r\n");
        rest = str_from(rest, part.n);
    }
    out_z(&o, "0\r\n\r\n");
    struct reply r = client_raw(f->port, out_str(&o));
    assert_int_equal(r.status, 200);
    json_t *j = json_of(r.body);
    assert_int_equal(number_of(j, "sightings"), 23);
    json_decref(j);
    reply_drop(&r);
    out_drop(&o);
    file_drop(log);
}

/* The line goes dead half-way: nothing of it is read in, and nothing is left lying about (place_close looks). */
static void test_cut_off(void **state) {
    struct fixture *f = &((struct import_place *)*state)->f;
    json_t *before = get_json(f->port, "/api/v1/status");
    for (int i = 0; i < 10; i++) {
        int s = client_socket(SOCK_STREAM, f->port);
        assert_true(
            s >= 0 &&
            client_send(
                s, S("POST /api/v1/import?name=x.log HTTP/1.1\r\nHost: localhost\r\n"
                     "X-Sipweave: 1\r\nContent-Length: 1000000\r\n\r\n26 Jul 2014")));
        close(s);
    }
    json_t *after = get_json(f->port, "/api/v1/status");
    assert_int_equal(number_of(before, "sightings"), number_of(after, "sightings"));
    json_decref(before);
    json_decref(after);
}

/* ---- at the same time -------------------------------------------------------------------------------- */

struct sender {
    u16 port;
    const char *name;
    int status;
};

static void *send_log(void *arg) {
    struct sender *s = arg;
    char path[200];
    snprintf(path, sizeof path, "examples/junk-call/%s", s->name);
    str log = file_read(path);
    struct reply r = client_import(s->port, s->name, log);
    s->status = r.status;
    reply_drop(&r);
    file_drop(log);
    return NULL;
}

static void test_together(void **state) {
    (void)state;
    struct fixture mine, *f = &mine;
    fixture_open(f);
    struct sender senders[6];
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        senders[i] = (struct sender){f->port, example_logs[i % 3], 0};
        assert_int_equal(pthread_create(&threads[i], NULL, send_log, &senders[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(senders[i].status, 200);
    }
    json_t *j = get_json(f->port, "/api/v1/calls/CD7FCD99B1766DA5%40192.0.2.2");
    assert_int_equal(count_of(j, "legs"), EXAMPLE_LEGS);
    assert_int_equal(count_of(j, "messages"), EXAMPLE_MESSAGES);
    json_decref(j);
    fixture_close(f);
}

/* ---- what is older than is kept ---------------------------------------------------------------------- */

/* One old message, kept long ago: no clock is told, so only its stamp counts. */
static void keep_old(const char *db) {
    arena boot = arena_open((isize)64 << 20);
    struct store *s = NULL;
    str sentence;
    bool fresh = false;
    u32 source;
    struct source log = {.name = S("old.log"), .kind = SOURCE_DEVICE_LOG};
    struct sighting g = {.time_us = US_PER_DAY,
                         .precision_us = 1,
                         .at = SIGHTING_NOWHERE,
                         .bytes =
                             S("BYE sip:1@192.0.2.1 SIP/2.0\r\nCall-ID: old\r\n\r\n")};
    struct store_facts facts = {.call_id = S("old"), .is_request = true};
    assert_int_equal(store_open(&s, db, STORE_WRITE, &boot, &sentence), ERR_OK);
    assert_int_equal(store_begin(s), ERR_OK);
    assert_int_equal(store_source(s, &log, &source), ERR_OK);
    g.source = source;
    assert_int_equal(store_sighting(s, &g, &facts, &fresh), ERR_OK);
    assert_true(fresh);
    assert_int_equal(store_commit(s), ERR_OK);
    store_close(s);
    arena_close(&boot);
}

static i64 first_day(const struct fixture *f) {
    json_t *j = get_json(f->port, "/api/v1/status");
    assert_true(json_is_null(json_object_get(j, "trouble")));
    const char *first = json_string_value(json_object_get(j, "first"));
    i64 year = first ? strtol(first, NULL, 10) : 0;
    json_decref(j);
    return year;
}

/* What was kept long ago goes; an old log that is read in today stays. */
static void test_retention(void **state) {
    struct import_place *p = *state;
    struct fixture *f = &p->f;
    server_close(f->server);
    keep_old(f->db);
    f->keep_days = 7;
    fixture_start(f, "127.0.0.1:0", false);
    i64 end = now_ms() + PATIENCE_MS;
    while (first_day(f) == 1970 && now_ms() < end) nap(100);
    assert_int_not_equal(first_day(f), 1970);
    str log = example_read("boxless.log");
    json_t *j = import(f, "boxless.log", log);
    assert_int_equal(count_of(j, "damage"), 0);
    json_decref(j);
    j = get_json(f->port, "/api/v1/status");
    assert_true(number_of(j, "sightings") >= 39);
    json_decref(j);
    file_drop(log);
    f->keep_days = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),      cmocka_unit_test(test_capture),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_no_sip),
        cmocka_unit_test(test_chunked),  cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_together), cmocka_unit_test(test_retention),
    };
    return cmocka_run_group_tests_name("import", tests, place_open, place_close);
}
