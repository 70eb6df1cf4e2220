/* prompt.h: a call read from its first message to its last, to say what prompted each; private to prompt*.c. */
#ifndef SIPWEAVE_PROMPT_H
#define SIPWEAVE_PROMPT_H

#include "link/weave.h"

enum {
    SOON_US = 2000000, /* what is passed on, the copy that arrived perhaps not seen */
    THEN_US = 500000,  /* what one thing brings about of another kind */
};

/* What is remembered of a leg; a place in the order + 1 unless it says otherwise. */
enum memory {
    HAD_INVITE, /* the last one outside a dialog */
    HAD_INFO,   /* the last one from the side that called */
    HAD_REFER,  /* the last one from the side that called, or that was called … */
    HAD_REFER_BACK,
    HAD_REINVITE, /* the last one from the side that was called */
    HAD_CANCEL,
    HAD_FAILURE,
    HAD_ANSWER, /* 2xx to the first INVITE */
    /* of what hangs on it */
    CHILD_TRIED,    /* the last INVITE that began a child, no recorder */
    CHILD_FAILED,   /* the last failure of one, that was not cancelled */
    CHILD_GIVEN_UP, /* the last CANCEL of one */
};

/* The messages of a call in the order of cause. */
struct course {
    const struct weave *w;
    const u32 *order;
    isize n;
    u32 *prompts; /* by place: place + 1 */
    u32 *arrived; /* by place: the one that reached the same device before, place + 1 */
    struct map last;    /* device -> place + 1 of what reached it last */
    struct map asked;   /* transaction -> place + 1 of its request */
    struct map agreed;  /* transaction of an INVITE -> place + 1 of its 2xx */
    struct map refused; /* … of its failure, or challenge */
    struct map memory;  /* leg and enum memory -> place + 1 */
    struct map used;    /* leg and place + 1 of a response that was passed on there */
    struct map place;   /* row of msgs + 1 -> place + 1 */
    struct map copies;  /* place + 1 -> place + 1 of its last copy so far */
};

/* Who did what: the message that left, and the one that may have made it leave. */
struct deed {
    const struct weave *w;
    isize at, by; /* places of effect and cause */
    u32 device;   /* between them */
    const struct msg *effect, *cause;
    const struct seen *e, *c;
    const struct sum *leg, *on; /* of the effect, of the cause */
    u32 leg_row, on_row;
};

static inline const struct msg *course_msg(const struct course *c, isize place) {
    return &c->w->msgs[c->order[place]];
}

static inline bool is_request(const struct seen *r, enum sip_method method) {
    return (r->flags & SEEN_REQUEST) && r->method == method;
}

/* Of the INVITE: an answer of this class, but no 100. */
static inline bool is_invite_answer(const struct seen *r, int class) {
    return !(r->flags & SEEN_REQUEST) && r->method == SIP_METHOD_INVITE &&
           r->status / 100 == class && r->status != 100;
}

/* A challenge is no failure: the request comes again. */
static inline bool is_failure(const struct seen *r) {
    return !(r->flags & SEEN_REQUEST) && r->method == SIP_METHOD_INVITE &&
           r->status >= 300 && r->status != 401 && r->status != 407;
}

/* The place + 1 of what is remembered of a leg (row). */
u32 course_recall(const struct course *c, u32 leg, enum memory what);
/* Did the effect come this soon after the cause, as far as the clocks tell? Places. */
bool course_soon(const struct course *c, isize cause, isize effect, i64 limit_us);

/* What made a device send the INVITE, or other request, that begins a leg: place + 1. */
u32 prompt_of_first(const struct course *c, isize effect);

#endif
