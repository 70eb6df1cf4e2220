/* said.c: what each leg says of itself (fact.h), brought together from its messages, in their order and each thing once:
 *
 *     leg_facts    numbers first, then what is for people
 *     tokens       values that two legs or more have; most values stand on one leg and are forgotten here
 */
#include "link/twice.h"
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
_Static_assert(NUMBERS_A_LEG <= UINT8_MAX && TOKENS_A_LEG <= UINT8_MAX,
               "a leg's numbers or tokens are more than a sum counts");

/* One leg says one value: a token of one of its messages, or a part of its Call-ID. */
struct saying {
    u64 hash;
    u32 leg, label, src; /* src: endpoint that said it */
    u8 kind, bits;
};

/* In the order of legs and their messages, a leg's Call-ID first. */
struct sayings {
    struct saying *rows;
    isize n, cap;
};

struct said {
    struct weave *w;
    /* by row of seen[]: row of trace.facts + 1 of its first, that is no software's name */
    u32 *facts_of;
    /* by row: the sighting + 1 that has its message's facts; a whole one, a cut one; NULL: itself */
    u32 *teller[2];
    struct twice heard;        /* most values are said once, and are not kept */
    struct sayings names, all; /* names: of Call-IDs alone */
    u32 call_id;               /* label */
    const struct sum *leg;     /* whose Call-ID is told */
};

/* Of alike sightings only the first that came in was read for facts; of cut ones, which may say less, as well. Which
 * that was changes nothing. */
static void find_tellers(struct said *g) {
    const struct weave *w = g->w;
    if (!w->nalikes) return;
    for (int k = 0; k < 2; k++)
        g->teller[k] = base_new(w->trace.nseen + 1, (isize)sizeof(u32));
    for (isize i = 0; i < w->nalikes; i++) {
        u32 tellers[2] = {0};
        for (u32 next = w->alikes[i].first + 1; next; next = w->next_alike[next - 1]) {
            bool cut = (w->trace.seen[next - 1].flags & SEEN_CUT) != 0;
            if (g->facts_of[next - 1] && !tellers[cut]) tellers[cut] = next;
        }
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

/* ---- values: tokens, and the Call-ID --------------------------------------------------------------------- */

static void say(struct sayings *g, struct saying s) {
    g->rows = base_grow(g->rows, &g->cap, g->n + 1, (isize)sizeof *g->rows);
    g->rows[g->n++] = s;
}

static void tell_part(struct said *g, u8 kind, str part, u8 bits) {
    u64 hash = fact_call_id_hash(part);
    u32 leg = (u32)(g->leg - g->w->sums);
    twice_note(&g->heard, hash);
    say(&g->names, (struct saying){hash, leg, g->call_id, g->leg->src, kind, bits});
}

/* Without one suffix after the other: abc-1_b2b-2 is a child of abc-1, and only through it of abc. A bare "-1" or ".1" may as
 * well count calls. */
static void tell_stems(struct said *g, str id) {
    enum { RANDOM_BITS = 10, DEEPEST = 8 };
    for (int i = 0; i < DEEPEST; i++) {
        str less = fact_call_id_shorter(id);
        if (less.n == id.n) return;
        u8 bits = (u8)fact_token_bits(less);
        if (bits < RANDOM_BITS) return;
        bool counter = id.p[less.n] != '_';
        tell_part(g, counter ? FACT_COUNTER : FACT_STEM, less, bits);
        id = less;
    }
}

/* A leg's own Call-ID, which others may name; without the suffixes that back-to-back user agents add; and, where that
 * is random enough by itself, without its host and without a prefix. */
static void tell_call_id(struct said *g, const struct sum *s) {
    enum { RANDOM_BITS = 14 };
    g->leg = s;
    str id = str_table_get(&g->w->trace.strings, s->call_id);
    if (id.n == 0 || s->flags & SUM_LAX) return;
    u8 bits = (u8)fact_token_bits(id);
    tell_part(g, FACT_CALL_ID, id, bits);
    tell_stems(g, id);
    str stem = fact_call_id_stem(id);
    u8 kind = id.p[stem.n < id.n ? stem.n : 0] == '-' ? FACT_COUNTER : FACT_STEM;
    if (stem.n < id.n) tell_part(g, kind, stem, bits);
    struct str_pair cut = str_cut(stem, '@');
    if (cut.ok) tell_stems(g, cut.head);
    bits = (u8)fact_token_bits(cut.head);
    if (cut.ok && bits >= RANDOM_BITS) tell_part(g, FACT_STEM, cut.head, bits);
    str bare = fact_call_id_bare(cut.head);
    if (bare.n == cut.head.n) return;
    bits = (u8)fact_token_bits(bare);
    if (bits >= RANDOM_BITS) tell_part(g, FACT_STEM, bare, bits);
}

/* Once all tokens and Call-IDs are noted, only what may have been heard before is kept. */
static void tell_call_ids(struct said *g) {
    const struct weave *w = g->w;
    for (isize i = 0; i < w->nsums; i++) {
        if (w->sums[i].kind == KIND_CALL) tell_call_id(g, &w->sums[i]);
    }
    struct sayings told = g->names;
    g->names = (struct sayings){0};
    for (isize i = 0; i < told.n; i++) {
        if (twice_has(&g->heard, told.rows[i].hash)) say(&g->names, told.rows[i]);
    }
    base_free(told.rows);
}

/* ---- numbers, and what is for people ------------------------------------------------------------------ */

/* One leg's facts being taken. */
struct taking {
    struct said *said;
    struct weave *w;
    struct sum *s;
    u32 caller_tag;
    u32 asked;           /* the last row + 1 that was asked for … */
    bool turned;         /* … and what came of it: is_turned */
    struct map known;    /* past FEW */
    struct fact *others; /* those that are no numbers: they come after those */
    isize nothers, cap_others;
};

static u64 fact_key(const struct fact *f) {
    return hash_mix(f->hash, (u64)f->kind << 32 | (is_number(f->kind) ? 0 : f->label));
}

static bool same_fact(const struct fact *a, const struct fact *b) {
    return a->hash == b->hash && a->kind == b->kind &&
           (is_number(a->kind) || a->label == b->label);
}

static bool is_known(struct taking *g, const struct fact *f) {
    const struct sum *s = g->s;
    const struct fact *mine = g->w->leg_facts + s->facts_at;
    if (s->nfacts <= FEW) {
        for (u32 i = 0; i < s->nfacts; i++) {
            if (same_fact(&mine[i], f)) return true;
        }
        return false;
    }
    for (u32 i = 0; g->known.n == 0 && i < s->nfacts; i++) {
        *map_put(&g->known, fact_key(&mine[i])) = 1;
    }
    u32 *place = map_put(&g->known, fact_key(f));
    bool known = *place != 0;
    *place = 1;
    return known;
}

static void take_hold(struct taking *g, u32 msg) {
    struct weave *w = g->w;
    w->holds = base_grow(w->holds, &w->cap_holds, w->nholds + 1, (isize)sizeof *w->holds);
    w->holds[w->nholds++] =
        (struct hold){w->msgs[msg].time_us, (u32)(g->s - w->sums), msg};
    g->s->flags |= SUM_HOLD;
}

/* What the called side asks for within the dialog names it in From. Numbers stay where they stand if the leg's beginning has told
 * them already: a stranger among them shows that the same was asked for on the other leg, too, which weighs more than
 * it harms. */
static bool is_turned(struct taking *g, const struct fact *f) {
    bool people = f->kind == FACT_FROM || f->kind == FACT_TO;
    if (!people && g->s->state != STATE_PARTIAL) return false;
    if (f->seen + 1 != g->asked) { /* the facts of one message come together */
        const struct seen *r = &g->w->trace.seen[f->seen];
        g->asked = f->seen + 1;
        g->turned = r->method == SIP_METHOD_INVITE && way_turned(g->w, r, g->caller_tag);
    }
    return g->turned;
}

static u8 turned_kind(u8 kind) {
    switch ((enum fact_kind)kind) {
    case FACT_CALLER: return FACT_CALLED;
    case FACT_CALLED: return FACT_CALLER;
    case FACT_FROM: return FACT_TO;
    case FACT_TO: return FACT_FROM;
    default: return kind;
    }
}

static void keep(struct taking *g, const struct fact *said) {
    struct weave *w = g->w;
    struct fact turned = *said;
    const struct fact *f = &turned;
    if (is_turned(g, said)) turned.kind = turned_kind(said->kind);
    if (is_known(g, f)) return;
    w->leg_facts = base_grow(w->leg_facts, &w->cap_leg_facts, w->nleg_facts + 1,
                             (isize)sizeof *w->leg_facts);
    w->leg_facts[w->nleg_facts++] = *f;
    g->s->nfacts++;
    if (f->kind == FACT_RECORDING) g->s->flags |= SUM_RECORDING;
    if (f->kind == FACT_REPLY || f->kind == FACT_FOCUS) g->s->flags |= SUM_RELATES;
}

static void take_token(struct taking *g, const struct fact *f, u32 msg) {
    const struct trace *t = &g->w->trace;
    if (f->kind == FACT_DIALOG && t->seen[f->seen].method == SIP_METHOD_INVITE)
        g->s->flags |= SUM_TRANSFER;
    if (!twice_has(&g->said->heard, f->hash)) return;
    u32 src = msg_seen(g->w, &g->w->msgs[msg])->src, leg = (u32)(g->s - g->w->sums);
    say(&g->said->all, (struct saying){f->hash, leg, f->label, src, f->kind, f->bits});
}

/* For people, after all numbers. */
static void put_off(struct taking *g, struct fact f) {
    g->others =
        base_grow(g->others, &g->cap_others, g->nothers + 1, (isize)sizeof *g->others);
    g->others[g->nothers++] = f;
}

static void take_number(struct taking *g, struct fact f) {
    bool people = f.bits == FACT_FOR_PEOPLE;
    f.bits = 0;
    if (g->s->nfacts < NUMBERS_A_LEG) keep(g, &f);
    f.kind = f.kind == FACT_CALLER ? FACT_FROM : FACT_TO;
    f.hash = 0;
    if (people) put_off(g, f);
}

static void take(struct taking *g, const struct fact *f, u32 msg) {
    if (is_number(f->kind)) {
        take_number(g, *f);
    } else if (is_token(f->kind)) {
        if (g->s->kind == KIND_CALL) take_token(g, f, msg);
    } else if (f->kind == FACT_HOLD) {
        take_hold(g, msg);
    } else if (f->kind == FACT_WITHHELD) {
        if (is_turned(g, f)) return;
        g->s->flags |= SUM_WITHHELD;
        if (!g->s->manner[MANNER_NAME]) g->s->manner[MANNER_NAME] = (u32)f->hash | 1;
    } else if (f->kind == FACT_MEDIA) {
        if (!g->s->manner[MANNER_MEDIA]) g->s->manner[MANNER_MEDIA] = (u32)f->hash | 1;
    } else {
        put_off(g, *f);
    }
}

static void take_row(struct taking *g, u32 row, u32 msg) {
    const struct trace *t = &g->w->trace;
    isize i = (isize)g->said->facts_of[row] - 1;
    for (; i >= 0 && i < t->nfacts && t->facts[i].seen == row; i++) {
        const struct fact *f = &t->facts[i];
        bool again = f->kind == FACT_AGAIN; /* what another message has said */
        for (u32 k = 0; k < (again ? f->bits : 1u); k++) {
            struct fact one = again ? t->facts[f->label + k] : *f;
            one.seen = row;
            if (one.kind != FACT_AGENT) take(g, &one, msg);
        }
    }
}

static void take_leg(struct taking *g) {
    const struct weave *w = g->w;
    struct sum *s = g->s;
    s->facts_at = (u32)w->nleg_facts;
    g->nothers = g->asked = 0;
    g->caller_tag = way_caller_tag(w, s);
    for (u32 i = 0; i < s->n; i++) {
        u32 msg = s->at + i, row = w->msgs[msg].seen;
        if (!g->said->teller[0]) {
            take_row(g, row, msg);
            continue;
        }
        bool alone = !w->alike_of[row];
        for (int k = 0; k < 2 && !alone; k++) {
            u32 teller = g->said->teller[k][row];
            if (teller) take_row(g, teller - 1, msg);
        }
        if (alone) take_row(g, row, msg);
    }
    s->nnumbers = (u8)s->nfacts; /* at most NUMBERS_A_LEG */
    for (isize i = 0; i < g->nothers; i++) keep(g, &g->others[i]);
    if (g->known.n) map_drop(&g->known);
}

static void take_facts(struct said *g) {
    struct weave *w = g->w;
    struct taking t = {.said = g, .w = w};
    isize name = 0;
    w->nleg_facts = w->nholds = 0;
    for (isize i = 0; i < w->nsums; i++) {
        for (; name < g->names.n && (isize)g->names.rows[name].leg == i; name++)
            say(&g->all, g->names.rows[name]);
        t.s = &w->sums[i];
        take_leg(&t);
    }
    base_free(t.others);
}

/* ---- tokens ---------------------------------------------------------------------------------------------- */

/* By value, and then as they were said; without those that one leg alone says. Gives how many there are. */
static isize sort_sayings(struct sayings *g) {
    struct sort_row *order = base_new(g->n + 1, (isize)sizeof *order);
    struct saying *sorted = base_new(g->n + 1, (isize)sizeof *sorted);
    isize n = 0;
    for (isize i = 0; i < g->n; i++)
        order[i] = (struct sort_row){g->rows[i].hash, (u64)i};
    sort_rows(order, g->n);
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
    return n;
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

static void take_tokens(struct said *g) {
    isize n = sort_sayings(&g->all);
    n = make_tokens(g->w, g->all.rows, n);
    deal_tokens(g->w, g->all.rows, n);
    base_free(g->all.rows);
}

/* Where each message's facts begin, and which of its values were heard before. What is alike may stand on several legs. */
static void look_at_facts(struct said *g) {
    const struct weave *w = g->w;
    const struct trace *t = &w->trace;
    g->facts_of = base_new(t->nseen + 1, (isize)sizeof(u32));
    twice_open(&g->heard, t->nfacts / 2 + w->nsums);
    for (isize i = t->nfacts - 1; i >= 0; i--) {
        const struct fact *f = &t->facts[i];
        if (f->kind == FACT_AGENT) continue;
        g->facts_of[f->seen] = (u32)i + 1;
        if (!is_token(f->kind)) continue;
        twice_note(&g->heard, f->hash);
        if (w->nalikes && w->alike_of[f->seen]) twice_note(&g->heard, f->hash);
    }
}

void said_collect(struct weave *w) {
    struct said g = {.w = w};
    g.call_id = str_table_add(&w->trace.strings, S("Call-ID"));
    look_at_facts(&g);
    find_tellers(&g);
    tell_call_ids(&g);
    take_facts(&g);
    if (w->finished) {
        trace_seal(&w->trace);
        trace_forget(&w->trace, TRACE_IDENTS);
    }
    base_free(g.facts_of);
    base_free(g.teller[0]);
    base_free(g.teller[1]);
    base_free(g.names.rows);
    twice_close(&g.heard);
    alike_forget(w);
    twin_devices(w); /* by their numbers; tokens ask who is whose device */
    take_tokens(&g);
}
