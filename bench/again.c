/* again.c: what linking costs while messages come in. Usage: again FILE MESSAGES BATCH [all]
 *
 * Adds the first MESSAGES of a file, BATCH at a time, and links after each; with `all` everything anew each time. Prints the processor
 * time of a link as the table grows, and in the end how many legs have another parent than when all is linked at once. */
#include "base/map.h"
#include "input/input.h"
#include "link/weave.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct weave *again, *once;
    isize most, batch, n, from;
    double spent_s, since_s, steps_s[LINK_STEPS + 1];
};

static u32 on_source(void *ctx, const struct source *s) {
    struct run *r = ctx;
    (void)weave_source(r->once, s);
    return weave_source(r->again, s);
}

static void link_again(struct run *r) {
    double from = cpu_s(), last = from;
    trace_rest(&r->again->trace);
    stand_take(r->again);
    for (isize i = 0; i <= LINK_STEPS; i++) { /* as weave_link does */
        double at = cpu_s();
        r->steps_s[i] += at - last;
        last = at;
        if (i < LINK_STEPS) link_steps[i].run(r->again);
    }
    stand_done(r->again);
    r->since_s += cpu_s() - from;
    r->spent_s += cpu_s() - from;
    if (r->n % (r->batch * 10) != 0) return;
    isize kept = 0;
    for (isize i = 0; i < r->again->nsums; i++) kept += r->again->sums[i].kept;
    printf(
        "%8lld messages: %8.1f ms a link, %7.1f us a message; %lld of %lld legs stand\n",
        (long long)r->n, r->since_s * 100, r->since_s * 1e6 / (double)(r->n - r->from),
        (long long)kept, (long long)r->again->nsums);
    r->since_s = 0;
    r->from = r->n;
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct run *r = ctx;
    if (r->n >= r->most || !weave_add(r->again, s)) return;
    (void)weave_add(r->once, s);
    if (++r->n % r->batch == 0) link_again(r);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    (void)ctx;
    fprintf(stderr, "%.*s\n", (int)sentence.n, (const char *)sentence.p);
}

static u64 parent_id(const struct weave *w, isize i) {
    return w->sums[i].parent ? w->sums[w->sums[i].parent - 1].id : 0;
}

static isize others(const struct weave *a, const struct weave *b) {
    struct map at = {0};
    isize n = 0;
    for (isize i = 0; i < b->nsums; i++) *map_put(&at, b->sums[i].id) = (u32)i + 1;
    for (isize i = 0; i < a->nsums; i++) {
        u32 row = map_get(&at, a->sums[i].id);
        n += !row || parent_id(a, i) != parent_id(b, (isize)row - 1);
    }
    map_drop(&at);
    return n;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct run r = {.again = weave_open(), .once = weave_open()};
    r.most = atoll(argv[2]);
    r.batch = atoll(argv[3]);
    if (argc < 5 || strcmp(argv[4], "all") != 0) weave_keep(r.again);
    arena boot = arena_open((isize)1 << 30);
    struct input_sink sink = {&r, on_source, on_sighting, on_skipped, on_damage};
    struct input_options how = {0};
    str why = {0};
    if (input_file_read(argv[1], &how, &sink, &boot, &why) != ERR_OK) {
        fprintf(stderr, "%.*s\n", (int)why.n, (const char *)why.p);
        return 1;
    }
    for (isize i = 0; i <= LINK_STEPS; i++)
        printf("%s %.0f ms, ", i ? link_steps[i - 1].name : "what stands",
               r.steps_s[i] * 1e3);
    printf("in all\n");
    weave_link(r.again);
    double from = cpu_s();
    weave_link(r.once);
    printf("at once %.1f s, again and again %.1f s: %.1f us a message; of %lld legs %lld "
           "have another parent\n",
           cpu_s() - from, r.spent_s, r.spent_s * 1e6 / (double)r.n,
           (long long)r.once->nsums, (long long)others(r.again, r.once));
    weave_close(r.again);
    weave_close(r.once);
    arena_close(&boot);
    return 0;
}
