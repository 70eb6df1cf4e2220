/* stamp.c: the time at the start of a log line, in the three shapes that reach us:
 *
 *     27 Jul 2014 08:02:21            FireBrick's own
 *     2014-07-27T08:02:21.123456Z     RFC 5424, and syslog daemons that were told to
 *     Jul 27 08:02:21                 RFC 3164: no year
 */
#include "input/parts.h"

#include "base/time.h"

/* A cursor on a line; after the first thing that does not fit, ok is false. */
struct scan {
    str s;
    isize at;
    bool ok;
};

static bool scan_is(const struct scan *c, u8 byte) {
    return c->at < c->s.n && c->s.p[c->at] == byte;
}

static void scan_byte(struct scan *c, u8 byte) {
    c->ok = c->ok && scan_is(c, byte);
    c->at++;
}

/* A number of at least `from` and at most `to` digits. */
static int scan_number(struct scan *c, int from, int to) {
    int value = 0, n = 0;
    while (n < to && c->at < c->s.n && is_digit(c->s.p[c->at])) {
        value = value * 10 + (c->s.p[c->at++] - '0');
        n++;
    }
    c->ok = c->ok && n >= from;
    return value;
}

static int scan_month(struct scan *c) {
    int month = month_from_name(str_sub(c->s, c->at, 3));
    c->ok = c->ok && month > 0;
    c->at += 3;
    return month;
}

/* hh:mm:ss, perhaps with a fraction; gives the precision. */
static u32 scan_clock(struct scan *c, struct civil *t) {
    int weight = (int)US_PER_S;
    u32 precision = (u32)US_PER_S;
    t->hour = scan_number(c, 2, 2);
    scan_byte(c, ':');
    t->minute = scan_number(c, 2, 2);
    scan_byte(c, ':');
    t->second = scan_number(c, 2, 2);
    if (!scan_is(c, '.')) return precision;
    for (c->at++; c->at < c->s.n && is_digit(c->s.p[c->at]); c->at++) {
        weight /= 10;
        t->us += (c->s.p[c->at] - '0') * weight;
        if (weight) precision = (u32)weight;
    }
    return precision;
}

/* A stamp ends at a blank or at the line's end. */
static struct stamp scan_end(struct scan *c, i64 us, u32 precision) {
    if (c->at < c->s.n && !is_blank(c->s.p[c->at]) && c->s.p[c->at] != '\r' &&
        c->s.p[c->at] != '\n')
        return (struct stamp){0};
    while (c->at < c->s.n && is_blank(c->s.p[c->at])) c->at++;
    return (struct stamp){us, precision, c->at};
}

struct stamp stamp_firebrick(str line, i32 zone_s) {
    struct scan c = {.s = line, .ok = true};
    struct civil t = {0};
    if (scan_is(&c, ' ')) c.at++; /* a day padded to two places */
    t.day = scan_number(&c, 1, 2);
    scan_byte(&c, ' ');
    if (!c.ok) return (struct stamp){0}; /* most lines end here */
    t.month = scan_month(&c);
    scan_byte(&c, ' ');
    t.year = scan_number(&c, 4, 4);
    scan_byte(&c, ' ');
    u32 precision = scan_clock(&c, &t);
    if (!c.ok || !civil_valid(&t)) return (struct stamp){0};
    return scan_end(&c, time_from_civil(&t) - zone_s * US_PER_S, precision);
}

struct stamp stamp_iso(str line, i32 zone_s) {
    struct time_read r = {0};
    if (line.n && is_digit(line.p[0])) r = time_read_iso(line, zone_s);
    if (!r.ok) return (struct stamp){0};
    struct scan c = {.s = line, .at = r.n, .ok = true};
    return scan_end(&c, r.us, r.precision_us);
}

/* The latest year in which the day exists and is not more than a day after now_us. A 29 February
 * is at most eight years back. */
static bool year_choose(struct civil *t, i64 now_us, i32 zone_s) {
    int latest = time_to_civil(now_us).year + 1;
    for (t->year = latest; t->year >= latest - 9; t->year--) {
        if (!civil_valid(t)) continue;
        if (time_from_civil(t) - zone_s * US_PER_S <= now_us + US_PER_DAY) return true;
    }
    return false;
}

struct stamp stamp_bsd(str line, i64 now_us, i32 zone_s) {
    struct scan c = {.s = line, .ok = true};
    struct civil t = {0};
    t.month = scan_month(&c);
    scan_byte(&c, ' ');
    if (!c.ok) return (struct stamp){0};
    if (scan_is(&c, ' ')) c.at++;
    t.day = scan_number(&c, 1, 2);
    scan_byte(&c, ' ');
    if (c.at + 4 < line.n && line.p[c.at + 4] == ' ') { /* as Cisco writes it */
        t.year = scan_number(&c, 4, 4);
        scan_byte(&c, ' ');
    }
    u32 precision = scan_clock(&c, &t);
    if (!c.ok) return (struct stamp){0};
    if (t.year ? !civil_valid(&t) : !year_choose(&t, now_us, zone_s))
        return (struct stamp){0};
    return scan_end(&c, time_from_civil(&t) - zone_s * US_PER_S, precision);
}
