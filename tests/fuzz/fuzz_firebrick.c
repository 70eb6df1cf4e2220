/* A FireBrick log, whole and in pieces: the same messages, the same counts. The first byte chooses the
 * sizes of the pieces. Every message that says where it stands stands there. */
#include "base/base.h"
#include "input/recorder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The log at hand, so that places can be compared. */
static str whole_log;

static void check_sighting(void *ctx, const struct sighting *s) {
    must(s->bytes.n > 0);
    if (s->at != SIGHTING_NOWHERE) {
        must(s->at <= (u64)whole_log.n);
        must(str_eq(str_sub(whole_log, (isize)s->at, s->bytes.n), s->bytes));
    }
    recorder_sighting(ctx, s);
}

static struct recorder *read_log(str log, u32 seed) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    struct source source = {.name = S("a.log"), .kind = SOURCE_DEVICE_LOG};
    struct firebrick f;
    u8 *copy = malloc((size_t)log.n + 1);
    must(copy);
    if (log.n) memcpy(copy, log.p, (size_t)log.n);
    sink.sighting = check_sighting;
    firebrick_init(&f, &sink, sink.source(sink.ctx, &source));
    f.in_place = true;
    for (isize at = 0; at < log.n;) {
        seed = seed * 1664525 + 1013904223;
        isize n = seed ? 1 + (isize)(seed >> 24) % 40 : log.n;
        if (n > log.n - at) n = log.n - at;
        u8 *piece = malloc((size_t)n); /* of exactly its size */
        must(piece);
        memcpy(piece, copy + at, (size_t)n);
        firebrick_feed(&f, (str){piece, n});
        free(piece);
        at += n;
    }
    firebrick_finish(&f);
    must(f.line >= 1 && f.offset == (u64)log.n);
    firebrick_drop(&f);
    free(copy);
    return r;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    if (size == 0) return 0;
    whole_log = (str){data + 1, (isize)size - 1};
    struct recorder *whole = read_log(whole_log, 2654435769U);
    struct recorder *split = read_log(whole_log, data[0]);
    must(recorder_same(whole, split));
    recorder_close(whole);
    recorder_close(split);
    return 0;
}
