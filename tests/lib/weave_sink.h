/* weave_sink.h: from files straight into a weave; damage is told on stderr. What is passed over shows as messages that are
 * missing. */
#ifndef SIPWEAVE_TESTS_WEAVE_SINK_H
#define SIPWEAVE_TESTS_WEAVE_SINK_H

#include "input/input.h"
#include "link/link.h"

#include <stdio.h>

static inline u32 weave_sink_source(void *ctx, const struct source *s) {
    return weave_source(ctx, s);
}
static inline void weave_sink_sighting(void *ctx, const struct sighting *s) {
    (void)weave_add(ctx, s);
}
static inline void weave_sink_skipped(void *ctx, enum skip_reason reason, u64 place,
                                      u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}
static inline void weave_sink_damage(void *ctx, str sentence) {
    (void)ctx;
    fprintf(stderr, "%.*s\n", (int)sentence.n, (const char *)sentence.p);
}

/* The sink borrows the weave. */
static inline struct input_sink weave_sink(struct weave *w) {
    return (struct input_sink){w, weave_sink_source, weave_sink_sighting,
                               weave_sink_skipped, weave_sink_damage};
}

#endif
