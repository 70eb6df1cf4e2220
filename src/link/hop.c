/* hop.c: with proxies one Call-ID crosses several hops, and each hop is a leg. They are one call without any
 * weighing; what is left to find is the order:
 *
 *     the first     nobody reached the device that it leaves, or it started before all others
 *     the others    child of the latest leg that had reached the device that it leaves, else of the first */
#include "link/pair.h"

enum { DEEP = 128 };

static u32 first_msg(const struct weave *w, u32 leg) {
    return w->sums[leg].at;
}

static bool starts_before(const struct weave *w, u32 a, u32 b) {
    const struct sum *x = &w->sums[a], *y = &w->sums[b];
    if (x->start_us != y->start_us) return x->start_us < y->start_us;
    return rank_of(w, w->msgs[first_msg(w, a)].seen) <
           rank_of(w, w->msgs[first_msg(w, b)].seen);
}

static u64 reach_key(const struct weave *w, u32 leg, u32 dev) {
    return hash_mix(w->sums[leg].call_id, dev);
}

/* The leg of this Call-ID that reached the device which `leg` leaves: the latest before it. -1: none. */
static isize reaching(const struct weave *w, const struct clues *reached, u32 leg,
                      bool (*usable)(const struct weave *w, u32 p, u32 leg)) {
    enum { TRIES = 16 };
    const struct sum *s = &w->sums[leg];
    struct clue_run run = clues_find(reached, reach_key(w, leg, s->from_dev));
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = clues_until(run, s->start_us + slack);
    for (int i = 0; n-- > 0 && i < TRIES; i++) {
        u32 p = run.rows[n].leg;
        bool back = w->sums[p].from_dev == s->to_dev;
        if (p == leg || back || msg_order(w, first_msg(w, p), first_msg(w, leg)) > 0)
            continue;
        if (usable(w, p, leg)) return (isize)p;
    }
    return -1;
}

static bool any(const struct weave *w, u32 p, u32 leg) {
    (void)w;
    (void)p;
    (void)leg;
    return true;
}

/* Going up from p one does not come to `leg`. */
static bool not_below(const struct weave *w, u32 p, u32 leg) {
    for (int i = 0; i < DEEP; i++) {
        if (p == leg) return false;
        if (!w->sums[p].parent) return true;
        p = w->sums[p].parent - 1;
    }
    return false;
}

static u32 first_leg(const struct weave *w, const struct clues *reached,
                     const struct sort_row *rows, isize n) {
    u32 first = (u32)rows[0].value;
    for (isize i = 1; i < n; i++) {
        if (starts_before(w, (u32)rows[i].value, first)) first = (u32)rows[i].value;
    }
    for (int i = 0; i < DEEP && i < n;
         i++) { /* in the same second, as far as stamps tell */
        isize before = reaching(w, reached, first, any);
        if (before < 0) break;
        first = (u32)before;
    }
    return first;
}

enum evidence_kind leg_cause(const struct weave *w, const struct sum *s) {
    if (!s->parent || !s->nproofs) return EVIDENCE_COUNT;
    u8 kind = w->proofs[s->proofs_at].kind; /* it is proved first */
    return kind <= EVIDENCE_AFTER_HOLD ? (enum evidence_kind)kind : EVIDENCE_COUNT;
}

bool leg_is_hop(const struct weave *w, const struct sum *s) {
    return leg_cause(w, s) == EVIDENCE_SAME_CALL_ID;
}

static void hop_of(struct weave *w, u32 leg, u32 parent) {
    struct sum *s = &w->sums[leg];
    w->proofs =
        base_grow(w->proofs, &w->cap_proofs, w->nproofs + 1, (isize)sizeof *w->proofs);
    w->proofs[w->nproofs] = (struct proof){EVIDENCE_SAME_CALL_ID, 30, 0, 0};
    s->parent = parent + 1;
    s->confidence = 0.9999;
    s->proofs_at = (u32)w->nproofs++;
    s->nproofs = 1;
}

void hop_parents(struct weave *w) {
    isize n = 0;
    struct sort_row *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
    struct clues reached = {0};
    w->nproofs = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->call_id && !(s->flags & SUM_LAX))
            rows[n++] = (struct sort_row){w->call_ids[s->call_id], (u64)i};
    }
    sort_hashes(rows, n);
    for (isize i = 0; i < n; i++) {
        bool alone = (i == 0 || rows[i - 1].key != rows[i].key) &&
                     (i + 1 == n || rows[i + 1].key != rows[i].key);
        u32 leg = (u32)rows[i].value;
        if (alone) continue;
        clues_add(&reached, reach_key(w, leg, w->sums[leg].to_dev), w->sums[leg].start_us,
                  leg);
    }
    clues_settle(&reached);
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        if (j - i < 2 || j - i > HOPS_A_CALL_ID) continue;
        u32 first = first_leg(w, &reached, rows + i, j - i);
        for (isize k = i; k < j; k++) {
            u32 leg = (u32)rows[k].value;
            if (leg == first) continue;
            isize p = reaching(w, &reached, leg, not_below);
            hop_of(w, leg, p < 0 ? first : (u32)p);
        }
    }
    clues_drop(&reached);
    base_free(rows);
    if (!w->finished) return;
    base_free(w->call_ids); /* from here on a leg has its id */
    w->call_ids = NULL;
    w->cap_call_ids = 0;
}
