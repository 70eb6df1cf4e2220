#include "base/time.h"

static int days_in_month(int year, int month) {
    static const u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool civil_valid(const struct civil *c) {
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12) return false;
    if (c->day < 1 || c->day > days_in_month(c->year, c->month)) return false;
    if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59) return false;
    return c->second >= 0 && c->second <= 60 && c->us >= 0 && c->us < US_PER_S;
}

/* Days since 1970-01-01, counting years from March so that the leap day is the last of its year. */
static i64 days_from_civil(int year, int month, int day) {
    i64 y = year - (month <= 2);
    i64 era = (y >= 0 ? y : y - 399) / 400;
    i64 year_of_era = y - era * 400;
    i64 day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    i64 day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

i64 time_from_civil(const struct civil *c) {
    i64 s = days_from_civil(c->year, c->month, c->day) * 86400;
    s += c->hour * 3600 + c->minute * 60 + c->second;
    return s * US_PER_S + c->us;
}

struct civil time_to_civil(i64 us) {
    i64 days = us / US_PER_DAY, rest = us % US_PER_DAY;
    if (rest < 0) {
        rest += US_PER_DAY;
        days--;
    }
    i64 z = days + 719468;
    i64 era = (z >= 0 ? z : z - 146096) / 146097;
    i64 day_of_era = z - era * 146097;
    i64 year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    i64 day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    i64 shifted = (5 * day_of_year + 2) / 153; /* March is 0 */
    struct civil c = {0};
    c.day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    c.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    c.year = (int)(year_of_era + era * 400 + (c.month <= 2));
    i64 seconds = rest / US_PER_S;
    c.hour = (int)(seconds / 3600);
    c.minute = (int)(seconds / 60 % 60);
    c.second = (int)(seconds % 60);
    c.us = (int)(rest % US_PER_S);
    return c;
}

str time_iso(arena *a, i64 us) {
    struct civil c = time_to_civil(us);
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year, c.month, c.day,
                        c.hour, c.minute, c.second, c.us);
}

int month_from_name(str name) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (name.n != 3) return 0;
    for (int month = 1; month <= 12; month++) {
        str want = {(const u8 *)names + 3 * (month - 1), 3};
        if (str_eq_nocase(name, want)) return month;
    }
    return 0;
}

/* `n` digits at `at`, or -1. */
static int digits(str s, isize at, isize n) {
    int value = 0;
    if (at + n > s.n) return -1;
    for (isize i = at; i < at + n; i++) {
        if (!is_digit(s.p[i])) return -1;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

static bool byte_is(str s, isize at, u8 c) {
    return at < s.n && s.p[at] == c;
}

struct time_read time_read_iso(str s, i32 zone_s) {
    struct time_read bad = {0}, r = {.precision_us = 1000000};
    bool dated = byte_is(s, 4, '-') && byte_is(s, 7, '-') &&
                 (byte_is(s, 10, 'T') || byte_is(s, 10, 't') || byte_is(s, 10, ' '));
    if (!dated || !byte_is(s, 13, ':') || !byte_is(s, 16, ':')) return bad;
    struct civil c = {digits(s, 0, 4),
                      digits(s, 5, 2),
                      digits(s, 8, 2),
                      digits(s, 11, 2),
                      digits(s, 14, 2),
                      digits(s, 17, 2),
                      0};
    if (!civil_valid(&c)) return bad;
    isize at = 19;
    if (byte_is(s, at, '.')) {
        int weight = 1000000;
        for (at++; at < s.n && is_digit(s.p[at]); at++) {
            weight /= 10;
            c.us += (s.p[at] - '0') * weight;
            if (weight) r.precision_us = (u32)weight;
        }
    }
    i64 zone = zone_s;
    if (byte_is(s, at, 'Z') || byte_is(s, at, 'z')) {
        zone = 0;
        at++;
    } else if ((byte_is(s, at, '+') || byte_is(s, at, '-')) && byte_is(s, at + 3, ':')) {
        int hours = digits(s, at + 1, 2), minutes = digits(s, at + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad;
        zone = hours * 3600 + minutes * 60;
        if (s.p[at] == '-') zone = -zone;
        at += 6;
    }
    r.us = time_from_civil(&c) - zone * US_PER_S;
    r.n = at;
    r.ok = true;
    return r;
}
