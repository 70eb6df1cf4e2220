/* The parts below the tables: words, packed sightings, squeezed blobs. */
#include "lib/edge.h"
#include "world.h"

/* ---- words ------------------------------------------------------------------------------------------- */

static void durations_fall_into_doublings(void **state) {
    (void)state;
    static const i64 rows[][2] = {{-1, 0},    {0, 0},         {999, 0},  {1000, 1},
                                  {1999, 1},  {2000, 2},      {3999, 2}, {4000, 3},
                                  {60000, 6}, {INT64_MAX, 54}};
    for (isize i = 0; i < countof(rows); i++)
        assert_int_equal(word_duration(rows[i][0]), rows[i][1]);
}

/* ---- packed sightings ------------------------------------------------------------------------------------ */

static struct record a_record(int i) {
    struct record r = {
        .time_us = i % 3 ? T0 + i * 7 : INT64_MIN / (i + 1),
        .precision_us = (u32)i * 77777777u,
        .source = i,
        .src = (i64)1 << (i % 60),
        .dst = i * 1000,
        .transport = (enum transport)(i % 7),
        .vantage = (enum vantage)(i % 3),
        .attempt = (u16)(i % 4 ? 0 : i * 999),
        .cut = i % 5 == 0,
        .line = (u64)i << 40,
        .bytes = str_sub(S("INVITE sip:x@example.com SIP/2.0\r\n\r\n"), 0, i),
    };
    return r;
}

static void same_record(const struct record *a, const struct record *b) {
    assert_int_equal(a->time_us, b->time_us);
    assert_int_equal(a->precision_us, b->precision_us);
    assert_int_equal(a->source, b->source);
    assert_int_equal(a->src, b->src);
    assert_int_equal(a->dst, b->dst);
    assert_int_equal(a->transport, b->transport);
    assert_int_equal(a->vantage, b->vantage);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->cut, b->cut);
    assert_true(a->line == b->line);
    assert_true(str_eq(a->bytes, b->bytes));
    assert_true(record_hash(a) == record_hash(b));
}

static void every_prefix_ends_well(void *ctx, str prefix) {
    const isize *ends = ctx;
    struct rd in = {.in = prefix};
    struct record r = {0};
    isize n = 0;
    while (record_next(&in, r.time_us, &r)) {
        struct record want = a_record((int)n++);
        same_record(&r, &want);
    }
    isize whole = 0;
    while (whole < 40 && ends[whole] <= prefix.n) whole++;
    assert_int_equal(n, whole);
    assert_int_equal(in.failed,
                     !(prefix.n == 0 || (whole && ends[whole - 1] == prefix.n)));
}

static void records_come_back_as_they_were(void **state) {
    (void)state;
    u8 *bytes = NULL;
    isize n = 0, cap = 0, ends[41] = {0};
    i64 before = 0;
    u64 line = 0;
    for (int i = 0; i < 40; i++) {
        struct record r = a_record(i);
        record_put(&r, before, line, &bytes, &n, &cap);
        before = r.time_us;
        line = r.line;
        ends[i] = n;
    }
    ends[40] = PTRDIFF_MAX;
    edge_every_prefix((str){bytes, n}, every_prefix_ends_well, ends);
    base_free(bytes);
}

static void noise_is_no_record(void **state) {
    (void)state;
    u64 seed = 1;
    for (int round = 0; round < 20000; round++) {
        u8 noise[64];
        for (isize i = 0; i < countof(noise); i++) {
            seed = hash_mix(seed, (u64)i);
            noise[i] = (u8)(seed & (round % 2 ? 255 : 31));
        }
        str at_edge = edge_copy((str){noise, round % 65});
        struct rd in = {.in = at_edge};
        struct record r = {0};
        while (record_next(&in, r.time_us, &r)) assert_true(str_inside(r.bytes, at_edge));
        edge_drop(at_edge);
    }
}

/* Whatever the bytes, nothing outside them is read, and each reader ends. */
static void noise_is_no_block(void **state) {
    (void)state;
    u64 seed = 2;
    for (int round = 0; round < 20000; round++) {
        u8 noise[64];
        for (isize i = 0; i < countof(noise); i++) {
            seed = hash_mix(seed, (u64)i);
            noise[i] = (u8)(seed & (round % 2 ? 255 : 7));
        }
        str at_edge = edge_copy((str){noise, round % 65}), text;
        struct block_reader in = {.in = {.in = at_edge}};
        struct record r = {0};
        while (block_next(&in, &r)) assert_true(str_inside(r.bytes, at_edge));
        struct pos_list list = {0};
        (void)postings_unpack(at_edge, round, &list);
        struct rd words = {.in = at_edge}, names = {.in = at_edge};
        enum word_kind kind;
        struct detail_name name = {0};
        while (words_next(&words, &kind, &text)) assert_true(str_inside(text, at_edge));
        while (detail_next(&names, &name)) assert_true(str_inside(name.text, at_edge));
        base_free(list.list);
        edge_drop(at_edge);
    }
}

static void blocks_come_back_as_they_were(void **state) {
    (void)state;
    struct block b = {0};
    const i64 refs[] = {7, 8, 3, INT64_MAX, 1};
    int made = 0;
    for (isize run = 0; run < countof(refs); run++) {
        block_run(&b, refs[run], str_sub(S("call-id"), 0, run), run + 1);
        for (isize i = 0; i <= run; i++) {
            struct record r = a_record(made++);
            block_add(&b, &r);
        }
    }
    struct block_reader in = {.in = {.in = {b.bytes, b.nbytes}}};
    struct record r = {0};
    int n = 0;
    for (isize run = -1; block_next(&in, &r); n++) {
        run += in.first;
        struct record want = a_record(n);
        same_record(&r, &want);
        assert_int_equal(in.ref, refs[run]);
        assert_true(str_eq(in.call_id, str_sub(S("call-id"), 0, run)));
    }
    assert_false(in.in.failed);
    assert_int_equal(n, made);
    base_free(b.bytes);
}

/* ---- squeezed blobs ---------------------------------------------------------------------------------------- */

static void blobs_come_back_as_they_were(void **state) {
    (void)state;
    struct squeeze q = {0};
    u8 *plain = NULL, *text = NULL;
    isize cap = 0, cap_text = 0;
    text = base_grow(text, &cap_text, 100000, 1);
    for (isize i = 0; i < 100000; i++)
        text[i] = (u8)("SIP/2.0 200 OK\r\n"[i % 16] + i / 5000);
    for (int want = 0; want < FORMAT_COUNT; want++) {
        for (isize size = 0; size <= 100000; size = size * 3 + 1) {
            i64 format = -1;
            isize n = 0;
            str packed =
                squeeze_pack(&q, (str){text, size}, (enum squeeze_format)want, &format);
            assert_true(packed.n <= size);
            str at_edge = edge_copy(packed);
            assert_int_equal(squeeze_unpack(&q, at_edge, format, &plain, &n, &cap),
                             ERR_OK);
            edge_drop(at_edge);
            assert_true(str_eq((str){plain, n}, (str){text, size}));
        }
    }
    base_free(text);
    base_free(plain);
    squeeze_drop(&q);
}

static void damaged_blobs_are_refused(void **state) {
    (void)state;
    struct squeeze q = {0};
    u8 *plain = NULL;
    isize cap = 0, n = 0;
    i64 format = 0;
    str packed = squeeze_pack(
        &q, S("INVITE INVITE INVITE INVITE INVITE INVITE INVITE INVITE INVITE"),
        FORMAT_SIP, &format);
    assert_int_equal(format, FORMAT_SIP);
    for (isize k = 0; k < packed.n; k++) {
        str at_edge = edge_copy(str_sub(packed, 0, k));
        assert_int_equal(squeeze_unpack(&q, at_edge, format, &plain, &n, &cap),
                         ERR_SYNTAX);
        edge_drop(at_edge);
    }
    assert_int_equal(squeeze_unpack(&q, packed, -1, &plain, &n, &cap), ERR_SYNTAX);
    assert_int_equal(squeeze_unpack(&q, packed, FORMAT_COUNT, &plain, &n, &cap),
                     ERR_SYNTAX);
    /* a frame that claims 2^40 bytes: refused before any are taken */
    static const u8 bomb[] = {0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0, 0, 0, 0,
                              0,    0,    1,    0,    0,    1, 0, 0};
    assert_int_equal(
        squeeze_unpack(&q, (str){bomb, countof(bomb)}, FORMAT_ZSTD, &plain, &n, &cap),
        ERR_SYNTAX);
    base_free(plain);
    squeeze_drop(&q);
}

/* The dictionaries are part of the file format: whoever changes a byte of one makes old files unreadable. */
static void dictionaries_never_change(void **state) {
    (void)state;
    static const u64 hashes[FORMAT_COUNT] = {
        [FORMAT_SIP] = 0xd9924db06bf7b300u,
        [FORMAT_SUMMARY] = 0x58efac900a1ad98du,
    };
    for (int i = FORMAT_SIP; i < FORMAT_COUNT; i++) {
        u64 hash = hash_bytes(squeeze_dictionaries[i], 0);
        if (hash != hashes[i])
            fail_msg("dictionary %d is 0x%llx", i, (unsigned long long)hash);
    }
}

/* ---- pages ---------------------------------------------------------------------------------------------- */

/* A leaf of a table: two rows at its end, a gap that is not empty. */
static void leaf(u8 page[512]) {
    memset(page, 0xee, 512);
    static const u8 head[] = {13, 0, 0, 0, 2, 1, 0xf0, 0, 1, 0xf8, 1, 0xf0};
    memcpy(page, head, sizeof head);
}

static bool gap_is(const u8 page[512], isize from, isize to, u8 value) {
    for (isize i = from; i < to; i++) {
        if (page[i] != value) return false;
    }
    return true;
}

static void gaps_of_pages_are_zeroed(void **state) {
    (void)state;
    u8 page[512];
    leaf(page);
    assert_true(scrub_page(page, 512, 4));
    assert_true(gap_is(page, 12, 0x1f0, 0) && gap_is(page, 0x1f0, 512, 0xee));
    assert_int_equal(page[11], 0xf0); /* the last pointer */
    leaf(page);
    page[0] = 5; /* an inner page has four more bytes in its head */
    memcpy(page + 12, (u8[]){1, 0xf8, 1, 0xf0}, 4);
    assert_true(scrub_page(page, 512, 4));
    assert_true(gap_is(page, 16, 0x1f0, 0));
    leaf(page); /* the first page begins with the head of the file */
    memmove(page + 100, page, 12);
    assert_true(scrub_page(page, 512, 1));
    assert_true(gap_is(page, 112, 0x1f0, 0) && gap_is(page, 13, 100, 0xee));
}

/* What only looks like one, or is damaged, is left alone. */
static void other_pages_are_left_alone(void **state) {
    (void)state;
    static const struct {
        int at;
        u8 value;
        const char *why;
    } rows[] = {
        {0, 0, "an overflow page, or a free one"},
        {0, 1, "the same"},
        {0, 12, "no kind of page"},
        {3, 0xff, "more rows than fit"},
        {5, 0xff, "content past the end"},
        {8, 0, "a row inside the gap"},
        {8, 0xff, "a row past the end"},
        {1, 1, "a free block inside the gap"},
    };
    for (isize i = 0; i < countof(rows); i++) {
        u8 page[512], before[512];
        leaf(page);
        page[rows[i].at] = rows[i].value;
        memcpy(before, page, sizeof page);
        if (scrub_page(page, 512, 4)) fail_msg("%s", rows[i].why);
        assert_memory_equal(page, before, sizeof page);
    }
    for (i64 number = 2; number < 1000; number += 512 / 5 + 1) { /* pointer maps */
        u8 page[512];
        leaf(page);
        assert_false(scrub_page(page, 512, number));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_fall_into_doublings),
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(noise_is_no_record),
        cmocka_unit_test(noise_is_no_block),
        cmocka_unit_test(blocks_come_back_as_they_were),
        cmocka_unit_test(blobs_come_back_as_they_were),
        cmocka_unit_test(damaged_blobs_are_refused),
        cmocka_unit_test(dictionaries_never_change),
        cmocka_unit_test(gaps_of_pages_are_zeroed),
        cmocka_unit_test(other_pages_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
