/* The world itself: the same plan gives the same bytes; its truth is consistent; its SIP keeps the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world/world_look.h"

/* "102 INVITE" */
static void cseq(const struct world *w, const struct world_msg *m, unsigned *number,
                 char method[16]) {
    const char *at = memmem(w->text + m->at, m->n, "\r\nCSeq: ", 8);
    assert_non_null(at);
    assert_int_equal(sscanf(at + 8, "%u %15s", number, method), 2);
}

/* ---- determinism ------------------------------------------------------------------------------------------------- */

static void same_plan_same_world(void **state) {
    (void)state;
    struct world_plan p = everything(3);
    struct world *a = world_make(&p), *b = world_make(&p);
    assert_int_equal(a->nmsgs, b->nmsgs);
    assert_int_equal(a->nlegs, b->nlegs);
    assert_int_equal(a->ntext, b->ntext);
    assert_memory_equal(a->text, b->text, a->ntext);
    assert_memory_equal(a->msgs, b->msgs, (size_t)a->nmsgs * sizeof *a->msgs);
    p.seed = 4;
    struct world *c = world_make(&p);
    assert_true(c->ntext != a->ntext || memcmp(c->text, a->text, a->ntext) != 0);
    world_free(a);
    world_free(b);
    world_free(c);
}

/* ---- truth --------------------------------------------------------------------------------------------------------- */

static bool at_leg(const struct world_leg *leg, int device) {
    return leg->from_device == device || leg->to_device == device;
}

static void check_message(const struct world *w, int i) {
    const struct world_msg *m = &w->msgs[i];
    const struct world_leg *leg = &w->legs[m->leg];
    int from = w->addresses[m->from].device, to = w->addresses[m->to].device;
    assert_true(i == 0 || w->msgs[i - 1].sent_us <= m->sent_us);
    assert_true(m->received_us < 0 || m->received_us > m->sent_us);
    assert_true(at_leg(leg, from) && at_leg(leg, to));
    if (m->prompted) {
        const struct world_msg *p = &w->msgs[m->prompted - 1];
        assert_true(m->prompted - 1 < i);
        assert_int_not_equal(p->leg, m->leg);
        assert_int_equal(w->legs[p->leg].call, leg->call);
        assert_int_equal(w->addresses[p->to].device, from);
        assert_true(p->received_us >= 0 && p->received_us <= m->sent_us);
    }
    if (m->after) {
        const struct world_msg *a = &w->msgs[m->after - 1];
        assert_true(m->after - 1 < i);
        assert_int_equal(a->leg, m->leg);
        if (w->addresses[a->to].device == from)
            assert_true(a->received_us >= 0 && a->received_us <= m->sent_us);
    }
    if (m->again) {
        const struct world_msg *a = &w->msgs[m->again - 1];
        assert_int_equal(a->leg, m->leg);
        assert_int_equal(a->from, m->from);
        assert_int_equal(a->again, 0);
        assert_int_equal(a->n, m->n);
        assert_memory_equal(w->text + a->at, w->text + m->at, m->n);
    }
    if (!m->again && status(w, m)) assert_true(m->after != 0);
}

static void check_leg(const struct world *w, int i) {
    const struct world_leg *leg = &w->legs[i];
    const struct world_call *c = &w->calls[leg->call];
    if (c->first_leg == i) {
        assert_int_equal(leg->parent, 0);
        return;
    }
    /* a parent began before: so they form no circle */
    assert_true(leg->parent > 0 && leg->parent - 1 < i);
    const struct world_leg *p = &w->legs[leg->parent - 1];
    assert_int_equal(p->call, leg->call);
    if (!leg->transfer) assert_true(at_leg(p, leg->from_device));
}

static void truth_is_consistent(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed < 5; seed++) {
        struct world_plan p = everything(seed);
        struct world *w = world_make(&p);
        for (int i = 0; i < w->nmsgs; i++) check_message(w, i);
        for (int i = 0; i < w->nlegs; i++) check_leg(w, i);
        for (int i = 0; i < w->ncalls; i++) {
            assert_true(w->calls[i].first_leg >= 0);
            assert_int_equal(w->legs[w->calls[i].first_leg].call, i);
            assert_true(w->calls[i].related - 1 != i && w->calls[i].related <= w->ncalls);
        }
        world_free(w);
    }
}

/* ---- SIP ------------------------------------------------------------------------------------------------------------- */

static void check_length(const struct world *w, const struct world_msg *m) {
    const char *text = w->text + m->at, *end = memmem(text, m->n, "\r\n\r\n", 4);
    assert_non_null(end);
    const char *at = memmem(text, m->n, "\r\nContent-Length: ", 18);
    const char *value = at ? at + 18 : NULL;
    if (!value) {
        at = memmem(text, m->n, "\r\nl: ", 5);
        assert_non_null(at);
        value = at + 5;
    }
    assert_int_equal((size_t)atoi(value), m->n - (size_t)(end + 4 - text));
}

/* The final response i of an INVITE that arrived has an ACK: of the same Call-ID and CSeq, later. */
static bool is_acked(const struct world *w, int i) {
    const struct world_msg *m = &w->msgs[i];
    const struct world_leg *leg = &w->legs[m->leg];
    unsigned number, other;
    char method[16];
    cseq(w, m, &number, method);
    for (int k = i + 1; k < w->nmsgs && w->msgs[k].sent_us < m->sent_us + 90000000; k++) {
        const struct world_msg *a = &w->msgs[k];
        if (!begins(w, a, "ACK ") || strcmp(w->legs[a->leg].call_id, leg->call_id) != 0)
            continue;
        cseq(w, a, &other, method);
        bool own = w->addresses[a->from].device == w->addresses[m->to].device;
        /* past a proxy that stepped aside, the ACK to a success goes straight to the other end */
        if (other == number && (own || status(w, m) < 300)) return true;
    }
    return false;
}

/* ACK to a failure and CANCEL have the branch of the INVITE. */
static const char *branch(const struct world *w, const struct world_msg *m, size_t *n) {
    const char *at = memmem(w->text + m->at, m->n, ";branch=", 8);
    assert_non_null(at);
    *n = strcspn(at + 8, ";\r");
    return at + 8;
}

static bool same_branch(const struct world *w, const struct world_msg *a,
                        const struct world_msg *b) {
    size_t n, k;
    const char *x = branch(w, a, &n), *y = branch(w, b, &k);
    return n == k && memcmp(x, y, n) == 0;
}

static void check_branch(const struct world *w, const struct world_msg *m) {
    if (!m->after || m->again) return;
    const struct world_msg *a = &w->msgs[m->after - 1];
    if (status(w, m)) assert_true(same_branch(w, m, a));
    if (begins(w, m, "CANCEL ")) assert_true(same_branch(w, m, a));
    if (begins(w, m, "ACK ") && status(w, a) >= 300) assert_true(same_branch(w, m, a));
    if (begins(w, m, "ACK ") && status(w, a) / 100 == 2)
        assert_false(same_branch(w, m, a));
}

static void messages_keep_the_rules(void **state) {
    (void)state;
    struct world_plan p = everything(7);
    struct world *w = world_make(&p);
    int finals = 0;
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        check_length(w, m);
        check_branch(w, m);
        unsigned number;
        char method[16];
        cseq(w, m, &number, method);
        if (status(w, m) < 200 || strcmp(method, "INVITE") != 0 || m->received_us < 0 ||
            m->again)
            continue;
        finals++;
        if (!is_acked(w, i))
            print_message("no ACK: %s, call %d\n", w->calls[w->legs[m->leg].call].flow,
                          w->legs[m->leg].call);
        assert_true(is_acked(w, i));
    }
    assert_true(finals > 800);
    world_free(w);
}

/* Every call comes to its end: who said yes has heard or said BYE. */
static void calls_end(void **state) {
    (void)state;
    struct world_plan p = everything(8);
    p.network_loss = 0;
    struct world *w = world_make(&p);
    bool *up = calloc((size_t)w->ncalls, sizeof *up),
         *down = calloc((size_t)w->ncalls, sizeof *down);
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        int call = w->legs[m->leg].call;
        unsigned number;
        char method[16];
        cseq(w, m, &number, method);
        if (status(w, m) == 200 && strcmp(method, "INVITE") == 0 &&
            m->leg == w->calls[call].first_leg)
            up[call] = true;
        if (begins(w, m, "BYE ") && up[call]) down[call] = true;
    }
    int n = 0;
    for (int i = 0; i < w->ncalls; i++) {
        if (up[i] && !down[i])
            print_message("call %d (%s) never ends\n", i, w->calls[i].flow);
        n += up[i] && !down[i];
    }
    assert_int_equal(n, 0);
    free(up);
    free(down);
    world_free(w);
}

static int legs_towards(const struct world *w, const char *kind) {
    int n = 0;
    for (int i = 0; i < w->nlegs; i++)
        n += strncmp(w->devices[w->legs[i].to_device].name, kind, strlen(kind)) == 0;
    return n;
}

/* RFC 3261 §17.1.1.2: an INVITE goes again after 0.5 s, and 1 s after that. */
static void lost_invites_go_again(void **state) {
    (void)state;
    struct world_plan p = plain();
    p.network_loss = 0.1;
    struct world *w = world_make(&p);
    int n = 0;
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        if (!m->again || !begins(w, m, "INVITE ")) continue;
        int64_t late = m->sent_us - w->msgs[m->again - 1].sent_us;
        assert_true(late == 500000 || late == 1500000 || late >= 3500000);
        n++;
    }
    assert_true(n > 50);
    world_free(w);
}

static void places_are_visited(void **state) {
    (void)state;
    struct world_plan p = everything(6);
    struct world *w = world_make(&p);
    static const char *const kinds[] = {"sbc", "pbx",   "proxy", "edge", "hide",
                                        "gw",  "rec",   "ivr",   "conf", "vm",
                                        "moh", "phone", "trunk"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_true(legs_towards(w, kinds[i]) > 5);
    int related = 0, lost = 0, again = 0, other = 0;
    for (int i = 0; i < w->ncalls; i++) related += w->calls[i].related != 0;
    for (int i = 0; i < w->nlegs; i++) other += w->legs[i].kind == WORLD_OTHER;
    for (int i = 0; i < w->nmsgs; i++) {
        lost += w->msgs[i].received_us < 0;
        again += w->msgs[i].again != 0;
    }
    assert_true(related > 20);
    assert_true(other > 100);
    assert_true(lost > w->nmsgs / 200 && lost < w->nmsgs / 25);
    assert_true(again > lost / 2);
    world_free(w);
}

/* Calls begin as often as they should. */
static void rate_is_as_planned(void **state) {
    (void)state;
    static const double rates[] = {1, 20, 500};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct world_plan p = plain();
        p.calls_per_second = rates[i];
        struct world *w = world_make(&p);
        int last = 0;
        for (int k = 0; k < w->nmsgs; k++)
            if (w->msgs[k].leg == w->calls[w->ncalls - 1].first_leg)
                last = last ? last : k;
        double seconds = (double)(w->msgs[last].sent_us - w->msgs[0].sent_us) / 1e6;
        assert_true(seconds > 0.75 * 300 / rates[i] && seconds < 1.25 * 300 / rates[i]);
        assert_int_equal(w->ncalls, 300);
        world_free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_plan_same_world),    cmocka_unit_test(truth_is_consistent),
        cmocka_unit_test(messages_keep_the_rules), cmocka_unit_test(calls_end),
        cmocka_unit_test(lost_invites_go_again),   cmocka_unit_test(places_are_visited),
        cmocka_unit_test(rate_is_as_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
