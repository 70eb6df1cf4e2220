/* capture.c: pcap and pcapng.
 *
 *     stream ──cookie_read──> FILE ──> libpcap ──┐
 *        └─────────records as they stand─────────┴─frame──> net_frame_decode ──payload──> SIP? ──> sink
 *
 * libpcap opens every file. The records of a plain pcap file, in this machine's byte order, are then taken from the
 * window as they stand: through a FILE each byte is copied twice more, which takes as long as all the rest of
 * reading. From the first record on that is not plain (longer than the snap length, cut, damaged) libpcap reads.
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

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31: stamps past it are damage */

enum {
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
    FILE_BUFFER = 64 * 1024, /* with a packet, less than STREAM_HISTORY */
    PCAP_HEADER = 24,
    RECORD_HEADER = 16,
};

struct capture {
    struct input_job *job;
    str header; /* of a pcap file: for libpcap, before what the stream has */
    pcap_t *pcap;
    FILE *file; /* pcap's */
    bool ng;
    int link;
    u32 source;
    u64 frame; /* from 1 */
};

struct packet {
    i64 time_us;
    str frame;
    u64 at; /* where it stands in the file; 0: not known yet */
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

/* Where `payload`, a part of the packet's frame, stands in the file: computed, then compared. */
static u64 payload_place(const struct capture *c, const struct packet *p, str payload) {
    const struct stream *in = &c->job->in;
    str frame = p->frame;
    u64 inner = (u64)(payload.p - frame.p);
    if (!c->job->read) return SIGHTING_NOWHERE;
    if (p->at) return p->at + inner;
    off_t end_of_packet = ftello(c->file);
    if (end_of_packet < 0) return SIGHTING_NOWHERE;
    u64 end = (u64)end_of_packet;
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

static i64 stamp_us(i64 s, i64 us) {
    if (s < 0 || s > LAST_SECOND) return 0;
    return s * US_PER_S + (us >= 0 && us < US_PER_S ? us : 0);
}

static struct endpoint endpoint_of(const u8 ip[16], u8 family, u16 port) {
    struct endpoint e = {.family = family, .port = port};
    memcpy(e.ip, ip, sizeof e.ip); /* of IPv4 the rest is zero */
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

static void take_packet(struct capture *c, const struct packet *p) {
    const struct input_sink *sink = c->job->sink;
    struct net_datagram d;
    enum net_result result = net_frame_decode(c->link, p->frame, &d);
    if (result != NET_DATAGRAM) {
        sink->skipped(sink->ctx, reason_of(result), c->frame, (u64)p->frame.n);
        return;
    }
    if (d.payload.n == 0 || !sip_looks_like_start(d.payload)) {
        sink->skipped(sink->ctx, datagram_reason(&d), c->frame, (u64)p->frame.n);
        return;
    }
    struct sighting s = {
        .time_us = p->time_us,
        .precision_us = 1,
        .source = c->source,
        .at = payload_place(c, p, d.payload),
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
    struct capture *c = cookie;
    str part = str_sub(c->header, 0, (isize)n);
    c->header = str_from(c->header, part.n);
    if (part.n == 0) part = stream_take(&c->job->in, (isize)n);
    if (part.n) memcpy(to, part.p, (size_t)part.n);
    return part.n;
}

/* Tells where the stream is, for ftello; it cannot go elsewhere. */
static int cookie_seek(void *cookie, off64_t *offset, int whence) {
    const struct capture *c = cookie;
    if (whence != SEEK_CUR || *offset != 0) return -1;
    *offset = (off64_t)stream_offset(&c->job->in);
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

/* The file header of which the records can be read as they stand: how many of its units are a microsecond;
 * 0 where libpcap has to read them. */
static u32 plain_unit(str header) {
    struct pcap_file_header h;
    if (header.n < (isize)sizeof h) return 0;
    memcpy(&h, header.p, sizeof h);
    if (h.version_major != 2 || h.version_minor != 4) return 0;
    if (h.magic == 0xa1b2c3d4) return 1;
    return h.magic == 0xa1b23c4d ? 1000 : 0;
}

/* The record at the front of the stream; false where it is not plain, or there is none. */
static bool plain_next(struct capture *c, u32 unit, struct packet *p) {
    struct {
        u32 s, fraction, captured, full;
    } h;
    static_assert(sizeof h == RECORD_HEADER, "a record's header has no gaps");
    struct stream *in = &c->job->in;
    str there = stream_look(in, RECORD_HEADER);
    if (there.n < RECORD_HEADER) return false;
    memcpy(&h, there.p, sizeof h);
    isize n = (isize)h.captured;
    if (n > pcap_snapshot(c->pcap) || n > STREAM_WHOLE - RECORD_HEADER) return false;
    if (there.n < RECORD_HEADER + n) there = stream_look(in, RECORD_HEADER + n);
    if (there.n < RECORD_HEADER + n) return false;
    p->time_us = stamp_us(h.s, h.fraction / unit);
    p->frame = str_sub(there, RECORD_HEADER, n);
    p->at = stream_offset(in) + RECORD_HEADER;
    stream_skip(in, RECORD_HEADER + n);
    return true;
}

static void read_plain(struct capture *c, u32 unit) {
    struct packet p;
    while (plain_next(c, unit, &p)) {
        c->frame++;
        take_packet(c, &p);
    }
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
        /* in a pcap file a stamp has 32 bits, which libpcap takes as signed in this machine's byte order alone */
        i64 s = c->ng ? h->ts.tv_sec : (u32)h->ts.tv_sec;
        struct packet p = {stamp_us(s, h->ts.tv_usec), {bytes, h->caplen}, 0};
        take_packet(c, &p);
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
    c.file = fopencookie(&c, "rb", reads);
    must(c.file);
    setvbuf(c.file, buffer, _IOFBF, FILE_BUFFER);
    c.ng = capture_ng_recognise((str){job->in.buf, job->in.n});
    /* by itself, so that opening takes no records off the stream */
    if (!c.ng) c.header = stream_take(&job->in, PCAP_HEADER);
    u32 unit = plain_unit(c.header);
    c.pcap = pcap_fopen_offline_with_tstamp_precision(c.file, PCAP_TSTAMP_PRECISION_MICRO,
                                                      why);
    if (c.pcap) {
        c.link = pcap_datalink(c.pcap);
        c.source = announce(job);
        if (unit) read_plain(&c, unit);
        job->in.history = STREAM_HISTORY;
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
