/* stage.h: the boxes of most scenes: phones, a back-to-back user agent with what lies beyond it, a recorder, and one tap
 * that sees it all. */
#ifndef SIPWEAVE_TESTS_STAGE_H
#define SIPWEAVE_TESTS_STAGE_H

#include "link/result.h"

struct stage {
    struct scene s;
    int p1, p2, p3, pbx, gw, gw2, sbc, rec;
};

static inline void stage_open(struct stage *t) {
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

static inline const struct leg *leg_of(struct stage *t, const struct talk *a) {
    return leg_with(&t->s, call_with(&t->s, a), a);
}

#endif
