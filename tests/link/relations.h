/* relations.h: what one call says of another, and the short calls that scenes of related calls are made of. */
#ifndef SIPWEAVE_TESTS_RELATIONS_H
#define SIPWEAVE_TESTS_RELATIONS_H

#include "link/stage.h"

/* What call `a` says of call `b`; NULL: nothing. In the scene's arena. */
static inline const struct related *related_to(struct scene *s, const struct talk *a,
                                               const struct talk *b) {
    const struct call *mine = call_with(s, a), *other = call_with(s, b);
    for (isize i = 0; i < mine->nrelated; i++) {
        if (str_eq(mine->related[i].call, other->id)) return &mine->related[i];
    }
    return NULL;
}

static inline void assert_one_side(struct scene *s, const struct talk *a,
                                   const struct talk *b, const char *want) {
    const struct related *r = related_to(s, a, b);
    const char *got =
        r ? arena_z(&s->text, arena_printf(&s->text, "%s: %.*s",
                                           related_kind_text(r->kind), STR(r->text)))
          : "";
    assert_string_equal(got, want);
    if (!r) return;
    const struct call *other = call_with(s, b);
    assert_true(str_eq(r->from, other->from) && str_eq(r->to, other->to));
    assert_int_equal(r->start_us, other->start_us);
}

/* "" where there is nothing between the two. */
static inline void assert_related(struct scene *s, const struct talk *a,
                                  const struct talk *b, const char *of_a,
                                  const char *of_b) {
    assert_one_side(s, a, b, of_a);
    assert_one_side(s, b, a, of_b);
}

static inline void assert_strangers(struct scene *s, const struct talk *a,
                                    const struct talk *b) {
    assert_related(s, a, b, "", "");
}

static inline isize count_related(struct scene *s, const struct talk *t) {
    return call_with(s, t)->nrelated;
}

/* A whole call of one leg: answered `answered` ms after t0, hung up at `end`. */
static inline void converse(struct scene *s, const struct talk *t, double t0,
                            double answered, double end) {
    ask(s, t, t0, "INVITE");
    tell(s, t, t0 + 2, "100 Trying");
    if (answered > 100) tell(s, t, t0 + 90, "180 Ringing");
    answer(s, t, t0 + answered);
    hang_up(s, t, end, false);
}

static inline void refuse(struct scene *s, const struct talk *t, double t0,
                          const char *status) {
    ask(s, t, t0, "INVITE");
    tell(s, t, t0 + 2, "100 Trying");
    fail_with(s, t, t0 + 500, status);
}

static inline void give_up(struct scene *s, const struct talk *t, double t0, double ms) {
    ask(s, t, t0, "INVITE");
    tell(s, t, t0 + 90, "180 Ringing");
    cancel(s, t, t0 + ms);
}

#endif
