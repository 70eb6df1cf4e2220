/* query.h: what a page or a script asks for, as the store understands it. Pure: "now" is an argument.
 *
 *     ?q=01632960123 boxless code:4xx&after=-1h
 *          number    text      └ status 400 to 499        └ an hour before now
 *
 * A struct search has one place for each thing that can be asked. What is asked twice (two numbers, two
 * words) goes into a second search, and a call has to fit all of them: the first finds, the others check. */
#ifndef SIPWEAVE_SERVE_QUERY_H
#define SIPWEAVE_SERVE_QUERY_H

#include "serve/url.h"
#include "store/store.h"

enum { QUERY_SEARCHES = 6, QUERY_VALUE_MAX = 300, QUERY_LIMIT_MAX = 1000 };

struct query {
    struct search all[QUERY_SEARCHES];
    isize n; /* at least 1 */
};

/* Reads the parameters of docs/api.md. Borrows from *u and the arena. False: *sentence (in the arena) says what is
 * wrong. `zone_s` counts for times that name no zone. */
bool query_read(struct query *q, const struct url *u, i64 now_us, i32 zone_s, arena *view,
                str *sentence);

/* The cursor that continues a list after this row. */
str cursor_text(arena *view, i64 start_us, str id);

#endif
