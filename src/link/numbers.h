/* numbers.h: which legs reached a device with a number, and how many left one with that caller. All that was met with a number, at
 * whatever device, lies together, by device: a number is met at few. Private to this folder. */
#ifndef SIPWEAVE_LINK_NUMBERS_H
#define SIPWEAVE_LINK_NUMBERS_H

#include "link/weave.h"

/* What was met at a device with a number. */
enum number_role { NUMBER_REACHED_CALLER, NUMBER_REACHED_CALLED, NUMBER_SENT_CALLER };

struct number_place {
    u32 where; /* device << 2 | role */
    u32 at,
        n; /* its legs, by start: numbers.legs[at .. at + n); of NUMBER_SENT_CALLER only how many */
};

/* The first number of each kind that a leg shows, and where that was met: as the leg's caller when it left, as what was called when
 * it came; rows of places + 1; 0: none. */
struct who {
    u32 caller, called, sent, reached;
};

struct numbers {
    const struct weave *w;
    struct who *who; /* by leg */
    u32 *first;      /* by number, from 1: row of places; one more at the end */
    struct number_place *places;
    isize nplaces, cap_places;
    u32 *legs;
    u32 *
        reached; /* by row of leg_facts, where that is a number: its place at the device that its leg reached, + 1 */
};

/* Gives each number of the legs a number of its own: weave.number_of. */
void numbers_count(struct weave *w);
/* After the parents are found nobody asks. */
void numbers_forget(struct weave *w);

/* All calls' numbers; `by_start`: all legs. */
void numbers_open(struct numbers *t, const struct weave *w, const u32 *by_start);
void numbers_drop(struct numbers *t);
/* Of a row of leg_facts, the place of those that reached the same device with it; NULL: it is no number of a call's. */
static inline const struct number_place *numbers_here(const struct numbers *t, u32 fact) {
    return t->reached[fact] ? &t->places[t->reached[fact] - 1] : NULL;
}
static inline u32 numbers_of(const struct numbers *t, u32 fact) {
    return t->w->number_of[fact];
}
/* The number of a hash; 0: nobody has it. */
u32 numbers_row(const struct numbers *t, u64 hash);
/* Those that reached the device with it, or left it; NULL: none did. */
const struct number_place *numbers_at(const struct numbers *t, u32 number, u32 dev,
                                      enum number_role role);

#endif
