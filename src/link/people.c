/* people.c: who calls whom, from From, To and what other headers name people.
 *
 * An answer has From and To of its request, but for the tag (RFC 3261 §8.2.6.2): what an answer says is read only where its request
 * did not say the same (fact.c). */
#include "link/gather.h"

#include "trace/number.h"

/* ---- numbers ----------------------------------------------------------------------------- */

void gather_number(struct gather *g, enum fact_kind kind, str user) {
    u64 key = number_key_of(user).key;
    if (key) gather_add(g, kind, key, user);
}

/* A user as a number (FACT_CALLER, FACT_CALLED) and for people (FACT_FROM, FACT_TO): one fact mostly. */
static void add_user(struct gather *g, enum fact_kind number, enum fact_kind people,
                     u64 key, str user) {
    gather_say(g, (struct telling){.hash = key,
                                   .label = user,
                                   .kind = (u8)(key ? number : people),
                                   .bits = key ? FACT_FOR_PEOPLE : 0});
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
static str caller(struct gather *g, str from) {
    str display = {0}, user = {0};
    if (from.p) user = user_of_addr(from, &display);
    struct number_key number = number_key_of(user);
    if (user.n) add_user(g, FACT_CALLER, FACT_FROM, number.key, user);
    if (number.withheld)
        gather_add(g, FACT_WITHHELD,
                   hash_mix(hash_bytes(display, 7), hash_bytes(user, 7)), (str){0});
    return display;
}

/* A number that is called; `people`: it is whom people are told of. */
static void called(struct gather *g, str user, bool people) {
    if (people)
        add_user(g, FACT_CALLED, FACT_TO, number_key_of(user).key, user);
    else
        gather_number(g, FACT_CALLED, user);
}

/* ---- the request and its answers --------------------------------------------------------------- */

/* What From and To say, without the tag that an answer has in To; never 0. */
static u64 people_hash(const struct sip_msg *m, str from, str to) {
    enum { BEFORE_TAG = 5 }; /* ";tag=" */
    if (m->to_tag.n && m->to_tag.p + m->to_tag.n == to.p + to.n)
        to.n -= m->to_tag.n + BEFORE_TAG;
    return hash_bytes(to, hash_bytes(from, 0)) | 1;
}

void people_of_request(struct gather *g, const struct sip_msg *m) {
    isize first = g->d->nsaid;
    str from = value_of(m, SIP_HDR_FROM), to = value_of(m, SIP_HDR_TO);
    str target = {0}, user = {0}, display;
    struct sip_uri u;
    struct fail f;
    display = caller(g, from);
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
    isize n = g->d->nsaid - first;
    if (display.n && !g->d->brief) gather_add(g, FACT_DISPLAY, 0, display);
    gather_numbers(g, m, SIP_HDR_P_ASSERTED_IDENTITY, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_P_PREFERRED_IDENTITY, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_REMOTE_PARTY_ID, FACT_CALLER);
    gather_numbers(g, m, SIP_HDR_DIVERSION, FACT_CALLED);
    gather_numbers(g, m, SIP_HDR_HISTORY_INFO, FACT_CALLED);
    gather_numbers(g, m, SIP_HDR_P_CALLED_PARTY_ID, FACT_CALLED);
    /* an answer would say the same */
    if (m->method == SIP_METHOD_INVITE && same && user.n && m->call_id.n) {
        g->d->people = people_hash(m, from, to);
        g->d->npeople = (u8)n;
    }
}

void people_of_answer(struct gather *g, const struct sip_msg *m) {
    g->d->from = value_of(m, SIP_HDR_FROM);
    g->d->to = value_of(m, SIP_HDR_TO);
    g->d->people = people_hash(m, g->d->from, g->d->to);
    g->d->people_at = (u16)g->d->nsaid;
}

void people_say(struct gather *g, str from, str to) {
    str user = {0}, display;
    (void)caller(g, from);
    if (to.p) user = user_of_addr(to, &display);
    called(g, user, user.n > 0);
}
