/* clock.h: what time it is, for those who may ask: microseconds since 1970 UTC. */
#ifndef SIPWEAVE_CLOCK_H
#define SIPWEAVE_CLOCK_H

#include "base/base.h"

i64 clock_now_us(void);

#endif
