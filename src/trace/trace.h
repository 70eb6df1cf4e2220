/* trace.h: everything that was seen, in compact tables; one trace is all files and listeners
 * together. Grows by trace_add; nothing is taken back, so numbers stay valid.
 *
 *     sighting ──trace_add──> seen[]  + endpoints, Call-IDs, words (each once)
 *                                     + facts[]: what `link` may need again without the bytes
 *
 * A row of seen[] is 16 bytes, one of places[] 12, one of steps[] 8, both for those that are shown, and 24 more that nobody needs once
 * legs are known; the SIP itself stays in its source and is read again when shown, or is kept here when no source can give it back. */
#ifndef SIPWEAVE_TRACE_H
#define SIPWEAVE_TRACE_H

#include "base/map.h"
#include "sip/sip.h"
#include "trace/digest.h"
#include "trace/rows.h"
#include "trace/sighting.h"

enum seen_flag {
    SEEN_REQUEST = 1,
    SEEN_CUT = 2,
    SEEN_KEPT = 4,      /* place.at is an offset in trace.kept */
    SEEN_TOLD = 8,      /* in trace.told */
    SEEN_ANSWERED = 16, /* in trace.answered */
    SEEN_WITHIN = 32,   /* its To has a tag: it belongs to a dialog */
};

struct seen {
    u32 src, dst;          /* endpoint numbers */
    u32 precision_us : 20; /* at most SEEN_COARSEST */
    u32 status : 10;       /* 0 in a request */
    u32 vantage : 2;
    u32 source : 16;
    u32 method : 5; /* enum sip_method: of the request, or that the response answers */
    u32 transport : 3;
    u32 flags : 8;
};
enum { SEEN_COARSEST = (1 << 20) - 1, SEEN_LARGEST = (1 << 24) - 1 };
#define SEEN_FARTHEST ((u64)0xffffffffff) /* 1 TiB */
_Static_assert(sizeof(struct seen) == 16, "a row of seen[] has grown");

/* Where in its dialog it stands. */
struct step {
    u32 cseq;
    u32 to_tag; /* hash, 0 where absent */
};

/* Where its bytes are, for whoever wants to see them. */
struct at_source {
    u32 at_low;
    u32 at_high : 8, size : 24;
    u32 line;
};
_Static_assert(sizeof(struct at_source) == 12, "a row of places[] has grown");

static inline u64 place_at(const struct at_source *p) {
    return (u64)p->at_high << 32 | p->at_low;
}

_Static_assert(SIP_METHOD_OTHER < 32, "a method has no room in a row of seen[]");

/* What a message says that helps linking. `link` gathers facts while the message is parsed. 20 bytes, two for each message. */
struct __attribute__((packed, aligned(4))) fact {
    u64 hash;
    u32 seen;
    u32 label; /* string number: the header's name, the number as written … for people */
    u8 kind;   /* enum fact_kind of link/fact.h */
    u8 bits;   /* how random a token looks by itself */
};

/* Of a Call-ID: the last request that began something, and its facts about people, which an answer to it may say again. */
struct asked {
    u64 hash;      /* of what it says */
    u32 row;       /* of seen[], + 1; 0: none */
    u32 fact;      /* the first one … */
    u8 nfacts;     /* … and how many */
    bool answered; /* an answer has said them again */
};
enum { LABELS_MET = 256 };

struct trace {
    struct seen *seen;
    /* by row of seen[], each until trace_forget was told that nobody asks any more; then NULL */
    struct at_source *places;
    i64 *times; /* in us */
    struct ident *idents;
    struct step *steps;
    u32 *call_ids; /* string numbers; 0: the message has none */
    u32 *contents; /* hashes of the texts without their CRs and trailing blank lines */
    isize nseen, cap_seen, cap_places, cap_times, cap_idents, cap_steps, cap_call_ids,
        cap_contents;
    struct source *sources;
    isize nsources, cap_sources;
    struct endpoint *endpoints; /* number 0 is "not known" */
    isize nendpoints, cap_endpoints;
    struct map endpoint_index;
    u32 endpoints_met
        [64]; /* numbers of endpoints that came lately, by a hash of their last bytes */
    struct str_table strings; /* Call-IDs and labels */
    struct fact *facts;
    isize nfacts, cap_facts;
    struct row_set told; /* of the same messages, the one that has given its facts */
    struct row_set
        answered; /* of the answers on one hop, the one that has said who calls whom */
    struct asked *asked; /* by Call-ID */
    isize cap_asked;
    u32 labels_met[LABELS_MET]; /* string numbers of labels that came lately, by hash */
    u64 *
        agent_met; /* two by endpoint: hashes of the last software that it was said to be, by others and by itself */
    isize cap_agent_met;
    struct map agents_known; /* software, by its name and who sent it */
    u8 *kept;
    isize nkept, cap_kept;
    arena names; /* of sources */
};

/* Of a row by its place in seen[]. */
static inline const struct at_source *seen_place(const struct trace *t,
                                                 const struct seen *r) {
    return &t->places[r - t->seen];
}
static inline i64 seen_time_us(const struct trace *t, const struct seen *r) {
    return t->times[r - t->seen];
}
static inline const struct step *seen_step(const struct trace *t, const struct seen *r) {
    return &t->steps[r - t->seen];
}
static inline u32 seen_call_id(const struct trace *t, const struct seen *r) {
    return t->call_ids[r - t->seen];
}

void trace_init(struct trace *t);
void trace_drop(struct trace *t);

/* The same name and kind gives the same number. Keeps copies of the strings; keeps read_ctx. */
u32 trace_source(struct trace *t, const struct source *s);
u32 trace_endpoint(struct trace *t, const struct endpoint *e);

/* All has been added for now: gives memory back that only adding needs. Adding goes on all the same. */
void trace_rest(struct trace *t);

/* Columns by row of seen[] that may be forgotten. */
/* clang-format off */
#define TRACE_COLUMN_LIST(X)                                                             \
    X(PLACES, places) X(TIMES, times) X(IDENTS, idents) X(STEPS, steps)                  \
    X(CALL_IDS, call_ids) X(CONTENTS, contents)
/* clang-format on */
/* Nothing is added any more, and this is not asked for again: gives it back. */
enum trace_column {
#define X(id, column) TRACE_##id,
    TRACE_COLUMN_LIST(X)
#undef X
        TRACE_COLUMNS
};
void trace_forget(struct trace *t, enum trace_column column);

/* Nothing is added any more, and facts are not asked for again: gives back what only that needs. */
void trace_seal(struct trace *t);

/* Adds one sighting; gives its row. Where its source cannot give its bytes again the digest has them. */
u32 trace_add(struct trace *t, const struct digest *d);
/* f.label is a string number, as these give it. */
void trace_fact(struct trace *t, struct fact f);
u32 trace_label(struct trace *t, str label);

/* The SIP of one row; in the arena or in place. Empty when its source can no longer give it, or its place is forgotten. */
str trace_bytes(const struct trace *t, u32 seen, arena *a);

#endif
