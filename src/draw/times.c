/* times.c: times as people read them. A stamp shows the digits that its source gave, and no more. */
#include "base/time.h"
#include "draw/layout.h"

#include <stdio.h>

/* Decimals that a precision carries: 3 at most, which is what a gutter has room for. */
static int decimals(u32 precision_us) {
    if (precision_us >= 1000000) return 0;
    if (precision_us >= 100000) return 1;
    if (precision_us >= 10000) return 2;
    return 3;
}

str time_relative(arena *a, i64 us, u32 precision_us) {
    static const i64 unit[] = {1000000, 100000, 10000, 1000};
    int digits = decimals(precision_us);
    const char *sign = us < 0 ? "-" : digits ? "" : "+";
    if (us < 0) us = us == INT64_MIN ? INT64_MAX : -us;
    i64 a_second = US_PER_S / unit[digits], ticks = us / unit[digits];
    long long s = ticks / a_second, rest = ticks % a_second;
    long long h = s / 3600, m = s / 60 % 60;
    if (h >= 1000)
        return arena_printf(a, "%s%lld d", sign, h / 24 < 9999 ? h / 24 : 9999);
    if (h >= 10) digits = 0; /* the gutter has no room for them */
    char tail[16] = "";
    if (digits) snprintf(tail, sizeof tail, ".%0*lld", digits, rest);
    if (h) return arena_printf(a, "%s%lld:%02lld:%02lld%s", sign, h, m, s % 60, tail);
    if (m) return arena_printf(a, "%s%lld:%02lld%s", sign, m, s % 60, tail);
    if (digits) return arena_printf(a, "%s%02lld%s", sign, s, tail);
    return arena_printf(a, "%s%02lld s", sign, s);
}

str time_span(arena *a, i64 us, u32 precision_us) {
    us = i64_max(0, i64_min(us, INT64_MAX / 2));
    bool about = precision_us >= 1000000;
    long long tenths = (us + 50000) / 100000, s = (us + 500000) / US_PER_S;
    if (!about && us < US_PER_S)
        return arena_printf(a, "%lld ms", (long long)(us / 1000));
    if (!about && tenths < 600)
        return arena_printf(a, "%lld.%lld s", tenths / 10, tenths % 10);
    if (s < 60) return arena_printf(a, "\u2248 %lld s", s);
    if (s < 600 && s % 60) return arena_printf(a, "%lld min %lld s", s / 60, s % 60);
    if (s < 3600) return arena_printf(a, "%lld min", s / 60);
    long long minutes = s / 60;
    if (minutes < 600 && minutes % 60)
        return arena_printf(a, "%lld h %lld min", minutes / 60, minutes % 60);
    if (minutes < 2880) return arena_printf(a, "%lld h", minutes / 60);
    return arena_printf(a, "%lld d", minutes / 1440 < 9999 ? minutes / 1440 : 9999);
}

static struct civil local(i64 us, i32 zone_s) {
    us = i64_max(INT64_MIN / 4, i64_min(us, INT64_MAX / 4));
    return time_to_civil(us + zone_s * US_PER_S);
}

str time_clock(arena *a, i64 us, i32 zone_s) {
    struct civil c = local(us, zone_s);
    return arena_printf(a, "%02d:%02d:%02d", c.hour, c.minute, c.second);
}

str time_date(arena *a, i64 us, i32 zone_s) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = local(us, zone_s);
    return arena_printf(a, "%d %.3s %d", c.day, months + 3 * (c.month - 1), c.year);
}
