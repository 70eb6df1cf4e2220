/* behind.c: when people are told that linking does not keep up: at a minute, at each doubling, and when it is over. */
#include "serve/worker_inner.h"

#include <stdio.h>

enum {
    BEHIND_MS = 60000,
    CAUGHT_UP_MS = 10000,
};

bool behind_news(i64 *told_ms, struct behind b, char *text, size_t room) {
    if (*told_ms && b.ms < CAUGHT_UP_MS) {
        *told_ms = 0;
        snprintf(text, room, "linking has caught up");
        return true;
    }
    if (b.ms < BEHIND_MS || b.ms < 2 * *told_ms) return false;
    *told_ms = b.ms;
    snprintf(text, room,
             "linking is %lld min behind: %llu messages are kept and not yet linked into "
             "calls; more come than can be linked, and the oldest are linked first",
             (long long)(b.ms / 60000), (unsigned long long)b.messages);
    return true;
}
