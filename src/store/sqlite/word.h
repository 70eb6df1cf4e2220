/* word.h: what a call is found by. The kinds' numbers stand in the file and never change. */
#ifndef SIPWEAVE_STORE_WORD_H
#define SIPWEAVE_STORE_WORD_H

#include "base/rd.h"
#include "trace/call.h"

/* X(NAME, number): texts are in lower case but for FROM, TO and their reverses, which trace/number.h makes */
#define WORD_LIST(X)                                                                     \
    X(KIND, 1)   /* "call" */                                                            \
    X(STATE, 2)  /* "failed" */                                                          \
    X(STATUS, 3) /* "486" */                                                             \
    X(METHOD, 4) /* "invite" */                                                          \
    X(FROM, 5)   /* plain and raw */                                                     \
    X(TO, 6)                                                                             \
    X(FROM_BACK, 7) /* plain, backwards */                                               \
    X(TO_BACK, 8)                                                                        \
    X(ADDRESS, 9)  /* "192.0.2.1:5060" */                                                \
    X(DEVICE, 10)  /* "boxless" */                                                       \
    X(AGENT, 11)   /* "asterisk pbx 18" */                                               \
    X(DISPLAY, 12) /* "mother" */                                                        \
    X(REASON, 13)  /* "busy here" */                                                     \
    X(DURATION,                                                                          \
      14) /* length of the talk: 0 below a second, else 1 + log2 of its seconds */

enum word_kind {
#define X(name, number) WORD_##name = number,
    WORD_LIST(X)
#undef X
};

/* How many calls, as a power of two, have their words of this kind in a stretch of their own; 63: all are in one. */
static inline int word_stretch_bits(enum word_kind kind) {
    if (kind == WORD_ADDRESS) return 16;
    return kind >= WORD_FROM && kind <= WORD_TO_BACK ? 14 : 63;
}

enum { WORD_MAX = 200 }; /* bytes of a text that are kept */

/* The words of one call while they are gathered; its memory is used again. */
struct words {
    struct gathered {
        enum word_kind kind;
        isize at, n; /* in texts */
    } * list;
    u8 *texts, *packed;
    isize n, cap, ntexts, cap_texts, cap_packed;
    str seen[32]; /* addresses: most are those of several legs */
    isize nseen;
};
void words_drop(struct words *w);

/* A call's words, by kind and text, each once, as its data has them: kind, length (varint) and bytes of each. */
str words_of_call(struct words *w,
                  const struct call *c); /* borrows until the next call */
/* The next of such a list; false at its end, or where it is damaged (in->failed). The text borrows. */
bool words_next(struct rd *in, enum word_kind *kind, str *text);
int word_duration(i64 duration_ms);
/* Lower case, at most WORD_MAX bytes, in `to`. */
str word_fold(str text, u8 *to);
/* Backwards, in `to`; WORD_MAX bytes at most. */
str word_reversed(str text, u8 *to);

#endif
