/* url.h: what stands behind the method in a request, taken apart. Pure.
 *
 *     /api/v1/calls/1d2f%40host/ladder.svg?unfold=12,31&zone=%2B01:00
 *      └── segments, decoded ───────────┘  └─ params, decoded ─────┘
 *
 * Segments are split before they are decoded: a Call-ID may hold a "/" as %2F. */
#ifndef SIPWEAVE_SERVE_URL_H
#define SIPWEAVE_SERVE_URL_H

#include "base/arena.h"

enum { URL_SEGMENTS = 8, URL_PARAMS = 40, URL_MAX = 16 * 1024 };

struct url_param {
    str name, value;
};

struct url {
    str segments[URL_SEGMENTS];
    isize nsegments; /* as many as there were, also past those that are kept */
    struct url_param params[URL_PARAMS];
    isize nparams;
};

/* Borrows from `target` and the arena. False: *why is a static sentence. */
bool url_read(struct url *u, str target, arena *view, const char **why);
/* The value of a parameter, the last one where it stands twice; empty where it is absent. */
str url_param(const struct url *u, const char *name);

#endif
