/* listen.h: syslog over UDP and TCP, one thread for both.
 *
 *     UDP ──a datagram is a record, 64 at once─────┐
 *     TCP ──octet-counted, or a record a line────┴──> worker_records
 *
 * When the intake has no room, TCP is left to wait in the sender; UDP is lost and counted, as is what the
 * kernel lost before. */
#ifndef SIPWEAVE_SERVE_LISTEN_H
#define SIPWEAVE_SERVE_LISTEN_H

#include "base/out.h"
#include "serve/worker.h"

struct listeners;

/* Listens at "127.0.0.1:5514". *sentence, in boot, says why not. Port 0: any, the same for both. */
must_use enum err listeners_open(struct listeners **l, const char *address,
                                 struct worker *w, arena *boot, str *sentence);
/* Reads what has arrived, then stops. NULL is fine, here and below. */
void listeners_close(struct listeners *l);
/* "127.0.0.1:5514" */
const char *listeners_address(const struct listeners *l);
void listeners_write(struct listeners *l,
                     struct out *o); /* the array of /api/v1/status */

#endif
