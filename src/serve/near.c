#include "serve/near.h"

#include "base/map.h"

#include <stdlib.h>

enum {
    WINDOW_US = 180 * 1000000, /* how long a device may hold a call, as in link */
    SOON_US = 5 * 1000000,     /* what follows at once, most of the time */
    SLACK_US = 20000,          /* how far clocks may be apart that are said to agree */
    FEW = 2,
    SAME = 12,    /* legs looked at on either side: with an equal key … */
    SOON = 5,     /* … and just before or after */
    A_ROUND = 14, /* calls fetched at a time … */
    MOST = 96,    /* … and in all */
    ROUNDS = 8,
    AROUND = 30000, /* sightings of other calls */
    MARKS = 96,     /* of one call that are followed */
};

/* A call that may have a leg near one of ours. */
struct candidate {
    u32 call;
    bool same; /* an equal key; else only its time speaks for it */
};

struct search_state {
    struct near *n;
    struct store *store;
    const struct near_options *o;
    arena *view; /* of the caller */
    arena boot;  /* marks */
    struct map call_ids, calls, followed, buckets;
    struct store_marks *blocks; /* by time */
    isize nblocks, cap_blocks;
    struct candidate *found;
    isize nfound, cap_found;
    i64 slack_us;
    i64 low_us, high_us; /* the minutes that are counted */
    u32 *keys;           /* of our legs, to be counted */
    isize nkeys, cap_keys;
    struct climate climate;
    isize first_counted, end_counted; /* blocks */
    bool counted, full;
    isize most, most_bytes, bytes; /* sightings, and how long they are */
};

/* ---- sightings into the weave -------------------------------------------------------------------------------- */

static u32 on_source(void *ctx, const struct source *s) {
    struct search_state *g = ctx;
    return weave_source(g->n->weave, s);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct search_state *g = ctx;
    g->full = g->full || g->n->seen >= g->most || g->bytes > g->most_bytes;
    if (g->full) return;
    g->n->seen++;
    g->bytes += s->bytes.n;
    (void)weave_add(g->n->weave, s);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

static enum err replay(struct search_state *g, const str *call_ids, isize n) {
    struct input_sink sink = {g, on_source, on_sighting, on_skipped, on_damage};
    str *fresh = arena_new(&g->boot, str, n);
    isize nfresh = 0;
    for (isize i = 0; i < n; i++) {
        u32 *known = map_put(&g->call_ids, hash_bytes(call_ids[i], 0));
        if (*known) continue;
        *known = 1;
        fresh[nfresh++] = call_ids[i];
    }
    return nfresh ? store_replay_call_ids(g->store, fresh, nfresh, &sink) : ERR_OK;
}

/* Links as they were decided. */
static enum err give_links(struct search_state *g, str id, bool *given) {
    str json;
    enum err e = store_summary(g->store, id, &g->boot, &json);
    *given = e == ERR_OK && summary_give(g->n->weave, json, g->boot);
    return e;
}

static enum err fetch(struct search_state *g) {
    str *all = NULL;
    isize n = 0, cap = 0;
    bool given;
    enum err e = ERR_OK;
    for (isize i = 0; i < g->nfound && e == ERR_OK; i++) {
        str id, *call_ids;
        isize k = 0;
        e = store_call_numbered(g->store, g->found[i].call, &g->boot, &id, &call_ids, &k);
        if (e == ERR_NOT_FOUND) e = ERR_OK; /* retention was here */
        if (e == ERR_OK && k && g->o->decided) e = give_links(g, id, &given);
        all = base_grow(all, &cap, n + k + 1, (isize)sizeof *all);
        for (isize at = 0; at < k; at++) all[n++] = call_ids[at];
        g->n->loaded += k > 0;
    }
    if (e == ERR_OK) e = replay(g, all, n);
    base_free(all);
    return e;
}

/* ---- marks --------------------------------------------------------------------------------------------------- */

static int by_base(const void *a, const void *b) {
    const struct store_marks *x = a, *y = b;
    return (x->base_us > y->base_us) - (x->base_us < y->base_us);
}

/* The marks of these minutes, each block once. */
static enum err want_marks(struct search_state *g, i64 low_us, i64 high_us) {
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

static i64 at_us(const struct store_marks *b, isize i) {
    return b->base_us + (i64)b->at[i] * MARK_UNIT_US;
}

static enum err tell_habits(struct search_state *g);

static bool is_start(u8 what) {
    return what == MARK_MADE || what == MARK_FREE;
}

/* False: it is there, or was looked at already. */
static bool found(struct search_state *g, u32 call, bool same) {
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

/* The first block that reaches to this time, or past it. */
static isize block_at(const struct search_state *g, i64 us) {
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
        if (at_us(b, mid) <= us) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* The last `most` such marks from high_us back to low_us. */
static void look_back(struct search_state *g, i64 low_us, i64 high_us, struct wanted w,
                      int most) {
    u16 device;
    for (isize k = i64_min(block_at(g, high_us), g->nblocks - 1); k >= 0 && most > 0;
         k--) {
        const struct store_marks *b = &g->blocks[k];
        const u16 *devices = column(b, w, &device);
        isize first = row_after(b, low_us - 1);
        if (b->base_us + (1 << 24) < low_us) return;
        for (isize i = row_after(b, high_us) - 1; i >= first && most > 0; i--) {
            if (devices[i] != device || !(w.kinds >> b->what[i] & 1))
                continue;
            found(g, b->calls[i], false);
            most--;
        }
    }
}

static void look_ahead(struct search_state *g, i64 low_us, i64 high_us, struct wanted w,
                       int most) {
    u16 device;
    for (isize k = block_at(g, low_us); k < g->nblocks && most > 0; k++) {
        const struct store_marks *b = &g->blocks[k];
        const u16 *devices = column(b, w, &device);
        isize end = row_after(b, high_us);
        if (b->base_us > high_us) return;
        for (isize i = row_after(b, low_us - 1); i < end && most > 0; i++) {
            if (devices[i] != device || !(w.kinds >> b->what[i] & 1))
                continue;
            found(g, b->calls[i], false);
            most--;
        }
    }
}

/* Those on both sides of a moment. */
static void look_around(struct search_state *g, i64 us, i64 reach_us, struct wanted w) {
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
static void look_for_keys(struct search_state *g, const struct mark *m) {
    struct key_hit *hits[2] = {NULL, NULL}; /* before, after */
    isize n[2] = {0}, cap[2] = {0};
    u64 bits[4] = {0}; /* of the keys' low bytes: most are told apart by them */
    for (isize k = 0; k < m->nkeys; k++)
        bits[m->keys[k] >> 6 & 3] |= (u64)1 << (m->keys[k] & 63);
    for (isize at = block_at(g, m->at_us - WINDOW_US); at < g->nblocks; at++) {
        const struct store_marks *b = &g->blocks[at];
        if (b->base_us > m->at_us + WINDOW_US) break;
        for (isize i = 0; i < b->nkeys; i++) {
            u32 key = b->keys[i];
            if (!(bits[key >> 6 & 3] >> (key & 63) & 1)) continue;
            bool mine = false;
            for (isize k = 0; k < m->nkeys && !mine; k++) mine = m->keys[k] == key;
            isize row = b->rows[i];
            if (!mine || key == KEY_WITHHELD || !is_start(b->what[row])) continue;
            i64 later_us = at_us(b, row) - m->at_us;
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

static void follow(struct search_state *g, const struct mark *m) {
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
    case MARK_HOLD:
        look_ahead(g, us - g->slack_us, us + SOON_US, leaving_to, FEW);
        break;
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

static u64 mark_key(const struct mark *m) {
    return hash_mix((u64)m->at_us, (u64)m->from << 32 | (u64)m->to << 16 | m->what);
}

static void note_keys(struct search_state *g, const struct mark *m) {
    g->keys =
        base_grow(g->keys, &g->cap_keys, g->nkeys + m->nkeys + 1, (isize)sizeof *g->keys);
    for (isize k = 0; k < m->nkeys; k++) {
        if (!(m->keys[k] & KEY_TOKEN)) g->keys[g->nkeys++] = m->keys[k];
    }
}

/* Follows the marks of our call that were not followed before. */
static enum err look_around_call(struct search_state *g) {
    struct call *c = weave_call(g->n->weave, g->n->call, false, &g->boot);
    weave_marks(g->n->weave, g->n->call, c, &g->boot);
    g->slack_us = SLACK_US + (i64)c->precision_us;
    g->nfound = 0;
    for (isize i = 0; i < c->nmarks; i++) {
        const struct mark *m = &c->marks[i];
        u32 *known = map_put(&g->followed, mark_key(m));
        if (*known || g->followed.n > MARKS) continue;
        *known = 1;
        enum err e = ERR_OK;
        if (g->low_us > g->high_us) {
            g->low_us = m->at_us - WINDOW_US;
            g->high_us = m->at_us + WINDOW_US;
            e = tell_habits(g);
        }
        if (e == ERR_OK)
            e = want_marks(g, m->at_us - WINDOW_US - g->slack_us,
                                m->at_us + WINDOW_US + g->slack_us);
        if (e != ERR_OK) return e;
        note_keys(g, m);
        follow(g, m);
    }
    return ERR_OK;
}

/* What has an equal key first. */
static int same_first(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->same != y->same) return x->same ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

/* ---- the climate ------------------------------------------------------------------------------------------------- */

enum { DEVICES = 1 << 16 };

/* How many legs reach each device in the minutes around. */
static void count_devices(struct search_state *g) {
    u32 *reaching = arena_new(&g->boot, u32, DEVICES);
    struct climate *all = &g->climate;
    for (isize k = g->first_counted; k < g->end_counted; k++) {
        const struct store_marks *b = &g->blocks[k];
        for (isize i = 0; i < b->n; i++) {
            if (!is_start(b->what[i])) continue;
            all->ndevices += reaching[b->to[i]]++ == 0;
            all->legs++;
        }
    }
    struct climate_device *rows =
        arena_new(&g->boot, struct climate_device, all->ndevices);
    all->devices = rows;
    for (isize d = 0; d < DEVICES; d++) {
        if (reaching[d]) *rows++ = (struct climate_device){(u16)d, reaching[d]};
    }
    g->counted = true;
}

/* How often the numbers of our legs reached each device. */
static void count_numbers(struct search_state *g) {
    enum { NUMBERS = 4096 };
    struct map place = {0};
    struct climate_number *rows = arena_new(&g->boot, struct climate_number, NUMBERS);
    u8 *low = arena_new(&g->boot, u8, 1 << 16); /* most others are told apart by this */
    isize n = 0;
    for (isize i = 0; i < g->nkeys; i++) low[g->keys[i] & 0xffff] = 1;
    for (isize i = 0; i < g->nkeys; i++) *map_put(&place, g->keys[i]) = 1;
    for (isize k = g->first_counted; k < g->end_counted; k++) {
        const struct store_marks *b = &g->blocks[k];
        for (isize i = 0; i < b->nkeys; i++) {
            if (!low[b->keys[i] & 0xffff] || !map_get(&place, b->keys[i])) continue;
            u16 device = b->to[b->rows[i]];
            u32 *at = map_put(&place, (u64)device << 32 | b->keys[i]);
            if (!*at && n == NUMBERS) continue;
            if (!*at) {
                rows[n] = (struct climate_number){device, b->keys[i], 0};
                *at = (u32)++n;
            }
            rows[*at - 1].n++;
        }
    }
    map_drop(&place);
    g->climate.numbers = rows;
    g->climate.nnumbers = n;
}

static void climate(struct search_state *g) {
    i64 low = g->low_us >> 24, high = g->high_us >> 24;
    g->climate.span_s = (double)(high - low + 1) * (1 << 24) / 1e6;
    g->first_counted = g->end_counted = block_at(g, g->low_us);
    while (g->end_counted < g->nblocks && g->blocks[g->end_counted].base_us < g->high_us)
        g->end_counted++;
    if (!g->counted) count_devices(g);
    count_numbers(g);
    weave_climate(g->n->weave, &g->climate);
}

/* The habits of devices at the time of the call, as they were learned with everything in sight. */
static enum err tell_habits(struct search_state *g) {
    str habits;
    enum err e = store_habits(g->store, g->low_us + WINDOW_US, &g->boot, &habits);
    if (e == ERR_OK) (void)weave_habits_told(g->n->weave, habits);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------- */

static bool link_and_find(struct search_state *g, str x) {
    struct near *n = g->n;
    weave_link(n->weave);
    n->rounds++;
    n->call = weave_find(n->weave, x);
    for (isize i = 0; i < n->ncall_ids && n->call < 0; i++)
        n->call = weave_find(n->weave, n->call_ids[i]);
    return n->call >= 0;
}

static enum err rounds(struct search_state *g, str x) {
    enum err e = ERR_OK;
    for (int round = 0; round < ROUNDS && e == ERR_OK && !g->o->alone; round++) {
        if (!link_and_find(g, x)) return ERR_NOT_FOUND;
        if (weave_call_kind(g->n->weave, g->n->call) != KIND_CALL) return ERR_OK;
        e = look_around_call(g);
        if (e != ERR_OK || g->nfound == 0 || g->calls.n - g->nfound > MOST) return e;
        qsort(g->found, (size_t)g->nfound, sizeof *g->found, same_first);
        if (g->nfound > A_ROUND) g->nfound = A_ROUND;
        e = fetch(g);
        climate(g);
        if (g->full) break; /* a flood beside the call */
    }
    if (e == ERR_OK && !link_and_find(g, x)) e = ERR_NOT_FOUND;
    return e;
}

/* The call alone, or one Call-ID of it. */
static enum err begin(struct search_state *g, str x) {
    struct near *n = g->n;
    enum err e =
        store_call_ids(g->store, x, g->view, &n->id, &n->call_ids, &n->ncall_ids);
    if (e != ERR_OK) return e;
    bool is_call_id = false;
    for (isize i = 0; i < n->ncall_ids; i++)
        is_call_id = is_call_id || str_eq(n->call_ids[i], x);
    if (is_call_id && !g->o->decided && !g->o->alone) return replay(g, &x, 1);
    bool given = true;
    if (g->o->decided || g->o->alone) e = give_links(g, n->id, &given);
    if (!given) weave_join_all(n->weave);
    return e == ERR_OK ? replay(g, n->call_ids, n->ncall_ids) : e;
}

enum err near_open(struct near *n, struct store *s, str x, const struct near_options *o,
                   arena *view) {
    struct search_state g = {.n = n,
                             .store = s,
                             .o = o,
                             .view = view,
                             .boot = arena_open_view(),
                             .most = o->most ? o->most : INT32_MAX,
                             .most_bytes = o->most_bytes ? o->most_bytes : (isize)1 << 40,
                             .low_us = INT64_MAX,
                             .high_us = INT64_MIN};
    struct fail f;
    *n = (struct near){.weave = weave_open(), .call = -1};
    (void)weave_hosts(n->weave, o->hosts, &f); /* a bad line was told at the start */
    enum err e = begin(&g, x);
    if (e == ERR_OK && g.full) e = ERR_FULL;
    g.most = n->seen + AROUND;
    g.most_bytes = g.bytes + AROUND * 1000;
    if (e == ERR_OK) e = rounds(&g, o->decided || o->alone ? n->id : x);
    struct map *const maps[] = {&g.call_ids, &g.calls, &g.followed, &g.buckets};
    for (isize i = 0; i < countof(maps); i++) map_drop(maps[i]);
    base_free(g.blocks);
    base_free(g.found);
    base_free(g.keys);
    arena_close(&g.boot);
    return e;
}

void near_close(struct near *n) {
    weave_close(n->weave);
    n->weave = NULL;
}
