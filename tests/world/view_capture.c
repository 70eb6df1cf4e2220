/* view_capture.c: a classic pcap file, one frame a UDP message, one or more a TCP message.
 *
 *     file header 24 | { record header 16 | Ethernet 14 | IPv4 20 | UDP 8 or TCP 20 | SIP } ...
 *
 * A UDP message is one frame whatever its length, as on a network with large frames. */
#include "world/view_parts.h"

#include <stdlib.h>

enum {
    ETHERNET = 14,
    IPV4 = 20,
    UDP = 8,
    TCP = 20,
    SEGMENT = 1448, /* bytes of one TCP segment */
    LARGEST = 65535 - IPV4 - TCP,
    TCP_PUSH = 0x08,
    TCP_ACK = 0x10,
};

/* ---- sequence numbers ------------------------------------------------------------------------ */

struct flow {
    uint64_t key; /* from and to, + 1: 0 is a free slot */
    uint32_t next;
};

struct flows {
    struct flow *slots;
    size_t mask;
};

static struct flow *flow_of(const struct flows *f, int from, int to) {
    uint64_t key = ((uint64_t)(uint32_t)from << 32 | (uint32_t)to) + 1, state = key;
    size_t at = (size_t)view_random(&state) & f->mask;
    while (f->slots[at].key && f->slots[at].key != key) at = (at + 1) & f->mask;
    if (!f->slots[at].key) f->slots[at] = (struct flow){key, (uint32_t)state};
    return &f->slots[at];
}

struct view_tcp view_tcp_number(const struct world *w) {
    struct view_tcp t = {0};
    size_t n = 0, cap = 16;
    for (int i = 0; i < w->nmsgs; i++) n += w->msgs[i].transport == 1;
    if (!n) return t;
    while (cap < 4 * n) cap *= 2;
    struct flows f = {view_new(cap, sizeof *f.slots), cap - 1};
    t.seq = view_new((size_t)w->nmsgs, sizeof *t.seq);
    t.ack = view_new((size_t)w->nmsgs, sizeof *t.ack);
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        if (m->transport != 1) continue;
        struct flow *mine = flow_of(&f, m->from, m->to);
        t.seq[i] = mine->next;
        t.ack[i] = flow_of(&f, m->to, m->from)->next;
        mine->next += m->n;
    }
    free(f.slots);
    return t;
}

/* ---- bytes ------------------------------------------------------------------------------------- */

struct frame {
    uint8_t bytes[ETHERNET + IPV4 + TCP];
    size_t n;
};

static void put16(struct frame *f, uint32_t v) {
    f->bytes[f->n++] = (uint8_t)(v >> 8);
    f->bytes[f->n++] = (uint8_t)v;
}
static void put32(struct frame *f, uint32_t v) {
    put16(f, v >> 16);
    put16(f, v & 0xffff);
}
static void put_mac(struct frame *f, int device) {
    put16(f, 0x0200);
    put32(f, (uint32_t)device);
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum) {
    for (size_t i = 0; i + 1 < n; i += 2) sum += (uint32_t)p[i] << 8 | p[i + 1];
    if (n & 1) sum += (uint32_t)p[n - 1] << 8;
    return sum;
}
static uint16_t fold(uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
static void set16(struct frame *f, size_t at, uint16_t v) {
    f->bytes[at] = (uint8_t)(v >> 8);
    f->bytes[at + 1] = (uint8_t)v;
}

struct packet {
    const struct world_address *from, *to;
    uint8_t protocol;
    uint32_t seq, ack;
    uint16_t id;
    const char *payload;
    size_t n;
};

static void put_ip(struct frame *f, const struct packet *p, size_t head) {
    put_mac(f, p->to->device);
    put_mac(f, p->from->device);
    put16(f, 0x0800);
    put16(f, 0x4500);
    put16(f, (uint32_t)(IPV4 + head + p->n));
    put16(f, p->id);
    put16(f, 0x4000); /* do not fragment */
    put16(f, 64u << 8 | p->protocol);
    put16(f, 0);
    put32(f, p->from->ip);
    put32(f, p->to->ip);
    set16(f, ETHERNET + 10, fold(sum16(f->bytes + ETHERNET, IPV4, 0)));
}

static void put_transport(struct frame *f, const struct packet *p, size_t head) {
    size_t begin = f->n, sum_at;
    put16(f, p->from->port);
    put16(f, p->to->port);
    if (p->protocol == 17) {
        put16(f, (uint32_t)(UDP + p->n));
        sum_at = f->n;
        put16(f, 0);
    } else {
        put32(f, p->seq);
        put32(f, p->ack);
        put16(f, (uint32_t)(TCP / 4) << 12 | TCP_PUSH | TCP_ACK);
        put16(f, 65535);
        sum_at = f->n;
        put32(f, 0);
    }
    uint32_t sum = p->protocol + (uint32_t)(head + p->n);
    sum = sum16(f->bytes + ETHERNET + 12, 8, sum);
    sum = sum16(f->bytes + begin, head, sum);
    sum = sum16((const uint8_t *)p->payload, p->n, sum);
    uint16_t check = fold(sum);
    set16(f, sum_at, check ? check : 0xffff);
}

static void put_record(FILE *out, int64_t stamp_us, const struct packet *p) {
    size_t head = p->protocol == 17 ? UDP : TCP;
    struct frame f = {.n = 0};
    put_ip(&f, p, head);
    put_transport(&f, p, head);
    uint32_t size = (uint32_t)(f.n + p->n);
    uint32_t record[4] = {(uint32_t)(stamp_us / 1000000), (uint32_t)(stamp_us % 1000000),
                          size, size};
    fwrite(record, sizeof record, 1, out);
    fwrite(f.bytes, 1, f.n, out);
    fwrite(p->payload, 1, p->n, out);
}

/* ---- the file ------------------------------------------------------------------------------------ */

struct tape {
    struct view_job *j;
    FILE *out;
    int source;
    uint64_t frames;
};

static void put_message(struct tape *t, const struct view_sight *s) {
    const struct world *w = t->j->w;
    const struct world_msg *m = &w->msgs[s->msg];
    bool tcp = m->transport == 1 && t->j->tcp.seq;
    size_t most = tcp ? SEGMENT : LARGEST;
    for (uint32_t at = 0; at < m->n; at += (uint32_t)most) {
        struct packet p = {.from = &w->addresses[m->from],
                           .to = &w->addresses[m->to],
                           .protocol = tcp ? 6 : 17,
                           .id = (uint16_t)s->msg,
                           .payload = w->text + m->at + at,
                           .n = m->n - at < most ? m->n - at : most};
        if (tcp) p.seq = t->j->tcp.seq[s->msg] + at;
        if (tcp) p.ack = t->j->tcp.ack[s->msg];
        put_record(t->out, s->stamp_us, &p);
        view_line_add(t->j, t->source, ++t->frames, s->msg);
    }
}

void view_capture_write(struct view_job *j, int source, const struct view_sight *s,
                        int n) {
    const char *path = j->view->sources[source].path;
    struct tape t = {.j = j, .out = view_open(path), .source = source};
    const uint32_t head[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, 1};
    fwrite(head, sizeof head, 1, t.out);
    for (int i = 0; i < n; i++) put_message(&t, &s[i]);
    view_close(t.out, path);
}
