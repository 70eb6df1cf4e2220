/* assets.h: the files of the page, embedded by tools/embed.c when the program is built. */
#ifndef SIPWEAVE_ASSETS_H
#define SIPWEAVE_ASSETS_H

#include "base/base.h"

struct asset {
    const char *name; /* "app.js" */
    const u8 *p;
    isize n;
};

extern const struct asset assets[];
extern const isize assets_n;

#endif
