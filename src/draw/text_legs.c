/* text_legs.c: who called whom and how it ended, the table of legs, and the problems, as plain text.
 *
 *     leg  from → to                numbers                        result         rang   talked
 *      3   boxless → snom-office    01632 960123 → 020 7946 0452   cancelled 487  3.2 s
 *          leg 2, 99.8 %: same called number 13 ms after it arrived at boxless */
#include "draw/cells.h"
#include "draw/facts.h"
#include "draw/text.h"

enum { COLS = 6, WAY = 1, NUMBERS = 2, WIDTH_DEFAULT = 132 };

struct cells text_safe(arena *a, str s, const struct draw_text_options *d) {
    return cells_text(a, s, d->ascii);
}

int text_columns(const struct draw_text_options *d) {
    return d->width > 0 ? d->width : WIDTH_DEFAULT;
}

/* "a → b" */
static struct cells pair(arena *a, str from, str to, const struct draw_text_options *d) {
    struct cells x = text_safe(a, from, d), y = text_safe(a, to, d);
    struct cells both = cells_new(a, x.n + y.n + 4);
    both.n = x.n + y.n + (d->ascii ? 4 : 3);
    cells_put(&both, 0, x);
    cells_put(&both, x.n + 1, cells_text(a, d->ascii ? S("->") : S("\u2192"), d->ascii));
    cells_put(&both, both.n - y.n, y);
    return both;
}

static void write_line(struct out *o, struct cells text) {
    cells_write(o, text);
    out_byte(o, '\n');
}

void text_wrapped(struct out *o, struct cells text, int indent, int width) {
    int room = width - indent;
    if (room < 20) room = 20;
    while (text.n) {
        int n = text.n;
        if (n > room) {
            n = room;
            while (n > room / 2 && text.c[n] != ' ') n--;
            if (text.c[n] != ' ') n = room;
        }
        for (int i = 0; i < indent; i++) out_byte(o, ' ');
        write_line(o, (struct cells){text.c, n});
        while (n < text.n && text.c[n] == ' ') n++;
        text.c += n;
        text.n -= n;
    }
}

static void add_fact(struct out *o, const struct draw_text_options *d, str label,
                     str fact) {
    if (fact.n == 0) return;
    if (o->n) out_z(o, d->ascii ? ", " : " \u00b7 ");
    out_bytes(o, label);
    out_bytes(o, fact);
}

void text_title(struct out *o, const struct call *c, const struct draw_text_options *d,
                arena scratch) {
    arena *a = &scratch;
    write_line(o, pair(a, fact_who(c->from), fact_who(c->to), d));
    struct out facts = {0};
    u32 precision = fact_precision(c);
    add_fact(&facts, d, S(""), fact_when(a, c->start_us, d->zone_s));
    if (c->kind != KIND_CALL) add_fact(&facts, d, S(""), str_z(call_kind_text(c->kind)));
    add_fact(&facts, d, S(""), fact_state(a, c->state, c->status));
    add_fact(&facts, d, S("rang "), fact_span_ms(a, c->ring_ms, precision));
    add_fact(&facts, d, S("talked "), fact_span_ms(a, c->duration_ms, precision));
    add_fact(&facts, d, S(""), fact_count(a, c->nlegs, "leg", "legs"));
    add_fact(&facts, d, S(""), fact_count(a, c->ndevices, "device", "devices"));
    add_fact(&facts, d, S(""), fact_count(a, c->nmessages, "message", "messages"));
    add_fact(&facts, d, S("id "), c->id);
    text_wrapped(o, text_safe(a, out_str(&facts), d), 0, text_columns(d));
    out_drop(&facts);
}

static void leg_cells(struct cells *cell, const struct call *c, const struct leg *l,
                      u32 precision, const struct draw_text_options *d, arena *a) {
    cell[0] = text_safe(a, arena_printf(a, "%3d", l->n), d);
    cell[WAY] = pair(a, fact_device(c, l->from_device), fact_device(c, l->to_device), d);
    cell[NUMBERS] = pair(a, fact_who(l->from), fact_who(l->to), d);
    cell[3] = text_safe(a, fact_state(a, l->state, l->status), d);
    cell[4] = text_safe(a, fact_span(a, fact_leg_ring_us(l), precision), d);
    cell[5] = text_safe(a, fact_span(a, fact_leg_talk_us(l), precision), d);
}

/* Does a leg carry other numbers than the call, whose numbers stand in the title? */
static bool numbers_differ(const struct call *c) {
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *l = &c->legs[i];
        if (!str_eq(l->from, c->from) || !str_eq(l->to, c->to)) return true;
    }
    return false;
}

/* Columns as wide as their contents; where that is too much the widest of way and numbers gives. The numbers
 * are left out, gap and all, where the title has said them. */
static void column_widths(int *width, const struct call *c,
                          const struct draw_text_options *d, arena scratch) {
    static const int heads[COLS] = {3, 9, 7, 6, 4, 6};
    int sum = 2 * (COLS - 1);
    u32 precision = fact_precision(c);
    for (int k = 0; k < COLS; k++) width[k] = heads[k];
    for (isize i = 0; i < c->nlegs; i++) {
        arena a = scratch;
        struct cells cell[COLS];
        leg_cells(cell, c, &c->legs[i], precision, d, &a);
        for (int k = 0; k < COLS; k++) {
            if (cell[k].n > width[k]) width[k] = cell[k].n;
        }
    }
    if (!numbers_differ(c)) width[NUMBERS] = -2;
    for (int k = 0; k < COLS; k++) sum += width[k];
    while (sum > text_columns(d)) {
        int give = width[WAY] >= width[NUMBERS] ? WAY : NUMBERS;
        if (width[give] <= 12) break;
        width[give]--;
        sum--;
    }
}

static void write_cells(struct out *o, const struct cells *cell, const int *width,
                        const struct draw_text_options *d, arena a) {
    int all = 2 * (COLS - 1), at = 0;
    for (int k = 0; k < COLS; k++) all += width[k];
    struct cells line = cells_new(&a, all);
    for (int k = 0; k < COLS; k++) {
        if (width[k] > 0)
            cells_put(&line, at, cells_fit(&a, cell[k], width[k], d->ascii));
        at += width[k] + 2;
    }
    write_line(o, line);
}

void text_legs(struct out *o, const struct call *c, const struct draw_text_options *d,
               arena scratch) {
    if (c->nlegs == 0) return;
    int width[COLS];
    u32 precision = fact_precision(c);
    column_widths(width, c, d, scratch);
    arena a = scratch;
    str names[COLS] = {S("leg"),     d->ascii ? S("from -> to") : S("from \u2192 to"),
                       S("numbers"), S("result"),
                       S("rang"),    S("talked")};
    struct cells cell[COLS];
    for (int k = 0; k < COLS; k++) cell[k] = text_safe(&a, names[k], d);
    write_cells(o, cell, width, d, a);
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *l = &c->legs[i];
        a = scratch;
        leg_cells(cell, c, l, precision, d, &a);
        write_cells(o, cell, width, d, a);
        str why = d->why ? fact_how_sure(&a, l) : fact_why(&a, l);
        if (l->parent > 0 || l->role != ROLE_INCOMING)
            why = arena_printf(&a, "%s of %.*s", leg_role_text(l->role), (int)why.n,
                               (const char *)why.p);
        text_wrapped(o, text_safe(&a, why, d), 5, text_columns(d));
        if (d->why) text_evidence(o, l->evidence, l->nevidence, d, a);
    }
    if (d->why)
        out_z(o,
              "\nOne bit of evidence doubles the odds; below zero it speaks against.\n");
}

void text_problems(struct out *o, const struct call *c, const struct draw_text_options *d,
                   arena scratch) {
    for (isize i = 0; i < c->nproblems; i++) {
        const struct problem *p = &c->problems[i];
        arena a = scratch;
        struct out words = {0};
        out_z(&words, "! ");
        out_bytes(&words, p->severity);
        if (p->leg > 0) out_printf(&words, ", leg %d", p->leg);
        if (p->message > 0) out_printf(&words, ", message %d", p->message);
        out_z(&words, ": ");
        out_bytes(&words, p->text);
        if (p->cure.n) out_byte(&words, ' ');
        out_bytes(&words, p->cure);
        if (i == 0) out_byte(o, '\n');
        text_wrapped(o, text_safe(&a, out_str(&words), d), 0, text_columns(d));
        out_drop(&words);
    }
}
