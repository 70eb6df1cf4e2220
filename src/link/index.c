/* index.c: what scoring looks up (pair.h): what happened at which device when, and how rare a number is there. */
#include "base/both.h"
#include "link/pair.h"

u64 index_number_key(u32 dev, u8 kind, u64 hash) {
    return hash_mix(hash, (u64)dev << 8 | kind);
}

isize index_number(const struct index *x, u32 dev, u32 fact) {
    const struct fact *f = &x->w->leg_facts[fact];
    if (x->w->climate) return climate_number(x, dev, f->kind, f->hash);
    const struct number_place *here = numbers_here(&x->numbers, fact);
    return here ? (isize)here->n : 1;
}

struct leg_run index_reached(const struct index *x, u32 number, u32 dev, u8 kind) {
    enum number_role role =
        kind == FACT_CALLER ? NUMBER_REACHED_CALLER : NUMBER_REACHED_CALLED;
    const struct number_place *p = numbers_at(&x->numbers, number, dev, role);
    if (!p) return (struct leg_run){0};
    return (struct leg_run){x->numbers.legs + p->at, p->n};
}

struct leg_run index_reached_by(const struct index *x, u64 hash, u32 dev, u8 kind) {
    u32 row = numbers_row(&x->numbers, hash);
    return row ? index_reached(x, row, dev, kind) : (struct leg_run){0};
}

isize index_sent(const struct index *x, u32 dev, u32 number) {
    const struct number_place *p =
        numbers_at(&x->numbers, number, dev, NUMBER_SENT_CALLER);
    return p ? p->n : 0;
}

static void count_ends(struct index *x, const struct sum *s) {
    x->leaving[s->from_dev]++;
    x->reaching[s->to_dev]++;
    x->withheld[s->to_dev] += (s->flags & SUM_WITHHELD) != 0;
    x->withholding[s->from_dev] += (s->flags & SUM_WITHHELD) != 0;
}

static void add_event(struct index *x, struct clues *to, u32 dev, i64 at_us, u32 leg) {
    if (x->asked[dev]) clues_add(to, dev, at_us, leg);
}

static void add_events(struct index *x, u32 leg) {
    const struct weave *w = x->w;
    const struct sum *s = &w->sums[leg];
    add_event(x, &x->events, s->to_dev, s->start_us, leg);
    add_event(x, &x->events, s->to_dev, msg_us(w, s->retry_msg), leg);
    add_event(x, &x->events, s->to_dev, s->answer_us, leg);
    add_event(x, &x->ends, s->from_dev, failed_us(s), leg);
    if (try_is_silent(s)) add_event(x, &x->silent, s->from_dev, s->last_us, leg);
    if (leg_may_be_older(w, s, s->start_us))
        add_event(x, &x->missed, s->to_dev, s->start_us, leg);
    add_event(x, &x->leaves, s->from_dev, s->start_us, leg);
    if (!(s->flags & SUM_RECORDING))
        add_event(x, &x->wins, s->from_dev, s->answer_us, leg);
    add_event(x, &x->over, s->to_dev, s->bye_us, leg);
    add_event(x, &x->over, s->to_dev, s->cancel_us, leg);
    for (int i = 0; i < 2; i++) {
        u32 refer = s->refer_msg[i];
        if (refer) add_event(x, &x->events, refer_dev(w, refer), msg_us(w, refer), leg);
    }
}

/* Legs by start, since a try's failure makes the next one. */
static u32 *by_start(const struct weave *w) {
    struct sort_row *rows = base_new(w->nsums + 1, (isize)sizeof *rows);
    u32 *legs = base_new(w->nsums + 1, (isize)sizeof *legs);
    for (isize i = 0; i < w->nsums; i++)
        rows[i] = (struct sort_row){sort_time(w->sums[i].start_us), (u64)i};
    sort_rows(rows, w->nsums);
    for (isize i = 0; i < w->nsums; i++) legs[i] = (u32)rows[i].value;
    base_free(rows);
    return legs;
}

/* Whose try was it that failed? */
static void note_lost(void *index) {
    struct index *x = index;
    const struct weave *w = x->w;
    clues_drop(&x->lost);
    clues_open(&x->lost, w->ndevs);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[x->by_start[i]];
        if (s->kind == KIND_CALL && s->parent)
            add_event(x, &x->lost, s->from_dev, failed_us(s), s->parent - 1);
    }
    clues_settle(&x->lost);
}

static void open_numbers(void *index) {
    struct index *x = index;
    numbers_open(&x->numbers, x->w, x->by_start);
}

void index_open(struct index *x, const struct weave *w) {
    *x = (struct index){.w = w};
    isize u = (isize)sizeof(u32);
    struct beside numbers;
    x->by_start = by_start(w);
    beside_start(&numbers, weave_may_use(w, w->nsums), open_numbers, x);
    x->withheld = base_new(w->ndevs + 1, u);
    x->withholding = base_new(w->ndevs + 1, u);
    x->none_of = base_new(w->nsums + 1, (isize)sizeof *x->none_of);
    x->explained_of = base_new(w->nsums + 1, u);
    x->answered = base_new(w->nsums + 1, u);
    x->up = base_new(w->nsums + 1, u);
    x->size = base_new(w->nsums + 1, u);
    x->reaching = base_new(w->ndevs + 1, u);
    x->leaving = base_new(w->ndevs + 1, u);
    x->failures = base_new(w->nsums + 1, u);
    x->next_failure = base_new(w->nsums + 1, u);
    i64 first = INT64_MAX, last = INT64_MIN;
    for (isize i = 0; i < w->nsums; i++) {
        u32 leg = x->by_start[i];
        first = i64_min(first, w->sums[leg].start_us);
        last = i64_max(last, w->sums[leg].start_us);
        if (w->sums[leg].kind == KIND_CALL) count_ends(x, &w->sums[leg]);
    }
    x->span_s = w->nsums ? (double)(last - first) / 1e6 : 0;
    if (given_span_s(w, first, last) > 0) x->span_s = given_span_s(w, first, last);
    climate_begin(x);
    for (isize i = 0; i < w->nholds; i++) {
        if (w->sums[w->holds[i].leg].kind == KIND_CALL)
            clues_add(&x->holds, w->holds[i].leg, w->holds[i].at_us, w->holds[i].msg);
    }
    manners_count(x);
    clues_settle(&x->holds);
    lanes_open(x);
    sites_count(x);
    beside_end(&numbers);
}

void index_events(struct index *x, bool *asked) {
    const struct weave *w = x->w;
    struct clues *const all[] = {&x->events, &x->ends,   &x->leaves, &x->over,
                                 &x->missed, &x->silent, &x->wins};
    x->asked = asked;
    for (isize i = 0; i < countof(all); i++) clues_open(all[i], w->ndevs);
    for (isize i = 0; i < w->nsums; i++)
        if (w->sums[x->by_start[i]].kind == KIND_CALL) add_events(x, x->by_start[i]);
    for (isize i = 0; i < w->nholds; i++) { /* music may come from either end */
        const struct hold *h = &w->holds[i];
        const struct sum *s = &w->sums[h->leg];
        if (s->kind != KIND_CALL) continue;
        add_event(x, &x->events, s->from_dev, h->at_us, h->leg);
        add_event(x, &x->events, s->to_dev, h->at_us, h->leg);
    }
    for (isize i = 0; i < countof(all); i++) clues_settle(all[i]);
    note_lost(x);
}

i64 failed_us(const struct sum *s) {
    bool gone = s->state == STATE_FAILED || s->state == STATE_CANCELLED;
    if (!gone || s->flags & SUM_RECORDING) return NEVER;
    return s->cancel_us != NEVER ? s->cancel_us : s->fail_us; /* 487 comes later */
}

/* Leg c has found its parent: where it failed, the parent's next try has its cause; where it was answered, its recorder. */
static void note_child(struct index *x, u32 c) {
    const struct sum *s = &x->w->sums[c];
    if (!s->parent || s->flags & SUM_RECORDING) return;
    u32 *answered = &x->answered[s->parent - 1];
    i64 first = *answered ? x->w->sums[*answered - 1].answer_us : INT64_MAX;
    if (s->answer_us != NEVER && s->answer_us < first) *answered = c + 1;
    if (!try_is_over(s)) return;
    x->next_failure[c] = x->failures[s->parent - 1];
    x->failures[s->parent - 1] = c + 1;
}

void index_close(struct index *x) {
    base_free(x->up);
    base_free(x->size);
    base_free(x->reaching);
    base_free(x->leaving);
    clues_drop(&x->events);
    numbers_drop(&x->numbers);
    base_free(x->withheld);
    base_free(x->withholding);
    lanes_close(x);
    habits_close(x);
    base_free(x->manners);
    base_free(x->sites);
    base_free(x->way_of);
    base_free(x->site_of);
    base_free(x->gathered);
    paces_drop(x);
    base_free(x->none_of);
    base_free(x->explained);
    base_free(x->explained_of);
    base_free(x->answered);
    clues_drop(&x->kids);
    clues_drop(&x->holds);
    clues_drop(&x->ends);
    clues_drop(&x->silent);
    clues_drop(&x->missed);
    clues_drop(&x->leaves);
    clues_drop(&x->wins);
    clues_drop(&x->over);
    clues_drop(&x->lost);
    base_free(x->by_start);
    base_free(x->asked);
    base_free(x->failures);
    base_free(x->next_failure);
}

u32 index_root(const struct index *x, u32 leg) {
    while (x->up[leg] != leg) {
        x->up[leg] = x->up[x->up[leg]];
        leg = x->up[leg];
    }
    return leg;
}

void index_calls(struct index *x) {
    const struct weave *w = x->w;
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        x->up[i] = i;
        x->size[i] = 0;
    }
    for (u32 i = 0; (isize)i < w->nsums;
         i++) { /* a circle is not cut yet, and harmless so */
        if (w->sums[i].parent)
            x->up[index_root(x, i)] = index_root(x, w->sums[i].parent - 1);
    }
    for (u32 i = 0; (isize)i < w->nsums; i++) x->size[index_root(x, i)]++;
}

static void explain(struct index *x, u32 c) {
    const struct sum *s = &x->w->sums[c];
    struct explained *e = &x->explained[x->explained_of[s->parent - 1] - 1];
    for (int kind = 0; kind < ECHO_COUNT; kind++) {
        i64 gap_us;
        float odds = (float)pair_echo(x, s, &x->w->sums[s->parent - 1],
                                      (enum echo_kind)kind, &gap_us);
        if (odds > e->best[kind]) {
            e->second[kind] = e->best[kind];
            e->best[kind] = odds;
            e->leg[kind] = c + 1;
        } else if (odds > e->second[kind]) {
            e->second[kind] = odds;
        }
    }
}

/* Room for what happened to those that have children. */
static void open_explained(struct index *x) {
    u32 n = 0;
    for (isize p = 0; p < x->w->nsums; p++) {
        bool any = clues_find(&x->kids, (u64)p + 1).n > 0;
        x->explained_of[p] = any ? ++n : 0;
    }
    base_free(x->explained);
    x->explained = base_new((isize)n + 1, (isize)sizeof *x->explained);
}

/* What happened to these parents. */
static void explain_all(void *index, int half, isize from, isize to) {
    struct index *x = index;
    (void)half;
    for (isize p = from; p < to; p++) {
        struct clue_run kids = clues_find(&x->kids, (u64)p + 1);
        for (isize i = 0; i < kids.n; i++) explain(x, kids.rows[i].leg);
    }
}

void index_note_children(struct index *x) {
    const struct weave *w = x->w;
    struct beside lost;
    beside_start(&lost, weave_may_use(w, w->nsums), note_lost, x);
    clues_drop(&x->kids);
    clues_open(&x->kids, w->nsums + 1);
    for (isize i = 0; i < w->nsums; i++) {
        x->failures[i] = x->answered[i] = 0;
    }
    for (isize i = 0; i < w->nsums; i++) {
        u32 c = x->by_start[i];
        const struct sum *s = &w->sums[c];
        if (!s->parent || s->kind != KIND_CALL || s->flags & SUM_RECORDING) continue;
        note_child(x, c);
        clues_add(&x->kids, s->parent, s->start_us, c);
    }
    clues_settle(&x->kids);
    open_explained(x);
    beside_end(&lost);
    (void)base_both(explain_all, x, w->nsums, weave_may_use(w, w->nsums));
}

static void learn_habits(void *index) {
    habits_learn(index);
}

void index_learn(struct index *x, const struct claims *k, bool changed) {
    struct beside habits = {0};
    if (changed) beside_start(&habits, weave_may_use(x->w, x->w->nsums), learn_habits, x);
    struct taught *taught = index_teach(x, k);
    lanes_learn(x, taught);
    base_free(taught);
    if (!changed) return;
    paces_learn(x);
    sites_learn(x);
    beside_end(&habits);
}
