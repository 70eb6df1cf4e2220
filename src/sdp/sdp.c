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

/* One line, if it is not blank. */
static inline bool read_line(str text, struct sdp_line *line) {
    bool formed = text.n >= 2 && is_alpha(text.p[0]) && text.p[1] == '=';
    if (!formed && str_trim(text).n == 0) return false;
    *line = formed ? (struct sdp_line){text.p[0], str_from(text, 2)}
                   : (struct sdp_line){0, text};
    return true;
}

bool sdp_line_next(str *rest, struct sdp_line *line) {
    while (rest->n) {
        if (read_line(take_line(rest), line)) return true;
    }
    return false;
}

/* All lines of a text: where each CR stands before an LF, as nearly always, line ends are found 64 bytes at a time. */
struct lines {
    str rest;
    struct scan ends; /* where `usual` */
    bool usual;
};

static bool is_usual(str text) {
    struct scan cr = scan_open(text, 0, '\r'), lf = scan_open(text, 0, '\n');
    u64 odd = 0, before = 0;
    for (; cr.base < text.n; cr.base += SCAN_BLOCK, lf.base += SCAN_BLOCK) {
        u64 crs = scan_at(&cr);
        odd |= (crs << 1 | before) & ~scan_at(&lf);
        before = crs >> (SCAN_BLOCK - 1);
    }
    return !odd && !before;
}

static struct lines lines_open(str text) {
    struct lines l = {.rest = text, .usual = is_usual(text)};
    if (l.usual) l.ends = scan_open(text, 0, '\n');
    return l;
}

static bool lines_next(struct lines *l, struct sdp_line *line) {
    if (!l->usual) return sdp_line_next(&l->rest, line);
    while (l->rest.n) {
        str s = l->rest;
        isize lf = scan_next(&l->ends);
        isize n = lf < 0 ? s.n : lf - (s.p - l->ends.p);
        l->rest = str_from(s, n + 1);
        if (n && s.p[n - 1] == '\r') n--;
        if (read_line((str){s.p, n}, line)) return true;
    }
    return false;
}

/* The first words of a line, `most` at most; blanks separate. Gives what is behind them. `end`: of what may be read. */
static str take_words(str line, const u8 *end, str *words, isize most) {
    const u8 *p = line.p, *stop = line.p + line.n;
    for (isize i = 0; i < most; i++) {
        while (p < stop && is_blank(*p)) p++;
        isize n = p < stop ? scan_blank((str){p, stop - p}, end - p) : 0;
        words[i] = (str){p, n};
        p += n;
    }
    return (str){p, stop - p};
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
    str words[6];
    (void)take_words(value, text.p + text.n, words, countof(words));
    d->origin_user = words[0];
    d->session_id = words[1];
    d->session_version = words[2];
    d->origin_address = words[5];
    if (d->origin_address.n == 0)
        note(d, text, value, "an o= line has fewer than six fields");
}

/* c=IN IP4 address, for multicast address/ttl */
static str read_connection(struct sdp *d, str text, str value) {
    str words[3];
    (void)take_words(value, text.p + text.n, words, countof(words));
    str address = str_cut(words[2], '/').head;
    if (address.n == 0) note(d, text, value, "a c= line has no address");
    return address;
}

/* m=audio 49170/2 RTP/AVP 0 8 */
static void read_media(struct sdp *d, str text, str value, struct sdp_media *m) {
    *m = (struct sdp_media){.nports = 1};
    str words[3];
    str rest = take_words(value, text.p + text.n, words, countof(words));
    struct str_pair ports = str_cut(words[1], '/');
    m->type = words[0];
    m->proto = words[2];
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

static bool is_named(str name, const char *wanted) {
    return str_fold_eq(name.p, (const u8 *)wanted, name.n);
}

static void keep_direction(struct attributes *a, str name) {
    static const struct {
        char name[9];
        enum sdp_direction direction;
    } directions[] = {{"sendrecv", SDP_SENDRECV},
                      {"sendonly", SDP_SENDONLY},
                      {"recvonly", SDP_RECVONLY},
                      {"inactive", SDP_INACTIVE}};
    for (isize i = 0; !a->has_direction && i < countof(directions); i++) {
        if (!is_named(name, directions[i].name)) continue;
        a->direction = directions[i].direction;
        a->has_direction = true;
    }
}

/* Where the value of the attribute of that name is kept; NULL: nowhere. */
static str *slot_of(struct attributes *a, str name) {
    switch (name.n) {
    case 4:
        return is_named(name, "rtcp")   ? &a->rtcp
               : is_named(name, "ssrc") ? &a->ssrc
                                        : NULL;
    case 6: return is_named(name, "crypto") ? &a->crypto : NULL;
    case 9: return is_named(name, "ice-ufrag") ? &a->ice_ufrag : NULL;
    case 11: return is_named(name, "fingerprint") ? &a->fingerprint : NULL;
    default: return NULL;
    }
}

/* Most attributes are of codecs: nothing of them is kept. */
static bool is_of_codec(str line) {
    enum { WORD = 5 };
    return line.n > WORD &&
           (memcmp(line.p, "rtpma", WORD) == 0 || memcmp(line.p, "fmtp:", WORD) == 0);
}

static void read_attribute(struct attributes *a, str line, const u8 *end) {
    if (is_of_codec(line)) return;
    isize colon = scan_near(line, end - line.p, ':');
    str name = str_trim(str_sub(line, 0, colon));
    if (colon == line.n && name.n == 8) keep_direction(a, name);
    str *slot = slot_of(a, name);
    if (slot)
        keep_first(slot, str_trim(str_from(line, colon + 1))); /* not NULL, if empty */
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
    for (struct lines lines = lines_open(text); lines_next(&lines, &line);) {
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
            read_attribute(in_session ? &session : &part.attributes, line.value,
                           text.p + text.n);
            break;
        case 'm': {
            const u8 *start = line.value.p - 2;
            end_part(&part, start);
            str from = str_from(text, start - text.p);
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
