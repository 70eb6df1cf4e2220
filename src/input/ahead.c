/* ahead.c: one thread reads, parses and hashes, the caller's takes what came of it, in its order.
 *
 *     file ──> sink_* ──> batch ──> batch ──> batch ──> caller: source, parsed, skipped, damage
 *              reader     being     ready     being
 *                         filled              taken
 *
 * A batch holds copies of the messages' bytes, the messages parsed from these copies, and the order of everything that
 * happened. There are few batches, so however large the file is, little of it is in memory. Who is faster waits, and is
 * woken when half of the batches are there for it: waking costs as much as a hundred messages.
 *
 * A source gets its number from the caller's sink, so the reader waits for it; there are few of them. */
#include "input/input.h"

#include "sip/sip.h"
#include "trace/trace.h"

#include <pthread.h>
#include <string.h>

enum {
    BATCHES = 8,
    ENOUGH = BATCHES / 2,
    MESSAGES = 128, /* a batch is full with so many messages, events, or bytes */
    EVENTS = 1024,
    BYTES = 256 * 1024,
};

enum event_kind {
    EVENT_SOURCE,
    EVENT_MESSAGE,
    EVENT_NO_MESSAGE,
    EVENT_SKIPPED,
    EVENT_DAMAGE
};

struct event {
    enum event_kind kind;
    enum skip_reason reason;
    u64 place, bytes; /* of what was skipped */
    str sentence;     /* in the batch's bytes */
    const struct source *source;
};

struct batch {
    struct event events[EVENTS];
    struct sighting sightings[MESSAGES];
    struct sip_msg messages[MESSAGES];
    isize nevents, nmessages, nbytes, cap_bytes;
    u8 *bytes;
};

struct ahead {
    const char *path;
    const struct input_options *options;
    arena *boot;
    str *sentence;
    enum err result;
    struct batch *batches;
    isize filling, taking; /* each of one thread alone */
    pthread_mutex_t lock;  /* of what follows */
    pthread_cond_t change;
    isize ready; /* batches that are filled and not taken yet */
    bool reader_waits, caller_waits, ended;
    bool asked; /* the reader waits for the number of a source */
    u32 answer;
};

/* Parses one, and works out what else needs nothing but its bytes. False: it is no SIP after all. */
static bool read_message(struct sighting *s, struct sip_msg *m) {
    struct fail f;
    enum err e = sip_msg_parse(m, s->bytes, &f);
    bool sip = e == ERR_OK || e == ERR_MORE;
    if (sip) s->content = trace_content(s->bytes, m);
    return sip;
}

/* ---- the reader ----------------------------------------------------------------------------------- */

/* Gives the batch at hand away; `now`: what is in it is waited for. */
static void publish(struct ahead *g, bool now) {
    pthread_mutex_lock(&g->lock);
    g->ready++;
    if (g->caller_waits && (now || g->ready >= ENOUGH))
        pthread_cond_broadcast(&g->change);
    if (g->ready == BATCHES) {
        g->reader_waits = true;
        while (g->ready > ENOUGH) pthread_cond_wait(&g->change, &g->lock);
        g->reader_waits = false;
    }
    pthread_mutex_unlock(&g->lock);
    g->filling = (g->filling + 1) % BATCHES;
    struct batch *b = &g->batches[g->filling];
    b->nevents = b->nmessages = b->nbytes = 0;
}

/* The batch at hand, with room for one more event and so many bytes. */
static struct batch *room_for(struct ahead *g, isize n) {
    struct batch *b = &g->batches[g->filling];
    bool full = b->nevents == EVENTS || b->nmessages == MESSAGES ||
                (b->nevents && n > BYTES - b->nbytes);
    if (full) {
        publish(g, false);
        b = &g->batches[g->filling];
    }
    /* slices point into the bytes: they may move only while there are none */
    if (b->nbytes == 0)
        b->bytes = base_grow(b->bytes, &b->cap_bytes, i64_max(n, BYTES), 1);
    return b;
}

static str put_bytes(struct batch *b, str bytes) {
    must(bytes.n <= b->cap_bytes - b->nbytes);
    u8 *p = b->bytes + b->nbytes;
    if (bytes.n) memcpy(p, bytes.p, (size_t)bytes.n);
    b->nbytes += bytes.n;
    return (str){p, bytes.n};
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct batch *b = room_for(ctx, s->bytes.n);
    struct sighting *mine = &b->sightings[b->nmessages];
    *mine = *s;
    mine->bytes = put_bytes(b, s->bytes);
    bool sip = read_message(mine, &b->messages[b->nmessages]);
    b->events[b->nevents++].kind = sip ? EVENT_MESSAGE : EVENT_NO_MESSAGE;
    b->nmessages++;
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct batch *b = room_for(ctx, 0);
    b->events[b->nevents++] = (struct event){
        .kind = EVENT_SKIPPED, .reason = reason, .place = place, .bytes = bytes};
}

static void on_damage(void *ctx, str sentence) {
    struct batch *b = room_for(ctx, sentence.n);
    b->events[b->nevents++] =
        (struct event){.kind = EVENT_DAMAGE, .sentence = put_bytes(b, sentence)};
}

static u32 on_source(void *ctx, const struct source *s) {
    struct ahead *g = ctx;
    struct batch *b = room_for(g, 0);
    b->events[b->nevents++] = (struct event){.kind = EVENT_SOURCE, .source = s};
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
        while (g->ready < ENOUGH && !g->ended && !(g->asked && g->ready))
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

static void take_batch(struct ahead *g, const struct batch *b,
                       const struct input_sink *sink, input_parsed *parsed) {
    isize nth = 0;
    for (isize i = 0; i < b->nevents; i++) {
        const struct event *e = &b->events[i];
        switch (e->kind) {
        case EVENT_SOURCE: tell_number(g, sink->source(sink->ctx, e->source)); break;
        case EVENT_MESSAGE:
            parsed(sink->ctx, &b->sightings[nth], &b->messages[nth]);
            nth++;
            break;
        case EVENT_NO_MESSAGE: parsed(sink->ctx, &b->sightings[nth++], NULL); break;
        case EVENT_SKIPPED:
            sink->skipped(sink->ctx, e->reason, e->place, e->bytes);
            break;
        case EVENT_DAMAGE: sink->damage(sink->ctx, e->sentence); break;
        }
    }
}

/* ---- in turn ---------------------------------------------------------------------------------------- */

struct in_turn {
    const struct input_sink *sink;
    input_parsed *parsed;
};

static u32 turn_source(void *ctx, const struct source *s) {
    const struct in_turn *g = ctx;
    return g->sink->source(g->sink->ctx, s);
}

static void turn_sighting(void *ctx, const struct sighting *s) {
    const struct in_turn *g = ctx;
    struct sighting mine = *s;
    struct sip_msg m;
    bool sip = read_message(&mine, &m);
    g->parsed(g->sink->ctx, &mine, sip ? &m : NULL);
}

static void turn_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    const struct in_turn *g = ctx;
    g->sink->skipped(g->sink->ctx, reason, place, bytes);
}

static void turn_damage(void *ctx, str sentence) {
    const struct in_turn *g = ctx;
    g->sink->damage(g->sink->ctx, sentence);
}

enum err input_file_parse(const char *path, const struct input_options *o,
                          const struct input_sink *sink, input_parsed *parsed,
                          int threads, arena *boot, str *sentence) {
    struct ahead g = {.path = path, .options = o, .boot = boot, .sentence = sentence};
    pthread_t reader;
    pthread_mutex_init(&g.lock, NULL);
    pthread_cond_init(&g.change, NULL);
    g.batches = threads > 1 ? base_new(BATCHES, (isize)sizeof *g.batches) : NULL;
    if (threads > 1 && pthread_create(&reader, NULL, read_all, &g) == 0) {
        for (const struct batch *b; (b = take_next(&g)); give_back(&g))
            take_batch(&g, b, sink, parsed);
        pthread_join(reader, NULL);
    } else {
        struct in_turn turn = {sink, parsed};
        struct input_sink by_turns = {&turn, turn_source, turn_sighting, turn_skipped,
                                      turn_damage};
        g.result = input_file_read(path, o, &by_turns, boot, sentence);
    }
    for (isize i = 0; g.batches && i < BATCHES; i++) base_free(g.batches[i].bytes);
    base_free(g.batches);
    pthread_cond_destroy(&g.change);
    pthread_mutex_destroy(&g.lock);
    return g.result;
}
