/* near_climate.c: how rare things are in the minutes around a call, and how its devices behave. */
#include "serve/near_inner.h"

enum { DEVICES = 1 << 16 };

/* How many legs reach each device in the minutes around. */
static void count_devices(struct near_search *g) {
    u32 *reaching = arena_new(&g->boot, u32, DEVICES);
    struct climate *all = &g->climate;
    for (isize k = g->first_counted; k < g->end_counted; k++) {
        const struct store_marks *b = &g->blocks[k];
        for (isize i = 0; i < b->n; i++) {
            if (!mark_is_start(b->what[i])) continue;
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
static void count_numbers(struct near_search *g) {
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

void climate_tell(struct near_search *g) {
    i64 low = g->low_us >> 24, high = g->high_us >> 24;
    g->climate.span_s = (double)(high - low + 1) * (1 << 24) / 1e6;
    g->first_counted = g->end_counted = marks_at(g, g->low_us);
    while (g->end_counted < g->nblocks && g->blocks[g->end_counted].base_us < g->high_us)
        g->end_counted++;
    if (!g->counted) count_devices(g);
    count_numbers(g);
    weave_climate(g->n->weave, &g->climate);
}

enum err climate_lore(struct near_search *g) {
    str lore;
    enum err e = store_lore(g->store, g->first_us, &g->boot, &lore);
    if (e == ERR_OK) (void)weave_lore_told(g->n->weave, lore);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
