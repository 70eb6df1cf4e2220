/* leg.c: messages to legs. A leg is one Call-ID between two neighbouring devices; what linking needs to
 * know of it is summed up here: its ends, its times, how it went, and its facts. */
#include "link/pair.h"

/* "[email protected]": what web pages make of every user@host (LOGFORMATS.md 17.8). */
static bool is_masked(str call_id) {
    return str_find_nocase(call_id, S("[email")) >= 0;
}

static u64 leg_key(const struct weave *w, const struct seen *r) {
    u32 a = w->dev_of[r->src], b = w->dev_of[r->dst];
    if (a > b) {
        u32 swap = a;
        a = b;
        b = swap;
    }
    u64 id = r->call_id;
    if (is_masked(str_table_get(&w->trace.strings, r->call_id))) {
        id = hash_mix(id, (u64)r->from_tag ^ r->to_tag); /* both ways round */
    }
    if (r->call_id == 0) id = hash_mix(r->branch, (u64)r->from_tag + 1);
    return hash_mix(id, (u64)a << 32 | b);
}

static u32 leg_of(struct weave *w, struct map *index, const struct seen *r) {
    u32 *number = map_put(index, leg_key(w, r));
    if (*number == 0) {
        w->sums = base_grow(w->sums, &w->cap_sums, w->nsums + 1, (isize)sizeof *w->sums);
        struct sum *s = &w->sums[w->nsums++];
        *s = (struct sum){.call_id = r->call_id,
                          .from_dev = w->dev_of[r->src],
                          .to_dev = w->dev_of[r->dst],
                          .src = r->src,
                          .dst = r->dst,
                          .transport = r->transport,
                          .start_us = NEVER,
                          .ring_us = NEVER,
                          .answer_us = NEVER,
                          .ack_us = NEVER,
                          .cancel_us = NEVER,
                          .fail_us = NEVER,
                          .bye_us = NEVER,
                          .last_us = NEVER,
                          .retry_us = NEVER,
                          .refer_us = NEVER};
        if (r->call_id && is_masked(str_table_get(&w->trace.strings, r->call_id))) {
            s->flags |= SUM_LAX;
        }
        *number = (u32)w->nsums;
    }
    return *number - 1;
}

static void assign(struct weave *w) {
    struct map index = {0};
    w->nsums = 0;
    for (isize i = 0; i < w->nmsgs; i++) {
        struct msg *m = &w->msgs[i];
        m->leg = leg_of(w, &index, msg_seen(w, m));
        w->sums[m->leg].n++;
    }
    map_drop(&index);
    u32 at = 0;
    for (isize i = 0; i < w->nsums; i++) {
        w->sums[i].at = at;
        at += w->sums[i].n;
        w->sums[i].n = 0;
    }
}

/* Stamps of one second leave a leg that two logs saw in disorder; what either log says about the order
 * of two messages holds. */
static void settle_order(const struct weave *w, u32 *rows, u32 n) {
    for (u32 i = 1; i < n; i++) {
        u32 row = rows[i], at = i;
        if (w->msgs[row].precision_us < 1000000) continue;
        while (at > 0 && msg_order(w, rows[at - 1], row) > 0) {
            rows[at] = rows[at - 1];
            at--;
        }
        rows[at] = row;
    }
}

/* Time first; within one stamp the order in which its source has them. */
static void sort_leg_messages(struct weave *w) {
    isize cap = 0, n = w->nmsgs;
    struct sort_row *rows = base_grow(NULL, &cap, n + 1, (isize)sizeof *rows);
    w->by_leg = base_grow(w->by_leg, &w->cap_by_leg, n + 1, (isize)sizeof *w->by_leg);
    for (isize i = 0; i < n; i++) {
        rows[i].key = (u64)w->msgs[i].time_us ^ (u64)1 << 63;
        rows[i].value = (u64)w->msgs[i].seen << 32 | (u64)i;
    }
    sort_rows(rows, n);
    for (isize i = 0; i < n; i++) {
        u32 row = (u32)rows[i].value;
        struct sum *s = &w->sums[w->msgs[row].leg];
        w->by_leg[s->at + s->n++] = row;
    }
    for (isize i = 0; i < w->nsums; i++) {
        settle_order(w, w->by_leg + w->sums[i].at, w->sums[i].n);
    }
    base_free(rows);
}

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

/* Earlier in enum call_kind wins, except that a call beats all: OPTIONS within a call is the call's. */
static void kind_note(struct sum *s, bool first, u8 method) {
    enum call_kind kind = kind_of(method);
    if (first || kind < s->kind) s->kind = kind;
}

static void set_once(i64 *when, i64 us) {
    if (*when == NEVER) *when = us;
}

/* The end that starts a leg sends its first request; a response tells the same from its other end. */
static void first_message(struct sum *s, const struct weave *w, const struct seen *r) {
    bool forward = (r->flags & SEEN_REQUEST) != 0;
    s->src = forward ? r->src : r->dst;
    s->dst = forward ? r->dst : r->src;
    s->from_dev = w->dev_of[s->src];
    s->to_dev = w->dev_of[s->dst];
    s->transport = r->transport;
}

static enum side side_of(const struct sum *s, const struct weave *w, u32 sender) {
    return w->dev_of[sender] == s->from_dev ? SIDE_CALLER : SIDE_CALLEE;
}

static void request_note(struct sum *s, const struct weave *w, const struct seen *r,
                         i64 us) {
    switch ((enum sip_method)r->method) {
    case SIP_METHOD_ACK: set_once(&s->ack_us, us); break;
    case SIP_METHOD_CANCEL:
        set_once(&s->cancel_us, us);
        s->ended_by = SIDE_CALLER;
        break;
    case SIP_METHOD_BYE:
        if (s->bye_us == NEVER) s->ended_by = (u8)side_of(s, w, r->src);
        set_once(&s->bye_us, us);
        break;
    case SIP_METHOD_REFER:
        set_once(&s->refer_us, us);
        s->refer_dev = w->dev_of[r->dst];
        break;
    default: break;
    }
}

/* Which request a leg is about: INVITE for a call, REGISTER for a registration … */
static bool is_main(const struct sum *s, u8 method) {
    if (s->kind == KIND_CALL) return method == SIP_METHOD_INVITE;
    return kind_of(method) == s->kind;
}

static void response_note(struct sum *s, const struct seen *r, i64 us) {
    if (!is_main(s, r->method) || s->answer_us != NEVER) return;
    if (r->status > 100 && r->status < 200) set_once(&s->ring_us, us);
    if (r->status >= 200) s->status = r->status;
    if (r->status >= 200 && r->status < 300) s->answer_us = us;
    if (r->status >= 300) s->fail_us = us;
}

static u8 state_of(const struct sum *s, bool asked) {
    if (s->answer_us != NEVER) {
        if (s->kind != KIND_CALL || s->bye_us != NEVER) return STATE_ANSWERED;
        return STATE_IN_CALL;
    }
    if (!asked) return STATE_PARTIAL;
    if (s->cancel_us != NEVER || s->status == 487) return STATE_CANCELLED;
    if (s->status >= 300) return STATE_FAILED;
    return s->kind == KIND_CALL ? STATE_RINGING : STATE_PARTIAL;
}

static void summarise(struct weave *w, struct sum *s) {
    bool asked = false, begun = false;
    for (u32 i = 0; i < s->n; i++) {
        kind_note(s, i == 0, msg_seen(w, &w->msgs[w->by_leg[s->at + i]])->method);
    }
    for (u32 i = 0; i < s->n; i++) {
        const struct msg *m = &w->msgs[w->by_leg[s->at + i]];
        const struct seen *r = msg_seen(w, m);
        bool request = (r->flags & SEEN_REQUEST) != 0;
        if (!asked && is_main(s, r->method) && (request || !begun)) {
            first_message(s, w, r);
            asked = begun = true;
            s->start_us = m->time_us;
            s->precision_us = m->precision_us;
        } else if (!begun) {
            first_message(s, w, r);
            begun = true;
            s->start_us = m->time_us;
            s->precision_us = m->precision_us;
        }
        if (request && !m->first && s->fail_us != NEVER && is_main(s, r->method)) {
            /* tried again, with credentials say: what came before was not the end */
            s->fail_us = NEVER;
            s->status = 0;
            s->retry_us = m->time_us;
        }
        if (request) request_note(s, w, r, m->time_us);
        if (!request) response_note(s, r, m->time_us);
        s->last_us = i64_max(s->last_us, m->time_us);
    }
    s->state = state_of(s, asked);
    str call_id = str_table_get(&w->trace.strings, s->call_id);
    arena scratch = w->names;
    u64 ends =
        hash_mix(hash_bytes(endpoint_ip_text(&scratch, &w->trace.endpoints[s->src]), 0),
                 hash_bytes(endpoint_ip_text(&scratch, &w->trace.endpoints[s->dst]), 0));
    s->id = hash_mix(hash_bytes(call_id, 0), ends);
    if (call_id.n == 0 || s->flags & SUM_LAX) s->id = hash_mix(s->id, (u64)s->start_us);
}

/* Each leg's facts together, each once. */
static void collect_facts(struct weave *w) {
    isize n = w->trace.nfacts, cap = 0, kept = 0;
    u32 *leg_of_seen =
        base_grow(NULL, &(isize){0}, w->trace.nseen + 1, (isize)sizeof(u32));
    for (isize i = 0; i < w->nmsgs; i++) {
        leg_of_seen[w->msgs[i].seen] = w->msgs[i].leg + 1;
        for (u32 next = w->msgs[i].more; next; next = w->more[next - 1]) {
            leg_of_seen[next - 1] = w->msgs[i].leg + 1;
        }
    }
    struct sort_row *rows = base_grow(NULL, &cap, n + 1, (isize)sizeof *rows);
    for (isize i = 0; i < n; i++) {
        const struct fact *f = &w->trace.facts[i];
        rows[kept++] = (struct sort_row){leg_of_seen[f->seen], (u64)i};
    }
    sort_rows(rows, kept);
    w->leg_facts =
        base_grow(w->leg_facts, &w->cap_leg_facts, n + 1, (isize)sizeof *w->leg_facts);
    w->nleg_facts = 0;
    for (isize i = 0; i < kept; i++) {
        struct sum *s = &w->sums[rows[i].key - 1];
        const struct fact *f = &w->trace.facts[rows[i].value];
        if (s->nfacts == 0) s->facts_at = (u32)w->nleg_facts;
        bool again = false;
        for (u32 k = 0; k < s->nfacts && !again; k++) {
            const struct fact *have = &w->leg_facts[s->facts_at + k];
            again =
                have->kind == f->kind && have->hash == f->hash && have->label == f->label;
        }
        if (again) continue;
        w->leg_facts[w->nleg_facts++] = *f;
        s->nfacts++;
        if (f->kind == FACT_RECORDING) s->flags |= SUM_RECORDING;
        if (f->kind == FACT_DIALOG &&
            w->trace.seen[f->seen].method == SIP_METHOD_INVITE) {
            s->flags |= SUM_TRANSFER;
        }
    }
    base_free(rows);
    base_free(leg_of_seen);
}

void leg_summarise(struct weave *w) {
    assign(w);
    sort_leg_messages(w);
    for (isize i = 0; i < w->nsums; i++) summarise(w, &w->sums[i]);
    collect_facts(w);
}
