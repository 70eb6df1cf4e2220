/* html.c: one call as one file that opens from disk. Everything is in it: the style, the picture folded and
 * unfolded, the call as JSON, the page's script. Without the script it is still complete: title,
 * problems, a table of the legs, the picture.
 *
 *     html[data-zone=MINUTES]      east of UTC
 *       header.call-head           h1, p.facts
 *       section.problems           li.problem.error|warning|info
 *       section#legs               table, tr[data-leg]
 *       div#ladder                 div.folded, div.unfolded[hidden] (only where something folds)
 *       section#may-belong, section#related, section#by-hand     where there is any: html_why.c
 *       script#call                the object of draw_json, every < as \u003c
 *       script                     the page's */
#include "draw/draw.h"
#include "draw/facts.h"
#include "draw/html.h"
#include "draw/palette.h"
#include "draw/svg.h"

static void element(struct out *o, const char *open, str text, const char *close) {
    out_z(o, open);
    out_xml(o, text);
    out_z(o, close);
}

static void write_pair(struct out *o, str from, str to) {
    element(o, "<bdi>", from,
            "</bdi><span class=\"arrow\" aria-label=\"to\">\u2192</span>");
    element(o, "<bdi>", to, "</bdi>");
}

static void write_title(struct out *o, const struct call *c, i32 zone_s, arena scratch) {
    element(o, "<title>", fact_who(c->from), " \u2192 ");
    element(o, "", fact_who(c->to), ", ");
    element(o, "", fact_when(&scratch, c->start_us, zone_s), "</title>\n");
}

/* The frame of a page whose script did not run; the page's own style takes over where it did. */
static void write_frame_css(struct out *o) {
    out_z(
        o,
        "html:not(.live) body{margin:0;padding:20px 24px;font:14px/1.45 Inter,'Segoe UI',"
        "system-ui,'DejaVu Sans',sans-serif;color:var(--ld-ink);"
        "background:var(--ld-ground)}\n"
        "html:not(.live) h1{font-size:20px;margin:0}\n"
        "html:not(.live) h2{font-size:14px;margin:18px 0 6px}\n"
        "html:not(.live) .facts{margin:2px 0 0;color:var(--ld-dim)}\n"
        "html:not(.live) .problems ul{padding:0;list-style:none}\n"
        "html:not(.live) #ladder{margin-top:18px;overflow-x:auto}\n"
        ".facts span+span::before{content:' \\b7  '}\n"
        "#legs{overflow:auto}\n"
        "#legs table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
        "#legs th,#legs td{text-align:left;vertical-align:top;padding:5px 14px 5px 0;"
        "font-weight:400}\n"
        "#legs thead th{color:var(--ld-dim);font-size:12px}\n"
        "#legs tbody tr{border-top:1px solid var(--ld-life)}\n"
        "#legs .num{text-align:right;white-space:nowrap}\n"
        "#legs small{display:block;color:var(--ld-dim);font-size:12px}\n"
        "#legs .badge{display:inline-block;min-width:18px;height:18px;border-radius:9px;"
        "text-align:center;font-size:11px;font-weight:700;line-height:18px;"
        "background:var(--c);color:var(--ct)}\n"
        "#legs .arrow,h1 .arrow,.links .arrow{color:var(--ld-dim);padding:0 .35em}\n"
        ".evidence{list-style:none;margin:4px 0 0;padding:0;font-size:12px}\n"
        ".evidence li{display:flex}\n"
        ".evidence .bits{flex:none;min-width:7em;padding-right:1em;"
        "text-align:right;color:var(--ld-dim);font-variant-numeric:tabular-nums}\n"
        "#legs details,.links details{font-size:12px}\n"
        "#legs summary,.links summary{color:var(--ld-dim);cursor:pointer}\n"
        ".links ul{padding:0;list-style:none;margin:0}\n"
        ".links li{padding:6px 0}\n"
        ".links small{display:block;color:var(--ld-dim);font-size:12px}\n");
}

static void write_head(struct out *o, const struct call *c, i32 zone_s, str css,
                       arena scratch) {
    out_printf(o, "<!DOCTYPE html>\n<html lang=\"en\" data-zone=\"%d\">\n<head>\n",
               (int)(zone_s / 60));
    out_z(o, "<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta name=\"generator\" content=\"sipweave\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<link rel=\"icon\" href=\"data:,\">\n");
    write_title(o, c, zone_s, scratch);
    out_z(o, "<style>\n");
    draw_css(o);
    write_frame_css(o);
    out_z(o, "</style>\n<style>\n");
    out_bytes(o, css);
    out_z(o, "\n</style>\n</head>\n<body>\n");
}

static void write_facts(struct out *o, const struct call *c, i32 zone_s, arena scratch) {
    arena *a = &scratch;
    out_z(o, "<header class=\"call-head\">\n<div class=\"call-title\"><h1>");
    write_pair(o, fact_who(c->from), fact_who(c->to));
    out_z(o, "</h1></div>\n<p class=\"facts\">");
    element(o, "<span class=\"num\">", fact_when(a, c->start_us, zone_s), "</span> ");
    if (c->kind != KIND_CALL)
        element(o, "<span>", str_z(call_kind_text(c->kind)), "</span> ");
    element(o, "<span><strong>", fact_state(a, c->state, c->status), "</strong></span> ");
    if (c->ring_ms >= 0)
        element(o, "<span>rang ", fact_span_ms(a, c->ring_ms, fact_precision(c)),
                "</span> ");
    if (c->duration_ms >= 0)
        element(o, "<span>talked ", fact_span_ms(a, c->duration_ms, fact_precision(c)),
                "</span> ");
    element(o, "<span>", fact_count(a, c->nlegs, "leg", "legs"), "</span> ");
    element(o, "<span>", fact_count(a, c->ndevices, "device", "devices"), "</span> ");
    element(o, "<span>", fact_count(a, c->nmessages, "message", "messages"), "</span>");
    out_z(o, "</p>\n</header>\n");
}

static void write_problems(struct out *o, const struct call *c) {
    if (c->nproblems == 0) return;
    out_z(o, "<section class=\"problems\" aria-label=\"Problems\"><ul>\n");
    for (isize i = 0; i < c->nproblems; i++) {
        const struct problem *p = &c->problems[i];
        bool known = str_eq(p->severity, S("error")) || str_eq(p->severity, S("warning"));
        element(o, "<li class=\"problem ", known ? p->severity : S("info"),
                "\"><span class=\"problem-body\">");
        element(o, "<strong>", p->text, "</strong>");
        if (p->cure.n) element(o, " <span class=\"cure\">", p->cure, "</span>");
        if (p->leg > 0) out_printf(o, " <span>Leg %d", p->leg);
        if (p->leg > 0 && p->message > 0) out_printf(o, ", message %d", p->message);
        if (p->leg > 0) out_z(o, ".</span>");
        out_z(o, "</span></li>\n");
    }
    out_z(o, "</ul></section>\n");
}

static void write_leg(struct out *o, const struct call *c, const struct leg *l,
                      u32 precision_us, arena scratch) {
    arena *a = &scratch;
    out_printf(o,
               "<tr data-leg=\"%d\"><th scope=\"row\"><span class=\"badge c%d\">%d</span>"
               "</th><td><span class=\"way\">",
               l->n, palette_class(l->n), l->n);
    write_pair(o, fact_device(c, l->from_device), fact_device(c, l->to_device));
    out_z(o, "</span><small>");
    write_pair(o, fact_who(l->from), fact_who(l->to));
    out_z(o, "</small><small class=\"why\">");
    if (l->parent > 0) element(o, "", str_z(leg_role_text(l->role)), " of ");
    element(o, "", fact_how_sure(a, l), "</small>");
    html_evidence(o, "Why is this leg here?", l->evidence, l->nevidence, *a);
    out_z(o, "</td><td>");
    element(o, "", fact_state(a, l->state, l->status), "</td><td class=\"num\">");
    element(o, "", fact_span(a, fact_leg_ring_us(l), precision_us),
            "</td><td class=\"num\">");
    element(o, "", fact_span(a, fact_leg_talk_us(l), precision_us), "</td></tr>\n");
}

static void write_legs(struct out *o, const struct call *c, arena scratch) {
    out_z(o,
          "<section id=\"legs\" class=\"card\" aria-label=\"Legs\">\n<h2>Legs</h2>\n"
          "<table>\n<thead><tr><th scope=\"col\">Leg</th><th scope=\"col\">From, to, and "
          "why it belongs here</th><th scope=\"col\">Result</th><th scope=\"col\" "
          "class=\"num\">Rang</th><th scope=\"col\" "
          "class=\"num\">Talked</th></tr></thead>\n"
          "<tbody>\n");
    u32 precision = fact_precision(c);
    for (isize i = 0; i < c->nlegs; i++) write_leg(o, c, &c->legs[i], precision, scratch);
    out_z(o, "</tbody>\n</table>\n</section>\n");
}

static bool something_folds(const struct call *c, arena scratch) {
    struct layout l;
    struct draw_options folded = {0};
    layout_grid(&l, c, &folded, &scratch);
    for (isize i = 0; i < l.nrows; i++) {
        if (l.rows[i].count > 1) return true;
    }
    return false;
}

static void write_ladder(struct out *o, const struct call *c,
                         const struct draw_options *d, arena scratch) {
    struct draw_options how = {.zone_s = d->zone_s};
    out_z(o, "<div id=\"ladder\" class=\"card\">\n<div class=\"folded\">\n");
    svg_write(o, c, &how, true);
    out_z(o, "</div>\n");
    if (something_folds(c, scratch)) {
        how.unfold = true;
        out_z(o, "<div class=\"unfolded\" hidden>\n");
        svg_write(o, c, &how, false);
        out_z(o, "</div>\n");
    }
    out_z(o, "</div>\n");
}

/* Takes JSON and hands it on such that no text in it can end the script element that it stands in. */
static bool without_less_than(void *ctx, str block) {
    struct out *o = ctx;
    while (block.n) {
        struct str_pair cut = str_cut(block, '<');
        out_bytes(o, cut.head);
        if (cut.ok) out_z(o, "\\u003c");
        block = cut.tail;
    }
    return !o->stopped;
}

void draw_html(struct out *o, const struct call *c, const struct draw_options *d, str css,
               str js) {
    arena view = arena_open_view();
    write_head(o, c, d->zone_s, css, view);
    write_facts(o, c, d->zone_s, view);
    write_problems(o, c);
    write_legs(o, c, view);
    write_ladder(o, c, d, view);
    html_links(o, c, d->zone_s, view);
    out_z(o, "<script type=\"application/json\" id=\"call\">");
    struct out json = {.sink = without_less_than, .ctx = o};
    draw_json(&json, c, true);
    out_flush(&json);
    out_drop(&json);
    out_z(o, "</script>\n<script>\n");
    out_bytes(o, js);
    out_z(o, "\n</script>\n</body>\n</html>\n");
    arena_close(&view);
}
