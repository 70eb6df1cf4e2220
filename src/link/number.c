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

/* "1234#0207…", "*67 0207…": what stands before a number to choose a route or a service. '#' may be escaped. */
static str without_tech_prefix(str user) {
    enum { NUMBER_SHORTEST = 5 };
    isize start = 0;
    for (isize i = 0; i < user.n; i++) {
        if (user.p[i] == '#' || user.p[i] == '*') start = i + 1;
        if (str_starts(str_from(user, i), S("%23"))) start = i + 3;
    }
    return user.n - start >= NUMBER_SHORTEST ? str_from(user, start) : user;
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
