/* recorder.h: an input_sink that keeps all that comes, as text: one line a sighting, so that two runs
 * are compared as two strings and a difference can be read.
 *
 *     boxless.log 3 1406364842000000/1000000 192.0.2.1:5060>192.0.2.9:5060 udp rx 0 - <17:OPTIONS …>
 */
#ifndef SIPWEAVE_TESTS_RECORDER_H
#define SIPWEAVE_TESTS_RECORDER_H

#include "base/out.h"
#include "input/input.h"

#include <string.h>

enum { RECORDER_SOURCES = 64 };

struct recorder {
    struct out text;   /* the sightings, without their places */
    struct out places; /* line and offset of each */
    struct out damage;
    struct skips skips;
    isize n, nsources, ncut, nnowhere, misread;
    struct source sources[RECORDER_SOURCES];
    struct out names[RECORDER_SOURCES], devices[RECORDER_SOURCES];
    arena scratch;
    struct sighting last; /* its bytes are in last_bytes */
    struct out last_bytes;
};

static inline u32 recorder_source(void *ctx, const struct source *s) {
    struct recorder *r = ctx;
    must(r->nsources < RECORDER_SOURCES);
    isize i = r->nsources++;
    out_bytes(&r->names[i], s->name);
    out_bytes(&r->devices[i], s->device);
    r->sources[i] = *s;
    r->sources[i].name = out_str(&r->names[i]);
    r->sources[i].device = out_str(&r->devices[i]);
    return (u32)i;
}

/* What the source gives back for a sighting has to be what came with it. */
static inline void recorder_reread(struct recorder *r, const struct sighting *s) {
    const struct source *from = &r->sources[s->source];
    arena a = r->scratch;
    if (s->at == SIGHTING_NOWHERE) {
        r->nnowhere++;
        return;
    }
    must(from->read);
    if (!str_eq(from->read(from->read_ctx, s->at, (u32)s->bytes.n, &a), s->bytes))
        r->misread++;
}

static inline void recorder_sighting(void *ctx, const struct sighting *s) {
    static const char *const vantages[] = {"wire", "rx", "tx"};
    struct recorder *r = ctx;
    arena a = r->scratch;
    must(s->source < (u32)r->nsources);
    str src = endpoint_text(&a, &s->src), dst = endpoint_text(&a, &s->dst);
    out_bytes(&r->text, r->sources[s->source].name);
    out_printf(&r->text, " %lld/%u %.*s>%.*s %s %s %d %s <%lld:", (long long)s->time_us,
               s->precision_us, (int)src.n, src.p, (int)dst.n, dst.p,
               transport_text(s->transport), vantages[s->vantage], s->attempt,
               s->cut ? "cut" : "-", (long long)s->bytes.n);
    out_bytes(&r->text, s->bytes);
    out_z(&r->text, ">\n");
    out_printf(&r->places, "%llu@%lld ", (unsigned long long)s->line, (long long)s->at);
    r->n++;
    r->ncut += s->cut;
    if (r->sources[s->source].read || s->at == SIGHTING_NOWHERE) recorder_reread(r, s);
    r->last = *s;
    r->last_bytes.n = 0;
    out_bytes(&r->last_bytes, s->bytes);
    r->last.bytes = out_str(&r->last_bytes);
}

static inline void recorder_skipped(void *ctx, enum skip_reason reason, u64 place,
                                    u64 bytes) {
    struct recorder *r = ctx;
    if (r->skips.n[reason]++ == 0) r->skips.first[reason] = place;
    r->skips.bytes[reason] += bytes;
}

static inline void recorder_damage(void *ctx, str sentence) {
    struct recorder *r = ctx;
    out_bytes(&r->damage, sentence);
    out_byte(&r->damage, '\n');
}

static inline struct input_sink recorder_sink(struct recorder *r) {
    return (struct input_sink){r, recorder_source, recorder_sighting, recorder_skipped,
                               recorder_damage};
}

static inline struct recorder *recorder_open(void) {
    isize cap = 0;
    struct recorder *r = base_grow(NULL, &cap, (isize)sizeof *r, 1);
    r->scratch = arena_open(16 << 20);
    return r;
}

static inline void recorder_close(struct recorder *r) {
    for (isize i = 0; i < r->nsources; i++) {
        out_drop(&r->names[i]);
        out_drop(&r->devices[i]);
    }
    out_drop(&r->text);
    out_drop(&r->places);
    out_drop(&r->damage);
    out_drop(&r->last_bytes);
    arena_close(&r->scratch);
    base_free(r);
}

/* "other-line 3/120@7 " for each reason: what was passed over, as one string. */
static inline void recorder_skips(const struct recorder *r, struct out *o) {
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (r->skips.n[i] == 0) continue;
        out_printf(o, "%s %llu/%llu@%llu ", skip_name((enum skip_reason)i),
                   (unsigned long long)r->skips.n[i],
                   (unsigned long long)r->skips.bytes[i],
                   (unsigned long long)r->skips.first[i]);
    }
}

/* Do two runs agree in everything? */
static inline bool recorder_same(const struct recorder *a, const struct recorder *b) {
    struct out skips_a = {0}, skips_b = {0};
    recorder_skips(a, &skips_a);
    recorder_skips(b, &skips_b);
    bool same = str_eq(out_str(&a->text), out_str(&b->text)) &&
                str_eq(out_str(&a->places), out_str(&b->places)) &&
                str_eq(out_str(&skips_a), out_str(&skips_b)) &&
                str_eq(out_str(&a->damage), out_str(&b->damage));
    out_drop(&skips_a);
    out_drop(&skips_b);
    return same;
}

#endif
