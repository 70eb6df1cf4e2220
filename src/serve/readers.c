/* readers.c: stores for reading, kept for the next request: opening one costs more than a look-up. A request has
 * one to itself. */
#include "serve/inner.h"

enum { IDLE_MAX = 8, BOOT = 16 << 20, CACHE_MIB = 8 };

static void reader_close(struct reader *r) {
    if (r->store) store_close(r->store);
    arena_close(&r->view);
    arena_close(&r->boot);
    base_free(r);
}

struct reader *reader_take(struct server *s) {
    pthread_mutex_lock(&s->lock);
    struct reader *r = s->idle;
    if (r) {
        s->idle = r->next;
        s->nidle--;
    }
    pthread_mutex_unlock(&s->lock);
    if (r) return r;
    r = heap_new(struct reader);
    r->view = arena_open_view();
    r->boot = arena_open(BOOT);
    return r;
}

void reader_give(struct server *s, struct reader *r) {
    arena_reset(&r->view);
    pthread_mutex_lock(&s->lock);
    bool keep = s->nidle < IDLE_MAX && !r->failed;
    if (keep) {
        r->next = s->idle;
        s->idle = r;
        s->nidle++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!keep) reader_close(r);
}

struct store *reader_store(struct server *s, struct reader *r, str *sentence) {
    if (r->store) return r->store;
    if (store_open(&r->store, s->o.db, STORE_READ, &r->boot, sentence) == ERR_OK) {
        store_cache(r->store, CACHE_MIB);
        return r->store;
    }
    *sentence = arena_copy(&r->view, *sentence); /* it outlives the reader's own memory */
    r->failed = true;
    r->store = NULL;
    return NULL;
}

void readers_close(struct server *s) {
    while (s->idle) {
        struct reader *r = s->idle;
        s->idle = r->next;
        reader_close(r);
    }
}
