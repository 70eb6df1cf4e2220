#include "trace/digest.h"

#include "base/scan.h"

static u32 hash32(str s) {
    if (s.n == 0) return 0;
    u32 h = (u32)hash_bytes(s, 0);
    return h ? h : 1;
}

/* Does every line end in CRLF? */
static bool is_crlf(str text) {
    struct scan lines = scan_open(text, 0, '\n');
    for (isize at; (at = scan_next(&lines)) >= 0;) {
        if (at == 0 || text.p[at - 1] != '\r') return false;
    }
    return true;
}

enum { PIECE = 2048 };

static u64 piece_hash(u64 before, str piece) {
    u64 hash = hash_bytes(piece, 0);
    return before ? hash_mix(before, hash) : hash;
}

/* Of the text as it would be with a CR before every LF, which was given some already. */
static u64 hash_with_crs(str text) {
    u8 piece[PIECE];
    u64 hash = 0;
    isize n = 0;
    for (isize i = 0; i < text.n; i++) {
        bool bare = text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');
        for (int k = bare ? 0 : 1; k < 2; k++) {
            if (n == PIECE) {
                hash = piece_hash(hash, (str){piece, n});
                n = 0;
            }
            piece[n++] = k ? text.p[i] : '\r';
        }
    }
    return piece_hash(hash, (str){piece, n});
}

/* A device's log writes LF for CRLF, so two sightings of one message agree only when all lines end alike. */
static u32 digest_content(str text, const struct sip_msg *m) {
    u64 hash = 0;
    /* the parser has looked at the head */
    bool looked = m->crlf && m->head.p == text.p && m->bytes.p == text.p;
    bool crlf = is_crlf(str_from(text, looked ? m->head.n : 0));
    text = str_trim(text);
    if (!crlf) return (u32)hash_with_crs(text) | 1;
    do {
        hash = piece_hash(hash, str_sub(text, 0, PIECE));
        text = str_from(text, PIECE);
    } while (text.n);
    return (u32)hash | 1;
}

void digest_head(struct digest *d, const struct sighting *s, const struct sip_msg *m) {
    *d = (struct digest){
        .s = *s,
        .size = s->bytes.n,
        .call_id = str_key_of(m->call_id),
        .ident = {hash32(m->branch), hash32(m->from_tag)},
        .to_tag = hash32(m->to_tag),
        .cseq = m->cseq.number,
        .status = m->status,
        .method = (u8)(m->is_request ? m->method : m->cseq.method),
        .is_request = m->is_request,
        .cut = s->cut || m->cut,
    };
}

void digest_text(struct digest *d, const struct sip_msg *m) {
    d->content = digest_content(d->s.bytes, m);
}

/* Where it is one of the message's own bytes: they go, what the program says of itself stays. */
static void take(str *part, str bytes, arena *a) {
    if (!part->n || !str_inside(*part, bytes)) return;
    *part = arena_copy(a, *part);
}

void digest_detach(struct digest *d, bool keep, arena *a) {
    str bytes = d->s.bytes;
    take(&d->call_id.s, bytes, a);
    take(&d->agent, bytes, a);
    take(&d->from, bytes, a);
    take(&d->to, bytes, a);
    for (isize i = 0; i < d->nsaid; i++) take(&d->said[i].label, bytes, a);
    d->s.bytes = keep ? arena_copy(a, bytes) : (str){0};
}
