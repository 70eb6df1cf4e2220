/* The examples that come with sipweave, read as a user would. */
#include "link/result.h"

#include "input/input.h"
#include "lib/edge.h"

#define JUNK "examples/junk-call/"

static u32 on_source(void *ctx, const struct source *s) {
    return weave_source(ctx, s);
}
static void on_sighting(void *ctx, const struct sighting *s) {
    assert_true(weave_add(ctx, s));
}
static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx;
    (void)place;
    (void)bytes;
    assert_int_equal(reason,
                     SKIP_OTHER_LINE); /* the logs speak of other things as well */
}
static void on_damage(void *ctx, str sentence) {
    (void)ctx;
    fail_msg("%.*s", STR(sentence));
}

/* Close the weave, then input_files_close. */
static struct weave *weave_of(const char *hosts, const char *const *files, isize n,
                              arena *boot) {
    struct weave *w = weave_open();
    const struct input_sink sink = {w, on_source, on_sighting, on_skipped, on_damage};
    struct fail f;
    str sentence;
    if (hosts) {
        str text = file_read(hosts);
        assert_true(text.n > 0);
        assert_int_equal(weave_hosts(w, text, &f), ERR_OK);
        file_drop(text);
    }
    for (isize i = 0; i < n; i++) {
        enum err e =
            input_file_read(files[i], &(struct input_options){0}, &sink, boot, &sentence);
        if (e != ERR_OK) print_error("%.*s\n", STR(sentence));
        assert_int_equal(e, ERR_OK);
    }
    weave_link(w);
    assert_nothing_lost(w);
    assert_found_from_any_leg(w);
    return w;
}

struct leg_row {
    const char *from, *to;
    int parent;
    enum leg_role role;
    enum call_state state;
    int messages;
};
static const struct leg_row junk[] = {
    {"pstn", "b.voiceless", 0, ROLE_INCOMING, STATE_ANSWERED, 7},       /* red */
    {"b.voiceless", "boxless", 1, ROLE_HOP, STATE_ANSWERED, 10},        /* black */
    {"boxless", "snom-office", 2, ROLE_FORK, STATE_CANCELLED, 10},      /* yellow */
    {"boxless", "snom-home", 2, ROLE_FORK, STATE_ANSWERED, 7},          /* green */
    {"boxless", "a.voiceless", 2, ROLE_FORK, STATE_CANCELLED, 6},       /* blue */
    {"a.voiceless", "gateway", 5, ROLE_GATEWAY, STATE_CANCELLED, 4},    /* orange */
    {"b.voiceless", "noiseless", 1, ROLE_RECORDING, STATE_ANSWERED, 6}, /* grey */
    {"boxless", "noiseless", 2, ROLE_RECORDING, STATE_ANSWERED, 6},     /* purple */
};

static void assert_leg(const struct call *c, int n, const struct leg_row *want) {
    const struct leg *l = &c->legs[n - 1];
    assert_true(str_eq(c->devices[l->from_device].name, str_z(want->from)));
    assert_true(str_eq(c->devices[l->to_device].name, str_z(want->to)));
    assert_int_equal(l->n, n);
    assert_int_equal(l->parent, want->parent);
    assert_int_equal(l->role, want->role);
    assert_int_equal(l->state, want->state);
    assert_int_equal(l->messages, want->messages);
    if (l->parent) assert_true(l->confidence > 0.9 && l->nevidence > 0);
}

/* The message that prompted the nth of this summary on that leg has this summary, and came on that leg. */
static void assert_prompt(const struct call *c, int leg, const char *summary, int nth,
                          int by_leg, const char *by) {
    const struct message *m = find_message(c, leg, summary, nth);
    assert_non_null(m);
    if (!by) {
        assert_int_equal(m->prompted_by, 0);
        return;
    }
    assert_true(m->prompted_by > 0 && m->prompted_by < m->n);
    const struct message *p = &c->messages[m->prompted_by - 1];
    assert_int_equal(p->leg, by_leg);
    assert_true(str_eq(p->summary, str_z(by)));
    assert_int_equal(p->to_device, m->from_device);
}

static void assert_causal(const struct call *c) {
    for (isize i = 0; i < c->nmessages; i++) {
        const struct message *m = &c->messages[i];
        assert_true(m->prompted_by < m->n && m->retransmission_of < m->n);
        if (i) assert_true(m->time_us >= c->messages[i - 1].time_us);
        if (m->is_request) continue;
        bool asked = false; /* each answer after its question */
        for (isize k = 0; k < i && !asked; k++) {
            const struct message *q = &c->messages[k];
            asked = q->is_request && q->leg == m->leg && q->cseq == m->cseq &&
                    str_eq(q->method, m->method);
        }
        assert_true(asked);
    }
}

static void the_junk_call(void **state) {
    (void)state;
    static const char *const files[] = {JUNK "b.voiceless.log", JUNK "boxless.log",
                                        JUNK "a.voiceless.log"};
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct weave *w = weave_of(JUNK "hosts", files, 3, &boot);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->nlegs, 8);
    assert_int_equal(c->ndevices, 8);
    assert_int_equal(c->nmessages, 56);
    assert_true(c->start_us == (i64)1406364842 * 1000000); /* 08:54:02 */
    assert_true(str_eq(c->from, S("+441632960123")) && str_eq(c->to, S("+442079460452")));
    assert_int_equal(c->state, STATE_ANSWERED);
    for (int n = 1; n <= 8; n++) assert_leg(c, n, &junk[n - 1]);
    assert_causal(c);
    /* who answered, and what that did */
    assert_prompt(c, 2, "200 OK", 0, 4, "200 OK");
    assert_prompt(c, 3, "CANCEL", 0, 4, "200 OK");
    assert_prompt(c, 5, "CANCEL", 0, 4, "200 OK");
    assert_prompt(c, 6, "CANCEL", 0, 5, "CANCEL");
    assert_prompt(c, 8, "INVITE", 0, 4, "200 OK");
    assert_prompt(c, 1, "200 OK", 0, 2, "200 OK");
    /* the INVITE goes through; the password's answer is the leg's own business */
    assert_prompt(c, 1, "INVITE", 0, 0, NULL);
    assert_prompt(c, 2, "INVITE", 0, 1, "INVITE");
    assert_prompt(c, 2, "INVITE", 1, 0, NULL);
    for (int leg = 3; leg <= 5; leg++) assert_prompt(c, leg, "INVITE", 0, 2, "INVITE");
    assert_prompt(c, 6, "INVITE", 0, 5, "INVITE");
    assert_prompt(c, 7, "INVITE", 0, 1, "INVITE");
    assert_prompt(c, 2, "180 Ringing", 0, 3, "180 Ringing");
    assert_prompt(c, 1, "180 Ringing", 0, 2, "180 Ringing");
    /* the end */
    assert_prompt(c, 4, "BYE", 0, 0, NULL);
    assert_prompt(c, 2, "BYE", 0, 4, "BYE");
    assert_prompt(c, 1, "BYE", 0, 2, "BYE");
    assert_prompt(c, 7, "BYE", 0, 2, "BYE");
    assert_prompt(c, 8, "BYE", 0, 4, "BYE");
    assert_prompt(c, 3, "487 Request Terminated", 0, 0, NULL);
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

static void the_junk_call_without_hosts(void **state) {
    (void)state;
    static const char *const files[] = {JUNK "b.voiceless.log", JUNK "boxless.log",
                                        JUNK "a.voiceless.log"};
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct weave *w = weave_of(NULL, files, 3, &boot);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->nlegs, 8);
    assert_int_equal(c->ndevices, 9); /* the two recorders are no longer one pool */
    assert_int_equal(c->nmessages, 56);
    for (int n = 1; n <= 8; n++) {
        assert_int_equal(c->legs[n - 1].parent, junk[n - 1].parent);
        assert_int_equal(c->legs[n - 1].role, junk[n - 1].role);
    }
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

static void any_order_of_the_logs(void **state) {
    (void)state;
    static const char *const files[] = {JUNK "b.voiceless.log", JUNK "boxless.log",
                                        JUNK "a.voiceless.log"};
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct out first = {0};
    for (int i = 0; i < 6; i++) {
        const char *mine[3];
        for (int k = 0; k < 3; k++) mine[k] = files[orders[i][k]];
        arena boot = arena_open((isize)64 << 20);
        struct weave *w = weave_of(JUNK "hosts", mine, 3, &boot);
        struct out text = result_text(w);
        if (i == 0) {
            first = text;
        } else {
            assert_true(str_eq(out_str(&first), out_str(&text)));
            out_drop(&text);
        }
        weave_close(w);
        input_files_close();
        arena_close(&boot);
    }
    out_drop(&first);
}

/* Any part of the logs is linked as far as it goes. */
static void any_part_of_the_logs(void **state) {
    (void)state;
    static const char *const files[] = {JUNK "b.voiceless.log", JUNK "boxless.log",
                                        JUNK "a.voiceless.log"};
    static const int legs[] = {0, 3, 5, 7, 2, 5, 6, 8}; /* by which logs are there */
    for (int part = 1; part < 8; part++) {
        const char *mine[3];
        isize n = 0;
        for (int k = 0; k < 3; k++) {
            if (part >> k & 1) mine[n++] = files[k];
        }
        arena boot = arena_open((isize)64 << 20), view = arena_open_view();
        struct weave *w = weave_of(JUNK "hosts", mine, n, &boot);
        isize all = 0;
        for (isize i = 0; i < weave_ncalls(w); i++)
            all += weave_call(w, i, true, &view)->nlegs;
        assert_int_equal(all, legs[part]);
        /* the two voiceless boxes never spoke to each other, and nothing ties their clocks together; but what left
         * boxless for the one follows from what reached it from the other */
        assert_int_equal(weave_ncalls(w), 1);
        weave_close(w);
        input_files_close();
        arena_close(&boot);
        arena_close(&view);
    }
}

static void a_plain_call(void **state) {
    (void)state;
    static const char *const files[] = {"examples/plain-call.pcap"};
    static const struct leg_row want[] = {
        {"203.0.113.11", "203.0.113.5", 0, ROLE_INCOMING, STATE_ANSWERED, 10},
        {"203.0.113.5", "203.0.113.12", 1, ROLE_HOP, STATE_ANSWERED, 7},
    };
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct weave *w = weave_of(NULL, files, 1, &boot);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->nlegs, 2);
    assert_int_equal(c->ndevices, 3);
    for (int n = 1; n <= 2; n++) assert_leg(c, n, &want[n - 1]);
    assert_causal(c);
    assert_prompt(c, 2, "INVITE", 0, 1, "INVITE");
    assert_prompt(c, 1, "200 OK", 0, 2, "200 OK");
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

static void a_failed_call(void **state) {
    (void)state;
    static const char *const files[] = {"examples/failed-call.pcap"};
    static const struct leg_row want[] = {
        {"203.0.113.11", "203.0.113.5", 0, ROLE_INCOMING, STATE_FAILED, 4},
        {"203.0.113.5", "198.51.100.61", 1, ROLE_FORK, STATE_FAILED, 4},
        {"203.0.113.5", "198.51.100.74", 1, ROLE_FORK, STATE_FAILED, 4},
    };
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct weave *w = weave_of(NULL, files, 1, &boot);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->nlegs, 3);
    for (int n = 1; n <= 3; n++) assert_leg(c, n, &want[n - 1]);
    assert_int_equal(c->status, 404);
    assert_causal(c);
    assert_true(has_evidence(&c->legs[2], "after-failure"));
    assert_prompt(c, 3, "INVITE", 0, 2, "503 Service Unavailable");
    assert_prompt(c, 1, "404 Not Found", 0, 3, "404 Not Found");
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

static void a_registration(void **state) {
    (void)state;
    static const char *const files[] = {"examples/registration-403/boxless.log"};
    arena boot = arena_open((isize)64 << 20), view = arena_open_view();
    struct weave *w = weave_of(NULL, files, 1, &boot);
    assert_int_equal(weave_ncalls(w), 1);
    const struct call *c = weave_call(w, 0, true, &view);
    assert_int_equal(c->kind, KIND_REGISTRATION);
    assert_int_equal(c->state, STATE_FAILED);
    assert_int_equal(c->status, 403);
    assert_true(str_eq(c->to, S("203")));
    weave_close(w);
    input_files_close();
    arena_close(&boot);
    arena_close(&view);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_junk_call),
        cmocka_unit_test(the_junk_call_without_hosts),
        cmocka_unit_test(any_order_of_the_logs),
        cmocka_unit_test(any_part_of_the_logs),
        cmocka_unit_test(a_plain_call),
        cmocka_unit_test(a_failed_call),
        cmocka_unit_test(a_registration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
