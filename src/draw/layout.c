/* layout.c: pixels. Columns stand as close as their labels and names allow; rows are evenly spaced. */
#include "draw/layout.h"

enum {
    BELOW_HEAD = 10,
    BELOW_ROWS = 16,
    NAME_MAX = 190, /* wider names are shortened */
    NAME_GAP = 20,
    SUB_MAX = 110,  /* what the first column leaves for its small line */
    SIDE = 24,      /* left and right of the outer columns */
    LOOP_MAX = 260, /* label of a message from a device to itself */
    WARN_R = 7      /* half a problem's triangle */
};

/* ---- the grid: columns and rows, no pixels ------------------------------------------------ */

static bool unknown_device(const struct call *c) {
    isize n = c->messages ? c->nmessages : 0;
    for (isize i = 0; i < n; i++) {
        const struct message *m = &c->messages[i];
        if (m->from_device < 0 || m->from_device >= c->ndevices) return true;
        if (m->to_device < 0 || m->to_device >= c->ndevices) return true;
    }
    return false;
}

static int position(const struct layout *l, const struct call *c, int device) {
    if (device < 0 || device >= c->ndevices) return l->column_of[c->ndevices];
    return l->column_of[device];
}

static void columns_build(struct layout *l, const struct call *c, arena *a) {
    must(c->ndevices < 1 << 20);
    int n = (int)c->ndevices + unknown_device(c);
    int *order = arena_new(a, int, n);
    l->ncolumns = n;
    l->columns = arena_new(a, struct column, n);
    l->column_of = arena_new(a, int, c->ndevices + 1);
    order_columns(c, n, order, *a);
    for (int i = 0; i < n; i++) {
        l->columns[i].device = order[i];
        l->column_of[order[i] < 0 ? c->ndevices : order[i]] = i;
    }
}

void layout_grid(struct layout *l, const struct call *c, const struct draw_options *d,
                 arena *a) {
    *l = (struct layout){0};
    columns_build(l, c, a);
    rows_build(l, c, d, a);
    for (isize i = 0; i < l->nrows; i++) {
        struct row *r = &l->rows[i];
        if (r->kind == ROW_GAP) continue;
        r->from = position(l, c, r->m->from_device);
        r->to = position(l, c, r->m->to_device);
        /* in a call most answers are to the INVITE; the others say what they answer */
        if (c->kind == KIND_CALL && !r->m->is_request &&
            !str_eq(r->m->method, S("INVITE")))
            r->of = r->m->method;
    }
}

/* ---- widths --------------------------------------------------------------------------------- */

static bool heavy(const struct row *r) {
    return r->m->is_request || r->bad;
}

/* What stands behind the label: " BYE", " ×3", " 2 of 3". */
static int behind_width(const struct row *r) {
    int w = 0, blank = text_width(S(" "), LABEL_PX, heavy(r));
    if (r->of.n) w += blank + text_width(str_sub(r->of, 0, 24), SUB_PX, false);
    if (r->parts) w += blank + text_width(S("99 of 99"), LABEL_PX, true);
    if (r->count > 1)
        w += blank + text_width(r->count < 100 ? S("\u00d799") : S("\u00d799999"),
                                LABEL_PX, true);
    return w;
}

/* Signs stand in a line from where the arrow leaves, the first one on the column itself: badge, cross or
 * triangle. Puts them `dir` along and returns how far they reach. */
static int put_signs(struct row *r, int x, int dir) {
    int reach = r->first_of_leg ? BADGE_R : 0;
    if (r->bad) {
        r->mark_x = reach ? x + dir * (reach + 2 + MARK_R) : x;
        reach = reach ? reach + 2 + 2 * MARK_R : MARK_R;
    }
    if (r->problem) {
        r->warn_x = reach ? x + dir * (reach + 2 + WARN_R) : x;
        reach = reach ? reach + 2 + 2 * WARN_R : WARN_R;
    }
    return reach;
}

/* Room that the label leaves on each side of it. */
static int clearance(const struct layout *l, const struct row *r) {
    int low = r->from < r->to ? r->from : r->to, high = r->from < r->to ? r->to : r->from;
    struct row signs = *r;
    int pad = put_signs(&signs, 0, 1) + 5;
    if (pad < LABEL_PAD) pad = LABEL_PAD;
    if (l->columns[low].pad_right > pad) pad = l->columns[low].pad_right;
    if (l->columns[high].pad_left > pad) pad = l->columns[high].pad_left;
    return pad;
}

static int label_width(const struct row *r) {
    return text_width(str_sub(r->m->summary, 0, 256), LABEL_PX, heavy(r)) +
           behind_width(r);
}

static int at_most(int a, int b) {
    return a < b ? a : b;
}
static int at_least(int a, int b) {
    return a > b ? a : b;
}

static str device_name(const struct call *c, int device) {
    if (device < 0) return S("unknown");
    return c->devices[device].name;
}

static str without_port(str address) {
    return str_ends(address, S(":5060")) ? str_sub(address, 0, address.n - 5) : address;
}

/* The small line under a name. Rather a shorter fact than a clipped one: "snom360/8.7.3" or "snom360". */
static str device_sub(const struct call *c, int device, int max, arena *a) {
    if (device < 0) return (str){0};
    const struct device *d = &c->devices[device];
    if (d->nips > 1) return arena_printf(a, "pool of %lld", (long long)d->nips);
    str sub = d->software;
    if (sub.n == 0 && d->named && d->naddresses) sub = without_port(d->addresses[0]);
    isize end = 0;
    while (end < sub.n && sub.p[end] != '/' && sub.p[end] != ' ') end++;
    if (d->software.n && end > 2 && text_width(str_sub(sub, 0, 256), SUB_PX, false) > max)
        sub = str_sub(sub, 0, end);
    return text_fit(a, sub, SUB_PX, false, max);
}

/* Between columns that are not neighbours: the room that is missing, in equal shares. */
static void widen(int *gap, int low, int high, int need) {
    int have = 0, n = high - low;
    for (int i = low; i < high; i++) have += gap[i];
    for (int i = low; have < need && i < high; i++, n--) {
        int share = (need - have + n - 1) / n;
        gap[i] += share;
        have += share;
    }
}

/* gap[i] is the distance from column i to the next. */
static int *gaps(struct layout *l, const struct call *c, arena *a) {
    int n = l->ncolumns;
    int *gap = arena_new(a, int, n), *name = arena_new(a, int, n);
    for (int i = 0; i < n; i++) {
        struct column *col = &l->columns[i];
        str full = device_name(c, col->device);
        bool named = col->device < 0 || c->devices[col->device].named;
        col->name = named ? text_fit(a, full, NAME_PX, true, NAME_MAX)
                          : text_fit_middle(a, full, NAME_PX, true, NAME_MAX);
        name[i] = text_width(col->name, NAME_PX, true);
        gap[i] = COL_MIN;
    }
    for (int i = 0; i + 1 < n; i++)
        gap[i] = at_least(gap[i], (name[i] + name[i + 1]) / 2 + NAME_GAP);
    for (int far = 0; far < 2; far++) {
        for (isize i = 0; i < l->nrows; i++) {
            const struct row *r = &l->rows[i];
            if (r->kind == ROW_GAP || r->from == r->to) continue;
            int low = at_most(r->from, r->to), high = at_least(r->from, r->to);
            if ((high - low > 1) != far) continue;
            int label = at_most(label_width(r), COL_MAX - 2 * LABEL_PAD);
            widen(gap, low, high, label + 2 * clearance(l, r));
        }
    }
    return gap;
}

/* ---- pixels ----------------------------------------------------------------------------------- */

static void place_columns(struct layout *l, const struct call *c, arena *a) {
    int n = l->ncolumns, right = SIDE;
    if (n == 0) {
        l->width = GUTTER + 2 * SIDE;
        return;
    }
    int *gap = gaps(l, c, a);
    str sub = device_sub(c, l->columns[0].device, SUB_MAX, a);
    int first = at_least(text_width(l->columns[0].name, NAME_PX, true),
                         text_width(sub, SUB_PX, false)) /
                    2 +
                8;
    int last = text_width(l->columns[n - 1].name, NAME_PX, true) / 2 + 8;
    int x = GUTTER + at_least(at_least(first, SIDE), l->columns[0].pad_left + 8);
    for (int i = 0; i < n; x += gap[i++]) l->columns[i].x = x;
    right = at_least(at_least(right, last), l->columns[n - 1].pad_right + 8);
    l->width = l->columns[n - 1].x + right;
    for (int i = 0; i < n; i++) {
        struct column *col = &l->columns[i];
        int before = i ? gap[i - 1] : 2 * (col->x - GUTTER);
        int after = i + 1 < n ? gap[i] : 2 * right;
        col->sub = device_sub(c, col->device, at_most(before, after) - 10, a);
    }
}

/* How wide the label may be at most. */
static int room(const struct layout *l, const struct row *r) {
    if (layout_is_loop(r)) return LOOP_MAX;
    int dx = l->columns[r->to].x - l->columns[r->from].x;
    return (dx < 0 ? -dx : dx) - 2 * clearance(l, r);
}

static void place_row(struct layout *l, struct row *r, arena *a) {
    if (2 * behind_width(r) > room(l, r)) r->of = (str){0};
    int behind = behind_width(r);
    r->label =
        text_fit(a, r->m->summary, LABEL_PX, heavy(r), at_least(room(l, r) - behind, 12));
    r->label_w = text_width(r->label, LABEL_PX, heavy(r)) + behind;
    int x = l->columns[r->from].x, dir = l->columns[r->to].x < x ? -1 : 1;
    int reach = put_signs(r, x, layout_is_loop(r) ? -1 : dir);
    if (layout_is_loop(r)) {
        r->label_x = x + LOOP_W;
        l->width = at_least(l->width, r->label_x + r->label_w + SIDE);
    } else {
        r->label_x = (x + l->columns[r->to].x) / 2;
        if (r->m->has_sdp) r->wave_x = x + dir * (at_least(reach, 3) + 5 + WAVE_W / 2);
    }
}

void layout_build(struct layout *l, const struct call *c, const struct draw_options *d,
                  arena *a) {
    layout_grid(l, c, d, a);
    lanes_build(l, c, a);
    place_columns(l, c, a);
    int top = HEAD_H + BELOW_HEAD;
    for (isize i = 0; i < l->nrows; i++) {
        struct row *r = &l->rows[i];
        if (r->kind == ROW_GAP) {
            r->y = top + GAP_H / 2;
            top += GAP_H;
            continue;
        }
        r->y = top + ROW_UP;
        top += ROW_H;
        place_row(l, r, a);
    }
    l->height = top + BELOW_ROWS;
}
