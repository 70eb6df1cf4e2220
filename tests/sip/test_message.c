/* Whole messages: what is read, what is noted, and where the note points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "sip/notes.h"

#define VIA     "Via: SIP/2.0/UDP pc.example.com;branch=z9hG4bK1\r\n"
#define FROM    "From: <sip:a@example.com>;tag=f\r\n"
#define TO      "To: <sip:b@example.org>\r\n"
#define ID      "Call-ID: c@example.com\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
#define INVITE  "INVITE sip:b@example.org SIP/2.0\r\n"
#define NEEDED  VIA FROM TO ID
#define OK_LINE "SIP/2.0 200 OK\r\n"

static struct sip_msg msg; /* large: not for the stack of a sanitized test */

/* Parses a copy that ends at an unreadable page; the copy stays until the next call. */
static enum err parse(str text) {
    static str last;
    struct fail f;
    if (last.p) edge_drop(last);
    last = edge_copy(text);
    enum err e = message_read(&msg, last, &f);
    assert_true(message_is_inside(&msg));
    assert_int_equal(f.err, e);
    if (e != ERR_OK) assert_true(f.at >= 0 && f.at <= text.n && f.why);
    return e;
}

static void assert_notes(const char *wanted) {
    char line[NOTES_LINE];
    notes_line(&msg, line);
    assert_string_equal(line, wanted);
}

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

/* One row: what stands after INVITE and NEEDED, the caret under what the one note means. */
struct note_row {
    enum sip_note_code code;
    const char *header, *caret;
};

static const struct note_row in_headers[] = {
    {SIP_NOTE_CONTACT, "Contact: <sip:a@b>;;x", "                   ^"},
    {SIP_NOTE_CONTACT, "m: \"A\" ;x=1", "       ^"},
    {SIP_NOTE_CONTACT, "m:", "  ^"},
    {SIP_NOTE_CONTACT, "m: <sip:a@b>,,<sip:c@d>", "             ^"},
    {SIP_NOTE_CONTACT, "m: <sip:a@b>,", "            ^"},
    {SIP_NOTE_CONTACT, "m: <a@b>", "    ^"},
    {SIP_NOTE_EXPIRES, "m: <sip:a@b>;expires=x", "                     ^"},
    {SIP_NOTE_EXPIRES, "m: <sip:a@b>;expires=4294967296", "                     ^"},
    {SIP_NOTE_EXPIRES, "Expires: -1", "         ^"},
    {SIP_NOTE_EXPIRES, "Min-Expires: soon", "             ^"},
    {SIP_NOTE_EXPIRES, "x: 90s;refresher=uac", "   ^"},
    {SIP_NOTE_ADDRESS, "Route: <sip:a@b", "       ^"},
    {SIP_NOTE_ADDRESS, "Record-Route: <sip:a@b>, x", "                         ^"},
    {SIP_NOTE_ADDRESS, "Refer-To: b@c", "          ^"},
    {SIP_NOTE_ADDRESS, "P-Asserted-Identity: <tel:>", "                          ^"},
    {SIP_NOTE_QUOTE, "P-Asserted-Identity: \"A <sip:a@b>", "                     ^"},
    {SIP_NOTE_QUOTE, "m: <sip:a@b>;x=\"y", "               ^"},
    {SIP_NOTE_DATE, "Date: Fri, 01 Aug 2025 08:15:30 UTC", "      ^"},
    {SIP_NOTE_WARNING, "Warning:", "        ^"},
    {SIP_NOTE_WARNING, "Warning: ", "         ^"},
    {SIP_NOTE_WARNING, "Warning: 39 a \"b\"", "         ^"},
    {SIP_NOTE_WARNING, "Warning: 399 \"b\"", "         ^"},
    {SIP_NOTE_WARNING, "Warning: 399 a b", "         ^"},
    {SIP_NOTE_WARNING, "Warning: 399 a \"b\", 3", "                    ^"},
    {SIP_NOTE_QUOTE, "Warning: 399 a \"b", "               ^"},
    {SIP_NOTE_AUTH, "Authorization:", "              ^"},
    {SIP_NOTE_AUTH, "Authorization: Digest", "                     ^"},
    {SIP_NOTE_AUTH, "Authorization: Digest a", "                      ^"},
    {SIP_NOTE_AUTH, "Authorization: Digest a=\"b\" c=d", "                      ^"},
    {SIP_NOTE_AUTH, "Authorization: Digest a=b,", "                          ^"},
    {SIP_NOTE_QUOTE, "Authorization: Digest a=\"b", "                        ^"},
    {SIP_NOTE_EXTENSION_REQUIRED, "Authorization: Wink eye=left", "               ^"},
    {SIP_NOTE_EXTENSION_REQUIRED, "Require: timer, levitate", "                ^"},
    {SIP_NOTE_EXTENSION_REQUIRED, "Accept: text/plain", "        ^"},
    {SIP_NOTE_EXTENSION_REQUIRED, "c: application/cake;x=y", "   ^"},
    {SIP_NOTE_CONTENT_LENGTH, "Content-Length: five", "                ^"},
    {SIP_NOTE_CONTENT_LENGTH, "Content-Length: -1", "                ^"},
    {SIP_NOTE_CONTENT_LENGTH, "Content-Length:", "               ^"},
    {SIP_NOTE_DUPLICATE, "Call-ID: again", "^"},
    {SIP_NOTE_DUPLICATE, "CSeq: 2 BYE", "^"},
    {SIP_NOTE_DUPLICATE, "f: <sip:x@y>;tag=z", "^"},
    {SIP_NOTE_DUPLICATE, "t: <sip:x@y>;tag=z", "^"},
    {SIP_NOTE_DUPLICATE, "Max-Forwards: x", "^"},
    {SIP_NOTE_VIA, "Via: SIP/2.0/UDP", "                ^"},
    {SIP_NOTE_VIA, "Via: SIP/2.0/UDP a;branch=z9hG4bK", "                          ^"},
    {SIP_NOTE_HEADER_COLON, "No colon here", "^"},
    {SIP_NOTE_HEADER_NAME, ": no name", "^"},
    {SIP_NOTE_HEADER_BYTE, "Two Words: x", "   ^"},
    {SIP_NOTE_HEADER_BYTE, "A(b): x", " ^"},
    {SIP_NOTE_HEADER_BYTE, "Subject: a\x01z", "          ^"},
    {SIP_NOTE_HEADER_BYTE, "Subject: a\x7fz", "          ^"},
    {SIP_NOTE_HEADER_BYTE, "Subject: a\rz", "          ^"},
    {SIP_NOTE_NOT_UTF8, "Subject: \xe5\xe4", "         ^"},
    {SIP_NOTE_NOT_UTF8, "Subject: ok \xc3\xa5 \xc3(", "               ^"},
};

static void notes_point_at_what_they_mean(void **state) {
    (void)state;
    str front = S(INVITE NEEDED);
    for (isize i = 0; i < countof(in_headers); i++) {
        const struct note_row *row = &in_headers[i];
        char text[1024];
        int n = snprintf(text, sizeof text, INVITE NEEDED "%s\r\n\r\n", row->header);
        assert_int_equal(parse((str){(u8 *)text, n}), ERR_OK);
        if (msg.nnotes != 1 ||
            msg.notes[0].at != (u32)front.n + (u32)strlen(row->caret) - 1) {
            char line[NOTES_LINE];
            notes_line(&msg, line);
            print_error("%s: %s\n", row->header, line);
            if (msg.nnotes) print_error("at %d\n", (int)msg.notes[0].at - (int)front.n);
        }
        assert_int_equal(msg.nnotes, 1);
        assert_int_equal(msg.notes[0].code, row->code);
        assert_int_equal(msg.notes[0].at, front.n + (isize)strlen(row->caret) - 1);
        assert_str(msg.call_id, S("c@example.com")); /* the first wins */
        assert_str(msg.from_tag, S("f"));
        assert_str(msg.to_tag, S(""));
        assert_str(msg.branch, S("z9hG4bK1"));
    }
}

static void headers_that_are_fine(void **state) {
    (void)state;
    static const char *const headers[] = {
        "Contact: *",
        "m: <sip:a@b>;expires=0;q=0.5, \"C, D\" <sip:c@d>",
        "Supported:",
        "Subject:",
        "Subject: \xc3\xa5\xc3\xa4\xc3\xb6 \xe7\xb9\x94",
        "X-Quoted: \"a\\\x01z\"",
        "Session-Expires: 1800;refresher=uac",
        "Require: 100rel, timer",
        "Warning: 399 a.example.com:5060 \"x, \\\"y\\\"\", 301 - \"z\"",
        "Authorization: Digest realm=\"b;c, d\" , nc=01,qop=auth, uri=\"sip:d\"",
        "Proxy-Authorization: Basic YTpi=",
        "Date: Fri, 01 Aug 2025 08:15:30 GMT",
        "Accept: application/sdp;level=1, text/plain",
        "Accept: */*",
        "c: multipart/mixed;boundary=x",
        "Route: <sip:a;lr>,<sip:b;lr>",
        "Diversion: \"x\" <tel:+4631555010>;reason=unconditional;counter=1",
        "Refer-To: <sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "Route-Node-Key: zzz",
        "P-Route-Id: gw7",
        "UnknownHeader: ;;,,;;,;\"",
        "Folded: one\r\n two\r\n\tthree",
    };
    for (isize i = 0; i < countof(headers); i++) {
        char text[1024];
        int n = snprintf(text, sizeof text, INVITE NEEDED "%s\r\n\r\n", headers[i]);
        assert_int_equal(parse((str){(u8 *)text, n}), ERR_OK);
        if (msg.nnotes) print_error("%s\n", headers[i]);
        assert_notes("");
        assert_str(msg.call_id, S("c@example.com"));
        assert_int_equal(msg.cseq.number, 1);
        assert_int_equal(msg.nheaders, 7);
    }
}

/* Whole messages and their notes. */
static void what_is_noted(void **state) {
    (void)state;
    static const struct {
        const char *text, *notes;
    } table[] = {
        {INVITE "\r\n", "no-via no-from no-to no-call-id no-cseq no-max-forwards"},
        {OK_LINE "\r\n", "no-via no-from no-to no-call-id no-cseq"},
        {OK_LINE VIA FROM TO "Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n", ""},
        {"\r\n\r\n" INVITE NEEDED "\r\n", ""},
        {" \t\r\n" INVITE NEEDED "\r\n", "leading-junk"},
        {"\x80\x01" INVITE NEEDED "\r\n", "leading-junk"},
        {"\x80\x01" OK_LINE VIA FROM TO ID "\r\n", "leading-junk"},
        {"INVITE  sip:b SIP/2.0\r\n" NEEDED "\r\n", "start-line"},
        {"INVITE sip:b  SIP/2.0\r\n" NEEDED "\r\n", "start-line"},
        {"INVITE sip:b SIP/2.0 \r\n" NEEDED "\r\n", "start-line"},
        {"INVITE sip:b\r\n" NEEDED "\r\n", "start-line"},
        {"INVITE b SIP/2.0\r\n" NEEDED "\r\n", "request-uri"},
        {"INVITE SIP/2.0\r\n" NEEDED "\r\n", "request-uri"},
        {"INVITE <sip:b> SIP/2.0\r\n" NEEDED "\r\n", "request-uri"},
        {"INVITE sip:b c SIP/2.0\r\n" NEEDED "\r\n", "request-uri"},
        {"INVITE sip:b?x=y SIP/2.0\r\n" NEEDED "\r\n", "request-uri"},
        {"INVITE ball:b SIP/2.0\r\n" NEEDED "\r\n", "extension-required"},
        {"INVITE urn:service:sos SIP/2.0\r\n" NEEDED "\r\n", ""},
        {"INVITE sip:b sip/2.0\r\n" NEEDED "\r\n", ""},
        {"INVITE sip:b SIP/2.1\r\n" NEEDED "\r\n", "version"},
        {"IN{}TE sip:b SIP/2.0\r\n" NEEDED "\r\n", "method cseq-method"},
        {"SIP/3.0 200 OK\r\n" NEEDED "\r\n", "version"},
        {"SIP/2.0 200\r\n" NEEDED "\r\n", "start-line"},
        {"SIP/2.0 200 \r\n" NEEDED "\r\n", ""},
        {"SIP/2.0  200 OK\r\n" NEEDED "\r\n", "start-line"},
        {"SIP/2.0 99 Low\r\n" NEEDED "\r\n", "status"},
        {"SIP/2.0 700 High\r\n" NEEDED "\r\n", "status"},
        {"SIP/2.0 099 Low\r\n" NEEDED "\r\n", "status"},
        {"SIP/2.0 0200 OK\r\n" NEEDED "\r\n", "status"},
        {"SIP/2.0 OK\r\n" NEEDED "\r\n", "status start-line"},
        {"SIP/2.0\r\n" NEEDED "\r\n", "status"},
        {INVITE VIA TO ID "From: \"A <sip:a@b>;tag=1\r\n\r\n", "quote"},
        {INVITE VIA TO ID "From: A, B <sip:a@b>;tag=1\r\n\r\n", "from"},
        {INVITE VIA TO ID "From: a@b\r\n\r\n", "from"},
        {INVITE VIA FROM ID "To:\r\n\r\n", "to"},
        {INVITE VIA FROM TO "Call-ID: a b\r\nCSeq: 1 INVITE\r\nMax-Forwards: 1\r\n\r\n",
         "call-id"},
        {INVITE VIA FROM TO "Call-ID:\r\nCSeq: 1 INVITE\r\nMax-Forwards: 1\r\n\r\n",
         "call-id"},
        {INVITE VIA FROM TO "Call-ID: a@\r\nCSeq: 1 INVITE\r\nMax-Forwards: 1\r\n\r\n",
         "call-id"},
        {INVITE VIA FROM TO "Call-ID: a\r\nCSeq: INVITE\r\nMax-Forwards: 1\r\n\r\n",
         "cseq"},
        {INVITE VIA FROM TO "Call-ID: a\r\nCSeq: 1 BYE\r\nMax-Forwards: 1\r\n\r\n",
         "cseq-method"},
        {INVITE VIA FROM TO
         "Call-ID: a\r\nCSeq: 2147483648 INVITE\r\nMax-Forwards: 256\r\n\r\n",
         "cseq-range max-forwards"},
        {INVITE VIA FROM TO
         "Call-ID: a\r\nCSeq: 2147483647 INVITE\r\nMax-Forwards: 255\r\n\r\n",
         ""},
        {INVITE VIA FROM TO
         "Call-ID: a\r\nCSeq: 4294967296 INVITE\r\nMax-Forwards: 0\r\n\r\n",
         "cseq-range"},
        {INVITE " leading: blank\r\n" NEEDED "\r\n", "header-byte"},
        {INVITE NEEDED "l: 4\r\n\r\nbody", "no-content-type"},
        {INVITE NEEDED "\r\nbody", "no-content-type"},
        {INVITE NEEDED "c: text/plain\r\nl: 5\r\n\r\nbody", "body-short"},
        {INVITE NEEDED "c: text/plain\r\nl: 3\r\n\r\nbody", "body-long"},
        {INVITE NEEDED "l: 0\r\n\r\n\r\n", "body-long"},
        {INVITE NEEDED "c: text/plain\r\nl: 99999999999\r\n\r\nbody", "content-length"},
        {"INVITE sip:b SIP/2.0\n" VIA FROM TO ID "\n", "bare-lf"},
    };
    for (isize i = 0; i < countof(table); i++) {
        enum err e = parse(str_z(table[i].text));
        assert_int_equal(e, ERR_OK);
        char line[NOTES_LINE];
        notes_line(&msg, line);
        if (strcmp(line, table[i].notes)) print_error("%s", table[i].text);
        assert_string_equal(line, table[i].notes);
    }
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
        cmocka_unit_test(notes_point_at_what_they_mean),
        cmocka_unit_test(headers_that_are_fine),
        cmocka_unit_test(what_is_noted),
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
