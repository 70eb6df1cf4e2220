/* twin.c: one box with several addresses. A border controller has one towards the world and one towards the house: calls reach
 * one and leave the other, and no message says that the two are one device. Their traffic does: what leaves B has, time after
 * time, the numbers of what reached A a moment before, and never what reached B itself.
 *
 * Each leg that starts votes for the address that the one leg with its numbers had reached just before. Addresses that speak
 * with each other are not one box, and two names from hosts are two. Where a box between A and B was not captured, the two ends
 * of what is missing are one device here: as far as the trace shows, they are. */
#include "link/weave.h"

#include <stdlib.h>

enum {
    SOON_US = 500000, /* from a leg's arrival to the next one's start */
    RECENT = 6,       /* legs remembered by number */
    VOTES = 3,        /* fewer prove nothing */
};
static const double SHARE =
    0.2; /* of the legs that leave an address: a box may have more than one on its other side */

/* The last legs with a number, in a ring. */
struct recent {
    u32 legs[RECENT];
    u32 n;
};

struct ballot {
    u64 pair; /* device reached << 32 | device left */
    u32 votes;
    str reached, left; /* their names */
};

struct twins {
    struct weave *w;
    struct recent *recents; /* by number, as caller and as called */
    struct map pairs;       /* pair -> row of ballots + 1 */
    struct ballot *ballots;
    isize nballots, cap_ballots;
    struct map talks; /* pairs of devices that speak with each other */
    u32 *leaving;     /* by device */
    u32 *up;          /* by device: union-find */
};

static u64 pair_of(u32 a, u32 b) {
    return (u64)a << 32 | b;
}

/* Of a row of leg_facts that is a number. */
static struct recent *recent_of(const struct twins *t, u32 fact) {
    bool called = t->w->leg_facts[fact].kind == FACT_CALLED;
    return &t->recents[2 * (isize)t->w->number_of[fact] + called];
}

/* What the recent legs with one number say of where c came from. */
struct opinion {
    u32 dev;    /* + 1; 0: nobody */
    bool self;  /* it reached the very device that c leaves */
    bool split; /* several say several things */
};

static void ask_recent(const struct twins *t, const struct recent *r, u32 c,
                       struct opinion *o) {
    const struct sum *s = &t->w->sums[c];
    for (u32 i = 0; i < r->n && i < RECENT; i++) {
        const struct sum *p = &t->w->sums[r->legs[i]];
        if (s->start_us - p->start_us > SOON_US || p->call_id == s->call_id) continue;
        if (p->from_dev == s->from_dev || p->from_dev == s->to_dev) continue;
        if (p->to_dev == s->from_dev) o->self = true;
        if (o->dev && o->dev != p->to_dev + 1) o->split = true;
        o->dev = p->to_dev + 1;
    }
}

static void vote(struct twins *t, u32 c) {
    const struct sum *s = &t->w->sums[c];
    struct opinion o = {0};
    for (u32 k = 0; k < s->nnumbers; k++) {
        struct opinion one = {0};
        ask_recent(t, recent_of(t, s->facts_at + k), c, &one);
        o.self |= one.self;
        if (one.dev && !one.split && !o.dev) o.dev = one.dev;
    }
    if (!o.dev || o.self || o.dev == s->to_dev + 1) return;
    u32 *row = map_put(&t->pairs, pair_of(o.dev - 1, s->from_dev));
    if (!*row) {
        t->ballots = base_grow(t->ballots, &t->cap_ballots, t->nballots + 1,
                               (isize)sizeof *t->ballots);
        t->ballots[t->nballots++] =
            (struct ballot){pair_of(o.dev - 1, s->from_dev), 0,
                            t->w->devs[o.dev - 1].name, t->w->devs[s->from_dev].name};
        *row = (u32)t->nballots;
    }
    t->ballots[*row - 1].votes++;
}

static void remember(struct twins *t, u32 c) {
    const struct sum *s = &t->w->sums[c];
    for (u32 k = 0; k < s->nnumbers; k++) {
        struct recent *r = recent_of(t, s->facts_at + k);
        r->legs[r->n++ % RECENT] = c;
    }
}

static void hold_vote(struct twins *t) {
    struct weave *w = t->w;
    struct sort_row *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
    t->recents = base_new(2 * ((isize)w->nnumbers + 1), (isize)sizeof *t->recents);
    for (isize i = 0; i < w->nsums; i++)
        rows[i] = (struct sort_row){sort_time(w->sums[i].start_us), (u64)i};
    sort_rows(rows, w->nsums);
    for (isize i = 0; i < w->nsums; i++) {
        u32 c = (u32)rows[i].value;
        const struct sum *s = &w->sums[c];
        if (s->kind != KIND_CALL || s->state == STATE_PARTIAL) continue;
        t->leaving[s->from_dev]++;
        if (s->precision_us > SOON_US) continue; /* just before, or just after? */
        vote(t, c);
        remember(t, c);
    }
    base_free(rows);
}

static void note_talks(struct twins *t) {
    const struct weave *w = t->w;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        *map_put(&t->talks, pair_of(s->from_dev, s->to_dev)) = 1;
        *map_put(&t->talks, pair_of(s->to_dev, s->from_dev)) = 1;
    }
}

static u32 root_of(const struct twins *t, u32 dev) {
    while (t->up[dev] != dev) dev = t->up[dev];
    return dev;
}

/* No two of these groups' devices speak with each other, and at most one has a name. */
static bool may_be_one(const struct twins *t, u32 a, u32 b) {
    const struct weave *w = t->w;
    bool named[2] = {false, false};
    for (u32 i = 0; (isize)i < w->ndevs; i++) {
        u32 root = root_of(t, i);
        if (root == a) named[0] |= w->devs[i].named;
        if (root == b) named[1] |= w->devs[i].named;
        for (u32 k = 0; root == a && (isize)k < w->ndevs; k++) {
            if (root_of(t, k) == b && map_get(&t->talks, pair_of(i, k))) return false;
        }
    }
    return !(named[0] && named[1]);
}

/* Of equal ones by name, so that arrival changes nothing. */
static int by_votes(const void *a, const void *b) {
    const struct ballot *x = a, *y = b;
    if (x->votes != y->votes) return x->votes > y->votes ? -1 : 1;
    int order = str_cmp(x->reached, y->reached);
    return order ? order : str_cmp(x->left, y->left);
}

/* The devices of both become one: the named one, else the one with the lower name, so that arrival changes nothing. */
static void unite(struct twins *t, u32 a, u32 b) {
    const struct dev *x = &t->w->devs[a], *y = &t->w->devs[b];
    bool keep_a = x->named != y->named ? x->named : str_cmp(x->name, y->name) < 0;
    t->up[keep_a ? b : a] = keep_a ? a : b;
}

static bool count_votes(struct twins *t) {
    bool any = false;
    if (t->nballots) qsort(t->ballots, (size_t)t->nballots, sizeof *t->ballots, by_votes);
    for (isize i = 0; i < t->nballots && t->ballots[i].votes >= VOTES; i++) {
        u32 a = (u32)(t->ballots[i].pair >> 32), b = (u32)t->ballots[i].pair;
        if (t->ballots[i].votes < SHARE * t->leaving[b]) continue;
        if (!t->talks.n) note_talks(t);
        u32 x = root_of(t, a), y = root_of(t, b);
        if (x == y || !may_be_one(t, x, y)) continue;
        unite(t, x, y);
        any = true;
    }
    return any;
}

/* Everywhere where a device stands. */
static void rename_all(struct twins *t) {
    struct weave *w = t->w;
    for (isize i = 0; i < w->trace.nendpoints; i++)
        w->dev_of[i] = root_of(t, w->dev_of[i]);
    for (isize i = 0; i < w->nsums; i++) {
        struct sum *s = &w->sums[i];
        s->from_dev = root_of(t, s->from_dev);
        s->to_dev = root_of(t, s->to_dev);
    }
    for (isize i = 0; i < w->ndevs; i++) {
        struct dev *d = &w->devs[root_of(t, (u32)i)];
        if (!d->agent) d->agent = w->devs[i].agent;
    }
}

/* As it was found with more of the traffic in sight. A box of which only such an address is here has its name all the same. */
static bool apply_told(struct twins *t) {
    struct weave *w = t->w;
    struct map by_name = {0};
    bool any = false;
    for (u32 i = 0; (isize)i < w->ndevs; i++)
        *map_put(&by_name, hash_nocase(w->devs[i].name, 0)) = i + 1;
    for (u32 i = 0; (isize)i < w->ndevs; i++) {
        str name = lore_twin(w, i);
        if (!name.n) continue;
        u32 *root = map_put(&by_name, hash_nocase(name, 0));
        if (!*root) {
            *root = i + 1;
            w->devs[i].name = arena_copy(&w->names, name);
        }
        if (*root == i + 1 || root_of(t, *root - 1) == i) continue;
        t->up[i] = root_of(t, *root - 1);
        any = true;
    }
    map_drop(&by_name);
    return any;
}

static void note_twins(struct twins *t) {
    struct weave *w = t->w;
    w->twin_of = base_grow(w->twin_of, &w->cap_twin_of, w->ndevs + 1, (isize)sizeof(u32));
    for (u32 i = 0; (isize)i < w->ndevs; i++) w->twin_of[i] = root_of(t, i);
}

void twin_devices(struct weave *w) {
    struct twins t = {.w = w};
    t.leaving = base_new(w->ndevs + 1, (isize)sizeof(u32));
    t.up = base_new(w->ndevs + 1, (isize)sizeof(u32));
    for (isize i = 0; i < w->ndevs; i++) t.up[i] = (u32)i;
    bool any = false;
    if (lore_is_told(w)) {
        any = apply_told(&t);
    } else {
        hold_vote(&t);
        any = count_votes(&t);
    }
    if (any) rename_all(&t);
    note_twins(&t);
    map_drop(&t.pairs);
    map_drop(&t.talks);
    base_free(t.recents);
    base_free(t.ballots);
    base_free(t.leaving);
    base_free(t.up);
}
