/* world_sdp.c: session descriptions, and what a SIPREC recorder is told. */
#include <string.h>

#include "world_own.h"

static const char *OWNERS[] = {"-", "root",       "-",     "FreeSWITCH",
                               "-", "BroadWorks", "user1", "-"};

void sdp_new(struct sim *s, struct ua *ua) {
    struct call *c = ua->call;
    struct arena *a = &c->arena;
    struct sdp *d = NEW(c, struct sdp);
    const struct gear *g = &s->gear[ua->node->device];
    uint64_t ntp = (uint64_t)(s->now / 1000000) + 2208988800u;
    ua->sdp = d;
    d->shape = c->constant && c->tenant % 3 == 0 ? 7 : g->style->sdp;
    d->kind = c->media_kind;
    d->owner = OWNERS[d->shape];
    d->ip = g->private_host ? g->private_host : s->host[ua->addr];
    d->ip = arena_say(a, "%.*s", (int)strcspn(d->ip, ":"), d->ip);
    d->port = 10000 + 2 * dice_below(&s->dice, 15000);
    d->version = 1;
    switch (d->shape) {
    case 0: d->session = dice_u64(&s->dice) >> 2; break;
    case 1: d->session = d->version = dice_u64(&s->dice) % 2147483647; break;
    case 2: d->session = d->version = ntp; break;
    case 3: d->session = (uint64_t)(s->now / 1000000), d->version = d->session + 1; break;
    case 4: d->session = d->version = dice_u64(&s->dice) % 1000000000; break;
    case 5: d->session = s->gear[ua->node->device].counter++; break;
    case 6: d->session = 53655765, d->version = 2353687637; break;
    default: d->session = d->version = 0; break;
    }
    if (d->kind == 1) d->secret = id_hex(s, a, 8), d->secret2 = id_hex(s, a, 24);
    if (d->kind == 2) d->secret = id_hex(s, a, 40);
    if (d->kind == 3) d->secret = id_hex(s, a, 64);
}

static const char *secrets(struct call *c, const struct sdp *d) {
    struct arena *a = &c->arena;
    switch (d->kind) {
    case 1:
        return arena_say(a,
                         "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=candidate:1 1 UDP "
                         "2130706431 %s %d typ host\r\n",
                         d->secret, d->secret2, d->ip, d->port);
    case 2:
        return arena_say(a, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n",
                         d->secret);
    case 3: {
        char print[100];
        size_t n = 0;
        for (size_t i = 0; i < 64; i += 2) {
            print[n++] = d->secret[i] >= 'a' ? (char)(d->secret[i] - 32) : d->secret[i];
            print[n++] = d->secret[i + 1] >= 'a' ? (char)(d->secret[i + 1] - 32)
                                                 : d->secret[i + 1];
            if (i < 62) print[n++] = ':';
        }
        print[n] = '\0';
        return arena_say(a, "a=setup:actpass\r\na=fingerprint:sha-256 %s\r\n", print);
    }
    default: return "";
    }
}

const char *sdp_body(struct sim *s, struct ua *ua, const char *direction) {
    if (!ua->sdp) sdp_new(s, ua);
    struct sdp *d = ua->sdp;
    const char *profile = d->kind == 2   ? "RTP/SAVP"
                          : d->kind == 3 ? "UDP/TLS/RTP/SAVP"
                                         : "RTP/AVP";
    const char *codecs = d->shape % 2 ? "8 0 101" : "8 101";
    const char *body = arena_say(
        &ua->call->arena,
        "v=0\r\no=%s %llu %llu IN IP4 %s\r\ns=%s\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d "
        "%s %s\r\n"
        "a=rtpmap:8 PCMA/8000\r\n%sa=rtpmap:101 telephone-event/8000\r\na=fmtp:101 "
        "0-15\r\n%sa=ptime:20\r\na=%s\r\n",
        d->owner, (unsigned long long)d->session, (unsigned long long)d->version, d->ip,
        d->shape == 4 ? "call" : "-", d->ip, d->port, profile, codecs,
        d->shape % 2 ? "a=rtpmap:0 PCMU/8000\r\n" : "", secrets(ua->call, d), direction);
    if (d->shape < 6) d->version++;
    return body;
}

const char *siprec_body(struct sim *s, struct ua *ua, const struct ua *of,
                        const char **type) {
    struct arena *a = &ua->call->arena;
    const char *edge = id_hex(s, a, 12), *session = id_uuid(s, a), *one = id_uuid(s, a),
               *two = id_uuid(s, a);
    *type = arena_say(a, "multipart/mixed;boundary=%s", edge);
    const char *caller = of ? of->remote : ua->local,
               *called = of ? of->local : ua->remote;
    const char *c1 = strchr(caller, '<'), *c2 = strchr(called, '<');
    return arena_say(
        a,
        "--%s\r\nContent-Type: application/sdp\r\n\r\n%s\r\n--%s\r\n"
        "Content-Type: application/rs-metadata+xml\r\nContent-Disposition: "
        "recording-session\r\n\r\n"
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<recording "
        "xmlns=\"urn:ietf:params:xml:ns:recording:1\">\r\n"
        "<datamode>complete</datamode>\r\n<session session_id=\"%s\"/>\r\n"
        "<participant participant_id=\"%s\"><nameID aor=\"%.*s\"/></participant>\r\n"
        "<participant participant_id=\"%s\"><nameID aor=\"%.*s\"/></participant>\r\n"
        "</recording>\r\n--%s--\r\n",
        edge, sdp_body(s, ua, "sendonly"), edge, session, one, (int)strcspn(c1 + 1, ">"),
        c1 + 1, two, (int)strcspn(c2 + 1, ">"), c2 + 1, edge);
}
