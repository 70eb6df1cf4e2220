/* serve.h: what `serve` and `open` share. */
#ifndef SIPWEAVE_CLI_SERVE_H
#define SIPWEAVE_CLI_SERVE_H

#include "cli/cli.h"
#include "serve/server.h"

/* Opens the server, calls ready, runs it until SIGINT or SIGTERM, closes it. Gives the exit status; what is wrong
 * was said. */
int serve_until_stopped(const struct server_options *how,
                        void (*ready)(const struct server *s, void *ctx), void *ctx);

#endif
