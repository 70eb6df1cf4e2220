/* The judge itself: what is all right scores 1, and one thing put wrong costs what it must. The world is made by
 * hand, so that every figure below can be counted on fingers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>

#include "world/judge.h"
#include "world/judge_story.h"

struct bench {
    struct story story;
    struct world *w;
    struct view *v;
    struct reading_of r;
    char dir[64];
};

static void bench_open(struct bench *b, enum view_kind kind) {
    struct view_plan plan = {.seed = 5, .kind = kind, .precision_us = 1};
    b->w = story_play(&b->story);
    snprintf(b->dir, sizeof b->dir, "/tmp/judge-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->v = view_write(b->w, &plan, b->dir);
    judge_read(&b->r, b->v, true);
}

static void bench_close(struct bench *b) {
    for (int i = 0; i < b->v->nsources; i++) unlink(b->v->sources[i].path);
    unlink(b->v->hosts_path);
    rmdir(b->dir);
    judge_drop(&b->r);
    view_free(b->v);
}

static struct score score_of(const struct bench *b) {
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    struct score s = d->score;
    verdict_free(d);
    return s;
}

#define assert_share(s, r, o)                                                            \
    do {                                                                                 \
        assert_int_equal((s).right, (r));                                                \
        assert_int_equal((s).of, (o));                                                   \
    } while (0)

static void all_right(const struct bench *b) {
    struct score s = score_of(b);
    assert_share(s.precision, 3 * STORY_CALLS, 3 * STORY_CALLS);
    assert_share(s.recall, 3 * STORY_CALLS, 3 * STORY_CALLS);
    assert_share(s.exact, STORY_CALLS, STORY_CALLS);
    assert_share(s.parents, STORY_LEGS, STORY_LEGS);
    assert_share(s.recovered, STORY_MSGS, STORY_MSGS);
    assert_share(s.prompts, STORY_MSGS, STORY_MSGS);
    assert_int_equal(s.order.right, s.order.of);
    assert_int_equal(s.order.of,
                     STORY_MSGS - STORY_CALLS); /* all but the first of each */
    assert_int_equal(s.joined, 0);
    assert_int_equal(s.legs, STORY_LEGS);
    int64_t links = 0;
    for (int i = 0; i < CONFIDENCES; i++) {
        links += s.links.stated[i];
        assert_int_equal(s.links.right[i], s.links.stated[i]);
    }
    assert_int_equal(links, 2 * STORY_CALLS);
}

static void perfect_scores_one(void **state) {
    static const enum view_kind kinds[] = {VIEW_TAP, VIEW_LOGS};
    (void)state;
    for (isize i = 0; i < countof(kinds); i++) {
        struct bench *b = calloc(1, sizeof *b);
        bench_open(b, kinds[i]);
        assert_int_equal(b->r.found.strangers, 0);
        all_right(b);
        bench_close(b);
        free(b);
    }
}

/* The last leg (of three) of the first call, row of found.legs. */
static int a_last_leg(const struct bench *b) {
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    int leg = d->found_leg[2] - 1;
    verdict_free(d);
    return leg;
}
static int first_leg_of_another(const struct bench *b) {
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    int leg = d->found_leg[3] - 1;
    verdict_free(d);
    return leg;
}

static void leg_left_out(struct bench *b) {
    struct found_leg *l = &b->r.found.legs[a_last_leg(b)];
    l->call = b->r.found.ncalls++;
    l->parent = 0;
    struct score s = score_of(b);
    assert_share(s.precision, 3 * STORY_CALLS - 2, 3 * STORY_CALLS - 2);
    assert_share(s.recall, 3 * STORY_CALLS - 2, 3 * STORY_CALLS);
    assert_share(s.exact, STORY_CALLS - 1, STORY_CALLS);
    assert_share(s.parents, STORY_LEGS - 1, STORY_LEGS);
    assert_int_equal(s.joined, 0);
}

static void leg_among_strangers(struct bench *b) {
    int leg = a_last_leg(b), other = first_leg_of_another(b);
    b->r.found.legs[leg].call = b->r.found.legs[other].call;
    b->r.found.legs[leg].parent = other + 1;
    struct score s = score_of(b);
    /* its call keeps 1 pair of 3; the other one has 3 right ones of 6 */
    assert_share(s.precision, 3 * STORY_CALLS - 2, 3 * STORY_CALLS + 1);
    assert_share(s.recall, 3 * STORY_CALLS - 2, 3 * STORY_CALLS);
    assert_share(s.exact, STORY_CALLS - 2, STORY_CALLS);
    assert_share(s.parents, STORY_LEGS - 1, STORY_LEGS);
    assert_int_equal(s.joined, 1);
    int64_t wrong = 0;
    for (int i = 0; i < CONFIDENCES; i++) wrong += s.links.stated[i] - s.links.right[i];
    assert_int_equal(wrong, 1);
}

static void message_found_twice(struct bench *b) {
    struct found *f = &b->r.found;
    int line = 0; /* the first that is seen on two lines */
    while (line + 1 < b->v->nlines) {
        int k = line + 1;
        while (k < b->v->nlines && b->v->lines[k].msg != b->v->lines[line].msg) k++;
        if (k < b->v->nlines) break;
        line++;
    }
    isize cap = 0;
    struct found_msg *more = base_grow(NULL, &cap, f->nmsgs + 1, (isize)sizeof *more);
    for (int i = 0; i < f->nmsgs; i++) more[i] = f->msgs[i];
    more[f->nmsgs] = f->msgs[f->of_line[line] - 1];
    base_free(f->msgs);
    f->msgs = more;
    f->of_line[line] = ++f->nmsgs;
    struct score s = score_of(b);
    assert_share(s.recovered, STORY_MSGS - 1, STORY_MSGS);
    assert_int_equal(s.doubled, 1);
}

static void messages_run_together(struct bench *b) {
    b->r.found.of_line[1] = b->r.found.of_line[0];
    struct score s = score_of(b);
    assert_int_equal(s.merged, 2);
    assert_share(s.recovered, STORY_MSGS - 2, STORY_MSGS);
}

static void message_lost(struct bench *b) {
    b->r.found.of_line[4] = 0;
    struct score s = score_of(b);
    assert_int_equal(s.lost, 1);
    assert_share(s.recovered, STORY_MSGS - 1, STORY_MSGS);
}

/* The first call's second INVITE: prompted by the first one. */
static void prompt_missing(struct bench *b) {
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    b->r.found.msgs[d->found_msg[1] - 1].prompted = 0;
    verdict_free(d);
    assert_share(score_of(b).prompts, STORY_MSGS - 1, STORY_MSGS);
}

static void effect_before_cause(struct bench *b) {
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    b->r.found.msgs[d->found_msg[1] - 1].n = 0;
    verdict_free(d);
    struct score s = score_of(b);
    assert_int_equal(s.order.right, s.order.of - 1);
}

static void each_fault_costs(void **state) {
    static const struct {
        enum view_kind kind;
        void (*fault)(struct bench *b);
    } faults[] = {
        {VIEW_TAP, leg_left_out},         {VIEW_TAP, leg_among_strangers},
        {VIEW_LOGS, message_found_twice}, {VIEW_TAP, messages_run_together},
        {VIEW_TAP, message_lost},         {VIEW_TAP, prompt_missing},
        {VIEW_TAP, effect_before_cause},
    };
    (void)state;
    for (isize i = 0; i < countof(faults); i++) {
        struct bench *b = calloc(1, sizeof *b);
        bench_open(b, faults[i].kind);
        faults[i].fault(b);
        bench_close(b);
        free(b);
    }
}

/* A leg that was told as "may belong to" is right when it does. */
static void maybes_are_counted(void **state) {
    (void)state;
    struct bench *b = calloc(1, sizeof *b);
    bench_open(b, VIEW_TAP);
    struct found *f = &b->r.found;
    int leg = a_last_leg(b), other = first_leg_of_another(b);
    f->maybes = base_new(2, (isize)sizeof *f->maybes);
    f->maybes[0] = (struct found_maybe){leg, f->legs[leg].parent - 1, 0.85};
    f->maybes[1] = (struct found_maybe){leg, other, 0.05};
    f->nmaybes = 2;
    struct score s = score_of(b);
    assert_int_equal(s.maybes.stated[8], 1); /* 80 to 90 % */
    assert_int_equal(s.maybes.right[8], 1);
    assert_int_equal(s.maybes.stated[0], 1);
    assert_int_equal(s.maybes.right[0], 0);
    bench_close(b);
    free(b);
}

/* What people are shown names the leg that is wrong and the strangers it stands among. */
static void failures_are_told(void **state) {
    (void)state;
    struct bench *b = calloc(1, sizeof *b);
    char *text = NULL;
    size_t n = 0;
    bench_open(b, VIEW_TAP);
    leg_among_strangers(b);
    struct verdict *d = judge_score(b->w, b->v, &b->r.found);
    FILE *f = open_memstream(&text, &n);
    judge_failures(b->w, b->v, &b->r, d, FAILURE_CALLS, 5, f);
    fclose(f);
    assert_non_null(strstr(text, "call C1, \"answered\": 3 legs seen"));
    assert_non_null(strstr(text, "L4!")); /* the parent, of another call */
    assert_non_null(strstr(text, "leg2-0@0"));
    assert_non_null(strstr(text, "strangers in call"));
    free(text);
    verdict_free(d);
    bench_close(b);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect_scores_one),
        cmocka_unit_test(each_fault_costs),
        cmocka_unit_test(maybes_are_counted),
        cmocka_unit_test(failures_are_told),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
