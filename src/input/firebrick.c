#include "input/parts.h"

#include "sip/sip.h"

#include <string.h>

enum { LINE_MAX_BYTES = 256 * 1024 };

static str without_eol(str line) {
    if (line.n && line.p[line.n - 1] == '\n') line.n--;
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

static bool is_blank_line(str line) {
    for (isize i = 0; i < line.n; i++) {
        if (line.p[i] != '\n' && line.p[i] != '\r' && !is_blank(line.p[i])) return false;
    }
    return true;
}

/* ---- text that belongs to no message ------------------------------------------------------------ */

static bool has_binary(str s) {
    for (isize i = 0; i < s.n; i++) {
        u8 c = s.p[i];
        if (c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != 27) return true;
    }
    return false;
}

static void junk_add(struct firebrick *f, str line) {
    if (f->junk == 0) f->junk_line = f->line;
    f->junk += (u64)line.n;
    if (!f->junk_binary) f->junk_binary = has_binary(line);
}

static void junk_give(struct firebrick *f) {
    enum skip_reason why = f->junk_binary ? SKIP_BINARY : SKIP_NOT_SIP;
    if (f->junk) f->sink.skipped(f->sink.ctx, why, f->junk_line, f->junk);
    f->junk = 0;
    f->junk_binary = false;
}

/* ---- lines, state by state -------------------------------------------------------------------------- */

static void line_after_head(struct firebrick *f, str line) {
    if (is_blank_line(line)) return;
    if (sip_looks_like_start(line)) {
        f->state = FIREBRICK_HEADERS;
        firebrick_append(f, line, true);
        return;
    }
    f->state = FIREBRICK_OUTSIDE;
    if (input_is_keep_alive(without_eol(line))) {
        f->sink.skipped(f->sink.ctx, SKIP_KEEP_ALIVE, f->line, (u64)line.n);
    } else {
        junk_add(f, line);
    }
}

/* "v=0" is no header: whoever wrote this left the blank line before the SDP out. */
static bool blank_line_is_missing(str line) {
    return line.p[0] == 'v' && str_eq(without_eol(line), S("v=0"));
}

/* After "Content-Length: 0" the message may end without its blank line: what a page put behind the text is
 * no header. */
static bool is_no_header(const struct firebrick *f, str line) {
    return f->content_length == 0 && !is_blank(line.p[0]) && str_find(line, ':') < 0;
}

static void line_in_headers(struct firebrick *f, str line) {
    bool blank = is_blank_line(line);
    if (!blank && is_no_header(f, line)) {
        firebrick_give(f);
        junk_add(f, line);
        return;
    }
    if (blank_line_is_missing(line)) {
        firebrick_append(f, f->bare_lf ? S("\n") : S("\r\n"), true);
        f->pieced = true;
        f->wire_headers = f->wire;
        f->state = FIREBRICK_BODY;
    }
    firebrick_append(f, line, true);
    if (!blank) firebrick_header(f, line);
    if (blank) {
        f->wire_headers = f->wire;
        f->state = FIREBRICK_BODY;
    }
    if (f->state == FIREBRICK_BODY) firebrick_body_check(f);
}

static void line_in_body(struct firebrick *f, str line) {
    firebrick_append(f, line, !is_blank_line(line));
    firebrick_body_check(f);
}

/* Some devices end the lines of their SDP with LF alone; where the log wrote LF everywhere, these were
 * counted as CRLF and the length was reached too early. Lines that go on like SDP still belong to it. */
static bool goes_on_as_sdp(const struct firebrick *f, str line) {
    return f->content_length > 0 && f->bare_lf && line.n > 2 && is_alpha(line.p[0]) &&
           line.p[1] == '=';
}

static void line_when_done(struct firebrick *f, str line) {
    if (goes_on_as_sdp(f, line)) {
        firebrick_append(f, line, true);
        return;
    }
    firebrick_give(f);
    if (!is_blank_line(line)) junk_add(f, line);
}

/* A log line of another part of the device. Where the message's end is not known, it is here. */
static void line_of_others(struct firebrick *f, str line) {
    bool open_end =
        f->state == FIREBRICK_BODY && f->content_length < 0 && f->head_size < 0;
    if (f->state == FIREBRICK_DONE || open_end) firebrick_give(f);
    junk_give(f);
    f->gap = true;
    f->sink.skipped(f->sink.ctx, SKIP_OTHER_LINE, f->line, (u64)line.n);
}

static void line_of_text(struct firebrick *f, str line) {
    switch (f->state) {
    case FIREBRICK_OUTSIDE:
        if (!is_blank_line(line)) junk_add(f, line);
        break;
    case FIREBRICK_AFTER_HEAD: line_after_head(f, line); break;
    case FIREBRICK_HEADERS: line_in_headers(f, line); break;
    case FIREBRICK_BODY: line_in_body(f, line); break;
    case FIREBRICK_DONE: line_when_done(f, line); break;
    }
}

/* Text of a body may begin with a date too: only stamps in the style of the log's heads count. */
static bool is_of_others(const struct firebrick *f, enum firebrick_style style) {
    if (style == FIREBRICK_STYLE_NONE) return false;
    return f->style == FIREBRICK_STYLE_ANY || f->style == style;
}

static void line_take(struct firebrick *f, str line) {
    struct firebrick_head head = {0};
    bool maybe = line.p[0] == ' ' || is_digit(line.p[0]);
    f->long_is_text = false;
    if (maybe && firebrick_head_line(line, f->zone_s, &head)) {
        junk_give(f);
        head.seen.line = f->line;
        firebrick_begin(f, &head);
    } else if (maybe && is_of_others(f, head.style)) {
        line_of_others(f, line);
    } else {
        line_of_text(f, line);
        f->long_is_text = f->state >= FIREBRICK_HEADERS;
    }
}

/* A line longer than LINE_MAX_BYTES comes in pieces; what the first one was, the others are. */
static void piece_take(struct firebrick *f, str piece, bool ends) {
    if (!f->in_long_line)
        line_take(f, piece);
    else if (f->long_is_text)
        firebrick_append(f, piece, true);
    else
        junk_add(f, piece);
    f->in_long_line = !ends;
    f->offset += (u64)piece.n;
    f->line += ends;
}

/* ---- the way in ------------------------------------------------------------------------------------------ */

void firebrick_init(struct firebrick *f, const struct input_sink *sink, u32 source) {
    *f = (struct firebrick){.sink = *sink, .source = source, .line = 1};
}

void firebrick_feed(struct firebrick *f, str bytes) {
    while (bytes.n) {
        str window = str_sub(bytes, 0, LINE_MAX_BYTES - f->npart);
        isize end = str_find(window, '\n');
        bool ends = end >= 0;
        str piece = str_sub(window, 0, ends ? end + 1 : window.n);
        bool whole = ends || f->npart + piece.n == LINE_MAX_BYTES;
        bytes = str_from(bytes, piece.n);
        if (f->npart || !whole) {
            f->part = base_grow(f->part, &f->cap_part, f->npart + piece.n, 1);
            memcpy(f->part + f->npart, piece.p, (size_t)piece.n);
            f->npart += piece.n;
            piece = (str){f->part, f->npart};
        }
        if (!whole) return;
        f->npart = 0;
        piece_take(f, piece, ends);
    }
}

static void part_take(struct firebrick *f) {
    str line = {f->part, f->npart};
    f->npart = 0;
    if (line.n)
        piece_take(f, line, true);
    else if (f->in_long_line)
        f->line++;
    f->in_long_line = false;
}

/* Would the message be complete if only the line ends at its end had got lost on the way? */
static bool only_eol_is_missing(const struct firebrick *f) {
    i64 wire = f->wire + f->npart;
    if (f->state == FIREBRICK_HEADERS && f->content_length == 0 && f->npart == 1 &&
        f->part[0] == '\r')
        return true;
    if (f->state == FIREBRICK_HEADERS)
        return f->head_size >= 0 && wire + 4 >= f->head_size;
    if (f->state != FIREBRICK_BODY || f->npart == 0) return false;
    if (f->content_length >= 0) return wire + 2 >= f->wire_headers + f->content_length;
    return f->head_size >= 0 && wire + 2 >= f->head_size;
}

bool firebrick_settle(struct firebrick *f, bool eol_may_be_lost) {
    if (eol_may_be_lost && only_eol_is_missing(f)) {
        bool half = f->npart && f->part[f->npart - 1] == '\r';
        if (f->npart) firebrick_feed(f, f->bare_lf || half ? S("\n") : S("\r\n"));
        if (f->state == FIREBRICK_HEADERS)
            firebrick_feed(f, f->bare_lf ? S("\n") : S("\r\n"));
    }
    if (f->state == FIREBRICK_DONE && f->npart == 0) firebrick_give(f);
    return f->state == FIREBRICK_OUTSIDE;
}

void firebrick_finish(struct firebrick *f) {
    part_take(f);
    firebrick_give(f);
    junk_give(f);
}

void firebrick_trim(struct firebrick *f) {
    must(f->state == FIREBRICK_OUTSIDE && f->npart == 0);
    base_free(f->text);
    base_free(f->part);
    f->text = f->part = NULL;
    f->cap_text = f->cap_part = 0;
}

void firebrick_drop(struct firebrick *f) {
    base_free(f->text);
    base_free(f->part);
    *f = (struct firebrick){0};
}
