/* find.h: from what is asked to the calls that fit, newest first.
 *
 *     struct search ──criteria──> wants ──resolve──> words ──> iter ─┐
 *                                   "number 0163*"   texts           ├─ join ──> positions ──> rows
 *                                                             iter ─┘  all agree   tests
 *
 * A criterion is a list of wants, one of which has to hold. Its words' postings are lists that are sorted as the answer is,
 * newest first; the criterion is their union, the answer is the intersection of the criteria. The
 * join skips: each iter is told the newest position at which all could still agree.
 *
 * A criterion that too many words fit ("4*") is no list but a test on each call that the others give:
 * then nearly every call fits, and the first hundred are soon found. */
#ifndef SIPWEAVE_STORE_FIND_H
#define SIPWEAVE_STORE_FIND_H

#include "store/sqlite/block.h"
#include "store/sqlite/detail.h"
#include "store/sqlite/posting.h"
#include "store/sqlite/word.h"
#include "store/store.h"

#include <sqlite3.h>

enum {
    WANTS_MAX = 48,
    WORDS_MAX = 4096,       /* more words: a test */
    CURSORS_MAX = 64,       /* more words: their postings are put into one list */
    LIST_MAX = 1 << 17,     /* more postings: a test */
    CALL_IDS_MAX = 1 << 13, /* more legs with such a Call-ID: a test */
    CRITERIA_MAX = 16,
};

enum want_how { WANT_EXACT, WANT_PREFIX, WANT_SUFFIX, WANT_PART, WANT_RANGE };
struct want {
    enum word_kind kind;
    enum want_how how;
    i64 low, high; /* WANT_RANGE: of a text that is a number */
    isize n;
    u8 text[WORD_MAX];
};

/* The calls of one word, or all; the newest first. */
struct cursor {
    sqlite3_stmt *st;
    struct pos at;
    i64 low_us;
    bool done, is_word;
    struct pos_list row; /* of a word: what is left of its row in hand is below n */
};
struct found_word {
    enum word_kind kind;
    i64 stretch;
    isize at, n; /* in criterion.texts */
};

struct criterion {
    struct want wants[WANTS_MAX];
    isize nwants;
    str call_id; /* a Call-ID's beginning, when .p is set; borrows from the search */
    bool call_id_exact;
    bool test;           /* no iter: each call is tested */
    bool asked, has_key; /* of the sieve … */
    u64 key;
    struct numbers stretches; /* … and what it said */
    struct found_word *words;
    u8 *texts;
    struct cursor *cursors;
    struct pos *list; /* descending */
    isize nwords, ntexts, ncursors, nlist, at;
    isize cap_words, cap_texts, cap_cursors, cap_list;
};

struct range { /* of the calls' starts, both ends included */
    i64 low_us, high_us;
};

/* ---- search.c: what is asked for, as criteria */
struct asked {
    struct criterion *criteria, *text; /* text: one of them, or NULL */
    isize n;
    struct range range;
};
void asked_read(struct asked *a, const struct search *q);
must_use enum err asked_resolve(struct store *s, struct asked *a);
void asked_drop(struct asked *a);
/* A call's duration is not exact in the words. */
bool asked_duration(const struct search *q, i64 duration_ms);

/* ---- wants.c: what is wanted of its words */
void want_add(struct criterion *c, enum word_kind kind, enum want_how how, str text);
void want_range(struct criterion *c, enum word_kind kind, i64 low, i64 high);
void want_pattern(struct criterion *c, enum word_kind kind,
                  str text); /* with * or % at its ends */
void want_number(struct criterion *c, str text, bool from, bool to);
void want_address(struct criterion *c, str text);
void want_device(struct criterion *c,
                 str text); /* its name, or its address if it has none */
void want_text(struct criterion *c, str text);
str want_text_core(
    str text); /* what of a free text is looked for: without stars around it */
bool want_holds(const struct want *w, enum word_kind kind, str text);

/* ---- iter.c: where it is found */
/* Looks the words up and decides between list and test. */
must_use enum err criterion_resolve(struct store *s, struct criterion *c, struct range r);
void criterion_drop(struct criterion *c);
/* Does this call fit? */
must_use enum err criterion_test(struct store *s, const struct criterion *c, i64 call,
                                 const struct detail *d, bool *fits);

/* The next position at or below *at on which all criteria agree that are no tests; false in *found at the end.
 * `all` walks the calls when there is no such criterion. */
struct join {
    struct store *s;
    struct criterion *list[CRITERIA_MAX];
    isize n;
    struct cursor all;
    struct range range;
};
must_use enum err join_next(struct join *j, struct pos *at, bool *found);
void join_drop(struct join *j);

/* ---- scan.c: the text of messages */
enum { SCAN_BLOCKS = 32 };
struct scan {
    str needle; /* lower case */
    i64 left;   /* bytes that may still be read */
    struct block blocks[SCAN_BLOCKS];
    struct numbers refs, ids;
};
/* Do the messages of this call hold the text? */
must_use enum err scan_call(struct store *s, struct scan *x, i64 call,
                            const struct detail *d, bool *holds);
void scan_drop(struct scan *x);

#endif
