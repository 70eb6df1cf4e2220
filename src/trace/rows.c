#include "trace/rows.h"

#include "trace/trace.h"

struct place {
    isize at;
    u16 tag;
};

static struct place first_place(const struct row_set *set, u64 hash) {
    u64 mixed = hash * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
    return (struct place){(isize)(mixed & (u64)(set->cap - 1)), (u16)(mixed >> 48 | 1)};
}

static void put(struct row_set *set, struct place p, u32 row) {
    set->tags[p.at] = p.tag;
    set->rows[p.at] = row;
}

/* Puts what is flagged among the first `n` rows into twice the places. */
static void widen(struct row_set *set, const struct row_way *way, const struct seen *rows,
                  u32 n) {
    base_free(set->tags);
    base_free(set->rows);
    set->cap = set->cap ? set->cap * 2 : 16;
    set->tags = base_new(set->cap, (isize)sizeof *set->tags);
    set->rows = base_new(set->cap, (isize)sizeof *set->rows);
    for (u32 i = 0; i < n; i++) {
        if (!(rows[i].flags & way->flag)) continue;
        struct place p = first_place(set, way->hash(&rows[i]));
        while (set->tags[p.at]) p.at = (p.at + 1) & (set->cap - 1);
        put(set, p, i);
    }
}

bool row_set_add(struct row_set *set, const struct row_way *way, struct seen *rows,
                 u32 row) {
    if (set->n * 4 >= set->cap * 3) widen(set, way, rows, row);
    struct place p = first_place(set, way->hash(&rows[row]));
    for (; set->tags[p.at]; p.at = (p.at + 1) & (set->cap - 1)) {
        if (set->tags[p.at] == p.tag && way->same(&rows[set->rows[p.at]], &rows[row]))
            return false;
    }
    put(set, p, row);
    set->n++;
    rows[row].flags |= way->flag;
    return true;
}

void row_set_drop(struct row_set *set) {
    base_free(set->tags);
    base_free(set->rows);
    *set = (struct row_set){0};
}
