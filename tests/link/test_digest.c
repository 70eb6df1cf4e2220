/* What a digest carries from one thread to another is all that the tables need: they are the same as those of messages that were added
 * as they are, though the messages' bytes are gone. */
#include "link/result.h"

#include "input/input.h"
#include "lib/edge.h"

#include <ftw.h>
#include <glob.h>

struct both {
    struct weave *plain, *digested;
    arena room;
    isize n;
};

static u32 on_source(void *ctx, const struct source *s) {
    struct both *b = ctx;
    u32 n = weave_source(b->plain, s);
    assert_int_equal(weave_source(b->digested, s), n);
    return n;
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct both *b = ctx;
    struct digest d;
    struct sighting copy = *s;
    copy.bytes = edge_copy(s->bytes);
    bool sip = weave_add(b->plain, s);
    assert_int_equal(weave_digest(&d, &copy, &b->room), sip);
    if (sip) digest_detach(&d, true, &b->room);
    edge_drop(copy.bytes); /* whoever looks there now is stopped */
    if (sip) weave_take(b->digested, &d);
    arena_reset(&b->room);
    b->n += sip;
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    (void)ctx, (void)reason, (void)place, (void)bytes;
}

static void on_damage(void *ctx, str sentence) {
    (void)ctx, (void)sentence;
}

static void assert_same_tables(const struct trace *a, const struct trace *b) {
    assert_int_equal(a->nseen, b->nseen);
    assert_int_equal(a->nfacts, b->nfacts);
    assert_int_equal(a->nkept, b->nkept);
    if (a->nkept) assert_memory_equal(a->kept, b->kept, (size_t)a->nkept);
    for (isize i = 0; i < a->nseen; i++) {
        assert_memory_equal(&a->seen[i], &b->seen[i], sizeof *a->seen);
        assert_memory_equal(&a->idents[i], &b->idents[i], sizeof *a->idents);
        assert_int_equal(a->contents[i], b->contents[i]);
        assert_int_equal(a->times[i], b->times[i]);
        assert_true(str_eq(str_table_get(&a->strings, a->call_ids[i]),
                           str_table_get(&b->strings, b->call_ids[i])));
    }
    for (isize i = 0; i < a->nfacts; i++) {
        const struct fact *x = &a->facts[i], *y = &b->facts[i];
        assert_true(x->hash == y->hash && x->seen == y->seen && x->kind == y->kind &&
                    x->bits == y->bits && x->label == y->label);
    }
    assert_int_equal(a->strings.n, b->strings.n);
    assert_int_equal(a->strings.nbytes, b->strings.nbytes);
    if (a->strings.nbytes)
        assert_memory_equal(a->strings.bytes, b->strings.bytes,
                            (size_t)a->strings.nbytes);
}

static struct both both_open(void) {
    return (struct both){weave_open(), weave_open(), arena_open_view(), 0};
}

static void both_close(struct both *b) {
    assert_same_tables(weave_trace(b->plain), weave_trace(b->digested));
    weave_close(b->plain);
    weave_close(b->digested);
    arena_close(&b->room);
}

/* Gives how many messages there were. */
static isize both_agree(const char *const *files, isize n) {
    struct both b = both_open();
    const struct input_sink sink = {&b, on_source, on_sighting, on_skipped, on_damage};
    arena boot = arena_open_view();
    str sentence;
    for (isize i = 0; i < n; i++) {
        enum err e = input_file_read(files[i], &(struct input_options){0}, &sink, &boot,
                                     &sentence);
        if (e != ERR_OK) print_message("%s: %.*s\n", files[i], STR(sentence));
    }
    isize found = b.n;
    both_close(&b);
    input_files_close();
    arena_close(&boot);
    return found;
}

#define JUNK "examples/junk-call/"

static void of_logs_and_captures(void **state) {
    (void)state;
    static const char *const logs[] = {JUNK "a.voiceless.log", JUNK "b.voiceless.log",
                                       JUNK "boxless.log"};
    static const char *const captures[] = {"examples/plain-call.pcap",
                                           "examples/failed-call.pcap"};
    assert_true(both_agree(logs, countof(logs)) > 20);
    assert_true(both_agree(captures, countof(captures)) > 10);
}

static void of_odd_messages(void **state) {
    (void)state;
    struct both b = both_open();
    struct source s = {.name = S("odd"), .kind = SOURCE_DEVICE_LOG};
    glob_t found;
    assert_int_equal(glob("tests/data/sip/*.sip", 0, NULL, &found), 0);
    u32 source = on_source(&b, &s);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        str bytes = file_read(found.gl_pathv[i]);
        on_sighting(&b, &(struct sighting){.time_us = 1000000,
                                           .source = source,
                                           .at = SIGHTING_NOWHERE,
                                           .bytes = bytes});
        file_drop(bytes);
    }
    globfree(&found);
    assert_true(b.n > 10);
    both_close(&b);
}

static int of_one_capture(const char *path, const struct stat *about, int kind,
                          struct FTW *where) {
    (void)about, (void)where;
    if (kind == FTW_F && strstr(path, ".pcap")) (void)both_agree(&path, 1);
    return 0;
}

static void of_captures_from_the_field(void **state) {
    (void)state;
    const char *corpus = getenv("SIPWEAVE_CORPUS");
    if (!corpus) {
        print_message(
            "SIPWEAVE_CORPUS is not set; no captures from the field were read\n");
        skip();
    }
    assert_int_equal(nftw(corpus, of_one_capture, 8, FTW_PHYS), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_logs_and_captures),
        cmocka_unit_test(of_odd_messages),
        cmocka_unit_test(of_captures_from_the_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
