/* firebrick_message.c: the text of one message of a FireBrick log, as it grows line by line.
 *
 *     0            wire_headers         keep   ntext
 *     |-- headers --|------ body -------| blank |
 *
 * Where Content-Length or the head's count says how long the message is, that ends it; the lengths are those of
 * the wire, where every LF of the log was CRLF. */
#include "input/parts.h"

#include "base/out.h"
#include "sip/sip.h"

#include <string.h>

enum { MESSAGE_MAX = 256 * 1024 };

static bool has_bare_lf(str line) {
    if (line.n == 0 || line.p[line.n - 1] != '\n') return false;
    return line.n == 1 || line.p[line.n - 2] != '\r';
}

void firebrick_append(struct firebrick *f, str line, bool keep) {
    isize room = MESSAGE_MAX - f->ntext;
    if (f->ntext == 0) {
        f->head.at = f->offset;
        f->gap = false; /* before the text it cuts nothing */
    }
    if (line.n > room) f->lost += (u64)(line.n - room);
    bool bare = has_bare_lf(line);
    f->wire += line.n + bare;
    f->bare_lf = f->bare_lf || bare;
    line = str_sub(line, 0, room);
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
void firebrick_header(struct firebrick *f, str line) {
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

void firebrick_body_check(struct firebrick *f) {
    if (!body_is_complete(f)) return;
    f->state = FIREBRICK_DONE;
    if (f->gap && f->keep < f->ntext) f->pieced = true;
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
    if (!str_ends(text, S("\n"))) return;
    f->keep -= str_ends(text, S("\r\n")) ? 2 : 1;
}

/* Content-Length: 0 and no blank line after it: whoever copied the text lost the blank line, no more. */
static void blank_line_restore(struct firebrick *f) {
    str eol = f->bare_lf ? S("\n") : S("\r\n");
    if (f->state != FIREBRICK_HEADERS || f->content_length != 0) return;
    if (f->text[f->ntext - 1] != '\n') firebrick_append(f, eol, true);
    firebrick_append(f, eol, true);
    f->pieced = true;
}

static void report_lost(struct firebrick *f) {
    struct out o = {0};
    f->sink.skipped(f->sink.ctx, SKIP_DAMAGED, f->head.line, f->lost);
    out_bytes(&o, f->name);
    if (f->name.n) out_z(&o, ": ");
    if (f->head.line) out_printf(&o, "line %llu: ", (unsigned long long)f->head.line);
    out_printf(&o, "a message is too long and was cut; %llu bytes of it were passed over",
               (unsigned long long)f->lost);
    f->sink.damage(f->sink.ctx, out_str(&o));
    out_drop(&o);
}

/* Gives what is at hand and goes to OUTSIDE. */
void firebrick_give(struct firebrick *f) {
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
    firebrick_give(f);
    f->head = head->seen;
    f->head.source = f->source;
    f->head_size = head->size;
    f->state = FIREBRICK_AFTER_HEAD;
    if (f->style != FIREBRICK_STYLE_NONE && head->style != FIREBRICK_STYLE_NONE)
        f->style = head->style;
    f->ntext = f->keep = 0;
    f->wire = f->wire_keep = f->wire_headers = 0;
    f->content_length = -1;
    f->has_content_type = f->bare_lf = f->gap = f->pieced = false;
    f->lost = 0;
}
