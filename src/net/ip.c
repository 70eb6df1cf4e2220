/* ip.c: what an IP packet says about its length is weighed against what the capture holds:
 *
 *     |<------------------- total length ------------------->|
 *     | IP header | options | UDP header | payload           | padding
 *     |<------------ captured ------------->|                    d->full_size > payload.n: cut
 *
 * A length of 0 is what a network card that splits or joins packets itself leaves behind (offload):
 * it means "to the end of what is there". */
#include "net/ip.h"

#include "base/rd.h"

#include <string.h>

enum {
    PROTO_HOP_BY_HOP = 0,
    PROTO_UDP = 17,
    PROTO_ROUTING = 43,
    PROTO_FRAGMENT = 44,
    PROTO_AUTH = 51,
    PROTO_DESTINATION = 60,
};

/* Leaves at most `size` bytes after the cursor. */
static void keep_at_most(struct rd *r, isize size) {
    if (size < rd_left(r)) r->in.n = r->at + size;
}

/* RFC 768. `ip_size` is what the IP header says follows it, which may be more than is there. */
static enum net_result udp_decode(struct rd *r, isize ip_size, struct net_datagram *d) {
    d->src_port = rd_be16(r);
    d->dst_port = rd_be16(r);
    isize size = rd_be16(r);
    rd_skip(r, 2); /* checksum: often left to the card, so not a sign of damage */
    if (r->failed) return ip_size < 8 ? NET_DAMAGED : NET_TRUNCATED;
    if (size == 0) size = ip_size;
    if (size < 8) return NET_DAMAGED;
    d->full_size = size - 8;
    keep_at_most(r, size - 8);
    d->payload = rd_rest(r);
    return NET_DATAGRAM;
}

static enum net_result transport_decode(struct rd *r, isize ip_size,
                                        struct net_datagram *d) {
    if (d->protocol != PROTO_UDP) return NET_NOT_UDP;
    return udp_decode(r, ip_size, d);
}

/* RFC 791 */
static enum net_result ipv4_decode(str packet, struct net_datagram *d) {
    struct rd r = {.in = packet};
    isize header = (rd_u8(&r) & 15) * 4;
    rd_skip(&r, 1);
    isize total = rd_be16(&r);
    rd_skip(&r, 2);
    u32 fragment = rd_be16(&r);
    rd_skip(&r, 1);
    d->family = 4;
    d->protocol = rd_u8(&r);
    rd_skip(&r, 2);
    str addresses = rd_take(&r, 8);
    if (r.failed) return NET_TRUNCATED;
    memcpy(d->src_ip, addresses.p, 4);
    memcpy(d->dst_ip, addresses.p + 4, 4);
    if (header < 20) return NET_DAMAGED;
    if (total == 0) total = packet.n;
    if (total < header) return NET_DAMAGED;
    if (fragment & 0x3fff) return NET_FRAGMENT; /* "more follow", or not the first */
    rd_skip(&r, header - 20);
    if (r.failed) return NET_TRUNCATED;
    keep_at_most(&r, total - header);
    return transport_decode(&r, total - header, d);
}

static bool is_extension(u8 protocol) {
    return protocol == PROTO_HOP_BY_HOP || protocol == PROTO_ROUTING ||
           protocol == PROTO_FRAGMENT || protocol == PROTO_AUTH ||
           protocol == PROTO_DESTINATION;
}

/* RFC 8200 §4: walks the extension headers; each is at least 8 bytes, so this ends. */
static enum net_result ipv6_extensions(struct rd *r, isize size, struct net_datagram *d) {
    while (is_extension(d->protocol)) {
        u8 kind = d->protocol;
        d->protocol = rd_u8(r);
        isize length = rd_u8(r);
        if (kind == PROTO_FRAGMENT) {
            /* an atomic fragment (RFC 6946) is whole: offset 0, no more to come */
            u32 place = rd_be16(r);
            if (!r->failed && place & 0xfff9) return NET_FRAGMENT;
            length = 8;
        } else {
            length = kind == PROTO_AUTH ? (length + 2) * 4 : (length + 1) * 8;
        }
        rd_skip(r, length - (kind == PROTO_FRAGMENT ? 4 : 2));
        size -= length;
        if (size < 0) return NET_DAMAGED;
        if (r->failed) return NET_TRUNCATED;
    }
    return transport_decode(r, size, d);
}

static enum net_result ipv6_decode(str packet, struct net_datagram *d) {
    struct rd r = {.in = packet};
    rd_skip(&r, 4);
    isize size = rd_be16(&r);
    d->family = 6;
    d->protocol = rd_u8(&r);
    rd_skip(&r, 1);
    str addresses = rd_take(&r, 32);
    if (r.failed) return NET_TRUNCATED;
    memcpy(d->src_ip, addresses.p, 16);
    memcpy(d->dst_ip, addresses.p + 16, 16);
    if (size == 0) size = rd_left(&r);
    keep_at_most(&r, size);
    return ipv6_extensions(&r, size, d);
}

enum net_result net_ip_decode(str packet, struct net_datagram *d) {
    if (packet.n == 0) return NET_TRUNCATED;
    if (packet.p[0] >> 4 == 4) return ipv4_decode(packet, d);
    if (packet.p[0] >> 4 == 6) return ipv6_decode(packet, d);
    return NET_DAMAGED;
}
