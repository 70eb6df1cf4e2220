/* learn.h: dictionaries that are made from the calls themselves. The summaries of one network say the same of the same devices
 * again and again; a dictionary of that, 16 KiB, halves them.
 *
 *     256 summaries ──> tokens that one call in sixteen has ──> runs of them, the most frequent last ──> dictionary
 *
 * What is rarer (a caller's number, a Call-ID) gets into no dictionary, for it has to go with its call. One is made from the
 * first calls, and another one after every 16,384. dictionary.uses counts the calls that are packed with it: retention
 * deletes what has none. A number is never used twice, so that readers may keep what they have read. */
#ifndef SIPWEAVE_STORE_LEARN_H
#define SIPWEAVE_STORE_LEARN_H

#include "base/err.h"
#include "base/map.h"

enum {
    FORMAT_LEARNED = 16, /* and the number of the dictionary */
    LEARN_FROM = 256,
    LEARN_AGAIN = 1 << 14,
    LEARN_BYTES = 1 << 14,
    LEARN_SHARE = 16, /* one in so many has it */
    LEARN_KEPT = 64,  /* dictionaries that have changed in one transaction */
};

struct store;

struct learn {
    i64 newest; /* dictionary; 0: none, -1: not looked for */
    i64 packed; /* since it was made */
    u8 *samples;
    size_t sizes[LEARN_FROM];
    isize n, nsamples, cap_samples;
    struct learned_use {
        i64 id, n; /* n: since the transaction began */
    } uses[LEARN_KEPT];
    isize nuses;
};

void learn_drop(struct learn *l);
void learn_forget(struct learn *l); /* after a rollback */
/* The format in which a call's data is to be packed; may make a new dictionary from it and those before. */
must_use enum err learn_format(struct store *s, str plain, i64 *format);
/* Makes the dictionary of a format known to s->squeeze. */
must_use enum err learn_know(struct store *s, i64 format);
/* `by` more calls are in this format. */
must_use enum err learn_use(struct store *s, i64 format, i64 by);
must_use enum err learn_write(struct store *s);
must_use enum err learn_retire(struct store *s); /* those that no call uses */
/* The text of a dictionary for these samples, for learn_format; appended to *to. */
void learn_text(const u8 *samples, const size_t *sizes, isize n, u8 **to, isize *nto,
                isize *cap);

#endif
