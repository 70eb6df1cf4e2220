/* Properties of the SDP parser: every slice and note lies inside the input, every stream's lines start
 * with its m= line and streams do not overlap, what is not SDP is refused with a place, and lines are read alike both ways. */
#include <stdlib.h>
#include <string.h>

#include "sdp/both.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sdp *d, str in) {
    str parts[] = {d->origin_user,    d->session_id,   d->session_version,
                   d->origin_address, d->session_name, d->address};
    for (isize i = 0; i < countof(parts); i++) must(str_inside(parts[i], in));
    must(d->nmedia >= 0 && d->nmedia <= SDP_MAX_MEDIA);
    must(d->media_skipped == 0 || d->nmedia == SDP_MAX_MEDIA);
    const u8 *end = in.p;
    for (isize i = 0; i < d->nmedia; i++) {
        const struct sdp_media *m = &d->media[i];
        str of[] = {m->type,      m->proto,       m->formats, m->address, m->rtcp,
                    m->ice_ufrag, m->fingerprint, m->crypto,  m->ssrc,    m->lines};
        for (isize k = 0; k < countof(of); k++) must(str_inside(of[k], in));
        must(str_starts(m->lines, S("m=")) && m->lines.p >= end);
        must(str_inside(m->type, m->lines) && str_inside(m->formats, m->lines));
        must(m->direction <= SDP_INACTIVE);
        end = m->lines.p + m->lines.n;
        bool found;
        str rtcp = sdp_attribute(m->lines, S("rtcp"), &found);
        must(str_eq(rtcp, m->rtcp));
    }
    must(d->nnotes >= 0 && d->nnotes <= SDP_MAX_NOTES);
    for (isize i = 0; i < d->nnotes; i++)
        must(d->notes[i].at >= 0 && d->notes[i].at <= in.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct sdp d;
    struct fail f;
    u8 *p = malloc(size ? size : 1);
    must(p);
    if (size) memcpy(p, data, size);
    str in = {p, (isize)size};
    enum err e = sdp_read(&d, in, &f);
    must(e == f.err && (e == ERR_OK || e == ERR_SYNTAX));
    if (e == ERR_OK) check(&d, in);
    if (e != ERR_OK) must(f.at >= 0 && f.at <= in.n && f.why && d.nmedia == 0);
    str rest = in;
    struct sdp_line line;
    while (sdp_line_next(&rest, &line)) {
        must(str_inside(line.value, in));
        must(line.type == 0 || is_alpha(line.type));
    }
    must(rest.n == 0);
    free(p);
    return 0;
}
