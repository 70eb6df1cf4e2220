/* climate.c: how rare things are in the traffic around, where only a neighbourhood of it is in memory. The counts come from
 * outside (a database); what it does not know of is taken from the trace. */
#include "link/keys.h"
#include "link/pair.h"

struct climate_kept {
    double span_s, legs;
    struct map devices; /* device -> row + 1 */
    struct climate_device *rows;
    struct map numbers; /* of device and key -> row + 1 */
    u32 *counts;
};

static u64 number_key(u16 device, u32 key) {
    return (u64)device << 32 | key;
}

void climate_drop(struct weave *w) {
    struct climate_kept *k = w->climate;
    if (!k) return;
    map_drop(&k->devices);
    map_drop(&k->numbers);
    base_free(k->rows);
    base_free(k->counts);
    base_free(k);
    w->climate = NULL;
}

void weave_climate(struct weave *w, const struct climate *c) {
    climate_drop(w);
    struct climate_kept *k = w->climate = base_new(1, (isize)sizeof *k);
    k->span_s = c->span_s;
    k->legs = c->legs;
    k->rows = base_new(c->ndevices, (isize)sizeof *k->rows);
    k->counts = base_new(c->nnumbers, (isize)sizeof *k->counts);
    for (isize i = 0; i < c->ndevices; i++) {
        k->rows[i] = c->devices[i];
        *map_put(&k->devices, c->devices[i].device) = (u32)i + 1;
    }
    for (isize i = 0; i < c->nnumbers; i++) {
        k->counts[i] = c->numbers[i].n;
        *map_put(&k->numbers, number_key(c->numbers[i].device, c->numbers[i].key)) =
            (u32)i + 1;
    }
}

static const struct climate_device *device_of(const struct index *x, u32 dev) {
    const struct climate_kept *k = x->w->climate;
    u32 row = k ? map_get(&k->devices, key_device(x->w, dev)) : 0;
    return row ? &k->rows[row - 1] : NULL;
}

void climate_begin(struct index *x) {
    const struct climate_kept *k = x->w->climate;
    x->legs = (double)x->w->nsums;
    if (!k) return;
    x->span_s = k->span_s;
    x->legs = k->legs > x->legs ? k->legs : x->legs;
    for (u32 d = 0; (isize)d < x->w->ndevs; d++) {
        const struct climate_device *c = device_of(x, d);
        if (!c) continue;
        if (c->reaching > x->reaching[d]) x->reaching[d] = c->reaching;
        isize hidden = climate_number(x, d, 0, 0);
        if (hidden > x->withheld[d]) x->withheld[d] = (u32)hidden;
    }
}

isize climate_number(const struct index *x, u32 dev, u8 kind, u64 hash) {
    const struct climate_kept *k = x->w->climate;
    isize here = index_reached_by(x, hash, dev, kind).n;
    if (!k) return here;
    u32 key = hash ? key_number(kind, hash) : KEY_WITHHELD;
    u32 row = map_get(&k->numbers, number_key(key_device(x->w, dev), key));
    return row ? i64_max((isize)k->counts[row - 1], here) : here;
}
