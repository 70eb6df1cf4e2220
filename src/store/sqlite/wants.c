#include "store/sqlite/find.h"
#include "trace/number.h"

#include <string.h>

void want_add(struct criterion *c, enum word_kind kind, enum want_how how, str text) {
    must(c->nwants < WANTS_MAX);
    struct want *w = &c->wants[c->nwants++];
    *w = (struct want){.kind = kind, .how = how};
    w->n = i64_min(text.n, WORD_MAX);
    if (w->n) memcpy(w->text, text.p, (size_t)w->n);
}

void want_range(struct criterion *c, enum word_kind kind, i64 low, i64 high) {
    want_add(c, kind, WANT_RANGE, (str){0});
    c->wants[c->nwants - 1].low = low;
    c->wants[c->nwants - 1].high = high;
}

static bool is_star(u8 c) {
    return c == '*' || c == '%';
}

/* Takes a star off either end. */
static str stars_off(str s, bool *leading, bool *trailing) {
    s = str_trim(s);
    *trailing = s.n > 0 && is_star(s.p[s.n - 1]);
    if (*trailing) s = str_sub(s, 0, s.n - 1);
    *leading = s.n > 0 && is_star(s.p[0]);
    if (*leading) s = str_from(s, 1);
    return s;
}

static enum want_how how_of(bool leading, bool trailing) {
    if (leading && trailing) return WANT_PART;
    if (leading) return WANT_SUFFIX;
    return trailing ? WANT_PREFIX : WANT_EXACT;
}

void want_pattern(struct criterion *c, enum word_kind kind, str text) {
    bool leading, trailing;
    u8 folded[WORD_MAX];
    text = stars_off(text, &leading, &trailing);
    want_add(c, kind, how_of(leading, trailing), word_fold(text, folded));
}

/* A whole number: itself; what ends in it; and what it ends in, when only a country code is missing there. */
static void want_whole(struct criterion *c, enum word_kind kind, enum word_kind back,
                       str text) {
    struct number n = number_read(text);
    u8 reversed[NUMBER_MAX];
    str backwards = word_reversed(number_plain(&n), reversed);
    want_add(c, kind, WANT_EXACT, number_plain(&n));
    if (n.nraw != n.nplain) want_add(c, kind, WANT_EXACT, number_raw(&n));
    if (!n.digits) return;
    if (n.nplain >= NUMBER_LAST) want_add(c, back, WANT_PREFIX, backwards);
    for (isize k = n.nplain - 1; k >= NUMBER_WHOLE && k >= n.nplain - NUMBER_COUNTRY; k--)
        want_add(c, back, WANT_EXACT, str_sub(backwards, 0, k));
}

static void want_one_side(struct criterion *c, enum word_kind kind, enum word_kind back,
                          str text) {
    bool leading, trailing;
    u8 reversed[NUMBER_MAX];
    str core = stars_off(text, &leading, &trailing);
    if (!leading && !trailing) {
        want_whole(c, kind, back, core);
        return;
    }
    struct number n = leading ? number_read(core) : number_read_start(core);
    if (!trailing) {
        /* the end of a number: its first digits are no prefix of anything */
        want_add(c, back, WANT_PREFIX, word_reversed(number_raw(&n), reversed));
        return;
    }
    enum want_how how = how_of(leading, trailing);
    want_add(c, kind, how, number_raw(&n));
    if (!leading && n.nplain && n.nplain != n.nraw)
        want_add(c, kind, how, number_plain(&n));
}

void want_number(struct criterion *c, str text, bool from, bool to) {
    if (from) want_one_side(c, WORD_FROM, WORD_FROM_BACK, text);
    if (to) want_one_side(c, WORD_TO, WORD_TO_BACK, text);
}

void want_address(struct criterion *c, str text) {
    u8 room[128];
    arena scratch = {room, room, room + sizeof room};
    struct endpoint e;
    text = str_trim(text);
    if (!endpoint_read(&e, text)) {
        want_pattern(c, WORD_ADDRESS, text);
        return;
    }
    str whole = endpoint_text(&scratch, &e);
    if (e.port) {
        want_add(c, WORD_ADDRESS, WANT_EXACT, whole);
        return;
    }
    isize colon = whole.n - 1;
    while (colon > 0 && whole.p[colon] != ':') colon--;
    want_add(c, WORD_ADDRESS, WANT_PREFIX, str_sub(whole, 0, colon + 1));
}

/* A device without a name is called as its address is: "10.0.0.20", "10.0.*", "2001:db8::1". */
void want_device(struct criterion *c, str text) {
    bool leading, trailing;
    u8 room[WORD_MAX + 1];
    struct endpoint e;
    want_pattern(c, WORD_DEVICE, text);
    str core = stars_off(text, &leading, &trailing);
    if (leading || core.n == 0) return;
    if (!trailing) {
        if (endpoint_read(&e, core)) want_address(c, core);
        return;
    }
    bool v6 = str_find(core, ':') >= 0 && core.p[0] != '[';
    if (!v6 && core.p[0] != '[' && (core.p[0] < '0' || core.p[0] > '9')) return;
    room[0] = '[';
    str low = word_fold(core, room + 1);
    want_add(c, WORD_ADDRESS, WANT_PREFIX, v6 ? (str){room, low.n + 1} : low);
}

static bool looks_like_number(str text) {
    struct number n = number_read(text);
    return n.digits && n.nplain >= NUMBER_LAST;
}

str want_text_core(str text) {
    bool leading, trailing;
    return stars_off(text, &leading, &trailing);
}

void want_text(struct criterion *c, str text) {
    static const enum word_kind anywhere[] = {WORD_DEVICE, WORD_AGENT, WORD_DISPLAY,
                                              WORD_REASON, WORD_ADDRESS};
    static const enum word_kind whole[] = {WORD_STATUS, WORD_METHOD, WORD_STATE,
                                           WORD_KIND};
    u8 folded[WORD_MAX];
    str low = word_fold(want_text_core(text), folded);
    if (looks_like_number(low)) want_number(c, low, true, true);
    want_add(c, WORD_FROM, WANT_PREFIX, low);
    want_add(c, WORD_TO, WANT_PREFIX, low);
    for (isize i = 0; i < countof(anywhere); i++)
        want_add(c, anywhere[i], WANT_PART, low);
    for (isize i = 0; i < countof(whole); i++) want_add(c, whole[i], WANT_EXACT, low);
}

bool want_holds(const struct want *w, enum word_kind kind, str text) {
    str wanted = {w->text, w->n};
    if (w->kind != kind) return false;
    struct str_number n;
    switch (w->how) {
    case WANT_EXACT: return str_eq(text, wanted);
    case WANT_PREFIX: return str_starts(text, wanted);
    case WANT_SUFFIX: return str_ends(text, wanted);
    case WANT_PART: return str_find_str(text, wanted) >= 0;
    case WANT_RANGE:
        n = str_u64(text, INT32_MAX);
        return n.ok && (i64)n.value >= w->low && (i64)n.value <= w->high;
    }
    return false;
}
