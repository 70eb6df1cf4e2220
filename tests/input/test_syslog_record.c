/* Syslog records: their headers, however they are written, and where one ends in a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "input/recorder.h"
#include "lib/edge.h"

/* ---- records ------------------------------------------------------------------------------------ */

struct record_row {
    const char *datagram;
    const char *want; /* "priority time/precision host|program|text" */
};

static const struct record_row record_rows[] = {
    {"<134>1 2014-07-27T08:02:21.123456+01:00 boxless voip-udp-rx - - - VoIP Rx 17 a->b",
     "134 2014-07-27T07:02:21.123456Z/1 boxless|voip-udp-rx|VoIP Rx 17 a->b"},
    {"<134>1 2014-07-27T08:02:21Z boxless voip-udp-rx 12 ID3 [a@1 b=\"x\\\"]\" "
     "c=\"\"][d] text",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|text"},
    {"<134>1 2014-07-27T08:02:21.5Z boxless voip-udp-rx - - - \xef\xbb\xbftext",
     "134 2014-07-27T08:02:21.500000Z/100000 boxless|voip-udp-rx|text"},
    {"\xef\xbb\xbf<134>1 2014-07-27T08:02:21.5Z boxless voip - - -",
     "134 2014-07-27T08:02:21.500000Z/100000 boxless|voip|"},
    {"<0>1 - - - - - - text", "0 - ||text"},
    /* a FireBrick that writes fewer fields, or other tokens in them */
    {"<134>1 2014-07-27T08:02:21Z boxless voip-udp-rx VoIP Rx 17 a->b",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|VoIP Rx 17 a->b"},
    {"<134>1 2014-07-27T08:02:21Z boxless voip-udp-rx - - [broken text",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|- - [broken text"},
    {"<134>1 2014-07-27T08:02:21Z boxless",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless||"},
    /* RFC 3164: the year is the one nearest before now, 2014-07-28 */
    {"<134>Jul 27 08:02:21 boxless voip-udp-rx[12]: text",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|text"},
    {"<134>Jul  7 08:02:21.25 boxless voip-udp-rx: text",
     "134 2014-07-07T08:02:21.250000Z/10000 boxless|voip-udp-rx|text"},
    {"<134>Jul 29 07:00:00 b p: text",
     "134 2014-07-29T07:00:00.000000Z/1000000 b|p|text"},
    {"<134>Dec 31 23:59:59 b p: text",
     "134 2013-12-31T23:59:59.000000Z/1000000 b|p|text"},
    {"<134>Feb 29 12:00:00 b p: text",
     "134 2012-02-29T12:00:00.000000Z/1000000 b|p|text"},
    {"<134>Jul 27 2013 08:02:21 b p: text",
     "134 2013-07-27T08:02:21.000000Z/1000000 b|p|text"},
    {"<134>Feb 30 12:00:00 b p: text", "134 - ||Feb 30 12:00:00 b p: text"},
    {"<134>Jul 27 08:02:21 voip-udp-rx: no host",
     "134 2014-07-27T08:02:21.000000Z/1000000 |voip-udp-rx|no host"},
    {"<134>Jul 27 08:02:21 boxless voip-udp-rx VoIP Rx 17 a->b",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|VoIP Rx 17 a->b"},
    {"<134>Jul 27 08:02:21 boxless VoIP Rx 17 a->b",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless||VoIP Rx 17 a->b"},
    {"<134>Jul 27 08:02:21 2001:db8::1 p:  two blanks",
     "134 2014-07-27T08:02:21.000000Z/1000000 2001:db8::1|p| two blanks"},
    {"<134>2014-07-27T08:02:21.123Z boxless p: text",
     "134 2014-07-27T08:02:21.123000Z/1000 boxless|p|text"},
    /* relays: the outer header goes */
    {"<134>Jul 27 09:00:00 10.0.0.1 1 2014-07-27T08:02:21.123456+01:00 boxless "
     "voip-udp-rx - - - text",
     "134 2014-07-27T07:02:21.123456Z/1 boxless|voip-udp-rx|text"},
    {"Jul 27 09:00:00 10.0.0.1 <12>1 2014-07-27T08:02:21.123456+01:00 boxless "
     "voip-udp-rx - - - text",
     "12 2014-07-27T07:02:21.123456Z/1 boxless|voip-udp-rx|text"},
    {"<134>Jul 27 09:00:00 10.0.0.1 Jul 27 08:02:21 boxless voip-udp-rx: text",
     "134 2014-07-27T08:02:21.000000Z/1000000 boxless|voip-udp-rx|text"},
    {"2014-07-27T08:02:21.123Z relay 2014-07-27T08:02:20.5Z boxless p: text",
     "-1 2014-07-27T08:02:20.500000Z/100000 boxless|p|text"},
    /* a FireBrick's own stamp is text */
    {"<134>Jul 27 09:00:00 boxless 27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx 17 a->b",
     "134 2014-07-27T09:00:00.000000Z/1000000 boxless||27 Jul 2014 08:02:21 voip-udp-rx "
     "VoIP Rx 17 a->b"},
    {"<134>Jul 27 09:00:00 boxless 2014-07-27T08:02:21Z voip-udp-rx VoIP Rx 17 a->b",
     "134 2014-07-27T09:00:00.000000Z/1000000 boxless||2014-07-27T08:02:21Z voip-udp-rx "
     "VoIP Rx 17 a->b"},
    /* no header: all is text */
    {"", "-1 - ||"},
    {"Via: SIP/2.0/UDP 192.0.2.1", "-1 - ||Via: SIP/2.0/UDP 192.0.2.1"},
    {"<134>text", "134 - ||text"},
    {"<192>text", "-1 - ||<192>text"},
    {"<>text", "-1 - ||<>text"},
    {"<1x>text", "-1 - ||<1x>text"},
    {"<1234>text", "-1 - ||<1234>text"},
    {"<134", "-1 - ||<134"},
};

static void records_are_read(void **state) {
    struct civil c = {2014, 7, 28, 12, 0, 0, 0};
    arena a = arena_open(1 << 20);
    (void)state;
    for (isize i = 0; i < countof(record_rows); i++) {
        str datagram = edge_copy(str_z(record_rows[i].datagram));
        struct syslog_record r = syslog_record_read(datagram, time_from_civil(&c), 0);
        assert_true(str_inside(r.text, datagram) && str_inside(r.tagged, datagram));
        assert_true(str_inside(r.host, datagram) && str_inside(r.program, datagram));
        str shown = arena_printf(&a, "%d -", r.priority);
        if (r.precision_us) {
            str t = time_iso(&a, r.time_us);
            shown =
                arena_printf(&a, "%d %.*s/%u", r.priority, (int)t.n, t.p, r.precision_us);
        }
        shown = arena_printf(&a, "%.*s %.*s|%.*s|%.*s", (int)shown.n, shown.p,
                             (int)r.host.n, r.host.p, (int)r.program.n, r.program.p,
                             (int)r.text.n, r.text.p);
        if (!str_eq(shown, str_z(record_rows[i].want)))
            fail_msg("%s:\n%.*s", record_rows[i].datagram, (int)shown.n,
                     (const char *)shown.p);
        edge_drop(datagram);
    }
    arena_close(&a);
}

static void check_record_prefix(void *ctx, str prefix) {
    struct syslog_record r = syslog_record_read(prefix, 0, 0);
    (void)ctx;
    assert_true(str_inside(r.text, prefix) && str_inside(r.host, prefix));
}

static void every_record_prefix_is_read(void **state) {
    (void)state;
    for (isize i = 0; i < countof(record_rows); i++)
        edge_every_prefix(str_z(record_rows[i].datagram), check_record_prefix, NULL);
}

/* ---- framing -------------------------------------------------------------------------------------- */

struct frame_row {
    const char *stream;
    const char *want; /* records of the ended stream, "|" after each */
};

static const struct frame_row frame_rows[] = {
    {"", ""},
    {"7 <1>text8 <1>text2", "<1>text|<1>text2|"},
    {"<1>one\n<2>two\n", "<1>one|<2>two|"},
    {"<1>one\r\n<2>two", "<1>one|<2>two|"},
    {"<1>one\n more\nand\n\n<x>\n<2>two\n", "<1>one\n more\nand\n\n<x>|<2>two|"},
    {"<1>INVITE\r\nl: 0\r\n\r\n<2>two\n", "<1>INVITE\r\nl: 0\r\n\r|<2>two|"},
    {"11 <1>a\nb\nc\nde<2>two\n", "<1>a\nb\nc\nde|<2>two|"},
    {"junk\n<2>two\n", "junk|<2>two|"},
    {"7 not a count\n<2>two\n", "7 not a count|<2>two|"},
    {"07 <1>text\n", "07 <1>text|"},
    {"99 <1>short", "<1>short|"}, /* the stream ended early */
    {"99999999 <1>x\n", "99999999 <1>x|"},
};

/* Takes records off a stream as a listener does, `step` bytes at a time. */
static void frames(str stream, isize step, struct out *o) {
    isize have = 0, at = 0;
    for (;;) {
        str record;
        isize used;
        bool last = have == stream.n;
        str window = edge_copy(str_sub(stream, at, have - at));
        enum err e = syslog_frame_next(window, last, &record, &used);
        if (e == ERR_MORE) {
            assert_int_equal(used, 0);
        } else {
            assert_true(used > 0 && used <= window.n && str_inside(record, window));
            out_bytes(o, record);
            out_byte(o, '|');
        }
        edge_drop(window);
        at += used;
        if (e == ERR_MORE && last) break;
        if (e == ERR_MORE) have = i64_min(stream.n, have + step);
    }
    assert_int_equal(at, stream.n);
}

static void streams_are_framed(void **state) {
    (void)state;
    for (isize i = 0; i < countof(frame_rows); i++) {
        str stream = str_z(frame_rows[i].stream);
        for (isize step = 1; step <= stream.n + 1; step++) {
            struct out o = {0};
            frames(stream, step, &o);
            str got = out_str(&o);
            if (!str_eq(got, str_z(frame_rows[i].want)))
                fail_msg("%s by %d:\n%.*s", frame_rows[i].stream, (int)step, (int)got.n,
                         (const char *)got.p);
            out_drop(&o);
        }
    }
}

static void records_have_a_limit(void **state) {
    enum { BIG = 600 * 1024 };
    isize cap = 0, used;
    u8 *p = base_grow(NULL, &cap, BIG, 1);
    str record;
    (void)state;
    memset(p, 'x', BIG);
    assert_int_equal(syslog_frame_next((str){p, 200 * 1024}, false, &record, &used),
                     ERR_MORE);
    assert_int_equal(syslog_frame_next((str){p, BIG}, false, &record, &used), ERR_FULL);
    assert_int_equal(used, 256 * 1024);
    memcpy(p, "524288 <1>", 10);
    assert_int_equal(syslog_frame_next((str){p, BIG}, false, &record, &used), ERR_FULL);
    assert_int_equal(record.n, 256 * 1024);
    base_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(every_record_prefix_is_read),
        cmocka_unit_test(streams_are_framed),
        cmocka_unit_test(records_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
