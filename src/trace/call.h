/* call.h: the nouns as everybody to the right of `link` sees them: one call with its devices,
 * legs and messages, pointers and all, in one view arena. `link` makes it, `draw` draws it, `store` keeps
 * its summary. Times are microseconds since 1970; -1 means "did not happen" or "not known". */
#ifndef SIPWEAVE_CALL_H
#define SIPWEAVE_CALL_H

#include "trace/sighting.h"

/* clang-format off */
#define CALL_KIND_LIST(X)                                                                \
    X(CALL, "call") X(REGISTRATION, "registration") X(SUBSCRIPTION, "subscription")      \
    X(MESSAGE, "message") X(OPTIONS, "options")
/* clang-format on */
enum call_kind {
#define X(id, text) KIND_##id,
    CALL_KIND_LIST(X)
#undef X
        KIND_COUNT
};

/* clang-format off */
#define CALL_STATE_LIST(X)                                                               \
    X(PARTIAL, "partial") X(RINGING, "ringing") X(IN_CALL, "in-call")                    \
    X(ANSWERED, "answered") X(CANCELLED, "cancelled") X(FAILED, "failed")
/* clang-format on */
enum call_state {
#define X(id, text) STATE_##id,
    CALL_STATE_LIST(X)
#undef X
        STATE_COUNT
};

/* incoming: no leg of the trace led to it. hop: the call goes on through a device. fork: one of
 * several tries of one device at the same time or one after the other. recording: towards a recorder.
 * gateway: a hop or fork that leaves for an outside number. transfer: REFER, Replaces, pickup. */
/* clang-format off */
#define LEG_ROLE_LIST(X)                                                                 \
    X(INCOMING, "incoming") X(HOP, "hop") X(FORK, "fork") X(RECORDING, "recording")      \
    X(GATEWAY, "gateway") X(TRANSFER, "transfer")
/* clang-format on */
enum leg_role {
#define X(id, text) ROLE_##id,
    LEG_ROLE_LIST(X)
#undef X
        ROLE_COUNT
};

const char *call_kind_text(enum call_kind k);
const char *call_state_text(enum call_state s);
const char *leg_role_text(enum leg_role r);
enum call_kind call_kind_from_text(str s);   /* KIND_COUNT where unknown */
enum call_state call_state_from_text(str s); /* STATE_COUNT where unknown */

/* One reason to believe that a leg belongs to its parent. */
struct evidence {
    str kind; /* stable, for JSON: "called-number" */
    str text; /* in words: "same called number 13 ms after it arrived at boxless" */
    double bits;
};

struct device {
    str name;       /* a name from hosts or a log, else the address */
    bool named;     /* false: the name is just its address */
    str software;   /* User-Agent or Server of what it sent; empty where unknown */
    str *addresses; /* "203.0.113.72:5060", most used first */
    isize naddresses;
    isize nips; /* distinct IP addresses: more than one is a pool */
};

enum side { SIDE_NONE, SIDE_CALLER, SIDE_CALLEE };

struct leg {
    int n;  /* from 1, in order of start */
    str id; /* stable: 13 characters of a hash over Call-ID and the two ends */
    str call_id;
    int from_device, to_device; /* index in call.devices */
    str src, dst;               /* the very addresses of its first request */
    enum transport transport;
    str from, to; /* numbers, or users, as the first request has them: for people */
    str from_display;
    enum leg_role role;
    enum call_state state;
    int status; /* of the final response to the first request; 0 where none was seen */
    str reason; /* its reason phrase */
    isize messages;
    int parent; /* leg number, 0 where none */
    double confidence;
    struct evidence *evidence; /* heaviest first */
    isize nevidence;
    i64 start_us, ring_us, answer_us, end_us;
    enum side ended_by; /* who sent the BYE or CANCEL */
};

/* A link that was weighed and not made: another leg that almost belongs, or a call that a leg almost belongs to. */
struct maybe {
    int leg; /* of this call … */
    bool
        below; /* … on which the other leg would hang; false: `leg` would hang on the other one */
    str other, call;       /* ids: of the other leg, and of its call */
    str call_id, from, to; /* of the other leg */
    i64 start_us;          /* … */
    double confidence;     /* that the two belong together, 0 to 1 */
    str why_not;           /* one sentence: what speaks against it, or what fits better */
    struct evidence *evidence; /* heaviest first; weights below zero speak against */
    isize nevidence;
};

/* Another call that has to do with this one, and is not one with it. */
/* clang-format off */
#define RELATED_LIST(X)                                                                  \
    X(SECOND_ATTEMPT, "second-attempt") X(CALL_BACK, "call-back")                        \
    X(CONFERENCE, "same-conference") X(QUEUE, "same-queue") X(NAMED, "named")
/* clang-format on */
enum related_kind {
#define X(id, text) RELATED_##id,
    RELATED_LIST(X)
#undef X
        RELATED_COUNT
};
const char *related_kind_text(enum related_kind k);

struct related {
    str call; /* id */
    enum related_kind kind;
    str text; /* in words: "01632960123 was called back 40 s after this call had ended" */
    str from, to;
    i64 start_us;
};

/* What somebody has decided by hand about a leg. JOIN: it is a child of `other`. SPLIT: it is not in the call of
 * `other`. The latest decision about a leg counts. */
enum decision_kind { DECISION_JOIN, DECISION_SPLIT };
struct decision {
    i64 n; /* number in the database */
    enum decision_kind kind;
    str leg, other; /* ids of legs */
    str who;        /* as they named themselves, or their address */
    i64 at_us;
};

/* One capture point that saw a message. */
struct seen_by {
    str source;
    i64 time_us; /* by its own clock */
    u32 precision_us;
    enum vantage vantage;
    u64 line; /* line of the log or frame of the capture; 0 unknown */
};

struct message_note {
    str code, text; /* "body-short", its sentence */
    u32 at, n;      /* offset in raw */
};

struct message {
    int n;       /* from 1, in causal order */
    i64 time_us; /* best estimate on the common clock */
    u32 precision_us;
    int leg; /* leg number */
    int from_device, to_device;
    str src, dst;
    enum transport transport;
    str summary; /* "INVITE", "180 Ringing" */
    str method;  /* of the request; in a response the method that it answers */
    bool is_request;
    int status; /* 0 in a request */
    u32 cseq;
    int retransmission_of; /* message number, 0 */
    int prompted_by;       /* message number, 0 */
    struct seen_by *seen;
    isize nseen;
    str raw; /* empty where the bytes can no longer be read */
    bool has_sdp;
    bool cut;
    struct message_note *notes;
    isize nnotes;
};

struct problem {
    str id, severity, text, cure; /* severity: error, warning, info */
    int leg, message;             /* 0 where it has no such place */
};

/* What another leg may know a leg by, and when: what linking looks up where it has not everything in memory
 * (link/keys.c makes them, the store keeps them). Devices and keys are hashes, the same in every run; device 0: none. */
enum mark_what {
    MARK_MADE,   /* a leg starts, from `from` to `to`; another one has made it */
    MARK_FREE,   /* the same; nothing that was seen has made it */
    MARK_ANSWER, /* what may make `to` send another leg: an answer, … */
    MARK_RETRY,
    MARK_REFER,
    MARK_HOLD,
    MARK_END,  /* a leg that left `from` has failed: another try may follow */
    MARK_OVER, /* a leg from `from` to `to` was hung up or given up */
};
#define KEY_WITHHELD                                                                     \
    ((u32)1) /* the caller's number is withheld: equal ones say nothing */
#define KEY_TOKEN                                                                        \
    ((u32)1 << 31) /* set: a value that other legs have as well; else a number */
struct mark {
    i64 at_us;
    u16 from, to;
    u8 what;   /* enum mark_what */
    u32 *keys; /* of a start: its numbers, and the values that other legs have as well */
    isize nkeys;
};

struct call {
    str id; /* the id of its first leg; any leg's id, Call-ID or number finds it too */
    enum call_kind kind;
    i64 start_us;
    str from, to; /* as the caller's leg has them */
    enum call_state state;
    int status;
    u32 precision_us; /* the coarsest of what its times come from; 0: not known */
    i64 setup_ms, ring_ms,
        duration_ms; /* first request to answer; first ringing to answer or end; answer to end */
    struct device
        *devices; /* in order of columns is draw's matter; here in order of appearance */
    isize ndevices;
    struct leg *legs;
    isize nlegs;
    struct message *messages; /* NULL in a summary */
    isize nmessages;          /* how many there are, also in a summary */
    str *methods; /* of its requests, each once, in order; also in a summary */
    isize nmethods;
    struct problem *problems;
    isize nproblems;
    struct maybe *maybes; /* likeliest first */
    isize nmaybes;
    struct related *related; /* by start */
    isize nrelated;
    struct decision *decisions; /* that shaped this call; by time */
    isize ndecisions;
    struct mark *marks; /* for the store; see weave_marks */
    isize nmarks;
};

/* 13 characters, [0-9a-z]: what leg.id and call.id look like for a 64-bit hash. */
str call_id_text(arena *a, u64 hash);
/* The hash again; false: it is no such text. */
bool call_id_read(str text, u64 *hash);

#endif
