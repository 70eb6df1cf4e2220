/* squeeze.h: how bytes stand in the file. Each blob has a format beside it:
 *
 *     0  as they are
 *     1  one zstd frame
 *     2  one zstd frame, made with the built-in text of SIP messages as its dictionary
 *     3  the same with the built-in text of call summaries
 *
 *    16  and more: one zstd frame, made with dictionary number 16 less of this database (learn.h)
 *
 * A built-in dictionary is part of the file format: its text never changes, a better one gets a new number. */
#ifndef SIPWEAVE_STORE_SQUEEZE_H
#define SIPWEAVE_STORE_SQUEEZE_H

#include "base/base.h"
#include "base/err.h"

enum squeeze_format { FORMAT_RAW, FORMAT_ZSTD, FORMAT_SIP, FORMAT_SUMMARY, FORMAT_COUNT };

/* A dictionary of the database, as it was read. */
struct squeeze_learned {
    i64 format;
    void *cdict, *ddict;
    u8 *bytes;
    isize n;
};

extern const str squeeze_dictionaries[FORMAT_COUNT];

struct squeeze {
    void *compressor, *decompressor;
    void *cdict[FORMAT_COUNT], *ddict[FORMAT_COUNT];
    struct squeeze_learned *learned;
    isize nlearned, cap_learned;
    u8 *buf; /* of the last answer */
    isize cap;
};

void squeeze_drop(struct squeeze *q);
/* The shortest form of `plain`: `want`, or FORMAT_RAW where that is no longer; *format says which.
 * Borrows until the next call. */
str squeeze_pack(struct squeeze *q, str plain, i64 want, i64 *format);
/* The same in steps, for two threads: the dictionary, which stays until squeeze_forget; the bytes it takes at most; and the work,
 * with a compressor for each thread (made at first, squeeze_free). 0: no shorter. */
const void *squeeze_dictionary(struct squeeze *q, i64 want);
isize squeeze_bound(isize n);
isize squeeze_with(void **compressor, i64 format, const void *dictionary, str plain,
                   u8 *to, isize room);
void squeeze_free(void *compressor);
/* A dictionary of the database: known from here on, copied. */
bool squeeze_knows(const struct squeeze *q, i64 format);
void squeeze_learn(struct squeeze *q, i64 format, str dictionary);
void squeeze_forget(struct squeeze *q); /* all that were learned */
/* Appends the plain bytes to *to. ERR_SYNTAX where the blob is damaged or of an unknown format. */
must_use enum err squeeze_unpack(struct squeeze *q, str packed, i64 format, u8 **to,
                                 isize *n, isize *cap);

#endif
