/* judge_story.h: fifteen calls by hand, each phone -> sbc -> pbx -> phone, for the tests beside this file. */
#ifndef SIPWEAVE_TESTS_JUDGE_STORY_H
#define SIPWEAVE_TESTS_JUDGE_STORY_H

#include "world/judge_hand.h"

#include <stdio.h>

enum { STORY_CALLS = 15, STORY_LEGS = 3 * STORY_CALLS, STORY_MSGS = 15 * STORY_CALLS };

struct story {
    struct hand hand;
    char ids[STORY_LEGS][48], numbers[STORY_LEGS][24];
};

static inline void story_call(struct story *s, int nth, const int way[4]) {
    struct hand *h = &s->hand;
    int call = hand_call(h, "answered"), at = nth * 300, legs[3], cause = 0;
    for (int i = 0; i < 3; i++) {
        int row = h->w.nlegs;
        snprintf(s->ids[row], sizeof s->ids[row], "leg%d-%d@%d", i, nth, nth * 77);
        snprintf(s->numbers[row], sizeof s->numbers[row], "0163296%03d", nth);
        legs[i] = hand_leg(h, call, i ? legs[i - 1] + 1 : 0, way[i], way[i + 1],
                           s->ids[row], s->numbers[row], i == 2 ? "200" : "02079460000");
        cause = hand_ask(h, legs[i], at + i * 7, "INVITE", cause);
    }
    cause = 0;
    for (int i = 2; i >= 0; i--)
        cause = hand_tell(h, legs[i], at + 100 - i * 5, "180 Ringing", cause);
    cause = 0;
    for (int i = 2; i >= 0; i--)
        cause = hand_tell(h, legs[i], at + 2000 - i * 5, "200 OK", cause);
    cause = 0;
    for (int i = 0; i < 3; i++)
        cause = hand_ask(h, legs[i], at + 5000 + i * 5, "BYE", cause);
    for (int i = 0; i < 3; i++) hand_tell(h, legs[i], at + 5030 + i * 5, "200 OK", 0);
}

static inline struct world *story_play(struct story *s) {
    *s = (struct story){0};
    int way[4];
    way[0] = hand_device(&s->hand, "phone1", false);
    way[1] = hand_device(&s->hand, "sbc1", true);
    way[2] = hand_device(&s->hand, "pbx1", true);
    way[3] = hand_device(&s->hand, "phone2", false);
    for (int i = 0; i < STORY_CALLS; i++) story_call(s, i, way);
    return hand_finish(&s->hand);
}

#endif
