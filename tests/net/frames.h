/* frames.h: frames built by code, from the inside out.
 *
 *     struct pile p = {0};
 *     pile_udp(&p, 4, S("OPTIONS …"));     payload, UDP and IPv4 around it
 *     pile_ether(&p, 0x0800);              Ethernet in front
 */
#ifndef SIPWEAVE_TESTS_FRAMES_H
#define SIPWEAVE_TESTS_FRAMES_H

#include "base/base.h"

#include <string.h>

enum { PILE_MAX = 70000 };

/* Bytes that grow to the front. */
struct pile {
    u8 bytes[PILE_MAX];
    isize n;
};

static inline str pile_str(const struct pile *p) {
    return (str){p->bytes + PILE_MAX - p->n, p->n};
}

static inline void pile_front(struct pile *p, str s) {
    must(s.n <= PILE_MAX - p->n);
    p->n += s.n;
    if (s.n) memcpy(p->bytes + PILE_MAX - p->n, s.p, (size_t)s.n);
}

static inline void pile_be16(struct pile *p, u32 n) {
    u8 b[2] = {(u8)(n >> 8), (u8)n};
    pile_front(p, (str){b, 2});
}

static inline void pile_be32(struct pile *p, u32 n) {
    pile_be16(p, n & 0xffff);
    pile_be16(p, n >> 16);
}

static inline void pile_byte(struct pile *p, u32 n) {
    u8 b = (u8)n;
    pile_front(p, (str){&b, 1});
}

/* The byte at an offset from the front, for changing one. */
static inline u8 *pile_at(struct pile *p, isize at) {
    return p->bytes + PILE_MAX - p->n + at;
}

/* 192.0.2.1:5060 -> 192.0.2.2:5070 */
static inline void pile_udp_header(struct pile *p) {
    isize size = p->n + 8;
    pile_be16(p, 0xbeef);
    pile_be16(p, (u32)size);
    pile_be16(p, 5070);
    pile_be16(p, 5060);
}

static inline void pile_ipv4(struct pile *p, u32 protocol, str options) {
    static const u8 ends[8] = {192, 0, 2, 1, 192, 0, 2, 2};
    isize size = p->n + options.n + 20;
    pile_front(p, options);
    pile_front(p, (str){ends, 8});
    pile_be16(p, 0);
    pile_byte(p, protocol);
    pile_byte(p, 64);
    pile_be32(p, 0x12344000); /* identification, don't fragment */
    pile_be16(p, (u32)size);
    pile_byte(p, 0);
    pile_byte(p, 0x40 + (u32)(20 + options.n) / 4);
}

/* 2001:db8::1 -> 2001:db8::2 */
static inline void pile_ipv6(struct pile *p, u32 next) {
    u8 address[16] = {0x20, 1, 13, 0xb8};
    isize size = p->n;
    address[15] = 2;
    pile_front(p, (str){address, 16});
    address[15] = 1;
    pile_front(p, (str){address, 16});
    pile_byte(p, 64);
    pile_byte(p, next);
    pile_be16(p, (u32)size);
    pile_be32(p, 0x60000000);
}

static inline void pile_udp(struct pile *p, int version, str payload) {
    pile_front(p, payload);
    pile_udp_header(p);
    if (version == 4)
        pile_ipv4(p, 17, (str){0});
    else
        pile_ipv6(p, 17);
}

static inline u32 ether_type(int version) {
    if (version == 4) return 0x0800;
    return 0x86dd;
}

static inline void pile_ether(struct pile *p, u32 type) {
    pile_be16(p, type);
    pile_front(p, S("\x02\0\0\0\0\x02\x02\0\0\0\0\x01"));
}

#endif
