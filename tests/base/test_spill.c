/* Growing arrays where memory is short: blocks in files hold what blocks in memory hold, what fits stays in memory, and at the end
 * of both there is an end that can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/both.h"
#include "base/spill.h"
#include "lib/chance.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LEAST = 1 << 16, MIB = 1 << 20 };

static jmp_buf ended;
static enum spill_end why_ended;
static int error_ended;

static _Noreturn void on_end(enum spill_end why, int error) {
    why_ended = why;
    error_ended = error;
    longjmp(ended, 1);
}

static const char *folder(void) {
    const char *temp = getenv("TMPDIR");
    return temp && *temp ? temp : "/var/tmp";
}

/* All large blocks go into files. */
static struct spill all_of_them(void) {
    return (struct spill){.folder = folder(),
                          .least = LEAST,
                          .room = 1,
                          .kept = 1,
                          .all = 1 << 30,
                          .end = on_end};
}

static u32 item(isize table, isize i) {
    return (u32)hash_mix((u64)table, (u64)i);
}

/* Several tables that grow in turn, by small steps and large ones. */
enum { TABLES = 4, ITEMS = 900000 };
struct tables {
    u32 *items[TABLES];
    isize n[TABLES], cap[TABLES];
};

static void grow_all(struct tables *t, isize to) {
    bool more = true;
    while (more) {
        more = false;
        for (isize k = 0; k < TABLES; k++) {
            isize n = i64_min(to - t->n[k], 1 + (isize)chance(30000));
            if (n <= 0) continue;
            t->items[k] =
                base_grow(t->items[k], &t->cap[k], t->n[k] + n, (isize)sizeof(u32));
            for (isize i = t->n[k]; i < t->cap[k]; i++)
                assert_int_equal(t->items[k][i], 0);
            for (isize i = t->n[k]; i < t->n[k] + n; i++) t->items[k][i] = item(k, i);
            t->n[k] += n;
            more = true;
        }
    }
}

static void check_all(const struct tables *t) {
    for (isize k = 0; k < TABLES; k++)
        for (isize i = 0; i < t->n[k]; i++) assert_int_equal(t->items[k][i], item(k, i));
}

static void free_all(struct tables *t) {
    for (isize k = 0; k < TABLES; k++) base_free(t->items[k]);
}

static void files_hold_what_memory_holds(void **state) {
    (void)state;
    struct spill how = all_of_them();
    struct tables t = {0};
    base_spill(&how);
    grow_all(&t, ITEMS);
    check_all(&t);
    assert_true(base_spilled() >= TABLES * ITEMS * (isize)sizeof(u32));
    free_all(&t);
    assert_int_equal(base_spilled(), 0);
    assert_true(base_spilled_most() >= TABLES * ITEMS * (isize)sizeof(u32));
    base_spill(NULL);
}

static void what_was_in_memory_moves_as_it_grows(void **state) {
    (void)state;
    struct spill how = all_of_them();
    struct tables t = {0};
    grow_all(&t, ITEMS / 3);
    assert_int_equal(base_spilled(), 0);
    base_spill(&how);
    check_all(&t);
    grow_all(&t, ITEMS);
    assert_true(base_spilled() > 0);
    check_all(&t);
    base_spill(NULL);
    grow_all(&t, ITEMS + ITEMS / 2);
    check_all(&t);
    free_all(&t);
    assert_int_equal(base_spilled(), 0);
}

static void what_fits_stays_in_memory(void **state) {
    (void)state;
    struct spill how = all_of_them();
    struct tables t = {0};
    how.room = how.kept = 64 * MIB;
    base_spill(&how);
    grow_all(&t, ITEMS);
    assert_int_equal(base_spilled(), 0);
    u8 *large = base_new(60 * MIB, 1); /* beside the others this does not */
    assert_true(base_spilled() >= 60 * MIB);
    base_free(large);
    free_all(&t);
    large = base_new(60 * MIB, 1); /* alone it does */
    assert_int_equal(base_spilled(), 0);
    base_free(large);
    base_spill(NULL);
}

static void new_ones_are_zero_and_small_ones_in_memory(void **state) {
    (void)state;
    struct spill how = all_of_them();
    isize cap = 0;
    base_spill(&how);
    u8 *small = base_new(LEAST / 2, 1), *large = base_new(3 * MIB, 1);
    assert_true(base_spilled() >= 3 * MIB && base_spilled() < 4 * MIB);
    for (isize i = 0; i < 3 * MIB; i++) assert_int_equal(large[i], 0);
    memset(large, 0xaa, 3 * MIB);
    u64 *room = base_room(NULL, &cap, MIB, (isize)sizeof *room);
    assert_true(room[0] == 0 && room[MIB - 1] == 0);
    room = base_room(room, &cap, 2 * MIB, (isize)sizeof *room);
    assert_true(cap >= 2 * MIB && room[2 * MIB - 1] == 0);
    base_free(small);
    base_free(large);
    base_free(room);
    assert_int_equal(base_spilled(), 0);
    base_spill(NULL);
}

/* Does it end, and why? */
static bool ends(isize bytes) {
    static void *volatile block;
    block = NULL;
    if (setjmp(ended) == 0) {
        block = base_new(bytes, 1);
        base_free(block);
        return false;
    }
    return true;
}

static void without_files_memory_ends(void **state) {
    (void)state;
    struct spill how = all_of_them();
    how.folder = NULL;
    how.all = 16 * MIB;
    base_spill(&how);
    assert_false(ends(15 * MIB));
    assert_true(ends(17 * MIB));
    assert_int_equal(why_ended, SPILL_NO_MEMORY);
    how.folder = "/nowhere/at/all"; /* the same as none */
    base_spill(&how);
    assert_false(ends(15 * MIB));
    assert_true(ends(17 * MIB));
    assert_int_equal(why_ended, SPILL_NO_SPACE);
    assert_int_equal(error_ended, ENOENT);
    base_spill(NULL);
}

static void no_addresses_are_told(void **state) {
    (void)state;
    struct spill how = all_of_them();
    base_spill(&how);
    why_ended = SPILL_NO_SPACE;
    if (setjmp(ended) == 0) (void)arena_open((isize)1 << 60);
    assert_int_equal(why_ended, SPILL_NO_MEMORY);
    base_spill(NULL);
}

/* A block grows to `most` bytes where no file may have more than 4 MiB, which stands for a full disk. False: it ended. */
static u8 *volatile block;
static isize block_cap;
static bool grow_on_full_disk(const struct spill *how, isize most) {
    struct rlimit had, now;
    getrlimit(RLIMIT_FSIZE, &had);
    now = had;
    now.rlim_cur = 4 * MIB;
    signal(SIGXFSZ, SIG_IGN);
    block = NULL;
    block_cap = 0;
    base_spill(how);
    setrlimit(RLIMIT_FSIZE, &now);
    bool full = setjmp(ended) != 0;
    for (isize n = MIB; !full && n <= most; n += MIB) {
        block = base_grow(block, &block_cap, n, 1);
        memset(block + n - MIB, (int)(n / MIB), MIB);
    }
    setrlimit(RLIMIT_FSIZE, &had);
    return !full;
}

static void check_block(isize n) {
    for (isize i = 0; i < n; i++) assert_int_equal(block[i], (i / MIB + 1) & 255);
}

static void a_full_disk_is_told(void **state) {
    (void)state;
    struct spill how = all_of_them();
    how.all = 2 * MIB;
    assert_false(grow_on_full_disk(&how, 64 * MIB));
    assert_int_equal(why_ended, SPILL_NO_SPACE);
    assert_int_equal(error_ended, EFBIG);
    assert_true(block_cap >= 3 * MIB);
    check_block(3 * MIB);
    base_free(block);
    base_spill(NULL);
}

static void a_full_disk_does_not_matter_while_there_is_memory(void **state) {
    (void)state;
    struct spill how = all_of_them();
    how.all = 64 * MIB;
    assert_true(grow_on_full_disk(&how, 32 * MIB));
    assert_int_equal(base_spilled(), 0);
    check_block(32 * MIB);
    base_free(block);
    assert_false(grow_on_full_disk(&how, 80 * MIB));
    assert_int_equal(why_ended, SPILL_NO_SPACE);
    check_block(60 * MIB);
    base_free(block);
    base_spill(NULL);
}

static void grow_half(void *ctx, int half, isize from, isize to) {
    struct tables *t = ctx;
    (void)from, (void)to;
    for (isize n = 0; n < ITEMS; n++) {
        t->items[half] =
            base_grow(t->items[half], &t->cap[half], n + 1, (isize)sizeof(u32));
        t->items[half][n] = item(half, n);
        t->n[half] = n + 1;
    }
}

static void two_threads_grow_at_once(void **state) {
    (void)state;
    struct spill how = all_of_them();
    struct tables t = {0};
    how.room = MIB; /* one of them is the first to go over it */
    base_spill(&how);
    (void)base_both(grow_half, &t, 2, 2);
    assert_true(base_spilled() > 0);
    check_all(&t);
    free_all(&t);
    assert_int_equal(base_spilled(), 0);
    base_spill(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_what_memory_holds),
        cmocka_unit_test(what_was_in_memory_moves_as_it_grows),
        cmocka_unit_test(what_fits_stays_in_memory),
        cmocka_unit_test(new_ones_are_zero_and_small_ones_in_memory),
        cmocka_unit_test(without_files_memory_ends),
        cmocka_unit_test(no_addresses_are_told),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_full_disk_does_not_matter_while_there_is_memory),
        cmocka_unit_test(two_threads_grow_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
