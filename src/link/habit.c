/* habit.c: what lane.c has learned of each lane, taken along to where only some of the traffic is: a database keeps it beside the
 * calls. Lanes that a few legs took have taught nothing and are left out.
 *
 *     u32 version, rows │ rows: struct habit, by the hashes of their devices' names     (lowest byte first)
 */
#include "link/keys.h"
#include "link/pair.h"

enum { HABIT_VERSION = CAUSES * 1000 + EVIDENCE_COUNT * 10 + 1, LEGS_AT_LEAST = 5 };

struct habit {
    u32 from, to; /* to 0: all others */
    float background, causes[CAUSES], numbers[2];
};

struct habits {
    struct map index; /* of both devices -> row + 1 */
    struct habit *rows;
    isize n, cap;
    bool told; /* else learned here */
};

static u32 device_hash(const struct weave *w, u32 dev) {
    u32 hash = (u32)hash_nocase(w->devs[dev].name, 9);
    return hash ? hash : 1;
}

static u64 habit_key(u32 from, u32 to) {
    return (u64)from << 32 | to;
}

void habits_drop(struct weave *w) {
    if (!w->habits) return;
    map_drop(&w->habits->index);
    base_free(w->habits->rows);
    base_free(w->habits);
    w->habits = NULL;
}

void habits_keep(const struct index *x, struct weave *w) {
    if (w->habits && w->habits->told) return;
    habits_drop(w);
    struct habits *h = w->habits = base_new(1, (isize)sizeof *h);
    h->rows = base_grow(h->rows, &h->cap, x->nlanes + 1, (isize)sizeof *h->rows);
    for (isize i = 0; i < x->nlanes; i++) {
        const struct lane *l = &x->lanes[i];
        if (l->legs < LEGS_AT_LEAST) continue;
        struct habit *mine = &h->rows[h->n++];
        mine->from = device_hash(w, l->from_dev);
        mine->to = l->to ? device_hash(w, l->to - 1) : 0;
        mine->background = (float)l->background;
        for (int k = 0; k < CAUSES; k++) mine->causes[k] = l->causes[k];
        for (int k = 0; k < 2; k++) mine->numbers[k] = l->numbers[k];
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
    for (; h->n < room; h->n++)
        *map_put(&h->index, habit_key(h->rows[h->n].from, h->rows[h->n].to)) =
            (u32)h->n + 1;
    return true;
}

bool habits_split(const struct weave *w, u32 from_dev, u32 to_dev, bool busy) {
    const struct habits *h = w->habits;
    if (!h || !h->told) return busy;
    return map_get(&h->index,
                   habit_key(device_hash(w, from_dev), device_hash(w, to_dev))) != 0;
}

void habits_apply(struct index *x) {
    const struct habits *h = x->w->habits;
    for (isize i = 0; h && h->told && i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        u32 to = l->to ? device_hash(x->w, l->to - 1) : 0;
        u32 row = map_get(&h->index, habit_key(device_hash(x->w, l->from_dev), to));
        if (!row) continue;
        const struct habit *mine = &h->rows[row - 1];
        l->background = (double)mine->background;
        for (int k = 0; k < CAUSES; k++) l->causes[k] = mine->causes[k];
        for (int k = 0; k < 2; k++) l->numbers[k] = mine->numbers[k];
    }
}
