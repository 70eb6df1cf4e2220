/* given.c: links that were made when more of the traffic was in sight. They hold for legs whose surroundings are not all in
 * the trace: the evidence that is there now is less than what made them. */
#include "link/weave.h"

struct given_leg {
    u64 parent; /* 0: it has none */
    double confidence;
    struct evidence *evidence;
    isize nevidence;
};

struct given_kept {
    struct map index; /* id of a leg -> row + 1 */
    struct given_leg *rows;
    isize n, cap;
    struct sight *sights;
    isize nsights, cap_sights;
    arena strings;
};

static struct given_kept *kept(struct weave *w) {
    if (!w->given) {
        w->given = base_new(1, (isize)sizeof *w->given);
        w->given->strings = arena_open((isize)4 << 30);
    }
    return w->given;
}

void given_drop(struct weave *w) {
    struct given_kept *g = w->given;
    if (!g) return;
    map_drop(&g->index);
    base_free(g->rows);
    base_free(g->sights);
    arena_close(&g->strings);
    base_free(g);
    w->given = NULL;
}

void weave_given(struct weave *w, const struct given *one) {
    struct given_kept *g = kept(w);
    u64 id = 0, parent = 0;
    if (!call_id_read(one->leg, &id)) return;
    if (one->parent.n && !call_id_read(one->parent, &parent)) return;
    u32 *place = map_put(&g->index, id);
    if (!*place) {
        g->rows = base_grow(g->rows, &g->cap, g->n + 1, (isize)sizeof *g->rows);
        *place = (u32)++g->n;
    }
    struct given_leg *mine = &g->rows[*place - 1];
    *mine = (struct given_leg){parent, one->confidence, NULL, one->nevidence};
    mine->evidence = arena_new(&g->strings, struct evidence, one->nevidence);
    for (isize i = 0; i < one->nevidence; i++) {
        const struct evidence *e = &one->evidence[i];
        mine->evidence[i] = (struct evidence){arena_copy(&g->strings, e->kind),
                                              arena_copy(&g->strings, e->text), e->bits};
    }
}

void weave_sights(struct weave *w, const struct sight *s, isize n) {
    struct given_kept *g = kept(w);
    g->nsights = 0;
    for (isize i = 0; i < n; i++) {
        g->sights = base_grow(g->sights, &g->cap_sights, i + 1, (isize)sizeof *g->sights);
        g->sights[g->nsights++] = s[i];
    }
}

static bool in_sight(const struct given_kept *g, i64 at_us) {
    for (isize i = 0; i < g->nsights; i++) {
        if (at_us >= g->sights[i].low_us && at_us < g->sights[i].high_us) return true;
    }
    return false;
}

static u8 kind_of(str name) {
    for (int k = 0; k < EVIDENCE_COUNT; k++) {
        if (str_eq(name, str_z(evidence_name((enum evidence_kind)k)))) return (u8)k;
    }
    return EVIDENCE_COUNT;
}

/* The trigger stands first, as leg_cause wants it. */
static void take_proofs(struct weave *w, struct sum *s, const struct given_leg *g) {
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + g->nevidence + 1,
                          (isize)sizeof *w->proofs);
    s->proofs_at = (u32)w->nproofs;
    for (isize i = 0; i < g->nevidence; i++) {
        u8 kind = kind_of(g->evidence[i].kind);
        if (kind == EVIDENCE_COUNT || kind == EVIDENCE_BY_HAND) continue;
        struct proof *rows = &w->proofs[s->proofs_at], mine = {.kind = kind};
        mine.bits = (float)g->evidence[i].bits;
        isize at = w->nproofs++ - (isize)s->proofs_at;
        rows[at] = mine;
        if (kind > EVIDENCE_AFTER_HOLD || at == 0) continue;
        rows[at] = rows[0];
        rows[0] = mine;
    }
    s->nproofs = (u32)w->nproofs - s->proofs_at;
}

static bool by_hand(const struct given_leg *g) {
    for (isize i = 0; i < g->nevidence; i++) {
        if (kind_of(g->evidence[i].kind) == EVIDENCE_BY_HAND) return true;
    }
    return false;
}

void given_apply(struct weave *w) {
    const struct given_kept *g = w->given;
    if (!g || !g->n) return;
    struct map rows = {0};
    for (isize i = 0; i < w->nsums; i++) *map_put(&rows, w->sums[i].id) = (u32)i + 1;
    for (isize i = 0; i < w->nsums; i++) {
        struct sum *s = &w->sums[i];
        u32 place = map_get(&g->index, s->id);
        if (!place || in_sight(g, s->start_us) || s->kind != KIND_CALL) continue;
        const struct given_leg *mine = &g->rows[place - 1];
        u32 parent = mine->parent ? map_get(&rows, mine->parent) : 0;
        if (mine->parent && (!parent || parent == (u32)i + 1)) continue;
        if (by_hand(mine) && !decide_joins(w, (u32)i)) continue; /* undone since */
        s->flags |= SUM_GIVEN;
        s->parent = parent;
        /* of a leg without a parent nobody has told how nearly it had one: that is weighed again */
        s->confidence = parent ? mine->confidence : 0.5;
        s->likeliest = parent;
        s->share = s->confidence;
        s->nproofs = 0;
        if (parent) take_proofs(w, s, mine);
    }
    map_drop(&rows);
}

const struct evidence *given_evidence(const struct weave *w, const struct sum *s,
                                      isize *n) {
    const struct given_leg *g = &w->given->rows[map_get(&w->given->index, s->id) - 1];
    *n = g->nevidence;
    return g->evidence;
}

bool weave_call_given(const struct weave *w, isize i) {
    const struct conversation *g = &w->groups[i];
    bool all = true;
    for (u32 k = 0; k < g->n && all; k++)
        all = (w->sums[w->by_group[g->at + k]].flags & SUM_GIVEN) != 0;
    return all;
}

double given_span_s(const struct weave *w, i64 first_us, i64 last_us) {
    double sum = 0;
    for (isize i = 0; w->given && i < w->given->nsights; i++) {
        i64 low = i64_max(w->given->sights[i].low_us, first_us);
        i64 high = i64_min(w->given->sights[i].high_us, last_us);
        if (high > low) sum += (double)(high - low) / 1e6;
    }
    return sum;
}
