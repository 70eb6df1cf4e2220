/* related.c: the same caller again, calls back, and what one call says of another.
 *
 * All calls in order of their start; each looks up the calls before it that had the same caller and called number
 * (chains in `before`), or the two swapped. Never more than STEPS_BACK are looked at, so the cost is n log n: that of
 * sorting the pairs found. */
#include "link/related.h"

#include "trace/number.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECOND = 1000000,
    AGAIN_FAILED_US =
        300 * SECOND, /* time to look the number up again, or to wait a bit */
    AGAIN_ENDED_US =
        120 * SECOND, /* who was cut off calls at once; later it is something new */
    BACK_US = 1800 * SECOND, /* a missed call is seen within the half hour, or some day */
    CALLED_NUMBERS = 2,      /* Request-URI and To */
    LEGS_LOOKED_AT = 32,
    TOKEN_BITS = 20, /* so random a value that equals a Call-ID is that Call-ID */
};

enum related_kind related_why_kind(enum related_why why) {
    switch (why) {
#define X(id, kind)                                                                      \
    case WHY_##id: return RELATED_##kind;
        WHY_LIST(X)
#undef X
    case WHY_COUNT: break;
    }
    return RELATED_COUNT;
}

void related_add(struct related_pairs *to, u32 from, u32 other, struct relation is) {
    if (from == other) return;
    to->rows = base_grow(to->rows, &to->cap, to->n + 1, (isize)sizeof *to->rows);
    if (from > other) is.says = !is.says;
    to->rows[to->n++] = (struct related_pair){from < other ? from : other,
                                              from < other ? other : from, is};
}

/* ---- calls ------------------------------------------------------------------------------------------- */

/* Its cause comes before a leg even where their stamps are equal, so the first leg has none. */
u32 related_first(const struct weave *w, u32 group) {
    const struct conversation *g = &w->groups[group];
    for (u32 i = 0; i < g->n; i++) {
        const struct sum *s = &w->sums[w->by_group[g->at + i]];
        if (!s->parent && !(s->flags & SUM_RECORDING)) return w->by_group[g->at + i];
    }
    return w->by_group[g->at];
}

i64 related_end(const struct sum *s) {
    switch ((enum call_state)s->state) {
    case STATE_ANSWERED: return s->bye_us;
    case STATE_CANCELLED: return s->cancel_us != NEVER ? s->cancel_us : s->fail_us;
    case STATE_FAILED: return s->fail_us;
    default: return NEVER;
    }
}

static const struct fact *number_fact(const struct weave *w, const struct sum *s,
                                      enum fact_kind kind, u32 nth) {
    const struct fact *all = w->leg_facts + s->facts_at;
    for (u32 i = 0; i < s->nnumbers; i++) {
        if (all[i].kind == kind && nth-- == 0) return &all[i];
    }
    return NULL;
}

const struct fact *related_called(const struct weave *w, const struct sum *s, u32 nth) {
    const struct fact *first = number_fact(w, s, FACT_CALLED, 0);
    const struct fact *f = nth ? number_fact(w, s, FACT_CALLED, nth) : first;
    return f && f->seen == first->seen ? f : NULL;
}

/* What is compared of a call. */
struct party {
    const struct sum
        *s; /* its first leg; NULL: no call, or nobody knows who called whom */
    u64 caller, called[CALLED_NUMBERS]; /* caller 0: withheld */
};

static struct party party_of(const struct weave *w, u32 group) {
    struct party p = {0};
    if (w->groups[group].kind != KIND_CALL) return p;
    const struct sum *s = &w->sums[related_first(w, group)];
    if (s->kind != KIND_CALL || s->state == STATE_PARTIAL) return p;
    const struct fact *caller = number_fact(w, s, FACT_CALLER, 0);
    p.caller = caller ? caller->hash : 0;
    for (u32 i = 0; i < CALLED_NUMBERS; i++) {
        const struct fact *f = related_called(w, s, i);
        p.called[i] = f ? f->hash : 0;
    }
    if (p.called[0]) p.s = s;
    return p;
}

/* An extension, or a name: elsewhere somebody else has it. */
static bool is_local(const struct weave *w, const struct sum *s, enum fact_kind kind) {
    const struct fact *f = number_fact(w, s, kind, 0);
    if (!f) return true;
    struct number n = number_read(str_table_get(&w->trace.strings, f->label));
    return n.ndigits < NUMBER_WHOLE;
}

/* How far off the times of the two may be. */
static i64 slack(const struct sum *a, const struct sum *b) {
    return SECOND + i64_max(a->precision_us, b->precision_us);
}

/* ---- again, and back ------------------------------------------------------------------------------- */

/* A call in the chain of its key. */
struct link {
    u32 group, before; /* before: row of links + 1 */
    i64 busy_us;       /* until then one of this or the earlier ones was going on */
};

/* What is known of the addresses that withheld callers called from. */
struct lines {
    u64 *caller; /* by device: whoever called from it */
    bool *
        many; /* … it is no phone: several people call, or two at a time, or several are called there */
    i64 *busy_us; /* … until then a call from it went on */
    u64 *called;
};

struct finding {
    struct weave *w;
    struct related_pairs *to;
    struct map last; /* caller and called number -> last row of links + 1 */
    struct link *links;
    isize nlinks, cap_links;
    struct lines lines;
};

static void line_person(u64 *who, bool *many, u64 person) {
    if (*who && person && *who != person) *many = true;
    if (person) *who = person;
}

/* A phone is where one number calls from and one is called, and one call is at a time. All else is a trunk, behind which
 * withheld callers are strangers. */
static void find_lines(struct finding *f) {
    const struct weave *w = f->w;
    struct lines *l = &f->lines;
    isize n = w->ndevs + 1;
    l->caller = base_new(n, (isize)sizeof *l->caller);
    l->called = base_new(n, (isize)sizeof *l->called);
    l->many = base_new(n, (isize)sizeof *l->many);
    l->busy_us = base_new(n, (isize)sizeof *l->busy_us);
    for (u32 g = 0; (isize)g < w->ngroups; g++) {
        struct party p = party_of(w, g);
        if (!p.s) continue;
        u32 dev = p.s->from_dev;
        line_person(&l->caller[dev], &l->many[dev], p.caller);
        if (p.s->start_us < l->busy_us[dev]) l->many[dev] = true;
        i64 end = related_end(p.s);
        l->busy_us[dev] = i64_max(l->busy_us[dev], end == NEVER ? p.s->last_us : end);
    }
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        const struct fact *called = s->kind == KIND_CALL ? related_called(w, s, 0) : NULL;
        if (called) line_person(&l->called[s->to_dev], &l->many[s->to_dev], called->hash);
    }
}

static bool is_one_phone(struct finding *f, u32 dev) {
    if (!f->lines.many) find_lines(f);
    return !f->lines.many[dev];
}

static u64 again_key(const struct party *p) {
    if (p->caller) return hash_mix(p->caller, p->called[0]);
    return hash_mix(hash_mix(p->s->from_dev, 1), p->called[0]);
}

/* How long after the end of `a` call `b` started, where that was soon; -1: it was not. */
static i64 soon_after(const struct sum *a, const struct sum *b, i64 failed_us,
                      i64 ended_us) {
    i64 end = related_end(a);
    bool unanswered = a->state == STATE_RINGING; /* and given up where nobody looked */
    if (unanswered) end = a->last_us;
    if (end == NEVER || b->start_us < end - slack(a, b)) return -1;
    i64 gap = i64_max(b->start_us - end, 0);
    return gap <= (a->state == STATE_ANSWERED ? ended_us : failed_us) ? gap : -1;
}

static bool is_again(struct finding *f, const struct party *a, const struct party *b) {
    const struct weave *w = f->w;
    bool one_phone = a->s->from_dev == b->s->from_dev;
    if (a->called[1] != b->called[1]) return false;
    if (!b->caller) /* who hung up and calls again may be anybody */
        return one_phone && a->s->state != STATE_ANSWERED &&
               is_one_phone(f, b->s->from_dev);
    if (is_local(w, b->s, FACT_CALLER)) return one_phone;
    return one_phone || a->s->to_dev == b->s->to_dev || !is_local(w, b->s, FACT_CALLED);
}

static void find_again(struct finding *f, u32 group, const struct party *b, u32 link) {
    /* who calls the same number twice at a time is no person, or these are parts of one call */
    if (link && f->links[link - 1].busy_us > b->s->start_us + slack(b->s, b->s)) return;
    for (int i = 0; link && i < RELATED_A_CALL; i++) {
        const struct link *l = &f->links[link - 1];
        struct party a = party_of(f->w, l->group);
        i64 gap = soon_after(a.s, b->s, AGAIN_FAILED_US, AGAIN_ENDED_US);
        if (gap >= 0 && again_key(&a) == again_key(b) && is_again(f, &a, b)) {
            struct relation is = {.why = b->caller ? WHY_AGAIN : WHY_PHONE,
                                  .dev = b->s->from_dev,
                                  .us = gap};
            related_add(f->to, l->group, group, is);
        }
        link = l->before;
    }
}

/* Some leg of that call reached this device. */
static bool reached(const struct weave *w, u32 group, u32 dev) {
    const struct conversation *g = &w->groups[group];
    for (u32 i = 0; i < g->n && i < LEGS_LOOKED_AT; i++) {
        if (w->sums[w->by_group[g->at + i]].to_dev == dev) return true;
    }
    return false;
}

/* Extensions are the same two people where one of the phones was in both calls. */
static bool are_two_people(const struct weave *w, u32 ga, const struct party *a, u32 gb,
                           const struct party *b) {
    if (!is_local(w, a->s, FACT_CALLER) && !is_local(w, b->s, FACT_CALLER)) return true;
    return reached(w, ga, b->s->from_dev) || reached(w, gb, a->s->from_dev);
}

static void find_back(struct finding *f, u32 group, const struct party *b, u64 called) {
    const struct weave *w = f->w;
    if (!b->caller || !called || called == b->caller) return;
    u32 link = map_get(&f->last, hash_mix(called, b->caller));
    for (int i = 0; link && i < RELATED_A_CALL; i++) {
        const struct link *l = &f->links[link - 1];
        struct party a = party_of(w, l->group);
        i64 gap = soon_after(a.s, b->s, BACK_US, BACK_US);
        bool swapped =
            a.caller == called && (a.called[0] == b->caller || a.called[1] == b->caller);
        if (gap >= 0 && swapped && are_two_people(w, l->group, &a, group, b))
            related_add(f->to, l->group, group,
                        (struct relation){.why = WHY_BACK, .us = gap});
        link = l->before;
    }
}

static void link_add(struct finding *f, u32 group, const struct party *p, u64 key) {
    i64 end = related_end(p->s);
    if (end == NEVER) end = p->s->last_us;
    u32 *last = map_put(&f->last, key);
    u32 before = *last;
    if (before) end = i64_max(end, f->links[before - 1].busy_us);
    f->links = base_grow(f->links, &f->cap_links, f->nlinks + 1, (isize)sizeof *f->links);
    f->links[f->nlinks++] = (struct link){group, before, end};
    *last = (u32)f->nlinks;
}

static void find_repeats(struct finding *f) {
    for (u32 g = 0; (isize)g < f->w->ngroups; g++) {
        struct party p = party_of(f->w, g);
        if (!p.s) continue;
        u64 key = again_key(&p);
        find_again(f, g, &p, map_get(&f->last, key));
        find_back(f, g, &p, p.called[0]);
        find_back(f, g, &p, p.called[1]);
        link_add(f, g, &p, key);
        if (p.caller && p.called[1]) link_add(f, g, &p, hash_mix(p.caller, p.called[1]));
    }
}

/* ---- what one says of another -------------------------------------------------------------------- */

static u32 call_of(const struct weave *w, u32 leg) {
    return w->sums[leg].group;
}

static bool is_call(const struct weave *w, u32 leg) {
    return w->groups[call_of(w, leg)].kind == KIND_CALL;
}

/* By token: the first leg that has it for a Call-ID, + 1. */
static u32 *find_owners(const struct weave *w) {
    u32 *owner = base_new(w->ntokens + 1, (isize)sizeof *owner);
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        for (u32 k = 0; k < s->ntokens; k++) {
            const struct leg_token *t = &w->leg_tokens[s->tokens_at + k];
            if (t->kind == FACT_CALL_ID && !owner[t->token]) owner[t->token] = i + 1;
        }
    }
    return owner;
}

static void find_named(struct finding *f) {
    const struct weave *w = f->w;
    u32 *owner = find_owners(w);
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        for (u32 k = 0; k < s->ntokens; k++) {
            const struct leg_token *t = &w->leg_tokens[s->tokens_at + k];
            u32 other = owner[t->token];
            bool names = t->kind == FACT_DIALOG ||
                         (t->kind == FACT_TOKEN && t->bits >= TOKEN_BITS);
            if (!names || !other || !is_call(w, i) || !is_call(w, other - 1)) continue;
            bool joins = str_eq(str_table_get(&w->trace.strings, t->label), S("Join"));
            struct relation is = {
                .why = joins ? WHY_JOIN : WHY_NAMED, .says = true, .label = t->label};
            related_add(f->to, call_of(w, i), call_of(w, other - 1), is);
        }
    }
    base_free(owner);
}

static void find_replies(struct finding *f) {
    const struct weave *w = f->w;
    struct map who = {0}; /* hash of a Call-ID that is replied to -> leg that does + 1 */
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (!(s->flags & SUM_RELATES) || !is_call(w, i)) continue;
        for (u32 k = s->nnumbers; k < s->nfacts; k++) {
            const struct fact *fact = &w->leg_facts[s->facts_at + k];
            if (fact->kind != FACT_REPLY) continue;
            u32 *mine = map_put(&who, fact->hash);
            if (!*mine) *mine = i + 1;
        }
    }
    for (u32 i = 0; who.n && (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (!s->call_id || s->flags & SUM_LAX || !is_call(w, i)) continue;
        str id = str_table_get(&w->trace.strings, s->call_id);
        u32 leg = map_get(&who, fact_call_id_hash(id));
        if (leg)
            related_add(f->to, call_of(w, leg - 1), call_of(w, i),
                        (struct relation){.why = WHY_REPLY, .says = true});
    }
    map_drop(&who);
}

/* ---- which pairs are kept ------------------------------------------------------------------------- */

static i64 pair_distance(const struct weave *w, const struct related_pair *p) {
    return w->groups[p->b].start_us - w->groups[p->a].start_us;
}

struct ranked {
    i64 distance_us;
    struct related_pair pair;
};

/* What is said goes before what is concluded; then the nearest in time. */
static int by_rank(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    bool said_x = x->pair.is.why <= WHY_NAMED, said_y = y->pair.is.why <= WHY_NAMED;
    if (said_x != said_y) return said_x ? -1 : 1;
    if (x->distance_us != y->distance_us) return x->distance_us < y->distance_us ? -1 : 1;
    if (x->pair.a != y->pair.a) return x->pair.a < y->pair.a ? -1 : 1;
    if (x->pair.b != y->pair.b) return x->pair.b < y->pair.b ? -1 : 1;
    if (x->pair.is.why != y->pair.is.why)
        return (int)x->pair.is.why - (int)y->pair.is.why;
    if (x->pair.is.says != y->pair.is.says) return x->pair.is.says ? -1 : 1;
    if (x->pair.is.us != y->pair.is.us) return x->pair.is.us < y->pair.is.us ? -1 : 1;
    return (x->pair.is.dev > y->pair.is.dev) - (x->pair.is.dev < y->pair.is.dev);
}

static void keep(struct weave *w, u32 group, u32 other, struct relation is, bool turned) {
    struct conversation *g = &w->groups[group];
    is.other = other;
    if (turned) is.says = !is.says;
    w->relations[g->related_at + g->nrelated++] = is;
}

static int by_other(const void *a, const void *b) {
    const struct relation *x = a, *y = b;
    return (x->other > y->other) - (x->other < y->other);
}

/* Both sides keep a pair or none does, so that whoever looks from either call sees the same. */
static void choose(struct weave *w, const struct related_pairs *pairs) {
    isize n = pairs->n, at = 0;
    struct ranked *rows = base_new(n + 1, (isize)sizeof *rows);
    u8 *count = base_new(w->ngroups + 1, 1);
    struct map known = {0};
    for (isize i = 0; i < n; i++)
        rows[i] = (struct ranked){pair_distance(w, &pairs->rows[i]), pairs->rows[i]};
    if (n) qsort(rows, (size_t)n, sizeof *rows, by_rank);
    isize kept = 0;
    for (isize i = 0; i < n; i++) {
        const struct related_pair *p = &rows[i].pair;
        if (count[p->a] == RELATED_A_CALL || count[p->b] == RELATED_A_CALL) continue;
        u32 *here = map_put(&known, ((u64)p->a << 32 | p->b) + 1);
        if (*here) continue;
        *here = 1;
        count[p->a]++, count[p->b]++;
        rows[kept++] = rows[i];
    }
    w->relations = base_grow(w->relations, &w->cap_relations, 2 * kept + 1,
                             (isize)sizeof *w->relations);
    for (isize g = 0; g < w->ngroups; g++) {
        w->groups[g].related_at = (u32)at;
        w->groups[g].nrelated = 0;
        at += count[g];
    }
    for (isize i = 0; i < kept; i++) {
        const struct related_pair *p = &rows[i].pair;
        keep(w, p->a, p->b, p->is, false);
        keep(w, p->b, p->a, p->is, true);
    }
    for (isize g = 0; g < w->ngroups; g++) {
        const struct conversation *c = &w->groups[g];
        if (c->nrelated > 1)
            qsort(w->relations + c->related_at, c->nrelated, sizeof *w->relations,
                  by_other);
    }
    map_drop(&known);
    base_free(count);
    base_free(rows);
}

void related_find(struct weave *w) {
    if (only_lines(w)) return;
    struct related_pairs pairs = {0};
    struct finding f = {.w = w, .to = &pairs};
    find_repeats(&f);
    find_named(&f);
    find_replies(&f);
    together_find(w, &pairs);
    choose(w, &pairs);
    map_drop(&f.last);
    base_free(f.links);
    base_free(f.lines.caller);
    base_free(f.lines.called);
    base_free(f.lines.many);
    base_free(f.lines.busy_us);
    base_free(pairs.rows);
}

u64 related_signature(const struct weave *w, isize group, u64 hash) {
    const struct conversation *g = &w->groups[group];
    for (u32 i = 0; i < g->nrelated; i++) {
        const struct relation *r = &w->relations[g->related_at + i];
        const struct sum *s = &w->sums[related_first(w, r->other)];
        hash = hash_mix(hash, hash_mix(s->id, (u64)r->us));
        hash = hash_mix(hash, (u64)r->why << 32 | (u64)r->says << 24 |
                                  (u64)s->state << 16 | s->status);
        hash = hash_mix(hash, (u64)s->start_us);
    }
    return hash;
}
