#include "serve/url.h"

/* RFC 3986 §2.1, and in parameters "+" for a blank, as forms have it. */
static bool decode(str *to, str from, bool form, arena *view) {
    u8 *p = arena_new(view, u8, from.n);
    isize n = 0;
    for (isize i = 0; i < from.n; i++) {
        u8 c = from.p[i];
        if (c == '%') {
            int high = i + 2 < from.n ? hex_digit(from.p[i + 1]) : -1;
            int low = i + 2 < from.n ? hex_digit(from.p[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (u8)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        p[n++] = c;
    }
    *to = (str){p, n};
    return true;
}

static bool read_path(struct url *u, str path, arena *view, const char **why) {
    if (!str_starts(path, S("/"))) {
        *why = "an address begins with a slash";
        return false;
    }
    str rest = str_from(path, 1);
    while (rest.n) {
        struct str_pair cut = str_cut(rest, '/');
        if (u->nsegments++ < URL_SEGMENTS &&
            !decode(&u->segments[u->nsegments - 1], cut.head, false, view)) {
            *why = "a % in the address is not followed by two hexadecimal digits";
            return false;
        }
        rest = cut.tail;
    }
    return true;
}

static bool read_params(struct url *u, str query, arena *view, const char **why) {
    while (query.n) {
        struct str_pair pair = str_cut(query, '&');
        query = pair.tail;
        if (pair.head.n == 0) continue;
        if (u->nparams == URL_PARAMS) {
            *why = "there are too many parameters";
            return false;
        }
        struct str_pair cut = str_cut(pair.head, '=');
        struct url_param *p = &u->params[u->nparams++];
        if (!decode(&p->name, cut.head, true, view) ||
            !decode(&p->value, cut.tail, true, view)) {
            *why = "a % in a parameter is not followed by two hexadecimal digits";
            return false;
        }
    }
    return true;
}

bool url_read(struct url *u, str target, arena *view, const char **why) {
    u->nsegments = u->nparams = 0;
    if (target.n > URL_MAX) {
        *why = "the address is too long";
        return false;
    }
    struct str_pair cut = str_cut(target, '?');
    str query = str_cut(cut.tail, '#').head;
    return read_path(u, cut.head, view, why) && read_params(u, query, view, why);
}

str url_param(const struct url *u, const char *name) {
    for (isize i = u->nparams; i-- > 0;) {
        if (str_eq(u->params[i].name, str_z(name))) return u->params[i].value;
    }
    return (str){0};
}
