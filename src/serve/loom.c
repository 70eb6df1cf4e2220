/* loom.c: the way of what comes in, through the database into the weave and back.
 *
 * A batch goes this way, so that a crash loses nothing that was acknowledged and links nothing twice:
 *   1. what the database has near it (in time, or by Call-ID) is fetched into the weave, once
 *   2. the batch goes into the database, in one transaction; what was there already is passed over
 *   3. what was new goes into the weave, which is linked again
 *   4. calls whose signature is new go into the database, in a second transaction
 * After a crash between 2 and 4 the next start finds sightings without a call, and links them. */
#include "serve/loom_inner.h"

#include "draw/draw.h"
#include "serve/clock.h"
#include "serve/summary.h"

enum {
    WINDOW_US = 600 * 1000000,
    MANY = 200000, /* sightings in memory before the old ones are let go */
    BATCH = 10000, /* of a file, before they are made durable on the way */
    SIGNATURES = 1 << 16,
    BREATH = 32, /* calls between two moments for others */
};

void loom_damaged(void *ctx, str sentence) {
    struct loom *l = ctx;
    out_bytes(&l->damage, sentence);
    out_byte(&l->damage, '\n');
}

/* ---- taking in ----------------------------------------------------------------------------------------- */

u32 loom_source(void *ctx, const struct source *s) {
    struct loom *l = ctx;
    for (isize i = 0; i < l->nfeeds; i++) {
        const struct source *have = &l->feeds[i].source;
        if (have->kind == s->kind && str_eq(have->name, s->name) &&
            str_eq(have->device, s->device)) {
            return (u32)i;
        }
    }
    l->feeds = base_grow(l->feeds, &l->cap_feeds, l->nfeeds + 1, (isize)sizeof *l->feeds);
    struct feed *f = &l->feeds[l->nfeeds];
    *f = (struct feed){.source = {arena_copy(&l->boot, s->name),
                                  arena_copy(&l->boot, s->device), s->kind, NULL, NULL}};
    f->in_store = UINT32_MAX; /* asked for in the transaction that first needs it */
    f->in_weave = weave_source(l->weave, &f->source);
    return (u32)l->nfeeds++;
}

static enum err store_waiting(struct loom *l);

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct loom *l = ctx;
    struct skips *s = &l->totals.skips;
    if (s->n[reason]++ == 0) s->first[reason] = place;
    s->bytes[reason] += bytes;
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct loom *l = ctx;
    struct sip_msg m;
    struct fail f;
    arena before = l->batch;
    str bytes = arena_copy(&l->batch, s->bytes);
    enum err parsed = sip_msg_parse(&m, bytes, &f);
    if (parsed != ERR_OK && parsed != ERR_MORE) {
        l->batch.at = before.at;
        on_skipped(l, SKIP_NOT_SIP, s->line, (u64)s->bytes.n);
        return;
    }
    l->waiting = base_grow(l->waiting, &l->cap_waiting, l->nwaiting + 1,
                           (isize)sizeof *l->waiting);
    struct waiting *mine = &l->waiting[l->nwaiting++];
    *mine = (struct waiting){*s, batch_facts(&m)};
    mine->sighting.bytes = bytes;
    mine->sighting.at = SIGHTING_NOWHERE;
    if (!l->bulk || l->nwaiting < l->try_at) return;
    /* durable on the way, and linked when the memory asks for it; a failure shows again at loom_commit */
    enum err e =
        weave_nseen(l->weave) < l->most ? store_waiting(l) : loom_commit(l, NULL, NULL);
    l->stuck = e != ERR_OK;
    l->try_at = l->nwaiting + BATCH; /* after a failure not again at once */
}

struct input_sink loom_sink(struct loom *l) {
    return (struct input_sink){l, loom_source, on_sighting, on_skipped, loom_damaged};
}

void loom_session(struct loom *l) {
    store_session(l->store);
}
bool loom_stopped(const struct loom *l) {
    return weave_stopped(l->weave);
}
bool loom_stuck(const struct loom *l) {
    return l->stuck;
}

isize loom_waiting(const struct loom *l) {
    return l->nwaiting;
}
isize loom_held(const struct loom *l) {
    return weave_nseen(l->weave);
}
struct loom_totals loom_totals(const struct loom *l) {
    return l->totals;
}

str loom_damage(struct loom *l) {
    l->told.n = 0;
    out_bytes(&l->told, out_str(&l->damage));
    l->damage.n = 0;
    return out_str(&l->told);
}

/* ---- into the database ----------------------------------------------------------------------------------- */

static enum err store_one(struct loom *l, const struct waiting *w, bool *fresh) {
    struct feed *f = &l->feeds[w->sighting.source];
    struct sighting mine = w->sighting;
    if (f->in_store == UINT32_MAX) {
        enum err e = store_source(l->store, &f->source, &f->in_store);
        if (e != ERR_OK) return e;
    }
    mine.source = f->in_store;
    return store_sighting(l->store, &mine, &w->facts, fresh);
}

/* Step 1: what lies near the batch; what came late has a stretch of its own. */
enum err loom_fetch_neighbours(struct loom *l, const struct waiting *list, isize count) {
    struct sight near[STRETCHES / 2];
    isize n = 0;
    enum err e = ERR_OK;
    for (isize i = 0; i < count; i++) {
        i64 us = list[i].sighting.time_us;
        isize k = 0;
        while (k < n &&
               (us < near[k].low_us - l->reach_us || us > near[k].high_us + l->reach_us))
            k++;
        if (k == n && n < countof(near)) near[n++] = (struct sight){us, us};
        if (k == countof(near)) k--; /* so many gaps in one batch: no matter */
        near[k].low_us = i64_min(near[k].low_us, us);
        near[k].high_us = i64_max(near[k].high_us, us);
    }
    if (l->ncovered + n > STRETCHES) e = memory_new(l);
    for (isize k = 0; k < n && e == ERR_OK; k++)
        e = memory_near(l, near[k].low_us, near[k].high_us);
    for (isize i = 0; i < count && e == ERR_OK; i++) {
        e = memory_call(l, list[i].facts.call_id);
        arena_reset(&l->view);
    }
    return e;
}

/* Step 2. `fresh` is told for each of the waiting ones. */
static enum err store_batch(struct loom *l, bool *fresh) {
    enum err e = store_begin(l->store);
    for (isize i = 0; i < l->nwaiting && e == ERR_OK; i++)
        e = store_one(l, &l->waiting[i], &fresh[i]);
    if (e == ERR_OK) e = store_commit(l->store);
    if (e != ERR_OK) {
        store_rollback(l->store);
        for (isize i = 0; i < l->nfeeds; i++) l->feeds[i].in_store = UINT32_MAX;
    }
    return e;
}

/* Step 3, first half. */
static void weave_batch(struct loom *l, const bool *fresh) {
    struct sip_msg m;
    struct fail f;
    for (isize i = 0; i < l->nwaiting; i++) {
        struct sighting s = l->waiting[i].sighting;
        u64 call_id = hash_bytes(l->waiting[i].facts.call_id, 0);
        l->totals.sightings++;
        if (!fresh[i]) continue;
        l->totals.fresh++;
        ++*map_put(&l->have, loom_key(&s, l->feeds[s.source].source.name));
        *map_put(&l->call_ids, call_id) |= 1;
        *map_put(&l->fed, call_id) = 1;
        l->newest_us = i64_max(l->newest_us, s.time_us);
        s.source = l->feeds[s.source].in_weave;
        enum err e = sip_msg_parse(&m, s.bytes, &f); /* it was read before: on_sighting */
        if (e == ERR_OK || e == ERR_MORE) weave_add_parsed(l->weave, &s, &m);
    }
}

static enum err store_waiting(struct loom *l) {
    if (l->nwaiting == 0) return ERR_OK;
    store_clock(l->store, clock_now_us());
    isize cap = 0;
    bool *fresh = base_grow(NULL, &cap, l->nwaiting, 1);
    enum err e = loom_fetch_neighbours(l, l->waiting, l->nwaiting);
    if (e == ERR_OK) e = store_batch(l, fresh);
    if (e == ERR_OK) {
        weave_batch(l, fresh);
        l->nwaiting = 0;
        arena_reset(&l->batch);
    }
    base_free(fresh);
    return e;
}

/* A call that is new or has changed, in the view arena until its slice is told. */
struct change {
    struct call *call;
    str json;
    u64 signature;
};

/* As the database has it; empty: it does not. */
static str kept_summary(struct loom *l, const struct change *c) {
    str have = {0};
    enum err e = store_summary(l->store, c->call->id, &l->view, &have);
    return e == ERR_OK ? have : (str){0};
}

/* Where only some calls are meant: does it have a Call-ID of these? */
static bool is_meant(const struct loom *l, const struct call *c) {
    for (isize i = 0; i < c->nlegs && l->only.n; i++) {
        if (map_get(&l->only, hash_bytes(c->legs[i].call_id, 0))) return true;
    }
    return l->only.n == 0;
}

/* Has anything new come in for it? */
static bool is_fed(const struct loom *l, const struct call *c) {
    for (isize i = 0; i < c->nlegs; i++) {
        if (map_get(&l->fed, hash_bytes(c->legs[i].call_id, 0))) return true;
    }
    return false;
}

/* The next slice of changes, from conversation *at on. */
static isize next_changes(struct loom *l, isize *at, struct change *slice) {
    struct out json = {0};
    isize n = 0;
    for (; *at < weave_ncalls(l->weave) && n < SLICE; ++*at) {
        u64 signature = weave_call_signature(l->weave, *at);
        if (map_get(&l->signatures, signature)) continue;
        struct change *c = &slice[n];
        arena before = l->view;
        c->call = weave_call(l->weave, *at, false, &l->view);
        bool told = !l->opening && weave_call_given(l->weave, *at) && !is_fed(l, c->call);
        if (told || !is_meant(l, c->call)) {
            l->view = before;
            continue;
        }
        str have = kept_summary(l, c);
        summary_keep_related(c->call, have, l->covered, l->ncovered, &l->view);
        weave_marks(l->weave, *at, c->call, &l->view);
        c->signature = signature;
        if (n % BREATH == BREATH - 1) loom_breathe(l);
        json.n = 0;
        json.comma = false;
        draw_json(&json, c->call, false);
        c->json = arena_copy(&l->view, out_str(&json));
        /* after a start the signatures are not known: the database may have it just so */
        if (have.n && str_eq(have, c->json)) {
            *map_put(&l->signatures, signature) = 1;
        } else {
            n++;
        }
    }
    out_drop(&json);
    return n;
}

static enum err store_slice(struct loom *l, const struct change *slice, isize n) {
    store_clock(l->store, clock_now_us());
    enum err e = store_begin(l->store);
    for (isize i = 0; i < n && e == ERR_OK; i++) {
        e = store_put_call(l->store, slice[i].call, slice[i].json);
    }
    if (e == ERR_OK) e = store_commit(l->store);
    if (e != ERR_OK) store_rollback(l->store);
    return e;
}

/* Calls that the last slice has left without legs. */
static void tell_gone(struct loom *l, loom_changed *changed, void *ctx) {
    for (isize i = 0; changed && i < store_ngone(l->store); i++) {
        str id = {0}, *ids, gone = store_gone(l->store, i);
        isize n;
        enum err e = store_call_ids(l->store, gone, &l->view, &id, &ids, &n);
        if (e != ERR_OK || !str_eq(id, gone)) changed(ctx, gone, 0, (str){0});
    }
}

/* Those of calls that have changed since, or are in memory no longer, are of no use. */
static void forget_signatures(struct loom *l) {
    struct map now = {0};
    if (l->signatures.n < SIGNATURES || l->signatures.n < 4 * weave_ncalls(l->weave))
        return;
    for (isize i = 0; i < weave_ncalls(l->weave); i++) {
        u64 signature = weave_call_signature(l->weave, i);
        if (map_get(&l->signatures, signature)) *map_put(&now, signature) = 1;
    }
    map_drop(&l->signatures);
    l->signatures = now;
}

/* Step 4. */
enum err loom_store_calls(struct loom *l, loom_changed *changed, void *ctx) {
    struct change slice[SLICE];
    enum err e = ERR_OK;
    isize at = 0, n;
    forget_signatures(l);
    while (e == ERR_OK && (n = next_changes(l, &at, slice)) > 0) {
        e = store_slice(l, slice, n);
        if (e == ERR_OK) tell_gone(l, changed, ctx);
        for (isize i = 0; i < n && e == ERR_OK; i++) {
            *map_put(&l->signatures, slice[i].signature) = 1;
            l->totals.calls++;
            if (changed) {
                changed(ctx, slice[i].call->id, slice[i].call->start_us, slice[i].json);
            }
        }
        arena_reset(&l->view);
        loom_breathe(l);
    }
    arena_reset(&l->view);
    return e;
}

/* What was learned, now and then: for the time that is in memory. */
enum err loom_store_learned(struct loom *l) {
    enum { EVERY_US = 60 * 1000000 };
    if (l->newest_us - l->learned_us < EVERY_US && l->newest_us >= l->learned_us &&
        !l->bulk)
        return ERR_OK;
    str lore = weave_lore(l->weave, &l->view);
    enum err e = store_begin(l->store);
    for (isize i = 0; i < l->ncovered && e == ERR_OK; i++) {
        i64 low = l->covered[i].low_us + MARGIN_US;
        i64 high = i64_min(l->covered[i].high_us, l->newest_us);
        e = store_put_lore(l->store, low, lore);
        if (e == ERR_OK && high > low) e = store_put_lore(l->store, high, lore);
    }
    if (e == ERR_OK) e = store_commit(l->store);
    if (e != ERR_OK) store_rollback(l->store);
    l->learned_us = l->newest_us;
    arena_reset(&l->view);
    return e;
}

enum err loom_commit(struct loom *l, loom_changed *changed, void *ctx) {
    enum err e = store_waiting(l);
    if (e != ERR_OK) return e;
    e = memory_link(l);
    if (e == ERR_OK) e = loom_store_calls(l, changed, ctx);
    if (e == ERR_OK) l->opening = false;
    if (e == ERR_OK) e = loom_store_learned(l);
    if (e == ERR_OK) e = memory_trim(l);
    return e;
}

/* What an earlier run kept and was stopped before linking. */
static enum err link_the_unlinked(struct loom *l) {
    i64 first, last;
    enum err e = store_unlinked(l->store, &first, &last);
    if (e != ERR_OK || last < first) return e;
    e = memory_cover(l, first - NEAR_US, last + NEAR_US);
    if (e != ERR_OK) return e;
    e = memory_link(l);
    return e == ERR_OK ? loom_store_calls(l, NULL, NULL) : e;
}

enum err loom_new(struct loom **out, struct store *store, const struct loom_options *o) {
    struct loom *l = base_new(1, (isize)sizeof *l);
    *l = (struct loom){.store = store,
                       .boot = arena_open((isize)64 << 20),
                       .view = arena_open_view(),
                       .batch = arena_open((isize)8 << 30),
                       .window_us = o->window_us ? o->window_us : WINDOW_US,
                       .many = o->many ? o->many : MANY,
                       .most = (o->owing ? 4 : 8) * (o->many ? o->many : MANY),
                       .reach_us = NEAR_US,
                       .stop = o->stop,
                       .aside = o->aside,
                       .aside_ctx = o->aside_ctx,
                       .bulk = o->bulk,
                       .opening = true,
                       .try_at = BATCH,
                       .newest_us = INT64_MIN / 2,
                       .learned_us = INT64_MIN / 2};
    l->hosts = arena_copy(&l->boot, o->hosts);
    *out = l;
    enum err e = memory_new(l);
    if (e == ERR_OK) return e;
    loom_close(l);
    *out = NULL;
    return e;
}

enum err loom_open(struct loom **out, struct store *store, const struct loom_options *o) {
    enum err e = loom_new(out, store, o);
    if (e != ERR_OK) return e;
    struct loom *l = *out;
    struct store_totals t = {0};
    e = store_totals(store, &t);
    if (e == ERR_OK && t.sightings) {
        /* the end of what is there: it may go on */
        e = memory_back(l, t.last_us - l->window_us, t.last_us + 1, l->most / 2);
    }
    if (e == ERR_OK && !o->owing) e = link_the_unlinked(l);
    if (e != ERR_OK) {
        loom_close(l);
        *out = NULL;
    }
    return e;
}

void loom_close(struct loom *l) {
    if (!l) return;
    weave_close(l->weave);
    map_drop(&l->have);
    map_drop(&l->pass);
    map_drop(&l->call_ids);
    map_drop(&l->fed);
    map_drop(&l->whole);
    map_drop(&l->signatures);
    map_drop(&l->only);
    base_free(l->feeds);
    base_free(l->waiting);
    base_free(l->feed_of);
    map_drop(&l->came);
    out_drop(&l->paid_ids);
    out_drop(&l->damage);
    out_drop(&l->told);
    arena_close(&l->boot);
    arena_close(&l->view);
    arena_close(&l->batch);
    base_free(l);
}
