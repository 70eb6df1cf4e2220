/* said.c: what each leg says of itself (fact.h), brought together from its messages, in their order and each thing once:
 *
 *     leg_facts    numbers first, then what is for people
 *     tokens       values that two legs or more have; most values stand on one leg and are forgotten here
 */
#include "link/weave.h"

#include <stdlib.h>

enum {
    NUMBERS_A_LEG = 48,
    FEW = 24, /* so many are compared one by one */
    TOO_COMMON =
        48, /* legs; what more of them have tells nothing, and nobody asks for its roots */
    LABELS_A_TOKEN = 8,
    TOKENS_A_LEG = 128,
};

struct said {
    struct weave *w;
    u32 *
        facts_of; /* by row of seen[]: row of trace.facts + 1 of its first, that is no software's name */
    u32 *teller
        [2]; /* by row: the sighting + 1 that has its message's facts; a whole one, a cut one */
    u32 msg; /* whose facts are looked at */
};

/* Does this for every fact of a leg, in the order of its messages. */
typedef void each_fact(void *ctx, const struct fact *f);

static void each_of_row(const struct said *g, u32 row, each_fact *each, void *ctx) {
    const struct trace *t = &g->w->trace;
    if (!g->facts_of[row]) return;
    for (isize i = g->facts_of[row] - 1; i < t->nfacts && t->facts[i].seen == row; i++) {
        if (t->facts[i].kind != FACT_AGENT) each(ctx, &t->facts[i]);
    }
}

static void each_of_leg(struct said *g, const struct sum *s, each_fact *each, void *ctx) {
    const struct weave *w = g->w;
    for (u32 i = 0; i < s->n; i++) {
        g->msg = w->by_leg[s->at + i];
        u32 row = w->msgs[g->msg].seen;
        for (int k = 0; k < 2; k++) {
            if (g->teller[k][row]) each_of_row(g, g->teller[k][row] - 1, each, ctx);
        }
    }
}

/* Of alike sightings only the first that came in was read for facts; of cut ones, which may say less, as well. Which
 * that was changes nothing. */
static void find_tellers(struct said *g) {
    const struct weave *w = g->w;
    for (isize i = 0; i < w->nalikes; i++) {
        u32 tellers[2] = {0};
        for (u32 next = w->alikes[i].first + 1; next; next = w->next_alike[next - 1]) {
            bool cut = (w->trace.seen[next - 1].flags & SEEN_CUT) != 0;
            if (g->facts_of[next - 1] && !tellers[cut]) tellers[cut] = next;
        }
        if (!tellers[0] && !tellers[1]) continue;
        for (u32 next = w->alikes[i].first + 1; next; next = w->next_alike[next - 1]) {
            for (int k = 0; k < 2; k++) g->teller[k][next - 1] = tellers[k];
        }
    }
}

static bool is_number(u8 kind) {
    return kind == FACT_CALLER || kind == FACT_CALLED;
}

static bool is_token(u8 kind) {
    return kind == FACT_TOKEN || kind == FACT_DIALOG;
}

/* ---- numbers, and what is for people ------------------------------------------------------------------ */

struct taking {
    struct weave *w;
    const struct said *said;
    struct sum *s;
    struct map known; /* past FEW */
    bool numbers;
};

static u64 fact_key(const struct fact *f) {
    return hash_mix(f->hash, (u64)f->kind << 32 | (is_number(f->kind) ? 0 : f->label));
}

static bool is_known(struct taking *g, const struct fact *f) {
    const struct sum *s = g->s;
    u64 key = fact_key(f);
    if (s->nfacts <= FEW) {
        for (u32 i = 0; i < s->nfacts; i++) {
            if (fact_key(&g->w->leg_facts[s->facts_at + i]) == key) return true;
        }
        return false;
    }
    for (u32 i = 0; g->known.n == 0 && i < s->nfacts; i++) {
        *map_put(&g->known, fact_key(&g->w->leg_facts[s->facts_at + i])) = 1;
    }
    u32 *mine = map_put(&g->known, key);
    bool known = *mine != 0;
    *mine = 1;
    return known;
}

static void take_hold(struct taking *g) {
    struct weave *w = g->w;
    w->holds = base_grow(w->holds, &w->cap_holds, w->nholds + 1, (isize)sizeof *w->holds);
    w->holds[w->nholds++] =
        (struct hold){w->msgs[g->said->msg].time_us, (u32)(g->s - w->sums), g->said->msg};
    g->s->flags |= SUM_HOLD;
}

static void take(void *ctx, const struct fact *f) {
    struct taking *g = ctx;
    struct weave *w = g->w;
    if (f->kind == FACT_HOLD && g->numbers) take_hold(g);
    if (f->kind == FACT_WITHHELD) g->s->flags |= SUM_WITHHELD;
    if (f->kind == FACT_HOLD || f->kind == FACT_WITHHELD) return;
    if (is_token(f->kind) || is_number(f->kind) != g->numbers) return;
    if (g->numbers && g->s->nfacts == NUMBERS_A_LEG) return;
    if (is_known(g, f)) return;
    w->leg_facts = base_grow(w->leg_facts, &w->cap_leg_facts, w->nleg_facts + 1,
                             (isize)sizeof *w->leg_facts);
    w->leg_facts[w->nleg_facts++] = *f;
    g->s->nfacts++;
    if (f->kind == FACT_RECORDING) g->s->flags |= SUM_RECORDING;
    if (f->kind == FACT_REPLY || f->kind == FACT_FOCUS) g->s->flags |= SUM_RELATES;
}

static void take_facts(struct said *g) {
    struct weave *w = g->w;
    w->nleg_facts = w->nholds = 0;
    for (isize i = 0; i < w->nsums; i++) {
        struct taking t = {.w = w, .said = g, .s = &w->sums[i], .numbers = true};
        t.s->facts_at = (u32)w->nleg_facts;
        each_of_leg(g, t.s, take, &t);
        t.s->nnumbers = t.s->nfacts;
        t.numbers = false;
        each_of_leg(g, t.s, take, &t);
        map_drop(&t.known);
    }
}

/* ---- tokens ---------------------------------------------------------------------------------------------- */

/* One leg says one value. */
struct saying {
    u64 hash;
    u32 leg, nth; /* nth: in order of legs and their messages */
    u32 label, dev;
    u8 kind, bits;
};

struct sayings {
    struct weave *w;
    const struct said *said;
    struct map who; /* value -> leg + 1, with SHARED where another leg has it too */
    bool counting;
    u32 leg;
    struct saying *rows;
    isize n, cap;
};

static const u32 SHARED = (u32)1 << 31;

static void say(struct sayings *g, u8 kind, u64 hash, u8 bits, u32 label, u32 dev) {
    u64 key = hash ? hash : 1;
    if (g->counting) {
        u32 *who = map_put(&g->who, key);
        if (!*who) *who = g->leg + 1;
        if ((*who & ~SHARED) != g->leg + 1) *who |= SHARED;
        return;
    }
    if (!(map_get(&g->who, key) & SHARED)) return;
    g->rows = base_grow(g->rows, &g->cap, g->n + 1, (isize)sizeof *g->rows);
    g->rows[g->n] = (struct saying){hash, g->leg, (u32)g->n, label, dev, kind, bits};
    g->n++;
}

static void say_fact(void *ctx, const struct fact *f) {
    struct sayings *g = ctx;
    struct sum *s = &g->w->sums[g->leg];
    if (!is_token(f->kind)) return;
    if (f->kind == FACT_DIALOG && g->w->trace.seen[f->seen].method == SIP_METHOD_INVITE)
        s->flags |= SUM_TRANSFER;
    u32 dev = g->w->dev_of[msg_seen(g->w, &g->w->msgs[g->said->msg])->src];
    say(g, f->kind, f->hash, f->bits, f->label, dev);
}

/* A leg's own Call-ID, which others may name; without the suffixes that back-to-back user agents add; and, where that
 * is random enough by itself, without its host and without a prefix. */
static void say_call_id(struct sayings *g, u32 label) {
    enum { RANDOM_BITS = 16 };
    const struct sum *s = &g->w->sums[g->leg];
    str id = str_table_get(&g->w->trace.strings, s->call_id);
    if (id.n == 0 || s->flags & SUM_LAX) return;
    u8 bits = (u8)fact_token_bits(id);
    say(g, FACT_CALL_ID, fact_call_id_hash(id), bits, label, s->from_dev);
    str stem = fact_call_id_stem(id);
    u8 kind = id.p[stem.n < id.n ? stem.n : 0] == '-' ? FACT_COUNTER : FACT_STEM;
    if (stem.n < id.n) say(g, kind, fact_call_id_hash(stem), bits, label, s->from_dev);
    struct str_pair cut = str_cut(stem, '@');
    bits = (u8)fact_token_bits(cut.head);
    if (cut.ok && bits >= RANDOM_BITS)
        say(g, FACT_STEM, fact_call_id_hash(cut.head), bits, label, s->from_dev);
    str bare = fact_call_id_bare(cut.head);
    bits = (u8)fact_token_bits(bare);
    if (bare.n < cut.head.n && bits >= RANDOM_BITS)
        say(g, FACT_STEM, fact_call_id_hash(bare), bits, label, s->from_dev);
}

static int by_hash(const void *a, const void *b) {
    const struct saying *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    if (x->leg != y->leg) return x->leg < y->leg ? -1 : 1;
    return (x->nth > y->nth) - (x->nth < y->nth);
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

/* Tokens from sayings sorted by value; says which sayings stay (kind is 0xff where one is said twice). */
static void make_tokens(struct weave *w, struct saying *rows, isize n) {
    isize nlegs = 0;
    w->ntokens = 0;
    w->tokens = base_grow(w->tokens, &w->cap_tokens, n + 1, (isize)sizeof *w->tokens);
    w->token_legs =
        base_grow(w->token_legs, &w->cap_token_legs, n + 1, (isize)sizeof *w->token_legs);
    for (isize i = 0, j; i < n; i = j) {
        struct token *t = &w->tokens[w->ntokens++];
        *t = (struct token){.hash = rows[i].hash, .at = (u32)nlegs};
        isize block = i;
        for (j = i; j < n && rows[j].hash == rows[i].hash; j++) {
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
        t->ids = count_ids(w, w->token_legs + t->at, t->n);
        t->roots = count_roots(w, w->token_legs + t->at, t->n);
    }
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
            token, rows[i].label, rows[i].dev, rows[i].kind, rows[i].bits};
    }
    w->nleg_tokens = at;
}

static void take_tokens(struct said *g) {
    struct sayings all = {.w = g->w, .said = g};
    u32 label = str_table_add(&g->w->trace.strings, S("Call-ID"));
    for (int pass = 0; pass < 2; pass++) {
        all.counting = pass == 0;
        for (isize i = 0; i < g->w->nsums; i++) {
            all.leg = (u32)i;
            if (g->w->sums[i].kind != KIND_CALL) continue;
            say_call_id(&all, label);
            each_of_leg(g, &g->w->sums[i], say_fact, &all);
        }
    }
    if (all.n) qsort(all.rows, (size_t)all.n, sizeof *all.rows, by_hash);
    make_tokens(g->w, all.rows, all.n);
    deal_tokens(g->w, all.rows, all.n);
    map_drop(&all.who);
    base_free(all.rows);
}

static void said_open(struct said *g, struct weave *w) {
    isize u = (isize)sizeof(u32);
    *g = (struct said){.w = w};
    g->facts_of = base_new(w->trace.nseen + 1, u);
    for (int k = 0; k < 2; k++) g->teller[k] = base_new(w->trace.nseen + 1, u);
    for (isize i = w->trace.nfacts - 1; i >= 0; i--) {
        if (w->trace.facts[i].kind != FACT_AGENT)
            g->facts_of[w->trace.facts[i].seen] = (u32)i + 1;
    }
    find_tellers(g);
}

void said_collect(struct weave *w) {
    struct said g;
    said_open(&g, w);
    take_facts(&g);
    twin_devices(w); /* by their numbers; tokens ask who is whose device */
    take_tokens(&g);
    base_free(g.facts_of);
    base_free(g.teller[0]);
    base_free(g.teller[1]);
}
