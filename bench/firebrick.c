/* firebrick.c: what traffic.c captures, as FireBricks log it, for measuring alone. Reads a capture of traffic.c from
 * standard input.
 *
 *     firebrick log   < x.pcap > x.log                   a device's own log
 *     firebrick saved < x.pcap > x.syslog                as a syslog daemon saves it, with #012 for line ends
 *     firebrick send ADDRESS PORT RATE SECONDS < x.pcap  syslog over UDP, RATE records a second, stamped as they go
 *
 * Each box logs what it sends and what it receives; phones log nothing. Four boxes of one name each send from a port of their own. */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 4096, RECORD_MAX = 8192, BATCH = 64, BOXES = 4, ETHER_IP_UDP = 42 };
enum { ON_THE_WAY_US = 200 };

struct packet {
    int64_t us;
    int from, to; /* the last two bytes of 10.0.x.y */
    const char *sip;
    int n;
    unsigned char frame[FRAME_MAX];
};

static bool next_packet(struct packet *p) {
    uint32_t head[4];
    if (fread(head, sizeof head, 1, stdin) != 1 || head[2] > FRAME_MAX) return false;
    if (fread(p->frame, head[2], 1, stdin) != 1 || head[2] < ETHER_IP_UDP) return false;
    p->us = (int64_t)head[0] * 1000000 + head[1];
    p->from = p->frame[28] << 8 | p->frame[29];
    p->to = p->frame[32] << 8 | p->frame[33];
    p->sip = (const char *)p->frame + ETHER_IP_UDP;
    p->n = (int)head[2] - ETHER_IP_UDP;
    return true;
}

/* Of traffic.c's boxes 10, 20, 30, 40 the one at this end; -1: a phone, which logs nothing. */
static int box_at(int address) {
    return address < 100 ? (address / 10 - 1) % BOXES : -1;
}

static const char *const names[BOXES] = {"trunk", "sbc", "pbx", "recorder"};

static int put_head(char *to, const struct packet *p, bool received) {
    int n =
        sprintf(to, "VoIP %s 17 10.0.%d.%d:5060->10.0.%d.%d:5060", received ? "Rx" : "Tx",
                p->from >> 8, p->from & 255, p->to >> 8, p->to & 255);
    if (!received) n += sprintf(to + n, " Try 0 %d", p->n);
    return n;
}

/* CRLF becomes LF, or what stands for it. */
static int put_text(char *to, const struct packet *p, const char *line_end) {
    int n = 0;
    size_t end = strlen(line_end);
    for (int i = 0; i < p->n && n < RECORD_MAX - 512; i++) {
        if (p->sip[i] == '\r') continue;
        if (p->sip[i] != '\n') {
            to[n++] = p->sip[i];
            continue;
        }
        memcpy(to + n, line_end, end);
        n += (int)end;
    }
    return n;
}

static int put_stamp(char *to, int64_t us, const char *format) {
    time_t s = (time_t)(us / 1000000);
    struct tm t;
    gmtime_r(&s, &t);
    return (int)strftime(to, 64, format, &t);
}

static int as_log(char *to, const struct packet *p, bool received) {
    int n = put_stamp(to, p->us, "%d %b %Y %H:%M:%S voip-udp-rx ");
    n += put_head(to + n, p, received);
    to[n++] = '\n';
    n += put_text(to + n, p, "\n");
    to[n++] = '\n';
    return n;
}

static int as_saved(char *to, const struct packet *p, int box, bool received) {
    int n = put_stamp(to, p->us, "%Y-%m-%dT%H:%M:%S");
    n += sprintf(to + n, ".%06dZ %s voip-udp-rx: ", (int)(p->us % 1000000), names[box]);
    n += put_head(to + n, p, received);
    n += sprintf(to + n, "#012");
    n += put_text(to + n, p, "#012");
    to[n++] = '\n';
    return n;
}

static int as_record(char *to, const struct packet *p, int64_t us, int box,
                     bool received) {
    int n = sprintf(to, "<134>1 ");
    n += put_stamp(to + n, us, "%Y-%m-%dT%H:%M:%S");
    n += sprintf(to + n, ".%06dZ %s voip-udp-rx - - - ", (int)(us % 1000000), names[box]);
    n += put_head(to + n, p, received);
    to[n++] = '\n';
    return n + put_text(to + n, p, "\n");
}

/* ---- sending --------------------------------------------------------------------------------------- */

static int64_t now_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int open_socket(const char *address, const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(port))};
    int s = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        connect(s, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("firebrick: connect");
        exit(2);
    }
    return s;
}

struct queue {
    int socket, n;
    struct mmsghdr m[BATCH];
    struct iovec io[BATCH];
    char text[BATCH][RECORD_MAX];
};

static void flush(struct queue *q) {
    for (int done = 0; done < q->n;) {
        int n = sendmmsg(q->socket, q->m + done, (unsigned)(q->n - done), 0);
        done += n > 0 ? n : 1; /* refused: nobody listens there any more */
    }
    q->n = 0;
}

static void add(struct queue *q, const struct packet *p, int64_t us, int box,
                bool received) {
    int i = q->n++;
    size_t n = (size_t)as_record(q->text[i], p, us, box, received);
    q->io[i] = (struct iovec){q->text[i], n};
    q->m[i].msg_hdr = (struct msghdr){.msg_iov = &q->io[i], .msg_iovlen = 1};
    if (q->n == BATCH) flush(q);
}

static int send_all(char **args) {
    static struct queue boxes[BOXES];
    static struct packet p;
    double rate = atof(args[2]);
    int64_t seconds = atoll(args[3]), sent = 0, late_us = 0;
    for (int i = 0; i < BOXES; i++) boxes[i].socket = open_socket(args[0], args[1]);
    int64_t began = now_us(CLOCK_MONOTONIC), now = began;
    while (now - began < seconds * 1000000 && next_packet(&p)) {
        int64_t due = began + (int64_t)((double)sent / rate * 1e6);
        while (due > now) { /* in steps of a millisecond or so */
            for (int i = 0; i < BOXES; i++) flush(&boxes[i]);
            usleep(due - now < 500 ? 500 : (useconds_t)(due - now));
            now = now_us(CLOCK_MONOTONIC);
        }
        if (sent % BATCH == 0) now = now_us(CLOCK_MONOTONIC);
        if (now - due > late_us) late_us = now - due;
        int from = box_at(p.from), to = box_at(p.to);
        int64_t us = now_us(CLOCK_REALTIME);
        if (from >= 0) add(&boxes[from], &p, us, from, false);
        if (to >= 0) add(&boxes[to], &p, us + ON_THE_WAY_US, to, true);
        sent += (from >= 0) + (to >= 0);
    }
    for (int i = 0; i < BOXES; i++) flush(&boxes[i]);
    double took = (double)(now_us(CLOCK_MONOTONIC) - began) / 1e6;
    printf("sent %lld in %.1f s, %.0f a second; behind by %.0f ms at most\n",
           (long long)sent, took, (double)sent / took, (double)late_us / 1000);
    return 0;
}

int main(int argc, char **argv) {
    static struct packet p;
    static char text[RECORD_MAX];
    char head[24];
    bool log = argc == 2 && strcmp(argv[1], "log") == 0;
    bool saved = argc == 2 && strcmp(argv[1], "saved") == 0;
    if (fread(head, sizeof head, 1, stdin) != 1) return 2;
    if (argc == 6 && strcmp(argv[1], "send") == 0) return send_all(argv + 2);
    if (!log && !saved) return 2;
    while (next_packet(&p)) {
        for (int end = 0; end < 2; end++) {
            int box = box_at(end ? p.to : p.from);
            if (box < 0) continue;
            int n = log ? as_log(text, &p, end) : as_saved(text, &p, box, end);
            fwrite(text, 1, (size_t)n, stdout);
            p.us += ON_THE_WAY_US;
        }
    }
    return 0;
}
