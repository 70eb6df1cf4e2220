/* lane.c: habits, learned from the trace: from what makes a device send legs that way, how often it does so by itself, and how
 * often numbers stay what they were. weights.h is what is taken to be so at first; each round of choices teaches what is so
 * here (expectation, maximisation): a gateway sends legs of its own, a back-to-back user agent hardly ever; a queue dials
 * after it has answered, a hunt after a failure; recorders are rung when the call is answered; phones are rung by their
 * extension; a desk that calls out gets the company's number, and who calls a desk keeps his own. */
#include "link/pair.h"

/* So many of each are taken to be as weights.h has them; and of a turn, as the lane has them. */
static const double USUAL = 30, USUAL_TURN = 10, SLOW = 3;
static const double UNCAUSED =
    0.02; /* at first: one leg in fifty has its cause outside the trace */
static const enum evidence_kind number_kinds[NUMBERS] = {
    EVIDENCE_CALLED_NUMBER, EVIDENCE_CALLER_NUMBER, EVIDENCE_COMPANY_NUMBER,
    EVIDENCE_CALLER_NAME,   EVIDENCE_MEDIA,         EVIDENCE_BYE_ECHO};
static const double BUSY =
    0.02; /* the share of a device's legs from which on a way is a lane of its own */

/* One an hour whatever the trace; and `legs` of those that go that way. */
static double background_of(const struct index *x, double legs) {
    return legs / (x->span_s + 10) + 1.0 / 3600;
}

static bool is_inward(const struct lane *l) {
    return l->other >= LANE_INTO;
}

static u32 lane_number(struct index *x, struct map *places, u32 dev, u64 other) {
    u32 *place = map_put(places, hash_mix(dev + (u64)1, other));
    if (!*place) {
        x->lanes =
            base_grow(x->lanes, &x->cap_lanes, x->nlanes + 1, (isize)sizeof *x->lanes);
        x->lanes[x->nlanes++] = (struct lane){.from_dev = dev, .other = other};
        *place = (u32)x->nlanes;
    }
    return *place - 1;
}

static bool is_busy(u32 legs, u32 of) {
    enum { FEW = 4 };
    return legs > BUSY * of && legs > FEW;
}

/* From one device to another. */
struct way {
    u32 from_dev, to_dev, calls;
    u32 lane, in_lane;
};

struct ways {
    struct way *rows;
    isize n, cap;
    struct map at; /* devices -> row + 1 */
};

/* By leg, its way. */
static struct ways find_ways(struct index *x) {
    const struct weave *w = x->w;
    struct ways all = {0};
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        u32 *row = map_put(&all.at, (u64)s->from_dev << 32 | s->to_dev);
        if (!*row) {
            all.rows = base_grow(all.rows, &all.cap, all.n + 1, (isize)sizeof *all.rows);
            all.rows[all.n++] =
                (struct way){.from_dev = s->from_dev, .to_dev = s->to_dev};
            *row = (u32)all.n;
        }
        x->way_of[i] = *row;
        all.rows[*row - 1].calls += s->kind == KIND_CALL;
    }
    x->nways = all.n;
    return all;
}

static void assign_lanes(struct index *x) {
    const struct weave *w = x->w;
    struct map places = {0};
    struct ways all = find_ways(x);
    for (isize i = 0; i < all.n; i++) {
        struct way *way = &all.rows[i];
        bool busy = is_busy(way->calls, x->leaving[way->from_dev]);
        busy = lore_split(w, way->from_dev, way->to_dev, false, busy);
        way->lane =
            lane_number(x, &places, way->from_dev, busy ? way->to_dev + (u64)1 : 0);
        x->lanes[way->lane].legs += way->calls;
    }
    for (isize i = 0; i < all.n; i++) {
        struct way *way = &all.rows[i];
        bool busy = is_busy(way->calls, x->reaching[way->to_dev]);
        busy = lore_split(w, way->to_dev, way->from_dev, true, busy);
        way->in_lane = lane_number(x, &places, way->to_dev,
                                   LANE_INTO + (busy ? way->from_dev + (u64)1 : 0));
    }
    for (isize i = 0; i < w->nsums; i++) {
        const struct way *way = &all.rows[x->way_of[i] - 1];
        x->lane_of[i] = way->lane;
        x->in_lane_of[i] = way->in_lane;
    }
    map_drop(&places);
    map_drop(&all.at);
    base_free(all.rows);
}

/* What this leg could make the devices at its ends do. */
static void add_chances(struct index *x, u32 leg) {
    const struct sum *s = &x->w->sums[leg];
    double *reached = x->chances + x->in_lane_of[leg] * CAUSES;
    reached[EVIDENCE_TIMING] += s->retry_msg ? 2 : 1;
    reached[EVIDENCE_AFTER_WAIT]++;
    reached[EVIDENCE_AFTER_ANSWER] += s->answer_msg != 0;
    reached[EVIDENCE_AFTER_HOLD] += (s->flags & SUM_HOLD) != 0;
    for (int i = 0; i < 2; i++) reached[EVIDENCE_AFTER_REFER] += s->refer_msg[i] != 0;
}

void lanes_count(struct index *x) {
    for (isize i = 0; i < x->nlanes * CAUSES; i++) x->chances[i] = 0;
    for (isize i = 0; i < x->w->nsums; i++) {
        if (x->w->sums[i].kind == KIND_CALL) add_chances(x, (u32)i);
    }
}

static double lane_share(const struct index *x, u32 lane) {
    const struct lane *l = &x->lanes[lane];
    return l->legs / ((double)x->leaving[l->from_dev] + 1);
}

static u64 turn_key(u32 in, u32 out) {
    return ((u64)in + 1) << 32 | out;
}

struct turn *turn_put(struct index *x, u32 in, u32 out) {
    u32 *row = map_put(&x->turn_at, turn_key(in, out));
    if (!*row) {
        x->turns =
            base_grow(x->turns, &x->cap_turns, x->nturns + 1, (isize)sizeof *x->turns);
        x->turns[x->nturns] = (struct turn){.in = in, .out = out};
        *row = (u32)++x->nturns;
    }
    return &x->turns[*row - 1];
}

u32 turn_row(const struct index *x, u32 c, u32 p) {
    return map_get(&x->turn_at, turn_key(x->in_lane_of[p], x->lane_of[c]));
}

const struct turn *turn_of(const struct index *x, u32 c, u32 p) {
    u32 row = turn_row(x, c, p);
    return &x->turns[row ? row - 1 : x->lane_of[c]];
}

/* A lane's habits as weights.h has them. */
static struct turn usual_turn(const struct index *x, u32 lane) {
    struct turn t = {.out = lane};
    for (int k = 0; k < CAUSES; k++)
        t.causes[k] = (float)(evidence_m((enum evidence_kind)k) * lane_share(x, lane));
    for (int k = 0; k < NUMBERS; k++) t.numbers[k] = (float)evidence_m(number_kinds[k]);
    return t;
}

/* Every way through every device, also those that nobody takes: that nobody does is what is learned of them. */
static void make_turns(struct index *x) {
    enum { MOST = 4096 }; /* ways through one device */
    struct sort_row *rows = base_new(x->nlanes + 1, (isize)sizeof *rows);
    for (isize i = 0; i < x->nlanes; i++)
        rows[i] = (struct sort_row){x->lanes[i].from_dev, (u64)i};
    sort_rows(rows, x->nlanes);
    for (isize i = 0, end; i < x->nlanes; i = end) {
        for (end = i + 1; end < x->nlanes && rows[end].key == rows[i].key;) end++;
        isize made = 0;
        for (isize a = i; a < end; a++) {
            for (isize b = i; b < end && made < MOST; b++) {
                u32 in = (u32)rows[a].value, out = (u32)rows[b].value;
                if (!is_inward(&x->lanes[in]) || is_inward(&x->lanes[out])) continue;
                struct turn *t = turn_put(x, in, out);
                *t = x->turns[out];
                t->in = in;
                made++;
            }
        }
    }
    base_free(rows);
}

void lanes_open(struct index *x) {
    const struct weave *w = x->w;
    x->lane_of = base_new(w->nsums + 1, (isize)sizeof *x->lane_of);
    x->way_of = base_new(w->nsums + 1, (isize)sizeof *x->way_of);
    x->in_lane_of = base_new(w->nsums + 1, (isize)sizeof *x->in_lane_of);
    assign_lanes(x);
    x->chances = base_new((x->nlanes + 1) * CAUSES, (isize)sizeof *x->chances);
    x->turns = base_grow(NULL, &x->cap_turns, x->nlanes + 1, (isize)sizeof *x->turns);
    x->nturns = x->nlanes;
    for (isize i = 0; i < x->nlanes; i++) {
        x->turns[i] = usual_turn(x, (u32)i);
        x->lanes[i].background = background_of(x, UNCAUSED * x->lanes[i].legs);
    }
    make_turns(x);
    lore_apply(x);
}

void lanes_close(struct index *x) {
    base_free(x->lanes);
    base_free(x->lane_of);
    base_free(x->in_lane_of);
    base_free(x->chances);
    base_free(x->turns);
    map_drop(&x->turn_at);
}

void index_note(struct index *x, u32 c, double none) {
    x->lanes[x->lane_of[c]].none += none - x->none_of[c];
    x->none_of[c] = none;
}

/* ---- what the links found so far say, each as much as it is certain ------------------------------------------ */

static void taught_add(struct taught *to, const struct taught *t) {
    for (int k = 0; k < CAUSES; k++) to->causes[k] += t->causes[k];
    for (int k = 0; k < NUMBERS; k++) to->holds[k] += t->holds[k], to->of[k] += t->of[k];
}

/* What was taught, and `usual` more of what was so before. */
static void turn_learn(struct turn *to, const struct turn *before, const struct taught *t,
                       double usual) {
    for (int k = 0; k < CAUSES; k++)
        to->causes[k] = (float)((t->causes[k] + usual * (double)before->causes[k]) /
                                (t->chances[k] + usual));
    /* numbers are slow to believe: a few wrong links would teach that they change, and more would follow */
    usual *= SLOW;
    for (int k = 0; k < NUMBERS; k++)
        to->numbers[k] = (float)((t->holds[k] + usual * (double)before->numbers[k]) /
                                 (t->of[k] + usual));
}

/* Phones call by themselves, and few legs of each are there to tell: what the others do counts as FEW_OWN legs of its own. */
enum { FEW_LEGS = 50, FEW_OWN = 4 };

struct small_lanes {
    double none, legs;
};

static bool is_small(const struct index *x, const struct lane *l) {
    return !is_inward(l) && x->leaving[l->from_dev] < FEW_LEGS;
}

static struct small_lanes count_small(const struct index *x) {
    struct small_lanes all = {0};
    for (isize i = 0; i < x->nlanes; i++) {
        const struct lane *l = &x->lanes[i];
        if (!is_small(x, l)) continue;
        all.none += l->none;
        all.legs += l->legs;
    }
    return all;
}

/* How many of a lane's legs start by themselves. */
static double alone_of(const struct index *x, const struct lane *l,
                       const struct small_lanes *all) {
    double usual = UNCAUSED / 4;
    if (!is_small(x, l)) return usual * l->legs + l->none;
    double others =
        (all->none - l->none + usual * FEW_LEGS) / (all->legs - l->legs + FEW_LEGS);
    return (l->none + FEW_OWN * others) / ((double)l->legs + FEW_OWN) * l->legs;
}

void lanes_learn(struct index *x, struct taught *all) {
    for (isize i = x->nlanes; i < x->nturns; i++) {
        struct taught *lane = &all[x->turns[i].out], *t = &all[i];
        const double *chances = x->chances + x->turns[i].in * CAUSES;
        for (int k = 0; k < CAUSES; k++) {
            t->chances[k] = chances[k];
            lane->chances[k] += chances[k];
        }
        taught_add(lane, t);
    }
    struct small_lanes small = count_small(x);
    for (isize i = 0; i < x->nlanes; i++) {
        struct lane *l = &x->lanes[i];
        struct turn usual = usual_turn(x, (u32)i);
        l->background = background_of(x, alone_of(x, l, &small));
        turn_learn(&x->turns[i], &usual, &all[i], USUAL);
    }
    for (isize i = x->nlanes; i < x->nturns; i++)
        turn_learn(&x->turns[i], &x->turns[x->turns[i].out], &all[i], USUAL_TURN);
    lore_apply(x);
}
