/* Session descriptions: what is read, what is handed down to the streams, what is noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "sdp/both.h"

#include <stdio.h>
#include <string.h>

static void assert_str(str got, const char *wanted) {
    if (!str_eq(got, str_z(wanted))) {
        print_error("got \"%.*s\", wanted \"%s\"\n", (int)got.n,
                    got.n ? (const char *)got.p : "", wanted);
    }
    assert_true(str_eq(got, str_z(wanted)));
}

static struct sdp d;

static enum err parse(const char *text) {
    static str last;
    struct fail f;
    if (last.p) edge_drop(last);
    last = edge_copy(str_z(text));
    enum err e = sdp_read(&d, last, &f);
    assert_int_equal(f.err, e);
    return e;
}

static void one_stream(void **state) {
    (void)state;
    assert_int_equal(parse("v=0\r\no=ann 17 18 IN IP4 198.51.100.1\r\ns=a loom\r\nc=IN "
                           "IP4 198.51.100.2\r\n"
                           "t=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 "
                           "telephone-event/8000\r\n"
                           "a=rtcp:40001\r\na=ptime:20\r\n"),
                     ERR_OK);
    assert_int_equal(d.nnotes, 0);
    assert_str(d.origin_user, "ann");
    assert_str(d.session_id, "17");
    assert_str(d.session_version, "18");
    assert_str(d.origin_address, "198.51.100.1");
    assert_str(d.session_name, "a loom");
    assert_str(d.address, "198.51.100.2");
    assert_int_equal(d.nmedia, 1);
    assert_int_equal(d.media_skipped, 0);
    const struct sdp_media *m = &d.media[0];
    assert_str(m->type, "audio");
    assert_int_equal(m->port, 40000);
    assert_int_equal(m->nports, 1);
    assert_str(m->proto, "RTP/AVP");
    assert_str(m->formats, "8 101");
    assert_str(m->address, "198.51.100.2");
    assert_str(m->rtcp, "40001");
    assert_int_equal(m->direction, SDP_SENDRECV);
    assert_str(m->lines,
               "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
               "a=rtcp:40001\r\na=ptime:20\r\n");
    bool found;
    assert_str(sdp_attribute(m->lines, S("PTIME"), &found), "20");
    assert_true(found);
    assert_str(sdp_attribute(m->lines, S("maxptime"), &found), "");
    assert_false(found);
    assert_str(sdp_attribute(m->lines, S("rtpmap"), NULL), "101 telephone-event/8000");
}

static void the_session_hands_down(void **state) {
    (void)state;
    assert_int_equal(
        parse("v=0\no=- 1 1 IN IP6 2001:db8::1\ns=-\nc=IN IP6 2001:db8::2\nt=0 0\n"
              "a=sendonly\na=ice-ufrag:sess\na=fingerprint:sha-1 AA\na=crypto:1 X\n"
              "m=audio 1 RTP/SAVP "
              "0\na=recvonly\na=ice-ufrag:own\na=ice-ufrag:again\na=ssrc:7 cname:x\n"
              "m=video 2/3 RTP/SAVP 97\nc=IN IP4 233.252.0.1/127\na=crypto:2 Y\n"
              "m=audio 0 RTP/AVP 8\na=inactive\n"),
        ERR_OK);
    assert_int_equal(d.nnotes, 0);
    assert_int_equal(d.nmedia, 3);
    assert_int_equal(d.media[0].direction, SDP_RECVONLY);
    assert_str(d.media[0].ice_ufrag, "own");
    assert_str(d.media[0].fingerprint, "sha-1 AA");
    assert_str(d.media[0].crypto, "1 X");
    assert_str(d.media[0].ssrc, "7 cname:x");
    assert_str(d.media[0].address, "2001:db8::2");
    assert_int_equal(d.media[1].direction, SDP_SENDONLY);
    assert_str(d.media[1].ice_ufrag, "sess");
    assert_str(d.media[1].crypto, "2 Y");
    assert_str(d.media[1].ssrc, "");
    assert_str(d.media[1].address, "233.252.0.1");
    assert_int_equal(d.media[1].port, 2);
    assert_int_equal(d.media[1].nports, 3);
    assert_int_equal(d.media[2].direction, SDP_INACTIVE);
    assert_int_equal(d.media[2].port, 0);
    assert_str(d.media[2].lines, "m=audio 0 RTP/AVP 8\na=inactive\n");
}

static void no_address_of_the_session(void **state) {
    (void)state;
    assert_int_equal(
        parse(
            "v=0\r\no=bob 1 1 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 22334 "
            "RTP/AVP 0\r\n"
            "c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n"),
        ERR_OK);
    assert_str(d.address, "");
    assert_str(d.session_name, "");
    assert_str(d.media[0].address, "192.0.2.1");
    assert_str(d.media[1].address, "2001:db8::1");
}

static void line_ends(void **state) {
    (void)state;
    static const char *const ends[] = {"\r\n", "\n", "\r", "\n\n", "\r\n\r\n"};
    for (isize i = 0; i < countof(ends); i++) {
        char text[256];
        const char *e = ends[i];
        snprintf(text, sizeof text, "v=0%so=- 1 2 IN IP4 h%ss=x%sm=audio 9 RTP/AVP 0", e,
                 e, e);
        assert_int_equal(parse(text), ERR_OK);
        assert_str(d.session_name, "x");
        assert_str(d.origin_address, "h");
        assert_int_equal(d.nmedia, 1);
        assert_str(d.media[0].formats, "0");
    }
    str rest = S("a=x\r\n\r\nbad\n=y\nb:z\na=");
    struct sdp_line line;
    assert_true(sdp_line_next(&rest, &line));
    assert_int_equal(line.type, 'a');
    assert_str(line.value, "x");
    static const char *const malformed[] = {"bad", "=y", "b:z"};
    for (isize i = 0; i < countof(malformed); i++) {
        assert_true(sdp_line_next(&rest, &line));
        assert_int_equal(line.type, 0);
        assert_str(line.value, malformed[i]);
    }
    assert_true(sdp_line_next(&rest, &line));
    assert_int_equal(line.type, 'a');
    assert_int_equal(line.value.n, 0);
    assert_false(sdp_line_next(&rest, &line));
    assert_false(sdp_line_next(&rest, &line));
}

/* What follows "v=0", and the caret under what the one note points at. */
static void notes_point_at_what_they_mean(void **state) {
    (void)state;
    static const struct {
        const char *line, *caret;
    } table[] = {
        {"o=ann 1 2 IN IP4", "  ^"},
        {"o=", "  ^"},
        {"c=IN IP4", "  ^"},
        {"m=audio x RTP/AVP 0", "        ^"},
        {"m=audio 65536 RTP/AVP 0", "        ^"},
        {"m=audio -1 RTP/AVP 0", "        ^"},
        {"m=audio 5/x RTP/AVP 0", "          ^"},
        {"m=audio 5 RTP/AVP", "  ^"},
        {"no type", "^"},
        {"m =audio 5 RTP/AVP 0", "^"},
    };
    for (isize i = 0; i < countof(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "v=0\r\n%s\r\ns=-\r\n", table[i].line);
        assert_int_equal(parse(text), ERR_OK);
        if (d.nnotes != 1) print_error("%s: %d notes\n", table[i].line, (int)d.nnotes);
        assert_int_equal(d.nnotes, 1);
        assert_int_equal(d.notes[0].at, 5 + (isize)strlen(table[i].caret) - 1);
        assert_int_equal(d.notes[0].err, ERR_SYNTAX);
        assert_non_null(d.notes[0].why);
        assert_str(d.session_name, "-");
    }
}

static void what_is_no_description(void **state) {
    (void)state;
    static const struct {
        const char *text;
        i64 at;
    } table[] = {
        {"", 0},
        {"\r\n", 0},
        {"o=- 1 1 IN IP4 a\r\nv=0\r\n", 0},
        {"\r\nxx\r\nv=0", 2},
        {"<xml/>", 0},
        {"v", 0},
    };
    for (isize i = 0; i < countof(table); i++) {
        struct fail f;
        str text = edge_copy(str_z(table[i].text));
        assert_int_equal(sdp_parse(&d, text, &f), ERR_SYNTAX);
        assert_int_equal(f.at, table[i].at);
        assert_int_equal(d.nmedia + d.nnotes, 0);
        edge_drop(text);
    }
}

static void too_many(void **state) {
    (void)state;
    static char text[8192];
    int n = snprintf(text, sizeof text, "v=0\r\n");
    for (int i = 0; i < 20; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "m=audio %d RTP/AVP 0\r\na=label:%d\r\nbad\r\n", i + 1, i);
    }
    assert_int_equal(parse(text), ERR_OK);
    assert_int_equal(d.nmedia, SDP_MAX_MEDIA);
    assert_int_equal(d.media_skipped, 20 - SDP_MAX_MEDIA);
    assert_int_equal(d.nnotes, SDP_MAX_NOTES);
    const struct sdp_media *last = &d.media[SDP_MAX_MEDIA - 1];
    assert_str(last->lines, "m=audio 16 RTP/AVP 0\r\na=label:15\r\nbad\r\n");
}

static void check_prefix(void *ctx, str prefix) {
    (void)ctx;
    static struct sdp part;
    struct fail f;
    enum err e = sdp_parse(&part, prefix, &f);
    if (e != ERR_OK) assert_true(prefix.n < 2 && f.at >= 0 && f.at <= prefix.n);
    str slices[] = {part.origin_user,    part.session_id,   part.session_version,
                    part.origin_address, part.session_name, part.address};
    for (isize i = 0; i < countof(slices); i++)
        assert_true(str_inside(slices[i], prefix));
    for (isize i = 0; i < part.nmedia; i++) {
        const struct sdp_media *m = &part.media[i];
        str more[] = {m->type,      m->proto,       m->formats, m->address, m->rtcp,
                      m->ice_ufrag, m->fingerprint, m->crypto,  m->ssrc,    m->lines};
        for (isize k = 0; k < countof(more); k++)
            assert_true(str_inside(more[k], prefix));
    }
    for (isize i = 0; i < part.nnotes; i++) {
        assert_true(part.notes[i].at >= 0 && part.notes[i].at <= prefix.n);
    }
}

static void every_prefix_is_read(void **state) {
    (void)state;
    edge_every_prefix(S("v=0\r\no=ann 17 18 IN IP4 198.51.100.1\r\ns=x\r\nc=IN IP4 "
                        "198.51.100.2/3\r\nt=0 0\r\na=sendonly\r\n"
                        "m=audio 40000/2 RTP/AVP 8 "
                        "101\r\na=rtcp:40001\r\na=ice-ufrag:q\rm=image 7 udptl t38\n"),
                      check_prefix, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stream),
        cmocka_unit_test(the_session_hands_down),
        cmocka_unit_test(no_address_of_the_session),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(notes_point_at_what_they_mean),
        cmocka_unit_test(what_is_no_description),
        cmocka_unit_test(too_many),
        cmocka_unit_test(every_prefix_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
