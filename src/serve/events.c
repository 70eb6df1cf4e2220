#include "serve/events.h"

#include "serve/inner.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
    CALLS_MAX = 200, /* in one event */
    PAGES_MAX = 100,
    FRAMES = 256,          /* in the ring, */
    RING_BYTES = 16 << 20, /* and no more than this */
    FRAME_MS = 500,
    STATUS_MS = 5000,
    ALIVE_MS = 15000,
    RECENT_MS = 3000, /* a page hears what changed while it was loading */
    BLOCK = 32 << 10,
    ID_MAX = 32,
};

struct pending {
    u8 id[ID_MAX];
    isize nid;
    bool gone; /* without json */
    struct out json;
};

struct frame {
    struct out bytes;
    i64 made_ms;
};

struct events {
    pthread_mutex_t lock; /* over everything */
    pthread_cond_t news;  /* a frame was made, or the end has come */
    pthread_cond_t work;  /* something is pending */
    pthread_t thread;
    struct pending *pending;
    isize npending;
    bool more;
    i64 told_ms; /* when the last calls were */
    struct frame *ring;
    u64 first, next; /* frame n is ring[n % FRAMES] */
    isize bytes;
    int pages;
    bool stopping;
    events_status *status;
    void *ctx;
};

struct stream {
    struct events *events;
    u64 at;       /* the frame it reads */
    isize offset; /* in it */
    bool greeted;
    i64 alive_ms;
};

/* ---- time --------------------------------------------------------------------------------------- */

static i64 now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_until(struct events *e, pthread_cond_t *c, i64 ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    pthread_cond_timedwait(c, &e->lock, &t);
}

/* ---- the ring (all with the lock held) -------------------------------------------------------------- */

static struct frame *frame_of(struct events *e, u64 n) {
    return &e->ring[n % FRAMES];
}

static void drop_oldest(struct events *e) {
    struct frame *f = frame_of(e, e->first++);
    e->bytes -= f->bytes.n;
    out_drop(&f->bytes);
}

/* Takes the bytes. */
static void put_frame(struct events *e, struct out *bytes) {
    while (e->next - e->first == FRAMES ||
           (e->next > e->first && e->bytes + bytes->n > RING_BYTES)) {
        drop_oldest(e);
    }
    *frame_of(e, e->next++) = (struct frame){*bytes, now_ms()};
    e->bytes += bytes->n;
    *bytes = (struct out){0};
    pthread_cond_broadcast(&e->news);
}

/* A line break would end the data; in JSON it stands between tokens only. */
static void put_line(struct out *o, str json) {
    for (isize i = 0; i < json.n; i++) {
        u8 c = json.p[i];
        out_byte(o, c == '\n' || c == '\r' ? ' ' : c);
    }
}

static void put_gone(struct out *o, const struct events *e, isize n) {
    if (n == 0) return;
    o->comma = true;
    json_begin_array(o, "gone");
    for (isize i = 0; i < e->npending; i++) {
        const struct pending *p = &e->pending[i];
        if (p->gone) json_str(o, NULL, (str){p->id, p->nid});
    }
    json_end_array(o);
}

static void put_calls(struct events *e) {
    struct out o = {0};
    out_z(&o, "event: calls\ndata: {\"calls\":[");
    isize ngone = 0;
    for (isize i = 0; i < e->npending; i++) {
        struct pending *p = &e->pending[i];
        ngone += p->gone;
        if (!p->gone && i > ngone) out_byte(&o, ',');
        if (!p->gone) put_line(&o, out_str(&p->json));
        out_drop(&p->json);
    }
    out_byte(&o, ']');
    put_gone(&o, e, ngone);
    out_z(&o, e->more ? ",\"more\":true}\n\n" : "}\n\n");
    e->npending = 0;
    e->more = false;
    put_frame(e, &o);
}

static void change(struct events *e, str id, str json) {
    pthread_mutex_lock(&e->lock);
    isize i = 0;
    id = str_sub(id, 0, ID_MAX);
    while (i < e->npending && !str_eq(id, (str){e->pending[i].id, e->pending[i].nid}))
        i++;
    if (i == CALLS_MAX) {
        e->more = true;
    } else {
        struct pending *p = &e->pending[i];
        if (i == e->npending) {
            *p = (struct pending){.nid = id.n};
            if (id.n) memcpy(p->id, id.p, (size_t)id.n);
            e->npending++;
        }
        p->json.n = 0;
        p->gone = json.n == 0;
        out_bytes(&p->json, json);
        if (e->npending == 1) pthread_cond_signal(&e->work);
    }
    pthread_mutex_unlock(&e->lock);
}

void events_call(struct events *e, str id, str json) {
    change(e, id, json);
}

void events_gone(struct events *e, str id) {
    change(e, id, (str){0});
}

/* ---- the thread that makes frames ---------------------------------------------------------------- */

static void put_status(struct events *e) {
    struct out data = {0}, o = {0};
    pthread_mutex_unlock(&e->lock); /* it reads the database */
    e->status(e->ctx, &data);
    out_z(&o, "event: status\ndata: ");
    put_line(&o, out_str(&data));
    out_z(&o, "\n\n");
    out_drop(&data);
    pthread_mutex_lock(&e->lock);
    put_frame(e, &o);
}

static void *run(void *arg) {
    struct events *e = arg;
    pthread_mutex_lock(&e->lock);
    i64 status_ms = now_ms() + STATUS_MS;
    while (!e->stopping) {
        i64 now = now_ms(), wake = status_ms;
        if (e->npending && now >= e->told_ms + FRAME_MS) {
            put_calls(e);
            e->told_ms = now;
        }
        if (e->npending) wake = i64_min(wake, e->told_ms + FRAME_MS);
        if (now >= status_ms) {
            if (e->pages) put_status(e);
            status_ms = now_ms() + STATUS_MS;
            continue;
        }
        wait_until(e, &e->work, wake);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* ---- one page ------------------------------------------------------------------------------------ */

static isize copy(char *to, size_t max, str from) {
    isize n = i64_min((isize)max, from.n);
    if (n) memcpy(to, from.p, (size_t)n);
    return n;
}

/* What the page has not heard yet, with the lock held; 0: nothing; -1: it has fallen behind. */
static isize next_bytes(struct stream *s, char *to, size_t max) {
    struct events *e = s->events;
    if (!s->greeted) {
        s->greeted = true;
        return copy(to, max, S("retry: 2000\n\n"));
    }
    if (s->at < e->first) return -1;
    if (s->at < e->next) {
        str bytes = out_str(&frame_of(e, s->at)->bytes);
        isize n = copy(to, max, str_from(bytes, s->offset));
        s->offset += n;
        if (s->offset == bytes.n) {
            s->at++;
            s->offset = 0;
        }
        return n;
    }
    if (now_ms() >= s->alive_ms) return copy(to, max, S(": still here\n\n"));
    return 0;
}

static ssize_t on_read(void *cls, uint64_t at, char *to, size_t max) {
    (void)at;
    struct stream *s = cls;
    struct events *e = s->events;
    ssize_t result = MHD_CONTENT_READER_END_OF_STREAM;
    pthread_mutex_lock(&e->lock);
    while (!e->stopping) {
        isize n = next_bytes(s, to, max);
        if (n) {
            result = n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
            s->alive_ms = now_ms() + ALIVE_MS;
            break;
        }
        wait_until(e, &e->news, s->alive_ms);
    }
    pthread_mutex_unlock(&e->lock);
    return result;
}

static void on_end(void *cls) {
    struct stream *s = cls;
    pthread_mutex_lock(&s->events->lock);
    s->events->pages--;
    pthread_mutex_unlock(&s->events->lock);
    base_free(s);
}

struct MHD_Response *events_stream(struct events *e) {
    struct stream *s = heap_new(struct stream);
    pthread_mutex_lock(&e->lock);
    bool room = e->pages < PAGES_MAX && !e->stopping;
    if (room) e->pages++;
    s->events = e;
    s->alive_ms = now_ms() + ALIVE_MS;
    s->at = e->next;
    while (s->at > e->first && frame_of(e, s->at - 1)->made_ms > now_ms() - RECENT_MS)
        s->at--;
    pthread_mutex_unlock(&e->lock);
    struct MHD_Response *m = room ? MHD_create_response_from_callback(
                                        MHD_SIZE_UNKNOWN, BLOCK, on_read, s, on_end)
                                  : NULL;
    if (room && !m) on_end(s);
    if (!room) base_free(s);
    return m;
}

/* ---- beginning and end --------------------------------------------------------------------------- */

struct events *events_open(arena *boot, events_status *status, void *ctx) {
    struct events *e = arena_new(boot, struct events, 1);
    pthread_condattr_t attr;
    *e = (struct events){.status = status, .ctx = ctx};
    e->pending = arena_new(boot, struct pending, CALLS_MAX + 1);
    e->ring = arena_new(boot, struct frame, FRAMES);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->news, &attr);
    pthread_cond_init(&e->work, &attr);
    pthread_condattr_destroy(&attr);
    must(pthread_create(&e->thread, NULL, run, e) == 0);
    (void)pthread_setname_np(e->thread, "events");
    return e;
}

void events_stop(struct events *e) {
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    pthread_cond_broadcast(&e->news);
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
}

void events_close(struct events *e) {
    while (e->first < e->next) drop_oldest(e);
    for (isize i = 0; i < e->npending; i++) out_drop(&e->pending[i].json);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->news);
    pthread_cond_destroy(&e->work);
}
