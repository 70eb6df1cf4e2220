/* Files read by one thread and by two: the caller gets the same, in the same order, with the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/recorder.h"
#include "input/savefile.h"
#include "net/frames.h"
#include "sip/sip.h"
#include "trace/digest.h"

static arena boot, pkt;

/* As a sighting, and what was made of it. */
static void record(struct recorder *r, const struct digest *d, arena a) {
    const struct source *from = &r->sources[d->s.source];
    struct sighting s = d->s;
    if (s.bytes.n == 0) s.bytes = from->read(from->read_ctx, s.at, (u32)d->size, &a);
    assert_int_equal(s.bytes.n, d->size);
    recorder_sighting(r, &s);
    out_printf(&r->text, "%d %u %u %u: ", d->method, d->status, d->content, d->to_tag);
    out_bytes(&r->text, d->call_id.s);
    for (isize i = 0; i < d->nsaid; i++) {
        out_byte(&r->text, '|');
        out_bytes(&r->text, d->said[i].label);
    }
    out_byte(&r->text, '\n');
}

/* Something from the message, and something from here, must both come over. */
static bool make(struct digest *d, const struct sighting *s, arena *a) {
    struct sip_msg m;
    struct fail f;
    enum err e = sip_msg_parse(&m, s->bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return false;
    digest_head(d, s, &m);
    digest_text(d, &m);
    d->said = arena_new(a, struct telling, 3);
    d->said[d->nsaid++].label = m.branch;
    d->said[d->nsaid++].label = S("from here");
    d->said[d->nsaid++].label = m.body;
    return true;
}

/* What was passed over stands where it came, between the messages. */
static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct recorder *r = ctx;
    recorder_skipped(r, reason, place, bytes);
    out_printf(&r->text, "%s %llu\n", skip_name(reason), (unsigned long long)place);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct digest d;
    arena a = pkt;
    if (make(&d, s, &a))
        record(ctx, &d, a);
    else
        on_skipped(ctx, SKIP_NOT_SIP, s->line, (u64)s->bytes.n);
}

static void on_digests(void *ctx, struct digest *const *digests, isize n) {
    for (isize i = 0; i < n; i++) record(ctx, digests[i], pkt);
}

static struct recorder *read_with(const char *path, int threads, enum err want) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct input_options options = {0};
    str why;
    struct input_ahead ahead = {make, on_digests};
    sink.sighting = on_sighting;
    sink.skipped = on_skipped;
    enum err e = threads == 1
                     ? input_file_read(path, &options, &sink, &boot, &why)
                     : input_file_ahead(path, &options, &sink, &ahead, &boot, &why);
    if (e != want) fail_msg("%s: %d: %.*s", path, e, (int)why.n, (const char *)why.p);
    assert_int_equal(why.n > 0, e != ERR_OK);
    assert_int_equal(r->misread, 0);
    input_files_close();
    return r;
}

/* Gives how many messages there were. Who does what depends on the moment: more than one. */
static isize both_agree(const char *path, enum err want) {
    struct recorder *one = read_with(path, 1, want);
    isize n = one->n;
    for (int round = 0; round < 3; round++) {
        struct recorder *two = read_with(path, 2, want);
        assert_true(recorder_same(one, two));
        assert_int_equal(one->nsources, two->nsources);
        recorder_close(two);
    }
    recorder_close(one);
    return n;
}

static isize bytes_agree(const char *name, const struct out *o) {
    isize n = both_agree(scratch_write(name, out_str(o)), ERR_OK);
    scratch_remove(name);
    return n;
}

/* A message with a body of that size. */
static str message(arena *a, int nth, isize body) {
    str text = arena_printf(a,
                            "MESSAGE sip:%d@h SIP/2.0\r\nVia: SIP/2.0/UDP "
                            "h;branch=z9hG4bK%d\r\nFrom: <sip:a@h>;tag=%d\r\nTo: "
                            "<sip:b@h>\r\nCall-ID: %d@h\r\nCSeq: 1 MESSAGE\r\n"
                            "Content-Length: %lld\r\n\r\n%*s",
                            nth, nth, nth, nth / 3, (long long)body, (int)body, "");
    return text;
}

static void put_frame(struct save *f, str payload, u32 nth) {
    struct pile *p = arena_new(&boot, struct pile, 1);
    pile_udp(p, 4, payload);
    pile_ether(p, 0x0800);
    save_packet(f, pile_str(p), nth, nth % 1000000);
    arena_reset(&boot);
}

static void messages_and_what_is_none_stay_in_order(void **state) {
    (void)state;
    struct save f = {.link = 1};
    save_begin(&f);
    for (int i = 0; i < 5000; i++) {
        isize body = i % 700 == 699 ? 1200 : i % 50;
        put_frame(&f, message(&boot, i, body), (u32)i);
        if (i % 5 == 0) put_frame(&f, S("\x80\x00 no SIP at all"), (u32)i);
        if (i % 900 == 0) put_frame(&f, S("INVITE sip:x@y SIP/2.0\r\nCall-"), (u32)i);
    }
    for (int i = 0; i < 3000; i++)
        put_frame(&f, S("\r\n\r\n"), 7); /* nothing but these */
    put_frame(&f, message(&boot, 1, 3), 8);
    assert_int_equal(bytes_agree("mixed.pcap", &f.o), 5000 + 6 + 1);
    f.o.n -= 5; /* the last record is cut: damage is told at its place */
    assert_int_equal(bytes_agree("cut.pcap", &f.o), 5000 + 6);
    out_drop(&f.o);
}

static void put_log(struct out *o, int nth, isize body) {
    str text = message(&boot, nth, body);
    out_printf(o, "27 Jul 2014 08:%02d:%02d VoIP Rx 17 192.0.2.1:5060->192.0.2.2:5060\n",
               nth / 60 % 60, nth % 60);
    out_bytes(o, text);
    out_z(o, "\n\n");
    arena_reset(&boot);
}

/* A message may be larger than what is read ahead. */
static void messages_of_any_size_are_read(void **state) {
    (void)state;
    struct out o = {0};
    for (int i = 0; i < 40; i++) put_log(&o, i, i % 8 == 7 ? 200000 : 10);
    isize n = bytes_agree("large.log", &o);
    assert_true(n > 0);
    out_drop(&o);
}

/* Each host is a source of its own, and gets its number while it is being read. */
static void sources_are_numbered_alike(void **state) {
    (void)state;
    struct out o = {0};
    for (int i = 0; i < 400; i++) {
        out_printf(&o,
                   "Jul 27 08:%02d:%02d host%d voip: VoIP Rx 17 "
                   "192.0.2.1:5060->192.0.2.2:5060#012OPTIONS sip:%d@h SIP/2.0#012"
                   "Call-ID: %d@h#012CSeq: 1 OPTIONS#012Content-Length: 0#012#012\n",
                   i / 60, i % 60, i % 40, i, i);
    }
    isize n = bytes_agree("hosts.log", &o);
    assert_true(n > 0);
    out_drop(&o);
}

static void what_cannot_be_read_is_told_alike(void **state) {
    (void)state;
    struct out o = {0};
    out_z(&o, "no capture, no log");
    assert_int_equal(both_agree(scratch_write("none.txt", out_str(&o)), ERR_FORMAT), 0);
    scratch_remove("none.txt");
    assert_int_equal(both_agree("/nowhere/at-all", ERR_NOT_FOUND), 0);
    out_drop(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_what_is_none_stay_in_order),
        cmocka_unit_test(messages_of_any_size_are_read),
        cmocka_unit_test(sources_are_numbered_alike),
        cmocka_unit_test(what_cannot_be_read_is_told_alike),
    };
    boot = arena_open_view();
    pkt = arena_open_view();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&boot);
    arena_close(&pkt);
    scratch_drop();
    return failed;
}
