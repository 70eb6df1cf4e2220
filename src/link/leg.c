/* leg.c: messages to legs. A leg is one Call-ID between two neighbouring devices; what linking needs to
 * know of it is summed up here: its ends, its times, and how it went. */
#include "base/both.h"
#include "link/draft.h"

static void make_sums(struct weave *w, const struct drafts *all) {
    u32 at = 0;
    w->nsums = all->n;
    w->sums = base_room(w->sums, &w->cap_sums, w->nsums + 1, (isize)sizeof *w->sums);
    for (isize i = 0; i < w->nsums; i++) {
        const struct draft *leg = &all->rows[i];
        w->sums[i] = (struct sum){.call_id = leg->call_id, .at = at, .n = leg->n};
        at += leg->n;
    }
}

/* ---- in which order ---------------------------------------------------------------------------------- */

/* Messages being moved. Where some repeat others, where each of those is has to be known to the end. */
struct moves {
    bool tangled[2]; /* of each thread's legs */
    u32 *from;       /* by row of msgs: the row where it was; NULL: nobody asks */
    u32 *rows[2];    /* of one leg, for each thread */
    isize cap_rows[2];
};

static void moves_open(struct moves *v, const struct weave *w) {
    *v = (struct moves){0};
    if (!w->repeats) return;
    v->from = base_new(w->nmsgs + 1, (isize)sizeof *v->from);
}

/* By leg from here on, each leg's in canonical order. Into a table of its own: in place each move would wait for the one
 * before it. */
static void move_messages(struct weave *w, const struct drafts *all, struct moves *v) {
    u32 *next = base_new(all->n + 1, (isize)sizeof *next), at = 0, *repeats = NULL;
    isize cap = 0;
    struct msg *msgs = base_room(NULL, &cap, w->nmsgs + 1, (isize)sizeof *msgs);
    if (v->from) repeats = base_new(w->nmsgs + 1, (isize)sizeof *repeats);
    for (isize i = 0; i < all->n; i++) {
        next[i] = at;
        at += all->rows[i].n;
    }
    for (isize i = 0; i < w->nmsgs; i++) {
        u32 to = next[w->leg_of[i]]++;
        msgs[to] = w->msgs[i];
        if (!repeats) continue;
        v->from[to] = (u32)i;
        repeats[to] = w->repeats[i];
    }
    base_free(next);
    base_free(w->msgs);
    base_free(w->repeats);
    w->msgs = msgs;
    w->cap_msgs = cap;
    w->repeats = repeats;
    for (isize i = 0, row = 0; i < all->n; i++)
        for (u32 k = 0; k < all->rows[i].n; k++) w->leg_of[row++] = (u32)i;
}

static bool is_moved(const u32 *rows, u32 at, u32 n) {
    for (u32 i = 0; i < n; i++) {
        if (rows[i] != at + i) return true;
    }
    return false;
}

static void put_in_order(u32 *table, u32 at, const u32 *rows, u32 n) {
    u32 *old = base_new(n, (isize)sizeof *old);
    memcpy(old, table + at, n * sizeof *old);
    for (u32 i = 0; i < n; i++) table[at + i] = old[rows[i] - at];
    base_free(old);
}

/* The messages of one leg into the order of cause. */
static void order_leg(struct weave *w, struct sum *s, struct moves *v, int half,
                      arena scratch) {
    u32 *rows = v->rows[half] =
        base_grow(v->rows[half], &v->cap_rows[half], s->n, (isize)sizeof *rows);
    for (u32 i = 0; i < s->n; i++) rows[i] = s->at + i;
    if (order_rows(w, NULL, rows, (isize)s->n, scratch)) s->tangled = true;
    v->tangled[half] |= s->tangled;
    if (!is_moved(rows, s->at, s->n)) return;
    struct msg *old = base_new(s->n, (isize)sizeof *old), *mine = w->msgs + s->at;
    memcpy(old, mine, s->n * sizeof *old);
    for (u32 i = 0; i < s->n; i++) mine[i] = old[rows[i] - s->at];
    base_free(old);
    if (!v->from) return;
    put_in_order(v->from, s->at, rows, s->n);
    put_in_order(w->repeats, s->at, rows, s->n);
}

/* What repeats another message is told where that has gone. */
static void moves_close(struct moves *v, struct weave *w) {
    base_free(v->rows[0]);
    base_free(v->rows[1]);
    if (!v->from) return;
    u32 *now = base_new(w->nmsgs + 1, (isize)sizeof *now);
    for (isize i = 0; i < w->nmsgs; i++) now[v->from[i]] = (u32)i;
    for (isize i = 0; i < w->nmsgs; i++) {
        if (w->repeats[i]) w->repeats[i] = now[w->repeats[i] - 1] + 1;
    }
    base_free(now);
    base_free(v->from);
}

/* ---- what happened on it ------------------------------------------------------------------------------- */

static enum call_kind kind_of(u8 method) {
    switch ((enum sip_method)method) {
    case SIP_METHOD_REGISTER: return KIND_REGISTRATION;
    case SIP_METHOD_SUBSCRIBE:
    case SIP_METHOD_NOTIFY:
    case SIP_METHOD_PUBLISH: return KIND_SUBSCRIPTION;
    case SIP_METHOD_MESSAGE: return KIND_MESSAGE;
    case SIP_METHOD_OPTIONS:
    case SIP_METHOD_OTHER:
    case SIP_METHOD_NONE: return KIND_OPTIONS;
    default: return KIND_CALL;
    }
}

/* A leg being read: its messages come in order. */
struct reading {
    struct weave *w;
    struct sum *s;
    bool has_invite;
    bool
        asked; /* its first request, or an early response to it, was seen: not only what came later */
    u32 caller_tag;           /* as another hop has it; 0: not known */
    const struct seen *later; /* the last request within the dialog, while not asked */
};

static bool is_request(const struct seen *r) {
    return (r->flags & SEEN_REQUEST) != 0;
}

/* Which request a leg is about: INVITE for a call (REFER where nobody was invited), REGISTER for a registration … */
static bool is_main(const struct reading *g, u8 method) {
    if (g->s->kind != KIND_CALL) return kind_of(method) == g->s->kind;
    return method == (g->has_invite ? SIP_METHOD_INVITE : SIP_METHOD_REFER);
}

/* Earlier in enum call_kind wins, so that OPTIONS within a call is the call's. */
static void kind_note(struct reading *g) {
    struct sum *s = g->s;
    s->kind = KIND_OPTIONS;
    for (u32 i = 0; i < s->n; i++) {
        const struct seen *r = msg_seen(g->w, &g->w->msgs[s->at + i]);
        enum call_kind kind = kind_of(r->method);
        if (kind < (enum call_kind)s->kind) s->kind = (u8)kind;
        g->has_invite |= r->method == SIP_METHOD_INVITE;
    }
}

static bool set_once(i64 *when, i64 us) {
    if (*when != NEVER) return false;
    *when = us;
    return true;
}

/* Does it belong to the leg's first transaction? In a call, a tag in To says that it came later (RFC 3261 §12.2), and so,
 * as far as one can tell, does an answer without its request, and 100 with a tag, which it has from its request. */
static bool asks(const struct reading *g, const struct seen *r) {
    if (!is_main(g, r->method)) return false;
    if (g->s->kind != KIND_CALL) return true;
    if (is_request(r)) return !(r->flags & SEEN_WITHIN);
    const struct seen *later = g->later;
    if (later &&
        seen_step(&g->w->trace, later)->cseq == seen_step(&g->w->trace, r)->cseq &&
        seen_from_tag(g->w, later) == seen_from_tag(g->w, r))
        return false;
    if (r->status == 100 && r->flags & SEEN_WITHIN) return false;
    return r->status < 200 || r->status >= 300;
}

/* The answer, where nothing before it was captured. */
static bool answers(const struct reading *g, const struct seen *r) {
    return g->s->kind == KIND_CALL && g->has_invite && !is_request(r) &&
           r->method == SIP_METHOD_INVITE && r->status >= 200 && r->status < 300;
}

/* The end that starts a leg sends its first request; a response tells the same from its other end. Turned: the other end
 * asks here. */
static void begin(struct reading *g, const struct msg *m, const struct seen *r,
                  bool turned) {
    struct sum *s = g->s;
    bool forward = is_request(r) != turned;
    s->src = forward ? r->src : r->dst;
    s->dst = forward ? r->dst : r->src;
    s->from_dev = g->w->dev_of[s->src];
    s->to_dev = g->w->dev_of[s->dst];
    s->transport = r->transport;
    s->start_us = m->time_us;
    s->start_msg = (u32)(m - g->w->msgs) + 1;
    s->precision_us = r->precision_us;
}

/* The final response was not captured, but its ACK was: that of a failure has the branch of the INVITE (RFC 3261 §17.1.1.3), that
 * of an answer one of its own. */
static void acknowledged(struct reading *g, const struct msg *m, const struct seen *r) {
    struct sum *s = g->s;
    u32 row = (u32)(m - g->w->msgs) + 1;
    const struct seen *first = msg_seen(g->w, &g->w->msgs[s->start_msg - 1]);
    if (!g->asked || !g->has_invite || s->answer_us != NEVER || s->fail_us != NEVER)
        return;
    u32 asked = msg_ident(g->w, &g->w->msgs[s->start_msg - 1])->branch,
        mine = msg_ident(g->w, m)->branch;
    const struct trace *t = &g->w->trace;
    if (!asked || !mine || seen_step(t, first)->cseq != seen_step(t, r)->cseq) return;
    if (asked == mine) {
        s->fail_us = m->time_us;
        s->fail_msg = row;
    } else {
        s->answer_us = m->time_us;
        s->answer_msg = row;
    }
}

static void request_note(struct reading *g, const struct msg *m, const struct seen *r) {
    struct sum *s = g->s;
    u32 row = (u32)(m - g->w->msgs) + 1;
    switch ((enum sip_method)r->method) {
    case SIP_METHOD_ACK:
        if (!s->ack_msg) s->ack_msg = row;
        acknowledged(g, m, r);
        break;
    case SIP_METHOD_CANCEL:
        if (set_once(&s->cancel_us, m->time_us)) s->cancel_msg = row;
        s->ended_by = SIDE_CALLER;
        break;
    case SIP_METHOD_BYE:
        if (!set_once(&s->bye_us, m->time_us)) break;
        s->bye_msg = row;
        s->ended_by = g->w->dev_of[r->src] == s->from_dev ? SIDE_CALLER : SIDE_CALLEE;
        break;
    case SIP_METHOD_REFER: s->refer_msg[s->refer_msg[0] ? 1 : 0] = row; break;
    default: break;
    }
    bool again = !repeat_of(g->w, m) && s->fail_us != NEVER && asks(g, r);
    if (!again) return;
    /* tried again, with credentials say: what came before was not the end */
    s->fail_us = NEVER;
    s->fail_msg = 0;
    s->status = 0;
    s->retry_msg = row;
}

/* An answer to BYE or CANCEL stands for the request where that was not captured. */
static void confirmed(struct reading *g, const struct msg *m, const struct seen *r) {
    struct sum *s = g->s;
    u32 row = (u32)(m - g->w->msgs) + 1;
    bool from_caller = g->w->dev_of[r->dst] == s->from_dev;
    if (r->method == SIP_METHOD_BYE && set_once(&s->bye_us, m->time_us)) {
        s->bye_msg = row;
        s->ended_by = from_caller ? SIDE_CALLER : SIDE_CALLEE;
    }
    if (r->method == SIP_METHOD_CANCEL && set_once(&s->cancel_us, m->time_us)) {
        s->cancel_msg = row;
        s->ended_by = SIDE_CALLER;
    }
}

static void response_note(struct reading *g, const struct msg *m, const struct seen *r) {
    struct sum *s = g->s;
    u32 row = (u32)(m - g->w->msgs) + 1;
    bool ends = r->method == SIP_METHOD_BYE || r->method == SIP_METHOD_CANCEL;
    if (ends && g->s->kind == KIND_CALL) {
        confirmed(g, m, r);
        return;
    }
    if (!g->asked || !is_main(g, r->method) || s->answer_us != NEVER) return;
    if (r->status > 100 && r->status < 200 && set_once(&s->ring_us, m->time_us))
        s->ring_msg = row;
    if (r->status < 200) return;
    s->status = r->status;
    if (r->status < 300) {
        s->answer_us = m->time_us;
        s->answer_msg = row;
    } else {
        s->fail_us = m->time_us;
        s->fail_msg = row;
    }
}

static u8 state_of(const struct sum *s, bool asked) {
    if (!asked) return STATE_PARTIAL;
    if (s->answer_us != NEVER) {
        if (s->kind != KIND_CALL || s->bye_us != NEVER) return STATE_ANSWERED;
        return STATE_IN_CALL;
    }
    if (s->cancel_us != NEVER || s->status == 487) return STATE_CANCELLED;
    if (s->status >= 300 || (s->fail_us != NEVER && s->kind == KIND_CALL))
        return STATE_FAILED;
    return s->kind == KIND_CALL ? STATE_RINGING : STATE_PARTIAL;
}

static u64 ip_hash(const struct endpoint *e, bool with_port) {
    u64 hash = hash_bytes((str){e->ip, e->family == 4 ? 4 : 16}, e->family);
    return with_port ? hash_mix(hash, e->port) : hash;
}

/* The same whichever end is seen first, so that a leg keeps its id when more of it becomes known. */
static u64 id_of(const struct reading *g) {
    const struct weave *w = g->w;
    const struct sum *s = g->s;
    const struct endpoint *src = &w->trace.endpoints[s->src],
                          *dst = &w->trace.endpoints[s->dst];
    bool one_host = endpoint_same_ip(src, dst);
    u64 a = ip_hash(src, one_host), b = ip_hash(dst, one_host);
    u64 id = hash_mix(w->call_ids[s->call_id], a < b ? hash_mix(a, b) : hash_mix(b, a));
    if (s->call_id && !(s->flags & SUM_LAX)) return id;
    const struct ident *m = msg_ident(w, &w->msgs[s->at]);
    return hash_mix(id, hash_mix((u64)s->start_us, (u64)m->branch << 32 | m->from_tag));
}

/* The leg begins with the first message, or with the one that shows the beginning of its dialog. */
static void find_begin(struct reading *g, u32 i, const struct msg *m,
                       const struct seen *r) {
    bool turned = g->s->kind == KIND_CALL && way_guess_turned(g->w, r, g->caller_tag);
    bool first = !turned && (asks(g, r) || (i == 0 && answers(g, r)));
    if (i == 0 || first) begin(g, m, r, turned);
    g->asked = first;
    if (is_request(r) && r->flags & SEEN_WITHIN && is_main(g, r->method)) g->later = r;
}

static void summarise(struct weave *w, struct sum *s, u32 caller_tag) {
    struct reading g = {.w = w, .s = s, .caller_tag = caller_tag};
    s->start_us = s->ring_us = s->answer_us = s->cancel_us = s->fail_us = s->bye_us =
        s->last_us = NEVER;
    s->ack_msg = s->retry_msg = s->refer_msg[0] = s->refer_msg[1] = 0;
    if (w->some_masked && map_get(&w->masked, s->call_id)) s->flags |= SUM_LAX;
    kind_note(&g);
    for (u32 i = 0; i < s->n; i++) {
        const struct msg *m = &w->msgs[s->at + i];
        const struct seen *r = msg_seen(w, m);
        if (!g.asked) find_begin(&g, i, m, r);
        if (is_request(r)) {
            request_note(&g, m, r);
        } else {
            response_note(&g, m, r);
        }
        s->last_us = i == 0 ? m->time_us : i64_max(s->last_us, m->time_us);
    }
    s->state = state_of(s, g.asked);
    s->missed = !is_request(msg_seen(w, &w->msgs[s->start_msg - 1]));
    s->id = id_of(&g);
}

/* Who the caller is where the beginning was captured on another hop only. */
static void ask_other_hops(struct weave *w) {
    struct map tags = {0};
    way_learn(&tags, w);
    for (isize i = 0; tags.n && i < w->nsums; i++) {
        u32 tag = way_told(&tags, &w->sums[i]);
        if (tag) summarise(w, &w->sums[i], tag);
    }
    map_drop(&tags);
}

bool leg_alive(const struct sum *s, i64 at_us, i64 slack) {
    bool over = s->state == STATE_ANSWERED || s->state == STATE_CANCELLED ||
                s->state == STATE_FAILED;
    return !over || s->last_us + slack + 2000000 >= at_us;
}

bool leg_may_be_older(const struct weave *w, const struct sum *s, i64 than_us) {
    if (!s->missed) return false;
    const struct seen *first = msg_seen(w, &w->msgs[s->start_msg - 1]);
    i64 unseen = first->status == 100 ? LEG_UNTRIED_US : LEG_UNSEEN_US;
    return s->start_us - than_us < unseen;
}

bool leg_was_there(const struct sum *p, const struct sum *c) {
    enum { ANY_CLOCKS_US = 2000000 };
    i64 slack = (i64)p->precision_us + c->precision_us + ANY_CLOCKS_US;
    return p->start_us <= c->start_us + slack && leg_alive(p, c->start_us, slack);
}

/* Legs being read, by two threads if there are two: each has messages of its own. */
struct legs {
    struct weave *w;
    struct moves moves;
};

static void read_legs(void *legs, int half, isize from, isize to) {
    struct legs *g = legs;
    arena scratch = g->w->names; /* as much for the other thread */
    if (half) scratch = arena_open(scratch.end - scratch.at);
    for (isize i = from; i < to; i++) {
        order_leg(g->w, &g->w->sums[i], &g->moves, half, scratch);
        summarise(g->w, &g->w->sums[i], 0);
    }
    if (half) arena_close(&scratch);
}

void leg_summarise(struct weave *w) {
    struct legs legs = {.w = w};
    struct drafts all = {0};
    drafts_deal(&all, w);
    moves_open(&legs.moves, w);
    move_messages(w, &all, &legs.moves);
    make_sums(w, &all);
    base_free(all.rows);
    (void)base_both(read_legs, &legs, w->nsums, weave_may_use(w, w->nsums));
    w->tangled = legs.moves.tangled[0] || legs.moves.tangled[1];
    ask_other_hops(w);
    moves_close(&legs.moves, w);
    if (w->finished) trace_forget(&w->trace, TRACE_CALL_IDS);
    if (!only_lines(w)) return;
    base_free(w->leg_of);
    w->leg_of = NULL;
    w->cap_leg_of = 0;
}
