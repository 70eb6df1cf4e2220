/* input.h: the ways in. Each file of this folder knows one; all of them end in an input_sink.
 *
 *     file, standard input ──recognised by content──> capture (libpcap) ─┐
 *                                                 └─> device log ────────┼─> input_sink
 *     UDP, TCP ──> syslog ──> device log ───────────────────────────────┘
 *
 * Readers of text and of datagrams take bytes, so that a fuzzer can drive them; only input_file and
 * the listeners touch the operating system. */
#ifndef SIPWEAVE_INPUT_H
#define SIPWEAVE_INPUT_H

#include "trace/sighting.h"

struct input_options {
    i32 zone_s;    /* for stamps that carry no zone: seconds east of UTC */
    i32 base_year; /* for stamps that carry no year; 0: the year of the file's last change */
};

/* Opens `path` ("-": standard input), recognises the format by content, and reads it to its end into the sink.
 * What is damaged is reported to the sink and the rest still read. Fails only when nothing can be read at all:
 * *sentence (in the arena) then says why, with file and place. */
struct input_file;
must_use enum err input_file_read(const char *path, const struct input_options *o,
                                  const struct input_sink *sink, arena *boot,
                                  str *sentence);
/* The files stay open behind the sources that they announced, for source_read; this closes all of them. */
void input_files_close(void);

/* ---- readers of bytes ------------------------------------------------------------------------ */

/* FireBrick log text (LOGFORMATS.md 1), fed in pieces of any size: a file, a pipe, or syslog text.
 * One reader for one capture point; keeps at most one message. */
struct firebrick {
    struct input_sink sink;
    u32 source;
    i32 zone_s;
    bool
        in_place; /* the bytes stand in the source as they are: sightings get their offset */
    u64 offset, line; /* of the next byte to be fed */
    /* the head that was read last, and the text after it so far */
    struct sighting head;
    bool have_head;
    u64 text_at, text_line;
    u8 *text;
    isize ntext, cap_text;
    /* an unfinished line */
    u8 *part;
    isize npart, cap_part;
};
void firebrick_init(struct firebrick *f, const struct input_sink *sink, u32 source);
void firebrick_feed(struct firebrick *f, str bytes);
void firebrick_finish(
    struct firebrick
        *f); /* at the end, or when no more comes for a while: gives the last message */
void firebrick_drop(struct firebrick *f);

/* Is this line the head of a message ("… VoIP Rx 17 a:p->b:p")? Fills time, addresses, vantage and attempt. */
bool firebrick_head_read(str line, i32 zone_s, struct sighting *head);

/* One syslog record (RFC 5424, RFC 3164, or a relay's double header): its time, host, program and text.
 * Slices lie inside the datagram. Never fails: what has no header is all text. */
struct syslog_record {
    i64 time_us;
    u32 precision_us; /* 0: it carried no time */
    int priority;     /* -1 where absent */
    str host, program, text;
};
struct syslog_record syslog_record_read(str datagram, i64 now_us, i32 zone_s);

/* RFC 6587: takes the next record off a TCP stream; octet-counted, or ended by LF (a line that begins with a blank or with
 * no "<" continues the record before it). ERR_MORE: not all there (`last`: the stream has ended, give what is there).
 * *used is how many bytes to drop. */
must_use enum err syslog_frame_next(str stream, bool last, str *record, isize *used);

/* Syslog of many hosts: puts split messages together, undoes #012 escapes, gives sightings. Time is an argument. */
struct syslog;
struct syslog *syslog_open(const struct input_sink *sink, i32 zone_s);
void syslog_feed(struct syslog *s, str datagram, const struct endpoint *from, i64 now_us);
/* Gives messages that wait for more text since before now_us - 200 ms. Call it a few times a second. */
void syslog_tick(struct syslog *s, i64 now_us);
void syslog_close(struct syslog *s); /* gives what is left, then releases */

#endif
