/* habit.c: what goes together in this trace, counted from the links found so far: which phones calls to a number ring. A dialled number and an extension have no digit in common; that the one leads
 * to the other shows when it has done so a few times.
 *
 *     a number that was called ─> the legs that then left that device ─┬─ to a device
 *                                                                      ├─ into a network
 *                                                                      └─ with a caller's number
 *
 * The index has numbered all of these (numbers.c, lane.c, site.c), so that counting needs no table of its own to find them. */
#include "link/pair.h"

static const double FEW = 4; /* so many links say nothing yet */

enum { FEW_MET = 64 }; /* past so many, what was met with a number is put in order */

/* What the leg shows, by a number that stands for its device as well; 0: nothing. */
static u32 shown_by(const struct index *x, u32 c, enum habit habit) {
    switch (habit) {
    case HABIT_TO: return x->way_of[c];
    case HABIT_SITE: return x->sites[c].network ? x->site_of[c] : 0;
    default: return x->numbers.who[c].sent;
    }
}

/* The number that was called on p, at the device that c leaves: what led to both is one row. A number that p did not bring there
 * itself has none in numbers.c, unless others did. */
static u64 far_key(const struct index *x, u32 c, u32 p) {
    return (u64)x->numbers.who[p].called << 32 | x->w->sums[c].from_dev;
}

static u32 place_called(const struct index *x, u32 c, u32 p) {
    const struct who *who = &x->numbers.who[p];
    u32 dev = x->w->sums[c].from_dev;
    if (x->w->sums[p].to_dev == dev && who->reached) return who->reached;
    const struct number_place *place =
        numbers_at(&x->numbers, who->called, dev, NUMBER_REACHED_CALLED);
    return place ? (u32)(place - x->numbers.places) + 1 : 0;
}

/* Its row + 1; 0: no call to it has taught anything. */
static u32 called_row(const struct index *x, u32 c, u32 p) {
    if (!x->numbers.who[p].called) return 0;
    u32 place = place_called(x, c, p);
    return place ? x->habits.row_of[place - 1]
                 : map_get(&x->habits.far, far_key(x, c, p));
}

static u32 called_put(struct index *x, u32 c, u32 p) {
    struct habits *h = &x->habits;
    u32 place = place_called(x, c, p);
    u32 *row = place ? &h->row_of[place - 1] : map_put(&h->far, far_key(x, c, p));
    if (!*row) {
        h->called = base_grow(h->called, &h->cap_called, h->ncalled + 1,
                              (isize)sizeof *h->called);
        h->called[h->ncalled] = (struct called_here){0};
        *row = (u32)++h->ncalled;
    }
    return *row;
}

/* ---- who shows whose number ---------------------------------------------------------------------------- */

static u64 shown_key(const struct index *x, u32 c) {
    u32 caller = x->numbers.who[c].caller;
    return caller ? hash_mix(caller, x->w->sums[c].from_dev + (u64)1) : 0;
}

static bool shows_another(const struct index *x, u32 c) {
    return x->numbers.who[x->w->sums[c].parent - 1].caller != x->numbers.who[c].caller;
}

/* The child shows another caller than the parent: that one stands for others, by the numbers that they were called by. */
static void add_company(struct index *x, u32 c) {
    struct habits *h = &x->habits;
    u64 key = shows_another(x, c) ? shown_key(x, c) : 0;
    if (!key) return;
    u32 *row = map_put(&h->company_of, key);
    if (*row) return;
    h->companies = base_grow(h->companies, &h->cap_companies, h->ncompanies + 1,
                             (isize)sizeof *h->companies);
    h->companies[h->ncompanies] = (struct company){0};
    *row = (u32)++h->ncompanies;
}

static void learn_company(struct index *x, u32 c) {
    const struct sum *s = &x->w->sums[c];
    struct habits *h = &x->habits;
    u64 key = shown_key(x, c);
    u32 called = x->numbers.who[s->parent - 1].called;
    u32 row = key && called ? map_get(&h->company_of, key) : 0;
    if (!row) return;
    struct company *mine = &h->companies[row - 1];
    mine->all += (float)s->confidence;
    if (!shows_another(x, c)) return;
    mine->other += (float)s->confidence;
    for (u32 i = 0; i < mine->n && i < NUMBERS_A_COMPANY; i++) {
        if (mine->called[i] == called) return;
    }
    mine->called[mine->n++ % NUMBERS_A_COMPANY] = called;
}

const struct company *habits_companies(const struct index *x, u32 c) {
    u64 key = shown_key(x, c);
    u32 row = key ? map_get(&x->habits.company_of, key) : 0;
    return row ? &x->habits.companies[row - 1] : NULL;
}

/* ---- counting -------------------------------------------------------------------------------------------- */

/* Does the leg teach? */
static bool teaches(const struct weave *w, const struct sum *s) {
    return s->kind == KIND_CALL && s->parent && !leg_is_hop(w, s) && s->confidence > 0;
}

/* Who teaches, the row of the number that was called, and the place among those of that row. */
struct teacher {
    u32 leg, row, at;
};

struct teachers {
    struct teacher *rows;
    isize n;
};

static struct teachers find_teachers(struct index *x) {
    const struct weave *w = x->w;
    struct teachers all = {base_new(w->nsums + 1, (isize)sizeof *all.rows), 0};
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (!teaches(w, s)) continue;
        add_company(x, i);
        if (!x->numbers.who[s->parent - 1].called) continue;
        u32 row = called_put(x, i, s->parent - 1) - 1;
        all.rows[all.n++] = (struct teacher){i, row, x->habits.called[row].n++};
    }
    return all;
}

static void count_one(struct index *x, struct teacher *t) {
    const struct sum *s = &x->w->sums[t->leg];
    struct habits *h = &x->habits;
    struct called_here *called = &h->called[t->row];
    struct device_habits *here = &h->of[s->from_dev];
    float much = (float)s->confidence;
    t->at += called->at;
    for (enum habit habit = 0; habit < HABITS; habit++) {
        u32 shown = shown_by(x, t->leg, habit);
        h->met[habit][t->at] = (struct met){shown, much};
        if (!shown) continue;
        called->sum[habit] += much;
        h->shown[habit][shown] += much;
        here->all[habit] += much;
    }
}

/* Where pairs come once and never again, one that was met once says nothing. How often each was met, into `to`; how many ways
 * the number has led. `scratch`: by what is shown; zeroes, before and after. */
static void count_ways(struct habits *h, struct called_here *called, float *scratch,
                       float *to) {
    const struct met *met = h->met[HABIT_TO] + called->at;
    for (u32 i = 0; i < called->n; i++) scratch[met[i].shown] += met[i].much;
    for (u32 i = 0; i < called->n; i++) {
        float both = scratch[met[i].shown];
        to[called->at + i] = both;
        called->ways += both < 1.5F ? 1 : met[i].much / both;
    }
    for (u32 i = 0; i < called->n; i++) scratch[met[i].shown] = 0;
}

static void count_all_ways(struct index *x, const struct teachers *all) {
    struct habits *h = &x->habits;
    float *scratch = base_new((isize)x->nways + 1, (isize)sizeof *scratch);
    float *both = base_new(all->n + 1, (isize)sizeof *both);
    for (isize i = 0; i < h->ncalled; i++) count_ways(h, &h->called[i], scratch, both);
    for (isize i = 0; i < all->n; i++) {
        const struct teacher *t = &all->rows[i];
        const struct sum *s = &x->w->sums[t->leg];
        if (h->called[t->row].n < 2) continue;
        if (both[t->at] < 1.5F)
            h->of[s->from_dev].once += (float)s->confidence;
        else if (both[t->at] < 2.5F)
            h->of[s->from_dev].twice += (float)s->confidence / 2;
    }
    base_free(scratch);
    base_free(both);
}

/* What was met with a number very often: one row for each that is shown, in order. */
static void put_in_order(struct habits *h, struct called_here *called) {
    struct sort_row *rows = base_new(called->n, (isize)sizeof *rows);
    for (enum habit habit = 0; habit < HABITS; habit++) {
        struct met *met = h->met[habit] + called->at;
        u32 n = 0;
        for (u32 i = 0; i < called->n; i++) rows[i] = (struct sort_row){met[i].shown, i};
        sort_rows(rows, called->n);
        struct met *sums = base_new(called->n, (isize)sizeof *sums);
        for (u32 i = 0; i < called->n; i++) {
            const struct met *one = &met[rows[i].value];
            if (n && sums[n - 1].shown == one->shown)
                sums[n - 1].much += one->much;
            else
                sums[n++] = *one;
        }
        memcpy(met, sums, n * sizeof *met);
        called->sorted[habit] = n;
        base_free(sums);
    }
    base_free(rows);
}

static void habits_clear(struct index *x) {
    struct habits *h = &x->habits;
    isize most[HABITS] = {[HABIT_TO] = x->nways,
                          [HABIT_SITE] = x->nsites,
                          [HABIT_CALLER] = x->numbers.nplaces};
    habits_close(x);
    *h = (struct habits){.learned = true};
    h->row_of = base_new(x->numbers.nplaces + 1, (isize)sizeof *h->row_of);
    h->of = base_new(x->w->ndevs + 1, (isize)sizeof *h->of);
    for (enum habit habit = 0; habit < HABITS; habit++)
        h->shown[habit] = base_new(most[habit] + 1, (isize)sizeof *h->shown[habit]);
}

void habits_learn(struct index *x) {
    struct habits *h = &x->habits;
    u32 at = 0;
    habits_clear(x);
    struct teachers all = find_teachers(x);
    for (isize i = 0; i < h->ncalled; i++) {
        h->called[i].at = at;
        at += h->called[i].n;
    }
    for (enum habit habit = 0; habit < HABITS; habit++)
        h->met[habit] = base_new(all.n + 1, (isize)sizeof *h->met[habit]);
    for (isize i = 0; i < all.n; i++) {
        if (h->ncompanies) learn_company(x, all.rows[i].leg);
        count_one(x, &all.rows[i]);
    }
    count_all_ways(x, &all);
    for (isize i = 0; i < h->ncalled; i++)
        if (h->called[i].n > FEW_MET) put_in_order(h, &h->called[i]);
    base_free(all.rows);
}

void habits_close(struct index *x) {
    struct habits *h = &x->habits;
    map_drop(&h->far);
    map_drop(&h->company_of);
    for (enum habit habit = 0; habit < HABITS; habit++) {
        base_free(h->shown[habit]);
        base_free(h->met[habit]);
    }
    base_free(h->called);
    base_free(h->row_of);
    base_free(h->of);
    base_free(h->companies);
}

/* ---- asking ---------------------------------------------------------------------------------------------- */

struct counted {
    double called, shown, both, all; /* all 0: too little is known */
    double ways, once, twice;
};

static double at_least_0(double x) {
    return x > 0 ? x : 0;
}

/* How often calls to the number of that row showed this. */
static double met_with(const struct habits *h, u32 row, enum habit habit, u32 shown) {
    const struct called_here *called = &h->called[row - 1];
    const struct met *met = h->met[habit] + called->at;
    u32 low = 0, high = called->sorted[habit];
    float sum = 0;
    if (!high) {
        for (u32 i = 0; i < called->n; i++)
            if (met[i].shown == shown) sum += met[i].much;
        return (double)sum;
    }
    while (low < high) {
        u32 mid = (low + high) / 2;
        if (met[mid].shown < shown)
            low = mid + 1;
        else
            high = mid;
    }
    bool here = low < called->sorted[habit] && met[low].shown == shown;
    return here ? (double)met[low].much : 0;
}

/* What has been counted, without what c itself has taught. */
static struct counted count(const struct index *x, u32 c, u32 p, enum habit habit) {
    const struct habits *h = &x->habits;
    const struct sum *child = &x->w->sums[c];
    struct counted n = {0};
    if (!h->learned) return n;
    u32 shown = shown_by(x, c, habit), row = shown ? called_row(x, c, p) : 0;
    if (!row) return n;
    const struct called_here *called = &h->called[row - 1];
    const struct device_habits *here = &h->of[child->from_dev];
    n = (struct counted){.called = (double)called->sum[habit],
                         .shown = (double)h->shown[habit][shown],
                         .both = met_with(h, row, habit, shown),
                         .all = (double)here->all[habit]};
    if (habit == HABIT_TO) {
        n.ways = (double)called->ways;
        n.once = (double)here->once;
        n.twice = (double)here->twice;
    }
    u32 mine = child->parent ? x->numbers.who[child->parent - 1].called : 0;
    bool same = mine && mine == x->numbers.who[p].called;
    bool own_way = same && habit == HABIT_TO && n.both < 1.5;
    /* it may be surer now than it was when it taught */
    if (mine) n.shown = at_least_0(n.shown - child->confidence);
    if (mine) n.all = at_least_0(n.all - child->confidence);
    if (same) n.called = at_least_0(n.called - child->confidence);
    if (same) n.both = at_least_0(n.both - child->confidence);
    if (own_way) n.ways = at_least_0(n.ways - 1);
    bool enough = n.shown >= FEW / 2 && n.called >= FEW / 2 && n.all >= 2 * FEW;
    return enough ? n : (struct counted){0};
}

double habits_place(const struct index *x, u32 c, u32 p) {
    struct counted n = count(x, c, p, HABIT_SITE);
    return n.all <= 0 ? 1 : (n.both * n.all / n.shown + FEW) / (n.called + FEW);
}

double habits_route(const struct index *x, u32 c, u32 p, double place) {
    struct counted n = count(x, c, p, HABIT_TO);
    if (n.all <= 0) return place;
    /* absolute discounting (Ney, Essen, Kneser 1994): what pairs that were met once promise too much goes to all others there */
    double less = n.once / (n.once + 2 * n.twice + 1);
    return (at_least_0(n.both - less) * n.all / n.shown + (FEW + less * n.ways) * place) /
           (n.called + FEW);
}

double habits_company(const struct index *x, u32 c, u32 p) {
    static const double ONCE =
        1.5; /* what showed for somebody else's once may have been a wrong link */
    struct counted n = count(x, c, p, HABIT_CALLER);
    const struct company *company = habits_companies(x, c);
    double known = n.all <= 0 ? 0 : n.both / (n.called + FEW) * n.all / n.shown;
    if (!company || (double)company->other < ONCE) return known;
    double any = (double)company->other / ((double)company->all + 1);
    return known > any ? known : any;
}
