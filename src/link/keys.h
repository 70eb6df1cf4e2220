/* keys.h: how devices and values are called where they have to be found again in another run; private to this folder. */
#ifndef SIPWEAVE_LINK_KEYS_H
#define SIPWEAVE_LINK_KEYS_H

#include "link/weave.h"

u16 key_device(const struct weave *w, u32 dev);
u32 key_number(u8 kind, u64 hash);

#endif
