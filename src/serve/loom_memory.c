/* loom_memory.c: what of the database is in the weave:
 *
 *        low                                           high
 *         |── margin ──|──────────── in sight ───────────|      one stretch or more
 *     links as decided │ decided anew, with all of their surroundings there
 *
 * A call that reaches beyond a stretch is there as a whole, so that no leg of it is lost when it is put back. Legs
 * outside, and in the margin, where parents from before may be missing, keep the links that the database has. */
#include "serve/loom_inner.h"

#include "serve/hand.h"
#include "serve/summary.h"

#include <malloc.h>

enum {
    STRADDLERS = 1000,
    FIRST_US = 250000, /* the first piece */
};

u64 loom_key(const struct sighting *s, str source) {
    u64 key = hash_mix(hash_bytes(source, (u64)s->vantage), (u64)s->time_us);
    u64 ends = hash_mix(hash_bytes((str){s->src.ip, 16}, s->src.port),
                        hash_bytes((str){s->dst.ip, 16}, s->dst.port));
    return hash_mix(hash_mix(key, ends), hash_bytes(s->bytes, 0));
}

static u32 replay_source(void *ctx, const struct source *s) {
    struct loom *l = ctx;
    return weave_source(l->weave, s);
}

/* A message of the stretch that is being linked: what is of its call before the stretch may not be here. */
static void note_paid(struct loom *l, str call_id) {
    u64 hash = hash_bytes(call_id, 0);
    u32 *known = map_put(&l->call_ids, hash);
    *map_put(&l->fed, hash) = 1;
    if (!*known && call_id.n && str_find(call_id, '\n') < 0) {
        out_bytes(&l->paid_ids, call_id);
        out_byte(&l->paid_ids, '\n');
    }
    *known |= 2;
}

static void replay_sighting(void *ctx, const struct sighting *s) {
    struct loom *l = ctx;
    struct sip_msg m;
    struct fail f;
    u64 key = loom_key(s, weave_trace(l->weave)->sources[s->source].name);
    u32 nth = ++*map_put(&l->pass, key), *have = map_put(&l->have, key);
    bool paid = s->time_us >= l->paid_from_us && s->time_us < l->paid_to_us;
    if (nth <= *have && !paid) return;
    enum err e = sip_msg_parse(&m, s->bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return; /* cannot be: only SIP is stored */
    if (paid)
        note_paid(l, m.call_id);
    else
        *map_put(&l->call_ids, hash_bytes(m.call_id, 0)) |= 1;
    l->paid += paid;
    if (nth <= *have) return;
    *have = nth;
    l->newest_us = i64_max(l->newest_us, s->time_us);
    weave_add_parsed(l->weave, s, &m);
}

static void replay_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static struct input_sink replay_sink(struct loom *l) {
    return (struct input_sink){l, replay_source, replay_sighting, replay_skipped,
                               loom_damaged};
}

/* ---- whole calls ------------------------------------------------------------------------------------ */

enum err memory_whole(struct loom *l, str x) {
    str id, json, *ids;
    isize n;
    enum err e = store_call_ids(l->store, x, &l->view, &id, &ids, &n);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    u32 *known = e == ERR_OK ? map_put(&l->whole, hash_bytes(id, 0)) : NULL;
    if (known && *known) return ERR_OK; /* the rest of it comes by itself */
    if (known) *known = 1;
    if (e == ERR_OK) e = store_summary(l->store, id, &l->view, &json);
    if (e != ERR_OK) return e;
    (void)summary_give(l->weave, json);
    struct input_sink sink = replay_sink(l);
    i64 paid_to_us = l->paid_to_us;
    l->paid_to_us =
        INT64_MIN; /* of the stretch each message is told once, and not here */
    map_clear(&l->pass);
    e = store_replay_call_ids(l->store, ids, n, &sink);
    l->paid_to_us = paid_to_us;
    return e;
}

enum err memory_call(struct loom *l, str call_id) {
    u32 *known = map_put(&l->call_ids, hash_bytes(call_id, 0));
    if (call_id.n == 0 || *known & 1) return ERR_OK;
    *known |= 1;
    return memory_whole(l, call_id);
}

/* ---- stretches of time -------------------------------------------------------------------------------- */

static bool give_row(void *ctx, str id, i64 start_us, str json) {
    struct loom *l = ctx;
    (void)id, (void)start_us;
    (void)summary_give(l->weave, json);
    return true;
}

/* The links of calls that begin in the margin. */
static enum err give_margin(struct loom *l, i64 low_us) {
    struct search q = search_any();
    q.kind = KIND_CALL;
    q.after_us = i64_max(low_us, 1);
    q.before_us = i64_max(low_us, 1) + memory_margin_us(l);
    q.limit = INT32_MAX;
    return store_search(l->store, &q, give_row, l);
}

static enum err fetch_range(struct loom *l, i64 low_us, i64 high_us) {
    struct input_sink sink = replay_sink(l);
    str *ids;
    isize n = 0;
    map_clear(&l->pass);
    enum err e = store_replay_range(l->store, low_us, high_us, &sink);
    if (e == ERR_OK) e = give_margin(l, low_us);
    if (e == ERR_OK) e = store_straddling(l->store, low_us, high_us, &l->view, &ids, &n);
    /* live, in dense traffic, only those are made whole that go on within what is to be linked (loom_live.c): all that
     * stand open would not fit, and a leg that is missed now is found when it ends */
    if (!l->bulk && n > STRADDLERS) n = 0;
    for (isize i = 0; i < n && e == ERR_OK; i++) {
        e = memory_whole(l, ids[i]);
        if (i % SLICE == 0) loom_breathe(l);
    }
    arena_reset(&l->view);
    return e;
}

/* Adds [low, high) to what is covered: one stretch with those that it touches. */
static void cover_note(struct loom *l, struct sight s) {
    isize n = 0;
    for (isize i = 0; i < l->ncovered; i++) {
        struct sight o = l->covered[i];
        bool apart = o.high_us < s.low_us || o.low_us > s.high_us;
        if (apart) {
            l->covered[n++] = o;
        } else {
            s.low_us = i64_min(s.low_us, o.low_us);
            s.high_us = i64_max(s.high_us, o.high_us);
        }
    }
    isize at = n;
    for (; at > 0 && l->covered[at - 1].low_us > s.low_us; at--)
        l->covered[at] = l->covered[at - 1];
    l->covered[at] = s;
    l->ncovered = n + 1;
}

enum err memory_cover(struct loom *l, i64 low_us, i64 high_us) {
    enum err e = ERR_OK;
    i64 at_us = low_us;
    for (isize i = 0; i <= l->ncovered && at_us < high_us && e == ERR_OK; i++) {
        struct sight next = {high_us, high_us};
        if (i < l->ncovered) next = l->covered[i];
        if (next.high_us <= at_us) continue;
        if (next.low_us > at_us) e = fetch_range(l, at_us, i64_min(next.low_us, high_us));
        at_us = next.high_us;
    }
    if (e == ERR_OK) cover_note(l, (struct sight){low_us, high_us});
    return e == ERR_OK ? loom_complete(l) : e;
}

static bool is_covered(const struct loom *l, i64 low_us, i64 high_us) {
    for (isize i = 0; i < l->ncovered; i++) {
        if (l->covered[i].low_us <= low_us && l->covered[i].high_us >= high_us)
            return true;
    }
    return false;
}

enum err memory_back(struct loom *l, i64 low_us, i64 high_us, isize most) {
    enum err e = ERR_OK;
    i64 at_us = high_us, step_us = FIRST_US;
    if (l->bulk) return memory_cover(l, low_us, high_us);
    if (is_covered(l, low_us, high_us)) return ERR_OK;
    isize room = weave_nseen(l->weave) + most;
    while (at_us > low_us && e == ERR_OK && weave_nseen(l->weave) < room) {
        isize before = weave_nseen(l->weave);
        i64 from_us = i64_max(low_us, at_us - step_us);
        e = memory_cover(l, from_us, at_us);
        at_us = from_us;
        if (weave_nseen(l->weave) - before < l->many / 8) step_us *= 2;
        loom_breathe(l);
    }
    if (at_us > low_us && e == ERR_OK)
        l->reach_us = i64_max(FIRST_US, i64_min(l->reach_us, high_us - at_us));
    return e;
}

enum err memory_near(struct loom *l, i64 low_us, i64 high_us) {
    if (l->bulk) return memory_cover(l, low_us - l->reach_us, high_us + l->reach_us);
    enum err e = memory_cover(l, low_us, high_us + l->reach_us);
    return e == ERR_OK ? memory_back(l, low_us - l->reach_us, low_us, l->most / 2) : e;
}

/* Another thread does. */
static bool told_to_stop(const void *ctx) {
    const atomic_bool *stop = ctx;
    return atomic_load_explicit(stop, memory_order_relaxed);
}

enum err memory_new(struct loom *l) {
    struct fail f;
    weave_close(l->weave);
    l->weave = weave_open();
    if (!l->bulk) weave_keep(l->weave);
    weave_heed(l->weave, l->stop ? told_to_stop : NULL, l->stop);
    (void)weave_hosts(l->weave, l->hosts, &f);
    map_clear(&l->have);
    map_clear(&l->call_ids);
    map_clear(&l->fed);
    map_clear(&l->whole);
    l->ncovered = 0;
    for (isize i = 0; i < l->nfeeds; i++) {
        l->feeds[i].in_weave = weave_source(l->weave, &l->feeds[i].source);
    }
    return hand_tell(l->store, l->weave, &l->view);
}

/* ---- memory that is made anew ------------------------------------------------------------------------- */

/* What of the memory stays, without the database: of the stretch that ends at high_us or later what is within it. */
struct staying {
    bool any;
    struct sight sight;
    struct carry carry;
};

static struct staying what_stays(struct loom *l, i64 low_us, i64 high_us, isize most) {
    struct staying s = {0};
    for (isize i = 0; i < l->ncovered && !l->bulk; i++) {
        if (l->covered[i].low_us >= high_us || l->covered[i].high_us < high_us) continue;
        s.sight = l->covered[i];
        s.any = true;
    }
    if (!s.any) return s;
    low_us = i64_max(low_us, s.sight.low_us);
    s.any = false;
    /* where too much stays for the sake of calls that go on, less does for its own; then the database gives less */
    for (isize room = most; !s.any && room > most / 8; room /= 2) {
        carry_drop(&s.carry);
        s.carry = weave_carry(l->weave, low_us, room);
        s.any = s.carry.nseen <= most + most / 2;
    }
    s.sight = (struct sight){s.carry.from_us, high_us};
    if (s.any && s.carry.from_us > low_us)
        l->reach_us = i64_max(FIRST_US, i64_min(l->reach_us, high_us - s.carry.from_us));
    return s;
}

static enum err carry_over(struct loom *l, struct weave *old, const struct staying *s) {
    const struct trace *t = weave_trace(old);
    u32 *sources = base_new(t->nsources, (isize)sizeof *sources);
    for (isize i = 0; i < t->nsources; i++)
        sources[i] = weave_source(l->weave, &t->sources[i]);
    map_clear(&l->pass);
    for (isize i = 0; i < t->nseen; i++) {
        if (!s->carry.seen[i]) continue;
        struct sighting one = weave_sighting(old, i);
        one.source = sources[one.source];
        replay_sighting(l, &one);
    }
    base_free(sources);
    weave_given_on(l->weave, old, &s->carry, s->sight.low_us + memory_margin_us(l),
                   &l->view);
    cover_note(l, s->sight);
    return loom_complete(l);
}

enum err memory_again(struct loom *l, i64 low_us, i64 high_us, isize most) {
    struct staying stays = what_stays(l, low_us, high_us, most);
    struct weave *old = l->weave;
    l->weave = NULL;
    enum err e = memory_new(l);
    if (e == ERR_OK)
        e = stays.any ? carry_over(l, old, &stays)
                      : memory_back(l, low_us, high_us, most);
    carry_drop(&stays.carry);
    if (e == ERR_OK && !l->bulk) weave_keep_from(l->weave, old);
    weave_close(old);
    malloc_trim(0); /* tables of many sizes have come and gone */
    return e;
}

i64 memory_margin_us(const struct loom *l) {
    return i64_min(MARGIN_US, l->reach_us - l->reach_us / 10);
}

void memory_widen(struct loom *l) {
    if (weave_nseen(l->weave) < l->many / 2)
        l->reach_us = i64_min(l->reach_us * 2, NEAR_US);
}

void memory_adapt(struct loom *l) {
    enum { LEAST_US = 200000 };
    isize held = weave_nseen(l->weave);
    if (l->bulk) return;
    if (held > l->most / 4 * 3) l->reach_us = i64_max(l->reach_us / 2, LEAST_US);
    memory_widen(l);
}

enum err memory_trim(struct loom *l) {
    i64 sum = 0, newest = l->newest_us;
    i64 window_us = l->bulk ? l->window_us : i64_min(l->window_us, 3 * l->reach_us);
    if (weave_nseen(l->weave) < l->many) return ERR_OK;
    for (isize i = 0; i < l->ncovered; i++)
        sum += l->covered[i].high_us - l->covered[i].low_us;
    if (sum < 2 * window_us && weave_nseen(l->weave) < l->most) return ERR_OK;
    enum err e = memory_again(l, newest - window_us, newest + 1, l->most / 2);
    memory_adapt(l);
    return e;
}

enum err memory_link(struct loom *l) {
    struct sight sights[STRETCHES];
    for (isize i = 0; i < l->ncovered; i++) {
        sights[i] = l->covered[i];
        sights[i].low_us += memory_margin_us(l);
    }
    weave_sights(l->weave, sights, l->ncovered);
    loom_aside(l, true);
    weave_link(l->weave);
    loom_aside(l, false);
    return weave_stopped(l->weave) ? ERR_BUSY : ERR_OK;
}
