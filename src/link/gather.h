/* gather.h: what gather.c and people.c share: one message whose facts are being taken. */
#ifndef SIPWEAVE_GATHER_H
#define SIPWEAVE_GATHER_H

#include "link/fact.h"

struct gather {
    struct trace *t;
    u32 seen;
    isize ntokens;
};

static inline void gather_add(struct gather *g, enum fact_kind kind, u64 hash,
                              u32 label) {
    trace_fact(
        g->t,
        (struct fact){.hash = hash, .seen = g->seen, .label = label, .kind = (u8)kind});
}

/* A number, or a user that is none; nothing where it is withheld. */
void gather_number(struct gather *g, enum fact_kind kind, str user);
/* Those of all addresses in headers of that kind. */
void gather_numbers(struct gather *g, const struct sip_msg *m, enum sip_header_id id,
                    enum fact_kind kind);

/* Who calls whom, as the request that begins something tells it … */
void people_of_request(struct gather *g, const struct sip_msg *m);
/* … and as an answer to an INVITE does: where the request was not captured that is all there is. Once on each hop. */
void people_of_answer(struct gather *g, const struct sip_msg *m);

#endif
