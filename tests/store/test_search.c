/* Every criterion of a search, on a few calls that a person can keep in mind. */
#include "world.h"

struct row {
    const char *id, *from, *to, *device, *software, *display, *reason;
    enum call_kind kind;
    enum call_state state;
    int status;
    i64 duration_ms;
};

/* Call i starts i seconds after T0: newest first is ggg to aaa. */
static const struct row rows[] = {
    {"aaa", "01632960123", "201", "boxless", "Snom D385/10.1", "Mother", "OK", KIND_CALL,
     STATE_ANSWERED, 200, 61000},
    {"bbb", "+441632960123", "02079460452", "Boxless", "Asterisk PBX 18", "", "Busy Here",
     KIND_CALL, STATE_FAILED, 486, -1},
    {"ccc", "00441632960123", "1234#02079460452", "a.voiceless", "FreeSWITCH",
     "Al \"x\" Ice", "Not Found", KIND_CALL, STATE_FAILED, 404, -1},
    {"ddd", "alice", "bob", "gateway", "", "", "Request Terminated", KIND_CALL,
     STATE_CANCELLED, 487, -1},
    {"eee", "202", "202", "snom-home", "snom720", "", "OK", KIND_REGISTRATION,
     STATE_ANSWERED, 200, -1},
    {"fff", "+12015550123", "+49 30 901820", "pstn", "100% C*", "",
     "Server Internal Error", KIND_CALL, STATE_FAILED, 500, -1},
    {"ggg", "1632960123;npdi;rn=+448081570000", "07700900356", "boxless", "Snom 870", "",
     "OK", KIND_CALL, STATE_ANSWERED, 200, 0},
};

static void put_row(struct world *w, int i) {
    const struct row *r = &rows[i];
    str methods[] = {S("INVITE"), S("ACK"), str_z(i ? "BYE" : "REFER")};
    struct call c = call_of(&w->view, r->id, T0 + i * US_PER_SECOND, (int[]){i}, 1);
    c.kind = r->kind;
    c.state = r->state;
    c.status = r->status;
    c.duration_ms = r->duration_ms;
    c.from = c.legs[0].from = str_z(r->from);
    c.to = c.legs[0].to = str_z(r->to);
    c.legs[0].from_display = str_z(r->display);
    c.legs[0].reason = str_z(r->reason);
    c.devices[0].name = str_z(r->device);
    c.devices[0].software = str_z(r->software);
    c.ndevices = 1;
    str address = arena_printf(&w->view, "198.51.100.%d:%d", i, 5060 + i);
    if (i == 3) address = S("2001:DB8:0::3");
    c.devices[0].addresses = &address;
    if (i == 4) address = S("[2001:db8::3]:5064");
    c.devices[0].naddresses = 1;
    c.methods = methods;
    c.nmethods = i < 6 ? countof(methods) : 1;
    for (int k = 0; k < 3; k++) add(w, i, k + i * 10, c.start_us + k * 1000);
    put(w, &c);
}

static int setup(void **state) {
    static struct world w;
    world_init(&w);
    world_open(&w, STORE_WRITE);
    world_begin(&w);
    for (int i = 0; i < countof(rows); i++) put_row(&w, i);
    world_commit(&w);
    world_close(&w);
    check_invariants(w.path);
    world_open(&w, STORE_READ);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    world_drop(*state);
    return 0;
}

/* One text criterion at an offset of struct search, and what it finds. */
static void expect_each(struct world *w, size_t member, const char *const (*table)[2],
                        isize n) {
    for (isize i = 0; i < n; i++) {
        struct search q = search_any();
        str text = str_z(table[i][0]);
        memcpy((char *)&q + member, &text, sizeof text);
        struct out o = {0};
        fine(w->s, store_search(w->s, &q, row_note, &o));
        out_byte(&o, 0);
        if (strcmp((const char *)o.p, table[i][1]) != 0)
            fail_msg("%s: found \"%s\", not \"%s\"", table[i][0], (const char *)o.p,
                     table[i][1]);
        out_drop(&o);
        expect_found(w, &q, table[i][1]);
    }
}
#define EXPECT(member, table)                                                            \
    expect_each(*state, offsetof(struct search, member), table, countof(table))

static void numbers_whole(void **state) {
    static const char *const table[][2] = {
        {"+44 1632 960123", "ggg ccc bbb aaa"},
        {"00441632960123", "ggg ccc bbb aaa"},
        {"01632960123", "ggg ccc bbb aaa"},
        {"1632960123", "ggg ccc bbb aaa"},
        {"sip:01632-960.123@example.com", "ggg ccc bbb aaa"},
        {"99#01632960123", "ggg ccc bbb aaa"},
        {"+331632960123", "ggg aaa"}, /* national numbers do not say of which nation */
        {"960123", "ggg ccc bbb aaa"},
        {"60123", "ggg ccc bbb aaa"},
        {"0123", ""}, /* too few digits to be the end of something */
        {"2015550123", "fff"},
        {"+1 (201) 555-0123", "fff"},
        {"201", "aaa"},
        {"202", "eee"},
        {"alice", "ddd"},
        {"ALICE", "ddd"},
        {"ali", ""},
        {"02079460452", "ccc bbb"},
        {"1234#02079460452", "ccc bbb"},
        {"7946", ""},
        {"16329601234", ""},
        {"030 901820", "fff"},
        {"99901632960123", "ggg aaa"}, /* up to four digits before a national number */
        {"999901632960123", ""},
        {"+44202", ""}, /* an extension is no national number */
    };
    EXPECT(number, table);
}

static void numbers_by_their_ends(void **state) {
    static const char *const table[][2] = {
        {"0163*", "ggg aaa"},
        {"163*", "ggg aaa"},
        {"+44*", "ccc bbb"},
        {"0044163*", "ccc bbb"},
        {"+441632960123*", "ccc bbb"},
        {"44%", "ccc bbb"},
        {"0*", "ggg ccc bbb aaa"},
        {"00*", "ccc"},
        {"+*", "fff bbb"},
        {"ali*", "ddd"},
        {"*123", "ggg fff ccc bbb aaa"},
        {"%960123", "ggg ccc bbb aaa"},
        {"*ice", "ddd"},
        {"*0123", "ggg fff ccc bbb aaa"},
        {"*63296*", "ggg ccc bbb aaa"},
        {"*li*", "ddd"},
        {"1234#*", "ccc"},
        {"*", "ggg fff eee ddd ccc bbb aaa"},
        {"07700 900*", "ggg"},
        {"9*", ""},
    };
    EXPECT(number, table);
}

static void numbers_of_one_side(void **state) {
    static const char *const from[][2] = {{"201", ""},    {"alice", "ddd"},
                                          {"bob", ""},    {"02079460452", ""},
                                          {"202", "eee"}, {"+49*", ""}};
    static const char *const to[][2] = {{"201", "aaa"}, {"alice", ""},
                                        {"bob", "ddd"}, {"02079460452", "ccc bbb"},
                                        {"202", "eee"}, {"+49*", "fff"}};
    EXPECT(from, from);
    EXPECT(to, to);
}

static void call_ids(void **state) {
    static const char *const table[][2] = {
        {"call-3@192.0.2.1", "ddd"},
        {"call-3", ""},
        {"call-3*", "ddd"},
        {"CALL-3*", ""},
        {"call-*", "ggg fff eee ddd ccc bbb aaa"},
        {"*", "ggg fff eee ddd ccc bbb aaa"},
        {"call-3@192.0.2.12", ""},
        {"\xff*", ""},
        {" call-4@192.0.2.1 ", "eee"},
    };
    EXPECT(call_id, table);
}

static void addresses(void **state) {
    static const char *const table[][2] = {
        {"198.51.100.1", "bbb"},
        {"198.51.100.1:5061", "bbb"},
        {"198.51.100.1:5062", ""},
        {"198.51.100.*", "ggg fff ccc bbb aaa"},
        {"2001:db8::3", "eee ddd"},
        {"[2001:db8::3]", "eee ddd"},
        {"[2001:db8:0:0::3]:5064", "eee"},
        {"192.0.2.6", "ggg fff eee ddd ccc bbb aaa"}, /* the end of each leg */
        {"192.0.2.60", ""},
        {"192.0.2", ""},
    };
    EXPECT(address, table);
}

static void devices_and_user_agents(void **state) {
    static const char *const device[][2] = {
        {"boxless", "ggg bbb aaa"},
        {"BOXLESS", "ggg bbb aaa"},
        {"box", ""},
        {"box*", "ggg bbb aaa"},
        {"*less", "ggg ccc bbb aaa"},
        {"*voice*", "ccc"},
        {"198.51.100.1", "bbb"}, /* by its address */
        {"198.51.100.1:5061", "bbb"},
        {"198.51.100", ""},
        {"198.51.100.*", "ggg fff ccc bbb aaa"},
        {"2001:DB8:0::3", "eee ddd"},
        {"2001:db8*", "eee ddd"},
        {"*.100.1", ""},
        {"", "ggg fff eee ddd ccc bbb aaa"},
    };
    static const char *const agent[][2] = {
        {"snom", "ggg eee aaa"}, {"pbx", "bbb"}, {"385/10", "aaa"},
        {"100% c*", "fff"},      {"%", "fff"},   {"nothing", ""},
    };
    static const char *const method[][2] = {
        {"REFER", "aaa"},
        {"bye", "fff eee ddd ccc bbb"},
        {"INVITE", "ggg fff eee ddd ccc bbb aaa"},
        {"INVIT", ""},
        {"SUBSCRIBE", ""},
    };
    EXPECT(device, device);
    EXPECT(user_agent, agent);
    EXPECT(method, method);
}

static void texts(void **state) {
    static const char *const table[][2] = {
        {"mother", "aaa"},
        {"al \"x\" ice", "ccc"},
        {"alice", "ddd"},
        {"voice", "ccc"},
        {"Busy", "bbb"},
        {"terminated", "ddd"},
        {"486", "bbb"},
        {"refer", "aaa"},
        {"01632 960123", "ggg ccc bbb aaa"},
        {"call-5", "fff"},
        {"198.51.100.6", "ggg"},
        {"x-number: 61", "ggg"}, /* in a message only */
        {"180 RINGING", "ggg eee ccc aaa"},
        {"sip/2.0 200 ok", "ggg fff eee ddd ccc bbb aaa"},
        {"no such text", ""},
        {"mother*", "aaa"},
    };
    EXPECT(text, table);
}

static void facts(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    q.kind = KIND_REGISTRATION;
    expect_found(w, &q, "eee");
    q = search_any();
    q.state = STATE_FAILED;
    expect_found(w, &q, "fff ccc bbb");
    q.kind = KIND_CALL;
    q.number = S("960123");
    expect_found(w, &q, "ccc bbb");
    q.status_low = q.status_high = 404;
    expect_found(w, &q, "ccc");
    q = search_any();
    q.status_low = 400, q.status_high = 499;
    expect_found(w, &q, "ddd ccc bbb");
    q.status_low = 487, q.status_high = 0;
    expect_found(w, &q, "fff ddd");
    q = search_any();
    q.min_duration_ms = 0;
    expect_found(w, &q, "ggg aaa");
    q.max_duration_ms = 60999;
    expect_found(w, &q, "ggg");
    q.max_duration_ms = 61000;
    expect_found(w, &q, "ggg aaa");
    q.min_duration_ms = 61001;
    expect_found(w, &q, "");
    q = search_any();
    q.after_us = T0 + 2 * US_PER_SECOND;
    q.before_us = T0 + 4 * US_PER_SECOND;
    expect_found(w, &q, "ddd ccc");
    q.text = S("200 ok\r\n");
    expect_found(w, &q, "ddd ccc");
    q.device = S("gateway");
    expect_found(w, &q, "ddd");
    q.user_agent = S("snom");
    expect_found(w, &q, "");
}

static bool stop_at_once(void *ctx, str id, i64 start_us, str json) {
    (void)id, (void)start_us, (void)json;
    ++*(int *)ctx;
    return false;
}

static void a_callback_may_stop_and_may_read(void **state) {
    struct world *w = *state;
    int calls = 0;
    struct search q = search_any();
    fine(w->s, store_search(w->s, &q, stop_at_once, &calls));
    assert_int_equal(calls, 1);
}

static bool read_inside(void *ctx, str id, i64 start_us, str json) {
    struct world *w = ctx;
    str copy = arena_copy(&w->view, json), again, name, *ids;
    isize n;
    struct search q = search_any();
    struct out o = {0};
    assert_int_equal((start_us - T0) / US_PER_SECOND, id.p[0] - 'a');
    fine(w->s, store_summary(w->s, id, &w->view, &again));
    assert_true(str_eq(again, copy));
    assert_true(str_eq(json, copy));
    fine(w->s, store_call_ids(w->s, id, &w->view, &name, &ids, &n));
    assert_int_equal(n, 1);
    q.number = S("60123");
    fine(w->s, store_search(w->s, &q, row_note, &o));
    assert_int_equal(o.n, 15);
    out_drop(&o);
    return true;
}

static void a_callback_may_search(void **state) {
    struct world *w = *state;
    struct search q = search_any();
    fine(w->s, store_search(w->s, &q, read_inside, w));
}

int main(void) {
#define T(f) cmocka_unit_test(f)
    const struct CMUnitTest tests[] = {
        T(numbers_whole),
        T(numbers_by_their_ends),
        T(numbers_of_one_side),
        T(call_ids),
        T(addresses),
        T(devices_and_user_agents),
        T(texts),
        T(facts),
        T(a_callback_may_stop_and_may_read),
        T(a_callback_may_search),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
