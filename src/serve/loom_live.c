/* loom_live.c: what the intake has stored is linked: batch by batch as it comes, or, when more came than could be linked at once,
 * stretch by stretch out of the database.
 *
 *          at − reach          at              end
 *     ·······|── fetched ───────|── stretch ────|···· not looked at yet ····
 *                  + all of each call that the stretch goes on with
 *
 * How far the reach goes, and how long a stretch is, depends on how much traffic there is: the memory is bounded. */
#include "serve/intake.h"
#include "serve/loom_inner.h"

enum { CAME = 1 << 18 }; /* equal ones come together */

void loom_aside(struct loom *l, bool away) {
    if (l->aside) l->aside(l->aside_ctx, away);
}

void loom_breathe(struct loom *l) {
    loom_aside(l, true);
    loom_aside(l, false);
}

static u32 feed_of(struct loom *l, struct intake *in, u32 number) {
    l->feed_of = base_grow(l->feed_of, &l->cap_feed_of, (isize)number + 1,
                           (isize)sizeof *l->feed_of);
    if (!l->feed_of[number])
        l->feed_of[number] = loom_source(l, intake_source(in, number)) + 1;
    return l->feed_of[number] - 1;
}

/* As it was stored before, it may have been fetched already: which one of equal ones it is tells. */
static void take_one(struct loom *l, struct intake *in, const struct waiting *w) {
    struct sip_msg m;
    struct fail f;
    struct sighting s = w->sighting;
    u32 number = feed_of(l, in, s.source);
    const struct feed *from = &l->feeds[number];
    u64 key = loom_key(&s, from->source.name);
    u64 call_id = hash_bytes(w->facts.call_id, 0);
    u32 nth = ++*map_put(&l->came, key), *have = map_put(&l->have, key);
    *map_put(&l->fed, call_id) = 1;
    l->totals.sightings++;
    l->totals.fresh++;
    if (nth <= *have) return;
    *have = nth;
    *map_put(&l->call_ids, call_id) |= 1;
    l->newest_us = i64_max(l->newest_us, s.time_us);
    s.source = from->in_weave;
    enum err e = sip_msg_parse(&m, s.bytes, &f); /* it was read before, by the intake */
    if (e == ERR_OK || e == ERR_MORE) weave_add_parsed(l->weave, &s, &m);
}

/* A batch that goes on where the memory ends: the database has nothing there but what comes here by itself. */
static bool goes_on(struct loom *l, const struct batch *b) {
    if (!b->n || !l->ncovered) return false;
    struct sight *last = &l->covered[l->ncovered - 1];
    bool on = b->low_us - l->reach_us >= last->low_us &&
              b->low_us <= last->high_us + l->reach_us;
    if (on) last->high_us = i64_max(last->high_us, b->high_us + 1);
    return on;
}

/* The rest of calls that began before what is in memory. */
static enum err fetch_calls(struct loom *l, const struct batch *b) {
    enum err e = ERR_OK;
    for (isize i = 0; i < b->n && e == ERR_OK; i++)
        e = memory_call(l, b->list[i].facts.call_id);
    arena_reset(&l->view);
    return e;
}

enum err loom_take(struct loom *l, struct intake *in, const struct batch *b) {
    enum err e =
        goes_on(l, b) ? fetch_calls(l, b) : loom_fetch_neighbours(l, b->list, b->n);
    if (e != ERR_OK) return e;
    if (l->came.n > CAME) map_clear(&l->came);
    loom_aside(l, true);
    for (isize i = 0; i < b->n; i++) take_one(l, in, &b->list[i]);
    loom_aside(l, false);
    return ERR_OK;
}

static bool is_covered(const struct loom *l, i64 at_us) {
    for (isize i = 0; i < l->ncovered; i++) {
        if (at_us > l->covered[i].low_us && at_us <= l->covered[i].high_us) return true;
    }
    return false;
}

bool loom_full(const struct loom *l) {
    return weave_nseen(l->weave) >= l->most;
}

/* The rest of each call that the stretch goes on with. */
static enum err whole_calls(struct loom *l) {
    enum err e = ERR_OK;
    str rest = out_str(&l->paid_ids);
    for (isize i = 0; rest.n && e == ERR_OK; i++) {
        struct str_pair id = str_cut(rest, '\n');
        e = memory_call(l, id.head);
        rest = id.tail;
        arena_reset(&l->view);
        if (i % SLICE == 0) loom_breathe(l);
    }
    l->paid_ids.n = 0;
    return e;
}

/* What was fetched in advance, before it was all there, is fetched again: the covered ends at at_us. */
static void forget_after(struct loom *l, i64 at_us) {
    isize n = 0;
    for (isize i = 0; i < l->ncovered; i++) {
        if (l->covered[i].low_us >= at_us) continue;
        l->covered[n] = l->covered[i];
        l->covered[n].high_us = i64_min(l->covered[n].high_us, at_us);
        n++;
    }
    l->ncovered = n;
}

/* From at_us on, piece by piece: as far as there is room for, at most to *end_us, which becomes how far it went. All that is in
 * memory is linked, what is fetched for the sake of the rest as well: the longer the stretch, the less often. */
static enum err cover_forward(struct loom *l, i64 at_us, i64 *end_us) {
    enum { FIRST_US = 250000 };
    enum err e = ERR_OK;
    i64 step_us = FIRST_US;
    isize room = i64_max(l->most, weave_nseen(l->weave) + l->many);
    while (at_us < *end_us && e == ERR_OK && weave_nseen(l->weave) < room) {
        isize before = weave_nseen(l->weave);
        l->paid_from_us = at_us;
        l->paid_to_us = at_us = i64_min(at_us + step_us, *end_us);
        e = memory_cover(l, l->paid_from_us, at_us);
        if (weave_nseen(l->weave) - before < l->many / 8) step_us *= 2;
        loom_breathe(l);
    }
    l->paid_from_us = l->paid_to_us = 0;
    *end_us = at_us;
    return e;
}

static enum err cover_stretch(struct loom *l, i64 at_us, i64 *end_us) {
    enum err e = ERR_OK;
    if (weave_nseen(l->weave) > l->many || !is_covered(l, at_us)) {
        e = memory_again(l, at_us - l->reach_us, at_us, l->many);
    }
    forget_after(l, at_us);
    l->paid = 0;
    if (e == ERR_OK) e = cover_forward(l, at_us, end_us);
    return e == ERR_OK ? whole_calls(l) : e;
}

enum err loom_link_stretch(struct loom *l, i64 at_us, i64 *end_us, u64 *messages,
                           loom_changed *changed, void *ctx) {
    enum err e = cover_stretch(l, at_us, end_us);
    *messages = l->paid;
    if (e == ERR_OK) e = memory_link(l);
    if (e == ERR_OK) e = loom_store_calls(l, changed, ctx);
    if (e == ERR_OK) e = loom_store_learned(l);
    memory_widen(l);
    return e;
}
