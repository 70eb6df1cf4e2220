/* parts.h: what the files of this folder share; nobody outside includes it.
 *
 *     input_file_read ──> struct input_job ──> one of input_formats ──> the reader of that format
 */
#ifndef SIPWEAVE_INPUT_PARTS_H
#define SIPWEAVE_INPUT_PARTS_H

#include "input/input.h"

/* ---- a file or pipe, front to back ------------------------------------------------------------ */

/* Bytes in bounded memory: a window on the file that also remembers what was given last.
 *
 *     base                  at               n        cap
 *      |---- given before ---|--- to give ---|  room   |
 */
struct stream {
    int fd;
    u8 *buf;
    isize n, at, cap;
    isize history; /* how much of what was given has to stay: 0, or STREAM_HISTORY */
    u64 base;      /* where buf[0] stands in the file */
    int error;     /* errno of a failed read; 0 */
    bool ended;
};

enum {
    STREAM_SNIFF = 64 * 1024,
    STREAM_HISTORY = 384 * 1024,
    STREAM_WHOLE = 384 * 1024, /* with the history, less than the window */
};

/* Fills the window as far as STREAM_SNIFF without giving anything: for recognising formats. */
str stream_sniff(struct stream *s);
/* What is there, at least one byte; empty at the end. Valid until the next call. */
str stream_next(struct stream *s);
/* The same, at most n bytes of it. */
str stream_take(struct stream *s, isize n);
/* What is there without giving it: at least n bytes (at most STREAM_WHOLE) in one piece, less only at the end. */
str stream_look(struct stream *s, isize n);
void stream_skip(struct stream *s, isize n); /* gives n bytes of that */
u64 stream_offset(const struct stream *s);   /* of the next byte to be given */
/* Is `bytes` what stands at that offset? Only what was given lately can be compared. */
bool stream_had(const struct stream *s, u64 offset, str bytes);
void stream_drop(struct stream *s);

/* ---- one file being read ----------------------------------------------------------------------- */

struct input_job {
    const struct input_options *options;
    const struct input_sink *sink;
    arena *boot;
    str *sentence;
    str path;       /* as given, for sentences */
    str name;       /* without its folder */
    str device;     /* what a log's name says about its device; may be empty */
    i64 changed_us; /* of the file's last change */
    struct stream in;
    source_read *read; /* gives bytes of the file back; NULL for a pipe */
    void *read_ctx;
    bool keep_open; /* set by the reader: a source was announced with `read` */
};

struct input_format {
    const char *name; /* in a sentence: "pcap" */
    bool (*recognise)(str head);
    enum err (*read)(struct input_job *job);
};

bool capture_recognise(str head);
bool capture_ng_recognise(str head);
enum err capture_read(struct input_job *job);
bool firebrick_recognise(str head);
enum err firebrick_file_read(struct input_job *job);
bool syslog_file_recognise(str head);
enum err syslog_file_read(struct input_job *job);

/* ---- sifting -------------------------------------------------------------------------------------- */

/* Is this what devices send to keep a path through a NAT open (RFC 5626 §3.5.1, and vendors' own)? */
bool input_is_keep_alive(str payload);

/* ---- lines ------------------------------------------------------------------------------------------ */

/* A stamp at the start of a log line; n is 0 where there is none. Blanks after it are counted in n. */
struct stamp {
    i64 us;
    u32 precision_us;
    isize n;
};
struct stamp stamp_firebrick(str line, i32 zone_s); /* "27 Jul 2014 08:02:21 " */
struct stamp stamp_iso(str line, i32 zone_s);       /* "2014-07-27T08:02:21.123456Z " */
/* "Jul 27 08:02:21 ": the year is the one that puts it nearest before now_us (a day ahead is allowed). */
struct stamp stamp_bsd(str line, i64 now_us, i32 zone_s);

/* What follows the stamp: "voip-udp-rx VoIP Tx 17 a->b Try 0 319". Fills all of *head but its time. */
struct firebrick_head {
    struct sighting seen;
    str module;
    i64 size; /* the length after "Try n", -1 where there is none */
    enum firebrick_style style;
};
bool firebrick_head_words(str words, struct firebrick_head *head);
/* The same with its stamp before it. Where it is no head, head->style still says which stamp it begins with. */
bool firebrick_head_line(str line, i32 zone_s, struct firebrick_head *head);

/* Gives the message at hand and begins another; its text follows by firebrick_feed. */
void firebrick_begin(struct firebrick *f, const struct firebrick_head *head);
/* The parts of that, for firebrick.c: a line of text (`keep`: not a blank line that may be trimmed), what a
 * header says about the end, whether the body has reached it, and the message given to the sink. */
void firebrick_append(struct firebrick *f, str line, bool keep);
void firebrick_header(struct firebrick *f, str line);
void firebrick_body_check(struct firebrick *f);
void firebrick_give(struct firebrick *f);
/* Gives the message when it is complete; is none pending any more? `eol_may_be_lost`: complete but for the
 * line ends at its end counts too, and they are put back. */
bool firebrick_settle(struct firebrick *f, bool eol_may_be_lost);
void firebrick_trim(struct firebrick *f); /* gives its memory back between messages */

/* ---- syslog ------------------------------------------------------------------------------------------- */

/* Does a syslog record of a saved file start with this line? */
bool syslog_line_starts(str line);
/* syslog_frame_next for records that begin where `starts` says so. */
must_use enum err syslog_lines_next(str stream, bool last, bool (*starts)(str line),
                                    str *record, isize *used);

/* How line ends were written into one line: not at all, "#012", "\\012", "\\n". */
enum escape { ESCAPE_NONE, ESCAPE_HASH, ESCAPE_OCTAL, ESCAPE_LETTER };
enum escape escape_detect(str text);
/* Writes text without its escapes, at most text.n bytes; gives how many. */
isize escape_undo(enum escape kind, str text, u8 *to);

/* One program of one host. */
struct syslog_lane {
    struct firebrick text;
    struct endpoint from;
    i64 touched_us; /* when its last record came */
    enum escape escape;
    bool waits;   /* a message is not complete */
    bool by_line; /* every record is one line */
};
/* May this record's text belong to the message that the lane waits for? Other records of the same program
 * between its lines look like no header. */
bool syslog_lane_accepts(const struct syslog_lane *l, str text);
/* Adds text, gives the message when it is complete. */
void syslog_lane_text(struct syslog_lane *l, str text);
void syslog_lane_finish(struct syslog_lane *l); /* gives what is there */

/* For a saved file: `prefix` goes before each host in the source's name; `patience_us` is how long
 * a message may wait for its rest, by the records' own time. */
void syslog_saved(struct syslog *s, str prefix, i64 patience_us);
/* syslog_feed with the place that sightings and skips get. */
void syslog_feed_at(struct syslog *s, str datagram, const struct endpoint *from,
                    i64 now_us, u64 line);

#endif
