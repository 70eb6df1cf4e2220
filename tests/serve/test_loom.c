/* test_loom.c: what goes through the loom comes out linked: all at once, in pieces, late, in another order, an hour after; in
 * bounded memory; and one call is found again from what is near it. */
#include "serve/batch.h"
#include "serve/fixture.h"
#include "serve/loom.h"
#include "serve/near.h"
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

static struct endpoint host(int i) {
    return (struct endpoint){
        .ip = {10, 0, (u8)(i >> 8), (u8)i}, .port = 5060, .family = 4};
}

static void say(struct traffic *t, i64 us, int from, int to, const char *id,
                const char *start, const char *caller, const char *called, int cseq,
                const char *method, bool tagged) {
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

static void leg(struct traffic *t, i64 us, int from, int to, const char *id,
                const char *caller, const char *called, i64 answer_us, i64 end_us) {
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
static void call(struct traffic *t, int i, i64 us, i64 talk_us) {
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

static int by_time(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    if (x->s.time_us != y->s.time_us) return x->s.time_us < y->s.time_us ? -1 : 1;
    return (x->s.line > y->s.line) - (x->s.line < y->s.line);
}

static void traffic_sort(struct traffic *t) {
    qsort(t->lines, (size_t)t->n, sizeof *t->lines, by_time);
    for (isize i = 0; i < t->n; i++) t->lines[i].s.line = (u64)i + 1;
}

static struct traffic traffic_new(void) {
    return (struct traffic){.text = arena_open((isize)1 << 30)};
}
static void traffic_drop(struct traffic *t) {
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

static void place_store(struct place *p) {
    str why = {0};
    if (store_open(&p->store, p->db, STORE_WRITE, &p->boot, &why) != ERR_OK)
        fail_msg("%.*s", (int)why.n, (const char *)why.p);
    assert_int_equal(loom_open(&p->loom, p->store, &p->o), ERR_OK);
}

static void place_begin(struct place *p, struct loom_options o) {
    *p = (struct place){
        .boot = arena_open((isize)64 << 20), .view = arena_open_view(), .o = o};
    folder_make(p->folder);
    snprintf(p->db, sizeof p->db, "%s/calls.db", p->folder);
    place_store(p);
}

static void place_again(struct place *p) {
    assert_int_equal(loom_commit(p->loom, NULL, NULL), ERR_OK);
    loom_close(p->loom);
    store_close(p->store);
    arena_reset(&p->boot);
    place_store(p);
}

static void place_end(struct place *p) {
    loom_close(p->loom);
    store_close(p->store);
    arena_close(&p->boot);
    arena_close(&p->view);
    folder_drop(p->folder);
}

static void feed(struct place *p, const struct line *l, const char *source) {
    struct input_sink sink = loom_sink(p->loom);
    struct source s = {.name = str_z(source), .kind = SOURCE_CAPTURE};
    struct sighting one = l->s;
    one.source = sink.source(sink.ctx, &s);
    sink.sighting(sink.ctx, &one);
}

/* Into the database and no farther, as the intake does. */
static void store_all(struct place *p, const struct traffic *t) {
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

static void commit(struct place *p) {
    assert_int_equal(loom_commit(p->loom, NULL, NULL), ERR_OK);
}

/* Every call as its legs' ids with their parents: what must not depend on how it came in. */
struct shapes {
    struct place *p;
    u64 sum;
    isize calls, legs;
};

static bool shape_row(void *ctx, str id, i64 start_us, str json) {
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

static struct shapes shapes_of(struct place *p) {
    struct shapes s = {.p = p};
    struct search q = search_any();
    q.limit = INT32_MAX;
    assert_int_equal(store_search(p->store, &q, shape_row, &s), ERR_OK);
    return s;
}

static void expect_same(const char *how, const struct shapes *a, const struct shapes *b) {
    print_message("# %s: %td calls, %td legs\n", how, a->calls, a->legs);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->legs, b->legs);
    assert_true(a->sum == b->sum);
}

static struct traffic some_traffic_of(int calls, i64 apart_us, bool two_addresses) {
    struct traffic t = traffic_new();
    t.two_addresses = two_addresses;
    for (int i = 0; i < calls; i++)
        call(&t, i, START + i * apart_us, (5 + i % 40) * SECOND);
    traffic_sort(&t);
    return t;
}

static struct traffic some_traffic(int calls, i64 apart_us) {
    return some_traffic_of(calls, apart_us, false);
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static void any_way(void **state) {
    (void)state;
    struct traffic t = some_traffic(600, SECOND / 2);
    struct place once, pieces, late, back;
    place_begin(&once, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&once, &t.lines[i], "a.pcap");
    commit(&once);
    struct shapes want = shapes_of(&once), got;
    assert_int_equal(want.calls, 600);
    place_end(&once);

    place_begin(&pieces,
                (struct loom_options){0}); /* as it comes, and a new start now and then */
    for (isize i = 0; i < t.n; i++) {
        feed(&pieces, &t.lines[i], "a.pcap");
        if (i % 97 == 0) commit(&pieces);
        if (i % 2500 == 2499) place_again(&pieces);
    }
    commit(&pieces);
    got = shapes_of(&pieces);
    expect_same("in pieces", &got, &want);
    place_end(&pieces);

    /* the log of one side a day later: first what the gateway's side has, then the phones' */
    place_begin(&late, (struct loom_options){.bulk = true});
    for (int side = 0; side < 2; side++) {
        for (isize i = 0; i < t.n; i++) {
            const struct sighting *s = &t.lines[i].s;
            bool outside = s->src.ip[3] == GATEWAY || s->dst.ip[3] == GATEWAY;
            if (s->src.ip[2] || s->dst.ip[2]) outside = false;
            if (outside == (side == 0)) feed(&late, &t.lines[i], "a.pcap");
        }
        commit(&late);
        place_again(&late);
    }
    got = shapes_of(&late);
    expect_same("one side late", &got, &want);
    place_end(&late);

    place_begin(&back, (struct loom_options){.bulk = true}); /* the last minute first */
    for (isize high = t.n; high > 0;) {
        isize low = high > 700 ? high - 700 : 0;
        for (isize i = low; i < high; i++) feed(&back, &t.lines[i], "a.pcap");
        commit(&back);
        if (low % 2 == 0) place_again(&back);
        high = low;
    }
    got = shapes_of(&back);
    expect_same("from the end", &got, &want);
    place_end(&back);
    traffic_drop(&t);
}

/* What is in the database and was never linked comes out as when all is linked at once, however long the stretches are; and
 * in bounded memory, where a stretch goes as far as there is room for. */
static void stretch_by_stretch(void **state) {
    (void)state;
    struct traffic t = some_traffic(600, SECOND / 2);
    static const i64 lengths[] = {600 * SECOND, 37 * SECOND, 5 * SECOND, 0};
    struct shapes want = {0};
    for (int k = 0; k < (int)countof(lengths); k++) {
        struct place p;
        place_begin(&p, (struct loom_options){.owing = true, .many = k == 3 ? 1000 : 0});
        store_all(&p, &t);
        u64 linked = 0, n;
        isize most = 0;
        i64 at = t.lines[0].s.time_us, last = t.lines[t.n - 1].s.time_us;
        while (at <= last) {
            i64 end = at + (lengths[k] ? lengths[k] : 600 * SECOND);
            assert_int_equal(loom_link_stretch(p.loom, at, &end, &n, NULL, NULL), ERR_OK);
            most = i64_max(most, loom_held(p.loom));
            linked += n;
            assert_true(end > at);
            at = end;
        }
        struct shapes got = shapes_of(&p);
        if (k == 0) want = got;
        assert_int_equal(want.calls, 600);
        assert_int_equal(linked, t.n);
        if (lengths[k]) {
            expect_same("in stretches", &got, &want);
        } else { /* so little is in sight that some legs stay alone */
            print_message("# at most %td of %td in memory: %td calls, %td legs\n", most,
                          t.n, got.calls, got.legs);
            assert_true(most < 6000 && got.legs == want.legs);
        }
        place_end(&p);
    }
    traffic_drop(&t);
}

/* Hours of traffic through a small window: what is held does not grow, and no call suffers. */
static void bounded(void **state) {
    (void)state;
    enum { CALLS = 3000, MANY = 1500 };
    struct traffic t = some_traffic(CALLS, 4 * SECOND); /* 3 h 20 */
    struct place p;
    isize most = 0;
    place_begin(&p, (struct loom_options){.window_us = 240 * SECOND, .many = MANY});
    for (isize i = 0; i < t.n; i++) {
        feed(&p, &t.lines[i], "live");
        if (i % 200 != 199) continue;
        commit(&p);
        most = i64_max(most, loom_held(p.loom));
    }
    commit(&p);
    struct shapes s = shapes_of(&p);
    print_message("# at most %td of %td sightings in memory\n", most, t.n);
    assert_true(most < 8 * MANY + 400 && most < t.n / 4);
    assert_int_equal(s.calls, CALLS);
    isize legs = 0;
    for (int i = 0; i < CALLS; i++) legs += 2 + (i % 3 == 0) + (i % 4 == 0);
    assert_int_equal(s.legs, legs);
    /* a log from the first hour, now: it does not bring the hours between with it */
    struct traffic old = traffic_new();
    call(&old, 90001, START + 600 * SECOND, 20 * SECOND);
    traffic_sort(&old);
    for (isize i = 0; i < old.n; i++) feed(&p, &old.lines[i], "late.pcap");
    commit(&p);
    assert_true(loom_held(p.loom) < 8 * MANY + 400);
    s = shapes_of(&p);
    assert_int_equal(s.calls, CALLS + 1);
    place_end(&p);
    traffic_drop(&old);
    traffic_drop(&t);
}

static json_t *summary(struct place *p, const char *call_id) {
    str id, *ids, json;
    isize n;
    assert_int_equal(store_call_ids(p->store, str_z(call_id), &p->view, &id, &ids, &n),
                     ERR_OK);
    assert_int_equal(store_summary(p->store, id, &p->view, &json), ERR_OK);
    json_t *j = json_loadb((const char *)json.p, (size_t)json.n, 0, NULL);
    assert_non_null(j);
    return j;
}

/* A call of an hour: its BYE comes when everything around its beginning has left the memory. */
static void bye_after_an_hour(void **state) {
    (void)state;
    struct traffic t = some_traffic(1200, 4 * SECOND);
    call(&t, 12000, START + 300 * SECOND,
         3600 * SECOND); /* with a busy phone and a recorder */
    traffic_sort(&t);
    char id[40];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)hash_mix(12000, 102));
    struct place p;
    place_begin(&p, (struct loom_options){.window_us = 240 * SECOND, .many = 1000});
    json_t *before = NULL;
    for (isize i = 0; i < t.n; i++) {
        feed(&p, &t.lines[i], "live");
        if (i % 100 == 99) commit(&p);
        bool later = t.lines[i].s.time_us > START + 3000 * SECOND;
        if (later && !before) before = summary(&p, id);
    }
    commit(&p);
    json_t *after = summary(&p, id);
    assert_int_equal(json_array_size(json_object_get(before, "legs")), 4);
    assert_int_equal(json_array_size(json_object_get(after, "legs")), 4);
    assert_string_equal(json_string_value(json_object_get(before, "state")), "in-call");
    assert_string_equal(json_string_value(json_object_get(after, "state")), "answered");
    for (size_t i = 0; i < 4; i++) { /* and why it is one call is what it was */
        json_t *x = json_array_get(json_object_get(before, "legs"), i);
        json_t *y = json_array_get(json_object_get(after, "legs"), i);
        assert_true(
            json_equal(json_object_get(x, "evidence"), json_object_get(y, "evidence")));
        assert_true(
            json_equal(json_object_get(x, "parent"), json_object_get(y, "parent")));
    }
    json_decref(before);
    json_decref(after);
    place_end(&p);
    traffic_drop(&t);
}

/* What is no SIP is counted with its place when it is fed, not when it is stored. */
static void not_sip(void **state) {
    (void)state;
    struct place p;
    struct traffic t = some_traffic(1, SECOND);
    place_begin(&p, (struct loom_options){0});
    struct line bad = t.lines[0];
    bad.s.bytes = S("GET / HTTP/1.1\r\n\r\n");
    bad.s.line = 77;
    feed(&p, &bad, "a.pcap");
    assert_int_equal(loom_waiting(p.loom), 0);
    assert_int_equal(loom_totals(p.loom).skips.n[SKIP_NOT_SIP], 1);
    assert_int_equal(loom_totals(p.loom).skips.first[SKIP_NOT_SIP], 77);
    feed(&p, &t.lines[0], "a.pcap");
    assert_int_equal(loom_waiting(p.loom), 1);
    commit(&p);
    assert_int_equal(loom_totals(p.loom).sightings, 1);
    place_end(&p);
    traffic_drop(&t);
}

/* ---- near ------------------------------------------------------------------------------------------------------- */

struct all_calls {
    struct place *p;
    isize tried, same, calls;
};

static bool near_row(void *ctx, str call, i64 start_us, str json) {
    struct all_calls *a = ctx;
    struct near_options o = {0};
    str id, *ids;
    isize nids;
    (void)start_us, (void)json;
    arena view = a->p->view;
    assert_int_equal(store_call_ids(a->p->store, call, &view, &id, &ids, &nids), ERR_OK);
    a->calls++;
    for (isize i = 0; i < nids; i++) {
        struct near n;
        assert_int_equal(near_open(&n, a->p->store, ids[i], &o, &view), ERR_OK);
        struct call *c = weave_call(n.weave, n.call, false, &view);
        bool same = c->nlegs == nids && str_eq(c->id, call);
        for (isize k = 0; k < c->nlegs && same; k++) {
            bool known = false;
            for (isize m = 0; m < nids; m++) known |= str_eq(ids[m], c->legs[k].call_id);
            same = known;
        }
        a->tried++;
        a->same += same;
        near_close(&n);
    }
    return true;
}

static void near_is_as(bool two_addresses) {
    struct traffic t = some_traffic_of(1200, SECOND / 15, two_addresses);
    struct place p;
    place_begin(&p, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&p, &t.lines[i], "a.pcap");
    commit(&p);
    struct all_calls a = {.p = &p};
    struct search q = search_any();
    q.limit = 150;
    assert_int_equal(store_search(p.store, &q, near_row, &a), ERR_OK);
    print_message("# %td of %td legs found their call as it was\n", a.same, a.tried);
    assert_int_equal(a.calls, 150);
    assert_true(a.tried > 300 && (double)a.same >= 0.995 * (double)a.tried);
    place_end(&p);
    traffic_drop(&t);
}

/* From any leg of it, by its marks alone, a call comes out as it was linked with everything in sight. */
static void near_is_the_same(void **state) {
    (void)state;
    near_is_as(false);
}

/* The same where calls reach one address of a box and leave another: that the two are one device only much traffic tells. */
static void near_with_two_addresses(void **state) {
    (void)state;
    near_is_as(true);
}

/* What is shown of a call is what was decided, to the letter. */
static void shown_as_decided(void **state) {
    (void)state;
    struct traffic t = some_traffic(300, SECOND / 10);
    struct place p;
    char id[40];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)hash_mix(120, 102));
    place_begin(&p, (struct loom_options){.bulk = true});
    for (isize i = 0; i < t.n; i++) feed(&p, &t.lines[i], "a.pcap");
    commit(&p);
    json_t *want = summary(&p, id);
    for (int alone = 0; alone < 2; alone++) {
        struct near n;
        struct near_options o = {.decided = true, .alone = alone == 1};
        assert_int_equal(near_open(&n, p.store, str_z(id), &o, &p.view), ERR_OK);
        const struct call *c = weave_call(n.weave, n.call, true, &p.view);
        json_t *legs = json_object_get(want, "legs");
        assert_int_equal(c->nlegs, json_array_size(legs));
        for (isize i = 0; i < c->nlegs; i++) {
            json_t *l = json_array_get(legs, (size_t)i),
                   *rows = json_object_get(l, "evidence");
            assert_int_equal(c->legs[i].parent,
                             json_integer_value(json_object_get(l, "parent")));
            double stated = json_number_value(json_object_get(l, "confidence"));
            assert_true(c->legs[i].confidence - stated < 1e-6 &&
                        stated - c->legs[i].confidence < 1e-6);
            assert_int_equal(c->legs[i].nevidence, json_array_size(rows));
            for (isize k = 0; k < c->legs[i].nevidence; k++) {
                json_t *e = json_array_get(rows, (size_t)k);
                str text = c->legs[i].evidence[k].text;
                assert_int_equal(text.n, json_string_length(json_object_get(e, "text")));
                assert_memory_equal(text.p, json_string_value(json_object_get(e, "text")),
                                    (size_t)text.n);
            }
        }
        near_close(&n);
    }
    json_decref(want);
    place_end(&p);
    traffic_drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_way),
        cmocka_unit_test(stretch_by_stretch),
        cmocka_unit_test(bounded),
        cmocka_unit_test(bye_after_an_hour),
        cmocka_unit_test(not_sip),
        cmocka_unit_test(near_is_the_same),
        cmocka_unit_test(near_with_two_addresses),
        cmocka_unit_test(shown_as_decided),
    };
    return cmocka_run_group_tests_name("loom", tests, NULL, NULL);
}
