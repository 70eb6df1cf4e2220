/* manner.c: how things are done that many calls do alike: how a caller withholds the number, what kind of media is offered. Most
 * boxes pass that on, so it tells calls apart that nothing else does. */
#include "link/pair.h"
#include "link/tally.h"

u64 manner_of_media(const struct sdp *d) {
    u64 hash = (u64)d->nmedia;
    for (isize i = 0; i < d->nmedia; i++) {
        const struct sdp_media *m = &d->media[i];
        u64 keys = (u64)(m->ice_ufrag.n > 0) | (u64)(m->fingerprint.n > 0) << 1 |
                   (u64)(m->crypto.n > 0) << 2;
        hash = hash_mix(hash, hash_nocase(m->type, 8));
        hash = hash_mix(hash, hash_nocase(m->proto, 8) + keys);
    }
    return hash;
}

/* Where few of the legs are there, nobody knows how common a manner is. */
static float share_of(const struct weave *w, const struct tally *t, isize leg, u32 dev) {
    return w->climate ? 0.5F : tally_share(t, leg, dev);
}

static bool has_manner(const struct sum *s, int k) {
    return s->kind == KIND_CALL && s->manner[k] != 0;
}

void manners_count(struct index *x) {
    const struct weave *w = x->w;
    x->manners = base_new(w->nsums + 1, (isize)sizeof *x->manners);
    for (int k = 0; k < MANNERS; k++) {
        struct tally reached, sent;
        tally_open(&reached, w);
        tally_open(&sent, w);
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (!has_manner(s, k)) continue;
            tally_note(&reached, i, s->to_dev, s->manner[k]);
            tally_note(&sent, i, s->from_dev, s->manner[k]);
        }
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (!has_manner(s, k)) continue;
            x->manners[i].reached[k] = share_of(w, &reached, i, s->to_dev);
            x->manners[i].sent[k] = share_of(w, &sent, i, s->from_dev);
        }
        tally_close(&reached);
        tally_close(&sent);
    }
}
