/* text_why.c: below the table of legs: every reason with its weight, what almost belongs, what is related, what was changed by
 * hand.
 *
 *     May belong to this call:
 *       possible (71 %), would hang on leg 2: 01632960123 → 203, 26 Jul 2014 08:54:07 UTC, call 70hck944fybya
 *         why not: the evidence reaches 71 %: a leg joins from 90 % on
 *     Related calls:
 *       second attempt: 01632960123 → 202, 26 Jul 2014 08:55:10 UTC, call 3ab…
 *     Changed by hand:
 *       leg 5 was taken out of this call, by Kay, 22 Nov 2026 10:12:00 UTC */
#include "draw/facts.h"
#include "draw/text.h"

enum { BITS_CELLS = 10 };

#define STR(s) (int)(s).n, (s).n ? (const char *)(s).p : ""

void text_evidence(struct out *o, const struct evidence *list, isize n,
                   const struct draw_text_options *d, arena scratch) {
    for (isize i = 0; i < n; i++) {
        arena a = scratch;
        str text = str_sub(list[i].text, 0, 1024), bits = fact_bits(&a, list[i].bits);
        str line = arena_printf(&a, "%*.*s  %.*s", BITS_CELLS, STR(bits), STR(text));
        text_wrapped(o, text_safe(&a, line, d), 7, text_columns(d));
    }
}

static void write(struct out *o, str text, int indent, const struct draw_text_options *d,
                  arena a) {
    text_wrapped(o, text_safe(&a, text, d), indent, text_columns(d));
}

/* "01632960123 → 203, 26 Jul 2014 08:54:07 UTC, call 70hck944fybya" */
static str which(arena *a, str from, str to, i64 start_us, str call,
                 const struct draw_text_options *d) {
    str when = fact_when(a, start_us, d->zone_s);
    from = fact_who(str_sub(from, 0, 128));
    to = fact_who(str_sub(to, 0, 128));
    return arena_printf(a, "%.*s %s %.*s, %.*s, call %.*s", STR(from),
                        d->ascii ? "->" : "\u2192", STR(to), STR(when), STR(call));
}

static void write_maybe(struct out *o, const struct maybe *m,
                        const struct draw_text_options *d, arena a) {
    str sure = fact_confidence(&a, m->confidence), place = fact_maybe_place(&a, m);
    str call = which(&a, m->from, m->to, m->start_us, m->call, d);
    str why = str_sub(m->why_not, 0, 1024);
    write(o, arena_printf(&a, "%.*s, %.*s: %.*s", STR(sure), STR(place), STR(call)), 2, d,
          a);
    if (why.n) write(o, arena_printf(&a, "why not: %.*s", STR(why)), 5, d, a);
    if (d->why) text_evidence(o, m->evidence, m->nevidence, d, a);
}

static void write_related(struct out *o, const struct related *r,
                          const struct draw_text_options *d, arena a) {
    str call = which(&a, r->from, r->to, r->start_us, r->call, d);
    write(o, arena_printf(&a, "%s: %.*s", fact_related(r->kind), STR(call)), 2, d, a);
    write(o, str_sub(r->text, 0, 1024), 5, d, a);
}

static void write_decision(struct out *o, const struct call *c, const struct decision *x,
                           const struct draw_text_options *d, arena a) {
    str what = fact_decision(&a, c, x), when = fact_when(&a, x->at_us, d->zone_s);
    write(o, arena_printf(&a, "%.*s, by %.*s, %.*s", STR(what), STR(x->who), STR(when)),
          2, d, a);
}

void text_links(struct out *o, const struct call *c, const struct draw_text_options *d,
                arena scratch) {
    if (c->nmaybes) out_z(o, "\nMay belong to this call:\n");
    for (isize i = 0; i < c->nmaybes; i++) write_maybe(o, &c->maybes[i], d, scratch);
    if (c->nrelated) out_z(o, "\nRelated calls:\n");
    for (isize i = 0; i < c->nrelated; i++) write_related(o, &c->related[i], d, scratch);
    if (c->ndecisions) out_z(o, "\nChanged by hand:\n");
    for (isize i = 0; i < c->ndecisions; i++)
        write_decision(o, c, &c->decisions[i], d, scratch);
}
