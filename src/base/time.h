/* time.h: civil time as arithmetic. Instants are microseconds since 1970-01-01T00:00:00Z (i64).
 * Nothing here reads a clock or knows a time zone beyond a fixed offset. */
#ifndef SIPWEAVE_TIME_H
#define SIPWEAVE_TIME_H

#include "base/arena.h"

#define US_PER_S   ((i64)1000000)
#define US_PER_DAY (86400 * US_PER_S)

struct civil {
    int year, month, day; /* month 1 to 12, day 1 to 31 */
    int hour, minute, second;
    int us;
};

/* False where a field is out of range (a second may be 60: a leap second reads as the next one). */
bool civil_valid(const struct civil *c);
i64 time_from_civil(const struct civil *c);
struct civil time_to_civil(i64 us);

/* "2014-07-26T08:54:02.000000Z" */
str time_iso(arena *a, i64 us);
/* The month of "Jan" to "Dec" (any case), 0 where it is none. */
int month_from_name(str name);

/* RFC 3339 as RFC 5424 §6.2.3 uses it: date, "T" or a blank, time, optional fraction, then "Z", an offset, or
 * nothing (then `zone_s` counts, seconds east of UTC). *precision_us is 1000000 without a fraction,
 * else the weight of its last digit (never below 1). ok is false on anything else. */
struct time_read {
    i64 us;
    u32 precision_us;
    isize n; /* bytes read */
    bool ok;
};
struct time_read time_read_iso(str s, i32 zone_s);

#endif
