/* link.c: what linking costs, step by step, and where the memory is. Usage: link [--lean] FILE... [RUNS]
 *
 * Reads files as `sipweave calls --json` does (--lean: as `calls`, where nobody asks why), links all of it RUNS times (3), and prints for each step the processor time of the fastest
 * run: in all, by message, by leg, and its share; then what each table takes, and what the whole process has taken at most. */
#include "base/out.h"
#include "input/input.h"
#include "link/related.h"
#include "../tests/lib/weave_sink.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double peak_mb(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
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

/* What the first run of a step has taken at most, and what stayed of it. */
struct room {
    double peak_mb, kept_mb;
};

static void link_once(struct weave *w, double *best, struct room *rooms) {
    for (isize i = 0; i < LINK_STEPS; i++) {
        bool first = best[i] == 0;
        double from = cpu_s();
        link_steps[i].run(w);
        double took = cpu_s() - from;
        if (first) rooms[i] = (struct room){peak_mb(), kept_mb()};
        if (first || took < best[i]) best[i] = took;
    }
}

static void line(const char *name, double s, double all, const struct weave *w) {
    double messages = (double)w->nmsgs, legs = (double)w->nsums;
    printf("%-12s %9.1f ms %8.1f ns a message %8.1f ns a leg %5.1f %%\n", name, s * 1e3,
           s * 1e9 / messages, s * 1e9 / legs, 100 * s / all);
}

static void print_rooms(const struct room *rooms) {
    for (isize i = 0; i < LINK_STEPS; i++)
        printf("%-12s %9.1f MB at most so far, %.1f MB then\n", link_steps[i].name,
               rooms[i].peak_mb, rooms[i].kept_mb);
}

static void print_times(const struct weave *w, double read_s, const double *best,
                        double lines_s, double view_s) {
    double all = 0;
    for (isize i = 0; i < LINK_STEPS; i++) all += best[i];
    printf("%lld sightings, %lld messages, %lld legs, %lld conversations\n",
           (long long)w->trace.nseen, (long long)w->nmsgs, (long long)w->nsums,
           (long long)w->ngroups);
    for (isize i = 0; i < LINK_STEPS; i++) line(link_steps[i].name, best[i], all, w);
    line("= linking", all, all, w);
    line("reading", read_s, all, w);
    line("lines", lines_s, all, w);
    line("summaries", view_s, all, w);
}

static double time_views(struct weave *w, bool line) {
    arena view = arena_open_view();
    double from = cpu_s();
    for (isize i = 0; i < weave_ncalls(w); i++) {
        (void)(line ? weave_call_line(w, i, &view) : weave_call(w, i, false, &view));
        arena_reset(&view);
    }
    double took = cpu_s() - from;
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
    double best[LINK_STEPS] = {0}, from = cpu_s();
    struct room rooms[LINK_STEPS];
    int runs = 3;
    for (int i = 1; i < argc; i++) {
        str arg = str_z(argv[i]);
        struct str_number n = str_u64(arg, 1000);
        if (n.ok && i == argc - 1)
            runs = (int)n.value;
        else if (str_eq(arg, S("--lean")))
            weave_without_evidence(w);
        else if (!read_file(w, &boot, argv[i]))
            return 2;
    }
    double read_s = cpu_s() - from, after_read_mb = peak_mb(), after_link_mb = 0;
    for (int run = 0; run < runs || run == 0; run++) {
        link_once(w, best, rooms);
        if (run == 0) after_link_mb = peak_mb();
    }
    if (w->nmsgs == 0) return 1;
    print_times(w, read_s, best, time_views(w, true), time_views(w, false));
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
