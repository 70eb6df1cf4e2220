/* habit.c: what goes together in this trace, counted from the links found so far: which phones calls to a number ring. A dialled number and an extension have no digit in common; that the one leads
 * to the other shows when it has done so a few times. All that is counted belongs to a device, and is counted only where a leg leaves it
 * about which somebody will ask: habits_want. */
#include "link/pair.h"
#include "link/twice.h"

#include <string.h>

static const double FEW = 4; /* so many links say nothing yet */

/* A count is the bits of a float: 0 is absent. */
static float float_of(u32 bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static u32 bits_of(float f) {
    u32 bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static void count_more(struct habits *h, u64 key, float much) {
    if (!(much > 0)) return;
    u32 *bits = map_put(&h->at, key);
    float sum = float_of(*bits) + much;
    memcpy(bits, &sum, sizeof sum);
}

static double count_of(const struct habits *h, u64 key) {
    return (double)float_of(map_get(&h->at, key));
}

enum habit { HABIT_TO, HABIT_SITE, HABIT_CALLER, HABITS };

/* Both sides of a habit: the number that was called, and where the child goes, to which network, or whom it shows as its caller.
 * 0: it shows nothing, or no number was called. */
struct met_pair {
    u64 here, called, shown; /* all of the device and habit */
    u64 value;               /* what is shown, by itself */
    u64 number;              /* … and what was called */
};

static u64 shown_by(const struct index *x, u32 c, enum habit habit) {
    if (habit == HABIT_CALLER) return x->who[c].caller;
    return habit == HABIT_TO ? x->w->sums[c].to_dev + (u64)1 : x->sites[c].network;
}

static struct met_pair pair_of(const struct index *x, u32 leg, u32 p, enum habit habit) {
    const struct sum *c = &x->w->sums[leg];
    struct met_pair k = {0};
    u64 called = x->who[p].called, shown = shown_by(x, leg, habit);
    if (!called || !shown) return k;
    k.here = hash_mix(c->from_dev + (u64)1, (u64)habit);
    k.called = hash_mix(k.here, called);
    k.shown = hash_mix(k.here + 1, shown);
    k.value = shown;
    k.number = called;
    return k;
}

static u64 both_key(const struct met_pair *k) {
    return hash_mix(k->called, k->value);
}
/* How many different ones that number has led to. */
static u64 ways_key(const struct met_pair *k) {
    return hash_mix(k->here + 2, k->number);
}
/* At that device: how many pairs were met once, and twice. */
static u64 once_key(const struct met_pair *k) {
    return k->here + 3;
}
static u64 twice_key(const struct met_pair *k) {
    return k->here + 4;
}

static u64 shown_key(const struct index *x, u32 c) {
    u32 caller = x->who[c].caller;
    return caller ? hash_mix(caller, x->w->sums[c].from_dev + (u64)1) : 0;
}

static bool shows_another(const struct index *x, u32 c) {
    return x->who[x->w->sums[c].parent - 1].caller != x->who[c].caller;
}

/* The child shows another caller than the parent: that one stands for others, by the numbers that they were called by. */
static void add_company(struct index *x, u32 c) {
    struct habits *h = &x->habits;
    u64 key = shows_another(x, c) ? shown_key(x, c) : 0;
    if (!key) return;
    u32 *row = map_put(&h->shown, key);
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
    u32 called = x->who[s->parent - 1].called;
    u32 row = key && called ? map_get(&h->shown, key) : 0;
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
    u32 row = key ? map_get(&x->habits.shown, key) : 0;
    return row ? &x->habits.companies[row - 1] : NULL;
}

/* Does the leg teach? */
static bool teaches(const struct weave *w, const struct sum *s) {
    return s->kind == KIND_CALL && s->parent && !leg_is_hop(w, s) && s->confidence > 0;
}

/* ---- which pairs are met, and how often ------------------------------------------------------------------ */

/* Most pairs are met once, so they are not looked up one by one, but put in order; a row's value is who teaches it, then how much. */
struct pairs {
    struct sort_row *rows;
    isize n;
    float *to; /* by teacher: how often the pair of HABIT_TO was met */
};

static void learn_pair(struct index *x, const struct twice *met, u32 c, u64 teacher,
                       struct pairs *pairs) {
    const struct sum *s = &x->w->sums[c];
    struct habits *h = &x->habits;
    float much = (float)s->confidence;
    for (enum habit habit = 0; habit < HABITS; habit++) {
        struct met_pair k = pair_of(x, c, s->parent - 1, habit);
        if (!k.called) continue;
        bool called = twice_has(met, k.called), shown = twice_has(met, k.shown);
        if (called) count_more(h, k.called, much);
        if (shown) count_more(h, k.shown, much);
        if (called && shown)
            pairs->rows[pairs->n++] =
                (struct sort_row){both_key(&k), teacher << 32 | bits_of(much)};
        count_more(h, k.here, much);
    }
}

/* One row a pair, with the bits of how often; put in between those that are known. */
static void count_pairs(struct habits *h, struct pairs *pairs) {
    sort_hashes(pairs->rows, pairs->n);
    h->both =
        base_grow(h->both, &h->cap_both, h->nboth + pairs->n + 1, (isize)sizeof *h->both);
    bool more = h->nboth > 0;
    for (isize i = 0, j; i < pairs->n; i = j) {
        float sum = 0;
        for (j = i; j < pairs->n && pairs->rows[j].key == pairs->rows[i].key; j++)
            sum += float_of((u32)pairs->rows[j].value);
        for (isize k = i; k < j; k++) pairs->to[pairs->rows[k].value >> 32] = sum;
        h->both[h->nboth++] = (struct sort_row){pairs->rows[i].key, bits_of(sum)};
    }
    if (more) sort_hashes(h->both, h->nboth);
}

/* Rows lie where their hashes say, or a little beside. */
static double count_both(const struct habits *h, u64 key) {
    isize guess = (isize)((key >> 32) * (u64)h->nboth >> 32), step = 1;
    isize low = guess, high = guess; /* the row, if any, is in [low, high) */
    while (low > 0 && h->both[low - 1].key >= key) {
        low = low > step ? low - step : 0;
        step *= 2;
    }
    for (step = 1; high < h->nboth && h->both[high].key <= key; step *= 2)
        high = high + step < h->nboth ? high + step : h->nboth;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (h->both[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    bool here = low < h->nboth && h->both[low].key == key;
    return here ? (double)float_of((u32)h->both[low].value) : 0;
}

/* Where pairs come once and never again, one that was met once says nothing. `both`: how often this one was met. */
static void learn_ways(struct index *x, u32 c, double both) {
    const struct sum *s = &x->w->sums[c];
    struct habits *h = &x->habits;
    struct met_pair k = pair_of(x, c, s->parent - 1, HABIT_TO);
    float much = (float)s->confidence;
    if (!k.called || count_of(h, k.called) <= 1) return;
    bool once = both < 1.5;
    count_more(h, ways_key(&k), once ? 1 : much / (float)both);
    if (once)
        count_more(h, once_key(&k), much);
    else if (both < 2.5)
        count_more(h, twice_key(&k), much / 2);
}

static void note_pairs(const struct index *x, struct twice *met, u32 c) {
    for (enum habit habit = 0; habit < HABITS; habit++) {
        struct met_pair k = pair_of(x, c, x->w->sums[c].parent - 1, habit);
        if (!k.called) continue;
        twice_note(met, k.called);
        twice_note(met, k.shown);
    }
}

/* Counts what the devices in `of` have shown; nothing of theirs has been counted yet. What was met once is no habit: see count. */
static void learn_of(struct index *x, const bool *of) {
    const struct weave *w = x->w;
    isize n = 0;
    struct twice met;
    u32 *teachers = base_new(w->nsums + 1, (isize)sizeof *teachers);
    for (isize i = 0; i < w->nsums; i++)
        if (of[w->sums[i].from_dev] && teaches(w, &w->sums[i])) teachers[n++] = (u32)i;
    struct pairs pairs = {.rows = base_new(HABITS * n + 1, (isize)sizeof *pairs.rows),
                          .to = base_new(n + 1, (isize)sizeof *pairs.to)};
    twice_open(&met, 2 * HABITS * n);
    for (isize i = 0; i < n; i++) {
        add_company(x, teachers[i]);
        note_pairs(x, &met, teachers[i]);
    }
    for (isize i = 0; i < n; i++) {
        if (x->habits.ncompanies) learn_company(x, teachers[i]);
        learn_pair(x, &met, teachers[i], (u64)i, &pairs);
    }
    twice_close(&met);
    count_pairs(&x->habits, &pairs);
    for (isize i = 0; i < n; i++) learn_ways(x, teachers[i], (double)pairs.to[i]);
    base_free(pairs.rows);
    base_free(pairs.to);
    base_free(teachers);
}

void habits_want(struct index *x, u32 dev) {
    struct habits *h = &x->habits;
    if (h->wanted[dev]) return;
    h->wanted[dev] = h->missing[dev] = true;
    h->any_missing = true;
}

void habits_learn(struct index *x) {
    struct habits *h = &x->habits;
    map_clear(&h->at);
    map_clear(&h->shown);
    h->ncompanies = h->nboth = 0;
    h->learned = true;
    learn_of(x, h->wanted);
    h->any_missing = false;
    for (isize i = 0; i < x->w->ndevs; i++) h->missing[i] = false;
}

void habits_complete(struct index *x) {
    struct habits *h = &x->habits;
    if (!h->learned || !h->any_missing) return;
    learn_of(x, h->missing);
    h->any_missing = false;
    for (isize i = 0; i < x->w->ndevs; i++) h->missing[i] = false;
}

void habits_open(struct index *x) {
    struct habits *h = &x->habits;
    h->wanted = base_new(x->w->ndevs + 1, 1);
    h->missing = base_new(x->w->ndevs + 1, 1);
    bool all = !x->w->unasked || x->w->keep;
    for (isize i = 0; all && i < x->w->ndevs; i++) h->wanted[i] = true;
}

void habits_close(struct index *x) {
    map_drop(&x->habits.at);
    map_drop(&x->habits.shown);
    base_free(x->habits.companies);
    base_free(x->habits.both);
    base_free(x->habits.wanted);
    base_free(x->habits.missing);
}

struct counted {
    double called, shown, both, all; /* all 0: too little is known */
    double ways, once, twice;
};

static double at_least_0(double x) {
    return x > 0 ? x : 0;
}

/* What has been counted, without what c itself has taught. */
static struct counted count(const struct index *x, u32 c, u32 p, enum habit habit) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c];
    struct counted n = {0};
    if (x->habits.at.n == 0) return n;
    struct met_pair k = pair_of(x, c, p, habit);
    if (!k.called) return n;
    const struct habits *h = &x->habits;
    u64 both = both_key(&k);
    n = (struct counted){.called = count_of(h, k.called),
                         .shown = count_of(h, k.shown),
                         .both = count_both(h, both),
                         .all = count_of(h, k.here)};
    if (habit == HABIT_TO) {
        n.ways = count_of(h, ways_key(&k));
        n.once = count_of(h, once_key(&k));
        n.twice = count_of(h, twice_key(&k));
    }
    if (child->parent) {
        struct met_pair mine = k;
        if (child->parent != p + 1) mine = pair_of(x, c, child->parent - 1, habit);
        u64 mine_both = mine.called ? both_key(&mine) : 0;
        n.shown -= mine.called ? child->confidence : 0;
        n.all -= mine.called ? child->confidence : 0;
        n.called -= mine.called == k.called ? child->confidence : 0;
        n.both -= mine_both == both ? child->confidence : 0;
        bool own_way = habit == HABIT_TO && mine.called == k.called &&
                       count_both(h, mine_both) < 1.5;
        n.ways -= own_way ? 1 : 0;
        /* it may be surer now than it was when it taught */
        n = (struct counted){at_least_0(n.called),
                             at_least_0(n.shown),
                             at_least_0(n.both),
                             at_least_0(n.all),
                             at_least_0(n.ways),
                             n.once,
                             n.twice};
    }
    /* so what was met once need not be known */
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
