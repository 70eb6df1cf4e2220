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

/* The same by two threads. One reads ahead, and makes digests of most messages, beside the caller's, which alone calls `take` and the
 * sink: in the order of the file, each message either as a digest or, for the sink to do all of the work on it, as a sighting. Which
 * of these depends on who is busy, so both have to come to the same. `boot` is not to be used by them. */
struct digest;
struct input_ahead {
    /* Asks nothing but the sighting. False: it is no SIP after all, which the sink is told as skipped. */
    bool (*digest)(struct digest *d, const struct sighting *s, arena *a);
    void (*take)(void *ctx, struct digest *const *digests, isize n);
};
must_use enum err input_file_ahead(const char *path, const struct input_options *o,
                                   const struct input_sink *sink,
                                   const struct input_ahead *how, arena *boot,
                                   str *sentence);
/* The files stay open behind the sources that they announced, for source_read; this closes all of them. */
void input_files_close(void);

/* ---- readers of bytes ------------------------------------------------------------------------ */

/* FireBrick log text (LOGFORMATS.md 1), fed in pieces of any size: a file, a pipe, or syslog text.
 * One reader for one capture point; keeps at most one message and one line, 256 KiB each.
 *
 *                    head line                SIP start line           blank line
 *     OUTSIDE ─────────────────> AFTER_HEAD ─────────────> HEADERS ─────────────> BODY
 *        ^                          │ text that is no SIP                          │ Content-Length reached
 *        └──────────────────────────┴───────────── blank line, log line ── DONE <──┘
 *
 * In every state the next head line gives the message before it. Log lines of other parts of the device may
 * stand inside a message; they are counted, and the message is given without them. */
struct firebrick {
    /* to be set between init and the first feed, where the defaults do not fit */
    i32 zone_s;
    bool
        in_place; /* the bytes stand in the source as they are: sightings get their offset */
    u64 offset, line; /* of the line that is being put together */
    str name;         /* of the file, for sentences; keeps */
    enum firebrick_style {
        FIREBRICK_STYLE_ANY,  /* until the first head shows it */
        FIREBRICK_STYLE_OWN,  /* "27 Jul 2014 08:02:21" */
        FIREBRICK_STYLE_ISO,  /* "2014-07-27T08:02:21" */
        FIREBRICK_STYLE_NONE, /* no stamps but heads: text of syslog */
    } style;                  /* how lines of other parts of the device begin */
    /* private */
    struct input_sink sink;
    u32 source;
    enum firebrick_state {
        FIREBRICK_OUTSIDE,
        FIREBRICK_AFTER_HEAD,
        FIREBRICK_HEADERS,
        FIREBRICK_BODY,
        FIREBRICK_DONE,
    } state;
    struct sighting head; /* of the message at hand */
    i64 head_size;        /* how long the head says it is, -1: it does not */
    u8 *text;
    isize ntext, cap_text;
    isize keep;         /* of text: without the blank lines at its end */
    i64 wire;           /* length of text as it was sent, with CRLF for LF */
    i64 wire_keep;      /* the same of `keep` */
    i64 wire_headers;   /* where the body starts */
    i64 content_length; /* -1: not known */
    bool has_content_type, bare_lf;
    bool gap;    /* another part's line came after the last line of the text */
    bool pieced; /* the text is not one run of the source's bytes */
    u64 lost;    /* bytes past what one message may have */
    u64 junk,
        junk_line; /* bytes of the block at hand that belong to no message; its first line */
    bool junk_binary;
    u8 *part; /* an unfinished line */
    isize npart, cap_part;
    bool in_long_line, long_is_text;
};
void firebrick_init(struct firebrick *f, const struct input_sink *sink, u32 source);
void firebrick_feed(struct firebrick *f, str bytes);
/* At the end, or when no more comes for a while: gives the last message. */
void firebrick_finish(struct firebrick *f);
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
    str tagged; /* the text with the program before it, as far as RFC 3164's tag gave it */
};
struct syslog_record syslog_record_read(str datagram, i64 now_us, i32 zone_s);

/* RFC 6587: takes the next record off a TCP stream; octet-counted, or ended by LF (a line that begins with a blank or with
 * no "<" continues the record before it). ERR_MORE: not all there (`last`: the stream has ended, give what is there).
 * ERR_FULL: a record of more than 256 KiB; what fits is given, the rest comes as a record of its own.
 * *used is how many bytes to drop; 0 with ERR_MORE. The line end after a record is not part of it. */
must_use enum err syslog_frame_next(str stream, bool last, str *record, isize *used);

/* Syslog of many hosts (at most 4096; what others send is counted and told): puts split messages together,
 * undoes #012 escapes, gives sightings. Time is an argument. */
struct syslog;
struct syslog *syslog_open(const struct input_sink *sink, i32 zone_s);
void syslog_feed(struct syslog *s, str datagram, const struct endpoint *from, i64 now_us);
/* Gives messages that wait for more text since before now_us - 200 ms. Call it a few times a second. */
void syslog_tick(struct syslog *s, i64 now_us);
void syslog_close(struct syslog *s); /* gives what is left, then releases */

#endif
