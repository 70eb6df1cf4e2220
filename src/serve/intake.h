/* intake.h: the thread that puts what comes from the network into the database. It waits for the database alone, never for
 * linking:
 *
 *     listen ──inbox──> syslog ──tap──> batch ──gate──> database
 *                                         └──shelf──> worker: linked
 *                                              full? the rest is owed: the worker fetches it from the database
 *
 * A batch goes when 30,000 messages wait or 200 ms have passed. When the database refuses (the disk is full), what came
 * stays in memory, up to a limit, and is tried again; then the inbox fills, and then records are lost and counted. */
#ifndef SIPWEAVE_SERVE_INTAKE_H
#define SIPWEAVE_SERVE_INTAKE_H

#include "serve/batch.h"
#include "serve/gate.h"
#include "serve/tally.h"

struct intake;

struct intake_options {
    struct store *store; /* used within the gate */
    struct gate *gate;
    struct tally *tally;
    i32 zone_s;
    isize shelf; /* messages that wait for linking in memory; 0: 200,000 */
    /* The database refuses, with its sentence; or takes messages again, with none. In the intake's thread. */
    void (*trouble)(void *ctx, str why);
    /* Something is on the shelf, or owed. */
    void (*ready)(void *ctx);
    void *ctx;
};

struct intake *intake_open(const struct intake_options *o, arena *boot);
/* Takes in what has arrived, stores it, ends; gives how many messages could not be stored. Not within the gate. */
isize intake_stop(struct intake *in);
void intake_close(struct intake *in);

/* One record; borrows. */
struct record {
    str text;
    struct endpoint from;
};
/* How many of them there was room for; the caller counts the rest as lost. Any thread. */
isize intake_records(struct intake *in, const struct record *list, isize n, i64 now_us);
bool intake_has_room(struct intake *in);
/* More comes than is taken in: who can wait lets the intake have the processor. Any thread. */
bool intake_pressed(struct intake *in);
/* Returns when all that has arrived before is stored, or is refused: false. Not within the gate. */
bool intake_flush(struct intake *in);

/* ---- for the worker: what is in the database and not yet linked ------------------------------------ */

/* The oldest batch on the shelf; NULL: none. Goes back by intake_give_back. */
struct batch *intake_take(struct intake *in);
/* The batch is used again. */
void intake_give_back(struct intake *in, struct batch *b);
/* So many messages were linked: all that the worker had in hand. */
void intake_linked(struct intake *in, u64 messages);
/* It could not be linked now: it is owed. */
void intake_owe(struct intake *in, i64 low_us, i64 high_us, u64 messages);

/* What is owed: all of the database within [low, high], so many messages or about as many. While something is owed
 * nothing comes to the shelf, and the debt grows. */
struct debt {
    bool any;
    i64 low_us, high_us;
    u64 messages;
};
/* As it stands, to pay a part of it, … */
struct debt intake_debt(struct intake *in);
/* … all before at_us, so many messages of it; what has come since intake_debt with stamps before that is owed still. */
void intake_settle(struct intake *in, i64 at_us, u64 messages);
/* All of it: from now on the shelf is used again. */
struct debt intake_pay(struct intake *in);

struct behind {
    u64 messages; /* in the database and not yet linked */
    i64 ms;       /* how long ago the oldest of them came, or about that */
};
struct behind intake_behind(struct intake *in);
/* The source behind a number in a batch; good as long as the intake is. Any thread. */
const struct source *intake_source(struct intake *in, u32 number);

#endif
