#include "store/sqlite/squeeze.h"

#include <string.h>

#include <zstd.h>

/* A chunk is squeezed again each time it has grown: on the traffic of bench/, level -1 takes half the time of level 3 and
 * 1 to 7 % more room. Summaries change seldom: level 6 takes three times the time of level 3, and 13 % less room. */
static const int levels[FORMAT_COUNT] = {
    [FORMAT_ZSTD] = 3, [FORMAT_SIP] = 3, [FORMAT_SUMMARY] = 6};

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
    base_free(q->buf);
    *q = (struct squeeze){0};
}

/* Contexts and dictionaries are made at first use: a reader never compresses. */
static ZSTD_CDict *compressor_for(struct squeeze *q, enum squeeze_format f) {
    if (!q->compressor) q->compressor = ZSTD_createCCtx();
    if (!q->cdict[f]) {
        str d = squeeze_dictionaries[f];
        q->cdict[f] = ZSTD_createCDict(d.p, (size_t)d.n, levels[f]);
    }
    must(q->compressor && q->cdict[f]);
    return q->cdict[f];
}

static ZSTD_DDict *decompressor_for(struct squeeze *q, enum squeeze_format f) {
    if (!q->decompressor) q->decompressor = ZSTD_createDCtx();
    if (!q->ddict[f]) {
        str d = squeeze_dictionaries[f];
        q->ddict[f] = ZSTD_createDDict(d.p, (size_t)d.n);
    }
    must(q->decompressor && q->ddict[f]);
    return q->ddict[f];
}

str squeeze_pack(struct squeeze *q, str plain, enum squeeze_format want, int *format) {
    *format = FORMAT_RAW;
    if (want == FORMAT_RAW || plain.n == 0) return plain;
    isize bound = (isize)ZSTD_compressBound((size_t)plain.n);
    q->buf = base_grow(q->buf, &q->cap, bound, 1);
    const ZSTD_CDict *dict = compressor_for(q, want);
    size_t n = ZSTD_compress_usingCDict(q->compressor, q->buf, (size_t)bound, plain.p,
                                        (size_t)plain.n, dict);
    if (ZSTD_isError(n) || (isize)n >= plain.n) return plain;
    *format = (int)want;
    return (str){q->buf, (isize)n};
}

enum err squeeze_unpack(struct squeeze *q, str packed, i64 format, u8 **to, isize *n,
                        isize *cap) {
    if (format < 0 || format >= FORMAT_COUNT) return ERR_SYNTAX;
    if (format == FORMAT_RAW) {
        *to = base_grow(*to, cap, *n + packed.n, 1);
        if (packed.n) memcpy(*to + *n, packed.p, (size_t)packed.n);
        *n += packed.n;
        return ERR_OK;
    }
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, (size_t)packed.n);
    if (size > PLAIN_MAX) return ERR_SYNTAX; /* unknown and error are over it, too */
    *to = base_grow(*to, cap, *n + (isize)size, 1);
    const ZSTD_DDict *dict = decompressor_for(q, (enum squeeze_format)format);
    size_t got = ZSTD_decompress_usingDDict(q->decompressor, *to + *n, (size_t)size,
                                            packed.p, (size_t)packed.n, dict);
    if (ZSTD_isError(got) || got != size) return ERR_SYNTAX;
    *n += (isize)size;
    return ERR_OK;
}
