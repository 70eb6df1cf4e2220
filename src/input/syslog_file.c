/* syslog_file.c: a file in which a syslog daemon saved records, of one host or of many. */
#include "input/parts.h"

#include "base/time.h"

#include <string.h>

enum { SNIFFED_LINES = 64 };

/* One in the first lines that starts as records do, with a program's or host's words after it. */
bool syslog_file_recognise(str head) {
    for (int i = 0; i < SNIFFED_LINES && head.n; i++) {
        struct str_pair line = str_cut(head, '\n');
        if (syslog_line_starts(line.head)) return true;
        head = line.tail;
    }
    return false;
}

/* What stamps without a year are measured by. */
static i64 latest_time(const struct input_job *job) {
    struct civil end = {job->options->base_year, 12, 31, 23, 59, 59, 0};
    return job->options->base_year ? time_from_civil(&end) : job->changed_us;
}

static u64 count_lines(str s) {
    u64 n = 0;
    for (isize at; (at = str_find(s, '\n')) >= 0; s = str_from(s, at + 1)) n++;
    return n;
}

/* Bytes that are not yet a whole record, and the line they start at. */
struct saved {
    struct input_job *job;
    struct syslog *syslog;
    u8 *bytes;
    isize n, cap;
    u64 line;
    i64 latest_us;
};

static void records_take(struct saved *s, bool last) {
    isize at = 0, used;
    str record, all = {s->bytes, s->n};
    while (syslog_lines_next(str_from(all, at), last, syslog_line_starts, &record,
                             &used) != ERR_MORE) {
        syslog_feed_at(s->syslog, record, NULL, s->latest_us, s->line);
        s->line += count_lines(str_sub(all, at, used));
        at += used;
    }
    if (at) memmove(s->bytes, s->bytes + at, (size_t)(s->n - at));
    s->n -= at;
}

enum err syslog_file_read(struct input_job *job) {
    enum { PATIENCE_S = 2 }; /* stamps may be whole seconds */
    struct saved s = {.job = job, .line = 1, .latest_us = latest_time(job)};
    s.syslog = syslog_open(job->sink, job->options->zone_s);
    syslog_saved(s.syslog,
                 arena_printf(job->boot, "%.*s:", (int)job->name.n, job->name.p),
                 PATIENCE_S * US_PER_S);
    for (str piece; (piece = stream_next(&job->in)).n;) {
        s.bytes = base_grow(s.bytes, &s.cap, s.n + piece.n, 1);
        memcpy(s.bytes + s.n, piece.p, (size_t)piece.n);
        s.n += piece.n;
        records_take(&s, false);
    }
    records_take(&s, true);
    syslog_close(s.syslog);
    base_free(s.bytes);
    return ERR_OK;
}
