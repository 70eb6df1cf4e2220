/* Capture files written by code: every variant of pcap and pcapng, cut and damaged everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "input/recorder.h"
#include "input/savefile.h"
#include "net/frames.h"

#define BYE "BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n"

static arena boot;

/* Reads the bytes as a file of that name; the recorder then has what came. */
static struct recorder *read_bytes(const char *name, str bytes, enum err want, str *why) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct input_options options = {0};
    enum err e = input_file_read(scratch_write(name, bytes), &options, &sink, &boot, why);
    if (e != want) fail_msg("%s: %d: %.*s", name, e, (int)why->n, (const char *)why->p);
    assert_int_equal(r->misread, 0);
    input_files_close();
    scratch_remove(name);
    return r;
}

static str udp_frame(struct pile *p, str payload) {
    p->n = 0;
    pile_udp(p, 4, payload);
    pile_ether(p, 0x0800);
    return pile_str(p);
}

/* ---- variants ------------------------------------------------------------------------------------- */

static const struct save variants[] = {
    {.big = false},
    {.big = true},
    {.nano = true},
    {.nano = true, .big = true},
    {.ng = true},
    {.ng = true, .big = true},
    {.ng = true, .nano = true},
    {.ng = true, .options = true},
    {.ng = true, .options = true, .big = true},
    {.ng = true, .kind = 2},
    {.ng = true, .kind = 2, .big = true, .options = true},
};

static void every_variant_is_read(void **state) {
    static struct pile p;
    (void)state;
    for (isize i = 0; i < countof(variants); i++) {
        struct save f = variants[i];
        str why;
        f.link = 1;
        save_begin(&f);
        for (u32 n = 0; n < 5; n++) {
            char payload[64];
            snprintf(payload, sizeof payload, "BYE sip:a@b SIP/2.0\r\ni: %0*u\r\n\r\n",
                     (int)n + 1, n);
            save_packet(&f, udp_frame(&p, str_z(payload)), 1400000000 + n, 123456 + n);
        }
        struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
        if (r->n != 5) fail_msg("variant %d: %d messages", (int)i, (int)r->n);
        assert_int_equal(r->nnowhere, 0);
        assert_int_equal(r->last.time_us, 1400000004 * US_PER_S + 123460);
        assert_int_equal(r->last.precision_us, 1);
        assert_int_equal(r->last.line, 5);
        assert_int_equal(r->last.vantage, VANTAGE_WIRE);
        assert_int_equal(r->last.src.port, 5060);
        assert_int_equal(r->last.dst.port, 5070);
        assert_true(str_eq(r->last.bytes, S("BYE sip:a@b SIP/2.0\r\ni: 00004\r\n\r\n")));
        assert_int_equal(r->damage.n, 0);
        assert_true(str_eq(r->sources[0].name, S("a.pcap")) &&
                    r->sources[0].device.n == 0);
        recorder_close(r);
        out_drop(&f.o);
    }
}

/* Simple packet blocks have no time; the interface's snapshot length cuts them. */
static void simple_blocks_are_read(void **state) {
    static struct pile p;
    struct save f = {.ng = true, .kind = 3, .link = 1};
    str why;
    (void)state;
    save_begin(&f);
    save_packet(&f, udp_frame(&p, S(BYE)), 0, 0);
    save_packet(&f, udp_frame(&p, S(BYE "x")), 0, 0);
    struct recorder *r = read_bytes("a.pcapng", out_str(&f.o), ERR_OK, &why);
    assert_int_equal(r->n, 2);
    assert_int_equal(r->nnowhere, 0);
    recorder_close(r);
    out_drop(&f.o);
}

static void every_link_type_is_read(void **state) {
    static struct pile p;
    static const struct {
        u32 link;
        const char *front;
        isize n;
    } links[] = {{0, "\x02\0\0\0", 4},
                 {101, "", 0},
                 {108, "\0\0\0\x02", 4},
                 {113, "\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\0", 16},
                 {228, "", 0},
                 {276, "\x08\0\0\0\0\0\0\x03\0\x01\0\x06\x02\0\0\0\0\x01\0\0", 20}};
    (void)state;
    for (isize i = 0; i < countof(links); i++) {
        for (int ng = 0; ng < 2; ng++) {
            struct save f = {.link = links[i].link, .ng = ng};
            str why;
            save_begin(&f);
            p.n = 0;
            pile_udp(&p, 4, S(BYE));
            pile_front(&p, (str){(const u8 *)links[i].front, links[i].n});
            save_packet(&f, pile_str(&p), 1, 2);
            struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
            if (r->n != 1 || r->nnowhere)
                fail_msg("link %u: %d", links[i].link, (int)r->n);
            recorder_close(r);
            out_drop(&f.o);
        }
    }
}

static void a_big_file_is_read_through_a_small_window(void **state) {
    static struct pile p;
    static u8 payload[1200];
    (void)state;
    for (int ng = 0; ng < 2; ng++) {
        struct save f = {.link = 1, .ng = ng};
        str why;
        save_begin(&f);
        memset(payload, 'x', sizeof payload);
        memcpy(payload, "BYE sip:a@b SIP/2.0\r\ns: ", 24);
        for (u32 n = 0; n < 6000; n++) {
            payload[100 + n % 1000]++;
            save_packet(&f, udp_frame(&p, (str){payload, 200 + n % 1000}), n, 0);
        }
        assert_true(f.o.n > 4 << 20);
        struct recorder *r = read_bytes("big.pcap", out_str(&f.o), ERR_OK, &why);
        assert_int_equal(r->n, 6000);
        assert_int_equal(r->nnowhere, 0);
        recorder_close(r);
        out_drop(&f.o);
    }
}

/* ---- the fast way beside libpcap's ------------------------------------------------------------------ */

static u32 chance(u64 *seed, u32 below) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (u32)(*seed >> 33) % below;
}

/* Records with everything that may be odd about them. */
static void odd_records(struct save *f, u64 seed) {
    static struct pile p;
    static u8 payload[70000];
    save_begin(f);
    for (u32 n = chance(&seed, 60); n > 0; n--) {
        memset(payload, 'a' + (int)(n % 26), sizeof payload);
        memcpy(payload, "BYE sip:a@b SIP/2.0\r\ns: ", 24);
        isize size = chance(&seed, 2) ? chance(&seed, 60) : chance(&seed, 1400);
        if (chance(&seed, 20) == 0) size = chance(&seed, 60000);
        if (chance(&seed, 8) == 0) payload[0] = 0;
        str frame = udp_frame(&p, (str){payload, size});
        if (chance(&seed, 8) == 0) frame = str_sub(frame, 0, chance(&seed, 60));
        u32 fraction = chance(&seed, 8) ? chance(&seed, 1000000) : chance(&seed, 4000000);
        u32 cut = f->cut;
        if (chance(&seed, 3) == 0) f->cut = 0; /* longer than the file says they get */
        isize data = f->o.n + 16;
        save_packet(f, frame, chance(&seed, 0x7fffffff) * (1 + chance(&seed, 2)),
                    fraction);
        f->cut = cut;
        /* a length that is wrong: longer than what is there, or than may be */
        if (n == 1 && chance(&seed, 3) == 0) f->o.p[data - (f->big ? 6 : 7)]++;
        if (chance(&seed, 90) == 0) f->o.p[data - (f->big ? 8 : 5)]++;
    }
    isize cut = chance(&seed, 4) == 0 ? (isize)chance(&seed, 2000) : 0;
    f->o.n -= i64_min(cut, f->o.n - 24);
}

/* A file in the other byte order is read by libpcap alone. */
static void plain_records_read_as_libpcap_reads_them(void **state) {
    isize messages = 0, damaged = 0;
    (void)state;
    for (u64 seed = 0; seed < 400; seed++) {
        struct save ours = {.link = seed % 5 ? 1 : 101, .nano = seed & 1};
        struct save other = ours;
        str why;
        ours.cut = other.cut = seed % 3 ? 0 : 600;
        other.big = true;
        odd_records(&ours, seed);
        odd_records(&other, seed);
        struct recorder *a = read_bytes("a.pcap", out_str(&ours.o), ERR_OK, &why);
        struct recorder *b = read_bytes("a.pcap", out_str(&other.o), ERR_OK, &why);
        if (!recorder_same(a, b)) fail_msg("seed %d", (int)seed);
        messages += a->n;
        damaged += a->damage.n > 0;
        recorder_close(a);
        recorder_close(b);
        out_drop(&ours.o);
        out_drop(&other.o);
        arena_reset(&boot);
    }
    assert_true(messages > 4000 && damaged > 100);
}

/* ---- what is passed over ----------------------------------------------------------------------------- */

static void reasons_are_counted(void **state) {
    static struct pile p;
    struct save f = {.link = 1};
    struct out skips = {0};
    str why;
    (void)state;
    save_begin(&f);
    save_packet(&f, udp_frame(&p, S("\r\n\r\n")), 1, 0);
    save_packet(&f, udp_frame(&p, S("\0")), 1, 0);
    save_packet(&f, udp_frame(&p, S("\0\0\0\0")), 1, 0);
    save_packet(&f, udp_frame(&p, S("jaK\r\n")), 1, 0);
    save_packet(&f, udp_frame(&p, S("")), 1, 0);
    save_packet(&f, udp_frame(&p, S("hello")), 1, 0);
    save_packet(&f, udp_frame(&p, S("\x80\x08 some RTP")), 1, 0);
    save_packet(&f, udp_frame(&p, S("GET / HTTP/1.1\r\n\r\n")), 1, 0);
    p.n = 0;
    pile_front(&p, S("0123456789012345678901234567890123456789"));
    pile_ether(&p, 0x0806);
    save_packet(&f, pile_str(&p), 1, 0); /* ARP */
    udp_frame(&p, S(BYE));
    *pile_at(&p, 14 + 9) = 6;
    save_packet(&f, pile_str(&p), 1, 0); /* TCP */
    udp_frame(&p, S(BYE));
    *pile_at(&p, 14 + 6) = 0x20;
    save_packet(&f, pile_str(&p), 1, 0); /* a fragment */
    udp_frame(&p, S(BYE));
    *pile_at(&p, 14) = 0x41;
    save_packet(&f, pile_str(&p), 1, 0); /* a header of 4 bytes */
    save_packet(&f, udp_frame(&p, S(BYE)), 1, 0);
    struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
    recorder_skips(r, &skips);
    assert_int_equal(r->n, 1);
    assert_int_equal(r->last.line, 13);
    if (!str_eq(out_str(&skips),
                S("not-sip 2/113@7 not-ip 1/54@9 not-udp 1/71@10 fragment 1/71@11 "
                  "damaged 1/71@12 keep-alive 6/271@1 ")))
        fail_msg("%.*s", (int)skips.n, (const char *)skips.p);
    recorder_close(r);
    out_drop(&skips);
    out_drop(&f.o);
}

static void an_unknown_link_type_is_counted(void **state) {
    struct save f = {.link = 147}; /* DLT_USER0 */
    str why;
    (void)state;
    save_begin(&f);
    save_packet(&f, S(BYE), 1, 0);
    struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
    assert_int_equal(r->n, 0);
    assert_int_equal(r->skips.n[SKIP_LINK_TYPE], 1);
    recorder_close(r);
    out_drop(&f.o);
}

/* A capture with a snapshot length: the message is kept as far as it goes, and said to be cut. */
static void snapshots_are_cut(void **state) {
    static struct pile p;
    enum { HEADERS = 42 };
    str message = S("INVITE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n");
    (void)state;
    for (u32 cut = 10; cut < HEADERS + (u32)message.n; cut++) {
        struct save f = {.link = 1, .cut = cut};
        str why;
        save_begin(&f);
        save_packet(&f, udp_frame(&p, message), 1, 0);
        struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
        assert_int_equal(r->n + (isize)skips_total(&r->skips), 1);
        if (r->n) {
            assert_true(r->last.cut);
            assert_int_equal(r->last.bytes.n, cut - HEADERS);
        } else {
            assert_int_equal(r->skips.n[SKIP_TRUNCATED] + r->skips.n[SKIP_NOT_SIP], 1);
        }
        assert_int_equal(r->skips.n[SKIP_TRUNCATED], cut <= HEADERS);
        if (cut >= HEADERS + 24) assert_int_equal(r->n, 1);
        recorder_close(r);
        out_drop(&f.o);
    }
}

/* ---- damage ------------------------------------------------------------------------------------------- */

/* A file cut anywhere gives what stands before the cut, and says where it stopped. */
static void every_truncation_is_told(void **state) {
    static struct pile p;
    (void)state;
    for (isize i = 0; i < countof(variants); i++) {
        struct save f = variants[i];
        isize ends[4] = {0};
        f.link = 1;
        save_begin(&f);
        for (u32 n = 0; n < 3; n++) {
            ends[n] = f.o.n;
            save_packet(&f, udp_frame(&p, S(BYE)), n, 0);
        }
        ends[3] = f.o.n;
        for (isize n = 0; n < f.o.n; n++) {
            str why;
            bool headed = n >= ends[0];
            enum err want = n == 0 ? ERR_FORMAT : ERR_OK;
            if (!headed && n > 0) want = n < 4 ? ERR_FORMAT : ERR_SYNTAX;
            struct recorder *r =
                read_bytes("cut.pcap", str_sub(out_str(&f.o), 0, n), want, &why);
            isize whole = 0;
            while (headed && whole < 3 && ends[whole + 1] <= n) whole++;
            assert_int_equal(r->n, whole);
            if (want != ERR_OK)
                assert_non_null(strstr(arena_z(&boot, why), "cut.pcap: "));
            bool clean = n == ends[whole];
            char frame[64];
            snprintf(frame, sizeof frame, "cut.pcap: frame %d cannot be read (",
                     (int)whole + 1);
            out_byte(&r->damage, 0);
            if (want == ERR_OK && !clean && !f.options)
                assert_non_null(strstr((const char *)r->damage.p, frame));
            if (want == ERR_OK && clean) assert_int_equal(r->damage.n, 1);
            recorder_close(r);
        }
        out_drop(&f.o);
    }
}

static void a_corrupt_length_is_told(void **state) {
    static struct pile p;
    struct save f = {.link = 1};
    str why;
    (void)state;
    save_begin(&f);
    save_packet(&f, udp_frame(&p, S(BYE)), 1, 0);
    save_packet(&f, udp_frame(&p, S(BYE)), 2, 0);
    f.o.p[24 + 16 + 71 + 8 + 3] = 0x7f; /* the captured length of frame 2 */
    struct recorder *r = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why);
    assert_int_equal(r->n, 1);
    out_byte(&r->damage, 0);
    assert_non_null(
        strstr((const char *)r->damage.p, "a.pcap: frame 2 cannot be read ("));
    assert_non_null(strstr((const char *)r->damage.p, "the 1 before it were read"));
    recorder_close(r);
    out_drop(&f.o);
}

/* Any byte may be wrong: nothing breaks, and what is given back is what was seen. */
static void every_byte_may_be_wrong(void **state) {
    static struct pile p;
    (void)state;
    for (int ng = 0; ng < 2; ng++) {
        struct save f = {.link = 1, .ng = ng, .options = true};
        save_begin(&f);
        save_packet(&f, udp_frame(&p, S(BYE)), 1, 0);
        save_packet(&f, udp_frame(&p, S(BYE)), 2, 0);
        for (isize i = 4; i < f.o.n; i++) {
            static const u8 wrong[] = {0x01, 0x80, 0xff};
            for (isize k = 0; k < countof(wrong); k++) {
                struct recorder *r = recorder_open();
                struct input_sink sink = recorder_sink(r);
                struct input_options options = {0};
                str why;
                f.o.p[i] ^= wrong[k];
                (void)!input_file_read(scratch_write("a.pcap", out_str(&f.o)), &options,
                                       &sink, &boot, &why);
                f.o.p[i] ^= wrong[k];
                assert_int_equal(r->misread, 0);
                input_files_close();
                recorder_close(r);
                arena_reset(&boot);
            }
        }
        scratch_remove("a.pcap");
        out_drop(&f.o);
    }
}

/* ---- standard input ------------------------------------------------------------------------------------- */

static void standard_input_reads_the_same(void **state) {
    static struct pile p;
    (void)state;
    for (int ng = 0; ng < 2; ng++) {
        struct save f = {.link = 1, .ng = ng};
        struct input_options options = {0};
        str why;
        save_begin(&f);
        for (u32 n = 0; n < 2000; n++) save_packet(&f, udp_frame(&p, S(BYE)), n, n);
        struct recorder *file = read_bytes("a.pcap", out_str(&f.o), ERR_OK, &why),
                        *r = recorder_open();
        struct input_sink sink = recorder_sink(r);
        int before = stdin_from(out_str(&f.o));
        assert_int_equal(input_file_read("-", &options, &sink, &boot, &why), ERR_OK);
        stdin_back(before);
        assert_int_equal(r->n, 2000);
        assert_int_equal(r->nnowhere, 2000);
        assert_true(str_eq(r->sources[0].name, S("standard input")));
        assert_null(r->sources[0].read);
        assert_int_equal(r->last.time_us, file->last.time_us);
        assert_true(str_eq(r->last.bytes, file->last.bytes));
        recorder_close(r);
        recorder_close(file);
        out_drop(&f.o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_is_read),
        cmocka_unit_test(simple_blocks_are_read),
        cmocka_unit_test(every_link_type_is_read),
        cmocka_unit_test(a_big_file_is_read_through_a_small_window),
        cmocka_unit_test(plain_records_read_as_libpcap_reads_them),
        cmocka_unit_test(reasons_are_counted),
        cmocka_unit_test(an_unknown_link_type_is_counted),
        cmocka_unit_test(snapshots_are_cut),
        cmocka_unit_test(every_truncation_is_told),
        cmocka_unit_test(a_corrupt_length_is_told),
        cmocka_unit_test(every_byte_may_be_wrong),
        cmocka_unit_test(standard_input_reads_the_same),
    };
    boot = arena_open_view();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&boot);
    scratch_drop();
    return failed;
}
