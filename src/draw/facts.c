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

str fact_confidence(arena *a, double c) {
    if (!isfinite(c)) c = 0;
    if (c > 0.9999) c = 0.9999; /* nothing here is ever certain */
    const char *words = c >= 0.999  ? "practically certain"
                        : c >= 0.99 ? "very likely"
                        : c >= 0.9  ? "likely"
                        : c >= 0.2  ? "possible"
                                    : "unlikely";
    int decimals = c >= 0.999 ? 2 : c >= 0.99 ? 1 : 0;
    return arena_printf(a, "%s (%.*f %%)", words, decimals, 100 * c);
}

str fact_how_sure(arena *a, const struct leg *l) {
    if (l->parent <= 0) return S("where it begins");
    str sure = fact_confidence(a, l->confidence);
    return arena_printf(a, "leg %d, %.*s", l->parent, (int)sure.n, (const char *)sure.p);
}

str fact_bits(arena *a, double bits) {
    if (!isfinite(bits)) return S("by hand");
    return arena_printf(a, "%+.1f bits", bits);
}

str fact_maybe_place(arena *a, const struct maybe *m) {
    if (m->below) return arena_printf(a, "would hang on leg %d", m->leg);
    return arena_printf(a, "leg %d would hang on it", m->leg);
}

/* "leg 5", or "leg 70hck944fybya" where it is in another call. */
static str leg_name(arena *a, const struct call *c, str id, bool *here) {
    for (isize i = 0; i < c->nlegs; i++) {
        *here = str_eq(c->legs[i].id, id);
        if (*here) return arena_printf(a, "leg %d", c->legs[i].n);
    }
    *here = false;
    return arena_printf(a, "leg %.*s", (int)i64_min(id.n, 40),
                        id.n ? (const char *)id.p : "");
}

str fact_decision(arena *a, const struct call *c, const struct decision *d) {
    bool mine, there;
    str leg = leg_name(a, c, d->leg, &mine), other = leg_name(a, c, d->other, &there);
    const char *how = "was joined to";
    if (d->kind == DECISION_SPLIT) how = "was taken out of the call of";
    if (d->kind == DECISION_SPLIT && there && !mine)
        return arena_printf(a, "%.*s was taken out of this call", (int)leg.n,
                            (const char *)leg.p);
    return arena_printf(a, "%.*s %s %.*s", (int)leg.n, (const char *)leg.p, how,
                        (int)other.n, (const char *)other.p);
}

const char *fact_related(enum related_kind k) {
    switch (k) {
    case RELATED_SECOND_ATTEMPT: return "second attempt";
    case RELATED_CALL_BACK: return "call back";
    case RELATED_CONFERENCE: return "same conference";
    case RELATED_QUEUE: return "same queue";
    case RELATED_NAMED: return "named in it";
    case RELATED_COUNT: break;
    }
    return "related";
}
