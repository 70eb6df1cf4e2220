/* Frames of every link type, built by code: what is in them is found, at every cut, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "net/frames.h"
#include "net/net.h"

#define PAYLOAD "OPTIONS sip:a@b SIP/2.0\r\n\r\n"

/* ---- link layers -------------------------------------------------------------------------- */

struct layer {
    const char *name;
    int link;
    void (*wrap)(struct pile *p, int version);
};

static void wrap_nothing(struct pile *p, int version) {
    (void)p;
    (void)version;
}
static void wrap_ether(struct pile *p, int version) {
    pile_ether(p, ether_type(version));
}
static void tag(struct pile *p, u32 inner_type, u32 id) {
    pile_be16(p, inner_type);
    pile_be16(p, id);
}
static void wrap_vlan(struct pile *p, int version) {
    tag(p, ether_type(version), 100);
    pile_ether(p, 0x8100);
}
static void wrap_qinq(struct pile *p, int version) {
    tag(p, ether_type(version), 100);
    tag(p, 0x8100, 200);
    pile_ether(p, 0x88a8);
}
static void wrap_many_vlans(struct pile *p, int version) {
    tag(p, ether_type(version), 1);
    for (u32 i = 2; i < 8; i++) tag(p, 0x8100, i);
    tag(p, 0x88a8, 8);
    pile_ether(p, 0x9100);
}
static void pppoe(struct pile *p) {
    isize size = p->n;
    pile_be16(p, (u32)size);
    pile_be32(p, 0x11000042);
}
static void wrap_pppoe(struct pile *p, int version) {
    pile_be16(p, version == 4 ? 0x0021 : 0x0057);
    pppoe(p);
    pile_ether(p, 0x8864);
}
static void wrap_pppoe_short(struct pile *p, int version) {
    pile_byte(p, version == 4 ? 0x21 : 0x57);
    pppoe(p);
    tag(p, 0x8864, 7);
    pile_ether(p, 0x8100);
}
static void wrap_snap(struct pile *p, int version) {
    pile_be16(p, ether_type(version));
    pile_front(p, S("\xaa\xaa\x03\0\0\0"));
    pile_ether(p, (u32)p->n);
}
static void wrap_sll(struct pile *p, int version) {
    pile_be16(p, ether_type(version));
    pile_front(p, S("\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0"));
}
static void wrap_sll_vlan(struct pile *p, int version) {
    tag(p, ether_type(version), 100);
    pile_be16(p, 0x8100);
    pile_front(p, S("\0\x04\0\x01\0\x06\x02\0\0\0\0\x01\0\0"));
}
static void wrap_sll2(struct pile *p, int version) {
    pile_front(p, S("\0\0\0\0\0\x03\0\x01\0\x06\x02\0\0\0\0\x01\0\0"));
    pile_be16(p, ether_type(version));
}
static void wrap_null_little(struct pile *p, int version) {
    pile_be32(p, version == 4 ? 0x02000000 : 0x1e000000);
}
static void wrap_null_big(struct pile *p, int version) {
    pile_be32(p, version == 4 ? 2 : 24);
}

static const struct layer layers[] = {
    {"Ethernet", 1, wrap_ether},
    {"802.1Q", 1, wrap_vlan},
    {"802.1ad", 1, wrap_qinq},
    {"eight tags", 1, wrap_many_vlans},
    {"PPPoE", 1, wrap_pppoe},
    {"PPPoE in a VLAN, short protocol", 1, wrap_pppoe_short},
    {"SNAP", 1, wrap_snap},
    {"cooked v1", 113, wrap_sll},
    {"cooked v1 with a VLAN", 113, wrap_sll_vlan},
    {"cooked v2", 276, wrap_sll2},
    {"null, little-endian", 0, wrap_null_little},
    {"null, big-endian", 0, wrap_null_big},
    {"loop", 108, wrap_null_big},
    {"raw as Linux numbers it", 12, wrap_nothing},
    {"raw as OpenBSD numbers it", 14, wrap_nothing},
    {"raw", 101, wrap_nothing},
    {"raw IPv4", 228, wrap_nothing},
    {"raw IPv6", 229, wrap_nothing},
};

static void check_ends(const struct net_datagram *d, int version) {
    static const u8 v4[] = {192, 0, 2, 1};
    assert_int_equal(d->family, version);
    assert_int_equal(d->protocol, 17);
    assert_int_equal(d->src_port, 5060);
    assert_int_equal(d->dst_port, 5070);
    if (version == 4) {
        assert_memory_equal(d->src_ip, v4, 4);
        assert_int_equal(d->dst_ip[3], 2);
    } else {
        assert_int_equal(d->src_ip[0], 0x20);
        assert_int_equal(d->src_ip[15], 1);
        assert_int_equal(d->dst_ip[15], 2);
    }
}

static void every_layer_gives_the_payload(void **state) {
    static struct pile p;
    (void)state;
    for (isize i = 0; i < countof(layers); i++) {
        for (int version = 4; version <= 6; version += 2) {
            struct net_datagram d;
            p.n = 0;
            pile_udp(&p, version, S(PAYLOAD));
            layers[i].wrap(&p, version);
            str frame = edge_copy(pile_str(&p));
            enum net_result r = net_frame_decode(layers[i].link, frame, &d);
            if (r != NET_DATAGRAM) fail_msg("%s, IPv%d: %d", layers[i].name, version, r);
            check_ends(&d, version);
            assert_true(str_eq(d.payload, S(PAYLOAD)));
            assert_true(str_inside(d.payload, frame));
            assert_int_equal(d.full_size, d.payload.n);
            edge_drop(frame);
        }
    }
}

struct cut {
    int link;
    isize headers, whole;
};

/* Cut in the headers: truncated. Cut in the payload: what is there, and how long it was. */
static void check_cut(void *ctx, str frame) {
    const struct cut *c = ctx;
    struct net_datagram d;
    enum net_result r = net_frame_decode(c->link, frame, &d);
    if (frame.n < c->headers) {
        assert_true(r == NET_TRUNCATED || r == NET_NOT_IP);
        return;
    }
    assert_int_equal(r, NET_DATAGRAM);
    assert_int_equal(d.payload.n, frame.n - c->headers);
    assert_int_equal(d.full_size, c->whole - c->headers);
    assert_true(str_inside(d.payload, frame));
}

static void every_cut_is_noticed(void **state) {
    static struct pile p;
    (void)state;
    for (isize i = 0; i < countof(layers); i++) {
        for (int version = 4; version <= 6; version += 2) {
            p.n = 0;
            pile_udp(&p, version, S(PAYLOAD));
            layers[i].wrap(&p, version);
            struct cut c = {layers[i].link, p.n - (isize)sizeof PAYLOAD + 1, p.n};
            edge_every_prefix(pile_str(&p), check_cut, &c);
        }
    }
}

static void unknown_links_are_said_to_be(void **state) {
    (void)state;
    for (int link = -1; link < 400; link++) {
        struct net_datagram d;
        enum net_result r = net_frame_decode(link, S("0123456789012345678901234"), &d);
        assert_int_equal(net_link_known(link), r != NET_UNKNOWN_LINK);
    }
}

/* ---- what is not IP ------------------------------------------------------------------------------ */

static void other_protocols_are_not_ip(void **state) {
    static struct pile p;
    struct net_datagram d;
    (void)state;
    p.n = 0;
    pile_front(&p, S("0123456789012345678901234567890123456789"));
    pile_ether(&p, 0x0806); /* ARP */
    assert_int_equal(net_frame_decode(1, pile_str(&p), &d), NET_NOT_IP);
    p.n = 0;
    pile_front(&p,
               S("\x42\x42\x03"
                 "012345678901234567890123456789")); /* spanning tree: LLC without SNAP */
    pile_ether(&p, 38);
    assert_int_equal(net_frame_decode(1, pile_str(&p), &d), NET_NOT_IP);
    p.n = 0;
    pile_front(&p, S("\xc0\x21"
                     "0123456789")); /* LCP */
    pppoe(&p);
    pile_ether(&p, 0x8864);
    assert_int_equal(net_frame_decode(1, pile_str(&p), &d), NET_NOT_IP);
    p.n = 0;
    pile_front(&p, S("0123456789"));
    pile_be32(&p, 7); /* no family of IP */
    assert_int_equal(net_frame_decode(0, pile_str(&p), &d), NET_NOT_IP);
    assert_int_equal(net_frame_decode(101, S("\x50 is no version"), &d), NET_DAMAGED);
}

/* ---- IPv4 ------------------------------------------------------------------------------------------- */

struct v4_row {
    const char *name;
    isize at; /* of the byte to change, in the IP header */
    u8 to;
    enum net_result want;
};

static const struct v4_row v4_rows[] = {
    {"unchanged", 1, 0, NET_DATAGRAM},
    {"header of 16 bytes", 0, 0x44, NET_DAMAGED},
    {"header past the total", 0, 0x4f, NET_DAMAGED},
    {"version 5", 0, 0x55, NET_DAMAGED},
    {"total below the header", 3, 19, NET_DAMAGED},
    {"total without UDP", 3, 24, NET_DAMAGED},
    {"more fragments", 6, 0x20, NET_FRAGMENT},
    {"a later fragment", 7, 1, NET_FRAGMENT},
    {"the last fragment", 6, 0x1f, NET_FRAGMENT},
    {"don't fragment", 6, 0x40, NET_DATAGRAM},
    {"the evil bit", 6, 0x80, NET_DATAGRAM},
    {"TCP", 9, 6, NET_NOT_UDP},
    {"ICMP", 9, 1, NET_NOT_UDP},
    {"UDP length 7", 25, 7, NET_DAMAGED},
    {"UDP length 8: empty", 25, 8, NET_DATAGRAM},
};

static void ipv4_is_weighed(void **state) {
    static struct pile p;
    (void)state;
    for (isize i = 0; i < countof(v4_rows); i++) {
        const struct v4_row *row = &v4_rows[i];
        struct net_datagram d;
        p.n = 0;
        pile_udp(&p, 4, S("012345678901"));
        *pile_at(&p, row->at) = row->to;
        enum net_result r = net_frame_decode(101, pile_str(&p), &d);
        if (r != row->want) fail_msg("%s: %d, not %d", row->name, r, row->want);
        if (r == NET_NOT_UDP) assert_int_equal(d.protocol, row->to);
    }
}

static void ipv4_options_are_skipped(void **state) {
    static struct pile p;
    struct net_datagram d;
    (void)state;
    for (isize n = 4; n <= 40; n += 4) {
        u8 options[40] = {1, 1, 1, 1};
        p.n = 0;
        pile_front(&p, S(PAYLOAD));
        pile_udp_header(&p);
        pile_ipv4(&p, 17, (str){options, n});
        assert_int_equal(net_frame_decode(12, pile_str(&p), &d), NET_DATAGRAM);
        assert_true(str_eq(d.payload, S(PAYLOAD)));
    }
}

/* Ethernet pads frames to 60 bytes; offloading leaves lengths of 0; a length may be more than IP carries. */
static void lengths_that_differ(void **state) {
    static struct pile p;
    u8 padded[60] = {0};
    struct net_datagram d;
    (void)state;
    p.n = 0;
    pile_udp(&p, 4, S("SHORT"));
    pile_ether(&p, 0x0800);
    memcpy(padded, pile_str(&p).p, (size_t)p.n);
    assert_int_equal(net_frame_decode(1, (str){padded, 60}, &d), NET_DATAGRAM);
    assert_true(str_eq(d.payload, S("SHORT")));
    padded[17] = 0; /* total length */
    assert_int_equal(net_frame_decode(1, (str){padded, 60}, &d), NET_DATAGRAM);
    assert_true(str_eq(d.payload, S("SHORT")));
    padded[39] = 0; /* UDP length too: all that is there */
    assert_int_equal(net_frame_decode(1, (str){padded, 60}, &d), NET_DATAGRAM);
    assert_int_equal(d.payload.n, 60 - 42);
    padded[17] = 33;
    padded[39] = 200; /* UDP says 192 bytes, IP has room for 5: cut */
    assert_int_equal(net_frame_decode(1, (str){padded, 60}, &d), NET_DATAGRAM);
    assert_true(str_eq(d.payload, S("SHORT")));
    assert_int_equal(d.full_size, 192);
}

/* ---- IPv6 ------------------------------------------------------------------------------------------- */

/* `chain`: the kinds of extension header, outermost first. */
static enum net_result decode_chain(str chain, u32 fragment, u32 last,
                                    struct net_datagram *d) {
    static struct pile p;
    u32 next = last;
    p.n = 0;
    pile_front(&p, S(PAYLOAD));
    pile_udp_header(&p);
    for (isize i = chain.n - 1; i >= 0; i--) {
        u8 kind = chain.p[i];
        u8 bytes[24] = {(u8)next, 2};
        isize n = 24;           /* (2 + 1) * 8 */
        if (kind == 51) n = 16; /* (2 + 2) * 4 */
        if (kind == 44) {
            n = 8;
            bytes[1] = 0;
            bytes[2] = (u8)(fragment >> 8);
            bytes[3] = (u8)fragment;
        }
        pile_front(&p, (str){bytes, n});
        next = kind;
    }
    pile_ipv6(&p, next);
    return net_frame_decode(229, pile_str(&p), d);
}

static void ipv6_extensions_are_walked(void **state) {
    static const struct {
        str chain;
        u32 fragment, last;
        enum net_result want;
    } rows[] = {
        {{(const u8 *)"", 0}, 0, 17, NET_DATAGRAM},
        {{(const u8 *)"\0", 1}, 0, 17, NET_DATAGRAM},
        {{(const u8 *)"\0\x3c\x2b\x33\x3c", 5}, 0, 17, NET_DATAGRAM},
        {{(const u8 *)"\0\x2c", 2}, 0, 17, NET_DATAGRAM}, /* RFC 6946: atomic */
        {{(const u8 *)"\x2c", 1}, 1, 17, NET_FRAGMENT},
        {{(const u8 *)"\x2c", 1}, 8, 17, NET_FRAGMENT},
        {{(const u8 *)"\0\x2c", 2}, 0xfff8, 17, NET_FRAGMENT},
        {{(const u8 *)"\0", 1}, 0, 59, NET_NOT_UDP},
        {{(const u8 *)"\x3c", 1}, 0, 6, NET_NOT_UDP},
    };
    (void)state;
    for (isize i = 0; i < countof(rows); i++) {
        struct net_datagram d;
        enum net_result r =
            decode_chain(rows[i].chain, rows[i].fragment, rows[i].last, &d);
        if (r != rows[i].want) fail_msg("row %d: %d", (int)i, r);
        if (r == NET_DATAGRAM) assert_true(str_eq(d.payload, S(PAYLOAD)));
    }
}

static void ipv6_lengths_that_contradict(void **state) {
    static struct pile p;
    struct net_datagram d;
    (void)state;
    p.n = 0;
    pile_front(&p, S("\x11\xff\0\0\0\0\0\0")); /* hop-by-hop of 2048 bytes in 8 */
    pile_ipv6(&p, 0);
    assert_int_equal(net_frame_decode(101, pile_str(&p), &d), NET_DAMAGED);
    p.n = 0;
    pile_udp(&p, 6, S(PAYLOAD));
    *pile_at(&p, 5) = 0; /* length 0: a jumbogram, or offload */
    assert_int_equal(net_frame_decode(101, pile_str(&p), &d), NET_DATAGRAM);
    assert_true(str_eq(d.payload, S(PAYLOAD)));
}

/* The short way for usual frames gives what the careful one does, which every other link type takes: with any one byte changed,
 * and cut anywhere. */
static void the_short_way_agrees(void **state) {
    (void)state;
    static struct pile p;
    p.n = 0;
    pile_udp(&p, 4, S(PAYLOAD));
    pile_ether(&p, ether_type(4));
    isize whole = p.n, headers = whole - S(PAYLOAD).n;
    for (isize at = 14; at < headers; at++) {
        u8 was = *pile_at(&p, at);
        for (int c = 0; c < 256; c++) {
            *pile_at(&p, at) = (u8)c;
            for (isize cut = whole; cut > headers - 3; cut -= c == was ? 1 : whole) {
                str frame = str_sub(pile_str(&p), 0, cut);
                struct net_datagram usual = {0}, careful = {0};
                enum net_result a = net_frame_decode(NET_LINK_ETHERNET, frame, &usual),
                                b = net_frame_decode(NET_LINK_RAW, str_from(frame, 14),
                                                     &careful);
                assert_int_equal(a, b);
                assert_memory_equal(&usual, &careful, sizeof usual);
            }
        }
        *pile_at(&p, at) = was;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_gives_the_payload),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(unknown_links_are_said_to_be),
        cmocka_unit_test(other_protocols_are_not_ip),
        cmocka_unit_test(the_short_way_agrees),
        cmocka_unit_test(ipv4_is_weighed),
        cmocka_unit_test(ipv4_options_are_skipped),
        cmocka_unit_test(lengths_that_differ),
        cmocka_unit_test(ipv6_extensions_are_walked),
        cmocka_unit_test(ipv6_lengths_that_contradict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
