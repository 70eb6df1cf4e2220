/* sighting.h: one message as one capture point saw it, and the capture
 * point itself. This is what every way in produces, and all that it produces. */
#ifndef SIPWEAVE_SIGHTING_H
#define SIPWEAVE_SIGHTING_H

#include "base/arena.h"
#include "base/err.h"

#define TRANSPORT_LIST(X)                                                                \
    X(UNKNOWN, "unknown")                                                                \
    X(UDP, "udp") X(TCP, "tcp") X(TLS, "tls") X(SCTP, "sctp") X(WS, "ws") X(WSS, "wss")

enum transport {
#define X(id, text) TRANSPORT_##id,
    TRANSPORT_LIST(X)
#undef X
};

const char *transport_text(enum transport t);

/* An IP address and port. IPv4 stands in the first four bytes. */
struct endpoint {
    u8 ip[16];
    u16 port;
    u8 family; /* 4 or 6; 0: not known (a log that does not say) */
};

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b);
/* "192.0.2.1:5060", "[2001:db8::1]:5060"; "?" where not known. RFC 5952 for IPv6. */
str endpoint_text(arena *a, const struct endpoint *e);
str endpoint_ip_text(arena *a, const struct endpoint *e);
/* Reads "a:port", "[v6]:port", "v6:port" as FireBricks may write it, or an address alone (port 0). */
bool endpoint_read(struct endpoint *e, str text);

/* How the capture point stands to the message. */
enum vantage {
    VANTAGE_WIRE,     /* a tap: between the two */
    VANTAGE_RECEIVER, /* the log of the device that received it */
    VANTAGE_SENDER,   /* the log of the device that sent it */
};

/* Gives bytes of a source back when a message is shown: `n` bytes at `at`, in the arena or in place.
 * Empty when they can no longer be read (the file is gone). */
typedef str source_read(void *ctx, u64 at, u32 n, arena *a);

enum source_kind { SOURCE_CAPTURE, SOURCE_DEVICE_LOG, SOURCE_SYSLOG, SOURCE_STORE };

/* A capture point: one interface of one capture file, one device's log, one host's syslog. */
struct source {
    str name; /* "boxless.log", "call.pcap", "call.pcapng:eth0" */
    str device; /* what the device that wrote it calls itself, or its log's file name says; else empty */
    enum source_kind kind;
    source_read
        *read; /* NULL: the bytes of its sightings have to be kept when they arrive */
    void *read_ctx; /* keeps: must outlive whatever holds the source */
};

#define SIGHTING_NOWHERE UINT64_MAX

struct sighting {
    i64 time_us;      /* as the source stamped it, since 1970 UTC */
    u32 precision_us; /* the stamp's last digit: 1, 1000, 1000000 … */
    u32 source;       /* as input_sink.source (or trace_source) numbered it */
    u64 at; /* where the bytes stand in the source, SIGHTING_NOWHERE when no read gives them back */
    u64 line; /* the place people look for: line of a log (from 1), frame of a capture (from 1); 0 unknown */
    struct endpoint src, dst;
    enum transport transport;
    enum vantage vantage;
    u16 attempt; /* FireBrick "Try n": 0 the first, then retransmissions */
    bool cut;    /* the source says, or shows, that bytes are missing at the end */
    str bytes;   /* one SIP message; borrowed until the call returns */
};

/* X(code, sentence): why bytes, packets or lines were passed over. Counted, never silent. */
#define SKIP_LIST(X)                                                                     \
    X(NOT_SIP, "packets or blocks of text that are not SIP")                             \
    X(OTHER_LINE, "log lines of other parts of the device")                              \
    X(NOT_IP, "packets that are not IP")                                                 \
    X(NOT_UDP, "packets of transports that are not read yet")                            \
    X(FRAGMENT, "IP fragments, which are not put together yet")                          \
    X(LINK_TYPE, "packets of a link type that is not read yet")                          \
    X(TRUNCATED, "packets that the capture cut before the SIP began")                    \
    X(DAMAGED, "damaged packets or records")                                             \
    X(KEEP_ALIVE, "keep-alives")                                                         \
    X(BINARY, "stretches of binary bytes in a text")                                     \
    X(NO_MESSAGE, "log heads without a SIP message after them")                          \
    X(SYSLOG, "syslog datagrams that carry no SIP")                                      \
    X(OVERFLOW, "messages dropped because they came faster than they could be read")

enum skip_reason {
#define X(id, text) SKIP_##id,
    SKIP_LIST(X)
#undef X
        SKIP_COUNT
};

const char *skip_text(enum skip_reason r);
const char *skip_name(enum skip_reason r); /* "not-sip": stable, for JSON */

/* What was passed over, by reason. `first` is the place (line, frame or offset) of the first one. */
struct skips {
    u64 n[SKIP_COUNT], bytes[SKIP_COUNT], first[SKIP_COUNT];
};
void skips_add(struct skips *to, const struct skips *from);
u64 skips_total(const struct skips *s);

/* Where an input puts what it finds. Every member is set. */
struct input_sink {
    void *ctx;
    /* Announces a capture point and gives its number for sighting.source. Borrows. The same
     * name and kind twice is the same source. */
    u32 (*source)(void *ctx, const struct source *s);
    void (*sighting)(void *ctx, const struct sighting *s);
    /* `place` is the line, frame or offset; `bytes` how many bytes were passed over. */
    void (*skipped)(void *ctx, enum skip_reason reason, u64 place, u64 bytes);
    /* Damage that people should know of, one clear sentence with the place in it; borrows. */
    void (*damage)(void *ctx, str sentence);
};

#endif
