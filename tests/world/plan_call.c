/* plan_call.c: one call drawn at random: its way through the boxes, who is rung, and how it ends. */
#include <string.h>

#include "plan.h"

static bool chance(struct sim *s, double share) {
    return dice_chance(&s->dice, share);
}
static int one_of(struct sim *s, const int *list, int n) {
    return list[dice_below(&s->dice, n)];
}

/* ---- nodes ----------------------------------------------------------------------------------------------------------- */

/* inward: calls come from the outside here, so its first address is the outer one. */
struct node *plan_node(struct sim *s, struct call *c, enum node_kind kind, int device,
                       bool inward) {
    struct node *n = NEW(c, struct node);
    const struct gear *g = &s->gear[device];
    n->kind = kind;
    n->device = device;
    n->addr[0] = inward ? g->addr : g->addr2;
    n->addr[1] = inward ? g->addr2 : g->addr;
    n->trying = chance(s, 0.7);
    n->progress_us = dice_lognormal_us(&s->dice, 45, 0.6);
    n->relays_all = device % 3 == 0;
    return n;
}

struct node *plan_kid(struct node *up, struct node *kid, int group) {
    if (up->nkids == KIDS || group >= GROUPS) return NULL;
    kid->up = up;
    up->group[up->nkids] = group;
    up->kids[up->nkids++] = kid;
    if (group >= up->ngroups) up->ngroups = group + 1;
    return kid;
}

const char *plan_outside_number(struct sim *s) {
    int kind = dice_below(&s->dice, 10);
    unsigned nine = (unsigned)dice_between(&s->dice, 100000000, 999999999);
    if (kind < 5) return arena_say(&s->keep, "447%u", nine);
    if (kind < 8) return arena_say(&s->keep, "441%u", nine);
    if (kind < 9) return arena_say(&s->keep, "4989%u", nine);
    return arena_say(&s->keep, "1212%u", nine % 10000000 + 2000000);
}

const char *plan_phone_number(struct sim *s, int device) {
    return arena_say(&s->keep, "44203%07d", (device * 7919 + 1234567) % 10000000);
}

/* A phone of the company that is not in a call, where there is one. */
static int free_phone(struct sim *s, const struct tenant *t) {
    int d = t->phones[0];
    for (int i = 0; i < 12; i++) {
        d = t->phones[dice_below(&s->dice, t->nphones)];
        if (!s->gear[d].busy) break;
    }
    s->gear[d].busy++;
    return d;
}

static void may_be_rung(struct sim *s, struct node *n, enum outcome how) {
    n->outcome = how;
    n->is_person = true;
    double u = dice_unit(&s->dice);
    n->answer_us = (int64_t)(1e6 * (0.3 + 19.7 * u * u));
}

/* A phone; where proxies are about, behind one that knows where it is registered, perhaps more than once. */
static struct node *ring_phone(struct sim *s, struct call *c, struct node *pbx, int group,
                               enum outcome how) {
    const struct tenant *t = &s->tenants[c->tenant];
    int device = free_phone(s, t);
    bool edge = chance(s, s->plan->proxies * 0.4) && how != IS_DEAD;
    struct node *up = pbx;
    const char *ext = s->gear[device].ext;
    if (edge) {
        up = plan_kid(pbx,
                      plan_node(s, c, NODE_PROXY, one_of(s, s->edges, s->nedges), true),
                      group);
        if (!up) return NULL;
        up->user = ext;
        up->record_route = chance(s, 0.6);
        group = 0;
    }
    struct node *n = plan_node(s, c, NODE_END, device, true);
    n->user = ext;
    if (pbx->device % 2)
        n->to_user = number_as(s, c, c->called, s->gear[pbx->device].called);
    may_be_rung(s, n, how);
    if (edge) up->to_user = n->to_user;
    if (!plan_kid(up, n, group)) return NULL;
    if (edge && chance(s, 0.5)) {
        struct node *second = plan_node(s, c, NODE_END, free_phone(s, t), true);
        second->user = s->gear[second->device].ext;
        bool serial = chance(s, 0.4);
        may_be_rung(s, second, RINGS_ON);
        if (chance(s, 0.2)) second->outcome = IS_DEAD;
        if (serial && how == ANSWERS) {
            n->outcome = chance(s, 0.5) ? IS_BUSY : RINGS_ON;
            second->outcome = ANSWERS;
            up->group_us[0] = dice_us(&s->dice, 2, 8);
        }
        plan_kid(up, second, serial ? 1 : 0);
    }
    return n;
}

/* ---- who is rung --------------------------------------------------------------------------------------------------------- */

enum end { END_ANSWERED, END_CANCELLED, END_BUSY, END_NO_ANSWER, END_REFUSED };

static enum end draw_end(struct sim *s) {
    double u = dice_unit(&s->dice);
    return u < 0.64   ? END_ANSWERED
           : u < 0.77 ? END_CANCELLED
           : u < 0.85 ? END_BUSY
           : u < 0.94 ? END_NO_ANSWER
                      : END_REFUSED;
}

static enum outcome last_outcome(struct sim *s, enum end end) {
    static const enum outcome REFUSED[] = {DECLINES, NOT_THERE, BREAKS};
    switch (end) {
    case END_ANSWERED: return ANSWERS;
    case END_BUSY: return IS_BUSY;
    case END_REFUSED: return REFUSED[dice_below(&s->dice, 3)];
    case END_CANCELLED:
    case END_NO_ANSWER: break;
    }
    return RINGS_ON;
}

static enum outcome first_outcomes(struct sim *s) {
    double u = dice_unit(&s->dice);
    return u < 0.40   ? IS_BUSY
           : u < 0.75 ? RINGS_ON
           : u < 0.85 ? NOT_THERE
           : u < 0.93 ? DECLINES
                      : IS_DEAD;
}

static void limit(struct sim *s, struct node *box, int group, double lo, double hi) {
    if (group < GROUPS) box->group_us[group] = dice_us(&s->dice, lo, hi);
}

static bool leaves_by_gateway(struct sim *s, struct call *c, struct node *pbx, int group,
                              enum outcome how) {
    struct node *gw =
        plan_node(s, c, NODE_BOX, one_of(s, s->gateways, s->ngateways), false);
    const char *mobile = plan_outside_number(s);
    gw->user = number_as(s, c, mobile, s->gear[pbx->device].called);
    if (!plan_kid(pbx, gw, group)) return false;
    if (chance(s, 0.4)) {
        gw->kind = NODE_END;
        may_be_rung(s, gw, how);
        gw->progress_us = dice_us(&s->dice, 0.3, 2.5);
        return true;
    }
    gw->rewrites = pbx->rewrites;
    struct node *out =
        plan_node(s, c, NODE_END, one_of(s, s->carriers, s->ncarriers), true);
    out->user = number_as(s, c, mobile, s->gear[gw->device].called);
    may_be_rung(s, out, how);
    out->progress_us = dice_us(&s->dice, 0.3, 2.5);
    out->early_media = chance(s, 0.4);
    plan_kid(gw, out, 0);
    return true;
}

static void several_at_once(struct sim *s, struct call *c, struct node *pbx, int group,
                            int n, enum outcome how) {
    int winner = dice_below(&s->dice, n);
    for (int i = 0; i < n; i++) {
        enum outcome o = i == winner       ? how
                         : chance(s, 0.15) ? IS_BUSY
                         : chance(s, 0.06) ? IS_DEAD
                                           : RINGS_ON;
        if (how == IS_BUSY || how == NOT_THERE) o = how;
        ring_phone(s, c, pbx, group, o);
    }
    if (how != ANSWERS && !pbx->group_us[group]) limit(s, pbx, group, 8, 25);
}

/* Whoever answers: one after the other, at once, the desk and then the mobile. */
static void plan_targets(struct sim *s, struct call *c, struct node *pbx, enum end end) {
    const struct world_plan *p = s->plan;
    enum outcome last = last_outcome(s, end);
    int group = 0;
    bool hunt = chance(s, p->hunt), fork = chance(s, p->forks),
         away = chance(s, p->gateways);
    if (hunt) {
        for (int n = dice_between(&s->dice, 1, 4); n > 0; n--, group++) {
            ring_phone(s, c, pbx, group, first_outcomes(s));
            limit(s, pbx, group, 2, 10);
        }
        c->flow = "hunt";
    }
    if (away && chance(s, 0.5)) {
        ring_phone(s, c, pbx, group, RINGS_ON);
        limit(s, pbx, group++, 6, 20);
        leaves_by_gateway(s, c, pbx, group, last);
        c->flow = "follow me";
    } else if (away) {
        if (fork)
            several_at_once(s, c, pbx, group, dice_between(&s->dice, 1, 4), RINGS_ON);
        leaves_by_gateway(s, c, pbx, group, last);
        c->flow = "mobile";
    } else if (fork) {
        several_at_once(s, c, pbx, group, dice_between(&s->dice, 2, 6), last);
        c->flow = hunt ? "hunt, then ring all" : "ring all";
    } else {
        ring_phone(s, c, pbx, group, last);
    }
    if (last == RINGS_ON) limit(s, pbx, group, 5, 25);
    if (end != END_ANSWERED && end != END_CANCELLED && chance(s, 0.4)) {
        struct node *vm =
            plan_node(s, c, NODE_END, one_of(s, s->mailboxes, s->nmailboxes), true);
        vm->outcome = ANSWERS_AT_ONCE;
        vm->is_person = true;
        vm->leave_us = dice_us(&s->dice, 5, 60);
        plan_kid(pbx, vm, group + 1);
    }
}

static void remember_agent(struct sim *s, const struct call *c,
                           const struct node *agent) {
    int *last = &s->gear[agent->device].last_queue_call;
    if (*last && *last != c->row + 1) s->w->calls[c->row].related = *last;
    *last = c->row + 1;
}

/* Agents of a queue: the next when one does not take it. */
static void plan_agents(struct sim *s, struct call *c, struct node *queue, enum end end) {
    int tries = dice_between(&s->dice, 1, 4);
    for (int g = 0; g < tries; g++) {
        bool last = g == tries - 1 && end == END_ANSWERED;
        int n = chance(s, 0.3) ? dice_between(&s->dice, 2, 3) : 1;
        const struct node *agent = NULL;
        for (int i = 0; i < n && queue->nkids < KIDS; i++)
            agent =
                ring_phone(s, c, queue, g, last && i == 0 ? ANSWERS : first_outcomes(s));
        if (agent) remember_agent(s, c, agent);
        limit(s, queue, g, last ? 25 : 3, last ? 40 : 12);
    }
}

/* ---- the way there ---------------------------------------------------------------------------------------------------------- */

static void plan_recorder(struct sim *s, struct call *c, struct node *box) {
    if (box->recorder || !chance(s, s->plan->recorders)) return;
    struct node *r =
        plan_node(s, c, NODE_END, one_of(s, s->recorders, s->nrecorders), true);
    r->role = chance(s, 0.6) ? ROLE_RECORDER : ROLE_SIPREC;
    r->outcome = ANSWERS_AT_ONCE;
    r->progress_us = dice_us(&s->dice, 0.001, 0.02);
    r->user = "record";
    box->recorder = r;
    box->record_at_start = chance(s, 0.5);
}

static struct node *past_proxy(struct sim *s, struct call *c, struct node *up,
                               double share) {
    if (!chance(s, share)) return up;
    struct node *p = plan_kid(
        up, plan_node(s, c, NODE_PROXY, one_of(s, s->proxies, s->nproxies), true), 0);
    p->record_route = chance(s, 0.7);
    return p;
}

static struct node *past_hider(struct sim *s, struct call *c, struct node *up) {
    if (!chance(s, s->plan->hiding)) return up;
    struct node *h = plan_kid(
        up, plan_node(s, c, NODE_BOX, one_of(s, s->hiders, s->nhiders), true), 0);
    h->hides = h->relays_all = true;
    return h;
}

static const char *WITHHELD[] = {"\"Anonymous\" <sip:anonymous@anonymous.invalid>",
                                 "<sip:anonymous@anonymous.invalid>",
                                 "\"Withheld\" <sip:anonymous@anonymous.invalid>",
                                 "\"anonymous\" <sip:anonymous@anonymous.invalid>"};

static int draw_hint(struct sim *s) {
    int bits[16] = {0}, n = 0;
    for (int i = 0; i < 16; i++)
        if (s->plan->hints >> i & 1) bits[n++] = 1 << i;
    return n ? bits[dice_below(&s->dice, n)] : 0;
}

static void talk(struct sim *s, struct call *c) {
    double mean = chance(s, 0.5) ? 4.0 : 25.0, t = 0.4 + dice_exp(&s->dice, mean);
    c->talk_us = (int64_t)(1e6 * (t > 180 ? 180 : t));
    double u = dice_unit(&s->dice);
    c->hangs_up = u < 0.5 ? 0 : u < 1.0 - 0.1 * s->plan->odd_flows ? 1 : 2;
}

struct call *plan_new(struct sim *s, int tenant, const char *caller, const char *called) {
    struct call *c = call_new(s, "");
    c->tenant = tenant;
    c->caller = caller;
    c->called = called;
    c->hint = draw_hint(s);
    c->withheld = chance(s, s->plan->withheld);
    c->withheld_as = WITHHELD[dice_below(&s->dice, 4)];
    c->media_kept = chance(s, s->plan->media_kept);
    int m = dice_below(&s->dice, 20);
    c->media_kind = m < 12 ? 0 : m < 15 ? 1 : m < 18 ? 2 : 3;
    if (chance(s, 0.8)) c->constant = s->tenants[tenant].constant;
    c->flow = "one phone";
    hint_begin(s, c);
    talk(s, c);
    return c;
}

static struct node *plan_root(struct sim *s, struct call *c, int device) {
    c->root = plan_node(s, c, NODE_END, device, false);
    return c->root;
}

/* A company that gets all the calls has all the PBXes of that stage, unless one has to do. */
static int pbx_of(struct sim *s, const struct call *c) {
    bool all = s->plan->one_number > 0 && c->tenant == 0 && !s->plan->one_pbx;
    return all ? one_of(s, s->pbxes, s->npbxes) : s->tenants[c->tenant].pbx;
}

/* From a trunk to the company's PBX; the box that rings phones. */
static struct node *way_in(struct sim *s, struct call *c, bool *ivr) {
    struct node *n = plan_root(s, c, one_of(s, s->carriers, s->ncarriers));
    bool rewritten = chance(s, s->plan->rewritten), early = rewritten && chance(s, 0.25);
    n = past_proxy(s, c, n, s->plan->proxies * 0.5);
    n = plan_kid(n, plan_node(s, c, NODE_BOX, one_of(s, s->sbcs, s->nsbcs), true), 0);
    n->rewrites = early;
    if (chance(s, 0.3)) plan_recorder(s, c, n);
    struct node *sbc = n;
    n = past_hider(s, c, n);
    if (n == sbc) n = past_proxy(s, c, n, s->plan->proxies * 0.5);
    if (*ivr && chance(s, 0.4)) {
        n = plan_kid(n, plan_node(s, c, NODE_BOX, one_of(s, s->ivrs, s->nivrs), true), 0);
        n->rewrites = rewritten;
        n->answers_first = true;
        n->early_first = chance(s, 0.3);
        n->listen_us = dice_us(&s->dice, 3, 40);
        n->dtmf = chance(s, 0.3);
        *ivr = false;
        c->flow = "IVR";
    }
    n = plan_kid(n, plan_node(s, c, NODE_BOX, pbx_of(s, c), true), 0);
    n->rewrites = rewritten;
    plan_recorder(s, c, n);
    return n;
}

static void ends_as(struct sim *s, struct call *c, enum end end, double lo, double hi) {
    if (end == END_CANCELLED) c->give_up_us = dice_us(&s->dice, lo, hi);
    bool queue = strcmp(c->flow, "queue") == 0;
    if (queue && chance(s, 0.15)) c->give_up_us = dice_us(&s->dice, 2, 60);
}

void plan_inbound(struct sim *s, struct call *c) {
    bool ivr = chance(s, s->plan->ivr);
    bool had = ivr;
    enum end end = draw_end(s);
    struct node *pbx = way_in(s, c, &ivr);
    double wait = had ? 20 : 0;
    if (ivr) {
        bool queue = chance(s, 0.6);
        pbx->answers_first = true;
        pbx->listen_us =
            queue ? (int64_t)(1e6 * (2 + (chance(s, 0.5) ? dice_exp(&s->dice, 8)
                                                         : 88 * dice_unit(&s->dice))))
                  : dice_us(&s->dice, 3, 40);
        wait = (double)pbx->listen_us / 1e6;
        pbx->dtmf = !queue && chance(s, 0.3);
        if (queue)
            plan_agents(s, c, pbx, end);
        else
            plan_targets(s, c, pbx, end);
        c->flow = queue ? "queue" : "IVR";
    } else {
        plan_targets(s, c, pbx, end);
        if (had) c->flow = "IVR";
    }
    ends_as(s, c, end, 0.5 + wait / 2, 12 + wait);
    plan_odd(s, c, pbx);
    phone_begin(s, c);
}

void plan_desk_out(struct sim *s, struct call *c, int phone) {
    struct node *n = plan_root(s, c, phone);
    enum end end = draw_end(s);
    c->is_desk_out = true;
    c->caller_ext = s->gear[phone].ext;
    c->flow = "desk calls out";
    n = plan_kid(n, plan_node(s, c, NODE_BOX, pbx_of(s, c), false), 0);
    n->challenges = chance(s, 0.1 + 0.4 * s->plan->odd_flows);
    n->rewrites = chance(s, s->plan->rewritten);
    plan_recorder(s, c, n);
    bool rewritten = n->rewrites;
    if (chance(s, s->plan->gateways)) {
        n = plan_kid(
            n, plan_node(s, c, NODE_BOX, one_of(s, s->gateways, s->ngateways), false), 0);
    } else {
        struct node *pbx = n;
        n = past_proxy(s, c, n, s->plan->proxies * 0.5);
        if (n == pbx) n = past_hider(s, c, n);
        n = plan_kid(n, plan_node(s, c, NODE_BOX, one_of(s, s->sbcs, s->nsbcs), false),
                     0);
    }
    n->rewrites = rewritten;
    struct node *far = plan_kid(
        n, plan_node(s, c, NODE_END, one_of(s, s->carriers, s->ncarriers), true), 0);
    may_be_rung(s, far, last_outcome(s, end));
    far->progress_us = dice_us(&s->dice, 0.3, 3);
    far->early_media = chance(s, 0.4);
    if (far->outcome == RINGS_ON && end == END_NO_ANSWER)
        n->group_us[0] = dice_us(&s->dice, 15, 40);
    ends_as(s, c, end, 1, 15);
    plan_odd(s, c, n);
    phone_begin(s, c);
}

static void inside(struct sim *s, struct call *c, int phone) {
    struct node *n = plan_root(s, c, phone);
    enum end end = draw_end(s);
    c->caller_ext = s->gear[phone].ext;
    n = plan_kid(n, plan_node(s, c, NODE_BOX, pbx_of(s, c), false), 0);
    n->challenges = chance(s, 0.1 + 0.4 * s->plan->odd_flows);
    plan_recorder(s, c, n);
    c->called = arena_say(&s->keep, "%d", dice_between(&s->dice, 600, 699)); /* a group */
    plan_targets(s, c, n, end);
    if (n->nkids == 1 && s->gear[n->kids[0]->device].ext) {
        n->kids[0]->to_user = NULL;
        c->called = n->kids[0]->user;
    }
    c->withheld = false;
    c->flow = "desk calls desk";
    ends_as(s, c, end, 1, 15);
    plan_odd(s, c, n);
    phone_begin(s, c);
}

static void conference(struct sim *s, struct call *c) {
    int nth = dice_below(&s->dice, s->nbridges);
    bool ivr = false;
    struct node *pbx = way_in(s, c, &ivr);
    struct node *conf = plan_node(s, c, NODE_END, s->bridges[nth], true);
    conf->outcome = ANSWERS_AT_ONCE;
    conf->is_person = true;
    plan_kid(pbx, conf, 0);
    c->flow = "conference";
    int *last = &s->last_conference[nth % 8];
    s->w->calls[c->row].related = *last;
    *last = c->row + 1;
    c->talk_us *= 3;
    phone_begin(s, c);
}

void plan_begin(struct sim *s) {
    s->one_called = s->tenants[0].main;
    s->one_caller = "442079460452";
    s->vendor_header = arena_say(&s->keep, "X-%s-Ref",
                                 dice_chance(&s->dice, 0.5) ? "Kestrel" : "Quince");
    s->one_outside = plan_outside_number(s);
    s->conference_number =
        arena_say(&s->keep, "4420300%05d", dice_below(&s->dice, 99999));
}

static const char *draw_caller(struct sim *s) {
    if (s->plan->dialler && chance(s, 0.3)) return s->one_caller;
    return plan_outside_number(s);
}

void plan_call(struct sim *s) {
    const struct world_plan *p = s->plan;
    bool one = chance(s, p->one_number);
    int tenant = one ? 0 : dice_below(&s->dice, s->ntenants);
    const struct tenant *t = &s->tenants[tenant];
    int phone = t->phones[dice_below(&s->dice, t->nphones)];
    struct call *c;
    if (chance(s, p->conference)) {
        c = plan_new(s, 0, draw_caller(s), s->conference_number);
        conference(s, c);
    } else if (chance(s, p->desks_out)) {
        c = plan_new(s, tenant, plan_phone_number(s, phone),
                     one ? s->one_outside : plan_outside_number(s));
        plan_desk_out(s, c, phone);
    } else if (chance(s, 0.03) && !one) {
        c = plan_new(s, tenant, plan_phone_number(s, phone), t->main);
        inside(s, c, phone);
    } else {
        const char *called =
            one || chance(s, 0.4) ? t->main : plan_phone_number(s, phone);
        c = plan_new(s, tenant, draw_caller(s), called);
        plan_inbound(s, c);
    }
    s->w->calls[c->row].flow = c->flow;
}
