/* firebrick_head.c: the line before each message of a FireBrick log.
 *
 *     27 Jul 2014 08:02:21 voip-udp-rx VoIP Tx 17 192.0.2.1:5060->192.0.2.9:3072 Try 0 319
 *     └── stamp ─────────┘ └ module ─┘      │  │  └── from ───┘  └──── to ────┘      │  └ bytes sent
 *                          direction ───────┘  └ IP protocol                         └ retransmissions
 *
 * The module names the part of the FireBrick that wrote the line, not a direction: a Tx line may well say
 * voip-udp-rx (captures/firebrick/register-403.log). */
#include "input/parts.h"

enum { MODULE_WORDS = 4 };

/* Takes the next word, and the blanks before it, off *s. */
static str word_next(str *s) {
    isize from = 0;
    while (from < s->n && is_blank(s->p[from])) from++;
    isize to = from;
    while (to < s->n && !is_blank(s->p[to]) && s->p[to] != '\r' && s->p[to] != '\n') to++;
    str word = str_sub(*s, from, to - from);
    *s = str_from(*s, to);
    return word;
}

static enum transport transport_of(u64 protocol) {
    switch (protocol) {
    case 6: return TRANSPORT_TCP;
    case 17: return TRANSPORT_UDP;
    case 132: return TRANSPORT_SCTP;
    default: return TRANSPORT_UNKNOWN;
    }
}

/* "a->b". A side that cannot be read (redacted, or a web page ate it) is not known: the message is
 * still a message. */
static bool ends_read(struct sighting *seen, str ends) {
    isize arrow = str_find_str(ends, S("->"));
    if (arrow < 0) return false;
    (void)endpoint_read(&seen->src, str_sub(ends, 0, arrow));
    (void)endpoint_read(&seen->dst, str_from(ends, arrow + 2));
    return true;
}

/* What follows "VoIP ". */
static bool direction_read(str rest, struct firebrick_head *head) {
    struct sighting *seen = &head->seen;
    str direction = word_next(&rest);
    if (str_eq(direction, S("Rx")))
        seen->vantage = VANTAGE_RECEIVER;
    else if (str_eq(direction, S("Tx")))
        seen->vantage = VANTAGE_SENDER;
    else
        return false;
    struct str_number protocol = str_u64(word_next(&rest), 255);
    if (!protocol.ok || !ends_read(seen, word_next(&rest))) return false;
    seen->transport = transport_of(protocol.value);
    if (!str_eq(word_next(&rest), S("Try"))) return true;
    seen->attempt = (u16)str_u64(word_next(&rest), 65535).value;
    struct str_number size = str_u64(word_next(&rest), 1 << 30);
    if (size.ok) head->size = (i64)size.value;
    return true;
}

bool firebrick_head_words(str words, struct firebrick_head *head) {
    str rest = words;
    *head = (struct firebrick_head){.size = -1, .style = FIREBRICK_STYLE_NONE};
    head->seen.at = SIGHTING_NOWHERE;
    for (int i = 0; i <= MODULE_WORDS; i++) {
        isize before = words.n - rest.n;
        str word = word_next(&rest);
        if (word.n == 0) return false;
        if (!str_eq(word, S("VoIP"))) continue;
        head->module = str_trim(str_sub(words, 0, before));
        return direction_read(rest, head);
    }
    return false;
}

/* After an ISO stamp two words or a colon before "VoIP" are a syslog daemon's: host and program. */
static bool module_is_ours(str module) {
    return str_find(module, ' ') < 0 && !str_ends(module, S(":"));
}

bool firebrick_head_line(str line, i32 zone_s, struct firebrick_head *head) {
    struct stamp at = stamp_firebrick(line, zone_s);
    bool iso = at.n == 0;
    if (iso) at = stamp_iso(line, zone_s);
    head->style = FIREBRICK_STYLE_NONE;
    if (at.n == 0) return false;
    bool words = firebrick_head_words(str_from(line, at.n), head);
    head->style = iso ? FIREBRICK_STYLE_ISO : FIREBRICK_STYLE_OWN;
    head->seen.time_us = at.us;
    head->seen.precision_us = at.precision_us;
    return words && (!iso || module_is_ours(head->module));
}

bool firebrick_head_read(str line, i32 zone_s, struct sighting *head) {
    struct firebrick_head all;
    bool ok = firebrick_head_line(line, zone_s, &all);
    *head = ok ? all.seen : (struct sighting){0};
    return ok;
}
