/* weave.h: the tables between the steps of linking; private to this folder.
 *
 *     trace.seen ─alike.c─> groups ─clock.c─> common times ─merge.c─> msgs ─device.c─> devs
 *         ─leg.c─> sums (leg summaries) ─said.c─> facts, tokens ─parent.c─> parents
 *         ─group.c─> conversations ─wait.c─> habits ─order.c─> order ─prompt.c─> prompts ─view.c─> struct call
 *
 * Numbers name rows; 0 is "none" where a field says so, and such tables start at 1.
 * Rows of msgs, sums and groups do not depend on the order in which things arrived (alike.c). Messages stand in canonical order
 * until leg.c puts them by leg. */
#ifndef SIPWEAVE_WEAVE_H
#define SIPWEAVE_WEAVE_H

#include "link/evidence.h"
#include "link/fact.h"
#include "link/link.h"

#define NEVER ((i64)-1) /* of an event that was not seen */

enum {
    HOPS_A_CALL_ID =
        1000,           /* what is on more hops than that is an attack, or no Call-ID */
    LEGS_A_CALL = 4000, /* a call that large takes no more */
};

/* Two sightings or more that may be one message: everything that names it is equal, and its text. */
struct alike {
    u32 first, last; /* chain through weave.next_alike, in canonical order */
    u32 n;
};

/* One message on one hop, from one sighting or more. 12 bytes; what few have, or few ask for, is in tables of its own: more_of, repeat_of,
 * msg_leg. */
struct __attribute__((packed, aligned(4))) msg {
    i64 time_us; /* on the common clock */
    u32 seen;    /* the sighting that speaks for it: the most precise, the sender's */
};

struct dev {
    str name;
    bool named;
    u32 agent; /* string number of its software */
    /* what it does as a rule (wait.c) */
    bool waits_ack; /* acknowledges an answer once its own was acknowledged */
    bool waits_end; /* ends what was given up once the other side has ended */
};

enum sum_flag {
    SUM_RECORDING = 1,
    SUM_TRANSFER = 2,  /* names another dialog, or follows a REFER */
    SUM_LAX = 4,       /* its Call-ID is masked: equal ones prove nothing */
    SUM_HOLD = 8,      /* somebody was put on hold: see weave.holds */
    SUM_WITHHELD = 16, /* the caller has withheld the number */
    SUM_RELATES = 32,  /* it has a FACT_REPLY or FACT_FOCUS */
    SUM_DECIDED = 64,  /* a decision by hand is about it: see weave.decided */
    SUM_GIVEN = 128,   /* its parent was told, see given.c */
};

/* What is the same on most legs of a call, and on many others: boxes pass it on as they were told. */
enum manner { MANNER_NAME, MANNER_MEDIA, MANNERS };

/* A leg as linking sees it. Times are NEVER where the event was not seen. First what nearly every pass over all legs reads. */
struct sum {
    u8 kind; /* enum call_kind */
    u8 flags, state;
    u8 nnumbers; /* so many of its facts, the first ones, are numbers */
    u32 from_dev, to_dev;
    u32 parent; /* the result: row + 1; 0: none */
    i64 start_us;
    double confidence;
    u32 facts_at, nfacts;   /* weave.leg_facts … */
    u32 proofs_at, nproofs; /* weave.proofs */
    u64 id;
    i64 last_us;
    double share;  /* the likeliest one's, of all that could have sent it */
    u32 likeliest; /* row + 1: the leg that it would hang on, whether it does or not … */
    u32 tokens_at; /* weave.leg_tokens[tokens_at .. tokens_at + ntokens) */
    u8 ntokens;
    u8 role; /* enum leg_role: the result */
    u8 ended_by, transport;
    u16 status;
    bool tangled; /* its messages did not come in their order */
    bool kept;    /* its parent is as the last link has left it: stand.c */
    bool missed;  /* its first request was not captured, only what came back */
    u32 call_id;
    u32 src, dst;        /* endpoints of the first request */
    u32 at, n;           /* its messages: weave.msgs[at .. at+n), in order */
    u32 precision_us;    /* of its first request */
    u32 manner[MANNERS]; /* by enum manner: hash of how it is done; 0: not known */
    /* rows of msgs + 1; ack: the first one; retry: the first request was sent again after a refusal or challenge; the first and the last REFER */
    u32 start_msg, retry_msg, ring_msg, answer_msg, ack_msg, cancel_msg, fail_msg,
        bye_msg;
    u32 refer_msg[2];
    i64 ring_us, answer_us, cancel_us, fail_us, bye_us;
    u32 group; /* the result: conversation */
};

/* A value that two legs or more have. */
struct token {
    u64 hash;
    u32 at, n; /* the legs that have it: weave.token_legs[at .. at+n) */
    u32 ids;   /* how many Call-IDs those have */
    u32 roots; /* how many of these no other of these leads to */
    bool
        names; /* for some leg it is a Call-ID, or part of one: what has it may mean that leg */
};

/* One leg's part in a token. */
struct leg_token {
    u32 token; /* row of tokens; a leg's are in rising order */
    u32 label;
    u32 dev; /* who said it */
    u8 kind, bits;
};

/* One reason why a leg belongs to its parent. */
struct __attribute__((packed, aligned(4))) proof {
    u8 kind; /* enum evidence_kind */
    _Alignas(4) float bits;
    u32 label;    /* string number: the header or the number meant; 0 none */
    i64 delta_us; /* of a timing: how long after; of a number or manner: 1 the same, 0 not; by hand: row of decisions */
};

/* A leg and a parent in a call that it is not in. */
struct link_maybe {
    u32 leg, parent; /* rows */
    double confidence;
    u32 proofs_at, nproofs;
};

/* On this leg somebody was put on hold. */
struct hold {
    i64 at_us;
    u32 leg, msg;
};

/* Rows of sums + 1 of the legs that a decision is about; 0: not in the trace. */
struct decided {
    u32 leg, other;
    bool counts; /* none about the same leg is later */
};

struct conversation {
    u32 at, n; /* its legs: weave.by_group[at .. at+n), by start */
    i64 start_us;
    enum call_kind kind;
    u32 related_at, nrelated; /* weave.relations, by start */
};

enum { SPREAD_FROM_US = 100000 }; /* stamps as coarse as that leave much to be guessed */

/* What one source has sent so far. */
struct arrival {
    isize n;
    i64 last_us;
    u32 last_line;
    bool disorder; /* a stamp or a line was before the one that came before it */
};

struct weave {
    struct trace trace;
    struct arrival *arrivals; /* by source */
    isize cap_arrivals;
    /* some sightings have coarse stamps, are not whole, are of logs; some Call-IDs are masked */
    bool coarse, some_cut, some_logged, some_masked;
    u32 precision_us; /* of the first stamp … */
    bool mixed;       /* … and some have another */
    struct map hosts; /* hash of an IP -> name number */
    struct str_table host_names;
    /* of Call-IDs by string number: a hash, the same in every run, which the number is not; 0: not looked at yet */
    u64 *call_ids;
    isize cap_call_ids;
    struct map
        masked; /* numbers of Call-IDs that do not tell calls apart, as some_masked */
    u32 *source_rank; /* by source: its place in the order of names */
    isize cap_source_rank;
    u32 *canon, /* rows of seen[] in canonical order, until they are merged … */
        *rank; /* … and the place of each row in it; NULL: that is its number (rank_of) */
    isize cap_canon;
    /* runs of canon[] that have one clock: a source, unless its clock was set back (stint.c) */
    u32 *stints; /* where each begins */
    isize nstints, cap_stints;
    /* of sightings whose stamps are coarse: where in its second each probably was, by its place among the
     * lines of that second, and give or take how much; by row, NULL where all stamps are fine */
    u32 *spread_at, *spread_by;
    isize cap_spread_at, cap_spread_by;
    /* until it is known what each leg says; by row of seen[], NULL where no two are alike: row of alikes + 1, and the next of
     * its alikes: row + 1 */
    struct alike *alikes;
    isize nalikes, cap_alikes;
    u32 *alike_of, *next_alike;
    i64 *
        common_us; /* by row of seen[]: its time on the common clock; NULL: there is one clock */
    u32 *islands; /* by source: sources of one island have one common clock */
    /* by source: how far its times on the common clock may be off; -1: they are guessed */
    i64 *blur_us;
    i64 *
        mirror_us; /* by source: how far apart it has one packet twice, at most; 0: it does not */
    isize cap_islands, cap_blur_us, cap_mirror_us;
    struct msg *msgs;
    isize nmsgs, cap_msgs;
    u32 *more;    /* by row of seen[]; NULL: each message was seen once */
    u32 *repeats; /* by row of msgs; NULL: nothing was sent again */
    u32 *leg_of;  /* by row of msgs: row of sums; NULL: nobody asks, see only_lines */
    isize cap_leg_of;
    struct dev *devs;
    isize ndevs, cap_devs;
    u32 *dev_of; /* by endpoint */
    isize cap_dev_of;
    u32 *twin_of; /* by device: the one that it is a part of (twin.c); mostly itself */
    isize cap_twin_of;
    struct sum *sums;
    isize nsums, cap_sums;
    struct fact *leg_facts;
    isize nleg_facts, cap_leg_facts;
    struct token *tokens;
    isize ntokens, cap_tokens;
    u32 *token_legs;
    isize cap_token_legs;
    struct leg_token *leg_tokens;
    isize nleg_tokens, cap_leg_tokens;
    /* of the numbers of all legs, until parents are found: hash -> number, from 1; and by row of leg_facts */
    struct map number_rows;
    u32 *number_of;
    isize cap_number_of;
    u32 nnumbers;
    struct hold *holds;
    isize nholds, cap_holds;
    struct link_maybe *maybes; /* by leg, the likeliest first */
    isize nmaybes, cap_maybes;
    u32 *maybes_below; /* rows of maybes by parent */
    isize cap_maybes_below;
    struct proof *proofs;
    isize nproofs, cap_proofs;
    struct conversation *groups;
    isize ngroups, cap_groups;
    struct relation *relations; /* related.h */
    isize cap_relations;
    u32 *by_group;
    isize cap_by_group;
    struct decision *decisions; /* by hand, in the order of their numbers */
    isize ndecisions, cap_decisions;
    struct decided *decided; /* by row of decisions */
    isize cap_decided;
    arena said_by; /* their strings */
    arena scratch; /* for what one message says */
    bool join_all, finished, stopped;
    bool unasked;                  /* nobody will ask why: evidence is not kept */
    bool unshown;                  /* messages will not be shown … */
    bool in_lines;                 /* … nor anything but a line of each call */
    bool tangled;                  /* some sums are */
    int threads;                   /* that may be used at once; 0 as 1 */
    bool (*ends)(const void *ctx); /* NULL: nobody ends a link early */
    const void *ends_ctx;
    struct climate_kept *climate; /* climate.c; NULL: the trace is all there was */
    struct lore *lore;            /* lore.c: of the last weave_link, or told */
    struct given_kept *given;     /* given.c; NULL: there are none */
    struct keeping *keep;         /* stand.c; NULL: all is decided each time */
    u32 decided_anew;             /* how often */
    arena names;                  /* of devices, reset by each weave_link */
};

/* Is what is being worked out of no use any more? */
static inline bool weave_stops(const struct weave *w) {
    return w->ends && w->ends(w->ends_ctx);
}

/* Is nothing asked for but a line of each call, made of what its legs have (view_line.c)? Then nobody wants to know whose a message is, or
 * where in its dialog it stands, once legs are known and have said what they say. */
static inline bool only_lines(const struct weave *w) {
    return w->in_lines && w->finished && !w->keep && w->trace.nsources == 1 && !w->more &&
           !w->tangled;
}

/* How many threads so many items are worth. Who asks to be heard (`ends`) is asked by one. Counts of what is not in the trace are
 * looked up in what is made beside them. */
static inline int weave_may_use(const struct weave *w, isize n) {
    enum { FEW = 1000 };
    return n < FEW || w->ends || w->climate ? 1 : w->threads;
}

/* The steps, in their order. */
void alike_find(struct weave *w);
void clock_estimate(struct weave *w);
void merge_sightings(struct weave *w);
void device_assign(struct weave *w);
void leg_summarise(struct weave *w);
void said_collect(struct weave *w);
void twin_devices(struct weave *w);
void hop_parents(struct weave *w);
void decide_resolve(struct weave *w);
void given_apply(struct weave *w);
void stand_apply(struct weave *w);
void score_parents(struct weave *w);
void decide_apply(struct weave *w);
void group_legs(struct weave *w);
void wait_learn(struct weave *w);

/* … one by one, for whoever wants to know what each of them costs (bench/link.c). */
enum { LINK_STEPS = 15 };
struct link_step {
    const char *name;
    void (*run)(struct weave *w);
};
extern const struct link_step link_steps[LINK_STEPS];

/* After those that want to know which sightings are alike. */
void alike_forget(struct weave *w);

/* The time of a sighting on the common clock. */
static inline i64 common_time(const struct weave *w, u32 row) {
    return w->common_us ? w->common_us[row] : w->trace.times[row];
}

/* Two sightings by one source that saw one packet twice: an interface that shows what comes in and goes out, a mirror of
 * both directions. */
bool same_packet(const struct weave *w, const struct seen *first,
                 const struct seen *then);
/* How far apart each source has packets twice. */
void mirror_measure(struct weave *w);

/* The confidence from which on a leg joins a call. */
double parent_joins_from(void);

/* The first row of maybes, or of maybes_below where `below`, that is of this leg or of one after it. */
isize maybe_first(const struct weave *w, u32 leg, bool below);

void climate_drop(struct weave *w);
/* lore.c: what was learned with more in sight, where that was told. */
void lore_drop(struct weave *w);
bool lore_is_told(const struct weave *w);
/* Where it is told: the name of the device that this address belongs to; empty: its own. */
str lore_twin(const struct weave *w, u32 dev);
void given_drop(struct weave *w);
/* stand.c, around stand_apply: before linking, when it is done, for good; and what a leg that is settled nearly belongs to. */
void stand_take(struct weave *w);
void stand_done(struct weave *w);
void stand_drop(struct weave *w);
void stand_maybes(struct weave *w, u32 leg);
/* Of a leg with SUM_GIVEN. */
const struct evidence *given_evidence(const struct weave *w, const struct sum *s,
                                      isize *n);
/* How many seconds between these are in sight; 0: nobody said so. */
double given_span_s(const struct weave *w, i64 first_us, i64 last_us);

/* How long after `cause` the effect came (rows of msgs), and how far off that may be. By the clock of one source where
 * one saw both. */
struct gap {
    i64 us, slack_us;
};
struct gap msg_gap(const struct weave *w, u32 cause, u32 effect);

/* Time of a message, and where in its second it probably was. What people see is time_us. */
static inline i64 msg_probable_us(const struct weave *w, const struct msg *m) {
    return m->time_us + (w->coarse ? (i64)w->spread_at[m->seen] : 0);
}

/* The place of a sighting in canonical order. */
static inline u32 rank_of(const struct weave *w, u32 row) {
    return w->rank ? w->rank[row] : row;
}

/* The next sighting of the same message after this one, which is msg.seen at first: row + 1; 0: there is none. */
static inline u32 more_of(const struct weave *w, u32 row) {
    return w->more ? w->more[row] : 0;
}

/* The message that this one repeats: row + 1; 0: it is no retransmission. `m` is a row of weave.msgs. */
static inline u32 repeat_of(const struct weave *w, const struct msg *m) {
    return w->repeats ? w->repeats[m - w->msgs] : 0;
}

static inline const struct seen *msg_seen(const struct weave *w, const struct msg *m) {
    return &w->trace.seen[m->seen];
}

static inline const struct step *msg_step(const struct weave *w, const struct msg *m) {
    return &w->trace.steps[m->seen];
}

static inline u32 msg_leg(const struct weave *w, const struct msg *m) {
    return w->leg_of[m - w->msgs];
}

/* How far off its time may be by how it was written down. */
static inline u32 msg_precision_us(const struct weave *w, const struct msg *m) {
    return w->mixed ? msg_seen(w, m)->precision_us : w->precision_us;
}

/* When the message that a row + 1 names was sent; 0: NEVER. */
static inline i64 msg_us(const struct weave *w, u32 msg) {
    return msg ? w->msgs[msg - 1].time_us : NEVER;
}

/* Who received the REFER that a row + 1 names. */
static inline u32 refer_dev(const struct weave *w, u32 msg) {
    return w->dev_of[msg_seen(w, &w->msgs[msg - 1])->dst];
}

/* Until it is known what legs say; the same for the next one. */
static inline const struct ident *msg_ident(const struct weave *w, const struct msg *m) {
    return &w->trace.idents[m->seen];
}

static inline u32 seen_from_tag(const struct weave *w, const struct seen *r) {
    return w->trace.idents[r - w->trace.seen].from_tag;
}

/* What made a leg's device send it: one of the first kinds of evidence.h. EVIDENCE_COUNT: nobody knows. */
enum evidence_kind leg_cause(const struct weave *w, const struct sum *s);
/* Its parent was found by its Call-ID alone: with proxies, one Call-ID crosses several hops. */
bool leg_is_hop(const struct weave *w, const struct sum *s);

/* Has somebody taken the leg out of the call whose first leg is `root` (or any leg of it)? After decide_resolve. */
bool decide_forbids(const struct weave *w, u32 leg, u32 root);
/* Has somebody made this leg a child of another? After decide_resolve. */
bool decide_joins(const struct weave *w, u32 leg);
/* "joined by hand by Kay, 22 Nov 2026 10:12 UTC": of a proof by hand. */
str decide_words(const struct weave *w, const struct proof *p, arena *a);
/* The decisions that are about this leg, as a hash. */
u64 decide_signature(const struct weave *w, u32 leg);
/* Fills call.decisions: those about a leg of the call, by number. */
void decide_view(const struct weave *w, const struct conversation *g, struct call *c,
                 arena *a);
/* Its parent does not have to be looked for. */
static inline bool leg_is_settled(const struct weave *w, const struct sum *s) {
    return (s->flags & SUM_GIVEN) != 0 || s->kept || leg_is_hop(w, s);
}

/* The From tag that the caller of a leg has, 0 where it has none. */
u32 way_caller_tag(const struct weave *w, const struct sum *s);
/* Does this message, or the request that it answers, come from the other side of the dialog? */
bool way_turned(const struct weave *w, const struct seen *r, u32 caller_tag);
/* The same where the beginning was not captured: by the tag, if another hop has shown it, else by the Call-ID. */
bool way_guess_turned(const struct weave *w, const struct seen *r, u32 caller_tag);
/* The caller's tags that other hops know, by Call-ID; and that of a leg, 0: none does. */
void way_learn(struct map *tags, const struct weave *w);
u32 way_told(const struct map *tags, const struct sum *s);

/* Was a leg that is over by then still there? Half a minute of silence is no end. */
bool leg_alive(const struct sum *s, i64 at_us, i64 slack);
/* Its first request was not captured, only what came back: it may have begun before that moment. */
bool leg_may_be_older(const struct weave *w, const struct sum *s, i64 than_us);
#define LEG_UNSEEN_US  32000000 /* a phone rings no longer, as a rule */
#define LEG_UNTRIED_US 200000   /* 100 is sent by then (RFC 3261 section 17.2.1) */
/* Had p begun when c did, and was it still there, whatever the clocks say? */
bool leg_was_there(const struct sum *p, const struct sum *c);

/* Rows of 16 bytes by key, then value; n in number, but for few of them. */
struct sort_row {
    u64 key;
    u64 value;
};
void sort_rows(struct sort_row *rows, isize n);
/* The same, faster where keys are hashes. */
void sort_hashes(struct sort_row *rows, isize n);
static inline u64 sort_time(i64 us) {
    return (u64)us ^ (u64)1 << 63;
}

/* rows[0 .. n) are the sightings of one source by stamp: value is line << 32 | row; from at of canon[] on. Where its clock
 * was set back, what came after is put behind what came before. */
void stint_split(struct weave *w, struct sort_row *rows, isize n, isize at);
u32 stint_of(const struct weave *w, u32 row);
/* Puts the stints of each source into the order of the common clock. Stints have no meaning afterwards. */
void stint_arrange(struct weave *w);

/* Puts messages (rows of msgs) into the order of cause; `c` says whose, NULL: of one leg, whose parent does not matter.
 * n log n. Without room in the scratch arena it is the order of time. False: that is the order in which one source saw them. */
bool order_rows(const struct weave *w, const struct conversation *c, u32 *rows, isize n,
                arena scratch);
/* For each place in that order the place + 1 of the message that prompted it; 0: none. */
void prompt_find(const struct weave *w, const u32 *order, isize n, u32 *prompts);

#endif
