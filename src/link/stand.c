/* stand.c: what was decided stands until something comes that has to do with it. After the first weave_link each further one decides
 * only
 *
 *     a leg that is new, has new messages, or goes between other devices than before
 *     all legs of a call of which one has changed so
 *     a leg that is not sure, when one of the calls that it may belong to has changed so
 *     a leg that was there when something new happened, or began up to three minutes later: it could have a new parent
 *
 * Of these a leg about which there was no doubt, and of which nothing that is new can be the parent, weighs the claims that it had.
 * And everything is decided, while there are few legs, whenever they are twice as many as the last time; when a decision is made by hand, or when two addresses turn
 * out to be one device. All others are settled, with their evidence and with what they nearly belong to: they teach what devices do,
 * and use up what the others could claim, as links that were told (given.c) do. */
#include "link/claim.h"

enum {
    WINDOW_US = 180 * 1000000, /* as in choice.c */
    SLACK_US = 500000,
    SAME_US = 20000, /* the common clock is estimated anew each time */
    CHANGES = 16,
    GAP_US = 5000000, /* changes nearer than this are one */
    LEGS_AT_FIRST = 64,
    LEGS_LEARNED = 4000, /* so many have taught what there is to learn */
};

/* A leg as the last link left it. Other legs are named by their ids, 0: none. */
struct kept_leg {
    u64 id, parent, likeliest;
    u64 ends; /* its devices, by name */
    i64 start_us, last_us;
    double share, confidence, none;
    u32 group, likeliest_group;
    u32 n; /* messages */
    u32 proofs_at, nproofs, maybes_at, nmaybes;
    u32 claims_at, nclaims;
    double rest; /* of parents that have no claim of their own here */
    bool sure;   /* one of the claims is beyond doubt, or none is there */
    bool twice;  /* two legs have this id */
};

struct kept_maybe {
    u64 parent;
    u32 group; /* of the parent */
    double confidence;
    u32 proofs_at, nproofs;
};

struct kept_claim {
    u64 parent;
    struct claim claim;
};

/* What the last link has noted of a leg, beside what is in sums: its claims are noted_claims[at .. at + n). */
struct noted {
    double none, rest;
    u32 at, n;
    bool sure;
};

struct keeping {
    struct kept_leg *legs;
    struct kept_maybe *maybes;
    struct proof *proofs;
    struct kept_claim *claims;
    isize nclaims, cap_claims;
    isize nlegs, cap_legs, nmaybes, cap_maybes, nproofs, cap_proofs;
    isize ngroups;
    struct map index;    /* id -> row of legs + 1 */
    u32 *row_of;         /* by row of sums: row of legs + 1, of those that are settled */
    struct map sums;     /* id -> row of sums + 1 */
    struct noted *noted; /* by row of sums */
    isize cap_noted, nnoted;
    struct claim *noted_claims;
    isize nnoted_claims, cap_noted_claims;
    bool *again;   /* by row of sums: open, and its claims are known; row_of has it */
    isize linked;  /* rows of seen[] that the last link had */
    isize full_at; /* legs, when all was decided anew */
    u64 world;     /* what makes all links doubtful when it changes */
    struct sight changes[CHANGES];
    isize nchanges;
    bool fresh; /* nothing was linked yet */
};

void weave_keep(struct weave *w) {
    if (w->keep) return;
    w->keep = base_new(1, (isize)sizeof *w->keep);
    w->keep->fresh = true;
}

static void forget(struct keeping *k) {
    map_drop(&k->index);
    map_drop(&k->sums);
    base_free(k->row_of);
    k->row_of = NULL;
    base_free(k->again);
    k->again = NULL;
    k->nlegs = k->nmaybes = k->nproofs = k->nclaims = 0;
}

void stand_drop(struct weave *w) {
    struct keeping *k = w->keep;
    if (!k) return;
    forget(k);
    base_free(k->legs);
    base_free(k->maybes);
    base_free(k->proofs);
    base_free(k->claims);
    base_free(k->noted_claims);
    base_free(k->noted);
    base_free(k);
    w->keep = NULL;
}

/* ---- what the last link has left ------------------------------------------------------------------------ */

static u64 device_name(const struct weave *w, u32 dev) {
    return hash_nocase(w->devs[dev].name, 0);
}

static u64 ends_of(const struct weave *w, const struct sum *s) {
    return hash_mix(device_name(w, s->from_dev), device_name(w, s->to_dev));
}

static u64 id_of(const struct weave *w, u32 leg) {
    return leg ? w->sums[leg - 1].id : 0;
}

/* `labels`: of the other trace; NULL: it is this one. */
static u32 copy_proofs(struct keeping *k, const struct weave *w, u32 at, u32 n,
                       struct trace *labels) {
    u32 to = (u32)k->nproofs;
    k->proofs = base_grow(k->proofs, &k->cap_proofs, k->nproofs + n + 1,
                          (isize)sizeof *k->proofs);
    for (u32 i = 0; i < n; i++) {
        struct proof p = w->proofs[at + i];
        if (labels && p.label)
            p.label = trace_label(labels, str_table_get(&w->trace.strings, p.label));
        k->proofs[k->nproofs++] = p;
    }
    return to;
}

static void take_maybes(struct keeping *k, const struct weave *w, u32 leg,
                        struct kept_leg *to, struct trace *labels) {
    to->maybes_at = (u32)k->nmaybes;
    for (isize i = maybe_first(w, leg, false); i < w->nmaybes && w->maybes[i].leg == leg;
         i++) {
        const struct link_maybe *m = &w->maybes[i];
        k->maybes = base_grow(k->maybes, &k->cap_maybes, k->nmaybes + 1,
                              (isize)sizeof *k->maybes);
        k->maybes[k->nmaybes++] = (struct kept_maybe){
            .parent = w->sums[m->parent].id,
            .group = w->sums[m->parent].group,
            .confidence = m->confidence,
            .proofs_at = copy_proofs(k, w, m->proofs_at, m->nproofs, labels),
            .nproofs = m->nproofs};
    }
    to->nmaybes = (u32)k->nmaybes - to->maybes_at;
}

static u32 take_claims(struct keeping *k, const struct weave *w, const struct keeping *of,
                       const struct noted *noted) {
    u32 at = (u32)k->nclaims;
    k->claims = base_grow(k->claims, &k->cap_claims, k->nclaims + noted->n + 1,
                          (isize)sizeof *k->claims);
    for (u32 i = 0; i < noted->n; i++) {
        const struct claim *a = &of->noted_claims[noted->at + i];
        k->claims[k->nclaims++] = (struct kept_claim){w->sums[a->parent].id, *a};
    }
    return at;
}

static void take_leg(struct keeping *k, const struct weave *w, u32 leg,
                     const struct keeping *of, struct trace *labels) {
    const struct noted *noted = &of->noted[leg];
    const struct sum *s = &w->sums[leg];
    struct kept_leg mine = {
        .id = s->id,
        .parent = id_of(w, s->parent),
        .likeliest = id_of(w, s->likeliest),
        .ends = ends_of(w, s),
        .start_us = s->start_us,
        .last_us = s->last_us,
        .share = s->share,
        .confidence = s->confidence,
        .none = noted->none,
        .claims_at = take_claims(k, w, of, noted),
        .nclaims = noted->n,
        .rest = noted->rest,
        .sure = noted->sure,
        .group = s->group,
        .likeliest_group = s->likeliest ? w->sums[s->likeliest - 1].group : s->group,
        .n = s->n,
        .nproofs = s->nproofs,
    };
    if (mine.nproofs)
        mine.proofs_at = copy_proofs(k, w, s->proofs_at, s->nproofs, labels);
    take_maybes(k, w, leg, &mine, labels);
    u32 *place = map_put(&k->index, s->id);
    if (*place) {
        k->legs[*place - 1].twice = true;
        return;
    }
    k->legs = base_grow(k->legs, &k->cap_legs, k->nlegs + 1, (isize)sizeof *k->legs);
    k->legs[k->nlegs++] = mine;
    *place = (u32)k->nlegs;
}

static void take_all(struct keeping *k, const struct weave *w, const struct keeping *of,
                     struct trace *labels) {
    forget(k);
    k->ngroups = w->ngroups;
    for (u32 i = 0; (isize)i < w->nsums && w->nsums == of->nnoted; i++) {
        if (w->sums[i].kind == KIND_CALL) take_leg(k, w, i, of, labels);
    }
}

void stand_take(struct weave *w) {
    struct keeping *k = w->keep;
    if (k && !k->fresh && !k->index.n) take_all(k, w, k, NULL);
}

void weave_keep_from(struct weave *w, const struct weave *old) {
    if (!old->keep) return;
    weave_keep(w);
    struct keeping *k = w->keep;
    if (old->keep->fresh) return;
    take_all(k, old, old->keep, &w->trace);
    k->fresh = false;
    k->full_at = old->keep->full_at;
    k->world = old->keep->world;
    k->linked = w->trace.nseen;
}

void stand_note(struct claims *c, struct weave *w) {
    struct keeping *k = w->keep;
    if (!k) return;
    for (u32 i = 0; (isize)i < w->nsums; i++) (void)claims_show(c, i);
    k->noted = base_grow(k->noted, &k->cap_noted, w->nsums + 1, (isize)sizeof *k->noted);
    k->nnoted_claims = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct claimed *leg = &c->legs[i];
        k->noted_claims =
            base_grow(k->noted_claims, &k->cap_noted_claims,
                      k->nnoted_claims + leg->n + 1, (isize)sizeof *k->noted_claims);
        k->noted[i] = (struct noted){.none = c->x->none_of[i],
                                     .rest = leg->rest,
                                     .at = (u32)k->nnoted_claims,
                                     .n = leg->n,
                                     .sure = leg->sure};
        for (u32 m = 0; m < leg->n; m++) {
            const struct claim *a = &c->rows[leg->at + m];
            if (leg->sure || a->parent + 1 == w->sums[i].parent)
                k->noted_claims[k->nnoted_claims++] = *a;
        }
        k->noted[i].n = (u32)k->nnoted_claims - k->noted[i].at;
    }
    k->nnoted = w->nsums;
}

/* ---- what has changed since -------------------------------------------------------------------------------- */

/* Which addresses are one device, and what people have decided. */
static u64 world_of(const struct weave *w) {
    u64 hash = (u64)w->ndecisions << 32 | w->decided_anew, twins = 0;
    for (u32 i = 0; (isize)i < w->ndevs; i++) {
        if (w->twin_of[i] != i)
            twins += hash_mix(device_name(w, i), device_name(w, w->twin_of[i]));
    }
    return hash_mix(hash, twins);
}

static void note_change(struct keeping *k, i64 low_us, i64 high_us) {
    for (isize i = 0; i < k->nchanges; i++) {
        struct sight *s = &k->changes[i];
        bool apart = high_us < s->low_us - GAP_US || low_us > s->high_us + GAP_US;
        if (apart && i < CHANGES - 1) continue;
        s->low_us = i64_min(s->low_us, low_us);
        s->high_us = i64_max(s->high_us, high_us);
        return;
    }
    k->changes[k->nchanges++] = (struct sight){low_us, high_us};
}

static bool is_near(i64 a, i64 b) {
    return a - b <= SAME_US && b - a <= SAME_US;
}

static bool as_before(const struct weave *w, const struct kept_leg *k,
                      const struct sum *s) {
    return !k->twice && k->n == s->n && is_near(k->start_us, s->start_us) &&
           is_near(k->last_us, s->last_us) && k->ends == ends_of(w, s);
}

/* Marks the calls of which a leg has changed, or is gone; finds the legs that are as they were. */
static bool *find_changed_calls(struct weave *w) {
    struct keeping *k = w->keep;
    bool *changed = base_new(k->ngroups + 1, 1);
    bool *there = base_new(k->nlegs + 1, 1);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL) continue;
        u32 row = map_get(&k->index, s->id);
        bool told = (s->flags & SUM_GIVEN) != 0;
        *map_put(&k->sums, s->id) = (u32)i + 1;
        if (!row && !told) note_change(k, s->start_us, s->last_us);
        if (!row) continue;
        there[row - 1] = true;
        k->row_of[i] = row;
        if (!as_before(w, &k->legs[row - 1], s)) changed[k->legs[row - 1].group] = true;
    }
    for (isize i = 0; i < k->nlegs; i++) {
        if (!there[i]) changed[k->legs[i].group] = true;
    }
    base_free(there);
    return changed;
}

/* When something new has happened. What was fetched for a call that is decided is not new. */
static void find_changes(struct weave *w) {
    for (isize i = 0; i < w->nmsgs; i++) {
        const struct msg *m = &w->msgs[i];
        bool told = (w->sums[msg_leg(w, m)].flags & SUM_GIVEN) != 0;
        if ((isize)m->seen < w->keep->linked || told) continue;
        note_change(w->keep, m->time_us, m->time_us);
    }
}

static bool was_there(const struct keeping *k, const struct sum *s, i64 slack_us) {
    for (isize i = 0; i < k->nchanges; i++) {
        const struct sight *c = &k->changes[i];
        if (s->last_us + slack_us >= c->low_us &&
            s->start_us <= c->high_us + WINDOW_US + slack_us)
            return true;
    }
    return false;
}

static bool is_doubtful(const struct keeping *k, const struct kept_leg *l,
                        const bool *changed) {
    bool any = changed[l->group] || changed[l->likeliest_group];
    for (u32 i = 0; i < l->nmaybes && !any; i++)
        any = changed[k->maybes[l->maybes_at + i].group];
    return any;
}

/* ---- what stands ------------------------------------------------------------------------------------------ */

static u32 put_proofs(struct weave *w, u32 at, u32 n) {
    u32 to = (u32)w->nproofs;
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + n + 1,
                          (isize)sizeof *w->proofs);
    for (u32 i = 0; i < n; i++) w->proofs[w->nproofs++] = w->keep->proofs[at + i];
    return to;
}

/* The claim of the leg's parent; NULL: it is not known. */
static const struct claim *parents_claim(const struct keeping *k,
                                         const struct kept_leg *l) {
    for (u32 i = 0; i < l->nclaims; i++) {
        const struct kept_claim *a = &k->claims[l->claims_at + i];
        if (a->parent == l->parent) return &a->claim;
    }
    return NULL;
}

static bool settle(struct weave *w, struct sum *s, const struct kept_leg *l) {
    const struct keeping *k = w->keep;
    u32 parent = l->parent ? map_get(&k->sums, l->parent) : 0;
    if (l->parent && (!parent || !parents_claim(k, l))) return false;
    s->kept = true;
    s->parent = parent;
    s->likeliest = l->likeliest ? map_get(&k->sums, l->likeliest) : 0;
    s->share = l->share;
    s->confidence = l->confidence;
    s->nproofs = l->nproofs;
    if (l->nproofs) s->proofs_at = put_proofs(w, l->proofs_at, l->nproofs);
    return true;
}

/* Something new may be its parent. */
static bool may_be_late(const struct keeping *k, const struct sum *s, i64 slack_us) {
    for (isize i = 0; i < k->nchanges; i++) {
        const struct sight *c = &k->changes[i];
        if (c->low_us <= s->start_us + slack_us &&
            s->start_us <= c->high_us + WINDOW_US + slack_us)
            return true;
    }
    return false;
}

static void settle_all(struct weave *w) {
    struct keeping *k = w->keep;
    i64 slack_us = SLACK_US + (w->coarse ? 4 * SLACK_US : 0);
    k->row_of = base_new(w->nsums + 1, (isize)sizeof *k->row_of);
    k->again = base_new(w->nsums + 1, 1);
    k->nchanges = 0;
    bool *changed = find_changed_calls(w);
    find_changes(w);
    for (isize i = 0; i < w->nsums; i++) {
        struct sum *s = &w->sums[i];
        u32 row = k->row_of[i];
        bool other = s->flags & (SUM_GIVEN | SUM_DECIDED) || leg_is_hop(w, s);
        k->row_of[i] = 0;
        if (!row || other) continue;
        const struct kept_leg *l = &k->legs[row - 1];
        bool stands =
            !is_doubtful(k, l, changed) && !was_there(k, s, slack_us) && settle(w, s, l);
        bool again = !stands && l->sure && !l->twice && l->ends == ends_of(w, s) &&
                     is_near(l->start_us, s->start_us) && !may_be_late(k, s, slack_us);
        if (stands || again) k->row_of[i] = row;
        k->again[i] = again;
    }
    base_free(changed);
}

/* Its claims, as far as their legs are still there, to be weighed again. */
static void put_claims(struct claims *c, u32 leg) {
    const struct keeping *k = c->x->w->keep;
    const struct kept_leg *l = &k->legs[k->row_of[leg] - 1];
    c->legs[leg].rest = l->rest;
    c->legs[leg].sure = true;
    for (u32 i = 0; i < l->nclaims; i++) {
        struct claim a = k->claims[l->claims_at + i].claim;
        u32 parent = map_get(&k->sums, k->claims[l->claims_at + i].parent);
        if (!parent || parent == leg + 1) continue;
        a.parent = parent - 1;
        claim_put(c, leg, &a);
    }
}

void stand_again(struct claims *c) {
    const struct keeping *k = c->x->w->keep;
    for (u32 i = 0; k && k->again && (isize)i < c->x->w->nsums; i++) {
        if (k->again[i] && c->legs[i].open) put_claims(c, i);
    }
}

void stand_apply(struct weave *w) {
    struct keeping *k = w->keep;
    if (!k) return;
    u64 world = world_of(w);
    bool more = k->full_at < LEGS_LEARNED && w->nsums >= 2 * k->full_at;
    bool all = k->fresh || more || world != k->world;
    k->world = world;
    k->fresh = false;
    if (all) {
        k->full_at = i64_max(w->nsums, LEGS_AT_FIRST);
        forget(k);
    } else {
        settle_all(w);
    }
    k->linked = w->trace.nseen;
}

void stand_tell(struct index *x) {
    const struct keeping *k = x->w->keep;
    for (isize i = 0; k && k->row_of && i < x->w->nsums; i++) {
        if (k->row_of[i] && !k->again[i])
            index_note(x, (u32)i, k->legs[k->row_of[i] - 1].none);
    }
}

struct claim stand_claim(const struct claims *k, u32 c) {
    const struct keeping *keep = k->x->w->keep;
    struct claim a = *parents_claim(keep, &keep->legs[keep->row_of[c] - 1]);
    a.parent = k->x->w->sums[c].parent - 1;
    return a;
}

void stand_maybes(struct weave *w, u32 leg) {
    const struct keeping *k = w->keep;
    const struct kept_leg *l = &k->legs[k->row_of[leg] - 1];
    for (u32 i = 0; i < l->nmaybes; i++) {
        const struct kept_maybe *m = &k->maybes[l->maybes_at + i];
        u32 parent = map_get(&k->sums, m->parent);
        if (!parent) continue;
        w->maybes = base_grow(w->maybes, &w->cap_maybes, w->nmaybes + 1,
                              (isize)sizeof *w->maybes);
        w->maybes[w->nmaybes++] =
            (struct link_maybe){.leg = leg,
                                .parent = parent - 1,
                                .confidence = m->confidence,
                                .proofs_at = put_proofs(w, m->proofs_at, m->nproofs),
                                .nproofs = m->nproofs};
    }
}

void stand_done(struct weave *w) {
    if (w->keep) forget(w->keep);
}
