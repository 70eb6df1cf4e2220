/* pair.c: the evidence for one pair of legs. A leg that reaches a device makes it send others: the intensity
 * of that, at the moment the child left, is the sum over what could have made it (the INVITE that
 * arrived, an answer, a failure of another try, a REFER), each with its density of delays. Everything else
 * that the two have in common multiplies it. */
#include "link/pair.h"

#include <math.h>

enum { FAR = 9 }; /* bits that it takes when nothing was seen to pass the call on */

/* Two lines of one log, two frames of one capture: by stamp, then as they stand in it. */
static int seen_order(const struct seen *x, const struct seen *y, u32 row_x, u32 row_y) {
    if (x->time_us != y->time_us) return x->time_us < y->time_us ? -1 : 1;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return row_x < row_y ? -1 : 1;
}

/* Both as one source has them; 0 where no source has both. */
static int order_in_source(const struct weave *w, u32 a, u32 b) {
    u32 row = w->msgs[a].seen + 1;
    for (u32 next_a = w->msgs[a].more;; row = next_a, next_a = w->more[row - 1]) {
        const struct seen *x = &w->trace.seen[row - 1];
        u32 other = w->msgs[b].seen + 1;
        for (u32 next_b = w->msgs[b].more;; other = next_b, next_b = w->more[other - 1]) {
            const struct seen *y = &w->trace.seen[other - 1];
            if (x->source == y->source) return seen_order(x, y, row, other);
            if (!next_b) break;
        }
        if (!next_a) return 0;
    }
}

i64 msg_slack(const struct weave *w, u32 a, u32 b) {
    i64 coarse = i64_max(w->msgs[a].precision_us, w->msgs[b].precision_us);
    const struct seen *x = &w->trace.seen[w->msgs[a].seen],
                      *y = &w->trace.seen[w->msgs[b].seen];
    return x->source == y->source ? coarse : coarse + 20000;
}

int msg_order(const struct weave *w, u32 a, u32 b) {
    if (a == b) return 0;
    int known = order_in_source(w, a, b);
    if (known) return known;
    i64 difference = w->msgs[a].time_us - w->msgs[b].time_us, slack = msg_slack(w, a, b);
    if (difference > slack) return 1;
    return difference < -slack ? -1 : 0;
}

static void prove(struct pair *out, enum evidence_kind kind, double bits, u32 label,
                  i64 delta) {
    if (out->nproofs == PROOFS_A_PAIR) return;
    out->proofs[out->nproofs++] = (struct proof){(u8)kind, (float)bits, label, delta};
}

/* ---- what could have made the device send it --------------------------------------------------- */

struct trigger {
    enum evidence_kind kind;
    i64 at_us;
};

static double trigger_density(const struct trigger *t, i64 start_us, i64 slack) {
    if (t->at_us == NEVER || start_us - t->at_us < -slack) return 0;
    return evidence_m(t->kind) * evidence_prompt_density(start_us - t->at_us, slack);
}

/* The last failure among the other children of p, before the child left. */
static i64 failure_before(const struct index *x, u32 c, u32 p, i64 start_us, i64 slack) {
    i64 best = NEVER;
    for (u32 row = x->failures[p]; row; row = x->next_failure[row - 1]) {
        const struct sum *s = &x->w->sums[row - 1];
        i64 end = s->fail_us != NEVER ? s->fail_us : s->cancel_us;
        if (row - 1 != c && end != NEVER && end <= start_us + slack)
            best = i64_max(best, end);
    }
    return best;
}

static bool still_alive(const struct sum *p, i64 at_us, i64 slack) {
    bool over = p->state == STATE_ANSWERED || p->state == STATE_CANCELLED ||
                p->state == STATE_FAILED;
    return !over || p->last_us + slack + 2000000 >= at_us;
}

/* The densest trigger, with its proof; 0: nothing on p could have made its device send c. */
static double triggers(const struct index *x, u32 c, u32 p, struct pair *out) {
    const struct weave *w = x->w;
    const struct sum *child = &w->sums[c], *parent = &w->sums[p];
    u32 first_c = w->by_leg[child->at], first_p = w->by_leg[parent->at];
    bool reached = parent->to_dev == child->from_dev;
    bool referred = parent->refer_us != NEVER && parent->refer_dev == child->from_dev;
    if (!reached && !referred) return 0;
    if (msg_order(w, first_p, first_c) > 0) return 0;
    i64 slack = msg_slack(w, first_c, first_p);
    if (!still_alive(parent, child->start_us, slack)) return 0;
    /* once it is answered nothing is tried any more; a recorder is no try at all */
    bool tries = !(child->flags & SUM_RECORDING) &&
                 (parent->answer_us == NEVER || parent->answer_us >= child->start_us);
    const struct trigger all[] = {
        {EVIDENCE_TIMING, reached ? parent->start_us : NEVER},
        {EVIDENCE_TIMING, reached ? parent->retry_us : NEVER},
        {EVIDENCE_AFTER_ANSWER, reached ? parent->answer_us : NEVER},
        {EVIDENCE_AFTER_FAILURE,
         tries ? failure_before(x, c, p, child->start_us, slack) : NEVER},
        {EVIDENCE_AFTER_REFER, referred ? parent->refer_us : NEVER},
    };
    double sum = 0, best = 0;
    isize which = 0;
    for (isize i = 0; i < countof(all); i++) {
        double density = trigger_density(&all[i], child->start_us, slack);
        sum += density;
        if (density > best) {
            best = density;
            which = i;
        }
    }
    if (sum <= 0) return 0;
    double bits = log2(sum / index_background(x, child->from_dev));
    prove(out, all[which].kind, bits, 0, child->start_us - all[which].at_us);
    return sum;
}

/* ---- what they have in common --------------------------------------------------------------------- */

/* Compares the numbers of one kind: the rarest they share, or that they share none. */
static double numbers(const struct index *x, const struct sum *c, const struct sum *p,
                      enum fact_kind kind, enum evidence_kind evidence,
                      struct pair *out) {
    const struct fact *facts = x->w->leg_facts;
    isize reach = x->reaching[p->to_dev];
    bool some_c = false, some_p = false, shared = false;
    double rarest = 1;
    u32 label = 0;
    for (u32 j = 0; j < p->nfacts; j++) some_p |= facts[p->facts_at + j].kind == kind;
    for (u32 i = 0; i < c->nfacts; i++) {
        const struct fact *mine = &facts[c->facts_at + i];
        if (mine->kind != kind) continue;
        some_c = true;
        for (u32 j = 0; j < p->nfacts; j++) {
            const struct fact *theirs = &facts[p->facts_at + j];
            if (theirs->kind != kind || theirs->hash != mine->hash) continue;
            u32 n =
                map_get(&x->rarity, index_number_key(p->to_dev, (u8)kind, mine->hash));
            double u = ((double)n - 1 + 0.5) / ((double)reach - 1 + 20);
            if (!shared || u < rarest) {
                rarest = u;
                label = mine->label;
            }
            shared = true;
        }
    }
    if (!some_c || !some_p) return 0; /* withheld: says nothing either way */
    double bits = evidence_bits(evidence, shared ? rarest : 0.05, shared);
    prove(out, evidence, bits, label, 0);
    return bits;
}

/* A value that only one call has stands on legs that hang together: one of them is the root of all others.
 * The more roots, the more calls have it. */
static isize roots(const struct weave *w, const struct sort_row *rows, isize n) {
    isize count = 0;
    for (isize i = 0; i < n; i++) {
        const struct sum *s = &w->sums[rows[i].value];
        bool below = false;
        for (isize k = 0; k < n && !below; k++) {
            const struct sum *p = &w->sums[rows[k].value];
            below = k != i && p->to_dev == s->from_dev &&
                    p->start_us <= s->start_us + 1000000 &&
                    still_alive(p, s->start_us, 1000000);
        }
        count += !below;
    }
    return count;
}

static double token_bits(const struct index *x, const struct fact *mine,
                         const struct fact *theirs, enum evidence_kind *kind) {
    enum { TOO_COMMON = 48 };
    isize n, at = index_find(x, mine->hash, &n);
    bool names = mine->kind == FACT_CALL_ID || theirs->kind == FACT_CALL_ID;
    *kind = EVIDENCE_TOKEN;
    if (mine->kind == FACT_DIALOG || theirs->kind == FACT_DIALOG)
        *kind = EVIDENCE_DIALOG_REFERENCE;
    else if (mine->kind == FACT_STEM || theirs->kind == FACT_STEM)
        *kind = EVIDENCE_CALL_ID_STEM;
    else if (names)
        *kind = EVIDENCE_CALL_ID_REFERENCE;
    double own = mine->bits < theirs->bits || !theirs->bits ? mine->bits : theirs->bits;
    if (n > TOO_COMMON) return 0;
    if (*kind == EVIDENCE_DIALOG_REFERENCE) return 24;
    if (*kind != EVIDENCE_TOKEN) return own;
    isize r = roots(x->w, x->postings + at, n);
    if (r <= 1 || n == 2) return own;
    double rarity = log2(((double)x->w->nsums + 2) / (double)n);
    return rarity < own ? rarity : own;
}

/* Several tokens of one message are not independent: the second counts half, and so on. */
static double tokens(const struct index *x, const struct sum *c, const struct sum *p,
                     struct pair *out) {
    const struct fact *facts = x->w->leg_facts;
    isize first = out->nproofs;
    for (u32 i = 0; i < c->nfacts; i++) {
        const struct fact *mine = &facts[c->facts_at + i];
        bool opaque = mine->kind == FACT_TOKEN || mine->kind == FACT_CALL_ID ||
                      mine->kind == FACT_STEM || mine->kind == FACT_DIALOG;
        for (u32 j = 0; opaque && j < p->nfacts; j++) {
            const struct fact *theirs = &facts[p->facts_at + j];
            bool other = theirs->kind == FACT_TOKEN || theirs->kind == FACT_CALL_ID ||
                         theirs->kind == FACT_STEM || theirs->kind == FACT_DIALOG;
            if (!other || theirs->hash != mine->hash) continue;
            enum evidence_kind kind;
            double bits = token_bits(x, mine, theirs, &kind);
            u32 label = mine->kind == FACT_TOKEN || theirs->kind != FACT_TOKEN
                            ? mine->label
                            : theirs->label;
            if (bits >= 1) prove(out, kind, bits, label, 0);
        }
    }
    double best = 0, rest = 0;
    for (isize i = first; i < out->nproofs; i++) {
        double bits = out->proofs[i].bits;
        if (bits > best) {
            rest += best / 4;
            best = bits;
        } else {
            rest += bits / 4;
        }
    }
    return best + rest;
}

static double echo(struct pair *out, enum evidence_kind kind, i64 cause, i64 effect,
                   i64 slack, bool both_ways) {
    if (cause == NEVER || effect == NEVER) return 0;
    double bits = evidence_echo_bits(kind, effect - cause, slack, both_ways);
    prove(out, kind, bits, 0, effect - cause);
    return bits;
}

/* What happened on the child happened on the parent a moment later, or the other way round. */
static double echoes(const struct index *x, const struct sum *c, const struct sum *p,
                     struct pair *out) {
    const struct weave *w = x->w;
    i64 slack = msg_slack(w, w->by_leg[c->at], w->by_leg[p->at]);
    bool recording = (c->flags & SUM_RECORDING) != 0;
    double bits = 0;
    if (!recording) {
        bits += echo(out, EVIDENCE_RING_ECHO, c->ring_us, p->ring_us, slack, false);
        if (c->answer_us >= p->start_us) {
            bits +=
                echo(out, EVIDENCE_ANSWER_ECHO, c->answer_us, p->answer_us, slack, false);
        }
        if (c->fail_us != NEVER && c->cancel_us == NEVER && p->fail_us != NEVER) {
            bits +=
                echo(out, EVIDENCE_FAILURE_ECHO, c->fail_us, p->fail_us, slack, false);
            if (c->status == p->status) bits += 1;
        }
        /* answered there, but failed here for good: hardly */
        if (c->answer_us != NEVER && p->answer_us == NEVER && p->fail_us != NEVER) {
            bits += evidence_bits(EVIDENCE_ANSWER_ECHO, 0.1, false);
        }
    }
    if (c->cancel_us != NEVER) {
        i64 why = p->cancel_us != NEVER ? p->cancel_us : p->answer_us;
        bits += echo(out, EVIDENCE_CANCEL_ECHO, why, c->cancel_us, slack, true);
    }
    bits += echo(out, EVIDENCE_BYE_ECHO, c->bye_us, p->bye_us, slack, true);
    return bits;
}

/* No device between the two was seen to pass the call on: only values in common can tell. One device that
 * calls the same other one again uses its own values again: that is a second attempt, unless one names
 * the other outright. */
static bool far_enough(const struct index *x, u32 c, u32 p, const struct pair *found,
                       double bits) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    bool later = parent->start_us < child->start_us ||
                 (parent->start_us == child->start_us && parent->id < child->id);
    if (bits <= FAR || !later) return false;
    for (isize i = 0; i < found->nproofs; i++) {
        if (found->proofs[i].kind != EVIDENCE_TOKEN) return true;
    }
    return child->from_dev != parent->from_dev &&
           still_alive(parent, child->start_us, 1000000);
}

bool pair_score(const struct index *x, u32 c, u32 p, struct pair *out) {
    const struct sum *child = &x->w->sums[c], *parent = &x->w->sums[p];
    *out = (struct pair){.parent = p};
    if (c == p || child->start_us == NEVER || parent->start_us == NEVER) return false;
    double density = triggers(x, c, p, out), bits = tokens(x, child, parent, out);
    if (density <= 0) {
        if (!far_enough(x, c, p, out, bits)) return false;
        density = index_background(x, child->from_dev) * exp2(-FAR);
    }
    bits += numbers(x, child, parent, FACT_CALLED, EVIDENCE_CALLED_NUMBER, out);
    bits += numbers(x, child, parent, FACT_CALLER, EVIDENCE_CALLER_NUMBER, out);
    bits += echoes(x, child, parent, out);
    out->intensity = density * exp2(bits);
    return true;
}
