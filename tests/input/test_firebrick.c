/* FireBrick log text: heads, where messages end, what stands between them, and every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/recorder.h"
#include "base/time.h"
#include "lib/edge.h"

#include <stdio.h>

#define RX                                                                               \
    "26 Jul 2014 08:54:02 voip-udp-rx VoIP Rx 17 192.0.2.2:5060->203.0.113.72:5060\n"
#define TX(try)                                                                          \
    "26 Jul 2014 08:54:03 voip-udp-rx VoIP Tx 17 203.0.113.72:5060->192.0.2.2:5060 " try \
    "\n"
#define OTHER "26 Jul 2014 08:54:02 web User bob logged in\n"
#define BYE   "BYE sip:a@b SIP/2.0\ni: 1@b\nl: 0\n\n"
#define INFO  "INFO sip:a@b SIP/2.0\ni: 1@b\nl: 10\n\n"

/* ---- heads ------------------------------------------------------------------------------------ */

struct head_row {
    const char *line;
    const char *want; /* NULL: no head */
};

static const struct head_row head_rows[] = {
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx 17 192.0.2.1:3072->192.0.2.9:5060",
     "2014-07-27T08:02:21.000000Z/1000000 192.0.2.1:3072 192.0.2.9:5060 udp 1 0"},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Tx 17 192.0.2.9:5060->192.0.2.1:3072 Try 2 "
     "319\r\n",
     "2014-07-27T08:02:21.000000Z/1000000 192.0.2.9:5060 192.0.2.1:3072 udp 2 2"},
    {"7 Jul 2014 08:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     "2014-07-07T08:02:21.000000Z/1000000 192.0.2.1:1 192.0.2.9:2 udp 1 0"},
    {" 7 Jul 2014 08:02:21.25 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     "2014-07-07T08:02:21.250000Z/10000 192.0.2.1:1 192.0.2.9:2 udp 1 0"},
    {"27 Jul 2014 08:02:21 VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     "2014-07-27T08:02:21.000000Z/1000000 192.0.2.1:1 192.0.2.9:2 udp 1 0"},
    {"27 Jul 2014 08:02:21 voip timer thread VoIP Tx 6 192.0.2.1:1->192.0.2.9:2 Try 1",
     "2014-07-27T08:02:21.000000Z/1000000 192.0.2.1:1 192.0.2.9:2 tcp 2 1"},
    {"27 Jul 2014 08:02:21 m VoIP Rx 132 [2001:db8::1]:5060->[2001:db8::2]:5060",
     "2014-07-27T08:02:21.000000Z/1000000 [2001:db8::1]:5060 [2001:db8::2]:5060 sctp 1 "
     "0"},
    {"27 Jul 2014 08:02:21 m VoIP Rx 17 2001:db8::1:5060->2001:db8::2:5060",
     "2014-07-27T08:02:21.000000Z/1000000 [2001:db8::1]:5060 [2001:db8::2]:5060 udp 1 0"},
    {"2014-07-27T08:02:21.123456+01:00 voip-udp-rx VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     "2014-07-27T07:02:21.123456Z/1 192.0.2.1:1 192.0.2.9:2 udp 1 0"},
    {"2014-07-27 08:02:21 voip-udp-rx VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     "2014-07-27T08:02:21.000000Z/1000000 192.0.2.1:1 192.0.2.9:2 udp 1 0"},
    /* who redacts a log takes its addresses; the message stays */
    {"27 Jul 2014 08:02:21 m VoIP Rx 17 x.x.x.x:5060->192.0.2.9:2",
     "2014-07-27T08:02:21.000000Z/1000000 ? 192.0.2.9:2 udp 1 0"},
    {"", NULL},
    {"27 Jul 2014 08:02:21", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx 17", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx 17 192.0.2.1:1 192.0.2.9:2", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Rx udp 192.0.2.1:1->192.0.2.9:2", NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx VoIP Registered 17 192.0.2.1:1->192.0.2.9:2",
     NULL},
    {"27 Jul 2014 08:02:21 voip-udp-rx xVoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    {"27 Jul 2014 08:02:21 one two three four five VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     NULL},
    {"27 Jul 2014 24:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    {"31 Jun 2014 08:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    {"27 Jux 2014 08:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    {"027 Jul 2014 08:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    {"27 Jul 2014 08:02:21Z m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
    /* a syslog daemon's line: host and program stand before it */
    {"2014-07-27T08:02:21Z boxless voip-udp-rx VoIP Rx 17 192.0.2.1:1->192.0.2.9:2",
     NULL},
    {"2014-07-27T08:02:21Z voip-udp-rx: VoIP Rx 17 192.0.2.1:1->192.0.2.9:2", NULL},
};

static void heads_are_read(void **state) {
    arena a = arena_open(1 << 20);
    (void)state;
    for (isize i = 0; i < countof(head_rows); i++) {
        struct sighting s;
        str line = edge_copy(str_z(head_rows[i].line));
        bool ok = firebrick_head_read(line, 0, &s);
        edge_drop(line);
        if (ok != (head_rows[i].want != NULL)) fail_msg("%s: %d", head_rows[i].line, ok);
        if (!ok) continue;
        str t = time_iso(&a, s.time_us), src = endpoint_text(&a, &s.src),
            dst = endpoint_text(&a, &s.dst);
        str shown = arena_printf(&a, "%.*s/%u %.*s %.*s %s %d %d", (int)t.n, t.p,
                                 s.precision_us, (int)src.n, src.p, (int)dst.n, dst.p,
                                 transport_text(s.transport), s.vantage, s.attempt);
        if (!str_eq(shown, str_z(head_rows[i].want)))
            fail_msg("%s: %.*s", head_rows[i].line, (int)shown.n, (const char *)shown.p);
    }
    arena_close(&a);
}

static void the_zone_counts(void **state) {
    struct sighting utc, east;
    str line = S("27 Jul 2014 08:02:21 m VoIP Rx 17 192.0.2.1:1->192.0.2.9:2");
    (void)state;
    assert_true(firebrick_head_read(line, 0, &utc));
    assert_true(firebrick_head_read(line, 3600, &east));
    assert_int_equal(utc.time_us - east.time_us, 3600 * US_PER_S);
}

/* ---- messages ----------------------------------------------------------------------------------- */

struct log_row {
    const char *name, *log;
    const char *
        messages; /* as "bytes|bytes|", "!" after one that is cut, "~" after one that is in pieces */
    const char *skips;
};

static const struct log_row log_rows[] = {
    {"nothing", "", "", ""},
    {"blank lines", "\n\n\r\n", "", ""},
    {"one", RX BYE, BYE "|", ""},
    {"CRLF",
     "26 Jul 2014 08:54:02 m VoIP Rx 17 192.0.2.2:1->192.0.2.3:2\r\nBYE sip:a@b "
     "SIP/2.0\r\nl: 0\r\n\r\n",
     "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n|", ""},
    {"two", RX BYE TX("Try 0 37") BYE, BYE "|" BYE "|", ""},
    {"more blank lines", "\n\n" RX "\n" BYE "\n\n" RX BYE "\n\n", BYE "|" BYE "|", ""},
    {"no blank line after the headers, no length", RX "BYE sip:a@b SIP/2.0\n" RX BYE,
     "BYE sip:a@b SIP/2.0\n|" BYE "|", ""},
    {"a lost blank line, length 0", RX "BYE sip:a@b SIP/2.0\nl: 0\n" RX BYE,
     "BYE sip:a@b SIP/2.0\nl: 0\n\n~|" BYE "|", ""},
    {"the same at the very end", RX "BYE sip:a@b SIP/2.0\nContent-Length :  0",
     "BYE sip:a@b SIP/2.0\nContent-Length :  0\n\n~|", ""},
    {"body", RX INFO "12345678\n\n" RX BYE, INFO "12345678\n|" BYE "|", ""},
    {"body without a line end of its own", RX INFO "1234567890\n\n" RX BYE,
     INFO "1234567890|" BYE "|", ""},
    {"body with blank lines", RX INFO "12\n\n56\n\n" RX BYE, INFO "12\n\n56\n|" BYE "|",
     ""},
    {"body that ends in a blank line", RX INFO "123456\n\n" RX BYE,
     INFO "123456\n\n|" BYE "|", ""},
    {"other lines before the body's last blank lines",
     RX INFO "12\n\n" OTHER "\n\n" RX BYE, INFO "12\n\n\n\n~|" BYE "|",
     "other-line 1/44@8 "},
    {"body too short", RX INFO "12\n\n\n" RX BYE, INFO "12\n!|" BYE "|", ""},
    {"body too short, log ends", RX INFO "12", INFO "12!|", ""},
    {"no body at all", RX INFO, INFO "!|", ""},
    {"body without a length, with a type",
     RX "INFO sip:a@b SIP/2.0\nc: text/plain\n\none\n\ntwo\n\n" OTHER "more\n",
     "INFO sip:a@b SIP/2.0\nc: text/plain\n\none\n\ntwo\n|",
     "not-sip 1/5@10 other-line 1/44@9 "},
    {"neither length nor type: no body", RX "INFO sip:a@b SIP/2.0\n\none\n",
     "INFO sip:a@b SIP/2.0\n\n|", "not-sip 1/4@4 "},
    {"a length that is no number", RX "INFO sip:a@b SIP/2.0\nl: ten\nc: x/y\n\none\n",
     "INFO sip:a@b SIP/2.0\nl: ten\nc: x/y\n\none\n|", ""},
    {"other lines between", OTHER RX BYE OTHER OTHER RX BYE OTHER, BYE "|" BYE "|",
     "other-line 4/176@1 "},
    {"other lines within headers", RX "BYE sip:a@b SIP/2.0\n" OTHER "i: 1@b\nl: 0\n\n",
     BYE "~|", "other-line 1/44@3 "},
    {"other lines within the body", RX INFO "123\n" OTHER "678\n", INFO "123\n678\n~|",
     "other-line 1/44@7 "},
    {"other lines before the text", RX OTHER BYE, BYE "|", "other-line 1/44@2 "},
    {"other lines after a short body", RX INFO "123\n" OTHER OTHER "\n" RX BYE,
     INFO "123\n!|" BYE "|", "other-line 2/88@7 "},
    {"a body with dates in another style",
     RX INFO "2014-07-26 08:54:02 is a date\n" OTHER,
     INFO "2014-07-26 08:54:02 is a date\n|", "other-line 1/44@7 "},
    {"lines without a stamp after the body", RX INFO "12345678\njunk\nmore\n" RX BYE,
     INFO "12345678\n|" BYE "|", "not-sip 1/10@7 "},
    {"SDP with bare LFs in a log with bare LFs",
     RX "INFO sip:a@b SIP/2.0\nl: 12\n\nv=0\nt=0\ns=-\n" RX BYE,
     "INFO sip:a@b SIP/2.0\nl: 12\n\nv=0\nt=0\ns=-\n|" BYE "|", ""},
    {"the blank line before SDP is lost",
     RX "INFO sip:a@b SIP/2.0\nl: 10\nv=0\nt=0\n" RX BYE,
     "INFO sip:a@b SIP/2.0\nl: 10\n\nv=0\nt=0\n~|" BYE "|", ""},
    {"the sender's count tells", TX("Try 0 50") "BYE sip:a@b SIP/2.0\nl: 0\n\n",
     "BYE sip:a@b SIP/2.0\nl: 0\n\n!|", ""},
    {"the sender's count fits", TX("Try 3 29") "BYE sip:a@b SIP/2.0\nl: 0\n\n",
     "BYE sip:a@b SIP/2.0\nl: 0\n\n|", ""},
    {"the sender's count ends a body",
     TX("Try 0 39") "INFO sip:a@b SIP/2.0\nc: x/y\n\none\n\nx\n" OTHER "two\n",
     "INFO sip:a@b SIP/2.0\nc: x/y\n\none\n\n|", "not-sip 2/6@7 other-line 1/44@8 "},
    {"heads without a message", RX RX BYE RX "\n\n" OTHER TX(""), BYE "|",
     "other-line 1/44@10 no-message 3/0@1 "},
    {"a head and no SIP", RX "\nhello world\nmore\n" RX BYE, BYE "|", "not-sip 1/17@3 "},
    {"a page around it", "<html>\n<pre>\n" RX BYE "</pre>\n", BYE "|", "not-sip 2/20@1 "},
    {"UTF-8 and what is none", RX "BYE sip:\xc3\xa9@b SIP/2.0\ns: \xff\xfe\nl: 0\n\n",
     "BYE sip:\xc3\xa9@b SIP/2.0\ns: \xff\xfe\nl: 0\n\n|", ""},
    {"binary between", RX BYE "\x01\x02\x03\n" RX BYE, BYE "|" BYE "|", "binary 1/4@6 "},
};

/* What the recorder saw in the form of log_row.messages. */
struct seen {
    struct recorder *recorder;
    struct input_sink inner;
    struct out messages;
};

static u32 seen_source(void *ctx, const struct source *s) {
    struct seen *seen = ctx;
    return seen->inner.source(seen->inner.ctx, s);
}
static void seen_sighting(void *ctx, const struct sighting *s) {
    struct seen *seen = ctx;
    out_bytes(&seen->messages, s->bytes);
    if (s->cut) out_byte(&seen->messages, '!');
    if (s->at == SIGHTING_NOWHERE) out_byte(&seen->messages, '~');
    out_byte(&seen->messages, '|');
    seen->inner.sighting(seen->inner.ctx, s);
}
static void seen_skipped(void *ctx, enum skip_reason r, u64 place, u64 bytes) {
    struct seen *seen = ctx;
    seen->inner.skipped(seen->inner.ctx, r, place, bytes);
}
static void seen_damage(void *ctx, str sentence) {
    struct seen *seen = ctx;
    seen->inner.damage(seen->inner.ctx, sentence);
}

/* Reads `log`, split at `split` and, when step is set, every step bytes after that. */
static void seen_read(struct seen *seen, str log, isize split, isize step) {
    struct firebrick f;
    struct source source = {.name = S("a.log"), .kind = SOURCE_DEVICE_LOG};
    *seen = (struct seen){.recorder = recorder_open()};
    seen->inner = recorder_sink(seen->recorder);
    struct input_sink sink = {seen, seen_source, seen_sighting, seen_skipped,
                              seen_damage};
    firebrick_init(&f, &sink, sink.source(sink.ctx, &source));
    f.in_place = true;
    f.name = S("a.log");
    for (isize at = 0, n = split; at < log.n; n = step ? step : log.n) {
        str piece = edge_copy(str_sub(log, at, n));
        firebrick_feed(&f, piece);
        edge_drop(piece);
        at += n;
    }
    firebrick_finish(&f);
    firebrick_drop(&f);
}

static void seen_drop(struct seen *seen) {
    out_drop(&seen->messages);
    recorder_close(seen->recorder);
}

static void check_row(const struct log_row *row) {
    struct seen seen;
    struct out skips = {0};
    seen_read(&seen, str_z(row->log), str_z(row->log).n, 0);
    recorder_skips(seen.recorder, &skips);
    str messages = out_str(&seen.messages);
    if (!str_eq(messages, str_z(row->messages)))
        fail_msg("%s: messages are\n%.*s", row->name, (int)messages.n,
                 (const char *)messages.p);
    if (!str_eq(out_str(&skips), str_z(row->skips)))
        fail_msg("%s: skips are %.*s", row->name, (int)skips.n, (const char *)skips.p);
    out_drop(&skips);
    seen_drop(&seen);
}

static void logs_are_read(void **state) {
    (void)state;
    for (isize i = 0; i < countof(log_rows); i++) check_row(&log_rows[i]);
}

static void nuls_are_bytes(void **state) {
    struct seen seen;
    struct out skips = {0};
    (void)state;
    seen_read(&seen,
              S(RX "jaK\n" RX "\0\n" RX "MESSAGE sip:a@b SIP/2.0\nl: 5\n\na\0b\0c"), 9999,
              0);
    recorder_skips(seen.recorder, &skips);
    assert_true(
        str_eq(out_str(&seen.messages), S("MESSAGE sip:a@b SIP/2.0\nl: 5\n\na\0b\0c|")));
    assert_true(str_eq(out_str(&skips), S("keep-alive 2/6@2 ")));
    out_drop(&skips);
    seen_drop(&seen);
}

/* Where the bytes stand and the line people look for. */
static void places_are_told(void **state) {
    struct seen seen;
    (void)state;
    seen_read(&seen, S(OTHER RX BYE OTHER RX BYE), 9999, 0);
    isize head = (isize)sizeof RX - 1, other = (isize)sizeof OTHER - 1,
          bye = (isize)sizeof BYE - 1;
    char want[64];
    snprintf(want, sizeof want, "2@%d 8@%d ", (int)(other + head),
             (int)(2 * other + 2 * head + bye));
    assert_true(str_eq(out_str(&seen.recorder->places), str_z(want)));
    seen_drop(&seen);
}

/* ---- splits, prefixes, sizes ------------------------------------------------------------------------ */

#define RICH_BODIES                                                                      \
    OTHER RX "\n" INFO "12345678\n" OTHER TX("Try 0 37") BYE RX INFO "123\n" OTHER       \
                                                                     "678\r\n\r\n"
#define RICH_ENDS                                                                        \
    RX "hello there\n" RX RX "INFO sip:a@b SIP/2.0\nc: x\n\none\n\ntwo\n\n" TX(          \
        "Try 1 99") "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n\x01\x02junk\n\n" RX             \
                    "OPTIONS sip:a@b SIP/2.0\nl: 0"
#define RICH RICH_BODIES RICH_ENDS

static void every_split_reads_the_same(void **state) {
    struct seen whole, split;
    str log = S(RICH);
    (void)state;
    seen_read(&whole, log, log.n, 0);
    assert_int_equal(whole.recorder->n, 6);
    for (isize at = 0; at <= log.n; at++) {
        seen_read(&split, log, at, 0);
        if (!recorder_same(whole.recorder, split.recorder))
            fail_msg("split at %d", (int)at);
        seen_drop(&split);
    }
    for (isize step = 1; step < 90; step++) {
        seen_read(&split, log, step, step);
        if (!recorder_same(whole.recorder, split.recorder))
            fail_msg("steps of %d", (int)step);
        seen_drop(&split);
    }
    seen_drop(&whole);
}

/* A longer log never takes back a message that was given before its last head. */
static void check_prefix(void *ctx, str prefix) {
    struct seen seen;
    str whole = *(str *)ctx;
    seen_read(&seen, prefix, prefix.n, 0);
    str text = out_str(&seen.recorder->text);
    isize last = text.n;
    while (last > 0 && !str_starts(str_from(text, last), S("\na.log "))) last--;
    assert_true(str_starts(whole, str_sub(text, 0, last)));
    seen_drop(&seen);
}

static void every_prefix_reads_as_far_as_it_goes(void **state) {
    struct seen whole;
    (void)state;
    seen_read(&whole, S(RICH), 9999, 0);
    str text = out_str(&whole.recorder->text);
    edge_every_prefix(S(RICH), check_prefix, &text);
    seen_drop(&whole);
}

/* Feeds `before`, then `n` times `line`, then `after`, in pieces of an odd size. */
static struct recorder *feed_big(str before, str line, isize n, str after, isize *held) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct source source = {.name = S("a.log"), .kind = SOURCE_DEVICE_LOG};
    struct firebrick f;
    firebrick_init(&f, &sink, sink.source(sink.ctx, &source));
    f.name = S("a.log");
    firebrick_feed(&f, before);
    for (isize i = 0; i < n; i++) firebrick_feed(&f, line);
    *held = f.cap_part + f.cap_text;
    firebrick_feed(&f, after);
    firebrick_finish(&f);
    firebrick_drop(&f);
    return r;
}

static void memory_is_bounded(void **state) {
    enum { MIB = 1 << 20, BOUND = 2 * MIB };
    isize held;
    struct recorder *r;
    str long_part = S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    (void)state;
    /* 100 MB without a line end, outside a message */
    r = feed_big(S("x"), long_part, 100 * MIB / 64, S("\n" RX BYE), &held);
    assert_true(held < BOUND);
    assert_int_equal(r->n, 1);
    assert_int_equal(r->skips.n[SKIP_NOT_SIP], 1);
    assert_int_equal(r->skips.bytes[SKIP_NOT_SIP], 100 * MIB + 2);
    assert_int_equal(r->last.line, 2);
    recorder_close(r);
    /* a header of 20 MB: the message is cut, what is lost is counted and told */
    r = feed_big(S(RX "BYE sip:a@b SIP/2.0\ns: "), long_part, 20 * MIB / 64,
                 S("\nl: 0\n\n" RX BYE), &held);
    assert_true(held < BOUND);
    assert_int_equal(r->n, 2);
    assert_int_equal(r->ncut, 1);
    assert_int_equal(r->skips.n[SKIP_DAMAGED], 1);
    assert_int_equal(r->skips.bytes[SKIP_DAMAGED], 20 * MIB + 23 + 1 + 6 - 256 * 1024);
    assert_true(str_starts(out_str(&r->damage),
                           S("a.log: line 1: a message is too long and was cut; ")));
    recorder_close(r);
    /* a million lines of body that no Content-Length ends */
    r = feed_big(S(RX "INFO sip:a@b SIP/2.0\nc: x/y\n\n"), S("one more line\n"), MIB,
                 S(RX BYE), &held);
    assert_true(held < BOUND);
    assert_int_equal(r->n, 2);
    assert_int_equal(r->ncut, 1);
    recorder_close(r);
}

static void a_header_of_64_kb_is_kept(void **state) {
    isize held;
    str part = S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    (void)state;
    struct recorder *r = feed_big(S(RX "BYE sip:a@b SIP/2.0\ns: "), part, 1024,
                                  S("\nl: 0\n\n" RX BYE), &held);
    assert_int_equal(r->n, 2);
    assert_int_equal(r->ncut, 0);
    assert_int_equal(skips_total(&r->skips), 0);
    recorder_close(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read),
        cmocka_unit_test(the_zone_counts),
        cmocka_unit_test(logs_are_read),
        cmocka_unit_test(nuls_are_bytes),
        cmocka_unit_test(places_are_told),
        cmocka_unit_test(every_split_reads_the_same),
        cmocka_unit_test(every_prefix_reads_as_far_as_it_goes),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_header_of_64_kb_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
