#include "trace/trace.h"

#include <string.h>

void trace_init(struct trace *t) {
    *t = (struct trace){.names = arena_open((isize)256 << 20)};
    t->endpoints = base_grow(NULL, &t->cap_endpoints, 1, (isize)sizeof *t->endpoints);
    t->nendpoints = 1;
}

void trace_drop(struct trace *t) {
    base_free(t->seen);
    base_free(t->sources);
    base_free(t->endpoints);
    base_free(t->facts);
    base_free(t->kept);
    map_drop(&t->endpoint_index);
    map_drop(&t->facts_known);
    str_table_drop(&t->strings);
    arena_close(&t->names);
    *t = (struct trace){0};
}

u32 trace_source(struct trace *t, const struct source *s) {
    for (isize i = 0; i < t->nsources; i++) {
        const struct source *have = &t->sources[i];
        if (have->kind == s->kind && str_eq(have->name, s->name) &&
            str_eq(have->device, s->device)) {
            return (u32)i;
        }
    }
    must(t->nsources < UINT16_MAX);
    t->sources = base_grow(t->sources, &t->cap_sources, t->nsources + 1,
                           (isize)sizeof *t->sources);
    struct source *mine = &t->sources[t->nsources];
    *mine = *s;
    mine->name = arena_copy(&t->names, s->name);
    mine->device = arena_copy(&t->names, s->device);
    return (u32)t->nsources++;
}

u32 trace_endpoint(struct trace *t, const struct endpoint *e) {
    if (e->family == 0) return 0;
    u64 key =
        hash_bytes((str){e->ip, e->family == 4 ? 4 : 16}, (u64)e->port << 8 | e->family);
    for (;; key++) {
        u32 *number = map_put(&t->endpoint_index, key);
        if (*number && endpoint_eq(&t->endpoints[*number], e)) return *number;
        if (*number) continue;
        isize n = t->nendpoints + 1;
        t->endpoints = base_grow(t->endpoints, &t->cap_endpoints, n, (isize)sizeof *e);
        t->endpoints[t->nendpoints] = *e;
        *number = (u32)t->nendpoints;
        t->nendpoints = n;
        return *number;
    }
}

static u32 hash32(str s) {
    if (s.n == 0) return 0;
    u32 h = (u32)hash_bytes(s, 0);
    return h ? h : 1;
}

/* A device's log writes LF for CRLF, so two sightings of one message agree only without the CRs. */
static u32 content_hash(str text) {
    u64 hash = 0;
    text = str_trim(text);
    while (text.n) {
        struct str_pair line = str_cut(text, '\n');
        str one = line.head;
        if (one.n && one.p[one.n - 1] == '\r') one.n--;
        hash = hash_bytes(one, hash + 1);
        text = line.tail;
    }
    return (u32)hash | 1;
}

static u64 keep(struct trace *t, str bytes) {
    t->kept = base_grow(t->kept, &t->cap_kept, t->nkept + bytes.n, 1);
    if (bytes.n) memcpy(t->kept + t->nkept, bytes.p, (size_t)bytes.n);
    t->nkept += bytes.n;
    return (u64)(t->nkept - bytes.n);
}

u32 trace_add(struct trace *t, const struct sighting *s, const struct sip_msg *m) {
    must(t->nseen < UINT32_MAX - 1 && (isize)s->source < t->nsources);
    t->seen = base_grow(t->seen, &t->cap_seen, t->nseen + 1, (isize)sizeof *t->seen);
    struct seen *r = &t->seen[t->nseen];
    *r = (struct seen){
        .time_us = s->time_us,
        .at = s->at,
        .size = (u32)s->bytes.n,
        .line = (u32)s->line,
        .src = trace_endpoint(t, &s->src),
        .dst = trace_endpoint(t, &s->dst),
        .call_id = str_table_add(&t->strings, m->call_id),
        .cseq = m->cseq.number,
        .branch = hash32(m->branch),
        .from_tag = hash32(m->from_tag),
        .to_tag = hash32(m->to_tag),
        .content = content_hash(s->bytes),
        .precision_us = s->precision_us ? s->precision_us : 1,
        .source = (u16)s->source,
        .status = m->status,
        .method = (u8)(m->is_request ? m->method : m->cseq.method),
        .transport = (u8)s->transport,
        .vantage = (u8)s->vantage,
        .attempt = (u8)i64_min(s->attempt, UINT8_MAX),
    };
    if (m->is_request) r->flags |= SEEN_REQUEST;
    if (s->cut || m->cut) r->flags |= SEEN_CUT;
    if (s->at == SIGHTING_NOWHERE || !t->sources[s->source].read) {
        r->flags |= SEEN_KEPT;
        r->at = keep(t, s->bytes);
    }
    return (u32)t->nseen++;
}

void trace_fact(struct trace *t, struct fact f, str label) {
    t->facts = base_grow(t->facts, &t->cap_facts, t->nfacts + 1, (isize)sizeof *t->facts);
    f.label = str_table_add(&t->strings, label);
    t->facts[t->nfacts++] = f;
}

str trace_bytes(const struct trace *t, u32 seen, arena *a) {
    const struct seen *r = &t->seen[seen];
    if (r->flags & SEEN_KEPT) return (str){t->kept + r->at, (isize)r->size};
    const struct source *s = &t->sources[r->source];
    return s->read(s->read_ctx, r->at, r->size, a);
}
