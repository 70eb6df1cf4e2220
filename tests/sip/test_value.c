/* Header values. A bad one carries a caret under the byte where the failure must point. Every value
 * ends at an unreadable page, and every prefix of it is read too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "sip/notes.h"

/* The column of the caret in "      ^"; -1 for NULL: the value is well formed. */
static i64 caret(const char *line) {
    return line ? (i64)strlen(line) - 1 : -1;
}

static void check_failure(const char *value, enum err e, const struct fail *f,
                          const char *line) {
    i64 at = e == ERR_OK ? -1 : f->at;
    if (at != caret(line))
        print_error("%s\n%*s^ here: %s\n", value, (int)at, "", f->why ? f->why : "");
    assert_int_equal(at, caret(line));
    assert_int_equal(e, line ? ERR_SYNTAX : ERR_OK);
    if (line) assert_non_null(f->why);
}

/* ---- parameters and lists ------------------------------------------------------------------ */

static void parameters(void **state) {
    (void)state;
    static const struct {
        const char *params, *name, *value; /* value NULL: absent */
    } table[] = {
        {";tag=a", "tag", "a"},
        {";TAG=a", "tag", "a"},
        {"; tag = a ", "tag", "a"},
        {";\r\n tag\t=\r\n a", "tag", "a"},
        {";lr;tag=a", "lr", ""},
        {";lr;tag=a", "tag", "a"},
        {";tag=a;tag=b", "tag", "a"},
        {";xtag=a", "tag", NULL},
        {";tagx=a", "tag", NULL},
        {"", "tag", NULL},
        {";", "tag", NULL},
        {";;;tag=a;;", "tag", "a"},
        {";note=\"x;tag=EVIL\";tag=GOOD", "tag", "GOOD"},
        {";note=\"x\\\";tag=EVIL\";tag=GOOD", "tag", "GOOD"},
        {";note=\"x\\\\\";tag=GOOD;y=\";tag=EVIL\"", "tag", "GOOD"},
        {";note=x\"y;tag=EVIL\";tag=GOOD", "tag", "GOOD"},
        {";note=\"x;tag=EVIL", "tag", NULL},
        {";tag=\"a;b\"", "tag", "a;b"},
        {";tag=\"\"", "tag", ""},
        {";tag=", "tag", ""},
        {";tag", "tag", ""},
        {";+sip.instance=\"<urn:uuid:1;2>\";reg-id=1", "reg-id", "1"},
        {";received=2001:db8::7;rport=5060", "received", "2001:db8::7"},
        {";a@b=c;tag=d", "tag", "d"},
        {"tag=a", "tag", "a"},
    };
    for (isize i = 0; i < countof(table); i++) {
        str params = edge_copy(str_z(table[i].params));
        bool found;
        str value = sip_param_get(params, str_z(table[i].name), &found);
        assert_int_equal(found, table[i].value != NULL);
        if (found) assert_str(value, str_z(table[i].value));
        assert_str(sip_param_get(params, str_z(table[i].name), NULL), value);
        edge_drop(params);
    }
    str rest = S(";lr;x=\"\";y=");
    struct sip_param p;
    assert_true(sip_param_next(&rest, &p));
    assert_str(p.name, S("lr"));
    assert_false(p.has_value);
    assert_true(sip_param_next(&rest, &p));
    assert_true(p.has_value);
    assert_true(sip_param_next(&rest, &p));
    assert_true(p.has_value);
    assert_int_equal(p.value.n, 0);
    assert_false(sip_param_next(&rest, &p));
    assert_false(sip_param_next(&rest, &p));
}

static void lists(void **state) {
    (void)state;
    static const struct {
        const char *value, *items; /* items separated by "|" */
    } table[] = {
        {"a, b,c", "a|b|c"},
        {"", ""},
        {" \t", ""},
        {",", ""},
        {",,a,,b,,", "a|b"},
        {"\"A, B\" <sip:a,b@c>, <sip:d@e>", "\"A, B\" <sip:a,b@c>|<sip:d@e>"},
        {"\"a\\\",b\", c", "\"a\\\",b\"|c"},
        {"a (x, y), b", "a (x, y)|b"},
        {"\"open, a", "\"open, a"},
        {"<open, a", "<open, a"},
        {"SIP/2.0/UDP a;branch=1 ,\r\n SIP/2.0/TCP b",
         "SIP/2.0/UDP a;branch=1|SIP/2.0/TCP b"},
    };
    for (isize i = 0; i < countof(table); i++) {
        str value = edge_copy(str_z(table[i].value)), rest = value, item;
        str wanted = str_z(table[i].items);
        while (sip_list_next(&rest, &item)) {
            struct str_pair parts = str_cut(wanted, '|');
            assert_str(item, parts.head);
            assert_true(str_inside(item, value));
            wanted = parts.tail;
        }
        assert_int_equal(wanted.n, 0);
        edge_drop(value);
    }
}

/* ---- addresses ------------------------------------------------------------------------------ */

struct addr_row {
    const char *value, *caret, *display, *uri, *params, *tag;
};

static const struct addr_row addrs[] = {
    {"<sip:a@b>", NULL, "", "sip:a@b", "", ""},
    {"<sip:a@b;lr>;tag=1", NULL, "", "sip:a@b;lr", ";tag=1", "1"},
    {"sip:a@b;tag=1", NULL, "", "sip:a@b", ";tag=1", "1"},
    {"sip:a@b ; tag = 1", NULL, "", "sip:a@b", "; tag = 1", "1"},
    {"  sip:a@b  ", NULL, "", "sip:a@b", "", ""},
    {"\"Ann; <b>, \\\"c\\\"\" <sip:a@b>;x", NULL, "Ann; <b>, \\\"c\\\"", "sip:a@b", ";x",
     ""},
    {"\"\"<sip:a@b>", NULL, "", "sip:a@b", "", ""},
    {"Ann Bo<sip:a@b>;tag=1", NULL, "Ann Bo", "sip:a@b", ";tag=1", "1"},
    {"<sip:a@b>;note=\"x;tag=EVIL\";tag=GOOD", NULL, "", "sip:a@b",
     ";note=\"x;tag=EVIL\";tag=GOOD", "GOOD"},
    {"<sip:a@b>;tag=1;tag=2", NULL, "", "sip:a@b", ";tag=1;tag=2", "1"},
    {"<sip:a@b?Subject=x,y>\r\n ;tag=1", NULL, "", "sip:a@b?Subject=x,y", ";tag=1", "1"},
    {"", "^", "", "", "", ""},
    {"  ", "^", "", "", "", ""},
    {"<>", " ^", "", "", "", ""},
    {"< sip:a@b>", " ^", "", "sip:a@b", "", ""},
    {"<sip:a@b >;tag=1", "        ^", "", "sip:a@b", ";tag=1", "1"},
    {"<sip:a@b", "^", "", "sip:a@b", "", ""},
    {"<sip:a@b;tag=1", "^", "", "sip:a@b", ";tag=1", "1"},
    {"\"Ann <sip:a@b>;tag=1", "^", "Ann", "sip:a@b", ";tag=1", "1"},
    {"\"Ann", "^", "Ann", "", "", ""},
    /* the name survives and the address does not, as in a log that ate what stood in <> */
    {"\"Ann\" ;tag=1", "      ^", "Ann", "", ";tag=1", "1"},
    {"\"Ann\"", "     ^", "Ann", "", "", ""},
    {"\"Ann\" x <sip:a@b>", "      ^", "Ann", "sip:a@b", "", ""},
    {"Bo, Ann <sip:a@b>;tag=1", "  ^", "Bo, Ann", "sip:a@b", ";tag=1", "1"},
    {"<sip:a@b> x;tag=1", "          ^", "", "sip:a@b", ";tag=1", "1"},
    {"<sip:a@b>, <sip:c@d>", "         ^", "", "sip:a@b", "", ""},
    {"sip:a@b?Subject=x", "       ^", "", "sip:a@b?Subject=x", "", ""},
    {"sip:a@b x", "        ^", "", "sip:a@b", "", ""},
    {"<sip:a@b>;;tag=1", "          ^", "", "sip:a@b", ";;tag=1", "1"},
    {"<sip:a@b>;tag=1;", "               ^", "", "sip:a@b", ";tag=1;", "1"},
    {"<sip:a@b>;tag=", "              ^", "", "sip:a@b", ";tag=", ""},
    {"<sip:a@b>;tag=1@2", "               ^", "", "sip:a@b", ";tag=1@2", "1@2"},
    {"<sip:a@b>;tag=\"1", "              ^", "", "sip:a@b", ";tag=\"1", "1"},
    {"<sip:a@b>;t/g=1;tag=2", "           ^", "", "sip:a@b", ";t/g=1;tag=2", "2"},
};

static void addresses(void **state) {
    (void)state;
    for (isize i = 0; i < countof(addrs); i++) {
        const struct addr_row *row = &addrs[i];
        str value = edge_copy(str_z(row->value));
        struct sip_addr a;
        struct fail f;
        enum err e = sip_addr_parse(&a, value, &f);
        check_failure(row->value, e, &f, row->caret);
        assert_str(a.display, str_z(row->display));
        assert_str(a.uri, str_z(row->uri));
        assert_str(a.params, str_z(row->params));
        assert_str(a.tag, str_z(row->tag));
        assert_false(a.star);
        edge_drop(value);
    }
    struct sip_addr a;
    struct fail f;
    assert_int_equal(sip_addr_parse(&a, S(" * "), &f), ERR_OK);
    assert_true(a.star);
}

/* ---- URIs ----------------------------------------------------------------------------------- */

struct uri_row {
    const char *value, *caret, *scheme, *user, *password, *host;
    int port;
    const char *params, *headers;
};

static const struct uri_row uris[] = {
    {"sip:b", NULL, "sip", "", "", "b", 0, "", ""},
    {"sip:a@b", NULL, "sip", "a", "", "b", 0, "", ""},
    {"SIPS:a:p@b.c:5061;x=1;lr?H=v&I=w", NULL, "SIPS", "a", "p", "b.c", 5061, ";x=1;lr",
     "H=v&I=w"},
    {"sip:a;x=1?y@b", NULL, "sip", "a;x=1?y", "", "b", 0, "", ""},
    {"sip:%00@b", NULL, "sip", "%00", "", "b", 0, "", ""},
    {"sip:[2001:db8::1]", NULL, "sip", "", "", "2001:db8::1", 0, "", ""},
    {"sip:a@[::ffff:192.0.2.1]:5070;lr", NULL, "sip", "a", "", "::ffff:192.0.2.1", 5070,
     ";lr", ""},
    {"sip:a@[2001:db8:::192.0.2.1]", NULL, "sip", "a", "", "2001:db8:::192.0.2.1", 0, "",
     ""},
    {"sip:+46;phone-context=se@b;user=phone", NULL, "sip", "+46;phone-context=se", "",
     "b", 0, ";user=phone", ""},
    {"sip:a_b@my_host", NULL, "sip", "a_b", "", "my_host", 0, "", ""},
    {"sip:abc:5060", NULL, "sip", "", "", "abc", 5060, "", ""},
    {"urn:service:sos", NULL, "urn", "", "", "", 0, "", ""},
    {"http://a/b?c", NULL, "http", "", "", "", 0, "", ""},
    {"", "^", "", "", "", "", 0, "", ""},
    {"a@b", "^", "", "", "", "", 0, "", ""},
    {"<sip:a@b>", "^", "", "", "", "", 0, "", ""},
    {"sip", "^", "", "", "", "", 0, "", ""},
    {"sip:", "    ^", "sip", "", "", "", 0, "", ""},
    {"urn:", "    ^", "urn", "", "", "", 0, "", ""},
    {"sip:@b", "    ^", "sip", "", "", "b", 0, "", ""},
    {"sip:a@", "      ^", "sip", "a", "", "", 0, "", ""},
    {"sip:a b@c", "     ^", "sip", "a b", "", "c", 0, "", ""},
    {"sip:a#@c", "     ^", "sip", "a#", "", "c", 0, "", ""},
    {"sip:a%4@c", "     ^", "sip", "a%4", "", "c", 0, "", ""},
    {"sip:a@b@c", "     ^", "sip", "a@b", "", "c", 0, "", ""},
    {"sip:a@b:x", "        ^", "sip", "a", "", "b", 0, "", ""},
    {"sip:a@b:", "        ^", "sip", "a", "", "b", 0, "", ""},
    {"sip:a@host:70000", "           ^", "sip", "a", "", "host", 0, "", ""},
    {"sip:2001:db8::10", "    ^", "sip", "", "", "2001:db8::10", 0, "", ""},
    {"sip:a@[2001:db8", "               ^", "sip", "a", "", "2001:db8", 0, "", ""},
    {"sip:a@[]", "       ^", "sip", "a", "", "", 0, "", ""},
    {"sip:a@[xyz]:5060", "       ^", "sip", "a", "", "", 5060, "", ""},
    {"sip:a@b; lr", "        ^", "sip", "a", "", "b", 0, "; lr", ""},
    {"sip:a@b/c;lr", "       ^", "sip", "a", "", "b", 0, ";lr", ""},
    {"sip:a@b?H=<v>", "          ^", "sip", "a", "", "b", 0, "", "H=<v>"},
    {"urn:a b", "     ^", "urn", "", "", "", 0, "", ""},
};

static void uris_are_taken_apart(void **state) {
    (void)state;
    for (isize i = 0; i < countof(uris); i++) {
        const struct uri_row *row = &uris[i];
        str value = edge_copy(str_z(row->value));
        struct sip_uri u;
        struct fail f;
        enum err e = sip_uri_parse(&u, value, &f);
        check_failure(row->value, e, &f, row->caret);
        assert_str(u.scheme, str_z(row->scheme));
        assert_str(u.user, str_z(row->user));
        assert_str(u.number, str_z(row->user));
        assert_str(u.password, str_z(row->password));
        assert_str(u.host, str_z(row->host));
        assert_int_equal(u.port, row->port);
        assert_str(u.params, str_z(row->params));
        assert_str(u.headers, str_z(row->headers));
        edge_drop(value);
    }
}

static void telephone_numbers(void **state) {
    (void)state;
    struct sip_uri u;
    struct fail f;
    assert_int_equal(sip_uri_parse(&u, S("tel:+46-31(555).010;phone-context=se"), &f),
                     ERR_OK);
    assert_str(u.number, S("+46-31(555).010"));
    assert_str(u.params, S(";phone-context=se"));
    assert_int_equal(u.user.n + u.host.n, 0);
    assert_int_equal(sip_uri_parse(&u, S("tel:*21#"), &f), ERR_OK);
    assert_int_equal(sip_uri_parse(&u, S("tel:"), &f), ERR_SYNTAX);
    assert_int_equal(f.at, 4);
    assert_int_equal(sip_uri_parse(&u, S("tel:1+2"), &f), ERR_SYNTAX);
    assert_int_equal(f.at, 5);
    assert_str(u.number, S("1+2"));
}

static void escapes(void **state) {
    (void)state;
    arena view = arena_open(1 << 20);
    assert_str(sip_unescape(&view, S("abc")), S("abc"));
    assert_str(sip_unescape(&view, S("%41%62%2f")), S("Ab/"));
    assert_str(sip_unescape(&view, S("x%00y")), S("x\0y"));
    assert_str(sip_unescape(&view, S("%2541")), S("%41"));
    assert_str(sip_unescape(&view, S("%4")), S("%4"));
    assert_str(sip_unescape(&view, S("%zz%")), S("%zz%"));
    str whole = S("plain");
    assert_ptr_equal(sip_unescape(&view, whole).p, whole.p);
    arena_close(&view);
}

/* ---- Via, CSeq, dialogs --------------------------------------------------------------------- */

struct via_row {
    const char *value, *caret, *transport, *host;
    int port;
    const char *branch, *received, *rport;
};

static const struct via_row vias[] = {
    {"SIP/2.0/UDP a.b;branch=z9hG4bK1", NULL, "UDP", "a.b", 0, "z9hG4bK1", "", ""},
    {"SIP/2.0/TLS [2001:db8::1]:5061;received=[::1];rport", NULL, "TLS", "2001:db8::1",
     5061, "", "[::1]", ""},
    {"SIP / 2.0 / UDP  h : 5060 ; branch = 1 ;rport=5; received=192.0.2.1", NULL, "UDP",
     "h", 5060, "1", "192.0.2.1", "5"},
    {"SIP\r\n / 2.0 /\r\n\tUDP\r\n h\r\n ;branch=1", NULL, "UDP", "h", 0, "1", "", ""},
    {"SIP/7.0/X h;branch=1;branch=2", NULL, "X", "h", 0, "1", "", ""},
    {"SIP/2.0/UDP h;x=\";branch=2\";branch=1", NULL, "UDP", "h", 0, "1", "", ""},
    {"SIP/2.0/UDP beef:5060", NULL, "UDP", "beef", 5060, "", "", ""},
    {"", "^", "", "", 0, "", "", ""},
    {"SIP", "   ^", "", "", 0, "", "", ""},
    {"SIP/2.0", "       ^", "", "", 0, "", "", ""},
    {"SIP/2.0/", "        ^", "", "", 0, "", "", ""},
    {"SIP/2.0/UDP", "           ^", "UDP", "", 0, "", "", ""},
    {"SIP/2.0/UDP;branch=1", "           ^", "UDP", "", 0, "1", "", ""},
    {"SIP/2.0/UDP h x;branch=1", "              ^", "UDP", "h", 0, "1", "", ""},
    {"SIP/2.0/UDP h:x;branch=1", "              ^", "UDP", "h", 0, "1", "", ""},
    {"SIP/2.0/UDP 2001:db8::1;branch=1", "            ^", "UDP", "2001:db8::1", 0, "1",
     "", ""},
    {"SIP/2.0/UDP h;branch=a b", "                       ^", "UDP", "h", 0, "a b", "",
     ""},
    {"SIP/2.0/UDP h;;", "              ^", "UDP", "h", 0, "", "", ""},
};

static void vias_are_taken_apart(void **state) {
    (void)state;
    for (isize i = 0; i < countof(vias); i++) {
        const struct via_row *row = &vias[i];
        str value = edge_copy(str_z(row->value));
        struct sip_via via;
        struct fail f;
        enum err e = sip_via_parse(&via, value, &f);
        check_failure(row->value, e, &f, row->caret);
        assert_str(via.transport, str_z(row->transport));
        assert_str(via.host, str_z(row->host));
        assert_int_equal(via.port, row->port);
        assert_str(via.branch, str_z(row->branch));
        assert_str(via.received, str_z(row->received));
        assert_str(via.rport, str_z(row->rport));
        edge_drop(value);
    }
}

static void cseqs(void **state) {
    (void)state;
    static const struct {
        const char *value, *caret;
        u32 number;
        enum sip_method method;
        const char *name;
    } table[] = {
        {"1 INVITE", NULL, 1, SIP_METHOD_INVITE, "INVITE"},
        {" 0009\r\n  ACK ", NULL, 9, SIP_METHOD_ACK, "ACK"},
        {"4294967295 PING", NULL, 4294967295, SIP_METHOD_OTHER, "PING"},
        {"4294967296 BYE", "^", 4294967295, SIP_METHOD_BYE, "BYE"},
        {"", "^", 0, SIP_METHOD_NONE, ""},
        {"INVITE", "^", 0, SIP_METHOD_INVITE, "INVITE"},
        {"-1 INVITE", "^", 0, SIP_METHOD_OTHER, "-1"},
        {"1INVITE", " ^", 1, SIP_METHOD_INVITE, "INVITE"},
        {"1", " ^", 1, SIP_METHOD_NONE, ""},
        {"1 ", "  ^", 1, SIP_METHOD_NONE, ""},
        {"1 INV\xe8TE", "     ^", 1, SIP_METHOD_OTHER, "INV\xe8TE"},
        {"1 INVITE 2", "         ^", 1, SIP_METHOD_INVITE, "INVITE"},
    };
    for (isize i = 0; i < countof(table); i++) {
        str value = edge_copy(str_z(table[i].value));
        struct sip_cseq c;
        struct fail f;
        enum err e = sip_cseq_parse(&c, value, &f);
        check_failure(table[i].value, e, &f, table[i].caret);
        assert_int_equal(c.number, table[i].number);
        assert_int_equal(c.method, table[i].method);
        assert_str(c.method_name, str_z(table[i].name));
        edge_drop(value);
    }
}

static void dialog_references(void **state) {
    (void)state;
    static const struct {
        const char *value, *caret, *call_id, *to, *from;
    } table[] = {
        {"a@b;to-tag=1;from-tag=2", NULL, "a@b", "1", "2"},
        {"a ;early-only; from-tag = 2 ;to-tag=1", NULL, "a", "1", "2"},
        /* Target-Dialog: its local tag is the receiver's, who is "to" in Replaces */
        {"a;local-tag=1;remote-tag=2", NULL, "a", "1", "2"},
        {"a;x=\";to-tag=9\";to-tag=1;from-tag=2", NULL, "a", "1", "2"},
        {";to-tag=1;from-tag=2", "^", "", "1", "2"},
        {"a;to-tag=1", "          ^", "a", "1", ""},
        {"a", " ^", "a", "", ""},
        {"", "^", "", "", ""},
    };
    for (isize i = 0; i < countof(table); i++) {
        str value = edge_copy(str_z(table[i].value));
        struct sip_dialog_ref d;
        struct fail f;
        enum err e = sip_dialog_ref_parse(&d, value, &f);
        check_failure(table[i].value, e, &f, table[i].caret);
        assert_str(d.call_id, str_z(table[i].call_id));
        assert_str(d.to_tag, str_z(table[i].to));
        assert_str(d.from_tag, str_z(table[i].from));
        edge_drop(value);
    }
}

/* ---- prefixes ------------------------------------------------------------------------------- */

static void read_all_ways(void *ctx, str value) {
    (void)ctx;
    struct sip_addr a;
    struct sip_uri u;
    struct sip_via v;
    struct sip_cseq c;
    struct sip_dialog_ref d;
    struct fail f[5];
    enum err e[] = {
        sip_addr_parse(&a, value, &f[0]),       sip_uri_parse(&u, value, &f[1]),
        sip_via_parse(&v, value, &f[2]),        sip_cseq_parse(&c, value, &f[3]),
        sip_dialog_ref_parse(&d, value, &f[4]),
    };
    for (isize i = 0; i < countof(e); i++) {
        if (e[i] == ERR_OK) continue;
        assert_int_equal(e[i], ERR_SYNTAX);
        assert_true(f[i].at >= 0 && f[i].at <= value.n);
    }
    str parts[] = {a.display,  a.uri,      a.params,     a.tag,     u.scheme,    u.user,
                   u.password, u.host,     u.params,     u.headers, v.host,      v.params,
                   v.branch,   v.received, v.rport,      u.number,  v.transport, d.to_tag,
                   d.from_tag, d.call_id,  c.method_name};
    for (isize i = 0; i < countof(parts); i++) assert_true(str_inside(parts[i], value));
    str rest = value, item;
    while (sip_list_next(&rest, &item)) assert_true(str_inside(item, value) && item.n);
}

static void every_prefix_is_read(void **state) {
    (void)state;
    for (isize i = 0; i < countof(addrs); i++)
        edge_every_prefix(str_z(addrs[i].value), read_all_ways, NULL);
    for (isize i = 0; i < countof(uris); i++)
        edge_every_prefix(str_z(uris[i].value), read_all_ways, NULL);
    for (isize i = 0; i < countof(vias); i++)
        edge_every_prefix(str_z(vias[i].value), read_all_ways, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(lists),
        cmocka_unit_test(addresses),
        cmocka_unit_test(uris_are_taken_apart),
        cmocka_unit_test(telephone_numbers),
        cmocka_unit_test(escapes),
        cmocka_unit_test(vias_are_taken_apart),
        cmocka_unit_test(cseqs),
        cmocka_unit_test(dialog_references),
        cmocka_unit_test(every_prefix_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
