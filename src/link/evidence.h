/* evidence.h: what can make one believe that a leg is the child of another, as a table.
 *
 * Each piece of evidence adds log2(m/u) bits: m, how often it holds for legs of one call, stands here; u, how
 * often it holds by chance, comes from the trace (rarity of the value at that device, density of such events
 * in time). What speaks against adds log2((1-m)/(1-u)), which is negative. */
#ifndef SIPWEAVE_EVIDENCE_H
#define SIPWEAVE_EVIDENCE_H

#include "base/base.h"

/* X(id, name in JSON, m, words) */
#define EVIDENCE_LIST(X)                                                                 \
    X(SAME_CALL_ID, "same-call-id", 1.00, "the same Call-ID on the next hop")            \
    X(TIMING, "timing", 1.00, "left the device that the other leg had just reached")     \
    X(AFTER_ANSWER, "after-answer", 0.15, "started when the other leg was answered")     \
    X(AFTER_FAILURE, "after-failure", 0.30, "started when another try had failed")       \
    X(AFTER_REFER, "after-refer", 0.80, "started when a transfer (REFER) was asked for") \
    X(AFTER_HOLD, "after-hold", 0.10, "started when the other leg was put on hold")      \
    X(CALLED_NUMBER, "called-number", 0.80, "the same called number")                    \
    X(CALLER_NUMBER, "caller-number", 0.85, "the same caller")                           \
    X(CALL_ID_REFERENCE, "call-id-reference", 0.99, "names the other leg's Call-ID")     \
    X(CALL_ID_STEM, "call-id-stem", 0.99, "its Call-ID is the other's with a suffix")    \
    X(DIALOG_REFERENCE, "dialog-reference", 0.99, "replaces or joins the other dialog")  \
    X(TOKEN, "token", 0.90, "the same rare value")                                       \
    X(RING_ECHO, "ring-echo", 0.45, "its ringing was passed on")                         \
    X(ANSWER_ECHO, "answer-echo", 0.85, "its answer was passed on")                      \
    X(CANCEL_ECHO, "cancel-echo", 0.90,                                                  \
      "was cancelled when the call was answered or given up")                            \
    X(FAILURE_ECHO, "failure-echo", 0.60, "its failure was passed on")                   \
    X(BYE_ECHO, "bye-echo", 0.90, "both were hung up together")                          \
    X(BY_HAND, "by-hand", 1.00, "joined by hand")

enum evidence_kind {
#define X(id, name, m, words) EVIDENCE_##id,
    EVIDENCE_LIST(X)
#undef X
        EVIDENCE_COUNT
};

const char *evidence_name(enum evidence_kind k);
const char *evidence_words(enum evidence_kind k);
double evidence_m(enum evidence_kind k);

/* m/u; with holds false (1-m)/(1-u). u is kept within (0, 1). The logarithm of such odds is the piece's bits. */
double evidence_odds(enum evidence_kind k, double u, bool holds);

/* How densely (per second) effects lie `delta` after their cause inside a device, the difference
 * known to within +-precision: milliseconds mostly, sometimes seconds, now and then a queue's half minute. */
double evidence_prompt_density(i64 delta_us, i64 precision_us);

/* How much likelier a difference of times is for cause and effect (or effect and cause,
 * where `both_ways`) than for two events that have nothing to do with each other. */
double evidence_echo_odds(enum evidence_kind k, i64 delta_us, i64 precision_us,
                          bool both_ways);
/* More than the odds that any echo can have. */
#define EVIDENCE_ECHO_MOST 2048.0

#endif
