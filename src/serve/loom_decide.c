/* loom_decide.c: a change by hand. The calls that it is about are linked again in a loom of their own, with the traffic around them in
 * sight, as it was when they were linked first: among few legs everything would seem to belong together.
 *
 *     both calls, whole ──> weave <── all that went on around them
 *                             └─link──> of the result only these calls are stored
 *
 * The others stay as they are. */
#include "serve/loom_inner.h"

#include "serve/hand.h"

enum {
    LONG_US =
        900 * 1000000, /* of a longer call the time around its beginning and its end */
};

enum err loom_complete(struct loom *l) {
    struct store_decisions all;
    enum err e = store_decisions_in_force(l->store, &l->view, &all);
    for (isize i = 0; i < all.n && e == ERR_OK; i++) {
        const str legs[] = {all.list[i].d.leg, all.list[i].d.other};
        bool there[2] = {false, false};
        for (isize k = 0; k < 2 && e == ERR_OK; k++) {
            str call, call_id;
            e = store_leg(l->store, legs[k], &l->view, &call, &call_id);
            there[k] = e == ERR_OK && map_get(&l->call_ids, hash_bytes(call_id, 0));
            if (e == ERR_NOT_FOUND) e = ERR_OK;
        }
        if (e == ERR_OK && there[0] != there[1])
            e = memory_whole(l, legs[there[0] ? 1 : 0]);
    }
    return e;
}

/* From when to when the sightings were that came in since there were `before`. */
static struct sight since(const struct loom *l, isize before) {
    struct sight s = {INT64_MAX, INT64_MIN};
    for (isize i = before; i < weave_nseen(l->weave); i++) {
        i64 us = weave_trace(l->weave)->times[i];
        s.low_us = i64_min(s.low_us, us);
        s.high_us = i64_max(s.high_us, us);
    }
    return s;
}

static enum err cover_around(struct loom *l, struct sight s) {
    if (s.low_us > s.high_us) return ERR_OK; /* it was there already */
    if (s.high_us - s.low_us <= LONG_US)
        return memory_cover(l, s.low_us - NEAR_US, s.high_us + NEAR_US);
    enum err e = memory_cover(l, s.low_us - NEAR_US, s.low_us + NEAR_US);
    return e == ERR_OK ? memory_cover(l, s.high_us - NEAR_US, s.high_us + NEAR_US) : e;
}

/* Where a leg that may stand in the middle of a long call begins. */
static enum err cover_leg(struct loom *l, str leg) {
    str call, call_id;
    enum err e = store_leg(l->store, leg, &l->view, &call, &call_id);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    if (e != ERR_OK) return e;
    const struct trace *t = weave_trace(l->weave);
    i64 first_us = INT64_MAX;
    for (isize i = 0; i < t->nseen; i++) {
        if (str_eq(str_table_get(&t->strings, t->call_ids[i]), call_id))
            first_us = i64_min(first_us, t->times[i]);
    }
    if (first_us == INT64_MAX) return ERR_OK;
    return memory_cover(l, first_us - NEAR_US, first_us + NEAR_US);
}

static enum err fetch(struct loom *l, const struct decision *d) {
    enum err e = memory_whole(l, d->leg);
    struct sight a = since(l, 0);
    isize before = weave_nseen(l->weave);
    if (e == ERR_OK) e = memory_whole(l, d->other);
    if (e != ERR_OK) return e;
    struct sight b = since(l, before);
    l->only = l->call_ids; /* just those of the two calls so far */
    l->call_ids = (struct map){0};
    e = cover_around(l, a);
    if (e == ERR_OK) e = cover_around(l, b);
    if (e == ERR_OK) e = cover_leg(l, d->leg);
    return e == ERR_OK ? cover_leg(l, d->other) : e;
}

enum err loom_decide(struct store *store, str hosts, struct decision *d, bool undo,
                     loom_changed *changed, void *ctx) {
    struct loom_options o = {.hosts = hosts};
    struct loom *l;
    enum err e = loom_new(&l, store, &o);
    if (e != ERR_OK) return e;
    e = fetch(l, d);
    if (e == ERR_OK) e = hand_keep(store, d, undo);
    if (e == ERR_OK) e = hand_tell(store, l->weave, &l->view);
    if (e == ERR_OK) e = memory_link(l);
    if (e == ERR_OK) e = loom_store_calls(l, changed, ctx);
    loom_close(l);
    return e;
}
