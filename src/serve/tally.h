/* tally.h: a sink that counts what goes through it, for people: messages by source, skips by reason. It also keeps the
 * numbers of sources apart from those of the sink behind it, which may be replaced. */
#ifndef SIPWEAVE_SERVE_TALLY_H
#define SIPWEAVE_SERVE_TALLY_H

#include "base/out.h"
#include "trace/sighting.h"

#include <pthread.h>

enum {
    TALLY_SOURCES = 10000, /* as many are told apart */
    TALLY_DAMAGE = 4096,   /* bytes of sentences */
};

struct tally_source {
    str name, device;
    enum source_kind kind;
    u64 messages;
    i64 last_us; /* by its own clock */
};

struct tally {
    pthread_mutex_t lock;
    arena names;
    struct tally_source *sources;
    isize n, cap;
    struct skips skips;
    struct out damage; /* the newest sentences, a line each */
};

void tally_init(struct tally *t);
void tally_drop(struct tally *t);
/* Numbers by name and kind. */
u32 tally_source(struct tally *t, const struct source *s);
void tally_damage(struct tally *t, str lines);
void tally_skip(struct tally *t, enum skip_reason reason, u64 place, u64 bytes);
/* The arrays of /api/v1/status. */
void tally_skips_write(struct tally *t, struct out *o);
void tally_damage_write(struct tally *t, struct out *o);
void tally_sources_write(struct tally *t, struct out *o);

/* A sink in front of another. Sources are announced there when they are first heard of after tap_turn. */
struct tap {
    struct tally *tally;
    struct input_sink to;
    arena names; /* of the sources */
    struct tap_source {
        struct source source;
        u32 in_tally, there;
        bool announced;
    } * sources;
    isize n, cap;
    bool (*before)(void *ctx,
                   const struct sighting
                       *s); /* asked before each sighting; false: it is passed over */
    void *ctx;
};
void tap_open(struct tap *t, struct tally *tally);
void tap_turn(struct tap *t, struct input_sink to); /* {0}: nobody is behind it */
struct input_sink tap_sink(struct tap *t);
void tap_drop(struct tap *t);

#endif
