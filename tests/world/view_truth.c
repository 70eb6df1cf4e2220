/* view_truth.c: the truth as a table, one line a message (tests/world/README.md has its columns). */
#include "world/view_parts.h"

#include <stdlib.h>
#include <string.h>

struct sighting_rows {
    int *first; /* by message: row of lines + 1, 0: none */
    int *next;  /* by row of lines */
};

static struct sighting_rows rows_of(const struct world *w, const struct view *v) {
    struct sighting_rows r = {view_new((size_t)w->nmsgs, sizeof *r.first),
                              view_new((size_t)v->nlines, sizeof *r.next)};
    for (int i = v->nlines - 1; i >= 0; i--) {
        r.next[i] = r.first[v->lines[i].msg];
        r.first[v->lines[i].msg] = i + 1;
    }
    return r;
}

static void put_start(const struct world *w, const struct world_msg *m, FILE *f) {
    const char *text = w->text + m->at, *end = memchr(text, '\r', m->n);
    fprintf(f, "\t%.*s\t", end ? (int)(end - text) : (int)m->n, text);
}

void truth_write(const struct world *w, const struct view *v, FILE *f) {
    struct sighting_rows rows = rows_of(w, v);
    fputs("msg\tsent_us\treceived_us\tcall\tflow\tleg\tparent\tkind\tfrom\tto\tprompted\t"
          "again\tafter\tstart\tseen\n",
          f);
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        const struct world_leg *l = &w->legs[m->leg];
        fprintf(f, "%d\t%lld\t%lld\t%d\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%d", i + 1,
                (long long)m->sent_us, (long long)m->received_us, l->call + 1,
                w->calls[l->call].flow, m->leg + 1, l->parent,
                l->kind == WORLD_CALL ? "call" : "other",
                w->devices[w->addresses[m->from].device].name,
                w->devices[w->addresses[m->to].device].name, m->prompted, m->again,
                m->after);
        put_start(w, m, f);
        for (int row = rows.first[i]; row; row = rows.next[row - 1]) {
            const struct view_line *x = &v->lines[row - 1];
            fprintf(f, "%s%s:%llu", row == rows.first[i] ? "" : ",",
                    v->sources[x->source].name, (unsigned long long)x->line);
        }
        fputc('\n', f);
    }
    free(rows.first);
    free(rows.next);
}
