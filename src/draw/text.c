/* text.c: the ladder for a terminal, a mail or a ticket; text_legs.c writes what stands below it.
 *
 *       time leg     pstn      boxless      home
 *     00.000  1       ├─ INVITE ─▶│           │
 *     00.071  4       │           ├─ INVITE ─▶│       ! in front of the first column: a problem
 *     00.237  4       │           │◀─ 180 ×3 ─┤       ✗ in front of a label: a bad answer
 *             4       │           ├─── ACK ──▶│       no time: the same as above
 *      3.2 s          ┊           ┊           ┊       a silence
 *
 * Columns are as far apart as their labels and names ask for, and where that is wider than the
 * terminal the widest are narrowed until it fits: then answers are shortened to their code. */
#include "draw/cells.h"
#include "draw/draw.h"
#include "draw/layout.h"
#include "draw/text.h"

enum { GAP_MIN = 8, LABEL_MAX = 32, NAME_MAX_CELLS = 40, CLIP_MIN = 18 };

struct signs {
    u32 life, dotted, line, broken, cross, from_left, from_right, right, left, turn, bad;
};
static const struct signs UNICODE = {0x2502, 0x250a, 0x2500, 0x254c, 0x253c, 0x251c,
                                     0x2524, 0x25b6, 0x25c0, 0x21bb, 0x2717};
static const struct signs PLAIN = {'|', ':', '-', '.', '+', '|', '|', '>', '<', '@', 'x'};

struct grid {
    const struct call *c;
    struct layout l;
    const struct signs *s;
    bool ascii;
    int *x;                 /* of each column */
    int times, legs, width; /* where times end, leg numbers end, lines end */
};

static int larger(int a, int b) {
    return a > b ? a : b;
}
static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* ---- labels ------------------------------------------------------------------------------- */

enum form { FULL, CODE_AND_METHOD, CODE };

/* "✗ 486 Busy Here", "200 OK BYE", "180 Ringing ×3"; the shorter forms keep only the code of an answer. */
static struct cells label(const struct grid *g, const struct row *r, enum form form,
                          arena *a) {
    str words = str_sub(r->m->summary, 0, 256), number = {0};
    if (form != FULL && !r->m->is_request) words = arena_printf(a, "%d", r->m->status);
    if (r->parts)
        number = arena_printf(a, "%lld/%lld", (long long)r->part, (long long)r->parts);
    else if (r->count > 1)
        number = arena_printf(a, g->ascii ? "x%lld" : "\u00d7%lld", (long long)r->count);
    struct cells part[3] = {cells_text(a, words, g->ascii)};
    if (form != CODE) part[1] = cells_text(a, str_sub(r->of, 0, 24), g->ascii);
    part[2] = cells_text(a, number, g->ascii);
    struct cells all = cells_new(a, part[0].n + part[1].n + part[2].n + 5);
    int at = 0;
    if (r->bad) {
        cells_set(&all, 0, g->s->bad);
        at = 2;
    }
    for (int i = 0; i < 3; i++) {
        if (part[i].n == 0) continue;
        if (i) at++;
        cells_put(&all, at, part[i]);
        at += part[i].n;
    }
    all.n = at;
    return all;
}

/* The longest form that has room. */
static struct cells fitting_label(const struct grid *g, const struct row *r, int room,
                                  arena *a) {
    for (enum form form = FULL; form <= CODE; form++) {
        struct cells words = label(g, r, form, a);
        if (words.n <= room) return words;
        bool clip = form == CODE || r->m->is_request || room >= CLIP_MIN;
        if (clip) return cells_fit(a, words, room, g->ascii);
    }
    return (struct cells){0};
}

/* ---- columns ------------------------------------------------------------------------------ */

static struct cells name_of(const struct grid *g, int column, arena *a) {
    int device = g->l.columns[column].device;
    str name = device < 0 ? S("unknown") : g->c->devices[device].name;
    return cells_fit(a, cells_text(a, name, g->ascii), NAME_MAX_CELLS, g->ascii);
}

static int *wanted_gaps(const struct grid *g, arena *a) {
    int n = g->l.ncolumns, *gap = arena_new(a, int, n);
    int before = 0;
    for (int i = 0; i < n; i++) {
        arena scratch = *a;
        int name = name_of(g, i, &scratch).n;
        gap[i] = GAP_MIN;
        if (i) gap[i - 1] = larger(gap[i - 1], (before + name) / 2 + 2);
        before = name;
    }
    for (isize i = 0; i < g->l.nrows; i++) {
        const struct row *r = &g->l.rows[i];
        if (r->kind == ROW_GAP) continue;
        int low = smaller(r->from, r->to), high = larger(r->from, r->to);
        if (high - low != 1) continue;
        arena scratch = *a;
        int need = smaller(label(g, r, FULL, &scratch).n, LABEL_MAX) + 6;
        gap[low] = larger(gap[low], need);
    }
    return gap;
}

/* Cuts the widest down to one height until all of them fit; never below GAP_MIN. */
static void narrow(int *gap, int n, int room) {
    int low = GAP_MIN, high = LABEL_MAX + NAME_MAX_CELLS;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        i64 sum = 0;
        for (int i = 0; i < n; i++) sum += smaller(gap[i], middle);
        if (sum <= room)
            low = middle;
        else
            high = middle - 1;
    }
    i64 sum = 0;
    for (int i = 0; i < n; i++) sum += smaller(gap[i], low);
    for (int i = 0; i < n;
         i++) { /* what rounding left over goes to the first that want it */
        bool one_more = gap[i] > low && sum < room;
        sum += one_more;
        gap[i] = smaller(gap[i], low + one_more);
    }
}

static int widest_loop(const struct grid *g, arena a) {
    int widest = 0;
    for (isize i = 0; i < g->l.nrows; i++) {
        const struct row *r = &g->l.rows[i];
        if (!layout_is_loop(r) || r->to != g->l.ncolumns - 1) continue;
        arena scratch = a;
        widest = larger(widest, smaller(label(g, r, FULL, &scratch).n, LABEL_MAX) + 3);
    }
    return widest;
}

static void grid_build(struct grid *g, int width, arena *a) {
    int n = g->l.ncolumns, digits = 1;
    for (isize legs = g->c->nlegs; legs > 9; legs /= 10) digits++;
    for (isize i = 0; i < g->l.nrows; i++) {
        arena scratch = *a;
        g->times = larger(g->times, cells_text(&scratch, g->l.rows[i].time, g->ascii).n);
    }
    g->times += 1;
    g->legs = g->times + 2 + digits;
    g->x = arena_new(a, int, n + 1);
    if (n == 0) return;
    int *gap = wanted_gaps(g, a);
    int first = name_of(g, 0, a).n / 2, last = name_of(g, n - 1, a).n / 2 + 1;
    last = larger(last, widest_loop(g, *a));
    g->x[0] = g->legs + larger(4, smaller(first, 12) - 1);
    if (width > 0) narrow(gap, n - 1, width - g->x[0] - smaller(last, 12) - 1);
    for (int i = 1; i < n; i++) g->x[i] = g->x[i - 1] + gap[i - 1];
    g->width = g->x[n - 1] + last + 1;
    if (width > 0) g->width = larger(g->x[n - 1] + 2, smaller(g->width, width));
}

/* ---- lines --------------------------------------------------------------------------------- */

static void put_lifes(const struct grid *g, struct cells *line, u32 sign) {
    for (int i = 0; i < g->l.ncolumns; i++) cells_set(line, g->x[i], sign);
}

static void put_right(struct cells *line, int end, struct cells text) {
    cells_put(line, end - text.n, text);
}

/* Names in one line where they fit, else every other one in a line of its own, which gives each twice the room. */
static void write_heads(struct out *o, const struct grid *g, struct cells *line,
                        arena a) {
    int n = g->l.ncolumns;
    bool fits = true;
    for (int i = 0; i + 1 < n; i++) {
        arena scratch = a;
        int both =
            name_of(g, i, &scratch).n / 2 + (name_of(g, i + 1, &scratch).n + 1) / 2;
        fits = fits && both + 1 < g->x[i + 1] - g->x[i];
    }
    int lines = fits ? 1 : 2;
    for (int k = 0; k < lines; k++) {
        cells_clear(line);
        for (int i = 0; k && i < n; i += 2) cells_set(line, g->x[i], g->s->life);
        for (int i = k; i < n; i += lines) {
            arena scratch = a;
            struct cells name = name_of(g, i, &scratch);
            int left = i >= lines ? (g->x[i] - g->x[i - lines]) / 2 : g->x[i];
            int right =
                i + lines < n ? (g->x[i + lines] - g->x[i]) / 2 : line->n - g->x[i];
            int room = 2 * smaller(left, right) - 1;
            if (i < lines || i + lines >= n)
                room = left + right - 1; /* may lean outward */
            name = cells_fit(&scratch, name, room, g->ascii);
            int at = g->x[i] - name.n / 2;
            at = smaller(at, line->n - name.n);
            cells_put(line, larger(at, g->legs + 1), name);
        }
        cells_write(o, *line);
        out_byte(o, '\n');
    }
}

static void put_arrow(const struct grid *g, struct cells *line, const struct row *r,
                      arena a) {
    int from = g->x[r->from], to = g->x[r->to];
    int low = smaller(from, to), high = larger(from, to);
    u32 stroke = r->again ? g->s->broken : g->s->line;
    for (int i = low + 1; i < high; i++)
        cells_set(line, i, line->c[i] == g->s->life ? g->s->cross : stroke);
    cells_set(line, from, from < to ? g->s->from_left : g->s->from_right);
    cells_set(line, from < to ? high - 1 : low + 1, from < to ? g->s->right : g->s->left);
    int room = high - low - 2;
    struct cells words = fitting_label(g, r, room, &a);
    int begin =
        from < to ? low + 1 : low + 2; /* the arrow head stands on the other side */
    int at = begin + (room - words.n) / 2;
    if (words.n + 2 <= room) {
        cells_set(line, at - 1, ' ');
        cells_set(line, at + words.n, ' ');
    }
    cells_put(line, at, words);
}

static void write_row(struct out *o, const struct grid *g, struct cells *line,
                      const struct row *r, arena a) {
    cells_clear(line);
    if (!r->same_time) put_right(line, g->times, cells_text(&a, r->time, g->ascii));
    put_lifes(g, line, r->kind == ROW_GAP ? g->s->dotted : g->s->life);
    if (r->kind == ROW_MESSAGE) {
        put_right(line, g->legs,
                  cells_text(&a, arena_printf(&a, "%d", r->m->leg), g->ascii));
        if (r->problem) cells_set(line, g->legs + 1, '!');
        if (layout_is_loop(r)) {
            int x = g->x[r->from];
            cells_set(line, x + 1, g->s->turn);
            cells_put(line, x + 3, fitting_label(g, r, LABEL_MAX, &a));
        } else {
            put_arrow(g, line, r, a);
        }
    }
    cells_write(o, *line);
    out_byte(o, '\n');
}

void draw_text(struct out *o, const struct call *c, const struct draw_text_options *d) {
    arena view = arena_open_view();
    struct draw_options how = {.unfold = d->unfold, .zone_s = d->zone_s};
    struct grid g = {.c = c, .s = d->ascii ? &PLAIN : &UNICODE, .ascii = d->ascii};
    layout_grid(&g.l, c, &how, &view);
    grid_build(&g, d->width, &view);
    struct cells line = cells_new(&view, g.width);
    text_title(o, c, d, view);
    out_byte(o, '\n');
    if (g.l.nrows) write_heads(o, &g, &line, view);
    for (isize i = 0; i < g.l.nrows; i++) write_row(o, &g, &line, &g.l.rows[i], view);
    if (g.l.nrows) out_byte(o, '\n');
    text_legs(o, c, d, view);
    text_links(o, c, d, view);
    text_problems(o, c, d, view);
    arena_close(&view);
}
