/* fact.h: what a message says that may tell which legs belong together. Gathered once, while the
 * message is parsed, so that linking never needs the bytes again. */
#ifndef SIPWEAVE_FACT_H
#define SIPWEAVE_FACT_H

#include "sdp/sdp.h"
#include "trace/trace.h"

enum fact_kind {
    /* numbers; with FACT_FOR_PEOPLE in bits the label is FACT_FROM or FACT_TO as well */
    FACT_CALLER,  /* a number that stands for who calls; label: as written */
    FACT_CALLED,  /* … for who is called, or who is meant by a REFER */
    FACT_TOKEN,   /* an opaque value; label: where it stands ("X-CID", "SDP session") */
    FACT_CALL_ID, /* the message's own Call-ID, as a token: others may name it */
    FACT_STEM,    /* its Call-ID without the suffixes that back-to-back user agents add */
    FACT_COUNTER, /* … without a bare "-1", which may as well count calls: siblings prove nothing */
    FACT_DIALOG, /* names another dialog for good: Replaces, Join, Target-Dialog; hash as FACT_CALL_ID */
    FACT_FROM,      /* for people: label is the user of From … */
    FACT_TO,        /* … of the Request-URI or To … */
    FACT_DISPLAY,   /* … the display name of From */
    FACT_AGENT,     /* the software that sent the message; label: its name */
    FACT_RECORDING, /* the leg carries a recording: X-Record, SIPREC */
    FACT_REASON,    /* the reason phrase of a final response; label */
    FACT_CONTACT,   /* a redirection's Contact: number */
    FACT_WITHHELD,  /* From names nobody: anonymous; hash: of how it says so */
    FACT_MEDIA, /* what an INVITE offers: hash of kinds, profiles, and how keys are agreed */
    FACT_HOLD,  /* a re-INVITE that puts the other side on hold, or asks for its offer */
    FACT_REPLY, /* In-Reply-To: names a call that this one answers; hash as FACT_CALL_ID */
    FACT_AGAIN, /* an answer says again what the request has said of people: facts[label], so many as bits */
    FACT_FOCUS, /* who sent it is the focus of a conference: hash of its URI, label: the user in it */
};

enum { FACT_FOR_PEOPLE = 1 };

/* Of one message, by nothing but its bytes, into its digest: the agent, and whether it can say anything. Only messages that can start
 * or change a leg do: initial requests, answers, REFER. */
void fact_head(struct digest *d, const struct sip_msg *m);
/* All that it says; after fact_head. In the arena; borrows the message's bytes. */
void fact_say(struct digest *d, const struct sip_msg *m, arena *a);
/* Adds the facts of one message just added to the trace as row `row`. *m: it was not asked yet what it says (fact_say), which is
 * done if nobody has said that before; NULL: it was. */
void fact_gather(struct trace *t, u32 row, struct digest *d, const struct sip_msg *m,
                 arena scratch);

/* What kinds of media are offered, with which profiles, and how keys are agreed; manner.c. */
u64 manner_of_media(const struct sdp *d);

/* The hash under which a Call-ID stands as a token. */
u64 fact_call_id_hash(str call_id);
/* The Call-ID without suffixes such as _b2b-1, _pbx-1, .0, .1.2.0, -0 and without its host's case; the
 * whole Call-ID when there is no suffix. */
str fact_call_id_stem(str call_id);
/* Without the last of these suffixes only. */
str fact_call_id_shorter(str call_id);
/* The part before '@' without a short prefix that ends in a separator (DLGCH_, SD0001-, s1-, !!:); itself where there
 * is none. */
str fact_call_id_bare(str local);
/* How random a token looks, in bits, at most 24: a long mix of digits and letters says more
 * than a word, and a null says nothing. */
double fact_token_bits(str token);

#endif
