/* syslog_lane.c: how the text of one message arrives in the records of one program.
 *
 *     whole     head LF line LF line LF …         one record, with line ends or with escapes for them
 *     by line   head | line | line | …            one record a line: each gets its LF here
 *     split     head LF line LF li | ne LF …      cut at a size, perhaps inside a line
 *
 * Whether a record that follows an unfinished line goes on with it or begins another is a guess; see
 * begins_a_line. */
#include "input/parts.h"

#include "sip/sip.h"

enum { TEXT_MAX = 64 * 1024, KEEP_BUFFER = 16 * 1024 };

void syslog_lane_finish(struct syslog_lane *l) {
    firebrick_finish(&l->text);
    l->waits = false;
    if (l->text.cap_text + l->text.cap_part > KEEP_BUFFER) firebrick_trim(&l->text);
}

static bool known_name(str name) {
    return sip_header_from_name(str_trim(name)) != SIP_HDR_OTHER;
}

/* Could what came of the line so far be all of it? */
static bool part_is_a_line(const struct firebrick *f) {
    str part = {f->part, f->npart};
    if (f->state == FIREBRICK_AFTER_HEAD)
        return str_starts(part, S("SIP/")) || str_ends(part, S(" SIP/2.0"));
    if (f->state == FIREBRICK_BODY) return part.n > 1 && part.p[1] == '=';
    return str_find(part, ':') > 0;
}

/* The text before ended inside a line or just before its end. Was it the sender's cut, or did a line end get lost?
 * Most cuts are at a size, so only what surely begins a header or a line of SDP is taken as a new line. */
static bool begins_a_line(const struct firebrick *f, str text) {
    struct str_pair field = str_cut(text, ':');
    if (text.n < 2 || !is_alpha(text.p[0]) || !part_is_a_line(f)) return false;
    if (f->state == FIREBRICK_BODY)
        return text.p[1] == '=' && str_find(S("vosiuepcbtrzkam"), text.p[0]) >= 0;
    if (!field.ok || !known_name(field.head)) return false;
    return field.head.n > 1 || str_starts(field.tail, S(" "));
}

bool syslog_lane_accepts(const struct syslog_lane *l, str text) {
    const struct firebrick *f = &l->text;
    bool blank = str_trim(text).n == 0;
    if (f->npart || blank) return true;
    if (f->state == FIREBRICK_AFTER_HEAD) return sip_looks_like_start(text);
    if (f->state == FIREBRICK_BODY || !l->by_line) return true;
    struct str_pair field = str_cut(text, ':');
    bool header = field.ok && str_find(str_trim(field.head), ' ') < 0;
    return header || is_blank(text.p[0]) || str_starts(text, S("v=0"));
}

void syslog_lane_text(struct syslog_lane *l, str text) {
    struct firebrick *f = &l->text;
    if (f->ntext + f->npart + text.n > TEXT_MAX) { /* no UDP message is that long */
        f->lost += (u64)text.n;
        syslog_lane_finish(l);
        return;
    }
    bool line_end = str_ends(text, S("\n"));
    if (str_find(str_trim(text), '\n') >= 0) l->by_line = false;
    if (f->npart && begins_a_line(f, text)) firebrick_feed(f, S("\n"));
    firebrick_feed(f, text);
    if (l->by_line && !line_end) firebrick_feed(f, S("\n"));
    l->waits = !firebrick_settle(f, !l->by_line);
    if (!l->waits) syslog_lane_finish(l);
}
