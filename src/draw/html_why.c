/* html_why.c: of the exported file what speaks for and against a link, and what lies beside the call. To read only. */
#include "draw/facts.h"
#include "draw/html.h"

static void element(struct out *o, const char *open, str text, const char *close) {
    out_z(o, open);
    out_xml(o, text);
    out_z(o, close);
}

void html_evidence(struct out *o, const char *summary, const struct evidence *list,
                   isize n, arena scratch) {
    if (n == 0) return;
    element(o, "<details><summary>", str_z(summary), "</summary><ul class=\"evidence\">");
    for (isize i = 0; i < n; i++) {
        arena a = scratch;
        element(o, "<li><span class=\"bits\">", fact_bits(&a, list[i].bits), "</span>");
        element(o, "<span>", list[i].text, "</span></li>");
    }
    out_z(o, "</ul></details>");
}

/* Who called whom, when. */
static void write_call(struct out *o, str from, str to, i64 start_us, i32 zone_s,
                       arena a) {
    element(o, "<bdi>", fact_who(from),
            "</bdi><span class=\"arrow\" aria-label=\"to\">\u2192</span>");
    element(o, "<bdi>", fact_who(to), "</bdi>");
    element(o, ", <span>", fact_when(&a, start_us, zone_s), "</span>");
}

static void write_maybe(struct out *o, const struct maybe *m, i32 zone_s, arena a) {
    out_z(o, "<li>");
    write_call(o, m->from, m->to, m->start_us, zone_s, a);
    element(o, "<small>", fact_confidence(&a, m->confidence), ", ");
    element(o, "", fact_maybe_place(&a, m), "; call ");
    element(o, "<code>", m->call, "</code></small>");
    if (m->why_not.n) element(o, "<small>Why not: ", m->why_not, "</small>");
    html_evidence(o, "What speaks for it and against it", m->evidence, m->nevidence, a);
    out_z(o, "</li>\n");
}

static void write_related(struct out *o, const struct related *r, i32 zone_s, arena a) {
    out_z(o, "<li>");
    write_call(o, r->from, r->to, r->start_us, zone_s, a);
    element(o, "<small>", str_z(fact_related(r->kind)), ": ");
    element(o, "", r->text, "; call ");
    element(o, "<code>", r->call, "</code></small></li>\n");
}

static void write_decision(struct out *o, const struct call *c, const struct decision *d,
                           i32 zone_s, arena a) {
    element(o, "<li><span>", fact_decision(&a, c, d), "</span><small>by ");
    element(o, "<bdi>", d->who, "</bdi>, ");
    element(o, "", fact_when(&a, d->at_us, zone_s), "</small></li>\n");
}

static void begin(struct out *o, const char *id, const char *title) {
    out_printf(o, "<section id=\"%s\" class=\"links card\">\n<h2>%s</h2>\n<ul>\n", id,
               title);
}

void html_links(struct out *o, const struct call *c, i32 zone_s, arena scratch) {
    if (c->nmaybes) begin(o, "may-belong", "May belong to this call");
    for (isize i = 0; i < c->nmaybes; i++) write_maybe(o, &c->maybes[i], zone_s, scratch);
    if (c->nmaybes) out_z(o, "</ul></section>\n");
    if (c->nrelated) begin(o, "related", "Related calls");
    for (isize i = 0; i < c->nrelated; i++)
        write_related(o, &c->related[i], zone_s, scratch);
    if (c->nrelated) out_z(o, "</ul></section>\n");
    if (c->ndecisions) begin(o, "by-hand", "Changed by hand");
    for (isize i = 0; i < c->ndecisions; i++)
        write_decision(o, c, &c->decisions[i], zone_s, scratch);
    if (c->ndecisions) out_z(o, "</ul></section>\n");
}
