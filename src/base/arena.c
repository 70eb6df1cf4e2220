#include "base/arena.h"
#include "base/spill.h"

#include <errno.h>
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
    if (p == MAP_FAILED) base_no_memory(errno);
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
    u8 *p = arena_more(a, s.n);
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    return (str){p, s.n};
}

/* ---- printf ------------------------------------------------------------------------------ */

/* Decimal, at least so many digits; a sign counts as one, as in "%02d". */
static void put_decimal(arena *a, i64 n, int least) {
    u8 digits[40];
    u64 rest = n < 0 ? 0 - (u64)n : (u64)n;
    isize at = countof(digits);
    do {
        digits[--at] = (u8)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (countof(digits) - at < least - (n < 0)) digits[--at] = '0';
    if (n < 0) digits[--at] = '-';
    (void)arena_copy(a, (str){digits + at, countof(digits) - at});
}

/* One conversion after its "%": %s %.*s %d %lld %02d %02lld %%. Gives the format behind it; NULL: another one. */
static const char *put_usual(arena *a, const char *format, va_list *args) {
    int least = 0;
    if (format[0] == '%') {
        (void)arena_copy(a, S("%"));
        return format + 1;
    }
    if (format[0] == 's') {
        (void)arena_copy(a, str_z(va_arg(*args, const char *)));
        return format + 1;
    }
    if (format[0] == '.' && format[1] == '*' && format[2] == 's') {
        isize most = va_arg(*args, int);
        const char *text = va_arg(*args, const char *);
        isize n = 0;
        while (n < most && text[n]) n++;
        (void)arena_copy(a, (str){(const u8 *)text, n});
        return format + 3;
    }
    if (format[0] == '0' && format[1] >= '1' && format[1] <= '9') {
        least = format[1] - '0';
        format += 2;
    }
    bool wide = format[0] == 'l' && format[1] == 'l';
    if (wide) format += 2;
    if (format[0] != 'd') return NULL;
    put_decimal(a, wide ? va_arg(*args, long long) : va_arg(*args, int), least);
    return format + 1;
}

/* False where there is more in the format than the usual. */
static bool printf_usual(arena *a, const char *format, va_list *args) {
    while (format && *format) {
        isize n = 0;
        while (format[n] && format[n] != '%') n++;
        (void)arena_copy(a, (str){(const u8 *)format, n});
        format += n;
        if (*format == '%') format = put_usual(a, format + 1, args);
    }
    return format != NULL;
}

str arena_printf(arena *a, const char *format, ...) {
    va_list args;
    u8 *from = a->at;
    va_start(args, format);
    bool done = printf_usual(a, format, &args);
    va_end(args);
    isize n = a->at - from;
    if (!done) {
        a->at = from;
        va_start(args, format);
        n = vsnprintf((char *)from, (size_t)(a->end - from), format, args);
        va_end(args);
    }
    must(n >= 0 && n < a->end - from);
    from[n] = 0;
    a->at = from + n + 1;
    return (str){from, n};
}

const char *arena_z(arena *a, str s) {
    char *z = arena_new(a, char, s.n + 1);
    if (s.n) memcpy(z, s.p, (size_t)s.n);
    return z;
}
