/* loom_decide.c: a change by hand. The calls that it is about are linked again in a loom of their own, with the traffic around them in
 * sight, as it was when they were linked first: among few legs everything would seem to belong together.
 *
 *     both calls, whole ──> weave <── all that went on around them
 *                             └─link──> of the result only these calls are stored
 *
 * The others are not whole there, and stay as they are. */
#include "serve/loom_inner.h"

#include "serve/hand.h"

enum {
    AROUND_US = 200 * 1000000, /* legs further apart have no part in one another */
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
            e = loom_fetch_whole(l, legs[there[0] ? 1 : 0]);
    }
    return e;
}

struct span {
    i64 low_us, high_us;
};

/* The whole call of a leg; from when to when it was. Nothing, where its call is there already. */
static enum err fetch_call(struct loom *l, str leg, struct span *span) {
    isize before = weave_nseen(l->weave);
    *span = (struct span){INT64_MAX, INT64_MIN};
    enum err e = loom_fetch_whole(l, leg);
    for (isize i = before; i < weave_nseen(l->weave); i++) {
        i64 us = weave_trace(l->weave)->seen[i].time_us;
        span->low_us = i64_min(span->low_us, us);
        span->high_us = i64_max(span->high_us, us);
    }
    return e;
}

static enum err fetch_around(struct loom *l, struct span s) {
    if (s.low_us > s.high_us) return ERR_OK;
    if (s.high_us - s.low_us <= LONG_US)
        return loom_fetch_range(l, s.low_us - AROUND_US, s.high_us + AROUND_US);
    enum err e = loom_fetch_range(l, s.low_us - AROUND_US, s.low_us + AROUND_US);
    if (e == ERR_OK)
        e = loom_fetch_range(l, s.high_us - AROUND_US, s.high_us + AROUND_US);
    return e;
}

static enum err fetch(struct loom *l, const struct decision *d) {
    struct span a, b;
    enum err e = fetch_call(l, d->leg, &a);
    if (e == ERR_OK) e = fetch_call(l, d->other, &b);
    if (e != ERR_OK) return e;
    l->only = l->call_ids; /* just those of the two calls so far */
    l->call_ids = (struct map){0};
    e = fetch_around(l, a);
    return e == ERR_OK ? fetch_around(l, b) : e;
}

enum err loom_decide(struct store *store, str hosts, struct decision *d, bool undo,
                     loom_changed *changed, void *ctx) {
    struct loom_options o = {.hosts = hosts};
    struct loom *l = loom_new(store, &o);
    enum err e = fetch(l, d);
    if (e == ERR_OK) e = loom_complete(l);
    if (e == ERR_OK) e = hand_keep(store, d, undo);
    if (e == ERR_OK) e = hand_tell(store, l->weave, &l->view);
    if (e == ERR_OK) {
        weave_link(l->weave);
        e = loom_store_calls(l, changed, ctx);
    }
    loom_close(l);
    return e;
}
