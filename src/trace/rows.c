#include "trace/rows.h"

#include "trace/trace.h"

enum { BUCKET = 8 };

/* Where a row may stand: one place after the other. */
struct probe {
    isize at, far, left; /* left: of its bucket, past this one */
    u16 tag;
};

static struct probe probe_first(const struct row_set *set, u64 hash, u32 call_id) {
    u64 mixed = hash * 0x9e3779b97f4a7c15u;
    isize mask = set->cap - 1;
    return (struct probe){.at = (isize)call_id * BUCKET & mask,
                          .far = (isize)(mixed >> 8) & mask,
                          .left = BUCKET - 1,
                          .tag = (u16)(mixed >> 48 | 1)};
}

static void probe_next(const struct row_set *set, struct probe *p) {
    isize mask = set->cap - 1;
    p->at = p->left > 0 ? p->at + 1 : p->left == 0 ? p->far : (p->at + 1) & mask;
    p->left--;
}

static void put(struct row_set *set, const struct probe *p, u32 row) {
    set->tags[p->at] = p->tag;
    set->rows[p->at] = row;
}

/* Makes the set from what is flagged among the first `n` rows. */
static void make(struct row_set *set, const struct row_way *way, const struct seen *rows,
                 u32 n, isize cap) {
    base_free(set->tags);
    base_free(set->rows);
    set->cap = cap;
    set->tags = base_new(cap, (isize)sizeof *set->tags);
    set->rows = base_new(cap, (isize)sizeof *set->rows);
    for (u32 i = 0; i < n; i++) {
        if (!(rows[i].flags & way->flag)) continue;
        struct probe p = probe_first(set, way->hash(&rows[i]), rows[i].call_id);
        while (set->tags[p.at]) probe_next(set, &p);
        put(set, &p, i);
    }
}

bool row_set_add(struct row_set *set, const struct row_way *way, struct seen *rows,
                 u32 row) {
    if (set->n * 4 >= set->cap * 3) {
        isize cap = set->cap ? set->cap : 2 * BUCKET;
        while (set->n * 4 >= cap * 3) cap *= 2;
        make(set, way, rows, row, cap);
    }
    struct probe p = probe_first(set, way->hash(&rows[row]), rows[row].call_id);
    for (; set->tags[p.at]; probe_next(set, &p)) {
        if (set->tags[p.at] == p.tag && way->same(&rows[set->rows[p.at]], &rows[row]))
            return false;
    }
    put(set, &p, row);
    set->n++;
    rows[row].flags |= way->flag;
    return true;
}

void row_set_rest(struct row_set *set) {
    isize n = set->n;
    row_set_drop(set);
    set->n = n;
}

void row_set_drop(struct row_set *set) {
    base_free(set->tags);
    base_free(set->rows);
    *set = (struct row_set){0};
}
