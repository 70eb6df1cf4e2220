/* tshark as a second opinion: both read the same datagrams of the captures under $SIPWEAVE_CORPUS, and
 * every field has to agree. Where they do not, a row of `known` says why; anything else fails, and so does a row
 * that no difference needs any more. SIP over UDP only; streams have tests of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sdp/sdp.h"
#include "sip/notes.h"

#define MANY '\x01' /* between the values of one field: a byte that no value has */

/* The order in which tshark is asked, after frame.number and udp.payload. */
enum field {
    METHOD,
    STATUS,
    CALL_ID,
    CSEQ,
    CSEQ_METHOD,
    FROM_TAG,
    TO_TAG,
    BRANCH,
    CONTACT,
    MEDIA,
    NFIELDS
};

static const char *const field_names[NFIELDS] = {
    "sip.Method",      "sip.Status-Code", "sip.Call-ID", "sip.CSeq.seq",
    "sip.CSeq.method", "sip.from.tag",    "sip.to.tag",  "sip.Via.branch",
    "sip.contact.uri", "sdp.media",
};

static const char *const files[] = {
    "MichalCab__ISA/aaa.pcap",
    "MichalCab__ISA/sip.pcap",
    "MichalCab__ISA/sip.pcap.pcapng",
    "NormB__sipnab/tests__fixtures__sip_call.pcap",
    "NormB__sipnab/tests__fixtures__udp_5060.pcap",
    "NormB__sipnab/tests__pcap-samples__Asterisk_ZFONE_XLITE.pcap",
    "NormB__sipnab/tests__pcap-samples__DTMFsipinfo.pcap",
    "NormB__sipnab/tests__pcap-samples__SIP_CALL_RTP_G711",
    "NormB__sipnab/tests__pcap-samples__SIP_DTMF2.cap",
    "NormB__sipnab/tests__pcap-samples__b2bua-asterisk.pcapng",
    "NormB__sipnab/tests__pcap-samples__c07-sip-r2.cap",
    "NormB__sipnab/tests__pcap-samples__codec-negotiation.pcap",
    "NormB__sipnab/tests__pcap-samples__h263-over-rtp.pcap",
    "NormB__sipnab/tests__pcap-samples__invite-opus-bye.pcap",
    "NormB__sipnab/tests__pcap-samples__metasploit-sip-invite-spoof.pcap",
    "NormB__sipnab/tests__pcap-samples__register-invite-reinvite-bye.pcap",
    "NormB__sipnab/tests__pcap-samples__rtp-protocol.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-488-codec-reject.pcapng",
    "NormB__sipnab/tests__pcap-samples__sip-auth-failure.pcapng",
    "NormB__sipnab/tests__pcap-samples__sip-proxy.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-register.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-routing-error.pcapng",
    "NormB__sipnab/tests__pcap-samples__sip-rtp-g711.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-rtp-g722.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-rtp-g729a.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-rtp-opus-hybrid.pcap",
    "NormB__sipnab/tests__pcap-samples__sip-sdp-example.pcap",
    "OISF__suricata-verify/tests__sip-body-frames__public-cloudshark-sip-s0.pcap",
    "OISF__suricata-verify/tests__sip-compact-form__sip_compact_form.pcap",
    "OISF__suricata-verify/tests__sip-header-multi-value__sip_header_multi_val.pcap",
    "OISF__suricata-verify/tests__sip-options-method__input.pcap",
    "OISF__suricata-verify/tests__sip-pattern-matching__sip.pcap",
    "OISF__suricata-verify/tests__sip-sdp__sdp.pcap",
    "arkime__arkime/tests__pcap__arkime_synthetic.pcap",
    "javier-pastor__ptavi-p5/sip.cap",
    "javier-pastor__ptavi-p6/invite.pcap",
    "ntop__nDPI/tests__cfgs__default__pcap__fuzz-2006-06-26-2594.pcap",
    "ntop__nDPI/tests__cfgs__default__pcap__gre.pcapng",
    "ntop__nDPI/tests__cfgs__default__pcap__sip.pcap",
    "ntop__nDPI/tests__cfgs__default__pcap__sip_hello.pcapng",
    "seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sdp.pcap",
    "seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sip_non_default_port.pcap",
    "seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sip_not_sdp.pcap",
    "seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sip_reqs.pcap",
    "seladb__PcapPlusPlus/Tests__Packet++Test__PacketExamples__sip_resp.pcap",
    "sipcapture__heplify/src__decoder__testdata__ipip0.pcap",
    "wireshark__wireshark/test__captures__sip-rtp.pcapng",
    "wireshark__wireshark/test__captures__sip.pcapng",
    "zeek__zeek/testing__btest__Traces__sip__invalid-content-length.pcap",
    "zeek__zeek/testing__btest__Traces__sip__sip-junk-before-request.pcap",
    "zeek__zeek/testing__btest__Traces__sip__sip-long-request-response-paths.pcap",
    "zeek__zeek/testing__btest__Traces__sip__wireshark.pcap",
};

struct difference {
    const char *file;
    int frame; /* 0: any */
    enum field field;
    const char *why;
};

/* A capture that was broken at random: some of its messages have no line ends, blanks or numbers. */
#define FUZZ "ntop__nDPI/tests__cfgs__default__pcap__fuzz-2006-06-26-2594.pcap"

static const struct difference known[] = {
    {FUZZ, 144, CALL_ID, "the line has no end: we do not take half a Call-ID for one"},
    {FUZZ, 155, CSEQ_METHOD,
     "no number and no blank: we take the word, tshark what follows its first byte"},
    {FUZZ, 421, FROM_TAG, "the line has no end: we do not take half a tag for one"},
    {FUZZ, 432, TO_TAG, "the line has no end: we do not take half a tag for one"},
    {FUZZ, 516, TO_TAG, "tshark ends a line at a CR alone, we do not"},
    {FUZZ, 527, CSEQ, "the line has no end: we decode nothing of it"},
    {FUZZ, 550, CSEQ_METHOD,
     "a control byte stands for the number: we take it for the method"},
    {FUZZ, 617, CONTACT, "the < is never closed: we give what is there"},
    {FUZZ, 620, CONTACT, "the < is never closed: we give what is there"},
};

static bool used[countof(known) + 1];

/* A value as tshark prints it: up to its first NUL, bytes that are not UTF-8 as U+FFFD (runs of it as
 * one, here: how many it prints depends on the bytes). */
static void put(struct out *o, str value) {
    static const u8 unknown[] = {0xef, 0xbf, 0xbd};
    bool before = false;
    for (isize i = 0; i < value.n && value.p[i];) {
        isize n = utf8_len(str_from(value, i));
        bool odd = n == 0 || str_starts(str_from(value, i), (str){unknown, 3});
        if (odd && !before) out_bytes(o, (str){unknown, 3});
        if (!odd) out_bytes(o, str_sub(value, i, n));
        before = odd;
        i += n ? n : 1;
    }
}

static void add(struct out *o, str value) {
    if (o->n) out_byte(o, MANY);
    put(o, value);
}

static void add_branches(struct out *o, const struct sip_msg *m) {
    for (const struct sip_header *h = sip_header_first(m, SIP_HDR_VIA); h;
         h = sip_header_next(m, h)) {
        str rest = h->value, item;
        while (sip_list_next(&rest, &item)) {
            struct sip_via via;
            struct fail f;
            (void)!sip_via_parse(&via, item, &f);
            if (via.branch.n) add(o, via.branch);
        }
    }
}

static void add_contacts(struct out *o, const struct sip_msg *m) {
    for (const struct sip_header *h = sip_header_first(m, SIP_HDR_CONTACT); h;
         h = sip_header_next(m, h)) {
        str rest = h->value, item;
        while (sip_list_next(&rest, &item)) {
            struct sip_addr a;
            struct fail f;
            (void)!sip_addr_parse(&a, item, &f);
            if (a.uri.n) add(o, a.uri);
        }
    }
}

static void add_media(struct out *o, const struct sip_msg *m) {
    static struct sdp d;
    struct fail f;
    const struct sip_header *type = sip_header_first(m, SIP_HDR_CONTENT_TYPE);
    if (!type || !str_starts_nocase(type->value, S("application/sdp"))) return;
    if (sdp_parse(&d, m->body, &f) != ERR_OK) return;
    for (isize i = 0; i < d.nmedia; i++) {
        struct sdp_line line;
        str rest = d.media[i].lines;
        if (sdp_line_next(&rest, &line)) add(o, line.value);
    }
}

/* The field as our parser reads it, in tshark's form. */
static void our_value(struct out *o, const struct sip_msg *m, enum field field) {
    bool has_cseq = sip_header_first(m, SIP_HDR_CSEQ) != NULL;
    o->n = 0;
    switch (field) {
    case METHOD: put(o, m->method_name); break;
    case STATUS:
        if (!m->is_request) out_u64(o, m->status);
        break;
    case CALL_ID: put(o, m->call_id); break;
    case CSEQ:
        if (has_cseq) out_u64(o, m->cseq.number);
        break;
    case CSEQ_METHOD: put(o, m->cseq.method_name); break;
    case FROM_TAG: put(o, m->from_tag); break;
    case TO_TAG: put(o, m->to_tag); break;
    case BRANCH: add_branches(o, m); break;
    case CONTACT: add_contacts(o, m); break;
    case MEDIA: add_media(o, m); break;
    default: fail();
    }
}

static bool is_known(const char *file, int frame, enum field field) {
    for (isize i = 0; i < countof(known); i++) {
        const struct difference *d = &known[i];
        if (strcmp(d->file, file) || d->field != field || (d->frame && d->frame != frame))
            continue;
        used[i] = true;
        return true;
    }
    return false;
}

static void print_bytes(const char *who, str s) {
    print_error("    %s: ", who);
    for (isize i = 0; i < s.n; i++) {
        if (s.p[i] == MANY) print_error(" | ");
        if (s.p[i] != MANY) print_error(s.p[i] < ' ' ? "\\x%02x" : "%c", s.p[i]);
    }
    print_error("\n");
}

/* Takes the next tab-separated column. */
static str take_column(str *line) {
    struct str_pair parts = str_cut(*line, '\t');
    *line = parts.tail;
    return parts.head;
}

/* The datagram; of several payloads (tunnels) the innermost. */
static str decode(arena *pkt, str hex) {
    for (isize at; (at = str_find(hex, MANY)) >= 0;) hex = str_from(hex, at + 1);
    u8 *p = arena_new(pkt, u8, hex.n / 2 + 1);
    for (isize i = 0; i + 1 < hex.n; i += 2) {
        p[i / 2] = (u8)(hex_digit(hex.p[i]) * 16 + hex_digit(hex.p[i + 1]));
    }
    return (str){p, hex.n / 2};
}

/* One line of tshark's answer. Gives the number of differences that no row explains. */
static int compare_line(arena pkt, const char *file, str line, struct out *ours) {
    struct out theirs = {0};
    static struct sip_msg m;
    struct fail f;
    int frame = (int)str_u64(take_column(&line), INT32_MAX).value, bad = 0;
    str payload = decode(&pkt, take_column(&line));
    if (sip_msg_parse(&m, payload, &f) == ERR_SYNTAX) {
        /* tshark guesses by port; what we refuse may have no method and no status for it either */
        str method = take_column(&line), status = take_column(&line);
        if (method.n == 0 && status.n == 0) return 0;
        if (is_known(file, frame, METHOD)) return 0;
        print_error("%s frame %d: not SIP for us: %s\n", file, frame, f.why);
        return 1;
    }
    for (enum field field = METHOD; field < NFIELDS; field++) {
        theirs.n = 0;
        put(&theirs, take_column(&line));
        our_value(ours, &m, field);
        if (str_eq(out_str(ours), out_str(&theirs)) || is_known(file, frame, field))
            continue;
        print_error("%s frame %d, %s\n", file, frame, field_names[field]);
        print_bytes("tshark", out_str(&theirs));
        print_bytes("ours", out_str(ours));
        bad++;
    }
    out_drop(&theirs);
    return bad;
}

/* Gives the number of unexplained differences; -1 where tshark read nothing. */
static int compare_file(const char *corpus, const char *file, long *frames) {
    char command[4096];
    int n = snprintf(
        command, sizeof command,
        "tshark -n -r '%s/%s' --enable-heuristic sip_udp -T fields -E occurrence=a "
        "-E aggregator='%c' -Y 'sip && udp && !icmp && !icmpv6 && !ip.fragments && "
        "!ipv6.fragments' "
        "-e frame.number -e udp.payload",
        corpus, file, MANY);
    for (int i = 0; i < NFIELDS; i++) {
        n += snprintf(command + n, sizeof command - (size_t)n, " -e %s", field_names[i]);
    }
    snprintf(command + n, sizeof command - (size_t)n, " 2>/dev/null");
    FILE *answer = popen(command, "r");
    if (!answer) return -1;
    arena pkt = arena_open(1 << 24);
    struct out ours = {0};
    char *line = NULL;
    size_t cap = 0;
    long here = 0;
    int bad = 0;
    for (ssize_t got; (got = getline(&line, &cap, answer)) > 0; here++) {
        if (line[got - 1] == '\n') got--;
        bad += compare_line(pkt, file, (str){(u8 *)line, got}, &ours);
    }
    free(line);
    out_drop(&ours);
    arena_close(&pkt);
    pclose(answer);
    *frames += here;
    if (here == 0) print_error("%s: tshark finds no SIP over UDP\n", file);
    return here ? bad : -1;
}

static void tshark_reads_the_same(void **state) {
    (void)state;
    const char *corpus = getenv("SIPWEAVE_CORPUS");
    if (!corpus) {
        print_message(
            "SIPWEAVE_CORPUS is not set: there are no captures to compare on\n");
        skip();
    }
    if (system("tshark --version >/dev/null 2>&1") != 0) {
        print_message("tshark is not installed: there is no second opinion\n");
        skip();
    }
    long frames = 0;
    bool ok = true;
    for (isize i = 0; i < countof(files); i++) {
        ok = compare_file(corpus, files[i], &frames) == 0 && ok;
    }
    for (isize i = 0; i < countof(known); i++) {
        if (used[i]) continue;
        print_error("%s frame %d, %s: there is no difference any more\n", known[i].file,
                    known[i].frame, field_names[known[i].field]);
        ok = false;
    }
    print_message("%ld messages in %ld captures\n", frames, (long)countof(files));
    assert_true(ok);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tshark_reads_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
