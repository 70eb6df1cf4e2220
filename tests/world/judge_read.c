/* judge_read.c: the files of a view through sipweave, to plain tables. */
#include "world/judge.h"

#include "lib/weave_sink.h"

#include <stdlib.h>
#include <time.h>

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void stop(str sentence) {
    fprintf(stderr, "judge: %.*s\n", (int)sentence.n, (const char *)sentence.p);
    exit(2);
}

/* ---- the way in ---------------------------------------------------------------------------------- */

static void hosts_read(struct weave *w, const char *path, arena scratch) {
    FILE *f = fopen(path, "rb");
    if (!f) stop(str_z(path));
    enum { LARGEST = 16 << 20 };
    u8 *text = arena_new(&scratch, u8, LARGEST);
    isize n = (isize)fread(text, 1, LARGEST, f);
    fclose(f);
    struct fail fail;
    if (weave_hosts(w, (str){text, n}, &fail) != ERR_OK) stop(S("hosts"));
}

static void files_read(struct reading_of *r, const struct view *v) {
    struct input_sink sink = weave_sink(r->weave);
    struct input_options how = {0};
    for (int i = 0; i < v->nsources; i++) {
        str sentence;
        const char *path = v->sources[i].path;
        if (v->sources[i].log && !v->sources[i].lines) continue; /* it is empty */
        if (input_file_read(path, &how, &sink, &r->boot, &sentence) != ERR_OK)
            stop(sentence);
    }
}

/* ---- the calls, to tables --------------------------------------------------------------------------- */

struct taking {
    const struct view *v;
    struct found *f;
    struct map sources; /* hash of a name -> row + 1 */
    struct map ids;     /* of legs -> row + 1 */
    int *first_line;    /* by source, and one past the last */
    isize cap_legs, cap_msgs, cap_maybes;
    struct held_maybe {
        u64 other;
        int leg;
        double confidence;
    } * held; /* until all legs are known */
    isize nheld, cap_held;
};

static void sources_index(struct taking *t) {
    const struct view *v = t->v;
    t->first_line = base_new(v->nsources + 1, (isize)sizeof *t->first_line);
    int row = 0;
    for (int s = 0; s < v->nsources; s++) {
        *map_put(&t->sources, hash_bytes(str_z(v->sources[s].name), 0)) = (u32)s + 1;
        while (row < v->nlines && v->lines[row].source < s) row++;
        t->first_line[s] = row;
    }
    t->first_line[v->nsources] = v->nlines;
}

/* Row of view.lines, -1: nobody has written such a line. */
static int line_row(const struct taking *t, const struct seen_by *s) {
    u32 source = map_get(&t->sources, hash_bytes(s->source, 0));
    if (!source) return -1;
    int low = t->first_line[source - 1], high = t->first_line[source];
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (t->v->lines[middle].line < s->line)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->first_line[source] && t->v->lines[low].line == s->line ? low : -1;
}

static void leg_take(struct taking *t, int call, int first, const struct leg *l) {
    struct found *f = t->f;
    u64 id = 0;
    f->legs = base_grow(f->legs, &t->cap_legs, f->nlegs + 1, (isize)sizeof *f->legs);
    f->legs[f->nlegs++] = (struct found_leg){.call = call,
                                             .n = l->n,
                                             .parent = l->parent ? first + l->parent : 0,
                                             .confidence = l->confidence};
    if (!call_id_read(l->id, &id)) return;
    u32 *known = map_put(&t->ids, id);
    if (!*known) *known = (u32)f->nlegs;
}

static void message_take(struct taking *t, int first_leg, int first_msg,
                         const struct message *m) {
    struct found *f = t->f;
    f->msgs = base_grow(f->msgs, &t->cap_msgs, f->nmsgs + 1, (isize)sizeof *f->msgs);
    f->msgs[f->nmsgs++] = (struct found_msg){
        .leg = first_leg + m->leg - 1,
        .n = m->n,
        .prompted = m->prompted_by ? first_msg + m->prompted_by : 0,
    };
    for (isize i = 0; i < m->nseen; i++) {
        int row = line_row(t, &m->seen[i]);
        if (row < 0)
            f->strangers++;
        else
            f->of_line[row] = f->nmsgs;
    }
}

static void maybe_take(struct taking *t, int first_leg, const struct maybe *m) {
    u64 other = 0;
    if (!call_id_read(m->other, &other)) return;
    t->held = base_grow(t->held, &t->cap_held, t->nheld + 1, (isize)sizeof *t->held);
    t->held[t->nheld++] =
        (struct held_maybe){other, first_leg + m->leg - 1, m->confidence};
}

/* One that is told in both calls counts once. */
static void maybes_settle(struct taking *t) {
    struct found *f = t->f;
    struct map known = {0};
    for (isize i = 0; i < t->nheld; i++) {
        u32 leg = (u32)t->held[i].leg + 1, other = map_get(&t->ids, t->held[i].other);
        if (!other) continue;
        u32 *told = map_put(&known, leg < other ? (u64)leg << 32 | other
                                                : (u64)other << 32 | leg);
        if (*told) continue;
        *told = 1;
        f->maybes = base_grow(f->maybes, &t->cap_maybes, f->nmaybes + 1,
                              (isize)sizeof *f->maybes);
        f->maybes[f->nmaybes++] =
            (struct found_maybe){t->held[i].leg, (int)other - 1, t->held[i].confidence};
    }
    map_drop(&known);
}

static void calls_take(struct reading_of *r, const struct view *v) {
    struct found *f = &r->found;
    struct taking t = {.v = v, .f = f};
    sources_index(&t);
    f->of_line = base_new(v->nlines, (isize)sizeof *f->of_line);
    f->ncalls = (int)weave_ncalls(r->weave);
    for (int i = 0; i < f->ncalls; i++) {
        arena_reset(&r->view);
        const struct call *c = weave_call(r->weave, i, true, &r->view);
        int first_leg = f->nlegs, first_msg = f->nmsgs;
        for (isize k = 0; k < c->nlegs; k++) leg_take(&t, i, first_leg, &c->legs[k]);
        for (isize k = 0; k < c->nmessages; k++)
            message_take(&t, first_leg, first_msg, &c->messages[k]);
        for (isize k = 0; k < c->nmaybes; k++) maybe_take(&t, first_leg, &c->maybes[k]);
    }
    maybes_settle(&t);
    map_drop(&t.sources);
    map_drop(&t.ids);
    base_free(t.first_line);
    base_free(t.held);
}

void judge_read(struct reading_of *r, const struct view *v, bool hosts) {
    *r = (struct reading_of){.weave = weave_open(),
                             .boot = arena_open((isize)64 << 20),
                             .view = arena_open_view()};
    double begin = now_s();
    if (hosts) hosts_read(r->weave, v->hosts_path, r->boot);
    files_read(r, v);
    double read = now_s();
    weave_link(r->weave);
    double linked = now_s();
    calls_take(r, v);
    r->found.read_s = read - begin;
    r->found.link_s = linked - read;
    r->found.view_s = now_s() - linked;
}

void judge_drop(struct reading_of *r) {
    base_free(r->found.legs);
    base_free(r->found.msgs);
    base_free(r->found.maybes);
    base_free(r->found.of_line);
    weave_close(r->weave);
    arena_close(&r->boot);
    arena_close(&r->view);
    input_files_close();
    *r = (struct reading_of){0};
}
