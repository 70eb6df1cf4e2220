/* drift.c: fits lines between bounds. A message on its way from the other to the own clock says that the own is ahead by no
 * more than the difference of its stamps, one the other way that it is ahead by no less. So the truth runs in a
 * channel between upper and lower bounds, as wide as the shortest way there and back:
 *
 *     a constant   zero or whole seconds where the channel lets one through; else its middle, if it is nearly as far from all
 *                  bounds as the best line
 *     a line       the flattest that is nearly as far from all bounds as the best one (crystals drift by some 50 ppm)
 *     stretches    the fewest lines (a clock that was set, or whose drift changes): each as long as it goes, greedy
 *
 * The distance to the nearest bounds is concave in the rate of a line, so the best rate is found by halving. A message held
 * up gives a weak bound, not a wrong one. What disagrees with its neighbours by seconds (two copies of one message taken for one)
 * is left out beforehand. If nothing fits, where the most bounds agree has to do. n log n. */
#include "link/drift.h"

#include <math.h>
#include <stdlib.h>

#define RATE_MOST 5e-4 /* clocks that are being set slowly are off by so much (NTP) */

enum {
    NEIGHBOURS = 4,
    HALVINGS = 40,
    BUCKET_US = 1000000, /* of a second the tightest bounds are enough */
    BLUR_US = 100,       /* stamps are off by such amounts anyway */
    SHORTEST_WAY_US = 1000,
    SHORT_STRETCH = 4, /* ticks that nobody agrees with, where there are many */
    MANY = 64,
    TICKS_A_STRETCH = 16,
};

struct point {
    double x, low, high; /* infinite: no bound */
};

/* Of lines of one rate, all between bottom and top (where x is 0) are within the bounds. */
struct strip {
    double rate, bottom, top, x_bottom, x_top;
};

struct fit {
    struct point *points;
    isize n;
    i64 at_us, ahead_us; /* where x and the bounds are 0 */
    u8 sides;            /* bounds that the stamps give */
};

static int by_time(const void *a, const void *b) {
    const struct tick *x = a, *y = b;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    if (x->low_us != y->low_us) return x->low_us < y->low_us ? -1 : 1;
    if (x->high_us != y->high_us) return x->high_us < y->high_us ? -1 : 1;
    return (int)x->sides - (int)y->sides;
}

/* ---- what is beside the point --------------------------------------------------------------------- */

static bool agree(const struct tick *a, const struct tick *b) {
    i64 apart = a->at_us < b->at_us ? b->at_us - a->at_us : a->at_us - b->at_us;
    i64 slack = 2 * WAY_US + (i64)((double)apart * RATE_MOST);
    return a->low_us <= b->high_us + slack && b->low_us <= a->high_us + slack;
}

/* Half of the neighbours on either side agree. */
static bool agrees(const struct tick *t, isize n, isize i) {
    isize before = 0, after = 0, nbefore = i64_min(i, NEIGHBOURS);
    isize nafter = i64_min(n - 1 - i, NEIGHBOURS);
    for (isize k = 1; k <= nbefore; k++) before += agree(&t[i - k], &t[i]);
    for (isize k = 1; k <= nafter; k++) after += agree(&t[i + k], &t[i]);
    return n == 1 || (nbefore && 2 * before >= nbefore) ||
           (nafter && 2 * after >= nafter);
}

/* How many are left, in front; none if nobody agrees with anybody. */
static isize drop_odd(struct tick *t, isize n) {
    bool *keep = base_new(n, (isize)sizeof *keep);
    isize kept = 0;
    for (isize i = 0; i < n; i++) keep[i] = agrees(t, n, i);
    for (isize i = 0; i < n; i++) {
        if (keep[i]) t[kept++] = t[i];
    }
    base_free(keep);
    return kept;
}

/* ---- where the most agree: the last resort ---------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static i64 magnitude(i64 us) {
    return us < 0 ? -us : us;
}

/* The roundest within an interval: none, whole seconds, tenths … else its middle. */
static i64 roundest(i64 low, i64 high) {
    if (low <= 0 && high >= 0) return 0;
    i64 middle = low + (high - low) / 2;
    for (i64 step = 1000000; step >= 1000; step /= 10) {
        i64 near = (middle + (middle < 0 ? -step : step) / 2) / step * step;
        if (near >= low && near <= high) return near;
    }
    return middle;
}

static i64 densest(const struct tick *t, isize n) {
    i64 *lows = base_new(n, (isize)sizeof *lows),
        *highs = base_new(n, (isize)sizeof *highs);
    for (isize i = 0; i < n; i++) {
        lows[i] = t[i].low_us;
        highs[i] = t[i].high_us;
    }
    qsort(lows, (size_t)n, sizeof *lows, by_value);
    qsort(highs, (size_t)n, sizeof *highs, by_value);
    isize open = 0, best = 0, end = 0;
    i64 answer = 0;
    for (isize i = 0; i < n; i++) {
        for (; end < n && highs[end] < lows[i]; end++) open--;
        open++;
        i64 here = roundest(lows[i], end < n ? highs[end] : lows[i]);
        if (open > best || (open == best && magnitude(here) < magnitude(answer))) {
            best = open;
            answer = here;
        }
    }
    base_free(lows);
    base_free(highs);
    return answer;
}

/* ---- bounds ------------------------------------------------------------------------------------------ */

static u8 sides_of(const struct tick *t, isize n, u8 known) {
    u8 sides = 0;
    for (isize i = 0; i < n; i++) {
        if (t[i].known >= known) sides |= t[i].sides;
    }
    return sides;
}

/* Of each second the tightest bounds. Those of messages that went nobody knows which way count only where there are no others;
 * where all went one way, a guess of how long that takes bounds the other side. */
static void take_bounds(struct fit *f, const struct tick *t, isize n) {
    u8 known = 2;
    while (known && sides_of(t, n, known) != (TICK_LOW | TICK_HIGH)) known--;
    f->sides = sides_of(t, n, known);
    bool guess = f->sides != (TICK_LOW | TICK_HIGH);
    isize low = -1, high = -1; /* the tightest of this second so far */
    i64 second = 0;
    for (isize i = 0; i < n; i++) {
        if (t[i].known < known) continue;
        i64 now = (t[i].at_us - f->at_us) / BUCKET_US;
        if (now != second) low = high = -1;
        second = now;
        double x = (double)(t[i].at_us - f->at_us);
        struct point p = {x, -INFINITY, INFINITY};
        if (guess || (t[i].sides & TICK_LOW)) p.low = (double)(t[i].low_us - f->ahead_us);
        if (guess || (t[i].sides & TICK_HIGH))
            p.high = (double)(t[i].high_us - f->ahead_us);
        bool lower = low < 0 || p.low > f->points[low].low;
        bool upper = high < 0 || p.high < f->points[high].high;
        if (!lower && !upper) continue;
        if (lower && low >= 0) f->points[low].low = -INFINITY;
        if (upper && high >= 0) f->points[high].high = INFINITY;
        if (lower) low = f->n;
        if (upper) high = f->n;
        if (!lower) p.low = -INFINITY;
        if (!upper) p.high = INFINITY;
        f->points[f->n++] = p;
    }
    isize kept = 0;
    for (isize i = 0; i < f->n; i++) {
        const struct point *p = &f->points[i];
        if (isfinite(p->low) || isfinite(p->high)) f->points[kept++] = *p;
    }
    f->n = kept;
}

/* ---- one line ------------------------------------------------------------------------------------------ */

static double width(const struct strip *s) {
    return s->top - s->bottom;
}

static struct strip strip_at(const struct point *p, isize n, double rate) {
    struct strip s = {rate, -INFINITY, INFINITY, 0, 0};
    for (isize i = 0; i < n; i++) {
        double low = p[i].low - rate * p[i].x, high = p[i].high - rate * p[i].x;
        if (low > s.bottom) {
            s.bottom = low;
            s.x_bottom = p[i].x;
        }
        if (high < s.top) {
            s.top = high;
            s.x_top = p[i].x;
        }
    }
    return s;
}

/* The line that is farthest from all bounds, or one that leaves `enough`. */
static struct strip widest(const struct point *p, isize n, double enough) {
    double low = -RATE_MOST, high = RATE_MOST;
    struct strip best = strip_at(p, n, 0);
    for (int i = 0; i < HALVINGS && width(&best) < enough; i++) {
        struct strip s = strip_at(p, n, (low + high) / 2);
        if (width(&s) > width(&best)) best = s;
        if (s.x_bottom > s.x_top) {
            low = s.rate;
        } else {
            high = s.rate;
        }
    }
    return best;
}

static bool fits(const struct point *p, isize n, double slack) {
    struct strip s = widest(p, n, -2 * slack);
    return width(&s) >= -2 * slack;
}

static double middle(const struct fit *f, const struct strip *s) {
    double way = fmin(SHORTEST_WAY_US, width(s) / 2);
    if (!isfinite(s->bottom) || f->sides == TICK_HIGH) return s->top - way;
    if (!isfinite(s->top) || f->sides == TICK_LOW) return s->bottom + way;
    return (s->top + s->bottom) / 2;
}

/* Zero or whole seconds, if these lie within. */
static bool round_one(const struct fit *f, const struct strip *s, i64 *ahead) {
    if (!isfinite(width(s)) || width(s) < 0) return false;
    i64 low = f->ahead_us + (i64)ceil(s->bottom), high = f->ahead_us + (i64)floor(s->top);
    if (low > high) return false;
    *ahead = roundest(low, high);
    return *ahead % 1000000 == 0;
}

/* The ticks within some time, of coarse stamps. */
struct span {
    const struct tick *t;
    isize n;
};

static struct span span_of(const struct tick *t, isize n, i64 from, i64 to) {
    isize a = 0, b = n;
    while (a < b) {
        isize half = a + (b - a) / 2;
        if (t[half].at_us < from) {
            a = half + 1;
        } else {
            b = half;
        }
    }
    for (b = a; b < n && t[b].at_us <= to;) b++;
    return (struct span){t + a, b - a};
}

static double weight_of(const struct tick *t) {
    double give = (double)t->give_us + 10000;
    return 1 / (give * give);
}

/* Least squares through what coarse stamps say probably; the rate only where it is significant. Gives by how much that may
 * be off; 0: too few. */
static double probable(const struct fit *f, struct span span, struct strip *s) {
    enum { FEW = 16 };
    double w = 0, ww = 0, x = 0, y = 0, xx = 0, xy = 0, rest = 0;
    if (span.n < FEW) return 0;
    for (isize i = 0; i < span.n; i++) {
        double weight = weight_of(&span.t[i]);
        w += weight;
        ww += weight * weight;
        x += weight * (double)(span.t[i].at_us - f->at_us);
        y += weight * (double)(span.t[i].probable_us - f->ahead_us);
    }
    x /= w;
    y /= w;
    for (int pass = 0; pass < 2; pass++) {
        double rate = xx > 0 ? xy / xx : 0;
        for (isize i = 0; i < span.n; i++) {
            double weight = weight_of(&span.t[i]) / w;
            double dx = (double)(span.t[i].at_us - f->at_us) - x;
            double dy = (double)(span.t[i].probable_us - f->ahead_us) - y;
            if (pass == 0) xx += weight * dx * dx;
            if (pass == 0) xy += weight * dx * dy;
            if (pass == 1) rest += weight * (dy - rate * dx) * (dy - rate * dx);
        }
    }
    double many = w * w / ww, rate = xx > 0 ? xy / xx : 0;
    bool significant = rate * rate * xx * many > 9 * rest && fabs(rate) <= RATE_MOST;
    s->rate = significant ? rate : 0;
    s->top = s->bottom = y - s->rate * x;
    return 3 * sqrt(rest / many) + 5000;
}

/* The channel of coarse stamps is a second wide: what is probable, if it lies within. */
static bool probable_line(const struct fit *f, const struct point *p, isize n,
                          struct span span, struct stretch *line) {
    struct strip s = {0};
    double blur = probable(f, span, &s);
    if (blur == 0) return false;
    struct strip hard = strip_at(p, n, s.rate);
    double ahead = s.top;
    if (ahead < hard.bottom - blur || ahead > hard.top + blur) return false;
    i64 whole =
        roundest(f->ahead_us + (i64)(ahead - blur), f->ahead_us + (i64)(ahead + blur));
    bool round = s.rate == 0 && whole % 1000000 == 0;
    line->rate = s.rate;
    line->ahead_us = round ? whole : f->ahead_us + (i64)llround(ahead);
    line->blur_us = (i64)blur;
    return true;
}

static struct stretch line_through(const struct fit *f, const struct point *p, isize n,
                                   struct span span) {
    struct strip flat = strip_at(p, n, 0), best = widest(p, n, INFINITY);
    struct stretch line = {.at_us = f->at_us, .blur_us = WAY_US};
    if (width(&best) > CHANNEL_WIDE_US && probable_line(f, p, n, span, &line))
        return line;
    if (isfinite(width(&best))) line.blur_us = (i64)fabs(width(&best) / 2) + BLUR_US;
    if (round_one(f, &flat, &line.ahead_us)) return line;
    double enough = width(&best) - fmax(BLUR_US, width(&best) / 4);
    struct strip s = flat;
    if (isfinite(width(&best)) && width(&flat) < enough) {
        double low = 0, high = best.rate;
        s = best;
        for (int i = 0; i < HALVINGS; i++) {
            struct strip try = strip_at(p, n, (low + high) / 2);
            if (width(&try) >= enough) {
                high = try.rate;
                s = try;
            } else {
                low = try.rate;
            }
        }
    }
    line.rate = s.rate;
    line.ahead_us = f->ahead_us + (i64)llround(middle(f, &s));
    return line;
}

/* ---- stretches -------------------------------------------------------------------------------------------- */

/* How many of the points, from the first, one line explains. */
static isize longest(const struct point *p, isize n, double slack) {
    isize good = 1, bad = 2;
    for (; bad <= n && fits(p, bad, slack); bad *= 2) good = bad;
    if (bad > n) {
        if (good == n || fits(p, n, slack)) return n;
        bad = n;
    }
    while (bad - good > 1) {
        isize half = good + (bad - good) / 2;
        if (fits(p, half, slack)) {
            good = half;
        } else {
            bad = half;
        }
    }
    return good;
}

/* Where stretches end; how many there are, 0: too many to mean anything. */
static isize cut(const struct fit *f, double slack, isize *ends) {
    isize n = 0, most = 1 + f->n / TICKS_A_STRETCH;
    for (isize at = 0; at < f->n; ends[n++] = at) {
        if (n == most) return 0;
        bool all = at == 0 && fits(f->points, f->n, slack); /* mostly */
        at += all ? f->n : longest(f->points + at, f->n - at, slack);
    }
    return n;
}

/* A few bounds that fit to nothing before and after them are wrong. */
static bool drop_short(struct fit *f, const isize *ends, isize n) {
    isize kept = 0, was = f->n;
    if (f->n < MANY) return false;
    for (isize i = 0, at = 0; i < n; at = ends[i++]) {
        for (isize k = at; k < ends[i] && ends[i] - at >= SHORT_STRETCH; k++)
            f->points[kept++] = f->points[k];
    }
    f->n = kept;
    return kept < was;
}

static void add(struct stretches *s, struct stretch one) {
    s->rows = base_grow(s->rows, &s->cap, s->n + 1, (isize)sizeof *s->rows);
    s->rows[s->n++] = one;
}

void drift_known(struct stretches *s, i64 ahead_us) {
    add(s, (struct stretch){.from_us = INT64_MIN, .ahead_us = ahead_us});
}

static bool contradicts(const struct tick *t, const struct stretch *line) {
    i64 ahead = drift_ahead(line, 1, t->at_us);
    return ahead < t->low_us - SHORTEST_WAY_US || ahead > t->high_us + SHORTEST_WAY_US;
}

/* When one line gave way to the next: somewhere in both, where the fewest bounds contradict; of equals in the longest
 * silence. */
static i64 border(const struct tick *t, isize n, i64 from, i64 to,
                  const struct stretch *lines) {
    isize i = 0, wrong = 0, best = 0;
    i64 answer = from + (to - from) / 2, silence = 0;
    while (i < n && t[i].at_us < from) i++;
    for (; i + 1 < n && t[i].at_us < to; i++) {
        wrong += contradicts(&t[i], &lines[0]) - contradicts(&t[i], &lines[1]);
        i64 gap = t[i + 1].at_us - t[i].at_us;
        if (wrong > best || (wrong == best && gap <= silence)) continue;
        best = wrong;
        silence = gap;
        answer = t[i].at_us + (gap + 1) / 2;
    }
    return answer;
}

static bool add_lines(struct stretches *s, struct fit *f, const struct tick *t,
                      isize nticks) {
    static const double slacks[] = {1000, 4000, 16000, 64000};
    isize *ends = base_new(f->n / TICKS_A_STRETCH + 1, (isize)sizeof *ends), n = 0;
    for (isize i = 0; i < countof(slacks) && n == 0; i++) {
        n = cut(f, slacks[i], ends);
        if (n > 1 && drop_short(f, ends, n)) n = cut(f, slacks[i], ends);
    }
    for (isize i = 0, at = 0; i < n; at = ends[i++]) {
        const struct point *p = f->points + at, *last = f->points + ends[i] - 1;
        struct span span =
            span_of(t, nticks, f->at_us + (i64)p->x, f->at_us + (i64)last->x);
        add(s, line_through(f, p, ends[i] - at, span));
    }
    struct stretch *lines = s->rows + s->n - n;
    for (isize i = 0; i < n; i++) {
        isize from = i > 1 ? ends[i - 2] : 0, to = ends[i] - 1;
        lines[i].from_us = INT64_MIN;
        if (i)
            lines[i].from_us = border(t, nticks, f->at_us + (i64)f->points[from].x,
                                      f->at_us + (i64)f->points[to].x, &lines[i - 1]);
    }
    base_free(ends);
    return n > 0;
}

i64 drift_fit(struct stretches *s, struct tick *ticks, isize n) {
    isize i = 1;
    while (i < n && by_time(&ticks[i - 1], &ticks[i]) <= 0) i++;
    if (i < n) qsort(ticks, (size_t)n, sizeof *ticks, by_time);
    struct fit f = {.n = 0};
    isize kept = drop_odd(ticks, n);
    if (kept) {
        f.at_us = ticks[0].at_us;
        f.ahead_us = ticks[0].low_us;
        f.points = base_new(kept, (isize)sizeof *f.points);
        take_bounds(&f, ticks, kept);
    }
    isize before = s->n;
    bool fitted = f.n && add_lines(s, &f, ticks, kept);
    i64 blur = fitted ? 0 : -1;
    if (!fitted) drift_known(s, densest(ticks, kept ? kept : n));
    for (isize k = before; k < s->n && fitted; k++)
        blur = i64_max(blur, s->rows[k].blur_us);
    base_free(f.points);
    return blur;
}

i64 drift_ahead(const struct stretch *rows, isize n, i64 own_us) {
    isize low = 0, high = n; /* rows[low] begins at own_us or before */
    while (high - low > 1) {
        isize half = low + (high - low) / 2;
        if (rows[half].from_us <= own_us) {
            low = half;
        } else {
            high = half;
        }
    }
    const struct stretch *s = &rows[low];
    if (s->rate == 0) return s->ahead_us;
    return s->ahead_us + (i64)llround(s->rate * (double)(own_us - s->at_us));
}
