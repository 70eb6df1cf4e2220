/* woven.h: made-up traffic and a database it goes into through the loom; what came out, to compare. */
#ifndef SIPWEAVE_TESTS_SERVE_WOVEN_H
#define SIPWEAVE_TESTS_SERVE_WOVEN_H

#include "serve/batch.h"
#include "serve/fixture.h"
#include "serve/loom.h"
#include "sip/sip.h"

#define SECOND ((i64)1000000)
#define START  ((i64)1700000000 * SECOND)

/* ---- traffic: phone -> pbx -> phone, some with a second try and a recorder ----------------------------------- */

struct line { /* of a device's log */
    struct sighting s;
    bool at_pbx; /* else seen by a tap outside */
};

struct traffic {
    arena text;
    struct line *lines;
    isize n, cap;
    bool two_addresses; /* the PBX has another one towards the phones: INSIDE */
};

enum { PBX = 1, RECORDER = 2, GATEWAY = 3, INSIDE = 4, PHONES = 10 };

static inline struct endpoint host(int i) {
    return (struct endpoint){
        .ip = {10, 0, (u8)(i >> 8), (u8)i}, .port = 5060, .family = 4};
}

static inline void say(struct traffic *t, i64 us, int from, int to, const char *id,
                       const char *start, const char *caller, const char *called,
                       int cseq, const char *method, bool tagged) {
    t->lines = base_grow(t->lines, &t->cap, t->n + 1, (isize)sizeof *t->lines);
    struct line *l = &t->lines[t->n++];
    *l = (struct line){.at_pbx = true};
    l->s = (struct sighting){.time_us = us,
                             .precision_us = 1,
                             .line = (u64)t->n,
                             .at = SIGHTING_NOWHERE,
                             .src = host(from),
                             .dst = host(to),
                             .transport = TRANSPORT_UDP};
    l->s.bytes = arena_printf(
        &t->text,
        "%s\r\nVia: SIP/2.0/UDP 10.0.0.%d;branch=z9hG4bK%s%d%s\r\nFrom: "
        "<sip:%s@x>;tag=f%s\r\n"
        "To: <sip:%s@x>%s%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
        start, from, id, cseq, method, caller, id, called, tagged ? ";tag=t" : "",
        tagged ? id : "", id, cseq, method);
}

static inline void leg(struct traffic *t, i64 us, int from, int to, const char *id,
                       const char *caller, const char *called, i64 answer_us,
                       i64 end_us) {
    char invite[64];
    snprintf(invite, sizeof invite, "INVITE sip:%s@x SIP/2.0", called);
    say(t, us, from, to, id, invite, caller, called, 1, "INVITE", false);
    say(t, us + 90000, to, from, id, "SIP/2.0 180 Ringing", caller, called, 1, "INVITE",
        true);
    if (answer_us < 0) {
        say(t, end_us, to, from, id, "SIP/2.0 486 Busy Here", caller, called, 1, "INVITE",
            true);
        say(t, end_us + 2000, from, to, id, "ACK sip:x SIP/2.0", caller, called, 1, "ACK",
            true);
        return;
    }
    say(t, answer_us, to, from, id, "SIP/2.0 200 OK", caller, called, 1, "INVITE", true);
    say(t, answer_us + 5000, from, to, id, "ACK sip:x SIP/2.0", caller, called, 1, "ACK",
        true);
    say(t, end_us, from, to, id, "BYE sip:x SIP/2.0", caller, called, 2, "BYE", true);
    say(t, end_us + 3000, to, from, id, "SIP/2.0 200 OK", caller, called, 2, "BYE", true);
}

/* Two to four legs. */
static inline void call(struct traffic *t, int i, i64 us, i64 talk_us) {
    char id[4][40], caller[24], called[24], desk[24];
    for (int k = 0; k < 4; k++)
        snprintf(id[k], sizeof id[k], "%016llx-%d",
                 (unsigned long long)hash_mix((u64)i, 5), k * 7919 + i);
    for (int k = 1; k < 4; k++) /* nothing in common with the first */
        snprintf(id[k], sizeof id[k], "%016llx",
                 (unsigned long long)hash_mix((u64)i, 100 + (u64)k));
    snprintf(caller, sizeof caller, "01632%06d", i * 37 % 1000000);
    snprintf(called, sizeof called, "0207946%04d", i % 40);
    snprintf(desk, sizeof desk, "2%02d", i % 90);
    i64 answer = us + 3 * SECOND, end = answer + talk_us;
    leg(t, us, GATEWAY, PBX, id[0], caller, called, answer + 4000, end);
    bool busy = i % 3 == 0;
    int pbx = t->two_addresses ? INSIDE : PBX;
    if (busy)
        leg(t, us + 4000, pbx, PHONES + i % 50, id[1], caller, desk, -1, us + SECOND);
    leg(t, busy ? us + SECOND + 6000 : us + 5000, pbx, PHONES + 50 + i % 60, id[2],
        caller, desk, answer, end + 4000);
    if (i % 4 == 0)
        leg(t, answer + 9000, pbx, RECORDER, id[3], caller, called, answer + 20000,
            end + 9000);
}

static inline int by_time(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    if (x->s.time_us != y->s.time_us) return x->s.time_us < y->s.time_us ? -1 : 1;
    return (x->s.line > y->s.line) - (x->s.line < y->s.line);
}

static inline void traffic_sort(struct traffic *t) {
    qsort(t->lines, (size_t)t->n, sizeof *t->lines, by_time);
    for (isize i = 0; i < t->n; i++) t->lines[i].s.line = (u64)i + 1;
}

static inline struct traffic traffic_new(void) {
    return (struct traffic){.text = arena_open((isize)1 << 30)};
}
static inline void traffic_drop(struct traffic *t) {
    arena_close(&t->text);
    base_free(t->lines);
}

/* ---- through the loom ---------------------------------------------------------------------------------------- */

struct place {
    char folder[64], db[96];
    arena boot, view;
    struct store *store;
    struct loom *loom;
    struct loom_options o;
};

static inline void place_store(struct place *p) {
    str why = {0};
    if (store_open(&p->store, p->db, STORE_WRITE, &p->boot, &why) != ERR_OK)
        fail_msg("%.*s", (int)why.n, (const char *)why.p);
    assert_int_equal(loom_open(&p->loom, p->store, &p->o), ERR_OK);
}

static inline void place_begin(struct place *p, struct loom_options o) {
    *p = (struct place){
        .boot = arena_open((isize)64 << 20), .view = arena_open_view(), .o = o};
    folder_make(p->folder);
    snprintf(p->db, sizeof p->db, "%s/calls.db", p->folder);
    place_store(p);
}

static inline void place_again(struct place *p) {
    assert_int_equal(loom_commit(p->loom, NULL, NULL), ERR_OK);
    loom_close(p->loom);
    store_close(p->store);
    arena_reset(&p->boot);
    place_store(p);
}

static inline void place_end(struct place *p) {
    loom_close(p->loom);
    store_close(p->store);
    arena_close(&p->boot);
    arena_close(&p->view);
    folder_drop(p->folder);
}

static inline void feed(struct place *p, const struct line *l, const char *source) {
    struct input_sink sink = loom_sink(p->loom);
    struct source s = {.name = str_z(source), .kind = SOURCE_CAPTURE};
    struct sighting one = l->s;
    one.source = sink.source(sink.ctx, &s);
    sink.sighting(sink.ctx, &one);
}

/* Into the database and no farther, as the intake does. */
static inline void store_all(struct place *p, const struct traffic *t) {
    struct source source = {.name = S("live"), .kind = SOURCE_SYSLOG};
    u32 number;
    assert_int_equal(store_begin(p->store), ERR_OK);
    assert_int_equal(store_source(p->store, &source, &number), ERR_OK);
    for (isize i = 0; i < t->n; i++) {
        struct sighting s = t->lines[i].s;
        struct sip_msg m;
        struct fail f;
        bool fresh = false;
        s.source = number;
        assert_int_equal(sip_msg_parse(&m, s.bytes, &f), ERR_OK);
        struct store_facts facts = batch_facts(&m);
        assert_int_equal(store_sighting(p->store, &s, &facts, &fresh), ERR_OK);
        assert_true(fresh);
    }
    assert_int_equal(store_commit(p->store), ERR_OK);
}

static inline void commit(struct place *p) {
    assert_int_equal(loom_commit(p->loom, NULL, NULL), ERR_OK);
}

/* Every call as its legs' ids with their parents: what must not depend on how it came in. */
struct shapes {
    struct place *p;
    u64 sum;
    isize calls, legs;
};

static inline bool shape_row(void *ctx, str id, i64 start_us, str json) {
    struct shapes *s = ctx;
    json_error_t why;
    json_t *j = json_loadb((const char *)json.p, (size_t)json.n, 0, &why), *l;
    size_t i;
    u64 hash = hash_bytes(id, (u64)start_us);
    assert_non_null(j);
    json_array_foreach(json_object_get(j, "legs"), i, l) {
        hash = hash_mix(
            hash, hash_bytes(str_z(json_string_value(json_object_get(l, "id"))), 1));
        hash = hash_mix(hash, (u64)json_integer_value(json_object_get(l, "parent")));
        hash = hash_mix(hash, (u64)json_integer_value(json_object_get(l, "messages")));
        s->legs++;
    }
    json_decref(j);
    s->sum += hash;
    s->calls++;
    return true;
}

static inline struct shapes shapes_of(struct place *p) {
    struct shapes s = {.p = p};
    struct search q = search_any();
    q.limit = INT32_MAX;
    assert_int_equal(store_search(p->store, &q, shape_row, &s), ERR_OK);
    return s;
}

static inline void expect_same(const char *how, const struct shapes *a,
                               const struct shapes *b) {
    print_message("# %s: %td calls, %td legs\n", how, a->calls, a->legs);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->legs, b->legs);
    assert_true(a->sum == b->sum);
}

static inline struct traffic some_traffic_of(int calls, i64 apart_us,
                                             bool two_addresses) {
    struct traffic t = traffic_new();
    t.two_addresses = two_addresses;
    for (int i = 0; i < calls; i++)
        call(&t, i, START + i * apart_us, (5 + i % 40) * SECOND);
    traffic_sort(&t);
    return t;
}

static inline struct traffic some_traffic(int calls, i64 apart_us) {
    return some_traffic_of(calls, apart_us, false);
}

static inline json_t *summary(struct place *p, const char *call_id) {
    str id, *ids, json;
    isize n;
    assert_int_equal(store_call_ids(p->store, str_z(call_id), &p->view, &id, &ids, &n),
                     ERR_OK);
    assert_int_equal(store_summary(p->store, id, &p->view, &json), ERR_OK);
    json_t *j = json_loadb((const char *)json.p, (size_t)json.n, 0, NULL);
    assert_non_null(j);
    return j;
}

#endif
