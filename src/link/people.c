/* people.c: who calls whom, from From, To and what other headers name people.
 *
 * An answer has From and To of its request, but for the tag (RFC 3261 §8.2.6.2). The last request of each Call-ID is kept in mind
 * (trace.asked): an answer to it on the same hop, with the same bytes, says FACT_AGAIN, which names the facts of the request.
 *
 *     facts of the request   … [ CALLER  WITHHELD  CALLED ]  DISPLAY …
 *                                └──── FACT_AGAIN of an answer */
#include "link/gather.h"

#include "trace/number.h"

/* ---- numbers ----------------------------------------------------------------------------- */

/* number_key_of, remembered; borrows until the next one is asked for. */
static struct number_met *number_met(struct trace *t, str user) {
    bool fits = user.n > 0 && user.n <= countof(t->numbers_met->text);
    struct number_met *met =
        &t->numbers_met[fits ? hash_bytes(user, 0) % NUMBERS_MET : NUMBERS_MET];
    if (fits && str_eq((str){met->text, met->n}, user)) return met;
    struct number_key n = number_key_of(user);
    *met = (struct number_met){.key = n.key, .withheld = n.withheld};
    if (fits) {
        memcpy(met->text, user.p, (size_t)user.n);
        met->n = (u8)user.n;
    }
    return met;
}

/* The string number of a user; 0 where there is none. */
static u32 label_of(struct gather *g, struct number_met *met, str user) {
    if (!met->label) met->label = trace_label(g->t, user);
    return met->label;
}

void gather_number(struct gather *g, enum fact_kind kind, str user) {
    struct number_met *met = number_met(g->t, user);
    if (met->key) gather_add(g, kind, met->key, label_of(g, met, user));
}

/* A user as a number (FACT_CALLER, FACT_CALLED) and for people (FACT_FROM, FACT_TO): one fact mostly. */
static void add_user(struct gather *g, enum fact_kind number, enum fact_kind people,
                     struct number_met *met, str user) {
    struct fact f = {.hash = met->key, .seen = g->seen, .label = label_of(g, met, user)};
    f.kind = (u8)(met->key ? number : people);
    f.bits = met->key ? FACT_FOR_PEOPLE : 0;
    trace_fact(g->t, f);
}

static str user_of_addr(str value, str *display) {
    struct sip_addr a;
    struct sip_uri u;
    struct fail f;
    *display = (str){0};
    if (sip_addr_parse(&a, value, &f) != ERR_OK) return (str){0};
    *display = a.display;
    if (sip_uri_parse(&u, a.uri, &f) != ERR_OK) return (str){0};
    return u.number;
}

void gather_numbers(struct gather *g, const struct sip_msg *m, enum sip_header_id id,
                    enum fact_kind kind) {
    for (const struct sip_header *h = sip_header_first(m, id); h;
         h = sip_header_next(m, h)) {
        str rest = h->value, item, display;
        while (sip_list_next(&rest, &item))
            gather_number(g, kind, user_of_addr(item, &display));
    }
}

/* ---- From and To --------------------------------------------------------------------------- */

static str value_of(const struct sip_msg *m, enum sip_header_id id) {
    const struct sip_header *h = sip_header_first(m, id);
    return h ? h->value : (str){0};
}

/* Who From names. Some write "Anonymous", some nothing: boxes pass on what they were told. */
static str caller(struct gather *g, const struct sip_msg *m) {
    str display = {0}, from = value_of(m, SIP_HDR_FROM), user = {0};
    if (from.p) user = user_of_addr(from, &display);
    struct number_met *met = number_met(g->t, user);
    if (user.n) add_user(g, FACT_CALLER, FACT_FROM, met, user);
    if (met->withheld)
        gather_add(g, FACT_WITHHELD,
                   hash_mix(hash_bytes(display, 7), hash_bytes(user, 7)), 0);
    return display;
}

/* A number that is called; `people`: it is whom people are told of. */
static void called(struct gather *g, str user, bool people) {
    if (people)
        add_user(g, FACT_CALLED, FACT_TO, number_met(g->t, user), user);
    else
        gather_number(g, FACT_CALLED, user);
}

/* ---- the request and its answers --------------------------------------------------------------- */

/* What From and To say, without the tag that an answer has in To. */
static u64 said_hash(const struct sip_msg *m) {
    enum { BEFORE_TAG = 5 }; /* ";tag=" */
    str from = value_of(m, SIP_HDR_FROM), to = value_of(m, SIP_HDR_TO);
    if (m->to_tag.n && m->to_tag.p + m->to_tag.n == to.p + to.n)
        to.n -= m->to_tag.n + BEFORE_TAG;
    return hash_bytes(to, hash_bytes(from, 0));
}

static struct asked *asked_of(struct gather *g) {
    struct trace *t = g->t;
    u32 call_id = t->call_ids[g->seen];
    t->asked =
        base_grow(t->asked, &t->cap_asked, (isize)call_id + 1, (isize)sizeof *t->asked);
    return &t->asked[call_id];
}

void people_of_request(struct gather *g, const struct sip_msg *m) {
    isize first = g->t->nfacts;
    str to = value_of(m, SIP_HDR_TO), target = {0}, user = {0}, display;
    struct sip_uri u;
    struct fail f;
    display = caller(g, m);
    if (sip_uri_parse(&u, m->uri, &f) == ERR_OK) target = u.number;
    if (to.p) {
        str called_display;
        user = user_of_addr(to, &called_display);
    }
    bool about_self =
        m->method == SIP_METHOD_REGISTER; /* the URI names only the domain */
    bool same = str_eq(user, target);
    bool by_target = same || (!about_self && target.n);
    called(g, target, by_target);
    if (!same) called(g, user, !by_target);
    isize n = g->t->nfacts - first;
    if (display.n) gather_add(g, FACT_DISPLAY, 0, trace_label(g->t, display));
    gather_numbers(g, m, SIP_HDR_P_ASSERTED_IDENTITY, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_P_PREFERRED_IDENTITY, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_REMOTE_PARTY_ID, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_DIVERSION, FACT_CALLED);
    gather_numbers(g, m, SIP_HDR_HISTORY_INFO, FACT_CALLED);
    gather_numbers(g, m, SIP_HDR_P_CALLED_PARTY_ID, FACT_CALLED);
    /* an answer would say the same */
    if (m->method == SIP_METHOD_INVITE && same && user.n && m->call_id.n)
        *asked_of(g) = (struct asked){.hash = said_hash(m),
                                      .row = g->seen + 1,
                                      .fact = (u32)first,
                                      .nfacts = (u8)n};
}

static u64 answer_hash(const struct trace *t, u32 row) {
    const struct seen *r = &t->seen[row];
    return ((u64)t->call_ids[row] << 32 | r->cseq) +
           t->idents[row].from_tag * (((u64)r->src + r->dst) * 2 + 1);
}

static bool same_answer(const struct trace *t, u32 x, u32 y) {
    const struct seen *a = &t->seen[x], *b = &t->seen[y];
    bool along = a->src == b->src && a->dst == b->dst,
         back = a->src == b->dst && a->dst == b->src;
    return (along || back) && t->call_ids[x] == t->call_ids[y] && a->cseq == b->cseq &&
           t->idents[x].from_tag == t->idents[y].from_tag;
}

static const struct row_way one_answer = {answer_hash, same_answer, SEEN_ANSWERED, 1};

void people_of_answer(struct gather *g, const struct sip_msg *m) {
    struct asked *a = asked_of(g);
    if (a->row && same_answer(g->t, a->row - 1, g->seen) && a->hash == said_hash(m)) {
        if (!a->answered)
            trace_fact(g->t, (struct fact){.seen = g->seen,
                                           .label = a->fact,
                                           .kind = FACT_AGAIN,
                                           .bits = a->nfacts});
        a->answered = true;
        return;
    }
    if (!row_set_add(&g->t->answered, &one_answer, g->t, g->seen)) return;
    (void)caller(g, m);
    str to = value_of(m, SIP_HDR_TO), user = {0}, display;
    if (to.p) user = user_of_addr(to, &display);
    called(g, user, user.n > 0);
}
