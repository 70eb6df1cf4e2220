/* The trace: equal things get equal numbers, bytes come back, and a log's LF and a wire's CRLF are one text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/trace.h"

#include <string.h>

static const char invite[] =
    "INVITE sip:202@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
    "198.51.100.7;branch=z9hG4bKx\r\n"
    "From: <sip:201@x>;tag=f1\r\nTo: <sip:202@x>\r\nCall-ID: one@x\r\nCSeq: 7 INVITE\r\n"
    "Content-Length: 0\r\n\r\n";

static u32 add(struct trace *t, u32 source, str bytes, u64 at) {
    struct sip_msg m;
    struct fail f;
    struct sighting s = {.time_us = 5,
                         .source = source,
                         .at = at,
                         .line = 3,
                         .attempt = 300,
                         .bytes = bytes};
    (void)endpoint_read(&s.src, S("198.51.100.7:5060"));
    (void)endpoint_read(&s.dst, S("192.0.2.1:5060"));
    enum err e = sip_msg_parse(&m, bytes, &f);
    assert_true(e == ERR_OK || e == ERR_MORE);
    struct digest d;
    digest_head(&d, &s, &m);
    digest_text(&d, &m);
    return trace_add(t, &d);
}

static void sources_by_name_and_kind(void **state) {
    (void)state;
    struct trace t;
    trace_init(&t);
    char name[] = "a.log";
    struct source s = {.name = str_z(name), .device = S("a"), .kind = SOURCE_DEVICE_LOG};
    assert_int_equal(trace_source(&t, &s), 0);
    name[0] = 'b'; /* it keeps a copy */
    assert_int_equal(trace_source(&t, &s), 1);
    name[0] = 'a';
    assert_int_equal(trace_source(&t, &s), 0);
    s.kind = SOURCE_CAPTURE;
    assert_int_equal(trace_source(&t, &s), 2);
    s.device = S("other");
    assert_int_equal(trace_source(&t, &s), 3);
    assert_int_equal(t.nsources, 4);
    trace_drop(&t);
}

static void endpoints_once_each(void **state) {
    (void)state;
    struct trace t;
    trace_init(&t);
    struct endpoint e = {0};
    assert_int_equal(trace_endpoint(&t, &e), 0); /* not known */
    for (int round = 0; round < 2; round++) {
        for (u32 i = 0; i < 3000; i++) {
            e = (struct endpoint){.family = 4,
                                  .port = (u16)(i % 3),
                                  .ip = {192, 0, (u8)(i / 3 >> 8), (u8)(i / 3)}};
            assert_int_equal(trace_endpoint(&t, &e), i + 1);
            assert_true(endpoint_eq(&t.endpoints[i + 1], &e));
        }
    }
    struct endpoint v6 = {.family = 6, .port = 0, .ip = {192}};
    assert_int_equal(trace_endpoint(&t, &v6), 3001); /* not 192.0.0.0 */
    assert_int_equal(t.nendpoints, 3002);
    trace_drop(&t);
}

static void what_a_row_holds(void **state) {
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_source(&t, &(struct source){.name = S("x")});
    u32 request = add(&t, 0, str_z(invite), SIGHTING_NOWHERE);
    const struct seen *r = &t.seen[request];
    assert_int_equal(seen_step(&t, r)->cseq, 7);
    assert_int_equal(r->method, SIP_METHOD_INVITE);
    assert_int_equal(r->status, 0);
    assert_int_equal(seen_place(&t, r)->line, 3);
    assert_int_equal(r->precision_us, 1); /* 0 would be a stamp without digits */
    assert_true(t.idents[0].branch && t.idents[0].from_tag && !t.steps[0].to_tag);
    assert_true(r->flags & SEEN_REQUEST && r->flags & SEEN_KEPT &&
                !(r->flags & (SEEN_CUT | SEEN_WITHIN)));
    assert_true(str_eq(str_table_get(&t.strings, t.call_ids[0]), S("one@x")));
    u32 answer = add(
        &t, 0, S("SIP/2.0 180 Ringing\r\nCSeq: 7 INVITE\r\nContent-Length: 5\r\n\r\nab"),
        SIGHTING_NOWHERE);
    r = &t.seen[answer];
    assert_int_equal(r->status, 180);
    assert_int_equal(r->method, SIP_METHOD_INVITE); /* that it answers */
    assert_int_equal(t.call_ids[answer], 0);
    assert_true(!(r->flags & SEEN_REQUEST) && r->flags & SEEN_CUT);
    trace_drop(&t);
}

static u32 content(struct trace *t, str bytes) {
    u32 row = add(t, 0, bytes, SIGHTING_NOWHERE);
    return t->contents[row];
}

static void line_ends_make_no_difference(void **state) {
    (void)state;
    struct trace t;
    char lf[sizeof invite];
    isize n = 0;
    for (const char *p = invite; *p; p++) {
        if (*p != '\r') lf[n++] = *p;
    }
    trace_init(&t);
    trace_source(&t, &(struct source){.name = S("x")});
    u32 first = content(&t, str_z(invite));
    assert_int_equal(content(&t, (str){(u8 *)lf, n}), first);
    assert_int_equal(content(&t, (str){(u8 *)lf, n - 1}), first);
    lf[8] = 'S';
    assert_int_not_equal(content(&t, (str){(u8 *)lf, n}), first);
    trace_drop(&t);
}

static str give(void *ctx, u64 at, u32 n, arena *a) {
    (void)a;
    return at < 1000 ? str_sub(str_z(ctx), (isize)at, (isize)n) : (str){0};
}

static void bytes_come_back(void **state) {
    (void)state;
    struct trace t;
    char file[] = "junk INVITE sip:a@b SIP/2.0\r\n\r\n";
    arena a = arena_open(4096);
    trace_init(&t);
    u32 kept = trace_source(&t, &(struct source){.name = S("kept")});
    u32 in_file = trace_source(
        &t, &(struct source){.name = S("file"), .read = give, .read_ctx = file});
    str text = str_from(str_z(file), 5);
    u32 one = add(&t, kept, text, 5), two = add(&t, in_file, text, 5),
        three = add(&t, in_file, text, 2000),
        four = add(&t, in_file, text, SIGHTING_NOWHERE);
    assert_true(str_eq(trace_bytes(&t, one, &a), text));
    assert_true(str_eq(trace_bytes(&t, two, &a), text));
    assert_int_equal(trace_bytes(&t, three, &a).n, 0); /* gone */
    assert_true(str_eq(trace_bytes(&t, four, &a), text));
    file[5] = 'X';
    assert_int_equal(trace_bytes(&t, two, &a).p[0], 'X'); /* in place */
    assert_int_equal(trace_bytes(&t, one, &a).p[0], 'I'); /* a copy */
    trace_forget(&t, TRACE_PLACES);
    assert_int_equal(trace_bytes(&t, one, &a).n, 0);
    trace_drop(&t);
    arena_close(&a);
}

static str give_place(void *ctx, u64 at, u32 n, arena *a) {
    (void)n, (void)a;
    *(u64 *)ctx = at;
    return (str){0};
}

/* Places up to 1 TiB are remembered; what lies further off is kept. Of a message without end the first 16 MiB are. */
static void places_and_sizes_have_limits(void **state) {
    (void)state;
    struct trace t;
    u64 asked = 0;
    arena a = arena_open(4096);
    trace_init(&t);
    trace_source(
        &t, &(struct source){.name = S("file"), .read = give_place, .read_ctx = &asked});
    str text = S("INVITE sip:a@b SIP/2.0\r\n\r\n");
    u32 last = add(&t, 0, text, SEEN_FARTHEST), far = add(&t, 0, text, SEEN_FARTHEST + 1);
    (void)trace_bytes(&t, last, &a);
    assert_true(asked == SEEN_FARTHEST);
    assert_true(str_eq(trace_bytes(&t, far, &a), text));
    u8 *large = base_new(SEEN_LARGEST + 10, 1);
    memset(large, 'x', SEEN_LARGEST + 10);
    memcpy(large, text.p, (size_t)text.n);
    u32 cut = add(&t, 0, (str){large, SEEN_LARGEST + 10}, SIGHTING_NOWHERE);
    assert_int_equal(trace_bytes(&t, cut, &a).n, SEEN_LARGEST);
    assert_true(t.seen[cut].flags & SEEN_CUT);
    base_free(large);
    trace_drop(&t);
    arena_close(&a);
}

static void facts_have_labels(void **state) {
    (void)state;
    struct trace t;
    trace_init(&t);
    u32 label = trace_label(&t, S("X-CID"));
    trace_fact(&t, (struct fact){.hash = 1, .label = label, .kind = 2});
    trace_fact(&t, (struct fact){.hash = 3, .label = trace_label(&t, (str){0})});
    trace_fact(&t, (struct fact){.hash = 4, .label = trace_label(&t, S("X-CID"))});
    assert_int_equal(t.nfacts, 3);
    assert_int_equal(t.facts[0].label, t.facts[2].label);
    assert_int_equal(t.facts[1].label, 0);
    assert_true(t.facts[0].hash == 1 && t.facts[0].kind == 2);
    trace_drop(&t);
    trace_drop(&t); /* twice is fine */
}

/* The same lines, however they end, and however long it all is; one byte more is another content. */
static void line_ends_do_not_matter(void **state) {
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_source(&t, &(struct source){.name = S("x")});
    static u8 wire[9000], text[9000];
    for (int lines = 1; lines < 130; lines++) {
        isize n = 0, k = 0;
        str head = S("INVITE sip:a SIP/2.0\r\n\r\n");
        memcpy(wire, head.p, (size_t)head.n);
        n = head.n;
        for (int i = 0; i < lines; i++) {
            for (int j = 0; j < i % 70; j++) wire[n++] = (u8)('a' + (i + j) % 26);
            if (i % 5 == 0) wire[n++] = '\r'; /* one that belongs to the line */
            wire[n++] = 'x';
            wire[n++] = '\r';
            wire[n++] = '\n';
        }
        for (isize i = 0; i < n; i++) {
            bool end = wire[i] == '\r' && wire[i + 1] == '\n';
            if (!end || (i < head.n && lines % 2)) text[k++] = wire[i];
        }
        u32 first = content(&t, (str){wire, n});
        assert_int_equal(content(&t, (str){text, k}), first);
        assert_int_equal(content(&t, (str){wire, n - 2}), first);
        assert_int_not_equal(content(&t, (str){wire, n - 3}), first);
        text[k - 2] = 'y';
        assert_int_not_equal(content(&t, (str){text, k}), first);
    }
    trace_drop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_by_name_and_kind),
        cmocka_unit_test(endpoints_once_each),
        cmocka_unit_test(what_a_row_holds),
        cmocka_unit_test(line_ends_make_no_difference),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(places_and_sizes_have_limits),
        cmocka_unit_test(facts_have_labels),
        cmocka_unit_test(line_ends_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
