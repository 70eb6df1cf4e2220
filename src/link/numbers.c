#include "link/numbers.h"

enum { CHAIN = 4 };

static u32 where_of(u32 dev, enum number_role role) {
    return dev << 2 | (u32)role;
}

static u32 number_put(struct numbers *t, u64 hash) {
    u32 *row = map_put(&t->rows, hash);
    if (!*row) {
        t->first = base_grow(t->first, &t->cap_first, t->n + 1, (isize)sizeof *t->first);
        t->first[t->n] = 0;
        *row = (u32)++t->n;
    }
    return *row - 1;
}

/* Of a chain: the row + 1 of its place there; 0: it has none among the first CHAIN. */
static u32 find_near(const struct numbers *t, u32 number, u32 where, int *length) {
    u32 row = t->first[number];
    *length = 0;
    while (row && t->places[row - 1].where != where) {
        row = t->places[row - 1].next;
        ++*length;
    }
    return row;
}

static u64 far_key(u32 number, u32 where) {
    return (u64)number << 32 | where;
}

static struct number_place *place_put(struct numbers *t, u32 number, u32 where) {
    int length;
    u32 row = find_near(t, number, where, &length),
        *far = !row && length >= CHAIN ? map_put(&t->far, far_key(number, where)) : NULL;
    if (far) row = *far;
    if (!row) {
        t->places = base_grow(t->places, &t->cap_places, t->nplaces + 1,
                              (isize)sizeof *t->places);
        t->places[t->nplaces++] = (struct number_place){
            .next = far ? 0 : t->first[number], .where = where, .number = number};
        row = (u32)t->nplaces;
        if (far)
            *far = row;
        else
            t->first[number] = row;
    }
    return &t->places[row - 1];
}

static enum number_role role_of(const struct fact *f) {
    return f->kind == FACT_CALLER ? NUMBER_REACHED_CALLER : NUMBER_REACHED_CALLED;
}

static void count(struct numbers *t, const struct weave *w, const struct sum *s) {
    for (u32 i = s->facts_at; i < s->facts_at + s->nnumbers; i++) {
        const struct fact *f = &w->leg_facts[i];
        u32 number = number_put(t, f->hash);
        struct number_place *here = place_put(t, number, where_of(s->to_dev, role_of(f)));
        t->reached[i] = (u32)(here - t->places) + 1;
        here->n++;
        if (f->kind == FACT_CALLER)
            place_put(t, number, where_of(s->from_dev, NUMBER_SENT_CALLER))->n++;
    }
}

static void deal(struct numbers *t, const struct sum *s, u32 leg) {
    for (u32 i = s->facts_at; i < s->facts_at + s->nnumbers; i++) {
        struct number_place *p = &t->places[t->reached[i] - 1];
        t->legs[p->at + p->n++] = leg;
    }
}

void numbers_open(struct numbers *t, const struct weave *w, const u32 *by_start) {
    u32 at = 0;
    *t = (struct numbers){0};
    t->reached = base_new(w->nleg_facts + 1, (isize)sizeof *t->reached);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[by_start[i]];
        if (s->kind == KIND_CALL) count(t, w, s);
    }
    for (isize i = 0; i < t->nplaces; i++) {
        struct number_place *p = &t->places[i];
        if ((p->where & 3) == NUMBER_SENT_CALLER) continue;
        p->at = at;
        at += p->n;
        p->n = 0;
    }
    t->legs = base_new((isize)at + 1, (isize)sizeof *t->legs);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[by_start[i]];
        if (s->kind == KIND_CALL) deal(t, s, by_start[i]);
    }
}

void numbers_drop(struct numbers *t) {
    map_drop(&t->rows);
    map_drop(&t->far);
    base_free(t->first);
    base_free(t->places);
    base_free(t->legs);
    base_free(t->reached);
    *t = (struct numbers){0};
}

u32 numbers_row(const struct numbers *t, u64 hash) {
    return map_get(&t->rows, hash);
}

const struct number_place *numbers_at(const struct numbers *t, u32 number, u32 dev,
                                      enum number_role role) {
    int length;
    u32 where = where_of(dev, role), row = find_near(t, number, where, &length);
    if (!row && length >= CHAIN) row = map_get(&t->far, far_key(number, where));
    return row ? &t->places[row - 1] : NULL;
}
