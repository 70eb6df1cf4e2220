/* both.h: a session description read both ways. A CR in front of it is a blank line, and takes away the short way with line
 * ends: what is read has to stay the same. */
#ifndef SIPWEAVE_TESTS_SDP_BOTH_H
#define SIPWEAVE_TESTS_SDP_BOTH_H

#include "sdp/sdp.h"

#include <stdlib.h>

static inline bool sdp_media_same(const struct sdp_media *a, const struct sdp_media *b) {
    return str_eq(a->type, b->type) && a->port == b->port && a->nports == b->nports &&
           str_eq(a->proto, b->proto) && str_eq(a->formats, b->formats) &&
           str_eq(a->address, b->address) && str_eq(a->rtcp, b->rtcp) &&
           a->direction == b->direction && str_eq(a->ice_ufrag, b->ice_ufrag) &&
           str_eq(a->fingerprint, b->fingerprint) && str_eq(a->crypto, b->crypto) &&
           str_eq(a->ssrc, b->ssrc) && str_eq(a->lines, b->lines);
}

static inline bool sdp_same(const struct sdp *a, const struct sdp *b) {
    bool ok = str_eq(a->origin_user, b->origin_user) &&
              str_eq(a->session_id, b->session_id) &&
              str_eq(a->session_version, b->session_version) &&
              str_eq(a->origin_address, b->origin_address) &&
              str_eq(a->session_name, b->session_name) && str_eq(a->address, b->address);
    ok = ok && a->nmedia == b->nmedia && a->media_skipped == b->media_skipped &&
         a->nnotes == b->nnotes;
    for (isize i = 0; ok && i < a->nmedia; i++)
        ok = sdp_media_same(&a->media[i], &b->media[i]);
    for (isize i = 0; ok && i < a->nnotes; i++)
        ok = a->notes[i].at + 1 == b->notes[i].at && a->notes[i].why == b->notes[i].why;
    return ok;
}

static inline enum err sdp_read(struct sdp *d, str text, struct fail *f) {
    static struct sdp odd;
    struct fail g;
    u8 *p = malloc((size_t)text.n + 1);
    must(p);
    p[0] = '\r';
    if (text.n) memcpy(p + 1, text.p, (size_t)text.n);
    enum err e = sdp_parse(d, text, f);
    must(sdp_parse(&odd, (str){p, text.n + 1}, &g) == e);
    must(e != ERR_OK || sdp_same(d, &odd));
    free(p);
    return e;
}

#endif
