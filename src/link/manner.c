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

/* How often each manner is met at each device. */
struct met {
    struct map at;
    u8 salt;
};

static void note(struct met *m, u32 dev, u32 manner) {
    ++*map_put(&m->at, index_number_key(dev, m->salt, manner));
    ++*map_put(&m->at, index_number_key(dev, m->salt, 0));
}

static float share_of(const struct met *m, u32 dev, u32 manner) {
    u32 n = map_get(&m->at, index_number_key(dev, m->salt, manner));
    u32 all = map_get(&m->at, index_number_key(dev, m->salt, 0));
    return (float)(((double)n + 1) / ((double)all + 2));
}

void manners_count(struct index *x) {
    const struct weave *w = x->w;
    x->manners = base_new(w->nsums + 1, (isize)sizeof *x->manners);
    for (int k = 0; k < MANNERS; k++) {
        struct met reached = {.salt = 0}, sent = {.salt = 1};
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (s->kind != KIND_CALL || !s->manner[k]) continue;
            note(&reached, s->to_dev, s->manner[k]);
            note(&sent, s->from_dev, s->manner[k]);
        }
        for (isize i = 0; i < w->nsums; i++) {
            const struct sum *s = &w->sums[i];
            if (s->kind != KIND_CALL || !s->manner[k]) continue;
            /* where few of the legs are there, nobody knows how common that is */
            x->manners[i].reached[k] =
                w->climate ? 0.5F : share_of(&reached, s->to_dev, s->manner[k]);
            x->manners[i].sent[k] =
                w->climate ? 0.5F : share_of(&sent, s->from_dev, s->manner[k]);
        }
        map_drop(&reached.at);
        map_drop(&sent.at);
    }
}
