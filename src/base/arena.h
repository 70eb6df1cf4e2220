/* arena.h: memory by lifetime. One run of addresses, handed out front to back:
 *
 *     beg            at                       end
 *      |--- in use ---|------ untouched -------|
 *
 * Address space is reserved at once and touched page by page, so a large reservation costs nothing.
 * Results take an `arena *`. Scratch takes an `arena` by value: what it allocated is gone on
 * every return path. Name an arena by its lifetime: pkt, view, boot. */
#ifndef SIPWEAVE_ARENA_H
#define SIPWEAVE_ARENA_H

#include "base/base.h"

typedef struct arena {
    u8 *beg, *at, *end;
} arena;

/* Reserves `size` bytes of address space (rounded up to pages). Stops the program when refused. */
arena arena_open(isize size);
/* The usual size for one answer to one request: 1 GiB of address space, touched as used. */
arena arena_open_view(void);
void arena_close(arena *a);
/* Forgets all that was allocated and gives the touched pages past the first MiB back. */
void arena_reset(arena *a);

/* `count` zeroed items. Stops the program when the arena is full. */
void *arena_alloc(arena *a, isize size, isize align, isize count);
#define arena_new(a, type, count)                                                        \
    ((type *)arena_alloc((a), (isize)sizeof(type), (isize) _Alignof(type), (count)))

/* So many bytes right behind what was given last, as they are. */
static inline void *arena_more(arena *a, isize size) {
    must(size <= a->end - a->at);
    u8 *p = a->at;
    a->at += size;
    return p;
}

str arena_copy(arena *a, str s); /* a copy that lives as long as the arena */
str arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *arena_z(arena *a, str s); /* NUL-terminated copy, for cli and system calls */

#endif
