#include "store/sqlite/phone.h"

#include <string.h>

/* Without scheme, host and parameters. */
static str user_part(str s) {
    static const char *const schemes[] = {"sip:", "sips:", "tel:"};
    s = str_trim(s);
    for (isize i = 0; i < countof(schemes); i++) {
        str scheme = str_z(schemes[i]);
        if (str_starts_nocase(s, scheme)) {
            s = str_from(s, scheme.n);
            break;
        }
    }
    s = str_cut(s, '@').head;
    return str_cut(s, ';').head;
}

/* The next byte, %23 undone. */
static u8 next_byte(str *s) {
    u8 c = s->p[0];
    int high = s->n > 2 ? hex_digit(s->p[1]) : -1,
        low = s->n > 2 ? hex_digit(s->p[2]) : -1;
    bool escaped = c == '%' && high >= 0 && low >= 0;
    *s = str_from(*s, escaped ? 3 : 1);
    if (!escaped) return c;
    return (u8)(high << 4 | low);
}

static bool is_separator(u8 c) {
    return is_blank(c) || c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

/* Lower case, separators left out; digits: nothing is left but digits, "+" in front, "*" and "#". */
static void raw_read(struct phone *n, str s) {
    u8 as_is[PHONE_MAX];
    isize kept = 0, trunk = str_find_str(s, S("(0)"));
    str whole = s;
    n->digits = true;
    while (s.n && kept < PHONE_MAX && n->nraw < PHONE_MAX) {
        bool silent = trunk > 0 && s.p == whole.p + trunk + 1 && whole.p[0] == '+';
        u8 c = to_lower(next_byte(&s));
        as_is[kept++] = c;
        if (is_separator(c) || silent) continue;
        if (!is_digit(c) && c != '*' && c != '#' && !(c == '+' && n->nraw == 0))
            n->digits = false;
        n->raw[n->nraw++] = c;
    }
    if (n->digits && n->nraw) return;
    n->digits = false;
    memcpy(n->raw, as_is, (size_t)kept);
    n->nraw = kept;
}

/* "1234#", of digits, before five digits or more: a code for the switch, not part of the number. */
static str tech_prefix_off(str s) {
    struct str_pair cut = str_cut(s, '#');
    if (!cut.ok || cut.tail.n < PHONE_LAST || !str_u64(cut.head, UINT64_MAX).ok) return s;
    return cut.tail;
}

/* What is dialled before the number itself; `least` digits have to stay. */
static str dial_prefix_off(str s, isize least) {
    if (str_starts(s, S("+"))) return str_from(s, 1);
    if (str_starts(s, S("00")) && s.n - 2 >= least) return str_from(s, 2);
    if (str_starts(s, S("0")) && s.n - 1 >= least) return str_from(s, 1);
    return s;
}

static struct phone read(str text, isize least) {
    struct phone n = {0};
    raw_read(&n, user_part(text));
    str plain = phone_raw(&n);
    if (n.digits) plain = dial_prefix_off(tech_prefix_off(plain), least);
    for (isize i = 0; i < plain.n; i++) {
        if (!n.digits || is_digit(plain.p[i])) n.plain[n.nplain++] = plain.p[i];
    }
    return n;
}

struct phone phone_read(str text) {
    return read(text, PHONE_LAST);
}

struct phone phone_read_start(str text) {
    return read(text, 0);
}

str phone_reversed(str s, u8 *to) {
    must(s.n <= PHONE_MAX);
    for (isize i = 0; i < s.n; i++) to[i] = s.p[s.n - 1 - i];
    return (str){to, s.n};
}
