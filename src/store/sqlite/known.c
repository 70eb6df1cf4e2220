#include "store/sqlite/known.h"

#include "store/sqlite/db.h"

void known_drop(struct known *k) {
    for (int i = 0; i < k->nlayers; i++) base_free(k->layers[i].words);
    *k = (struct known){0};
}

static isize layer_lines(int layer) {
    return (isize)1 << (KNOWN_FIRST_BITS + layer);
}

static u64 *line_of(const struct known *k, int layer, u64 key) {
    return &k->layers[layer]
                .words[(key >> (64 - KNOWN_FIRST_BITS - layer)) * KNOWN_WORDS];
}

/* Seven bits of a line, nine bits of `spread` for each; its place is by the high end of the key. */
static u64 spread(u64 key) {
    return hash_mix(key, 7);
}

static bool line_has(const u64 *line, u64 bits) {
    for (int i = 0; i < 7; i++, bits >>= 9) {
        if (!(line[bits >> 6 & 7] >> (bits & 63) & 1)) return false;
    }
    return true;
}

void known_add(struct known *k, u64 key) {
    struct known_layer *top = k->nlayers ? &k->layers[k->nlayers - 1] : NULL;
    bool full = !top || top->n >= layer_lines(k->nlayers - 1) * KNOWN_PER_LINE;
    if (full && k->nlayers < KNOWN_LAYERS) {
        top = &k->layers[k->nlayers];
        top->words =
            base_new(layer_lines(k->nlayers) * KNOWN_WORDS, (isize)sizeof *top->words);
        k->nlayers++;
    }
    u64 *line = line_of(k, k->nlayers - 1, key), bits = spread(key);
    for (int i = 0; i < 7; i++, bits >>= 9) line[bits >> 6 & 7] |= (u64)1 << (bits & 63);
    top->n++;
    k->n++;
}

bool known_has(const struct known *k, u64 key) {
    u64 bits = spread(key);
    for (int i = k->nlayers; i--;) {
        if (line_has(line_of(k, i, key), bits)) return true;
    }
    return false;
}

static enum err fill(struct store *s, enum sql q, u64 (*key)(str)) {
    sqlite3_stmt *st = db_stmt(s, q);
    if (!st) return s->failed ? s->failed : ERR_IO;
    for (;;) {
        bool row = false;
        enum err e = db_step(s, st, &row);
        if (e || !row) return e;
        known_add(&s->known, key(db_str(st, 0)));
    }
}

enum err known_ask(struct store *s, u64 key, bool *maybe) {
    enum { STALE = 1 << 16 };
    struct known *k = &s->known;
    if (k->gone > k->n / 2 + STALE) k->filled = false;
    if (!k->filled) {
        known_drop(k);
        enum err e = fill(s, SQL_REF_ALL, known_call_id);
        if (!e) e = fill(s, SQL_CALL_ALL, known_call);
        if (e) return e;
        k->filled = true;
    }
    *maybe = known_has(k, key);
    return ERR_OK;
}
