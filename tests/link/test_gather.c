/* What is read off a message: Call-IDs and their stems as tokens, and how random a token looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "link/fact.h"
#include "link/link.h"

struct stem_row {
    const char *call_id, *stem;
};
static const struct stem_row stems[] = {
    {"a84b4c76e66710@192.0.2.1_b2b-1", "a84b4c76e66710@192.0.2.1"},
    {"NGCP%x%///1-42789@192.0.2.2_pbx-1", "NGCP%x%///1-42789@192.0.2.2"},
    {"a84b4c76e66710@192.0.2.1_pbx-1_b2b-1", "a84b4c76e66710@192.0.2.1"},
    {"LAX01@192.0.2.13.0", "LAX01@192.0.2.13"},
    {"LAX01@192.0.2.13.2.1", "LAX01@192.0.2.13"},
    {"LAX01@192.0.2.13.1.2.0", "LAX01@192.0.2.13"},
    {"7f3e9a0b5c2d-0", "7f3e9a0b5c2d"},
    /* nothing to take away */
    {"a84b4c76e66710@192.0.2.1", "a84b4c76e66710@192.0.2.1"},
    {"a84b4c76e66710@pc33.example.com", "a84b4c76e66710@pc33.example.com"},
    {"a84b4c76-e667-10aa@192.0.2.1", "a84b4c76-e667-10aa@192.0.2.1"},
    {"call-1", "call-1"}, /* a counter */
    {"1-12345@192.0.2.1", "1-12345@192.0.2.1"},
    {"12.3", "12.3"},
    {"192.0.2.1", "192.0.2.1"},
    {"x@10.0", "x@10.0"},
    {"", ""},
    {"-", "-"},
    {".0", ".0"},
};

static void stems_of_call_ids(void **state) {
    (void)state;
    for (isize i = 0; i < countof(stems); i++) {
        str id = edge_copy(str_z(stems[i].call_id));
        str stem = fact_call_id_stem(id);
        if (!str_eq(stem, str_z(stems[i].stem))) print_error("%s\n", stems[i].call_id);
        assert_true(str_eq(stem, str_z(stems[i].stem)));
        edge_drop(id);
    }
}

static void randomness_of_tokens(void **state) {
    (void)state;
    assert_true(fact_token_bits(S("a84b4c76e66710")) >= 15);
    assert_true(fact_token_bits(S("7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d")) > 20);
    assert_true(fact_token_bits(S("7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d")) <= 24);
    assert_true(fact_token_bits(S("remote")) < 2);
    assert_true(fact_token_bits(S("yes")) < 1);
    assert_true(fact_token_bits(S("true, false")) < 4);
    assert_true(fact_token_bits(S("00000000000000000000000000000000")) <= 0);
    assert_true(fact_token_bits(S("00000000-0000-0000-0000-000000000000")) <= 0);
    assert_true(fact_token_bits((str){0}) <= 0);
    assert_true(fact_call_id_hash(S("AbC@x")) == fact_call_id_hash(S("aBc@X")));
}

/* ---- people ------------------------------------------------------------------------------------------- */

enum { PHONE = 1, BOX = 2, OTHER = 3 };

/* Adds a message of one dialog; gives how many facts came with it. */
static isize add(struct weave *w, int from, int to, const char *start, const char *caller,
                 const char *called) {
    static u8 room[4096];
    arena scratch = {room, room, room + sizeof room};
    bool asks = start[0] == 'I';
    struct sighting s = {
        .time_us = 1000000 * (weave_nseen(w) + 1),
        .precision_us = 1,
        .at = SIGHTING_NOWHERE,
        .src = {.ip = {192, 0, 2, (u8)from}, .port = 5060, .family = 4},
        .dst = {.ip = {192, 0, 2, (u8)to}, .port = 5060, .family = 4},
        .transport = TRANSPORT_UDP,
        .bytes = arena_printf(&scratch,
                              "%s\r\nFrom: %s;tag=x\r\nTo: %s%s\r\nCall-ID: c@x\r\n"
                              "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
                              start, caller, called, asks ? "" : ";tag=y"),
    };
    isize before = weave_trace(w)->nfacts;
    assert_true(weave_add(w, &s));
    return weave_trace(w)->nfacts - before;
}

static u8 last_kind(const struct weave *w) {
    const struct trace *t = weave_trace(w);
    return t->facts[t->nfacts - 1].kind;
}

static void answers_say_again_what_was_asked(void **state) {
    (void)state;
    static const char invite[] = "INVITE sip:202@192.0.2.2 SIP/2.0",
                      ringing[] = "SIP/2.0 180 Ringing", ok[] = "SIP/2.0 200 OK",
                      ann[] = "\"Ann\" <sip:101@x>", bob[] = "<sip:202@x>";
    struct weave *w = weave_open();
    weave_source(w, &(struct source){.name = S("a")});
    assert_true(add(w, PHONE, BOX, invite, ann, bob) > 2);
    assert_int_equal(add(w, BOX, PHONE, ringing, ann, bob), 1);
    assert_int_equal(last_kind(w), FACT_AGAIN);
    const struct trace *t = weave_trace(w);
    const struct fact *again = &t->facts[t->nfacts - 1];
    assert_int_equal(t->facts[again->label].kind, FACT_CALLER);
    assert_int_equal(t->facts[again->label + again->bits - 1].kind, FACT_CALLED);
    assert_int_equal(add(w, BOX, PHONE, ok, ann, bob), 0); /* once is enough */
    /* on a hop where nothing was asked it speaks for itself, and so it does when it says something else */
    assert_true(add(w, OTHER, BOX, "SIP/2.0 183 Progress", ann, bob) > 1);
    weave_close(w);
    w = weave_open();
    weave_source(w, &(struct source){.name = S("a")});
    add(w, PHONE, BOX, invite, ann, bob);
    assert_true(add(w, BOX, PHONE, ringing, "<sip:103@x>", bob) > 1);
    weave_close(w);
    w = weave_open();
    weave_source(w, &(struct source){.name = S("a")});
    add(w, PHONE, BOX, invite, ann, "<sip:303@x>"); /* not whom the URI names */
    assert_true(add(w, BOX, PHONE, ringing, ann, "<sip:303@x>") > 1);
    weave_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems_of_call_ids),
        cmocka_unit_test(randomness_of_tokens),
        cmocka_unit_test(answers_say_again_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
