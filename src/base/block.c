/* block.c: growing arrays (base_grow and the like), from the heap, in pages of their own, or in a file (spill.h). */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What stands before the items of a block. From MAPPED_FROM bytes on a block is pages of its own: then a larger one is had
 * by moving page tables, nothing is copied or zeroed, and what is not used yet is not there. Pages are asked for some at a time just before
 * they are used, which costs two thirds of what the processor's asking for each of them does. */
struct block {
    isize mapped; /* its bytes in all; 0: it is from the heap */
    u32 given;    /* pages of it that were given out */
    int file;     /* of its descriptor, + 1; 0: it is in memory */
};

enum {
    PAGE = 4096,
    MAPPED_FROM = 1 << 17,
    MAPPED_HEAD = 64, /* rows of 64 bytes do not straddle */
    PAGES_AT_ONCE = 1 << 16,
    SPACE_AT_ONCE = 1 << 20, /* of a file */
    COPIED_AT_ONCE = 1 << 22,
};

/* How much there may be, and is: the only state of this folder, as memory is one for the whole program. */
static struct spill spill;
static atomic_bool is_short; /* it was more than `room` */
static atomic_int no_more;   /* files: an errno; 0: they can be made */
static atomic_llong in_memory, in_files, in_files_most; /* pages */

void base_spill(const struct spill *how) {
    spill = how ? *how : (struct spill){0};
    atomic_store(&is_short, false);
    atomic_store(&no_more, 0);
}

isize base_spilled(void) {
    return (isize)atomic_load(&in_files) * PAGE;
}

isize base_spilled_most(void) {
    return (isize)atomic_load(&in_files_most) * PAGE;
}

static _Noreturn void end_of(enum spill_end why, int error) {
    if (spill.end) spill.end(why, error);
    __builtin_trap();
}

_Noreturn void base_no_memory(int error) {
    end_of(SPILL_NO_MEMORY, error);
}

static struct block *block_of(void *items) {
    return items ? (struct block *)items - 1 : NULL;
}

static u8 *start_of(void *items) {
    return (u8 *)items - MAPPED_HEAD;
}

static isize whole_pages(isize bytes) {
    return (bytes + PAGE - 1) & ~(isize)(PAGE - 1);
}

/* ---- what is there -------------------------------------------------------------------------------- */

/* Would so many bytes more in memory be too many? */
static bool memory_over(isize more, isize most) {
    return most && (isize)atomic_load(&in_memory) * PAGE + more > most;
}

static void count(struct block *b, isize pages) {
    b->given = (u32)((isize)b->given + pages);
    if (!b->file) {
        atomic_fetch_add(&in_memory, pages);
        return;
    }
    long long now = atomic_fetch_add(&in_files, pages) + pages;
    long long most = atomic_load(&in_files_most);
    while (now > most && !atomic_compare_exchange_weak(&in_files_most, &most, now)) {
    }
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* A descriptor; -1: none can be had. */
static int file_make(void) {
    char path[512];
    int fd = open(spill.folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    int n = snprintf(path, sizeof path, "%s/sipweave-XXXXXX", spill.folder);
    if (n < 0 || n >= (int)sizeof path) return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

/* Space for [from, to); 0, or an errno. */
static int file_widen(int fd, isize from, isize to) {
    int error = EINTR;
    while (error == EINTR) error = posix_fallocate(fd, from, to - from);
    return error;
}

/* Pages of a file, with space for the first `bytes` of them; NULL: a file cannot be had, and no other is asked for. */
static void *map_file(isize size, isize bytes) {
    u8 *p = MAP_FAILED;
    int fd = file_make(), error = fd < 0 ? errno : file_widen(fd, 0, whole_pages(bytes));
    if (!error) {
        p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        error = p == MAP_FAILED ? errno : 0;
    }
    if (error) {
        atomic_store(&no_more, error);
        if (fd >= 0) close(fd);
        return NULL;
    }
    *block_of(p + MAPPED_HEAD) = (struct block){.mapped = size, .file = fd + 1};
    return p;
}

static void *map_memory(isize size) {
    u8 *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) base_no_memory(errno);
    *block_of(p + MAPPED_HEAD) = (struct block){.mapped = size};
    return p;
}

/* Should so many bytes more of a block of `bytes` in all stand in a file? */
static bool must_spill(isize bytes, isize more) {
    if (!spill.folder || bytes < spill.least || atomic_load(&no_more)) return false;
    if (atomic_load(&is_short)) return memory_over(more, spill.kept);
    if (!memory_over(more, spill.room)) return false;
    atomic_store(&is_short, true);
    return true;
}

static void drop_mapped(void *items) {
    struct block *b = block_of(items);
    isize size = b->mapped;
    int file = b->file;
    count(b, -(isize)b->given);
    munmap(start_of(items), (size_t)size);
    if (file) close(file - 1);
}

/* The first `had` bytes of a block to new pages of as many in all; those in memory go as they are copied. */
static void *move_mapped(void *items, isize had, u8 *to) {
    isize bytes = had + MAPPED_HEAD;
    u8 *from = start_of(items);
    count(block_of(to + MAPPED_HEAD), whole_pages(bytes) / PAGE);
    for (isize at = MAPPED_HEAD; at < bytes;) {
        isize end = i64_min(bytes, (at / COPIED_AT_ONCE + 1) * COPIED_AT_ONCE);
        memcpy(to + at, from + at, (size_t)(end - at));
        isize gone = i64_max(PAGE, at); /* what it is stands in the first page */
        if (end > gone)
            madvise(from + gone, (size_t)whole_pages(end - gone), MADV_DONTNEED);
        at = end;
    }
    drop_mapped(items);
    return to + MAPPED_HEAD;
}

/* Where no file can be had it stays. */
static void *to_file(void *items, isize had) {
    u8 *to = map_file(block_of(items)->mapped, had + MAPPED_HEAD);
    return to ? move_mapped(items, had, to) : items;
}

/* The disk is full: back, if there is memory for it. */
static void *to_memory(void *items, isize had) {
    isize size = block_of(items)->mapped;
    if (memory_over(whole_pages(had + MAPPED_HEAD), spill.all))
        end_of(SPILL_NO_SPACE, atomic_load(&no_more));
    return move_mapped(items, had, map_memory(size));
}

/* ---- pages ---------------------------------------------------------------------------------------- */

/* The bytes [from, to) of a block in memory will be written to. Where the system does not know this, pages come one by one. */
static void near_pages(void *items, isize from, isize to) {
#ifdef MADV_POPULATE_WRITE
    u8 *block = start_of(items);
    if (block_of(items)->file) return;
    from = whole_pages(from + MAPPED_HEAD);
    to = whole_pages(to + MAPPED_HEAD);
    if (from < to) (void)madvise(block + from, (size_t)(to - from), MADV_POPULATE_WRITE);
#else
    (void)items, (void)from, (void)to;
#endif
}

/* To pages of its own, from the heap or from fewer pages. What is new is not given out yet. */
static void *grow_mapped(void *items, isize had, isize bytes) {
    struct block *old = block_of(items);
    isize size = whole_pages(bytes + MAPPED_HEAD);
    u8 *p;
    if (old && old->mapped) {
        p = mremap(start_of(items), (size_t)old->mapped, (size_t)size, MREMAP_MAYMOVE);
        if (p == MAP_FAILED) base_no_memory(errno);
        block_of(p + MAPPED_HEAD)->mapped = size;
    } else {
        p = map_memory(size);
        if (had) memcpy(p + MAPPED_HEAD, items, (size_t)had);
        free(old);
    }
    return p + MAPPED_HEAD;
}

/* Bytes up to `to` of a mapped block will be used, of which `had` are. */
static void *give(void *items, isize had, isize to) {
    struct block *b = block_of(items);
    isize size = whole_pages(to + MAPPED_HEAD), more = size - (isize)b->given * PAGE;
    if (more <= 0) return items;
    if (!b->file && must_spill(size, more)) {
        items = to_file(items, had);
        b = block_of(items);
        more = size - (isize)b->given * PAGE;
    }
    int error = b->file ? file_widen(b->file - 1, (isize)b->given * PAGE, size) : 0;
    if (error) {
        atomic_store(&no_more, error);
        items = to_memory(items, had);
        b = block_of(items);
        more = size - (isize)b->given * PAGE;
    }
    if (!b->file && size >= spill.least && memory_over(more, spill.all))
        end_of(atomic_load(&no_more) ? SPILL_NO_SPACE : SPILL_NO_MEMORY,
               atomic_load(&no_more));
    count(b, more / PAGE);
    return items;
}

static void *grow_heap(void *items, isize had, isize bytes) {
    struct block *b = realloc(block_of(items), sizeof *b + (size_t)bytes);
    if (b) {
        *b = (struct block){0};
        memset((u8 *)(b + 1) + had, 0, (size_t)(bytes - had));
        return b + 1;
    }
    base_no_memory(ENOMEM);
}

static void *grow_to(void *items, isize had, isize bytes) {
    if (bytes >= MAPPED_FROM) return grow_mapped(items, had, bytes);
    return grow_heap(items, had, bytes);
}

/* ---- for all -------------------------------------------------------------------------------------- */

/* How many items a block has addresses for. */
static isize room_of(const struct block *b, isize cap, isize size) {
    return b && b->mapped ? (b->mapped - MAPPED_HEAD) / size : cap;
}

/* A large block that grows is given out in steps. A new one is given out whole, and its pages come as they are used. */
void *base_widen(void *items, isize *cap, isize need, isize size) {
    isize had = *cap * size, room = room_of(block_of(items), *cap, size);
    isize wider = room ? room : 16;
    while (wider < need) {
        must(wider <= PTRDIFF_MAX / 4 / size);
        wider *= 2;
    }
    bool grows = items != NULL;
    if (wider > room) items = grow_to(items, had, wider * size);
    const struct block *b = block_of(items);
    if (!b->mapped) {
        *cap = wider;
        return items;
    }
    isize at_once = b->file ? SPACE_AT_ONCE : PAGES_AT_ONCE;
    *cap = grows ? i64_min(wider, i64_max(need, *cap + at_once / size + 1)) : wider;
    items = give(items, had, *cap * size);
    if (grows) near_pages(items, had, *cap * size);
    return items;
}

void *base_new(isize count, isize size) {
    isize n = count ? count : 1;
    must(n > 0 && n <= PTRDIFF_MAX / 4 / size);
    void *items = grow_to(NULL, 0, n * size);
    if (!block_of(items)->mapped) return items;
    items = give(items, 0, n * size);
    near_pages(items, 0, n * size);
    return items;
}

void *base_room(void *items, isize *cap, isize need, isize size) {
    if (need <= *cap) return items;
    base_free(items);
    *cap = need;
    return base_new(need, size);
}

void base_free(void *items) {
    struct block *b = block_of(items);
    if (b && b->mapped) {
        drop_mapped(items);
    } else {
        free(b);
    }
}
