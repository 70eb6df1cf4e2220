#include "trace/rows.h"

#include "trace/trace.h"

static isize place(const struct row_set *set, u64 hash) {
    u64 mixed = hash * 0x9e3779b97f4a7c15u;
    return (isize)((mixed ^ mixed >> 32) & (u64)(set->cap - 1));
}

/* Puts what is flagged among the first `n` rows into twice the places. */
static void widen(struct row_set *set, const struct row_way *way, const struct seen *rows,
                  u32 n) {
    base_free(set->slots);
    set->cap = set->cap ? set->cap * 2 : 16;
    set->slots = base_new(set->cap, (isize)sizeof *set->slots);
    for (u32 i = 0; i < n; i++) {
        if (!(rows[i].flags & way->flag)) continue;
        isize at = place(set, way->hash(&rows[i]));
        while (set->slots[at]) at = (at + 1) & (set->cap - 1);
        set->slots[at] = i + 1;
    }
}

bool row_set_add(struct row_set *set, const struct row_way *way, struct seen *rows,
                 u32 row) {
    if (set->n * 4 >= set->cap * 3) widen(set, way, rows, row);
    isize at = place(set, way->hash(&rows[row]));
    for (; set->slots[at]; at = (at + 1) & (set->cap - 1)) {
        if (way->same(&rows[set->slots[at] - 1], &rows[row])) return false;
    }
    set->slots[at] = row + 1;
    set->n++;
    rows[row].flags |= way->flag;
    return true;
}

void row_set_drop(struct row_set *set) {
    base_free(set->slots);
    *set = (struct row_set){0};
}
