#include "store/sqlite/db.h"
#include "store/sqlite/find.h"

#include <string.h>

void scan_drop(struct scan *x) {
    for (isize i = 0; i < SCAN_BLOCKS; i++) base_free(x->blocks[i].bytes);
    base_free(x->refs.list);
    base_free(x->ids.list);
    *x = (struct scan){0};
}

/* Looks for the first byte in both its cases, then compares: most of a text is passed over by memchr. */
static bool holds_nocase(str s, str needle) {
    u8 low = needle.p[0], high = low;
    if (low >= 'a' && low <= 'z') high = (u8)(low - 32);
    for (int i = 0; i < (low == high ? 1 : 2); i++) {
        str rest = s;
        while (rest.n >= needle.n) {
            isize at = str_find(str_sub(rest, 0, rest.n - needle.n + 1), i ? high : low);
            if (at < 0) break;
            if (str_eq_nocase(str_sub(rest, at, needle.n), needle)) return true;
            rest = str_from(rest, at + 1);
        }
    }
    return false;
}

/* Calls of one time are in the same blocks: some stay in memory. */
static enum err scan_block(struct store *s, struct scan *x, i64 id, bool *holds) {
    struct block *b = &x->blocks[(u64)id % SCAN_BLOCKS];
    enum err e = b->id == id ? ERR_OK : block_read(s, id, b);
    if (e) b->id = 0;
    if (e) return e == ERR_NOT_FOUND ? db_damaged(s, "a block is not there") : e;
    struct block_reader in = block_reader_of(b);
    struct record r = {0};
    while (!*holds && block_next(&in, &r)) {
        if (!numbers_have(&x->refs, in.ref)) continue;
        x->left -= r.bytes.n;
        *holds = holds_nocase(r.bytes, x->needle);
    }
    return in.in.failed ? db_damaged(s, "a block holds something that is no sighting")
                        : ERR_OK;
}

enum err scan_call(struct store *s, struct scan *x, i64 call, const struct detail *d,
                   bool *holds) {
    *holds = false;
    x->ids.n = 0;
    enum err e = detail_refs(s, d->names, call, &x->refs);
    for (isize i = 0; i < x->refs.n && !e; i++)
        e = numbers_of(s, SQL_PART_BLOCKS, x->refs.list[i], &x->ids);
    numbers_sort(&x->ids);
    for (isize i = 0; i < x->ids.n && !e && !*holds; i++)
        e = scan_block(s, x, x->ids.list[i], holds);
    return e;
}
