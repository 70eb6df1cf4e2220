#include "store/sqlite/learn.h"

#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>

#include <zdict.h>

/* ---- what is frequent ------------------------------------------------------------------------------------ */

struct run { /* of tokens, in the samples */
    isize at, n;
    u32 count;
};
struct frequent {
    const u8 *samples;
    struct map last; /* token -> the sample that had it last, + 1 */
    struct map have; /* token -> how many samples have it */
    struct map index;
    struct run *runs;
    isize nruns, cap;
};

static bool ends_token(u8 c) {
    return c < 33 || c == '"' || c == ',' || c == ':' || c == '@';
}

static isize token_length(const u8 *p, isize n) {
    isize i = 0;
    while (i < n && !ends_token(p[i])) i++;
    return i64_min(i + 1, n);
}

static u64 token_key(const u8 *p, isize n) {
    return hash_bytes((str){p, n}, 1);
}

static void tokens_count(struct frequent *f, isize at, isize n, u32 sample) {
    for (isize end = at + n, k; at < end; at += k) {
        k = token_length(f->samples + at, end - at);
        u64 key = token_key(f->samples + at, k);
        u32 *last = map_put(&f->last, key);
        if (*last == sample + 1) continue;
        *last = sample + 1;
        ++*map_put(&f->have, key);
    }
}

static void run_add(struct frequent *f, isize at, isize n) {
    enum { LEAST = 6, MOST = 1024 };
    if (n < LEAST) return;
    n = i64_min(n, MOST);
    u32 *place = map_put(&f->index, token_key(f->samples + at, n));
    if (!*place) {
        f->runs = base_grow(f->runs, &f->cap, f->nruns + 1, (isize)sizeof *f->runs);
        f->runs[f->nruns] = (struct run){.at = at, .n = n};
        *place = (u32)++f->nruns;
    }
    f->runs[*place - 1].count++;
}

static void runs_collect(struct frequent *f, isize at, isize n, u32 least) {
    isize from = at;
    for (isize end = at + n, k; at < end; at += k) {
        k = token_length(f->samples + at, end - at);
        if (map_get(&f->have, token_key(f->samples + at, k)) >= least) continue;
        run_add(f, from, at - from);
        from = at + k;
    }
    run_add(f, from, at - from);
}

static int by_count(const void *a, const void *b) {
    const struct run *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void learn_text(const u8 *samples, const size_t *sizes, isize n, u8 **to, isize *nto,
                isize *cap) {
    struct frequent f = {.samples = samples};
    u32 least = (u32)i64_max(2, n / LEARN_SHARE);
    isize at = 0, most = 0, bytes = 0;
    for (isize i = 0; i < n; at += (isize)sizes[i++])
        tokens_count(&f, at, (isize)sizes[i], (u32)i);
    at = 0;
    for (isize i = 0; i < n; at += (isize)sizes[i++])
        runs_collect(&f, at, (isize)sizes[i], least);
    if (f.nruns) qsort(f.runs, (size_t)f.nruns, sizeof *f.runs, by_count);
    while (most < f.nruns && bytes + f.runs[most].n <= LEARN_BYTES)
        bytes += f.runs[most++].n;
    *to = base_grow(*to, cap, *nto + bytes + 1, 1);
    while (most--) { /* the most frequent last, where references to it are shortest */
        memcpy(*to + *nto, samples + f.runs[most].at, (size_t)f.runs[most].n);
        *nto += f.runs[most].n;
    }
    map_drop(&f.last);
    map_drop(&f.have);
    map_drop(&f.index);
    base_free(f.runs);
}

/* ---- making one ------------------------------------------------------------------------------------------ */

void learn_drop(struct learn *l) {
    base_free(l->samples);
    *l = (struct learn){0};
}

void learn_forget(struct learn *l) {
    l->newest = -1;
    l->nuses = 0;
}

static enum err row_add(struct store *s, str dictionary) {
    sqlite3_stmt *st = db_stmt(s, SQL_DICTIONARY_ADD);
    if (!st) return ERR_IO;
    db_bind_blob(st, 1, dictionary);
    enum err e = db_run(s, st);
    if (!e) s->learn.newest = sqlite3_last_insert_rowid(s->db);
    return e;
}

/* With the statistics of the samples, which are worth as much as the text; where zstd makes none, the text alone. */
static enum err dictionary_make(struct store *s) {
    struct learn *l = &s->learn;
    enum { HEAD = 1 << 12 };
    u8 *text = NULL;
    isize n = 0, cap = 0;
    learn_text(l->samples, l->sizes, l->n, &text, &n, &cap);
    u8 *whole = base_new(n + HEAD, 1);
    ZDICT_params_t how = {.compressionLevel = 3};
    size_t size = ZDICT_finalizeDictionary(whole, (size_t)(n + HEAD), text, (size_t)n,
                                           l->samples, l->sizes, (unsigned)l->n, how);
    str made = ZDICT_isError(size) ? (str){text, n} : (str){whole, (isize)size};
    enum err e = made.n ? row_add(s, made) : ERR_OK;
    base_free(text);
    base_free(whole);
    l->n = l->nsamples = 0;
    l->packed = 0;
    return e;
}

static enum err newest_look(struct store *s) {
    sqlite3_stmt *st = db_stmt(s, SQL_DICTIONARY_NEWEST);
    return st ? db_int(s, st, 0, &s->learn.newest) : ERR_IO;
}

static void sample_add(struct learn *l, str plain) {
    l->samples = base_grow(l->samples, &l->cap_samples, l->nsamples + plain.n + 1, 1);
    if (plain.n) memcpy(l->samples + l->nsamples, plain.p, (size_t)plain.n);
    l->nsamples += plain.n;
    l->sizes[l->n++] = (size_t)plain.n;
}

enum err learn_format(struct store *s, str plain, i64 *format) {
    enum { SAMPLE_MOST = 1 << 15 };
    struct learn *l = &s->learn;
    enum err e = l->newest < 0 ? newest_look(s) : ERR_OK;
    if (e) return e;
    l->packed++;
    bool soon = l->newest == 0 || l->packed > LEARN_AGAIN - LEARN_FROM;
    if (soon && plain.n <= SAMPLE_MOST) sample_add(l, plain);
    if (l->n == LEARN_FROM) e = dictionary_make(s);
    *format = l->newest ? FORMAT_LEARNED + l->newest : FORMAT_SUMMARY;
    return e || !l->newest ? e : learn_know(s, *format);
}

/* ---- using them ------------------------------------------------------------------------------------------ */

enum err learn_know(struct store *s, i64 format) {
    if (format < FORMAT_LEARNED || squeeze_knows(&s->squeeze, format)) return ERR_OK;
    sqlite3_stmt *st = db_stmt(s, SQL_DICTIONARY_GET);
    if (!st) return s->failed ? s->failed : ERR_IO;
    sqlite3_bind_int64(st, 1, format - FORMAT_LEARNED);
    bool row = false;
    enum err e = db_step(s, st, &row);
    if (!e && !row) e = db_damaged(s, "a dictionary is not there");
    if (e) return e;
    squeeze_learn(&s->squeeze, format, db_str(st, 0));
    sqlite3_reset(st);
    return ERR_OK;
}

enum err learn_use(struct store *s, i64 format, i64 by) {
    struct learn *l = &s->learn;
    isize i = 0;
    if (format < FORMAT_LEARNED) return ERR_OK;
    while (i < l->nuses && l->uses[i].id != format - FORMAT_LEARNED) i++;
    if (i == LEARN_KEPT) {
        enum err e = learn_write(s);
        if (e) return e;
        i = 0;
    }
    if (i == l->nuses)
        l->uses[l->nuses++] = (struct learned_use){format - FORMAT_LEARNED, 0};
    l->uses[i].n += by;
    return ERR_OK;
}

enum err learn_write(struct store *s) {
    struct learn *l = &s->learn;
    enum err e = ERR_OK;
    for (isize i = 0; i < l->nuses && !e; i++)
        e = db_run_ints(s, SQL_DICTIONARY_USE, 2, l->uses[i].id, l->uses[i].n, 0);
    if (!e) l->nuses = 0;
    return e;
}

enum err learn_retire(struct store *s) {
    enum err e = learn_write(s);
    if (!e) e = db_simple(s, SQL_DICTIONARY_RETIRE);
    s->learn.newest = -1;
    return e;
}
