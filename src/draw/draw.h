/* draw.h: a call as a picture. One layout; SVG, text, HTML and JSON are drawn from it.
 *
 *     struct call ──layout──> columns, rows, arrows, curves ──> svg, text, html
 *                 └────────────────────────────────────────> json
 * Pure: a call in, text out. */
#ifndef SIPWEAVE_DRAW_H
#define SIPWEAVE_DRAW_H

#include "base/out.h"
#include "trace/call.h"

struct draw_options {
    bool unfold;         /* repeats each in a row of their own */
    const int *unfolded; /* or only these: message numbers of folds that are open */
    isize nunfolded;
    bool standalone; /* SVG: carry the style sheet, so that the picture stands alone */
    i32 zone_s;      /* times are shown this many seconds east of UTC */
};

/* The ladder. With standalone false it takes its colours from draw_css. docs/ladder.md says what
 * classes and data- attributes it carries. */
void draw_svg(struct out *o, const struct call *c, const struct draw_options *d);

/* The style sheet of a ladder: palette of 24 legs, light and dark. */
void draw_css(struct out *o);

/* A ladder too long to be shown whole: laid out once, drawn by windows of its rows. A window is the picture of draw_svg, as wide
 * and as high, with these rows alone, and of what stands between and beside the rows what reaches into the window. Silences are
 * no rows of their own here: each goes with the row after it. The handle lives in the arena and borrows call and options. */
struct ladder;
struct ladder *draw_ladder(const struct call *c, const struct draw_options *d, arena *a);
isize draw_ladder_rows(const struct ladder *l);
isize draw_ladder_row_of(const struct ladder *l,
                         int message); /* from 0; 0 for a message that is not there */
void draw_window(struct out *o, const struct ladder *l, isize first, isize count);
/* Where all its rows stand, as JSON: docs/ladder.md. */
void draw_ladder_index(struct out *o, const struct ladder *l);

/* A ladder for a terminal or a mail: plain UTF-8 (or ASCII), at most `width` columns where it fits (0: as needed). */
struct draw_text_options {
    bool ascii, unfold;
    bool why; /* all evidence with its weight */
    int width;
    i32 zone_s;
};
void draw_text(struct out *o, const struct call *c, const struct draw_text_options *d);

/* One file that opens from disk and keeps hover, pin, compare and the messages. `css` and `js` are
 * the page's own, given by the caller. */
void draw_html(struct out *o, const struct call *c, const struct draw_options *d, str css,
               str js);

/* The object of docs/json.md, without a line end; with messages as `show --format json` prints it.
 * A JSON value like those of out.h: an item of an array gets its comma. For one object a line the
 * caller clears o->comma after each. */
void draw_json(struct out *o, const struct call *c, bool messages);
/* The same with messages, but without their bytes. */
void draw_json_lean(struct out *o, const struct call *c);
/* An array of the messages from number `first` on, at most `count` of them, whole. */
void draw_json_messages(struct out *o, const char *key, const struct call *c, isize first,
                        isize count);

/* The members of a decision by hand, into an object that is open. */
void draw_json_decision(struct out *o, const struct decision *d);

/* One line a call, for people: when, from, to, result, times, legs, devices. */
void draw_call_line(struct out *o, const struct call *c, i32 zone_s);

#endif
