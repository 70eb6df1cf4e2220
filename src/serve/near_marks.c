/* near_marks.c: where the relatives of a leg would be, and who is there, by the marks of the minutes around. */
#include "serve/near_inner.h"

#include <stdlib.h>

static int by_base(const void *a, const void *b) {
    const struct store_marks *x = a, *y = b;
    return (x->base_us > y->base_us) - (x->base_us < y->base_us);
}

enum err marks_want(struct near_search *g, i64 low_us, i64 high_us) {
    enum { BUCKET_US = 1 << 24 };
    low_us = i64_max(low_us, 0) / BUCKET_US * BUCKET_US;
    for (i64 at = low_us; at < high_us;) {
        i64 end = at;
        while (end < high_us && !map_get(&g->buckets, (u64)end)) {
            *map_put(&g->buckets, (u64)end) = 1;
            end += BUCKET_US;
        }
        if (end == at) {
            at += BUCKET_US;
            continue;
        }
        struct store_marks *blocks;
        isize n;
        enum err e = store_marks(g->store, at, end, &g->boot, &blocks, &n);
        if (e != ERR_OK) return e;
        g->blocks = base_grow(g->blocks, &g->cap_blocks, g->nblocks + n + 1,
                              (isize)sizeof *g->blocks);
        for (isize i = 0; i < n; i++) g->blocks[g->nblocks++] = blocks[i];
        at = end;
    }
    if (g->nblocks) qsort(g->blocks, (size_t)g->nblocks, sizeof *g->blocks, by_base);
    return ERR_OK;
}

/* False: it is there, or was looked at already. */
static bool found(struct near_search *g, u32 call, bool same) {
    u32 *known = map_put(&g->calls, call);
    if (*known) return false;
    *known = 1;
    g->found = base_grow(g->found, &g->cap_found, g->nfound + 1, (isize)sizeof *g->found);
    g->found[g->nfound++] = (struct candidate){call, same};
    return true;
}

/* Which marks are looked for: at this device at one end of them, of these kinds. */
struct wanted {
    u16 from, to;
    u32 kinds; /* set of 1 << enum mark_what */
};

static const u16 *column(const struct store_marks *b, struct wanted w, u16 *device) {
    *device = w.from ? w.from : w.to;
    return w.from ? b->from : b->to;
}

isize marks_at(const struct near_search *g, i64 us) {
    isize low = 0, high = g->nblocks;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (g->blocks[mid].base_us + (1 << 24) <= us) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* The first row that is later than this. */
static isize row_after(const struct store_marks *b, i64 us) {
    isize low = 0, high = b->n;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (mark_us(b, mid) <= us) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* The last `most` such marks from high_us back to low_us. */
static void look_back(struct near_search *g, i64 low_us, i64 high_us, struct wanted w,
                      int most) {
    u16 device;
    for (isize k = i64_min(marks_at(g, high_us), g->nblocks - 1); k >= 0 && most > 0;
         k--) {
        const struct store_marks *b = &g->blocks[k];
        const u16 *devices = column(b, w, &device);
        isize first = row_after(b, low_us - 1);
        if (b->base_us + (1 << 24) < low_us) return;
        for (isize i = row_after(b, high_us) - 1; i >= first && most > 0; i--) {
            if (devices[i] != device || !(w.kinds >> b->what[i] & 1)) continue;
            found(g, b->calls[i], false);
            most--;
        }
    }
}

static void look_ahead(struct near_search *g, i64 low_us, i64 high_us, struct wanted w,
                       int most) {
    u16 device;
    for (isize k = marks_at(g, low_us); k < g->nblocks && most > 0; k++) {
        const struct store_marks *b = &g->blocks[k];
        const u16 *devices = column(b, w, &device);
        isize end = row_after(b, high_us);
        if (b->base_us > high_us) return;
        for (isize i = row_after(b, low_us - 1); i < end && most > 0; i++) {
            if (devices[i] != device || !(w.kinds >> b->what[i] & 1)) continue;
            found(g, b->calls[i], false);
            most--;
        }
    }
}

/* Those on both sides of a moment. */
static void look_around(struct near_search *g, i64 us, i64 reach_us, struct wanted w) {
    reach_us += g->slack_us;
    look_back(g, us - reach_us, us, w, FEW);
    look_ahead(g, us, us + reach_us, w, FEW);
}

/* ---- equal keys ----------------------------------------------------------------------------------------------- */

struct key_hit {
    i64 away_us;
    u32 call;
};

static int nearer(const void *a, const void *b) {
    const struct key_hit *x = a, *y = b;
    if (x->away_us != y->away_us) return x->away_us < y->away_us ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

/* Starts of legs with a key of this mark, where they would be its parent (it reached `from` before) or its child (it left
 * `to` after); a value that is no number counts anywhere. The nearest in time. */
static void look_for_keys(struct near_search *g, const struct mark *m) {
    struct key_hit *hits[2] = {NULL, NULL}; /* before, after */
    isize n[2] = {0}, cap[2] = {0};
    u64 bits[4] = {0}; /* of the keys' low bytes: most are told apart by them */
    for (isize k = 0; k < m->nkeys; k++)
        bits[m->keys[k] >> 6 & 3] |= (u64)1 << (m->keys[k] & 63);
    for (isize at = marks_at(g, m->at_us - WINDOW_US); at < g->nblocks; at++) {
        const struct store_marks *b = &g->blocks[at];
        if (b->base_us > m->at_us + WINDOW_US) break;
        for (isize i = 0; i < b->nkeys; i++) {
            u32 key = b->keys[i];
            if (!(bits[key >> 6 & 3] >> (key & 63) & 1)) continue;
            bool mine = false;
            for (isize k = 0; k < m->nkeys && !mine; k++) mine = m->keys[k] == key;
            isize row = b->rows[i];
            if (!mine || key == KEY_WITHHELD || !mark_is_start(b->what[row])) continue;
            i64 later_us = mark_us(b, row) - m->at_us;
            bool token = (key & KEY_TOKEN) != 0;
            bool parent = b->to[row] == m->from && later_us <= g->slack_us;
            bool child = b->from[row] == m->to && later_us >= -g->slack_us;
            if (!token && !parent && !child) continue;
            int side = parent || (token && later_us < 0) ? 0 : 1;
            hits[side] =
                base_grow(hits[side], &cap[side], n[side] + 1, (isize)sizeof *hits[side]);
            hits[side][n[side]++] =
                (struct key_hit){later_us < 0 ? -later_us : later_us, b->calls[row]};
        }
    }
    for (int side = 0; side < 2; side++) {
        if (n[side]) qsort(hits[side], (size_t)n[side], sizeof *hits[side], nearer);
        for (isize i = 0; i < n[side] && i < SAME; i++)
            found(g, hits[side][i].call, true);
        base_free(hits[side]);
    }
}

/* ---- where the relatives of a mark would be ---------------------------------------------------------------------- */

void marks_follow(struct near_search *g, const struct mark *m) {
    enum {
        SET_START = 1 << MARK_MADE | 1 << MARK_FREE,
        SET_EVENT = 1 << MARK_ANSWER | 1 << MARK_RETRY | 1 << MARK_REFER | 1 << MARK_HOLD
    };
    i64 us = m->at_us, soon_us = us + g->slack_us;
    struct wanted leaving_to = {.from = m->to, .kinds = SET_START};
    struct wanted leaving_from = {.from = m->from, .kinds = SET_START};
    switch ((enum mark_what)m->what) {
    case MARK_MADE:
    case MARK_FREE:
        look_for_keys(g, m);
        look_back(g, us - WINDOW_US, soon_us,
                  (struct wanted){.to = m->from, .kinds = SET_START | SET_EVENT}, SOON);
        look_back(g, us - WINDOW_US, soon_us,
                  (struct wanted){.from = m->from, .kinds = 1 << MARK_END}, FEW);
        look_around(g, us, 30000, leaving_from);
        look_ahead(g, us - g->slack_us, us + SOON_US, leaving_to, FEW);
        break;
    case MARK_ANSWER:
    case MARK_RETRY:
    case MARK_REFER:
    case MARK_HOLD: look_ahead(g, us - g->slack_us, us + SOON_US, leaving_to, FEW); break;
    case MARK_END:
        look_ahead(g, us - g->slack_us, us + SOON_US, leaving_from, FEW);
        look_around(g, us, 100000, leaving_from);
        break;
    case MARK_OVER:
        look_around(g, us, 1000000,
                    (struct wanted){.to = m->from, .kinds = 1 << MARK_OVER});
        look_around(g, us, 1000000,
                    (struct wanted){.from = m->to, .kinds = 1 << MARK_OVER});
        break;
    }
}
