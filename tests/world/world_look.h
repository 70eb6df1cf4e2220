/* world_look.h: for the tests of the world: reading what was written as anybody would, by eye. */
#ifndef SIPWEAVE_TESTS_WORLD_LOOK_H
#define SIPWEAVE_TESTS_WORLD_LOOK_H

#include <stdlib.h>
#include <string.h>

#include "world.h"

static inline struct world_plan everything(uint64_t seed) {
    return (struct world_plan){.seed = seed,
                               .calls_per_second = 20,
                               .calls = 400,
                               .hints = 255,
                               .withheld = 0.1,
                               .one_number = 0.1,
                               .dialler = true,
                               .ivr = 0.3,
                               .hunt = 0.3,
                               .rewritten = 0.3,
                               .desks_out = 0.3,
                               .forks = 0.3,
                               .recorders = 0.3,
                               .gateways = 0.3,
                               .proxies = 0.4,
                               .hiding = 0.2,
                               .transfers = 0.4,
                               .related = 0.1,
                               .media_kept = 0.3,
                               .conference = 0.05,
                               .tenants = true,
                               .background = true,
                               .nat = true,
                               .network_loss = 0.01,
                               .odd_flows = 0.4};
}

static inline bool begins(const struct world *w, const struct world_msg *m,
                          const char *with) {
    size_t n = strlen(with);
    return m->n >= n && memcmp(w->text + m->at, with, n) == 0;
}

static inline bool has(const struct world *w, const struct world_msg *m,
                       const char *what) {
    return memmem(w->text + m->at, m->n, what, strlen(what)) != NULL;
}

static inline int status(const struct world *w, const struct world_msg *m) {
    return begins(w, m, "SIP/2.0 ") ? atoi(w->text + m->at + 8) : 0;
}

static inline struct world_plan plain(void) {
    return (struct world_plan){.seed = 5, .calls_per_second = 20, .calls = 300};
}

#endif
