/* parent.c: who is whose parent. Each leg chooses among all that could have sent it, and "none of them":
 *
 *     P(parent = p) = intensity(p) / (background + sum of intensities)
 *
 * which is the confidence that people see. The second round knows which tries of a parent had failed before,
 * so that the next try has its cause; then a parent that cannot have two answered children at
 * once keeps the better one. A leg joins when its best parent is this likely: joining strangers is worse
 * than leaving a leg out. */
#include "link/pair.h"

static const double JOIN = 0.90;

enum {
    WINDOW_US =
        180 * 1000000, /* a queue or an IVR holds a call this long before it dials on … */
    SOON_US = 3000000, /* … but only a number in common makes such a call worth a look */
    CLUES_A_KEY = 256,
    BEST = 3,
};

struct choice {
    struct pair best[BEST]; /* by intensity */
    isize n;
    double total;
    u32 stamp; /* of this choice, to consider each candidate once */
};

static bool better(const struct weave *w, const struct pair *a, const struct pair *b) {
    if (a->intensity != b->intensity) return a->intensity > b->intensity;
    return w->sums[a->parent].id <
           w->sums[b->parent].id; /* so that arrival order does not decide */
}

static void consider(const struct index *x, u32 c, u32 p, struct choice *choice) {
    struct pair pair;
    if (x->mark[p] == choice->stamp) return;
    x->mark[p] = choice->stamp;
    if (!pair_score(x, c, p, &pair)) return;
    choice->total += pair.intensity;
    isize at = choice->n < BEST ? choice->n++ : BEST;
    while (at > 0 && better(x->w, &pair, &choice->best[at - 1])) {
        if (at < BEST) choice->best[at] = choice->best[at - 1];
        at--;
    }
    if (at < BEST) choice->best[at] = pair;
}

/* Those to which something happened shortly before the child left, or that share a number with it. */
static void consider_clues(const struct index *x, u32 c, u64 key, i64 window_us,
                           struct choice *choice) {
    const struct sum *s = &x->w->sums[c];
    i64 slack = 20000 + (i64)s->precision_us;
    isize last = index_last(x, key, s->start_us + slack);
    for (isize tried = 0; last-- > 0 && tried < CLUES_A_KEY; tried++) {
        const struct clue *clue = &x->clues[last];
        if (clue->key != key || clue->at_us < s->start_us - window_us - slack) return;
        consider(x, c, clue->leg, choice);
    }
}

static void consider_named(const struct index *x, u32 c, struct choice *choice) {
    enum { FEW = 16 };
    const struct sum *s = &x->w->sums[c];
    for (u32 k = 0; k < s->nfacts; k++) {
        const struct fact *f = &x->w->leg_facts[s->facts_at + k];
        bool number = f->kind == FACT_CALLER || f->kind == FACT_CALLED;
        bool opaque = f->kind == FACT_TOKEN || f->kind == FACT_CALL_ID ||
                      f->kind == FACT_STEM || f->kind == FACT_DIALOG;
        if (number) {
            u64 key = index_number_key(s->from_dev, f->kind, f->hash);
            consider_clues(x, c, key, WINDOW_US, choice);
        }
        if (!opaque) continue;
        isize n, at = index_find(x, f->hash, &n);
        if (n < 2 || n > FEW) continue;
        for (isize i = at; i < at + n; i++) {
            consider(x, c, (u32)x->postings[i].value, choice);
        }
    }
}

static void choose(const struct index *x, u32 c, struct choice *choice) {
    choice->n = 0;
    choice->total = 0;
    choice->stamp++;
    consider_clues(x, c, index_event_key(x->w->sums[c].from_dev), SOON_US, choice);
    consider_named(x, c, choice);
}

static void keep_proofs(struct weave *w, struct sum *s, const struct pair *pair) {
    w->proofs = base_grow(w->proofs, &w->cap_proofs, w->nproofs + pair->nproofs + 1,
                          (isize)sizeof *w->proofs);
    s->proofs_at = (u32)w->nproofs;
    s->nproofs = (u32)pair->nproofs;
    for (isize i = 0; i < pair->nproofs; i++) w->proofs[w->nproofs++] = pair->proofs[i];
}

/* Takes the best parent that is not `refused` (row + 1), if it is likely enough. */
static void decide(struct weave *w, const struct index *x, u32 c,
                   const struct choice *choice, u32 refused) {
    struct sum *s = &w->sums[c];
    double background = index_background(x, s->from_dev), total = choice->total;
    const struct pair *best = NULL;
    s->parent = 0;
    s->confidence = 0;
    for (isize i = 0; i < choice->n; i++) {
        if (choice->best[i].parent + 1 == refused) {
            total -= choice->best[i].intensity;
        } else if (!best) {
            best = &choice->best[i];
        }
    }
    if (!best) return;
    if (total < best->intensity) total = best->intensity;
    s->confidence = best->intensity / (background + total);
    if (s->confidence < JOIN) return;
    s->parent = best->parent + 1;
    keep_proofs(w, s, best);
}

/* ---- one Call-ID over several hops ----------------------------------------------------------------- */

/* With proxies a Call-ID crosses several hops: each is the child of the one that reached the device it leaves. */
static void same_call_id(struct weave *w) {
    isize cap = 0, n = w->nsums;
    struct sort_row *rows = base_grow(NULL, &cap, n + 1, (isize)sizeof *rows);
    isize kept = 0;
    for (isize i = 0; i < n; i++) {
        const struct sum *s = &w->sums[i];
        if (s->call_id && !(s->flags & SUM_LAX))
            rows[kept++] = (struct sort_row){s->call_id, (u64)i};
    }
    sort_rows(rows, kept);
    for (isize i = 0, j; i < kept; i = j) {
        for (j = i + 1; j < kept && rows[j].key == rows[i].key;) j++;
        u32 earliest = (u32)rows[i].value;
        for (isize k = i; k < j; k++) {
            u32 leg = (u32)rows[k].value;
            u32 a = w->by_leg[w->sums[leg].at], b = w->by_leg[w->sums[earliest].at];
            int order = leg == earliest ? 0 : msg_order(w, a, b);
            if (order < 0 ||
                (order == 0 && w->sums[leg].start_us < w->sums[earliest].start_us)) {
                earliest = leg;
            }
        }
        for (isize k = i; k < j; k++) {
            u32 leg = (u32)rows[k].value, parent = earliest;
            struct sum *s = &w->sums[leg];
            if (leg == earliest) continue;
            for (isize l = i; l < j; l++) {
                const struct sum *p = &w->sums[rows[l].value];
                bool reached =
                    p->to_dev == s->from_dev && p != s && p->start_us <= s->start_us;
                if (reached && (p->from_dev != s->to_dev)) parent = (u32)rows[l].value;
            }
            struct pair pair = {.parent = parent, .nproofs = 1};
            pair.proofs[0] = (struct proof){EVIDENCE_SAME_CALL_ID, 30, 0, 0};
            s->parent = parent + 1;
            s->confidence = 0.9999;
            keep_proofs(w, s, &pair);
        }
    }
    base_free(rows);
}

/* ---- rounds -------------------------------------------------------------------------------------------- */

static bool settled(const struct weave *w, const struct sum *s) {
    return s->kind != KIND_CALL || s->state == STATE_PARTIAL ||
           (s->parent && s->nproofs &&
            w->proofs[s->proofs_at].kind == EVIDENCE_SAME_CALL_ID);
}

static void list_failures(struct index *x) {
    const struct weave *w = x->w;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        bool gone = s->state == STATE_FAILED || s->state == STATE_CANCELLED;
        if (!s->parent || !gone) continue;
        x->next_failure[i] = x->failures[s->parent - 1];
        x->failures[s->parent - 1] = (u32)i + 1;
        i64 end = s->fail_us != NEVER ? s->fail_us : s->cancel_us;
        index_add(x, index_event_key(s->from_dev), end, s->parent - 1);
    }
}

static bool overlap(const struct sum *a, const struct sum *b) {
    return a->answer_us != NEVER && b->answer_us != NEVER && a->answer_us < b->last_us &&
           b->answer_us < a->last_us;
}

static bool talks(const struct sum *s) {
    return s->answer_us != NEVER && !(s->flags & (SUM_RECORDING | SUM_TRANSFER));
}

/* Of two answered children of one parent at one time, the less certain one looks again elsewhere. */
static void part_rivals(struct weave *w, const struct index *x, struct choice *choice) {
    isize cap = 0, n = 0;
    struct sort_row *rows = base_grow(NULL, &cap, w->nsums + 1, (isize)sizeof *rows);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->parent && talks(s) && !settled(w, s)) {
            rows[n++] = (struct sort_row){s->parent, (u64)i};
        }
    }
    sort_rows(rows, n);
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j].key == rows[i].key;) j++;
        for (isize k = i; k < j; k++) {
            struct sum *s = &w->sums[rows[k].value];
            bool beaten = false;
            for (isize l = i; l < j && !beaten; l++) {
                const struct sum *o = &w->sums[rows[l].value];
                if (o == s || o->parent != s->parent || !overlap(s, o)) continue;
                beaten = o->confidence > s->confidence ||
                         (o->confidence >= s->confidence && o->id < s->id);
            }
            /* the same device twice at once happens (a second recorder, a bridge): only a clear loser goes */
            if (!beaten || s->confidence > 0.999) continue;
            choose(x, (u32)rows[k].value, choice);
            decide(w, x, (u32)rows[k].value, choice, s->parent);
        }
    }
    base_free(rows);
}

/* A chain of parents that closes on itself is cut where it is least certain. */
static void cut_cycles(struct weave *w) {
    for (isize i = 0; i < w->nsums; i++) {
        u32 weakest = (u32)i, at = (u32)i;
        for (isize steps = 0; w->sums[at].parent && steps <= w->nsums; steps++) {
            at = w->sums[at].parent - 1;
            if (w->sums[at].confidence < w->sums[weakest].confidence) weakest = at;
            if (at == (u32)i) {
                w->sums[weakest].parent = 0;
                break;
            }
            if (steps > 64) break;
        }
    }
}

void score_parents(struct weave *w) {
    struct index x;
    struct choice choice = {0};
    w->nproofs = 0;
    index_open(&x, w);
    same_call_id(w);
    for (int round = 0; round < 2; round++) {
        if (round == 1) {
            list_failures(&x);
            index_sort(&x);
        }
        for (isize i = 0; i < w->nsums; i++) {
            if (settled(w, &w->sums[i])) continue;
            choose(&x, (u32)i, &choice);
            decide(w, &x, (u32)i, &choice, 0);
        }
    }
    part_rivals(w, &x, &choice);
    cut_cycles(w);
    index_close(&x);
}
