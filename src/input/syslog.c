/* syslog.c: messages out of the syslog records of many hosts.
 *
 *     record ──host, program──> lane ──text──> struct firebrick ──> sink
 *
 * A lane is one program of one host; it exists once that program has written a head ("VoIP Rx 17 a->b").
 * A record without a head belongs to the message that its lane still waits for. A message that is
 * complete is given at once, others when their lane was quiet for `patience_us`. */
#include "input/parts.h"

#include "base/map.h"
#include "base/out.h"

#include <string.h>

enum { HOSTS_MAX = 4096, LANES_MAX = 4096 };

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
    struct syslog_lane *lanes;
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
    struct syslog_lane *l = &s->lanes[s->nlanes++];
    firebrick_init(&l->text, &s->sink, source);
    l->text.zone_s = s->zone_s;
    l->text.style = FIREBRICK_STYLE_NONE;
    number = str_table_add(&s->names, lane_key(s, host, program));
    must(number == (u32)s->nlanes);
    return number;
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
    struct syslog_lane *l = &s->lanes[number - 1];
    if (l->waits) syslog_lane_finish(l);
    head->seen.line = a->line;
    firebrick_begin(&l->text, head);
    l->text.line = a->line;
    l->from = a->from;
    l->touched_us = a->now_us;
    l->escape = escape;
    l->by_line = text.n == 0;
    l->waits = true;
    s->last = number;
    if (text.n) syslog_lane_text(l, text);
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
    struct syslog_lane *l = number ? &s->lanes[number - 1] : NULL;
    if (l) text = plain_text(s, l->escape, text);
    if (l && a->now_us - l->touched_us > s->patience_us) {
        syslog_lane_finish(l);
        l = NULL;
    }
    if (!l || !syslog_lane_accepts(l, text)) {
        s->sink.skipped(s->sink.ctx, SKIP_SYSLOG, a->line, (u64)a->datagram.n);
        return;
    }
    l->touched_us = a->now_us;
    s->last = number;
    syslog_lane_text(l, text);
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
        struct syslog_lane *l = &s->lanes[i];
        if (l->waits && now_us - l->touched_us > s->patience_us) syslog_lane_finish(l);
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
        if (s->lanes[i].waits) syslog_lane_finish(&s->lanes[i]);
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
