/* A message of our own for every situation of RFC 4475 §3 and RFC 5118 §4, and some as device logs
 * keep them. The name of a file tells its section and situation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/torture.h"

static const char folder[] = "tests/data/sip";

static const struct torture rows[] = {
    {"4475-3.1.1.1-tortuous-invite.sip", "", "INVITE", "knot-1@198.51.100.7", "fr-17",
     "to-44a", "twine1", 31, 14, 149},
    {"4475-3.1.1.2-wide-range-of-bytes.sip", "", "_Weave+Now.8%41'~!*`-",
     "knot2.-!%*_+`'~()<>:\\\"/[]?{}@{}?][/\":><)(", ".-!%*_+`'~", "",
     "z9hG4bK~'`+_*%!.-", 20250801, 8, 0},
    {"4475-3.1.1.3-escapes-in-uris.sip", "", "INVITE", "knot-3@198.51.100.7", "fr-3", "",
     "z9hG4bK-3", 33, 9, 149},
    {"4475-3.1.1.4-escaped-nul.sip", "", "REGISTER", "knot-4@198.51.100.7", "fr-4", "",
     "z9hG4bK-4", 41, 9, 0},
    {"4475-3.1.1.5-percent-is-no-escape.sip", "", "IN%56ITE", "knot-5", "fr-5", "",
     "z9hG4bK5%hank", 5, 10, 0},
    {"4475-3.1.1.6-no-blank-before-angle.sip", "", "OPTIONS", "knot-6@198.51.100.7",
     "fr-6", "", "z9hG4bK-6", 6, 7, 0},
    {"4475-3.1.1.7-long-values.sip", "", "INVITE", "knot-7-looplooplooploopl…",
     "t71717171717171717171717…", "", "", 70001, 50, 149},
    {"4475-3.1.1.8-octets-past-the-end.sip", "body-long", "REGISTER",
     "knot-8@198.51.100.7", "fr-8", "", "z9hG4bK-8", 8, 8, 0},
    {"4475-3.1.1.9-semicolon-in-user.sip", "", "OPTIONS", "knot-9", "fr-9", "",
     "z9hG4bK-9", 9, 8, 0},
    {"4475-3.1.1.10-transports.sip", "", "OPTIONS", "knot-10", "fr-10", "", "z9hG4bK-10a",
     10, 12, 0},
    {"4475-3.1.1.11-multipart.sip", "", "MESSAGE", "knot-11.@c2hlZA..", "fr-11", "",
     "z9hG4bK-11", 11, 14, 164},
    {"4475-3.1.1.12-unusual-reason.sip", "", "200", "knot-12", "fr-12", "to-12",
     "z9hG4bK-12", 12, 8, 149},
    {"4475-3.1.1.13-empty-reason.sip", "", "100", "knot-13", "fr-13", "to-13",
     "z9hG4bK-13", 13, 6, 0},
    {"4475-3.1.2.1-stray-separators.sip", "via contact", "INVITE", "knot-21@198.51.100.7",
     "fr-21", "", "", 21, 9, 149},
    {"4475-3.1.2.2-length-too-large.sip", "body-short", "INVITE", "knot-22@198.51.100.7",
     "fr-22", "", "z9hG4bK-22", 22, 9, 149},
    {"4475-3.1.2.3-negative-length.sip", "content-length", "INVITE",
     "knot-23@198.51.100.7", "fr-23", "", "z9hG4bK-23", 23, 9, 149},
    {"4475-3.1.2.4-request-scalars.sip", "max-forwards cseq-range expires", "REGISTER",
     "knot-24@198.51.100.7", "fr-24", "", "z9hG4bK-24", 4294967295, 9, 0},
    {"4475-3.1.2.5-response-scalars.sip", "cseq-range warning", "503", "knot-25", "fr-25",
     "", "z9hG4bK-25", 4294967295, 8, 0},
    {"4475-3.1.2.6-open-quote.sip", "quote", "INVITE", "knot-26@198.51.100.7", "fr-26",
     "to-26", "z9hG4bK-26", 26, 9, 149},
    {"4475-3.1.2.7-angles-round-request-uri.sip", "request-uri", "INVITE",
     "knot-27@198.51.100.7", "fr-27", "", "z9hG4bK-27", 27, 9, 149},
    {"4475-3.1.2.8-blank-in-request-uri.sip", "request-uri", "INVITE",
     "knot-28@198.51.100.7", "fr-28", "", "z9hG4bK-28", 28, 9, 149},
    {"4475-3.1.2.9-blanks-in-request-line.sip", "start-line", "INVITE",
     "knot-29@198.51.100.7", "fr-29", "", "z9hG4bK-29", 29, 9, 149},
    {"4475-3.1.2.10-blanks-after-request-line.sip", "start-line", "OPTIONS",
     "knot-210@198.51.100.7", "fr-210", "", "z9hG4bK-210", 210, 7, 0},
    {"4475-3.1.2.11-headers-in-request-uri.sip", "request-uri", "INVITE",
     "knot-211@198.51.100.7", "fr-211", "", "z9hG4bK-211", 211, 9, 149},
    {"4475-3.1.2.12-date-not-gmt.sip", "date", "INVITE", "knot-212@198.51.100.7",
     "fr-212", "", "z9hG4bK-212", 212, 10, 149},
    {"4475-3.1.2.13-contact-without-angles.sip", "contact", "REGISTER",
     "knot-213@198.51.100.7", "fr-213", "", "z9hG4bK-213", 213, 8, 0},
    {"4475-3.1.2.14-blanks-in-addr-spec.sip", "to", "OPTIONS", "knot-214@198.51.100.7",
     "fr-214", "", "z9hG4bK-214", 214, 7, 0},
    {"4475-3.1.2.15-unquoted-display-names.sip", "to from", "OPTIONS",
     "knot-215@198.51.100.7", "fr-215", "", "z9hG4bK-215", 215, 7, 0},
    {"4475-3.1.2.16-version-not-2.sip", "version", "OPTIONS", "knot-216@198.51.100.7",
     "fr-216", "", "z9hG4bK-216", 216, 7, 0},
    {"4475-3.1.2.17-cseq-method-differs.sip", "cseq-method", "OPTIONS",
     "knot-217@198.51.100.7", "fr-217", "", "z9hG4bK-217", 217, 7, 0},
    {"4475-3.1.2.18-unknown-method-differs.sip", "cseq-method", "SPIN",
     "knot-218@198.51.100.7", "fr-218", "", "z9hG4bK-218", 218, 9, 149},
    {"4475-3.1.2.19-status-too-large.sip", "status", "0", "knot-219", "fr-219", "to-219",
     "z9hG4bK-219", 219, 6, 0},
    {"4475-3.2.1-cookie-without-id.sip", "via", "OPTIONS", "knot-321@198.51.100.7",
     "fr-321", "", "z9hG4bK", 321, 7, 0},
    {"4475-3.3.1-headers-missing.sip", "no-from no-to no-call-id no-max-forwards",
     "INVITE", "", "", "", "z9hG4bK-331", 331, 4, 149},
    {"4475-3.3.2-unknown-uri-scheme.sip", "extension-required", "OPTIONS",
     "knot-332@198.51.100.7", "fr-332", "", "z9hG4bK-332", 332, 7, 0},
    {"4475-3.3.3-atypical-uri-scheme.sip", "extension-required", "OPTIONS",
     "knot-333@198.51.100.7", "fr-333", "", "z9hG4bK-333", 333, 7, 0},
    {"4475-3.3.4-schemes-in-headers.sip", "", "REGISTER", "knot-334@198.51.100.7",
     "fr-334", "", "z9hG4bK-334", 334, 8, 0},
    {"4475-3.3.5-unknown-extensions.sip", "extension-required", "OPTIONS",
     "knot-335@198.51.100.7", "fr-335", "", "z9hG4bK-335", 335, 9, 0},
    {"4475-3.3.6-unknown-body-type.sip", "extension-required", "INVITE",
     "knot-336@198.51.100.7", "fr-336", "", "z9hG4bK-336", 336, 9, 13},
    {"4475-3.3.7-unknown-auth-scheme.sip", "extension-required", "REGISTER",
     "knot-337@198.51.100.7", "fr-337", "", "z9hG4bK-337", 337, 8, 0},
    {"4475-3.3.8-doubled-headers.sip", "duplicate", "INVITE", "knot-338a", "fr-338a", "",
     "z9hG4bK-338", 338, 15, 149},
    {"4475-3.3.9-doubled-lengths.sip", "duplicate body-long", "OPTIONS",
     "knot-339@198.51.100.7", "fr-339", "", "z9hG4bK-339", 339, 9, 9},
    {"4475-3.3.10-broadcast-via.sip", "", "200", "knot-3310", "fr-3310", "to-3310",
     "z9hG4bK-3310", 3310, 9, 149},
    {"4475-3.3.11-max-forwards-zero.sip", "", "OPTIONS", "knot-3311@198.51.100.7",
     "fr-3311", "", "z9hG4bK-3311", 3311, 7, 0},
    {"4475-3.3.12-contact-parameter.sip", "", "REGISTER", "knot-3312@198.51.100.7",
     "fr-3312", "", "z9hG4bK-3312", 3312, 8, 0},
    {"4475-3.3.13-uri-parameter.sip", "", "REGISTER", "knot-3313@198.51.100.7", "fr-3313",
     "", "z9hG4bK-3313", 3313, 8, 0},
    {"4475-3.3.14-escaped-header-in-contact.sip", "", "REGISTER",
     "knot-3314@198.51.100.7", "fr-3314", "", "z9hG4bK-3314", 3314, 8, 0},
    {"4475-3.3.15-accept-without-sdp.sip", "extension-required", "INVITE",
     "knot-3315@198.51.100.7", "fr-3315", "", "z9hG4bK-3315", 3315, 10, 149},
    {"4475-3.4.1-rfc2543.sip", "no-max-forwards", "INVITE", "knot-341@gate.example.com",
     "", "", "", 341, 7, 149},
    {"5118-4.1-ipv6-reference.sip", "", "REGISTER", "knot-6.1@198.51.100.7", "fr-6.1", "",
     "z9hG4bK-6.1", 61, 8, 0},
    {"5118-4.2-ipv6-without-brackets.sip", "request-uri", "REGISTER",
     "knot-6.2@198.51.100.7", "fr-6.2", "", "z9hG4bK-6.2", 62, 8, 0},
    {"5118-4.3-port-ambiguous.sip", "", "REGISTER", "knot-6.3@198.51.100.7", "fr-6.3", "",
     "z9hG4bK-6.3", 63, 8, 0},
    {"5118-4.4-port-unambiguous.sip", "", "REGISTER", "knot-6.4@198.51.100.7", "fr-6.4",
     "", "z9hG4bK-6.4", 64, 8, 0},
    {"5118-4.5-received-without-brackets.sip", "", "OPTIONS", "knot-6.55@198.51.100.7",
     "fr-6.55", "", "z9hG4bK-6.55", 655, 8, 0},
    {"5118-4.5-received-with-brackets.sip", "", "BYE", "knot-6.5@198.51.100.7", "fr-6.5",
     "to-65", "z9hG4bK-6.5", 65, 7, 0},
    {"5118-4.6-ipv6-in-sdp.sip", "", "INVITE", "knot-6.6@198.51.100.7", "fr-6.6", "",
     "z9hG4bK-6.6", 66, 9, 162},
    {"5118-4.7-mixed-vias.sip", "", "BYE", "knot-67", "fr-67", "to-67", "z9hG4bK-67a", 67,
     9, 0},
    {"5118-4.8-mixed-sdp.sip", "", "INVITE", "knot-6.8@198.51.100.7", "fr-6.8", "",
     "z9hG4bK-6.8", 68, 9, 181},
    {"5118-4.9-ipv4-mapped.sip", "", "INVITE", "knot-6.9@198.51.100.7", "fr-6.9", "",
     "z9hG4bK-69a", 69, 10, 121},
    {"5118-4.10-three-colons.sip", "", "OPTIONS", "knot-6.10@198.51.100.7", "fr-6.10", "",
     "z9hG4bK-6.10", 610, 7, 0},
    {"5118-4.10-two-colons.sip", "", "OPTIONS", "knot-6.11@198.51.100.7", "fr-6.11", "",
     "z9hG4bK-6.11", 611, 7, 0},
    {"log-compact-ringing.sip", "bare-lf", "180", "knot-903", "fr-903", "to-903",
     "z9hG4bK-903", 903, 7, 0},
    {"log-lf-invite.sip", "bare-lf", "INVITE", "knot-901@198.51.100.7", "fr-901", "",
     "z9hG4bK-901", 901, 9, 142},
    {"log-lf-no-body.sip", "bare-lf", "REGISTER", "knot-902@198.51.100.7", "fr-902", "",
     "z9hG4bK-902", 902, 8, 0},
};

static void every_situation(void **state) {
    (void)state;
    bool ok = true;
    for (isize i = 0; i < countof(rows); i++) ok = torture_check(folder, &rows[i]) && ok;
    assert_true(ok);
    assert_true(torture_all_listed(folder, ".sip", rows, countof(rows)));
}

/* The message that `row` is about; the caller drops *text. */
static const struct sip_msg *open_message(const char *file, str *text) {
    static struct sip_msg m;
    char path[1024];
    struct fail f;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    *text = file_read(path);
    assert_int_not_equal(message_read(&m, *text, &f), ERR_SYNTAX);
    return &m;
}

/* What single values of some of them have to come out as. */
static void contact_parameters_are_whose(void **state) {
    (void)state;
    static const struct {
        const char *file, *params, *uri_params, *uri_headers;
    } table[] = {
        {"4475-3.3.12-contact-parameter.sip", ";fringe", "", ""},
        {"4475-3.3.13-uri-parameter.sip", "", ";fringe", ""},
        {"4475-3.3.14-escaped-header-in-contact.sip", "", "", "Subject=red%20yarn"},
    };
    for (isize i = 0; i < countof(table); i++) {
        str text;
        const struct sip_msg *m = open_message(table[i].file, &text);
        struct sip_addr a;
        struct sip_uri u;
        struct fail f;
        const struct sip_header *h = sip_header_first(m, SIP_HDR_CONTACT);
        assert_int_equal(sip_addr_parse(&a, h->value, &f), ERR_OK);
        assert_int_equal(sip_uri_parse(&u, a.uri, &f), ERR_OK);
        assert_str(a.params, str_z(table[i].params));
        assert_str(u.params, str_z(table[i].uri_params));
        assert_str(u.headers, str_z(table[i].uri_headers));
        file_drop(text);
    }
}

static void hosts_of_request_uris(void **state) {
    (void)state;
    static const struct {
        const char *file, *user, *host;
        int port;
    } table[] = {
        {"4475-3.1.1.9-semicolon-in-user.sip", "bruno;room=3%40mill", "loom.example.org",
         0},
        {"4475-3.1.1.3-escapes-in-uris.sip", "sips%3Aweft%40yarn.example.com",
         "loom.example.org", 0},
        {"5118-4.1-ipv6-reference.sip", "", "2001:db8:7::1", 0},
        {"5118-4.3-port-ambiguous.sip", "", "2001:db8:7::1:5066", 0},
        {"5118-4.4-port-unambiguous.sip", "", "2001:db8:7::1", 5066},
        {"5118-4.10-three-colons.sip", "bruno", "2001:db8:7:::198.51.100.7", 0},
        {"5118-4.10-two-colons.sip", "bruno", "2001:db8:7::198.51.100.7", 0},
    };
    for (isize i = 0; i < countof(table); i++) {
        str text;
        struct sip_uri u;
        struct fail f;
        assert_int_equal(sip_uri_parse(&u, open_message(table[i].file, &text)->uri, &f),
                         ERR_OK);
        assert_str(u.user, str_z(table[i].user));
        assert_str(u.host, str_z(table[i].host));
        assert_int_equal(u.port, table[i].port);
        file_drop(text);
    }
}

static void vias_of_the_tortuous_invite(void **state) {
    (void)state;
    static const struct {
        const char *transport, *host, *branch;
    } hops[] = {
        {"UDP", "198.51.100.7", "twine1"},
        {"TCP", "bobbin.example.com", "z9hG4bK-two"},
        {"UDP", "203.0.113.9", "z9hG4bK-three"},
    };
    str text, item;
    const struct sip_msg *m = open_message("4475-3.1.1.1-tortuous-invite.sip", &text);
    isize n = 0;
    for (const struct sip_header *h = sip_header_first(m, SIP_HDR_VIA); h;
         h = sip_header_next(m, h)) {
        for (str rest = h->value; sip_list_next(&rest, &item); n++) {
            struct sip_via via;
            struct fail f;
            assert_true(n < countof(hops));
            assert_int_equal(sip_via_parse(&via, item, &f), ERR_OK);
            assert_str(via.transport, str_z(hops[n].transport));
            assert_str(via.host, str_z(hops[n].host));
            assert_str(via.branch, str_z(hops[n].branch));
        }
    }
    assert_int_equal(n, countof(hops));
    file_drop(text);
}

static void received_with_and_without_brackets(void **state) {
    (void)state;
    str text;
    struct sip_via via;
    struct fail f;
    const struct sip_msg *m = open_message("5118-4.5-received-with-brackets.sip", &text);
    assert_int_equal(sip_via_parse(&via, sip_header_first(m, SIP_HDR_VIA)->value, &f),
                     ERR_OK);
    assert_str(via.received, S("[2001:db8:7::9]"));
    file_drop(text);
    m = open_message("5118-4.5-received-without-brackets.sip", &text);
    assert_int_equal(sip_via_parse(&via, sip_header_first(m, SIP_HDR_VIA)->value, &f),
                     ERR_OK);
    assert_str(via.received, S("2001:db8:7::9"));
    file_drop(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation),
        cmocka_unit_test(contact_parameters_are_whose),
        cmocka_unit_test(hosts_of_request_uris),
        cmocka_unit_test(vias_of_the_tortuous_invite),
        cmocka_unit_test(received_with_and_without_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
