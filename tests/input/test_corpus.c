/* Real captures and logs of other people, where SIPWEAVE_CORPUS says they are: as many SIP messages as the
 * corpus' INDEX.md counted with tshark. Where we differ, the table says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/recorder.h"
#include "lib/edge.h"

#include <stdio.h>
#include <stdlib.h>

static arena boot;
static const char *corpus; /* its folder */

struct differs {
    const char *path;
    isize messages; /* -1: it is refused */
    const char *why;
};

static const struct differs differ[] = {
    {"NormB__sipnab/tests__pcap-samples__c07-sip-r2.cap", -1, "Network Monitor's format"},
    {"NormB__sipnab/tests__pcap-samples__sip-over-tcp.pcap", 0, "all of it is TCP"},
    {"OISF__suricata-verify/tests__sip-body-large__sip-body-large.pcap", 0,
     "all of it is TCP"},
    {"OISF__suricata-verify/tests__sip-tcp-method__sip-tcp.pcap", 0, "all of it is TCP"},
    {"OISF__suricata-verify/tests__sip-tcp-pattern-matching__sip.pcap", 0,
     "all of it is TCP"},
    {"arkime__arkime/tests__pcap__arkime_synthetic.pcap", 1, "3 of the 4 are TCP"},
    {"irontec__sngrep/tests__ipip.pcap", 0, "TCP, half of it in an IPIP tunnel"},
    {"ntop__nDPI/tests__cfgs__default__pcap__fuzz-2006-06-26-2594.pcap", 64,
     "12 with a damaged start line, which tshark does not take for SIP"},
    {"ntop__nDPI/tests__cfgs__default__pcap__gre.pcapng", 0, "in a GRE tunnel"},
    {"ntop__nDPI/tests__cfgs__default__pcap__http_on_sip_port.pcap", 0, "HTTP over TCP"},
    {"seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sip_resp.pcap", 6,
     "1 of the 7 is TCP"},
};

static const struct differs *find_differs(str path) {
    for (isize i = 0; i < countof(differ); i++) {
        if (str_eq(str_z(differ[i].path), path)) return &differ[i];
    }
    return NULL;
}

static void check_capture(str path, isize counted) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct input_options options = {0};
    const struct differs *d = find_differs(path);
    str why;
    const char *whole =
        arena_z(&boot, arena_printf(&boot, "%s/%.*s", corpus, (int)path.n, path.p));
    enum err e = input_file_read(whole, &options, &sink, &boot, &why);
    isize want = d ? d->messages : counted;
    isize got = e == ERR_OK ? r->n : -1;
    if (got != want) fail_msg("%s: %d messages, not %d", whole, (int)got, (int)want);
    assert_int_equal(r->misread, 0);
    assert_int_equal(r->nnowhere, 0);
    assert_int_equal(r->damage.n, 0);
    input_files_close();
    recorder_close(r);
}

/* The text between two marks, from *rest on, which then stands behind the second. */
static str between(str *rest, str before, str behind) {
    isize from = str_find_str(*rest, before);
    if (from < 0) return (str){0};
    str tail = str_from(*rest, from + before.n);
    isize n = str_find_str(tail, behind);
    if (n < 0) return (str){0};
    *rest = str_from(tail, n);
    return str_sub(tail, 0, n);
}

/* "| `name` | pcap ether; udp; v4 | pk 7, sip 7, cid 1, …" under "### folder/" */
static void captures_have_as_many_messages_as_tshark_saw(void **state) {
    (void)state;
    str index = file_read(arena_z(&boot, arena_printf(&boot, "%s/INDEX.md", corpus))),
        left = index, folder = {0};
    isize files = 0;
    assert_true(index.n > 0);
    while (left.n) {
        struct str_pair line = str_cut(left, '\n');
        str rest = line.head;
        left = line.tail;
        if (str_starts(rest, S("### "))) folder = between(&rest, S("### "), S("/"));
        str name = between(&rest, S("| `"), S("` | "));
        str shape = str_sub(rest, 4, 7);
        str sip = between(&rest, S(", sip "), S(","));
        if (!str_starts(shape, S("pcap")) && !str_starts(shape, S("netmon"))) continue;
        str path = arena_printf(&boot, "%.*s/%.*s", (int)folder.n, folder.p, (int)name.n,
                                name.p);
        check_capture(path, (isize)str_u64(sip, 1 << 30).value);
        files++;
    }
    assert_true(files >= 61);
    file_drop(index);
}

/* The only FireBrick log that the public has: as a web page showed it, without what stood in <>. */
static void the_public_firebrick_log_is_read(void **state) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct input_options options = {0};
    str why;
    (void)state;
    const char *path =
        arena_z(&boot, arena_printf(&boot, "%s/firebrick/register-403.log", corpus));
    assert_int_equal(input_file_read(path, &options, &sink, &boot, &why), ERR_OK);
    assert_int_equal(r->n, 2);
    assert_int_equal(skips_total(&r->skips), 0);
    assert_int_equal(r->ncut, 1); /* "Try 0 319", and 56 bytes were eaten */
    assert_true(str_starts(r->last.bytes, S("SIP/2.0 403 Forbidden")));
    assert_int_equal(r->last.vantage, VANTAGE_SENDER);
    assert_int_equal(r->last.line, 18);
    assert_int_equal(r->misread, 0);
    input_files_close();
    recorder_close(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_have_as_many_messages_as_tshark_saw),
        cmocka_unit_test(the_public_firebrick_log_is_read),
    };
    corpus = getenv("SIPWEAVE_CORPUS");
    if (!corpus) {
        puts("1..1\nok 1 - real captures # SKIP SIPWEAVE_CORPUS is not set");
        return 0;
    }
    boot = arena_open_view();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&boot);
    return failed;
}
