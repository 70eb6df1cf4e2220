#include "serve/summary.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define json_null jansson_null /* base/out.h has one of its own */
#include <jansson.h>
#undef json_null

static json_t *load(str json) {
    json_error_t error;
    if (!json.n) return NULL;
    return json_loadb((const char *)json.p, (size_t)json.n, JSON_ALLOW_NUL, &error);
}

/* Borrows from the value. */
static str text_in(const json_t *o, const char *key) {
    const json_t *value = json_object_get(o, key);
    if (!json_is_string(value)) return (str){0};
    return (str){(const u8 *)json_string_value(value), (isize)json_string_length(value)};
}

static str text(const json_t *o, const char *key, arena *view) {
    return arena_copy(view, text_in(o, key));
}

static double number(const json_t *o, const char *key) {
    return json_number_value(json_object_get(o, key));
}

static i64 instant(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    struct time_read t = time_read_iso(str_z(z), 0);
    return t.ok ? t.us : -1;
}

/* ---- its links ---------------------------------------------------------------------------------------- */

/* Leg n, from 1. */
static const json_t *leg_at(const json_t *legs, json_int_t n) {
    return n > 0 ? json_array_get(legs, (size_t)n - 1) : NULL;
}

/* Borrows; gives how many there are. */
static isize evidence_in(const json_t *list, struct evidence *to, isize most) {
    isize n = i64_min((isize)json_array_size(list), most);
    for (isize i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, (size_t)i);
        to[i] =
            (struct evidence){text_in(o, "kind"), text_in(o, "text"), number(o, "bits")};
    }
    return n;
}

bool summary_give(struct weave *w, str json) {
    enum { EVIDENCE_A_LEG = 32 };
    json_t *o = load(json);
    const json_t *legs = json_object_get(o, "legs");
    for (size_t i = 0; i < json_array_size(legs); i++) {
        struct evidence evidence[EVIDENCE_A_LEG];
        const json_t *leg = json_array_get(legs, i);
        const json_t *parent =
            leg_at(legs, json_integer_value(json_object_get(leg, "parent")));
        struct given g = {.leg = text_in(leg, "id"),
                          .parent = text_in(parent, "id"),
                          .confidence = number(leg, "confidence"),
                          .evidence = evidence};
        g.nevidence =
            evidence_in(json_object_get(leg, "evidence"), evidence, EVIDENCE_A_LEG);
        weave_given(w, &g);
    }
    bool any = json_array_size(legs) > 0;
    json_decref(o);
    return any;
}

/* ---- what almost belongs -------------------------------------------------------------------------------- */

/* The number that a leg of the summary has in *c; 0: it is not there. */
static int leg_number(const struct call *c, const json_t *legs, json_int_t n) {
    str id = text_in(leg_at(legs, n), "id");
    for (isize i = 0; i < c->nlegs && id.n; i++) {
        if (str_eq(c->legs[i].id, id)) return c->legs[i].n;
    }
    return 0;
}

static void fill_evidence(struct maybe *m, const json_t *list, arena *view) {
    isize n = (isize)json_array_size(list);
    m->evidence = arena_new(view, struct evidence, n);
    m->nevidence = evidence_in(list, m->evidence, n);
    for (isize i = 0; i < n; i++) {
        m->evidence[i].kind = arena_copy(view, m->evidence[i].kind);
        m->evidence[i].text = arena_copy(view, m->evidence[i].text);
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
            .confidence = number(o, "confidence"),
            .why_not = text(o, "why_not", view),
        };
        fill_evidence(m, json_object_get(o, "evidence"), view);
    }
}

/* ---- what is related -------------------------------------------------------------------------------------- */

/* False: it is of a newer program. */
static bool read_related(const json_t *o, struct related *r, arena *view) {
    str kind = text_in(o, "kind");
    enum related_kind k = 0;
    while (k < RELATED_COUNT && !str_eq(kind, str_z(related_kind_text(k)))) k++;
    if (k == RELATED_COUNT) return false;
    *r = (struct related){
        .call = text(o, "call", view),
        .kind = k,
        .text = text(o, "text", view),
        .from = text(o, "from", view),
        .to = text(o, "to", view),
        .start_us = instant(o, "start"),
    };
    return true;
}

static void fill_related(struct call *c, const json_t *list, arena *view) {
    size_t n = json_array_size(list);
    c->related = arena_new(view, struct related, (isize)n);
    c->nrelated = 0;
    for (size_t i = 0; i < n; i++)
        c->nrelated +=
            read_related(json_array_get(list, i), &c->related[c->nrelated], view);
}

void summary_fill(struct call *c, str json, unsigned parts, arena *view) {
    json_t *o = load(json);
    if (!o) return;
    if (parts & SUMMARY_MAYBES)
        fill_maybes(c, json_object_get(o, "legs"), json_object_get(o, "may_belong"),
                    view);
    if (parts & SUMMARY_RELATED) fill_related(c, json_object_get(o, "related"), view);
    json_decref(o);
}

static bool has_related(const struct call *c, str call) {
    for (isize i = 0; i < c->nrelated; i++) {
        if (str_eq(c->related[i].call, call)) return true;
    }
    return false;
}

static bool in_sight(const struct sight *sights, isize n, i64 us) {
    for (isize i = 0; i < n; i++) {
        if (us >= sights[i].low_us && us < sights[i].high_us) return true;
    }
    return false;
}

static int by_start(const void *a, const void *b) {
    const struct related *x = a, *y = b;
    if (x->start_us != y->start_us) return x->start_us < y->start_us ? -1 : 1;
    return str_cmp(x->call, y->call);
}

void summary_keep_related(struct call *c, str json, const struct sight *sights, isize n,
                          arena *view) {
    enum { MOST = 16 }; /* in all */
    static const char some[] = "\"related\":[{";
    if (!json.n || !memmem(json.p, (size_t)json.n, some, sizeof some - 1)) return;
    struct call before = {0};
    summary_fill(&before, json, SUMMARY_RELATED, view);
    struct related *all = arena_new(view, struct related, c->nrelated + before.nrelated);
    isize have = c->nrelated;
    if (have) memcpy(all, c->related, (size_t)have * sizeof *all);
    for (isize i = 0; i < before.nrelated && have < MOST; i++) {
        const struct related *r = &before.related[i];
        if (in_sight(sights, n, r->start_us) || has_related(c, r->call)) continue;
        all[have++] = *r;
    }
    if (have > c->nrelated) qsort(all, (size_t)have, sizeof *all, by_start);
    c->related = all;
    c->nrelated = have;
}
