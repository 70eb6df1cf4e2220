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

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

double evidence_odds(double m, double u, bool holds) {
    u = clamp(u, 1e-9, 1 - 1e-9);
    m = clamp(m, 0.005, 0.995);
    return holds ? m / u : (1 - m) / (1 - u);
}

/* The share of delays below so many microseconds. Between the edges it grows with the time. */
static double share_below(const float *row, double us) {
    static const double first_edge_us = 50;
    if (us <= 0) return 0;
    if (us <= first_edge_us) return (double)row[0] * us / first_edge_us;
    int exponent;
    double mantissa =
        frexp(us / first_edge_us, &exponent) * 2; /* 1 to 2, times 2^(exponent-1) */
    bool upper = mantissa >= SQRT_2;
    int i = 2 * (exponent - 1) + upper;
    if (i >= WEIGHT_EDGES - 1) return 1;
    double low = upper ? SQRT_2 : 1, high = upper ? 2 : SQRT_2;
    double part = (mantissa - low) / (high - low);
    return (double)row[i] + part * ((double)row[i + 1] - (double)row[i]);
}

/* What is seen through a blurred clock: the share of delays in delta +- precision. */
static double share_within(const float *row, i64 delta_us, double half_us) {
    return share_below(row, (double)delta_us + half_us) -
           share_below(row, (double)delta_us - half_us);
}

static double half_width(i64 precision_us) {
    return (double)i64_max(precision_us, 500);
}

double evidence_density(enum evidence_kind k, i64 delta_us, i64 precision_us) {
    double half = half_width(precision_us);
    return share_within(weight_delay[k], delta_us, half) / (2 * half / 1e6);
}

double evidence_echo_odds(enum evidence_kind k, i64 delta_us, i64 precision_us) {
    static const double LEAST = 1e-7; /* a chance that nobody has met yet */
    double half = half_width(precision_us), m = weight_holds[k],
           before = weight_before[k];
    double made = (1 - before) * share_within(weight_delay[k], delta_us, half) +
                  before * share_within(weight_delay[k], -delta_us, half);
    double chance = share_within(weight_chance[k], delta_us, half) +
                    share_within(weight_chance[k], -delta_us, half);
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
