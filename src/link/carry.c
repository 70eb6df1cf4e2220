/* carry.c: what of one weave goes on in the next one, when the oldest leaves the memory:
 *
 *     ···|───call───|···|──────|······|─────────|·············|────|··
 *      goes             goes │from_us   stays whole              stays
 *
 * A Call-ID stays or goes as one, and so does a call: its legs say what it is together. */
#include "link/weave.h"

#include <stdlib.h>

static int by_time(const void *a, const void *b) {
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

/* The time from which on there are no more than `most`. */
static i64 time_of_last(const struct weave *w, isize most) {
    isize n = w->trace.nseen;
    if (n <= most) return INT64_MIN;
    i64 *times = base_new(n, (isize)sizeof *times);
    for (isize i = 0; i < n; i++) times[i] = w->trace.times[i];
    qsort(times, (size_t)n, sizeof *times, by_time);
    i64 at = times[n - most];
    base_free(times);
    return at;
}

/* Call-IDs, by string number, of which something stays. */
static bool *ids_that_stay(const struct weave *w, struct carry *c) {
    bool *stays = base_new(w->trace.strings.n + 1, 1);
    for (isize i = 0; i < w->trace.nseen; i++) {
        if (w->trace.times[i] >= c->from_us) stays[w->trace.call_ids[i]] = true;
    }
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (stays[s->call_id]) c->calls[s->group] = true;
    }
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (c->calls[s->group]) stays[s->call_id] = true;
    }
    return stays;
}

struct carry weave_carry(const struct weave *w, i64 from_us, isize most) {
    struct carry c = {.from_us = i64_max(from_us, time_of_last(w, most)),
                      .seen = base_new(w->trace.nseen, 1),
                      .calls = base_new(w->ngroups + 1, 1)};
    bool *stays = ids_that_stay(w, &c);
    for (isize i = 0; i < w->trace.nseen; i++) {
        u32 id = w->trace.call_ids[i];
        c.seen[i] = w->trace.times[i] >= c.from_us || (id && stays[id]);
        c.nseen += c.seen[i];
    }
    base_free(stays);
    return c;
}

void carry_drop(struct carry *c) {
    base_free(c->seen);
    base_free(c->calls);
    *c = (struct carry){0};
}

struct sighting weave_sighting(const struct weave *w, isize row) {
    const struct seen *r = &w->trace.seen[row];
    must(r->flags & SEEN_KEPT);
    return (struct sighting){.time_us = w->trace.times[row],
                             .precision_us = r->precision_us,
                             .source = r->source,
                             .at = SIGHTING_NOWHERE,
                             .line = w->trace.places[row].line,
                             .src = w->trace.endpoints[r->src],
                             .dst = w->trace.endpoints[r->dst],
                             .transport = (enum transport)r->transport,
                             .vantage = (enum vantage)r->vantage,
                             .cut = (r->flags & SEEN_CUT) != 0,
                             .bytes = trace_bytes(&w->trace, (u32)row, NULL)};
}

static void give_legs(struct weave *w, const struct call *c) {
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *leg = &c->legs[i];
        struct given g = {.leg = leg->id,
                          .confidence = leg->confidence,
                          .evidence = leg->evidence,
                          .nevidence = leg->nevidence};
        if (leg->parent) g.parent = c->legs[leg->parent - 1].id;
        weave_given(w, &g);
    }
}

void weave_given_on(struct weave *w, struct weave *old, const struct carry *c,
                    i64 before_us, arena *view) {
    for (isize i = 0; i < old->ngroups; i++) {
        const struct conversation *g = &old->groups[i];
        if (!c->calls[i] || g->start_us >= before_us || g->kind != KIND_CALL) continue;
        arena before = *view;
        give_legs(w, weave_call(old, i, false, view));
        view->at = before.at;
    }
}
