/* calls.c: sipweave calls FILE...: one line a call. */
#include "cli/cli.h"
#include "draw/draw.h"

int command_calls(const struct options *o) {
    struct reading r;
    if (!reading_open(&r, o, (struct wanted){.evidence = o->json})) {
        reading_close(&r);
        return EXIT_USAGE;
    }
    struct out out = cli_stdout();
    arena view = arena_open_view();
    isize shown = 0;
    for (isize i = 0; i < weave_ncalls(r.weave) && !out.stopped; i++) {
        if (o->kind != KIND_COUNT && weave_call_kind(r.weave, i) != o->kind) continue;
        const struct call *c = o->json ? weave_call(r.weave, i, false, &view)
                                       : weave_call_line(r.weave, i, &view);
        shown++;
        if (o->json) {
            draw_json(&out, c, false);
            out_byte(&out, '\n');
            out.comma = false;
        } else {
            draw_call_line(&out, c, o->zone_s);
        }
        arena_reset(&view);
    }
    out_flush(&out);
    out_drop(&out);
    reading_report(&r, o);
    if (!shown && !o->quiet) {
        cli_say(weave_ncalls(r.weave)
                    ? "there is no conversation of this kind; --kind all shows every kind"
                    : "there is no SIP in it");
    }
    arena_close(&view);
    reading_close(&r);
    return shown ? EXIT_FINE : EXIT_NOTHING;
}
