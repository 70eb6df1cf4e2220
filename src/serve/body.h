/* body.h: the small JSON object that comes with a POST: {"leg":"…","other":"…","who":"…"}. */
#ifndef SIPWEAVE_SERVE_BODY_H
#define SIPWEAVE_SERVE_BODY_H

#include "base/arena.h"

enum { BODY_MAX = 16 << 10 }; /* bytes */

struct body {
    str leg, other, who; /* empty where it is not said */
};

/* Nothing at all is an empty object; what is not known is passed over. Gives copies in the arena. False: *why is a
 * static sentence. */
bool body_read(struct body *b, str text, arena *view, const char **why);

#endif
