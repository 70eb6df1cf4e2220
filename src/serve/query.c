#include "serve/query.h"

#include "serve/value.h"
#include "trace/number.h"

static bool token_is(str text) {
    for (isize i = 0; i < text.n; i++) {
        if (!is_alnum(text.p[i]) && text.p[i] != '-' && text.p[i] != '_') return false;
    }
    return text.n > 0;
}

static bool cursor_read(str text, struct search *s) {
    struct str_pair cut = str_cut(text, '-');
    struct str_number us = str_u64(cut.head, INT64_MAX);
    if (!us.ok || us.value == 0 || !token_is(cut.tail)) return false;
    s->page_us = (i64)us.value;
    s->page_id = cut.tail;
    return true;
}

str cursor_text(arena *view, i64 start_us, str id) {
    return arena_printf(view, "%lld-%.*s", (long long)start_us, (int)id.n,
                        (const char *)id.p);
}

/* ---- terms -------------------------------------------------------------------------------------- */

/* X(id, parameter, key of the search box or NULL, what it wants) */
#define TERM_LIST(X)                                                                     \
    X(NUMBER, "number", "number", "a number")                                            \
    X(FROM, "from", "from", "a number or name")                                          \
    X(TO, "to", "to", "a number or name")                                                \
    X(CALL_ID, "call_id", "call-id", "a Call-ID")                                        \
    X(ADDRESS, "address", "ip", "an address such as 192.0.2.1 or 192.0.2.1:5060")        \
    X(DEVICE, "device", "device", "the name of a device")                                \
    X(UA, "ua", "ua", "a part of a User-Agent")                                          \
    X(TEXT, "text", NULL, "a text")                                                      \
    X(METHOD, "method", "method", "a method such as REFER")                              \
    X(STATE, "state", "state",                                                           \
      "answered, cancelled, failed, ringing, in-call or partial")                        \
    X(STATUS, "status", "code", "a status such as 486, 4xx or 400-499")                  \
    X(AFTER, "after", "after", "a time such as 2026-07-26T09:00Z or -1h")                \
    X(BEFORE, "before", "before", "a time such as 2026-07-26T09:00Z or -1h")             \
    X(MIN, "min_duration", "min", "a number of seconds")                                 \
    X(MAX, "max_duration", "max", "a number of seconds")                                 \
    X(KIND, "kind", "kind", "call, registration, subscription, message, options or any") \
    X(LIMIT, "limit", NULL, "a number from 1 to 1000")                                   \
    X(CURSOR, "cursor", NULL, "what the answer before gave as \"next\"")                 \
    X(Q, "q", NULL, "words to search for")

enum term {
#define X(id, param, key, wants) TERM_##id,
    TERM_LIST(X)
#undef X
        TERM_COUNT
};

static const struct {
    const char *param, *key, *wants;
} terms[] = {
#define X(id, param, key, wants) {param, key, wants},
    TERM_LIST(X)
#undef X
};

enum took { TOOK, WRONG, NO_ROOM };

struct reading_query {
    struct query *q;
    i64 now_us;
    i32 zone_s;
    bool kind_given;
    arena *view;
    str *sentence;
};

/* The text field of a search that a term fills; NULL for terms that are no text. */
static str *text_place(struct search *s, enum term t) {
    switch (t) {
    case TERM_NUMBER: return &s->number;
    case TERM_FROM: return &s->from;
    case TERM_TO: return &s->to;
    case TERM_CALL_ID: return &s->call_id;
    case TERM_ADDRESS: return &s->address;
    case TERM_DEVICE: return &s->device;
    case TERM_UA: return &s->user_agent;
    case TERM_TEXT: return &s->text;
    case TERM_METHOD: return &s->method;
    default: return NULL;
    }
}

static enum took range_term(struct reading_query *r, enum term t, str value) {
    struct search *s = &r->q->all[0];
    i64 us;
    if (t == TERM_AFTER || t == TERM_BEFORE) {
        if (!instant_read(value, r->now_us, r->zone_s, &us)) return WRONG;
        if (t == TERM_AFTER) s->after_us = i64_max(s->after_us, us);
        if (t == TERM_BEFORE)
            s->before_us = s->before_us ? i64_min(s->before_us, us) : us;
        return TOOK;
    }
    if (!span_read(value, &us)) return WRONG;
    i64 ms = us / 1000, *max = &s->max_duration_ms;
    if (t == TERM_MIN) s->min_duration_ms = i64_max(s->min_duration_ms, ms);
    if (t == TERM_MAX) *max = *max < 0 ? ms : i64_min(*max, ms);
    return TOOK;
}

/* A value of a fixed list, or a range of statuses: into the first search where its place is free. */
static enum took fact_term(struct reading_query *r, struct search *s, enum term t,
                           str value) {
    if (t == TERM_STATE) {
        if (s->state != STATE_COUNT) return NO_ROOM;
        s->state = call_state_from_text(value);
        return s->state == STATE_COUNT ? WRONG : TOOK;
    }
    if (t == TERM_STATUS) {
        if (s->status_high) return NO_ROOM;
        struct status_range range;
        if (!status_read(value, &range)) return WRONG;
        s->status_low = range.low;
        s->status_high = range.high;
        return TOOK;
    }
    must(t == TERM_KIND);
    if (s->kind != KIND_COUNT) return NO_ROOM;
    r->kind_given = true;
    if (str_eq_nocase(value, S("any")) || str_eq_nocase(value, S("all"))) return TOOK;
    s->kind = call_kind_from_text(value);
    return s->kind == KIND_COUNT ? WRONG : TOOK;
}

static enum took page_term(struct search *s, enum term t, str value) {
    if (t == TERM_CURSOR) return cursor_read(value, s) ? TOOK : WRONG;
    struct str_number n = str_u64(value, QUERY_LIMIT_MAX);
    if (!n.ok || n.value == 0) return WRONG;
    s->limit = (isize)n.value;
    return TOOK;
}

static enum took text_term(struct search *s, enum term t, str value) {
    str *place = text_place(s, t);
    if (place->n) return NO_ROOM;
    struct endpoint e;
    if (t == TERM_ADDRESS && !endpoint_read(&e, value)) return WRONG;
    if (t == TERM_METHOD && !token_is(value)) return WRONG;
    *place = value;
    return TOOK;
}

static enum took take_in(struct reading_query *r, struct search *s, enum term t,
                         str value) {
    switch (t) {
    case TERM_AFTER:
    case TERM_BEFORE:
    case TERM_MIN:
    case TERM_MAX: return range_term(r, t, value);
    case TERM_LIMIT:
    case TERM_CURSOR: return page_term(s, t, value);
    case TERM_STATE:
    case TERM_STATUS:
    case TERM_KIND: return fact_term(r, s, t, value);
    default: return text_term(s, t, value);
    }
}

static bool take(struct reading_query *r, enum term t, const char *name, str value) {
    struct query *q = r->q;
    value = str_trim(value);
    if (value.n == 0) return true;
    if (value.n > QUERY_VALUE_MAX) {
        *r->sentence = arena_printf(r->view, "the value of %s is too long", name);
        return false;
    }
    for (isize i = 0; i < QUERY_SEARCHES; i++) {
        if (i == q->n) q->all[q->n++] = search_any();
        enum took took = take_in(r, &q->all[i], t, value);
        if (took == TOOK) return true;
        if (took == NO_ROOM) continue;
        *r->sentence = arena_printf(r->view, "%s wants %s, not \"%.*s\"", name,
                                    terms[t].wants, (int)value.n, (const char *)value.p);
        return false;
    }
    *r->sentence =
        arena_printf(r->view, "%s is asked for more than %d times", name, QUERY_SEARCHES);
    return false;
}

/* ---- the search box ------------------------------------------------------------------------------- */

struct word {
    str key, value; /* key: empty for a bare word */
    bool quoted;
};

/* The next word; false at the end. A quote that is never closed reaches to the end. */
static bool next_word(str *text, struct word *w) {
    str s = *text;
    while (s.n && s.p[0] <= ' ') s = str_from(s, 1);
    if (s.n == 0) return false;
    *w = (struct word){0};
    isize n = 0;
    while (n < s.n && (is_alpha(s.p[n]) || s.p[n] == '-')) n++;
    str rest = s;
    if (n && n < s.n && s.p[n] == ':') {
        for (enum term t = 0; t < TERM_COUNT; t++) {
            if (!terms[t].key || !str_eq_nocase(str_z(terms[t].key), str_sub(s, 0, n)))
                continue;
            w->key = str_sub(s, 0, n);
            rest = str_from(s, n + 1);
        }
    }
    w->quoted = str_starts(rest, S("\""));
    if (w->quoted) {
        struct str_pair cut = str_cut(str_from(rest, 1), '"');
        w->value = cut.head;
        *text = cut.tail;
        return true;
    }
    n = 0;
    while (n < rest.n && rest.p[n] > ' ') n++;
    w->value = str_sub(rest, 0, n);
    *text = str_from(rest, n);
    return true;
}

/* "+44 20 7946 0452" is one number, "01632960123 07700900356" are two: a group goes on a number that
 * begins with + or 0, unless it looks like the beginning of another one. */
static str whole_number(str first, str *text, arena *view) {
    str whole = first;
    if (!number_written_digits(first) ||
        (first.p[0] != '+' && first.p[0] != '0' && first.p[0] != '('))
        return first;
    for (;;) {
        struct word w;
        str after = *text;
        if (!next_word(&after, &w) || w.key.n || w.quoted ||
            !number_written_digits(w.value))
            return whole;
        struct endpoint e;
        bool begins = w.value.p[0] == '+' ||
                      (w.value.p[0] == '0' && number_written_digits(w.value) > 4);
        if (begins || endpoint_read(&e, w.value)) return whole;
        if (number_written_digits(whole) + number_written_digits(w.value) > 15)
            return whole;
        whole = arena_printf(view, "%.*s%.*s", (int)whole.n, (const char *)whole.p,
                             (int)w.value.n, (const char *)w.value.p);
        *text = after;
    }
}

static bool take_bare(struct reading_query *r, struct word w, str *text) {
    struct endpoint e;
    if (endpoint_read(&e, w.value)) return take(r, TERM_ADDRESS, "q", w.value);
    str value = w.quoted ? w.value : whole_number(w.value, text, r->view);
    bool number = number_written_digits(value) >= NUMBER_LAST;
    return take(r, number ? TERM_NUMBER : TERM_TEXT, "q", value);
}

static bool take_box(struct reading_query *r, str text) {
    struct word w;
    if (text.n > 10 * QUERY_VALUE_MAX) {
        *r->sentence = S("the search is too long");
        return false;
    }
    while (next_word(&text, &w)) {
        if (w.key.n == 0) {
            if (!take_bare(r, w, &text)) return false;
            continue;
        }
        for (enum term t = 0; t < TERM_COUNT; t++) {
            if (!terms[t].key || !str_eq_nocase(str_z(terms[t].key), w.key)) continue;
            if (!take(r, t, terms[t].key, w.value)) return false;
        }
    }
    return true;
}

bool query_read(struct query *q, const struct url *u, i64 now_us, i32 zone_s, arena *view,
                str *sentence) {
    struct reading_query r = {q, now_us, zone_s, false, view, sentence};
    *q = (struct query){.all = {search_any()}, .n = 1};
    for (isize i = 0; i < u->nparams; i++) {
        const struct url_param *p = &u->params[i];
        enum term t = 0;
        while (t < TERM_COUNT && !str_eq(str_z(terms[t].param), p->name)) t++;
        if (t == TERM_COUNT) {
            *sentence =
                arena_printf(view, "there is no parameter \"%.*s\"",
                             (int)i64_min(p->name.n, 60), (const char *)p->name.p);
            return false;
        }
        bool ok =
            t == TERM_Q ? take_box(&r, p->value) : take(&r, t, terms[t].param, p->value);
        if (!ok) return false;
    }
    if (!r.kind_given) q->all[0].kind = KIND_CALL;
    return true;
}
