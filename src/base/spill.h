/* spill.h: large blocks where memory is short. A block (base_grow, base_new) that no longer fits beside the others stands in a file that
 * has no name, and the kernel keeps of it in memory what is used at the moment:
 *
 *     in memory  |---- all blocks, up to `room` ----|-- what is done growing, and so many others that it is at most `kept` --
 *     in files                                      |-- what grows, or is new, from then on --
 *
 * Below `room` nothing is other than without files. Above it memory is better used for what is looked at often in whatever block, which
 * the kernel knows, than for those blocks that came first; hence `kept`.
 * Space in the file is had before it is given out, so that a full disk is found out then and not when a byte is written; then
 * what has to grow goes back into memory as long as that lasts. Without
 * base_spill all blocks are in memory, and the program stops where that ends. */
#ifndef SIPWEAVE_SPILL_H
#define SIPWEAVE_SPILL_H

#include "base/base.h"

enum spill_end {
    SPILL_NO_MEMORY,
    SPILL_NO_SPACE, /* in the folder, or it is not allowed */
};

struct spill {
    const char *folder; /* where files can be made; NULL: nowhere */
    isize least;        /* smaller blocks stay in memory, and are never refused */
    /* Bytes of large blocks that may be in memory: before there are files, from then on, and where no file can be made. */
    isize room, kept, all;
    /* What to say at the end; `error` is an errno. Any thread may call it, and it does not return. */
    void (*end)(enum spill_end why, int error);
};

/* For the whole program; before there is a second thread. NULL: as it was at first. The folder's name is not copied. */
void base_spill(const struct spill *how);
/* Ends the program: no memory can be had, or as `error` says. */
_Noreturn void base_no_memory(int error);
/* Bytes in files, now and at most. */
isize base_spilled(void);
isize base_spilled_most(void);

#endif
