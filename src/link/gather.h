/* gather.h: what gather.c, people.c and fact.c share: one message whose facts are being taken. */
#ifndef SIPWEAVE_GATHER_H
#define SIPWEAVE_GATHER_H

#include "link/fact.h"

struct gather {
    struct digest *d;
    arena *a; /* nothing but what is said is put there meanwhile: d->said is one run */
    isize ntokens;
};

static inline void gather_say(struct gather *g, struct telling s) {
    *(struct telling *)arena_more(g->a, (isize)sizeof s) = s;
    g->d->nsaid++;
}

static inline void gather_add(struct gather *g, enum fact_kind kind, u64 hash,
                              str label) {
    gather_say(g, (struct telling){.hash = hash, .label = label, .kind = (u8)kind});
}

static inline void gather_token(struct gather *g, u64 hash, u8 bits, str label) {
    gather_say(g, (struct telling){hash, label, FACT_TOKEN, bits});
}

/* A number, or a user that is none; nothing where it is withheld. */
void gather_number(struct gather *g, enum fact_kind kind, str user);
/* Those of all addresses in headers of that kind. */
void gather_numbers(struct gather *g, const struct sip_msg *m, enum sip_header_id id,
                    enum fact_kind kind);

/* Who calls whom, as the request that begins something tells it … */
void people_of_request(struct gather *g, const struct sip_msg *m);
/* … and what tells whether an answer to an INVITE says the same; … */
void people_of_answer(struct gather *g, const struct sip_msg *m);
/* … if it does not, or the request was not captured, this is all there is. */
void people_say(struct gather *g, str from, str to);

#endif
