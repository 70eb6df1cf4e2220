/* ahead.c: two threads share the work on one file; the caller's gets all in the order of the file.
 *
 *     file ──> sink_* ──> batch ──> batch ──> batch ──> caller: source, digests, sightings, skipped, damage
 *              reader     being     ready     being
 *                         filled              taken
 *
 * What is made of one message is the same whoever makes it. The reader makes digests (trace/digest.h), which is most of the work, and the
 * caller puts them into its tables. Where the caller is about to run out of work, the reader hands over a batch of sightings as they
 * are, for the caller to do all of the work on: so both are busy to the end, whatever the work costs. A digest is some 300 bytes,
 * and all batches together fit a core's cache.
 *
 * There are few batches, so however large the file is, little of it is in memory. Who is faster waits, and is woken when a few
 * batches are there for it: waking costs as much as a hundred messages. A source gets its number from the caller's sink, so the
 * reader waits for it; there are few of them. */
#include "input/input.h"

#include "trace/trace.h"

#include <pthread.h>
#include <string.h>

enum {
    BATCHES = 8,
    ENOUGH = BATCHES / 2,
    FEW = 2,        /* batches that the caller has: it is about to run out of work */
    MESSAGES = 128, /* a batch is full with so many messages, events, or bytes */
    EVENTS = 256,
    BYTES = 128 * 1024,
    ROOM = 256 << 20, /* for one message and what is made of it, however large */
};

enum event_kind {
    EVENT_SOURCE,
    EVENT_DIGESTS,
    EVENT_SIGHTINGS,
    EVENT_SKIPPED,
    EVENT_DAMAGE
};

struct event {
    enum event_kind kind;
    enum skip_reason reason;
    isize n;          /* messages, one after the other */
    u64 place, bytes; /* of what was skipped */
    str sentence;     /* in the batch's room */
    const struct source *source;
};

struct batch {
    struct event events[EVENTS];
    struct digest *digests[MESSAGES];
    struct sighting *sightings[MESSAGES];
    isize nevents, ndigests, nsightings;
    bool as_is; /* sightings, not digests */
    arena room; /* of all that stands here */
};

struct ahead {
    const char *path;
    const struct input_options *options;
    const struct input_sink *sink;
    const struct input_ahead *how;
    arena *boot;
    str *sentence;
    enum err result;
    struct batch *batches;
    isize filling, taking; /* each of one thread alone */
    bool keep;             /* bytes too: some source cannot give them again */
    pthread_mutex_t lock;  /* of what follows */
    pthread_cond_t change;
    isize ready; /* batches that are filled and not taken yet */
    bool reader_waits, caller_waits, ended;
    bool asked; /* the reader waits for the number of a source */
    u32 answer;
};

/* ---- the reader ----------------------------------------------------------------------------------- */

/* Gives the batch at hand away; `now`: what is in it is waited for. */
static void publish(struct ahead *g, bool now) {
    pthread_mutex_lock(&g->lock);
    g->ready++;
    if (g->caller_waits && (now || g->ready > FEW)) pthread_cond_broadcast(&g->change);
    if (g->ready == BATCHES) {
        g->reader_waits = true;
        while (g->ready > ENOUGH) pthread_cond_wait(&g->change, &g->lock);
        g->reader_waits = false;
    }
    bool few = g->ready <= FEW;
    pthread_mutex_unlock(&g->lock);
    g->filling = (g->filling + 1) % BATCHES;
    struct batch *b = &g->batches[g->filling];
    b->nevents = b->ndigests = b->nsightings = 0;
    b->as_is = few;
    arena_reset(&b->room);
}

/* The batch at hand, with room for one more event. */
static struct batch *room_for(struct ahead *g) {
    const struct batch *b = &g->batches[g->filling];
    if (b->nevents == EVENTS || b->ndigests + b->nsightings == MESSAGES ||
        b->room.at - b->room.beg >= BYTES)
        publish(g, false);
    return &g->batches[g->filling];
}

static void put_event(struct batch *b, struct event e) {
    must(b->nevents < EVENTS);
    b->events[b->nevents++] = e;
}

/* One more of these. */
static void put_one(struct batch *b, enum event_kind kind) {
    struct event *last = b->nevents ? &b->events[b->nevents - 1] : NULL;
    if (last && last->kind == kind)
        last->n++;
    else
        put_event(b, (struct event){.kind = kind, .n = 1});
}

static void put_digest(struct ahead *g, struct batch *b, const struct sighting *s) {
    struct digest *d = arena_new(&b->room, struct digest, 1);
    if (!g->how->digest(d, s, &b->room)) {
        put_event(b, (struct event){.kind = EVENT_SKIPPED,
                                    .reason = SKIP_NOT_SIP,
                                    .place = s->line,
                                    .bytes = (u64)s->bytes.n});
        return;
    }
    digest_detach(d, g->keep || s->at > SEEN_FARTHEST, &b->room);
    b->digests[b->ndigests++] = d;
    put_one(b, EVENT_DIGESTS);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct ahead *g = ctx;
    struct batch *b = room_for(g);
    if (!b->as_is) {
        put_digest(g, b, s);
        return;
    }
    struct sighting *mine = arena_new(&b->room, struct sighting, 1);
    *mine = *s;
    mine->bytes = arena_copy(&b->room, s->bytes);
    b->sightings[b->nsightings++] = mine;
    put_one(b, EVENT_SIGHTINGS);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    put_event(room_for(ctx), (struct event){.kind = EVENT_SKIPPED,
                                            .reason = reason,
                                            .place = place,
                                            .bytes = bytes});
}

static void on_damage(void *ctx, str sentence) {
    struct batch *b = room_for(ctx);
    put_event(b, (struct event){.kind = EVENT_DAMAGE,
                                .sentence = arena_copy(&b->room, sentence)});
}

static u32 on_source(void *ctx, const struct source *s) {
    struct ahead *g = ctx;
    g->keep |= !s->read;
    put_event(room_for(g), (struct event){.kind = EVENT_SOURCE, .source = s});
    pthread_mutex_lock(&g->lock);
    g->asked = true;
    pthread_mutex_unlock(&g->lock);
    publish(g, true);
    pthread_mutex_lock(&g->lock);
    while (g->asked) pthread_cond_wait(&g->change, &g->lock);
    u32 number = g->answer;
    pthread_mutex_unlock(&g->lock);
    return number;
}

static void *read_all(void *ctx) {
    struct ahead *g = ctx;
    struct input_sink sink = {g, on_source, on_sighting, on_skipped, on_damage};
    g->result = input_file_read(g->path, g->options, &sink, g->boot, g->sentence);
    publish(g, true);
    pthread_mutex_lock(&g->lock);
    g->ended = true;
    pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* ---- the caller ------------------------------------------------------------------------------------ */

/* The next batch that is ready; NULL: that was the last. */
static const struct batch *take_next(struct ahead *g) {
    pthread_mutex_lock(&g->lock);
    if (g->ready == 0) {
        g->caller_waits = true;
        while (g->ready <= FEW && !g->ended && !(g->asked && g->ready))
            pthread_cond_wait(&g->change, &g->lock);
        g->caller_waits = false;
    }
    bool some = g->ready > 0;
    pthread_mutex_unlock(&g->lock);
    return some ? &g->batches[g->taking] : NULL;
}

static void give_back(struct ahead *g) {
    g->taking = (g->taking + 1) % BATCHES;
    pthread_mutex_lock(&g->lock);
    g->ready--;
    if (g->reader_waits && g->ready <= ENOUGH) pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
}

static void tell_number(struct ahead *g, u32 number) {
    pthread_mutex_lock(&g->lock);
    g->answer = number;
    g->asked = false;
    pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
}

/* Gives how many were taken. */
static isize take_sightings(const struct input_sink *sink, struct sighting *const *from,
                            isize n) {
    for (isize i = 0; i < n; i++) sink->sighting(sink->ctx, from[i]);
    return n;
}

static void take_batch(struct ahead *g, const struct batch *b) {
    const struct input_sink *sink = g->sink;
    isize ndigests = 0, nsightings = 0;
    for (isize i = 0; i < b->nevents; i++) {
        const struct event *e = &b->events[i];
        switch (e->kind) {
        case EVENT_SOURCE: tell_number(g, sink->source(sink->ctx, e->source)); break;
        case EVENT_DIGESTS:
            g->how->take(sink->ctx, b->digests + ndigests, e->n);
            ndigests += e->n;
            break;
        case EVENT_SIGHTINGS:
            nsightings += take_sightings(sink, b->sightings + nsightings, e->n);
            break;
        case EVENT_SKIPPED:
            sink->skipped(sink->ctx, e->reason, e->place, e->bytes);
            break;
        case EVENT_DAMAGE: sink->damage(sink->ctx, e->sentence); break;
        }
    }
}

enum err input_file_ahead(const char *path, const struct input_options *o,
                          const struct input_sink *sink, const struct input_ahead *how,
                          arena *boot, str *sentence) {
    struct ahead g = {.path = path,
                      .options = o,
                      .sink = sink,
                      .how = how,
                      .boot = boot,
                      .sentence = sentence};
    pthread_t reader;
    pthread_mutex_init(&g.lock, NULL);
    pthread_cond_init(&g.change, NULL);
    g.batches = base_new(BATCHES, (isize)sizeof *g.batches);
    for (isize i = 0; i < BATCHES; i++) g.batches[i].room = arena_open(ROOM);
    if (pthread_create(&reader, NULL, read_all, &g) == 0) {
        for (const struct batch *b; (b = take_next(&g)); give_back(&g)) take_batch(&g, b);
        pthread_join(reader, NULL);
    } else {
        g.result = input_file_read(path, o, sink, boot, sentence);
    }
    for (isize i = 0; i < BATCHES; i++) arena_close(&g.batches[i].room);
    base_free(g.batches);
    pthread_cond_destroy(&g.change);
    pthread_mutex_destroy(&g.lock);
    return g.result;
}
