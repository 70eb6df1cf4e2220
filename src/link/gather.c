/* gather.c: from one parsed message to its facts (fact.h). What counts as a token is decided by
 * exclusion: every header value that is not the vocabulary of SIP itself, so that a vendor's header
 * works without anybody having heard of it. Whether it weighs anything is a matter of rarity, later. */
#include "link/gather.h"

#include "base/scan.h"
#include "sdp/sdp.h"

enum { TOKENS_A_MESSAGE = 24, TOKEN_SHORTEST = 6, TOKEN_LONGEST = 512 };

static bool is_null_token(str s) {
    for (isize i = 0; i < s.n; i++) {
        if (s.p[i] != '0' && s.p[i] != '-') return false;
    }
    return true;
}

double fact_token_bits(str token) {
    isize digits = 0, letters = 0;
    if (is_null_token(token)) return 0;
    for (isize at = 0; at < token.n; at += 8) {
        u64 word = 0;
        memcpy(&word, token.p + at, (size_t)i64_min(token.n - at, 8));
        digits += scan_count(scan_between(word, '0', '9'));
        letters += scan_count(scan_between(scan_lower(word), 'a', 'z'));
    }
    double bits = digits && letters ? 1.5 * (double)digits + 0.5 * (double)letters
                                    : (double)digits + 0.25 * (double)letters;
    if (digits == 0) bits = 0.25 * (double)letters; /* words */
    return bits > 24 ? 24 : bits;
}

/* A clock's reading is no secret: SDP sessions are numbered by the second in which they began (RFC 8866 §5.2 suggests NTP), and
 * every call of that second has the same number, which tells no more than the time does. How many bits are left of a value that reads as the message's time, by
 * Unix or NTP, in seconds or finer; -1: it is no time. */
static int clock_bits(str value, i64 time_us) {
    static const struct {
        i64 per_second;
        int bits;
    } units[] = {{1, 0}, {1000, 7}, {1000000, 12}};
    enum { NEAR_S = 2 * 86400 };
    const i64 ntp_s = 2208988800;
    struct str_number n = str_u64(value, UINT64_MAX);
    i64 now_s = time_us / 1000000;
    if (!n.ok || value.n < 9) return -1;
    for (isize i = 0; i < countof(units); i++) {
        u64 s = n.value / (u64)units[i].per_second;
        if (s > (u64)1 << 40) continue;
        i64 unix_s = (i64)s - now_s, since_1900 = unix_s - ntp_s;
        bool near = (unix_s > -NEAR_S && unix_s < NEAR_S) ||
                    (since_1900 > -NEAR_S && since_1900 < NEAR_S);
        if (near) return units[i].bits;
    }
    i64 upper = (i64)(n.value >> 32) - ntp_s -
                now_s; /* NTP, 32 bits of seconds and 32 of what is less */
    return upper > -NEAR_S && upper < NEAR_S ? 12 : -1;
}

static void token(struct gather *g, str value, str label) {
    value = str_trim(value);
    if (value.n < TOKEN_SHORTEST || value.n > TOKEN_LONGEST) return;
    if (g->ntokens >= TOKENS_A_MESSAGE || is_null_token(value)) return;
    int clock = clock_bits(value, g->d->s.time_us);
    g->ntokens++;
    u8 bits = clock >= 0 ? (u8)clock : (u8)fact_token_bits(value);
    gather_token(g, hash_nocase(value, 3), bits, label);
}

/* The software that sent it. A proxy passes on what others say of themselves: who asks with one Via is surely the one that speaks. */
static void agent(struct digest *d, const struct sip_msg *m) {
    const struct sip_header *h = sip_header_first(m, SIP_HDR_USER_AGENT);
    if (!h) h = sip_header_first(m, SIP_HDR_SERVER);
    if (!h || h->value.n == 0) return;
    const struct sip_header *via = sip_header_first(m, SIP_HDR_VIA);
    d->agent = h->value;
    d->agent_own =
        m->is_request && via && !sip_header_next(m, via) && str_find(via->value, ',') < 0;
    d->agent_hash = hash_bytes(h->value, d->agent_own);
}

/* ---- tokens ------------------------------------------------------------------------------ */

static void tokens_of_parts(struct gather *g, str value, str name) {
    isize start = 0;
    if (value.n < TOKEN_SHORTEST) return;
    token(g, value, name);
    for (isize i = 0; i <= value.n; i++) {
        u8 c = i < value.n ? value.p[i] : ';';
        if (c != ';' && c != ',' && c != '=' && c != ' ' && c != '"' && c != '\t')
            continue;
        str part = str_sub(value, start, i - start);
        if (part.n < value.n) token(g, part, name);
        start = i + 1;
    }
}

#define BIT(id) ((u64)1 << SIP_HDR_##id)
static const u64 telling = BIT(OTHER) | BIT(SESSION_ID) | BIT(USER_TO_USER) |
                           BIT(IDENTITY) | BIT(P_CHARGING_VECTOR);

static void header_token(struct gather *g, const struct sip_header *h) {
    bool found;
    str icid;
    switch ((enum sip_header_id)h->id) {
    case SIP_HDR_OTHER:
    case SIP_HDR_SESSION_ID:
    case SIP_HDR_USER_TO_USER:
    case SIP_HDR_IDENTITY: tokens_of_parts(g, h->value, h->name); break;
    case SIP_HDR_P_CHARGING_VECTOR:
        icid = str_find(h->value, ';') >= 0 ? str_cut(h->value, ';').head : h->value;
        if (!str_starts_nocase(icid, S("icid-value"))) {
            icid = sip_param_get(h->value, S("icid-value"), &found);
        } else {
            icid = str_cut(icid, '=').tail;
        }
        if (icid.n && icid.p[0] == '"') icid = str_sub(icid, 1, icid.n - 2);
        token(g, icid, S("icid-value"));
        break;
    default: break;
    }
}

static void header_tokens(struct gather *g, const struct sip_msg *m) {
    if (!(m->present & telling)) return;
    for (isize i = 0; i < m->nheaders; i++) {
        if (telling >> m->headers[i].id & 1) header_token(g, &m->headers[i]);
    }
}

/* The branch of one Via; the topmost one's is known from parsing. */
static str branch_of(const struct sip_msg *m, str via, bool topmost) {
    struct sip_via v;
    struct fail f;
    if (topmost && m->branch.n && str_inside(m->branch, via)) return m->branch;
    return sip_via_parse(&v, via, &f) == ERR_OK ? v.branch : (str){0};
}

/* A stateless or record-routing neighbour leaves older Vias as they were. */
static void via_tokens(struct gather *g, const struct sip_msg *m) {
    isize nth = 0;
    for (const struct sip_header *h = sip_header_first(m, SIP_HDR_VIA); h;
         h = sip_header_next(m, h)) {
        str rest = h->value, item = rest;
        bool alone = str_find(rest, ',') < 0;
        if (alone) rest = (str){0};
        while (alone || sip_list_next(&rest, &item)) {
            alone = false;
            token(g, branch_of(m, item, nth == 0), S("Via branch"));
            if (++nth == 4) return;
        }
    }
}

static void sdp_tokens(struct gather *g, const struct sip_msg *m) {
    struct sdp d;
    struct fail f;
    if (m->body.n == 0 || sdp_parse(&d, m->body, &f) != ERR_OK) return;
    if (m->is_request) gather_add(g, FACT_MEDIA, manner_of_media(&d), (str){0});
    int clock = clock_bits(d.session_id, g->d->s.time_us);
    if (d.session_id.n >= 8 && d.origin_address.n) {
        u64 hash = hash_mix(hash_bytes(d.session_id, 4), hash_bytes(d.origin_address, 4));
        u8 bits = clock >= 0 ? (u8)clock : 16;
        gather_token(g, hash, bits, S("SDP session"));
    }
    for (isize i = 0, told = 0; i < d.nmedia; i++) { /* one port tells it for all */
        const struct sdp_media *media = &d.media[i];
        bool held = media->port < 1024 || str_eq(media->address, S("0.0.0.0"));
        if (!held && media->address.n && !told++) {
            u64 hash = hash_mix(hash_bytes(media->address, 5), media->port);
            gather_token(g, hash, 12, S("media address"));
        }
        token(g, media->ice_ufrag, S("ICE ufrag"));
        token(g, media->crypto, S("SRTP key"));
        token(g, media->fingerprint, S("DTLS fingerprint"));
    }
}

static void dialog_ref(struct gather *g, str value, str label) {
    struct sip_dialog_ref d;
    struct fail f;
    if (sip_dialog_ref_parse(&d, value, &f) != ERR_OK || d.call_id.n == 0) return;
    gather_add(g, FACT_DIALOG, fact_call_id_hash(d.call_id), label);
}

static void dialog_refs(struct gather *g, const struct sip_msg *m) {
    static const enum sip_header_id ids[] = {SIP_HDR_REPLACES, SIP_HDR_JOIN,
                                             SIP_HDR_TARGET_DIALOG};
    for (isize i = 0; i < countof(ids); i++) {
        const struct sip_header *h = sip_header_first(m, ids[i]);
        if (h) dialog_ref(g, h->value, sip_header_text(ids[i]));
    }
}

/* Refer-To: <sip:202@host?Replaces=…>: who is meant, and which dialog is to be replaced. */
static void refer(struct gather *g, const struct sip_msg *m) {
    const struct sip_header *h = sip_header_first(m, SIP_HDR_REFER_TO);
    struct sip_addr a;
    struct sip_uri u;
    struct fail f;
    if (!h || sip_addr_parse(&a, h->value, &f) != ERR_OK) return;
    if (sip_uri_parse(&u, a.uri, &f) == ERR_OK) gather_number(g, FACT_CALLED, u.number);
    u8 room[1024] = {0};
    str rest = str_cut(a.uri, '?').tail; /* some leave the "@" in there as it is */
    while (rest.n) {
        struct str_pair one = str_cut(rest, '&'), pair = str_cut(one.head, '=');
        rest = one.tail;
        if (!str_eq_nocase(pair.head, S("Replaces"))) continue;
        arena scratch = {room, room, room + sizeof room};
        if (pair.tail.n < 900)
            dialog_ref(g, sip_unescape(&scratch, pair.tail), S("Replaces"));
    }
}

static bool carries_recording(const struct sip_msg *m) {
    if (sip_header_first(m, SIP_HDR_X_RECORD)) return true;
    const struct sip_header *h = sip_header_first(m, SIP_HDR_REQUIRE);
    if (h && str_find_nocase(h->value, S("siprec")) >= 0) return true;
    h = sip_header_first(m, SIP_HDR_CONTENT_TYPE);
    if (h && str_starts_nocase(h->value, S("application/sdp"))) return false; /* alone */
    return h && str_find_nocase(m->body, S("application/rs-metadata")) >= 0;
}

/* Hold (RFC 3264 §8.4), or no offer at all, as RFC 7088 asks for the other side's before it plays music to it. */
static bool holds(const struct sip_msg *m) {
    struct sdp d;
    struct fail f;
    if (m->body.n == 0) return true;
    if (sdp_parse(&d, m->body, &f) != ERR_OK) return false;
    for (isize i = 0; i < d.nmedia; i++) {
        const struct sdp_media *media = &d.media[i];
        if (media->direction == SDP_SENDONLY || media->direction == SDP_INACTIVE)
            return true;
        if (str_eq(media->address, S("0.0.0.0"))) return true;
    }
    return false;
}

/* ---- what it has to do with other calls ------------------------------------------------------- */

static void replies(struct gather *g, const struct sip_msg *m) {
    enum { CALLS_A_REPLY = 8 };
    const struct sip_header *h = sip_header_first(m, SIP_HDR_IN_REPLY_TO);
    str rest = h ? h->value : (str){0}, item;
    for (int i = 0; i < CALLS_A_REPLY && sip_list_next(&rest, &item); i++)
        gather_add(g, FACT_REPLY, fact_call_id_hash(str_trim(item)), (str){0});
}

/* Contact: <sip:8000@bridge.example.com>;isfocus (RFC 4579 §5.1) */
static void focus(struct gather *g, const struct sip_msg *m) {
    const struct sip_header *h = sip_header_first(m, SIP_HDR_CONTACT);
    if (!h || m->status >= 300) return;
    struct sip_addr a;
    struct sip_uri u;
    struct fail f;
    bool found = false;
    str params = str_from(h->value, str_find(h->value, '>') + 1);
    if (params.n == 0 || str_find_nocase(params, S("isfocus")) < 0) return;
    if (sip_addr_parse(&a, h->value, &f) != ERR_OK) return;
    sip_param_get(a.params, S("isfocus"), &found);
    if (!found || sip_uri_parse(&u, a.uri, &f) != ERR_OK) return;
    u64 hash = hash_mix(hash_nocase(u.user, 6), hash_nocase(u.host, 6));
    gather_add(g, FACT_FOCUS, hash, u.user);
}

/* ---- which messages say anything ----------------------------------------------------------- */

static void initial_request(struct gather *g, const struct sip_msg *m) {
    people_of_request(g, m);
    if (m->method != SIP_METHOD_INVITE) return;
    header_tokens(g, m);
    token(g, m->from_tag, S("From tag"));
    via_tokens(g, m);
    sdp_tokens(g, m);
    if (carries_recording(m)) gather_add(g, FACT_RECORDING, 0, (str){0});
    replies(g, m);
}

static void answer(struct gather *g, const struct sip_msg *m) {
    if (m->status >= 300 && !g->d->brief)
        gather_add(g, FACT_REASON, m->status, m->reason);
    if (m->cseq.method != SIP_METHOD_INVITE) return;
    people_of_answer(g, m);
    if (m->status >= 200 && m->status < 300) token(g, m->to_tag, S("To tag"));
    /* the other side's half of Session-ID, an identity that a box on the way has added */
    header_tokens(g, m);
    if (m->status >= 300 && m->status < 400)
        gather_numbers(g, m, SIP_HDR_CONTACT, FACT_CONTACT);
    sdp_tokens(g, m);
}

/* Requests that begin or change something, and answers to them. */
static bool starts_something(u8 method) {
    switch ((enum sip_method)method) {
    case SIP_METHOD_ACK:
    case SIP_METHOD_BYE:
    case SIP_METHOD_CANCEL:
    case SIP_METHOD_INFO:
    case SIP_METHOD_NOTIFY:
    case SIP_METHOD_PRACK:
    case SIP_METHOD_UPDATE: return false;
    default: return true;
    }
}

void fact_head(struct digest *d, const struct sip_msg *m) {
    bool initial = m->is_request && (m->to_tag.n == 0 || m->method == SIP_METHOD_REFER);
    bool again = m->is_request && m->method == SIP_METHOD_INVITE;
    bool answers = !m->is_request && m->status > 100;
    if (!d->brief) agent(d, m);
    d->tells = (initial || answers || again) && starts_something(d->method);
}

void fact_say(struct digest *d, const struct sip_msg *m, arena *a) {
    struct gather g = {d, a, 0};
    bool refers = m->is_request && m->method == SIP_METHOD_REFER;
    bool initial = m->is_request && (m->to_tag.n == 0 || refers);
    if (!d->tells) return;
    d->said = arena_new(a, struct telling, 0);
    if (refers) refer(&g, m);
    if (initial && m->to_tag.n == 0) initial_request(&g, m);
    if (initial && (refers || m->method == SIP_METHOD_INVITE)) dialog_refs(&g, m);
    if (!m->is_request) answer(&g, m);
    if (d->method == SIP_METHOD_INVITE) focus(&g, m);
    if (m->is_request && !initial && holds(m)) gather_add(&g, FACT_HOLD, 0, (str){0});
}
