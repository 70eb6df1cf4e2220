#include "link/evidence.h"

#include <math.h>

static const struct {
    const char *name;
    double m;
    const char *words;
} table[] = {
#define X(id, name, m, words) [EVIDENCE_##id] = {name, m, words},
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
    return table[k].m;
}

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

double evidence_odds(enum evidence_kind k, double u, bool holds) {
    u = clamp(u, 1e-9, 1 - 1e-9);
    double m = clamp(table[k].m, 1e-3, 1 - 1e-3);
    return holds ? m / u : (1 - m) / (1 - u);
}

/* Mixture of exponentials: share and mean in seconds. */
struct mixture {
    double share, mean_s;
};

static double tail(double s, double mean_s) {
    enum { NEARLY_ZERO = 40 };
    if (s <= 0) return 1;
    return s > NEARLY_ZERO * mean_s ? 0 : exp(-s / mean_s);
}

/* The density seen through a blurred clock: its mean over delta +- precision. */
static double blurred(const struct mixture *mix, isize n, i64 delta_us,
                      i64 precision_us) {
    double half = (double)i64_max(precision_us, 500) / 1e6, at = (double)delta_us / 1e6;
    double low = at - half, high = at + half, sum = 0;
    if (high <= 0) return 0;
    for (isize i = 0; i < n; i++) {
        double before = tail(low, mix[i].mean_s);
        if (before > 0) sum += mix[i].share * (before - tail(high, mix[i].mean_s));
    }
    return sum / (2 * half);
}

double evidence_prompt_density(i64 delta_us, i64 precision_us) {
    static const struct mixture mix[] = {{0.80, 0.015}, {0.15, 0.3}, {0.05, 20}};
    return blurred(mix, countof(mix), delta_us, precision_us);
}

double evidence_echo_odds(enum evidence_kind k, i64 delta_us, i64 precision_us,
                          bool both_ways) {
    enum { UNRELATED_S = 30 }; /* how far apart such events of two unrelated calls lie */
    static const struct mixture mix[] = {{0.75, 0.015}, {0.20, 0.15}, {0.05, 1.5}};
    double m = table[k].m;
    double density = blurred(mix, countof(mix), delta_us, precision_us);
    if (both_ways) {
        density = (density + blurred(mix, countof(mix), -delta_us, precision_us)) / 2;
    }
    return m * density * UNRELATED_S + (1 - m);
}
