/* plan_odd.c: what else happens to a call, and the calls that come of it. */
#include <string.h>

#include "plan.h"

static bool chance(struct sim *s, double share) {
    return dice_chance(&s->dice, share);
}

static void sure_ringing(struct node *n) {
    if (n->kind == NODE_END && n->up && n->up->kind == NODE_BOX) n->reliable_1xx = true;
    for (int i = 0; i < n->nkids; i++) sure_ringing(n->kids[i]);
}

/* One of the first to be rung says where else to look: the next is rung because of it. */
static void redirects(struct sim *s, struct call *c, struct node *pbx) {
    if (pbx->ngroups < 2) return;
    struct node *from = NULL, *to = NULL;
    for (int i = 0; i < pbx->nkids; i++) {
        if (pbx->group[i] == 0) from = pbx->kids[i];
        if (pbx->group[i] == 1 && !to) to = pbx->kids[i];
    }
    if (!from || !to || from->kind != NODE_END || from->outcome == ANSWERS) return;
    from->outcome = REDIRECTS;
    from->redirect = arena_say(&c->arena, "sip:%s@%s", to->user ? to->user : "voicemail",
                               s->host[pbx->addr[1]]);
}

static void odd_flow(struct sim *s, struct call *c, struct node *pbx) {
    if (!chance(s, s->plan->odd_flows)) return;
    c->odd = (enum odd)dice_between(&s->dice, ODD_REINVITE, ODDS - 1);
    switch (c->odd) {
    case ODD_PRACK: sure_ringing(pbx); break;
    case ODD_REDIRECT: redirects(s, c, pbx); break;
    case ODD_DIVERT: pbx->diverts = true; break;
    case ODD_AUTH:
        if (c->root->kids[0]->kind == NODE_BOX) c->root->kids[0]->challenges = true;
        break;
    case ODD_BOTH: c->hangs_up = 2; break;
    default: c->talk_us += dice_us(&s->dice, 1, 8); break;
    }
}

/* ---- transfers -------------------------------------------------------------------------------------------------------------- */

static int phone_of(struct sim *s, const struct call *c) {
    const struct tenant *t = &s->tenants[c->tenant];
    return t->phones[dice_below(&s->dice, t->nphones)];
}

static struct node *other_phone(struct sim *s, struct call *c, enum outcome how) {
    struct node *n = plan_node(s, c, NODE_END, phone_of(s, c), true);
    n->user = n->from_user = s->gear[n->device].ext;
    n->is_person = true;
    n->outcome = how;
    n->answer_us = dice_us(&s->dice, 0.5, 5);
    return n;
}

/* The phone that rings calls another one through the same box. */
static void in_between(struct sim *s, struct call *c, const struct node *pbx,
                       int caller) {
    c->shift_from = plan_node(s, c, NODE_END, caller, false);
    c->shift_from->from_user = s->gear[caller].ext;
    c->shift_box = plan_node(s, c, NODE_BOX, pbx->device, false);
    c->shift_box->from_user = s->gear[caller].ext;
    c->shift_box->user = c->shift_to->user;
    plan_kid(c->shift_box, c->shift_to, 0);
}

/* The phone that is going to talk, where that is certain beforehand. */
static struct node *certain_person(struct node *pbx) {
    struct node *found = NULL;
    for (int i = 0; i < pbx->nkids; i++) {
        struct node *n = pbx->kids[i];
        if (n->kind == NODE_END && n->outcome == ANSWERS) found = n;
    }
    return found;
}

static void transfer(struct sim *s, struct call *c, struct node *pbx) {
    struct node *person = certain_person(pbx);
    bool desk_calls = c->caller_ext && !c->is_desk_out;
    if (!chance(s, s->plan->transfers) || c->is_desk_out) return;
    enum shift shift = (enum shift)dice_between(&s->dice, SHIFT_MUSIC, SHIFT_PARK);
    if (desk_calls && chance(s, 0.5)) shift = SHIFT_FAR;
    if (!person && shift != SHIFT_PICKUP) return;
    if (person && !s->gear[person->device].ext) return;
    c->shift = shift;
    c->odd = ODD_NONE;
    c->talk_us += dice_us(&s->dice, 16, 35);
    static const char *const FLOWS[] = {"",
                                        "hold with music",
                                        "blind transfer",
                                        "attended transfer",
                                        "picked up",
                                        "parked",
                                        "transfer by the caller's phone"};
    c->flow = FLOWS[shift];
    switch (shift) {
    case SHIFT_MUSIC:
        pbx->music =
            plan_node(s, c, NODE_END, s->musics[dice_below(&s->dice, s->nmusics)], true);
        pbx->music->outcome = ANSWERS_AT_ONCE;
        pbx->music->user = "music";
        break;
    case SHIFT_BLIND:
        c->shift_to = other_phone(s, c, chance(s, 0.85) ? ANSWERS : IS_BUSY);
        c->shift_to->role = ROLE_TRANSFER;
        break;
    case SHIFT_ATTENDED:
        c->shift_to = other_phone(s, c, chance(s, 0.85) ? ANSWERS : IS_BUSY);
        in_between(s, c, pbx, person->device);
        break;
    case SHIFT_FAR:
        c->shift_to = other_phone(s, c, ANSWERS);
        c->shift_to->role = ROLE_TRANSFER;
        in_between(s, c, pbx, c->root->device);
        break;
    case SHIFT_PARK:
        c->shift_to =
            plan_node(s, c, NODE_END, s->musics[dice_below(&s->dice, s->nmusics)], true);
        c->shift_to->outcome = ANSWERS_AT_ONCE;
        c->shift_to->user = "701";
        c->shift_by = other_phone(s, c, ANSWERS);
        break;
    case SHIFT_PICKUP: c->shift_by = other_phone(s, c, ANSWERS); break;
    default: break;
    }
}

void plan_odd(struct sim *s, struct call *c, struct node *pbx) {
    odd_flow(s, c, pbx);
    transfer(s, c, pbx);
}

/* ---- afterwards ---------------------------------------------------------------------------------------------------------------- */

struct again {
    const char *caller, *called;
    int tenant, of, attempt;
    bool back;
};

static void call_again(struct sim *s, const struct event *e) {
    const struct again *a = e->a;
    const struct tenant *t = &s->tenants[a->tenant];
    struct call *c = plan_new(s, a->tenant, a->caller, a->called);
    s->w->calls[c->row].related = a->of;
    c->attempt = a->attempt;
    if (a->back)
        plan_desk_out(s, c, t->phones[dice_below(&s->dice, t->nphones)]);
    else
        plan_inbound(s, c);
    s->w->calls[c->row].flow = a->back ? "call back" : "second attempt";
}

static void phones_free(struct sim *s, struct node *n) {
    if (s->gear[n->device].ext && s->gear[n->device].busy) s->gear[n->device].busy--;
    for (int i = 0; i < n->nkids; i++) phones_free(s, n->kids[i]);
}

void plan_after(struct sim *s, struct call *c) {
    if (!c->root) return;
    phones_free(s, c->root);
    if (c->attempt > 1 || c->caller_ext || !chance(s, s->plan->related)) return;
    struct again *a = arena_take(&s->keep, sizeof *a);
    a->back = c->connected && !c->withheld;
    a->caller =
        a->back ? plan_phone_number(s, s->tenants[c->tenant].phones[0]) : c->caller;
    a->called = a->back ? c->caller : c->called;
    a->tenant = c->tenant;
    a->of = c->row + 1;
    a->attempt = c->attempt + 1;
    later(s, s->idle, dice_us(&s->dice, 0.5, 25), call_again, a, NULL, 0);
}
