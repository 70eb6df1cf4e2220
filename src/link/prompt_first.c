/* prompt_first.c: what made a device begin a leg. The first that holds:
 *
 *     a recorder                          the 2xx on another leg from there, if just before
 *     a transfer                          REFER
 *     music for who is on hold            the re-INVITE that put somebody on hold
 *     right after another try             whatever prompted that one: they ring together
 *     a try before has just failed        that failure, unless it had been given up: then time ran out, and the INVITE did it
 *     keys were pressed, nobody was tried the last INFO
 *     the other side of the parent waits  nothing: somebody puts a call on hold and makes another
 *     otherwise                           the INVITE that came in, however long ago
 */
#include "link/prompt.h"

/* Phones that ring together are sent their INVITEs one right after the other. */
enum { TOGETHER_US = 20000 };

static bool reached(const struct course *c, u32 place, u32 device) {
    return place && c->w->dev_of[msg_seen(c->w, course_msg(c, place - 1))->dst] == device;
}

/* The last message that reached the device this soon before, and that is such a one. */
static u32 last_answer_beside(const struct course *c, isize effect, const struct sum *s) {
    enum { STEPS = 64 };
    u32 place = map_get(&c->last, s->from_dev + (u64)1);
    for (int i = 0; place && i < STEPS; i++, place = c->arrived[place - 1]) {
        const struct msg *m = course_msg(c, place - 1);
        const struct sum *on = &c->w->sums[msg_leg(c->w, m)];
        if (!course_soon(c, place - 1, effect, THEN_US)) return 0;
        if (on->parent == s->parent && !(on->flags & SUM_RECORDING) &&
            is_invite_answer(msg_seen(c->w, m), 2))
            return place;
    }
    return 0;
}

static u32 last_hold(const struct course *c, isize effect, const struct sum *s) {
    enum { STEPS = 64 };
    u32 place = map_get(&c->last, s->from_dev + (u64)1);
    for (int i = 0; place && i < STEPS; i++, place = c->arrived[place - 1]) {
        const struct msg *m = course_msg(c, place - 1);
        const struct seen *r = msg_seen(c->w, m);
        if (!course_soon(c, place - 1, effect, SOON_US)) return 0;
        if (msg_leg(c->w, m) + 1 == s->parent && is_request(r, SIP_METHOD_INVITE) &&
            r->flags & SEEN_WITHIN)
            return place;
    }
    return 0;
}

static u32 referred(const struct course *c, u32 parent, u32 device) {
    u32 one = course_recall(c, parent, HAD_REFER),
        two = course_recall(c, parent, HAD_REFER_BACK);
    if (!reached(c, one, device)) one = 0;
    if (!reached(c, two, device)) two = 0;
    return one > two ? one : two;
}

/* Of the INVITE that began a leg: nothing has ended that yet. */
static bool goes_on(const struct course *c, u32 tried) {
    u32 leg = msg_leg(c->w, course_msg(c, tried - 1));
    return !course_recall(c, leg, HAD_FAILURE) && !course_recall(c, leg, HAD_CANCEL);
}

/* A device tries one after the other, or answers and asks, before it dials on. */
static u32 of_try(const struct course *c, isize effect, const struct sum *s) {
    u32 parent = s->parent - 1;
    u32 invite = course_recall(c, parent, HAD_INVITE);
    u32 tried = course_recall(c, parent, CHILD_TRIED);
    u32 failed = course_recall(c, parent, CHILD_FAILED);
    u32 given_up = course_recall(c, parent, CHILD_GIVEN_UP);
    u32 keys = course_recall(c, parent, HAD_INFO);
    if (tried && (tried > failed || goes_on(c, tried)) &&
        course_soon(c, tried - 1, effect, TOGETHER_US))
        return c->prompts[tried - 1];
    if (failed > given_up && reached(c, failed, s->from_dev) &&
        course_soon(c, failed - 1, effect, THEN_US))
        return failed;
    if (!reached(c, invite, s->from_dev)) return 0;
    if (!tried && keys > invite) return keys;
    if (!tried && course_recall(c, parent, HAD_REINVITE) > invite) return 0;
    return invite;
}

static u32 of_invite(const struct course *c, isize effect, const struct sum *s) {
    enum evidence_kind why = leg_cause(c->w, s);
    u32 found = 0;
    if (s->flags & SUM_RECORDING || why == EVIDENCE_AFTER_ANSWER)
        found = last_answer_beside(c, effect, s);
    if (!found && why == EVIDENCE_AFTER_HOLD) return last_hold(c, effect, s);
    if (!found && why == EVIDENCE_AFTER_REFER)
        found = referred(c, s->parent - 1, s->from_dev);
    if (found) return found;
    if (s->flags & SUM_RECORDING) {
        u32 invite = course_recall(c, s->parent - 1, HAD_INVITE);
        return reached(c, invite, s->from_dev) ? invite : 0;
    }
    return of_try(c, effect, s);
}

u32 prompt_of_first(const struct course *c, isize effect) {
    const struct sum *s = &c->w->sums[msg_leg(c->w, course_msg(c, effect))];
    return s->parent ? of_invite(c, effect, s) : 0;
}
