/* Whole messages: what is read of them, whole, cut, from a log, or with too much in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/parsed.h"

static void a_request(void **state) {
    (void)state;
    str text = S("INVITE sip:b@example.org;lr SIP/2.0\r\n" VIA FROM TO ID
                 "X-Own:  two words \r\n"
                 "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
    assert_int_equal(parse(text), ERR_OK);
    assert_notes("");
    assert_true(msg.is_request);
    assert_false(msg.cut);
    assert_int_equal(msg.method, SIP_METHOD_INVITE);
    assert_str(msg.method_name, S("INVITE"));
    assert_str(msg.uri, S("sip:b@example.org;lr"));
    assert_str(msg.version, S("SIP/2.0"));
    assert_int_equal(msg.status, 0);
    assert_str(msg.call_id, S("c@example.com"));
    assert_int_equal(msg.cseq.number, 1);
    assert_int_equal(msg.cseq.method, SIP_METHOD_INVITE);
    assert_str(msg.from_tag, S("f"));
    assert_str(msg.to_tag, S(""));
    assert_str(msg.branch, S("z9hG4bK1"));
    assert_str(msg.body, S("v=0\r\n"));
    assert_int_equal(msg.head.n + msg.body.n, text.n);
    assert_str(sip_header_named(&msg, S("x-own"))->value, S("two words"));
    assert_str(sip_header_named(&msg, S("i"))->value, S("c@example.com"));
    assert_null(sip_header_named(&msg, S("X-Ow")));
    assert_null(sip_header_first(&msg, SIP_HDR_CONTACT));
    assert_null(sip_header_next(&msg, sip_header_first(&msg, SIP_HDR_VIA)));
}

static void a_response(void **state) {
    (void)state;
    assert_int_equal(parse(S("SIP/2.0 486 Busy  Here \r\nv: SIP/2.0/UDP a;branch=1, "
                             "SIP/2.0/UDP b;branch=2\r\n"
                             "f: sip:a@b;tag=1\r\nt: sip:c@d;tag=2\r\ni: x\r\ncseq: 7 "
                             "BYE\r\nl: 0\r\n\r\n")),
                     ERR_OK);
    assert_notes("");
    assert_false(msg.is_request);
    assert_int_equal(msg.status, 486);
    assert_str(msg.reason, S("Busy  Here"));
    assert_int_equal(msg.method, SIP_METHOD_NONE);
    assert_str(msg.branch, S("1"));
    assert_str(msg.to_tag, S("2"));
    assert_int_equal(msg.cseq.method, SIP_METHOD_BYE);
    assert_int_equal(msg.body.n, 0);
}

static void nul_bytes(void **state) {
    (void)state;
    assert_int_equal(parse(S(INVITE NEEDED "Subject: a\0b\r\n\r\n")), ERR_OK);
    assert_notes("nul");
    assert_str(sip_header_first(&msg, SIP_HDR_SUBJECT)->value, S("a\0b"));
    assert_int_equal(parse(S("\0\0" INVITE NEEDED "\r\n")), ERR_OK);
    assert_notes("leading-junk");
    assert_int_equal(msg.notes[0].at, 0);
    assert_int_equal(msg.notes[0].n, 2);
    assert_int_equal(parse(S(INVITE NEEDED "c: text/plain\r\nl: 3\r\n\r\na\0b")), ERR_OK);
    assert_notes("");
    assert_str(msg.body, S("a\0b"));
}

/* Device logs store LF for CRLF: Content-Length counts bytes that are not there. */
static void bodies_from_logs(void **state) {
    (void)state;
#define LOG "INVITE sip:b SIP/2.0\n" VIA FROM TO ID "c: application/sdp\n"
    static const struct {
        const char *text, *notes;
        isize body;
    } table[] = {
        {LOG "l: 10\n\nv=0\ns=-\n", "bare-lf", 8},
        {LOG "l: 8\n\nv=0\ns=-\n", "bare-lf", 8},
        {LOG "l: 10\n\nv=0\ns=-\n\n", "bare-lf", 8},  /* the log's own blank line */
        {LOG "l: 10\n\nv=0\ns=-", "bare-lf", 7},      /* the log trimmed the end */
        {LOG "l: 8\n\nv=0\ns=-\n\n\n", "bare-lf", 8}, /* counted as it stands */
        {LOG "l: 10\n\nv=0\ns=-\nmore", "bare-lf body-long", 8},
        {LOG "l: 20\n\nv=0\ns=-\n", "bare-lf body-short", 8},
        {INVITE NEEDED "c: application/sdp\r\nl: 10\r\n\r\nv=0\ns=-\n", "", 8},
        {INVITE NEEDED "c: application/sdp\r\nl: 9\r\n\r\nv=0\ns=-\n", "body-short", 8},
    };
    for (isize i = 0; i < countof(table); i++) {
        assert_int_equal(parse(str_z(table[i].text)), ERR_OK);
        assert_notes(table[i].notes);
        assert_int_equal(msg.body.n, table[i].body);
        assert_int_equal(msg.cut, strstr(table[i].notes, "short") != NULL);
    }
}

static void what_is_no_message(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "\r\n",
        "\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "INVITE",
        "INVITE ",
        "SIP",
        "SIP/",
        "SIP/x 200 OK\r\n",
        "Via: SIP/2.0/UDP a\r\n\r\n",
        "v=0\r\no=- 1 1 IN IP4 a\r\n",
        "PING sip:a\r\n",
        "\x80\x08\x01\x02",
    };
    for (isize i = 0; i < countof(texts); i++) {
        assert_int_equal(parse(str_z(texts[i])), ERR_SYNTAX);
        assert_int_equal(msg.nheaders + msg.nnotes + msg.head.n + msg.body.n, 0);
        assert_false(sip_looks_like_start(str_z(texts[i])));
    }
}

static void a_message_cut_in_its_head(void **state) {
    (void)state;
    assert_int_equal(parse(S(INVITE VIA "Call-ID: abc\r\nFrom: <sip:a@b>;tag=12")),
                     ERR_MORE);
    assert_notes("headers-cut");
    assert_true(msg.cut);
    assert_str(msg.call_id, S("abc"));
    assert_str(msg.from_tag, S("")); /* half a tag would be another tag */
    assert_str(sip_header_first(&msg, SIP_HDR_FROM)->value, S("<sip:a@b>;tag=12"));
    assert_int_equal(parse(S("INVITE sip:a@exam")), ERR_MORE);
    assert_notes("start-line headers-cut");
    assert_str(msg.uri, S("sip:a@exam"));
    assert_int_equal(parse(S(INVITE VIA)), ERR_MORE);
    assert_str(msg.branch, S("z9hG4bK1"));
}

/* More than we keep: all are read, the rest is counted, and a note says so. */
static void too_many_headers_and_notes(void **state) {
    (void)state;
    static u8 text[1 << 16];
    isize n = (isize)(strlen(INVITE) + strlen(VIA));
    memcpy(text, INVITE VIA, (size_t)n);
    for (int i = 0; i < 200; i++) n += snprintf((char *)text + n, 64, "X-%d: y\r\n", i);
    n += snprintf((char *)text + n, 256, FROM TO ID "\r\n");
    assert_int_equal(parse((str){text, n}), ERR_OK);
    assert_notes("headers-many");
    assert_int_equal(msg.nheaders, SIP_MAX_HEADERS);
    assert_int_equal(msg.headers_skipped, 206 - SIP_MAX_HEADERS);
    assert_str(msg.call_id, S("c@example.com"));
    assert_str(msg.from_tag, S("f"));
    assert_null(sip_header_first(&msg, SIP_HDR_CALL_ID));

    n = snprintf((char *)text, 512, INVITE NEEDED);
    for (int i = 0; i < 30; i++)
        n += snprintf((char *)text + n, 64, "Expires: never\r\n");
    n += snprintf((char *)text + n, 64, "\r\n");
    assert_int_equal(parse((str){text, n}), ERR_OK);
    assert_notes("expires notes-many");
    assert_int_equal(msg.nnotes, SIP_MAX_NOTES);
    assert_int_equal(msg.notes_skipped, 30 - SIP_MAX_NOTES + 1);
}

static void very_long_headers(void **state) {
    (void)state;
    static const char *const fronts[] = {
        "X-Long: ",          "Contact: <sip:a@b>;x=", "Contact: \"", "Via: ((((",
        "Warning: 399 a \"", "Route: <sip:",          "From: sip:"};
    enum { LONG = 65536 };
    static u8 text[LONG + 1024];
    static const u8 fillers[] = {'a', '(', '"', ',', ';', '<', '\\', '=', ' ', '%', 0x80};
    for (isize i = 0; i < countof(fronts); i++) {
        for (isize k = 0; k < countof(fillers); k++) {
            isize n = snprintf((char *)text, 512, INVITE VIA TO ID "%s", fronts[i]);
            memset(text + n, fillers[k], LONG);
            n += LONG;
            n += snprintf((char *)text + n, 64, "\r\nSubject: after\r\n\r\n");
            assert_int_equal(parse((str){text, n}), ERR_OK);
            assert_str(sip_header_first(&msg, SIP_HDR_SUBJECT)->value, S("after"));
        }
    }
}

static void call_ids_that_differ_in_the_last_byte(void **state) {
    (void)state;
    assert_int_equal(
        parse(S(OK_LINE VIA FROM TO "Call-ID: call-1\r\nCSeq: 1 BYE\r\n\r\n")), ERR_OK);
    str first = msg.call_id;
    u8 kept[16];
    memcpy(kept, first.p, (size_t)first.n);
    first.p = kept;
    assert_int_equal(
        parse(S(OK_LINE VIA FROM TO "Call-ID: call-2\r\nCSeq: 1 BYE\r\n\r\n")), ERR_OK);
    assert_int_equal(first.n, 6);
    assert_false(str_eq(first, msg.call_id));
    assert_str(msg.call_id, S("call-2"));
}

static void tags_hidden_in_quotes(void **state) {
    (void)state;
    assert_int_equal(parse(S(INVITE VIA ID
                             "From: <sip:a@b>;note=\"x;tag=EVIL\";tag=GOOD\r\n"
                             "To: \"<sip:evil@e>;tag=EVIL\" <sip:b@c>;TAG=fine\r\n\r\n")),
                     ERR_OK);
    assert_notes("");
    assert_str(msg.from_tag, S("GOOD"));
    assert_str(msg.to_tag, S("fine"));
}

static void summaries(void **state) {
    (void)state;
    static const struct {
        const char *text, *summary;
    } table[] = {
        {INVITE "\r\n", "INVITE"},
        {"PING sip:a SIP/2.0\r\n\r\n", "PING"},
        {"SIP/2.0 180 Ringing\r\n\r\n", "180 Ringing"},
        {"SIP/2.0 180 Bimmelt\n\n", "180 Bimmelt"},
        {"SIP/2.0 180 \r\n\r\n", "180 Ringing"},
        {"SIP/2.0 299 \r\n\r\n", "299"},
        {"SIP/2.0 1800 Too far\r\n\r\n", "1800 Too far"},
        {"SIP/2.0 OK\r\n\r\n", "OK"},
    };
    arena view = arena_open(1 << 20);
    for (isize i = 0; i < countof(table); i++) {
        assert_int_equal(parse(str_z(table[i].text)), ERR_OK);
        assert_str(sip_msg_summary(&view, &msg), str_z(table[i].summary));
    }
    arena_close(&view);
}

static void check_prefix(void *ctx, str prefix) {
    static struct sip_msg m;
    struct fail f;
    enum err e = message_read(&m, prefix, &f);
    str whole = *(const str *)ctx;
    assert_true(message_is_inside(&m));
    if (e == ERR_OK) {
        assert_true(
            prefix.n >=
            whole.n -
                7); /* the head is whole: the body is short, unless nothing is cut */
        assert_int_equal(m.cut, prefix.n < whole.n);
    }
    if (e == ERR_SYNTAX) assert_true(prefix.n < 12);
    if (e != ERR_SYNTAX) assert_true(sip_looks_like_start(prefix));
}

static void every_prefix_is_read(void **state) {
    (void)state;
    str texts[] = {
        S(INVITE NEEDED "X: a\r\n b\r\nc: text/plain\r\nl: 7\r\n\r\nhello\r\n"),
        S("SIP/2.0 200 OK\r\n" NEEDED
          "m: \"A\" <sip:a@b>;q=1, <sip:c@d>\r\nc: text/plain\r\n"
          "Content-Length: 7\r\n\r\nhello\r\n"),
    };
    for (isize i = 0; i < countof(texts); i++)
        edge_every_prefix(texts[i], check_prefix, &texts[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request),
        cmocka_unit_test(a_response),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(bodies_from_logs),
        cmocka_unit_test(what_is_no_message),
        cmocka_unit_test(a_message_cut_in_its_head),
        cmocka_unit_test(too_many_headers_and_notes),
        cmocka_unit_test(very_long_headers),
        cmocka_unit_test(call_ids_that_differ_in_the_last_byte),
        cmocka_unit_test(tags_hidden_in_quotes),
        cmocka_unit_test(summaries),
        cmocka_unit_test(every_prefix_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
