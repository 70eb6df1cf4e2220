/* shared.h: one server with the example in it, for all tests of a program. */
#ifndef SIPWEAVE_TESTS_SERVE_SHARED_H
#define SIPWEAVE_TESTS_SERVE_SHARED_H

#include "serve/fixture.h"

static struct fixture shared; /* the example is in it */

static inline int open_shared(void **state) {
    (void)state;
    fixture_open(&shared);
    example_import(&shared);
    return 0;
}

static inline int close_shared(void **state) {
    (void)state;
    fixture_close(&shared);
    return 0;
}

static inline void assert_error(struct reply *r, int status, const char *part) {
    assert_int_equal(r->status, status);
    json_t *j = json_of(r->body);
    if (!strstr(text_of(j, "error"), part)) {
        fail_msg("\"%s\" does not say \"%s\"", text_of(j, "error"), part);
    }
    json_decref(j);
    reply_drop(r);
}

#endif
