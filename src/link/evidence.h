/* evidence.h: what can make one believe that a leg is the child of another, as a table.
 *
 * Each piece of evidence adds log2(m/u) bits: m, how often it holds for legs of one call, stands in weights.h, which `make fit` writes;
 * u, how often it holds by chance, comes from the trace (rarity of the value at that device). What speaks against adds log2((1-m)/(1-u)), which is negative. */
#ifndef SIPWEAVE_EVIDENCE_H
#define SIPWEAVE_EVIDENCE_H

#include "base/base.h"

/* X(id, name in JSON, words) */
#define EVIDENCE_LIST(X)                                                                 \
    X(SAME_CALL_ID, "same-call-id", "the same Call-ID on the next hop")                  \
    X(TIMING, "timing", "left the device that the other leg had just reached")           \
    X(AFTER_ANSWER, "after-answer", "started when the other leg was answered")           \
    X(AFTER_WAIT, "after-wait", "dialled on after the other leg had waited")             \
    X(AFTER_SIBLING, "after-sibling", "started beside another try")                      \
    X(AFTER_FAILURE, "after-failure", "started when another try had failed")             \
    X(AFTER_REFER, "after-refer", "started when a transfer (REFER) was asked for")       \
    X(AFTER_HOLD, "after-hold", "started when the other leg was put on hold")            \
    X(CALLED_NUMBER, "called-number", "the same called number")                          \
    X(CALLER_NUMBER, "caller-number", "the same caller")                                 \
    X(COMPANY_NUMBER, "company-number", "calls with the company's number")               \
    X(CALLER_NAME, "caller-name", "the caller withheld in the same words")               \
    X(MEDIA, "media", "media of the same kind")                                          \
    X(ROUTE, "route", "calls to that number often go this way")                          \
    X(CALL_ID_REFERENCE, "call-id-reference", "names the other leg's Call-ID")           \
    X(CALL_ID_STEM, "call-id-stem",                                                      \
      "its Call-ID is the other's but for a suffix or prefix")                           \
    X(DIALOG_REFERENCE, "dialog-reference", "replaces or joins the other dialog")        \
    X(TOKEN, "token", "the same rare value")                                             \
    X(RING_ECHO, "ring-echo", "its ringing was passed on")                               \
    X(ANSWER_ECHO, "answer-echo", "its answer was passed on")                            \
    X(CANCEL_ECHO, "cancel-echo",                                                        \
      "was cancelled when the call was answered or given up")                            \
    X(FAILURE_ECHO, "failure-echo", "its failure was passed on")                         \
    X(BYE_ECHO, "bye-echo", "both were hung up together")                                \
    X(BY_HAND, "by-hand", "joined by hand")

enum evidence_kind {
#define X(id, name, words) EVIDENCE_##id,
    EVIDENCE_LIST(X)
#undef X
        EVIDENCE_COUNT
};

/* What could have made a device send the leg; what happened on one leg and then on the other. */
static inline bool evidence_is_trigger(enum evidence_kind k) {
    return k >= EVIDENCE_TIMING && k <= EVIDENCE_AFTER_HOLD;
}
static inline bool evidence_is_echo(enum evidence_kind k) {
    return k >= EVIDENCE_RING_ECHO && k <= EVIDENCE_BYE_ECHO;
}

const char *evidence_name(enum evidence_kind k);
const char *evidence_words(enum evidence_kind k);
double evidence_m(enum evidence_kind k);
/* How often two tries of one parent show the same caller, or are alike in their manner. */
double evidence_alike(void);

/* m/u; with holds false (1-m)/(1-u). Both are kept within (0, 1). The logarithm of such odds is the piece's bits. */
double evidence_odds(double m, double u, bool holds);

/* The share of delays of a kind that are shorter than each edge, 50 us x 2^(i/2); and the step between two edges that one is in. */
enum { EVIDENCE_EDGES = 45 };
const float *evidence_row(enum evidence_kind k);
int evidence_step(i64 delay_us);

/* How densely (per second) effects with these delays lie `delta` after their cause inside a device, the difference
 * known to within +-precision. Without evidence_m. */
double evidence_density(const float *delays, i64 delta_us, i64 precision_us);

/* How much likelier a difference of times is for cause and effect (or effect and cause) than for two events that have
 * nothing to do with each other. m: how often the one has the other for its cause. */
double evidence_echo_odds(enum evidence_kind k, double m, const float *delays,
                          i64 delta_us, i64 precision_us);
/* How often a link is right for which the share of all intensities is `share`. */
double evidence_confidence(double share);
/* More than the odds that any echo can have. */
#define EVIDENCE_ECHO_MOST 100000.0

#endif
