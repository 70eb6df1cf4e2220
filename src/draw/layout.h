/* layout.h: where everything of a ladder stands. Pure arithmetic over struct call; svg.c and text.c
 * only write down what stands here. Not for other modules: draw.h is.
 *
 *     order.c  devices ──> columns, left to right          rows.c   messages ──> rows, folds, gaps, times
 *     lanes.c  prompts ──> curves beside their column      layout.c all of it ──> pixels
 *
 *       time │  name      name      name      head, HEAD_H high
 *     00.000 │   ①─INVITE─▶│         │        row: ROW_H, the arrow at y
 *     00.016 │   │◀─100────●)        │        ) a prompt: from the message that came to the one it caused
 *            │   ┊   3.2 s ┊         ┊        gap: GAP_H
 *
 * Invariants (tests/draw/test_layout.c checks them):
 *   (1) columns[column_of[d]].device == d for every device; a message whose device is not one of the call's
 *       stands in a column with device -1, which is there only then: column_of[ndevices].
 *   (2) rows go down the page and every message is in exactly one row: row_of, next_in_fold.
 *   (3) no label is wider than its arrow has room for, and nothing stands outside width × height. */
#ifndef SIPWEAVE_DRAW_LAYOUT_H
#define SIPWEAVE_DRAW_LAYOUT_H

#include "draw/draw.h"

enum {
    HEAD_H = 56,
    ROW_H = 20,
    ROW_UP = 15, /* how much of a row is above its arrow */
    GAP_H = 28,
    GUTTER = 84,         /* times stand left of it */
    BADGE_R = 8,         /* leg number */
    MARK_R = 6,          /* the cross of a bad final response */
    WAVE_W = 14,         /* the wave of a message with SDP */
    LABEL_PAD = 14,      /* from a label to the columns beside it */
    COL_MIN = 96,        /* between two columns */
    COL_MAX = 228,       /* as far as a label may push them apart */
    LOOP_W = 30,         /* a message from a device to itself: the label begins here */
    LANES = 8,           /* on each side of a column */
    CURVE_ROWS_MAX = 256 /* longer prompts share the outermost lane */
};

/* Type sizes in tenths of a pixel: what style.c sets. */
enum { NAME_PX = 130, SUB_PX = 105, LABEL_PX = 120, TIME_PX = 110, BADGE_LONG_PX = 90 };

struct column {
    int device; /* index in call.devices, -1: not known */
    int x;
    str name, sub;           /* shortened to fit */
    int pad_left, pad_right; /* what curves take beside the line */
};

enum row_kind { ROW_MESSAGE, ROW_GAP };

struct row {
    enum row_kind kind;
    int y;                   /* of the arrow, or of the middle of the gap */
    str time;                /* gutter; of a gap: its length in words */
    const struct message *m; /* the first of a fold; NULL in a gap */
    isize index;             /* of m in call.messages */
    isize count;             /* messages that this row stands for */
    isize part, parts; /* in an open fold: which one of how many; parts is 0 elsewhere */
    isize fold_head;   /* index of the first message of its fold, open or not */
    isize fold_last;   /* and of the last one that this row stands for */
    bool first_of_leg, bad, again, same_time;
    const struct problem *problem; /* the worst one that points here */
    int from, to;                  /* positions in columns */
    str label,
        of; /* "200 OK" shortened to fit; and "BYE" where the label alone would not tell */
    int label_x, label_w;       /* middle and width; in a loop: left end and width */
    int mark_x, wave_x, warn_x; /* 0: none */
};

struct curve {
    const struct message *from, *to;
    isize from_row, to_row;
    int column;
    int side; /* -1 left, 1 right */
    int off;  /* how far it bows */
};

struct layout {
    struct column *columns;
    int ncolumns;
    int *column_of; /* position of a device; [ndevices]: of the unknown one */
    struct row *rows;
    isize nrows;
    isize *row_of;       /* of a message index */
    isize *next_in_fold; /* the next message of the same fold, -1 at its end */
    struct curve *curves;
    isize ncurves;
    int width, height;
};

/* ---- order.c: minimum linear arrangement ------------------------------------------- */

struct graph {
    int n;
    const u32
        *w; /* n × n, symmetric, zero on the diagonal: messages between two devices */
    int caller; /* wanted on the left; -1: nobody */
    const u32
        *ahead; /* for each device the set of those it wants on its right; NULL: none */
};

enum { ORDER_EXACT_MAX = 16 };

u64 order_cost(const struct graph *g, const int *order); /* sum of weight × distance */
/* Least cost; among those the caller leftmost, then most first requests to the right, then by number.
 * n at most ORDER_EXACT_MAX. */
void order_exact(const struct graph *g, int *order, arena scratch);
/* Good, not always best: sifting from two starts. Quadratic in devices, not in messages. */
void order_sift(const struct graph *g, int *order, arena scratch);
/* Fills order[0 … n-1] with device indexes, -1 standing for a device that the call does not name. */
void order_columns(const struct call *c, int n, int *order, arena scratch);

/* ---- rows.c, lanes.c, layout.c ------------------------------------------------------- */

void rows_build(struct layout *l, const struct call *c, const struct draw_options *d,
                arena *a);
void lanes_build(struct layout *l, const struct call *c, arena *a);
/* Columns in order, without pixels: what the terminal needs. */
void layout_grid(struct layout *l, const struct call *c, const struct draw_options *d,
                 arena *a);
void layout_build(struct layout *l, const struct call *c, const struct draw_options *d,
                  arena *a);

static inline bool layout_is_loop(const struct row *r) {
    return r->kind == ROW_MESSAGE && r->from == r->to;
}

/* ---- measure.c: widths of text, estimated from above -------------------------------------- */

int text_width(str s, int size, bool bold); /* pixels; size in tenths */
/* s, or its beginning and "…" where it is wider than `max` pixels. Control characters become blanks. */
str text_fit(arena *a, str s, int size, bool bold, int max);
str text_fit_middle(arena *a, str s, int size, bool bold, int max); /* keeps both ends */

/* ---- times.c -------------------------------------------------------------------------------- */

/* "00.000", "1:02.345", with as many digits as the precision carries; "+03 s" for whole seconds. */
str time_relative(arena *a, i64 us, u32 precision_us);
str time_span(arena *a, i64 us, u32 precision_us); /* "3.2 s", "≈ 3 s", "2 min 5 s" */
str time_clock(arena *a, i64 us, i32 zone_s);      /* "08:54:02" */
str time_date(arena *a, i64 us, i32 zone_s);       /* "26 Jul 2014" */

#endif
