#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { KEPT_ON_RESET = 1 << 20 };

arena arena_open(isize size) {
    must(size > 0 && size < PTRDIFF_MAX - 4096);
    size = (size + 4095) & ~(isize)4095;
    void *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    must(p != MAP_FAILED);
    return (arena){p, p, (u8 *)p + size};
}

arena arena_open_view(void) {
    return arena_open((isize)1 << 30);
}

void arena_close(arena *a) {
    if (a->beg) munmap(a->beg, (size_t)(a->end - a->beg));
    *a = (arena){0};
}

void arena_reset(arena *a) {
    if (a->at - a->beg > KEPT_ON_RESET) {
        u8 *from = a->beg + KEPT_ON_RESET;
        isize touched = (a->at - from + 4095) & ~(isize)4095;
        if (touched > a->end - from) touched = a->end - from;
        madvise(from, (size_t)touched, MADV_DONTNEED);
    }
    a->at = a->beg;
}

void *arena_alloc(arena *a, isize size, isize align, isize count) {
    isize pad = (isize)(-(uintptr_t)a->at & (uintptr_t)(align - 1));
    isize room = a->end - a->at - pad;
    must(count >= 0 && room >= 0 && count <= room / size);
    u8 *p = a->at + pad;
    a->at = p + size * count;
    if (count) memset(p, 0, (size_t)(size * count));
    return p;
}

str arena_copy(arena *a, str s) {
    u8 *p = arena_new(a, u8, s.n);
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    return (str){p, s.n};
}

str arena_printf(arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    isize room = a->end - a->at;
    int n = vsnprintf((char *)a->at, (size_t)room, format, args);
    va_end(args);
    must(n >= 0 && n < room);
    str s = {a->at, n};
    a->at += n + 1;
    return s;
}

const char *arena_z(arena *a, str s) {
    char *z = arena_new(a, char, s.n + 1);
    if (s.n) memcpy(z, s.p, (size_t)s.n);
    return z;
}
