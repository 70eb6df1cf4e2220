#include "draw/facts.h"

#include "base/time.h"
#include "draw/layout.h"

#include <math.h>

i64 fact_leg_ring_us(const struct leg *l) {
    i64 end = l->answer_us >= 0 ? l->answer_us : l->end_us;
    return l->ring_us >= 0 && end >= l->ring_us ? end - l->ring_us : -1;
}

i64 fact_leg_talk_us(const struct leg *l) {
    return l->answer_us >= 0 && l->end_us >= l->answer_us ? l->end_us - l->answer_us : -1;
}

u32 fact_precision(const struct call *c) {
    u32 coarsest = c->precision_us ? c->precision_us : 1;
    for (isize i = 0; c->messages && i < c->nmessages; i++) {
        if (c->messages[i].precision_us > coarsest)
            coarsest = c->messages[i].precision_us;
    }
    return coarsest;
}

str fact_span(arena *a, i64 us, u32 precision_us) {
    if (us < 0) return (str){0};
    return time_span(a, us, precision_us);
}

str fact_span_ms(arena *a, i64 ms, u32 precision_us) {
    return fact_span(a, ms > INT64_MAX / 1000 ? -1 : ms * 1000, precision_us);
}

str fact_zone(arena *a, i32 zone_s) {
    if (zone_s == 0) return S("UTC");
    int minutes = zone_s / 60;
    char sign = minutes < 0 ? '-' : '+';
    if (minutes < 0) minutes = -minutes;
    return arena_printf(a, "%c%02d:%02d", sign, minutes / 60, minutes % 60);
}

str fact_when(arena *a, i64 us, i32 zone_s) {
    if (us < 0) return S("at an unknown time");
    str date = time_date(a, us, zone_s), clock = time_clock(a, us, zone_s),
        zone = fact_zone(a, zone_s);
    return arena_printf(a, "%.*s %.*s %.*s", (int)date.n, (const char *)date.p,
                        (int)clock.n, (const char *)clock.p, (int)zone.n,
                        (const char *)zone.p);
}

str fact_state(arena *a, enum call_state s, int status) {
    if (status < 300) return str_z(call_state_text(s));
    return arena_printf(a, "%s %d", call_state_text(s), status);
}

str fact_count(arena *a, i64 n, const char *one, const char *many) {
    return arena_printf(a, "%lld %s", (long long)n, n == 1 ? one : many);
}

str fact_device(const struct call *c, int device) {
    if (device < 0 || device >= c->ndevices) return S("unknown");
    return c->devices[device].name;
}

str fact_who(str number) {
    return number.n ? number : S("unknown");
}

str fact_why(arena *a, const struct leg *l) {
    if (l->parent <= 0) return S("where it begins");
    double sure = isfinite(l->confidence) ? 100 * l->confidence : 0;
    if (sure > 99.99) sure = 99.99; /* nothing here is ever certain */
    str why = arena_printf(a, "leg %d, %.*f %%", l->parent, sure > 99.9 ? 2 : 1, sure);
    if (l->nevidence == 0) return why;
    str text = str_sub(l->evidence[0].text, 0, 1024);
    return arena_printf(a, "%.*s: %.*s", (int)why.n, (const char *)why.p, (int)text.n,
                        (const char *)text.p);
}
