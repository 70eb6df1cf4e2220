/* fit.c: writes src/link/weights.h. Plays the training worlds, gives every leg its true parent, and counts how often each kind
 * of evidence holds, how long it takes, and how often it seems to hold between strangers.
 *
 *     fit [row...] > weights.h     twice: how sure a link is can be told only with the tables built in
 *
 * What the simulator's devices do is not all that devices do: a share of each table is a plain, broad guess. */
#include "world/fit_alike.h"
#include "link/corpus.h"
#include "link/weights.h"
#include "world/judge.h"
#include "world/worlds.h"

#define json_null jansson_null /* out.h has one as well */
#include <jansson.h>
#undef json_null

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which leg of the truth is a row of sums --------------------------------------------------------- */

struct truth {
    const struct world *world;
    const struct view *view;
    struct weave *weave;
    int *source; /* by source of the trace: of the view, -1 */
    int *first; /* by source of the view: its first row of lines, and one past the last */
    int *true_leg; /* by row of sums: row + 1 */
    u32 *sum_of;   /* by true leg: row of sums + 1 */
    u32 *
        parent; /* by row of sums: row + 1, of the true parent or the nearest ancestor that was seen */
};

static int line_msg(const struct truth *t, const struct seen *r) {
    int source = t->source[r->source];
    u64 line = seen_place(&t->weave->trace, r)->line;
    if (source < 0) return -1;
    int low = t->first[source], high = t->first[source + 1], end = high;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (t->view->lines[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && t->view->lines[low].line == line ? t->view->lines[low].msg : -1;
}

static void truth_open(struct truth *t, const struct world *world,
                       const struct view *view, struct weave *w) {
    *t = (struct truth){.world = world, .view = view, .weave = w};
    t->source = base_new(w->trace.nsources + 1, (isize)sizeof(int));
    t->first = base_new(view->nsources + 2, (isize)sizeof(int));
    t->true_leg = base_new(w->nsums + 1, (isize)sizeof(int));
    t->parent = base_new(w->nsums + 1, (isize)sizeof(u32));
    t->sum_of = base_new(world->nlegs + 1, (isize)sizeof(u32));
    for (isize i = 0; i < w->trace.nsources; i++) {
        t->source[i] = -1;
        for (int k = 0; k < view->nsources; k++) {
            if (str_eq(w->trace.sources[i].name, str_z(view->sources[k].name)))
                t->source[i] = k;
        }
    }
    for (int s = 0, row = 0; s <= view->nsources; s++) {
        while (row < view->nlines && view->lines[row].source < s) row++;
        t->first[s] = row;
    }
    for (isize i = 0; i < w->nsums; i++) {
        int msg = line_msg(t, msg_seen(w, &w->msgs[w->sums[i].at]));
        if (msg < 0) continue;
        t->true_leg[i] = world->msgs[msg].leg + 1;
        if (!t->sum_of[world->msgs[msg].leg])
            t->sum_of[world->msgs[msg].leg] = (u32)i + 1;
    }
    for (isize i = 0; i < w->nsums; i++) {
        if (!t->true_leg[i]) continue;
        int up = world->legs[t->true_leg[i] - 1].parent;
        while (up && !t->sum_of[up - 1]) up = world->legs[up - 1].parent;
        t->parent[i] = up ? t->sum_of[up - 1] : 0;
        if (t->parent[i] == (u32)i + 1) t->parent[i] = 0;
    }
}

static void truth_close(struct truth *t) {
    base_free(t->source);
    base_free(t->first);
    base_free(t->true_leg);
    base_free(t->sum_of);
    base_free(t->parent);
}

/* ---- what is counted ---------------------------------------------------------------------------------- */

struct histogram {
    double n, below[WEIGHT_EDGES]; /* below[i]: between edge i - 1 and edge i */
};

struct counts {
    double holds[EVIDENCE_COUNT], of[EVIDENCE_COUNT], before[EVIDENCE_COUNT];
    struct histogram delay[EVIDENCE_COUNT], chance[EVIDENCE_COUNT];
    struct tries_alike alike;
};

static double edge_us(int i) {
    return 50 * pow(2, i / 2.0);
}

static void count(struct histogram *h, i64 us, double weight) {
    double at = us < 0 ? -(double)us : (double)us;
    int i = 0;
    while (i < WEIGHT_EDGES - 1 && edge_us(i) < at) i++;
    h->below[i] += weight;
    h->n += weight;
}

static bool is_manner(enum evidence_kind k) {
    return k == EVIDENCE_CALLER_NAME || k == EVIDENCE_MEDIA;
}
static bool is_number(enum evidence_kind k) {
    return k == EVIDENCE_CALLED_NUMBER || k == EVIDENCE_CALLER_NUMBER || is_manner(k);
}
/* One child explains it for all. */
static bool is_shared(enum evidence_kind k) {
    return k == EVIDENCE_RING_ECHO || k == EVIDENCE_ANSWER_ECHO ||
           k == EVIDENCE_FAILURE_ECHO;
}

enum { TOO_LATE_US = 3000000 }; /* an echo takes no longer */
static void count_pair(struct counts *all, const struct proofs *proofs, double weight) {
    for (isize i = 0; i < proofs->n; i++) {
        const struct proof *p = &proofs->rows[i];
        enum evidence_kind k = (enum evidence_kind)p->kind;
        if (evidence_is_trigger(k)) {
            all->holds[k] += weight;
            if (!proof_hides_delay(p)) count(&all->delay[k], p->delta_us, weight);
        }
        if (is_number(k)) {
            all->of[k] += weight;
            if (p->delta_us) all->holds[k] += weight;
        }
        if (evidence_is_echo(k) && !is_shared(k)) {
            i64 apart = p->delta_us < 0 ? -p->delta_us : p->delta_us;
            all->of[k] += weight;
            if (apart > TOO_LATE_US) continue;
            all->holds[k] += weight;
            if (p->delta_us < 0) all->before[k] += weight;
            count(&all->delay[k], p->delta_us, weight);
        }
    }
}

/* Of an event of the parent's, the child that explains it best. */
static void count_shared(struct counts *all, const struct index *x, u32 parent,
                         double weight) {
    static const enum evidence_kind kinds[] = {EVIDENCE_RING_ECHO, EVIDENCE_ANSWER_ECHO,
                                               EVIDENCE_FAILURE_ECHO};
    struct clue_run kids = clues_find(&x->kids, parent + (u64)1);
    for (int e = 0; e < ECHO_COUNT; e++) {
        i64 best = INT64_MAX;
        for (isize i = 0; i < kids.n; i++) {
            i64 gap_us = 0;
            double odds = pair_echo(x, &x->w->sums[kids.rows[i].leg], &x->w->sums[parent],
                                    (enum echo_kind)e, &gap_us);
            bool seen = odds > 1 || odds < 1;
            if (seen && gap_us > -1000 && gap_us < best) best = gap_us;
        }
        if (best == INT64_MAX) continue;
        all->of[kinds[e]] += weight;
        if (best > TOO_LATE_US) continue;
        all->holds[kinds[e]] += weight;
        count(&all->delay[kinds[e]], best < 0 ? 0 : best, weight);
    }
}

/* Legs that reached the same device shortly before, and are of other calls. */
static void count_strangers(struct counts *all, const struct index *x,
                            const struct truth *t, u32 c) {
    enum { STRANGERS = 4, LOOKED_AT = 200 };
    const struct sum *s = &x->w->sums[c];
    struct clue_run run = clues_find(&x->events, s->from_dev);
    isize n = clues_until(run, s->start_us);
    int met = 0;
    for (int i = 0; n-- > 0 && i < LOOKED_AT && met < STRANGERS; i++) {
        u32 p = run.rows[n].leg;
        if (p == c || !t->true_leg[p] || p + 1 == t->parent[c]) continue;
        const struct world_leg *legs = t->world->legs;
        if (legs[t->true_leg[p] - 1].call == legs[t->true_leg[c] - 1].call) continue;
        struct proofs proofs;
        pair_prove_all(x, c, p, &proofs);
        met++;
        for (isize k = 0; k < proofs.n; k++) {
            if (evidence_is_echo((enum evidence_kind)proofs.rows[k].kind))
                count(&all->chance[proofs.rows[k].kind], proofs.rows[k].delta_us, 1);
        }
    }
}

/* What could have made those devices send a leg that send any because of others. */
static void count_chances(struct counts *all, const struct index *x, double weight) {
    const struct weave *w = x->w;
    bool *sends = base_new(w->ndevs + 1, 1);
    for (isize i = 0; i < w->nsums; i++) {
        if (w->sums[i].parent && !leg_is_hop(w, &w->sums[i]))
            sends[w->sums[i].from_dev] = true;
    }
    for (isize i = 0; i < x->nlanes * CAUSES; i++) {
        if (sends[x->lanes[i / CAUSES].from_dev])
            all->of[i % CAUSES] += weight * x->chances[i];
    }
    base_free(sends);
}

/* What the parents of all legs say, each leg with this weight; strangers where the truth is known. */
static void count_legs(struct counts *all, struct weave *w, double weight,
                       const struct truth *t) {
    struct index x;
    bool *asked = base_new(w->ndevs + 1, 1); /* the index frees it */
    memset(asked, true, (size_t)w->ndevs);
    numbers_count(w);
    index_open(&x, w);
    index_events(&x, asked);
    index_calls(&x);
    index_note_children(&x);
    index_learn(&x, NULL, true);
    count_chances(all, &x, weight);
    fit_alike(&all->alike, &x, weight);
    for (u32 c = 0; (isize)c < w->nsums; c++) {
        const struct sum *s = &w->sums[c];
        if (s->kind != KIND_CALL) continue;
        count_shared(all, &x, c, weight);
        if (!s->parent || leg_is_hop(w, s)) continue;
        struct proofs proofs;
        pair_prove_all(&x, c, s->parent - 1, &proofs);
        count_pair(all, &proofs, weight);
        if (t) count_strangers(all, &x, t, c);
    }
    index_close(&x);
    numbers_forget(w);
}

/* With the true parents; every world counts the same. */
static void count_world(struct counts *all, const struct truth *t) {
    enum { A_WORLD = 10000 };
    struct weave *w = t->weave;
    double pairs = 0;
    for (isize i = 0; i < w->nsums; i++) {
        struct sum *s = &w->sums[i];
        if (!leg_is_hop(w, s)) s->parent = t->parent[i];
        pairs += s->parent != 0;
    }
    count_legs(all, w, pairs > 0 ? A_WORLD / pairs : 0, t);
}

/* ---- real captures --------------------------------------------------------------------------------------- */

/* What is known to be one call, and found to be (tests/link/test_corpus.c), counts as its links say. */
static void count_real(struct counts *all, const char *folder) {
    enum { WEIGHT = 100 }; /* they are few, and real */
    char path[4096];
    json_error_t e;
    snprintf(path, sizeof path, "%s/ground_truth.json", folder);
    json_t *groups = json_load_file(path, 0, &e);
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *files = json_object_get(json_array_get(groups, g), "files");
        struct weave *w = weave_open();
        arena boot = arena_open((isize)64 << 20);
        for (size_t i = 0; i < json_array_size(files); i++)
            (void)corpus_read(w, folder, json_string_value(json_array_get(files, i)),
                              &boot);
        weave_link(w);
        count_legs(all, w, WEIGHT, NULL);
        weave_close(w);
        input_files_close();
        arena_close(&boot);
    }
    json_decref(groups);
}

/* ---- how sure ---------------------------------------------------------------------------------------------- */

/* Stated odds and what came of it. */
struct stated {
    double logit;
    bool right;
};
struct statements {
    struct stated *rows;
    isize n, cap;
};

static double raw_logit(double share) {
    double p = share < 1e-9 ? 1e-9 : share > 1 - 1e-9 ? 1 - 1e-9 : share;
    return log(p / (1 - p));
}

/* Each leg's likeliest call, whether it has joined it or not. */
static void collect(struct statements *all, const struct truth *t) {
    struct weave *w = t->weave;
    for (u32 c = 0; (isize)c < w->nsums; c++) {
        const struct sum *s = &w->sums[c];
        if (s->kind != KIND_CALL || leg_is_hop(w, s) || !t->true_leg[c] || !s->likeliest)
            continue;
        int other = t->true_leg[s->likeliest - 1];
        const struct world_leg *legs = t->world->legs;
        bool right = other && legs[other - 1].call == legs[t->true_leg[c] - 1].call;
        all->rows = base_grow(all->rows, &all->cap, all->n + 1, (isize)sizeof *all->rows);
        all->rows[all->n++] = (struct stated){raw_logit(s->share), right};
    }
}

/* What was right of what was stated, by odds: knots from 1 to 2^27, each a factor of two; never falling. Between knots, and
 * below the first, what is stated is taken as it is. */
static void calibrate(const struct statements *all, double right[WEIGHT_KNOTS]) {
    enum { FEW = 30 };
    double n[WEIGHT_KNOTS] = {0}, hits[WEIGHT_KNOTS] = {0};
    for (isize i = 0; i < all->n; i++) {
        int k = (int)lround(all->rows[i].logit / log(2));
        if (k < 0 || k >= WEIGHT_KNOTS) continue;
        n[k]++;
        hits[k] += all->rows[i].right;
    }
    double best = 0;
    for (int k = 0; k < WEIGHT_KNOTS; k++) {
        double stated = 1 / (1 + exp(-k * log(2)));
        double share = (hits[k] + FEW * stated) / (n[k] + FEW);
        best = share > best ? share : best;
        right[k] = best;
    }
}

static void print_calibration(const struct statements *all) {
    fprintf(stderr, "%td legs\n", all->n);
    static const double bins[] = {0.1,  0.3,  0.5,  0.7,   0.8, 0.9,
                                  0.95, 0.98, 0.99, 0.999, 1.1};
    isize of[countof(bins)] = {0}, right[countof(bins)] = {0};
    for (isize i = 0; i < all->n; i++) {
        double p = 1 / (1 + exp(-all->rows[i].logit));
        int k = 0;
        while (p >= bins[k]) k++;
        of[k]++;
        right[k] += all->rows[i].right;
    }
    for (isize k = 0; k < countof(bins); k++) {
        if (of[k])
            fprintf(stderr, "  below %.3f: %7td legs, %.4f right\n", bins[k], of[k],
                    (double)right[k] / (double)of[k]);
    }
}

/* ---- the tables ------------------------------------------------------------------------------------------ */

struct guess {
    double share, mean_s;
};

/* What was known before anything was counted: milliseconds mostly, sometimes seconds, now and then a queue's half minute. */
static double guess_below(enum evidence_kind k, double us, bool chance) {
    static const struct guess prompt[] = {{0.70, 0.015}, {0.20, 0.3}, {0.10, 20}},
                              echo[] = {{0.75, 0.015}, {0.20, 0.15}, {0.05, 1.5}};
    static const struct guess beside[] = {{0.80, 0.0005}, {0.15, 0.02}, {0.05, 2}};
    if (k == EVIDENCE_AFTER_WAIT) return us < 300000 ? 0 : 1 - exp(-(us - 300000) / 20e6);
    const struct guess *mix = k == EVIDENCE_AFTER_SIBLING ? beside
                              : evidence_is_trigger(k)    ? prompt
                                                          : echo;
    double sum = 0;
    if (chance) return 1 - exp(-us / 30e6);
    for (int i = 0; i < 3; i++)
        sum += mix[i].share * (1 - exp(-us / 1e6 / mix[i].mean_s));
    return sum;
}

static void print_row(enum evidence_kind k, const struct histogram *h, bool chance,
                      const char *id) {
    static const double GUESS = 0.10, FEW = 50;
    double own = h->n / (h->n + FEW) * (1 - GUESS), sum = 0;
    printf("    [EVIDENCE_%s] = {", id);
    for (int i = 0; i < WEIGHT_EDGES; i++) {
        sum += h->below[i];
        double share = h->n > 0 ? own * sum / h->n : 0;
        share += (1 - (h->n > 0 ? own : 0)) * guess_below(k, edge_us(i), chance);
        printf("%s%.6ff", i ? ", " : "", share);
    }
    printf("},\n");
}

static const char *const ids[] = {
#define X(id, name, words) #id,
    EVIDENCE_LIST(X)
#undef X
};

/* Counted, with a little of what is in the table, so that what is never seen keeps some. */
static double holds(const struct counts *all, enum evidence_kind k) {
    /* boxes elsewhere rewrite more than these do; where they do not, the trace teaches it (lane.c) */
    static const double OTHER_BOXES = 0.95, MOST = 0.98;
    enum { SOME = 20 };
    if (!all->of[k]) return weight_holds[k];
    double m = (all->holds[k] + SOME * weight_holds[k]) / (all->of[k] + SOME);
    if (evidence_is_trigger(k)) return m < 0.005 ? 0.005 : m;
    if (is_number(k)) m *= OTHER_BOXES;
    return m < 0.005 ? 0.005 : m > MOST ? MOST : m;
}

static void print_tables(const struct counts *all, const struct statements *statements) {
    printf("/* weights.h: how often each kind of evidence holds for legs of one call, "
           "and how long it takes. Written by `make fit` from the\n"
           " * training seeds of tests/world; not to be edited by hand.\n"
           " *\n"
           " * Times are cumulated over edges 50 us x 2^(i/2): row i says which share of "
           "the delays is shorter than edge i. */\n"
           "#ifndef SIPWEAVE_LINK_WEIGHTS_H\n#define SIPWEAVE_LINK_WEIGHTS_H\n\n#include "
           "\"link/evidence.h\"\n\n"
           "enum { WEIGHT_EDGES = %d, WEIGHT_KNOTS = %d };\n\nstatic const double "
           "weight_holds[EVIDENCE_COUNT] = {\n",
           WEIGHT_EDGES, WEIGHT_KNOTS);
    for (enum evidence_kind k = 0; k < EVIDENCE_COUNT; k++)
        printf("    [EVIDENCE_%s] = %.4f,\n", ids[k], holds(all, k));
    printf("};\n\n/* of legs of one call: how long after its cause */\n"
           "static const float weight_delay[EVIDENCE_COUNT][WEIGHT_EDGES] = {\n");
    for (enum evidence_kind k = 0; k < EVIDENCE_COUNT; k++) {
        if (evidence_is_trigger(k) || evidence_is_echo(k))
            print_row(k, &all->delay[k], false, ids[k]);
    }
    printf("};\n\n/* of legs of different calls at one device: how far apart */\n"
           "static const float weight_chance[EVIDENCE_COUNT][WEIGHT_EDGES] = {\n");
    for (enum evidence_kind k = 0; k < EVIDENCE_COUNT; k++) {
        if (evidence_is_echo(k)) print_row(k, &all->chance[k], true, ids[k]);
    }
    printf("};\n\n/* of echoes: the share that comes before what it echoes */\n"
           "static const double weight_before[EVIDENCE_COUNT] = {\n");
    for (enum evidence_kind k = 0; k < EVIDENCE_COUNT; k++) {
        if (evidence_is_echo(k) && !is_shared(k))
            printf("    [EVIDENCE_%s] = %.4f,\n", ids[k],
                   (all->before[k] + 1) / (all->holds[k] + 2));
    }
    printf("};\n\n/* of two tries of one parent: the share that show the same caller, in "
           "the "
           "same manner */\nstatic const double weight_alike = %.4f;\n",
           fmin((all->alike.same + 1) / (all->alike.of + 1), 0.97));
    double right[WEIGHT_KNOTS];
    calibrate(statements, right);
    printf("\n/* Pieces of evidence are not independent: what is right of what is "
           "stated with odds of 1, 2, 4 ... to one */\n"
           "static const double weight_right[WEIGHT_KNOTS] = {");
    for (int k = 0; k < WEIGHT_KNOTS; k++) printf("%s%.5f", k ? ", " : "", right[k]);
    printf("};\n\n#endif\n");
}

/* ---- the worlds ------------------------------------------------------------------------------------------------ */

static void play(const struct world_row *row, int n, double scale, struct counts *counts,
                 struct statements *statements) {
    struct world_row mine = worlds_take(row, SEEDS_TRAINING, n, scale);
    const char *tmp = getenv("TMPDIR");
    char dir[512], command[sizeof dir + 16];
    snprintf(dir, sizeof dir, "%s/sipweave-fit-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(2);
    }
    struct world *world = world_make(&mine.plan);
    struct view *view = view_write(world, &mine.view, dir);
    struct reading_of r;
    judge_read(&r, view, mine.hosts);
    struct truth t;
    truth_open(&t, world, view, r.weave);
    collect(statements, &t);
    count_world(counts, &t);
    truth_close(&t);
    judge_drop(&r);
    view_free(view);
    world_free(world);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command) != 0) fprintf(stderr, "fit: %s stays\n", dir);
}

int main(int argc, char **argv) {
    const char *scale = getenv("SCALE"), *real = getenv("SIPWEAVE_CORPUS");
    enum {
        WORLDS = 4
    }; /* of each row: what boxes there are, and how fast, differs from one to the next */
    double size = (scale ? atof(scale) : 0.5) / WORLDS;
    static struct counts counts;
    struct statements statements = {0};
    for (int i = 0; i < nworlds; i++) {
        bool wanted = argc < 2;
        for (int k = 1; k < argc; k++) wanted |= strstr(worlds[i].name, argv[k]) != NULL;
        if (!wanted) continue;
        for (int n = 0; n < WORLDS; n++) play(&worlds[i], n, size, &counts, &statements);
        fprintf(stderr, "fit: %s\n", worlds[i].name);
    }
    if (real) count_real(&counts, real);
    print_tables(&counts, &statements);
    print_calibration(&statements);
    base_free(statements.rows);
    return 0;
}
