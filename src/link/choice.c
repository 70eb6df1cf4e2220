/* choice.c: the calls that a leg may belong to, each with what speaks for it. Not all legs that could have sent it are looked
 * at, or the busiest device would cost the square of its legs: those that share a number or a rare value, and those to
 * which something happened shortly before, until one call stands out. */
#include "link/choice.h"

static const double CLEAR = 0.995, NOTHING = 1e-7;

enum {
    /* a queue or an IVR holds a call this long before it dials on */
    WINDOW_US = 180 * 1000000,
    LEGS_A_NUMBER = 32,
    LEGS_A_TOKEN = 32,
    EVENTS_CLEAR = 6, /* after so many, stop when one stands out */
    EVENTS = 256,
    AROUND = 48,
};

static bool better(const struct weave *w, u32 leg, double intensity,
                   const struct candidate *than) {
    if (intensity != than->intensity) return intensity > than->intensity;
    return w->sums[leg].id < w->sums[than->parent].id;
}

/* The place of a call among those in question; of a new one that of the least, where there is no room. */
static struct candidate *candidate_of(struct choice *choice, u32 root) {
    struct candidate *least = &choice->calls[0];
    for (isize i = 0; i < choice->n; i++) {
        struct candidate *one = &choice->calls[i];
        if (one->root == root) return one;
        if (one->sum < least->sum) least = one;
    }
    if (choice->n < CALLS_A_CHOICE) least = &choice->calls[choice->n++];
    *least = (struct candidate){.root = root};
    return least;
}

/* Is p the leg's own offspring, as far as one looks up? */
static bool is_below(const struct weave *w, u32 p, u32 c) {
    enum { DEEP = 64 };
    for (int i = 0; i < DEEP && p != c && w->sums[p].parent; i++)
        p = w->sums[p].parent - 1;
    return p == c;
}

static bool consider(const struct index *x, u32 c, u32 p, struct choice *choice) {
    if (x->mark[p] == choice->stamp || p + 1 == choice->refused) return false;
    x->mark[p] = choice->stamp;
    struct intensity i = pair_intensity(x, c, p, choice->best * NOTHING, NULL);
    if (i.all <= 0 || is_below(x->w, p, c)) return true;
    u32 root = index_root(x, p);
    if (decide_forbids(x->w, c, root)) return true;
    struct candidate *one = candidate_of(choice, root);
    choice->total += i.all + i.elsewhere;
    choice->forward += i.forward + i.elsewhere;
    choice->back += i.back;
    choice->best = choice->best > i.all ? choice->best : i.all;
    if (one->sum <= 0 || better(x->w, p, i.all, one)) {
        one->parent = p;
        one->intensity = i.all;
    }
    one->sum += i.all;
    one->forward += i.forward;
    one->back += i.back;
    return true;
}

const struct candidate *choice_best(const struct weave *w, const struct choice *choice) {
    const struct candidate *best = NULL;
    for (isize i = 0; i < choice->n; i++) {
        const struct candidate *one = &choice->calls[i];
        bool equal = best && one->sum >= best->sum && one->sum <= best->sum;
        if (!best || one->sum > best->sum ||
            (equal && w->sums[one->parent].id < w->sums[best->parent].id)) {
            best = one;
        }
    }
    return best;
}

double choice_share(const struct choice *choice, const struct candidate *one) {
    return (one ? one->sum : choice->background) / (choice->background + choice->total);
}

double choice_forward(const struct choice *choice, const struct candidate *one) {
    return one->forward / (choice->background + choice->forward);
}

double choice_back(const struct choice *choice, const struct candidate *one) {
    return one->back / (choice->background + choice->back);
}

static bool stands_out(const struct weave *w, const struct choice *choice) {
    const struct candidate *best = choice_best(w, choice);
    return best && best->sum >= CLEAR * (choice->background + choice->total);
}

/* The latest of these that came before the child left. `few`: look no further once one stands out. Of what
 * failed, the parent is meant. */
static void consider_clues(const struct index *x, u32 c, const struct clues *clues,
                           u64 key, isize few, isize most, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    struct clue_run run = clues_find(clues, key);
    bool failed = clues == &x->ends;
    i64 slack = 20000 + (i64)s->precision_us;
    isize n = clues_until(run, s->start_us + slack), tried = 0;
    isize last = n - 2 * most; /* a leg has several clues */
    while (n-- > 0 && n >= last && tried < most) {
        i64 ago = s->start_us - run.rows[n].at_us;
        if (ago > WINDOW_US + slack) return;
        if (tried >= few && ago > slack && stands_out(x->w, choice)) return;
        u32 leg = run.rows[n].leg, parent = x->w->sums[leg].parent;
        if (failed && !parent) continue;
        tried += consider(x, c, failed ? parent - 1 : leg, choice);
    }
}

/* Those nearest to a moment, before or after it, within `reach`: legs themselves, or the parents of legs. */
static void consider_around(const struct index *x, u32 c, const struct clues *clues,
                            u64 key, i64 at_us, i64 reach_us, bool parents,
                            struct choice *choice) {
    if (at_us == NEVER) return;
    struct clue_run run = clues_find(clues, key);
    isize after = clues_until(run, at_us), before = after - 1;
    for (int i = 0; i < AROUND; i++) {
        i64 back = before >= 0 ? at_us - run.rows[before].at_us : INT64_MAX;
        i64 ahead = after < run.n ? run.rows[after].at_us - at_us : INT64_MAX;
        if (i64_min(back, ahead) > reach_us) return;
        u32 leg = run.rows[back <= ahead ? before-- : after++].leg;
        u32 parent = x->w->sums[leg].parent;
        if (leg == c || (parents && !parent)) continue;
        consider(x, c, parents ? parent - 1 : leg, choice);
    }
}

/* What waited in a queue for minutes shows at its end only: who hung up when this was hung up, who tries again when this
 * had failed, who rang another phone when this one rang. */
static void consider_ends(const struct index *x, u32 c, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    i64 blur = (i64)s->precision_us;
    consider_around(x, c, &x->over, s->from_dev, s->bye_us, 1000000 + blur, false,
                    choice);
    consider_around(x, c, &x->over, s->from_dev, s->cancel_us, 300000 + blur, false,
                    choice);
    consider_around(x, c, &x->leaves, s->from_dev, failed_us(s), 100000 + blur, true,
                    choice);
    consider_around(x, c, &x->leaves, s->from_dev, s->start_us, 30000 + blur, true,
                    choice);
}

static void consider_numbers(const struct index *x, u32 c, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &x->w->leg_facts[s->facts_at + k];
        u64 key = index_number_key(s->from_dev, f->kind, f->hash);
        consider_clues(x, c, &x->numbers, key, LEGS_A_NUMBER, LEGS_A_NUMBER, choice);
    }
}

static void consider_tokens(const struct index *x, u32 c, struct choice *choice) {
    const struct weave *w = x->w;
    const struct sum *s = &w->sums[c];
    for (u32 k = 0; k < s->ntokens; k++) {
        const struct token *t = &w->tokens[w->leg_tokens[s->tokens_at + k].token];
        for (u32 i = 0; t->n <= LEGS_A_TOKEN && i < t->n; i++)
            consider(x, c, w->token_legs[t->at + i], choice);
    }
}

void choose(const struct index *x, u32 c, u32 refused, struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    *choice = (struct choice){.stamp = choice->stamp + 1, .refused = refused};
    choice->background = lane_of(x, c)->background;
    consider_tokens(x, c, choice);
    if (s->state == STATE_PARTIAL) return;
    consider_numbers(x, c, choice);
    consider_clues(x, c, &x->events, s->from_dev, EVENTS_CLEAR, EVENTS, choice);
    consider_clues(x, c, &x->ends, s->from_dev, EVENTS_CLEAR, EVENTS, choice);
    if (!stands_out(x->w, choice)) consider_ends(x, c, choice);
}
