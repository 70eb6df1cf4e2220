#include "store/sqlite/word.h"

#include "store/sqlite/record.h"
#include "trace/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void words_drop(struct words *w) {
    base_free(w->list);
    base_free(w->texts);
    base_free(w->packed);
    *w = (struct words){0};
}

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

static void add(struct words *g, enum word_kind kind, str text) {
    if (text.n == 0) return;
    g->list = base_grow(g->list, &g->cap, g->n + 1, (isize)sizeof *g->list);
    g->texts = base_grow(g->texts, &g->cap_texts, g->ntexts + text.n, 1);
    g->list[g->n++] = (struct gathered){kind, g->ntexts, text.n};
    memcpy(g->texts + g->ntexts, text.p, (size_t)text.n);
    g->ntexts += text.n;
}

static void add_folded(struct words *g, enum word_kind kind, str text) {
    u8 folded[WORD_MAX];
    add(g, kind, word_fold(text, folded));
}

static void add_int(struct words *g, enum word_kind kind, int value) {
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%d", value);
    add(g, kind, (str){(const u8 *)digits, n});
}

static void add_number(struct words *g, enum word_kind kind, enum word_kind back,
                       str text) {
    struct number n = number_read(text);
    u8 reversed[NUMBER_MAX];
    str raw = number_raw(&n), plain = number_plain(&n);
    add(g, kind, plain);
    if (!str_eq(raw, plain)) add(g, kind, raw);
    add(g, back, word_reversed(plain, reversed));
}

static void add_address(struct words *g, str text) {
    u8 room[128];
    struct endpoint e;
    for (isize i = 0; i < g->nseen; i++) {
        if (str_eq(g->seen[i], text)) return;
    }
    if (g->nseen < countof(g->seen)) g->seen[g->nseen++] = text;
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

static void gather_leg(struct words *g, const struct leg *l, str from, str to) {
    add_address(g, l->src);
    add_address(g, l->dst);
    if (!str_eq(l->from, from)) add_number(g, WORD_FROM, WORD_FROM_BACK, l->from);
    if (!str_eq(l->to, to)) add_number(g, WORD_TO, WORD_TO_BACK, l->to);
    add_folded(g, WORD_DISPLAY, l->from_display);
    add_folded(g, WORD_REASON, l->reason);
}

static void gather_call(struct words *g, const struct call *c) {
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
    str from = c->from, to = c->to; /* legs repeat the one before, mostly */
    for (isize i = 0; i < c->nlegs; i++) {
        gather_leg(g, &c->legs[i], from, to);
        from = c->legs[i].from;
        to = c->legs[i].to;
    }
}

static void gather_methods(struct words *g, const struct call *c) {
    for (isize i = 0; i < c->nmethods; i++) add_folded(g, WORD_METHOD, c->methods[i]);
}

static int by_word(const void *a, const void *b, void *texts) {
    const struct gathered *x = a, *y = b;
    const u8 *p = texts;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return str_cmp((str){p + x->at, x->n}, (str){p + y->at, y->n});
}

static void word_put(struct words *g, isize *n, const struct gathered *w) {
    g->packed = base_grow(g->packed, &g->cap_packed, *n + w->n + VARINT_MAX + 1, 1);
    g->packed[(*n)++] = (u8)w->kind;
    varint_put((u64)w->n, &g->packed, n, &g->cap_packed);
    memcpy(g->packed + *n, g->texts + w->at, (size_t)w->n);
    *n += w->n;
}

str words_of_call(struct words *g, const struct call *c) {
    isize n = 0;
    g->n = g->ntexts = g->nseen = 0;
    gather_call(g, c);
    gather_methods(g, c);
    if (g->n) qsort_r(g->list, (size_t)g->n, sizeof *g->list, by_word, g->texts);
    for (isize i = 0; i < g->n; i++) {
        if (i == 0 || by_word(&g->list[i - 1], &g->list[i], g->texts))
            word_put(g, &n, &g->list[i]);
    }
    return (str){g->packed, n};
}

bool words_next(struct rd *in, enum word_kind *kind, str *text) {
    if (rd_left(in) == 0) return false;
    *kind = (enum word_kind)rd_u8(in);
    u64 n = varint_next(in);
    if (n == 0 || n > WORD_MAX) in->failed = true;
    *text = rd_take(in, (isize)(n & PTRDIFF_MAX));
    return !in->failed;
}
