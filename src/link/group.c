/* group.c: legs that hang together are one conversation; and what each of its legs is for. */
#include "link/weave.h"
#include "trace/number.h"

/* By start, then id: the same whatever came first. */
static void sort_legs(const struct weave *w, u32 *legs, isize n, struct sort_row *rows) {
    for (isize i = 0; i < n; i++) {
        rows[i] = (struct sort_row){sort_time(w->sums[legs[i]].start_us), legs[i]};
    }
    sort_rows(rows, n); /* rows of sums are canonical themselves */
    for (isize i = 0; i < n; i++) legs[i] = (u32)rows[i].value;
}

/* For each leg the first of its call: parents' parents, looked up once each. */
static u32 *find_roots(const struct weave *w) {
    u32 *root = base_new(w->nsums + 1, (isize)sizeof *root);
    u32 *way = base_new(w->nsums + 1, (isize)sizeof *way);
    for (u32 i = 0; (isize)i < w->nsums; i++) { /* root + 1; 0: not known yet */
        isize n = 0;
        u32 at = i;
        while (!root[at] && w->sums[at].parent) {
            way[n++] = at;
            at = w->sums[at].parent - 1;
        }
        if (!root[at]) root[at] = at + 1;
        while (n > 0) root[way[--n]] = root[at];
    }
    base_free(way);
    return root;
}

static bool leaves_for_outside(const struct weave *w, const struct sum *s) {
    for (u32 k = 0; k < s->nfacts; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->kind != FACT_TO) continue;
        struct number n = number_read(str_table_get(&w->trace.strings, f->label));
        return n.ndigits >= NUMBER_WHOLE;
    }
    return false;
}

/* `children` counts the children of each leg that are no recordings. */
static enum leg_role role_of(const struct weave *w, u32 leg, const u32 *children) {
    const struct sum *s = &w->sums[leg];
    if (s->flags & SUM_RECORDING) return ROLE_RECORDING;
    if (!s->parent) return s->flags & SUM_TRANSFER ? ROLE_TRANSFER : ROLE_INCOMING;
    if (s->flags & SUM_TRANSFER || leg_cause(w, s) == EVIDENCE_AFTER_REFER)
        return ROLE_TRANSFER;
    bool fork = children[s->parent - 1] > 1, last = children[leg] == 0;
    bool deep = w->sums[s->parent - 1].parent != 0;
    if (fork) return ROLE_FORK;
    return last && deep && leaves_for_outside(w, s) ? ROLE_GATEWAY : ROLE_HOP;
}

static void assign_roles(struct weave *w) {
    u32 *children = base_new(w->nsums + 1, (isize)sizeof *children);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->parent && !(s->flags & SUM_RECORDING)) children[s->parent - 1]++;
    }
    for (isize i = 0; i < w->nsums; i++)
        w->sums[i].role = (u8)role_of(w, (u32)i, children);
    base_free(children);
}

static void conversation_add(struct weave *w, u32 at, u32 n, struct sort_row *scratch) {
    w->groups =
        base_grow(w->groups, &w->cap_groups, w->ngroups + 1, (isize)sizeof *w->groups);
    struct conversation *g = &w->groups[w->ngroups++];
    *g = (struct conversation){.at = at, .n = n};
    sort_legs(w, w->by_group + at, n, scratch);
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
    struct sort_row *scratch = base_new(n + 1, (isize)sizeof *scratch);
    u32 *root = find_roots(w);
    w->by_group =
        base_grow(w->by_group, &w->cap_by_group, n + 1, (isize)sizeof *w->by_group);
    w->ngroups = 0;
    if (!only_lines(w)) assign_roles(w);
    for (isize i = 0; i < n; i++) {
        rows[i] = (struct sort_row){w->join_all ? 0 : root[i], (u64)i};
    }
    sort_rows(rows, n);
    for (isize i = 0; i < n; i++) w->by_group[i] = (u32)rows[i].value;
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        conversation_add(w, (u32)i, (u32)(j - i), scratch);
    }
    /* by start, oldest first */
    for (isize i = 0; i < w->ngroups; i++) {
        rows[i] = (struct sort_row){sort_time(w->groups[i].start_us), (u64)i};
    }
    sort_rows(rows, w->ngroups);
    struct conversation *sorted = base_new(w->ngroups + 1, (isize)sizeof *sorted);
    for (isize i = 0; i < w->ngroups; i++) {
        sorted[i] = w->groups[rows[i].value];
        for (u32 k = 0; k < sorted[i].n; k++) {
            w->sums[w->by_group[sorted[i].at + k]].group = (u32)i;
        }
    }
    base_free(w->groups);
    w->groups = sorted;
    w->cap_groups = w->ngroups + 1;
    base_free(scratch);
    base_free(root);
    base_free(rows);
}
