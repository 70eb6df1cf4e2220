/* syslog_frame.c: records in a stream of bytes (RFC 6587).
 *
 *     octet counting   37 <134>1 2014-07-27T… TEXT54 <134>1 …
 *     lines            <134>1 2014-07-27T… TEXT LF  more TEXT LF <134>1 …
 *
 * A line that does not look like a record's start belongs to the record before it: that is how
 * messages of many lines pass through. */
#include "input/parts.h"

enum { RECORD_MAX = 256 * 1024, COUNT_DIGITS = 7 };

/* Without the line end that only frames it: LF, and a CR before it when the record is one line. A longer text
 * keeps that CR, because "…CRLF CRLF" at its end is a SIP message's blank line. */
static str record_trim(str record) {
    if (record.n && record.p[record.n - 1] == '\n') record.n--;
    if (record.n && record.p[record.n - 1] == '\r' && str_find(record, '\n') < 0)
        record.n--;
    return record;
}

static isize line_length(str s) {
    isize end = str_find(s, '\n');
    return end < 0 ? s.n : end + 1;
}

static enum err record_full(str stream, str *record, isize *used) {
    *record = str_sub(stream, 0, RECORD_MAX);
    *used = record->n;
    return ERR_FULL;
}

enum err syslog_lines_next(str stream, bool last, bool (*starts)(str line), str *record,
                           isize *used) {
    isize n = 0;
    *used = 0;
    if (stream.n == 0) return ERR_MORE;
    do {
        str line = str_sub(stream, n, line_length(str_from(stream, n)));
        bool whole = str_ends(line, S("\n"));
        if (n && (whole || last) && starts(line)) break;
        if (n + line.n > RECORD_MAX) return record_full(stream, record, used);
        if (!whole && !last) return ERR_MORE;
        n += line.n;
    } while (n < stream.n);
    if (n == stream.n && !last) return ERR_MORE;
    *record = record_trim(str_sub(stream, 0, n));
    *used = n;
    return ERR_OK;
}

static bool starts_with_priority(str line) {
    return line.n && line.p[0] == '<' && syslog_line_starts(line);
}

/* "37 " before "<": the digits' number, 0 where there is no count. *header is the length of "37 ". */
static isize octet_count(str stream, isize *header) {
    isize n = 0;
    while (n < stream.n && n < COUNT_DIGITS && is_digit(stream.p[n])) n++;
    *header = n + 1;
    if (n == 0 || stream.p[0] == '0' || n + 1 >= stream.n) return 0;
    if (stream.p[n] != ' ' || stream.p[n + 1] != '<') return 0;
    return (isize)str_u64(str_sub(stream, 0, n), RECORD_MAX).value;
}

/* Could more bytes turn this into a count? */
static bool count_is_open(str stream) {
    isize n = 0;
    while (n < stream.n && is_digit(stream.p[n])) n++;
    if (n == 0 || n > COUNT_DIGITS) return false;
    return n == stream.n || (stream.p[n] == ' ' && n + 1 == stream.n);
}

enum err syslog_frame_next(str stream, bool last, str *record, isize *used) {
    isize header, count = octet_count(stream, &header);
    *used = 0;
    *record = (str){0};
    if (count == 0 && !last && count_is_open(stream)) return ERR_MORE;
    if (count == 0)
        return syslog_lines_next(stream, last, starts_with_priority, record, used);
    if (stream.n - header < count && !last) return ERR_MORE;
    *record = str_sub(stream, header, count);
    *used = header + record->n;
    return count == RECORD_MAX ? ERR_FULL : ERR_OK;
}
