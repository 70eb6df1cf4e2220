/* weave.c: opens, feeds and runs the steps; finds a call by what people know of it. */
#include "link/related.h"
#include "trace/number.h"

struct weave *weave_open(void) {
    struct weave *w = base_new(1, (isize)sizeof *w);
    trace_init(&w->trace);
    w->names = arena_open((isize)2 << 30);
    w->said_by = arena_open((isize)64 << 20);
    w->scratch = arena_open_view();
    return w;
}

void weave_close(struct weave *w) {
    if (!w) return;
    trace_drop(&w->trace);
    map_drop(&w->hosts);
    map_drop(&w->masked);
    map_drop(&w->number_rows);
    str_table_drop(&w->host_names);
    void *const tables[] = {
        w->arrivals,  w->call_ids,  w->source_rank,  w->canon,      w->spread_at,
        w->spread_by, w->rank,      w->alikes,       w->alike_of,   w->next_alike,
        w->common_us, w->stints,    w->blur_us,      w->mirror_us,  w->islands,
        w->msgs,      w->more,      w->devs,         w->dev_of,     w->sums,
        w->repeats,   w->leg_facts, w->tokens,       w->token_legs, w->leg_tokens,
        w->holds,     w->proofs,    w->groups,       w->by_group,   w->relations,
        w->decisions, w->maybes,    w->maybes_below, w->decided,    w->twin_of,
        w->number_of, w->leg_of};
    for (isize i = 0; i < countof(tables); i++) base_free(tables[i]);
    climate_drop(w);
    given_drop(w);
    stand_drop(w);
    lore_drop(w);
    arena_close(&w->names);
    arena_close(&w->said_by);
    arena_close(&w->scratch);
    base_free(w);
}

u32 weave_source(struct weave *w, const struct source *s) {
    u32 source = trace_source(&w->trace, s);
    w->arrivals = base_grow(w->arrivals, &w->cap_arrivals, w->trace.nsources,
                            (isize)sizeof *w->arrivals);
    return source;
}

/* From 1970 to some time after 3000, so that differences of times have room. */
static i64 sane_time(i64 us) {
    const i64 latest = (i64)1 << 55;
    return us < 0 ? 0 : i64_min(us, latest);
}

static void note_arrival(struct weave *w, const struct seen *r, i64 time_us, u32 line) {
    struct arrival *a = &w->arrivals[r->source];
    a->disorder |= time_us < a->last_us || line < a->last_line;
    a->last_us = time_us;
    a->last_line = line;
    a->n++;
    if (!w->precision_us) w->precision_us = r->precision_us;
    w->mixed |= r->precision_us != w->precision_us;
    w->coarse |= r->precision_us >= SPREAD_FROM_US;
    w->some_cut |= (r->flags & SEEN_CUT) != 0;
    w->some_logged |= r->vantage != VANTAGE_WIRE;
}

static u32 add_row(struct weave *w, const struct digest *d) {
    must(!w->finished);
    u32 row = trace_add(&w->trace, d);
    note_arrival(w, &w->trace.seen[row], d->s.time_us, (u32)d->s.line);
    return row;
}

static void read_head(struct digest *d, const struct sighting *s, const struct sip_msg *m,
                      bool brief) {
    digest_head(d, s, m);
    d->brief = brief;
    d->s.time_us = sane_time(s->time_us);
    fact_head(d, m);
}

void weave_near(const struct weave *w, const struct digest *d) {
    str_table_near(&w->trace.strings, d->call_id);
}

void weave_add_parsed(struct weave *w, const struct sighting *s,
                      const struct sip_msg *m) {
    struct digest d;
    read_head(&d, s, m, w->in_lines);
    weave_near(w, &d);
    digest_text(&d, m);
    fact_gather(&w->trace, add_row(w, &d), &d, m, w->scratch);
}

bool weave_add(struct weave *w, const struct sighting *s) {
    struct sip_msg m;
    struct fail f;
    enum err e = sip_msg_parse(&m, s->bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return false;
    weave_add_parsed(w, s, &m);
    return true;
}

static bool make_digest(struct digest *d, const struct sighting *s, bool brief,
                        arena *a) {
    struct sip_msg m;
    struct fail f;
    enum err e = sip_msg_parse(&m, s->bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return false;
    read_head(d, s, &m, brief);
    digest_text(d, &m);
    fact_say(d, &m, a);
    return true;
}

bool weave_digest(struct digest *d, const struct sighting *s, arena *a) {
    return make_digest(d, s, false, a);
}

bool weave_digest_brief(struct digest *d, const struct sighting *s, arena *a) {
    return make_digest(d, s, true, a);
}

void weave_take(struct weave *w, struct digest *d) {
    fact_gather(&w->trace, add_row(w, d), d, NULL, w->scratch);
}

void weave_join_all(struct weave *w) {
    w->join_all = true;
}

void weave_without_evidence(struct weave *w) {
    w->unasked = true;
}

void weave_without_messages(struct weave *w) {
    w->unshown = true;
}

void weave_for_lines(struct weave *w) {
    w->unasked = w->unshown = w->in_lines = true;
}

void weave_threads(struct weave *w, int n) {
    w->threads = n;
}

isize weave_nseen(const struct weave *w) {
    return w->trace.nseen;
}
const struct trace *weave_trace(const struct weave *w) {
    return &w->trace;
}

const struct link_step link_steps[LINK_STEPS] = {
    {"alike", alike_find},     {"clock", clock_estimate},  {"merge", merge_sightings},
    {"device", device_assign}, {"leg", leg_summarise},     {"said", said_collect},
    {"hop", hop_parents},      {"decide", decide_resolve}, {"given", given_apply},
    {"stand", stand_apply},    {"parent", score_parents},  {"by hand", decide_apply},
    {"group", group_legs},     {"wait", wait_learn},       {"related", related_find},
};

void weave_link(struct weave *w) {
    trace_rest(&w->trace);
    stand_take(w);
    for (isize i = 0; i < LINK_STEPS && !weave_stops(w); i++) link_steps[i].run(w);
    stand_done(w);
    w->stopped = weave_stops(w);
    if (w->stopped) w->ngroups = 0;
}

void weave_heed(struct weave *w, bool (*ends)(const void *ctx), const void *ctx) {
    w->ends = ends;
    w->ends_ctx = ctx;
}

bool weave_stopped(const struct weave *w) {
    return w->stopped;
}

void weave_finish(struct weave *w) {
    must(!w->finished);
    w->finished = true;
    weave_link(w);
}

isize weave_ncalls(const struct weave *w) {
    return w->ngroups;
}
enum call_kind weave_call_kind(const struct weave *w, isize i) {
    return w->groups[i].kind;
}

static u64 maybe_hash(u64 hash, const struct weave *w, const struct link_maybe *m) {
    u64 ends = hash_mix(w->sums[m->leg].id, w->sums[m->parent].id);
    return hash_mix(hash, hash_mix(ends, (u64)(m->confidence * 100)));
}

/* What almost belongs to a leg, and what it almost belongs to. */
static u64 maybes_hash(u64 hash, const struct weave *w, u32 leg) {
    for (isize i = maybe_first(w, leg, false); i < w->nmaybes && w->maybes[i].leg == leg;
         i++)
        hash = maybe_hash(hash, w, &w->maybes[i]);
    for (isize i = maybe_first(w, leg, true); i < w->nmaybes; i++) {
        const struct link_maybe *m = &w->maybes[w->maybes_below[i]];
        if (m->parent != leg) break;
        hash = maybe_hash(hash, w, m);
    }
    return hash;
}

u64 weave_call_signature(const struct weave *w, isize i) {
    const struct conversation *g = &w->groups[i];
    u64 hash = g->n;
    for (u32 k = 0; k < g->n; k++) {
        const struct sum *s = &w->sums[w->by_group[g->at + k]];
        u64 parent = s->parent ? w->sums[s->parent - 1].id : 0;
        hash = hash_mix(hash, hash_mix(s->id, parent));
        hash = hash_mix(hash, (u64)s->n << 32 | (u64)s->status << 16 |
                                  (u64)s->state << 8 | s->role);
        hash = hash_mix(hash, hash_mix((u64)s->start_us, (u64)s->last_us));
        hash = hash_mix(hash, (u64)(s->confidence * 1000));
        const struct dev *d = &w->devs[s->from_dev]; /* its prompts */
        hash = hash_mix(hash, (u64)d->waits_ack << 1 | d->waits_end);
        hash = maybes_hash(hash, w, w->by_group[g->at + k]);
        if (s->flags & SUM_DECIDED)
            hash = hash_mix(hash, decide_signature(w, w->by_group[g->at + k]));
    }
    return related_signature(w, i, hash);
}

static bool leg_is(const struct weave *w, const struct sum *s, str x, u64 number) {
    u8 room[32];
    arena scratch = {room, room, room + sizeof room};
    if (str_eq(str_table_get(&w->trace.strings, s->call_id), x)) return true;
    if (str_eq(call_id_text(&scratch, s->id), x)) return true;
    for (u32 k = 0; number && k < s->nnumbers; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->hash == number) return true;
    }
    return false;
}

isize weave_find(const struct weave *w, str x) {
    struct number number = number_read(x);
    if (x.n == 0) return -1;
    /* what is exact goes before what is a number */
    for (int round = 0; round < 2; round++) {
        u64 key = round == 1 && number.ndigits >= 3 ? number.key : 0;
        if (round == 1 && !key) break;
        for (isize i = 0; i < w->ngroups; i++) {
            const struct conversation *g = &w->groups[i];
            for (u32 k = 0; k < g->n; k++) {
                if (leg_is(w, &w->sums[w->by_group[g->at + k]], x, key)) return i;
            }
        }
    }
    return -1;
}
