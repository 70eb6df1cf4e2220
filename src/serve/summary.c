/* summary.c: the links of a call, read back from the summary that the database has of it (draw_json wrote that). */
#include "serve/near.h"

#include <stdlib.h>

/* ---- JSON, as our own writer writes it --------------------------------------------------------------------- */

enum { DEEP = 16 };

struct json {
    str in;
    isize at;
    arena *strings;
    bool failed;
};

static u8 peek(struct json *j) {
    while (j->at < j->in.n &&
           (is_blank(j->in.p[j->at]) || j->in.p[j->at] == '\n' || j->in.p[j->at] == '\r'))
        j->at++;
    return j->at < j->in.n ? j->in.p[j->at] : 0;
}

static bool take(struct json *j, u8 c) {
    if (peek(j) != c) return false;
    j->at++;
    return true;
}

static void want(struct json *j, u8 c) {
    j->failed = !take(j, c) || j->failed;
}

/* The character of \uXXXX; gives how many bytes it takes. */
static isize utf8(u8 *to, str hex) {
    u32 code = 0;
    for (isize i = 0; i < hex.n; i++) code = code << 4 | (u32)(hex_digit(hex.p[i]) & 15);
    if (code < 0x80) {
        to[0] = (u8)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (u8)(0xc0 | code >> 6);
        to[1] = (u8)(0x80 | (code & 63));
        return 2;
    }
    to[0] = (u8)(0xe0 | code >> 12);
    to[1] = (u8)(0x80 | (code >> 6 & 63));
    to[2] = (u8)(0x80 | (code & 63));
    return 3;
}

/* Plain where it has no escapes; else in the arena. */
static str string(struct json *j) {
    want(j, '"');
    isize start = j->at, n = 0;
    bool escaped = false;
    while (j->at < j->in.n && j->in.p[j->at] != '"') {
        escaped |= j->in.p[j->at] == '\\';
        j->at += j->in.p[j->at] == '\\' ? 2 : 1;
    }
    str raw = str_sub(j->in, start, j->at - start);
    want(j, '"');
    if (!escaped || j->failed) return raw;
    u8 *to = arena_new(j->strings, u8, raw.n + 1);
    for (isize i = 0; i < raw.n; i++) {
        u8 c = raw.p[i];
        if (c == '\\' && i + 1 < raw.n) {
            c = raw.p[++i];
            if (c == 'n') c = '\n';
            if (c == 't') c = '\t';
            if (c == 'r') c = '\r';
            if (c == 'b') c = '\b';
            if (c == 'f') c = '\f';
            if (c == 'u' && i + 4 < raw.n) {
                n += utf8(to + n, str_sub(raw, i + 1, 4));
                i += 4;
                continue;
            }
        }
        to[n++] = c;
    }
    return (str){to, n};
}

static double number(struct json *j) {
    char room[64] = {0};
    isize n = 0;
    (void)peek(j);
    while (j->at < j->in.n && n < countof(room) - 1) {
        u8 c = j->in.p[j->at];
        if (!is_alnum(c) && c != '-' && c != '+' && c != '.') break;
        room[n++] = (char)c;
        j->at++;
    }
    char *end = room;
    double value = strtod(room, &end);
    return end == room ? 0 : value; /* null */
}

static int small(struct json *j) {
    double value = number(j);
    return value > 0 && value < 1e6 ? (int)value : 0;
}

static void skip(struct json *j, int deep) {
    u8 c = peek(j), close = c == '{' ? '}' : ']';
    j->failed = j->failed || deep > DEEP || c == 0;
    if (j->failed) return;
    if (c == '"') {
        (void)string(j);
    } else if (c == '{' || c == '[') {
        j->at++;
        while (!j->failed && !take(j, close)) {
            if (c == '{') {
                (void)string(j);
                want(j, ':');
            }
            skip(j, deep + 1);
            if (peek(j) != close) want(j, ',');
        }
    } else {
        isize before = j->at;
        (void)number(j);
        j->failed |= j->at == before;
    }
}

/* The next name in an object that was begun; false at its end. */
static bool next_name(struct json *j, str *name) {
    (void)take(j, ',');
    if (j->failed || take(j, '}')) return false;
    *name = string(j);
    want(j, ':');
    return !j->failed;
}

static bool next_item(struct json *j) {
    (void)take(j, ',');
    return !j->failed && !take(j, ']');
}

/* ---- its links ---------------------------------------------------------------------------------------------- */

enum { EVIDENCE_A_LEG = 32 };

struct link {
    str id;
    int n, parent;
    double confidence;
    struct evidence evidence[EVIDENCE_A_LEG];
    isize nevidence;
};

static void read_evidence(struct json *j, struct link *l) {
    want(j, '[');
    while (next_item(j)) {
        struct evidence e = {0};
        str name;
        want(j, '{');
        while (next_name(j, &name)) {
            if (str_eq(name, S("kind"))) {
                e.kind = string(j);
            } else if (str_eq(name, S("text"))) {
                e.text = string(j);
            } else if (str_eq(name, S("bits"))) {
                e.bits = number(j);
            } else {
                skip(j, 0);
            }
        }
        if (l->nevidence < EVIDENCE_A_LEG) l->evidence[l->nevidence++] = e;
    }
}

static void read_leg(struct json *j, struct link *l) {
    str name;
    want(j, '{');
    while (next_name(j, &name)) {
        if (str_eq(name, S("id"))) {
            l->id = string(j);
        } else if (str_eq(name, S("n"))) {
            l->n = small(j);
        } else if (str_eq(name, S("parent"))) {
            l->parent = small(j);
        } else if (str_eq(name, S("confidence"))) {
            l->confidence = number(j);
        } else if (str_eq(name, S("evidence"))) {
            read_evidence(j, l);
        } else {
            skip(j, 0);
        }
    }
}

static void give(struct weave *w, const struct link *links, isize n) {
    for (isize i = 0; i < n; i++) {
        struct given g = {
            links[i].id, {0}, links[i].confidence, links[i].evidence, links[i].nevidence};
        for (isize k = 0; k < n && links[i].parent; k++) {
            isize at = (links[i].parent - 1 + k) % n; /* where it stands, mostly */
            if (links[at].n != links[i].parent) continue;
            g.parent = links[at].id;
            break;
        }
        weave_given(w, &g);
    }
}

bool summary_give(struct weave *w, str json, arena scratch) {
    struct json j = {.in = json, .strings = &scratch};
    struct link *links = NULL;
    isize n = 0, cap = 0;
    str name;
    want(&j, '{');
    while (next_name(&j, &name)) {
        if (!str_eq(name, S("legs"))) {
            skip(&j, 0);
            continue;
        }
        want(&j, '[');
        while (next_item(&j)) {
            links = base_grow(links, &cap, n + 1, (isize)sizeof *links);
            links[n] = (struct link){0};
            read_leg(&j, &links[n++]);
        }
    }
    bool good = !j.failed && n > 0;
    if (good) give(w, links, n);
    base_free(links);
    return good;
}
