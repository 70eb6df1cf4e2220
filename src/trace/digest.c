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

static u64 word_at(const u8 *p) {
    u64 word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Both halves of the product, folded: each bit of both goes into all of it. */
static u64 fold(u64 a, u64 b) {
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)a * b;
    return (u64)product ^ (u64)(product >> 64);
}

/* Of a text, for nothing but to tell it from others in this run: 16 bytes a multiplication (after wyhash, Wang Yi). Two of them go on beside each
 * other. */
static u64 piece_hash(u64 before, str piece) {
    static const u64 a = 0xa0761d6478bd642fu, b = 0xe7037ed1a0b428dbu;
    enum { STEP = 16, TWO = 2 * STEP };
    u64 hash = before ^ (u64)piece.n, other = hash;
    const u8 *p = piece.p, *end = p + piece.n;
    if (piece.n < STEP) return hash_bytes(piece, hash);
    for (; end - p > TWO; p += TWO) {
        hash = fold(word_at(p) ^ a, word_at(p + 8) ^ hash);
        other = fold(word_at(p + STEP) ^ b, word_at(p + STEP + 8) ^ other);
    }
    if (end - p > STEP) hash = fold(word_at(p) ^ a, word_at(p + 8) ^ hash);
    /* the last ones, some of them again */
    return fold(word_at(end - STEP) ^ hash, word_at(end - 8) ^ other ^ b);
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
