/* corpus.h: two formats that sipweave does not read yet, as far as the tests with real traces need them.
 *
 *     SIPp -trace_msg     47 dashes, time, "UDP message sent (557 bytes):" or "received [317] bytes :", the message.
 *                         No addresses: the own one from Via, Request-URI or Contact, the peer's from what it sent
 *                         (LOGFORMATS.md 14)
 *     sipXecs siptrace    <branchNode> with <time>, <source>, <destination>, <message><![CDATA[…]]>. Ends are
 *                         ip:port, or names of programs, which get addresses of their own here (LOGFORMATS.md 16)
 */
#ifndef SIPWEAVE_TESTS_CORPUS_H
#define SIPWEAVE_TESTS_CORPUS_H

#include "base/time.h"
#include "input/input.h"
#include "link/link.h"
#include "sip/sip.h"

#include <stdio.h>

/* What lies between two marks in `text`, and the text after it in *rest. Empty: not there. */
static inline str between(str text, str from, str to, str *rest) {
    isize at = str_find_str(text, from);
    str inner = str_from(text, at + from.n);
    isize end = at < 0 ? -1 : str_find_str(inner, to);
    if (end < 0) {
        *rest = (str){0};
        return (str){0};
    }
    *rest = str_from(inner, end + to.n);
    return str_sub(inner, 0, end);
}

static inline bool host_end(str host, u16 port, struct endpoint *e) {
    if (!endpoint_read(e, host)) return false;
    e->port = port ? port : 5060;
    return true;
}

static inline bool uri_end(str uri, struct endpoint *e) {
    struct sip_uri u;
    struct fail f;
    return sip_uri_parse(&u, uri, &f) == ERR_OK && host_end(u.host, u.port, e);
}

static inline bool contact_end(const struct sip_msg *m, struct endpoint *e) {
    const struct sip_header *h = sip_header_first(m, SIP_HDR_CONTACT);
    struct sip_addr a;
    struct fail f;
    return h && sip_addr_parse(&a, h->value, &f) == ERR_OK && uri_end(a.uri, e);
}

static inline bool via_end(const struct sip_msg *m, struct endpoint *e) {
    const struct sip_header *h = sip_header_first(m, SIP_HDR_VIA);
    struct sip_via v;
    struct fail f;
    str rest = h ? h->value : (str){0}, item;
    return sip_list_next(&rest, &item) && sip_via_parse(&v, item, &f) == ERR_OK &&
           host_end(v.host, v.port, e);
}

/* ---- SIPp ------------------------------------------------------------------------------------------------ */

struct sipp_message {
    i64 time_us;
    bool sent;
    str bytes;
};

static inline bool sipp_next(str *rest, struct sipp_message *m) {
    static const char dashes[] = "-----------------------------------------------";
    for (;;) {
        isize at = str_find_str(*rest, str_z(dashes));
        if (at < 0) return false;
        str block = str_trim(str_from(*rest, at + (isize)sizeof dashes - 1));
        struct str_pair stamp = str_cut(block, '\n'), how = str_cut(stamp.tail, '\n');
        struct time_read t = time_read_iso(stamp.head, 0);
        *rest = how.tail;
        m->sent = str_find_str(how.head, S(" sent (")) >= 0;
        str after, size = m->sent ? between(how.head, S("("), S(" bytes"), &after)
                                  : between(how.head, S("["), S("]"), &after);
        struct str_number n = str_u64(size, 65536);
        if (!t.ok || !n.ok) continue;
        m->time_us = t.us;
        m->bytes = str_sub(str_from(how.tail, 1), 0, (isize)n.value);
        return true;
    }
}

/* The two ends of such a log, from all of its messages. */
static inline void sipp_ends(str text, struct endpoint *own, struct endpoint *peer) {
    struct sipp_message one;
    struct sip_msg m;
    struct fail f;
    while (sipp_next(&text, &one)) {
        struct endpoint e;
        if (sip_msg_parse(&m, one.bytes, &f) != ERR_OK) continue;
        bool request = m.is_request;
        if (!own->family && request != one.sent && request && uri_end(m.uri, &e))
            *own = e;
        if (!own->family && request == one.sent && via_end(&m, &e)) *own = e;
        if (!peer->family && !one.sent && request && via_end(&m, &e)) *peer = e;
        if (!peer->family && !one.sent && !request && contact_end(&m, &e)) *peer = e;
    }
}

static inline void read_sipp(struct weave *w, str name, str text) {
    struct endpoint own = {0}, peer = {0};
    struct sipp_message one;
    u64 line = 0;
    sipp_ends(text, &own, &peer);
    u32 source =
        weave_source(w, &(struct source){.name = name, .kind = SOURCE_DEVICE_LOG});
    while (sipp_next(&text, &one)) {
        (void)weave_add(
            w, &(struct sighting){.time_us = one.time_us,
                                  .precision_us = 1,
                                  .source = source,
                                  .at = SIGHTING_NOWHERE,
                                  .line = ++line,
                                  .src = one.sent ? own : peer,
                                  .dst = one.sent ? peer : own,
                                  .transport = TRANSPORT_UDP,
                                  .vantage = one.sent ? VANTAGE_SENDER : VANTAGE_RECEIVER,
                                  .bytes = one.bytes});
    }
}

/* ---- sipXecs ----------------------------------------------------------------------------------------------- */

static inline struct endpoint program_end(str name) {
    struct endpoint e;
    if (endpoint_read(&e, name)) return e;
    u64 hash = hash_bytes(name, 0);
    return (struct endpoint){
        .family = 4, .ip = {198, 18, (u8)hash, (u8)(hash >> 8)}, .port = 5060};
}

static inline void read_siptrace(struct weave *w, str name, str text) {
    u32 source = weave_source(w, &(struct source){.name = name, .kind = SOURCE_CAPTURE});
    str rest;
    for (u64 line = 1;; line++) {
        str node = between(text, S("<branchNode>"), S("</branchNode>"), &text);
        if (node.n == 0) return;
        struct time_read t =
            time_read_iso(between(node, S("<time>"), S("</time>"), &rest), 0);
        str message = between(node, S("<![CDATA["), S("]]>"), &rest);
        if (!t.ok) continue;
        (void)weave_add(
            w, &(struct sighting){.time_us = t.us,
                                  .precision_us = t.precision_us,
                                  .source = source,
                                  .at = SIGHTING_NOWHERE,
                                  .line = line,
                                  .src = program_end(between(node, S("<source>"),
                                                             S("</source>"), &rest)),
                                  .dst = program_end(between(node, S("<destination>"),
                                                             S("</destination>"), &rest)),
                                  .bytes = message});
    }
}

/* ---- any file of the corpus ---------------------------------------------------------------------------------- */

static inline u32 corpus_source(void *ctx, const struct source *s) {
    return weave_source(ctx, s);
}
static inline void corpus_sighting(void *ctx, const struct sighting *s) {
    (void)weave_add(ctx, s);
}
static inline void corpus_skipped(void *ctx, enum skip_reason reason, u64 place,
                                  u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}
static inline void corpus_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

/* Reads one of them into the weave. Its bytes stay with input, which keeps its files open, or in the weave. */
static inline bool corpus_read(struct weave *w, const char *folder, const char *name,
                               arena *boot) {
    const char *path = arena_z(boot, arena_printf(boot, "%s/%s", folder, name));
    str sentence, kind = str_z(name);
    const struct input_sink sink = {w, corpus_source, corpus_sighting, corpus_skipped,
                                    corpus_damage};
    bool sipp = str_ends(kind, S(".msg"));
    if (!sipp && !str_ends(kind, S(".xml")))
        return input_file_read(path, &(struct input_options){0}, &sink, boot,
                               &sentence) == ERR_OK;
    FILE *f = fopen(path, "rb");
    enum { LARGEST = 16 << 20 };
    if (!f) return false;
    u8 *text = arena_new(boot, u8, LARGEST);
    isize n = (isize)fread(text, 1, LARGEST, f);
    fclose(f);
    if (sipp) {
        read_sipp(w, kind, (str){text, n});
    } else {
        read_siptrace(w, kind, (str){text, n});
    }
    return n > 0;
}

#endif
