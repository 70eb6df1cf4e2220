/* Whatever comes: sightings at random from small alphabets of everything, so that all collides with all. Nothing may be lost
 * or doubled, nothing may depend on the order of arrival, and it has to end soon.
 * SIPWEAVE_ROUNDS=N plays more rounds; a failure names its seed. */
#include "link/result.h"

enum { MOST = 400 };

static const char *const ids[] = {"",
                                  "a",
                                  "a84b4c76e66710b7@192.0.2.1",
                                  "a84b4c76e66710b7@192.0.2.1.0",
                                  "a84b4c76e66710b7@192.0.2.1_b2b-1",
                                  "[email protected]",
                                  "b",
                                  "5f0e1d2c3b4a5968@192.0.2.2"};
static const char *const methods[] = {"INVITE", "INVITE", "INVITE",  "ACK",  "BYE",
                                      "CANCEL", "REFER",  "OPTIONS", "INFO", "REGISTER",
                                      "NOTIFY", "WHAT",   "PRACK"};
static const char *const statuses[] = {
    "100 Trying", "180 Ringing", "183 Progress", "200 OK",   "202 Accepted", "302 Moved",
    "401 Who",    "486 Busy",    "487 Gone",     "503 Down", "999 ?"};
static const char *const users[] = {"201",         "202",   "anonymous", "+442079460452",
                                    "02079460452", "alice", ""};
static const char *const tags[] = {"", "1", "2", "0a1b2c3d4e5f6789"};
static const char *const ips[] = {"",
                                  "192.0.2.1:5060",
                                  "192.0.2.2:5060",
                                  "192.0.2.2:5080",
                                  "198.51.100.7:5060",
                                  "[2001:db8::1]:5060",
                                  "203.0.113.9:1"};
static const char *const extras[] = {
    "",
    "X-CID: a84b4c76e66710b7@192.0.2.1\r\n",
    "X-Tenant: 7492cbd3-b8a1-4a0c-9d11-5e0b9c1a2f3d\r\n",
    "Replaces: b;to-tag=1;from-tag=2\r\n",
    "Refer-To: "
    "<sip:202@x?Replaces=a84b4c76e66710b7%40192.0.2.1%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n",
    "Target-Dialog: 5f0e1d2c3b4a5968@192.0.2.2\r\n",
    "X-Record: yes\r\n",
    "Session-ID: "
    "f81d4fae7dec11d0a76500a0c91e6bf6;remote=00000000000000000000000000000000\r\n",
    "Content-Type: application/sdp\r\n\r\nv=0\r\no=- 123456789 1 IN IP4 "
    "192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 8\r\na=sendonly\r\n",
};
static const u32 precisions[] = {1, 1, 1000, 1000000, 1000000, UINT32_MAX};
static const i64 extremes[] = {INT64_MIN, INT64_MAX, -1, 0, (i64)1 << 55};

static const char *pick(u64 *seed, const char *const *from, isize n) {
    return from[scene_random(seed) % (u64)n];
}
#define PICK(seed, from) pick((seed), (from), countof(from))

struct room {
    struct sighting all[MOST];
    isize n;
    struct source sources[6];
    isize nsources;
    arena text;
};

static str random_message(struct room *r, u64 *seed) {
    const char *method = PICK(seed, methods), *id = PICK(seed, ids),
               *extra = PICK(seed, extras);
    bool request = scene_random(seed) % 2;
    int cseq = (int)(scene_random(seed) % 3), branch = (int)(scene_random(seed) % 3);
    str start =
        request ? arena_printf(&r->text, "%s sip:%s@x SIP/2.0", method, PICK(seed, users))
                : arena_printf(&r->text, "SIP/2.0 %s", PICK(seed, statuses));
    const char *from = PICK(seed, tags), *to = PICK(seed, tags);
    return arena_printf(&r->text,
                        "%.*s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%d\r\nFrom: "
                        "<sip:%s@x>%s%s\r\nTo: <sip:%s@x>%s%s\r\n"
                        "%s%s%sCSeq: %d %s\r\n%s\r\n",
                        STR(start), branch, PICK(seed, users), *from ? ";tag=" : "", from,
                        PICK(seed, users), *to ? ";tag=" : "", to, *id ? "Call-ID: " : "",
                        id, *id ? "\r\n" : "", cseq, method, extra);
}

static struct endpoint random_end(u64 *seed) {
    struct endpoint e;
    (void)endpoint_read(&e, str_z(PICK(seed, ips)));
    return e;
}

static void fill(struct room *r, u64 *seed) {
    static const char *const names[] = {"a.log",  "b.log", "c.pcap",
                                        "d.pcap", "e.log", "f.pcap"};
    static const char *const devices[] = {"", "boxless", "BOXLESS", "other"};
    r->nsources = 1 + (isize)(scene_random(seed) % 6);
    for (isize i = 0; i < r->nsources; i++)
        r->sources[i] = (struct source){.name = str_z(names[i]),
                                        .device = str_z(PICK(seed, devices))};
    u64 lines[6] = {0};
    isize kinds =
        1 + (isize)(scene_random(seed) % 40); /* few different messages, or many */
    str texts[40];
    for (isize i = 0; i < kinds; i++) texts[i] = random_message(r, seed);
    i64 span = (i64)1 << scene_random(seed) % 33;
    r->n = (isize)(scene_random(seed) % MOST);
    for (isize i = 0; i < r->n; i++) {
        u32 source = (u32)(scene_random(seed) % (u64)r->nsources);
        i64 us = SCENE_START + (i64)(scene_random(seed) % (u64)span);
        if (scene_random(seed) % 50 == 0)
            us = extremes[scene_random(seed) % (u64)countof(extremes)];
        u32 precision = precisions[scene_random(seed) % (u64)countof(precisions)];
        r->all[i] = (struct sighting){.time_us = us,
                                      .precision_us = precision,
                                      .source = source,
                                      .at = SIGHTING_NOWHERE,
                                      .line = ++lines[source],
                                      .src = random_end(seed),
                                      .dst = random_end(seed),
                                      .vantage = (enum vantage)(scene_random(seed) % 3),
                                      .attempt = (u16)(scene_random(seed) % 3),
                                      .cut = scene_random(seed) % 8 == 0,
                                      .bytes = texts[scene_random(seed) % (u64)kinds]};
    }
}

static struct weave *weave_of(const struct room *r, u64 shuffle) {
    struct weave *w = weave_open();
    isize order[MOST];
    for (isize i = 0; i < r->n; i++) {
        isize k = shuffle ? (isize)(scene_random(&shuffle) % (u64)(i + 1)) : i;
        order[i] = order[k];
        order[k] = i;
    }
    for (isize i = 0; i < r->n; i++) {
        struct sighting one = r->all[order[i]];
        one.source = weave_source(w, &r->sources[one.source]);
        assert_true(weave_add(w, &one));
    }
    weave_link(w);
    return w;
}

static void whatever_comes(void **state) {
    (void)state;
    const char *asked = getenv("SIPWEAVE_ROUNDS");
    u64 rounds = asked ? strtoull(asked, NULL, 10) : 250;
    struct room *r = base_grow(NULL, &(isize){0}, 1, (isize)sizeof *r);
    r->text = arena_open((isize)64 << 20);
    for (u64 round = 1; round <= rounds; round++) {
        u64 seed = round * 0x9e3779b97f4a7c15u | 1;
        arena_reset(&r->text);
        fill(r, &seed);
        struct weave *w = weave_of(r, 0);
        assert_nothing_lost(w);
        struct out first = result_text(w);
        weave_close(w);
        w = weave_of(r, seed);
        struct out again = result_text(w);
        weave_close(w);
        if (!str_eq(out_str(&first), out_str(&again))) {
            str a = out_str(&first), b = out_str(&again);
            print_error("seed %llu, %td sightings\n", (unsigned long long)round, r->n);
            while (a.n && b.n && str_eq(str_cut(a, '\n').head, str_cut(b, '\n').head)) {
                a = str_cut(a, '\n').tail;
                b = str_cut(b, '\n').tail;
            }
            print_error("%.*s\n%.*s\n", STR(str_cut(a, '\n').head),
                        STR(str_cut(b, '\n').head));
        }
        assert_true(str_eq(out_str(&first), out_str(&again)));
        out_drop(&first);
        out_drop(&again);
    }
    arena_close(&r->text);
    base_free(r);
}

/* ---- one shape at a time, as large as an attacker likes ----------------------------------------------------- */

enum { FLOOD = 20000 };

/* Message `i` of a flood: what all have in common, and what each has for itself. */
typedef void flood_shape(struct sighting *s, arena *text, int i);

static struct sighting flood_sighting(int i) {
    struct sighting s = {.time_us = SCENE_START + 1000 * (i64)i,
                         .precision_us = 1,
                         .at = SIGHTING_NOWHERE,
                         .line = (u64)i + 1};
    (void)endpoint_read(&s.src, S("192.0.2.1:5060"));
    (void)endpoint_read(&s.dst, S("192.0.2.2:5060"));
    return s;
}

static str invite(arena *text, const char *id, const char *branch, const char *headers) {
    return arena_printf(text,
                        "INVITE sip:202@x SIP/2.0\r\nVia: SIP/2.0/UDP "
                        "h;branch=%s\r\nFrom: <sip:201@x>;tag=1\r\n"
                        "To: <sip:202@x>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%s\r\n",
                        branch, id, headers);
}

static const char *number_text(arena *text, const char *format, int i) {
    return arena_z(text, arena_printf(text, "%s%d", format, i));
}

static void all_the_same(struct sighting *s, arena *text, int i) {
    s->bytes = invite(text, "one", "z9hG4bKx", "");
    s->time_us = SCENE_START;
    (void)i;
}
static void another_source_address_each(struct sighting *s, arena *text, int i) {
    s->bytes = invite(text, "one", "z9hG4bKx", "");
    s->src.ip[2] = (u8)(i >> 8);
    s->src.ip[3] = (u8)i;
}
static void another_branch_each(struct sighting *s, arena *text, int i) {
    s->bytes = invite(text, "one", number_text(text, "z9hG4bK", i), "");
    s->precision_us = 1000000;
    s->time_us = SCENE_START;
}
static void one_token_on_all(struct sighting *s, arena *text, int i) {
    s->bytes = invite(text, number_text(text, "id-", i), "z9hG4bKx",
                      "X-Same: 7492cbd3b8a14a0c9d115e0b9c1a2f3d\r\n");
}
static void calls_of_one_second(struct sighting *s, arena *text, int i) {
    s->bytes = invite(text, number_text(text, "id-", i), "z9hG4bKx", "");
    s->precision_us = 1000000;
    s->time_us = SCENE_START;
    if (i % 2) s->dst.ip[3] = 3;
    if (i % 2) s->src.ip[3] = 2;
}
static void each_names_the_one_before(struct sighting *s, arena *text, int i) {
    const char *before = number_text(text, "X-CID: call-identity-", i - 1);
    s->bytes = invite(text, number_text(text, "call-identity-", i), "z9hG4bKx",
                      arena_z(text, arena_printf(text, "%s\r\n", before)));
}
static void refer_each(struct sighting *s, arena *text, int i) {
    bool refer = i % 2;
    str m = invite(text, number_text(text, "id-", i / 2), "z9hG4bKx",
                   "Refer-To: <sip:203@x>\r\n");
    s->bytes = refer ? arena_printf(text, "REFER%.*s", STR(str_from(m, 6))) : m;
}
static void failing_tries(struct sighting *s, arena *text, int i) {
    bool answers = i % 2;
    str m = invite(text, number_text(text, "id-", i / 2), "z9hG4bKx", "");
    s->src.ip[3] = 2;
    s->dst.ip[3] = 3;
    if (i < 2) s->src.ip[3] = 1;
    if (i < 2) s->dst.ip[3] = 2;
    if (!answers) s->bytes = m;
    if (!answers) return;
    struct endpoint swap = s->src;
    s->src = s->dst;
    s->dst = swap;
    s->bytes =
        arena_printf(text, "SIP/2.0 %s\r\n%.*s", i < 2 ? "180 Ringing" : "486 Busy",
                     STR(str_cut(m, '\n').tail));
}
static void answered_rivals(struct sighting *s, arena *text, int i) {
    failing_tries(s, text, i);
    if (i % 2)
        s->bytes = arena_printf(text, "SIP/2.0 200 OK\r\n%.*s",
                                STR(str_cut(s->bytes, '\n').tail));
}
static void a_thousand_sources(struct sighting *s, arena *text, int i) {
    s->source = (u32)(i % 1000);
    s->bytes = invite(text, number_text(text, "id-", i / 1000), "z9hG4bKx", "");
    s->time_us += 17 * (i64)s->source;
}

static void flood(flood_shape *shape, int n) {
    struct weave *w = weave_open();
    arena text = arena_open((isize)64 << 20);
    for (int i = 0; i < n; i++) {
        struct sighting s = flood_sighting(i);
        arena_reset(&text);
        shape(&s, &text, i);
        u32 number = s.source;
        s.source = weave_source(
            w, &(struct source){.name = str_z(number_text(&text, "s", (int)number))});
        assert_true(weave_add(w, &s));
    }
    weave_link(w);
    assert_int_equal(weave_nseen(w), n);
    arena view = arena_open_view();
    isize seen = 0;
    for (isize i = 0; i < weave_ncalls(w); i++) {
        const struct call *c = weave_call(w, i, true, &view);
        for (isize k = 0; k < c->nmessages; k++) seen += c->messages[k].nseen;
        arena_reset(&view);
    }
    assert_int_equal(seen, n);
    weave_close(w);
    arena_close(&view);
    arena_close(&text);
}

static void floods(void **state) {
    (void)state;
    flood(all_the_same, FLOOD);
    flood(another_source_address_each, FLOOD);
    flood(another_branch_each, FLOOD);
    flood(one_token_on_all, FLOOD);
    flood(calls_of_one_second, FLOOD);
    flood(each_names_the_one_before, FLOOD);
    flood(refer_each, FLOOD);
    flood(failing_tries, FLOOD);
    flood(answered_rivals, FLOOD);
    flood(a_thousand_sources, FLOOD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes),
        cmocka_unit_test(floods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
