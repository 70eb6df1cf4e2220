/* near.h: one call in a database, linked with what is around it, without loading the traffic of an hour:
 *
 *     a leg ──its marks──> calls that have legs where its parent, its children and their rivals would be ──replay──> weave
 *       ▲                                                                            counts of the minutes around ──> climate
 *       └── the call's other legs, until there are no new ones <──────────────────────────────── link ◄────────────────┘
 *
 * The weave is small, and weighs as if all traffic was in it. */
#ifndef SIPWEAVE_SERVE_NEAR_H
#define SIPWEAVE_SERVE_NEAR_H

#include "link/link.h"
#include "store/store.h"

struct near_options {
    str hosts; /* text in /etc/hosts syntax */
    bool
        decided; /* links stay as they are in the database: what is weighed is what almost belongs */
    bool
        alone; /* nothing around it is fetched, nothing is weighed: the call as the database has it */
    isize most, most_bytes; /* sightings of the call, and their length; 0: no bound */
};

struct near {
    struct weave *weave; /* linked */
    isize call;          /* its place there */
    str id;              /* of the call, as the database has it; in the view */
    str *call_ids;       /* … and its Call-IDs */
    isize ncall_ids;
    isize rounds, loaded, seen; /* how often it was linked, calls and sightings in it */
};

/* X: id of a call or leg, or a Call-ID; with the latter, and unless `decided`, the call is found from that Call-ID alone.
 * ERR_NOT_FOUND: there is none. ERR_FULL: it has more sightings than `most`; else the store's. Release with near_close whatever comes. */
must_use enum err near_open(struct near *n, struct store *s, str x,
                            const struct near_options *o, arena *view);
void near_close(struct near *n);

#endif
