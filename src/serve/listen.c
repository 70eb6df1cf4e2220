#include "serve/listen.h"

#include "input/input.h"
#include "serve/address.h"
#include "serve/inner.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    BATCH = 64,   /* datagrams at once, */
    BATCHES = 64, /* and so many times before others are looked at */
    DATAGRAM_MAX = 65536,
    SOCKET_BUFFER = 64 << 20, /* what a burst may bring before the thread runs */
    STREAMS_MAX = 256,
    STREAM_MAX =
        512 << 10, /* a record has at most 256 KiB, and its length stands before it */
    READ_SIZE = 64 << 10,
    BUSY_MS = 20,
    ANY_PORT_TRIES = 20, /* a port that is free for UDP may be taken for TCP */
};

struct stream {
    int socket;
    struct endpoint from;
    struct out text; /* what is not yet a record */
};

struct listeners {
    struct worker *worker;
    const char *address;
    pthread_t thread;
    int udp, tcp, wake;
    struct stream streams[STREAMS_MAX];
    int nstreams;
    u32 lost_before; /* the kernel's count, as it was last */
    u8 *buffers;     /* BATCH datagrams */
    _Atomic u64 udp_records, udp_dropped, tcp_records, tcp_dropped;
};

/* ---- UDP ------------------------------------------------------------------------------------------ */

/* How many the kernel has dropped so far for want of room (mod 2^32). Asked for after reading: then it counts the last ones
 * too, which SO_RXQ_OVFL would tell with the next datagram only. */
static void count_lost(struct listeners *l) {
    u32 about[SK_MEMINFO_VARS] = {0};
    socklen_t n = sizeof about;
    if (getsockopt(l->udp, SOL_SOCKET, SO_MEMINFO, about, &n) != 0) return;
    u32 more = about[SK_MEMINFO_DROPS] - l->lost_before;
    l->lost_before += more;
    if (!more) return;
    l->udp_dropped += more;
    worker_lost(l->worker, more);
}

/* One batch; how many there were. */
static int read_batch(struct listeners *l) {
    struct mmsghdr m[BATCH];
    struct iovec io[BATCH];
    struct sockaddr_storage from[BATCH];
    struct record records[BATCH];
    memset(m, 0, sizeof m);
    for (int i = 0; i < BATCH; i++) {
        io[i] = (struct iovec){l->buffers + (isize)i * DATAGRAM_MAX, DATAGRAM_MAX};
        m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                       .msg_namelen = sizeof from[i],
                                       .msg_iov = &io[i],
                                       .msg_iovlen = 1};
    }
    int n = recvmmsg(l->udp, m, BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0) return 0;
    for (int i = 0; i < n; i++) {
        records[i].text =
            (str){l->buffers + (isize)i * DATAGRAM_MAX, (isize)m[i].msg_len};
        records[i].from = endpoint_from_socket(&from[i]);
    }
    u64 lost = (u64)(n - worker_records(l->worker, records, n, clock_now_us()));
    l->udp_records += (u64)n;
    l->udp_dropped += lost;
    if (lost) worker_lost(l->worker, lost);
    return n;
}

/* False: there may be more. */
static bool read_udp(struct listeners *l) {
    int n = BATCH;
    for (int i = 0; i < BATCHES && n == BATCH; i++) n = read_batch(l);
    count_lost(l);
    return n < BATCH;
}

/* ---- TCP ------------------------------------------------------------------------------------------ */

/* Hands all whole records of a stream on. False: there is no room for more of them now. */
static bool give_records(struct listeners *l, struct stream *s, bool last) {
    str rest = out_str(&s->text), record;
    isize used;
    bool room = true;
    while (rest.n && (room = worker_has_room(l->worker))) {
        enum err e = syslog_frame_next(rest, last, &record, &used);
        if (used == 0) break;
        rest = str_from(rest, used);
        if (e == ERR_MORE) continue;
        l->tcp_records++;
        struct record one = {record, s->from};
        if (worker_records(l->worker, &one, 1, clock_now_us())) continue;
        l->tcp_dropped++;
        worker_lost(l->worker, 1);
    }
    if (rest.n) memmove(s->text.p, rest.p, (size_t)rest.n);
    s->text.n = rest.n;
    return room;
}

static void close_stream(struct listeners *l, int i) {
    struct stream *s = &l->streams[i];
    close(s->socket);
    out_drop(&s->text);
    *s = l->streams[--l->nstreams];
}

/* False: it is at its end. */
static bool read_stream(struct listeners *l, struct stream *s) {
    static const isize most = STREAM_MAX;
    if (!give_records(l, s, false)) return true;
    if (s->text.n >= most)
        return false; /* cannot be: records are given before they are as long as this */
    s->text.p = base_grow(s->text.p, &s->text.cap, s->text.n + READ_SIZE, 1);
    ssize_t n = recv(s->socket, s->text.p + s->text.n, READ_SIZE, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    s->text.n += n;
    if (n == 0) return give_records(l, s, true) && false;
    give_records(l, s, false);
    return true;
}

static void accept_stream(struct listeners *l) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    int s = accept4(l->tcp, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s < 0) return;
    if (l->nstreams == STREAMS_MAX) {
        close(s);
        return;
    }
    int on = 1;
    setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    l->streams[l->nstreams++] =
        (struct stream){.socket = s, .from = endpoint_from_socket(&a)};
}

/* ---- the thread ----------------------------------------------------------------------------------- */

enum { WAKE, UDP, TCP, FIRST_STREAM };

static void serve_ready(struct listeners *l, const struct pollfd *p, int nstreams) {
    if (p[UDP].revents) (void)read_udp(l);
    for (int i = nstreams; i-- > 0;) { /* from the end: closing moves the last one here */
        if (p[FIRST_STREAM + i].revents && !read_stream(l, &l->streams[i]))
            close_stream(l, i);
    }
    if (p[TCP].revents) accept_stream(l);
}

static void *run(void *arg) {
    struct listeners *l = arg;
    struct pollfd p[FIRST_STREAM + STREAMS_MAX];
    for (;;) {
        bool room = worker_has_room(l->worker);
        int n = l->nstreams;
        p[WAKE] = (struct pollfd){.fd = l->wake, .events = POLLIN};
        p[UDP] = (struct pollfd){.fd = l->udp, .events = POLLIN};
        p[TCP] = (struct pollfd){.fd = l->tcp, .events = POLLIN};
        for (int i = 0; i < n; i++) {
            p[FIRST_STREAM + i] =
                (struct pollfd){.fd = room ? l->streams[i].socket : -1, .events = POLLIN};
        }
        int ready = poll(p, (nfds_t)(FIRST_STREAM + n), room ? -1 : BUSY_MS);
        if (ready < 0 && errno != EINTR) continue;
        if (p[WAKE].revents) break;
        if (ready > 0) serve_ready(l, p, n);
    }
    while (!read_udp(l)) continue;
    while (l->nstreams) {
        struct stream *s = &l->streams[l->nstreams - 1];
        (void)read_stream(l, s);
        (void)give_records(l, s, true);
        close_stream(l, l->nstreams - 1);
    }
    return NULL;
}

/* ---- beginning and end ------------------------------------------------------------------------------ */

static void make_roomy(int socket) {
    int size = SOCKET_BUFFER;
    /* past the system's limit for those who may; up to it for others */
    if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
}

/* *where becomes what the sockets have got. */
static bool bind_both(struct listeners *l, struct endpoint *where, arena *boot,
                      str *sentence) {
    l->tcp = -1;
    l->udp = address_bind(where, SOCK_DGRAM, "--syslog", boot, sentence);
    if (l->udp < 0) return false;
    *where = endpoint_of_socket(l->udp);
    l->tcp = address_bind(where, SOCK_STREAM, "--syslog", boot, sentence);
    if (l->tcp < 0) close(l->udp);
    return l->tcp >= 0;
}

enum err listeners_open(struct listeners **to, const char *address, struct worker *w,
                        arena *boot, str *sentence) {
    struct endpoint where;
    if (!address_read(&where, address)) {
        *sentence = arena_printf(
            boot, "--syslog wants an address and port such as 127.0.0.1:5514, not \"%s\"",
            address);
        return ERR_USAGE;
    }
    struct listeners *l = arena_new(boot, struct listeners, 1);
    l->worker = w;
    bool any = where.port == 0;
    for (int i = 0; i < (any ? ANY_PORT_TRIES : 1); i++) {
        if (bind_both(l, &where, boot, sentence)) break;
        if (any) where.port = 0;
    }
    if (l->tcp < 0) return ERR_USAGE;
    make_roomy(l->udp);
    l->address = arena_z(boot, endpoint_text(boot, &where));
    l->buffers = arena_new(boot, u8, (isize)BATCH * DATAGRAM_MAX);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(l->wake >= 0 && pthread_create(&l->thread, NULL, run, l) == 0);
    (void)pthread_setname_np(l->thread, "listen");
    *to = l;
    return ERR_OK;
}

void listeners_close(struct listeners *l) {
    if (!l) return;
    u64 one = 1;
    must(write(l->wake, &one, sizeof one) == sizeof one);
    pthread_join(l->thread, NULL);
    close(l->udp);
    close(l->tcp);
    close(l->wake);
}

const char *listeners_address(const struct listeners *l) {
    return l ? l->address : NULL;
}

static void write_one(struct out *o, const struct listeners *l, const char *kind,
                      u64 records, u64 dropped) {
    json_begin_object(o, NULL);
    json_z(o, "kind", kind);
    json_z(o, "address", l->address);
    json_i64(o, "messages", (i64)records);
    json_i64(o, "dropped", (i64)dropped);
    json_end_object(o);
}

void listeners_write(struct listeners *l, struct out *o) {
    json_begin_array(o, "listeners");
    if (l) {
        write_one(o, l, "syslog-udp", l->udp_records, l->udp_dropped);
        write_one(o, l, "syslog-tcp", l->tcp_records, l->tcp_dropped);
    }
    json_end_array(o);
}
