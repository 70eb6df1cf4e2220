/* fact.c: what messages say, into the table: each message once, however often it was seen.
 *
 * The last request of each Call-ID is kept in mind (trace.asked): an answer to it on the same hop, with the same From and To, says
 * FACT_AGAIN, which names the facts of the request.
 *
 *     facts of the request   … [ CALLER  WITHHELD  CALLED ]  DISPLAY …
 *                                └──── FACT_AGAIN of an answer */
#include "link/gather.h"

#include <string.h>

static u64 message_hash(const struct trace *t, u32 row) {
    return (u64)t->call_ids[row] << 32 | t->contents[row];
}

static bool same_message(const struct trace *t, u32 x, u32 y) {
    const struct seen *a = &t->seen[x], *b = &t->seen[y];
    return memcmp(&t->idents[x], &t->idents[y], sizeof *t->idents) == 0 &&
           memcmp(&t->steps[x], &t->steps[y], sizeof *t->steps) == 0 &&
           t->contents[x] == t->contents[y] && t->call_ids[x] == t->call_ids[y] &&
           a->method == b->method && a->status == b->status &&
           !((a->flags ^ b->flags) & SEEN_REQUEST);
}

/* A message says its things once, however often it is seen, wherever: said.c gives them to all its sightings. */
static const struct row_way one_message = {message_hash, same_message, SEEN_TOLD, 4};

/* ---- software ------------------------------------------------------------------------------ */

/* Each name once for each sender. */
static void agent(struct trace *t, u32 row, const struct digest *d) {
    if (d->agent.n == 0) return;
    isize src = t->seen[row].src, met = src * 2 + d->agent_own;
    t->agent_met =
        base_grow(t->agent_met, &t->cap_agent_met, met + 1, (isize)sizeof *t->agent_met);
    if (t->agent_met[met] == d->agent_hash) return;
    t->agent_met[met] = d->agent_hash;
    u32 *known = map_put(&t->agents_known, hash_mix(d->agent_hash, (u64)src));
    if (*known) return;
    *known = 1;
    trace_fact(t, (struct fact){d->agent_hash, row, trace_label(t, d->agent), FACT_AGENT,
                                d->agent_own});
}

/* ---- people ---------------------------------------------------------------------------------- */

static struct asked *asked_of(struct trace *t, u32 row) {
    u32 call_id = t->call_ids[row];
    t->asked =
        base_grow(t->asked, &t->cap_asked, (isize)call_id + 1, (isize)sizeof *t->asked);
    return &t->asked[call_id];
}

static u64 answer_hash(const struct trace *t, u32 row) {
    const struct seen *r = &t->seen[row];
    return ((u64)t->call_ids[row] << 32 | t->steps[row].cseq) +
           t->idents[row].from_tag * (((u64)r->src + r->dst) * 2 + 1);
}

static bool same_answer(const struct trace *t, u32 x, u32 y) {
    const struct seen *a = &t->seen[x], *b = &t->seen[y];
    bool along = a->src == b->src && a->dst == b->dst,
         back = a->src == b->dst && a->dst == b->src;
    return (along || back) && t->call_ids[x] == t->call_ids[y] &&
           t->steps[x].cseq == t->steps[y].cseq &&
           t->idents[x].from_tag == t->idents[y].from_tag;
}

static const struct row_way one_answer = {answer_hash, same_answer, SEEN_ANSWERED, 1};

static void put(struct trace *t, u32 row, const struct telling *said, isize n) {
    for (isize i = 0; i < n; i++) {
        u32 label = trace_label(t, said[i].label);
        trace_fact(t,
                   (struct fact){said[i].hash, row, label, said[i].kind, said[i].bits});
    }
}

/* What an answer says of people: as its request, or else in its own words, once on each hop. */
static void answer_people(struct trace *t, u32 row, const struct digest *d, arena a) {
    struct asked *asked = asked_of(t, row);
    if (asked->row && same_answer(t, asked->row - 1, row) && asked->hash == d->people) {
        if (!asked->answered)
            trace_fact(t, (struct fact){.seen = row,
                                        .label = asked->fact,
                                        .kind = FACT_AGAIN,
                                        .bits = asked->nfacts});
        asked->answered = true;
        return;
    }
    if (!row_set_add(&t->answered, &one_answer, t, row)) return;
    struct digest own = {.said = arena_new(&a, struct telling, 0)};
    struct gather g = {&own, &a, 0};
    people_say(&g, d->from, d->to);
    put(t, row, own.said, own.nsaid);
}

/* ---- one message -------------------------------------------------------------------------------- */

void fact_gather(struct trace *t, u32 row, struct digest *d, const struct sip_msg *m,
                 arena scratch) {
    agent(t, row, d);
    if (!d->tells || !row_set_add(&t->told, &one_message, t, row)) return;
    if (m) fact_say(d, m, &scratch);
    bool asks = d->is_request && d->people, answers = !d->is_request && d->people;
    if (asks)
        *asked_of(t, row) = (struct asked){.hash = d->people,
                                           .row = row + 1,
                                           .fact = (u32)t->nfacts,
                                           .nfacts = d->npeople};
    isize before = answers ? d->people_at : d->nsaid;
    put(t, row, d->said, before);
    if (answers) answer_people(t, row, d, scratch);
    put(t, row, d->said + before, d->nsaid - before);
}
