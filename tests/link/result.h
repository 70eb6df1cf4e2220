/* result.h: what came out of linking, as text that two runs can be compared by, and short questions to it. */
#ifndef SIPWEAVE_TESTS_RESULT_H
#define SIPWEAVE_TESTS_RESULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/scene.h"

#include <stdlib.h>

#define STR(s) (int)(s).n, (const char *)(s).p

/* Names of talks stand for their Call-IDs in what the tests ask. */
struct cast {
    struct scene *s;
    const struct talk *const *talks;
    isize n;
};

static inline const char *name_of(const struct cast *c, str call_id) {
    for (isize i = 0; i < c->n; i++) {
        if (str_eq(call_id, str_z(call_id_of(c->s, c->talks[i]))))
            return c->talks[i]->name;
    }
    return "?";
}

static inline int by_text(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* "A B|C": each call by the names of its legs, sorted; calls sorted, of all kinds. */
static inline const char *calls_text(struct weave *w, const struct cast *c) {
    arena *a = &c->s->text;
    isize n = weave_ncalls(w);
    const char **calls = arena_new(a, const char *, n);
    for (isize i = 0; i < n; i++) {
        arena view = arena_open_view();
        const struct call *call = weave_call(w, i, false, &view);
        const char **legs = arena_new(a, const char *, call->nlegs);
        for (isize l = 0; l < call->nlegs; l++)
            legs[l] = name_of(c, call->legs[l].call_id);
        qsort(legs, (size_t)call->nlegs, sizeof *legs, by_text);
        str text = {0};
        for (isize l = 0; l < call->nlegs; l++)
            text = arena_printf(a, "%.*s%s%s", STR(text), l ? " " : "", legs[l]);
        calls[i] = arena_z(a, text);
        arena_close(&view);
    }
    if (n) qsort(calls, (size_t)n, sizeof *calls, by_text);
    str all = {0};
    for (isize i = 0; i < n; i++)
        all = arena_printf(a, "%.*s%s%s", STR(all), i ? "|" : "", calls[i]);
    return arena_z(a, all);
}

/* Everything that may not depend on arrival: calls, legs with their ends and parents, messages in order with what
 * prompted them and which sightings they have. */
static inline void call_write(struct out *o, const struct call *c) {
    out_printf(o, "call %.*s %s %s start %lld status %d\n", STR(c->id),
               call_kind_text(c->kind), call_state_text(c->state), (long long)c->start_us,
               c->status);
    for (isize i = 0; i < c->ndevices; i++) {
        const struct device *d = &c->devices[i];
        out_printf(o, " device %.*s %d %td %.*s\n", STR(d->name), d->named, d->nips,
                   STR(d->software));
    }
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *l = &c->legs[i];
        out_printf(o, " leg %d %.*s %.*s %d>%d parent %d %s %s %d %.6f n %td\n", l->n,
                   STR(l->id), STR(l->call_id), l->from_device, l->to_device, l->parent,
                   leg_role_text(l->role), call_state_text(l->state), l->status,
                   l->confidence, l->messages);
        for (isize k = 0; k < l->nevidence; k++)
            out_printf(o, "   %.*s %.3f %.*s\n", STR(l->evidence[k].kind),
                       l->evidence[k].bits, STR(l->evidence[k].text));
    }
    for (isize i = 0; i < c->nmessages; i++) {
        const struct message *m = &c->messages[i];
        out_printf(o, " %d %lld leg %d %d>%d %.*s %u again %d prompt %d", m->n,
                   (long long)m->time_us, m->leg, m->from_device, m->to_device,
                   STR(m->summary), m->cseq, m->retransmission_of, m->prompted_by);
        u64 sum = 0; /* the order of a message's sightings is nobody's business */
        for (isize k = 0; k < m->nseen; k++)
            sum += hash_mix(hash_bytes(m->seen[k].source, 0), m->seen[k].line);
        out_printf(o, " seen %td %llx\n", m->nseen, (unsigned long long)sum);
    }
}

/* A line of a list says what the whole call says. */
static inline void assert_line(struct weave *w, isize i, const struct call *c, arena *a) {
    const struct call *line = weave_call_line(w, i, a);
    assert_true(str_eq(line->id, c->id) && str_eq(line->from, c->from) &&
                str_eq(line->to, c->to));
    assert_true(line->kind == c->kind && line->state == c->state);
    assert_int_equal(line->status, c->status);
    assert_int_equal(line->start_us, c->start_us);
    assert_int_equal(line->setup_ms, c->setup_ms);
    assert_int_equal(line->ring_ms, c->ring_ms);
    assert_int_equal(line->duration_ms, c->duration_ms);
    assert_int_equal(line->precision_us, c->precision_us);
    assert_int_equal(line->nlegs, c->nlegs);
    assert_int_equal(line->ndevices, c->ndevices);
}

/* Release with out_drop. */
static inline struct out result_text(struct weave *w) {
    struct out o = {0};
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, true, &view);
        call_write(&o, c);
        assert_line(w, i, c, &view);
        arena_close(&view);
    }
    return o;
}

/* Every sighting in exactly one message, every message in one leg, every leg in one call. */
static inline void assert_nothing_lost(struct weave *w) {
    isize seen = 0;
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, true, &view);
        isize messages = 0;
        assert_line(w, i, c, &view);
        for (isize k = 0; k < c->nmessages; k++) seen += c->messages[k].nseen;
        for (isize k = 0; k < c->nlegs; k++) {
            messages += c->legs[k].messages;
            assert_int_equal(c->legs[k].n, k + 1);
            assert_true(c->legs[k].parent >= 0 && c->legs[k].parent <= c->nlegs);
            assert_int_not_equal(c->legs[k].parent, c->legs[k].n);
        }
        assert_int_equal(messages, c->nmessages);
        arena_close(&view);
    }
    assert_int_equal(seen, weave_nseen(w));
}

/* Any leg's Call-ID and id find the call that it is in. */
static inline void assert_found_from_any_leg(struct weave *w) {
    for (isize i = 0; i < weave_ncalls(w); i++) {
        arena view = arena_open_view();
        const struct call *c = weave_call(w, i, false, &view);
        for (isize k = 0; k < c->nlegs; k++) {
            assert_int_equal(weave_find(w, c->legs[k].id), i);
            if (c->legs[k].call_id.n && str_find(c->legs[k].call_id, '[') < 0)
                assert_int_equal(weave_find(w, c->legs[k].call_id), i);
        }
        arena_close(&view);
    }
}

/* The scene gives these calls ("A B|C"), and does so however its sightings come in. */
static inline void assert_calls(struct scene *s, const struct talk *const *talks, isize n,
                                const char *want) {
    const struct cast c = {s, talks, n};
    struct weave *w = play(s, 0);
    assert_string_equal(calls_text(w, &c), want);
    assert_nothing_lost(w);
    assert_found_from_any_leg(w);
    struct out first = result_text(w);
    weave_close(w);
    for (u64 seed = 1; seed <= 3; seed++) {
        w = play(s, seed);
        struct out again = result_text(w);
        if (!str_eq(out_str(&first), out_str(&again)))
            print_error("%.*s\n--- seed %llu\n%.*s\n", STR(out_str(&first)),
                        (unsigned long long)seed, STR(out_str(&again)));
        assert_true(str_eq(out_str(&first), out_str(&again)));
        out_drop(&again);
        weave_close(w);
    }
    out_drop(&first);
}
#define assert_scene(s, want, ...)                                                       \
    do {                                                                                 \
        const struct talk *const talks_[] = {__VA_ARGS__};                               \
        assert_calls((s), talks_, countof(talks_), (want));                              \
    } while (0)

/* The call that a talk is in, with its messages; in the scene's arena. */
static inline const struct call *call_with(struct scene *s, const struct talk *t) {
    struct weave *w = play(s, 0);
    isize i = weave_find(w, str_z(call_id_of(s, t)));
    const struct call *c = i < 0 ? NULL : weave_call(w, i, true, &s->text);
    weave_close(w);
    return c;
}

static inline const struct leg *leg_with(struct scene *s, const struct call *c,
                                         const struct talk *t) {
    for (isize i = 0; i < c->nlegs; i++) {
        if (str_eq(c->legs[i].call_id, str_z(call_id_of(s, t)))) return &c->legs[i];
    }
    return NULL;
}

static inline bool has_evidence(const struct leg *l, const char *kind) {
    for (isize i = 0; i < l->nevidence; i++) {
        if (str_eq(l->evidence[i].kind, str_z(kind))) return true;
    }
    return false;
}

/* The message of that leg with this summary, the nth (from 0). NULL: none. */
static inline const struct message *find_message(const struct call *c, int leg,
                                                 const char *summary, int nth) {
    for (isize i = 0; i < c->nmessages; i++) {
        const struct message *m = &c->messages[i];
        if (m->leg == leg && str_eq(m->summary, str_z(summary)) && nth-- == 0) return m;
    }
    return NULL;
}

#endif
