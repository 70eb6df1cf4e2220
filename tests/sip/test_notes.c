/* What is noted of a message, where the note points, and what is fine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/parsed.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_point_at_what_they_mean),
        cmocka_unit_test(headers_that_are_fine),
        cmocka_unit_test(what_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
