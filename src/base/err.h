/* err.h: every way to fail, in one list. ERR_OK is 0. ERR_MORE is no failure: the bytes so far
 * are fine and there are not enough of them. ERR_FULL means that a limit of ours was hit. */
#ifndef SIPWEAVE_ERR_H
#define SIPWEAVE_ERR_H

#include "base/base.h"

#define ERR_LIST(X)                                                                      \
    X(ERR_OK, "fine")                                                                    \
    X(ERR_MORE, "the data ends too early")                                               \
    X(ERR_SYNTAX, "the data is malformed")                                               \
    X(ERR_FULL, "a limit of sipweave was reached")                                       \
    X(ERR_NOT_FOUND, "there is no such thing")                                           \
    X(ERR_FORMAT, "the format is not known")                                             \
    X(ERR_VERSION, "it was written by a newer version")                                  \
    X(ERR_BUSY, "it is in use")                                                          \
    X(ERR_DISK_FULL, "the disk is full")                                                 \
    X(ERR_IO, "it cannot be read or written")                                            \
    X(ERR_USAGE, "the request makes no sense")                                           \
    X(ERR_REFUSED, "it is not allowed")

enum err {
#define X(id, text) id,
    ERR_LIST(X)
#undef X
};

const char *err_text(enum err e); /* static; a fragment without a full stop */

/* Where and why a parser stopped. `why` is a static sentence in a network engineer's words. */
struct fail {
    enum err err;
    i64 at; /* byte offset in what was given, -1 when no place fits */
    const char *why;
};

#endif
