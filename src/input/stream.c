#include "input/parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is read at once stays in a core's cache until it is parsed, so it is less than the window, and where nothing has to stay it goes to
 * the front of it again and again. */
enum { WINDOW_FIRST = 128 * 1024, WINDOW = 1024 * 1024, READ_MOST = 128 * 1024 };

/* Makes room: of what was given only the history stays. */
static void forget_old(struct stream *s) {
    isize forget = s->at - s->history;
    must(forget > 0);
    if (s->n > forget) memmove(s->buf, s->buf + forget, (size_t)(s->n - forget));
    s->n -= forget;
    s->at -= forget;
    s->base += (u64)forget;
}

/* Reads once, behind what is there. */
static void fill(struct stream *s) {
    bool again = s->history == 0 && s->at >= READ_MOST;
    if (again || (s->n == s->cap && s->cap == WINDOW)) forget_old(s);
    if (s->n == s->cap) {
        isize wider = s->cap ? WINDOW : WINDOW_FIRST;
        s->buf = base_grow(s->buf, &s->cap, wider, 1);
    }
    ssize_t got;
    do got = read(s->fd, s->buf + s->n, (size_t)i64_min(s->cap - s->n, READ_MOST));
    while (got < 0 && errno == EINTR);
    if (got < 0) s->error = errno;
    if (got <= 0)
        s->ended = true;
    else
        s->n += got;
}

str stream_sniff(struct stream *s) {
    while (!s->ended && s->n < STREAM_SNIFF) fill(s);
    return (str){s->buf, s->n};
}

str stream_take(struct stream *s, isize n) {
    while (!s->ended && s->at == s->n) fill(s);
    str part = str_sub((str){s->buf, s->n}, s->at, n);
    s->at += part.n;
    return part;
}

str stream_next(struct stream *s) {
    return stream_take(s, WINDOW);
}

str stream_look(struct stream *s, isize n) {
    must(n <= STREAM_WHOLE);
    while (!s->ended && s->n - s->at < n) fill(s);
    return str_from((str){s->buf, s->n}, s->at);
}

void stream_skip(struct stream *s, isize n) {
    must(n <= s->n - s->at);
    s->at += n;
}

u64 stream_offset(const struct stream *s) {
    return s->base + (u64)s->at;
}

bool stream_had(const struct stream *s, u64 offset, str bytes) {
    if (offset < s->base || offset - s->base > (u64)s->n) return false;
    str there = str_sub((str){s->buf, s->n}, (isize)(offset - s->base), bytes.n);
    return str_eq(there, bytes);
}

void stream_drop(struct stream *s) {
    base_free(s->buf);
    s->buf = NULL;
    s->n = s->at = s->cap = 0;
}
