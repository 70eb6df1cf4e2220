#include "link/evidence.h"

#include "link/weights.h"

#include <math.h>

#define SQRT_2 1.41421356237309505

static const struct {
    const char *name, *words;
} table[] = {
#define X(id, name, words) [EVIDENCE_##id] = {name, words},
    EVIDENCE_LIST(X)
#undef X
};

const char *evidence_name(enum evidence_kind k) {
    return table[k].name;
}
const char *evidence_words(enum evidence_kind k) {
    return table[k].words;
}
double evidence_m(enum evidence_kind k) {
    return weight_holds[k];
}

double evidence_alike(void) {
    return weight_alike;
}

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

double evidence_odds(double m, double u, bool holds) {
    u = clamp(u, 1e-9, 1 - 1e-9);
    m = clamp(m, 0.001, 0.999);
    return holds ? m / u : (1 - m) / (1 - u);
}

/* Where a time lies among the edges, to be looked up in several rows. */
struct place {
    int i; /* the edge below it; -1: before the first one */
    double
        part; /* … of the way to the next one; before the first one: of the time up to it */
};

static const double first_edge_us = 50;

static struct place place_of(double us) {
    if (us <= 0) return (struct place){-1, 0};
    if (us <= first_edge_us) return (struct place){-1, us / first_edge_us};
    const u64 one =
        (u64)1023 << 52; /* IEEE 754: sign, 11 bits of exponent, 52 of mantissa */
    double mantissa = us / first_edge_us; /* 1 to 2, times 2^exponent */
    u64 bits;
    memcpy(&bits, &mantissa, sizeof bits);
    int exponent = (int)((bits - one) >> 52);
    bits = (bits & (((u64)1 << 52) - 1)) | one;
    memcpy(&mantissa, &bits, sizeof bits);
    bool upper = mantissa >= SQRT_2;
    double part =
        upper ? (mantissa - SQRT_2) / (2 - SQRT_2) : (mantissa - 1) / (SQRT_2 - 1);
    return (struct place){2 * exponent + upper, part};
}

/* The share of delays below that time. Between the edges it grows with the time. */
static double share_below(const float *row, struct place at) {
    if (at.i < 0) return (double)row[0] * at.part;
    if (at.i >= WEIGHT_EDGES - 1) return 1;
    return (double)row[at.i] + at.part * ((double)row[at.i + 1] - (double)row[at.i]);
}

_Static_assert((int)EVIDENCE_EDGES == (int)WEIGHT_EDGES, "one table of edges");

const float *evidence_row(enum evidence_kind k) {
    return weight_delay[k];
}

int evidence_step(i64 delay_us) {
    int i = place_of((double)delay_us).i + 1;
    return i < EVIDENCE_EDGES ? i : EVIDENCE_EDGES - 1;
}

static double half_width(i64 precision_us) {
    return (double)i64_max(precision_us, 500);
}

/* What is seen through a blurred clock: the share of delays in delta +- precision. */
double evidence_density(const float *delays, i64 delta_us, i64 precision_us) {
    double half = half_width(precision_us), delta = (double)delta_us;
    double within = share_below(delays, place_of(delta + half)) -
                    share_below(delays, place_of(delta - half));
    return within / (2 * half / 1e6);
}

/* A difference of times through a blurred clock: the share of delays in it, and in what of it is the other way round. */
struct span {
    struct place end, begin, back;
};

static double share_ahead(const float *row, const struct span *s) {
    return share_below(row, s->end) - share_below(row, s->begin);
}

double evidence_echo_odds(enum evidence_kind k, double m, const float *delays,
                          i64 delta_us, i64 precision_us) {
    static const double LEAST = 1e-7; /* a chance that nobody has met yet */
    double half = half_width(precision_us), before = weight_before[k];
    double delta = (double)(delta_us < 0 ? -delta_us : delta_us);
    const struct span s = {place_of(delta + half), place_of(delta - half),
                           place_of(half - delta)};
    double ahead = share_ahead(delays, &s), back = share_below(delays, s.back);
    double first = delta_us < 0 ? before : 1 - before;
    double made = first * ahead + (1 - first) * back;
    double chance =
        share_ahead(weight_chance[k], &s) + share_below(weight_chance[k], s.back);
    return m * made / (chance / 2 + LEAST) + (1 - m);
}

double evidence_confidence(double share) {
    static const double MOST = 0.9999; /* of what was never met nobody is certain */
    double p = clamp(share, 1e-9, 1 - 1e-9), odds = log2(p / (1 - p));
    if (odds <= 0) return p < weight_right[0] ? p : weight_right[0];
    int k = (int)odds;
    if (k >= WEIGHT_KNOTS - 1) return fmin(weight_right[WEIGHT_KNOTS - 1], MOST);
    double step = weight_right[k + 1] - weight_right[k];
    return fmin(weight_right[k] + (odds - k) * step, MOST);
}
