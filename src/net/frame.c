/* frame.c: the layers below IP.
 *
 *     Ethernet   dst 6 | src 6 | [802.1Q: 8100 tag]… | type 2 | …      type up to 1500: a length, then LLC
 *     PPPoE      11 | code | session 2 | length 2 | PPP protocol 1 or 2 | …
 *     cooked v1  packet type 2 | ARPHRD 2 | length 2 | address 8 | type 2 | …
 *     cooked v2  type 2 | 0 2 | interface 4 | ARPHRD 2 | packet type 1 | length 1 | address 8 | …
 *     null       address family 4, in the byte order of the machine that captured | …
 *     raw        IP at once
 *
 * One function a link type, all ending in ether_payload or net_ip_decode. */
#include "net/net.h"

#include "base/rd.h"
#include "net/ip.h"

enum {
    ETHER_MAX_LENGTH = 1500,
    ETHER_IPV4 = 0x0800,
    ETHER_VLAN = 0x8100,
    ETHER_IPV6 = 0x86dd,
    ETHER_PPPOE = 0x8864,
    ETHER_QINQ = 0x88a8,
    ETHER_QINQ_OLD = 0x9100, /* what switches used before 802.1ad */
    PPP_IPV4 = 0x21,
    PPP_IPV6 = 0x57,
    /* what libpcap calls raw IP, by platform */
    DLT_RAW_HERE = 12,
    DLT_RAW_OPENBSD = 14,
};

static enum net_result ip_rest(struct rd *r, struct net_datagram *d) {
    if (r->failed) return NET_TRUNCATED;
    return net_ip_decode(rd_rest(r), d);
}

/* RFC 2516, the session stage; RFC 1661 §6.5: an odd first byte is a compressed protocol number. */
static enum net_result pppoe_payload(struct rd *r, struct net_datagram *d) {
    u8 version = rd_u8(r);
    u8 code = rd_u8(r);
    rd_skip(r, 4);
    u32 protocol = rd_u8(r);
    if (!(protocol & 1)) protocol = protocol << 8 | rd_u8(r);
    if (r->failed) return NET_TRUNCATED;
    if (version != 0x11 || code != 0) return NET_NOT_IP;
    if (protocol != PPP_IPV4 && protocol != PPP_IPV6) return NET_NOT_IP;
    return ip_rest(r, d);
}

/* IEEE 802.2 with SNAP, as some old switches write IP */
static enum net_result llc_payload(struct rd *r, struct net_datagram *d) {
    str snap = rd_take(r, 6);
    u16 type = rd_be16(r);
    if (r->failed || !str_eq(snap, S("\xaa\xaa\x03\0\0\0"))) return NET_NOT_IP;
    if (type != ETHER_IPV4 && type != ETHER_IPV6) return NET_NOT_IP;
    return ip_rest(r, d);
}

static enum net_result ether_payload(struct rd *r, u16 type, struct net_datagram *d) {
    while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD) {
        rd_skip(r, 2);
        type = rd_be16(r);
        if (r->failed) return NET_TRUNCATED;
    }
    if (r->failed) return NET_TRUNCATED;
    if (type == ETHER_IPV4 || type == ETHER_IPV6) return ip_rest(r, d);
    if (type == ETHER_PPPOE) return pppoe_payload(r, d);
    if (type <= ETHER_MAX_LENGTH) return llc_payload(r, d);
    return NET_NOT_IP;
}

static enum net_result ethernet_decode(struct rd *r, struct net_datagram *d) {
    rd_skip(r, 12);
    u16 type = rd_be16(r);
    return ether_payload(r, type, d);
}

static enum net_result sll_decode(struct rd *r, struct net_datagram *d) {
    rd_skip(r, 14);
    u16 type = rd_be16(r);
    return ether_payload(r, type, d);
}

static enum net_result sll2_decode(struct rd *r, struct net_datagram *d) {
    u16 type = rd_be16(r);
    rd_skip(r, 18);
    return ether_payload(r, type, d);
}

/* AF_INET is 2 everywhere; AF_INET6 is 24, 28 or 30 on the BSDs and macOS, 10 on Linux, 23 on Windows. */
static bool family_is_ip(u32 family) {
    return family == 2 || family == 10 || family == 23 || family == 24 || family == 28 ||
           family == 30;
}

static enum net_result null_decode(struct rd *r, struct net_datagram *d) {
    u32 family = rd_be32(r);
    if (r->failed) return NET_TRUNCATED;
    if (family > 0xffff) family = __builtin_bswap32(family);
    if (!family_is_ip(family)) return NET_NOT_IP;
    return ip_rest(r, d);
}

bool net_link_known(int link) {
    switch (link) {
    case NET_LINK_NULL:
    case NET_LINK_ETHERNET:
    case DLT_RAW_HERE:
    case DLT_RAW_OPENBSD:
    case NET_LINK_RAW:
    case NET_LINK_LOOP:
    case NET_LINK_LINUX_SLL:
    case NET_LINK_IPV4:
    case NET_LINK_IPV6:
    case NET_LINK_LINUX_SLL2: return true;
    default: return false;
    }
}

static u16 be16(const u8 *p) {
    return (u16)((u32)p[0] << 8 | p[1]);
}

/* Ethernet without tags, IPv4 without options, UDP, and all lengths agree: as nearly all are. False: look closer.
 *
 *     0      12   14            34            42
 *     | MACs | type | IPv4 header | UDP header | payload …
 */
static bool read_usual(str frame, struct net_datagram *d) {
    enum { ETHER = 14, IP = 20, UDP = 8, IP_UDP = 17, ANY_FRAGMENT = 0x3fff };
    const u8 *p = frame.p, *ip = p + ETHER, *udp = ip + IP;
    if (frame.n < ETHER + IP + UDP || be16(ip - 2) != ETHER_IPV4 || ip[0] != 0x45)
        return false;
    isize total = be16(ip + 2), size = be16(udp + 4);
    if (ip[9] != IP_UDP || be16(ip + 6) & ANY_FRAGMENT || size < UDP) return false;
    if (total != IP + size || total > frame.n - ETHER) return false;
    d->family = 4;
    d->protocol = IP_UDP;
    memcpy(d->src_ip, ip + 12, 4);
    memcpy(d->dst_ip, ip + 16, 4);
    d->src_port = be16(udp);
    d->dst_port = be16(udp + 2);
    d->full_size = size - UDP;
    d->payload = (str){udp + UDP, size - UDP};
    return true;
}

enum net_result net_frame_decode(int link, str frame, struct net_datagram *d) {
    struct rd r = {.in = frame};
    *d = (struct net_datagram){0};
    if (link == NET_LINK_ETHERNET && read_usual(frame, d)) return NET_DATAGRAM;
    switch (link) {
    case NET_LINK_ETHERNET: return ethernet_decode(&r, d);
    case NET_LINK_LINUX_SLL: return sll_decode(&r, d);
    case NET_LINK_LINUX_SLL2: return sll2_decode(&r, d);
    case NET_LINK_NULL:
    case NET_LINK_LOOP: return null_decode(&r, d);
    case DLT_RAW_HERE:
    case DLT_RAW_OPENBSD:
    case NET_LINK_RAW:
    case NET_LINK_IPV4:
    case NET_LINK_IPV6: return ip_rest(&r, d);
    default: return NET_UNKNOWN_LINK;
    }
}
