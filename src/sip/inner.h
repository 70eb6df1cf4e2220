/* inner.h: what the files of src/sip share among themselves; nobody else includes it.
 *
 * Value parsers work on a whole value and an offset in it, so that a failure points at a byte.
 * They go on after a failure and keep the first one:
 *
 *     *f = {0} ── sip_fail(f, at, why) records once ──> return f->err */
#ifndef SIPWEAVE_SIP_INNER_H
#define SIPWEAVE_SIP_INNER_H

#include "sip/sip.h"

/* ---- classes of bytes (RFC 3261 §25.1) ----------------------------------------------------- */

enum {
    SIP_CH_TOKEN = 1, /* token */
    SIP_CH_WORD = 2,  /* word: a Call-ID */
    SIP_CH_USER =
        4, /* the user part of a URI, and its password; here and below without % */
    SIP_CH_HOST = 8,    /* a host name or IPv4 address; "_" too, as found in the field */
    SIP_CH_PARAM = 16,  /* URI parameters with their ; and = */
    SIP_CH_HEADER = 32, /* URI headers with their & and = */
    SIP_CH_LWS = 64,    /* SP, HTAB, and the CR and LF of a fold */
    SIP_CH_VALUE = 128  /* a parameter's value outside quotes: token or host */
};

extern const u8 sip_chars[256];

static inline bool sip_is(u8 c, u8 classes) {
    return (sip_chars[c] & classes) != 0;
}

/* The offset of the first byte at or after `at` that is in none of the classes; s.n when all are. */
static inline isize sip_span(str s, isize at, u8 classes) {
    while (at < s.n && sip_is(s.p[at], classes)) at++;
    return at;
}

/* ---- failures ------------------------------------------------------------------------------ */

extern const char sip_why_quote[]; /* a note of its own: SIP_NOTE_QUOTE */
extern const char sip_why_no_start[];
extern const char sip_why_cseq_range[]; /* a note of its own: SIP_NOTE_CSEQ_RANGE */

static inline void sip_fail(struct fail *f, isize at, const char *why) {
    if (f->err == ERR_OK) *f = (struct fail){ERR_SYNTAX, at, why};
}

/* As str_u64, without a division for every digit: nearly all numbers of a message are short. */
static inline struct str_number sip_number(str s, u64 max) {
    u64 value = 0;
    if (s.n == 0 || s.n > 10) return str_u64(s, max);
    for (isize i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) return (struct str_number){0};
        value = value * 10 + (u64)(s.p[i] - '0');
    }
    if (value > max) return (struct str_number){.value = max};
    return (struct str_number){value, true};
}

/* ---- pieces of values ---------------------------------------------------------------------- */

/* The offset past the closing quote of the string that opens at `at`, or -1. */
isize sip_quote_end(str s, isize at);

/* Reads host[:port] at `at`; gives the offset after it. White space around the colon only with `lws` (Via). */
struct sip_hostport {
    str host; /* an IPv6 host without its brackets */
    u16 port; /* 0: none */
};
isize sip_host_read(str s, isize at, bool lws, struct sip_hostport *h, struct fail *f);

/* The next parameter at *at, as sip_param_next, and what is wrong with it. False at the end. */
bool sip_param_read(str s, isize *at, struct sip_param *p, struct fail *f);

/* Like sip_list_next, but an empty item before a comma is an item too. */
bool sip_list_item(str *rest, str *item);

/* An address that is as nearly all are: a name or none, a URI in angle brackets, a tag or none. False: look closer. */
bool sip_addr_usual(struct sip_addr *a, str value);
/* sip_addr_parse and sip_uri_parse without their short cuts. */
enum err sip_addr_parse_closely(struct sip_addr *a, str value, struct fail *f);
enum err sip_uri_parse_closely(struct sip_uri *u, str value, struct fail *f);

/* ---- the message --------------------------------------------------------------------------- */

/* The start line of the message at the front of `bytes`, after what may stand before it. */
struct sip_start {
    isize at;   /* where it starts */
    isize next; /* the offset past its line end; bytes.n when it has none */
    str line;   /* without its line end */
    bool response, ended;
};
bool sip_start_find(str bytes, struct sip_start *s);
/* The same for the usual one: nothing before it, its line end there, and one blank between its parts. False: look closer. */
bool sip_start_usual(str bytes, struct sip_start *s);
/* Could more bytes make a start line of this? For a stream whose first line has no end yet. */
bool sip_start_possible(str bytes);
void sip_start_read(struct sip_msg *m, const struct sip_start *s);
/* The same for one that sip_start_usual found; without remarks. False: nothing was read, look closer. */
bool sip_start_take(struct sip_msg *m, const struct sip_start *s);

/* One header line with its folds; SIP_LINE_CUT: the bytes end before its line end. */
enum sip_line_kind { SIP_LINE_HEADER, SIP_LINE_BLANK, SIP_LINE_CUT };
struct sip_line {
    str text;      /* without the last line end */
    isize bare_lf; /* offset in the bytes of the first LF without a CR, or -1 */
};
enum sip_line_kind sip_line_next(str bytes, isize *at, struct sip_line *line);

/* Splits a header line; false where it has no colon. *odd: the first byte of the name that is no
 * token's, or -1. */
bool sip_header_split(str text, struct sip_header *h, isize *odd);

/* As sip_header_from_name for a full name in its usual spelling; SIP_HDR_OTHER: look closer. Read a word at a time: n,
 * rounded up to eights, bytes are readable. */
enum sip_header_id sip_header_known(const u8 *p, isize n);
/* The same for the name before the first ":" of a line, whose place is *colon then; line.n where there is none. So many bytes as
 * `room` are readable, line.n or more. */
enum sip_header_id sip_header_begins(str line, isize room, isize *colon);

/* What one pass over the headers gathers beside the message itself. */
struct sip_pass {
    u64 seen;           /* a bit for every enum sip_header_id */
    i64 content_length; /* -1: none, or none that can be read */
    bool bare_lf;
};

void sip_msg_init(struct sip_msg *m, str bytes);
/* Notes that a header of this kind is among headers[]. */
static inline void sip_header_count(struct sip_msg *m, enum sip_header_id id) {
    m->again |= m->present & (u64)1 << id;
    m->present |= (u64)1 << id;
}
/* Keeps a header; *h is filled. False where the line is none. Notes what is wrong with it. */
bool sip_header_keep(struct sip_msg *m, str text, struct sip_header *h);

void sip_note_add(struct sip_msg *m, enum sip_note_code code, isize at, isize n);
/* A note on a part of the message; empty parts too, where p is not NULL. */
void sip_note_part(struct sip_msg *m, enum sip_note_code code, str part);

/* Decodes and checks the headers that everything needs, and notes what is wrong with them. */
void sip_header_check(struct sip_msg *m, const struct sip_header *h,
                      struct sip_pass *pass);
/* Notes what asks for more than the usual: schemes, types, extensions. */
void sip_demand_check(struct sip_msg *m, const struct sip_header *h);
/* Notes bytes that have no place in a head. */
void sip_bytes_check(struct sip_msg *m);
/* Sets m->body from what follows the head, and notes what does not fit. */
void sip_body_read(struct sip_msg *m, isize at, const struct sip_pass *pass);
/* How many bytes of `rest` are the body when its sender counted n. -1: they are not all there. */
isize sip_body_length(str rest, i64 n, bool bare_lf);

#endif
