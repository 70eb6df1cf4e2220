/* accuracy.c: how right the linking is: plays each world of worlds.c, writes its files, reads them with sipweave and
 * prints what came out beside the truth.
 *
 *     accuracy [options] [row...]      rows: parts of their names
 *       --seeds N        so many worlds of each row, added up (1)
 *       --training       the seeds that weights are fitted on
 *       --failures N     what went wrong, at most N of each world
 *       --of WHAT        calls (else), parents, prompts, order, messages; flows and evidence: tables
 *       --hosts          names the boxes' addresses in every row, not only where the row says so
 *       --keep DIR       leaves the files there
 *       --list           the rows
 *       -o markdown      tables for a page
 * SCALE in the environment multiplies the number of calls. Ends with 1 where a bar is missed. */
#include "world/judge.h"
#include "world/worlds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    char **rows;
    int nrows, seeds, failures;
    enum failure_kind of;
    enum world_seeds set;
    const char *keep;
    bool markdown, list, hosts;
    double scale;
};

static void stop(const char *what, const char *why) {
    fprintf(stderr, "accuracy: %s: %s\n", what, why);
    exit(2);
}

/* ---- options --------------------------------------------------------------------------------------- */

static enum failure_kind failure_of(const char *name) {
    static const char *const names[] = {"calls",    "parents", "prompts", "order",
                                        "messages", "flows",   "evidence"};
    for (int i = 0; i < (int)countof(names); i++) {
        if (strcmp(name, names[i]) == 0) return (enum failure_kind)i;
    }
    stop(name,
         "failures are of calls, parents, prompts, order, messages, flows or evidence");
    return FAILURE_CALLS;
}

static struct options options_read(char **args, int n) {
    const char *scale = getenv("SCALE");
    struct options o = {
        .seeds = 1, .set = SEEDS_UNSEEN, .scale = scale ? atof(scale) : 1};
    o.rows = args;
    for (int i = 1; i < n; i++) {
        const char *a = args[i], *value = i + 1 < n ? args[i + 1] : "";
        bool takes = true;
        if (strcmp(a, "--seeds") == 0)
            o.seeds = atoi(value);
        else if (strcmp(a, "--failures") == 0)
            o.failures = atoi(value);
        else if (strcmp(a, "--of") == 0)
            o.of = failure_of(value);
        else if (strcmp(a, "--keep") == 0)
            o.keep = value;
        else if (strcmp(a, "-o") == 0)
            o.markdown = strcmp(value, "markdown") == 0;
        else
            takes = false;
        if (strcmp(a, "--training") == 0)
            o.set = SEEDS_TRAINING;
        else if (strcmp(a, "--list") == 0)
            o.list = true;
        else if (strcmp(a, "--hosts") == 0)
            o.hosts = true;
        else if (!takes && a[0] == '-')
            stop(a, "no such option");
        else if (!takes)
            o.rows[o.nrows++] = args[i];
        i += takes;
    }
    return o;
}

static bool is_wanted(const struct options *o, const struct world_row *row) {
    for (int i = 0; i < o->nrows; i++) {
        if (strcasestr(row->name, o->rows[i])) return true;
    }
    return o->nrows == 0;
}

/* ---- one world ---------------------------------------------------------------------------------------- */

static void score_add(struct score *to, const struct score *s) {
    struct share *const mine[] = {&to->precision, &to->recall,  &to->exact,
                                  &to->parents,   &to->prompts, &to->recovered,
                                  &to->order};
    const struct share *const more[] = {&s->precision, &s->recall,  &s->exact,
                                        &s->parents,   &s->prompts, &s->recovered,
                                        &s->order};
    for (isize i = 0; i < countof(mine); i++) {
        mine[i]->right += more[i]->right;
        mine[i]->of += more[i]->of;
    }
    to->joined += s->joined;
    to->lost += s->lost;
    to->doubled += s->doubled;
    to->merged += s->merged;
    to->legs += s->legs;
    to->messages += s->messages;
    calibration_add(&to->links, &s->links);
    calibration_add(&to->maybes, &s->maybes);
    to->read_s += s->read_s;
    to->link_s += s->link_s;
    to->view_s += s->view_s;
}

static void folder_make(const struct options *o, const struct world_row *row, int n,
                        char *dir, size_t size) {
    const char *tmp = getenv("TMPDIR");
    if (!o->keep) {
        snprintf(dir, size, "%s/accuracy-XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(dir)) stop(dir, strerror(errno));
        return;
    }
    char name[64];
    snprintf(name, sizeof name, "%s", row->name);
    for (char *c = name; *c; c++) {
        if (*c == ' ' || *c == ',' || *c == '/' || *c == ':') *c = '-';
    }
    snprintf(dir, size, "%s/%s-%d", o->keep, name, n + 1);
    (void)mkdir(o->keep, 0777);
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) stop(dir, strerror(errno));
}

static void files_remove(const struct view *v, const char *dir) {
    for (int i = 0; i < v->nsources; i++) unlink(v->sources[i].path);
    unlink(v->hosts_path);
    rmdir(dir);
}

static void truth_keep(const struct world *w, const struct view *v, const char *dir) {
    char path[512];
    snprintf(path, sizeof path, "%s/truth.tsv", dir);
    FILE *f = fopen(path, "w");
    if (!f) stop(path, strerror(errno));
    truth_write(w, v, f);
    fclose(f);
}

static void play(const struct options *o, const struct world_row *row, int n,
                 struct score *sum) {
    char dir[256];
    struct world_row r = worlds_take(row, o->set, n, o->scale);
    struct reading_of reading;
    folder_make(o, row, n, dir, sizeof dir);
    struct world *w = world_make(&r.plan);
    struct view *v = view_write(w, &r.view, dir);
    judge_read(&reading, v, r.hosts || o->hosts);
    struct verdict *d = judge_score(w, v, &reading.found);
    score_add(sum, &d->score);
    if (o->failures) {
        printf("\n== %s, world %d\n", row->name, n + 1);
        judge_failures(w, v, &reading, d, o->of, o->failures, stdout);
    }
    if (o->keep)
        truth_keep(w, v, dir);
    else
        files_remove(v, dir);
    verdict_free(d);
    judge_drop(&reading);
    view_free(v);
    world_free(w);
}

/* ---- the table ------------------------------------------------------------------------------------------- */

/* Never rounded up: 100 is all of them. */
static void put_share(const struct options *o, struct share s, double bar) {
    double percent = (double)(int64_t)(share_of(s) * 100000) / 1000;
    bool missed = share_of(s) < bar;
    char text[32] = "-";
    if (s.of) snprintf(text, sizeof text, "%.3f%s", percent, missed ? "!" : "");
    printf(o->markdown ? " %s |" : "%9s", text);
    if (!o->markdown && !missed) putchar(' ');
}

static void put_head(const struct options *o) {
    static const char *const names[] = {"precision", "recall",    "exact", "parents",
                                        "prompts",   "recovered", "order"};
    printf(o->markdown ? "| world | calls | legs | messages |" : "%-38s %7s %7s %8s ",
           "world", "calls", "legs", "messages");
    for (isize i = 0; i < countof(names); i++)
        printf(o->markdown ? " %s |" : "%9s ", names[i]);
    puts(o->markdown ? " joined | link | a leg "
                       "|\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
                     : " joined   read   link   view  a leg a message");
}

static bool put_row(const struct options *o, const struct world_row *row,
                    const struct score *s) {
    const struct world_bars *b = &row->bars;
    printf(o->markdown ? "| %s | %lld | %lld | %lld |" : "%-38s %7lld %7lld %8lld ",
           row->name, (long long)s->exact.of, (long long)s->legs, (long long)s->messages);
    put_share(o, s->precision, b->precision);
    put_share(o, s->recall, b->recall);
    put_share(o, s->exact, b->exact);
    put_share(o, s->parents, 0);
    put_share(o, s->prompts, 0);
    put_share(o, s->recovered, b->recovered);
    put_share(o, s->order, b->order);
    bool joins = b->no_joins && s->joined;
    double leg = s->legs ? s->link_s * 1e6 / (double)s->legs : 0;
    double message = s->messages ? s->link_s * 1e6 / (double)s->messages : 0;
    if (o->markdown)
        printf(" %lld%s | %.2f s | %.1f us |\n", (long long)s->joined, joins ? "!" : "",
               s->link_s, leg);
    else
        printf("%7lld%s %6.2f %6.2f %6.2f %6.1f %6.2f us\n", (long long)s->joined,
               joins ? "!" : " ", s->read_s, s->link_s, s->view_s, leg, message);
    fflush(stdout);
    return !joins && share_of(s->precision) >= b->precision &&
           share_of(s->recall) >= b->recall && share_of(s->exact) >= b->exact &&
           share_of(s->recovered) >= b->recovered && share_of(s->order) >= b->order;
}

static void put_calibration(const struct options *o, const char *what,
                            const struct calibration *c) {
    printf(o->markdown
               ? "\n| %s stated at | how many | stated | right |\n|---|--:|--:|--:|\n"
               : "\n%-18s how many   stated    right\n",
           what);
    for (int i = 0; i < CONFIDENCES; i++) {
        char range[32];
        double from = i ? judge_bins[i - 1] * 100 : 0, to = judge_bins[i] * 100;
        if (!c->stated[i]) continue;
        if (i + 1 < CONFIDENCES)
            snprintf(range, sizeof range, "%g to %g %%", from, to);
        else
            snprintf(range, sizeof range, "over %g %%", from);
        printf(o->markdown ? "| %s | %lld | %.2f %% | %.2f %% |\n"
                           : "%-18s %8lld %7.2f%% %7.2f%%\n",
               range, (long long)c->stated[i], 100 * c->sum[i] / (double)c->stated[i],
               100 * (double)c->right[i] / (double)c->stated[i]);
    }
}

int main(int n, char **args) {
    struct options o = options_read(args, n);
    struct score all = {0};
    int rows = 0, missed = 0;
    for (int i = 0; i < nworlds; i++) {
        struct score sum = {0};
        if (!is_wanted(&o, &worlds[i])) continue;
        if (o.list) {
            puts(worlds[i].name);
            continue;
        }
        for (int k = 0; k < o.seeds; k++) play(&o, &worlds[i], k, &sum);
        if (!rows++ || o.failures) put_head(&o);
        missed += !put_row(&o, &worlds[i], &sum);
        score_add(&all, &sum);
    }
    if (o.list) return 0;
    if (!rows) stop("rows", "none has such a name; --list tells them");
    put_calibration(&o, "links", &all.links);
    put_calibration(&o, "may belong to", &all.maybes);
    printf("\nmessages: %lld lost, %lld found as several, %lld as one with others\n",
           (long long)all.lost, (long long)all.doubled, (long long)all.merged);
    if (missed) printf("%d of %d worlds miss a bar (!)\n", missed, rows);
    return missed != 0;
}
