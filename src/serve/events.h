/* events.h: what has changed, told to every page that is open, as server-sent events.
 *
 *     worker ──events_call──> pending ──twice a second──> frame ──> ring ──> a reader per page
 *                             by call id, the newest       of bytes   each at its own place
 *
 * A page that falls so far behind that its place has left the ring is hung up on; it comes back by
 * itself and fetches the list again. */
#ifndef SIPWEAVE_SERVE_EVENTS_H
#define SIPWEAVE_SERVE_EVENTS_H

#include "base/out.h"

#include <microhttpd.h>

struct events;

/* Writes the data of a status event; called in a thread of the events. */
typedef void events_status(void *ctx, struct out *o);

struct events *events_open(arena *boot, events_status *status, void *ctx);
/* A call is new or has changed; any thread; borrows. */
void events_call(struct events *e, str id, str json);
/* A call is there no longer: its legs are in other calls; any thread; borrows. */
void events_gone(struct events *e, str id);
/* A stream for one more page; NULL when there are too many. */
struct MHD_Response *events_stream(struct events *e);
/* Ends all streams. Their connections may still be there; events_close waits for nothing of them. */
void events_stop(struct events *e);
/* After the connections are gone. */
void events_close(struct events *e);

#endif
