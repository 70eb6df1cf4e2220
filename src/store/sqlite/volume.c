/* volume.c: how many calls start in a minute, by kind and state. */
#include "store/sqlite/volume.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

static const i64 minute_us = (i64)60 * 1000000;

static i64 floor_to(i64 us, i64 step_us) {
    i64 at = us / step_us;
    return at * step_us > us ? at - 1 : at;
}

static enum err change(struct store *s, enum sql q, i64 at, int kind, int state, int by) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, at);
    sqlite3_bind_int(st, 2, kind);
    sqlite3_bind_int(st, 3, state);
    if (q == SQL_VOLUME_ADD) sqlite3_bind_int(st, 4, by);
    return db_run(s, st);
}

enum err volume_change(struct store *s, i64 start_us, int kind, int state, int by) {
    i64 at = floor_to(start_us, minute_us);
    enum err e = change(s, SQL_VOLUME_ADD, at, kind, state, by);
    if (!e && by < 0) e = change(s, SQL_VOLUME_ZERO, at, kind, state, 0);
    return e;
}

static int by_place(const void *a, const void *b) {
    const struct store_volume *x = a, *y = b;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return (x->state > y->state) - (x->state < y->state);
}

/* Rows of one interval, kind and state become one. */
static isize sum(struct store_volume *list, isize n) {
    isize to = 0;
    if (n) qsort(list, (size_t)n, sizeof *list, by_place);
    for (isize i = 0; i < n; i++) {
        if (to && by_place(&list[to - 1], &list[i]) == 0)
            list[to - 1].n += list[i].n;
        else
            list[to++] = list[i];
    }
    return to;
}

static enum err rows_read(struct store *s, i64 low, i64 high, i64 step_us,
                          struct store_volume **list, isize *n) {
    isize cap = 0;
    sqlite3_stmt *st = db_stmt(s, SQL_VOLUME_GET);
    if (!st) return ERR_IO;
    sqlite3_bind_int64(st, 1, low);
    sqlite3_bind_int64(st, 2, high);
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        int kind = sqlite3_column_int(st, 1), state = sqlite3_column_int(st, 2);
        if (kind < 0 || kind >= KIND_COUNT || state < 0 || state >= STATE_COUNT) {
            sqlite3_reset(st);
            return db_damaged(s, "the counts of calls");
        }
        i64 at_us = sqlite3_column_int64(st, 0) * minute_us;
        *list = base_grow(*list, &cap, *n + 1, (isize)sizeof **list);
        (*list)[(*n)++] = (struct store_volume){
            .at_us = floor_to(at_us, step_us) * step_us,
            .kind = (enum call_kind)kind,
            .state = (enum call_state)state,
            .n = (u64)sqlite3_column_int64(st, 3),
        };
    }
}

enum err store_volumes(struct store *s, i64 after_us, i64 before_us, i64 step_us,
                       arena *view, struct store_volume **list, isize *n) {
    struct store_volume *rows = NULL;
    *list = NULL;
    *n = 0;
    if (step_us < minute_us || step_us % minute_us)
        return db_fail(s, ERR_USAGE, "volume is counted by whole minutes");
    enum err e = db_read_begin(s);
    if (e) return e;
    i64 low = floor_to(after_us, minute_us), high = floor_to(before_us - 1, minute_us);
    if (after_us < before_us) e = rows_read(s, low, high, step_us, &rows, n);
    *n = sum(rows, *n);
    *list = arena_new(view, struct store_volume, *n);
    if (*n) memcpy(*list, rows, (size_t)*n * sizeof *rows);
    base_free(rows);
    db_read_end(s);
    return e;
}
