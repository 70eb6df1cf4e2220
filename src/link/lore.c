/* lore.c: what linking has learned of the devices, taken along to where only some of the traffic is: a database keeps it beside
 * the calls. Lanes and turns as lane.c has them, but for lanes that few legs took, which have taught nothing; and the addresses
 * that twin.c has found to be one box, for which a small part of the traffic has too few votes.
 *
 *     u32 version, rows, twins │ rows: struct lore_row, by the hashes of their devices' names │ twins: struct lore_twin
 *
 * Numbers with the lowest byte first. */
#include "link/keys.h"
#include "link/pair.h"

enum {
    LORE_VERSION = CAUSES * 1000 + EVIDENCE_COUNT * 10 + 3,
    LEGS_AT_LEAST = 5,
    NAME_BYTES = 59, /* a longer name is not taken along */
};

enum lore_kind { LORE_LANE, LORE_TURN };

struct lore_row {
    u32 kind, dev;
    u32 out, in; /* the other ends of the lanes; 0: all others */
    float background, causes[CAUSES], numbers[NUMBERS];
};

/* An address, and the name of the device that it belongs to. */
struct lore_twin {
    u32 dev;
    u8 n, name[NAME_BYTES];
};

struct lore {
    struct map index; /* row_key -> row + 1; lane_key -> 1 for lanes of their own */
    struct lore_row *rows;
    isize n, cap;
    struct map twin_at; /* dev -> row of twins + 1 */
    struct lore_twin *twins;
    isize ntwins, cap_twins;
    bool told; /* else learned here */
};

static u64 row_key(u32 kind, u32 dev, u32 out, u32 in) {
    return hash_mix((u64)dev << 32 | out, (u64)kind << 32 | in);
}

static u64 lane_key(u32 dev, u32 other, bool into) {
    return hash_mix((u64)dev << 32 | other, into ? 77 : 76);
}

static u32 device_hash(const struct weave *w, u32 dev) {
    u32 hash = (u32)hash_nocase(w->devs[dev].name, 9);
    return hash ? hash : 1;
}

static bool is_into(const struct lane *l) {
    return l->other >= LANE_INTO;
}

/* Of the device at the other end; 0: all others. */
static u32 other_hash(const struct weave *w, const struct lane *l) {
    u64 other = l->other & (LANE_INTO - 1);
    return other ? device_hash(w, (u32)(other - 1)) : 0;
}

void lore_drop(struct weave *w) {
    if (!w->lore) return;
    map_drop(&w->lore->index);
    map_drop(&w->lore->twin_at);
    base_free(w->lore->rows);
    base_free(w->lore->twins);
    base_free(w->lore);
    w->lore = NULL;
}

/* ---- learned here --------------------------------------------------------------------------------- */

static void take_turn(const struct turn *t, struct lore_row *r) {
    for (int k = 0; k < CAUSES; k++) r->causes[k] = t->causes[k];
    for (int k = 0; k < NUMBERS; k++) r->numbers[k] = t->numbers[k];
}

static void give_turn(const struct lore_row *r, struct turn *t) {
    for (int k = 0; k < CAUSES; k++) t->causes[k] = r->causes[k];
    for (int k = 0; k < NUMBERS; k++) t->numbers[k] = r->numbers[k];
}

static void keep_twins(struct lore *l, const struct weave *w) {
    for (u32 i = 0; (isize)i < w->ndevs; i++) {
        str name = w->devs[w->twin_of[i]].name;
        if (w->twin_of[i] == i || name.n > NAME_BYTES) continue;
        l->twins =
            base_grow(l->twins, &l->cap_twins, l->ntwins + 1, (isize)sizeof *l->twins);
        struct lore_twin *mine = &l->twins[l->ntwins++];
        *mine = (struct lore_twin){.dev = device_hash(w, i), .n = (u8)name.n};
        if (name.n) memcpy(mine->name, name.p, (size_t)name.n);
    }
}

void lore_keep(const struct index *x, struct weave *w) {
    if (w->lore && w->lore->told) return;
    lore_drop(w);
    struct lore *l = w->lore = base_new(1, (isize)sizeof *l);
    l->rows = base_grow(l->rows, &l->cap, x->nturns + 1, (isize)sizeof *l->rows);
    for (isize i = 0; i < x->nturns; i++) {
        const struct turn *t = &x->turns[i];
        const struct lane *out = &x->lanes[t->out];
        bool turn = i >= x->nlanes;
        if (is_into(out) || out->legs < LEGS_AT_LEAST) continue;
        struct lore_row *mine = &l->rows[l->n++];
        *mine = (struct lore_row){.kind = turn ? LORE_TURN : LORE_LANE,
                                  .dev = device_hash(w, out->from_dev),
                                  .out = other_hash(w, out),
                                  .in = turn ? other_hash(w, &x->lanes[t->in]) : 0,
                                  .background = (float)out->background};
        take_turn(t, mine);
    }
    keep_twins(l, w);
}

str weave_lore(const struct weave *w, arena *view) {
    const struct lore *l = w->lore;
    u32 head[3] = {LORE_VERSION, l ? (u32)l->n : 0, l ? (u32)l->ntwins : 0};
    isize rows = (isize)head[1] * (isize)sizeof(struct lore_row),
          twins = (isize)head[2] * (isize)sizeof(struct lore_twin);
    isize n = (isize)sizeof head + rows + twins;
    u8 *to = arena_new(view, u8, n);
    memcpy(to, head, sizeof head);
    if (rows) memcpy(to + sizeof head, l->rows, (size_t)rows);
    if (twins) memcpy(to + (isize)sizeof head + rows, l->twins, (size_t)twins);
    return (str){to, n};
}

/* ---- told ----------------------------------------------------------------------------------------- */

/* A database may come from anybody. */
static bool is_sane(const struct lore_row *r) {
    bool sane = r->background > 0 && r->background < 1e6f;
    for (int k = 0; k < CAUSES; k++)
        sane = sane && r->causes[k] >= 0 && r->causes[k] < 1e6f;
    for (int k = 0; k < NUMBERS; k++)
        sane = sane && r->numbers[k] >= 0 && r->numbers[k] <= 1;
    return sane;
}

static void learn_row(struct lore *l, isize i) {
    const struct lore_row *r = &l->rows[i];
    *map_put(&l->index, row_key(r->kind, r->dev, r->out, r->in)) = (u32)i + 1;
    if (r->kind == LORE_LANE && r->out)
        *map_put(&l->index, lane_key(r->dev, r->out, false)) = 1;
    if (r->kind == LORE_TURN && r->in)
        *map_put(&l->index, lane_key(r->dev, r->in, true)) = 1;
}

bool weave_lore_told(struct weave *w, str blob) {
    u32 head[3];
    lore_drop(w);
    if (blob.n < (isize)sizeof head) return false;
    memcpy(head, blob.p, sizeof head);
    isize rows = (isize)head[1] * (isize)sizeof(struct lore_row),
          twins = (isize)head[2] * (isize)sizeof(struct lore_twin);
    if (head[0] != LORE_VERSION || (isize)sizeof head + rows + twins != blob.n)
        return false;
    struct lore *l = w->lore = base_new(1, (isize)sizeof *l);
    l->told = true;
    l->rows = base_grow(l->rows, &l->cap, (isize)head[1] + 1, (isize)sizeof *l->rows);
    l->twins =
        base_grow(l->twins, &l->cap_twins, (isize)head[2] + 1, (isize)sizeof *l->twins);
    if (rows) memcpy(l->rows, blob.p + sizeof head, (size_t)rows);
    if (twins) memcpy(l->twins, blob.p + sizeof head + rows, (size_t)twins);
    for (; l->n < (isize)head[1] && is_sane(&l->rows[l->n]); l->n++) learn_row(l, l->n);
    for (; l->ntwins < (isize)head[2] && l->twins[l->ntwins].n <= NAME_BYTES; l->ntwins++)
        *map_put(&l->twin_at, l->twins[l->ntwins].dev) = (u32)l->ntwins + 1;
    return true;
}

bool lore_is_told(const struct weave *w) {
    return w->lore && w->lore->told;
}

str lore_twin(const struct weave *w, u32 dev) {
    u32 row = map_get(&w->lore->twin_at, device_hash(w, dev));
    if (!row) return (str){0};
    return (str){w->lore->twins[row - 1].name, w->lore->twins[row - 1].n};
}

bool lore_split(const struct weave *w, u32 dev, u32 other, bool into, bool busy) {
    if (!lore_is_told(w)) return busy;
    u64 key = lane_key(device_hash(w, dev), device_hash(w, other), into);
    return map_get(&w->lore->index, key) != 0;
}

static const struct lore_row *find(const struct lore *l, u64 key) {
    u32 row = map_get(&l->index, key);
    return row ? &l->rows[row - 1] : NULL;
}

/* The turns from all lanes that end at the device where lane `out` begins. */
static void apply_turns(struct index *x, u32 out, u32 dev, u32 other) {
    const struct weave *w = x->w;
    for (u32 in = 0; (isize)in < x->nlanes; in++) {
        const struct lane *l = &x->lanes[in];
        if (l->from_dev != x->lanes[out].from_dev || !is_into(l)) continue;
        u64 key = row_key(LORE_TURN, dev, other, other_hash(w, l));
        const struct lore_row *turn = find(w->lore, key);
        if (turn) give_turn(turn, turn_put(x, in, out));
    }
}

void lore_apply(struct index *x) {
    for (u32 i = 0; lore_is_told(x->w) && (isize)i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        if (is_into(l)) continue;
        u32 dev = device_hash(x->w, l->from_dev), other = other_hash(x->w, l);
        const struct lore_row *lane = find(x->w->lore, row_key(LORE_LANE, dev, other, 0));
        if (!lane) continue;
        l->background = (double)lane->background;
        give_turn(lane, &x->turns[i]);
        apply_turns(x, i, dev, other);
    }
}
