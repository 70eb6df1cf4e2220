/* style.c: the style sheet of a ladder. Colours come from palette.c, sizes from layout.h; a page may set
 * the --ld- variables to its own grounds. No style attribute is written anywhere: a page with a
 * strict content policy shows the same picture. */
#include "draw/draw.h"
#include "draw/layout.h"
#include "draw/palette.h"

static void variable(struct out *o, const char *name, u32 colour) {
    out_printf(o, "--ld-%s:#%06x;", name, (unsigned)colour);
}

static void theme(struct out *o, const struct theme *t) {
    out_z(o, ":root{");
    variable(o, "ground", t->ground);
    variable(o, "ink", t->ink);
    variable(o, "dim", t->dim);
    variable(o, "life", t->life);
    variable(o, "band", t->band);
    variable(o, "hover", t->hover);
    variable(o, "bad", t->bad);
    variable(o, "warn", t->warn);
    variable(o, "info", t->info);
    variable(o, "sign", t->sign);
    out_z(o, "}\n");
    for (int i = 0; i < PALETTE_N; i++) {
        out_printf(o, ".c%d{--c:#%06x;--ct:#%06x}\n", i + 1, (unsigned)t->leg[i].line,
                   (unsigned)t->leg[i].text);
    }
}

static void px(struct out *o, const char *rule, int tenths) {
    out_printf(o, "%s{font-size:%d.%dpx}\n", rule, tenths / 10, tenths % 10);
}

static void shapes(struct out *o) {
    out_z(
        o,
        ".ladder{background:var(--ld-ground);color:var(--ld-ink);font-family:Inter,"
        "'Segoe UI',system-ui,'DejaVu "
        "Sans',sans-serif;font-variant-numeric:tabular-nums}\n"
        ".ladder text{fill:var(--ld-ink)}\n"
        ".ladder .life{stroke:var(--ld-life);stroke-width:1.25}\n"
        ".ladder .head-bg{fill:var(--ld-ground)}\n"
        ".ladder .head-line{stroke:var(--ld-life)}\n"
        ".ladder .head{cursor:default}\n"
        ".ladder .name,.ladder .sub{text-anchor:middle}\n"
        ".ladder .name{font-weight:600}\n"
        ".ladder .sub,.ladder .clock,.ladder .date{fill:var(--ld-dim)}\n"
        ".ladder .clock,.ladder .date,.ladder .time{text-anchor:end}\n"
        ".ladder .time{fill:var(--ld-dim)}\n"
        ".ladder .same .time{opacity:.55}\n"
        ".ladder .gap rect{fill:var(--ld-band)}\n"
        ".ladder .gap text{fill:var(--ld-ink);text-anchor:end;font-weight:600}\n"
        ".ladder .gap .cut{stroke:var(--ld-life);stroke-width:1.25;stroke-dasharray:2 3;"
        "fill:none}\n"
        ".ladder .prompt{fill:none;stroke:var(--c);stroke-width:1.2;opacity:.7}\n"
        ".ladder .hit{fill:transparent}\n"
        ".ladder .has-problem .hit{fill:var(--ld-warn);fill-opacity:.1}\n"
        ".ladder .has-problem.error .hit{fill:var(--ld-bad)}\n"
        ".ladder .has-problem.info .hit{fill:var(--ld-info);fill-opacity:.07}\n"
        ".ladder .m{cursor:pointer;outline:none}\n"
        ".ladder .arrow{stroke:var(--c);stroke-width:1.7;fill:none}\n"
        ".ladder .tip,.ladder .dot,.ladder .badge circle{fill:var(--c)}\n"
        ".ladder .wave{stroke:var(--c);stroke-width:1.6;fill:none;stroke-linejoin:round;"
        "stroke-linecap:round}\n"
        ".ladder .label{text-anchor:middle;paint-order:stroke;stroke:var(--ld-ground);"
        "stroke-width:3px;stroke-linejoin:round}\n"
        ".ladder .loop .label{text-anchor:start}\n"
        ".ladder .req .label,.ladder .bad .label{font-weight:600}\n"
        ".ladder .label .of{fill:var(--ld-dim);font-weight:400}\n"
        ".ladder .label .count{fill:var(--ld-dim);font-weight:600}\n"
        ".ladder .fold .count:hover{fill:var(--ld-ink);text-decoration:underline}\n"
        ".ladder .badge text{fill:var(--ct);font-weight:700;text-anchor:middle}\n"
        ".ladder .cross circle{fill:var(--ld-bad);stroke:var(--ld-ground);"
        "stroke-width:1.5}\n"
        ".ladder .cross "
        "path{stroke:var(--ld-sign);stroke-width:1.6;stroke-linecap:round}\n"
        ".ladder .problem-mark path{fill:var(--ld-warn);stroke:var(--ld-ground);"
        "stroke-width:3;paint-order:stroke;stroke-linejoin:round}\n"
        ".ladder .problem-mark.error path{fill:var(--ld-bad)}\n"
        ".ladder .problem-mark.info path{fill:var(--ld-info)}\n"
        ".ladder .problem-mark .bang{fill:none;stroke:var(--ld-sign);stroke-width:1.5;"
        "stroke-linecap:round}\n");
}

static void states(struct out *o) {
    for (int i = PALETTE_SOLID + 1; i <= PALETTE_N; i++)
        out_printf(o, "%s.ladder .c%d .arrow", i > PALETTE_SOLID + 1 ? "," : "", i);
    out_z(o, "{stroke-dasharray:8 3}\n"
             ".ladder .again .arrow{stroke-dasharray:2 3}\n"
             ".ladder .again .label{font-style:italic}\n"
             ".ladder .hover .hit,.ladder .cursor .hit,.ladder .pin .hit"
             "{fill:var(--ld-hover);fill-opacity:.1}\n"
             ".ladder .pin .hit{fill-opacity:.16}\n"
             ".ladder .hover .label,.ladder .cursor .label,.ladder .pin .label,"
             ".ladder .has-problem .label{stroke-opacity:0}\n"
             ".ladder .hover .arrow,.ladder .pin .arrow{stroke-width:2.6}\n"
             ".ladder .pin .hit{stroke:var(--c);stroke-width:1}\n"
             ".ladder .m:focus-visible .hit{stroke:var(--ld-ink);stroke-width:1.5}\n"
             ".ladder .prompt.hover{opacity:1;stroke-width:2}\n"
             ".ladder .life.hover{stroke:var(--ld-dim);stroke-width:2}\n"
             ".ladder .head.hover .name{text-decoration:underline}\n"
             ".ladder .m.dim>:not(.hit):not(.time),.ladder .prompt.dim{opacity:.18}\n"
             ".ladder .head.dim{opacity:.35}\n"
             ".ladder .life.dim{opacity:.5}\n"
             "@media print{.ladder .hit{fill:none}}\n"
             "@media (forced-colors:active){.ladder{forced-color-adjust:none}}\n");
}

void draw_css(struct out *o) {
    theme(o, &theme_light);
    out_z(o, "@media (prefers-color-scheme:dark){\n");
    theme(o, &theme_dark);
    out_z(o, "}\n");
    shapes(o);
    px(o, ".ladder .name", NAME_PX);
    px(o, ".ladder .sub,.ladder .date,.ladder .label .of", SUB_PX);
    px(o, ".ladder .label,.ladder .clock", LABEL_PX);
    px(o, ".ladder .time,.ladder .gap text", TIME_PX);
    px(o, ".ladder .badge text", TIME_PX);
    px(o, ".ladder .badge .long", BADGE_LONG_PX);
    states(o);
}
