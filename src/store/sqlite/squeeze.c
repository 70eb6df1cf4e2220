#include "store/sqlite/squeeze.h"

#include <string.h>

#include <zstd.h>

/* A block is squeezed once or a few times, beside the writer: a lazy search for matches takes 4 % less room than level 3's own, for 0.5 us a
 * message more; lazy2 with a deeper search takes 5 % less than that again, for 0.9 us. Marks are little, and take a fifteenth less at 7
 * than at 3. A summary with a dictionary made for it takes a seventh less room at level 6 than at 3, for 25 us more. */
enum { LEVEL_BLOCK = 3, LEVEL_MARKS = 7, LEVEL_SUMMARY = 6 };
enum { BLOCK_STRATEGY = ZSTD_lazy, BLOCK_SEARCH_LOG = 1, BLOCK_MATCH_LEAST = 6 };

static int level_of(i64 format) {
    if (format == FORMAT_SIP) return LEVEL_BLOCK;
    return format == FORMAT_ZSTD ? LEVEL_MARKS : LEVEL_SUMMARY;
}

enum {
    PLAIN_MAX = 1 << 26, /* nothing of ours is longer: a larger claim is damage */
};

void squeeze_drop(struct squeeze *q) {
    ZSTD_freeCCtx(q->compressor);
    ZSTD_freeDCtx(q->decompressor);
    for (int i = 0; i < FORMAT_COUNT; i++) {
        ZSTD_freeCDict(q->cdict[i]);
        ZSTD_freeDDict(q->ddict[i]);
    }
    squeeze_forget(q);
    base_free(q->learned);
    base_free(q->buf);
    *q = (struct squeeze){0};
}

void squeeze_forget(struct squeeze *q) {
    for (isize i = 0; i < q->nlearned; i++) {
        ZSTD_freeCDict(q->learned[i].cdict);
        ZSTD_freeDDict(q->learned[i].ddict);
        base_free(q->learned[i].bytes);
    }
    q->nlearned = 0;
}

static struct squeeze_learned *learned_find(const struct squeeze *q, i64 format) {
    for (isize i = q->nlearned; i--;) {
        if (q->learned[i].format == format) return &q->learned[i];
    }
    return NULL;
}

bool squeeze_knows(const struct squeeze *q, i64 format) {
    return learned_find(q, format) != NULL;
}

void squeeze_learn(struct squeeze *q, i64 format, str dictionary) {
    q->learned = base_grow(q->learned, &q->cap_learned, q->nlearned + 1,
                           (isize)sizeof *q->learned);
    struct squeeze_learned *l = &q->learned[q->nlearned++];
    *l = (struct squeeze_learned){.format = format, .n = dictionary.n};
    l->bytes = base_new(dictionary.n + 1, 1);
    if (dictionary.n) memcpy(l->bytes, dictionary.p, (size_t)dictionary.n);
}

/* Contexts and dictionaries are made at first use: a reader never compresses. */
const void *squeeze_dictionary(struct squeeze *q, i64 f) {
    if (f == FORMAT_RAW) return NULL;
    struct squeeze_learned *l = f < FORMAT_COUNT ? NULL : learned_find(q, f);
    must(f < FORMAT_COUNT || l);
    str d = l ? (str){l->bytes, l->n} : squeeze_dictionaries[f];
    void **made = l ? &l->cdict : &q->cdict[f];
    if (!*made) *made = ZSTD_createCDict(d.p, (size_t)d.n, level_of(f));
    must(*made);
    return *made;
}

static ZSTD_DDict *decompressor_for(struct squeeze *q, i64 f) {
    struct squeeze_learned *l = f < FORMAT_COUNT ? NULL : learned_find(q, f);
    str d = l ? (str){l->bytes, l->n} : squeeze_dictionaries[f];
    void **made = l ? &l->ddict : &q->ddict[f];
    if (!q->decompressor) q->decompressor = ZSTD_createDCtx();
    if (!*made) *made = ZSTD_createDDict(d.p, (size_t)d.n);
    must(q->decompressor && *made);
    return *made;
}

str squeeze_pack(struct squeeze *q, str plain, i64 want, i64 *format) {
    isize bound = squeeze_bound(plain.n);
    q->buf = base_grow(q->buf, &q->cap, bound, 1);
    isize n = squeeze_with(&q->compressor, want, squeeze_dictionary(q, want), plain,
                           q->buf, bound);
    *format = n ? want : FORMAT_RAW;
    return n ? (str){q->buf, n} : plain;
}

isize squeeze_bound(isize n) {
    return (isize)ZSTD_compressBound((size_t)n);
}

void squeeze_free(void *compressor) {
    ZSTD_freeCCtx(compressor);
}

/* 0: as the level has it. */
static void tune(void *compressor, bool block) {
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_strategy, block ? BLOCK_STRATEGY : 0);
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_searchLog, block ? BLOCK_SEARCH_LOG : 0);
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_minMatch, block ? BLOCK_MATCH_LEAST : 0);
}

isize squeeze_with(void **compressor, i64 format, const void *dictionary, str plain,
                   u8 *to, isize room) {
    if (!dictionary || plain.n == 0) return 0;
    if (!*compressor) *compressor = ZSTD_createCCtx();
    must(*compressor);
    ZSTD_CCtx_setParameter(*compressor, ZSTD_c_dictIDFlag, 0); /* format says it */
    tune(*compressor, format == FORMAT_SIP);
    ZSTD_CCtx_refCDict(*compressor, dictionary);
    size_t n = ZSTD_compress2(*compressor, to, (size_t)room, plain.p, (size_t)plain.n);
    return ZSTD_isError(n) || (isize)n >= plain.n ? 0 : (isize)n;
}

enum err squeeze_unpack(struct squeeze *q, str packed, i64 format, u8 **to, isize *n,
                        isize *cap) {
    if (format < 0 || (format >= FORMAT_COUNT && !squeeze_knows(q, format)))
        return ERR_SYNTAX;
    if (format == FORMAT_RAW) {
        *to = base_grow(*to, cap, *n + packed.n, 1);
        if (packed.n) memcpy(*to + *n, packed.p, (size_t)packed.n);
        *n += packed.n;
        return ERR_OK;
    }
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, (size_t)packed.n);
    if (size > PLAIN_MAX) return ERR_SYNTAX; /* unknown and error are over it, too */
    *to = base_grow(*to, cap, *n + (isize)size, 1);
    const ZSTD_DDict *dict = decompressor_for(q, format);
    size_t got = ZSTD_decompress_usingDDict(q->decompressor, *to + *n, (size_t)size,
                                            packed.p, (size_t)packed.n, dict);
    if (ZSTD_isError(got) || got != size) return ERR_SYNTAX;
    *n += (isize)size;
    return ERR_OK;
}
