/* parse.c: what taking in messages costs, one core, nothing but memory: no file is read while the clock runs.
 *
 *     newlines    memchr of every line end: the physical limit
 *     parse       sip_msg_parse
 *     check       sip_msg_check, which also notes what is wrong: done when a message is shown
 *     take in     parse, trace_add, fact_gather: all that happens to a message before linking
 *
 * Usage: parse CAPTURE [RUNS [ROW]]; ROW: this one alone, for a profiler. A capture as bench/traffic.c writes it: pcap, Ethernet, UDP. Prints the best and the median
 * of the runs, which the machine's noise makes differ. */
#include "link/weave.h"
#include "net/net.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_HEADER = 24, PACKET_HEADER = 16, RUNS_MOST = 100 };

struct load {
    str bytes;
    struct sighting *rows;
    isize n, cap, size; /* size: bytes of SIP */
};

static str file_bytes(const char *path) {
    FILE *f = fopen(path, "rb");
    isize cap = 0, n = 0, got = 1;
    u8 *p = NULL;
    while (f && got > 0) {
        p = base_grow(p, &cap, n + (1 << 20), 1);
        got = (isize)fread(p + n, 1, 1 << 20, f);
        n += got;
    }
    if (f) fclose(f);
    return (str){p, n};
}

static u32 little32(const u8 *p) {
    return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static struct endpoint endpoint_of(const u8 ip[16], u8 family, u16 port) {
    struct endpoint e = {.family = family, .port = port};
    memcpy(e.ip, ip, 16);
    return e;
}

static void load_rows(struct load *l) {
    for (isize at = FILE_HEADER; at + PACKET_HEADER <= l->bytes.n;) {
        const u8 *h = l->bytes.p + at;
        str frame = str_sub(l->bytes, at + PACKET_HEADER, little32(h + 8));
        struct net_datagram d;
        at += PACKET_HEADER + frame.n;
        if (net_frame_decode(NET_LINK_ETHERNET, frame, &d) != NET_DATAGRAM) continue;
        if (!sip_looks_like_start(d.payload)) continue;
        l->rows = base_grow(l->rows, &l->cap, l->n + 1, (isize)sizeof *l->rows);
        l->rows[l->n++] =
            (struct sighting){.time_us = (i64)little32(h) * 1000000 + little32(h + 4),
                              .precision_us = 1,
                              .at = (u64)(d.payload.p - l->bytes.p),
                              .line = (u64)l->n,
                              .src = endpoint_of(d.src_ip, d.family, d.src_port),
                              .dst = endpoint_of(d.dst_ip, d.family, d.dst_port),
                              .transport = TRANSPORT_UDP,
                              .bytes = d.payload};
        l->size += d.payload.n;
    }
}

/* ---- what is measured ---------------------------------------------------------------------------- */

static u64 newlines(const struct load *l) {
    u64 n = 0;
    for (isize i = 0; i < l->n; i++) {
        str rest = l->rows[i].bytes;
        for (isize at; (at = str_find(rest, '\n')) >= 0; n++)
            rest = str_from(rest, at + 1);
    }
    return n;
}

static u64 parse(const struct load *l) {
    static struct sip_msg m;
    u64 n = 0;
    for (isize i = 0; i < l->n; i++) {
        struct fail f;
        if (sip_msg_parse(&m, l->rows[i].bytes, &f) == ERR_OK) n += (u64)m.nheaders;
    }
    return n;
}

static u64 check(const struct load *l) {
    static struct sip_msg m;
    u64 n = 0;
    for (isize i = 0; i < l->n; i++) {
        struct fail f;
        if (sip_msg_check(&m, l->rows[i].bytes, &f) == ERR_OK) n += (u64)m.nnotes;
    }
    return n;
}

static str read_back(void *ctx, u64 at, u32 n, arena *a) {
    (void)a;
    return str_sub(((const struct load *)ctx)->bytes, (isize)at, n);
}

static u64 take_in(const struct load *l) {
    struct load back = *l;
    struct weave *w = weave_open();
    struct source s = {S("traffic"), S(""), SOURCE_CAPTURE, read_back, &back};
    u32 source = weave_source(w, &s);
    for (isize i = 0; i < l->n; i++) {
        l->rows[i].source = source;
        (void)weave_add(w, &l->rows[i]);
    }
    u64 n = (u64)weave_trace(w)->nfacts;
    weave_close(w);
    return n;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct row {
    const char *name, *counts;
    u64 (*run)(const struct load *l);
};

static const struct row rows[] = {
    {"newlines", "lines", newlines},
    {"parse", "headers", parse},
    {"check", "remarks", check},
    {"take in", "facts", take_in},
};

static void measure(const struct row *row, const struct load *l, int runs) {
    double took[RUNS_MOST];
    u64 n = 0;
    for (int i = 0; i < runs; i++) {
        double from = cpu_s();
        n = row->run(l);
        took[i] = cpu_s() - from;
    }
    qsort(took, (size_t)runs, sizeof *took, rising);
    double best = took[0], middle = took[runs / 2], mega = 1e6;
    printf("%-9s %9.0f %9.0f %8.2f %8.2f %7.0f   %llu %s\n", row->name,
           (double)l->size / best / mega, (double)l->size / middle / mega,
           (double)l->n / best / mega, (double)l->n / middle / mega,
           best / (double)l->n * 1e9, (unsigned long long)n, row->counts);
}

int main(int argc, char **argv) {
    struct load l = {0};
    int runs = argc > 2 ? (int)i64_min(strtol(argv[2], NULL, 10), RUNS_MOST) : 5;
    if (argc < 2 || runs < 1) {
        fprintf(stderr, "usage: parse CAPTURE [RUNS [ROW]]\n");
        return 2;
    }
    l.bytes = file_bytes(argv[1]);
    load_rows(&l);
    if (l.n == 0) {
        fprintf(stderr, "%s: there are no messages in it\n", argv[1]);
        return 1;
    }
    printf("%lld messages of %lld bytes\n", (long long)l.n, (long long)(l.size / l.n));
    printf("%-9s %9s %9s %8s %8s %7s\n", "", "MB/s best", "median", "M/s best", "median",
           "ns each");
    for (isize i = 0; i < countof(rows); i++) {
        if (argc < 4 || strcmp(argv[3], rows[i].name) == 0) measure(&rows[i], &l, runs);
    }
    base_free(l.rows);
    return 0;
}
