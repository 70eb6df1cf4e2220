/* manner.c: what kind of media is offered, whatever the addresses: for telling calls apart that nothing else does. */
#include "link/fact.h"

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
