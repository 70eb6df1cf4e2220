/* judge_hand.h: a small world put together by hand, for tests of the view and the judge.
 *
 *     struct hand h = {0};
 *     int pbx = hand_device(&h, "pbx", true), …;
 *     int call = hand_call(&h, "answered"), leg = hand_leg(&h, call, 0, trunk, pbx, "a@x", "100", "200");
 *     int invite = hand_ask(&h, leg, 0, "INVITE", 0);
 *     hand_tell(&h, leg, 20, "180 Ringing", 0);
 *     struct world *w = hand_finish(&h);
 */
#ifndef SIPWEAVE_TESTS_JUDGE_HAND_H
#define SIPWEAVE_TESTS_JUDGE_HAND_H

#include "world/world.h"

enum { HAND_LEGS = 64, HAND_MSGS = 1024 };

struct hand {
    struct world w;
    struct world_device devices[16];
    struct world_address addresses[16];
    struct world_leg legs[HAND_LEGS];
    struct world_call calls[HAND_LEGS];
    struct world_msg msgs[HAND_MSGS];
    const char *caller[HAND_LEGS], *called[HAND_LEGS];
    int last[HAND_LEGS]; /* message of a leg, row + 1 */
    char text[HAND_MSGS * 512];
};

int hand_device(struct hand *h, const char *name, bool box);
int hand_call(struct hand *h, const char *flow);
/* `parent`: row + 1. The numbers are for From and To. */
int hand_leg(struct hand *h, int call, int parent, int from, int to, const char *call_id,
             const char *caller, const char *called);
/* A request from the leg's beginning to its end; an answer back. `ms` since the world began, `prompted` row + 1. Give row + 1. */
int hand_ask(struct hand *h, int leg, int ms, const char *method, int prompted);
int hand_tell(struct hand *h, int leg, int ms, const char *status, int prompted);
struct world *hand_finish(struct hand *h);

#endif
