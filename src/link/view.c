/* view.c: one conversation as people see it (trace/call.h), from the tables of linking. */
#include "link/view.h"

#include <stdlib.h>

static const double SUREST = 0.9999; /* evidence is never more certain than this */

enum {
    MOST_SHOWN = 400000
}; /* messages of one call, the first of them: only an attack has more */

/* ---- devices ---------------------------------------------------------------------------------- */

struct use {
    u32 endpoint, n, first;
};

static int by_use(const void *a, const void *b) {
    const struct use *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Every address of the call with how often it was used; most used first. */
static struct use *count_addresses(struct view *v, isize n, isize *nuses) {
    struct use *uses = arena_new(v->a, struct use, 2 * n);
    struct map place = {0};
    *nuses = 0;
    for (isize i = 0; i < n; i++) {
        const struct seen *r = msg_seen(v->w, &v->w->msgs[v->order[i]]);
        const u32 ends[] = {r->src, r->dst};
        for (isize k = 0; k < 2; k++) {
            u32 *at = map_put(&place, ends[k] + (u64)1);
            if (!*at) {
                *at = (u32)++ * nuses;
                uses[*at - 1] = (struct use){ends[k], 0, (u32)*nuses};
            }
            uses[*at - 1].n++;
        }
    }
    map_drop(&place);
    if (*nuses) qsort(uses, (size_t)*nuses, sizeof *uses, by_use);
    return uses;
}

/* In order of appearance. An address is counted by its device, an IP once whatever its ports. */
static void name_devices(struct view *v, isize n) {
    const struct weave *w = v->w;
    struct call *c = v->call;
    for (isize i = 0; i < n; i++) {
        const struct seen *r = msg_seen(w, &w->msgs[v->order[i]]);
        const u32 ends[] = {w->dev_of[r->src], w->dev_of[r->dst]};
        for (isize k = 0; k < 2; k++) {
            u32 *at = map_put(&v->device, ends[k] + (u64)1);
            if (*at) continue;
            *at = (u32)++c->ndevices;
            const struct dev *dev = &w->devs[ends[k]];
            c->devices[*at - 1] = (struct device){
                .name = arena_copy(v->a, dev->name),
                .named = dev->named,
                .software =
                    arena_copy(v->a, str_table_get(&w->trace.strings, dev->agent)),
            };
        }
    }
}

static void devices(struct view *v, isize n) {
    const struct weave *w = v->w;
    struct call *c = v->call;
    struct map ips = {0};
    isize nuses;
    struct use *uses = count_addresses(v, n, &nuses);
    c->devices = arena_new(v->a, struct device, nuses);
    name_devices(v, n);
    for (isize i = 0; i < nuses; i++) {
        c->devices[view_device(v, w->dev_of[uses[i].endpoint])].naddresses++;
    }
    for (isize d = 0; d < c->ndevices; d++) {
        c->devices[d].addresses = arena_new(v->a, str, c->devices[d].naddresses);
        c->devices[d].naddresses = 0;
    }
    for (isize i = 0; i < nuses; i++) {
        const struct endpoint *e = &w->trace.endpoints[uses[i].endpoint];
        int mine = view_device(v, w->dev_of[uses[i].endpoint]);
        struct device *d = &c->devices[mine];
        if (e->family == 0) continue;
        str ip = {e->ip, e->family == 4 ? 4 : 16};
        u32 *known = map_put(&ips, hash_mix(hash_bytes(ip, e->family), (u64)mine));
        d->nips += *known == 0;
        *known = 1;
        d->addresses[d->naddresses++] = endpoint_text(v->a, e);
    }
    map_drop(&ips);
}

/* ---- legs ---------------------------------------------------------------------------------------- */

/* In order of their first messages; recordings come last, since they belong to a leg that comes before. */
static void number_legs(struct view *v, isize n) {
    int next = 1;
    for (isize i = 0; i < (isize)v->g->n; i++)
        *map_put(&v->leg, view_leg(v, i) + (u64)1) = (u32)i + 1;
    for (int recordings = 0; recordings < 2; recordings++) {
        for (isize i = 0; i < n; i++) {
            u32 row = v->w->leg_of[v->order[i]];
            bool recording = (v->w->sums[row].flags & SUM_RECORDING) != 0;
            int *number = &v->leg_number[map_get(&v->leg, row + (u64)1) - 1];
            if (!*number && recording == (recordings == 1)) *number = next++;
        }
    }
}

str view_label(const struct view *v, const struct sum *s, enum fact_kind kind, u64 hash) {
    for (u32 k = 0; k < s->nfacts; k++) {
        const struct fact *f = &v->w->leg_facts[s->facts_at + k];
        if (f->kind == kind && (hash == 0 || f->hash == hash)) {
            return arena_copy(v->a, str_table_get(&v->w->trace.strings, f->label));
        }
    }
    return (str){0};
}

i64 view_leg_end(const struct sum *s) {
    if (s->answer_us != NEVER) return s->bye_us;
    return s->cancel_us != NEVER ? s->cancel_us : s->fail_us;
}

static void leg_fill(const struct view *v, u32 row, struct leg *l) {
    const struct weave *w = v->w;
    const struct sum *s = &w->sums[row];
    *l = (struct leg){
        .n = view_number(v, row),
        .id = call_id_text(v->a, s->id),
        .call_id = arena_copy(v->a, str_table_get(&w->trace.strings, s->call_id)),
        .from_device = view_device(v, s->from_dev),
        .to_device = view_device(v, s->to_dev),
        .src = endpoint_text(v->a, &w->trace.endpoints[s->src]),
        .dst = endpoint_text(v->a, &w->trace.endpoints[s->dst]),
        .transport = (enum transport)s->transport,
        .from = view_label(v, s, FACT_FROM, 0),
        .to = view_label(v, s, FACT_TO, 0),
        .from_display = view_label(v, s, FACT_DISPLAY, 0),
        .role = (enum leg_role)s->role,
        .state = (enum call_state)s->state,
        .status = s->status,
        .reason = s->status >= 300 ? view_label(v, s, FACT_REASON, s->status)
                                   : sip_status_text(s->status),
        .messages = (isize)s->n,
        .parent = s->parent ? view_number(v, s->parent - 1) : 0,
        .confidence = s->parent ? (s->confidence < SUREST ? s->confidence : SUREST) : 1,
        .start_us = s->start_us,
        .ring_us = s->ring_us,
        .answer_us = s->answer_us,
        .end_us = view_leg_end(s),
        .ended_by = (enum side)s->ended_by,
    };
    if (s->parent)
        l->evidence =
            view_evidence(v, row, s->parent - 1, s->proofs_at, s->nproofs, &l->nevidence);
}

static void legs(struct view *v) {
    struct call *c = v->call;
    c->nlegs = (isize)v->g->n;
    c->legs = arena_new(v->a, struct leg, c->nlegs);
    for (isize i = 0; i < c->nlegs; i++) {
        leg_fill(v, view_leg(v, i), &c->legs[v->leg_number[i] - 1]);
    }
}

/* ---- messages ---------------------------------------------------------------------------------------- */

static void seen_fill(const struct view *v, const struct msg *m, struct message *out) {
    isize n = 1;
    for (u32 next = more_of(v->w, m->seen); next; next = more_of(v->w, next - 1)) n++;
    out->seen = arena_new(v->a, struct seen_by, n);
    for (u32 row = m->seen + 1; row; row = more_of(v->w, row - 1)) {
        const struct seen *r = &v->w->trace.seen[row - 1];
        i64 us = v->w->trace.times ? v->w->trace.times[row - 1] : m->time_us;
        out->seen[out->nseen++] = (struct seen_by){
            arena_copy(v->a, v->w->trace.sources[r->source].name), us, r->precision_us,
            (enum vantage)r->vantage, v->w->trace.places[row - 1].line};
    }
}

/* What the bytes say; where they are gone, what the tables remember. */
static void bytes_fill(const struct view *v, const struct seen *r, struct message *out,
                       struct sip_msg *m) {
    struct fail f;
    enum err e = out->raw.n ? sip_msg_check(m, out->raw, &f) : ERR_NOT_FOUND;
    str method = sip_method_text((enum sip_method)r->method);
    out->method = method;
    if (e != ERR_OK && e != ERR_MORE) {
        out->summary = out->is_request ? method : arena_printf(v->a, "%d", r->status);
        return;
    }
    out->summary = sip_msg_summary(v->a, m);
    if (out->method.n == 0) {
        out->method =
            arena_copy(v->a, m->is_request ? m->method_name : m->cseq.method_name);
    }
    const struct sip_header *type = sip_header_first(m, SIP_HDR_CONTENT_TYPE);
    out->has_sdp =
        m->body.n && type && str_find_nocase(type->value, S("application/sdp")) >= 0;
    bool from_wire = v->w->trace.sources[r->source].kind == SOURCE_CAPTURE;
    out->notes = arena_new(v->a, struct message_note, m->nnotes);
    for (isize i = 0; i < m->nnotes; i++) {
        const struct sip_note *note = &m->notes[i];
        /* a device's log writes LF for CRLF: that says nothing of what was sent */
        if (note->code == SIP_NOTE_BARE_LF && !from_wire) continue;
        out->notes[out->nnotes++] =
            (struct message_note){str_z(sip_note_name(note->code)),
                                  str_z(sip_note_text(note->code)), note->at, note->n};
    }
}

/* The bytes, in the arena. A call of more than it holds is shown without them from there on. */
static str raw_of(const struct view *v, u32 seen, isize left) {
    enum { A_MESSAGE = 1600, LARGEST = 1 << 20 };
    if (v->a->end - v->a->at < left * A_MESSAGE + LARGEST) return (str){0};
    str raw = trace_bytes(&v->w->trace, seen, v->a);
    if (raw.p >= v->a->beg && raw.p < v->a->end) return raw;
    return arena_copy(v->a, raw);
}

static void messages(struct view *v, isize n) {
    const struct weave *w = v->w;
    struct call *c = v->call;
    struct sip_msg *parsed = arena_new(v->a, struct sip_msg, 1);
    i64 latest = INT64_MIN;
    struct map place = {0}; /* of what is repeated: row of msgs + 1 -> number */
    c->messages = arena_new(v->a, struct message, n);
    for (isize i = 0; i < n; i++) {
        u32 first = repeat_of(w, &w->msgs[v->order[i]]);
        if (first) *map_put(&place, first) = UINT32_MAX;
    }
    for (isize i = 0; place.n && i < n; i++) {
        if (map_get(&place, v->order[i] + (u64)1))
            *map_put(&place, v->order[i] + (u64)1) = (u32)i + 1;
    }
    for (isize i = 0; i < n; i++) {
        const struct msg *m = &w->msgs[v->order[i]];
        const struct seen *r = msg_seen(w, m);
        struct message *out = &c->messages[i];
        /* within its precision a time is never before the message that it follows */
        i64 time = m->time_us;
        u32 precision_us = r->precision_us;
        if (time < latest && latest - time <= precision_us) time = latest;
        latest = i64_max(latest, time);
        *out = (struct message){
            .n = (int)i + 1,
            .time_us = time,
            .precision_us = precision_us,
            .leg = view_number(v, msg_leg(w, m)),
            .from_device = view_device(v, w->dev_of[r->src]),
            .to_device = view_device(v, w->dev_of[r->dst]),
            .src = endpoint_text(v->a, &w->trace.endpoints[r->src]),
            .dst = endpoint_text(v->a, &w->trace.endpoints[r->dst]),
            .transport = (enum transport)r->transport,
            .is_request = (r->flags & SEEN_REQUEST) != 0,
            .status = r->status,
            .cseq = msg_step(w, m)->cseq,
            .retransmission_of = (int)map_get(&place, repeat_of(w, m)),
            .prompted_by = (int)v->prompts[i],
            .cut = (r->flags & SEEN_CUT) != 0,
        };
        out->raw = raw_of(v, m->seen, n - i);
        bytes_fill(v, r, out, parsed);
        seen_fill(v, m, out);
    }
    map_drop(&place);
}

/* ---- the call ------------------------------------------------------------------------------------------ */

static i64 ms_between(i64 from, i64 to) {
    if (from == NEVER || to == NEVER) return -1;
    return to > from ? (to - from) / 1000 : 0;
}

static void methods(struct view *v, isize n) {
    struct call *c = v->call;
    u32 known = 0;
    c->methods = arena_new(v->a, str, SIP_METHOD_OTHER);
    for (isize i = 0; i < n; i++) {
        const struct seen *r = msg_seen(v->w, &v->w->msgs[v->order[i]]);
        if (!(r->flags & SEEN_REQUEST) || r->method >= SIP_METHOD_OTHER) continue;
        if (known & (u32)1 << r->method) continue;
        known |= (u32)1 << r->method;
        c->methods[c->nmethods++] = sip_method_text((enum sip_method)r->method);
    }
}

/* Of all its messages, so that a summary and the whole call say the same. */
static u32 coarsest(const struct view *v, isize n) {
    u32 most = 1;
    for (isize i = 0; i < n; i++) {
        u32 one = msg_precision_us(v->w, &v->w->msgs[v->order[i]]);
        if (one > most) most = one;
    }
    return most;
}

void view_outcome(struct call *c, const struct leg *first) {
    c->id = first->id;
    c->from = first->from;
    c->to = first->to;
    c->state = first->state;
    c->status = first->status;
    c->setup_ms = ms_between(first->start_us, first->answer_us);
    i64 rang_to = first->answer_us != NEVER ? first->answer_us : first->end_us;
    c->ring_ms = c->kind == KIND_CALL ? ms_between(first->ring_us, rang_to) : -1;
    c->duration_ms =
        c->kind == KIND_CALL ? ms_between(first->answer_us, first->end_us) : -1;
}

struct call *weave_call(struct weave *w, isize i, bool with_messages, arena *a) {
    const struct conversation *g = &w->groups[i];
    must(w->leg_of); /* see weave_for_lines */
    struct call *c = arena_new(a, struct call, 1);
    struct view v = {.w = w, .g = g, .a = a, .call = c};
    isize n = 0;
    for (isize k = 0; k < (isize)g->n; k++) n += w->sums[view_leg(&v, k)].n;
    *c = (struct call){.kind = g->kind, .start_us = g->start_us, .nmessages = n};
    v.order = arena_new(a, u32, n);
    v.prompts = arena_new(a, u32, n);
    v.leg_number = arena_new(a, int, g->n);
    isize at = 0;
    for (isize k = 0; k < (isize)g->n; k++) {
        const struct sum *s = &w->sums[view_leg(&v, k)];
        for (u32 m = 0; m < s->n; m++) v.order[at++] = s->at + m;
    }
    (void)order_rows(w, g, v.order, n, *a);
    number_legs(&v, n);
    devices(&v, n);
    legs(&v);
    decide_view(w, g, c, a);
    methods(&v, n);
    c->precision_us = coarsest(&v, n);
    view_outcome(c, &c->legs[0]);
    view_maybes(&v);
    view_related(&v);
    if (with_messages && w->trace.places) {
        c->nmessages = i64_min(n, MOST_SHOWN);
        prompt_find(w, v.order, c->nmessages, v.prompts);
        messages(&v, c->nmessages);
    }
    map_drop(&v.device);
    map_drop(&v.leg);
    return c;
}
