/* store.h: what is kept, whatever the engine. Sightings as they came, and calls as they were last linked.
 *
 *     begin ─ source ─ sighting ─ sighting … ─ put_call … ─ commit      durable when commit returns
 *
 * One writer at a time (one struct store for writing); any number of readers, each with a struct store of
 * its own, see the last commit. Every failure gives a sentence in *f.why or store_error. */
#ifndef SIPWEAVE_STORE_H
#define SIPWEAVE_STORE_H

#include "trace/call.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens the database file; STORE_WRITE creates it when missing. ERR_VERSION: from a newer sipweave,
 * or from one so old that it is not read any longer;
 * ERR_BUSY: another process writes it; ERR_FORMAT: not a database of sipweave. *sentence (static or in the arena). */
must_use enum err store_open(struct store **s, const char *path, enum store_mode mode,
                             arena *boot, str *sentence);
void store_close(struct store *s);
/* How much of the file SQLite may keep in memory (a writer 256 MiB, a reader 64 MiB, where nobody says): for one that stays open. */
void store_cache(struct store *s, int mib);
/* The last failure as one clear sentence; borrows until the next call. */
str store_error(const struct store *s);

/* ---- writing ------------------------------------------------------------------------------------ */

must_use enum err store_begin(struct store *s);
must_use enum err store_commit(struct store *s); /* on disk when this returns ERR_OK */
void store_rollback(struct store *s);

/* The number of a source by name, device and kind; made when new. Good while the store is open, unless the transaction
 * that made it is rolled back. */
must_use enum err store_source(struct store *s, const struct source *source, u32 *id);

/* Begins a new input (a file): what came by before no longer counts as "which one of equal ones" below. */
void store_session(struct store *s);

/* What the store needs to know of a message besides its sighting; read by the caller. */
struct store_facts {
    str call_id;
    u16 status;
    u8 method; /* enum sip_method, of the request or of what the response answers */
    bool is_request;
    u32 cseq;
};
/* Keeps one sighting; `sighting->source` is a number of store_source. *fresh is false when the same sighting (source,
 * time, addresses, transport, vantage, bytes, and which one of equal ones it is in this session) was there already: it is
 * stored once. Equal ones with more than 65,536 sightings between them count as one. */
must_use enum err store_sighting(struct store *s, const struct sighting *sighting,
                                 const struct store_facts *facts, bool *fresh);

/* Keeps a call as it is linked now: its legs leave whatever calls they were in (a call left without
 * legs goes), and so do all other legs of their Call-IDs. Calls that share a Call-ID, which a web page may have
 * masked, are put in one transaction: then both keep it. `json` is its summary as the API gives it, kept as it is. Search terms are taken from *c. */
must_use enum err store_put_call(struct store *s, const struct call *c, str json);

/* The calls that this transaction, or the last one, has left without legs: they are no longer there, unless one of the
 * same id has been put since. Borrows until the next transaction. */
isize store_ngone(const struct store *s);
str store_gone(const struct store *s, isize i);

/* Keeps what linking has learned (weave_lore) for the 18 minutes around a time, in place of what was there. */
must_use enum err store_put_lore(struct store *s, i64 at_us, str lore);

/* Tells the time (microseconds since 1970 UTC): what is kept from now on counts as no older than this, so
 * that an old trace read in today stays as long as any other. Without it only the stamps count. */
void store_clock(struct store *s, i64 now_us);

/* Deletes sightings, legs and calls whose call ended before `before_us`, for good, a bounded number at a time; *left is true
 * while there is more. What never ends (a registration) loses its old sightings. Has transactions of its own: call it
 * outside of one. The last steps shrink the file and empty the WAL; a reader that stays in the middle of a search can put
 * the latter off until the next time. */
must_use enum err store_retain(struct store *s, i64 before_us, bool *left);

/* ---- reading ------------------------------------------------------------------------------------ */

/* How far a search for text looked into the messages themselves: at most 64 MiB of them, newest first. Past that, only
 * what is in the index was found (numbers, Call-IDs, addresses, devices, User-Agents, displays, reasons). */
struct search_reach {
    bool cut;     /* older messages were not read */
    i64 until_us; /* the start of the oldest call whose messages were */
};

struct search {
    str number; /* any form; a trailing or leading * (or %) makes it a prefix or suffix, else the whole number in any form, or
                      its last digits when it is 5 or more; up to 4 digits of country code may be too many */
    str from, to;   /* the same, on one side */
    str call_id;    /* exact; a trailing * makes it a prefix */
    str address;    /* an IP, or IP:port */
    str device;     /* name, any case; trailing * */
    str user_agent; /* any part of it, any case */
    str text; /* anything: number, Call-ID, address, device, User-Agent, reason, or any text in a message */
    i64 after_us, before_us;              /* start of the call; 0: open */
    enum call_kind kind;                  /* KIND_COUNT: any */
    enum call_state state;                /* STATE_COUNT: any */
    int status_low, status_high;          /* 0: any */
    i64 min_duration_ms, max_duration_ms; /* -1: any */
    str method;                           /* calls with a request of this method */
    isize limit;                          /* 0: 100 */
    i64 page_us;                          /* continue before this start … */
    str page_id; /* … and this id; from the last row of the page before; empty: the newest */
    struct search_reach *reach; /* filled when it is not NULL */
};

struct search search_any(void); /* everything open, limit 100 */

/* Calls that fit, newest first (of one start, the greater id first), each by its summary JSON. The callback's false stops;
 * it may read from the same store. */
typedef bool store_row(void *ctx, str id, i64 start_us, str json);
must_use enum err store_search(struct store *s, const struct search *q, store_row *row,
                               void *ctx);
must_use enum err store_count(struct store *s, const struct search *q, u64 *n);

/* The Call-IDs of the call that X names: a call's or leg's id, or a Call-ID; *id is the call's id. ERR_NOT_FOUND. */
must_use enum err store_call_ids(struct store *s, str x, arena *view, str *id,
                                 str **call_ids, isize *n);
/* Marks (trace/call.h) of all calls within 16.8 s, as they stand in the database: columns, by time. Borrows from the view. */
enum { MARK_UNIT_US = 256 }; /* times of marks are this coarse */
struct store_marks {
    i64 base_us;      /* at[i] * MARK_UNIT_US after this … */
    isize n, nkeys;   /* rows of the first five, of the last two */
    const u32 *calls; /* … a call, by its number for store_call_numbered … */
    const u16 *at, *from, *to;
    const u8 *what;
    const u32 *keys; /* a key … */
    const u16 *rows; /* … is of this row, which is a start */
};
/* All that overlap [after_us, before_us), in the order of time. */
must_use enum err store_marks(struct store *s, i64 after_us, i64 before_us, arena *view,
                              struct store_marks **blocks, isize *n);
/* What linking had learned at that time, or at the next that is known: bytes of its own. ERR_NOT_FOUND: never. */
must_use enum err store_lore(struct store *s, i64 at_us, arena *view, str *lore);
/* The same as store_call_ids. ERR_NOT_FOUND: it has gone since. */
must_use enum err store_call_numbered(struct store *s, u32 call, arena *view, str *id,
                                      str **call_ids, isize *n);
/* Ids of the calls (KIND_CALL) that have sightings in [after_us, before_us) and reach beyond it at either end. */
must_use enum err store_straddling(struct store *s, i64 after_us, i64 before_us,
                                   arena *view, str **ids, isize *n);

/* How many calls of one kind and state start in one interval; what has none is left out. */
struct store_volume {
    i64 at_us; /* the start of the interval, a multiple of its length since 1970 UTC */
    enum call_kind kind;
    enum call_state state;
    u64 n;
};
/* Of the minutes that [after_us, before_us) touches, in intervals of step_us (whole minutes), by time. Counted as the calls
 * are kept: a day of minutes is read in some milliseconds. The list is in the arena. */
must_use enum err store_volumes(struct store *s, i64 after_us, i64 before_us, i64 step_us,
                                arena *view, struct store_volume **list, isize *n);

/* The calls that fit, by their start: of n intervals of step_us each from first_us on, how many, and how many of them failed. Where
 * so many words fit ("0*") that each call would have to be looked at, some of each interval are, and *estimated is true. The search
 * has no text. */
struct store_bar {
    u64 n, failed;
};
must_use enum err store_bars(struct store *s, const struct search *q, i64 first_us,
                             i64 step_us, struct store_bar *bars, isize n,
                             bool *estimated);

must_use enum err store_summary(struct store *s, str id, arena *view, str *json);

/* Gives stored sightings back, in the order of their time: those of these Call-IDs, or all within
 * [after_us, before_us). Sources are announced first. Bytes are given; `at` is SIGHTING_NOWHERE. */
must_use enum err store_replay_call_ids(struct store *s, const str *call_ids, isize n,
                                        const struct input_sink *sink);
must_use enum err store_replay_range(struct store *s, i64 after_us, i64 before_us,
                                     const struct input_sink *sink);

/* From when to when there are sightings that are in no call: a crash came between them and their linking.
 * last_us < first_us: there are none. */
must_use enum err store_unlinked(struct store *s, i64 *first_us, i64 *last_us);

/* ---- decisions by hand ---------------------------------------------------------------------------- */

/* Keeps one, within a transaction: d->n is its number, which no other ever gets; a name longer than 100 bytes is cut.
 * ERR_FULL: too many are in force. It goes when retention has deleted the call that its leg is in. */
must_use enum err store_decide(struct store *s, struct decision *d);
/* Marks it as undone, by whom and when, within a transaction. ERR_NOT_FOUND: none of that number is in force. */
must_use enum err store_undo(struct store *s, i64 n, str who, i64 at_us);

struct store_decision {
    struct decision d;
    bool undone;
    str undone_by;
    i64 undone_us;
};
struct store_decisions {
    struct store_decision *list;
    isize n;
};
/* Lists in the arena. Those in force, by number; those in force that are about a leg of this call, the same; */
must_use enum err store_decisions_in_force(struct store *s, arena *view,
                                           struct store_decisions *to);
must_use enum err store_decisions_of(struct store *s, str call, arena *view,
                                     struct store_decisions *to);
/* … and the newest, undone ones with them, the newest first. */
must_use enum err store_decisions_newest(struct store *s, isize most, arena *view,
                                         struct store_decisions *to);
/* ERR_NOT_FOUND. */
must_use enum err store_decision(struct store *s, i64 n, arena *view,
                                 struct store_decision *d);
/* Which call a leg is in, and its Call-ID. ERR_NOT_FOUND. */
must_use enum err store_leg(struct store *s, str id, arena *view, str *call,
                            str *call_id);

struct store_totals {
    u64 sightings, calls, bytes; /* bytes: of the file */
    i64 first_us, last_us;       /* of the sightings; 0 when there are none */
};
must_use enum err store_totals(struct store *s, struct store_totals *t);

#endif
