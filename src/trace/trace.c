#include "trace/trace.h"

#include <string.h>

void trace_init(struct trace *t) {
    *t = (struct trace){.names = arena_open((isize)256 << 20)};
    t->endpoints = base_grow(NULL, &t->cap_endpoints, 1, (isize)sizeof *t->endpoints);
    t->nendpoints = 1;
}

void trace_forget(struct trace *t, enum trace_column column) {
    switch (column) {
#define X(id, column)                                                                    \
    case TRACE_##id:                                                                     \
        base_free(t->column);                                                            \
        t->column = NULL;                                                                \
        t->cap_##column = 0;                                                             \
        break;
        TRACE_COLUMN_LIST(X)
#undef X
    case TRACE_COLUMNS: break;
    }
}

void trace_drop(struct trace *t) {
    base_free(t->seen);
    for (int k = 0; k < TRACE_COLUMNS; k++) trace_forget(t, (enum trace_column)k);
    base_free(t->sources);
    base_free(t->endpoints);
    base_free(t->facts);
    base_free(t->asked);
    base_free(t->agent_met);
    base_free(t->kept);
    map_drop(&t->endpoint_index);
    map_drop(&t->agents_known);
    row_set_drop(&t->told);
    row_set_drop(&t->answered);
    str_table_drop(&t->strings);
    arena_close(&t->names);
    *t = (struct trace){0};
}

void trace_rest(struct trace *t) {
    base_free(t->asked);
    t->asked = NULL;
    t->cap_asked = 0;
    row_set_rest(&t->told);
    row_set_rest(&t->answered);
}

void trace_seal(struct trace *t) {
    base_free(t->facts);
    t->facts = NULL;
    t->nfacts = t->cap_facts = 0;
    str_table_seal(&t->strings);
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

static u32 endpoint_number(struct trace *t, const struct endpoint *e) {
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

u32 trace_endpoint(struct trace *t, const struct endpoint *e) {
    if (e->family == 0) return 0;
    const u8 *ip = e->ip + (e->family == 4 ? 0 : 12);
    u32 *met =
        &t->endpoints_met[(ip[3] * 5 + ip[2] + e->port) % countof(t->endpoints_met)];
    if (!*met || !endpoint_eq(&t->endpoints[*met], e)) *met = endpoint_number(t, e);
    return *met;
}

static u64 keep(struct trace *t, str bytes) {
    t->kept = base_grow(t->kept, &t->cap_kept, t->nkept + bytes.n, 1);
    if (bytes.n) memcpy(t->kept + t->nkept, bytes.p, (size_t)bytes.n);
    t->nkept += bytes.n;
    return (u64)(t->nkept - bytes.n);
}

static struct at_source place_of(u64 at, isize size, u64 line) {
    must(at <= SEEN_FARTHEST);
    return (struct at_source){.at_low = (u32)at,
                              .at_high = (u32)(at >> 32) & 255,
                              .size = (u32)size & SEEN_LARGEST,
                              .line = (u32)line};
}

/* Room for one more row. */
static void widen(struct trace *t) {
    isize n = t->nseen + 1;
    t->seen = base_grow(t->seen, &t->cap_seen, n, (isize)sizeof *t->seen);
#define X(id, column)                                                                    \
    t->column = base_grow(t->column, &t->cap_##column, n, (isize)sizeof *t->column);
    TRACE_COLUMN_LIST(X)
#undef X
}

u32 trace_add(struct trace *t, const struct digest *d) {
    const struct sighting *s = &d->s;
    isize size = i64_min(d->size, SEEN_LARGEST);
    u64 at = s->at;
    must(t->nseen < UINT32_MAX - 1 && (isize)s->source < t->nsources);
    widen(t);
    struct seen *r = &t->seen[t->nseen];
    *r = (struct seen){
        .src = trace_endpoint(t, &s->src),
        .dst = trace_endpoint(t, &s->dst),
        .precision_us =
            (u32)i64_min(s->precision_us ? s->precision_us : 1, SEEN_COARSEST) &
            SEEN_COARSEST,
        .status = d->status & 1023u,
        .vantage = (u32)s->vantage & 3,
        .source = (u16)s->source,
        .method = d->method & 31u,
        .transport = (u32)s->transport & 7,
    };
    if (d->is_request) r->flags |= SEEN_REQUEST;
    if (d->to_tag) r->flags |= SEEN_WITHIN;
    if (d->cut || size < d->size) r->flags |= SEEN_CUT;
    if (s->at > SEEN_FARTHEST || !t->sources[s->source].read) {
        must(s->bytes.n == d->size);
        r->flags |= SEEN_KEPT;
        at = keep(t, str_sub(s->bytes, 0, size));
    }
    t->places[t->nseen] = place_of(at, size, s->line);
    t->times[t->nseen] = s->time_us;
    t->contents[t->nseen] = d->content;
    t->idents[t->nseen] = d->ident;
    t->steps[t->nseen] = (struct step){d->cseq, d->to_tag};
    t->call_ids[t->nseen] = str_table_add_key(&t->strings, d->call_id);
    return (u32)t->nseen++;
}

void trace_fact(struct trace *t, struct fact f) {
    t->facts = base_grow(t->facts, &t->cap_facts, t->nfacts + 1, (isize)sizeof *t->facts);
    t->facts[t->nfacts++] = f;
}

u32 trace_label(struct trace *t, str label) {
    struct str_key key = str_key_of(label);
    u32 *met = &t->labels_met[key.hash % LABELS_MET];
    if (label.n == 0) return 0;
    if (!*met || !str_eq(str_table_get(&t->strings, *met), label))
        *met = str_table_add_key(&t->strings, key);
    return *met;
}

str trace_bytes(const struct trace *t, u32 seen, arena *a) {
    const struct seen *r = &t->seen[seen];
    if (!t->places) return (str){0};
    const struct at_source *p = &t->places[seen];
    if (r->flags & SEEN_KEPT) return (str){t->kept + place_at(p), (isize)p->size};
    const struct source *s = &t->sources[r->source];
    return s->read(s->read_ctx, place_at(p), p->size, a);
}
