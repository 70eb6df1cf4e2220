/* show.c: sipweave show FILE...: one call as text, SVG, HTML or JSON. */
#include "cli/cli.h"
#include "draw/draw.h"
#include "serve/assets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool to_file(void *ctx, str block) {
    return fwrite(block.p, 1, (size_t)block.n, (FILE *)ctx) == (size_t)block.n;
}

/* The call that was asked for; without --call the first of its kind, and of any kind when there is no call. */
static isize choose(const struct weave *w, const struct options *o) {
    if (o->call) return weave_find(w, str_z(o->call));
    for (isize i = 0; i < weave_ncalls(w); i++) {
        if (o->kind == KIND_COUNT || weave_call_kind(w, i) == o->kind) return i;
    }
    return o->kind_given || weave_ncalls(w) == 0 ? -1 : 0;
}

static str asset(const char *name) {
    for (isize i = 0; i < assets_n; i++) {
        if (str_eq(str_z(assets[i].name), str_z(name)))
            return (str){assets[i].p, assets[i].n};
    }
    return (str){0};
}

static void write_call(struct out *out, const struct call *c, const struct options *o) {
    struct draw_options how = {
        .unfold = o->unfold, .standalone = true, .zone_s = o->zone_s};
    struct draw_text_options text = {
        .ascii = o->ascii, .unfold = o->unfold, .why = o->why, .zone_s = o->zone_s};
    switch (o->json ? FORMAT_JSON : o->format) {
    case FORMAT_SVG: draw_svg(out, c, &how); break;
    case FORMAT_HTML:
        draw_html(out, c, &how, asset("export.css"), asset("export.js"));
        break;
    case FORMAT_JSON:
        draw_json(out, c, true);
        out_byte(out, '\n');
        break;
    default: draw_text(out, c, &text); break;
    }
}

int command_show(const struct options *o) {
    struct reading r;
    if (!reading_open(&r, o, (struct wanted){true, true})) {
        reading_close(&r);
        return EXIT_USAGE;
    }
    int status = EXIT_FINE;
    isize i = choose(r.weave, o);
    if (i < 0) {
        if (o->call)
            cli_say("no call has the id, Call-ID or number \"%s\"", o->call);
        else
            cli_say("there is no call in it");
        status = EXIT_NOTHING;
    } else {
        arena view = arena_open((isize)8 << 30);
        FILE *f = o->output ? fopen(o->output, "wb") : NULL;
        struct out out = cli_stdout();
        if (f) out = (struct out){.sink = to_file, .ctx = f};
        if (o->output && !f) {
            cli_say("%s: %s", o->output, strerror(errno));
            status = EXIT_USAGE;
        } else {
            write_call(&out, weave_call(r.weave, i, true, &view), o);
            bool whole = out_flush(&out);
            if (f && (fclose(f) != 0 || !whole)) {
                cli_say("%s: it could not be written to its end: %s", o->output,
                        strerror(errno));
                status = EXIT_USAGE;
            }
        }
        out_drop(&out);
        arena_close(&view);
    }
    reading_report(&r, o);
    reading_close(&r);
    return status;
}
