#include "trace/rows.h"

#include "trace/trace.h"

static u64 mix(u64 hash) {
    return hash * 0x9e3779b97f4a7c15u;
}

static u16 tag_of(u64 mixed) {
    return (u16)(mixed >> 48 | 1);
}

static void places_widen(struct row_places *p, isize need) {
    p->tags = base_grow(p->tags, &p->cap_tags, need, (isize)sizeof *p->tags);
    p->rows = base_grow(p->rows, &p->cap_rows, need, (isize)sizeof *p->rows);
}

static void places_drop(struct row_places *p) {
    base_free(p->tags);
    base_free(p->rows);
    *p = (struct row_places){0};
}

static void put(struct row_places *p, isize at, u16 tag, u32 row) {
    p->tags[at] = tag;
    p->rows[at] = row;
}

/* The place of a row that is the same, or the free one where this one would stand. */
static isize far_place(const struct row_set *set, const struct row_way *way,
                       const struct trace *t, u32 row, u64 mixed) {
    isize mask = set->cap_far - 1, at = (isize)(mixed >> 8) & mask;
    for (; set->far.tags[at]; at = (at + 1) & mask) {
        if (set->far.tags[at] == tag_of(mixed) && way->same(t, set->far.rows[at], row))
            break;
    }
    return at;
}

static void far_widen(struct row_set *set, const struct row_way *way,
                      const struct trace *t) {
    struct row_set wider = {.cap_far = set->cap_far ? set->cap_far * 2 : 16};
    places_widen(&wider.far, wider.cap_far);
    for (isize i = 0; i < set->cap_far; i++) {
        if (!set->far.tags[i]) continue;
        u32 row = set->far.rows[i];
        u64 mixed = mix(way->hash(t, row));
        put(&wider.far, far_place(&wider, way, t, row, mixed), tag_of(mixed), row);
    }
    places_drop(&set->far);
    set->far = wider.far;
    set->cap_far = wider.cap_far;
}

static bool far_add(struct row_set *set, const struct row_way *way, const struct trace *t,
                    u32 row, u64 mixed) {
    if (set->nfar * 4 >= set->cap_far * 3) far_widen(set, way, t);
    isize at = far_place(set, way, t, row, mixed);
    if (set->far.tags[at]) return false;
    put(&set->far, at, tag_of(mixed), row);
    set->nfar++;
    return true;
}

static bool add(struct row_set *set, const struct row_way *way, const struct trace *t,
                u32 row) {
    isize from = (isize)t->call_ids[row] * way->places, to = from + way->places;
    u64 mixed = mix(way->hash(t, row));
    places_widen(&set->near, to);
    for (isize at = from; at < to; at++) {
        if (!set->near.tags[at]) {
            put(&set->near, at, tag_of(mixed), row);
            return true;
        }
        if (set->near.tags[at] == tag_of(mixed) && way->same(t, set->near.rows[at], row))
            return false;
    }
    return far_add(set, way, t, row, mixed);
}

bool row_set_add(struct row_set *set, const struct row_way *way, struct trace *t,
                 u32 row) {
    for (u32 i = 0; set->rests && i < row; i++) {
        if (t->seen[i].flags & way->flag) (void)add(set, way, t, i);
    }
    set->rests = false;
    if (!add(set, way, t, row)) return false;
    set->n++;
    t->seen[row].flags |= way->flag;
    return true;
}

void row_set_rest(struct row_set *set) {
    isize n = set->n;
    row_set_drop(set);
    set->n = n;
    set->rests = n > 0;
}

void row_set_drop(struct row_set *set) {
    places_drop(&set->near);
    places_drop(&set->far);
    *set = (struct row_set){0};
}
