/* edge.h: inputs that end at an unreadable page, so that one byte read too far is a crash even
 * without sanitizers. */
#ifndef SIPWEAVE_TESTS_EDGE_H
#define SIPWEAVE_TESTS_EDGE_H

#include "base/base.h"

/* A copy of s whose last byte is the last readable one. Release with edge_drop. */
str edge_copy(str s);
void edge_drop(str s);

/* Calls check(ctx, prefix) for every prefix of s, the empty one and the whole included, each at a page's end. */
void edge_every_prefix(str s, void (*check)(void *ctx, str prefix), void *ctx);

/* The bytes of a file, whole; empty when there is none. Released by file_drop. */
str file_read(const char *path);
void file_drop(str s);

#endif
