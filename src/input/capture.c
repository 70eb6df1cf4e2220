/* capture.c: pcap and pcapng, through libpcap.
 *
 *     stream ──cookie_read──> FILE ──> libpcap ──frame──> net_frame_decode ──payload──> SIP? ──> sink
 *
 * libpcap does not say where in the file a packet stands. ftello knows how far libpcap has read,
 * and a packet is the last thing it read:
 *
 *     pcap     | header 16 or 24 | packet        |<- offset
 *     pcapng   | block header 28 | packet | padding | options | length 4 |<- offset     (12 in a simple packet block)
 *
 * The bytes at the place so found are compared with the payload; where they differ the sighting says
 * SIGHTING_NOWHERE and its bytes have to be kept. */
#include "input/parts.h"

#include "base/out.h"
#include "base/rd.h"
#include "base/time.h"
#include "net/net.h"
#include "sip/sip.h"

#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31: stamps past it are damage */

enum {
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
    FILE_BUFFER = 64 * 1024, /* with a packet, less than STREAM_HISTORY */
};

struct capture {
    struct input_job *job;
    pcap_t *pcap;
    FILE *file; /* pcap's */
    bool ng;
    int link;
    u32 source;
    u64 frame; /* from 1 */
};

/* ---- where a packet stands ------------------------------------------------------------------ */

static u32 number32(str b, bool big) {
    struct rd r = {.in = b};
    u32 n = rd_be32(&r);
    return big ? n : __builtin_bswap32(n);
}

/* The offset of the packet data of the pcapng block that ends at `end`; 0 where it is none. */
static u64 block_data(const struct stream *in, u64 end, bool big) {
    if (end < in->base + 16) return 0;
    str window = {in->buf, (isize)(end - in->base)};
    u32 size = number32(str_from(window, window.n - 4), big);
    if (size < 16 || size > window.n) return 0;
    u32 type = number32(str_from(window, window.n - (isize)size), big);
    if (type == BLOCK_PACKET || type == BLOCK_OBSOLETE_PACKET) return end - size + 28;
    return type == BLOCK_SIMPLE_PACKET ? end - size + 12 : 0;
}

/* Where `payload`, a part of `frame`, stands in the file: computed, then compared. */
static u64 payload_place(const struct capture *c, str frame, str payload) {
    const struct stream *in = &c->job->in;
    off_t end_of_packet = c->job->read ? ftello(c->file) : -1;
    if (end_of_packet < 0) return SIGHTING_NOWHERE;
    u64 end = (u64)end_of_packet, inner = (u64)(payload.p - frame.p);
    if (!c->ng) {
        u64 at = end - (u64)frame.n + inner;
        return (u64)frame.n <= end && stream_had(in, at, payload) ? at : SIGHTING_NOWHERE;
    }
    for (int big = 0; big < 2; big++) {
        u64 at = block_data(in, end, big);
        if (at && stream_had(in, at + inner, payload)) return at + inner;
    }
    return SIGHTING_NOWHERE;
}

/* ---- one packet -------------------------------------------------------------------------------- */

static i64 stamp_us(const struct pcap_pkthdr *h) {
    i64 s = h->ts.tv_sec, us = h->ts.tv_usec;
    if (s < 0 || s > LAST_SECOND) return 0;
    return s * US_PER_S + (us >= 0 && us < US_PER_S ? us : 0);
}

static struct endpoint endpoint_of(const u8 ip[16], u8 family, u16 port) {
    struct endpoint e = {.family = family, .port = port};
    for (int i = 0; i < (family == 4 ? 4 : 16); i++) e.ip[i] = ip[i];
    return e;
}

static enum skip_reason reason_of(enum net_result r) {
    switch (r) {
    case NET_NOT_IP: return SKIP_NOT_IP;
    case NET_NOT_UDP: return SKIP_NOT_UDP;
    case NET_FRAGMENT: return SKIP_FRAGMENT;
    case NET_TRUNCATED: return SKIP_TRUNCATED;
    case NET_UNKNOWN_LINK: return SKIP_LINK_TYPE;
    case NET_DAMAGED:
    case NET_DATAGRAM: break;
    }
    return SKIP_DAMAGED;
}

/* Why a datagram without SIP at its start is passed over. */
static enum skip_reason datagram_reason(const struct net_datagram *d) {
    bool cut = d->payload.n < d->full_size;
    if (cut && d->payload.n == 0) return SKIP_TRUNCATED;
    if (!cut && input_is_keep_alive(d->payload)) return SKIP_KEEP_ALIVE;
    return SKIP_NOT_SIP;
}

static void take_packet(struct capture *c, const struct pcap_pkthdr *h, str frame) {
    const struct input_sink *sink = c->job->sink;
    struct net_datagram d;
    enum net_result result = net_frame_decode(c->link, frame, &d);
    if (result != NET_DATAGRAM) {
        sink->skipped(sink->ctx, reason_of(result), c->frame, h->caplen);
        return;
    }
    if (d.payload.n == 0 || !sip_looks_like_start(d.payload)) {
        sink->skipped(sink->ctx, datagram_reason(&d), c->frame, h->caplen);
        return;
    }
    struct sighting s = {
        .time_us = stamp_us(h),
        .precision_us = 1,
        .source = c->source,
        .at = payload_place(c, frame, d.payload),
        .line = c->frame,
        .src = endpoint_of(d.src_ip, d.family, d.src_port),
        .dst = endpoint_of(d.dst_ip, d.family, d.dst_port),
        .transport = TRANSPORT_UDP,
        .vantage = VANTAGE_WIRE,
        .cut = d.payload.n < d.full_size,
        .bytes = d.payload,
    };
    sink->sighting(sink->ctx, &s);
}

/* ---- the file ------------------------------------------------------------------------------------ */

static ssize_t cookie_read(void *cookie, char *to, size_t n) {
    str part = stream_take(cookie, (isize)n);
    if (part.n) memcpy(to, part.p, (size_t)part.n);
    return part.n;
}

/* Tells where the stream is, for ftello; it cannot go elsewhere. */
static int cookie_seek(void *cookie, off64_t *offset, int whence) {
    if (whence != SEEK_CUR || *offset != 0) return -1;
    *offset = (off64_t)stream_offset(cookie);
    return 0;
}

static void report_damage(const struct capture *c, const char *why) {
    const struct input_sink *sink = c->job->sink;
    struct out o = {0};
    out_bytes(&o, c->job->path);
    out_printf(&o, ": frame %llu cannot be read (%s); ", (unsigned long long)c->frame,
               why);
    if (c->frame == 1)
        out_z(&o, "none was read before it");
    else
        out_printf(&o, "the %llu before it were read",
                   (unsigned long long)(c->frame - 1));
    sink->damage(sink->ctx, out_str(&o));
    out_drop(&o);
}

static void read_packets(struct capture *c) {
    for (;;) {
        struct pcap_pkthdr *h;
        const u_char *bytes;
        int got = pcap_next_ex(c->pcap, &h, &bytes);
        if (got == PCAP_ERROR_BREAK) return;
        c->frame++;
        if (got != 1) {
            report_damage(c, pcap_geterr(c->pcap));
            return;
        }
        take_packet(c, h, (str){bytes, h->caplen});
    }
}

static u32 announce(struct input_job *job) {
    struct source s = {.name = job->name, .kind = SOURCE_CAPTURE, .read = job->read};
    s.read_ctx = job->read_ctx;
    job->keep_open = true;
    return job->sink->source(job->sink->ctx, &s);
}

static const str pcapng_magic = {(const u8 *)"\x0a\x0d\x0d\x0a", 4};

bool capture_ng_recognise(str head) {
    return str_starts(head, pcapng_magic);
}

/* Microseconds, nanoseconds, and the variant of 1998 with longer headers; either byte order. */
bool capture_recognise(str head) {
    static const u8 magics[][5] = {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1",
                                   "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1",
                                   "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1"};
    for (isize i = 0; i < countof(magics); i++) {
        if (str_starts(head, (str){magics[i], 4})) return true;
    }
    return false;
}

enum err capture_read(struct input_job *job) {
    cookie_io_functions_t reads = {.read = cookie_read, .seek = cookie_seek};
    char why[PCAP_ERRBUF_SIZE] = "";
    struct capture c = {.job = job};
    isize cap = 0;
    char *buffer = base_grow(NULL, &cap, FILE_BUFFER, 1);
    c.file = fopencookie(&job->in, "rb", reads);
    must(c.file);
    setvbuf(c.file, buffer, _IOFBF, FILE_BUFFER);
    c.ng = capture_ng_recognise((str){job->in.buf, job->in.n});
    c.pcap = pcap_fopen_offline_with_tstamp_precision(c.file, PCAP_TSTAMP_PRECISION_MICRO,
                                                      why);
    if (c.pcap) {
        c.link = pcap_datalink(c.pcap);
        c.source = announce(job);
        read_packets(&c);
        pcap_close(c.pcap); /* closes the file */
    } else {
        fclose(c.file);
        *job->sentence = arena_printf(job->boot, "%s: is a damaged capture file (%s)",
                                      arena_z(job->boot, job->path), why);
    }
    base_free(buffer);
    return c.pcap ? ERR_OK : ERR_SYNTAX;
}
