/* Addresses as text, and the names of what was passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "trace/sighting.h"

#include <arpa/inet.h>
#include <string.h>

struct row {
    const char *text, *shown; /* shown NULL: it is no address */
};

static const struct row rows[] = {
    {"192.0.2.1:5060", "192.0.2.1:5060"},
    {"192.0.2.1", "192.0.2.1:0"},
    {"0.0.0.0:0", "0.0.0.0:0"},
    {"255.255.255.255:65535", "255.255.255.255:65535"},
    {"[2001:db8::1]:5060", "[2001:db8::1]:5060"},
    {"[2001:DB8::1]", "[2001:db8::1]:0"},
    {"[::]:1", "[::]:1"},
    {"[fe80::1%eth0]:5060", "[fe80::1]:5060"},
    {"[::ffff:192.0.2.1]:5060", "[::ffff:192.0.2.1]:5060"},
    {"[1:2:3:4:5:6:192.0.2.1]:7", "[1:2:3:4:5:6:c000:201]:7"},
    {"2001:db8::1", "[2001:db8::1]:0"},
    {"2001:db8::1:5060", "[2001:db8::1]:5060"}, /* a FireBrick's, without brackets */
    {"2001:db8::1:50600", "[2001:db8::1]:50600"},
    {"2001:db8::5060", "[2001:db8::5060]:0"},
    {"2001:db8::1:80", "[2001:db8::1:80]:0"},
    {"1:2:3:4:5:6:7:8:80", "[1:2:3:4:5:6:7:8]:80"},
    {"1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]:0"},
    {"::1:5060", "[::1]:5060"},
    {"::", "[::]:0"},
    /* RFC 5952 §4: the longest run, the first of equals, never one group alone */
    {"[1:0:0:4:0:0:0:8]:1", "[1:0:0:4::8]:1"},
    {"[1:0:0:4:5:0:0:8]:1", "[1::4:5:0:0:8]:1"},
    {"[1:0:3:4:5:6:7:8]:1", "[1:0:3:4:5:6:7:8]:1"},
    {"[0:0:3:4:5:6:0:0]:1", "[::3:4:5:6:0:0]:1"},
    {"[1:2:3:4:5:6:0:0]:1", "[1:2:3:4:5:6::]:1"},
    {"[00A0::0B]:1", "[a0::b]:1"},
    {"", NULL},
    {"?", NULL},
    {"192.0.2", NULL},
    {"192.0.2.1.5", NULL},
    {"192.0.2.256", NULL},
    {"192.0.2.01", NULL},
    {"192.0.2.1:", NULL},
    {"192.0.2.1:65536", NULL},
    {"192.0.2.1:5060x", NULL},
    {"192.0.2.1:000005060", NULL},
    {" 192.0.2.1:5060", NULL},
    {"x.x.x.x:5060", NULL},
    {"host:5060", NULL},
    {"[2001:db8::1", NULL},
    {"[2001:db8::1]5060", NULL},
    {"[2001:db8::1]:", NULL},
    {"[]:5060", NULL},
    {"[1::2::3]:1", NULL},
    {"[1:2:3:4:5:6:7]:1", NULL},
    {"[1:2:3:4:5:6:7:8:9]:1", NULL},
    {"[1:2:3:4::5:6:7:8]:1", NULL}, /* "::" for no group at all */
    {"[12345::]:1", NULL},
    {"[g::]:1", NULL},
    {"[1.2.3.4::]:1", NULL},
    {"[1:2:3:4:5:6:7:1.2.3.4]:1", NULL},
    {"[:1:2:3:4:5:6:7]:1", NULL},
    {":", NULL},
    {":::", NULL},
};

static void addresses_are_read_and_shown(void **state) {
    arena a = arena_open(1 << 20);
    (void)state;
    for (isize i = 0; i < countof(rows); i++) {
        struct endpoint e;
        str text = edge_copy(str_z(rows[i].text));
        bool ok = endpoint_read(&e, text);
        if (ok != (rows[i].shown != NULL)) fail_msg("%s: %d", rows[i].text, ok);
        str shown = endpoint_text(&a, &e);
        const char *want = ok ? rows[i].shown : "?";
        if (!str_eq(shown, str_z(want)))
            fail_msg("%s: %.*s", rows[i].text, (int)shown.n, (const char *)shown.p);
        edge_drop(text);
    }
    arena_close(&a);
}

/* Every IPv6 text of ours is read back, and agrees with the C library's where that follows RFC 5952. */
static void any_address_survives(void **state) {
    arena a = arena_open(1 << 20);
    u64 seed = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct endpoint e = {.family = 6, .port = (u16)i}, back;
        char theirs[INET6_ADDRSTRLEN];
        arena scratch = a;
        for (int g = 0; g < 8; g++) {
            seed = hash_mix(seed, (u64)i);
            if (seed % 3 == 0) continue; /* many zero groups */
            e.ip[2 * g] = (u8)(seed >> 8 & (seed & 64 ? 255 : 0));
            e.ip[2 * g + 1] = (u8)(seed >> 16);
        }
        assert_true(endpoint_read(&back, endpoint_text(&scratch, &e)));
        assert_true(endpoint_eq(&e, &back));
        assert_non_null(inet_ntop(AF_INET6, e.ip, theirs, sizeof theirs));
        str ours = endpoint_ip_text(&scratch, &e);
        if (!strchr(theirs, '.') && !str_eq(ours, str_z(theirs)))
            fail_msg("%.*s, not %s", (int)ours.n, (const char *)ours.p, theirs);
    }
    arena_close(&a);
}

static void addresses_are_compared(void **state) {
    struct endpoint a, b, c;
    (void)state;
    assert_true(endpoint_read(&a, S("192.0.2.1:5060")));
    assert_true(endpoint_read(&b, S("192.0.2.1:5061")));
    assert_true(endpoint_read(&c, S("[c000:201::]:5060"))); /* the same first bytes */
    assert_true(endpoint_eq(&a, &a));
    assert_false(endpoint_eq(&a, &b));
    assert_true(endpoint_same_ip(&a, &b));
    assert_false(endpoint_same_ip(&a, &c));
    a.ip[9] = 7; /* what stands behind an IPv4 address does not count */
    assert_true(endpoint_same_ip(&a, &b));
}

static void every_reason_has_its_name(void **state) {
    (void)state;
    for (int i = 0; i < SKIP_COUNT; i++) {
        str name = str_z(skip_name((enum skip_reason)i));
        assert_true(name.n > 3 && str_find(name, ' ') < 0);
        assert_true(str_z(skip_text((enum skip_reason)i)).n > 5);
        for (int j = 0; j < i; j++)
            assert_false(str_eq(name, str_z(skip_name((enum skip_reason)j))));
    }
    assert_string_equal(skip_name(SKIP_NOT_SIP), "not-sip");
    assert_string_equal(transport_text(TRANSPORT_UDP), "udp");
    assert_string_equal(transport_text((enum transport)99), "unknown");
}

static void skips_are_summed(void **state) {
    struct skips a = {0}, b = {0};
    (void)state;
    b.n[SKIP_DAMAGED] = 2;
    b.bytes[SKIP_DAMAGED] = 100;
    b.first[SKIP_DAMAGED] = 7;
    skips_add(&a, &b);
    b.first[SKIP_DAMAGED] = 1;
    skips_add(&a, &b);
    assert_int_equal(a.n[SKIP_DAMAGED], 4);
    assert_int_equal(a.bytes[SKIP_DAMAGED], 200);
    assert_int_equal(a.first[SKIP_DAMAGED], 7);
    assert_int_equal(skips_total(&a), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_shown),
        cmocka_unit_test(any_address_survives),
        cmocka_unit_test(addresses_are_compared),
        cmocka_unit_test(every_reason_has_its_name),
        cmocka_unit_test(skips_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
