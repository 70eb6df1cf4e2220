/* Why a leg is here, what almost belongs, what is related, what was changed by hand: as JSON, as text, in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#define json_null jansson_null /* base/out.h has one of its own */
#include <jansson.h>
#undef json_null

#include <math.h>

#include "draw/fixture.h"

#define EVIL "<script>alert(1)</script>\"'&"

static struct evidence evidence(const char *kind, double bits, const char *text) {
    return (struct evidence){str_z(kind), str_z(text), bits};
}

/* A plain call with a neighbour of every sort. */
static void fx_why(struct fixture *f) {
    fx_plain(f);
    struct call *c = &f->call;
    struct leg *l = &c->legs[1];
    l->confidence = 0.99982;
    l->evidence = arena_new(&f->view, struct evidence, 3);
    l->evidence[l->nevidence++] =
        evidence("by-hand", INFINITY, "joined by hand by Kay, 22 Nov 2026 10:12 UTC");
    l->evidence[l->nevidence++] =
        evidence("called-number", 12.4, "the same called number 020 7946 0452");
    l->evidence[l->nevidence++] = evidence("caller-number", -2.25, "another caller");
    c->maybes = arena_new(&f->view, struct maybe, 2);
    struct maybe *m = &c->maybes[c->nmaybes++];
    *m = (struct maybe){
        .leg = 2,
        .below = true,
        .other = S("leg0000000007"),
        .call = S("call000000007"),
        .call_id = S("7@192.0.2.2"),
        .from = S("01632960123"),
        .to = S("203"),
        .start_us = FX_START + 5000000,
        .confidence = 0.714,
        .why_not = S("the evidence reaches 71 %: a leg joins from 90 % on"),
    };
    m->evidence = arena_new(&f->view, struct evidence, 1);
    m->evidence[m->nevidence++] = evidence("timing", 6.5, "left pbx 8 ms after leg 1");
    c->maybes[c->nmaybes++] = (struct maybe){
        .leg = 1, .call = S("call000000008"), .start_us = -1, .confidence = 0.04};
    c->related = arena_new(&f->view, struct related, 1);
    c->related[c->nrelated++] =
        (struct related){S("call000000009"),
                         RELATED_CALL_BACK,
                         S("01632 960123 was called back 40 s after this call had ended"),
                         S("020 7946 0452"),
                         S("01632 960123"),
                         FX_START + 100000000};
    c->decisions = arena_new(&f->view, struct decision, 3);
    c->decisions[c->ndecisions++] = (struct decision){
        3, DECISION_JOIN, c->legs[1].id, c->legs[0].id, S("Kay"), 1795342320000000};
    c->decisions[c->ndecisions++] = (struct decision){
        4, DECISION_SPLIT, S("leg0000000007"), c->legs[1].id, S("Kim"), 1795342380000000};
    c->decisions[c->ndecisions++] = (struct decision){
        5, DECISION_SPLIT, c->legs[0].id, S("leg0000000008"), S("Lee"), 1795342390000000};
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static const char golden_json[] =
    "\"may_belong\":[{\"leg\":2,\"below\":true,\"other\":\"leg0000000007\","
    "\"call\":\"call000000007\",\"call_id\":\"7@192.0.2.2\",\"from\":\"01632960123\","
    "\"to\":\"203\",\"start\":\"2014-07-26T07:54:07.000000Z\",\"confidence\":0.7140,"
    "\"why_not\":\"the evidence reaches 71 %: a leg joins from 90 % on\",\"evidence\":["
    "{\"kind\":\"timing\",\"bits\":6.5,\"text\":\"left pbx 8 ms after leg 1\"}]},"
    "{\"leg\":1,\"below\":false,\"other\":\"\",\"call\":\"call000000008\","
    "\"call_id\":\"\",\"from\":\"\",\"to\":\"\",\"start\":null,\"confidence\":0.0400,"
    "\"why_not\":\"\",\"evidence\":[]}],"
    "\"related\":[{\"call\":\"call000000009\",\"kind\":\"call-back\",\"text\":"
    "\"01632 960123 was called back 40 s after this call had ended\",\"from\":"
    "\"020 7946 0452\",\"to\":\"01632 960123\",\"start\":"
    "\"2014-07-26T07:55:42.000000Z\"}],"
    "\"decisions\":[{\"n\":3,\"kind\":\"join\",\"leg\":\"leg0000000002\",\"other\":"
    "\"leg0000000001\",\"who\":\"Kay\",\"at\":\"2026-11-22T10:12:00.000000Z\"},"
    "{\"n\":4,\"kind\":\"split\",\"leg\":\"leg0000000007\",\"other\":"
    "\"leg0000000002\",\"who\":\"Kim\",\"at\":\"2026-11-22T10:13:00.000000Z\"},"
    "{\"n\":5,\"kind\":\"split\",\"leg\":\"leg0000000001\",\"other\":"
    "\"leg0000000008\",\"who\":\"Lee\",\"at\":\"2026-11-22T10:13:10.000000Z\"}],";

static void as_json(void **state) {
    (void)state;
    struct fixture f;
    fx_why(&f);
    for (int whole = 0; whole < 2; whole++) {
        struct out o = {0};
        draw_json(&o, &f.call, whole);
        isize at = str_find_str(out_str(&o), S("\"may_belong\""));
        assert_true(at > 0);
        str part = str_sub(str_from(out_str(&o), at), 0, str_z(golden_json).n);
        out_byte(&o, 0);
        assert_string_equal(arena_z(&f.view, part), golden_json);
        assert_true(str_find_str(out_str(&o), S("{\"kind\":\"by-hand\",\"bits\":null,"
                                                "\"text\":\"joined by hand")) > 0);
        out_drop(&o);
    }
    fx_close(&f);
}

static json_t *read_call(const struct call *c, bool messages) {
    struct out o = {0};
    json_error_t e;
    draw_json(&o, c, messages);
    json_t *root = json_loadb((const char *)o.p, (size_t)o.n, JSON_ALLOW_NUL, &e);
    if (!root) fail_msg("%s at %d", e.text, e.position);
    out_drop(&o);
    return root;
}

/* Summaries are kept in the database: they have the first few alone, of decisions the last. */
static void a_summary_is_small(void **state) {
    (void)state;
    enum { MANY = 100 };
    struct fixture f;
    fx_plain(&f);
    struct call *c = &f.call;
    c->maybes = arena_new(&f.view, struct maybe, MANY);
    c->related = arena_new(&f.view, struct related, MANY);
    c->decisions = arena_new(&f.view, struct decision, MANY);
    c->nmaybes = c->nrelated = c->ndecisions = MANY;
    for (int i = 0; i < MANY; i++) {
        c->maybes[i].leg = i;
        c->decisions[i].n = i;
    }
    for (int whole = 0; whole < 2; whole++) {
        json_t *root = read_call(c, whole);
        static const char *const lists[] = {"may_belong", "related", "decisions"};
        for (int i = 0; i < 3; i++)
            assert_int_equal(json_array_size(json_object_get(root, lists[i])),
                             whole ? MANY : 8);
        json_t *maybe = json_array_get(json_object_get(root, "may_belong"), 7);
        assert_int_equal(json_integer_value(json_object_get(maybe, "leg")), 7);
        json_t *last =
            json_array_get(json_object_get(root, "decisions"), whole ? MANY - 1 : 7);
        assert_int_equal(json_integer_value(json_object_get(last, "n")), MANY - 1);
        json_decref(root);
    }
    fx_close(&f);
}

static void without_neighbours_the_lists_are_empty(void **state) {
    (void)state;
    struct fixture f;
    fx_plain(&f);
    json_t *root = read_call(&f.call, true);
    assert_int_equal(json_array_size(json_object_get(root, "may_belong")), 0);
    assert_true(json_is_array(json_object_get(root, "related")));
    assert_true(json_is_array(json_object_get(root, "decisions")));
    json_decref(root);
    fx_close(&f);
}

/* ---- text ------------------------------------------------------------------------------------------- */

static const char golden_text[] =
    // clang-format off
    "     hop of leg 1, 99.98 %: joined by hand by Kay, 22 Nov 2026 10:12 UTC\n"
    "\n"
    "May belong to this call:\n"
    "  possible (71 %), would hang on leg 2: 01632960123 → 203, 26 Jul 2014 07:54:07 UTC, call\n"
    "  call000000007\n"
    "     why not: the evidence reaches 71 %: a leg joins from 90 % on\n"
    "  unlikely (4 %), leg 1 would hang on it: unknown → unknown, at an unknown time, call\n"
    "  call000000008\n"
    "\n"
    "Related calls:\n"
    "  call back: 020 7946 0452 → 01632 960123, 26 Jul 2014 07:55:42 UTC, call call000000009\n"
    "     01632 960123 was called back 40 s after this call had ended\n"
    "\n"
    "Changed by hand:\n"
    "  leg 2 was joined to leg 1, by Kay, 22 Nov 2026 10:12:00 UTC\n"
    "  leg leg0000000007 was taken out of this call, by Kim, 22 Nov 2026 10:13:00 UTC\n"
    "  leg 1 was taken out of the call of leg leg0000000008, by Lee, 22 Nov 2026 10:13:10 UTC\n"
    // clang-format on
    ;

static const char golden_why[] =
    // clang-format off
    "     hop of leg 1, practically certain (99.98 %)\n"
    "          by hand  joined by hand by Kay, 22 Nov 2026 10:12 UTC\n"
    "       +12.4 bits  the same called number 020 7946 0452\n"
    "        -2.2 bits  another caller\n"
    "\n"
    "One bit of evidence doubles the odds; below zero it speaks against.\n"
    "\n"
    "May belong to this call:\n"
    "  possible (71 %), would hang on leg 2: 01632960123 → 203, 26 Jul 2014 07:54:07 UTC, call\n"
    "  call000000007\n"
    "     why not: the evidence reaches 71 %: a leg joins from 90 % on\n"
    "        +6.5 bits  left pbx 8 ms after leg 1\n"
    // clang-format on
    ;

static void as_text(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    fx_why(&f);
    struct draw_text_options d = {.width = 90};
    draw_text(&o, &f.call, &d);
    isize at = str_find_str(out_str(&o), S("     hop of"));
    assert_string_equal(arena_z(&f.view, str_from(out_str(&o), at)), golden_text);
    o.n = 0;
    d.why = true;
    draw_text(&o, &f.call, &d);
    at = str_find_str(out_str(&o), S("     hop of"));
    str part = str_sub(str_from(out_str(&o), at), 0, str_z(golden_why).n);
    assert_string_equal(arena_z(&f.view, part), golden_why);
    o.n = 0;
    d.ascii = true;
    draw_text(&o, &f.call, &d);
    for (isize i = 0; i < o.n; i++) assert_true(o.p[i] < 128);
    out_drop(&o);
    fx_close(&f);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static isize count(str text, const char *what) {
    isize n = 0, at;
    while ((at = str_find_str(text, str_z(what))) >= 0) {
        n++;
        text = str_from(text, at + 1);
    }
    return n;
}

static void in_the_file(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0};
    struct draw_options d = {0};
    fx_why(&f);
    draw_html(&o, &f.call, &d, S(""), S(""));
    str page = str_sub(out_str(&o), 0, str_find_str(out_str(&o), S("<script")));
    assert_int_equal(count(page, "class=\"links card\""), 3);
    assert_int_equal(count(page, "<summary>Why is this leg here?</summary>"), 1);
    assert_int_equal(count(page, "<span class=\"bits\">+12.4 bits</span>"), 1);
    assert_int_equal(count(page, "<span class=\"bits\">by hand</span>"), 1);
    assert_int_equal(count(page, "possible (71 %)"), 1);
    assert_int_equal(count(page, "Why not: the evidence reaches 71 %"), 1);
    assert_int_equal(count(page, "called back 40 s after"), 1);
    assert_int_equal(count(page, "leg 2 was joined to leg 1"), 1);
    o.n = 0;
    f.call.nmaybes = f.call.nrelated = f.call.ndecisions = 0;
    draw_html(&o, &f.call, &d, S(""), S(""));
    assert_int_equal(count(out_str(&o), "class=\"links card\""), 0);
    out_drop(&o);
    fx_close(&f);
}

/* No text gets out of its place, and no number that is none breaks anything. */
static void hostile_texts(void **state) {
    (void)state;
    struct fixture f;
    struct out o = {0}, long_text = {0};
    struct draw_options d = {0};
    struct draw_text_options t = {.why = true};
    fx_why(&f);
    struct call *c = &f.call;
    for (int i = 0; i < 3000; i++) out_z(&long_text, "x\x1b\n");
    const str texts[] = {S(EVIL), out_str(&long_text), {0}};
    for (isize i = 0; i < countof(texts); i++) {
        struct maybe *m = &c->maybes[0];
        m->other = m->call = m->call_id = m->from = m->to = m->why_not = texts[i];
        m->evidence[0] = (struct evidence){texts[i], texts[i], NAN};
        m->confidence = NAN;
        c->related[0].text = c->related[0].call = c->related[0].from = texts[i];
        c->related[0].kind = RELATED_COUNT;
        c->decisions[0].who = c->decisions[0].leg = c->decisions[0].other = texts[i];
        c->decisions[0].at_us = -1;
        c->legs[1].evidence[0].text = texts[i];
        o.n = 0;
        draw_html(&o, c, &d, S(""), S(""));
        assert_int_equal(count(out_str(&o), "<script"), 2); /* its own */
        o.n = 0;
        draw_text(&o, c, &t);
        assert_int_equal(count(out_str(&o), "\x1b"), 0);
        json_decref(read_call(c, true));
    }
    out_drop(&o);
    out_drop(&long_text);
    fx_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_json),
        cmocka_unit_test(a_summary_is_small),
        cmocka_unit_test(without_neighbours_the_lists_are_empty),
        cmocka_unit_test(as_text),
        cmocka_unit_test(in_the_file),
        cmocka_unit_test(hostile_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
