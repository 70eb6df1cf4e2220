/* judge.h: how much of the truth sipweave finds in the files that a view has written.
 *
 *     files ──judge_read.c: input, weave_link, weave_call──> struct found ──judge_score──> struct score
 *                                                                 └── world, view ──┘
 *
 * Nothing is compared by name: a message of sipweave's is the true one whose lines it was seen on, a leg the true
 * one that most of its messages are of. Rows are numbers in arrays; "+ 1, 0: none" where a field says so. */
#ifndef SIPWEAVE_TESTS_JUDGE_H
#define SIPWEAVE_TESTS_JUDGE_H

#include "link/link.h"
#include "world/world.h"

/* ---- what sipweave made of it ------------------------------------------------------------------ */

struct found_msg {
    int leg;      /* row */
    int n;        /* its place in its call, from 1 */
    int prompted; /* row + 1 */
};

struct found_leg {
    int call, n; /* of sipweave; its number there, from 1 */
    int parent;  /* row + 1 */
    double confidence;
};

/* "may belong to": told, not made */
struct found_maybe {
    int leg, other; /* rows */
    double confidence;
};

struct found {
    struct found_leg *legs;
    int nlegs;
    struct found_msg *msgs;
    int nmsgs;
    int ncalls;
    struct found_maybe *maybes;
    int nmaybes;
    int *of_line;  /* by row of view.lines: row of msgs + 1 */
    int strangers; /* messages on lines that nobody has written */
    double read_s, link_s, view_s;
};

/* A trace that stays open, so that people can be shown what went wrong. */
struct reading_of {
    struct weave *weave;
    struct found found;
    arena boot, view;
};

/* Reads the view's files, and its hosts file where `hosts`, and links. Stops the program when a file cannot be read. */
void judge_read(struct reading_of *r, const struct view *v, bool hosts);
void judge_drop(struct reading_of *r);

/* ---- how much of that is right -------------------------------------------------------------------- */

struct share {
    int64_t right, of;
};
double share_of(struct share s); /* 1 where there was nothing to get wrong */

enum { CONFIDENCES = 14 }; /* bins; judge_bins[i] is where bin i ends */
extern const double judge_bins[CONFIDENCES];

struct calibration {
    int64_t stated[CONFIDENCES], right[CONFIDENCES];
    double sum[CONFIDENCES]; /* of the confidences */
};
void calibration_add(struct calibration *to, const struct calibration *c);

struct score {
    struct share precision, recall; /* pairs of legs in one call */
    struct share exact;             /* calls with all their legs and nothing else */
    struct share parents, prompts;
    struct share recovered; /* true messages that are one message, and nothing else's */
    struct share order;     /* messages before which stands all that caused them */
    int64_t joined;         /* calls of sipweave with legs of more than one true call */
    int64_t lost, doubled,
        merged; /* true messages not found, found as several, found as one with others */
    int64_t legs, messages; /* true ones that were seen */
    struct calibration links, maybes;
    double read_s, link_s, view_s;
};

struct verdict {
    /* of the truth */
    int *found_msg;  /* by true message: row + 1 */
    int *found_leg;  /* by true leg: that with most of its messages, row + 1 */
    int *found_call; /* by true leg: that with most of its messages, + 1 */
    bool *leg_seen;
    bool *scattered; /* by true leg: in several calls */
    bool *exact;     /* by true call; false also where it was not seen */
    bool *call_seen;
    bool *msg_split;   /* by true message: several of sipweave's */
    int *family;       /* by true message: the first sending of it, row */
    int *family_found; /* by first sending: that of the first one found, row + 1 */
    /* of sipweave's */
    int *true_msg; /* by message, row + 1 */
    bool *mixed;   /* by message: sightings of several true ones */
    int *true_leg; /* by leg, row + 1 */
    bool *joined;  /* by call */
    struct score score;
};

struct verdict *judge_score(const struct world *w, const struct view *v,
                            const struct found *f);
void verdict_free(struct verdict *d);

/* What of a verdict is right, one by one: -1 not to be judged, 0 wrong, 1 right. */
int judge_parent(const struct world *w, const struct found *f, const struct verdict *d,
                 int true_leg);
int judge_prompt(const struct world *w, const struct found *f, const struct verdict *d,
                 int true_msg);
int judge_order(const struct world *w, const struct found *f, const struct verdict *d,
                int true_msg);

/* ---- for people ------------------------------------------------------------------------------------- */

enum failure_kind {
    FAILURE_CALLS,
    FAILURE_PARENTS,
    FAILURE_PROMPTS,
    FAILURE_ORDER,
    FAILURE_MESSAGES,
    FAILURE_FLOWS,   /* how many of each flow */
    FAILURE_EVIDENCE /* what spoke for wrong links */
};

/* What went wrong, at most `most` of it, in words. */
void judge_failures(const struct world *w, const struct view *v, struct reading_of *r,
                    const struct verdict *d, enum failure_kind kind, int most, FILE *to);

#endif
