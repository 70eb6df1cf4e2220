/* said.c: what each leg says of itself (fact.h), brought together from its messages, in their order and each thing once:
 *
 *     leg_facts    numbers first, then what is for people
 *     tokens       values that two legs or more have; most values stand on one leg and are forgotten here
 */
#include "base/both.h"
#include "link/numbers.h"
#include "link/saying.h"
#include "link/twice.h"

enum {
    NUMBERS_A_LEG = 48,
    FEW = 24, /* so many are compared one by one */
};
_Static_assert(NUMBERS_A_LEG <= UINT8_MAX, "a leg's numbers are more than a sum counts");

/* What half of the legs say. */
struct part_said {
    struct fact *facts;
    struct hold *holds;
    isize nfacts, nholds, cap_facts, cap_holds;
    struct sayings all;
};

struct said {
    struct weave *w;
    /* by row of seen[]: row of trace.facts + 1 of its first, that is no software's name */
    u32 *facts_of;
    /* by row: the sighting + 1 that has its message's facts; a whole one, a cut one; NULL: itself */
    u32 *teller[2];
    struct twice heard;        /* most values are said once, and are not kept */
    struct sayings names, all; /* names: of Call-IDs alone */
    struct part_said parts[2];
    u32 call_id; /* label */
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

/* What the Call-IDs of some legs say. */
struct naming {
    const struct weave *w;
    u32 from, to; /* the legs */
    struct twice
        heard; /* of said, or its own until both are known, where two threads listen */
    struct sayings names;
    u32 leg; /* whose Call-ID is told */
};

/* A part of a leg's Call-ID, by where it stands there until it is kept: in label and src; in bits which one it is. */
enum part { PART_WHOLE, PART_STEM, PART_LOCAL };

static void tell_part(struct naming *g, str id, str part, u8 kind, enum part which) {
    u64 hash = fact_call_id_hash(part);
    u32 at = (u32)(part.p - id.p);
    twice_note(&g->heard, hash);
    say(&g->names, (struct saying){hash, g->leg, at, (u32)part.n, kind, (u8)which});
}

/* Without one suffix after the other: abc-1_b2b-2 is a child of abc-1, and only through it of abc. A bare "-1" or ".1" may as
 * well count calls. False: it has none. */
static bool tell_stems(struct naming *g, str id, str part) {
    enum { DEEPEST = 8 };
    for (int i = 0; i < DEEPEST; i++) {
        str less = fact_call_id_shorter(part);
        if (less.n == part.n) return i > 0;
        bool counter = part.p[less.n] != '_';
        tell_part(g, id, less, counter ? FACT_COUNTER : FACT_STEM, PART_STEM);
        part = less;
    }
    return true;
}

/* A leg's own Call-ID, which others may name; without the suffixes that back-to-back user agents add; and, where that
 * is random enough by itself, without its host and without a prefix. */
static void tell_call_id(struct naming *g) {
    const struct sum *s = &g->w->sums[g->leg];
    str id = str_table_get(&g->w->trace.strings, s->call_id);
    if (id.n == 0 || s->flags & SUM_LAX) return;
    tell_part(g, id, id, FACT_CALL_ID, PART_WHOLE);
    str stem = tell_stems(g, id, id) ? fact_call_id_stem(id) : id;
    u8 kind = id.p[stem.n < id.n ? stem.n : 0] == '-' ? FACT_COUNTER : FACT_STEM;
    if (stem.n < id.n) tell_part(g, id, stem, kind, PART_WHOLE);
    struct str_pair cut = str_cut(stem, '@');
    if (!cut.ok) cut.head = stem;
    if (cut.ok) (void)tell_stems(g, id, cut.head);
    if (cut.ok) tell_part(g, id, cut.head, FACT_STEM, PART_LOCAL);
    str bare = fact_call_id_bare(cut.head);
    if (bare.n < cut.head.n) tell_part(g, id, bare, FACT_STEM, PART_LOCAL);
}

/* A part that may have been heard before counts if it is random enough for that. */
static void keep_part(struct said *g, struct saying s) {
    static const u8 least[] = {
        [PART_WHOLE] = 0, [PART_STEM] = 10, [PART_LOCAL] = 14}; /* bits */
    const struct weave *w = g->w;
    str id = str_table_get(&w->trace.strings, w->sums[s.leg].call_id);
    enum part which = (enum part)s.bits;
    str part = which == PART_WHOLE ? id : str_sub(id, s.label, s.src);
    s.bits = (u8)fact_token_bits(part);
    if (s.bits < least[which]) return;
    s.label = g->call_id;
    s.src = w->sums[s.leg].src;
    say(&g->names, s);
}

static void tell_call_ids(struct naming *g) {
    for (g->leg = g->from; g->leg < g->to; g->leg++)
        if (g->w->sums[g->leg].kind == KIND_CALL) tell_call_id(g);
}

/* Once all tokens and Call-IDs are noted, only what may have been heard before is kept. */
static void keep_parts(struct said *g) {
    struct sayings told = g->names;
    g->names = (struct sayings){0};
    for (isize i = 0; i < told.n; i++) {
        if (twice_has(&g->heard, told.rows[i].hash)) keep_part(g, told.rows[i]);
    }
    base_free(told.rows);
}

/* ---- numbers, and what is for people ------------------------------------------------------------------ */

/* One leg's facts being taken. */
struct taking {
    struct said *said;
    struct part_said *to;
    struct weave *w;
    struct sum *s;
    u32 caller_tag;
    u32 asked;           /* the last row + 1 that was asked for … */
    bool turned;         /* … and what came of it: is_turned */
    u32 told;            /* the last row + 1 that said anything itself */
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
    const struct fact *mine = g->to->facts + s->facts_at;
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
    const struct weave *w = g->w;
    struct part_said *to = g->to;
    to->holds =
        base_grow(to->holds, &to->cap_holds, to->nholds + 1, (isize)sizeof *to->holds);
    to->holds[to->nholds++] =
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
    struct part_said *to = g->to;
    struct fact turned = *said;
    const struct fact *f = &turned;
    if (is_turned(g, said)) turned.kind = turned_kind(said->kind);
    if (is_known(g, f)) return;
    to->facts =
        base_grow(to->facts, &to->cap_facts, to->nfacts + 1, (isize)sizeof *to->facts);
    to->facts[to->nfacts++] = *f;
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
    say(&g->to->all, (struct saying){f->hash, leg, f->label, src, f->kind, f->bits});
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

/* What another message of this leg has said was taken with that, if neither can be turned: both have the caller's tag in From. */
static bool is_taken(const struct taking *g, const struct fact *again) {
    const struct trace *t = &g->w->trace;
    u32 row = t->facts[again->label].seen;
    return row + 1 == g->told &&
           (!g->caller_tag || t->idents[row].from_tag == g->caller_tag);
}

static void take_row(struct taking *g, u32 row, u32 msg) {
    const struct trace *t = &g->w->trace;
    isize i = (isize)g->said->facts_of[row] - 1;
    for (; i >= 0 && i < t->nfacts && t->facts[i].seen == row; i++) {
        const struct fact *f = &t->facts[i];
        bool again = f->kind == FACT_AGAIN; /* what another message has said */
        if (again && is_taken(g, f)) continue;
        if (!again) g->told = row + 1;
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
    s->facts_at = (u32)g->to->nfacts;
    g->nothers = g->asked = g->told = 0;
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

static void take_legs(void *said, int half, isize from, isize to) {
    struct said *g = said;
    struct taking t = {.said = g, .to = &g->parts[half], .w = g->w};
    isize name = 0;
    while (name < g->names.n && (isize)g->names.rows[name].leg < from) name++;
    for (isize i = from; i < to; i++) {
        for (; name < g->names.n && (isize)g->names.rows[name].leg == i; name++)
            say(&t.to->all, g->names.rows[name]);
        t.s = &g->w->sums[i];
        take_leg(&t);
    }
    base_free(t.others);
}

/* The second half behind the first. */
static void join_parts(struct said *g, isize second) {
    struct weave *w = g->w;
    struct part_said *a = &g->parts[0], *b = &g->parts[1];
    isize nfacts = a->nfacts + b->nfacts, nholds = a->nholds + b->nholds;
    a->facts = base_grow(a->facts, &a->cap_facts, nfacts + 1, (isize)sizeof *a->facts);
    a->holds = base_grow(a->holds, &a->cap_holds, nholds + 1, (isize)sizeof *a->holds);
    for (isize i = second; i < w->nsums; i++) w->sums[i].facts_at += (u32)a->nfacts;
    for (isize i = 0; i < b->nfacts; i++) a->facts[a->nfacts++] = b->facts[i];
    for (isize i = 0; i < b->nholds; i++) a->holds[a->nholds++] = b->holds[i];
    for (isize i = 0; i < b->all.n; i++) say(&a->all, b->all.rows[i]);
    base_free(b->facts);
    base_free(b->holds);
    base_free(b->all.rows);
}

/* All has been taken. */
static void forget_facts(struct said *g) {
    struct weave *w = g->w;
    if (w->finished) {
        trace_seal(&w->trace);
        trace_forget(&w->trace, TRACE_IDENTS);
        if (only_lines(w)) trace_forget(&w->trace, TRACE_STEPS);
    }
    base_free(g->facts_of);
    base_free(g->teller[0]);
    base_free(g->teller[1]);
    base_free(g->names.rows);
    twice_close(&g->heard);
    alike_forget(w);
}

static void take_facts(struct said *g) {
    struct weave *w = g->w;
    struct part_said *all = &g->parts[0];
    *all = (struct part_said){.facts = w->leg_facts,
                              .cap_facts = w->cap_leg_facts,
                              .holds = w->holds,
                              .cap_holds = w->cap_holds};
    isize second = base_both(take_legs, g, w->nsums, weave_may_use(w, w->nsums));
    forget_facts(g); /* before two halves are one, when there is the most in memory */
    join_parts(g, second);
    w->leg_facts = all->facts;
    w->cap_leg_facts = all->cap_facts;
    w->nleg_facts = all->nfacts;
    w->holds = all->holds;
    w->cap_holds = all->cap_holds;
    w->nholds = all->nholds;
    g->all = all->all;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

/* Where each message's facts begin, and which of its values were heard before. What is alike may stand on several legs. */
static void look_at_facts(void *said) {
    struct said *g = said;
    const struct weave *w = g->w;
    const struct trace *t = &w->trace;
    for (isize i = t->nfacts - 1; i >= 0; i--) {
        const struct fact *f = &t->facts[i];
        if (f->kind == FACT_AGENT) continue;
        g->facts_of[f->seen] = (u32)i + 1;
        if (!is_token(f->kind)) continue;
        twice_note(&g->heard, f->hash);
        if (w->nalikes && w->alike_of[f->seen]) twice_note(&g->heard, f->hash);
    }
}

/* Of two threads, the one that hears messages, and then the later Call-IDs. */
struct listener {
    struct said *said;
    struct naming later;
};

static void listen_beside(void *listener) {
    struct listener *l = listener;
    look_at_facts(l->said);
    l->later.heard = l->said->heard;
    tell_call_ids(&l->later);
}

/* What was heard twice, by messages and by Call-IDs. */
static void listen(struct said *g) {
    const struct weave *w = g->w;
    const struct trace *t = &w->trace;
    int threads = weave_may_use(w, w->nsums);
    isize values = t->nfacts / 2 + w->nsums;
    u32 n = (u32)w->nsums,
        middle = threads > 1 ? n / 3 * 2 : 0; /* facts take as long as a third */
    struct naming first = {.w = w, .to = middle};
    struct listener other = {g, {.w = w, .from = middle, .to = n}};
    struct beside beside;
    g->facts_of = base_new(t->nseen + 1, (isize)sizeof(u32));
    twice_open(&g->heard, values);
    if (threads > 1) twice_open(&first.heard, values);
    beside_start(&beside, threads, listen_beside, &other);
    tell_call_ids(&first);
    beside_end(&beside);
    if (threads < 2) {
        g->heard = other.later.heard;
        g->names = other.later.names;
        return;
    }
    g->names = first.names;
    for (isize i = 0; i < other.later.names.n; i++)
        say(&g->names, other.later.names.rows[i]);
    base_free(other.later.names.rows);
    twice_join(&g->heard, &first.heard);
    twice_close(&first.heard);
}

static void find_twins(void *weave) {
    numbers_count(weave);
    twin_devices(weave);
}

void said_collect(struct weave *w) {
    struct said g = {.w = w};
    struct beside twins;
    g.call_id = str_table_add(&w->trace.strings, S("Call-ID"));
    if (w->finished) str_table_seal(&w->trace.strings);
    listen(&g);
    find_tellers(&g);
    keep_parts(&g);
    take_facts(&g);
    beside_start(&twins, weave_may_use(w, w->nsums), find_twins, w);
    sayings_sort(w, &g.all);
    beside_end(&twins); /* tokens ask who is whose device */
    sayings_tell(w, &g.all);
}
