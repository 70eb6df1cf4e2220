#include "link/number.h"

static bool is_separator(u8 c) {
    return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ' || c == '/';
}

static bool is_withheld(str user) {
    static const char *const words[] = {
        "anonymous", "unavailable", "restricted",        "unknown", "private", "withheld",
        "blocked",   "asserted",    "anonymous.invalid", "noname",  "null",    "none"};
    for (isize i = 0; i < countof(words); i++) {
        if (str_eq_nocase(user, str_z(words[i]))) return true;
    }
    return user.n == 0;
}

/* "1234#0207…": what a carrier puts before a number to choose a route. */
static str without_tech_prefix(str user) {
    struct str_pair cut = str_cut(user, '#');
    if (cut.ok && cut.tail.n >= 5) return cut.tail;
    return user;
}

struct number number_read(str user) {
    struct number n = {0};
    user = str_trim(str_cut(user, ';').head); /* ;npdi;rn=… and the like */
    if (is_withheld(user)) {
        n.withheld = true;
        return n;
    }
    str number = without_tech_prefix(user);
    bool plus = number.n && number.p[0] == '+';
    bool all_digits = true;
    for (isize i = plus; i < number.n; i++) {
        u8 c = number.p[i];
        if (is_digit(c)) {
            if (n.ndigits < NUMBER_DIGITS) n.digits[n.ndigits++] = c;
        } else if (!is_separator(c)) {
            all_digits = false;
        }
    }
    if (!all_digits || n.ndigits == 0) {
        n.ndigits = 0;
        n.key = hash_nocase(user, 1);
        return n;
    }
    isize tail = n.ndigits > NUMBER_TAIL ? NUMBER_TAIL : n.ndigits;
    n.key = hash_bytes((str){n.digits + n.ndigits - tail, tail}, 2);
    return n;
}
