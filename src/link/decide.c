/* decide.c: what people have decided by hand, against all evidence. The latest decision about a leg counts.
 *
 *     decide_resolve   leg ids -> rows of sums; before legs choose, so that decide_forbids can be asked
 *     decide_apply     after they chose: first all splits, then the joins, the latest first
 *
 * What one Call-ID holds together nobody takes apart: a decision about a later hop is about the first one of that Call-ID.
 * A join that would make a leg its own ancestor has no effect. */
#include "link/weave.h"

#include "base/map.h"
#include "base/time.h"

#include <math.h>

void weave_decide(struct weave *w, const struct decision *d) {
    w->decisions = base_grow(w->decisions, &w->cap_decisions, w->ndecisions + 1,
                             (isize)sizeof *w->decisions);
    struct decision *mine = &w->decisions[w->ndecisions++];
    *mine = *d;
    mine->leg = arena_copy(&w->said_by, d->leg);
    mine->other = arena_copy(&w->said_by, d->other);
    mine->who = arena_copy(&w->said_by, d->who);
}

void weave_decide_anew(struct weave *w) {
    w->ndecisions = 0;
    w->decided_anew++;
    arena_reset(&w->said_by);
}

/* ---- which legs are meant --------------------------------------------------------------------------- */

void decide_resolve(struct weave *w) {
    struct map place = {0}; /* id -> row + 1; UINT32_MAX: somebody asks for it */
    w->decided = base_grow(w->decided, &w->cap_decided, w->ndecisions + 1,
                           (isize)sizeof *w->decided);
    for (isize i = 0; i < w->ndecisions; i++) {
        u64 leg, other;
        if (!call_id_read(w->decisions[i].leg, &leg)) continue;
        if (!call_id_read(w->decisions[i].other, &other)) continue;
        *map_put(&place, leg) = UINT32_MAX;
        *map_put(&place, other) = UINT32_MAX;
    }
    for (u32 i = 0; place.n && (isize)i < w->nsums; i++) {
        if (!map_get(&place, w->sums[i].id)) continue;
        *map_put(&place, w->sums[i].id) = i + 1;
        w->sums[i].flags |= SUM_DECIDED;
    }
    for (isize i = 0; i < w->ndecisions; i++) {
        struct decided *d = &w->decided[i];
        u64 leg, other;
        *d = (struct decided){0};
        if (!call_id_read(w->decisions[i].leg, &leg)) continue;
        if (!call_id_read(w->decisions[i].other, &other)) continue;
        u32 a = map_get(&place, leg), b = map_get(&place, other);
        d->leg = a == UINT32_MAX ? 0 : a;
        d->other = b == UINT32_MAX ? 0 : b;
    }
    map_drop(&place);
    /* of two decisions about one leg the later one counts */
    for (isize i = w->ndecisions; i-- > 0;) {
        struct decided *d = &w->decided[i];
        if (!d->leg) continue;
        d->counts = !map_get(&place, d->leg);
        *map_put(&place, d->leg) = 1;
    }
    map_drop(&place);
}

/* The first leg of its call. While legs still choose there may be a circle: then any leg of it. */
static u32 top_of(const struct weave *w, u32 leg) {
    for (isize i = 0; i < w->nsums && w->sums[leg].parent; i++)
        leg = w->sums[leg].parent - 1;
    return leg;
}

bool decide_forbids(const struct weave *w, u32 leg, u32 root) {
    if (!(w->sums[leg].flags & SUM_DECIDED)) return false;
    for (isize i = 0; i < w->ndecisions; i++) {
        const struct decided *d = &w->decided[i];
        if (!d->counts || d->leg != leg + 1 || !d->other) continue;
        if (w->decisions[i].kind == DECISION_SPLIT)
            return top_of(w, d->other - 1) == top_of(w, root);
    }
    return false;
}

/* ---- their effect ------------------------------------------------------------------------------------- */

/* Does the way up from `leg` lead through `to`? */
static bool leads_to(const struct weave *w, u32 leg, u32 to) {
    for (isize i = 0; i <= w->nsums; i++) {
        if (leg == to) return true;
        if (!w->sums[leg].parent) return false;
        leg = w->sums[leg].parent - 1;
    }
    return true; /* a circle: whoever asks is to leave it alone */
}

/* The first hop of this leg's Call-ID. */
static u32 first_hop(const struct weave *w, u32 leg) {
    for (isize i = 0; i < w->nsums && leg_is_hop(w, &w->sums[leg]); i++)
        leg = w->sums[leg].parent - 1;
    return leg;
}

bool decide_joins(const struct weave *w, u32 leg) {
    for (isize i = 0; w->sums[leg].flags & SUM_DECIDED && i < w->ndecisions; i++) {
        const struct decided *d = &w->decided[i];
        if (!d->counts || !d->other || w->decisions[i].kind != DECISION_JOIN) continue;
        if (d->leg == leg + 1) return true;
    }
    return false;
}

static void cut(struct sum *s) {
    s->flags &= (u8)~SUM_GIVEN;
    s->parent = 0;
    s->confidence = 0;
    s->nproofs = 0;
}

/* They share a call no longer. Where `other` hangs on the leg, the way up from it is cut just below the leg. */
static void split(struct weave *w, u32 leg, u32 other) {
    if (top_of(w, leg) != top_of(w, other)) return;
    u32 first = first_hop(w, leg);
    if (!leads_to(w, other, first)) {
        cut(&w->sums[first]);
        return;
    }
    u32 last = UINT32_MAX; /* the last leg on the way whose parent has another Call-ID */
    for (u32 at = other; at != first; at = w->sums[at].parent - 1) {
        if (!leg_is_hop(w, &w->sums[at])) last = at;
    }
    if (last != UINT32_MAX) cut(&w->sums[last]);
}

/* What had been found before stays beside it, where that says the same. */
static void join(struct weave *w, u32 leg, u32 other, isize decision) {
    u32 first = first_hop(w, leg);
    struct sum *s = &w->sums[first];
    if (leads_to(w, other, first)) return;
    bool same = s->parent == other + 1;
    u32 have = same ? s->nproofs : 0;
    if (!same) s->flags &= (u8)~SUM_GIVEN;
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + have + 1,
                          (isize)sizeof *w->proofs);
    u32 at = (u32)w->nproofs;
    for (u32 i = 0; i < have; i++) w->proofs[w->nproofs++] = w->proofs[s->proofs_at + i];
    w->proofs[w->nproofs++] =
        (struct proof){EVIDENCE_BY_HAND, INFINITY, 0, (i64)decision};
    s->parent = other + 1;
    s->confidence = 1;
    s->proofs_at = at;
    s->nproofs = have + 1;
}

void decide_apply(struct weave *w) {
    for (isize i = 0; i < w->ndecisions; i++) {
        const struct decided *d = &w->decided[i];
        if (!d->counts || !d->other || w->decisions[i].kind != DECISION_SPLIT) continue;
        split(w, d->leg - 1, d->other - 1);
    }
    for (isize i = w->ndecisions; i-- > 0;) {
        const struct decided *d = &w->decided[i];
        if (!d->counts || !d->other || w->decisions[i].kind != DECISION_JOIN) continue;
        join(w, d->leg - 1, d->other - 1, i);
    }
}

/* ---- for people ----------------------------------------------------------------------------------------- */

str decide_words(const struct weave *w, const struct proof *p, arena *a) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const struct decision *d = &w->decisions[p->delta_us];
    struct civil t = time_to_civil(d->at_us);
    return arena_printf(a, "joined by hand by %.*s, %d %s %d %02d:%02d UTC",
                        (int)d->who.n, d->who.n ? (const char *)d->who.p : "", t.day,
                        months[t.month - 1], t.year, t.hour, t.minute);
}

u64 decide_signature(const struct weave *w, u32 leg) {
    u64 hash = 0;
    for (isize i = 0; i < w->ndecisions; i++) {
        const struct decided *d = &w->decided[i];
        if (d->leg == leg + 1 || d->other == leg + 1)
            hash = hash_mix(hash, (u64)w->decisions[i].n);
    }
    return hash;
}

void decide_view(const struct weave *w, const struct conversation *g, struct call *c,
                 arena *a) {
    u32 flags = 0, group = (u32)(g - w->groups);
    for (u32 k = 0; k < g->n; k++) flags |= w->sums[w->by_group[g->at + k]].flags;
    if (!(flags & SUM_DECIDED)) return;
    c->decisions = arena_new(a, struct decision, w->ndecisions);
    for (isize i = 0; i < w->ndecisions; i++) {
        const struct decided *d = &w->decided[i];
        bool mine = (d->leg && w->sums[d->leg - 1].group == group) ||
                    (d->other && w->sums[d->other - 1].group == group);
        if (!mine) continue;
        struct decision *to = &c->decisions[c->ndecisions++];
        *to = w->decisions[i];
        to->leg = arena_copy(a, to->leg);
        to->other = arena_copy(a, to->other);
        to->who = arena_copy(a, to->who);
    }
}
