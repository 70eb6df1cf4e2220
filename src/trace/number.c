#include "trace/number.h"

#include <string.h>

/* ---- what it stands in ------------------------------------------------------------------------------ */

/* Without scheme, host and parameters. */
static str user_part(str s) {
    static const char *const schemes[] = {"sip:", "sips:", "tel:"};
    s = str_trim(s);
    for (isize i = 0; str_find(s, ':') > 0 && i < countof(schemes); i++) {
        str scheme = str_z(schemes[i]);
        if (str_starts_nocase(s, scheme)) {
            s = str_from(s, scheme.n);
            break;
        }
    }
    s = str_cut(s, '@').head;
    return str_trim(str_cut(s, ';').head); /* ;npdi;rn=… and the like */
}

static bool is_withheld(str user) {
    static const char *const words[] = {
        "anonymous", "unavailable", "restricted",        "unknown", "private", "withheld",
        "blocked",   "asserted",    "anonymous.invalid", "noname",  "null",    "none"};
    if (user.n == 0) return true;
    for (isize i = 0; is_alpha(user.p[0]) && i < countof(words); i++) {
        if (str_eq_nocase(user, str_z(words[i]))) return true;
    }
    return false;
}

/* ---- what it is written with ------------------------------------------------------------------------ */

static bool is_separator(u8 c) {
    return is_blank(c) || c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

/* "*" and "#" end a code that stands before the number. */
static bool is_code(u8 c) {
    return c == '*' || c == '#';
}

isize number_written_digits(str text) {
    isize n = 0;
    for (isize i = 0; i < text.n; i++) {
        u8 c = text.p[i];
        if (!is_digit(c) && !is_separator(c) && c != '*' && c != '+') return 0;
        n += is_digit(c);
    }
    return n;
}

/* The next byte, %23 undone. */
static u8 next_byte(str *s) {
    u8 c = s->p[0];
    int high = c == '%' && s->n > 2 ? hex_digit(s->p[1]) : -1,
        low = high >= 0 ? hex_digit(s->p[2]) : -1;
    *s = str_from(*s, low >= 0 ? 3 : 1);
    if (low < 0) return c;
    return (u8)(high << 4 | low);
}

/* ---- what is dialled before it ---------------------------------------------------------------------- */

/* "1234#0163…", "*31#0163…", "9*0163…", "*670163…": a code for the switch, not part of the number. */
static str code_off(str raw) {
    enum { SERVICE = 3 }; /* "*67", which nothing ends */
    isize start = 0;
    for (isize i = 0; i < raw.n; i++) {
        if (is_code(raw.p[i]) && raw.n - i - 1 >= NUMBER_LAST) start = i + 1;
    }
    bool service = start == 1 && raw.p[0] == '*' && raw.n - SERVICE >= NUMBER_WHOLE &&
                   raw.p[1] != '0' && raw.p[1] != '+';
    return str_from(raw, service ? SERVICE : start);
}

/* Nothing but digits, "*", "#" and "+" in front. */
static bool is_dialled(str s) {
    for (isize i = 0; i < s.n; i++) {
        bool plus = s.p[i] == '+' && i == 0;
        if (!is_digit(s.p[i]) && !is_code(s.p[i]) && !plus) return false;
    }
    return true;
}

/* Lower case; separators are left out of a number, not of a name. */
static void raw_read(struct number *n, str s) {
    u8 as_is[NUMBER_MAX];
    isize kept = 0;
    isize trunk = str_starts(s, S("+")) ? str_find_str(s, S("(0)")) : -1;
    const u8 *silent = trunk > 0 ? s.p + trunk + 1 : NULL;
    while (s.n && kept < NUMBER_MAX) {
        bool drop = s.p == silent;
        u8 c = to_lower(next_byte(&s));
        as_is[kept++] = c;
        if (!drop && !is_separator(c)) n->raw[n->nraw++] = c;
    }
    n->digits = n->nraw && is_dialled(code_off(number_raw(n)));
    if (n->digits) return;
    if (kept) memcpy(n->raw, as_is, (size_t)kept);
    n->nraw = kept;
}

/* Country and trunk prefixes; `least` digits have to stay. */
static str dial_prefix_off(str s, isize least) {
    if (str_starts(s, S("+"))) return str_from(s, 1);
    if (str_starts(s, S("00")) && s.n - 2 >= least) return str_from(s, 2);
    if (str_starts(s, S("0")) && s.n - 1 >= least) return str_from(s, 1);
    return s;
}

/* What stays the same whatever a network does to a number: the last seven digits of a long one, all digits of a short one (an
 * extension), a name in lower case. */
static u64 key_of(str dialled, str user, isize *ndigits) {
    if (str_starts(dialled, S("+"))) dialled = str_from(dialled, 1);
    if (str_ends(dialled, S("#"))) dialled = str_sub(dialled, 0, dialled.n - 1);
    for (isize i = 0; i < dialled.n; i++) {
        if (!is_digit(dialled.p[i])) dialled.n = 0;
    }
    *ndigits = dialled.n;
    if (dialled.n == 0) return hash_nocase(user, 1);
    isize tail = i64_min(dialled.n, NUMBER_WHOLE);
    return hash_bytes(str_from(dialled, dialled.n - tail), 2);
}

static struct number read(str text, isize least) {
    struct number n;
    n.nraw = n.nplain = n.ndigits = 0;
    str user = user_part(text);
    n.withheld = is_withheld(user);
    raw_read(&n, user);
    str raw = number_raw(&n), dialled = n.digits ? code_off(raw) : (str){0};
    n.key = key_of(dialled, user, &n.ndigits);
    if (n.withheld) n.key = 0;
    str plain = n.digits ? dial_prefix_off(dialled, least) : raw;
    for (isize i = 0; i < plain.n; i++) {
        if (!n.digits || is_digit(plain.p[i])) n.plain[n.nplain++] = plain.p[i];
    }
    return n;
}

struct number number_read(str text) {
    return read(text, NUMBER_LAST);
}

struct number number_read_start(str text) {
    return read(text, 0);
}

struct number_key number_key_of(str text) {
    isize plus = text.n && text.p[0] == '+', n = plus;
    while (n < text.n && is_digit(text.p[n])) n++;
    if (n > plus && n == text.n && n <= NUMBER_MAX) {
        isize tail = i64_min(n - plus, NUMBER_WHOLE);
        return (struct number_key){hash_bytes(str_from(text, n - tail), 2), false};
    }
    struct number number = number_read(text);
    return (struct number_key){number.key, number.withheld};
}
