/* link.c: what linking costs, step by step, and where the memory is. Usage: link [--lean] [--threads N] FILE... [RUNS]
 *
 * Reads files as `sipweave calls --json` does (--lean: as `calls`, where nobody asks why), links all of it RUNS times (3), and prints for each step the processor time and the time on the wall of the fastest
 * run: in all, by message, by leg, and its share; then what each table takes, and what the whole process has taken at most, in all and in each
 * step of the first run. Where RUNS is 1 it is linked for good: what nobody asks for again is given back, as in the program itself. --lean stands before
 * the files. */
#include "base/out.h"
#include "input/input.h"
#include "link/related.h"
#include "../tests/lib/weave_sink.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>

/* The most that was in memory since forget_peak. */
static double peak_mb(void) {
    char line[128];
    long kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1) break;
    }
    if (f) fclose(f);
    return (double)kilobytes / 1024;
}

static void forget_peak(void) {
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) fputs("5\n", f);
    if (f) fclose(f);
}

/* What is in memory now. */
static double kept_mb(void) {
    long pages[2] = {0};
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &pages[0], &pages[1]) != 2) pages[1] = 0;
    if (f) fclose(f);
    return (double)pages[1] * 4096 / 1024 / 1024;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static bool read_file(struct weave *w, arena *boot, const char *path) {
    struct input_sink sink = weave_sink(w);
    struct input_options how = {0};
    str why = {0};
    if (input_file_read(path, &how, &sink, boot, &why) == ERR_OK) return true;
    fprintf(stderr, "%.*s\n", (int)why.n, (const char *)why.p);
    return false;
}

/* ---- time ---------------------------------------------------------------------------------------- */

/* What was in memory while the first run of a step went on, at most, and what stayed of it. */
struct room {
    double peak_mb, kept_mb;
};

struct took {
    double cpu_s, wall_s;
};

static double least(double a, double b) {
    return a < b ? a : b;
}

static void link_once(struct weave *w, struct took *best, struct room *rooms) {
    for (isize i = 0; i < LINK_STEPS; i++) {
        bool first = best[i].wall_s <= 0;
        if (first) forget_peak();
        struct took from = {cpu_s(), wall_s()};
        link_steps[i].run(w);
        struct took took = {cpu_s() - from.cpu_s, wall_s() - from.wall_s};
        if (first) rooms[i] = (struct room){peak_mb(), kept_mb()};
        if (first) best[i] = took;
        best[i].cpu_s = least(best[i].cpu_s, took.cpu_s);
        best[i].wall_s = least(best[i].wall_s, took.wall_s);
    }
}

static void line(const char *name, struct took t, double all, const struct weave *w) {
    double messages = (double)w->nmsgs, legs = (double)w->nsums, s = t.cpu_s;
    printf("%-12s %9.1f ms %8.1f ns a message %8.1f ns a leg %5.1f %% %9.1f ms on the "
           "wall\n",
           name, s * 1e3, s * 1e9 / messages, s * 1e9 / legs, 100 * s / all,
           t.wall_s * 1e3);
}

static void print_rooms(const struct room *rooms) {
    for (isize i = 0; i < LINK_STEPS; i++)
        printf("%-12s %9.1f MB at most, %.1f MB then\n", link_steps[i].name,
               rooms[i].peak_mb, rooms[i].kept_mb);
}

static void print_times(const struct weave *w, struct took read, const struct took *best,
                        struct took lines, struct took views) {
    struct took sum = {0};
    for (isize i = 0; i < LINK_STEPS; i++) {
        sum.cpu_s += best[i].cpu_s;
        sum.wall_s += best[i].wall_s;
    }
    double all = sum.cpu_s;
    printf("%lld sightings, %lld messages, %lld legs, %lld conversations\n",
           (long long)w->trace.nseen, (long long)w->nmsgs, (long long)w->nsums,
           (long long)w->ngroups);
    for (isize i = 0; i < LINK_STEPS; i++) line(link_steps[i].name, best[i], all, w);
    line("= linking", sum, all, w);
    line("reading", read, all, w);
    line("lines", lines, all, w);
    line("summaries", views, all, w);
}

static struct took time_views(struct weave *w, bool line) {
    arena view = arena_open_view();
    struct took from = {cpu_s(), wall_s()};
    for (isize i = 0; i < weave_ncalls(w); i++) {
        (void)(line ? weave_call_line(w, i, &view) : weave_call(w, i, false, &view));
        arena_reset(&view);
    }
    struct took took = {cpu_s() - from.cpu_s, wall_s() - from.wall_s};
    arena_close(&view);
    return took;
}

/* ---- memory -------------------------------------------------------------------------------------- */

static void table(const struct weave *w, const char *name, isize cap, isize size) {
    double bytes = (double)cap * (double)size, n = (double)w->trace.nseen;
    if (bytes / n >= 0.05)
        printf("%-16s %8.1f MB %7.1f bytes a sighting\n", name, bytes / 1e6, bytes / n);
}

#define TABLE(w, name) table((w), #name, (w)->cap_##name, (isize)sizeof *(w)->name)
#define TRACE_TABLE(w, name)                                                             \
    table((w), "trace." #name, (w)->trace.cap_##name, (isize)sizeof *(w)->trace.name)

static void print_memory(const struct weave *w) {
    TRACE_TABLE(w, seen);
    TRACE_TABLE(w, times);
    TRACE_TABLE(w, idents);
    TRACE_TABLE(w, call_ids);
    TRACE_TABLE(w, contents);
    TRACE_TABLE(w, facts);
    TRACE_TABLE(w, kept);
    table(w, "trace strings", w->trace.strings.cap_bytes, 1);
    table(w, "… their ends", w->trace.strings.cap_ends, (isize)sizeof(u32));
    TABLE(w, call_ids);
    table(w, "rank", w->rank ? w->trace.nseen : 0, (isize)sizeof *w->rank);
    TABLE(w, spread_at);
    TABLE(w, spread_by);
    TABLE(w, msgs);
    table(w, "more", w->more ? w->trace.nseen : 0, (isize)sizeof *w->more);
    TABLE(w, sums);
    TABLE(w, leg_facts);
    TABLE(w, tokens);
    TABLE(w, token_legs);
    TABLE(w, leg_tokens);
    TABLE(w, proofs);
    TABLE(w, maybes);
    TABLE(w, groups);
    TABLE(w, by_group);
    TABLE(w, relations);
}

int main(int argc, char **argv) {
    struct weave *w = weave_open();
    arena boot = arena_open((isize)64 << 20);
    struct took best[LINK_STEPS] = {0}, from = {cpu_s(), wall_s()};
    struct room rooms[LINK_STEPS];
    int runs = 3;
    for (int i = 1; i < argc; i++) {
        str arg = str_z(argv[i]);
        struct str_number n = str_u64(arg, 1000);
        if (n.ok && i == argc - 1)
            runs = (int)n.value;
        else if (str_eq(arg, S("--lean")))
            weave_for_lines(w);
        else if (str_eq(arg, S("--threads")) && i + 1 < argc)
            weave_threads(w, atoi(argv[++i]));
        else if (!read_file(w, &boot, argv[i]))
            return 2;
    }
    struct took read = {cpu_s() - from.cpu_s, wall_s() - from.wall_s};
    double after_read_mb = peak_mb(), after_link_mb = 0;
    w->finished = runs == 1;
    for (int run = 0; run < runs || run == 0; run++) link_once(w, best, rooms);
    for (isize i = 0; i < LINK_STEPS; i++)
        if (rooms[i].peak_mb > after_link_mb) after_link_mb = rooms[i].peak_mb;
    if (w->nmsgs == 0) return 1;
    print_times(w, read, best, time_views(w, true), time_views(w, only_lines(w)));
    printf("peak memory: %.0f MB when read, %.0f MB when linked: %.1f bytes a sighting\n",
           after_read_mb, after_link_mb,
           after_link_mb * 1024 * 1024 / (double)w->trace.nseen);
    print_rooms(rooms);
    print_memory(w);
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    return 0;
}
