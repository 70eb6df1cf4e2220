#include "store/sqlite/word.h"

#include "store/sqlite/db.h"
#include "trace/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of one call while they are gathered. */
struct gather {
    struct gathered {
        enum word_kind kind;
        isize at, n; /* in texts */
    } * list;
    u8 *texts;
    isize n, cap, ntexts, cap_texts;
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
    if (text.n == 0) return;
    g->list = base_grow(g->list, &g->cap, g->n + 1, (isize)sizeof *g->list);
    g->texts = base_grow(g->texts, &g->cap_texts, g->ntexts + text.n, 1);
    g->list[g->n++] = (struct gathered){kind, g->ntexts, text.n};
    memcpy(g->texts + g->ntexts, text.p, (size_t)text.n);
    g->ntexts += text.n;
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

/* A device without a name is called as its address is, and found by that. */
static bool is_address_of(const struct device *d) {
    u8 room[128];
    struct endpoint e;
    for (isize i = 0; i < d->naddresses; i++) {
        arena scratch = {room, room, room + sizeof room};
        if (endpoint_read(&e, d->addresses[i]) &&
            str_eq(d->name, endpoint_ip_text(&scratch, &e)))
            return true;
    }
    return false;
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
        if (!is_address_of(d)) add_folded(g, WORD_DEVICE, d->name);
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

static int by_word(const void *a, const void *b, void *texts) {
    const struct gathered *x = a, *y = b;
    const u8 *p = texts;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return str_cmp((str){p + x->at, x->n}, (str){p + y->at, y->n});
}

static void word_put(struct store *s, isize *n, const struct gather *g,
                     const struct gathered *w) {
    s->put.words =
        base_grow(s->put.words, &s->put.cap_words, *n + w->n + VARINT_MAX + 1, 1);
    s->put.words[(*n)++] = (u8)w->kind;
    varint_put((u64)w->n, &s->put.words, n, &s->put.cap_words);
    memcpy(s->put.words + *n, g->texts + w->at, (size_t)w->n);
    *n += w->n;
}

str words_of_call(struct store *s, const struct call *c) {
    struct gather g = {0};
    isize n = 0;
    gather_call(&g, c);
    gather_methods(&g, c);
    if (g.n) qsort_r(g.list, (size_t)g.n, sizeof *g.list, by_word, g.texts);
    for (isize i = 0; i < g.n; i++) {
        if (i == 0 || by_word(&g.list[i - 1], &g.list[i], g.texts))
            word_put(s, &n, &g, &g.list[i]);
    }
    base_free(g.list);
    base_free(g.texts);
    return (str){s->put.words, n};
}

bool words_next(struct rd *in, enum word_kind *kind, str *text) {
    if (rd_left(in) == 0) return false;
    *kind = (enum word_kind)rd_u8(in);
    u64 n = varint_next(in);
    if (n == 0 || n > WORD_MAX) in->failed = true;
    *text = rd_take(in, (isize)(n & PTRDIFF_MAX));
    return !in->failed;
}
