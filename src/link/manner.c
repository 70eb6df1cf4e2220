/* manner.c: how things are done that many calls do alike: how a caller withholds the number, what kind of media is offered. Most
 * boxes pass that on, so it tells calls apart that nothing else does. */
#include "link/pair.h"

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

/* Of the legs that reach a device and whose manner is known, the share that has this one's. */
void manners_count(struct index *x) {
    const struct weave *w = x->w;
    x->manners = base_new(w->nsums + 1, (isize)sizeof *x->manners);
    for (int k = 0; k < MANNERS; k++) {
        struct map at = {0};
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (s->kind != KIND_CALL || !s->manner[k]) continue;
            ++*map_put(&at, index_number_key(s->to_dev, (u8)k, s->manner[k]));
            ++*map_put(&at, index_number_key(s->to_dev, (u8)k, 0));
        }
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (s->kind != KIND_CALL || !s->manner[k]) continue;
            u32 n = map_get(&at, index_number_key(s->to_dev, (u8)k, s->manner[k]));
            u32 all = map_get(&at, index_number_key(s->to_dev, (u8)k, 0));
            x->manners[i][k] = (float)(((double)n + 1) / ((double)all + 2));
            /* few of the legs are there: nobody knows how common that is */
            if (w->climate) x->manners[i][k] = 0.5F;
        }
        map_drop(&at);
    }
}
