/* world.h: telephone traffic together with its truth: which messages there are, what prompted each, which leg it is on,
 * and which legs are one call. Shares no code with src/, whose linking is judged by it.
 *
 *     struct world_plan ──world_make──> struct world ──view_write──> captures, device logs + which line is which message
 *                                                        └──judge──> what the linking of those files got right
 *
 * The same plan gives the same world, byte for byte. Times are microseconds since 1970 by a clock that is right.
 * Rows are named by their number in these arrays; "+ 1, 0: none" where a field says so. */
#ifndef SIPWEAVE_TESTS_WORLD_H
#define SIPWEAVE_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- what kind of traffic ------------------------------------------------------------------------------------- */

/* How a box tells the next one which call this is. One per call at random where several bits are set. */
enum world_hint {
    HINT_X_CID = 1,          /* X-CID: the Call-ID of the leg that came in */
    HINT_X_CALL_ID_LIST = 2, /* X-Call-ID: all Call-IDs so far, separated by ';' */
    HINT_SESSION_ID =
        4,         /* RFC 7989: two halves, swapped with direction, zeros at first */
    HINT_ICID = 8, /* P-Charging-Vector icid-value (RFC 7315) */
    HINT_CISCO_GUID = 16, /* four decimals, the same on all legs, forks and recordings */
    HINT_CALL_ID_SUFFIX = 32,   /* abc@host, abc_b2b-1@host … */
    HINT_CALL_ID_PREFIX = 64,   /* DLGCH_abc… and the like, equal otherwise */
    HINT_VENDOR = 128,          /* a header nobody has heard of, with a random value */
    HINT_NONE_BUT_CONSTANT = 0, /* see world_plan.tenants */
};

struct world_plan {
    uint64_t seed;
    double calls_per_second;
    int calls;         /* how many begin */
    unsigned hints;    /* set of enum world_hint; 0: boxes pass nothing on that tells */
    double withheld;   /* share of callers that withhold their number, 0 to 1 */
    double one_number; /* share of calls to one and the same number */
    bool one_pbx; /* … which one PBX rings all phones of; else all of that stage do */
    bool dialler; /* one caller calls everybody: a share of calls comes from one number */
    /* Through an IVR or a queue that answers first and dials on seconds to minutes later; phones hunted one after the other; the
     * caller rewritten to the company's own number; desks that call out through the same boxes. Shares, 0 to 1. */
    double ivr, hunt, rewritten, desks_out;
    double forks;     /* share that ring several phones at once */
    double recorders; /* share that are recorded: plain second INVITE or SIPREC */
    double gateways;  /* share that leave for the outside through a gateway */
    double
        proxies; /* share that cross a proxy which keeps the Call-ID (record-routing, parallel and serial forking) */
    double
        hiding; /* share that cross a box which changes the Call-ID but keeps the tags */
    double transfers; /* attended, blind, Replaces pickup, park, music on hold */
    double
        related; /* call-backs, second attempts, others in one conference: not one call */
    double
        media_kept; /* share of calls whose SDP passes through the boxes unchanged; else anchored, each leg its own */
    double conference; /* share of calls into one busy conference bridge: not one call */
    bool
        tenants; /* constant headers per tenant, constant SDP owners, nulls: must weigh nothing */
    bool background; /* REGISTER, OPTIONS, SUBSCRIBE/NOTIFY, MESSAGE beside the calls */
    bool nat;        /* phones behind NAT */
    double
        network_loss; /* share of packets lost on the way over UDP: they are sent again (RFC 3261 §17) */
    int boxes_a_stage; /* so many border controllers, so many PBXes …: 2 unless set */
    double tcp;        /* share of boxes that speak TCP among themselves */
    bool
        two_sided; /* every other border controller has an address for each side: one device only with a hosts file */
    double
        odd_flows; /* share of calls with re-INVITE, hold, UPDATE, PRACK, 401/407, 302, diversion, glare, both ends hanging up */
};

/* ---- what happened --------------------------------------------------------------------------------------------- */

enum {
    WORLD_CALL,
    WORLD_OTHER
}; /* kind of a leg: INVITE; registration, subscription, OPTIONS, MESSAGE */

struct world_device {
    char name[24]; /* "sbc1", "phone1042" */
    bool box;      /* a server that many calls share; its log can be had */
    bool
        inside; /* sits in the inner network: capture points divide the network by this and `site` */
    int site;
};

struct world_address {
    uint32_t ip; /* host order */
    uint16_t port;
    int device; /* row */
};

struct world_leg {
    int call; /* row; legs of one call have one */
    int parent; /* row + 1; 0: none. The hops of one Call-ID through proxies are a leg each */
    int kind;
    int from_device, to_device;
    const char *call_id;
    bool recording,
        transfer; /* towards a recorder; because of REFER, Replaces, Join or hold */
};

struct world_call {
    const char *flow; /* for people: "hunt, answered by the third" */
    int first_leg;    /* row */
    int related;      /* row + 1 of a call that it is related to, but not one with */
};

struct world_msg {
    int64_t sent_us, received_us; /* received_us < 0: it was lost on the way */
    int leg;
    int from, to; /* rows of addresses */
    int prompted; /* row + 1 of the message on *another* leg of the same call that made the sender send it; 0: none */
    int again; /* row + 1 of the message of which it is the repetition, byte for byte; 0: none */
    int after; /* row + 1 of the message on this leg that it answers or follows by the rules of SIP; 0: none */
    uint8_t transport; /* 0 UDP, 1 TCP */
    uint32_t at, n;    /* the SIP: world.text[at .. at + n) */
};

struct world {
    struct world_device *devices;
    int ndevices;
    struct world_address *addresses;
    int naddresses;
    struct world_leg *legs;
    int nlegs;
    struct world_call *calls;
    int ncalls;
    struct world_msg *msgs; /* in order of sent_us; equal ones in order of cause */
    int nmsgs;
    char *text;
    size_t ntext;
    void *own; /* of world.c */
};

struct world *world_make(const struct world_plan *plan);
void world_free(struct world *w);

/* ---- what is seen of it ------------------------------------------------------------------------------------------ */

enum view_kind {
    VIEW_TAP,       /* one capture that sees every packet, once, as sent */
    VIEW_LOGS,      /* the log of each box, as FireBrick writes it */
    VIEW_SOME_LOGS, /* of every other box only */
    VIEW_POINTS, /* `points` captures at different places: one packet is seen by one, two or more of them */
};

struct view_plan {
    uint64_t seed;
    enum view_kind kind;
    int points; /* of VIEW_POINTS */
    double
        clock_s; /* each source's clock is wrong by up to so many seconds, either way */
    double drift_ppm;      /* … and runs too fast or slow by up to this */
    uint32_t precision_us; /* stamps are cut to this: 1, 1000, 1000000 */
    double missed;         /* share of sightings that are not captured */
    double
        doubled; /* share of packets that a capture has twice (a mirror of both directions) */
    bool disorder;   /* lines of captures a few milliseconds out of order */
    double from, to; /* only this part of the span is seen: 0 and 1 (or both 0) for all */
    bool
        all_udp; /* captures have messages of TCP as datagrams: for readers that do not put streams together */
};

/* One record of a source: a line of its log, or a frame of its capture. */
struct view_line {
    uint64_t
        line; /* as sipweave counts: frame from 1; the line of the log that the entry begins at */
    int source, msg;
};

struct view_source {
    char path[256]; /* the file written */
    char name[64];  /* its base name */
    bool log;
    int device; /* whose log; -1 */
    int lines;  /* how many rows of view.lines it has */
};

struct view {
    struct view_source *sources;
    int nsources;
    struct view_line *lines; /* by source, then line */
    int nlines;
    bool *seen; /* by message: at least one source has it */
    bool
        hosts; /* hosts file written beside them: names of all boxes with all their addresses */
    char hosts_path[256];
};

/* Writes files into the directory, which exists. */
struct view *view_write(const struct world *w, const struct view_plan *plan,
                        const char *dir);
void view_free(struct view *v);

/* truth.tsv for people and other programs: see tests/world/README.md */
void truth_write(const struct world *w, const struct view *v, FILE *f);

#endif
