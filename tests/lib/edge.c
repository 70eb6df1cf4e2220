#include "lib/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Enough pages for n bytes (one at least) and one more that nobody may touch. */
static isize pages_for(isize n) {
    isize page = sysconf(_SC_PAGESIZE);
    isize count = (n + page - 1) / page;
    return (count ? count : 1) * page + page;
}

str edge_copy(str s) {
    isize page = sysconf(_SC_PAGESIZE), all = pages_for(s.n);
    u8 *p = mmap(NULL, (size_t)all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
    must(p != MAP_FAILED);
    must(mprotect(p + all - page, (size_t)page, PROT_NONE) == 0);
    u8 *at = p + all - page - s.n;
    if (s.n) memcpy(at, s.p, (size_t)s.n);
    return (str){at, s.n};
}

void edge_drop(str s) {
    isize page = sysconf(_SC_PAGESIZE), all = pages_for(s.n);
    uintptr_t end = (uintptr_t)s.p + (uintptr_t)s.n + (uintptr_t)page;
    munmap((void *)(end - (uintptr_t)all), (size_t)all);
}

void edge_every_prefix(str s, void (*check)(void *ctx, str prefix), void *ctx) {
    for (isize n = 0; n <= s.n; n++) {
        str at_edge = edge_copy(str_sub(s, 0, n));
        check(ctx, at_edge);
        edge_drop(at_edge);
    }
}

str file_read(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return (str){0};
    u8 *p = NULL;
    isize n = 0, cap = 0;
    for (;;) {
        p = base_grow(p, &cap, n + 65536, 1);
        size_t got = fread(p + n, 1, 65536, f);
        n += (isize)got;
        if (got == 0) break;
    }
    fclose(f);
    return (str){p, n};
}

void file_drop(str s) {
    union {
        const u8 *in;
        void *out;
    } p = {s.p};
    base_free(p.out);
}
