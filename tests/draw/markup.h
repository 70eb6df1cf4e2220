/* markup.h: is it XML, and what is in it? Strict where it matters to a browser: tags nest, attributes are quoted and
 * stand once, entities are known, every byte is a character that XML 1.0 allows. */
#ifndef SIPWEAVE_TESTS_DRAW_MARKUP_H
#define SIPWEAVE_TESTS_DRAW_MARKUP_H

#include <stdlib.h>
#include <string.h>

#include "base/out.h"

enum { MARKUP_DEEP = 64, MARKUP_ATTRS = 24 };

struct markup_attr {
    str name, value;
};

struct markup_tag {
    str name;
    struct markup_attr attr[MARKUP_ATTRS];
    int nattrs;
};

typedef void markup_seen(void *ctx, const struct markup_tag *t);

static inline str markup_get(const struct markup_tag *t, const char *name) {
    for (int i = 0; i < t->nattrs; i++) {
        if (str_eq(t->attr[i].name, str_z(name))) return t->attr[i].value;
    }
    return (str){0};
}

static inline bool markup_has_class(const struct markup_tag *t, const char *name) {
    str rest = markup_get(t, "class");
    while (rest.n) {
        struct str_pair cut = str_cut(rest, ' ');
        if (str_eq(cut.head, str_z(name))) return true;
        rest = cut.tail;
    }
    return false;
}

static inline double markup_number(const struct markup_tag *t, const char *name) {
    str v = markup_get(t, name);
    char z[32] = "";
    if (v.n < (isize)sizeof z && v.n) memcpy(z, v.p, (size_t)v.n);
    return strtod(z, NULL);
}

/* Characters and entities of a text or a value. */
static inline const char *markup_text(str s) {
    while (s.n) {
        isize n = utf8_len(s);
        if (n == 0) return "no UTF-8";
        u8 c = s.p[0];
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t') return "a control character";
        if (c == '<') return "a bare <";
        if (c == '&') {
            static const char *const known[] = {"&amp;",  "&lt;",  "&gt;",
                                                "&quot;", "&#39;", "&#13;"};
            bool ok = false;
            for (isize i = 0; i < countof(known); i++)
                ok = ok || str_starts(s, str_z(known[i]));
            if (!ok) return "an unknown entity";
        }
        s = str_from(s, n);
    }
    return NULL;
}

static inline bool markup_name_byte(u8 c) {
    return is_alnum(c) || c == '-' || c == '_' || c == ':';
}

/* Reads one start tag after its '<'; rest begins behind its '>'. */
static inline const char *markup_start(str *rest, struct markup_tag *t, bool *empty) {
    isize n = 0;
    *t = (struct markup_tag){0};
    while (n < rest->n && markup_name_byte(rest->p[n])) n++;
    if (n == 0) return "a tag without a name";
    t->name = str_sub(*rest, 0, n);
    *rest = str_from(*rest, n);
    for (;;) {
        bool blank = false;
        while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\n')) {
            blank = true;
            *rest = str_from(*rest, 1);
        }
        *empty = rest->n && rest->p[0] == '/';
        if (*empty) *rest = str_from(*rest, 1);
        if (rest->n == 0) return "the end inside a tag";
        if (rest->p[0] == '>') {
            *rest = str_from(*rest, 1);
            return NULL;
        }
        if (*empty || !blank) return "attributes that touch";
        for (n = 0; n < rest->n && markup_name_byte(rest->p[n]); n++) {
        }
        if (n == 0 || n + 1 >= rest->n || rest->p[n] != '=' || rest->p[n + 1] != '"')
            return "an attribute without a quoted value";
        struct markup_attr a = {str_sub(*rest, 0, n), {0}};
        if (markup_get(t, "").n || t->nattrs == MARKUP_ATTRS)
            return "too many attributes";
        for (int i = 0; i < t->nattrs; i++) {
            if (str_eq(t->attr[i].name, a.name)) return "an attribute twice";
        }
        *rest = str_from(*rest, n + 2);
        isize end = str_find(*rest, '"');
        if (end < 0) return "a value without an end";
        a.value = str_sub(*rest, 0, end);
        const char *why = markup_text(a.value);
        if (why) return why;
        t->attr[t->nattrs++] = a;
        *rest = str_from(*rest, end + 1);
    }
}

/* NULL when it is well-formed, else what is wrong; *at is what is left to read there. */
static inline const char *markup_read(str s, markup_seen *seen, void *ctx, str *at) {
    str open[MARKUP_DEEP];
    int deep = 0;
    bool any = false;
    while (s.n) {
        *at = s;
        struct str_pair cut = str_cut(s, '<');
        const char *why = markup_text(cut.head);
        if (why) return why;
        if (!cut.ok) break;
        if (deep == 0 && any) return "something after the end";
        s = cut.tail;
        if (s.n && s.p[0] == '/') {
            struct str_pair end = str_cut(str_from(s, 1), '>');
            if (!end.ok || deep == 0 || !str_eq(end.head, open[deep - 1]))
                return "an end tag that ends nothing";
            deep--;
            any = true;
            s = end.tail;
            continue;
        }
        struct markup_tag t;
        bool empty;
        why = markup_start(&s, &t, &empty);
        if (why) return why;
        if (seen) seen(ctx, &t);
        if (empty) continue;
        if (deep == MARKUP_DEEP) return "too deep";
        open[deep++] = t.name;
    }
    if (deep) return "an element without an end";
    return any ? NULL : "nothing";
}

#endif
