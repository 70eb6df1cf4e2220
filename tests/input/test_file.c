/* Files as people have them: recognised by content, named, refused in one sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "input/recorder.h"
#include "input/savefile.h"
#include "lib/edge.h"

#include <sys/stat.h>

#define DATA "tests/data/input/"
#define LOG                                                                              \
    "26 Jul 2014 08:54:02 voip-udp-rx VoIP Rx 17 192.0.2.2:5060->203.0.113.72:5060\n"    \
    "BYE sip:a@b SIP/2.0\nl: 0\n\n"

static arena boot;

static struct recorder *read_path(const char *path, const struct input_options *o,
                                  enum err *e, str *why) {
    static const struct input_options none = {0};
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    *e = input_file_read(path, o ? o : &none, &sink, &boot, why);
    return r;
}

/* ---- the files of tests/data/input --------------------------------------------------------------------- */

struct file_row {
    const char *name;
    isize messages, cut, nowhere;
    const char *skips;
    const char *damage; /* a part of it; NULL: none */
};

static const struct file_row file_rows[] = {
    {"mixed.log", 4, 0, 1, "other-line 4/166@1 keep-alive 1/4@48 no-message 1/0@49 ",
     NULL},
    {"crlf.log", 2, 0, 0, "", NULL},
    {"pasted.log", 2, 1, 2, "not-sip 2/13@1 ", NULL},
    {"ipv6.log", 2, 0, 0, "", NULL},
    {"binary.log", 2, 0, 0, "binary 2/78@18 ", NULL},
    {"cut.log", 2, 1, 0, "", NULL},
    {"silent.log", 0, 0, 0, "other-line 5/210@1 ", NULL},
    {"head-only.log", 0, 0, 0, "no-message 1/0@1 ", NULL},
    {"saved-rfc5424.log", 3, 0, 3, "syslog 1/75@17 ", NULL},
    {"saved-rsyslog.log", 2, 0, 2, "syslog 2/83@2 ", NULL},
    {"saved-by-line.log", 2, 0, 2, "", NULL},
    {"relayed.log", 2, 0, 2, "", NULL},
    {"silent-syslog.log", 0, 0, 0, "syslog 5/155@1 ", NULL},
    {"timeout.pcap", 2, 0, 0, "", "timeout.pcap: frame 3 cannot be read (truncated"},
    {"snaplen-84.pcap", 2, 2, 0, "keep-alive 1/46@2 ", NULL},
    {"bad-block.pcapng", 1, 0, 0, "", "bad-block.pcapng: frame 2 cannot be read ("},
    {"two-links.pcapng", 0, 0, 0, "", "two-links.pcapng: frame 1 cannot be read ("},
};

static void the_files_are_read(void **state) {
    (void)state;
    for (isize i = 0; i < countof(file_rows); i++) {
        const struct file_row *row = &file_rows[i];
        struct out skips = {0};
        enum err e;
        str why;
        const char *path = arena_z(&boot, arena_printf(&boot, DATA "%s", row->name));
        struct recorder *r = read_path(path, NULL, &e, &why);
        recorder_skips(r, &skips);
        out_byte(&r->damage, 0);
        if (e != ERR_OK || r->n != row->messages || r->ncut != row->cut ||
            r->nnowhere != row->nowhere)
            fail_msg("%s: %d, %d messages, %d cut, %d nowhere", row->name, e, (int)r->n,
                     (int)r->ncut, (int)r->nnowhere);
        if (!str_eq(out_str(&skips), str_z(row->skips)))
            fail_msg("%s: %.*s", row->name, (int)skips.n, (const char *)skips.p);
        if (row->damage)
            assert_non_null(strstr((const char *)r->damage.p, row->damage));
        else
            assert_int_equal(r->damage.n, 1);
        assert_int_equal(r->misread, 0);
        out_drop(&skips);
        recorder_close(r);
    }
    input_files_close();
}

/* The same message, however it was saved: 309 bytes with LF, 324 with CRLF. */
static void saved_messages_are_whole(void **state) {
    static const char *const names[] = {
        "mixed.log",         "crlf.log",          "ipv6.log",
        "binary.log",        "cut.log",           "saved-rfc5424.log",
        "saved-rsyslog.log", "saved-by-line.log", "relayed.log"};
    (void)state;
    for (isize i = 0; i < countof(names); i++) {
        enum err e;
        str why;
        struct recorder *r = read_path(
            arena_z(&boot, arena_printf(&boot, DATA "%s", names[i])), NULL, &e, &why);
        str text = out_str(&r->text);
        assert_true(str_find_str(text, S("<309:INVITE sip:0207946")) > 0 ||
                    str_find_str(text, S("<324:INVITE sip:0207946")) > 0);
        assert_true(str_find_str(text, S("RTP/AVP 8\n>")) > 0 ||
                    str_find_str(text, S("RTP/AVP 8\r\n>")) > 0);
        recorder_close(r);
    }
    input_files_close();
}

/* ---- refusals --------------------------------------------------------------------------------------------- */

struct refusal_row {
    const char *name;
    str bytes;
    enum err want;
    const char *why;
};

#define B(literal)                                                                       \
    { (const u8 *)literal, sizeof literal - 1 }
static const struct refusal_row refusal_rows[] = {
    {"empty.log", B(""), ERR_FORMAT, "is empty"},
    {"a.gz", B("\x1f\x8b\x08\0"), ERR_FORMAT,
     "is compressed with gzip; compressed files are not read yet"},
    {"a.zst", B("\x28\xb5\x2f\xfd\0"), ERR_FORMAT,
     "is compressed with zstd; compressed files are not read yet"},
    {"a.cap", B("GMBU\0\0"), ERR_FORMAT,
     "is a capture of Microsoft Network Monitor, which is not read yet"},
    {"wide.log",
     B("\xff\xfe"
       "2\0"
       "6\0"),
     ERR_FORMAT, "is UTF-16 text, which is not read; saved as UTF-8 it will be"},
    {"call.bin",
     B("\x7f"
       "ELF\x02\x01\x01\0\0\0"),
     ERR_FORMAT,
     "not a format that sipweave reads (its first bytes are 7f 45 4c 46 02 01 01 00); it "
     "reads pcap, "
     "pcapng, FireBrick logs and syslog files"},
    {"text", B("Dear Sir,\nthe telephone"), ERR_FORMAT,
     "not a format that sipweave reads (its first bytes are \"Dear Sir,\"); it reads "
     "pcap, "
     "pcapng, FireBrick logs and syslog files"},
    {"short", B("\xa1\xb2\xc3"), ERR_FORMAT,
     "not a format that sipweave reads (its first bytes are a1 b2 c3); it reads pcap, "
     "pcapng, FireBrick logs and syslog files"},
    {"head.pcap", B("\xa1\xb2\xc3\xd4\0\x02"), ERR_SYNTAX, NULL},
    {"old.pcap", B("\xa1\xb2\xc3\xd4\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
     ERR_SYNTAX, NULL},
};

static void what_is_not_read_is_said_in_a_sentence(void **state) {
    (void)state;
    for (isize i = 0; i < countof(refusal_rows); i++) {
        const struct refusal_row *row = &refusal_rows[i];
        const char *path = scratch_write(row->name, row->bytes);
        enum err e;
        str why;
        struct recorder *r = read_path(path, NULL, &e, &why);
        if (e != row->want) fail_msg("%s: %d", row->name, e);
        str want = row->why ? arena_printf(&boot, "%s: %s", path, row->why) : why;
        if (!str_eq(why, want)) fail_msg("%.*s", (int)why.n, (const char *)why.p);
        assert_true(str_starts(why, str_z(path)) && str_find(why, '\n') < 0);
        assert_int_equal(r->n + r->nsources, 0);
        scratch_remove(row->name);
        recorder_close(r);
    }
}

static void what_cannot_be_opened_is_said_in_a_sentence(void **state) {
    enum err e;
    str why;
    (void)state;
    struct recorder *r = read_path("no/such.log", NULL, &e, &why);
    assert_int_equal(e, ERR_NOT_FOUND);
    assert_true(str_eq(why, S("no/such.log: there is no such file")));
    recorder_close(r);
    r = read_path("tests", NULL, &e, &why);
    assert_int_equal(e, ERR_USAGE);
    assert_true(str_eq(why, S("tests: is a folder, not a file")));
    recorder_close(r);
    const char *path = scratch_write("secret.log", S(LOG));
    must(chmod(path, 0) == 0);
    r = read_path(path, NULL, &e, &why);
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(e, ERR_REFUSED);
        assert_true(str_ends(why, S("secret.log: may not be read (permission denied)")));
    }
    recorder_close(r);
    input_files_close();
    scratch_remove("secret.log");
}

/* ---- names --------------------------------------------------------------------------------------------------- */

static void logs_name_their_device(void **state) {
    static const char *const names[][2] = {
        {"boxless.log", "boxless"},
        {"b.voiceless.log", "b.voiceless"},
        {"boxless.txt", "boxless"},
        {"boxless.LOG", "boxless"},
        {"boxless", "boxless"},
        {"boxless.log.1", "boxless"},
        {"gate.2", "gate"},
        {"messages", ""},
        {"syslog", ""},
        {"syslog.1", ""},
        {"Log.txt", ""},
        {"voip.log", ""},
        {"2014-07-26.log", "2014-07-26"},
        {".log", ".log"},
    };
    (void)state;
    for (isize i = 0; i < countof(names); i++) {
        enum err e;
        str why;
        struct recorder *r =
            read_path(scratch_write(names[i][0], S(LOG)), NULL, &e, &why);
        assert_int_equal(e, ERR_OK);
        assert_true(str_eq(r->sources[0].name, str_z(names[i][0])));
        if (!str_eq(r->sources[0].device, str_z(names[i][1])))
            fail_msg("%s: %.*s", names[i][0], (int)r->sources[0].device.n,
                     r->sources[0].device.p);
        recorder_close(r);
        input_files_close();
        scratch_remove(names[i][0]);
    }
}

/* Two files of one name in two folders are two sources: else the bytes of one would be read from the other. */
static void two_files_of_one_name_differ(void **state) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct input_options options = {0};
    str why;
    (void)state;
    const char *one = scratch_write("a.log", S(LOG));
    assert_int_equal(input_file_read(one, &options, &sink, &boot, &why), ERR_OK);
    const char *folder = arena_z(&boot, str_z(scratch_path("more")));
    must(mkdir(folder, 0700) == 0);
    const char *two = scratch_write("more/a.log", S("\n" LOG));
    assert_int_equal(input_file_read(two, &options, &sink, &boot, &why), ERR_OK);
    assert_int_equal(r->misread, 0);
    assert_true(str_eq(r->sources[0].name, S("a.log")));
    assert_true(str_eq(r->sources[1].name, str_z(two)));
    /* both give their bytes back after the other was read */
    str first = r->sources[0].read(r->sources[0].read_ctx, 78, 19, &boot);
    str second = r->sources[1].read(r->sources[1].read_ctx, 79, 19, &boot);
    assert_true(str_eq(first, S("BYE sip:a@b SIP/2.0")) && str_eq(second, first));
    assert_int_equal(r->sources[0].read(r->sources[0].read_ctx, 1 << 20, 4, &boot).n, 0);
    assert_int_equal(r->sources[0].read(r->sources[0].read_ctx, UINT64_MAX, 4, &boot).n,
                     0);
    input_files_close();
    recorder_close(r);
    scratch_remove("more/a.log");
    scratch_remove("a.log");
    must(rmdir(folder) == 0);
}

/* An editor that marks UTF-8 does not keep the first line from being read, or move the bytes. */
static void a_byte_order_mark_is_passed(void **state) {
    enum err e;
    str why;
    (void)state;
    struct recorder *r =
        read_path(scratch_write("bom.log", S("\xef\xbb\xbf" LOG)), NULL, &e, &why);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(r->n, 1);
    assert_int_equal(r->nnowhere + r->misread, 0);
    assert_int_equal(skips_total(&r->skips), 0);
    recorder_close(r);
    input_files_close();
    scratch_remove("bom.log");
}

/* ---- options, standard input ----------------------------------------------------------------------------------- */

static i64 first_time(const char *path, const struct input_options *o) {
    enum err e;
    str why;
    struct recorder *r = read_path(path, o, &e, &why);
    assert_int_equal(e, ERR_OK);
    assert_true(r->n > 0);
    i64 us = r->last.time_us;
    recorder_close(r);
    input_files_close();
    return us;
}

static void zone_and_year_are_given(void **state) {
    struct input_options utc = {0, 2014}, east = {7200, 2014}, earlier = {0, 2011};
    (void)state;
    assert_int_equal(first_time(DATA "crlf.log", &utc) -
                         first_time(DATA "crlf.log", &east),
                     7200 * US_PER_S);
    i64 us = first_time(DATA "saved-rsyslog.log", &utc);
    assert_int_equal(time_to_civil(us).year, 2014);
    assert_int_equal(us - first_time(DATA "saved-rsyslog.log", &east), 7200 * US_PER_S);
    assert_int_equal(time_to_civil(first_time(DATA "saved-rsyslog.log", &earlier)).year,
                     2011);
    /* stamps that say their zone are not moved */
    assert_int_equal(first_time(DATA "relayed.log", &utc),
                     first_time(DATA "relayed.log", &east));
}

static void standard_input_is_recognised_too(void **state) {
    static const char *const names[] = {DATA "mixed.log", DATA "saved-by-line.log",
                                        DATA "timeout.pcap", DATA "bad-block.pcapng"};
    (void)state;
    for (isize i = 0; i < countof(names); i++) {
        enum err e;
        str why, bytes = file_read(names[i]);
        int before = stdin_from(bytes);
        struct recorder *r = read_path("-", NULL, &e, &why), *file;
        stdin_back(before);
        file = read_path(names[i], NULL, &e, &why);
        assert_int_equal(e, ERR_OK);
        assert_int_equal(r->n, file->n);
        assert_int_equal(r->nnowhere, r->n);
        assert_int_equal(skips_total(&r->skips), skips_total(&file->skips));
        if (r->damage.n)
            assert_true(str_starts(out_str(&r->damage), S("standard input: ")));
        recorder_close(r);
        recorder_close(file);
        file_drop(bytes);
    }
    enum err e;
    str why;
    int before = stdin_from(S(""));
    struct recorder *r = read_path("-", NULL, &e, &why);
    stdin_back(before);
    assert_true(str_eq(why, S("standard input: is empty")));
    recorder_close(r);
    input_files_close();
}

/* A log that begins with other things than FireBrick lines, and a message across the window's edge. */
static void long_logs_are_read_window_by_window(void **state) {
    struct out o = {0};
    enum err e;
    str why;
    (void)state;
    out_z(&o, "console log of boxless\n\n");
    for (int i = 0; i < 12000; i++) {
        out_z(&o, LOG);
        if (i % 300 == 0)
            out_printf(&o, "26 Jul 2014 08:54:02 web User %d logged in\n", i);
    }
    struct recorder *r =
        read_path(scratch_write("long.log", out_str(&o)), NULL, &e, &why);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(r->n, 12000);
    assert_int_equal(r->nnowhere + r->misread + r->ncut, 0);
    assert_int_equal(r->skips.n[SKIP_OTHER_LINE], 40);
    recorder_close(r);
    input_files_close();
    scratch_remove("long.log");
    out_drop(&o);
}

/* Every head of the examples that come with sipweave begins a message. */
static void the_examples_are_read(void **state) {
    static const char *const names[] = {
        "examples/junk-call/boxless.log", "examples/junk-call/a.voiceless.log",
        "examples/junk-call/b.voiceless.log", "examples/registration-403/boxless.log"};
    (void)state;
    for (isize i = 0; i < countof(names); i++) {
        struct recorder *r = recorder_open();
        struct input_sink sink = recorder_sink(r);
        struct input_options options = {0};
        str why, text = file_read(names[i]);
        isize heads = 0;
        assert_int_equal(input_file_read(names[i], &options, &sink, &boot, &why), ERR_OK);
        for (str rest = text; rest.n; rest = str_cut(rest, '\n').tail) {
            struct sighting s;
            heads += firebrick_head_read(str_cut(rest, '\n').head, 0, &s);
        }
        assert_true(heads > 0);
        assert_int_equal(r->n, heads);
        assert_int_equal(r->ncut + r->nnowhere + r->misread, 0);
        assert_int_equal(skips_total(&r->skips), r->skips.n[SKIP_OTHER_LINE]);
        file_drop(text);
        recorder_close(r);
    }
    input_files_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_read),
        cmocka_unit_test(saved_messages_are_whole),
        cmocka_unit_test(what_is_not_read_is_said_in_a_sentence),
        cmocka_unit_test(what_cannot_be_opened_is_said_in_a_sentence),
        cmocka_unit_test(logs_name_their_device),
        cmocka_unit_test(two_files_of_one_name_differ),
        cmocka_unit_test(a_byte_order_mark_is_passed),
        cmocka_unit_test(zone_and_year_are_given),
        cmocka_unit_test(standard_input_is_recognised_too),
        cmocka_unit_test(long_logs_are_read_window_by_window),
        cmocka_unit_test(the_examples_are_read),
    };
    boot = arena_open_view();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&boot);
    scratch_drop();
    return failed;
}
