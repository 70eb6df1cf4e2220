/* Values in common: what names the other leg, what is rare, and what is only a tenant's. */
#include "link/stage.h"

/* ---- values that name the other leg -------------------------------------------------------------------- */

/* Nothing between the two was seen, and no number is the same: only the header can tell. */
static void joined_as(const char *a_call_id, const char *a_headers, const char *b_headers,
                      const char *b_call_id, const char *kind, bool joined) {
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.sbc, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    a.call_id = a_call_id;
    b.call_id = b_call_id ? b_call_id : "5f0e1d2c3b4a5968@192.0.2.1";
    a.headers = a_headers;
    b.headers = b_headers;
    ask(&t.s, &a, 0, "INVITE");
    tell(&t.s, &a, 900, "180 Ringing");
    ask(&t.s, &b, 2500, "INVITE");
    tell(&t.s, &b, 3000, "180 Ringing");
    assert_scene(&t.s, joined ? "A B" : "A|B", &a, &b);
    if (joined) assert_true(has_evidence(leg_of(&t, &b), kind));
    scene_close(&t.s);
}

static void joined_by(const char *a_headers, const char *b_headers, const char *b_call_id,
                      const char *kind, bool joined) {
    joined_as("a84b4c76e66710b7@198.51.100.1", a_headers, b_headers, b_call_id, kind,
              joined);
}

static void names_the_other_leg(void **state) {
    (void)state;
    joined_by(NULL, NULL, NULL, NULL, false);
    static const char *const headers[] = {
        "X-CID: a84b4c76e66710b7@198.51.100.1\r\n",
        "X-Call-ID: a84b4c76e66710b7@198.51.100.1;x=1\r\n",
        "X-CID: 11112222333344445555@192.0.2.7;a84b4c76e66710b7@198.51.100.1\r\n",
        "X-cid: A84B4C76E66710B7@198.51.100.1\r\n",
        "X-CID: \"a84b4c76e66710b7@198.51.100.1\"\r\n",
        "X-CID: a84b4c76e66710b7\r\n",
        "P-Parent: leg=a84b4c76e66710b7@198.51.100.1;n=2\r\n",
    };
    for (isize i = 0; i < countof(headers); i++) {
        const char *kind = i == 5 ? "call-id-stem" : "call-id-reference";
        joined_by(NULL, headers[i], NULL, kind, true);
    }
    /* the other way round: the incoming leg was told the outgoing one's */
    joined_by("X-Out: 5f0e1d2c3b4a5968@192.0.2.1\r\n", NULL, NULL, "call-id-reference",
              true);
    /* its own Call-ID names nobody */
    joined_by("X-CID: a84b4c76e66710b7@198.51.100.1\r\n",
              "X-CID: 5f0e1d2c3b4a5968@192.0.2.1\r\n", NULL, NULL, false);
}

static void call_id_suffixes(void **state) {
    (void)state;
    joined_by(NULL, NULL, "a84b4c76e66710b7@198.51.100.1_b2b-1", "call-id-stem", true);
    joined_by(NULL, NULL, "a84b4c76e66710b7@198.51.100.1_pbx-133", "call-id-stem", true);
    joined_by(NULL, NULL, "a84b4c76e66710b7@198.51.100.1.0", "call-id-stem", true);
    joined_by(NULL, NULL, "a84b4c76e66710b7@198.51.100.1.2.1", "call-id-stem", true);
    joined_by(NULL, NULL, "a84b4c76e66710b7@192.0.2.1", "call-id-stem",
              true); /* another host */
    joined_by(NULL, NULL, "a84b4c76e66710b8@198.51.100.1", NULL, false);
    /* a bare number counts legs of a call that is there, or calls of a phone */
    joined_as("a84b4c76e66710b7", NULL, NULL, "a84b4c76e66710b7-0", "call-id-stem", true);
    joined_as("a84b4c76e66710b7-1", NULL, NULL, "a84b4c76e66710b7-2", NULL, false);
    joined_as("H8rqBhJbb0o0DP5ZlOFakP", NULL, NULL, "B2B1_H8rqBhJbb0o0DP5ZlOFakP",
              "call-id-stem", true); /* random, though of few digits */
    joined_as("meeting-room", NULL, NULL, "B2B1_meeting-room", NULL, false);
    joined_as("a84b4c76e66710b7@192.0.2.7_b2b-1", NULL, NULL,
              "a84b4c76e66710b7@192.0.2.7_b2b-2", "call-id-stem", true);
}

static void rare_values(void **state) {
    (void)state;
#define UUID_A  "f81d4fae7dec11d0a76500a0c91e6bf6"
#define UUID_B  "47755a9de7794ba387653f2099600ef2"
#define NULL_ID "00000000000000000000000000000000"
    /* RFC 7989: the pair swaps with the direction, and the null is nobody's */
    joined_by("Session-ID: " UUID_A ";remote=" NULL_ID "\r\n",
              "Session-ID: " UUID_A ";remote=" NULL_ID "\r\n", NULL, "token", true);
    joined_by("Session-ID: " UUID_A ";remote=" UUID_B "\r\n",
              "Session-ID: " UUID_B ";remote=" UUID_A "\r\n", NULL, "token", true);
    joined_by("Session-ID: " UUID_A ";remote=" NULL_ID "\r\n",
              "Session-ID: " UUID_B ";remote=" NULL_ID "\r\n", NULL, NULL, false);
    joined_by(
        "P-Charging-Vector: "
        "icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=023551024\";orig-ioi=home1.net\r\n",
        "P-Charging-Vector: "
        "icid-generated-at=192.0.2.9;icid-value=AyretyU0dm+6O2IrT5tAFrbHLso="
        "023551024\r\n",
        NULL, "token", true);
    joined_by("P-Charging-Vector: icid-value=1;orig-ioi=home1.net\r\n",
              "P-Charging-Vector: icid-value=1;orig-ioi=home1.net\r\n", NULL, NULL,
              false);
    joined_by("X-Unheard-Of: 7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d\r\n",
              "Q-Other-Name: x;y=7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d\r\n", NULL, "token",
              true);
    joined_by("Cisco-Guid: 1234567890-2345678901-3456789012-4567890123\r\n",
              "Cisco-Guid: 1234567890-2345678901-3456789012-4567890123\r\n", NULL,
              "token", true);
    joined_by("User-to-User: 00FA08001900010000012C5D4A6B7C;encoding=hex\r\n",
              "User-to-User: 00FA08001900010000012C5D4A6B7C;encoding=hex\r\n", NULL,
              "token", true);
    /* words say nothing */
    joined_by("X-Carrier: premium\r\n", "X-Carrier: premium\r\n", NULL, NULL, false);
    joined_by("X-Flag: true\r\n", "X-Flag: true\r\n", NULL, NULL, false);
}

/* A tenant's constant, on every leg of every call: it weighs nothing, whichever way it is spelled. */
static void constants_weigh_nothing(void **state) {
    (void)state;
    for (int calls = 3; calls <= 30; calls += 9) {
        struct stage t;
        stage_open(&t);
        struct talk a[30], b[30];
        const struct talk *all[60];
        struct out want = {0};
        for (int i = 0; i < calls; i++) {
            const char *an = arena_z(&t.s.text, arena_printf(&t.s.text, "A%02d", i));
            const char *bn = arena_z(&t.s.text, arena_printf(&t.s.text, "B%02d", i));
            a[i] = talk(i % 2 ? t.p1 : t.p2, t.pbx, an, "anonymous",
                        arena_z(&t.s.text, arena_printf(&t.s.text, "020794604%02d", i)));
            b[i] = talk(t.pbx, t.gw, bn, "anonymous", a[i].called);
            a[i].headers = b[i].headers =
                "X-Tenant: 7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d\r\n";
            pass_on(&t.s, &a[i], &b[i], 900 * i, 700, 3000, 20000);
            all[2 * i] = &a[i];
            all[2 * i + 1] = &b[i];
            out_printf(&want, "%s%s %s", i ? "|" : "", an, bn);
        }
        out_byte(&want, 0);
        assert_calls(&t.s, all, 2 * calls, (const char *)want.p);
        out_drop(&want);
        scene_close(&t.s);
    }
}

/* The media that both legs name: one value, however many streams there are, and however often it is said. */
static double media_bits(int streams, int port_step, int offers) {
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.sbc, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    str body = S("v=0\r\no=- 5 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\n"
                 "t=0 0\r\n");
    for (int i = 0; i < streams; i++)
        body = arena_printf(&t.s.text, "%.*sm=audio %d RTP/AVP 8\r\n", STR(body),
                            20000 + i * port_step);
    a.body = b.body = arena_z(&t.s.text, body);
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 2500, "INVITE");
    for (int i = 1; i < offers; i++) {
        struct how again = {.again = true, .more = i};
        ask_how(&t.s, &a, 100 * i, "INVITE", again);
        tell_how(&t.s, &a, 100 * i + 10, "200 OK", "INVITE", again);
    }
    const struct call *c = call_with(&t.s, &b);
    assert_int_equal(c->nlegs, 1); /* not enough by itself */
    assert_int_equal(c->nmaybes, 1);
    double bits = 0;
    for (isize i = 0; i < c->maybes[0].nevidence; i++) {
        const struct evidence *e = &c->maybes[0].evidence[i];
        if (str_eq(e->kind, S("token"))) bits += e->bits;
    }
    scene_close(&t.s);
    return bits;
}

static void one_media_address_is_one_value(void **state) {
    (void)state;
    double one = media_bits(1, 0, 1);
    assert_true(one > 8);
    assert_float_equal(media_bits(5, 0, 1), one, 0.001);
    assert_float_equal(media_bits(5, 2, 1), one, 0.001);
    assert_float_equal(media_bits(1, 0, 5), one, 0.001);
    assert_float_equal(media_bits(5, 2, 5), one, 0.001);
}

/* Two callers that share a value, into one box: a tenant's, not a call's. */
static void two_callers_of_one_tenant(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "02079460452"),
                b = talk(t.p2, t.pbx, "B", "202", "02079460453");
    a.headers = b.headers = "X-Tenant: 7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d\r\n";
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 400, "INVITE");
    answer(&t.s, &a, 900);
    answer(&t.s, &b, 1500);
    assert_scene(&t.s, "A|B", &a, &b);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_other_leg),
        cmocka_unit_test(call_id_suffixes),
        cmocka_unit_test(rare_values),
        cmocka_unit_test(constants_weigh_nothing),
        cmocka_unit_test(one_media_address_is_one_value),
        cmocka_unit_test(two_callers_of_one_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
