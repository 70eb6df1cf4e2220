/* svg_row.c: one row of a ladder: a message, or a fold of several, with its marks. */
#include "draw/palette.h"
#include "draw/svg.h"

/* Where a message from a device to itself leaves, above its row's y. */
enum { LOOP_UP = 9 };

void svg_number(struct out *o, const char *name, i64 value) {
    out_byte(o, ' ');
    out_z(o, name);
    out_z(o, "=\"");
    out_i64(o, value);
    out_byte(o, '"');
}

str svg_device_name(const struct call *c, int device) {
    if (device < 0 || device >= c->ndevices) return S("an unknown device");
    return c->devices[device].name;
}

i64 svg_device(const struct call *c, int device) {
    return device < 0 || device >= c->ndevices ? -1 : device;
}

static void write_row_title(struct out *o, const struct call *c, const struct row *r) {
    const struct message *m = r->m;
    out_z(o, "<title>");
    out_i64(o, m->n);
    out_z(o, ". ");
    out_xml(o, m->summary);
    if (r->of.n) {
        out_z(o, " to ");
        out_xml(o, r->of);
    }
    out_z(o, ", ");
    out_xml(o, svg_device_name(c, m->from_device));
    out_z(o, " to ");
    out_xml(o, svg_device_name(c, m->to_device));
    out_z(o, ", leg ");
    out_i64(o, m->leg);
    if (r->count > 1) {
        out_z(o, ", ");
        out_i64(o, r->count);
        out_z(o, " times");
    }
    if (r->again) {
        out_z(o, ", sent again");
        if (m->retransmission_of > 0) out_printf(o, " (as %d)", m->retransmission_of);
    }
    if (m->has_sdp) out_z(o, ", with SDP");
    if (r->problem) {
        out_z(o, ". Problem: ");
        out_xml(o, r->problem->text);
    }
    out_z(o, "</title>");
}

static const char *severity_class(const struct problem *p) {
    if (str_eq(p->severity, S("error"))) return "error";
    if (str_eq(p->severity, S("warning"))) return "warning";
    return "info";
}

static void write_row_open(struct out *o, const struct call *c, const struct layout *l,
                           const struct row *r, bool ids) {
    const struct message *m = r->m;
    out_printf(o, "<g class=\"m c%d %s", palette_class(m->leg),
               m->is_request ? "req" : "rsp");
    if (r->bad) out_z(o, " bad");
    if (r->again) out_z(o, " again");
    if (layout_is_loop(r)) out_z(o, " loop");
    if (r->same_time) out_z(o, " same");
    bool fold = r->count > 1 || (r->parts && r->part == 1);
    if (fold) out_z(o, " fold");
    if (fold && r->parts) out_z(o, " open");
    if (r->problem) out_printf(o, " has-problem %s", severity_class(r->problem));
    out_byte(o, '"');
    if (ids) out_printf(o, " id=\"m%d\"", m->n);
    svg_number(o, "data-m", m->n);
    svg_number(o, "data-leg", m->leg);
    svg_number(o, "data-from", svg_device(c, m->from_device));
    svg_number(o, "data-to", svg_device(c, m->to_device));
    if (fold) {
        out_z(o, " data-fold=\"");
        for (isize k = r->index; k >= 0; k = l->next_in_fold[k]) {
            if (k != r->index) out_byte(o, ' ');
            out_i64(o, c->messages[k].n);
        }
        out_byte(o, '"');
    }
    if (m->prompted_by > 0) svg_number(o, "data-prompt", m->prompted_by);
    out_z(o, " tabindex=\"-1\" role=\"button\">");
}

static void write_label(struct out *o, const struct row *r) {
    out_z(o, "<text class=\"label\"");
    svg_number(o, "x", r->label_x);
    svg_number(o, "y", layout_is_loop(r) ? r->y : r->y - 5);
    out_byte(o, '>');
    out_xml(o, r->label);
    if (r->of.n) {
        out_z(o, " <tspan class=\"of\">");
        out_xml(o, str_sub(r->of, 0, 24));
        out_z(o, "</tspan>");
    }
    if (r->parts) {
        out_printf(o, " <tspan class=\"count\">%lld of %lld</tspan>", (long long)r->part,
                   (long long)r->parts);
    } else if (r->count > 1) {
        out_z(o, " <tspan class=\"count\">\u00d7");
        out_i64(o, r->count);
        out_z(o, "</tspan>");
    }
    out_z(o, "</text>");
}

static void write_arrow(struct out *o, const struct layout *l, const struct row *r) {
    int from = l->columns[r->from].x, to = l->columns[r->to].x, y = r->y;
    if (layout_is_loop(r)) { /* out to the right and back */
        out_printf(o, "<path class=\"arrow\" d=\"M%d %dh14q6 0 6 5.5t-6 5.5h-8\"/>", from,
                   y - LOOP_UP);
        out_printf(o, "<path class=\"tip\" d=\"M%d %dl8-4v8z\"/>", from + 1,
                   y - LOOP_UP + 11);
        return;
    }
    int dir = to < from ? -1 : 1, begin = from;
    if (r->wave_x) { /* the line makes a wave first: here goes what the media will be */
        static const char wave[] = "h1q1.5-6.5 3 0t3 0t3 0t3 0h1";
        int left = r->wave_x - WAVE_W / 2;
        begin = r->wave_x + dir * (WAVE_W / 2);
        if (dir > 0)
            out_printf(o, "<path class=\"wave\" d=\"M%d %dH%d%s\"/>", from, y, left,
                       wave);
        else
            out_printf(o, "<path class=\"wave\" d=\"M%d %d%sH%d\"/>", left, y, wave,
                       from);
    }
    out_z(o, "<line class=\"arrow\"");
    svg_number(o, "x1", begin);
    svg_number(o, "x2", to - dir * 7);
    svg_number(o, "y1", y);
    svg_number(o, "y2", y);
    out_printf(o, "/><path class=\"tip\" d=\"M%d %dl%d-4v8z\"/>", to - dir, y, -8 * dir);
}

static void write_marks(struct out *o, const struct layout *l, const struct row *r) {
    int x = l->columns[r->from].x, y = layout_is_loop(r) ? r->y - LOOP_UP : r->y;
    if (r->first_of_leg) {
        out_z(o, "<g class=\"badge\"><circle");
        svg_number(o, "cx", x);
        svg_number(o, "cy", y);
        svg_number(o, "r", BADGE_R);
        out_z(o, "/><text");
        svg_number(o, "x", x);
        svg_number(o, "y", y + 4);
        if (r->m->leg > 9) out_printf(o, " class=\"long\"");
        out_byte(o, '>');
        out_i64(o, r->m->leg);
        out_z(o, "</text></g>");
    } else if (r->mark_x != x && r->warn_x != x) {
        out_printf(o, "<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"2.6\"/>", x, y);
    }
    if (r->mark_x) {
        out_printf(o,
                   "<g class=\"cross\"><circle cx=\"%d\" cy=\"%d\" r=\"%d\"/>"
                   "<path d=\"M%d %dm-2.5-2.5l5 5m0-5l-5 5\"/></g>",
                   r->mark_x, y, MARK_R, r->mark_x, y);
    }
    if (r->problem) {
        const char *severity = severity_class(r->problem);
        bool info = *severity == 'i';
        out_printf(o, "<g class=\"problem-mark %s\" transform=\"translate(%d %d)\">",
                   severity, r->warn_x, y);
        out_z(o, info ? "<path d=\"M-6.5 0a6.5 6.5 0 1 1 0 .01z\"/>"
                        "<path class=\"bang\" d=\"M0 3v-3.4M0-3v-.2\"/></g>"
                      : "<path d=\"M0-6.5L7 5.5H-7z\"/>"
                        "<path class=\"bang\" d=\"M0-2.2v3.4M0 3.3v.4\"/></g>");
    }
}

void svg_row(struct out *o, const struct call *c, const struct layout *l,
             const struct row *r, bool ids) {
    write_row_open(o, c, l, r, ids);
    write_row_title(o, c, r);
    out_z(o, "<rect class=\"hit\"");
    svg_number(o, "y", r->y - ROW_UP);
    svg_number(o, "width", l->width);
    svg_number(o, "height", ROW_H);
    out_z(o, "/><text class=\"time\"");
    svg_number(o, "x", GUTTER - 10);
    svg_number(o, "y", r->y - 1);
    out_byte(o, '>');
    out_xml(o, r->time);
    out_z(o, "</text>");
    write_label(o, r);
    write_arrow(o, l, r);
    write_marks(o, l, r);
    out_z(o, "</g>\n");
}
