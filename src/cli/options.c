#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void cli_say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("sipweave: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* "UTC", "Z", "+01:00", "-0530", "+1" */
static bool zone_read(str s, i32 *zone_s) {
    *zone_s = 0;
    if (str_eq_nocase(s, S("utc")) || str_eq_nocase(s, S("z"))) return true;
    if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-')) return false;
    str digits = str_from(s, 1);
    isize colon = str_find(digits, ':');
    str hours = colon >= 0 ? str_sub(digits, 0, colon) : str_sub(digits, 0, 2);
    str minutes = colon >= 0 ? str_from(digits, colon + 1) : str_from(digits, 2);
    struct str_number h = str_u64(hours, 14), m = str_u64(minutes, 59);
    if (!h.ok || (minutes.n && !m.ok)) return false;
    *zone_s = (i32)(h.value * 3600 + (minutes.n ? m.value * 60 : 0));
    if (s.p[0] == '-') *zone_s = -*zone_s;
    return true;
}

static bool kind_read(struct options *o, str value) {
    o->kind_given = true;
    o->kind = str_eq(value, S("all")) || str_eq(value, S("any"))
                  ? KIND_COUNT
                  : call_kind_from_text(value);
    return o->kind != KIND_COUNT || value.n == 3;
}

static bool format_read(struct options *o, str value) {
    static const char *const names[] = {"text", "svg", "html", "json"};
    for (int i = 0; i < (int)countof(names); i++) {
        if (!str_eq(value, str_z(names[i]))) continue;
        o->format = (enum format)i;
        return true;
    }
    return false;
}

struct option {
    const char *name;
    enum { FLAG, TEXT, ZONE, KIND, FORMAT, NUMBER } type;
    size_t at; /* offset in struct options */
    const char *wants;
};

static const struct option all[] = {
    {"--json", FLAG, offsetof(struct options, json), ""},
    {"--quiet", FLAG, offsetof(struct options, quiet), ""},
    {"--insecure", FLAG, offsetof(struct options, insecure), ""},
    {"--unfold", FLAG, offsetof(struct options, unfold), ""},
    {"--ascii", FLAG, offsetof(struct options, ascii), ""},
    {"--why", FLAG, offsetof(struct options, why), ""},
    {"--no-browser", FLAG, offsetof(struct options, no_browser), ""},
    {"--call", TEXT, offsetof(struct options, call), "an id, a Call-ID or a number"},
    {"--hosts", TEXT, offsetof(struct options, hosts), "a file"},
    {"--db", TEXT, offsetof(struct options, db), "a file"},
    {"--listen", TEXT, offsetof(struct options, listen), "an address and port"},
    {"--syslog", TEXT, offsetof(struct options, syslog),
     "an address and port, or \"off\""},
    {"--output", TEXT, offsetof(struct options, output), "a file"},
    {"--timezone", ZONE, 0, "UTC or an offset such as +01:00"},
    {"--kind", KIND, 0, "call, registration, subscription, message, options or all"},
    {"--format", FORMAT, 0, "text, svg, html or json"},
    {"--keep", NUMBER, offsetof(struct options, keep_days), "a number of days"},
    {"--threads", NUMBER, offsetof(struct options, threads), "a number of threads"},
};

static bool option_set(struct options *o, const struct option *option,
                       const char *value) {
    char *base = (char *)o;
    struct str_number n;
    switch (option->type) {
    case FLAG: *(bool *)(void *)(base + option->at) = true; return true;
    case TEXT: *(const char **)(void *)(base + option->at) = value; return *value != 0;
    case ZONE: return zone_read(str_z(value), &o->zone_s);
    case KIND: return kind_read(o, str_z(value));
    case FORMAT: return format_read(o, str_z(value));
    case NUMBER:
        n = str_u64(str_z(value), 36500);
        *(int *)(void *)(base + option->at) = (int)n.value;
        return n.ok;
    }
    return false;
}

bool options_read(struct options *o, int argc, char **argv) {
    *o = (struct options){.kind = KIND_CALL, .keep_days = 7};
    int nfiles = 0;
    for (int i = 0; i < argc; i++) {
        str word = str_z(argv[i]);
        if (!str_starts(word, S("--"))) {
            argv[nfiles++] = argv[i]; /* files move to the front, in their order */
            continue;
        }
        struct str_pair cut = str_cut(word, '=');
        const struct option *option = NULL;
        for (isize k = 0; k < countof(all); k++) {
            if (str_eq(cut.head, str_z(all[k].name))) option = &all[k];
        }
        if (!option) {
            cli_say("there is no option %s; \"sipweave --help\" lists them", argv[i]);
            return false;
        }
        const char *value = cut.ok ? (const char *)cut.tail.p : NULL;
        if (option->type != FLAG && !value) value = ++i < argc ? argv[i] : NULL;
        if (option->type != FLAG && !value) {
            cli_say("%s wants %s", option->name, option->wants);
            return false;
        }
        if (!option_set(o, option, value)) {
            cli_say("%s wants %s, not \"%s\"", option->name, option->wants, value);
            return false;
        }
    }
    o->files = (const char *const *)argv;
    o->nfiles = nfiles;
    return true;
}
