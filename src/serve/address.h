/* address.h: where to listen. */
#ifndef SIPWEAVE_SERVE_ADDRESS_H
#define SIPWEAVE_SERVE_ADDRESS_H

#include "trace/sighting.h"

#include <sys/socket.h>

/* "127.0.0.1:8270", "[::1]:8270", "localhost:8270", "8270" (on this machine). False: it is none of these. */
bool address_read(struct endpoint *e, const char *text);
bool address_is_loopback(const struct endpoint *e);
bool address_is_any(const struct endpoint *e);

struct endpoint endpoint_from_socket(const struct sockaddr_storage *a);
/* The address that a socket has got. */
struct endpoint endpoint_of_socket(int socket);

/* A bound, non-blocking socket; `type` is SOCK_STREAM (then it listens, too) or SOCK_DGRAM. -1: *sentence, in the
 * arena, names the address and what to do; `option` is where the user set it. */
int address_bind(const struct endpoint *e, int type, const char *option, arena *boot,
                 str *sentence);

#endif
