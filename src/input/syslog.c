/* syslog.c: messages out of the syslog records of many hosts.
 *
 *     record ──host, program──> lane ──text──> struct firebrick ──> sink
 *
 * A lane is one program of one host; it exists once that program has written a head ("VoIP Rx 17 a->b").
 * A record without a head belongs to the message that its lane still waits for. How text arrives:
 *
 *     whole     head LF line LF line LF …         one record, with line ends or with escapes for them
 *     by line   head | line | line | …            one record a line: each gets its LF here
 *     split     head LF line LF li | ne LF …      cut at a size, perhaps inside a line
 *
 * A message that is complete is given at once, others when their lane was quiet for `patience_us`. */
#include "input/parts.h"

#include "base/map.h"
#include "base/out.h"
#include "sip/sip.h"

#include <string.h>

enum {
    HOSTS_MAX = 4096,
    LANES_MAX = 4096,
    TEXT_MAX = 64 * 1024,
    KEEP_BUFFER = 16 * 1024
};

struct lane {
    struct firebrick text;
    struct endpoint from;
    i64 touched_us; /* when its last record came */
    enum escape escape;
    bool waits;   /* a message is not complete */
    bool by_line; /* every record is one line */
};

struct syslog {
    struct input_sink sink;
    i32 zone_s;
    i64 patience_us;
    bool saved;  /* the records' own stamps tell when they came */
    i64 came_us; /* the last of them */
    str prefix;
    struct str_table hosts;
    u32 *sources; /* by host number - 1 */
    isize nsources, cap_sources;
    struct str_table names; /* "host NUL program", by lane number */
    struct lane *lanes;
    isize nlanes, cap_lanes;
    u32 last; /* lane that was fed last; 0: none */
    bool full_told;
    u8 *key, *plain;
    isize cap_key, cap_plain;
};

/* ---- hosts and lanes --------------------------------------------------------------------------------- */

static bool is_address(str host) {
    struct endpoint e;
    return endpoint_read(&e, host);
}

static u32 host_source(struct syslog *s, str host) {
    u32 number = str_table_add(&s->hosts, host);
    if (number <= (u32)s->nsources) return s->sources[number - 1];
    struct out name = {0};
    out_bytes(&name, s->prefix);
    out_bytes(&name, host);
    struct source source = {.name = out_str(&name), .kind = SOURCE_SYSLOG};
    if (!is_address(host)) source.device = host;
    s->sources = base_grow(s->sources, &s->cap_sources, s->nsources + 1,
                           (isize)sizeof *s->sources);
    s->sources[s->nsources] = s->sink.source(s->sink.ctx, &source);
    out_drop(&name);
    return s->sources[s->nsources++];
}

static str lane_key(struct syslog *s, str host, str program) {
    isize n = host.n + 1 + program.n;
    s->key = base_grow(s->key, &s->cap_key, n, 1);
    if (host.n) memcpy(s->key, host.p, (size_t)host.n);
    s->key[host.n] = 0;
    if (program.n) memcpy(s->key + host.n + 1, program.p, (size_t)program.n);
    return (str){s->key, n};
}

/* The number of the lane, if it waits for more text; else 0. */
static u32 lane_waiting(struct syslog *s, str host, str program) {
    u32 number = str_table_find(&s->names, lane_key(s, host, program));
    return number && s->lanes[number - 1].waits ? number : 0;
}

/* The lane's number, made where it is new; 0 where there is no room. */
static u32 lane_for(struct syslog *s, str host, str program) {
    u32 number = str_table_find(&s->names, lane_key(s, host, program));
    if (number) return number;
    bool new_host = str_table_find(&s->hosts, host) == 0;
    if (s->nlanes == LANES_MAX || (new_host && s->nsources == HOSTS_MAX)) return 0;
    u32 source = host_source(s, host);
    s->lanes = base_grow(s->lanes, &s->cap_lanes, s->nlanes + 1, (isize)sizeof *s->lanes);
    struct lane *l = &s->lanes[s->nlanes++];
    firebrick_init(&l->text, &s->sink, source);
    l->text.zone_s = s->zone_s;
    l->text.style = FIREBRICK_STYLE_NONE;
    number = str_table_add(&s->names, lane_key(s, host, program));
    must(number == (u32)s->nlanes);
    return number;
}

/* ---- text --------------------------------------------------------------------------------------------- */

static void lane_finish(struct lane *l) {
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

/* Records of the same program between the lines of a message: they look like no header. */
static bool lane_accepts(const struct lane *l, str text) {
    const struct firebrick *f = &l->text;
    bool blank = str_trim(text).n == 0;
    if (f->npart || blank) return true;
    if (f->state == FIREBRICK_AFTER_HEAD) return sip_looks_like_start(text);
    if (f->state == FIREBRICK_BODY || !l->by_line) return true;
    struct str_pair field = str_cut(text, ':');
    bool header = field.ok && str_find(str_trim(field.head), ' ') < 0;
    return header || is_blank(text.p[0]) || str_starts(text, S("v=0"));
}

static void lane_text(struct lane *l, str text) {
    struct firebrick *f = &l->text;
    bool line_end = str_ends(text, S("\n"));
    if (str_find(str_trim(text), '\n') >= 0) l->by_line = false;
    if (f->npart && begins_a_line(f, text)) firebrick_feed(f, S("\n"));
    firebrick_feed(f, text);
    if (l->by_line && !line_end) firebrick_feed(f, S("\n"));
    l->waits = !firebrick_settle(f, !l->by_line);
    if (!l->waits) lane_finish(l);
}

/* Text with its escapes undone; borrows until the next call. */
static str plain_text(struct syslog *s, enum escape kind, str text) {
    if (kind == ESCAPE_NONE) return text;
    s->plain = base_grow(s->plain, &s->cap_plain, text.n + 1, 1);
    return (str){s->plain, escape_undo(kind, text, s->plain)};
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* The head on the first line of text, with the best time that there is. */
static bool head_read(const struct syslog *s, str line, const struct syslog_record *r,
                      i64 now_us, struct firebrick_head *head) {
    if (firebrick_head_line(line, s->zone_s, head)) {
        /* the record's stamp may be the same one, only finer */
        i64 past = r->time_us - head->seen.time_us;
        if (r->precision_us == 0 || past < 0 || past >= (i64)head->seen.precision_us)
            return true;
    } else if (!firebrick_head_words(line, head)) {
        return false;
    }
    head->seen.time_us = r->precision_us ? r->time_us : now_us;
    head->seen.precision_us = r->precision_us ? r->precision_us : 1000000;
    return true;
}

static void tell_full(struct syslog *s) {
    struct out o = {0};
    if (s->full_told) return;
    s->full_told = true;
    out_bytes(&o, s->prefix);
    out_printf(&o,
               "more than %d hosts and programs send SIP by syslog; what the others send "
               "is passed over",
               LANES_MAX);
    s->sink.damage(s->sink.ctx, out_str(&o));
    out_drop(&o);
}

struct arrival {
    str datagram, host;
    struct endpoint from;
    i64 now_us;
    u64 line;
};

static void take_head(struct syslog *s, const struct arrival *a, str program,
                      struct firebrick_head *head, enum escape escape, str text) {
    u32 number = lane_for(s, a->host, program);
    if (number == 0) {
        s->sink.skipped(s->sink.ctx, SKIP_OVERFLOW, a->line, (u64)a->datagram.n);
        tell_full(s);
        return;
    }
    struct lane *l = &s->lanes[number - 1];
    if (l->waits) lane_finish(l);
    head->seen.line = a->line;
    firebrick_begin(&l->text, head);
    l->text.line = a->line;
    l->from = a->from;
    l->touched_us = a->now_us;
    l->escape = escape;
    l->by_line = text.n == 0;
    l->waits = true;
    s->last = number;
    if (text.n) lane_text(l, text);
}

/* The lane that waits for this record, and the part of the record that is the message's. */
static u32 continued_lane(struct syslog *s, const struct arrival *a,
                          const struct syslog_record *r, str *text) {
    u32 number = lane_waiting(s, a->host, r->program);
    *text = r->text;
    if (number) return number;
    /* "voip-udp-rx Via: …": a program without a colon after it */
    struct str_pair tag = str_cut(r->tagged, ' ');
    number = lane_waiting(s, a->host, tag.head);
    *text = tag.tail;
    if (number) return number;
    /* "Via: …" alone, which looks like a program */
    number = lane_waiting(s, a->host, (str){0});
    *text = r->tagged;
    if (number) return number;
    /* the rest of a split message, without any header */
    bool bare = r->priority < 0 && r->host.n == 0 && r->precision_us == 0;
    if (!bare || !s->last || !s->lanes[s->last - 1].waits) return 0;
    return endpoint_eq(&s->lanes[s->last - 1].from, &a->from) ? s->last : 0;
}

static void take_rest(struct syslog *s, const struct arrival *a,
                      const struct syslog_record *r) {
    str text;
    u32 number = continued_lane(s, a, r, &text);
    struct lane *l = number ? &s->lanes[number - 1] : NULL;
    if (l) text = plain_text(s, l->escape, text);
    if (l && a->now_us - l->touched_us > s->patience_us) {
        lane_finish(l);
        l = NULL;
    }
    if (!l || !lane_accepts(l, text)) {
        s->sink.skipped(s->sink.ctx, SKIP_SYSLOG, a->line, (u64)a->datagram.n);
        return;
    }
    l->touched_us = a->now_us;
    s->last = number;
    lane_text(l, text);
}

static str host_of(const struct syslog_record *r, const struct endpoint *from, arena *a) {
    if (r->host.n) return str_sub(r->host, 0, 255);
    return from ? endpoint_ip_text(a, from) : S("unknown");
}

void syslog_feed_at(struct syslog *s, str datagram, const struct endpoint *from,
                    i64 now_us, u64 line) {
    u8 scratch[128];
    arena names = {scratch, scratch, scratch + sizeof scratch};
    struct syslog_record r = syslog_record_read(datagram, now_us, s->zone_s);
    struct arrival a = {.datagram = datagram, .now_us = now_us, .line = line};
    struct firebrick_head head;
    a.host = host_of(&r, from, &names);
    if (from) a.from = *from;
    if (s->saved) {
        if (r.precision_us) s->came_us = r.time_us;
        a.now_us = s->came_us;
    }
    r.program = str_sub(r.program, 0, 255);
    while (r.text.n && r.text.p[r.text.n - 1] == 0)
        r.text.n--; /* C strings of some senders */
    enum escape escape = escape_detect(r.text);
    str text = plain_text(s, escape, r.text);
    struct str_pair first = str_cut(text, '\n');
    if (head_read(s, first.head, &r, now_us, &head)) {
        take_head(s, &a, r.program, &head, escape, first.tail);
    } else {
        take_rest(s, &a, &r);
    }
}

void syslog_feed(struct syslog *s, str datagram, const struct endpoint *from,
                 i64 now_us) {
    syslog_feed_at(s, datagram, from, now_us, 0);
}

void syslog_tick(struct syslog *s, i64 now_us) {
    for (isize i = 0; i < s->nlanes; i++) {
        struct lane *l = &s->lanes[i];
        if (l->waits && now_us - l->touched_us > s->patience_us) lane_finish(l);
    }
}

struct syslog *syslog_open(const struct input_sink *sink, i32 zone_s) {
    isize cap = 0;
    struct syslog *s = base_grow(NULL, &cap, (isize)sizeof *s, 1);
    s->sink = *sink;
    s->zone_s = zone_s;
    s->patience_us = 200000;
    return s;
}

void syslog_saved(struct syslog *s, str prefix, i64 patience_us) {
    s->saved = true;
    s->prefix = prefix;
    s->patience_us = patience_us;
}

void syslog_close(struct syslog *s) {
    for (isize i = 0; i < s->nlanes; i++) {
        if (s->lanes[i].waits) lane_finish(&s->lanes[i]);
        firebrick_drop(&s->lanes[i].text);
    }
    str_table_drop(&s->hosts);
    str_table_drop(&s->names);
    base_free(s->sources);
    base_free(s->lanes);
    base_free(s->key);
    base_free(s->plain);
    base_free(s);
}
