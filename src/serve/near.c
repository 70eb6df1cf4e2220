#include "serve/hand.h"
#include "serve/near_inner.h"
#include "serve/summary.h"

#include <stdlib.h>

/* ---- sightings into the weave -------------------------------------------------------------------------------- */

static u32 on_source(void *ctx, const struct source *s) {
    struct near_search *g = ctx;
    return weave_source(g->n->weave, s);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct near_search *g = ctx;
    g->full = g->full || g->n->seen >= g->most || g->bytes > g->most_bytes;
    if (g->full) return;
    g->n->seen++;
    g->bytes += s->bytes.n;
    g->first_us = i64_min(g->first_us, s->time_us);
    (void)weave_add(g->n->weave, s);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

static enum err replay(struct near_search *g, const str *call_ids, isize n) {
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
static enum err give_links(struct near_search *g, str id, bool *given) {
    str json;
    enum err e = store_summary(g->store, id, &g->boot, &json);
    *given = e == ERR_OK && summary_give(g->n->weave, json);
    return e;
}

static enum err fetch(struct near_search *g) {
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

static u64 mark_key(const struct mark *m) {
    return hash_mix((u64)m->at_us, (u64)m->from << 32 | (u64)m->to << 16 | m->what);
}

static void note_keys(struct near_search *g, const struct mark *m) {
    g->keys =
        base_grow(g->keys, &g->cap_keys, g->nkeys + m->nkeys + 1, (isize)sizeof *g->keys);
    for (isize k = 0; k < m->nkeys; k++) {
        if (!(m->keys[k] & KEY_TOKEN)) g->keys[g->nkeys++] = m->keys[k];
    }
}

/* Follows the marks of our call that were not followed before. */
static enum err look_around_call(struct near_search *g) {
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
        }
        e = marks_want(g, m->at_us - WINDOW_US - g->slack_us,
                       m->at_us + WINDOW_US + g->slack_us);
        if (e != ERR_OK) return e;
        note_keys(g, m);
        marks_follow(g, m);
    }
    return ERR_OK;
}

/* What has an equal key first. */
static int same_first(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->same != y->same) return x->same ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

/* ---- rounds ------------------------------------------------------------------------------------------------------- */

static bool link_and_find(struct near_search *g, str x) {
    struct near *n = g->n;
    weave_link(n->weave);
    n->rounds++;
    n->call = weave_find(n->weave, x);
    for (isize i = 0; i < n->ncall_ids && n->call < 0; i++)
        n->call = weave_find(n->weave, n->call_ids[i]);
    return n->call >= 0;
}

static enum err rounds(struct near_search *g, str x) {
    enum err e = ERR_OK;
    for (int round = 0; round < ROUNDS && e == ERR_OK && !g->o->alone; round++) {
        if (!link_and_find(g, x)) return ERR_NOT_FOUND;
        if (weave_call_kind(g->n->weave, g->n->call) != KIND_CALL) return ERR_OK;
        e = look_around_call(g);
        if (e != ERR_OK || g->nfound == 0 || g->calls.n - g->nfound > MOST) return e;
        qsort(g->found, (size_t)g->nfound, sizeof *g->found, same_first);
        if (g->nfound > A_ROUND) g->nfound = A_ROUND;
        e = fetch(g);
        climate_tell(g);
        if (g->full) break; /* a flood beside the call */
    }
    if (e == ERR_OK && !link_and_find(g, x)) e = ERR_NOT_FOUND;
    return e;
}

/* Legs that somebody has joined with this call, or taken out of it, may be far from all of it. */
static enum err replay_decided(struct near_search *g) {
    struct store_decisions all;
    enum err e = store_decisions_of(g->store, g->n->id, &g->boot, &all);
    for (isize i = 0; i < all.n && e == ERR_OK; i++) {
        const str legs[] = {all.list[i].d.leg, all.list[i].d.other};
        for (isize k = 0; k < countof(legs) && e == ERR_OK; k++) {
            str call, call_id;
            e = store_leg(g->store, legs[k], &g->boot, &call, &call_id);
            if (e == ERR_OK) e = replay(g, &call_id, 1);
            if (e == ERR_NOT_FOUND) e = ERR_OK;
        }
    }
    return e;
}

/* The call alone, or one Call-ID of it. */
static enum err begin(struct near_search *g, str x) {
    struct near *n = g->n;
    enum err e =
        store_call_ids(g->store, x, g->view, &n->id, &n->call_ids, &n->ncall_ids);
    if (e != ERR_OK) return e;
    bool is_call_id = false;
    for (isize i = 0; i < n->ncall_ids; i++)
        is_call_id = is_call_id || str_eq(n->call_ids[i], x);
    e = g->o->alone ? hand_tell_of(g->store, n->id, n->weave, &g->boot)
                    : hand_tell(g->store, n->weave, &g->boot);
    if (e != ERR_OK) return e;
    if (is_call_id && !g->o->decided && !g->o->alone) {
        e = replay(g, &x, 1);
        return e == ERR_OK ? replay_decided(g) : e;
    }
    bool given = true;
    if (g->o->decided || g->o->alone) e = give_links(g, n->id, &given);
    if (!given) weave_join_all(n->weave);
    return e == ERR_OK ? replay(g, n->call_ids, n->ncall_ids) : e;
}

enum err near_open(struct near *n, struct store *s, str x, const struct near_options *o,
                   arena *view) {
    struct near_search g = {.n = n,
                            .store = s,
                            .o = o,
                            .view = view,
                            .boot = arena_open_view(),
                            .most = o->most ? o->most : INT32_MAX,
                            .most_bytes = o->most_bytes ? o->most_bytes : (isize)1 << 40,
                            .first_us = INT64_MAX,
                            .low_us = INT64_MAX,
                            .high_us = INT64_MIN};
    struct fail f;
    *n = (struct near){.weave = weave_open(), .call = -1};
    (void)weave_hosts(n->weave, o->hosts, &f); /* a bad line was told at the start */
    enum err e = begin(&g, x);
    if (e == ERR_OK && g.full) e = ERR_FULL;
    if (e == ERR_OK) e = climate_lore(&g);
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
