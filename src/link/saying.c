/* saying.c: values that two legs or more have become tokens, those of a leg in a row. Most values come back by chance, on legs that
 * never met: they are dropped before anything is sorted. */
#include "link/saying.h"

enum {
    TOO_COMMON =
        48, /* legs; what more of them have tells nothing, and nobody asks for its roots */
    LABELS_A_TOKEN = 8,
    TOKENS_A_LEG = 128,
};
_Static_assert(TOKENS_A_LEG <= UINT8_MAX, "a leg's tokens are more than a sum counts");

/* By value, and then as they were said; without those that one leg alone says. */
static void sort_sayings(struct sayings *g) {
    struct sort_row *order = base_new(g->n + 1, (isize)sizeof *order);
    struct saying *sorted = base_new(g->n + 1, (isize)sizeof *sorted);
    isize n = 0;
    for (isize i = 0; i < g->n; i++)
        order[i] = (struct sort_row){g->rows[i].hash, (u64)i};
    sort_hashes(order, g->n);
    for (isize i = 0, j; i < g->n; i = j) {
        bool shared = false;
        for (j = i; j < g->n && order[j].key == order[i].key; j++)
            shared |= g->rows[order[j].value].leg != g->rows[order[i].value].leg;
        for (isize k = i; shared && k < j; k++) sorted[n++] = g->rows[order[k].value];
    }
    base_free(order);
    base_free(g->rows);
    g->rows = sorted;
    g->n = n;
}

/* A value that only one call has stands on legs that hang together: one of them is the root of all others.
 * The more roots, the more calls have it. */
static u32 count_roots(const struct weave *w, const u32 *legs, u32 n) {
    u32 count = 0;
    for (u32 i = 0; i < n && n <= TOO_COMMON; i++) {
        const struct sum *s = &w->sums[legs[i]];
        bool below = false;
        for (u32 k = 0; k < n && !below; k++) {
            const struct sum *p = &w->sums[legs[k]];
            below = k != i && p->to_dev == s->from_dev &&
                    p->start_us <= s->start_us + 1000000 &&
                    leg_alive(p, s->start_us, 1000000);
        }
        count += !below;
    }
    return n <= TOO_COMMON ? count : n;
}

/* The hops of one Call-ID say the same things. */
static u32 count_ids(const struct weave *w, const u32 *legs, u32 n) {
    u32 count = 0;
    for (u32 i = 0; i < n && n <= TOO_COMMON; i++) {
        const struct sum *s = &w->sums[legs[i]];
        bool known = false;
        for (u32 k = 0; k < i && !known; k++) {
            const struct sum *o = &w->sums[legs[k]];
            known = s->call_id && s->call_id == o->call_id && !(s->flags & SUM_LAX);
        }
        count += !known;
    }
    return n <= TOO_COMMON ? count : n;
}

/* Could any two of these be one call? Values that ports and counters come back to are on legs that never met. */
static bool any_met(const struct weave *w, const struct token *t) {
    const u32 *legs = w->token_legs + t->at;
    if (t->names || t->n > TOO_COMMON) return true;
    for (u32 i = 0; i < t->n; i++) {
        for (u32 k = 0; k < i; k++) {
            const struct sum *a = &w->sums[legs[i]], *b = &w->sums[legs[k]];
            if (leg_was_there(a, b) || leg_was_there(b, a)) return true;
        }
    }
    return false;
}

/* Tokens from sayings sorted by value; says which sayings stay (kind is 0xff where one is said twice), and gives how many rows
 * there still are. */
static isize make_tokens(struct weave *w, struct saying *rows, isize n) {
    isize nlegs = 0, kept = 0;
    w->ntokens = 0;
    w->tokens = base_grow(w->tokens, &w->cap_tokens, n + 1, (isize)sizeof *w->tokens);
    w->token_legs =
        base_grow(w->token_legs, &w->cap_token_legs, n + 1, (isize)sizeof *w->token_legs);
    for (isize i = 0, j; i < n; i = j) {
        struct token *t = &w->tokens[w->ntokens++];
        *t = (struct token){.hash = rows[i].hash, .at = (u32)nlegs};
        isize block = i;
        for (j = i; j < n && rows[j].hash == rows[i].hash; j++) {
            t->names |= rows[j].kind != FACT_TOKEN;
            if (j == i || rows[j].leg != rows[j - 1].leg) {
                w->token_legs[nlegs++] = rows[j].leg;
                t->n++;
                block = j;
            }
            for (isize k = block; k < j; k++) {
                bool same =
                    rows[k].kind == rows[j].kind && rows[k].label == rows[j].label;
                if (same || j - block >= LABELS_A_TOKEN) {
                    rows[j].kind = UINT8_MAX;
                    break;
                }
            }
        }
        if (!any_met(w, t)) {
            nlegs = t->at;
            w->ntokens--;
            continue;
        }
        t->ids = count_ids(w, w->token_legs + t->at, t->n);
        t->roots = count_roots(w, w->token_legs + t->at, t->n);
        for (isize k = i; k < j; k++) rows[kept++] = rows[k];
    }
    return kept;
}

static void deal_tokens(struct weave *w, struct saying *rows, isize n) {
    u32 at = 0, token = 0;
    w->leg_tokens =
        base_grow(w->leg_tokens, &w->cap_leg_tokens, n + 1, (isize)sizeof *w->leg_tokens);
    for (isize i = 0; i < n; i++) {
        struct sum *s = &w->sums[rows[i].leg];
        if (s->ntokens == TOKENS_A_LEG) rows[i].kind = UINT8_MAX;
        if (rows[i].kind != UINT8_MAX) s->ntokens++;
    }
    for (isize i = 0; i < w->nsums; i++) {
        w->sums[i].tokens_at = at;
        at += w->sums[i].ntokens;
        w->sums[i].ntokens = 0;
    }
    for (isize i = 0; i < n; i++) {
        token += i > 0 && rows[i].hash != rows[i - 1].hash;
        if (rows[i].kind == UINT8_MAX) continue;
        struct sum *s = &w->sums[rows[i].leg];
        w->leg_tokens[s->tokens_at + s->ntokens++] = (struct leg_token){
            token, rows[i].label, w->dev_of[rows[i].src], rows[i].kind, rows[i].bits};
    }
    w->nleg_tokens = at;
}

/* When a leg is over for good, as leg_was_there has it, whatever the other one is. */
static i64 gone_us(const struct sum *s) {
    enum { LATER_US = 10000000 }; /* more than leg_was_there allows for */
    if (leg_alive(s, INT64_MAX / 2, 0)) return INT64_MAX - 1;
    return s->last_us + LATER_US;
}

/* By hash: until when any leg had such a value; MET: two legs had it at one time, or it names one. */
struct meetings {
    i64 *until;
    u64 mask;
};

#define MET INT64_MAX

static void note_meeting(const struct weave *w, const struct sayings *all,
                         struct meetings *t, isize row, isize first) {
    enum { FEW_OF_A_LEG = 24 };
    const struct saying *s = &all->rows[row];
    i64 *until = &t->until[s->hash * 0x9e3779b97f4a7c15u >> 24 & t->mask];
    if (*until == MET) return;
    if (s->kind != FACT_TOKEN || row - first > FEW_OF_A_LEG) {
        *until = MET;
        return;
    }
    for (isize i = first; i < row; i++)
        if (all->rows[i].hash == s->hash) return;
    const struct sum *leg = &w->sums[s->leg];
    bool met = *until && *until >= leg->start_us;
    *until = met ? MET : i64_max(*until, gone_us(leg));
}

/* Most values that two legs have are those that ports and counters come back to: the legs never met, and nobody is told. */
static void drop_unmet(const struct weave *w, struct sayings *all) {
    isize places = 64, n = 0;
    while (places < 2 * all->n) places *= 2;
    struct meetings t = {base_new(places, (isize)sizeof *t.until), (u64)places - 1};
    for (isize i = 0, first = 0; i < all->n; i++) {
        if (all->rows[i].leg != all->rows[first].leg) first = i;
        note_meeting(w, all, &t, i, first);
    }
    for (isize i = 0; i < all->n; i++) {
        const struct saying *s = &all->rows[i];
        if (t.until[s->hash * 0x9e3779b97f4a7c15u >> 24 & t.mask] == MET)
            all->rows[n++] = *s;
    }
    all->n = n;
    base_free(t.until);
}

void sayings_sort(const struct weave *w, struct sayings *all) {
    drop_unmet(w, all);
    sort_sayings(all);
}

void sayings_tell(struct weave *w, struct sayings *all) {
    isize n = make_tokens(w, all->rows, all->n);
    deal_tokens(w, all->rows, n);
    base_free(all->rows);
}
