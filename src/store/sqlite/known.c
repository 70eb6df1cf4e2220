#include "store/sqlite/known.h"

#include "store/sqlite/db.h"

void known_drop(struct known *k) {
    for (int i = 0; i < k->nlayers; i++) base_free(k->layers[i].words);
    *k = (struct known){0};
}

static isize layer_words(int layer) {
    return (isize)1 << (KNOWN_FIRST_BITS + layer);
}

static u64 *word_of(const struct known *k, int layer, u64 key) {
    return &k->layers[layer].words[key >> (64 - KNOWN_FIRST_BITS - layer)];
}

/* Six bits of a word, by the low end of the key; its place is by the high end. */
static u64 bits_of(u64 key) {
    u64 bits = 0;
    for (int i = 0; i < 6; i++) bits |= (u64)1 << (key >> (6 * i) & 63);
    return bits;
}

void known_add(struct known *k, u64 key) {
    struct known_layer *top = k->nlayers ? &k->layers[k->nlayers - 1] : NULL;
    bool full = !top || top->n >= layer_words(k->nlayers - 1) * KNOWN_PER_WORD;
    if (full && k->nlayers < KNOWN_LAYERS) {
        top = &k->layers[k->nlayers];
        top->words = base_new(layer_words(k->nlayers), (isize)sizeof *top->words);
        k->nlayers++;
    }
    *word_of(k, k->nlayers - 1, key) |= bits_of(key);
    top->n++;
    k->n++;
}

bool known_has(const struct known *k, u64 key) {
    u64 bits = bits_of(key);
    for (int i = k->nlayers; i--;) {
        if ((*word_of(k, i, key) & bits) == bits) return true;
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
