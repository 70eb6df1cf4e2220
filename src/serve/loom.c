/* loom.c: the way of what comes in, through the database into the weave and back.
 *
 * A batch goes this way, so that a crash loses nothing that was acknowledged and links nothing twice:
 *   1. what the database has near it (in time, or by Call-ID) is fetched into the weave, once
 *   2. the batch goes into the database, in one transaction; what was there already is passed over
 *   3. what was new goes into the weave, which is linked again
 *   4. calls whose signature is new go into the database, in a second transaction
 * After a crash between 2 and 4 the next start finds sightings without a call, and links them. */
#include "serve/loom.h"

#include "draw/draw.h"
#include "serve/clock.h"
#include "link/link.h"

enum {
    WINDOW_US = 600 * 1000000,
    NEAR_US = 120 * 1000000, /* how far around a batch neighbours are fetched */
    MANY = 200000,           /* sightings in memory before the old ones are let go */
    BATCH = 10000,           /* of a file, before they are made durable on the way */
    SIGNATURES = 1 << 20,
    SLICE = 256, /* calls in one transaction */
};

struct feed {
    struct source source; /* strings in boot */
    u32 in_store, in_weave;
};

struct loom {
    struct store *store;
    struct weave *weave;
    str hosts;
    arena boot, view, batch;
    i64 window_us;
    bool bulk, stuck;
    isize try_at; /* of a file: how many wait before they are made durable */
    struct feed *feeds;
    isize nfeeds, cap_feeds;
    struct sighting *waiting; /* their bytes are in `batch` */
    isize nwaiting, cap_waiting;
    struct map have;       /* key of a sighting -> how many equal ones are in the weave */
    struct map pass;       /* the same, within one replay */
    struct map call_ids;   /* those whose whole call is in the weave */
    struct map signatures; /* of calls as they are in the database */
    i64 low_us,
        high_us; /* all that the database has between is in the weave; low > high: nothing */
    i64 newest_us;
    struct loom_totals totals;
    struct out damage, told;
};

/* ---- the weave, filled from the database ----------------------------------------------------------- */

static u64 sighting_key(const struct sighting *s, str source) {
    u64 key = hash_mix(hash_bytes(source, (u64)s->vantage), (u64)s->time_us);
    u64 ends = hash_mix(hash_bytes((str){s->src.ip, 16}, s->src.port),
                        hash_bytes((str){s->dst.ip, 16}, s->dst.port));
    return hash_mix(hash_mix(key, ends), hash_bytes(s->bytes, 0));
}

static u32 replay_source(void *ctx, const struct source *s) {
    struct loom *l = ctx;
    return weave_source(l->weave, s);
}

static void replay_sighting(void *ctx, const struct sighting *s) {
    struct loom *l = ctx;
    struct sip_msg m;
    struct fail f;
    u64 key = sighting_key(s, weave_trace(l->weave)->sources[s->source].name);
    u32 nth = ++*map_put(&l->pass, key), *have = map_put(&l->have, key);
    if (nth <= *have) return;
    enum err e = sip_msg_parse(&m, s->bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return; /* cannot be: only SIP is stored */
    *have = nth;
    *map_put(&l->call_ids, hash_bytes(m.call_id, 0)) |= 1;
    l->newest_us = i64_max(l->newest_us, s->time_us);
    weave_add_parsed(l->weave, s, &m);
}

static void replay_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    struct loom *l = ctx;
    out_bytes(&l->damage, sentence);
    out_byte(&l->damage, '\n');
}

static struct input_sink replay_sink(struct loom *l) {
    return (struct input_sink){l, replay_source, replay_sighting, replay_skipped,
                               on_damage};
}

static enum err fetch_range(struct loom *l, i64 after_us, i64 before_us) {
    struct input_sink sink = replay_sink(l);
    if (after_us >= before_us) return ERR_OK;
    map_clear(&l->pass);
    return store_replay_range(l->store, after_us, before_us, &sink);
}

/* All that the database has from `low_us` to `high_us`; what lies between that and what is there comes along. */
static enum err cover(struct loom *l, i64 low_us, i64 high_us) {
    enum err e;
    if (l->low_us > l->high_us) {
        e = fetch_range(l, low_us, high_us);
        l->low_us = low_us;
        l->high_us = high_us;
        return e;
    }
    if (low_us < l->low_us) {
        e = fetch_range(l, low_us, l->low_us);
        if (e != ERR_OK) return e;
        l->low_us = low_us;
    }
    if (high_us > l->high_us) {
        e = fetch_range(l, l->high_us, high_us);
        if (e != ERR_OK) return e;
        l->high_us = high_us;
    }
    return ERR_OK;
}

/* The rest of a call that began before the window: its BYE may come an hour later. */
static enum err fetch_call(struct loom *l, str call_id) {
    u32 *known = map_put(&l->call_ids, hash_bytes(call_id, 0));
    if (call_id.n == 0 || *known) return ERR_OK;
    *known = 1;
    str id, *ids;
    isize n;
    enum err e = store_call_ids(l->store, call_id, &l->view, &id, &ids, &n);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    if (e != ERR_OK) return e;
    struct input_sink sink = replay_sink(l);
    map_clear(&l->pass);
    return store_replay_call_ids(l->store, ids, n, &sink);
}

static void weave_new(struct loom *l) {
    struct fail f;
    weave_close(l->weave);
    l->weave = weave_open();
    (void)weave_hosts(l->weave, l->hosts, &f);
    map_clear(&l->have);
    map_clear(&l->call_ids);
    l->low_us = INT64_MAX;
    l->high_us = INT64_MIN;
    for (isize i = 0; i < l->nfeeds; i++) {
        l->feeds[i].in_weave = weave_source(l->weave, &l->feeds[i].source);
    }
}

/* What is older than the window leaves the memory. */
static enum err forget_old(struct loom *l) {
    if (weave_nseen(l->weave) < MANY) return ERR_OK;
    i64 newest = l->newest_us;
    if (newest - l->low_us < 2 * l->window_us && weave_nseen(l->weave) < 8 * MANY)
        return ERR_OK;
    weave_new(l);
    return cover(l, newest - l->window_us, newest + 1);
}

/* ---- taking in ----------------------------------------------------------------------------------------- */

static u32 on_source(void *ctx, const struct source *s) {
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

static void on_sighting(void *ctx, const struct sighting *s) {
    struct loom *l = ctx;
    l->waiting = base_grow(l->waiting, &l->cap_waiting, l->nwaiting + 1,
                           (isize)sizeof *l->waiting);
    struct sighting *mine = &l->waiting[l->nwaiting++];
    *mine = *s;
    mine->bytes = arena_copy(&l->batch, s->bytes);
    mine->at = SIGHTING_NOWHERE;
    if (!l->bulk || l->nwaiting < l->try_at) return;
    /* durable on the way, and linked when the memory asks for it; a failure shows again at loom_commit */
    enum err e =
        weave_nseen(l->weave) < 8 * MANY ? store_waiting(l) : loom_commit(l, NULL, NULL);
    l->stuck = e != ERR_OK;
    l->try_at = l->nwaiting + BATCH; /* after a failure not again at once */
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct loom *l = ctx;
    struct skips *s = &l->totals.skips;
    if (s->n[reason]++ == 0) s->first[reason] = place;
    s->bytes[reason] += bytes;
}

struct input_sink loom_sink(struct loom *l) {
    return (struct input_sink){l, on_source, on_sighting, on_skipped, on_damage};
}

void loom_session(struct loom *l) {
    store_session(l->store);
}
bool loom_stuck(const struct loom *l) {
    return l->stuck;
}

isize loom_waiting(const struct loom *l) {
    return l->nwaiting;
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

static struct store_facts facts_of(const struct sip_msg *m) {
    return (struct store_facts){
        .call_id = m->call_id,
        .status = m->status,
        .method = (u8)(m->is_request ? m->method : m->cseq.method),
        .is_request = m->is_request,
        .cseq = m->cseq.number,
    };
}

static enum err store_one(struct loom *l, const struct sighting *s,
                          const struct sip_msg *m, bool *fresh) {
    struct feed *f = &l->feeds[s->source];
    struct store_facts facts = facts_of(m);
    struct sighting mine = *s;
    if (f->in_store == UINT32_MAX) {
        enum err e = store_source(l->store, &f->source, &f->in_store);
        if (e != ERR_OK) return e;
    }
    mine.source = f->in_store;
    return store_sighting(l->store, &mine, &facts, fresh);
}

/* Step 1: what lies near the batch. */
static enum err fetch_neighbours(struct loom *l) {
    i64 low = INT64_MAX, high = INT64_MIN;
    for (isize i = 0; i < l->nwaiting; i++) {
        low = i64_min(low, l->waiting[i].time_us);
        high = i64_max(high, l->waiting[i].time_us);
    }
    enum err e = cover(l, low - NEAR_US, high + NEAR_US);
    for (isize i = 0; i < l->nwaiting && e == ERR_OK; i++) {
        struct sip_msg m;
        struct fail f;
        enum err parsed = sip_msg_parse(&m, l->waiting[i].bytes, &f);
        if (parsed == ERR_OK || parsed == ERR_MORE) e = fetch_call(l, m.call_id);
        arena_reset(&l->view);
    }
    return e;
}

/* Step 2. `fresh` is told for each of the waiting ones. */
static enum err store_batch(struct loom *l, bool *fresh) {
    struct sip_msg m;
    struct fail f;
    enum err e = store_begin(l->store);
    for (isize i = 0; i < l->nwaiting && e == ERR_OK; i++) {
        enum err parsed = sip_msg_parse(&m, l->waiting[i].bytes, &f);
        if (parsed == ERR_OK || parsed == ERR_MORE) {
            e = store_one(l, &l->waiting[i], &m, &fresh[i]);
        }
    }
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
        struct sighting s = l->waiting[i];
        enum err parsed = sip_msg_parse(&m, s.bytes, &f);
        if (parsed != ERR_OK && parsed != ERR_MORE) {
            on_skipped(l, SKIP_NOT_SIP, s.line, (u64)s.bytes.n);
            continue;
        }
        l->totals.sightings++;
        if (!fresh[i]) continue;
        l->totals.fresh++;
        ++*map_put(&l->have, sighting_key(&s, l->feeds[s.source].source.name));
        *map_put(&l->call_ids, hash_bytes(m.call_id, 0)) |= 1;
        l->newest_us = i64_max(l->newest_us, s.time_us);
        s.source = l->feeds[s.source].in_weave;
        weave_add_parsed(l->weave, &s, &m);
    }
}

static enum err store_waiting(struct loom *l) {
    if (l->nwaiting == 0) return ERR_OK;
    store_clock(l->store, clock_now_us());
    isize cap = 0;
    bool *fresh = base_grow(NULL, &cap, l->nwaiting, 1);
    enum err e = fetch_neighbours(l);
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

/* After a start the signatures are not known: does the database have it just so? */
static bool is_kept(struct loom *l, const struct change *c) {
    str have;
    enum err e = store_summary(l->store, c->call->id, &l->view, &have);
    return e == ERR_OK && str_eq(have, c->json);
}

/* The next slice of changes, from conversation *at on. */
static isize next_changes(struct loom *l, isize *at, struct change *slice) {
    struct out json = {0};
    isize n = 0;
    for (; *at < weave_ncalls(l->weave) && n < SLICE; ++*at) {
        u64 signature = weave_call_signature(l->weave, *at);
        if (map_get(&l->signatures, signature)) continue;
        struct change *c = &slice[n];
        c->call = weave_call(l->weave, *at, false, &l->view);
        weave_marks(l->weave, *at, c->call, &l->view);
        c->signature = signature;
        json.n = 0;
        json.comma = false;
        draw_json(&json, c->call, false);
        c->json = arena_copy(&l->view, out_str(&json));
        if (is_kept(l, c)) {
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

/* Step 4. */
static enum err store_calls(struct loom *l, loom_changed *changed, void *ctx) {
    struct change slice[SLICE];
    enum err e = ERR_OK;
    isize at = 0, n;
    if (l->signatures.n > SIGNATURES) map_clear(&l->signatures);
    while (e == ERR_OK && (n = next_changes(l, &at, slice)) > 0) {
        e = store_slice(l, slice, n);
        for (isize i = 0; i < n && e == ERR_OK; i++) {
            *map_put(&l->signatures, slice[i].signature) = 1;
            l->totals.calls++;
            if (changed) {
                changed(ctx, slice[i].call->id, slice[i].call->start_us, slice[i].json);
            }
        }
        arena_reset(&l->view);
    }
    arena_reset(&l->view);
    return e;
}

enum err loom_commit(struct loom *l, loom_changed *changed, void *ctx) {
    enum err e = store_waiting(l);
    if (e != ERR_OK) return e;
    weave_link(l->weave);
    e = store_calls(l, changed, ctx);
    if (e == ERR_OK) e = forget_old(l);
    return e;
}

/* What an earlier run kept and was stopped before linking. */
static enum err link_the_unlinked(struct loom *l) {
    i64 first, last;
    enum err e = store_unlinked(l->store, &first, &last);
    if (e != ERR_OK || last < first) return e;
    e = cover(l, first - NEAR_US, last + NEAR_US);
    if (e != ERR_OK) return e;
    weave_link(l->weave);
    return store_calls(l, NULL, NULL);
}

enum err loom_open(struct loom **out, struct store *store, const struct loom_options *o) {
    struct loom *l = base_new(1, (isize)sizeof *l);
    *l = (struct loom){.store = store,
                       .boot = arena_open((isize)64 << 20),
                       .view = arena_open_view(),
                       .batch = arena_open((isize)8 << 30),
                       .window_us = o->window_us ? o->window_us : WINDOW_US,
                       .bulk = o->bulk,
                       .try_at = BATCH,
                       .newest_us = INT64_MIN / 2};
    l->hosts = arena_copy(&l->boot, o->hosts);
    weave_new(l);
    *out = l;
    struct store_totals t;
    enum err e = store_totals(store, &t);
    if (e == ERR_OK && t.sightings) {
        /* the end of what is there: it may go on */
        e = cover(l, t.last_us - l->window_us, t.last_us + 1);
    }
    if (e == ERR_OK) e = link_the_unlinked(l);
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
    map_drop(&l->signatures);
    base_free(l->feeds);
    base_free(l->waiting);
    out_drop(&l->damage);
    out_drop(&l->told);
    arena_close(&l->boot);
    arena_close(&l->view);
    arena_close(&l->batch);
    base_free(l);
}
