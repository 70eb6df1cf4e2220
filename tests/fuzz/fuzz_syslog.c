/* Syslog as a stream: framing makes progress and stays inside; the records are read and fed to the hosts'
 * readers. A stream given in two parts frames the same. */
#include "base/base.h"
#include "input/recorder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { MANY_SOURCES = RECORDER_SOURCES - 1 };

/* The recorder's table is small: what is past it is one source. */
static u32 some_source(void *ctx, const struct source *s) {
    struct recorder *r = ctx;
    must(s->kind == SOURCE_SYSLOG && s->name.n > 0 && s->read == NULL);
    if (r->nsources == MANY_SOURCES) return MANY_SOURCES - 1;
    return recorder_source(ctx, s);
}

static void record_check(str record) {
    struct syslog_record r = syslog_record_read(record, 1406448141000000, 3600);
    must(str_inside(r.text, record) && str_inside(r.tagged, record));
    must(str_inside(r.host, record) && str_inside(r.program, record));
    must(r.priority >= -1 && r.priority <= 191);
    must(r.text.n <= r.tagged.n && r.tagged.n <= record.n);
}

/* Frames the stream as it comes in, `step` bytes at a time. */
static struct recorder *read_stream(str stream, isize step) {
    struct recorder *r = recorder_open();
    struct input_sink sink = recorder_sink(r);
    sink.source = some_source;
    struct syslog *s = syslog_open(&sink, 0);
    struct endpoint from = {.ip = {192, 0, 2, 1}, .port = 514, .family = 4};
    isize have = 0, at = 0;
    i64 now = 1406448141000000;
    for (;;) {
        str record = {0}, window = str_sub(stream, at, have - at);
        isize used;
        bool last = have == stream.n;
        enum err e = syslog_frame_next(window, last, &record, &used);
        if (e == ERR_MORE) {
            must(used == 0);
            if (last) break;
            have = have + step < stream.n ? have + step : stream.n;
            continue;
        }
        must(used > 0 && used <= window.n && str_inside(record, window));
        record_check(record);
        now += record.n * 1000; /* long records take long: some are too late */
        syslog_feed(s, record, &from, now);
        at += used;
    }
    must(at == stream.n);
    syslog_tick(s, now + 1000000);
    isize given = r->n;
    syslog_close(s);
    must(r->n == given); /* nothing waits longer than a tick */
    return r;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    if (size == 0) return 0;
    u8 *copy = malloc(size); /* of exactly its size */
    must(copy);
    memcpy(copy, data + 1, size - 1);
    str stream = {copy, (isize)size - 1};
    record_check(stream);
    struct recorder *whole = read_stream(stream, stream.n + 1);
    struct recorder *split = read_stream(stream, data[0] + 1);
    must(recorder_same(whole, split));
    recorder_close(whole);
    recorder_close(split);
    free(copy);
    return 0;
}
