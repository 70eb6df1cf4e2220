/* json.c: a call as the object of docs/json.md. Written, not built: nothing is held in memory
 * but the text itself. */
#include "draw/json.h"

#include "base/time.h"
#include "draw/facts.h"

#include <math.h>

enum { LINKS_IN_SUMMARY = 8 };

void json_time(struct out *o, const char *key, i64 us) {
    u8 room[64];
    arena scratch = {room, room, room + sizeof room};
    if (us < 0) {
        json_null(o, key);
    } else {
        json_str(o, key, time_iso(&scratch, us));
    }
}

static void json_positive(struct out *o, const char *key, i64 value) {
    json_i64_or_null(o, key, value > 0 ? value : -1);
}

void json_number(struct out *o, const char *key, double value, int decimals) {
    if (isfinite(value)) {
        json_fixed(o, key, value, decimals);
    } else {
        json_null(o, key);
    }
}

static void json_device_name(struct out *o, const char *key, const struct call *c,
                             int device) {
    if (device < 0 || device >= c->ndevices) {
        json_null(o, key);
    } else {
        json_str(o, key, c->devices[device].name);
    }
}

/* Milliseconds from one time to another, null where one of them is not known. */
static void json_between(struct out *o, const char *key, i64 from_us, i64 to_us) {
    bool known = from_us >= 0 && to_us >= from_us;
    json_i64_or_null(o, key, known ? (to_us - from_us) / 1000 : -1);
}

static void write_devices(struct out *o, const struct call *c) {
    json_begin_array(o, "devices");
    for (isize i = 0; i < c->ndevices; i++) {
        const struct device *d = &c->devices[i];
        json_begin_object(o, NULL);
        json_str(o, "name", d->name);
        json_begin_array(o, "addresses");
        for (isize k = 0; k < d->naddresses; k++) json_str(o, NULL, d->addresses[k]);
        json_end_array(o);
        json_bool(o, "named", d->named);
        json_str(o, "software", d->software);
        json_bool(o, "pool", d->nips > 1);
        json_end_object(o);
    }
    json_end_array(o);
}

static const char *side_text(enum side s) {
    switch (s) {
    case SIDE_CALLER: return "caller";
    case SIDE_CALLEE: return "callee";
    case SIDE_NONE: break;
    }
    return NULL;
}

static void write_leg(struct out *o, const struct call *c, const struct leg *l) {
    json_begin_object(o, NULL);
    json_i64(o, "n", l->n);
    json_str(o, "id", l->id);
    json_str(o, "call_id", l->call_id);
    json_device_name(o, "from_device", c, l->from_device);
    json_device_name(o, "to_device", c, l->to_device);
    json_str(o, "src", l->src);
    json_str(o, "dst", l->dst);
    json_z(o, "transport", transport_text(l->transport));
    json_str(o, "from", l->from);
    json_str(o, "from_display", l->from_display);
    json_str(o, "to", l->to);
    json_z(o, "role", leg_role_text(l->role));
    json_z(o, "state", call_state_text(l->state));
    json_positive(o, "status", l->status);
    json_str(o, "reason", l->reason);
    json_time(o, "start", l->start_us);
    json_between(o, "ring_ms", l->ring_us, l->answer_us >= 0 ? l->answer_us : l->end_us);
    json_between(o, "duration_ms", l->answer_us, l->end_us);
    json_z(o, "ended_by", side_text(l->ended_by));
    json_i64(o, "messages", l->messages);
    json_positive(o, "parent", l->parent);
    json_number(o, "confidence", l->confidence, 4);
    json_evidence(o, l->evidence, l->nevidence);
    json_end_object(o);
}

static void write_problems(struct out *o, const struct call *c) {
    json_begin_array(o, "problems");
    for (isize i = 0; i < c->nproblems; i++) {
        const struct problem *p = &c->problems[i];
        json_begin_object(o, NULL);
        json_str(o, "id", p->id);
        json_str(o, "severity", p->severity);
        json_positive(o, "leg", p->leg);
        json_positive(o, "message", p->message);
        json_str(o, "text", p->text);
        json_str(o, "cure", p->cure);
        json_end_object(o);
    }
    json_end_array(o);
}

static const char *vantage_text(enum vantage v) {
    switch (v) {
    case VANTAGE_RECEIVER: return "receiver";
    case VANTAGE_SENDER: return "sender";
    case VANTAGE_WIRE: break;
    }
    return "wire";
}

static void write_seen(struct out *o, const struct message *m) {
    json_begin_array(o, "seen");
    for (isize i = 0; i < m->nseen; i++) {
        const struct seen_by *s = &m->seen[i];
        json_begin_object(o, NULL);
        json_str(o, "source", s->source);
        json_time(o, "time", s->time_us);
        json_i64(o, "precision_us", s->precision_us);
        json_positive(o, "line", (i64)s->line);
        json_z(o, "vantage", vantage_text(s->vantage));
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_notes(struct out *o, const struct message *m) {
    json_begin_array(o, "notes");
    for (isize i = 0; i < m->nnotes; i++) {
        const struct message_note *note = &m->notes[i];
        json_begin_object(o, NULL);
        json_str(o, "code", note->code);
        json_str(o, "text", note->text);
        json_i64(o, "at", note->at);
        json_i64(o, "n", note->n);
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_message(struct out *o, const struct call *c, const struct message *m,
                          bool raw) {
    json_begin_object(o, NULL);
    json_i64(o, "n", m->n);
    json_time(o, "time", m->time_us);
    json_i64(o, "precision_us", m->precision_us);
    json_i64(o, "leg", m->leg);
    json_device_name(o, "from_device", c, m->from_device);
    json_device_name(o, "to_device", c, m->to_device);
    json_str(o, "src", m->src);
    json_str(o, "dst", m->dst);
    json_z(o, "transport", transport_text(m->transport));
    json_str(o, "summary", m->summary);
    json_positive(o, "status", m->is_request ? 0 : m->status);
    json_str(o, "method", m->method);
    json_i64(o, "cseq", m->cseq);
    json_positive(o, "retransmission_of", m->retransmission_of);
    json_positive(o, "prompted_by", m->prompted_by);
    json_bool(o, "sdp", m->has_sdp);
    json_bool(o, "cut", m->cut);
    write_seen(o, m);
    write_notes(o, m);
    if (raw) json_str(o, "raw", m->raw);
    json_end_object(o);
}

static void write_messages(struct out *o, const struct call *c, bool raw) {
    isize n = c->messages ? c->nmessages : 0;
    json_i64(o, "message_count", c->nmessages);
    json_begin_array(o, "messages");
    for (isize i = 0; i < n; i++) write_message(o, c, &c->messages[i], raw);
    json_end_array(o);
    json_begin_array(o, "story");
    json_end_array(o);
}

enum how_much { SUMMARY, LEAN, WHOLE };

static void write_call(struct out *o, const struct call *c, enum how_much how) {
    json_begin_object(o, NULL);
    json_str(o, "id", c->id);
    json_z(o, "kind", call_kind_text(c->kind));
    json_time(o, "start", c->start_us);
    json_str(o, "from", c->from);
    json_str(o, "to", c->to);
    json_z(o, "state", call_state_text(c->state));
    json_positive(o, "status", c->status);
    json_i64_or_null(o, "setup_ms", c->setup_ms);
    json_i64_or_null(o, "ring_ms", c->ring_ms);
    json_i64_or_null(o, "duration_ms", c->duration_ms);
    json_i64(o, "precision_us", fact_precision(c));
    write_devices(o, c);
    json_begin_array(o, "legs");
    for (isize i = 0; i < c->nlegs; i++) write_leg(o, c, &c->legs[i]);
    json_end_array(o);
    json_links(o, c, how == SUMMARY ? LINKS_IN_SUMMARY : INT32_MAX);
    write_problems(o, c);
    if (how == SUMMARY) {
        json_i64(o, "messages", c->nmessages);
    } else {
        write_messages(o, c, how == WHOLE);
    }
    json_end_object(o);
}

void draw_json(struct out *o, const struct call *c, bool messages) {
    write_call(o, c, messages ? WHOLE : SUMMARY);
}

void draw_json_lean(struct out *o, const struct call *c) {
    write_call(o, c, LEAN);
}

void draw_json_messages(struct out *o, const char *key, const struct call *c, isize first,
                        isize count) {
    isize n = c->messages ? c->nmessages : 0;
    json_begin_array(o, key);
    for (isize i = first < 1 ? 0 : first - 1; i < n && count > 0; i++, count--)
        write_message(o, c, &c->messages[i], true);
    json_end_array(o);
}
