#include "serve/tally.h"

#include "base/time.h"

void tally_init(struct tally *t) {
    *t = (struct tally){.names = arena_open((isize)64 << 20)};
    pthread_mutex_init(&t->lock, NULL);
}

void tally_drop(struct tally *t) {
    base_free(t->sources);
    out_drop(&t->damage);
    arena_close(&t->names);
    pthread_mutex_destroy(&t->lock);
}

/* With the lock held. Past the most that are told apart, all others are one. */
static u32 number_of(struct tally *t, const struct source *s) {
    for (isize i = 0; i < t->n; i++) {
        if (t->sources[i].kind == s->kind && str_eq(t->sources[i].name, s->name))
            return (u32)i;
    }
    if (t->n == TALLY_SOURCES) return TALLY_SOURCES - 1;
    t->sources = base_grow(t->sources, &t->cap, t->n + 1, (isize)sizeof *t->sources);
    struct tally_source *mine = &t->sources[t->n];
    *mine = (struct tally_source){.name = S("others"), .kind = s->kind};
    if (t->n < TALLY_SOURCES - 1) {
        mine->name = arena_copy(&t->names, str_sub(s->name, 0, 1000));
        mine->device = arena_copy(&t->names, str_sub(s->device, 0, 1000));
    }
    return (u32)t->n++;
}

u32 tally_source(struct tally *t, const struct source *s) {
    pthread_mutex_lock(&t->lock);
    u32 n = number_of(t, s);
    pthread_mutex_unlock(&t->lock);
    return n;
}

void tally_skips_write(struct tally *t, struct out *o) {
    json_begin_array(o, "skipped");
    pthread_mutex_lock(&t->lock);
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (!t->skips.n[i]) continue;
        json_begin_object(o, NULL);
        json_z(o, "reason", skip_name((enum skip_reason)i));
        json_z(o, "text", skip_text((enum skip_reason)i));
        json_i64(o, "count", (i64)t->skips.n[i]);
        json_end_object(o);
    }
    pthread_mutex_unlock(&t->lock);
    json_end_array(o);
}

/* Whole lines are forgotten, the oldest first. */
void tally_damage(struct tally *t, str lines) {
    pthread_mutex_lock(&t->lock);
    struct out all = {0};
    out_bytes(&all, out_str(&t->damage));
    out_bytes(&all, lines);
    str keep = out_str(&all);
    while (keep.n > TALLY_DAMAGE && str_find(keep, '\n') >= 0)
        keep = str_cut(keep, '\n').tail;
    t->damage.n = 0;
    out_bytes(&t->damage, keep);
    out_drop(&all);
    pthread_mutex_unlock(&t->lock);
}

void tally_skip(struct tally *t, enum skip_reason reason, u64 place, u64 bytes) {
    pthread_mutex_lock(&t->lock);
    struct skips *s = &t->skips;
    if (s->n[reason]++ == 0) s->first[reason] = place;
    s->bytes[reason] += bytes;
    pthread_mutex_unlock(&t->lock);
}

void tally_damage_write(struct tally *t, struct out *o) {
    json_begin_array(o, "damage");
    pthread_mutex_lock(&t->lock);
    str rest = out_str(&t->damage);
    while (rest.n) {
        struct str_pair cut = str_cut(rest, '\n');
        if (cut.head.n) json_str(o, NULL, cut.head);
        rest = cut.tail;
    }
    pthread_mutex_unlock(&t->lock);
    json_end_array(o);
}

static const char *kind_text(enum source_kind k) {
    switch (k) {
    case SOURCE_CAPTURE: return "capture";
    case SOURCE_DEVICE_LOG: return "log";
    case SOURCE_SYSLOG: return "syslog";
    case SOURCE_STORE: return "store";
    }
    return "unknown";
}

void tally_sources_write(struct tally *t, struct out *o) {
    json_begin_array(o, "sources");
    pthread_mutex_lock(&t->lock);
    for (isize i = 0; i < t->n; i++) {
        const struct tally_source *s = &t->sources[i];
        u8 room[64];
        arena scratch = {room, room, room + sizeof room};
        json_begin_object(o, NULL);
        json_str(o, "name", s->name);
        json_str(o, "device", s->device);
        json_z(o, "kind", kind_text(s->kind));
        json_i64(o, "messages", (i64)s->messages);
        if (s->messages) {
            json_str(o, "last", time_iso(&scratch, s->last_us));
        } else {
            json_null(o, "last");
        }
        json_end_object(o);
    }
    pthread_mutex_unlock(&t->lock);
    json_end_array(o);
}

/* ---- the tap ------------------------------------------------------------------------------------ */

static u32 on_source(void *ctx, const struct source *s) {
    struct tap *t = ctx;
    for (isize i = 0; i < t->n; i++) {
        const struct source *have = &t->sources[i].source;
        if (have->kind == s->kind && str_eq(have->name, s->name)) return (u32)i;
    }
    t->sources = base_grow(t->sources, &t->cap, t->n + 1, (isize)sizeof *t->sources);
    struct tap_source *mine = &t->sources[t->n];
    *mine = (struct tap_source){.source = *s, .in_tally = tally_source(t->tally, s)};
    mine->source.name = arena_copy(&t->names, s->name);
    mine->source.device = arena_copy(&t->names, s->device);
    return (u32)t->n++;
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct tap *t = ctx;
    if (!t->to.ctx || (t->before && !t->before(t->ctx, s))) return;
    struct tap_source *from = &t->sources[s->source];
    if (!from->announced) {
        from->there = t->to.source(t->to.ctx, &from->source);
        from->announced = true;
    }
    struct sighting mine = *s;
    mine.source = from->there;
    t->to.sighting(t->to.ctx, &mine);
    pthread_mutex_lock(&t->tally->lock);
    struct tally_source *row = &t->tally->sources[from->in_tally];
    row->messages++;
    row->last_us = i64_max(row->last_us, s->time_us);
    pthread_mutex_unlock(&t->tally->lock);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct tap *t = ctx;
    if (t->to.ctx) t->to.skipped(t->to.ctx, reason, place, bytes);
    tally_skip(t->tally, reason, place, bytes);
}

static void on_damage(void *ctx, str sentence) {
    struct tap *t = ctx;
    if (t->to.ctx) t->to.damage(t->to.ctx, sentence);
}

void tap_open(struct tap *t, struct tally *tally) {
    *t = (struct tap){.tally = tally, .names = arena_open((isize)256 << 20)};
}

void tap_turn(struct tap *t, struct input_sink to) {
    t->to = to;
    for (isize i = 0; i < t->n; i++) t->sources[i].announced = false;
}

struct input_sink tap_sink(struct tap *t) {
    return (struct input_sink){t, on_source, on_sighting, on_skipped, on_damage};
}

void tap_drop(struct tap *t) {
    base_free(t->sources);
    arena_close(&t->names);
}
