/* db.h: the store from inside: the connection, its statements, its failures. Every file of this folder
 * includes it, nobody outside does.
 *
 *     closed ──store_open──> idle ──store_begin──> in_txn ──store_commit──> idle
 *                                                    │  a write fails
 *                                                    ▼
 *                                                  failed ──store_rollback, store_commit──> idle
 *
 * In `failed` every write gives the first failure again; nothing of the transaction is kept. */
#ifndef SIPWEAVE_STORE_DB_H
#define SIPWEAVE_STORE_DB_H

#include "store/sqlite/detail.h"
#include "store/sqlite/keep.h"
#include "store/sqlite/known.h"
#include "store/sqlite/learn.h"
#include "store/sqlite/loose.h"
#include "store/sqlite/marks.h"
#include "store/sqlite/names.h"
#include "store/sqlite/posting.h"
#include "store/sqlite/press.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/scrub.h"
#include "store/sqlite/sieve.h"
#include "store/sqlite/squeeze.h"
#include "store/sqlite/sweep.h"
#include "store/sqlite/word.h"
#include "store/store.h"

#include <sqlite3.h>

enum {
    BUSY_WAIT_MS = 5000,   /* for somebody else's write */
    SCAN_BYTES = 64 << 20, /* of messages that one search for text reads, see store.h */
};

struct retain { /* where the next portion begins */
    enum { RETAIN_NONE, RETAIN_ROWS, RETAIN_PAGES } phase;
    bool calls_done;
    int tries; /* to empty the WAL */
    i64 before_us, start_us, no, first_us, block;
};

struct store {
    sqlite3 *db;
    int lock; /* file descriptor of the writer's lock, -1 */
    bool writer, in_txn;
    i64 clock_us;    /* as the caller said last; INT64_MIN: never */
    int reading;     /* reads under way: a callback may read, too */
    enum err failed; /* in a transaction: what made it fail */
    str path;        /* as it was opened, for sentences; a NUL follows */
    const char *lock_path;
    char sentence[512];
    sqlite3_stmt *stmts[SQL_COUNT];
    struct scrub scrub;
    struct sweep sweep;
    struct squeeze squeeze;
    struct press press;
    struct sieve sieve;
    struct names names;
    struct keep keep;
    struct known known;
    struct loose loose;
    struct marks marks;
    struct postings postings;
    struct learn learn;
    struct words words;
    struct put {
        struct map joined; /* (ref, call) put in this transaction */
        i64 next;          /* number of the next new call; 0: not known */
    } put;
    struct detail detail;                      /* scratch of those who write */
    i64 new_sightings, new_calls, new_last_us; /* of this transaction, for total */
    struct retain retain;
    bool has_decisions; /* the table is known to be there */
    struct gone {       /* calls that this transaction left without legs */
        u8 id[40];
        isize n;
    } * gone;
    isize ngone, cap_gone;
    i64 scan_bytes; /* how much of the messages one search may read; a test sets less */
};

/* ---- failures: each sets the sentence and gives its code ---------------------------------------- */

enum err db_fail(struct store *s, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What SQLite refused, as a sentence and a code; marks the transaction as failed. */
enum err db_refused(struct store *s, int rc);
/* The file holds something that this store never writes. */
enum err db_damaged(struct store *s, const char *what);

/* ---- statements ------------------------------------------------------------------------------- */

/* The statement, reset and ready to bind; NULL where SQLite refuses it (the failure is set). */
sqlite3_stmt *db_stmt(struct store *s, enum sql q);
void db_bind_str(sqlite3_stmt *st, int at,
                 str text); /* borrows until the statement is reset */
void db_bind_blob(sqlite3_stmt *st, int at, str blob); /* the same */
void db_bind_end(sqlite3_stmt *st, int at,
                 str text);               /* the same; nothing: above all texts */
str db_str(sqlite3_stmt *st, int column); /* text or blob; borrows until the next step */

/* Steps once: *row is false at the end, and the statement is then reset. */
must_use enum err db_step(struct store *s, sqlite3_stmt *st, bool *row);
/* Runs it to its end. */
must_use enum err db_run(struct store *s, sqlite3_stmt *st);
must_use enum err db_simple(struct store *s, enum sql q);
/* A statement that is not kept. */
must_use enum err db_pragma(struct store *s, const char *sql);
/* One statement with up to four integers. */
must_use enum err db_run_ints(struct store *s, enum sql q, int n, i64 a, i64 b, i64 c);
/* The first column of the first row; `none` where there is no row, or NULL. */
must_use enum err db_int(struct store *s, sqlite3_stmt *st, i64 none, i64 *value);
/* The row of CALL_ROW; the caller resets it. There has to be one. */
must_use enum err db_call_row(struct store *s, i64 call, sqlite3_stmt **st);
enum {
    ROW_ID,
    ROW_START,
    ROW_KIND,
    ROW_STATE,
    ROW_DURATION,
    ROW_FORMAT,
    ROW_DATA,
    ROW_BLOCKS
};
/* The same, unpacked, and the statement reset. */
must_use enum err db_call_detail(struct store *s, i64 call, struct detail *d);

/* The statement (its stretch is the first parameter, the key the second) on the row that has the key, in the newest stretch; to be
 * reset. NULL: there is none. */
must_use enum err db_stretches(struct store *s, enum sql q, enum sieve_of of, u64 key,
                               void (*bind)(sqlite3_stmt *, const void *), const void *x,
                               sqlite3_stmt **st);
void db_bind_key(sqlite3_stmt *st, const void *text); /* a str */
void db_bind_leg(sqlite3_stmt *st, const void *key);  /* an i64 */

/* ---- gone.c, decide.c ------------------------------------------------------------------------ */

void gone_add(struct store *s, str id);
/* Decisions about legs that are in no call any longer go. */
must_use enum err decide_retire(struct store *s);

/* ---- transactions --------------------------------------------------------------------------- */

/* Before a write: is there a healthy transaction? */
must_use enum err db_may_write(struct store *s);
/* Before a read: a writer's unwritten sightings become visible to its statements; a reader gets
 * one snapshot until db_read_end. */
must_use enum err db_read_begin(struct store *s);
void db_read_end(struct store *s);

#endif
