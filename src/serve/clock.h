/* clock.h: what time it is, for those who may ask: microseconds since 1970 UTC. */
#ifndef SIPWEAVE_CLOCK_H
#define SIPWEAVE_CLOCK_H

#include "base/base.h"

#include <time.h>

i64 clock_now_us(void);
/* A clock that is never set, for waiting: milliseconds since some time, and a moment for pthread_cond_timedwait. */
i64 clock_steady_ms(void);
struct timespec clock_steady_after_ms(i64 ms);

#endif
