/* sdp.c: a session description in one pass over its lines (RFC 8866 §5).
 *
 *     v= o= s= c= a=…      the session's part: what every stream has unless it says otherwise
 *     m= c= a=…            one part a stream, up to the next m=
 *     m= …
 *
 * What the session's part says is handed down to the streams when all has been read. */
#include "sdp/sdp.h"

#include "base/scan.h"

static void note(struct sdp *d, str text, str part, const char *why) {
    if (d->nnotes == SDP_MAX_NOTES) return;
    d->notes[d->nnotes++] = (struct fail){ERR_SYNTAX, part.p ? part.p - text.p : 0, why};
}

/* Takes the line off *rest without its line end: CRLF, LF or CR. */
static str take_line(str *rest) {
    str s = *rest;
    isize end = scan_near(s, s.n, '\n'), cr = scan_near((str){s.p, end}, s.n, '\r');
    if (cr < end && (cr + 1 < end || end == s.n)) {
        *rest = str_from(s, cr + 1);
    } else {
        *rest = str_from(s, end + 1);
    }
    return (str){s.p, cr};
}

bool sdp_line_next(str *rest, struct sdp_line *line) {
    while (rest->n) {
        str text = take_line(rest);
        bool formed = text.n >= 2 && is_alpha(text.p[0]) && text.p[1] == '=';
        if (!formed && str_trim(text).n == 0) continue;
        *line = formed ? (struct sdp_line){text.p[0], str_from(text, 2)}
                       : (struct sdp_line){0, text};
        return true;
    }
    return false;
}

/* Takes the next word off *rest; blanks separate. */
static str take_word(str *rest) {
    str s = *rest;
    isize from = 0;
    while (from < s.n && is_blank(s.p[from])) from++;
    isize end = from;
    while (end < s.n && !is_blank(s.p[end])) end++;
    *rest = str_from(s, end);
    return str_sub(s, from, end - from);
}

static bool attribute_is(str line, str name, str *value) {
    struct str_pair parts = str_cut(line, ':');
    if (!str_eq_nocase(str_trim(parts.head), name)) return false;
    *value = parts.ok ? str_trim(parts.tail) : str_from(line, line.n); /* never NULL */
    return true;
}

str sdp_attribute(str lines, str name, bool *found) {
    struct sdp_line line;
    str value;
    while (sdp_line_next(&lines, &line)) {
        if (line.type != 'a' || !attribute_is(line.value, name, &value)) continue;
        if (found) *found = true;
        return value;
    }
    if (found) *found = false;
    return (str){0};
}

/* o=user id version IN IP4 address */
static void read_origin(struct sdp *d, str text, str value) {
    str rest = value;
    d->origin_user = take_word(&rest);
    d->session_id = take_word(&rest);
    d->session_version = take_word(&rest);
    (void)take_word(&rest);
    (void)take_word(&rest);
    d->origin_address = take_word(&rest);
    if (d->origin_address.n == 0)
        note(d, text, value, "an o= line has fewer than six fields");
}

/* c=IN IP4 address, for multicast address/ttl */
static str read_connection(struct sdp *d, str text, str value) {
    str rest = value;
    (void)take_word(&rest);
    (void)take_word(&rest);
    str address = str_cut(take_word(&rest), '/').head;
    if (address.n == 0) note(d, text, value, "a c= line has no address");
    return address;
}

/* m=audio 49170/2 RTP/AVP 0 8 */
static void read_media(struct sdp *d, str text, str value, struct sdp_media *m) {
    *m = (struct sdp_media){.nports = 1};
    str rest = value;
    m->type = take_word(&rest);
    struct str_pair ports = str_cut(take_word(&rest), '/');
    m->proto = take_word(&rest);
    m->formats = str_trim(rest);
    struct str_number port = str_u64(ports.head, 65535),
                      count = str_u64(ports.tail, 65535);
    if (port.ok) m->port = (u16)port.value;
    if (count.ok) m->nports = (u16)count.value;
    if (!port.ok)
        note(d, text, ports.head.n ? ports.head : value, "an m= line has no port number");
    if (ports.ok && !count.ok)
        note(d, text, ports.tail, "the number of ports is no number");
    if (m->formats.n == 0) note(d, text, value, "an m= line has no formats");
}

/* What one part of the description says in a= lines; the first of a kind counts. */
struct attributes {
    bool has_direction;
    enum sdp_direction direction;
    str rtcp, ice_ufrag, fingerprint, crypto, ssrc;
};

static void keep_first(str *slot, str value) {
    if (slot->p == NULL) *slot = value;
}

static void keep_direction(struct attributes *a, str name) {
    static const struct {
        str name;
        enum sdp_direction direction;
    } directions[] = {
        {{(const u8 *)"sendrecv", 8}, SDP_SENDRECV},
        {{(const u8 *)"sendonly", 8}, SDP_SENDONLY},
        {{(const u8 *)"recvonly", 8}, SDP_RECVONLY},
        {{(const u8 *)"inactive", 8}, SDP_INACTIVE},
    };
    for (isize i = 0; !a->has_direction && i < countof(directions); i++) {
        if (!str_eq_nocase(name, directions[i].name)) continue;
        a->direction = directions[i].direction;
        a->has_direction = true;
    }
}

static void read_attribute(struct attributes *a, str line) {
    struct str_pair parts = str_cut(line, ':');
    str name = str_trim(parts.head);
    if (!parts.ok) keep_direction(a, name);
    struct {
        str name, *slot;
    } kept[] = {
        {S("rtcp"), &a->rtcp},
        {S("ice-ufrag"), &a->ice_ufrag},
        {S("fingerprint"), &a->fingerprint},
        {S("crypto"), &a->crypto},
        {S("ssrc"), &a->ssrc},
    };
    for (isize i = 0; i < countof(kept); i++) {
        if (!str_eq_nocase(name, kept[i].name)) continue;
        /* never NULL: the first of a name counts */
        keep_first(kept[i].slot,
                   parts.ok ? str_trim(parts.tail) : str_from(line, line.n));
    }
}

/* One part as it is being read; media is NULL for the session's, and past SDP_MAX_MEDIA. */
struct part {
    struct sdp_media *media;
    struct attributes attributes;
};

static void end_part(struct part *p, const u8 *end) {
    struct sdp_media *m = p->media;
    if (!m) return;
    const struct attributes *a = &p->attributes;
    m->direction = a->direction;
    m->rtcp = a->rtcp;
    m->ice_ufrag = a->ice_ufrag;
    m->fingerprint = a->fingerprint;
    m->crypto = a->crypto;
    m->ssrc = a->ssrc;
    m->lines.n = end - m->lines.p;
}

/* A new stream: starts from what the session's part says, where that is handed down. */
static void begin_media(struct sdp *d, str text, str line_and_rest, str value,
                        struct part *p, const struct attributes *session) {
    *p = (struct part){0};
    if (d->nmedia == SDP_MAX_MEDIA) {
        d->media_skipped++;
        return;
    }
    p->media = &d->media[d->nmedia++];
    read_media(d, text, value, p->media);
    p->media->lines = line_and_rest;
    p->attributes.direction = session->direction;
}

static void hand_down(struct sdp *d, const struct attributes *session) {
    for (isize i = 0; i < d->nmedia; i++) {
        struct sdp_media *m = &d->media[i];
        keep_first(&m->address, d->address);
        keep_first(&m->ice_ufrag, session->ice_ufrag);
        keep_first(&m->fingerprint, session->fingerprint);
        keep_first(&m->crypto, session->crypto);
        keep_first(&m->ssrc, session->ssrc);
    }
}

static void init(struct sdp *d) {
    d->origin_user = d->session_id = d->session_version = d->origin_address = (str){0};
    d->session_name = d->address = (str){0};
    d->nmedia = d->media_skipped = d->nnotes = 0;
}

enum err sdp_parse(struct sdp *d, str text, struct fail *f) {
    init(d);
    *f = (struct fail){0};
    struct part part = {0};
    struct attributes session = {0};
    struct sdp_line line;
    bool in_session = true, first = true;
    for (str rest = text, here = rest; sdp_line_next(&rest, &line); here = rest) {
        if (first && line.type != 'v') {
            *f = (struct fail){ERR_SYNTAX, line.value.p - text.p - (line.type ? 2 : 0),
                               "a session description has to start with v="};
            return ERR_SYNTAX;
        }
        first = false;
        switch (line.type) {
        case 'o': read_origin(d, text, line.value); break;
        case 's': d->session_name = line.value; break;
        case 'c': {
            str address = read_connection(d, text, line.value);
            if (in_session) keep_first(&d->address, address);
            if (part.media) keep_first(&part.media->address, address);
            break;
        }
        case 'a':
            read_attribute(in_session ? &session : &part.attributes, line.value);
            break;
        case 'm': {
            const u8 *start = line.value.p - 2;
            end_part(&part, start);
            str from = str_from(here, start - here.p);
            begin_media(d, text, from, line.value, &part, &session);
            in_session = false;
            break;
        }
        case 0: note(d, text, line.value, "a line has no type and ="); break;
        default: break;
        }
    }
    if (first) {
        *f = (struct fail){ERR_SYNTAX, 0, "a session description has to start with v="};
        return ERR_SYNTAX;
    }
    end_part(&part, text.p + text.n);
    hand_down(d, &session);
    return ERR_OK;
}
