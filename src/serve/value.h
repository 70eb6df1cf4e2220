/* value.h: values of parameters: statuses, times, zones. Pure: "now" is an argument. */
#ifndef SIPWEAVE_SERVE_VALUE_H
#define SIPWEAVE_SERVE_VALUE_H

#include "base/arena.h"

struct status_range {
    int low, high;
};
/* "486", "4xx", "400-499" */
bool status_read(str text, struct status_range *s);

/* "30", "30s", "5m", "2h", "7d", "1w" */
bool span_read(str text, i64 *us);

/* "now", "-1h", RFC 3339, and what people leave out of it: seconds, the zone (then `zone_s` counts), the time of day.
 * Never 0, which a search takes for "open". */
bool instant_read(str text, i64 now_us, i32 zone_s, i64 *us);

/* "UTC", "+01:00", " 01:00" (a "+" that was not escaped), "-0530": seconds east of UTC. */
bool zone_text_read(str text, i32 *zone_s);

/* "12,31" or "all" of ?unfold=: *all, or the numbers in the arena. */
struct unfold {
    bool all;
    int *numbers;
    isize n;
};
bool unfold_read(struct unfold *f, str text, arena *view);

#endif
