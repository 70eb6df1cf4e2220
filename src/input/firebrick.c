#include "input/parts.h"

#include "base/out.h"
#include "sip/sip.h"

#include <string.h>

enum { LINE_MAX_BYTES = 256 * 1024, MESSAGE_MAX_BYTES = 256 * 1024 };

static str without_eol(str line) {
    if (line.n && line.p[line.n - 1] == '\n') line.n--;
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

static bool is_blank_line(str line) {
    return str_trim(line).n == 0;
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

/* ---- the text of the message -------------------------------------------------------------------- */

static void text_append(struct firebrick *f, str line, bool keep) {
    isize room = MESSAGE_MAX_BYTES - f->ntext;
    if (f->ntext == 0) {
        f->head.at = f->offset;
        f->gap = false; /* before the text it cuts nothing */
    }
    if (line.n > room) f->lost += (u64)(line.n - room);
    bool bare = str_ends(line, S("\n")) && !str_ends(line, S("\r\n"));
    f->wire += line.n + bare;
    line = str_sub(line, 0, room);
    f->bare_lf = f->bare_lf || bare;
    f->text = base_grow(f->text, &f->cap_text, f->ntext + line.n, 1);
    if (line.n) memcpy(f->text + f->ntext, line.p, (size_t)line.n);
    f->ntext += line.n;
    if (!keep) return;
    f->keep = f->ntext;
    f->wire_keep = f->wire;
    if (f->gap) f->pieced = true;
    f->gap = false;
}

/* Content-Length, and whether there is a Content-Type: that is all that matters for the end. */
static void header_note(struct firebrick *f, str line) {
    if (line.n == 0 || (to_lower(line.p[0]) != 'l' && to_lower(line.p[0]) != 'c')) return;
    struct str_pair field = str_cut(line, ':');
    if (!field.ok) return;
    enum sip_header_id id = sip_header_from_name(str_trim(field.head));
    if (id == SIP_HDR_CONTENT_TYPE) f->has_content_type = true;
    if (id != SIP_HDR_CONTENT_LENGTH) return;
    struct str_number n = str_u64(str_trim(field.tail), 1 << 30);
    if (n.ok) f->content_length = (i64)n.value;
}

static bool body_is_complete(const struct firebrick *f) {
    if (f->content_length >= 0) return f->wire - f->wire_headers >= f->content_length;
    if (f->head_size >= 0) return f->wire >= f->head_size;
    return !f->has_content_type;
}

static void body_check(struct firebrick *f) {
    if (!body_is_complete(f)) return;
    f->state = FIREBRICK_DONE;
    f->keep = f->ntext; /* blank lines that Content-Length counts are the body's */
    f->wire_keep = f->wire;
}

/* Are bytes missing at the end? A last line end may have got lost, and the blank line after headers. */
static bool text_is_cut(const struct firebrick *f) {
    bool in_headers = f->state == FIREBRICK_HEADERS;
    i64 body = in_headers ? 0 : f->wire_keep - f->wire_headers;
    if (f->lost) return true;
    if (f->content_length > 0 && body + 2 < f->content_length) return true;
    return f->wire_keep + (in_headers ? 4 : 2) < f->head_size;
}

/* A body whose last line has no line end got one from the log: Content-Length shows that it is too much. */
static void log_eol_drop(struct firebrick *f) {
    if (f->state != FIREBRICK_DONE || f->content_length <= 0) return;
    if (f->wire_keep - f->wire_headers != f->content_length + 2) return;
    str text = {f->text, f->keep};
    if (str_ends(text, S("\n"))) f->keep = without_eol(text).n;
}

/* Content-Length: 0 and no blank line after it: whoever copied the text lost the blank line, no more. */
static void blank_line_restore(struct firebrick *f) {
    str eol = f->bare_lf ? S("\n") : S("\r\n");
    if (f->state != FIREBRICK_HEADERS || f->content_length != 0) return;
    if (f->text[f->ntext - 1] != '\n') text_append(f, eol, true);
    text_append(f, eol, true);
    f->pieced = true;
}

static void report_lost(struct firebrick *f) {
    struct out o = {0};
    f->sink.skipped(f->sink.ctx, SKIP_DAMAGED, f->head.line, f->lost);
    out_bytes(&o, f->name);
    out_printf(&o,
               "%sline %llu: a message of more than %d bytes was cut there; "
               "%llu bytes of it were passed over",
               f->name.n ? ": " : "", (unsigned long long)f->head.line, MESSAGE_MAX_BYTES,
               (unsigned long long)f->lost);
    f->sink.damage(f->sink.ctx, out_str(&o));
    out_drop(&o);
}

/* Gives what is at hand and goes to OUTSIDE. */
static void message_give(struct firebrick *f) {
    if (f->state == FIREBRICK_AFTER_HEAD)
        f->sink.skipped(f->sink.ctx, SKIP_NO_MESSAGE, f->head.line, 0);
    if (f->state >= FIREBRICK_HEADERS) {
        f->head.cut = text_is_cut(f);
        log_eol_drop(f);
        blank_line_restore(f);
        f->head.bytes = (str){f->text, f->keep};
        if (!f->in_place || f->pieced) f->head.at = SIGHTING_NOWHERE;
        f->sink.sighting(f->sink.ctx, &f->head);
        if (f->lost) report_lost(f);
    }
    f->state = FIREBRICK_OUTSIDE;
}

void firebrick_begin(struct firebrick *f, const struct firebrick_head *head) {
    message_give(f);
    junk_give(f);
    f->head = head->seen;
    f->head.source = f->source;
    f->head_size = head->size;
    f->state = FIREBRICK_AFTER_HEAD;
    f->ntext = f->keep = 0;
    f->wire = f->wire_keep = f->wire_headers = 0;
    f->content_length = -1;
    f->has_content_type = f->bare_lf = f->gap = f->pieced = false;
    f->lost = 0;
}

/* ---- lines, state by state -------------------------------------------------------------------------- */

static void line_after_head(struct firebrick *f, str line) {
    if (is_blank_line(line)) return;
    if (sip_looks_like_start(line)) {
        f->state = FIREBRICK_HEADERS;
        text_append(f, line, true);
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
    return str_eq(without_eol(line), S("v=0"));
}

/* After "Content-Length: 0" the message may end without its blank line: what a page put behind the text is
 * no header. */
static bool is_no_header(const struct firebrick *f, str line) {
    return f->content_length == 0 && !is_blank(line.p[0]) && str_find(line, ':') < 0;
}

static void line_in_headers(struct firebrick *f, str line) {
    bool blank = is_blank_line(line);
    if (!blank && is_no_header(f, line)) {
        message_give(f);
        junk_add(f, line);
        return;
    }
    if (blank_line_is_missing(line)) {
        text_append(f, f->bare_lf ? S("\n") : S("\r\n"), true);
        f->pieced = true;
        f->wire_headers = f->wire;
        f->state = FIREBRICK_BODY;
    }
    text_append(f, line, true);
    if (!blank) header_note(f, line);
    if (blank) {
        f->wire_headers = f->wire;
        f->state = FIREBRICK_BODY;
    }
    if (f->state == FIREBRICK_BODY) body_check(f);
}

static void line_in_body(struct firebrick *f, str line) {
    text_append(f, line, !is_blank_line(line));
    body_check(f);
}

/* Some devices end the lines of their SDP with LF alone; where the log wrote LF everywhere, these were
 * counted as CRLF and the length was reached too early. Lines that go on like SDP still belong to it. */
static bool goes_on_as_sdp(const struct firebrick *f, str line) {
    return f->content_length > 0 && f->bare_lf && line.n > 2 && is_alpha(line.p[0]) &&
           line.p[1] == '=';
}

static void line_when_done(struct firebrick *f, str line) {
    if (goes_on_as_sdp(f, line)) {
        text_append(f, line, true);
        return;
    }
    message_give(f);
    if (!is_blank_line(line)) junk_add(f, line);
}

/* A log line of another part of the device. Where the message's end is not known, it is here. */
static void line_of_others(struct firebrick *f, str line) {
    bool open_end =
        f->state == FIREBRICK_BODY && f->content_length < 0 && f->head_size < 0;
    if (f->state == FIREBRICK_DONE || open_end) message_give(f);
    junk_give(f);
    f->gap = true;
    f->sink.skipped(f->sink.ctx, SKIP_OTHER_LINE, f->line, (u64)line.n);
}

static bool has_stamp(str line, i32 zone_s) {
    if (line.n == 0 || (line.p[0] != ' ' && !is_digit(line.p[0]))) return false;
    return stamp_firebrick(line, zone_s).n || stamp_iso(line, zone_s).n;
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

static void line_take(struct firebrick *f, str line) {
    struct firebrick_head head;
    f->long_is_text = false;
    if (!has_stamp(line, f->zone_s)) {
        line_of_text(f, line);
        f->long_is_text = f->state >= FIREBRICK_HEADERS;
    } else if (firebrick_head_line(line, f->zone_s, &head)) {
        head.seen.line = f->line;
        firebrick_begin(f, &head);
    } else {
        line_of_others(f, line);
    }
}

/* A line longer than LINE_MAX_BYTES comes in pieces; what the first one was, the others are. */
static void piece_take(struct firebrick *f, str piece, bool ends) {
    if (!f->in_long_line)
        line_take(f, piece);
    else if (f->long_is_text)
        text_append(f, piece, true);
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
    if (f->state == FIREBRICK_DONE && f->npart == 0) message_give(f);
    return f->state == FIREBRICK_OUTSIDE;
}

void firebrick_finish(struct firebrick *f) {
    part_take(f);
    message_give(f);
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
