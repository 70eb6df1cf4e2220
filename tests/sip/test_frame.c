/* Where messages end in a stream, and where they may start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "sip/notes.h"

#define NEEDED                                                                           \
    "Via: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"   \
    "Call-ID: x\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"

static enum err frame(const char *text, isize *n) {
    str at_edge = edge_copy(str_z(text));
    enum err e = sip_frame_length(at_edge, n);
    edge_drop(at_edge);
    return e;
}

static void lengths(void **state) {
    (void)state;
    static const struct {
        const char *message,
            *after; /* the frame is the message; what follows is not in it */
    } table[] = {
        {"SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "SIP/2.0 200 OK\r\n"},
        {"SIP/2.0 200 OK\r\nl :\r\n 3\r\n\r\nabc", ""},
        {"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "\r\n"},
        {"\r\n\r\nSIP/2.0 200 OK\r\nl: 1\r\n\r\nx", "y"},
        /* none that can be read: no body */
        {"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", "abc"},
        {"SIP/2.0 200 OK\r\nl: -5\r\n\r\n", "abc"},
        {"SIP/2.0 200 OK\r\nl: five\r\n\r\n", "abc"},
        /* the first wins; other names do not count */
        {"SIP/2.0 200 OK\r\nl: 1\r\nl: 3\r\n\r\na", "bc"},
        {"SIP/2.0 200 OK\r\nContent-Lengthy: 3\r\nlx: 3\r\nl: 1\r\n\r\na", "bc"},
        /* LF for CRLF, counted with the CRs and without */
        {"SIP/2.0 200 OK\nl: 10\n\nv=0\ns=-\n", "SIP/2.0 200 OK\n"},
        {"SIP/2.0 200 OK\nl: 8\n\nv=0\ns=-\n", "SIP/2.0 200 OK\n"},
        {"SIP/2.0 200 OK\nl: 0\n\n", "\n"},
    };
    for (isize i = 0; i < countof(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s", table[i].message, table[i].after);
        isize n;
        assert_int_equal(frame(text, &n), ERR_OK);
        assert_int_equal(n, strlen(table[i].message));
    }
}

static void more_and_never(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } table[] = {
        {"", ERR_MORE},
        {"\r\n\r\n", ERR_MORE},
        {"I", ERR_MORE},
        {"INVITE sip:a", ERR_MORE},
        {"SIP/2.0 200 OK\r\n", ERR_MORE},
        {"SIP/2.0 200 OK\r\nl: 0\r\n", ERR_MORE},
        {"SIP/2.0 200 OK\r\nl: 5\r\n\r\nabcd", ERR_MORE},
        {"SIP/2.0 200 OK\r\nl: 2147483647\r\n\r\nabcd", ERR_MORE},
        {"HTTP/1.1 200 OK\r\n", ERR_SYNTAX},
        {"GET / HTTP/1.1\r\n\r\n", ERR_SYNTAX},
        {"\x16\x03\x01\x02", ERR_SYNTAX},
        {"a: b\r\n", ERR_SYNTAX},
        {"<xml>", ERR_SYNTAX},
    };
    for (isize i = 0; i < countof(table); i++) {
        isize n;
        assert_int_equal(frame(table[i].text, &n), table[i].err);
        assert_int_equal(n, 0);
    }
    /* a first line without end is given up at some point */
    static u8 endless[70000];
    memset(endless, 'a', sizeof endless);
    isize n;
    assert_int_equal(sip_frame_length((str){endless, 60000}, &n), ERR_MORE);
    assert_int_equal(sip_frame_length((str){endless, 70000}, &n), ERR_SYNTAX);
}

/* However a stream arrives, its messages are the same: a frame is found only when it is all there. */
static void every_split_gives_the_same(void **state) {
    (void)state;
    static const char *const streams[] = {
        "MESSAGE sip:c@d SIP/2.0\r\n" NEEDED
        "c: text/plain\r\nContent-Length: 7\r\n\r\nhello\r\n"
        "\r\n\r\nSIP/2.0 200 OK\r\n" NEEDED "l: 0\r\n\r\n"
        "MESSAGE sip:c@d SIP/2.0\r\n" NEEDED "Folded: a\r\n b\r\nl\r\n : 2\r\n\r\nhi",
        "SIP/2.0 200 OK\nc: text/plain\nl: 10\n\nab\ncd\n\nSIP/2.0 180 Ringing\nl: 0\n\n",
    };
    for (isize i = 0; i < countof(streams); i++) {
        str all = str_z(streams[i]);
        while (all.n) {
            isize length, n;
            assert_int_equal(sip_frame_length(all, &length), ERR_OK);
            for (isize cut = 0; cut < length; cut++) {
                str part = edge_copy(str_sub(all, 0, cut));
                assert_int_equal(sip_frame_length(part, &n), ERR_MORE);
                edge_drop(part);
            }
            for (isize cut = length; cut <= all.n; cut++) {
                assert_int_equal(sip_frame_length(str_sub(all, 0, cut), &n), ERR_OK);
                assert_int_equal(n, length);
            }
            static struct sip_msg m;
            struct fail f;
            assert_int_equal(message_read(&m, str_sub(all, 0, length), &f), ERR_OK);
            assert_false(m.cut);
            for (isize k = 0; k < m.nnotes; k++)
                assert_int_not_equal(m.notes[k].code, SIP_NOTE_BODY_LONG);
            all = str_from(all, length);
        }
    }
}

static void starts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool start;
    } table[] = {
        {"INVITE sip:a@b SIP/2.0\r\n", true},
        {"invite sip:a@b sip/2.0", true},
        {"ZAP x SIP/2.0\n", true},
        {"SIP/2.0 200 OK\r\n", true},
        {"sip/2.0 200 OK\r\n", true},
        {"SIP/2.0", true},
        {"\r\n\r\nBYE sip:a SIP/2.0\r\n", true},
        {"INVITE sip:a@exa", true}, /* cut, and known by its method */
        {"ZAP sip:a@exa", false},
        {"INVITE http://a HTTP/1.1\r\n", false},
        {"SIP/2.0 is what we speak",
         true}, /* a version and something after it: sip_msg_parse says what is wrong */
        {"x\r\nSIP/2.0 200 OK\r\n", false}, /* one line, no further */
        {"hello", false},
        {"", false},
    };
    for (isize i = 0; i < countof(table); i++) {
        str text = edge_copy(str_z(table[i].text));
        assert_int_equal(sip_looks_like_start(text), table[i].start);
        edge_drop(text);
    }
}

static void wire_lengths(void **state) {
    (void)state;
    assert_int_equal(sip_wire_length(S("")), 0);
    assert_int_equal(sip_wire_length(S("\n")), 2);
    assert_int_equal(sip_wire_length(S("\r\n")), 2);
    assert_int_equal(sip_wire_length(S("a\nb\n")), 6);
    assert_int_equal(sip_wire_length(S("a\r\nb\n")), 6);
    assert_int_equal(sip_wire_length(S("a\r")), 2);
    assert_int_equal(sip_wire_length(S("\n\n")), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(more_and_never),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(starts),
        cmocka_unit_test(wire_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
