/* digest.h: what one message puts into the tables of a trace, worked out from nothing but its bytes. No table is asked for it, so that
 * one thread can make digests while another fills the tables: some 300 bytes go from one to the other, not the message.
 *
 *     sighting ──sip_msg_parse──> message ──digest_head──> digest ──trace_add──> a row
 *                                    └──────fact_say──────> said[] ──fact_gather──> facts */
#ifndef SIPWEAVE_DIGEST_H
#define SIPWEAVE_DIGEST_H

#include "base/map.h"
#include "sip/sip.h"
#include "trace/sighting.h"

/* What tells messages and legs apart, beside what stands in struct seen. */
struct ident {
    u32 branch, from_tag; /* hashes, 0 where absent */
};

/* A fact (trace.h) without its row, and its label not a number yet. */
struct telling {
    u64 hash;
    str label; /* of the program itself, or in the message */
    u8 kind, bits;
};

struct digest {
    struct sighting s; /* bytes: digest_detach may leave them behind */
    isize size;        /* of the bytes */
    struct str_key call_id;
    struct ident ident;
    u32 to_tag, content; /* hashes */
    u32 cseq;
    u16 status;
    u8 method; /* enum sip_method: of the request, or that the response answers */
    bool is_request, cut;
    /* what linking wants to know; link/gather.c fills and reads it */
    bool brief;     /* nothing that is read by people alone, but for who calls whom */
    bool tells;     /* there may be facts in it */
    bool agent_own; /* surely the sender's own */
    u8 npeople; /* of a request: so many of said[], from the first, an answer says again */
    u16 people_at; /* of an answer: so many of said[] stand before what it says of people */
    u64 people;    /* hash of what it says of them; 0: nothing that could be said again */
    str agent, from, to;
    u64 agent_hash;
    struct telling *said;
    isize nsaid;
};

/* Fills what every message has, but for content; the rest is empty. Borrows the bytes. */
void digest_head(struct digest *d, const struct sighting *s, const struct sip_msg *m);
/* Fills the hash of the text without its CRs and trailing blank lines; never 0. */
void digest_text(struct digest *d, const struct sip_msg *m);
/* Takes what it borrows into the arena; the message's bytes only with `keep`. */
void digest_detach(struct digest *d, bool keep, arena *a);

#endif
