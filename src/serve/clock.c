#include "serve/clock.h"

i64 clock_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (i64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

i64 clock_steady_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct timespec clock_steady_after_ms(i64 ms) {
    i64 at = clock_steady_ms() + ms;
    return (struct timespec){.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
}
