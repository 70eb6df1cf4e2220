/* Syslog messages: every way in which a message of many lines travels, and how it is put together again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "input/recorder.h"
#include "lib/edge.h"

#include <stdio.h>

#define H5   "<134>1 2014-07-27T08:02:21.123456Z boxless voip-udp-rx - - - "
#define H3   "<134>Jul 27 08:02:21 boxless voip-udp-rx: "
#define H3N  "<134>Jul 27 08:02:21 boxless voip-udp-rx " /* no colon after the program */
#define RX   "VoIP Rx 17 192.0.2.1:5060->192.0.2.9:5060"
#define TX35 "VoIP Tx 17 192.0.2.9:5060->192.0.2.1:5060 Try 0 35"
#define BYE  "BYE sip:a@b SIP/2.0\ni: 1\nl: 0\n\n"
#define INFO "INFO sip:a@b SIP/2.0\ni: 1\nl: 10\n\n12345678\n"

struct feed_row {
    const char *name;
    const char *datagrams[12]; /* up to a NULL; "TICK" is a tick 300 ms later */
    const char *
        at_once; /* messages given before any tick or close, "|" after each, "!" where cut */
    const char *in_the_end;
};

static const struct feed_row feed_rows[] = {
    {"whole in one", {H5 RX "\n" BYE}, BYE "|", ""},
    {"whole, CRLF",
     {H5 RX "\r\nBYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n"},
     "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n|",
     ""},
    {"with a body", {H5 RX "\n" INFO}, INFO "|", ""},
    {"the last line end is gone",
     {H5 RX "\nINFO sip:a@b SIP/2.0\ni: 1\nl: 10\n\n12345678"},
     INFO "|",
     ""},
    {"the last line ends are gone, counted",
     {H5 TX35 "\nBYE sip:a@b SIP/2.0\ni: 1\nl: 0"},
     BYE "|",
     ""},
    {"the last line ends are gone, not counted",
     {H5 RX "\nBYE sip:a@b SIP/2.0\ni: 1\nl: 0"},
     "",
     BYE "|"},
    {"a NUL at the end", {H5 RX "\n" INFO}, INFO "|", ""},
    {"rsyslog's escapes",
     {H5 RX "#015#012BYE sip:a@b SIP/2.0#015#012l: 0#015#012#015#012"},
     "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n|",
     ""},
    {"the same with a line end after",
     {H5 RX "#012BYE sip:a@b SIP/2.0#012l: 0#012#012\n"},
     "BYE sip:a@b SIP/2.0\nl: 0\n\n|",
     ""},
    {"octal escapes",
     {H5 RX "\\012BYE sip:a@b SIP/2.0\\012l: 0\\012\\012"},
     "BYE sip:a@b SIP/2.0\nl: 0\n\n|",
     ""},
    {"letters",
     {H5 RX "\\r\\nBYE sip:a@b SIP/2.0\\r\\nl: 0\\r\\n\\r\\n"},
     "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n|",
     ""},
    {"what looks like an escape in a real message",
     {H5 RX "\nBYE sip:a@b SIP/2.0\ns: #012 \\n\nl: 0\n\n"},
     "BYE sip:a@b SIP/2.0\ns: #012 \\n\nl: 0\n\n|",
     ""},
    {"a record a line",
     {H5 RX, H5 "BYE sip:a@b SIP/2.0", H5 "i: 1", H5 "l: 0", H5},
     BYE "|",
     ""},
    {"a record a line, RFC 3164",
     {H3 RX, H3 "BYE sip:a@b SIP/2.0", H3 "i: 1", H3 "l: 0", H3},
     BYE "|",
     ""},
    {"a record a line, no colon",
     {H3N RX, H3N "BYE sip:a@b SIP/2.0", H3N "i: 1", H3N "l: 0", H3N},
     BYE "|",
     ""},
    {"a record a line, no program",
     {"<134>Jul 27 08:02:21 boxless " RX,
      "<134>Jul 27 08:02:21 boxless BYE sip:a@b SIP/2.0",
      "<134>Jul 27 08:02:21 boxless i: 1", "<134>Jul 27 08:02:21 boxless l: 0",
      "<134>Jul 27 08:02:21 boxless "},
     BYE "|",
     ""},
    {"a record a line, with a body",
     {H5 RX, H5 "INFO sip:a@b SIP/2.0", H5 "i: 1", H5 "l: 10", H5, H5 "12345678"},
     INFO "|",
     ""},
    {"a record a line, empty ones lost",
     {H5 RX, H5 "INFO sip:a@b SIP/2.0", H5 "l: 10", H5 "v=0", H5 "t=0"},
     "INFO sip:a@b SIP/2.0\nl: 10\n\nv=0\nt=0\n|",
     ""},
    {"a record a line, other records between",
     {H5 RX, H5 "BYE sip:a@b SIP/2.0", "<134>1 2014-07-27T08:02:21Z boxless web - - - x",
      H5 "i: 1", H5 "just saying so",
      "<134>1 2014-07-27T08:02:21Z other voip-udp-rx - - - j: 7", H5 "l: 0", H5},
     BYE "|",
     ""},
    {"a record a line, counted",
     {H5 TX35, H5 "BYE sip:a@b SIP/2.0", H5 "i: 1", H5 "l: 0", H5},
     BYE "|",
     ""},
    {"a record a line, counted, empty ones lost",
     {H5 TX35, H5 "BYE sip:a@b SIP/2.0", H5 "i: 1", H5 "l: 0"},
     "",
     BYE "|"},
    {"head in one, text in the next", {H5 RX, H5 INFO}, INFO "|", ""},
    {"split at a line",
     {H5 RX "\nINFO sip:a@b SIP/2.0\ni: 1\n", H5 "l: 10\n\n12345678\n"},
     INFO "|",
     ""},
    {"split in a line",
     {H5 RX "\nINFO sip:a@b SIP", H5 "/2.0\ni: 1\nl: 10\n\n12", H5 "345678\n"},
     INFO "|",
     ""},
    {"split in a line that then looks like a header",
     {H5 RX "\nINFO si", H5 "p:a@b SIP/2.0\ni: 1\nl: 10\n\n12345678\n"},
     INFO "|",
     ""},
    {"split before a line end",
     {H5 RX "\nINFO sip:a@b SIP/2.0", H5 "i: 1\nl: 10\n\n12345678\n"},
     INFO "|",
     ""},
    {"split, the rest without a header",
     {H5 RX "\nINFO sip:a@b SIP", "/2.0\ni: 1\nl: 10\n\n12345678\n"},
     INFO "|",
     ""},
    {"split, escaped",
     {H5 RX "#012INFO sip:a@b SIP", H5 "/2.0#012i: 1#012l: 10#012#01212345678#012"},
     INFO "|",
     ""},
    {"cut short",
     {H5 RX "\nINFO sip:a@b SIP/2.0\ni: 1\nl: 10\n\n12", "TICK"},
     "INFO sip:a@b SIP/2.0\ni: 1\nl: 10\n\n12!|",
     ""},
    {"cut short by the sender's count",
     {H5 "VoIP Tx 17 192.0.2.9:1->192.0.2.1:1 Try 0 999\nBYE sip:a@b SIP/2.0\ni: 1\n"},
     "",
     "BYE sip:a@b SIP/2.0\ni: 1\n!|"},
    {"too late",
     {H5 RX, H5 "BYE sip:a@b SIP/2.0", "TICK", H5 "l: 0", H5},
     "BYE sip:a@b SIP/2.0\n|",
     ""},
    {"the next head",
     {H5 RX "\nINFO sip:a@b SIP/2.0\nl: 10\n\n12\n", H5 RX "\n" BYE},
     "INFO sip:a@b SIP/2.0\nl: 10\n\n12\n!|" BYE "|",
     ""},
    {"no SIP", {H5 "hello", "hello", "", H5, H5 RX}, "", ""},
};

struct told {
    struct recorder *recorder;
    struct input_sink inner;
    struct out messages;
};
static u32 told_source(void *ctx, const struct source *s) {
    struct told *t = ctx;
    return t->inner.source(t->inner.ctx, s);
}
static void told_sighting(void *ctx, const struct sighting *s) {
    struct told *t = ctx;
    assert_true(s->at == SIGHTING_NOWHERE);
    out_bytes(&t->messages, s->bytes);
    if (s->cut) out_byte(&t->messages, '!');
    out_byte(&t->messages, '|');
    t->inner.sighting(t->inner.ctx, s);
}
static void told_skipped(void *ctx, enum skip_reason r, u64 place, u64 bytes) {
    struct told *t = ctx;
    t->inner.skipped(t->inner.ctx, r, place, bytes);
}
static void told_damage(void *ctx, str sentence) {
    struct told *t = ctx;
    t->inner.damage(t->inner.ctx, sentence);
}

static struct input_sink told_open(struct told *t) {
    *t = (struct told){.recorder = recorder_open()};
    t->inner = recorder_sink(t->recorder);
    return (struct input_sink){t, told_source, told_sighting, told_skipped, told_damage};
}
static void told_close(struct told *t) {
    out_drop(&t->messages);
    recorder_close(t->recorder);
}

static const struct endpoint sender = {.ip = {192, 0, 2, 77}, .port = 514, .family = 4};

static void check_feed(const struct feed_row *row) {
    struct told t;
    struct input_sink sink = told_open(&t);
    struct syslog *s = syslog_open(&sink, 0);
    i64 now = 1406448141 * US_PER_S; /* 2014-07-27T08:02:21Z */
    for (int i = 0; row->datagrams[i]; i++) {
        now += 1000;
        if (strcmp(row->datagrams[i], "TICK") == 0) {
            now += 300000;
            syslog_tick(s, now);
            continue;
        }
        str datagram = edge_copy(str_z(row->datagrams[i]));
        syslog_feed(s, datagram, &sender, now);
        edge_drop(datagram);
    }
    str got = out_str(&t.messages);
    if (!str_eq(got, str_z(row->at_once)))
        fail_msg("%s: at once:\n%.*s", row->name, (int)got.n, (const char *)got.p);
    isize before = got.n;
    syslog_tick(s, now + 100000);
    assert_int_equal(t.messages.n, before); /* too early */
    syslog_tick(s, now + 500000);
    got = str_from(out_str(&t.messages), before);
    if (!str_eq(got, str_z(row->in_the_end)))
        fail_msg("%s: in the end:\n%.*s", row->name, (int)got.n, (const char *)got.p);
    syslog_close(s);
    assert_int_equal(t.messages.n, before + got.n);
    told_close(&t);
}

static void messages_are_put_together(void **state) {
    (void)state;
    for (isize i = 0; i < countof(feed_rows); i++) check_feed(&feed_rows[i]);
}

/* A message cut in two anywhere is one message, whatever the cut goes through. */
static void every_split_reads_the_same(void **state) {
    str text = S("INFO sip:alice@b SIP/2.0\r\nVia: SIP/2.0/UDP "
                 "192.0.2.1;branch=z9hG4bK1\r\nTo: <sip:t:5060>\r\n"
                 "i: 1\r\nContent-Type: application/sdp\r\nContent-Length: "
                 "32\r\n\r\nv=0\r\ns=a:b\r\nt=0 0\r\na=x:y=z\r\n12\r\n");
    arena a = arena_open(16 << 20);
    (void)state;
    for (isize at = 1; at < text.n; at++) {
        arena scratch = a;
        struct told t;
        struct input_sink sink = told_open(&t);
        struct syslog *s = syslog_open(&sink, 0);
        str one = arena_printf(&scratch, H5 RX "\r\n%.*s", (int)at, text.p);
        str two = arena_printf(&scratch, H5 "%.*s", (int)(text.n - at), text.p + at);
        syslog_feed(s, one, &sender, 0);
        /* without its last line end it is known to be complete */
        assert_int_equal(t.recorder->n, at >= text.n - 2);
        syslog_feed(s, two, &sender, 1000);
        str got = out_str(&t.messages);
        if (got.n != text.n + 1 || !str_starts(got, text))
            fail_msg("split at %d:\n%.*s", (int)at, (int)got.n, (const char *)got.p);
        syslog_close(s);
        told_close(&t);
    }
    arena_close(&a);
}

static void the_best_time_is_taken(void **state) {
    static const struct {
        const char *datagram;
        i64 us; /* after 2014-07-27T08:02:21Z */
        u32 precision;
    } rows[] = {
        {H5 RX "\n" BYE, 123456, 1},
        {H3 RX "\n" BYE, 0, 1000000},
        {H5 "27 Jul 2014 08:02:20 voip-udp-rx " RX "\n" BYE, -1000000, 1000000},
        {H5 "27 Jul 2014 08:02:21 voip-udp-rx " RX "\n" BYE, 123456,
         1}, /* the same, finer */
        {"<134>1 - boxless voip - - - " RX "\n" BYE, 5000000,
         1000000}, /* none: when it came */
        {RX "\n" BYE, 5000000, 1000000},
    };
    i64 second = 1406448141 * US_PER_S;
    (void)state;
    for (isize i = 0; i < countof(rows); i++) {
        struct told t;
        struct input_sink sink = told_open(&t);
        struct syslog *s = syslog_open(&sink, 0);
        syslog_feed(s, str_z(rows[i].datagram), &sender, second + 5 * US_PER_S);
        assert_int_equal(t.recorder->n, 1);
        assert_int_equal(t.recorder->last.time_us - second, rows[i].us);
        assert_int_equal(t.recorder->last.precision_us, rows[i].precision);
        syslog_close(s);
        told_close(&t);
    }
}

static void hosts_are_sources(void **state) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct syslog *s = syslog_open(&sink, 0);
    (void)state;
    syslog_feed(s, S(H5 RX "\n" BYE), &sender, 0);
    syslog_feed(s, S("<134>1 2014-07-27T08:02:21Z boxless timer - - - " RX "\n" BYE),
                &sender, 0);
    syslog_feed(s, S("<134>1 2014-07-27T08:02:21Z 192.0.2.9 voip - - - " RX "\n" BYE),
                &sender, 0);
    syslog_feed(s, S(RX "\n" BYE), &sender, 0);
    syslog_feed(s, S(RX "\n" BYE), NULL, 0);
    assert_int_equal(r->n, 5);
    assert_int_equal(r->nsources, 4);
    assert_true(str_eq(r->sources[0].name, S("boxless")) &&
                str_eq(r->sources[0].device, S("boxless")));
    assert_true(str_eq(r->sources[1].name, S("192.0.2.9")) &&
                r->sources[1].device.n == 0);
    assert_true(str_eq(r->sources[2].name, S("192.0.2.77")) &&
                r->sources[2].device.n == 0);
    assert_true(str_eq(r->sources[3].name, S("unknown")));
    assert_int_equal(r->sources[0].kind, SOURCE_SYSLOG);
    assert_null(r->sources[0].read);
    syslog_close(s);
    recorder_close(r);
}

/* Two programs of one host, and two hosts, write into each other's messages line by line. */
static void lanes_do_not_mix(void **state) {
    static const char *const lines[] = {"INFO sip:%d@b SIP/2.0", "i: %d", "l: 10", "",
                                        "1234567%d"};
    static const char *const lanes[] = {"one rx", "one tx", "two rx"};
    struct told t;
    struct input_sink sink = told_open(&t);
    struct syslog *s = syslog_open(&sink, 0);
    char datagram[256], text[64];
    (void)state;
    for (int line = -1; line < countof(lines); line++) {
        for (int lane = 0; lane < countof(lanes); lane++) {
            snprintf(text, sizeof text, "%s", RX);
            if (line >= 0) {
                size_t n = 0;
                for (const char *p = lines[line]; *p; p++) {
                    bool mark = p[0] == '%';
                    text[n++] = mark ? (char)('0' + lane) : *p;
                    p += mark;
                }
                text[n] = 0;
            }
            snprintf(datagram, sizeof datagram, "<134>1 2014-07-27T08:02:21Z %s - - - %s",
                     lanes[lane], text);
            syslog_feed(s, str_z(datagram), &sender, 0);
        }
    }
    assert_true(str_eq(out_str(&t.messages),
                       S("INFO sip:0@b SIP/2.0\ni: 0\nl: 10\n\n12345670\n|"
                         "INFO sip:1@b SIP/2.0\ni: 1\nl: 10\n\n12345671\n|"
                         "INFO sip:2@b SIP/2.0\ni: 2\nl: 10\n\n12345672\n|")));
    assert_int_equal(skips_total(&t.recorder->skips), 0);
    syslog_close(s);
    told_close(&t);
}

/* A message that never ends: what was sent is given, cut, and what is over is told. */
static void endless_messages_are_cut(void **state) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct syslog *s = syslog_open(&sink, 0);
    char line[1100];
    (void)state;
    snprintf(line, sizeof line, "%s%01000d\n", H5, 7);
    syslog_feed(s, S(H5 RX "\nINFO sip:a@b SIP/2.0\nc: x/y\n\n"), &sender, 0);
    for (int i = 0; i < 100; i++) syslog_feed(s, str_z(line), &sender, i);
    assert_int_equal(r->n, 1);
    assert_true(r->last.cut && r->last.bytes.n > 60000 && r->last.bytes.n <= 65536);
    assert_int_equal(r->skips.n[SKIP_DAMAGED], 1);
    assert_int_equal(r->skips.n[SKIP_SYSLOG], 100 - 1 - (r->last.bytes.n - 29) / 1001);
    assert_true(str_starts(out_str(&r->damage),
                           S("a message is too long and was cut; 1001 bytes")));
    syslog_close(s);
    recorder_close(r);
}

static u32 any_source(void *ctx, const struct source *s) {
    (void)s;
    return (u32) * (isize *)ctx;
}
static void any_sighting(void *ctx, const struct sighting *s) {
    (void)s;
    ++*(isize *)ctx;
}
static void no_skipped(void *ctx, enum skip_reason r, u64 place, u64 bytes) {
    (void)place;
    (void)bytes;
    (void)ctx;
    assert_int_equal(r, SKIP_OVERFLOW);
}
static void no_damage(void *ctx, str sentence) {
    (void)ctx;
    assert_true(str_starts(sentence, S("more than 4096")));
}

/* Somebody who makes up hosts fills the table, and that is told; who is in it is still heard. */
static void hosts_have_a_limit(void **state) {
    isize n = 0;
    struct input_sink sink = {&n, any_source, any_sighting, no_skipped, no_damage};
    struct syslog *s = syslog_open(&sink, 0);
    char datagram[256];
    (void)state;
    for (int i = 0; i < 5000; i++) {
        snprintf(datagram, sizeof datagram,
                 "<134>1 2014-07-27T08:02:21Z host%d p - - - " RX "\n" BYE, i);
        syslog_feed(s, str_z(datagram), &sender, 0);
    }
    assert_int_equal(n, 4096);
    syslog_feed(s, S("<134>1 2014-07-27T08:02:21Z host17 p - - - " RX "\n" BYE), &sender,
                0);
    assert_int_equal(n, 4097);
    syslog_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_put_together),
        cmocka_unit_test(every_split_reads_the_same),
        cmocka_unit_test(the_best_time_is_taken),
        cmocka_unit_test(hosts_are_sources),
        cmocka_unit_test(lanes_do_not_mix),
        cmocka_unit_test(endless_messages_are_cut),
        cmocka_unit_test(hosts_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
