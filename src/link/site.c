/* site.c: the network that a leg goes to. A company's phones stand in one or a few, so the tries of one call go to one network, and
 * calls to one number do. How much that is worth each device shows by itself: boxes that all calls go to tell nothing. */
#include "link/pair.h"
#include "link/tally.h"

/* The first 24 bits of IPv4, the first 64 of IPv6: what one place is given. 0: no address. */
static u32 network_of(const struct endpoint *e) {
    isize n = e->family == 4 ? 3 : e->family == 6 ? 8 : 0;
    return n ? (u32)hash_bytes((str){e->ip, n}, e->family) | 1 : 0;
}

void sites_count(struct index *x) {
    const struct weave *w = x->w;
    struct tally met;
    tally_open(&met, w);
    x->sites = base_new(w->nsums + 1, (isize)sizeof *x->sites);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL || s->flags & SUM_RECORDING) continue;
        u32 site = network_of(&w->trace.endpoints[s->dst]);
        x->sites[i].network = site;
        tally_note(&met, i, s->from_dev, site);
    }
    for (isize i = 0; i < w->nsums; i++) {
        struct site *s = &x->sites[i];
        if (!s->network) continue;
        s->share = w->climate ? 0.5F : tally_share(&met, i, w->sums[i].from_dev);
    }
    x->site_of = met.row_of;
    x->nsites = met.n;
    met.row_of = NULL;
    tally_close(&met);
    x->gathered = base_new(w->ndevs + 1, (isize)sizeof *x->gathered);
}

/* Of two tries of one parent, how often the second goes to the network of the first for that reason. */
void sites_learn(struct index *x) {
    static const double NONE = 30; /* so many did not, before any was met */
    const struct weave *w = x->w;
    struct pairs {
        double same, chance, of;
    } *all = base_new(w->ndevs + 1, (isize)sizeof *all);
    for (u32 p = 0; (isize)p < w->nsums; p++) {
        struct clue_run kids = clues_find(&x->kids, p + (u64)1);
        for (isize i = 1; i < kids.n; i++) {
            u32 a = kids.rows[i - 1].leg, b = kids.rows[i].leg;
            const struct sum *s = &w->sums[a], *t = &w->sums[b];
            if (!x->sites[a].network || !x->sites[b].network) continue;
            if (s->from_dev != t->from_dev) continue;
            double sure = s->confidence * t->confidence;
            struct pairs *pairs = &all[s->from_dev];
            pairs->of += sure;
            pairs->chance += sure * (double)x->sites[b].share;
            if (x->sites[a].network == x->sites[b].network) pairs->same += sure;
        }
    }
    for (isize i = 0; i < w->ndevs; i++) {
        double more = all[i].same - all[i].chance;
        x->gathered[i] = more > 0 ? more / (all[i].of - all[i].chance + NONE) : 0;
    }
    base_free(all);
}

double sites_alike(const struct index *x, u32 a, u32 b) {
    const struct site *here = &x->sites[a], *there = &x->sites[b];
    if (!here->network || !there->network) return 1;
    double together = x->gathered[x->w->sums[b].from_dev];
    double same = here->network == there->network ? 1 / (double)there->share : 0;
    return together * same + 1 - together;
}
