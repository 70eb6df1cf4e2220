#include "trace/trace.h"

#include "base/scan.h"

#include <string.h>

void trace_init(struct trace *t) {
    *t = (struct trace){.names = arena_open((isize)256 << 20)};
    t->endpoints = base_grow(NULL, &t->cap_endpoints, 1, (isize)sizeof *t->endpoints);
    t->nendpoints = 1;
    t->numbers_met = base_new(NUMBERS_MET + 1, (isize)sizeof *t->numbers_met);
}

void trace_forget(struct trace *t, enum trace_column column) {
    switch (column) {
    case TRACE_TIMES:
        base_free(t->times);
        t->times = NULL;
        t->cap_times = 0;
        break;
    case TRACE_IDENTS:
        base_free(t->idents);
        t->idents = NULL;
        t->cap_idents = 0;
        break;
    case TRACE_CALL_IDS:
        base_free(t->call_ids);
        t->call_ids = NULL;
        t->cap_call_ids = 0;
        break;
    case TRACE_CONTENTS:
        base_free(t->contents);
        t->contents = NULL;
        t->cap_contents = 0;
        break;
    }
}

void trace_drop(struct trace *t) {
    base_free(t->seen);
    for (int k = 0; k < 4; k++) trace_forget(t, (enum trace_column)k);
    base_free(t->sources);
    base_free(t->endpoints);
    base_free(t->facts);
    base_free(t->asked);
    base_free(t->numbers_met);
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

static u32 hash32(str s) {
    if (s.n == 0) return 0;
    u32 h = (u32)hash_bytes(s, 0);
    return h ? h : 1;
}

/* Does every line end in CRLF? */
static bool is_crlf(str text) {
    struct scan lines = scan_open(text, 0, '\n');
    for (isize at; (at = scan_next(&lines)) >= 0;) {
        if (at == 0 || text.p[at - 1] != '\r') return false;
    }
    return true;
}

enum { PIECE = 2048 };

static u64 piece_hash(u64 before, str piece) {
    u64 hash = hash_bytes(piece, 0);
    return before ? hash_mix(before, hash) : hash;
}

/* Of the text as it would be with a CR before every LF, which was given some already. */
static u64 hash_with_crs(str text) {
    u8 piece[PIECE];
    u64 hash = 0;
    isize n = 0;
    for (isize i = 0; i < text.n; i++) {
        bool bare = text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');
        for (int k = bare ? 0 : 1; k < 2; k++) {
            if (n == PIECE) {
                hash = piece_hash(hash, (str){piece, n});
                n = 0;
            }
            piece[n++] = k ? text.p[i] : '\r';
        }
    }
    return piece_hash(hash, (str){piece, n});
}

/* A device's log writes LF for CRLF, so two sightings of one message agree only when all lines end alike. */
u32 trace_content(str text, const struct sip_msg *m) {
    u64 hash = 0;
    /* the parser has looked at the head */
    bool looked = m->crlf && m->head.p == text.p && m->bytes.p == text.p;
    bool crlf = is_crlf(str_from(text, looked ? m->head.n : 0));
    text = str_trim(text);
    if (!crlf) return (u32)hash_with_crs(text) | 1;
    do {
        hash = piece_hash(hash, str_sub(text, 0, PIECE));
        text = str_from(text, PIECE);
    } while (text.n);
    return (u32)hash | 1;
}

static u64 keep(struct trace *t, str bytes) {
    t->kept = base_grow(t->kept, &t->cap_kept, t->nkept + bytes.n, 1);
    if (bytes.n) memcpy(t->kept + t->nkept, bytes.p, (size_t)bytes.n);
    t->nkept += bytes.n;
    return (u64)(t->nkept - bytes.n);
}

static void set_place(struct seen *r, u64 at) {
    must(at <= SEEN_FARTHEST);
    r->at_low = (u32)at;
    r->at_high = (u32)(at >> 32) & 255;
}

/* Room for one more row. */
static void widen(struct trace *t) {
    isize n = t->nseen + 1;
    t->seen = base_grow(t->seen, &t->cap_seen, n, (isize)sizeof *t->seen);
    t->times = base_grow(t->times, &t->cap_times, n, (isize)sizeof *t->times);
    t->idents = base_grow(t->idents, &t->cap_idents, n, (isize)sizeof *t->idents);
    t->call_ids = base_grow(t->call_ids, &t->cap_call_ids, n, (isize)sizeof *t->call_ids);
    t->contents = base_grow(t->contents, &t->cap_contents, n, (isize)sizeof *t->contents);
}

u32 trace_add(struct trace *t, const struct sighting *s, const struct sip_msg *m) {
    str bytes = str_sub(s->bytes, 0, SEEN_LARGEST);
    must(t->nseen < UINT32_MAX - 1 && (isize)s->source < t->nsources);
    struct str_key call_id = str_table_key(&t->strings, m->call_id);
    widen(t);
    t->contents[t->nseen] =
        s->content
            ? s->content
            : trace_content(s->bytes, m); /* while the Call-ID's place is on its way */
    struct seen *r = &t->seen[t->nseen];
    *r = (struct seen){
        .size = (u32)bytes.n & SEEN_LARGEST,
        .line = (u32)s->line,
        .src = trace_endpoint(t, &s->src),
        .dst = trace_endpoint(t, &s->dst),
        .cseq = m->cseq.number,
        .to_tag = hash32(m->to_tag),
        .precision_us =
            (u32)i64_min(s->precision_us ? s->precision_us : 1, SEEN_COARSEST) &
            SEEN_COARSEST,
        .status = m->status & 1023u,
        .vantage = (u32)s->vantage & 3,
        .source = (u16)s->source,
        .method = (u32)(m->is_request ? m->method : m->cseq.method) & 31,
        .transport = (u32)s->transport & 7,
    };
    if (m->is_request) r->flags |= SEEN_REQUEST;
    if (s->cut || m->cut || bytes.n < s->bytes.n) r->flags |= SEEN_CUT;
    if (s->at > SEEN_FARTHEST || !t->sources[s->source].read) {
        r->flags |= SEEN_KEPT;
        set_place(r, keep(t, bytes));
    } else {
        set_place(r, s->at);
    }
    t->times[t->nseen] = s->time_us;
    t->idents[t->nseen] = (struct ident){hash32(m->branch), hash32(m->from_tag)};
    t->call_ids[t->nseen] = str_table_add_key(&t->strings, call_id);
    return (u32)t->nseen++;
}

void trace_fact(struct trace *t, struct fact f) {
    t->facts = base_grow(t->facts, &t->cap_facts, t->nfacts + 1, (isize)sizeof *t->facts);
    t->facts[t->nfacts++] = f;
}

u32 trace_label(struct trace *t, str label) {
    return str_table_add(&t->strings, label);
}

u32 trace_word(struct trace *t, str literal) {
    struct word_met *met = &t->words_met[((uintptr_t)literal.p >> 2) % WORDS_MET];
    if (met->p != literal.p) *met = (struct word_met){literal.p, trace_label(t, literal)};
    return met->label;
}

str trace_bytes(const struct trace *t, u32 seen, arena *a) {
    const struct seen *r = &t->seen[seen];
    if (r->flags & SEEN_KEPT) return (str){t->kept + seen_at(r), (isize)r->size};
    const struct source *s = &t->sources[r->source];
    return s->read(s->read_ctx, seen_at(r), r->size, a);
}
