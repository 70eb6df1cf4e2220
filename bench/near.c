/* near.c: how fast one call is found among all that a database has, and whether it comes out as it was linked with all the
 * traffic in sight. Usage: near DATABASE [SAMPLES [SEED]]. For each sample one Call-ID of one call is taken at random, and its
 * call found from that alone; then from the page's side, as decided.
 *
 * HOSTS: names of addresses, as the database was made with. cold (not with WARM=1): the file is out of the system's memory and the store is opened anew for each; warm: once more, right after. */
#include "serve/near.h"
#include "../tests/lib/chance.h"
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* CPU=1: of this program alone, where others keep the machine busy */
static double now_ms(void) {
    return (getenv("CPU") ? cpu_s() : wall_s()) * 1e3;
}

static void forget_file(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) return;
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static str file_text(const char *path) {
    FILE *f = fopen(path, "r");
    isize cap = 0, n = 0;
    u8 *text = NULL;
    while (f && !feof(f)) {
        text = base_grow(text, &cap, n + 65536, 1);
        n += (isize)fread(text + n, 1, 65536, f);
    }
    if (f) fclose(f);
    return (str){text, n};
}

struct pick {
    arena *boot;
    str id;
};

static bool first_row(void *ctx, str id, i64 start_us, str json) {
    struct pick *p = ctx;
    (void)start_us, (void)json;
    p->id = arena_copy(p->boot, id);
    return false;
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell(const char *what, double *ms, isize n) {
    if (n == 0) return;
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    printf("%-28s median %6.2f ms  99 %% %6.2f ms  worst %6.2f ms\n", what, ms[n / 2],
           ms[(n * 99) / 100 < n ? (n * 99) / 100 : n - 1], ms[n - 1]);
}

/* The same Call-IDs, each once? */
static bool same_call(const struct near *n, arena view) {
    struct call *c = weave_call(n->weave, n->call, false, &view);
    isize different = 0;
    for (isize i = 0; i < c->nlegs; i++) {
        bool known = false, kept = false;
        for (isize k = 0; k < i && !known; k++)
            known = str_eq(c->legs[k].call_id, c->legs[i].call_id);
        for (isize k = 0; k < n->ncall_ids && !kept; k++)
            kept = str_eq(n->call_ids[k], c->legs[i].call_id);
        if (!kept) return false;
        different += !known;
    }
    return different == n->ncall_ids;
}

struct bench {
    const char *path;
    arena boot, view;
    struct store *store;
    str hosts;
    isize n, same, rounds, loaded, seen;
    double *ms[4];
    bool cold;
};

static bool store_again(struct bench *b) {
    str sentence;
    store_close(b->store);
    arena_reset(&b->boot);
    if (store_open(&b->store, b->path, STORE_READ, &b->boot, &sentence) == ERR_OK)
        return true;
    fprintf(stderr, "%.*s\n", (int)sentence.n, (const char *)sentence.p);
    return false;
}

static bool one(struct bench *b, str x, bool decided, int place) {
    struct near n;
    struct near_options o = {.decided = decided, .hosts = b->hosts};
    double start = now_ms();
    enum err e = near_open(&n, b->store, x, &o, &b->view);
    b->ms[place][b->n] = now_ms() - start;
    bool same = e == ERR_OK && same_call(&n, b->view);
    if (e != ERR_OK) fprintf(stderr, "%s\n", err_text(e));
    if (place == 1) {
        b->same += same;
        b->rounds += n.rounds;
        b->loaded += n.loaded;
        b->seen += n.seen;
        if (!same)
            fprintf(stderr, "not as it was: %.*s, found from %.*s\n", (int)n.id.n,
                    (const char *)n.id.p, (int)x.n, (const char *)x.p);
    }
    near_close(&n);
    return same;
}

static bool sample(struct bench *b, const struct store_totals *t) {
    struct search q = search_any();
    struct pick p = {&b->view, {0}};
    str id, *call_ids;
    isize n;
    u64 span = (u64)(t->last_us - t->first_us) + 1;
    q.kind = KIND_CALL;
    q.limit = 1;
    q.before_us = t->first_us + (i64)chance(span) + 1;
    if (store_search(b->store, &q, first_row, &p) != ERR_OK || !p.id.n) return false;
    if (store_call_ids(b->store, p.id, &b->view, &id, &call_ids, &n) != ERR_OK || !n)
        return false;
    str x = call_ids[chance((u64)n)];
    for (int decided = 0; decided < 2; decided++) {
        if (b->cold) forget_file(b->path);
        if (b->cold && !store_again(b)) exit(1);
        (void)one(b, x, decided == 1, 2 * decided);
        (void)one(b, x, decided == 1, 2 * decided + 1);
    }
    b->n++;
    arena_reset(&b->view);
    return true;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    isize samples = argc > 2 ? atoi(argv[2]) : 200;
    if (argc > 3) chance_seed += (u64)atoi(argv[3]) * 0x9e3779b97f4a7c15u;
    struct bench b = {.path = argv[1],
                      .cold = !getenv("WARM"),
                      .boot = arena_open((isize)64 << 20),
                      .view = arena_open_view()};
    for (int i = 0; i < 4; i++) b.ms[i] = base_new(samples + 1, (isize)sizeof *b.ms[i]);
    const char *hosts = getenv("HOSTS");
    if (hosts) b.hosts = file_text(hosts);
    struct store_totals t;
    if (!store_again(&b) || store_totals(b.store, &t) != ERR_OK) return 1;
    for (isize i = 0; b.n < samples && i < 4 * samples; i++) (void)sample(&b, &t);
    if (b.n == 0) return 1;
    printf("%llu calls, %llu messages, %llu MB\n", (unsigned long long)t.calls,
           (unsigned long long)t.sightings, (unsigned long long)(t.bytes / 1000000));
    printf("%td of %td came out as with all traffic in sight; %.1f rounds, %.1f calls "
           "and %.0f "
           "messages looked at\n",
           b.same, b.n, (double)b.rounds / (double)b.n, (double)b.loaded / (double)b.n,
           (double)b.seen / (double)b.n);
    tell("from one leg, cold", b.ms[0], b.n);
    tell("from one leg, warm", b.ms[1], b.n);
    tell("as decided, cold", b.ms[2], b.n);
    tell("as decided, warm", b.ms[3], b.n);
    store_close(b.store);
    return 0;
}
