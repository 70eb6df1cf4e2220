/* svg.c: writes down what layout.c worked out, in the terms of docs/ladder.md; svg_row.c writes the rows. Every
 * text that came out of a message goes through out_xml; numbers are ours. */
#include "draw/draw.h"
#include "draw/layout.h"
#include "draw/palette.h"
#include "draw/svg.h"

static void plural(struct out *o, i64 n, const char *one, const char *many) {
    out_i64(o, n);
    out_byte(o, ' ');
    out_z(o, n == 1 ? one : many);
}

/* ---- behind the rows --------------------------------------------------------------------- */

static void write_head_texts(struct out *o, const struct call *c) {
    out_z(o, "<title>");
    if (c->kind == KIND_CALL) {
        out_z(o, "Call from ");
        out_xml(o, c->from.n ? c->from : S("an unknown number"));
        out_z(o, " to ");
        out_xml(o, c->to.n ? c->to : S("an unknown number"));
    } else {
        out_z(o, call_kind_text(c->kind));
        out_z(o, " of ");
        out_xml(o, c->from.n ? c->from : S("an unknown user"));
    }
    out_z(o, ", ");
    out_z(o, call_state_text(c->state));
    out_z(o, "</title>\n<desc>Ladder diagram: ");
    plural(o, c->nlegs, "leg", "legs");
    out_z(o, " between ");
    plural(o, c->ndevices, "device", "devices");
    out_z(o, ", ");
    plural(o, c->nmessages, "message", "messages");
    out_z(o, ", the first on top.</desc>\n");
}

static void write_lifes(struct out *o, const struct call *c, const struct layout *l) {
    out_z(o, "<g class=\"lifes\">\n");
    for (int i = 0; i < l->ncolumns; i++) {
        const struct column *col = &l->columns[i];
        out_z(o, "<line class=\"life\"");
        svg_number(o, "data-device", svg_device(c, col->device));
        svg_number(o, "x1", col->x);
        svg_number(o, "x2", col->x);
        svg_number(o, "y1", HEAD_H);
        svg_number(o, "y2", l->height);
        out_z(o, "/>\n");
    }
    out_z(o, "</g>\n");
}

/* A band in which the life lines are only dotted: here time was cut out. */
static void write_gaps(struct out *o, const struct svg_part *p) {
    const struct layout *l = p->l;
    out_z(o, "<g class=\"gaps\">\n");
    for (isize i = p->from; i < p->to; i++) {
        const struct row *r = &l->rows[i];
        if (r->kind != ROW_GAP) continue;
        int top = r->y - GAP_H / 2 + 4, h = GAP_H - 8;
        out_z(o, "<g class=\"gap\"><rect");
        svg_number(o, "x", 0);
        svg_number(o, "y", top);
        svg_number(o, "width", l->width);
        svg_number(o, "height", h);
        out_z(o, "/><path class=\"cut\" d=\"");
        for (int k = 0; k < l->ncolumns; k++)
            out_printf(o, "M%d %dv%d", l->columns[k].x, top, h);
        out_z(o, "\"/><text");
        svg_number(o, "x", GUTTER - 10);
        svg_number(o, "y", r->y + 4);
        out_byte(o, '>');
        out_xml(o, r->time);
        out_z(o, "</text></g>\n");
    }
    out_z(o, "</g>\n");
}

/* A bracket with round shoulders, from the height of one arrow to that of the other. */
static void write_prompts(struct out *o, const struct svg_part *p) {
    const struct layout *l = p->l;
    const struct call *c = p->c;
    out_z(o, "<g class=\"prompts\">\n");
    for (isize i = 0; i < l->ncurves; i++) {
        const struct curve *v = &l->curves[i];
        if (v->to_row < p->from || v->from_row >= p->to) continue;
        int x = l->columns[v->column].x, y = l->rows[v->from_row].y,
            end = l->rows[v->to_row].y;
        int off = v->side * v->off, round = (end - y) / 2 < 14 ? (end - y) / 2 : 14;
        out_printf(o, "<path class=\"prompt c%d\"", palette_class(v->to->leg));
        svg_number(o, "data-from", v->from->n);
        svg_number(o, "data-to", v->to->n);
        svg_number(o, "data-device", svg_device(c, l->columns[v->column].device));
        out_printf(o, " d=\"M%d %dq%d 0 %d %dV%dq0 %d %d %d\"/>\n", x, y, off, off, round,
                   end - round, round, -off, round);
    }
    out_z(o, "</g>\n");
}

/* ---- heads --------------------------------------------------------------------------------- */

static void write_head(struct out *o, const struct call *c, const struct column *col) {
    out_z(o, "<g class=\"head\"");
    svg_number(o, "data-device", svg_device(c, col->device));
    out_z(o, "><title>");
    out_xml(o, svg_device_name(c, col->device));
    if (col->device >= 0) {
        const struct device *d = &c->devices[col->device];
        for (isize i = 0; i < d->naddresses; i++) {
            out_z(o, i ? ", " : ": ");
            out_xml(o, d->addresses[i]);
        }
        if (d->software.n) out_z(o, "; ");
        out_xml(o, d->software);
    }
    out_z(o, "</title><text class=\"name\"");
    svg_number(o, "x", col->x);
    svg_number(o, "y", col->sub.n ? 25 : 33);
    out_byte(o, '>');
    out_xml(o, col->name);
    out_z(o, "</text>");
    if (col->sub.n) {
        out_z(o, "<text class=\"sub\"");
        svg_number(o, "x", col->x);
        svg_number(o, "y", 41);
        out_byte(o, '>');
        out_xml(o, col->sub);
        out_z(o, "</text>");
    }
    out_z(o, "</g>\n");
}

static void write_heads(struct out *o, const struct call *c, const struct layout *l,
                        i32 zone_s, arena *a) {
    out_z(o, "<g class=\"heads\">\n<rect class=\"head-bg\" x=\"0\" y=\"0\"");
    svg_number(o, "width", l->width);
    svg_number(o, "height", HEAD_H);
    out_z(o, "/><line class=\"head-line\" x1=\"0\"");
    svg_number(o, "x2", l->width);
    out_printf(o, " y1=\"%d.5\" y2=\"%d.5\"/>\n", HEAD_H - 1, HEAD_H - 1);
    i64 start = c->messages && c->nmessages ? c->messages[0].time_us : c->start_us;
    if (start >= 0) {
        out_printf(o, "<text class=\"clock\" x=\"%d\" y=\"25\">", GUTTER - 10);
        out_xml(o, time_clock(a, start, zone_s));
        out_printf(o, "</text><text class=\"date\" x=\"%d\" y=\"41\">", GUTTER - 10);
        out_xml(o, time_date(a, start, zone_s));
        out_z(o, "</text>\n");
    }
    for (int i = 0; i < l->ncolumns; i++) write_head(o, c, &l->columns[i]);
    out_z(o, "</g>\n");
}

void svg_part(struct out *o, const struct svg_part *p, const struct draw_options *d,
              const char *attributes) {
    const struct call *c = p->c;
    const struct layout *l = p->l;
    arena view = arena_open_view();
    out_z(o, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" data-call=\"");
    out_xml(o, c->id);
    out_byte(o, '"');
    svg_number(o, "data-head", HEAD_H);
    out_z(o, attributes);
    svg_number(o, "width", l->width);
    svg_number(o, "height", l->height);
    out_printf(o, " viewBox=\"0 0 %d %d\" role=\"img\">\n", l->width, l->height);
    write_head_texts(o, c);
    if (d->standalone) {
        out_z(o, "<style>\n");
        draw_css(o);
        out_z(o, "</style>\n");
    }
    write_lifes(o, c, l);
    write_gaps(o, p);
    write_prompts(o, p);
    out_z(o, "<g class=\"rows\">\n");
    for (isize i = p->from; i < p->to; i++) {
        if (l->rows[i].kind == ROW_MESSAGE) svg_row(o, c, l, &l->rows[i], p->ids);
    }
    out_z(o, "</g>\n");
    write_heads(o, c, l, d->zone_s, &view);
    out_z(o, "</svg>\n");
    arena_close(&view);
}

void svg_write(struct out *o, const struct call *c, const struct draw_options *d,
               bool ids) {
    arena view = arena_open_view();
    struct layout l;
    layout_build(&l, c, d, &view);
    struct svg_part all = {c, &l, 0, l.nrows, ids};
    svg_part(o, &all, d, "");
    arena_close(&view);
}

void draw_svg(struct out *o, const struct call *c, const struct draw_options *d) {
    svg_write(o, c, d, true);
}
