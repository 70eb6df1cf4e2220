#include "store/sqlite/scrub.h"

#include <string.h>

static i64 be16(const u8 *p) {
    return p[0] << 8 | p[1];
}

/* Page 2 and every (size / 5 + 1)th after it say, in five bytes each, who points at the pages that follow. */
static bool is_pointer_map(i64 size, i64 number) {
    return number >= 2 && (number - 2) % (size / 5 + 1) == 0;
}

bool scrub_page(u8 *p, i64 size, i64 number) {
    u8 *head = number == 1 ? p + 100 : p;
    bool leaf = head[0] == 10 || head[0] == 13, inner = head[0] == 2 || head[0] == 5;
    if ((!leaf && !inner) || is_pointer_map(size, number)) return false;
    i64 rows = be16(head + 3), content = be16(head + 5), free_block = be16(head + 1);
    i64 pointers = head - p + (leaf ? 8 : 12), gap = pointers + 2 * rows;
    if (content == 0) content = 65536;
    if (gap > content || content > size || (free_block && free_block < content))
        return false;
    for (i64 i = 0; i < rows; i++) {
        i64 row = be16(p + pointers + 2 * i);
        if (row < content || row >= size) return false;
    }
    memset(p + gap, 0, (size_t)(content - gap));
    return true;
}

static struct scrub *scrub_of(sqlite3_file *f) {
    union {
        const sqlite3_io_methods *in;
        struct scrub *out; /* methods is its first member */
    } p = {f->pMethods};
    return p.out;
}

static int scrubbed_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    struct scrub *x = scrub_of(f);
    sqlite3_int64 size = 0;
    bool whole = n == x->page && at % x->page == 0;
    if (!whole || x->real->xFileSize(f, &size) || size / x->page >= SCRUB_PAGES)
        return x->real->xWrite(f, p, n, at);
    memcpy(x->copy, p, (size_t)n);
    scrub_page(x->copy, n, at / n + 1);
    return x->real->xWrite(f, x->copy, n, at);
}

void scrub_begin(struct scrub *x, sqlite3 *db, i64 page) {
    sqlite3_file *f = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK)
        return;
    if (!f || !f->pMethods) return;
    x->real = f->pMethods;
    x->methods = *x->real;
    x->methods.xWrite = scrubbed_write;
    x->page = page;
    x->copy = base_grow(x->copy, &x->cap, (isize)page, 1);
    f->pMethods = &x->methods;
}

void scrub_drop(struct scrub *x) {
    base_free(x->copy);
    *x = (struct scrub){0};
}
