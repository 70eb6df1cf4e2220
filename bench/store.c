/* store.c: how fast messages go into a database, what room they take there, and how fast they are found meanwhile. The store
 * is driven by store.h alone: the capture is read and linked once; then its messages and calls are kept again and again,
 * each time later and with other numbers, Call-IDs, tags and branches, until there are as many as asked for.
 *
 * Usage: store CAPTURE DATABASE [MILLIONS [BATCH]]. One commit for BATCH messages, then one for the calls that have ended
 * since. A second thread with a connection of its own looks things up all the while (LOOKUPS=0: it does not). Counted is the
 * time within the store, not that of making messages up. SECONDS=n: ends after that long. PER_CALL=2: each call is kept twice, as it begins and as it ends.
 * A database that has messages already gets MILLIONS more; COLD=n: none, but n look-ups with nothing of it in the page cache. Of the slowest look-ups of each kind it says what they took the time for. */
#include "clock.h"
#include "store_names.h"

#include "base/out.h"
#include "draw/draw.h"
#include "input/input.h"
#include "link/link.h"
#include "sip/sip.h"
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static double thread_s(void) {
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

static void die(const char *what, str why) {
    fprintf(stderr, "%s: %.*s\n", what, (int)why.n, why.n ? (const char *)why.p : "");
    exit(1);
}

/* ---- the capture, once ---------------------------------------------------------------------------------- */

struct template_message {
    struct sighting s;
    struct store_facts facts;
};
struct template_call {
    struct call *c;
    str json;
    i64 end_us;
};
struct template {
    struct weave *weave;
    arena bytes, view;
    struct template_message *messages;
    struct template_call *calls; /* by end */
    isize nmessages, ncalls, cap_messages;
    struct source source;
    i64 span_us;
};

static u32 on_source(void *ctx, const struct source *s) {
    struct template *t = ctx;
    if (!t->source.name.n)
        t->source = (struct source){.name = arena_copy(&t->bytes, s->name),
                                    .device = arena_copy(&t->bytes, s->device),
                                    .kind = s->kind};
    return weave_source(t->weave, s);
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct template *t = ctx;
    struct sip_msg m;
    struct fail f;
    struct template_message *to;
    t->messages = base_grow(t->messages, &t->cap_messages, t->nmessages + 1,
                            (isize)sizeof *t->messages);
    to = &t->messages[t->nmessages];
    to->s = *s;
    to->s.bytes = arena_copy(&t->bytes, s->bytes);
    enum err e = sip_msg_parse(&m, to->s.bytes, &f);
    if (e != ERR_OK && e != ERR_MORE) return;
    to->s.at = SIGHTING_NOWHERE;
    to->facts = (struct store_facts){.call_id = m.call_id, .status = m.status};
    weave_add_parsed(t->weave, s, &m);
    t->nmessages++;
}
static void on_skipped(void *ctx, enum skip_reason r, u64 place, u64 bytes) {
    (void)ctx, (void)r, (void)place, (void)bytes;
}
static void on_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

static int by_end(const void *a, const void *b) {
    const struct template_call *x = a, *y = b;
    return (x->end_us > y->end_us) - (x->end_us < y->end_us);
}

static void calls_make(struct template *t) {
    weave_link(t->weave);
    t->ncalls = weave_ncalls(t->weave);
    t->calls = base_new(t->ncalls + 1, (isize)sizeof *t->calls);
    for (isize i = 0; i < t->ncalls; i++) {
        struct out json = {0};
        struct template_call *to = &t->calls[i];
        to->c = weave_call(t->weave, i, false, &t->view);
        weave_marks(t->weave, i, to->c, &t->view);
        draw_json(&json, to->c, false);
        to->json = arena_copy(&t->view, out_str(&json));
        out_drop(&json);
        to->end_us = to->c->start_us;
        for (isize l = 0; l < to->c->nlegs; l++)
            to->end_us = i64_max(to->end_us, to->c->legs[l].end_us);
    }
    qsort(t->calls, (size_t)t->ncalls, sizeof *t->calls, by_end);
    weave_close(t->weave);
}

static void template_read(struct template *t, const char *path) {
    struct input_sink sink = {t, on_source, on_sighting, on_skipped, on_damage};
    struct input_options how = {0};
    str why = {0};
    t->weave = weave_open();
    t->bytes = arena_open((isize)16 << 30);
    t->view = arena_open((isize)16 << 30);
    if (input_file_read(path, &how, &sink, &t->bytes, &why) != ERR_OK) die(path, why);
    if (t->nmessages == 0) die(path, S("no messages"));
    t->span_us = t->messages[t->nmessages - 1].s.time_us - t->messages[0].s.time_us;
    t->span_us += 1000000;
    calls_make(t);
}

/* ---- looking things up meanwhile ------------------------------------------------------------------------------ */

enum { WAYS = 5, SAMPLES = 1 << 16 };
static const char *const ways[WAYS] = {"a number", "a Call-ID", "the newest 100 failures",
                                       "a whole call, with its messages",
                                       "a day's volume"};
struct sample { /* of one look-up; reads: blocks from the disk */
    float ms, cpu_ms;
    u32 reads;
};
struct looker {
    const struct template *t;
    const char *path;
    atomic_llong done; /* messages committed */
    atomic_bool stop;
    struct sample *of[WAYS];
    isize n[WAYS], lost;
    u64 seed;
};

static u64 chance(struct looker *l, u64 below) {
    l->seed = hash_mix(l->seed, 5);
    return l->seed % below;
}

static bool on_row(void *ctx, str id, i64 start_us, str json) {
    (void)id, (void)start_us, (void)json;
    ++*(isize *)ctx;
    return true;
}

static u32 heard_source(void *ctx, const struct source *s) {
    (void)ctx, (void)s;
    return 0;
}
static void heard_sighting(void *ctx, const struct sighting *s) {
    *(isize *)ctx += s->bytes.n > 0;
}

static isize look(struct looker *l, struct store *s, int way, arena *view) {
    const struct template *t = l->t;
    u64 rounds = (u64)(atomic_load(&l->done) / t->nmessages), round = chance(l, rounds);
    const struct call *c = t->calls[chance(l, (u64)t->ncalls)].c;
    const struct leg *leg = &c->legs[chance(l, (u64)c->nlegs)];
    struct input_sink sink = {0};
    struct search q = search_any();
    isize n = 0, nids = 0;
    str id, *ids, call_id = changed(view, leg->call_id, round);
    if (way == 0) q.number = changed(view, leg->from, round);
    if (way == 1) q.call_id = call_id;
    if (way == 2) q.state = STATE_FAILED;
    if (way < 3) {
        if (store_search(s, &q, on_row, &n)) die("search", store_error(s));
        return n;
    }
    if (way == 3) {
        sink =
            (struct input_sink){&n, heard_source, heard_sighting, on_skipped, on_damage};
        if (store_call_ids(s, call_id, view, &id, &ids, &nids)) return 0;
        if (store_replay_call_ids(s, ids, nids, &sink)) die("replay", store_error(s));
        return n;
    }
    struct store_volume *volume;
    i64 at = t->messages[0].s.time_us + (i64)round * t->span_us;
    if (store_volumes(s, at - (i64)43200 * 1000000, at + (i64)43200 * 1000000,
                      (i64)300 * 1000000, view, &volume, &n))
        die("volume", store_error(s));
    return n;
}

static void look_measured(struct looker *l, struct store *s, arena *view) {
    int way = (int)chance(l, WAYS);
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    double from = wall_s(), cpu = thread_s();
    if (look(l, s, way, view) == 0) l->lost++;
    float ms = (float)((wall_s() - from) * 1e3),
          cpu_ms = (float)((thread_s() - cpu) * 1e3);
    getrusage(RUSAGE_THREAD, &after);
    struct sample x = {ms, cpu_ms, (u32)(after.ru_inblock - before.ru_inblock)};
    if (l->n[way] < SAMPLES) l->of[way][l->n[way]++] = x;
}

static void *looking(void *ctx) {
    struct looker *l = ctx;
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct store *s = NULL;
    str why;
    while (atomic_load(&l->done) < l->t->nmessages && !atomic_load(&l->stop))
        usleep(10000);
    if (store_open(&s, l->path, STORE_READ, &boot, &why)) die(l->path, why);
    while (!atomic_load(&l->stop)) {
        look_measured(l, s, &view);
        arena_reset(&view);
        usleep(5000);
    }
    store_close(s);
    return NULL;
}

/* Nothing of the database is in the page cache then. */
static void forget_file(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0) return;
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
}

/* So many look-ups one after the other, right after a start; WARM_MS: so long after it. COLD_EACH: before each
 * the page cache forgets the file again, and SQLite's own has what came before. */
static void look_cold(struct looker *l, int n) {
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct store *s = NULL;
    str why;
    forget_file(l->path);
    if (store_open(&s, l->path, STORE_READ, &boot, &why)) die(l->path, why);
    if (getenv("WARM_MS")) usleep((useconds_t)atoi(getenv("WARM_MS")) * 1000);
    while (n--) {
        if (getenv("COLD_EACH")) forget_file(l->path);
        look_measured(l, s, &view);
        arena_reset(&view);
    }
    store_close(s);
}

static int by_value(const void *a, const void *b) {
    const struct sample *x = a, *y = b;
    return (x->ms > y->ms) - (x->ms < y->ms);
}

static void looked(struct looker *l) {
    for (int w = 0; w < WAYS; w++) {
        const struct sample *of = l->of[w];
        isize n = l->n[w], from = n * 99 / 100;
        double cpu_ms = 0, reads = 0, slow = (double)(n - from);
        if (!n) continue;
        qsort(l->of[w], (size_t)n, sizeof *of, by_value);
        for (isize i = from; i < n; i++) cpu_ms += (double)of[i].cpu_ms;
        for (isize i = from; i < n; i++) reads += of[i].reads;
        printf("%-32s median %6.2f ms  99 %% %6.2f ms  worst %6.2f ms  of %td\n", ways[w],
               (double)of[n / 2].ms, (double)of[from].ms, (double)of[n - 1].ms, n);
        printf(
            "    the slowest 1 %%: %.2f ms of the processor, %.1f blocks from the disk\n",
            cpu_ms / slow, reads / slow);
    }
    if (l->lost) printf("%td look-ups found nothing\n", l->lost);
}

/* ---- keeping --------------------------------------------------------------------------------------------------- */

struct keeping {
    struct template t;
    struct looker looker;
    struct store *s;
    arena boot, view;
    u64 round;
    i64 by_us;
    isize at, call_at; /* the next of the template */
    u32 source;
    i64 kept, had; /* had: before this run */
    double bytes, spent_s, calls_s, cpu_s, calls_cpu_s;
    int per_call;
};

static void fine(struct keeping *k, enum err e) {
    if (e) die(err_text(e), store_error(k->s));
}

static void keep_messages(struct keeping *k, isize batch) {
    struct template *t = &k->t;
    isize n = i64_min(batch, t->nmessages - k->at);
    struct template_message *list = arena_new(&k->view, struct template_message, n);
    bool fresh;
    for (isize i = 0; i < n; i++) {
        list[i] = t->messages[k->at + i];
        list[i].s.source = k->source;
        list[i].s.time_us += k->by_us;
        list[i].s.line += k->round * (u64)t->nmessages;
        k->bytes += (double)list[i].s.bytes.n + 58; /* a record, Ethernet, IP and UDP */
        list[i].s.bytes = changed(&k->view, list[i].s.bytes, k->round);
        list[i].facts.call_id = changed(&k->view, list[i].facts.call_id, k->round);
    }
    double from = wall_s(), cpu = thread_s();
    fine(k, store_begin(k->s));
    for (isize i = 0; i < n; i++)
        fine(k, store_sighting(k->s, &list[i].s, &list[i].facts, &fresh));
    fine(k, store_commit(k->s));
    k->spent_s += wall_s() - from;
    k->cpu_s += thread_s() - cpu;
    k->at += n;
    k->kept += n;
}

/* The calls that are over, and a few seconds more. */
static void keep_calls(struct keeping *k, bool all) {
    struct template *t = &k->t;
    i64 until_us = t->messages[k->at - 1].s.time_us - 5000000;
    isize from = k->call_at;
    while (k->call_at < t->ncalls && (all || t->calls[k->call_at].end_us < until_us))
        k->call_at++;
    isize n = k->call_at - from;
    struct call *calls = arena_new(&k->view, struct call, n);
    str *json = arena_new(&k->view, str, n);
    for (isize i = 0; i < n; i++) {
        calls[i] = call_changed(&k->view, t->calls[from + i].c, k->round, k->by_us);
        json[i] = changed(&k->view, t->calls[from + i].json, k->round);
    }
    double start = wall_s(), cpu = thread_s();
    for (int pass = 0; pass < k->per_call && n; pass++) {
        fine(k, store_begin(k->s));
        for (isize i = 0; i < n; i++) {
            bool early = pass + 1 < k->per_call;
            struct call c = calls[i];
            if (early) c.state = STATE_RINGING, c.status = 0, c.duration_ms = -1;
            fine(k, store_put_call(k->s, &c, early ? str_from(json[i], 1) : json[i]));
        }
        fine(k, store_commit(k->s));
    }
    k->spent_s += wall_s() - start;
    k->calls_s += wall_s() - start;
    k->cpu_s += thread_s() - cpu;
    k->calls_cpu_s += thread_s() - cpu;
}

static i64 file_bytes(const char *path, const char *end) {
    char name[512];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, end);
    return stat(name, &st) ? 0 : (i64)st.st_size;
}

static void keep(struct keeping *k, i64 most, isize batch) {
    double told_s = 0,
           end_s = getenv("SECONDS") ? wall_s() + atof(getenv("SECONDS")) : 1e18;
    i64 told = 0;
    while (k->kept < most && wall_s() < end_s) {
        keep_messages(k, batch);
        keep_calls(k, k->at == k->t.nmessages);
        arena_reset(&k->view);
        atomic_store(&k->looker.done, k->had + k->kept);
        if (k->at == k->t.nmessages) {
            k->at = k->call_at = 0;
            k->round++;
            k->by_us += k->t.span_us;
        }
        if (k->kept - told < 500000 && k->kept < most) continue;
        printf("%6.2f million, %4.0f MB, WAL %3.0f MB: %7.0f messages/s, %7.0f in all; "
               "of the "
               "processor %5.2f us a message, %2.0f %% for calls\n",
               (double)k->kept / 1e6, (double)file_bytes(k->looker.path, "") / 1e6,
               (double)file_bytes(k->looker.path, "-wal") / 1e6,
               (double)(k->kept - told) / (k->spent_s - told_s),
               (double)k->kept / k->spent_s, 1e6 * k->cpu_s / (double)k->kept,
               100 * k->calls_cpu_s / k->cpu_s);
        fflush(stdout);
        told = k->kept;
        told_s = k->spent_s;
    }
}

/* After what there is. */
static void go_on(struct keeping *k) {
    struct store_totals t;
    fine(k, store_totals(k->s, &t));
    k->round = (t.sightings + (u64)k->t.nmessages - 1) / (u64)k->t.nmessages;
    k->by_us = (i64)k->round * k->t.span_us;
    k->had = (i64)k->round * k->t.nmessages;
    atomic_store(&k->looker.done, (i64)t.sightings);
}

static void tables(const char *path, double messages, double capture) {
    sqlite3 *db;
    sqlite3_stmt *st;
    double all = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL)) return;
    if (sqlite3_prepare_v2(db,
                           "SELECT name,sum(pgsize),sum(ncell) FROM dbstat GROUP BY name"
                           " ORDER BY 2 DESC",
                           -1, &st, NULL) == SQLITE_OK) {
        while (sqlite3_step(st) == SQLITE_ROW) {
            double n = sqlite3_column_double(st, 1);
            all += n;
            if (n / messages < 0.05) continue;
            printf("%-32s %7.2f bytes a message, %lld rows\n", sqlite3_column_text(st, 0),
                   n / messages, sqlite3_column_int64(st, 2));
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    printf("%.1f bytes a message; capture %.1f: 1/%.2f\n", all / messages,
           capture / messages, capture / all);
}

int main(int argc, char **argv) {
    static struct keeping k;
    str why;
    pthread_t thread;
    if (argc < 3) return 2;
    i64 most = (i64)((argc > 3 ? atof(argv[3]) : 1) * 1e6);
    isize batch = argc > 4 ? atoi(argv[4]) : 16384;
    k.per_call = getenv("PER_CALL") ? atoi(getenv("PER_CALL")) : 1;
    k.boot = arena_open((isize)64 << 20);
    k.view = arena_open((isize)4 << 30);
    k.looker = (struct looker){.t = &k.t, .path = argv[2], .seed = 7};
    template_read(&k.t, argv[1]);
    printf("%td messages and %td calls of %s, again and again\n", k.t.nmessages,
           k.t.ncalls, argv[1]);
    for (int w = 0; w < WAYS; w++)
        k.looker.of[w] = base_new(SAMPLES, (isize)sizeof *k.looker.of[w]);
    if (store_open(&k.s, argv[2], STORE_WRITE, &k.boot, &why)) die(argv[2], why);
    fine(&k, store_begin(k.s));
    fine(&k, store_source(k.s, &k.t.source, &k.source));
    fine(&k, store_commit(k.s));
    go_on(&k);
    if (getenv("COLD")) {
        store_close(k.s);
        look_cold(&k.looker, atoi(getenv("COLD")));
        looked(&k.looker);
        return 0;
    }
    bool looks = !getenv("LOOKUPS") || atoi(getenv("LOOKUPS"));
    if (looks && pthread_create(&thread, NULL, looking, &k.looker)) return 1;
    keep(&k, most, batch);
    atomic_store(&k.looker.stop, true);
    if (looks) pthread_join(thread, NULL);
    looked(&k.looker);
    store_close(k.s);
    if (!k.had) tables(argv[2], (double)k.kept, k.bytes);
    return 0;
}
