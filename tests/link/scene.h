/* scene.h: a small theatre for linking. Boxes with addresses, capture points, and legs ("talks") between boxes along which
 * messages go at given milliseconds; every capture point that could see a message gets its sighting.
 *
 *     int pbx = box(&s, "pbx", "192.0.2.1"), phone = …;
 *     tap(&s, "wire");                        or  log_of(&s, pbx, 1000000, 0)  whole seconds, clock right
 *     struct talk a = talk(phone, pbx, "A", "201", "202");
 *     ask(&s, &a, 0, "INVITE"); tell(&s, &a, 500, "180 Ringing");
 *     struct weave *w = play(&s, 0);          seed 0: as it came; else shuffled
 *
 * The SIP is real text. Tags, branches, Call-IDs and SDP follow from the talk's name: the same scene is always the same. */
#ifndef SIPWEAVE_TESTS_SCENE_H
#define SIPWEAVE_TESTS_SCENE_H

#include "base/map.h"
#include "base/out.h"
#include "link/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCENE_START ((i64)1406364842 * 1000000) /* 2014-07-26T08:54:02Z */

enum { SCENE_BOXES = 256, SCENE_POINTS = 64 };

struct box {
    const char *name, *ip;
    int port;
};

/* A capture point: the log of one box, or a tap (box -1) that sees what one box (`only`) or everybody sends. */
struct point {
    const char *name;
    int box, only;
    u32 precision_us;
    i64 ahead_us;             /* its clock */
    bool nameless;            /* the log does not say whose it is */
    double ppm;               /* … which runs too fast by so many millionths … */
    i64 set_at_us, set_by_us; /* … and is set once */
};

struct shot {
    struct sighting s;
    int point;
    u64 nth;
    i64 set_us; /* by how much its clock had been set */
};

struct scene;
typedef void scene_carrier(struct scene *s, i64 us, int src, int dst, str text);

struct scene {
    struct box boxes[SCENE_BOXES];
    struct point points[SCENE_POINTS];
    int nboxes, npoints;
    struct shot *shots;
    isize nshots, cap_shots;
    arena text;
    i64 way_us; /* from box to box; 1 ms unless set */
    bool lost;  /* the next message does not arrive */
    int cut; /* the next message is cut to so many bytes in the first point that sees it */
    bool lines_set;         /* lines were numbered */
    scene_carrier *carrier; /* else carry() brings messages to who sees them */
    void *ctx;              /* of the carrier */
};

struct talk {
    int from, to; /* boxes */
    const char *name, *caller, *called;
    const char *display;  /* before the caller's address in From: "\"Name\" " */
    const char *headers;  /* more of the INVITE's: each "Name: value\r\n" */
    const char *call_id;  /* else made from the name */
    const char *body;     /* else an SDP of its own; "" none */
    const char *tag;      /* the callee's, else made from the name */
    const char *from_tag; /* the caller's, else made from the name */
    const char *type;     /* Content-Type, else application/sdp */
    const char *contact;  /* of what the callee answers, else its address */
    int cseq;             /* of its INVITE; 0: 1 */
    bool proxied;         /* its messages carry an older Via as well */
};

static inline struct talk talk(int from, int to, const char *name, const char *caller,
                               const char *called) {
    return (struct talk){
        .from = from, .to = to, .name = name, .caller = caller, .called = called};
}

static inline void scene_open(struct scene *s) {
    *s = (struct scene){.text = arena_open((isize)256 << 20), .way_us = 1000};
}

static inline void scene_close(struct scene *s) {
    base_free(s->shots);
    arena_close(&s->text);
}

static inline int box_at(struct scene *s, const char *name, const char *ip, int port) {
    must(s->nboxes < SCENE_BOXES);
    s->boxes[s->nboxes] = (struct box){name, ip, port};
    return s->nboxes++;
}
static inline int box(struct scene *s, const char *name, const char *ip) {
    return box_at(s, name, ip, 5060);
}

static inline int point_add(struct scene *s, struct point p) {
    must(s->npoints < SCENE_POINTS);
    s->points[s->npoints] = p;
    return s->npoints++;
}
static inline int tap(struct scene *s, const char *name) {
    return point_add(
        s, (struct point){.name = name, .box = -1, .only = -1, .precision_us = 1});
}
/* The log of a box: its stamps' precision, and how far its clock is ahead. */
static inline int log_of(struct scene *s, int box, u32 precision_us, i64 ahead_us) {
    const char *name =
        arena_z(&s->text, arena_printf(&s->text, "%s.log", s->boxes[box].name));
    return point_add(s, (struct point){.name = name,
                                       .box = box,
                                       .only = -1,
                                       .precision_us = precision_us,
                                       .ahead_us = ahead_us});
}

/* ---- text ------------------------------------------------------------------------------------------ */

static inline const char *hex_of(struct scene *s, const char *name, const char *what,
                                 int n) {
    u64 h = hash_mix(hash_bytes(str_z(name), 11), hash_bytes(str_z(what), 12));
    return arena_z(&s->text, arena_printf(&s->text, "%016llx%04x", (unsigned long long)h,
                                          n & 0xffff));
}

static inline const char *call_id_of(struct scene *s, const struct talk *t) {
    if (t->call_id) return t->call_id;
    const char *hex = hex_of(s, t->name, "call-id", 0);
    return arena_z(&s->text, arena_printf(&s->text, "%s@%s", hex, s->boxes[t->from].ip));
}

static inline str sdp_of(struct scene *s, const struct talk *t, int box, bool answer) {
    if (t->body) return str_z(t->body);
    u64 h = hash_mix(hash_bytes(str_z(t->name), 13), answer);
    const char *ip = s->boxes[box].ip;
    return arena_printf(&s->text,
                        "v=0\r\no=- %llu 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                        "m=audio %d RTP/AVP 8\r\n",
                        (unsigned long long)(h >> 20), ip, ip,
                        10000 + (int)(h % 25000) * 2);
}

struct wire {
    const char *start;  /* request or status line */
    const char *method; /* of CSeq */
    int cseq;
    bool back;      /* from the callee's side: the request, or the answered one */
    bool answer;    /* a response */
    bool in_dialog; /* To has its tag */
    const char *headers;
    bool sdp;
    const char *branch; /* what tells this transaction from others */
};

static inline str wire_text(struct scene *s, const struct talk *t, const struct wire *m) {
    const struct box *asker = &s->boxes[m->back ? t->to : t->from];
    const char *f = t->from_tag ? t->from_tag : hex_of(s, t->name, "from-tag", 0);
    const char *to = t->tag ? t->tag : hex_of(s, t->name, "to-tag", 0);
    const struct box *a = &s->boxes[t->from], *b = &s->boxes[t->to];
    str caller = arena_printf(&s->text, "%s<sip:%s@%s>;tag=%s",
                              t->display ? t->display : "", t->caller, a->ip, f);
    str called = arena_printf(&s->text, "<sip:%s@%s>%s%s", t->called, b->ip,
                              m->in_dialog ? ";tag=" : "", m->in_dialog ? to : "");
    if (m->back) {
        str swap = caller;
        caller = called;
        called = swap;
    }
    int sender = m->answer != m->back ? t->to : t->from;
    str body = m->sdp ? sdp_of(s, t, sender, m->answer) : (str){0};
    const char *type = t->type ? t->type : "application/sdp";
    str contact =
        arena_printf(&s->text, "<sip:%s:%d>", s->boxes[sender].ip, s->boxes[sender].port);
    if (t->contact && m->answer && sender == t->to) contact = str_z(t->contact);
    const char *older = "";
    if (t->proxied) older = "Via: SIP/2.0/UDP 192.0.2.250:5060;branch=z9hG4bKolder\r\n";
    return arena_printf(
        &s->text,
        "%s\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s\r\n%sFrom: %.*s\r\nTo: %.*s\r\n"
        "Call-ID: %s\r\nCSeq: %d %s\r\nContact: %.*s\r\n%s%s%s%s%s"
        "Content-Length: %d\r\n\r\n%.*s",
        m->start, asker->ip, asker->port, hex_of(s, t->name, m->branch, m->cseq), older,
        (int)caller.n, (const char *)caller.p, (int)called.n, (const char *)called.p,
        call_id_of(s, t), m->cseq, m->method, (int)contact.n, (const char *)contact.p,
        m->answer ? "" : "Max-Forwards: 70\r\n", m->headers ? m->headers : "",
        body.n ? "Content-Type: " : "", body.n ? type : "", body.n ? "\r\n" : "",
        (int)body.n, (int)body.n, (const char *)body.p);
}

/* ---- who sees it ------------------------------------------------------------------------------------- */

static inline struct endpoint box_end(const struct scene *s, int i) {
    struct endpoint e;
    must(endpoint_read(&e, str_z(s->boxes[i].ip)));
    e.port = (u16)s->boxes[i].port;
    return e;
}

static inline void shoot(struct scene *s, int point, i64 us, enum vantage v, int src,
                         int dst, str text) {
    const struct point *p = &s->points[point];
    i64 stamp = SCENE_START + us + p->ahead_us + (i64)((double)us * p->ppm / 1e6);
    i64 set = us >= p->set_at_us ? p->set_by_us : 0;
    s->shots = base_grow(s->shots, &s->cap_shots, s->nshots + 1, (isize)sizeof *s->shots);
    struct shot *shot = &s->shots[s->nshots++];
    bool cut = s->cut != 0;
    if (cut) text = str_sub(text, 0, s->cut);
    s->cut = 0;
    *shot = (struct shot){.point = point, .nth = (u64)s->nshots, .set_us = set};
    shot->s = (struct sighting){
        .time_us = stamp + set, /* cut to its precision when it is played */
        .precision_us = p->precision_us,
        .at = SIGHTING_NOWHERE,
        .src = box_end(s, src),
        .dst = box_end(s, dst),
        .transport = TRANSPORT_UDP,
        .vantage = v,
        .cut = cut,
        .bytes = text};
}

/* `text` goes from src to dst, sent `us` after the start. */
static inline void carry(struct scene *s, i64 us, int src, int dst, str text) {
    if (s->carrier) {
        s->carrier(s, us, src, dst, text);
        return;
    }
    for (int i = 0; i < s->npoints; i++) {
        const struct point *p = &s->points[i];
        if (p->box == src) shoot(s, i, us, VANTAGE_SENDER, src, dst, text);
        if (p->box == dst && !s->lost)
            shoot(s, i, us + s->way_us, VANTAGE_RECEIVER, src, dst, text);
        if (p->box < 0 && (p->only < 0 || p->only == src || p->only == dst))
            shoot(s, i, us + s->way_us / 2, VANTAGE_WIRE, src, dst, text);
    }
    s->lost = false;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static inline bool starts_dialog(const char *method) {
    static const char *const methods[] = {"INVITE",  "CANCEL",    "REGISTER",
                                          "OPTIONS", "SUBSCRIBE", "MESSAGE"};
    for (isize i = 0; i < countof(methods); i++) {
        if (strcmp(method, methods[i]) == 0) return true;
    }
    return false;
}

static inline int cseq_of(const struct talk *t, const char *method, int more) {
    int first = t->cseq ? t->cseq : 1;
    if (strcmp(method, "INVITE") == 0 || strcmp(method, "ACK") == 0 ||
        strcmp(method, "CANCEL") == 0 || strcmp(method, "REGISTER") == 0) {
        return first + more;
    }
    return first + 100 + (int)strlen(method) + more;
}

struct how {
    bool back;  /* the callee asks */
    bool again; /* in the dialog: a re-INVITE, say */
    bool held;  /* without a body: what is the other side's? */
    int more;   /* added to the CSeq */
    const char *headers;
    const char *branch; /* that of this method instead */
};

static inline void ask_how(struct scene *s, const struct talk *t, double ms,
                           const char *method, struct how how) {
    int to = how.back ? t->from : t->to, from = how.back ? t->to : t->from;
    bool invite = strcmp(method, "INVITE") == 0;
    const char *headers = how.headers            ? how.headers
                          : invite && !how.again ? t->headers
                                                 : NULL;
    str start = arena_printf(&s->text, "%s sip:%s@%s SIP/2.0", method,
                             how.back ? t->caller : t->called, s->boxes[to].ip);
    struct wire m = {.start = arena_z(&s->text, start),
                     .method = method,
                     .cseq = cseq_of(t, method, how.more),
                     .back = how.back,
                     .in_dialog = how.again || !starts_dialog(method),
                     .headers = headers,
                     .sdp = invite && !how.held,
                     .branch = how.branch                      ? how.branch
                               : strcmp(method, "CANCEL") == 0 ? "INVITE"
                                                               : method};
    carry(s, (i64)(ms * 1000), from, to, wire_text(s, t, &m));
}

static inline void tell_how(struct scene *s, const struct talk *t, double ms,
                            const char *status, const char *method, struct how how) {
    int from = how.back ? t->from : t->to, to = how.back ? t->to : t->from;
    bool invite = strcmp(method, "INVITE") == 0;
    str start = arena_printf(&s->text, "SIP/2.0 %s", status);
    struct wire m = {.start = arena_z(&s->text, start),
                     .method = method,
                     .cseq = cseq_of(t, method, how.more),
                     .back = how.back,
                     .answer = true,
                     .in_dialog = strncmp(status, "100", 3) != 0,
                     .headers = how.headers,
                     .sdp = invite && status[0] == '2',
                     .branch = strcmp(method, "CANCEL") == 0 ? "INVITE" : method};
    carry(s, (i64)(ms * 1000), from, to, wire_text(s, t, &m));
}

static inline void ask(struct scene *s, const struct talk *t, double ms,
                       const char *method) {
    ask_how(s, t, ms, method, (struct how){0});
}
static inline void tell(struct scene *s, const struct talk *t, double ms,
                        const char *status) {
    tell_how(s, t, ms, status, "INVITE", (struct how){0});
}
/* BYE and its 200, from the caller, or from the callee. */
static inline void hang_up(struct scene *s, const struct talk *t, double ms,
                           bool callee) {
    struct how how = {.back = callee};
    ask_how(s, t, ms, "BYE", how);
    tell_how(s, t, ms + 1.5, "200 OK", "BYE", how);
}
static inline void answer(struct scene *s, const struct talk *t, double ms) {
    tell(s, t, ms, "200 OK");
    ask(s, t, ms + 2, "ACK");
}
static inline void fail_with(struct scene *s, const struct talk *t, double ms,
                             const char *status) {
    tell(s, t, ms, status);
    ask_how(s, t, ms + 1.5, "ACK",
            (struct how){.branch = "INVITE"}); /* RFC 3261 §17.1.1.3 */
}
static inline void cancel(struct scene *s, const struct talk *t, double ms) {
    ask(s, t, ms, "CANCEL");
    tell_how(s, t, ms + 2, "200 OK", "CANCEL", (struct how){0});
    fail_with(s, t, ms + 2.5, "487 Request Terminated");
}

/* A back-to-back user agent passes A on as B: ringing after `ring` ms, answer after `answered`, end after `end`. */
static inline void pass_on(struct scene *s, const struct talk *a, const struct talk *b,
                           double t0, double ring, double answered, double end) {
    ask(s, a, t0, "INVITE");
    tell(s, a, t0 + 2, "100 Trying");
    ask(s, b, t0 + 8, "INVITE");
    tell(s, b, t0 + 11, "100 Trying");
    tell(s, b, t0 + ring, "180 Ringing");
    tell(s, a, t0 + ring + 2.2, "180 Ringing");
    answer(s, b, t0 + answered);
    answer(s, a, t0 + answered + 2.4);
    hang_up(s, a, t0 + end, false);
    hang_up(s, b, t0 + end + 2.3, false);
}

/* ---- playing -------------------------------------------------------------------------------------------- */

static inline u64 scene_random(u64 *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline int by_point_and_time(const void *a, const void *b) {
    const struct shot *x = a, *y = b;
    if (x->point != y->point) return x->point < y->point ? -1 : 1;
    i64 a_us = x->s.time_us - x->set_us, b_us = y->s.time_us - y->set_us;
    if (a_us != b_us) return a_us < b_us ? -1 : 1;
    return x->nth < y->nth ? -1 : 1;
}

/* Lines as each point has them; stamps as coarse as it writes them. */
static inline void number_lines(struct scene *s) {
    u64 line = 0;
    if (s->lines_set) return;
    if (s->nshots)
        qsort(s->shots, (size_t)s->nshots, sizeof *s->shots, by_point_and_time);
    for (isize i = 0; i < s->nshots; i++) {
        struct shot *shot = &s->shots[i];
        line = i && shot->point == s->shots[i - 1].point ? line + 7 : 1;
        shot->s.line = line;
        shot->s.time_us -= shot->s.time_us % shot->s.precision_us;
    }
    s->lines_set = true;
}

static inline u32 source_of(struct weave *w, const struct scene *s, int point) {
    const struct point *p = &s->points[point];
    bool log = p->box >= 0;
    return weave_source(
        w, &(struct source){.name = str_z(p->name),
                            .device = log && !p->nameless ? str_z(s->boxes[p->box].name)
                                                          : (str){0},
                            .kind = log ? SOURCE_DEVICE_LOG : SOURCE_CAPTURE});
}

/* Feeds the shots in the order given (NULL: as they are), links, gives the weave: close it. */
static inline struct weave *play_in(struct scene *s, const u32 *order) {
    struct weave *w = weave_open();
    number_lines(s);
    for (isize i = 0; i < s->nshots; i++) {
        const struct shot *shot = &s->shots[order ? order[i] : (u32)i];
        struct sighting one = shot->s;
        one.source = source_of(w, s, shot->point);
        must(weave_add(w, &one));
    }
    weave_link(w);
    return w;
}

static inline struct weave *play(struct scene *s, u64 seed) {
    number_lines(s);
    if (seed == 0) return play_in(s, NULL);
    u32 *order = base_new(s->nshots + 1, (isize)sizeof *order);
    seed *= 0x9e3779b97f4a7c15u;
    for (isize i = 0; i < s->nshots; i++) {
        isize k = (isize)(scene_random(&seed) % (u64)(i + 1));
        order[i] = order[k];
        order[k] = (u32)i;
    }
    struct weave *w = play_in(s, order);
    base_free(order);
    return w;
}

#endif
