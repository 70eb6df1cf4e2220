/* json_links.c: why a leg is here, what almost belongs, what is related, what people have decided. */
#include "draw/json.h"

void json_evidence(struct out *o, const struct evidence *list, isize n) {
    json_begin_array(o, "evidence");
    for (isize i = 0; i < n; i++) {
        const struct evidence *e = &list[i];
        json_begin_object(o, NULL);
        json_str(o, "kind", e->kind);
        json_number(o, "bits", e->bits, 1);
        json_str(o, "text", e->text);
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_maybe(struct out *o, const struct maybe *m) {
    json_begin_object(o, NULL);
    json_i64(o, "leg", m->leg);
    json_bool(o, "below", m->below);
    json_str(o, "other", m->other);
    json_str(o, "call", m->call);
    json_str(o, "call_id", m->call_id);
    json_str(o, "from", m->from);
    json_str(o, "to", m->to);
    json_time(o, "start", m->start_us);
    json_number(o, "confidence", m->confidence, 4);
    json_str(o, "why_not", m->why_not);
    json_evidence(o, m->evidence, m->nevidence);
    json_end_object(o);
}

static void write_related(struct out *o, const struct related *r) {
    json_begin_object(o, NULL);
    json_str(o, "call", r->call);
    json_z(o, "kind", related_kind_text(r->kind));
    json_str(o, "text", r->text);
    json_str(o, "from", r->from);
    json_str(o, "to", r->to);
    json_time(o, "start", r->start_us);
    json_end_object(o);
}

void draw_json_decision(struct out *o, const struct decision *d) {
    json_i64(o, "n", d->n);
    json_z(o, "kind", d->kind == DECISION_JOIN ? "join" : "split");
    json_str(o, "leg", d->leg);
    json_str(o, "other", d->other);
    json_str(o, "who", d->who);
    json_time(o, "at", d->at_us);
}

/* Maybes come likeliest first, what is related by start: of these the first, of decisions the last ones. */
void json_links(struct out *o, const struct call *c, isize most) {
    json_begin_array(o, "may_belong");
    for (isize i = 0; i < c->nmaybes && i < most; i++) write_maybe(o, &c->maybes[i]);
    json_end_array(o);
    json_begin_array(o, "related");
    for (isize i = 0; i < c->nrelated && i < most; i++) write_related(o, &c->related[i]);
    json_end_array(o);
    json_begin_array(o, "decisions");
    for (isize i = i64_max(0, c->ndecisions - most); i < c->ndecisions; i++) {
        json_begin_object(o, NULL);
        draw_json_decision(o, &c->decisions[i]);
        json_end_object(o);
    }
    json_end_array(o);
}
