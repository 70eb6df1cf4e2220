#include "serve/shelf.h"

#include "serve/near.h"

enum {
    HELD_MAX = 4, /* calls … */
    MESSAGES_MAX =
        100000, /* … and messages in all of them that are kept for the next request */
    LAID_MAX =
        400000 /* rows that are laid out of one of them: each fold that opens is another ladder */
};
/* Another sighting of a message that is there already changes no summary, and yet the picture: so long it may be late. */
static const i64 FRESH_US = (i64)10 * 1000000;
static const i64 IDLE_US = (i64)60 * 1000000; /* what nobody asks for goes */

struct drawn {
    arena view;
    str unfold;
    struct draw_options d;
    struct ladder *ladder;
    struct drawn *next;
};

struct held {
    arena view;
    struct near near;
    struct call *call;
    str id;      /* of the call */
    u64 summary; /* its hash */
    i64 read_us, used_us;
    pthread_mutex_t lock; /* over the ladders and the arena */
    struct drawn *drawn;
    isize laid;
    /* under the shelf's lock */
    bool reading, shelved, worn;
    int users;
    struct held *next; /* used last first */
};

struct shelf {
    pthread_mutex_t lock;
    pthread_cond_t read;
    struct held *first;
};

struct shelf *shelf_open(void) {
    struct shelf *s = heap_new(struct shelf);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->read, NULL);
    return s;
}

static void held_drop(struct held *h) {
    for (struct drawn *w = h->drawn, *next; w; w = next) {
        next = w->next;
        arena_close(&w->view);
        base_free(w);
    }
    near_close(&h->near);
    arena_close(&h->view);
    pthread_mutex_destroy(&h->lock);
    base_free(h);
}

/* ---- on the shelf: all under its lock ------------------------------------------------------------ */

static void unshelve(struct shelf *s, struct held *h) {
    struct held **p = &s->first;
    while (*p != h) p = &(*p)->next;
    *p = h->next;
    h->shelved = false;
    if (h->users == 0) held_drop(h);
}

static struct held *find(struct shelf *s, str id) {
    struct held *h = s->first;
    while (h && !str_eq(h->id, id)) h = h->next;
    return h;
}

static void put_first(struct shelf *s, struct held *h) {
    h->next = s->first;
    h->shelved = true;
    s->first = h;
}

/* The oldest go until the rest is within bounds. */
static void tidy(struct shelf *s) {
    isize n = 0, messages = 0;
    i64 idle_us = clock_now_us() - IDLE_US;
    for (struct held *h = s->first, *next; h; h = next) {
        next = h->next;
        if (h->reading) continue;
        n++;
        messages += h->call->nmessages;
        bool many = n > 1 && (n > HELD_MAX || messages > MESSAGES_MAX);
        if (many || h->used_us < idle_us) unshelve(s, h);
    }
}

void shelf_tidy(struct shelf *s) {
    pthread_mutex_lock(&s->lock);
    tidy(s);
    pthread_mutex_unlock(&s->lock);
}

void shelf_close(struct shelf *s) {
    if (!s) return;
    while (s->first) unshelve(s, s->first);
    pthread_cond_destroy(&s->read);
    pthread_mutex_destroy(&s->lock);
    base_free(s);
}

/* ---- taken and given ------------------------------------------------------------------------------ */

/* What is on the shelf for it; what is there and of no use any more goes. */
static struct held *take_fresh(struct shelf *s, str id, u64 summary) {
    struct held *h;
    while ((h = find(s, id)) && h->reading) pthread_cond_wait(&s->read, &s->lock);
    if (!h) return NULL;
    if (!h->worn && h->summary == summary && clock_now_us() - h->read_us < FRESH_US) {
        h->users++;
        h->used_us = clock_now_us();
        return h;
    }
    unshelve(s, h);
    return NULL;
}

static struct held *place_new(struct shelf *s, str id, u64 summary) {
    struct held *h = heap_new(struct held);
    pthread_mutex_init(&h->lock, NULL);
    h->view = arena_open_view();
    h->id = arena_copy(&h->view, id);
    h->summary = summary;
    h->read_us = h->used_us = clock_now_us();
    h->reading = true;
    h->users = 1;
    put_first(s, h);
    return h;
}

/* Reads it, while others who want it wait. NULL: the answer says why. */
static struct held *read_in(struct shelf *s, struct held *h, struct request *r,
                            struct answer *a) {
    arena *view = r->view; /* what is read lives as long as it is held */
    r->view = &h->view;
    h->call = call_load(r, h->id, &h->near, true, a);
    r->view = view;
    pthread_mutex_lock(&s->lock);
    bool ok = h->call != NULL;
    h->reading = false;
    if (!ok) h->users = 0;
    if (!ok || h->call->nmessages <= LONG_ROWS) unshelve(s, h);
    tidy(s);
    pthread_cond_broadcast(&s->read);
    pthread_mutex_unlock(&s->lock);
    return ok ? h : NULL;
}

struct held *shelf_take(struct request *r, str x, struct answer *a) {
    struct shelf *s = r->server->shelf;
    struct store *store = request_store(r, a);
    str id = x, *call_ids, json = {0};
    isize n;
    if (!store) return NULL;
    enum err e = store_call_ids(store, x, r->view, &id, &call_ids, &n);
    if (e == ERR_OK) e = store_summary(store, id, r->view, &json);
    u64 summary = hash_bytes(json, 0);
    pthread_mutex_lock(&s->lock);
    struct held *h = take_fresh(s, id, summary);
    bool read = !h;
    if (read) h = place_new(s, id, summary);
    pthread_mutex_unlock(&s->lock);
    return read ? read_in(s, h, r, a) : h;
}

void shelf_give(struct request *r, struct held *h) {
    struct shelf *s = r->server->shelf;
    if (!h) return;
    pthread_mutex_lock(&h->lock);
    bool worn = h->laid > LAID_MAX;
    pthread_mutex_unlock(&h->lock);
    pthread_mutex_lock(&s->lock);
    h->worn = h->worn || worn;
    h->users--;
    bool last = h->users == 0 && !h->shelved;
    pthread_mutex_unlock(&s->lock);
    if (last) held_drop(h);
}

const struct call *held_call(const struct held *h) {
    return h->call;
}

const struct ladder *held_ladder(struct held *h, const struct draw_options *d,
                                 str unfold) {
    pthread_mutex_lock(&h->lock);
    struct drawn *w = h->drawn;
    while (w && (w->d.zone_s != d->zone_s || !str_eq(w->unfold, unfold))) w = w->next;
    if (!w) {
        w = heap_new(struct drawn);
        w->view = arena_open_view();
        w->unfold = arena_copy(&w->view, unfold);
        w->d = *d;
        int *numbers = arena_new(&w->view, int, d->nunfolded);
        for (isize i = 0; i < d->nunfolded; i++) numbers[i] = d->unfolded[i];
        w->d.unfolded = numbers;
        w->ladder = draw_ladder(h->call, &w->d, &w->view);
        w->next = h->drawn;
        h->drawn = w;
        h->laid += h->call->nmessages;
    }
    pthread_mutex_unlock(&h->lock);
    return w->ladder;
}
