/* The world itself: what a plan asks for does occur, as often as it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world/world_look.h"

/* ---- the plan is followed ------------------------------------------------------------------------------------- */

static double share_in(const struct world *w, const char *what) {
    bool *seen = calloc((size_t)w->ncalls, sizeof *seen);
    int n = 0, calls = 0;
    for (int i = 0; i < w->nmsgs; i++)
        if (has(w, &w->msgs[i], what)) seen[w->legs[w->msgs[i].leg].call] = true;
    for (int i = 0; i < w->ncalls; i++) {
        if (w->legs[w->calls[i].first_leg].kind != WORLD_CALL) continue;
        calls++;
        n += seen[i];
    }
    free(seen);
    return (double)n / calls;
}

static double share_of_flow(const struct world *w, const char *flow) {
    int n = 0;
    for (int i = 0; i < w->ncalls; i++) n += strstr(w->calls[i].flow, flow) != NULL;
    return (double)n / w->ncalls;
}

static struct world *with_half(size_t field) {
    struct world_plan p = plain();
    double half = 0.5;
    p.calls = 600;
    p.hunt = 0.5;
    memcpy((char *)&p + field, &half, sizeof half);
    return world_make(&p);
}

static void shares_are_as_planned(void **state) {
    (void)state;
    static const struct {
        size_t field; /* of the plan: one half, and how many calls have it then */
        const char *what;
        double lo, hi;
    } rows[] = {
        {offsetof(struct world_plan, withheld), "anonymous.invalid", 0.40, 0.60},
        {offsetof(struct world_plan, proxies), "Record-Route: ", 0.2, 0.7},
        {offsetof(struct world_plan, recorders), "INVITE sip:record@", 0.35, 0.65},
        {offsetof(struct world_plan, recorders), "rs-metadata", 0.1, 0.35},
        {offsetof(struct world_plan, recorders), "X-Record: ", 0.2, 0.45},
        {offsetof(struct world_plan, transfers), "REFER sip:", 0.03, 0.4},
        {offsetof(struct world_plan, transfers), "Replaces: ", 0.01, 0.3},
        {offsetof(struct world_plan, transfers), "Replaces=", 0.005, 0.3},
        {offsetof(struct world_plan, transfers), "INVITE sip:music@", 0.01, 0.3},
        {offsetof(struct world_plan, odd_flows), "SIP/2.0 302 ", 0.005, 0.2},
        {offsetof(struct world_plan, odd_flows), "SIP/2.0 491 ", 0.005, 0.2},
        {offsetof(struct world_plan, odd_flows), "PRACK sip:", 0.01, 0.2},
        {offsetof(struct world_plan, odd_flows), "UPDATE sip:", 0.01, 0.2},
        {offsetof(struct world_plan, odd_flows), "INFO sip:", 0.01, 0.2},
        {offsetof(struct world_plan, odd_flows), "a=sendonly", 0.005, 0.2},
        {offsetof(struct world_plan, odd_flows), "Diversion: ", 0.002, 0.2},
        {offsetof(struct world_plan, odd_flows), "History-Info: ", 0.002, 0.2},
        {offsetof(struct world_plan, odd_flows), "Authorization: Digest", 0.01, 0.4},
    };
    struct world_plan p = plain();
    struct world *without = world_make(&p), *with = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!with || rows[i].field != rows[i - 1].field) {
            world_free(with);
            with = with_half(rows[i].field);
        }
        double share = share_in(with, rows[i].what);
        if (share < rows[i].lo || share > rows[i].hi)
            print_message("%s: %.3f of the calls\n", rows[i].what, share);
        assert_true(share >= rows[i].lo && share <= rows[i].hi);
        assert_true(share_in(without, rows[i].what) < 0.1 * share + 0.03);
    }
    world_free(without);
    world_free(with);
}

static void flows_are_as_planned(void **state) {
    (void)state;
    static const struct {
        size_t field;
        const char *flows[2];
        double lo, hi;
    } rows[] = {
        {offsetof(struct world_plan, ivr), {"IVR", "queue"}, 0.4, 0.6},
        {offsetof(struct world_plan, desks_out), {"desk calls out", "?"}, 0.4, 0.6},
        {offsetof(struct world_plan, conference), {"conference", "?"}, 0.4, 0.6},
        {offsetof(struct world_plan, forks), {"ring all", "?"}, 0.35, 0.6},
        {offsetof(struct world_plan, gateways), {"follow me", "mobile"}, 0.35, 0.6},
        {offsetof(struct world_plan, related),
         {"call back", "second attempt"},
         0.2,
         0.45}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world *w = with_half(rows[i].field);
        double share =
            share_of_flow(w, rows[i].flows[0]) + share_of_flow(w, rows[i].flows[1]);
        if (share < rows[i].lo || share > rows[i].hi)
            print_message("%s: %.3f\n", rows[i].flows[0], share);
        assert_true(share >= rows[i].lo && share <= rows[i].hi);
        world_free(w);
    }
}

/* ---- numbers and names ---------------------------------------------------------------------------------------------- */

static const char *line_of(const struct world *w, const struct world_msg *m,
                           const char *name, const char *compact, size_t *n) {
    const char *text = w->text + m->at, *at = memmem(text, m->n, name, strlen(name));
    if (!at) at = memmem(text, m->n, compact, strlen(compact));
    assert_non_null(at);
    *n = strcspn(at + 2, "\r");
    return at + 2;
}

static bool leaves(const struct world *w, const struct world_msg *m, const char *kind) {
    const char *name = w->devices[w->addresses[m->from].device].name;
    return begins(w, m, "INVITE ") && strncmp(name, kind, strlen(kind)) == 0;
}

/* Companies' numbers begin with 44207, those of nobody else do. */
static double share_of_company_callers(double rewritten) {
    struct world_plan p = plain();
    p.rewritten = rewritten;
    struct world *w = world_make(&p);
    int all = 0, company = 0;
    for (int i = 0; i < w->nmsgs; i++) {
        size_t n;
        if (!leaves(w, &w->msgs[i], "pbx") || w->msgs[i].prompted == 0) continue;
        const char *from = line_of(w, &w->msgs[i], "\r\nFrom: ", "\r\nf: ", &n);
        all++;
        company += memmem(from, n, "sip:0207", 8) || memmem(from, n, "sip:+44207", 10) ||
                   memmem(from, n, "sip:0044207", 11);
    }
    world_free(w);
    assert_true(all > 200);
    return (double)company / all;
}

static void callers_are_rewritten(void **state) {
    (void)state;
    assert_true(share_of_company_callers(0) < 0.02);
    assert_true(share_of_company_callers(1) > 0.93); /* but for desks that call desks */
}

static void all_call_one_number(void **state) {
    (void)state;
    struct world_plan p = plain();
    p.one_number = 1;
    struct world *w = world_make(&p);
    char first[11] = "";
    int n = 0;
    for (int i = 0; i < w->nmsgs; i++) {
        if (!leaves(w, &w->msgs[i], "trunk")) continue;
        const char *at = memchr(w->text + w->msgs[i].at, '@', w->msgs[i].n);
        if (!n++) memcpy(first, at - 10, 10);
        assert_memory_equal(first, at - 10, 10);
    }
    assert_true(n >= 300);
    world_free(w);
}

/* A box that hides the topology changes the Call-ID and keeps the tag of the caller. */
static void tags_are_kept(void **state) {
    (void)state;
    struct world_plan p = plain();
    p.hiding = 1;
    struct world *w = world_make(&p);
    int hidden = 0;
    for (int i = 0; i < w->nmsgs; i++) {
        const struct world_msg *m = &w->msgs[i];
        if (!leaves(w, m, "hide") || !m->prompted || m->again) continue;
        size_t n, k;
        const char *out = line_of(w, m, "\r\nFrom: ", "\r\nf: ", &n);
        const char *in =
            line_of(w, &w->msgs[m->prompted - 1], "\r\nFrom: ", "\r\nf: ", &k);
        const char *a = memmem(out, n, ";tag=", 5), *b = memmem(in, k, ";tag=", 5);
        assert_true(a && b && out + n - a == in + k - b);
        assert_memory_equal(a, b, (size_t)(out + n - a));
        assert_string_not_equal(w->legs[m->leg].call_id,
                                w->legs[w->msgs[m->prompted - 1].leg].call_id);
        hidden++;
    }
    assert_true(hidden > 250);
    world_free(w);
}

static void hints_are_passed_on(void **state) {
    (void)state;
    static const struct {
        unsigned hint;
        const char *what;
    } rows[] = {
        {HINT_X_CID, "X-CID: "},           {HINT_X_CALL_ID_LIST, "X-Call-ID: "},
        {HINT_SESSION_ID, "Session-ID: "}, {HINT_ICID, "P-Charging-Vector: icid-value="},
        {HINT_CISCO_GUID, "Cisco-Guid: "}, {HINT_VENDOR, "-Ref: "},
        {HINT_CALL_ID_PREFIX, "_"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world_plan p = plain();
        p.hints = rows[i].hint;
        struct world *w = world_make(&p);
        assert_true(share_in(w, rows[i].what) > 0.99);
        world_free(w);
    }
}

/* Call-IDs of all legs of a call contain the first one. */
static void call_ids_are_extended(void **state) {
    (void)state;
    struct world_plan p = plain();
    p.hints = HINT_CALL_ID_SUFFIX;
    struct world *w = world_make(&p);
    for (int i = 0; i < w->nlegs; i++) {
        const char *first = w->legs[w->calls[w->legs[i].call].first_leg].call_id;
        assert_memory_equal(w->legs[i].call_id, first, strcspn(first, "@"));
    }
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_as_planned), cmocka_unit_test(flows_are_as_planned),
        cmocka_unit_test(callers_are_rewritten), cmocka_unit_test(all_call_one_number),
        cmocka_unit_test(tags_are_kept),         cmocka_unit_test(hints_are_passed_on),
        cmocka_unit_test(call_ids_are_extended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
