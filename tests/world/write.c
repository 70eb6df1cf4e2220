/* write.c: one world to a folder, for people: captures or logs, hosts, truth.tsv.
 *
 *     write ROW FOLDER [N]      ROW: part of a row's name (worlds.c); N: which of its worlds, from 1
 * SCALE in the environment multiplies the number of calls. */
#include "world/worlds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void stop(const char *what, const char *why) {
    fprintf(stderr, "write: %s: %s\n", what, why);
    exit(2);
}

static const struct world_row *row_named(const char *name) {
    for (int i = 0; i < nworlds; i++) {
        if (strcasestr(worlds[i].name, name)) return &worlds[i];
    }
    for (int i = 0; i < nworlds; i++) fprintf(stderr, "%s\n", worlds[i].name);
    stop(name, "no such row; these are the rows");
    return NULL;
}

int main(int n, char **args) {
    if (n < 3) stop("usage", "write ROW FOLDER [N]");
    const char *scale = getenv("SCALE"), *dir = args[2];
    struct world_row row =
        worlds_take(row_named(args[1]), SEEDS_UNSEEN, n > 3 ? atoi(args[3]) - 1 : 0,
                    scale ? atof(scale) : 1);
    char path[512];
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) stop(dir, strerror(errno));
    struct world *w = world_make(&row.plan);
    struct view *v = view_write(w, &row.view, dir);
    snprintf(path, sizeof path, "%s/truth.tsv", dir);
    FILE *f = fopen(path, "w");
    if (!f) stop(path, strerror(errno));
    truth_write(w, v, f);
    fclose(f);
    printf("%s: %d calls, %d legs, %d messages in %d files of %s\n", row.name, w->ncalls,
           w->nlegs, w->nmsgs, v->nsources, dir);
    view_free(v);
    world_free(w);
    return 0;
}
