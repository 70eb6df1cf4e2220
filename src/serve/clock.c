#include "serve/clock.h"

#include <time.h>

i64 clock_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (i64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
