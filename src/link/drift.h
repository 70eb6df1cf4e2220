/* drift.h: how far one clock is ahead of another, over time. Private to clock.c.
 *
 *     ticks: what each message in both sources says          stretches: the simplest lines through them
 *
 *     ahead │      ┬ ┴          ┬ ┴   ┬  upper bounds         │             ______
 *           │  ┴ ┬     ┬  ┴ ┬     ┴   ┴  lower ones      ───> │  ________---
 *           └────────────────────────── own clock            └────────────────── */
#ifndef SIPWEAVE_LINK_DRIFT_H
#define SIPWEAVE_LINK_DRIFT_H

#include "base/base.h"

enum {
    WAY_US = 200000,
    CHANNEL_WIDE_US = 100000, /* stamps are coarse */
    TICK_LOW = 1,             /* this side is given by the stamps alone … */
    TICK_HIGH = 2
};

/* When the own clock said `at_us`, it was ahead by something within these, ends included. What is not given by the
 * stamps alone is a guess of how long a message may be on its way. */
struct tick {
    i64 at_us, low_us, high_us;
    /* where stamps are coarse: by the places of the lines in their seconds, give or take */
    i64 probable_us, give_us;
    u8 sides;
    u8 known; /* how well it is known which way the message went: 0 not, 1 probably, 2 certainly */
};

/* From from_us of the own clock on it is ahead by ahead_us + rate * (own - at_us). */
struct stretch {
    i64 from_us, at_us, ahead_us;
    double rate;
    i64 blur_us; /* it may be off by so much */
};

struct stretches {
    struct stretch *rows; /* by from_us, the first being INT64_MIN */
    isize n, cap;
};

/* Adds at least one stretch, the first of which begins at INT64_MIN. Reorders the ticks; n > 0. Gives by
 * how much it may be off; -1: no few lines go between the bounds, the answer is a guess. */
i64 drift_fit(struct stretches *s, struct tick *ticks, isize n);

/* Adds one stretch: always ahead by that. */
void drift_known(struct stretches *s, i64 ahead_us);

/* rows[0 .. n) are those of one clock. */
i64 drift_ahead(const struct stretch *rows, isize n, i64 own_us);

#endif
