/* view_maybe.c: what almost belongs to a call: calls that a leg of it could as well be in, and legs elsewhere that could be in
 * it. A leg that is where it is for certain has none. */
#include "link/view.h"

#include <stdlib.h>

enum { MAYBES_A_CALL = 8 };

static str percent(arena *a, double share) {
    return arena_printf(a, "%.0f %%", share < 0.99 ? share * 100 : 99);
}

/* Why the child is not there. */
static str why_not(const struct view *v, const struct link_maybe *m) {
    const struct sum *child = &v->w->sums[m->leg];
    if (child->parent && child->confidence > m->confidence) {
        str id = call_id_text(
            v->a, v->w->sums[v->w->by_group[v->w->groups[child->group].at]].id);
        if (view_number(v, m->leg))
            return arena_printf(v->a, "it fits better where it is (%.*s)",
                                STR(percent(v->a, child->confidence)));
        return arena_printf(v->a, "it fits better into call %.*s (%.*s)", STR(id),
                            STR(percent(v->a, child->confidence)));
    }
    return arena_printf(v->a, "the evidence reaches %.*s: a leg joins from 90 %% on",
                        STR(percent(v->a, m->confidence)));
}

static void maybe_add(struct view *v, const struct link_maybe *m, bool below) {
    const struct weave *w = v->w;
    u32 mine = below ? m->parent : m->leg, other = below ? m->leg : m->parent;
    const struct sum *o = &w->sums[other];
    if (view_number(v, other) || v->call->nmaybes == MAYBES_A_CALL) return;
    struct maybe *out = &v->call->maybes[v->call->nmaybes++];
    *out = (struct maybe){
        .leg = view_number(v, mine),
        .below = below,
        .other = call_id_text(v->a, o->id),
        .call = call_id_text(v->a, w->sums[w->by_group[w->groups[o->group].at]].id),
        .call_id = arena_copy(v->a, str_table_get(&w->trace.strings, o->call_id)),
        .from = view_label(v, o, FACT_FROM, 0),
        .to = view_label(v, o, FACT_TO, 0),
        .start_us = o->start_us,
        .confidence = m->confidence,
        .why_not = why_not(v, m),
    };
    out->evidence =
        view_evidence(v, m->leg, m->parent, m->proofs_at, m->nproofs, &out->nevidence);
}

static int likelier(const void *a, const void *b) {
    const struct maybe *x = a, *y = b;
    if (x->confidence != y->confidence) return x->confidence > y->confidence ? -1 : 1;
    return x->leg != y->leg ? x->leg - y->leg : str_cmp(x->other, y->other);
}

isize maybe_first(const struct weave *w, u32 leg, bool below) {
    isize low = 0, high = w->nmaybes;
    while (low < high) {
        isize middle = low + (high - low) / 2;
        u32 here =
            below ? w->maybes[w->maybes_below[middle]].parent : w->maybes[middle].leg;
        if (here < leg) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void view_maybes(struct view *v) {
    const struct weave *w = v->w;
    if (w->nmaybes == 0) return;
    v->call->maybes = arena_new(v->a, struct maybe, MAYBES_A_CALL);
    for (isize i = 0; i < (isize)v->g->n; i++) {
        u32 leg = view_leg(v, i);
        for (isize k = maybe_first(w, leg, false);
             k < w->nmaybes && w->maybes[k].leg == leg; k++)
            maybe_add(v, &w->maybes[k], false);
        for (isize k = maybe_first(w, leg, true); k < w->nmaybes; k++) {
            const struct link_maybe *m = &w->maybes[w->maybes_below[k]];
            if (m->parent != leg) break;
            maybe_add(v, m, true);
        }
    }
    if (v->call->nmaybes)
        qsort(v->call->maybes, (size_t)v->call->nmaybes, sizeof *v->call->maybes,
              likelier);
}
