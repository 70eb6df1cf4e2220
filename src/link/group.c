/* group.c: legs that hang together are one conversation; and what each of its legs is for. */
#include "link/weave.h"

static u32 root_of(const struct weave *w, u32 leg) {
    for (isize steps = 0; w->sums[leg].parent && steps <= w->nsums; steps++) {
        leg = w->sums[leg].parent - 1;
    }
    return leg;
}

/* The start, then what the logs say about equal starts, then the id: the same whatever came first. */
static bool starts_before(const struct weave *w, u32 a, u32 b) {
    const struct sum *x = &w->sums[a], *y = &w->sums[b];
    if (x->start_us != y->start_us) return x->start_us < y->start_us;
    return x->id < y->id;
}

static void sort_legs(const struct weave *w, u32 *legs, isize n) {
    for (isize i = 1; i < n; i++) { /* few, and nearly sorted already */
        u32 leg = legs[i];
        isize at = i;
        for (; at > 0 && starts_before(w, leg, legs[at - 1]); at--)
            legs[at] = legs[at - 1];
        legs[at] = leg;
    }
}

static bool leaves_for_outside(const struct weave *w, const struct sum *s) {
    for (u32 k = 0; k < s->nfacts; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->kind != FACT_TO) continue;
        isize digits = 0;
        str user = str_table_get(&w->trace.strings, f->label);
        for (isize i = 0; i < user.n; i++) digits += is_digit(user.p[i]);
        return digits >= 7 && digits + 1 >= user.n;
    }
    return false;
}

/* `children` counts the children of each leg that are no recordings. */
static enum leg_role role_of(const struct weave *w, u32 leg, const u32 *children) {
    const struct sum *s = &w->sums[leg];
    if (s->flags & SUM_RECORDING) return ROLE_RECORDING;
    if (!s->parent) return s->flags & SUM_TRANSFER ? ROLE_TRANSFER : ROLE_INCOMING;
    u8 why = s->nproofs ? w->proofs[s->proofs_at].kind : EVIDENCE_TIMING;
    if (s->flags & SUM_TRANSFER || why == EVIDENCE_AFTER_REFER) return ROLE_TRANSFER;
    bool fork = children[s->parent - 1] > 1, last = children[leg] == 0;
    bool deep = w->sums[s->parent - 1].parent != 0;
    if (last && deep && leaves_for_outside(w, s) && !fork) return ROLE_GATEWAY;
    return fork ? ROLE_FORK : ROLE_HOP;
}

static void assign_roles(struct weave *w) {
    u32 *children = base_grow(NULL, &(isize){0}, w->nsums + 1, (isize)sizeof *children);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->parent && !(s->flags & SUM_RECORDING)) children[s->parent - 1]++;
    }
    for (isize i = 0; i < w->nsums; i++)
        w->sums[i].role = (u8)role_of(w, (u32)i, children);
    base_free(children);
}

static void conversation_add(struct weave *w, u32 at, u32 n) {
    w->groups =
        base_grow(w->groups, &w->cap_groups, w->ngroups + 1, (isize)sizeof *w->groups);
    struct conversation *g = &w->groups[w->ngroups++];
    *g = (struct conversation){.at = at, .n = n};
    sort_legs(w, w->by_group + at, n);
    const struct sum *first = &w->sums[w->by_group[at]];
    g->start_us = first->start_us;
    g->kind = first->kind;
    for (u32 i = 0; i < n; i++) {
        enum call_kind kind = w->sums[w->by_group[at + i]].kind;
        if (kind < g->kind) g->kind = kind;
    }
}

void group_legs(struct weave *w) {
    isize cap = 0, n = w->nsums;
    struct sort_row *rows = base_grow(NULL, &cap, n + 1, (isize)sizeof *rows);
    w->by_group =
        base_grow(w->by_group, &w->cap_by_group, n + 1, (isize)sizeof *w->by_group);
    w->ngroups = 0;
    assign_roles(w);
    for (isize i = 0; i < n; i++) {
        rows[i] = (struct sort_row){w->join_all ? 0 : root_of(w, (u32)i), (u64)i};
    }
    sort_rows(rows, n);
    for (isize i = 0; i < n; i++) w->by_group[i] = (u32)rows[i].value;
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        conversation_add(w, (u32)i, (u32)(j - i));
    }
    /* by start, oldest first */
    for (isize i = 0; i < w->ngroups; i++) {
        rows[i] = (struct sort_row){(u64)w->groups[i].start_us ^ (u64)1 << 63, (u64)i};
    }
    sort_rows(rows, w->ngroups);
    struct conversation *sorted =
        base_grow(NULL, &(isize){0}, w->ngroups + 1, (isize)sizeof *sorted);
    for (isize i = 0; i < w->ngroups; i++) {
        sorted[i] = w->groups[rows[i].value];
        for (u32 k = 0; k < sorted[i].n; k++) {
            w->sums[w->by_group[sorted[i].at + k]].group = (u32)i;
        }
    }
    base_free(w->groups);
    w->groups = sorted;
    w->cap_groups = w->ngroups + 1;
    base_free(rows);
}
