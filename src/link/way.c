/* way.c: which end of a leg is the caller. Whoever sends the INVITE that begins a dialog is (RFC 3261 §12.1), whatever either
 * side asks for later; where that INVITE was not captured,
 *
 *     another hop of the same Call-ID may have it: its From tag is the caller's
 *     the Call-ID may name the host that made it (§8.1.1.4), which is one of the two ends
 *     else the first message that was seen has to do, and may be wrong */
#include "link/weave.h"

static bool at_end(const struct weave *w, u32 endpoint, const struct endpoint *host) {
    return endpoint_same_ip(&w->trace.endpoints[endpoint], host);
}

/* Is the host in the Call-ID the one that answers this request, or has sent this answer? Then that one is the caller. */
static bool named_by_other(const struct weave *w, const struct seen *r) {
    struct str_pair cut =
        str_cut(str_table_get(&w->trace.strings, seen_call_id(&w->trace, r)), '@');
    struct endpoint host;
    bool request = (r->flags & SEEN_REQUEST) != 0;
    u32 asks = request ? r->src : r->dst, other = request ? r->dst : r->src;
    if (!cut.ok || !endpoint_read(&host, cut.tail)) return false;
    return at_end(w, other, &host) && !at_end(w, asks, &host);
}

bool way_turned(const struct weave *w, const struct seen *r, u32 caller_tag) {
    return caller_tag && seen_step(&w->trace, r)->to_tag == caller_tag &&
           seen_from_tag(w, r) != caller_tag;
}

bool way_guess_turned(const struct weave *w, const struct seen *r, u32 caller_tag) {
    if (!(r->flags & SEEN_WITHIN)) return false; /* it may begin the dialog */
    if (caller_tag && (seen_from_tag(w, r) == caller_tag ||
                       seen_step(&w->trace, r)->to_tag == caller_tag))
        return way_turned(w, r, caller_tag);
    return named_by_other(w, r);
}

u32 way_caller_tag(const struct weave *w, const struct sum *s) {
    const struct seen *r = msg_seen(w, &w->msgs[s->start_msg - 1]);
    bool asked_by_caller = s->src == ((r->flags & SEEN_REQUEST) ? r->src : r->dst);
    return asked_by_caller ? seen_from_tag(w, r) : seen_step(&w->trace, r)->to_tag;
}

/* ---- from one hop to the others -------------------------------------------------------------------- */

static bool is_open(const struct sum *s) {
    return s->kind == KIND_CALL && s->state == STATE_PARTIAL && s->call_id &&
           !(s->flags & SUM_LAX);
}

#define NOT_KNOWN UINT32_MAX

void way_learn(struct map *tags, const struct weave *w) {
    for (isize i = 0; i < w->nsums; i++) {
        if (is_open(&w->sums[i])) *map_put(tags, w->sums[i].call_id) = NOT_KNOWN;
    }
    for (isize i = 0; tags->n && i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL || s->state == STATE_PARTIAL) continue;
        u32 tag = way_caller_tag(w, s);
        if (tag && map_get(tags, s->call_id)) *map_put(tags, s->call_id) = tag;
    }
}

u32 way_told(const struct map *tags, const struct sum *s) {
    u32 tag = is_open(s) ? map_get(tags, s->call_id) : 0;
    return tag == NOT_KNOWN ? 0 : tag;
}
