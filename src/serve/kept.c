#include "serve/kept.h"

#include "base/time.h"

#include <jansson.h>

static str text(const json_t *o, const char *key, arena *view) {
    const json_t *value = json_object_get(o, key);
    if (!json_is_string(value)) return (str){0};
    return arena_copy(view, (str){(const u8 *)json_string_value(value),
                                  (isize)json_string_length(value)});
}

static i64 instant(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    struct time_read t = time_read_iso(str_z(z), 0);
    return t.ok ? t.us : -1;
}

/* The number that a leg of the summary has in *c; 0: it is not there. */
static int leg_number(const struct call *c, const json_t *legs, json_int_t n) {
    const json_t *leg = n > 0 ? json_array_get(legs, (size_t)n - 1) : NULL;
    str id = str_z(json_string_value(json_object_get(leg, "id")));
    for (isize i = 0; i < c->nlegs && id.n; i++) {
        if (str_eq(c->legs[i].id, id)) return c->legs[i].n;
    }
    return 0;
}

static void fill_evidence(struct maybe *m, const json_t *list, arena *view) {
    size_t n = json_array_size(list);
    m->evidence = arena_new(view, struct evidence, (isize)n);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        m->evidence[m->nevidence++] =
            (struct evidence){text(o, "kind", view), text(o, "text", view),
                              json_number_value(json_object_get(o, "bits"))};
    }
}

static void fill_maybes(struct call *c, const json_t *legs, const json_t *list,
                        arena *view) {
    size_t n = json_array_size(list);
    c->maybes = arena_new(view, struct maybe, (isize)n);
    c->nmaybes = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        int leg = leg_number(c, legs, json_integer_value(json_object_get(o, "leg")));
        if (!leg) continue;
        struct maybe *m = &c->maybes[c->nmaybes++];
        *m = (struct maybe){
            .leg = leg,
            .below = json_is_true(json_object_get(o, "below")),
            .other = text(o, "other", view),
            .call = text(o, "call", view),
            .call_id = text(o, "call_id", view),
            .from = text(o, "from", view),
            .to = text(o, "to", view),
            .start_us = instant(o, "start"),
            .confidence = json_number_value(json_object_get(o, "confidence")),
            .why_not = text(o, "why_not", view),
        };
        fill_evidence(m, json_object_get(o, "evidence"), view);
    }
}

static void fill_related(struct call *c, const json_t *list, arena *view) {
    size_t n = json_array_size(list);
    c->related = arena_new(view, struct related, (isize)n);
    c->nrelated = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        str kind = text(o, "kind", view);
        enum related_kind k = 0;
        while (k < RELATED_COUNT && !str_eq(kind, str_z(related_kind_text(k)))) k++;
        if (k == RELATED_COUNT) continue; /* of a newer program */
        c->related[c->nrelated++] = (struct related){
            .call = text(o, "call", view),
            .kind = k,
            .text = text(o, "text", view),
            .from = text(o, "from", view),
            .to = text(o, "to", view),
            .start_us = instant(o, "start"),
        };
    }
}

void kept_fill(struct call *c, str summary, arena *view) {
    json_error_t error;
    json_t *o = summary.n ? json_loadb((const char *)summary.p, (size_t)summary.n,
                                       JSON_ALLOW_NUL, &error)
                          : NULL;
    if (!o) return;
    fill_maybes(c, json_object_get(o, "legs"), json_object_get(o, "may_belong"), view);
    fill_related(c, json_object_get(o, "related"), view);
    json_decref(o);
}
