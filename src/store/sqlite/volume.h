#ifndef SIPWEAVE_STORE_VOLUME_H
#define SIPWEAVE_STORE_VOLUME_H

#include "store/store.h"

/* `by` more calls of this kind and state start in this minute. */
must_use enum err volume_change(struct store *s, i64 start_us, int kind, int state,
                                int by);

#endif
