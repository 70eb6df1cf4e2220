/* Two callers at one device at one moment, both without a number: how each says so, and what media each offers, tell them apart. */
#include "link/result.h"

enum { PAIRS = 10, LEGS = 4 * PAIRS };

struct moment {
    struct scene s;
    struct talk legs[LEGS];
    const struct talk *all[LEGS];
    int trunk, sbc, pbx;
};

static const char *sdp_offer(struct moment *m, int leg, bool secured) {
    return arena_z(
        &m->s.text,
        arena_printf(
            &m->s.text,
            "v=0\r\no=- %d 1 IN IP4 192.0.2.%d\r\ns=-\r\nc=IN IP4 192.0.2.%d\r\nt=0 0\r\n"
            "m=audio %d %s 8\r\n",
            leg * 7919 + 20011, leg + 1, leg + 1, 20000 + 2 * leg,
            secured ? "RTP/SAVP" : "RTP/AVP"));
}

static struct talk *leg(struct moment *m, char letter, int call, int from, int to) {
    int i = 2 * call + (letter == 'B');
    const char *name = arena_z(&m->s.text, arena_printf(&m->s.text, "%.1s%02d",
                                                        letter == 'A' ? "A" : "B", call));
    m->legs[i] = talk(from, to, name, "anonymous", "02079460452");
    m->all[i] = &m->legs[i];
    return &m->legs[i];
}

/* Both arrive, leave, are answered and end within a millisecond; the second to arrive leaves first. */
static void play_pair(struct moment *m, int n, bool by_name) {
    static const char *const names[] = {"\"Anonymous\" ", "\"Withheld\" "};
    for (int i = 0; i < 2; i++) {
        struct talk *a = leg(m, 'A', 2 * n + i, m->trunk, m->sbc),
                    *b = leg(m, 'B', 2 * n + i, m->sbc, m->pbx);
        if (by_name) a->display = b->display = names[i];
        a->body = sdp_offer(m, 4 * n + 2 * i, !by_name && i);
        b->body = sdp_offer(m, 4 * n + 2 * i + 1, !by_name && i);
        double at = n * 5000.0;
        ask(&m->s, a, at + 0.4 * i, "INVITE");
        ask(&m->s, b, at + 6 - 0.4 * i, "INVITE");
        answer(&m->s, b, at + 1000);
        answer(&m->s, a, at + 1004);
        hang_up(&m->s, a, at + 4000, false);
        hang_up(&m->s, b, at + 4003, false);
    }
}

static void told_apart(bool by_name) {
    struct moment *m = base_new(1, (isize)sizeof *m);
    scene_open(&m->s);
    tap(&m->s, "wire.pcap");
    m->trunk = box(&m->s, "trunk", "198.51.100.10");
    m->sbc = box(&m->s, "sbc", "192.0.2.2");
    m->pbx = box(&m->s, "pbx", "203.0.113.72");
    struct out want = {0};
    for (int n = 0; n < PAIRS; n++) play_pair(m, n, by_name);
    for (int n = 0; n < 2 * PAIRS; n++)
        out_printf(&want, "%sA%02d B%02d", n ? "|" : "", n, n);
    out_byte(&want, 0);
    assert_calls(&m->s, m->all, LEGS, (const char *)want.p);
    out_drop(&want);
    scene_close(&m->s);
    base_free(m);
}

static void by_how_a_caller_is_withheld(void **state) {
    (void)state;
    told_apart(true);
}

static void by_what_media_are_offered(void **state) {
    (void)state;
    told_apart(false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_how_a_caller_is_withheld),
        cmocka_unit_test(by_what_media_are_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
