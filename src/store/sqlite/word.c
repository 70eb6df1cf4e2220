#include "store/sqlite/word.h"

#include "store/sqlite/db.h"
#include "trace/number.h"

#include <stdio.h>
#include <stdlib.h>

/* The words of one call while they are gathered. */
struct gather {
    struct store *s;
    enum err err;
    i64 *ids;
    isize n, cap;
};

str word_fold(str text, u8 *to) {
    isize n = text.n < WORD_MAX ? text.n : WORD_MAX;
    for (isize i = 0; i < n; i++) to[i] = to_lower(text.p[i]);
    return (str){to, n};
}

str word_reversed(str text, u8 *to) {
    must(text.n <= WORD_MAX);
    for (isize i = 0; i < text.n; i++) to[i] = text.p[text.n - 1 - i];
    return (str){to, text.n};
}

static void add(struct gather *g, enum word_kind kind, str text) {
    if (g->err || text.n == 0) return;
    i64 id = 0;
    g->err = names_word(g->s, (int)kind, text, &id);
    if (g->err) return;
    g->ids = base_grow(g->ids, &g->cap, g->n + 1, (isize)sizeof *g->ids);
    g->ids[g->n++] = id;
}

static void add_folded(struct gather *g, enum word_kind kind, str text) {
    u8 folded[WORD_MAX];
    add(g, kind, word_fold(text, folded));
}

static void add_int(struct gather *g, enum word_kind kind, int value) {
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%d", value);
    add(g, kind, (str){(const u8 *)digits, n});
}

static void add_number(struct gather *g, enum word_kind kind, enum word_kind back,
                       str text) {
    struct number n = number_read(text);
    u8 reversed[NUMBER_MAX];
    str raw = number_raw(&n), plain = number_plain(&n);
    add(g, kind, plain);
    if (!str_eq(raw, plain)) add(g, kind, raw);
    add(g, back, word_reversed(plain, reversed));
}

static void add_address(struct gather *g, str text) {
    u8 room[128];
    struct endpoint e;
    if (!endpoint_read(&e, text)) {
        add_folded(g, WORD_ADDRESS, text);
        return;
    }
    arena scratch = {room, room, room + sizeof room};
    add(g, WORD_ADDRESS, endpoint_text(&scratch, &e));
}

int word_duration(i64 duration_ms) {
    i64 seconds = duration_ms / 1000;
    int log = 0;
    while (seconds > 0) {
        seconds >>= 1;
        log++;
    }
    return log;
}

static void gather_call(struct gather *g, const struct call *c) {
    add(g, WORD_KIND, str_z(call_kind_text(c->kind)));
    add(g, WORD_STATE, str_z(call_state_text(c->state)));
    if (c->status) add_int(g, WORD_STATUS, c->status);
    if (c->duration_ms >= 0) add_int(g, WORD_DURATION, word_duration(c->duration_ms));
    add_number(g, WORD_FROM, WORD_FROM_BACK, c->from);
    add_number(g, WORD_TO, WORD_TO_BACK, c->to);
    for (isize i = 0; i < c->ndevices; i++) {
        const struct device *d = &c->devices[i];
        add_folded(g, WORD_DEVICE, d->name);
        add_folded(g, WORD_AGENT, d->software);
        for (isize j = 0; j < d->naddresses; j++) add_address(g, d->addresses[j]);
    }
    for (isize i = 0; i < c->nlegs; i++) {
        const struct leg *l = &c->legs[i];
        add_address(g, l->src);
        add_address(g, l->dst);
        add_number(g, WORD_FROM, WORD_FROM_BACK, l->from);
        add_number(g, WORD_TO, WORD_TO_BACK, l->to);
        add_folded(g, WORD_DISPLAY, l->from_display);
        add_folded(g, WORD_REASON, l->reason);
    }
}

static void gather_methods(struct gather *g, const struct call *c) {
    for (isize i = 0; i < c->nmethods; i++) add_folded(g, WORD_METHOD, c->methods[i]);
}

static int by_id(const void *a, const void *b) {
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

enum err words_of_call(struct store *s, const struct call *c, str *blob) {
    struct gather g = {.s = s};
    gather_call(&g, c);
    gather_methods(&g, c);
    if (g.n) qsort(g.ids, (size_t)g.n, sizeof *g.ids, by_id);
    isize n = 0;
    i64 before = 0;
    for (isize i = 0; i < g.n; i++) {
        if (g.ids[i] == before) continue;
        varint_put((u64)(g.ids[i] - before), &s->put.words, &n, &s->put.cap_words);
        before = g.ids[i];
    }
    base_free(g.ids);
    *blob = (str){s->put.words, n};
    return g.err;
}

bool words_next(struct rd *in, i64 before, i64 *id) {
    if (rd_left(in) == 0) return false;
    u64 more = varint_next(in);
    if (in->failed || more == 0 || more > (u64)(INT64_MAX - before)) {
        in->failed = true;
        return false;
    }
    *id = before + (i64)more;
    return true;
}
