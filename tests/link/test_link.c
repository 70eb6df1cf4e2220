/* Linking: which legs are one call, without anything configured. Each scene is played once as it came and three times
 * shuffled; the result has to be the same to the letter. */
#include "link/result.h"

/* Callers on the left, a back-to-back user agent, its other sides. */
struct stage {
    struct scene s;
    int p1, p2, p3, pbx, gw, gw2, sbc, rec;
};

static void stage_open(struct stage *t) {
    scene_open(&t->s);
    t->p1 = box(&t->s, "p1", "198.51.100.1");
    t->p2 = box(&t->s, "p2", "198.51.100.2");
    t->p3 = box(&t->s, "p3", "198.51.100.3");
    t->pbx = box(&t->s, "pbx", "192.0.2.1");
    t->gw = box(&t->s, "gw", "203.0.113.1");
    t->gw2 = box(&t->s, "gw2", "203.0.113.2");
    t->sbc = box(&t->s, "sbc", "192.0.2.9");
    t->rec = box(&t->s, "rec", "192.0.2.50");
    tap(&t->s, "wire.pcap");
}

static const struct leg *leg_of(struct stage *t, const struct talk *a) {
    return leg_with(&t->s, call_with(&t->s, a), a);
}

/* ---- nothing shared ------------------------------------------------------------------------------------ */

static void nothing_in_common_but_time(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    pass_on(&t.s, &a, &b, 0, 700, 4000, 20000);
    assert_scene(&t.s, "A B", &a, &b);
    assert_int_equal(leg_of(&t, &b)->parent, 1);
    assert_true(has_evidence(leg_of(&t, &b), "timing"));
    assert_true(has_evidence(leg_of(&t, &b), "answer-echo"));
    scene_close(&t.s);
}

/* Two at once, callers withheld, to one number, milliseconds apart: what happens later tells them apart. */
static void echoes_decide(void **state) {
    (void)state;
    for (int crossed = 0; crossed < 2; crossed++) {
        struct stage t;
        stage_open(&t);
        struct talk a1 = talk(t.p1, t.pbx, "A1", "anonymous", "02079460452"),
                    a2 = talk(t.p2, t.pbx, "A2", "anonymous", "02079460452"),
                    b1 = talk(t.pbx, t.gw, "B1", "anonymous", "+442079460452"),
                    b2 = talk(t.pbx, t.gw, "B2", "anonymous", "+442079460452");
        double late = crossed ? 12 : 0; /* the first to come in is the last to go out */
        ask(&t.s, &a1, 0, "INVITE");
        ask(&t.s, &a2, 3, "INVITE");
        ask(&t.s, &b1, 10 + late, "INVITE");
        ask(&t.s, &b2, 13, "INVITE");
        tell(&t.s, &b1, 700, "180 Ringing");
        tell(&t.s, &a1, 703, "180 Ringing");
        tell(&t.s, &b2, 1100, "180 Ringing");
        tell(&t.s, &a2, 1103, "180 Ringing");
        answer(&t.s, &b1, 4000);
        answer(&t.s, &a1, 4003);
        answer(&t.s, &b2, 5200);
        answer(&t.s, &a2, 5203);
        hang_up(&t.s, &b2, 15000, true);
        hang_up(&t.s, &a2, 15002, true);
        hang_up(&t.s, &a1, 19000, false);
        hang_up(&t.s, &b1, 19002, false);
        assert_scene(&t.s, "A1 B1|A2 B2", &a1, &a2, &b1, &b2);
        scene_close(&t.s);
    }
}

/* Fifty at once to one number, withheld: as above, and nobody may lose. */
static void fifty_at_once(void **state) {
    (void)state;
    enum { CALLS = 50 };
    struct stage t;
    stage_open(&t);
    struct talk a[CALLS], b[CALLS];
    const struct talk *all[2 * CALLS];
    struct out want = {0};
    u64 seed = 42;
    for (int i = 0; i < CALLS; i++) {
        const char *an = arena_z(&t.s.text, arena_printf(&t.s.text, "A%02d", i));
        const char *bn = arena_z(&t.s.text, arena_printf(&t.s.text, "B%02d", i));
        a[i] = talk(i % 2 ? t.p1 : t.p2, t.pbx, an, "anonymous", "02079460452");
        b[i] = talk(t.pbx, t.gw, bn, "anonymous", "02079460452");
        double start = (double)(scene_random(&seed) % 2000),
               ring = 300 + (double)(scene_random(&seed) % 900);
        double answered = ring + 500 + (double)(scene_random(&seed) % 9000);
        pass_on(&t.s, &a[i], &b[i], start, ring, answered,
                answered + 1000 + (double)(scene_random(&seed) % 30000));
        all[2 * i] = &a[i];
        all[2 * i + 1] = &b[i];
        out_printf(&want, "%s%s %s", i ? "|" : "", an, bn);
    }
    out_byte(&want, 0);
    assert_calls(&t.s, all, 2 * CALLS, (const char *)want.p);
    out_drop(&want);
    scene_close(&t.s);
}

/* The child may start so late that only the numbers hold on to it: a queue, an announcement. */
static void after_a_minute_in_a_queue(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201");
    ask(&t.s, &a, 0, "INVITE");
    answer(&t.s, &a, 20); /* music plays */
    ask(&t.s, &b, 60000, "INVITE");
    tell(&t.s, &b, 60500, "180 Ringing");
    answer(&t.s, &b, 64000);
    hang_up(&t.s, &a, 90000, false);
    hang_up(&t.s, &b, 90003, false);
    assert_scene(&t.s, "A B", &a, &b);
    scene_close(&t.s);
}

/* ---- values that name the other leg -------------------------------------------------------------------- */

/* Nothing between the two was seen, and no number is the same: only the header can tell. */
static void joined_by(const char *a_headers, const char *b_headers, const char *b_call_id,
                      const char *kind, bool joined) {
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.sbc, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    a.call_id = "a84b4c76e66710b7@198.51.100.1";
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

/* ---- transfers --------------------------------------------------------------------------------------------- */

static void refer_to(struct stage *t, const struct talk *on, double ms, bool back,
                     const char *to) {
    str headers = arena_printf(
        &t->s.text, "Refer-To: <sip:%s>\r\nReferred-By: <sip:201@192.0.2.1>\r\n", to);
    struct how how = {.back = back, .headers = arena_z(&t->s.text, headers)};
    ask_how(&t->s, on, ms, "REFER", how);
    tell_how(&t->s, on, ms + 2, "202 Accepted", "REFER", (struct how){.back = back});
}

static void blind_transfer(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.p2, "B", "201", "202"),
                c = talk(t.pbx, t.p3, "C", "201", "203");
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    answer(&t.s, &b, 3000);
    answer(&t.s, &a, 3003);
    refer_to(&t, &b, 12000, true, "203@192.0.2.1");
    hang_up(&t.s, &b, 12010, true);
    ask(&t.s, &c, 12012, "INVITE");
    answer(&t.s, &c, 15000);
    hang_up(&t.s, &a, 30000, false);
    hang_up(&t.s, &c, 30003, false);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    const struct leg *l = leg_of(&t, &c);
    assert_true(has_evidence(l, "after-refer"));
    assert_int_equal(l->role, ROLE_TRANSFER);
    scene_close(&t.s);
}

static void attended_transfer(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                b = talk(t.pbx, t.p2, "B", "201", "202"),
                d = talk(t.p2, t.pbx, "D", "202", "203"),
                e = talk(t.pbx, t.p3, "E", "202", "203");
    d.call_id = "5f0e1d2c3b4a5968@198.51.100.2";
    pass_on(&t.s, &a, &b, 0, 500, 2000, 60000);
    pass_on(&t.s, &d, &e, 20000, 500, 3000, 42000); /* phone 2 asks phone 3 first */
    str to = arena_printf(&t.s.text,
                          "203@192.0.2.1?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s",
                          call_id_of(&t.s, &d), hex_of(&t.s, "D", "to-tag", 0),
                          hex_of(&t.s, "D", "from-tag", 0));
    refer_to(&t, &b, 40000, true, arena_z(&t.s.text, to));
    assert_scene(&t.s, "A B D E", &a, &b, &d, &e);
    assert_true(has_evidence(leg_of(&t, &d), "dialog-reference"));
    scene_close(&t.s);
}

/* Replaces in an INVITE (a pickup), Target-Dialog in a REFER outside the dialog. */
static void other_dialogs_by_name(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "201"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201"),
                c = talk(t.p3, t.pbx, "C", "203", "*8");
    str replaces =
        arena_printf(&t.s.text, "Replaces: %s;to-tag=%s;from-tag=%s;early-only\r\n",
                     call_id_of(&t.s, &a), hex_of(&t.s, "A", "to-tag", 0),
                     hex_of(&t.s, "A", "from-tag", 0));
    c.headers = arena_z(&t.s.text, replaces);
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    tell(&t.s, &b, 500, "180 Ringing");
    tell(&t.s, &a, 503, "180 Ringing");
    ask(&t.s, &c, 9000, "INVITE");
    answer(&t.s, &c, 9010);
    answer(&t.s, &a, 9012);
    cancel(&t.s, &b, 9015);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    assert_int_equal(leg_of(&t, &c)->role, ROLE_TRANSFER);
    scene_close(&t.s);

    stage_open(&t);
    struct talk x = talk(t.p3, t.p1, "X", "203", "201");
    pass_on(&t.s, &a, &b, 0, 500, 2000, 60000);
    str target = arena_printf(&t.s.text,
                              "Refer-To: <sip:500@192.0.2.1>\r\nTarget-Dialog: "
                              "%s;local-tag=%s;remote-tag=%s\r\n",
                              call_id_of(&t.s, &a), hex_of(&t.s, "A", "from-tag", 0),
                              hex_of(&t.s, "A", "to-tag", 0));
    str request = arena_printf(&t.s.text,
                               "REFER sip:201@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
                               "198.51.100.3;branch=z9hG4bKx\r\n"
                               "From: <sip:203@x>;tag=77\r\nTo: <sip:201@x>\r\nCall-ID: "
                               "%s\r\nCSeq: 1 REFER\r\n%.*s\r\n",
                               call_id_of(&t.s, &x), STR(target));
    carry(&t.s, 20000000, t.p3, t.p1, request);
    assert_scene(&t.s, "A B X", &a, &b, &x);
    scene_close(&t.s);
}

/* ---- hold ----------------------------------------------------------------------------------------------- */

/* A phone puts its caller on hold, and at once calls: a music server with the caller's media (RFC 7088), or somebody else
 * on another line. */
static void on_hold(void **state) {
    (void)state;
    for (int music = 0; music < 2; music++) {
        for (int callee = 0; callee < 2; callee++) {
            struct stage t;
            stage_open(&t);
            struct talk a = talk(t.p1, t.pbx, "A", "201", "202"),
                        b = talk(t.pbx, t.p2, "B", "201", "202");
            int holder = callee ? t.p2 : t.p1;
            const struct talk *on = callee ? &b : &a;
            struct talk m =
                talk(holder, t.pbx, "M", callee ? "202" : "201", music ? "music" : "203");
            /* what the other side of the held leg said in its SDP */
            str other = sdp_of(&t.s, on, t.pbx, !callee);
            if (music) m.body = arena_z(&t.s.text, other);
            pass_on(&t.s, &a, &b, 0, 500, 2000, 30000);
            ask_how(&t.s, on, 9000, "INVITE",
                    (struct how){.again = true, .back = callee, .more = 3, .held = true});
            tell_how(&t.s, on, 9010, "200 OK", "INVITE",
                     (struct how){.back = callee, .more = 3});
            ask(&t.s, &m, 9030, "INVITE");
            answer(&t.s, &m, 9060);
            hang_up(&t.s, &m, 20000, false);
            if (music) {
                assert_scene(&t.s, "A B M", &a, &b, &m);
                assert_true(has_evidence(leg_of(&t, &m), "after-hold"));
            } else {
                assert_scene(&t.s, "A B|M", &a, &b, &m);
            }
            scene_close(&t.s);
        }
    }
}

/* ---- recorders ---------------------------------------------------------------------------------------------- */

static void recorders(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.p2, "B", "01632960123", "201"),
                r = talk(t.pbx, t.rec, "R", "01632960123", "02079460452"),
                q = talk(t.pbx, t.rec, "Q", "record", "srs");
    r.headers = "X-Record: true\r\n";
    q.headers = "Require: siprec\r\n";
    q.body = "--x\r\nContent-Type: "
             "application/rs-metadata+xml\r\n\r\n<recording/>\r\n--x--\r\n";
    q.type = "multipart/mixed;boundary=x";
    pass_on(&t.s, &a, &b, 0, 700, 4000, 20000);
    ask(&t.s, &r, 9, "INVITE"); /* from the start */
    answer(&t.s, &r, 20);
    ask(&t.s, &q, 4004, "INVITE"); /* what is said */
    answer(&t.s, &q, 4010);
    hang_up(&t.s, &r, 20004, false);
    hang_up(&t.s, &q, 20005, false);
    assert_scene(&t.s, "A B Q R", &a, &b, &r, &q);
    const struct call *c = call_with(&t.s, &a);
    assert_int_equal(leg_with(&t.s, c, &r)->role, ROLE_RECORDING);
    assert_int_equal(leg_with(&t.s, c, &q)->role, ROLE_RECORDING);
    assert_int_equal(leg_with(&t.s, c, &b)->n, 2); /* recordings come last */
    assert_int_equal(leg_with(&t.s, c, &r)->parent, 1);
    assert_int_equal(leg_with(&t.s, c, &q)->parent, 1);
    scene_close(&t.s);
}

/* ---- what is not one call -------------------------------------------------------------------------------------- */

static void a_second_attempt(void **state) {
    (void)state;
    static const double gaps[] = {300, 1500, 4000, 30000};
    for (isize i = 0; i < countof(gaps); i++) {
        struct stage t;
        stage_open(&t);
        struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "02079460452"),
                    b1 = talk(t.pbx, t.gw, "B1", "201", "02079460452"),
                    a2 = talk(t.p1, t.pbx, "A2", "201", "02079460452"),
                    b2 = talk(t.pbx, t.gw, "B2", "201", "02079460452");
        const struct talk *ins[] = {&a1, &a2}, *outs[] = {&b1, &b2};
        a1.headers = a2.headers = "X-Device: 0015651a2b3c4d5e\r\n"; /* the phone's own */
        for (int k = 0; k < 2; k++) {
            double at = k * (900 + gaps[i]);
            ask(&t.s, ins[k], at, "INVITE");
            ask(&t.s, outs[k], at + 9, "INVITE");
            fail_with(&t.s, outs[k], at + 890, "486 Busy Here");
            fail_with(&t.s, ins[k], at + 893, "486 Busy Here");
        }
        assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
        scene_close(&t.s);
    }
}

static void a_call_back(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "202"),
                b1 = talk(t.pbx, t.p2, "B1", "201", "202"),
                a2 = talk(t.p2, t.pbx, "A2", "202", "201"),
                b2 = talk(t.pbx, t.p1, "B2", "202", "201");
    ask(&t.s, &a1, 0, "INVITE");
    ask(&t.s, &b1, 9, "INVITE");
    tell(&t.s, &b1, 300, "180 Ringing");
    tell(&t.s, &a1, 303, "180 Ringing");
    cancel(&t.s, &a1, 9000);
    cancel(&t.s, &b1, 9003);
    pass_on(&t.s, &a2, &b2, 12000, 500, 2000, 9000);
    assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
    scene_close(&t.s);
}

/* Callers meet in a conference, leave word at a voicemail: adjacent to each other, and strangers. */
static void many_callers_of_one_focus(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    enum { CALLERS = 12 };
    struct talk a[CALLERS], b[CALLERS];
    const struct talk *all[2 * CALLERS];
    const int phones[] = {t.p1, t.p2, t.p3};
    struct out want = {0};
    for (int i = 0; i < CALLERS; i++) {
        const char *an = arena_z(&t.s.text, arena_printf(&t.s.text, "A%02d", i));
        const char *bn = arena_z(&t.s.text, arena_printf(&t.s.text, "B%02d", i));
        const char *who = arena_z(&t.s.text, arena_printf(&t.s.text, "2%02d", i));
        a[i] = talk(phones[i % 3], t.pbx, an, who, "*86");
        b[i] = talk(t.pbx, t.gw, bn, who, "voicemail");
        pass_on(&t.s, &a[i], &b[i], 700 * i, 20, 40, 60000 - 300 * i);
        all[2 * i] = &a[i];
        all[2 * i + 1] = &b[i];
        out_printf(&want, "%s%s %s", i ? "|" : "", an, bn);
    }
    out_byte(&want, 0);
    assert_calls(&t.s, all, 2 * CALLERS, (const char *)want.p);
    out_drop(&want);
    scene_close(&t.s);
}

/* A phone on a call makes another one: it was reached, and it calls, and the two have nothing to do with each other. */
static void a_second_line(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a1 = talk(t.p1, t.pbx, "A1", "201", "202"),
                b1 = talk(t.pbx, t.p2, "B1", "201", "202"),
                a2 = talk(t.p2, t.pbx, "A2", "202", "0987654321"),
                b2 = talk(t.pbx, t.gw, "B2", "202", "0987654321");
    pass_on(&t.s, &a1, &b1, 0, 500, 2000, 60000);
    pass_on(&t.s, &a2, &b2, 25000, 500, 2000, 50000);
    assert_scene(&t.s, "A1 B1|A2 B2", &a1, &b1, &a2, &b2);
    scene_close(&t.s);
}

/* ---- hunting ------------------------------------------------------------------------------------------------------ */

static void hunt(const char *first_fate, bool numbers_kept) {
    struct stage t;
    stage_open(&t);
    const char *called = numbers_kept ? "02079460452" : "201";
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"),
                b = talk(t.pbx, t.gw, "B", "01632960123", called),
                c = talk(t.pbx, t.gw2, "C", "01632960123", called);
    double next = 0;
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 8, "INVITE");
    if (strcmp(first_fate, "no answer") == 0) { /* rings for 20 s, is cancelled */
        tell(&t.s, &b, 400, "180 Ringing");
        tell(&t.s, &a, 403, "180 Ringing");
        cancel(&t.s, &b, 20000);
        next = 20006;
    } else if (strcmp(first_fate, "dead") ==
               0) { /* not a word: sent seven times in 32 s, RFC 3261 §17.1.1.2 */
        static const double again[] = {500, 1500, 3500, 7500, 15500, 31500};
        for (isize i = 0; i < countof(again); i++) ask(&t.s, &b, 8 + again[i], "INVITE");
        next = 32010;
    } else {
        fail_with(&t.s, &b, 150, first_fate);
        next = 156;
    }
    ask(&t.s, &c, next, "INVITE");
    tell(&t.s, &c, next + 500, "180 Ringing");
    tell(&t.s, &a, next + 503, "180 Ringing");
    answer(&t.s, &c, next + 4000);
    answer(&t.s, &a, next + 4003);
    hang_up(&t.s, &a, next + 9000, false);
    hang_up(&t.s, &c, next + 9003, false);
    assert_scene(&t.s, "A B C", &a, &b, &c);
    const struct call *call = call_with(&t.s, &a);
    assert_int_equal(leg_with(&t.s, call, &b)->parent, 1);
    assert_int_equal(leg_with(&t.s, call, &c)->parent, 1);
    assert_int_equal(leg_with(&t.s, call, &c)->role, ROLE_FORK);
    scene_close(&t.s);
}

static void serial_hunting(void **state) {
    (void)state;
    static const char *const fates[] = {
        "503 Service Unavailable", "486 Busy Here", "480 Temporarily Unavailable",
        "302 Moved Temporarily",   "no answer",     "dead"};
    for (isize i = 0; i < countof(fates); i++) {
        hunt(fates[i], true);
        hunt(fates[i], false);
    }
}

/* The first route's failure makes the next try, ten times in a row. */
static void a_long_hunt(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    enum { TRIES = 10 };
    struct talk a = talk(t.p1, t.pbx, "A", "01632960123", "02079460452"), b[TRIES];
    const struct talk *all[TRIES + 1] = {&a};
    ask(&t.s, &a, 0, "INVITE");
    for (int i = 0; i < TRIES; i++) {
        b[i] =
            talk(t.pbx, i % 2 ? t.gw : t.gw2,
                 arena_z(&t.s.text, arena_printf(&t.s.text, "B%d", i)), "hunt", "route");
        ask(&t.s, &b[i], 10 + 5000 * i, "INVITE");
        tell(&t.s, &b[i], 500 + 5000 * i, "180 Ringing");
        fail_with(&t.s, &b[i], 5000 + 5000 * i, "480 Temporarily Unavailable");
        all[i + 1] = &b[i];
    }
    fail_with(&t.s, &a, 5003 + 5000 * (TRIES - 1), "480 Temporarily Unavailable");
    assert_calls(&t.s, all, TRIES + 1, "A B0 B1 B2 B3 B4 B5 B6 B7 B8 B9");
    scene_close(&t.s);
}

/* ---- through three boxes ------------------------------------------------------------------------------------------- */

static void a_chain_of_boxes(void **state) {
    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        struct stage t;
        stage_open(&t);
        t.s.points[0].precision_us = coarse ? 1000000 : 1;
        struct talk a = talk(t.gw, t.sbc, "A", "+441632960123", "+442079460452"),
                    b = talk(t.sbc, t.pbx, "B", "01632960123", "02079460452"),
                    c = talk(t.pbx, t.p1, "C", "01632960123", "201"),
                    d = talk(t.pbx, t.p2, "D", "01632960123", "202"),
                    e = talk(t.pbx, t.gw2, "E", "02079460452", "07700900356");
        const struct talk *all[] = {&a, &b, &c, &d, &e};
        for (int i = 0; i < 5; i++) ask(&t.s, all[i], 9 * i, "INVITE");
        for (int i = 4; i >= 0; i--) tell(&t.s, all[i], 700 + 3 * (4 - i), "180 Ringing");
        answer(&t.s, &d, 5000);
        cancel(&t.s, &c, 5002);
        cancel(&t.s, &e, 5003);
        answer(&t.s, &b, 5004);
        answer(&t.s, &a, 5008);
        hang_up(&t.s, &d, 15000, true);
        hang_up(&t.s, &b, 15003, true);
        hang_up(&t.s, &a, 15006, true);
        assert_scene(&t.s, "A B C D E", &a, &b, &c, &d, &e);
        const struct call *call = call_with(&t.s, &a);
        static const int parents[] = {0, 1, 2, 2, 2};
        for (int i = 0; i < 5; i++)
            assert_int_equal(leg_with(&t.s, call, all[i])->parent, parents[i]);
        scene_close(&t.s);
    }
}

/* A database says that all of it is one conversation. */
static void joined_from_outside(void **state) {
    (void)state;
    struct stage t;
    stage_open(&t);
    struct talk a = talk(t.p1, t.sbc, "A", "alice", "9"),
                b = talk(t.pbx, t.gw, "B", "anonymous", "02079460452");
    ask(&t.s, &a, 0, "INVITE");
    ask(&t.s, &b, 50000, "INVITE");
    struct weave *w = weave_open();
    weave_join_all(w);
    number_lines(&t.s);
    for (isize i = 0; i < t.s.nshots; i++) {
        struct sighting one = t.s.shots[i].s;
        one.source = source_of(w, &t.s, t.s.shots[i].point);
        assert_true(weave_add(w, &one));
    }
    weave_link(w);
    assert_int_equal(weave_ncalls(w), 1);
    assert_nothing_lost(w);
    assert_found_from_any_leg(w);
    weave_close(w);
    scene_close(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_common_but_time),
        cmocka_unit_test(echoes_decide),
        cmocka_unit_test(fifty_at_once),
        cmocka_unit_test(after_a_minute_in_a_queue),
        cmocka_unit_test(names_the_other_leg),
        cmocka_unit_test(call_id_suffixes),
        cmocka_unit_test(rare_values),
        cmocka_unit_test(constants_weigh_nothing),
        cmocka_unit_test(two_callers_of_one_tenant),
        cmocka_unit_test(blind_transfer),
        cmocka_unit_test(attended_transfer),
        cmocka_unit_test(other_dialogs_by_name),
        cmocka_unit_test(on_hold),
        cmocka_unit_test(recorders),
        cmocka_unit_test(a_second_attempt),
        cmocka_unit_test(a_call_back),
        cmocka_unit_test(many_callers_of_one_focus),
        cmocka_unit_test(a_second_line),
        cmocka_unit_test(serial_hunting),
        cmocka_unit_test(a_long_hunt),
        cmocka_unit_test(a_chain_of_boxes),
        cmocka_unit_test(joined_from_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
