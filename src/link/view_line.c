/* view_line.c: a call as one line of a list, from what is known of its legs; its messages are looked at only where the trace does not
 * have them in their order. */
#include "link/view.h"

/* One source has all of it, once, and in order: then legs are in the order of their first messages. */
static bool is_plain(const struct weave *w, const struct conversation *g) {
    if (only_lines(w)) return true;
    bool plain = w->trace.nsources == 1 && !w->more;
    for (u32 i = 0; i < g->n && plain; i++)
        plain = !w->sums[w->by_group[g->at + i]].tangled;
    return plain;
}

/* Recordings come last. */
static const struct sum *first_leg(const struct weave *w, const struct conversation *g) {
    const struct sum *first = NULL;
    u64 least = 0;
    for (u32 i = 0; i < g->n; i++) {
        const struct sum *s = &w->sums[w->by_group[g->at + i]];
        u64 recording = (s->flags & SUM_RECORDING) != 0;
        u64 place = recording << 32 | rank_of(w, w->msgs[s->at].seen);
        if (first && place > least) continue;
        first = s;
        least = place;
    }
    return first;
}

static bool is_end(const struct sum *s, u32 dev) {
    return s->from_dev == dev || s->to_dev == dev;
}

/* Of this device, or of the one at its other end: has a leg before it had it? */
static bool is_new(const struct weave *w, const struct conversation *g, u32 i, u32 dev) {
    while (i-- > 0) {
        if (is_end(&w->sums[w->by_group[g->at + i]], dev)) return false;
    }
    return true;
}

static isize count_devices(const struct weave *w, const struct conversation *g) {
    enum { FEW = 64 };
    struct map known = {0};
    isize n = 0;
    for (u32 i = 0; i < g->n; i++) {
        const struct sum *s = &w->sums[w->by_group[g->at + i]];
        bool one = s->from_dev == s->to_dev;
        if (g->n <= FEW) {
            n += is_new(w, g, i, s->from_dev) + (!one && is_new(w, g, i, s->to_dev));
        } else {
            *map_put(&known, s->from_dev + (u64)1) = 1;
            *map_put(&known, s->to_dev + (u64)1) = 1;
        }
    }
    if (known.n) n = known.n;
    map_drop(&known);
    return n;
}

static u32 coarsest(const struct weave *w, const struct conversation *g) {
    u32 most = w->mixed ? 1 : w->precision_us;
    for (u32 i = 0; i < g->n && w->mixed; i++) {
        const struct sum *s = &w->sums[w->by_group[g->at + i]];
        for (u32 k = 0; k < s->n; k++) {
            u32 one = msg_precision_us(w, &w->msgs[s->at + k]);
            if (one > most) most = one;
        }
    }
    return most;
}

struct call *weave_call_line(struct weave *w, isize i, arena *a) {
    const struct conversation *g = &w->groups[i];
    if (!is_plain(w, g)) return weave_call(w, i, false, a);
    struct call *c = arena_new(a, struct call, 1);
    struct view v = {.w = w, .g = g, .a = a, .call = c};
    const struct sum *s = first_leg(w, g);
    struct leg first = {
        .id = call_id_text(a, s->id),
        .from = view_label(&v, s, FACT_FROM, 0),
        .to = view_label(&v, s, FACT_TO, 0),
        .state = (enum call_state)s->state,
        .status = s->status,
        .start_us = s->start_us,
        .ring_us = s->ring_us,
        .answer_us = s->answer_us,
        .end_us = view_leg_end(s),
    };
    *c = (struct call){.kind = g->kind, .start_us = g->start_us, .nlegs = (isize)g->n};
    c->ndevices = count_devices(w, g);
    c->precision_us = coarsest(w, g);
    view_outcome(c, &first);
    return c;
}
