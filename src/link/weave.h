/* weave.h: the tables between the steps of linking; private to this folder.
 *
 *     trace.seen ─clock.c─> offsets ─merge.c─> msgs ─device.c─> devs ─leg.c─> sums (leg summaries)
 *                                                                                  │ score.c
 *     struct call <─view.c─ prompts <─prompt.c─ order <─order.c─ conversations <─group.c
 *
 * Numbers name rows; 0 is "none" where a field says so, and such tables start at 1. */
#ifndef SIPWEAVE_WEAVE_H
#define SIPWEAVE_WEAVE_H

#include "link/evidence.h"
#include "link/fact.h"
#include "link/link.h"

#define NEVER ((i64)-1) /* of an event that was not seen */

/* One message on one hop, from one sighting or more. */
struct msg {
    i64 time_us;      /* on the common clock */
    u32 precision_us; /* of that time */
    u32 seen;  /* the sighting that speaks for it: the most precise, the sender's */
    u32 more;  /* chain of the others through weave.more[]; number of a row + 1, 0 ends */
    u32 leg;   /* row of sums */
    u32 first; /* it repeats this one: row + 1, 0: it is no retransmission */
};

struct dev {
    str name;
    bool named;
    u32 agent; /* string number of its software */
};

enum sum_flag {
    SUM_RECORDING = 1,
    SUM_TRANSFER = 2, /* names another dialog, or follows a REFER */
    SUM_LAX = 4,      /* its Call-ID is masked: equal ones prove nothing */
};

/* A leg as linking sees it. Times are NEVER where the event was not seen. */
struct sum {
    u32 call_id;
    u32 from_dev, to_dev;
    u32 src, dst;         /* endpoints of the first request */
    u32 at, n;            /* its messages: weave.by_leg[at .. at+n), by time */
    u32 facts_at, nfacts; /* weave.leg_facts */
    u64 id;
    enum call_kind kind;
    u8 state, ended_by, transport, flags;
    u16 status;
    u32 precision_us; /* of its first request */
    i64 start_us, ring_us, answer_us, ack_us, cancel_us, fail_us, bye_us, last_us;
    i64 retry_us;  /* the first request was sent again after a refusal or challenge */
    i64 refer_us;  /* a REFER was seen on it … */
    u32 refer_dev; /* … that this device received */
    /* the result */
    u32 parent; /* row + 1; 0: none */
    u8 role;
    double confidence;
    u32 group;              /* conversation */
    u32 proofs_at, nproofs; /* weave.proofs */
};

/* One reason why a leg belongs to its parent. */
struct proof {
    u8 kind; /* enum evidence_kind */
    float bits;
    u32 label;    /* string number: the header or the number meant; 0 none */
    i64 delta_us; /* of a timing: how long after */
};

struct conversation {
    u32 at, n; /* its legs: weave.by_group[at .. at+n), by start */
    i64 start_us;
    enum call_kind kind;
};

struct weave {
    struct trace trace;
    struct map hosts; /* hash of an IP -> name number */
    struct str_table host_names;
    i64 *offsets; /* by source: its clock minus the common one */
    isize noffsets, cap_offsets;
    struct msg *msgs;
    isize nmsgs, cap_msgs;
    u32 *more; /* by row of seen[] */
    isize cap_more;
    struct dev *devs;
    isize ndevs, cap_devs;
    u32 *dev_of; /* by endpoint */
    isize cap_dev_of;
    struct sum *sums;
    isize nsums, cap_sums;
    u32 *by_leg;
    isize cap_by_leg;
    struct fact *leg_facts;
    isize nleg_facts, cap_leg_facts;
    struct proof *proofs;
    isize nproofs, cap_proofs;
    struct conversation *groups;
    isize ngroups, cap_groups;
    u32 *by_group;
    isize cap_by_group;
    bool join_all;
    arena names; /* of devices, reset by each weave_link */
};

/* The steps, in their order. */
void clock_estimate(struct weave *w);
void merge_sightings(struct weave *w);
void device_assign(struct weave *w);
void leg_summarise(struct weave *w);
void score_parents(struct weave *w);
void group_legs(struct weave *w);

/* Time of a sighting on the common clock. */
static inline i64 common_time(const struct weave *w, const struct seen *r) {
    return r->time_us - w->offsets[r->source];
}

/* A hash over what makes two sightings one message, whatever the capture point (RFC 3261 §17.1.3, §17.2.3). */
u64 seen_identity(const struct seen *r);

static inline const struct seen *msg_seen(const struct weave *w, const struct msg *m) {
    return &w->trace.seen[m->seen];
}

/* Sorts rows of 16 bytes by key, then value; n log n. */
struct sort_row {
    u64 key;
    u64 value;
};
void sort_rows(struct sort_row *rows, isize n);

/* The order of a call's messages: rows of msgs into `order`, n of them, by cause … */
void order_messages(const struct weave *w, const struct conversation *g, u32 *order,
                    isize n, arena scratch);
/* … and for each place in it the place + 1 of the message that prompted it; 0: none. */
void prompt_find(const struct weave *w, const u32 *order, isize n, u32 *prompts);

#endif
