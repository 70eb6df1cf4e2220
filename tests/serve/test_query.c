/* test_query.c: addresses taken apart, and what is asked in them. */
#include "serve/query.h"

#include "base/out.h"
#include "lib/edge.h"
#include "serve/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 2026-07-26T12:00:00Z */
static const i64 NOW = (i64)1785067200 * 1000000;

/* One search as a line: only what is asked. */
static void put_search(struct out *o, const struct search *s) {
    const struct {
        const char *name;
        str value;
    } texts[] = {{"number", s->number}, {"from", s->from},  {"to", s->to},
                 {"id", s->call_id},    {"ip", s->address}, {"device", s->device},
                 {"ua", s->user_agent}, {"text", s->text},  {"method", s->method}};
    for (isize i = 0; i < countof(texts); i++) {
        if (texts[i].value.n == 0) continue;
        out_printf(o, "%s=%.*s ", texts[i].name, (int)texts[i].value.n,
                   (const char *)texts[i].value.p);
    }
    if (s->kind != KIND_COUNT) out_printf(o, "kind=%s ", call_kind_text(s->kind));
    if (s->state != STATE_COUNT) out_printf(o, "state=%s ", call_state_text(s->state));
    if (s->status_high) out_printf(o, "status=%d-%d ", s->status_low, s->status_high);
    if (s->after_us)
        out_printf(o, "after=%lld ", (long long)((s->after_us - NOW) / 1000000));
    if (s->before_us)
        out_printf(o, "before=%lld ", (long long)((s->before_us - NOW) / 1000000));
    if (s->min_duration_ms >= 0)
        out_printf(o, "min=%lld ", (long long)s->min_duration_ms);
    if (s->max_duration_ms >= 0)
        out_printf(o, "max=%lld ", (long long)s->max_duration_ms);
    if (s->limit != 100) out_printf(o, "limit=%lld ", (long long)s->limit);
    if (s->page_us)
        out_printf(o, "page=%lld/%.*s ", (long long)s->page_us, (int)s->page_id.n,
                   (const char *)s->page_id.p);
}

/* What a target asks for: one search a line end, or "!sentence". In the arena. */
static str asked(str target, arena *view) {
    struct url u;
    struct query q;
    const char *why;
    str sentence = {0};
    struct out o = {0};
    if (!url_read(&u, target, view, &why)) {
        out_printf(&o, "!%s", why);
    } else if (!query_read(&q, &u, NOW, 3600, view, &sentence)) {
        out_printf(&o, "!%.*s", (int)sentence.n, (const char *)sentence.p);
    } else {
        for (isize i = 0; i < q.n; i++) {
            if (i) out_z(&o, "& ");
            put_search(&o, &q.all[i]);
        }
    }
    str result = arena_copy(view, str_trim(out_str(&o)));
    out_drop(&o);
    return result;
}

static const struct {
    const char *params, *want;
} cases[] = {
    {"", "kind=call"},
    {"kind=any", ""},
    {"kind=all", ""},
    {"kind=registration", "kind=registration"},
    {"kind=nonsense", "!kind wants call, registration, subscription, message, options or "
                      "any, not \"nonsense\""},
    {"number=01632960123", "number=01632960123 kind=call"},
    {"from=%2B44163*&to=201&kind=any", "from=+44163* to=201"},
    {"call_id=a%2Fb%40c&device=boxless&ua=snom&kind=any",
     "id=a/b@c device=boxless ua=snom"},
    {"address=192.0.2.1%3A5060&kind=any", "ip=192.0.2.1:5060"},
    {"address=nowhere",
     "!address wants an address such as 192.0.2.1 or 192.0.2.1:5060, not \"nowhere\""},
    {"status=486&kind=any", "status=486-486"},
    {"status=4xx&kind=any", "status=400-499"},
    {"status=400-499&kind=any", "status=400-499"},
    {"status=499-400",
     "!status wants a status such as 486, 4xx or 400-499, not \"499-400\""},
    {"status=99", "!status wants a status such as 486, 4xx or 400-499, not \"99\""},
    {"status=7xx", "!status wants a status such as 486, 4xx or 400-499, not \"7xx\""},
    {"state=failed&method=REFER&kind=any", "method=REFER state=failed"},
    {"state=Failed", "!state wants answered, cancelled, failed, ringing, in-call or "
                     "partial, not \"Failed\""},
    {"min_duration=60&max_duration=2m&kind=any", "min=60000 max=120000"},
    {"min_duration=x", "!min_duration wants a number of seconds, not \"x\""},
    /* times */
    {"after=-1h&before=-30m&kind=any", "after=-3600 before=-1800"},
    {"after=-7d&kind=any", "after=-604800"},
    {"after=-7d&after=-1d&kind=any", "after=-86400"}, /* both have to fit */
    {"before=now&kind=any", "before=0"},
    {"after=2026-07-26T11:00:00Z&kind=any", "after=-3600"},
    {"after=2026-07-26T11:00Z&kind=any", "after=-3600"},
    {"after=2026-07-26T11:00&kind=any", "after=-7200"}, /* the server's zone: +01:00 */
    {"after=2026-07-26&kind=any", "after=-46800"},
    {"after=2026-07-26T12:00:00+01:00&kind=any", "after=-3600"}, /* "+" not escaped */
    {"after=2026-07-26T11:00:00.5Z&kind=any", "after=-3599"},
    {"after=yesterday",
     "!after wants a time such as 2026-07-26T09:00Z or -1h, not \"yesterday\""},
    {"after=-1000000w&kind=any", "after=-1785067199"}, /* the beginning of time */
    {"after=-1000001w",
     "!after wants a time such as 2026-07-26T09:00Z or -1h, not \"-1000001w\""},
    {"max_duration=1000000w&kind=any", "max=604800000000000"},
    {"after=-5", "!after wants a time such as 2026-07-26T09:00Z or -1h, not \"-5\""},
    {"after=-", "!after wants a time such as 2026-07-26T09:00Z or -1h, not \"-\""},
    {"after=2026-13-45",
     "!after wants a time such as 2026-07-26T09:00Z or -1h, not \"2026-13-45\""},
    {"after=2026-07-26T11:00Zulu", "!after wants a time such as 2026-07-26T09:00Z or "
                                   "-1h, not \"2026-07-26T11:00Zulu\""},
    /* pages */
    {"limit=5&cursor=1406364842000000-c53nj23rha0vp&kind=any",
     "limit=5 page=1406364842000000/c53nj23rha0vp"},
    {"limit=0", "!limit wants a number from 1 to 1000, not \"0\""},
    {"limit=1001", "!limit wants a number from 1 to 1000, not \"1001\""},
    {"cursor=12", "!cursor wants what the answer before gave as \"next\", not \"12\""},
    {"cursor=-x", "!cursor wants what the answer before gave as \"next\", not \"-x\""},
    {"cursor=99999999999999999999-x", "!cursor wants what the answer before gave as "
                                      "\"next\", not \"99999999999999999999-x\""},
    /* the search box */
    {"q=01632960123&kind=any", "number=01632960123"},
    {"q=+++&kind=any", ""},
    {"q=boxless&kind=any", "text=boxless"},
    {"q=0207&kind=any", "text=0207"},
    {"q=192.0.2.1&kind=any", "ip=192.0.2.1"},
    {"q=%5B2001:db8::1%5D:5060&kind=any", "ip=[2001:db8::1]:5060"},
    {"q=2001:db8::1&kind=any", "ip=2001:db8::1"},
    {"q=from:01632*+to:201+code:4xx&kind=any", "from=01632* to=201 status=400-499"},
    {"q=CODE:486+Device:boxless&kind=any", "device=boxless status=486-486"},
    {"q=kind:registration", "kind=registration"},
    {"q=kind:any", ""},
    {"q=ip:192.0.2.1+after:-1h+before:now+min:5+max:60&kind=any",
     "ip=192.0.2.1 after=-3600 before=0 min=5000 max=60000"},
    {"q=ua:%22snom+821%22+call-id:abc&kind=any", "id=abc ua=snom 821"},
    {"q=%22never+closed&kind=any", "text=never closed"},
    {"q=from:&kind=any", ""},
    {"q=sip:201@example&kind=any", "text=sip:201@example"},
    {"q=10:30&kind=any", "text=10:30"},
    {"q=form:1&kind=any", "text=form:1"},
    {"q=code:abc", "!code wants a status such as 486, 4xx or 400-499, not \"abc\""},
    {"q=%2B44+20+7946+0452&kind=any", "number=+442079460452"},
    {"q=020+7946+0452&kind=any", "number=02079460452"},
    {"q=(020)+7946-0452&kind=any", "number=(020)7946-0452"},
    {"q=%22020+7946+0452%22&kind=any", "number=020 7946 0452"},
    {"q=01632+960123&kind=any", "number=01632960123"},
    {"q=01632960123+07700900356&kind=any", "number=01632960123 & number=07700900356"},
    {"q=201+202&kind=any", "text=201 & text=202"},
    {"q=01632960123+192.0.2.1&kind=any", "number=01632960123 ip=192.0.2.1"},
    {"q=01632960123+boxless+snom&kind=any",
     "number=01632960123 text=boxless & text=snom"},
    {"q=a+b+c+d+e+f&kind=any", "text=a & text=b & text=c & text=d & text=e & text=f"},
    {"q=a+b+c+d+e+f+g", "!q is asked for more than 6 times"},
    {"q=state:failed+state:answered&kind=any", "state=failed & state=answered"},
    {"number=123456&q=number:654321&kind=any", "number=123456 & number=654321"},
    /* what is no request */
    {"foo=1", "!there is no parameter \"foo\""},
    {"q=%", "!a % in a parameter is not followed by two hexadecimal digits"},
    {"q=%4", "!a % in a parameter is not followed by two hexadecimal digits"},
    {"q=%4g", "!a % in a parameter is not followed by two hexadecimal digits"},
    {"&&&kind=any&", ""},
    {"kind=any&q", ""},
    {"kind=any#q=1", ""},
};

static void test_parameters(void **state) {
    (void)state;
    arena view = arena_open(1 << 24);
    for (isize i = 0; i < countof(cases); i++) {
        struct out target = {0};
        out_printf(&target, "/api/v1/calls?%s", cases[i].params);
        str edge = edge_copy(out_str(&target)), got = asked(edge, &view);
        if (!str_eq(got, str_z(cases[i].want))) {
            fail_msg("?%s\n  gives \"%.*s\"\n  not   \"%s\"", cases[i].params, (int)got.n,
                     (const char *)got.p, cases[i].want);
        }
        edge_drop(edge);
        out_drop(&target);
        arena_reset(&view);
    }
    arena_close(&view);
}

static void any_prefix(void *ctx, str prefix) {
    arena *view = ctx;
    (void)asked(prefix, view);
    arena_reset(view);
}

static void test_every_prefix(void **state) {
    (void)state;
    arena view = arena_open(1 << 24);
    edge_every_prefix(
        S("/api/v1/"
          "calls?q=%2B44+20+7946%200452+from:\"a%20b\"+ip:[2001:db8::1]:5060+code:4xx"
          "+after:2026-07-26T11:00:00.123+01:00&limit=5&cursor=1406364842000000-abc&"
          "before=-1h"),
        any_prefix, &view);
    arena_close(&view);
}

static void test_too_long(void **state) {
    (void)state;
    arena view = arena_open(1 << 24);
    struct out o = {0};
    out_z(&o, "/api/v1/calls?number=");
    for (int i = 0; i < 400; i++) out_byte(&o, '1');
    assert_true(str_eq(asked(out_str(&o), &view), S("!the value of number is too long")));
    for (int i = 0; i < 20000; i++) out_byte(&o, '1');
    assert_true(str_eq(asked(out_str(&o), &view), S("!the address is too long")));
    o.n = 0;
    out_z(&o, "/api/v1/calls?");
    for (int i = 0; i < 50; i++) out_z(&o, "limit=5&");
    assert_true(str_eq(asked(out_str(&o), &view), S("!there are too many parameters")));
    out_drop(&o);
    arena_close(&view);
}

static void test_segments(void **state) {
    (void)state;
    arena view = arena_open(1 << 24);
    struct url u;
    const char *why;
    assert_true(url_read(
        &u, S("/api/v1/calls/a%2Fb%40c/ladder.svg?unfold=1%2C2&unfold=3"), &view, &why));
    assert_int_equal(u.nsegments, 5);
    assert_true(str_eq(u.segments[3], S("a/b@c")));
    assert_true(str_eq(url_param(&u, "unfold"), S("3")));
    assert_int_equal(url_param(&u, "none").n, 0);
    assert_true(url_read(&u, S("/"), &view, &why));
    assert_int_equal(u.nsegments, 0);
    assert_true(url_read(&u, S("/call/x/"), &view, &why));
    assert_int_equal(u.nsegments, 2);
    assert_true(url_read(&u, S("/a/b+c"), &view, &why)); /* in a path "+" is itself */
    assert_true(str_eq(u.segments[1], S("b+c")));
    assert_true(url_read(&u, S("/1/2/3/4/5/6/7/8/9/%zz"), &view, &why));
    assert_int_equal(u.nsegments, 10);
    assert_false(url_read(&u, S("/%"), &view, &why));
    assert_false(url_read(&u, S("*"), &view, &why));
    assert_false(url_read(&u, S(""), &view, &why));
    arena_close(&view);
}

static void test_unfold(void **state) {
    (void)state;
    arena view = arena_open(1 << 20);
    struct unfold f;
    assert_true(unfold_read(&f, S("all"), &view) && f.all);
    assert_true(unfold_read(&f, S(""), &view) && !f.all && f.n == 0);
    assert_true(unfold_read(&f, S("12,31"), &view) && f.n == 2 && f.numbers[1] == 31);
    assert_false(unfold_read(&f, S("12,,31"), &view));
    assert_false(unfold_read(&f, S("x"), &view));
    assert_false(unfold_read(&f, S("99999999999"), &view));
    arena_close(&view);
}

static void test_zone(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        i32 s;
    } zones[] = {{"UTC", true, 0},        {"+01:00", true, 3600}, {" 01:00", true, 3600},
                 {"-0530", true, -19800}, {"+1", false, 0},       {"01:00", false, 0},
                 {"+01:60", false, 0},    {"+15:00", false, 0},   {"+01.00", false, 0},
                 {"", false, 0}};
    for (isize i = 0; i < countof(zones); i++) {
        i32 s = 0;
        bool ok = zone_text_read(str_z(zones[i].text), &s);
        if (ok != zones[i].ok || (ok && s != zones[i].s))
            fail_msg("zone \"%s\"", zones[i].text);
    }
}

static void test_cursor(void **state) {
    (void)state;
    arena view = arena_open(1 << 20);
    struct out o = {0};
    out_printf(&o, "/c?kind=any&cursor=");
    out_bytes(&o, cursor_text(&view, 1406364842000000, S("c53nj23rha0vp")));
    assert_true(
        str_eq(asked(out_str(&o), &view), S("page=1406364842000000/c53nj23rha0vp")));
    out_drop(&o);
    arena_close(&view);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_too_long),   cmocka_unit_test(test_segments),
        cmocka_unit_test(test_unfold),     cmocka_unit_test(test_zone),
        cmocka_unit_test(test_cursor),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
