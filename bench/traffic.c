/* traffic.c: a capture of many calls through shared boxes, for `make bench` alone.
 * Usage: traffic CALLS CALLS_PER_SECOND > capture.pcap. The same arguments give the same bytes.
 *
 *     trunk ──1──> sbc ──2──> pbx ──3──> phone (rings, is cancelled)
 *                              ├──4──> phone (answers, talks, hangs up)
 *                              └──5──> recorder (three calls in ten)
 */
#include "../tests/lib/chance.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRUNK = 10, SBC = 20, PBX = 30, RECORDER = 40, PHONES = 100, WAITING = 1 << 16 };

struct packet {
    int64_t us;
    uint64_t order;
    int n;
    char *bytes;
};

/* What is not yet written, by time: calls overlap. */
static struct packet *waiting;
static size_t nwaiting, cap_waiting;
static uint64_t packets_made;
static bool sooner(const struct packet *a, const struct packet *b) {
    return a->us != b->us ? a->us < b->us : a->order < b->order;
}

static void push(struct packet p) {
    if (nwaiting == cap_waiting) {
        cap_waiting = cap_waiting ? cap_waiting * 2 : WAITING;
        waiting = realloc(waiting, cap_waiting * sizeof *waiting);
        if (!waiting) exit(1);
    }
    size_t at = nwaiting++;
    for (; at && sooner(&p, &waiting[(at - 1) / 2]); at = (at - 1) / 2) {
        waiting[at] = waiting[(at - 1) / 2];
    }
    waiting[at] = p;
}

static struct packet pop(void) {
    struct packet top = waiting[0], last = waiting[--nwaiting];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < nwaiting; at = child) {
        if (child + 1 < nwaiting && sooner(&waiting[child + 1], &waiting[child])) child++;
        if (!sooner(&waiting[child], &last)) break;
        waiting[at] = waiting[child];
    }
    waiting[at] = last;
    return top;
}

static void put16(char *p, unsigned v) {
    p[0] = (char)(v >> 8);
    p[1] = (char)v;
}

static void write_packet(const struct packet *p) {
    uint32_t head[4] = {(uint32_t)(p->us / 1000000), (uint32_t)(p->us % 1000000),
                        (uint32_t)p->n, (uint32_t)p->n};
    fwrite(head, 1, sizeof head, stdout);
    fwrite(p->bytes, 1, (size_t)p->n, stdout);
    free(p->bytes);
}

static void send_packet(int64_t us, int from, int to, const char *sip, int n) {
    struct packet p = {us, packets_made++, n + 42, malloc((size_t)n + 42)};
    if (!p.bytes) exit(1);
    memset(p.bytes, 0, 42);
    memcpy(p.bytes, "\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0", 14);
    char *ip = p.bytes + 14, *udp = ip + 20;
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)n + 28);
    ip[8] = 64;
    ip[9] = 17;
    const int ends[2] = {from, to};
    for (int i = 0; i < 2; i++) {
        ip[12 + 4 * i] = 10;
        ip[14 + 4 * i] = (char)(ends[i] >> 8);
        ip[15 + 4 * i] = (char)ends[i];
        put16(udp + 2 * i, 5060);
    }
    unsigned sum = 0;
    for (int i = 0; i < 20; i += 2)
        sum += (unsigned)(uint8_t)ip[i] << 8 | (uint8_t)ip[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~sum & 0xffff);
    put16(udp + 4, (unsigned)n + 8);
    memcpy(udp + 8, sip, (size_t)n);
    push(p);
}

struct leg {
    uint64_t id;
    int from, to;
    const char *caller;
    char called[24];
    unsigned port;
};

enum what { REQUEST, RESPONSE };

static void message(const struct leg *l, int64_t us, enum what what, bool backwards,
                    const char *start, const char *method, int cseq, bool sdp) {
    char body[512] = "", tag[32], text[2048];
    snprintf(tag, sizeof tag, ";tag=t%llx", (unsigned long long)l->id);
    int from = what == REQUEST ? l->from : l->to, to = what == REQUEST ? l->to : l->from;
    if (backwards) {
        int swap = from;
        from = to;
        to = swap;
    }
    if (sdp) {
        snprintf(body, sizeof body,
                 "v=0\r\no=box%d %llu 1 IN IP4 10.0.%d.%d\r\ns=call\r\nc=IN IP4 "
                 "10.0.%d.%d\r\nt=0 0\r\n"
                 "m=audio %u RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 "
                 "PCMU/8000\r\n"
                 "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
                 from, (unsigned long long)(l->id % 1000000007), from >> 8, from & 255,
                 from >> 8, from & 255, l->port);
    }
    bool early = what == RESPONSE && strncmp(start, "SIP/2.0 100", 11) == 0;
    bool first = what == REQUEST && strcmp(method, "INVITE") == 0;
    int n = snprintf(
        text, sizeof text,
        "%s\r\nVia: SIP/2.0/UDP 10.0.%d.%d:5060;branch=z9hG4bK%llx%d%s;rport\r\n"
        "From: \"Caller\" <sip:%s@10.0.%d.%d>;tag=f%llx\r\nTo: <sip:%s@10.0.%d.%d>%s\r\n"
        "Call-ID: %llx@10.0.%d.%d\r\nCSeq: %d %s\r\n%s"
        "Contact: <sip:box@10.0.%d.%d:5060>\r\nUser-Agent: box/1.0\r\n%sContent-Length: "
        "%d\r\n\r\n%s",
        start, l->from >> 8, l->from & 255, (unsigned long long)l->id, cseq,
        strcmp(method, "ACK") == 0 ? "a" : "", l->caller, l->from >> 8, l->from & 255,
        (unsigned long long)l->id, l->called, l->to >> 8, l->to & 255,
        first || early ? "" : tag, (unsigned long long)(l->id * 0x9e3779b97f4a7c15u),
        l->from >> 8, l->from & 255, cseq, method,
        what == REQUEST ? "Max-Forwards: 70\r\n" : "", from >> 8, from & 255,
        sdp ? "Content-Type: application/sdp\r\n" : "", (int)strlen(body), body);
    send_packet(us, from, to, text, n);
}

static void request(const struct leg *l, int64_t us, const char *method, int cseq,
                    bool backwards) {
    char start[128];
    int to = backwards ? l->from : l->to;
    snprintf(start, sizeof start, "%s sip:%s@10.0.%d.%d SIP/2.0", method, l->called,
             to >> 8, to & 255);
    message(l, us, REQUEST, backwards, start, method, cseq,
            strcmp(method, "INVITE") == 0);
}

static void response(const struct leg *l, int64_t us, const char *status,
                     const char *method, int cseq, bool backwards) {
    char start[64];
    snprintf(start, sizeof start, "SIP/2.0 %s", status);
    bool sdp = strcmp(status, "200 OK") == 0 && strcmp(method, "INVITE") == 0;
    message(l, us, RESPONSE, backwards, start, method, cseq, sdp);
}

static void one_call(uint64_t number, int64_t start) {
    char caller[24];
    uint64_t id = number * 8 + 1;
    int a = PHONES + (int)chance(4000), b = PHONES + (int)chance(4000);
    int64_t ring = 200000 + (int64_t)chance(300000),
            answer = ring + 1000000 + (int64_t)chance(8000000);
    int64_t end = answer + 2000000 + (int64_t)chance(60000000);
    snprintf(caller, sizeof caller, "01632%06llu", (unsigned long long)chance(1000000));
    struct leg legs[5];
    const int ends[5][2] = {
        {TRUNK, SBC}, {SBC, PBX}, {PBX, a}, {PBX, b}, {PBX, RECORDER}};
    for (int i = 0; i < 5; i++) {
        legs[i] =
            (struct leg){id + (uint64_t)i, ends[i][0], ends[i][1],
                         caller,           "",         (unsigned)(20000 + chance(40000))};
        snprintf(
            legs[i].called, sizeof legs[i].called,
            i < 2 || i == 4 ? "02079%06llu" : "%llu",
            (unsigned long long)(i < 2 || i == 4 ? number % 1000000 : 200 + chance(800)));
    }
    bool recorded = chance(10) < 3;
    for (int i = 0; i < 4; i++) {
        int64_t t = start + 4000 * i + (int64_t)chance(2000);
        request(&legs[i], t, "INVITE", 1, false);
        response(&legs[i], t + 1500, "100 Trying", "INVITE", 1, false);
        response(&legs[i], start + ring + (i < 2 ? 4000 - 2000 * i : 0) + 300 * i,
                 "180 Ringing", "INVITE", 1, false);
    }
    request(&legs[2], start + answer + 2000, "CANCEL", 1, false);
    response(&legs[2], start + answer + 12000, "200 OK", "CANCEL", 1, false);
    response(&legs[2], start + answer + 13000, "487 Request Terminated", "INVITE", 1,
             false);
    request(&legs[2], start + answer + 14000, "ACK", 1, false);
    for (int i = 3; i >= 0; i--) {
        if (i == 2) continue;
        int64_t t = start + answer + (i == 3 ? 0 : 5000 - 2000 * i);
        response(&legs[i], t, "200 OK", "INVITE", 1, false);
        request(&legs[i], t + 9000, "ACK", 1, false);
        t = start + end + (i == 3 ? 0 : 5000 - 2000 * i);
        request(&legs[i], t, "BYE", 2, true);
        response(&legs[i], t + 6000, "200 OK", "BYE", 2, true);
    }
    if (!recorded) return;
    int64_t t = start + answer + 6000;
    request(&legs[4], t, "INVITE", 1, false);
    response(&legs[4], t + 3000, "200 OK", "INVITE", 1, false);
    request(&legs[4], t + 4000, "ACK", 1, false);
    request(&legs[4], start + end + 7000, "BYE", 2, false);
    response(&legs[4], start + end + 9000, "200 OK", "BYE", 2, false);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    uint64_t calls = strtoull(argv[1], NULL, 10), rate = strtoull(argv[2], NULL, 10);
    const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
    int64_t now = 1700000000000000;
    if (rate == 0) return 2;
    fwrite(head, 1, sizeof head, stdout);
    for (uint64_t i = 0; i < calls; i++) {
        now += (int64_t)(chance(2000000) / rate);
        while (nwaiting && waiting[0].us <= now) {
            struct packet p = pop();
            write_packet(&p);
        }
        one_call(i, now);
    }
    while (nwaiting) {
        struct packet p = pop();
        write_packet(&p);
    }
    free(waiting);
    return 0;
}
