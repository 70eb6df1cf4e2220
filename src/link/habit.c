/* habit.c: what lane.c has learned of lanes and turns, taken along to where only some of the traffic is: a database keeps it
 * beside the calls. Lanes that a few legs took have taught nothing and are left out.
 *
 *     u32 version, rows │ rows: struct habit, by the hashes of their devices' names     (lowest byte first)
 */
#include "link/keys.h"
#include "link/pair.h"

enum {
    HABIT_VERSION = CAUSES * 1000 + EVIDENCE_COUNT * 10 + 2,
    LEGS_AT_LEAST = 5,
};

enum habit_kind { HABIT_LANE, HABIT_TURN };

struct habit {
    u32 kind, dev;
    u32 out, in; /* the other ends of the lanes; 0: all others */
    float background, causes[CAUSES], numbers[2];
};

struct habits {
    struct map index; /* habit_key -> row + 1; lane_key -> 1 for lanes of their own */
    struct habit *rows;
    isize n, cap;
    bool told; /* else learned here */
};

static u64 habit_key(u32 kind, u32 dev, u32 out, u32 in) {
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

void habits_drop(struct weave *w) {
    if (!w->habits) return;
    map_drop(&w->habits->index);
    base_free(w->habits->rows);
    base_free(w->habits);
    w->habits = NULL;
}

static void take_turn(const struct turn *t, struct habit *h) {
    for (int k = 0; k < CAUSES; k++) h->causes[k] = t->causes[k];
    for (int k = 0; k < 2; k++) h->numbers[k] = t->numbers[k];
}

static void give_turn(const struct habit *h, struct turn *t) {
    for (int k = 0; k < CAUSES; k++) t->causes[k] = h->causes[k];
    for (int k = 0; k < 2; k++) t->numbers[k] = h->numbers[k];
}

void habits_keep(const struct index *x, struct weave *w) {
    if (w->habits && w->habits->told) return;
    habits_drop(w);
    struct habits *h = w->habits = base_new(1, (isize)sizeof *h);
    h->rows = base_grow(h->rows, &h->cap, x->nturns + 1, (isize)sizeof *h->rows);
    for (isize i = 0; i < x->nturns; i++) {
        const struct turn *t = &x->turns[i];
        const struct lane *out = &x->lanes[t->out];
        bool turn = i >= x->nlanes;
        if (is_into(out) || out->legs < LEGS_AT_LEAST) continue;
        struct habit *mine = &h->rows[h->n++];
        *mine = (struct habit){.kind = turn ? HABIT_TURN : HABIT_LANE,
                               .dev = device_hash(w, out->from_dev),
                               .out = other_hash(w, out),
                               .in = turn ? other_hash(w, &x->lanes[t->in]) : 0,
                               .background = (float)out->background};
        take_turn(t, mine);
    }
}

str weave_habits(const struct weave *w, arena *view) {
    const struct habits *h = w->habits;
    u32 head[2] = {HABIT_VERSION, h ? (u32)h->n : 0};
    isize n = (isize)sizeof head + (isize)head[1] * (isize)sizeof(struct habit);
    u8 *to = arena_new(view, u8, n);
    memcpy(to, head, sizeof head);
    if (head[1]) memcpy(to + sizeof head, h->rows, (size_t)h->n * sizeof(struct habit));
    return (str){to, n};
}

/* A database may come from anybody. */
static bool is_sane(const struct habit *h) {
    bool sane = h->background > 0 && h->background < 1e6f;
    for (int k = 0; k < CAUSES; k++)
        sane = sane && h->causes[k] >= 0 && h->causes[k] < 1e6f;
    for (int k = 0; k < 2; k++) sane = sane && h->numbers[k] >= 0 && h->numbers[k] <= 1;
    return sane;
}

static void learn_row(struct habits *h, isize i) {
    const struct habit *r = &h->rows[i];
    *map_put(&h->index, habit_key(r->kind, r->dev, r->out, r->in)) = (u32)i + 1;
    if (r->kind == HABIT_LANE && r->out)
        *map_put(&h->index, lane_key(r->dev, r->out, false)) = 1;
    if (r->kind == HABIT_TURN && r->in)
        *map_put(&h->index, lane_key(r->dev, r->in, true)) = 1;
}

bool weave_habits_told(struct weave *w, str blob) {
    u32 head[2];
    habits_drop(w);
    if (blob.n < (isize)sizeof head) return false;
    memcpy(head, blob.p, sizeof head);
    isize room = (blob.n - (isize)sizeof head) / (isize)sizeof(struct habit);
    if (head[0] != HABIT_VERSION || (isize)head[1] != room) return false;
    struct habits *h = w->habits = base_new(1, (isize)sizeof *h);
    h->told = true;
    h->rows = base_grow(h->rows, &h->cap, room + 1, (isize)sizeof *h->rows);
    if (room) memcpy(h->rows, blob.p + sizeof head, (size_t)room * sizeof(struct habit));
    for (; h->n < room; h->n++) {
        if (!is_sane(&h->rows[h->n])) break;
        learn_row(h, h->n);
    }
    return true;
}

bool habits_split(const struct weave *w, u32 dev, u32 other, bool into, bool busy) {
    const struct habits *h = w->habits;
    if (!h || !h->told) return busy;
    u64 key = lane_key(device_hash(w, dev), device_hash(w, other), into);
    return map_get(&h->index, key) != 0;
}

static const struct habit *find(const struct habits *h, u64 key) {
    u32 row = map_get(&h->index, key);
    return row ? &h->rows[row - 1] : NULL;
}

/* The turns from all lanes that end at the device where lane `out` begins. */
static void apply_turns(struct index *x, u32 out, u32 dev, u32 other) {
    const struct weave *w = x->w;
    for (u32 in = 0; (isize)in < x->nlanes; in++) {
        const struct lane *l = &x->lanes[in];
        if (l->from_dev != x->lanes[out].from_dev || !is_into(l)) continue;
        u64 key = habit_key(HABIT_TURN, dev, other, other_hash(w, l));
        const struct habit *turn = find(w->habits, key);
        if (turn) give_turn(turn, turn_put(x, in, out));
    }
}

void habits_apply(struct index *x) {
    const struct habits *h = x->w->habits;
    for (u32 i = 0; h && h->told && (isize)i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        if (is_into(l)) continue;
        u32 dev = device_hash(x->w, l->from_dev), other = other_hash(x->w, l);
        const struct habit *lane = find(h, habit_key(HABIT_LANE, dev, other, 0));
        if (!lane) continue;
        l->background = (double)lane->background;
        give_turn(lane, &x->turns[i]);
        apply_turns(x, i, dev, other);
    }
}
